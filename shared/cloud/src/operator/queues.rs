//! The queues of a stack from outside: how many wait.

use aws_sdk_sqs::types::QueueAttributeName;

use super::{Error, Stack};

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

    /// All queues of a stack are called alike: the address of one tells the others'.
    fn queue_url(&self, queue: &str) -> String {
        let due = &self.config.due_queue;
        format!("{}{queue}", due.strip_suffix("due").unwrap_or(due))
    }
}
