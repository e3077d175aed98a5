//! A trial: a shop's history played through the functions in memory, every event at its own time under a turned clock.

use anyhow::{Result, bail};
use jiff::Timestamp;
use winback_cloud::queue::Told;
use winback_domain::event::Event;
use winback_domain::file;
use winback_domain::ids::StoreId;
use winback_domain::plan::{Folder, Plan};
use winback_domain::program::Status;
use winback_domain::store::State;
use winback_domain::trial::as_if_live;
use winback_local::aws::Account;
use winback_local::clock::Turned;
use winback_local::place::{Picture, Place, Set, Setup};

/// So many events of the time before the trial go onto the queue at once.
const HISTORY_BATCH: usize = 500;

/// A store in a place of its own.
#[derive(Debug)]
pub struct Trial {
    /// Where it happens.
    pub place: Place,
    /// The store.
    pub store: StoreId,
}

impl Trial {
    /// A store whose programs all mail, drafts too, at a moment before its history is known.
    pub async fn new(folder: &Folder, start: Timestamp, limits: bool) -> Result<Self> {
        let folder = as_if_live(folder);
        let live = |plan: &Plan| plan.programs.iter().all(|program| program.status == Status::Live);
        if !file::read(&folder, 1).is_ok_and(|read| live(&read.plan)) {
            bail!("a program cannot be tried as if it were live: give `status` a line of its own");
        }
        let place = Place::in_memory(Turned::at(start))?;
        // Ranking decides who goes first when not everybody can.
        let place = if limits { place } else { place.without_nightly_scan() };
        if !limits {
            place.stack.set_ses_account(Account { max_24_hour_send: 1e9, max_send_rate: 1e4, ..Account::default() });
        }
        let store = StoreId::try_from("shop".to_owned())?;
        place.set_up(&store, &folder, Setup { state: State::Importing, unlimited: !limits }).await?;
        Ok(Self { place, store })
    }

    /// Takes in what happened before the trial, then goes live: nobody is mailed for what was not known yet.
    pub async fn begin(&self, history: &[Event]) -> Result<()> {
        for batch in history.chunks(HISTORY_BATCH) {
            self.tell(batch).await?;
            self.place.settle().await?;
        }
        self.place.scan(Some(Set { store: self.store.clone(), state: State::Live })).await?;
        Ok(())
    }

    /// Lets time pass up to a moment, then tells events of that moment.
    pub async fn at(&self, moment: Timestamp, events: &[Event], tell: &mut dyn FnMut(Timestamp)) -> Result<()> {
        self.place.run_until(moment, tell).await?;
        self.tell(events).await?;
        self.place.settle().await
    }

    async fn tell(&self, events: &[Event]) -> Result<()> {
        for event in events {
            self.place.tell(&Told { store: self.store.clone(), event: event.clone() }).await?;
        }
        Ok(())
    }

    /// What it left behind.
    pub async fn picture(&self) -> Result<Picture> {
        self.place.picture(&self.store).await
    }
}
