//! A base of 20,000 that fell silent long ago goes live with 200 mails a day.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use jiff::civil::Date;
use serde_json::json;
use winback_cloud::queue::Told;
use winback_domain::event::wire;
use winback_domain::store::{Rank, State, rank};
use winback_local::aws::Account;
use winback_local::clock::Turned;
use winback_local::place::{Place, Set, Setup};

use super::told;
use crate::support::{books, edit, moment, store};

const PEOPLE: u64 = 20_000;
/// Long enough for the ramp, and for days on which letters and last days share the limit.
const DAYS: u32 = 8;

/// Spent between 30.00 and some 1,000 EUR, in an order that has nothing to do with the names.
fn spent(number: u64) -> String {
    let cents = 3_000 + (number * 7_919) % 97_003;
    format!("{}.{:02}", cents / 100, cents % 100)
}

#[tokio::test]
async fn twenty_thousand_lapsed_go_live_with_200_a_day() {
    let mut folder = books();
    // Short letters: what is counted here is mails, not their beauty.
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
    let books = store("books");
    let zone = winback_domain::file::read(&folder, 1).expect("a good folder").plan.shop.time_zone;
    let place = Place::in_memory(Turned::at(moment("2026-06-01 08:30", &zone))).expect("a place");
    place.set_up(&books, &folder, Setup { state: State::Importing, unlimited: false }).await.expect("set up");
    place.stack.keep_bodies(false);
    // A rate that lets the pump hand out everybody who is due at once: what holds here are the shop's own limits.
    place.stack.set_ses_account(Account { max_send_rate: 400.0, ..Account::default() });

    // Their last orders were in the spring of last year; nobody becomes due while the history comes in.
    let received = place.clock.now();
    for number in 0..PEOPLE {
        let day = number % 90;
        let at = moment("2025-01-01 12:00", &zone) + jiff::SignedDuration::from_hours(24 * day as i64);
        let event = json!({"type": "order.placed", "timestamp": at.to_string(), "data": {
            "order_id": format!("old-{number}"), "email": format!("reader{number}@example.com"),
            "total": spent(number), "currency": "EUR", "marketing_consent": true}});
        let event = wire::read(event.to_string().as_bytes(), received).expect("a good event");
        place.tell(&Told { store: books.clone(), event }).await.expect("the queue takes it");
        if number % 1_000 == 999 {
            place.record_events().await.expect("recorded");
        }
    }
    place.settle().await.expect("it settles");
    assert!(place.stack.outbox().is_empty());
    assert_eq!(place.overseer.tables.first_due(&books).await.expect("the index reads"), None, "an import makes nobody due");

    let audit = place.scan(Some(Set { store: books.clone(), state: State::Live })).await.expect("the scan goes through");
    assert_eq!(audit.customers, PEOPLE);
    for day in 1..=DAYS {
        let end = moment(&format!("2026-06-{day:02} 23:00"), &zone);
        place.run_until(end, &mut |_| {}).await.expect("time goes on");
    }
    let ranks: BTreeMap<String, Rank> = place
        .customers(&books)
        .await
        .expect("read")
        .iter()
        .map(|customer| (customer.email().expect("an address").as_str().to_owned(), rank(customer)))
        .collect();
    let mut days: BTreeMap<Date, (Vec<Rank>, usize)> = BTreeMap::new();
    for mail in place.stack.outbox() {
        let (letters, follow_ups) = days.entry(zone.to_datetime(mail.at).date()).or_default();
        match mail.subject.as_str() {
            "A letter" => letters.push(ranks[&mail.to[0]]),
            _ => *follow_ups += 1,
        }
    }
    let mut told = String::from("20,000 lapsed readers, 200 mails a day at most, the first day's ramp 50\n");
    for (day, (letters, follow_ups)) in &days {
        let (best, last) = (letters.iter().max(), letters.iter().min());
        let sum = |rank: Option<&Rank>| rank.map_or_else(String::new, |rank| format!("{}.{:02}", rank.0 / 100, rank.0 % 100));
        writeln!(
            told,
            "{day}  {:>3} letters to those who spent {} to {} EUR, {follow_ups:>3} last days",
            letters.len(), sum(best), sum(last)
        )
        .expect("a string");
    }
    // Never more than the day allows, follow-ups included, and the ramp doubles from 50.
    for (index, (day, (letters, follow_ups))) in days.iter().enumerate() {
        let allowed = [50, 100, 200].get(index).copied().unwrap_or(200);
        let mails = letters.len() + follow_ups;
        assert!(mails <= allowed, "{day}: {mails} of {allowed}\n{told}");
    }
    let first: Vec<_> = days.values().take(2).map(|(letters, follow_ups)| letters.len() + follow_ups).collect();
    assert_eq!(first, [50, 100], "the ramp is used to the full\n{told}");
    // Best first: nobody of a later day is better than anybody of an earlier one.
    let lowest: Vec<Option<&Rank>> = days.values().map(|(letters, _)| letters.iter().min()).collect();
    let best: Vec<Option<&Rank>> = days.values().map(|(letters, _)| letters.iter().max()).collect();
    for earlier in 0..days.len() {
        for later in earlier + 1..days.len() {
            if let (Some(low), Some(high)) = (lowest[earlier], best[later]) {
                assert!(low >= high, "day {earlier} wrote to {low:?}, day {later} to {high:?}\n{told}");
            }
        }
    }
    let recipients: BTreeSet<_> = place.stack.outbox().iter().map(|mail| (mail.to.clone(), mail.subject.clone())).collect();
    assert_eq!(recipients.len(), place.stack.outbox().len(), "nobody got the same letter twice");
    told!("twenty_thousand_lapsed_go_live_with_200_a_day", told);
}
