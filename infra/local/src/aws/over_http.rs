//! The stand-ins for a process of its own: what the SDK there sends over HTTP is answered by the same seam.

use std::sync::Arc;

use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;

use super::Stack;
use super::seam::Seam;

/// No service answered: nobody is asked for here, or a fault kept the answer back. The caller cuts the connection.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no answer: {0}")]
pub struct Unanswered(String);

impl Stack {
    /// Answers a request of an SDK client in another process, as if it had been made in this one: it is counted,
    /// recorded and struck by faults alike. Which service it is for stands in its headers and its path.
    ///
    /// # Errors
    /// When the request is for nobody here, cannot be read, or a fault wants it to get no answer.
    pub async fn answer_http(&self, request: http::Request<Vec<u8>>) -> Result<http::Response<Vec<u8>>, Unanswered> {
        answer(&self.seam(), request).await
    }

    /// Where the functions' calls are answered.
    pub(super) fn seam(&self) -> Seam {
        Seam { services: Arc::clone(&self.services), overseer: false }
    }
}

/// Answers a request of another process by way of a connector of this one.
pub(super) async fn answer(
    connector: &impl HttpConnector,
    request: http::Request<Vec<u8>>,
) -> Result<http::Response<Vec<u8>>, Unanswered> {
    let unreadable = |problem: &dyn std::fmt::Display| Unanswered(problem.to_string());
    let request = HttpRequest::try_from(request.map(SdkBody::from)).map_err(|error| unreadable(&error))?;
    let answer = connector.call(request).await.map_err(|error| unreadable(&error))?;
    let answer = answer.try_into_http1x().map_err(|error| unreadable(&error))?;
    // The stand-ins' answers are whole when they are made; none is a stream.
    Ok(answer.map(|body| body.bytes().map(<[u8]>::to_vec).unwrap_or_default()))
}
