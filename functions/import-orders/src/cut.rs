//! The first step: the store waits, and its file is read once from end to end and cut at the ends of its orders.

use std::io::{Cursor, Read};

use tokio::sync::mpsc;
use winback_cloud::files::{self, Chunk};
use winback_cloud::{Cloud, Error};
use winback_domain::history::{self, Cut, Reading, Unusable};
use winback_domain::ids::StoreId;

use crate::names::{Parts, Piece, Upload};
use crate::{Answer, Report, Scan, Whole};

/// A part has so many bytes: some fifty thousand orders, recorded in a minute or two.
const PART: u64 = 4 * 1024 * 1024;
/// So many bytes are asked for at once while the whole is read: one piece is read, one waits, one is fetched.
const CHUNK: u64 = 2 * 1024 * 1024;

/// Cuts an upload. What an earlier try wrote is written again: it is the same.
pub async fn cut(cloud: &Cloud, Whole { upload, part_bytes }: Whole) -> Result<Answer, Error> {
    let Some(store) = upload.store() else {
        let problem = "upload it as imports/<store>/<file>.csv".to_owned();
        return refuse(cloud, &upload, problem, None).await;
    };
    let zone = match cloud.standing(&store).await {
        Ok(standing) => standing.plan.shop.time_zone.clone(),
        Err(error @ Error::UnknownStore(_)) => return refuse(cloud, &upload, error.to_string(), None).await,
        // An earlier try may have begun it.
        Err(error @ (Error::NoPlan(_) | Error::BadPlan { .. })) => {
            return give_up(cloud, store, &upload, error.to_string()).await;
        }
        Err(error) => return Err(error),
    };
    cloud.change_store(&store, |known| known.begin_import(&upload.key, upload.etag())).await?;
    let first = match cloud.files.bytes(&upload.key, &upload.etag, 0, CHUNK).await {
        Ok(first) => first,
        Err(error @ files::Error::Changed(_)) => return give_up(cloud, store, &upload, error.to_string()).await,
        Err(error) => return Err(error.into()),
    };
    let uploaded = first.uploaded.unwrap_or_else(|| cloud.clock.now());
    let known: Option<Parts> = cloud.files.read(&upload.cut()).await?;
    if let Some(Parts { count, .. }) = known.filter(|known| known.uploaded == uploaded) {
        return Ok(Answer::Cut { parts: (0..count).collect(), upload });
    }
    let assume_consent = first.assume_consent;
    let reading = Reading { zone, assume_consent, received: uploaded };
    let Cut { columns, parts } = match whole(cloud, &upload, first, reading, part_bytes.unwrap_or(PART)).await? {
        Ok(cut) => cut,
        Err(problem) => return give_up(cloud, store, &upload, problem.to_string()).await,
    };
    let numbers = 0..u32::try_from(parts.len()).unwrap_or(u32::MAX);
    for (number, part) in numbers.clone().zip(parts) {
        let piece = Piece { columns: columns.clone(), uploaded, assume_consent, part };
        cloud.files.write(&upload.part(uploaded, number), &piece).await?;
    }
    // Last: whoever finds it finds all parts.
    cloud.files.write(&upload.cut(), &Parts { count: numbers.end, uploaded }).await?;
    tracing::info!(%store, parts = numbers.end, "import begun");
    Ok(Answer::Cut { parts: numbers.collect(), upload })
}

/// Reads the whole file while it is fetched. It is never held in memory.
async fn whole(
    cloud: &Cloud,
    upload: &Upload,
    first: Chunk,
    reading: Reading,
    bytes: u64,
) -> Result<Result<Cut, Unusable>, Error> {
    let length = first.length;
    let (send, receive) = mpsc::channel(1);
    let cutting =
        tokio::task::spawn_blocking(move || history::cut(Chunks { receive, left: Cursor::default() }, reading, bytes));
    let mut from = first.bytes.len() as u64;
    let mut chunk = first;
    // A reader that has given up takes nothing more, and says why below.
    while send.send(Some(std::mem::take(&mut chunk.bytes))).await.is_ok() && from < length {
        chunk = cloud.files.bytes(&upload.key, &upload.etag, from, (from + CHUNK).min(length)).await?;
        from += chunk.bytes.len() as u64;
    }
    let _ = send.send(None).await;
    cutting.await.map_err(|_| Error::Files(files::Error::Unreadable(upload.key.clone())))
}

/// What is fetched, as something to read from. Nothing: it is the end. A sender that is gone before that is a failure.
struct Chunks {
    receive: mpsc::Receiver<Option<Vec<u8>>>,
    left: Cursor<Vec<u8>>,
}

impl Read for Chunks {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        match self.left.read(into)? {
            0 => {}
            read => return Ok(read),
        }
        match self.receive.blocking_recv() {
            Some(Some(bytes)) => self.left = Cursor::new(bytes),
            Some(None) => return Ok(0),
            None => return Err(std::io::ErrorKind::UnexpectedEof.into()),
        }
        self.left.read(into)
    }
}

/// Nothing was imported, but its store waits. Where no other import ends after this one, a scan ends it as it ends one
/// that came in: meanwhile nobody has become due.
async fn give_up(cloud: &Cloud, store: StoreId, upload: &Upload, problem: String) -> Result<Answer, Error> {
    let (key, etag) = (&upload.key, upload.etag());
    let known = cloud.change_store(&store, |known| known.end_unless_last(key, etag)).await?;
    let waits = known.after_import(key, etag).is_some();
    let scan = waits.then(|| Scan::of(store, upload, cloud.clock.now()));
    refuse(cloud, upload, problem, scan).await
}

/// Says so to whoever waits for the report.
async fn refuse(cloud: &Cloud, upload: &Upload, refused: String, scan: Option<Scan>) -> Result<Answer, Error> {
    tracing::error!(key = upload.key, refused, "import refused");
    let found = cloud.files.bytes(&upload.key, &upload.etag, 0, 1).await;
    let uploaded = found.ok().and_then(|found| found.uploaded);
    let report = Report { refused: Some(refused.clone()), uploaded, ..Report::of(upload) };
    cloud.files.write(&upload.report(), &report).await?;
    Ok(Answer::Refused { refused, scan })
}
