//! A time whose records were lost: tables were restored from a backup, and nobody can say what happened between the
//! moment they were restored to and the moment they were taken up again. Mails were sent in it that nobody remembers, so
//! `decide` counts every letter that could have left then as sent without an answer.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::plan::Plan;
use crate::store::{Rank, Ranking, State, Store, Used, days};
use crate::time::day_of;

/// A time whose records were lost, and what is known all the same of whom it can have mailed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The moment the tables were restored to: up to here everything is known.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub from: Timestamp,
    /// From here on everything is known again. Nobody was mailed between the loss and this moment that is not known.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub until: Timestamp,
    /// The programs there were, drafts too: one may have gone live in the gap. One that was written later has nothing to
    /// remember.
    pub programs: Vec<String>,
    /// The lowest rank that could go, where the ranking of the gap is known: it lies within one day of the shop, and a
    /// ranking is made once a day. Nothing: limits may have held nobody back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lowest: Option<Rank>,
    /// The month's budget for discounts was spent before the gap began, and the month did not end in it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub spent: bool,
}

impl Gap {
    /// A gap of a store, as the restored tables know it: `store` with what it has used by `now`.
    pub fn of(store: &Store, plan: &Plan, from: Timestamp, until: Timestamp, now: Timestamp) -> Self {
        let day = |at: Timestamp| day_of(at, &plan.shop.time_zone);
        let (first, last) = (day(from), day(before(until)));
        let ranked = store.ranking.as_ref().filter(|ranking| first == last && ranking.from <= first);
        let lowest = ranked.and_then(|ranking| {
            let index = usize::try_from(days(ranking.from, first)).ok()?;
            ranking.lowest.get(index).copied()
        });
        let month = |day: Date| day.first_of_month();
        let same_month = month(first) == month(last) && month(first) == month(day(now));
        Self {
            from,
            until,
            programs: plan.programs.iter().map(|program| program.name.clone()).collect(),
            lowest,
            spent: same_month && store.discounts_spent(&plan.shop),
        }
    }

    /// The days it touched, in the shop's zone.
    pub fn days(&self, plan: &Plan) -> (Date, Date) {
        (day_of(self.from, &plan.shop.time_zone), day_of(before(self.until), &plan.shop.time_zone))
    }

    /// The store as it may have stood in the gap: it mailed, and held back only whom it certainly held back.
    pub(crate) fn store(&self, store: &Store, plan: &Plan) -> Store {
        let (from, _) = self.days(plan);
        let ranking = self.lowest.map(|lowest| Ranking { from, lowest: vec![lowest], promised: Vec::new() });
        let discounts_this_month = if self.spent { i64::MAX } else { 0 };
        Store {
            state: State::Live,
            unlimited: store.unlimited,
            ranking,
            used: Used { discounts_this_month, ..Used::default() },
            ..Store::new(store.id.clone())
        }
    }
}

/// The last moment before another.
fn before(at: Timestamp) -> Timestamp {
    at.saturating_sub(1.second()).unwrap_or(at)
}
