use proptest::prelude::*;

use super::*;
use crate::customer::Complaint;
use crate::event::Who;
use crate::ids::{CustomerId, StoreId};
use crate::keys::Key;
use crate::money::Money;

fn euros() -> Currency {
    Currency::parse("EUR").unwrap()
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

fn anna() -> Customer {
    let store = StoreId::try_from("books".to_owned()).unwrap();
    Customer::new(CustomerId::of_store_id(&Key::new(b"k".to_vec()), &store, "anna"), at(0))
}

fn event(second: i64, what: What) -> Event {
    let email = Some("anna@example.com".parse().unwrap());
    Event { at: at(second), who: Who { email, ..Who::default() }, what }
}

fn order(id: &str, placed: i64, cents: i64) -> What {
    let total = Money { minor: cents, currency: euros() };
    let order = PlacedOrder { order_id: id.to_owned(), placed_at: at(placed), total, discount_codes: vec![] };
    What::OrderPlaced { order, profile: Profile::default() }
}

/// Learns a list of events, orders kept by id as the ledger would.
fn learned(events: &[Event]) -> Customer {
    let mut orders = std::collections::BTreeMap::<String, Order>::new();
    let mut customer = anna();
    for event in events {
        let mut none = Order::default();
        let order = event.what.order_id().map_or(&mut none, |id| orders.entry(id.to_owned()).or_default());
        (customer, *order) = learn(customer, order.clone(), event, euros());
    }
    customer
}

#[test]
fn an_order_counts_once_and_in_its_latest_state() {
    let customer =
        learned(&[event(1, order("A", 1, 4_500)), event(1, order("A", 1, 4_500)), event(5, order("A", 1, 4_000))]);
    assert_eq!((customer.orders.count, customer.orders.spent), (1, 4_000));
    assert_eq!(customer.orders.recent, [at(1)]);
}

#[test]
fn a_refund_before_its_order_is_the_same_as_after() {
    let refund = |cents| What::OrderRefunded {
        order_id: "A".into(),
        refunded: Money { minor: cents, currency: euros() },
        part: None,
    };
    let before = learned(&[event(9, refund(1_500)), event(1, order("A", 1, 4_500))]);
    let after = learned(&[event(1, order("A", 1, 4_500)), event(9, refund(1_500)), event(8, refund(500))]);
    assert_eq!(before.orders, after.orders);
    assert_eq!(before.orders.spent, 3_000);
    let whole = learned(&[event(1, order("A", 1, 4_500)), event(9, refund(4_500))]);
    assert_eq!((whole.orders.count, whole.orders.spent), (0, 0));
    assert_eq!(whole.orders.last(), Some(at(1)), "they were there all the same");
}

#[test]
fn orders_in_another_currency_count_for_time_not_for_money() {
    let total = Money { minor: 9_900, currency: Currency::parse("USD").unwrap() };
    let placed = PlacedOrder { order_id: "A".into(), placed_at: at(1), total, discount_codes: vec![] };
    let customer = learned(&[event(1, What::OrderPlaced { order: placed, profile: Profile::default() })]);
    assert_eq!((customer.orders.count, customer.orders.spent, customer.orders.last()), (1, 0, Some(at(1))));
}

#[test]
fn the_latest_word_on_mail_keeps_its_time_and_its_place_in_whatever_order_it_comes() {
    let said = |yes| Profile { marketing_consent: Some(yes), ..Profile::default() };
    let at_checkout = |second, yes| match order("A", second, 4_500) {
        What::OrderPlaced { order, .. } => event(second, What::OrderPlaced { order, profile: said(yes) }),
        _ => unreachable!("an order"),
    };
    let in_account = |second, yes| event(second, What::CustomerUpdated { profile: said(yes) });
    let told = [at_checkout(1, true), in_account(5, true), event(9, What::LeadCreated { profile: said(false) })];
    let latest = |events: &[Event]| learned(events).consent.latest.map(|word| (word.is, word.at, word.source));
    let by_form = Some((false, at(9), Some(Source::Form)));
    assert_eq!(latest(&told[..2]), Some((true, at(5), Some(Source::Account))));
    assert_eq!(latest(&told), by_form);
    let [first, second, third] = told;
    assert_eq!(latest(&[third, first, second]), by_form);
    // Said in two places at once: the stricter word, and one place whichever came first.
    let both = [at_checkout(3, true), in_account(3, true)];
    assert_eq!(latest(&both), latest(&[both[1].clone(), both[0].clone()]));
    assert_eq!(latest(&[event(3, What::MarkedSpam), both[0].clone()]), Some((false, at(3), Some(Source::Spam))));
}

#[test]
fn our_own_no_yields_only_to_an_explicit_later_yes() {
    let checkbox = |second, yes| {
        let What::OrderPlaced { order, .. } = order("A", second, 100) else { unreachable!() };
        event(
            second,
            What::OrderPlaced { order, profile: Profile { marketing_consent: Some(yes), ..Profile::default() } },
        )
    };
    let form = |second| {
        event(
            second,
            What::CustomerUpdated { profile: Profile { marketing_consent: Some(true), ..Profile::default() } },
        )
    };
    let unsubscribed = event(5, What::Unsubscribed);
    assert!(learned(&[checkbox(1, true)]).agreed().is_some());
    assert!(learned(&[checkbox(1, true), unsubscribed.clone(), checkbox(9, true)]).agreed().is_none());
    assert!(learned(&[unsubscribed.clone(), checkbox(7, false), checkbox(9, true)]).agreed().is_none());
    assert!(learned(&[unsubscribed.clone(), form(4)]).agreed().is_none(), "the yes was before");
    assert!(learned(&[unsubscribed.clone(), form(5)]).agreed().is_none(), "of two at once the stricter");
    assert!(learned(&[unsubscribed, form(6)]).agreed().is_some());
}

#[test]
fn a_bounce_holds_for_its_address_only() {
    let moved = event(9, What::EmailChanged { new_email: "anna@new.example".parse().unwrap() });
    assert!(learned(&[event(1, order("A", 1, 100)), event(5, What::Bounced)]).bounced());
    assert!(!learned(&[event(1, order("A", 1, 100)), event(5, What::Bounced), moved]).bounced());
    let again = event(9, order("B", 9, 100));
    assert!(
        learned(&[event(1, order("A", 1, 100)), event(5, What::Bounced), again]).bounced(),
        "the same address again"
    );
}

#[test]
fn an_old_address_that_only_names_somebody_is_not_written_to_again() {
    let moved = event(5, What::EmailChanged { new_email: "anna@new.example".parse().unwrap() });
    let by_old_address = event(9, What::ComplaintOpened);
    for events in [[&moved, &by_old_address], [&by_old_address, &moved]] {
        let customer = learned(&[event(1, order("A", 1, 100)), events[0].clone(), events[1].clone()]);
        assert_eq!(customer.email().unwrap().as_str(), "anna@new.example");
    }
    let named = learned(&[event(9, What::ComplaintOpened)]);
    assert_eq!(named.email().unwrap().as_str(), "anna@example.com", "better than none");
}

#[test]
fn ten_orders_on_one_day_are_a_tills() {
    let orders = |gap: i64| (0..10).map(|n| event(n * gap, order(&n.to_string(), n * gap, 100))).collect::<Vec<_>>();
    assert!(learned(&orders(3_600)).till);
    assert!(!learned(&orders(86_400)).till);
}

#[test]
fn what_was_erased_stays_erased() {
    let erased = learned(&[event(1, order("A", 1, 4_500)), event(5, What::Erased), event(2, order("B", 2, 900))]);
    assert_eq!(erased.erased, Some(at(5)));
    assert_eq!((erased.email(), &erased.orders, &erased.complaint), (None, &Default::default(), &Complaint::default()));
    assert!(erased.refused(), "the wish not to be mailed stays");
    let back = learned(&[event(5, What::Erased), event(9, order("C", 9, 900))]);
    assert_eq!((back.erased, back.orders.count), (None, 1));
    assert!(back.agreed().is_none());
    let resent = learned(&[event(5, What::Erased), event(9, order("C", 9, 900)), event(2, order("B", 2, 800))]);
    assert_eq!((resent.orders.count, resent.forgotten), (1, Some(at(5))), "what was before stays forgotten");
}

#[test]
fn a_no_to_an_old_letter_brings_nobody_back() {
    for no in [What::Unsubscribed, What::MarkedSpam, What::Bounced] {
        let events =
            [event(1, order("A", 1, 4_500)), event(5, What::Erased), event(9, no), event(2, order("B", 2, 900))];
        let customer = learned(&events);
        assert_eq!((customer.erased, customer.email(), customer.orders.count), (Some(at(5)), None, 0));
        assert!(customer.consent.bounced.is_none() && customer.refused());
    }
}

#[test]
fn everything_learned_makes_a_claimed_message_look_again() {
    let before = learned(&[event(1, order("A", 1, 4_500))]);
    let (same, _) = learn(before.clone(), Order::default(), &event(0, What::Referred), euros());
    assert_eq!(same.stop_rev, before.stop_rev + 1);
    let (again, _) = learn(same.clone(), Order::default(), &event(0, What::Referred), euros());
    assert_eq!(again, same, "the second time is nothing new");
}

fn anything() -> impl Strategy<Value = Event> {
    let what = prop_oneof![
        ("[A-D]", 0..50_i64, 0..5_000_i64).prop_map(|(id, placed, cents)| order(&id, placed, cents)),
        ("[A-D]", 0..5_000_i64, proptest::option::of("[a-c]")).prop_map(|(order_id, minor, part)| {
            What::OrderRefunded { order_id, refunded: Money { minor, currency: Currency::parse("EUR").unwrap() }, part }
        }),
        "[A-D]".prop_map(|order_id| What::OrderCancelled { order_id }),
        proptest::option::of(any::<bool>()).prop_map(|marketing_consent| What::CustomerUpdated {
            profile: Profile { marketing_consent, name: Some("Anna".into()), language: None }
        }),
        Just(What::Unsubscribed),
        Just(What::MarkedSpam),
        Just(What::Bounced),
        Just(What::Referred),
        Just(What::ComplaintOpened),
        Just(What::ComplaintResolved),
        Just(What::SubscriptionStarted),
        Just(What::SubscriptionEnded { reason: Some("too_expensive".into()) }),
        Just(What::ActivityRecorded { kind: "visit".into() }),
    ];
    (0..100_i64, what).prop_map(|(second, what)| event(second, what))
}

/// What must not depend on the order of events: all but counters of writes and the chain through the ledger.
fn facts(customer: Customer) -> Customer {
    Customer { rev: 0, stop_rev: 0, ledger_orders: vec![], ..customer }
}

proptest! {
    #[test]
    fn events_may_come_twice_late_and_in_any_order(
        events in proptest::collection::vec(anything(), 0..12),
        shuffled in any::<prop::sample::Index>(),
    ) {
        let once = facts(learned(&events));
        let twice: Vec<_> = events.iter().chain(&events).cloned().collect();
        prop_assert_eq!(&once, &facts(learned(&twice)));
        let mut turned = events.clone();
        if !turned.is_empty() {
            let middle = shuffled.index(turned.len());
            turned.rotate_left(middle);
            turned.reverse();
        }
        prop_assert_eq!(&once, &facts(learned(&turned)));
    }
}
