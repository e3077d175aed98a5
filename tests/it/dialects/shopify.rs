//! Shopify: who may come in, and that nobody vouches for a topic. What its orders and its customers say stands in the
//! files beside this one.

mod orders;
mod people;

use serde_json::{Value, json};
use winback_domain::event::What;
use winback_domain::webhook::LARGEST;

use super::{NOW, SECRET, SECRETS, Sender, becomes, deliver, events, payload, send, topic, wired};
use crate::support::http::Answered;
use crate::support::{Shop, raw};

const SHOPIFY: Sender = Sender::Shopify;
const ANNA: &str = "anna@example.com";

async fn open() -> Shop {
    wired(SHOPIFY, "").await
}

/// Tells something, and everything that follows from it happens.
async fn tell(shop: &Shop, topic: &str, body: &Value) -> Answered {
    let answer = deliver(shop, SHOPIFY, topic, body.to_string().as_bytes()).await;
    shop.place.settle().await.expect("it settles");
    answer
}

/// Tells a payload by its file's name.
async fn tell_file(shop: &Shop, name: &str) {
    let answer = tell(shop, &topic(SHOPIFY, name), &payload(SHOPIFY, name)).await;
    assert_eq!(answer.status, 200, "{name}: {}", answer.body);
}

/// A payload with other members.
fn with(name: &str, change: Value) -> Value {
    let mut body = payload(SHOPIFY, name);
    let Value::Object(change) = change else { panic!("members") };
    body.as_object_mut().expect("an object").extend(change);
    body
}

fn waiting(shop: &Shop) -> usize {
    let depth = |queue| shop.place.stack.queue_contents(queue).expect("the queue is there").len();
    depth("events") + depth("events-dead")
}

fn names() -> Vec<String> {
    let folder = std::fs::read_dir(super::folder(SHOPIFY)).expect("the folder is there");
    let names = folder.filter_map(|entry| entry.expect("an entry").file_name().into_string().ok());
    let mut names: Vec<String> = names.filter_map(|name| Some(name.strip_suffix(".json")?.to_owned())).collect();
    names.sort();
    names
}

#[tokio::test]
async fn every_payload_becomes_what_its_snapshot_says() {
    assert!(becomes(SHOPIFY, "").await > 30);
}

#[tokio::test]
async fn what_comes_twice_writes_nothing_the_second_time() {
    for name in names() {
        let shop = open().await;
        tell_file(&shop, &name).await;
        let before = raw::items(&shop.place).await;
        shop.place.stack.reset_capacity();
        tell_file(&shop, &name).await;
        let used = shop.place.stack.capacity();
        assert_eq!(used.total().write_units, 0.0, "{name}: {used:?}");
        assert_eq!(raw::changed(&before, &raw::items(&shop.place).await), Vec::<String>::new(), "{name}");
        assert_eq!(waiting(&shop), 0, "{name}");
    }
}

#[tokio::test]
async fn whatever_ids_a_delivery_has_the_same_state_writes_nothing_the_second_time() {
    let shop = open().await;
    let body = payload(SHOPIFY, "orders.create").to_string();
    let sent = async |topic: &str, event: &str, webhook: &str| {
        let mut headers = SHOPIFY.headers(topic, body.as_bytes(), 0);
        headers.extend([("x-shopify-event-id", event.to_owned()), ("x-shopify-webhook-id", webhook.to_owned())]);
        shop.place.stack.reset_capacity();
        assert_eq!(send(&shop, &headers, body.as_bytes()).await.status, 200);
        shop.place.settle().await.expect("it settles");
        shop.place.stack.capacity().total().write_units
    };
    assert!(sent("orders/create", "event-1", "webhook-1").await > 0.0);
    let before = raw::items(&shop.place).await;
    for (topic, event, webhook) in [
        ("orders/create", "event-1", "webhook-2"),
        ("orders/create", "event-2", "webhook-3"),
        ("orders/updated", "event-3", "webhook-4"),
    ] {
        assert_eq!(sent(topic, event, webhook).await, 0.0, "{topic} {event} {webhook}");
        assert_eq!(raw::changed(&before, &raw::items(&shop.place).await), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_signature_is_over_the_bytes_as_they_came() {
    let shop = open().await;
    let order = payload(SHOPIFY, "orders.create");
    let (compact, pretty) = (order.to_string(), serde_json::to_string_pretty(&order).unwrap());
    let signed = SHOPIFY.headers("orders/create", compact.as_bytes(), 0);
    for body in [pretty, format!("{compact}\n"), compact.replace("Anna", "\\u0041nna")] {
        assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), order, "the same to a parser");
        assert_eq!(send(&shop, &signed, body.as_bytes()).await.status, 401);
    }
    assert_eq!(waiting(&shop), 0);
    // A function URL hands a body over in base 64 or as text, by its type; both are the same bytes.
    for kind in ["application/json", "application/octet-stream"] {
        let mut headers = signed.clone();
        headers.push(("content-type", kind.to_owned()));
        assert_eq!(send(&shop, &headers, compact.as_bytes()).await.status, 200, "{kind}");
    }
    assert_eq!(waiting(&shop), 2);
    assert!(
        shop.customers().await.is_empty(),
        "the answer came when it was safely on the queue, and nothing else was done"
    );
}

#[tokio::test]
async fn whoever_does_not_sign_learns_nothing_and_changes_nothing() {
    let shop = open().await;
    let before = raw::items(&shop.place).await;
    for name in ["orders.create", "customers.redact", "customers.data_request", "shop.redact", "app.uninstalled"] {
        let body = payload(SHOPIFY, name).to_string();
        let good = SHOPIFY.headers(&topic(SHOPIFY, name), body.as_bytes(), 0);
        let signature = &good[1].1;
        let other = SHOPIFY.headers("orders/create", b"{}", 0)[1].1.clone();
        let hex: String =
            data_encoding::BASE64.decode(signature.as_bytes()).unwrap().iter().map(|b| format!("{b:02x}")).collect();
        let mut answers = vec![send(&shop, &[], body.as_bytes()).await];
        for bad in ["", "=", &other, &hex, &signature[1..], &signature[..40], &signature.to_lowercase(), SECRET] {
            let mut headers = good.clone();
            headers[1].1 = bad.to_owned();
            answers.push(send(&shop, &headers, body.as_bytes()).await);
        }
        for answer in &answers {
            assert_eq!(answer, &answers[0], "{name}: one answer for all of them");
            assert_eq!(answer.status, 401);
            assert!(answer.json().get("detail").is_none());
        }
    }
    shop.place.settle().await.unwrap();
    assert_eq!(waiting(&shop), 0);
    assert_eq!(raw::changed(&before, &raw::items(&shop.place).await), Vec::<String>::new());
}

#[tokio::test]
async fn size_comes_before_the_signature_and_the_signature_before_the_parser() {
    let shop = open().await;
    let (large, broken) = (vec![b' '; LARGEST + 1], b"<order/>");
    let unsigned = SHOPIFY.headers("orders/create", b"", 0);
    assert_eq!(send(&shop, &unsigned, &large).await.status, 413);
    assert_eq!(send(&shop, &unsigned, broken).await.status, 401);
    assert_eq!(send(&shop, &SHOPIFY.headers("orders/create", broken, 0), broken).await.status, 400);
    assert_eq!(waiting(&shop), 0);
}

#[tokio::test]
async fn the_newer_headers_have_no_x() {
    let shop = open().await;
    let body = payload(SHOPIFY, "customers.redact--address-only").to_string();
    let headers = SHOPIFY.headers("customers/redact", body.as_bytes(), 0);
    let bare: Vec<_> = headers.iter().map(|(name, value)| (name.trim_start_matches("x-"), value.clone())).collect();
    assert_eq!(send(&shop, &bare, body.as_bytes()).await.status, 200);
    let told = events(&shop);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].at.to_string(), "2026-05-01T08:59:58Z", "whole seconds of the header's moment");
    let mut forged = bare;
    forged[1].1 = SHOPIFY.headers("customers/redact", b"{}", 0)[1].1.clone();
    assert_eq!(send(&shop, &forged, body.as_bytes()).await.status, 401);
}

#[tokio::test]
async fn the_old_secret_signs_for_a_while_after_it_was_rotated() {
    let shop = open().await;
    let body = payload(SHOPIFY, "orders.create").to_string();
    let put = |text: &str| shop.place.stack.put_secret(SECRETS, text).unwrap();
    let pass = |seconds| shop.place.clock.turn_to(shop.place.clock.now() + jiff::SignedDuration::from_secs(seconds));
    let status = async || deliver(&shop, SHOPIFY, "orders/create", body.as_bytes()).await.status;
    assert_eq!(status().await, 200);
    put(&format!("shopify shpss_fedcba9876543210\nshopify {SECRET}\n"));
    pass(60);
    assert_eq!(status().await, 200, "the old one of two");
    put(&format!("shopify shpss_fedcba9876543210\nshopify shpss_0000000000000000\nshopify {SECRET}"));
    pass(301);
    assert_eq!(status().await, 401, "there are never more than two");
    put(&format!("woocommerce {SECRET}\nshopify shpss_fedcba9876543210"));
    pass(301);
    assert_eq!(status().await, 401, "a secret of another platform opens nothing");
}

#[tokio::test]
async fn nobody_vouches_for_a_topic() {
    let shop = open().await;
    let order = payload(SHOPIFY, "orders.create");
    tell(&shop, "orders/create", &order).await;
    let before = raw::items(&shop.place).await;
    // Whoever has a body that was signed once may send it again under any topic.
    for (topic, name) in [
        ("customers/redact", "orders.create"),
        ("customers/redact", "customers.data_request"),
        ("customers/redact", "customers.update"),
        ("customers/data_request", "orders.create"),
        ("shop/redact", "orders.create"),
        ("shop/redact", "customers.redact"),
        ("shop/redact", "customers.email_marketing_consent_update"),
        ("shop/redact", "refunds.create"),
        ("shop/redact", "orders.edited"),
        ("refunds/create", "orders.create"),
    ] {
        let answer = tell(&shop, topic, &payload(SHOPIFY, name)).await;
        assert_eq!(answer.status, 400, "{name} as {topic}");
        assert!(!answer.body.contains("example.com"), "what is wrong is said, and nothing of what was in it");
    }
    assert_eq!(raw::changed(&before, &raw::items(&shop.place).await), Vec::<String>::new());
}

#[tokio::test]
async fn a_topic_may_be_written_in_any_case_and_an_unknown_one_is_no_trouble() {
    let shop = open().await;
    let body = payload(SHOPIFY, "app.uninstalled");
    tell(&shop, " App/Uninstalled ", &body).await;
    for topic in
        ["", "orders/edited", "orders/delete", "checkouts/create", "customers/delete", "ördérs", "orders/create/x"]
    {
        let answer = tell(&shop, topic, &json!({"id": 1})).await;
        assert_eq!((answer.status, &answer.json()["status"]), (200, &json!("ignored")), "{topic}");
        assert_eq!(answer.json()["because"], "topic");
    }
    let answer = send(&shop, &SHOPIFY.headers("orders/create", b"<order/>", 0), b"<order/>").await;
    assert_eq!(answer.status, 400);
    assert!(answer.json()["detail"].as_str().unwrap().contains("is not JSON"));
    assert_eq!(waiting(&shop), 0);
}

#[tokio::test]
async fn the_store_that_left_and_the_store_that_wants_everybody_forgotten_name_nobody() {
    let shop = open().await;
    deliver(&shop, SHOPIFY, "app/uninstalled", payload(SHOPIFY, "app.uninstalled").to_string().as_bytes()).await;
    deliver(&shop, SHOPIFY, "shop/redact", payload(SHOPIFY, "shop.redact").to_string().as_bytes()).await;
    let told = events(&shop);
    assert_eq!(told.iter().map(|event| &event.what).collect::<Vec<_>>(), [&What::StoreLeft, &What::StoreErased]);
    assert!(told.iter().all(|event| event.who.is_nobody()));
}
