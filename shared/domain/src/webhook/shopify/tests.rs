//! What Shopify may send, bent in every way: read or refused, and never a panic.

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::event::Event;
use crate::time::whole_seconds;
use crate::webhook::mutants::mutants;

/// All that are read.
fn all() -> Vec<&'static str> {
    [&TOPICS[..], &COMPLIANCE[..], &["orders/fulfilled", "customers_email_marketing_consent/update"]].concat()
}

#[test]
fn every_topic_that_a_shop_subscribes_to_is_read() {
    for topic in all() {
        let heard = read_topic(topic, None, b"{}", now());
        assert!(!matches!(heard, Ok(Heard::Ignored { because: Ignored::Topic, .. })), "{topic}");
    }
}

fn now() -> Timestamp {
    "2026-05-01T09:00:00.7Z".parse().unwrap()
}

fn reads(topic: &str, body: &Value) -> Result<Heard, Error> {
    read_topic(topic, Some("2026-05-01T08:59:58.123456789Z"), body.to_string().as_bytes(), now())
}

fn events(topic: &str, body: &Value) -> Vec<Event> {
    match reads(topic, body) {
        Ok(Heard::Events { events, .. }) => events,
        other => panic!("events, not {other:?}"),
    }
}

fn with(mut base: Value, change: &Value) -> Value {
    base.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    base
}

fn both(shop: &str, theirs: &str) -> Value {
    json!({"shop_money": {"amount": shop, "currency_code": "EUR"},
        "presentment_money": {"amount": theirs, "currency_code": "SEK"}})
}

fn refund(change: &Value) -> Value {
    let base = json!({"id": 5, "order_id": 1042, "processed_at": "2026-05-01T10:00:00+03:00",
        "refund_line_items": [{"subtotal": 18.0, "subtotal_set": both("18.00", "201.60"), "total_tax": 2.14}],
        "order_adjustments": [{"kind": "shipping_refund", "amount": "-4.90", "amount_set": both("-4.90", "-54.88")}],
        "refund_shipping_lines": [{"subtotal_amount_set": both("4.90", "54.88")}], "total_duties_set": both("0.00", "0.00"),
        "transactions": [{"amount": "22.90", "currency": "EUR", "kind": "refund", "status": "success", "test": false}]});
    with(base, change)
}

fn order(change: &Value) -> Value {
    let base = json!({"id": 1042, "email": "anna@example.com", "contact_email": null, "currency": "EUR",
        "total_price": "49.90", "current_total_price": "49.90", "financial_status": "paid", "cancelled_at": null,
        "processed_at": "2026-05-01T09:12:31+03:00", "updated_at": "2026-05-01T09:12:33+03:00", "test": false,
        "customer": {"id": 7, "email": "anna@example.com", "first_name": "Anna"}, "buyer_accepts_marketing": true,
        "discount_codes": [{"code": "7K2MQX4T09"}], "discount_applications": [{"type": "discount_code", "code": "x"}],
        "customer_locale": "fi-FI", "billing_address": {"first_name": "Anna"}, "refunds": [refund(&json!({}))]});
    with(base, change)
}

fn person() -> Value {
    json!({"id": 7, "email": "anna@example.com", "first_name": "Anna", "created_at": "2024-02-11T12:00:00+02:00",
        "updated_at": "2026-05-01T10:00:00+03:00", "default_address": {"first_name": "Anna"}, "locale": "fi",
        "email_marketing_consent": {"state": "subscribed", "consent_updated_at": "2026-03-14T20:11:52+02:00"},
        "customer_id": 7, "email_address": "anna@example.com"})
}

/// What a refund by itself gave back.
fn back(change: &Value) -> Option<String> {
    match reads("refunds/create", &refund(change)).unwrap() {
        Heard::Events { events, .. } => match &events[0].what {
            What::OrderRefunded { refunded, .. } => Some(refunded.to_string()),
            other => panic!("a refund, not {other:?}"),
        },
        Heard::Ignored { .. } | Heard::Ping => None,
    }
}

fn moved(amount: &str, currency: &str, kind: &str, status: &str) -> Value {
    json!({"amount": amount, "currency": currency, "kind": kind, "status": status})
}

#[test]
fn money_that_moved_was_given_back_and_nothing_else() {
    let said = |transactions: Value| back(&json!({"transactions": transactions}));
    let moved_by = |kind, status| said(json!([moved("22.90", "EUR", kind, status)]));
    assert_eq!(moved_by("refund", "success").as_deref(), Some("22.90 EUR"));
    assert_eq!(moved_by("REFUND", "SUCCESS").as_deref(), Some("22.90 EUR"));
    for (kind, status) in [("refund", "pending"), ("refund", "failure"), ("refund", "error"), ("void", "success")] {
        assert_eq!(moved_by(kind, status), None, "{kind} {status}");
    }
    assert_eq!(said(json!([])), None, "goods alone: what is left of the order says it");
    let two = json!([
        moved("10.00", "EUR", "refund", "success"),
        moved("5.5", "EUR", "refund", "pending"),
        moved("2.40", "EUR", "refund", "success"),
        moved("9", "EUR", "sale", "success")
    ]);
    assert_eq!(said(two).as_deref(), Some("12.40 EUR"), "to two cards");
    assert_eq!(said(json!(null)), None);
}

#[test]
fn another_currency_is_taken_at_the_refunds_own_rate() {
    let said =
        |amount: &str, paid_in: &str| back(&json!({"transactions": [moved(amount, paid_in, "refund", "success")]}));
    assert_eq!(said("256.48", "SEK").as_deref(), Some("22.90 EUR"));
    assert_eq!(said("112.00", "sek").as_deref(), Some("10.00 EUR"), "part of it");
    assert_eq!(said("20.00", "USDC"), None, "neither a currency of ISO 4217 nor one that the refund prices");
    let alone = json!({"refund_line_items": [], "refund_shipping_lines": null, "order_adjustments":
        [{"kind": "refund_discrepancy", "amount_set": both("-33.84", "-379.01")}],
        "transactions": [moved("379.01", "SEK", "refund", "success")]});
    assert_eq!(back(&alone).as_deref(), Some("33.84 EUR"), "money without goods");
    let bare = json!({"refund_line_items": [], "refund_shipping_lines": [], "order_adjustments": [],
        "total_duties_set": null, "transactions": [moved("22.90", "JPY", "refund", "success")]});
    assert_eq!(back(&bare).as_deref(), Some("23 JPY"), "nothing is priced in two: there is one currency");
}

#[test]
fn an_order_comes_to_what_it_was_before_anything_was_given_back() {
    let total = |left: Value, whole: &str, gave: &str| {
        let refunds = json!([refund(&json!({"transactions": [moved(gave, "EUR", "refund", "success")]}))]);
        let told = order(&json!({"current_total_price": left, "total_price": whole, "refunds": refunds}));
        let placed = events("orders/updated", &told).into_iter().find_map(|event| match event.what {
            What::OrderPlaced { order, .. } => Some(order.total.to_string()),
            _ => None,
        });
        placed.unwrap()
    };
    assert_eq!(total(json!("27.00"), "49.90", "22.90"), "49.90 EUR", "goods and their money");
    assert_eq!(total(json!("49.90"), "49.90", "10.00"), "49.90 EUR", "money alone, if it leaves what is left as it is");
    assert_eq!(total(json!("39.90"), "49.90", "10.00"), "49.90 EUR", "and if it does not");
    assert_eq!(total(json!("20.00"), "49.90", "0.00"), "20.00 EUR", "goods alone");
    assert_eq!(total(json!("84.40"), "49.90", "0.00"), "84.40 EUR", "edited, and the price is from before");
    assert_eq!(total(json!(null), "49.90", "10.00"), "49.90 EUR");
    assert_eq!(total(json!(39.9), "49.9", "10"), "49.90 EUR", "numbers are as good as text");
}

#[test]
fn every_currency_has_its_own_smallest_unit() {
    let minor = |amount: Value, code: &str| {
        let told =
            order(&json!({"total_price": amount, "current_total_price": amount, "currency": code, "refunds": []}));
        match &events("orders/create", &told)[0].what {
            What::OrderPlaced { order, .. } => (order.total.minor, order.total.currency.code()),
            other => panic!("an order, not {other:?}"),
        }
    };
    assert_eq!(minor(json!("4800"), "JPY"), (4_800, "JPY"));
    assert_eq!(minor(json!("4800.00"), "jpy"), (4_800, "JPY"));
    assert_eq!(minor(json!("12.750"), "KWD"), (12_750, "KWD"));
    assert_eq!(minor(json!("29.335"), "EUR"), (2_934, "EUR"));
    assert_eq!(minor(json!(29.3), "EUR"), (2_930, "EUR"));
    assert!(matches!(
        reads("orders/create", &order(&json!({"total_price": "-1.00"}))),
        Err(Error::Undocumented { .. })
    ));
}

#[test]
fn lists_and_flags_may_be_null() {
    let told = order(&json!({"discount_codes": null, "discount_applications": null, "refunds": null, "test": null,
        "customer": null, "billing_address": null, "financial_status": null}));
    assert_eq!(events("orders/create", &told).len(), 1);
}

#[test]
fn a_box_is_as_old_as_its_order() {
    let said = |updated: &str, ticked: Value| {
        let told = order(&json!({"updated_at": updated, "buyer_accepts_marketing": ticked, "refunds": []}));
        let said = events("orders/updated", &told).into_iter().map(|event| match event.what {
            What::OrderPlaced { profile, .. } => (event.at.to_string(), profile.marketing_consent),
            other => panic!("an order, not {other:?}"),
        });
        said.collect::<Vec<_>>()
    };
    let word = |at: &str, said| (at.to_owned(), said);
    let (placed, at_once) = ("2026-05-01T06:12:31Z", "2026-05-01T06:13:31Z");
    assert_eq!(said(at_once, json!(true)), [word(at_once, Some(true))], "at once");
    let later = "2026-05-01T06:13:32Z";
    assert_eq!(said(later, json!(true)), [word(placed, Some(true)), word(later, None)]);
    for empty in [json!(false), json!(null)] {
        assert_eq!(said(later, empty), [word(later, None)], "an empty box is no word");
    }
}

#[test]
fn what_went_wrong_is_told_without_what_was_in_it() {
    for (topic, body) in [
        ("orders/create", order(&json!({"currency": "anna@example.com"}))),
        ("orders/create", order(&json!({"customer": "anna@example.com"}))),
        ("refunds/create", refund(&json!({"order_id": "anna@example.com\nx"}))),
        ("customers/redact", json!({"customer": ["anna@example.com"]})),
        ("shop/redact", json!({"anna@example.com": 1})),
    ] {
        let Err(Error::Undocumented { problem, .. }) = reads(topic, &body) else { panic!("{topic}: {body}") };
        assert!(!problem.contains("anna@example.com"), "{topic}: {problem}");
    }
}

fn topics() -> impl Strategy<Value = &'static str> {
    prop::sample::select(all())
}

/// Whatever was heard happened by now, in whole seconds, and takes nobody's money.
fn holds(heard: Result<Heard, Error>) -> Result<(), TestCaseError> {
    let Ok(Heard::Events { events, .. }) = heard else { return Ok(()) };
    prop_assert!(!events.is_empty());
    for event in events {
        prop_assert!(event.at <= now());
        prop_assert_eq!(event.at, whole_seconds(event.at));
        match event.what {
            What::OrderPlaced { order, .. } => {
                prop_assert!(order.placed_at <= event.at && order.total.minor >= 0);
                prop_assert!(!event.who.is_nobody() && order.discount_codes.len() <= 20);
            }
            What::OrderRefunded { refunded, .. } => prop_assert!(refunded.minor > 0),
            _ => {}
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_answered(topic in topics(), triggered in ".{0,40}", body in prop::collection::vec(any::<u8>(), 0..200)) {
        holds(read_topic(topic, Some(&triggered), &body, now()))?;
    }

    #[test]
    fn a_bent_order_is_answered(topic in topics(), body in mutants(order(&json!({})))) {
        holds(read_topic(topic, None, &body, now()))?;
    }

    #[test]
    fn a_bent_refund_is_answered(topic in topics(), body in mutants(refund(&json!({})))) {
        holds(read_topic(topic, None, &body, now()))?;
    }

    #[test]
    fn a_bent_customer_is_answered(topic in topics(), body in mutants(person())) {
        holds(read_topic(topic, None, &body, now()))?;
    }
}
