//! The HTTP seam of the AWS SDK: where a call would leave the process, it is answered here.

use std::fmt;
use std::io;
use std::sync::Arc;

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_runtime_api::http::StatusCode;
use aws_smithy_types::body::SdkBody;

use super::faults::{Fault, Permission, Service};
use super::{Services, dynamodb, s3, ses, sqs, ssm, stores};

/// The error code of what could not be written.
const NOT_KEPT: &str = "InternalFailure.NotKept";

/// A service's answer, before it is HTTP.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
    /// SES names its errors in a header, the others in the body.
    pub(crate) error: Option<String>,
    /// What S3 tells of a file.
    headers: Vec<(String, String)>,
}

impl Answer {
    /// 200 with a JSON body.
    pub(crate) fn ok(body: &impl serde::Serialize) -> Self {
        match serde_json::to_vec(body) {
            Ok(body) => Self::bytes(200, body),
            Err(error) => Self::error(500, "InternalFailure", &error.to_string()),
        }
    }

    /// An error as every client but S3's understands it.
    pub(crate) fn error(status: u16, code: &str, message: &str) -> Self {
        let body = serde_json::json!({ "__type": code, "message": message });
        Self { error: Some(code.to_owned()), ..Self::bytes(status, body.to_string().into_bytes()) }
    }

    /// Any bytes.
    pub(crate) fn bytes(status: u16, body: Vec<u8>) -> Self {
        Self { status, body, error: None, headers: Vec::new() }
    }

    /// With one more header.
    pub(crate) fn with(mut self, name: impl Into<String>, value: String) -> Self {
        self.headers.push((name.into(), value));
        self
    }

    /// What a stand-in says to what it was not built for: an error no SDK retries.
    pub(crate) fn unknown(service: &str, operation: &str) -> Self {
        let message = format!("the stand-in for {service} does not know the operation {operation}");
        Self::error(400, "UnknownOperationException", &message)
    }

    /// The answer to a body that is not the operation's input.
    pub(crate) fn unreadable(error: &serde_json::Error) -> Self {
        Self::error(400, "SerializationException", &error.to_string())
    }

    /// The answer when the journal could not be written: nothing has happened.
    pub(crate) fn not_kept(error: &io::Error) -> Self {
        let message = format!("the stack's file could not be written: {error}");
        Self::error(500, NOT_KEPT, &message)
    }

    /// What was lost, where this says that something could not be written.
    fn loss(&self, dynamodb: bool) -> Option<String> {
        let lost = self.error.as_deref() == Some(NOT_KEPT) || dynamodb && self.status == 500;
        let body: serde_json::Value = serde_json::from_slice(&self.body).ok().filter(|_| lost)?;
        body["message"].as_str().or(body["Message"].as_str()).map(str::to_owned)
    }

    fn into_response(self) -> HttpResponse {
        let status = StatusCode::try_from(self.status).expect("the stand-ins use statuses of HTTP");
        let mut response = HttpResponse::new(status, SdkBody::from(self.body));
        let headers = response.headers_mut();
        headers.insert("content-type", "application/x-amz-json-1.0");
        if let Some(error) = self.error {
            headers.insert("x-amzn-errortype", error);
        }
        for (name, value) in self.headers {
            headers.insert(name, value);
        }
        response
    }
}

/// A request that was read, ready to be carried out.
pub(crate) enum Work {
    DynamoDb(Box<dynamodb::Request>),
    Ses(ses::Request),
    Sqs(sqs::Request),
    Ssm(ssm::Request),
    S3(s3::Request),
    Store(stores::Call),
    /// It could not be read; this is what it gets.
    Refused(Service, Answer),
}

impl Work {
    fn service(&self) -> Service {
        match self {
            Self::DynamoDb(_) => Service::DynamoDb,
            Self::Ses(_) => Service::Ses,
            Self::Sqs(_) => Service::Sqs,
            Self::Ssm(_) => Service::Ssm,
            Self::S3(_) => Service::S3,
            Self::Store(_) => Service::Store,
            Self::Refused(service, _) => *service,
        }
    }

    fn permissions(&self) -> Vec<Permission> {
        match self {
            Self::DynamoDb(request) => request.permissions(),
            Self::Ses(request) => request.permissions(),
            Self::Sqs(request) => request.permissions(),
            Self::Ssm(request) => request.permissions(),
            Self::S3(request) => request.permissions(),
            Self::Store(_) => Vec::new(),
            Self::Refused(..) => Vec::new(),
        }
    }

    fn carry_out(self, services: &Services) -> Answer {
        let dynamodb = self.service() == Service::DynamoDb;
        let answer = match self {
            Self::DynamoDb(request) => services.dynamodb.carry_out(*request),
            Self::Ses(request) => services.ses.carry_out(request, (services.clock)()),
            Self::Sqs(request) => services.sqs.carry_out(request, (services.clock)()),
            Self::Ssm(request) => services.ssm.carry_out(request, (services.clock)()),
            Self::S3(request) => services.s3.carry_out(request, (services.clock)()),
            Self::Store(call) => call.carry_out((services.clock)()),
            Self::Refused(_, answer) => answer,
        };
        if answer.status == 500
            && let Some(loss) = answer.loss(dynamodb)
        {
            let _ = services.broken.set(loss);
        }
        answer
    }
}

/// Whose request it is, which operation, and what it asks for.
fn read(request: &HttpRequest) -> Result<(&str, Work), ConnectorError> {
    let body = request.body().bytes().ok_or_else(|| ConnectorError::user("a streamed request body".into()))?;
    if let Some(target) = request.headers().get("x-amz-target") {
        let (service, operation) = target.split_once('.').unwrap_or((target, ""));
        let work =
            match service {
                "DynamoDB_20120810" => dynamodb::Request::read(operation, body).map_or_else(
                    |answer| Work::Refused(Service::DynamoDb, answer),
                    |request| Work::DynamoDb(Box::new(request)),
                ),
                "AmazonSQS" => sqs::Request::read(operation, body)
                    .map_or_else(|answer| Work::Refused(Service::Sqs, answer), Work::Sqs),
                "AmazonSSM" => ssm::Request::read(operation, body)
                    .map_or_else(|answer| Work::Refused(Service::Ssm, answer), Work::Ssm),
                _ => return Err(nobody(target)),
            };
        return Ok((operation, work));
    }
    let path = http::Uri::try_from(request.uri()).map(|uri| uri.path().to_owned()).unwrap_or_default();
    if !path.starts_with("/v2/email/") {
        let (operation, read) = s3::Request::read(request, body).ok_or_else(|| nobody(request.uri()))?;
        return Ok((operation, read.map_or_else(|answer| Work::Refused(Service::S3, answer), Work::S3)));
    }
    let (operation, read) = ses::Request::read(request.method(), &path, body);
    let work = read.map_or_else(|answer| Work::Refused(Service::Ses, answer), Work::Ses);
    Ok((operation, work))
}

fn nobody(asked: &str) -> ConnectorError {
    ConnectorError::user(format!("no stand-in answers to {asked}").into())
}

/// The HTTP client handed to every SDK client.
#[derive(Clone)]
pub(crate) struct Seam {
    pub(crate) services: Arc<Services>,
    /// Whoever runs the place looks on by a way of their own: it neither counts nor fails.
    pub(crate) overseer: bool,
}

impl fmt::Debug for Seam {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seam")
    }
}

impl HttpClient for Seam {
    fn http_connector(
        &self,
        _settings: &HttpConnectorSettings,
        _components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Seam {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        if self.services.faults.is_dead() && !self.overseer {
            return never();
        }
        match read(&request) {
            Ok((operation, work)) => self.carry(operation, work),
            Err(error) => HttpConnectorFuture::ready(Err(error)),
        }
    }
}

impl Seam {
    /// Carries a call out, unless something happens to it.
    pub(crate) fn carry(&self, operation: &str, work: Work) -> HttpConnectorFuture {
        let services = &self.services;
        if self.overseer {
            return answered(work.carry_out(services));
        }
        if services.faults.is_dead() {
            return never();
        }
        let service = work.service();
        let fault = services.faults.meet(service, operation, || work.permissions());
        let Some(fault) = fault else {
            return answered(work.carry_out(services));
        };
        self.strike(fault, work)
    }

    fn strike(&self, fault: Fault, work: Work) -> HttpConnectorFuture {
        let services = &self.services;
        match fault {
            Fault::DropBefore => {
                services.faults.life().die();
                never()
            }
            Fault::DropAfter => {
                work.carry_out(services);
                services.faults.life().die();
                never()
            }
            Fault::LostAnswer => {
                work.carry_out(services);
                let cut = io::Error::new(io::ErrorKind::ConnectionReset, "the answer was lost");
                HttpConnectorFuture::ready(Err(ConnectorError::io(cut.into())))
            }
            Fault::TimedOut => {
                work.carry_out(services);
                let late = io::Error::new(io::ErrorKind::TimedOut, "no answer in time");
                HttpConnectorFuture::ready(Err(ConnectorError::timeout(late.into())))
            }
            Fault::NoConnection => {
                let refused = io::Error::new(io::ErrorKind::ConnectionRefused, "nobody is there");
                let error = ConnectorError::io(refused.into()).never_connected();
                HttpConnectorFuture::ready(Err(error))
            }
            Fault::Throttle => answered(throttled(work.service())),
            Fault::Conflict => answered(match &work {
                Work::DynamoDb(request) => request.conflict(),
                _ => Answer::error(400, "TransactionConflictException", "not DynamoDB"),
            }),
            Fault::ServerError => {
                let service = work.service();
                work.carry_out(services);
                answered(broken(service))
            }
            Fault::Pause(pause) => {
                let seam = self.clone();
                HttpConnectorFuture::new(async move {
                    let freeze = seam.services.faults.life().freeze();
                    pause().await;
                    drop(freeze);
                    Ok(work.carry_out(&seam.services).into_response())
                })
            }
        }
    }
}

fn answered(answer: Answer) -> HttpConnectorFuture {
    HttpConnectorFuture::ready(Ok(answer.into_response()))
}

fn never() -> HttpConnectorFuture {
    HttpConnectorFuture::new(std::future::pending())
}

fn throttled(service: Service) -> Answer {
    match service {
        Service::DynamoDb => Answer::error(
            400,
            "ProvisionedThroughputExceededException",
            "The level of configured throughput was exceeded.",
        ),
        Service::Ses => Answer::error(429, "TooManyRequestsException", "Maximum sending rate exceeded."),
        Service::Sqs | Service::Ssm => Answer::error(400, "ThrottlingException", "Rate exceeded"),
        Service::S3 => s3::refused(503, "SlowDown"),
        Service::Store => Answer::bytes(429, b"{}".to_vec()),
    }
}

fn broken(service: Service) -> Answer {
    let code = match service {
        Service::DynamoDb | Service::Ssm => "InternalServerError",
        Service::Ses => "InternalServiceErrorException",
        Service::Sqs => "InternalFailure",
        Service::S3 => return s3::refused(500, "InternalError"),
        // After the work was done, as all of these.
        Service::Store => return Answer::bytes(502, b"<html>Bad gateway</html>".to_vec()),
    };
    Answer::error(500, code, "something broke after the work was done")
}
