use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::ProvideErrorMetadata;
use aws_sdk_sqs::types::{QueueAttributeName, SendMessageBatchRequestEntry};
use jiff::SignedDuration;

use crate::aws::tests::{Turned, stack, stack_at};
use crate::aws::{MAX_RECEIVES, QueueDepth, QueueMessage, Stack, VISIBILITY, sqs_event};

async fn hint(client: &Client, stack: &Stack, customer: &str) {
    client.send_message().queue_url(stack.queue_url("due")).message_body(customer).send().await.unwrap();
}

fn ids(batch: &[QueueMessage]) -> Vec<String> {
    batch.iter().map(|message| message.message_id.clone()).collect()
}

fn bodies(batch: &[QueueMessage]) -> Vec<&str> {
    batch.iter().map(|message| message.body.as_str()).collect()
}

#[tokio::test]
async fn a_hint_reaches_the_function_as_lambda_would_hand_it_over() {
    let stack = stack();
    let client = Client::new(stack.config());
    let sent = client.send_message().queue_url(stack.queue_url("due")).message_body("anna").send().await.unwrap();
    assert_eq!(sent.md5_of_message_body(), Some("a70f9e38ff015afaa9ab0aacabee2e13"));
    let batch = stack.take_batch("due", 10).unwrap();
    assert_eq!(sent.message_id(), Some(batch[0].message_id.as_str()));
    let event = sqs_event(&batch);
    let record = &event["Records"][0];
    assert_eq!(record["body"], "anna");
    assert_eq!(record["eventSourceARN"], "arn:aws:sqs:us-east-1:123456789012:due");
    assert_eq!(record["attributes"]["ApproximateReceiveCount"], "1");
    assert_eq!(record["attributes"]["SentTimestamp"], "1803891600000");
}

#[tokio::test]
async fn of_a_batch_only_what_failed_comes_again() {
    let turned = Turned::new();
    let stack = stack_at(&turned);
    let client = Client::new(stack.config());
    for customer in ["anna", "ben", "cleo"] {
        hint(&client, &stack, customer).await;
    }
    let batch = stack.take_batch("due", 10).unwrap();
    let ids = ids(&batch);
    stack.settle("due", &ids[..2], &ids[2..]).unwrap();
    let depth = QueueDepth { in_flight: 1, ..QueueDepth::default() };
    assert_eq!(stack.queue_depth("due").unwrap(), depth);
    assert_eq!(stack.take_batch("due", 10).unwrap(), []);
    turned.turn(VISIBILITY);
    assert_eq!(stack.next_visible("due").unwrap(), Some(turned.clock()()));
    let again = stack.take_batch("due", 10).unwrap();
    assert_eq!(bodies(&again), ["cleo"]);
    assert_eq!(again[0].receive_count, 2);
    assert!(again[0].sent_at < turned.clock()());
}

#[tokio::test]
async fn what_fails_again_and_again_is_buried() {
    let turned = Turned::new();
    let stack = stack_at(&turned);
    let client = Client::new(stack.config());
    hint(&client, &stack, "anna").await;
    for _ in 0..MAX_RECEIVES {
        assert_eq!(stack.take_batch("due", 10).unwrap().len(), 1);
        turned.turn(VISIBILITY);
    }
    assert_eq!(stack.take_batch("due", 10).unwrap(), []);
    assert_eq!(stack.next_visible("due").unwrap(), None);
    assert_eq!(bodies(&stack.queue_contents("due-dead").unwrap()), ["anna"]);
}

#[tokio::test]
async fn a_batch_can_be_accepted_in_part() {
    let stack = stack();
    let client = Client::new(stack.config());
    stack.sqs_refuse_next_entries(1);
    let mut send = client.send_message_batch().queue_url(stack.queue_url("due"));
    for customer in ["anna", "ben"] {
        let entry = SendMessageBatchRequestEntry::builder().id(customer).message_body(customer);
        send = send.entries(entry.build().unwrap());
    }
    let sent = send.send().await.unwrap();
    assert_eq!(sent.failed()[0].id(), "anna");
    assert!(!sent.failed()[0].sender_fault());
    assert_eq!(sent.successful()[0].id(), "ben");
    assert_eq!(bodies(&stack.take_batch("due", 10).unwrap()), ["ben"]);
}

#[tokio::test]
async fn a_queue_tells_how_full_it_is() {
    let turned = Turned::new();
    let stack = stack_at(&turned);
    let client = Client::new(stack.config());
    for customer in ["anna", "ben", "cleo"] {
        hint(&client, &stack, customer).await;
    }
    let later = client.send_message().queue_url(stack.queue_url("due")).message_body("dora");
    later.delay_seconds(60).send().await.unwrap();
    stack.take_batch("due", 1).unwrap();
    let attributes = client
        .get_queue_attributes()
        .queue_url(stack.queue_url("due"))
        .attribute_names(QueueAttributeName::ApproximateNumberOfMessages)
        .attribute_names(QueueAttributeName::ApproximateNumberOfMessagesNotVisible)
        .send()
        .await
        .unwrap();
    let attributes = attributes.attributes().unwrap();
    assert_eq!(attributes[&QueueAttributeName::ApproximateNumberOfMessages], "2");
    assert_eq!(attributes[&QueueAttributeName::ApproximateNumberOfMessagesNotVisible], "1");
    assert_eq!(stack.queue_depth("due").unwrap().delayed, 1);
    turned.turn(SignedDuration::from_secs(60));
    assert_eq!(bodies(&stack.take_batch("due", 10).unwrap()), ["ben", "cleo", "dora"]);
}

#[tokio::test]
async fn a_queue_that_is_not_there_says_so() {
    let stack = stack();
    let client = Client::new(stack.config());
    let send = client.send_message().queue_url(stack.queue_url("nowhere")).message_body("x");
    let error = send.send().await.unwrap_err();
    assert_eq!(error.code(), Some("QueueDoesNotExist"));
    assert!(stack.take_batch("nowhere", 1).is_err());
}
