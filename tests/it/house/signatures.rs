//! Who holds a webhook's signature against what it must be.

use std::collections::BTreeSet;

use super::tree::{File, code, rust_below};

const FOLDER: &str = "shared/domain/src/webhook/";

/// The functions in which a word stands: `file: function`.
fn users(files: &[File], word: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for file in files {
        let mut within = "";
        for (_, line) in code(file) {
            if let Some((_, name)) = line.split_once("fn ") {
                within = name.split(['(', '<']).next().unwrap_or_default();
            }
            if line.contains(word) {
                found.insert(format!("{}: {within}", file.path.trim_start_matches(FOLDER)));
            }
        }
    }
    found
}

/// How long a comparison takes may tell how much of a guess was right. So one function compares, in constant time, and
/// every dialect hands it what it was given; where else a signature is made, it is made to be sent.
#[test]
fn a_signature_is_compared_by_one_function_alone_and_in_constant_time() {
    let files = rust_below(FOLDER.trim_end_matches('/'));
    let files: Vec<File> = files.into_iter().filter(|file| !file.path.contains("/tests")).collect();
    let of = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(users(&files, "Hmac::<"), of(&["wiring.rs: mac"]));
    assert_eq!(users(&files, ".ct_eq("), of(&["wiring.rs: whose"]));
    let dialects = ["shopify.rs", "standard.rs", "stripe.rs", "woocommerce.rs"];
    let verify = dialects.map(|file| format!("{file}: verify"));
    assert_eq!(users(&files, "whose("), BTreeSet::from(verify), "BigCommerce signs by the standard");
    let sign = dialects.map(|file| format!("{file}: sign"));
    let made: BTreeSet<String> = sign.into_iter().chain(["wiring.rs: whose".to_owned()]).collect();
    assert_eq!(users(&files, ".mac("), made);
}
