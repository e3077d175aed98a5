//! The shops' folders of the layer become active plans; an operator's word becomes a store's state.

use std::path::Path;

use jiff::civil::Date;
use winback_cloud::queue::Imported;
use winback_cloud::{Cloud, Error, programs};
use winback_domain::check::check;
use winback_domain::file::{self, Severity};
use winback_domain::ids::StoreId;
use winback_domain::store::{State, Store};

use crate::{Run, Set};

/// Activates every folder of the layer that changed. A folder with errors changes nothing: the plan before it holds, and
/// the other folders are activated all the same.
pub async fn activate(cloud: &Cloud) -> Result<(), Error> {
    let Some(dir) = cloud.config.programs_dir.as_deref().map(Path::new).filter(|dir| dir.is_dir()) else {
        return Ok(());
    };
    for name in programs::stores(dir)? {
        let Ok(store) = StoreId::try_from(name.clone()) else {
            tracing::error!(folder = name, "a folder's name is no store's name");
            continue;
        };
        if let Err(error) = one(cloud, &store, &dir.join(&name)).await {
            tracing::error!(%store, %error, "plan not activated");
        }
    }
    Ok(())
}

async fn one(cloud: &Cloud, store: &StoreId, dir: &Path) -> Result<(), Error> {
    let folder = programs::read(dir)?;
    let checked = check(&folder);
    if checked.plan.is_none() {
        for problem in checked.problems.iter().filter(|problem| problem.severity == Severity::Error) {
            tracing::error!(%store, file = problem.file, problem = problem.message, "plan not activated");
        }
        return Ok(());
    }
    cloud.tables.add_store(&Store::new(store.clone())).await?;
    let number = cloud.tables.activate(store, &file::hash(&folder), &folder).await?;
    cloud.forget(store);
    tracing::info!(%store, number, "plan active");
    Ok(())
}

/// What a store is set to because an import has ended. Nothing where another one still runs, or somebody set its state
/// in between: then the import is only forgotten, in the same write, so that of two which end at once one is the last.
///
/// The import stays known until the state is set, so that a run which dies in between is done again.
pub async fn after_import(cloud: &Cloud, imported: &Imported) -> Result<Option<Set>, Error> {
    let Imported { store, key, etag } = imported;
    let known = cloud.change_store(store, |known| known.end_unless_last(key, etag)).await?;
    Ok(known.after_import(key, etag).map(|state| Set { store: store.clone(), state }))
}

/// Sets a store's state to one that does not mail.
pub async fn set(cloud: &Cloud, set: &Set, run: &Run) -> Result<(), Error> {
    let change = |store: &mut Store| {
        if first_try(store, run) {
            store.state = set.state;
        }
    };
    cloud.change_store(&set.store, change).await?;
    tracing::info!(store = %set.store, state = ?set.state, "state set");
    Ok(())
}

/// The store once it is live: the ramp starts, or goes on; what had paused it is over.
pub fn go_live(store: &mut Store, today: Date, run: &Run) {
    if first_try(store, run) {
        store.state = State::Live;
        store.imports = None;
        store.ramp_from.get_or_insert(today);
        store.paused_because = None;
        store.throttled_until = None;
        store.troubles = 0;
    }
}

/// A run sets a store's state once: tried again, it must not lift a pause that came in between. The run that ends an import
/// sets it where the import waits for nothing but that; else the import is only forgotten.
fn first_try(store: &mut Store, run: &Run) -> bool {
    let first = match &run.imported {
        Some(Imported { key, etag, .. }) => {
            let waits = store.after_import(key, etag).is_some();
            store.end_import(key, etag);
            waits
        }
        None => store.state_set.is_none_or(|known| known < run.scheduled_at),
    };
    if first {
        store.state_set = store.state_set.max(Some(run.scheduled_at));
    }
    first
}
