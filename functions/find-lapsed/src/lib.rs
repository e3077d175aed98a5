//! The pump: looks whose time has come and puts hints on the queue, no more than can be sent until the next run.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use winback_cloud::queue::Hint;
use winback_cloud::start::Invocation;
use winback_cloud::{Cloud, Error};
use winback_domain::store::State;

/// The schedule runs once in so many seconds.
const INTERVAL_SECONDS: f64 = 60.0;

/// What the schedule sends: the time it was meant for, the same on a retry.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Tick {
    /// When this run was due.
    pub scheduled_at: Timestamp,
}

/// What a run did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pumped {
    /// Hints put on the queue.
    pub hints: usize,
}

/// Tops the queue up to one interval's worth of mails. Hints are not remembered: one that is put there twice finds
/// nothing to do the second time.
pub async fn handle(cloud: &Cloud, _: Tick, _: Invocation) -> Result<Pumped, Error> {
    let rate = cloud.mailer.rate().await.unwrap_or_else(|problem| {
        tracing::warn!(problem, "no sending rate from SES; one mail a second is assumed");
        1.0
    });
    let room = room(rate, cloud.queues.depth().await?);
    let now = cloud.clock.now();
    let stores = cloud.tables.stores().await?;
    let mut left = room;
    let (mut hints, mut oldest) = (0, now);
    for (index, store) in stores.iter().enumerate() {
        // Paused stores too: what was called off is cleaned up. Before going live nobody is due.
        let state = cloud.tables.store(store).await?.map(|store| store.state);
        if !matches!(state, Some(State::Live | State::Paused)) {
            continue;
        }
        // An even share of what is left, so that one store's crowd does not starve the others.
        let share = left.div_ceil(stores.len() - index);
        let due = cloud.tables.due(store, now, share).await?;
        if state == Some(State::Live) {
            // With no room on the queue nobody was read, and somebody may wait all the same.
            let first =
                if share == 0 { cloud.tables.first_due(store).await? } else { due.iter().map(|(_, at)| *at).min() };
            oldest = oldest.min(first.unwrap_or(now));
        }
        let found: Vec<_> = due.into_iter().map(|(customer, _)| Hint { store: store.clone(), customer }).collect();
        cloud.queues.hint(&found).await?;
        left -= found.len().min(left);
        hints += found.len();
    }
    // An alarm reads how long the longest waiting has been due.
    let oldest_due_seconds = now.duration_since(oldest).as_secs();
    tracing::info!(hints, room, oldest_due_seconds, "pumped");
    Ok(Pumped { hints })
}

/// How many hints fit on the queue until the next run, for a rate of mails a second.
fn room(rate: f64, depth: u32) -> usize {
    // A rate is at most some thousands a second, so the cast loses nothing.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded just before")]
    let most = (rate.clamp(0.0, 100_000.0) * INTERVAL_SECONDS).ceil() as usize;
    most.saturating_sub(depth as usize)
}

#[cfg(test)]
mod tests {
    use super::room;

    #[test]
    fn the_queue_never_holds_more_than_a_minute_of_mail() {
        assert_eq!(room(14.0, 0), 840);
        assert_eq!(room(14.0, 800), 40);
        assert_eq!(room(14.0, 900), 0);
        assert_eq!(room(0.0, 0), 0);
    }
}
