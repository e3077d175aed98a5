//! Asking a store's API what its webhooks may have missed: what to ask, and what the answers mean. Whoever holds the
//! connection asks and hands the answer back; here is no connection, no clock and no waiting.
//!
//! Orders are read in the order in which they changed, by (modified, id) and never by numbers of pages: what changes while
//! somebody reads would shift the pages, and an order between two of them would be lost. An answer becomes the very events
//! that the platform's webhook becomes, by the same dialect.

mod bigcommerce;
mod shopify;
mod source;
mod stripe;
mod sweep;
mod woocommerce;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

pub use self::bigcommerce::{Fetched, Fetching};
pub use self::source::{NotASource, Source};
use crate::customer::Customer;
use crate::event::{Event, What};
use crate::exchange::{Request, Response, Trouble};
use crate::ids::CustomerId;
use crate::learn::learn;
use crate::money::Currency;
use crate::order::Order;
use crate::time::whole_seconds;
use crate::webhook::{Error, Heard};

/// What is written in the last minutes before a run may show itself only after it: databases behind the store's API lag,
/// and a clock of one of its machines is not that of another.
const MARGIN: SignedDuration = SignedDuration::from_mins(10);

/// What one answer brought.
#[derive(Clone, Debug)]
pub struct Page {
    /// What each order of it means, as its webhook would. One that cannot be understood stops none of the others.
    pub heard: Vec<Result<Heard, Error>>,
    /// What to ask next; nothing: that was all.
    pub next: Option<Request>,
}

/// A store's orders, read from a moment on.
#[derive(Clone, Debug)]
pub struct Pulling {
    platform: Reading,
    from: Timestamp,
    /// The store's time at the first answer.
    began: Option<Timestamp>,
    over: bool,
}

#[derive(Clone, Debug)]
enum Reading {
    Shopify(shopify::Reading),
    WooCommerce(woocommerce::Reading),
    Stripe(stripe::Reading),
    BigCommerce(bigcommerce::Reading),
}

impl Pulling {
    /// The first question. `from` is where the run before ended. `consent_field` is WooCommerce's alone: the key of an
    /// order's `meta_data` that says whether mail is welcome.
    pub fn begin(source: &Source, from: Timestamp, consent_field: Option<&str>) -> (Self, Request) {
        let from = whole_seconds(from);
        let (platform, first) = match source {
            Source::Shopify(door) => {
                let (reading, first) = shopify::Reading::begin(door.clone(), from);
                (Reading::Shopify(reading), first)
            }
            Source::WooCommerce(door) => {
                let consent_field = consent_field.map(str::to_owned);
                let (reading, first) = woocommerce::Reading::begin(door.clone(), from, consent_field);
                (Reading::WooCommerce(reading), first)
            }
            Source::Stripe(door) => {
                let (reading, first) = stripe::Reading::begin(door.clone(), from);
                (Reading::Stripe(reading), first)
            }
            Source::BigCommerce(door) => {
                let (reading, first) = bigcommerce::Reading::begin(door.clone(), from);
                (Reading::BigCommerce(reading), first)
            }
        };
        (Self { platform, from, began: None, over: false }, first)
    }

    /// What an answer means. `received` is when it reached us: nothing in it happened later.
    ///
    /// # Errors
    /// Whatever keeps the store from answering. What was handed out before stays good, see [`Pulling::mark`].
    pub fn hear(&mut self, answer: Response<'_>, received: Timestamp) -> Result<Page, Trouble> {
        let body = answer.good()?;
        self.began = self.began.or_else(|| answer.time());
        let page = match &mut self.platform {
            Reading::Shopify(reading) => reading.hear(body, received),
            Reading::WooCommerce(reading) => reading.hear(body, received),
            Reading::Stripe(reading) => reading.hear(body, received, self.began.unwrap_or(received)),
            Reading::BigCommerce(reading) => reading.hear(body, received),
        }?;
        self.over = page.next.is_none();
        Ok(page)
    }

    /// Where the next run begins, once the queue has all that was handed out: everything that changed before is in it.
    /// Nothing where the mark stays where it is.
    ///
    /// At the end that is the store's own time at the start, less ten minutes. A store that does not tell its time has put
    /// it into its orders: the latest change seen, less as much. Somewhere on the way it is as far as the orders were
    /// read, where they come in the order of their changes: a run that is cut short is not for nothing.
    pub fn mark(&self) -> Option<Timestamp> {
        let reached = match &self.platform {
            Reading::Shopify(reading) => reading.reached(),
            Reading::WooCommerce(reading) => reading.reached(),
            Reading::Stripe(reading) => reading.reached(),
            Reading::BigCommerce(reading) => reading.reached(),
        };
        let earlier = |at: Timestamp| at.checked_sub(MARGIN).ok();
        let most = self.began.or(reached.latest).and_then(earlier);
        let mark = if self.over { most } else { most.min(reached.complete) };
        mark.map(whole_seconds).filter(|mark| *mark > self.from)
    }

    /// The earliest moment that the platform still tells of, where it is later than what was asked for: what lies between
    /// cannot be read any more.
    pub fn reach(&self) -> Option<Timestamp> {
        let Reading::Stripe(_) = &self.platform else { return None };
        let earliest = self.began?.checked_sub(stripe::KEPT).ok()?;
        (self.from < earliest).then(|| whole_seconds(earliest))
    }
}

/// How far a reading got.
struct Reached {
    /// All that changed before this was handed out; nothing where nothing was.
    complete: Option<Timestamp>,
    /// The latest change that was seen.
    latest: Option<Timestamp>,
}

/// Whether recording these events would tell the ledger anything of this order: no webhook had told it yet.
pub fn is_news(events: &[Event], known: &Order, currency: Currency) -> bool {
    let nobody = Customer::new(CustomerId::from_bytes([0; 16]), Timestamp::UNIX_EPOCH);
    let after = events.iter().fold(known.clone(), |order, event| learn(nobody.clone(), order, event, currency).1);
    after != *known
}

/// The order that events of one reading are about.
pub fn order_id(events: &[Event]) -> Option<&str> {
    events.iter().find_map(|event| event.what.order_id())
}

/// The event by which an order of a reading names its customer.
pub fn placed(events: &[Event]) -> Option<&Event> {
    events.iter().find(|event| matches!(event.what, What::OrderPlaced { .. }))
}

/// A body of JSON. What it holds otherwise is nobody's business.
fn json(body: &[u8]) -> Result<Value, Trouble> {
    serde_json::from_slice(body).map_err(|_| Trouble::Unreadable)
}

/// A member of a body, taken out of it.
fn member(body: &mut Value, name: &str) -> Value {
    body.get_mut(name).map(Value::take).unwrap_or_default()
}

/// The list in a body.
fn list(list: Value) -> Result<Vec<Value>, Trouble> {
    match list {
        Value::Array(items) => Ok(items),
        _ => Err(Trouble::Unreadable),
    }
}

#[cfg(test)]
mod tests;
