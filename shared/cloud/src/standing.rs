//! What holds for a store right now: its state, its plan, its letters. Kept for a moment.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use jiff::{Timestamp, ToSpan};
use winback_domain::file;
use winback_domain::ids::StoreId;
use winback_domain::mail::Prepared;
use winback_domain::plan::Plan;
use winback_domain::store::Store;
use winback_domain::time::day_of;

use crate::Error;
use crate::tables::Tables;

/// Pause and kill switch hold after so many seconds at the latest, where nobody says at once that they were written.
const KEPT_SECONDS: i64 = 5;

/// A store, ready to decide with.
#[derive(Clone, Debug)]
pub struct Standing {
    /// Its state.
    pub store: Store,
    /// Its active plan.
    pub plan: Arc<Plan>,
    letters: Compiled,
}

/// Letters that are compiled when somebody first writes one: most functions write none, and need not carry what does it.
type Compiled = Arc<OnceLock<Arc<Prepared>>>;

impl Standing {
    /// The letters of the active plan, compiled.
    ///
    /// # Errors
    /// [`Error::BadPlan`] where one does not read. A plan with such a letter is not activated.
    pub fn letters(&self) -> Result<Arc<Prepared>, Error> {
        if let Some(letters) = self.letters.get() {
            return Ok(Arc::clone(letters));
        }
        let letters = Prepared::new(&self.plan.letters).map_err(|error| Error::BadPlan {
            store: self.store.id.clone(),
            number: self.plan.number,
            problem: error.to_string(),
        })?;
        Ok(Arc::clone(self.letters.get_or_init(|| Arc::new(letters))))
    }
}

#[derive(Clone, Debug)]
struct Ready {
    plan: Arc<Plan>,
    letters: Compiled,
}

/// What was loaded lately. A plan never changes, so it is kept for good.
#[derive(Debug)]
pub(crate) struct Kept {
    seconds: AtomicI64,
    standings: Mutex<BTreeMap<StoreId, (Timestamp, Standing)>>,
    plans: Mutex<BTreeMap<(StoreId, u64), Ready>>,
}

impl Default for Kept {
    fn default() -> Self {
        Self { seconds: AtomicI64::new(KEPT_SECONDS), standings: Mutex::default(), plans: Mutex::default() }
    }
}

impl Kept {
    /// From now on a standing is kept until it is forgotten, or its day is over.
    pub fn until_forgotten(&self) {
        self.seconds.store(i64::from(i32::MAX), Ordering::Relaxed);
    }

    /// The standing of a store, at most a few seconds old.
    pub async fn standing(&self, tables: &Tables, id: &StoreId, now: Timestamp) -> Result<Standing, Error> {
        let kept = self.seconds.load(Ordering::Relaxed);
        let oldest = now.saturating_sub(kept.seconds()).unwrap_or(Timestamp::MIN);
        let known = self.standings.lock().ok().and_then(|known| known.get(id).cloned());
        // What was used of a day's allowance says nothing of another day.
        let holds = |(at, standing): &(Timestamp, Standing)| {
            let day = |at| day_of(at, &standing.plan.shop.time_zone);
            *at > oldest && *at <= now && day(*at) == day(now)
        };
        if let Some((_, standing)) = known.filter(holds) {
            return Ok(standing);
        }
        let mut store = tables.store(id).await?.ok_or_else(|| Error::UnknownStore(id.clone()))?;
        let Ready { plan, letters } = self.plan(tables, id, store.plan).await?;
        let today = day_of(now, &plan.shop.time_zone);
        if store.allowance(&plan.shop, today).is_some() {
            let mails = tables.mails(id, today).await?;
            (store.used.mails_today, store.used.follow_ups_today) = (mails.all, mails.follow_ups);
        }
        if plan.shop.limits.discounts_per_month.is_some() && !store.unlimited {
            store.used.discounts_this_month = tables.discounts(id, today).await?;
        }
        let standing = Standing { store, plan, letters };
        if let Ok(mut known) = self.standings.lock() {
            known.insert(id.clone(), (now, standing.clone()));
        }
        Ok(standing)
    }

    /// Forgets all standings.
    pub fn forget_all(&self) {
        if let Ok(mut known) = self.standings.lock() {
            known.clear();
        }
    }

    /// Forgets a store's standing: somebody wrote under a newer plan, or the allowance is used up.
    pub fn forget(&self, id: &StoreId) {
        if let Ok(mut known) = self.standings.lock() {
            known.remove(id);
        }
    }

    async fn plan(&self, tables: &Tables, id: &StoreId, number: u64) -> Result<Ready, Error> {
        let key = (id.clone(), number);
        if let Some(ready) = self.plans.lock().ok().and_then(|known| known.get(&key).cloned()) {
            return Ok(ready);
        }
        let stored = tables.plan(id, number).await?.ok_or_else(|| Error::NoPlan(id.clone()))?;
        let unreadable = |problem: String| Error::BadPlan { store: id.clone(), number, problem };
        let read = file::read(&stored.folder, number).map_err(|problems| {
            let first = problems.first().map_or_else(String::new, |p| format!("{}: {}", p.file, p.message));
            unreadable(first)
        })?;
        let ready = Ready { plan: Arc::new(read.plan), letters: Compiled::default() };
        if let Ok(mut known) = self.plans.lock() {
            known.insert(key, ready.clone());
        }
        Ok(ready)
    }
}
