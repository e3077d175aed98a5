//! One person, two records: a guest's by the address, an account's by the store's id. What is on its way, what was said
//! and what is counted all survive their becoming one.

use serde_json::json;
use winback_domain::store::State;
use winback_local::aws::{At, Fault};
use winback_local::place::Setup;

use super::check::{Expect, check};
use super::world::{ANNA, BEFORE_LETTER, END, LETTER, World, at, folder};
use crate::support::recounted;

/// The account, heard of before, turns out to be Anna's.
async fn is_anna(world: &World) {
    world.tell("customer.updated", json!({"customer_id": "7", "email": ANNA})).await;
    world.record().await;
}

async fn becomes(world: &World, state: State) {
    world.place.set_up(&world.store, &folder(), Setup { state, unlimited: false }).await.expect("the store is there");
}

#[tokio::test]
async fn a_letter_that_lapsed_before_the_merge_leaves_after_it() {
    let world = World::new(&folder()).await;
    world.tell("lead.created", json!({"customer_id": "7"})).await;
    world.order("A-1").await;
    world.until("2026-05-14T05:59:00Z").await;
    // The news are claimed, throttled, and lapse: their message carries a claim of the guest's many updates.
    let faults = world.place.stack.faults().clone();
    faults.set(At::call(1).operation("SendEmail"), Fault::Throttle);
    world.place.clock.turn_to(at("2026-05-14T06:00:00Z"));
    world.place.settle().await.unwrap();
    faults.clear();
    becomes(&world, State::Paused).await;
    world.until("2026-05-15T12:00:00Z").await;
    // The account's record, which has hardly any, takes the guest's over.
    is_anna(&world).await;
    becomes(&world, State::Live).await;
    world.until("2026-05-20T12:00:00Z").await;
    check(&world, &Expect { steps: Some(&["1.1", "1.2", "2.1"]), stopped: None }).await.unwrap();
}

#[tokio::test]
async fn a_no_after_a_merge_in_the_middle_of_a_letter_reaches_the_whole_person() {
    let world = World::new(&folder()).await;
    world.order("A-1").await;
    world.until("2026-01-19T08:00:00Z").await;
    let other = json!({"order_id": "B-1", "customer_id": "7", "email": "other@example.com", "total": "45.00",
        "currency": "EUR", "marketing_consent": true});
    world.tell("order.placed", other).await;
    world.until(BEFORE_LETTER).await;
    let there = world.clone();
    let faults = world.place.stack.faults().clone();
    faults
        .set(At::call(1).operation("SendEmail"), Fault::pause(move || async move { Box::pin(is_anna(&there)).await }));
    world.place.clock.turn_to(at(LETTER));
    world.place.settle().await.unwrap();
    faults.clear();
    world.until("2026-04-14T09:00:00Z").await;
    world.tell("customer.unsubscribed", json!({"email": ANNA})).await;
    world.until("2026-04-14T10:00:00Z").await;
    let before = world.place.stack.outbox().len();
    assert_eq!(before, 1, "the letter that was on its way");
    world.until(END).await;
    assert_eq!(world.place.stack.outbox().len(), before, "nobody is mailed after the no");
    assert_eq!(world.place.customers(&world.store).await.unwrap().len(), 1, "one person, one record");
}

/// One run of a merge at a call; nothing: the calls were over.
async fn merge_at(call: u64, account_buys: bool, erased: bool) -> Option<Result<(), String>> {
    let world = World::new(&folder()).await;
    let guest =
        json!({"order_id": "A-1", "email": ANNA, "total": "45.00", "currency": "EUR", "marketing_consent": true});
    let account = json!({"order_id": "A-1", "customer_id": "7", "email": "x@example.com", "total": "45.00",
        "currency": "EUR", "marketing_consent": true});
    let (lead, order) = if account_buys {
        (json!({"email": ANNA, "marketing_consent": true}), account)
    } else {
        (json!({"customer_id": "7"}), guest)
    };
    world.tell("lead.created", lead).await;
    world.tell("order.placed", order).await;
    world.until(BEFORE_LETTER).await;
    let (faults, there) = (world.place.stack.faults().clone(), world.clone());
    faults.set(
        At::call(call),
        Fault::pause(move || async move {
            Box::pin(is_anna(&there)).await;
            if erased {
                there.tell("customer.erased", json!({"customer_id": "7", "email": ANNA})).await;
                Box::pin(there.record()).await;
            }
            Box::pin(there.another_worker()).await;
        }),
    );
    world.place.clock.turn_to(at(LETTER));
    world.place.settle().await.unwrap();
    if faults.fired() == 0 {
        return None;
    }
    faults.clear();
    let mails = world.place.stack.outbox().len();
    world.until(END).await;
    let steps: Option<&[&str]> = if erased { None } else { Some(&["1.1", "1.2", "2.1"]) };
    if let Err(problem) = check(&world, &Expect { steps, stopped: None }).await {
        return Some(Err(problem));
    }
    if erased {
        let ledger = world.ledger().await;
        let told = ledger.messages.iter().find(|message| !message.subject.is_empty() || !message.why.is_empty());
        if let Some(told) = told {
            return Some(Err(format!("a letter still tells: {told:?}")));
        }
        if world.place.stack.outbox().len() > mails || !ledger.orders.is_empty() {
            return Some(Err("mailed or remembered after the erasure".to_owned()));
        }
    }
    Some(Ok(()))
}

#[tokio::test]
async fn a_merge_and_an_erasure_in_the_middle_of_a_letter_at_any_call() {
    let mut runs = 0;
    for (account_buys, erased) in [(true, true), (true, false), (false, true), (false, false)] {
        let mut call = 1;
        while let Some(found) = Box::pin(merge_at(call, account_buys, erased)).await {
            found.unwrap_or_else(|problem| {
                panic!("call {call}, account buys {account_buys}, erased {erased}: {problem}")
            });
            (runs, call) = (runs + 1, call + 1);
        }
    }
    assert!(runs > 60, "only {runs} runs");
}

#[tokio::test]
async fn who_comes_back_with_an_account_came_back() {
    let world = World::new(&folder()).await;
    world.tell("lead.created", json!({"customer_id": "7"})).await;
    world.order("A-1").await;
    world.until("2026-04-15T05:00:00Z").await;
    let order = json!({"order_id": "A-2", "customer_id": "7", "email": ANNA, "total": "45.00", "currency": "EUR"});
    world.tell("order.placed", order).await;
    world.until("2026-04-15T06:00:00Z").await;
    assert_eq!(recounted(&world.place, &world.store).await.returns, 1);
}

#[tokio::test]
async fn a_return_stays_one_whatever_is_told_of_the_letter_later() {
    let world = World::new(&folder()).await;
    world.order("A-1").await;
    world.until("2026-04-15T05:00:00Z").await;
    world.order("A-2").await;
    world.until("2026-04-16T06:01:00Z").await;
    assert_eq!(recounted(&world.place, &world.store).await.returns, 1);
    let id = world.ledger().await.messages[0].id.to_string();
    let complaint = json!({"eventType": "Complaint", "complaint": {"timestamp": "2026-04-16T06:00:00Z"}, "mail": {
        "timestamp": LETTER, "destination": [ANNA], "tags": {"store": ["books"], "message": [id]}}});
    record_delivery::handle(&world.place.cloud, complaint, world.place.invocation()).await.unwrap();
    assert_eq!(recounted(&world.place, &world.store).await.returns, 1);
}
