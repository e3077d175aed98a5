//! The API: what it says of itself is what it does.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use winback_local::console::api::named;

use super::{Visitor, sample, visited};

/// The description, as it is served.
async fn described(visitor: Visitor) -> Value {
    visitor.get("/api/openapi.json").await.json()
}

/// An answer holds what the description promises of that operation and status.
fn holds(openapi: &Value, method: &str, path: &str, status: &str, answer: &Value) {
    let schema = &openapi["paths"][path][method]["responses"][status]["content"]["application/json"]["schema"];
    assert!(schema.is_object(), "{method} {path} {status} is not described");
    let whole = json!({"allOf": [schema], "components": openapi["components"]});
    let validator = jsonschema::validator_for(&whole).expect("a schema");
    let wrong: Vec<String> =
        validator.iter_errors(answer).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(wrong.is_empty(), "{method} {path} {status}: {wrong:#?}\n{answer:#}");
}

#[tokio::test]
async fn the_description_names_every_route_and_no_other() {
    let openapi = visited(sample(), async |visitor, _| described(visitor).await).await;
    let described: BTreeSet<(String, String)> = openapi["paths"]
        .as_object()
        .expect("paths")
        .iter()
        .flat_map(|(path, methods)| {
            methods.as_object().expect("methods").keys().map(move |method| (method.clone(), path.clone()))
        })
        .collect();
    let routes: BTreeSet<(String, String)> =
        named().map(|(method, path)| (method.to_owned(), path.to_owned())).collect();
    assert_eq!(described, routes);
}

#[tokio::test]
async fn a_script_turns_the_clock_and_reads_the_mail() {
    visited(sample(), async |visitor, _| {
        let openapi = described(visitor).await;
        let none = visitor.get("/api/v1/messages").await.json();
        holds(&openapi, "get", "/api/v1/messages", "200", &none);
        assert_eq!((&none["total"], &none["messages"]), (&json!(0), &json!([])));

        let turned = visitor.turn(&json!({"advance": "95d"})).await;
        assert_eq!(turned.status, 200, "{}", turned.body);
        holds(&openapi, "post", "/api/clock", "200", &turned.json());
        assert_eq!(turned.json()["now"], "2026-04-18T06:00:00Z", "nine o'clock stays nine o'clock");
        holds(&openapi, "get", "/api/clock", "200", &visitor.get("/api/clock").await.json());

        let list = visitor.get("/api/v1/messages?limit=1").await.json();
        holds(&openapi, "get", "/api/v1/messages", "200", &list);
        assert_eq!((&list["total"], &list["count"]), (&json!(2), &json!(1)), "a letter and its last day");
        let found = visitor.get("/api/v1/search?query=anna%20LIND").await.json();
        holds(&openapi, "get", "/api/v1/search", "200", &found);
        assert_eq!(found["messages_count"], 2);
        assert_eq!(visitor.get("/api/v1/search?query=nobody").await.json()["messages_count"], 0);

        let id = list["messages"][0]["ID"].as_str().expect("an id").to_owned();
        let message = visitor.get(&format!("/api/v1/message/{id}")).await.json();
        holds(&openapi, "get", "/api/v1/message/{id}", "200", &message);
        assert_eq!(message["To"][0]["Address"], "anna@reader.example");
        assert!(message["ListUnsubscribe"]["Links"][0].as_str().expect("a link").contains("/u/shop/"));
        let raw = visitor.get(&format!("/api/v1/message/{id}/raw")).await;
        assert!(raw.head.contains("content-type: message/rfc822"));
        assert!(raw.body.contains("\r\nMIME-Version: 1.0\r\n") && raw.body.contains("List-Unsubscribe-Post: "));

        let customer = visitor.get("/api/customers/anna@reader.example").await.json();
        holds(&openapi, "get", "/api/customers/{email}", "200", &customer);
        assert_eq!(customer["messages"].as_array().map(Vec::len), Some(2));
        assert!(customer["messages"][0]["why"].as_array().is_some_and(|why| why.len() > 2), "{customer:#}");
    })
    .await;
}

#[tokio::test]
async fn what_makes_no_sense_is_said_so() {
    visited(sample(), async |visitor, _| {
        let openapi = described(visitor).await;
        let wrong = [
            json!({}),
            json!({"advance": "a while"}),
            json!({"advance": "1d", "speed": 1}),
            json!({"advance": "9000d"}),
            json!({"forward": "1d"}),
            json!("45d"),
            json!({"to": "2020-01-01T00:00:00Z"}),
        ];
        for wanted in &wrong {
            let answer = visitor.turn(wanted).await;
            assert_eq!(answer.status, 422, "{wanted}");
            holds(&openapi, "post", "/api/clock", "422", &answer.json());
        }
        for path in [
            "/api/v1/message/nothing",
            "/api/v1/message/nothing/raw",
            "/api/customers/nobody@reader.example",
            "/api/customers/x",
        ] {
            let answer = visitor.get(path).await;
            assert_eq!((answer.status, &answer.json()["status"]), (404, &json!(404)), "{path}");
        }
        let stood = visitor.get("/api/clock").await.json();
        assert_eq!(stood["now"], "2026-01-13T07:00:00Z", "a clock is never turned back");
    })
    .await;
}

#[tokio::test]
async fn the_next_event_is_where_the_clock_stops() {
    visited(sample(), async |visitor, place| {
        visitor.turn(&json!({"advance": "90d"})).await;
        assert!(place.stack.outbox().is_empty());
        let mut turns = 0;
        while place.stack.outbox().is_empty() {
            assert_eq!(visitor.turn(&json!({"advance": "next"})).await.status, 200);
            turns += 1;
            assert!(turns < 10, "the letter is among the next events");
        }
        assert_eq!(place.clock.now().to_string(), "2026-04-14T06:00:00Z", "a Tuesday, nine in the morning");
    })
    .await;
}
