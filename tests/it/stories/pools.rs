//! Codes that a shop made itself, and letters that its people have to honour: who waits, who is told, and what a restore
//! from a backup leaves of a pool.

use std::collections::BTreeSet;

use serde_json::json;
use winback_cloud::restore::Lost;
use winback_domain::message::State as Fate;
use winback_domain::store::State;
use winback_local::aws::Account;

use crate::support::backup::Backup;
use crate::support::codes::{self, honoured_by, with_pool};
use crate::support::log::Log;
use crate::support::{Shop, books, edit};

const ANNA: &str = "anna@example.com";
const BO: &str = "bo@example.com";

/// The sample bookshop, which hands us codes that it made itself.
async fn open(codes: &[&str], customers: &[&str]) -> Shop {
    let mut shop = Shop::open_with("2026-01-12 10:00", "books", &with_pool(50, books())).await;
    fill(&shop, codes).await;
    for email in customers {
        shop.order(email, "45.00").await;
    }
    shop
}

async fn fill(shop: &Shop, codes: &[&str]) -> Option<usize> {
    codes::fill(&shop.place, &shop.store, codes).await
}

async fn left(shop: &Shop) -> usize {
    shop.place.overseer.tables.left_in_pool(codes::pool(&shop.store)).await.expect("the table answers")
}

/// The codes of a pool that stand in somebody's letters.
fn codes_in_letters(shop: &Shop, email: &str) -> BTreeSet<String> {
    let letters = shop.letters_to(email);
    let words = letters.iter().flat_map(|mail| mail.text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')));
    words.filter(|word| word.starts_with("SPRING-")).map(ToOwned::to_owned).collect()
}

#[tokio::test]
async fn a_shops_own_codes_go_to_one_customer_each_and_come_back_in_orders() {
    let people = [ANNA, BO, "cia@example.com"];
    let mut shop = open(&["SPRING-OLIVE", "SPRING-LILAC", "SPRING-MAPLE"], &people).await;
    shop.until("2026-04-17 09:00").await;
    let given: Vec<BTreeSet<String>> = people.iter().map(|email| codes_in_letters(&shop, email)).collect();
    assert!(given.iter().all(|codes| codes.len() == 1), "the letter and its last day name the same: {given:?}");
    assert_eq!(given.iter().flatten().collect::<BTreeSet<_>>().len(), 3, "nobody has another's: {given:?}");
    let hers = given[0].iter().next().expect("she has one").to_lowercase();
    shop.order_with(ANNA, "45.00", json!({"discount_codes": [hers]})).await;
    let coupons = shop.ledger().await.coupons;
    let used: Vec<&str> =
        coupons.iter().filter(|coupon| !coupon.redeemed.is_empty()).map(|coupon| coupon.code.as_str()).collect();
    assert_eq!(used, [hers.to_uppercase()]);
}

#[tokio::test]
async fn a_code_of_a_shops_own_that_begins_as_stripes_ids_do_is_known_when_it_comes_back() {
    let mut shop = open(&["PROMO_OLIVE"], &[ANNA]).await;
    shop.until("2026-04-14 12:00").await;
    assert!(shop.letters_to(ANNA)[0].text.contains("PROMO_OLIVE"));
    // As WooCommerce writes every code, and Stripe its ids.
    let order = shop.order_with(ANNA, "45.00", json!({"discount_codes": ["promo_olive"]})).await;
    let coupons = shop.ledger().await.coupons;
    let used: Vec<&str> = coupons[0].redeemed.iter().map(|used| used.order_id.as_str()).collect();
    assert_eq!((coupons[0].code.as_str(), used), ("PROMO_OLIVE", vec![order.as_str()]));
}

#[tokio::test]
async fn without_a_code_no_letter_leaves_and_new_codes_bring_it_the_same_day() {
    let mut shop = open(&["SPRING-OLIVE"], &[ANNA, BO]).await;
    shop.until("2026-04-14 10:00").await;
    let mailed = |shop: &Shop| [ANNA, BO].map(|email| shop.letters_to(email).len()).iter().sum::<usize>();
    assert_eq!(mailed(&shop), 1, "there was one code");
    // The same code again is no new code.
    fill(&shop, &["SPRING-OLIVE"]).await;
    shop.until("2026-04-14 11:00").await;
    assert_eq!(mailed(&shop), 1);
    fill(&shop, &["SPRING-LILAC"]).await;
    shop.until("2026-04-14 12:00").await;
    assert_eq!(mailed(&shop), 2);
}

#[tokio::test]
async fn a_day_without_codes_is_given_up_and_says_so() {
    let mut shop = open(&["SPRING-OLIVE"], &[ANNA, BO]).await;
    shop.until("2026-04-15 08:00").await;
    let ledger = shop.ledger().await;
    let stopped = ledger.messages.iter().find(|message| message.state == Fate::Stopped).expect("one got none");
    let why: Vec<String> = stopped.why.iter().map(ToString::to_string).collect();
    assert!(why.contains(&"pool did not make the code good: none was left.".to_owned()), "{why:?}");
    fill(&shop, &["SPRING-LILAC"]).await;
    shop.until("2026-04-15 12:00").await;
    assert_eq!([ANNA, BO].map(|email| shop.letters_to(email).len()), [1, 1]);
}

#[tokio::test]
async fn a_crowd_that_gets_no_codes_holds_up_nobody_who_needs_none() {
    let mut folder = with_pool(50, books());
    let news = "mail: what-is-new             # news only, no offer\n        send: Tue-Thu ";
    edit(&mut folder, "program.yaml", &format!("{news}09:00"), &format!("{news}10:00"));
    let mut shop = Shop::open_with("2026-01-12 10:00", "books", &folder).await;
    // Sixty hints a minute, and more than that many wait for a code.
    shop.place.stack.set_ses_account(Account { max_send_rate: 1.0, ..Account::default() });
    assert_eq!(fill(&shop, &["SPRING-OLIVE"]).await, Some(1));
    shop.order(ANNA, "45.00").await;
    shop.until("2026-02-12 10:00").await;
    for number in 0..70 {
        shop.order(&format!("reader{number}@example.com"), "45.00").await;
    }
    shop.until("2026-05-14 10:03").await;
    let mails: Vec<String> = shop.letters_to(ANNA).iter().map(|mail| mail.subject.clone()).collect();
    assert_eq!(mails.len(), 3, "the offer, its last day, and the news at ten: {mails:?}");
    assert_eq!(shop.place.stack.outbox().len(), 3, "nobody else has a letter");
}

#[tokio::test]
async fn whoever_fills_the_pool_is_told_when_it_runs_low_and_when_a_day_was_given_up() {
    let (log, _guard) = Log::listen();
    let mut shop = Shop::open_with("2026-01-12 10:00", "books", &with_pool(50, books())).await;
    assert_eq!(fill(&shop, &["SPRING-OLIVE"]).await, Some(1));
    for email in [ANNA, BO] {
        shop.order(email, "45.00").await;
    }
    shop.until("2026-04-14 09:29").await;
    assert_eq!(log.lines("pool runs low").len(), 1);
    // Looked into every ten minutes and not at every turn of the pump.
    assert_eq!(log.lines("pool is empty").len(), 3);
    shop.until("2026-04-15 08:00").await;
    let given_up = log.lines("code given up");
    assert!(matches!(&given_up[..], [line] if line.contains("by=\"pool\"")), "{given_up:?}");
    assert!(!given_up[0].contains('@'), "{given_up:?}");
}

#[tokio::test]
async fn what_a_store_cannot_do_by_itself_people_are_told_of_once_the_letter_left() {
    for (codes, gives) in [
        ("shopify", "10 EUR credit"),
        ("shopify", "free bookmark"),
        ("woocommerce", "free bookmark"),
        ("stripe", "free bookmark"),
    ] {
        let (log, _guard) = Log::listen();
        let mut folder = honoured_by(codes, books());
        edit(&mut folder, "program.yaml", "gives: 10 EUR off", &format!("gives: {gives}"));
        let mut shop = Shop::open_with("2026-01-12 10:00", "books", &folder).await;
        shop.order(ANNA, "45.00").await;
        shop.until("2026-04-14 08:59").await;
        assert_eq!(log.lines("to be honoured by hand"), Vec::<String>::new(), "{codes}: {gives}");
        shop.until("2026-04-14 12:00").await;
        assert_eq!(shop.letters_to(ANNA).len(), 1, "{codes}: {gives}");
        let told = log.lines("to be honoured by hand");
        let right = |line: &str| line.contains("offer=\"ten-euro\"") && !line.contains('@');
        assert!(matches!(&told[..], [line] if right(line)), "{codes}: {gives}: {told:?}");
    }
}

#[tokio::test]
async fn the_same_file_again_puts_back_no_code_that_somebody_has() {
    let mut shop = Shop::open_with("2026-01-12 10:00", "books", &with_pool(50, books())).await;
    let file = ["SPRING-OLIVE", "SPRING-LILAC"];
    assert_eq!(fill(&shop, &file).await, Some(2));
    shop.order(ANNA, "45.00").await;
    shop.until("2026-04-14 12:00").await;
    assert_eq!(left(&shop).await, 1);
    assert_eq!(fill(&shop, &file).await, Some(0));
    assert_eq!(fill(&shop, &["SPRING-LILAC", "SPRING-MAPLE"]).await, Some(1));
    assert_eq!(left(&shop).await, 2);
}

/// A shop whose backup has a code lying in its pool that Anna was mailed since.
async fn mailed_since_the_backup() -> (Shop, Backup) {
    let mut shop = Shop::open_with("2026-01-12 10:00", "books", &with_pool(50, books())).await;
    fill(&shop, &["SPRING-OLIVE"]).await;
    shop.order(ANNA, "45.00").await;
    shop.until("2026-04-13 12:00").await;
    let backup = Backup::of(&shop.place).await;
    shop.until("2026-04-14 12:00").await;
    assert_eq!(shop.letters_to(ANNA).len(), 1);
    // Imported later: no backup knows of these.
    fill(&shop, &["SPRING-LILAC"]).await;
    (shop, backup)
}

async fn goes_on(shop: &mut Shop) {
    shop.set("the shop goes on", State::Live).await;
    shop.order(BO, "45.00").await;
    shop.until("2026-07-16 12:00").await;
}

#[tokio::test]
async fn after_a_loss_no_code_of_a_restored_pool_goes_to_a_second_customer() {
    let (mut shop, backup) = mailed_since_the_backup().await;
    backup.restore(&mut shop.place).await;
    let lost = || Some(Lost { from: backup.at, until: None });
    let carried = shop.place.cloud.restore(None, lost()).await.expect("it goes through");
    assert_eq!(carried.news.get("codes of a pool that are taken out of it"), Some(&1), "{carried:?}");
    let again = shop.place.cloud.restore(None, lost()).await.expect("it goes through");
    assert_eq!(again.news.get("codes of a pool that are taken out of it"), None);
    assert_eq!(left(&shop).await, 0);
    goes_on(&mut shop).await;
    assert_eq!(shop.letters_to(BO).len(), 0, "there is no code that is surely nobody's");
    fill(&shop, &["SPRING-MAPLE"]).await;
    shop.until("2026-07-21 12:00").await;
    assert!(shop.letters_to(BO)[0].text.contains("SPRING-MAPLE"));
}

#[tokio::test]
async fn what_was_imported_since_the_backup_is_carried_over() {
    let (mut shop, backup) = mailed_since_the_backup().await;
    let old = backup.restore(&mut shop.place).await;
    let carried = shop.place.cloud.restore(Some(&old), None).await.expect("it goes through");
    assert_eq!(carried.news.get("codes of a pool"), Some(&1), "{carried:?}");
    let again = shop.place.cloud.restore(Some(&old), None).await.expect("it goes through");
    assert_eq!(again.news.get("codes of a pool"), None, "{again:?}");
    goes_on(&mut shop).await;
    assert!(shop.letters_to(BO)[0].text.contains("SPRING-LILAC"), "and not the one that Anna has");
}
