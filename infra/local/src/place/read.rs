//! Reading a place's tables whole, for outputs and tests.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Result;
use jiff::Timestamp;
use winback_cloud::tables::Tables;
use winback_cloud::tables::ledger::Entry;
use winback_domain::customer::Customer;
use winback_domain::ids::{CustomerId, StoreId};
use winback_domain::message::Message;
use winback_domain::order::Order;
use winback_domain::plan::Plan;
use winback_domain::redeem::Coupon;
use winback_domain::report;
use winback_domain::store::Store;

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

impl People {
    /// The customers of a store, tombstones too, and which names lead to another's record: in a place or a stack.
    pub async fn read(tables: &Tables, store: &StoreId) -> Result<Self> {
        let mut found = Self::default();
        let mut from: Option<String> = None;
        loop {
            let page = tables.scan(0, 1, from.as_deref()).await?;
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

/// All that is known of one store at one moment.
#[derive(Clone, Debug)]
pub struct Picture {
    /// Its customers.
    pub people: People,
    /// Its orders, messages and codes.
    pub ledger: Ledger,
    /// Its state.
    pub store: Store,
    /// Its active plan.
    pub plan: Arc<Plan>,
    /// The moment.
    pub now: Timestamp,
}

impl Picture {
    /// This and what another part of the same history left behind.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.people.customers.extend(other.people.customers);
        self.people.aliases.extend(other.people.aliases);
        self.ledger.orders.extend(other.ledger.orders);
        self.ledger.messages.extend(other.ledger.messages);
        self.ledger.coupons.extend(other.ledger.coupons);
        self
    }

    /// All of it, for the report.
    pub fn ledger(&self) -> report::Ledger<'_> {
        report::Ledger {
            customers: &self.people.customers,
            aliases: &self.people.aliases,
            orders: &self.ledger.orders,
            messages: &self.ledger.messages,
            coupons: &self.ledger.coupons,
            store: &self.store,
            plan: &self.plan,
            now: self.now,
        }
    }
}

impl Place {
    /// Everything about a store, now.
    pub async fn picture(&self, store: &StoreId) -> Result<Picture> {
        let standing = self.overseer.standing(store).await?;
        Ok(Picture {
            people: self.people(store).await?,
            ledger: self.ledger(store).await?,
            store: standing.store,
            plan: standing.plan,
            now: self.clock.now(),
        })
    }

    /// The ledger of a store.
    pub async fn ledger(&self, store: &StoreId) -> Result<Ledger> {
        let mut found = Ledger::default();
        let mut from: Option<String> = None;
        loop {
            let (entries, next) = self.overseer.tables.ledger(from.as_deref()).await?;
            for entry in entries {
                match entry {
                    Entry::Order(of, id, order) if of == *store => found.orders.push((id, order)),
                    Entry::Message(of, message) if of == *store => found.messages.push(*message),
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
        People::read(&self.overseer.tables, store).await
    }
}
