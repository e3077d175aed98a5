//! Orders, asked for at the stores' own APIs: all that changed, which webhooks may have missed; or one, whose webhook names
//! it and says no more.

mod orders;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use winback_domain::customer::Customer;
use winback_domain::event::Event;
use winback_domain::exchange::Trouble;
use winback_domain::ids::StoreId;
use winback_domain::order::Order;
use winback_domain::pull::{Fetched, Fetching, Page, Pulling, Source, is_news, order_id, placed};
use winback_domain::store::Store;
use winback_domain::webhook::{Heard, Platform, Wiring};

pub use self::orders::Orders;
use crate::queue::Told;
use crate::record::{Recorded, Whom};
use crate::{Cloud, Error};

/// A platform that is new to us is read from so long before the first run that finds its key. What is older comes as a
/// history.
const FIRST: SignedDuration = SignedDuration::from_hours(24);
/// A page may take so long, with everything that follows from it.
const TIME_FOR_A_PAGE: SignedDuration = SignedDuration::from_secs(60);
/// Of that, what is left for writing the mark down.
const TIME_FOR_THE_MARK: SignedDuration = SignedDuration::from_secs(5);

/// What a run over one platform of a store found.
#[derive(Clone, Debug)]
pub struct Pulled {
    /// Whose orders.
    pub platform: Platform,
    /// What changed since then was asked for.
    pub from: Timestamp,
    /// Orders that were read, each as often as it changed meanwhile.
    pub read: usize,
    /// Those of them that no webhook had told of, or only of an earlier state: the platform's ids.
    pub missed: Vec<String>,
    /// Those of them that are left out, because they are from before their customer asked to be forgotten, or off and from
    /// before our time.
    pub forgotten: usize,
    /// Those of them that could not be understood.
    pub not_understood: usize,
    /// Where the next run begins.
    pub mark: Timestamp,
    /// The platform tells of nothing before this, and that is later than `from`.
    pub reach: Option<Timestamp>,
}

/// A run in progress.
struct Run<'a> {
    known: &'a Store,
    pulled: Pulled,
    /// Orders of which this run has read that they were bought.
    bought: BTreeSet<String>,
    /// What became of orders that nobody knows yet: Stripe tells the latest first.
    waiting: Vec<Vec<Event>>,
    /// Orders of the page that the ledger did not have.
    new: Vec<String>,
    /// The marks on the way, each with the orders that were new behind the one before.
    way: Vec<(Option<Timestamp>, Vec<String>)>,
}

impl<'a> Run<'a> {
    fn begin(known: &'a Store, platform: Platform, from: Timestamp, mark: Timestamp) -> Self {
        let pulled =
            Pulled { platform, from, read: 0, missed: Vec::new(), forgotten: 0, not_understood: 0, mark, reach: None };
        Self { known, pulled, bought: BTreeSet::new(), waiting: Vec::new(), new: Vec::new(), way: Vec::new() }
    }
}

impl Cloud {
    /// The platforms of a store whose orders can be read: those that somebody gave a key to.
    pub async fn sources(&self, store: &StoreId) -> Result<Vec<Source>, Error> {
        let lines = self.secrets.access(store, self.clock.now()).await?;
        let read = |line: &String| {
            // What it says names no key.
            Source::parse(line).map_err(|error| tracing::error!(%store, %error, "an access cannot be used")).ok()
        };
        Ok(lines.iter().filter_map(read).collect())
    }

    /// Reads what changed at a platform since the last run, or since a moment, and puts it on the queue. The mark that the
    /// next run begins at moves only then, only forward, and never over anything that was not asked for. Safe to run
    /// twice, at any time, half-way.
    ///
    /// # Errors
    /// [`Error::TimeUp`] where there is more than can be read by `until`. The inner error is the store's; in both cases
    /// the next run begins where this one ended, as far as that is known.
    pub async fn pull(
        &self,
        store: &StoreId,
        source: &Source,
        since: Option<Timestamp>,
        until: Timestamp,
    ) -> Result<Result<Pulled, Trouble>, Error> {
        let platform = source.platform();
        let known = self.begun(store, platform).await?;
        let mark = known.pulled.get(&platform).copied().unwrap_or(Timestamp::MIN);
        let from = since.unwrap_or(mark);
        let consent_field = self.consent_field(store, platform).await?;
        let (mut pulling, first) = Pulling::begin(source, from, consent_field.as_deref());
        let mut run = Run::begin(&known, platform, from, mark);
        let latest = until.checked_sub(TIME_FOR_A_PAGE).unwrap_or(Timestamp::MIN);
        let mut next = Some(first);
        let mut ended = Ok(Ok(()));
        while let Some(asked) = next.take() {
            if self.clock.now() > latest {
                ended = Err(Error::TimeUp);
                break;
            }
            let answered = self.stores.orders.page(asked).await;
            match answered.and_then(|answered| pulling.hear(answered.response(), self.clock.now())) {
                Ok(page) => {
                    next = page.next.clone();
                    self.queue_page(&mut run, page).await?;
                    run.way.push((pulling.mark(), std::mem::take(&mut run.new)));
                }
                Err(trouble) => {
                    ended = Ok(Err(trouble));
                    break;
                }
            }
        }
        let way = std::mem::take(&mut run.way);
        let mut pulled = self.queue_rest(run).await?;
        let reached = match ended {
            Ok(Ok(())) => pulling.mark(),
            _ => {
                self.recorded_until(store, way, until.checked_sub(TIME_FOR_THE_MARK).unwrap_or(Timestamp::MIN)).await?
            }
        };
        // Whoever began behind the mark leaves it where it is: what lies between was not read.
        if let Some(at) = reached.filter(|_| from <= mark) {
            let after = self.change_store(store, |store| store.pulled_until(platform, at)).await?;
            pulled.mark = after.pulled.get(&platform).copied().unwrap_or(at);
        }
        pulled.reach = pulling.reach();
        ended.map(|ended| ended.map(|()| pulled))
    }

    /// The store, with a mark for this platform. It is set before anything is asked: a platform that cannot be read for
    /// some nights is read from the same moment on once it can.
    async fn begun(&self, store: &StoreId, platform: Platform) -> Result<Store, Error> {
        let known = self.tables.store(store).await?.ok_or_else(|| Error::UnknownStore(store.clone()))?;
        if known.pulled.contains_key(&platform) {
            return Ok(known);
        }
        let first = self.clock.now().checked_sub(FIRST).unwrap_or(Timestamp::MIN);
        self.change_store(store, |store| store.pulled_until(platform, first)).await
    }

    /// WooCommerce's orders say whether mail is welcome under a key that stands beside the secret of its webhooks.
    async fn consent_field(&self, store: &StoreId, platform: Platform) -> Result<Option<String>, Error> {
        if platform != Platform::WooCommerce {
            return Ok(None);
        }
        let lines = match self.secrets.webhook(store, self.clock.now(), false).await {
            Ok(lines) => lines,
            Err(crate::secrets::Error::Missing(_)) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let wirings = lines.iter().filter_map(|line| Wiring::parse(line).ok());
        Ok(wirings.filter(|wiring| wiring.platform == platform).find_map(|wiring| wiring.consent_field))
    }

    /// Puts a page on the queue. When this answers, all of it is safe, but for what waits in the run.
    async fn queue_page(&self, run: &mut Run<'_>, page: Page) -> Result<(), Error> {
        let store = &run.known.id;
        let mut told = Vec::new();
        for heard in page.heard {
            match heard {
                Ok(Heard::Events { events, .. }) => {
                    if self.is_wanted(run, &events).await? {
                        told.extend(events.into_iter().map(|event| Told { store: store.clone(), event }));
                    }
                }
                Ok(Heard::Ignored { .. } | Heard::Ping) => {}
                Err(error) => {
                    run.pulled.not_understood += 1;
                    // It names a member and never what stands there.
                    tracing::error!(%store, platform = run.pulled.platform.word(), %error, "order not understood");
                }
            }
        }
        Ok(self.queues.tell_all(&told).await?)
    }

    /// Whether these events go on the queue now. Counts them.
    async fn is_wanted(&self, run: &mut Run<'_>, events: &[Event]) -> Result<bool, Error> {
        let Some(id) = order_id(events) else { return Ok(true) };
        run.pulled.read += 1;
        let bought = placed(events).is_some();
        if bought {
            if self.forgets(run.known, events).await? {
                run.pulled.forgotten += 1;
                return Ok(false);
            }
            run.bought.insert(id.to_owned());
        }
        let order = self.tables.order(&run.known.id, id).await?.order;
        if bought && order == Order::default() {
            run.new.push(id.to_owned());
        }
        if !bought && order == Order::default() {
            run.waiting.push(events.to_vec());
            return Ok(false);
        }
        let currency = self.standing(&run.known.id).await?.plan.shop.currency;
        if is_news(events, &order, currency) {
            run.pulled.missed.push(id.to_owned());
        }
        Ok(true)
    }

    /// As far as a run that was cut short got, and the ledger after it. The next run may begin at once: an order that lies
    /// on the queue yet is read once more by it, or what became of that order would look like a stranger's.
    async fn recorded_until(
        &self,
        store: &StoreId,
        way: Vec<(Option<Timestamp>, Vec<String>)>,
        until: Timestamp,
    ) -> Result<Option<Timestamp>, Error> {
        let mut reached = None;
        for (mark, new) in way {
            for id in new {
                let is_late = self.clock.now() > until;
                if is_late || self.tables.order(store, &id).await?.order == Order::default() {
                    return Ok(reached);
                }
            }
            reached = reached.max(mark);
        }
        Ok(reached)
    }

    /// Puts the rest on the queue: what became of orders that were read later than that. Of an order that neither this
    /// run nor the ledger knows there is nothing to give back or to call off: it is from before our time, or from before
    /// its customer asked to be forgotten.
    async fn queue_rest(&self, run: Run<'_>) -> Result<Pulled, Error> {
        let Run { known, mut pulled, bought, waiting, .. } = run;
        let mut told = Vec::new();
        for events in waiting {
            match order_id(&events) {
                Some(id) if bought.contains(id) => {
                    if !pulled.missed.iter().any(|missed| missed == id) {
                        pulled.missed.push(id.to_owned());
                    }
                    told.extend(events.into_iter().map(|event| Told { store: known.id.clone(), event }));
                }
                _ => pulled.forgotten += 1,
            }
        }
        self.queues.tell_all(&told).await?;
        Ok(pulled)
    }

    /// Whether an order is from before its customer, or everybody, was to be forgotten. What became of it since is no
    /// reason to remember it: such an order is left out whole, refunds and all.
    async fn forgets(&self, store: &Store, events: &[Event]) -> Result<bool, Error> {
        let Some(event) = placed(events) else { return Ok(false) };
        let happened = event.happened();
        if store.erased.is_some_and(|until| happened <= until) {
            return Ok(true);
        }
        let forgets =
            |customer: &Customer| customer.erased.max(customer.forgotten).is_some_and(|until| happened <= until);
        for name in self.names(&store.id, &event.who, event).await? {
            if self.known_by(&store.id, name).await?.as_ref().is_some_and(forgets) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Asks for an order of which a webhook told no more than that it changed, and records it. Safe to run twice, at any
    /// time, half-way.
    pub(crate) async fn take_order(
        &self,
        store: &StoreId,
        platform: Platform,
        order_id: &str,
    ) -> Result<Recorded, Error> {
        let known = self.tables.store(store).await?.ok_or_else(|| Error::UnknownStore(store.clone()))?;
        let sources = self.sources(store).await?;
        let door = sources.iter().find_map(|source| match source {
            Source::BigCommerce(door) if platform == Platform::BigCommerce => Some(door),
            _ => None,
        });
        let (mut fetching, mut request) = Fetching::begin(door.ok_or(Trouble::NoAccess)?, order_id);
        let heard = loop {
            let answered = self.stores.orders.one(request).await?;
            match fetching.hear(answered.response(), self.clock.now())? {
                Fetched::Ask(next) => request = next,
                Fetched::Done(heard) => break heard,
            }
        };
        let events = match heard {
            Some(Ok(Heard::Events { events, .. })) => events,
            Some(Ok(Heard::Ignored { because, .. })) => {
                tracing::info!(%store, platform = platform.word(), because = because.word(), "order left out");
                return Ok(Recorded::Known);
            }
            Some(Ok(Heard::Ping)) | None => return Ok(Recorded::Known),
            Some(Err(error)) => {
                tracing::error!(%store, platform = platform.word(), %error, "order not understood");
                return Err(Error::Store(Trouble::Unreadable));
            }
        };
        let unknown = placed(&events).is_none() && self.tables.order(store, order_id).await?.order == Order::default();
        if unknown || self.forgets(&known, &events).await? {
            return Ok(Recorded::Forgotten);
        }
        let mut recorded = Recorded::Known;
        for event in &events {
            if self.record(store, &Whom::Named(event.who.clone()), event).await? == Recorded::Learned {
                recorded = Recorded::Learned;
            }
        }
        Ok(recorded)
    }
}
