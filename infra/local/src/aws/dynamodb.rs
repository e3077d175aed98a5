//! The stand-in for DynamoDB: dynoxide in this process, with the ledger of capacity around it.
//!
//! Only the operations Winback makes are here. Every call is asked what it consumed, whether or not the caller wants to
//! know, and every condition for the item it failed on; what the caller did not ask for is taken out of the answer again.

use std::sync::{Arc, Mutex};

use dynoxide::actions::{
    batch_get_item::BatchGetItemRequest, create_table::CreateTableRequest, delete_item::DeleteItemRequest,
    describe_table::DescribeTableRequest, get_item::GetItemRequest, put_item::PutItemRequest, query::QueryRequest,
    scan::ScanRequest, transact_write_items::TransactWriteItemsRequest, update_item::UpdateItemRequest,
    update_time_to_live::UpdateTimeToLiveRequest,
};
use dynoxide::storage::Storage;
use dynoxide::storage_backend::Clock as DatabaseClock;
use dynoxide::types::{ConsumedCapacity, item_size};
use dynoxide::{Database, DynoxideError};
use serde::Deserialize;

use super::bill::{Condition, ask, trim, trim_all};
use super::capacity::Capacity;
use super::faults::Permission;
use super::feed::{self, Feed};
use super::seam::Answer;
use super::tables::{self, CUSTOMERS, DUE};
use super::transactions::{self, Tokens};
use super::{Clock, Error, lock};

/// A request to DynamoDB.
pub(crate) enum Request {
    CreateTable(CreateTableRequest),
    DescribeTable(DescribeTableRequest),
    UpdateTimeToLive(UpdateTimeToLiveRequest),
    GetItem(GetItemRequest),
    BatchGetItem(BatchGetItemRequest),
    PutItem(PutItemRequest),
    UpdateItem(UpdateItemRequest),
    DeleteItem(DeleteItemRequest),
    Query(QueryRequest),
    Scan(ScanRequest),
    /// With the body it was read from, by which a second try is known.
    TransactWriteItems(TransactWriteItemsRequest, Box<[u8]>),
}

impl Request {
    /// Reads the input of an operation.
    pub(crate) fn read(operation: &str, body: &[u8]) -> Result<Self, Answer> {
        fn input<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, Answer> {
            serde_json::from_slice(body).map_err(|error| refused(&not_an_input(&error)))
        }
        Ok(match operation {
            "CreateTable" => Self::CreateTable(input(body)?),
            "DescribeTable" => Self::DescribeTable(input(body)?),
            "UpdateTimeToLive" => Self::UpdateTimeToLive(input(body)?),
            "GetItem" => Self::GetItem(input(body)?),
            "BatchGetItem" => Self::BatchGetItem(input(body)?),
            "PutItem" => Self::PutItem(input(body)?),
            "UpdateItem" => Self::UpdateItem(input(body)?),
            "DeleteItem" => Self::DeleteItem(input(body)?),
            "Query" => Self::Query(input(body)?),
            "Scan" => Self::Scan(input(body)?),
            "TransactWriteItems" => Self::TransactWriteItems(input(body)?, body.into()),
            _ => return Err(Answer::unknown("DynamoDB", operation)),
        })
    }

    /// What IAM would have had to allow. A transaction needs what its actions need.
    pub(crate) fn permissions(&self) -> Vec<Permission> {
        let one = |action: &str, table: &str| vec![Permission::new(format!("dynamodb:{action}"), table)];
        let read = |action: &str, table: &str, index: Option<&String>| match index {
            Some(index) => one(action, &format!("{table}/index/{index}")),
            None => one(action, table),
        };
        match self {
            Self::CreateTable(_) => one("CreateTable", "*"),
            Self::DescribeTable(request) => one("DescribeTable", &request.table_name),
            Self::UpdateTimeToLive(request) => one("UpdateTimeToLive", &request.table_name),
            Self::GetItem(request) => one("GetItem", &request.table_name),
            Self::BatchGetItem(request) => {
                let mut tables: Vec<&String> = request.request_items.keys().collect();
                tables.sort();
                tables.into_iter().flat_map(|table| one("BatchGetItem", table)).collect()
            }
            Self::PutItem(request) => one("PutItem", &request.table_name),
            Self::UpdateItem(request) => one("UpdateItem", &request.table_name),
            Self::DeleteItem(request) => one("DeleteItem", &request.table_name),
            Self::Query(request) => read("Query", &request.table_name, request.index_name.as_ref()),
            Self::Scan(request) => read("Scan", &request.table_name, request.index_name.as_ref()),
            Self::TransactWriteItems(request, _) => {
                transactions::actions(request).flat_map(|(action, table)| one(action, table)).collect()
            }
        }
    }

    /// What DynamoDB answers when another transaction holds an item of this write.
    pub(crate) fn conflict(&self) -> Answer {
        match self {
            Self::TransactWriteItems(request, _) => transactions::conflict(request.transact_items.len()),
            _ => Answer::error(400, "TransactionConflictException", "Transaction is ongoing for the item"),
        }
    }
}

/// The marks that dynoxide puts before the messages of its own checks.
const MARKS: [&str; 2] = ["VALIDATION_REQUEST:", "VALIDATION:"];

/// The error for a body that is not the operation's input.
fn not_an_input(error: &serde_json::Error) -> DynoxideError {
    let message = error.to_string();
    for mark in MARKS {
        if let Some(rest) = message.strip_prefix(mark) {
            return DynoxideError::ValidationException(rest.to_owned());
        }
    }
    DynoxideError::SerializationException(message)
}

/// An error of dynoxide's as DynamoDB words it.
pub(super) fn refused(error: &DynoxideError) -> Answer {
    Answer::bytes(error.status_code(), error.to_json().into_bytes())
}

/// The turned clock as dynoxide reads it.
struct TurnedClock(Clock);

impl DatabaseClock for TurnedClock {
    fn now_unix_secs(&self) -> u64 {
        u64::try_from((self.0)().as_second()).unwrap_or(0)
    }

    fn now_unix_secs_f64(&self) -> f64 {
        (self.0)().as_millisecond() as f64 / 1000.0
    }
}

/// DynamoDB in this process.
pub(crate) struct DynamoDb {
    database: Database,
    /// The file, where the database has one.
    file: Option<String>,
    clock: Clock,
    /// The `due` index as it was when it was frozen.
    frozen: Mutex<Option<Database>>,
    pub(super) capacity: Mutex<Capacity>,
    tokens: Tokens,
    pub(super) feed: Feed,
}

impl DynamoDb {
    /// Tables in memory, or in a file.
    pub(crate) fn open(file: Option<String>, clock: Clock) -> Result<Self, Error> {
        let database = match &file {
            Some(path) => Database::new(path)?,
            None => Database::memory_with_clock(Arc::new(TurnedClock(Arc::clone(&clock))))?,
        };
        Ok(Self {
            database,
            file,
            clock,
            frozen: Mutex::default(),
            capacity: Mutex::default(),
            tokens: Tokens::default(),
            feed: Feed::default(),
        })
    }

    /// Makes the tables that are not there.
    pub(crate) fn create_tables(&self) -> Result<(), Error> {
        for definition in tables::definitions() {
            create(&self.database, definition)?;
        }
        let ledger = serde_json::from_value(tables::time_to_live()).map_err(|error| not_an_input(&error))?;
        match self.database.update_time_to_live(ledger) {
            // It is already on.
            Ok(_) | Err(DynoxideError::ValidationException(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes what has expired by the turned clock and says how many items that were.
    pub(crate) fn sweep_ttl(&self) -> Result<usize, Error> {
        let Some(path) = &self.file else {
            return Ok(self.database.sweep_ttl()?);
        };
        // A database on file takes no clock of ours, a second connection to the file does.
        let clock = Arc::new(TurnedClock(Arc::clone(&self.clock)));
        let storage = Storage::new(path)?.with_clock(clock);
        let mut sweep = std::pin::pin!(dynoxide::ttl::sweep_expired_items(&storage));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match sweep.as_mut().poll(&mut context) {
            std::task::Poll::Ready(swept) => Ok(swept?),
            std::task::Poll::Pending => unreachable!("dynoxide's own database never waits"),
        }
    }

    /// From now on the `due` index answers as it is now.
    pub(crate) fn freeze_index(&self) -> Result<(), Error> {
        let frozen = Database::memory()?;
        let [customers, _] = tables::definitions();
        create(&frozen, customers)?;
        let mut next = None;
        loop {
            let page = self.database.scan(ScanRequest {
                table_name: CUSTOMERS.to_owned(),
                index_name: Some(DUE.to_owned()),
                exclusive_start_key: next,
                ..ScanRequest::default()
            })?;
            for item in page.items.unwrap_or_default() {
                frozen.put_item(PutItemRequest {
                    table_name: CUSTOMERS.to_owned(),
                    item,
                    ..PutItemRequest::default()
                })?;
            }
            next = page.last_evaluated_key;
            if next.is_none() {
                break;
            }
        }
        *lock(&self.frozen) = Some(frozen);
        self.feed.changed();
        Ok(())
    }

    /// The `due` index answers as it is again.
    pub(crate) fn thaw_index(&self) {
        *lock(&self.frozen) = None;
        self.feed.changed();
    }

    /// The database that answers a read of an index.
    fn reader(&self, index: Option<&String>) -> Database {
        index.and_then(|_| lock(&self.frozen).clone()).unwrap_or_else(|| self.database.clone())
    }

    pub(crate) fn carry_out(&self, request: Request) -> Answer {
        let keys = feed::keys(&request);
        let done = match request {
            Request::CreateTable(request) => self.database.create_table(request).map(|done| Answer::ok(&done)),
            Request::DescribeTable(request) => self.database.describe_table(request).map(|done| Answer::ok(&done)),
            Request::UpdateTimeToLive(request) => {
                self.database.update_time_to_live(request).map(|done| Answer::ok(&done))
            }
            Request::GetItem(request) => self.get(request),
            Request::BatchGetItem(request) => self.batch_get(request),
            Request::Query(request) => self.query(request),
            Request::Scan(request) => self.scan(request),
            Request::PutItem(request) => self.put(request),
            Request::UpdateItem(request) => self.update(request),
            Request::DeleteItem(request) => self.delete(request),
            Request::TransactWriteItems(request, body) => {
                transactions::carry_out(&self.database, &self.capacity, &self.tokens, request, body, (self.clock)())
            }
        };
        let answer = done.unwrap_or_else(|error| refused(&error));
        if answer.status == 200 {
            self.feed.written(&keys);
        }
        answer
    }

    fn get(&self, mut request: GetItemRequest) -> dynoxide::Result<Answer> {
        let asked = ask(&mut request.return_consumed_capacity);
        let mut done = self.database.get_item(request)?;
        self.bill(&mut done.consumed_capacity, asked, |ledger, used| ledger.read("GetItem", used));
        Ok(Answer::ok(&done))
    }

    fn batch_get(&self, mut request: BatchGetItemRequest) -> dynoxide::Result<Answer> {
        let asked = ask(&mut request.return_consumed_capacity);
        let mut done = self.database.batch_get_item(request)?;
        {
            let mut ledger = lock(&self.capacity);
            for used in done.consumed_capacity.iter().flatten() {
                ledger.read("BatchGetItem", used);
            }
        }
        trim_all(&mut done.consumed_capacity, asked);
        Ok(Answer::ok(&done))
    }

    fn query(&self, mut request: QueryRequest) -> dynoxide::Result<Answer> {
        let asked = ask(&mut request.return_consumed_capacity);
        let mut done = self.reader(request.index_name.as_ref()).query(request)?;
        self.bill(&mut done.consumed_capacity, asked, |ledger, used| ledger.read("Query", used));
        Ok(Answer::ok(&done))
    }

    fn scan(&self, mut request: ScanRequest) -> dynoxide::Result<Answer> {
        let asked = ask(&mut request.return_consumed_capacity);
        let mut done = self.reader(request.index_name.as_ref()).scan(request)?;
        self.bill(&mut done.consumed_capacity, asked, |ledger, used| ledger.read("Scan", used));
        Ok(Answer::ok(&done))
    }

    fn put(&self, mut request: PutItemRequest) -> dynoxide::Result<Answer> {
        let asked = ask(&mut request.return_consumed_capacity);
        let condition = Condition::of(
            "PutItem",
            &request.table_name,
            request.condition_expression.as_ref().map(|_| item_size(&request.item)),
            &mut request.return_values_on_condition_check_failure,
        );
        let mut done = self.database.put_item(request).map_err(|error| self.failed(error, condition))?;
        self.bill(&mut done.consumed_capacity, asked, |ledger, used| ledger.write("PutItem", used));
        Ok(Answer::ok(&done))
    }

    fn update(&self, mut request: UpdateItemRequest) -> dynoxide::Result<Answer> {
        let asked = ask(&mut request.return_consumed_capacity);
        let condition = Condition::of(
            "UpdateItem",
            &request.table_name,
            request.condition_expression.as_ref().map(|_| 0),
            &mut request.return_values_on_condition_check_failure,
        );
        let mut done = self.database.update_item(request).map_err(|error| self.failed(error, condition))?;
        self.bill(&mut done.consumed_capacity, asked, |ledger, used| ledger.write("UpdateItem", used));
        Ok(Answer::ok(&done))
    }

    fn delete(&self, mut request: DeleteItemRequest) -> dynoxide::Result<Answer> {
        let asked = ask(&mut request.return_consumed_capacity);
        let condition = Condition::of(
            "DeleteItem",
            &request.table_name,
            request.condition_expression.as_ref().map(|_| 0),
            &mut request.return_values_on_condition_check_failure,
        );
        let mut done = self.database.delete_item(request).map_err(|error| self.failed(error, condition))?;
        self.bill(&mut done.consumed_capacity, asked, |ledger, used| ledger.write("DeleteItem", used));
        Ok(Answer::ok(&done))
    }

    /// Bills what a call consumed and leaves of it what the caller asked for.
    fn bill(
        &self,
        consumed: &mut Option<ConsumedCapacity>,
        asked: Option<String>,
        enter: impl FnOnce(&mut Capacity, &ConsumedCapacity),
    ) {
        if let Some(used) = consumed {
            enter(&mut lock(&self.capacity), used);
        }
        trim(consumed, asked.as_deref());
    }

    /// Bills a failed condition, and takes the item out of the error again where the caller did not ask for it.
    fn failed(&self, error: DynoxideError, condition: Option<Condition>) -> DynoxideError {
        match (error, condition) {
            (DynoxideError::ConditionalCheckFailedException(message, old), Some(condition)) => {
                lock(&self.capacity).failed(condition.operation, &condition.table, condition.size, old.as_ref(), 1.0);
                let old = old.filter(|_| condition.returns_item);
                DynoxideError::ConditionalCheckFailedException(message, old)
            }
            (error, _) => error,
        }
    }
}

/// Makes a table unless it is there.
fn create(database: &Database, definition: serde_json::Value) -> Result<(), Error> {
    let request = serde_json::from_value(definition).map_err(|error| not_an_input(&error))?;
    match database.create_table(request) {
        Ok(_) | Err(DynoxideError::ResourceInUseException(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests;
