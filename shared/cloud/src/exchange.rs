//! One exchange with a store's own API, over whichever connection.

use std::time::Duration;

use aws_smithy_async::future::timeout::Timeout;
use aws_smithy_async::rt::sleep::{AsyncSleep, TokioSleep};
use aws_smithy_runtime_api::client::http::{HttpConnector, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::byte_stream::ByteStream;
use winback_domain::exchange::{Request, Response, Trouble};
use winback_domain::http::retry_after;

/// What a store answered.
pub(crate) struct Answered {
    status: u16,
    retry_after: Option<u32>,
    date: Option<String>,
    replayed: bool,
    body: Vec<u8>,
}

impl Answered {
    /// As the domain reads it.
    pub(crate) fn response(&self) -> Response<'_> {
        let Self { status, retry_after, date, replayed, body } = self;
        Response { status: *status, retry_after: *retry_after, date: date.as_deref(), replayed: *replayed, body }
    }
}

/// Asks once, and reads no more than the largest answer that is of use, in bytes. No answer is as good as being told to come
/// back later.
pub(crate) async fn exchange(
    connector: &SharedHttpConnector,
    request: Request,
    largest: usize,
) -> Result<Answered, Trouble> {
    let mut http = HttpRequest::new(SdkBody::from(request.body));
    http.set_method(request.method).map_err(|_| Trouble::Unreadable)?;
    http.set_uri(request.url).map_err(|_| Trouble::Refused("its address is none".to_owned()))?;
    for (name, value) in request.headers {
        http.headers_mut().try_insert(name, value).map_err(|_| Trouble::NoAccess)?;
    }
    let answer = connector.call(http).await.map_err(|_| Trouble::Later { seconds: None })?;
    let header = |name: &str| answer.headers().get(name).map(str::trim);
    let status = answer.status().as_u16();
    let date = header("date").map(str::to_owned);
    let retry_after = header("retry-after").and_then(|text| retry_after(text, date.as_deref()));
    let replayed = header("idempotent-replayed") == Some("true");
    let mut stream = ByteStream::new(answer.into_body());
    let mut body = Vec::new();
    while let Some(piece) = stream.try_next().await.map_err(|_| Trouble::Unreadable)? {
        body.extend_from_slice(&piece);
        if body.len() > largest {
            return Err(Trouble::Unreadable);
        }
    }
    Ok(Answered { status, retry_after, date, replayed, body })
}

/// Waits so long and no longer: a connector's own limit ends where an answer begins, and whoever falls silent in the middle of
/// one has not answered either.
pub(crate) async fn within<T>(most: Duration, answer: impl Future<Output = Result<T, Trouble>>) -> Result<T, Trouble> {
    let ended = Timeout::new(Box::pin(answer), TokioSleep::new().sleep(most)).await;
    ended.unwrap_or(Err(Trouble::Later { seconds: None }))
}
