//! Limited stock and codes under fire: a slow worker, and a key that is changed while a claim is open.

use winback_cloud::tables::stock::{Lot, Take};
use winback_domain::customer::OpenState;
use winback_domain::ids::Code;
use winback_local::aws::{At, Fault};

use super::check::{Expect, check};
use super::world::{BEFORE_LETTER, END, LETTER, OFFERS, World, at, folder};

#[tokio::test]
async fn a_slow_worker_gives_back_nothing_that_was_taken_after_it_looked() {
    let world = World::new(&folder()).await;
    world.order("A-1").await;
    world.until(BEFORE_LETTER).await;
    world.place.clock.turn_to(at(LETTER));
    let faults = world.place.stack.faults().clone();
    // The first worker claims, names the lot, and dies before it takes.
    faults.set(At::call(1).operation("UpdateItem"), Fault::DropBefore);
    world.another_look().await;
    faults.clear();
    assert_eq!(world.anna().await.unwrap().open.unwrap().state, OpenState::Claimed);
    // Three others empty the lot.
    let tables = &world.place.overseer.tables;
    let lot = Lot::all(&world.store, "We miss you", OFFERS[0], 3).remove(0);
    let others = ["AAAAAAAAAA", "BBBBBBBBBB", "CCCCCCCCCC"].map(|code| Code::read(code).unwrap());
    for code in &others {
        assert_eq!(tables.take(&lot, code).await.unwrap(), Take::Taken);
    }
    // The second worker finds nothing there, and is frozen; one of the others gives its piece back, and a third worker
    // takes it, mails it and settles.
    let (there, free) = (world.clone(), (lot.clone(), others[0].clone()));
    faults.set(
        At::call(1).operation("UpdateItem"),
        Fault::pause(move || async move {
            there.place.overseer.tables.put_back(&free.0, &free.1).await.unwrap();
            Box::pin(there.another_look()).await;
        }),
    );
    world.another_look().await;
    assert_eq!(faults.fired(), 1);
    faults.clear();
    let left = tables.shelf(&lot).await.unwrap().left();
    let mails = world.place.stack.outbox().len();
    assert_eq!((left as usize) + 2 + mails, 3, "{left} left, two held by others, {mails} mailed");
}

#[tokio::test]
async fn a_new_key_for_codes_changes_nothing_half_way() {
    for stopped in [true, false] {
        let world = World::new(&folder()).await;
        world.order("A-1").await;
        world.until(BEFORE_LETTER).await;
        world.place.clock.turn_to(at(LETTER));
        // Claimed, taken, the code made; dead before the fence.
        let faults = world.place.stack.faults().clone();
        faults.set(At::call(2).operation("UpdateItem"), Fault::DropBefore);
        world.another_look().await;
        faults.clear();
        assert_eq!(world.ledger().await.coupons.len(), 1);
        let prefix = &world.place.cloud.config.secrets_prefix;
        world.place.stack.put_secret(&format!("{prefix}/keys/code"), "another key for codes").unwrap();
        if stopped {
            world.order("A-2").await;
        }
        let world = World { place: world.place.restarted(), ..world };
        world.until(END).await;
        let steps: Option<&[&str]> = if stopped { None } else { Some(&["1.1", "1.2", "2.1"]) };
        check(&world, &Expect { steps, stopped: None }).await.unwrap();
    }
}
