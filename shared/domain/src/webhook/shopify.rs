//! Shopify: base64 of HMAC-SHA256 over the body, keyed with the app's client secret as text. What it sends is described
//! in the REST Admin API's webhook payloads, versions of 2025 and 2026.

mod order;
mod person;
mod refund;

use data_encoding::BASE64;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer};

use super::read::{Reader, event, printable};
use super::wiring::whose;
use super::{Delivery, Error, Heard, Ignored, Wiring};
use crate::event::{What, Who};

/// The topics to subscribe to. Of orders others say something too, and nothing that these do not.
pub const TOPICS: [&str; 9] = [
    "orders/create",
    "orders/paid",
    "orders/updated",
    "orders/cancelled",
    "refunds/create",
    "customers/create",
    "customers/update",
    "customers/email_marketing_consent_update",
    "app/uninstalled",
];
/// What every app has to take, configured apart from the others.
pub const COMPLIANCE: [&str; 3] = ["customers/data_request", "customers/redact", "shop/redact"];

/// The headers a signature may stand in; the newer "Events" name theirs without the `x-`.
pub(super) const SIGNATURES: [&str; 2] = ["x-shopify-hmac-sha256", "shopify-hmac-sha256"];
const TOPIC_HEADERS: [&str; 2] = ["x-shopify-topic", "shopify-topic"];
const TRIGGERED: [&str; 2] = ["x-shopify-triggered-at", "shopify-triggered-at"];

/// Checks a delivery. A secret that was rotated out may sign for an hour more.
pub(super) fn verify<'w>(delivery: &Delivery<'_>, wired: &[&'w Wiring]) -> Result<&'w Wiring, Error> {
    let given: Vec<Vec<u8>> =
        SIGNATURES.iter().filter_map(|name| BASE64.decode(delivery.text(name).as_bytes()).ok()).collect();
    whose(wired, &[delivery.body], &given)
}

/// The value of `X-Shopify-Hmac-SHA256` for a body.
pub fn sign(secret: &Wiring, body: &[u8]) -> String {
    BASE64.encode(&secret.mac(&[body]))
}

/// Reads a delivery whose signature holds.
pub(super) fn read(delivery: &Delivery<'_>) -> Result<Heard, Error> {
    let first = |names: [&str; 2]| names.into_iter().map(|name| delivery.text(name)).find(|text| !text.is_empty());
    read_topic(first(TOPIC_HEADERS).unwrap_or_default(), first(TRIGGERED), delivery.body, delivery.received)
}

/// Reads a payload by its topic, from wherever it was delivered. `triggered` is when Shopify says that it happened: some
/// payloads bear no time of their own.
///
/// The signature is over the body alone, so nobody vouches for the topic: whatever would forget somebody must look like
/// the wish that it claims to be.
///
/// # Errors
/// [`Error::Undocumented`] alone.
pub fn read_topic(topic: &str, triggered: Option<&str>, body: &[u8], received: Timestamp) -> Result<Heard, Error> {
    let lower = topic.trim().to_ascii_lowercase();
    let reader = Reader { topic: &lower, received };
    let triggered = reader.moment(triggered).unwrap_or_else(|| reader.now());
    match lower.as_str() {
        "orders/create" | "orders/paid" | "orders/updated" | "orders/cancelled" | "orders/fulfilled" => {
            order::order(&reader, reader.shape(body)?, triggered)
        }
        "refunds/create" => refund::refund(&reader, reader.shape(body)?, triggered),
        "customers/create" => {
            person::customer(&reader, reader.shape(body)?, triggered, |profile| What::LeadCreated { profile })
        }
        "customers/update" => {
            person::customer(&reader, reader.shape(body)?, triggered, |profile| What::CustomerUpdated { profile })
        }
        // The changelog writes it the one way, the header the other.
        "customers/email_marketing_consent_update" | "customers_email_marketing_consent/update" => {
            person::consent(&reader, &reader.shape(body)?, triggered)
        }
        "customers/redact" => person::wish(&reader, &reader.shape(body)?, triggered, What::Erased),
        "customers/data_request" => person::wish(&reader, &reader.shape(body)?, triggered, What::DataRequested),
        "shop/redact" => {
            person::only_the_shop(&reader, body)?;
            Ok(reader.heard(vec![event(triggered, Who::default(), What::StoreErased)]))
        }
        "app/uninstalled" => Ok(reader.heard(vec![event(triggered, Who::default(), What::StoreLeft)])),
        // `orders/edited` among them: it tells of the edit by itself, and `orders/updated` of the order after it.
        _ => Ok(Heard::Ignored { topic: printable(topic), because: Ignored::Topic }),
    }
}

/// A member that is missing or null is as good as empty.
fn or_empty<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(member: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(member)?.unwrap_or_default())
}

#[cfg(test)]
mod tests;
