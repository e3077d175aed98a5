//! The promise under fire: every call of every function dropped, before and after its effect; answers lost; throttling
//! and conflicts; workers frozen at every call while others act; stale index entries. And faults planted on purpose, each
//! of which must turn this red.

mod check;
mod explore;
mod forgotten;
mod history;
mod merged;
#[cfg(debug_assertions)]
mod planted;
mod pool;
mod stock;
mod store;
pub mod world;

use explore::{Exploration, explore};

/// All that the crash test explores, and how many runs each part took at least: a sweep that ends early proves nothing.
#[tokio::test]
async fn nobody_is_mailed_twice_or_lost_whatever_dies_at_whichever_call() {
    let found = explore(&Exploration::EACH_CALL).await;
    assert!(found.runs > 400, "only {} runs", found.runs);
    found.verdict.unwrap();
}

#[tokio::test]
async fn a_frozen_worker_meets_whatever_happens_meanwhile() {
    let found = explore(&Exploration::FROZEN).await;
    assert!(found.runs > 150, "only {} runs", found.runs);
    found.verdict.unwrap();
}

#[tokio::test]
async fn two_workers_one_of_which_dies_at_every_pair_of_calls() {
    let found = explore(&Exploration::PAIRS).await;
    assert!(found.runs > 150, "only {} runs", found.runs);
    found.verdict.unwrap();
}

#[tokio::test]
async fn stale_hints_and_held_out_customers_change_nothing() {
    let found = explore(&Exploration::OTHERS).await;
    assert!(found.runs > 50, "only {} runs", found.runs);
    found.verdict.unwrap();
}
