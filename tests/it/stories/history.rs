//! History that knows only the day of an order, beside what was told of that day with its hour.

use jiff::Timestamp;
use serde_json::json;

use crate::support::Shop;

const ANNA: &str = "anna@example.com";
const FILE: &str = "order_id,email,placed_at,total,currency,name\n";

/// The shop's past comes in, and everybody in it agreed to mail.
async fn import(shop: &Shop, lines: &str) {
    let file = format!("{FILE}{lines}").into_bytes();
    let taken = shop.place.import(&shop.store, file, true, &mut |_, _| {}).await.expect("it comes in");
    assert_eq!(taken.bad_lines, [""; 0]);
    shop.place.settle().await.expect("it settles");
}

/// Anna orders at eight by the shop's clock; it is an hour later now.
async fn ordered_at_eight() -> Shop {
    let mut shop = Shop::open("2026-05-04 08:00").await;
    shop.order(ANNA, "45.00").await;
    shop.until("2026-05-04 09:00").await;
    shop
}

#[tokio::test]
async fn an_order_at_eight_an_erasure_at_nine_and_a_history_with_the_day_only() {
    let mut shop = ordered_at_eight().await;
    shop.event("customer.erased", json!({"email": ANNA})).await;
    let erased = shop.customers().await;
    shop.until("2026-06-01 10:00").await;
    // The same order, twice, and one of that day of which no webhook ever told.
    let lines = "books-1,anna@example.com,2026-05-04,45.00,EUR,Anna Lind\n\
        books-1,anna@example.com,2026-05-04,40.00,EUR,Anna Lind\n\
        A-7,anna@example.com,2026-05-04,20.00,EUR,Anna Lind\n\
        A-6,anna@example.com,2026-05-03,20.00,EUR,Anna Lind\n";
    import(&shop, lines).await;
    let known = shop.customers().await;
    let [anna] = known.as_slice() else { panic!("one tombstone: {known:?}") };
    assert_eq!(anna.erased, erased[0].erased, "what is erased stays erased");
    assert_eq!((anna.email(), anna.orders.count), (None, 0));
    assert_eq!(anna.contact, erased[0].contact);
    assert_eq!(shop.ledger().await.orders, [], "no order of hers comes back");
    shop.until("2027-06-01 10:00").await;
    assert!(shop.letters_to(ANNA).is_empty());

    // Of the day after the erasure she is a customer again.
    import(&shop, "A-8,anna@example.com,2026-05-05,20.00,EUR,Anna Lind\n").await;
    let anna = shop.customer(ANNA).await;
    assert_eq!((anna.erased, anna.orders.count), (None, 1));
}

#[tokio::test]
async fn a_no_at_nine_is_later_than_a_history_with_the_day_only() {
    let mut shop = ordered_at_eight().await;
    shop.event("customer.updated", json!({"email": ANNA, "marketing_consent": false})).await;
    shop.until("2026-05-05 10:00").await;
    import(&shop, "A-7,anna@example.com,2026-05-04,20.00,EUR,Anna Lind\n").await;
    let anna = shop.customer(ANNA).await;
    assert_eq!(anna.orders.count, 2);
    assert!(anna.consent.latest.is_some_and(|said| !said.is), "the no of nine holds");
    shop.until("2027-06-01 10:00").await;
    assert!(shop.letters_to(ANNA).is_empty());
}

#[tokio::test]
async fn an_order_that_was_called_off_in_the_morning_stays_off() {
    let mut shop = ordered_at_eight().await;
    shop.event("order.cancelled", json!({"order_id": "books-1"})).await;
    shop.until("2026-05-05 10:00").await;
    import(&shop, "books-1,anna@example.com,2026-05-04,45.00,EUR,Anna Lind\n").await;
    assert_eq!(shop.customer(ANNA).await.orders.count, 0);
}

#[tokio::test]
async fn an_order_with_the_day_only_counts_as_placed_at_noon() {
    let shop = Shop::open("2026-05-06 10:00").await;
    import(&shop, "A-7,anna@example.com,2026-05-04,20.00,EUR,Anna Lind\n").await;
    let noon: Timestamp = "2026-05-04T09:00:00Z".parse().expect("a moment");
    assert_eq!(shop.customer(ANNA).await.orders.last(), Some(noon));
}
