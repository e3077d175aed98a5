//! The two chains that lead from a customer through the ledger: each order and each letter names the one before it.

use winback_domain::customer::Customer;
use winback_domain::ids::{MessageId, StoreId};
use winback_domain::message::Message;
use winback_domain::order::Order;

use crate::{Cloud, Error};

impl Cloud {
    /// The orders from `head` on, the latest first. A ring ends where it closes.
    pub(crate) async fn orders_from(&self, store: &StoreId, head: &str) -> Result<Vec<(String, Order)>, Error> {
        let mut chain: Vec<(String, Order)> = Vec::new();
        let mut next = Some(head.to_owned());
        while let Some(id) = next.filter(|id| chain.iter().all(|(known, _)| known != id)) {
            let order = self.tables.order(store, &id).await?.order;
            next = order.previous.clone();
            chain.push((id, order));
        }
        Ok(chain)
    }

    /// The letters from `head` on, the latest first. A ring ends where it closes.
    pub(crate) async fn letters_from(
        &self,
        store: &StoreId,
        customer: &Customer,
        head: MessageId,
    ) -> Result<Vec<Message>, Error> {
        let (mut chain, mut seen) = (Vec::new(), Vec::new());
        let mut next = Some(head);
        while let Some(id) = next.filter(|id| !seen.contains(id)) {
            seen.push(id);
            if let Some(message) = self.tables.message(store, id).await? {
                next = message.previous;
                chain.push(message);
            } else {
                // Claimed, and not written down yet: the claim knows what comes before.
                next = customer.open.as_ref().filter(|open| open.message == id).and_then(|open| open.previous);
            }
        }
        Ok(chain)
    }
}
