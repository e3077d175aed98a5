//! Offers: what is given, for how long, and how many there are.

use std::fmt;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::money::Money;

/// One offer of a program. It always has a deadline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// What the customer gets.
    pub gives: Gives,
    /// The least an order must come to for the code to hold.
    pub minimum_order: Option<Money>,
    /// `valid: 3 days`: to the end of the third day after the day of sending, shop time. At least 1.
    pub valid_days: u32,
    /// How many orders may use its code. At least 1.
    pub uses: u32,
    /// How many there are; nothing means as many as wanted.
    pub stock: Option<u32>,
}

/// What an offer gives.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gives {
    /// `10 EUR off`.
    AmountOff(Money),
    /// `15 % off`, in whole percent from 1 to 100.
    PercentOff(u8),
    /// `10 EUR credit`.
    Credit(Money),
    /// `free shipping`.
    FreeShipping,
    /// `free gift`, `free consultation`, `early access`: anything named in words.
    Thing(String),
}

impl Gives {
    /// The kind, as outputs and tables name it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::AmountOff(_) => "amount_off",
            Self::PercentOff(_) => "percent_off",
            Self::Credit(_) => "credit",
            Self::FreeShipping => "free_shipping",
            Self::Thing(_) => "thing",
        }
    }

    /// The value alone: `10.00 EUR`, `15 %`, or the thing's name.
    pub fn value(&self) -> String {
        match self {
            Self::AmountOff(money) | Self::Credit(money) => money.to_string(),
            Self::PercentOff(percent) => format!("{percent} %"),
            Self::FreeShipping => "free shipping".to_owned(),
            Self::Thing(name) => name.clone(),
        }
    }
}

impl fmt::Display for Gives {
    /// The phrase of the program file: `10.00 EUR off`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AmountOff(money) => write!(f, "{money} off"),
            Self::PercentOff(percent) => write!(f, "{percent} % off"),
            Self::Credit(money) => write!(f, "{money} credit"),
            Self::FreeShipping => f.write_str("free shipping"),
            Self::Thing(name) => f.write_str(name),
        }
    }
}

/// The one deadline of an offer mailed on `day`: 23:59:59 shop time, `valid_days` days later.
/// A day that has no such moment (a zone that skips it) ends with the last moment it has.
pub fn deadline(day: Date, valid_days: u32, zone: &TimeZone) -> Timestamp {
    let last = day.saturating_add(i64::from(valid_days).days());
    crate::time::start_of_day(last.saturating_add(1.day()), zone)
        .saturating_sub(1.second())
        .expect("a span of seconds never fails to be subtracted")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_days_end_with_the_third_day_in_the_shop() {
        let helsinki = TimeZone::get("Europe/Helsinki").unwrap();
        let sent = jiff::civil::date(2026, 3, 27);
        // The clocks go forward on the 29th; the 30th ends at 23:59:59 summer time, UTC+3.
        assert_eq!(deadline(sent, 3, &helsinki).to_string(), "2026-03-30T20:59:59Z");
        assert_eq!(deadline(sent, 1, &helsinki).to_string(), "2026-03-28T21:59:59Z");
    }
}
