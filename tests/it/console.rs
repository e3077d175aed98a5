//! The console and its API, over a real socket: what a script and a browser get, and what nobody else gets.

mod api;
mod luck;
mod pages;

use std::net::SocketAddr;

use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use winback_domain::event::wire;
use winback_domain::plan::Folder;
use winback_domain::store::State;
use winback_local::clock::Turned;
use winback_local::console;
use winback_local::files::Files;
use winback_local::gateway::Gateway;
use winback_local::life::{Life, Nobody};
use winback_local::place::{Place, Setup};

use crate::support::{books, store};

/// What came back.
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

/// Whoever asks: a browser or a script on this machine.
#[derive(Clone, Copy)]
struct Visitor(SocketAddr);

impl Visitor {
    async fn get(self, path: &str) -> Answer {
        self.ask("GET", path, "", "").await
    }

    async fn turn(self, wanted: &Value) -> Answer {
        self.ask("POST", "/api/clock", "content-type: application/json\r\n", &wanted.to_string()).await
    }

    /// A form's button, pressed on a page of ours.
    async fn press(self, path: &str, form: &str) -> Answer {
        let headers = "content-type: application/x-www-form-urlencoded\r\nsec-fetch-site: same-origin\r\n";
        self.ask("POST", path, headers, form).await
    }

    async fn ask(self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let host = if headers.contains("host:") { String::new() } else { format!("host: {}\r\n", self.0) };
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\n{host}{headers}connection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        let mut socket = TcpStream::connect(self.0).await.expect("the door is open");
        socket.write_all(request.as_bytes()).await.expect("it is taken");
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).await.expect("it answers");
        let answer = String::from_utf8(answer).expect("text");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        Answer { status, head: head.to_lowercase(), body: body.to_owned() }
    }
}

/// The sample bookshop, on a clock that stands at nine in the morning of 13 January, and Anna, who bought the day before.
async fn visited<T>(files: Files, visit: impl AsyncFnOnce(Visitor, Place) -> T) -> T {
    let now: Timestamp = "2026-01-12T08:00:00Z".parse().expect("a moment");
    let place = Place::in_memory(Turned::at(now)).expect("a place").alone();
    let store = store("shop");
    let folder = files.seen().folder;
    place.set_up(&store, &folder, Setup { state: State::Live, unlimited: false }).await.expect("the folder is good");
    let order = json!({"type": "order.placed", "timestamp": now, "data": {"order_id": "A-1", "email": "anna@reader.example",
        "name": "Anna Lind", "total": "45.00", "currency": "EUR", "marketing_consent": true}});
    let event = wire::read(order.to_string().as_bytes(), now).expect("an event");
    place.tell(&winback_cloud::queue::Told { store: store.clone(), event }).await.expect("it is queued");
    place.clock.turn_to(now.saturating_add(23.hours()).expect("a moment"));
    place.settle().await.expect("it settles");
    let life = Life::new(place.clone(), store.clone(), files, Box::new(Nobody));
    let pages = |hand| console::pages(place.clone(), store.clone(), hand);
    let gateway = Gateway::open(life, 0, 0.0, pages).await.expect("a free port");
    let visitor = Visitor(gateway.address());
    let mut nothing = |_: &Place| {};
    tokio::select! {
        seen = visit(visitor, place.clone()) => seen,
        ended = gateway.run(&mut nothing) => panic!("{ended:?}"),
    }
}

fn sample() -> Files {
    Files::new(None, folder())
}

/// The sample shop with nobody held out.
fn folder() -> Folder {
    books()
}
