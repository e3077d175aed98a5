//! What starts by itself.

use super::{Error, Stack};

/// The functions that a schedule starts.
pub const SCHEDULED: [&str; 3] = ["find-lapsed", "pull-orders", "scan-customers"];

/// A schedule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Whether it runs.
    pub enabled: bool,
    /// When, as the scheduler writes it.
    pub expression: String,
    /// The function that it starts.
    pub target: String,
    /// Whether it hands over the time it was due, by which a run knows itself.
    pub tells_time: bool,
}

impl Stack {
    /// The schedule of a function; nothing where there is none.
    pub async fn schedule(&self, function: &str) -> Result<Option<Schedule>, Error> {
        let request = self.scheduler.get_schedule().name(self.function_name(function)).group_name(&self.name);
        let known = match request.send().await {
            Ok(known) => known,
            Err(error) if error.as_service_error().is_some_and(|said| said.is_resource_not_found_exception()) => {
                return Ok(None);
            }
            Err(error) => return Err(self.refused("scheduler:GetSchedule", &error)),
        };
        let target = known.target();
        let input = target.and_then(|target| target.input()).unwrap_or_default();
        Ok(Some(Schedule {
            enabled: known.state().is_some_and(|state| state.as_str() == "ENABLED"),
            expression: known.schedule_expression().unwrap_or_default().to_owned(),
            target: target.map_or_else(String::new, |target| target.arn().to_owned()),
            tells_time: input.contains("<aws.scheduler.scheduled-time>"),
        }))
    }
}
