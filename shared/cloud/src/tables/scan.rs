//! How far a scan got: one mark per segment, so that a run that was cut short goes on.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Error, Table, Tables, Write, to_item};
use crate::keys::Key;

/// Where a segment of a scan stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The run it belongs to: the time it was scheduled for.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub run: Timestamp,
    /// The next page begins here; nothing: the segment is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl Tables {
    /// The mark of a segment, whatever run left it.
    pub async fn mark(&self, segment: u32) -> Result<Option<Mark>, Error> {
        self.load(Table::Customers, &Key::Scan(segment)).await
    }

    /// Leaves a mark.
    pub async fn put_mark(&self, segment: u32, mark: &Mark) -> Result<(), Error> {
        let key = Key::Scan(segment);
        self.commit(vec![Write::put(Table::Customers, &key, to_item(&key, mark)?)]).await.map(|_| ())
    }
}
