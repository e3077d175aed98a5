//! The two queues, events for record-event and hints for send-message; and what else functions hand on to each other.

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sqs::types::{QueueAttributeName, SendMessageBatchRequestEntry};
use serde::{Deserialize, Serialize};
use winback_domain::event::Event;
use winback_domain::ids::{CustomerId, StoreId};

use crate::config::Config;

/// SQS takes so many messages at once.
const BATCH: usize = 10;

/// What travels on the events queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// Whose store told us.
    pub store: StoreId,
    /// What.
    pub event: Event,
}

/// What travels on the due queue: ids only. A hint that somebody's time may have come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hint {
    /// The store.
    pub store: StoreId,
    /// The customer.
    pub customer: CustomerId,
}

/// An import that has ended: what import-orders hands on to scan-customers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// Whose.
    pub store: StoreId,
    /// Its file.
    pub key: String,
    /// The content of that file.
    pub etag: String,
}

/// The queue did not take it. Trying again later is right.
#[derive(Debug, thiserror::Error)]
#[error("SQS: {0}")]
pub struct Error(String);

/// Both queues.
#[derive(Clone, Debug)]
pub struct Queues {
    client: Client,
    events: String,
    due: String,
}

impl Queues {
    /// Over an SDK client.
    pub fn new(client: Client, config: &Config) -> Self {
        Self { client, events: config.events_queue.clone(), due: config.due_queue.clone() }
    }

    /// Puts an event on its queue. When this answers, the event is safe.
    pub async fn tell(&self, told: &Told) -> Result<(), Error> {
        let body = serde_json::to_string(told).map_err(|error| Error(error.to_string()))?;
        let request = self.client.send_message().queue_url(&self.events).message_body(body);
        request.send().await.map(|_| ()).map_err(failed)
    }

    /// Puts events on their queue. Some may be there already when this fails; an event twice does no harm.
    pub async fn tell_all(&self, told: &[Told]) -> Result<(), Error> {
        match told {
            [one] => self.tell(one).await,
            several => self.put(&self.events, several).await,
        }
    }

    /// Puts hints on their queue. Some may be there already when this fails; a hint twice does no harm.
    pub async fn hint(&self, hints: &[Hint]) -> Result<(), Error> {
        self.put(&self.due, hints).await
    }

    async fn put<T: Serialize>(&self, queue: &str, messages: &[T]) -> Result<(), Error> {
        for chunk in messages.chunks(BATCH) {
            let mut request = self.client.send_message_batch().queue_url(queue);
            for (index, message) in chunk.iter().enumerate() {
                let body = serde_json::to_string(message).map_err(|error| Error(error.to_string()))?;
                let entry = SendMessageBatchRequestEntry::builder().id(index.to_string()).message_body(body);
                request = request.entries(entry.build().map_err(|error| Error(error.to_string()))?);
            }
            let answer = request.send().await.map_err(failed)?;
            if let Some(lost) = answer.failed().first() {
                return Err(Error(format!("{}: a message was not taken", lost.code())));
            }
        }
        Ok(())
    }

    /// How many hints wait or are being worked on, roughly.
    pub async fn depth(&self) -> Result<u32, Error> {
        let (waiting, flying) = (
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        );
        let request = self.client.get_queue_attributes().queue_url(&self.due);
        let request = request.attribute_names(waiting.clone()).attribute_names(flying.clone());
        let answer = request.send().await.map_err(failed)?;
        let count = |name| -> u32 {
            let text = answer.attributes().and_then(|all| all.get(name));
            text.and_then(|text| text.parse().ok()).unwrap_or(0)
        };
        Ok(count(&waiting).saturating_add(count(&flying)))
    }
}

fn failed<E: ProvideErrorMetadata>(error: SdkError<E>) -> Error {
    Error(error.code().unwrap_or("no answer").to_owned())
}
