//! `winback doctor`: whether a deployed stack can do what it must.

mod first_mail;
mod functions;
mod mail;
mod report;
mod stores;
mod web;

use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use winback_domain::ids::StoreId;

use crate::stack::{Deployed, There, open};
use crate::{Done, shop};

pub use report::{Level, Line};

/// Look at a deployed stack and say what to do
///
/// Each line is ok, warn or fail, what was seen, and what to do about it: functions and who may start them, schedules,
/// queues and dead letters, SES's account, identities and configuration set, secrets (by their names), the link domain,
/// the clock, each store. It reads who may call a function and whether its queue starts it, and not what its role
/// allows: that the module's own tests hold. Without --first-mail nothing is changed. A fail ends with exit status 1.
#[derive(Debug, Args)]
pub struct Doctor {
    #[command(flatten)]
    place: There,
    /// Also send a store's real first letter to SES's mailbox simulator, and wait for its event to come back
    #[arg(long, requires = "store")]
    first_mail: bool,
    /// The only store to look at; with --first-mail the one whose letter it is
    #[arg(long, value_name = "NAME", value_parser = shop::store_id)]
    store: Option<StoreId>,
    /// So many seconds the event is waited for
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    wait: u64,
}

impl Doctor {
    /// Runs it.
    pub async fn run(self) -> Result<Done> {
        let deployed = open(&self.place.stack).await?;
        println!("{} in {}", deployed.stack.name, deployed.stack.region);
        let mut failed = false;
        let mut say = |lines: Vec<Line>| {
            for line in lines {
                failed |= line.level == Level::Fail;
                println!("{line}");
            }
        };
        examine(&deployed, self.store.as_ref(), &mut say).await?;
        if let Some(store) = self.store.as_ref().filter(|_| self.first_mail) {
            say(first_mail::send(&deployed.cloud, store, Duration::from_secs(self.wait)).await?);
        }
        Ok(if failed { Done::Refused } else { Done::Whole })
    }
}

/// Looks at everything, a part after the other.
pub async fn examine(deployed: &Deployed, only: Option<&StoreId>, say: &mut dyn FnMut(Vec<Line>)) -> Result<()> {
    let stack = &deployed.stack;
    say(functions::functions(stack).await);
    say(functions::schedules(stack).await);
    say(functions::queues(stack).await);
    say(mail::account(stack).await);
    say(mail::configuration_set(stack).await);
    let stores = deployed.cloud.tables.stores().await.context("the stores cannot be read")?;
    let stores: Vec<StoreId> = stores.into_iter().filter(|store| only.is_none_or(|only| only == store)).collect();
    say(stores::secrets(stack, &stores).await);
    say(web::link_domain(stack).await);
    say(stores::stores(deployed, &stores, only).await);
    Ok(())
}
