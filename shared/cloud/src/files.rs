//! The bucket: what shops upload, and what becomes of it.

use aws_config::SdkConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::{RequestChecksumCalculation, ResponseChecksumValidation};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::Duration;

/// A part of a file of some megabytes takes a second or two.
const ANSWER: Duration = Duration::from_secs(60);
const CONNECT: Duration = Duration::from_secs(2);
/// An operator may upload a large file over a slow line.
const SLOWEST_BYTES_A_SECOND: u64 = 100_000;
/// Said of an upload by its owner, as metadata of S3: everybody in it agreed to mail.
const ASSUME_CONSENT: &str = "assume-consent";

/// The bucket did not give or take a file.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// S3 did not do it. Trying again later is right.
    #[error("S3: {0}")]
    Failed(String),
    /// The file is not there any more, or not the one that was meant. Whoever changed it uploads it again.
    #[error("{0} is gone, or another file has its name now")]
    Changed(String),
    /// A file of ours does not read. An operator must look.
    #[error("{0} cannot be read")]
    Unreadable(String),
}

/// Some bytes of an upload, and what S3 knows of the whole.
#[derive(Clone, Debug, Default)]
pub struct Chunk {
    /// The bytes.
    pub bytes: Vec<u8>,
    /// How long the whole file is.
    pub length: u64,
    /// When it was uploaded.
    pub uploaded: Option<Timestamp>,
    /// Its owner says that everybody in it agreed to mail.
    pub assume_consent: bool,
}

/// One bucket.
#[derive(Clone, Debug)]
pub struct Files {
    client: Client,
    bucket: String,
}

impl Files {
    /// Over the shared configuration, with the time that large answers take.
    pub fn new(sdk: &SdkConfig, bucket: String) -> Self {
        let timeouts = TimeoutConfig::builder().connect_timeout(CONNECT).operation_attempt_timeout(ANSWER).build();
        let config = aws_sdk_s3::config::Builder::from(sdk)
            .timeout_config(timeouts)
            // TLS guards the way; a checksum of every part would be computed for nothing.
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
        Self { client: Client::from_conf(config.build()), bucket }
    }

    /// The bytes of a file from one to before another, as long as it is still the upload that `etag` names.
    pub async fn bytes(&self, key: &str, etag: &str, from: u64, to: u64) -> Result<Chunk, Error> {
        if from >= to {
            return Ok(Chunk::default());
        }
        let request = self.client.get_object().bucket(&self.bucket).key(key).if_match(quoted(etag));
        let mut answer = match request.range(format!("bytes={from}-{}", to - 1)).send().await {
            Ok(answer) => answer,
            Err(error) => {
                return match (error.code(), status(&error)) {
                    // Nothing lies behind the end of a file, nor in an empty one.
                    (Some("InvalidRange"), _) | (_, Some(416)) => Ok(Chunk::default()),
                    (Some("PreconditionFailed" | "NoSuchKey"), _) | (_, Some(412 | 404)) => {
                        Err(Error::Changed(key.to_owned()))
                    }
                    _ => Err(failed(&error)),
                };
            }
        };
        let length = answer.content_range().and_then(|range| range.rsplit_once('/')?.1.parse().ok());
        let uploaded = answer.last_modified().and_then(|at| Timestamp::from_second(at.secs()).ok());
        let said = answer.metadata().and_then(|said| said.get(ASSUME_CONSENT));
        let assume_consent = said.is_some_and(|said| said == "yes");
        let expected = answer.content_length().and_then(|length| usize::try_from(length).ok());
        let mut bytes = Vec::with_capacity(expected.unwrap_or_default());
        while let Some(some) =
            answer.body.try_next().await.map_err(|_| Error::Failed("the answer broke off".to_owned()))?
        {
            bytes.extend_from_slice(&some);
        }
        Ok(Chunk { length: length.unwrap_or(bytes.len() as u64), bytes, uploaded, assume_consent })
    }

    /// A file of ours, if it is there.
    pub async fn read<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>, Error> {
        let Some(bytes) = self.whole(key).await? else { return Ok(None) };
        serde_json::from_slice(&bytes).map(Some).map_err(|_| Error::Unreadable(key.to_owned()))
    }

    /// A text for people, if it is there.
    pub async fn read_text(&self, key: &str) -> Result<Option<String>, Error> {
        let bytes = self.whole(key).await?;
        Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    }

    /// Writes a file of ours, over whatever has its name.
    pub async fn write(&self, key: &str, content: &impl Serialize) -> Result<(), Error> {
        let bytes = serde_json::to_vec(content).map_err(|_| Error::Unreadable(key.to_owned()))?;
        self.put(key, bytes, "application/json", false).await.map(|_| ())
    }

    /// Writes a text for people.
    pub async fn write_text(&self, key: &str, text: String) -> Result<(), Error> {
        self.put(key, text.into_bytes(), "text/plain; charset=utf-8", false).await.map(|_| ())
    }

    /// Removes a file of ours. One that is not there is as good as removed.
    pub async fn remove(&self, key: &str) -> Result<(), Error> {
        let removed = self.client.delete_object().bucket(&self.bucket).key(key).send().await;
        removed.map(|_| ()).map_err(|error| failed(&error))
    }

    /// Uploads a shop's file, as its owner does. Answers what S3 calls its content.
    pub async fn upload(&self, key: &str, bytes: Vec<u8>, assume_consent: bool) -> Result<String, Error> {
        let etag = self.put(key, bytes, "text/csv", assume_consent).await?;
        Ok(etag.unwrap_or_default())
    }

    async fn whole(&self, key: &str) -> Result<Option<Vec<u8>>, Error> {
        match self.client.get_object().bucket(&self.bucket).key(key).send().await {
            Ok(answer) => {
                let body = answer.body.collect().await;
                Ok(Some(body.map_err(|_| Error::Failed("the answer broke off".to_owned()))?.to_vec()))
            }
            // S3 says "forbidden" of what is not there to whoever may not list it. Who may not read at all fails at what must
            // be there, and may not write either.
            Err(error) if error.code() == Some("NoSuchKey") || matches!(status(&error), Some(403 | 404)) => Ok(None),
            Err(error) => Err(failed(&error)),
        }
    }

    async fn put(&self, key: &str, bytes: Vec<u8>, kind: &str, consent: bool) -> Result<Option<String>, Error> {
        let request = self.client.put_object().bucket(&self.bucket).key(key).content_type(kind);
        let request = if consent { request.metadata(ASSUME_CONSENT, "yes") } else { request };
        let time = ANSWER + Duration::from_secs(bytes.len() as u64 / SLOWEST_BYTES_A_SECOND);
        let time = TimeoutConfig::builder().connect_timeout(CONNECT).operation_attempt_timeout(time).build();
        let patient = aws_sdk_s3::config::Builder::new().timeout_config(time);
        request
            .body(bytes.into())
            .customize()
            .config_override(patient)
            .send()
            .await
            .map(|answer| answer.e_tag)
            .map_err(|error| failed(&error))
    }
}

/// S3 writes an etag in quotes in its headers, and without them in its events.
fn quoted(etag: &str) -> String {
    format!("\"{}\"", etag.trim_matches('"'))
}

fn status<E>(error: &SdkError<E>) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}

fn failed<E: ProvideErrorMetadata>(error: &SdkError<E>) -> Error {
    Error::Failed(error.code().unwrap_or("no answer").to_owned())
}
