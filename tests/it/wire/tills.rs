//! `POST /redeem` and `POST /check`: each code once, whoever asks at the same moment.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use winback_domain::redeem::Coupon;
use winback_domain::report::Uses;
use winback_local::aws::{At, Fault};

use super::{order, tell};
use crate::support::codes::{fill, with_pool};
use crate::support::http::{Answered, request};
use crate::support::{Shop, books, edit, raw, recounted, sample};

const ANNA: &str = "anna@example.com";

/// A shop in which so many were mailed a code this morning, and their codes.
async fn with_codes(many: usize) -> (Shop, Vec<String>) {
    let mut shop = Shop::open("2026-04-01 10:00").await;
    let emails: Vec<String> = (0..many).map(|number| format!("reader{number}@example.com")).collect();
    let long_ago = "2026-01-12T10:00:00Z".parse().unwrap();
    for email in &emails {
        let data = json!({"order_id": format!("old-{email}"), "email": email, "total": "45.00", "currency": "EUR",
            "marketing_consent": true});
        shop.event_at("order.placed", long_ago, data).await;
    }
    shop.until("2026-04-14 12:00").await;
    let codes = emails.iter().map(|email| shop.code_mailed_to(email)).collect();
    (shop, codes)
}

fn ask(code: &str, order: &str) -> Value {
    json!({"code": code, "order_id": order, "total": "45.00", "currency": "EUR"})
}

async fn coupon(shop: &Shop, code: &str) -> Coupon {
    let coupons = shop.ledger().await.coupons;
    coupons.into_iter().find(|coupon| coupon.code.as_str() == code).expect("the code is there")
}

async fn uses(shop: &Shop, code: &str) -> Vec<String> {
    coupon(shop, code).await.redeemed.into_iter().map(|redemption| redemption.order_id).collect()
}

async fn conflicts(shop: &Shop, code: &str) -> Vec<String> {
    coupon(shop, code).await.conflicts.into_iter().map(|conflict| conflict.order_id).collect()
}

#[tokio::test]
async fn a_code_at_the_till() {
    let (shop, codes) = with_codes(1).await;
    let code = &codes[0];
    let good = shop.till("/check", &ask(code, "T-1")).await;
    assert_eq!((good.status, &good.json()["status"]), (200, &json!("good")));
    assert!(uses(&shop, code).await.is_empty(), "a check takes nothing");

    let typed = format!("{}-{}", code[..5].to_lowercase(), &code[5..]);
    let redeemed = shop.till("/redeem", &ask(&typed, "T-1")).await;
    let said = redeemed.json();
    assert_eq!((redeemed.status, &said["status"], &said["discount"]), (200, &json!("redeemed"), &json!("10.00 EUR")));
    let before = raw::items(&shop.place).await;
    let again = shop.till("/redeem", &ask(code, "T-1")).await;
    assert_eq!((again.status, &again.json()["status"]), (200, &json!("already_yours")));
    let other = shop.till("/redeem", &ask(code, "T-2")).await;
    assert_eq!((other.status, &other.json()["type"]), (409, &json!("urn:winback:problem:code-used")));
    assert_eq!(shop.till("/check", &ask(code, "T-2")).await.status, 409);
    assert_eq!(raw::changed(&before, &raw::items(&shop.place).await), Vec::<String>::new());
    assert_eq!(uses(&shop, code).await, ["T-1"]);
    assert_eq!(shop.discounts_this_month().await, 1_000);
}

#[tokio::test]
async fn what_does_not_hold_says_why() {
    let (mut shop, codes) = with_codes(1).await;
    let code = &codes[0];
    let before = raw::items(&shop.place).await;
    let with = |change: Value| {
        let mut body = ask(code, "T-1");
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        body
    };
    for path in ["/redeem", "/check"] {
        let unknown = shop.till(path, &with(json!({"code": "0000000000"}))).await;
        assert_eq!((unknown.status, unknown.header("content-type")), (404, Some("application/problem+json")));
        assert_eq!(shop.till(path, &with(json!({"code": "SUMMER"}))).await.status, 404);
        assert_eq!(shop.till(path, &with(json!({"code": ""}))).await.status, 404);
        let small = shop.till(path, &with(json!({"total": "35.50"}))).await;
        assert_eq!((small.status, &small.json()["missing"]), (422, &json!("4.50 EUR")));
        let dollars = shop.till(path, &with(json!({"currency": "USD"}))).await;
        assert_eq!((dollars.status, &dollars.json()["currency"]), (422, &json!("EUR")));
        for change in [
            json!({"total": "-1"}),
            json!({"total": null}),
            json!({"currency": "EURO"}),
            json!({"code": 7}),
            json!({"order_id": "a\r\nb"}),
            json!({"order_id": 7}),
            json!({"store": "Books!"}),
        ] {
            let answer = shop.till(path, &with(change.clone())).await;
            assert_eq!(answer.status, 400, "{path} {change}");
            assert!(!answer.json()["detail"].as_str().unwrap().is_empty());
        }
        let many = shop.till(path, &with(json!({"note": "x".repeat(17 * 1024)}))).await;
        assert_eq!(many.status, 413);
        let get = request("GET", path, &[], None);
        let get: Answered = redeem_code::handle(&shop.place.cloud, get, shop.place.invocation()).await.unwrap().into();
        assert_eq!((get.status, get.header("allow")), (405, Some("POST")));
    }
    assert_eq!(
        shop.till("/redeem", &with(json!({"order_id": null}))).await.status,
        400,
        "a redemption names its order"
    );
    assert_eq!(shop.till("/check", &with(json!({"order_id": null}))).await.status, 200, "a question need not");
    assert_eq!(raw::changed(&before, &raw::items(&shop.place).await), Vec::<String>::new());

    shop.until("2026-04-17 23:59:59").await;
    assert_eq!(shop.till("/check", &ask(code, "T-1")).await.status, 200, "good to the last second");
    shop.until("2026-04-18 00:00:00").await;
    let late = shop.till("/redeem", &ask(code, "T-1")).await;
    assert_eq!((late.status, &late.json()["expires_at"]), (410, &json!("2026-04-17T20:59:59Z")));
}

#[tokio::test]
async fn two_shops_behind_one_till() {
    let (shop, codes) = with_codes(1).await;
    let records = Shop::join(shop.place.clone(), "records", &sample("records")).await;
    let unnamed = shop.till("/redeem", &ask(&codes[0], "T-1")).await;
    assert_eq!((unnamed.status, &unnamed.json()["missing"]), (422, &json!("store")));
    let mut body = ask(&codes[0], "T-1");
    body["store"] = json!("records");
    assert_eq!(records.till("/redeem", &body).await.status, 404, "another shop's code is none");
    body["store"] = json!("books");
    assert_eq!(shop.till("/redeem", &body).await.status, 200);
}

#[tokio::test]
async fn a_code_taken_at_the_till_and_told_with_the_order_counts_once() {
    let (shop, codes) = with_codes(3).await;
    let told = |id: &str, code: &str| order(&json!({"order_id": id, "email": ANNA, "discount_codes": [code]}));
    // The till, then the order.
    assert_eq!(shop.till("/redeem", &ask(&codes[0], "T-1")).await.status, 200);
    assert_eq!(tell(&shop, "order.placed", &told("T-1", &codes[0])).await.status, 200);
    assert_eq!(uses(&shop, &codes[0]).await, ["T-1"]);
    // The order, then the till.
    assert_eq!(tell(&shop, "order.placed", &told("T-2", &codes[1])).await.status, 200);
    let late = shop.till("/redeem", &ask(&codes[1], "T-2")).await;
    assert_eq!((late.status, &late.json()["status"]), (200, &json!("already_yours")));
    assert_eq!(uses(&shop, &codes[1]).await, ["T-2"]);
    // The till, and another order that claims the same code.
    assert_eq!(shop.till("/redeem", &ask(&codes[2], "T-3")).await.status, 200);
    assert_eq!(tell(&shop, "order.placed", &told("T-4", &codes[2])).await.status, 200);
    assert_eq!(uses(&shop, &codes[2]).await, ["T-3"]);
    assert_eq!(conflicts(&shop, &codes[2]).await, ["T-4"], "somebody has to look there");
    assert_eq!(tell(&shop, "order.placed", &told("T-4", &codes[2])).await.status, 200);
    assert_eq!(conflicts(&shop, &codes[2]).await, ["T-4"], "told twice, it is one");
    for code in &codes[..2] {
        assert!(conflicts(&shop, code).await.is_empty(), "one order, however it is told");
    }
    assert_eq!(shop.discounts_this_month().await, 3_000, "ten euros each, once");
}

#[tokio::test]
async fn of_two_tills_at_the_same_moment_exactly_one_wins() {
    let (shop, codes) = with_codes(16).await;
    let mut met = 0;
    for (call, code) in codes.iter().enumerate() {
        // The first till is frozen at its every call in turn; meanwhile the other one goes all the way.
        let second: Arc<Mutex<Option<Answered>>> = Arc::default();
        let (place, body, answer) = (shop.place.clone(), ask(code, "T-2").to_string(), Arc::clone(&second));
        let faults = shop.place.stack.faults();
        faults.clear();
        let pause = Fault::pause(move || async move {
            let headers = [("content-type", "application/json")];
            let request = request("POST", "/redeem", &headers, Some(body.as_bytes()));
            let said = redeem_code::handle(&place.cloud, request, place.invocation()).await.expect("it always answers");
            *answer.lock().unwrap() = Some(said.into());
        });
        faults.set(At::call(call as u64 + 1), pause);
        let first = shop.till("/redeem", &ask(code, "T-1")).await;
        let struck = faults.fired() > 0;
        faults.clear();
        let second = if struck { second.lock().unwrap().take() } else { None };
        let Some(second) = second else { break };
        met += 1;
        let mut statuses = [first.status, second.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409], "call {}", call + 1);
        let winner = if first.status == 200 { "T-1" } else { "T-2" };
        assert_eq!(uses(&shop, code).await, [winner]);
    }
    assert!(met >= 3, "a redemption makes at least three calls, met {met}");
    assert!(met < codes.len(), "every call was met");
    assert_eq!(shop.discounts_this_month().await, 1_000 * i64::try_from(met + 1).unwrap(), "one discount a code");

    // And side by side, whoever is faster: different orders, then the same order twice.
    let (left, right) = (&codes[codes.len() - 1], &codes[codes.len() - 2]);
    let (one, two) = (ask(left, "T-1"), ask(left, "T-2"));
    let (one, two) = tokio::join!(shop.till("/redeem", &one), shop.till("/redeem", &two));
    let mut statuses = [one.status, two.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    let same = ask(right, "T-1");
    let (one, two) = tokio::join!(shop.till("/redeem", &same), shop.till("/redeem", &same));
    assert_eq!((one.status, two.status), (200, 200), "one order may ask as often as it likes");
    assert_eq!(uses(&shop, right).await, ["T-1"]);
}

#[tokio::test]
async fn a_code_for_two_orders_is_taken_twice_and_not_a_third_time() {
    let mut folder = books();
    edit(&mut folder, "program.yaml", "    minimum_order: 40 EUR\n", "    minimum_order: 40 EUR\n    uses: 2\n");
    let mut shop = Shop::open_with("2026-01-12 10:00", "books", &folder).await;
    shop.order(ANNA, "45.00").await;
    shop.until("2026-04-14 12:00").await;
    let code = shop.code_mailed_to(ANNA);
    for (id, status) in [("T-1", 200), ("T-2", 200), ("T-1", 200), ("T-3", 409)] {
        assert_eq!(shop.till("/redeem", &ask(&code, id)).await.status, status, "{id}");
    }
    assert_eq!(uses(&shop, &code).await, ["T-1", "T-2"]);
}

/// How many uses of the shop's offer were somebody else's than whom the code was mailed to.
async fn by_others(shop: &Shop) -> u64 {
    recounted(&shop.place, &shop.store).await.by_offer.values().map(|uses| uses.by_others).sum()
}

#[tokio::test]
async fn a_code_that_was_passed_on_is_taken_and_counted_as_that() {
    let (shop, codes) = with_codes(4).await;
    let till = |code: &str, id: &str, email: &str| {
        let mut body = ask(code, id);
        body["email"] = json!(email);
        body
    };
    let told =
        |id: &str, email: &str, code: &str| order(&json!({"order_id": id, "email": email, "discount_codes": [code]}));
    // Her own, at the till.
    assert_eq!(shop.till("/redeem", &till(&codes[0], "T-1", "reader0@example.com")).await.status, 200);
    assert_eq!(by_others(&shop).await, 0);
    // Another's address at the till; told again with the order it stays one.
    assert_eq!(shop.till("/redeem", &till(&codes[1], "T-2", ANNA)).await.status, 200);
    assert_eq!(by_others(&shop).await, 1);
    assert_eq!(tell(&shop, "order.placed", &told("T-2", ANNA, &codes[1])).await.status, 200);
    assert_eq!(by_others(&shop).await, 1);
    // An order online.
    assert_eq!(tell(&shop, "order.placed", &told("W-3", ANNA, &codes[2])).await.status, 200);
    assert_eq!(by_others(&shop).await, 2);
    // A till that asked nobody for an address; the order says whose it is.
    assert_eq!(shop.till("/redeem", &ask(&codes[3], "T-4")).await.status, 200);
    assert_eq!(by_others(&shop).await, 2);
    for _ in 0..2 {
        assert_eq!(tell(&shop, "order.placed", &told("T-4", ANNA, &codes[3])).await.status, 200);
        assert_eq!(by_others(&shop).await, 3);
    }
    let uses = Uses { redeemed: 4, by_others: 3, leaked_tenths: 750, conflicts: 0 };
    let by_offer = recounted(&shop.place, &shop.store).await.by_offer;
    assert_eq!(by_offer, BTreeMap::from([("ten-euro".to_owned(), uses)]));
}

#[tokio::test]
async fn a_code_that_the_shops_own_checkout_takes_is_not_taken_here_as_well() {
    let mut shop = Shop::open_with("2026-01-12 10:00", "books", &with_pool(50, books())).await;
    // One that is written as ours are, one that is not.
    fill(&shop.place, &shop.store, &["7K2MQX4T09", "SPRING-OLIVE"]).await;
    for email in [ANNA, "bo@example.com"] {
        shop.order(email, "45.00").await;
    }
    shop.until("2026-04-14 12:00").await;
    for code in ["7K2MQX4T09", "spring-olive"] {
        for path in ["/check", "/redeem"] {
            let said = shop.till(path, &ask(code, "T-1")).await;
            assert_eq!(
                (said.status, &said.json()["type"], &said.json()["honoured_by"]),
                (409, &json!("urn:winback:problem:code-honoured-elsewhere"), &json!("pool")),
                "{path} {code}"
            );
        }
        assert_eq!(uses(&shop, &code.to_uppercase()).await, Vec::<String>::new());
    }
}
