//! The functions of a stack: what they were told, who may start them, and starting them by hand.

use std::collections::BTreeMap;

use aws_sdk_lambda::Client;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::InvocationType;
use serde_json::Value;

use super::{Error, Stack, refused};

/// All functions of a stack, in the order an order meets them.
pub const FUNCTIONS: [&str; 10] = [
    "scan-customers",
    "import-orders",
    "pull-orders",
    "receive-webhook",
    "record-event",
    "find-lapsed",
    "send-message",
    "record-delivery",
    "serve-offer",
    "redeem-code",
];

/// Those that answer HTTP.
pub const OPEN: [&str; 3] = ["receive-webhook", "serve-offer", "redeem-code"];

/// A function as Lambda describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Function {
    /// `Active` where it can run.
    pub state: String,
    /// `Successful` where the last change of it arrived.
    pub update: String,
    /// When it was last changed, as Lambda writes it.
    pub modified: String,
    /// Its address in AWS.
    pub arn: String,
    /// Whether it has a layer.
    pub layered: bool,
    /// Its environment variables.
    pub environment: BTreeMap<String, String>,
}

/// Who may start a function from where, as its policy says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// `*`, or a service of AWS.
    pub principal: String,
    /// `lambda:InvokeFunction` or `lambda:InvokeFunctionUrl`.
    pub action: String,
}

/// A queue that feeds a function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Feed {
    /// The queue's name.
    pub queue: String,
    /// `Enabled` where it runs.
    pub state: String,
    /// What Lambda says to its last poll where something is wrong.
    pub trouble: Option<String>,
    /// How many batches are worked on at once, at most.
    pub concurrency: Option<i32>,
    /// Whether a batch of which some failed brings back only those.
    pub partial: bool,
}

/// A function by its full name; nothing where there is none.
pub(super) async fn configuration(lambda: &Client, region: &str, name: &str) -> Result<Option<Function>, Error> {
    let answer = lambda.get_function_configuration().function_name(name).send().await;
    let known = match answer {
        Ok(known) => known,
        Err(error) if error.as_service_error().is_some_and(|said| said.is_resource_not_found_exception()) => {
            return Ok(None);
        }
        Err(error) => return Err(refused("lambda:GetFunctionConfiguration", region, &error)),
    };
    let environment = known.environment().and_then(|environment| environment.variables());
    Ok(Some(Function {
        state: known.state().map_or_else(String::new, |state| state.as_str().to_owned()),
        update: known.last_update_status().map_or_else(String::new, |status| status.as_str().to_owned()),
        modified: known.last_modified().unwrap_or_default().to_owned(),
        arn: known.function_arn().unwrap_or_default().to_owned(),
        layered: !known.layers().is_empty(),
        environment: environment.into_iter().flatten().map(|(name, value)| (name.clone(), value.clone())).collect(),
    }))
}

impl Stack {
    /// A function as Lambda describes it; nothing where there is none.
    pub async fn function(&self, function: &str) -> Result<Option<Function>, Error> {
        configuration(&self.lambda, &self.region, &self.function_name(function)).await
    }

    /// The URL of a function, without a slash at its end; nothing where it has none.
    pub async fn url(&self, function: &str) -> Result<Option<String>, Error> {
        let request = self.lambda.get_function_url_config().function_name(self.function_name(function));
        match request.send().await {
            Ok(known) => Ok(Some(known.function_url().trim_end_matches('/').to_owned())),
            Err(error) if error.as_service_error().is_some_and(|said| said.is_resource_not_found_exception()) => {
                Ok(None)
            }
            Err(error) => Err(self.refused("lambda:GetFunctionUrlConfig", &error)),
        }
    }

    /// Who may start a function, apart from those whom IAM allows it.
    pub async fn callers(&self, function: &str) -> Result<Vec<Caller>, Error> {
        let request = self.lambda.get_policy().function_name(self.function_name(function));
        let policy = match request.send().await {
            Ok(known) => known.policy().unwrap_or_default().to_owned(),
            Err(error) if error.as_service_error().is_some_and(|said| said.is_resource_not_found_exception()) => {
                return Ok(Vec::new());
            }
            Err(error) => return Err(self.refused("lambda:GetPolicy", &error)),
        };
        Ok(read_policy(&policy))
    }

    /// The queues that feed a function.
    pub async fn feeds(&self, function: &str) -> Result<Vec<Feed>, Error> {
        let request = self.lambda.list_event_source_mappings().function_name(self.function_name(function));
        let answer = request.send().await.map_err(|error| self.refused("lambda:ListEventSourceMappings", &error))?;
        let feeds = answer.event_source_mappings().iter().map(|feed| {
            let queue = feed.event_source_arn().and_then(|arn| arn.rsplit(':').next()).unwrap_or_default();
            // "OK", "No records processed", and what else there may be; only what is wrong is called a problem.
            let result = feed.last_processing_result().unwrap_or_default();
            Feed {
                queue: queue.to_owned(),
                state: feed.state().unwrap_or_default().to_owned(),
                trouble: result.starts_with("PROBLEM").then(|| result.to_owned()),
                concurrency: feed.scaling_config().and_then(|scaling| scaling.maximum_concurrency()),
                partial: !feed.function_response_types().is_empty(),
            }
        });
        Ok(feeds.collect())
    }

    /// Starts a function and does not wait: Lambda tries it three times in all.
    pub async fn start(&self, function: &str, event: &Value) -> Result<(), Error> {
        let request = self.lambda.invoke().function_name(self.function_name(function));
        let request = request.invocation_type(InvocationType::Event).payload(Blob::new(event.to_string()));
        request.send().await.map(|_| ()).map_err(|error| self.refused("lambda:InvokeFunction", &error))
    }
}

/// The statements that allow something. What is written in a way that Terraform never writes is left out, and missed.
fn read_policy(text: &str) -> Vec<Caller> {
    let policy: Value = serde_json::from_str(text).unwrap_or_default();
    let statements = policy["Statement"].as_array().cloned().unwrap_or_default();
    let allowed = statements.iter().filter(|statement| statement["Effect"] == "Allow");
    allowed
        .filter_map(|statement| {
            let principal = &statement["Principal"];
            let principal = principal.as_str().or(principal["Service"].as_str()).or(principal["AWS"].as_str())?;
            Some(Caller { principal: principal.to_owned(), action: statement["Action"].as_str()?.to_owned() })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_says_who_may_start_a_function() {
        let policy = r#"{"Version": "2012-10-17", "Statement": [
            {"Sid": "open-url", "Effect": "Allow", "Principal": "*", "Action": "lambda:InvokeFunctionUrl"},
            {"Sid": "ses-events", "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"},
             "Action": "lambda:InvokeFunction"},
            {"Effect": "Deny", "Principal": "*", "Action": "lambda:InvokeFunction"}]}"#;
        let said: Vec<_> = read_policy(policy).into_iter().map(|known| (known.principal, known.action)).collect();
        let said: Vec<_> = said.iter().map(|(who, what)| (who.as_str(), what.as_str())).collect();
        assert_eq!(said, [("*", "lambda:InvokeFunctionUrl"), ("events.amazonaws.com", "lambda:InvokeFunction")]);
        assert_eq!(read_policy("nothing"), []);
    }
}
