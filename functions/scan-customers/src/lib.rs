//! The auditor: reads every customer, makes sure that nobody was forgotten, and says who goes first. It also turns the
//! shops' folders of its layer into active plans.

mod activate;

use std::collections::BTreeMap;

use futures_util::future::try_join_all;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use winback_cloud::start::Invocation;
use winback_cloud::tables::scan::Mark;
use winback_cloud::{Cloud, Error};
use winback_domain::customer::Customer;
use winback_domain::decide::decide;
use winback_domain::ids::StoreId;
use winback_domain::store::{RANKED_DAYS, Ranking, State, Store, Waiting, rank};
use winback_domain::time::day_of;

/// Parts that are read side by side.
const SEGMENTS: u32 = 4;
/// A page of a megabyte takes at most so long.
const TIME_FOR_A_PAGE_SECONDS: i64 = 30;

/// What starts a run: the schedule, or an operator.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Run {
    /// When this run was due. The same on a retry, which then goes on where the first try stopped.
    pub scheduled_at: Timestamp,
    /// Sets a store's state first: `live` starts its ramp, `paused` stops it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set: Option<Set>,
}

/// A store's new state.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Set {
    /// Which store.
    pub store: StoreId,
    /// Its state from now on.
    pub state: State,
}

/// What a run found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audit {
    /// Customers read.
    pub customers: u64,
    /// Whose next look was missing or too late: nobody should ever be.
    pub restored: u64,
    /// Whose next look was computed under an older plan.
    pub stamped: u64,
}

/// What a store's customers are waiting for.
#[derive(Debug, Default)]
struct Crowd {
    waiting: Vec<Waiting>,
    promised: BTreeMap<Date, u32>,
}

type Crowds = BTreeMap<StoreId, Crowd>;

/// Activates what the layer brings, reads every customer, ranks those who wait.
pub async fn handle(cloud: &Cloud, run: Run, invocation: Invocation) -> Result<Audit, Error> {
    activate::activate(cloud).await?;
    if let Some(set) = &run.set {
        activate::set(cloud, set, run.scheduled_at).await?;
    }
    let segments = try_join_all((0..SEGMENTS).map(|segment| scan(cloud, &run, segment, invocation))).await?;
    let mut audit = Audit::default();
    let mut crowds = Crowds::new();
    let mut whole = true;
    for (part, crowd, from_start) in segments {
        audit.customers += part.customers;
        audit.restored += part.restored;
        audit.stamped += part.stamped;
        whole &= from_start;
        for (store, Crowd { waiting, promised }) in crowd {
            let all = crowds.entry(store).or_default();
            all.waiting.extend(waiting);
            for (day, mails) in promised {
                *all.promised.entry(day).or_default() += mails;
            }
        }
    }
    // A run that was cut short saw only a part of those who wait: the ranking of the night before still holds.
    if whole {
        for (store, crowd) in crowds {
            put_ranking(cloud, &store, crowd).await?;
        }
    }
    tracing::info!(?audit, "scanned");
    Ok(audit)
}

/// One segment, page by page, from where an earlier try of this run stopped. Says whether it saw all of it.
async fn scan(cloud: &Cloud, run: &Run, segment: u32, invocation: Invocation) -> Result<(Audit, Crowds, bool), Error> {
    let mark = cloud.tables.mark(segment).await?.filter(|mark| mark.run == run.scheduled_at);
    let (mut audit, mut crowds) = (Audit::default(), Crowds::new());
    let from_start = mark.is_none();
    let mut next = match mark {
        Some(Mark { next: None, .. }) => return Ok((audit, crowds, false)),
        Some(Mark { next, .. }) => next,
        None => None,
    };
    let latest = invocation.until.saturating_sub(TIME_FOR_A_PAGE_SECONDS.seconds()).unwrap_or(Timestamp::MIN);
    loop {
        let page = cloud.tables.scan(segment, SEGMENTS, next.as_deref()).await?;
        for (store, customer) in page.customers {
            audit.customers += 1;
            look(cloud, &store, customer, &mut audit, &mut crowds).await?;
        }
        let mark = Mark { run: run.scheduled_at, next: page.next.clone() };
        cloud.tables.put_mark(segment, &mark).await?;
        if page.next.is_none() {
            return Ok((audit, crowds, from_start));
        }
        if cloud.clock.now() > latest {
            return Err(Error::TimeUp);
        }
        next = page.next;
    }
}

/// One customer: the plan always stamped, `due` only ever earlier.
async fn look(
    cloud: &Cloud,
    store: &StoreId,
    customer: Customer,
    audit: &mut Audit,
    crowds: &mut Crowds,
) -> Result<(), Error> {
    let standing = match cloud.standing(store).await {
        Ok(standing) => standing,
        // One store's trouble is no reason to forget the others' customers.
        Err(error @ (Error::UnknownStore(_) | Error::NoPlan(_) | Error::BadPlan { .. })) => {
            tracing::error!(%store, %error, "customer not audited");
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    let (now, plan) = (cloud.clock.now(), &standing.plan);
    let decision = decide(&customer, &standing.store, plan, now);
    let earlier = decision.next_look.is_some_and(|next| customer.due.is_none_or(|due| next < due));
    let stale = customer.plan < plan.number;
    if earlier || stale {
        audit.restored += u64::from(earlier && !stale);
        audit.stamped += u64::from(stale);
        let mut after = customer.clone();
        after.rev += 1;
        after.plan = plan.number;
        if earlier {
            after.due = decision.next_look;
        }
        let write = cloud.tables.put_looked(store, &after, customer.rev)?;
        if !cloud.tables.commit(vec![write]).await?.done() {
            // Somebody wrote in between, perhaps under the plan before: look again at what they left.
            cloud.forget(store);
            if let Some(fresh) =
                cloud.tables.customer(store, customer.id).await?.filter(|fresh| fresh.rev > customer.rev)
            {
                return Box::pin(look(cloud, store, fresh, audit, crowds)).await;
            }
        }
    }
    // Who waits is asked as if no limit held, so that today's ranking does not shape tomorrow's.
    if standing.store.allowance(&plan.shop, day_of(now, &plan.shop.time_zone)).is_some() {
        let free = Store { unlimited: true, ranking: None, ..standing.store.clone() };
        let wish = decide(&customer, &free, plan, now);
        if let (Some(coming), Some(at)) = (wish.coming.filter(|coming| !coming.held), wish.next_look) {
            let from = day_of(at, &plan.shop.time_zone);
            let crowd = crowds.entry(store.clone()).or_default();
            if coming.follow_up {
                *crowd.promised.entry(from).or_default() += 1;
            } else {
                crowd.waiting.push(Waiting { rank: rank(&customer), from, weekdays: coming.weekdays });
            }
        }
    }
    Ok(())
}

async fn put_ranking(cloud: &Cloud, store: &StoreId, crowd: Crowd) -> Result<(), Error> {
    let standing = cloud.standing(store).await?;
    let shop = &standing.plan.shop;
    let today = day_of(cloud.clock.now(), &shop.time_zone);
    let days = (0..RANKED_DAYS).map(|ahead| today.saturating_add(i64::try_from(ahead).unwrap_or(0).days()));
    let promised = days.map(|day| crowd.promised.get(&day).copied().unwrap_or(0)).collect();
    let ranking = Ranking::make(&standing.store, shop, today, &crowd.waiting, promised);
    cloud.tables.change_store(store, |store| store.ranking.clone_from(&ranking)).await?;
    cloud.forget(store);
    Ok(())
}
