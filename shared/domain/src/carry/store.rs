//! The rule for a store.

use crate::store::{Imports, State, Store};

/// Why a store is paused after a restore.
pub const BECAUSE: &str = "restored from a backup";

/// The store once nothing of it can be mailed before an operator has looked. One that mails nobody stays as it is.
pub fn paused(store: &Store) -> Store {
    let mut next = store.clone();
    if mails(store.state) || store.imports.as_ref().is_some_and(|Imports { before, .. }| mails(*before)) {
        stop(&mut next);
    }
    next
}

fn stop(store: &mut Store) {
    store.state = State::Paused;
    // Whatever imported then does so no more.
    store.imports = None;
    store.paused_because = Some(BECAUSE.to_owned());
}

/// Whether a store in this state mails, or did before it was paused.
fn mails(state: State) -> bool {
    matches!(state, State::Live | State::Paused)
}

/// The store with what the old tables know of it. The number of its plan is raised where the plan is there.
pub fn store(restored: &Store, old: &Store) -> Store {
    let mut next = paused(restored);
    if paused(old).state == State::Paused {
        stop(&mut next);
    }
    next.state_set = restored.state_set.max(old.state_set);
    next.throttled_until = restored.throttled_until.max(old.throttled_until);
    next.ramp_from = restored.ramp_from.max(old.ramp_from);
    next.troubles = restored.troubles.max(old.troubles);
    next.gaps.extend(old.gaps.iter().filter(|gap| !restored.gaps.contains(gap)).cloned());
    next.gaps.sort_by_key(|gap| (gap.from, gap.until));
    next
}
