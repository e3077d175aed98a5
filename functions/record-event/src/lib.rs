//! What we know of a customer: takes events off the queue and records each. An event that cannot be recorded stays on
//! the queue, and in the end in the dead-letter queue; none is lost.

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use jiff::{SignedDuration, Timestamp};
use winback_cloud::queue::Told;
use winback_cloud::start::Invocation;
use winback_cloud::{Cloud, Error};

/// An event takes at most so long: one that only names an order has a store asked twice.
const TIME_FOR_AN_EVENT: SignedDuration = SignedDuration::from_secs(12);

/// Records a batch of events, each by itself.
pub async fn handle(cloud: &Cloud, event: SqsEvent, invocation: Invocation) -> Result<SqsBatchResponse, Error> {
    let latest = invocation.until.checked_sub(TIME_FOR_AN_EVENT).unwrap_or(Timestamp::MIN);
    let mut response = SqsBatchResponse::default();
    for record in event.records {
        let id = record.message_id.unwrap_or_default();
        // Half a batch that comes back is better than all of it, which is what an invocation that runs out of time leaves.
        let recorded = match cloud.clock.now() > latest {
            true => Err("no time left".to_owned()),
            false => record_one(cloud, record.body.as_deref().unwrap_or_default()).await,
        };
        if let Err(problem) = recorded {
            tracing::warn!(record_id = %id, problem, "event not recorded");
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = id;
            response.batch_item_failures.push(failure);
        }
    }
    Ok(response)
}

async fn record_one(cloud: &Cloud, body: &str) -> Result<(), String> {
    // The words of a parser may quote what it read: the kind of trouble is enough.
    let told: Told = serde_json::from_str(body).map_err(|error| format!("not an event: {:?}", error.classify()))?;
    let recorded = cloud.take(&told).await.map_err(|error| error.to_string())?;
    tracing::info!(store = %told.store, event = told.event.what.name(), ?recorded, "event");
    Ok(())
}
