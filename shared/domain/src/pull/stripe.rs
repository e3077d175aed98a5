//! Stripe's events, which are what its webhooks send, told once more: <https://docs.stripe.com/api/events/list>.
//!
//! The latest come first, and what happens meanwhile comes in front of them, so `starting_after` loses nothing. How far a
//! reading got is known only at its end: a long backlog is read in stretches, the earliest first, and each that ends is
//! done for good. Events are kept for 30 days.

use jiff::{SignedDuration, Timestamp};

use super::{Page, Reached, json, list, member};
use crate::codes::access::{Door, STRIPE_VERSION};
use crate::exchange::{Request, Trouble, form};
use crate::webhook::stripe::{TOPICS, read};

/// No page is larger.
const SIZE: usize = 100;
/// A stretch of time that is read to its end. A night's is one.
const STRETCH: SignedDuration = SignedDuration::from_hours(48);
/// Events are kept so long.
pub(super) const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

#[derive(Clone, Debug)]
pub(super) struct Reading {
    door: Door,
    /// Where the stretch begins. All before it was handed out.
    from: Timestamp,
    /// The last event of the page before, in this stretch.
    after: Option<String>,
    latest: Option<Timestamp>,
}

impl Reading {
    pub(super) fn begin(door: Door, from: Timestamp) -> (Self, Request) {
        let reading = Self { door, from, after: None, latest: None };
        let first = reading.ask();
        (reading, first)
    }

    /// `now` is the store's time, where it tells it.
    pub(super) fn hear(&mut self, body: &[u8], received: Timestamp, now: Timestamp) -> Result<Page, Trouble> {
        let mut page = json(body)?;
        let events = list(member(&mut page, "data"))?;
        let more = page["has_more"].as_bool().ok_or(Trouble::Unreadable)?;
        let created = events.iter().filter_map(|event| Timestamp::from_second(event["created"].as_i64()?).ok());
        self.latest = self.latest.max(created.max());
        let last = events.last().and_then(|event| event["id"].as_str()).map(str::to_owned);
        if more && (last.is_none() || last == self.after) {
            return Err(Trouble::Unreadable);
        }
        let heard = events.iter().map(|event| read(event.to_string().as_bytes(), received)).collect();
        let end = self.end();
        if more {
            self.after = last;
        } else if end <= now {
            // Of what is no longer kept nothing is asked.
            self.from = end.max(now.checked_sub(KEPT).unwrap_or(end));
            self.after = None;
        }
        Ok(Page { heard, next: (more || end <= now).then(|| self.ask()) })
    }

    /// The first second behind the stretch.
    fn end(&self) -> Timestamp {
        self.from.checked_add(STRETCH).unwrap_or(Timestamp::MAX)
    }

    pub(super) fn reached(&self) -> Reached {
        Reached { complete: Some(self.from), latest: self.latest }
    }

    fn ask(&self) -> Request {
        let second = |at: Timestamp| at.as_second().to_string();
        let mut query = vec![("limit", SIZE.to_string())];
        query.extend([("created[gte]", second(self.from)), ("created[lt]", second(self.end()))]);
        query.extend(TOPICS.iter().map(|topic| ("types[]", (*topic).to_owned())));
        query.extend(self.after.iter().map(|id| ("starting_after", id.clone())));
        let url = format!("{}/v1/events?{}", self.door.base, form(&query));
        let headers = vec![("stripe-version", STRIPE_VERSION.to_owned()), self.door.key.clone()];
        Request { method: "GET", url, headers, body: String::new() }
    }
}
