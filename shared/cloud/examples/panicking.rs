//! A function that panics when its event says so: what every function would do if one of them did.

use serde_json::Value;
use winback_cloud::start::{Invocation, serve};
use winback_cloud::{Cloud, Error};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    serve(handle).await
}

async fn handle(_: &Cloud, event: Value, _: Invocation) -> Result<Value, Error> {
    assert!(event["panic"] != true, "asked to panic");
    Ok(event)
}
