//! Files as nobody would write them: whatever they say, reading ends with an answer and carets that can be drawn.

use proptest::prelude::*;

use super::{PROGRAM, SHOP, folder, problems, told};
use crate::file::{hash, read};
use crate::plan::Folder;
use crate::program::StepOffer;

/// Reads, and holds every span against its file. A folder that can be used has lost nothing on the way.
fn carets_can_be_drawn(folder: &Folder) {
    for problem in problems(folder) {
        assert!(!problem.message.is_empty());
        if let Some(span) = problem.span {
            let source = &folder[&problem.file];
            let word = source.get(span).expect("the span is text of its file");
            let nothing = source.trim_matches([' ', '\t', '\r', '\n', '\u{feff}']).is_empty();
            assert!(!word.is_empty() || nothing, "{}", problem.message);
        }
    }
    if let Ok(read) = read(folder, 1) {
        let [program] = read.plan.programs.as_slice() else { panic!("one program was written") };
        let steps = program.rounds.iter().flat_map(|round| &round.steps);
        for step in steps {
            for language in &read.plan.shop.languages {
                assert!(read.plan.letters.contains_key(&(step.mail.clone(), language.clone())));
            }
            if let StepOffer::Own(name) = &step.offer {
                assert!(program.offers.contains_key(name));
            }
        }
    }
    assert_eq!(hash(folder).len(), 64);
}

/// What gets typed, pasted and broken.
fn piece() -> impl Strategy<Value = String> {
    const KNOWN: &[&str] = &[
        "no",
        "~",
        "[",
        "]",
        "{",
        "}",
        "\"",
        "'",
        ": ",
        "- ",
        "\n",
        "\n  ",
        "\t",
        "&a ",
        "*a",
        "<<: *a",
        "!!int ",
        "|\n",
        ">-\n",
        "%",
        "EUR",
        "0",
        "999999999999999999999",
        "1e400",
        ".nan",
        "-5",
        "days",
        "\u{feff}",
        "\u{85}",
        "é",
        "🎁",
        "\r",
        "\0",
        "#",
        "? ",
        "---\n",
        "...\n",
        "09:00",
        "24 hours before the deadline",
        "steps: ",
        "offer: ",
        "valid: 3 days",
        "\\x",
    ];
    prop_oneof![prop::sample::select(KNOWN).prop_map(str::to_owned), ".{0,6}"]
}

/// A file with some places cut out and something else put in.
fn broken(source: &'static str) -> impl Strategy<Value = String> {
    prop::collection::vec((0..source.len(), 0..12_usize, piece()), 1..5).prop_map(move |changes| {
        let mut text = source.to_owned();
        for (at, length, piece) in changes {
            let start = text.floor_char_boundary(at);
            let end = text.floor_char_boundary(start + length).max(start);
            text.replace_range(start..end, &piece);
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_broken_sample_is_answered(shop in broken(SHOP), program in broken(PROGRAM)) {
        let mut folder = folder();
        folder.insert("shop.yaml".to_owned(), shop);
        carets_can_be_drawn(&folder);
        folder.insert("shop.yaml".to_owned(), SHOP.to_owned());
        folder.insert("program.yaml".to_owned(), program);
        carets_can_be_drawn(&folder);
    }

    #[test]
    fn any_text_is_answered(text in "(.|\n){0,200}", phrase in ".{0,40}") {
        let mut folder = folder();
        folder.insert("mails/last-day/en/subject.txt".to_owned(), text.clone());
        folder.insert("shop.yaml".to_owned(), text);
        let quoted = phrase.replace(['\\', '"'], "");
        let with = |key: &str, from: &str| PROGRAM.replace(from, &format!("{key}: \"{quoted}\""));
        for program in [
            with("lapsed", "lapsed: 90 days without an order"), with("send", "send: Tue-Thu 09:00"),
            with("gives", "gives: 10 EUR off"), with("orders", "orders: at least 1"),
        ] {
            folder.insert("program.yaml".to_owned(), program);
            carets_can_be_drawn(&folder);
        }
    }
}

#[test]
fn deep_nesting_and_a_bomb_of_aliases_are_refused() {
    let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for (one, before) in ["b", "c", "d", "e", "f", "g", "h"].iter().zip(["a", "b", "c", "d", "e", "f", "g"]) {
        let many = vec![format!("*{before}"); 9].join(", ");
        bomb.push_str(&format!("{one}: &{one} [{many}]\n"));
    }
    for text in ["[".repeat(100_000), "- ".repeat(5_000), bomb, "all: {".repeat(500)] {
        let mut folder = folder();
        folder.insert("program.yaml".to_owned(), text);
        carets_can_be_drawn(&folder);
        let told = &told(&folder)[0];
        assert!(told.contains("] this cannot be read as YAML"), "{told}");
    }
}
