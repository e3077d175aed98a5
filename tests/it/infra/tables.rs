//! The tables of the module's own tests, as text: role by role, environment by environment; and what else it says that
//! a place on one machine must say too.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use super::Calls;

const PERMISSIONS: &str = include_str!("../../../infra/terraform/tests/permissions.tftest.hcl");
const FUNCTIONS: &str = include_str!("../../../infra/terraform/tests/functions.tftest.hcl");
const LINKS: &str = include_str!("../../../infra/terraform/tests/links.tftest.hcl");
const MAIL: &str = include_str!("../../../infra/terraform/tests/mail.tftest.hcl");
const SCHEDULES: &str = include_str!("../../../infra/terraform/tests/schedules.tftest.hcl");
const QUEUES: &str = include_str!("../../../infra/terraform/queues.tf");
const DELIVERY: &str = include_str!("../../../infra/terraform/delivery.tf");

/// What each role may do: `action resource`, the resource by the short name it has in the stand-ins.
pub fn grants() -> Calls {
    let lines = table(PERMISSIONS, "each_role_may_do_its_own_calls_and_no_others", " = [", "]");
    let calls = lines.into_iter().map(|(function, lines)| {
        let calls = lines.into_iter().map(|line| short(line.trim_matches(|c| matches!(c, '"' | ',' | ' '))));
        (function, calls.collect())
    });
    calls.collect()
}

/// The names of the variables that each function's environment holds.
pub fn environments() -> &'static BTreeMap<String, Vec<String>> {
    static READ: OnceLock<BTreeMap<String, Vec<String>>> = OnceLock::new();
    READ.get_or_init(|| {
        let lines = table(FUNCTIONS, "each_function_knows_what_it_needs_and_no_more", " = tomap({", "})");
        let names = lines.into_iter().map(|(function, lines)| {
            let names = lines.into_iter().filter_map(|line| Some(line.split_once('=')?.0.trim().to_owned()));
            (function, names.collect())
        });
        names.collect()
    })
}

/// Who may read the link domain's secret, where there is a link domain.
pub fn origin_readers() -> BTreeSet<String> {
    let (_, text) = LINKS.split_once(":parameter/winback/keys/origin").expect("the run is there");
    listed(text, "toset([")
}

/// The functions that the clock starts, and when.
pub fn schedules() -> BTreeMap<String, String> {
    let (_, text) = SCHEDULES.split_once("=> schedule.schedule_expression } == { ").expect("the table is there");
    let (text, _) = text.split_once(" }").expect("the table ends");
    let entries = text.split(", ").map(|entry| {
        let (function, when) = entry.split_once(" = ").expect("a function and a time");
        (function.to_owned(), when.trim_matches('"').to_owned())
    });
    entries.collect()
}

/// The function that each queue feeds.
pub fn feeds() -> BTreeMap<String, String> {
    let mappings = QUEUES.split("resource \"aws_lambda_event_source_mapping\"").skip(1);
    let feeds = mappings.map(|text| {
        let text = &text[..text.find("\n}").expect("the mapping ends")];
        (word(text, "= aws_sqs_queue."), word(text, "= aws_lambda_function.worker[\""))
    });
    feeds.collect()
}

/// What SES tells of a mail.
pub fn mail_events() -> BTreeSet<String> {
    listed(MAIL, "matching_event_types == toset([")
}

/// The names of the ways by which it tells it.
pub fn mail_ways() -> BTreeSet<String> {
    const OPENS: &str = "event_destination_name = \"";
    DELIVERY.match_indices(OPENS).map(|(at, _)| word(&DELIVERY[at..], OPENS)).collect()
}

/// The quoted words of the list that opens so.
fn listed(text: &str, opens: &str) -> BTreeSet<String> {
    let (_, text) = text.split_once(opens).unwrap_or_else(|| panic!("no {opens}"));
    let (text, _) = text.split_once("])").expect("the list ends");
    text.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The name behind some words, up to the first sign that no name has.
fn word(text: &str, behind: &str) -> String {
    let (_, text) = text.split_once(behind).unwrap_or_else(|| panic!("no {behind} in {text}"));
    text.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect()
}

/// The lists of a run, by function: from `name<opens>` to `<closes>`.
fn table(text: &str, run: &str, opens: &str, closes: &str) -> BTreeMap<String, Vec<String>> {
    let from = text.find(&format!("run \"{run}\"")).expect("the run is there");
    let text = &text[from..];
    let text = &text[..text.find("\n}").expect("the run ends")];
    let mut lists = BTreeMap::new();
    let mut open: Option<(String, Vec<String>)> = None;
    for line in text.lines().map(str::trim) {
        match (line.strip_suffix(opens), &mut open) {
            (Some(name), None) => open = Some((name.trim().to_owned(), Vec::new())),
            (_, Some(_)) if line == closes => lists.extend(open.take()),
            (_, Some((_, list))) => list.push(line.to_owned()),
            _ => {}
        }
    }
    assert_eq!(lists.len(), 10, "ten functions: {:?}", lists.keys());
    lists
}

/// `dynamodb:GetItem dynamodb:table/winback-customers` → `dynamodb:GetItem customers`.
fn short(call: &str) -> String {
    let (action, resource) = call.split_once(' ').expect("an action and a resource");
    let resource = resource.strip_prefix("dynamodb:table/winback-").unwrap_or(resource);
    let resource = resource.strip_prefix("sqs:winback-").unwrap_or(resource);
    let resource = resource.strip_prefix("ssm:parameter/winback/").unwrap_or(resource);
    let resource = resource.strip_prefix("ses:").unwrap_or(resource);
    let resource = resource.strip_prefix("s3:::winback-").unwrap_or(resource);
    let resource = resource.replacen("files-111122223333-eu-central-1", "files", 1);
    format!("{action} {resource}")
}
