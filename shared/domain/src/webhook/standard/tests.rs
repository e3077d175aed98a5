//! Each story is signed by the specification's own crate, so that both sides cannot share a mistake.

use jiff::ToSpan;
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::event::{Event, What, schema};
use crate::webhook::mutants::mutants;
use crate::webhook::{LARGEST, hear};

const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const NEXT_SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ";
const BODY: &str = r#"{"type":"order.cancelled","timestamp":"2026-05-01T10:00:00Z","data":{"order_id":"A-1"}}"#;

fn now() -> Timestamp {
    "2026-05-01T10:00:05Z".parse().unwrap()
}

fn signed_by_their_crate(secret: &str, at: Timestamp, body: &[u8]) -> String {
    let webhook = standardwebhooks::Webhook::new(secret).unwrap();
    webhook.sign("msg_1", at.as_second(), body).unwrap()
}

/// The three headers.
#[derive(Clone, Copy)]
struct Headers<'a> {
    id: &'a str,
    timestamp: &'a str,
    signature: &'a str,
}

fn hears(secrets: &[&str], headers: Headers<'_>, body: &[u8]) -> Result<Heard, Error> {
    let secrets: Vec<Wiring> = secrets.iter().map(|text| Wiring::parse(text).unwrap()).collect();
    let header = |name: &str| match name {
        ID => Some(headers.id),
        TIMESTAMP => Some(headers.timestamp),
        SIGNATURE => Some(headers.signature),
        _ => None,
    };
    hear(&Delivery { header: &header, body, received: now() }, &secrets)
}

fn take(secrets: &[&str], signature: &str, at: Timestamp, body: &[u8]) -> Result<(), Error> {
    let timestamp = at.as_second().to_string();
    hears(secrets, Headers { id: "msg_1", timestamp: &timestamp, signature }, body).map(|_| ())
}

#[test]
fn what_their_crate_signs_holds_and_reads_as_an_event() {
    let signature = signed_by_their_crate(SECRET, now(), BODY.as_bytes());
    let timestamp = now().as_second().to_string();
    let headers = Headers { id: "msg_1", timestamp: &timestamp, signature: &signature };
    let Ok(Heard::Events { topic, events }) = hears(&[SECRET], headers, BODY.as_bytes()) else { panic!("an event") };
    assert_eq!(topic, "order.cancelled");
    assert_eq!(events[0].what, What::OrderCancelled { order_id: "A-1".to_owned() });
}

#[test]
fn what_we_sign_is_what_their_crate_signs_and_their_crate_takes_it() {
    let secret = Wiring::parse(SECRET).unwrap();
    let ours = sign(&secret, "msg_1", now(), BODY.as_bytes());
    assert_eq!(ours, signed_by_their_crate(SECRET, now(), BODY.as_bytes()));
    // The specification's own example, as every implementation of it tests it.
    let at = Timestamp::from_second(1_614_265_330).unwrap();
    let secret = Wiring::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    let example = sign(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", at, br#"{"test": 2432232314}"#);
    assert_eq!(example, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

#[test]
fn one_of_several_signatures_and_one_of_two_secrets_are_enough() {
    let good = signed_by_their_crate(NEXT_SECRET, now(), BODY.as_bytes());
    let other = signed_by_their_crate("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", now(), BODY.as_bytes());
    let several = format!("v1a,ed25519 {other} {good} v1,not-base64 v1,");
    assert_eq!(take(&[SECRET, NEXT_SECRET], &several, now(), BODY.as_bytes()), Ok(()));
    assert_eq!(take(&[SECRET], &several, now(), BODY.as_bytes()), Err(Error::BadSignature));
    assert_eq!(take(&[], &several, now(), BODY.as_bytes()), Err(Error::BadSignature));
}

#[test]
fn five_minutes_off_is_good_and_a_second_more_is_stale() {
    for (seconds, expected) in [(-301, Err(Error::Stale)), (-300, Ok(())), (300, Ok(())), (301, Err(Error::Stale))] {
        let at = now().saturating_add(seconds.seconds()).unwrap();
        let signature = signed_by_their_crate(SECRET, at, BODY.as_bytes());
        assert_eq!(take(&[SECRET], &signature, at, BODY.as_bytes()), expected, "{seconds}");
    }
}

#[test]
fn every_bent_part_breaks_it() {
    let signature = signed_by_their_crate(SECRET, now(), BODY.as_bytes());
    let timestamp = now().as_second().to_string();
    let whole = Headers { id: "msg_1", timestamp: &timestamp, signature: &signature };
    let later = (now().as_second() + 1).to_string();
    let padded = format!("0{timestamp}");
    for (bent, what) in [
        (Headers { id: "msg_2", ..whole }, "another id"),
        (Headers { id: "", ..whole }, "no id"),
        (Headers { timestamp: &later, ..whole }, "another time"),
        (Headers { timestamp: &padded, ..whole }, "the same time, written differently"),
        (Headers { timestamp: "", ..whole }, "no time"),
        (Headers { timestamp: "yesterday", ..whole }, "no number"),
        (Headers { signature: "", ..whole }, "no signature"),
        (Headers { signature: signature.strip_prefix("v1,").unwrap(), ..whole }, "no version"),
        (Headers { signature: &signature[..signature.len() - 4], ..whole }, "a cut signature"),
    ] {
        assert_eq!(hears(&[SECRET], bent, BODY.as_bytes()), Err(Error::BadSignature), "{what}");
    }
    let body = BODY.replace("A-1", "A-2");
    assert_eq!(hears(&[SECRET], whole, body.as_bytes()), Err(Error::BadSignature));
    // White space means nothing to JSON and everything to a signature.
    let body = format!("{BODY} ");
    assert_eq!(hears(&[SECRET], whole, body.as_bytes()), Err(Error::BadSignature));
}

#[test]
fn size_comes_before_the_signature_and_the_signature_before_json() {
    let large = vec![b' '; LARGEST + 1];
    assert_eq!(take(&[SECRET], "v1,nonsense", now(), &large), Err(Error::TooLarge));
    assert_eq!(take(&[SECRET], "v1,nonsense", now(), b"<xml>"), Err(Error::BadSignature));
    let largest = [BODY.as_bytes(), &vec![b' '; LARGEST - BODY.len()]].concat();
    let signature = signed_by_their_crate(SECRET, now(), &largest);
    assert_eq!(take(&[SECRET], &signature, now(), &largest), Ok(()));
}

#[test]
fn a_signed_event_that_makes_no_sense_says_what_is_wrong() {
    let signed = |body: &[u8]| take(&[SECRET], &signed_by_their_crate(SECRET, now(), body), now(), body);
    let error = signed(br#"{"type":"order.cancelled","timestamp":"2026-05-01T10:00:00Z","data":{"order_id":""}}"#);
    let error = error.unwrap_err();
    assert_eq!(error.status(), 400);
    assert_eq!(error.to_string(), "data.order_id: 1 to 128 characters on one line are wanted");
    assert!(matches!(signed(b"{}"), Err(Error::Malformed(wire::Error::NotAnEvent(_)))));
}

#[test]
fn an_event_we_have_no_use_for_is_taken_and_ignored() {
    let body = br#"{"type":"order.shipped","timestamp":"2026-05-01T10:00:00Z","data":{}}"#;
    let timestamp = now().as_second().to_string();
    let signature = signed_by_their_crate(SECRET, now(), body);
    let heard = hears(&[SECRET], Headers { id: "msg_1", timestamp: &timestamp, signature: &signature }, body);
    assert_eq!(heard, Ok(Heard::Ignored { topic: "order.shipped".to_owned(), because: Ignored::Topic }));
}

/// Whatever is signed well is answered; what was heard is not from the future, and the queue carries it. The signature is
/// ours: their crate signs only what is UTF-8.
fn holds(body: &[u8]) {
    let signature = sign(&Wiring::parse(SECRET).unwrap(), "msg_1", now(), body);
    let timestamp = now().as_second().to_string();
    let events = match hears(&[SECRET], Headers { id: "msg_1", timestamp: &timestamp, signature: &signature }, body) {
        Ok(Heard::Events { events, .. }) => events,
        Ok(Heard::Ignored { because: Ignored::Topic, .. }) | Err(Error::Malformed(_)) => return,
        other => panic!("{other:?}"),
    };
    assert!(!events.is_empty());
    for event in events {
        assert!(event.at <= now() && event.happened() <= event.at);
        let carried = serde_json::to_string(&event).unwrap();
        assert_eq!(serde_json::from_str::<Event>(&carried).unwrap(), event, "{carried}");
    }
}

/// The examples of the schemas: at least one event of each type.
fn examples() -> Vec<Value> {
    let examples = schema::all().into_iter().flat_map(|(_, text)| {
        let schema: Value = serde_json::from_str(&text).unwrap();
        schema["examples"].as_array().unwrap().clone()
    });
    examples.collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_answered(body in prop::collection::vec(any::<u8>(), 0..200)) {
        holds(&body);
    }

    #[test]
    fn a_bent_event_is_answered(body in prop::sample::select(examples()).prop_flat_map(mutants)) {
        holds(&body);
    }
}
