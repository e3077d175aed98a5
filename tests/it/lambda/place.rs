//! A deployment on loopback: the functions, the stand-ins behind an HTTP endpoint, a store's folder in the layer.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;
use tokio::net::TcpListener;
use winback_cloud::clock::Clock;
use winback_cloud::config::Config;
use winback_cloud::{Cloud, random_owner};
use winback_domain::ids::{CustomerId, StoreId};
use winback_domain::message::Message;
use winback_local::aws::{CUSTOMERS, LEDGER, Stack};

use super::build::{FUNCTIONS, binaries};
use super::runtime::Function;
use crate::infra::environments;
use crate::support::{edit, sample, store};

pub const STORE: &str = "books";
pub const LINK_BASE: &str = "https://hello.shop.example";
/// The bucket.
pub const FILES: &str = "winback-files";
pub const WEBHOOK_SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const SECRETS: &str = "/winback/prod";
const SHARDS: u32 = 8;

/// The functions and what they run on.
pub struct Deployed {
    pub stack: Stack,
    pub store: StoreId,
    /// For looking on: its calls are not the functions'.
    pub eye: Cloud,
    functions: BTreeMap<String, Function>,
    dir: PathBuf,
}

impl Drop for Deployed {
    fn drop(&mut self) {
        self.functions.clear();
        // Left over where somebody looks into it: it lies in the target folder and does no harm.
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

impl Deployed {
    /// All of them, from the binaries that are deployed.
    pub async fn start() -> Self {
        Self::start_only(&FUNCTIONS).await
    }

    /// Some of them.
    pub async fn start_only(names: &[&str]) -> Self {
        let binaries = binaries();
        let chosen: Vec<(&str, &Path)> = names.iter().map(|name| (*name, binaries[*name].as_path())).collect();
        Self::with(&chosen).await
    }

    /// Functions under their names, from any binary.
    pub async fn with(chosen: &[(&str, &Path)]) -> Self {
        let stack = Stack::in_memory(Arc::new(Timestamp::now)).expect("stand-ins in memory");
        stack.create_tables().expect("two tables");
        for (key, secret) in [("lookup", "a lookup key"), ("code", "a code key"), ("link", "1:a link key")] {
            stack.put_secret(&format!("{SECRETS}/keys/{key}"), secret).expect("a parameter");
        }
        let name = format!("{SECRETS}/stores/{STORE}/webhook-secrets");
        stack.put_secret(&name, WEBHOOK_SECRET).expect("a parameter");
        let dir = own_dir();
        let programs = layer(&dir);
        let endpoint = serve(stack.clone()).await;
        let values = values(&stack, &programs);
        let mut functions = BTreeMap::new();
        for (name, binary) in chosen {
            let mut environment = vec![("AWS_ENDPOINT_URL".to_owned(), endpoint.clone())];
            environment.extend(environments()[*name].iter().map(|name| (name.clone(), values[name.as_str()].clone())));
            functions.insert((*name).to_owned(), Function::start(name, binary, &environment, &dir).await);
        }
        let config = Config {
            customers_table: CUSTOMERS.to_owned(),
            ledger_table: LEDGER.to_owned(),
            secrets_prefix: SECRETS.to_owned(),
            due_shards: SHARDS,
            files_bucket: FILES.to_owned(),
            ..Config::default()
        };
        let eye = Cloud::over(&stack.overseer_config(), config, Clock::real(), Arc::new(random_owner));
        Self { stack, store: store(STORE), eye, functions, dir }
    }

    /// An event, and the response to it.
    pub async fn invoke(&mut self, function: &str, event: &Value) -> Value {
        let answer = self.function(function).invoke(event).await;
        answer.unwrap_or_else(|error| panic!("{function} failed: {error}\n{}", self.log(function)))
    }

    /// An event that cannot be answered, and the error it is answered with.
    pub async fn fails(&mut self, function: &str, event: &Value) -> Value {
        let answer = self.function(function).invoke(event).await;
        answer.expect_err("an error was posted")
    }

    fn function(&mut self, name: &str) -> &mut Function {
        self.functions.get_mut(name).expect("a function that was started")
    }

    /// What a function wrote to its log.
    pub fn log(&self, function: &str) -> String {
        self.functions[function].log()
    }

    /// Logs carry ids, never addresses, names, codes or secrets.
    pub fn no_log_names(&self, words: &[&str]) {
        assert!(self.functions.values().any(|function| !function.log().is_empty()), "nobody wrote a log");
        for (name, function) in &self.functions {
            let log = function.log();
            for word in words {
                assert!(!log.contains(word), "{name} logged {word}:\n{log}");
            }
        }
    }

    /// From each function's start to its first poll.
    pub fn starts(&self) -> impl Iterator<Item = (&str, Duration)> {
        self.functions.iter().filter_map(|(name, function)| Some((name.as_str(), function.start_took()?)))
    }

    /// The latest message to a customer.
    pub async fn message(&self, customer: CustomerId) -> Message {
        let customer =
            self.eye.tables.customer(&self.store, customer).await.expect("it reads").expect("they are known");
        let id = *customer.letters.last().expect("a letter was written");
        self.eye.tables.message(&self.store, id).await.expect("it reads").expect("the ledger has it")
    }

    /// Why a customer got or did not get a mail, for a failure that can be read.
    pub async fn why(&self, customer: CustomerId) -> Vec<String> {
        let customer =
            self.eye.tables.customer(&self.store, customer).await.expect("it reads").expect("they are known");
        let standing = self.eye.standing(&self.store).await.expect("the store stands");
        let now = Timestamp::now();
        let decision = winback_domain::decide::decide(&customer, &standing.store, &standing.plan, now);
        decision.why.iter().map(ToString::to_string).collect()
    }
}

/// What the environment's names stand for here.
fn values(stack: &Stack, programs: &Path) -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("WINBACK_CUSTOMERS_TABLE", CUSTOMERS.to_owned()),
        ("WINBACK_LEDGER_TABLE", LEDGER.to_owned()),
        ("WINBACK_EVENTS_QUEUE_URL", stack.queue_url("events")),
        ("WINBACK_DUE_QUEUE_URL", stack.queue_url("due")),
        ("WINBACK_CONFIGURATION_SET", "winback".to_owned()),
        ("WINBACK_LINK_BASE", LINK_BASE.to_owned()),
        ("WINBACK_SECRETS_PREFIX", SECRETS.to_owned()),
        ("WINBACK_DUE_SHARDS", SHARDS.to_string()),
        ("WINBACK_FILES_BUCKET", FILES.to_owned()),
        ("WINBACK_PROGRAMS_DIR", programs.to_str().expect("a path of text").to_owned()),
    ])
}

/// A folder of this test's own, in the target folder.
fn own_dir() -> PathBuf {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("lambda-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("a folder of its own");
    dir
}

/// The layer as Lambda unpacks it: the sample bookshop, whose day is now and who writes as soon as it may.
fn layer(dir: &Path) -> PathBuf {
    let mut folder = sample("shop");
    edit(&mut folder, "shop.yaml", "holdout: 30 %", "holdout: 0 %");
    edit(&mut folder, "shop.yaml", "Europe/Helsinki", &zone_with_noon_now());
    edit(&mut folder, "program.yaml", "we-miss-you\n        send: Tue-Thu 09:00\n", "we-miss-you\n");
    let programs = dir.join("winback");
    for (name, text) in &folder {
        let file = programs.join(STORE).join(name);
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder is made");
        std::fs::write(file, text).expect("a file is written");
    }
    programs
}

/// The binaries read the machine's clock: in this zone it is about noon, so neither midnight nor quiet hours are near.
fn zone_with_noon_now() -> String {
    let hour = i32::from(Timestamp::now().to_zoned(TimeZone::UTC).hour());
    // POSIX turns the sign around: Etc/GMT-3 is three hours ahead of Greenwich.
    format!("Etc/GMT{:+}", hour - 12)
}

/// The stand-ins as an endpoint.
async fn serve(stack: Stack) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port on loopback");
    let address = listener.local_addr().expect("it has an address");
    let routes = Router::new().fallback(answer).with_state(stack);
    tokio::spawn(async move { axum::serve(listener, routes).await });
    format!("http://{address}")
}

async fn answer(State(stack): State<Stack>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 10 * 1024 * 1024).await.expect("a request that fits").to_vec();
    match stack.answer_http(Request::from_parts(parts, body)).await {
        Ok(answer) => answer.map(Body::from),
        // No SDK tries this status again, so the test fails at once and says why.
        Err(unanswered) => (StatusCode::NOT_IMPLEMENTED, unanswered.to_string()).into_response(),
    }
}
