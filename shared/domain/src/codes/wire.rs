//! What the three stores' answers have in common.

use rust_decimal::Decimal;
use serde_json::Value;

use crate::exchange::{Response, Said, Trouble, reason};
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
    match response.said()? {
        Said::Good(body) => serde_json::from_slice(body).map(Heard::Good).map_err(|_| Trouble::Unreadable),
        Said::Bad(status, body) => Ok(Heard::Bad(status, serde_json::from_slice(body).unwrap_or_default())),
    }
}

/// A refusal in the store's words, or by its status.
pub(super) fn refused(status: u16, message: &Value) -> Trouble {
    match message.as_str().map(reason).filter(|reason| !reason.is_empty()) {
        Some(reason) => Trouble::Refused(reason),
        None => Trouble::status(status),
    }
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
