//! What the calls would have cost on DynamoDB, in capacity units: the ledger a bench reads.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use dynoxide::types::{ConsumedCapacity, Item, item_size};

/// Capacity units. A write unit is a kilobyte written, a read unit four kilobytes read consistently.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Usage {
    /// Calls that were billed.
    pub calls: u64,
    /// Units written to the table itself.
    pub write_units: f64,
    /// Units read, from the table and from an index.
    pub read_units: f64,
    /// Units written to the table's indexes.
    pub index_write_units: f64,
}

impl AddAssign for Usage {
    fn add_assign(&mut self, more: Self) {
        self.calls += more.calls;
        self.write_units += more.write_units;
        self.read_units += more.read_units;
        self.index_write_units += more.index_write_units;
    }
}

/// The ledger of units by operation and table. A call that touches two tables counts for both.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Capacity(BTreeMap<(&'static str, String), Usage>);

impl Capacity {
    /// All operations and tables together.
    pub fn total(&self) -> Usage {
        let mut total = Usage::default();
        for usage in self.0.values() {
            total += *usage;
        }
        total
    }

    /// One operation on one table.
    pub fn of(&self, operation: &str, table: &str) -> Usage {
        self.iter().find(|(key, _)| *key == (operation, table)).map_or(Usage::default(), |(_, usage)| usage)
    }

    /// Every operation and table that was used, in alphabetical order.
    pub fn iter(&self) -> impl Iterator<Item = ((&'static str, &str), Usage)> {
        self.0.iter().map(|((operation, table), usage)| ((*operation, table.as_str()), *usage))
    }

    pub(crate) fn add(&mut self, operation: &'static str, table: &str, usage: Usage) {
        *self.0.entry((operation, table.to_owned())).or_default() += usage;
    }

    /// Bills a read as DynamoDB reported it.
    pub(crate) fn read(&mut self, operation: &'static str, consumed: &ConsumedCapacity) {
        let usage = Usage { calls: 1, read_units: consumed.capacity_units, ..Usage::default() };
        self.add(operation, &consumed.table_name, usage);
    }

    /// Bills a write as DynamoDB reported it, the indexes apart.
    pub(crate) fn write(&mut self, operation: &'static str, consumed: &ConsumedCapacity) {
        let table = consumed.table.as_ref().map_or(consumed.capacity_units, |table| table.capacity_units);
        let usage = Usage {
            calls: 1,
            write_units: table,
            index_write_units: consumed.capacity_units - table,
            ..Usage::default()
        };
        self.add(operation, &consumed.table_name, usage);
    }

    /// Bills a write whose condition failed: it costs as much as the larger of the item that is there and the one that was to
    /// be put, and never less than one unit. Each action of a transaction costs twice that.
    pub(crate) fn failed(
        &mut self,
        operation: &'static str,
        table: &str,
        size: usize,
        old: Option<&Item>,
        factor: f64,
    ) {
        let bytes = size.max(old.map_or(0, item_size));
        let usage = Usage { calls: 1, write_units: bytes.div_ceil(1024).max(1) as f64 * factor, ..Usage::default() };
        self.add(operation, table, usage);
    }
}
