//! The door: the only crate that names the AWS SDK. Tables, queues, mailer, secrets, configuration and clock; and the
//! one loop by which every function records what it learned.

mod breaker;
mod chains;
pub mod clock;
pub mod config;
pub mod door;
pub mod dossier;
mod exchange;
pub mod files;
pub mod keys;
pub mod mailer;
#[cfg(feature = "operator")]
pub mod operator;
pub mod programs;
pub mod pull;
pub mod queue;
pub mod record;
pub mod restore;
mod scrub;
mod sdk;
pub mod secrets;
pub mod standing;
pub mod start;
pub mod stores;
pub mod tables;
mod wishes;

use std::fmt;
use std::sync::Arc;

use aws_config::SdkConfig;
use winback_domain::exchange::Trouble;
use winback_domain::ids::StoreId;
use winback_domain::planted::{Planted, planted};
use winback_domain::store::Store;

use crate::clock::Clock;
use crate::config::Config;
use crate::files::Files;
use crate::mailer::Mailer;
use crate::queue::Queues;
use crate::secrets::Secrets;
use crate::standing::{Kept, Standing};
use crate::stores::Stores;
use crate::tables::Tables;

/// What every function holds: the way to everything outside.
pub struct Cloud {
    /// Names and places.
    pub config: Config,
    /// The time.
    pub clock: Clock,
    /// Both tables.
    pub tables: Tables,
    /// SES.
    pub mailer: Mailer,
    /// Both queues.
    pub queues: Queues,
    /// The bucket.
    pub files: Files,
    /// Keys and webhook secrets.
    pub secrets: Secrets,
    /// The stores' own APIs.
    pub stores: Stores,
    kept: Kept,
    owners: Arc<dyn Fn() -> String + Send + Sync>,
}

/// Why a function stopped. What it did so far is safe to do again.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// DynamoDB.
    #[error(transparent)]
    Tables(#[from] tables::Error),
    /// SQS.
    #[error(transparent)]
    Queue(#[from] queue::Error),
    /// SSM.
    #[error(transparent)]
    Secret(#[from] secrets::Error),
    /// S3.
    #[error(transparent)]
    Files(#[from] files::Error),
    /// No such store: whoever wired it made a mistake.
    #[error("no store {0}")]
    UnknownStore(StoreId),
    /// The store has no plan yet: its operator activates one.
    #[error("store {0} has no plan: put its folder into the layer and run scan-customers")]
    NoPlan(StoreId),
    /// A plan that was checked when it was activated does not read any more. An operator must look.
    #[error("plan {number} of store {store}: {problem}")]
    BadPlan {
        /// Whose.
        store: StoreId,
        /// Which.
        number: u64,
        /// What is wrong.
        problem: String,
    },
    /// What a platform sent by its bus cannot be taken: we can mend that, and have it sent again out of the archive.
    #[error("an event of the bus: {0}")]
    NotTaken(String),
    /// Too many wrote to the same customer at once. The queue brings it back.
    #[error("too many writers at once")]
    Contended,
    /// A store's own API does not answer as it should. Trying again later is right, unless its key was revoked.
    #[error("the store's API: {0}")]
    Store(#[from] Trouble),
    /// Orders of some platforms could not be read; the log says whose and why. The next run begins where each ended.
    #[error("of {0} platforms the orders could not be read")]
    NotPulled(usize),
    /// A shop's folder cannot be read.
    #[error(transparent)]
    Programs(#[from] programs::Error),
    /// A run ended before its work did. The next try goes on where it stopped.
    #[error("time was up; the next run goes on")]
    TimeUp,
    /// The environment is not as it must be.
    #[error(transparent)]
    Config(#[from] config::Error),
}

impl Cloud {
    /// The real one: environment, credentials and clock of the function it runs in.
    pub fn from_env() -> Result<Self, Error> {
        let config = Config::from_env()?;
        Ok(Self::over(&sdk::of_lambda(), config, Clock::real(), Arc::new(random_owner)))
    }

    /// Over any SDK configuration: the same code, whatever stands behind its HTTP seam. `owners` makes the one thing
    /// that is not derived: a name for whoever passes a fence, never used twice.
    pub fn over(sdk: &SdkConfig, config: Config, clock: Clock, owners: Arc<dyn Fn() -> String + Send + Sync>) -> Self {
        Self {
            tables: Tables::new(aws_sdk_dynamodb::Client::new(sdk), &config),
            mailer: Mailer::new(sdk, &config),
            queues: Queues::new(aws_sdk_sqs::Client::new(sdk), &config),
            files: Files::new(sdk, config.files_bucket.clone()),
            secrets: Secrets::new(aws_sdk_ssm::Client::new(sdk), config.secrets_prefix.clone()),
            stores: Stores::default(),
            config,
            clock,
            kept: Kept::default(),
            owners,
        }
    }

    /// The same with another way to the stores.
    #[must_use]
    pub fn with_stores(self, stores: Stores) -> Self {
        Self { stores, ..self }
    }

    /// The standing of a store, at most a few seconds old.
    pub async fn standing(&self, store: &StoreId) -> Result<Standing, Error> {
        self.kept.standing(&self.tables, store, self.clock.now()).await
    }

    /// Forgets a store's standing, so that the next one asked for is fresh.
    pub fn forget(&self, store: &StoreId) {
        self.kept.forget(store);
    }

    /// Changes a store's record, and forgets what was kept of it. Answers what it became.
    ///
    /// # Errors
    /// [`Error::UnknownStore`] where there is none.
    pub async fn change_store(&self, store: &StoreId, change: impl Fn(&mut Store)) -> Result<Store, Error> {
        let known = self.tables.change_store(store, change).await?;
        self.forget(store);
        known.ok_or_else(|| Error::UnknownStore(store.clone()))
    }

    /// Forgets all that is kept for a moment, and from now on keeps it until this is called again: for a process that is
    /// told of every write at once, because nobody else writes.
    pub fn forget_all(&self) {
        self.kept.until_forgotten();
        self.kept.forget_all();
    }

    /// A name for whoever tries a fence now.
    pub fn owner(&self) -> String {
        if planted(Planted::OwnerDerived) {
            return "worker".to_owned();
        }
        (self.owners)()
    }
}

impl fmt::Debug for Cloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cloud").field("config", &self.config).finish_non_exhaustive()
    }
}

/// A name nobody had before: 128 bits of chance, the only place where the design wants some.
pub fn random_owner() -> String {
    let mut bytes = [0_u8; 16];
    // Without chance from the machine there is no safe fence, so the invocation must not go on.
    getrandom::fill(&mut bytes).expect("the machine gives random bytes");
    data_encoding::HEXLOWER.encode(&bytes)
}
