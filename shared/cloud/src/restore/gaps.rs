//! Where the tables of before are lost: the time nobody knows anything of is marked on every store, and what
//! may have left in it is noted on every customer at once, before anything else is heard of those days.

use jiff::Timestamp;
use winback_domain::carry;
use winback_domain::decide::presume;
use winback_domain::gap::Gap;
use winback_domain::ids::StoreId;
use winback_domain::store::Store;

use super::{Run, TRIES};
use crate::Error;
use crate::keys::Key;
use crate::tables::Table;

/// A time that nobody knows anything of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost {
    /// The moment that the tables were restored to.
    pub from: Timestamp,
    /// From when on everything is known again; nothing: from now on, or as it is marked already.
    pub until: Option<Timestamp>,
}

impl Run<'_> {
    pub(super) async fn gaps(&mut self, lost: &Lost) -> Result<(), Error> {
        for id in self.cloud.tables.stores().await? {
            self.mark(&id, lost).await?;
        }
        let mut from = None;
        loop {
            let page = self.cloud.tables.scan(0, 1, from.as_deref()).await?;
            for (store, customer) in page.customers {
                self.presume(&store, customer, lost).await?;
            }
            from = page.next;
            if from.is_none() {
                return Ok(());
            }
        }
    }

    /// Marks the gap on a store, whatever it did when the tables were saved: it may have gone live right after.
    async fn mark(&mut self, id: &StoreId, lost: &Lost) -> Result<(), Error> {
        let now = self.cloud.clock.now();
        let Some(look) = self.look(id).await? else { return Ok(()) };
        let known = look.store.gaps.iter().find(|gap| gap.from == lost.from).map(|gap| gap.until);
        let until = match (lost.until, known) {
            (None, Some(_)) => return Ok(()),
            (None, None) => now,
            (Some(until), known) => known.map_or(until, |known| known.max(until)),
        };
        if known == Some(until) || until <= lost.from {
            return Ok(());
        }
        let gap = Gap::of(look.store, look.plan, lost.from, until, now);
        let change = |store: &mut Store| {
            store.gaps.retain(|known| known.from != gap.from);
            store.gaps.push(gap.clone());
            store.gaps.sort_by_key(|gap| (gap.from, gap.until));
        };
        self.cloud.tables.change_store(id, change).await?;
        self.standings.remove(id);
        self.carried.count("stores with a gap");
        Ok(())
    }

    /// Codes that a shop handed to us: of those that lie on a restored shelf nobody knows which were mailed since. A code that
    /// two have helps neither, so none of them is given to anybody.
    pub(super) async fn empty_pools(&mut self) -> Result<(), Error> {
        let mut from = None;
        loop {
            let (items, next) = self.cloud.tables.items(Table::Ledger, from.as_deref()).await?;
            for (key, item) in items.iter().filter(|(key, _)| matches!(key, Key::Pool(..))) {
                for _ in 0..self.cloud.tables.empty_shelf(key, item).await? {
                    self.carried.count("codes of a pool that are taken out of it");
                }
            }
            from = next;
            if from.is_none() {
                return Ok(());
            }
        }
    }

    async fn presume(
        &mut self,
        store: &StoreId,
        mut customer: winback_domain::customer::Customer,
        lost: &Lost,
    ) -> Result<(), Error> {
        for _ in 0..TRIES {
            let Some(look) = self.look(store).await? else { return Ok(()) };
            let Some(gap) = look.store.gaps.iter().find(|gap| gap.from == lost.from) else { return Ok(()) };
            // Claimed before the gap, and perhaps carried on in it.
            let doubted = carry::in_doubt(&customer, gap.until);
            if doubted == customer && presume(&customer, look.store, look.plan).is_none() {
                return Ok(());
            }
            // What counts as sent is noted with every look.
            let write = self.moved(store, &customer, doubted).await?;
            if self.cloud.tables.commit(vec![write]).await?.done() {
                self.carried.count("customers whose letter counts as sent");
                return Ok(());
            }
            self.standings.remove(store);
            match self.cloud.tables.customer(store, customer.id).await? {
                Some(fresh) => customer = fresh,
                None => return Ok(()),
            }
        }
        Err(Error::Contended)
    }
}
