//! Shopify by way of EventBridge: its events come by a bus that takes them from Shopify alone, so nothing is signed; the
//! rule on the bus says whose they are. From there on they are what a webhook is.

use receive_webhook::{Incoming, Outgoing, handle};
use serde_json::{Value, json};
use winback_cloud::Error;
use winback_local::aws::{At, Fault, Service};

use crate::dialects::{Sender, deliver, events, payload, topic, wired};
use crate::support::{Shop, raw};

const ANNA: &str = "anna@example.com";

/// A payload as the rule on the bus hands it over.
fn carried(store: &str, topic: &str, payload: &Value) -> Value {
    json!({"store": store, "event": {
        "version": "0",
        "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
        "detail-type": "shopifyWebhook",
        "source": "aws.partner/shopify.com/1234567/books",
        "account": "111122223333",
        "time": "2026-05-04T07:00:00Z",
        "region": "eu-central-1",
        "resources": [],
        "detail": {"payload": payload, "metadata": {
            "Content-Type": "application/json",
            "X-Shopify-Topic": topic,
            "X-Shopify-Shop-Domain": "books.myshopify.com",
            "X-Shopify-Hmac-SHA256": "d3Jvbmc=",
            "X-Shopify-Triggered-At": "2026-05-04T07:00:00.123456789Z",
        }},
    }})
}

async fn arrives(shop: &Shop, event: &Value) -> Result<Value, Error> {
    let incoming: Incoming = serde_json::from_value(event.clone()).expect("the function reads it");
    assert!(matches!(incoming, Incoming::Bus(_)));
    let answer = handle(&shop.place.cloud, incoming, shop.place.invocation()).await?;
    Ok(serde_json::to_value(answer).expect("an answer is JSON"))
}

#[tokio::test]
async fn every_payload_means_by_the_bus_what_it_means_by_the_door() {
    let names = ["orders.create", "orders.cancelled", "refunds.create", "customers.create", "customers.redact"];
    for name in names {
        let (topic, payload) = (topic(Sender::Shopify, name), payload(Sender::Shopify, name));
        let by_door = wired(Sender::Shopify, "").await;
        deliver(&by_door, Sender::Shopify, &topic, payload.to_string().as_bytes()).await;
        let by_bus = wired(Sender::Shopify, "").await;
        let answer = arrives(&by_bus, &carried("books", &topic, &payload)).await.expect("it is taken");
        assert_eq!(answer, json!({"status": "accepted"}), "{name}");
        let (by_bus, by_door) = (events(&by_bus), events(&by_door));
        assert_eq!(
            by_bus.iter().map(|event| &event.what).collect::<Vec<_>>(),
            by_door.iter().map(|event| &event.what).collect::<Vec<_>>()
        );
        assert!(!by_bus.is_empty(), "{name}");
    }
}

#[tokio::test]
async fn what_comes_again_by_the_other_way_changes_nothing() {
    let shop = wired(Sender::Shopify, "").await;
    let payload = payload(Sender::Shopify, "orders.create");
    arrives(&shop, &carried("books", "orders/create", &payload)).await.expect("it is taken");
    shop.place.settle().await.expect("it settles");
    let before = raw::items(&shop.place).await;
    deliver(&shop, Sender::Shopify, "orders/create", payload.to_string().as_bytes()).await;
    arrives(&shop, &carried("books", "orders/create", &payload)).await.expect("it is taken");
    shop.place.settle().await.expect("it settles");
    assert_eq!(raw::items(&shop.place).await, before);
}

#[tokio::test]
async fn what_cannot_be_taken_is_an_error_so_that_it_is_tried_again_and_kept() {
    let shop = wired(Sender::Shopify, "").await;
    let order = payload(Sender::Shopify, "orders.create");
    let broken = arrives(&shop, &carried("books", "orders/create", &json!({"id": {}}))).await.expect_err("no order");
    assert!(broken.to_string().contains("orders/create"), "{broken}");
    shop.place.stack.faults().set(At::call(1).of(Service::Sqs).times(9), Fault::ServerError);
    assert!(arrives(&shop, &carried("books", "orders/create", &order)).await.is_err(), "the queue did not take it");
    shop.place.stack.faults().clear();
    assert!(arrives(&shop, &carried("books", "orders/create", &order)).await.is_ok());
    let unused = arrives(&shop, &carried("books", "carts/update", &json!({"id": 1}))).await.expect("it is taken");
    assert_eq!(unused, json!({"status": "ignored"}));
    shop.place.settle().await.expect("it settles");
    assert_eq!(shop.customer(ANNA).await.orders.count, 1);
}

/// Nobody comes in by the door with what only the bus may bring.
#[tokio::test]
async fn a_request_cannot_pass_for_an_event_of_the_bus() {
    let shop = wired(Sender::Shopify, "").await;
    let event = carried("books", "orders/create", &payload(Sender::Shopify, "orders.create")).to_string();
    let request = crate::support::http::request(
        "POST",
        "/webhooks/books",
        &[("content-type", "application/json"), ("store", "books"), ("event", "{}")],
        Some(event.as_bytes()),
    );
    let incoming = serde_json::from_value(serde_json::to_value(request).expect("JSON")).expect("the function reads it");
    let Outgoing::Door(answer) =
        handle(&shop.place.cloud, incoming, shop.place.invocation()).await.expect("it answers")
    else {
        panic!("it came in by the bus")
    };
    assert_eq!(answer.status_code, 401);
    assert!(events(&shop).is_empty());
}
