//! What was written to the tables, as a stream of DynamoDB's with KEYS_ONLY would tell it: for whoever keeps a picture up.

use std::sync::Mutex;

use dynoxide::types::AttributeValue;

use super::dynamodb::Request;
use super::{lock, transactions};

/// Keys that were written since somebody asked last. Nothing is kept where nobody ever asked.
#[derive(Debug, Default)]
pub(crate) struct Feed(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    followed: bool,
    written: Vec<String>,
    count: u64,
    told: Option<Told>,
}

/// Who is told of every key at once.
struct Told(Box<dyn Fn(&str) + Send>);

impl std::fmt::Debug for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Told")
    }
}

impl Feed {
    /// From now on what is written is kept for the next [`Feed::take`].
    pub(crate) fn follow(&self) {
        lock(&self.0).followed = true;
    }

    /// The keys written since the last time, each once, in the order of their last write.
    pub(crate) fn take(&self) -> Vec<String> {
        let written = std::mem::take(&mut lock(&self.0).written);
        let mut seen = std::collections::HashSet::new();
        let mut keys: Vec<String> = written.into_iter().rev().filter(|key| seen.insert(key.clone())).collect();
        keys.reverse();
        keys
    }

    /// Rises with every write.
    pub(crate) fn count(&self) -> u64 {
        lock(&self.0).count
    }

    /// From now on somebody is told of every key, when it was written.
    pub(crate) fn tell(&self, told: Box<dyn Fn(&str) + Send>) {
        lock(&self.0).told = Some(Told(told));
    }

    /// The keys that a request is about to write.
    pub(super) fn about(&self, request: &Request) -> Vec<String> {
        keys(request)
    }

    /// They were written.
    pub(super) fn written(&self, keys: Vec<String>) {
        if keys.is_empty() {
            return;
        }
        let mut state = lock(&self.0);
        state.count += 1;
        if let Some(Told(tell)) = &state.told {
            keys.iter().for_each(|key| tell(key));
        }
        if state.followed {
            state.written.extend(keys);
        }
    }

    /// Something else changed what a read would answer.
    pub(super) fn changed(&self) {
        lock(&self.0).count += 1;
    }
}

fn keys(request: &Request) -> Vec<String> {
    let pk = |item: &std::collections::HashMap<String, AttributeValue>| match item.get("pk") {
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
