//! What the functions stand on: tables, queues, SES and its news, the import, alarms.

use std::collections::BTreeSet;
use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{KeySchemaElement, TableDescription};
use jiff::Timestamp;
use serde_json::{Value, json};
use winback_local::aws::{CUSTOMERS, DUE, LEDGER, MAX_RECEIVES, Stack, VISIBILITY};

use super::module::Module;
use super::template::Template;
use super::{ACCOUNT, REGION, arn, list, queue_url, text};

const LOCAL_TABLES: &str = include_str!("../../../../infra/local/src/aws/tables.rs");

#[tokio::test]
async fn the_tables_have_the_same_keys_and_the_same_index() {
    let (module, template) = (Module::read(), Template::with(&[]));
    let tables = template.named("AWS::DynamoDB::Table", "TableName");
    let stack = Stack::in_memory(Arc::new(|| Timestamp::UNIX_EPOCH)).expect("stand-ins in memory");
    stack.create_tables().expect("two tables");
    let client = Client::new(stack.config());
    assert_eq!(module.names("aws_dynamodb_table"), [CUSTOMERS, LEDGER]);
    assert_eq!(tables.keys().collect::<Vec<_>>(), [CUSTOMERS, LEDGER]);
    for name in [CUSTOMERS, LEDGER] {
        let table = module.resource("aws_dynamodb_table", name);
        let indexes = table.inside("global_secondary_index").into_iter().map(|index| {
            let keys = json!({"HASH": index.value("hash_key"), "RANGE": index.value("range_key")});
            json!({"name": index.value("name"), "keys": keys, "holds": index.value("projection_type")})
        });
        let types = table
            .inside("attribute")
            .into_iter()
            .map(|attribute| json!([attribute.value("name"), attribute.value("type")]));
        let ours = json!({
            "keys": {"HASH": table.value("hash_key")},
            "types": sorted(types),
            "indexes": indexes.collect::<Vec<_>>(),
        });

        let given = &tables[name].properties;
        assert_eq!(given["TableName"], table.value("name"));
        assert_eq!(given["BillingMode"], table.value("billing_mode"));
        assert_eq!(given["DeletionProtectionEnabled"], text(&module.variable("deletion_protection")));
        assert_eq!(given["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], json!(true));
        assert_eq!(shape(given), ours, "{name} of the template");
        let forgets = table.inside("ttl").first().map(|ttl| (ttl.value("attribute_name"), ttl.value("enabled")));
        let forgets = forgets.map(|(name, on)| json!({"AttributeName": name, "Enabled": on}));
        assert_eq!(given.get("TimeToLiveSpecification"), forgets.as_ref(), "{name}");

        let described = client.describe_table().table_name(name).send().await.expect("a table");
        assert_eq!(shape(&as_template(described.table().expect("a table"))), ours, "{name} of a place");
    }
    let (customers, ledger) =
        (module.resource("aws_dynamodb_table", CUSTOMERS), module.resource("aws_dynamodb_table", LEDGER));
    assert_eq!(customers.inside("global_secondary_index")[0].value("name"), DUE);
    let expires = text(&ledger.inside("ttl")[0].value("attribute_name"));
    assert!(LOCAL_TABLES.contains(&format!("\"AttributeName\": \"{expires}\", \"Enabled\": true")), "{expires}");
}

/// Keys, types and indexes of a table as a template writes them.
fn shape(table: &Value) -> Value {
    let keys = |schema: &Value| -> Value {
        let keys = list(schema).into_iter().map(|key| (text(&key["KeyType"]), key["AttributeName"].clone()));
        Value::Object(keys.collect())
    };
    let types = list(&table["AttributeDefinitions"]).into_iter();
    let indexes = table.get("GlobalSecondaryIndexes").map(list).unwrap_or_default();
    let indexes: Vec<Value> = indexes
        .iter()
        .map(|index| {
            let holds = &index["Projection"]["ProjectionType"];
            json!({"name": index["IndexName"], "keys": keys(&index["KeySchema"]), "holds": holds})
        })
        .collect();
    json!({
        "keys": keys(&table["KeySchema"]),
        "types": sorted(types.map(|attribute| json!([attribute["AttributeName"], attribute["AttributeType"]]))),
        "indexes": indexes,
    })
}

/// A table that the SDK described, as a template would write it.
fn as_template(table: &TableDescription) -> Value {
    let keys = |schema: &[KeySchemaElement]| -> Vec<Value> {
        let keys = schema.iter();
        keys.map(|key| json!({"AttributeName": key.attribute_name(), "KeyType": key.key_type().as_str()})).collect()
    };
    let types = table.attribute_definitions().iter().map(|attribute| {
        json!({"AttributeName": attribute.attribute_name(), "AttributeType": attribute.attribute_type().as_str()})
    });
    let indexes = table.global_secondary_indexes().iter().map(|index| {
        let holds = index.projection().and_then(|projection| projection.projection_type());
        json!({
            "IndexName": index.index_name(),
            "KeySchema": keys(index.key_schema()),
            "Projection": {"ProjectionType": holds.map(|holds| holds.as_str())},
        })
    });
    json!({
        "KeySchema": keys(table.key_schema()),
        "AttributeDefinitions": types.collect::<Vec<_>>(),
        "GlobalSecondaryIndexes": indexes.collect::<Vec<_>>(),
    })
}

fn sorted(values: impl Iterator<Item = Value>) -> Vec<Value> {
    let mut values: Vec<Value> = values.collect();
    values.sort_by_key(text);
    values
}

#[test]
fn the_queues_keep_and_hide_alike() {
    let (module, template) = (Module::read(), Template::with(&[]));
    let queues = template.named("AWS::SQS::Queue", "QueueName");
    let stack = Stack::in_memory(Arc::new(|| Timestamp::UNIX_EPOCH)).expect("stand-ins in memory");
    let ours: BTreeSet<String> = module.names("aws_sqs_queue").iter().map(|name| name.replace('_', "-")).collect();
    assert_eq!(ours, queues.keys().cloned().collect::<BTreeSet<_>>());
    for (name, queue) in &queues {
        let (given, resource) = (&queue.properties, name.replace('-', "_"));
        let ours = module.resource("aws_sqs_queue", &resource);
        assert_eq!(given["QueueName"], ours.value("name"));
        assert_eq!(given["MessageRetentionPeriod"], ours.value("message_retention_seconds"), "{name}");
        assert_eq!(given["SqsManagedSseEnabled"], json!(true), "{name}");
        assert_eq!(given.get("VisibilityTimeout"), ours.get("visibility_timeout_seconds").as_ref(), "{name}");
        // A queue and where its dead letters go: two resources of the module, so that all queues are made at once.
        assert_eq!(ours.get("redrive_policy"), None, "{name}");
        if name.ends_with("-dead") {
            assert_eq!(given.get("RedrivePolicy"), None, "{name}");
            let allow = module.resource("aws_sqs_queue_redrive_allow_policy", &resource).value("redrive_allow_policy");
            let allowed = &given["RedriveAllowPolicy"];
            assert_eq!(allowed["redrivePermission"], allow["redrivePermission"], "{name}");
            assert_eq!(list(&allowed["sourceQueueArns"]), list(&allow["sourceQueueArns"]), "{name}");
        } else {
            let redrive = module.resource("aws_sqs_queue_redrive_policy", &resource);
            assert_eq!(redrive.value("queue_url"), json!(queue_url(&format!("winback-{name}"))));
            assert_eq!(given["RedrivePolicy"], redrive.value("redrive_policy"), "{name}");
            assert_eq!(given["RedrivePolicy"]["maxReceiveCount"], json!(MAX_RECEIVES), "{name} of a place");
            assert_eq!(
                given["RedrivePolicy"]["deadLetterTargetArn"],
                json!(arn("AWS::SQS::Queue", &format!("winback-{name}-dead")))
            );
        }
        assert!(stack.next_visible(name).is_ok(), "a place has no queue {name}");
    }
    // A place hides every message for one and the same time, that of the queue of events.
    assert_eq!(queues["events"].properties["VisibilityTimeout"], json!(VISIBILITY.as_secs()));
}

#[test]
fn the_news_of_ses_come_back_on_the_same_ways() {
    let (module, template) = (Module::read(), Template::with(&[]));
    let set = template.all("AWS::SES::ConfigurationSet").remove(0).properties;
    let ours = module.resource("aws_sesv2_configuration_set", "mail");
    assert_eq!(set["Name"], ours.value("configuration_set_name"));
    assert_eq!(
        set["SuppressionOptions"]["SuppressedReasons"],
        ours.inside("suppression_options")[0].value("suppressed_reasons")
    );
    assert_eq!(set["ReputationOptions"]["ReputationMetricsEnabled"], json!(true));

    let destinations = template.all("AWS::SES::ConfigurationSetEventDestination");
    let mut names = BTreeSet::new();
    for destination in destinations {
        let destination = &destination.properties["EventDestination"];
        names.insert(text(&destination["Name"]));
        assert_eq!(destination["Enabled"], json!(true));
        // Terraform writes DELIVERY_DELAY what CloudFormation writes deliveryDelay.
        let types: BTreeSet<String> =
            list(&destination["MatchingEventTypes"]).iter().map(|kind| screaming(&text(kind))).collect();
        assert_eq!(types, list(&module.local("mail_events")).iter().map(text).collect::<BTreeSet<_>>());
    }
    let ours = ["mail", "topic"].map(|name| module.resource("aws_sesv2_configuration_set_event_destination", name));
    assert_eq!(names, ours.iter().map(|one| text(&one.value("event_destination_name"))).collect::<BTreeSet<_>>());

    let rules = template.named("AWS::Events::Rule", "Name");
    for (name, resource) in [("record-delivery", "delivery"), ("import-orders", "imports")] {
        let (given, ours) = (&rules[name].properties, module.resource("aws_cloudwatch_event_rule", resource));
        assert_eq!(given["Name"], ours.value("name"));
        assert_eq!(given["EventPattern"], ours.value("event_pattern"), "{name}");
        let target = module.resource("aws_cloudwatch_event_target", resource);
        assert_eq!(given["Targets"][0]["Id"], target.value("target_id"));
        assert_eq!(given["Targets"][0]["Arn"], target.value("arn"), "{name}");
    }
    let target = &rules["record-delivery"].properties["Targets"][0];
    assert_eq!(target["DeadLetterConfig"]["Arn"], json!(arn("AWS::SQS::Queue", "winback-delivery-dead")));
    let transformer = &rules["import-orders"].properties["Targets"][0]["InputTransformer"];
    let ours = module.resource("aws_cloudwatch_event_target", "imports").inside("input_transformer")[0];
    assert_eq!(transformer["InputPathsMap"], ours.value("input_paths"));
    assert_eq!(transformer["InputTemplate"], ours.value("input_template"));

    let functions = template.named("AWS::Serverless::Function", "FunctionName");
    let given = &functions["record-delivery"].properties["EventInvokeConfig"];
    let ours = module.resource("aws_lambda_function_event_invoke_config", "delivery");
    assert_eq!(given["MaximumRetryAttempts"], ours.value("maximum_retry_attempts"));
    assert_eq!(given["MaximumEventAgeInSeconds"], ours.value("maximum_event_age_in_seconds"));
    let failed = ours.inside("destination_config")[0].inside("on_failure")[0].value("destination");
    assert_eq!(given["DestinationConfig"]["OnFailure"], json!({"Type": "SQS", "Destination": failed}));

    let topics = template.named("AWS::SNS::Topic", "TopicName");
    assert_eq!(topics.keys().collect::<Vec<_>>(), ["alarms", "delivery"]);
    let subscription = template.all("AWS::SNS::Subscription").remove(0).properties;
    let ours = module.resource("aws_sns_topic_subscription", "delivery");
    assert_eq!(subscription["TopicArn"], ours.value("topic_arn"));
    assert_eq!(subscription["Endpoint"], ours.value("endpoint"));
    assert_eq!(subscription["RawMessageDelivery"], ours.value("raw_message_delivery"));
    assert_eq!(subscription["RedrivePolicy"], ours.value("redrive_policy"));
}

/// `deliveryDelay` is `DELIVERY_DELAY`.
fn screaming(word: &str) -> String {
    word.chars()
        .flat_map(|c| c.is_ascii_uppercase().then_some('_').into_iter().chain([c.to_ascii_uppercase()]))
        .collect()
}

#[test]
fn a_file_is_imported_in_the_same_steps() {
    let (module, template) = (Module::read(), Template::with(&[]));
    let machine = template.all("AWS::StepFunctions::StateMachine").remove(0).properties;
    assert_eq!(machine["StateMachineName"], module.local("machine_name"));
    let steps: Value = serde_json::from_str(&text(&machine["DefinitionString"])).expect("the steps are JSON");
    assert_eq!(steps, module.local("import_steps"));
    let kept = module.resource("aws_cloudwatch_log_group", "machine").value("name");
    let logs = template.all("AWS::Logs::LogGroup").into_iter().any(|group| group.properties["LogGroupName"] == kept);
    assert!(logs, "{kept} is not made");

    let bucket = template.all("AWS::S3::Bucket").remove(0).properties;
    assert_eq!(bucket["BucketName"], module.local("files_bucket"));
    assert_eq!(bucket["BucketName"], json!(format!("winback-files-{ACCOUNT}-{REGION}")));
}

#[test]
fn the_same_alarms_are_raised() {
    let (module, template) = (Module::read(), Template::with(&[]));
    let alarms = template.named("AWS::CloudWatch::Alarm", "AlarmName");
    let mut wanted = module.local("alarms").as_object().expect("alarms by name").clone();
    // The module makes these by a `for` over its dead-letter queues.
    let dead: Vec<String> = module.local("dead_letters").as_object().expect("queues").keys().cloned().collect();
    for name in &dead {
        let mut alarm = module.local("alarm_defaults");
        alarm["namespace"] = json!("AWS/SQS");
        alarm["metric"] = json!("ApproximateNumberOfMessagesVisible");
        alarm["dimensions"] = json!({"QueueName": format!("winback-{name}")});
        alarm["statistic"] = json!("Maximum");
        alarm["period"] = json!(60);
        alarm["says"] =
            json!(format!("A message that failed again and again lies in the dead-letter queue winback-{name}."));
        wanted.insert(name.clone(), alarm);
    }
    let over_all = module.local("function_alarms").as_object().expect("alarms by name").clone();
    let names: BTreeSet<&String> = wanted.keys().chain(over_all.keys()).collect();
    assert_eq!(names, alarms.keys().collect::<BTreeSet<_>>());
    assert_eq!(names.len(), 17);

    let runbooks = text(&module.variable("runbooks"));
    for (name, wanted) in wanted.iter().chain(&over_all) {
        let given = &alarms[name].properties;
        let says = format!("{} Runbook: {runbooks}/{name}.md", text(&wanted["says"]));
        assert_eq!(given["AlarmDescription"], json!(says));
        let topic = json!([arn("AWS::SNS::Topic", "winback-alarms")]);
        assert_eq!((&given["AlarmActions"], &given["OKActions"]), (&topic, &topic), "{name}");
    }
    for (name, wanted) in &wanted {
        let given = &alarms[name].properties;
        let dimensions = given.get("Dimensions").map(list).unwrap_or_default();
        let dimensions = dimensions.iter().map(|one| (text(&one["Name"]), one["Value"].clone()));
        let found = json!({
            "namespace": given["Namespace"], "metric": given["MetricName"], "dimensions": Value::Object(dimensions.collect()),
            "statistic": given["Statistic"], "period": given["Period"], "periods": given["EvaluationPeriods"],
            "compare": given["ComparisonOperator"], "limit": given["Threshold"], "missing": given["TreatMissingData"],
            "on": given.get("ActionsEnabled").unwrap_or(&json!(true)), "says": wanted["says"],
        });
        assert_eq!(&found, wanted, "{name}");
    }
    let functions = template.named("AWS::Serverless::Function", "FunctionName");
    for (name, wanted) in &over_all {
        let metrics = list(&alarms[name].properties["Metrics"]);
        let (sum, each): (Vec<_>, Vec<_>) = metrics.into_iter().partition(|metric| metric["Id"] == "all");
        assert_eq!(sum[0]["Expression"], "SUM(METRICS())");
        let counted = each.iter().map(|metric| {
            let metric = &metric["MetricStat"]["Metric"];
            assert_eq!(
                (&metric["Namespace"], &metric["MetricName"]),
                (&json!("AWS/Lambda"), &wanted["metric"]),
                "{name}"
            );
            text(&metric["Dimensions"][0]["Value"])
        });
        let all: BTreeSet<String> = functions.keys().map(|function| format!("winback-{function}")).collect();
        assert_eq!(counted.collect::<BTreeSet<_>>(), all, "{name}");
    }
}

/// What the alarms count is read from the same lines.
#[test]
fn the_logs_are_read_the_same_way() {
    let (module, template) = (Module::read(), Template::with(&[]));
    let filters = template.named("AWS::Logs::MetricFilter", "FilterName");
    let wanted = module.local("log_metrics");
    let wanted = wanted.as_object().expect("filters by name");
    assert_eq!(wanted.keys().collect::<BTreeSet<_>>(), filters.keys().collect::<BTreeSet<_>>());
    for (name, wanted) in wanted {
        let given = &filters[name].properties;
        assert_eq!(given["LogGroupName"], json!(format!("/aws/lambda/winback-{}", text(&wanted["log"]))));
        assert_eq!(given["FilterPattern"], json!(format!("{{ $.fields.message = \"{}\" }}", text(&wanted["message"]))));
        let metric = json!([{
            "MetricNamespace": module.local("metrics_namespace"), "MetricName": wanted["name"],
            "MetricValue": wanted["value"], "Unit": wanted["unit"],
        }]);
        assert_eq!(given["MetricTransformations"], metric, "{name}");
    }
}
