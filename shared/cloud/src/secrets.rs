//! Secrets from SSM, loaded on first use. What is rotated is kept for five minutes, for one where there is reason to
//! doubt it; the keys of customers and of codes as long as the process lives.

use std::collections::BTreeMap;
use std::sync::Mutex;

use aws_sdk_ssm::Client;
use aws_sdk_ssm::error::ProvideErrorMetadata;
use jiff::{SignedDuration, Timestamp};
use winback_domain::ids::StoreId;
use winback_domain::keys::{Key, LinkKeys};

/// A rotated secret is in use everywhere after so long.
const KEPT: SignedDuration = SignedDuration::from_mins(5);
/// Whoever sends bad signatures makes us ask SSM so often and no more.
const KEPT_IN_DOUBT: SignedDuration = SignedDuration::from_mins(1);
/// With another lookup key every customer would be somebody else; a code is stored with its message, so that it is all
/// the same which key made it.
const KEPT_FOR_GOOD: SignedDuration = SignedDuration::MAX;

/// A secret is not to be had.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// SSM has none by that name. The operator writes it.
    #[error("no secret {0}")]
    Missing(String),
    /// It is there and makes no sense. The operator mends it.
    #[error("secret {0}: {1}")]
    Malformed(String, &'static str),
    /// SSM did not answer. Trying again later is right.
    #[error("SSM: {0}")]
    Failed(String),
}

/// All secrets below a prefix.
#[derive(Debug)]
pub struct Secrets {
    client: Client,
    prefix: String,
    known: Mutex<BTreeMap<String, (Timestamp, String)>>,
}

impl Secrets {
    /// Over an SDK client.
    pub fn new(client: Client, prefix: String) -> Self {
        Self { client, prefix, known: Mutex::default() }
    }

    /// The key that addresses and store ids are hashed with. Never rotated.
    pub async fn lookup(&self, now: Timestamp) -> Result<Key, Error> {
        self.get("keys/lookup", now, KEPT_FOR_GOOD).await.map(|text| Key::new(text.into_bytes()))
    }

    /// The key that codes are derived with.
    pub async fn code(&self, now: Timestamp) -> Result<Key, Error> {
        self.get("keys/code", now, KEPT_FOR_GOOD).await.map(|text| Key::new(text.into_bytes()))
    }

    /// The keys that sign links: one a line, `id:secret`, the signing one first.
    pub async fn links(&self, now: Timestamp) -> Result<LinkKeys, Error> {
        let text = self.get("keys/link", now, KEPT).await?;
        let malformed = || Error::Malformed(self.path("keys/link"), "lines of `id:secret` are wanted, ids 0 to 255");
        let line = |line: &str| {
            let (id, secret) = line.split_once(':')?;
            Some((id.trim().parse().ok()?, Key::new(secret.trim().as_bytes().to_vec())))
        };
        let mut keys: Vec<_> =
            lines(&text).into_iter().map(|text| line(text).ok_or_else(malformed)).collect::<Result<_, _>>()?;
        if keys.is_empty() {
            return Err(malformed());
        }
        let first = keys.remove(0);
        Ok(LinkKeys::new(first, keys))
    }

    /// The secrets a store signs with: one a line, two while one is rotated. In doubt, after a bad
    /// signature, SSM is asked again, at most once a minute: the secret may be new.
    pub async fn webhook(&self, store: &StoreId, now: Timestamp, doubt: bool) -> Result<Vec<String>, Error> {
        let kept = if doubt { KEPT_IN_DOUBT } else { KEPT };
        let text = self.get(&webhook(store), now, kept).await?;
        Ok(owned(&text))
    }

    /// How a store's platforms let us in: one a line. Nothing where none is written.
    pub async fn access(&self, store: &StoreId, now: Timestamp) -> Result<Vec<String>, Error> {
        match self.get(&access(store), now, KEPT).await {
            Ok(text) => Ok(owned(&text)),
            Err(Error::Missing(_)) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// What the link domain proves itself with: one a line, two while one is rotated.
    pub async fn origin(&self, now: Timestamp, doubt: bool) -> Result<Vec<String>, Error> {
        let kept = if doubt { KEPT_IN_DOUBT } else { KEPT };
        Ok(owned(&self.get("keys/origin", now, kept).await?))
    }

    fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.prefix)
    }

    async fn get(&self, name: &str, now: Timestamp, kept: SignedDuration) -> Result<String, Error> {
        let path = self.path(name);
        let known = self.known.lock().ok().and_then(|known| known.get(&path).cloned());
        if let Some((_, text)) = known.filter(|(at, _)| now.duration_since(*at) < kept) {
            return Ok(text);
        }
        let request = self.client.get_parameter().name(&path).with_decryption(true);
        let answer = request.send().await.map_err(|error| match error.code() {
            Some("ParameterNotFound") => Error::Missing(path.clone()),
            code => Error::Failed(code.unwrap_or("no answer").to_owned()),
        })?;
        let text = answer.parameter.and_then(|parameter| parameter.value);
        let text = text.ok_or_else(|| Error::Missing(path.clone()))?;
        if let Ok(mut known) = self.known.lock() {
            known.insert(path, (now, text.clone()));
        }
        Ok(text)
    }
}

/// The name, below the prefix, of the parameter with a store's webhook secrets.
pub fn webhook(store: &StoreId) -> String {
    format!("stores/{store}/webhook-secrets")
}

/// The name, below the prefix, of the parameter that says how a store's platforms let us in.
pub fn access(store: &StoreId) -> String {
    format!("stores/{store}/access")
}

/// The lines of a parameter that hold something.
pub fn lines(text: &str) -> Vec<&str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect()
}

fn owned(text: &str) -> Vec<String> {
    lines(text).into_iter().map(str::to_owned).collect()
}
