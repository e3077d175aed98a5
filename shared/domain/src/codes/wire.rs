//! What the three stores' answers have in common.

use rust_decimal::Decimal;
use serde_json::Value;

use super::{Response, Trouble};
use crate::http::percent_encode;
use crate::money::Money;

/// An answer that is about the question.
pub(super) enum Heard {
    /// 2xx, and JSON.
    Good(Value),
    /// 4xx that the store has to explain: the status and what it said, if it can be read.
    Bad(u16, Value),
}

/// Reads a status, and the body where it matters.
pub(super) fn hear(response: Response<'_>) -> Result<Heard, Trouble> {
    let body = || serde_json::from_slice(response.body);
    match response.status {
        200..=299 => body().map(Heard::Good).map_err(|_| Trouble::Unreadable),
        // Followed, a POST turns into a GET; and the key would go wherever it leads.
        300..=399 => Err(Trouble::Refused("its address leads elsewhere: write down where".to_owned())),
        401 | 403 => Err(Trouble::NoAccess),
        // A conflict is another try of ours that is still being worked on (Stripe), or a lock (all).
        408 | 409 | 425 | 429 | 500..=599 => Err(Trouble::Later { seconds: response.retry_after }),
        400..=499 => Ok(Heard::Bad(response.status, body().unwrap_or_default())),
        _ => Err(Trouble::Unreadable),
    }
}

/// A refusal in the store's words, or by its status.
pub(super) fn refused(status: u16, message: &Value) -> Trouble {
    Trouble::Refused(match message.as_str().map(reason).filter(|reason| !reason.is_empty()) {
        Some(reason) => reason,
        None if status == 404 => "there is no such address".to_owned(),
        None => format!("status {status}"),
    })
}

/// What a store said, fit for a log: short, on one line, without addresses and keys.
pub(super) fn reason(said: &str) -> String {
    let secret = |word: &str| ["shpat_", "shpca_", "sk_", "rk_", "ck_", "cs_"].iter().any(|key| word.contains(key));
    let words = said.split_whitespace().map(|word| if word.contains('@') || secret(word) { "…" } else { word });
    let line = words.collect::<Vec<_>>().join(" ");
    line.chars().filter(|c| !c.is_control()).take(200).collect()
}

/// A number, written as one or as text.
pub(super) fn decimal(value: &Value) -> Option<Decimal> {
    match value {
        Value::String(text) => Decimal::from_str_exact(text.trim()).ok(),
        Value::Number(number) => Decimal::from_str_exact(&number.to_string()).ok(),
        _ => None,
    }
}

/// An amount in major units.
pub(super) fn major(money: Money) -> Decimal {
    Decimal::new(money.minor, money.currency.exponent())
}

/// A store's own id, written as a number or as text.
pub(super) fn id(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Fields as a form or a query holds them.
pub(super) fn form(fields: &[(&str, String)]) -> String {
    let pairs = fields.iter().map(|(name, value)| format!("{}={}", percent_encode(name), percent_encode(value)));
    pairs.collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_tells_nobody_whom_or_how() {
        let said = "anna@example.com may not\n\tuse sk_live_hush (see \"ck_hush\"),  sorry";
        assert_eq!(reason(said), "… may not use … (see … sorry");
        assert_eq!(reason(&"a".repeat(1_000)).len(), 200);
    }

    #[test]
    fn fields_are_encoded_name_and_value() {
        let fields = [("promotion[type]", "coupon".to_owned()), ("name", "15 % off".to_owned())];
        assert_eq!(form(&fields), "promotion%5Btype%5D=coupon&name=15%20%25%20off");
    }
}
