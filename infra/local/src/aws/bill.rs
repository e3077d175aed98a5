//! How every call is made to tell what it costs, without its caller noticing.

use dynoxide::types::ConsumedCapacity;

/// What is needed to bill a write if its condition fails.
pub(super) struct Condition {
    pub(super) operation: &'static str,
    pub(super) table: String,
    pub(super) size: usize,
    pub(super) returns_item: bool,
}

impl Condition {
    /// `size` is the new item's, or nothing where the write has no condition.
    pub(super) fn of(
        operation: &'static str,
        table: &str,
        size: Option<usize>,
        on_failure: &mut Option<String>,
    ) -> Option<Self> {
        let size = size?;
        Some(Self { operation, table: table.to_owned(), size, returns_item: want_old(on_failure) })
    }
}

/// Asks for the item a condition fails on; says whether the caller asked for it too.
pub(super) fn want_old(on_failure: &mut Option<String>) -> bool {
    on_failure.replace("ALL_OLD".to_owned()).as_deref() == Some("ALL_OLD")
}

/// Asks for the whole bill; gives back what the caller asked for.
pub(super) fn ask(return_consumed_capacity: &mut Option<String>) -> Option<String> {
    return_consumed_capacity.replace("INDEXES".to_owned())
}

/// Leaves of a bill what was asked for.
pub(super) fn trim(consumed: &mut Option<ConsumedCapacity>, asked: Option<&str>) {
    match asked {
        Some("INDEXES") => {}
        Some("TOTAL") => {
            if let Some(used) = consumed {
                used.table = None;
                used.global_secondary_indexes = None;
            }
        }
        _ => *consumed = None,
    }
}

/// As [`trim`], for the operations that touch several tables.
pub(super) fn trim_all(consumed: &mut Option<Vec<ConsumedCapacity>>, asked: Option<String>) {
    *consumed = consumed.take().map(|all| {
        all.into_iter()
            .filter_map(|used| {
                let mut used = Some(used);
                trim(&mut used, asked.as_deref());
                used
            })
            .collect()
    });
    if consumed.as_ref().is_some_and(Vec::is_empty) {
        *consumed = None;
    }
}
