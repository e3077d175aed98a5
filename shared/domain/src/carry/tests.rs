//! What must hold of each kind of item, case by case.

mod lives;

use std::collections::BTreeSet;

use jiff::{Timestamp, ToSpan};

use self::lives::{Happens, Life, buys, still_to_come, what};
use super::*;
use crate::customer::{Customer, End, OpenState};
use crate::decide::tests::{anna, plan, quick_plan, store};
use crate::decide::{Action, decide, presume};
use crate::event::{Event, Who};
use crate::gap::Gap;
use crate::ids::MessageId;
use crate::learn::learn;
use crate::message::{Message, State};
use crate::money::{Currency, Money};
use crate::offer::Gives;
use crate::order::Order;
use crate::protocol::{Claim, Form, Look, claim, close, look_again};
use crate::redeem::{Coupon, Redemption};
use crate::store::{State as StoreState, Store};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn euros() -> Currency {
    Currency::parse("EUR").unwrap()
}

fn hours(from: Timestamp, hours: i64) -> Timestamp {
    from.saturating_add(hours.hours()).unwrap()
}

fn message(state: State, claim: u64) -> Message {
    let Action::Claim(draft) = decide(&anna(), &store(), &plan(), at("2026-04-14T06:00:00Z")).action else {
        panic!("a letter is due")
    };
    let with = Claim { form: Form::Long, code: None, lot: None, plan: 1, owner: "o", now: at("2026-04-14T06:00:00Z") };
    let open = claim_of(&anna(), &draft, with);
    let why = vec![crate::why::Reason::NoProgram];
    let bare = Message::called_off(anna().id, &open, at("2026-04-14T06:00:00Z"), why);
    Message { state, claim, subject: "Hello".to_owned(), ..bare }
}

fn claim_of(customer: &Customer, draft: &crate::decide::Draft, with: Claim<'_>) -> crate::customer::Open {
    claim(customer, draft, with).open.unwrap()
}

#[test]
fn a_message_that_was_mailed_under_either_claim_was_mailed() {
    for one in State::ALL {
        for other in State::ALL {
            for (a, b) in [(3, 3), (3, 7), (7, 3)] {
                let (mine, theirs) = (message(one, a), message(other, b));
                let merged = super::message(&mine, &theirs);
                assert_eq!(merged.state.was_mailed(), one.was_mailed() || other.was_mailed());
                assert_eq!(merged.claim, a.max(b));
                assert_eq!(super::message(&merged, &theirs), merged);
                assert_eq!(super::message(&theirs, &mine), merged);
            }
        }
    }
    let lost = as_far_as_known(&message(State::Claimed, 3), None);
    assert_eq!(lost.state, State::Unknown, "a claim that nobody has on their way may have been mailed");
    assert_eq!(as_far_as_known(&message(State::Refused, 3), None).state, State::Refused);
}

/// Anna with her first letter on its way, and which it is.
fn on_its_way(form: Form) -> (Customer, MessageId) {
    let now = at("2026-04-14T06:00:00Z");
    let Action::Claim(draft) = decide(&anna(), &store(), &plan(), now).action else { panic!("a letter is due") };
    let with = Claim { form, code: None, lot: None, plan: 1, owner: "o", now };
    (claim(&anna(), &draft, with), draft.message)
}

#[test]
fn a_letter_past_its_fence_on_one_side_is_past_it_afterwards() {
    let now = at("2026-04-14T07:00:00Z");
    let (sending, letter) = on_its_way(Form::Short);
    let (claimed, _) = on_its_way(Form::Long);
    for (mine, theirs) in [(&anna(), &sending), (&claimed, &sending), (&sending, &anna()), (&claimed, &anna())] {
        let merged = customer(mine, theirs, now);
        assert_eq!(merged.open.as_ref().map(|open| open.state), Some(OpenState::Sending), "{mine:?} {theirs:?}");
        assert!(!still_to_come(&merged, now, &store(), &plan()).contains(&letter));
    }
    // Where the other side is lost altogether, nobody knows of any claim how it went on.
    let doubted = in_doubt(&claimed, now);
    assert_eq!(doubted.open.as_ref().map(|open| open.state), Some(OpenState::Sending));
    assert!(!still_to_come(&doubted, now, &store(), &plan()).contains(&letter));
    // Nobody has passed the fence of a claim that both sides know.
    assert_eq!(customer(&claimed, &claimed, now), claimed);
    assert_eq!(customer(&anna(), &claimed, now).open, claimed.open);
    let settled = close(&sending, End::Sent, now, Look { store: &store(), plan: &plan(), now });
    assert_eq!(customer(&claimed, &settled, now).open, None, "the other side tells its end");
}

#[test]
fn a_letter_of_a_silence_that_is_heard_of_later_counts_as_sent_too() {
    let plan = quick_plan();
    let (from, until) = (at("2026-01-12T09:00:00Z"), at("2026-01-20T09:00:00Z"));
    let (second, look) = (at("2026-01-13T08:00:00Z"), at("2026-01-20T09:00:00Z"));
    let mut lost = Life { customer: buys(&anna(), second), mailed: BTreeSet::new(), now: second };
    lost.mails_until(until, &store(), &plan, 0);
    assert!(!lost.mailed.is_empty());
    let gapped = Store { gaps: vec![Gap::of(&store(), &plan, from, until, until)], ..store() };
    let restored = look_again(anna(), Look { store: &gapped, plan: &plan, now: look });
    let told = buys(&restored, second);
    let to_come = still_to_come(&told, look, &gapped, &plan);
    assert_eq!(to_come.intersection(&lost.mailed).count(), 0);
}

#[test]
fn the_ledger_alone_reminds_a_customer_of_their_letter() {
    let sent = message(State::Delivered, 9);
    let reminded = remember(&anna(), &sent);
    assert_eq!(remember(&reminded, &sent), reminded);
    assert_eq!((reminded.rev, reminded.mailed.as_slice()), (9, &[sent.at][..]));
    let to_come = still_to_come(&reminded, at("2026-04-14T06:01:00Z"), &store(), &plan());
    assert!(!to_come.contains(&sent.id) && !to_come.is_empty());
    assert_eq!(remember(&anna(), &message(State::Stopped, 9)).journeys, anna().journeys, "it may be claimed again");
}

#[test]
fn a_code_keeps_the_uses_of_both_and_lives_where_it_was_mailed() {
    let key = crate::keys::Key::new(b"k".to_vec());
    let (id, customer) = (message(State::Sent, 3).id, anna().id);
    let code = crate::ids::Code::of(&key, &store().id, id, 3);
    let dead = Coupon::dead(code.clone(), id, customer, at("2026-04-17T20:59:59Z"));
    let good = Coupon { dead: false, gives: Gives::PercentOff(15), uses: 2, ..dead.clone() };
    let total = Money { minor: 4_500, currency: euros() };
    let used = |order: &str, when| Redemption {
        order_id: order.to_owned(),
        at: at(when),
        total,
        discount: None,
        by_other: false,
    };
    let mine = good.with(used("A-1", "2026-04-15T10:00:00Z"));
    let theirs = good.with(used("A-2", "2026-04-16T10:00:00Z"));
    let both = coupon(&mine, &theirs, true);
    assert_eq!(both.redeemed.len(), 2);
    assert_eq!(coupon(&both, &theirs, true), both);
    assert_eq!(coupon(&mine, &theirs.scrubbed(), true).redeemed.len(), 2);
    assert_eq!(coupon(&mine, &mine.scrubbed(), true).redeemed[0].order_id, "", "what is forgotten stays so");
    assert!(coupon(&dead, &good, false).dead && coupon(&good, &dead, false).dead);
    let mailed = coupon(&dead, &good, true);
    assert_eq!((mailed.dead, &mailed.gives), (false, &good.gives), "it is in somebody's hands");
}

#[test]
fn an_order_is_counted_once_on_whichever_side_it_was_told() {
    let now = at("2026-03-01T08:00:00Z");
    let event = Event { at: now, who: Who::default(), what: what(Happens::Order, now) };
    let (old, placed) = learn(anna(), Order::default(), &event, euros());
    let merged = customer(&anna(), &old, now);
    assert_eq!((merged.orders.count, merged.orders.recent.len()), (1, 2), "the silence is over, the sum comes with it");
    let carried = order(&Order::default(), &placed);
    let counted = sums(&merged, &Order::default(), &carried, euros());
    assert_eq!((counted.orders.count, counted.orders.spent, counted.orders.recent.len()), (2, 9_000, 2));
    let cancelled = Order { cancelled: Some(now), ..placed.clone() };
    let after = order(&carried, &cancelled);
    assert!(order(&after, &placed).is_cancelled());
    assert_eq!(sums(&counted, &carried, &after, euros()).orders.count, 1);
}

#[test]
fn whoever_mailed_is_paused_and_whoever_never_did_is_not() {
    let rehearsing = Store { state: StoreState::Rehearsing, ..store() };
    assert_eq!(paused(&rehearsing), rehearsing);
    assert_eq!(paused(&store()).paused_because.as_deref(), Some(BECAUSE));
    assert_eq!(super::store(&rehearsing, &store()).state, StoreState::Paused);
    let mut importing = store();
    importing.begin_import("spring", "1");
    assert_eq!(paused(&importing).state, StoreState::Paused);
}

#[test]
fn a_letter_of_a_lost_day_counts_as_sent_and_the_next_round_says_so() {
    let (from, until) = (at("2026-04-13T12:00:00Z"), at("2026-04-15T12:00:00Z"));
    let gapped = Store { gaps: vec![Gap::of(&store(), &plan(), from, until, until)], ..store() };
    let presumed = presume(&anna(), &gapped, &plan()).unwrap();
    let journey = &presumed.journeys["We miss you"];
    assert_eq!((journey.briefs.len(), journey.briefs[0].end, journey.offers), (1, End::Unknown, 1));
    assert_eq!(presume(&presumed, &gapped, &plan()), None);
    assert_eq!(presumed.mailed, [at("2026-04-15T11:59:59Z")], "the cap counts it as late as it can have left");
    let decision = decide(&anna(), &gapped, &plan(), at("2026-05-14T06:00:00Z"));
    let Action::Claim(draft) = &decision.action else { panic!("{decision:?}") };
    assert_eq!((draft.round, draft.step), (1, 0));
    let told: Vec<String> = decision.why.iter().map(ToString::to_string).collect();
    let lost = "The records of 13 to 15 April 2026 were lost, so the letter of that time counts as sent.";
    assert!(told.iter().any(|why| why == lost), "{told:#?}");
}

#[test]
fn in_a_gap_of_one_day_whoever_had_to_wait_that_day_was_not_mailed() {
    let (from, until) = (at("2026-04-14T06:00:00Z"), at("2026-04-14T06:05:00Z"));
    let day = jiff::civil::date(2026, 4, 14);
    let ranking = crate::store::Ranking { from: day, lowest: vec![(1_000_000, 0)], promised: Vec::new() };
    let limited = Store { ranking: Some(ranking), ..store() };
    let gapped = Store { gaps: vec![Gap::of(&limited, &plan(), from, until, until)], ..limited.clone() };
    assert_eq!(presume(&anna(), &gapped, &plan()), None);
    let longer = at("2026-04-15T06:05:00Z");
    let gapped = Store { gaps: vec![Gap::of(&limited, &plan(), from, longer, longer)], ..limited };
    assert!(presume(&anna(), &gapped, &plan()).is_some(), "a night lies in it, and with it another ranking");
}
