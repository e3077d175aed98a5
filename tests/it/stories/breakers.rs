//! What readers and mailboxes say about a store's mail as a whole: it stops before they stop it.

use serde_json::json;
use winback_domain::message::State as Fate;
use winback_domain::store::State;

use crate::support::Shop;
use crate::support::log::Log;

/// A shop whose mails of the week were delivered, so many of them.
async fn after(delivered: u32) -> Shop {
    let mut shop = Shop::open("2026-01-12 10:00").await;
    for number in 1..=9 {
        let email = format!("bounce+{number}@simulator.amazonses.com");
        shop.order_with(&email, "45.00", json!({"marketing_consent": true})).await;
    }
    shop.until("2026-04-14 08:00").await;
    let today = jiff::civil::date(2026, 4, 13);
    for _ in 0..delivered {
        shop.place.cloud.tables.count_fate(&shop.store, today, Fate::Delivered).await.expect("it counts");
    }
    shop
}

async fn state(shop: &Shop) -> (State, Option<String>) {
    let store = shop.place.cloud.tables.store(&shop.store).await.expect("it reads").expect("a store");
    (store.state, store.paused_because)
}

/// What the alarm hears, in its very words, of stores that were paused: which, and why.
fn paused(log: &Log) -> Vec<String> {
    const WORDS: &str = "store paused ";
    log.lines(WORDS).iter().map(|line| line[WORDS.len()..].to_owned()).collect()
}

#[tokio::test]
async fn nine_bounces_in_two_hundred_mails_stop_the_store_until_somebody_resumes_it() {
    let (log, _guard) = Log::listen();
    let mut shop = after(192).await;
    shop.until("2026-04-14 18:00").await;
    assert_eq!(paused(&log), ["store=books because=\"too many bounces: 8 of 200 mails in a week\""], "said once");
    let because = "too many bounces: 8 of 200 mails in a week".to_owned();
    assert_eq!(state(&shop).await, (State::Paused, Some(because)), "the eighth of two hundred is one too many");
    shop.order_with("anna@example.com", "45.00", json!({"marketing_consent": true})).await;
    shop.until("2026-07-20 12:00").await;
    assert!(shop.letters_to("anna@example.com").is_empty(), "nobody is mailed meanwhile");
    shop.set("the operator has looked", State::Live).await;
    assert_eq!(state(&shop).await, (State::Live, None));
    let health = shop.place.cloud.tables.health(&shop.store, jiff::civil::date(2026, 4, 14)).await.expect("it reads");
    assert_eq!(health.bounced, 9, "what was counted long ago counts no more, and stays where it is");
    shop.until("2026-07-28 12:00").await;
    assert_eq!(shop.letters_to("anna@example.com").len(), 2, "nobody was lost");
}

#[tokio::test]
async fn whoever_resumes_it_on_the_same_day_begins_the_count_anew() {
    let mut shop = after(192).await;
    shop.until("2026-04-14 18:00").await;
    assert_eq!(state(&shop).await.0, State::Paused);
    shop.set("the operator has looked", State::Live).await;
    let today = jiff::civil::date(2026, 4, 14);
    let health = shop.place.cloud.tables.health(&shop.store, today).await.expect("it reads");
    assert_eq!((health.delivered, health.bounced), (0, 0));
    shop.order_with("bounce+late@simulator.amazonses.com", "45.00", json!({"marketing_consent": true})).await;
    shop.until("2026-07-20 12:00").await;
    assert_eq!(state(&shop).await.0, State::Live, "one more says nothing");
}

#[tokio::test]
async fn few_mails_say_nothing() {
    let (log, _guard) = Log::listen();
    let mut shop = after(150).await;
    shop.until("2026-04-14 18:00").await;
    assert_eq!(state(&shop).await, (State::Live, None));
    assert_eq!(paused(&log), Vec::<String>::new());
}

#[tokio::test]
async fn three_complaints_stop_it_and_two_do_not() {
    let (log, _guard) = Log::listen();
    let mut shop = Shop::open("2026-01-12 10:00").await;
    for number in 1..=2 {
        let email = format!("complaint+{number}@simulator.amazonses.com");
        shop.order_with(&email, "45.00", json!({"marketing_consent": true})).await;
    }
    shop.until("2026-04-14 18:00").await;
    assert_eq!(state(&shop).await, (State::Live, None));
    shop.order_with("complaint+3@simulator.amazonses.com", "45.00", json!({"marketing_consent": true})).await;
    shop.until("2026-04-15 12:00").await;
    assert_eq!(state(&shop).await.0, State::Live, "the third has not been written to yet");
    let today = jiff::civil::date(2026, 4, 15);
    shop.place.cloud.tables.count_fate(&shop.store, today, Fate::Complained).await.expect("it counts");
    shop.place.cloud.count_fate(&shop.store, Fate::Complained).await.expect("it counts");
    let (state, because) = state(&shop).await;
    assert_eq!(state, State::Paused);
    assert!(because.is_some_and(|because| because.starts_with("too many complaints: 4 of ")));
    let told = paused(&log);
    assert!(matches!(&told[..], [line] if line.contains("because=\"too many complaints: 4 of ")), "{told:?}");
}

#[tokio::test]
async fn what_ses_refuses_whoever_it_is_for_stops_the_store_and_is_heard_by_the_same_alarm() {
    let (log, _guard) = Log::listen();
    let mut shop = Shop::open("2026-01-12 10:00").await;
    shop.order_with("anna@example.com", "45.00", json!({"marketing_consent": true})).await;
    shop.until("2026-04-14 08:59").await;
    shop.place.stack.ses_refuse_next("AccessDeniedException");
    shop.until("2026-04-14 12:00").await;
    assert_eq!(state(&shop).await, (State::Paused, Some("AccessDeniedException".to_owned())));
    assert_eq!(paused(&log), ["store=books because=\"AccessDeniedException\""]);
    assert!(shop.letters_to("anna@example.com").is_empty());
}
