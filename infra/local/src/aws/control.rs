//! The stand-in for what operators ask AWS: descriptions of what is deployed, and functions started by hand.
//!
//! Descriptions are laid down by whoever builds the stack, and answered as they are; only a function that was given a
//! handler can be started. Everything else goes to the services behind the seam, and what neither knows is refused by name.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use aws_config::SdkConfig;
use aws_smithy_cbor::Encoder;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::DateTime;
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};

use super::over_http::{self, Unanswered};
use super::{Stack, lock};

/// What a function answers to an event.
pub type Answering = Pin<Box<dyn Future<Output = Result<Value, String>> + Send>>;
type Handler = Arc<dyn Fn(Value) -> Answering + Send + Sync>;

/// Paths of the APIs that only operators call.
const APIS: [&str; 6] = [
    "/2015-03-31/",
    "/2021-10-31/functions/",
    "/schedules/",
    "/v2/email/identities/",
    "/v2/email/configuration-sets/",
    METRIC,
];
/// CloudWatch's figures.
const METRIC: &str = "/service/GraniteServiceVersion20100801/operation/GetMetricStatistics";

/// CloudWatch's logs, by the header that names the call.
const FILTER_LOG: &str = "Logs_20140328.FilterLogEvents";
/// So many lines of a log come at once.
const LINES: usize = 3;

/// A page of the web.
#[derive(Clone, Debug)]
struct Page {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

#[derive(Default)]
struct Known {
    described: BTreeMap<String, Value>,
    pages: BTreeMap<String, Page>,
    handlers: BTreeMap<String, Handler>,
    started: Vec<(String, Value)>,
    ages: BTreeMap<String, f64>,
    logs: BTreeMap<String, Vec<(i64, String)>>,
}

/// AWS as an operator meets it. Clones are the same.
#[derive(Clone)]
pub struct Control {
    stack: Stack,
    known: Arc<Mutex<Known>>,
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Control")
    }
}

impl Control {
    /// Nothing is deployed yet, beside the services of a stack.
    pub fn over(stack: Stack) -> Self {
        Self { stack, known: Arc::default() }
    }

    /// What an operator's SDK clients are made of.
    pub fn config(&self) -> SdkConfig {
        self.stack.config().to_builder().http_client(self.clone()).build()
    }

    /// The way to the web, which here has the pages that were laid down.
    pub fn web(&self) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }

    /// What a `GET` of this path answers from now on. With its query, where it has one that tells what is asked for.
    pub fn describe(&self, path: impl Into<String>, answer: Value) {
        lock(&self.known).described.insert(path.into(), answer);
    }

    /// Changes what was described.
    pub fn change(&self, path: &str, change: impl FnOnce(&mut Value)) {
        if let Some(described) = lock(&self.known).described.get_mut(path) {
            change(described);
        }
    }

    /// From now on there is nothing of this path.
    pub fn remove(&self, path: &str) {
        lock(&self.known).described.remove(path);
    }

    /// A page of the web.
    pub fn page(&self, url: impl Into<String>, status: u16, headers: &[(&str, String)], body: &str) {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        lock(&self.known).pages.insert(url.into(), Page { status, headers, body: body.to_owned() });
    }

    /// What runs when a function is started by hand.
    pub fn handler(&self, function: impl Into<String>, handler: impl Fn(Value) -> Answering + Send + Sync + 'static) {
        lock(&self.known).handlers.insert(function.into(), Arc::new(handler));
    }

    /// What was started by hand, and with what.
    pub fn started(&self) -> Vec<(String, Value)> {
        lock(&self.known).started.clone()
    }

    /// How many seconds the oldest message of a queue has waited, as CloudWatch tells it from now on.
    pub fn oldest(&self, queue: impl Into<String>, seconds: f64) {
        lock(&self.known).ages.insert(queue.into(), seconds);
    }

    /// A line in the log of a function, written at a moment.
    pub fn log(&self, function: &str, at: jiff::Timestamp, line: impl Into<String>) {
        let group = format!("/aws/lambda/{function}");
        lock(&self.known).logs.entry(group).or_default().push((at.as_millisecond(), line.into()));
    }

    /// The lines that are asked for, a few at a time.
    fn filter_log(&self, asked: &Value) -> Result<HttpResponse, ConnectorError> {
        let text = |name: &str| asked[name].as_str().unwrap_or_default();
        let (pattern, since) = (text("filterPattern"), asked["startTime"].as_i64().unwrap_or_default());
        let known = lock(&self.known);
        let group = text("logGroupName");
        let function = group.strip_prefix("/aws/lambda/").unwrap_or_default();
        if !known.described.contains_key(&format!("/2015-03-31/functions/{function}/configuration")) {
            let body =
                json!({"__type": "ResourceNotFoundException", "message": "The specified log group does not exist."});
            return response(400, &[], body.to_string());
        }
        let lines = known.logs.get(group).into_iter().flatten();
        let fitting = lines.filter(|(at, line)| *at >= since && fits(pattern, line));
        let from: usize = text("nextToken").parse().unwrap_or_default();
        let events: Vec<Value> = fitting
            .clone()
            .skip(from)
            .take(LINES)
            .map(|(at, line)| json!({"timestamp": at, "message": line}))
            .collect();
        let mut answer = json!({"events": events});
        if fitting.count() > from + LINES {
            answer["nextToken"] = (from + LINES).to_string().into();
        }
        response(200, &[], answer.to_string())
    }

    /// One data point for a queue whose age was laid down, none for any other.
    fn metric(&self, request: &HttpRequest) -> Result<HttpResponse, ConnectorError> {
        let asked = request.body().bytes().unwrap_or_default();
        // A text in CBOR stands there as it is, behind its length.
        let names = |queue: &str| asked.windows(queue.len()).any(|part| part == queue.as_bytes());
        let age = lock(&self.known).ages.iter().filter(|(queue, _)| names(queue)).map(|(_, age)| *age).next_back();
        let mut answer = Encoder::new(Vec::new());
        answer.map(1).str("Datapoints").array(age.iter().len());
        if let Some(age) = age {
            answer.map(2).str("Timestamp").timestamp(&DateTime::from_secs(0)).str("Maximum").double(age);
        }
        let mut response =
            HttpResponse::new(StatusCode::try_from(200).expect("a status"), SdkBody::from(answer.into_writer()));
        response.headers_mut().insert("smithy-protocol", "rpc-v2-cbor");
        Ok(response)
    }

    fn answer(&self, request: &HttpRequest, path: &str) -> Result<HttpResponse, ConnectorError> {
        let query =
            request.uri().split_once('?').map_or_else(|| path.to_owned(), |(_, query)| format!("{path}?{query}"));
        if request.method() == "GET" {
            let known = lock(&self.known);
            if let Some(described) = known.described.get(&query).or_else(|| known.described.get(path)) {
                return response(200, &[], described.to_string());
            }
        }
        // Lambda and the scheduler say it like this, SES like that; each reads its own.
        let code = if path.starts_with("/v2/") { "NotFoundException" } else { "ResourceNotFoundException" };
        let message = format!("{} {path} is nowhere described", request.method());
        let body = json!({"Message": message, "message": message}).to_string();
        response(404, &[("x-amzn-errortype", code)], body)
    }

    /// Starts a function. One that nobody waits for has run when this answers.
    async fn invoke(self, function: String, event: Value, waits: bool) -> Result<HttpResponse, ConnectorError> {
        let handler = {
            let mut known = lock(&self.known);
            known.started.push((function.clone(), event.clone()));
            known.handlers.get(&function).cloned()
        };
        let Some(handler) = handler else {
            let body = json!({"Message": format!("Function not found: {function}")}).to_string();
            return response(404, &[("x-amzn-errortype", "ResourceNotFoundException")], body);
        };
        match handler(event).await {
            _ if !waits => response(202, &[], String::new()),
            Ok(answer) => response(200, &[], answer.to_string()),
            Err(said) => {
                let body = json!({"errorType": "Error", "errorMessage": said}).to_string();
                response(200, &[("x-amz-function-error", "Unhandled")], body)
            }
        }
    }
}

impl HttpClient for Control {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Control {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let url = request.uri().to_owned();
        let page = lock(&self.known).pages.get(&url).filter(|_| request.method() == "GET").cloned();
        if let Some(page) = page {
            let headers: Vec<_> = page.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            return HttpConnectorFuture::ready(response(page.status, &headers, page.body));
        }
        if request.headers().get("x-amz-target") == Some(FILTER_LOG) {
            let asked = request.body().bytes().and_then(|body| serde_json::from_slice(body).ok()).unwrap_or_default();
            return HttpConnectorFuture::ready(self.filter_log(&asked));
        }
        let path = http::Uri::try_from(&url).map(|uri| uri.path().to_owned()).unwrap_or_default();
        let ours = APIS.iter().any(|api| path.starts_with(api)) && request.headers().get("x-amz-target").is_none();
        if !ours {
            return self.stack.seam().call(request);
        }
        if path == METRIC {
            return HttpConnectorFuture::ready(self.metric(&request));
        }
        let function = path.strip_suffix("/invocations").and_then(|path| path.rsplit('/').next());
        let Some(function) = function.filter(|_| request.method() == "POST") else {
            return HttpConnectorFuture::ready(self.answer(&request, &path));
        };
        let event = request.body().bytes().and_then(|body| serde_json::from_slice(body).ok()).unwrap_or_default();
        let waits = request.headers().get("x-amz-invocation-type") != Some("Event");
        HttpConnectorFuture::new(self.clone().invoke(function.to_owned(), event, waits))
    }
}

impl Control {
    /// Answers a request of a process of its own, such as the command, as [`Stack::answer_http`] does.
    ///
    /// # Errors
    /// When the request is for nobody here, or cannot be read.
    pub async fn answer_http(&self, request: http::Request<Vec<u8>>) -> Result<http::Response<Vec<u8>>, Unanswered> {
        over_http::answer(self, request).await
    }
}

/// Whether a line fits a pattern of the shape `{ ($.a.b = "this") && ($.c = "that*") }`; there is no other.
fn fits(pattern: &str, line: &str) -> bool {
    let Ok(line) = serde_json::from_str::<Value>(line) else { return false };
    pattern.trim_matches(['{', '}', ' ']).split(" && ").all(|wanted| {
        let Some((path, text)) = wanted.trim_matches(['(', ')']).split_once(" = ") else { return false };
        let value = path.split('.').skip(1).fold(&line, |value, name| &value[name]);
        let (value, text) = (value.as_str().unwrap_or_default(), text.trim_matches('"'));
        text.strip_suffix('*').map_or(value == text, |start| value.starts_with(start))
    })
}

fn response(status: u16, headers: &[(&str, &str)], body: String) -> Result<HttpResponse, ConnectorError> {
    let status = StatusCode::try_from(status).map_err(|error| ConnectorError::user(error.to_string().into()))?;
    let mut response = HttpResponse::new(status, SdkBody::from(body));
    for (name, value) in headers {
        response.headers_mut().insert((*name).to_owned(), (*value).to_owned());
    }
    Ok(response)
}
