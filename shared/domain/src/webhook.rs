//! What a store sends, from raw bytes to events. The order never changes: size, then signature over the bytes as they
//! came, then JSON. One dialect, one file; ours is [`standard`].

#[cfg(test)]
mod mutants;
mod read;
pub mod shopify;
pub mod standard;
pub mod stripe;
mod wiring;
pub mod woocommerce;

use jiff::Timestamp;

pub use self::wiring::{NotASecret, Platform, Wiring};
use crate::event::Event;
use crate::event::wire;

/// The largest body that is looked at, in bytes. A store's longest orders come near it.
pub const LARGEST: usize = 2 * 1024 * 1024;
/// Stamps of signing may be off so far, in either direction.
const TOLERANCE_SECONDS: u64 = 5 * 60;

/// One request of a store, as it came.
#[derive(Clone, Copy)]
pub struct Delivery<'a> {
    /// Finds a header by its lower-case name.
    pub header: &'a (dyn Fn(&str) -> Option<&'a str> + Sync),
    /// The bytes.
    pub body: &'a [u8],
    /// When it reached us: it bounds what the body claims about time.
    pub received: Timestamp,
}

/// What a delivery that was taken tells us.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// Something happened.
    Events {
        /// The store's word for it, for counters and logs.
        topic: String,
        /// What it means, in our words. At least one.
        events: Vec<Event>,
    },
    /// Signed well, and nothing for us.
    Ignored {
        /// The store's word for it.
        topic: String,
        /// Why.
        because: Ignored,
    },
    /// WooCommerce tries its new webhook out, unsigned. It says nothing, and wants exactly 200.
    Ping,
}

/// Why a well-signed delivery is nothing for us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ignored {
    /// A topic we have no use for.
    Topic,
    /// A test order, or an event of test mode.
    Test,
    /// An order that nobody has paid or promised to pay yet.
    NotBought,
    /// It names no customer whom we could ever write to.
    Nobody,
    /// It says nothing about consent, names or orders that we would keep.
    NothingNew,
}

impl Ignored {
    /// The word for counters and logs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Topic => "topic",
            Self::Test => "test",
            Self::NotBought => "not_bought",
            Self::Nobody => "nobody",
            Self::NothingNew => "nothing_new",
        }
    }
}

/// Why a webhook was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// More than [`LARGEST`]. Nothing of it was looked at.
    #[error("the body is larger than 2 MB")]
    TooLarge,
    /// No signature, or none that holds. Whoever sent it learns no more than that.
    #[error("the signature does not hold")]
    BadSignature,
    /// Signed more than five minutes ago, or more than five minutes from now.
    #[error("the timestamp is more than five minutes off")]
    Stale,
    /// Signed well, and not an event of ours. The sender can mend it.
    #[error(transparent)]
    Malformed(#[from] wire::Error),
    /// Signed well by a platform, and not what it documents. We can mend it; Shopify and Stripe send it again until then,
    /// WooCommerce does not.
    #[error("{topic}: {problem}")]
    Undocumented {
        /// The platform's word for what it sent.
        topic: String,
        /// What we stumbled over; never what was in it.
        problem: String,
    },
}

impl Error {
    /// The HTTP status that says it.
    pub fn status(&self) -> u16 {
        match self {
            Self::TooLarge => 413,
            Self::BadSignature | Self::Stale => 401,
            Self::Malformed(_) | Self::Undocumented { .. } => 400,
        }
    }
}

/// Verifies a delivery with what its store is wired with, and says what it means.
///
/// # Errors
/// See [`Error`]; nothing of a body is read before its signature holds.
pub fn hear(delivery: &Delivery<'_>, wirings: &[Wiring]) -> Result<Heard, Error> {
    if delivery.body.len() > LARGEST {
        return Err(Error::TooLarge);
    }
    let of = |platform| wirings.iter().filter(move |wiring| wiring.platform == platform).collect::<Vec<_>>();
    if woocommerce::is_ping(delivery) && !of(Platform::WooCommerce).is_empty() {
        return Ok(Heard::Ping);
    }
    let mut refused = Error::BadSignature;
    for &platform in delivery.platforms() {
        let wired = of(platform);
        let verified = match platform {
            Platform::Own => standard::verify(delivery, &wired),
            Platform::Shopify => shopify::verify(delivery, &wired),
            Platform::WooCommerce => woocommerce::verify(delivery, &wired),
            Platform::Stripe => stripe::verify(delivery, &wired),
        };
        match verified {
            Ok(wiring) => {
                return match platform {
                    Platform::Own => standard::read(delivery),
                    Platform::Shopify => shopify::read(delivery),
                    Platform::WooCommerce => woocommerce::read(delivery, wiring.consent_field.as_deref()),
                    Platform::Stripe => stripe::read(delivery),
                };
            }
            Err(Error::Stale) => refused = Error::Stale,
            Err(_) => {}
        }
    }
    Err(refused)
}

impl<'a> Delivery<'a> {
    /// A header's text; empty where it is missing.
    fn text(&self, name: &str) -> &'a str {
        (self.header)(name).unwrap_or_default()
    }

    /// Whether it was signed about now; asked once the signature holds.
    fn fresh(&self, signed_at: i64) -> Result<(), Error> {
        let off = signed_at.abs_diff(self.received.as_second());
        if off > TOLERANCE_SECONDS { Err(Error::Stale) } else { Ok(()) }
    }

    /// Who may have sent it, by the header that it is signed in.
    fn platforms(&self) -> &'static [Platform] {
        let has = |name| (self.header)(name).is_some();
        if has(standard::SIGNATURE) {
            &[Platform::Own]
        } else if shopify::SIGNATURES.into_iter().any(has) {
            &[Platform::Shopify]
        } else if has(woocommerce::SIGNATURE) {
            &[Platform::WooCommerce]
        } else if has(stripe::SIGNATURE) {
            &[Platform::Stripe]
        } else {
            &[]
        }
    }
}
