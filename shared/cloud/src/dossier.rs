//! All that we hold of somebody, as one JSON document: what a person may ask for.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json, to_value};
use winback_domain::customer::Customer;
use winback_domain::event::{Event, What, Who};
use winback_domain::ids::{CustomerId, StoreId};

use crate::{Cloud, Error};

/// Facts that the tables keep as one text each; whoever reads them sees what is in them.
const PACKED: [&str; 14] = [
    "contact",
    "consent",
    "orders",
    "complaint",
    "subscription",
    "journeys",
    "lapses",
    "placed",
    "refund_parts",
    "offer",
    "why",
    "gives",
    "redeemed",
    "conflicts",
];

/// A record of a table as people read it: every packed fact opened.
pub fn opened(record: &impl Serialize) -> Value {
    let mut record = to_value(record).expect("what a table holds is written as JSON");
    if let Value::Object(members) = &mut record {
        for (_, value) in members.iter_mut().filter(|(name, _)| PACKED.contains(&name.as_str())) {
            if let Some(inside) = value.as_str().and_then(|text| serde_json::from_str(text).ok()) {
                *value = inside;
            }
        }
    }
    record
}

impl Cloud {
    /// Answers somebody's wish to know what is known of them: one file in the bucket, whose name is answered. A customer has
    /// one, of their latest wish, until they are forgotten or it expires.
    pub async fn answer_data_request(&self, store: &StoreId, event: &Event) -> Result<String, Error> {
        let dossier = self.dossier(store, &event.who, event.at).await?;
        let records = dossier["records"].as_array().into_iter().flatten();
        let ids = records.filter_map(|record| record["customer"]["id"].as_str()?.to_owned().try_into().ok());
        let ids: Vec<CustomerId> = ids.collect();
        let key = match ids.first() {
            Some(id) => request_key(store, *id),
            None => format!("requests/{store}/nobody-{}.json", event.at.as_second()),
        };
        self.files.write(&key, &dossier).await?;
        // Forgotten while it was written: whoever forgot them looked for it before it was there.
        for id in ids {
            if self.tables.customer(store, id).await?.is_none_or(|customer| customer.erased.is_some()) {
                self.files.remove(&key).await?;
            }
        }
        Ok(key)
    }

    /// Every record of somebody by all their names and orders, with the orders, messages and codes that belong to it.
    pub async fn dossier(&self, store: &StoreId, who: &Who, asked: Timestamp) -> Result<Value, Error> {
        let wish = Event { at: asked, who: who.clone(), what: What::DataRequested };
        let mut found = Vec::new();
        for name in self.names(store, who, &wish).await? {
            found.extend(self.known_by(store, name).await?);
        }
        found.extend(self.behind_orders(store, &who.orders).await?);
        let mut known: Vec<Customer> = Vec::new();
        for customer in found {
            if known.iter().all(|other| other.id != customer.id) {
                known.push(customer);
            }
        }
        let mut records = Vec::new();
        for customer in &known {
            records.push(self.record_of(store, customer).await?);
        }
        Ok(json!({"store": store, "asked": asked, "records": records}))
    }

    async fn record_of(&self, store: &StoreId, customer: &Customer) -> Result<Value, Error> {
        let (mut orders, mut messages, mut codes) = (Vec::new(), Vec::new(), Vec::new());
        for head in &customer.ledger_orders {
            for (id, order) in self.orders_from(store, head).await? {
                let mut shown = opened(&order);
                shown["order_id"] = json!(id);
                orders.push(shown);
            }
        }
        for head in &customer.letters {
            for message in self.letters_from(store, customer, *head).await? {
                if let Some(code) = message.offer.as_ref().and_then(|granted| granted.code.as_ref())
                    && let Some(coupon) = self.tables.coupon(store, code).await?
                {
                    let coupon = opened(&coupon);
                    // A follow-up names the code of the letter before it.
                    if !codes.contains(&coupon) {
                        codes.push(coupon);
                    }
                }
                messages.push(opened(&message));
            }
        }
        Ok(json!({"customer": opened(customer), "orders": orders, "messages": messages, "codes": codes}))
    }
}

/// The name of the file that answers a customer's request for their data.
pub fn request_key(store: &StoreId, customer: CustomerId) -> String {
    format!("requests/{store}/{customer}.json")
}
