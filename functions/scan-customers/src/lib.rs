//! The auditor: reads every customer, makes sure that nobody was forgotten, and says who goes first. It also turns the
//! shops' folders of its layer into active plans.

mod activate;
mod pages;
mod pass;
mod rank;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use winback_cloud::queue::Imported;
use winback_cloud::standing::Standing;
use winback_cloud::start::Invocation;
use winback_cloud::{Cloud, Error};
use winback_domain::ids::StoreId;
use winback_domain::store::State;

use crate::pass::Pass;
use crate::rank::Asked;

/// What starts a run: the schedule, or an operator.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Run {
    /// When this run was due. The same on a retry, which then goes on where the first try stopped.
    pub scheduled_at: Timestamp,
    /// Sets a store's state first: `live` starts its ramp, `paused` stops it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set: Option<Set>,
    /// An import has ended: its store goes on as it was before, once everybody was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported: Option<Imported>,
}

impl Run {
    /// What it was started for, beside the schedule; the same on a retry.
    fn errand(&self) -> String {
        match (&self.imported, &self.set) {
            (Some(imported), _) => format!("import {} {}", imported.key, imported.etag),
            (None, Some(set)) => format!("set {} {:?}", set.store, set.state),
            (None, None) => String::new(),
        }
    }
}

/// A store's new state.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Set {
    /// Which store.
    pub store: StoreId,
    /// Its state from now on.
    pub state: State,
}

/// What a run found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audit {
    /// Customers read.
    pub customers: u64,
    /// Whose next look was missing or too late: nobody should ever be.
    pub restored: u64,
    /// Whose next look was computed under an older plan.
    pub stamped: u64,
    /// Who was forgotten because their store wants everybody forgotten.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub forgotten: u64,
}

fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// Activates what the layer brings, reads every customer, ranks those who wait.
///
/// Every reading of the table goes on where an earlier try of the same run stopped.
pub async fn handle(cloud: &Cloud, mut run: Run, invocation: Invocation) -> Result<Audit, Error> {
    activate::activate(cloud).await?;
    if let Some(imported) = &run.imported {
        run.set = activate::after_import(cloud, imported).await?;
    }
    // A pause holds at once; going live waits until it is known who goes first.
    if let Some(set) = run.set.as_ref().filter(|set| set.state != State::Live) {
        activate::set(cloud, set, &run).await?;
    }
    let mut stores = rank::stores(cloud, &run).await?;
    // `due` is written once it is known who goes first; every other night the ranking of the night before will do.
    let unranked = stores.values().any(Asked::is_unranked);
    if unranked {
        let found = pages::all(cloud, &run, &Pass::listens(cloud, &stores), invocation).await?;
        rank::put(cloud, &run, &mut stores, found).await?;
    }
    rank::set_live(cloud, &run, &mut stores).await?;
    let mut found = pages::all(cloud, &run, &Pass::audits(cloud, &stores), invocation).await?;
    let audit = std::mem::take(&mut found.audit);
    rank::put(cloud, &run, &mut stores, found).await?;
    tracing::info!(?audit, "scanned");
    Ok(audit)
}

/// A store's standing; nothing where an operator or the shop must mend something first: one store's trouble is no reason
/// to forget the others' customers.
async fn standing(cloud: &Cloud, store: &StoreId) -> Result<Option<Standing>, Error> {
    match cloud.standing(store).await {
        Ok(standing) => Ok(Some(standing)),
        Err(error @ (Error::UnknownStore(_) | Error::NoPlan(_) | Error::BadPlan { .. })) => {
            tracing::error!(%store, %error, "store left out");
            Ok(None)
        }
        Err(error) => Err(error),
    }
}
