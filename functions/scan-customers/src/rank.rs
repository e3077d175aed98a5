//! Who goes first: where a shop limits its mails, its best customers do.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::ToSpan;
use jiff::civil::Date;
use winback_cloud::queue::Imported;
use winback_cloud::{Cloud, Error};
use winback_domain::ids::StoreId;
use winback_domain::plan::Plan;
use winback_domain::store::{Imports, RANKED_DAYS, Ranking, State, Store};
use winback_domain::time::day_of;

use crate::pass::Found;
use crate::{Run, activate, standing};

/// The stores that are to be ranked: all whose history is in.
pub type Stores = BTreeMap<StoreId, Asked>;

/// A store as it will be.
pub struct Asked {
    pub store: Store,
    pub plan: Arc<Plan>,
    pub today: Date,
    /// It goes live with its ranking, in one write: before it is known who goes first, nobody goes.
    goes_live: bool,
    /// The imports that ran when it was asked. Where others run by now, it does not go live in the middle of them.
    imports: Option<Imports>,
}

impl Asked {
    /// Whether somebody has to wait for others.
    pub fn is_limited(&self) -> bool {
        self.store.allowance(&self.plan.shop, self.today).is_some()
    }

    fn go_live(&self, known: &mut Store, run: &Run) {
        match &run.imported {
            _ if known.imports == self.imports => activate::go_live(known, self.today, run),
            Some(Imported { key, etag, .. }) => known.end_import(key, etag),
            None => tracing::warn!(store = %known.id, "an import began: not set live"),
        }
    }

    /// The last day that a ranking made today speaks of.
    pub fn last_day(&self) -> Date {
        days(self.today).last().unwrap_or(self.today)
    }

    /// Nobody knows yet who goes first.
    pub fn is_unranked(&self) -> bool {
        self.is_limited() && self.store.ranking.is_none()
    }
}

/// The stores to be ranked, the one that a run sets live as it will be then.
pub async fn stores(cloud: &Cloud, run: &Run) -> Result<Stores, Error> {
    let goes_live = run.set.as_ref().filter(|set| set.state == State::Live).map(|set| &set.store);
    if let Some(store) = goes_live {
        // An operator's mistake is told to the operator.
        cloud.standing(store).await?;
    }
    let mut stores = Stores::new();
    for id in cloud.tables.stores().await? {
        let Some(standing) = standing(cloud, &id).await? else { continue };
        let (mut store, plan) = (standing.store, standing.plan);
        let today = day_of(cloud.clock.now(), &plan.shop.time_zone);
        let goes_live = goes_live == Some(&id);
        let imports = store.imports.clone();
        if goes_live && run.imported.is_none() && store.state == State::Paused {
            // Whoever resumes it has looked: what had stopped it counts no more.
            cloud.tables.forget_health(&id, today).await?;
        }
        if goes_live {
            // A ranking of before knows nothing of the ramp.
            store.ranking = store.ranking.filter(|_| store.state == State::Live);
            activate::go_live(&mut store, today, run);
        }
        if store.state != State::Importing {
            stores.insert(id, Asked { store, plan, today, goes_live, imports });
        }
    }
    Ok(stores)
}

/// Writes the rankings of those stores. What goes live does so here, in the same write.
pub async fn put(cloud: &Cloud, run: &Run, stores: &mut Stores, mut found: Found) -> Result<(), Error> {
    for (id, asked) in stores {
        let crowd = found.crowds.remove(id).unwrap_or_default();
        let promised = days(asked.today).map(|day| crowd.promised.get(&day).copied().unwrap_or(0)).collect();
        asked.store.ranking = Ranking::make(&asked.store, &asked.plan.shop, asked.today, crowd.waiting, promised);
        let goes_live = std::mem::take(&mut asked.goes_live);
        let change = |known: &mut Store| {
            known.ranking.clone_from(&asked.store.ranking);
            if goes_live {
                asked.go_live(known, run);
            }
        };
        cloud.tables.change_store(id, change).await?;
        cloud.forget(id);
    }
    Ok(())
}

/// Sets live what goes live and needed no ranking first.
pub async fn set_live(cloud: &Cloud, run: &Run, stores: &mut Stores) -> Result<(), Error> {
    for (id, asked) in stores.iter_mut().filter(|(_, asked)| asked.goes_live) {
        asked.goes_live = false;
        cloud.tables.change_store(id, |known| asked.go_live(known, run)).await?;
        cloud.forget(id);
    }
    Ok(())
}

/// The days a ranking speaks of.
fn days(today: Date) -> impl Iterator<Item = Date> {
    (0..RANKED_DAYS).map(move |ahead| today.saturating_add(i64::try_from(ahead).unwrap_or(0).days()))
}
