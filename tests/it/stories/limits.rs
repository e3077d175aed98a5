//! What is limited: stock, a month's discounts, a store that is paused.

use jiff::tz::TimeZone;
use serde_json::json;
use winback_cloud::tables::limits::Mails;
use winback_domain::customer::End;
use winback_domain::store::State;
use winback_local::clock::Turned;
use winback_local::place::Place;

use super::told;
use crate::support::{Shop, books, edit, moment, raw};

const FIVE: [&str; 5] = ["ada@example.com", "bo@example.com", "cleo@example.com", "dan@example.com", "eve@example.com"];

#[tokio::test]
async fn three_pieces_and_five_customers() {
    let mut folder = books();
    edit(&mut folder, "program.yaml", "minimum_order: 40 EUR", "stock: 3");
    let mut shop = Shop::open_with("2026-01-12 10:00", "books", &folder).await;
    for email in FIVE {
        shop.order(email, "45.00").await;
    }
    shop.until("2026-04-20 12:00").await;
    let got: Vec<_> = FIVE.into_iter().filter(|email| !shop.letters_to(email).is_empty()).collect();
    assert_eq!(got.len(), 3, "three get it");
    assert!(got.iter().all(|email| shop.letters_to(email).len() == 2));
    let issued = shop.ledger().await.coupons.iter().filter(|coupon| !coupon.dead).count();
    let items = raw::items(&shop.place).await;
    let lot = &items[&("ledger", "books#lot#We miss you#ten-euro#0".to_owned())];
    assert!(lot.contains("\"taken\": \"3\""), "{lot}");
    assert_eq!(issued, 3, "issued and left are three");
    for email in FIVE.into_iter().filter(|email| !got.contains(email)) {
        let briefs = &shop.customer(email).await.journeys["We miss you"].briefs;
        let ends: Vec<_> = briefs.iter().map(|brief| (brief.round, brief.step, brief.end)).collect();
        assert_eq!(ends, [(0, 0, End::Stopped)], "passed over, and no last day of what they never had");
    }
    // The news a month later are for everybody.
    shop.until("2026-05-20 12:00").await;
    for email in FIVE {
        assert_eq!(shop.letters_to(email).len(), if got.contains(&email) { 3 } else { 1 }, "{email}");
    }
    told!("three_pieces_and_five_customers", shop.closing().await);
}

#[tokio::test]
async fn the_stock_is_raised_from_one_week_to_the_next() {
    let mut folder = books();
    edit(&mut folder, "program.yaml", "minimum_order: 40 EUR", "stock: 1");
    let mut shop = Shop::open_with("2026-01-12 10:00", "books", &folder).await;
    shop.order("ada@example.com", "45.00").await;
    shop.order("bo@example.com", "45.00").await;
    shop.until("2026-01-20 10:00").await;
    for email in ["cleo@example.com", "dan@example.com"] {
        shop.order(email, "45.00").await;
    }
    shop.until("2026-04-16 12:00").await;
    let mailed = |shop: &Shop| FIVE.iter().filter(|email| !shop.letters_to(email).is_empty()).count();
    assert_eq!(mailed(&shop), 1, "there is one piece");
    edit(&mut folder, "program.yaml", "stock: 1", "stock: 2");
    shop.edit_plan("the shop finds another piece", &folder).await;
    shop.until("2026-04-24 12:00").await;
    assert_eq!(mailed(&shop), 2, "one more piece, one more letter");
    edit(&mut folder, "program.yaml", "stock: 2", "stock: 1");
    shop.edit_plan("and thinks better of it", &folder).await;
    shop.order("eve@example.com", "45.00").await;
    shop.until("2026-07-30 12:00").await;
    assert!(shop.letters_to("eve@example.com").is_empty(), "what was given out stays given out");
}

/// A place that nobody else writes to leaves the nightly scan out where it would change nothing, and reads a store's
/// standing only when it was written. Its customers must not notice: nine who lapse together and two letters a day, then
/// an order, a no and another crowd.
#[tokio::test]
async fn a_place_alone_mails_the_same_people_at_the_same_moments() {
    let mut folder = books();
    edit(&mut folder, "shop.yaml", "per_day: 200 mails ", "per_day: 2 mails ");
    let mut transcripts = Vec::new();
    for alone in [false, true] {
        let clock = Turned::at(moment("2026-01-12 10:00", &TimeZone::get("Europe/Helsinki").unwrap()));
        let place = Place::in_memory(clock).unwrap();
        let place = if alone { place.alone() } else { place };
        let mut shop = Shop::join(place, "books", &folder).await;
        for (number, total) in
            ["45.00", "90.00", "31.00", "70.00", "60.00", "33.00", "120.00", "50.00", "41.00"].iter().enumerate()
        {
            shop.order(&format!("reader{number}@example.com"), total).await;
        }
        shop.until("2026-04-16 12:00").await;
        shop.order("reader6@example.com", "45.00").await;
        shop.press_unsubscribe("reader1@example.com").await;
        shop.order("later@example.com", "45.00").await;
        shop.until("2026-09-30 12:00").await;
        assert!(shop.place.stack.outbox().len() > 10, "there is something to compare");
        transcripts.push(shop.closing().await);
    }
    assert_eq!(transcripts[0], transcripts[1]);
}

#[tokio::test]
async fn a_last_day_is_counted_among_the_mails_of_its_day() {
    let mut shop = Shop::open("2026-01-12 10:00").await;
    shop.order("ada@example.com", "45.00").await;
    shop.until("2026-04-16 20:00").await;
    assert_eq!(shop.letters_to("ada@example.com").len(), 2, "the letter on Tuesday, the last day on Thursday");
    for (day, follow_ups) in [(14, 0), (16, 1)] {
        let mails = shop.place.overseer.tables.mails(&shop.store, jiff::civil::date(2026, 4, day)).await.unwrap();
        assert_eq!(mails, Mails { all: 1, follow_ups });
    }
}

#[tokio::test]
async fn paused_and_resumed() {
    let mut shop = Shop::open("2026-01-12 10:00").await;
    shop.order("ada@example.com", "45.00").await;
    shop.until("2026-01-19 10:00").await;
    shop.order("bo@example.com", "45.00").await;
    shop.until("2026-04-14 12:00").await;
    assert_eq!(shop.letters_to("ada@example.com").len(), 1);
    let code = shop.code_mailed_to("ada@example.com");

    shop.set("the shop pauses its mail", State::Paused).await;
    shop.until("2026-04-27 12:00").await;
    assert_eq!(shop.place.stack.outbox().len(), 1, "paused: nobody is mailed, also no last day");
    let said = json!({"code": code, "order_id": "till-1", "total": "45.00", "currency": "EUR"});
    assert_eq!(shop.till("/check", &said).await.status, 410, "its time went on all the same");

    shop.set("the shop goes on", State::Live).await;
    shop.until("2026-05-01 12:00").await;
    assert_eq!(shop.letters_to("ada@example.com").len(), 1, "the last day of an offer that ended is not made up for");
    assert_eq!(shop.letters_to("bo@example.com").len(), 2, "nobody was forgotten");
    assert!(shop.ledger().await.messages.iter().all(|message| message.state.was_sent()));
    told!("paused_and_resumed", shop.closing().await);
}

#[tokio::test]
async fn the_months_discounts_are_spent() {
    let mut folder = books();
    edit(&mut folder, "shop.yaml", "500 EUR per month", "10 EUR per month");
    let mut shop = Shop::open_with("2026-01-05 10:00", "books", &folder).await;
    shop.order("ada@example.com", "45.00").await;
    shop.until("2026-01-12 10:00").await;
    shop.order("bo@example.com", "45.00").await;
    shop.until("2026-04-08 10:00").await;
    let code = shop.code_mailed_to("ada@example.com");
    shop.order_with("ada@example.com", "52.00", json!({"discount_codes": [code]})).await;
    assert_eq!(shop.discounts_this_month().await, 1_000);
    shop.until("2026-04-30 23:59").await;
    assert!(shop.letters_to("bo@example.com").is_empty(), "a hard stop: no offer for the rest of the month");
    shop.until("2026-05-10 12:00").await;
    assert_eq!(shop.letters_to("bo@example.com").len(), 2, "a new month, a new budget");
    told!("the_months_discounts_are_spent", shop.closing().await);
}
