//! An order as the ledger keeps it: a state, never a delta.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event::PlacedOrder;
use crate::ids::CustomerId;
use crate::money::{Currency, Money};

/// What we know of one order. A refund or a cancellation that comes first makes a stub.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Order {
    /// Whose; nothing while it is a stub.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<CustomerId>,
    /// Its customer's order that the ledger learned of before this one: with it an erasure finds them all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// Its latest version; nothing while it is a stub.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "crate::packed")]
    pub placed: Option<Version>,
    /// Refunded so far, in all. The largest we heard of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refunded: Option<Money>,
    /// Refunds that were told one by one, by the store's id of each.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", with = "crate::packed")]
    pub refund_parts: BTreeMap<String, Money>,
    /// Called off, and when the store last said so. A version that is said later is on again.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "jiff::fmt::serde::timestamp::second::optional")]
    pub cancelled: Option<Timestamp>,
}

/// An order at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Version {
    /// When the store said so.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub said_at: Timestamp,
    /// The order.
    #[serde(flatten)]
    pub order: PlacedOrder,
}

impl Version {
    /// An order is as old as the day it was placed, however late its store speaks of it.
    pub fn happened(&self) -> Timestamp {
        self.order.placed_at.min(self.said_at)
    }
}

/// What an order adds to its customer's sums.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// When it was placed, whatever became of it.
    pub at: Option<Timestamp>,
    /// 1, unless it was cancelled or wholly refunded.
    pub count: u32,
    /// Minor units of the shop's currency, net of refunds.
    pub spent: i64,
}

impl Order {
    /// Whether it is off. Of a cancellation and a version said in the same second the cancellation holds.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled.is_some_and(|at| self.placed.as_ref().is_none_or(|version| version.said_at <= at))
    }

    /// Minor units of a currency that were given back so far, as far as we know: all that was told one by one, or the
    /// most that was told in one sum.
    pub fn given_back(&self, currency: Currency) -> i64 {
        let of = |money: &Money| if money.currency == currency { money.minor } else { 0 };
        let parts = self.refund_parts.values().map(of).fold(0, i64::saturating_add);
        self.refunded.as_ref().map_or(0, of).max(parts)
    }

    /// What it adds to the sums of a shop that counts in `currency`.
    pub fn counts(&self, currency: Currency) -> Counts {
        let Some(Version { order, .. }) = &self.placed else {
            return Counts::default();
        };
        let net = order.total.minor.saturating_sub(self.given_back(order.total.currency)).max(0);
        let counts = !self.is_cancelled() && (net > 0 || order.total.minor == 0);
        Counts {
            at: Some(order.placed_at),
            count: u32::from(counts),
            spent: if counts && order.total.currency == currency { net } else { 0 },
        }
    }

    /// Cancelled, or given back whole: nothing of it is left to count.
    pub fn undone(&self) -> bool {
        self.placed.as_ref().is_some_and(|version| self.counts(version.order.total.currency).count == 0)
    }
}
