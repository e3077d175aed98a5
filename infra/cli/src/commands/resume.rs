//! `winback resume`: a store goes live, for the first time or again.

use std::time::Duration;

use anyhow::{Result, bail};
use clap::Args;
use winback_domain::ids::StoreId;
use winback_domain::store::{State, Store};
use winback_local::clock::Turned;

use crate::stack::{Opened, Where};
use crate::{Done, shop};

/// Let a store mail, for the first time or again
///
/// scan-customers does it: it activates what its layer brings, reads every customer and ranks those who wait, and only
/// then the store is live. With a large base that takes minutes; this waits, and says what became of it. What had paused
/// the store is forgotten.
#[derive(Debug, Args)]
pub struct Resume {
    /// The store's name
    #[arg(value_parser = shop::store_id)]
    store: StoreId,
    #[command(flatten)]
    place: Where,
    /// So many seconds are waited; the run goes on by itself
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    wait: u64,
    /// Also while an import is under way: whoever is not imported yet is judged by what is known of them
    #[arg(long)]
    force: bool,
}

impl Resume {
    /// Runs it.
    pub async fn run(self) -> Result<Done> {
        let opened = self.place.open(Turned::real()).await?;
        self.within(&opened).await
    }

    /// The same, where it is open already.
    pub async fn within(&self, opened: &Opened) -> Result<Done> {
        // A store that nobody knows may come with the layer, in this very run.
        let before = opened.cloud().tables.store(&self.store).await?;
        if before.as_ref().is_some_and(|before| before.imports.is_some()) && !self.force {
            bail!("an import of {} is under way: resume it when that has ended, or with --force", self.store);
        }
        if let Some(because) = before.as_ref().and_then(|before| before.paused_because.as_deref()) {
            println!("It was paused: {because}.");
        }
        let after = opened.set(&self.store, State::Live, Duration::from_secs(self.wait)).await?;
        Ok(match after {
            Some(Store { state: State::Live, .. }) => {
                println!("The store {} is live.", self.store);
                Done::Whole
            }
            Some(Store { state, paused_because, .. }) => {
                let because = paused_because.map_or_else(String::new, |why| format!(": {why}"));
                println!("The store {} is {}{because}.", self.store, state.word());
                Done::Refused
            }
            None => {
                println!("The store {} is not live yet.", self.store);
                print!("{}", opened.unfinished(&self.store).await?);
                Done::Refused
            }
        })
    }
}
