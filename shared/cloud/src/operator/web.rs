//! One GET to an address of the stack, over the HTTP client that the SDK brings along.

use std::error::Error as _;
use std::time::Duration;

use aws_smithy_http_client::default_connector;
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorSettings, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::byte_stream::ByteStream;
use jiff::Timestamp;

use super::Stack;

const CONNECT: Duration = Duration::from_secs(5);
const READ: Duration = Duration::from_secs(15);

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The HTTP status.
    pub status: u16,
    /// When it was sent, by the sender's clock.
    pub date: Option<Timestamp>,
    /// What the page may load, as its sender says (Content-Security-Policy).
    pub policy: Option<String>,
    /// The body as text.
    pub body: String,
}

/// The way to the web.
#[derive(Clone, Debug)]
pub struct Web(Option<SharedHttpConnector>);

impl Web {
    /// The real one.
    pub fn real() -> Self {
        let settings = HttpConnectorSettings::builder().connect_timeout(CONNECT).read_timeout(READ).build();
        Self(default_connector(&settings, None))
    }

    /// Over anything that answers.
    pub fn over(connector: SharedHttpConnector) -> Self {
        Self(Some(connector))
    }

    async fn get(&self, url: &str) -> Result<Page, String> {
        let connector = self.0.as_ref().ok_or("this build has no HTTP client")?;
        let mut request = HttpRequest::empty();
        request.set_uri(url.to_owned()).map_err(|_| "that is no address".to_owned())?;
        let answer = connector.call(request).await.map_err(|error| {
            // The innermost cause names what is wrong: a certificate, a name nobody knows, a closed port.
            let mut said = error.to_string();
            let mut source = error.source();
            while let Some(inner) = source {
                said = inner.to_string();
                source = inner.source();
            }
            if error.is_timeout() { "no answer in time".to_owned() } else { said }
        })?;
        let status = answer.status().as_u16();
        let date = answer.headers().get("date").and_then(|date| jiff::fmt::rfc2822::parse(date).ok());
        let date = date.map(|date| date.timestamp());
        let policy = answer.headers().get("content-security-policy").map(str::to_owned);
        let body = ByteStream::new(answer.into_body()).collect().await;
        let body = body.map_err(|_| "the answer broke off".to_owned())?;
        Ok(Page { status, date, policy, body: String::from_utf8_lossy(&body.into_bytes()).into_owned() })
    }
}

impl Page {
    /// Whether it is a page that a store's customers get from us: they load nothing and carry one style sheet, by its hash.
    pub fn is_ours(&self) -> bool {
        self.policy.as_ref().is_some_and(|policy| policy.starts_with("default-src 'none'; style-src 'sha256-"))
    }
}

impl Stack {
    /// Asks for a page. Any answer is one, also one that says no.
    ///
    /// # Errors
    /// Why there was none, in words for a person.
    pub async fn page(&self, url: &str) -> Result<Page, String> {
        self.web.get(url).await
    }
}
