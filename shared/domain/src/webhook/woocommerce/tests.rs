//! What a shop's own server may send, bent in every way: read or refused, and never a panic.

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::customer::Customer as Known;
use crate::event::Event;
use crate::ids::CustomerId;
use crate::learn::learn;
use crate::money::Currency;
use crate::order::Order as Learned;
use crate::webhook::hear;
use crate::webhook::mutants::mutants;

const LINE: &str = "woocommerce 0123456789abcdef consent=_newsletter";

fn now() -> Timestamp {
    "2026-05-01T09:00:00Z".parse().unwrap()
}

/// A body, signed and taken.
fn hears(topic: &str, body: &[u8]) -> Result<Heard, Error> {
    let wirings = [Wiring::parse(LINE).unwrap()];
    let signature = sign(&wirings[0], body);
    let header = |name: &str| match name {
        TOPIC => Some(topic),
        SIGNATURE => Some(signature.as_str()),
        _ => None,
    };
    hear(&Delivery { header: &header, body, received: now() }, &wirings)
}

fn events(topic: &str, body: &Value) -> Vec<Event> {
    match hears(topic, body.to_string().as_bytes()) {
        Ok(Heard::Events { events, .. }) => events,
        other => panic!("events, not {other:?}"),
    }
}

fn ignored(topic: &str, body: &Value) -> Ignored {
    match hears(topic, body.to_string().as_bytes()) {
        Ok(Heard::Ignored { because, .. }) => because,
        other => panic!("nothing for us, not {other:?}"),
    }
}

/// An order of Anna's account, with changes to it.
fn order(change: &Value) -> Value {
    let mut order = json!({
        "id": 1042, "status": "processing", "currency": "EUR", "total": "45.00", "customer_id": 7,
        "date_created_gmt": "2026-05-01T08:00:00", "date_modified_gmt": "2026-05-01T08:00:00",
        "billing": {"first_name": "Anna", "email": "anna@example.com"},
        "coupon_lines": [{"id": 3, "code": "7k2mqx4t09", "discount": "10.00"}],
        "refunds": [], "meta_data": [],
    });
    order.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    order
}

fn placed(events: &[Event]) -> &PlacedOrder {
    let placed = events.iter().rev().find_map(|event| match &event.what {
        What::OrderPlaced { order, .. } => Some(order),
        _ => None,
    });
    placed.expect("an order")
}

/// What is said about mail, and as of when.
fn said(events: &[Event]) -> Vec<(bool, String)> {
    let said = events.iter().filter_map(|event| match &event.what {
        What::OrderPlaced { profile, .. } | What::LeadCreated { profile } | What::CustomerUpdated { profile } => {
            Some((profile.marketing_consent?, event.at.to_string()))
        }
        _ => None,
    });
    said.collect()
}

#[test]
fn moments_without_a_zone_are_utc_and_never_in_the_future() {
    let told = events("order.updated", &order(&json!({"date_modified_gmt": "2026-05-01T08:30:00"})));
    assert_eq!(told[0].at.to_string(), "2026-05-01T08:30:00Z");
    assert_eq!(placed(&told).placed_at.to_string(), "2026-05-01T08:00:00Z");
    let ahead = json!({"date_created_gmt": "2026-05-01T11:00:00", "date_modified_gmt": "2026-05-01T11:00:00"});
    let told = events("order.created", &order(&ahead));
    assert_eq!((told[0].at, placed(&told).placed_at), (now(), now()), "a shop whose clock is wrong");
    let told = events("order.created", &order(&json!({"date_created_gmt": null, "date_modified_gmt": ""})));
    assert_eq!((told[0].at, placed(&told).placed_at), (now(), now()), "a shop that does not say");
}

#[test]
fn refunds_are_negative_and_all_of_them_count() {
    let refunds = json!({"refunds": [{"id": 9, "total": "-15.00"}, {"id": 8, "total": "-4.50"}]});
    let told = events("order.updated", &order(&refunds));
    let refund = told.iter().find(|event| matches!(event.what, What::OrderRefunded { .. })).unwrap();
    let What::OrderRefunded { order_id, refunded, part } = &refund.what else { unreachable!() };
    assert_eq!((order_id.as_str(), refunded.to_string().as_str(), part), ("1042", "19.50 EUR", &None));
    assert!(refund.who.is_nobody());
    let whole = events("order.updated", &order(&json!({"status": "refunded"})));
    let What::OrderRefunded { refunded, .. } = &whole[1].what else { panic!("a refund") };
    assert_eq!(refunded.to_string(), "45.00 EUR", "also where the shop only set the status");
    let unreadable = order(&json!({"refunds": [{"id": 9, "total": "some"}]}));
    assert!(hears("order.updated", unreadable.to_string().as_bytes()).is_err(), "money is not guessed");
}

#[test]
fn bought_is_processing_or_completed() {
    for status in ["processing", "completed", "Completed"] {
        assert_eq!(events("order.updated", &order(&json!({"status": status}))).len(), 1, "{status}");
    }
    for status in ["pending", "on-hold", "checkout-draft", "quote-sent", ""] {
        assert_eq!(ignored("order.updated", &order(&json!({"status": status}))), Ignored::NotBought, "{status}");
    }
    for status in ["cancelled", "failed", "trash"] {
        let told = events("order.updated", &order(&json!({"status": status})));
        assert_eq!(told[0].what, What::OrderCancelled { order_id: "1042".to_owned() }, "{status}");
    }
}

#[test]
fn a_guest_has_no_number_and_whom_the_shop_forgot_has_no_address() {
    let guest = events("order.created", &order(&json!({"customer_id": 0})));
    assert_eq!(guest[0].who.customer_id, None);
    assert_eq!(guest[0].who.email, Some("anna@example.com".parse().unwrap()));
    // What the shop's own eraser leaves of an order.
    let billing = json!({"first_name": "[deleted]", "email": "deleted@site.invalid"});
    let anonymous = order(&json!({"customer_id": 0, "billing": billing}));
    assert_eq!(ignored("order.updated", &anonymous), Ignored::Nobody);
    for billing in [json!(null), json!({"email": ""}), json!({"email": "at the till"})] {
        assert_eq!(ignored("order.updated", &order(&json!({"customer_id": 0, "billing": billing}))), Ignored::Nobody);
    }
}

#[test]
fn a_plugin_writes_yes_and_no_in_many_ways() {
    let says = |value: &Value| {
        let meta = json!([{"id": 1, "key": "_other", "value": "yes"}, {"id": 2, "key": "_newsletter", "value": value}]);
        said(&events("order.created", &order(&json!({"meta_data": meta})))).first().map(|said| said.0)
    };
    for yes in [json!("yes"), json!(" YES "), json!("1"), json!(1), json!(true), json!("on"), json!("subscribed")] {
        assert_eq!(says(&yes), Some(true), "{yes}");
    }
    for no in [json!("no"), json!("0"), json!(0), json!(false), json!("Off"), json!("unsubscribed")] {
        assert_eq!(says(&no), Some(false), "{no}");
    }
    for nothing in [json!(null), json!(""), json!("maybe"), json!(2), json!([true]), json!({"yes": 1})] {
        assert_eq!(says(&nothing), None, "{nothing}");
    }
    let twice = json!([{"key": "_newsletter", "value": "1"}, {"key": "_newsletter", "value": "0"}]);
    assert!(!said(&events("order.created", &order(&json!({"meta_data": twice}))))[0].0, "the stricter holds");
}

#[test]
fn a_box_is_as_old_as_its_order_and_an_accounts_yes_as_old_as_the_account() {
    let meta = |value: &str| json!([{"key": "_newsletter", "value": value}]);
    let later = json!({"date_modified_gmt": "2026-05-01T08:45:00", "meta_data": meta("1")});
    let told = events("order.updated", &order(&later));
    assert_eq!(said(&told), [(true, "2026-05-01T08:00:00Z".to_owned())]);
    let moments: Vec<String> = told.iter().map(|event| event.at.to_string()).collect();
    assert_eq!(moments, ["2026-05-01T08:00:00Z", "2026-05-01T08:45:00Z"], "the order itself is as of now");

    let account = |value: &str| {
        json!({"id": 7, "email": "anna@example.com", "first_name": "Anna", "meta_data": meta(value),
            "date_created_gmt": "2024-03-01T10:00:00", "date_modified_gmt": "2026-05-01T08:50:00"})
    };
    let told = |topic, value| said(&events(topic, &account(value)));
    assert_eq!(told("customer.created", "1"), [(true, "2024-03-01T10:00:00Z".to_owned())]);
    assert_eq!(told("customer.updated", "1"), [(true, "2024-03-01T10:00:00Z".to_owned())]);
    assert_eq!(told("customer.updated", "0"), [(false, "2026-05-01T08:50:00Z".to_owned())]);
    assert_eq!(told("customer.updated", "whatever"), []);
}

#[test]
fn a_list_that_was_filtered_in_php_is_an_object() {
    let lists = json!({
        "meta_data": {"3": {"key": "_newsletter", "value": "1"}, "5": [], "6": null, "7": {"key": 5}},
        "coupon_lines": {"1": {"code": "7K2MQX4T09"}}, "refunds": {"1": {"total": "-5.00"}},
    });
    let told = events("order.created", &order(&lists));
    assert_eq!(said(&told).len(), 1);
    assert_eq!(placed(&told).discount_codes, ["7K2MQX4T09"]);
    assert_eq!(told.len(), 2, "the order and its refund");
    let missing = json!({"meta_data": null, "coupon_lines": null, "refunds": null});
    assert_eq!(events("order.created", &order(&missing)).len(), 1);
}

#[test]
fn the_shops_own_error_comes_signed_in_place_of_an_order() {
    let error = |code: &str, status: u16| {
        let body = json!({"code": code, "message": "Sorry, anna@example.com.", "data": {"status": status}});
        hears("order.updated", body.to_string().as_bytes())
    };
    let gone = error("woocommerce_rest_shop_order_invalid_id", 404);
    assert!(matches!(gone, Ok(Heard::Ignored { because: Ignored::NothingNew, .. })), "deleted before it was fetched");
    let refused = error("woocommerce_rest_cannot_view", 401).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "order.updated: the shop sends its own error 401 instead: woocommerce_rest_cannot_view"
    );
}

/// One order, told five times.
fn versions() -> Vec<(&'static str, Value)> {
    let version = |topic, status: &str, total: &str, at: &str| {
        (topic, order(&json!({"status": status, "total": total, "date_modified_gmt": at})))
    };
    vec![
        version("order.created", "pending", "50.00", "2026-05-01T08:00:00"),
        version("order.updated", "processing", "50.00", "2026-05-01T08:00:30"),
        version("order.updated", "failed", "45.00", "2026-05-01T08:10:00"),
        version("order.updated", "processing", "45.00", "2026-05-01T08:20:00"),
        version("order.updated", "completed", "40.00", "2026-05-01T08:30:00"),
    ]
}

fn permutations(of: Vec<Event>) -> Vec<Vec<Event>> {
    let Some((last, rest)) = of.split_last() else { return vec![Vec::new()] };
    let rest = permutations(rest.to_vec());
    let places = rest.iter().flat_map(|one| (0..=one.len()).map(move |place| (one, place)));
    places.map(|(one, place)| [&one[..place], std::slice::from_ref(last), &one[place..]].concat()).collect()
}

fn fold(events: &[Event]) -> (Known, Learned) {
    let nobody = Known::new(CustomerId::from_bytes([7; 16]), now());
    events.iter().fold((nobody, Learned::default()), |(customer, order), event| {
        learn(customer, order, event, Currency::parse("EUR").unwrap())
    })
}

#[test]
fn one_order_told_five_times_is_one_order_in_its_last_state_whatever_comes_first() {
    let mut told = Vec::new();
    for (topic, body) in versions() {
        if let Ok(Heard::Events { events, .. }) = hears(topic, body.to_string().as_bytes()) {
            told.extend(events);
        }
    }
    assert_eq!(told.len(), 4, "nobody has bought what is pending");
    for events in permutations([told.clone(), told[..1].to_vec()].concat()) {
        let (anna, order) = fold(&events);
        assert_eq!((anna.orders.count, anna.orders.spent), (1, 4_000), "{events:?}");
        assert_eq!(anna.orders.recent.len(), 1);
        assert_eq!(order.placed.unwrap().order.total.to_string(), "40.00 EUR");
    }
    // Off again, and in the same second: the cancellation holds, in whatever order.
    let off = order(&json!({"status": "cancelled", "date_modified_gmt": "2026-05-01T08:30:00"}));
    told.extend(events("order.updated", &off));
    for events in permutations(told) {
        assert_eq!(fold(&events).0.orders.count, 0, "{events:?}");
    }
}

#[test]
fn two_versions_of_one_second_are_the_same_one_every_time() {
    let at = "2026-05-01T08:05:00";
    let told = ["50.00", "45.00"]
        .map(|total| events("order.updated", &order(&json!({"total": total, "date_modified_gmt": at}))).remove(0));
    let back = [told[1].clone(), told[0].clone()];
    let (one, other) = (fold(&told), fold(&back));
    assert_eq!((one.0.orders, one.1), (other.0.orders, other.1));
}

#[test]
fn an_order_taken_out_of_the_trash_again_counts_again() {
    let at = "2026-05-01T08:05:00";
    let told = [
        events("order.created", &order(&json!({}))),
        events("order.updated", &order(&json!({"status": "trash", "date_modified_gmt": at}))),
    ];
    assert_eq!(fold(&told.concat()).0.orders.count, 0);
    // A busy server tells of both hours later, the one right after the other.
    let restored = events("order.restored", &order(&json!({"date_modified_gmt": at})));
    assert_eq!(fold(&[told.concat(), restored].concat()).0.orders.count, 1);
}

/// Why a deletion is as old as we heard of it: it says no more than an id, so nothing but its hour tells a second
/// deletion from a second delivery of the first. Without it the last one here would be lost.
#[test]
fn an_order_that_was_deleted_restored_and_deleted_again_is_off_whatever_comes_first() {
    let heard = |topic: &str, body: &Value, at: &str| {
        let said = read_topic(topic, body.to_string().as_bytes(), at.parse().unwrap(), None);
        let Ok(Heard::Events { events, .. }) = said else { panic!("events, not {said:?}") };
        events
    };
    let gone = json!({"id": 1042});
    let back = order(&json!({"date_modified_gmt": "2026-05-01T08:20:00"}));
    let told = [
        heard("order.created", &order(&json!({})), "2026-05-01T08:00:10Z"),
        heard("order.deleted", &gone, "2026-05-01T08:10:00Z"),
        heard("order.restored", &back, "2026-05-01T08:20:10Z"),
        heard("order.deleted", &gone, "2026-05-01T08:30:00Z"),
    ]
    .concat();
    for events in permutations(told.clone()) {
        assert_eq!(fold(&events).0.orders.count, 0, "{events:?}");
    }
    for events in permutations(told[..3].to_vec()) {
        assert_eq!(fold(&events).0.orders.count, 1, "{events:?}");
    }
}

#[test]
fn a_ping_is_a_number_and_nothing_else() {
    let is_ping = |body: &str, signature: Option<&str>| {
        let header = |name: &str| signature.filter(|_| name == SIGNATURE);
        super::is_ping(&Delivery { header: &header, body: body.as_bytes(), received: now() })
    };
    assert!(is_ping("webhook_id=17", None) && is_ping("webhook_id=1", Some("")));
    for body in ["", "webhook_id=", "webhook_id=17&id=5", "webhook_id=x", "WEBHOOK_ID=17", "{}", " webhook_id=17"] {
        assert!(!is_ping(body, None), "{body}");
    }
    assert!(!is_ping("webhook_id=17", Some("c2lnbmF0dXJl")), "what is signed is no ping");
    assert!(!is_ping(&format!("webhook_id={}", "1".repeat(21)), None));
}

fn topics() -> impl Strategy<Value = &'static str> {
    prop::sample::select([&TOPICS[..], &["coupon.created", ""]].concat())
}

#[test]
fn every_topic_that_a_shop_subscribes_to_is_read() {
    for topic in TOPICS {
        let heard = read_topic(topic, b"{}", "2026-05-01T09:00:00Z".parse().unwrap(), None);
        assert!(!matches!(heard, Ok(Heard::Ignored { because: Ignored::Topic, .. })), "{topic}");
    }
}

/// Whatever was heard, it is not from the future, and the queue carries it.
fn holds(heard: Result<Heard, Error>) {
    let Ok(Heard::Events { events, .. }) = heard else { return };
    assert!(!events.is_empty());
    for event in events {
        assert!(event.at <= now() && event.happened() <= event.at);
        let carried = serde_json::to_string(&event).unwrap();
        assert_eq!(serde_json::from_str::<Event>(&carried).unwrap(), event, "{carried}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_answered(topic in topics(), body in prop::collection::vec(any::<u8>(), 0..200)) {
        holds(hears(topic, &body));
    }

    #[test]
    fn a_bent_order_is_answered(topic in topics(), body in mutants(order(&json!({
        "meta_data": [{"id": 1, "key": "_newsletter", "value": "1"}], "refunds": [{"id": 2, "total": "-5.00"}],
    })))) {
        holds(hears(topic, &body));
    }

    #[test]
    fn a_bent_account_is_answered(topic in topics(), body in mutants(json!({
        "id": 7, "email": "anna@example.com", "first_name": "Anna", "billing": {"email": "", "first_name": ""},
        "date_created_gmt": "2026-04-01T10:00:00", "date_modified_gmt": "2026-05-01T08:50:00",
        "meta_data": [{"id": 1, "key": "_newsletter", "value": true}],
    }))) {
        holds(hears(topic, &body));
    }

    #[test]
    fn nobody_comes_in_unsigned(
        signature in prop_oneof!["[A-Za-z0-9+/]{43}=", ".{0,60}"],
        body in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let header = |name: &str| (name == SIGNATURE).then_some(signature.as_str());
        let delivery = Delivery { header: &header, body: &body, received: now() };
        prop_assert_eq!(hear(&delivery, &[Wiring::parse(LINE).unwrap()]), Err(Error::BadSignature));
    }
}
