//! A pause by hand holds, whatever else is under way.

use jiff::ToSpan as _;
use scan_customers::{Run, Set};
use winback_domain::store::State;

use crate::support::Shop;

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
