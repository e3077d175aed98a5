//! Two lives of one customer that parted at the backup: what must hold of the record that knows of both, whatever happened.

use std::collections::BTreeSet;

use jiff::Timestamp;
use proptest::prelude::*;

use super::{at, euros, hours};
use crate::carry::{customer, in_doubt};
use crate::customer::{Brief, Customer, End, OpenState};
use crate::decide::tests::{anna, plan, quick_plan, store};
use crate::decide::{Action, decide};
use crate::event::{Event, PlacedOrder, Profile, What, Who};
use crate::gap::Gap;
use crate::ids::MessageId;
use crate::learn::learn;
use crate::money::Money;
use crate::order::Order;
use crate::plan::Plan;
use crate::protocol::{Claim, Form, Look, claim, close, look_again};
use crate::store::Store;

/// Something that happens.
#[derive(Clone, Copy, Debug)]
pub(super) enum Happens {
    Order,
    No,
    Yes,
    Box(bool),
    Bounce,
    Moved,
    Complaint,
    MadeGood,
    Erased,
    There,
    /// A claim whose worker dies before the fence, or after it.
    Dies(bool),
}

pub(super) fn what(happens: Happens, now: Timestamp) -> What {
    let profile = |yes| Profile { marketing_consent: Some(yes), ..Profile::default() };
    let order = |yes| {
        let total = Money { minor: 4_500, currency: euros() };
        let order = PlacedOrder { order_id: now.to_string(), placed_at: now, total, discount_codes: Vec::new() };
        What::OrderPlaced { order, profile: profile(yes) }
    };
    match happens {
        Happens::Order | Happens::Dies(_) => order(true),
        Happens::Box(yes) => order(yes),
        Happens::No => What::Unsubscribed,
        Happens::Yes => What::CustomerUpdated { profile: profile(true) },
        Happens::Bounce => What::Bounced,
        Happens::Moved => What::EmailChanged { new_email: "anna@new.example".parse().unwrap() },
        Happens::Complaint => What::ComplaintOpened,
        Happens::MadeGood => What::ComplaintResolved,
        Happens::Erased => What::Erased,
        Happens::There => What::ActivityRecorded { kind: String::new() },
    }
}

/// Somebody's life, and what they were mailed in it.
#[derive(Clone, Debug)]
pub(super) struct Life {
    pub customer: Customer,
    pub mailed: BTreeSet<MessageId>,
    pub now: Timestamp,
}

impl Life {
    fn new() -> Self {
        Self { customer: anna(), mailed: BTreeSet::new(), now: at("2026-01-12T08:00:00Z") }
    }

    /// Looks as they are due, each as late as `late` hours, up to a moment.
    pub fn mails_until(&mut self, until: Timestamp, store: &Store, plan: &Plan, late: i64) {
        for _ in 0..500 {
            let decision = decide(&self.customer, store, plan, self.now);
            let look = Look { store, plan, now: self.now };
            match decision.action {
                Action::Claim(draft) => {
                    let with = Claim { form: Form::Short, code: None, lot: None, plan: 1, owner: "o", now: self.now };
                    let claimed = claim(&self.customer, &draft, with);
                    self.mailed.insert(draft.message);
                    let end = if draft.step % 2 == 0 { End::Sent } else { End::Unknown };
                    self.customer = close(&claimed, end, self.now, look);
                }
                Action::Expire => self.customer = close(&self.customer, End::Unknown, self.now, look),
                Action::CallOff(how) => {
                    let begun = crate::protocol::begin_call_off(&self.customer, how);
                    self.customer = crate::protocol::finish_call_off(&begun, how, look);
                }
                Action::Wait => match decision.next_look {
                    Some(next) if hours(next, late) < until => self.now = hours(next, late).max(self.now),
                    _ => break,
                },
            }
        }
        self.now = self.now.max(until);
    }

    fn live(&mut self, story: &[(i64, Happens)], mails: bool) {
        for (wait, happens) in story {
            let then = hours(self.now, *wait);
            if mails {
                self.mails_until(then, &store(), &plan(), 0);
            }
            self.now = then;
            match happens {
                Happens::Dies(fenced) if mails => self.dies(*fenced),
                Happens::Dies(_) => {}
                _ => {
                    let email = self.customer.email().cloned().or("anna@example.com".parse().ok());
                    let what = what(*happens, self.now);
                    let event = Event { at: self.now, who: Who { email, ..Who::default() }, what };
                    let stop = self.customer.stop_rev;
                    self.customer = learn(self.customer.clone(), Order::default(), &event, euros()).0;
                    self.customer.rev += u64::from(self.customer.stop_rev != stop);
                }
            }
        }
    }

    /// The next letter is claimed by somebody who dies: past the fence it may have left.
    fn dies(&mut self, fenced: bool) {
        let Action::Claim(draft) = decide(&self.customer, &store(), &plan(), self.now).action else { return };
        let form = if fenced { Form::Short } else { Form::Long };
        let with = Claim { form, code: None, lot: None, plan: 1, owner: "o", now: self.now };
        self.customer = claim(&self.customer, &draft, with);
        if fenced {
            self.mailed.insert(draft.message);
        }
    }
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        4 => Just(Happens::Order),
        2 => Just(Happens::No),
        2 => Just(Happens::Yes),
        2 => any::<bool>().prop_map(Happens::Box),
        1 => Just(Happens::Bounce),
        1 => Just(Happens::Moved),
        1 => Just(Happens::Complaint),
        1 => Just(Happens::MadeGood),
        1 => Just(Happens::Erased),
        1 => Just(Happens::There),
        3 => any::<bool>().prop_map(Happens::Dies),
    ]
}

fn story(most: usize) -> impl Strategy<Value = Vec<(i64, Happens)>> {
    let wait = prop_oneof![1_i64..100, 1_000_i64..3_000, Just(2_208_i64)];
    prop::collection::vec((wait, happens()), 0..most)
}

/// What is mailed in two years in which nothing happens.
pub(super) fn still_to_come(customer: &Customer, now: Timestamp, store: &Store, plan: &Plan) -> BTreeSet<MessageId> {
    let mut life = Life { customer: customer.clone(), mailed: BTreeSet::new(), now };
    life.mails_until(hours(now, 24 * 730), store, plan, 0);
    life.mailed
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn what_was_mailed_or_forbidden_on_either_side_is_so_afterwards(
        before in story(6), then in story(6), meanwhile in story(3)
    ) {
        let mut base = Life::new();
        base.live(&before, true);
        let (mut old, mut restored) = (base.clone(), base);
        old.live(&then, true);
        restored.live(&meanwhile, false);
        let now = old.now.max(restored.now);
        let (mine, theirs) = (&restored.customer, &old.customer);
        let merged = customer(mine, theirs, now);

        // Carried twice it changes nothing.
        prop_assert_eq!(&customer(&merged, theirs, hours(now, 1)), &merged);
        // No number falls, and no refusal.
        prop_assert!(merged.rev >= mine.rev.max(theirs.rev) && merged.stop_rev >= mine.stop_rev.max(theirs.stop_rev));
        prop_assert!(merged.till || !(mine.till || theirs.till));
        let wish = [mine.erased, mine.forgotten, theirs.erased, theirs.forgotten].into_iter().max().flatten();
        prop_assert_eq!(merged.erased.max(merged.forgotten), wish);
        prop_assert!(merged.consent.refused >= mine.consent.refused.max(theirs.consent.refused).min(merged.consent.refused));
        if wish.is_none() {
            prop_assert!(merged.consent.refused >= mine.consent.refused.max(theirs.consent.refused));
        }
        // Who can not be mailed by either is not mailed.
        let said_yes_since = mine.consent.opted_in > theirs.consent.refused;
        let no = mine.refused() || mine.agreed().is_none() || mine.bounced() && wish.is_none()
            || theirs.refused() && !said_yes_since;
        let to_come = still_to_come(&merged, now, &store(), &plan());
        if no {
            prop_assert_eq!(&to_come.difference(&old.mailed).count(), &0, "{:?}", merged);
        }
        // What was mailed is never mailed again.
        let open = merged.open.as_ref().filter(|open| open.state == OpenState::Sending).map(|open| open.message);
        let again: Vec<_> = to_come.intersection(&old.mailed).filter(|id| Some(**id) != open).collect();
        prop_assert!(again.is_empty(), "{again:?} of {merged:#?}");
    }

    #[test]
    fn which_side_is_which_does_not_matter_to_what_only_moves_one_way(
        before in story(6), then in story(6), meanwhile in story(3)
    ) {
        let mut base = Life::new();
        base.live(&before, true);
        let (mut old, mut restored) = (base.clone(), base);
        old.live(&then, true);
        restored.live(&meanwhile, false);
        let now = old.now.max(restored.now);
        let one_way = |mine: &Life, theirs: &Life| {
            let merged = customer(&mine.customer, &theirs.customer, now);
            let steps = |journey: &crate::customer::Journey| {
                let briefs = journey.briefs.iter().map(|brief: &Brief| (brief.round, brief.step, brief.end as u8));
                (journey.episode, journey.held, journey.offers, briefs.collect::<BTreeSet<_>>())
            };
            let journeys: Vec<_> = merged.journeys.values().map(steps).collect();
            let numbers = (merged.rev, merged.stop_rev, merged.till, merged.mailed.clone());
            let no = (merged.consent.refused, merged.complaint.opened, merged.erased, merged.forgotten);
            (journeys, numbers, no, merged.active_at, merged.orders.recent)
        };
        // What is on its way is settled by whoever looks next, and not by this.
        prop_assume!(old.customer.open.is_none() && restored.customer.open.is_none());
        prop_assert_eq!(one_way(&old, &restored), one_way(&restored, &old));
    }

    #[test]
    fn what_may_have_left_in_a_gap_is_never_mailed_after_it(
        before in story(5), then in 0_i64..3_000, orders in prop::collection::vec(1_i64..400, 0..4),
        long in 1_i64..900, late in 0_i64..72, quick in any::<bool>()
    ) {
        let plan = if quick { quick_plan() } else { plan() };
        let mut base = Life::new();
        base.live(&before, true);
        base.mails_until(hours(base.now, then), &store(), &plan, 0);
        let from = base.now;
        let until = hours(from, long);
        // What really happened: nobody remembers.
        let mut lost = base.clone();
        let mut bought = Vec::new();
        for wait in orders {
            let now = hours(lost.now, wait);
            if now >= until {
                break;
            }
            lost.mails_until(now, &store(), &plan, late);
            bought.push(now);
            lost.customer = buys(&lost.customer, now);
        }
        lost.mails_until(until, &store(), &plan, late);
        let gap = Gap::of(&store(), &plan, from, until, until);
        let gapped = Store { gaps: vec![gap], ..store() };
        let look = Look { store: &gapped, plan: &plan, now: until };
        let mut restored = look_again(in_doubt(&base.customer, until), look);
        // The orders are told again, one after the other.
        for now in bought {
            restored = buys(&restored, now);
        }
        let to_come = still_to_come(&restored, until, &gapped, &plan);
        let again: Vec<_> = to_come.intersection(&lost.mailed).collect();
        prop_assert!(again.is_empty(), "{again:?}");
    }
}

pub(super) fn buys(customer: &Customer, now: Timestamp) -> Customer {
    let email = customer.email().cloned().or("anna@example.com".parse().ok());
    let event = Event { at: now, who: Who { email, ..Who::default() }, what: what(Happens::Order, now) };
    let mut next = learn(customer.clone(), Order::default(), &event, euros()).0;
    next.rev += 1;
    next
}
