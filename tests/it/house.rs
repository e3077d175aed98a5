//! The rules of the house. A rule that is not a test is a wish.

mod book;
mod crates;
mod release;
mod signatures;
pub mod tree;

use self::crates::Crates;
use self::tree::{File, all, code, rust, rust_below};

/// A file of more lines must be split.
const LONGEST_FILE: usize = 600;
/// A file of more lines is a reason to look; it is listed.
const LONG_FILE: usize = 400;
/// A function of more lines must be split.
const LONGEST_FUNCTION: usize = 100;
/// Nobody reads a longer README.
const LONGEST_README: usize = 150;

/// tests → infra/cli → infra/local → functions → shared/cloud → shared/domain, and never another way.
#[test]
fn imports_go_in_one_direction() {
    let crates = Crates::read();
    let functions = crates.in_folder("functions");
    assert_eq!(functions.len(), 10, "{functions:?}");
    let below_local: Vec<&str> =
        functions.iter().map(String::as_str).chain(["winback-cloud", "winback-domain"]).collect();
    crates.ours_only("winback-domain", &[]);
    crates.ours_only("winback-cloud", &["winback-domain"]);
    for function in &functions {
        crates.ours_only(function, &["winback-cloud", "winback-domain"]);
    }
    crates.ours_only("winback-local", &below_local);
    crates.ours_only("winback", &["winback-local", "winback-cloud", "winback-domain"]);
    assert_eq!(crates.members().len(), 15, "a new crate needs a place in this order: {:?}", crates.members());
}

/// The thinking needs no runtime, no network and no cloud, not even by way of somebody else.
#[test]
fn the_thinking_stands_alone() {
    let crates = Crates::read();
    let outside = |name: &str| {
        name.starts_with("aws") || ["tokio", "mio", "hyper", "reqwest", "lambda_runtime", "socket2"].contains(&name)
    };
    let found: Vec<String> = crates.closure("winback-domain").into_iter().filter(|name| outside(name)).collect();
    assert!(found.is_empty(), "domain brings along {found:?}");
    let chance = |name: &str| ["rand", "getrandom", "fastrand", "uuid", "tokio", "async-std"].contains(&name);
    let named: Vec<String> = crates.needs("winback-domain").into_iter().filter(|name| chance(name)).collect();
    assert!(named.is_empty(), "domain names {named:?}");
}

/// One crate is the door to AWS. `infra/local` stands behind the SDK's HTTP seam and knows its types, not its services;
/// what its tests call, they may name.
#[test]
fn only_the_door_names_the_sdk() {
    let crates = Crates::read();
    for name in crates.members() {
        let seam =
            |known: &str| known == "aws-config" || known == "aws-credential-types" || known.starts_with("aws-smithy-");
        let sdk: Vec<String> = crates.needs(&name).into_iter().filter(|known| known.starts_with("aws-")).collect();
        match name.as_str() {
            "winback-cloud" | "winback-tests" => {}
            "winback-local" => assert!(sdk.iter().all(|known| seam(known)), "{name} names {sdk:?}"),
            _ => assert!(sdk.is_empty(), "{name} names {sdk:?}"),
        }
    }
}

/// Two providers would mean two sets of bugs, and a panic where nobody chose between them.
#[test]
fn there_is_one_provider_of_cryptography() {
    let providers = ["aws-lc-rs", "ring", "openssl", "native-tls", "boring", "mbedtls"];
    let built = crates::built();
    let found: Vec<&String> = built.iter().filter(|name| providers.contains(&name.as_str())).collect();
    assert_eq!(found, ["aws-lc-rs"]);
}

#[test]
fn every_crate_keeps_the_lints_of_the_house() {
    let root = tree::read("Cargo.toml");
    for line in ["unsafe_code = \"forbid\"", "missing_docs = \"warn\"", "panic = \"unwind\""] {
        assert!(root.text.contains(line), "the root's Cargo.toml says {line}");
    }
    let manifests = all().into_iter().filter(|file| file.path.ends_with("/Cargo.toml"));
    let without: Vec<String> =
        manifests.filter(|file| !file.text.contains("[lints]\nworkspace = true")).map(|file| file.path).collect();
    assert!(without.is_empty(), "without the lints of the workspace: {without:?}");
}

/// Time is handed to the thinking, and whatever needs an order has one. Clippy bans the same, by `domain/clippy.toml`.
#[test]
fn the_thinking_reads_no_clock_and_throws_no_dice() {
    let banned = [
        "Timestamp::now",
        "Zoned::now",
        "TimeZone::system",
        "SystemTime",
        "Instant::now",
        "rand::",
        "getrandom",
        "thread_rng",
        "RandomState",
        "HashMap",
        "HashSet",
        "std::env::var",
        "std::fs",
        "std::net",
        "std::process",
        "std::thread",
        "async fn",
        "println!",
    ];
    let files = rust_below("shared/domain/src");
    let files = files.iter().filter(|file| !file.path.contains("/tests") && !file.path.ends_with("/samples.rs"));
    nowhere(files, &banned);
}

/// A handler is told the time by the door's clock, so that a turned clock turns everything.
#[test]
fn no_function_reads_a_clock_of_its_own() {
    let (functions, cloud) = (rust_below("functions"), rust_below("shared/cloud/src"));
    let files = functions.iter().chain(&cloud).filter(|file| file.path != "shared/cloud/src/clock.rs");
    nowhere(files, &["Timestamp::now", "Zoned::now", "SystemTime", "Instant::now"]);
}

/// A log line's words are its field `message`: another one of that name, and whoever filters by the words finds nothing.
#[test]
fn no_log_line_has_a_field_of_the_name_of_its_words() {
    let (functions, cloud) = (rust_below("functions"), rust_below("shared/cloud/src"));
    let logs = functions.iter().chain(&cloud).filter(|file| file.text.contains("tracing::"));
    nowhere(logs, &[", message = %", "(message = %", " %message", " ?message"]);
}

/// `infra/local` and `infra/cli` run the functions and show what is known; they decide nothing. So no file there names
/// `learn`, a step of the send protocol, or a conditional write; `decide` is asked only where it is explained; and the
/// stand-ins know AWS and nothing of ours.
#[test]
fn no_rule_of_the_trade_lives_in_local_or_cli() {
    let banned = [
        "protocol::",
        "domain::learn",
        "learn(",
        "tables::Write",
        "put_customer",
        "put_looked",
        "put_claim",
        "put_order",
        "put_message",
        "make_coupon",
        "kill_coupon",
        ".redeem(",
        ".fence(",
        ".commit(",
    ];
    let explaining = ["infra/cli/src/commands/story/telling.rs"];
    let files = [rust_below("infra/local/src"), rust_below("infra/cli/src")].concat();
    nowhere(files.iter(), &banned);
    let others = files.iter().filter(|file| !explaining.contains(&file.path.as_str()));
    nowhere(others, &["decide(", "decide::", "Action::", "CallOff"]);
    let stand_ins = files.iter().filter(|file| file.path.starts_with("infra/local/src/aws/"));
    nowhere(stand_ins, &["winback_domain", "winback_cloud"]);
}

/// Nothing half-done and nothing swept under a carpet; and no test that waits for a time to pass.
#[test]
fn nothing_is_left_for_later() {
    // Written in two halves, so that this file does not find itself.
    let banned = [
        concat!("to", "do!("),
        concat!("unimple", "mented!("),
        concat!("#[", "ignore"),
        concat!("#[", "allow("),
        concat!("#![", "allow("),
        concat!("thread::", "sleep"),
        concat!("time::", "sleep("),
        concat!("db", "g!("),
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
    ];
    let files = rust();
    let found: Vec<String> = files
        .iter()
        .flat_map(|file| {
            let lines = file.text.lines().enumerate();
            let hits = lines.filter(|(_, line)| banned.iter().any(|word| line.contains(word)));
            hits.map(|(number, line)| format!("{}:{}: {}", file.path, number + 1, line.trim()))
        })
        .collect();
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn files_and_functions_are_of_a_size_that_can_be_read() {
    let files = rust();
    let mut long: Vec<(usize, &str)> = files.iter().map(|file| (file.text.lines().count(), &*file.path)).collect();
    long.retain(|(lines, _)| *lines > LONG_FILE);
    long.sort_unstable();
    println!("over {LONG_FILE} lines: {long:?}");
    let too_long: Vec<_> = long.iter().filter(|(lines, _)| *lines > LONGEST_FILE).collect();
    assert!(too_long.is_empty(), "over {LONGEST_FILE} lines: {too_long:?}");
    let functions: Vec<(String, usize)> = files.iter().flat_map(tree::functions).collect();
    assert!(functions.len() > 500, "only {} functions were seen", functions.len());
    let longest = functions.iter().max_by_key(|(_, lines)| *lines);
    println!("{} functions, the longest {longest:?}", functions.len());
    let functions: Vec<_> = functions.into_iter().filter(|(_, lines)| *lines > LONGEST_FUNCTION).collect();
    assert!(functions.is_empty(), "over {LONGEST_FUNCTION} lines: {functions:#?}");
}

/// The hands are thin: what Lambda starts says whom it serves, and nothing else.
#[test]
fn each_function_starts_in_some_ten_lines() {
    let starts: Vec<File> =
        rust_below("functions").into_iter().filter(|file| file.path.ends_with("/main.rs")).collect();
    assert_eq!(starts.len(), 10);
    for file in starts {
        let name = file.path.split('/').nth(1).expect("a folder").replace('-', "_");
        assert!(file.text.lines().count() <= 12, "{} is long", file.path);
        assert!(file.text.contains(&format!("serve({name}::handle)")), "{} serves something else", file.path);
    }
}

#[test]
fn the_readme_can_be_read() {
    let lines = tree::read("README.md").text.lines().count();
    assert!(lines < LONGEST_README, "{lines} lines");
    assert!(tree::read("LICENSE").text.contains("Apache License\n                           Version 2.0"));
}

/// Nothing here knows on which machine it was written.
#[test]
fn no_file_names_a_place_on_somebodys_machine() {
    let banned = [
        concat!("/ho", "me/"),
        concat!("/ro", "ot/"),
        concat!("/Use", "rs/"),
        concat!("/wo", "rk/"),
        concat!("/t", "mp/"),
        concat!("C:", "\\"),
    ];
    let found: Vec<String> = all()
        .iter()
        .flat_map(|file| {
            let lines = file.text.lines().enumerate();
            let hits = lines.filter(|(_, line)| banned.iter().any(|word| line.contains(word)));
            hits.map(|(number, _)| format!("{}:{}", file.path, number + 1))
        })
        .collect();
    assert!(found.is_empty(), "{found:#?}");
}

fn nowhere<'a>(files: impl Iterator<Item = &'a File>, banned: &[&str]) {
    let mut looked = 0;
    let mut found = Vec::new();
    for file in files {
        looked += 1;
        for (number, line) in code(file) {
            if let Some(word) = banned.iter().find(|word| line.contains(**word)) {
                found.push(format!("{}:{number}: {word}", file.path));
            }
        }
    }
    assert!(looked > 0, "there is nothing to look at");
    assert!(found.is_empty(), "{found:#?}");
}
