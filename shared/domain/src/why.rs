//! Why something was done, or not: one enum, one plain sentence each, in the customer's own facts.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// One reason with the facts it rests on. Days are told in the shop's zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "each variant's sentence below says what it means; its members are that sentence's facts"
)]
pub enum Reason {
    // Why a letter goes out.
    LastOrder { day: Date, orders: u32, spent: String },
    LastThere { day: Date },
    SubscriptionEnded { day: Date },
    FirstHeard { day: Date },
    Lapsed { days: u32, on: Date },
    Consented { day: Date },
    Meant { audience: String },
    RoundBegins { round: u32, day: Date },
    Deadline { at: Timestamp },
    Episode { number_of_offers: u32 },
    HeldOut { percent: String },
    // Why none does, or not yet.
    NotSilentLongEnough { day: Date, days: u32, lapses_on: Date },
    Resting { until: Date },
    NothingToCountFrom,
    CameBack { day: Date },
    AlreadyRan,
    NotMeant { audience: String },
    NoConsent,
    Refused { day: Date },
    Bounced { day: Date },
    NoAddress,
    Till,
    Erased { day: Date },
    WaitsForSlot { until: Timestamp },
    QuietHours { until: Timestamp },
    FrequencyCap { mails: u32, days: u32, until: Timestamp },
    DayFull { allowance: u32, until: Date },
    OthersFirst { until: Date },
    DiscountsSpent { until: Date },
    OffersUsedUp { most: u32 },
    SoldOut { offer: String },
    RoundsDone { letters: u32 },
    Draft,
    Importing,
    NotLive { state: String },
    Throttled { until: Timestamp },
    NoProgram,
    // What becomes of a message on its way.
    BeingSent { until: Timestamp },
    NoAnswer { since: Timestamp },
    DayOver { day: Date },
    NotForThisRecipient,
    CallingOff,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LastOrder { day, orders: 1, spent } => {
                write!(f, "Their last order was on {day}; it is their only one, {spent}.")
            }
            Self::LastOrder { day, orders, spent } => {
                write!(f, "Their last order was on {day}; {orders} orders count, {spent} in all.")
            }
            Self::LastThere { day } => write!(f, "They were last there on {day}."),
            Self::SubscriptionEnded { day } => write!(f, "Their subscription ended on {day}."),
            Self::FirstHeard { day } => write!(f, "First heard of on {day}, and never an order."),
            Self::Lapsed { days, on } => {
                write!(f, "{days} days of silence make a customer of this program lapsed: since {on}.")
            }
            Self::Consented { day } => write!(f, "They agreed to mail, last on {day}."),
            Self::Meant { audience } => write!(f, "They are whom the program means: {audience}."),
            Self::RoundBegins { round, day } => write!(f, "Round {round} may begin from {day} on."),
            Self::Deadline { at } => write!(f, "The offer they have ends at {at}."),
            Self::Episode { number_of_offers: 0 } => f.write_str("No offer of this program was made to them before."),
            Self::Episode { number_of_offers: 1 } => f.write_str("One offer of this program was made to them before."),
            Self::Episode { number_of_offers } => {
                write!(f, "{number_of_offers} offers of this program were made to them before.")
            }
            Self::HeldOut { percent } => {
                write!(f, "They are among the {percent} % held out: what they do without a letter is the yardstick.")
            }
            Self::NotSilentLongEnough { day, days, lapses_on } => {
                write!(f, "Last there on {day}; {days} days of silence are over on {lapses_on}.")
            }
            Self::Resting { until } => write!(f, "They were written to lately: a new silence counts from {until} on."),
            Self::NothingToCountFrom => f.write_str("Nothing happened yet that the program's silence is counted from."),
            Self::CameBack { day } => write!(f, "They came back on {day}."),
            Self::AlreadyRan => f.write_str("The program runs once in a customer's life, and has."),
            Self::NotMeant { audience } => write!(f, "The program does not mean them: it wants {audience}."),
            Self::NoConsent => f.write_str("They never agreed to mail."),
            Self::Refused { day } => write!(f, "They said no to our mail on {day}."),
            Self::Bounced { day } => write!(f, "Their mailbox refused our mail for good on {day}."),
            Self::NoAddress => f.write_str("We have no mail address of theirs."),
            Self::Till => f.write_str("So many orders a day are a till's, not a person's: counted, never mailed."),
            Self::Erased { day } => write!(f, "They asked to be forgotten on {day}."),
            Self::WaitsForSlot { until } => write!(f, "The letter leaves at {until}."),
            Self::QuietHours { until } => write!(f, "Quiet hours last until {until}."),
            Self::FrequencyCap { mails, days, until } => {
                write!(f, "They had {mails} mails in {days} days; the next may leave at {until}.")
            }
            Self::DayFull { allowance, until } => {
                write!(f, "Today's {allowance} mails are given out; they wait until {until}.")
            }
            Self::OthersFirst { until } => write!(f, "Better customers go first; their day is {until}."),
            Self::DiscountsSpent { until } => {
                write!(f, "This month's budget for discounts is spent; none before {until}.")
            }
            Self::OffersUsedUp { most } => write!(f, "They had the {most} offers one customer may get in a lifetime."),
            Self::SoldOut { offer } => write!(f, "The offer {offer} is given out to the last."),
            Self::RoundsDone { letters: 1 } => {
                f.write_str("The program has nothing more for this silence: it wrote one letter.")
            }
            Self::RoundsDone { letters } => {
                write!(f, "The program has nothing more for this silence: it wrote {letters} letters.")
            }
            Self::Draft => f.write_str("The program is a draft: it decides and shows, and mails nobody."),
            Self::Importing => f.write_str("The store's history is still coming in."),
            Self::NotLive { state } => write!(f, "The store is {state}: nobody is mailed."),
            Self::Throttled { until } => write!(f, "SES asked us to slow down until {until}."),
            Self::NoProgram => f.write_str("The shop has no program."),
            Self::BeingSent { until } => write!(f, "A message is being sent; it is settled by {until}."),
            Self::NoAnswer { since } => {
                write!(
                    f,
                    "A message went to SES at {since} and no answer came: it counts as sent, and is never sent again."
                )
            }
            Self::DayOver { day } => write!(f, "The message could not leave on {day}; it goes on another day."),
            Self::NotForThisRecipient => f.write_str("SES does not take mail for this address."),
            Self::CallingOff => f.write_str("A message is being called off."),
        }
    }
}
