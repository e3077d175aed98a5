use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::operation::put_item::builders::PutItemFluentBuilder;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use jiff::SignedDuration;

use crate::aws::ses::tests::mail;
use crate::aws::tests::{Turned, stack, stack_at};
use crate::aws::{At, Died, Fault, LEDGER, Permission, Service, Stack};

fn s(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

fn put(client: &Client, order: &str) -> PutItemFluentBuilder {
    client.put_item().table_name(LEDGER).item("pk", s(order))
}

async fn has(client: &Client, order: &str) -> bool {
    let get = client.get_item().table_name(LEDGER).key("pk", s(order));
    get.send().await.unwrap().item.is_some()
}

/// A client that tries once.
fn once(stack: &Stack) -> Client {
    let config = aws_sdk_dynamodb::config::Builder::from(stack.config());
    Client::from_conf(config.retry_config(RetryConfig::disabled()).build())
}

fn transact(order: &str) -> TransactWriteItem {
    let put = Put::builder().table_name(LEDGER).item("pk", s(order)).condition_expression("attribute_not_exists(pk)");
    TransactWriteItem::builder().put(put.build().unwrap()).build()
}

#[tokio::test]
async fn a_process_that_dies_before_a_call_has_done_nothing() {
    let stack = stack();
    let client = Client::new(stack.config());
    stack.faults().set(At::call(2), Fault::DropBefore);
    let reached = Arc::new(AtomicU64::new(0));
    let handler = async {
        for order in ["order/1", "order/2", "order/3"] {
            put(&client, order).send().await.unwrap();
            reached.fetch_add(1, Ordering::SeqCst);
        }
    };
    assert_eq!(stack.faults().live(handler).await, Err(Died));
    assert_eq!(reached.load(Ordering::SeqCst), 1);
    assert_eq!(stack.faults().fired(), 1);
    assert!(has(&client, "order/1").await, "the next process lives");
    assert!(!has(&client, "order/2").await);
    assert!(!has(&client, "order/3").await);
}

#[tokio::test]
async fn a_process_that_dies_after_a_call_has_done_it() {
    let stack = stack();
    let config = aws_sdk_dynamodb::config::Builder::from(stack.config()).timeout_config(
        TimeoutConfig::builder()
            .operation_timeout(Duration::from_millis(100))
            .operation_attempt_timeout(Duration::from_millis(50))
            .build(),
    );
    let client = Client::from_conf(config.build());
    stack.faults().set(At::call(1), Fault::DropAfter);
    let handler = put(&client, "order/1").send();
    tokio::select! {
        () = stack.faults().died() => {}
        answer = handler => panic!("a dead process went on: {answer:?}"),
    }
    assert!(stack.faults().is_dead());
    stack.faults().revive();
    assert!(has(&client, "order/1").await);
}

#[tokio::test]
async fn a_put_whose_answer_was_lost_fails_its_own_condition() {
    let stack = stack();
    let client = Client::new(stack.config());
    stack.faults().set(At::call(1), Fault::LostAnswer);
    let put = put(&client, "order/1").condition_expression("attribute_not_exists(pk)");
    let error = put.send().await.unwrap_err().into_service_error();
    assert!(error.is_conditional_check_failed_exception());
    assert_eq!(stack.faults().count(), 2);
}

#[tokio::test]
async fn a_transaction_whose_answer_was_lost_is_found_again() {
    let stack = stack();
    let client = Client::new(stack.config());
    stack.faults().set(At::call(1), Fault::TimedOut);
    let request = client.transact_write_items().transact_items(transact("order/1"));
    request.send().await.unwrap();
    assert_eq!(stack.faults().count(), 2);
}

#[tokio::test]
async fn a_mail_whose_answer_was_lost_is_sent_three_times_by_the_sdk_as_it_comes() {
    let stack = stack();
    let client = aws_sdk_sesv2::Client::new(stack.config());
    let at = At::call(1).of(Service::Ses).operation("SendEmail").times(2);
    stack.faults().set(at, Fault::ServerError);
    mail(&client, "anna@example.org").send().await.unwrap();
    assert_eq!(stack.outbox().len(), 3);
}

#[tokio::test]
async fn a_mail_tried_once_is_unknown_when_the_answer_is_lost() {
    let stack = stack();
    let config = aws_sdk_sesv2::config::Builder::from(stack.config()).retry_config(RetryConfig::disabled());
    let client = aws_sdk_sesv2::Client::from_conf(config.build());
    stack.faults().set(At::call(1), Fault::LostAnswer);
    stack.faults().set(At::call(2), Fault::NoConnection);
    let lost = mail(&client, "anna@example.org").send().await.unwrap_err();
    assert!(matches!(&lost, SdkError::DispatchFailure(failure) if failure.is_io()));
    assert_eq!(stack.outbox().len(), 1);
    let refused = mail(&client, "ben@example.org").send().await.unwrap_err();
    let SdkError::DispatchFailure(failure) = refused else { panic!("{refused:?}") };
    let cause = failure.as_connector_error().and_then(std::error::Error::source);
    let cause = cause.and_then(|cause| cause.downcast_ref::<std::io::Error>());
    assert_eq!(cause.unwrap().kind(), std::io::ErrorKind::ConnectionRefused);
    assert_eq!(stack.outbox().len(), 1);
}

#[tokio::test]
async fn a_throttled_call_is_tried_again_and_done_once() {
    let stack = stack();
    let client = Client::new(stack.config());
    stack.faults().set(At::call(1), Fault::Throttle);
    put(&client, "order/1").send().await.unwrap();
    assert_eq!(stack.faults().count(), 2);
    stack.faults().set(At::call(1), Fault::Throttle);
    let error = put(&once(&stack), "order/2").send().await.unwrap_err();
    assert_eq!(error.code(), Some("ProvisionedThroughputExceededException"));
    assert!(!has(&client, "order/2").await);
}

#[tokio::test]
async fn a_throttled_mail_is_a_429() {
    let stack = stack();
    let config = aws_sdk_sesv2::config::Builder::from(stack.config()).retry_config(RetryConfig::disabled());
    let client = aws_sdk_sesv2::Client::from_conf(config.build());
    stack.faults().set(At::call(1), Fault::Throttle);
    let error = mail(&client, "anna@example.org").send().await.unwrap_err();
    assert!(error.as_service_error().unwrap().is_too_many_requests_exception());
    assert_eq!(error.raw_response().unwrap().status().as_u16(), 429);
    assert_eq!(stack.outbox(), []);
}

#[tokio::test]
async fn writes_meet_a_transaction_and_nothing_else_does() {
    let stack = stack();
    let client = once(&stack);
    stack.faults().set(At::call(1), Fault::Conflict);
    let error = put(&client, "order/1").send().await.unwrap_err();
    assert_eq!(error.code(), Some("TransactionConflictException"));
    stack.faults().set(At::call(1), Fault::Conflict);
    let request = client.transact_write_items().transact_items(transact("order/1")).transact_items(transact("order/2"));
    let error = request.send().await.unwrap_err().into_service_error();
    let TransactWriteItemsError::TransactionCanceledException(cancelled) = error else {
        panic!("{error:?}");
    };
    let codes: Vec<_> = cancelled.cancellation_reasons().iter().filter_map(|why| why.code()).collect();
    assert_eq!(codes, ["TransactionConflict", "None"]);
    assert_eq!(stack.faults().fired(), 2);
    stack.faults().set(At::call(1), Fault::Conflict);
    assert!(!has(&client, "order/1").await);
    assert_eq!(stack.faults().fired(), 2, "a read meets no transaction");
}

#[tokio::test]
async fn a_server_error_comes_after_the_work() {
    let stack = stack();
    let client = once(&stack);
    stack.faults().set(At::call(1), Fault::ServerError);
    let error = put(&client, "order/1").send().await.unwrap_err();
    assert_eq!(error.raw_response().unwrap().status().as_u16(), 500);
    assert!(has(&client, "order/1").await);
}

#[tokio::test]
async fn a_frozen_process_thaws_in_another_time() {
    let turned = Turned::new();
    let stack = stack_at(&turned);
    let config = aws_sdk_sesv2::config::Builder::from(stack.config())
        .timeout_config(TimeoutConfig::builder().operation_attempt_timeout(Duration::from_secs(2)).build());
    let client = aws_sdk_sesv2::Client::from_conf(config.build());
    let other = Client::new(stack.config());
    stack.faults().set(
        At::call(1).operation("SendEmail"),
        Fault::pause({
            let (turned, other) = (turned.clone(), other.clone());
            move || async move {
                // Others work meanwhile, and for more than one turn of the runtime.
                for _ in 0..20 {
                    tokio::task::yield_now().await;
                }
                put(&other, "order/1").send().await.unwrap();
                turned.turn(SignedDuration::from_hours(1));
            }
        }),
    );
    mail(&client, "anna@example.org").send().await.unwrap();
    assert!(has(&other, "order/1").await);
    assert_eq!(stack.outbox()[0].at.to_string(), "2027-03-01T10:00:00Z");
}

#[tokio::test]
async fn a_process_that_dies_while_another_is_frozen_dies_alone() {
    let stack = stack();
    let client = Client::new(stack.config());
    let freeze = {
        let (stack, client) = (stack.clone(), client.clone());
        move || async move {
            stack.faults().set(At::call(1), Fault::DropAfter);
            let other = stack.faults().live(put(&client, "order/2").send()).await;
            assert!(other.is_err());
        }
    };
    stack.faults().set(At::call(1), Fault::pause(freeze));
    let survivor = stack.faults().live(put(&client, "order/1").send()).await;
    survivor.expect("it was only frozen").unwrap();
    assert!(has(&client, "order/1").await);
    assert!(has(&client, "order/2").await);
}

#[tokio::test]
async fn the_list_of_calls_tells_what_a_role_must_allow() {
    let stack = stack();
    let client = Client::new(stack.config());
    let queue = aws_sdk_sqs::Client::new(stack.config());
    let ses = aws_sdk_sesv2::Client::new(stack.config());
    put(&client, "order/0").send().await.unwrap();
    stack.faults().record();
    let request = client.transact_write_items().transact_items(transact("order/1"));
    request.send().await.unwrap();
    let send = queue.send_message().queue_url(stack.queue_url("due")).message_body("anna");
    send.send().await.unwrap();
    mail(&ses, "anna@example.org").send().await.unwrap();
    let calls = stack.faults().take_calls();
    let operations: Vec<_> = calls.iter().map(|call| (call.service, call.operation.as_str())).collect();
    assert_eq!(
        operations,
        [(Service::DynamoDb, "TransactWriteItems"), (Service::Sqs, "SendMessage"), (Service::Ses, "SendEmail"),]
    );
    let needed: Vec<Permission> = calls.into_iter().flat_map(|call| call.permissions).collect();
    assert_eq!(
        needed,
        [
            Permission::new("dynamodb:PutItem", LEDGER),
            Permission::new("sqs:SendMessage", "due"),
            Permission::new("ses:SendEmail", "identity/shop.example"),
            Permission::new("ses:SendEmail", "configuration-set/winback"),
        ]
    );
    put(&client, "order/2").send().await.unwrap();
    assert_eq!(stack.faults().calls(), []);
}

#[tokio::test]
async fn a_plan_taken_back_strikes_nobody() {
    let stack = stack();
    let client = Client::new(stack.config());
    stack.faults().set(At::call(1).times(9), Fault::DropBefore);
    stack.faults().clear();
    put(&client, "order/1").send().await.unwrap();
    assert_eq!(stack.faults().fired(), 0);
}
