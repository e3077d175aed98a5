//! WooCommerce: a server of the shop's own, which tells everything several times, retries nothing, and signs with what
//! its owner typed.

mod consent;

use data_encoding::{BASE64, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use jiff::SignedDuration;
use serde_json::{Value, json};
use sha2::Sha256;
use winback_domain::customer::Customer;
use winback_domain::report;
use winback_domain::webhook::LARGEST;

use super::{SECRET, SECRETS, Sender, becomes, deliver, events, payload, send, topic, wired};
use crate::support::{Shop, raw};

const WOO: Sender = Sender::WooCommerce;
const ANNA: &str = "anna.lind@example.com";
const NEXT: &str = "Vr7~pQ2{mZ9xL4+kT6]wB1";

#[tokio::test]
async fn every_payload_becomes_what_its_snapshot_says() {
    assert!(becomes(WOO, "consent=_newsletter").await >= 20);
}

/// A payload with changes to it.
fn with(name: &str, change: &Value) -> Value {
    let mut body = payload(WOO, name);
    body.as_object_mut().expect("an object").extend(change.as_object().expect("an object").clone());
    body
}

async fn told(shop: &Shop, topic: &str, body: &Value) {
    super::told(shop, WOO, topic, body).await;
}

/// A file, told as it lies there.
async fn tell(shop: &Shop, name: &str) {
    told(shop, &topic(WOO, name), &payload(WOO, name)).await;
}

/// The two headers that count.
fn headers(topic: &str, signature: &str) -> Vec<(&'static str, String)> {
    vec![("x-wc-webhook-topic", topic.to_owned()), ("x-wc-webhook-signature", signature.to_owned())]
}

fn mac(secret: &str, body: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key");
    mac.update(body);
    mac.finalize().into_bytes().to_vec()
}

fn signature(secret: &str, body: &[u8]) -> String {
    BASE64.encode(&mac(secret, body))
}

fn pass(shop: &Shop, seconds: i64) {
    shop.place.clock.turn_to(shop.place.clock.now() + SignedDuration::from_secs(seconds));
}

fn sums(customer: &Customer) -> (u32, i64) {
    (customer.orders.count, customer.orders.spent)
}

#[tokio::test]
async fn whoever_does_not_sign_learns_nothing_and_changes_nothing() {
    let shop = wired(WOO, "").await;
    let before = raw::items(&shop.place).await;
    let body = payload(WOO, "order.updated--processing").to_string();
    let (body, good) = (body.as_bytes(), signature(SECRET, body.as_bytes()));
    let topic = "order.updated";
    let mut bent = good.clone().into_bytes();
    bent[7] = if bent[7] == b'A' { b'B' } else { b'A' };
    let mut answers = vec![send(&shop, &[("x-wc-webhook-topic", topic.to_owned())], body).await];
    for wrong in [
        String::new(),
        String::from_utf8(bent).unwrap(),
        good[..good.len() - 4].to_owned(),
        good.trim_end_matches('=').to_owned(),
        format!("sha256={good}"),
        HEXLOWER.encode(&mac(SECRET, body)),
        signature("", body),
        signature("whsec_", body),
        signature(&SECRET.to_uppercase(), body),
        signature(NEXT, body),
        signature(SECRET, &[body, b"\n"].concat()),
        "Ünsigned".to_owned(),
    ] {
        answers.push(send(&shop, &headers(topic, &wrong), body).await);
    }
    // Signed well, and then touched: the shop's own spaces count too.
    answers.push(send(&shop, &headers(topic, &good), &[body, b" "].concat()).await);
    // Signed well, under the header of another platform that this shop is not wired to.
    answers.push(
        send(&shop, &[("x-shopify-topic", topic.to_owned()), ("x-shopify-hmac-sha256", good.clone())], body).await,
    );
    for answer in &answers {
        assert_eq!(answer, &answers[0], "one answer for all of them");
        assert_eq!(answer.status, 401);
        assert!(answer.json().get("detail").is_none());
    }
    assert!(events(&shop).is_empty(), "nothing is queued");
    assert_eq!(raw::changed(&before, &raw::items(&shop.place).await), Vec::<String>::new());
    assert_eq!(send(&shop, &headers(topic, &good), body).await.status, 200, "the same, unbent");
}

#[tokio::test]
async fn size_comes_before_the_signature_and_the_signature_before_json() {
    let shop = wired(WOO, "").await;
    let large = vec![b' '; LARGEST + 1];
    assert_eq!(send(&shop, &headers("order.updated", "nonsense"), &large).await.status, 413);
    assert_eq!(deliver(&shop, WOO, "order.updated", &large).await.status, 413);
    assert_eq!(send(&shop, &headers("order.updated", "nonsense"), b"<xml>").await.status, 401);
    let answer = deliver(&shop, WOO, "order.updated", b"<xml>anna@example.com").await;
    assert_eq!((answer.status, answer.body.contains("anna")), (400, false), "what was in it is not told");
    assert!(events(&shop).is_empty());
}

#[tokio::test]
async fn the_ping_of_a_new_webhook_is_answered_with_exactly_200_and_opens_nothing() {
    let shop = wired(WOO, "").await;
    let before = raw::items(&shop.place).await;
    let form = || [("content-type", "application/x-www-form-urlencoded".to_owned())];
    // The body arrives base 64, as every form does on a function URL.
    assert_eq!(send(&shop, &form(), b"webhook_id=17").await.status, 200);
    for body in ["webhook_id=", "webhook_id=17&id=2101", "webhook_id=17 ", "id=17", "", r#"{"webhook_id":17}"#] {
        assert_eq!(send(&shop, &form(), body.as_bytes()).await.status, 401, "{body}");
    }
    let signed_wrong = [headers("order.updated", "c2lnbmF0dXJl"), form().to_vec()].concat();
    assert_eq!(send(&shop, &signed_wrong, b"webhook_id=17").await.status, 401, "what is signed is no ping");
    shop.place.settle().await.unwrap();
    assert!(events(&shop).is_empty());
    assert_eq!(raw::changed(&before, &raw::items(&shop.place).await), Vec::<String>::new());
    // A shop that has nothing to do with WooCommerce waits for no ping.
    let stripe = wired(Sender::Stripe, "").await;
    assert_eq!(send(&stripe, &form(), b"webhook_id=17").await.status, 401);
}

#[tokio::test]
async fn a_blank_secret_is_refused_and_opens_nothing() {
    let shop = wired(WOO, "").await;
    let body = payload(WOO, "order.updated--processing").to_string();
    for blank in ["woocommerce", "woocommerce  ", "woocommerce hush"] {
        shop.place.stack.put_secret(SECRETS, blank).unwrap();
        pass(&shop, 400);
        for guess in ["", " ", "hush"] {
            let signed = headers("order.updated", &signature(guess, body.as_bytes()));
            assert_eq!(send(&shop, &signed, body.as_bytes()).await.status, 401, "{blank} / {guess}");
        }
    }
    assert!(events(&shop).is_empty());
}

#[tokio::test]
async fn two_secrets_hold_while_one_is_rotated() {
    let shop = wired(WOO, "").await;
    let body = payload(WOO, "order.updated--processing").to_string();
    let status = async |secret: &str| {
        let signed = headers("order.updated", &signature(secret, body.as_bytes()));
        send(&shop, &signed, body.as_bytes()).await.status
    };
    assert_eq!((status(SECRET).await, status(NEXT).await), (200, 401));
    shop.place.stack.put_secret(SECRETS, &format!("woocommerce {NEXT}\nwoocommerce {SECRET}\n")).unwrap();
    pass(&shop, 60);
    assert_eq!((status(NEXT).await, status(SECRET).await), (200, 200), "while one is rotated, both do");
    shop.place.stack.put_secret(SECRETS, &format!("woocommerce {NEXT}")).unwrap();
    pass(&shop, 301);
    assert_eq!((status(NEXT).await, status(SECRET).await), (200, 401), "the old one is over");
}

#[tokio::test]
async fn a_delivery_id_names_nothing_and_two_orders_of_one_second_are_both_heard() {
    let shop = wired(WOO, "").await;
    for name in ["order.updated--processing", "order.updated--guest"] {
        let body = payload(WOO, name).to_string();
        let mut signed = headers(&topic(WOO, name), &signature(SECRET, body.as_bytes()));
        signed.extend([("x-wc-webhook-id", "17".to_owned()), ("x-wc-webhook-delivery-id", "5f0c".repeat(8))]);
        assert_eq!(send(&shop, &signed, body.as_bytes()).await.json()["status"], "accepted");
    }
    shop.place.settle().await.unwrap();
    assert_eq!(shop.customers().await.len(), 2);
}

#[tokio::test]
async fn a_second_delivery_changes_nothing_and_writes_nothing() {
    for name in [
        "order.updated--processing",
        "order.updated--completed",
        "order.updated--guest",
        "order.updated--with-coupon",
        "order.updated--part-refunded",
        "order.updated--refunded",
        "order.updated--cancelled",
        "order.updated--consent",
        "order.updated--yen",
        "order.deleted",
        "order.restored",
        "customer.created",
        "customer.updated",
        "customer.updated--no-more-mail",
        "customer.deleted",
    ] {
        let shop = wired(WOO, "consent=_newsletter").await;
        tell(&shop, name).await;
        let before = raw::items(&shop.place).await;
        // What bears no time of its own is as old as we heard of it: an hour later nobody could tell a second delivery
        // from a second deletion, so its new hour is written down, and nothing else comes of it.
        if !["order.deleted", "order.restored", "customer.deleted"].contains(&name) {
            pass(&shop, 3_600);
        }
        tell(&shop, name).await;
        assert_eq!(raw::changed(&before, &raw::items(&shop.place).await), Vec::<String>::new(), "{name}");
        let known = async || {
            let people = shop.customers().await;
            people.iter().map(|one| (sums(one), one.erased.is_some())).collect::<Vec<_>>()
        };
        let before = known().await;
        pass(&shop, 3_600);
        tell(&shop, name).await;
        assert_eq!(known().await, before, "{name}");
    }
}

#[tokio::test]
async fn one_order_told_five_times_is_one_order_in_its_last_state() {
    let version = |topic: &'static str, status: &str, total: &str, at: &str| {
        let change = json!({"status": status, "total": total, "date_modified_gmt": format!("2026-05-01T08:{at}")});
        (topic, with("order.updated--processing", &change))
    };
    let versions = [
        version("order.created", "pending", "60.00", "41:10"),
        version("order.updated", "processing", "60.00", "42:03"),
        version("order.updated", "failed", "60.00", "43:00"),
        version("order.updated", "processing", "55.00", "45:00"),
        version("order.updated", "completed", "48.50", "50:00"),
    ];
    let orders = [[0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [2, 4, 0, 1, 3], [3, 2, 1, 4, 0], [1, 0, 4, 3, 2]];
    for order in orders {
        let shop = wired(WOO, "").await;
        for (topic, body) in order.map(|index| &versions[index]) {
            deliver(&shop, WOO, topic, body.to_string().as_bytes()).await;
        }
        shop.place.settle().await.unwrap();
        assert_eq!(sums(&shop.customer(ANNA).await), (1, 4_850), "{order:?}");
        assert_eq!(shop.ledger().await.orders.len(), 1);
        let (topic, off) = version("order.updated", "cancelled", "48.50", "50:00");
        told(&shop, topic, &off).await;
        assert_eq!(sums(&shop.customer(ANNA).await), (0, 0), "in the same second, a cancellation holds: {order:?}");
        told(&shop, topic, &versions[4].1).await;
        assert_eq!(sums(&shop.customer(ANNA).await), (0, 0), "and still does: {order:?}");
    }
}

#[tokio::test]
async fn moments_without_a_zone_are_utc_and_not_the_shops() {
    let shop = wired(WOO, "").await;
    tell(&shop, "order.updated--processing").await;
    let placed = shop.customer(ANNA).await.orders.last().unwrap();
    assert_eq!(placed.to_string(), "2026-05-01T08:41:10Z", "11:41 on the clock of Helsinki");
}

#[tokio::test]
async fn what_nobody_has_paid_yet_and_what_we_have_no_use_for_is_taken_and_ignored() {
    let shop = wired(WOO, "").await;
    let before = raw::items(&shop.place).await;
    let because = async |topic: &str, body: &Value| {
        let answer = deliver(&shop, WOO, topic, body.to_string().as_bytes()).await;
        assert_eq!(answer.status, 200);
        answer.json()["because"].as_str().expect("a reason").to_owned()
    };
    assert_eq!(because("order.created", &payload(WOO, "order.created--pending")).await, "not_bought");
    assert_eq!(because("order.created", &payload(WOO, "order.created--on-hold")).await, "not_bought");
    assert_eq!(because("coupon.created", &payload(WOO, "coupon.created")).await, "topic");
    assert_eq!(because("action.woocommerce_add_to_cart", &json!({"action": "x", "arg": 5})).await, "topic");
    assert_eq!(because("", &json!({"id": 5})).await, "topic");
    assert_eq!(because("order.updated", &payload(WOO, "order.updated--anonymized")).await, "nobody");
    assert_eq!(because("customer.deleted", &json!({"id": 0})).await, "nobody");
    let gone =
        json!({"code": "woocommerce_rest_shop_order_invalid_id", "message": "Invalid ID.", "data": {"status": 404}});
    assert_eq!(because("order.updated", &gone).await, "nothing_new", "deleted before it could be told");
    assert!(events(&shop).is_empty());
    assert_eq!(raw::changed(&before, &raw::items(&shop.place).await), Vec::<String>::new());
    let refused = json!({"code": "woocommerce_rest_cannot_view", "message": "Sorry.", "data": {"status": 401}});
    let answer = deliver(&shop, WOO, "order.updated", refused.to_string().as_bytes()).await;
    assert_eq!(answer.status, 400, "its owner must mend that");
    assert!(answer.body.contains("woocommerce_rest_cannot_view"), "{}", answer.body);
}

#[tokio::test]
async fn a_guest_and_an_account_of_one_address_are_one_person() {
    let shop = wired(WOO, "").await;
    let guest = json!({"id": 1990, "customer_id": 0, "total": "20.00", "date_created_gmt": "2026-04-02T10:00:00",
        "date_modified_gmt": "2026-04-02T10:00:00"});
    told(&shop, "order.created", &with("order.updated--processing", &guest)).await;
    tell(&shop, "order.updated--processing").await;
    assert_eq!(shop.customers().await.len(), 1);
    assert_eq!(sums(&shop.customer(ANNA).await), (2, 7_500));
}

#[tokio::test]
async fn refunds_take_an_order_back_bit_by_bit() {
    let shop = wired(WOO, "").await;
    let mikael = async || sums(&shop.customer("mikael@example.org").await);
    tell(&shop, "order.updated--part-refunded").await;
    assert_eq!(mikael().await, (1, 3_705), "55.00 less 13.05 and 4.90");
    tell(&shop, "order.updated--refunded").await;
    assert_eq!(mikael().await, (0, 0));
    tell(&shop, "order.updated--part-refunded").await;
    assert_eq!(mikael().await, (0, 0), "what comes late takes nothing back");
}

#[tokio::test]
async fn a_win_by_a_code_in_small_letters_is_taken_back_by_its_refund() {
    let mut shop = wired(WOO, "consent=_newsletter").await;
    let yes = json!({"meta_data": [{"id": 1, "key": "_newsletter", "value": "yes"}]});
    told(&shop, "order.updated", &with("order.updated--processing", &yes)).await;
    shop.until("2026-08-04 18:00").await;
    let code = shop.code_mailed_to(ANNA);
    let at = json!({"date_created_gmt": "2026-08-04T14:00:00", "date_modified_gmt": "2026-08-04T14:00:09",
        "coupon_lines": [{"id": 81, "code": code.to_lowercase(), "discount": "10.00"}]});
    assert_ne!(code, code.to_lowercase());
    told(&shop, "order.updated", &with("order.updated--with-coupon", &at)).await;
    let ledger = shop.ledger().await;
    assert_eq!(ledger.coupons[0].redeemed[0].order_id, "2104", "codes compare without case");
    let returns = async || {
        let picture = shop.place.picture(&shop.store).await.expect("it reads");
        report::comparison(&picture.ledger()).mailed.returned
    };
    assert_eq!((returns().await, shop.customer(ANNA).await.orders.count), (1, 2));
    let mut back = with("order.updated--with-coupon", &at);
    back["status"] = json!("refunded");
    back["date_modified_gmt"] = json!("2026-08-04T14:50:00");
    told(&shop, "order.updated", &back).await;
    assert_eq!((returns().await, shop.customer(ANNA).await.orders.count), (0, 1), "the win is taken back");
}

#[tokio::test]
async fn an_order_in_the_trash_counts_again_when_it_is_taken_out() {
    let shop = wired(WOO, "").await;
    let count = async || shop.customer(ANNA).await.orders.count;
    tell(&shop, "order.updated--processing").await;
    told(&shop, "order.deleted", &json!({"id": 2101})).await;
    assert_eq!(count().await, 0);
    pass(&shop, 2);
    tell(&shop, "order.restored").await;
    assert_eq!(count().await, 1, "though its own date is older than the news of its deletion");
    // An order that we never heard of leaves nobody behind.
    told(&shop, "order.deleted", &json!({"id": "99"})).await;
    assert_eq!(shop.customers().await.len(), 1);
}

#[tokio::test]
async fn an_account_that_is_deleted_is_forgotten() {
    let shop = wired(WOO, "consent=_newsletter").await;
    tell(&shop, "order.updated--consent").await;
    tell(&shop, "customer.deleted").await;
    let sanna = shop.customers().await.remove(0);
    assert!(sanna.erased.is_some() && sanna.email().is_none() && sanna.agreed().is_none());
    tell(&shop, "order.updated--consent").await;
    assert!(shop.customers().await.remove(0).erased.is_some(), "what comes again brings nobody back");
    let text = format!("{:?}", raw::items(&shop.place).await);
    assert!(!text.contains("sanna"), "no address stays");
}
