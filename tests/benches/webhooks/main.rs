//! What a webhook costs in CPU, from the request as Lambda hands it over to the message on the queue: a usual order, and one
//! whose body is as large as a body may be.
//!
//! `cargo bench -p winback-tests --bench webhooks` runs it. The queue is the stand-in's; its share is measured by putting
//! the same message bare, and said beside the whole.

use std::path::Path;

use jiff::Timestamp;
use serde_json::{Value, json};
use winback_cloud::programs;
use winback_cloud::queue::Told;
use winback_domain::event::Event;
use winback_domain::ids::StoreId;
use winback_domain::store::State;
use winback_domain::webhook::{LARGEST, Wiring, shopify};
use winback_local::clock::Turned;
use winback_local::place::{Place, Setup};

/// What a usual order may cost, in microseconds of CPU. For the largest body its signature alone costs more.
const AIM: f64 = 200.0;
/// What the largest body may cost beside its signature: some two thousand were measured, and a machine may be busy.
const AIM_OF_LARGEST: f64 = 10_000.0;
const SECRET: &str = "shopify shpss_0123456789abcdef0123456789abcdef";

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let store: StoreId = "books".to_owned().try_into().expect("a store's name");
    let place = Place::in_memory(Turned::at(moment("2026-05-01T09:00:00Z"))).expect("a place in memory");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/programs/shop");
    let folder = programs::read(&folder).expect("the sample reads");
    let setup = Setup { state: State::Live, unlimited: false };
    place.set_up(&store, &folder, setup).await.expect("the shop is good");
    place.stack.put_secret("/winback/local/stores/books/webhook-secrets", SECRET).expect("it is written");

    let usual = payload("orders.create");
    let sizes = [
        ("a usual order", usual.to_string(), 2_000, AIM, false),
        ("the largest body", largest(usual), 100, AIM_OF_LARGEST, true),
    ];
    for (name, body, times, aim, beside_its_signature) in sizes {
        let request = request(&body);
        let began = cpu_seconds();
        for _ in 0..times {
            let answer = receive_webhook::at_the_door(&place.cloud, request.clone(), place.invocation()).await;
            assert_eq!(answer.expect("it answers").status_code, 200);
        }
        let whole = cpu_seconds() - began;
        let queued = place.stack.queue_contents("events").expect("the queue is there");
        assert!(queued.len() >= times, "each is on the queue");
        let told = told(&queued[queued.len() - 1].body, &store);
        let began = cpu_seconds();
        for _ in 0..times {
            place.cloud.queues.tell(&told).await.expect("it is put");
        }
        let bare = cpu_seconds() - began;
        let began = cpu_seconds();
        for _ in 0..times {
            std::hint::black_box(request.clone());
        }
        let cloning = cpu_seconds() - began;
        let micros = |seconds: f64| seconds * 1e6 / f64::from(u32::try_from(times).unwrap_or(u32::MAX));
        let began = cpu_seconds();
        for _ in 0..times {
            std::hint::black_box(shopify::sign(&Wiring::parse(SECRET).expect("a secret"), body.as_bytes()));
        }
        let signing = cpu_seconds() - began;
        let ours = micros(whole - cloning - bare);
        println!(
            "{name}: {} bytes, {ours:.0} µs of CPU, of that {:.0} µs for the signature; and {:.0} µs to put its message into \
             the stand-in's queue",
            body.len(),
            micros(signing),
            micros(bare)
        );
        let held = if beside_its_signature { ours - micros(signing) } else { ours };
        assert!(held <= aim, "{name}: {held:.0} µs, and no more than {aim:.0} are aimed at");
    }
}

fn told(body: &str, store: &StoreId) -> Told {
    let mut told: Value = serde_json::from_str(body).expect("JSON");
    let event: Event = serde_json::from_value(told["event"].take()).expect("an event");
    Told { store: store.clone(), event }
}

/// An order with so many lines that its body is as large as a body may be.
fn largest(mut order: Value) -> String {
    let line = order["line_items"][0].clone();
    let each = line.to_string().len() + 1;
    let room = LARGEST - order.to_string().len();
    let lines = order["line_items"].as_array_mut().expect("lines");
    lines.extend(std::iter::repeat_n(line, room / each));
    order.to_string()
}

fn request(body: &str) -> aws_lambda_events::lambda_function_urls::LambdaFunctionUrlRequest {
    let signature = shopify::sign(&Wiring::parse(SECRET).expect("a secret"), body.as_bytes());
    let event = json!({
        "version": "2.0", "routeKey": "$default", "rawPath": "/webhooks/books", "rawQueryString": "",
        "headers": {"content-type": "application/json", "x-shopify-topic": "orders/create",
            "x-shopify-hmac-sha256": signature},
        "requestContext": {"accountId": "anonymous", "apiId": "books", "domainName": "x", "domainPrefix": "x",
            "http": {"method": "POST", "path": "/webhooks/books", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1",
                "userAgent": "bench"},
            "requestId": "1", "routeKey": "$default", "stage": "$default", "time": "01/May/2026:09:00:00 +0000",
            "timeEpoch": 1_777_626_000_000_i64},
        "body": body, "isBase64Encoded": false,
    });
    serde_json::from_value(event).expect("a request")
}

fn payload(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("webhooks/shopify/{name}.json"));
    serde_json::from_str(&std::fs::read_to_string(path).expect("a payload")).expect("JSON")
}

fn moment(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}

/// CPU time of this process so far, in seconds.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/schedstat").expect("Linux tells it");
    let nanoseconds: f64 = stat.split_whitespace().next().and_then(|word| word.parse().ok()).expect("nanoseconds");
    nanoseconds / 1e9
}
