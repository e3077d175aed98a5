//! The two tables of the module's own tests, as text: role by role, environment by environment.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::Calls;

const PERMISSIONS: &str = include_str!("../../../infra/terraform/tests/permissions.tftest.hcl");
const FUNCTIONS: &str = include_str!("../../../infra/terraform/tests/functions.tftest.hcl");

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
