//! How a platform lets us read its orders: a line of the parameter that also says how codes are made in it.
//!
//! ```text
//! bigcommerce STORE_HASH TOKEN
//! ```
//!
//! and those of [`crate::codes::Access`]. No code is made in BigCommerce, so its line opens orders and nothing else.

use std::fmt;

use crate::codes::access::{Door, SHORTEST_KEY, base_of};
use crate::codes::{Access, NotAnAccess};
use crate::webhook::Platform;

/// A platform whose orders can be read. It never shows its keys.
#[derive(Clone, PartialEq, Eq)]
pub enum Source {
    /// Shopify: a token with `read_orders`.
    Shopify(Door),
    /// WooCommerce: a key that may read.
    WooCommerce(Door),
    /// Stripe: a live key that may read events.
    Stripe(Door),
    /// BigCommerce: a token of an API account that may read orders.
    BigCommerce(Door),
}

/// The line lets nobody in. It does not say which line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotASource {
    /// BigCommerce's.
    #[error("BigCommerce's line is: bigcommerce STORE_HASH TOKEN")]
    BigCommerce,
    /// No platform that we know.
    #[error("a line begins with shopify, woocommerce, stripe or bigcommerce")]
    Platform,
    /// Another platform's.
    #[error(transparent)]
    Other(NotAnAccess),
}

impl From<NotAnAccess> for NotASource {
    fn from(error: NotAnAccess) -> Self {
        if error == NotAnAccess::Store { Self::Platform } else { Self::Other(error) }
    }
}

impl Source {
    /// Reads a line.
    ///
    /// # Errors
    /// [`NotASource`] where no platform would open.
    pub fn parse(line: &str) -> Result<Self, NotASource> {
        let mut words = line.split_whitespace();
        if words.next() == Some(Platform::BigCommerce.word()) {
            return bigcommerce(&words.collect::<Vec<_>>());
        }
        Ok(match Access::parse(line)? {
            Access::Shopify(door) => Self::Shopify(door),
            Access::WooCommerce(door) => Self::WooCommerce(door),
            Access::Stripe(door) => Self::Stripe(door),
        })
    }

    /// Whether a line opens orders and nothing else.
    pub fn opens_orders_alone(line: &str) -> bool {
        matches!(Self::parse(line), Ok(Self::BigCommerce(_)))
    }

    /// Whose orders.
    pub fn platform(&self) -> Platform {
        match self {
            Self::Shopify(_) => Platform::Shopify,
            Self::WooCommerce(_) => Platform::WooCommerce,
            Self::Stripe(_) => Platform::Stripe,
            Self::BigCommerce(_) => Platform::BigCommerce,
        }
    }
}

fn bigcommerce(words: &[&str]) -> Result<Source, NotASource> {
    let (words, base) = match words {
        [words @ .., last] if last.starts_with("base=") => {
            let base = last.strip_prefix("base=").and_then(base_of);
            (words, base.ok_or(NotASource::Other(NotAnAccess::Setting))?)
        }
        words => (words, "https://api.bigcommerce.com".to_owned()),
    };
    let plain = |word: &str| word.bytes().all(|b| b.is_ascii_alphanumeric());
    let [hash, token] = words else { return Err(NotASource::BigCommerce) };
    if hash.is_empty() || !plain(hash) || token.len() < SHORTEST_KEY || !token.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(NotASource::BigCommerce);
    }
    let key = ("x-auth-token", (*token).to_owned());
    Ok(Source::BigCommerce(Door { base: format!("{base}/stores/{hash}"), key }))
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({}, …)", self.platform().word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BIGCOMMERCE: &str = "bigcommerce abc123 token_for_a_test_only";

    #[test]
    fn every_platform_with_a_key_is_a_source_of_orders() {
        let platform = |line: &str| Source::parse(line).map(|source| source.platform());
        assert_eq!(platform(BIGCOMMERCE), Ok(Platform::BigCommerce));
        assert_eq!(platform("stripe sk_live_for_a_test_only"), Ok(Platform::Stripe));
        assert_eq!(platform("shopify example-books.myshopify.com shpat_for_a_test_only"), Ok(Platform::Shopify));
        assert!(Source::opens_orders_alone(BIGCOMMERCE) && !Source::opens_orders_alone("stripe sk_live_for_a_test"));
        let Ok(Source::BigCommerce(door)) = Source::parse(&format!("{BIGCOMMERCE} base=http://127.0.0.1:8080")) else {
            panic!("an address may stand in")
        };
        assert_eq!(door.base, "http://127.0.0.1:8080/stores/abc123");
    }

    #[test]
    fn what_opens_nothing_is_refused_and_no_key_is_shown() {
        for line in
            ["bigcommerce", "bigcommerce abc123", "bigcommerce abc/123 token_for_a_test_only", "bigcommerce a short"]
        {
            assert_eq!(Source::parse(line), Err(NotASource::BigCommerce), "{line}");
        }
        assert_eq!(Source::parse("own hush"), Err(NotASource::Platform));
        assert_eq!(
            Source::parse(&format!("{BIGCOMMERCE} base=http://shop.example")),
            Err(NotASource::Other(NotAnAccess::Setting))
        );
        let shown = format!("{:?}", Source::parse(BIGCOMMERCE).unwrap());
        assert!(!shown.contains("test_only"), "{shown}");
    }
}
