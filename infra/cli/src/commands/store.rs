//! `winback store`: a stack's stores, and the secrets they sign with.

mod access;
mod add;
mod check;
mod paste;
mod pull;
mod rotate;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use winback_cloud::operator::secrets::{new_key, new_webhook_secret};
use winback_cloud::secrets::lines;
use winback_domain::figures::counted;
use winback_domain::store::Store;
use winback_domain::webhook::{Platform, Wiring};

use self::access::Give;
use self::add::Add;
use self::check::Check;
use self::pull::Pull;
use self::rotate::Rotate;
use crate::stack::{Deployed, There, open};
use crate::{Done, shop};

/// Add a store to a deployed stack, list them, change its secret, let Winback make codes in it, read its orders
#[derive(Debug, Args)]
pub struct Stores {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Add(Add),
    List(List),
    RotateSecret(Rotate),
    #[command(name = "access")]
    Give(Give),
    Check(Check),
    Pull(Pull),
}

impl Stores {
    /// Runs it.
    pub async fn run(self) -> Result<Done> {
        let said = match self.command {
            Command::Add(command) => command.add(&open(&command.place.stack).await?).await?,
            Command::List(command) => list(&open(&command.place.stack).await?).await?,
            Command::RotateSecret(command) => command.rotate(&open(&command.place.stack).await?).await?,
            Command::Give(command) => command.give(&open(&command.place.stack).await?).await?,
            Command::Check(command) => command.check(&open(&command.place.stack).await?).await?,
            Command::Pull(command) => command.pull().await?,
        };
        print!("{said}");
        Ok(Done::Whole)
    }
}

/// Which of a store's secrets is meant, and what it is.
#[derive(Debug, Args)]
struct Signing {
    /// Whose webhooks: own (our own events, signed by Standard Webhooks), shopify, woocommerce, stripe,
    /// bigcommerce
    #[arg(long, value_name = "PLATFORM", default_value = "own", value_parser = platform)]
    platform: Platform,
    /// A file with the secret that the platform or the shop's system made; - reads standard input. Without it one is made,
    /// where the platform takes ours: own, woocommerce
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// woocommerce: the key in an order's meta_data that says whether mail is welcome. Without it no order says so
    #[arg(long, value_name = "KEY")]
    consent_field: Option<String>,
}

fn platform(word: &str) -> Result<Platform, String> {
    Platform::named(word).ok_or_else(|| "own, shopify, woocommerce, stripe or bigcommerce".to_owned())
}

impl Signing {
    /// The line for the parameter, checked; nothing where the platform makes the secret and none is given.
    fn line(&self) -> Result<Option<String>> {
        let secret = match (&self.secret_file, self.platform) {
            (Some(path), _) => read_line(path)?,
            (None, Platform::Own) => new_webhook_secret(),
            (None, Platform::WooCommerce) => new_key(),
            (None, Platform::Shopify | Platform::Stripe | Platform::BigCommerce) => return Ok(None),
        };
        let consent = self.consent_field.as_ref().map(|key| format!(" consent={key}")).unwrap_or_default();
        let line = match self.platform {
            // As it always was, and as Standard Webhooks write it.
            Platform::Own => format!("{secret}{consent}"),
            platform => format!("{} {secret}{consent}", platform.word()),
        };
        let wiring = Wiring::parse(&line).context("the secret cannot be used")?;
        if wiring.platform != self.platform {
            bail!("the file holds the secret alone: --platform says whose it is");
        }
        Ok(Some(line))
    }

    /// The command that does the same for this platform.
    fn option(&self) -> String {
        match self.platform {
            Platform::Own => String::new(),
            platform => format!(" --platform {}", platform.word()),
        }
    }
}

/// A secret that somebody else made.
fn read_line(path: &Path) -> Result<String> {
    let text = shop::text(path)?;
    let [secret] = lines(&text)[..] else { bail!("{}: one line with one secret is wanted", path.display()) };
    Ok(secret.to_owned())
}

/// The lines of a parameter that are a platform's, and the others; a line that does not read is nobody's and stays.
fn apart(known: &str, platform: Platform) -> (Vec<&str>, Vec<&str>) {
    lines(known).into_iter().partition(|line| Wiring::parse(line).is_ok_and(|wiring| wiring.platform == platform))
}

/// The secret in a line, as it is pasted.
fn secret_of(line: &str) -> &str {
    let mut words = line.split_whitespace();
    match words.next() {
        Some(word) if Platform::named(word).is_some() => words.next().unwrap_or_default(),
        word => word.unwrap_or_default(),
    }
}

/// List the stores: state, plan, why paused, last scan
#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    place: There,
}

/// Lists them.
async fn list(deployed: &Deployed) -> Result<String> {
    let tables = &deployed.cloud.tables;
    let stores = tables.stores().await?;
    let mut said = String::new();
    for id in &stores {
        if let Some(store) = tables.store(id).await? {
            said.push_str(&format!("{id}: {}\n", words(&store)));
        }
    }
    said.push_str(&match tables.last_scan().await? {
        _ if stores.is_empty() => format!("No store is active yet: winback store add NAME writes its secrets, winback rehearse NAME --stack {} activates its folder.\n", deployed.stack.name),
        Some(scanned) => format!("Last scan: the run of {scanned}.\n"),
        None => "No scan yet.\n".to_owned(),
    });
    Ok(said)
}

/// A store in one line.
fn words(store: &Store) -> String {
    let plan = if store.plan == 0 { "no plan".to_owned() } else { format!("plan {}", store.plan) };
    let mut words = vec![store.state.word().to_owned(), plan];
    words.extend(store.paused_because.as_ref().map(|why| format!("paused because {why}")));
    words.extend(store.throttled_until.map(|until| format!("told to wait until {until}")));
    words.extend(
        store.imports.as_ref().map(|imports| format!("{} under way", counted(imports.running.len(), "import"))),
    );
    words.extend(store.state_set.map(|set| format!("state set {set}")));
    words.join(", ")
}
