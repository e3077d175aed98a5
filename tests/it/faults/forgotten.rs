//! Erased, and back before the ledger was scrubbed: what was before stays forgotten, whichever call the scrubbing died at.

use serde_json::json;
use winback_cloud::queue::Told;
use winback_domain::event::{Event, What, Who};
use winback_domain::history::{self, Reading};
use winback_domain::ids::Code;
use winback_domain::redeem::{Refusal, Use};
use winback_local::aws::{At, Fault, Service};

use super::check::due;
use super::world::{ANNA, BEFORE_LAST_DAY, BEFORE_LETTER, END, LETTER, World, at, folder};

/// One run; false: the calls were over before the trouble.
async fn run(call: u64) -> Result<bool, String> {
    let world = World::new(&folder()).await;
    world.order("A-1").await;
    world.until(BEFORE_LAST_DAY).await;
    let code = world.ledger().await.coupons.remove(0).code;
    let order =
        json!({"order_id": "A-2", "email": ANNA, "total": "45.00", "currency": "EUR", "discount_codes": [code]});
    world.tell("order.placed", order.clone()).await;
    world.record().await;
    assert_eq!(world.ledger().await.coupons[0].redeemed.len(), 1);

    world.wait_seconds(2);
    let faults = world.place.stack.faults().clone();
    world.tell("customer.erased", json!({"email": ANNA})).await;
    faults.set(At::call(call), Fault::DropBefore);
    world.place.settle().await.map_err(|error| error.to_string())?;
    let struck = faults.fired() > 0;
    faults.clear();
    // Back at once, before the queue brings the wish again.
    world.wait_seconds(2);
    world.order("A-3").await;
    world.record().await;
    world.until(END).await;
    // And everything from before is told once more.
    world.tell_at("order.placed", "2026-04-16T15:59:00Z", order).await;
    world.until("2026-05-21T00:00:00Z").await;

    let ledger = world.ledger().await;
    let orders: Vec<_> = ledger.orders.iter().map(|(id, _)| id.as_str()).collect();
    // Where the new order was recorded before the wish, it went with the rest: rather too much is forgotten than too little.
    if !matches!(orders[..], [] | ["A-3"]) {
        return Err(format!("orders left: {orders:?}"));
    }
    for message in &ledger.messages {
        if !message.subject.is_empty() || !message.why.is_empty() || message.redeemed_by.is_some() {
            return Err(format!("a letter from before still tells: {message:?}"));
        }
    }
    for coupon in &ledger.coupons {
        if coupon.redeemed.len() != 1 || coupon.redeemed.iter().any(|used| !used.order_id.is_empty()) {
            return Err(format!("a code from before still tells: {:?}", coupon.redeemed));
        }
    }
    due(&world).await?;
    Ok(struck)
}

#[tokio::test]
async fn who_was_forgotten_and_came_back_at_once_is_still_forgotten() {
    let mut call = 1;
    while Box::pin(run(call)).await.unwrap_or_else(|problem| panic!("dropped at call {call}: {problem}")) {
        call += 1;
    }
    assert!(call > 10, "only {call} calls");
}

/// One run of a wish that names a customer by the first of two orders alone; false: the calls were over before the trouble.
async fn run_by_order(call: u64) -> Result<bool, String> {
    let (world, code) = letter_with_code().await;
    world.tell("order.placed", order_with(&code)).await;
    world.record().await;
    world.wait_seconds(2);
    let faults = world.place.stack.faults().clone();
    let who = Who { orders: vec!["A-1".to_owned()], ..Who::default() };
    let event = Event { at: world.place.clock.now(), who, what: What::Erased };
    world.place.tell(&Told { store: world.store.clone(), event }).await.expect("the queue takes it");
    faults.set(At::call(call), Fault::DropBefore);
    world.place.settle().await.map_err(|error| error.to_string())?;
    let struck = faults.fired() > 0;
    faults.clear();
    // The queue brings the wish again, when perhaps nobody knows that order any more; then comes the night.
    world.until("2026-04-17T12:00:00Z").await;
    world.place.scan(None).await.map_err(|error| error.to_string())?;
    let ledger = world.ledger().await;
    let coupons = ledger.coupons.iter().flat_map(|coupon| &coupon.redeemed);
    let tells = coupons.filter(|used| !used.order_id.is_empty()).count()
        + ledger.messages.iter().filter(|message| !message.subject.is_empty() || message.redeemed_by.is_some()).count();
    let erased = world.anna().await.is_some_and(|anna| anna.erased.is_some() && anna.ledger_orders.is_empty());
    if !erased || !ledger.orders.is_empty() || tells > 0 {
        return Err(format!("erased: {erased}, orders: {:?}, {tells} letters and codes still tell", ledger.orders));
    }
    Ok(struck)
}

#[tokio::test]
async fn whom_only_an_order_names_is_forgotten_whichever_call_it_dies_at() {
    let mut call = 1;
    while Box::pin(run_by_order(call)).await.unwrap_or_else(|problem| panic!("dropped at call {call}: {problem}")) {
        call += 1;
    }
    assert!(call > 10, "only {call} calls");
}

/// Freezes the recording of an event at a call while another one happens; false: the calls were over.
async fn frozen_at(world: &World, call: u64, kind: &'static str, data: serde_json::Value) -> bool {
    let there = world.clone();
    let other = async move {
        there.wait_seconds(2);
        there.tell(kind, data).await;
        Box::pin(there.record()).await;
    };
    frozen_for(world, call, other).await
}

/// The same, for whatever it is.
async fn frozen_for(world: &World, call: u64, other: impl Future<Output = ()> + Send + 'static) -> bool {
    let faults = world.place.stack.faults().clone();
    faults.set(At::call(call).of(Service::DynamoDb), Fault::pause(move || other));
    world.place.settle().await.unwrap();
    let fired = faults.fired() > 0;
    faults.clear();
    fired
}

async fn letter_with_code() -> (World, Code) {
    let world = World::new(&folder()).await;
    world.order("A-1").await;
    world.until(BEFORE_LAST_DAY).await;
    let code = world.ledger().await.coupons.remove(0).code;
    (world, code)
}

fn order_with(code: &Code) -> serde_json::Value {
    json!({"order_id": "A-2", "email": ANNA, "total": "45.00", "currency": "EUR", "discount_codes": [code]})
}

#[tokio::test]
async fn erased_while_an_order_with_a_code_is_being_recorded() {
    let mut call = 1;
    loop {
        let (world, code) = letter_with_code().await;
        world.tell("order.placed", order_with(&code)).await;
        if !frozen_at(&world, call, "customer.erased", json!({"email": ANNA})).await {
            break;
        }
        world.until(END).await;
        let ledger = world.ledger().await;
        assert_eq!(ledger.orders, [], "frozen at call {call}");
        let named = ledger.coupons.iter().flat_map(|coupon| &coupon.redeemed).find(|used| !used.order_id.is_empty());
        assert_eq!(named, None, "frozen at call {call}");
        assert!(ledger.messages.iter().all(|message| message.redeemed_by.is_none()), "frozen at call {call}");
        let heads: Vec<_> = world.place.customers(&world.store).await.unwrap();
        assert!(heads.iter().all(|customer| customer.ledger_orders.is_empty()), "frozen at call {call}");
        call += 1;
    }
    assert!(call > 5, "only {call} calls");
}

#[tokio::test]
async fn erased_and_back_while_a_history_with_the_day_of_an_order_and_its_code_comes_in() {
    let mut call = 1;
    loop {
        let (world, code) = letter_with_code().await;
        let file = format!(
            "order_id,email,placed_at,total,currency,discount_code\nA-2,{ANNA},2026-04-16,45.00,EUR,{}\n",
            code.as_str()
        );
        let zone = jiff::tz::TimeZone::get("Europe/Helsinki").unwrap();
        let reading = Reading { zone, assume_consent: true, received: world.place.clock.now() };
        let event = history::read(file.as_bytes(), reading).unwrap().next().unwrap().unwrap();
        world.place.tell(&Told { store: world.store.clone(), event }).await.unwrap();
        // She asked at nine, by the shop's clock; her order counts as placed at noon. In the evening she orders again.
        let there = world.clone();
        let asks_and_comes_back = async move {
            there.tell_at("customer.erased", "2026-04-16T06:00:00Z", json!({"email": ANNA})).await;
            Box::pin(there.record()).await;
            there.order("A-3").await;
            Box::pin(there.record()).await;
        };
        if !frozen_for(&world, call, asks_and_comes_back).await {
            break;
        }
        let ledger = world.ledger().await;
        let orders: Vec<_> = ledger.orders.iter().map(|(id, _)| id.as_str()).collect();
        assert!(matches!(orders[..], [] | ["A-3"]), "frozen at call {call}: {orders:?}");
        let named = ledger.coupons.iter().flat_map(|coupon| &coupon.redeemed).find(|used| !used.order_id.is_empty());
        assert_eq!(named, None, "frozen at call {call}");
        assert!(ledger.messages.iter().all(|message| message.redeemed_by.is_none()), "frozen at call {call}");
        call += 1;
    }
    assert!(call > 5, "only {call} calls");
}

#[tokio::test]
async fn a_refund_of_a_forgotten_order_is_no_return() {
    let mut call = 1;
    loop {
        let world = World::new(&folder()).await;
        world.order("A-1").await;
        world.until("2026-02-01T00:00:00Z").await;
        world.tell("customer.erased", json!({"email": ANNA})).await;
        let refund = json!({"order_id": "A-1", "refunded_total": "45.00", "currency": "EUR"});
        if !frozen_at(&world, call, "order.refunded", refund).await {
            break;
        }
        world.until("2026-03-01T00:00:00Z").await;
        let anna = world.anna().await.unwrap();
        assert!(anna.erased.is_some() && anna.orders.spent == 0, "frozen at call {call}: {anna:?}");
        assert!(anna.ledger_orders.is_empty(), "frozen at call {call}: {anna:?}");
        call += 1;
    }
    assert!(call > 3, "only {call} calls");
}

#[tokio::test]
async fn a_forgotten_order_under_a_new_name_is_forgotten_too() {
    let (world, code) = letter_with_code().await;
    let then = world.place.clock.now().to_string();
    world.wait_seconds(60);
    world.tell("customer.erased", json!({"email": ANNA})).await;
    world.record().await;
    world.wait_seconds(60);
    world.order("A-3").await;
    world.record().await;
    let mut order = order_with(&code);
    order["customer_id"] = json!("7");
    world.tell_at("order.placed", &then, order).await;
    world.record().await;
    let ledger = world.ledger().await;
    let orders: Vec<_> = ledger.orders.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!((orders, &ledger.coupons[0].redeemed), (vec!["A-3"], &Vec::new()));
}

#[tokio::test]
async fn back_while_a_letter_was_on_its_way_and_the_silence_before_stays_forgotten() {
    let world = World::new(&folder()).await;
    world.order("A-1").await;
    world.until(BEFORE_LETTER).await;
    let (faults, there) = (world.place.stack.faults().clone(), world.clone());
    faults.set(
        At::call(1).operation("SendEmail"),
        Fault::pause(move || async move {
            there.tell("customer.erased", json!({"email": ANNA})).await;
            Box::pin(there.record()).await;
            there.wait_seconds(1);
            there.order("A-3").await;
            Box::pin(there.record()).await;
        }),
    );
    world.place.clock.turn_to(at(LETTER));
    world.place.settle().await.unwrap();
    faults.clear();
    world.until("2026-04-15T06:00:00Z").await;
    let anna = world.anna().await.unwrap();
    assert!(anna.erased.is_none() && anna.journeys.is_empty(), "{:?}", anna.journeys);
}

#[tokio::test]
async fn a_used_code_whose_order_is_forgotten_is_nobodys() {
    let (world, code) = letter_with_code().await;
    world.tell("order.placed", order_with(&code)).await;
    world.record().await;
    world.wait_seconds(2);
    world.tell("customer.erased", json!({"email": ANNA})).await;
    world.record().await;
    let coupon = world.ledger().await.coupons.remove(0);
    let asked = Use { order_id: String::new(), total: coupon.redeemed[0].total, at: world.place.clock.now() };
    assert_eq!(coupon.check(&asked), Err(Refusal::Used));
}
