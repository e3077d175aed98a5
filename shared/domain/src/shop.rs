//! The shop: who writes, in which zone and currency, and the limits that hold over all programs.

use jiff::civil::Time;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::money::{Currency, Money};

/// One shop, as its `shop.yaml` says.
#[derive(Clone, Debug, PartialEq)]
pub struct Shop {
    /// The name customers know.
    pub name: String,
    /// What kind of trade it is: the deadlines that fit it.
    pub kind: Kind,
    /// Where a letter's button leads; `{code}` stands for the code.
    pub open_with_code: String,
    /// All days, slots, quiet hours and deadlines are told in this zone.
    pub time_zone: TimeZone,
    /// What budgets and sums are counted in.
    pub currency: Currency,
    /// Languages the letters exist in; the first when we do not know better. Never empty.
    pub languages: Vec<Language>,
    /// Who the letters come from.
    pub sender: Sender,
    /// Held over all programs together.
    pub limits: Limits,
    /// The share of customers that is never mailed: the yardstick for "because of us".
    pub holdout: Share,
}

/// The trade, which decides the deadlines that work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A shop on the web: offers good for 2–3 days.
    Online,
    /// A shop people walk into: 2–5 days.
    Outlet,
    /// Expensive goods, slow decisions: 5–15 days.
    Expensive,
}

/// A language, as a lower-case BCP 47 primary tag: `en`, `fi`, `ru`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Language(String);

impl Language {
    /// Takes the primary tag of `en`, `en-US` or `EN_us`; nothing where there is none.
    pub fn parse(text: &str) -> Option<Self> {
        let primary = text.split(['-', '_']).next()?.to_ascii_lowercase();
        let fits = (2..=3).contains(&primary.len()) && primary.bytes().all(|b| b.is_ascii_lowercase());
        fits.then_some(Self(primary))
    }

    /// The tag itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Language> for String {
    fn from(language: Language) -> Self {
        language.0
    }
}

/// The sender every letter names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    /// Shown before the address.
    pub name: String,
    /// The address letters come from; its domain is verified with SES.
    pub email: Address,
    /// Required by law in many places, so in every letter.
    pub postal_address: String,
}

/// What holds over all programs together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Limits {
    /// The frequency cap: at most so many mails to one customer in so many days.
    pub per_customer: Option<FrequencyCap>,
    /// At most so many mails a day; the best customers first.
    pub per_day: Option<u32>,
    /// No new offer once discounts redeemed in the calendar month reach this.
    pub discounts_per_month: Option<Money>,
    /// When nobody is written to.
    pub quiet_hours: Option<QuietHours>,
}

/// At most `mails` in any `days` days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrequencyCap {
    /// How many, at least 1.
    pub mails: u32,
    /// In how many days, at least 1.
    pub days: u32,
}

/// From one time of day to another in the shop's zone; may span midnight. The start is quiet, the end is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuietHours {
    /// The first quiet moment.
    pub from: Time,
    /// The first moment that is not quiet any more.
    pub until: Time,
}

/// A share of a whole, in hundredths of a percent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Share(u16);

impl std::fmt::Display for Share {
    /// The phrase of the program file: `30 %`, `2.5 %`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} %", self.percent())
    }
}

impl Share {
    /// A share from whole percent and hundredths; above 100 % there is none.
    pub fn from_basis_points(points: u16) -> Option<Self> {
        (points <= 10_000).then_some(Self(points))
    }

    /// Hundredths of a percent, 0 to 10,000.
    pub fn basis_points(self) -> u16 {
        self.0
    }

    /// In percent, as short as it can be: `30`, `2.5`.
    pub fn percent(self) -> String {
        rust_decimal::Decimal::new(i64::from(self.0), 2).normalize().to_string()
    }
}
