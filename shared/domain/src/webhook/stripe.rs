//! Stripe: `t=…,v1=…` of HMAC-SHA256 over `{t}.{body}`, keyed with the signing secret as it is written, `whsec_` and all.
//! What it sends are event objects of its API.

use data_encoding::HEXLOWER_PERMISSIVE;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::read::{Id, Reader, codes, event, printable, profile, who};
use super::wiring::whose;
use super::{Delivery, Error, Heard, Ignored, Wiring};
use crate::event::wire::line;
use crate::event::{PlacedOrder, What, Who};
use crate::money::stripe::from_stripe;
use crate::money::{Currency, Money};

/// The header with the moment of signing and the signatures.
pub const SIGNATURE: &str = "stripe-signature";

/// The events that say anything to us.
pub const TOPICS: [&str; 7] = [
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "charge.refunded",
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
];

/// Checks a delivery. Any `v1` may fit; other schemes are no signatures.
pub(super) fn verify<'w>(delivery: &Delivery<'_>, wired: &[&'w Wiring]) -> Result<&'w Wiring, Error> {
    let parts = || delivery.text(SIGNATURE).split(',').filter_map(|part| part.trim().split_once('='));
    let timestamp = parts().find_map(|(name, value)| (name == "t").then_some(value)).ok_or(Error::BadSignature)?;
    let signed_at: i64 = timestamp.parse().map_err(|_| Error::BadSignature)?;
    let given: Vec<Vec<u8>> = parts()
        .filter(|(name, _)| *name == "v1")
        .filter_map(|(_, hex)| HEXLOWER_PERMISSIVE.decode(hex.as_bytes()).ok())
        .collect();
    let wiring = whose(wired, &[timestamp.as_bytes(), b".", delivery.body], &given)?;
    delivery.fresh(signed_at).map(|()| wiring)
}

/// The value of `Stripe-Signature` for a body.
pub fn sign(secret: &Wiring, timestamp: Timestamp, body: &[u8]) -> String {
    let timestamp = timestamp.as_second().to_string();
    let mac = secret.mac(&[timestamp.as_bytes(), b".", body]);
    format!("t={timestamp},v1={}", data_encoding::HEXLOWER.encode(&mac))
}

/// Any event. Of what we have no use for only the name is read: events of version 2 of the API look otherwise.
#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    created: Value,
    #[serde(default)]
    livemode: Value,
    #[serde(default)]
    data: Value,
}

/// Reads an event, however it came: in a delivery whose signature holds, or in a list that the API answered with.
///
/// # Errors
/// [`Error::Undocumented`] alone.
pub fn read(body: &[u8], received: Timestamp) -> Result<Heard, Error> {
    let unnamed = Reader { topic: "event", received };
    let Envelope { kind, created, livemode, mut data } = unnamed.shape(body)?;
    let topic = printable(&kind);
    let reader = Reader { topic: &topic, received };
    let at = created.as_i64().and_then(|created| reader.seconds(created)).unwrap_or_else(|| reader.now());
    if !TOPICS.contains(&kind.as_str()) {
        return Ok(reader.ignored(Ignored::Topic));
    }
    // Without the mark nobody can tell; test mode has a secret of its own, but a shop may have wired that one.
    if livemode != Value::Bool(true) {
        return Ok(reader.ignored(Ignored::Test));
    }
    let object = data.get_mut("object").map(Value::take).unwrap_or_default();
    match kind.as_str() {
        "checkout.session.async_payment_failed" => Ok(reader.ignored(Ignored::NotBought)),
        "charge.refunded" => charge(&reader, shape(&reader, object)?, at),
        "customer.subscription.created" => subscription(&reader, &shape(&reader, object)?, at, true),
        "customer.subscription.updated" if data["previous_attributes"]["status"] == "incomplete" => {
            subscription(&reader, &shape(&reader, object)?, at, true)
        }
        "customer.subscription.updated" => Ok(reader.ignored(Ignored::NothingNew)),
        "customer.subscription.deleted" => subscription(&reader, &shape(&reader, object)?, at, false),
        _ => session(&reader, shape(&reader, object)?, at),
    }
}

fn shape<T: serde::de::DeserializeOwned>(reader: &Reader<'_>, object: Value) -> Result<T, Error> {
    serde_json::from_value(object).map_err(|_| reader.bad("data.object is not the shape that is documented"))
}

/// An id, or the object that it stands for where somebody asked Stripe to expand it.
#[derive(Deserialize)]
#[serde(untagged)]
enum Ref {
    Id(String),
    Object { id: String, code: Option<String> },
}

impl Ref {
    fn id(&self) -> &str {
        match self {
            Self::Id(id) | Self::Object { id, .. } => id,
        }
    }

    /// A promotion code as people type it, where Stripe says so; else its id, which is nothing that anybody typed.
    fn typed(&self) -> &str {
        match self {
            Self::Object { code: Some(code), .. } => code,
            other => other.id(),
        }
    }
}

#[derive(Deserialize)]
struct Session {
    id: String,
    created: Option<i64>,
    mode: Option<String>,
    payment_status: Option<String>,
    payment_intent: Option<Ref>,
    customer: Option<Ref>,
    customer_email: Option<String>,
    customer_details: Option<Details>,
    amount_total: Option<i64>,
    currency: Option<String>,
    locale: Option<String>,
    consent: Option<Consent>,
    discounts: Option<Vec<Discount>>,
}

#[derive(Deserialize)]
struct Details {
    email: Option<String>,
    name: Option<String>,
}

#[derive(Deserialize)]
struct Consent {
    promotions: Option<String>,
}

#[derive(Deserialize)]
struct Discount {
    promotion_code: Option<Ref>,
}

#[derive(Deserialize)]
struct Charge {
    id: String,
    payment_intent: Option<Ref>,
    amount_refunded: i64,
    currency: String,
}

#[derive(Deserialize)]
struct Subscription {
    created: Option<i64>,
    customer: Option<Ref>,
    ended_at: Option<i64>,
    status: Option<String>,
    cancellation_details: Option<Cancellation>,
}

#[derive(Deserialize)]
struct Cancellation {
    reason: Option<String>,
    feedback: Option<String>,
}

fn id(of: Option<&Ref>) -> Option<Id> {
    of.map(|one| Id::Text(one.id().to_owned()))
}

/// A checkout is bought when it is paid, or when there is nothing to pay; else a later event says so.
fn session(reader: &Reader<'_>, session: Session, at: Timestamp) -> Result<Heard, Error> {
    if !matches!(session.payment_status.as_deref(), Some("paid" | "no_payment_required")) {
        return Ok(reader.ignored(Ignored::NotBought));
    }
    if session.mode.as_deref() == Some("setup") {
        return Ok(reader.ignored(Ignored::NothingNew));
    }
    let details = session.customer_details.as_ref();
    let email = details.and_then(|details| details.email.as_deref());
    let who = who(id(session.customer.as_ref()).as_ref(), &[email, session.customer_email.as_deref()]);
    if who.is_nobody() {
        return Ok(reader.ignored(Ignored::Nobody));
    }
    let (Some(amount), Some(code)) = (session.amount_total, session.currency.as_deref()) else {
        return Err(reader.bad("amount_total or currency is missing"));
    };
    let total = money(reader, amount, code)?;
    let order_id = order_id(reader, session.payment_intent.as_ref(), &session.id)?;
    // A bank may take days to say that it paid, and an event may be told twice, with times of their own: the order is as old
    // as its checkout, and so is all that was said in it.
    let opened = session.created.and_then(|created| reader.seconds(created)).unwrap_or(at).min(at);
    let promotions = session.discounts.iter().flatten().filter_map(|one| one.promotion_code.as_ref()).map(Ref::typed);
    let discount_codes = codes(promotions);
    let first = details.and_then(|details| details.name.as_deref()).and_then(|name| name.split_whitespace().next());
    let mut profile = profile(&[first], session.locale.as_deref().filter(|locale| *locale != "auto"));
    profile.marketing_consent = match session.consent.and_then(|consent| consent.promotions).as_deref() {
        Some("opt_in") => Some(true),
        Some("opt_out") => Some(false),
        _ => None,
    };
    // A no is as young as it can be, a yes as old.
    let said = if profile.marketing_consent == Some(false) { at } else { opened };
    let order = PlacedOrder { order_id, placed_at: opened, total, discount_codes };
    Ok(reader.heard(vec![event(said, who, What::OrderPlaced { order, profile })]))
}

/// The id of an order is that of its payment, where it has one: a refund names the payment and never the checkout.
fn order_id(reader: &Reader<'_>, payment: Option<&Ref>, otherwise: &str) -> Result<String, Error> {
    let id = Id::Text(payment.map_or(otherwise, Ref::id).to_owned());
    reader.id(Some(&id), "payment_intent")
}

/// `amount_refunded` is all that was refunded of a charge so far.
fn charge(reader: &Reader<'_>, charge: Charge, at: Timestamp) -> Result<Heard, Error> {
    let refunded = money(reader, charge.amount_refunded, &charge.currency)?;
    let order_id = order_id(reader, charge.payment_intent.as_ref(), &charge.id)?;
    Ok(reader.heard(vec![event(at, Who::default(), What::OrderRefunded { order_id, refunded, part: None })]))
}

/// A subscription that began or ended. One whose first payment is still to come has not begun; an update says when it
/// has.
fn subscription(reader: &Reader<'_>, said: &Subscription, at: Timestamp, began: bool) -> Result<Heard, Error> {
    let who = who(id(said.customer.as_ref()).as_ref(), &[]);
    if who.is_nobody() {
        return Ok(reader.ignored(Ignored::Nobody));
    }
    if matches!(said.status.as_deref(), Some("incomplete" | "incomplete_expired")) {
        return Ok(reader.ignored(Ignored::NotBought));
    }
    if began {
        // Of two events of its creation both are as old as it is. Its `start_date` may be set back, to before the end of
        // another one whose place it takes. An update tells of a payment that came later.
        let created = said.created.filter(|_| reader.topic == "customer.subscription.created");
        let since = created.and_then(|created| reader.seconds(created)).unwrap_or(at).min(at);
        return Ok(reader.heard(vec![event(since, who, What::SubscriptionStarted)]));
    }
    // The feedback is the customer's own word; the reason only says who cancelled.
    let details = said.cancellation_details.as_ref();
    let reason = details.and_then(|details| details.feedback.as_deref().or(details.reason.as_deref()));
    let reason = reason.and_then(|reason| line(reason, 64));
    let at = said.ended_at.and_then(|ended| reader.seconds(ended)).unwrap_or(at);
    Ok(reader.heard(vec![event(at, who, What::SubscriptionEnded { reason })]))
}

fn money(reader: &Reader<'_>, amount: i64, code: &str) -> Result<Money, Error> {
    if amount < 0 {
        return Err(reader.bad("an amount is negative"));
    }
    let currency: Currency = reader.currency(code)?;
    from_stripe(amount, currency).ok_or_else(|| reader.bad("an amount is too large"))
}

#[cfg(test)]
mod tests;
