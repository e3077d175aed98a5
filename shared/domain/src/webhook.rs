//! What a store sends, from raw bytes to an event. The order never changes: size, then signature over the bytes as they
//! came, then JSON. One dialect, one file; ours is [`standard`].

pub mod standard;

use jiff::Timestamp;

use crate::event::Event;
use crate::event::wire;

/// The largest body that is looked at, in bytes.
pub const LARGEST: usize = 256 * 1024;

/// A body whose signature holds. There is no other way to an event.
#[derive(Clone, Copy, Debug)]
pub struct Verified<'a> {
    body: &'a [u8],
}

/// Why a webhook was not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// More than [`LARGEST`]. Nothing of it was looked at.
    #[error("the body is larger than 256 KB")]
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
}

impl Error {
    /// The HTTP status that says it.
    pub fn status(&self) -> u16 {
        match self {
            Self::TooLarge => 413,
            Self::BadSignature | Self::Stale => 401,
            Self::Malformed(_) => 400,
        }
    }
}

impl Verified<'_> {
    /// Reads the event. `received` bounds what it claims about time.
    ///
    /// # Errors
    /// [`Error::Malformed`] alone.
    pub fn event(&self, received: Timestamp) -> Result<Event, Error> {
        Ok(wire::read(self.body, received)?)
    }
}
