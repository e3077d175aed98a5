//! Payloads as nobody documents them: members bent or gone, bytes cut out and put in.

use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Value, json};

/// What a member may turn into.
fn wild() -> impl Strategy<Value = Option<Value>> {
    let text = prop::sample::select(vec![
        "",
        " ",
        "0",
        "-1",
        "-0.001",
        "1e9",
        "99999999999999999999999999999",
        "0.005",
        "EUR",
        "jpy",
        "kwd",
        "XXX",
        "2026-05-01T08:00:00",
        "2026-05-01T08:00:00+14:00",
        "9999-12-31T23:59:59",
        "-009999-01-01T00:00:00",
        "0000-00-00 00:00:00",
        "24:00",
        "completed",
        "refunded",
        "cancelled",
        "paid",
        "subscription",
        "incomplete",
        "anna@example.com",
        "deleted@site.invalid",
        "a\r\nBcc: b@example.com",
        "\u{0}",
        "\u{202e}🎁",
        "promo_1",
        "opt_in",
        "fi-FI",
    ]);
    prop_oneof![
        2 => Just(None),
        4 => text.prop_map(|text| Some(json!(text))),
        1 => ".{0,200}".prop_map(|text| Some(json!(text))),
        2 => prop::sample::select(vec![
            json!(null), json!(true), json!(false), json!([]), json!({}), json!([null]), json!({"id": 5}),
            json!([{}]), json!({"0": {}}), json!({"code": "x", "data": {"status": 404}}),
        ]).prop_map(Some),
        2 => any::<i64>().prop_map(|number| Some(json!(number))),
        1 => any::<u64>().prop_map(|number| Some(json!(number))),
        1 => any::<f64>().prop_map(|number| Some(json!(number))),
    ]
}

/// Every place in a payload, the outermost first.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(index, item)| (index.to_string(), item)).collect(),
        _ => Vec::new(),
    };
    for (name, value) in inner {
        let place = format!("{at}/{name}");
        found.push(place.clone());
        places(value, &place, found);
    }
}

fn bend(value: &mut Value, at: Index, with: Option<Value>) {
    let mut found = Vec::new();
    places(value, "", &mut found);
    if found.is_empty() {
        return;
    }
    let place = at.get(&found);
    let (parent, name) = place.rsplit_once('/').expect("a place has a name");
    match (value.pointer_mut(parent), with) {
        (Some(Value::Object(members)), None) => drop(members.remove(name)),
        (Some(Value::Object(members)), Some(with)) => drop(members.insert(name.to_owned(), with)),
        (Some(Value::Array(items)), with) => items.extend(with),
        _ => {}
    }
}

/// A payload with up to four of its members bent, and perhaps a few bytes of what comes of it.
pub fn mutants(payload: Value) -> impl Strategy<Value = Vec<u8>> {
    let members = prop::collection::vec((any::<Index>(), wild()), 0..5);
    let bytes = prop::collection::vec((any::<Index>(), 0..8_usize, prop::collection::vec(any::<u8>(), 0..4)), 0..3);
    let bytes = prop_oneof![3 => Just(Vec::new()), 1 => bytes];
    (members, bytes).prop_map(move |(members, bytes)| {
        let mut bent = payload.clone();
        for (at, with) in members {
            bend(&mut bent, at, with);
        }
        let mut body = bent.to_string().into_bytes();
        for (at, cut, with) in bytes {
            let from = at.index(body.len() + 1);
            let until = (from + cut).min(body.len());
            body.splice(from..until, with);
        }
        body
    })
}
