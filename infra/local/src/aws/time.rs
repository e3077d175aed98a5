//! Time as the SDK clients see it: the turned clock, and sleeps that never wait.
//!
//! The stand-ins answer at once, so the only sleeps the SDK awaits are the pauses between two tries of a call. Those end
//! without waiting. The SDK also *races* sleeps against a call, as its timeouts: such a sleep must not win just because the
//! process died or was frozen in the middle of the call, hence the two exceptions in [`Nap`].

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use aws_smithy_async::rt::sleep::{AsyncSleep, Sleep};
use aws_smithy_async::time::TimeSource;

use super::{Clock, lock};

/// How often a sleep lets everybody else go first before it ends. One is enough for a call that answers at once; the other
/// two cover a call that waits a moment for something in its own process, such as tokio's budget of a task.
const YIELDS: u8 = 3;

/// Whether the process that the handlers run in is alive, and how often it was frozen.
#[derive(Debug, Default)]
pub(crate) struct Life {
    dead: AtomicBool,
    begun: AtomicU64,
    ended: AtomicU64,
    watchers: Mutex<Vec<Waker>>,
}

impl Life {
    /// True from the moment a fault killed the process until it is revived.
    pub(crate) fn is_dead(&self) -> bool {
        self.dead.load(Ordering::SeqCst)
    }

    /// The process dies: no call is answered any more, and whoever watches is told.
    pub(crate) fn die(&self) {
        self.dead.store(true, Ordering::SeqCst);
        for watcher in lock(&self.watchers).drain(..) {
            watcher.wake();
        }
    }

    /// A new process starts. Says whether the one before it had died.
    pub(crate) fn revive(&self) -> bool {
        self.dead.swap(false, Ordering::SeqCst)
    }

    /// Wakes the task of `context` when the process dies.
    pub(crate) fn watch(&self, context: &Context<'_>) {
        let mut watchers = lock(&self.watchers);
        if !watchers.iter().any(|known| known.will_wake(context.waker())) {
            watchers.push(context.waker().clone());
        }
    }

    /// A freeze begins; it ends when the returned guard is dropped.
    pub(crate) fn freeze(self: &Arc<Self>) -> Frozen {
        self.begun.fetch_add(1, Ordering::SeqCst);
        Frozen(Arc::clone(self))
    }

    fn frozen_since(&self, begun: u64) -> bool {
        let now = self.begun.load(Ordering::SeqCst);
        now > begun && self.ended.load(Ordering::SeqCst) < now
    }
}

/// A freeze that is under way.
#[derive(Debug)]
pub(crate) struct Frozen(Arc<Life>);

impl Drop for Frozen {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Ordering::SeqCst);
    }
}

/// The SDK's sleep: over as soon as everybody else had a turn.
#[derive(Debug)]
pub(crate) struct NoSleep(pub(crate) Arc<Life>);

impl AsyncSleep for NoSleep {
    fn sleep(&self, _duration: Duration) -> Sleep {
        Sleep::new(Nap { begun: self.0.begun.load(Ordering::SeqCst), life: Arc::clone(&self.0), yields: YIELDS })
    }
}

/// One sleep. A dead process's sleeps never end, and no sleep from before a freeze ends during it.
struct Nap {
    life: Arc<Life>,
    begun: u64,
    yields: u8,
}

impl Future for Nap {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.life.is_dead() {
            return Poll::Pending;
        }
        if self.life.frozen_since(self.begun) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.yields > 0 {
            self.yields -= 1;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(())
    }
}

/// The turned clock, as the SDK asks for it when it signs.
pub(crate) struct TurnedTime(pub(crate) Clock);

impl std::fmt::Debug for TurnedTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TurnedTime({})", (self.0)())
    }
}

impl TimeSource for TurnedTime {
    fn now(&self) -> SystemTime {
        (self.0)().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_pause_between_two_tries_costs_no_time() {
        let sleep = NoSleep(Arc::default());
        sleep.sleep(Duration::from_secs(86_400)).await;
    }

    #[tokio::test]
    async fn the_sleeps_of_a_dead_process_never_end() {
        let life = Arc::new(Life::default());
        let nap = NoSleep(Arc::clone(&life)).sleep(Duration::from_secs(1));
        life.die();
        let mut nap = std::pin::pin!(nap);
        for _ in 0..10 {
            let polled = std::future::poll_fn(|cx| Poll::Ready(nap.as_mut().poll(cx))).await;
            assert!(polled.is_pending());
        }
        assert!(life.revive());
        nap.await;
    }

    #[tokio::test]
    async fn a_timeout_set_before_a_freeze_does_not_fire_during_it() {
        let life = Arc::new(Life::default());
        let sleep = NoSleep(Arc::clone(&life));
        let mut timeout = std::pin::pin!(sleep.sleep(Duration::from_secs(2)));
        let freeze = life.freeze();
        for _ in 0..10 {
            let polled = std::future::poll_fn(|cx| Poll::Ready(timeout.as_mut().poll(cx))).await;
            assert!(polled.is_pending());
        }
        // Other work that runs meanwhile still gets its retries.
        sleep.sleep(Duration::from_secs(2)).await;
        drop(freeze);
        timeout.await;
    }
}
