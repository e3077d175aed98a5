//! Figures in words: what a replay and the sample shop's story have in common.

use winback_domain::report::{Comparison, Group, Summary};

/// `1,485 of 16,500 (9.0 %)`: a part of a whole, and what it is in percent, with one digit after the point.
pub fn share(part: u64, whole: u64) -> String {
    if whole == 0 {
        return format!("{} of none", number(part));
    }
    let tenths = (part * 2_000 + whole) / (whole * 2);
    format!("{} of {} ({}.{} %)", number(part), number(whole), tenths / 10, tenths % 10)
}

/// A number with commas between its thousands.
pub fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 letter`, `2,000 letters`.
pub fn counted(amount: impl TryInto<u64>, thing: &str) -> String {
    let amount = amount.try_into().unwrap_or(u64::MAX);
    if amount == 1 { format!("1 {thing}") } else { format!("{} {thing}s", number(amount)) }
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
    if comparison.held.episodes < 100 {
        text.push_str("  So few were held out that the difference between the two says little yet.\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_shares_read_well() {
        let numbers = [0, 12, 999, 1_000, 9_845, 1_234_567].map(number);
        assert_eq!(numbers, ["0", "12", "999", "1,000", "9,845", "1,234,567"]);
        assert_eq!(share(1, 3), "1 of 3 (33.3 %)");
        assert_eq!(share(2, 3), "2 of 3 (66.7 %)");
        assert_eq!(share(1_650, 1_650), "1,650 of 1,650 (100.0 %)");
        assert_eq!(share(0, 0), "0 of none");
        assert_eq!([0_u64, 1, 2_000].map(|some| counted(some, "order")), ["0 orders", "1 order", "2,000 orders"]);
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
