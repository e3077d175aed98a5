//! Function URLs: Lambda's own types for them, and nothing but them.

use aws_lambda_events::http::{HeaderName, HeaderValue};
use aws_lambda_events::lambda_function_urls::{LambdaFunctionUrlRequest, LambdaFunctionUrlResponse};
use winback_domain::http::{Answer, Problem};
use winback_domain::keys::same;

use crate::Cloud;

/// The header with which the link domain proves that a request came through it.
const ORIGIN: &str = "x-winback-origin";
/// When somebody may try again whom we could not check.
const RETRY_SECONDS: u32 = 30;

/// The HTTP method, upper case.
pub fn method(request: &LambdaFunctionUrlRequest) -> &str {
    request.request_context.http.method.as_deref().unwrap_or_default()
}

/// The path as it was asked for, percent-encoding and all.
pub fn path(request: &LambdaFunctionUrlRequest) -> &str {
    request.raw_path.as_deref().unwrap_or_default()
}

/// An answer as a function URL sends it.
pub fn response(answer: Answer) -> LambdaFunctionUrlResponse {
    let mut response = LambdaFunctionUrlResponse::default();
    response.status_code = i64::from(answer.status);
    for (name, value) in answer.headers {
        // Header values are ours; one that cannot be sent is left out.
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers.insert(HeaderName::from_static(name), value);
        }
    }
    response.body = Some(answer.body);
    response
}

/// The answer to a request that went past the link domain, where requests must come through it.
///
/// Nothing depends on this check but the bill and what guards the domain: signatures, tokens and codes are looked at all
/// the same.
pub async fn closed(cloud: &Cloud, request: &LambdaFunctionUrlRequest) -> Option<Answer> {
    if !cloud.config.origin_checked {
        return None;
    }
    let shown = request.headers.get(ORIGIN).and_then(|shown| shown.to_str().ok()).unwrap_or_default();
    // The secret may be newer than what is kept of it.
    for doubt in [false, true] {
        match cloud.secrets.origin(cloud.clock.now(), doubt).await {
            Ok(known) if known.iter().any(|known| same(known, shown)) => return None,
            Ok(_) => {}
            Err(error) => {
                tracing::error!(%error, "the link domain cannot be checked");
                return Some(Problem::try_again(RETRY_SECONDS));
            }
        }
    }
    Some(Problem::status(403).detail("ask at the shop's own domain").answer())
}
