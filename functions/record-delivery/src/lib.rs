//! What became of our mail, as SES tells it: sent, delivered, bounced, marked as spam. Our id travels in the tags, so
//! an event settles even a message whose answer was lost.

mod report;

use aws_lambda_events::sqs::{BatchItemFailure, SqsBatchResponse};
use serde_json::Value;
use winback_cloud::record::Whom;
use winback_cloud::start::Invocation;
use winback_cloud::tables::first_mail::SIMULATOR;
use winback_cloud::{Cloud, Error};
use winback_domain::event::{Event, What, Who};
use winback_domain::message::State;

pub use report::Report;

/// Takes one event as EventBridge or SNS hand it over, or a batch of the queue that SNS fills. Events that carry no id
/// of ours are somebody else's. Of a batch each is taken by itself; whoever handed over one event learns of its failure.
pub async fn handle(cloud: &Cloud, event: Value, _: Invocation) -> Result<SqsBatchResponse, Error> {
    let mut response = SqsBatchResponse::default();
    let Some(batch) = report::batch(&event) else {
        take_all(cloud, &event).await?;
        return Ok(response);
    };
    for (id, body) in batch {
        let taken = match serde_json::from_str(body) {
            Ok(event) => take_all(cloud, &event).await.map_err(|error| error.to_string()),
            Err(error) => Err(format!("no JSON: {:?}", error.classify())),
        };
        if let Err(problem) = taken {
            tracing::warn!(record_id = id, problem, "delivery not recorded");
            let mut failure = BatchItemFailure::default();
            failure.item_identifier = id.to_owned();
            response.batch_item_failures.push(failure);
        }
    }
    Ok(response)
}

async fn take_all(cloud: &Cloud, event: &Value) -> Result<(), Error> {
    for lost in report::not_sent(event) {
        // It stays what it is: SES took it, and it is never sent again by itself.
        let reason = lost.reason;
        tracing::warn!(store = %lost.store, message_id = %lost.message, reason, "letter taken and not sent");
    }
    for report in report::read(event) {
        take(cloud, &report).await?;
    }
    Ok(())
}

async fn take(cloud: &Cloud, report: &Report) -> Result<(), Error> {
    let at = report.at.min(cloud.clock.now());
    // An operator's trial has no message in the ledger and no customer.
    let trial = report.to.as_ref().is_some_and(|to| to.as_str() == SIMULATOR);
    if trial && cloud.tables.tell_first_mail(&report.store, report.message, report.state, at).await? {
        return Ok(());
    }
    if report.state == State::Delivered {
        // Mostly news, and of no consequence for the customer: written without a look.
        return tell(cloud, report).await;
    }
    // Read first: that SES has it is mostly no news, and a read costs a fifth of a write.
    let message = cloud.tables.message(&report.store, report.message).await?;
    if let Some(message) = &message {
        if message.state < report.state {
            tell(cloud, report).await?;
        }
        if let Some(seen) = report.seen {
            cloud.tables.note_seen(&report.store, report.message, seen, at).await?;
        }
    }
    let what = match report.state {
        State::Bounced => What::Bounced,
        State::Complained => What::MarkedSpam,
        _ => return Ok(()),
    };
    // A ledger that was restored from a backup may not know the letter: its tags say whose it was.
    let Some(customer) = message.map(|message| message.customer).or(report.customer) else { return Ok(()) };
    // Also when it was no news: the first try may have died between the message and the customer.
    let event = Event { at, who: Who { email: report.to.clone(), ..Who::default() }, what };
    match cloud.record(&report.store, &Whom::Mailed(customer), &event).await {
        // It was taken away, and nobody of it is left to be mailed.
        Err(Error::UnknownStore(store)) => {
            tracing::warn!(%store, message_id = %report.message, "delivery of a store nobody knows");
            Ok(())
        }
        recorded => recorded.map(|_| ()),
    }
}

/// Writes on the message what became of it, where that is more than it says.
async fn tell(cloud: &Cloud, report: &Report) -> Result<(), Error> {
    let news = cloud.tables.report_message(&report.store, report.message, report.state).await?;
    tracing::info!(store = %report.store, message_id = %report.message, state = report.state.word(), news, "delivery");
    // What it says of one customer is worth more than a count: that goes on without it.
    if news && let Err(error) = cloud.count_fate(&report.store, report.state).await {
        tracing::warn!(store = %report.store, %error, "not counted");
    }
    Ok(())
}
