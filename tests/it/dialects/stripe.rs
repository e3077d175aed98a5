//! Stripe: everything at least once and in no order, with test mode beside the real one, and money counted its own way.

use data_encoding::HEXLOWER;
use hmac::{Hmac, KeyInit, Mac};
use jiff::SignedDuration;
use serde_json::{Value, json};
use sha2::Sha256;
use winback_domain::event::What;
use winback_domain::report;
use winback_domain::webhook::LARGEST;

use super::{SECRET, SECRETS, Sender, becomes, deliver, events, payload, send, wired};
use crate::support::{Shop, raw};

const STRIPE: Sender = Sender::Stripe;
const ANNA: &str = "anna.lind@example.com";
const PAID: &str = "checkout.session.completed";
const NEXT: &str = "whsec_fedcba9876543210fedcba9876543210";

#[tokio::test]
async fn every_payload_becomes_what_its_snapshot_says() {
    assert!(becomes(STRIPE, "").await >= 20);
}

/// An event with changes to what it is about.
fn with(name: &str, change: &Value) -> Value {
    let mut event = payload(STRIPE, name);
    let object = event["data"]["object"].as_object_mut().expect("an object");
    object.extend(change.as_object().expect("an object").clone());
    event
}

async fn told(shop: &Shop, event: &Value) {
    super::told(shop, STRIPE, "", event).await;
}

async fn tell(shop: &Shop, name: &str) {
    told(shop, &payload(STRIPE, name)).await;
}

async fn ignored(shop: &Shop, event: &Value) -> String {
    super::ignored(shop, STRIPE, "", event).await
}

fn v1(secret: &str, at: i64, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key");
    mac.update(format!("{at}.").as_bytes());
    mac.update(body);
    HEXLOWER.encode(&mac.finalize().into_bytes())
}

async fn status(shop: &Shop, signature: &str, body: &[u8]) -> i64 {
    send(shop, &[("stripe-signature", signature.to_owned())], body).await.status
}

fn now(shop: &Shop) -> i64 {
    shop.place.clock.now().as_second()
}

fn pass(shop: &Shop, seconds: i64) {
    shop.place.clock.turn_to(shop.place.clock.now() + SignedDuration::from_secs(seconds));
}

async fn sums(shop: &Shop, email: &str) -> (u32, i64) {
    let customer = shop.customer(email).await;
    (customer.orders.count, customer.orders.spent)
}

#[tokio::test]
async fn whoever_does_not_sign_learns_nothing_and_changes_nothing() {
    let shop = wired(STRIPE, "").await;
    let before = raw::items(&shop.place).await;
    let body = payload(STRIPE, PAID).to_string();
    let (body, at) = (body.as_bytes(), now(&shop));
    let good = v1(SECRET, at, body);
    let mut bent = good.clone().into_bytes();
    bent[5] = if bent[5] == b'a' { b'b' } else { b'a' };
    let mut answers = vec![send(&shop, &[], body).await];
    for wrong in [
        String::new(),
        good.clone(),
        format!("v1={good}"),
        format!("t={at}"),
        format!("t={at},v1="),
        format!("t={at},v1={}", String::from_utf8(bent).unwrap()),
        format!("t={at},v1={}", &good[..62]),
        format!("t={at},v0={good}"),
        format!("t={at},v2={good}"),
        format!("t={},v1={good}", at + 1),
        format!("t=0{at},v1={good}"),
        format!("t=now,v1={good}"),
        format!("t={at},v1={}", v1(NEXT, at, body)),
        format!("t={at},v1={}", v1(SECRET.strip_prefix("whsec_").unwrap(), at, body)),
        // Too old, and signed well: whoever kept it learns no more than the others.
        format!("t={},v1={}", at - 301, v1(SECRET, at - 301, body)),
        format!("t={},v1={}", at + 301, v1(SECRET, at + 301, body)),
    ] {
        answers.push(send(&shop, &[("stripe-signature", wrong)], body).await);
    }
    let header = format!("t={at},v1={good}");
    answers.push(send(&shop, &[("stripe-signature", header.clone())], &[body, b" "].concat()).await);
    answers.push(send(&shop, &[("x-wc-webhook-signature", header.clone())], body).await);
    for answer in &answers {
        assert_eq!(answer, &answers[0], "one answer for all of them");
        assert_eq!(answer.status, 401);
        assert!(answer.json().get("detail").is_none());
    }
    assert!(events(&shop).is_empty(), "nothing is queued");
    assert_eq!(raw::changed(&before, &raw::items(&shop.place).await), Vec::<String>::new());
    assert_eq!(status(&shop, &header, body).await, 200, "the same, unbent");
}

#[tokio::test]
async fn size_comes_before_the_signature_and_the_signature_before_json() {
    let shop = wired(STRIPE, "").await;
    let large = vec![b' '; LARGEST + 1];
    assert_eq!(status(&shop, "t=1,v1=00", &large).await, 413);
    assert_eq!(deliver(&shop, STRIPE, "", &large).await.status, 413);
    assert_eq!(status(&shop, "t=1,v1=00", b"<xml>").await, 401);
    for body in
        ["<xml>anna@example.com", r#"{"type":"charge.refunded","livemode":true,"data":{"object":{"id":"anna"}}}"#]
    {
        let answer = deliver(&shop, STRIPE, "", body.as_bytes()).await;
        assert_eq!((answer.status, answer.body.contains("anna")), (400, false), "what was in it is not told");
    }
    assert!(events(&shop).is_empty());
}

#[tokio::test]
async fn any_v1_may_match_in_any_place_for_five_minutes() {
    let shop = wired(STRIPE, "").await;
    let body = payload(STRIPE, PAID).to_string();
    let (body, at) = (body.as_bytes(), now(&shop));
    let (good, other) = (v1(SECRET, at, body), v1(NEXT, at, body));
    for signature in [
        format!("t={at},v1={other},v1={good}"),
        format!("t={at},v1={good},v1={other},v0={other}"),
        format!("v0={other},v1={good},t={at}"),
        format!("t={at}, v1=zz, v1={good}, x"),
    ] {
        assert_eq!(status(&shop, &signature, body).await, 200, "{signature}");
    }
    for (off, expected) in [(-301, 401), (-300, 200), (300, 200), (301, 401)] {
        let signature = format!("t={},v1={}", at + off, v1(SECRET, at + off, body));
        assert_eq!(status(&shop, &signature, body).await, expected, "{off} s off");
    }
}

#[tokio::test]
async fn two_secrets_hold_while_one_is_rolled() {
    let shop = wired(STRIPE, "").await;
    let body = payload(STRIPE, PAID).to_string();
    let body = body.as_bytes();
    let opens = async |secret: &str| {
        let at = now(&shop);
        status(&shop, &format!("t={at},v1={}", v1(secret, at, body)), body).await
    };
    assert_eq!((opens(SECRET).await, opens(NEXT).await), (200, 401));
    shop.place.stack.put_secret(SECRETS, &format!("stripe {NEXT}\nstripe {SECRET}")).unwrap();
    pass(&shop, 60);
    assert_eq!((opens(NEXT).await, opens(SECRET).await), (200, 200));
    shop.place.stack.put_secret(SECRETS, &format!("stripe {NEXT}")).unwrap();
    pass(&shop, 301);
    assert_eq!((opens(NEXT).await, opens(SECRET).await), (200, 401), "the old one is over");
    // Until the old one has run out Stripe signs with both.
    let at = now(&shop);
    let both = format!("t={at},v1={},v1={}", v1(SECRET, at, body), v1(NEXT, at, body));
    assert_eq!(status(&shop, &both, body).await, 200);
    // Without its prefix it is no secret of Stripe's at all.
    shop.place.stack.put_secret(SECRETS, "stripe fedcba9876543210fedcba9876543210").unwrap();
    pass(&shop, 301);
    assert_eq!(opens("fedcba9876543210fedcba9876543210").await, 401);
}

#[tokio::test]
async fn a_second_delivery_changes_nothing_and_writes_nothing() {
    for name in [
        PAID,
        "checkout.session.completed--no-payment-required",
        "checkout.session.completed--guest",
        "checkout.session.completed--yen",
        "checkout.session.completed--with-promotion-code",
        "checkout.session.completed--consent",
        "checkout.session.completed--subscription-mode",
        "checkout.session.async_payment_succeeded",
        "charge.refunded--part",
        "customer.subscription.created",
        "customer.subscription.deleted--too-expensive",
    ] {
        let shop = wired(STRIPE, "").await;
        tell(&shop, name).await;
        let before = raw::items(&shop.place).await;
        // Stripe tries again for three days, and signs each try anew.
        pass(&shop, 2 * 24 * 3_600);
        tell(&shop, name).await;
        assert_eq!(raw::changed(&before, &raw::items(&shop.place).await), Vec::<String>::new(), "{name}");
    }
}

#[tokio::test]
async fn two_events_of_one_object_and_type_are_one() {
    for name in [
        PAID,
        "checkout.session.async_payment_succeeded",
        "charge.refunded--part",
        "customer.subscription.created",
        "customer.subscription.deleted--too-expensive",
    ] {
        let shop = wired(STRIPE, "").await;
        let mut event = payload(STRIPE, name);
        told(&shop, &event).await;
        let before = raw::items(&shop.place).await;
        shop.place.stack.reset_capacity();
        event["id"] = json!("evt_another");
        event["created"] = json!(event["created"].as_i64().expect("seconds") + 3);
        told(&shop, &event).await;
        assert_eq!(shop.place.stack.capacity().total().write_units, 0.0, "{name}");
        assert_eq!(raw::changed(&before, &raw::items(&shop.place).await), Vec::<String>::new(), "{name}");
    }
}

#[tokio::test]
async fn test_mode_and_what_we_have_no_use_for_are_taken_and_ignored() {
    let shop = wired(STRIPE, "").await;
    let before = raw::items(&shop.place).await;
    assert_eq!(ignored(&shop, &payload(STRIPE, "checkout.session.completed--test-mode")).await, "test");
    for name in ["charge.refunded--whole", "customer.subscription.created", "checkout.session.async_payment_succeeded"]
    {
        let mut event = payload(STRIPE, name);
        event["livemode"] = json!(false);
        assert_eq!(ignored(&shop, &event).await, "test", "{name}");
    }
    assert_eq!(ignored(&shop, &payload(STRIPE, "invoice.paid")).await, "topic");
    let thin = json!({"id": "evt_x", "object": "v2.core.event", "type": "v2.core.account.closed", "livemode": true,
        "created": "2026-05-01T08:00:00.000Z", "related_object": {"id": "acct_x", "type": "v2.core.account"}});
    assert_eq!(ignored(&shop, &thin).await, "topic", "another envelope");
    let nobody = with(PAID, &json!({"customer": null, "customer_details": null}));
    assert_eq!(ignored(&shop, &nobody).await, "nobody");
    let card = with(PAID, &json!({"mode": "setup", "payment_status": "no_payment_required", "amount_total": null}));
    assert_eq!(ignored(&shop, &card).await, "nothing_new", "a card kept for later");
    assert!(events(&shop).is_empty());
    assert_eq!(raw::changed(&before, &raw::items(&shop.place).await), Vec::<String>::new());
}

#[tokio::test]
async fn what_a_bank_pays_later_is_bought_when_it_has_paid_and_as_old_as_its_checkout() {
    let shop = wired(STRIPE, "").await;
    assert_eq!(ignored(&shop, &payload(STRIPE, "checkout.session.completed--unpaid")).await, "not_bought");
    assert_eq!(ignored(&shop, &payload(STRIPE, "checkout.session.async_payment_failed")).await, "not_bought");
    assert!(shop.customers().await.is_empty());
    tell(&shop, "checkout.session.async_payment_succeeded").await;
    assert_eq!(sums(&shop, "mikael@example.org").await, (1, 12_900));
    let placed = shop.customer("mikael@example.org").await.orders.last().unwrap();
    assert_eq!(placed.to_string(), "2026-04-27T05:58:00Z", "four days before the money came");
    // The first event may come last.
    assert_eq!(ignored(&shop, &payload(STRIPE, "checkout.session.completed--unpaid")).await, "not_bought");
    assert_eq!(sums(&shop, "mikael@example.org").await, (1, 12_900));
}

#[tokio::test]
async fn a_refund_may_come_before_its_checkout_and_the_sum_of_all_holds() {
    let (part, whole) = ("charge.refunded--part", "charge.refunded--whole");
    for (order, left) in [
        ([part, PAID, part], (1, 3_000)),
        ([PAID, part, whole], (0, 0)),
        ([whole, part, PAID], (0, 0)),
        ([part, whole, PAID], (0, 0)),
        ([PAID, whole, part], (0, 0)),
    ] {
        let shop = wired(STRIPE, "").await;
        for name in order {
            tell(&shop, name).await;
        }
        assert_eq!(sums(&shop, ANNA).await, left, "{order:?}");
        assert_eq!(shop.ledger().await.orders.len(), 1);
    }
    // A refund of a payment that was no checkout leaves nobody behind.
    let shop = wired(STRIPE, "").await;
    told(&shop, &with(part, &json!({"payment_intent": null, "id": "ch_elsewhere"}))).await;
    assert!(shop.customers().await.is_empty());
}

#[tokio::test]
async fn a_win_is_taken_back_by_its_refund() {
    let mut shop = wired(STRIPE, "").await;
    told(&shop, &with(PAID, &json!({"consent": {"promotions": "opt_in"}}))).await;
    shop.until("2026-08-04 18:00").await;
    let code = shop.code_mailed_to(ANNA);
    // Whoever asks Stripe to expand its events hears the code as it was typed.
    let expanded =
        json!([{"coupon": null, "promotion_code": {"id": "promo_1", "object": "promotion_code", "code": code}}]);
    let change = json!({"discounts": expanded, "payment_intent": {"id": "pi_win", "object": "payment_intent"}});
    let mut bought = with("checkout.session.completed--with-promotion-code", &change);
    bought["created"] = json!(now(&shop) - 600);
    bought["data"]["object"]["created"] = json!(now(&shop) - 700);
    told(&shop, &bought).await;
    assert_eq!(shop.ledger().await.coupons[0].redeemed[0].order_id, "pi_win");
    let returns = async || {
        let picture = shop.place.picture(&shop.store).await.expect("it reads");
        report::comparison(&picture.ledger()).mailed.returned
    };
    assert_eq!((returns().await, shop.customer(ANNA).await.orders.count), (1, 2));
    let refund = json!({"payment_intent": "pi_win", "amount": 4200, "amount_refunded": 4200});
    told(&shop, &with("charge.refunded--whole", &refund)).await;
    assert_eq!((returns().await, shop.customer(ANNA).await.orders.count), (0, 1));
}

#[tokio::test]
async fn money_is_counted_as_stripe_counts_it() {
    let shop = wired(STRIPE, "").await;
    for (currency, amount, total) in [
        ("eur", 4_500, "45.00 EUR"),
        ("jpy", 3_800, "3800 JPY"),
        ("kwd", 12_350, "12.350 KWD"),
        ("isk", 459_000, "4590 ISK"),
        ("ugx", 500, "5 UGX"),
        ("mga", 5, "5.00 MGA"),
        ("huf", 1_045, "10.45 HUF"),
        ("twd", 80_045, "800.45 TWD"),
    ] {
        let id = format!("pi_{currency}");
        let change = json!({"currency": currency, "amount_total": amount, "payment_intent": id});
        deliver(&shop, STRIPE, "", with(PAID, &change).to_string().as_bytes()).await;
        let change = json!({"currency": currency, "amount_refunded": amount, "payment_intent": id});
        deliver(&shop, STRIPE, "", with("charge.refunded--whole", &change).to_string().as_bytes()).await;
        let told = events(&shop).split_off(events(&shop).len() - 2);
        let What::OrderPlaced { order, .. } = &told[0].what else { panic!("an order") };
        let What::OrderRefunded { refunded, .. } = &told[1].what else { panic!("a refund") };
        assert_eq!((order.total.to_string().as_str(), refunded.to_string().as_str()), (total, total));
    }
    shop.place.settle().await.unwrap();
    assert_eq!(sums(&shop, ANNA).await, (0, 0), "each of them was paid back whole");
}

#[tokio::test]
async fn consent_is_what_the_checkout_says_and_a_missing_word_says_nothing() {
    let shop = wired(STRIPE, "").await;
    let agreed = async |id: &str, consent: &Value, minute: i64| {
        let mut event = with(PAID, &json!({"payment_intent": id, "consent": consent}));
        for moment in ["/created", "/data/object/created"] {
            let moment = event.pointer_mut(moment).expect("it has one");
            *moment = json!(moment.as_i64().expect("seconds") + 600 * (minute - 9));
        }
        told(&shop, &event).await;
        shop.customer(ANNA).await.agreed().is_some()
    };
    assert!(!agreed("pi_1", &json!(null), 0).await, "nobody asked her");
    assert!(agreed("pi_2", &json!({"promotions": "opt_in"}), 2).await);
    assert!(agreed("pi_3", &json!({"promotions": null, "terms_of_service": "accepted"}), 4).await, "missing is no no");
    assert!(agreed("pi_4", &json!({"promotions": "opt_out"}), 1).await, "an older no that comes late");
    assert!(!agreed("pi_5", &json!({"promotions": "opt_out"}), 6).await, "the newest holds");
    // A word that a bank made us wait for is as old as the checkout it was said in.
    let yes = json!({"customer": "cus_ExampleAnna17", "consent": {"promotions": "opt_in"},
        "customer_details": {"email": ANNA, "name": "Anna Lind"}});
    told(&shop, &with("checkout.session.async_payment_succeeded", &yes)).await;
    assert_eq!(shop.customer(ANNA).await.agreed(), None);
}

#[tokio::test]
async fn a_guest_has_no_number_and_becomes_one_with_their_account() {
    let shop = wired(STRIPE, "").await;
    told(&shop, &with(PAID, &json!({"customer": null, "payment_intent": "pi_guest"}))).await;
    tell(&shop, PAID).await;
    assert_eq!(shop.customers().await.len(), 1);
    assert_eq!(sums(&shop, ANNA).await, (2, 9_000));
}

#[tokio::test]
async fn a_subscription_runs_from_its_first_payment_until_it_says_why_it_ends() {
    let shop = wired(STRIPE, "").await;
    let subscription = async || {
        let anna = shop.customers().await.remove(0);
        anna.subscription.map(|known| (known.runs, known.reason))
    };
    // The end of an older one comes last, and is older.
    tell(&shop, "customer.subscription.created").await;
    let mut old = payload(STRIPE, "customer.subscription.deleted--payment-failed");
    old["data"]["object"]["customer"] = json!("cus_ExampleAnna17");
    told(&shop, &old).await;
    assert_eq!(subscription().await, Some((true, None)));
    tell(&shop, "customer.subscription.deleted--too-expensive").await;
    assert_eq!(subscription().await, Some((false, Some("too_expensive".to_owned()))), "in the customer's own word");
    let text = format!("{:?}", raw::items(&shop.place).await);
    assert!(!text.contains("not every month"), "what they wrote beside it is not kept");

    let shop = wired(STRIPE, "").await;
    assert_eq!(ignored(&shop, &payload(STRIPE, "customer.subscription.created--incomplete")).await, "not_bought");
    assert_eq!(ignored(&shop, &payload(STRIPE, "customer.subscription.updated--card-changed")).await, "nothing_new");
    assert!(shop.customers().await.is_empty());
    tell(&shop, "customer.subscription.updated--active").await;
    assert!(shop.customers().await.remove(0).subscription.is_some_and(|known| known.runs));
}
