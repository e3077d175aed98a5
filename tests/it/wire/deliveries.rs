//! What SES tells, as SNS puts it on a queue: of a batch each is taken by itself, in whatever shape and order.

use serde_json::{Value, json};
use winback_domain::message::State as Fate;
use winback_local::aws::{SesEvent, ses_event};

use crate::support::{Shop, raw};

const ANNA: &str = "anna@example.com";

/// The same as SES tells it of an identity: what happened under another name, and no tags.
fn of_identity(event: &Value) -> Value {
    let mut told = event["detail"].clone();
    let members = told.as_object_mut().expect("an object");
    let kind = members.remove("eventType").expect("what happened");
    members.insert("notificationType".to_owned(), kind);
    told["mail"].as_object_mut().expect("an object").remove("tags");
    told
}

#[tokio::test]
async fn of_a_batch_what_is_torn_comes_back_and_a_bounce_stays_one_whatever_is_told_after_it() {
    let mut shop = Shop::open("2026-01-12 10:00").await;
    shop.place = shop.place.clone().without_deliveries();
    shop.order(ANNA, "45.00").await;
    shop.until("2026-04-14 12:00").await;
    let letter = shop.letters_to(ANNA).remove(0);
    assert!(letter.header("X-Winback-Message").is_some(), "by it a letter is known where no tag is told");
    let told = |what: &SesEvent| ses_event(&letter, what, letter.at);
    let bounce = of_identity(&told(&SesEvent::Bounce)).to_string();
    let batch = json!({"Records": [
        {"messageId": "torn", "body": &bounce[..40]},
        {"messageId": "bounce", "body": json!({"Type": "Notification", "Message": bounce}).to_string()},
        {"messageId": "delivery", "body": told(&SesEvent::Delivery)["detail"].to_string()},
    ]});
    let mut before: Option<raw::Items> = None;
    for _ in 0..2 {
        let invocation = shop.place.invocation();
        let answer = record_delivery::handle(&shop.place.cloud, batch.clone(), invocation).await.expect("it answers");
        let failed: Vec<&str> = answer.batch_item_failures.iter().map(|one| one.item_identifier.as_str()).collect();
        assert_eq!(failed, ["torn"]);
        let ledger = shop.ledger().await;
        let [message] = &ledger.messages[..] else { panic!("one message: {:?}", ledger.messages) };
        assert_eq!(message.state, Fate::Bounced);
        assert!(shop.customer(ANNA).await.bounced());
        let items = raw::items(&shop.place).await;
        assert!(before.is_none_or(|before| before == items), "the second time says nothing new");
        before = Some(items);
    }
    let health = shop.place.cloud.tables.health(&shop.store, jiff::civil::date(2026, 4, 14)).await.expect("it reads");
    assert_eq!((health.delivered, health.bounced), (0, 1));
    shop.until("2027-04-14 12:00").await;
    assert_eq!(shop.letters_to(ANNA).len(), 1, "nobody writes where no mail arrives");
}
