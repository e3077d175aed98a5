//! Stories a shop owner can read: what happened, what time it was, what was mailed, and why. Each is kept as a
//! transcript beside this file; what must hold whatever the transcript says stands in the story itself.

mod auditor;
mod breakers;
mod codes;
mod consent;
mod daylight;
mod history;
mod holdout;
mod import;
mod limits;
mod lost_letters;
mod plans;
mod pools;
mod refused;
mod restore;
mod rounds;
mod seen;
mod tenants;
mod who;

/// Compares a story with its transcript in `stories/<name>.snap`.
macro_rules! told {
    ($name:literal, $told:expr) => {
        let told: String = $told;
        insta::with_settings!({
            snapshot_path => concat!(env!("CARGO_MANIFEST_DIR"), "/it/stories"),
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, { insta::assert_snapshot!($name, told) })
    };
}
use told;
