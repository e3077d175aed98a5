//! What must hold when the dust has settled.

use std::collections::{BTreeMap, BTreeSet};

use winback_cloud::tables::stock::Lot;
use winback_domain::decide::decide;
use winback_domain::ids::Code;
use winback_domain::message::{Granted, State};

use super::world::{OFFERS, World};

/// What happened that changes what may be mailed.
#[derive(Clone, Debug, Default)]
pub struct Stopped {
    /// Mails in the outbox when the stop was recorded.
    pub mails: usize,
    /// A message was past its fence then: it may still arrive.
    pub fenced: bool,
}

/// How a run is to end.
pub struct Expect<'a> {
    /// Steps that must have been mailed, as far as anybody can know (`1.1`); nothing: whatever a stop left.
    pub steps: Option<&'a [&'a str]>,
    /// The stop, if there was one.
    pub stopped: Option<Stopped>,
}

/// Checks every invariant; the words of the first that does not hold.
pub async fn check(world: &World, expect: &Expect<'_>) -> Result<(), String> {
    let ledger = world.ledger().await;
    let outbox = world.place.stack.outbox();
    let mut mailed: BTreeMap<(u32, u32), u32> = BTreeMap::new();
    for mail in &outbox {
        let id = mail.tags.iter().find(|(name, _)| *name == "message").map(|(_, id)| id.clone()).unwrap_or_default();
        let message = ledger.messages.iter().find(|message| message.id.to_string() == id);
        let message = message.ok_or_else(|| format!("a mail of message {id} that the ledger does not know"))?;
        *mailed.entry((message.round, message.step)).or_default() += 1;
        if !message.state.was_mailed() {
            return Err(format!("a mail left for a message that is {}", message.state.word()));
        }
        if message.subject != mail.subject && !message.subject.is_empty() {
            return Err(format!("mailed {:?}, written down {:?}", mail.subject, message.subject));
        }
    }
    if let Some((step, times)) = mailed.iter().find(|(_, times)| **times > 1) {
        return Err(format!("step {step:?} was mailed {times} times"));
    }
    if let Some(stopped) = &expect.stopped {
        let late = outbox.len() - stopped.mails;
        if late > usize::from(stopped.fenced) {
            return Err(format!("{late} mails after the stop"));
        }
    }
    for message in &ledger.messages {
        if matches!(message.state, State::Claimed | State::Sending | State::Refused) {
            return Err(format!("message {}.{} is left {}", message.round + 1, message.step + 1, message.state.word()));
        }
    }
    for step in expect.steps.unwrap_or_default() {
        let done = |m: &&winback_domain::message::Message| format!("{}.{}", m.round + 1, m.step + 1) == *step;
        let state = ledger.messages.iter().find(done).map(|message| message.state);
        if !state.is_some_and(|state| state.was_mailed() || state == State::Held) {
            return Err(format!("step {step} was lost: {state:?}"));
        }
    }
    codes(world, &ledger).await?;
    customer(world).await
}

async fn codes(world: &World, ledger: &winback_local::place::Ledger) -> Result<(), String> {
    for coupon in &ledger.coupons {
        let message = ledger.messages.iter().find(|message| message.id == coupon.message);
        let mailed = message.is_some_and(|message| {
            message.state.was_mailed() && message.offer.as_ref().and_then(|o| o.code.as_ref()) == Some(&coupon.code)
        });
        if mailed == coupon.dead {
            let is = if mailed { "mailed and dead" } else { "never mailed and good" };
            return Err(format!("code {} is {is}", coupon.code));
        }
    }
    let mut given: BTreeMap<&str, BTreeSet<&Code>> = BTreeMap::new();
    for message in ledger.messages.iter().filter(|message| message.state.was_mailed()) {
        let Some(Granted { name, code: Some(code), gives, expires_at, .. }) = &message.offer else { continue };
        let Some(coupon) = ledger.coupons.iter().find(|coupon| coupon.code == *code) else {
            return Err("a code was mailed that nobody honours".to_owned());
        };
        if (&coupon.gives, coupon.expires_at) != (gives, *expires_at) {
            return Err(format!(
                "mailed {gives} until {expires_at}, made {} until {}",
                coupon.gives, coupon.expires_at
            ));
        }
        given.entry(name).or_default().insert(code);
    }
    let tables = &world.place.overseer.tables;
    for offer in OFFERS {
        let given = given.get(offer).map_or(0, BTreeSet::len);
        for lot in Lot::all(&world.store, "We miss you", offer, 3) {
            let left = tables.shelf(&lot).await.map_err(|error| error.to_string())?.left();
            if left as usize + given != lot.size() as usize {
                return Err(format!("{offer}: {left} left and {given} given out of {}", lot.size()));
            }
        }
    }
    Ok(())
}

/// The index may be early, never late: under the newest plan, once the scan has passed.
pub async fn due(world: &World) -> Result<(), String> {
    world.place.overseer.forget(&world.store);
    let standing = world.place.overseer.standing(&world.store).await.map_err(|error| error.to_string())?;
    let now = world.place.clock.now();
    for customer in world.place.customers(&world.store).await.map_err(|error| error.to_string())? {
        let next = decide(&customer, &standing.store, &standing.plan, now).next_look;
        if next.is_some_and(|next| customer.due.is_none_or(|due| due > next)) {
            return Err(format!("due {:?} is later than {next:?}", customer.due));
        }
    }
    Ok(())
}

async fn customer(world: &World) -> Result<(), String> {
    let now = world.place.clock.now();
    for customer in world.place.customers(&world.store).await.map_err(|error| error.to_string())? {
        if let Some(open) = &customer.open {
            return Err(format!("a message is left {:?}", open.state));
        }
        if customer.due.is_some_and(|due| due <= now) {
            return Err("somebody due was left behind".to_owned());
        }
    }
    due(world).await
}
