//! The door for stores: verifies a signature, puts what it means on the queue, and only then says so. It reads no table; a
//! store is known when it has secrets. Events of a platform's own bus come in beside the door, see [`bus`].

pub mod bus;

use std::time::Duration;

use aws_lambda_events::lambda_function_urls::{LambdaFunctionUrlRequest, LambdaFunctionUrlResponse};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use winback_cloud::door;
use winback_cloud::queue::{self, Told};
use winback_cloud::start::Invocation;
use winback_cloud::{Cloud, Error, secrets};
use winback_domain::event::Event;
use winback_domain::http::{Answer, BadBody, Problem, body, segments};
use winback_domain::ids::StoreId;
use winback_domain::webhook::{self, Delivery, Heard, Ignored, LARGEST, Platform, Wiring, hear};

use self::bus::{FromBus, Taken};

/// Two secrets of a platform are active while one is rotated, and never more.
const ACTIVE_SECRETS: usize = 2;
/// Shopify waits five seconds for an answer, and takes a subscription away that went without too often.
const ANSWER_WITHIN: Duration = Duration::from_secs(4);
/// When a store may try again.
const RETRY_SECONDS: u32 = 30;

/// What starts this function.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Incoming {
    /// An event of a bus. A request has no member `store`, whoever sends it: what a caller says stands in its body.
    Bus(FromBus),
    /// A request at the function's URL.
    Door(Box<LambdaFunctionUrlRequest>),
}

/// What this function answers.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Outgoing {
    /// To an event of a bus.
    Bus(Taken),
    /// To a request.
    Door(Box<LambdaFunctionUrlResponse>),
}

/// Takes whatever starts this function.
///
/// # Errors
/// Of an event of a bus alone, see [`bus::take`].
pub async fn handle(cloud: &Cloud, incoming: Incoming, invocation: Invocation) -> Result<Outgoing, Error> {
    match incoming {
        Incoming::Bus(event) => bus::take(cloud, event).await.map(Outgoing::Bus),
        Incoming::Door(request) => at_the_door(cloud, *request, invocation).await.map(Box::new).map(Outgoing::Door),
    }
}

/// Takes `POST /webhooks/{store}`. It answers every request itself: nothing is left for the runtime to fail with.
pub async fn at_the_door(
    cloud: &Cloud,
    event: LambdaFunctionUrlRequest,
    _invocation: Invocation,
) -> Result<LambdaFunctionUrlResponse, Error> {
    let answered = async {
        // Of the domain's secret, too, nobody knows how long it lets us wait.
        match door::closed(cloud, &event).await {
            Some(closed) => closed,
            None => take(cloud, &event).await,
        }
    };
    let answer = tokio::time::timeout(ANSWER_WITHIN, answered).await.unwrap_or_else(|_| {
        let store = addressed(door::method(&event), door::path(&event)).ok();
        tracing::error!(store = store.as_ref().map(tracing::field::display), "webhook not answered in time");
        Problem::try_again(RETRY_SECONDS)
    });
    Ok(door::response(answer))
}

async fn take(cloud: &Cloud, request: &LambdaFunctionUrlRequest) -> Answer {
    let store = match addressed(door::method(request), door::path(request)) {
        Ok(store) => store,
        Err(answer) => return answer,
    };
    let body = match body(request.body.as_deref(), request.is_base64_encoded, LARGEST) {
        Ok(body) => body,
        Err(BadBody::TooLarge) => return refused(&webhook::Error::TooLarge),
        Err(BadBody::NotBase64) => return Problem::status(400).detail("the body cannot be read").answer(),
    };
    let now = cloud.clock.now();
    let header = |name: &str| request.headers.get(name)?.to_str().ok();
    let delivery = Delivery { header: &header, body: &body, received: now };
    let mut heard = Err(webhook::Error::BadSignature);
    for doubt in [false, true] {
        let wirings = match wirings_of(cloud, &store, now, doubt).await {
            Ok(wirings) => wirings,
            Err(answer) => return answer,
        };
        heard = hear(&delivery, &wirings);
        // The secret may be newer than what we keep of it; nothing else is worth a second look.
        if heard != Err(webhook::Error::BadSignature) {
            break;
        }
    }
    match heard {
        Ok(Heard::Events { topic, events }) => tell(cloud, &store, &topic, events).await,
        Ok(Heard::Ignored { topic, because }) => {
            ignored(&store, &topic, because);
            Answer::json(200, &json!({"status": "ignored", "topic": topic, "because": because.word()}))
        }
        Ok(Heard::Ping) => Answer::json(200, &json!({"status": "here"})),
        Err(error) => {
            not_understood(&store, &error);
            refused(&error)
        }
    }
}

/// The store a request is meant for, or the answer to a request that is not ours.
fn addressed(method: &str, path: &str) -> Result<StoreId, Answer> {
    let ["webhooks", store] = segments(path)[..] else { return Err(Problem::status(404).answer()) };
    if method != "POST" {
        return Err(Problem::method_not_allowed("POST"));
    }
    StoreId::try_from(store.to_owned()).map_err(|_| unknown_store())
}

/// The secrets of a store, or the answer where there are none to be had.
async fn wirings_of(cloud: &Cloud, store: &StoreId, now: Timestamp, doubt: bool) -> Result<Vec<Wiring>, Answer> {
    match cloud.secrets.webhook(store, now, doubt).await {
        Ok(texts) if texts.is_empty() => Err(unknown_store()),
        Ok(texts) => Ok(usable(store, &texts)),
        Err(secrets::Error::Missing(_)) => Err(unknown_store()),
        Err(error) => {
            tracing::error!(%store, %error, "no secrets");
            Err(Problem::try_again(RETRY_SECONDS))
        }
    }
}

fn usable(store: &StoreId, lines: &[String]) -> Vec<Wiring> {
    let read = |line: &String| {
        // What it says names no secret.
        Wiring::parse(line).map_err(|error| tracing::error!(%store, %error, "a secret cannot be used")).ok()
    };
    let read: Vec<Wiring> = lines.iter().filter_map(read).collect();
    let of = |platform| read.iter().filter(move |wiring| wiring.platform == platform);
    for platform in Platform::ALL.into_iter().filter(|platform| of(*platform).count() > ACTIVE_SECRETS) {
        tracing::error!(%store, platform = platform.word(), "more than two webhook secrets: only the first two are used");
    }
    Platform::ALL.into_iter().flat_map(|platform| of(platform).take(ACTIVE_SECRETS)).cloned().collect()
}

/// Puts the events on the queue. Only then the store hears that it may forget them.
async fn tell(cloud: &Cloud, store: &StoreId, topic: &str, events: Vec<Event>) -> Answer {
    match queue(cloud, store, topic, events).await {
        Ok(()) => Answer::json(200, &json!({"status": "accepted"})),
        Err(_) => Problem::try_again(RETRY_SECONDS),
    }
}

async fn queue(cloud: &Cloud, store: &StoreId, topic: &str, events: Vec<Event>) -> Result<(), queue::Error> {
    let told: Vec<Told> = events.into_iter().map(|event| Told { store: store.clone(), event }).collect();
    let queued = cloud.queues.tell_all(&told).await;
    match &queued {
        Ok(()) => tracing::info!(%store, topic, events = told.len(), "webhook accepted"),
        Err(error) => tracing::error!(%store, topic, %error, "webhook not queued"),
    }
    queued
}

fn ignored(store: &StoreId, topic: &str, because: Ignored) {
    tracing::info!(%store, topic, because = because.word(), "webhook ignored");
}

fn not_understood(store: &StoreId, error: &webhook::Error) {
    if let webhook::Error::Undocumented { topic, problem } = error {
        // Nobody at the store can mend that; it tries again, and we have until it gives up.
        tracing::error!(%store, topic, problem, "webhook not understood");
    } else {
        tracing::warn!(%store, status = error.status(), "webhook not taken");
    }
}

/// One answer for a store that is not there and a name that no store can have.
fn unknown_store() -> Answer {
    Problem::status(404).detail("no such store").answer()
}

/// The answer to what was not taken. A wrong signature gets no detail.
fn refused(error: &webhook::Error) -> Answer {
    match error {
        webhook::Error::BadSignature | webhook::Error::Stale => Problem::status(401).answer(),
        webhook::Error::Malformed(_) | webhook::Error::TooLarge | webhook::Error::Undocumented { .. } => {
            Problem::status(error.status()).detail(error.to_string()).answer()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(method: &str, path: &str) -> u16 {
        addressed(method, path).map_or_else(|answer| answer.status, |_| 0)
    }

    #[test]
    fn only_a_post_to_a_store_is_meant_for_us() {
        assert_eq!(status("POST", "/webhooks/books"), 0);
        assert_eq!(status("GET", "/webhooks/books"), 405);
        assert_eq!(addressed("GET", "/webhooks/books").unwrap_err().header("allow"), Some("POST"));
        for path in
            ["/", "/webhooks", "/webhooks/", "/webhooks/books/", "/webhooks/Books", "/webhooks/../x", "/other/books"]
        {
            assert_eq!(status("POST", path), 404, "{path}");
        }
    }

    #[test]
    fn a_wrong_signature_and_a_stale_one_look_the_same() {
        let answers = [refused(&webhook::Error::BadSignature), refused(&webhook::Error::Stale)];
        assert_eq!(answers[0], answers[1]);
        assert_eq!(answers[0].status, 401);
        assert!(!answers[0].body.contains("detail"));
    }

    #[test]
    fn whoever_signed_hears_what_to_mend() {
        let invalid =
            winback_domain::event::wire::Error::Invalid { field: "total", problem: "-1.00 is negative".to_owned() };
        let answer = refused(&webhook::Error::Malformed(invalid));
        assert_eq!(answer.status, 400);
        assert!(answer.body.contains("data.total: -1.00 is negative"));
        assert_eq!(refused(&webhook::Error::TooLarge).status, 413);
    }

    #[test]
    fn a_third_secret_and_a_blank_one_open_nothing() {
        let store = StoreId::try_from("books".to_owned()).unwrap();
        let good = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD".to_owned();
        assert_eq!(usable(&store, &[good.clone(), good.clone(), good.clone()]).len(), 2);
        assert_eq!(usable(&store, &["whsec_".to_owned(), good.clone()]).len(), 1);
        let shopify = "shopify shpss_0123456789abcdef".to_owned();
        let wired = usable(&store, &[good.clone(), shopify.clone(), good.clone(), shopify.clone(), good, shopify]);
        let own = wired.iter().filter(|wiring| wiring.platform == Platform::Own).count();
        assert_eq!((wired.len(), own), (4, 2), "two of each platform");
    }
}
