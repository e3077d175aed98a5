//! The doors of the shop: its webhook's address and secret, a request to try it with, and what came in lately.

use anyhow::Result;
use askama::Template;
use axum::extract::State;
use http::Uri;
use serde_json::json;
use winback_domain::money::{Currency, Money};
use winback_domain::webhook::standard::sign;
use winback_domain::webhook::{Platform, Wiring};

use super::words::{USUAL_ORDER, moment};
use super::{Console, Frame, Page, html};
use crate::knocks::{Fate, Knock, Topic};

#[derive(Template)]
#[template(path = "doors.html")]
struct Doors {
    frame: Frame,
    address: String,
    secret: String,
    curl: String,
    wired: String,
    topics: Vec<TopicRow>,
    knocks: Vec<Row>,
}

struct TopicRow {
    what: String,
    taken: u64,
    ignored: u64,
    refused: u64,
    at: String,
    became: String,
    tone: &'static str,
}

struct Row {
    at: String,
    what: String,
    order: String,
    by: &'static str,
    became: String,
    tone: &'static str,
}

/// `GET /doors`
pub async fn page(State(console): State<Console>, url: Uri) -> Page {
    let address = format!("{}/webhooks/{}", console.place.cloud.config.link_base, console.store);
    let secret = console.place.webhook_secret(&console.store).await?;
    let book = &*console.book().await?;
    let curl = curl(&console, &address, &secret, book.plan.shop.currency)?;
    let zone = &book.plan.shop.time_zone;
    let row = |knock: Knock| Row {
        at: moment(knock.at, zone),
        what: knock.what,
        order: knock.order.unwrap_or_default(),
        by: if knock.status.is_some() { "webhook" } else { "this place's own shop" },
        tone: tone(knock.fate),
        became: knock.became,
    };
    let knocks = console.hand.knocks.latest().into_iter().map(row).collect();
    let topic = |topic: Topic| TopicRow {
        what: topic.last.what,
        taken: topic.taken,
        ignored: topic.ignored,
        refused: topic.refused,
        at: moment(topic.last.at, zone),
        tone: tone(topic.last.fate),
        became: topic.last.became,
    };
    let topics = console.hand.knocks.topics().into_iter().map(topic).collect();
    let wired = wired(&console.place.wirings(&console.store).await?);
    html(&Doors { frame: console.frame("/doors", &url, book), address, secret, curl, wired, topics, knocks })
}

fn tone(fate: Fate) -> &'static str {
    match fate {
        Fate::Taken => "good",
        Fate::Ignored => "",
        Fate::Refused => "bad",
    }
}

/// In whose words the shop may speak: `own, shopify (two secrets: one is being rotated)`.
fn wired(wirings: &[Wiring]) -> String {
    let of = |platform| wirings.iter().filter(move |wiring| wiring.platform == platform).count();
    let words = Platform::ALL.into_iter().filter_map(|platform| match of(platform) {
        0 => None,
        1 => Some(platform.word().to_owned()),
        _ => Some(format!("{} (two secrets: one is being rotated)", platform.word())),
    });
    words.collect::<Vec<_>>().join(", ")
}

/// A request that the shop would send now.
fn curl(console: &Console, address: &str, secret: &str, currency: Currency) -> Result<String> {
    let now = console.place.clock.now();
    let id = format!("try-{}", now.as_second());
    let body = json!({
        "type": "order.placed",
        "timestamp": now,
        "data": {
            "order_id": format!("T-{}", now.as_second()), "email": "you@reader.example", "name": "You",
            "total": Money { minor: USUAL_ORDER, currency }.amount(), "currency": currency.code(), "marketing_consent": true,
        },
    })
    .to_string();
    let signature = sign(&Wiring::parse(secret)?, &id, now, body.as_bytes());
    Ok(format!(
        "curl -i {address} \\\n  -H 'content-type: application/json' \\\n  -H 'webhook-id: {id}' \\\n  \
         -H 'webhook-timestamp: {}' \\\n  -H 'webhook-signature: {signature}' \\\n  -d '{body}'",
        now.as_second()
    ))
}
