//! `winback store pull`.

use anyhow::{Result, bail};
use clap::Args;
use jiff::{Timestamp, ToSpan};
use winback_cloud::pull::Pulled;
use winback_domain::figures::counted;
use winback_domain::ids::StoreId;
use winback_local::clock::Turned;

use crate::shop;
use crate::stack::{Opened, Where};

/// A person does not wait longer; what is left is read by the next run.
const PATIENCE_HOURS: i64 = 1;

/// Ask the store for its orders, and tell which of them no webhook had told
///
/// pull-orders does the same every night. It reads what changed since it last did, puts all of it on the queue, and begins
/// there the next time. It asks from here, with the keys of the stack that `winback store access` wrote.
#[derive(Debug, Args)]
pub struct Pull {
    /// The store's name
    #[arg(value_parser = shop::store_id)]
    store: StoreId,
    #[command(flatten)]
    place: Where,
    /// What changed since this moment, such as 2026-05-01T00:00:00Z, instead of since the last time
    #[arg(long, value_name = "WHEN")]
    since: Option<Timestamp>,
}

impl Pull {
    /// Asks. Answers what to tell.
    pub async fn pull(&self) -> Result<String> {
        let opened = self.place.open(Turned::real()).await?;
        let (cloud, store) = (opened.cloud(), &self.store);
        opened.store(store).await?;
        let sources = cloud.sources(store).await?;
        if sources.is_empty() {
            bail!("{store} has given no key to its API: winback store access {store} --file FILE --stack NAME");
        }
        let until = cloud.clock.now().checked_add(PATIENCE_HOURS.hours())?;
        let (mut said, mut failed) = (String::new(), false);
        for source in sources {
            match cloud.pull(store, &source, self.since, until).await? {
                Ok(pulled) => said.push_str(&told(store, &pulled)),
                Err(trouble) => {
                    failed = true;
                    said.push_str(&format!("{store}, {}: not read: {trouble}.\n", source.platform().word()));
                }
            }
        }
        if let Opened::Here(place) = &opened {
            place.record_events().await?;
        }
        if failed {
            bail!("{}", said.trim_end());
        }
        Ok(said)
    }
}

/// A run in a few lines, and a table of the orders that were missed.
fn told(store: &StoreId, pulled: &Pulled) -> String {
    let (platform, read, missed) = (pulled.platform.word(), counted(pulled.read, "order"), &pulled.missed);
    let mut said = format!("{store}, {platform}: {read} changed since {}; ", pulled.from);
    said.push_str(&match missed.len() {
        0 => "webhooks had told of each.\n".to_owned(),
        count => format!("of {} no webhook had told:\n", counted(count, "order")),
    });
    missed.iter().for_each(|id| said.push_str(&format!("  {id}\n")));
    if pulled.forgotten > 0 {
        let forgotten = counted(pulled.forgotten, "order");
        said.push_str(&format!(
            "{forgotten} left out: from before their customers asked to be forgotten, or off and from before us.\n"
        ));
    }
    if pulled.not_understood > 0 {
        let strange = counted(pulled.not_understood, "order");
        said.push_str(&format!("{strange} could not be understood: the log says which member.\n"));
    }
    if let Some(reach) = pulled.reach {
        said.push_str(&format!("{platform} tells of nothing before {reach}: import what is older.\n"));
    }
    said.push_str(&format!("The next run begins at {}.\n", pulled.mark));
    said
}
