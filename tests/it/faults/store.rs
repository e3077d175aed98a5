//! The step in the store between claim and fence, with every trouble at every call of it: the letter leaves once, with a
//! code that the store honours to the second, and no other code of ours is good there.

use jiff::Timestamp;
use winback_local::aws::{At, Fault, Service};

use super::check::{Expect, check};
use super::world::{END, World, at, folder};
use crate::support::edit;
use crate::support::shop_api::ShopApi;

/// A kind of trouble: its name, whether it strikes three times in a row, and what it is.
fn troubles() -> Vec<(&'static str, u64, Fault)> {
    vec![
        ("drop before", 1, Fault::DropBefore),
        ("drop after", 1, Fault::DropAfter),
        ("lost answer", 1, Fault::LostAnswer),
        ("lost answers", 3, Fault::LostAnswer),
        ("timed out", 1, Fault::TimedOut),
        ("no connection", 1, Fault::NoConnection),
        ("throttle", 1, Fault::Throttle),
        ("server error", 1, Fault::ServerError),
    ]
}

async fn world() -> (World, ShopApi) {
    let mut folder = folder();
    edit(&mut folder, "program.yaml", "offers:\n", "codes: woocommerce\noffers:\n");
    let world = World::new(&folder).await;
    let store = ShopApi::behind(&world.place);
    (world, store)
}

#[tokio::test]
async fn every_trouble_at_every_call_of_the_store_leaves_one_letter_and_one_good_code() {
    let mut runs = 0;
    for (name, times, _) in troubles() {
        for call in 1.. {
            let (world, store) = world().await;
            let fault = troubles().into_iter().find(|(known, ..)| *known == name).expect("it is there").2;
            world.place.stack.faults().set(At::call(call).of(Service::Store).times(times), fault);
            world.order("A-1").await;
            world.until(END).await;
            let expect = Expect { steps: Some(&["1.1", "1.2", "2.1"]), stopped: None };
            check(&world, &expect).await.unwrap_or_else(|problem| panic!("{name} at call {call}: {problem}"));
            honoured(&world, &store).await.unwrap_or_else(|problem| panic!("{name} at call {call}: {problem}"));
            runs += 1;
            if store.asked().len() < usize::try_from(call).expect("few calls") {
                break;
            }
        }
    }
    assert!(runs > 16, "{runs} runs struck something");
}

#[tokio::test]
async fn a_purchase_while_the_store_is_asked_stops_the_letter_and_withdraws_the_code() {
    for (call, cleaned_up) in [(1, false), (2, false), (1, true), (2, true)] {
        let (world, store) = world().await;
        world.order("A-1").await;
        let at_the_store = At::call(call).of(Service::Store);
        let buying = world.clone();
        let purchase = Fault::pause(move || async move {
            buying.order("A-2").await;
            buying.place.restarted().record_events().await.expect("the queue answers");
            if cleaned_up {
                // Another worker calls the message off, and withdraws a code that is not there yet.
                Box::pin(buying.another_look()).await;
            }
        });
        world.place.stack.faults().set(at_the_store, purchase);
        world.until("2026-04-20T00:00:00Z").await;
        let mailed = world.place.stack.outbox().len();
        assert_eq!(mailed, 0, "call {call}: she bought before the fence");
        honoured(&world, &store)
            .await
            .unwrap_or_else(|problem| panic!("call {call}, cleaned up {cleaned_up}: {problem}"));
    }
}

/// She buys while the store is asked for her code, and whoever clears up after that meets every trouble.
#[tokio::test]
async fn every_trouble_while_a_code_is_withdrawn_leaves_no_good_code_and_nothing_open() {
    let mut struck = 0;
    for (name, times, _) in troubles() {
        for call in 1..=5 {
            let (world, store) = world().await;
            world.order("A-1").await;
            let buying = world.clone();
            let trouble = move || troubles().into_iter().find(|(known, ..)| *known == name).expect("it is there").2;
            let purchase = Fault::pause(move || async move {
                buying.order("A-2").await;
                buying.place.restarted().record_events().await.expect("the queue answers");
                let next = At::call(call).of(Service::Store).times(times);
                buying.place.stack.faults().set(next, trouble());
                Box::pin(buying.another_look()).await;
            });
            world.place.stack.faults().set(At::call(2).of(Service::Store), purchase);
            world.until("2026-04-20T00:00:00Z").await;
            struck += world.place.stack.faults().fired();
            assert_eq!(world.place.stack.outbox().len(), 0, "{name} at call {call}: she bought before the fence");
            let expect = Expect { steps: None, stopped: None };
            check(&world, &expect).await.unwrap_or_else(|problem| panic!("{name} at call {call}: {problem}"));
            honoured(&world, &store).await.unwrap_or_else(|problem| panic!("{name} at call {call}: {problem}"));
        }
    }
    assert!(struck > 40, "{struck} struck something");
}

/// The store honours every mailed code until its deadline and no second longer, and no other code of ours.
async fn honoured(world: &World, store: &ShopApi) -> Result<(), String> {
    for coupon in &world.ledger().await.coupons {
        let there = store.coupon(coupon.code.as_str());
        let end = there.as_ref().and_then(|there| there["date_expires_gmt"].as_str()).map(|end| at(&format!("{end}Z")));
        match (coupon.dead, end) {
            (true, None) => {}
            (true, Some(end)) if end < world.place.clock.now() && end < coupon.expires_at => {}
            (false, Some(end)) if near(end, coupon.expires_at) => {}
            (dead, end) => return Err(format!("code {}: dead {dead}, in the store until {end:?}", coupon.code)),
        }
    }
    Ok(())
}

/// A store may name the last good second or the first one after it.
fn near(end: Timestamp, deadline: Timestamp) -> bool {
    end == deadline || end.as_second() == deadline.as_second() + 1
}
