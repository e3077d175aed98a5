//! A program that is edited while people are in the middle of it.

use serde_json::json;

use super::told;
use crate::support::{Shop, books, edit};

#[tokio::test]
async fn the_program_is_edited_between_a_letter_and_its_last_day() {
    let mut shop = Shop::open("2026-01-12 10:00").await;
    shop.order_with("ada@example.com", "45.00", json!({"name": "Ada Berg", "marketing_consent": true})).await;
    shop.until("2026-01-20 10:00").await;
    shop.order_with("bo@example.com", "45.00", json!({"name": "Bo Dahl", "marketing_consent": true})).await;
    shop.until("2026-04-15 10:00").await;
    let code = shop.code_mailed_to("ada@example.com");

    let mut folder = books();
    edit(&mut folder, "program.yaml", "gives: 10 EUR off", "gives: 15 EUR off");
    edit(&mut folder, "program.yaml", "- wait: 30 days                     # after", "- wait: 20 days # after");
    let number = shop.edit_plan("15 EUR instead of 10, news after 20 days instead of 30", &folder).await;
    assert_eq!(number, 2);
    shop.until("2026-04-17 12:00").await;
    let last_day = &shop.letters_to("ada@example.com")[1];
    assert!(last_day.text.contains(&code) && last_day.text.contains("€10"), "Ada keeps what she was promised");
    assert!(!last_day.text.contains("15"), "{}", last_day.text);

    shop.until("2026-04-24 12:00").await;
    let letter = &shop.letters_to("bo@example.com")[0];
    assert!(letter.subject.contains("€15"), "Bo, who lapsed later, is under the new plan: {}", letter.subject);
    // Nobody told Ada's record of the shorter wait but the nightly scan: it comes up early enough.
    shop.until("2026-05-05 12:00").await;
    assert_eq!(shop.letters_to("ada@example.com").len(), 3, "the news after 20 days");
    let ids: Vec<_> = shop.ledger().await.messages.iter().map(|message| message.id).collect();
    assert_eq!(ids.len(), 5, "five letters, five messages");
    told!("the_program_is_edited_between_a_letter_and_its_last_day", shop.closing().await);
}
