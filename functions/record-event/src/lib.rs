//! What we know of a customer: takes events off the queue and records each. An event that cannot be recorded stays on
//! the queue, and in the end in the dead-letter queue; none is lost.

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use winback_cloud::queue::Told;
use winback_cloud::start::Invocation;
use winback_cloud::{Cloud, Error};

/// Records a batch of events, each by itself.
pub async fn handle(cloud: &Cloud, event: SqsEvent, _: Invocation) -> Result<SqsBatchResponse, Error> {
    let mut response = SqsBatchResponse::default();
    for record in event.records {
        let id = record.message_id.unwrap_or_default();
        if let Err(problem) = record_one(cloud, record.body.as_deref().unwrap_or_default()).await {
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
