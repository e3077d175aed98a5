//! A pause holds, whatever else is under way, until somebody lifts it; and then what led to it is over.

use std::iter::repeat_n;

use jiff::ToSpan as _;
use scan_customers::{Run, Set};
use winback_domain::message::State as Fate;
use winback_domain::store::State;

use super::world::{STORE, World};
use crate::support::{Shop, books};

#[tokio::test]
async fn a_run_that_was_to_set_a_store_live_does_not_lift_a_later_pause() {
    let shop = Shop::open("2026-05-05 10:00").await;
    let (place, store) = (&shop.place, &shop.store);
    let begun = place.clock.now();
    place.clock.turn_to(begun + 1.minute());
    place.cloud.pause(store, "the letters are wrong").await.unwrap();
    // The run was begun before, and reads the last page only now.
    let set = Some(Set { store: store.clone(), state: State::Live });
    let run = Run { scheduled_at: begun, set, imported: None };
    scan_customers::handle(&place.cloud, run, place.invocation()).await.unwrap();
    let known = place.cloud.tables.store(store).await.unwrap().unwrap();
    assert_eq!(known.state, State::Paused);
    assert_eq!(known.paused_because.as_deref(), Some("the letters are wrong"));
    // One that is begun after it does.
    let set = Some(Set { store: store.clone(), state: State::Live });
    let run = Run { scheduled_at: begun + 2.minutes(), set, imported: None };
    scan_customers::handle(&place.cloud, run, place.invocation()).await.unwrap();
    assert_eq!(place.cloud.tables.store(store).await.unwrap().unwrap().state, State::Live);
}

#[tokio::test]
async fn a_store_that_bounces_stopped_goes_on_once_it_is_resumed_and_the_old_ones_stop_it_no_more() {
    let world = World::with_store(&books(), State::Live).await;
    let (cloud, store) = (&world.place.cloud, &world.store);
    let state = async || {
        let known = cloud.tables.store(store).await.expect("it reads").expect("a store");
        (known.state, known.paused_because)
    };
    for fate in repeat_n(Fate::Delivered, 192).chain(repeat_n(Fate::Bounced, 8)) {
        cloud.count_fate(store, fate).await.expect("it counts");
    }
    let because = "too many bounces: 8 of 200 mails in a week";
    assert_eq!(state().await, (State::Paused, Some(because.to_owned())));
    let said = world.winback(&["resume", STORE]).await.well();
    assert!(said.contains(&format!("It was paused: {because}.")), "{said}");
    assert!(said.contains("The store books is live."), "{said}");
    assert_eq!(state().await, (State::Live, None));
    // It would be the ninth of two hundred and one.
    cloud.count_fate(store, Fate::Bounced).await.expect("it counts");
    assert_eq!(state().await, (State::Live, None), "one mail says nothing");
}
