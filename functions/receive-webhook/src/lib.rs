//! The door for stores: verifies a signature, puts the event on the queue, and only then says so. It reads no table; a
//! store is known when it has secrets.

use aws_lambda_events::lambda_function_urls::{LambdaFunctionUrlRequest, LambdaFunctionUrlResponse};
use jiff::Timestamp;
use serde_json::json;
use winback_cloud::door;
use winback_cloud::queue::Told;
use winback_cloud::start::Invocation;
use winback_cloud::{Cloud, Error, secrets};
use winback_domain::event::{Event, wire};
use winback_domain::http::{Answer, BadBody, Problem, body, segments};
use winback_domain::ids::StoreId;
use winback_domain::webhook::standard::{Headers, Secret, verify};
use winback_domain::webhook::{self, LARGEST};

/// Two secrets are active while one is rotated, and never more.
const ACTIVE_SECRETS: usize = 2;
/// When a store may try again.
const RETRY_SECONDS: u32 = 30;

/// Takes `POST /webhooks/{store}`. It answers every request itself: nothing is left for the runtime to fail with.
pub async fn handle(
    cloud: &Cloud,
    event: LambdaFunctionUrlRequest,
    _invocation: Invocation,
) -> Result<LambdaFunctionUrlResponse, Error> {
    if let Some(closed) = door::closed(cloud, &event).await {
        return Ok(door::response(closed));
    }
    Ok(door::response(take(cloud, &event).await))
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
    let headers = Headers::find(|name| request.headers.get(name)?.to_str().ok());
    let mut read = Err(webhook::Error::BadSignature);
    for doubt in [false, true] {
        let secrets = match secrets_of(cloud, &store, now, doubt).await {
            Ok(secrets) => secrets,
            Err(answer) => return answer,
        };
        read = verify(headers, &body, &secrets, now).and_then(|verified| verified.event(now));
        // The secret may be newer than what we keep of it; nothing else is worth a second look.
        if read != Err(webhook::Error::BadSignature) {
            break;
        }
    }
    match read {
        Ok(event) => tell(cloud, store, event).await,
        Err(error) => {
            tracing::warn!(%store, status = error.status(), "webhook not taken");
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
async fn secrets_of(cloud: &Cloud, store: &StoreId, now: Timestamp, doubt: bool) -> Result<Vec<Secret>, Answer> {
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

fn usable(store: &StoreId, texts: &[String]) -> Vec<Secret> {
    if texts.len() > ACTIVE_SECRETS {
        tracing::error!(%store, "more than two webhook secrets: only the first two are used");
    }
    let read = |text: &String| {
        // What it says names no secret.
        Secret::parse(text).map_err(|error| tracing::error!(%store, %error, "a secret cannot be used")).ok()
    };
    texts.iter().take(ACTIVE_SECRETS).filter_map(read).collect()
}

/// Puts the event on the queue. Only then the store hears that it may forget it.
async fn tell(cloud: &Cloud, store: StoreId, event: Event) -> Answer {
    let kind = event.what.name();
    let told = Told { store, event };
    match cloud.queues.tell(&told).await {
        Ok(()) => {
            tracing::info!(store = %told.store, kind, "webhook accepted");
            Answer::json(200, &json!({"status": "accepted"}))
        }
        Err(error) => {
            tracing::error!(store = %told.store, kind, %error, "webhook not queued");
            Problem::try_again(RETRY_SECONDS)
        }
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
        // A store that sends more than we asked for is not to try again, and not to switch the webhook off.
        webhook::Error::Malformed(wire::Error::UnknownType(_)) => {
            Answer::json(200, &json!({"status": "ignored", "detail": error.to_string()}))
        }
        webhook::Error::Malformed(_) | webhook::Error::TooLarge => {
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
        let invalid = wire::Error::Invalid { field: "total", problem: "-1.00 is negative".to_owned() };
        let answer = refused(&webhook::Error::Malformed(invalid));
        assert_eq!(answer.status, 400);
        assert!(answer.body.contains("data.total: -1.00 is negative"));
        assert_eq!(refused(&webhook::Error::TooLarge).status, 413);
    }

    #[test]
    fn an_event_we_have_no_use_for_is_taken_and_ignored() {
        let unknown = wire::Error::UnknownType("order.shipped".to_owned());
        let answer = refused(&webhook::Error::Malformed(unknown));
        assert_eq!(answer.status, 200);
        assert!(answer.body.contains("\"ignored\"") && answer.body.contains("order.shipped"));
    }

    #[test]
    fn a_third_secret_and_a_blank_one_open_nothing() {
        let store = StoreId::try_from("books".to_owned()).unwrap();
        let good = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD".to_owned();
        assert_eq!(usable(&store, &[good.clone(), good.clone(), good.clone()]).len(), 2);
        assert_eq!(usable(&store, &["whsec_".to_owned(), good]).len(), 1);
    }
}
