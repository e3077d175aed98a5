//! A file of old orders is refused, and whoever waits for the store does not wait a day longer.

use import_orders::Answer;
use serde_json::json;
use winback_domain::store::State;
use winback_local::clock::Turned;
use winback_local::place::{Place, Setup};

use crate::support::{Shop, books, moment, store, uploads};

const ANNA: &str = "anna@example.com";
const ORDERS: &str = "order_id,email,placed_at,total,currency\nA-1,anna@example.com,2026-01-10,45.00,EUR\n";
/// A list of what is in stock, put into the wrong folder.
const STOCK: &str = "article,pieces\nA-1,7\n";

#[tokio::test]
async fn two_files_at_once_and_the_last_is_refused_before_the_letters_of_the_day() {
    // A Tuesday, and letters leave at nine.
    let mut shop = Shop::open("2026-05-05 07:00").await;
    let stock = uploads::upload(&shop.place, &shop.store, "stock.csv", STOCK).await;
    uploads::begins_and_dies(&shop.place, &shop.store, &stock).await;
    let orders = uploads::upload(&shop.place, &shop.store, "orders.csv", ORDERS).await;
    let scan = uploads::comes_in(&shop.place, &orders).await;
    uploads::end(&shop.place, &scan).await;
    shop.until("2026-05-05 07:10").await;
    let known = shop.place.overseer.tables.store(&shop.store).await.unwrap().unwrap();
    assert_eq!(known.state, State::Importing, "the other file is under way still");

    let Answer::Refused { refused, scan } = uploads::cut(&shop.place, &stock).await else { panic!("no orders") };
    assert!(refused.contains("no column"), "{refused}");
    uploads::end(&shop.place, &scan.expect("the store waits for nothing else")).await;
    let known = shop.place.overseer.tables.store(&shop.store).await.unwrap().unwrap();
    assert_eq!((known.state, known.imports), (State::Live, None));
    shop.until("2026-05-05 10:00").await;
    assert_eq!(shop.letters_to(ANNA).len(), 1, "Anna's letter left at nine");
}

#[tokio::test]
async fn one_that_is_refused_while_another_comes_in_leaves_the_end_to_that() {
    let shop = Shop::open("2026-05-05 07:00").await;
    let (place, known_as) = (&shop.place, &shop.store);
    let orders = uploads::upload(place, known_as, "orders.csv", ORDERS).await;
    uploads::begins_and_dies(place, known_as, &orders).await;
    let stock = uploads::upload(place, known_as, "stock.csv", STOCK).await;
    let Answer::Refused { scan, .. } = uploads::cut(place, &stock).await else { panic!("no orders") };
    assert_eq!(scan, None);
    let known = place.overseer.tables.store(known_as).await.unwrap().unwrap();
    assert_eq!(known.state, State::Importing);
    let scan = uploads::comes_in(place, &orders).await;
    uploads::end(place, &scan).await;
    let known = place.overseer.tables.store(known_as).await.unwrap().unwrap();
    assert_eq!((known.state, known.imports), (State::Live, None));
    assert!(place.overseer.tables.first_due(known_as).await.unwrap().is_some());
}

#[tokio::test]
async fn a_file_for_nobody_starts_nothing() {
    let shop = Shop::open("2026-05-05 07:00").await;
    let strange = uploads::upload(&shop.place, &store("records"), "orders.csv", ORDERS).await;
    let Answer::Refused { refused, scan } = uploads::cut(&shop.place, &strange).await else { panic!("nobody's") };
    assert!(refused.contains("records"), "{refused}");
    assert_eq!(scan, None);
}

#[tokio::test]
async fn a_new_store_whose_first_file_is_refused_knows_who_is_due() {
    let zone = jiff::tz::TimeZone::get("Europe/Helsinki").expect("a zone");
    let place = Place::in_memory(Turned::at(moment("2026-01-10 10:00", &zone))).expect("a place");
    let mut shop = Shop::join(place, "books", &books()).await;
    let setup = Setup { state: State::Importing, unlimited: false };
    shop.place.set_up(&shop.store, &books(), setup).await.expect("a good folder");
    shop.order_with(ANNA, "45.00", json!({"marketing_consent": true})).await;
    assert_eq!(shop.customer(ANNA).await.due, None, "while a store waits for its history nobody is due");
    let problem = shop.place.import(&shop.store, STOCK.into(), true, &mut |_, _| {}).await.expect_err("no orders");
    assert!(problem.to_string().contains("no column"), "{problem}");
    let known = shop.place.overseer.tables.store(&shop.store).await.unwrap().unwrap();
    assert_eq!(known.state, State::Rehearsing);
    assert!(shop.customer(ANNA).await.due.is_some());
}
