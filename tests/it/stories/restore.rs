//! The tables were restored from a backup. Since then letters left, people said no, bought, were forgotten; and nobody may
//! get a letter twice, whatever is left of the tables of before.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use winback_cloud::queue::Told;
use winback_cloud::restore::{Carried, Lost, Old};
use winback_domain::decide::decide;
use winback_domain::event::wire;
use winback_domain::message::State;
use winback_domain::store::State as StoreState;
use winback_local::aws::{At, CUSTOMERS, Fault, LEDGER};
use winback_local::clock::Turned;
use winback_local::place::Place;

use crate::support::backup::{Backup, Damage, damage};
use crate::support::{Shop, books, edit, moment, raw};

const PEOPLE: [&str; 12] = ["ada", "bo", "cleo", "dan", "eve", "fay", "gus", "hal", "ida", "jon", "kit", "lea"];
/// Some letters have left, some are claimed, some wait for their last day.
const BACKUP: &str = "2026-04-16 12:00";
/// Nine days later somebody sees that the tables are wrong.
const RESTORED: &str = "2026-04-25 12:00";
const END: &str = "2027-05-01 12:00";

fn address(name: &str) -> String {
    format!("{name}@example.com")
}

/// A bookshop whose customers fall silent one after the other, with a stock of gifts.
async fn shop() -> Shop {
    let mut folder = books();
    edit(&mut folder, "program.yaml", "stock: 50", "stock: 30");
    let zone = jiff::tz::TimeZone::get("Europe/Helsinki").expect("a zone");
    let place = Place::in_memory(Turned::at(moment("2025-12-26 10:00", &zone))).expect("a place");
    let mut shop = Shop::join(place, "books", &folder).await;
    for (number, name) in (0_i8..).zip(PEOPLE) {
        let day = jiff::civil::date(2025, 12, 26).saturating_add(jiff::Span::new().days(3 * i32::from(number)));
        shop.until(&format!("{day} 12:00")).await;
        for twin in 1..=2 {
            shop.order(&address(&format!("{name}{twin}")), "45.00").await;
        }
        if name == "ida" {
            shop.order("bounce@simulator.amazonses.com", "45.00").await;
        }
    }
    // Somebody with an account, who has also ordered without it.
    shop.event("customer.updated", json!({"customer_id": "9", "name": "Gus Ahola", "marketing_consent": true})).await;
    shop.until(BACKUP).await;
    assert!(shop.place.stack.outbox().len() > 5, "some have their letter");
    shop
}

/// Nine days of a shop: letters, a no, a bounce, a wish to be forgotten, codes used, one person known by two names, a
/// worker that dies with a letter in its hand.
async fn nine_days(shop: &mut Shop) {
    shop.until("2026-04-18 12:00").await;
    let first = |shop: &Shop, name: &str| shop.letters_to(&address(name)).len();
    assert!(first(shop, "hal1") > 0 || first(shop, "gus1") > 0);
    shop.event("customer.unsubscribed", json!({"email": address("hal1")})).await;
    shop.event("customer.erased", json!({"email": address("eve1")})).await;
    shop.order_with(&address("new"), "30.00", json!({"marketing_consent": true, "name": "Nils Uusi"})).await;
    shop.event("customer.unsubscribed", json!({"email": address("ida1")})).await;
    shop.until("2026-04-21 08:59").await;
    let faults = shop.place.stack.faults().clone();
    faults.set(At::call(1).operation("SendEmail"), Fault::DropAfter);
    shop.until("2026-04-21 12:00").await;
    faults.clear();
    let code = with_code(shop).await;
    let said = json!({"code": code.1, "order_id": "till-1", "total": "45.00", "currency": "EUR"});
    assert_eq!(shop.till("/redeem", &said).await.status, 200);
    // Two names of one person: known by address, then with an account.
    shop.order_with(&address("lea1"), "52.00", json!({"customer_id": "7", "marketing_consent": true})).await;
    shop.event("customer.updated", json!({"customer_id": "8", "email": address("kit2"), "marketing_consent": true}))
        .await;
    shop.order_with(&address("gus2"), "41.00", json!({"customer_id": "9", "marketing_consent": true})).await;
    shop.event("order.cancelled", json!({"order_id": "books-24"})).await;
    shop.until(RESTORED).await;
}

/// Somebody with a code that is good, and the code.
async fn with_code(shop: &Shop) -> (String, String) {
    let now = shop.place.clock.now();
    let coupons = shop.ledger().await.coupons;
    let good = coupons.into_iter().find(|coupon| !coupon.dead && coupon.expires_at > now && coupon.redeemed.is_empty());
    let coupon = good.expect("a code that is good");
    (coupon.customer.to_string(), coupon.code.to_string())
}

/// Something is told to the functions while nothing is sent.
async fn told_meanwhile(shop: &Shop, kind: &str, data: Value) {
    let now = shop.place.clock.now();
    let event = json!({"type": kind, "timestamp": now.to_string(), "data": data});
    let event = wire::read(event.to_string().as_bytes(), now).expect("a good event");
    shop.place.tell(&Told { store: shop.store.clone(), event }).await.expect("the queue takes it");
    shop.place.record_events().await.expect("it is recorded");
}

/// How often each message was accepted by SES.
fn accepted(shop: &Shop) -> BTreeMap<String, usize> {
    let mut times = BTreeMap::new();
    for mail in shop.place.stack.outbox() {
        *times.entry(mail.tags["message"].clone()).or_default() += 1;
    }
    times
}

fn twice(shop: &Shop) -> Vec<String> {
    accepted(shop).into_iter().filter(|(_, times)| *times > 1).map(|(id, _)| id).collect()
}

/// The store goes on and a year passes.
async fn a_year(shop: &mut Shop) {
    shop.set("the shop goes on", StoreState::Live).await;
    shop.until(END).await;
    assert_eq!(twice(shop), Vec::<String>::new(), "no letter left twice");
    holds(shop).await;
}

/// What must hold when the dust has settled.
async fn holds(shop: &Shop) {
    let ledger = shop.ledger().await;
    shop.place.overseer.forget(&shop.store);
    let standing = shop.place.overseer.standing(&shop.store).await.expect("the store stands");
    let now = shop.place.clock.now();
    for customer in shop.customers().await {
        assert_eq!(customer.open, None, "nothing is left on its way");
        let next = decide(&customer, &standing.store, &standing.plan, now).next_look;
        assert!(next.is_none_or(|next| customer.due.is_some_and(|due| due <= next)), "nobody is due too late");
        let mut counts = 0;
        for (_, order) in &ledger.orders {
            let Some(owner) = order.customer else { continue };
            let owner = shop.place.overseer.tables.customer(&shop.store, owner).await.expect("it reads");
            if owner.is_some_and(|owner| owner.id == customer.id) {
                counts += order.counts(standing.plan.shop.currency).count;
            }
        }
        assert_eq!(customer.orders.count, counts, "the sums are those of the orders: {customer:?}");
    }
    for message in &ledger.messages {
        let unsettled = matches!(message.state, State::Claimed | State::Sending | State::Refused);
        assert!(!unsettled, "left {}", message.state.word());
    }
    for coupon in &ledger.coupons {
        assert!(coupon.redeemed.len() <= coupon.uses as usize);
    }
}

fn nothing() -> Carried {
    Carried::default()
}

async fn restored(shop: &Shop, old: Option<&Old>, lost: Option<Lost>) -> Carried {
    shop.place.cloud.restore(old, lost).await.expect("it goes through")
}

/// Runs the restore again and again: it dies at one call after the other, at every `step`-th, until it goes through.
/// Answers how far the customers' records had come after each death.
async fn dies_at_one_call_after_the_other(shop: &Shop, old: Option<&Old>, lost: Option<Lost>, step: usize) -> Vec<u64> {
    let faults = shop.place.stack.faults().clone();
    let mut come = Vec::new();
    for call in (1..).step_by(step) {
        faults.set(At::call(call), if call % 2 == 0 { Fault::DropBefore } else { Fault::DropAfter });
        let _ = faults.live(Box::pin(shop.place.restarted().cloud.restore(old, lost))).await.map(|_| ());
        let died = faults.fired() > 0;
        faults.clear();
        if !died {
            break;
        }
        come.push(shop.customers().await.iter().map(|customer| customer.rev).sum());
    }
    come
}

/// Messages of the ledger, as far as nobody could tell the difference.
async fn letters(shop: &Shop) -> BTreeMap<String, bool> {
    let messages = shop.ledger().await.messages;
    messages.iter().map(|message| (message.id.to_string(), message.state.was_mailed())).collect()
}

#[tokio::test]
async fn what_the_old_tables_know_is_carried_over_and_the_shop_goes_on_as_if_nothing_had_happened() {
    let mut undisturbed = shop().await;
    nine_days(&mut undisturbed).await;
    a_year(&mut undisturbed).await;
    let wanted = letters(&undisturbed).await;

    let mut shop = shop().await;
    let backup = Backup::of(&shop.place).await;
    nine_days(&mut shop).await;
    let (before, known) = (shop.ledger().await, shop.customers().await);
    let old = backup.restore(&mut shop.place).await;
    assert!(shop.ledger().await.messages.len() < before.messages.len(), "nine days are missing");
    let carried = restored(&shop, Some(&old), None).await;
    assert_eq!(carried.paused, [shop.store.clone()]);
    assert!(carried.left.is_empty(), "{carried:?}");
    let after = shop.place.cloud.tables.store(&shop.store).await.expect("it reads").expect("it is there");
    assert_eq!(after.paused_because.as_deref(), Some("restored from a backup"));
    assert_eq!(restored(&shop, Some(&old), None).await, nothing(), "there is nothing left to carry over");

    let ledger = shop.ledger().await;
    assert_eq!(ledger.orders, before.orders);
    assert_eq!(ledger.messages, before.messages);
    let uses = |coupons: &[winback_domain::redeem::Coupon]| -> Vec<_> {
        coupons.iter().map(|coupon| (coupon.code.clone(), coupon.dead, coupon.redeemed.clone())).collect()
    };
    assert_eq!(uses(&ledger.coupons), uses(&before.coupons));
    for (customer, old) in shop.customers().await.iter().zip(&known) {
        assert_eq!((customer.id, &customer.orders, customer.erased), (old.id, &old.orders, old.erased));
        assert_eq!((&customer.open, &customer.mailed), (&old.open, &old.mailed));
        assert_eq!(customer.refused(), old.refused());
        assert!(customer.rev >= old.rev && customer.stop_rev >= old.stop_rev);
    }
    let items = format!("{:?}", raw::items_of(&shop.place, crate::support::backup::RESTORED).await);
    assert!(!items.contains("eve1@example.com"), "who was forgotten is forgotten");
    a_year(&mut shop).await;
    assert_eq!(letters(&shop).await, wanted, "the same letters as if nothing had happened");
}

#[tokio::test]
async fn it_dies_at_one_call_after_the_other_and_carries_everything_over_all_the_same() {
    let mut shop = shop().await;
    let backup = Backup::of(&shop.place).await;
    nine_days(&mut shop).await;
    let before = shop.ledger().await;
    let old = backup.restore(&mut shop.place).await;
    // The restored tables live already.
    told_meanwhile(&shop, "customer.unsubscribed", json!({"email": address("jon1")})).await;
    let deaths = dies_at_one_call_after_the_other(&shop, Some(&old), None, 3).await.len();
    assert!(deaths >= 20, "only {deaths} deaths");
    assert_eq!(restored(&shop, Some(&old), None).await, nothing());
    assert_eq!(shop.ledger().await.messages, before.messages);
    assert_eq!(shop.ledger().await.orders, before.orders);
    a_year(&mut shop).await;
    assert!(shop.letters_to(&address("jon1")).len() <= 2);
}

#[tokio::test]
async fn the_old_tables_are_damaged_and_nobody_is_mailed_twice_or_after_a_no() {
    let mut shop = shop().await;
    told_meanwhile(&shop, "customer.unsubscribed", json!({"email": address("cleo1")})).await;
    let backup = Backup::of(&shop.place).await;
    nine_days(&mut shop).await;
    let no: Vec<String> = ["cleo1", "hal1", "ida1"].map(address).into();
    let mailed: Vec<usize> = no.iter().map(|email| shop.letters_to(email).len()).collect();
    // Somebody took half of the customers out, and the letters of the other half; and wrote a yes over everybody.
    let half = |key: &str| key.bytes().map(usize::from).sum::<usize>() % 2 == 0;
    let customers = shop.customers().await;
    let taken = damage(&shop.place, CUSTOMERS, |key, item| {
        if !key.starts_with("books#customer#") {
            return Damage::None;
        }
        let of = |email: &String| format!("{item:?}").contains(email.as_str());
        if item.contains_key("alias_of") || no[1..].iter().any(of) {
            // Of the old tables' own noes these are the only witnesses.
            return Damage::None;
        }
        if half(key) && !of(&no[0]) {
            return Damage::Gone;
        }
        if item.contains_key("consent") {
            let yes = r#"{"latest":{"is":true,"at":1777024800},"opted_in":1777024800}"#;
            item.insert("consent".to_owned(), AttributeValue::S(yes.to_owned()));
        }
        Damage::Spoilt
    })
    .await;
    let known = |id: &str| {
        customers.iter().any(|customer| customer.id.to_string() == id && half(&format!("books#customer#{id}")))
    };
    let spoilt = damage(&shop.place, LEDGER, |key, item| {
        let of = item.get("customer").and_then(|of| of.as_s().ok());
        match of.filter(|of| key.starts_with("books#message#") && !known(of)) {
            Some(_) => Damage::Gone,
            None => Damage::None,
        }
    })
    .await;
    assert!(taken > 5 && spoilt > 2, "{taken} and {spoilt}");
    let old = backup.restore(&mut shop.place).await;
    restored(&shop, Some(&old), None).await;
    assert_eq!(restored(&shop, Some(&old), None).await.news, nothing().news);
    shop.set("the shop goes on", StoreState::Live).await;
    shop.until(END).await;
    assert_eq!(twice(&shop), Vec::<String>::new(), "no letter left twice");
    let now: Vec<usize> = no.iter().map(|email| shop.letters_to(email).len()).collect();
    assert_eq!((&no, now), (&no, mailed), "a no of either side is a no");
}

#[tokio::test]
async fn one_of_the_two_old_tables_is_enough_to_mail_nobody_twice() {
    for (customers, ledger) in [(true, false), (false, true)] {
        let mut shop = shop().await;
        let backup = Backup::of(&shop.place).await;
        nine_days(&mut shop).await;
        let old = Old { customers, ledger, ..backup.restore(&mut shop.place).await };
        restored(&shop, Some(&old), None).await;
        assert_eq!(restored(&shop, Some(&old), None).await.news, nothing().news);
        shop.set("the shop goes on", StoreState::Live).await;
        shop.until(END).await;
        assert_eq!(twice(&shop), Vec::<String>::new(), "customers {customers}, ledger {ledger}");
    }
}

/// Every letter of a customer is reached from the heads of their chains, and reached once: an erasure must find all.
async fn every_letter_has_one_place(shop: &Shop) {
    let messages = shop.ledger().await.messages;
    let mut most = 0;
    for customer in shop.customers().await {
        let mut reached = BTreeSet::new();
        for head in &customer.letters {
            let mut next = Some(*head);
            while let Some(id) = next {
                assert!(reached.insert(id), "a ring, or two ways to one letter: {customer:?}");
                let message = messages.iter().find(|message| message.id == id);
                next = message.expect("the chain leads to a letter that is there").previous;
            }
        }
        let own = messages.iter().filter(|message| message.customer == customer.id).map(|message| message.id);
        assert_eq!(reached, own.collect(), "{customer:?}");
        most = most.max(reached.len());
    }
    assert!(most > 2, "nobody has more than {most} letters");
}

/// Nobody has a letter when the tables are saved; weeks later everybody has some, and the old customers are lost.
async fn weeks_of_letters() -> (Shop, Old) {
    let zone = jiff::tz::TimeZone::get("Europe/Helsinki").expect("a zone");
    let place = Place::in_memory(Turned::at(moment("2026-01-12 10:00", &zone))).expect("a place");
    let mut shop = Shop::join(place, "books", &books()).await;
    for name in PEOPLE {
        shop.order(&address(name), "45.00").await;
    }
    let backup = Backup::of(&shop.place).await;
    shop.until("2026-05-30 12:00").await;
    let old = Old { customers: false, ..backup.restore(&mut shop.place).await };
    (shop, old)
}

#[tokio::test]
async fn the_old_customers_are_lost_and_each_of_their_letters_has_its_place() {
    let (shop, old) = weeks_of_letters().await;
    restored(&shop, Some(&old), None).await;
    every_letter_has_one_place(&shop).await;
    assert_eq!(restored(&shop, Some(&old), None).await, nothing());
    every_letter_has_one_place(&shop).await;
}

#[tokio::test]
async fn the_old_customers_are_lost_and_it_dies_at_one_call_after_the_other() {
    let (shop, old) = weeks_of_letters().await;
    let deaths = dies_at_one_call_after_the_other(&shop, Some(&old), None, 3).await.len();
    assert!(deaths >= 20, "only {deaths} deaths");
    assert_eq!(restored(&shop, Some(&old), None).await, nothing());
    every_letter_has_one_place(&shop).await;
}

#[tokio::test]
async fn the_old_tables_are_lost_and_a_letter_of_those_days_counts_as_sent() {
    for (again, since) in [(true, 0), (false, 0), (true, 3)] {
        let mut shop = shop().await;
        if since > 0 {
            // The backup was taken while letters were leaving.
            shop.until("2026-04-21 08:59").await;
            let faults = shop.place.stack.faults().clone();
            faults.set(At::call(since).operation("UpdateItem"), Fault::DropBefore);
            shop.place.clock.turn_to(moment("2026-04-21 09:00", &shop.zone));
            shop.place.send_messages().await.expect("whatever dies comes again");
            shop.place.pump().await.expect("it pumps");
            shop.place.send_messages().await.expect("whatever dies comes again");
            faults.clear();
        }
        let backup = Backup::of(&shop.place).await;
        if since == 0 {
            nine_days(&mut shop).await;
        } else {
            shop.until(RESTORED).await;
        }
        let mailed = accepted(&shop);
        backup.restore(&mut shop.place).await;
        let lost = Some(Lost { from: backup.at, until: None });
        let marked = restored(&shop, None, lost).await;
        assert!(marked.news.contains_key("customers whose letter counts as sent"), "{marked:?}");
        assert_eq!(restored(&shop, None, lost).await, nothing(), "the gap stays as it was marked");
        if again {
            shop.place.clock.turn_to(shop.place.clock.now() + SignedDuration::from_mins(10));
            shop.send_everything_again().await;
        }
        shop.set("the shop goes on", StoreState::Live).await;
        shop.until(END).await;
        assert_eq!(twice(&shop), Vec::<String>::new(), "told again {again}, since {since}");
        assert!(accepted(&shop).len() > mailed.len() + 10, "the shop goes on");
        let told = shop.people().await;
        assert!(told.contains("were lost, so the letter of that time counts as sent"), "{told}");
    }
}

#[tokio::test]
async fn the_old_tables_are_lost_and_it_dies_between_one_customer_and_the_next() {
    let mut shop = shop().await;
    let backup = Backup::of(&shop.place).await;
    nine_days(&mut shop).await;
    let mailed = accepted(&shop);
    backup.restore(&mut shop.place).await;
    let lost = Some(Lost { from: backup.at, until: None });
    let come = dies_at_one_call_after_the_other(&shop, None, lost, 1).await;
    // The first deaths leave every record as it was; later ones leave some customers marked, and others not yet.
    let stops: BTreeSet<u64> = come.iter().copied().collect();
    assert!(stops.len() > 2, "it never died between two customers: {come:?}");
    assert_eq!(restored(&shop, None, lost).await, nothing(), "run once more it finds nothing that is left to do");
    shop.set("the shop goes on", StoreState::Live).await;
    shop.until(END).await;
    assert_eq!(twice(&shop), Vec::<String>::new(), "no letter left twice");
    assert!(accepted(&shop).len() > mailed.len() + 10, "the shop goes on");
}

#[tokio::test]
async fn an_order_of_the_lost_days_that_is_told_again_brings_no_letter_of_those_days_back() {
    let mut folder = books();
    edit(&mut folder, "program.yaml", "lapsed: 90 days", "lapsed: 3 days");
    let mut shop = Shop::open_with("2026-04-01 10:00", "books", &folder).await;
    shop.order(&address("ada"), "45.00").await;
    let backup = Backup::of(&shop.place).await;
    // She orders again, falls silent again, and gets the letter of that silence: all in days that nobody remembers.
    shop.until("2026-04-02 10:00").await;
    shop.order(&address("ada"), "45.00").await;
    shop.until("2026-04-08 12:00").await;
    assert_eq!(shop.letters_to(&address("ada")).len(), 1);
    let lost: Timestamp = backup.at;
    backup.restore(&mut shop.place).await;
    restored(&shop, None, Some(Lost { from: lost, until: None })).await;
    shop.send_everything_again().await;
    shop.set("the shop goes on", StoreState::Live).await;
    shop.until(END).await;
    assert_eq!(twice(&shop), Vec::<String>::new());
    let subjects: Vec<_> = shop.letters_to(&address("ada")).iter().map(|mail| mail.subject.clone()).collect();
    assert_eq!(subjects.len(), 3, "the first letter, lost; then the rounds that follow it: {subjects:?}");
}
