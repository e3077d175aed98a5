//! `winback import`: a shop's old orders into a place.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::Args;
use winback_cloud::queue::Told;
use winback_domain::figures::{counted, number};
use winback_domain::history::Reading;
use winback_domain::ids::StoreId;
use winback_domain::store::State;
use winback_local::clock::Turned;
use winback_local::place::{Place, Set, Setup};

use crate::commands::serve::LINK_BASE;
use crate::{Done, orders, shop};

/// So many events go onto the queue before they are recorded.
const BATCH: u64 = 200;

/// Take a shop's old orders into a place
///
/// While orders come in nobody is written to. At the end every customer is looked at once, and the store is what it was
/// before; a new one is rehearsing: it decides and shows, and mails nobody until it is served. The same file again
/// changes nothing.
///
/// A line that is no order is named with its number and left out; the rest is imported, and the exit status is 3.
#[derive(Debug, Args)]
pub struct Import {
    /// The orders, as CSV; `winback --help` lists the columns
    orders: PathBuf,
    /// The place's folder; made if it is not there
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The shop's folder; needed where the place does not know the store yet
    #[arg(long, value_name = "DIR")]
    program: Option<PathBuf>,
    /// The store's name in this place
    #[arg(long, value_name = "NAME", default_value = "shop", value_parser = shop::store_id)]
    store: StoreId,
    /// Everybody in a file without a consent column agreed to mail
    #[arg(long)]
    assume_consent: bool,
}

impl Import {
    /// Runs it.
    pub async fn run(self) -> Result<Done> {
        let place = shop::place(&self.data, Turned::real(), LINK_BASE)?;
        let before = self.importing(&place).await?;
        let zone = place.cloud.standing(&self.store).await?.plan.shop.time_zone.clone();
        let reading = Reading { zone, assume_consent: self.assume_consent, received: place.cloud.clock.now() };
        let mut bad = orders::Bad::of(&self.orders);
        // The file is opened before anything is told, and read while it is: a large one is never held in memory.
        let history = orders::open(&self.orders, reading);
        let taken = match history {
            Ok(history) => self.take(&place, history, &mut bad).await,
            Err(error) => Err(error),
        };
        // Whatever became of the file, the store goes on.
        let audit = place.scan(Some(Set { store: self.store.clone(), state: before })).await?;
        let taken = taken?;
        bad.close();
        let (orders, customers) = (counted(taken, "order"), counted(audit.customers, "customer"));
        println!("{orders} taken in; {customers} known and looked at.");
        match bad.found() {
            0 => {}
            1 => println!("1 line was no order and was left out."),
            found => println!("{} lines were no orders and were left out.", number(found)),
        }
        println!("The store {} is {}.", self.store, format!("{before:?}").to_lowercase());
        Ok(bad.done())
    }

    /// Puts the store into its importing state, adding it where it is new. Answers the state it goes on in.
    async fn importing(&self, place: &Place) -> Result<State> {
        let tables = &place.cloud.tables;
        let known = tables.store(&self.store).await?;
        // An import that was cut short left the store importing.
        let after = known.as_ref().map_or(State::Rehearsing, |store| store.state);
        let after = if after == State::Importing { State::Rehearsing } else { after };
        match &self.program {
            Some(dir) => {
                let folder = shop::folder(dir)?;
                shop::usable(&folder, dir)?;
                let unlimited = known.is_some_and(|store| store.unlimited);
                place.set_up(&self.store, &folder, Setup { state: State::Importing, unlimited }).await?;
            }
            None if known.is_none() => {
                bail!("{} knows no store {}: name its folder with --program", self.data.display(), self.store)
            }
            None => {
                tables.change_store(&self.store, |store| store.state = State::Importing).await?;
                place.cloud.forget(&self.store);
            }
        }
        Ok(after)
    }

    async fn take(
        &self,
        place: &Place,
        history: winback_domain::history::History<std::fs::File>,
        bad: &mut orders::Bad,
    ) -> Result<u64> {
        if !history.tells_consent() && !self.assume_consent {
            eprintln!("no consent column: nobody in it may be mailed; --assume-consent takes it for granted");
        }
        let lines = std::fs::File::open(&self.orders).map_or(0, |file| BufReader::new(file).split(b'\n').count());
        let bar = orders::bar(lines as u64, "importing");
        let mut taken = 0;
        for line in history {
            bar.inc(1);
            match line {
                Ok(event) => {
                    place.tell(&Told { store: self.store.clone(), event }).await?;
                    taken += 1;
                    if taken % BATCH == 0 {
                        place.record_events().await?;
                    }
                }
                Err(line) => bar.suspend(|| bad.name(&line)),
            }
        }
        place.record_events().await.context("orders could not be recorded")?;
        bar.finish_and_clear();
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{commands::explain, sample};

    fn scratch(name: &str) -> PathBuf {
        let dir = std::env::temp_dir().join(format!("winback-import-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&dir);
        std::fs::create_dir_all(&dir).unwrap();
        dir
    }

    fn command(dir: &std::path::Path, program: bool) -> Import {
        let folder = dir.join("shop");
        for (path, text) in sample::folder() {
            let path = folder.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        Import {
            orders: dir.join("orders.csv"),
            data: dir.join("place"),
            program: program.then_some(folder),
            store: shop::store_id("books").unwrap(),
            assume_consent: true,
        }
    }

    #[tokio::test]
    async fn a_broken_line_is_left_out_and_the_rest_is_known_for_good() {
        let dir = scratch("broken");
        let file = "order_id,email,placed_at,total,currency\nA-1,anna@shop.example,2020-01-01,45.00,EUR\n\
            A-2,bo,2020-01-01,45.00,EUR\nA-3,anna@shop.example,2020-01-05,15.00,EUR\n";
        std::fs::write(dir.join("orders.csv"), file).unwrap();
        assert_eq!(command(&dir, true).run().await.unwrap(), Done::Partly);
        // Once more, without the folder: nothing changes.
        assert_eq!(command(&dir, false).run().await.unwrap(), Done::Partly);
        let place = shop::place(&dir.join("place"), Turned::real(), LINK_BASE).unwrap();
        let store = shop::store_id("books").unwrap();
        let customers = place.customers(&store).await.unwrap();
        let [anna] = customers.as_slice() else { panic!("one customer") };
        assert_eq!((anna.orders.count, anna.orders.spent), (2, 6_000));
        assert_eq!(place.cloud.tables.store(&store).await.unwrap().unwrap().state, State::Rehearsing);
        let told = explain::told(&place, "Anna@Shop.example").await.unwrap();
        assert!(told.contains("2 orders, 60.00 EUR in all; the last on 5 January 2020"), "{told}");
        assert!(told.contains("agreed to mail"), "{told}");
        std::fs::remove_dir_all(dir).unwrap();
    }

    #[tokio::test]
    async fn a_store_nobody_knows_needs_its_folder() {
        let dir = scratch("unknown");
        let problem = command(&dir, false).run().await.unwrap_err().to_string();
        assert!(problem.contains("name its folder with --program"), "{problem}");
        std::fs::remove_dir_all(dir).unwrap();
    }
}
