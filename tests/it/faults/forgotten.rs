//! Erased, and back before the ledger was scrubbed: what was before stays forgotten, whichever call the scrubbing died at.

use serde_json::json;
use winback_local::aws::{At, Fault};

use super::check::due;
use super::world::{ANNA, BEFORE_LAST_DAY, END, World, folder};

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
