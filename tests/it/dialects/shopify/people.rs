//! Customers: what they said about mail, and what they wish of their data.

use serde_json::{Value, json};
use winback_local::aws::LEDGER;

use super::{ANNA, open, payload, tell, tell_file, with};
use crate::support::{Shop, raw};

const SAID: &str = "customers.email_marketing_consent_update";
/// As the header has it, and as the changelog has it.
const TOPICS: [&str; 2] = ["customers_email_marketing_consent/update", "customers/email_marketing_consent_update"];

/// Anna's state of consent, as it was changed at a moment; at none where it is null.
fn said(state: &str, at: Value) -> Value {
    with(SAID, json!({"email_marketing_consent": {"state": state, "opt_in_level": null, "consent_updated_at": at}}))
}

async fn agreed(shop: &Shop) -> Option<String> {
    shop.customer(ANNA).await.agreed().map(|at| at.to_string())
}

#[tokio::test]
async fn the_newest_word_on_mail_holds_in_whatever_order_it_comes() {
    let words = [
        said("subscribed", json!("2026-05-01T10:10:10+03:00")),
        said("UNSUBSCRIBED", json!("2026-05-01T07:30:00Z")),
        said("Subscribed", json!("2026-05-01T08:00:00Z")),
    ];
    for topic in TOPICS {
        let shop = open().await;
        tell_file(&shop, "orders.create").await;
        for (word, yes) in [(1, false), (0, false), (2, true), (1, true), (0, true)] {
            tell(&shop, topic, &words[word]).await;
            assert_eq!(agreed(&shop).await.is_some(), yes, "{topic}: after {word}");
        }
        assert_eq!(agreed(&shop).await.as_deref(), Some("2026-05-01T08:00:00Z"));
    }
}

#[tokio::test]
async fn an_empty_box_takes_no_earlier_yes_back_and_a_missing_one_says_nothing() {
    let shop = open().await;
    tell_file(&shop, "orders.create").await;
    let yes = agreed(&shop).await;
    assert_eq!(yes.as_deref(), Some("2026-05-01T06:12:33Z"));
    for (id, ticked) in [(71, json!(false)), (72, Value::Null)] {
        let later = "2026-05-01T11:00:00+03:00";
        let order = json!({"id": id, "buyer_accepts_marketing": ticked, "processed_at": later, "updated_at": later});
        tell(&shop, "orders/create", &with("orders.create", order)).await;
        assert_eq!(agreed(&shop).await, yes);
    }
    tell_file(&shop, "customers.update").await;
    assert_eq!(agreed(&shop).await, yes, "nor does a payload that speaks of no consent");
}

#[tokio::test]
async fn a_box_is_as_old_as_its_order_however_often_the_order_is_told() {
    let mut shop = open().await;
    tell_file(&shop, "orders.create").await;
    let no = json!({"email": ANNA, "marketing_consent": false});
    shop.event_at("customer.updated", "2026-05-01T07:00:00Z".parse().unwrap(), no).await;
    assert_eq!(agreed(&shop).await, None);
    tell_file(&shop, "orders.updated").await;
    assert_eq!(agreed(&shop).await, None, "the order is told again, and she ticked nothing since");
}

#[tokio::test]
async fn states_that_nobody_said_change_nothing() {
    let shop = open().await;
    tell_file(&shop, "orders.create").await;
    let before = shop.customer(ANNA).await;
    for state in ["pending", "not_subscribed", "NOT_SUBSCRIBED", "", "snoozed"] {
        for at in [json!("2026-05-01T11:00:00+03:00"), Value::Null] {
            let answer = tell(&shop, TOPICS[0], &said(state, at)).await;
            assert_eq!(answer.json()["because"], "nothing_new", "{state}");
        }
    }
    for nothing in [Value::Null, json!({}), json!({"state": null})] {
        let body = with(SAID, json!({"email_marketing_consent": nothing}));
        assert_eq!(tell(&shop, TOPICS[0], &body).await.json()["because"], "nothing_new");
    }
    assert_eq!(shop.customer(ANNA).await, before);
    for state in ["redacted", "Invalid"] {
        let shop = open().await;
        tell_file(&shop, "orders.create").await;
        tell(&shop, TOPICS[0], &said(state, Value::Null)).await;
        assert!(shop.customer(ANNA).await.refused(), "{state}");
    }
}

#[tokio::test]
async fn a_yes_to_text_messages_is_none_to_mail() {
    let shop = open().await;
    tell_file(&shop, "customers_marketing_consent.update").await;
    assert!(shop.customers().await.is_empty());
}

#[tokio::test]
async fn a_customer_who_changed_something_else_did_not_agree_anew() {
    let shop = open().await;
    let berta = async || shop.customer("berta@example.com").await;
    tell_file(&shop, "customers.update--old-api").await;
    assert_eq!(berta().await.agreed().map(|at| at.to_string()).as_deref(), Some("2026-03-14T18:11:52Z"));
    tell_file(&shop, "customers_email_marketing_consent.update").await;
    assert!(berta().await.refused());
    // The state has not caught up, and says yes without a time or with the old one.
    for at in [json!("2026-03-14T20:11:52+02:00"), Value::Null, json!("")] {
        let consent = json!({"state": "subscribed", "consent_updated_at": at});
        let body = json!({"email_marketing_consent": consent, "updated_at": "2026-05-01T11:55:00+03:00"});
        tell(&shop, "customers/update", &with("customers.update--old-api", body)).await;
        assert!(berta().await.refused(), "{at}");
    }
}

#[tokio::test]
async fn whoever_changes_the_address_is_the_same_customer() {
    let shop = open().await;
    tell_file(&shop, "orders.create").await;
    tell_file(&shop, "customers.update").await;
    let anna = shop.customer("anna.lind@example.com").await;
    assert_eq!((anna.orders.count, shop.customers().await.len()), (1, 1));
}

#[tokio::test]
async fn what_is_erased_stays_erased_when_everything_comes_again() {
    for wish in [
        payload(super::SHOPIFY, "customers.redact"),
        with("customers.redact", json!({"customer": {"id": 7_301_000_000_011_u64}})),
        with("customers.redact", json!({"customer": {"email": "ANNA@example.com"}})),
    ] {
        let shop = open().await;
        let told = ["orders.create", "orders.updated", "customers.update", SAID];
        for name in told {
            tell_file(&shop, name).await;
        }
        tell(&shop, "customers/redact", &wish).await;
        let before = raw::items(&shop.place).await;
        let of_hers = [ANNA, "Lind", "6100001042000", "7301000000011"];
        let hers = |text: &str| of_hers.iter().any(|word| text.contains(word));
        let trace = before.iter().map(|(key, item)| (&key.1, item)).find(|(key, item)| hers(key) || hers(item));
        assert_eq!(trace, None, "only a keyed hash is left");
        for name in told.into_iter().chain(["customers.redact"]) {
            tell_file(&shop, name).await;
        }
        assert_eq!(raw::changed(&before, &raw::items(&shop.place).await), Vec::<String>::new());
        // Shopify's own record of her, emptied later, is no return; a new order is.
        let emptied = json!({"id": 7_301_000_000_011_u64, "updated_at": "2026-05-01T12:00:00+03:00"});
        tell(&shop, "customers/update", &with("customers.update--redacted", emptied)).await;
        assert_eq!(raw::changed(&before, &raw::items(&shop.place).await), Vec::<String>::new());
        let known = shop.customers().await;
        assert!(known.iter().all(|customer| customer.erased.is_some() && customer.refused()));
    }
}

#[tokio::test]
async fn of_a_refunded_order_that_comes_again_after_an_erasure_nobody_is_named() {
    let shop = open().await;
    tell_file(&shop, "orders.updated--part-refunded").await;
    tell_file(&shop, "customers.redact").await;
    let before = raw::items(&shop.place).await;
    tell_file(&shop, "orders.updated--part-refunded").await;
    let after = raw::items(&shop.place).await;
    for (key, item) in after.iter().filter(|(key, _)| !before.contains_key(*key)) {
        // A refund names its order alone, so it waits for one, as any refund does that comes first.
        assert_eq!(key.0, LEDGER);
        assert!(!item.contains("Anna") && !item.contains(ANNA) && !item.contains("7301000000011"), "{item}");
    }
    let known = shop.customers().await;
    assert!(known.iter().all(|customer| customer.erased.is_some() && customer.email().is_none()));
    assert_eq!(before.keys().filter(|key| after.get(*key) != before.get(*key)).count(), 0, "and nothing else changed");
}

#[tokio::test]
async fn a_wish_without_anybody_is_nobodys() {
    let shop = open().await;
    for topic in ["customers/redact", "customers/data_request"] {
        let nobody =
            json!({"shop_id": 1, "shop_domain": "example-books.myshopify.com", "customer": {"id": null, "email": ""}});
        assert_eq!(tell(&shop, topic, &nobody).await.json()["because"], "nobody");
        let nothing = json!({"shop_id": 1, "shop_domain": "example-books.myshopify.com"});
        assert_eq!(tell(&shop, topic, &nothing).await.status, 400);
    }
    assert!(shop.customers().await.is_empty());
}
