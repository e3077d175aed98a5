//! The place on one machine beside the module: what it describes to an operator's command is what the module makes, and
//! each of its queues is emptied by the function that the module feeds from it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use winback_cloud::config::Config;
use winback_cloud::operator::Stack;
use winback_cloud::operator::functions::FUNCTIONS;
use winback_cloud::operator::schedules::SCHEDULED;
use winback_cloud::queue::Told;
use winback_domain::event::wire;
use winback_domain::message::State;
use winback_local::clock::Turned;
use winback_local::place::Place;

use super::{environments, tables};
use crate::support::Shop;

/// As the module calls it, where nobody says otherwise.
const STACK: &str = "winback";

/// A place, and the stack that a command finds in it.
async fn described() -> (Place, Stack) {
    let now: Timestamp = "2026-05-01T10:00:00Z".parse().expect("a moment");
    let place = Place::in_memory_at(Turned::at(now), "https://hello.shop.example").expect("a place in memory");
    let control = place.deployed(STACK, "shop.example");
    let stack = place.operated(&control, STACK).await.expect("a whole stack");
    (place, stack)
}

#[tokio::test]
async fn each_function_of_a_place_is_told_what_the_module_tells_it_and_no_more() {
    let (place, stack) = described().await;
    assert_eq!(environments().keys().map(String::as_str).collect::<BTreeSet<_>>(), BTreeSet::from(FUNCTIONS));
    let mut all = BTreeMap::new();
    for function in FUNCTIONS {
        let known = stack.function(function).await.expect("it is described").expect("it is there");
        let told: BTreeSet<&String> = known.environment.keys().collect();
        assert_eq!(told, environments()[function].iter().collect::<BTreeSet<_>>(), "{function}");
        assert_eq!(known.layered, function == "scan-customers", "{function}");
        for (name, value) in known.environment {
            let before = all.insert(name.clone(), value.clone());
            assert!(before.is_none_or(|before| before == value), "{function} is told another {name}");
        }
    }
    // What they are told is what they hold: the layer alone is nowhere on one machine.
    let told = Config::read(|name| all.get(name).cloned()).expect("it reads");
    let held = Config { programs_dir: Some("/opt/winback".to_owned()), ..place.cloud.config.clone() };
    assert_eq!(format!("{told:?}"), format!("{held:?}"));
}

#[tokio::test]
async fn the_queues_of_a_place_feed_the_functions_that_the_module_feeds_from_them() {
    let (_, stack) = described().await;
    let mut found = BTreeMap::new();
    for function in FUNCTIONS {
        for feed in stack.feeds(function).await.expect("they are described") {
            assert!(feed.state == "Enabled" && feed.partial, "{feed:?}");
            // At the rate of a small account as many as AWS allows at least, and the others as Lambda likes.
            assert_eq!(feed.concurrency, (feed.queue == "due").then_some(2), "{feed:?}");
            assert_eq!(found.insert(feed.queue, function.to_owned()), None, "{function}");
        }
    }
    assert_eq!(found, tables::feeds());
}

#[tokio::test]
async fn the_clock_of_a_place_starts_the_functions_that_the_module_schedules() {
    let (_, stack) = described().await;
    let wanted = tables::schedules();
    assert_eq!(wanted.keys().map(String::as_str).collect::<BTreeSet<_>>(), BTreeSet::from(SCHEDULED));
    for function in FUNCTIONS {
        let known = stack.schedule(function).await.expect("it is answered");
        assert_eq!(known.as_ref().map(|known| &known.expression), wanted.get(function), "{function}");
        let Some(known) = known else { continue };
        let arn = stack.function(function).await.expect("it is described").expect("it is there").arn;
        assert!(known.enabled && known.tells_time && known.target == arn, "{function}: {known:?}");
    }
}

#[tokio::test]
async fn ses_tells_a_place_of_the_same_events_by_the_same_ways() {
    let (_, stack) = described().await;
    let set = stack.configuration_set().await.expect("it is described").expect("it is there");
    let names: BTreeSet<String> = set.destinations.iter().map(|way| way.name.clone()).collect();
    assert_eq!(names, tables::mail_ways());
    for way in set.destinations {
        assert_eq!(way.events.into_iter().collect::<BTreeSet<_>>(), tables::mail_events(), "{}", way.name);
    }
}

/// What a place describes is one thing, what it does another: an event and a hint are put on their queues, and of its
/// hands only the one that the module feeds from that queue has something to do.
#[tokio::test]
async fn a_queue_of_a_place_is_emptied_by_the_function_that_the_module_feeds_from_it() {
    let feeds = tables::feeds();
    let shop = Shop::open("2026-01-12 10:00").await;
    let place = &shop.place;
    let now = place.clock.now();
    let order = json!({"type": "order.placed", "timestamp": now.to_string(), "data": {
        "order_id": "1", "email": "anna@example.com", "total": "45.00", "currency": "EUR", "marketing_consent": true}});
    let event = wire::read(order.to_string().as_bytes(), now).expect("a good event");
    place.tell(&Told { store: shop.store.clone(), event }).await.expect("the queue takes it");
    assert_eq!(busy(place).await, [&*feeds["events"]]);
    assert_eq!(shop.customers().await.len(), 1, "her order is recorded");

    // A look may find out no more than when the next one is.
    for _ in 0..10 {
        let due = place.overseer.tables.first_due(&shop.store).await.expect("it reads").expect("somebody is due");
        place.clock.turn_to(due.max(place.clock.now() + SignedDuration::from_mins(1)));
        place.pump().await.expect("it pumps");
        assert!(!place.record_events().await.expect("it runs"), "a hint is no event");
        assert!(place.send_messages().await.expect("it runs"), "{} has a hint", feeds["due"]);
        if !place.stack.outbox().is_empty() {
            break;
        }
    }
    // SES's news come as the bus brings them; the queue beside it, the module's second way, stays empty here.
    assert_eq!(place.stack.next_visible("delivery").expect("there is such a queue"), None);
    assert_eq!(busy(place).await, [&*feeds["delivery"]]);
    assert_eq!(shop.ledger().await.messages[0].state, State::Delivered, "her letter arrived");
}

/// The functions of a place that find something to do now.
async fn busy(place: &Place) -> Vec<&'static str> {
    let found = [
        ("send-message", place.send_messages().await),
        ("record-delivery", place.record_deliveries().await),
        ("record-event", place.record_events().await),
    ];
    found.into_iter().filter_map(|(function, busy)| busy.expect("it runs").then_some(function)).collect()
}
