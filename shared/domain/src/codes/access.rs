//! How a store lets us in: one line of a secret parameter.
//!
//! ```text
//! shopify example-books.myshopify.com shpat_…
//! woocommerce https://shop.example ck_… cs_…
//! stripe sk_live_…                               (or rk_live_…, a key that may write coupons and promotion codes)
//! ```
//!
//! A last word `base=http://127.0.0.1:8080` replaces scheme and host of every address, for tests and for a proxy beside
//! us. Keys are never sent in the clear: without TLS only to this very machine.

use std::fmt;

use data_encoding::BASE64;

use super::Authority;
use super::shopify::Shopify;
use super::stripe::Stripe;
use super::withdrawing::Dialect;
use super::woocommerce::WooCommerce;

/// The version of Shopify's API that the questions are written in; it lives for a year.
/// <https://shopify.dev/docs/api/usage/versioning>
pub(crate) const SHOPIFY_VERSION: &str = "2026-10";
/// The version of Stripe's API that the questions are written in. <https://docs.stripe.com/api/versioning>
pub(crate) const STRIPE_VERSION: &str = "2025-09-30.clover";
/// No key of any store is shorter.
pub(crate) const SHORTEST_KEY: usize = 16;

/// How a store lets us in. It never shows its keys.
#[derive(Clone, PartialEq, Eq)]
pub enum Access {
    /// Shopify: the shop's domain and a token with `write_discounts`.
    Shopify(Door),
    /// WooCommerce: where its pages are, and a key that may read and write.
    WooCommerce(Door),
    /// Stripe: a live key.
    Stripe(Door),
}

/// Where to ask, and the header that opens.
#[derive(Clone, PartialEq, Eq)]
pub struct Door {
    /// Scheme, host and what comes before the API's own path; no slash at the end.
    pub(crate) base: String,
    /// The header's name and value.
    pub(crate) key: (&'static str, String),
}

/// The line lets nobody in. It does not say which line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAnAccess {
    /// No store that we know.
    #[error("a line begins with shopify, woocommerce or stripe")]
    Store,
    /// Shopify's.
    #[error("Shopify's line is: shopify SHOP.myshopify.com shpat_…")]
    Shopify,
    /// WooCommerce's.
    #[error("WooCommerce's line is: woocommerce https://ADDRESS ck_… cs_…")]
    WooCommerce,
    /// Stripe's. A key of test mode makes codes nobody can use.
    #[error("Stripe's line is: stripe sk_live_… (or rk_live_…)")]
    Stripe,
    /// After the keys.
    #[error("after the keys only base=https://ADDRESS may stand, or base=http://127.0.0.1:PORT")]
    Setting,
}

impl Access {
    /// Reads a line.
    ///
    /// # Errors
    /// [`NotAnAccess`] where no store would open.
    pub fn parse(line: &str) -> Result<Self, NotAnAccess> {
        let mut words: Vec<&str> = line.split_whitespace().collect();
        let instead = match words.last().and_then(|word| word.strip_prefix("base=")) {
            Some(base) => Some(base_of(base).ok_or(NotAnAccess::Setting)?),
            None => None,
        };
        if instead.is_some() {
            words.pop();
        }
        let base = |host: &str| instead.clone().unwrap_or_else(|| format!("https://{host}"));
        match words.first().copied().and_then(Authority::named) {
            Some(Authority::Shopify) => match words[1..] {
                [shop, token] if is_shop(shop) && is_key(token, &["shpat_", "shpca_"]) => {
                    let key = ("x-shopify-access-token", token.to_owned());
                    Ok(Self::Shopify(Door { base: base(shop), key }))
                }
                [_, _, _, ..] => Err(NotAnAccess::Setting),
                _ => Err(NotAnAccess::Shopify),
            },
            Some(Authority::WooCommerce) => match words[1..] {
                [address, name, secret] if is_key(name, &["ck_"]) && is_key(secret, &["cs_"]) => {
                    let whole = address.strip_prefix("https://").ok_or(NotAnAccess::WooCommerce)?;
                    let (host, path) = whole.split_once('/').unwrap_or((whole, ""));
                    if !is_host(host) || !is_path(path) {
                        return Err(NotAnAccess::WooCommerce);
                    }
                    // WordPress may live in a folder.
                    let base = format!("{}/{path}", base(host)).trim_end_matches('/').to_owned();
                    let basic = BASE64.encode(format!("{name}:{secret}").as_bytes());
                    Ok(Self::WooCommerce(Door { base, key: ("authorization", format!("Basic {basic}")) }))
                }
                [_, _, _, _, ..] => Err(NotAnAccess::Setting),
                _ => Err(NotAnAccess::WooCommerce),
            },
            Some(Authority::Stripe) => match words[1..] {
                [key] if is_key(key, &["sk_live_", "rk_live_"]) => {
                    let key = ("authorization", format!("Bearer {key}"));
                    Ok(Self::Stripe(Door { base: base("api.stripe.com"), key }))
                }
                [_, _, ..] => Err(NotAnAccess::Setting),
                _ => Err(NotAnAccess::Stripe),
            },
            Some(Authority::Winback | Authority::Pool) | None => Err(NotAnAccess::Store),
        }
    }

    /// Which store it opens.
    pub fn authority(&self) -> Authority {
        match self {
            Self::Shopify(_) => Authority::Shopify,
            Self::WooCommerce(_) => Authority::WooCommerce,
            Self::Stripe(_) => Authority::Stripe,
        }
    }

    /// How it speaks, and where to ask.
    pub(super) fn dialect(&self) -> (&'static dyn Dialect, &Door) {
        match self {
            Self::Shopify(door) => (&Shopify, door),
            Self::WooCommerce(door) => (&WooCommerce, door),
            Self::Stripe(door) => (&Stripe, door),
        }
    }
}

fn is_key(word: &str, beginnings: &[&str]) -> bool {
    word.len() >= SHORTEST_KEY
        && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && beginnings.iter().any(|beginning| word.starts_with(beginning))
}

fn is_shop(word: &str) -> bool {
    let name = word.strip_suffix(".myshopify.com").unwrap_or_default();
    !name.is_empty() && !name.starts_with('-') && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

/// A name or an address of a machine, and perhaps a port: no name and password before it.
fn is_host(word: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-.:[]".contains(&b);
    word.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[') && word.bytes().all(plain)
}

fn is_path(word: &str) -> bool {
    word.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~/%".contains(&b)) && !word.contains("..")
}

/// Scheme and host that stand in for a store's.
pub(crate) fn base_of(word: &str) -> Option<String> {
    let word = word.trim_end_matches('/');
    let near = |host: &str| {
        let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()));
        matches!(name.map_or(host, |(name, _)| name), "127.0.0.1" | "localhost" | "[::1]")
    };
    let fits = match (word.strip_prefix("https://"), word.strip_prefix("http://")) {
        (Some(host), _) => is_host(host),
        (_, Some(host)) => near(host),
        _ => false,
    };
    fits.then(|| word.to_owned())
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Access({}, …)", self.authority().word())
    }
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Door({}, …)", self.base)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOPIFY: &str = "shopify example-books.myshopify.com shpat_for_a_test_only";
    const WOOCOMMERCE: &str = "woocommerce https://shop.example/blog/ ck_for_a_test_only cs_for_a_test_only";
    const STRIPE: &str = "stripe sk_live_for_a_test_only";

    fn base(line: &str) -> String {
        match Access::parse(line).unwrap() {
            Access::Shopify(door) | Access::WooCommerce(door) | Access::Stripe(door) => door.base,
        }
    }

    #[test]
    fn a_line_names_a_store_where_it_is_and_its_keys() {
        assert_eq!(base(SHOPIFY), "https://example-books.myshopify.com");
        assert_eq!(base(WOOCOMMERCE), "https://shop.example/blog");
        assert_eq!(
            base("woocommerce https://shop.example ck_for_a_test_only cs_for_a_test_only"),
            "https://shop.example"
        );
        assert_eq!(base(STRIPE), "https://api.stripe.com");
        assert_eq!(base("stripe rk_live_for_a_test_only"), "https://api.stripe.com");
    }

    #[test]
    fn another_address_may_stand_in_and_no_key_goes_in_the_clear() {
        assert_eq!(base(&format!("{STRIPE} base=http://127.0.0.1:8080")), "http://127.0.0.1:8080");
        assert_eq!(base(&format!("{WOOCOMMERCE} base=http://localhost:1/")), "http://localhost:1/blog");
        assert_eq!(base(&format!("{SHOPIFY} base=https://proxy.example")), "https://proxy.example");
        for bad in ["http://shop.example", "http://127.0.0.1.example", "ftp://127.0.0.1", "", "https://a@b"] {
            assert_eq!(Access::parse(&format!("{STRIPE} base={bad}")), Err(NotAnAccess::Setting), "{bad}");
        }
    }

    #[test]
    fn what_opens_nothing_is_refused() {
        let refused = |line: &str| Access::parse(line).unwrap_err();
        assert_eq!(refused(""), NotAnAccess::Store);
        assert_eq!(refused("winback"), NotAnAccess::Store);
        assert_eq!(refused("base=http://127.0.0.1:1"), NotAnAccess::Store);
        assert_eq!(refused("shopify shop.example shpat_for_a_test_only"), NotAnAccess::Shopify);
        assert_eq!(refused("shopify example-books.myshopify.com shpss_for_a_test_only"), NotAnAccess::Shopify);
        assert_eq!(
            refused("woocommerce http://shop.example ck_for_a_test_only cs_for_a_test_only"),
            NotAnAccess::WooCommerce
        );
        assert_eq!(
            refused("woocommerce https://a:b@shop.example ck_for_a_test_only cs_for_a_test_only"),
            NotAnAccess::WooCommerce
        );
        assert_eq!(refused("stripe sk_test_for_a_test_only"), NotAnAccess::Stripe);
        assert_eq!(refused("stripe sk_live_"), NotAnAccess::Stripe);
        assert_eq!(refused(&format!("{STRIPE} currency=EUR")), NotAnAccess::Setting);
    }

    #[test]
    fn it_never_shows_its_keys() {
        for line in [SHOPIFY, WOOCOMMERCE, STRIPE] {
            let shown = format!("{:?}", Access::parse(line).unwrap());
            assert!(!shown.contains("test_only"), "{shown}");
        }
    }
}
