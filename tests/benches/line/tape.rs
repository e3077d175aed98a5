//! A tape before the HTTP seam: every request of the functions, and when it was made.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use jiff::Timestamp;
use serde_json::Value;
use winback_cloud::Cloud;
use winback_cloud::clock::Clock;
use winback_local::clock::Turned;
use winback_local::place::Place;

/// One request.
pub struct Taped {
    pub at: Timestamp,
    /// The operation by its target, or by its path where it has none.
    pub operation: String,
    pub input: Value,
}

/// A request as it went by: when, which operation, its body.
type Raw = (Timestamp, String, Vec<u8>);

/// The requests of a place's functions, oldest first. Clones share them.
#[derive(Clone, Debug)]
pub struct Tape {
    inner: SharedHttpClient,
    clock: Turned,
    requests: Arc<Mutex<Vec<Raw>>>,
}

impl Tape {
    /// Puts a tape between the functions of a place and its stand-ins. Whoever runs the place is not taped.
    pub fn put_into(place: &mut Place) -> Self {
        let sdk = place.stack.config();
        let inner = sdk.http_client().expect("the stack has an HTTP client");
        let tape = Self { inner, clock: place.clock.clone(), requests: Arc::default() };
        let sdk = sdk.to_builder().http_client(tape.clone()).build();
        let (clock, count) = (place.clock.clone(), AtomicU64::new(0));
        let owners = Arc::new(move || format!("invocation {}", count.fetch_add(1, Ordering::Relaxed)));
        let clock = Clock::turned(move || clock.now());
        place.cloud = Arc::new(Cloud::over(&sdk, place.cloud.config.clone(), clock, owners));
        tape
    }

    /// What is on it.
    pub fn take(&self) -> Vec<Taped> {
        let requests = std::mem::take(&mut *self.requests.lock().expect("nobody panicked"));
        let input = |body: &[u8]| serde_json::from_slice(body).unwrap_or_default();
        requests.into_iter().map(|(at, operation, body)| Taped { at, operation, input: input(&body) }).collect()
    }
}

impl HttpClient for Tape {
    fn http_connector(&self, settings: &HttpConnectorSettings, components: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Head { inner, tape: self.clone() })
    }
}

#[derive(Debug)]
struct Head {
    inner: SharedHttpConnector,
    tape: Tape,
}

impl HttpConnector for Head {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").map(|target| target.rsplit('.').next().unwrap_or(target));
        let operation = target.unwrap_or_else(|| request.uri().rsplit('/').next().unwrap_or_default()).to_owned();
        let body = request.body().bytes().unwrap_or_default().to_vec();
        self.tape.requests.lock().expect("nobody panicked").push((self.tape.clock.now(), operation, body));
        self.inner.call(request)
    }
}
