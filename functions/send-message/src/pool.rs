//! Codes that a shop made itself: one is picked before the claim, and comes off its shelf once it is written down. And the
//! wait of a claim for which no code is to be had.

use jiff::Timestamp;
use winback_cloud::Error;
use winback_cloud::tables::pool::{Picked, Pool};
use winback_domain::codes::Authority;
use winback_domain::customer::{Customer, Open};
use winback_domain::decide::Draft;
use winback_domain::ids::Code;
use winback_domain::protocol::wait_for_code;
use winback_domain::redeem::Coupon;

use crate::At;

/// A pool without codes is looked into again after so long: somebody has been told.
const LOOK_AGAIN_SECONDS: u32 = 600;

impl At<'_> {
    /// A code from the program's pool: the one that was claimed, while nobody else has it, or one that nobody has.
    /// Nothing: there is none, and no mail leaves.
    pub async fn pool_code(&self, draft: &Draft, claimed: Option<Code>) -> Result<Option<Code>, Error> {
        let tables = &self.cloud.tables;
        if let Some(code) = claimed
            && tables.may_have(self.store(), &code, draft.message).await?
        {
            return Ok(Some(code));
        }
        let (store, program, offer) = (self.store(), draft.program.as_str(), draft.grants().unwrap_or_default());
        match tables.pick_from_pool(Pool { store, program, offer }, self.customer.id).await? {
            Picked::Code { code, low } => {
                if low {
                    tracing::warn!(%store, program, offer, "pool runs low");
                }
                Ok(Some(code))
            }
            // Where nothing is real no shop has handed us codes.
            Picked::NeverFilled if self.cloud.stores.is_trial() => Ok(Some(self.own_code(draft).await?)),
            Picked::Empty | Picked::NeverFilled => {
                tracing::error!(%store, program, offer, message_id = %draft.message, "pool is empty");
                Ok(None)
            }
        }
    }

    /// Where a code of a pool was written down for a message, it lies on the shelf no more.
    pub async fn off_the_shelf(&self, coupon: &Coupon, open: &Open) {
        if coupon.authority != Authority::Pool {
            return;
        }
        let (store, offer) = (self.store(), open.grants.as_deref().unwrap_or_default());
        self.cloud.tables.take_off_shelf(Pool { store, program: &open.program, offer }, &coupon.code).await;
    }

    /// The pool had no code for this claim.
    pub async fn wait_for_pool(&self, claimed: &Customer) -> Result<(), Error> {
        self.wait_for_code(claimed, self.after(LOOK_AGAIN_SECONDS)).await
    }

    /// No code is to be had before a moment: the claim waits until then, and whoever is due later goes first. Where
    /// somebody else wrote on the record meanwhile, the next look decides.
    pub async fn wait_for_code(&self, claimed: &Customer, until: Timestamp) -> Result<(), Error> {
        let waiting = wait_for_code(claimed, until, self.look());
        let write = self.cloud.tables.put_looked(self.store(), &waiting, claimed.rev)?;
        self.cloud.tables.commit(vec![write]).await.map(|_| ()).map_err(Error::from)
    }
}
