//! One POST to somebody's address, over the HTTP client the AWS SDK brings along: no second one in the tree, and with
//! it the one provider of cryptography for https.

use std::time::Duration;

use anyhow::{Context, Result, anyhow, bail};
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_http_client::default_connector;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorSettings};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The HTTP status.
    pub status: u16,
    /// The body as text.
    pub body: String,
}

/// Posts a body of JSON. Any answer is an answer, also one that says no.
///
/// # Errors
/// When the address is none, or nobody answers there.
pub async fn post(url: &str, headers: &[(&'static str, String)], body: Vec<u8>) -> Result<Answered> {
    if !url.starts_with("http://") && !url.starts_with("https://") {
        bail!("{url} is no address: it begins with http:// or https://");
    }
    let settings = HttpConnectorSettings::builder().connect_timeout(CONNECT_TIMEOUT).read_timeout(READ_TIMEOUT).build();
    let connector = default_connector(&settings, Some(SharedAsyncSleep::new(TokioSleep::new())));
    let connector = connector.context("this build has no HTTP client")?;
    let length = body.len().to_string();
    let mut request = HttpRequest::new(SdkBody::from(body));
    request.set_method("POST")?;
    request.set_uri(url.to_owned()).with_context(|| format!("{url} is no address"))?;
    let ours = [("content-type", "application/json".to_owned()), ("content-length", length)];
    for (name, value) in ours.iter().chain(headers) {
        request.headers_mut().insert(*name, value.clone());
    }
    let answer = connector.call(request).await.map_err(|error| {
        let why = if error.is_timeout() { "no answer in time" } else { "nobody answers there" };
        anyhow!("{url}: {why}")
    })?;
    let status = answer.status().as_u16();
    let body = ByteStream::new(answer.into_body()).collect().await.context("the answer broke off")?;
    Ok(Answered { status, body: String::from_utf8_lossy(&body.into_bytes()).into_owned() })
}
