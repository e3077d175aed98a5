//! Nobody comes back by an old order: not as it was, and not by what becomes of it after they asked to be forgotten.

use serde_json::{Value, json};
use winback_local::place::Found;

use super::{ANNA, MORNING, at, items, order, pull, shop, tell, turn};
use crate::dialects::{Sender, payload, wired};
use crate::support::orders_api::OrdersApi;
use crate::support::raw;

const LATER: &str = "2026-05-01T09:30:00Z";
const AGAIN: &str = "2026-05-01T10:05:00Z";

fn with(order: &Value, change: &Value) -> Value {
    let mut order = order.clone();
    order.as_object_mut().expect("an object").extend(change.as_object().expect("an object").clone());
    order
}

/// An order of Anna's of this morning as its platform shows it; what becomes of it later: it changes, is given back, is
/// called off; and another order of hers.
fn life(sender: Sender) -> (Value, Vec<Value>, Value) {
    match sender {
        Sender::Shopify => {
            let changed = order(1, ANNA, MORNING, LATER);
            let back = json!({"id": 5, "order_id": 1, "created_at": LATER,
                "transactions": [{"amount": "45.00", "currency": "EUR", "kind": "refund", "status": "success"}]});
            let given_back = with(&changed, &json!({"refunds": [back]}));
            let off = with(&changed, &json!({"cancelled_at": LATER}));
            let again = with(&order(2, ANNA, AGAIN, AGAIN), &json!({"customer": {"id": 7}}));
            (order(1, ANNA, MORNING, MORNING), vec![changed, given_back, off], again)
        }
        Sender::WooCommerce => {
            let order = |id: u64, status: &str, placed: &str, changed: &str| {
                let [placed, changed] = [placed, changed].map(|moment| moment.trim_end_matches('Z'));
                json!({"id": id, "status": status, "currency": "EUR", "total": "45.00", "customer_id": 7,
                    "billing": {"email": ANNA}, "date_created_gmt": placed, "date_modified_gmt": changed})
            };
            let states = ["completed", "refunded", "cancelled"].map(|status| order(1, status, MORNING, LATER));
            (order(1, "processing", MORNING, MORNING), states.into(), order(2, "processing", AGAIN, AGAIN))
        }
        Sender::Stripe => {
            let told = |name: &str, number: u64, payment: &str, began: &str, said: &str| {
                let mut event = payload(sender, name);
                event["id"] = json!(format!("evt_{number}"));
                event["created"] = json!(at(said).as_second());
                let object = &mut event["data"]["object"];
                object["created"] = json!(at(began).as_second());
                object["payment_intent"] = json!(payment);
                object["customer"] = json!("cus_Anna");
                object["customer_details"]["email"] = json!(ANNA);
                event
            };
            let [paid, late, back] =
                ["checkout.session.completed", "checkout.session.async_payment_succeeded", "charge.refunded--whole"];
            let states = vec![told(late, 2, "pi_1", MORNING, LATER), told(back, 3, "pi_1", MORNING, LATER)];
            (told(paid, 1, "pi_1", MORNING, MORNING), states, told(paid, 4, "pi_2", AGAIN, AGAIN))
        }
        Sender::BigCommerce => {
            let kept = payload(sender, "orders/paid")["order"].take();
            let order = |id: u64, status: u64, placed: &str, changed: &str| {
                let moment = |text: &str| at(text).strftime("%a, %d %b %Y %H:%M:%S +0000").to_string();
                let change = json!({"id": id, "status_id": status, "billing_address": {"email": ANNA},
                    "date_created": moment(placed), "date_modified": moment(changed)});
                with(&kept, &change)
            };
            let states = [10, 4, 5].map(|status| order(1, status, MORNING, LATER));
            (order(1, 11, MORNING, MORNING), states.into(), order(2, 11, AGAIN, AGAIN))
        }
    }
}

#[tokio::test]
async fn whoever_was_forgotten_stays_so_whatever_becomes_of_their_old_orders() {
    for sender in [Sender::Shopify, Sender::WooCommerce, Sender::Stripe, Sender::BigCommerce] {
        let platform = sender.word();
        let mut shop = wired(sender, "").await;
        let api = OrdersApi::behind(&shop.place, platform);
        let (old, states, again) = life(sender);
        api.order(platform, old.clone());
        assert_eq!(pull(&shop).await.missed, 1, "{platform}");
        assert_eq!(shop.customer(ANNA).await.orders.count, 1, "{platform}");
        if matches!(sender, Sender::Shopify) {
            let wish = json!({"customer": {"id": 7, "email": ANNA}, "orders_to_redact": [1]});
            tell(&shop, "customers/redact", &wish).await;
        } else {
            shop.event("customer.erased", json!({"email": ANNA})).await;
        }
        let before = items(&shop).await;
        assert!(!format!("{before:?}").contains(ANNA), "{platform}: no address stays");
        turn(&shop, "2026-05-01T10:00:00Z");
        for state in std::iter::once(old).chain(states) {
            api.order(platform, state);
            let run = json!({"scheduled_at": shop.place.clock.now(), "since": "2026-05-01T00:00:00Z"});
            let run = serde_json::from_value(run).expect("a run");
            let found = pull_orders::handle(&shop.place.cloud, run, shop.place.invocation()).await;
            let found = found.expect("it answers");
            shop.place.settle().await.expect("it settles");
            assert!(found.read > 0 && found.missed == 0, "{platform}: read, and left out: {found:?}");
            assert_eq!(raw::changed(&before, &items(&shop).await), Vec::<String>::new(), "{platform}");
        }
        api.order(platform, again);
        turn(&shop, "2026-05-01T10:30:00Z");
        assert_eq!(pull(&shop).await.missed, 1, "{platform}: who buys again afterwards is a customer again");
        assert_eq!(shop.customer(ANNA).await.orders.count, 1, "{platform}");
    }
}

#[tokio::test]
async fn a_shop_that_wants_everybody_forgotten_gets_nobody_back_by_its_orders() {
    let (shop, api) = shop().await;
    tell(&shop, "shop/redact", &json!({"shop_id": 954889, "shop_domain": "example-books.myshopify.com"})).await;
    api.order("shopify", order(1, ANNA, MORNING, MORNING));
    assert_eq!(pull(&shop).await.platforms, 0, "a shop that took us out is not asked");
    shop.place
        .cloud
        .change_store(&shop.store, |store| store.state = winback_domain::store::State::Live)
        .await
        .expect("set");
    assert_eq!(pull(&shop).await, Found { platforms: 1, read: 1, missed: 0 });
    assert!(shop.customers().await.is_empty());
}
