//! The clock, read at the door and handed on as a value.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use winback_domain::time::whole_seconds;

/// Where the time comes from: the machine, or a clock that can be turned.
#[derive(Clone)]
pub struct Clock {
    now: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    running: Arc<dyn Fn() -> Duration + Send + Sync>,
}

impl Clock {
    /// The machine's clocks.
    pub fn real() -> Self {
        let start = Instant::now();
        Self { now: Arc::new(Timestamp::now), running: Arc::new(move || start.elapsed()) }
    }

    /// A turned clock: its running time is the turned time too.
    pub fn turned(now: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        let now = Arc::new(now);
        let running = {
            let now = Arc::clone(&now);
            move || Duration::from_millis(u64::try_from(now().as_millisecond()).unwrap_or(0))
        };
        Self { now, running: Arc::new(running) }
    }

    /// The time, in whole seconds.
    pub fn now(&self) -> Timestamp {
        whole_seconds((self.now)())
    }

    /// A clock that nobody sets, for measuring how long something took.
    pub fn running(&self) -> Duration {
        (self.running)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock(…)")
    }
}
