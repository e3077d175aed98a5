use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::error::ProvideErrorMetadata;
use aws_sdk_sesv2::operation::send_email::builders::SendEmailFluentBuilder;
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message, MessageHeader, MessageTag};
use jiff::SignedDuration;

use crate::aws::tests::{Turned, stack, stack_at};
use crate::aws::{Account, SesEvent, ses_event};

/// A mail as send-message writes it.
pub(crate) fn mail(client: &Client, to: &str) -> SendEmailFluentBuilder {
    let data = |text: &str| Content::builder().data(text).charset("UTF-8").build().unwrap();
    let header = MessageHeader::builder().name("List-Unsubscribe-Post").value("List-Unsubscribe=One-Click");
    let message = Message::builder()
        .subject(data("We miss you"))
        .body(Body::builder().html(data("<p>Hello</p>")).text(data("Hello")).build())
        .headers(header.build().unwrap());
    let tag = MessageTag::builder().name("message").value("shop-anna-1");
    client
        .send_email()
        .from_email_address("Shop <hello@shop.example>")
        .destination(Destination::builder().to_addresses(to).build())
        .content(EmailContent::builder().simple(message.build()).build())
        .email_tags(tag.build().unwrap())
        .configuration_set_name("winback")
}

#[tokio::test]
async fn an_accepted_mail_is_in_the_outbox_with_all_it_had() {
    let stack = stack();
    let client = Client::new(stack.config());
    let sent = mail(&client, "anna@example.org").send().await.unwrap();
    let outbox = stack.outbox();
    let [mail] = outbox.as_slice() else { panic!("one mail") };
    assert_eq!(sent.message_id(), Some(mail.ses_message_id.as_str()));
    assert_eq!(mail.at.to_string(), "2027-03-01T09:00:00Z");
    assert_eq!(mail.from, "Shop <hello@shop.example>");
    assert_eq!(mail.to, ["anna@example.org"]);
    assert_eq!((mail.subject.as_str(), mail.text.as_str()), ("We miss you", "Hello"));
    assert_eq!(mail.html, "<p>Hello</p>");
    assert_eq!(mail.headers[0].0, "List-Unsubscribe-Post");
    assert_eq!(mail.tags["message"], "shop-anna-1");
    assert_eq!(mail.configuration_set.as_deref(), Some("winback"));
}

#[tokio::test]
async fn a_refused_mail_is_not_sent() {
    let stack = stack();
    let client = Client::new(stack.config());
    stack.ses_refuse_next("MessageRejected");
    stack.ses_refuse_next("AccessDeniedException");
    let error = mail(&client, "anna@example.org").send().await.unwrap_err();
    assert!(error.as_service_error().unwrap().is_message_rejected());
    let error = mail(&client, "anna@example.org").send().await.unwrap_err();
    assert_eq!(error.code(), Some("AccessDeniedException"));
    assert_eq!(stack.outbox(), []);
    mail(&client, "anna@example.org").send().await.unwrap();
}

#[tokio::test]
async fn a_tag_ses_would_not_take_is_not_taken_here() {
    let client = Client::new(stack().config());
    let tagged = async |name: &str, value: &str| {
        let tag = MessageTag::builder().name(name).value(value).build().unwrap();
        mail(&client, "anna@example.org").email_tags(tag).send().await
    };
    for value in ["books-2", "0000000000000000000000000g", "A_z", &"a".repeat(256)] {
        tagged("store", value).await.unwrap();
    }
    let long = "a".repeat(257);
    for (name, value) in [
        ("message", "shop/anna#1"),
        ("message", "anna@example.org"),
        ("message", "shop.example"),
        ("message", long.as_str()),
        ("the message", "1"),
    ] {
        let error = tagged(name, value).await.unwrap_err();
        assert!(error.as_service_error().unwrap().is_bad_request_exception(), "{name}: {value}");
    }
}

#[tokio::test]
async fn the_days_quota_ends_the_day_and_not_the_next() {
    let turned = Turned::new();
    let stack = stack_at(&turned);
    let client = Client::new(stack.config());
    stack.set_ses_account(Account { max_24_hour_send: 1.0, ..Account::default() });
    mail(&client, "anna@example.org").send().await.unwrap();
    let error = mail(&client, "ben@example.org").send().await.unwrap_err();
    assert!(error.as_service_error().unwrap().is_too_many_requests_exception());
    let account = client.get_account().send().await.unwrap();
    assert!(account.sending_enabled());
    let quota = account.send_quota().unwrap();
    assert_eq!((quota.max24_hour_send(), quota.sent_last24_hours()), (1.0, 1.0));
    turned.turn(SignedDuration::from_hours(24));
    mail(&client, "ben@example.org").send().await.unwrap();
}

#[tokio::test]
async fn a_paused_account_sends_nothing() {
    let stack = stack();
    let client = Client::new(stack.config());
    stack.set_ses_account(Account { sending_enabled: false, ..Account::default() });
    let error = mail(&client, "anna@example.org").send().await.unwrap_err();
    assert!(error.as_service_error().unwrap().is_sending_paused_exception());
    assert!(!client.get_account().send().await.unwrap().sending_enabled());
}

#[tokio::test]
async fn every_mail_is_followed_by_what_became_of_it() {
    let stack = stack();
    let client = Client::new(stack.config());
    for to in ["anna@example.org", "bounce+ben@simulator.amazonses.com", "complaint+cleo@simulator.amazonses.com"] {
        mail(&client, to).send().await.unwrap();
    }
    let events = stack.take_delivery_events().unwrap();
    let kinds: Vec<_> = events.iter().map(|event| event["detail-type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["Email Delivered", "Email Bounced", "Email Delivered", "Email Complaint Received",]);
    let detail = &events[1]["detail"];
    assert_eq!(events[1]["source"], "aws.ses");
    assert_eq!(detail["eventType"], "Bounce");
    assert_eq!(detail["mail"]["tags"]["message"][0], "shop-anna-1");
    assert_eq!(detail["mail"]["tags"]["ses:configuration-set"][0], "winback");
    assert_eq!(detail["bounce"]["bounceType"], "Permanent");
    assert_eq!(stack.take_delivery_events().unwrap(), [] as [serde_json::Value; 0]);
    let anna = &stack.outbox()[0];
    let click = ses_event(anna, &SesEvent::Click("https://shop.example/o".into()), anna.at);
    assert_eq!(click["detail"]["click"]["link"], "https://shop.example/o");
}

#[tokio::test]
async fn what_the_stand_in_was_not_built_for_is_refused() {
    let client = Client::new(stack().config());
    let error = client.list_email_identities().send().await.unwrap_err();
    assert_eq!(error.code(), Some("UnknownOperationException"));
}

#[tokio::test]
async fn a_long_replay_keeps_its_mails_without_their_bodies() {
    let stack = stack();
    let client = Client::new(stack.config());
    stack.keep_bodies(false);
    mail(&client, "anna@example.org").send().await.unwrap();
    stack.keep_bodies(true);
    mail(&client, "bo@example.org").send().await.unwrap();
    let bodies: Vec<_> = stack.outbox().iter().map(|mail| (mail.subject.clone(), mail.text.clone())).collect();
    let subject = || "We miss you".to_owned();
    assert_eq!(bodies, [(subject(), String::new()), (subject(), "Hello".to_owned())]);
}
