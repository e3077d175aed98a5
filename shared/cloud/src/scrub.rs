//! What an erasure leaves to be done: the ledger still holds orders, letters and codes of somebody who asked to be
//! forgotten. Safe to run twice, half-way, and after they came back.

use winback_domain::customer::Customer;
use winback_domain::ids::{CustomerId, MessageId, StoreId};
use winback_domain::order::Order;

use crate::keys::Key;
use crate::tables::Table;
use crate::tables::customers::Expect;
use crate::{Cloud, Error};

/// So often a lost race for the record is run again.
const TRIES: u32 = 8;

impl Cloud {
    /// Takes what is personal out of the ledger: the record still names the ends of both chains until that is done.
    /// Of somebody who came back in between, only what happened before they asked.
    pub async fn scrub(&self, store: &StoreId, id: CustomerId) -> Result<(), Error> {
        for _ in 0..TRIES {
            if self.try_scrub(store, id).await? {
                return Ok(());
            }
        }
        // The queue brings the wish again.
        Err(Error::Contended)
    }

    /// False: somebody wrote on the record in between, and it still names what was scrubbed.
    async fn try_scrub(&self, store: &StoreId, id: CustomerId) -> Result<bool, Error> {
        let Some(customer) = self.tables.customer(store, id).await? else { return Ok(true) };
        let nothing = customer.letters.is_empty() && customer.ledger_orders.is_empty();
        if nothing || (customer.erased.is_none() && customer.forgotten.is_none()) {
            return Ok(true);
        }
        for head in &customer.ledger_orders {
            self.scrub_orders(store, &customer, head).await?;
        }
        for head in &customer.letters {
            self.scrub_letters(store, &customer, *head).await?;
        }
        if customer.erased.is_none() {
            // The chains go on, and their far ends lead nowhere.
            return Ok(true);
        }
        let mut scrubbed = customer.clone();
        scrubbed.rev += 1;
        scrubbed.ledger_orders.clear();
        // The end of the chain of letters stays while one of them is on its way.
        if scrubbed.open.is_none() {
            scrubbed.letters.clear();
        }
        let write = self.tables.put_customer(store, &scrubbed, Expect::Rev(customer.rev))?;
        Ok(self.tables.commit(vec![write]).await?.done())
    }

    async fn scrub_orders(&self, store: &StoreId, customer: &Customer, head: &str) -> Result<(), Error> {
        let chain = self.orders_from(store, head).await?;
        let gone = |order: &Order| order.placed.as_ref().is_none_or(|version| customer.forgets(version.happened()));
        // From the far end: whoever dies on the way leaves a chain that still begins where the record says.
        for (id, _) in chain.into_iter().rev().filter(|(_, order)| gone(order)) {
            self.tables.delete(Table::Ledger, &Key::Order(store.clone(), id)).await?;
        }
        Ok(())
    }

    async fn scrub_letters(&self, store: &StoreId, customer: &Customer, head: MessageId) -> Result<(), Error> {
        let chain = self.letters_from(store, customer, head).await?;
        for message in chain.into_iter().filter(|message| customer.forgets(message.episode)) {
            if let Some(code) = message.offer.and_then(|granted| granted.code) {
                self.tables.scrub_coupon(store, &code).await?;
            }
            self.tables.scrub_message(store, message.id).await?;
        }
        Ok(())
    }
}
