//! Codes that the store itself honours: made good before the letter leaves, withdrawn where it never will.

use serde_json::json;
use winback_domain::message::State as Fate;
use winback_domain::plan::Folder;

use crate::support::shop_api::{Mood, ShopApi};
use crate::support::{Shop, books, edit};

const ANNA: &str = "anna@example.com";

/// The sample bookshop, whose codes WooCommerce honours.
fn folder() -> Folder {
    let mut folder = books();
    edit(&mut folder, "program.yaml", "offers:\n", "codes: woocommerce\noffers:\n");
    folder
}

async fn lapsing() -> (Shop, ShopApi) {
    let mut shop = Shop::open_with("2026-01-12 10:00", "books", &folder()).await;
    let store = ShopApi::behind(&shop.place);
    shop.order(ANNA, "45.00").await;
    shop.until("2026-04-14 08:59").await;
    (shop, store)
}

#[tokio::test]
async fn the_code_is_good_in_the_store_to_the_last_second_before_the_letter_leaves() {
    let (mut shop, store) = lapsing().await;
    assert_eq!(store.asked(), Vec::<String>::new(), "nobody is asked before there is a letter");
    shop.until("2026-04-14 09:30").await;
    assert_eq!(shop.letters_to(ANNA).len(), 1);
    let coupon = store.coupon(&shop.code_mailed_to(ANNA)).expect("the store has it");
    assert_eq!((&coupon["amount"], &coupon["usage_limit"]), (&json!("10.00"), &json!(1)));
    assert_eq!(coupon["minimum_amount"], "40.00");
    let made = shop.ledger().await.coupons[0].clone();
    assert!(made.reference.is_some(), "and we know what the store calls it");
    // The order comes with the code as WooCommerce writes it.
    let typed = shop.code_mailed_to(ANNA).to_lowercase();
    shop.order_with(ANNA, "45.00", json!({"discount_codes": [typed]})).await;
    assert_eq!(shop.ledger().await.coupons[0].redeemed.len(), 1);
}

#[tokio::test]
async fn a_store_that_is_down_for_an_hour_costs_an_hour_and_no_letter() {
    let (mut shop, store) = lapsing().await;
    store.mood(Mood::Answers(503, "<html>maintenance</html>".to_owned()));
    shop.until("2026-04-14 10:00").await;
    assert!(shop.letters_to(ANNA).is_empty(), "no mail without its code");
    store.mood(Mood::Well);
    shop.until("2026-04-14 10:30").await;
    assert_eq!(shop.letters_to(ANNA).len(), 1);
    assert!(store.coupon(&shop.code_mailed_to(ANNA)).is_some());
}

#[tokio::test]
async fn every_way_to_fail_lets_the_day_lapse_and_the_next_day_brings_another_code() {
    for mood in [
        Mood::Answers(401, json!({"code": "woocommerce_rest_cannot_create"}).to_string()),
        Mood::Answers(
            400,
            json!({"code": "rest_invalid_param", "message": "Invalid parameter(s): amount"}).to_string(),
        ),
        Mood::Answers(429, "{}".to_owned()),
        Mood::Answers(500, String::new()),
        Mood::Answers(201, "{\"id\": 7, \"co".to_owned()),
    ] {
        let (mut shop, store) = lapsing().await;
        store.mood(mood.clone());
        shop.until("2026-04-15 08:00").await;
        assert!(shop.letters_to(ANNA).is_empty(), "{mood:?}");
        let ledger = shop.ledger().await;
        let fates: Vec<Fate> = ledger.messages.iter().map(|message| message.state).collect();
        assert!(fates.iter().all(|fate| !fate.was_mailed()), "{mood:?}: {fates:?}");
        store.mood(Mood::Well);
        shop.until("2026-04-15 12:00").await;
        assert_eq!(shop.letters_to(ANNA).len(), 1, "{mood:?}");
        let coupons = shop.ledger().await.coupons;
        let (dead, good): (Vec<_>, Vec<_>) = coupons.iter().partition(|coupon| coupon.dead);
        assert_eq!((dead.len(), good.len()), (1, 1), "{mood:?}: the first day's code is dead, the second's good");
    }
}

#[tokio::test]
async fn a_code_that_somebody_made_for_something_else_is_never_mailed() {
    let (mut shop, store) = lapsing().await;
    // The store loses its answer; somebody changes what it made; we ask again.
    store.mood(Mood::Answers(502, String::new()));
    shop.until("2026-04-14 09:01").await;
    let code = shop.ledger().await.coupons[0].code.to_string();
    store.add(&code, json!({"amount": "99.00"}));
    store.mood(Mood::Well);
    shop.until("2026-04-15 08:00").await;
    assert!(shop.letters_to(ANNA).is_empty(), "it would promise what the store does not keep");
    shop.until("2026-04-15 12:00").await;
    assert_eq!(shop.letters_to(ANNA).len(), 1, "the next day has another code");
    assert_ne!(shop.code_mailed_to(ANNA), code);
}

#[tokio::test]
async fn whoever_buys_while_the_store_is_down_gets_no_letter_and_their_code_is_withdrawn() {
    let (mut shop, store) = lapsing().await;
    shop.until("2026-04-14 08:59").await;
    store.mood(Mood::Answers(502, String::new()));
    shop.until("2026-04-14 09:05").await;
    let code = shop.ledger().await.coupons[0].code.to_string();
    store.mood(Mood::Well);
    // It had made the code and lost the answer.
    let mark = json!([{"key": "_winback", "value": code}]);
    store.add(&code, json!({"amount": "10.00", "minimum_amount": "40.00", "usage_limit": 1, "meta_data": mark}));
    shop.order(ANNA, "30.00").await;
    shop.until("2026-04-14 18:00").await;
    assert!(shop.letters_to(ANNA).is_empty());
    let coupon = store.coupon(&code).expect("kept, and dead");
    let expired = coupon["date_expires_gmt"].as_str().is_some_and(|end| end < "2026-04-14");
    assert!(expired || coupon["status"] != "publish", "{coupon}");
}
