//! What is deployed: the binaries, built here, each in a process of its own with the environment that Terraform
//! gives it, asked by a small Runtime API on loopback. Their calls to AWS reach the stand-ins over HTTP.

pub mod build;
pub mod place;
mod runtime;

use std::path::Path;
use std::time::Duration;

use aws_lambda_events::lambda_function_urls::LambdaFunctionUrlResponse;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};
use standardwebhooks::Webhook;
use winback_domain::ids::CustomerId;
use winback_domain::store::State;
use winback_local::aws::sqs_event;

use self::place::{Deployed, STORE, WEBHOOK_SECRET};
use crate::support::http::{Answered, request};

const ANNA: &str = "anna.lind@example.com";

/// One order goes the whole way: a plan made active, an order recorded, silence noticed, one mail sent and delivered,
/// its pages opened, its code redeemed, mailing ended, and nobody forgotten.
#[tokio::test]
async fn one_order_travels_through_all_binaries() {
    let mut place = Deployed::start().await;
    let now = Timestamp::now();
    let hours_ago = |hours: i64| now.checked_sub(hours.hours()).expect("not so long ago");

    // An operator wires the store and lets it go live.
    let live = json!({"scheduled_at": hours_ago(24), "set": {"store": STORE, "state": "live"}});
    let audit = place.invoke("scan-customers", &live).await;
    assert_eq!(audit["customers"], 0, "{audit}");
    let store = place.eye.tables.store(&place.store).await.expect("it reads").expect("the layer's folder made it");
    assert_eq!((store.state, store.plan), (State::Live, 1));

    // The store's webhook tells of an order of long ago, as a store does that has only now been wired.
    let order = json!({
        "type": "order.placed",
        "timestamp": hours_ago(100 * 24),
        "data": {"order_id": "1001", "email": ANNA, "name": "Anna", "total": "45.00", "currency": "EUR",
            "placed_at": hours_ago(100 * 24), "marketing_consent": true},
    });
    let answer = place.webhook(&order).await;
    assert_eq!((answer.status, answer.json()["status"].as_str()), (200, Some("accepted")), "{}", answer.body);

    let batch = place.stack.take_batch("events", 10).expect("a queue");
    assert_eq!(batch.len(), 1, "the event is on its queue");
    place.take("record-event", "events", &batch).await;
    let key = place.eye.secrets.lookup(now).await.expect("the lookup key");
    let id = CustomerId::of_address(&key, &place.store, &ANNA.parse().expect("an address"));
    let customer = place.eye.tables.customer(&place.store, id).await.expect("it reads").expect("Anna is known");
    assert_eq!((customer.orders.count, customer.open.is_some()), (1, false));

    let pumped = place.invoke("find-lapsed", &json!({"scheduled_at": now})).await;
    assert_eq!(pumped, json!({"hints": 1}), "Anna fell silent");
    let batch = place.stack.take_batch("due", 10).expect("a queue");
    assert!(!batch[0].body.contains(ANNA), "the queue of due customers carries ids only");
    place.take("send-message", "due", &batch).await;
    let outbox = place.stack.outbox();
    assert_eq!(outbox.len(), 1, "one mail left: {:?}", place.why(id).await);
    assert_eq!(outbox[0].to, [ANNA]);
    assert_eq!(outbox[0].configuration_set.as_deref(), Some("winback"));

    // SES tells that it was delivered; twice, as EventBridge may.
    let events = place.stack.take_delivery_events().expect("events");
    assert_eq!(events.len(), 1);
    for event in events.iter().chain(&events) {
        place.invoke("record-delivery", event).await;
    }
    let message = place.message(id).await;
    assert_eq!(message.state.word(), "delivered");
    let code = message.offer.and_then(|offer| offer.code).expect("the letter brings a code").to_string();
    assert!(outbox[0].text.contains(&code));

    // Anna opens the offer, buys at a till, and ends mailing with her mail reader's button.
    let page = place.ask("serve-offer", "GET", &link(&outbox[0].text, "/o/"), &[], None).await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.body.contains(&code) && page.header("x-robots-tag").is_some(), "{page:?}");
    let redeem = json!({"code": code, "order_id": "till-7", "total": "52.00", "currency": "EUR", "email": ANNA});
    for status in ["redeemed", "already_yours"] {
        let answer = place.ask("redeem-code", "POST", "/redeem", &JSON, Some(&redeem.to_string())).await;
        assert_eq!((answer.status, answer.json()["status"].as_str()), (200, Some(status)), "{}", answer.body);
    }
    let unsubscribe = link(&outbox[0].text, "/u/");
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let page = place.ask("serve-offer", "POST", &unsubscribe, &form, Some("List-Unsubscribe=One-Click")).await;
    assert_eq!(page.status, 200, "{}", page.body);

    // The night's scan finds her and nothing to mend; nobody mails her any more.
    let audit = place.invoke("scan-customers", &json!({"scheduled_at": now})).await;
    assert_eq!(audit, json!({"customers": 1, "restored": 0, "stamped": 0}));
    place.invoke("find-lapsed", &json!({"scheduled_at": now})).await;
    let batch = place.stack.take_batch("due", 10).expect("a queue");
    place.take("send-message", "due", &batch).await;
    assert_eq!(place.stack.outbox().len(), 1, "one mail, and no other");

    place.no_log_names(&[ANNA, "Anna", &code, WEBHOOK_SECRET]);
    place.tell_starts();
}

/// A file of old orders is uploaded and comes in, part by part, by the binaries that are deployed.
#[tokio::test]
async fn a_history_comes_in_by_the_binaries_too() {
    let mut place = Deployed::start_only(&["scan-customers", "import-orders"]).await;
    place.invoke("scan-customers", &json!({"scheduled_at": Timestamp::now()})).await;
    let key = format!("imports/{STORE}/2025 orders.csv");
    let line = |id: u32| format!("A-{id},anna{id}@example.com,2025-05-01,45.00,EUR\n");
    let lines: String = (0..40).map(line).collect();
    let file = format!("order_id,email,placed_at,total,currency\n{lines}A-41,nobody,2025-05-01,45.00,EUR\n");
    let etag = place.eye.files.upload(&key, file.into_bytes(), true).await.expect("an upload");
    let cut = place.invoke("import-orders", &json!({"cut": {"key": key, "etag": etag, "part_bytes": 1000}})).await;
    let parts = cut["parts"].as_array().expect("parts").clone();
    assert_eq!(parts, [0, 1]);
    let store = place.eye.tables.store(&place.store).await.expect("it reads").expect("the layer's folder made it");
    assert_eq!(store.state, State::Importing);
    for number in parts.iter().chain(&parts) {
        place.invoke("import-orders", &json!({"part": {"key": key, "etag": etag, "number": number}})).await;
    }
    let done = place.invoke("import-orders", &json!({"finish": {"key": key, "etag": etag}})).await;
    let audit = place.invoke("scan-customers", &done["scan"]).await;
    assert_eq!(audit["customers"], 40, "{audit}");
    let bad = place.eye.files.read_text(&format!("{key}.bad-lines.txt")).await.expect("it reads");
    assert_eq!(bad.as_deref(), Some("line 42: email: \"nobody\" is not a mail address\n"));
    let store = place.eye.tables.store(&place.store).await.expect("it reads").expect("it is there");
    assert_eq!((store.state, store.imports), (State::Rehearsing, None));
    place.no_log_names(&["anna1@example.com", "nobody"]);
}

/// An event that makes no sense comes back as an error, and the next one is answered by the same process.
#[tokio::test]
async fn an_event_that_makes_no_sense_is_an_error_and_no_end() {
    let mut place = Deployed::start_only(&["find-lapsed", "redeem-code"]).await;
    let error = place.fails("find-lapsed", &json!({"scheduled_at": "yesterday"})).await;
    assert!(error["errorMessage"].is_string(), "{error}");
    let pumped = place.invoke("find-lapsed", &json!({"scheduled_at": Timestamp::now()})).await;
    assert_eq!(pumped, json!({"hints": 0}));
    // What callers of a function URL send is answered, whatever it is.
    for body in [None, Some("{"), Some("[]"), Some("{\"code\": 7}")] {
        let answer = place.ask("redeem-code", "POST", "/redeem", &JSON, body).await;
        assert_eq!(answer.status, 400, "{body:?}: {}", answer.body);
    }
}

/// A panic in a handler is an error for the runtime, and the process lives on: no invocation hangs until its timeout.
#[tokio::test]
async fn a_panic_is_an_error_and_no_silence() {
    let binary = &build::binaries()[build::PANICKING];
    let mut place = Deployed::with(&[("record-event", binary.as_path())]).await;
    let error = place.fails("record-event", &json!({"panic": true})).await;
    assert!(error.to_string().contains("asked to panic"), "{error}");
    assert_eq!(place.invoke("record-event", &json!({"panic": false})).await, json!({"panic": false}));
}

/// Refused by itself, before it polls: a function without what it needs must not look healthy.
#[test]
fn a_number_that_is_none_stops_a_function_at_its_start() {
    let binaries = build::binaries();
    let mut command = runtime::command(Path::new(&binaries["find-lapsed"]), "find-lapsed", "127.0.0.1:9");
    let output = command.env("WINBACK_DUE_SHARDS", "0").output().expect("it starts");
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("WINBACK_DUE_SHARDS") || said.contains("whole number from 1 to 100"), "{said}");
}

const JSON: [(&str, &str); 1] = [("content-type", "application/json")];

/// The path of the first link in a letter that leads to one of our pages.
fn link(text: &str, page: &str) -> String {
    let from = text.find(&format!("{}{page}", place::LINK_BASE)).expect("the letter links to it");
    let path = &text[from + place::LINK_BASE.len()..];
    path.split(|c: char| c.is_whitespace() || c == ')' || c == '>').next().unwrap_or_default().to_owned()
}

impl Deployed {
    /// A store's webhook, signed by the rules of Standard Webhooks with its own library.
    pub async fn webhook(&mut self, event: &Value) -> Answered {
        let body = event.to_string();
        let at = Timestamp::now().as_second();
        let signature = Webhook::new(WEBHOOK_SECRET).expect("a secret").sign("msg_1", at, body.as_bytes());
        let (at, signature) = (at.to_string(), signature.expect("it signs"));
        let headers = [
            ("content-type", "application/json"),
            ("webhook-id", "msg_1"),
            ("webhook-timestamp", at.as_str()),
            ("webhook-signature", signature.as_str()),
        ];
        self.ask("receive-webhook", "POST", &format!("/webhooks/{STORE}"), &headers, Some(&body)).await
    }

    /// A request to a function's URL.
    pub async fn ask(
        &mut self,
        function: &str,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&str>,
    ) -> Answered {
        let event = request(method, path, headers, body.map(str::as_bytes));
        let event = serde_json::to_value(event).expect("an event is JSON");
        let answer = self.invoke(function, &event).await;
        let answer: LambdaFunctionUrlResponse = serde_json::from_value(answer).expect("an answer for a function URL");
        Answered::from(answer)
    }

    /// Hands a batch of a queue to its function, as Lambda's poller does, and deletes it: none of it may fail.
    async fn take(&mut self, function: &str, queue: &str, batch: &[winback_local::aws::QueueMessage]) {
        if batch.is_empty() {
            return;
        }
        let answer = self.invoke(function, &sqs_event(batch)).await;
        assert_eq!(answer["batchItemFailures"], json!([]), "{function}: {}", self.log(function));
        let handled: Vec<&str> = batch.iter().map(|message| message.message_id.as_str()).collect();
        self.stack.settle(queue, &handled, &[]).expect("the batch is settled");
    }

    /// How long each function took from its start to its first poll. Figures, no promise: this is no release build.
    fn tell_starts(&self) {
        println!("start to first poll, unoptimised build:");
        for (name, took) in self.starts() {
            println!("  {name:<16} {:>6.1} ms", ms(took));
        }
    }
}

fn ms(took: Duration) -> f64 {
    took.as_secs_f64() * 1_000.0
}
