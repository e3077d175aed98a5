//! One function in a process of its own, and the Runtime API that it polls.

use std::fs::File;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use jiff::{Timestamp, ToSpan};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, Notify, mpsc};

/// An invocation may take so long; also how long the test waits for an answer.
const TIMEOUT_SECONDS: i64 = 60;
const LIMIT: Duration = Duration::from_secs(TIMEOUT_SECONDS.unsigned_abs());

/// A function as Lambda runs it.
pub struct Function {
    name: String,
    child: Child,
    log: PathBuf,
    events: mpsc::UnboundedSender<Value>,
    answers: mpsc::UnboundedReceiver<Answer>,
    started: Instant,
    api: Arc<Api>,
}

type Answer = Result<Value, Value>;

struct Api {
    name: String,
    events: Mutex<mpsc::UnboundedReceiver<Value>>,
    answers: mpsc::UnboundedSender<Answer>,
    first_poll: OnceLock<Instant>,
    polled: Notify,
}

/// The command that starts a binary with the environment Lambda itself sets, and nothing of this machine's.
pub fn command(binary: &Path, name: &str, api: &str) -> Command {
    let mut command = Command::new(binary);
    command.env_clear().envs([
        ("AWS_LAMBDA_RUNTIME_API", api),
        ("AWS_LAMBDA_FUNCTION_NAME", name),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/winback"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "one"),
        ("AWS_LAMBDA_LOG_FORMAT", "JSON"),
        ("AWS_LAMBDA_LOG_LEVEL", "INFO"),
        ("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"),
        ("AWS_REGION", winback_local::aws::REGION),
        ("AWS_ACCESS_KEY_ID", "AKIDLOCAL"),
        ("AWS_SECRET_ACCESS_KEY", "local"),
        ("AWS_SESSION_TOKEN", "local"),
    ]);
    command
}

impl Function {
    /// Starts a function and waits for its first poll: one after the other, so that their times are their own.
    pub async fn start(name: &str, binary: &Path, environment: &[(String, String)], logs: &Path) -> Self {
        let (events, waiting) = mpsc::unbounded_channel();
        let (said, answers) = mpsc::unbounded_channel();
        let api = Arc::new(Api {
            name: name.to_owned(),
            events: Mutex::new(waiting),
            answers: said,
            first_poll: OnceLock::new(),
            polled: Notify::new(),
        });
        let address = serve(Arc::clone(&api)).await;
        let log = logs.join(format!("{name}.log"));
        let file = File::create(&log).expect("a file for the log");
        let mut command = command(binary, name, &address.to_string());
        command.envs(environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stderr(file.try_clone().expect("a second handle")).stdout(file);
        let started = Instant::now();
        let child = command.spawn().unwrap_or_else(|error| panic!("{name} does not start: {error}"));
        let function = Self { name: name.to_owned(), child, log, events, answers, started, api };
        let polled = tokio::time::timeout(LIMIT, function.api.polled.notified()).await;
        assert!(
            polled.is_ok(),
            "{name} does not poll; its log:
{}",
            function.log()
        );
        function
    }

    /// Hands it an event and waits for what it posts: a response, or an error.
    pub async fn invoke(&mut self, event: &Value) -> Answer {
        self.events.send(event.clone()).expect("the Runtime API is there");
        let answer = tokio::time::timeout(LIMIT, self.answers.recv()).await;
        let ended = self.child.try_wait().expect("a child of ours");
        match answer {
            Ok(Some(answer)) => answer,
            _ => panic!("{} did not answer (ended: {ended:?}); its log:\n{}", self.name, self.log()),
        }
    }

    /// What it wrote so far.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).expect("its log")
    }

    /// From its start to its first poll; nothing if it never polled.
    pub fn start_took(&self) -> Option<Duration> {
        self.api.first_poll.get().map(|at| at.duration_since(self.started))
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to end.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn serve(api: Arc<Api>) -> SocketAddr {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port on loopback");
    let address = listener.local_addr().expect("it has an address");
    let routes = Router::new()
        .route("/2018-06-01/runtime/invocation/next", get(next))
        .route("/2018-06-01/runtime/invocation/{id}/response", post(response))
        .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
        .route("/2018-06-01/runtime/init/error", post(error))
        .with_state(api);
    tokio::spawn(async move { axum::serve(listener, routes).await });
    address
}

/// The next event, when there is one.
async fn next(State(api): State<Arc<Api>>) -> Response {
    api.first_poll.get_or_init(Instant::now);
    api.polled.notify_one();
    let Some(event) = api.events.lock().await.recv().await else {
        return StatusCode::GONE.into_response();
    };
    let until = Timestamp::now().checked_add(TIMEOUT_SECONDS.seconds()).expect("a minute from now");
    let account = winback_local::aws::ACCOUNT;
    let arn = format!("arn:aws:lambda:{}:{account}:function:winback-{}", winback_local::aws::REGION, api.name);
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd".to_owned()),
        ("lambda-runtime-deadline-ms", until.as_millisecond().to_string()),
        ("lambda-runtime-invoked-function-arn", arn),
        ("lambda-runtime-trace-id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0".to_owned()),
    ];
    (headers, event.to_string()).into_response()
}

async fn response(State(api): State<Arc<Api>>, body: Bytes) -> StatusCode {
    told(&api, Ok(serde_json::from_slice(&body).expect("a response is JSON")))
}

async fn error(State(api): State<Arc<Api>>, body: Bytes) -> StatusCode {
    let text = || Value::String(String::from_utf8_lossy(&body).into_owned());
    told(&api, Err(serde_json::from_slice(&body).unwrap_or_else(|_| text())))
}

fn told(api: &Api, answer: Answer) -> StatusCode {
    // Nobody listens any more when the test is over.
    let _ = api.answers.send(answer);
    StatusCode::ACCEPTED
}
