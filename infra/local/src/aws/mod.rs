//! AWS in this process: stand-ins behind the SDK's HTTP seam.
//!
//! A [`Stack`] hands out the `SdkConfig` that the real SDK clients are made of; their calls never leave the process.
//! DynamoDB is dynoxide, SES is an outbox, SQS, SSM and S3 are a few maps. Time is the turned clock, nothing waits, nothing is
//! random but what the SDK itself draws (retry pauses and transaction tokens), which no stand-in lets through.
//! [`Faults`] above them all make the trouble that AWS makes.

mod bill;
mod capacity;
mod control;
mod dynamodb;
mod faults;
mod feed;
mod journal;
mod over_http;
mod queues;
mod s3;
mod seam;
mod ses;
mod ses_events;
mod sqs;
mod ssm;
mod stores;
mod tables;
mod time;
mod transactions;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use jiff::Timestamp;
use serde_json::Value;

pub use capacity::{Capacity, Usage};
pub use control::{Answering, Control};
pub use faults::{At, Call, Died, Fault, Faults, Permission, Service};
pub use over_http::Unanswered;
pub use queues::{MAX_RECEIVES, QueueDepth, QueueMessage, VISIBILITY, sqs_event};
pub use ses::{Account, SentMail};
pub use ses_events::{SesEvent, event_at as ses_event};
pub use stores::{Api, Asked, Said};
pub use tables::{CUSTOMERS, DUE, LEDGER};

use aws_smithy_runtime_api::client::http::SharedHttpConnector;
use dynamodb::DynamoDb;
use journal::{Journal, Line, LineRef};
use s3::S3;
use seam::Seam;
use ses::Ses;
use sqs::Sqs;
use ssm::Ssm;
use time::{NoSleep, TurnedTime};

/// The account that everything belongs to.
pub const ACCOUNT: &str = "123456789012";

/// The region that everything is in.
pub const REGION: &str = "us-east-1";

/// Where the turned clock is read.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// What can go wrong with the stack itself.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database could not be opened, read or written.
    #[error("the stack's database: {0}")]
    Database(#[from] dynoxide::DynoxideError),
    /// The file beside the database could not be read or written.
    #[error("the stack's file: {0}")]
    File(#[from] std::io::Error),
    /// A line of the file beside the database is not one of ours.
    #[error("the stack's file, line {line}: {source}")]
    Journal {
        /// The line, counted from 1.
        line: u64,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// Another process has the stack's files open.
    #[error("{0} is in use by another process: end that first, or ask it at its console")]
    InUse(PathBuf),
    /// The path of the database is not text.
    #[error("{0} cannot be a database's name")]
    Name(PathBuf),
    /// There is no queue of this name.
    #[error("there is no queue {0}")]
    NoSuchQueue(String),
    /// No queue ever held a message of this id.
    #[error("{0} is not the id of a message")]
    NoSuchMessage(String),
}

/// The services and what they share.
pub(crate) struct Services {
    clock: Clock,
    /// What the first thing was that could not be written.
    broken: OnceLock<String>,
    faults: Faults,
    dynamodb: DynamoDb,
    ses: Ses,
    sqs: Sqs,
    ssm: Ssm,
    s3: S3,
    stores: stores::Apis,
}

/// AWS in this process. Clones are the same place.
#[derive(Clone)]
pub struct Stack {
    services: Arc<Services>,
    config: SdkConfig,
}

impl std::fmt::Debug for Stack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Stack at {}", self.now())
    }
}

impl Stack {
    /// A stack that is gone when its last clone is.
    ///
    /// # Errors
    /// When the database cannot be made.
    pub fn in_memory(clock: Clock) -> Result<Self, Error> {
        let kept = Kept::default();
        Self::new(None, kept, Journal::nowhere(), clock)
    }

    /// A stack that a later process finds as this one left it: tables in the SQLite file at `path`, queues, mails and
    /// parameters in `path` with `.services` appended. Killing the process at any moment loses nothing that was answered.
    ///
    /// # Errors
    /// When a file cannot be opened, is not ours, or is in use by another process.
    pub fn in_file(path: impl AsRef<Path>, clock: Clock) -> Result<Self, Error> {
        let path = path.as_ref();
        let name = path.to_str().ok_or_else(|| Error::Name(path.to_owned()))?;
        let beside = PathBuf::from(format!("{name}.services"));
        let mut kept = Kept::default();
        let (mut journal, lines) = Journal::open(&beside, |line| kept.apply(line))?;
        if lines > 2 * kept.live() + 1_000 {
            journal = Journal::rewrite(&beside, |new| kept.write(new))?;
        }
        Self::new(Some(name.to_owned()), kept, journal, clock)
    }

    fn new(file: Option<String>, kept: Kept, journal: Journal, clock: Clock) -> Result<Self, Error> {
        let journal = Arc::new(journal);
        let services = Arc::new(Services {
            dynamodb: DynamoDb::open(file, Arc::clone(&clock))?,
            ses: Ses::new(kept.ses, Arc::clone(&journal)),
            sqs: Sqs::new(kept.sqs, Arc::clone(&journal)),
            ssm: Ssm::new(kept.ssm, journal),
            s3: S3::default(),
            stores: stores::Apis::default(),
            faults: Faults::default(),
            broken: OnceLock::new(),
            clock,
        });
        let config = config(&services, false);
        Ok(Self { services, config })
    }

    /// What SDK clients are made of.
    pub fn config(&self) -> &SdkConfig {
        &self.config
    }

    /// For whoever runs the place: calls made with it are neither counted nor struck by faults.
    pub fn overseer_config(&self) -> SdkConfig {
        config(&self.services, true)
    }

    /// The faults above all services, and the list of calls.
    pub fn faults(&self) -> &Faults {
        &self.services.faults
    }

    /// Why something could not be written, once that was so: a disk that is full, most likely. What was answered before is
    /// kept; whoever runs the place ends it, for no retry will help.
    pub fn broken(&self) -> Option<&str> {
        self.services.broken.get().map(String::as_str)
    }

    /// Makes the tables that are not there yet.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn create_tables(&self) -> Result<(), Error> {
        self.services.dynamodb.create_tables()
    }

    /// Removes the items whose time to live has passed by the turned clock, and says how many. Nobody else does it.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub fn sweep_ttl(&self) -> Result<usize, Error> {
        self.services.dynamodb.sweep_ttl()
    }

    /// Lets the `due` index answer from what it holds now, however the table changes, until [`Stack::thaw_index`]: the
    /// lag of an index that is consistent only at last.
    ///
    /// # Errors
    /// When the tables have not been made.
    pub fn freeze_index(&self) -> Result<(), Error> {
        self.services.dynamodb.freeze_index()
    }

    /// Lets the `due` index follow the table again.
    pub fn thaw_index(&self) {
        self.services.dynamodb.thaw_index();
    }

    /// The capacity that calls to DynamoDB have used since the last [`Stack::reset_capacity`].
    pub fn capacity(&self) -> Capacity {
        lock(&self.services.dynamodb.capacity).clone()
    }

    /// Starts a new ledger of capacity.
    pub fn reset_capacity(&self) {
        *lock(&self.services.dynamodb.capacity) = Capacity::default();
    }

    /// The URL of a queue, as the functions' settings name it.
    pub fn queue_url(&self, queue: &str) -> String {
        format!("https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{queue}")
    }

    /// Takes up to `max` messages for a function, oldest first, as Lambda's poller does. They stay hidden for
    /// [`VISIBILITY`]; one that was taken [`MAX_RECEIVES`] times before goes to the dead-letter queue instead.
    ///
    /// # Errors
    /// When there is no such queue or the change cannot be written.
    pub fn take_batch(&self, queue: &str, max: usize) -> Result<Vec<QueueMessage>, Error> {
        self.services.sqs.take(queue, max, self.now())
    }

    /// Ends a batch: the handled messages are deleted; the failed ones are left as they are and can be taken again when
    /// their visibility time has passed, as on AWS. A message named in neither list fares like a failed one.
    ///
    /// # Errors
    /// When there is no such queue, an id is no message's, or the change cannot be written.
    pub fn settle<I: AsRef<str>>(&self, queue: &str, handled: &[I], failed: &[I]) -> Result<(), Error> {
        self.services.sqs.settle(queue, handled, failed)
    }

    /// How full a queue is.
    ///
    /// # Errors
    /// When there is no such queue.
    pub fn queue_depth(&self, queue: &str) -> Result<QueueDepth, Error> {
        self.services.sqs.depth(queue, self.now())
    }

    /// Everything in a queue, taken or not, oldest first. It changes nothing: the way to look into a dead-letter queue.
    ///
    /// # Errors
    /// When there is no such queue.
    pub fn queue_contents(&self, queue: &str) -> Result<Vec<QueueMessage>, Error> {
        self.services.sqs.contents(queue)
    }

    /// From when on a message of this queue can be taken; in the past where one can be taken now, nothing where the queue
    /// is empty. The turned clock jumps there.
    ///
    /// # Errors
    /// When there is no such queue.
    pub fn next_visible(&self, queue: &str) -> Result<Option<Timestamp>, Error> {
        self.services.sqs.next_visible(queue)
    }

    /// The next so many entries of `SendMessageBatch` calls fail, while the calls succeed.
    pub fn sqs_refuse_next_entries(&self, entries: usize) {
        self.services.sqs.refuse_next_entries(entries);
    }

    /// From now on this is told of the key of every write to the tables, when it was done.
    pub fn on_write(&self, tell: impl Fn(&str) + Send + 'static) {
        self.services.dynamodb.feed.tell(Box::new(tell));
    }

    /// Rises with every write to the tables: where it has not, a read answers what it did before.
    pub fn writes(&self) -> u64 {
        self.services.dynamodb.feed.count()
    }

    /// Every mail that SES accepted, oldest first.
    pub fn outbox(&self) -> Vec<Arc<SentMail>> {
        self.outbox_from(0)
    }

    /// The mails that SES accepted after the first so many, oldest first.
    pub fn outbox_from(&self, first: usize) -> Vec<Arc<SentMail>> {
        self.services.ses.outbox(first)
    }

    /// The next `SendEmail` that would be accepted is refused with this error code instead, such as `MessageRejected`.
    /// Several orders are carried out one after the other.
    pub fn ses_refuse_next(&self, code: &str) {
        self.services.ses.refuse_next(code);
    }

    /// Whether the outbox keeps the bodies of the mails it accepts from now on; it does unless told otherwise. Without
    /// them a mail takes a hundredth of the memory. It is not kept over a restart.
    pub fn keep_bodies(&self, keep: bool) {
        self.services.ses.keep_bodies(keep);
    }

    /// What `GetAccount` tells from now on. It is not kept over a restart.
    pub fn set_ses_account(&self, account: Account) {
        self.services.ses.set_account(account);
    }

    /// The events that SES sent for the mails accepted since the last time, as EventBridge hands them to a function:
    /// delivered, or, for the addresses of SES's mailbox simulator, bounced or complained about.
    ///
    /// # Errors
    /// When it cannot be written that they were taken.
    pub fn take_delivery_events(&self) -> Result<Vec<Value>, Error> {
        self.services.ses.take_events()
    }

    /// Writes a secret as an operator would: a parameter of type `SecureString`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put_secret(&self, name: &str, value: &str) -> Result<(), Error> {
        self.services.ssm.put_secret(name, value, self.now())
    }

    /// Writes a secret where there is none yet.
    pub fn put_secret_if_absent(&self, name: &str, value: &str) -> Result<(), Error> {
        self.services.ssm.put_secret_if_absent(name, value, self.now())
    }

    /// The way to the stores' own APIs: to whoever stands in for them here, else to themselves.
    pub fn stores(&self, themselves: stores::Themselves) -> SharedHttpConnector {
        let seam = Seam { services: Arc::clone(&self.services), overseer: false };
        SharedHttpConnector::new(stores::Way { seam, themselves, made: Arc::default() })
    }

    /// Stands in for the stores' own APIs from now on.
    pub fn answer_for_stores(&self, api: Api) {
        self.services.stores.answer(api);
    }

    /// The names of the bucket's files that begin so, in order.
    pub fn file_names(&self, start: &str) -> Vec<String> {
        self.services.s3.names(start)
    }

    fn now(&self) -> Timestamp {
        (self.services.clock)()
    }
}

/// What the file beside the database keeps.
#[derive(Default)]
struct Kept {
    ses: ses::State,
    sqs: queues::State,
    ssm: ssm::State,
}

impl Kept {
    fn apply(&mut self, line: Line) {
        match line {
            Line::Ses(change) => self.ses.apply(change),
            Line::Sqs(change) => self.sqs.apply(change),
            Line::Ssm(change) => self.ssm.apply(change),
        }
    }

    /// How many lines it takes to write all this.
    fn live(&self) -> u64 {
        self.ses.live() + self.sqs.live() + self.ssm.live()
    }

    fn write(&self, journal: &Journal) -> std::io::Result<()> {
        for change in self.ses.changes() {
            journal.write(&LineRef::Ses(&change))?;
        }
        for change in self.sqs.changes() {
            journal.write(&LineRef::Sqs(&change))?;
        }
        for change in self.ssm.changes() {
            journal.write(&LineRef::Ssm(&change))?;
        }
        Ok(())
    }
}

fn config(services: &Arc<Services>, overseer: bool) -> SdkConfig {
    let credentials = Credentials::new("AKIDLOCAL", "local", None, None, "local");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(REGION))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(Seam { services: Arc::clone(services), overseer })
        .time_source(TurnedTime(Arc::clone(&services.clock)))
        .sleep_impl(NoSleep(Arc::clone(services.faults.life())))
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
        .build()
}

/// Locks; a test that panicked while it held the lock has already failed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
