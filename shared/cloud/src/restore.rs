//! After a restore from a backup: what the tables of before still know is carried into the restored ones, and where nobody
//! knows anything the time is marked as lost. The rules are the domain's ([`carry`](winback_domain::carry),
//! [`gap`](winback_domain::gap)); here is the order in which they are applied, and under which condition each is written.
//!
//! Stores first: all are paused before anything else is done, and stay so. Then customers, then the ledger: a letter of it
//! is written together with what its customer remembers of it. Every write carries a condition on
//! what was read, so that functions may record events meanwhile. Run again it finds what is left to do; nothing is left
//! when nothing is counted.

mod gaps;
mod ledger;

use std::collections::BTreeMap;

use winback_domain::carry;
use winback_domain::customer::{Customer, Open, OpenState, Orders};
use winback_domain::file;
use winback_domain::ids::{CustomerId, StoreId};
use winback_domain::protocol::{Look, look_again};
use winback_domain::store::Store;

use crate::keys::Key;
use crate::standing::Standing;
use crate::tables::customers::{Expect, Record, read};
use crate::tables::{Table, Tables, Write};
use crate::{Cloud, Error};

pub use gaps::Lost;

/// So often a lost race is run again.
const TRIES: u32 = 8;

/// The tables of before, as far as they can still be read.
#[derive(Clone, Debug)]
pub struct Old {
    /// Both, by their names; of a lost one the name does not matter.
    pub tables: Tables,
    /// The customers table can be read.
    pub customers: bool,
    /// The ledger can be read.
    pub ledger: bool,
}

/// What a restore has done, counted by kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Carried {
    /// Stores that are paused now.
    pub paused: Vec<StoreId>,
    /// What was news to the restored tables: so many items of each kind.
    pub news: BTreeMap<&'static str, u64>,
    /// What was left where it is, and why.
    pub left: BTreeMap<&'static str, u64>,
}

impl Carried {
    fn count(&mut self, kind: &'static str) {
        *self.news.entry(kind).or_default() += 1;
    }

    fn leave(&mut self, why: &'static str) {
        *self.left.entry(why).or_default() += 1;
    }
}

/// One run.
struct Run<'a> {
    cloud: &'a Cloud,
    standings: BTreeMap<StoreId, Option<Standing>>,
    carried: Carried,
}

impl Cloud {
    /// Pauses every store of the restored tables, carries over what the old ones know, if there are any, and marks what is
    /// lost, if anything is. Safe to run again, from whatever it died at.
    pub async fn restore(&self, old: Option<&Old>, lost: Option<Lost>) -> Result<Carried, Error> {
        let mut run = Run { cloud: self, standings: BTreeMap::new(), carried: Carried::default() };
        run.pause().await?;
        if let Some(old) = old {
            if old.customers {
                run.stores(old).await?;
                run.customers(old).await?;
            }
            if old.ledger {
                run.ledger(old).await?;
            }
            if old.customers {
                run.claims(old).await?;
            }
        }
        if let Some(lost) = lost {
            run.gaps(&lost).await?;
            if !old.is_some_and(|old| old.ledger) {
                run.empty_pools().await?;
            }
        }
        Ok(run.carried)
    }
}

impl Run<'_> {
    /// Nobody is mailed from here on before an operator says so.
    async fn pause(&mut self) -> Result<(), Error> {
        for id in self.cloud.tables.stores().await? {
            let before = self.cloud.tables.store(&id).await?;
            let after = self.cloud.tables.change_store(&id, |store| *store = carry::paused(store)).await?;
            if before != after {
                self.carried.paused.push(id.clone());
            }
            self.cloud.forget(&id);
        }
        Ok(())
    }

    async fn stores(&mut self, old: &Old) -> Result<(), Error> {
        let tables = &self.cloud.tables;
        let mut ids = tables.stores().await?;
        ids.extend(readable(old.tables.stores().await.map(Some))?.unwrap_or_default());
        ids.sort();
        ids.dedup();
        for id in ids {
            let Some(theirs) = readable(old.tables.store(&id).await)? else { continue };
            let known = tables.store(&id).await?;
            let first = known.as_ref().map_or(1, |store| store.plan + 1);
            // The number never falls, and never names a plan that is not there.
            let mut plan = known.as_ref().map_or(0, |store| store.plan);
            for number in first..=theirs.plan {
                let Some(folder) = readable(old.tables.plan(&id, number).await)? else { break };
                if file::read(&folder.folder, number).is_err() {
                    self.carried.leave("plans that cannot be read");
                    break;
                }
                tables.keep_plan(&id, &folder).await?;
                self.carried.count("plans");
                plan = number;
            }
            if known.is_none() {
                let fresh = carry::paused(&Store { plan, ..theirs.clone() });
                tables.add_store(&fresh).await?;
                self.carried.count("stores");
                continue;
            }
            let change = |store: &mut Store| {
                *store = carry::store(store, &theirs);
                store.plan = store.plan.max(plan);
            };
            tables.change_store(&id, change).await?;
            self.cloud.forget(&id);
        }
        Ok(())
    }

    async fn customers(&mut self, old: &Old) -> Result<(), Error> {
        let mut from = None;
        loop {
            let (items, next) = old.tables.items(Table::Customers, from.as_deref()).await?;
            for (key, item) in items {
                let Key::Customer(store, id) = &key else { continue };
                match read(&key, item) {
                    Ok(Record::Customer(customer)) => self.customer(store, &customer).await?,
                    Ok(Record::Alias(of)) => self.alias(old, store, *id, of).await?,
                    Err(error) => {
                        tracing::warn!(%error, "left out");
                        self.carried.leave("customers that cannot be read");
                    }
                }
            }
            from = next;
            if from.is_none() {
                return Ok(());
            }
        }
    }

    async fn customer(&mut self, store: &StoreId, old: &Customer) -> Result<(), Error> {
        let mut tries = 0..TRIES;
        loop {
            tries.next().ok_or(Error::Contended)?;
            let now = self.cloud.clock.now();
            let known = self.cloud.tables.customer(store, old.id).await?;
            let write = match &known {
                Some(known) => {
                    let merged = carry::customer(known, old, now);
                    if merged == *known {
                        break;
                    }
                    self.moved(store, known, merged).await?
                }
                None => self.created(store, old).await?,
            };
            if self.cloud.tables.commit(vec![write]).await?.done() {
                self.carried.count("customers");
                break;
            }
            self.standings.remove(store);
        }
        if old.erased.is_some() || old.forgotten.is_some() {
            self.cloud.scrub(store, old.id).await?;
        }
        Ok(())
    }

    /// Somebody the restored tables have never heard of. Their sums follow their orders.
    async fn created(&mut self, store: &StoreId, old: &Customer) -> Result<Write, Error> {
        let orders = Orders { recent: old.orders.recent.clone(), ..Orders::default() };
        let fresh = Customer { orders, plan: 0, ..old.clone() };
        let fresh = match self.look(store).await? {
            Some(look) => look_again(fresh, look),
            None => fresh,
        };
        Ok(self.cloud.tables.put_customer(store, &fresh, Expect::Absent)?)
    }

    /// A customer of whom more is known now: whatever was claimed before must look again.
    async fn moved(&mut self, store: &StoreId, before: &Customer, after: Customer) -> Result<Write, Error> {
        let after = Customer { stop_rev: after.stop_rev + 1, ..after };
        Ok(match self.look(store).await? {
            Some(look) => {
                let next = look_again(after, look);
                self.cloud.tables.put_looked(store, &next, before.rev)?
            }
            None => {
                let next = Customer { rev: after.rev + 1, ..after };
                self.cloud.tables.put_customer(store, &next, Expect::Rev(before.rev))?
            }
        })
    }

    /// One name of somebody that leads to another record.
    async fn alias(&mut self, old: &Old, store: &StoreId, from: CustomerId, of: CustomerId) -> Result<(), Error> {
        let Some(theirs) = readable(old.tables.customer(store, of).await)? else {
            self.carried.leave("names of customers who are gone");
            return Ok(());
        };
        for _ in 0..TRIES {
            match self.cloud.tables.record(store, from).await? {
                Some(Record::Alias(_)) => return Ok(()),
                None => {
                    let to = self.cloud.tables.customer(store, theirs.id).await?.map_or(theirs.id, |known| known.id);
                    let write = self.cloud.tables.put_alias(store, from, to)?;
                    if self.cloud.tables.commit(vec![write]).await?.done() {
                        self.carried.count("names");
                        return Ok(());
                    }
                }
                Some(Record::Customer(loser)) => {
                    // Two records here, one there: first the one that stays must know what its old one does.
                    self.customer(store, &theirs).await?;
                    let Some(winner) = self.cloud.tables.customer(store, theirs.id).await? else { continue };
                    if winner.id == loser.id {
                        return Ok(());
                    }
                    let merged = carry::merged(&winner, &loser, self.cloud.clock.now());
                    let gone = self.cloud.tables.put_merged(store, &loser, winner.id)?;
                    let write = self.moved(store, &winner, merged).await?;
                    if self.cloud.tables.commit(vec![gone, write]).await?.done() {
                        self.carried.count("merged customers");
                        if theirs.erased.is_some() || theirs.forgotten.is_some() {
                            self.cloud.scrub(store, winner.id).await?;
                        }
                        return Ok(());
                    }
                    self.standings.remove(store);
                }
            }
        }
        Err(Error::Contended)
    }

    /// Claims of customers whose old record is gone: nobody can tell what became of them, so they count as mailed.
    async fn claims(&mut self, old: &Old) -> Result<(), Error> {
        let mut from = None;
        loop {
            let page = self.cloud.tables.scan(0, 1, from.as_deref()).await?;
            for (store, customer) in page.customers {
                let claimed = |open: &Open| open.state == OpenState::Claimed;
                if customer.open.as_ref().is_some_and(claimed)
                    && readable(old.tables.record(&store, customer.id).await)?.is_none()
                {
                    self.doubt(&store, customer).await?;
                }
            }
            from = page.next;
            if from.is_none() {
                return Ok(());
            }
        }
    }

    /// A claim that may have been carried on in a time that nobody can read of.
    async fn doubt(&mut self, store: &StoreId, customer: Customer) -> Result<(), Error> {
        let doubted = carry::in_doubt(&customer, self.cloud.clock.now());
        if doubted != customer {
            let write = self.moved(store, &customer, doubted).await?;
            if !self.cloud.tables.commit(vec![write]).await?.done() {
                return Err(Error::Contended);
            }
            self.carried.count("letters counted as sent");
        }
        Ok(())
    }

    /// What a next look is computed with; nothing where the store has no plan that can be read.
    async fn look(&mut self, store: &StoreId) -> Result<Option<Look<'_>>, Error> {
        if !self.standings.contains_key(store) {
            self.cloud.forget(store);
            let standing = match self.cloud.standing(store).await {
                Ok(standing) => Some(standing),
                Err(Error::UnknownStore(_) | Error::NoPlan(_) | Error::BadPlan { .. }) => None,
                Err(error) => return Err(error),
            };
            self.standings.insert(store.clone(), standing);
        }
        let now = self.cloud.clock.now();
        let standing = self.standings.get(store).and_then(Option::as_ref);
        Ok(standing.map(|standing| Look { store: &standing.store, plan: &standing.plan, now }))
    }
}

/// What an item of the old tables says; nothing where it cannot be read.
fn readable<T>(read: Result<Option<T>, crate::tables::Error>) -> Result<Option<T>, Error> {
    match read {
        Err(crate::tables::Error::Unreadable { .. }) => Ok(None),
        read => Ok(read?),
    }
}
