//! Requests as a function URL hands them to Lambda, and its answers.

use aws_lambda_events::lambda_function_urls::{LambdaFunctionUrlRequest, LambdaFunctionUrlResponse};
use serde_json::{Value, json};

/// A request in the JSON that a function URL makes of it. Bodies that are not JSON arrive base64, as forms do on AWS.
pub fn request(method: &str, path: &str, headers: &[(&str, &str)], body: Option<&[u8]>) -> LambdaFunctionUrlRequest {
    let json = headers.iter().any(|(name, value)| *name == "content-type" && value.starts_with("application/json"));
    let plain = body.and_then(|body| std::str::from_utf8(body).ok()).filter(|_| json);
    let encoded = body.map(|body| plain.map_or_else(|| data_encoding::BASE64.encode(body), str::to_owned));
    let headers: serde_json::Map<String, Value> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    let event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": headers,
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "local",
            "domainName": "local.lambda-url.us-east-1.on.aws",
            "domainPrefix": "local",
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "test"},
            "requestId": "00000000-0000-4000-8000-000000000000",
            "routeKey": "$default",
            "stage": "$default",
            "time": "01/Jan/2026:00:00:00 +0000",
            "timeEpoch": 0,
        },
        "body": encoded,
        "isBase64Encoded": encoded.is_some() && plain.is_none(),
    });
    serde_json::from_value(event).expect("the shape of a function URL's event")
}

/// What a caller sees of an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Answered {
    /// The HTTP status.
    pub status: i64,
    /// The body as text.
    pub body: String,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
}

impl Answered {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("a JSON body")
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl From<LambdaFunctionUrlResponse> for Answered {
    fn from(response: LambdaFunctionUrlResponse) -> Self {
        let headers = response.headers.iter();
        let headers = headers.map(|(name, value)| (name.to_string(), value.to_str().expect("text").to_owned()));
        Self { status: response.status_code, body: response.body.unwrap_or_default(), headers: headers.collect() }
    }
}
