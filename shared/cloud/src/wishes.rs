//! What a store asks for that is no news of a customer: to be left alone, to have everybody forgotten, to know what is
//! known of somebody. And the one way by which whatever was told is taken.

use jiff::Timestamp;
use winback_domain::customer::Customer;
use winback_domain::event::{Event, What, Who};
use winback_domain::ids::StoreId;

use crate::queue::Told;
use crate::record::{Recorded, Whom};
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
            What::OrderChanged { platform, order_id } => self.take_order(store, *platform, order_id).await,
            _ => self.record(store, &Whom::Named(event.who.clone()), event).await,
        }
    }

    /// Forgets a customer whose store wants everybody forgotten, as if they had asked themselves. True: that was to be done.
    pub async fn forget_customer(
        &self,
        store: &StoreId,
        customer: &Customer,
        until: Option<Timestamp>,
    ) -> Result<bool, Error> {
        let Some(at) = until.filter(|at| customer.erased.is_none() && customer.since <= *at) else { return Ok(false) };
        let event = Event { at, who: Who::default(), what: What::Erased };
        self.record(store, &Whom::Known(customer.id), &event).await?;
        Ok(true)
    }
}
