//! The JSON Schemas of the events a store may send: made from the same types that read them, one file a type, each with
//! examples that hold.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Value, json};

use super::wire::{
    ActivityRecorded, EmailChanged, OrderCancelled, OrderPlaced, OrderRefunded, Person, Somebody, SubscriptionEnded,
};

/// Every event type with its schema, as the file `schemas/events/<type>.json`.
pub fn all() -> Vec<(&'static str, String)> {
    KINDS.iter().map(|kind| (kind.name, text(kind))).collect()
}

/// One type of event.
struct Kind {
    name: &'static str,
    says: &'static str,
    data: fn(&mut SchemaGenerator) -> schemars::Schema,
    /// The data names a customer: by address, by the store's id, or both.
    names_customer: bool,
    examples: fn() -> Vec<Value>,
}

fn of<T: JsonSchema>(generator: &mut SchemaGenerator) -> schemars::Schema {
    generator.subschema_for::<T>()
}

const KINDS: [Kind; 15] = [
    Kind {
        name: "order.placed",
        says: "An order in its present state. The same order may come again with other totals.",
        data: of::<OrderPlaced>,
        names_customer: true,
        examples: || {
            vec![
                json!({"order_id": "1001", "email": "anna@example.com", "total": "45.00", "currency": "EUR"}),
                json!({"order_id": "1002", "email": "anna@example.com", "customer_id": "77", "name": "Anna Lind",
                    "total": "52.00", "currency": "EUR", "placed_at": "2026-05-01T09:59:30Z",
                    "discount_codes": ["7K2MQX4T09"], "marketing_consent": true, "language": "en",
                    "items": [{"sku": "B-12", "title": "A long novel", "quantity": 2, "price": "26.00"}]}),
            ]
        },
    },
    Kind {
        name: "order.refunded",
        says: "How much of an order was paid back so far, in all. It may come before its order.",
        data: of::<OrderRefunded>,
        names_customer: false,
        examples: || vec![json!({"order_id": "1001", "refunded_total": "15.00", "currency": "EUR"})],
    },
    Kind {
        name: "order.cancelled",
        says: "An order is off.",
        data: of::<OrderCancelled>,
        names_customer: false,
        examples: || vec![json!({"order_id": "1001"})],
    },
    Kind {
        name: "customer.updated",
        says: "A customer changed what is known of them. Consent in it is explicit: it is no checkout's box.",
        data: of::<Person>,
        names_customer: true,
        examples: || {
            vec![
                json!({"customer_id": "77", "email": "anna@example.com", "name": "Anna Lind", "language": "fi"}),
                json!({"email": "anna@example.com", "marketing_consent": true}),
            ]
        },
    },
    Kind {
        name: "customer.email_changed",
        says: "A customer has another address now.",
        data: of::<EmailChanged>,
        names_customer: true,
        examples: || vec![json!({"email": "anna@example.com", "new_email": "anna.lind@example.org"})],
    },
    Kind {
        name: "customer.unsubscribed",
        says: "A customer wants no mail. It yields only to a later explicit yes.",
        data: of::<Somebody>,
        names_customer: true,
        examples: || vec![json!({"email": "anna@example.com"})],
    },
    Kind {
        name: "customer.erased",
        says: "A customer wants to be forgotten.",
        data: of::<Somebody>,
        names_customer: true,
        examples: || vec![json!({"customer_id": "77", "email": "anna@example.com"}), json!({"customer_id": "77"})],
    },
    Kind {
        name: "customer.data_requested",
        says: "A customer wants to know what is known of them. It becomes one file, in the bucket below requests/.",
        data: of::<Somebody>,
        names_customer: true,
        examples: || vec![json!({"email": "anna@example.com"})],
    },
    Kind {
        name: "customer.referred",
        says: "A customer brought somebody.",
        data: of::<Somebody>,
        names_customer: true,
        examples: || vec![json!({"customer_id": "77"})],
    },
    Kind {
        name: "lead.created",
        says: "Somebody who has not bought yet left an address.",
        data: of::<Person>,
        names_customer: true,
        examples: || vec![json!({"email": "lead@example.com", "language": "en", "marketing_consent": true})],
    },
    Kind {
        name: "activity.recorded",
        says: "A customer was there without buying.",
        data: of::<ActivityRecorded>,
        names_customer: true,
        examples: || vec![json!({"customer_id": "77", "kind": "visit"})],
    },
    Kind {
        name: "complaint.opened",
        says: "A customer complained to the shop.",
        data: of::<Somebody>,
        names_customer: true,
        examples: || vec![json!({"email": "anna@example.com"})],
    },
    Kind {
        name: "complaint.resolved",
        says: "The shop made a customer's complaint good.",
        data: of::<Somebody>,
        names_customer: true,
        examples: || vec![json!({"email": "anna@example.com"})],
    },
    Kind {
        name: "subscription.started",
        says: "A customer's subscription began.",
        data: of::<Somebody>,
        names_customer: true,
        examples: || vec![json!({"customer_id": "77"})],
    },
    Kind {
        name: "subscription.ended",
        says: "A customer's subscription ended.",
        data: of::<SubscriptionEnded>,
        names_customer: true,
        examples: || vec![json!({"customer_id": "77", "reason": "price"}), json!({"email": "anna@example.com"})],
    },
];

fn text(kind: &Kind) -> String {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let mut data = (kind.data)(&mut generator).to_value();
    if kind.names_customer {
        let named = |member: &str| json!({"required": [member], "properties": {member: {"type": "string"}}});
        data["anyOf"] = json!([named("email"), named("customer_id")]);
    }
    let example = |data: Value| json!({"type": kind.name, "timestamp": "2026-05-01T10:00:00Z", "data": data});
    let examples: Vec<Value> = (kind.examples)().into_iter().map(example).collect();
    let schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": kind.name,
        "description": kind.says,
        "type": "object",
        "properties": {
            "type": {"const": kind.name},
            "timestamp": {
                "description": "When it happened. A moment in the future counts as now.",
                "type": "string",
                "format": "date-time",
            },
            "data": data,
        },
        "required": ["type", "timestamp", "data"],
        "examples": examples,
        "$defs": generator.take_definitions(true),
    });
    let mut text = serde_json::to_string_pretty(&schema).expect("a schema is made of JSON");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::event::wire;

    macro_rules! on_file {
        ($($name:literal),* $(,)?) => {
            [$(($name, include_str!(concat!("../../schemas/events/", $name, ".json")))),*]
        };
    }

    const ON_FILE: [(&str, &str); KINDS.len()] = on_file![
        "order.placed",
        "order.refunded",
        "order.cancelled",
        "customer.updated",
        "customer.email_changed",
        "customer.unsubscribed",
        "customer.erased",
        "customer.data_requested",
        "customer.referred",
        "lead.created",
        "activity.recorded",
        "complaint.opened",
        "complaint.resolved",
        "subscription.started",
        "subscription.ended",
    ];

    /// Where a file differs it is written anew: run once more and commit it.
    #[test]
    fn the_schemas_on_file_are_those_of_the_types() {
        let mut stale = Vec::new();
        for ((name, made), kept) in all().into_iter().zip(ON_FILE) {
            if (name, made.as_str()) != kept {
                let path = format!("{}/schemas/events/{name}.json", env!("CARGO_MANIFEST_DIR"));
                std::fs::write(&path, made).expect("the schema can be written");
                stale.push(name);
            }
        }
        assert!(stale.is_empty(), "{stale:?} were out of date and have been written anew");
    }

    #[test]
    fn every_example_holds_and_is_read_as_its_type() {
        let received: Timestamp = "2026-05-01T10:00:05Z".parse().unwrap();
        for (name, text) in all() {
            let schema: Value = serde_json::from_str(&text).unwrap();
            let validator = jsonschema::validator_for(&schema).expect("a schema");
            let examples = schema["examples"].as_array().unwrap();
            assert!(!examples.is_empty());
            for example in examples {
                assert!(validator.is_valid(example), "{name}: {example}");
                let event = wire::read(example.to_string().as_bytes(), received).expect("it reads");
                assert_eq!(event.what.name(), name);
            }
        }
    }

    #[test]
    fn what_the_reader_refuses_the_schema_refuses() {
        let schema = |kind: &str| {
            let (_, text) = all().into_iter().find(|(name, _)| *name == kind).unwrap();
            jsonschema::validator_for(&serde_json::from_str(&text).unwrap()).unwrap()
        };
        let event = |kind: &str, data: Value| json!({"type": kind, "timestamp": "2026-05-01T10:00:00Z", "data": data});
        let received: Timestamp = "2026-05-01T10:00:05Z".parse().unwrap();
        let order = json!({"order_id": "1", "email": "a@example.com", "total": "1.00", "currency": "EUR"});
        let without = |member: &str| {
            let mut data = order.clone();
            data.as_object_mut().unwrap().remove(member);
            data
        };
        let wrong = [
            event("order.placed", without("order_id")),
            event("order.placed", without("total")),
            event("order.placed", without("currency")),
            event("order.placed", without("email")),
            event("order.placed", json!({"order_id": 7, "email": "a@example.com", "total": "1", "currency": "EUR"})),
            event("customer.erased", json!({})),
            event("customer.erased", json!({"email": null})),
            event("order.cancelled", json!([])),
        ];
        for event in wrong {
            let kind = event["type"].as_str().unwrap();
            assert!(!schema(kind).is_valid(&event), "{event}");
            assert!(wire::read(event.to_string().as_bytes(), received).is_err(), "{event}");
        }
    }
}
