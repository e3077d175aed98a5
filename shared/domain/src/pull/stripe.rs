//! Stripe's events, which are what its webhooks send, told once more: <https://docs.stripe.com/api/events/list>.
//!
//! The latest come first, and what happens meanwhile comes in front of them, so `starting_after` loses nothing. They are
//! kept for 30 days. How far a reading got is known only at its end.

use jiff::{SignedDuration, Timestamp};

use super::{Page, Reached, form, json, list, member};
use crate::codes::access::{Door, STRIPE_VERSION};
use crate::codes::{Request, Trouble};
use crate::webhook::stripe::{TOPICS, read};

/// No page is larger.
const SIZE: usize = 100;
/// Events are kept so long.
pub(super) const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

#[derive(Clone, Debug)]
pub(super) struct Reading {
    door: Door,
    from: Timestamp,
    /// The last event of the page before.
    after: Option<String>,
    latest: Option<Timestamp>,
}

impl Reading {
    pub(super) fn begin(door: Door, from: Timestamp) -> (Self, Request) {
        let reading = Self { door, from, after: None, latest: None };
        let first = reading.ask();
        (reading, first)
    }

    pub(super) fn hear(&mut self, body: &[u8], received: Timestamp) -> Result<Page, Trouble> {
        let mut page = json(body)?;
        let events = list(member(&mut page, "data"))?;
        let more = page["has_more"].as_bool().ok_or(Trouble::Unreadable)?;
        let created = events.iter().filter_map(|event| Timestamp::from_second(event["created"].as_i64()?).ok());
        self.latest = self.latest.max(created.max());
        let last = events.last().and_then(|event| event["id"].as_str()).map(str::to_owned);
        if more && (last.is_none() || last == self.after) {
            return Err(Trouble::Unreadable);
        }
        self.after = last;
        let heard = events.iter().map(|event| read(event.to_string().as_bytes(), received)).collect();
        Ok(Page { heard, next: more.then(|| self.ask()) })
    }

    pub(super) fn reached(&self) -> Reached {
        Reached { complete: None, latest: self.latest }
    }

    fn ask(&self) -> Request {
        let mut query = vec![("limit", SIZE.to_string()), ("created[gte]", self.from.as_second().to_string())];
        query.extend(TOPICS.iter().map(|topic| ("types[]", (*topic).to_owned())));
        query.extend(self.after.iter().map(|id| ("starting_after", id.clone())));
        let url = format!("{}/v1/events?{}", self.door.base, form(&query));
        let headers = vec![("stripe-version", STRIPE_VERSION.to_owned()), self.door.key.clone()];
        Request { method: "GET", url, headers, body: String::new() }
    }
}
