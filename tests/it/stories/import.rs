//! A base of 20,000 that fell silent long ago goes live with 200 mails a day.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use scan_customers::Run;
use serde_json::json;
use winback_cloud::queue::Told;
use winback_cloud::start::Invocation;
use winback_cloud::tables::customers::Expect;
use winback_domain::address::Address;
use winback_domain::consent::{Source, Word};
use winback_domain::customer::{Customer, Orders, Said};
use winback_domain::event::wire;
use winback_domain::ids::{CustomerId, StoreId};
use winback_domain::learn::learn;
use winback_domain::money::Currency;
use winback_domain::order::Order;
use winback_domain::plan::Folder;
use winback_domain::store::{Rank, State, rank};
use winback_local::aws::Account;
use winback_local::clock::Turned;
use winback_local::place::{Place, Set, Setup};

use super::told;
use crate::support::{books, edit, moment, store};

const PEOPLE: u32 = 20_000;
/// So many of them come in as events.
const IMPORTED: u32 = 1_000;
/// Long enough for the ramp, and for days on which letters and last days share the limit.
const DAYS: u32 = 6;

/// Each day's letters by the rank of whom they went to, and how many last days.
type Days = BTreeMap<Date, (Vec<Rank>, usize)>;

#[tokio::test]
async fn twenty_thousand_lapsed_go_live_with_200_a_day() {
    let (folder, books) = (short_letters(), store("books"));
    let zone = winback_domain::file::read(&folder, 1).expect("a good folder").plan.shop.time_zone;
    let place = Place::in_memory(Turned::at(moment("2026-06-01 08:30", &zone))).expect("a place");
    place.set_up(&books, &folder, Setup { state: State::Importing, unlimited: false }).await.expect("set up");
    place.stack.keep_bodies(false);
    // A rate that lets the pump hand out everybody who is due at once: what holds here are the shop's own limits.
    place.stack.set_ses_account(Account { max_send_rate: 400.0, ..Account::default() });

    import(&place, &books, &zone).await;
    assert!(place.stack.outbox().is_empty());
    assert_eq!(place.overseer.tables.first_due(&books).await.unwrap(), None, "an import makes nobody due");

    let audit =
        place.scan(Some(Set { store: books.clone(), state: State::Live })).await.expect("the scan goes through");
    assert_eq!(audit.customers, u64::from(PEOPLE));
    let end = moment(&format!("2026-06-{DAYS:02} 23:00"), &zone);
    place.run_until(end, &mut |_| {}).await.expect("time goes on");

    let days = days(&place, &books, &zone).await;
    let told = transcript(&days);
    assert_eq!(days.len(), DAYS as usize, "every day has its mails\n{told}");
    // The ramp doubles from 50 to the shop's own limit, and every day is used to the full, last days included.
    for (index, (day, (letters, last_days))) in days.iter().enumerate() {
        let allowed = [50, 100].get(index).copied().unwrap_or(200);
        assert_eq!(letters.len() + last_days, allowed, "{day}\n{told}");
    }
    // Best first: nobody of a later day is better than anybody of an earlier one.
    let mut lowest: Option<Rank> = None;
    for (day, (letters, _)) in &days {
        if let (Some(lowest), Some(best)) = (lowest, letters.iter().max()) {
            assert!(lowest >= *best, "{day} wrote to {best:?} after {lowest:?}\n{told}");
        }
        lowest = lowest.into_iter().chain(letters.iter().copied()).min();
    }
    let outbox = place.stack.outbox();
    let different: BTreeSet<_> = outbox.iter().map(|mail| (&mail.to, &mail.subject)).collect();
    assert_eq!(different.len(), outbox.len(), "nobody got the same letter twice");
    told!("twenty_thousand_lapsed_go_live_with_200_a_day", told);
}

#[tokio::test]
async fn a_scan_that_is_cut_short_at_every_page_still_knows_who_goes_first() {
    let (folder, books) = (short_letters(), store("books"));
    let zone = winback_domain::file::read(&folder, 1).expect("a good folder").plan.shop.time_zone;
    let place = Place::in_memory(Turned::at(moment("2026-06-01 10:00", &zone))).expect("a place");
    place.set_up(&books, &folder, Setup { state: State::Rehearsing, unlimited: false }).await.expect("set up");
    // So much is known of each that a page of the scan holds some 25 of them.
    let people: u32 = 300;
    for number in 0..people {
        let customer = with_a_long_name(&books, number, moment("2025-06-01 12:00", &zone));
        let write = place.overseer.tables.put_customer(&books, &customer, Expect::Absent).expect("an item");
        assert!(place.overseer.tables.commit(vec![write]).await.expect("written").done());
    }
    place.scan(None).await.expect("a rehearsing store is looked at too");

    let run: Run =
        serde_json::from_value(json!({"scheduled_at": place.clock.now() + jiff::SignedDuration::from_secs(1),
        "set": {"store": books, "state": "live"}}))
        .expect("a run");
    // The invocation is as good as over when it begins.
    let until = place.clock.now();
    let mut tries = 1;
    let audit = loop {
        match scan_customers::handle(&place.cloud, run.clone(), Invocation { until }).await {
            Ok(audit) => break audit,
            Err(winback_cloud::Error::TimeUp) => tries += 1,
            Err(error) => panic!("{error}"),
        }
        place.settle().await.expect("whoever may be mailed is");
    };
    assert!(tries > 5, "{tries} tries");
    assert_eq!(audit.customers, u64::from(people), "the pages of all tries are counted");
    place.settle().await.expect("it settles");
    let mut mailed: Vec<u32> = place.stack.outbox().iter().map(|mail| number_of(&mail.to[0])).collect();
    mailed.sort_unstable();
    assert_eq!(mailed, (people - 50..people).collect::<Vec<_>>(), "the best fifty, and nobody else");
}

/// Number 299 spent the most.
fn with_a_long_name(store: &StoreId, number: u32, ordered: jiff::Timestamp) -> Customer {
    let key = winback_domain::keys::Key::new(b"lookup".to_vec());
    let address: Address = format!("reader{number}@example.com").parse().expect("an address");
    let mut customer = Customer::new(CustomerId::of_address(&key, store, &address), ordered);
    let said = |is: String| Said { is, at: ordered };
    customer.contact.email = Some(Said { is: address, at: ordered });
    customer.contact.name = Some(said("Anna ".repeat(8_000)));
    customer.consent.latest = Some(Word { is: true, at: ordered, source: Some(Source::Order) });
    customer.orders = Orders { count: 1, spent: 3_000 + i64::from(number), recent: vec![ordered] };
    customer
}

fn number_of(address: &str) -> u32 {
    let digits: String = address.chars().filter(char::is_ascii_digit).collect();
    digits.parse().expect("a reader's number")
}

/// The sample shop, mailing on every day, with letters of a line: what is counted here is mails, not their beauty.
fn short_letters() -> Folder {
    let mut folder = books();
    for (mail, subject) in [("we-miss-you", "A letter"), ("last-day", "Last day"), ("what-is-new", "News")] {
        let dir = format!("mails/{mail}/en");
        let body = "<mjml><mj-body><mj-section><mj-column><mj-text>{{ shop.name }} {% if offer %}{{ offer.code }} \
                    {{ offer.deadline }} {{ links.button }}{% endif %} {{ links.unsubscribe }} \
                    {{ sender.postal_address }}</mj-text></mj-column></mj-section></mj-body></mjml>";
        folder.insert(format!("{dir}/body.mjml"), body.to_owned());
        folder.insert(format!("{dir}/subject.txt"), subject.to_owned());
    }
    let letter = "send: Tue-Thu 09:00\n        offer: ten-euro";
    edit(&mut folder, "program.yaml", letter, &letter.replace("Tue-Thu", "Mon-Sun"));
    folder
}

/// Their last orders were in the first months of last year, of 30.00 to 1,000.02 EUR in no order. The first ones come
/// in as events; the others are put where an import would have left them.
async fn import(place: &Place, store: &StoreId, zone: &TimeZone) {
    let received = place.clock.now();
    let first = moment("2025-01-01 12:00", zone);
    let key = place.overseer.secrets.lookup(received).await.expect("the key is there");
    let euro = Currency::parse("EUR").expect("a currency");
    let mut writes = Vec::new();
    for number in 0..PEOPLE {
        let at = first + jiff::SignedDuration::from_hours(24 * i64::from(number % 90));
        let cents = 3_000 + (u64::from(number) * 7_919) % 97_003;
        let event = json!({"type": "order.placed", "timestamp": at.to_string(), "data": {
            "order_id": format!("old-{number}"), "email": format!("reader{number}@example.com"),
            "total": euros(cents), "currency": "EUR", "marketing_consent": true}});
        let event = wire::read(event.to_string().as_bytes(), received).expect("a good event");
        let id = CustomerId::of_address(&key, store, event.who.email.as_ref().expect("an address"));
        let (mut left, _) = learn(Customer::new(id, event.at), Order::default(), &event, euro);
        left.rev = 1;
        if number < IMPORTED {
            place.tell(&Told { store: store.clone(), event }).await.expect("the queue takes it");
            place.record_events().await.expect("recorded");
            let known = place.overseer.tables.customer(store, id).await.expect("it reads");
            assert_eq!(known, Some(left), "what an import leaves");
            continue;
        }
        writes.push(place.overseer.tables.put_customer(store, &left, Expect::Absent).expect("an item"));
        if writes.len() == 100 || number + 1 == PEOPLE {
            assert!(place.overseer.tables.commit(std::mem::take(&mut writes)).await.expect("written").done());
        }
    }
    place.settle().await.expect("it settles");
}

async fn days(place: &Place, store: &StoreId, zone: &TimeZone) -> Days {
    let customers = place.customers(store).await.expect("the customers read");
    let ranks: BTreeMap<&str, Rank> =
        customers.iter().map(|one| (one.email().expect("an address").as_str(), rank(one))).collect();
    let mut days = Days::new();
    for mail in place.stack.outbox() {
        let (letters, last_days) = days.entry(zone.to_datetime(mail.at).date()).or_default();
        match mail.subject.as_str() {
            "A letter" => letters.push(ranks[mail.to[0].as_str()]),
            _ => *last_days += 1,
        }
    }
    days
}

fn transcript(days: &Days) -> String {
    let mut told = String::from("20,000 lapsed readers, at most 200 mails a day, on the first two days 50 and 100\n");
    for (day, (letters, last_days)) in days {
        let spent = |rank: Option<&Rank>| rank.map_or_else(String::new, |rank| euros(rank.0.unsigned_abs()));
        let (best, last) = (spent(letters.iter().max()), spent(letters.iter().min()));
        let many = letters.len();
        writeln!(told, "{day}  {many:>3} letters to those who spent {best} to {last} EUR, {last_days:>3} last days")
            .expect("a string");
    }
    told
}

fn euros(cents: u64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}
