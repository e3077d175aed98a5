//! The fuzzer's own function, built here so that it stays whole, with every payload bent in some ways. `tests/fuzz/run` bends
//! them in all ways, for as long as one likes.

#[path = "../../fuzz/input.rs"]
mod input;

use std::path::{Path, PathBuf};

/// All payloads there are.
fn payloads() -> Vec<PathBuf> {
    let files = |dir: &Path| std::fs::read_dir(dir).expect("a folder").map(|entry| entry.expect("an entry").path());
    let (mut found, mut folders) = (Vec::new(), vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("webhooks")]);
    while let Some(folder) = folders.pop() {
        for path in files(&folder) {
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found
}

#[test]
fn a_bent_payload_of_any_platform_taken_for_any_others_panics_nowhere() {
    let payloads = payloads();
    assert!(payloads.len() >= 100, "only {}", payloads.len());
    for path in payloads {
        let body = std::fs::read(&path).expect("a payload");
        let topic = path.file_stem().and_then(|stem| stem.to_str()).expect("a name").replacen('.', "/", 1);
        for kind in 0..input::KINDS {
            let whole = [&[kind, u8::try_from(topic.len()).expect("short")], topic.as_bytes(), &body].concat();
            input::take(&whole);
            for at in (2..whole.len()).step_by(whole.len() / 8 + 1) {
                input::take(&whole[..at]);
                for byte in [b'"', b'9', 0xff] {
                    let mut bent = whole.clone();
                    bent[at] = byte;
                    input::take(&bent);
                }
            }
        }
    }
}
