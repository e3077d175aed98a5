//! What happened: a whole ledger told as figures, and as one line per message. Every figure can be recounted from the
//! lines and the orders.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::customer::{Customer, OpenState};
use crate::decide::decide;
use crate::figures::tenths;
use crate::ids::{CustomerId, MessageId};
use crate::message::{Message, State};
use crate::order::Order;
use crate::plan::Plan;
use crate::redeem::Coupon;
use crate::store::Store;
use crate::time::{day_of, days_later};
use crate::why::Reason;

/// Everything that is known of a store at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Ledger<'a> {
    /// Its customers, tombstones among them.
    pub customers: &'a [Customer],
    /// Names of customers that lead to another record since a merge: orders and messages may still carry the old one.
    pub aliases: &'a BTreeMap<CustomerId, CustomerId>,
    /// Its orders by the store's ids, stubs among them.
    pub orders: &'a [(String, Order)],
    /// Its messages.
    pub messages: &'a [Message],
    /// Its codes.
    pub coupons: &'a [Coupon],
    /// Its state.
    pub store: &'a Store,
    /// Its plan.
    pub plan: &'a Plan,
    /// The moment.
    pub now: Timestamp,
}

impl Ledger<'_> {
    /// The record that a name leads to today.
    pub fn who(&self, named: CustomerId) -> CustomerId {
        let mut who = named;
        // A merge may follow a merge; a ring of them there cannot be.
        for _ in 0..self.aliases.len() {
            let Some(of) = self.aliases.get(&who) else { break };
            who = *of;
        }
        who
    }
}

/// The figures of a store at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Customers who are known and were not erased.
    pub customers: u64,
    /// Orders that were placed, whatever became of them. The same order told twice is one.
    pub orders: u64,
    /// Messages of any state: `held` ones were decided and never mailed.
    pub messages: u64,
    /// Messages by step and state. A step is its round, its place in it and its letter, counted from 1:
    /// `1.2 last-day`. Where the plan has several programs, the program's name and a colon stand before it.
    pub by_step: BTreeMap<String, BTreeMap<&'static str, u64>>,
    /// Customers who lapsed: they have a message of any state, or their silence is long enough for a program that
    /// means them and they only wait for their letter's time. Who never agreed to mail is not among them.
    pub lapsed: u64,
    /// Lapsed customers with a `held` message: held out, never mailed.
    pub holdout: u64,
    /// Uses of codes. A code that two orders used counts twice, an order that used it again counts once.
    pub redemptions: u64,
    /// The same by offer, and how many of them, and which share, somebody else used than whom they were mailed to.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub by_offer: BTreeMap<String, Uses>,
    /// Episodes (silences of a customer in a program) that were mailed and ended with a return: an order that was not
    /// undone, placed after a mail of the episode and no more days after the latest mail before it than the program's
    /// `counts_as_return` says. Each episode counts once. A return is not yet a return *because* of the mail.
    pub returns: u64,
}

/// What became of the codes of one offer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Uses {
    /// Uses.
    pub redeemed: u64,
    /// Of them by somebody else: the code is passed on, or lies where everybody finds it.
    pub by_others: u64,
    /// Their share of the uses, in tenths of a percent: the leak ratio.
    pub leaked_tenths: u64,
    /// Orders that a store let have a code whose uses were used up.
    pub conflicts: u64,
}

/// Episodes of those who were written to, beside those who were held out: the same customers but for a draw.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// At least one message left.
    pub mailed: Group,
    /// Held out: the messages were decided and kept.
    pub held: Group,
}

/// With fewer episodes held out, the difference between the two groups says little yet.
const ENOUGH_HELD: u64 = 100;

impl Comparison {
    /// Whether so few were held out that the difference says little yet.
    pub fn says_little(self) -> bool {
        self.held.episodes < ENOUGH_HELD
    }
}

impl Group {
    /// The share that returned, in tenths of a percent.
    pub fn tenths(self) -> u64 {
        tenths(self.returned, self.episodes)
    }
}

/// Episodes of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// How many.
    pub episodes: u64,
    /// How many of them ended with a return, as [`Summary::returns`] counts them.
    pub returned: u64,
}

/// One message as a line of `messages.jsonl`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line<'a> {
    /// When it was claimed, which is when it was mailed, if it was. UTC, whole seconds.
    pub at: Timestamp,
    /// To whom; nothing once they are erased.
    pub email: Option<&'a str>,
    /// To whom, by our id.
    pub customer: CustomerId,
    /// The program's name.
    pub program: &'a str,
    /// Counted from 1.
    pub round: u32,
    /// Counted from 1, within its round.
    pub step: u32,
    /// The moment the silence is counted from.
    pub episode: Timestamp,
    /// Which.
    pub message_id: MessageId,
    /// Its subject line.
    pub subject: &'a str,
    /// What it offers.
    pub offer: Option<LineOffer<'a>>,
    /// How far it came.
    pub state: &'static str,
    /// Why, a sentence each.
    pub why: Vec<String>,
}

/// The offer of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LineOffer<'a> {
    /// amount_off, percent_off, credit, free_shipping or thing.
    pub kind: &'static str,
    /// `10.00 EUR`, `15 %`, or the thing's name.
    pub value: String,
    /// The code; a held-out customer got none.
    pub code: Option<&'a str>,
    /// The one deadline.
    pub expires_at: Timestamp,
}

/// Counts.
pub fn summary(ledger: &Ledger<'_>) -> Summary {
    let written: BTreeSet<CustomerId> = ledger.messages.iter().map(|message| ledger.who(message.customer)).collect();
    let held = ledger.messages.iter().filter(|message| message.state == State::Held);
    let held: BTreeSet<CustomerId> = held.map(|message| ledger.who(message.customer)).collect();
    let mut by_step: BTreeMap<String, BTreeMap<&'static str, u64>> = BTreeMap::new();
    let states = Sending::of(ledger.customers);
    for message in ledger.messages {
        let step = by_step.entry(step_of(message, ledger.plan)).or_default();
        *step.entry(states.word(message)).or_default() += 1;
    }
    let waits = |customer: &&Customer| {
        let decision = decide(customer, ledger.store, ledger.plan, ledger.now);
        decision.why.iter().any(|reason| matches!(reason, Reason::Lapsed { .. }))
    };
    let others = ledger.customers.iter().filter(|customer| !written.contains(&customer.id));
    Summary {
        customers: count(ledger.customers.iter().filter(|customer| customer.erased.is_none())),
        orders: count(ledger.orders.iter().filter(|(_, order)| order.placed.is_some())),
        messages: count(ledger.messages.iter()),
        by_step,
        lapsed: count(written.iter()) + count(others.filter(waits)),
        holdout: count(held.iter()),
        redemptions: ledger.coupons.iter().map(|coupon| count(coupon.redeemed.iter())).sum(),
        by_offer: by_offer(ledger),
        returns: comparison(ledger).mailed.returned,
    }
}

/// The uses of codes, by the offer that their messages made.
fn by_offer(ledger: &Ledger<'_>) -> BTreeMap<String, Uses> {
    let offers: BTreeMap<MessageId, &str> = ledger
        .messages
        .iter()
        .filter_map(|message| Some((message.id, message.offer.as_ref()?.name.as_str())))
        .collect();
    let mut found: BTreeMap<String, Uses> = BTreeMap::new();
    for coupon in ledger.coupons.iter().filter(|coupon| !coupon.redeemed.is_empty()) {
        let uses = found.entry(offers.get(&coupon.message).copied().unwrap_or_default().to_owned()).or_default();
        uses.redeemed += count(coupon.redeemed.iter());
        uses.by_others += count(coupon.redeemed.iter().filter(|used| used.by_other));
        uses.leaked_tenths = tenths(uses.by_others, uses.redeemed);
        uses.conflicts += count(coupon.conflicts.iter());
    }
    found
}

/// Compares who came back with a letter and who without.
pub fn comparison(ledger: &Ledger<'_>) -> Comparison {
    let mut orders: BTreeMap<CustomerId, Vec<Timestamp>> = BTreeMap::new();
    for (_, order) in ledger.orders.iter().filter(|(_, order)| !order.undone()) {
        if let (Some(customer), Some(version)) = (order.customer, &order.placed) {
            orders.entry(ledger.who(customer)).or_default().push(version.order.placed_at);
        }
    }
    let mut episodes: BTreeMap<(CustomerId, &str, Timestamp), Vec<&Message>> = BTreeMap::new();
    for message in ledger.messages {
        episodes.entry((ledger.who(message.customer), &message.program, message.episode)).or_default().push(message);
    }
    let mut found = Comparison::default();
    for ((customer, program, _), messages) in episodes {
        let moments = |wanted: fn(State) -> bool| -> Vec<Timestamp> {
            messages.iter().filter(|message| wanted(message.state)).map(|message| message.at).collect()
        };
        let mailed = moments(State::was_mailed);
        let (group, moments) = match mailed.is_empty() {
            false => (&mut found.mailed, mailed),
            true => (&mut found.held, moments(|state| state == State::Held)),
        };
        if moments.is_empty() {
            continue;
        }
        let window = ledger.plan.program(program);
        let window = window.map_or_else(Default::default, |known| known.afterwards).return_window_days;
        let placed = orders.get(&customer).map_or(&[][..], Vec::as_slice);
        let zone = &ledger.plan.shop.time_zone;
        let came_back = placed.iter().any(|placed| {
            let latest = moments.iter().filter(|mailed| *mailed < placed).max();
            latest.is_some_and(|latest| *placed <= days_later(*latest, window, zone))
        });
        group.episodes += 1;
        group.returned += u64::from(came_back);
    }
    found
}

/// One day of a store, in its zone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Day {
    /// Mails that left.
    pub mailed: u64,
    /// Messages that were held.
    pub held: u64,
    /// Orders that were placed, whatever became of them.
    pub orders: u64,
    /// Uses of codes.
    pub redeemed: u64,
}

/// What happened on which day. Days on which nothing did are left out.
pub fn days(ledger: &Ledger<'_>) -> BTreeMap<Date, Day> {
    let mut found: BTreeMap<Date, Day> = BTreeMap::new();
    let on = |at: Timestamp| day_of(at, &ledger.plan.shop.time_zone);
    for message in ledger.messages {
        let day = found.entry(on(message.at)).or_default();
        day.mailed += u64::from(message.state.was_mailed());
        day.held += u64::from(message.state == State::Held);
    }
    for placed in ledger.orders.iter().filter_map(|(_, order)| order.placed.as_ref()) {
        found.entry(on(placed.order.placed_at)).or_default().orders += 1;
    }
    for used in ledger.coupons.iter().flat_map(|coupon| &coupon.redeemed) {
        found.entry(on(used.at)).or_default().redeemed += 1;
    }
    found
}

/// The messages as lines, sorted by time, address and id: the same ledger gives the same lines.
pub fn lines<'a>(ledger: &Ledger<'a>) -> impl Iterator<Item = Line<'a>> {
    let emails: BTreeMap<CustomerId, &str> =
        ledger.customers.iter().filter_map(|customer| Some((customer.id, customer.email()?.as_str()))).collect();
    let states = Sending::of(ledger.customers);
    let mut sorted: Vec<(Option<&str>, &Message)> =
        ledger.messages.iter().map(|message| (emails.get(&ledger.who(message.customer)).copied(), message)).collect();
    sorted.sort_by_key(|(email, message)| (message.at, *email, message.id));
    sorted.into_iter().map(move |(email, message)| Line {
        at: message.at,
        email,
        customer: message.customer,
        program: &message.program,
        round: message.round + 1,
        step: message.step + 1,
        episode: message.episode,
        message_id: message.id,
        subject: &message.subject,
        offer: message.offer.as_ref().map(|offer| LineOffer {
            kind: offer.gives.kind(),
            value: offer.gives.value(),
            code: offer.code.as_ref().map(|code| code.as_str()),
            expires_at: offer.expires_at,
        }),
        state: states.word(message),
        why: message.why.iter().map(Reason::to_string).collect(),
    })
}

/// The name of a message's step among the figures.
fn step_of(message: &Message, plan: &Plan) -> String {
    let step = format!("{}.{} {}", message.round + 1, message.step + 1, message.mail);
    let step = step.trim_end();
    if plan.programs.len() > 1 { format!("{}: {step}", message.program) } else { step.to_owned() }
}

/// The messages that are past the fence and not settled: only their customers know.
struct Sending(BTreeSet<MessageId>);

impl Sending {
    fn of(customers: &[Customer]) -> Self {
        let open = customers.iter().filter_map(|customer| customer.open.as_ref());
        Self(open.filter(|open| open.state == OpenState::Sending).map(|open| open.message).collect())
    }

    fn word(&self, message: &Message) -> &'static str {
        let sending = message.state == State::Claimed && self.0.contains(&message.id);
        if sending { State::Sending.word() } else { message.state.word() }
    }
}

fn count<T>(things: impl Iterator<Item = T>) -> u64 {
    things.map(|_| 1).sum()
}

#[cfg(test)]
mod tests;
