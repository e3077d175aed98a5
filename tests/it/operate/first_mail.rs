//! The first mail: a real letter to SES's mailbox simulator, told of by its event.

use winback_cloud::operator::first_mail::Outcome;
use winback_cloud::tables::first_mail::SIMULATOR;
use winback_domain::message::State;

use crate::support::Shop;

#[tokio::test]
async fn a_first_mail_is_the_real_letter_and_its_event_comes_back() {
    let shop = Shop::open("2026-05-05 10:00").await;
    let (place, store) = (&shop.place, &shop.store);
    let Outcome::Sent { mail, noted } = place.cloud.send_first_mail(store).await.unwrap() else {
        panic!("it was sent")
    };
    assert_eq!(mail, "we-miss-you");
    let outbox = place.stack.outbox();
    let [sent] = outbox.as_slice() else { panic!("one mail") };
    assert_eq!(sent.to, [SIMULATOR]);
    assert_eq!(sent.tags["message"], noted.message.to_string());
    assert_eq!(sent.configuration_set, place.cloud.config.configuration_set);
    assert!(sent.header("List-Unsubscribe").is_some() && sent.from.contains("shop.example"), "{sent:?}");
    assert_eq!(place.cloud.tables.first_mail(store).await.unwrap().unwrap().told, None);
    place.settle().await.unwrap();
    let known = place.cloud.tables.first_mail(store).await.unwrap().unwrap();
    assert_eq!((known.told, known.message), (Some(State::Delivered), noted.message));
    // It is nobody's: no message, no customer.
    assert_eq!(place.cloud.tables.message(store, noted.message).await.unwrap(), None);
    assert_eq!(place.customers(store).await.unwrap(), []);
}

#[tokio::test]
async fn an_event_of_an_earlier_trial_tells_nothing_of_the_latest() {
    let shop = Shop::open("2026-05-05 10:00").await;
    let (place, store) = (&shop.place, &shop.store);
    place.cloud.send_first_mail(store).await.unwrap();
    let late = place.stack.take_delivery_events().unwrap();
    place.clock.turn_to(place.clock.now() + jiff::SignedDuration::from_mins(1));
    let Outcome::Sent { noted, .. } = place.cloud.send_first_mail(store).await.unwrap() else { panic!("it was sent") };
    for event in late {
        record_delivery::handle(&place.cloud, event, place.invocation()).await.unwrap();
    }
    let known = place.cloud.tables.first_mail(store).await.unwrap().unwrap();
    assert_eq!((known.told, known.message), (None, noted.message));
}
