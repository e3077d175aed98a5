//! Who may start, write and read what is open to a service of AWS: the policies of resources, and the bucket's locks.

use serde_json::{Value, json};

use super::module::{self, Module};
use super::template::Template;
use super::{list, text};

/// The properties of one resource of the template.
fn one(template: &Template, kind: &str, logical: &str) -> Value {
    let found = template.all(kind).into_iter().find(|resource| resource.logical == logical);
    found.unwrap_or_else(|| panic!("the template makes no {logical}")).properties
}

#[test]
fn the_bus_starts_record_delivery_by_one_rule_alone() {
    let (module, template) = (Module::read(), Template::with(&[]));
    let given = one(&template, "AWS::Lambda::Permission", "DeliveryRulePermission");
    let ours = module.resource("aws_lambda_permission", "delivery");
    let wanted = json!({
        "Action": ours.value("action"),
        "FunctionName": ours.value("function_name"),
        "Principal": ours.value("principal"),
        "SourceArn": ours.value("source_arn"),
    });
    assert_eq!(given, wanted);
    assert_eq!(template.all("AWS::Lambda::Permission").len(), 1, "SAM writes those of the URLs; there is no other");
}

#[test]
fn the_news_of_ses_are_let_in_by_the_same_policies() {
    let (module, template) = (Module::read(), Template::with(&[]));
    let topic = one(&template, "AWS::SNS::TopicPolicy", "DeliveryTopicPolicy");
    let ours = module.resource("aws_sns_topic_policy", "delivery");
    assert_eq!(topic["Topics"], json!([ours.value("arn")]));
    assert_eq!(topic["PolicyDocument"], ours.value("policy"));

    let queue = one(&template, "AWS::SQS::QueuePolicy", "DeliveryQueuePolicy");
    let ours = module.resource("aws_sqs_queue_policy", "delivery");
    assert_eq!(queue["Queues"], json!([ours.value("queue_url")]));
    assert_eq!(queue["PolicyDocument"], ours.value("policy"));

    let dead = one(&template, "AWS::SQS::QueuePolicy", "DeliveryDeadQueuePolicy");
    let ours = module.resource("aws_sqs_queue_policy", "delivery_dead");
    assert_eq!(dead["Queues"], json!([ours.value("queue_url")]));
    // The module makes a statement for each way that the news take, by a `for`.
    let made = text(&ours.value("policy")["Statement"]);
    let (over, each) = made.split_once(") : ").expect("a statement for each way");
    let each = module.evaluate(&format!("{{{}}}", module::enclosed(each))).to_string();
    let ways = [("events", "aws_cloudwatch_event_rule.delivery"), ("sns", "aws_sns_topic.delivery")];
    let statements = ways.map(|(service, of)| {
        assert!(over.contains(&format!("in {of} : \"{service}\" => ")), "{over}");
        let source = text(&module.evaluate(&format!("{of}[0].arn")));
        let statement = each.replace("?service", service).replace("?source", &source);
        serde_json::from_str::<Value>(&statement).expect("a statement")
    });
    assert_eq!(list(&dead["PolicyDocument"]["Statement"]), statements);
    assert_eq!(template.all("AWS::SQS::QueuePolicy").len(), 2, "no other queue is open to anybody");
}

#[test]
fn the_bucket_is_shut_in_the_same_way() {
    let (module, template) = (Module::read(), Template::with(&[]));
    let policy = one(&template, "AWS::S3::BucketPolicy", "FilesPolicy");
    let bucket = one(&template, "AWS::S3::Bucket", "Files");
    assert_eq!(policy["Bucket"], bucket["BucketName"]);
    assert_eq!(policy["PolicyDocument"], module.resource("aws_s3_bucket_policy", "files").value("policy"));

    let ours = module.resource("aws_s3_bucket_public_access_block", "files");
    let wanted = json!({
        "BlockPublicAcls": ours.value("block_public_acls"),
        "BlockPublicPolicy": ours.value("block_public_policy"),
        "IgnorePublicAcls": ours.value("ignore_public_acls"),
        "RestrictPublicBuckets": ours.value("restrict_public_buckets"),
    });
    assert_eq!(bucket["PublicAccessBlockConfiguration"], wanted);
    assert!(wanted.as_object().expect("four words").values().all(|word| *word == json!(true)), "{wanted}");

    let ours = module.resource("aws_s3_bucket_ownership_controls", "files");
    let owner = ours.inside("rule")[0].value("object_ownership");
    assert_eq!(bucket["OwnershipControls"]["Rules"], json!([{ "ObjectOwnership": owner }]));

    // The template has no key of the shop's own; without one the module too takes S3's.
    let ours = module.resource("aws_s3_bucket_server_side_encryption_configuration", "files").inside("rule")[0];
    let by = ours.inside("apply_server_side_encryption_by_default")[0];
    let (without_key, _) = by.written("sse_algorithm").split_once(" : ").expect("one of two");
    let without_key = without_key.strip_prefix("var.kms_key_arn == null ? ").expect("without a key");
    let wanted = json!([{"ServerSideEncryptionByDefault": {"SSEAlgorithm": module.evaluate(without_key)}}]);
    assert_eq!(bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"], wanted);
    assert_eq!(module.variable("kms_key_arn"), Value::Null);
}

/// Uploads, answers to whoever asked for their data, and what a broken upload left: each goes after its days.
#[test]
fn addresses_leave_the_bucket_after_the_same_days() {
    let (module, template) = (Module::read(), Template::with(&[]));
    let bucket = one(&template, "AWS::S3::Bucket", "Files");
    let ours = module.resource("aws_s3_bucket_lifecycle_configuration", "files");
    let days = ours.inside("dynamic \"rule\"")[0].value("for_each");
    let days = days.as_object().expect("days by folder");
    assert_eq!(days.keys().collect::<Vec<_>>(), ["imports", "requests"]);
    let rules = days.iter().map(|(folder, days)| {
        json!({"Id": folder, "Status": "Enabled", "Prefix": format!("{folder}/"), "ExpirationInDays": days})
    });
    let mut wanted: Vec<Value> = rules.collect();
    let broken = ours.inside("rule")[0];
    let after = broken.inside("abort_incomplete_multipart_upload")[0].value("days_after_initiation");
    wanted.push(json!({
        "Id": broken.value("id"),
        "Status": broken.value("status"),
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": after},
    }));
    assert_eq!(list(&bucket["LifecycleConfiguration"]["Rules"]), wanted);
    let told = module.resource("aws_s3_bucket_notification", "files").value("eventbridge");
    assert_eq!(bucket["NotificationConfiguration"], json!({"EventBridgeConfiguration": {"EventBridgeEnabled": told}}));
}
