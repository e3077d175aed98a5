//! What operators do to a store's record directly. It works in a place too, and while no function does.

use winback_domain::ids::StoreId;
use winback_domain::store::Store;

use crate::{Cloud, Error};

impl Cloud {
    /// Pauses a store, whatever it was: see [`Store::stop`].
    pub async fn pause(&self, store: &StoreId, because: &str) -> Result<Store, Error> {
        let now = self.clock.now();
        self.change_store(store, |known| known.stop(because, now)).await
    }
}
