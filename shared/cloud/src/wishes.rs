//! What a store asks for that is no news of a customer: to be left alone, to have everybody forgotten, to know what is
//! known of somebody. And the one way by which whatever was told is taken.

use std::collections::BTreeSet;

use jiff::Timestamp;
use winback_domain::customer::Customer;
use winback_domain::event::{Event, What, Who};
use winback_domain::ids::{CustomerId, StoreId};

use crate::queue::Told;
use crate::record::{Recorded, Whom};
use crate::tables::customers::Record;
use crate::{Cloud, Error};

impl Cloud {
    /// Takes what a store told. Safe to run twice, at any time, half-way.
    pub async fn take(&self, told: &Told) -> Result<Recorded, Error> {
        let Told { store, event } = told;
        match &event.what {
            What::StoreLeft => {
                let after = self.change_store(store, |known| known.leave(event.at)).await?;
                let because = after.paused_because.unwrap_or_default();
                tracing::warn!(%store, because, "store paused");
                Ok(Recorded::Learned)
            }
            What::StoreErased => {
                self.change_store(store, |known| known.forget_customers(event.at)).await?;
                tracing::warn!(%store, "everybody of the store is forgotten by the next scan");
                Ok(Recorded::Learned)
            }
            What::DataRequested => {
                let key = self.answer_data_request(store, event).await?;
                tracing::warn!(%store, key, "somebody asked for their data: send them this file");
                Ok(Recorded::Learned)
            }
            What::Erased => {
                let recorded = self.record(store, &Whom::Named(event.who.clone()), event).await?;
                self.erase_behind_orders(store, event, recorded).await
            }
            What::OrderChanged { platform, order_id } => self.take_order(store, *platform, order_id).await,
            _ => self.record(store, &Whom::Named(event.who.clone()), event).await,
        }
    }

    /// Erases those whom only their orders name: guests without the address of the wish.
    async fn erase_behind_orders(
        &self,
        store: &StoreId,
        event: &Event,
        mut recorded: Recorded,
    ) -> Result<Recorded, Error> {
        for customer in self.behind_orders(store, &event.who.orders).await? {
            if self.record(store, &Whom::Known(customer.id), event).await? == Recorded::Learned {
                recorded = Recorded::Learned;
            }
        }
        Ok(recorded)
    }

    /// Whom we know behind orders. The address of a till is many people's: it is nobody's wish.
    pub(crate) async fn behind_orders(&self, store: &StoreId, orders: &[String]) -> Result<Vec<Customer>, Error> {
        let mut ids = BTreeSet::new();
        for id in orders {
            ids.extend(self.tables.order(store, id).await?.order.customer);
        }
        let mut known = Vec::new();
        for id in ids {
            known.extend(self.known_by(store, id).await?.filter(|customer| !customer.till));
        }
        Ok(known)
    }

    /// Whose name this is: their own, or another by which they go.
    pub(crate) async fn known_by(&self, store: &StoreId, name: CustomerId) -> Result<Option<Customer>, Error> {
        Ok(match self.tables.record(store, name).await? {
            Some(Record::Customer(customer)) => Some(*customer),
            Some(Record::Alias(of)) => self.tables.customer(store, of).await?,
            None => None,
        })
    }

    /// Forgets a customer whose store wants everybody forgotten, as if they had asked themselves; and ends what an erasure
    /// left half done, by whoever died on the way. True: there was something to be done.
    pub async fn forget_customer(
        &self,
        store: &StoreId,
        customer: &Customer,
        until: Option<Timestamp>,
    ) -> Result<bool, Error> {
        if customer.erased.is_some() {
            let letters = customer.open.is_none() && !customer.letters.is_empty();
            let left = letters || !customer.ledger_orders.is_empty();
            if left {
                self.scrub(store, customer.id).await?;
            }
            return Ok(left);
        }
        let Some(at) = until.filter(|at| customer.since <= *at) else { return Ok(false) };
        let event = Event { at, who: Who::default(), what: What::Erased };
        self.record(store, &Whom::Known(customer.id), &event).await?;
        Ok(true)
    }
}
