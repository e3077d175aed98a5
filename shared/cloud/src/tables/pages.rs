//! How far a run over all customers got: it leaves a record of every page it has done, so that a run that was cut short
//! goes on behind the last one and still knows what it found before.

use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Error, Table, Tables, Write, to_item};
use crate::keys::Key;

/// A page that was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The run it belongs to: the time it was scheduled for. The next run writes over it.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub run: Timestamp,
    /// What that run was started for, beside the schedule: two runs of one second are two.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub errand: String,
    /// The next page begins here; nothing: this was the segment's last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// What was found on it.
    pub found: T,
}

impl Tables {
    /// The record of a page, whatever run left it.
    pub async fn page<T: DeserializeOwned>(&self, key: &Key) -> Result<Option<Page<T>>, Error> {
        self.load(Table::Customers, key).await
    }

    /// Leaves the record of a page.
    pub async fn put_page<T: Serialize>(&self, key: &Key, page: &Page<T>) -> Result<(), Error> {
        self.commit(vec![Write::put(Table::Customers, key, to_item(key, page)?)]).await.map(|_| ())
    }
}

impl Tables {
    /// The run that scan-customers last read a page in; nothing: it never did.
    pub async fn last_scan(&self) -> Result<Option<Timestamp>, Error> {
        let page: Option<Page<serde::de::IgnoredAny>> = self.page(&Key::Page("audit".to_owned(), 0, 0)).await?;
        Ok(page.map(|page| page.run))
    }
}
