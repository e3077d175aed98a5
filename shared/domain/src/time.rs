//! Days and moments in a shop's zone. Time is told to us; nothing here asks a clock.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// The day a moment falls on in the shop's zone.
pub fn day_of(at: Timestamp, zone: &TimeZone) -> Date {
    zone.to_datetime(at).date()
}

/// What the clocks in the shop's zone show at a moment.
pub fn local(at: Timestamp, zone: &TimeZone) -> DateTime {
    zone.to_datetime(at)
}

/// A day as a shop's owner reads it: `14 April 2026`.
pub fn day_in_words(day: Date) -> String {
    day.strftime("%-d %B %Y").to_string()
}

/// Days as a shop's owner reads them: `3 to 4 May 2026`, and one day as itself.
pub fn days_in_words(from: Date, until: Date) -> String {
    let until_words = day_in_words(until);
    if from == until {
        until_words
    } else if (from.year(), from.month()) == (until.year(), until.month()) {
        format!("{} to {until_words}", from.day())
    } else {
        format!("{} to {until_words}", day_in_words(from))
    }
}

/// A moment as a shop's owner reads it: `14 April 2026 at 09:00`.
pub fn moment_in_words(at: DateTime) -> String {
    format!("{} at {}", day_in_words(at.date()), at.strftime("%H:%M"))
}

/// The first moment of a day in the shop's zone.
pub fn start_of_day(day: Date, zone: &TimeZone) -> Timestamp {
    at_time(day, Time::midnight(), zone)
}

/// A time of day on a day. A time that a change of clocks skips or repeats is read as RFC 5545 does:
/// forward by the gap, the earlier of two.
pub fn at_time(day: Date, time: Time, zone: &TimeZone) -> Timestamp {
    zone.to_ambiguous_timestamp(day.to_datetime(time)).compatible().unwrap_or(Timestamp::MAX)
}

/// So many days later on the calendar, at the same time of day.
pub fn days_later(at: Timestamp, days: u32, zone: &TimeZone) -> Timestamp {
    let local = zone.to_datetime(at);
    at_time(local.date().saturating_add(i64::from(days).days()), local.time(), zone)
}

/// Whole seconds: what tables and outputs keep.
pub fn whole_seconds(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

/// Whole calendar days from one moment to another in the shop's zone, for sentences; never negative.
pub fn days_between(from: Timestamp, to: Timestamp, zone: &TimeZone) -> u32 {
    let days = day_of(from, zone).until(day_of(to, zone)).map_or(0, |span| span.get_days());
    u32::try_from(days).unwrap_or(0)
}

/// Moments as whole unix seconds in lists, for serde.
pub mod seconds {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    /// Writes a list of numbers.
    pub fn serialize<S: Serializer>(moments: &[Timestamp], serializer: S) -> Result<S::Ok, S::Error> {
        let seconds: Vec<i64> = moments.iter().map(|at| at.as_second()).collect();
        seconds.serialize(serializer)
    }

    /// Reads a list of numbers.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Timestamp>, D::Error> {
        let seconds = Vec::<i64>::deserialize(deserializer)?;
        let moments = seconds.into_iter().map(Timestamp::from_second);
        moments.collect::<Result<_, _>>().map_err(serde::de::Error::custom)
    }
}
