//! The auditor: whoever the due index lost is found again, wherever they stood, and whatever the scan died at.

use serde_json::json;
use winback_cloud::tables::customers::Expect;
use winback_domain::customer::{Customer, OpenState};
use winback_domain::decide::decide;
use winback_domain::message::State;
use winback_domain::store::{State as StoreState, Store};
use winback_local::aws::{At, Fault};
use winback_local::clock::Turned;
use winback_local::place::Place;

use crate::support::{Shop, moment, sample};

const WEEKS: [&str; 12] = ["ada", "bo", "cleo", "dan", "eve", "fay", "gus", "hal", "ida", "jon", "kit", "lea"];
const LOST: &str = "2026-04-14 09:00";
const END: &str = "2026-07-20 12:00";

/// The sample shop, with somebody in every place there is: silent for a while, about to be written to, on the
/// way to SES, between a letter and its last day, held out, done.
async fn shop() -> Shop {
    let folder = sample("shop");
    let zone = "Europe/Helsinki";
    let zone = jiff::tz::TimeZone::get(zone).expect("a zone");
    let place = Place::in_memory(Turned::at(moment("2025-12-29 10:00", &zone))).expect("a place");
    let mut shop = Shop::join(place.without_nightly_scan(), "books", &folder).await;
    for (week, name) in (0_i8..).zip(WEEKS) {
        let day = jiff::civil::date(2025, 12, 29).saturating_add(jiff::Span::new().days(3 * i32::from(week)));
        shop.until(&format!("{day} 12:00")).await;
        for twin in 1..=2 {
            shop.order(&format!("{name}{twin}@example.com"), "45.00").await;
        }
    }
    let letter = moment(LOST, &shop.zone);
    shop.place.run_until(letter - jiff::SignedDuration::from_secs(60), &mut |_| {}).await.expect("time goes on");
    // Of those whose letters leave now one dies before SES.
    let faults = shop.place.stack.faults().clone();
    faults.set(At::call(1).operation("SendEmail"), Fault::DropBefore);
    shop.place.clock.turn_to(letter);
    shop.place.settle().await.expect("what dies comes again");
    faults.clear();
    shop
}

/// Takes every entry out of the due index.
async fn lose_everybody(shop: &Shop) {
    for mut customer in shop.customers().await {
        customer.due = None;
        customer.rev += 1;
        let expect = Expect::Rev(customer.rev - 1);
        let write = shop.place.overseer.tables.put_customer(&shop.store, &customer, expect).expect("an item");
        assert!(shop.place.overseer.tables.commit(vec![write]).await.expect("the table writes").done());
    }
    let found = shop.place.overseer.tables.due(&shop.store, moment(END, &shop.zone), 100).await.expect("it reads");
    assert!(found.is_empty(), "nobody is due any more");
}

/// Whoever is in the index later than `decide` says, or missing.
async fn late(shop: &Shop) -> Vec<String> {
    let standing = shop.place.overseer.standing(&shop.store).await.expect("the store stands");
    let late = |customer: &Customer| {
        let next = decide(customer, &standing.store, &standing.plan, shop.place.clock.now()).next_look;
        next.is_some_and(|next| customer.due.is_none_or(|due| due > next))
    };
    let customers = shop.customers().await.into_iter().filter(late);
    customers.map(|customer| format!("{} {:?}", customer.id, customer.due)).collect()
}

async fn due(shop: &Shop) -> usize {
    shop.customers().await.iter().filter(|customer| customer.due.is_some()).count()
}

async fn messages(shop: &Shop) -> Vec<(String, State)> {
    let ledger = shop.ledger().await;
    ledger.messages.iter().map(|message| (message.id.to_string(), message.state)).collect()
}

#[tokio::test]
async fn every_due_entry_is_lost_and_the_scan_finds_everybody_again() {
    let mut undisturbed = shop().await;
    undisturbed.until(END).await;
    let wanted = messages(&undisturbed).await;

    let mut shop = shop().await;
    let open: Vec<_> = shop.customers().await.into_iter().filter_map(|customer| Some(customer.open?.state)).collect();
    assert!(open.contains(&OpenState::Sending), "{open:?}");
    let before = due(&shop).await;
    lose_everybody(&shop).await;
    let audit = shop.place.scan(None).await.expect("the scan runs");
    assert_eq!((audit.customers, audit.restored), (24, before as u64));
    assert_eq!((due(&shop).await, late(&shop).await), (before, Vec::new()));
    shop.until(END).await;
    assert_eq!(messages(&shop).await, wanted, "the same letters as if nothing had happened");
}

#[tokio::test]
async fn a_scan_that_dies_at_any_call_is_run_again_and_finds_everybody() {
    let shop = shop().await;
    let faults = shop.place.stack.faults().clone();
    let mut call = 1;
    loop {
        let before = due(&shop).await;
        lose_everybody(&shop).await;
        faults.set(At::call(call), Fault::DropBefore);
        let died = !matches!(faults.live(Box::pin(shop.place.scan(None))).await, Ok(Ok(_)));
        faults.clear();
        shop.place.restarted().scan(None).await.expect("the same run, tried again");
        assert_eq!((due(&shop).await, late(&shop).await), (before, Vec::new()), "it died at call {call}");
        if !died {
            break;
        }
        call += 1;
        // Another run, with marks of its own; too short for anybody's next look to change.
        shop.place.clock.turn_to(shop.place.clock.now() + jiff::SignedDuration::from_secs(1));
    }
    assert!(call > 24, "only {call} calls");
}

#[tokio::test]
async fn a_run_that_is_tried_again_does_not_lift_a_pause_that_came_in_between() {
    let shop = Shop::open("2026-01-12 10:00").await;
    let run = json!({"scheduled_at": shop.place.clock.now(), "set": {"store": "books", "state": "live"}});
    let again = || serde_json::from_value(run.clone()).expect("a run");
    let (cloud, invocation) = (&shop.place.cloud, shop.place.invocation());
    scan_customers::handle(cloud, again(), invocation).await.expect("it goes live");
    let pause = |store: &mut Store| store.pause("3 mails in a row were not accepted".to_owned());
    cloud.tables.change_store(&shop.store, pause).await.expect("it pauses");
    scan_customers::handle(cloud, again(), invocation).await.expect("the run is tried again");
    let store = cloud.tables.store(&shop.store).await.expect("it reads").expect("it is there");
    assert_eq!(store.state, StoreState::Paused);
}
