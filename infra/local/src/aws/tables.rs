//! The two tables, as `infra/terraform` makes them on AWS.

use serde_json::{Value, json};

/// Customers, aliases, tombstones, store states and programs.
pub const CUSTOMERS: &str = "customers";

/// Orders, messages, codes and stock lots.
pub const LEDGER: &str = "ledger";

/// The sparse index over the customers whose time comes.
pub const DUE: &str = "due";

/// The inputs of `CreateTable`.
pub(crate) fn definitions() -> [Value; 2] {
    [
        json!({
            "TableName": CUSTOMERS,
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }],
            "AttributeDefinitions": [
                { "AttributeName": "pk", "AttributeType": "S" },
                { "AttributeName": "due_shard", "AttributeType": "S" },
                { "AttributeName": "due", "AttributeType": "N" },
            ],
            "GlobalSecondaryIndexes": [{
                "IndexName": DUE,
                "KeySchema": [
                    { "AttributeName": "due_shard", "KeyType": "HASH" },
                    { "AttributeName": "due", "KeyType": "RANGE" },
                ],
                "Projection": { "ProjectionType": "KEYS_ONLY" },
            }],
        }),
        json!({
            "TableName": LEDGER,
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }],
            "AttributeDefinitions": [{ "AttributeName": "pk", "AttributeType": "S" }],
        }),
    ]
}

/// The input of `UpdateTimeToLive` for the ledger: DynamoDB removes what its shop need not keep.
pub(crate) fn time_to_live() -> Value {
    json!({
        "TableName": LEDGER,
        "TimeToLiveSpecification": { "AttributeName": "expires", "Enabled": true },
    })
}
