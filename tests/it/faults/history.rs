//! A shop's history comes in while functions die at every call: each step is asked for again, and in the end all is as if
//! nothing had happened.

use import_orders::{Answer, Ranged, Step};
use winback_domain::customer::Customer;
use winback_domain::store::State;
use winback_local::aws::{At, Fault};

use super::world::{World, folder};
use crate::support::uploads;

const NAME: &str = "orders.csv";
/// Anna's second line about A-1 stands in another part than the first, and one line is no order.
const FILE: &str = "order_id,email,placed_at,total,currency\n\
    A-1,anna@example.com,2025-03-01,45.00,EUR\n\
    B-1,bo@example.com,2025-03-02,10.00,EUR\n\
    A-2,anna@example.com,2025-04-01,20.00,EUR\n\
    C-1,cia,2025-04-01,20.00,EUR\n\
    A-1,anna@example.com,2025-03-01,40.00,EUR\n";
/// A list of what is in stock, put into the wrong folder.
const STOCK: &str = "article,pieces\nA-1,7\n";

/// Walks the whole machine with one fault at one call of it. Answers what is known in the end, and whether it struck.
async fn walk(fault: Option<Fault>, call: u64) -> (Vec<Customer>, u64) {
    let world = World::new(&folder()).await;
    if let Some(fault) = fault {
        world.place.stack.faults().set(At::call(call), fault);
    }
    let place = &world.place;
    let upload = uploads::upload(place, &world.store, NAME, FILE).await;
    let Answer::Cut { parts, .. } = uploads::cut(place, &upload).await else { panic!("a good file") };
    assert!(parts.len() > 2, "{parts:?}");
    let standing = place.overseer.tables.store(&world.store).await.unwrap().unwrap();
    assert_eq!(standing.state, State::Importing);
    for number in parts {
        uploads::insist(place, Step::Part(Ranged { upload: upload.clone(), number })).await;
    }
    assert_eq!(place.overseer.tables.first_due(&world.store).await.unwrap(), None, "nobody is due meanwhile");
    let Answer::Finished { scan } = uploads::insist(place, Step::Finish(upload.clone())).await else {
        panic!("it ends")
    };
    uploads::end(place, &scan).await;
    let store = place.overseer.tables.store(&world.store).await.unwrap().unwrap();
    assert_eq!((store.state, store.imports), (State::Live, None), "it goes on as it was");
    let bad = place.overseer.files.read_text(&upload.bad_lines()).await.expect("it reads");
    assert_eq!(bad.as_deref(), Some("line 5: email: \"cia\" is not a mail address\n"));
    let order = place.overseer.tables.order(&world.store, "A-1").await.unwrap().order;
    assert_eq!(order.placed.expect("it was placed").order.total.minor, 4_000, "the later line holds");
    // How often a record was written is nobody's business.
    let plain = |customer: Customer| Customer { rev: 0, stop_rev: 0, ledger_orders: Vec::new(), ..customer };
    let mut customers: Vec<_> = place.customers(&world.store).await.unwrap().into_iter().map(plain).collect();
    customers.sort_by_key(|customer| customer.id);
    (customers, place.stack.faults().fired())
}

#[tokio::test]
async fn a_history_comes_in_whole_whatever_dies_at_whichever_call() {
    let (clean, _) = walk(None, 0).await;
    assert_eq!(clean.iter().map(|customer| customer.orders.spent).sum::<i64>(), 7_000);
    let mut struck = 0;
    for make in [|| Fault::DropBefore, || Fault::DropAfter, || Fault::LostAnswer, || Fault::Throttle] {
        for call in 1.. {
            let (found, fired) = walk(Some(make()), call).await;
            assert_eq!(found, clean, "a fault at call {call}");
            if fired == 0 {
                break;
            }
            struck += 1;
        }
    }
    assert!(struck > 100, "only {struck} faults struck");
}

/// Two files at once. One comes in; then the other is looked at, is no file of orders, and is refused with one fault at one
/// call. Answers whether it struck.
async fn refused(fault: Option<Fault>, call: u64) -> u64 {
    let World { place, store } = World::new(&folder()).await;
    let stock = uploads::upload(&place, &store, "stock.csv", STOCK).await;
    uploads::begins_and_dies(&place, &store, &stock).await;
    let orders = uploads::upload(&place, &store, NAME, FILE).await;
    let scan = uploads::comes_in(&place, &orders).await;
    uploads::end(&place, &scan).await;
    let tables = &place.overseer.tables;
    assert_eq!(tables.store(&store).await.unwrap().unwrap().state, State::Importing, "one is under way still");
    assert_eq!(tables.first_due(&store).await.unwrap(), None);
    if let Some(fault) = fault {
        place.stack.faults().set(At::call(call), fault);
    }
    let Answer::Refused { refused, scan } = uploads::cut(&place, &stock).await else { panic!("no file of orders") };
    assert!(refused.contains("no column"), "{refused}");
    uploads::end(&place, &scan.expect("the store waits for nothing else")).await;
    let known = tables.store(&store).await.unwrap().unwrap();
    assert_eq!((known.state, known.imports), (State::Live, None), "a fault at call {call}");
    assert!(tables.first_due(&store).await.unwrap().is_some(), "somebody is forgotten: a fault at call {call}");
    place.stack.faults().fired()
}

#[tokio::test]
async fn nobody_is_forgotten_where_the_last_of_two_files_is_refused_whatever_dies() {
    refused(None, 0).await;
    let mut struck = 0;
    for make in [|| Fault::DropBefore, || Fault::DropAfter, || Fault::LostAnswer, || Fault::Throttle] {
        for call in 1.. {
            if refused(Some(make()), call).await == 0 {
                break;
            }
            struck += 1;
        }
    }
    assert!(struck > 60, "only {struck} faults struck");
}

/// Of two files at once one comes to its end, frozen at a call in which the other comes to its own: the first is a file of
/// orders, or none. False: the calls were over.
async fn ends_in_the_middle(good: bool, call: u64) -> bool {
    let World { place, store } = World::new(&folder()).await;
    let first = uploads::upload(&place, &store, "first.csv", if good { FILE } else { STOCK }).await;
    uploads::begins_and_dies(&place, &store, &first).await;
    let scan = if good { Some(uploads::comes_in(&place, &first).await) } else { None };
    let other = uploads::upload(&place, &store, NAME, FILE).await;
    let others = uploads::comes_in(&place, &other).await;
    let there = place.clone();
    place.stack.faults().set(At::call(call), Fault::pause(move || async move { uploads::end(&there, &others).await }));
    let scan = match scan {
        Some(scan) => Some(scan),
        None => match uploads::cut(&place, &first).await {
            Answer::Refused { scan, .. } => scan,
            other => panic!("no file of orders: {other:?}"),
        },
    };
    if let Some(scan) = scan {
        uploads::end(&place, &scan).await;
    }
    if place.stack.faults().fired() == 0 {
        return false;
    }
    let known = place.overseer.tables.store(&store).await.unwrap().unwrap();
    assert_eq!((known.state, known.imports), (State::Live, None), "frozen at call {call}, orders {good}");
    assert!(place.overseer.tables.first_due(&store).await.unwrap().is_some(), "frozen at call {call}, orders {good}");
    true
}

#[tokio::test]
async fn of_two_files_that_end_in_the_same_moment_one_sets_the_store_going() {
    let mut frozen = 0;
    for good in [true, false] {
        for call in 1.. {
            if !ends_in_the_middle(good, call).await {
                break;
            }
            frozen += 1;
        }
    }
    assert!(frozen > 20, "frozen at {frozen} calls only");
}
