//! The connection to the stores' APIs over which orders are read.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use winback_domain::codes::{Request, Trouble};
use winback_domain::http::retry_after;
use winback_domain::pull::Answer;

use crate::sdk;

/// Behind a single order somebody else's event waits.
const ONE_ANSWER: Duration = Duration::from_secs(4);
/// A shop's own server collects a hundred orders so long. Nobody waits for it.
const PAGE_ANSWER: Duration = Duration::from_secs(30);
/// No order is larger, in bytes.
const LARGEST_ONE: usize = 1024 * 1024;
/// Nor any page of them.
const LARGEST_PAGE: usize = 32 * 1024 * 1024;

/// Both ways to orders. A connection is made when it is first needed: most functions never do.
#[derive(Clone, Default)]
pub struct Orders {
    one: Arc<OnceLock<SharedHttpConnector>>,
    page: Arc<OnceLock<SharedHttpConnector>>,
}

impl fmt::Debug for Orders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Orders")
    }
}

/// What a store answered.
pub(super) struct Answered {
    status: u16,
    retry_after: Option<u32>,
    date: Option<String>,
    body: Vec<u8>,
}

impl Answered {
    /// As the domain reads it.
    pub(super) fn answer(&self) -> Answer<'_> {
        let Self { status, retry_after, date, body } = self;
        Answer { status: *status, retry_after: *retry_after, date: date.as_deref(), body }
    }
}

impl Orders {
    /// Over somebody else's connection.
    pub fn over(connector: SharedHttpConnector) -> Self {
        let page = Arc::new(OnceLock::from(connector.clone()));
        Self { one: Arc::new(OnceLock::from(connector)), page }
    }

    /// Asks once for a single order. No answer is as good as being told to come back later.
    pub(super) async fn one(&self, request: Request) -> Result<Answered, Trouble> {
        carry(self.one.get_or_init(|| sdk::to_orders(ONE_ANSWER)), request, LARGEST_ONE).await
    }

    /// Asks once for a page of orders.
    pub(super) async fn page(&self, request: Request) -> Result<Answered, Trouble> {
        carry(self.page.get_or_init(|| sdk::to_orders(PAGE_ANSWER)), request, LARGEST_PAGE).await
    }
}

async fn carry(connector: &SharedHttpConnector, request: Request, largest: usize) -> Result<Answered, Trouble> {
    let mut http = HttpRequest::new(SdkBody::from(request.body));
    http.set_method(request.method).map_err(|_| Trouble::Unreadable)?;
    http.set_uri(request.url).map_err(|_| Trouble::Refused("its address is none".to_owned()))?;
    for (name, value) in request.headers {
        http.headers_mut().try_insert(name, value).map_err(|_| Trouble::NoAccess)?;
    }
    let answer = connector.call(http).await.map_err(|_| Trouble::Later { seconds: None })?;
    let status = answer.status().as_u16();
    let date = answer.headers().get("date").map(str::to_owned);
    let retry_after = answer.headers().get("retry-after").and_then(|text| retry_after(text, date.as_deref()));
    let mut stream = ByteStream::new(answer.into_body());
    let mut body = Vec::new();
    while let Some(piece) = stream.try_next().await.map_err(|_| Trouble::Unreadable)? {
        body.extend_from_slice(&piece);
        if body.len() > largest {
            return Err(Trouble::Unreadable);
        }
    }
    Ok(Answered { status, retry_after, date, body })
}
