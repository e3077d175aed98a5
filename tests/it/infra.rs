//! The Terraform module: it stands, and it allows each function exactly the calls that the function makes.
//!
//! The proof has two halves that meet in `infra/terraform/tests`: `terraform test` proves that the tables written there
//! (what each role may do, what each environment holds) are what AWS would get; the tests here prove that the same tables
//! are what the code needs. The second half needs no Terraform.

mod calls;
mod local;
mod logs;
mod parity;
mod stories;
mod tables;
mod terraform;

pub use tables::environments;

use std::collections::{BTreeMap, BTreeSet};

use winback_cloud::config::Config;

/// What a role holds for the sake of Lambda, or of an answer: the function itself never calls it.
const BY_LAMBDA: [(&str, &str); 11] = [
    // Lambda's poller takes the batches of the two queues with the function's role.
    ("record-event", "sqs:ReceiveMessage events"),
    ("record-event", "sqs:DeleteMessage events"),
    ("record-event", "sqs:GetQueueAttributes events"),
    ("send-message", "sqs:ReceiveMessage due"),
    ("send-message", "sqs:DeleteMessage due"),
    ("send-message", "sqs:GetQueueAttributes due"),
    // Lambda puts an event that failed for good there, in the function's name.
    ("record-delivery", "sqs:SendMessage delivery-dead"),
    ("record-delivery", "sqs:ReceiveMessage delivery"),
    ("record-delivery", "sqs:DeleteMessage delivery"),
    ("record-delivery", "sqs:GetQueueAttributes delivery"),
    // Without it S3 answers "forbidden" for a file that is not there, to whoever asks.
    ("import-orders", "s3:ListBucket files"),
];

/// What a function is told only where a shop wants more: SES tenants, a link domain of its own.
const AT_WISH: [&str; 2] = ["WINBACK_TENANT_PREFIX", "WINBACK_ORIGIN_CHECKED"];

type Calls = BTreeMap<String, BTreeSet<String>>;

/// Runs the functions through all that a shop can meet and compares what they asked AWS for with what they may.
#[tokio::test]
async fn each_role_allows_the_calls_its_function_makes_and_no_others() {
    let made = stories::told().await;
    let mut allowed = tables::grants();
    for (function, call) in BY_LAMBDA {
        let held = allowed.get_mut(function).is_some_and(|calls| calls.remove(call));
        assert!(held, "{function} may not {call}, which is needed");
    }
    let missing = without(&made, &allowed);
    let unused = without(&allowed, &made);
    assert!(missing.is_empty(), "AWS would refuse: {missing:#?}");
    assert!(unused.is_empty(), "allowed and never used: {unused:#?}");
}

/// A link domain proves itself to the doors behind it by a secret: they read it as well, and nobody else does.
#[tokio::test]
async fn behind_a_link_domain_the_doors_read_its_secret_and_nobody_else() {
    let secret = "ssm:GetParameter keys/origin";
    let made = stories::behind_a_link_domain().await;
    let readers = made.iter().filter(|(_, calls)| calls.contains(secret)).map(|(function, _)| function.clone());
    assert_eq!(readers.collect::<BTreeSet<_>>(), tables::origin_readers());
    let mut allowed = tables::grants();
    for door in tables::origin_readers() {
        allowed.entry(door).or_default().insert(secret.to_owned());
    }
    let missing = without(&made, &allowed);
    assert!(missing.is_empty(), "AWS would refuse: {missing:#?}");
}

fn without(these: &Calls, those: &Calls) -> Vec<String> {
    let none = BTreeSet::new();
    let left = these.iter().flat_map(|(function, calls)| {
        let others = those.get(function).unwrap_or(&none);
        calls.difference(others).map(move |call| format!("{function}: {call}"))
    });
    left.collect()
}

/// The environment that Terraform gives is the one that is read: no name is misspelt on either side.
#[test]
fn every_variable_that_is_given_is_read_and_the_other_way_round() {
    let always = environments().values().flatten().map(String::as_str);
    let module = [include_str!("../../infra/terraform/functions.tf"), include_str!("../../infra/terraform/links.tf")];
    let at_wish = AT_WISH.into_iter().filter(|name| module.iter().any(|text| text.contains(name)));
    let given: BTreeSet<&str> = always.chain(at_wish).collect();
    let source = include_str!("../../shared/cloud/src/config.rs");
    let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
    let read: BTreeSet<&str> =
        code.flat_map(|line| line.split('"')).filter(|word| word.starts_with("WINBACK_")).collect();
    assert_eq!(given, read);
    // As many settings as there are variables: none is set by anything else.
    let Config {
        customers_table: _,
        ledger_table: _,
        events_queue: _,
        due_queue: _,
        configuration_set: _,
        link_base: _,
        secrets_prefix: _,
        due_shards: _,
        programs_dir: _,
        files_bucket: _,
        tenant_prefix: _,
        origin_checked: _,
    } = Config::default();
    assert_eq!(read.len(), 12);
}

/// `terraform fmt`, `validate` and `test`, AWS mocked, on a copy.
#[test]
fn the_module_is_valid_and_its_tests_pass() {
    let Some(terraform) = terraform::Terraform::prepare() else { return };
    terraform.run(&["fmt", "-check", "-recursive", "-no-color"]);
    terraform.run(&["validate", "-no-color"]);
    let said = terraform.run(&["test", "-no-color"]);
    let passed = said.lines().rev().find(|line| line.contains(" passed, ")).expect("it says how many passed");
    println!("terraform test: {passed}");
    assert!(passed.contains(" 0 failed"), "{said}");
}
