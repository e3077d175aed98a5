//! `winback serve`: a place with its door open, its pages and its schedule running.

mod told;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail};
use clap::Args;
use jiff::Timestamp;
use winback_domain::ids::StoreId;
use winback_domain::plan::{Folder, Plan};
use winback_domain::store::State;
use winback_local::clock::Turned;
use winback_local::console;
use winback_local::files::Files;
use winback_local::gateway::Gateway;
use winback_local::life::{Life, Nobody, World};
use winback_local::place::{Place, Setup};

use crate::demo::{self, Readers};
use crate::past::Past;
use crate::{Done, sample, shop};

/// The port where nothing else is said.
const PORT: u16 = 8787;
/// Where the links of a place lead that nobody serves at the moment.
pub const LINK_BASE: &str = "http://127.0.0.1:8787";
/// The files in a place's folder that say where a turned clock stands, and whose events it is made of.
const CLOCK: &str = "clock";
const KIND: &str = "kind";
/// The file of a place's tables.
const DATABASE: &str = "winback.db";
/// Where the sample shop lies in the repository: there it can be edited while it is served.
const SAMPLE: &str = "shared/programs/shop";

/// Serve a place: its console, its webhooks, its customers' pages, its till, and mail when it is time
///
/// Without --program and --orders it is a demo: a bookshop of two thousand readers, whose last year and a half is played
/// before your eyes, under a clock that you turn. With --orders it is your own past, played the same way. With --program
/// alone it is a shop by the machine's clock, which waits for its webhooks.
///
/// Listens on this machine only. The pages are at /, /outbox, /customers, /program and /doors; stores come to POST
/// /webhooks/STORE, customers to /o/… and /u/…, tills to POST /check and /redeem, scripts to /api. Letters go to the outbox,
/// and nobody gets them. The store is live, with its limits. Ending the process at any moment loses nothing that --data
/// keeps.
#[derive(Debug, Args)]
pub struct Serve {
    /// The port
    #[arg(long, default_value_t = PORT, value_parser = clap::value_parser!(u16).range(1..))]
    port: u16,
    /// Keep everything in this folder, made if it is not there; without it all is gone with the process
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The shop's folder: shop.yaml, program.yaml, mails/; edited while it is served, it is read again
    #[arg(long, value_name = "DIR")]
    program: Option<PathBuf>,
    /// Play these orders as the shop's past, then let the clock be turned; `winback --help` lists the columns
    #[arg(long, value_name = "FILE")]
    orders: Option<PathBuf>,
    /// Everybody in a file of orders without a consent column agreed to mail
    #[arg(long, requires = "orders")]
    assume_consent: bool,
    /// The store's name in this place
    #[arg(long, value_name = "NAME", default_value = "shop", value_parser = shop::store_id)]
    store: StoreId,
    /// Let the clock of a shop without a past start at this moment instead of now, such as 2026-05-01T08:59:00+03:00
    #[arg(long, value_name = "TIME", conflicts_with = "orders")]
    at: Option<Timestamp>,
}

/// What is served: its folder, its people, and the past to play.
struct Served {
    files: Files,
    plan: Plan,
    world: Box<dyn World>,
    /// From when to when.
    past: Option<(Timestamp, Timestamp)>,
    kind: Kind,
}

/// Whose events a place is made of. It is written down once: what one lives by is never poured into another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The demo bookshop's.
    Demo,
    /// A past that was played from a file of orders.
    Past,
    /// A shop's own, by its webhooks.
    Own,
}

impl Kind {
    /// What a place's folder says; a place that says nothing is a shop's own.
    fn of(dir: &Path) -> Self {
        match std::fs::read_to_string(dir.join(KIND)).unwrap_or_default().trim() {
            "demo" => Self::Demo,
            "past" => Self::Past,
            _ => Self::Own,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Demo => "demo",
            Self::Past => "past",
            Self::Own => "own",
        }
    }
}

impl Serve {
    /// Runs it, until it is ended from outside.
    pub async fn run(self) -> Result<Done> {
        let served = self.served().await?;
        let link_base = format!("http://127.0.0.1:{}", self.port);
        let clock = self.clock(&served)?;
        let place = match &self.data {
            Some(dir) => shop::place(dir, clock, &link_base)?,
            None => Place::in_memory_at(clock, &link_base)?,
        };
        let turned = place.clock.is_turned();
        let place = if turned { place.alone() } else { place };
        let begins = place.stores().await?.is_empty();
        let life = Life::new(place.clone(), self.store.clone(), served.files, served.world);
        // First of all: a port that is in use must not leave a store behind that is live and served by nobody.
        let speed = if served.past.is_some() { 0.0 } else { 1.0 };
        let pages = |hand| console::pages(place.clone(), self.store.clone(), hand);
        let gateway = Gateway::open(life, self.port, speed, pages).await;
        let mut gateway = gateway.map_err(|error| anyhow!("{error}; choose another with --port"))?;
        println!("Winback is at http://{}", gateway.address());
        if let Some(dir) = &self.data {
            self.mark(&place, dir, begins.then_some(served.kind))?;
        }
        let folder = gateway.life().files.seen().folder;
        place.set_up(&self.store, &folder, Setup { state: State::Live, unlimited: false }).await?;
        if !begins {
            // Whoever waits under an older plan, or since an import, is looked at under this one.
            place.scan(None).await?;
            gateway.life().go_on().await?;
        }
        let until = served.past.map(|(_, until)| until).filter(|until| *until > place.clock.now());
        if let Some(until) = until {
            gateway.begin_with(until);
        }
        if let Some(dir) = &self.data {
            self.leave_secret(&place, dir).await?;
        }
        let plan = (served.kind != Kind::Demo).then_some(&served.plan);
        let mut teller = told::Teller::new(&self, &place, plan, until);
        let mut tell = |place: &Place| teller.tell(place);
        let ended = tokio::select! {
            ended = gateway.run(&mut tell) => ended,
            () = interrupted() => Ok(()),
        };
        teller.close(self.data.as_deref(), ended.is_ok());
        ended.map(|()| Done::Whole)
    }

    /// What this place is served with.
    async fn served(&self) -> Result<Served> {
        let dir = self.data.as_deref().unwrap_or(Path::new("."));
        if dir.exists() && !dir.is_dir() {
            bail!("{} is a file; --data wants a folder", dir.display());
        }
        let known = self.known().await?;
        let kind = match (known.is_some(), &self.orders, &self.program) {
            (false, Some(_), _) => Kind::Past,
            (false, None, Some(_)) => Kind::Own,
            (false, None, None) => Kind::Demo,
            (true, orders, program) => match (Kind::of(dir), orders, program) {
                (Kind::Demo, None, None) => Kind::Demo,
                (Kind::Demo, ..) => {
                    bail!("{} holds the demo bookshop; choose another folder for a shop of your own", dir.display())
                }
                (Kind::Own, Some(_), _) => {
                    bail!("{} is a shop by its own events; play a past into a new folder", dir.display())
                }
                (kind, ..) => kind,
            },
        };
        if kind == Kind::Demo && self.at.is_some() {
            bail!("--at is for a shop of your own: name its folder with --program");
        }
        let (from, folder) = match (&self.program, known) {
            (Some(dir), _) => (Some(dir.clone()), shop::folder(dir)?),
            (None, Some(folder)) if kind != Kind::Demo => (None, folder),
            _ => sample_folder(),
        };
        let plan = shop::usable(&folder, from.as_deref().unwrap_or(Path::new("the shop")))?;
        let zone = &plan.shop.time_zone;
        let (world, past): (Box<dyn World>, _) = match (&self.orders, kind) {
            (Some(orders), _) => {
                let past = Past::read(orders, zone, self.assume_consent)?;
                let span = past.span();
                (Box::new(past), Some(span))
            }
            (None, Kind::Demo) => (Box::new(Readers::new()?), Some(demo::span(zone)?)),
            (None, _) => (Box::new(Nobody), None),
        };
        Ok(Served { files: Files::new(from, folder), plan, world, past, kind })
    }

    /// The folder that a place goes by already; nothing where it does not know the store yet.
    async fn known(&self) -> Result<Option<Folder>> {
        let Some(dir) = self.data.as_deref().filter(|dir| dir.join(DATABASE).is_file()) else { return Ok(None) };
        let place = shop::place(dir, Turned::real(), LINK_BASE)?;
        let tables = &place.overseer.tables;
        let Some(store) = tables.store(&self.store).await? else { return Ok(None) };
        Ok(tables.plan(&self.store, store.plan).await?.map(|plan| plan.folder))
    }

    /// The clock: the machine's, or one that begins with the past to play or the moment asked for. A place that was turned
    /// goes on from where it was, and never back.
    fn clock(&self, served: &Served) -> Result<Turned> {
        let start = served.past.map(|(from, _)| from).or(self.at);
        let kept = self.data.as_ref().map(|dir| Turned::kept(&dir.join(CLOCK))).transpose()?.flatten();
        Ok(start.max(kept).map_or_else(Turned::real, Turned::at))
    }

    /// Writes down what kind of place a new one is, and where its clock stands from now on.
    fn mark(&self, place: &Place, dir: &Path, new: Option<Kind>) -> Result<()> {
        if let Some(kind) = new {
            let path = dir.join(KIND);
            std::fs::write(&path, kind.word()).with_context(|| format!("{} cannot be written", path.display()))?;
        }
        place.clock.keep_in(&dir.join(CLOCK))
    }

    /// Leaves the store's secret beside the place, for `send`: the place itself is in use as long as it is served.
    async fn leave_secret(&self, place: &Place, dir: &Path) -> Result<()> {
        let path = dir.join(secret_file(&self.store));
        let secret = place.webhook_secret(&self.store).await?;
        write_private(&path, &format!("{secret}\n")).with_context(|| format!("{} cannot be written", path.display()))
    }
}

/// The sample shop: as it lies in the repository where that is where we are, else as it was when this was built.
fn sample_folder() -> (Option<PathBuf>, Folder) {
    let dir = Path::new(SAMPLE);
    match shop::folder(dir) {
        Ok(folder) => (Some(dir.to_owned()), folder),
        Err(_) => (None, sample::folder()),
    }
}

/// Ctrl-C, or the word to end from whoever started this.
async fn interrupted() {
    let ended = tokio::signal::ctrl_c();
    #[cfg(unix)]
    if let Ok(mut term) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        tokio::select! {
            _ = ended => {}
            _ = term.recv() => {}
        }
        return;
    }
    let _ = ended.await;
}

/// The name of the file that holds a store's webhook secret.
pub fn secret_file(store: &StoreId) -> String {
    format!("{store}.webhook-secret")
}

/// Only the owner may read it.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    std::io::Write::write_all(&mut options.open(path)?, text.as_bytes())
}
