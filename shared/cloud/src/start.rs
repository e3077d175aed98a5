//! Starting as a Lambda function: one loop for all of them.

use std::sync::Arc;

use jiff::Timestamp;
use lambda_runtime::{LambdaEvent, service_fn};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Cloud, Error};

/// What an invocation brings along beside its event.
#[derive(Clone, Copy, Debug)]
pub struct Invocation {
    /// When the function is ended, whatever it is doing.
    pub until: Timestamp,
}

/// Runs a handler as a Lambda function until the runtime ends it.
///
/// Logs are JSON lines of our own fields only: never a payload, never an address.
pub async fn serve<E, R, H>(handle: H) -> Result<(), lambda_runtime::Error>
where
    E: DeserializeOwned,
    R: Serialize,
    H: AsyncFn(&Cloud, E, Invocation) -> Result<R, Error>,
{
    lambda_runtime::tracing::init_default_subscriber();
    let cloud = Arc::new(Cloud::from_env()?);
    let handle = &handle;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<E>| {
        let cloud = Arc::clone(&cloud);
        async move {
            let until = i64::try_from(event.context.deadline).unwrap_or(i64::MAX);
            let until = Timestamp::from_millisecond(until).unwrap_or(Timestamp::MAX);
            Box::pin(handle(&cloud, event.payload, Invocation { until })).await.map_err(lambda_runtime::Error::from)
        }
    }))
    .await
}
