//! A no is a no: unsubscribed, forgotten, never asked.

use serde_json::json;
use winback_domain::message::State;

use super::told;
use crate::support::{Shop, raw};

const MINA: &str = "mina.karppinen@example.com";

#[tokio::test]
async fn unsubscribes_and_only_a_form_brings_her_back() {
    let mut shop = Shop::open("2026-01-12 10:00").await;
    let named = json!({"name": "Mina Karppinen", "marketing_consent": true});
    shop.order_with(MINA, "45.00", named.clone()).await;
    shop.until("2026-04-14 15:00").await;
    assert_eq!(shop.letters_to(MINA).len(), 1);
    let answer = shop.press_unsubscribe(MINA).await;
    assert_eq!(answer.status, 200);
    shop.until("2026-05-04 12:00").await;
    assert_eq!(shop.letters_to(MINA).len(), 1, "no last day after a no");

    // A box at the checkout does not undo what she told us herself.
    shop.order_with(MINA, "60.00", named).await;
    shop.until("2026-11-20 12:00").await;
    assert_eq!(shop.letters_to(MINA).len(), 1, "a checkout box is no new yes");
    assert!(shop.customer(MINA).await.refused());

    let yes = json!({"email": MINA, "marketing_consent": true});
    shop.event("customer.updated", yes).await;
    assert!(!shop.customer(MINA).await.refused());
    shop.until("2026-11-30 12:00").await;
    assert_eq!(shop.letters_to(MINA).len(), 3, "the form counts: a letter and its last day");
    told!("unsubscribes_and_only_a_form_brings_her_back", shop.closing().await);
}

#[tokio::test]
async fn nobody_is_mailed_who_was_never_asked() {
    let mut shop = Shop::open("2026-01-12 10:00").await;
    shop.order_with("silent@example.com", "45.00", json!({})).await;
    shop.order_with("empty@example.com", "45.00", json!({"marketing_consent": false})).await;
    shop.order_with("gone@example.com", "45.00", json!({"marketing_consent": true})).await;
    shop.until("2026-02-01 10:00").await;
    shop.event("customer.unsubscribed", json!({"email": "gone@example.com"})).await;
    shop.until("2026-05-01 12:00").await;
    assert!(shop.place.stack.outbox().is_empty());
    assert!(shop.ledger().await.messages.is_empty(), "nothing was even begun");
    told!("nobody_is_mailed_who_was_never_asked", shop.closing().await);
}

#[tokio::test]
async fn erased_and_everything_is_sent_again() {
    let mut shop = Shop::open("2026-01-12 10:00").await;
    let named = json!({"name": "Mina Karppinen", "customer_id": "77", "marketing_consent": true});
    shop.order_with(MINA, "45.00", named.clone()).await;
    shop.until("2026-04-14 15:00").await;
    let code = shop.code_mailed_to(MINA);
    shop.order_with(MINA, "50.00", json!({"name": "Mina Karppinen", "discount_codes": [code]})).await;
    shop.until("2026-04-20 12:00").await;
    let known = raw::items(&shop.place).await;
    assert!(!traces(&known).is_empty(), "before, her name and her address are there");

    shop.event("customer.erased", json!({"customer_id": "77"})).await;
    let erased = raw::items(&shop.place).await;
    assert_eq!(traces(&erased), Vec::<String>::new(), "neither name nor address in any item");
    let ledger = shop.ledger().await;
    assert!(ledger.orders.is_empty(), "her orders are gone");
    assert_eq!(ledger.messages.len(), 1, "that somebody was written to still counts");
    assert_eq!(ledger.messages[0].state, State::Delivered);
    assert!(ledger.messages[0].subject.is_empty() && ledger.messages[0].why.is_empty());

    shop.until("2026-04-21 12:00").await;
    let before = raw::items(&shop.place).await;
    shop.send_everything_again().await;
    let again = raw::items(&shop.place).await;
    assert_eq!(raw::changed(&before, &again), Vec::<String>::new(), "nothing comes back");
    shop.until("2027-06-01 12:00").await;
    assert_eq!(shop.letters_to(MINA).len(), 1);
    assert_eq!(shop.customers().await.len(), 1, "the tombstone");
    told!("erased_and_everything_is_sent_again", shop.closing().await);
}

#[tokio::test]
async fn erased_while_a_letter_is_on_its_way() {
    let mut shop = Shop::open("2026-01-12 10:00").await;
    shop.order_with(MINA, "45.00", json!({"name": "Mina Karppinen", "marketing_consent": true})).await;
    shop.until("2026-04-14 15:00").await;
    assert_eq!(shop.letters_to(MINA).len(), 1, "the last day is still to come");
    let path = shop.offer_path(MINA).await;
    shop.event("customer.erased", json!({"email": MINA})).await;
    assert_eq!(traces(&raw::items(&shop.place).await), Vec::<String>::new());
    let page = shop.page("GET", &path, None).await;
    assert!(!page.body.contains("Mina") && page.body.contains("no longer available"));
    shop.until("2026-12-01 12:00").await;
    assert_eq!(shop.letters_to(MINA).len(), 1, "no last day");
    told!("erased_while_a_letter_is_on_its_way", shop.closing().await);
}

/// The items that hold her name or her address.
fn traces(items: &raw::Items) -> Vec<String> {
    let personal = |text: &str| {
        let text = text.to_lowercase();
        text.contains("mina") || text.contains("karppinen")
    };
    let found = items.iter().filter(|((_, key), item)| personal(item) || personal(key));
    found.map(|((table, key), _)| format!("{table} {key}")).collect()
}

#[tokio::test]
async fn forgotten_and_later_a_customer_again() {
    let mut shop = Shop::open("2026-01-12 10:00").await;
    shop.order_with(MINA, "45.00", json!({"name": "Mina Karppinen", "marketing_consent": true})).await;
    shop.until("2026-04-14 15:00").await;
    shop.event("customer.erased", json!({"email": MINA})).await;
    shop.until("2026-04-15 10:00").await;
    // The old letter still lies in her mailbox.
    assert_eq!(shop.press_unsubscribe(MINA).await.status, 200);
    assert_eq!(traces(&raw::items(&shop.place).await), Vec::<String>::new(), "a click brings nothing back");
    shop.until("2026-05-01 10:00").await;
    shop.order_with(MINA, "60.00", json!({"name": "Mina", "marketing_consent": true})).await;
    let known = shop.customer(MINA).await;
    assert_eq!((known.orders.count, known.orders.spent), (1, 6_000), "a new customer, with a new order");
    assert!(known.refused(), "whose no still stands");
    shop.until("2026-05-02 10:00").await;
    shop.send_everything_again().await;
    let known = shop.customer(MINA).await;
    assert_eq!((known.orders.count, known.orders.spent), (1, 6_000), "what was before stays forgotten");
    let karppinen = |item: &String| item.to_lowercase().contains("karppinen\"");
    assert!(!raw::items(&shop.place).await.values().any(karppinen), "her full name was said only before");
    shop.event("customer.updated", json!({"email": MINA, "marketing_consent": true})).await;
    shop.until("2026-08-10 10:00").await;
    assert_eq!(shop.letters_to(MINA).len(), 3, "asked for again: a letter and its last day");
    told!("forgotten_and_later_a_customer_again", shop.closing().await);
}

#[tokio::test]
async fn a_mailbox_that_refuses_us_is_not_tried_again() {
    let mut shop = Shop::open("2026-01-12 10:00").await;
    // SES's own test address, whose mailbox does not exist.
    let bounces = "bounce@simulator.amazonses.com";
    shop.order_with(bounces, "45.00", json!({"customer_id": "77", "marketing_consent": true})).await;
    shop.until("2026-04-20 12:00").await;
    assert_eq!(shop.letters_to(bounces).len(), 1, "no last day");
    // The same address said again is no better.
    shop.event("activity.recorded", json!({"email": bounces, "kind": "visit"})).await;
    shop.order_with(bounces, "45.00", json!({"customer_id": "77", "marketing_consent": true})).await;
    shop.until("2026-12-10 12:00").await;
    assert_eq!(shop.letters_to(bounces).len(), 1);
    shop.event("customer.updated", json!({"customer_id": "77", "email": MINA})).await;
    shop.until("2026-12-20 12:00").await;
    assert_eq!(shop.letters_to(MINA).len(), 2, "another address is another mailbox");
    told!("a_mailbox_that_refuses_us_is_not_tried_again", shop.closing().await);
}

#[tokio::test]
async fn marked_as_spam() {
    let mut shop = Shop::open("2026-01-12 10:00").await;
    let cross = "complaint@simulator.amazonses.com";
    shop.order(cross, "45.00").await;
    shop.until("2026-04-20 12:00").await;
    assert_eq!(shop.letters_to(cross).len(), 1, "no last day");
    assert!(shop.customer(cross).await.refused());
    shop.order(cross, "45.00").await;
    shop.until("2026-12-10 12:00").await;
    assert_eq!(shop.letters_to(cross).len(), 1, "and no checkout box undoes it");
    told!("marked_as_spam", shop.closing().await);
}
