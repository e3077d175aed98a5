//! The breaker: counts what became of a store's mails, and stops the store before mailbox providers do.

use winback_domain::health::Health;
use winback_domain::ids::StoreId;
use winback_domain::message::State;
use winback_domain::time::day_of;

use crate::{Cloud, Error};

impl Cloud {
    /// Counts news of a mail. Bad news may pause its store, until somebody has looked and resumes it.
    ///
    /// The count is near enough and no more: a crash or a retry in between counts a mail never or twice.
    pub async fn count_fate(&self, store: &StoreId, fate: State) -> Result<(), Error> {
        if !Health::counts(fate) {
            return Ok(());
        }
        let zone = &self.standing(store).await?.plan.shop.time_zone;
        let today = day_of(self.clock.now(), zone);
        self.tables.count_fate(store, today, fate).await?;
        if !Health::is_bad(fate) {
            return Ok(());
        }
        let Some(breaker) = self.tables.health(store, today).await?.breaker() else { return Ok(()) };
        let because = breaker.to_string();
        let after = self.change_store(store, |known| known.pause(because.clone())).await?;
        if after.paused_because.as_ref() == Some(&because) {
            tracing::error!(%store, because, "store paused");
        }
        Ok(())
    }
}
