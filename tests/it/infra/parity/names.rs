//! Two installations in one account differ in their prefix and in nothing else. For the module its own
//! `prefix.tftest.hcl` proves the same.

use serde_json::Value;

use super::template::{NAMED, Template};
use super::text;

/// What has a name on AWS that nothing else in the template refers to.
const ALSO_NAMED: [(&str, &str); 3] = [
    ("AWS::Scheduler::Schedule", "Name"),
    ("AWS::Logs::MetricFilter", "FilterName"),
    ("AWS::CloudWatch::Dashboard", "DashboardName"),
];
/// Where Lambda unpacks the layer: a path inside a function, and no name.
const PROGRAMS: &str = "/opt/winback";

/// With all that a parameter can ask for.
#[test]
fn a_stack_of_another_name_is_called_by_it_everywhere() {
    let template = Template::with(&[
        ("Prefix", "books"),
        ("ProgramsBucket", "builds"),
        ("ProgramsKey", "programs.zip"),
        ("AlarmEmail", "anna@shop.example"),
        ("MonthlyBudgetUsd", "100"),
    ]);
    let mut seen = 0;
    for (kind, property) in NAMED.iter().chain(&ALSO_NAMED) {
        for resource in template.all(kind) {
            let name = text(&resource.properties[*property]);
            let short = name.rsplit('/').next().unwrap_or_default();
            assert!(short == "books" || short.starts_with("books-"), "{} is called {name}", resource.logical);
            seen += 1;
        }
    }
    assert!(seen >= 80, "only {seen} names were seen");

    let everything = template.everything();
    let said = everything
        .iter()
        .flat_map(|resource| texts(&resource.properties).into_iter().map(move |words| (&resource.logical, words)));
    let left = said.filter(|(_, words)| words.contains("winback") && *words != PROGRAMS);
    let left: Vec<String> = left.map(|(logical, words)| format!("{logical}: {words}")).collect();
    assert!(left.is_empty(), "{left:#?}");
}

/// Every text in a value.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(words) => vec![words.as_str()],
        Value::Array(entries) => entries.iter().flat_map(texts).collect(),
        Value::Object(members) => members.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}
