//! Backups: the tables as they lay at a moment, restored under new names while time went on.

use std::collections::HashMap;
use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection,
    ProjectionType, ScalarAttributeType,
};
use jiff::Timestamp;
use winback_cloud::clock::Clock;
use winback_cloud::config::Config;
use winback_cloud::restore::Old;
use winback_cloud::{Cloud, random_owner};
use winback_local::aws::{CUSTOMERS, LEDGER};
use winback_local::place::Place;

/// The restored tables.
pub const RESTORED: [&str; 2] = ["customers-restored", "ledger-restored"];

type Item = HashMap<String, AttributeValue>;

/// Both tables at one moment.
#[derive(Clone)]
pub struct Backup {
    /// The moment.
    pub at: Timestamp,
    items: [Vec<Item>; 2],
}

impl Backup {
    /// Of a place as it is now.
    pub async fn of(place: &Place) -> Self {
        let client = Client::new(&place.stack.overseer_config());
        let items = [all(&client, CUSTOMERS).await, all(&client, LEDGER).await];
        Self { at: place.clock.now(), items }
    }

    /// Restores it under new names, and has the functions use those from now on. The tables of before stay as they are.
    pub async fn restore(&self, place: &mut Place) -> Old {
        let old = Old { tables: place.overseer.tables.clone(), customers: true, ledger: true };
        let client = Client::new(&place.stack.overseer_config());
        for (table, items) in RESTORED.into_iter().zip(&self.items) {
            create(&client, table).await;
            for item in items {
                let put = client.put_item().table_name(table).set_item(Some(item.clone()));
                put.send().await.expect("it is put");
            }
        }
        let [customers_table, ledger_table] = RESTORED.map(str::to_owned);
        let config = Config { customers_table, ledger_table, ..place.cloud.config.clone() };
        let cloud = |sdk: &_| {
            let read = place.clock.clone();
            Arc::new(Cloud::over(sdk, config.clone(), Clock::turned(move || read.now()), Arc::new(random_owner)))
        };
        let (functions, overseer) = (cloud(place.stack.config()), cloud(&place.stack.overseer_config()));
        (place.cloud, place.overseer) = (functions, overseer);
        old
    }
}

/// Every item of a table.
async fn all(client: &Client, table: &str) -> Vec<Item> {
    let (mut found, mut from) = (Vec::new(), None);
    loop {
        let page = client.scan().table_name(table).consistent_read(true).set_exclusive_start_key(from);
        let page = page.send().await.expect("the table is read");
        found.extend(page.items.unwrap_or_default());
        from = page.last_evaluated_key;
        if from.is_none() {
            return found;
        }
    }
}

/// A table like the two that Terraform makes: the index does no harm where nothing is due.
async fn create(client: &Client, table: &str) {
    let attribute = |name: &str, kind| {
        AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build().expect("an attribute")
    };
    let key =
        |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().expect("a key");
    let keys_only = Projection::builder().projection_type(ProjectionType::KeysOnly).build();
    let due = GlobalSecondaryIndex::builder().index_name("due").projection(keys_only);
    let due = due.key_schema(key("due_shard", KeyType::Hash)).key_schema(key("due", KeyType::Range));
    let made = client.create_table().table_name(table).billing_mode(BillingMode::PayPerRequest);
    let made = made.key_schema(key("pk", KeyType::Hash)).attribute_definitions(attribute("pk", ScalarAttributeType::S));
    let made = made.attribute_definitions(attribute("due_shard", ScalarAttributeType::S));
    let made = made.attribute_definitions(attribute("due", ScalarAttributeType::N));
    made.global_secondary_indexes(due.build().expect("an index")).send().await.expect("the table is made");
}

/// Takes items out of a table of before, or spoils them, by their keys.
pub async fn damage(place: &Place, table: &str, spoil: impl Fn(&str, &mut Item) -> Damage) -> usize {
    let client = Client::new(&place.stack.overseer_config());
    let mut done = 0;
    for mut item in all(&client, table).await {
        let pk = item["pk"].clone();
        let key = pk.as_s().expect("a key is text").clone();
        match spoil(&key, &mut item) {
            Damage::None => continue,
            Damage::Gone => {
                client.delete_item().table_name(table).key("pk", pk).send().await.expect("it is taken out");
            }
            Damage::Spoilt => {
                client.put_item().table_name(table).set_item(Some(item)).send().await.expect("it is put");
            }
        }
        done += 1;
    }
    done
}

/// What became of an item.
pub enum Damage {
    None,
    Gone,
    Spoilt,
}
