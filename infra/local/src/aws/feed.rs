//! What was written to the tables, as a stream of DynamoDB's with KEYS_ONLY would tell it: for whoever keeps a picture up.

use std::fmt;
use std::sync::Mutex;

use dynoxide::types::AttributeValue;

use super::dynamodb::Request;
use super::{lock, transactions};

/// Who is told of every key that was written, and how many writes there were.
#[derive(Default)]
pub(crate) struct Feed(Mutex<State>);

/// Hears of a key.
pub(crate) type Tell = Box<dyn Fn(&str) + Send>;

#[derive(Default)]
struct State {
    count: u64,
    told: Vec<Tell>,
}

impl fmt::Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Feed")
    }
}

impl Feed {
    /// Rises with every write.
    pub(crate) fn count(&self) -> u64 {
        lock(&self.0).count
    }

    /// From now on this is told of every key too, when it was written.
    pub(crate) fn tell(&self, tell: Tell) {
        lock(&self.0).told.push(tell);
    }

    /// These were written.
    pub(super) fn written(&self, keys: &[String]) {
        if keys.is_empty() {
            return;
        }
        let mut state = lock(&self.0);
        state.count += 1;
        for tell in &state.told {
            keys.iter().for_each(|key| tell(key));
        }
    }

    /// Something else changed what a read would answer.
    pub(super) fn changed(&self) {
        lock(&self.0).count += 1;
    }
}

/// The keys that a request is about to write.
pub(super) fn keys(request: &Request) -> Vec<String> {
    let pk = |item: &dynoxide::types::Item| match item.get("pk") {
        Some(AttributeValue::S(key)) => Some(key.clone()),
        _ => None,
    };
    match request {
        Request::PutItem(request) => pk(&request.item).into_iter().collect(),
        Request::UpdateItem(request) => pk(&request.key).into_iter().collect(),
        Request::DeleteItem(request) => pk(&request.key).into_iter().collect(),
        Request::TransactWriteItems(request, _) => transactions::written(request).filter_map(pk).collect(),
        _ => Vec::new(),
    }
}
