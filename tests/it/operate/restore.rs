//! `winback restore`, started as an operator starts it: against a stack whose tables were restored, and in a folder.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use winback_domain::plan::Folder;
use winback_domain::store::State;
use winback_local::aws::{CUSTOMERS, LEDGER, SentMail};
use winback_local::clock::Turned;
use winback_local::place::Place;

use super::world::{STORE, World, own_dir, winback_in};
use crate::support::backup::{Backup, RESTORED};
use crate::support::{Shop, books, edit};

/// In the order in which they fall silent, every second day one.
const READERS: [&str; 9] = ["ada", "bo", "cleo", "dan", "eve", "fay", "gus", "hal", "ida"];
/// The first reader bought so many days ago; ninety days of silence, and a letter is due.
const FIRST: i64 = 105;
/// The tables were saved so many days ago.
const SAVED: i64 = 8;

fn address(name: &str) -> String {
    format!("{name}@example.com")
}

fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * days)
}

/// A bookshop that writes on every day of the week, so that it does not matter on which day this runs.
fn folder() -> Folder {
    let mut folder = books();
    let program = folder.get_mut("program.yaml").expect("a program");
    *program = program.replace("Tue-Thu", "Mon-Sun");
    edit(&mut folder, "shop.yaml", "per_customer: 2 mails in 7 days", "per_customer: 4 mails in 7 days");
    folder
}

/// Its first months, up to the moment at which its tables are saved.
async fn up_to_the_backup(place: Place, now: Timestamp) -> Shop {
    let mut shop = Shop::join(place, STORE, &folder()).await;
    for (number, name) in (0..).zip(READERS) {
        run(&shop, now - days(FIRST - 2 * number)).await;
        shop.order(&address(name), "45.00").await;
    }
    run(&shop, now - days(SAVED)).await;
    assert!(shop.letters_to(&address("ada")).len() == 2, "a letter and its last day");
    shop
}

/// The days that the restored tables know nothing of: letters, a no, an order, a code that is used, a wish to be forgotten.
async fn after_the_backup(shop: &mut Shop, now: Timestamp) {
    shop.event("customer.unsubscribed", json!({"email": address("gus")})).await;
    run(shop, now - days(SAVED - 6)).await;
    shop.event("customer.erased", json!({"email": address("bo")})).await;
    shop.order(&address("hal"), "30.00").await;
    let code = shop.code_mailed_to(&address("fay"));
    let said = json!({"code": code, "order_id": "till-1", "total": "45.00", "currency": "EUR"});
    assert_eq!(shop.till("/redeem", &said).await.status, 200);
    run(shop, Timestamp::now()).await;
    assert!(!shop.letters_to(&address("fay")).is_empty() && shop.letters_to(&address("gus")).is_empty());
}

async fn run(shop: &Shop, end: Timestamp) {
    shop.place.run_until(end, &mut |_| {}).await.expect("time goes on");
}

/// What left twice: one message, or one letter to one reader.
fn twice<'a>(mails: impl Iterator<Item = &'a SentMail>) -> Vec<String> {
    let (mut messages, mut letters) = (BTreeSet::new(), BTreeSet::new());
    let again = mails.filter(|mail| {
        let new = messages.insert(mail.tags["message"].clone());
        !(letters.insert((mail.to.clone(), mail.subject.clone())) && new)
    });
    again.map(|mail| format!("{} to {:?}", mail.subject, mail.to)).collect()
}

fn twice_in(shop: &Shop) -> Vec<String> {
    let outbox = shop.place.stack.outbox();
    twice(outbox.iter().map(|mail| &**mail))
}

/// How many letters each reader has.
fn letters(shop: &Shop) -> Vec<(&'static str, usize)> {
    READERS.map(|name| (name, shop.letters_to(&address(name)).len())).into()
}

/// A stack whose tables turned out to be wrong: what they know by now, and what the functions use.
async fn restored() -> (World, Shop, Backup, Vec<(&'static str, usize)>) {
    let now = Timestamp::now();
    let mut world = World::at(Turned::at(now - days(FIRST))).await;
    let mut shop = up_to_the_backup(world.place.clone(), now).await;
    let backup = Backup::of(&shop.place).await;
    after_the_backup(&mut shop, now).await;
    let mailed = letters(&shop);
    world.restore(&mut shop, &backup).await;
    (world, shop, backup, mailed)
}

/// The last steps of the operator's book, and two months.
async fn goes_on(world: &World, shop: &Shop) {
    let known = shop.place.overseer.tables.store(&shop.store).await.unwrap().unwrap();
    assert_eq!((known.state, known.paused_because.as_deref()), (State::Paused, Some("restored from a backup")));
    world.apply(true);
    let said = world.winback(&["resume", STORE]).await.well();
    assert!(said.contains("restored from a backup") && said.contains("The store books is live."), "{said}");
    run(shop, Timestamp::now() + days(60)).await;
    assert_eq!(twice_in(shop), [""; 0]);
}

#[tokio::test]
async fn the_old_tables_are_there_and_all_they_know_is_carried_over() {
    let now = Timestamp::now();
    let mut world = World::at(Turned::at(now - days(FIRST))).await;
    let mut shop = up_to_the_backup(world.place.clone(), now).await;
    let backup = Backup::of(&shop.place).await;
    after_the_backup(&mut shop, now).await;
    let (before, known, mailed) = (shop.ledger().await, shop.customers().await, letters(&shop));
    world.restore(&mut shop, &backup).await;
    assert!(shop.ledger().await.messages.len() < before.messages.len(), "the letters of those days are missing");

    let words = ["restore", "--old-customers", CUSTOMERS, "--old-ledger", LEDGER];
    let said = world.winback(&words).await.well();
    assert!(said.starts_with("The store books is paused: restored from a backup.\n"), "{said}");
    assert!(said.contains("  letters\n") && said.contains("run it again, until nothing is left"), "{said}");
    assert!(!said.contains('@') && !said.contains("left out"), "{said}");
    let again = world.winback(&words).await.well();
    assert!(
        again.starts_with("Nothing was left to carry over.\n") && again.contains("sending_enabled = true"),
        "{again}"
    );

    let after = shop.ledger().await;
    assert_eq!((after.orders, after.messages), (before.orders, before.messages));
    let uses = |coupons: Vec<winback_domain::redeem::Coupon>| -> Vec<_> {
        coupons.into_iter().map(|coupon| (coupon.code, coupon.dead, coupon.redeemed)).collect()
    };
    assert_eq!(uses(after.coupons), uses(before.coupons));
    for (customer, old) in shop.customers().await.iter().zip(&known) {
        assert_eq!((customer.id, &customer.orders, customer.erased), (old.id, &old.orders, old.erased));
        assert_eq!((&customer.open, &customer.mailed, customer.refused()), (&old.open, &old.mailed, old.refused()));
    }
    assert_eq!(letters(&shop), mailed, "nothing left while nothing was to be sent");
    goes_on(&world, &shop).await;
    let now_mailed = letters(&shop);
    for name in ["bo", "gus"] {
        let of = |all: &[(&str, usize)]| all.iter().find(|(known, _)| *known == name).map(|(_, many)| *many);
        assert_eq!(of(&now_mailed), of(&mailed), "{name} said no");
    }
    assert!(now_mailed.iter().map(|(_, many)| many).sum::<usize>() > mailed.iter().map(|(_, many)| many).sum());
}

#[tokio::test]
async fn one_of_the_two_old_tables_is_lost() {
    for words in [["--old-customers", CUSTOMERS], ["--old-ledger", LEDGER]] {
        let (world, shop, ..) = restored().await;
        let words = ["restore", words[0], words[1]];
        let said = world.winback(&words).await.well();
        assert!(said.contains("run it again"), "{said}");
        let again = world.winback(&words).await.well();
        assert!(again.starts_with("Nothing was left to carry over.\n"), "{words:?}: {again}");
        goes_on(&world, &shop).await;
        // Of the ledger nobody hears of her no.
        assert!(shop.letters_to(&address("gus")).is_empty() || words[1] == "--old-ledger", "gus said no");
    }
}

#[tokio::test]
async fn both_old_tables_are_lost_and_the_letters_of_those_days_count_as_sent() {
    let (world, mut shop, backup, mailed) = restored().await;
    let since = backup.at.to_string();
    let words = ["restore", "--lost-since", &since];
    let said = world.winback(&words).await.well();
    assert!(said.contains("  customers whose letter counts as sent\n"), "{said}");
    assert!(said.contains("Tell the orders of that time again before you resume"), "{said}");
    let again = world.winback(&words).await.well();
    assert!(again.starts_with("Nothing was left to carry over.\n"), "{again}");
    let told = world.winback(&["explain", &address("fay")]).await.well();
    assert!(told.contains("were lost, so the letter of that time counts as sent"), "{told}");
    shop.send_everything_again().await;
    assert_eq!(letters(&shop), mailed);
    goes_on(&world, &shop).await;
    assert!(shop.letters_to(&address("gus")).is_empty(), "gus said no, and it was told again");
    assert!(letters(&shop).iter().map(|(_, many)| many).sum::<usize>() > mailed.iter().map(|(_, many)| many).sum());
}

#[tokio::test]
async fn the_ledger_alone_is_lost_and_the_time_is_named() {
    let (world, shop, backup, _) = restored().await;
    let since = backup.at.to_string();
    let words = ["restore", "--old-customers", CUSTOMERS, "--lost-since", &since];
    let said = world.winback(&words).await.well();
    assert!(said.contains("stores with a gap\n"), "{said}");
    let again = world.winback(&words).await.well();
    assert!(again.starts_with("Nothing was left to carry over.\n"), "{again}");
    goes_on(&world, &shop).await;
    assert!(shop.letters_to(&address("gus")).is_empty(), "gus said no");
}

#[tokio::test]
async fn what_cannot_be_meant_is_said_and_nothing_is_done() {
    let world = World::with_store(&books(), State::Live).await;
    let mut shop = Shop::join(world.place.clone(), STORE, &books()).await;
    shop.order(&address("ada"), "45.00").await;
    let late = (Timestamp::now() + days(1)).to_string();
    for (words, said) in [
        (vec![], "name what is left of the old tables"),
        (vec!["--old-customers", CUSTOMERS], "customers is the table that is in use: name the one of before"),
        (vec!["--old-ledger", LEDGER], "ledger is the table that is in use"),
        (vec!["--old-customers", "customer", "--old-ledger", "ledgers"], "there is no table customer"),
        (vec!["--old-customers", RESTORED[0]], "there is no table customers-restored"),
        (vec!["--old-customers", LEDGER], "the table ledger holds no stores and customers"),
        (vec!["--old-ledger", CUSTOMERS], "the table customers holds no orders and letters"),
        (vec!["--lost-since", &late], "what is lost begins before it ends, and ends by now"),
    ] {
        let answer = world.winback(&[&["restore"], words.as_slice()].concat()).await;
        assert!(answer.status == 1 && answer.errors.contains(said), "{words:?}: {answer:?}");
        let known = world.place.overseer.tables.store(&world.store).await.unwrap().unwrap();
        assert_eq!(known.state, State::Live, "{words:?}");
    }
}

#[tokio::test]
async fn a_folder_is_put_back_and_the_one_of_before_tells_what_it_lacks() {
    let dir = own_dir("restore");
    let (place, saved, old) = (dir.join("place"), dir.join("saved"), dir.join("old"));
    std::fs::create_dir_all(&dir).unwrap();
    let now = Timestamp::now();
    let open = |clock| Place::open(&place, clock, "http://127.0.0.1:8787").expect("a place");
    let mut shop = up_to_the_backup(open(Turned::at(now - days(FIRST))), now).await;
    copy(&place, &saved);
    let at_the_backup = shop.place.stack.outbox().len();
    after_the_backup(&mut shop, now).await;
    let (before, mailed) = (shop.ledger().await, shop.place.stack.outbox());
    drop(shop);
    std::fs::rename(&place, &old).unwrap();
    copy(&saved, &place);

    let words = ["restore", "--data", "place", "--old-data", "old"];
    let said = winback_in(&dir, &words).await.well();
    assert!(said.starts_with("The store books is paused: restored from a backup.\n"), "{said}");
    let again = winback_in(&dir, &words).await.well();
    let next = "Nothing was left to carry over.\nNext: winback resume for every store.\n";
    assert_eq!(again, next);
    let said = winback_in(&dir, &["resume", STORE, "--data", "place"]).await.well();
    assert!(said.contains("The store books is live."), "{said}");

    let place = open(Turned::at(Timestamp::now()));
    let ledger = place.ledger(&crate::support::store(STORE)).await.expect("the ledger reads");
    assert_eq!((ledger.orders, ledger.messages), (before.orders, before.messages));
    place.run_until(now + days(60), &mut |_| {}).await.expect("time goes on");
    let outbox = place.stack.outbox();
    let later = &outbox[at_the_backup..];
    assert!(!later.is_empty(), "the shop goes on");
    assert_eq!(twice(mailed.iter().chain(later).map(|mail| &**mail)), [""; 0]);
    let gus = |mail: &&std::sync::Arc<SentMail>| mail.to.contains(&address("gus"));
    assert_eq!(later.iter().filter(gus).count(), 0, "gus said no");
    std::fs::remove_dir_all(dir).unwrap();
}

#[tokio::test]
async fn a_folder_that_is_no_place_tells_nothing() {
    let dir = own_dir("restore-nothing");
    let place = dir.join("place");
    std::fs::create_dir_all(dir.join("empty")).unwrap();
    let opened = Place::open(&place, Turned::real(), "http://127.0.0.1:8787").expect("a place");
    let shop = Shop::join(opened, STORE, &books()).await;
    let store = shop.store.clone();
    drop(shop);
    drop(Place::open(&dir.join("strange"), Turned::real(), "http://127.0.0.1:8787").expect("a place"));
    for (old, said) in [
        ("empty", "empty is no place"),
        ("nowhere", "nowhere is no place"),
        ("strange", "the place strange knows no store"),
        ("place", "in use"),
    ] {
        let answer = winback_in(&dir, &["restore", "--data", "place", "--old-data", old]).await;
        assert!(answer.status == 1 && answer.errors.contains(said), "{old}: {answer:?}");
    }
    let opened = Place::open(&place, Turned::real(), "http://127.0.0.1:8787").expect("a place");
    assert_eq!(opened.overseer.tables.store(&store).await.unwrap().unwrap().state, State::Live);
    std::fs::remove_dir_all(dir).unwrap();
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}
