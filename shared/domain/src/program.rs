//! The program: whom a shop writes to after which silence, with what, and in which rounds.

use std::collections::BTreeMap;

use jiff::civil::{Time, Weekday};
use serde::{Deserialize, Serialize};

use crate::codes::Authority;
use crate::money::Money;
use crate::offer::Offer;
use crate::shop::{Language, Share};

/// One program, as its `program.yaml` says. Everything in it was checked when it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Program {
    /// Its name: part of every message id, so renaming a program starts it anew.
    pub name: String,
    /// Whether it mails.
    pub status: Status,
    /// What counts as having won somebody back.
    pub goal: Goal,
    /// Once in a customer's life, or at every silence.
    pub runs: Runs,
    /// Who is meant, beyond being silent and having consented.
    pub audience: Condition,
    /// Which silence makes somebody lapsed.
    pub lapsed: Lapsed,
    /// Who makes its codes good.
    pub codes: Authority,
    /// The offers by name.
    pub offers: BTreeMap<String, Offer>,
    /// In order, until the goal is reached. Never empty.
    pub rounds: Vec<Round>,
    /// What holds after an episode.
    pub afterwards: Afterwards,
    /// A larger holdout than the shop's, if the program wants one.
    pub holdout: Option<Share>,
}

/// A new program is a draft.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Decides and shows, mails nobody.
    #[default]
    Draft,
    /// Mails.
    Live,
}

/// What the program wants the customer to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Goal {
    /// Buy something.
    #[default]
    Order,
    /// Subscribe again (an order counts too).
    Subscription,
    /// Come back at all: a visit, a log-in (an order counts too).
    Activity,
}

/// How often a program may run for one customer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Runs {
    /// At every new silence.
    #[default]
    Always,
    /// Once in a customer's life.
    Once,
}

/// The silence that makes a customer lapsed: so many days, told in the shop's zone, since something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lapsed {
    /// Whole days, at least 1.
    pub days: u32,
    /// Since what.
    pub since: Since,
}

/// What a silence is counted from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// `90 days without an order`: the last order placed.
    LastOrder,
    /// `90 days without activity`: the last order, visit or log-in.
    LastActivity,
    /// `30 days after the subscription ended`, unless it was started again.
    SubscriptionEnd,
    /// `30 days without a first order`: since the lead was first heard of; buyers are not meant.
    FirstHeard,
}

/// Who is meant: a tree of conditions on the customer's own facts.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// All of them; an empty list means everybody.
    All(Vec<Condition>),
    /// At least one of them.
    Any(Vec<Condition>),
    /// The opposite.
    Not(Box<Condition>),
    /// Number of orders that were not cancelled or wholly refunded.
    Orders(Bound<u32>),
    /// Sum of what was paid and not refunded, in the shop's currency.
    Spent(Bound<Money>),
    /// Sum divided by number; nobody without an order matches.
    AverageOrder(Bound<Money>),
    /// State of the latest complaint.
    Complaint(ComplaintIs),
    /// Language we know them to read.
    Language(Language),
    /// How many others they brought.
    Referred(Bound<u32>),
    /// Why the subscription was ended, word for word as the store says it.
    Reason(String),
}

/// `at least` or `at most`, both inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound<T> {
    /// This or more.
    AtLeast(T),
    /// This or less.
    AtMost(T),
}

impl<T: PartialOrd> Bound<T> {
    /// Whether a value is within the bound.
    pub fn holds(&self, value: &T) -> bool {
        match self {
            Self::AtLeast(least) => value >= least,
            Self::AtMost(most) => value <= most,
        }
    }
}

/// Where a customer's complaint stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ComplaintIs {
    /// Opened and not resolved since.
    Open,
    /// Resolved, and not opened again.
    Resolved,
    /// There never was one.
    None,
}

/// One attempt: a letter and its follow-ups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Round {
    /// Days after the previous round began (its first letter left); 0 for the first round.
    pub wait_days: u32,
    /// In order. Never empty; a follow-up is never first.
    pub steps: Vec<Step>,
}

/// One letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The folder under `mails/`.
    pub mail: String,
    /// When it leaves.
    pub send: Send,
    /// What it offers.
    pub offer: StepOffer,
}

/// When a letter may leave, in the shop's zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Send {
    /// `Tue-Thu 09:00`: at that time of one of those days, and for the rest of that day if it could not be kept.
    Slot {
        /// Days of the week, at least one.
        days: Vec<Weekday>,
        /// Time of day; never within quiet hours.
        time: Time,
    },
    /// No wish of its own: as soon as it is due outside of quiet hours.
    AnyTime,
    /// `24 hours before the deadline` of the offer it follows up.
    BeforeDeadline {
        /// Whole hours, at least 1, less than the offer is valid.
        hours: u32,
    },
}

/// What a step offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepOffer {
    /// News only.
    None,
    /// An offer of its own: the key in [`Program::offers`] (an offer written in place has one too).
    Own(String),
    /// A follow-up: the offer, code and deadline of the round's latest letter with an offer.
    Inherited,
}

/// What holds between and after episodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Afterwards {
    /// Days after the last letter of an episode before a new silence counts.
    pub rest_days: u32,
    /// How many offers one customer may get from this program in a lifetime.
    pub offers_in_a_lifetime: Option<u32>,
    /// An order within so many days of a letter counts as a return.
    pub return_window_days: u32,
}

impl Default for Afterwards {
    fn default() -> Self {
        Self { rest_days: 0, offers_in_a_lifetime: None, return_window_days: 30 }
    }
}
