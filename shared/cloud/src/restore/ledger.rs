//! The ledger: orders with their customers' sums, messages with what their customers remember of them, codes, stock,
//! counters.

use winback_domain::carry;
use winback_domain::customer::Customer;
use winback_domain::ids::{CustomerId, StoreId};
use winback_domain::message::{Message, State};
use winback_domain::order::{Order, Version};
use winback_domain::redeem::Coupon;

use super::{Old, Run, TRIES, readable};
use crate::Error;
use crate::keys::Key;
use crate::tables::ledger::Guarded;
use crate::tables::{Item, Table, from_item};

impl Run<'_> {
    pub(super) async fn ledger(&mut self, old: &Old) -> Result<(), Error> {
        // A code is good where its message was mailed: messages first.
        for codes in [false, true] {
            let mut from = None;
            loop {
                let (items, next) = old.tables.items(Table::Ledger, from.as_deref()).await?;
                for (key, item) in items.into_iter().filter(|(key, _)| matches!(key, Key::Coupon(..)) == codes) {
                    match self.entry(old, &key, item).await {
                        Err(Error::Tables(crate::tables::Error::Unreadable { key, problem })) => {
                            tracing::warn!(key, problem, "left out");
                            self.carried.leave("items of the ledger that cannot be read");
                        }
                        done => done?,
                    }
                }
                from = next;
                if from.is_none() {
                    break;
                }
            }
        }
        Ok(())
    }

    async fn entry(&mut self, old: &Old, key: &Key, item: Item) -> Result<(), Error> {
        match key {
            Key::Order(store, id) => {
                let order: Guarded = from_item(key, item)?;
                self.order(old, store, id, &order.order).await
            }
            Key::Message(store, _) => {
                let message: Message = from_item(key, item)?;
                self.message(old, store, &message).await
            }
            Key::Coupon(store, _) => {
                let coupon: Coupon = from_item(key, item)?;
                self.coupon(store, &coupon).await
            }
            Key::Reference(..) => self.cloud.tables.keep_reference(key, item).await.map_err(Error::from),
            Key::Pool(..) => {
                for _ in 0..self.cloud.tables.keep_shelf(key, &item).await? {
                    self.carried.count("codes of a pool");
                }
                Ok(())
            }
            Key::Lot(..) => {
                for _ in 0..self.cloud.tables.keep_lot(key, &item).await? {
                    self.carried.count("pieces of stock");
                }
                Ok(())
            }
            Key::Day(..) | Key::Month(..) => {
                if self.cloud.tables.keep_counters(key, &item).await? {
                    self.carried.count("counters");
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// An order, and its customer's sums with it: both or none.
    async fn order(&mut self, old: &Old, store: &StoreId, id: &str, theirs: &Order) -> Result<(), Error> {
        let tables = &self.cloud.tables;
        for _ in 0..TRIES {
            let Guarded { rev, order: before } = tables.order(store, id).await?;
            let mut after = carry::order(&before, theirs);
            if after == before {
                return Ok(());
            }
            let mut writes = Vec::new();
            if let Some(owner) = after.customer {
                let Some(customer) = tables.customer(store, owner).await? else {
                    // The shop tells it again, and with it whose it is.
                    self.carried.leave("orders of customers who are gone");
                    return Ok(());
                };
                if after.placed.as_ref().is_some_and(|version| customer.forgets(Version::happened(version))) {
                    return Ok(());
                }
                let Some(look) = self.look(store).await? else {
                    self.carried.leave("orders of stores without a plan");
                    return Ok(());
                };
                let currency = look.plan.shop.currency;
                let mut next = carry::sums(&customer, &before, &after, currency);
                if before.customer.is_none() && !leads_to_orders(old, store, owner).await? {
                    // Their old record is gone, and with it the way to this order: here it leads on.
                    carry::order_first(&mut next, &mut after, id);
                }
                after.customer = Some(next.id);
                if next != customer {
                    writes.push(self.moved(store, &customer, next).await?);
                }
            }
            writes.push(tables.put_order(store, id, rev, &after, self.cloud.clock.now())?);
            if tables.commit(writes).await?.done() {
                self.carried.count("orders");
                return Ok(());
            }
            self.standings.remove(store);
        }
        Err(Error::Contended)
    }

    /// A message, and what its customer remembers of it: both or none.
    async fn message(&mut self, old: &Old, store: &StoreId, theirs: &Message) -> Result<(), Error> {
        let tables = &self.cloud.tables;
        let mut open = None;
        if matches!(theirs.state, State::Claimed | State::Sending) && old.customers {
            let customer = readable(old.tables.customer(store, theirs.customer).await)?;
            open = customer.and_then(|customer| customer.open);
        }
        let mut theirs = carry::as_far_as_known(theirs, open.as_ref());
        for _ in 0..TRIES {
            let before = tables.message(store, theirs.id).await?;
            let placed = before.as_ref().map(|before| before.previous);
            let leads = placed == Some(theirs.previous) || leads_to_letters(old, store, theirs.customer).await?;
            let merged = |theirs: &Message| match &before {
                // Nothing but the letter here knows its place in the chain: the old record that led to it is gone.
                Some(before) if !leads => Message { previous: before.previous, ..carry::message(before, theirs) },
                Some(before) => carry::message(before, theirs),
                None => theirs.clone(),
            };
            let mut after = merged(&theirs);
            if before.as_ref() == Some(&after) {
                return Ok(());
            }
            let mut writes = Vec::new();
            if let Some(customer) = tables.customer(store, theirs.customer).await? {
                let forgotten = customer.forgets(theirs.episode);
                if forgotten {
                    theirs = theirs.scrubbed();
                    after = merged(&theirs);
                }
                let mut next = carry::remember(&customer, &after);
                if before.is_none() && !forgotten && !leads {
                    // Their old record is gone, and with it the way to this letter: here it leads on.
                    carry::letter_first(&mut next, &mut after);
                }
                if next != customer {
                    writes.push(self.moved(store, &customer, next).await?);
                }
            }
            writes.push(tables.keep_message(store, &after, before.as_ref())?);
            if tables.commit(writes).await?.done() {
                self.carried.count("letters");
                return Ok(());
            }
            self.standings.remove(store);
        }
        Err(Error::Contended)
    }

    async fn coupon(&mut self, store: &StoreId, theirs: &Coupon) -> Result<(), Error> {
        let tables = &self.cloud.tables;
        let message = tables.message(store, theirs.message).await?;
        let carries = |message: &Message| message.offer.as_ref().and_then(|o| o.code.as_ref()) == Some(&theirs.code);
        let mailed = message.as_ref().is_some_and(|message| message.state.was_mailed() && carries(message));
        let customer = tables.customer(store, theirs.customer).await?;
        let forgotten =
            customer.zip(message.as_ref()).is_some_and(|(customer, message)| customer.forgets(message.episode));
        for _ in 0..TRIES {
            let before = tables.coupon(store, &theirs.code).await?;
            let after = before.as_ref().map_or_else(|| theirs.clone(), |known| carry::coupon(known, theirs, mailed));
            let after = if forgotten { after.scrubbed() } else { after };
            if before.as_ref().is_some_and(|before| Coupon { rev: before.rev, ..after.clone() } == *before) {
                return Ok(());
            }
            let after = Coupon { rev: after.rev + 1, ..after };
            if tables.keep_coupon(store, &after, before.as_ref()).await? {
                self.carried.count("codes");
                return Ok(());
            }
            if before.is_none() && tables.coupon(store, &theirs.code).await?.is_some_and(|known| known.dead) {
                self.carried.count("codes");
                return Ok(());
            }
        }
        Err(Error::Contended)
    }
}

/// Whether a customer's old record, which was carried, leads to the ledger.
async fn old_record(old: &Old, store: &StoreId, id: CustomerId) -> Result<Option<Customer>, Error> {
    if !old.customers {
        return Ok(None);
    }
    readable(old.tables.customer(store, id).await)
}

async fn leads_to_orders(old: &Old, store: &StoreId, id: CustomerId) -> Result<bool, Error> {
    Ok(old_record(old, store, id).await?.is_some_and(|customer| !customer.ledger_orders.is_empty()))
}

async fn leads_to_letters(old: &Old, store: &StoreId, id: CustomerId) -> Result<bool, Error> {
    Ok(old_record(old, store, id).await?.is_some_and(|customer| !customer.letters.is_empty()))
}
