//! What operators do to a store's record directly. It works in a place too, and while no function does.

use jiff::Timestamp;
use winback_domain::ids::StoreId;
use winback_domain::store::{State, Store};

use crate::{Cloud, Error};

impl Cloud {
    /// Pauses a store, whatever it was. A run that was to set it live before this moment does not lift the pause.
    pub async fn pause(&self, store: &StoreId, because: &str) -> Result<Store, Error> {
        let now: Timestamp = self.clock.now();
        let change = |known: &mut Store| {
            known.state = State::Paused;
            known.paused_because = Some(because.to_owned());
            known.state_set = known.state_set.max(Some(now));
        };
        self.change_store(store, change).await
    }
}
