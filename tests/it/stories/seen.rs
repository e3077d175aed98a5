//! What SES tells of opened letters and followed links: kept with a letter, and no reason for anything.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use winback_local::aws::{SesEvent, ses_event};

use crate::support::{Shop, books};

const ANNA: &str = "anna@example.com";

/// SES tells of a letter, at least once.
async fn tell_of(shop: &Shop, event: &Value) {
    for _ in 0..2 {
        let told = record_delivery::handle(&shop.place.cloud, event.clone(), shop.place.invocation()).await;
        assert_eq!(told.expect("it is taken").batch_item_failures.len(), 0);
    }
}

/// When her letter was opened and clicked, as far as anybody knows.
async fn seen(shop: &Shop) -> (Option<Timestamp>, Option<Timestamp>) {
    let ledger = shop.ledger().await;
    let [message] = &ledger.messages[..] else { panic!("one letter: {:?}", ledger.messages) };
    (message.opened, message.clicked)
}

#[tokio::test]
async fn a_scanner_reads_no_letter_and_of_several_clicks_the_first_one_counts() {
    let mut shop = Shop::open_with("2026-01-12 10:00", "books", &books()).await;
    shop.order(ANNA, "45.00").await;
    shop.until("2026-04-14 12:00").await;
    let letter = shop.letters_to(ANNA)[0].clone();
    let sent = shop.place.clock.now();
    let after = |minutes: i64| sent + SignedDuration::from_mins(minutes);
    shop.place.clock.turn_to(after(60));
    let click = || SesEvent::Click("https://shop.example".to_owned());
    let marked = |event: &SesEvent, part: &str, at: Timestamp, mark: &str| {
        let mut event = ses_event(&letter, event, at);
        event["detail"][part]["isBotEvent"] = json!(mark);
        event
    };
    // The mail server of her firm looks at every letter, and follows all of its links.
    tell_of(&shop, &marked(&SesEvent::Open, "open", after(1), "Likely")).await;
    tell_of(&shop, &marked(&click(), "click", after(1), "Likely")).await;
    assert_eq!(seen(&shop).await, (None, None));
    // She reads it. What happened first may be told last; older events carry no mark.
    tell_of(&shop, &marked(&SesEvent::Open, "open", after(10), "Unlikely")).await;
    tell_of(&shop, &ses_event(&letter, &click(), after(12))).await;
    tell_of(&shop, &marked(&click(), "click", after(11), "Unlikely")).await;
    let second = |at: Timestamp| Timestamp::from_second(at.as_second()).expect("a second");
    assert_eq!(seen(&shop).await, (Some(second(after(10))), Some(second(after(11)))));
    let customer = shop.customer(ANNA).await;
    assert!(!customer.bounced() && !customer.refused(), "and nothing else came of it");
}
