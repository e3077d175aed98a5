//! Figures in words: what a replay and the sample shop's story have in common.

use winback_domain::figures::{number, percent, tenths};
use winback_domain::report::{Comparison, Group, Summary};

/// `1,485 of 16,500 (9.0 %)`: a part of a whole, and what it is in percent, with one digit after the point.
pub fn share(part: u64, whole: u64) -> String {
    match whole {
        0 => format!("{} of none", number(part)),
        _ => format!("{} of {} ({})", number(part), number(whole), percent(tenths(part, whole))),
    }
}

/// Messages by their states, the most frequent first: `8,900 delivered, 900 held`.
pub fn states(summary: &Summary) -> String {
    let mut all: std::collections::BTreeMap<&str, u64> = std::collections::BTreeMap::new();
    for (state, count) in summary.by_step.values().flatten() {
        *all.entry(state).or_default() += count;
    }
    let mut all: Vec<_> = all.into_iter().collect();
    all.sort_by_key(|(state, count)| (std::cmp::Reverse(*count), *state));
    let words: Vec<String> = all.into_iter().map(|(state, count)| format!("{} {state}", number(count))).collect();
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}

/// Who came back, beside who came back without a letter, and how much the difference may be made of.
pub fn compared(comparison: Comparison) -> String {
    let said = |group: Group| share(group.returned, group.episodes);
    let mut text = format!("  with letters        {}\n", said(comparison.mailed));
    text.push_str(&format!("  without (held out)  {}\n", said(comparison.held)));
    if comparison.says_little() {
        text.push_str("  So few were held out that the difference between the two says little yet.\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_read_well() {
        assert_eq!(share(1, 3), "1 of 3 (33.3 %)");
        assert_eq!(share(2, 3), "2 of 3 (66.7 %)");
        assert_eq!(share(1_650, 1_650), "1,650 of 1,650 (100.0 %)");
        assert_eq!(share(0, 0), "0 of none");
    }

    #[test]
    fn the_most_frequent_state_comes_first() {
        let mut summary = Summary::default();
        summary.by_step.insert("1.1 hello".to_owned(), [("held", 30), ("delivered", 1_000)].into());
        summary.by_step.insert("1.2 last".to_owned(), [("held", 10), ("stopped", 3)].into());
        assert_eq!(states(&summary), "1,000 delivered, 40 held, 3 stopped");
        assert_eq!(states(&Summary::default()), "none");
    }
}
