//! Where a command works: a place on this machine, or a deployed stack that is found by its name.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::Args;
use jiff::{Timestamp, ToSpan};
use serde_json::json;
use winback_cloud::Cloud;
use winback_cloud::operator::Stack;
use winback_domain::ids::StoreId;
use winback_domain::store::{State, Store};
use winback_local::clock::Turned;
use winback_local::place::{Place, Set};

use crate::commands::serve::LINK_BASE;
use crate::shop;

/// A store's state is asked for so often while a function is at it.
const ASKED: Duration = Duration::from_secs(2);
/// What the layer brings is activated before anything else: a store that nobody knows after this time is not in it.
const NEW: Duration = Duration::from_secs(30);

/// Where a command works.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct Where {
    /// The folder of a place on this machine
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The name of a deployed stack: the `prefix` of its Terraform module
    ///
    /// Region and credentials are found as the AWS command line finds them: AWS_REGION, AWS_PROFILE with single sign-on,
    /// keys in the environment, a role of the machine. AWS_ENDPOINT_URL leads to a stand-in.
    #[arg(long, value_name = "NAME")]
    stack: Option<String>,
}

/// A deployed stack, where nothing else will do.
#[derive(Debug, Args)]
pub struct There {
    /// The name of the deployed stack: the `prefix` of its Terraform module
    ///
    /// Region and credentials are found as the AWS command line finds them: AWS_REGION, AWS_PROFILE with single sign-on,
    /// keys in the environment, a role of the machine. AWS_ENDPOINT_URL leads to a stand-in.
    #[arg(long, value_name = "NAME")]
    pub stack: String,
}

/// A stack that was found.
#[derive(Debug)]
pub struct Deployed {
    /// Its tables, queues and secrets, with the operator's own permissions.
    pub cloud: Cloud,
    /// Its functions, schedules and the rest that only operators touch.
    pub stack: Stack,
}

/// Finds a stack by its name: the `prefix` of the Terraform module. Region and credentials are those that the AWS command
/// line would use here.
pub async fn open(name: &str) -> Result<Deployed> {
    let stack = Stack::find(name).await.with_context(|| format!("the stack {name} cannot be used"))?;
    Ok(Deployed { cloud: stack.cloud(), stack })
}

/// What a command works in.
#[derive(Debug)]
pub enum Opened {
    /// A place on this machine.
    Here(Box<Place>),
    /// A deployed stack.
    There(Box<Deployed>),
}

impl Where {
    /// Opens it. A place's clock may stand elsewhere; a stack's is the machine's.
    pub async fn open(&self, clock: Turned) -> Result<Opened> {
        if let Some(name) = &self.stack {
            return open(name).await.map(Box::new).map(Opened::There);
        }
        let dir = self.data.as_deref().context("name the place with --data, or the stack with --stack")?;
        if !dir.is_dir() {
            bail!("{} is no place: `winback import` makes one", dir.display());
        }
        Ok(Opened::Here(Box::new(shop::place(dir, clock, LINK_BASE)?)))
    }
}

impl Opened {
    /// Its tables, queues and secrets.
    pub fn cloud(&self) -> &Cloud {
        match self {
            Self::Here(place) => &place.cloud,
            Self::There(deployed) => &deployed.cloud,
        }
    }

    /// A store that is known here.
    pub async fn store(&self, store: &StoreId) -> Result<Store> {
        known(self.cloud(), store).await
    }

    /// Sets a store's state by way of scan-customers, which activates what its layer brings before, and ranks who waits.
    /// Answers the store once that is done, or nothing where it takes longer than `patience`: it goes on by itself.
    pub async fn set(&self, store: &StoreId, state: State, patience: Duration) -> Result<Option<Store>> {
        let cloud = self.cloud();
        match self {
            Self::Here(place) => {
                place.scan(Some(Set { store: store.clone(), state })).await?;
                Ok(cloud.tables.store(store).await?)
            }
            Self::There(deployed) => {
                // A run sets a state once and is known by its second, so a second wish in the same one gets the next.
                let last = cloud.tables.store(store).await?.and_then(|known| known.state_set);
                let next = last.map(|last| last.saturating_add(1.second()).unwrap_or(last));
                let run = next.unwrap_or(Timestamp::MIN).max(cloud.clock.now());
                let event = json!({"scheduled_at": run, "set": {"store": store, "state": state}});
                deployed.stack.start("scan-customers", &event).await?;
                waited(cloud, store, run, patience).await
            }
        }
    }

    /// What to tell, and to do, where [`Opened::set`] answered nothing.
    pub async fn unfinished(&self, store: &StoreId) -> Result<String> {
        let stores = self.cloud().tables.stores().await?;
        let Self::There(deployed) = self else { return Ok(String::new()) };
        let name = &deployed.stack.name;
        let log = format!("aws logs tail /aws/lambda/{name}-scan-customers --since 10m");
        Ok(if stores.contains(store) {
            format!("scan-customers is still at it and goes on by itself. Its log says more: {log}\n")
        } else {
            format!(
                "{store} is not among the programs of the stack {name}; known there: {}.\n\
                 Put its folder as {store}/ into the folder of shops, winback check SHOPS/{store}, winback package --programs\n\
                 SHOPS --programs-only, apply, and do this again. Where the layer has it already, scan-customers could not use\n\
                 it or is still at it; its log says which: {log}\n",
                listed(&stores)
            )
        })
    }
}

/// The store once a run has set its state. The record says which run did.
async fn waited(cloud: &Cloud, store: &StoreId, run: Timestamp, patience: Duration) -> Result<Option<Store>> {
    let mut ticks = tokio::time::interval(ASKED);
    for look in 0..=patience.as_secs() / ASKED.as_secs() {
        ticks.tick().await;
        let known = cloud.tables.store(store).await?;
        if known.is_none() && look * ASKED.as_secs() >= NEW.as_secs() {
            break;
        }
        // A later run, or a pause by hand, has had its say over this one.
        if let Some(known) = known.filter(|known| known.state_set.is_some_and(|set| set >= run)) {
            return Ok(Some(known));
        }
    }
    Ok(None)
}

/// A store's record.
///
/// # Errors
/// When there is none; the names of those that are known are told.
pub async fn known(cloud: &Cloud, store: &StoreId) -> Result<Store> {
    match cloud.tables.store(store).await? {
        Some(known) => Ok(known),
        None => bail!("there is no store {store}; known here: {}", listed(&cloud.tables.stores().await?)),
    }
}

/// The names of stores, for a sentence.
pub fn listed(stores: &[StoreId]) -> String {
    let names: Vec<&str> = stores.iter().map(StoreId::as_str).collect();
    if names.is_empty() { "none yet".to_owned() } else { names.join(", ") }
}
