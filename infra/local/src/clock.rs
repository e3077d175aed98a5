//! The clock of a place: the machine's, or one that is turned by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;

/// A clock that can be turned, or the machine's. Clones show the same time.
#[derive(Clone, Debug)]
pub struct Turned {
    /// Whole seconds; nothing: the machine's clock.
    seconds: Option<Arc<AtomicI64>>,
}

impl Turned {
    /// A clock that stands still until it is turned.
    pub fn at(now: Timestamp) -> Self {
        Self { seconds: Some(Arc::new(AtomicI64::new(now.as_second()))) }
    }

    /// The machine's clock. Turning it does nothing.
    pub fn real() -> Self {
        Self { seconds: None }
    }

    /// The time it shows.
    pub fn now(&self) -> Timestamp {
        self.seconds.as_ref().map_or_else(Timestamp::now, |seconds| {
            Timestamp::from_second(seconds.load(Ordering::Relaxed)).unwrap_or(Timestamp::MAX)
        })
    }

    /// Turns it forward; never back.
    pub fn turn_to(&self, to: Timestamp) {
        if let Some(seconds) = &self.seconds {
            seconds.fetch_max(to.as_second(), Ordering::Relaxed);
        }
    }
}
