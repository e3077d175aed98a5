//! `winback pause`: nothing more is sent for a store.

use anyhow::Result;
use clap::Args;
use winback_domain::ids::StoreId;
use winback_domain::store::State;
use winback_local::clock::Turned;

use crate::stack::Where;
use crate::{Done, shop};

/// Stop a store's mails at once
///
/// Written to the store's record directly, so it holds while no function runs: within five seconds nothing passes the
/// fence any more. What was handed to SES before has left. Orders, codes and unsubscribes are taken as ever; the sequel
/// is decided again when the store goes live.
#[derive(Debug, Args)]
pub struct Pause {
    /// The store's name
    #[arg(value_parser = shop::store_id)]
    store: StoreId,
    #[command(flatten)]
    place: Where,
    /// Why, in a word for people; `winback store list` and the console show it
    #[arg(long, value_name = "TEXT", default_value = "an operator paused it")]
    because: String,
}

impl Pause {
    /// Runs it.
    pub async fn run(self) -> Result<Done> {
        let opened = self.place.open(Turned::real()).await?;
        let before = opened.store(&self.store).await?;
        opened.cloud().pause(&self.store, &self.because).await?;
        println!("The store {} is paused: {}.", self.store, self.because.trim_end_matches('.'));
        if before.state != State::Live {
            println!("It was {} and mailed nobody before.", before.state.word());
        }
        Ok(Done::Whole)
    }
}
