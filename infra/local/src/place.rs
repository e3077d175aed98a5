//! A place to run in, like AWS: the functions in this process, one at a time and in a fixed order, fed with the JSON
//! that Lambda would hand them; their SDK clients talk to the stand-ins.

mod import;
mod read;

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result, bail};
use aws_lambda_events::sqs::SqsBatchResponse;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};
use winback_cloud::clock::Clock;
use winback_cloud::config::Config;
use winback_cloud::keys::Key;
use winback_cloud::queue::Told;
use winback_cloud::start::Invocation;
use winback_cloud::stores::Stores;
use winback_cloud::{Cloud, random_owner};
use winback_domain::file;
use winback_domain::ids::StoreId;
use winback_domain::plan::Folder;
use winback_domain::store::{Ranking, State, Store};
use winback_domain::time::day_of;
use winback_domain::webhook::{Platform, Wiring};

use crate::aws::{CUSTOMERS, Died, LEDGER, QueueMessage, Stack, sqs_event};
use crate::clock::Turned;

pub use import::Taken;
pub use import_orders::{Report, Upload, address};
pub use read::{Ledger, People, Picture};
use scan_customers::Run;
pub use scan_customers::{Audit, Set};

/// Lambda's poller hands over so many messages at once.
const BATCH: usize = 10;
/// How long an invocation may take.
const TIMEOUT_SECONDS: i64 = 60;
/// How often a delivery event is tried.
const DELIVERY_TRIES: u32 = 3;
/// The queues by their names in every place.
const EVENTS: &str = "events";
const HINTS: &str = "due";
/// Below this prefix the place keeps its secrets.
const SECRETS: &str = "/winback/local";
/// The bucket that histories are uploaded to.
const FILES: &str = "winback-files";

/// One machine's AWS, with the functions in it.
#[derive(Clone, Debug)]
pub struct Place {
    /// The stand-ins.
    pub stack: Stack,
    /// What the functions hold.
    pub cloud: Arc<Cloud>,
    /// The same for whoever runs the place or looks at it: no fault strikes it, nothing is counted.
    pub overseer: Arc<Cloud>,
    /// The time.
    pub clock: Turned,
    nightly: Nightly,
    lasting: bool,
    deliveries: bool,
    first_due: Arc<Mutex<Asked>>,
    /// In a place alone: whether something was written that standings are made of.
    stale: Option<Arc<AtomicBool>>,
}

/// When scan-customers runs by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Nightly {
    /// Every night.
    Always,
    /// On nights before a day on which somebody may have to wait, because more are due than a day's allowance: else its
    /// ranking changes nothing, and no entry of the index is ever lost here.
    Crowded,
    /// Never.
    Never,
}

/// The earliest `due` that the index answered for some stores, and the count of writes it was asked at.
type Asked = Option<(u64, Vec<StoreId>, Option<Timestamp>)>;

/// How a store starts in a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setup {
    /// Its state from now on.
    pub state: State,
    /// No limit per day or month holds, as in a replay of history.
    pub unlimited: bool,
}

type Owners = Arc<dyn Fn() -> String + Send + Sync>;

fn cloud(stack: &Stack, sdk: &aws_config::SdkConfig, config: &Config, clock: &Turned, owners: &Owners) -> Arc<Cloud> {
    let read = clock.clone();
    let cloud = Cloud::over(sdk, config.clone(), Clock::turned(move || read.now()), Arc::clone(owners));
    Arc::new(cloud.with_stores(Stores::on_trial(stack.stores(winback_cloud::stores::connector))))
}

impl Place {
    /// A place that is gone with the process. Its keys are always the same, so that a run is too.
    pub fn in_memory(clock: Turned) -> Result<Self> {
        Self::in_memory_at(clock, "http://127.0.0.1:8787")
    }

    /// The same, with links that lead to `link_base`.
    pub fn in_memory_at(clock: Turned, link_base: &str) -> Result<Self> {
        let read = clock.clone();
        let stack = Stack::in_memory(Arc::new(move || read.now()))?;
        let count = AtomicU64::new(0);
        let owners = Arc::new(move || format!("invocation {}", count.fetch_add(1, Ordering::Relaxed)));
        let place = Self::over(stack, clock, link_base, owners)?;
        for key in ["lookup", "code"] {
            place.stack.put_secret(&format!("{SECRETS}/keys/{key}"), &format!("{key} key of a place in memory"))?;
        }
        place.stack.put_secret(&format!("{SECRETS}/keys/link"), "1:link key of a place in memory")?;
        Ok(place)
    }

    /// A place in a folder: it goes on where it stopped. Keys are made on the first opening. Links lead to `link_base`.
    pub fn open(dir: &Path, clock: Turned, link_base: &str) -> Result<Self> {
        private_folder(dir).with_context(|| format!("{} cannot be made", dir.display()))?;
        let read = clock.clone();
        let stack = Stack::in_file(dir.join("winback.db"), Arc::new(move || read.now()))
            .with_context(|| format!("{} cannot be used", dir.display()))?;
        let place = Self::over(stack, clock, link_base, Arc::new(random_owner))?;
        let place = Self { lasting: true, ..place };
        for (key, prefix) in [("lookup", ""), ("code", ""), ("link", "1:")] {
            let name = format!("{SECRETS}/keys/{key}");
            place.stack.put_secret_if_absent(&name, &format!("{prefix}{}", random_owner()))?;
        }
        Ok(place)
    }

    fn over(stack: Stack, clock: Turned, link_base: &str, owners: Owners) -> Result<Self> {
        stack.create_tables()?;
        let config = Config {
            customers_table: CUSTOMERS.to_owned(),
            ledger_table: LEDGER.to_owned(),
            events_queue: stack.queue_url(EVENTS),
            due_queue: stack.queue_url(HINTS),
            configuration_set: Some("winback".to_owned()),
            link_base: link_base.trim_end_matches('/').to_owned(),
            secrets_prefix: SECRETS.to_owned(),
            due_shards: 1,
            files_bucket: FILES.to_owned(),
            ..Config::default()
        };
        let overseer = cloud(&stack, &stack.overseer_config(), &config, &clock, &owners);
        let cloud = cloud(&stack, stack.config(), &config, &clock, &owners);
        let (nightly, first_due) = (Nightly::Always, Arc::default());
        Ok(Self { stack, cloud, overseer, clock, nightly, lasting: false, deliveries: true, first_due, stale: None })
    }

    /// Leaves the nightly scan out. A replay without limits has no use for its ranking.
    #[must_use]
    pub fn without_nightly_scan(mut self) -> Self {
        self.nightly = Nightly::Never;
        self
    }

    /// Makes use of it that no other process writes here, so that a year is played in seconds: what a store's standing is
    /// made of is read again when it was written and not every five seconds, and the nightly scan is left out where it
    /// would change nothing.
    #[must_use]
    pub fn alone(mut self) -> Self {
        let stale = Arc::new(AtomicBool::new(true));
        let written = Arc::clone(&stale);
        self.stack.on_write(move |key| {
            if matches!(Key::parse(key), Some(Key::Store(_) | Key::Day(..) | Key::Month(..))) {
                written.store(true, Ordering::Relaxed);
            }
        });
        self.nightly = Nightly::Crowded;
        self.stale = Some(stale);
        self
    }

    /// SES never tells what became of a mail. Its events are late, and some never come.
    #[must_use]
    pub fn without_deliveries(mut self) -> Self {
        self.deliveries = false;
        self
    }

    /// The same place as a new process sees it: nothing is remembered but what the stand-ins hold.
    #[must_use]
    pub fn restarted(&self) -> Self {
        let owners: Owners = Arc::new(random_owner);
        let cloud = cloud(&self.stack, self.stack.config(), &self.cloud.config, &self.clock, &owners);
        Self { cloud, ..self.clone() }
    }

    /// Adds a store, gives it a webhook secret, makes the folder its plan and sets its state. Safe to do again.
    /// Answers the number of the plan.
    pub async fn set_up(&self, store: &StoreId, folder: &Folder, setup: Setup) -> Result<u64> {
        let cloud = &self.overseer;
        cloud.tables.add_store(&Store::new(store.clone())).await?;
        let number = cloud.tables.activate(store, &file::hash(folder), folder).await?;
        let change = |known: &mut Store| {
            known.state = setup.state;
            known.unlimited = setup.unlimited;
        };
        cloud.tables.change_store(store, change).await?;
        cloud.forget(store);
        self.cloud.forget(store);
        let secret = if self.lasting { random_owner() } else { format!("{store}: a secret of this place alone") };
        let secret = data_encoding::BASE64.encode(secret.as_bytes());
        let name = format!("{SECRETS}/stores/{store}/webhook-secrets");
        self.stack.put_secret_if_absent(&name, &format!("whsec_{secret}"))?;
        Ok(number)
    }

    /// Makes a folder the store's plan, as its operator would: a new layer and a run of scan-customers.
    pub async fn change_plan(&self, store: &StoreId, folder: &Folder) -> Result<()> {
        self.overseer.tables.activate(store, &file::hash(folder), folder).await?;
        self.overseer.forget(store);
        self.cloud.forget(store);
        self.scan(None).await.map(|_| ())
    }

    /// Whether an event waits on its queue.
    pub(crate) fn has_events(&self) -> Result<bool> {
        Ok(self.stack.next_visible(EVENTS)?.is_some())
    }

    /// As [`Place::set_up`], but workers that remember the plan before learn of the new one by themselves.
    pub async fn set_up_quietly(&self, store: &StoreId, folder: &Folder, setup: Setup) -> Result<u64> {
        self.restarted().set_up(store, folder, setup).await
    }

    /// The secret a store signs its webhooks with here.
    pub async fn webhook_secret(&self, store: &StoreId) -> Result<String> {
        let secrets = self.overseer.secrets.webhook(store, self.clock.now(), true).await?;
        let own = |line: &String| Wiring::parse(line).is_ok_and(|wiring| wiring.platform == Platform::Own);
        secrets.into_iter().find(own).context("the store has no webhook secret of our own format")
    }

    /// What a store is wired with.
    pub async fn wirings(&self, store: &StoreId) -> Result<Vec<Wiring>> {
        let secrets = self.overseer.secrets.webhook(store, self.clock.now(), true).await?;
        Ok(secrets.iter().filter_map(|line| Wiring::parse(line).ok()).collect())
    }

    /// Puts an event on its queue.
    pub async fn tell(&self, told: &Told) -> Result<()> {
        Ok(self.overseer.queues.tell(told).await?)
    }

    /// What Lambda would tell an invocation that starts now. In a place alone it forgets first what no longer holds.
    pub fn invocation(&self) -> Invocation {
        if self.stale.as_ref().is_some_and(|stale| stale.swap(false, Ordering::Relaxed)) {
            self.cloud.forget_all();
            self.overseer.forget_all();
        }
        let until = self.clock.now().saturating_add(TIMEOUT_SECONDS.seconds());
        Invocation { until: until.unwrap_or(Timestamp::MAX) }
    }

    /// Lets everything happen that can happen at this moment.
    pub async fn settle(&self) -> Result<()> {
        self.settle_all(&self.stores().await?).await.map(|_| ())
    }

    /// As [`Place::settle`], for stores that were read before. Answers the earliest `due` of them all, whether past or
    /// to come: the index was just asked.
    async fn settle_all(&self, stores: &[StoreId]) -> Result<Option<Timestamp>> {
        let mut before = None;
        loop {
            // Nothing that follows puts an event on the queue, so recording alone is no reason for another round.
            self.record_events().await?;
            let (first, due) = self.due_now(stores).await?;
            let mut busy = false;
            // The same people due after a look at all of them: something keeps them, and only time will tell.
            if !due.is_empty() && before.as_ref() != Some(&due) {
                self.pump().await?;
                busy = true;
            }
            busy |= self.send_messages().await?;
            busy |= self.record_deliveries().await?;
            if !busy {
                return Ok(first);
            }
            before = Some(due);
        }
    }

    /// Turns the clock from whatever is due to whatever is due next, up to a moment, and tells the time on the way.
    pub async fn run_until(&self, end: Timestamp, tell: &mut dyn FnMut(Timestamp)) -> Result<()> {
        // Nobody adds a store in the middle of a run.
        let stores = self.stores().await?;
        while self.step(&stores, end).await? {
            tell(self.clock.now());
        }
        Ok(())
    }

    /// Lets everything happen that can happen at this moment, then turns the clock to whatever is due next, or to the
    /// end. Says whether there is more before the end; nothing is left to do when there is not.
    pub async fn step(&self, stores: &[StoreId], end: Timestamp) -> Result<bool> {
        let first = self.settle_all(stores).await?;
        let now = self.clock.now();
        let next = self.next_event(first)?.filter(|next| *next <= end);
        // Something that is due already and could not be done waits for the next run of the schedule.
        let next =
            next.map(|next| if next > now { next } else { now.saturating_add(1.minute()).unwrap_or(end).min(end) });
        let Some(next) = next.filter(|next| *next > now) else {
            self.clock.turn_to(end);
            self.settle_all(stores).await?;
            return Ok(false);
        };
        let night = next_night(now);
        self.clock.turn_to(next);
        if night <= next && self.scans(stores).await? {
            self.scan(None).await?;
        }
        Ok(true)
    }

    /// Whether scan-customers runs tonight.
    async fn scans(&self, stores: &[StoreId]) -> Result<bool> {
        match self.nightly {
            Nightly::Always => return Ok(true),
            Nightly::Never => return Ok(false),
            Nightly::Crowded => {}
        }
        let now = self.clock.now();
        let tomorrow = now.saturating_add(24.hours()).unwrap_or(now);
        for id in stores {
            let standing = self.overseer.standing(id).await?;
            let today = day_of(now, &standing.plan.shop.time_zone);
            let Some(allowance) = standing.store.allowance(&standing.plan.shop, today) else { continue };
            let most = allowance as usize + 1;
            let crowded = self.overseer.tables.due(id, tomorrow, most).await?.len() == most;
            if crowded || standing.store.ranking.as_ref().is_some_and(Ranking::binds) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// When something is due next: the first customer, a queue, the nightly scan.
    fn next_event(&self, first: Option<Timestamp>) -> Result<Option<Timestamp>> {
        let night = (self.nightly != Nightly::Never).then(|| next_night(self.clock.now()));
        let (events, hints) = (self.stack.next_visible(EVENTS)?, self.stack.next_visible(HINTS)?);
        Ok([night, first, events, hints].into_iter().flatten().min())
    }

    /// When something is due to happen next.
    pub async fn next(&self, stores: &[StoreId]) -> Result<Option<Timestamp>> {
        let (first, _) = self.due_now(stores).await?;
        self.next_event(first)
    }

    /// The stores of this place.
    pub async fn stores(&self) -> Result<Vec<StoreId>> {
        Ok(self.overseer.tables.stores().await?)
    }

    /// When the first customer of these stores is due, and everybody who is due now.
    async fn due_now(&self, stores: &[StoreId]) -> Result<(Option<Timestamp>, Vec<String>)> {
        let now = self.clock.now();
        let writes = self.stack.writes();
        let known = self
            .asked()
            .clone()
            .filter(|(at, of, first)| *at == writes && of == stores && first.is_none_or(|first| first > now));
        if let Some((_, _, first)) = known {
            return Ok((first, Vec::new()));
        }
        let (mut earliest, mut due) = (None, Vec::new());
        for store in stores {
            let first = self.overseer.tables.first_due(store).await?;
            earliest = [earliest, first].into_iter().flatten().min();
            if first.is_some_and(|first| first <= now) {
                let found = self.overseer.tables.due(store, now, 100_000).await?;
                due.extend(found.into_iter().map(|(id, _)| format!("{store} {id}")));
            }
        }
        *self.asked() = Some((writes, stores.to_vec(), earliest));
        Ok((earliest, due))
    }

    fn asked(&self) -> MutexGuard<'_, Asked> {
        self.first_due.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// find-lapsed, once.
    pub async fn pump(&self) -> Result<()> {
        let tick = serde_json::from_value(json!({"scheduled_at": self.clock.now()}))?;
        let run = find_lapsed::handle(&self.cloud, tick, self.invocation());
        // A run that died or failed is not made up for: the next one finds the same people.
        if let Ok(Err(error)) = self.stack.faults().live(run).await {
            tracing::warn!(%error, "find-lapsed failed");
        }
        Ok(())
    }

    /// scan-customers, once, with an operator's wish if there is one.
    pub async fn scan(&self, set: Option<Set>) -> Result<Audit> {
        self.run_scan(Run { scheduled_at: self.clock.now(), set, imported: None }).await
    }

    async fn run_scan(&self, run: Run) -> Result<Audit> {
        Ok(Box::pin(scan_customers::handle(&self.cloud, run, self.invocation())).await?)
    }

    /// record-event, until its queue is empty. Says whether there was anything.
    pub async fn record_events(&self) -> Result<bool> {
        let mut busy = false;
        loop {
            let batch = self.stack.take_batch(EVENTS, BATCH)?;
            if batch.is_empty() {
                return Ok(busy);
            }
            busy = true;
            let event = serde_json::from_value(sqs_event(&batch))?;
            let run = Box::pin(record_event::handle(&self.cloud, event, self.invocation()));
            let answer = self.stack.faults().live(run).await;
            self.answered(EVENTS, &batch, answer)?;
        }
    }

    /// send-message, until its queue is empty. Says whether there was anything.
    pub async fn send_messages(&self) -> Result<bool> {
        let mut busy = false;
        loop {
            let batch = self.stack.take_batch(HINTS, BATCH)?;
            if batch.is_empty() {
                return Ok(busy);
            }
            busy = true;
            let event = serde_json::from_value(sqs_event(&batch))?;
            let run = Box::pin(send_message::handle(&self.cloud, event, self.invocation()));
            let answer = self.stack.faults().live(run).await;
            self.answered(HINTS, &batch, answer)?;
        }
    }

    /// record-delivery, for whatever SES has to tell. Says whether there was anything.
    pub async fn record_deliveries(&self) -> Result<bool> {
        let mut events = self.stack.take_delivery_events()?;
        events.retain(|_| self.deliveries);
        let busy = !events.is_empty();
        for event in events {
            // What is lost is lost, as on AWS, unless nothing can be kept any more.
            if self.record_delivery(&event).await.is_err() {
                self.unbroken()?;
            }
        }
        Ok(busy)
    }

    /// record-delivery, for one event of SES. EventBridge tries again when a function fails; so often here that only a
    /// lasting fault gets through, which is the answer.
    pub(crate) async fn record_delivery(&self, event: &Value) -> Result<()> {
        let mut last = None;
        for _ in 0..DELIVERY_TRIES {
            let run = Box::pin(record_delivery::handle(&self.cloud, event.clone(), self.invocation()));
            match self.stack.faults().live(run).await {
                Ok(Ok(_)) => return Ok(()),
                Ok(Err(error)) => {
                    tracing::warn!(%error, "record-delivery failed");
                    last = Some(error.into());
                }
                Err(Died) => {}
            }
        }
        self.unbroken()?;
        last.map_or(Ok(()), Err)
    }

    /// An error once the stack could not write something: before any retry is counted.
    fn unbroken(&self) -> Result<()> {
        match self.stack.broken() {
            None => Ok(()),
            Some(problem) => bail!(
                "the place can keep nothing more: {problem}. What was answered is kept; make room, and the same command goes on"
            ),
        }
    }

    /// What Lambda's poller does with an answer. A batch whose function died or failed comes back whole, later.
    fn answered(
        &self,
        queue: &str,
        batch: &[QueueMessage],
        answer: Result<Result<SqsBatchResponse, winback_cloud::Error>, Died>,
    ) -> Result<()> {
        self.unbroken()?;
        let ids = batch.iter().map(|message| message.message_id.as_str());
        let (handled, failed): (Vec<&str>, Vec<&str>) = match &answer {
            Ok(Ok(answer)) => {
                let failures = &answer.batch_item_failures;
                ids.partition(|id| failures.iter().all(|failure| failure.item_identifier != *id))
            }
            Ok(Err(error)) => {
                tracing::warn!(queue, %error, "batch failed");
                (Vec::new(), ids.collect())
            }
            Err(Died) => (Vec::new(), ids.collect()),
        };
        Ok(self.stack.settle(queue, &handled, &failed)?)
    }
}

/// A folder that nobody else on this machine may look into: it holds addresses and keys.
fn private_folder(dir: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(dir)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(dir, std::fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

/// The next 03:00 UTC after a moment: when the schedule scans.
fn next_night(now: Timestamp) -> Timestamp {
    let day = 86_400;
    let night = (now.as_second() - 3 * 3_600).div_euclid(day) * day + day + 3 * 3_600;
    Timestamp::from_second(night).unwrap_or(Timestamp::MAX)
}
