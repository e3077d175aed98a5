//! A message as the ledger keeps it: what was said to whom, and why.

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::customer::Open;
use crate::ids::{Code, CustomerId, MessageId};
use crate::money::Money;
use crate::offer::Gives;
use crate::why::Reason;

/// One message of one step to one customer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// Which.
    pub id: MessageId,
    /// To whom.
    pub customer: CustomerId,
    /// By the program's name.
    pub program: String,
    /// The moment the silence is counted from.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub episode: Timestamp,
    /// Counted from 0.
    pub round: u32,
    /// Counted from 0.
    pub step: u32,
    /// The folder of the letter.
    pub mail: String,
    /// How far it came.
    pub state: State,
    /// The number of the claim that wrote it.
    pub claim: u64,
    /// The day it was claimed for.
    pub day: Date,
    /// When it was claimed, and so mailed, if it was: SES is asked within moments. What is reported later does not move it.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub at: Timestamp,
    /// Its subject line.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub subject: String,
    /// What it offers.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "crate::packed")]
    pub offer: Option<Granted>,
    /// Why.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "crate::packed")]
    pub why: Vec<Reason>,
    /// The `rev` of the store record that `decide` saw.
    #[serde(default)]
    pub store_rev: u64,
    /// The number of the plan it was decided under.
    #[serde(default)]
    pub plan: u64,
    /// The customer's message before this one: with it an erasure finds them all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<MessageId>,
    /// The order that redeemed its code, the latest where it may be used more than once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redeemed_by: Option<String>,
    /// When SES first told that it was opened. Mail programs open mails by themselves: it says little.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "jiff::fmt::serde::timestamp::second::optional")]
    pub opened: Option<Timestamp>,
    /// When SES first told that a link in it was followed.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "jiff::fmt::serde::timestamp::second::optional")]
    pub clicked: Option<Timestamp>,
}

/// What a reader did with a letter, as far as SES can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// It was opened.
    Opened,
    /// A link in it was followed.
    Clicked,
}

impl Seen {
    /// The attribute of [`Message`] that keeps the first time.
    pub fn attribute(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Clicked => "clicked",
        }
    }
}

/// The offer of a message, as it was granted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Granted {
    /// Its key in the program.
    pub name: String,
    /// What it gives.
    pub gives: Gives,
    /// The code; a held-out customer gets none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// The one deadline.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub expires_at: Timestamp,
    /// The least an order must come to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_order: Option<Money>,
    /// How many orders may use the code.
    #[serde(default = "once", skip_serializing_if = "is_once")]
    pub uses: u32,
}

fn once() -> u32 {
    1
}

fn is_once(uses: &u32) -> bool {
    *uses == once()
}

/// How far a message came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Being prepared, or on its way to SES.
    Claimed,
    /// Past the fence (told by the customer's record; the ledger says claimed until it is settled).
    Sending,
    /// SES answered with an error: definitely not sent.
    Refused,
    /// Called off before it left.
    Stopped,
    /// Held out: never mailed.
    Held,
    /// SES gave no answer.
    Unknown,
    /// SES took it.
    Sent,
    /// The mailbox took it.
    Delivered,
    /// The mailbox refused it.
    Bounced,
    /// It was marked as spam.
    Complained,
}

impl State {
    /// All of them, the lowest first.
    pub const ALL: [Self; 10] = [
        Self::Claimed,
        Self::Sending,
        Self::Refused,
        Self::Stopped,
        Self::Held,
        Self::Unknown,
        Self::Sent,
        Self::Delivered,
        Self::Bounced,
        Self::Complained,
    ];
    /// SES has it, as far as anybody can know: its code may be in somebody's hands.
    pub const MAILED: [Self; 5] = [Self::Unknown, Self::Sent, Self::Delivered, Self::Bounced, Self::Complained];

    /// Whether it is one of [`Self::MAILED`].
    pub fn was_mailed(self) -> bool {
        Self::MAILED.contains(&self)
    }

    /// SES certainly has it.
    pub fn was_sent(self) -> bool {
        self >= Self::Sent
    }

    /// The word in tables and outputs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Claimed => "claimed",
            Self::Sending => "sending",
            Self::Refused => "refused",
            Self::Stopped => "stopped",
            Self::Held => "held",
            Self::Unknown => "unknown",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Bounced => "bounced",
            Self::Complained => "complained",
        }
    }
}

impl Message {
    /// What can be said of a message that was called off before anybody wrote it down.
    pub fn called_off(customer: CustomerId, open: &Open, at: Timestamp, why: Vec<Reason>) -> Self {
        Self {
            id: open.message,
            customer,
            program: open.program.clone(),
            episode: open.episode,
            round: open.round,
            step: open.step,
            mail: String::new(),
            state: State::Stopped,
            claim: open.claim,
            day: open.day,
            at,
            subject: String::new(),
            offer: None,
            why,
            store_rev: 0,
            plan: 0,
            previous: open.previous,
            redeemed_by: None,
            opened: None,
            clicked: None,
        }
    }

    /// Takes out everything personal; what remains counts.
    pub fn scrubbed(self) -> Self {
        Self { subject: String::new(), why: Vec::new(), redeemed_by: None, opened: None, clicked: None, ..self }
    }
}
