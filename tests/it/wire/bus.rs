//! What comes by way of EventBridge. Shopify's events come by a bus that takes them from Shopify alone, so nothing is
//! signed; the rule on the bus says whose they are, and from there on they are what a webhook is. SES's events come by
//! the account's own bus.

use receive_webhook::{Incoming, Outgoing, handle};
use serde_json::{Value, json};
use winback_cloud::Error;
use winback_local::aws::{At, Fault, Service, SesEvent, ses_event};

use crate::dialects::{Sender, deliver, events, payload, topic, wired};
use crate::support::log::Log;
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
async fn names_without_their_x_mean_the_same() {
    let (topic, payload) = (topic(Sender::Shopify, "customers.redact"), payload(Sender::Shopify, "customers.redact"));
    let mut told = Vec::new();
    for (topic_header, triggered) in
        [("X-Shopify-Topic", "X-Shopify-Triggered-At"), ("Shopify-Topic", "Shopify-Triggered-At")]
    {
        let shop = wired(Sender::Shopify, "").await;
        let mut event = carried("books", &topic, &payload);
        let named = json!({topic_header: topic, triggered: "2026-05-01T08:00:00.123456789Z"});
        event["event"]["detail"]["metadata"] = named;
        let answer = arrives(&shop, &event).await.expect("it is taken");
        assert_eq!(answer, json!({"status": "accepted"}), "{topic_header}");
        told.push(events(&shop));
    }
    assert_eq!(told[0], told[1]);
    assert_eq!(told[1][0].at.to_string(), "2026-05-01T08:00:00Z", "when Shopify says that it happened");
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

/// SES finds a virus, or a template that it cannot fill, after it took the mail.
#[tokio::test]
async fn a_letter_that_ses_took_and_did_not_send_is_told_in_the_log_and_changes_nothing_else() {
    let (log, _guard) = Log::listen();
    let mut shop = Shop::open("2026-01-12 10:00").await;
    shop.order(ANNA, "45.00").await;
    shop.until("2026-04-14 12:00").await;
    let letter = shop.letters_to(ANNA)[0].clone();
    let id = shop.ledger().await.messages[0].id;
    let before = raw::items(&shop.place).await;
    for (kind, part, told) in [
        ("Reject", "reject", json!({"reason": "Bad content"})),
        ("Rendering Failure", "failure", json!({"errorMessage": "Nothing for anna@example.com.", "templateName": "a"})),
    ] {
        let mut event = ses_event(&letter, &SesEvent::Delivery, shop.place.clock.now());
        event["detail"]["eventType"] = json!(kind);
        event["detail"][part] = told;
        let taken = record_delivery::handle(&shop.place.cloud, event, shop.place.invocation()).await;
        assert_eq!(taken.expect("it is taken").batch_item_failures.len(), 0);
    }
    let lines = log.lines("letter taken and not sent");
    let [virus, template] = &lines[..] else { panic!("two lines: {lines:?}") };
    assert!(virus.contains("reason=\"Bad content\""), "{virus}");
    assert!(lines.iter().all(|line| line.contains(&format!("message_id={id}")) && !line.contains('@')), "{lines:?}");
    assert!(template.contains("Nothing for"), "{template}");
    assert_eq!(raw::changed(&before, &raw::items(&shop.place).await), Vec::<String>::new());
}
