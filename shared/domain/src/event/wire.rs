//! Our own event format: `{"type", "timestamp", "data"}`. One JSON Schema per type lies in `schemas/events/`,
//! made from the types here.

use std::borrow::Cow;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Event, PlacedOrder, Profile, What, Who};
use crate::address::Address;
use crate::money::{Currency, Money};
use crate::shop::Language;
use crate::time::whole_seconds;

/// Why an event was not taken. The sender can mend it; sending the same again is no use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not JSON, or not the envelope.
    #[error("not an event: {0}")]
    NotAnEvent(String),
    /// A type we do not have.
    #[error("unknown event type \"{0}\"")]
    UnknownType(String),
    /// A member is missing or of the wrong type.
    #[error("data: {0}")]
    WrongShape(String),
    /// A member holds something that makes no sense.
    #[error("data.{field}: {problem}")]
    Invalid {
        /// Which member.
        field: &'static str,
        /// What is wrong with it.
        problem: String,
    },
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "type")]
    kind: String,
    timestamp: Timestamp,
    data: serde_json::Value,
}

/// `order.placed`
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the descriptions of these members are the schema's")]
pub struct OrderPlaced {
    #[schemars(length(min = 1, max = 128))]
    pub order_id: String,
    pub email: Option<String>,
    pub customer_id: Option<String>,
    pub name: Option<String>,
    /// Major units as text, such as "29.33".
    pub total: Amount,
    /// ISO 4217.
    pub currency: String,
    /// When the order was placed; the event's timestamp where missing.
    #[schemars(with = "Option<String>", extend("format" = "date-time"))]
    pub placed_at: Option<Timestamp>,
    #[serde(default)]
    pub discount_codes: Vec<String>,
    /// The checkout's box. Missing means unchanged.
    pub marketing_consent: Option<bool>,
    pub language: Option<String>,
    #[serde(default)]
    pub items: Vec<Item>,
}

/// One line of an order. Checked, and not kept.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the descriptions of these members are the schema's")]
pub struct Item {
    pub sku: Option<String>,
    pub title: Option<String>,
    pub quantity: Option<u32>,
    pub price: Option<Amount>,
}

/// Money in major units: text is exact; a JSON number is taken as it is written.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Amount {
    /// `"29.33"`
    Text(String),
    /// `29.33`
    Number(serde_json::Number),
}

impl Amount {
    /// As it is written.
    pub(crate) fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Number(number) => Cow::Owned(number.to_string()),
        }
    }
}

/// `order.refunded`
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the descriptions of these members are the schema's")]
pub struct OrderRefunded {
    #[schemars(length(min = 1, max = 128))]
    pub order_id: String,
    /// All that was refunded of this order so far, not only this time.
    pub refunded_total: Amount,
    pub currency: String,
}

/// `order.cancelled`
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the descriptions of these members are the schema's")]
pub struct OrderCancelled {
    #[schemars(length(min = 1, max = 128))]
    pub order_id: String,
}

/// `customer.updated` and `lead.created`
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the descriptions of these members are the schema's")]
pub struct Person {
    pub email: Option<String>,
    pub customer_id: Option<String>,
    pub name: Option<String>,
    pub language: Option<String>,
    /// Said by the customer themself. Missing means unchanged.
    pub marketing_consent: Option<bool>,
}

/// `customer.email_changed`
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the descriptions of these members are the schema's")]
pub struct EmailChanged {
    /// The address before.
    pub email: Option<String>,
    pub customer_id: Option<String>,
    pub new_email: String,
}

/// `customer.unsubscribed`, `customer.erased`, `customer.data_requested`, `customer.referred`, `complaint.opened`, `complaint.resolved`,
/// `subscription.started`
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the descriptions of these members are the schema's")]
pub struct Somebody {
    pub email: Option<String>,
    pub customer_id: Option<String>,
}

/// `activity.recorded`
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the descriptions of these members are the schema's")]
pub struct ActivityRecorded {
    pub email: Option<String>,
    pub customer_id: Option<String>,
    /// The shop's word for it: "visit", "login".
    pub kind: String,
}

/// `subscription.ended`
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the descriptions of these members are the schema's")]
pub struct SubscriptionEnded {
    pub email: Option<String>,
    pub customer_id: Option<String>,
    /// Why, in a word or two.
    pub reason: Option<String>,
}

/// Reads an event. `received` bounds what it claims about time.
pub fn read(bytes: &[u8], received: Timestamp) -> Result<Event, Error> {
    let envelope: Envelope = serde_json::from_slice(bytes).map_err(|error| Error::NotAnEvent(error.to_string()))?;
    let at = whole_seconds(envelope.timestamp.min(received));
    let data = envelope.data;
    let (who, what) = match envelope.kind.as_str() {
        "order.placed" => order_placed(shape(data)?, at)?,
        "order.refunded" => {
            let data: OrderRefunded = shape(data)?;
            let refunded = money(&data.refunded_total, &data.currency, "refunded_total")?;
            let order_id = id(data.order_id, "order_id")?;
            (Who::default(), What::OrderRefunded { order_id, refunded, part: None })
        }
        "order.cancelled" => {
            let data: OrderCancelled = shape(data)?;
            (Who::default(), What::OrderCancelled { order_id: id(data.order_id, "order_id")? })
        }
        "customer.updated" => {
            let (who, profile) = person(shape(data)?)?;
            (who, What::CustomerUpdated { profile })
        }
        "lead.created" => {
            let (who, profile) = person(shape(data)?)?;
            (who, What::LeadCreated { profile })
        }
        "customer.email_changed" => {
            let data: EmailChanged = shape(data)?;
            let new_email = address(&data.new_email, "new_email")?;
            (who(data.email, data.customer_id)?, What::EmailChanged { new_email })
        }
        "activity.recorded" => {
            let data: ActivityRecorded = shape(data)?;
            let kind = id(data.kind, "kind")?;
            (who(data.email, data.customer_id)?, What::ActivityRecorded { kind })
        }
        "subscription.ended" => {
            let data: SubscriptionEnded = shape(data)?;
            let reason = data.reason.and_then(|reason| line(&reason, 64));
            (who(data.email, data.customer_id)?, What::SubscriptionEnded { reason })
        }
        "customer.unsubscribed" => (somebody(data)?, What::Unsubscribed),
        "customer.erased" => (somebody(data)?, What::Erased),
        "customer.data_requested" => (somebody(data)?, What::DataRequested),
        "customer.referred" => (somebody(data)?, What::Referred),
        "complaint.opened" => (somebody(data)?, What::ComplaintOpened),
        "complaint.resolved" => (somebody(data)?, What::ComplaintResolved),
        "subscription.started" => (somebody(data)?, What::SubscriptionStarted),
        other => return Err(Error::UnknownType(other.chars().take(64).collect())),
    };
    Ok(Event { at, who, what })
}

fn order_placed(data: OrderPlaced, at: Timestamp) -> Result<(Who, What), Error> {
    for item in &data.items {
        if let Some(price) = &item.price {
            money(price, &data.currency, "items.price")?;
        }
    }
    let order = PlacedOrder {
        order_id: id(data.order_id, "order_id")?,
        placed_at: whole_seconds(data.placed_at.map_or(at, |placed| placed.min(at))),
        total: money(&data.total, &data.currency, "total")?,
        discount_codes: data
            .discount_codes
            .into_iter()
            .take(20)
            .map(|code| id(code, "discount_codes"))
            .collect::<Result<_, _>>()?,
    };
    let profile = profile(data.name, data.language, data.marketing_consent);
    Ok((who(data.email, data.customer_id)?, What::OrderPlaced { order, profile }))
}

fn person(data: Person) -> Result<(Who, Profile), Error> {
    let profile = profile(data.name, data.language, data.marketing_consent);
    Ok((who(data.email, data.customer_id)?, profile))
}

/// A name of several lines becomes one; a language we cannot read counts as not said.
fn profile(name: Option<String>, language: Option<String>, consent: Option<bool>) -> Profile {
    Profile {
        name: name.and_then(|name| line(&name, 120)),
        language: language.and_then(|tag| Language::parse(&tag)),
        marketing_consent: consent,
    }
}

fn somebody(data: serde_json::Value) -> Result<Who, Error> {
    let data: Somebody = shape(data)?;
    who(data.email, data.customer_id)
}

fn who(email: Option<String>, customer_id: Option<String>) -> Result<Who, Error> {
    let given = email.filter(|email| !email.trim().is_empty());
    let email = given.map(|email| address(&email, "email")).transpose()?;
    let customer_id = customer_id.filter(|id| !id.trim().is_empty());
    let customer_id = customer_id.map(|text| id(text, "customer_id")).transpose()?;
    let who = Who { customer_id, email, ..Who::default() };
    if who.is_nobody() {
        let problem = "missing: name the customer by email, customer_id or both".to_owned();
        return Err(Error::Invalid { field: "email", problem });
    }
    Ok(who)
}

fn address(text: &str, field: &'static str) -> Result<Address, Error> {
    text.parse().map_err(|_| Error::Invalid { field, problem: "not a mail address".to_owned() })
}

fn money(amount: &Amount, currency: &str, field: &'static str) -> Result<Money, Error> {
    let invalid = |field, error: crate::money::Error| Error::Invalid { field, problem: error.to_string() };
    let currency = Currency::parse(currency).map_err(|error| invalid("currency", error))?;
    Money::parse(&amount.text(), currency).map_err(|error| invalid(field, error))
}

fn id(text: String, field: &'static str) -> Result<String, Error> {
    stores_id(&text).map_err(|problem| Error::Invalid { field, problem: problem.to_owned() })
}

/// An id of a store's own, of an order or a customer: 1 to 128 characters, none of them a control character. What is
/// wrong with it otherwise.
pub fn stores_id(text: &str) -> Result<String, &'static str> {
    let trimmed = text.trim();
    if trimmed.is_empty() || trimmed.chars().count() > 128 || trimmed.chars().any(char::is_control) {
        return Err("1 to 128 characters on one line are wanted");
    }
    Ok(trimmed.to_owned())
}

/// Free text on one line: control characters and runs of space become one space; cut to `most` characters.
pub fn line(text: &str, most: usize) -> Option<String> {
    let spaced: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let joined = spaced.split_whitespace().collect::<Vec<_>>().join(" ");
    let cut: String = joined.chars().take(most).collect();
    (!cut.is_empty()).then_some(cut)
}

fn shape<T: serde::de::DeserializeOwned>(data: serde_json::Value) -> Result<T, Error> {
    serde_json::from_value(data).map_err(|error| Error::WrongShape(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn take(kind: &str, data: serde_json::Value) -> Result<Event, Error> {
        let event = json!({"type": kind, "timestamp": "2026-05-01T10:00:00Z", "data": data});
        read(event.to_string().as_bytes(), "2026-05-01T10:00:05Z".parse().unwrap())
    }

    fn order(change: serde_json::Value) -> serde_json::Value {
        let mut order = json!({"order_id": "A-1", "email": "anna@shop.example", "total": "29.33", "currency": "EUR"});
        order.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        order
    }

    #[test]
    fn an_order_is_read() {
        let event = take("order.placed", order(json!({"name": "Anna\r\nBcc: x", "language": "fi-FI"}))).unwrap();
        let What::OrderPlaced { order, profile } = event.what else { panic!("an order") };
        assert_eq!(order.total.to_string(), "29.33 EUR");
        assert_eq!(order.placed_at, event.at);
        assert_eq!(profile.name.as_deref(), Some("Anna Bcc: x"));
        assert_eq!(profile.language, Language::parse("fi"));
        assert_eq!(profile.marketing_consent, None);
    }

    #[test]
    fn nothing_happens_in_the_future() {
        let late = json!({"type": "order.placed", "timestamp": "2030-01-01T00:00:00Z",
            "data": order(json!({"placed_at": "2031-01-01T00:00:00Z"}))});
        let received: Timestamp = "2026-05-01T10:00:05Z".parse().unwrap();
        let event = read(late.to_string().as_bytes(), received).unwrap();
        assert_eq!(event.at, received);
        let What::OrderPlaced { order, .. } = event.what else { panic!("an order") };
        assert_eq!(order.placed_at, received);
    }

    #[test]
    fn bad_input_says_what_is_wrong_and_where() {
        let said = |kind, data| take(kind, data).unwrap_err().to_string();
        assert_eq!(said("order.placed", order(json!({"total": "-1.00"}))), "data.total: -1.00 is negative");
        assert_eq!(
            said("order.placed", order(json!({"currency": "EURO"}))),
            "data.currency: unknown currency \"EURO\": use the three letters of ISO 4217, such as EUR"
        );
        assert_eq!(said("order.placed", order(json!({"email": "anna"}))), "data.email: not a mail address");
        assert_eq!(
            said("order.placed", order(json!({"email": null}))),
            "data.email: missing: name the customer by email, customer_id or both"
        );
        assert!(said("order.placed", order(json!({"order_id": 7}))).contains("expected a string"));
        assert_eq!(said("order.shipped", json!({})), "unknown event type \"order.shipped\"");
        assert!(read(b"<xml>", Timestamp::UNIX_EPOCH).unwrap_err().to_string().starts_with("not an event"));
    }

    #[test]
    fn a_wish_without_a_customer_is_refused_and_with_an_id_alone_it_holds() {
        assert!(take("customer.erased", json!({})).is_err());
        let event = take("customer.erased", json!({"customer_id": "77"})).unwrap();
        assert_eq!(event.who.customer_id.as_deref(), Some("77"));
    }
}
