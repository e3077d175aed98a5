//! The names of an upload and of the files beside it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use winback_cloud::{Error, files};
use winback_domain::history::Part;
use winback_domain::ids::StoreId;

/// A file in the bucket, as it was when it was uploaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upload {
    /// `imports/<store>/<file>.csv`
    pub key: String,
    /// What S3 calls this content. Another upload under the same key has another one.
    pub etag: String,
}

/// Where a store's history is uploaded to.
pub fn address(store: &StoreId, file: &str) -> String {
    format!("imports/{store}/{file}")
}

impl Upload {
    /// Whose history it is: the folder below `imports`. Nothing, where that is no store's name.
    pub fn store(&self) -> Option<StoreId> {
        let (store, file) = self.key.strip_prefix("imports/")?.split_once('/')?;
        (!file.is_empty()).then(|| StoreId::try_from(store.to_owned()).ok()).flatten()
    }

    /// How the whole file was cut.
    pub fn cut(&self) -> String {
        format!("{}.import/{}/cut.json", self.key, self.etag())
    }

    /// One part of it, before it is read. The same content that was uploaded again has parts of its own.
    pub fn part(&self, uploaded: Timestamp, number: u32) -> String {
        self.of_import(uploaded, &format!("part-{number:05}.json"))
    }

    /// What became of one part.
    pub fn done(&self, uploaded: Timestamp, number: u32) -> String {
        self.of_import(uploaded, &format!("part-{number:05}.done.json"))
    }

    /// What became of all of it.
    pub fn report(&self) -> String {
        format!("{}.report.json", self.key)
    }

    /// The lines that are no orders. It does not end in `.csv`: it would be imported.
    pub fn bad_lines(&self) -> String {
        format!("{}.bad-lines.txt", self.key)
    }

    /// What S3 calls the content, without the quotes that it writes in headers.
    pub fn etag(&self) -> &str {
        self.etag.trim_matches('"')
    }

    fn of_import(&self, uploaded: Timestamp, file: &str) -> String {
        format!("{}.import/{}/{}/{file}", self.key, self.etag(), uploaded.as_second())
    }
}

/// A file that an earlier step has left is not there.
pub fn missing(name: String) -> Error {
    files::Error::Changed(name).into()
}

/// How a file was cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parts {
    /// How many parts it has.
    pub count: u32,
    /// When the file was uploaded.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub uploaded: Timestamp,
}

/// What the reader of a part needs to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// The names of the file's columns.
    pub columns: Vec<String>,
    /// When the file was uploaded: no order in it is placed later.
    pub uploaded: Timestamp,
    /// Everybody in it agreed to mail, where it has no column for that.
    pub assume_consent: bool,
    /// Its place in the file.
    pub part: Part,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_says_whose_history_it_is() {
        let upload = |key: &str| Upload { key: key.to_owned(), etag: "\"5d41\"".to_owned() };
        assert_eq!(upload("imports/books/orders.csv").store().unwrap().as_str(), "books");
        assert_eq!(upload("imports/books/2025/orders.csv").store().unwrap().as_str(), "books");
        for nobody in ["imports/orders.csv", "imports/books/", "reports/books/orders.csv", "imports/B#/orders.csv"] {
            assert_eq!(upload(nobody).store(), None, "{nobody}");
        }
        let upload = upload("imports/books/orders.csv");
        let uploaded = Timestamp::from_second(1_700_000_000).unwrap();
        assert_eq!(upload.part(uploaded, 7), "imports/books/orders.csv.import/5d41/1700000000/part-00007.json");
    }
}
