//! Standard Webhooks 1.0: `v1,<base64>` of HMAC-SHA256 over `{id}.{timestamp}.{body}`.

use std::fmt;

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

use super::{Error, LARGEST, Verified};

/// The header with the delivery's id: the same on a retry.
pub const ID: &str = "webhook-id";
/// The header with the moment of signing, in unix seconds: another on a retry.
pub const TIMESTAMP: &str = "webhook-timestamp";
/// The header with the signatures, separated by spaces.
pub const SIGNATURE: &str = "webhook-signature";

/// How far a timestamp may be off, in either direction.
const TOLERANCE_SECONDS: u64 = 5 * 60;
/// The specification's least length of a key, in bytes. It also keeps out a secret left blank.
const SHORTEST_KEY: usize = 24;

/// A secret both sides know. It never shows itself.
#[derive(Clone)]
pub struct Secret(Vec<u8>);

/// The text is not a secret. It does not say which text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a webhook secret is whsec_ and at least 24 bytes in base 64")]
pub struct NotASecret;

impl Secret {
    /// Reads `whsec_<base64>`; the prefix may be missing.
    pub fn parse(text: &str) -> Result<Self, NotASecret> {
        let text = text.trim();
        let text = text.strip_prefix("whsec_").unwrap_or(text);
        let key = BASE64.decode(text.as_bytes()).map_err(|_| NotASecret)?;
        if key.len() >= SHORTEST_KEY { Ok(Self(key)) } else { Err(NotASecret) }
    }

    fn mac(&self, id: &str, timestamp: &str, body: &[u8]) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The three headers, as they came; empty where one is missing.
#[derive(Clone, Copy, Debug)]
pub struct Headers<'a> {
    /// `webhook-id`
    pub id: &'a str,
    /// `webhook-timestamp`
    pub timestamp: &'a str,
    /// `webhook-signature`
    pub signature: &'a str,
}

impl<'a> Headers<'a> {
    /// Picks them out of whatever holds a request's headers.
    pub fn find(header: impl Fn(&str) -> Option<&'a str>) -> Self {
        let text = |name| header(name).unwrap_or_default();
        Self { id: text(ID), timestamp: text(TIMESTAMP), signature: text(SIGNATURE) }
    }
}

/// Checks a body against its headers. Any of the store's secrets may have signed it, with any of the signatures.
///
/// # Errors
/// [`Error::TooLarge`], [`Error::Stale`], [`Error::BadSignature`].
pub fn verify<'a>(
    headers: Headers<'_>,
    body: &'a [u8],
    secrets: &[Secret],
    now: Timestamp,
) -> Result<Verified<'a>, Error> {
    if body.len() > LARGEST {
        return Err(Error::TooLarge);
    }
    let signed_at: i64 = headers.timestamp.parse().map_err(|_| Error::BadSignature)?;
    if headers.id.is_empty() {
        return Err(Error::BadSignature);
    }
    let given: Vec<Vec<u8>> = headers
        .signature
        .split(' ')
        .filter_map(|one| BASE64.decode(one.strip_prefix("v1,")?.as_bytes()).ok())
        .collect();
    // Every pair is compared, whichever fits: how long it takes tells nobody which secret or signature did.
    let mut holds = Choice::from(0);
    for secret in secrets {
        let expected = secret.mac(headers.id, headers.timestamp, body);
        for signature in &given {
            holds |= expected.ct_eq(signature.as_slice());
        }
    }
    if !bool::from(holds) {
        Err(Error::BadSignature)
    } else if signed_at.abs_diff(now.as_second()) > TOLERANCE_SECONDS {
        Err(Error::Stale)
    } else {
        Ok(Verified { body })
    }
}

/// The value of `webhook-signature` for a body. `timestamp` is the value of `webhook-timestamp`, in whole seconds.
pub fn sign(secret: &Secret, id: &str, timestamp: Timestamp, body: &[u8]) -> String {
    let mac = secret.mac(id, &timestamp.as_second().to_string(), body);
    format!("v1,{}", BASE64.encode(&mac))
}

#[cfg(test)]
mod tests;
