//! Everything comes twice, late, and in any order.

use serde_json::{Value, json};

use super::{event, order, signed, tell};
use crate::support::{Shop, moment, raw};

const ANNA: &str = "anna@example.com";

#[tokio::test]
async fn what_comes_twice_writes_nothing_the_second_time() {
    let mut shop = Shop::open("2026-01-12 10:00").await;
    shop.order(ANNA, "45.00").await;
    shop.until("2026-04-15 10:00").await;
    let code = shop.code_mailed_to(ANNA);
    let now = shop.place.clock.now().to_string();
    let person = json!({"email": ANNA, "customer_id": "77"});
    let with = |more: Value| {
        let mut data = person.clone();
        data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        data
    };
    let told = [
        ("order.placed", order(&with(json!({"order_id": "B-1", "discount_codes": [code], "name": "Anna Lind"})))),
        ("order.refunded", json!({"order_id": "B-1", "refunded_total": "5.00", "currency": "EUR"})),
        ("order.refunded", json!({"order_id": "nobody's", "refunded_total": "5.00", "currency": "EUR"})),
        ("order.cancelled", json!({"order_id": "B-1"})),
        ("customer.updated", with(json!({"marketing_consent": true, "language": "en"}))),
        ("customer.email_changed", with(json!({"new_email": "anna.lind@example.org"}))),
        ("customer.referred", person.clone()),
        ("lead.created", json!({"email": "lead@example.com"})),
        ("activity.recorded", with(json!({"kind": "visit"}))),
        ("complaint.opened", person.clone()),
        ("complaint.resolved", person.clone()),
        ("subscription.started", person.clone()),
        ("subscription.ended", with(json!({"reason": "price"}))),
        ("customer.unsubscribed", person.clone()),
        ("customer.erased", person.clone()),
    ];
    for (kind, data) in &told {
        let body = event(kind, &now, data);
        assert_eq!(signed(&shop, body.as_bytes()).await.status, 200);
        shop.place.settle().await.unwrap();
        let before = raw::items(&shop.place).await;
        shop.place.stack.reset_capacity();
        assert_eq!(signed(&shop, body.as_bytes()).await.status, 200);
        shop.place.settle().await.unwrap();
        let used = shop.place.stack.capacity();
        assert_eq!(used.total().write_units, 0.0, "{kind}: {used:?}");
        assert_eq!(raw::changed(&before, &raw::items(&shop.place).await), Vec::<String>::new(), "{kind}");
    }
    // All of it once more, after the erasure: older than it, or as old.
    let before = raw::items(&shop.place).await;
    for (kind, data) in told.iter().filter(|(kind, _)| *kind != "lead.created" && *kind != "order.refunded") {
        assert_eq!(signed(&shop, event(kind, &now, data).as_bytes()).await.status, 200);
        shop.place.settle().await.unwrap();
        let after = raw::items(&shop.place).await;
        let grown: Vec<_> = raw::changed(&before, &after).into_iter().filter(|key| key.contains("customer#")).collect();
        assert_eq!(grown, Vec::<String>::new(), "{kind} brings nothing of her back");
    }
}

#[tokio::test]
async fn a_refund_before_its_order() {
    let shop = Shop::open("2026-01-12 10:00").await;
    let refund = json!({"order_id": "A-1", "refunded_total": "20.00", "currency": "EUR"});
    assert_eq!(tell(&shop, "order.refunded", &refund).await.status, 200);
    assert!(shop.customers().await.is_empty(), "nobody is named: a stub waits for its order");
    assert_eq!(tell(&shop, "order.placed", &order(&json!({}))).await.status, 200);
    let anna = shop.customer(ANNA).await;
    assert_eq!((anna.orders.count, anna.orders.spent), (1, 2_500));
    assert_eq!(tell(&shop, "order.cancelled", &json!({"order_id": "A-2"})).await.status, 200);
    assert_eq!(tell(&shop, "order.placed", &order(&json!({"order_id": "A-2"}))).await.status, 200);
    let anna = shop.customer(ANNA).await;
    assert_eq!(
        (anna.orders.count, anna.orders.spent),
        (1, 2_500),
        "an order that was off before it came counts nothing"
    );
    assert_eq!(anna.orders.recent.len(), 2, "but its customer was there");
}

#[tokio::test]
async fn a_no_before_the_first_order() {
    let mut shop = Shop::open("2026-01-12 10:00").await;
    assert_eq!(tell(&shop, "customer.unsubscribed", &json!({"email": ANNA})).await.status, 200);
    shop.until("2026-01-13 10:00").await;
    let ticked = order(&json!({"marketing_consent": true}));
    assert_eq!(tell(&shop, "order.placed", &ticked).await.status, 200);
    // And an order from before the no, which comes late.
    let late = order(&json!({"order_id": "A-0", "marketing_consent": true}));
    let body = event("order.placed", "2026-01-10T10:00:00Z", &late);
    assert_eq!(signed(&shop, body.as_bytes()).await.status, 200);
    shop.until("2026-06-01 10:00").await;
    assert_eq!(shop.customer(ANNA).await.orders.count, 2);
    assert!(shop.place.stack.outbox().is_empty(), "a no is a no, whatever a checkout says later");
}

#[tokio::test]
async fn the_same_four_in_every_order_end_the_same() {
    let at = |minute: u32| format!("2026-01-12T07:{minute:02}:00Z");
    let events = [
        event("order.placed", &at(0), &order(&json!({"marketing_consent": true, "name": "Anna L."}))),
        event("order.refunded", &at(1), &json!({"order_id": "A-1", "refunded_total": "20.00", "currency": "EUR"})),
        event("order.placed", &at(2), &order(&json!({"total": "44.00", "name": "Anna Lind"}))),
        event("customer.unsubscribed", &at(3), &json!({"email": ANNA})),
    ];
    let mut ends = std::collections::BTreeSet::new();
    let shop = Shop::open("2026-01-12 10:00").await;
    assert_eq!(shop.place.clock.now(), moment("2026-01-12 10:00", &shop.zone));
    for first in 0..4 {
        for second in (0..4).filter(|second| *second != first) {
            for third in (0..4).filter(|third| *third != first && *third != second) {
                let fourth = 6 - first - second - third;
                let shop = Shop::open("2026-01-12 10:00").await;
                for index in [first, second, third, fourth] {
                    assert_eq!(signed(&shop, events[index].as_bytes()).await.status, 200);
                    shop.place.settle().await.unwrap();
                }
                let mut anna = shop.customer(ANNA).await;
                // How often it was written and when it is looked at next may differ; what is known may not.
                (anna.rev, anna.stop_rev, anna.plan, anna.due) = (0, 0, 0, None);
                let orders = shop.ledger().await.orders;
                ends.insert(format!("{anna:?} {orders:?}"));
            }
        }
    }
    assert_eq!(ends.len(), 1, "{ends:#?}");
}
