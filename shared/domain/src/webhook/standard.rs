//! Standard Webhooks 1.0: `v1,<base64>` of HMAC-SHA256 over `{id}.{timestamp}.{body}`.

use data_encoding::BASE64;
use jiff::Timestamp;

use super::wiring::whose;
use super::{Delivery, Error, Heard, Ignored, Wiring};
use crate::event::wire;

/// The header with the delivery's id: the same on a retry.
pub const ID: &str = "webhook-id";
/// The header with the moment of signing, in unix seconds: another on a retry.
pub const TIMESTAMP: &str = "webhook-timestamp";
/// The header with the signatures, separated by spaces.
pub const SIGNATURE: &str = "webhook-signature";

/// Checks a delivery. Any of the store's secrets may have signed it, with any of the signatures.
pub(super) fn verify<'w>(delivery: &Delivery<'_>, wired: &[&'w Wiring]) -> Result<&'w Wiring, Error> {
    let (id, timestamp) = (delivery.text(ID), delivery.text(TIMESTAMP));
    let signed_at: i64 = timestamp.parse().map_err(|_| Error::BadSignature)?;
    if id.is_empty() {
        return Err(Error::BadSignature);
    }
    let signatures = delivery.text(SIGNATURE).split(' ');
    let given: Vec<Vec<u8>> =
        signatures.filter_map(|one| BASE64.decode(one.strip_prefix("v1,")?.as_bytes()).ok()).collect();
    let wiring = whose(wired, &[id.as_bytes(), b".", timestamp.as_bytes(), b".", delivery.body], &given)?;
    delivery.fresh(signed_at).map(|()| wiring)
}

/// Reads an event as our schemas say. One that we have no use for is not an error: a store that sends more than we asked
/// for is not to try again, and not to switch the webhook off.
pub(super) fn read(delivery: &Delivery<'_>) -> Result<Heard, Error> {
    match wire::read(delivery.body, delivery.received) {
        Ok(event) => Ok(Heard::Events { topic: event.what.name().to_owned(), events: vec![event] }),
        Err(wire::Error::UnknownType(topic)) => Ok(Heard::Ignored { topic, because: Ignored::Topic }),
        Err(error) => Err(error.into()),
    }
}

/// The value of `webhook-signature` for a body. `timestamp` is the value of `webhook-timestamp`, in whole seconds.
pub fn sign(secret: &Wiring, id: &str, timestamp: Timestamp, body: &[u8]) -> String {
    let timestamp = timestamp.as_second().to_string();
    let mac = secret.mac(&[id.as_bytes(), b".", timestamp.as_bytes(), b".", body]);
    format!("v1,{}", BASE64.encode(&mac))
}

#[cfg(test)]
mod tests;
