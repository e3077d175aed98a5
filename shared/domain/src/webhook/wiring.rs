//! What a store is wired with: for each platform it speaks through one secret, and two while one is rotated.

use std::fmt;

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};

use super::Error;

/// The least length of a key of Standard Webhooks, in bytes.
const SHORTEST_KEY: usize = 24;
/// The least length of a platform's secret. WooCommerce takes a blank one and signs with what anybody can compute.
const SHORTEST_SECRET: usize = 16;

/// Whose dialect a store speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Platform {
    /// Ours: events as our schemas say, signed by the rules of Standard Webhooks.
    Own,
    /// Shopify.
    Shopify,
    /// WooCommerce.
    WooCommerce,
    /// Stripe.
    Stripe,
    /// BigCommerce.
    BigCommerce,
}

impl Platform {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Own, Self::Shopify, Self::WooCommerce, Self::Stripe, Self::BigCommerce];

    /// Its name in files, secrets and commands.
    pub fn word(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Shopify => "shopify",
            Self::WooCommerce => "woocommerce",
            Self::Stripe => "stripe",
            Self::BigCommerce => "bigcommerce",
        }
    }

    /// The platform of a name.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|platform| platform.word() == word)
    }
}

/// One secret of a store, and the dialect it opens. It never shows itself.
#[derive(Clone, PartialEq, Eq)]
pub struct Wiring {
    /// Whose dialect.
    pub platform: Platform,
    /// What the platform's HMAC is keyed with.
    key: Vec<u8>,
    /// WooCommerce has no field for consent; the shop's plugin keeps it in an order's `meta_data` under this key.
    pub consent_field: Option<String>,
}

/// The text is not a secret. It does not say which text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotASecret {
    /// Ours.
    #[error("a webhook secret is whsec_ and at least 24 bytes in base 64")]
    Own,
    /// Stripe's.
    #[error("Stripe's signing secret begins with whsec_")]
    Stripe,
    /// Any other platform's.
    #[error("a secret of at least 16 characters is wanted: a blank or short one can be guessed")]
    Short,
    /// A word after the secret.
    #[error("after the secret only consent=KEY may stand, and only for woocommerce")]
    Setting,
}

impl Wiring {
    /// Reads a line: `[PLATFORM] SECRET [consent=KEY]`. Without a platform it is our own dialect's.
    ///
    /// # Errors
    /// [`NotASecret`] where nothing could be verified with it, or anything.
    pub fn parse(line: &str) -> Result<Self, NotASecret> {
        let mut words = line.split_whitespace();
        let first = words.next().unwrap_or_default();
        let (platform, secret) = match Platform::named(first) {
            Some(platform) => (platform, words.next().unwrap_or_default()),
            None => (Platform::Own, first),
        };
        let mut consent_field = None;
        for word in words {
            match (platform, word.split_once('=')) {
                (Platform::WooCommerce, Some(("consent", key))) if !key.is_empty() => {
                    consent_field = Some(key.to_owned());
                }
                _ => return Err(NotASecret::Setting),
            }
        }
        let key = match platform {
            Platform::Own => {
                let key = BASE64.decode(secret.strip_prefix("whsec_").unwrap_or(secret).as_bytes()).ok();
                key.filter(|key| key.len() >= SHORTEST_KEY).ok_or(NotASecret::Own)?
            }
            Platform::Stripe if !secret.starts_with("whsec_") => return Err(NotASecret::Stripe),
            // Whoever forgot the secret and not the setting.
            _ if secret.len() < SHORTEST_SECRET || secret.starts_with("consent=") => return Err(NotASecret::Short),
            Platform::Stripe | Platform::Shopify | Platform::WooCommerce | Platform::BigCommerce => {
                secret.as_bytes().to_vec()
            }
        };
        Ok(Self { platform, key, consent_field })
    }

    /// HMAC-SHA256 over the parts, one after the other.
    pub(super) fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes keys of any length");
        parts.iter().for_each(|part| mac.update(part));
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for Wiring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Wiring({}, …)", self.platform.word())
    }
}

/// The wiring whose secret made one of the given signatures over the parts.
///
/// Every pair is compared, whichever fits: how long it takes tells nobody which secret or signature did.
pub(super) fn whose<'w>(wired: &[&'w Wiring], parts: &[&[u8]], given: &[Vec<u8>]) -> Result<&'w Wiring, Error> {
    let mut whose = None;
    for wiring in wired {
        let mut holds = Choice::from(0);
        let mac = wiring.mac(parts);
        for signature in given {
            holds |= mac.ct_eq(signature.as_slice());
        }
        if bool::from(holds) {
            whose = whose.or(Some(*wiring));
        }
    }
    whose.ok_or(Error::BadSignature)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_its_platform_or_is_ours() {
        let platform = |line: &str| Wiring::parse(line).map(|wiring| wiring.platform);
        assert_eq!(platform("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"), Ok(Platform::Own));
        assert_eq!(platform("C2FVsBQIhrscChlQIMV+b5sSYspob7oD"), Ok(Platform::Own));
        assert_eq!(platform("shopify shpss_0123456789abcdef"), Ok(Platform::Shopify));
        assert_eq!(platform("stripe whsec_0123456789abcdef"), Ok(Platform::Stripe));
        assert_eq!(platform("bigcommerce 0123456789abcdef"), Ok(Platform::BigCommerce));
        let woo = Wiring::parse("woocommerce 0123456789abcdef consent=_newsletter").unwrap();
        assert_eq!((woo.platform, woo.consent_field.as_deref()), (Platform::WooCommerce, Some("_newsletter")));
    }

    #[test]
    fn what_anybody_could_guess_is_refused() {
        let refused = |line: &str| Wiring::parse(line).unwrap_err();
        assert_eq!(refused("woocommerce"), NotASecret::Short);
        assert_eq!(refused("woocommerce consent=_newsletter_field"), NotASecret::Short);
        assert_eq!(refused("woocommerce  \t"), NotASecret::Short);
        assert_eq!(refused("shopify hush"), NotASecret::Short);
        assert_eq!(refused("stripe 0123456789abcdef"), NotASecret::Stripe);
        assert_eq!(refused("whsec_"), NotASecret::Own);
        assert_eq!(refused(""), NotASecret::Own);
        assert_eq!(refused("shopify 0123456789abcdef consent=x"), NotASecret::Setting);
    }

    #[test]
    fn it_never_shows_itself() {
        let wiring = Wiring::parse("stripe whsec_0123456789abcdef").unwrap();
        assert_eq!(format!("{wiring:?}"), "Wiring(stripe, …)");
    }
}
