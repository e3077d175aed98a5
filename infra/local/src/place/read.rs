//! Reading a place's tables whole, for outputs and tests.

use std::collections::BTreeMap;

use anyhow::Result;
use winback_cloud::tables::ledger::Entry;
use winback_domain::customer::Customer;
use winback_domain::ids::{CustomerId, StoreId};
use winback_domain::message::Message;
use winback_domain::order::Order;
use winback_domain::redeem::Coupon;

use super::Place;

/// All that the ledger holds of one store, each kind by its key.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// Orders by their store's id.
    pub orders: Vec<(String, Order)>,
    /// Messages by id.
    pub messages: Vec<Message>,
    /// Codes.
    pub coupons: Vec<Coupon>,
}

/// All customers of one store.
#[derive(Clone, Debug, Default)]
pub struct People {
    /// By id.
    pub customers: Vec<Customer>,
    /// Names that lead to another's record.
    pub aliases: BTreeMap<CustomerId, CustomerId>,
}

impl Place {
    /// The ledger of a store.
    pub async fn ledger(&self, store: &StoreId) -> Result<Ledger> {
        let mut found = Ledger::default();
        let mut from: Option<String> = None;
        loop {
            let (entries, next) = self.overseer.tables.ledger(from.as_deref()).await?;
            for entry in entries {
                match entry {
                    Entry::Order(of, id, order) if of == *store => found.orders.push((id, order)),
                    Entry::Message(of, message) if of == *store => found.messages.push(message),
                    Entry::Coupon(of, coupon) if of == *store => found.coupons.push(coupon),
                    _ => {}
                }
            }
            from = next;
            if from.is_none() {
                break;
            }
        }
        found.orders.sort_by(|a, b| a.0.cmp(&b.0));
        found.messages.sort_by_key(|message| message.id);
        found.coupons.sort_by(|a, b| a.code.cmp(&b.code));
        Ok(found)
    }

    /// The customers of a store, tombstones too, by id.
    pub async fn customers(&self, store: &StoreId) -> Result<Vec<Customer>> {
        Ok(self.people(store).await?.customers)
    }

    /// The customers of a store, and which names lead to another's record.
    pub async fn people(&self, store: &StoreId) -> Result<People> {
        let mut found = People::default();
        let mut from: Option<String> = None;
        loop {
            let page = self.overseer.tables.scan(0, 1, from.as_deref()).await?;
            let customers = page.customers.into_iter().filter(|(of, _)| of == store);
            found.customers.extend(customers.map(|(_, customer)| customer));
            let aliases = page.aliases.into_iter().filter(|(of, ..)| of == store);
            found.aliases.extend(aliases.map(|(_, name, of)| (name, of)));
            from = page.next;
            if from.is_none() {
                break;
            }
        }
        found.customers.sort_by_key(|customer| customer.id);
        Ok(found)
    }
}
