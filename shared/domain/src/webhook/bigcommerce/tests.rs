//! What BigCommerce sends and shows, as it is documented and bent in every way.

use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::event::{Event, PlacedOrder};
use crate::webhook::hear;
use crate::webhook::mutants::mutants;

const LINE: &str = "bigcommerce 0123456789abcdef0123456789abcdef";

fn now() -> Timestamp {
    "2026-05-01T09:00:00Z".parse().unwrap()
}

fn hears(line: &str, body: &[u8]) -> Result<Heard, Error> {
    let signature = standard::sign(&Wiring::parse(LINE).unwrap(), "msg_1", now(), body);
    let stamp = now().as_second().to_string();
    let header = |name: &str| match name {
        standard::ID => Some("msg_1"),
        standard::TIMESTAMP => Some(stamp.as_str()),
        standard::SIGNATURE => Some(signature.as_str()),
        _ => None,
    };
    hear(&Delivery { header: &header, body, received: now() }, &[Wiring::parse(line).unwrap()])
}

fn callback(scope: &str, data: &Value) -> Value {
    json!({"store_id": "11111", "producer": "stores/abc123", "scope": scope, "data": data, "created_at": 1777622400,
        "hash": "3f9ea420af83450d7ef9f78b08c8af25b2213637"})
}

fn events(heard: Result<Heard, Error>) -> Vec<Event> {
    match heard {
        Ok(Heard::Events { events, .. }) => events,
        other => panic!("events, not {other:?}"),
    }
}

fn ignored(heard: Result<Heard, Error>) -> Ignored {
    match heard {
        Ok(Heard::Ignored { because, .. }) => because,
        other => panic!("nothing for us, not {other:?}"),
    }
}

/// An order of Anna's account, with changes to it.
fn order(change: &Value) -> Value {
    let mut order = json!({
        "id": 250, "status_id": 11, "status": "Awaiting Fulfillment", "customer_id": 7, "customer_locale": "de",
        "date_created": "Fri, 01 May 2026 08:00:00 +0000", "date_modified": "Fri, 01 May 2026 10:30:00 +0200",
        "total_ex_tax": "37.8200", "total_inc_tax": "45.0000", "refunded_amount": "0.0000", "coupon_discount": "0.0000",
        "shipping_cost_inc_tax": "4.0000",
        "currency_code": "USD", "default_currency_code": "EUR", "payment_method": "Credit Card", "is_deleted": false,
        "billing_address": {"first_name": "Anna", "email": "anna@example.com"},
    });
    order.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    order
}

fn reads(order: &Value, coupons: &Value) -> Result<Heard, Error> {
    let order: Order = read_shape(order.to_string().as_bytes(), now())?;
    let coupons = if order.may_have_used_codes() { coupons.to_string() } else { String::new() };
    read_order(&order, coupons.as_bytes(), now())
}

fn placed(events: &[Event]) -> &PlacedOrder {
    match &events[0].what {
        What::OrderPlaced { order, .. } => order,
        other => panic!("an order, not {other:?}"),
    }
}

fn refunded(change: &Value) -> Option<String> {
    events(reads(&order(change), &json!([]))).iter().find_map(|event| match &event.what {
        What::OrderRefunded { refunded, .. } => Some(refunded.to_string()),
        _ => None,
    })
}

#[test]
fn whatever_happens_to_an_order_it_is_asked_for() {
    for scope in ["created", "updated", "statusUpdated", "archived", "refund/created"] {
        let body = callback(&format!("store/order/{scope}"), &json!({"type": "order", "id": 250}));
        let heard = events(hears(LINE, body.to_string().as_bytes()));
        let what = What::OrderChanged { platform: Platform::BigCommerce, order_id: "250".to_owned() };
        assert_eq!(heard[0].what, what, "{scope}");
    }
    // A message is told as its order's: the order's type and id, and its own id below them.
    let data = json!({"type": "order", "id": 250, "message": {"order_message_id": 3}});
    let message = callback("store/order/message/created", &data);
    let what = What::OrderChanged { platform: Platform::BigCommerce, order_id: "250".to_owned() };
    assert_eq!(events(hears(LINE, message.to_string().as_bytes()))[0].what, what);
    let data = json!({"type": "order_transaction", "order_id": 250, "transaction_id": "77"});
    let payment = callback("store/order/transaction/created", &data);
    assert_eq!(ignored(hears(LINE, payment.to_string().as_bytes())), Ignored::Topic);
}

#[test]
fn every_scope_that_a_shop_subscribes_to_is_read() {
    for scope in SCOPES {
        let kind = if scope.starts_with("store/customer/") { "customer" } else { "order" };
        let body = callback(scope, &json!({"type": kind, "id": 250}));
        assert_eq!(events(hears(LINE, body.to_string().as_bytes())).len(), 1, "{scope}");
    }
}

#[test]
fn the_client_secret_signs_as_text_and_nobody_elses() {
    let body = callback("store/app/uninstalled", &json!({}));
    assert_eq!(events(hears(LINE, body.to_string().as_bytes()))[0].what, What::StoreLeft);
    // As the libraries are given it: in base 64, which they decode. So it is one of ours, too.
    let encoded = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
    assert!(
        hears(encoded, b"{}").is_err_and(|error| error != Error::BadSignature),
        "signed well, and no event of ours"
    );
    assert_eq!(hears("bigcommerce fedcba9876543210fedcba9876543210", b"{}"), Err(Error::BadSignature));
    assert_eq!(hears("shopify 0123456789abcdef0123456789abcdef", b"{}"), Err(Error::BadSignature));
}

#[test]
fn an_account_that_is_deleted_is_somebody_to_forget() {
    let body = callback("store/customer/deleted", &json!({"type": "customer", "id": 7}));
    let heard = events(hears(LINE, body.to_string().as_bytes()));
    assert_eq!((heard[0].who.customer_id.as_deref(), &heard[0].what), (Some("7"), &What::Erased));
    assert_eq!(heard[0].at.to_string(), "2026-05-01T08:00:00Z");
}

#[test]
fn an_order_is_what_was_paid_in_the_currency_it_was_paid_in() {
    let heard = events(reads(&order(&json!({})), &json!([])));
    let placed = placed(&heard);
    assert_eq!((placed.total.to_string().as_str(), placed.order_id.as_str()), ("45.00 EUR", "250"));
    assert_eq!(placed.placed_at.to_string(), "2026-05-01T08:00:00Z");
    assert_eq!(heard[0].at.to_string(), "2026-05-01T08:30:00Z");
    assert_eq!(heard[0].who.customer_id.as_deref(), Some("7"));
    let guest = events(reads(&order(&json!({"customer_id": 0})), &json!([])));
    assert_eq!(guest[0].who.customer_id, None);
    let nobody = order(&json!({"customer_id": 0, "billing_address": {"email": ""}}));
    assert_eq!(ignored(reads(&nobody, &json!([]))), Ignored::Nobody);
}

#[test]
fn codes_come_from_the_list_of_coupons_where_they_may_have_been_used() {
    let coupons = json!([{"id": 1, "coupon_id": 2, "code": "7K2MQX4T09", "amount": "10.0000", "discount": 10}]);
    let used = events(reads(&order(&json!({"coupon_discount": "10.0000"})), &coupons));
    assert_eq!(placed(&used).discount_codes, ["7K2MQX4T09"]);
    // It gave the shipping, and nothing off the goods.
    let shipped = events(reads(&order(&json!({"shipping_cost_inc_tax": "0.0000"})), &coupons));
    assert_eq!(placed(&shipped).discount_codes, ["7K2MQX4T09"]);
    let downloaded = json!({"shipping_cost_inc_tax": "0.0000", "order_is_digital": true});
    assert!(placed(&events(reads(&order(&downloaded), &coupons))).discount_codes.is_empty(), "nobody asks for it");
    let unused = events(reads(&order(&json!({})), &coupons));
    assert!(placed(&unused).discount_codes.is_empty());
}

#[test]
fn every_status_has_its_meaning() {
    let said = |status: u64| match reads(&order(&json!({"status_id": status})), &json!([])) {
        Ok(Heard::Events { events, .. }) => events.iter().map(|event| event.what.name()).collect::<Vec<_>>().join(", "),
        Ok(Heard::Ignored { because, .. }) => because.word().to_owned(),
        other => panic!("{status}: {other:?}"),
    };
    for status in [2, 3, 7, 8, 9, 10, 11, 12, 13, 14] {
        assert_eq!(said(status), "order.placed", "{status}");
    }
    assert_eq!(said(4), "order.placed, order.refunded");
    assert_eq!((said(5), said(6)), ("order.cancelled".to_owned(), "order.cancelled".to_owned()));
    assert_eq!(
        (said(0), said(1), said(15)),
        ("not_bought".to_owned(), "not_bought".to_owned(), "not_bought".to_owned())
    );
}

#[test]
fn what_was_given_back_is_told_in_all() {
    assert_eq!(refunded(&json!({"status_id": 14, "refunded_amount": "5.5000"})).as_deref(), Some("5.50 EUR"));
    assert_eq!(refunded(&json!({"status_id": 4, "refunded_amount": "0.0000"})).as_deref(), Some("45.00 EUR"));
    assert_eq!(
        refunded(&json!({"default_currency_code": "JPY", "total_inc_tax": "4500.0000",
        "refunded_amount": "500.0000"}))
        .as_deref(),
        Some("500 JPY")
    );
}

#[test]
fn a_payment_that_is_none_makes_no_order() {
    let test = order(&json!({"payment_method": "Test Payment Gateway"}));
    assert_eq!(ignored(reads(&test, &json!([]))), Ignored::Test);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_answered(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = hears(LINE, &body);
        let _ = read_shape::<Order>(&body, now()).and_then(|order| read_order(&order, &body, now()));
    }

    #[test]
    fn a_bent_callback_is_answered(body in mutants(callback("store/order/updated", &json!({"type": "order", "id": 1})))) {
        let _ = hears(LINE, &body);
    }

    #[test]
    fn a_bent_order_is_answered(body in mutants(order(&json!({"coupon_discount": "1.0"}))), coupons in mutants(json!([{"code": "A"}]))) {
        if let Ok(order) = read_shape::<Order>(&body, now())
            && let Ok(Heard::Events { events, .. }) = read_order(&order, &coupons, now())
        {
            prop_assert!(events.iter().all(|event| event.at <= now() && event.happened() <= event.at));
        }
    }
}
