//! Codes that a shop made itself, and letters that its people have to honour: who waits, who is told, and what a restore
//! from a backup leaves of a pool.

use std::collections::BTreeSet;

use winback_cloud::restore::Lost;
use winback_cloud::tables::pool::Pool;
use winback_domain::ids::Code;
use winback_domain::plan::Folder;
use winback_domain::store::State;
use winback_local::aws::Account;

use crate::support::backup::Backup;
use crate::support::log::Log;
use crate::support::{Shop, books, edit};

const ANNA: &str = "anna@example.com";
const BO: &str = "bo@example.com";
const PROGRAM: &str = "We miss you";

fn with_codes_of(authority: &str) -> Folder {
    let mut folder = books();
    edit(&mut folder, "program.yaml", "offers:\n", &format!("codes: {authority}\noffers:\n"));
    // A gift of which there are fifty is no pool's.
    edit(&mut folder, "program.yaml", ", stock: 50", "");
    folder
}

fn pool(shop: &Shop) -> Pool<'_> {
    Pool { store: &shop.store, program: PROGRAM, offer: "ten-euro" }
}

async fn fill(shop: &Shop, codes: &[&str]) -> Option<usize> {
    let codes: BTreeSet<Code> = codes.iter().map(|code| Code::parse(code).expect("a code")).collect();
    shop.place.overseer.tables.fill_pool(pool(shop), &codes).await.expect("the table answers")
}

async fn left(shop: &Shop) -> usize {
    shop.place.overseer.tables.left_in_pool(pool(shop)).await.expect("the table answers")
}

#[tokio::test]
async fn a_crowd_that_gets_no_codes_holds_up_nobody_who_needs_none() {
    let mut folder = with_codes_of("pool");
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
    let mut shop = Shop::open_with("2026-01-12 10:00", "books", &with_codes_of("pool")).await;
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
    let (log, _guard) = Log::listen();
    let mut folder = with_codes_of("shopify");
    edit(&mut folder, "program.yaml", "gives: 10 EUR off", "gives: 10 EUR credit");
    let mut shop = Shop::open_with("2026-01-12 10:00", "books", &folder).await;
    shop.order(ANNA, "45.00").await;
    shop.until("2026-04-14 08:59").await;
    assert_eq!(log.lines("to be honoured by hand"), Vec::<String>::new());
    shop.until("2026-04-14 12:00").await;
    assert_eq!(shop.letters_to(ANNA).len(), 1);
    let told = log.lines("to be honoured by hand");
    assert!(matches!(&told[..], [line] if line.contains("offer=\"ten-euro\"") && !line.contains('@')), "{told:?}");
}

#[tokio::test]
async fn the_same_file_again_puts_back_no_code_that_somebody_has() {
    let mut shop = Shop::open_with("2026-01-12 10:00", "books", &with_codes_of("pool")).await;
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
    let mut shop = Shop::open_with("2026-01-12 10:00", "books", &with_codes_of("pool")).await;
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
