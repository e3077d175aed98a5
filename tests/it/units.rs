//! What a customer costs: write and read units per order, per look, per mail, from the capacity that DynamoDB bills.

use crate::faults::world::{BEFORE_LETTER, LAST_DAY, LETTER, World, at, folder};

/// Units since the last reading: of the tables and their index together.
fn units(world: &World, what: &str, most_writes: f64) {
    let total = world.place.stack.capacity().total();
    world.place.stack.reset_capacity();
    let writes = total.write_units + total.index_write_units;
    println!(
        "{what}: {writes} write units, {} of them for the index; {} read units",
        total.index_write_units, total.read_units
    );
    assert!(writes <= most_writes, "{what}: {writes} write units, {most_writes} are allowed");
}

async fn recorded(world: &World, what: &str, most_writes: f64) {
    world.place.stack.reset_capacity();
    world.place.record_events().await.expect("the queue answers");
    units(world, what, most_writes);
}

/// Pump and send at a moment, and then what SES tells of it.
async fn mailed(world: &World, when: &str, what: &str, most_writes: f64) {
    world.place.clock.turn_to(at(when));
    let mails = world.place.stack.outbox().len();
    world.place.stack.reset_capacity();
    world.place.pump().await.expect("the pump runs");
    world.place.send_messages().await.expect("the queue answers");
    units(world, what, most_writes);
    assert_eq!(world.place.stack.outbox().len(), mails + 1, "{what} left");
    world.place.record_deliveries().await.expect("SES tells");
    // The message, and the count of the day that the breaker looks at.
    units(world, "  what SES tells of it", 2.0);
}

#[tokio::test]
async fn an_order_costs_four_units_and_a_mail_nine_to_twelve() {
    let world = World::new(&folder()).await;
    world.order("A-1").await;
    recorded(&world, "a first order", 5.0).await;
    world.order("A-2").await;
    recorded(&world, "a repeat purchase", 4.0).await;
    world.order("A-2").await;
    recorded(&world, "the same order again", 0.0).await;

    // Two orders in one second leave one look, and a look that comes early moves once.
    let mut early = world.anna().await.expect("Anna is there");
    let rev = early.rev;
    early.rev += 1;
    early.due = Some(world.place.clock.now());
    let write = world.place.overseer.tables.put_looked(&world.store, &early, rev).expect("a record");
    world.place.overseer.tables.commit(vec![write]).await.expect("the table answers");
    world.place.stack.reset_capacity();
    world.place.pump().await.expect("the pump runs");
    world.place.send_messages().await.expect("the queue answers");
    units(&world, "a look that finds it is not time yet", 3.0);

    world.place.clock.turn_to(at(BEFORE_LETTER));
    world.place.settle().await.expect("it settles");
    mailed(&world, LETTER, "a mail with a code and a piece of stock", 10.0).await;
    mailed(&world, LAST_DAY, "a follow-up", 8.0).await;
    mailed(&world, "2026-05-14T06:00:00Z", "a mail without a code", 8.0).await;
}
