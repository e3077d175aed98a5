//! The queues themselves: what is in them, and how a change changes it.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{ACCOUNT, Error, REGION};

/// The queues, each with its dead-letter queue.
const QUEUES: [(&str, Option<&str>); 6] = [
    ("events", Some("events-dead")),
    ("due", Some("due-dead")),
    ("delivery", Some("delivery-dead")),
    ("events-dead", None),
    ("due-dead", None),
    ("delivery-dead", None),
];

/// A message is handed out this often before it counts as dead.
pub const MAX_RECEIVES: u32 = 5;

/// How long a message that was handed out stays hidden: six times the functions' timeout of 30 seconds.
pub const VISIBILITY: SignedDuration = SignedDuration::from_secs(180);

/// A message as Lambda's poller hands it to a function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueueMessage {
    /// The queue's name.
    pub queue: String,
    /// The message's id, by which a function reports it as failed.
    pub message_id: String,
    /// The body.
    pub body: String,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// When it was first handed out.
    pub first_received_at: Timestamp,
    /// How often it has been handed out, this time included.
    pub receive_count: u32,
}

impl QueueMessage {
    /// The message as one of the `Records` of Lambda's SQS event.
    pub fn record(&self) -> Value {
        json!({
            "messageId": self.message_id,
            "receiptHandle": format!("{}:{}", self.message_id, self.receive_count),
            "body": self.body,
            "attributes": {
                "ApproximateReceiveCount": self.receive_count.to_string(),
                "SentTimestamp": self.sent_at.as_millisecond().to_string(),
                "SenderId": ACCOUNT,
                "ApproximateFirstReceiveTimestamp": self.first_received_at.as_millisecond().to_string(),
            },
            "messageAttributes": {},
            "md5OfBody": md5_of(&self.body),
            "eventSource": "aws:sqs",
            "eventSourceARN": arn(&self.queue),
            "awsRegion": REGION,
        })
    }
}

/// The event with which Lambda hands a batch to a function.
pub fn sqs_event(batch: &[QueueMessage]) -> Value {
    json!({ "Records": batch.iter().map(QueueMessage::record).collect::<Vec<_>>() })
}

/// How full a queue is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueDepth {
    /// Ready to be taken.
    pub visible: usize,
    /// Taken and neither settled nor visible again.
    pub in_flight: usize,
    /// Sent with a delay that has not passed.
    pub delayed: usize,
}

/// A change to a queue.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Change {
    Sent { queue: String, number: u64, message: Stored },
    Taken { queue: String, numbers: Vec<u64>, at: Timestamp },
    Buried { queue: String, number: u64 },
    Deleted { queue: String, number: u64 },
}

/// A message in a queue.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Stored {
    body: String,
    sent_at: Timestamp,
    pub(super) visible_at: Timestamp,
    first_received_at: Option<Timestamp>,
    pub(super) receives: u32,
}

/// What SQS keeps.
#[derive(Debug)]
pub(crate) struct State {
    pub(super) queues: BTreeMap<&'static str, BTreeMap<u64, Stored>>,
    pub(super) last: u64,
    pub(super) refused_entries: usize,
}

impl Default for State {
    fn default() -> Self {
        Self { queues: QUEUES.map(|(name, _)| (name, BTreeMap::new())).into(), last: 0, refused_entries: 0 }
    }
}

impl State {
    pub(crate) fn apply(&mut self, change: Change) {
        match change {
            Change::Sent { queue, number, message } => {
                self.last = self.last.max(number);
                if let Some(queue) = self.queues.get_mut(queue.as_str()) {
                    queue.insert(number, message);
                }
            }
            Change::Taken { queue, numbers, at } => {
                let Some(queue) = self.queues.get_mut(queue.as_str()) else {
                    return;
                };
                for number in numbers {
                    let Some(message) = queue.get_mut(&number) else {
                        continue;
                    };
                    message.receives += 1;
                    message.first_received_at.get_or_insert(at);
                    message.visible_at = at + VISIBILITY;
                }
            }
            Change::Buried { queue, number } => {
                let buried = self.queues.get_mut(queue.as_str()).and_then(|queue| queue.remove(&number));
                let grave = dead_letters_of(&queue).and_then(|dead| self.queues.get_mut(dead));
                if let (Some(message), Some(grave)) = (buried, grave) {
                    grave.insert(number, message);
                }
            }
            Change::Deleted { queue, number } => {
                if let Some(queue) = self.queues.get_mut(queue.as_str()) {
                    queue.remove(&number);
                }
            }
        }
    }

    /// The changes that make this state again, the counter of ids included.
    pub(crate) fn changes(&self) -> impl Iterator<Item = Change> {
        let all = self.queues.iter().flat_map(|(queue, messages)| {
            messages.iter().map(|(number, message)| Change::Sent {
                queue: (*queue).to_owned(),
                number: *number,
                message: message.clone(),
            })
        });
        // A message sent and deleted again leaves nothing but its number, which must not be used twice.
        let last = [Change::Sent { queue: String::new(), number: self.last, message: Stored::nothing() }];
        all.chain(last)
    }

    /// How many changes [`State::changes`] has.
    pub(crate) fn live(&self) -> u64 {
        self.queues.values().map(|queue| queue.len() as u64).sum::<u64>() + 1
    }
}

impl Stored {
    pub(super) fn new(body: String, now: Timestamp, delay: SignedDuration) -> Self {
        Self { body, sent_at: now, visible_at: now + delay, first_received_at: None, receives: 0 }
    }

    fn nothing() -> Self {
        Self::new(String::new(), Timestamp::UNIX_EPOCH, SignedDuration::ZERO)
    }

    pub(super) fn handed_out(&self, queue: &str, number: u64) -> QueueMessage {
        QueueMessage {
            queue: queue.to_owned(),
            message_id: message_id(number),
            body: self.body.clone(),
            sent_at: self.sent_at,
            first_received_at: self.first_received_at.unwrap_or(self.sent_at),
            receive_count: self.receives,
        }
    }
}

impl State {
    pub(super) fn queue(&self, name: &str) -> Result<&BTreeMap<u64, Stored>, Error> {
        self.queues.get(name).ok_or_else(|| Error::NoSuchQueue(name.to_owned()))
    }

    pub(super) fn depth(&self, name: &str, now: Timestamp) -> QueueDepth {
        let mut depth = QueueDepth::default();
        for message in self.queues.get(name).into_iter().flat_map(BTreeMap::values) {
            if message.visible_at <= now {
                depth.visible += 1;
            } else if message.receives == 0 {
                depth.delayed += 1;
            } else {
                depth.in_flight += 1;
            }
        }
        depth
    }
}

pub(super) fn dead_letters_of(queue: &str) -> Option<&'static str> {
    QUEUES.iter().find(|(name, _)| *name == queue)?.1
}

pub(super) fn arn(queue: &str) -> String {
    format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{queue}")
}

pub(super) fn md5_of(body: &str) -> String {
    format!("{:x}", md5::compute(body))
}

/// Ids look like SQS's and are counted.
pub(super) fn message_id(number: u64) -> String {
    format!("00000000-0000-4000-8000-{number:012x}")
}

pub(super) fn number_of(id: &str) -> Result<u64, Error> {
    id.strip_prefix("00000000-0000-4000-8000-")
        .and_then(|number| u64::from_str_radix(number, 16).ok())
        .ok_or_else(|| Error::NoSuchMessage(id.to_owned()))
}
