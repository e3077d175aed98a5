//! The two tables: conditional writes and consistent reads. Nothing else of the project speaks DynamoDB.

pub mod customers;
pub mod first_mail;
pub mod ledger;
pub mod limits;
pub mod pages;
pub mod pool;
pub mod restored;
pub mod stock;
pub mod stores;

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update};
use serde::Serialize;
use serde::de::DeserializeOwned;

use winback_domain::ids::StoreId;

use crate::config::Config;
use crate::keys::Key;

/// An item as DynamoDB has it.
pub type Item = HashMap<String, AttributeValue>;

/// The tables failed. Trying again later is right unless the item itself cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// DynamoDB did not do it: too busy, out of reach, not allowed. Its own words, which carry no item.
    #[error("DynamoDB: {0}")]
    Failed(String),
    /// No such store.
    #[error("store {0} is not there")]
    NoStore(StoreId),
    /// Too many wrote to a store's record at once. Trying again is right.
    #[error("store {0} is written to by too many at once; try again")]
    Contended(StoreId),
    /// An item does not read as what its key says. An operator must look; a retry will not help.
    #[error("item {key} cannot be read: {problem}")]
    Unreadable {
        /// Which.
        key: String,
        /// What is wrong, without values.
        problem: String,
    },
}

/// How a conditional write ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// Written.
    Done,
    /// A condition did not hold. With the item as it is, where one write alone was asked for.
    Lost(Option<Item>),
}

impl Outcome {
    /// Whether it was written.
    pub fn done(&self) -> bool {
        matches!(self, Self::Done)
    }
}

/// Both tables.
#[derive(Clone, Debug)]
pub struct Tables {
    client: Client,
    customers: String,
    ledger: String,
    shards: u32,
}

/// Which table a write goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// What a scan reads.
    Customers,
    /// What is kept for the record.
    Ledger,
}

/// One conditional write, alone or in a transaction.
#[derive(Clone, Debug)]
pub struct Write {
    table: Table,
    key: String,
    change: Change,
    condition: String,
    names: HashMap<String, String>,
    values: Item,
}

#[derive(Clone, Debug)]
enum Change {
    Put(Item),
    Update(String),
}

impl Write {
    /// Puts an item whole.
    pub fn put(table: Table, key: &Key, item: Item) -> Self {
        Self::new(table, key, Change::Put(item))
    }

    /// Changes parts of an item by an update expression.
    pub fn update(table: Table, key: &Key, expression: &str) -> Self {
        Self::new(table, key, Change::Update(expression.to_owned()))
    }

    fn new(table: Table, key: &Key, change: Change) -> Self {
        let (names, values) = (HashMap::new(), HashMap::new());
        Self { table, key: key.to_string(), change, condition: String::new(), names, values }
    }

    /// Adds a condition; all must hold.
    #[must_use]
    pub fn when(mut self, condition: &str) -> Self {
        if !self.condition.is_empty() {
            self.condition.push_str(" AND ");
        }
        self.condition.push('(');
        self.condition.push_str(condition);
        self.condition.push(')');
        self
    }

    /// Names an attribute for the expressions.
    #[must_use]
    pub fn name(mut self, placeholder: &str, attribute: &str) -> Self {
        self.names.insert(placeholder.to_owned(), attribute.to_owned());
        self
    }

    /// Gives a value to the expressions.
    #[must_use]
    pub fn value(mut self, placeholder: &str, value: AttributeValue) -> Self {
        self.values.insert(placeholder.to_owned(), value);
        self
    }

    /// Gives a whole number to the expressions.
    #[must_use]
    pub fn number(self, placeholder: &str, value: impl ToString) -> Self {
        self.value(placeholder, AttributeValue::N(value.to_string()))
    }

    /// Gives a text to the expressions.
    #[must_use]
    pub fn text(self, placeholder: &str, value: &str) -> Self {
        self.value(placeholder, AttributeValue::S(value.to_owned()))
    }
}

impl Tables {
    /// Over an SDK client. Its retries stay on: every write here carries a condition that makes a second try safe.
    pub fn new(client: Client, config: &Config) -> Self {
        Self {
            client,
            customers: config.customers_table.clone(),
            ledger: config.ledger_table.clone(),
            shards: config.due_shards,
        }
    }

    fn table(&self, table: Table) -> &str {
        match table {
            Table::Customers => &self.customers,
            Table::Ledger => &self.ledger,
        }
    }

    /// Reads one item, consistently.
    pub async fn get(&self, table: Table, key: &Key) -> Result<Option<Item>, Error> {
        let pk = AttributeValue::S(key.to_string());
        let request = self.client.get_item().table_name(self.table(table)).key("pk", pk).consistent_read(true);
        request.send().await.map(|answer| answer.item).map_err(failed)
    }

    /// Reads one item into a type.
    pub async fn load<T: DeserializeOwned>(&self, table: Table, key: &Key) -> Result<Option<T>, Error> {
        let item = self.get(table, key).await?;
        item.map(|item| from_item(key, item)).transpose()
    }

    /// Takes an item out. Only for what an erasure removes.
    pub async fn delete(&self, table: Table, key: &Key) -> Result<(), Error> {
        let pk = AttributeValue::S(key.to_string());
        let request = self.client.delete_item().table_name(self.table(table)).key("pk", pk);
        request.send().await.map(|_| ()).map_err(failed)
    }

    /// Commits writes: one alone as it is, several as a transaction, all or none.
    pub async fn commit(&self, mut writes: Vec<Write>) -> Result<Outcome, Error> {
        match writes.len() {
            0 => Ok(Outcome::Done),
            1 => self.write(writes.remove(0)).await,
            _ => self.transact(writes).await,
        }
    }

    async fn write(&self, write: Write) -> Result<Outcome, Error> {
        let table = self.table(write.table);
        let condition = Some(write.condition).filter(|condition| !condition.is_empty());
        let names = Some(write.names).filter(|names| !names.is_empty());
        let values = Some(write.values).filter(|values| !values.is_empty());
        let old = ReturnValuesOnConditionCheckFailure::AllOld;
        let failed_condition = match write.change {
            Change::Put(item) => {
                let request = self.client.put_item().table_name(table).set_item(Some(item));
                let request = request.set_condition_expression(condition).set_expression_attribute_names(names);
                let request = request.set_expression_attribute_values(values);
                match request.return_values_on_condition_check_failure(old).send().await {
                    Ok(_) => return Ok(Outcome::Done),
                    Err(error) => match error.as_service_error() {
                        Some(aws_sdk_dynamodb::operation::put_item::PutItemError::ConditionalCheckFailedException(
                            lost,
                        )) => lost.item.clone(),
                        _ => return Err(failed(error)),
                    },
                }
            }
            Change::Update(expression) => {
                let pk = AttributeValue::S(write.key);
                let request = self.client.update_item().table_name(table).key("pk", pk);
                let request = request.update_expression(expression).set_condition_expression(condition);
                let request = request.set_expression_attribute_names(names).set_expression_attribute_values(values);
                match request.return_values_on_condition_check_failure(old).send().await {
                    Ok(_) => return Ok(Outcome::Done),
                    Err(error) => match error.as_service_error() {
                        Some(
                            aws_sdk_dynamodb::operation::update_item::UpdateItemError::ConditionalCheckFailedException(
                                lost,
                            ),
                        ) => lost.item.clone(),
                        _ => return Err(failed(error)),
                    },
                }
            }
        };
        Ok(Outcome::Lost(failed_condition))
    }

    async fn transact(&self, writes: Vec<Write>) -> Result<Outcome, Error> {
        let mut items = Vec::with_capacity(writes.len());
        for write in writes {
            let condition = Some(write.condition).filter(|condition| !condition.is_empty());
            let names = Some(write.names).filter(|names| !names.is_empty());
            let values = Some(write.values).filter(|values| !values.is_empty());
            let table = self.table(write.table);
            let item = TransactWriteItem::builder();
            items.push(match write.change {
                Change::Put(put) => {
                    let put = Put::builder().table_name(table).set_item(Some(put));
                    let put = put.set_condition_expression(condition).set_expression_attribute_names(names);
                    let put = put.set_expression_attribute_values(values).build();
                    item.put(put.map_err(|error| Error::Failed(error.to_string()))?).build()
                }
                Change::Update(expression) => {
                    let update = Update::builder().table_name(table).key("pk", AttributeValue::S(write.key));
                    let update = update.update_expression(expression).set_condition_expression(condition);
                    let update = update.set_expression_attribute_names(names);
                    let update = update.set_expression_attribute_values(values).build();
                    item.update(update.map_err(|error| Error::Failed(error.to_string()))?).build()
                }
            });
        }
        match self.client.transact_write_items().set_transact_items(Some(items)).send().await {
            Ok(_) => Ok(Outcome::Done),
            Err(error) => match error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                    let reasons = cancelled.cancellation_reasons();
                    // A conflict with another transaction is no lost condition, but the next look will do the same.
                    let lost = reasons
                        .iter()
                        .filter_map(|reason| reason.code())
                        .any(|code| matches!(code, "ConditionalCheckFailed" | "TransactionConflict"));
                    if lost { Ok(Outcome::Lost(None)) } else { Err(failed(error)) }
                }
                _ => Err(failed(error)),
            },
        }
    }
}

/// Turns a record into an item under its key.
pub(crate) fn to_item(key: &Key, record: &impl Serialize) -> Result<Item, Error> {
    let unreadable = |problem: String| Error::Unreadable { key: key.to_string(), problem };
    let mut item: Item = serde_dynamo::to_item(record).map_err(|error| unreadable(error.to_string()))?;
    item.insert("pk".to_owned(), AttributeValue::S(key.to_string()));
    Ok(item)
}

/// Turns an item into a record.
pub(crate) fn from_item<T: DeserializeOwned>(key: &Key, item: Item) -> Result<T, Error> {
    serde_dynamo::from_item(item)
        .map_err(|error| Error::Unreadable { key: key.to_string(), problem: error.to_string() })
}

/// What the SDK says, without the request: it holds addresses.
fn failed<E>(error: SdkError<E>) -> Error
where
    E: aws_sdk_dynamodb::error::ProvideErrorMetadata + std::error::Error + 'static,
{
    let said = match &error {
        SdkError::ServiceError(service) => {
            let meta = service.err().meta();
            format!("{}: {}", meta.code().unwrap_or("error"), meta.message().unwrap_or("no message"))
        }
        SdkError::TimeoutError(_) => "no answer in time".to_owned(),
        SdkError::DispatchFailure(failure) => format!("out of reach (io: {})", failure.is_io()),
        _ => "answered what cannot be read".to_owned(),
    };
    Error::Failed(said)
}
