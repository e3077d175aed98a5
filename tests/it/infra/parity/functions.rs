//! The functions: their limits, what they are told, what they may do, what starts them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::module::{self, Module};
use super::template::{Resource, Template};
use super::{ACCOUNT, REGION, arn, list, text};
use crate::infra::{environments, tables};

const MODULE_TESTS: &str = include_str!("../../../../infra/terraform/tests/functions.tftest.hcl");
const PLACE: &str = include_str!("../../../../infra/local/src/place.rs");

const FUNCTION: &str = "AWS::Serverless::Function";

fn names(value: &Value) -> BTreeSet<String> {
    list(value).iter().map(text).collect()
}

fn functions(template: &Template) -> BTreeMap<String, Resource> {
    template.named(FUNCTION, "FunctionName")
}

#[test]
fn the_functions_have_the_same_names_limits_and_homes() {
    let (module, template) = (Module::read(), Template::with(&[]));
    let functions = functions(&template);
    let (web, workers) = (names(&module.local("web_names")), names(&module.local("worker_names")));
    let all: BTreeSet<String> = web.union(&workers).cloned().collect();
    assert_eq!(all, environments().keys().cloned().collect::<BTreeSet<_>>());
    assert_eq!(all, functions.keys().cloned().collect::<BTreeSet<_>>());

    let common = template.part("/Globals/Function");
    assert_eq!((&common["Runtime"], &common["Handler"]), (&json!("provided.al2023"), &json!("bootstrap")));
    assert_eq!(common["Architectures"], json!([module.variable("architecture")]));
    let logging = json!({"LogFormat": "JSON", "ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO"});
    assert_eq!(common["LoggingConfig"], logging);

    let (timeouts, memory) = (module.local("timeout_seconds"), module.local("memory_megabytes"));
    let groups = template.all("AWS::Logs::LogGroup");
    let kept = |name: &Value| {
        let group = groups.iter().find(|group| group.properties["LogGroupName"] == *name);
        group.map(|group| group.properties["RetentionInDays"].clone())
    };
    assert_eq!(groups.len(), all.len() + 1, "one for each function, and one for the import's machine");
    for (name, Resource { logical, metadata, properties }) in &functions {
        assert_eq!(metadata["BuildMethod"], "rust-cargolambda", "{name}");
        assert_eq!(metadata["BuildProperties"]["Binary"], json!(name));
        assert_eq!(properties["CodeUri"], json!(format!("../../functions/{name}")));
        assert_eq!(properties["FunctionName"], json!(format!("winback-{name}")));
        assert_eq!(properties["Timeout"], timeouts[name], "{name}");
        let own = properties.get("MemorySize").unwrap_or(&common["MemorySize"]);
        // The module says 256 by a `for`, and by name what is more.
        assert_eq!(own, memory.get(name).unwrap_or(&json!(256)), "{name}");
        assert_eq!(properties["Role"], json!(arn("AWS::IAM::Role", &format!("winback-{name}"))));
        let group = json!(format!("/aws/lambda/winback-{name}"));
        assert_eq!(properties["LoggingConfig"], json!({ "LogGroup": group }));
        assert_eq!(kept(&group), Some(module.variable("log_retention_days")), "{name}");
        let open = web.contains(name);
        assert_eq!(properties.get("FunctionUrlConfig"), open.then(|| json!({"AuthType": "NONE"})).as_ref(), "{name}");
        let cap = open.then(|| module.variable("url_concurrency"));
        assert_eq!(properties.get("ReservedConcurrentExecutions"), cap.as_ref(), "{logical}");
        assert_eq!(properties.get("Layers"), None, "{name}");
    }
}

/// Names and values, as the module's own test has them.
#[test]
fn the_functions_are_told_the_same() {
    let run = MODULE_TESTS.split("run \"each_function_knows_what_it_needs_and_no_more\"").nth(1).expect("the run");
    let table = run.split_once("} == ").expect("the table").1;
    let expected = Module::read().evaluate(&format!("{{{}}}", module::enclosed(table)));
    for (name, variables) in environments() {
        let mut told: Vec<&String> = expected[name].as_object().expect("an environment").keys().collect();
        let mut named: Vec<&String> = variables.iter().collect();
        told.sort();
        named.sort();
        assert_eq!(told, named, "{name}: the table is read in two ways");
    }
    for (name, function) in functions(&Template::with(&[])) {
        let variables = function.properties["Environment"]["Variables"].as_object().expect("variables").clone();
        let variables: BTreeMap<String, Value> =
            variables.into_iter().map(|(name, value)| (name, json!(text(&value)))).collect();
        assert_eq!(json!(variables), expected[&name], "{name}");
    }
}

/// Call by call, the same table that the functions' own calls are compared with.
#[test]
fn the_roles_allow_the_same_calls() {
    let (module, template) = (Module::read(), Template::with(&[]));
    let roles = template.named("AWS::IAM::Role", "RoleName");
    for (function, grants) in tables::grants() {
        let role = &roles[&function].properties;
        assert_eq!(role.get("ManagedPolicyArns"), None, "{function}");
        assert_eq!(list(&role["Policies"]).len(), 1, "{function}");
        let mut allowed = BTreeSet::new();
        let mut logs = Vec::new();
        for statement in list(&role["Policies"][0]["PolicyDocument"]["Statement"]) {
            assert_eq!(statement["Effect"], "Allow", "{function}");
            let calls = list(&statement["Action"]).into_iter().flat_map(|action| {
                let resources = list(&statement["Resource"]).into_iter();
                resources.map(move |resource| format!("{} {}", text(&action), short(&text(&resource))))
            });
            let (own, rest): (Vec<_>, Vec<_>) = calls.partition(|call| call.starts_with("logs:"));
            logs.extend(own);
            for call in rest {
                let narrow = (call == "s3:ListBucket files").then(|| json!({"StringLike": {"s3:prefix": "imports/*"}}));
                assert_eq!(statement.get("Condition"), narrow.as_ref(), "{function}: {call}");
                assert!(allowed.insert(call), "{function}: said twice");
            }
        }
        assert_eq!(allowed, grants, "{function}");
        let group = format!("arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/winback-{function}:*");
        assert_eq!(logs, ["logs:CreateLogStream", "logs:PutLogEvents"].map(|action| format!("{action} {group}")));
        let trust =
            json!([{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]);
        assert_eq!(role["AssumeRolePolicyDocument"]["Statement"], trust, "{function}");
    }
    // The rest are those of the services that start something, of which the next test tells.
    assert_eq!(roles.len(), environments().len() + 3);
    let listed = module.resource("aws_iam_role", "function").written("for_each") == "local.function_names";
    assert!(listed, "the module makes one role for each function");
}

#[test]
fn the_roles_of_the_services_allow_the_same() {
    let (module, template) = (Module::read(), Template::with(&[]));
    let roles = template.named("AWS::IAM::Role", "RoleName");
    for (resource, name) in [("scheduler", "scheduler"), ("machine", "import-machine"), ("import_rule", "import-rule")]
    {
        let role = &roles[name].properties;
        let ours = module.resource("aws_iam_role", resource);
        assert_eq!(ours.value("name"), role["RoleName"]);
        assert_eq!(ours.value("assume_role_policy"), role["AssumeRolePolicyDocument"], "{name}: who may take it");
        let policy = module.resource("aws_iam_role_policy", resource).value("policy");
        let (wanted, given) = (list(&policy["Statement"]), list(&role["Policies"][0]["PolicyDocument"]["Statement"]));
        assert_eq!(wanted.len(), given.len(), "{name}");
        for (wanted, given) in wanted.iter().zip(&given) {
            assert_eq!(wanted["Action"], given["Action"], "{name}");
            let resources = text(&wanted["Resource"]);
            if !resources.starts_with('?') {
                assert_eq!(wanted["Resource"], given["Resource"], "{name}: {}", wanted["Action"]);
                continue;
            }
            // Made by a `for` over functions: the names stand in it, or are those that are scheduled.
            let by_schedule: Vec<String> = names_of(&module.local("schedules"));
            let named = environments().keys().filter(|function| {
                resources.contains(&format!("\"{function}\""))
                    || resource == "scheduler" && by_schedule.contains(function)
            });
            let arns: Vec<Value> = named.map(|name| json!(arn(FUNCTION, &format!("winback-{name}")))).collect();
            assert_eq!(json!(arns), given["Resource"], "{name}");
        }
    }
}

/// Which queue feeds which function, ten at a time, and only what failed comes back.
#[test]
fn the_queues_feed_the_same_functions() {
    let (module, template) = (Module::read(), Template::with(&[]));
    let mut wanted: Vec<Value> = module
        .names("aws_lambda_event_source_mapping")
        .iter()
        .map(|name| {
            let mapping = module.resource("aws_lambda_event_source_mapping", name);
            let [queue, function, batch, types] =
                ["event_source_arn", "function_name", "batch_size", "function_response_types"]
                    .map(|name| mapping.value(name));
            let capped = mapping.inside("scaling_config");
            let capped: Vec<&str> = capped.iter().map(|block| block.written("maximum_concurrency")).collect();
            json!([queue, function, batch, types, capped])
        })
        .collect();
    let mut given = Vec::new();
    for (name, function) in functions(&template) {
        let events = function.properties.get("Events").and_then(Value::as_object).cloned().unwrap_or_default();
        for (_, event) in events {
            assert_eq!(event["Type"], "SQS", "{name}");
            let (event, own) = (&event["Properties"], json!(arn(FUNCTION, &format!("winback-{name}"))));
            let cap = event["ScalingConfig"].get("MaximumConcurrency");
            // What the mapping of sending rates is made by, as the test below proves.
            let cap: Vec<&str> = cap.iter().map(|_| "min(1000, max(2, floor(var.sending_rate / 10)))").collect();
            given.push(json!([event["Queue"], own, event["BatchSize"], event["FunctionResponseTypes"], cap]));
        }
    }
    wanted.sort_by_key(text);
    given.sort_by_key(text);
    assert_eq!(wanted, given);
    assert_eq!(wanted.len(), 3);
    for mapping in &wanted {
        assert!(PLACE.contains(&format!("const BATCH: usize = {};", mapping[2])), "a place hands out other batches");
    }
}

#[test]
fn a_sending_rate_means_as_many_workers() {
    let (module, template) = (Module::read(), Template::with(&[]));
    let rates = template.part("/Mappings/SendingRates");
    let rates = rates.as_object().expect("rates");
    let offered = list(&template.part("/Parameters/SendingRate/AllowedValues"));
    assert_eq!(names(&json!(offered)), rates.keys().cloned().collect::<BTreeSet<_>>());
    assert!(rates.contains_key(&text(&module.variable("sending_rate"))));
    for (rate, workers) in rates {
        let rate: u64 = rate.parse().expect("a number of mails");
        assert_eq!(workers["AtOnce"], json!((rate / 10).clamp(2, 1000)), "{rate}");
    }
}

#[test]
fn the_clock_is_set_the_same_way() {
    let (module, template) = (Module::read(), Template::with(&[]));
    let schedules = template.named("AWS::Scheduler::Schedule", "Name");
    let wanted = module.local("schedules");
    assert_eq!(names_of(&wanted), schedules.keys().cloned().collect::<Vec<_>>());
    for (name, schedule) in &schedules {
        let (wanted, given) = (&wanted[name], &schedule.properties);
        assert_eq!(given["ScheduleExpression"], wanted["expression"], "{name}");
        assert_eq!(given["State"], if wanted["enabled"] == json!(true) { "ENABLED" } else { "DISABLED" }, "{name}");
        assert_eq!(given["GroupName"], module.resource("aws_scheduler_schedule_group", "winback").value("name"));
        assert_eq!(given["FlexibleTimeWindow"]["Mode"], "OFF");
        let target = json!({
            "Arn": arn(FUNCTION, &format!("winback-{name}")),
            "RoleArn": arn("AWS::IAM::Role", "winback-scheduler"),
            "Input": module.local("schedule_input"),
            "RetryPolicy": {
                "MaximumRetryAttempts": wanted["retries"],
                "MaximumEventAgeInSeconds": wanted["give_up_seconds"],
            },
        });
        assert_eq!(given["Target"], target, "{name}");
    }
}

/// What a parameter changes changes only what it is for.
#[test]
fn the_kill_switch_and_the_layer_reach_what_they_are_for() {
    let stopped = Template::with(&[("SendingEnabled", "false")]);
    let functions = functions(&stopped);
    assert_eq!(functions["send-message"].properties["Events"]["Due"]["Properties"]["Enabled"], json!(false));
    let schedules = stopped.named("AWS::Scheduler::Schedule", "Name");
    assert_eq!(schedules["find-lapsed"].properties["State"], "DISABLED");
    assert_eq!(schedules["scan-customers"].properties["State"], "ENABLED");
    let set = stopped.all("AWS::SES::ConfigurationSet").remove(0);
    assert_eq!(set.properties["SendingOptions"], json!({"SendingEnabled": false}));

    let layered =
        Template::with(&[("ProgramsBucket", "builds"), ("ProgramsKey", "programs-1.zip"), ("UrlConcurrency", "-1")]);
    for (name, function) in self::functions(&layered) {
        let layers =
            (name == "scan-customers").then(|| json!([arn("AWS::Serverless::LayerVersion", "winback-programs")]));
        assert_eq!(function.properties.get("Layers"), layers.as_ref(), "{name}");
        assert_eq!(function.properties.get("ReservedConcurrentExecutions"), None, "{name}");
    }
}

fn names_of(object: &Value) -> Vec<String> {
    let mut names: Vec<String> = object.as_object().expect("an object").keys().cloned().collect();
    names.sort();
    names
}

/// As the module's table names it: `arn:aws:sqs:eu-central-1:111122223333:winback-events` is `events`.
fn short(resource: &str) -> String {
    let own = |service: &str| format!("arn:aws:{service}:{REGION}:{ACCOUNT}:");
    let strip = |before: String| resource.strip_prefix(&before).map(str::to_owned);
    let named = strip(format!("{}table/winback-", own("dynamodb")))
        .or_else(|| strip(format!("{}winback-", own("sqs"))))
        .or_else(|| strip(format!("{}parameter/winback/", own("ssm"))))
        .or_else(|| strip(own("ses")))
        .or_else(|| strip("arn:aws:s3:::winback-".to_owned()));
    let named = named.unwrap_or_else(|| resource.to_owned());
    named.replacen(&format!("files-{ACCOUNT}-{REGION}"), "files", 1)
}
