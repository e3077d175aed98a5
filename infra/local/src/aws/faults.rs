//! What can go wrong between a function and AWS, on order: the heart of the crash tests.
//!
//! A test sets a [`Fault`] at the k-th call from now and runs a handler. "A call" is one HTTP attempt that reaches the seam,
//! so an SDK's second try is a call of its own. Each fault fires at its place only; one that has no meaning for the call it
//! meets (a transaction conflict for a mail) lets it pass and is not counted in [`Faults::fired`].

use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;

use super::lock;
use super::time::Life;

/// A service behind the seam.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// Tables.
    DynamoDb,
    /// Mails.
    Ses,
    /// Queues.
    Sqs,
    /// Parameters.
    Ssm,
    /// Files.
    S3,
    /// A store's own API. No IAM policy speaks of it.
    Store,
}

/// What an IAM policy would have had to allow for a call.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Permission {
    /// The action, such as `dynamodb:PutItem`.
    pub action: String,
    /// The resource by its short name: `customers`, `customers/index/due`, a queue's or parameter's name,
    /// `identity/…`, `configuration-set/…`, `*`.
    pub resource: String,
}

impl Permission {
    pub(crate) fn new(action: impl Into<String>, resource: impl Into<String>) -> Self {
        Self { action: action.into(), resource: resource.into() }
    }
}

/// A call that reached the seam.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Whom it asked.
    pub service: Service,
    /// What for, such as `UpdateItem`.
    pub operation: String,
    /// What it needs to be allowed to do.
    pub permissions: Vec<Permission>,
}

type Work = Box<dyn FnOnce() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send>;

/// Something that goes wrong with one call.
pub enum Fault {
    /// The process dies before the call has any effect.
    DropBefore,
    /// The process dies after the call had its effect.
    DropAfter,
    /// The call has its effect, then the connection is cut. The SDK may try again.
    LostAnswer,
    /// As [`Fault::LostAnswer`], but the client gave up waiting.
    TimedOut,
    /// Nobody is there: the connection is refused, without effect.
    NoConnection,
    /// The service refuses the call because of too many calls, without effect.
    Throttle,
    /// DynamoDB refuses a write because another transaction holds the item, without effect.
    Conflict,
    /// The call has its effect, then the service answers with an error of its own (500).
    ServerError,
    /// The process is frozen before the call: the test's work runs (turns the clock, runs another handler), then the call goes
    /// through. Timeouts of the frozen call do not fire. Make one with [`Fault::pause`].
    Pause(Work),
}

impl Fault {
    /// A [`Fault::Pause`] in which `work` runs.
    pub fn pause<W, F>(work: W) -> Self
    where
        W: FnOnce() -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        Self::Pause(Box::new(move || Box::pin(work())))
    }

    fn fits(&self, service: Service, operation: &str) -> bool {
        match self {
            Self::Conflict => {
                service == Service::DynamoDb
                    && matches!(operation, "PutItem" | "UpdateItem" | "DeleteItem" | "TransactWriteItems")
            }
            _ => true,
        }
    }

    /// The same fault for the next call, where it can strike more than once.
    fn again(&self) -> Option<Self> {
        Some(match self {
            Self::DropBefore => Self::DropBefore,
            Self::DropAfter => Self::DropAfter,
            Self::LostAnswer => Self::LostAnswer,
            Self::TimedOut => Self::TimedOut,
            Self::NoConnection => Self::NoConnection,
            Self::Throttle => Self::Throttle,
            Self::Conflict => Self::Conflict,
            Self::ServerError => Self::ServerError,
            Self::Pause(_) => return None,
        })
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DropBefore => "DropBefore",
            Self::DropAfter => "DropAfter",
            Self::LostAnswer => "LostAnswer",
            Self::TimedOut => "TimedOut",
            Self::NoConnection => "NoConnection",
            Self::Throttle => "Throttle",
            Self::Conflict => "Conflict",
            Self::ServerError => "ServerError",
            Self::Pause(_) => "Pause",
        })
    }
}

/// Where a fault strikes.
#[derive(Clone, Debug)]
pub struct At {
    call: u64,
    times: u64,
    service: Option<Service>,
    operation: Option<String>,
}

impl At {
    /// At the `call`-th call from now, counted from 1.
    pub fn call(call: u64) -> Self {
        Self { call: call.max(1), times: 1, service: None, operation: None }
    }

    /// Only calls to this service count.
    pub fn of(mut self, service: Service) -> Self {
        self.service = Some(service);
        self
    }

    /// Only calls of this operation count, such as `SendEmail`.
    pub fn operation(mut self, operation: impl Into<String>) -> Self {
        self.operation = Some(operation.into());
        self
    }

    /// It strikes this often, at one counted call after another. A pause strikes once.
    pub fn times(mut self, times: u64) -> Self {
        self.times = times;
        self
    }

    fn counts(&self, service: Service, operation: &str) -> bool {
        self.service.is_none_or(|only| only == service)
            && self.operation.as_deref().is_none_or(|only| only == operation)
    }
}

/// The process died: a fault was set to kill it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the process died at a call")]
pub struct Died;

/// The handle on which a test sets faults and reads what was called. Clones share everything.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    plan: Mutex<Vec<(At, Fault)>>,
    planned: AtomicBool,
    fired: AtomicU64,
    count: AtomicU64,
    calls: Mutex<Option<Vec<Call>>>,
    recording: AtomicBool,
    life: Arc<Life>,
}

impl Faults {
    /// Adds a fault to the plan. Several may be set; each counts for itself from now, and of two that meet at one call the
    /// one set first strikes.
    pub fn set(&self, at: At, fault: Fault) {
        lock(&self.0.plan).push((at, fault));
        self.0.planned.store(true, Ordering::SeqCst);
    }

    /// Takes back every fault that has not struck, and forgets how many have.
    pub fn clear(&self) {
        lock(&self.0.plan).clear();
        self.0.planned.store(false, Ordering::SeqCst);
        self.0.fired.store(0, Ordering::SeqCst);
    }

    /// How many faults have struck since the last [`Faults::clear`].
    pub fn fired(&self) -> u64 {
        self.0.fired.load(Ordering::SeqCst)
    }

    /// How many calls have reached the seam since the stack was made.
    pub fn count(&self) -> u64 {
        self.0.count.load(Ordering::SeqCst)
    }

    /// Starts a new list of calls. Nothing is recorded before the first time, so that a long run keeps no list.
    pub fn record(&self) {
        *lock(&self.0.calls) = Some(Vec::new());
        self.0.recording.store(true, Ordering::SeqCst);
    }

    /// The calls since [`Faults::record`], oldest first; recording goes on.
    pub fn calls(&self) -> Vec<Call> {
        lock(&self.0.calls).clone().unwrap_or_default()
    }

    /// The calls since [`Faults::record`]; recording ends.
    pub fn take_calls(&self) -> Vec<Call> {
        self.0.recording.store(false, Ordering::SeqCst);
        lock(&self.0.calls).take().unwrap_or_default()
    }

    /// True from the moment the process dies until [`Faults::revive`].
    pub fn is_dead(&self) -> bool {
        self.0.life.is_dead()
    }

    /// Starts a new process after a death; the handler's future must have been dropped.
    pub fn revive(&self) {
        self.0.life.revive();
    }

    /// Resolves when a fault kills the process. The calls of a dead process never answer, so a runner races its handler
    /// against this, drops it, and revives. [`Faults::live`] does all three.
    pub async fn died(&self) {
        poll_fn(|context| {
            self.0.life.watch(context);
            if self.is_dead() { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }

    /// Runs `handler` as one process: to its end, or to its death, after which the next process may start.
    ///
    /// # Errors
    /// [`Died`] when a fault killed it. What it answered in the same instant never left the process.
    pub async fn live<F: Future>(&self, handler: F) -> Result<F::Output, Died> {
        let mut handler = std::pin::pin!(handler);
        poll_fn(|context| {
            let polled = handler.as_mut().poll(context);
            if self.0.life.revive() {
                return Poll::Ready(Err(Died));
            }
            polled.map(Ok)
        })
        .await
    }

    pub(crate) fn life(&self) -> &Arc<Life> {
        &self.0.life
    }

    /// Counts a call, records it, and says which fault meets it. Costs next to nothing where no test asked for anything.
    pub(crate) fn meet(
        &self,
        service: Service,
        operation: &str,
        permissions: impl FnOnce() -> Vec<Permission>,
    ) -> Option<Fault> {
        self.0.count.fetch_add(1, Ordering::SeqCst);
        if self.0.recording.load(Ordering::SeqCst)
            && let Some(calls) = lock(&self.0.calls).as_mut()
        {
            calls.push(Call { service, operation: operation.to_owned(), permissions: permissions() });
        }
        if !self.0.planned.load(Ordering::SeqCst) {
            return None;
        }
        let fault = self.due(service, operation)?;
        if !fault.fits(service, operation) {
            return None;
        }
        self.0.fired.fetch_add(1, Ordering::SeqCst);
        Some(fault)
    }

    /// Lets every planned fault count the call and takes the first whose turn it is.
    fn due(&self, service: Service, operation: &str) -> Option<Fault> {
        let mut plan = lock(&self.0.plan);
        let mut struck = None;
        let mut position = 0;
        while position < plan.len() {
            let (at, fault) = &mut plan[position];
            if !at.counts(service, operation) {
                position += 1;
                continue;
            }
            at.call = at.call.saturating_sub(1);
            if at.call > 0 || struck.is_some() {
                // A fault that lost this call to another one strikes at the next.
                at.call = at.call.max(1);
                position += 1;
                continue;
            }
            at.times = at.times.saturating_sub(1);
            at.call = 1;
            struck = fault.again().filter(|_| at.times > 0);
            if struck.is_some() {
                position += 1;
            } else {
                struck = Some(plan.remove(position).1);
            }
        }
        if plan.is_empty() {
            self.0.planned.store(false, Ordering::SeqCst);
        }
        struck
    }
}

#[cfg(test)]
mod tests;
