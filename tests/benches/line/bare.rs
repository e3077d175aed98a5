//! Requests from a tape, issued through SDK clients and nothing else.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;

use aws_sdk_dynamodb::types::{AttributeValue, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update};
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message, MessageHeader, MessageTag};
use aws_sdk_sqs::types::{QueueAttributeName, SendMessageBatchRequestEntry};
use jiff::Timestamp;
use serde_json::Value;
use winback_local::place::Place;

use crate::tape::Taped;

/// A request that is built and not yet sent. A refusal is an answer like any other: the line got it too.
pub struct Prepared {
    at: Timestamp,
    send: Pin<Box<dyn Future<Output = ()>>>,
}

struct Clients {
    tables: aws_sdk_dynamodb::Client,
    mails: aws_sdk_sesv2::Client,
    queues: aws_sdk_sqs::Client,
    secrets: aws_sdk_ssm::Client,
}

/// Builds every request of a tape for another place.
pub fn prepared(place: &Place, taped: &[Taped]) -> Vec<Prepared> {
    let sdk = place.stack.config();
    let clients = Clients {
        tables: aws_sdk_dynamodb::Client::new(sdk),
        mails: aws_sdk_sesv2::Client::new(sdk),
        queues: aws_sdk_sqs::Client::new(sdk),
        secrets: aws_sdk_ssm::Client::new(sdk),
    };
    taped.iter().map(|taped| Prepared { at: taped.at, send: clients.request(&taped.operation, &taped.input) }).collect()
}

/// Sends them all, each at its time. What they put on the queues is taken off again, as a poller would.
pub async fn issue(place: &Place, prepared: Vec<Prepared>) {
    for request in prepared {
        place.clock.turn_to(request.at);
        request.send.await;
        for batch in std::iter::from_fn(|| place.stack.take_batch("due", 10).ok().filter(|batch| !batch.is_empty())) {
            let ids: Vec<&str> = batch.iter().map(|message| message.message_id.as_str()).collect();
            place.stack.settle("due", &ids, &[]).expect("the queue settles");
        }
    }
}

macro_rules! sending {
    ($request:expr) => {{
        let request = $request;
        Box::pin(async move { drop(request.send().await) })
    }};
}

impl Clients {
    fn request(&self, operation: &str, input: &Value) -> Pin<Box<dyn Future<Output = ()>>> {
        let table = text(input, "TableName").unwrap_or_default();
        let expressions = Expressions::of(input);
        match operation {
            "GetItem" => sending!(
                self.tables.get_item().table_name(table).set_key(attributes(&input["Key"])).consistent_read(true)
            ),
            "PutItem" => sending!(
                self.tables
                    .put_item()
                    .table_name(table)
                    .set_item(attributes(&input["Item"]))
                    .set_condition_expression(expressions.condition)
                    .set_expression_attribute_names(expressions.names)
                    .set_expression_attribute_values(expressions.values)
                    .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            ),
            "UpdateItem" => sending!(
                self.tables
                    .update_item()
                    .table_name(table)
                    .set_key(attributes(&input["Key"]))
                    .set_update_expression(text(input, "UpdateExpression"))
                    .set_condition_expression(expressions.condition)
                    .set_expression_attribute_names(expressions.names)
                    .set_expression_attribute_values(expressions.values)
                    .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            ),
            "TransactWriteItems" => {
                let items = list(&input["TransactItems"]).map(action).collect();
                sending!(self.tables.transact_write_items().set_transact_items(Some(items)))
            }
            "Query" => sending!(
                self.tables
                    .query()
                    .table_name(table)
                    .set_index_name(text(input, "IndexName"))
                    .set_key_condition_expression(text(input, "KeyConditionExpression"))
                    .set_expression_attribute_values(expressions.values)
                    .set_limit(input["Limit"].as_i64().and_then(|limit| i32::try_from(limit).ok()))
            ),
            "outbound-emails" => self.mail(input),
            "account" => sending!(self.mails.get_account()),
            "SendMessageBatch" => {
                let entry = |entry: &Value| {
                    let built = SendMessageBatchRequestEntry::builder().set_id(text(entry, "Id"));
                    built.set_message_body(text(entry, "MessageBody")).build().expect("an entry")
                };
                let entries = list(&input["Entries"]).map(entry).collect();
                let request = self.queues.send_message_batch().set_queue_url(text(input, "QueueUrl"));
                sending!(request.set_entries(Some(entries)))
            }
            "GetQueueAttributes" => {
                let names = list(&input["AttributeNames"]).filter_map(Value::as_str).map(QueueAttributeName::from);
                let request = self.queues.get_queue_attributes().set_queue_url(text(input, "QueueUrl"));
                sending!(request.set_attribute_names(Some(names.collect())))
            }
            "GetParameter" => {
                let request = self.secrets.get_parameter().set_name(text(input, "Name"));
                sending!(request.with_decryption(true))
            }
            other => panic!("the line made a call this bench does not know: {other}"),
        }
    }

    fn mail(&self, input: &Value) -> Pin<Box<dyn Future<Output = ()>>> {
        let content = |part: &Value| {
            let content = Content::builder().set_data(text(part, "Data")).set_charset(text(part, "Charset"));
            content.build().expect("a content")
        };
        let simple = &input["Content"]["Simple"];
        let body = Body::builder().html(content(&simple["Body"]["Html"])).text(content(&simple["Body"]["Text"]));
        let header = |pair: &Value| {
            let header = MessageHeader::builder().set_name(text(pair, "Name")).set_value(text(pair, "Value"));
            header.build().expect("a header")
        };
        let message = Message::builder().subject(content(&simple["Subject"])).body(body.build());
        let message = message.set_headers(Some(list(&simple["Headers"]).map(header).collect())).build();
        let tag = |pair: &Value| {
            let tag = MessageTag::builder().set_name(text(pair, "Name")).set_value(text(pair, "Value"));
            tag.build().expect("a tag")
        };
        let to = list(&input["Destination"]["ToAddresses"]).filter_map(Value::as_str).map(str::to_owned).collect();
        sending!(
            self.mails
                .send_email()
                .set_from_email_address(text(input, "FromEmailAddress"))
                .destination(Destination::builder().set_to_addresses(Some(to)).build())
                .content(EmailContent::builder().simple(message).build())
                .set_configuration_set_name(text(input, "ConfigurationSetName"))
                .set_email_tags(Some(list(&input["EmailTags"]).map(tag).collect()))
        )
    }
}

fn action(item: &Value) -> TransactWriteItem {
    let built = TransactWriteItem::builder();
    if let Some(put) = item.get("Put") {
        let expressions = Expressions::of(put);
        let put = Put::builder().set_table_name(text(put, "TableName")).set_item(attributes(&put["Item"]));
        let put = put.set_condition_expression(expressions.condition).set_expression_attribute_names(expressions.names);
        return built.put(put.set_expression_attribute_values(expressions.values).build().expect("a put")).build();
    }
    let update = &item["Update"];
    let expressions = Expressions::of(update);
    let built_update = Update::builder().set_table_name(text(update, "TableName")).set_key(attributes(&update["Key"]));
    let built_update = built_update.set_update_expression(text(update, "UpdateExpression"));
    let built_update = built_update.set_condition_expression(expressions.condition);
    let built_update = built_update.set_expression_attribute_names(expressions.names);
    let built_update = built_update.set_expression_attribute_values(expressions.values);
    built.update(built_update.build().expect("an update")).build()
}

/// The condition of a request, with its names and values.
struct Expressions {
    condition: Option<String>,
    names: Option<HashMap<String, String>>,
    values: Option<HashMap<String, AttributeValue>>,
}

impl Expressions {
    fn of(input: &Value) -> Self {
        let name = |(name, value): (&String, &Value)| (name.clone(), value.as_str().unwrap_or_default().to_owned());
        Self {
            condition: text(input, "ConditionExpression"),
            names: input["ExpressionAttributeNames"].as_object().map(|names| names.iter().map(name).collect()),
            values: attributes(&input["ExpressionAttributeValues"]),
        }
    }
}

fn text(input: &Value, name: &str) -> Option<String> {
    input[name].as_str().map(str::to_owned)
}

fn list(input: &Value) -> impl Iterator<Item = &Value> {
    input.as_array().into_iter().flatten()
}

fn attributes(input: &Value) -> Option<HashMap<String, AttributeValue>> {
    input.as_object().map(|named| named.iter().map(|(name, value)| (name.clone(), attribute(value))).collect())
}

fn attribute(input: &Value) -> AttributeValue {
    let (kind, value) = input.as_object().and_then(|one| one.iter().next()).expect("a value under its kind");
    let said = || value.as_str().unwrap_or_default().to_owned();
    match kind.as_str() {
        "S" => AttributeValue::S(said()),
        "N" => AttributeValue::N(said()),
        "BOOL" => AttributeValue::Bool(value.as_bool().unwrap_or_default()),
        "NULL" => AttributeValue::Null(true),
        "L" => AttributeValue::L(list(value).map(attribute).collect()),
        "M" => AttributeValue::M(attributes(value).unwrap_or_default()),
        other => panic!("the line wrote a value this bench does not know: {other}"),
    }
}
