//! Files of old orders, and the steps that a state machine walks with each.

use import_orders::{Answer, Ranged, Scan, Step, Upload, Whole};
use winback_domain::ids::StoreId;
use winback_domain::store::State;
use winback_local::aws::{At, Fault};
use winback_local::place::{Place, address};

/// A worker that dies is followed by another so often.
const TRIES: u32 = 20;

/// A shop puts a file into its folder. Everybody in it agreed to mail.
pub async fn upload(place: &Place, store: &StoreId, name: &str, text: &str) -> Upload {
    let key = address(store, name);
    let etag = place.overseer.files.upload(&key, text.as_bytes().to_vec(), true).await.expect("an upload");
    Upload { key, etag }
}

/// Asks for a step until it is done.
pub async fn insist(place: &Place, step: Step) -> Answer {
    for _ in 0..TRIES {
        let worker = place.restarted();
        let run = Box::pin(import_orders::handle(&worker.cloud, step.clone(), worker.invocation()));
        if let Ok(Ok(answer)) = place.stack.faults().live(run).await {
            return answer;
        }
    }
    panic!("{step:?} is never done");
}

/// Asks for the first step of a file until it is done.
pub async fn cut(place: &Place, upload: &Upload) -> Answer {
    insist(place, Step::Cut(Whole { upload: upload.clone(), part_bytes: Some(60) })).await
}

/// Asks for the scan that ends an import until it is done.
pub async fn end(place: &Place, scan: &Scan) {
    let run = serde_json::to_value(scan).expect("JSON");
    for _ in 0..TRIES {
        let worker = place.restarted();
        let run = serde_json::from_value(run.clone()).expect("what scan-customers reads");
        let run = Box::pin(scan_customers::handle(&worker.cloud, run, worker.invocation()));
        if let Ok(Ok(_)) = place.stack.faults().live(run).await {
            return;
        }
    }
    panic!("{scan:?} is never done");
}

/// Walks every step of a good file but the scan, which is answered.
pub async fn comes_in(place: &Place, upload: &Upload) -> Scan {
    let Answer::Cut { parts, .. } = cut(place, upload).await else { panic!("a good file") };
    for number in parts {
        insist(place, Step::Part(Ranged { upload: upload.clone(), number })).await;
    }
    let Answer::Finished { scan } = insist(place, Step::Finish(upload.clone())).await else { panic!("it ends") };
    scan
}

/// The first try of the first step dies when it has just made its store wait, before it sees what the file is.
pub async fn begins_and_dies(place: &Place, store: &StoreId, upload: &Upload) {
    let faults = place.stack.faults();
    faults.set(At::call(1).operation("GetObject"), Fault::DropBefore);
    let worker = place.restarted();
    let step = Step::Cut(Whole { upload: upload.clone(), part_bytes: None });
    let run = Box::pin(import_orders::handle(&worker.cloud, step, worker.invocation()));
    assert!(faults.live(run).await.is_err(), "it dies");
    faults.clear();
    let known = place.overseer.tables.store(store).await.expect("it reads").expect("a store");
    assert_eq!(known.state, State::Importing);
}
