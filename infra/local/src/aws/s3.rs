//! The stand-in for S3: objects in memory, read by byte ranges. Whoever imports a file here still has it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use jiff::Timestamp;

use super::faults::Permission;
use super::lock;
use super::seam::Answer;

/// What a key of metadata begins with in a header.
const METADATA: &str = "x-amz-meta-";

/// A request to S3.
#[derive(Debug)]
pub(crate) struct Request {
    bucket: String,
    key: String,
    wish: Wish,
}

#[derive(Debug)]
enum Wish {
    Get { range: Option<(usize, usize)>, if_match: Option<String> },
    Put { body: Vec<u8>, metadata: BTreeMap<String, String> },
    Delete,
}

/// An object as S3 tells of it: when it was put, and what it is called.
#[derive(Debug)]
struct Object {
    bytes: Vec<u8>,
    etag: String,
    at: Timestamp,
    metadata: BTreeMap<String, String>,
}

/// S3 in this process.
#[derive(Debug, Default)]
pub(crate) struct S3(Mutex<BTreeMap<(String, String), Arc<Object>>>);

impl S3 {
    /// The names of the files that begin so, in order.
    pub(crate) fn names(&self, start: &str) -> Vec<String> {
        lock(&self.0).keys().map(|(_, key)| key).filter(|key| key.starts_with(start)).cloned().collect()
    }
}

impl Request {
    /// Reads a request; nothing: it is not for S3. The bucket is in the host's name, or first in the path.
    pub(crate) fn read(request: &HttpRequest, body: &[u8]) -> Option<(&'static str, Result<Self, Answer>)> {
        let uri = http::Uri::try_from(request.uri()).ok()?;
        let path = decoded(uri.path().trim_start_matches('/'));
        let (bucket, key) = match uri.host().unwrap_or_default().split_once(".s3.") {
            Some((bucket, _)) => (bucket.to_owned(), path),
            None => path.split_once('/').map(|(bucket, key)| (bucket.to_owned(), key.to_owned()))?,
        };
        let headers = request.headers();
        let (operation, wish) = match request.method() {
            "GET" => {
                let range = headers.get("range").map(|range| {
                    let (from, to) = range.strip_prefix("bytes=")?.split_once('-')?;
                    Some((from.parse().ok()?, to.parse::<usize>().ok()? + 1))
                });
                let if_match = headers.get("if-match").map(str::to_owned);
                match range {
                    Some(None) => ("GetObject", Err(refused(400, "InvalidArgument"))),
                    range => ("GetObject", Ok(Wish::Get { range: range.flatten(), if_match })),
                }
            }
            "PUT" => {
                let metadata = headers
                    .iter()
                    .filter_map(|(name, value)| Some((name.strip_prefix(METADATA)?.to_owned(), value.to_owned())));
                ("PutObject", Ok(Wish::Put { body: body.to_vec(), metadata: metadata.collect() }))
            }
            "DELETE" => ("DeleteObject", Ok(Wish::Delete)),
            _ => ("unknown", Err(refused(501, "NotImplemented"))),
        };
        Some((operation, wish.map(|wish| Self { bucket, key, wish })))
    }

    pub(crate) fn permissions(&self) -> Vec<Permission> {
        let action = match self.wish {
            Wish::Get { .. } => "s3:GetObject",
            Wish::Put { .. } => "s3:PutObject",
            Wish::Delete => "s3:DeleteObject",
        };
        vec![Permission::new(action, format!("{}/{}", self.bucket, self.key))]
    }
}

impl S3 {
    pub(crate) fn carry_out(&self, request: Request, now: Timestamp) -> Answer {
        let Request { bucket, key, wish } = request;
        match wish {
            Wish::Get { range, if_match } => {
                let known = lock(&self.0).get(&(bucket, key)).cloned();
                known.map_or_else(|| refused(404, "NoSuchKey"), |object| object.get(range, if_match.as_deref()))
            }
            Wish::Delete => {
                lock(&self.0).remove(&(bucket, key));
                Answer::bytes(204, Vec::new())
            }
            Wish::Put { body, metadata } => {
                let etag = format!("\"{:x}\"", md5::compute(&body));
                let answer = Answer::bytes(200, Vec::new()).with("etag", etag.clone());
                lock(&self.0).insert((bucket, key), Arc::new(Object { bytes: body, etag, at: now, metadata }));
                answer
            }
        }
    }
}

impl Object {
    fn get(&self, range: Option<(usize, usize)>, if_match: Option<&str>) -> Answer {
        if if_match.is_some_and(|wanted| wanted != self.etag) {
            return refused(412, "PreconditionFailed");
        }
        let length = self.bytes.len();
        let answer = match range {
            None => Answer::bytes(200, self.bytes.clone()),
            Some((from, _)) if from >= length => return refused(416, "InvalidRange"),
            Some((from, to)) => {
                let to = to.min(length);
                let told = format!("bytes {from}-{}/{length}", to - 1);
                Answer::bytes(206, self.bytes[from..to].to_vec()).with("content-range", told)
            }
        };
        let at = self.at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let answer = answer.with("etag", self.etag.clone()).with("last-modified", at);
        self.metadata
            .iter()
            .fold(answer, |answer, (name, value)| answer.with(format!("{METADATA}{name}"), value.clone()))
    }
}

pub(crate) fn refused(status: u16, code: &str) -> Answer {
    let body = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>{code}</Code></Error>");
    Answer::bytes(status, body.into_bytes()).with("content-type", "application/xml".to_owned())
}

/// A path without its percent signs.
fn decoded(path: &str) -> String {
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        let hex = more.get(..2).and_then(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok());
        match hex.filter(|_| *first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = &more[2..];
            }
            None => {
                bytes.push(*first);
                rest = more;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use aws_sdk_s3::Client;
    use aws_sdk_s3::error::ProvideErrorMetadata;

    use crate::aws::tests::stack;

    #[tokio::test]
    async fn a_range_of_a_file_is_read_as_long_as_it_is_that_file() {
        let client = Client::new(stack().config());
        let put = |text: &str| {
            let put = client.put_object().bucket("files").key("imports/books/a file.csv");
            put.metadata("assume-consent", "yes").body(text.as_bytes().to_vec().into()).send()
        };
        let first = put("one,two").await.unwrap();
        let get = client.get_object().bucket("files").key("imports/books/a file.csv");
        let get = get.if_match(first.e_tag().unwrap()).range("bytes=4-90");
        let answer = get.clone().send().await.unwrap();
        assert_eq!(answer.content_range(), Some("bytes 4-6/7"));
        assert_eq!(answer.metadata().unwrap()["assume-consent"], "yes");
        assert_eq!(answer.last_modified().unwrap().secs() % 60, 0);
        assert_eq!(answer.body.collect().await.unwrap().to_vec(), b"two");
        put("three").await.unwrap();
        assert_eq!(get.send().await.unwrap_err().code(), Some("PreconditionFailed"));
        let nothing = client.get_object().bucket("files").key("imports/nothing").send().await.unwrap_err();
        assert!(nothing.as_service_error().unwrap().is_no_such_key());
    }
}
