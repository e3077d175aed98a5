//! A picture of a store that is kept up: what was written since is read again, and nothing else.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use jiff::Timestamp;
use winback_cloud::keys::Key;
use winback_cloud::tables::customers::Record;
use winback_domain::customer::Customer;
use winback_domain::ids::{Code, CustomerId, MessageId, StoreId};
use winback_domain::mail::Prepared;
use winback_domain::message::Message;
use winback_domain::order::Order;
use winback_domain::plan::Plan;
use winback_domain::redeem::Coupon;
use winback_domain::report::Ledger;
use winback_domain::store::Store;

use crate::aws::SentMail;
use crate::life::message_of;
use crate::place::Place;

/// All that is known of a store.
#[derive(Debug)]
pub struct Book {
    id: StoreId,
    /// The keys that were written since.
    written: Mutex<Receiver<String>>,
    /// Of them those that are still to be read.
    pending: BTreeSet<String>,
    customers: Shelf<CustomerId, Customer>,
    aliases: BTreeMap<CustomerId, CustomerId>,
    orders: Shelf<String, (String, Order)>,
    messages: Shelf<MessageId, Message>,
    coupons: Shelf<Code, Coupon>,
    /// Its state.
    pub store: Store,
    /// Its plan.
    pub plan: Arc<Plan>,
    /// The letters of the plan.
    pub letters: Arc<Prepared>,
    /// The moment it was brought up to.
    pub now: Timestamp,
}

impl Book {
    /// Reads everything, once.
    pub async fn open(place: &Place, id: &StoreId) -> Result<Self> {
        let (tell, written) = std::sync::mpsc::channel();
        // Before the first read: what is written meanwhile is read again. A book that is gone hears of nothing.
        place.stack.on_write(move |key| drop(tell.send(key.to_owned())));
        let standing = place.overseer.standing(id).await?;
        let letters = standing.letters()?;
        let mut book = Self {
            id: id.clone(),
            written: Mutex::new(written),
            pending: BTreeSet::new(),
            customers: Shelf::default(),
            aliases: BTreeMap::new(),
            orders: Shelf::default(),
            messages: Shelf::default(),
            coupons: Shelf::default(),
            store: standing.store,
            plan: standing.plan,
            letters,
            now: place.clock.now(),
        };
        let (people, ledger) = (place.people(id).await?, place.ledger(id).await?);
        people.customers.into_iter().for_each(|customer| book.customers.put(customer.id, customer));
        book.aliases = people.aliases;
        ledger.orders.into_iter().for_each(|(order, known)| book.orders.put(order.clone(), (order, known)));
        ledger.messages.into_iter().for_each(|message| book.messages.put(message.id, message));
        ledger.coupons.into_iter().for_each(|coupon| book.coupons.put(coupon.code.clone(), coupon));
        Ok(book)
    }

    /// Reads what was written since.
    pub async fn bring_up(&mut self, place: &Place) -> Result<()> {
        let written = self.written.get_mut().unwrap_or_else(PoisonError::into_inner);
        self.pending.extend(written.try_iter());
        // A key goes only once it was read: whoever asked may go away in the middle, and the next one reads the rest.
        while let Some(key) = self.pending.first().cloned() {
            if let Some(key) = Key::parse(&key) {
                self.read(place, key).await?;
            }
            self.pending.remove(&key);
        }
        place.overseer.forget(&self.id);
        let standing = place.overseer.standing(&self.id).await?;
        self.letters = standing.letters()?;
        (self.store, self.plan) = (standing.store, standing.plan);
        self.now = place.clock.now();
        Ok(())
    }

    async fn read(&mut self, place: &Place, key: Key) -> Result<()> {
        let tables = &place.overseer.tables;
        match key {
            Key::Customer(store, id) if store == self.id => match tables.record(&store, id).await? {
                Some(Record::Customer(customer)) => self.customers.put(id, *customer),
                Some(Record::Alias(of)) => {
                    self.customers.take(&id);
                    self.aliases.insert(id, of);
                }
                None => self.customers.take(&id),
            },
            Key::Order(store, id) if store == self.id => {
                let order = tables.order(&store, &id).await?.order;
                self.orders.put(id.clone(), (id, order));
            }
            Key::Message(store, id) if store == self.id => match tables.message(&store, id).await? {
                Some(message) => self.messages.put(id, message),
                None => self.messages.take(&id),
            },
            Key::Coupon(store, code) if store == self.id => match tables.coupon(&store, &code).await? {
                Some(coupon) => self.coupons.put(code, coupon),
                None => self.coupons.take(&code),
            },
            _ => {}
        }
        Ok(())
    }

    /// All of it, for the report.
    pub fn ledger(&self) -> Ledger<'_> {
        Ledger {
            customers: &self.customers.all,
            aliases: &self.aliases,
            orders: &self.orders.all,
            messages: &self.messages.all,
            coupons: &self.coupons.all,
            store: &self.store,
            plan: &self.plan,
            now: self.now,
        }
    }

    /// Its customers, tombstones among them.
    pub fn customers(&self) -> &[Customer] {
        &self.customers.all
    }

    /// A customer, by whatever name.
    pub fn customer(&self, id: CustomerId) -> Option<&Customer> {
        let who = self.ledger().who(id);
        self.customers.get(&who)
    }

    /// The message that a mail belongs to, unless it is forgotten.
    pub fn message_of(&self, mail: &SentMail) -> Option<&Message> {
        self.messages.get(&message_of(mail)?)
    }

    /// A code.
    pub fn coupon(&self, code: &Code) -> Option<&Coupon> {
        self.coupons.get(code)
    }

    /// A customer's messages, the oldest first.
    pub fn messages_of(&self, id: CustomerId) -> Vec<&Message> {
        let ledger = self.ledger();
        let mut found: Vec<&Message> =
            ledger.messages.iter().filter(|message| ledger.who(message.customer) == id).collect();
        found.sort_by_key(|message| (message.at, message.id));
        found
    }

    /// A customer's orders, the oldest first.
    pub fn orders_of(&self, id: CustomerId) -> Vec<&(String, Order)> {
        let ledger = self.ledger();
        let theirs = |order: &Order| order.customer.is_some_and(|of| ledger.who(of) == id);
        let mut found: Vec<_> = ledger.orders.iter().filter(|(_, order)| theirs(order)).collect();
        found.sort_by_key(|(id, order)| (order.placed.as_ref().map(|version| version.order.placed_at), id.clone()));
        found
    }
}

/// Things in no order, found by their key.
#[derive(Debug)]
struct Shelf<K, T> {
    all: Vec<T>,
    at: HashMap<K, usize>,
}

impl<K, T> Default for Shelf<K, T> {
    fn default() -> Self {
        Self { all: Vec::new(), at: HashMap::new() }
    }
}

impl<K: Hash + Eq + Clone, T> Shelf<K, T> {
    fn put(&mut self, key: K, thing: T) {
        match self.at.get(&key) {
            Some(at) => self.all[*at] = thing,
            None => {
                self.at.insert(key, self.all.len());
                self.all.push(thing);
            }
        }
    }

    fn take(&mut self, key: &K) {
        let Some(at) = self.at.remove(key) else { return };
        self.all.swap_remove(at);
        // The last one lies where this one lay.
        let last = self.all.len();
        if let Some(moved) = self.at.values_mut().find(|place| **place == last) {
            *moved = at;
        }
    }

    fn get(&self, key: &K) -> Option<&T> {
        self.at.get(key).map(|at| &self.all[*at])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_from_a_shelf_leaves_the_rest_where_it_is_found() {
        let mut shelf = Shelf::default();
        for (key, thing) in [("a", 1), ("b", 2), ("c", 3)] {
            shelf.put(key, thing);
        }
        shelf.put("b", 20);
        shelf.take(&"a");
        shelf.take(&"nothing");
        assert_eq!(["a", "b", "c"].map(|key| shelf.get(&key).copied()), [None, Some(20), Some(3)]);
        shelf.put("d", 4);
        shelf.take(&"d");
        assert_eq!(shelf.all.len(), 2);
    }
}
