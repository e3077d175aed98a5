//! Figures in words, as reports and pages say them. The phrases of a shop's files are counted by `file::words`.

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

/// A part of a whole in tenths of a percent, rounded; of nothing it is 0.
pub fn tenths(part: u64, whole: u64) -> u64 {
    (part * 2_000 + whole).checked_div(whole * 2).unwrap_or(0)
}

/// Tenths of a percent: `12.5 %`.
pub fn percent(tenths: u64) -> String {
    format!("{}.{} %", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        let numbers = [0, 12, 999, 1_000, 9_845, 1_234_567].map(number);
        assert_eq!(numbers, ["0", "12", "999", "1,000", "9,845", "1,234,567"]);
        assert_eq!([0_u64, 1, 2_000].map(|some| counted(some, "order")), ["0 orders", "1 order", "2,000 orders"]);
        assert_eq!([(1, 3), (2, 3), (5, 5), (0, 0)].map(|(part, whole)| tenths(part, whole)), [333, 667, 1_000, 0]);
        assert_eq!(percent(125), "12.5 %");
    }
}
