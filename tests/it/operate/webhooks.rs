//! Whoever wired a store asks whether its webhooks come: what the deployed function wrote to its log, read back.

use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};
use winback_domain::store::State;

use super::world::{STORE, World};
use crate::lambda::place::{Deployed, WEBHOOK_SECRET};
use crate::support::books;

const FUNCTION: &str = "winback-receive-webhook";

fn event(kind: &str, data: &Value) -> Value {
    json!({"type": kind, "timestamp": Timestamp::now(), "data": data})
}

fn order(number: u32) -> Value {
    let data = json!({"order_id": number.to_string(), "email": "anna@shop.example", "total": "45.00", "currency": "EUR",
        "placed_at": Timestamp::now()});
    event("order.placed", &data)
}

#[tokio::test]
async fn each_topic_is_told_with_what_became_of_it_and_when_it_came_last() {
    // More of them than the log gives at once.
    let mut function = Deployed::start_only(&["receive-webhook"]).await;
    for number in 0..7 {
        assert_eq!(function.webhook(&order(number)).await.status, 200);
    }
    let seen = event("cart.seen", &json!({}));
    assert_eq!(function.webhook(&seen).await.json()["status"], "ignored");
    let unsigned = function.ask("receive-webhook", "POST", "/webhooks/books", &[], Some("{}")).await;
    assert_eq!(unsigned.status, 401);
    let log = function.log("receive-webhook");

    let world = World::with_store(&books(), State::Rehearsing).await;
    let now = world.place.clock.now();
    let yesterday = now.checked_sub(25.hours()).expect("a moment");
    for line in log.lines() {
        world.control.log(FUNCTION, now, line);
        // Of another store, and too long ago.
        world.control.log(FUNCTION, now, line.replace("\"books\"", "\"shoes\""));
        world.control.log(FUNCTION, yesterday, line);
    }
    let said = world.winback(&["store", "check", STORE]).await.well();
    let lines: Vec<&str> = said.lines().filter(|line| line.starts_with("  ")).collect();
    let day = Timestamp::now().strftime("%Y-").to_string();
    for (topic, count, became) in [
        ("order.placed", "7", "accepted"),
        ("cart.seen", "1", "ignored: topic"),
        ("(not read)", "1", "refused: the signature, its secret or its time is wrong"),
    ] {
        let line = lines.iter().find(|line| line.trim_start().starts_with(topic)).unwrap_or_else(|| panic!("{said}"));
        assert!(line.contains(&format!("{count}  last {day}")) && line.ends_with(became), "{line}");
    }
    assert_eq!(lines.len(), 3, "{said}");
    assert!(!said.contains(WEBHOOK_SECRET) && !said.contains('@'), "{said}");
}
