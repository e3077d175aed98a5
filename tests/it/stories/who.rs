//! Who is who: two shops, a till, a guest who opens an account, a new address.

use serde_json::json;

use super::told;
use crate::support::{Shop, books, edit, sample};

const ANNA: &str = "anna@example.com";

#[tokio::test]
async fn two_shops_and_one_person() {
    let mut books = Shop::open("2026-01-12 10:00").await;
    let mut folder = sample("records");
    edit(&mut folder, "shop.yaml", "holdout: 10 %", "holdout: 0 %");
    let mut records = Shop::join(books.place.clone(), "records", &folder).await;
    let anna = json!({"name": "Anna Lind", "marketing_consent": true});
    books.order_with(ANNA, "45.00", anna.clone()).await;
    records.order_with(ANNA, "19.00", anna).await;
    books.until("2026-04-14 12:00").await;
    let answer = books.press_unsubscribe(ANNA).await;
    assert_eq!(answer.status, 200);
    // The record shop's clock is the same clock; only its zone is another.
    records.until("2026-04-20 06:00").await;

    let of = |shop: &str| {
        let outbox = books.place.stack.outbox();
        outbox.iter().filter(|mail| mail.tags["store"] == shop).count()
    };
    assert_eq!(of("books"), 1, "her no to the bookshop holds there");
    assert_eq!(of("records"), 2, "and says nothing to the record shop");
    assert!(books.customer(ANNA).await.refused() && !records.customer(ANNA).await.refused());
    assert_ne!(books.customer(ANNA).await.id, records.customer(ANNA).await.id);
    let told = format!("AT THE BOOKSHOP\n{}\nAT THE RECORD SHOP\n{}", books.closing().await, records.closing().await);
    told!("two_shops_and_one_person", told);
}

#[tokio::test]
async fn the_shared_address_of_a_till_is_counted_and_never_mailed() {
    let mut shop = Shop::open("2026-01-12 09:00").await;
    let till = "till@shop.example";
    for hour in 9..20 {
        shop.until(&format!("2026-01-12 {hour:02}:30")).await;
        shop.order(till, "20.00").await;
    }
    shop.order(ANNA, "45.00").await;
    shop.until("2026-07-01 12:00").await;
    let known = shop.customer(till).await;
    assert!(known.till);
    assert_eq!((known.orders.count, known.orders.spent), (11, 22_000), "counted");
    assert_eq!(shop.letters_to(till).len(), 0, "never mailed");
    assert!(!shop.letters_to(ANNA).is_empty(), "a person with one order is");
    told!("the_shared_address_of_a_till_is_counted_and_never_mailed", shop.closing().await);
}

#[tokio::test]
async fn a_guest_opens_an_account_after_the_letter() {
    let mut shop = Shop::open("2026-01-12 10:00").await;
    shop.order_with(ANNA, "45.00", json!({"name": "Anna Lind", "marketing_consent": true})).await;
    // The shop knows her by a number too, and does not know yet that it is her.
    shop.until("2026-01-13 10:00").await;
    shop.event("activity.recorded", json!({"customer_id": "77", "kind": "visit"})).await;
    assert_eq!(shop.customers().await.len(), 2);
    shop.until("2026-04-15 10:00").await;
    let code = shop.code_mailed_to(ANNA);
    shop.event("customer.updated", json!({"customer_id": "77", "email": ANNA, "name": "Anna Lind"})).await;
    assert_eq!(shop.customers().await.len(), 1, "two records become one");
    shop.until("2026-04-17 12:00").await;
    assert_eq!(shop.letters_to(ANNA).len(), 2, "no second letter, and the last day of the first");
    assert_eq!(shop.code_mailed_to(ANNA), code, "the same code");
    let anna = shop.customer(ANNA).await;
    assert_eq!((anna.orders.count, anna.orders.spent), (1, 4_500));
    shop.order_with(ANNA, "52.00", json!({"customer_id": "77", "discount_codes": [code]})).await;
    assert_eq!(shop.ledger().await.coupons[0].redeemed.len(), 1);
    shop.until("2026-07-01 12:00").await;
    assert_eq!(shop.letters_to(ANNA).len(), 2);
    told!("a_guest_opens_an_account_after_the_letter", shop.closing().await);
}

#[tokio::test]
async fn a_guest_and_an_account_that_said_no() {
    let mut shop = Shop::open("2026-01-12 10:00").await;
    shop.order_with(ANNA, "45.00", json!({"name": "Anna Lind", "marketing_consent": true})).await;
    shop.until("2026-02-01 10:00").await;
    shop.event("lead.created", json!({"customer_id": "77", "name": "A. Lind"})).await;
    shop.event("customer.unsubscribed", json!({"customer_id": "77"})).await;
    shop.until("2026-03-01 10:00").await;
    // The checkout tells that both are one person; its box is ticked.
    let both = json!({"customer_id": "77", "name": "Anna Lind", "marketing_consent": true});
    shop.order_with(ANNA, "30.00", both).await;
    assert_eq!(shop.customers().await.len(), 1);
    assert!(shop.customer(ANNA).await.refused(), "the stricter consent holds");
    shop.until("2026-10-01 10:00").await;
    assert!(shop.place.stack.outbox().is_empty());
    let anna = shop.customer(ANNA).await;
    assert_eq!((anna.orders.count, anna.orders.spent), (2, 7_500), "the orders of both");
    told!("a_guest_and_an_account_that_said_no", shop.closing().await);
}

#[tokio::test]
async fn the_address_changes_between_the_letter_and_its_last_day() {
    let mut shop = Shop::open_with("2026-01-12 10:00", "books", &books()).await;
    let new = "anna.lind@example.org";
    shop.order_with(ANNA, "45.00", json!({"name": "Anna Lind", "marketing_consent": true})).await;
    shop.until("2026-04-15 10:00").await;
    let code = shop.code_mailed_to(ANNA);
    shop.event("customer.email_changed", json!({"email": ANNA, "new_email": new})).await;
    shop.until("2026-04-17 12:00").await;
    assert_eq!((shop.letters_to(ANNA).len(), shop.letters_to(new).len()), (1, 1), "the last day goes to the new one");
    assert_eq!(shop.code_mailed_to(new), code);
    // An order under either address is hers.
    shop.order_with(new, "52.00", json!({"discount_codes": [code]})).await;
    shop.event("customer.unsubscribed", json!({"email": ANNA})).await;
    shop.until("2027-01-15 10:00").await;
    assert_eq!((shop.letters_to(ANNA).len(), shop.letters_to(new).len()), (1, 1), "her no to the old one holds");
    assert_eq!(shop.customers().await.len(), 1);
    told!("the_address_changes_between_the_letter_and_its_last_day", shop.closing().await);
}
