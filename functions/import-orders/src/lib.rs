//! History: a file of orders that a shop uploads becomes what we know of its customers. Three steps, which a state
//! machine walks: the file is cut into byte ranges, each range is read and recorded, and in the end it is told what
//! became of it. Any step may run twice, at any time, half-way: what was recorded before is known.
//!
//! Beside an upload `imports/<store>/orders.csv` lie in the end `orders.csv.report.json` and `orders.csv.bad-lines.txt`,
//! which names the lines that are no orders by their numbers and is empty where there are none. `orders.csv.import/` holds
//! what the steps hand on.

mod cut;
mod finish;
mod names;
mod part;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use winback_cloud::queue::Imported;
use winback_cloud::start::Invocation;
use winback_cloud::{Cloud, Error};
use winback_domain::ids::StoreId;

pub use crate::finish::Report;
pub use crate::names::{Upload, address};

/// One step of an import, as the state machine asks for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// The first: the file is cut into parts, and its store waits.
    Cut(Whole),
    /// One part is read and recorded.
    Part(Ranged),
    /// The last: what became of all of them.
    Finish(Upload),
}

/// A whole upload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Whole {
    /// The upload.
    #[serde(flatten)]
    pub upload: Upload,
    /// How large its parts are to be, in bytes. Nothing: as is good for most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part_bytes: Option<u64>,
}

/// One part of an upload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ranged {
    /// The upload.
    #[serde(flatten)]
    pub upload: Upload,
    /// Which part, counted from 0.
    pub number: u32,
}

/// What a step answers, and the next one is asked with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Answer {
    /// The file was cut.
    Cut {
        /// The upload.
        #[serde(flatten)]
        upload: Upload,
        /// Its parts, by number.
        parts: Vec<u32>,
    },
    /// It cannot be imported; its owner must do something. The store goes on as it was before.
    Refused {
        /// What is wrong, for whoever uploaded it.
        refused: String,
        /// What scan-customers is started with, where the store has waited for this import and now waits for no other.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        scan: Option<Scan>,
    },
    /// A part was recorded.
    Part {
        /// Orders in it.
        orders: u64,
        /// Lines that are no orders.
        bad: u64,
    },
    /// All of it was; now everybody must be looked at.
    Finished {
        /// What scan-customers is started with.
        scan: Scan,
    },
}

/// The run of scan-customers that ends an import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scan {
    /// The run's time.
    pub scheduled_at: Timestamp,
    /// The import that has ended.
    pub imported: Imported,
}

impl Scan {
    fn of(store: StoreId, upload: &Upload, now: Timestamp) -> Self {
        let imported = Imported { store, key: upload.key.clone(), etag: upload.etag().to_owned() };
        Self { scheduled_at: now, imported }
    }
}

/// Does one step.
pub async fn handle(cloud: &Cloud, step: Step, invocation: Invocation) -> Result<Answer, Error> {
    match step {
        Step::Cut(whole) => Box::pin(cut::cut(cloud, whole)).await,
        Step::Part(ranged) => Box::pin(part::part(cloud, &ranged, invocation)).await,
        Step::Finish(upload) => Box::pin(finish::finish(cloud, &upload)).await,
    }
}
