//! The queues of a stack from outside: how many wait, and how long.

use std::time::Duration;

use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, Statistic};
use aws_sdk_sqs::types::QueueAttributeName;

use super::{Error, Stack};

/// SQS tells CloudWatch the age once a minute, a few minutes late: in seconds, how fine and how far back we look.
const METRIC_PERIOD: i32 = 60;
const METRIC_WINDOW: i64 = 15 * 60;

/// A queue's figures, all of them rough.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Depth {
    /// Wait to be taken.
    pub waiting: u64,
    /// Are being worked on, or wait to be tried again.
    pub taken: u64,
}

impl Stack {
    /// How full one of the stack's queues is, by its name behind the stack's; nothing where there is no such queue.
    pub async fn depth(&self, queue: &str) -> Result<Option<Depth>, Error> {
        let (waiting, taken) = (
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
        );
        let request = self.sqs.get_queue_attributes().queue_url(self.queue_url(queue));
        let answer = request.attribute_names(waiting.clone()).attribute_names(taken.clone()).send().await;
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) if error.as_service_error().is_some_and(|said| said.is_queue_does_not_exist()) => {
                return Ok(None);
            }
            Err(error) => return Err(self.refused("sqs:GetQueueAttributes", &error)),
        };
        let count = |name| {
            let text = answer.attributes().and_then(|all| all.get(name));
            text.and_then(|text| text.parse().ok()).unwrap_or(0)
        };
        Ok(Some(Depth { waiting: count(&waiting), taken: count(&taken) }))
    }

    /// How long the oldest message of one of the stack's queues has waited, as CloudWatch saw it last; nothing where it saw
    /// none of late. SQS itself does not tell.
    pub async fn oldest(&self, queue: &str) -> Result<Option<Duration>, Error> {
        let url = self.queue_url(queue);
        let name = url.rsplit('/').next().unwrap_or_default();
        let now = self.clock.now().as_second();
        let request = self.cloudwatch.get_metric_statistics().namespace("AWS/SQS");
        let request = request.metric_name("ApproximateAgeOfOldestMessage").statistics(Statistic::Maximum);
        let request = request.dimensions(Dimension::builder().name("QueueName").value(name).build());
        let request = request.period(METRIC_PERIOD).end_time(DateTime::from_secs(now));
        let request = request.start_time(DateTime::from_secs(now - METRIC_WINDOW));
        let answer = request.send().await;
        let answer = answer.map_err(|error| self.refused("cloudwatch:GetMetricStatistics", &error))?;
        let latest = answer.datapoints().iter().max_by_key(|seen| seen.timestamp().map(DateTime::secs));
        Ok(latest.and_then(|seen| seen.maximum()).and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()))
    }

    /// All queues of a stack are called alike: the address of one tells the others'.
    fn queue_url(&self, queue: &str) -> String {
        let due = &self.config.due_queue;
        format!("{}{queue}", due.strip_suffix("due").unwrap_or(due))
    }
}
