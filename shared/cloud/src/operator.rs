//! What an operator does to a deployed stack: finds it by its name, looks at it, writes its secrets, sends a first mail,
//! starts its functions by hand. No function does any of it.

pub mod first_mail;
pub mod functions;
pub mod mail;
pub mod queues;
pub mod schedules;
pub mod secrets;
mod stores;
pub mod web;
pub mod webhooks;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_lambda::error::{ProvideErrorMetadata, SdkError};

use crate::clock::Clock;
use crate::config::{self, Config};
use crate::{Cloud, random_owner};

/// A person waits for the answer: long enough for a slow line, short enough not to be taken for a hang.
const CONNECT: Duration = Duration::from_secs(5);
const ANSWER: Duration = Duration::from_secs(20);

/// These functions know between them every name and place of a stack.
const TELLING: [&str; 5] = ["send-message", "find-lapsed", "receive-webhook", "scan-customers", "import-orders"];
/// A stack without these is none.
const NEEDED: [&str; 2] = ["send-message", "find-lapsed"];

/// What mends a stack that is not as the module says.
pub const APPLY: &str = "apply the Terraform module again";

/// An operator's wish was not granted.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing of that name is deployed where we look.
    #[error("no stack {name} in {region}: there is no function {name}-{function}; the name is the module's `prefix`")]
    NoStack {
        /// As it was asked for.
        name: String,
        /// Where it was looked for.
        region: String,
        /// What is missing.
        function: String,
    },
    /// Nobody said where to look.
    #[error("no region: set AWS_REGION, or `region` in the profile that AWS_PROFILE names")]
    NoRegion,
    /// Two functions of a stack were told different things: half of an apply, most likely.
    #[error("the functions of {name} disagree about {variable}: {}", APPLY)]
    Disagree {
        /// The stack.
        name: String,
        /// The environment variable.
        variable: String,
    },
    /// The functions' environment is not as it must be.
    #[error(transparent)]
    Config(#[from] config::Error),
    /// AWS did not do it: not allowed, not there, out of reach.
    #[error("{operation}: {said}")]
    Refused {
        /// The call, as IAM names it.
        operation: &'static str,
        /// The error's code and what AWS says to it.
        said: String,
    },
}

/// A deployed stack.
pub struct Stack {
    /// Its name: the Terraform module's `prefix`.
    pub name: String,
    /// Where it is.
    pub region: String,
    /// What its functions were told.
    pub config: Config,
    sdk: SdkConfig,
    clock: Clock,
    cloudwatch: aws_sdk_cloudwatch::Client,
    lambda: aws_sdk_lambda::Client,
    logs: aws_sdk_cloudwatchlogs::Client,
    scheduler: aws_sdk_scheduler::Client,
    ses: aws_sdk_sesv2::Client,
    sqs: aws_sdk_sqs::Client,
    ssm: aws_sdk_ssm::Client,
    web: web::Web,
}

impl Stack {
    /// Finds a stack by its name, with the region and the credentials that the AWS command line would use here.
    pub async fn find(name: &str) -> Result<Self, Error> {
        let timeouts = aws_config::timeout::TimeoutConfig::builder();
        let timeouts = timeouts.connect_timeout(CONNECT).operation_attempt_timeout(ANSWER).build();
        let sdk = aws_config::defaults(BehaviorVersion::latest()).timeout_config(timeouts).load().await;
        Self::over(sdk, web::Web::real(), Clock::real(), name).await
    }

    /// The same, over any SDK configuration and any way to the web.
    pub async fn over(sdk: SdkConfig, web: web::Web, clock: Clock, name: &str) -> Result<Self, Error> {
        let region = sdk.region().map(ToString::to_string).ok_or(Error::NoRegion)?;
        let lambda = aws_sdk_lambda::Client::new(&sdk);
        let config = environment(&lambda, name, &region).await?;
        Ok(Self {
            name: name.to_owned(),
            region,
            config,
            cloudwatch: aws_sdk_cloudwatch::Client::new(&sdk),
            logs: aws_sdk_cloudwatchlogs::Client::new(&sdk),
            scheduler: aws_sdk_scheduler::Client::new(&sdk),
            ses: aws_sdk_sesv2::Client::new(&sdk),
            sqs: aws_sdk_sqs::Client::new(&sdk),
            ssm: aws_sdk_ssm::Client::new(&sdk),
            lambda,
            sdk,
            clock,
            web,
        })
    }

    /// The stack as its functions hold it. What it does, it does with the operator's own permissions.
    pub fn cloud(&self) -> Cloud {
        Cloud::over(&self.sdk, self.config.clone(), self.clock.clone(), Arc::new(random_owner))
    }

    /// The time, as the commands go by it.
    pub fn now(&self) -> jiff::Timestamp {
        self.clock.now()
    }

    /// The full name of one of its functions.
    pub fn function_name(&self, function: &str) -> String {
        format!("{}-{function}", self.name)
    }

    /// What AWS says, without the request.
    fn refused<E, R>(&self, operation: &'static str, error: &SdkError<E, R>) -> Error
    where
        E: ProvideErrorMetadata,
    {
        refused(operation, &self.region, error)
    }
}

impl fmt::Debug for Stack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stack").field("name", &self.name).field("region", &self.region).finish_non_exhaustive()
    }
}

/// What a stack's functions were told, all of it taken together.
async fn environment(lambda: &aws_sdk_lambda::Client, name: &str, region: &str) -> Result<Config, Error> {
    let mut told: BTreeMap<String, String> = BTreeMap::new();
    for function in TELLING {
        let Some(known) = functions::configuration(lambda, region, &format!("{name}-{function}")).await? else {
            if !NEEDED.contains(&function) {
                continue;
            }
            return Err(Error::NoStack {
                name: name.to_owned(),
                region: region.to_owned(),
                function: function.to_owned(),
            });
        };
        let ours = known.environment.into_iter().filter(|(variable, _)| variable.starts_with("WINBACK_"));
        for (variable, value) in ours {
            if told.insert(variable.clone(), value.clone()).is_some_and(|before| before != value) {
                return Err(Error::Disagree { name: name.to_owned(), variable });
            }
        }
    }
    Ok(Config::read(|variable| told.get(variable).cloned())?)
}

/// The same, where there is no stack yet.
fn refused<E, R>(operation: &'static str, region: &str, error: &SdkError<E, R>) -> Error
where
    E: ProvideErrorMetadata,
{
    let said = match error {
        SdkError::ServiceError(service) => {
            let code = service.err().code().unwrap_or("an error");
            let message = service.err().message().unwrap_or_default();
            format!("{code} {message}").trim().to_owned()
        }
        SdkError::TimeoutError(_) => format!("no answer in time from the region {region}"),
        // A region that is misspelt has no address.
        SdkError::DispatchFailure(failure) if failure.is_io() => format!("the region {region} is out of reach"),
        SdkError::DispatchFailure(failure) if failure.is_timeout() => {
            format!("no answer in time from the region {region}")
        }
        SdkError::DispatchFailure(_) => {
            "not sent: are there credentials? `aws sts get-caller-identity` tells".to_owned()
        }
        _ => "answered what cannot be read".to_owned(),
    };
    Error::Refused { operation, said }
}
