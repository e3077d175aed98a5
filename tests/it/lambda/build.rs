//! Building what is deployed: cargo builds no binaries of other packages for a test, so the test does.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;

/// The functions, in the order an order meets them.
pub const FUNCTIONS: [&str; 10] = [
    "scan-customers",
    "receive-webhook",
    "record-event",
    "find-lapsed",
    "send-message",
    "record-delivery",
    "serve-offer",
    "redeem-code",
    "import-orders",
    "pull-orders",
];

/// A function that panics when it is asked to: an example of the crate that all functions stand on.
pub const PANICKING: &str = "panicking";

/// The binaries of the workspace by name, built once per test process.
///
/// All of them and an example, because then cargo gives every dependency the features it has in a build of all tests,
/// and nothing of the AWS SDK is compiled a second time.
pub fn binaries() -> &'static BTreeMap<String, PathBuf> {
    static BUILT: OnceLock<BTreeMap<String, PathBuf>> = OnceLock::new();
    BUILT.get_or_init(|| {
        let built = build(&["--workspace", "--bins", "--examples"]);
        let wanted = FUNCTIONS.iter().chain([&PANICKING]);
        assert!(wanted.into_iter().all(|name| built.contains_key(*name)), "cargo built only {:?}", built.keys());
        built
    })
}

fn build(arguments: &[&str]) -> BTreeMap<String, PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    // Where this test was built; a target folder given on the command line is not in the environment.
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let target = target.parent().expect("the folder lies in the target folder");
    let mut command = Command::new(cargo);
    command.arg("build").args(arguments).args(["--locked", "--message-format=json"]);
    command.arg("--target-dir").arg(target).current_dir(env!("CARGO_MANIFEST_DIR"));
    let output = command.output().expect("cargo starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the functions do not build:\n{said}");
    let messages = String::from_utf8(output.stdout).expect("cargo writes text");
    let messages = messages.lines().map(|line| serde_json::from_str::<Value>(line).expect("cargo writes JSON"));
    let executable = |message: Value| {
        let name = message["target"]["name"].as_str()?.to_owned();
        Some((name, PathBuf::from(message["executable"].as_str()?)))
    };
    messages.filter_map(executable).collect()
}
