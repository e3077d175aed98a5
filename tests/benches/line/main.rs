//! What a mail costs in CPU, from the pump to the delivery event; and how often its own SDK calls would fit into that.
//!
//! A shop of readers who ordered once is mailed a whole program: find-lapsed, send-message and record-delivery run as they
//! do in a replay. Every call the functions make is put on a tape. Then the tape is played in a second place that was set
//! up the same way: the same requests in the same order, issued bare through SDK clients against the same stand-ins. What
//! lies between the two figures is ours: deciding, rendering, items to records and back, and looking who is due.
//!
//! `cargo bench -p winback-tests` runs it; a number after `--` is how many readers there are. Same number, same mails.

mod bare;
mod tape;

use std::path::Path;

use jiff::Timestamp;
use winback_cloud::programs;
use winback_cloud::queue::Told;
use winback_domain::history::{self, Reading};
use winback_domain::ids::StoreId;
use winback_domain::plan::Folder;
use winback_domain::store::State;
use winback_local::aws::Account;
use winback_local::clock::Turned;
use winback_local::place::{Place, Set, Setup};

use tape::Tape;

const READERS: usize = 400;
/// Everybody orders in January; the program's six letters are through by autumn.
const START: &str = "2026-02-01T00:00:00Z";
const END: &str = "2026-09-30T00:00:00Z";

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let readers = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(READERS);
    let Some(began) = cpu_seconds() else {
        println!("CPU time is read from /proc/self/stat, which this system does not have");
        return;
    };

    let mut place = opened(readers).await;
    let tape = Tape::put_into(&mut place);
    let set_up = cpu_seconds().unwrap_or(began);
    place.run_until(moment(END), &mut |_| {}).await.expect("time goes on");
    let line = cpu_seconds().unwrap_or(set_up) - set_up;
    let mails = place.stack.outbox().len();
    assert!(mails > readers, "{mails} mails to {readers} readers");

    let taped = tape.take();
    let calls = taped.len();
    let second = opened(readers).await;
    let prepared = bare::prepared(&second, &taped);
    let ready = cpu_seconds().unwrap_or(began);
    bare::issue(&second, prepared).await;
    let bare = cpu_seconds().unwrap_or(ready) - ready;
    assert_eq!(second.stack.outbox().len(), mails, "the same requests mail the same");

    let per_mail = |seconds: f64| seconds * 1e6 / mails as f64;
    println!("{mails} mails to {readers} readers, {calls} SDK calls, {:.1} a mail", calls as f64 / mails as f64);
    println!("the whole line     {:8.0} µs of CPU a mail", per_mail(line));
    println!("its SDK calls bare {:8.0} µs of CPU a mail", per_mail(bare));
    println!("the line is {:.2} times its SDK calls", line / bare);
}

/// The record shop, live, with everybody's first order known.
async fn opened(readers: usize) -> Place {
    let place = Place::in_memory(Turned::at(moment(START))).expect("a place in memory").without_nightly_scan();
    place.stack.keep_bodies(false);
    place.stack.set_ses_account(Account { max_24_hour_send: 1e9, max_send_rate: 1e4, ..Account::default() });
    let store = StoreId::try_from("records".to_owned()).expect("a store's name");
    let setup = Setup { state: State::Importing, unlimited: true };
    place.set_up(&store, &folder(), setup).await.expect("the sample shop is good");
    let zone = jiff::tz::TimeZone::get("America/New_York").expect("a zone");
    let reading = Reading { zone, assume_consent: true, received: Timestamp::MAX };
    for event in history::read(orders(readers).as_bytes(), reading).expect("a file of orders") {
        let event = event.expect("a good line");
        place.tell(&Told { store: store.clone(), event }).await.expect("the queue takes it");
    }
    place.settle().await.expect("it settles");
    place.scan(Some(Set { store, state: State::Live })).await.expect("the scan goes through");
    place
}

fn folder() -> Folder {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/programs/records");
    programs::read(&dir).expect("the sample shop is there")
}

fn orders(readers: usize) -> String {
    let mut file = "order_id,email,placed_at,total,currency\n".to_owned();
    for reader in 0..readers {
        let (day, cents) = (1 + reader % 28, reader % 100);
        file.push_str(&format!("A-{reader},reader{reader}@shop.example,2026-01-{day:02},45.{cents:02},USD\n"));
    }
    file
}

fn moment(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

/// CPU seconds of this process so far, its own and the kernel's for it. Linux counts them in hundredths.
fn cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    // The name in parentheses may hold anything; what follows it are numbers, of which the 12th and 13th are wanted.
    let mut numbers = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let ticks = |text: Option<&str>| text?.parse::<f64>().ok();
    Some((ticks(numbers.next())? + ticks(numbers.next())?) / 100.0)
}
