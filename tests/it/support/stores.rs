//! The platforms' own APIs, as far as codes are made in them: each stands in for the real one, as its documentation tells.

pub mod shopify;
pub mod stripe;
pub mod woocommerce;

use std::sync::Arc;

use axum::Router;
use axum::body::to_bytes;
use axum::extract::{Request, State as Held};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use winback_local::aws::{Api, Asked, Said};
use winback_local::clock::Turned;
use winback_local::place::Place;

/// A platform's API that stands in for the real one. Its clones are the same store.
pub trait StandIn: Clone + Send + Sync + 'static {
    /// What the shop's owner wrote down for us.
    const ACCESS: &'static str;

    /// A store in which there is nothing yet, by this clock.
    fn open(clock: Turned) -> Self;

    /// What it says.
    fn hear(&self, asked: &Asked) -> Said;

    /// Answers for the stores of a place, and gives us a key to it.
    fn behind(place: &Place) -> Self {
        let store = Self::open(place.clock.clone());
        place.stack.answer_for_stores(store.api());
        place.stack.put_secret("/winback/local/stores/books/access", Self::ACCESS).expect("it is written");
        store
    }

    /// Answers at an address of this machine as well, for a command that is started by itself. The key to it.
    async fn listening() -> (Self, String) {
        let store = Self::open(Turned::real());
        let base = listen(store.api()).await;
        (store, format!("{} base={base}", Self::ACCESS))
    }

    fn api(&self) -> Api {
        let store = self.clone();
        Arc::new(move |asked: &Asked| store.hear(asked))
    }
}

/// Answers at an address of this machine: which.
async fn listen(api: Api) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port on loopback");
    let address = listener.local_addr().expect("it has an address");
    let routes = Router::new().fallback(heard).with_state(api);
    tokio::spawn(async move { axum::serve(listener, routes).await });
    format!("http://{address}")
}

async fn heard(Held(api): Held<Api>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = to_bytes(body, 1 << 20).await.expect("it comes whole").to_vec();
    let (method, address) = (parts.method.to_string(), parts.uri.to_string());
    let text = |value: &HeaderValue| value.to_str().expect("a header is text").to_owned();
    let headers = parts.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    let said = api(&Asked { method, address, headers, body });
    let mut answer = (StatusCode::from_u16(said.status).expect("a status"), said.body).into_response();
    for (name, value) in said.headers {
        answer.headers_mut().insert(name, value.parse().expect("a header"));
    }
    answer
}
