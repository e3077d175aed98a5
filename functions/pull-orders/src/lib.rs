//! Asks the stores for what their webhooks may have missed: every night, or when somebody asks. What is found takes the way
//! of a webhook's event, by the same queue.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use winback_cloud::start::Invocation;
use winback_cloud::{Cloud, Error};
use winback_domain::ids::StoreId;
use winback_domain::pull::Source;

/// What starts a run: the schedule, or an operator.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Run {
    /// When this run was due. A retry needs no more: each platform goes on at its mark.
    pub scheduled_at: Timestamp,
    /// This store alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub store: Option<StoreId>,
    /// What changed since then, instead of since the last run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
}

/// What a run found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Found {
    /// Platforms that were asked.
    pub platforms: usize,
    /// Orders that were read.
    pub read: usize,
    /// Those of them that no webhook had told of, or only of an earlier state.
    pub missed: usize,
}

/// Asks every platform of every store that somebody gave a key to.
///
/// # Errors
/// One platform's trouble is no reason not to ask the others: [`Error::NotPulled`] comes at the end.
pub async fn handle(cloud: &Cloud, run: Run, invocation: Invocation) -> Result<Found, Error> {
    let stores = match &run.store {
        Some(store) => vec![store.clone()],
        None => cloud.tables.stores().await?,
    };
    let (mut found, mut troubles) = (Found::default(), 0);
    for store in stores {
        // A platform that took us out lets us in no more, until somebody sets the store going again.
        if cloud.tables.store(&store).await?.is_none_or(|known| known.is_gone()) {
            continue;
        }
        for source in cloud.sources(&store).await? {
            found.platforms += 1;
            match pull(cloud, &store, &source, run.since, invocation).await? {
                Some((read, missed)) => {
                    found.read += read;
                    found.missed += missed;
                }
                None => troubles += 1,
            }
        }
    }
    if troubles > 0 { Err(Error::NotPulled(troubles)) } else { Ok(found) }
}

/// One platform: how many orders were read, and how many of them missed. Nothing where that is for an operator to mend, or
/// for another try.
async fn pull(
    cloud: &Cloud,
    store: &StoreId,
    source: &Source,
    since: Option<Timestamp>,
    invocation: Invocation,
) -> Result<Option<(usize, usize)>, Error> {
    let platform = source.platform().word();
    let pulled = match cloud.pull(store, source, since, invocation.until).await {
        Ok(Ok(pulled)) => pulled,
        Ok(Err(trouble)) => {
            tracing::error!(%store, platform, %trouble, "orders not pulled");
            return Ok(None);
        }
        Err(error @ (Error::NoPlan(_) | Error::BadPlan { .. })) => {
            tracing::error!(%store, platform, %error, "orders not pulled");
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    if let Some(reach) = pulled.reach {
        tracing::warn!(%store, platform, from = %pulled.from, %reach, "what is older cannot be read any more");
    }
    let (read, missed, forgotten) = (pulled.read, pulled.missed.len(), pulled.forgotten);
    tracing::info!(%store, platform, read, missed, forgotten, from = %pulled.from, mark = %pulled.mark, "orders pulled");
    Ok(Some((read, missed)))
}
