//! WooCommerce: base64 of HMAC-SHA256 over the body, keyed with the webhook's secret as text. What it sends are the
//! resources of its REST API, version 3. Its delivery ids hash the webhook and the second, so they name nothing.

use data_encoding::BASE64;
use jiff::Timestamp;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::read::{Id, Reader, codes, event, printable, profile, who};
use super::wiring::whose;
use super::{Delivery, Error, Heard, Ignored, Wiring};
use crate::event::wire::Amount;
use crate::event::{PlacedOrder, Profile, What, Who};
use crate::money::Money;

/// The header with the signature.
pub const SIGNATURE: &str = "x-wc-webhook-signature";
/// The header with the topic.
pub const TOPIC: &str = "x-wc-webhook-topic";

/// Checks a delivery.
pub(super) fn verify<'w>(delivery: &Delivery<'_>, wired: &[&'w Wiring]) -> Result<&'w Wiring, Error> {
    let given = BASE64.decode(delivery.text(SIGNATURE).as_bytes()).map_err(|_| Error::BadSignature)?;
    whose(wired, &[delivery.body], &[given])
}

/// The value of `X-WC-Webhook-Signature` for a body.
pub fn sign(secret: &Wiring, body: &[u8]) -> String {
    BASE64.encode(&secret.mac(&[body]))
}

/// The topics that say anything to us.
pub const TOPICS: [&str; 7] = [
    "order.created",
    "order.updated",
    "order.restored",
    "order.deleted",
    "customer.created",
    "customer.updated",
    "customer.deleted",
];

/// The form that a new webhook sends to see whether anybody is there: `webhook_id=17`, and no signature.
pub(super) fn is_ping(delivery: &Delivery<'_>) -> bool {
    let number = delivery.body.strip_prefix(b"webhook_id=");
    delivery.text(SIGNATURE).is_empty()
        && number.is_some_and(|number| (1..=20).contains(&number.len()) && number.iter().all(u8::is_ascii_digit))
}

/// Reads a delivery whose signature holds. `consent_field` is the key of an order's or a customer's `meta_data` that says
/// whether mail is welcome.
pub(super) fn read(delivery: &Delivery<'_>, consent_field: Option<&str>) -> Result<Heard, Error> {
    read_topic(delivery.text(TOPIC), delivery.body, delivery.received, consent_field)
}

/// Reads a resource by the topic that tells of it, wherever it comes from.
///
/// # Errors
/// [`Error::Undocumented`] alone.
pub fn read_topic(topic: &str, body: &[u8], received: Timestamp, consent_field: Option<&str>) -> Result<Heard, Error> {
    let topic = topic.trim().to_ascii_lowercase();
    let reader = Reader { topic: &topic, received };
    match topic.as_str() {
        "order.created" | "order.updated" | "order.restored" => {
            resource(&reader, body, |said| order(&reader, said, consent_field))
        }
        "customer.created" | "customer.updated" => {
            resource(&reader, body, |said| customer(&reader, &said, consent_field))
        }
        "order.deleted" => {
            let gone: Gone = reader.shape(body)?;
            let order_id = reader.id(gone.id.as_ref(), "id")?;
            Ok(reader.heard(vec![event(reader.now(), Who::default(), What::OrderCancelled { order_id })]))
        }
        // An account that is deleted is somebody who shall be forgotten.
        "customer.deleted" => {
            let gone: Gone = reader.shape(body)?;
            let who = who(gone.id.as_ref(), &[]);
            if who.is_nobody() {
                return Ok(reader.ignored(Ignored::Nobody));
            }
            Ok(reader.heard(vec![event(reader.now(), who, What::Erased)]))
        }
        _ => Ok(Heard::Ignored { topic: printable(&topic), because: Ignored::Topic }),
    }
}

/// A resource as the REST API shows it. It is fetched when the webhook leaves: where it is gone by then, or the user who
/// made the webhook may not see it any more, the API's own error is signed and sent in its place.
fn resource<T: DeserializeOwned>(
    reader: &Reader<'_>,
    body: &[u8],
    read: impl FnOnce(T) -> Result<Heard, Error>,
) -> Result<Heard, Error> {
    match serde_json::from_slice::<Failure>(body) {
        Ok(failure) if failure.data.status == 404 => Ok(reader.ignored(Ignored::NothingNew)),
        Ok(failure) => {
            // Its code is a word of the API's own, and never what a customer typed.
            let code: String = failure.code.chars().filter(|c| c.is_ascii_lowercase() || *c == '_').take(64).collect();
            let status = failure.data.status;
            Err(reader.bad(format!("the shop sends its own error {status} instead: {code}")))
        }
        Err(_) => read(reader.shape(body)?),
    }
}

#[derive(Deserialize)]
struct Failure {
    code: String,
    data: FailureData,
}

#[derive(Deserialize)]
struct FailureData {
    status: u16,
}

#[derive(Deserialize)]
struct Order {
    id: Option<Id>,
    status: String,
    currency: String,
    total: Amount,
    date_created_gmt: Option<String>,
    date_modified_gmt: Option<String>,
    customer_id: Option<Id>,
    billing: Option<Billing>,
    #[serde(default, deserialize_with = "list")]
    coupon_lines: Vec<CouponLine>,
    #[serde(default, deserialize_with = "list")]
    refunds: Vec<Refund>,
    #[serde(default, deserialize_with = "list")]
    meta_data: Vec<Value>,
}

#[derive(Deserialize)]
struct Billing {
    email: Option<String>,
    first_name: Option<String>,
}

#[derive(Deserialize)]
struct CouponLine {
    code: Option<String>,
}

#[derive(Deserialize)]
struct Refund {
    total: Option<Amount>,
}

#[derive(Deserialize)]
struct Gone {
    id: Option<Id>,
}

#[derive(Deserialize)]
struct Customer {
    id: Option<Id>,
    email: Option<String>,
    first_name: Option<String>,
    billing: Option<Billing>,
    date_created_gmt: Option<String>,
    date_modified_gmt: Option<String>,
    #[serde(default, deserialize_with = "list")]
    meta_data: Vec<Value>,
}

/// A list as PHP writes it: one that was filtered on the way has gaps in its numbers and becomes an object.
fn list<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Vec<T>, D::Error> {
    let items = match Value::deserialize(deserializer)? {
        Value::Array(items) => items,
        Value::Object(items) => items.into_iter().map(|(_, item)| item).collect(),
        Value::Null => Vec::new(),
        _ => return Err(D::Error::custom("no list")),
    };
    items.into_iter().map(|item| serde_json::from_value(item).map_err(D::Error::custom)).collect()
}

fn order(reader: &Reader<'_>, order: Order, consent_field: Option<&str>) -> Result<Heard, Error> {
    let order_id = reader.id(order.id.as_ref(), "id")?;
    let moment = |text: &Option<String>| reader.moment(text.as_deref());
    let modified = moment(&order.date_modified_gmt).unwrap_or_else(|| reader.now());
    // That an order was thrown away is as old as we heard of it, so what takes it back out must be no older.
    let at = if reader.topic == "order.restored" { reader.now() } else { modified };
    let cancelled = |order_id| event(at, Who::default(), What::OrderCancelled { order_id });
    let whole = match order.status.to_ascii_lowercase().as_str() {
        "processing" | "completed" => false,
        "refunded" => true,
        "cancelled" | "failed" | "trash" => return Ok(reader.heard(vec![cancelled(order_id)])),
        _ => return Ok(reader.ignored(Ignored::NotBought)),
    };
    let billing = order.billing.as_ref();
    let who = who(order.customer_id.as_ref(), &[billing.and_then(Billing::email)]);
    if who.is_nobody() {
        return Ok(reader.ignored(Ignored::Nobody));
    }
    let currency = reader.currency(&order.currency)?;
    let total = reader.money(&order.total, currency, "total")?;
    let refunded = if whole { total } else { refunded(reader, &order.refunds, Money::zero(currency))? };
    let placed_at = moment(&order.date_created_gmt).unwrap_or(at).min(at);
    let discount_codes = codes(order.coupon_lines.iter().filter_map(|line| line.code.as_deref()));
    let placed = PlacedOrder { order_id: order_id.clone(), placed_at, total, discount_codes };
    let mut profile = profile(&[billing.and_then(|billing| billing.first_name.as_deref())], None);
    let said = consent(&order.meta_data, consent_field);
    let mut events = Vec::new();
    if placed_at == at {
        profile.marketing_consent = said;
    } else if said.is_some() {
        // The box was ticked when the order was placed: what becomes of the order later says nothing about mail.
        let profile = Profile { marketing_consent: said, ..Profile::default() };
        events.push(event(placed_at, who.clone(), What::OrderPlaced { order: placed.clone(), profile }));
    }
    events.push(event(at, who, What::OrderPlaced { order: placed, profile }));
    if refunded.minor > 0 {
        events.push(event(at, Who::default(), What::OrderRefunded { order_id, refunded, part: None }));
    }
    Ok(reader.heard(events))
}

impl Billing {
    fn email(&self) -> Option<&str> {
        real(self.email.as_deref())
    }
}

/// An address, unless the shop wrote it over one that it had to forget: no mail will ever arrive at `.invalid`.
fn real(address: Option<&str>) -> Option<&str> {
    address.filter(|address| !address.trim().to_ascii_lowercase().ends_with(".invalid"))
}

/// All refunds of an order together. Each is written as a negative total.
fn refunded(reader: &Reader<'_>, refunds: &[Refund], zero: Money) -> Result<Money, Error> {
    refunds.iter().filter_map(|refund| refund.total.as_ref()).try_fold(zero, |sum, amount| {
        let positive = Amount::Text(amount.text().trim().trim_start_matches('-').to_owned());
        let one = reader.money(&positive, zero.currency, "refunds.total")?;
        Ok(Money { minor: sum.minor.saturating_add(one.minor), ..zero })
    })
}

/// What a plugin's field says; plugins write booleans in many ways, and some write a field twice: then the stricter holds.
/// Missing, or anything else: unchanged.
fn consent(meta_data: &[Value], field: Option<&str>) -> Option<bool> {
    let field = field?;
    let values = meta_data.iter().filter(|meta| meta.get("key").and_then(Value::as_str) == Some(field));
    values.filter_map(|meta| flag(meta.get("value")?)).min()
}

fn flag(value: &Value) -> Option<bool> {
    let word = match value {
        Value::Bool(said) => return Some(*said),
        Value::Number(number) => number.to_string(),
        Value::String(text) => text.trim().to_ascii_lowercase(),
        _ => return None,
    };
    match word.as_str() {
        "1" | "yes" | "on" | "true" | "subscribed" => Some(true),
        "0" | "no" | "off" | "false" | "unsubscribed" => Some(false),
        _ => None,
    }
}

fn customer(reader: &Reader<'_>, customer: &Customer, consent_field: Option<&str>) -> Result<Heard, Error> {
    let billing = customer.billing.as_ref();
    let who = who(customer.id.as_ref(), &[real(customer.email.as_deref()), billing.and_then(Billing::email)]);
    if who.is_nobody() {
        return Ok(reader.ignored(Ignored::Nobody));
    }
    let names = [customer.first_name.as_deref(), billing.and_then(|billing| billing.first_name.as_deref())];
    let mut profile = profile(&names, None);
    let said = consent(&customer.meta_data, consent_field);
    let modified = reader.moment(customer.date_modified_gmt.as_deref());
    let created = reader.moment(customer.date_created_gmt.as_deref());
    if reader.topic == "customer.created" {
        profile.marketing_consent = said;
        let at = created.or(modified).unwrap_or_else(|| reader.now());
        return Ok(reader.heard(vec![event(at, who, What::LeadCreated { profile })]));
    }
    // Whatever changes in an account, all of it is sent: a yes in it may be years old, and must not outdo a no said to us
    // since. It is as old as the account; a no holds as of now.
    profile.marketing_consent = said.filter(|yes| !yes);
    let at = modified.unwrap_or_else(|| reader.now());
    let mut events = vec![event(at, who.clone(), What::CustomerUpdated { profile })];
    if let (Some(true), Some(created)) = (said, created) {
        let profile = Profile { marketing_consent: said, ..Profile::default() };
        events.push(event(created.min(at), who, What::CustomerUpdated { profile }));
    }
    Ok(reader.heard(events))
}

#[cfg(test)]
mod tests;
