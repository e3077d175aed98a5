//! Silence, a letter, its last day, and what ends it: an order.

use jiff::civil::date;
use serde_json::json;
use winback_domain::customer::End;
use winback_domain::message::State;

use super::told;
use crate::support::{Shop, recounted};

const ANNA: &str = "anna@example.com";

#[tokio::test]
async fn silence_a_letter_its_last_day_and_a_return() {
    let mut shop = Shop::open("2026-01-12 10:00").await;
    shop.order_with(ANNA, "45.00", json!({"name": "Anna Lind", "marketing_consent": true})).await;
    shop.until("2026-04-17 12:00").await;
    assert_eq!(shop.letters_to(ANNA).len(), 2, "the letter and its last day");
    let code = shop.code_mailed_to(ANNA);
    let order = shop.order_with(ANNA, "52.00", json!({"discount_codes": [code]})).await;

    // The redemption stands on the code, on its message, and in the month.
    let ledger = shop.ledger().await;
    let coupon = &ledger.coupons[0];
    assert_eq!((ledger.coupons.len(), coupon.code.as_str()), (1, code.as_str()));
    assert_eq!(coupon.redeemed.len(), 1);
    assert_eq!(coupon.redeemed[0].order_id, order);
    assert_eq!(coupon.redeemed[0].discount.map(|money| money.minor), Some(1_000));
    let letter = ledger.messages.iter().find(|message| message.id == coupon.message).unwrap();
    assert_eq!((letter.redeemed_by.as_deref(), letter.state), (Some(order.as_str()), State::Delivered));
    assert_eq!(shop.discounts_this_month().await, 1_000);

    // One deadline in letter, last day and ledger.
    let deadlines: Vec<_> = ledger.messages.iter().map(|m| m.offer.as_ref().unwrap().expires_at).collect();
    assert!(deadlines.iter().all(|at| *at == coupon.expires_at), "{deadlines:?}");

    // The rest of 180 days counts from the last letter, then a new silence does.
    shop.until("2026-10-12 23:59").await;
    assert_eq!(shop.letters_to(ANNA).len(), 2, "nothing while they rest");
    shop.until("2026-10-16 12:00").await;
    assert_eq!(shop.letters_to(ANNA).len(), 4, "a new silence, a new letter and its last day");
    assert_ne!(shop.code_mailed_to(ANNA), code);
    told!("silence_a_letter_its_last_day_and_a_return", shop.closing().await);
}

#[tokio::test]
async fn buys_between_the_letter_and_its_last_day() {
    let mut shop = Shop::open("2026-01-12 10:00").await;
    shop.order_with(ANNA, "45.00", json!({"name": "Anna Lind", "marketing_consent": true})).await;
    shop.until("2026-04-15 18:00").await;
    assert_eq!(shop.letters_to(ANNA).len(), 1);
    // She pays the full price: buying ends the rounds, with the code or without.
    shop.order_with(ANNA, "38.00", json!({})).await;
    shop.until("2026-07-13 00:00").await;
    assert_eq!(shop.letters_to(ANNA).len(), 1, "no last day, no later round");
    let ledger = shop.ledger().await;
    assert_eq!(ledger.messages.len(), 1);
    assert!(ledger.coupons[0].redeemed.is_empty() && !ledger.coupons[0].dead, "a mailed code stays good");
    let summary = recounted(&shop.place, &shop.store).await;
    assert_eq!((summary.returns, summary.redemptions), (1, 0), "she came back, and not by the code");
    told!("buys_between_the_letter_and_its_last_day", shop.closing().await);
}

#[tokio::test]
async fn nobody_answers_and_all_rounds_are_told() {
    let mut shop = Shop::open("2026-01-12 10:00").await;
    shop.order_with(ANNA, "45.00", json!({"name": "Anna Lind", "marketing_consent": true})).await;
    shop.until("2027-06-01 12:00").await;
    let anna = shop.customer(ANNA).await;
    let journey = &anna.journeys["We miss you"];
    let ends: Vec<_> = journey.briefs.iter().map(|brief| (brief.round, brief.step, brief.end)).collect();
    assert_eq!(ends, [(0, 0, End::Sent), (0, 1, End::Sent), (1, 0, End::Sent), (2, 0, End::Sent)]);
    assert_eq!(journey.briefs[2].day, date(2026, 5, 14), "30 days after the first round began");
    assert_eq!(anna.due, None, "only an event can change anything");
    told!("nobody_answers_and_all_rounds_are_told", shop.closing().await);
}

#[tokio::test]
async fn a_refund_takes_an_order_out_of_the_sums() {
    let mut shop = Shop::open("2026-01-12 10:00").await;
    // The program means whoever spent 30 EUR or more.
    let part = shop.order("part@example.com", "45.00").await;
    let whole = shop.order("whole@example.com", "45.00").await;
    let little = shop.order("little@example.com", "45.00").await;
    shop.until("2026-01-20 10:00").await;
    shop.event("order.refunded", json!({"order_id": part, "refunded_total": "10.00", "currency": "EUR"})).await;
    shop.event("order.refunded", json!({"order_id": part, "refunded_total": "20.00", "currency": "EUR"})).await;
    shop.event("order.refunded", json!({"order_id": whole, "refunded_total": "45.00", "currency": "EUR"})).await;
    shop.event("order.refunded", json!({"order_id": little, "refunded_total": "5.00", "currency": "EUR"})).await;
    shop.until("2026-04-20 12:00").await;
    let sums = async |email: &str| {
        let orders = shop.customer(email).await.orders;
        (orders.count, orders.spent)
    };
    assert_eq!(sums("part@example.com").await, (1, 2_500), "cumulative: 20 in all, not 30");
    assert_eq!(sums("whole@example.com").await, (0, 0));
    assert_eq!(sums("little@example.com").await, (1, 4_000));
    assert_eq!(shop.letters_to("part@example.com").len(), 0);
    assert_eq!(shop.letters_to("whole@example.com").len(), 0);
    assert_eq!(shop.letters_to("little@example.com").len(), 2);
    told!("a_refund_takes_an_order_out_of_the_sums", shop.closing().await);
}
