//! A base of 20,000 that fell silent long ago goes live with 200 mails a day.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::json;
use winback_cloud::queue::Told;
use winback_domain::event::wire;
use winback_domain::ids::StoreId;
use winback_domain::plan::Folder;
use winback_domain::store::{Rank, State, rank};
use winback_local::aws::Account;
use winback_local::clock::Turned;
use winback_local::place::{Place, Set, Setup};

use super::told;
use crate::support::{books, edit, moment, store};

const PEOPLE: u32 = 20_000;
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

/// Their last orders were in the first months of last year, of 30.00 to 1,000.02 EUR in no order.
async fn import(place: &Place, store: &StoreId, zone: &TimeZone) {
    let received = place.clock.now();
    let first = moment("2025-01-01 12:00", zone);
    for number in 0..PEOPLE {
        let at = first + jiff::SignedDuration::from_hours(24 * i64::from(number % 90));
        let cents = 3_000 + (u64::from(number) * 7_919) % 97_003;
        let event = json!({"type": "order.placed", "timestamp": at.to_string(), "data": {
            "order_id": format!("old-{number}"), "email": format!("reader{number}@example.com"),
            "total": euros(cents), "currency": "EUR", "marketing_consent": true}});
        let event = wire::read(event.to_string().as_bytes(), received).expect("a good event");
        place.tell(&Told { store: store.clone(), event }).await.expect("the queue takes it");
        if number % 1_000 == 999 {
            place.record_events().await.expect("recorded");
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
