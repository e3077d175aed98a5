//! Very many webhooks, and very large ones. Of ten thousand in a row one in a hundred is garbage: what is good is on
//! the queue, all of it, and what is not gets its answer and changes nothing.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use winback_domain::webhook::LARGEST;

use super::{Sender, deliver, events, payload, send, topic, wired};

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
        let kind = number / 100 % 8;
        let body = match kind {
            _ if !garbage => order.to_string(),
            0 => "\u{0}\u{1}no JSON".to_owned(),
            4 => "[]".to_owned(),
            1 | 5 => order.to_string().replace("45.00", "much"),
            2 | 6 => order.to_string().split_at(60).0.to_owned(),
            _ => order.to_string(),
        };
        // One in four is an order like any other, and somebody else signed it.
        let signed = if garbage && kind % 4 == 3 { "{}" } else { body.as_str() };
        let headers = Sender::Shopify.headers("orders/create", signed.as_bytes(), 0);
        let status = send(&shop, &headers, body.as_bytes()).await.status;
        *statuses.entry(status).or_default() += 1;
    }
    assert_eq!(statuses, BTreeMap::from([(200, 9_900), (400, 75), (401, 25)]));
    let queued = shop.place.stack.queue_contents("events").expect("the queue is there");
    assert_eq!(queued.len(), 9_900);
    shop.place.settle().await.expect("it settles");
    assert_eq!(shop.customers().await.len(), 9_900, "everybody who bought is known");
    assert!(shop.place.stack.queue_contents("events-dead").expect("the queue is there").is_empty());
}

/// The list in a payload that grows with what is bought or offered, and one more item of it.
fn list(sender: Sender, body: &mut Value) -> (&mut Vec<Value>, Value) {
    let (list, item) = match sender {
        Sender::Stripe => {
            let rate = json!({"shipping_amount": 490, "shipping_rate": "shr_1ExampleShopParcelLocker"});
            (&mut body["data"]["object"]["shipping_options"], rate)
        }
        _ => {
            let line = body["line_items"][0].clone();
            (&mut body["line_items"], line)
        }
    };
    (list.as_array_mut().expect("a list"), item)
}

#[tokio::test]
async fn the_largest_order_is_taken_and_no_more_of_it_is_queued_than_of_a_small_one() {
    for (sender, name) in [
        (Sender::Shopify, "orders.create"),
        (Sender::WooCommerce, "order.updated--processing"),
        (Sender::Stripe, "checkout.session.completed"),
    ] {
        let (topic, mut order) = (topic(sender, name), payload(sender, name));
        let shop = wired(sender, "").await;
        deliver(&shop, sender, &topic, order.to_string().as_bytes()).await;
        let small = events(&shop);
        assert!(!small.is_empty(), "{name}");
        let room = LARGEST - order.to_string().len();
        let (list, item) = list(sender, &mut order);
        let items = room / (item.to_string().len() + 1) - 1;
        assert!(items > 100, "{name}: {items}");
        list.extend(std::iter::repeat_n(item, items));
        let mut body = order.to_string();
        body.push_str(&" ".repeat(LARGEST - body.len()));
        let shop = wired(sender, "").await;
        let answer = deliver(&shop, sender, &topic, body.as_bytes()).await;
        assert_eq!((answer.status, answer.json()["status"].as_str()), (200, Some("accepted")), "{}", answer.body);
        assert_eq!(events(&shop), small, "{name}");
        let queued = shop.place.stack.queue_contents("events").expect("the queue is there");
        assert!(queued.iter().all(|message| message.body.len() < 2_048), "{name}");
        body.push(' ');
        assert_eq!(deliver(&shop, sender, &topic, body.as_bytes()).await.status, 413, "{name}: a byte more");
    }
}
