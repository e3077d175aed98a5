//! What the dialects share in reading JSON: lenient where a store may leave something out or write it otherwise, strict
//! where a mistake would cost money or a wrong mail.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::rfc2822;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Error, Heard, Ignored};
use crate::event::wire::{Amount, line, stores_id};
use crate::event::{Event, Profile, What, Who};
use crate::money::{self, Currency, Money};
use crate::shop::Language;
use crate::time::whole_seconds;

/// An id that comes as a number from one platform and as text from another.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Id {
    Number(u64),
    Text(String),
}

impl Id {
    /// As we keep it. 0 and nothing are no id: so a platform marks a guest.
    pub fn text(&self) -> Option<String> {
        match self {
            Self::Number(0) => None,
            Self::Number(number) => Some(number.to_string()),
            Self::Text(text) => stores_id(text).ok().filter(|id| id != "0"),
        }
    }
}

/// One body under one topic.
pub(super) struct Reader<'a> {
    pub topic: &'a str,
    pub received: Timestamp,
}

impl Reader<'_> {
    /// The body as a shape. What a parser says may quote what it read: only where it stumbled is told.
    pub fn shape<T: DeserializeOwned>(&self, body: &[u8]) -> Result<T, Error> {
        serde_json::from_slice(body).map_err(|error| {
            let kind = match error.classify() {
                serde_json::error::Category::Data => "is not the shape that is documented",
                _ => "is not JSON",
            };
            self.bad(format!("the body {kind}, at line {} column {}", error.line(), error.column()))
        })
    }

    /// Something is missing or makes no sense.
    pub fn bad(&self, problem: impl Into<String>) -> Error {
        Error::Undocumented { topic: self.topic.to_owned(), problem: problem.into() }
    }

    /// An id that must be there.
    pub fn id(&self, id: Option<&Id>, field: &str) -> Result<String, Error> {
        id.and_then(Id::text).ok_or_else(|| self.bad(format!("{field} is no id")))
    }

    pub fn currency(&self, code: &str) -> Result<Currency, Error> {
        Currency::parse(code).map_err(|_| self.bad("currency is none that ISO 4217 knows with minor units"))
    }

    /// Money of an order, rounded to what its currency has; never negative.
    pub fn money(&self, amount: &Amount, currency: Currency, field: &str) -> Result<Money, Error> {
        // Its own words may quote what stands there.
        Money::nearest(&amount.text(), currency).map_err(|error| {
            let problem = match error {
                money::Error::Negative(_) => "negative",
                money::Error::TooLarge(_) => "too large",
                _ => "no amount of money",
            };
            self.bad(format!("{field} is {problem}"))
        })
    }

    /// A moment with its offset, or without one where the platform means UTC. Never later than we heard of it, whole
    /// seconds; nothing where there is none to be read.
    pub fn moment(&self, text: Option<&str>) -> Option<Timestamp> {
        let text = text?.trim();
        let at = text.parse::<Timestamp>().ok().or_else(|| {
            let civil: DateTime = text.parse().ok()?;
            TimeZone::UTC.to_timestamp(civil).ok()
        })?;
        Some(self.bounded(at))
    }

    /// A moment as mails write it (RFC 2822), or as [`Reader::moment`] reads it.
    pub fn mail_moment(&self, text: Option<&str>) -> Option<Timestamp> {
        let dated = text.and_then(|text| rfc2822::parse(text.trim()).ok());
        dated.map(|dated| self.bounded(dated.timestamp())).or_else(|| self.moment(text))
    }

    /// A moment in unix seconds.
    pub fn seconds(&self, seconds: i64) -> Option<Timestamp> {
        Timestamp::from_second(seconds).ok().map(|at| self.bounded(at))
    }

    fn bounded(&self, at: Timestamp) -> Timestamp {
        whole_seconds(at.min(self.received))
    }

    /// When we heard of it: for what bears no time of its own.
    pub fn now(&self) -> Timestamp {
        whole_seconds(self.received)
    }

    /// Events, or that there are none.
    pub fn heard(&self, events: Vec<Event>) -> Heard {
        if events.is_empty() {
            self.ignored(Ignored::NothingNew)
        } else {
            Heard::Events { topic: self.topic.to_owned(), events }
        }
    }

    pub fn ignored(&self, because: Ignored) -> Heard {
        Heard::Ignored { topic: self.topic.to_owned(), because }
    }
}

/// Somebody, by the platform's id and the first address that is one. What is no address counts as missing: a platform
/// writes all kinds of things where somebody was forgotten.
pub(super) fn who(id: Option<&Id>, addresses: &[Option<&str>]) -> Who {
    let email = addresses.iter().flatten().find_map(|text| text.parse().ok());
    Who { customer_id: id.and_then(Id::text), email, ..Who::default() }
}

/// A person's name and language; consent is said by its own rules.
pub(super) fn profile(names: &[Option<&str>], language: Option<&str>) -> Profile {
    Profile {
        name: names.iter().flatten().find_map(|name| line(name, 120)),
        language: language.and_then(Language::parse),
        marketing_consent: None,
    }
}

/// A topic we do not know, short and printable, for counters and logs.
pub(super) fn printable(topic: &str) -> String {
    let printable = topic.chars().filter(|c| c.is_ascii_graphic()).take(64).collect::<String>();
    if printable.is_empty() { "unnamed".to_owned() } else { printable }
}

/// Codes as they were typed, at most twenty; what is no code is left out.
pub(super) fn codes<'c>(codes: impl Iterator<Item = &'c str>) -> Vec<String> {
    codes.filter_map(|code| stores_id(code).ok()).take(20).collect()
}

/// One event.
pub(super) fn event(at: Timestamp, who: Who, what: What) -> Event {
    Event { at, who, what }
}
