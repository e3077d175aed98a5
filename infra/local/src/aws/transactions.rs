//! Transactions: their bill, their reasons for failing, and the token with which a second try finds the first one's answer.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;

use dynoxide::actions::transact_write_items::{TransactWriteItem, TransactWriteItemsRequest};
use dynoxide::types::item_size;
use dynoxide::{Database, DynoxideError};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::bill::{ask, trim_all, want_old};
use super::capacity::{Capacity, Usage};
use super::lock;
use super::seam::Answer;

const OPERATION: &str = "TransactWriteItems";

/// How long DynamoDB remembers a token.
const REMEMBERED: SignedDuration = SignedDuration::from_mins(10);

/// How many tokens are remembered at most: under a clock that stands still none would ever be forgotten.
const MAX_TOKENS: usize = 4_096;

/// The answers of the transactions that were carried out under a token.
///
/// dynoxide has this too, but counts the ten minutes on the machine's clock and walks through all tokens at every call.
#[derive(Debug, Default)]
pub(crate) struct Tokens(Mutex<Remembered>);

#[derive(Debug, Default)]
struct Remembered {
    answers: HashMap<String, (Box<[u8]>, Answer)>,
    oldest_first: VecDeque<(Timestamp, String)>,
}

impl Remembered {
    fn forget(&mut self, now: Timestamp) {
        while let Some((at, _)) = self.oldest_first.front()
            && (now.duration_since(*at) > REMEMBERED || self.oldest_first.len() > MAX_TOKENS)
        {
            if let Some((_, token)) = self.oldest_first.pop_front() {
                self.answers.remove(&token);
            }
        }
    }
}

/// The IAM actions and tables of a transaction, in its order.
pub(super) fn actions(request: &TransactWriteItemsRequest) -> impl Iterator<Item = (&'static str, &str)> {
    request.transact_items.iter().filter_map(action)
}

/// The items and keys that a transaction writes.
pub(super) fn written(request: &TransactWriteItemsRequest) -> impl Iterator<Item = &dynoxide::types::Item> {
    request.transact_items.iter().filter_map(|item| {
        let put = item.put.as_ref().map(|put| &put.item);
        let update = item.update.as_ref().map(|update| &update.key);
        put.or(update).or(item.delete.as_ref().map(|delete| &delete.key))
    })
}

fn action(item: &TransactWriteItem) -> Option<(&'static str, &str)> {
    if let Some(put) = &item.put {
        return Some(("PutItem", &put.table_name));
    }
    if let Some(update) = &item.update {
        return Some(("UpdateItem", &update.table_name));
    }
    if let Some(delete) = &item.delete {
        return Some(("DeleteItem", &delete.table_name));
    }
    let check = item.condition_check.as_ref()?;
    Some(("ConditionCheckItem", &check.table_name))
}

/// A transaction of so many actions that met another one at its first item.
pub(super) fn conflict(actions: usize) -> Answer {
    let reasons: Vec<Value> = (0..actions)
        .map(|place| match place {
            0 => json!({ "Code": "TransactionConflict", "Message": "Transaction is ongoing for the item" }),
            _ => json!({ "Code": "None" }),
        })
        .collect();
    let body = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": "Transaction cancelled, please refer cancellation reasons for specific reasons",
        "CancellationReasons": reasons,
    });
    Answer::bytes(400, body.to_string().into_bytes())
}

/// What is needed to bill an action, and to word its reason, if the transaction fails.
struct Part {
    table: String,
    size: usize,
    returns_item: bool,
}

/// Carries a transaction out, once for each token.
pub(super) fn carry_out(
    database: &Database,
    capacity: &Mutex<Capacity>,
    tokens: &Tokens,
    mut request: TransactWriteItemsRequest,
    body: Box<[u8]>,
    now: Timestamp,
) -> dynoxide::Result<Answer> {
    let Some(token) = request.client_request_token.take() else {
        return run(database, capacity, request);
    };
    let mut remembered = lock(&tokens.0);
    remembered.forget(now);
    if let Some((before, answer)) = remembered.answers.get(&token) {
        if !same_items(before, &body) {
            let message = "The token was used before, for another transaction.".to_owned();
            return Err(DynoxideError::IdempotentParameterMismatchException(message));
        }
        replayed(&mut lock(capacity), &request);
        return Ok(answer.clone());
    }
    let answer = run(database, capacity, request)?;
    remembered.answers.insert(token.clone(), (body, answer.clone()));
    remembered.oldest_first.push_back((now, token));
    Ok(answer)
}

/// Whether two bodies ask for the same, in whatever order their attributes were written.
fn same_items(one: &[u8], other: &[u8]) -> bool {
    let items = |body: &[u8]| {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        body["TransactItems"].clone()
    };
    items(one) == items(other)
}

fn run(
    database: &Database,
    capacity: &Mutex<Capacity>,
    mut request: TransactWriteItemsRequest,
) -> dynoxide::Result<Answer> {
    let asked = ask(&mut request.return_consumed_capacity);
    let parts: Vec<Part> = request.transact_items.iter_mut().filter_map(part).collect();
    match database.transact_write_items(request) {
        Ok(mut done) => {
            {
                let mut ledger = lock(capacity);
                for used in done.consumed_capacity.iter().flatten() {
                    ledger.write(OPERATION, used);
                }
            }
            trim_all(&mut done.consumed_capacity, asked);
            Ok(Answer::ok(&done))
        }
        Err(DynoxideError::TransactionCanceledException(message, mut reasons)) => {
            let mut ledger = lock(capacity);
            for (part, reason) in parts.iter().zip(&mut reasons) {
                ledger.failed(OPERATION, &part.table, part.size, reason.item.as_ref(), 2.0);
                if !part.returns_item {
                    reason.item = None;
                }
            }
            Err(DynoxideError::TransactionCanceledException(message, reasons))
        }
        Err(error) => Err(error),
    }
}

/// Asks for the item that the action's condition may fail on.
fn part(item: &mut TransactWriteItem) -> Option<Part> {
    let (table, size, on_failure) = if let Some(put) = &mut item.put {
        let size = item_size(&put.item);
        (&put.table_name, size, &mut put.return_values_on_condition_check_failure)
    } else if let Some(update) = &mut item.update {
        (&update.table_name, 0, &mut update.return_values_on_condition_check_failure)
    } else if let Some(delete) = &mut item.delete {
        (&delete.table_name, 0, &mut delete.return_values_on_condition_check_failure)
    } else {
        let check = item.condition_check.as_mut()?;
        (&check.table_name, 0, &mut check.return_values_on_condition_check_failure)
    };
    Some(Part { table: table.clone(), size, returns_item: want_old(on_failure) })
}

/// A second try that finds the first one's answer costs two reads for each action.
fn replayed(ledger: &mut Capacity, request: &TransactWriteItemsRequest) {
    for (_, table) in actions(request) {
        let usage = Usage { calls: 1, read_units: 2.0, ..Usage::default() };
        ledger.add(OPERATION, table, usage);
    }
}
