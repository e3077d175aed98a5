//! Ten thousand webhooks in a row, one in a hundred of them garbage: what is good is on the queue, all of it, and what is
//! not gets its answer and changes nothing.

use std::collections::BTreeMap;

use serde_json::json;

use super::{Sender, deliver, wired};

const WEBHOOKS: u64 = 10_000;

#[tokio::test]
async fn of_ten_thousand_webhooks_with_garbage_among_them_nothing_is_lost() {
    let shop = wired(Sender::Shopify, "").await;
    let mut statuses: BTreeMap<i64, u64> = BTreeMap::new();
    for number in 1..=WEBHOOKS {
        let garbage = number % 100 == 0;
        let order = json!({"id": number, "email": format!("reader-{number}@example.com"), "currency": "EUR",
            "total_price": "45.00", "current_total_price": "45.00", "test": false, "created_at": "2026-05-01T08:00:00Z",
            "updated_at": "2026-05-01T08:00:00Z"});
        let body = match number / 100 % 4 {
            _ if !garbage => order.to_string(),
            0 => "\u{0}\u{1}no JSON".to_owned(),
            1 => order.to_string().replace("45.00", "much"),
            2 => order.to_string().split_at(60).0.to_owned(),
            _ => "[]".to_owned(),
        };
        let status = deliver(&shop, Sender::Shopify, "orders/create", body.as_bytes()).await.status;
        *statuses.entry(status).or_default() += 1;
    }
    assert_eq!(statuses, BTreeMap::from([(200, 9_900), (400, 100)]));
    let queued = shop.place.stack.queue_contents("events").expect("the queue is there");
    assert_eq!(queued.len(), 9_900);
    shop.place.settle().await.expect("it settles");
    assert_eq!(shop.customers().await.len(), 9_900, "everybody who bought is known");
    assert!(shop.place.stack.queue_contents("events-dead").expect("the queue is there").is_empty());
}
