//! A shop's own codes, with every trouble at every call, and another customer who picks the same code in the same moment:
//! each is handed out to one customer, and nobody gets a letter without one.

use winback_domain::ids::{CustomerId, MessageId};
use winback_domain::redeem::Coupon;
use winback_local::aws::{At, Fault, Service};
use winback_local::place::Ledger;

use super::world::{ANNA, BEFORE_LETTER, END, World, folder};
use crate::support::codes::{fill, with_pool};

const CODES: [&str; 3] = ["SPRING-OLIVE", "SPRING-LILAC", "SPRING-MAPLE"];

async fn world() -> World {
    let world = World::new(&with_pool(3, folder())).await;
    fill(&world.place, &world.store, &CODES).await;
    world
}

/// Every mailed code is of the pool, good, and its message's own.
fn holds(ledger: &Ledger) -> Result<(), String> {
    for message in ledger.messages.iter().filter(|message| message.state.was_mailed()) {
        let Some(granted) = &message.offer else { continue };
        let code = granted.code.as_ref().ok_or("a letter left without its code")?;
        let coupon =
            ledger.coupons.iter().find(|coupon| coupon.code == *code).ok_or("mailed, and nobody wrote it down")?;
        if !CODES.contains(&code.as_str()) || coupon.dead || coupon.customer != message.customer {
            return Err(format!("{coupon:?}"));
        }
    }
    Ok(())
}

#[tokio::test]
async fn every_trouble_at_every_call_leaves_one_letter_with_a_code_of_the_pool() {
    let troubles: [fn() -> Fault; 4] =
        [|| Fault::DropBefore, || Fault::DropAfter, || Fault::LostAnswer, || Fault::ServerError];
    for (kind, trouble) in troubles.into_iter().enumerate() {
        for call in 1.. {
            assert!(call < 80, "kind {kind}: it never comes to an end");
            let world = world().await;
            world.order("A-1").await;
            world.until(BEFORE_LETTER).await;
            world.place.stack.faults().set(At::call(call).of(Service::DynamoDb), trouble());
            world.until("2026-04-15T00:00:00Z").await;
            let struck = world.place.stack.faults().fired() > 0;
            let ledger = world.ledger().await;
            holds(&ledger).unwrap_or_else(|problem| panic!("kind {kind} at call {call}: {problem}"));
            // Who died past the fence may have mailed: that letter counts as sent, and is never sent again.
            let mailed = ledger.messages.iter().filter(|message| message.state.was_mailed()).count();
            assert_eq!(mailed, 1, "kind {kind} at call {call}");
            assert!(world.place.stack.outbox().len() <= 1, "kind {kind} at call {call}: twice");
            if !struck {
                assert!(call > 10, "kind {kind}: a letter with a code makes more calls than {call}");
                break;
            }
        }
    }
}

#[tokio::test]
async fn whoever_picks_a_code_that_somebody_else_had_a_moment_before_gets_another() {
    let mut thefts = 0;
    for call in 1..40 {
        let world = world().await;
        world.order("A-1").await;
        world.until(BEFORE_LETTER).await;
        let thief = world.clone();
        let theft = Fault::pause(move || async move {
            // Whatever she claimed, somebody else has it by now, and was mailed it.
            let tables = &thief.place.overseer.tables;
            let open = thief.anna().await.and_then(|anna| anna.open);
            let Some(code) = open.and_then(|open| open.code) else { return };
            let other = CustomerId::from_bytes([9; 16]);
            let message = MessageId::of(other, "We miss you", thief.place.clock.now(), 0, 0);
            let theirs = Coupon { dead: false, ..Coupon::dead(code, message, other, super::world::at(END)) };
            tables.make_coupon(&thief.store, &theirs).await.expect("the table answers");
        });
        world.place.stack.faults().set(At::call(call).of(Service::DynamoDb), theft);
        world.until("2026-04-15T00:00:00Z").await;
        let ledger = world.ledger().await;
        holds(&ledger).unwrap_or_else(|problem| panic!("at call {call}: {problem}"));
        let other = CustomerId::from_bytes([9; 16]);
        let stolen = ledger.coupons.iter().filter(|coupon| coupon.customer == other);
        assert!(stolen.clone().all(|coupon| !coupon.dead), "at call {call}: what is theirs stays good");
        thefts += stolen.count();
        assert_eq!(world.place.stack.outbox().len(), 1, "at call {call}: {ANNA} has a letter");
    }
    assert!(thefts >= 2, "between the claim and its code are two calls, met {thefts}");
}
