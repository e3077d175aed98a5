//! History comes in as on AWS: a file is uploaded, and the steps that a state machine walks there are walked here.

use anyhow::{Result, bail};
use import_orders::{Answer, Ranged, Report, Scan, Step, Upload, Whole, address};
use winback_domain::ids::StoreId;
use winback_domain::store::Store;

use super::Place;
use crate::place::Audit;

/// What became of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// Orders that were taken in, or known before.
    pub orders: u64,
    /// The lines that are no orders, as they stand beside the upload.
    pub bad_lines: Vec<String>,
    /// The scan that ended the import.
    pub audit: Audit,
}

impl Place {
    /// Takes a store's history in. While it comes in nobody becomes due; in the end everybody is looked at, and the store
    /// goes on as it was: a new one rehearses.
    ///
    /// `tell` learns of every part that is done: how many, and of how many.
    pub async fn import(
        &self,
        store: &StoreId,
        file: Vec<u8>,
        assume_consent: bool,
        tell: &mut dyn FnMut(u32, u32),
    ) -> Result<Taken> {
        // An import that was cut short with its process will not end by itself.
        self.overseer.tables.change_store(store, Store::forget_imports).await?;
        let key = address(store, "orders.csv");
        let etag = self.overseer.files.upload(&key, file, assume_consent).await?;
        let upload = Upload { key, etag };
        let parts = match self.import_step(Step::Cut(Whole { upload: upload.clone(), part_bytes: None })).await? {
            Answer::Cut { parts, .. } => parts,
            Answer::Refused { refused, scan } => {
                if let Some(scan) = scan {
                    self.end_import(scan).await?;
                }
                bail!(refused)
            }
            other => bail!("an import that was to be cut answers {other:?}"),
        };
        let all = u32::try_from(parts.len()).unwrap_or(u32::MAX);
        for (done, number) in (1..).zip(parts) {
            self.import_step(Step::Part(Ranged { upload: upload.clone(), number })).await?;
            tell(done, all);
        }
        let Answer::Finished { scan } = self.import_step(Step::Finish(upload.clone())).await? else {
            bail!("an import that is over answers something else");
        };
        let audit = self.end_import(scan).await?;
        let report: Option<Report> = self.overseer.files.read(&upload.report()).await?;
        let bad_lines = self.overseer.files.read_text(&upload.bad_lines()).await?.unwrap_or_default();
        let bad_lines = bad_lines.lines().map(str::to_owned).collect();
        Ok(Taken { orders: report.unwrap_or_default().orders, bad_lines, audit })
    }

    async fn end_import(&self, Scan { scheduled_at, imported }: Scan) -> Result<Audit> {
        self.run_scan(scan_customers::Run { scheduled_at, set: None, imported: Some(imported) }).await
    }

    async fn import_step(&self, step: Step) -> Result<Answer> {
        Ok(Box::pin(import_orders::handle(&self.cloud, step, self.invocation())).await?)
    }
}
