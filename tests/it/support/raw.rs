//! The tables as they lie there: every item, every attribute.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use winback_local::aws::{CUSTOMERS, LEDGER};
use winback_local::place::Place;

/// Table and key, and the item's attributes in one line, in the order of their names.
pub type Items = BTreeMap<(&'static str, String), String>;

/// Every item of both tables. It reads as the overseer: nothing is counted, no fault strikes.
pub async fn items(place: &Place) -> Items {
    items_of(place, [CUSTOMERS, LEDGER]).await
}

/// Every item of two tables by their names.
pub async fn items_of(place: &Place, tables: [&'static str; 2]) -> Items {
    let client = Client::new(&place.stack.overseer_config());
    let mut found = Items::new();
    for table in tables {
        let mut from = None;
        loop {
            let page = client.scan().table_name(table).consistent_read(true).set_exclusive_start_key(from);
            let page = page.send().await.expect("the table is read");
            for item in page.items.unwrap_or_default() {
                let key = item["pk"].as_s().expect("a key is text").clone();
                let sorted: BTreeMap<_, _> = item.iter().map(|(name, value)| (name, shown(value))).collect();
                found.insert((table, key), format!("{sorted:?}"));
            }
            from = page.last_evaluated_key;
            if from.is_none() {
                break;
            }
        }
    }
    found
}

/// A value, with the attributes of a map in order.
fn shown(value: &AttributeValue) -> String {
    match value {
        AttributeValue::M(map) => {
            let sorted: BTreeMap<_, _> = map.iter().map(|(name, value)| (name, shown(value))).collect();
            format!("{sorted:?}")
        }
        AttributeValue::L(list) => format!("{:?}", list.iter().map(shown).collect::<Vec<_>>()),
        AttributeValue::S(text) => text.clone(),
        AttributeValue::N(number) => number.clone(),
        other => format!("{other:?}"),
    }
}

/// The keys whose items differ between two readings, for a failure that can be read.
pub fn changed(before: &Items, after: &Items) -> Vec<String> {
    let keys = before.keys().chain(after.keys().filter(|key| !before.contains_key(*key)));
    let differ = keys.filter(|key| before.get(*key) != after.get(*key));
    differ.map(|(table, key)| format!("{table} {key}")).collect()
}
