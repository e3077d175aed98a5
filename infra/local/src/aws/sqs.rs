//! The stand-in for SQS, and for the poller with which Lambda empties a queue.
//!
//! Functions only send. What a poller does is [`Sqs::take`] and [`Sqs::settle`]: a message taken is hidden until the
//! queue's visibility time has passed by the turned clock, one taken too often goes to the dead-letter queue instead.

use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::faults::Permission;
use super::journal::{Journal, LineRef};
use super::queues::{
    Change, MAX_RECEIVES, QueueDepth, QueueMessage, State, Stored, VISIBILITY, arn, dead_letters_of, md5_of,
    message_id, number_of,
};
use super::seam::Answer;
use super::{Error, lock};

/// A request to SQS.
#[derive(Debug)]
pub(crate) enum Request {
    SendMessage(SendMessage),
    SendMessageBatch(SendMessageBatch),
    GetQueueAttributes(GetQueueAttributes),
}

/// The input of `SendMessage`. What it does not list is not supported, and said to be so.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct SendMessage {
    queue_url: String,
    message_body: String,
    #[serde(default)]
    delay_seconds: i64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct SendMessageBatch {
    queue_url: String,
    entries: Vec<BatchEntry>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct BatchEntry {
    id: String,
    message_body: String,
    #[serde(default)]
    delay_seconds: i64,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct GetQueueAttributes {
    queue_url: String,
    #[serde(default)]
    attribute_names: Vec<String>,
}

impl Request {
    pub(crate) fn read(operation: &str, body: &[u8]) -> Result<Self, Answer> {
        match operation {
            "SendMessage" => serde_json::from_slice(body).map(Self::SendMessage),
            "SendMessageBatch" => serde_json::from_slice(body).map(Self::SendMessageBatch),
            "GetQueueAttributes" => serde_json::from_slice(body).map(Self::GetQueueAttributes),
            _ => return Err(Answer::unknown("SQS", operation)),
        }
        .map_err(|error| Answer::unreadable(&error))
    }

    /// What IAM would have had to allow: a batch needs no more than a single message.
    pub(crate) fn permissions(&self) -> Vec<Permission> {
        let (action, url) = match self {
            Self::SendMessage(send) => ("sqs:SendMessage", &send.queue_url),
            Self::SendMessageBatch(send) => ("sqs:SendMessage", &send.queue_url),
            Self::GetQueueAttributes(get) => ("sqs:GetQueueAttributes", &get.queue_url),
        };
        vec![Permission::new(action, name_of(url))]
    }
}

/// SQS in this process.
pub(crate) struct Sqs {
    state: Mutex<State>,
    journal: Arc<Journal>,
}

impl Sqs {
    pub(crate) fn new(state: State, journal: Arc<Journal>) -> Self {
        Self { state: Mutex::new(state), journal }
    }

    pub(crate) fn carry_out(&self, request: Request, now: Timestamp) -> Answer {
        let mut state = lock(&self.state);
        let url = match &request {
            Request::SendMessage(send) => &send.queue_url,
            Request::SendMessageBatch(send) => &send.queue_url,
            Request::GetQueueAttributes(get) => &get.queue_url,
        };
        let queue = name_of(url).to_owned();
        if !state.queues.contains_key(queue.as_str()) {
            let message = "The specified queue does not exist.";
            return Answer::error(400, "QueueDoesNotExist", message);
        }
        match request {
            Request::SendMessage(send) => {
                match self.accept(&mut state, &queue, send.message_body, send.delay_seconds, now) {
                    Ok(sent) => Answer::ok(&sent),
                    Err(refused) => refused,
                }
            }
            Request::SendMessageBatch(send) => self.accept_batch(&mut state, &queue, send, now),
            Request::GetQueueAttributes(get) => attributes(&queue, state.depth(&queue, now), &get),
        }
    }

    /// Puts one message into the queue; the JSON says its id and its body's MD5.
    fn accept(
        &self,
        state: &mut State,
        queue: &str,
        body: String,
        delay_seconds: i64,
        now: Timestamp,
    ) -> Result<Value, Answer> {
        if body.is_empty() || body.len() > 1_048_576 || !(0..=900).contains(&delay_seconds) {
            let message = "The body must hold 1 byte to 1 MiB, the delay 0 to 900 seconds.";
            return Err(Answer::error(400, "InvalidParameterValue", message));
        }
        let number = state.last + 1;
        let sent = json!({
            "MessageId": message_id(number),
            "MD5OfMessageBody": md5_of(&body),
        });
        let message = Stored::new(body, now, SignedDuration::from_secs(delay_seconds));
        let queue = queue.to_owned();
        self.change(state, Change::Sent { queue, number, message }).map_err(|error| Answer::not_kept(&error))?;
        Ok(sent)
    }

    fn accept_batch(&self, state: &mut State, queue: &str, batch: SendMessageBatch, now: Timestamp) -> Answer {
        let entries = batch.entries;
        if entries.is_empty() {
            return Answer::error(400, "EmptyBatchRequest", "A batch needs at least one entry.");
        }
        if entries.len() > 10 {
            return Answer::error(400, "TooManyEntriesInBatchRequest", "A batch holds at most 10 entries.");
        }
        let mut ids: Vec<&str> = entries.iter().map(|entry| entry.id.as_str()).collect();
        ids.sort_unstable();
        if ids.windows(2).any(|pair| pair[0] == pair[1]) {
            return Answer::error(400, "BatchEntryIdsNotDistinct", "Two entries have one id.");
        }
        let (mut successful, mut failed) = (Vec::new(), Vec::new());
        for entry in entries {
            if state.refused_entries > 0 {
                state.refused_entries -= 1;
                failed.push(failure(&entry.id, false, "InternalError"));
                continue;
            }
            match self.accept(state, queue, entry.message_body, entry.delay_seconds, now) {
                Ok(mut sent) => {
                    sent["Id"] = Value::String(entry.id);
                    successful.push(sent);
                }
                Err(_) => failed.push(failure(&entry.id, true, "InvalidParameterValue")),
            }
        }
        Answer::ok(&json!({ "Successful": successful, "Failed": failed }))
    }

    pub(crate) fn refuse_next_entries(&self, entries: usize) {
        lock(&self.state).refused_entries += entries;
    }

    /// Hands out up to `max` messages, oldest first, and hides them.
    pub(crate) fn take(&self, queue: &str, max: usize, now: Timestamp) -> Result<Vec<QueueMessage>, Error> {
        let mut state = lock(&self.state);
        let messages = state.queue(queue)?;
        let (mut numbers, mut dead) = (Vec::new(), Vec::new());
        for (number, message) in messages.iter().filter(|(_, message)| message.visible_at <= now) {
            if numbers.len() >= max {
                break;
            }
            if message.receives >= MAX_RECEIVES && dead_letters_of(queue).is_some() {
                dead.push(*number);
            } else {
                numbers.push(*number);
            }
        }
        for number in dead {
            self.change(&mut state, Change::Buried { queue: queue.to_owned(), number })?;
        }
        if numbers.is_empty() {
            return Ok(Vec::new());
        }
        let taken = Change::Taken { queue: queue.to_owned(), numbers: numbers.clone(), at: now };
        self.change(&mut state, taken)?;
        let messages = state.queue(queue)?;
        Ok(numbers.iter().filter_map(|number| Some(messages.get(number)?.handed_out(queue, *number))).collect())
    }

    /// Deletes the handled messages. Those that failed stay hidden until their visibility time has passed.
    pub(crate) fn settle<I: AsRef<str>>(&self, queue: &str, handled: &[I], failed: &[I]) -> Result<(), Error> {
        let mut state = lock(&self.state);
        state.queue(queue)?;
        for id in failed {
            number_of(id.as_ref())?;
        }
        for id in handled {
            let number = number_of(id.as_ref())?;
            if state.queue(queue)?.contains_key(&number) {
                self.change(&mut state, Change::Deleted { queue: queue.to_owned(), number })?;
            }
        }
        Ok(())
    }

    pub(crate) fn depth(&self, queue: &str, now: Timestamp) -> Result<QueueDepth, Error> {
        let state = lock(&self.state);
        state.queue(queue)?;
        Ok(state.depth(queue, now))
    }

    /// Everything in a queue, hidden or not, oldest first.
    pub(crate) fn contents(&self, queue: &str) -> Result<Vec<QueueMessage>, Error> {
        let state = lock(&self.state);
        Ok(state.queue(queue)?.iter().map(|(number, message)| message.handed_out(queue, *number)).collect())
    }

    /// When the next message of a working queue can be taken, in the past where one can be taken now.
    pub(crate) fn next_visible(&self, queue: &str) -> Result<Option<Timestamp>, Error> {
        let state = lock(&self.state);
        Ok(state.queue(queue)?.values().map(|message| message.visible_at).min())
    }

    fn change(&self, state: &mut State, change: Change) -> std::io::Result<()> {
        self.journal.write(&LineRef::Sqs(&change))?;
        state.apply(change);
        Ok(())
    }
}

fn attributes(queue: &str, depth: QueueDepth, get: &GetQueueAttributes) -> Answer {
    let known = [
        ("ApproximateNumberOfMessages", depth.visible.to_string()),
        ("ApproximateNumberOfMessagesNotVisible", depth.in_flight.to_string()),
        ("ApproximateNumberOfMessagesDelayed", depth.delayed.to_string()),
        ("VisibilityTimeout", VISIBILITY.as_secs().to_string()),
        ("QueueArn", arn(queue)),
    ];
    let asked = |name: &str| get.attribute_names.iter().any(|asked| asked == name || asked == "All");
    let attributes: Map<String, Value> = known
        .into_iter()
        .filter(|(name, _)| asked(name))
        .map(|(name, value)| (name.to_owned(), Value::String(value)))
        .collect();
    Answer::ok(&json!({ "Attributes": attributes }))
}

fn failure(id: &str, senders_fault: bool, code: &str) -> Value {
    json!({ "Id": id, "SenderFault": senders_fault, "Code": code, "Message": "not accepted" })
}

fn name_of(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or(url)
}

#[cfg(test)]
mod tests;
