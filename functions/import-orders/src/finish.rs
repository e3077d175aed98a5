//! The last step: what became of all parts, for the shop to read, and who ends the import.

use std::fmt::Write as _;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use winback_cloud::{Cloud, Error};

use crate::names::{Parts, Upload, missing};
use crate::part::Done;
use crate::{Answer, Scan};

/// What became of an upload.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// What S3 calls the content that was imported.
    pub etag: String,
    /// When it was uploaded: the same content again is another import.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "jiff::fmt::serde::timestamp::second::optional")]
    pub uploaded: Option<Timestamp>,
    /// Orders that were taken in, or known before.
    pub orders: u64,
    /// Lines that are no orders: they stand in the file of bad lines beside the upload.
    pub bad_lines: u64,
    /// Why nothing was imported, where that is so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

impl Report {
    /// Of an upload of which nothing is known yet.
    pub fn of(upload: &Upload) -> Self {
        Self { etag: upload.etag().to_owned(), ..Self::default() }
    }
}

/// Writes the report and the file of bad lines. The store stays as it is until the scan that ends the import.
pub async fn finish(cloud: &Cloud, upload: &Upload) -> Result<Answer, Error> {
    let store = upload.store().ok_or_else(|| missing(upload.key.clone()))?;
    let parts: Option<Parts> = cloud.files.read(&upload.cut()).await?;
    let Parts { count, uploaded } = parts.ok_or_else(|| missing(upload.cut()))?;
    let mut report = Report { uploaded: Some(uploaded), ..Report::of(upload) };
    let mut bad_lines = String::new();
    for number in 0..count {
        let done: Option<Done> = cloud.files.read(&upload.done(uploaded, number)).await?;
        let done = done.ok_or_else(|| missing(upload.done(uploaded, number)))?;
        report.orders += done.orders;
        report.bad_lines += done.bad.len() as u64;
        for (line, problem) in done.bad {
            // Writing into a string does not fail.
            let _ = writeln!(bad_lines, "line {line}: {problem}");
        }
    }
    // Also where there are none: an earlier upload of the same name may have left some.
    cloud.files.write_text(&upload.bad_lines(), bad_lines).await?;
    cloud.files.write(&upload.report(), &report).await?;
    tracing::info!(%store, orders = report.orders, bad = report.bad_lines, "import recorded");
    Ok(Answer::Finished { scan: Scan::of(store, upload, cloud.clock.now()) })
}
