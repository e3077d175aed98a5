//! A shop's history comes in while functions die at every call: each step is asked for again, and in the end all is as if
//! nothing had happened.

use import_orders::{Answer, Ranged, Step, Upload, Whole};
use winback_domain::customer::Customer;
use winback_domain::store::State;
use winback_local::aws::{At, Fault};

use super::world::{World, folder};

const KEY: &str = "imports/books/orders.csv";
/// Anna's second line about A-1 stands in another part than the first, and one line is no order.
const FILE: &str = "order_id,email,placed_at,total,currency\n\
    A-1,anna@example.com,2025-03-01,45.00,EUR\n\
    B-1,bo@example.com,2025-03-02,10.00,EUR\n\
    A-2,anna@example.com,2025-04-01,20.00,EUR\n\
    C-1,cia,2025-04-01,20.00,EUR\n\
    A-1,anna@example.com,2025-03-01,40.00,EUR\n";

/// Asks for a step until it is done.
async fn insist(world: &World, step: Step) -> Answer {
    for _ in 0..20 {
        let worker = world.place.restarted();
        let run = Box::pin(import_orders::handle(&worker.cloud, step.clone(), worker.invocation()));
        if let Ok(Ok(answer)) = world.place.stack.faults().live(run).await {
            return answer;
        }
    }
    panic!("{step:?} is never done");
}

/// Walks the whole machine with one fault at one call of it. Answers what is known in the end, and whether it struck.
async fn walk(fault: Option<Fault>, call: u64) -> (Vec<Customer>, u64) {
    let world = World::new(&folder()).await;
    if let Some(fault) = fault {
        world.place.stack.faults().set(At::call(call), fault);
    }
    let etag = world.place.overseer.files.upload(KEY, FILE.as_bytes().to_vec(), true).await.expect("an upload");
    let upload = Upload { key: KEY.to_owned(), etag };
    let whole = Whole { upload: upload.clone(), part_bytes: Some(60) };
    let Answer::Cut { parts, .. } = insist(&world, Step::Cut(whole)).await else { panic!("a good file") };
    assert!(parts.len() > 2, "{parts:?}");
    let standing = world.place.overseer.tables.store(&world.store).await.unwrap().unwrap();
    assert_eq!(standing.state, State::Importing);
    for number in parts {
        insist(&world, Step::Part(Ranged { upload: upload.clone(), number })).await;
    }
    assert_eq!(world.place.overseer.tables.first_due(&world.store).await.unwrap(), None, "nobody is due meanwhile");
    let Answer::Finished { scan } = insist(&world, Step::Finish(upload)).await else { panic!("it ends") };
    let run = serde_json::to_value(&scan).expect("JSON");
    for _ in 0..20 {
        let worker = world.place.restarted();
        let run = serde_json::from_value(run.clone()).expect("what scan-customers reads");
        let run = Box::pin(scan_customers::handle(&worker.cloud, run, worker.invocation()));
        if let Ok(Ok(_)) = world.place.stack.faults().live(run).await {
            break;
        }
    }
    let store = world.place.overseer.tables.store(&world.store).await.unwrap().unwrap();
    assert_eq!((store.state, store.imports), (State::Live, None), "it goes on as it was");
    let bad = world.place.overseer.files.read_text(&format!("{KEY}.bad-lines.txt")).await.expect("it reads");
    assert_eq!(bad.as_deref(), Some("line 5: email: \"cia\" is not a mail address\n"));
    let order = world.place.overseer.tables.order(&world.store, "A-1").await.unwrap().order;
    assert_eq!(order.placed.expect("it was placed").order.total.minor, 4_000, "the later line holds");
    // How often a record was written is nobody's business.
    let plain = |customer: Customer| Customer { rev: 0, stop_rev: 0, ledger_orders: Vec::new(), ..customer };
    let mut customers: Vec<_> = world.place.customers(&world.store).await.unwrap().into_iter().map(plain).collect();
    customers.sort_by_key(|customer| customer.id);
    (customers, world.place.stack.faults().fired())
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
