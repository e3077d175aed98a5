//! Function URLs: Lambda's own types for them, and nothing but them.

use aws_lambda_events::http::{HeaderName, HeaderValue};
use aws_lambda_events::lambda_function_urls::{LambdaFunctionUrlRequest, LambdaFunctionUrlResponse};
use winback_domain::http::Answer;

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
