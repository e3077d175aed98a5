//! History: a shop's old orders, one CSV line each, become the events the store would have told us at the time.
//!
//! | column | holds | |
//! | --- | --- | --- |
//! | `order_id` | the store's id of the order, 1 to 128 characters | required |
//! | `email` | the customer's address | required |
//! | `placed_at` | a day (`2026-05-01`, in the shop's zone) or a moment with its zone (RFC 3339) | required |
//! | `total` | what was paid, in major units (`29.33`); 0.00 is an order | required |
//! | `currency` | three letters of ISO 4217 | required |
//! | `name`, `language` | what the order says of its customer | |
//! | `consent` | yes, no, true, false, 1 or 0; empty: unchanged | |
//! | `discount_code` | the code that was used | |
//!
//! Other columns are ignored. Without a `consent` column nobody has agreed to mail, unless it is assumed.
//!
//! The same order on two lines is an order that changed: the later line is the newer state, whatever its day. Its event
//! is said a second after the one before it at the earliest, because events are ordered by the time they were said.
//!
//! An order of which only the day is known counts as placed at noon. It is said at the start of that day: it may have been
//! placed at any hour, so whatever was said on that day with its time (a wish to be forgotten, a no) comes after it.

mod lines;
mod parts;

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;

use csv::ByteRecord;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use sha2::{Digest, Sha256};

pub use self::parts::{Cut, Part, cut, part};

use self::lines::{Lines, Record};
use crate::event::wire::{line, stores_id};
use crate::event::{Event, PlacedOrder, Profile, What, Who};
use crate::money::{Currency, Money};
use crate::shop::Language;
use crate::time::{at_time, start_of_day, whole_seconds};

/// The columns without which a file says nothing.
const REQUIRED: [&str; 5] = ["order_id", "email", "placed_at", "total", "currency"];
/// The longest name that is kept.
const LONGEST_NAME: usize = 120;

/// How a file is to be understood.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The shop's zone: a date without a time is a day there.
    pub zone: TimeZone,
    /// Where the file has no `consent` column, everybody in it agreed to mail. A column that is there always holds.
    pub assume_consent: bool,
    /// When the file was received: no order is placed later than that.
    pub received: Timestamp,
}

/// Why nothing of a file can be read. Whoever made the file can mend it.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// Not even a line with the names of the columns.
    #[error("the file is empty: its first line names the columns ({})", REQUIRED.join(", "))]
    Empty,
    /// Required columns are not there.
    #[error("no column {}; the first line names {found}", missing.join(", "))]
    Missing {
        /// Which.
        missing: Vec<&'static str>,
        /// Those that are there.
        found: String,
    },
    /// Nobody could tell which of the two is meant.
    #[error("the column {0} is there twice")]
    Twice(&'static str),
    /// The first line is no line of a CSV file.
    #[error("{0}")]
    Header(BadLine),
    /// The machine cannot read it.
    #[error("cannot be read: {0}")]
    Failed(#[from] std::io::Error),
}

/// One line that is no order. The others are not affected by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadLine {
    /// Counted from 1, the first being the one with the columns' names. Of an order on several lines (a line break
    /// within quotes) it is the first.
    pub line: u64,
    /// What is wrong, for whoever made the file.
    pub problem: String,
}

impl fmt::Display for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.problem)
    }
}

/// Reads the file's first line. The rest is read as the orders are asked for, and never held in memory.
///
/// # Errors
/// When nothing in the file can be used.
pub fn read<R: Read>(source: R, reading: Reading) -> Result<History<R>, Unusable> {
    begin(source, reading).map(|(_, history)| history)
}

/// Reads the names of the columns, and is ready to read on.
fn begin<R: Read>(source: R, reading: Reading) -> Result<(Vec<String>, History<R>), Unusable> {
    let mut lines = Lines::new(source);
    let header = match lines.next_record()? {
        Some(Record { record: Ok(record), .. }) => record,
        Some(Record { line, record: Err(problem) }) => return Err(Unusable::Header(BadLine { line, problem })),
        None => return Err(Unusable::Empty),
    };
    lines.expect(header.len());
    let names: Vec<String> =
        header.iter().map(|name| String::from_utf8_lossy(name).trim().to_ascii_lowercase()).collect();
    let columns = Columns::find(&names)?;
    let said = Spoken::default();
    Ok((names, History { lines, columns, width: header.len(), reading, said }))
}

/// Where each column is.
#[derive(Clone, Copy, Debug)]
struct Columns {
    order_id: usize,
    email: usize,
    placed_at: usize,
    total: usize,
    currency: usize,
    name: Option<usize>,
    language: Option<usize>,
    consent: Option<usize>,
    discount_code: Option<usize>,
}

impl Columns {
    fn find(names: &[String]) -> Result<Self, Unusable> {
        let place = |wanted: &'static str| {
            let mut places = names.iter().enumerate().filter(|(_, name)| *name == wanted).map(|(place, _)| place);
            let first = places.next();
            if places.next().is_some() { Err(Unusable::Twice(wanted)) } else { Ok(first) }
        };
        let mut missing = Vec::new();
        let mut required = [0; REQUIRED.len()];
        for (at, name) in required.iter_mut().zip(REQUIRED) {
            match place(name)? {
                Some(found) => *at = found,
                None => missing.push(name),
            }
        }
        if !missing.is_empty() {
            return Err(Unusable::Missing { missing, found: names.join(", ") });
        }
        let [order_id, email, placed_at, total, currency] = required;
        Ok(Self {
            order_id,
            email,
            placed_at,
            total,
            currency,
            name: place("name")?,
            language: place("language")?,
            consent: place("consent")?,
            discount_code: place("discount_code")?,
        })
    }
}

/// The orders of a file, one after the other, as they stand in it: not sorted by time.
#[derive(Debug)]
pub struct History<R> {
    lines: Lines<R>,
    columns: Columns,
    width: usize,
    reading: Reading,
    said: Spoken,
}

/// When orders were last spoken of, by a hash of their ids: a million orders are some thirty megabytes.
#[derive(Debug, Default)]
struct Spoken {
    /// In seconds since 1970, with the part of the file that spoke.
    last: BTreeMap<u64, (i64, u32)>,
    /// The part that is being read.
    part: u32,
    /// What earlier parts said of orders that this one speaks of too.
    again: BTreeMap<u64, i64>,
}

impl Spoken {
    /// When a line says what it says: as early as its order can be, but after the line before it about the same order.
    fn say(&mut self, order_id: &str, earliest: Timestamp) -> Timestamp {
        let hash = Sha256::digest(order_id.as_bytes());
        let key = u64::from_be_bytes(hash[..8].try_into().expect("eight of 32 bytes"));
        let known = self.last.get(&key).copied();
        if let Some((last, _)) = known.filter(|(_, part)| *part < self.part) {
            self.again.insert(key, last);
        }
        let after = known.and_then(|(last, _)| Timestamp::from_second(last).ok()?.checked_add(1.second()).ok());
        let at = after.map_or(earliest, |after| after.max(earliest));
        self.last.insert(key, (at.as_second(), self.part));
        at
    }
}

/// When an order was placed, as far as its line says.
#[derive(Clone, Copy, Debug)]
struct Placed {
    /// The moment it counts for.
    at: Timestamp,
    /// The first moment it can have been.
    earliest: Timestamp,
}

impl<R> History<R> {
    /// Whether the file says who agreed to mail.
    pub fn tells_consent(&self) -> bool {
        self.columns.consent.is_some()
    }

    fn event(&mut self, record: &ByteRecord) -> Result<Event, String> {
        if record.len() != self.width {
            return Err(format!("{} fields where the first line names {}", record.len(), self.width));
        }
        let columns = self.columns;
        let email = text(record, columns.email, "email")?;
        let email = email.parse().map_err(|_| format!("email: \"{}\" is not a mail address", shown(email)))?;
        let order_id = id(text(record, columns.order_id, "order_id")?, "order_id")?;
        let currency = Currency::parse(text(record, columns.currency, "currency")?);
        let currency = currency.map_err(|error| format!("currency: {error}"))?;
        let total = Money::parse(text(record, columns.total, "total")?, currency);
        let total = total.map_err(|error| format!("total: {error}"))?;
        let placed = self.placed(text(record, columns.placed_at, "placed_at")?)?;
        let optional = |place: Option<usize>, name| {
            let given = place.map(|place| text(record, place, name)).transpose()?;
            Ok::<_, String>(given.filter(|text| !text.is_empty()))
        };
        let code = optional(columns.discount_code, "discount_code")?;
        let code = code.map(|code| id(code, "discount_code")).transpose()?;
        let profile = Profile {
            name: optional(columns.name, "name")?.and_then(|name| line(name, LONGEST_NAME)),
            language: optional(columns.language, "language")?.and_then(Language::parse),
            marketing_consent: match columns.consent {
                Some(_) => optional(columns.consent, "consent")?.map(yes_or_no).transpose()?,
                None => self.reading.assume_consent.then_some(true),
            },
        };
        let at = self.said.say(&order_id, placed.earliest);
        let discount_codes = code.into_iter().collect();
        let order = PlacedOrder { order_id, placed_at: placed.at, total, discount_codes };
        let who = Who { email: Some(email), ..Who::default() };
        Ok(Event { at, who, what: What::OrderPlaced { order, profile } })
    }

    fn placed(&self, text: &str) -> Result<Placed, String> {
        // Ten characters are a day and nothing more: a longer text without a zone must not lose its time silently.
        let day = if text.len() == 10 { text.parse::<Date>().ok() } else { None };
        let zone = &self.reading.zone;
        let (at, earliest) = match day {
            Some(day) => (at_time(day, Time::constant(12, 0, 0, 0), zone), start_of_day(day, zone)),
            None => {
                let moment = text.parse::<Timestamp>().map_err(|_| {
                    let advice = "write a day (2026-05-01) or a moment with its zone (2026-05-01T10:00:00+03:00)";
                    format!("placed_at: \"{}\" cannot be read; {advice}", shown(text))
                })?;
                (moment, moment)
            }
        };
        let known = |at: Timestamp| whole_seconds(at.min(self.reading.received));
        Ok(Placed { at: known(at), earliest: known(earliest) })
    }
}

impl<R: Read> Iterator for History<R> {
    type Item = Result<Event, BadLine>;

    fn next(&mut self) -> Option<Self::Item> {
        let Record { line, record } = match self.lines.next_record() {
            Ok(record) => record?,
            Err(error) => {
                let line = self.lines.stop();
                return Some(Err(BadLine { line, problem: format!("the file cannot be read on: {error}") }));
            }
        };
        let event = record.and_then(|record| self.event(&record));
        Some(event.map_err(|problem| BadLine { line, problem }))
    }
}

/// A field as text on one line.
fn text<'a>(record: &'a ByteRecord, place: usize, name: &str) -> Result<&'a str, String> {
    let bytes = record.get(place).unwrap_or_default();
    let text = std::str::from_utf8(bytes).map_err(|_| format!("{name}: not UTF-8 text"))?;
    if text.contains(['\r', '\n']) {
        return Err(format!("{name}: a line break within it"));
    }
    Ok(text.trim())
}

fn id(text: &str, name: &str) -> Result<String, String> {
    stores_id(text).map_err(|problem| format!("{name}: {problem}"))
}

fn yes_or_no(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "yes" | "true" | "1" => Ok(true),
        "no" | "false" | "0" => Ok(false),
        _ => Err(format!("consent: \"{}\" is neither yes nor no", shown(text))),
    }
}

/// As much of a wrong word as helps to find it.
fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests;
