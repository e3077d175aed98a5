//! The doors of the shop: its webhook's address and secret, a request to try it with, and what came in lately.

use anyhow::Result;
use askama::Template;
use axum::extract::State;
use http::Uri;
use serde_json::json;
use winback_domain::money::{Currency, Money};
use winback_domain::webhook::Wiring;
use winback_domain::webhook::standard::sign;

use super::words::{USUAL_ORDER, moment};
use super::{Console, Frame, Page, html};
use crate::knocks::Knock;

#[derive(Template)]
#[template(path = "doors.html")]
struct Doors {
    frame: Frame,
    address: String,
    secret: String,
    curl: String,
    knocks: Vec<Row>,
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
        tone: if knock.status.is_none_or(|status| status == 200) { "good" } else { "bad" },
        became: knock.became,
    };
    let knocks = console.hand.knocks.latest().into_iter().map(row).collect();
    html(&Doors { frame: console.frame("/doors", &url, book), address, secret, curl, knocks })
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
