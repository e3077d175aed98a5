//! What people look at, and are told: the page of charts, the budget, and the runbook of each alarm.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::module::Module;
use super::template::Template;
use super::{arn, list, text};
use crate::house::tree;

/// The parts of a runbook, in their order.
const PARTS: [&str; 4] = ["## What it means", "## Look", "## Do", "## When it is over"];

/// The names of all alarms that the module makes.
fn alarms(module: &Module) -> BTreeSet<String> {
    let all = ["dead_letters", "alarms", "function_alarms"].map(|local| module.local(local));
    all.iter().flat_map(|alarms| alarms.as_object().expect("by name").keys().cloned()).collect()
}

/// An alarm's description names its page. Somebody reads it at night: it says what to type.
#[test]
fn every_alarm_has_its_page() {
    let folder = "infra/operations/alarms/";
    let pages: Vec<tree::File> = tree::all().into_iter().filter(|file| file.path.starts_with(folder)).collect();
    let names = pages.iter().map(|page| page.path[folder.len()..].trim_end_matches(".md").to_owned());
    assert_eq!(names.collect::<BTreeSet<_>>(), alarms(&Module::read()));
    for page in &pages {
        let parts: Vec<&str> = page.text.lines().filter(|line| line.starts_with("## ")).collect();
        assert_eq!(parts, PARTS, "{}", page.path);
        assert!(page.text.contains("\n```sh\n"), "{} has no command", page.path);
    }
}

/// Whoever asks how long something is kept of them is told what the module does.
#[test]
fn the_book_says_how_long_the_module_keeps_what() {
    let module = Module::read();
    let days = |queue: &str| {
        let seconds = module.resource("aws_sqs_queue", queue).value("message_retention_seconds");
        seconds.as_u64().expect("seconds") / (24 * 60 * 60)
    };
    for queue in module.names("aws_sqs_queue") {
        assert_eq!(days(&queue), if queue == "due" { 1 } else { days("events") }, "{queue}");
    }
    let archive = module.resource("aws_cloudwatch_event_archive", "shopify").value("retention_days");
    let folders = module.resource("aws_s3_bucket_lifecycle_configuration", "files").inside("dynamic \"rule\"")[0];
    let folders = folders.value("for_each");
    let logs = module.variable("log_retention_days");
    let page = tree::read("infra/operations/security.md").text;
    for (what, kept) in [
        ("queues `events`, `delivery`, and all dead letters", format!("up to {} days", days("events"))),
        ("queue `due`", format!("{} day ", days("due"))),
        ("archive of Shopify's bus (`shopify_event_sources`)", format!("{archive} days")),
        ("bucket, `imports/`", format!("`imports_days` ({} days)", folders["imports"])),
        ("bucket, `requests/`", format!("{} days", folders["requests"])),
        ("logs", format!("`log_retention_days` ({logs} days)")),
    ] {
        let row = page.lines().find(|line| line.starts_with(&format!("| {what} |")));
        let row = row.unwrap_or_else(|| panic!("the book has no row of {what}"));
        let told = row.rsplit('|').nth(1).expect("a row has cells");
        assert!(told.trim_start().starts_with(&kept), "{what}: {told}, and the module keeps it {kept}");
    }
}

#[test]
fn the_same_page_is_looked_at() {
    let (module, template) = (Module::read(), Template::with(&[]));
    let page = template.all("AWS::CloudWatch::Dashboard").remove(0).properties;
    assert_eq!(page["DashboardName"], module.resource("aws_cloudwatch_dashboard", "winback").value("dashboard_name"));
    let body: Value = serde_json::from_str(&text(&page["DashboardBody"])).expect("the page is JSON");
    let widgets = list(&body["widgets"]);
    let (told, charts) = widgets.split_first().expect("a page shows something");
    let told: BTreeSet<String> = list(&told["properties"]["alarms"]).iter().map(text).collect();
    let wanted = alarms(&module).into_iter().map(|name| arn("AWS::CloudWatch::Alarm", &format!("winback-{name}")));
    assert_eq!(told, wanted.collect::<BTreeSet<_>>());

    let functions = template.named("AWS::Serverless::Function", "FunctionName");
    let functions: BTreeSet<String> = functions.keys().map(|name| format!("winback-{name}")).collect();
    let wanted = list(&module.local("charts"));
    assert_eq!(charts.len(), wanted.len());
    for (number, (chart, wanted)) in charts.iter().zip(&wanted).enumerate() {
        let (shown, title) = (&chart["properties"], text(&wanted["title"]));
        assert_eq!((&shown["title"], &shown["stat"]), (&wanted["title"], &wanted["stat"]));
        let place = json!([number % 2 * 12, 3 + number / 2 * 6, 12, 6]);
        assert_eq!(json!([chart["x"], chart["y"], chart["width"], chart["height"]]), place, "{title}");
        let metrics: Vec<Vec<String>> =
            list(&shown["metrics"]).iter().map(|metric| list(metric).iter().map(text).collect()).collect();
        // The module makes most of them by a `for`: compared is what is written there, and whose figures they are.
        let words = metrics.iter().flat_map(|metric| metric.iter().take(3).cloned());
        assert_eq!(words.collect::<BTreeSet<_>>(), written(&module, &wanted["metrics"]), "{title}");
        let whose: BTreeSet<String> = metrics.iter().filter_map(|metric| metric.get(3).cloned()).collect();
        match metrics[0][0].as_str() {
            "AWS/Lambda" => assert_eq!(whose, functions, "{title}"),
            "AWS/SQS" => {
                let dead = text(&wanted["metrics"]).contains("_dead");
                assert!(whose.len() == 3 && whose.iter().all(|queue| queue.ends_with("-dead") == dead), "{title}");
            }
            _ => assert!(whose.len() <= 1, "{title}: {whose:?}"),
        }
    }
}

/// The words of metrics as the module writes them: evaluated, or the text of a `for`.
fn written(module: &Module, metrics: &Value) -> BTreeSet<String> {
    if let Some(known) = metrics.as_array() {
        return known.iter().flat_map(list).map(|word| text(&word)).collect();
    }
    let source = text(metrics);
    let mut words: BTreeSet<String> = source.split('"').skip(1).step_by(2).map(str::to_owned).collect();
    if source.contains("local.metrics_namespace") {
        words.insert(text(&module.local("metrics_namespace")));
    }
    words
}

#[test]
fn the_same_budget_is_kept() {
    assert!(Template::with(&[]).all("AWS::Budgets::Budget").is_empty(), "nobody asked for one");
    let (module, template) = (Module::read(), Template::with(&[("MonthlyBudgetUsd", "100")]));
    let given = template.all("AWS::Budgets::Budget").remove(0).properties;
    let ours = module.resource("aws_budgets_budget", "month");
    let budget = json!({
        "BudgetName": ours.value("name"), "BudgetType": ours.value("budget_type"), "TimeUnit": ours.value("time_unit"),
        "BudgetLimit": {"Amount": "100", "Unit": ours.value("limit_unit")},
    });
    assert_eq!(given["Budget"], budget);
    let notices = list(&given["NotificationsWithSubscribers"]);
    let limits = notices.iter().map(|notice| {
        let topic = json!([{"SubscriptionType": "SNS", "Address": arn("AWS::SNS::Topic", "winback-alarms")}]);
        assert_eq!(notice["Subscribers"], topic);
        (text(&notice["Notification"]["NotificationType"]), notice["Notification"]["Threshold"].clone())
    });
    assert_eq!(Value::Object(limits.collect()), ours.inside("dynamic \"notification\"")[0].value("for_each"));
    // Without this the topic would refuse what the budget has to say.
    let may = template.all("AWS::SNS::TopicPolicy").into_iter().find(|policy| policy.logical == "AlarmTopicPolicy");
    let statements = list(&may.expect("the alarms' topic has a policy").properties["PolicyDocument"]["Statement"]);
    let services: Vec<String> = statements.iter().map(|statement| text(&statement["Principal"]["Service"])).collect();
    assert_eq!(services, ["cloudwatch.amazonaws.com", "budgets.amazonaws.com"]);
}
