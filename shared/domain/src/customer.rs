//! What we know of one customer: at most a kilobyte, every fact a register that only moves one way, so that events
//! may come twice, late and out of order and the end is the same.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::consent::Consent;
use crate::ids::{Code, CustomerId, MessageId};
use crate::shop::Language;

/// One customer of one store.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Customer {
    /// Who.
    pub id: CustomerId,
    /// Plus one on every update; the condition of nearly every write.
    pub rev: u64,
    /// Plus one whenever we learn something: a message claimed before it must look again.
    pub stop_rev: u64,
    /// When to look at them next. Early is fine, late never; nothing: only an event can change anything.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "jiff::fmt::serde::timestamp::second::optional")]
    pub due: Option<Timestamp>,
    /// The number of the plan that said so.
    #[serde(default)]
    pub plan: u64,
    /// When we first heard of them.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub since: Timestamp,
    /// Name, language and address: the latest we heard.
    #[serde(default, skip_serializing_if = "is_default", with = "crate::packed")]
    pub contact: Contact,
    /// Whether mail is welcome.
    #[serde(default, skip_serializing_if = "is_default", with = "crate::packed")]
    pub consent: Consent,
    /// What they bought.
    #[serde(default, skip_serializing_if = "is_default", with = "crate::packed")]
    pub orders: Orders,
    /// The last time they were there without buying.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "jiff::fmt::serde::timestamp::second::optional")]
    pub active_at: Option<Timestamp>,
    /// Whether they are cross with the shop.
    #[serde(default, skip_serializing_if = "is_default", with = "crate::packed")]
    pub complaint: Complaint,
    /// The latest of their subscription.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "crate::packed")]
    pub subscription: Option<Subscription>,
    /// How many others they brought (one a moment: the same event twice counts once).
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "crate::time::seconds")]
    pub referred: Vec<Timestamp>,
    /// The address of a till, by the number of orders on one day. Once seen, it stays.
    #[serde(default, skip_serializing_if = "is_default")]
    pub till: bool,
    /// The message on its way, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<Open>,
    /// Where they stand in each program, by its name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", with = "crate::packed")]
    pub journeys: BTreeMap<String, Journey>,
    /// When they were last mailed, newest first, as many as the frequency cap can ask for.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "crate::time::seconds")]
    pub mailed: Vec<Timestamp>,
    /// Their latest message in the ledger; each names the one before. More than one only after a merge.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub letters: Vec<MessageId>,
    /// Messages whose claim lapsed, the latest first: whoever claims one again gives it its old place in the chain.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "crate::packed")]
    pub lapses: Vec<Lapse>,
    /// The order of theirs that the ledger learned of last; each names the one before. More than one only after a merge.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ledger_orders: Vec<String>,
    /// When they asked to be forgotten. All else is then empty but what keeps them from being mailed.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "jiff::fmt::serde::timestamp::second::optional")]
    pub erased: Option<Timestamp>,
    /// They came back after that: whatever happened up to this moment stays forgotten all the same.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "jiff::fmt::serde::timestamp::second::optional")]
    pub forgotten: Option<Timestamp>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// How to address somebody. Each part keeps the time it was said, and the latest holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Contact {
    /// Where to write.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Said<Address>>,
    /// What to call them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Said<String>>,
    /// What they read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<Said<Language>>,
}

/// A value and when it was said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Said<T> {
    /// The value.
    pub is: T,
    /// When.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub at: Timestamp,
}

/// Orders as sums, and the last dozen moments.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Orders {
    /// Orders that were neither cancelled nor wholly refunded.
    pub count: u32,
    /// What was paid and not refunded, in minor units of the shop's currency; foreign orders count for time only.
    pub spent: i64,
    /// When they were placed, newest first, a dozen at most. Cancelled ones too: the customer was there.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "crate::time::seconds")]
    pub recent: Vec<Timestamp>,
}

impl Orders {
    /// The last order placed, whatever became of it.
    pub fn last(&self) -> Option<Timestamp> {
        self.recent.first().copied()
    }
}

/// The latest complaint to the shop, and the latest time one was made good.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Complaint {
    /// Opened.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "jiff::fmt::serde::timestamp::second::optional")]
    pub opened: Option<Timestamp>,
    /// Made good.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "jiff::fmt::serde::timestamp::second::optional")]
    pub resolved: Option<Timestamp>,
}

impl Complaint {
    /// Opened and not made good since; at the same moment it counts as open.
    pub fn is_open(&self) -> bool {
        self.opened.is_some_and(|opened| self.resolved.is_none_or(|resolved| resolved <= opened))
    }
}

/// The latest word on a subscription.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Subscription {
    /// When it was said.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub at: Timestamp,
    /// Running, or ended.
    pub runs: bool,
    /// Why it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Where a customer stands in one program: the present episode, kept until the next one begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Journey {
    /// The moment the silence is counted from. It names the episode.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub episode: Timestamp,
    /// Held out for this whole episode: decided at its first claim.
    #[serde(default, skip_serializing_if = "is_default")]
    pub held: bool,
    /// Whom the messages of this episode are named after, where that is not the record it lies in: a merge brought it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub named_after: Option<CustomerId>,
    /// Offers granted by this program in all episodes.
    #[serde(default, skip_serializing_if = "is_default")]
    pub offers: u32,
    /// What became of each step, in the order it was settled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub briefs: Vec<Brief>,
}

/// What became of one step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Brief {
    /// Counted from 0.
    pub round: u32,
    /// Counted from 0.
    pub step: u32,
    /// The end of it.
    pub end: End,
    /// The day it was claimed for, in the shop's zone.
    pub day: Date,
    /// The deadline of what it offered.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "jiff::fmt::serde::timestamp::second::optional")]
    pub deadline: Option<Timestamp>,
}

/// How a step ended for the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum End {
    /// SES took it.
    Sent,
    /// SES gave no answer. It counts as sent for what comes next, and is never sent again.
    Unknown,
    /// It was called off before it left; its follow-ups with it.
    Stopped,
    /// Held out: it would have been sent.
    Held,
}

/// A message in the ledger whose claim lapsed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lapse {
    /// Which.
    pub message: MessageId,
    /// The customer's message before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<MessageId>,
}

/// The message on its way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Open {
    /// Where in the send protocol.
    pub state: OpenState,
    /// Which message.
    pub message: MessageId,
    /// Of which program.
    pub program: String,
    /// The episode it belongs to.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub episode: Timestamp,
    /// Counted from 0.
    pub round: u32,
    /// Counted from 0.
    pub step: u32,
    /// The claim's number: the customer's `rev` after it.
    pub claim: u64,
    /// The number of the plan it was claimed under.
    pub plan: u64,
    /// The day it may leave on, in the shop's zone.
    pub day: Date,
    /// Held out.
    #[serde(default, skip_serializing_if = "is_default")]
    pub held: bool,
    /// The deadline of what it offers.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "jiff::fmt::serde::timestamp::second::optional")]
    pub deadline: Option<Timestamp>,
    /// The key of the offer of its own (a follow-up only repeats one).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grants: Option<String>,
    /// The customer's message before this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<MessageId>,
    /// Its code, from the first claim to the end: derived once, so that a new key changes nothing half-way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<Code>,
    /// The stock lot it takes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lot: Option<u32>,
    /// The invocation that passed the fence. The one thing here that is not derived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// When the fence was passed.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "jiff::fmt::serde::timestamp::second::optional")]
    pub fenced: Option<Timestamp>,
    /// Its code cannot be had: it is not tried again before.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "jiff::fmt::serde::timestamp::second::optional")]
    pub code_after: Option<Timestamp>,
    /// SES will not take it for this recipient: it is to be stopped, not tried again.
    #[serde(default, skip_serializing_if = "is_default")]
    pub refused: bool,
}

/// Where in the send protocol an open message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OpenState {
    /// Somebody is preparing it.
    Claimed,
    /// It passed the fence; only its owner may hand it to SES.
    Sending,
    /// It is being called off for good.
    Stopping,
    /// Its day is over; it is being put back, to be claimed again on another.
    Lapsing,
}

impl Open {
    /// Whether this very fence was passed in the record that was found: its owner is a name that nobody else has.
    pub fn stands_in(&self, found: Option<Customer>) -> bool {
        let open = found.and_then(|customer| customer.open);
        open.is_some_and(|open| open.state == OpenState::Sending && open.owner == self.owner)
    }
}

impl Customer {
    /// Somebody we just heard of.
    pub fn new(id: CustomerId, since: Timestamp) -> Self {
        Self {
            id,
            rev: 0,
            stop_rev: 0,
            due: None,
            plan: 0,
            since,
            contact: Contact::default(),
            consent: Consent::default(),
            orders: Orders::default(),
            active_at: None,
            complaint: Complaint::default(),
            subscription: None,
            referred: Vec::new(),
            till: false,
            open: None,
            journeys: BTreeMap::new(),
            mailed: Vec::new(),
            letters: Vec::new(),
            lapses: Vec::new(),
            ledger_orders: Vec::new(),
            erased: None,
            forgotten: None,
        }
    }

    /// Whether what happened at this moment is forgotten: they asked for it later, even if they came back since.
    pub fn forgets(&self, at: Timestamp) -> bool {
        self.erased.is_some() || self.forgotten.is_some_and(|until| at <= until)
    }

    /// Where to write, if anywhere.
    pub fn email(&self) -> Option<&Address> {
        self.contact.email.as_ref().map(|said| &said.is)
    }

    /// Whether our own no stands.
    pub fn refused(&self) -> bool {
        self.consent.refused.is_some_and(|no| self.consent.opted_in.is_none_or(|yes| yes <= no))
    }

    /// Whether the present address bounced.
    pub fn bounced(&self) -> bool {
        self.consent.bounced.as_ref().is_some_and(|bounce| self.email() == Some(&bounce.is))
    }

    /// Whether they agreed to mail, and when they last said so.
    pub fn agreed(&self) -> Option<Timestamp> {
        let latest = self.consent.latest.as_ref().filter(|said| said.is)?;
        (!self.refused()).then_some(latest.at)
    }
}
