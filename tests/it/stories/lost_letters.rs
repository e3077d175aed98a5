//! The tables came back from a backup and the ones of before are gone: of the letters of those days only SES still
//! knows. What it tells of them late is told of somebody all the same; as is what it tells of a letter whose answer was
//! lost on the way.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use winback_cloud::restore::Lost;
use winback_domain::customer::Customer;
use winback_domain::message::State as Fate;
use winback_domain::store::State;
use winback_local::aws::{At, Fault, SentMail, SesEvent, ses_event};

use crate::support::backup::Backup;
use crate::support::log::Log;
use crate::support::{Shop, books};

const ANNA: &str = "anna@example.com";
const BO: &str = "bo@example.com";
/// The shop told of her after the backup, with an order of long ago: the restored tables have never heard of her.
const NINA: &str = "nina@example.com";
/// Nobody tells anything of his letter.
const DAN: &str = "dan@example.com";
const ALL: [&str; 4] = [ANNA, BO, NINA, DAN];

const ORDERED: &str = "2026-01-12T08:00:00Z";
const END: &str = "2027-05-01 12:00";

/// A shop whose letters of one week nobody remembers, and those letters.
async fn restored() -> (Shop, [Arc<SentMail>; 4]) {
    let mut shop = Shop::open_with("2026-01-12 10:00", "books", &books()).await;
    for email in [ANNA, BO, DAN] {
        shop.order(email, "45.00").await;
    }
    shop.until("2026-04-13 12:00").await;
    let backup = Backup::of(&shop.place).await;
    tell_of_nina(&mut shop).await;
    shop.until("2026-04-15 12:00").await;
    let letters = ALL.map(|email| {
        let letters = shop.letters_to(email);
        assert_eq!(letters.len(), 1, "{email} has the first letter");
        Arc::clone(&letters[0])
    });
    backup.restore(&mut shop.place).await;
    let lost = Lost { from: backup.at, until: None };
    shop.place.cloud.restore(None, Some(lost)).await.expect("it goes through");
    assert_eq!(shop.ledger().await.messages, [], "nobody remembers a letter");
    (shop, letters)
}

async fn tell_of_nina(shop: &mut Shop) {
    let then: Timestamp = ORDERED.parse().expect("a moment");
    let order = json!({"order_id": "old-1", "email": NINA, "total": "45.00", "currency": "EUR",
        "marketing_consent": true});
    shop.event_at("order.placed", then, order).await;
}

/// SES tells of a letter, at least once.
async fn tell_of(shop: &Shop, event: &Value) {
    for _ in 0..2 {
        let told = record_delivery::handle(&shop.place.cloud, event.clone(), shop.place.invocation()).await;
        assert_eq!(told.expect("it is taken").batch_item_failures.len(), 0);
    }
}

fn said(customer: &Customer) -> (bool, bool) {
    (customer.bounced(), customer.refused())
}

#[tokio::test]
async fn a_bounce_and_a_complaint_about_letters_that_nobody_remembers_still_count() {
    let (mut shop, [annas, bos, ninas, _]) = restored().await;
    let later = shop.place.clock.now() + SignedDuration::from_hours(2);
    shop.place.clock.turn_to(later);
    tell_of(&shop, &ses_event(&annas, &SesEvent::Bounce, later)).await;
    tell_of(&shop, &ses_event(&bos, &SesEvent::Complaint, later)).await;
    tell_of(&shop, &ses_event(&ninas, &SesEvent::Bounce, later)).await;
    assert_eq!(said(&shop.customer(ANNA).await), (true, false));
    assert_eq!(said(&shop.customer(BO).await), (false, true));
    // The shop tells of those days once more.
    tell_of_nina(&mut shop).await;
    assert_eq!(said(&shop.customer(NINA).await), (true, false), "known before her order was told again");
    assert_eq!(shop.ledger().await.messages, [], "no letter is made up");

    shop.set("the shop goes on", State::Live).await;
    shop.until(END).await;
    let letters = ALL.map(|email| shop.letters_to(email).len());
    assert_eq!(letters[..3], [1, 1, 1], "none of the three is mailed again");
    assert!(letters[3] > 1, "of Dan's letter nothing was told, and he is");
}

#[tokio::test]
async fn what_is_told_of_nobodys_letter_is_passed_over() {
    let (shop, [annas, ..]) = restored().await;
    let (now, before) = (shop.place.clock.now(), shop.customers().await);
    let tagged = |change: &dyn Fn(&mut Value)| {
        let mut event = ses_event(&annas, &SesEvent::Complaint, now);
        change(&mut event["detail"]["mail"]["tags"]);
        event
    };
    let mut of_others = ses_event(&annas, &SesEvent::Complaint, now);
    (of_others["detail"]["mail"]["tags"], of_others["detail"]["mail"]["headers"]) = (json!({}), json!([]));
    let events = [
        // Of a store that is not here; of a trial, which is no customer's; of other mail of the account.
        tagged(&|tags| tags["store"] = json!(["elsewhere"])),
        tagged(&|tags| tags["customer"] = Value::Null),
        of_others,
        // And what is no reason to leave somebody alone.
        ses_event(&annas, &SesEvent::Delivery, now),
        ses_event(&annas, &SesEvent::Open, now),
        ses_event(&annas, &SesEvent::Click("https://shop.example".to_owned()), now),
    ];
    for event in &events {
        tell_of(&shop, event).await;
    }
    assert_eq!(shop.customers().await, before);
    assert_eq!(shop.ledger().await.messages, []);
}

#[tokio::test]
async fn who_was_forgotten_since_stays_forgotten_whatever_is_told_of_an_old_letter() {
    let (mut shop, [annas, bos, ..]) = restored().await;
    for email in [ANNA, BO] {
        shop.event("customer.erased", json!({"email": email})).await;
    }
    let later = shop.place.clock.now() + SignedDuration::from_hours(2);
    shop.place.clock.turn_to(later);
    tell_of(&shop, &ses_event(&annas, &SesEvent::Bounce, later)).await;
    tell_of(&shop, &ses_event(&bos, &SesEvent::Complaint, later)).await;
    let forgotten: Vec<_> = shop.customers().await.into_iter().filter(|customer| customer.erased.is_some()).collect();
    assert_eq!(forgotten.len(), 2);
    assert!(forgotten.iter().all(|customer| customer.email().is_none() && customer.consent.bounced.is_none()));
}

#[tokio::test]
async fn a_letter_of_which_ses_says_nothing_is_called_unknown_for_the_alarm_until_its_event_comes() {
    let (log, _guard) = Log::listen();
    let mut shop = Shop::open_with("2026-01-12 10:00", "books", &books()).await;
    for email in [ANNA, BO] {
        shop.order(email, "45.00").await;
    }
    shop.until("2026-04-14 08:59").await;
    let faults = shop.place.stack.faults().clone();
    faults.set(At::call(1).operation("SendEmail"), Fault::LostAnswer);
    shop.until("2026-04-14 12:00").await;
    assert_eq!(faults.fired(), 1);
    let told = log.lines("unknown");
    assert!(matches!(&told[..], [line] if line.starts_with("unknown store=books message_id=")), "one of two: {told:?}");
    assert!(!told[0].contains('@'), "{told:?}");
    // SES had taken it, and says so by the event that nobody waited for.
    assert_eq!([ANNA, BO].map(|email| shop.letters_to(email).len()), [1, 1]);
    let messages = shop.ledger().await.messages;
    assert!(messages.len() == 2 && messages.iter().all(|message| message.state == Fate::Delivered), "{messages:?}");
}
