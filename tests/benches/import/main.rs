//! A large history, imported on one machine: `cargo bench -p winback-tests --bench import -- 1000000`.
//!
//! The same steps that Step Functions walks on AWS, one part after the other instead of many side by side, over tables in
//! memory. Every fifth order is somebody's first; one line in ten thousand is no order.

use std::fmt::Write as _;
use std::time::Instant;

use winback_domain::store::State;
use winback_local::clock::Turned;
use winback_local::place::{Place, Setup};

const ORDERS: u32 = 100_000;

fn main() {
    let wanted = std::env::args().skip(1).find_map(|argument| argument.parse().ok());
    let orders = wanted.unwrap_or(ORDERS);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(import(orders));
}

async fn import(orders: u32) {
    let file = file(orders);
    let bytes = file.len();
    let now = "2026-06-01T10:00:00Z".parse().expect("a moment");
    let place = Place::in_memory(Turned::at(now)).expect("a place");
    let store = "shop".to_owned().try_into().expect("a store's name");
    let folder = winback_cloud::programs::read(std::path::Path::new(FOLDER)).expect("the sample shop");
    let setup = Setup { state: State::Importing, unlimited: false };
    place.set_up(&store, &folder, setup).await.expect("set up");
    let start = Instant::now();
    let mut tell = |done: u32, all: u32| {
        eprintln!("part {done} of {all} after {:.0} s", start.elapsed().as_secs_f64());
    };
    let taken = place.import(&store, file.into_bytes(), true, &mut tell).await.expect("it comes in");
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{} orders of {} customers in {} parts' worth of {:.1} MB: {seconds:.1} s, {:.0} a second; {} lines were no orders; {}",
        taken.orders,
        taken.audit.customers,
        bytes.div_ceil(4 * 1024 * 1024),
        bytes as f64 / 1e6,
        f64::from(orders) / seconds,
        taken.bad_lines.len(),
        peak(),
    );
    assert_eq!(taken.orders + taken.bad_lines.len() as u64, u64::from(orders));
}

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/programs/shop");

/// Orders of a shop whose customers come back four times on average. Nothing is random.
fn file(orders: u32) -> String {
    let mut file = "order_id,email,placed_at,total,currency,name\n".to_owned();
    let customers = (orders / 5).max(1);
    for number in 0..orders {
        // A step that is prime to any round number walks through everybody before it meets one again.
        let who = number.wrapping_mul(7_919) % customers;
        let (month, day) = (1 + number / 28 % 12, 1 + number % 28);
        let total = if number % 10_000 == 9_999 { "much".to_owned() } else { format!("{}.50", 10 + number % 90) };
        let _ = writeln!(file, "A-{number},reader{who}@example.com,2025-{month:02}-{day:02},{total},EUR,Reader {who}");
    }
    file
}

/// The most memory this process ever had.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}
