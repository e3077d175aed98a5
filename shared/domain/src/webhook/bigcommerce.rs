//! BigCommerce: signed by the rules of Standard Webhooks, keyed with the app's client secret as text (its documentation
//! encodes the secret in base 64 for the libraries, which decode it again:
//! <https://developer.bigcommerce.com/docs/integrations/webhooks/https>). What it sends is thin: a scope, and the type and
//! id of what changed. The order itself is asked for later, by whoever takes the event off the queue.

mod order;

use jiff::Timestamp;
use serde::Deserialize;

pub use self::order::{Order, read_order, read_shape};
use super::read::{Id, Reader, event, printable, who};
use super::{Delivery, Error, Heard, Ignored, Platform, Wiring, standard};
use crate::event::{What, Who};

/// The scopes to subscribe to. Others are about orders too, and change nothing of one that these do not tell.
pub const SCOPES: [&str; 6] = [
    "store/order/created",
    "store/order/updated",
    "store/order/statusUpdated",
    "store/order/refund/created",
    "store/customer/deleted",
    "store/app/uninstalled",
];

/// Checks a delivery.
pub(super) fn verify<'w>(delivery: &Delivery<'_>, wired: &[&'w Wiring]) -> Result<&'w Wiring, Error> {
    standard::verify(delivery, wired)
}

/// A callback. Its `data` has more members under some scopes; none of them is needed.
#[derive(Deserialize)]
struct Callback {
    scope: String,
    created_at: Option<i64>,
    #[serde(default)]
    data: Data,
}

#[derive(Default, Deserialize)]
struct Data {
    #[serde(rename = "type")]
    kind: Option<String>,
    id: Option<Id>,
}

/// Reads a callback.
pub(super) fn read(body: &[u8], received: Timestamp) -> Result<Heard, Error> {
    let unnamed = Reader { topic: "callback", received };
    let Callback { scope, created_at, data } = unnamed.shape(body)?;
    let topic = printable(&scope);
    let reader = Reader { topic: &topic, received };
    let at = created_at.and_then(|created| reader.seconds(created)).unwrap_or_else(|| reader.now());
    match (scope.as_str(), data.kind.as_deref()) {
        ("store/app/uninstalled", _) => Ok(reader.heard(vec![event(at, Who::default(), What::StoreLeft)])),
        // As with every platform whose accounts can be deleted: somebody who shall be forgotten.
        ("store/customer/deleted", Some("customer")) => {
            let who = who(data.id.as_ref(), &[]);
            if who.is_nobody() {
                return Ok(reader.ignored(Ignored::Nobody));
            }
            Ok(reader.heard(vec![event(at, who, What::Erased)]))
        }
        // Created, updated, another status, a refund, archived, a message about it: whatever it was, the order as it is
        // now says it all. A payment has a type of its own, `order_transaction`; what it changes, an update tells.
        (scope, Some("order")) if scope.starts_with("store/order/") => {
            let order_id = reader.id(data.id.as_ref(), "data.id")?;
            let what = What::OrderChanged { platform: Platform::BigCommerce, order_id };
            Ok(reader.heard(vec![event(at, Who::default(), what)]))
        }
        _ => Ok(reader.ignored(Ignored::Topic)),
    }
}

#[cfg(test)]
mod tests;
