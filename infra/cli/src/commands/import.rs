//! `winback import`: a shop's old orders into a place or a stack.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use winback_cloud::Cloud;
use winback_domain::figures::{counted, number};
use winback_domain::history::Reading;
use winback_domain::ids::StoreId;
use winback_domain::store::State;
use winback_local::clock::Turned;
use winback_local::place::{Place, Report, Setup, Upload, address};

use crate::commands::serve::LINK_BASE;
use crate::{Done, orders, shop, stack};

/// The report of an upload is asked for so often.
const ASKED: Duration = Duration::from_secs(5);
/// For three hours: ten million orders take half of that.
const MOST_LOOKS: u32 = 2_160;

/// Take a shop's old orders into a place or a deployed stack
///
/// While orders come in nobody is written to. At the end every customer is looked at once, and the store is what it was
/// before; a new one is rehearsing: it decides and shows, and mails nobody until it is served. The same file again
/// changes nothing.
///
/// With --stack it ends when the orders are in; scan-customers then looks at everybody.
///
/// A line that is no order is named with its number and left out; the rest is imported, and the exit status is 3.
#[derive(Debug, Args)]
pub struct Import {
    /// The orders, as CSV; `winback --help` lists the columns
    orders: PathBuf,
    /// The folder of a place on this machine; made if it is not there
    #[arg(long, value_name = "DIR", required_unless_present = "stack", conflicts_with = "stack")]
    data: Option<PathBuf>,
    /// The name of a deployed stack: the file is uploaded into its bucket, and imported there
    #[arg(long, value_name = "NAME", conflicts_with = "program")]
    stack: Option<String>,
    /// The shop's folder; needed where the place does not know the store yet
    #[arg(long, value_name = "DIR")]
    program: Option<PathBuf>,
    /// The store's name; without it `shop`, and in a stack only where no other store is known
    #[arg(long, value_name = "NAME", value_parser = shop::store_id)]
    store: Option<StoreId>,
    /// Everybody in a file without a consent column agreed to mail
    #[arg(long)]
    assume_consent: bool,
}

impl Import {
    /// Runs it.
    pub async fn run(self) -> Result<Done> {
        match (&self.stack, &self.data) {
            (Some(name), _) => {
                let cloud = stack::open(name).await?.cloud;
                let store = self.meant(&cloud).await?;
                self.there(&cloud, &store).await
            }
            (None, Some(dir)) => {
                let store = self.store.clone().map_or_else(usual, Ok)?;
                self.here(dir, &store).await
            }
            (None, None) => bail!("name the place with --data, or the stack with --stack"),
        }
    }

    /// The store of a stack that is meant. A history in the wrong store is not taken out again, so nothing is guessed
    /// where there is a choice.
    async fn meant(&self, cloud: &Cloud) -> Result<StoreId> {
        if let Some(store) = &self.store {
            return Ok(stack::known(cloud, store).await?.id);
        }
        let (known, usual) = (cloud.tables.stores().await?, usual()?);
        if known != [usual.clone()] {
            bail!("say which store they are of, with --store; known here: {}", stack::listed(&known));
        }
        println!("They are of the store {usual}, the only one here.");
        Ok(usual)
    }

    /// Into a place on this machine.
    async fn here(&self, dir: &Path, store: &StoreId) -> Result<Done> {
        let place = shop::place(dir, Turned::real(), LINK_BASE)?;
        self.prepare(&place, store).await?;
        let file = self.file(&place.cloud, store).await?;
        let bar = orders::bar(0, "importing");
        let mut tell = |done, all| {
            bar.set_length(u64::from(all));
            bar.set_position(u64::from(done));
        };
        let taken = place.import(store, file, self.assume_consent, &mut tell).await;
        bar.finish_and_clear();
        let taken = taken.with_context(|| self.orders.display().to_string())?;
        let customers = counted(taken.audit.customers, "customer");
        println!("{} taken in; {customers} known and looked at.", counted(taken.orders, "order"));
        self.close(&place.cloud, store, taken.bad_lines.iter().map(String::as_str)).await
    }

    /// Into the bucket of a stack, whose state machine imports it. It goes on also when nobody waits for it.
    async fn there(&self, cloud: &Cloud, store: &StoreId) -> Result<Done> {
        let name = self.orders.file_name().and_then(|name| name.to_str()).context("a file with a name is wanted")?;
        if !name.ends_with(".csv") {
            bail!("{name} does not end in .csv, and no other upload is imported");
        }
        let file = self.file(cloud, store).await?;
        let key = address(store, name);
        let etag = cloud.files.upload(&key, file, self.assume_consent).await?;
        let upload = Upload { key, etag };
        println!("Uploaded as {}. It is imported there, whether this command waits or not.", upload.key);
        let uploaded = cloud.files.bytes(&upload.key, &upload.etag, 0, 1).await?.uploaded;
        let mut ticks = tokio::time::interval(ASKED);
        let mut looks = 0;
        let report = loop {
            ticks.tick().await;
            looks += 1;
            if looks > MOST_LOOKS {
                bail!(
                    "there is no report yet. A state machine that failed says why, and can be redriven; what was uploaded is safe"
                );
            }
            let found: Option<Report> = cloud.files.read(&upload.report()).await?;
            if let Some(report) = found.filter(|report| report.etag == upload.etag() && report.uploaded == uploaded) {
                break report;
            }
        };
        if let Some(refused) = report.refused {
            bail!("{}: {refused}", self.orders.display());
        }
        println!("{} taken in. Now scan-customers looks at everybody.", counted(report.orders, "order"));
        let bad_lines = cloud.files.read_text(&upload.bad_lines()).await?.unwrap_or_default();
        self.close(cloud, store, bad_lines.lines()).await
    }

    /// The file's bytes, if it is a file of orders by its first line.
    async fn file(&self, cloud: &Cloud, store: &StoreId) -> Result<Vec<u8>> {
        let zone = cloud.standing(store).await?.plan.shop.time_zone.clone();
        let reading = Reading { zone, assume_consent: self.assume_consent, received: cloud.clock.now() };
        if !orders::open(&self.orders, reading)?.tells_consent() && !self.assume_consent {
            eprintln!("no consent column: nobody in it may be mailed; --assume-consent takes it for granted");
        }
        std::fs::read(&self.orders).with_context(|| self.orders.display().to_string())
    }

    /// What there is to say in the end.
    async fn close(&self, cloud: &Cloud, store: &StoreId, bad_lines: impl Iterator<Item = &str>) -> Result<Done> {
        let mut bad = orders::Bad::of(&self.orders);
        bad_lines.for_each(|line| bad.name(line));
        bad.close();
        match bad.found() {
            0 => {}
            1 => println!("1 line was no order and was left out."),
            found => println!("{} lines were no orders and were left out.", number(found)),
        }
        let state = cloud.tables.store(store).await?.map(|store| store.state.word());
        println!("The store {store} is {}.", state.unwrap_or_default());
        Ok(bad.done())
    }

    /// Makes sure that the place knows the store, by the folder that is named.
    async fn prepare(&self, place: &Place, store: &StoreId) -> Result<()> {
        let known = place.cloud.tables.store(store).await?;
        match &self.program {
            Some(dir) => {
                let folder = shop::folder(dir)?;
                shop::usable(&folder, dir)?;
                let unlimited = known.as_ref().is_some_and(|store| store.unlimited);
                // A new store waits for its history.
                let state = known.map_or(State::Importing, |store| store.state);
                place.set_up(store, &folder, Setup { state, unlimited }).await?;
            }
            None if known.is_none() => {
                bail!("the place knows no store {store}: name its folder with --program")
            }
            None => {}
        }
        Ok(())
    }
}

/// The store that is meant where nobody says.
fn usual() -> Result<StoreId> {
    Ok(StoreId::try_from("shop".to_owned())?)
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
            data: Some(dir.join("place")),
            stack: None,
            program: program.then_some(folder),
            store: Some(shop::store_id("books").unwrap()),
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
        let told = explain::told(&place.cloud, "Anna@Shop.example", place.clock.now()).await.unwrap();
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
