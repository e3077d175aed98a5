//! One part: its orders are recorded, and its bad lines kept.

use std::collections::VecDeque;

use futures_util::future::{try_join, try_join_all};
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;
use winback_cloud::record::Whom;
use winback_cloud::start::Invocation;
use winback_cloud::{Cloud, Error, files};
use winback_domain::event::Event;
use winback_domain::history::{self, Reading};
use winback_domain::ids::StoreId;

use crate::names::{Parts, Piece, missing};
use crate::{Answer, Ranged};

/// So many orders are recorded side by side. Those of one customer stand in one lane, so that none waits for another.
/// No more than thirty: beyond that `try_join_all` hears of a lane's failure only once those before it have ended.
const LANES: usize = 30;
/// So many wait in a lane: enough that a crowd in one does not leave the others idle, and little beside the part's bytes.
const WAITING: usize = 64;
/// What must be left of an invocation to begin another order.
const TIME_FOR_ONE_SECONDS: i64 = 20;

/// What became of a part.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// Orders in it.
    pub orders: u64,
    /// Lines that are no orders: their numbers in the file, and what is wrong.
    pub bad: Vec<(u64, String)>,
}

/// Reads and records one part. Of one that was done before only the outcome is read.
pub async fn part(cloud: &Cloud, ranged: &Ranged, invocation: Invocation) -> Result<Answer, Error> {
    let Ranged { upload, number } = ranged;
    let store = upload.store().ok_or_else(|| missing(upload.key.clone()))?;
    let parts: Option<Parts> = cloud.files.read(&upload.cut()).await?;
    let Parts { uploaded, .. } = parts.ok_or_else(|| missing(upload.cut()))?;
    if let Some(done) = cloud.files.read::<Done>(&upload.done(uploaded, *number)).await? {
        return Ok(answer(&done));
    }
    let piece: Option<Piece> = cloud.files.read(&upload.part(uploaded, *number)).await?;
    let piece = piece.ok_or_else(|| missing(upload.part(uploaded, *number)))?;
    let zone = cloud.standing(&store).await?.plan.shop.time_zone.clone();
    let reading = Reading { zone, assume_consent: piece.assume_consent, received: piece.uploaded };
    let bytes = cloud.files.bytes(&upload.key, &upload.etag, piece.part.from, piece.part.to).await?.bytes;
    let unreadable = |_| Error::Files(files::Error::Unreadable(upload.key.clone()));
    let lines = history::part(bytes.as_slice(), &piece.columns, &piece.part, reading).map_err(unreadable)?;
    let latest = invocation.until.saturating_sub(TIME_FOR_ONE_SECONDS.seconds()).unwrap_or(Timestamp::MIN);
    let (lanes, ends): (Vec<_>, Vec<_>) = (0..LANES).map(|_| mpsc::channel(WAITING)).unzip();
    let read = async move {
        let mut done = Done::default();
        for line in lines {
            match line {
                Ok(event) => {
                    done.orders += 1;
                    // A lane that is gone has failed, and ends all of this.
                    let _ = lanes[lane(&event)].send(event).await;
                }
                Err(bad) => done.bad.push((bad.line, bad.problem)),
            }
        }
        Ok(done)
    };
    let recorded = try_join_all(ends.into_iter().map(|lane| record(cloud, &store, lane, latest)));
    let (done, _) = try_join(read, recorded).await?;
    cloud.files.write(&upload.done(uploaded, *number), &done).await?;
    tracing::info!(%store, number, orders = done.orders, bad = done.bad.len(), "part imported");
    Ok(answer(&done))
}

async fn record(
    cloud: &Cloud,
    store: &StoreId,
    mut lane: mpsc::Receiver<Event>,
    latest: Timestamp,
) -> Result<(), Error> {
    let mut contended = VecDeque::new();
    loop {
        let next = lane.recv().await;
        let Some(event) = next.or_else(|| contended.pop_front()) else { return Ok(()) };
        if cloud.clock.now() > latest {
            return Err(Error::TimeUp);
        }
        match Box::pin(cloud.record(store, &Whom::Named(event.who.clone()), &event)).await {
            // An address that many use stands in every part, and every part is read by somebody else: the others first.
            Err(Error::Contended) => contended.push_back(event),
            recorded => recorded.map(|_| ())?,
        }
    }
}

/// The lane of an order's customer.
fn lane(event: &Event) -> usize {
    let address = event.who.email.as_ref().map_or("", |email| email.as_str());
    address.bytes().fold(0, |sum, byte| (sum * 31 + usize::from(byte)) % LANES)
}

fn answer(done: &Done) -> Answer {
    Answer::Part { orders: done.orders, bad: done.bad.len() as u64 }
}
