//! Stories a shop owner can read: what was told, what time it was, what was mailed.

use serde_json::json;

use crate::support::Shop;

#[tokio::test]
async fn silence_a_letter_its_last_day_and_a_return() {
    let mut shop = Shop::open("2026-01-12 10:00").await;
    shop.order_with("anna@example.com", "45.00", json!({"name": "Anna Lind", "marketing_consent": true})).await;
    shop.until("2026-04-17 12:00").await;
    let code = shop.code_mailed_to("anna@example.com");
    shop.order_with("anna@example.com", "52.00", json!({"discount_codes": [code]})).await;
    shop.until("2026-07-01 12:00").await;
    println!("{}\n{}", shop.told(), shop.messages().await);
    panic!("look");
}
