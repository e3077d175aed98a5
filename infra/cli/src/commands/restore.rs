//! `winback restore`: tables restored from a backup are made safe to mail from again.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use jiff::Timestamp;
use winback_cloud::restore::{Carried, Lost, Old};
use winback_cloud::tables::Table;
use winback_domain::figures::number;
use winback_domain::time::{local, moment_in_words};
use winback_local::clock::Turned;

use crate::commands::serve::LINK_BASE;
use crate::stack::{Opened, Where};
use crate::{Done, shop};

/// Make tables that were restored from a backup safe to mail from
///
/// Run it once the stack uses the restored tables (`table_suffix`), and before anything is sent from them: apply them
/// together with `sending_enabled = false`, and wait five minutes for what was under way. Every store that mails is paused first.
///
/// Where the old tables can still be read, name them: whatever was mailed, refused, forgotten, bought and redeemed since
/// the backup is carried over. They may be damaged. What keeps a mail back is believed; what would let one go (a yes, a
/// new address) is not, and comes again when the shop tells it. Where one of the two is lost, name the other.
///
/// Where they are lost, say from when on: a letter that may have left since then counts as sent, and its customer goes on
/// as after a letter without an answer. Then tell the orders of those days again with `winback import`, before you resume.
///
/// It writes under conditions only, so orders and unsubscribes may come in meanwhile. Run it again whenever it was cut
/// short; it is done when it finds nothing new.
#[derive(Debug, Args)]
pub struct Restore {
    #[command(flatten)]
    place: Where,
    /// The customers table of before the restore
    #[arg(long, value_name = "TABLE", requires = "stack", conflicts_with = "old_data")]
    old_customers: Option<String>,
    /// The ledger of before the restore
    #[arg(long, value_name = "TABLE", requires = "stack", conflicts_with = "old_data")]
    old_ledger: Option<String>,
    /// The folder of the place as it was before it was restored
    #[arg(long, value_name = "DIR", requires = "data")]
    old_data: Option<PathBuf>,
    /// Nothing is known from this moment on: that of the backup
    #[arg(long, value_name = "TIME")]
    lost_since: Option<Timestamp>,
    /// From this moment on everything is known again; without it from now on
    #[arg(long, value_name = "TIME", requires = "lost_since")]
    lost_until: Option<Timestamp>,
}

impl Restore {
    /// Runs it.
    pub async fn run(self) -> Result<Done> {
        let opened = self.place.open(Turned::real()).await?;
        let lost = self.lost(opened.cloud().clock.now())?;
        let before = self.old_data.as_deref().map(old_place).transpose()?;
        let old = match &before {
            Some(place) => Some(Old { tables: place.cloud.tables.clone(), customers: true, ledger: true }),
            None => self.old(&opened)?,
        };
        if old.is_none() && lost.is_none() {
            bail!("name what is left of the old tables (--old-customers, --old-ledger), or say since when all is lost");
        }
        if let Some(old) = &old {
            self.usable(old).await?;
        }
        let carried = opened.cloud().restore(old.as_ref(), lost).await.context("cut short: run it again")?;
        let stack = match &opened {
            Opened::There(deployed) => Some(deployed.stack.name.as_str()),
            Opened::Here(_) => None,
        };
        print!("{}", told(&carried, lost, stack));
        Ok(Done::Whole)
    }

    fn old(&self, opened: &Opened) -> Result<Option<Old>> {
        let (customers, ledger) = (self.old_customers.as_deref(), self.old_ledger.as_deref());
        if customers.is_none() && ledger.is_none() {
            return Ok(None);
        }
        let config = &opened.cloud().config;
        for (old, now) in [(customers, &config.customers_table), (ledger, &config.ledger_table)] {
            if old == Some(now.as_str()) {
                bail!("{now} is the table that is in use: name the one of before, or apply `table_suffix` first");
            }
        }
        let tables = opened.cloud().tables.named(customers.unwrap_or_default(), ledger.unwrap_or_default());
        Ok(Some(Old { tables, customers: customers.is_some(), ledger: ledger.is_some() }))
    }

    /// Asked before any store is paused: whether what is named is there, and holds something. It may be damaged; but from
    /// one that was made anew, or from the other of the two, nothing would be carried over, and all would seem well.
    async fn usable(&self, old: &Old) -> Result<()> {
        let named = [
            (&self.old_customers, Table::Customers, "stores and customers"),
            (&self.old_ledger, Table::Ledger, "orders and letters"),
        ];
        for (name, table, what) in named {
            let Some(name) = name else { continue };
            let ours = old.tables.is_ours(table).await.with_context(|| format!("there is no table {name} to read"))?;
            if !ours {
                bail!(
                    "the table {name} holds no {what}: leave it out, and say since when they are lost (--lost-since)"
                );
            }
        }
        if let Some(dir) = &self.old_data
            && !old.tables.is_ours(Table::Customers).await?
        {
            bail!("the place {} knows no store", dir.display());
        }
        Ok(())
    }

    fn lost(&self, now: Timestamp) -> Result<Option<Lost>> {
        let Some(from) = self.lost_since else { return Ok(None) };
        let until = self.lost_until.unwrap_or(now);
        if from >= until || until > now {
            bail!("what is lost begins before it ends, and ends by now");
        }
        Ok(Some(Lost { from, until: self.lost_until }))
    }
}

fn old_place(dir: &Path) -> Result<winback_local::place::Place> {
    // Opening makes a place where there is none, and nothing would be carried over from it.
    if !dir.join("winback.db").is_file() {
        bail!("{} is no place", dir.display());
    }
    shop::place(dir, Turned::real(), LINK_BASE)
}

/// What was done, and what to do next.
fn told(carried: &Carried, lost: Option<Lost>, stack: Option<&str>) -> String {
    let mut lines = Vec::new();
    for store in &carried.paused {
        lines.push(format!("The store {store} is paused: {}.", winback_domain::carry::BECAUSE));
    }
    lines.extend(carried.news.iter().map(|(kind, items)| format!("{:>9}  {kind}", number(*items))));
    if carried.news.is_empty() {
        lines.push("Nothing was left to carry over.".to_owned());
    }
    let left = carried.left.iter().map(|(why, items)| format!("{:>9}  {why}, left out", number(*items)));
    lines.extend(left);
    if let Some(lost) = lost {
        let from = moment_in_words(local(lost.from, &jiff::tz::TimeZone::UTC));
        lines.push(format!(
            "Lost since {from} UTC. Tell the orders of that time again before you resume: winback import."
        ));
    }
    lines.push(match stack {
        _ if !carried.news.is_empty() => "Next: run it again, until nothing is left to carry over.".to_owned(),
        Some(stack) => format!(
            "Next: apply `sending_enabled = true`, then winback doctor --stack {stack}, then winback resume for every store."
        ),
        None => "Next: winback resume for every store.".to_owned(),
    });
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_carried_is_counted_and_the_next_step_named() {
        let mut carried = Carried::default();
        carried.paused.push(shop::store_id("books").unwrap());
        carried.news.insert("letters", 1_200);
        carried.left.insert("orders of customers who are gone", 2);
        let lost = Lost { from: "2026-05-03T10:00:00Z".parse().unwrap(), until: None };
        let said = told(&carried, Some(lost), Some("winback"));
        assert_eq!(
            said.lines().collect::<Vec<_>>(),
            [
                "The store books is paused: restored from a backup.",
                "    1,200  letters",
                "        2  orders of customers who are gone, left out",
                "Lost since 3 May 2026 at 10:00 UTC. Tell the orders of that time again before you resume: winback import.",
                "Next: run it again, until nothing is left to carry over.",
            ]
        );
        let next = "Next: apply `sending_enabled = true`, then winback doctor --stack winback, then winback resume for every store.";
        assert_eq!(told(&Carried::default(), None, Some("winback")).lines().last(), Some(next));
    }
}
