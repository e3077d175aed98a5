//! The shops' folders of the layer become active plans; an operator's word becomes a store's state.

use std::path::Path;

use jiff::Timestamp;
use winback_cloud::{Cloud, Error, programs};
use winback_domain::file;
use winback_domain::ids::StoreId;
use winback_domain::store::{State, Store};
use winback_domain::time::day_of;

use crate::Set;

/// Activates every folder of the layer that changed. A folder with errors changes nothing: the plan before it holds.
pub async fn activate(cloud: &Cloud) -> Result<(), Error> {
    let Some(dir) = cloud.config.programs_dir.as_deref().map(Path::new).filter(|dir| dir.is_dir()) else {
        return Ok(());
    };
    for name in programs::stores(dir)? {
        let Ok(store) = StoreId::try_from(name.clone()) else {
            tracing::error!(folder = name, "a folder's name is no store's name");
            continue;
        };
        let folder = programs::read(&dir.join(&name))?;
        if let Err(problems) = file::read(&folder, 1) {
            for problem in problems {
                tracing::error!(%store, file = problem.file, problem = problem.message, "plan not activated");
            }
            continue;
        }
        cloud.tables.add_store(&Store::new(store.clone())).await?;
        let number = cloud.tables.activate(&store, &file::hash(&folder), &folder).await?;
        cloud.forget(&store);
        tracing::info!(%store, number, "plan active");
    }
    Ok(())
}

/// Sets a store's state, once per run: who tries a run again must not lift a pause that came in between. Going live
/// starts the ramp; going live again goes on with it.
pub async fn set(cloud: &Cloud, set: &Set, run: Timestamp) -> Result<(), Error> {
    let standing = cloud.standing(&set.store).await?;
    let today = day_of(cloud.clock.now(), &standing.plan.shop.time_zone);
    cloud
        .tables
        .change_store(&set.store, |store| {
            if store.state_set.is_some_and(|known| known >= run) {
                return;
            }
            store.state_set = Some(run);
            store.state = set.state;
            if set.state == State::Live {
                store.ramp_from.get_or_insert(today);
                store.paused_because = None;
                store.throttled_until = None;
                store.troubles = 0;
            }
        })
        .await?;
    cloud.forget(&set.store);
    tracing::info!(store = %set.store, state = ?set.state, "state set");
    Ok(())
}
