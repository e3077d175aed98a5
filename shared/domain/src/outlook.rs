//! What is to come, asked dry: nothing is done, and nothing that is answered here is a promise. The same `decide` that
//! sends is asked about later moments, as if nothing happened in between.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::customer::{Customer, Orders};
use crate::decide::{Action, Decision, Draft, decide};
use crate::event::Event;
use crate::ids::CustomerId;
use crate::learn::learn;
use crate::order::{Counts, Order};
use crate::plan::Plan;
use crate::store::{State, Store, Used};
use crate::time::{local, moment_in_words};
use crate::why::Reason;

/// What those have in common whose silence is long enough, whatever keeps their next letter.
pub const IN_A_ROUND: &str = "silent long enough, in a round of letters";
/// So many looks ahead are asked for; between two letters of a program there are fewer.
const LOOKS: usize = 12;

/// Where a customer stands and what comes next.
#[derive(Clone, Debug, PartialEq)]
pub struct Outlook {
    /// What is to be done now, as a sentence.
    pub says: String,
    /// Why, the most telling first.
    pub why: Vec<Reason>,
    /// When they are looked at again; nothing: only an event can change anything.
    pub next_look: Option<Timestamp>,
    /// The next letter, if nothing happens before.
    pub next: Option<Next>,
}

impl Outlook {
    /// What is to be done and what comes next, as sentences by the clocks of a zone.
    pub fn told(&self, now: Timestamp, zone: &TimeZone) -> String {
        let next = match &self.next {
            Some(next) if next.at > now => {
                let held = if next.letter.held { ", decided and kept: they are held out" } else { "" };
                let at = moment_in_words(local(next.at, zone));
                format!(" If nothing happens, {} is next, on {at}{held}.", next.letter.mail)
            }
            Some(_) => String::new(),
            None => " No letter is foreseen; only something that happens can change that.".to_owned(),
        };
        format!("{}{next}", self.says)
    }
}

/// A letter that is to come.
#[derive(Clone, Debug, PartialEq)]
pub struct Next {
    /// When it is claimed.
    pub at: Timestamp,
    /// The letter.
    pub letter: Draft,
}

/// Some customers' letters of one kind and one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// When.
    pub at: Timestamp,
    /// Of which program.
    pub program: String,
    /// The folder of the letter.
    pub mail: String,
    /// They are held out: the letters are decided and kept.
    pub held: bool,
    /// How many.
    pub customers: u64,
}

/// Asks about one customer.
pub fn outlook(customer: &Customer, store: &Store, plan: &Plan, now: Timestamp) -> Outlook {
    let Decision { action, why, next_look, .. } = decide(customer, store, plan, now);
    let next = next(customer, &unused(store), plan, now);
    Outlook { says: sentence(&action), why, next_look, next }
}

/// Asks about one customer as if something happened first. `known` is what the ledger holds of the event's order.
pub fn outlook_after(
    customer: &Customer,
    known: Order,
    event: &Event,
    store: &Store,
    plan: &Plan,
    now: Timestamp,
) -> Outlook {
    let (after, _) = learn(customer.clone(), known, event, plan.shop.currency);
    outlook(&after, store, plan, now)
}

/// Why a silence that ended went as it did: asked at its end, of a customer with the orders placed before it. What the
/// record keeps no history of, such as consent, is taken as it is known today.
pub fn why_silent(customer: &Customer, before: &[&Order], store: &Store, plan: &Plan, until: Timestamp) -> Vec<Reason> {
    let counts: Vec<Counts> = before.iter().map(|order| order.counts(plan.shop.currency)).collect();
    let mut recent: Vec<Timestamp> = counts.iter().filter_map(|counts| counts.at).collect();
    recent.sort_unstable_by(|a, b| b.cmp(a));
    let orders = Orders {
        count: counts.iter().map(|counts| counts.count).sum(),
        spent: counts.iter().map(|counts| counts.spent).sum(),
        recent,
    };
    let mut then = Customer { orders, open: None, ..customer.clone() };
    then.journeys.retain(|_, journey| journey.episode < until);
    decide(&then, &unused(store), plan, until).why
}

/// The letters that leave up to a moment if nothing happens before, by their moments. A day's allowance is not played
/// through: where more are due than may leave, the best go first and the others later.
pub fn expected(customers: &[Customer], store: &Store, plan: &Plan, now: Timestamp, until: Timestamp) -> Vec<Expected> {
    let store = unused(store);
    let soon = |customer: &&Customer| customer.due.is_some_and(|due| due <= until);
    let letters = customers.iter().filter(soon).filter_map(|customer| next(customer, &store, plan, now));
    let mut found: BTreeMap<(Timestamp, String, String, bool), u64> = BTreeMap::new();
    for Next { at, letter } in letters.filter(|next| next.at <= until) {
        *found.entry((at, letter.program, letter.mail, letter.held)).or_default() += 1;
    }
    let all = found.into_iter();
    all.map(|((at, program, mail, held), customers)| Expected { at, program, mail, held, customers }).collect()
}

/// Who would get which letter when, up to a moment, if the store were live now and nothing happened before: for a store that
/// does not mail yet. A day's allowance is not played through.
pub fn rehearsed(
    customers: &[Customer],
    store: &Store,
    plan: &Plan,
    now: Timestamp,
    until: Timestamp,
) -> Vec<(CustomerId, Next)> {
    let store = Store { state: State::Live, throttled_until: None, ..unused(store) };
    let letters = customers.iter().filter_map(|customer| Some((customer.id, next(customer, &store, plan, now)?)));
    let mut found: Vec<_> = letters.filter(|(_, next)| next.at <= until).collect();
    found.sort_by_key(|(id, next)| (next.at, *id));
    found
}

/// How many customers have which reason first when `decide` is asked now, the most frequent first. Who is forgotten is
/// not counted.
pub fn reasons(customers: &[Customer], store: &Store, plan: &Plan, now: Timestamp) -> Vec<(&'static str, u64)> {
    let mut found: BTreeMap<&'static str, u64> = BTreeMap::new();
    for customer in customers.iter().filter(|customer| customer.erased.is_none()) {
        let decision = decide(customer, store, plan, now);
        let lapsed = decision.why.iter().any(|reason| matches!(reason, Reason::Lapsed { .. }));
        let first = decision.why.first().filter(|_| !lapsed);
        *found.entry(first.map_or(IN_A_ROUND, Reason::group)).or_default() += 1;
    }
    let mut found: Vec<_> = found.into_iter().collect();
    found.sort_by_key(|(group, customers)| (std::cmp::Reverse(*customers), *group));
    found
}

/// What is to be done, as a sentence.
fn sentence(action: &Action) -> String {
    match action {
        Action::Wait => "Nothing is to be done.".to_owned(),
        Action::Claim(draft) if draft.held => format!("{} would be theirs, were they not held out.", draft.mail),
        Action::Claim(draft) => format!("{} is to be mailed.", draft.mail),
        Action::Expire => "A message without an answer is to be settled as unknown.".to_owned(),
        Action::CallOff(_) => "The message on its way is to be called off.".to_owned(),
    }
}

fn next(customer: &Customer, store: &Store, plan: &Plan, now: Timestamp) -> Option<Next> {
    let mut at = now;
    for _ in 0..LOOKS {
        let decision = decide(customer, store, plan, at);
        match decision.action {
            Action::Claim(letter) => return Some(Next { at, letter: *letter }),
            Action::Wait => at = decision.next_look.filter(|next| *next > at)?,
            Action::Expire | Action::CallOff(_) => return None,
        }
    }
    None
}

/// Another day begins with its whole allowance.
fn unused(store: &Store) -> Store {
    Store { used: Used { discounts_this_month: store.used.discounts_this_month, ..Used::default() }, ..store.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::tests::{anna, plan, store};
    use crate::event::{PlacedOrder, Profile, What, Who};
    use crate::money::Money;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn the_letter_to_come_is_foreseen_with_its_day() {
        let (anna, plan, store) = (anna(), plan(), store());
        let now = at("2026-02-01T10:00:00Z");
        let outlook = outlook(&anna, &store, &plan, now);
        assert_eq!(outlook.says, "Nothing is to be done.");
        let next = outlook.next.unwrap();
        assert!(next.at > now && next.letter.round == 0, "{next:?}");
        assert_eq!(decide(&anna, &store, &plan, next.at).action, Action::Claim(Box::new(next.letter.clone())));
        let expected = expected(&[Customer { due: Some(next.at), ..anna.clone() }], &store, &plan, now, next.at);
        assert_eq!(expected.len(), 1);
        assert_eq!((expected[0].at, expected[0].customers, &expected[0].mail), (next.at, 1, &next.letter.mail));
    }

    #[test]
    fn a_store_that_rehearses_is_asked_as_if_it_were_live() {
        let (anna, plan) = (anna(), plan());
        let rehearsing = Store { state: State::Rehearsing, ..store() };
        let now = at("2026-02-01T10:00:00Z");
        assert_eq!(outlook(&anna, &rehearsing, &plan, now).next, None);
        let next = outlook(&anna, &store(), &plan, now).next.unwrap();
        let until = next.at;
        assert_eq!(rehearsed(std::slice::from_ref(&anna), &rehearsing, &plan, now, until), [(anna.id, next)]);
        assert_eq!(rehearsed(&[anna], &rehearsing, &plan, now, now), []);
    }

    #[test]
    fn a_silence_that_ended_says_why_it_went_as_it_did() {
        let (plan, store) = (plan(), store());
        let order = |placed: &str| {
            let placed_at = at(placed);
            let total = Money { minor: 4_500, currency: plan.shop.currency };
            let order = PlacedOrder { order_id: placed.to_owned(), placed_at, total, discount_codes: Vec::new() };
            Order { placed: Some(crate::order::Version { said_at: placed_at, order }), ..Order::default() }
        };
        let (first, second) = (order("2026-01-12T08:00:00Z"), order("2026-03-01T08:00:00Z"));
        let why = |orders: &[&Order], until: &str| why_silent(&anna(), orders, &store, &plan, at(until));
        let short = why(&[&first], "2026-03-01T08:00:00Z");
        assert!(matches!(short[0], Reason::NotSilentLongEnough { days: 90, .. }), "{short:?}");
        let long = why(&[&first, &second], "2026-07-01T08:00:00Z");
        assert!(matches!(long[0], Reason::LastOrder { orders: 2, .. }), "{long:?}");
        assert!(matches!(why(&[], "2026-03-01T08:00:00Z")[0], Reason::NothingToCountFrom));
    }

    #[test]
    fn an_order_moves_the_letter_away_and_a_no_ends_it() {
        let (anna, plan, store) = (anna(), plan(), store());
        let now = at("2026-03-20T10:00:00Z");
        let before = outlook(&anna, &store, &plan, now).next.unwrap();
        let order = PlacedOrder {
            order_id: "A-9".to_owned(),
            placed_at: now,
            total: Money { minor: 4_500, currency: plan.shop.currency },
            discount_codes: Vec::new(),
        };
        let buys =
            Event { at: now, who: Who::default(), what: What::OrderPlaced { order, profile: Profile::default() } };
        let after = outlook_after(&anna, Order::default(), &buys, &store, &plan, now);
        assert!(after.next.unwrap().at > before.at);
        let no = Event { at: now, who: Who::default(), what: What::Unsubscribed };
        let after = outlook_after(&anna, Order::default(), &no, &store, &plan, now);
        assert_eq!((after.next, after.next_look), (None, None));
        let reasons = reasons(&[anna], &store, &plan, now);
        assert_eq!(reasons.iter().map(|(_, count)| count).sum::<u64>(), 1);
    }
}
