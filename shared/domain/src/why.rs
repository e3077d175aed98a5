//! Why something was done, or not: one enum, one plain sentence each, in the customer's own facts.

use std::fmt;

use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};

use crate::file::count;
use crate::time::{day_in_words, days_in_words, moment_in_words};

/// One reason with the facts it rests on. Days and times are those of the shop's zone, so that a sentence that was kept
/// for years still says what the shop's calendar and clocks said.
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
    Rested { until: Date },
    Consented { day: Date },
    RoundBegins { round: u32, day: Date },
    RoundBegan { round: u32, day: Date },
    Deadline { at: DateTime },
    Episode { number_of_offers: u32 },
    HeldOut { percent: String },
    // Why none does, or not yet.
    NotSilentLongEnough { day: Date, days: u32, lapses_on: Date },
    Resting { until: Date },
    NothingToCountFrom,
    AlreadyRan,
    NotMeant { audience: String },
    NoConsent,
    Refused { day: Date },
    Bounced { day: Date },
    NoAddress,
    Till,
    Erased { day: Date },
    WaitsForSlot { until: DateTime },
    WaitsForCode { until: DateTime },
    FrequencyCap { mails: u32, days: u32, until: DateTime },
    DayFull { allowance: u32, until: DateTime },
    OthersFirst { until: Date },
    DiscountsSpent { until: Date },
    OffersUsedUp { most: u32 },
    SoldOut { offer: String },
    CodeNotMade { by: String, because: String },
    RoundsDone { steps: u32 },
    RecordsLost { from: Date, until: Date },
    Draft,
    Importing,
    NotLive { state: String },
    Throttled { until: DateTime },
    NoProgram,
    // What becomes of a message on its way.
    BeingSent { until: DateTime },
    NoAnswer { since: DateTime },
    DayOver { day: Date },
    NotForThisRecipient,
    CallingOff,
}

impl Reason {
    /// What those who have this reason first have in common, for counting them.
    pub fn group(&self) -> &'static str {
        match self {
            Self::NotSilentLongEnough { .. } => "not silent long enough",
            Self::Resting { .. } => "left alone between two runs",
            Self::NothingToCountFrom => "nothing to count a silence from",
            Self::AlreadyRan => "the program ran once, and runs once",
            Self::NotMeant { .. } => "not in the audience",
            Self::NoConsent => "never agreed to mail",
            Self::Refused { .. } => "said no to mail",
            Self::Bounced { .. } => "the mailbox refused mail",
            Self::NoAddress => "no address",
            Self::Till => "a till, not a person",
            Self::Erased { .. } => "forgotten",
            Self::RoundsDone { .. } => "all rounds are done",
            Self::OffersUsedUp { .. } => "had all offers of a lifetime",
            Self::SoldOut { .. } => "the offer is sold out",
            Self::CodeNotMade { .. } => "the store did not make the code good",
            Self::DiscountsSpent { .. } => "the month's discounts are spent",
            Self::Draft => "the program is a draft",
            Self::Importing | Self::NotLive { .. } | Self::Throttled { .. } => "the store does not mail now",
            Self::NoProgram => "no program",
            Self::BeingSent { .. } | Self::NoAnswer { .. } | Self::NotForThisRecipient | Self::CallingOff => {
                "a message is on its way"
            }
            Self::LastOrder { .. }
            | Self::LastThere { .. }
            | Self::SubscriptionEnded { .. }
            | Self::FirstHeard { .. }
            | Self::Lapsed { .. }
            | Self::Rested { .. }
            | Self::Consented { .. }
            | Self::RoundBegins { .. }
            | Self::RoundBegan { .. }
            | Self::Deadline { .. }
            | Self::Episode { .. }
            | Self::HeldOut { .. }
            | Self::WaitsForSlot { .. }
            | Self::WaitsForCode { .. }
            | Self::FrequencyCap { .. }
            | Self::DayFull { .. }
            | Self::OthersFirst { .. }
            | Self::RecordsLost { .. }
            | Self::DayOver { .. } => crate::outlook::IN_A_ROUND,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let on = |day: &Date| day_in_words(*day);
        let at = |moment: &DateTime| moment_in_words(*moment);
        match self {
            Self::LastOrder { day, orders: 0, .. } => {
                write!(f, "Their last order was on {}; none of their orders was kept.", on(day))
            }
            Self::LastOrder { day, orders, spent } => {
                write!(f, "Their last order was on {}: {} in all, {spent}.", on(day), count(*orders, "order"))
            }
            Self::LastThere { day } => write!(f, "They were last there on {}.", on(day)),
            Self::SubscriptionEnded { day } => write!(f, "Their subscription ended on {}.", on(day)),
            Self::FirstHeard { day } => write!(f, "They were first heard of on {}, and never ordered.", on(day)),
            Self::Lapsed { days, on: day } => {
                write!(f, "After {} of silence they count as lapsed: since {}.", count(*days, "day"), on(day))
            }
            Self::Rested { until } => {
                write!(f, "Between two runs of the program they were left alone, until {}.", on(until))
            }
            Self::Consented { day } => write!(f, "They agreed to mail, last on {}.", on(day)),
            Self::RoundBegins { round, day } => write!(f, "Round {round} may begin from {} on.", on(day)),
            Self::RoundBegan { round, day } => write!(f, "Round {round} began on {}.", on(day)),
            Self::Deadline { at: end } => write!(f, "The offer they have ends on {}.", at(end)),
            Self::Episode { number_of_offers: 0 } => f.write_str("No offer of this program was made to them before."),
            Self::Episode { number_of_offers: 1 } => f.write_str("One offer of this program was made to them before."),
            Self::Episode { number_of_offers } => {
                write!(f, "{number_of_offers} offers of this program were made to them before.")
            }
            Self::HeldOut { percent } => {
                write!(f, "They are among the {percent} % held out: what they do without a letter is the yardstick.")
            }
            Self::NotSilentLongEnough { day, days, lapses_on } => {
                let days = count(*days, "day");
                write!(f, "Their silence is counted from {}: they lapse after {days}, on {}.", on(day), on(lapses_on))
            }
            Self::Resting { until } => {
                write!(f, "Between two runs of the program they are left alone, this time until {}.", on(until))
            }
            Self::NothingToCountFrom => f.write_str("Nothing happened yet that the program's silence is counted from."),
            Self::AlreadyRan => f.write_str("The program runs once in a customer's life, and has."),
            Self::NotMeant { audience } => write!(f, "The program does not mean them: it wants {audience}."),
            Self::NoConsent => f.write_str("They never agreed to mail."),
            Self::Refused { day } => write!(f, "They said no to our mail on {}.", on(day)),
            Self::Bounced { day } => write!(f, "Their mailbox refused our mail for good on {}.", on(day)),
            Self::NoAddress => f.write_str("We have no mail address of theirs."),
            Self::Till => f.write_str("So many orders a day are a till's, not a person's: counted, never mailed."),
            Self::Erased { day } => write!(f, "They asked to be forgotten on {}.", on(day)),
            Self::WaitsForCode { until } => {
                write!(f, "No code can be had for it now; it is tried again on {}.", at(until))
            }
            Self::WaitsForSlot { until } => write!(f, "The letter leaves on {}.", at(until)),
            Self::FrequencyCap { mails, days, until } => {
                let (mails, days) = (count(*mails, "mail"), count(*days, "day"));
                write!(f, "They had {mails} in {days}; the next may leave on {}.", at(until))
            }
            Self::DayFull { allowance, until } => {
                let mails = count(*allowance, "mail");
                write!(f, "The day's allowance of {mails} is given out; they wait until {}.", at(until))
            }
            Self::OthersFirst { until } => write!(f, "Better customers go first; their day is {}.", on(until)),
            Self::DiscountsSpent { until } => {
                write!(f, "The month's budget for discounts is spent; no new offer before {}.", on(until))
            }
            Self::OffersUsedUp { most: 1 } => {
                f.write_str("They had the one offer that a customer may get in a lifetime.")
            }
            Self::OffersUsedUp { most } => {
                write!(f, "They had the {most} offers that a customer may get in a lifetime.")
            }
            Self::SoldOut { offer } => write!(f, "The offer {offer} is given out to the last piece."),
            Self::CodeNotMade { by, because } => write!(f, "{by} did not make the code good: {because}."),
            Self::RoundsDone { steps: 0 } => f.write_str("The program has nothing for this silence."),
            Self::RoundsDone { steps } => {
                write!(f, "The program has nothing more for this silence, after {}.", count(*steps, "step"))
            }
            Self::RecordsLost { from, until } => {
                let days = days_in_words(*from, *until);
                write!(f, "The records of {days} were lost, so the letter of that time counts as sent.")
            }
            Self::Draft => f.write_str("The program is a draft: it decides and shows, and mails nobody."),
            Self::Importing => f.write_str("The store's history is still coming in."),
            Self::NotLive { state } => write!(f, "The store is {state}: nobody is mailed."),
            Self::Throttled { until } => write!(f, "SES or the store asked us to slow down until {}.", at(until)),
            Self::NoProgram => f.write_str("The shop has no program."),
            Self::BeingSent { until } => write!(f, "A message is being sent; it is settled by {}.", at(until)),
            Self::NoAnswer { since } => {
                let since = at(since);
                write!(f, "A message went to SES on {since} and no answer came: it counts as sent, never sent again.")
            }
            Self::DayOver { day } => write!(f, "The message could not leave on {}; it goes on another day.", on(day)),
            Self::NotForThisRecipient => f.write_str("SES does not take mail for this address."),
            Self::CallingOff => f.write_str("A message is being called off."),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn said(reason: Reason) -> String {
        reason.to_string()
    }

    #[test]
    fn one_of_something_is_said_as_one() {
        let (day, until) = (date(2026, 4, 3), date(2026, 4, 4));
        let spent = || "45.00 EUR".to_owned();
        assert_eq!(
            said(Reason::LastOrder { day, orders: 1, spent: spent() }),
            "Their last order was on 3 April 2026: 1 order in all, 45.00 EUR."
        );
        assert_eq!(
            said(Reason::LastOrder { day, orders: 0, spent: spent() }),
            "Their last order was on 3 April 2026; none of their orders was kept."
        );
        assert_eq!(
            said(Reason::Lapsed { days: 1, on: day }),
            "After 1 day of silence they count as lapsed: since 3 April 2026."
        );
        assert_eq!(
            said(Reason::FrequencyCap { mails: 1, days: 1, until: until.at(9, 0, 0, 0) }),
            "They had 1 mail in 1 day; the next may leave on 4 April 2026 at 09:00."
        );
        assert_eq!(
            said(Reason::DayFull { allowance: 1, until: until.at(0, 0, 0, 0) }),
            "The day's allowance of 1 mail is given out; they wait until 4 April 2026 at 00:00."
        );
        assert_eq!(
            said(Reason::OffersUsedUp { most: 1 }),
            "They had the one offer that a customer may get in a lifetime."
        );
        assert_eq!(
            said(Reason::RoundsDone { steps: 1 }),
            "The program has nothing more for this silence, after 1 step."
        );
        assert_eq!(
            said(Reason::RecordsLost { from: day, until }),
            "The records of 3 to 4 April 2026 were lost, so the letter of that time counts as sent."
        );
    }

    #[test]
    fn a_kept_reason_is_read_as_it_was_written() {
        let reason = Reason::Deadline { at: date(2026, 4, 17).at(23, 59, 59, 0) };
        let kept = serde_json::to_string(&reason).unwrap();
        assert_eq!(kept, r#"{"deadline":{"at":"2026-04-17T23:59:59"}}"#);
        assert_eq!(serde_json::from_str::<Reason>(&kept).unwrap(), reason);
        assert_eq!(said(reason), "The offer they have ends on 17 April 2026 at 23:59.");
    }
}
