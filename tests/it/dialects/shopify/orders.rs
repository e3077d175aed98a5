//! Orders, refunds and cancellations: states, in whatever order they come.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{ANNA, NOW, SECRET, SECRETS, open, payload, tell, tell_file, waiting, with};
use crate::support::{Shop, raw, recounted};

const ORDER: &str = "6100001042000";

/// Orders and what was spent, in cents.
async fn sums(shop: &Shop, email: &str) -> (u32, i64) {
    let orders = shop.customer(email).await.orders;
    (orders.count, orders.spent)
}

fn cents(text: &str) -> Value {
    json!([{"amount": text, "currency": "EUR", "kind": "refund", "status": "success"}])
}

fn refund(id: u64, amount: &str) -> Value {
    with("refunds.create", json!({"id": id, "order_id": 6_100_001_042_000_u64, "transactions": cents(amount)}))
}

#[tokio::test]
async fn an_order_in_three_states_ends_in_its_last_one() {
    let states = [
        payload(super::SHOPIFY, "orders.create"),
        with(
            "orders.updated",
            json!({"updated_at": "2026-05-01T10:30:47+03:00", "total_price": "76.90", "current_total_price": "76.90"}),
        ),
        with(
            "orders.updated",
            json!({"updated_at": "2026-05-01T11:00:00+03:00", "total_price": "76.90", "current_total_price": "58.90",
                "refunds": [{"id": 5, "transactions": cents("18.00")}]}),
        ),
    ];
    let mut ends = BTreeSet::new();
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let shop = open().await;
        for state in order {
            tell(&shop, "orders/updated", &states[state]).await;
        }
        assert_eq!(sums(&shop, ANNA).await, (1, 5_890), "{order:?}");
        let mut anna = shop.customer(ANNA).await;
        (anna.rev, anna.stop_rev, anna.plan, anna.due) = (0, 0, 0, None);
        ends.insert(format!("{anna:?} {:?}", shop.ledger().await.orders));
    }
    assert_eq!(ends.len(), 1, "{ends:#?}");
}

#[tokio::test]
async fn a_refund_is_told_twice_and_counts_once() {
    let shop = open().await;
    tell_file(&shop, "orders.create").await;
    assert_eq!(sums(&shop, ANNA).await, (1, 4_990));
    tell(&shop, "refunds/create", &refund(5, "18.00")).await;
    assert_eq!(sums(&shop, ANNA).await, (1, 3_190), "before Shopify tells of the order again");
    let refunds = json!([{"id": 5, "transactions": cents("18.00")}]);
    let after = json!({"current_total_price": "31.90", "refunds": refunds, "updated_at": "2026-05-01T11:02:12+03:00"});
    tell(&shop, "orders/updated", &with("orders.updated", after)).await;
    assert_eq!(sums(&shop, ANNA).await, (1, 3_190), "and after it");
    tell(&shop, "refunds/create", &refund(6, "31.90")).await;
    assert_eq!(sums(&shop, ANNA).await, (0, 0), "nothing of it is left");
    assert_eq!(shop.customer(ANNA).await.orders.recent.len(), 1, "but she was there");
}

#[tokio::test]
async fn money_that_went_back_without_goods_is_taken_off_whatever_is_left_of_the_order() {
    // Nobody documents whether `current_total_price` is what is left after it, or before.
    for left in ["49.90", "39.90"] {
        let shop = open().await;
        tell(
            &shop,
            "orders/updated",
            &with("orders.updated--refund-without-lines", json!({"current_total_price": left})),
        )
        .await;
        assert_eq!(sums(&shop, "dora@example.org").await, (1, 3_990), "{left}");
    }
}

#[tokio::test]
async fn an_edit_makes_more_or_less_of_an_order() {
    // What was taken off was never given back: it is simply not there any more. Where something was put in, sources
    // dispute whether `total_price` follows.
    for (left, whole, spent) in [("57.40", "84.40", 5_740), ("84.40", "84.40", 8_440), ("84.40", "49.90", 8_440)] {
        let shop = open().await;
        let edited = json!({"current_total_price": left, "total_price": whole});
        tell(&shop, "orders/updated", &with("orders.updated--edited", edited)).await;
        assert_eq!(sums(&shop, ANNA).await, (1, spent), "{left} of {whole}");
        assert!(shop.ledger().await.orders[0].1.refund_parts.is_empty());
    }
}

#[tokio::test]
async fn what_was_paid_in_crowns_counts_in_the_shops_euros() {
    let carl = "carl@example.org";
    let files = ["orders.create--two-currencies", "refunds.create--two-currencies", "orders.updated--two-currencies"];
    for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2]] {
        let shop = open().await;
        for file in order {
            tell_file(&shop, files[file]).await;
        }
        assert_eq!(sums(&shop, carl).await, (1, 3_190), "{order:?}");
        let ledger = shop.ledger().await;
        let back: Vec<String> = ledger.orders[0].1.refund_parts.values().map(ToString::to_string).collect();
        assert_eq!(back, ["18.00 EUR"]);
    }
}

#[tokio::test]
async fn what_nobody_pays_any_more_counts_for_nothing() {
    let shop = open().await;
    for (name, email) in [
        ("orders.cancelled", "berta@example.com"),
        ("orders.updated--authorization-expired", "berta@example.com"),
        ("orders.updated--wholly-refunded", ANNA),
    ] {
        tell_file(&shop, name).await;
        assert_eq!(sums(&shop, email).await, (0, 0), "{name}");
    }
    // Everything was taken off it, and nobody had paid yet.
    let emptied = json!({"id": 77, "current_total_price": "0.00", "financial_status": "paid"});
    tell(&shop, "orders/updated", &with("orders.updated", emptied)).await;
    assert_eq!(sums(&shop, ANNA).await, (0, 0));
    // A present is an order all the same.
    let present = json!({"id": 78, "current_total_price": "0.00", "total_price": "0.00"});
    tell(&shop, "orders/create", &with("orders.create", present)).await;
    assert_eq!(sums(&shop, ANNA).await, (1, 0));
}

#[tokio::test]
async fn cancelled_and_on_again() {
    let shop = open().await;
    tell_file(&shop, "orders.create").await;
    let off = json!({"cancelled_at": "2026-05-01T10:00:00+03:00", "updated_at": "2026-05-01T10:00:01+03:00"});
    let on = json!({"updated_at": "2026-05-01T11:00:00+03:00"});
    tell(&shop, "orders/cancelled", &with("orders.create", off.clone())).await;
    assert_eq!(sums(&shop, ANNA).await, (0, 0));
    tell(&shop, "orders/updated", &with("orders.create", on)).await;
    assert_eq!(sums(&shop, ANNA).await, (1, 4_990), "on again");
    tell(&shop, "orders/cancelled", &with("orders.create", off)).await;
    assert_eq!(sums(&shop, ANNA).await, (1, 4_990), "and a late word of the cancellation changes nothing");
}

#[tokio::test]
async fn test_orders_leave_no_trace() {
    let shop = open().await;
    let before = raw::items(&shop.place).await;
    for name in ["orders.create--test", "refunds.create--test"] {
        tell_file(&shop, name).await;
    }
    for topic in ["orders/paid", "orders/updated", "orders/cancelled"] {
        let off = json!({"cancelled_at": "2026-05-01T10:00:00+03:00"});
        let answer = tell(&shop, topic, &with("orders.create--test", off)).await;
        assert_eq!(answer.json()["because"], "test");
    }
    assert_eq!(waiting(&shop), 0);
    assert_eq!(raw::changed(&before, &raw::items(&shop.place).await), Vec::<String>::new());
}

/// The moments of an order of this moment.
fn on(moment: &str) -> Value {
    json!({"created_at": moment, "processed_at": moment, "updated_at": moment})
}

/// A shop in which Anna bought in January and was mailed a code in April, the day before; and the code.
async fn mailed() -> (Shop, String) {
    let mut shop = Shop::open("2026-01-12 10:00").await;
    shop.place.stack.put_secret(SECRETS, &format!("shopify {SECRET}")).unwrap();
    tell(&shop, "orders/create", &with("orders.create", on("2026-01-12T09:30:00+02:00"))).await;
    shop.until("2026-04-15 10:00").await;
    let code = shop.code_mailed_to(ANNA);
    (shop, code)
}

#[tokio::test]
async fn a_second_order_with_a_code_for_one_is_recorded_as_a_conflict_once() {
    let (shop, code) = mailed().await;
    let bought = |id: u64, email: &str| {
        let mut order = on("2026-04-15T09:45:00+03:00");
        (order["id"], order["email"], order["contact_email"]) = (json!(id), json!(email), json!(email));
        order["customer"] = json!({"id": id * 7, "email": email});
        order["discount_codes"] = json!([{"code": code, "amount": "10.00", "type": "fixed_amount"}]);
        with("orders.create", order)
    };
    for order in [bought(88, ANNA), bought(89, "bo@example.com"), bought(89, "bo@example.com"), bought(88, ANNA)] {
        assert_eq!(tell(&shop, "orders/create", &order).await.status, 200);
    }
    let ledger = shop.ledger().await;
    let [coupon] = &ledger.coupons[..] else { panic!("one code: {:?}", ledger.coupons) };
    let used: Vec<&str> = coupon.redeemed.iter().map(|used| used.order_id.as_str()).collect();
    let once_too_often: Vec<&str> = coupon.conflicts.iter().map(|conflict| conflict.order_id.as_str()).collect();
    assert_eq!((used, once_too_often), (vec!["88"], vec!["89"]));
    assert_eq!(shop.discounts_this_month().await, 1_000, "it was given once");
    assert_eq!(sums(&shop, "bo@example.com").await.0, 1, "an order is an order");
}

#[tokio::test]
async fn a_code_of_ours_is_redeemed_and_a_refund_takes_the_return_back() {
    let (mut shop, code) = mailed().await;
    // Typed by hand, and told in both lists as Shopify does, beside a code of the shop's own.
    let typed = format!("{}-{}", &code[..5].to_lowercase(), &code[5..]);
    let mut bought = on("2026-04-15T09:45:00+03:00");
    bought["id"] = json!(88);
    bought["discount_codes"] = json!([{"code": "WELCOME-7K", "amount": "2.00", "type": "fixed_amount"},
        {"code": typed, "amount": "10.00", "type": "fixed_amount"}]);
    bought["discount_applications"] = json!([{"type": "automatic", "title": "Spring", "value": "1.00"},
        {"type": "discount_code", "code": "welcome-7k"}, {"type": "discount_code", "code": typed}]);
    tell(&shop, "orders/create", &with("orders.create", bought.clone())).await;
    let ledger = shop.ledger().await;
    let used: Vec<_> = ledger.coupons.iter().flat_map(|coupon| &coupon.redeemed).collect();
    assert_eq!(used.len(), 1);
    assert_eq!((used[0].order_id.as_str(), used[0].discount.map(|money| money.minor)), ("88", Some(1_000)));
    let told = ledger.orders.iter().find(|(id, _)| id == "88").and_then(|(_, order)| order.placed.clone());
    assert_eq!(told.expect("it is known").order.discount_codes, ["WELCOME-7K".to_owned(), typed], "each once");
    assert_eq!(shop.discounts_this_month().await, 1_000);
    shop.until("2026-04-16 12:00").await;
    assert_eq!(recounted(&shop.place, &shop.store).await.returns, 1);
    bought["current_total_price"] = json!("0.00");
    bought["financial_status"] = json!("refunded");
    bought["updated_at"] = json!("2026-04-16T11:00:00+03:00");
    bought["refunds"] = json!([{"id": 9, "transactions": cents("49.90")}]);
    tell(&shop, "orders/updated", &with("orders.updated", bought)).await;
    assert_eq!(recounted(&shop.place, &shop.store).await.returns, 0, "she sent everything back");
    assert_eq!(sums(&shop, ANNA).await, (1, 4_990), "the first order stays");
}

#[tokio::test]
async fn whoever_orders_is_found_by_any_address_the_order_has() {
    let customer = json!({"id": 7, "email": "third@example.com"});
    for (email, contact, found) in [
        (json!("First@Example.com"), json!("second@example.com"), "first@example.com"),
        (json!(""), json!(" second@example.com"), "second@example.com"),
        (Value::Null, json!("not an address"), "third@example.com"),
        (json!("redacted"), Value::Null, "third@example.com"),
    ] {
        let shop = open().await;
        let order = json!({"email": email, "contact_email": contact, "customer": customer});
        tell(&shop, "orders/create", &with("orders.create", order)).await;
        assert_eq!(sums(&shop, found).await.0, 1);
    }
    // A redacted customer has no address, and is known by the id alone.
    let shop = open().await;
    let order = json!({"email": "", "contact_email": null, "customer": {"id": 7, "email": null}});
    tell(&shop, "orders/create", &with("orders.create", order)).await;
    let known = shop.customers().await;
    assert_eq!((known.len(), known[0].email()), (1, None));
    assert_eq!(shop.ledger().await.orders[0].0, ORDER);
    assert_eq!(shop.place.clock.now(), crate::support::moment(NOW, &shop.zone));
}
