//! What a store used of its limits, and what became of its mails: mails of a day, discounts of a month. Every customer of a
//! store shares these items, so none of them takes part in a customer's own commit.

use jiff::ToSpan;
use jiff::civil::Date;
use winback_domain::health::{Health, WINDOW_DAYS};
use winback_domain::ids::StoreId;
use winback_domain::message::State;

use super::{Error, Item, Table, Tables, Write};
use crate::keys::Key;

/// How long the count of a day is kept.
const DAY_KEPT_DAYS: i64 = 40;

/// Mails of a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mails {
    /// Reserved, follow-ups among them.
    pub all: u32,
    /// Follow-ups that left, nearly: told when a batch is done, and never too many.
    pub follow_ups: u32,
}

impl Tables {
    /// Adds to the discounts of a calendar month. Every customer of a store shares this item, so it takes no part in
    /// the redemption's own transaction, and a crash or a retry in between counts one discount never or twice.
    pub async fn add_discount(&self, store: &StoreId, month: Date, minor: i64) -> Result<(), Error> {
        let write = Write::update(Table::Ledger, &Key::Month(store.clone(), month), "ADD discounts :discount");
        self.commit(vec![write.number(":discount", minor)]).await.map(|_| ())
    }

    /// Discounts redeemed in a calendar month, in minor units, nearly (see [`Self::add_discount`]).
    pub async fn discounts(&self, store: &StoreId, month: Date) -> Result<i64, Error> {
        let item = self.get(Table::Ledger, &Key::Month(store.clone(), month)).await?;
        Ok(number(item.as_ref(), "discounts"))
    }

    /// Mails of a day.
    pub async fn mails(&self, store: &StoreId, day: Date) -> Result<Mails, Error> {
        let item = self.get(Table::Ledger, &Key::Day(store.clone(), day)).await?;
        let count = |name| u32::try_from(number(item.as_ref(), name)).unwrap_or(0);
        Ok(Mails { all: count("mails"), follow_ups: count("follow_ups") })
    }

    /// Reserves up to `want` mails of a day's allowance, before they are used: a crash may waste some, never add any.
    pub async fn reserve_mails(&self, store: &StoreId, day: Date, want: u32, allowance: u32) -> Result<u32, Error> {
        for _ in 0..3 {
            let used = self.mails(store, day).await?.all;
            let granted = want.min(allowance.saturating_sub(used));
            if granted == 0 {
                return Ok(0);
            }
            let most = allowance - granted;
            let key = Key::Day(store.clone(), day);
            let write = Write::update(Table::Ledger, &key, "ADD mails :granted SET expires = :until")
                .when("attribute_not_exists(mails) OR mails <= :most")
                .number(":granted", granted)
                .number(":most", most)
                .number(":until", kept_until(day));
            if self.commit(vec![write]).await?.done() {
                return Ok(granted);
            }
        }
        Ok(0)
    }

    /// Counts what became of a mail, once per news. A crash or a retry in between counts one never or twice.
    pub async fn count_fate(&self, store: &StoreId, day: Date, fate: State) -> Result<(), Error> {
        let Some(name) = attribute(fate) else { return Ok(()) };
        let update = "ADD #fate :one SET expires = :until";
        let write = Write::update(Table::Ledger, &Key::Day(store.clone(), day), update).name("#fate", name);
        self.commit(vec![write.number(":one", 1).number(":until", kept_until(day))]).await.map(|_| ())
    }

    /// What became of a store's mails in the days that count, up to this one, nearly (see [`Self::count_fate`]).
    pub async fn health(&self, store: &StoreId, today: Date) -> Result<Health, Error> {
        let mut all = Health::default();
        for day in window(today) {
            let item = self.get(Table::Ledger, &Key::Day(store.clone(), day)).await?;
            let count = |fate| attribute(fate).map_or(0, |name| number(item.as_ref(), name)).try_into().unwrap_or(0);
            let (delivered, bounced) = (count(State::Delivered), count(State::Bounced));
            all = all.and(Health { delivered, bounced, complained: count(State::Complained) });
        }
        Ok(all)
    }

    /// Begins the count of what became of a store's mails anew: somebody has looked.
    pub async fn forget_health(&self, store: &StoreId, today: Date) -> Result<(), Error> {
        for day in window(today) {
            let write =
                Write::update(Table::Ledger, &Key::Day(store.clone(), day), "REMOVE delivered, bounced, complained");
            self.commit(vec![write.when("attribute_exists(pk)")]).await?;
        }
        Ok(())
    }

    /// What became of a reservation: gives back what was not used, and tells how many of the rest were follow-ups.
    pub async fn use_mails(&self, store: &StoreId, day: Date, unused: u32, follow_ups: u32) -> Result<(), Error> {
        let key = Key::Day(store.clone(), day);
        let seen = self.mails(store, day).await?.all;
        // Under a condition, so that a retry gives nothing back twice. Lost: what is unused is wasted, and so much is
        // kept for follow-ups that left already.
        let write = Write::update(Table::Ledger, &key, "SET mails = :now ADD follow_ups :follow_ups")
            .when("mails = :seen")
            .number(":seen", seen)
            .number(":now", seen.saturating_sub(unused))
            .number(":follow_ups", follow_ups);
        self.commit(vec![write]).await.map(|_| ())
    }
}

/// The days that count, up to this one.
fn window(today: Date) -> impl Iterator<Item = Date> {
    (0..i64::from(WINDOW_DAYS)).map(move |back| today.saturating_sub(back.days()))
}

/// Where a day counts mails that ended so.
fn attribute(fate: State) -> Option<&'static str> {
    match fate {
        State::Delivered => Some("delivered"),
        State::Bounced => Some("bounced"),
        State::Complained => Some("complained"),
        _ => None,
    }
}

fn kept_until(day: Date) -> i64 {
    let until = day.saturating_add(DAY_KEPT_DAYS.days()).to_zoned(jiff::tz::TimeZone::UTC);
    until.map_or(0, |at| at.timestamp().as_second())
}

fn number(item: Option<&Item>, name: &str) -> i64 {
    item.and_then(|item| item.get(name)?.as_n().ok()?.parse().ok()).unwrap_or(0)
}
