//! Asks the stores for what their webhooks may have missed: every night, or when somebody asks. What is found takes the way
//! of a webhook's event, by the same queue.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use winback_cloud::start::Invocation;
use winback_cloud::{Cloud, Error};
use winback_domain::ids::StoreId;
use winback_domain::pull::Source;

const SECONDS_A_DAY: i64 = 86_400;
/// So many places on from one day to the next. A prime, so that each store is first in its time.
const STRIDE: usize = 7_919;

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
        None => from_another_each_day(cloud.tables.stores().await?, run.scheduled_at),
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

/// The stores, from another one on each day. Where a run's time is over before its end it is not always the same ones whose
/// turn does not come: not even behind several, side by side, that let us wait.
fn from_another_each_day(mut stores: Vec<StoreId>, scheduled_at: Timestamp) -> Vec<StoreId> {
    let day = usize::try_from(scheduled_at.as_second() / SECONDS_A_DAY).unwrap_or_default();
    let first = day.wrapping_mul(STRIDE) % stores.len().max(1);
    stores.rotate_left(first);
    stores
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
        // The time of the run is over for everybody.
        Err(Error::TimeUp) => return Err(Error::TimeUp),
        Err(error) => {
            tracing::error!(%store, platform, %error, "orders not pulled");
            return Ok(None);
        }
    };
    if let Some(reach) = pulled.reach {
        tracing::warn!(%store, platform, from = %pulled.from, %reach, "what is older cannot be read any more");
    }
    let (read, missed, forgotten) = (pulled.read, pulled.missed.len(), pulled.forgotten);
    tracing::info!(%store, platform, read, missed, forgotten, from = %pulled.from, mark = %pulled.mark, "orders pulled");
    Ok(Some((read, missed)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_store_is_the_first_one_some_day() {
        let stores: Vec<StoreId> = (0..40).map(|n| StoreId::try_from(format!("store-{n:02}")).unwrap()).collect();
        let mut first = std::collections::BTreeSet::new();
        for day in 0..40 {
            let at = Timestamp::from_second(1_770_000_000 + day * SECONDS_A_DAY).unwrap();
            let mut order = from_another_each_day(stores.clone(), at);
            first.insert(order[0].clone());
            order.sort();
            assert_eq!(order, stores, "nobody is left out");
        }
        assert_eq!(first.len(), 40);
        assert_eq!(from_another_each_day(Vec::new(), Timestamp::UNIX_EPOCH), []);
    }
}
