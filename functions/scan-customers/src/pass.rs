//! What is done with every customer: listened to for the ranking, and audited.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use winback_cloud::standing::Standing;
use winback_cloud::{Cloud, Error};
use winback_domain::customer::Customer;
use winback_domain::decide::decide;
use winback_domain::ids::StoreId;
use winback_domain::plan::Plan;
use winback_domain::store::{State, Store, Waiting, Weekdays, rank};
use winback_domain::time::day_of;

use crate::rank::{Asked, Stores};
use crate::{Audit, standing};

/// One reading of the whole table.
pub struct Pass<'a> {
    /// Its name in the records of its pages.
    pub name: &'static str,
    cloud: &'a Cloud,
    /// The stores that are listened to: without their limits, with the last day that a ranking speaks of.
    limited: BTreeMap<&'a StoreId, (Store, Date, &'a Plan)>,
    audits: bool,
}

/// What was found on some pages.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Found {
    pub audit: Audit,
    pub crowds: BTreeMap<StoreId, Crowd>,
}

/// What a store's customers are waiting for.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Crowd {
    pub waiting: Vec<Waiting>,
    pub promised: BTreeMap<Date, u32>,
}

impl Found {
    /// Both together.
    pub fn and(mut self, other: Self) -> Self {
        self.audit.customers += other.audit.customers;
        self.audit.restored += other.audit.restored;
        self.audit.stamped += other.audit.stamped;
        self.audit.forgotten += other.audit.forgotten;
        for (store, Crowd { waiting, promised }) in other.crowds {
            let all = self.crowds.entry(store).or_default();
            all.waiting.extend(waiting);
            for (day, mails) in promised {
                *all.promised.entry(day).or_default() += mails;
            }
        }
        self
    }
}

impl<'a> Pass<'a> {
    /// Listens only: nothing is written to any customer.
    pub fn listens(cloud: &'a Cloud, stores: &'a Stores) -> Self {
        Self { name: "rank", audits: false, ..Self::audits(cloud, stores) }
    }

    /// Audits, and listens.
    pub fn audits(cloud: &'a Cloud, stores: &'a Stores) -> Self {
        let free = |asked: &Asked| Store { state: State::Live, unlimited: true, ranking: None, ..asked.store.clone() };
        let limited = stores.iter().filter(|(_, asked)| asked.is_limited());
        let limited = limited.map(|(id, asked)| (id, (free(asked), asked.last_day(), &*asked.plan))).collect();
        Self { name: "audit", cloud, limited, audits: true }
    }

    /// Reads a page. The same page may come twice.
    pub async fn page(&self, customers: Vec<(StoreId, Customer)>) -> Result<Found, Error> {
        let mut found = Found::default();
        let mut standings = BTreeMap::new();
        for (store, customer) in customers {
            self.listen(&store, &customer, &mut found);
            if !self.audits {
                continue;
            }
            found.audit.customers += 1;
            if !standings.contains_key(&store) {
                standings.insert(store.clone(), standing(self.cloud, &store).await?);
            }
            // A store without a plan is left out, and the others' customers are looked at all the same.
            if let Some(Some(known)) = standings.get_mut(&store) {
                if self.cloud.forget_customer(&store, &customer, known.store.erased).await? {
                    found.audit.forgotten += 1;
                    continue;
                }
                self.look(known, customer, &mut found.audit).await?;
            }
        }
        Ok(found)
    }

    /// What somebody waits for, asked as if no limit held, so that today's ranking does not shape tomorrow's.
    fn listen(&self, id: &StoreId, customer: &Customer, found: &mut Found) {
        let Some((store, last, plan)) = self.limited.get(id) else { return };
        let wish = decide(customer, store, plan, self.cloud.clock.now());
        let (Some(coming), Some(at)) = (wish.coming.filter(|coming| !coming.held), wish.next_look) else { return };
        let from = day_of(at, &plan.shop.time_zone);
        if from > *last {
            return;
        }
        let crowd = found.crowds.entry(id.clone()).or_default();
        if coming.follow_up {
            *crowd.promised.entry(from).or_default() += 1;
        } else {
            crowd.waiting.push(Waiting { rank: rank(customer), from, weekdays: Weekdays::of(&coming.weekdays) });
        }
    }

    /// One customer: the plan always stamped, `due` only ever earlier.
    async fn look(&self, known: &mut Standing, mut customer: Customer, audit: &mut Audit) -> Result<(), Error> {
        let cloud = self.cloud;
        loop {
            let (store, plan) = (&known.store.id, &known.plan);
            let decision = decide(&customer, &known.store, plan, cloud.clock.now());
            let earlier = decision.next_look.is_some_and(|next| customer.due.is_none_or(|due| next < due));
            let stale = customer.plan < plan.number;
            if !earlier && !stale {
                return Ok(());
            }
            audit.restored += u64::from(earlier && !stale);
            audit.stamped += u64::from(stale);
            let (id, rev) = (customer.id, customer.rev);
            customer.rev += 1;
            customer.plan = plan.number;
            if earlier {
                customer.due = decision.next_look;
            }
            let write = cloud.tables.put_looked(store, &customer, rev)?;
            if cloud.tables.commit(vec![write]).await?.done() {
                return Ok(());
            }
            // Somebody wrote in between, perhaps under another plan: look again at what they left.
            match cloud.tables.customer(store, id).await?.filter(|fresh| fresh.rev > rev) {
                Some(fresh) => customer = fresh,
                None => return Ok(()),
            }
            cloud.forget(store);
            *known = cloud.standing(&known.store.id).await?;
        }
    }
}
