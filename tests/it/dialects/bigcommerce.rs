//! BigCommerce: a webhook that says which order changed and no more. The store hears 200 once that is on the queue; the
//! order is asked for afterwards, and asked for again as long as nobody answers.

use jiff::ToSpan;
use serde_json::{Value, json};
use winback_domain::event::What;
use winback_domain::store::State;
use winback_domain::webhook::bigcommerce::{Order, read_order, read_shape};
use winback_domain::webhook::{Heard, LARGEST, Platform};

use super::{SECRET, SECRETS, Sender, becomes, deliver, events, folder, payload, send, wired};
use crate::support::orders_api::OrdersApi;
use crate::support::{Shop, raw, recounted};

const BIG: Sender = Sender::BigCommerce;
const ANNA: &str = "anna.lind@example.com";
const UPDATED: &str = "store.order.updated";

#[tokio::test]
async fn every_payload_becomes_what_its_snapshot_says() {
    assert!(becomes(BIG, "").await >= 10);
}

/// A shop whose orders lie in a store that stands in for BigCommerce.
async fn shop() -> (Shop, OrdersApi) {
    let shop = wired(BIG, "").await;
    let api = OrdersApi::behind(&shop.place, "bigcommerce");
    (shop, api)
}

/// An order of `tests/webhooks/bigcommerce/orders`, and its coupons.
fn kept(name: &str) -> (Value, Vec<Value>) {
    let mut kept = payload(BIG, &format!("orders/{name}"));
    let coupons = kept["coupons"].as_array().cloned().unwrap_or_default();
    (kept["order"].take(), coupons)
}

/// The store has an order as it is kept under a name.
fn has(api: &OrdersApi, name: &str) {
    let (order, coupons) = kept(name);
    api.order("bigcommerce", order);
    api.coupons(coupons);
}

/// The webhook says that the order changed.
async fn knocks(shop: &Shop) {
    let body = payload(BIG, UPDATED).to_string();
    let answer = deliver(shop, BIG, UPDATED, body.as_bytes()).await;
    assert_eq!((answer.status, answer.json()["status"].as_str()), (200, Some("accepted")), "{}", answer.body);
}

async fn told(shop: &Shop) {
    knocks(shop).await;
    shop.place.settle().await.expect("it settles");
}

fn dead(shop: &Shop) -> usize {
    shop.place.stack.queue_contents("events-dead").expect("the queue is there").len()
}

#[tokio::test]
async fn every_order_becomes_what_its_snapshot_says() {
    let names = std::fs::read_dir(folder(BIG).join("orders")).expect("the folder is there").map(|entry| {
        let path = entry.expect("an entry").path();
        path.file_stem().and_then(|stem| stem.to_str()).expect("a name").to_owned()
    });
    let mut names: Vec<String> = names.collect();
    names.sort();
    assert!(names.len() >= 12);
    for name in names {
        let (shop, api) = shop().await;
        has(&api, &name);
        told(&shop).await;
        let (order, coupons) = kept(&name);
        let order: Order = read_shape(order.to_string().as_bytes(), shop.place.clock.now()).expect("an order");
        let coupons = if order.may_have_used_codes() { json!(coupons).to_string() } else { String::new() };
        let said = match read_order(&order, coupons.as_bytes(), shop.place.clock.now()).expect("it is understood") {
            Heard::Events { events, .. } => serde_json::to_string_pretty(&events).expect("JSON"),
            Heard::Ignored { because, .. } => because.word().to_owned(),
            Heard::Ping => panic!("{name}: no ping"),
        };
        let orders = shop.ledger().await.orders;
        let known = serde_json::to_string_pretty(&orders).expect("JSON");
        insta::with_settings!({prepend_module_to_snapshot => false, snapshot_path => "../snapshots"}, {
            insta::assert_snapshot!(format!("bigcommerce__order__{name}"), format!("{said}\n\nin the ledger: {known}"));
        });
        assert_eq!(dead(&shop), 0, "{name}");
    }
}

#[tokio::test]
async fn the_store_hears_200_once_it_is_queued_and_before_anybody_asks() {
    let (shop, api) = shop().await;
    has(&api, "paid");
    knocks(&shop).await;
    assert_eq!(api.asked(), Vec::<String>::new(), "the door asks nobody");
    let changed = What::OrderChanged { platform: Platform::BigCommerce, order_id: "1250".to_owned() };
    assert_eq!(events(&shop)[0].what, changed, "no more than an id lies on the queue");
    shop.place.settle().await.expect("it settles");
    assert_eq!(api.asked(), ["https://api.bigcommerce.com/stores/abc123/v2/orders/1250"]);
    assert_eq!(shop.customer(ANNA).await.orders.spent, 4_500);
}

#[tokio::test]
async fn whoever_does_not_sign_changes_nothing() {
    let (shop, _) = shop().await;
    let body = payload(BIG, UPDATED).to_string();
    let now = shop.place.clock.now().as_second();
    let good = BIG.headers("", body.as_bytes(), now);
    let late = BIG.headers("", body.as_bytes(), now - 301);
    let mut bent = good.clone();
    bent[0].1 = "msg_2".to_owned();
    for headers in [&bent, &late, &good[..2].to_vec(), &good[1..].to_vec()] {
        assert_eq!(send(&shop, headers, body.as_bytes()).await.status, 401);
    }
    assert_eq!(send(&shop, &good, &[body.as_bytes(), b" "].concat()).await.status, 401);
    assert!(events(&shop).is_empty());
    assert_eq!(send(&shop, &good, body.as_bytes()).await.status, 200, "the same, unbent");
}

#[tokio::test]
async fn size_comes_before_the_signature_and_the_signature_before_json() {
    let (shop, _) = shop().await;
    let large = vec![b' '; LARGEST + 1];
    let unsigned = BIG.headers("", b"", shop.place.clock.now().as_second());
    assert_eq!(send(&shop, &unsigned, &large).await.status, 413);
    assert_eq!(deliver(&shop, BIG, UPDATED, &large).await.status, 413);
    assert_eq!(send(&shop, &unsigned, b"<xml>").await.status, 401);
    let answer = deliver(&shop, BIG, UPDATED, b"<xml>anna@example.com").await;
    assert_eq!((answer.status, answer.body.contains("anna")), (400, false), "what was in it is not told");
    assert!(events(&shop).is_empty());
}

#[tokio::test]
async fn while_a_secret_is_rotated_both_sign() {
    let (ours, another) = (format!("bigcommerce {SECRET}"), "bigcommerce another-secret-0123456789");
    // The new one stands first.
    for lines in [format!("{another}\n{ours}"), format!("{ours}\n{another}")] {
        let (shop, _) = shop().await;
        shop.place.stack.put_secret(SECRETS, &lines).expect("it is written");
        knocks(&shop).await;
    }
    let (shop, _) = shop().await;
    shop.place.stack.put_secret(SECRETS, another).expect("it is written");
    let body = payload(BIG, UPDATED).to_string();
    assert_eq!(
        deliver(&shop, BIG, UPDATED, body.as_bytes()).await.status,
        401,
        "and ours no longer once its line is gone"
    );
}

#[tokio::test]
async fn a_second_delivery_of_the_same_state_writes_nothing() {
    let (shop, api) = shop().await;
    has(&api, "with-code");
    told(&shop).await;
    let before = raw::items(&shop.place).await;
    told(&shop).await;
    told(&shop).await;
    assert_eq!(raw::changed(&before, &raw::items(&shop.place).await), Vec::<String>::new());
    has(&api, "part-refunded");
    told(&shop).await;
    assert_eq!(shop.customer(ANNA).await.orders.spent, 3_250, "its last state holds");
}

#[tokio::test]
async fn a_win_by_a_code_is_taken_back_by_its_refund_and_by_its_cancellation() {
    for (status, refunded) in [(4, "35.0000"), (5, "0.0000")] {
        let (mut shop, api) = shop().await;
        has(&api, "paid");
        told(&shop).await;
        // An order says nothing of mail.
        shop.event("customer.updated", json!({"email": ANNA, "marketing_consent": true})).await;
        shop.until("2026-08-04 18:00").await;
        let (mut order, mut coupons) = kept("with-code");
        order["id"] = json!(1251);
        order["date_created"] = json!("Tue, 04 Aug 2026 14:00:00 +0000");
        order["date_modified"] = json!("Tue, 04 Aug 2026 14:00:09 +0000");
        coupons[0]["code"] = json!(shop.code_mailed_to(ANNA));
        api.order("bigcommerce", order.clone());
        api.coupons(coupons);
        let mut changed = payload(BIG, UPDATED);
        changed["data"]["id"] = json!(1251);
        super::told(&shop, BIG, UPDATED, &changed).await;
        let ledger = shop.ledger().await;
        assert_eq!(ledger.coupons[0].redeemed[0].order_id, "1251");
        assert!(!ledger.coupons[0].redeemed[0].by_other);
        let returns = async || recounted(&shop.place, &shop.store).await.returns;
        assert_eq!((returns().await, shop.customer(ANNA).await.orders.count), (1, 2));
        order["status_id"] = json!(status);
        order["refunded_amount"] = json!(refunded);
        order["date_modified"] = json!("Tue, 04 Aug 2026 14:50:00 +0000");
        api.order("bigcommerce", order);
        super::told(&shop, BIG, UPDATED, &changed).await;
        assert_eq!((returns().await, shop.customer(ANNA).await.orders.count), (0, 1), "status {status}");
    }
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_asked_again_until_it_does() {
    for mood in [(429, "{}"), (503, "<html>"), (200, "{\"id\": 1250, \"sta"), (401, "{}")] {
        let (shop, api) = shop().await;
        has(&api, "paid");
        api.answers(Some(mood));
        told(&shop).await;
        assert!(shop.customers().await.is_empty(), "{mood:?}");
        api.answers(None);
        shop.place.run_until(shop.place.clock.now() + 1.hour(), &mut |_| {}).await.expect("time goes on");
        assert_eq!(shop.customer(ANNA).await.orders.count, 1, "{mood:?}");
        assert_eq!(dead(&shop), 0, "{mood:?}");
    }
}

#[tokio::test]
async fn an_order_that_nobody_can_fetch_ends_where_a_person_looks() {
    let (shop, api) = shop().await;
    api.answers(Some((401, "{}")));
    told(&shop).await;
    shop.place.run_until(shop.place.clock.now() + 4.hours(), &mut |_| {}).await.expect("time goes on");
    assert_eq!(dead(&shop), 1, "a revoked token: the dead letter says which order, and the alarm rings");
    // Without any key it is the same.
    let shop = wired(BIG, "").await;
    told(&shop).await;
    shop.place.run_until(shop.place.clock.now() + 4.hours(), &mut |_| {}).await.expect("time goes on");
    assert_eq!(dead(&shop), 1);
}

#[tokio::test]
async fn an_order_that_is_gone_by_then_is_nobodys_trouble() {
    let (shop, _) = shop().await;
    told(&shop).await;
    assert!(shop.customers().await.is_empty());
    assert_eq!(shop.place.stack.queue_contents("events").expect("the queue is there").len(), 0);
}

#[tokio::test]
async fn an_account_that_is_deleted_is_forgotten_whatever_its_orders_say_later() {
    let (shop, api) = shop().await;
    has(&api, "paid");
    told(&shop).await;
    let body = payload(BIG, "store.customer.deleted").to_string();
    assert_eq!(deliver(&shop, BIG, "", body.as_bytes()).await.status, 200);
    shop.place.settle().await.expect("it settles");
    let before = raw::items(&shop.place).await;
    assert!(!format!("{before:?}").contains(ANNA), "no address stays");
    // Months later the shop gives money back: its order changed, and is older than the wish.
    shop.place.clock.turn_to(shop.place.clock.now() + 2_000.hours());
    for state in ["part-refunded", "refunded-by-hand", "cancelled"] {
        let (mut order, _) = kept(state);
        order["date_modified"] = json!("Fri, 10 Jul 2026 08:50:00 +0000");
        api.order("bigcommerce", order);
        told(&shop).await;
        assert_eq!(raw::changed(&before, &raw::items(&shop.place).await), Vec::<String>::new(), "{state}");
    }
}

#[tokio::test]
async fn a_shop_that_takes_us_out_mails_nobody() {
    let (shop, _) = shop().await;
    let body = payload(BIG, "store.app.uninstalled").to_string();
    assert_eq!(deliver(&shop, BIG, "", body.as_bytes()).await.status, 200);
    shop.place.settle().await.expect("it settles");
    let known = shop.place.cloud.tables.store(&shop.store).await.expect("it reads").expect("a store");
    assert_eq!(known.state, State::Paused);
}
