//! The step in the store between claim and fence, with every trouble at every call of it: the letter leaves once, with a
//! code that the store honours to the second, and no other code of ours is good there.

use jiff::Timestamp;
use serde_json::Value;
use winback_local::aws::{At, Fault, Service};

use super::check::{Expect, check};
use super::world::{END, World, at, folder};
use crate::support::codes::honoured_by;
use crate::support::stores::StandIn;
use crate::support::stores::shopify::ShopifyApi;
use crate::support::stores::stripe::StripeApi;
use crate::support::stores::woocommerce::WooCommerceApi;

/// A kind of trouble: its name, whether it strikes three times in a row, and what it is.
fn troubles() -> Vec<(&'static str, u64, Fault)> {
    vec![
        ("drop before", 1, Fault::DropBefore),
        ("drop after", 1, Fault::DropAfter),
        ("lost answer", 1, Fault::LostAnswer),
        ("lost answers", 3, Fault::LostAnswer),
        ("timed out", 1, Fault::TimedOut),
        ("no connection", 1, Fault::NoConnection),
        ("throttle", 1, Fault::Throttle),
        ("server error", 1, Fault::ServerError),
    ]
}

/// Of all kinds these leave a store in states that differ. The others look different to us, whichever store it is: they
/// are tried with one of them.
const TELLING: [&str; 4] = ["drop before", "drop after", "lost answers", "no connection"];

/// The kinds that a store is tried with.
fn kinds<S: Store>() -> Vec<(&'static str, u64)> {
    let kinds = troubles().into_iter().map(|(name, times, _)| (name, times));
    kinds.filter(|(name, _)| S::EVERY_KIND || TELLING.contains(name)).collect()
}

fn trouble(kind: &str) -> Fault {
    troubles().into_iter().find(|(known, ..)| *known == kind).expect("it is there").2
}

/// A platform's store, as it stands in here.
trait Store: StandIn {
    /// What a program says after `codes:`.
    const CODES: &'static str;
    /// Whether it is the one that is tried with all kinds of trouble.
    const EVERY_KIND: bool = false;
    /// How often it was asked.
    fn questions(&self) -> usize;
    /// Until when it takes a code; nothing where it has none of that name. One that is dead ended long ago.
    fn takes_until(&self, code: &str) -> Option<Timestamp>;
}

impl Store for WooCommerceApi {
    const CODES: &'static str = "woocommerce";
    const EVERY_KIND: bool = true;

    fn questions(&self) -> usize {
        self.asked().len()
    }

    fn takes_until(&self, code: &str) -> Option<Timestamp> {
        let there = self.coupon(code)?;
        Some(there["date_expires_gmt"].as_str().map_or(Timestamp::MAX, |end| at(&format!("{end}Z"))))
    }
}

impl Store for StripeApi {
    const CODES: &'static str = "stripe";

    fn questions(&self) -> usize {
        self.asked()
    }

    fn takes_until(&self, code: &str) -> Option<Timestamp> {
        let named: Vec<Value> = self.promotions().into_iter().filter(|one| one["code"] == code).collect();
        let end = |one: &Value| {
            let second = one["expires_at"].as_i64();
            second.map_or(Timestamp::MAX, |second| Timestamp::from_second(second).expect("a moment"))
        };
        // A dead one frees its name: each of them counts.
        let ends = named.iter().map(|one| if one["active"] == true { end(one) } else { Timestamp::UNIX_EPOCH });
        ends.max()
    }
}

impl Store for ShopifyApi {
    const CODES: &'static str = "shopify";

    fn questions(&self) -> usize {
        self.asked()
    }

    fn takes_until(&self, code: &str) -> Option<Timestamp> {
        let there = self.discount(code)?;
        Some(there["endsAt"].as_str().map_or(Timestamp::MAX, at))
    }
}

async fn world<S: Store>() -> (World, S) {
    let world = World::new(&honoured_by(S::CODES, folder())).await;
    let store = S::behind(&world.place);
    (world, store)
}

#[tokio::test]
async fn every_trouble_at_every_call_of_the_store_leaves_one_letter_and_one_good_code() {
    makes_one_good_code::<WooCommerceApi>().await;
}

#[tokio::test]
async fn every_trouble_at_every_call_of_stripe_leaves_one_letter_and_one_good_code() {
    makes_one_good_code::<StripeApi>().await;
}

#[tokio::test]
async fn every_trouble_at_every_call_of_shopify_leaves_one_letter_and_one_good_code() {
    makes_one_good_code::<ShopifyApi>().await;
}

async fn makes_one_good_code<S: Store>() {
    let (kinds, mut runs) = (kinds::<S>(), 0);
    for (name, times) in &kinds {
        for call in 1.. {
            let (world, store) = world::<S>().await;
            world.place.stack.faults().set(At::call(call).of(Service::Store).times(*times), trouble(name));
            world.order("A-1").await;
            world.until(END).await;
            let expect = Expect { steps: Some(&["1.1", "1.2", "2.1"]), stopped: None };
            check(&world, &expect).await.unwrap_or_else(|problem| panic!("{name} at call {call}: {problem}"));
            honoured(&world, &store).await.unwrap_or_else(|problem| panic!("{name} at call {call}: {problem}"));
            runs += 1;
            if store.questions() < usize::try_from(call).expect("few calls") {
                break;
            }
        }
    }
    assert!(runs > 2 * kinds.len(), "{runs} runs struck something");
}

#[tokio::test]
async fn a_purchase_while_the_store_is_asked_stops_the_letter_and_withdraws_the_code() {
    stopped_by_a_purchase::<WooCommerceApi>().await;
    stopped_by_a_purchase::<StripeApi>().await;
    stopped_by_a_purchase::<ShopifyApi>().await;
}

async fn stopped_by_a_purchase<S: Store>() {
    for (call, cleaned_up) in [(1, false), (2, false), (1, true), (2, true)] {
        let (world, store) = world::<S>().await;
        world.order("A-1").await;
        let at_the_store = At::call(call).of(Service::Store);
        let buying = world.clone();
        let purchase = Fault::pause(move || async move {
            buying.order("A-2").await;
            buying.place.restarted().record_events().await.expect("the queue answers");
            if cleaned_up {
                // Another worker calls the message off, and withdraws a code that is not there yet.
                Box::pin(buying.another_look()).await;
            }
        });
        world.place.stack.faults().set(at_the_store, purchase);
        world.until("2026-04-20T00:00:00Z").await;
        let (mailed, run) = (world.place.stack.outbox().len(), format!("{} at call {call}", S::CODES));
        assert_eq!(mailed, 0, "{run}: she bought before the fence");
        honoured(&world, &store).await.unwrap_or_else(|problem| panic!("{run}, cleaned up {cleaned_up}: {problem}"));
    }
}

#[tokio::test]
async fn every_trouble_while_a_code_is_withdrawn_leaves_no_good_code_and_nothing_open() {
    withdraws_whatever_happens::<WooCommerceApi>().await;
}

#[tokio::test]
async fn every_trouble_while_stripe_withdraws_a_code_leaves_no_good_code_and_nothing_open() {
    withdraws_whatever_happens::<StripeApi>().await;
}

#[tokio::test]
async fn every_trouble_while_shopify_withdraws_a_code_leaves_no_good_code_and_nothing_open() {
    withdraws_whatever_happens::<ShopifyApi>().await;
}

/// She buys while the store is asked for her code, and whoever clears up after that meets every trouble.
async fn withdraws_whatever_happens<S: Store>() {
    let (mut runs, mut struck) = (0, 0);
    for (name, times) in kinds::<S>() {
        for call in 1..=5 {
            let (world, store) = world::<S>().await;
            world.order("A-1").await;
            let buying = world.clone();
            let purchase = Fault::pause(move || async move {
                buying.order("A-2").await;
                buying.place.restarted().record_events().await.expect("the queue answers");
                let next = At::call(call).of(Service::Store).times(times);
                buying.place.stack.faults().set(next, trouble(name));
                Box::pin(buying.another_look()).await;
            });
            world.place.stack.faults().set(At::call(2).of(Service::Store), purchase);
            world.until("2026-04-20T00:00:00Z").await;
            (runs, struck) = (runs + 1, struck + world.place.stack.faults().fired());
            assert_eq!(world.place.stack.outbox().len(), 0, "{name} at call {call}: she bought before the fence");
            let expect = Expect { steps: None, stopped: None };
            check(&world, &expect).await.unwrap_or_else(|problem| panic!("{name} at call {call}: {problem}"));
            honoured(&world, &store).await.unwrap_or_else(|problem| panic!("{name} at call {call}: {problem}"));
        }
    }
    // Every run began with the purchase.
    assert!(struck > runs, "of {runs} runs {struck} struck something");
}

/// The store honours every mailed code until its deadline and no second longer, and no other code of ours.
async fn honoured(world: &World, store: &impl Store) -> Result<(), String> {
    for coupon in &world.ledger().await.coupons {
        match (coupon.dead, store.takes_until(coupon.code.as_str())) {
            (true, None) => {}
            (true, Some(end)) if end < world.place.clock.now() && end < coupon.expires_at => {}
            (false, Some(end)) if near(end, coupon.expires_at) => {}
            (dead, end) => return Err(format!("code {}: dead {dead}, in the store until {end:?}", coupon.code)),
        }
    }
    Ok(())
}

/// A store may name the last good second or the first one after it.
fn near(end: Timestamp, deadline: Timestamp) -> bool {
    end == deadline || end.as_second() == deadline.as_second() + 1
}
