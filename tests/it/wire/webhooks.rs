//! The door for stores: who may come in, and with what.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use standardwebhooks::Webhook;
use winback_cloud::Cloud;
use winback_cloud::clock::Clock;
use winback_cloud::config::Config;
use winback_domain::webhook::LARGEST;
use winback_domain::webhook::Wiring;
use winback_domain::webhook::standard::sign;
use winback_local::aws::{At, Fault, Service};

use super::{event, order, post, signed, tell};
use crate::support::http::{Answered, request};
use crate::support::{Shop, raw, store};

const NOW: &str = "2026-05-01 10:00";
const AT: &str = "2026-05-01T07:00:00Z";

/// Everything that was told and is not recorded yet.
fn waiting(shop: &Shop) -> usize {
    let depth = |queue| shop.place.stack.queue_contents(queue).expect("the queue is there").len();
    depth("events") + depth("events-dead")
}

#[tokio::test]
async fn a_signed_order_is_recorded() {
    let shop = Shop::open(NOW).await;
    let answer = signed(&shop, event("order.placed", AT, &order(&json!({"marketing_consent": true}))).as_bytes()).await;
    assert_eq!((answer.status, answer.json()), (200, json!({"status": "accepted"})));
    assert_eq!(waiting(&shop), 1, "the answer comes when the event is safely on its queue");
    assert!(shop.customers().await.is_empty(), "and not a table was touched before");
    shop.place.settle().await.unwrap();
    let anna = shop.customer("anna@example.com").await;
    assert_eq!((anna.orders.count, anna.orders.spent), (1, 4_500));
    assert!(anna.agreed().is_some());
}

#[tokio::test]
async fn whoever_does_not_sign_learns_nothing_and_changes_nothing() {
    let shop = Shop::open(NOW).await;
    let before = raw::items(&shop.place).await;
    let body = event("order.placed", AT, &order(&json!({})));
    let (body, path) = (body.as_bytes(), "/webhooks/books");
    let now = shop.place.clock.now().as_second();
    let secret = shop.place.webhook_secret(&shop.store).await.unwrap();
    let good = Webhook::new(&secret).unwrap().sign("msg_1", now, body).unwrap();
    let other = Webhook::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ").unwrap().sign("msg_1", now, body).unwrap();
    let mut bent = good.clone().into_bytes();
    bent[10] = if bent[10] == b'A' { b'B' } else { b'A' };
    let bent = String::from_utf8(bent).unwrap();

    let mut answers = vec![post(&shop, path, &[], body).await];
    for (id, timestamp, signature) in [
        ("msg_1", now, other.as_str()),
        ("msg_1", now, &bent),
        ("msg_1", now, ""),
        ("msg_1", now, "v1,"),
        ("msg_1", now, good.trim_start_matches("v1,")),
        ("msg_1", now, &good.replace("v1,", "v2,")),
        ("msg_2", now, &good),
        ("", now, &good),
        ("msg_1", now + 1, &good),
    ] {
        answers.push(post(&shop, path, &[(id, timestamp, signature)], body).await);
    }
    answers.push(post(&shop, path, &[("msg_1", now, &good)], &[body, b" "].concat()).await);
    for answer in &answers {
        assert_eq!(answer, &answers[0], "one answer for all of them");
        assert_eq!(answer.status, 401);
        assert!(answer.json().get("detail").is_none());
    }
    assert_eq!(waiting(&shop), 0);
    assert_eq!(raw::changed(&before, &raw::items(&shop.place).await), Vec::<String>::new());
    assert_eq!(post(&shop, path, &[("msg_1", now, &good)], body).await.status, 200, "the same, unbent");
}

#[tokio::test]
async fn a_webhook_is_good_for_five_minutes_in_both_directions() {
    let shop = Shop::open(NOW).await;
    let body = event("order.placed", AT, &order(&json!({})));
    let secret = shop.place.webhook_secret(&shop.store).await.unwrap();
    let now = shop.place.clock.now().as_second();
    for (off, status) in [(-301, 401), (-300, 200), (0, 200), (300, 200), (301, 401)] {
        let signature = Webhook::new(&secret).unwrap().sign("msg_1", now + off, body.as_bytes()).unwrap();
        let answer = post(&shop, "/webhooks/books", &[("msg_1", now + off, &signature)], body.as_bytes()).await;
        assert_eq!(answer.status, status, "{off} s off");
    }
    // The same delivery with a new moment of signing is a retry, and welcome.
    assert_eq!(waiting(&shop), 3);
    shop.place.settle().await.unwrap();
    assert_eq!(shop.customer("anna@example.com").await.orders.count, 1);
}

#[tokio::test]
async fn two_secrets_hold_while_one_is_rotated() {
    let shop = Shop::open(NOW).await;
    let old = shop.place.webhook_secret(&shop.store).await.unwrap();
    let (new, third) = ("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ");
    let body = event("order.placed", AT, &order(&json!({})));
    let now = shop.place.clock.now().as_second();
    let status = async |secret: &str| {
        let signature = Webhook::new(secret).unwrap().sign("msg_1", now, body.as_bytes()).unwrap();
        post(&shop, "/webhooks/books", &[("msg_1", now, &signature)], body.as_bytes()).await.status
    };
    let put = |text: &str| shop.place.stack.put_secret("/winback/local/stores/books/webhook-secrets", text).unwrap();
    assert_eq!((status(&old).await, status(new).await), (200, 401));
    let pass = |seconds| shop.place.clock.turn_to(shop.place.clock.now() + jiff::SignedDuration::from_secs(seconds));
    put(&format!("{new}\n{old}\n"));
    pass(60);
    assert_eq!((status(new).await, status(&old).await), (200, 200), "a new secret holds within a minute: both do");
    put(new);
    assert_eq!(status(new).await, 200);
    // What was kept of the old one is kept for five minutes at most.
    pass(299);
    let later = shop.place.clock.now().as_second();
    pass(2);
    let signature = Webhook::new(&old).unwrap().sign("msg_1", later, body.as_bytes()).unwrap();
    let answer = post(&shop, "/webhooks/books", &[("msg_1", later, &signature)], body.as_bytes()).await;
    assert_eq!(answer.status, 401, "the old one is over");
    put(&format!("{new}\n{old}\n{third}"));
    pass(60);
    let signature = Webhook::new(third).unwrap().sign("msg_1", later, body.as_bytes()).unwrap();
    let answer = post(&shop, "/webhooks/books", &[("msg_1", later, &signature)], body.as_bytes()).await;
    assert_eq!(answer.status, 401, "there are never more than two");
    // Two signatures, as a store sends them while it rotates.
    let (stale, fresh) = (Webhook::new(third).unwrap(), Webhook::new(new).unwrap());
    let both = format!(
        "{} {}",
        stale.sign("msg_1", later, body.as_bytes()).unwrap(),
        fresh.sign("msg_1", later, body.as_bytes()).unwrap()
    );
    let answer = post(&shop, "/webhooks/books", &[("msg_1", later, &both)], body.as_bytes()).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn a_flood_of_bad_signatures_is_no_flood_of_questions_to_ssm() {
    let shop = Shop::open(NOW).await;
    let body = event("order.placed", AT, &order(&json!({})));
    let stranger = Webhook::new("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD").unwrap();
    shop.place.stack.faults().record();
    for second in 0..120 {
        let now = shop.place.clock.now();
        let signature = stranger.sign("msg_1", now.as_second(), body.as_bytes()).unwrap();
        let answer = post(&shop, "/webhooks/books", &[("msg_1", now.as_second(), &signature)], body.as_bytes()).await;
        assert_eq!(answer.status, 401, "second {second}");
        shop.place.clock.turn_to(now + jiff::SignedDuration::from_secs(1));
    }
    let asked = shop.place.stack.faults().take_calls();
    let asked = asked.iter().filter(|call| call.operation == "GetParameter").count();
    assert_eq!(asked, 2, "at the first, and a minute later");
}

#[tokio::test]
async fn our_signatures_are_those_of_the_specification() {
    let shop = Shop::open(NOW).await;
    let secret = shop.place.webhook_secret(&shop.store).await.unwrap();
    let now = shop.place.clock.now();
    for body in ["", "{}", "{\"name\":\"Ää € 🙂\"}"] {
        let theirs =
            Webhook::new(&secret).unwrap().sign("msg_2KWPBgLlAfxdpx2AI54pPJ85f4W", now.as_second(), body.as_bytes());
        let ours = sign(&Wiring::parse(&secret).unwrap(), "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W", now, body.as_bytes());
        assert_eq!(theirs.unwrap(), ours);
    }
}

#[tokio::test]
async fn size_comes_first_and_is_measured_in_bytes() {
    let shop = Shop::open(NOW).await;
    let padded = |size: usize| {
        let mut body = event("order.placed", AT, &order(&json!({})));
        body.push_str(&" ".repeat(size - body.len()));
        body
    };
    assert_eq!(signed(&shop, padded(LARGEST).as_bytes()).await.status, 200);
    let answer = signed(&shop, padded(LARGEST + 1).as_bytes()).await;
    assert_eq!(answer.status, 413);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    assert!(answer.json()["detail"].as_str().unwrap().contains("2 MB"));
    let unsigned = post(&shop, "/webhooks/books", &[], padded(LARGEST + 1).as_bytes()).await;
    assert_eq!(unsigned.status, 413, "nothing of it was looked at, the signature neither");
    assert_eq!(waiting(&shop), 1);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_with_what_to_mend() {
    let shop = Shop::open(NOW).await;
    let before = raw::items(&shop.place).await;
    let placed = |change: Value| event("order.placed", AT, &order(&change));
    for (body, says) in [
        ("<order/>".to_owned(), "not an event"),
        (String::new(), "not an event"),
        ("[]".to_owned(), "not an event"),
        ("{\"type\":\"order.placed\"}".to_owned(), "missing field"),
        (placed(json!({})).replace("2026-05-01T07:00:00Z", "yesterday"), "not an event"),
        (placed(json!({"order_id": 1001})), "expected a string"),
        (placed(json!({"order_id": ""})), "data.order_id"),
        (placed(json!({"order_id": "A\r\nB"})), "data.order_id"),
        (placed(json!({"total": "-1.00"})), "data.total: -1.00 is negative"),
        (placed(json!({"total": -1})), "negative"),
        (placed(json!({"total": "12,50"})), "data.total"),
        (placed(json!({"total": {}})), "data"),
        (placed(json!({"currency": "EURO"})), "data.currency: unknown currency"),
        (placed(json!({"currency": null})), "data"),
        (placed(json!({"email": null})), "data.email: missing"),
        (placed(json!({"email": "anna"})), "data.email: not a mail address"),
        (placed(json!({"email": "anna@example.com\r\nBcc: all@example.com"})), "data.email: not a mail address"),
        (placed(json!({"marketing_consent": "yes"})), "expected a boolean"),
        (placed(json!({"items": [{"price": "-2.00"}]})), "data.items.price"),
        (
            event("order.refunded", AT, &json!({"order_id": "A-1", "refunded_total": "-5", "currency": "EUR"})),
            "negative",
        ),
        (event("customer.erased", AT, &json!({})), "data.email: missing"),
    ] {
        let answer = signed(&shop, body.as_bytes()).await;
        assert_eq!(answer.status, 400, "{body}");
        let detail = answer.json()["detail"].as_str().unwrap_or_default().to_owned();
        assert!(detail.contains(says), "{body}: {detail}");
    }
    let unknown = signed(&shop, event("order.shipped", AT, &json!({})).as_bytes()).await;
    assert_eq!((unknown.status, &unknown.json()["status"]), (200, &json!("ignored")));
    shop.place.settle().await.unwrap();
    assert_eq!(waiting(&shop), 0);
    assert_eq!(raw::changed(&before, &raw::items(&shop.place).await), Vec::<String>::new());
}

#[tokio::test]
async fn a_store_that_is_not_there() {
    let shop = Shop::open(NOW).await;
    let body = event("order.placed", AT, &order(&json!({})));
    let secret = shop.place.webhook_secret(&shop.store).await.unwrap();
    let now = shop.place.clock.now().as_second();
    let signature = Webhook::new(&secret).unwrap().sign("msg_1", now, body.as_bytes()).unwrap();
    for path in ["/webhooks/records", "/webhooks/Books", "/webhooks/", "/webhooks/books/", "/", "/webhooks/a/b"] {
        let answer = post(&shop, path, &[("msg_1", now, &signature)], body.as_bytes()).await;
        assert_eq!(answer.status, 404, "{path}");
    }
    assert_eq!(waiting(&shop), 0);
}

#[tokio::test]
async fn a_store_with_a_secret_and_no_plan_loses_nothing() {
    let mut shop = Shop::open(NOW).await;
    let secret = shop.place.webhook_secret(&shop.store).await.unwrap();
    shop.place.stack.put_secret("/winback/local/stores/records/webhook-secrets", &secret).unwrap();
    shop.store = store("records");
    assert_eq!(tell(&shop, "order.placed", &order(&json!({}))).await.status, 200);
    let until = shop.place.clock.now() + jiff::SignedDuration::from_mins(60);
    shop.place.run_until(until, &mut |_| {}).await.unwrap();
    let dead = shop.place.stack.queue_contents("events-dead").unwrap();
    assert_eq!(dead.len(), 1, "after five tries it waits for an operator");
    assert!(dead[0].body.contains("A-1"));
}

#[tokio::test]
async fn a_queue_that_does_not_answer_makes_the_store_try_again() {
    let shop = Shop::open(NOW).await;
    let body = event("order.placed", AT, &order(&json!({})));
    for fault in [|| Fault::Throttle, || Fault::NoConnection, || Fault::TimedOut] {
        shop.place.stack.faults().clear();
        shop.place.stack.faults().set(At::call(1).of(Service::Sqs).times(20), fault());
        let answer = signed(&shop, body.as_bytes()).await;
        assert_eq!(answer.status, 503, "only what is on the queue is said to be taken");
        assert_eq!(answer.header("retry-after"), Some("30"));
    }
    shop.place.stack.faults().clear();
    assert_eq!(signed(&shop, body.as_bytes()).await.status, 200);
    shop.place.settle().await.unwrap();
    assert_eq!(shop.customer("anna@example.com").await.orders.count, 1, "however often it came");
}

#[tokio::test(start_paused = true)]
async fn a_store_that_waits_five_seconds_hears_before_that_to_try_again() {
    let shop = Shop::open(NOW).await;
    let body = event("order.placed", AT, &order(&json!({})));
    // Frozen for ever, and the SDK's own patience with it.
    shop.place.stack.faults().set(At::call(1).of(Service::Sqs), Fault::pause(std::future::pending::<()>));
    let began = tokio::time::Instant::now();
    let answer = signed(&shop, body.as_bytes()).await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("30")));
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    assert_eq!(waiting(&shop), 0);
}

#[tokio::test(start_paused = true)]
async fn a_secret_of_the_link_domain_that_does_not_come_keeps_no_store_waiting_either() {
    let shop = Shop::open(NOW).await;
    let clock = shop.place.clock.clone();
    let config = Config { origin_checked: true, ..shop.place.cloud.config.clone() };
    let now = Clock::turned(move || clock.now());
    let cloud = Cloud::over(shop.place.stack.config(), config, now, Arc::new(|| "nobody".to_owned()));
    shop.place.stack.faults().set(At::call(1).of(Service::Ssm), Fault::pause(std::future::pending::<()>));
    let knock = request("POST", "/webhooks/books", &[("content-type", "application/json")], Some(b"{}"));
    let asked = receive_webhook::at_the_door(&cloud, knock, shop.place.invocation());
    let answer = tokio::time::timeout(Duration::from_secs(5), asked).await.expect("the store waits no longer");
    let answer: Answered = answer.expect("it always answers").into();
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("30")));
    assert_eq!(shop.place.stack.faults().fired(), 1, "that is what it waited for");
}

#[tokio::test]
async fn every_example_of_every_schema_is_taken() {
    let shop = Shop::open(NOW).await;
    for (kind, text) in winback_domain::event::schema::all() {
        let schema: Value = serde_json::from_str(&text).unwrap();
        let validator = jsonschema::validator_for(&schema).unwrap();
        for example in schema["examples"].as_array().unwrap() {
            assert!(validator.is_valid(example), "{kind}");
            let answer = signed(&shop, example.to_string().as_bytes()).await;
            assert_eq!((answer.status, answer.json()), (200, json!({"status": "accepted"})), "{kind}");
            shop.place.settle().await.unwrap();
        }
    }
    assert_eq!(waiting(&shop), 0, "and every one of them is recorded");
}
