use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, ConditionCheck, KeysAndAttributes, Put, ReturnConsumedCapacity,
    ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};
use jiff::SignedDuration;

use crate::aws::tests::{Turned, scratch, stack, stack_at};
use crate::aws::{CUSTOMERS, DUE, LEDGER, Stack};

fn s(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

fn n(number: i64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

async fn put(client: &Client, table: &str, item: &[(&str, AttributeValue)]) {
    let mut put = client.put_item().table_name(table);
    for (name, value) in item {
        put = put.item(*name, value.clone());
    }
    put.send().await.unwrap();
}

async fn due_before(client: &Client, time: i64) -> Vec<String> {
    let found = client
        .query()
        .table_name(CUSTOMERS)
        .index_name(DUE)
        .key_condition_expression("due_shard = :shard AND due <= :time")
        .expression_attribute_values(":shard", s("shop/0"))
        .expression_attribute_values(":time", n(time))
        .send()
        .await
        .unwrap();
    found.items().iter().map(|item| item["pk"].as_s().unwrap().clone()).collect()
}

#[tokio::test]
async fn an_order_is_put_once_and_the_second_put_sees_the_first() {
    let stack = stack();
    let client = Client::new(stack.config());
    let order = [("pk", s("order/1001")), ("total", n(4_200))];
    put(&client, LEDGER, &order).await;
    let again = client
        .put_item()
        .table_name(LEDGER)
        .item("pk", s("order/1001"))
        .item("total", n(1))
        .condition_expression("attribute_not_exists(pk)");
    let asked = ReturnValuesOnConditionCheckFailure::AllOld;
    let error =
        again.clone().return_values_on_condition_check_failure(asked).send().await.unwrap_err().into_service_error();
    assert!(error.is_conditional_check_failed_exception());
    let silent = again.send().await.unwrap_err().into_service_error();
    let item = |error: &aws_sdk_dynamodb::operation::put_item::PutItemError| {
        use aws_sdk_dynamodb::operation::put_item::PutItemError::ConditionalCheckFailedException;
        match error {
            ConditionalCheckFailedException(failed) => failed.item().cloned(),
            _ => None,
        }
    };
    assert_eq!(item(&error).unwrap()["total"], n(4_200));
    assert_eq!(item(&silent), None);
    let bill = stack.capacity().of("PutItem", LEDGER);
    assert_eq!((bill.calls, bill.write_units), (3, 3.0));
}

fn transaction() -> Vec<TransactWriteItem> {
    let check = ConditionCheck::builder()
        .table_name(CUSTOMERS)
        .key("pk", s("customer/anna"))
        .condition_expression("rev = :rev")
        .expression_attribute_values(":rev", n(7))
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
    let put = Put::builder().table_name(LEDGER).item("pk", s("message/1")).item("state", s("claimed"));
    vec![
        TransactWriteItem::builder().put(put.build().unwrap()).build(),
        TransactWriteItem::builder().condition_check(check.build().unwrap()).build(),
    ]
}

#[tokio::test]
async fn a_claim_that_lost_the_race_is_cancelled_whole_and_says_why() {
    let stack = stack();
    let client = Client::new(stack.config());
    put(&client, CUSTOMERS, &[("pk", s("customer/anna")), ("rev", n(8))]).await;
    stack.reset_capacity();
    let request = client.transact_write_items().set_transact_items(Some(transaction()));
    let error = request.send().await.unwrap_err().into_service_error();
    let TransactWriteItemsError::TransactionCanceledException(cancelled) = error else {
        panic!("not cancelled: {error:?}");
    };
    let reasons = cancelled.cancellation_reasons();
    let codes: Vec<_> = reasons.iter().filter_map(|reason| reason.code()).collect();
    assert_eq!(codes, ["None", "ConditionalCheckFailed"]);
    assert_eq!(reasons[1].item().unwrap()["rev"], n(8));
    let message = client.get_item().table_name(LEDGER).key("pk", s("message/1"));
    assert_eq!(message.send().await.unwrap().item, None);
    let bill = stack.capacity();
    assert_eq!(bill.of("TransactWriteItems", LEDGER).write_units, 2.0);
    assert_eq!(bill.of("TransactWriteItems", CUSTOMERS).write_units, 2.0);
}

#[tokio::test]
async fn a_transaction_under_one_token_happens_once() {
    let stack = stack();
    let client = Client::new(stack.config());
    put(&client, CUSTOMERS, &[("pk", s("customer/anna")), ("rev", n(7))]).await;
    let update = Update::builder()
        .table_name(CUSTOMERS)
        .key("pk", s("customer/anna"))
        .update_expression("ADD rev :one")
        .expression_attribute_values(":one", n(1));
    let update = TransactWriteItem::builder().update(update.build().unwrap());
    let request = client.transact_write_items().transact_items(update.build()).client_request_token("claim-1");
    request.clone().send().await.unwrap();
    request.clone().send().await.unwrap();
    let anna = client.get_item().table_name(CUSTOMERS).key("pk", s("customer/anna"));
    let item = anna.send().await.unwrap().item.unwrap();
    assert_eq!(item["rev"], n(8));
    let other = request.set_transact_items(Some(transaction())).send().await;
    let error = other.unwrap_err();
    assert_eq!(error.code(), Some("IdempotentParameterMismatchException"));
}

#[tokio::test]
async fn only_customers_who_are_due_are_in_the_index() {
    let stack = stack();
    let client = Client::new(stack.config());
    put(&client, CUSTOMERS, &[("pk", s("customer/anna")), ("due_shard", s("shop/0")), ("due", n(100))]).await;
    put(&client, CUSTOMERS, &[("pk", s("customer/ben")), ("due_shard", s("shop/0")), ("due", n(300))]).await;
    put(&client, CUSTOMERS, &[("pk", s("customer/cleo"))]).await;
    assert_eq!(due_before(&client, 200).await, ["customer/anna"]);
    assert_eq!(due_before(&client, 400).await, ["customer/anna", "customer/ben"]);
    let bill = stack.capacity();
    assert_eq!(bill.of("PutItem", CUSTOMERS).index_write_units, 2.0);
    assert!(bill.of("Query", CUSTOMERS).read_units > 0.0);
}

#[tokio::test]
async fn a_frozen_index_shows_what_was_until_it_thaws() {
    let stack = stack();
    let client = Client::new(stack.config());
    put(&client, CUSTOMERS, &[("pk", s("customer/anna")), ("due_shard", s("shop/0")), ("due", n(100))]).await;
    stack.freeze_index().unwrap();
    put(&client, CUSTOMERS, &[("pk", s("customer/anna"))]).await;
    put(&client, CUSTOMERS, &[("pk", s("customer/ben")), ("due_shard", s("shop/0")), ("due", n(100))]).await;
    assert_eq!(due_before(&client, 200).await, ["customer/anna"]);
    let anna = client.get_item().table_name(CUSTOMERS).key("pk", s("customer/anna"));
    let item = anna.send().await.unwrap().item.unwrap();
    assert!(!item.contains_key("due"), "the table itself is never stale");
    stack.thaw_index();
    assert_eq!(due_before(&client, 200).await, ["customer/ben"]);
}

#[tokio::test]
async fn a_bill_is_shown_to_those_who_ask() {
    let stack = stack();
    let client = Client::new(stack.config());
    let get = client.get_item().table_name(LEDGER).key("pk", s("order/1"));
    let silent = get.clone().consistent_read(true).send().await.unwrap();
    assert!(silent.consumed_capacity().is_none());
    let asked = get.return_consumed_capacity(ReturnConsumedCapacity::Total);
    let told = asked.send().await.unwrap();
    assert_eq!(told.consumed_capacity().unwrap().capacity_units(), Some(0.5));
    assert_eq!(stack.capacity().total().read_units, 1.5);
    stack.reset_capacity();
    assert_eq!(stack.capacity().total().calls, 0);
}

#[tokio::test]
async fn a_scan_and_a_batch_read_find_everybody() {
    let client = Client::new(stack().config());
    for name in ["customer/anna", "customer/ben"] {
        put(&client, CUSTOMERS, &[("pk", s(name))]).await;
    }
    let mut found = 0;
    for segment in 0..2 {
        let scan = client.scan().table_name(CUSTOMERS).total_segments(2).segment(segment);
        found += scan.send().await.unwrap().count();
    }
    assert_eq!(found, 2);
    let keys =
        KeysAndAttributes::builder().keys(HashMap::from([("pk".to_owned(), s("customer/ben"))])).build().unwrap();
    let read = client.batch_get_item().request_items(CUSTOMERS, keys);
    assert_eq!(read.send().await.unwrap().responses.unwrap()[CUSTOMERS].len(), 1);
    let delete = client.delete_item().table_name(CUSTOMERS).key("pk", s("customer/ben"));
    delete.condition_expression("attribute_exists(pk)").send().await.unwrap();
}

async fn expire(stack: &Stack, turned: &Turned) {
    let client = Client::new(stack.config());
    let soon = turned.clock()().as_second() + 60;
    put(&client, LEDGER, &[("pk", s("order/old")), ("expires", n(soon))]).await;
    put(&client, LEDGER, &[("pk", s("order/kept"))]).await;
    assert_eq!(stack.sweep_ttl().unwrap(), 0);
    turned.turn(SignedDuration::from_secs(120));
    assert_eq!(stack.sweep_ttl().unwrap(), 1);
    let left = client.scan().table_name(LEDGER).send().await.unwrap();
    assert_eq!(left.items()[0]["pk"], s("order/kept"));
}

#[tokio::test]
async fn what_has_expired_goes_by_the_turned_clock() {
    let turned = Turned::new();
    expire(&stack_at(&turned), &turned).await;
}

#[tokio::test]
async fn what_has_expired_goes_from_a_file_too() {
    let turned = Turned::new();
    let path = scratch("expired");
    let stack = Stack::in_file(&path, turned.clock()).unwrap();
    stack.create_tables().unwrap();
    expire(&stack, &turned).await;
}

#[tokio::test]
async fn an_operation_nobody_makes_is_refused_by_name() {
    let client = Client::new(stack().config());
    let error = client.list_tables().send().await.unwrap_err();
    assert_eq!(error.code(), Some("UnknownOperationException"));
    assert!(error.message().unwrap().contains("ListTables"));
}

#[tokio::test]
async fn a_wrong_expression_is_refused_as_dynamodb_does() {
    let client = Client::new(stack().config());
    let put = client.put_item().table_name(LEDGER).item("pk", s("order/1"));
    let error = put.condition_expression("no such thing").send().await.unwrap_err();
    assert_eq!(error.code(), Some("ValidationException"));
    let table = client.describe_table().table_name(CUSTOMERS).send().await.unwrap();
    assert_eq!(table.table().unwrap().table_name(), Some(CUSTOMERS));
}
