//! Between HTTP and the JSON of a Lambda function URL (payload version 2.0).

use anyhow::{Context, Result, anyhow};
use aws_lambda_events::lambda_function_urls::{LambdaFunctionUrlRequest, LambdaFunctionUrlResponse};
use axum::response::Response;
use data_encoding::BASE64;
use http::header::{CONTENT_TYPE, HOST, SET_COOKIE, USER_AGENT};
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use serde_json::{Map, Value, json};

use super::body;
use crate::place::Place;

/// The addresses that functions answer.
pub(crate) const PATHS: [&str; 5] = ["/webhooks/{*rest}", "/o/{*rest}", "/u/{*rest}", "/redeem", "/check"];

/// The event a function URL makes of a request. The problem is told to whoever sent it.
pub(crate) fn request(parts: &Parts, bytes: &[u8]) -> Result<LambdaFunctionUrlRequest, String> {
    serde_json::from_value(event(parts, bytes)).map_err(|_| "the request cannot be read".to_owned())
}

fn event(parts: &Parts, bytes: &[u8]) -> Value {
    let text = |name| parts.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok()).unwrap_or_default();
    let path = parts.uri.path();
    // Lambda hands texts over as they are, and everything else, forms too, in base 64.
    let as_text = is_text(text(CONTENT_TYPE)).then(|| std::str::from_utf8(bytes).ok()).flatten();
    let body = match as_text {
        _ if bytes.is_empty() => Value::Null,
        Some(text) => json!(text),
        None => json!(BASE64.encode(bytes)),
    };
    json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": parts.uri.query().unwrap_or_default(),
        "headers": headers(&parts.headers),
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "local",
            "domainName": text(HOST),
            "domainPrefix": "local",
            "http": {
                "method": parts.method.as_str(),
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1",
                "userAgent": text(USER_AGENT),
            },
            "requestId": "local",
            "routeKey": "$default",
            "stage": "$default",
            "timeEpoch": 0,
        },
        "body": body,
        "isBase64Encoded": !bytes.is_empty() && as_text.is_none(),
    })
}

/// Header names in small letters, several values of one with commas between them.
fn headers(all: &HeaderMap) -> Value {
    let mut found = Map::new();
    for name in all.keys() {
        let values: Vec<&str> = all.get_all(name).iter().filter_map(|value| value.to_str().ok()).collect();
        found.insert(name.as_str().to_owned(), json!(values.join(",")));
    }
    Value::Object(found)
}

fn is_text(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let known = ["application/json", "application/javascript", "application/xml"];
    kind.starts_with("text/") || kind.ends_with("+json") || kind.ends_with("+xml") || known.contains(&kind.as_str())
}

/// Asks the function that an address belongs to, from this side of the door.
pub(crate) async fn ask(place: &Place, asked: http::Request<()>, body: &[u8]) -> Result<LambdaFunctionUrlResponse> {
    let request = request(&asked.into_parts().0, body).map_err(anyhow::Error::msg)?;
    invoke(place, request).await
}

/// Runs the function that an address belongs to.
pub(crate) async fn invoke(place: &Place, request: LambdaFunctionUrlRequest) -> Result<LambdaFunctionUrlResponse> {
    let (cloud, now) = (&place.cloud, place.invocation());
    let path = request.raw_path.clone().unwrap_or_default();
    let first = path.trim_start_matches('/').split('/').next().unwrap_or_default().to_owned();
    Ok(match first.as_str() {
        "webhooks" => receive_webhook::at_the_door(cloud, request, now).await?,
        "o" | "u" => serve_offer::handle(cloud, request, now).await?,
        "redeem" | "check" => redeem_code::handle(cloud, request, now).await?,
        _ => return Err(anyhow!("{path} belongs to no function")),
    })
}

/// The HTTP answer a function URL makes of a function's.
pub(super) fn response(answer: LambdaFunctionUrlResponse) -> Response {
    build(answer).unwrap_or_else(|error| {
        tracing::error!(%error, "a function's answer makes no sense");
        plain(502, "Internal Server Error")
    })
}

fn build(answer: LambdaFunctionUrlResponse) -> Result<Response> {
    let status = u16::try_from(answer.status_code).context("its status")?;
    let text = answer.body.unwrap_or_default();
    let bytes = match answer.is_base64_encoded {
        true => BASE64.decode(text.as_bytes()).map_err(|error| anyhow!("its body: {error}"))?,
        false => text.into_bytes(),
    };
    let mut response = Response::builder().status(status).body(body(bytes))?;
    *response.headers_mut() = answer.headers;
    for cookie in answer.cookies {
        response.headers_mut().append(SET_COOKIE, HeaderValue::try_from(cookie)?);
    }
    Ok(response)
}

/// An answer of the gateway's own.
pub(super) fn plain(status: u16, text: &str) -> Response {
    let mut response = Response::new(body(format!("{text}\n")));
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::BAD_GATEWAY);
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(content_type: &str) -> Parts {
        let request = http::Request::post("/webhooks/books?a=1").header("Content-Type", content_type);
        let request = request.header("X-Two", "1").header("X-Two", "2").header("Host", "127.0.0.1:8787");
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn texts_travel_as_they_are_and_forms_in_base_64() {
        let json = event(&parts("application/json; charset=utf-8"), b"{\"a\": 1}");
        assert_eq!((&json["body"], &json["isBase64Encoded"]), (&json!("{\"a\": 1}"), &json!(false)));
        let form = event(&parts("application/x-www-form-urlencoded"), b"a=1");
        assert_eq!((&form["body"], &form["isBase64Encoded"]), (&json!("YT0x"), &json!(true)));
        let broken = event(&parts("text/plain"), b"\xff");
        assert_eq!(broken["isBase64Encoded"], json!(true));
        let empty = event(&parts(""), b"");
        assert_eq!((&empty["body"], &empty["isBase64Encoded"]), (&Value::Null, &json!(false)));
    }

    #[test]
    fn the_event_is_one_that_lambda_could_have_sent() {
        let request = request(&parts("application/json"), b"{}").unwrap();
        assert_eq!(request.raw_path.as_deref(), Some("/webhooks/books"));
        assert_eq!(request.raw_query_string.as_deref(), Some("a=1"));
        assert_eq!(request.headers["x-two"], "1,2");
        assert_eq!(request.request_context.http.method.as_deref(), Some("POST"));
    }

    #[test]
    fn an_answer_in_base_64_is_unpacked() {
        let mut answer = LambdaFunctionUrlResponse::default();
        answer.status_code = 201;
        answer.is_base64_encoded = true;
        answer.body = Some("YT0x".to_owned());
        assert_eq!(response(answer.clone()).status(), 201);
        answer.body = Some("?".to_owned());
        assert_eq!(response(answer).status(), 502);
    }
}
