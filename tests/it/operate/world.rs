//! A stack as an operator meets it, behind an address of its own, and the command that is pointed at it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use aws_sdk_ssm::Client;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State as Held};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use winback_domain::ids::StoreId;
use winback_domain::plan::Folder;
use winback_domain::store::State;
use winback_local::aws::{Control, REGION};
use winback_local::clock::Turned;
use winback_local::place::{Place, Setup};

use crate::lambda::build::binaries;
use crate::support::backup::Backup;
use crate::support::{Shop, store};

pub const STACK: &str = "winback";
/// The domain that the sample bookshop writes from.
pub const SENDER: &str = "shop.example";
pub const STORE: &str = "books";

/// A stack that was just applied: functions, queues and tables, no secret and no store.
pub struct World {
    pub place: Place,
    pub control: Control,
    pub store: StoreId,
    endpoint: String,
    serving: Arc<Mutex<Serving>>,
}

/// What answers at the stack's address.
#[derive(Clone)]
struct Serving {
    control: Control,
    place: Place,
    /// As the module's variable: without it nobody is looked for, and nothing is mailed.
    sending_enabled: bool,
}

/// What a command said and how it ended.
#[derive(Debug)]
pub struct Said {
    pub status: i32,
    pub text: String,
    pub errors: String,
}

impl Said {
    /// It went well.
    #[track_caller]
    pub fn well(self) -> String {
        assert_eq!(self.status, 0, "{}{}", self.text, self.errors);
        self.text
    }
}

impl World {
    pub async fn new() -> Self {
        Self::at(Turned::real()).await
    }

    /// The same, whose functions go by a clock of their own. The command goes by the machine's.
    pub async fn at(clock: Turned) -> Self {
        // What takes long comes first: a page is dated when it is laid down.
        binaries();
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port on loopback");
        let endpoint = format!("http://{}", listener.local_addr().expect("it has an address"));
        let place = Place::in_memory_at(clock, &endpoint).expect("a place in memory");
        let control = place.deployed(STACK, SENDER);
        let serving = Serving { control: control.clone(), place: place.clone(), sending_enabled: true };
        let serving = Arc::new(Mutex::new(serving));
        let routes = Router::new().fallback(answer).with_state((Arc::clone(&serving), endpoint.clone()));
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { place, control, store: store(STORE), endpoint, serving }
    }

    /// A backup is restored under new names and applied with `sending_enabled = false`, as the operator's book says: the
    /// functions use the restored tables from now on. The tables of before stay as they are.
    pub async fn restore(&mut self, shop: &mut Shop, backup: &Backup) {
        backup.restore(&mut shop.place).await;
        self.place = shop.place.clone();
        self.control = self.place.deployed(STACK, SENDER);
        self.apply(false);
    }

    /// The operator applies `sending_enabled`.
    pub fn apply(&self, sending_enabled: bool) {
        let (control, place) = (self.control.clone(), self.place.clone());
        *self.serving.lock().expect("nobody panicked with it") = Serving { control, place, sending_enabled };
    }

    /// A folder comes with the layer and is activated.
    pub async fn with_store(folder: &Folder, state: State) -> Self {
        let world = Self::new().await;
        world.place.set_up(&world.store, folder, Setup { state, unlimited: false }).await.expect("a good folder");
        world
    }

    /// From now on the functions are told of another place for secrets, where there is none yet.
    pub fn without_secrets(self) -> Self {
        for function in winback_cloud::operator::functions::FUNCTIONS {
            self.control.change(&configuration(function), |known| {
                known["Environment"]["Variables"]["WINBACK_SECRETS_PREFIX"] = "/winback/new".into();
            });
        }
        self
    }

    /// From now on nobody answers where the command asks.
    pub async fn out_of_reach(mut self) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port on loopback");
        self.endpoint = format!("http://{}", listener.local_addr().expect("it has an address"));
        self
    }

    /// A parameter as SSM has it.
    pub async fn secret(&self, name: &str) -> Option<String> {
        let client = Client::new(self.place.stack.config());
        let answer = client.get_parameter().name(name).with_decryption(true).send().await.ok()?;
        answer.parameter?.value
    }

    /// Runs the command with these words, and `--stack`.
    pub async fn winback(&self, words: &[&str]) -> Said {
        let mut command = Command::new(&binaries()["winback"]);
        command.args(words).args(["--stack", STACK]).env_clear();
        command.env("AWS_ENDPOINT_URL", &self.endpoint).env("AWS_REGION", REGION);
        command.env("AWS_ACCESS_KEY_ID", "AKIDLOCAL").env("AWS_SECRET_ACCESS_KEY", "local");
        command.env("AWS_EC2_METADATA_DISABLED", "true");
        run(command).await
    }
}

/// Runs the command with these words and nothing else, in a folder.
pub async fn winback_in(dir: &Path, words: &[&str]) -> Said {
    let mut command = Command::new(&binaries()["winback"]);
    command.args(words).current_dir(dir).env_clear();
    run(command).await
}

async fn run(mut command: Command) -> Said {
    let output = tokio::task::spawn_blocking(move || command.output()).await.expect("it is waited for");
    let output = output.expect("the command starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it writes text");
    Said { status: output.status.code().unwrap_or(-1), text: text(output.stdout), errors: text(output.stderr) }
}

/// Where a function is described.
pub fn configuration(function: &str) -> String {
    format!("/2015-03-31/functions/{STACK}-{function}/configuration")
}

/// A folder of this test's own, in the target folder; not there yet.
pub fn own_dir(name: &str) -> PathBuf {
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("operate-{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&dir);
    dir
}

async fn answer(Held((serving, endpoint)): Held<(Arc<Mutex<Serving>>, String)>, request: Request) -> Response {
    let Serving { control, place, sending_enabled } = serving.lock().expect("nobody panicked with it").clone();
    let (mut parts, body) = request.into_parts();
    let body = to_bytes(body, 10 * 1024 * 1024).await.expect("a request that fits").to_vec();
    let asked = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    parts.uri = format!("{endpoint}{asked}").parse::<Uri>().expect("an address");
    match control.answer_http(Request::from_parts(parts, body)).await {
        Ok(answer) => {
            // Whatever the call set going has happened when the command looks again.
            if sending_enabled {
                place.settle().await.expect("it settles");
            } else {
                place.record_events().await.expect("they are recorded");
            }
            answer.map(Body::from)
        }
        // No SDK tries this status again, so the test fails at once and says why.
        Err(unanswered) => (StatusCode::NOT_IMPLEMENTED, unanswered.to_string()).into_response(),
    }
}
