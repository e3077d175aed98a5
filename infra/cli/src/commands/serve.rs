//! `winback serve`: a place with its door open and its schedule running.

use std::path::PathBuf;

use anyhow::{Context, Result, anyhow};
use clap::Args;
use jiff::Timestamp;
use winback_domain::ids::StoreId;
use winback_domain::program::Status;
use winback_domain::store::State;
use winback_local::clock::Turned;
use winback_local::gateway::Gateway;
use winback_local::place::{Place, Setup};

use crate::{Done, shop};

/// The port where nothing else is said.
const PORT: u16 = 8787;
/// Where the links of a place lead that nobody serves at the moment.
pub const LINK_BASE: &str = "http://127.0.0.1:8787";

/// Serve a place: take webhooks, show customers their pages, redeem codes, and mail when it is time
///
/// Listens on this machine only: POST /webhooks/STORE, GET /o/STORE/TOKEN, GET and POST /u/STORE/TOKEN, POST /redeem and
/// POST /check. The store is live from now on, with its limits; its letters go to the outbox of the place, and nobody
/// gets them. Ending the process at any moment loses nothing.
#[derive(Debug, Args)]
pub struct Serve {
    /// The place's folder; made if it is not there
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The shop's folder: shop.yaml, program.yaml, mails/
    #[arg(long, value_name = "DIR")]
    program: PathBuf,
    /// The store's name in this place
    #[arg(long, value_name = "NAME", default_value = "shop", value_parser = shop::store_id)]
    store: StoreId,
    /// The port
    #[arg(long, default_value_t = PORT)]
    port: u16,
    /// Let the place's clock start at this moment instead of now, such as 2026-05-01T08:59:00+03:00
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
}

impl Serve {
    /// Runs it, until it is ended from outside.
    pub async fn run(self) -> Result<Done> {
        let folder = shop::folder(&self.program)?;
        let plan = shop::usable(&folder, &self.program)?;
        let clock = self.at.map_or_else(Turned::real, Turned::at);
        let link_base = format!("http://127.0.0.1:{}", self.port);
        let place = shop::place(&self.data, clock, &link_base)?;
        // First of all: a port that is in use must not leave a store behind that is live and served by nobody.
        let gateway = Gateway::open(place.clone(), self.port).await;
        let gateway = gateway.map_err(|error| anyhow!("{error}; choose another with --port"))?;
        let number = place.set_up(&self.store, &folder, Setup { state: State::Live, unlimited: false }).await?;
        // Whoever waits under an older plan, or since an import, is looked at under this one.
        place.scan(None).await?;
        self.leave_secret(&place).await?;
        let mut shown = place.stack.outbox().len();
        println!("{}: {}, plan {number}.", plan.shop.name, shop::described(&plan));
        let drafts = plan.programs.iter().filter(|program| program.status == Status::Draft);
        for draft in drafts {
            println!("{} is a draft: it decides and shows, and mails nobody.", draft.name);
        }
        println!("Webhooks: http://{}/webhooks/{}", gateway.address(), self.store);
        println!("Send one: winback send EVENT.json --data {}{}", self.data.display(), self.to(&gateway));
        let mut tell = |place: &Place| {
            let outbox = place.stack.outbox();
            for mail in &outbox[shown..] {
                println!("{} mailed to {}: {}", mail.at, mail.to.join(", "), mail.subject);
            }
            shown = outbox.len();
        };
        gateway.run(&mut tell).await?;
        Ok(Done::Whole)
    }

    /// What `send` must be told beside the folder.
    fn to(&self, gateway: &Gateway) -> String {
        let port = gateway.address().port();
        let store = if self.store.as_str() == "shop" { String::new() } else { format!(" --store {}", self.store) };
        let to =
            if port == PORT { String::new() } else { format!(" --to http://127.0.0.1:{port}/webhooks/{}", self.store) };
        let at = self.at.map_or_else(String::new, |at| format!(" --at {at}"));
        format!("{store}{to}{at}")
    }

    /// Leaves the store's secret beside the place, for `send`: the place itself is in use as long as it is served.
    async fn leave_secret(&self, place: &Place) -> Result<()> {
        let path = self.data.join(secret_file(&self.store));
        let secret = place.webhook_secret(&self.store).await?;
        write_private(&path, &format!("{secret}\n")).with_context(|| format!("{} cannot be written", path.display()))
    }
}

/// The name of the file that holds a store's webhook secret.
pub fn secret_file(store: &StoreId) -> String {
    format!("{store}.webhook-secret")
}

/// Only the owner may read it.
fn write_private(path: &std::path::Path, text: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    std::io::Write::write_all(&mut options.open(path)?, text.as_bytes())
}
