//! The way to the stores' own APIs. Somebody may stand in for them; then their calls are counted and fail like those to
//! AWS. Nobody does: the real ones are asked.

use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;

use jiff::Timestamp;

use super::lock;
use super::seam::{Answer, Seam, Work};

/// Answers for every store: method, address and body in; status and body out.
pub type Api = Arc<dyn Fn(&str, &str, &[u8]) -> (u16, Vec<u8>) + Send + Sync>;

/// Who stands in, if anybody does.
#[derive(Default)]
pub(crate) struct Apis(Mutex<Option<Api>>);

impl Apis {
    pub(crate) fn answer(&self, api: Api) {
        *lock(&self.0) = Some(api);
    }

    fn api(&self) -> Option<Api> {
        lock(&self.0).clone()
    }
}

/// A call to a store, ready to be carried out.
pub(crate) struct Call {
    api: Api,
    method: String,
    address: String,
    body: Vec<u8>,
}

impl Call {
    /// Whoever stands in goes by the clock of the place.
    pub(crate) fn carry_out(&self, now: Timestamp) -> Answer {
        let (status, body) = (self.api)(&self.method, &self.address, &self.body);
        Answer::bytes(status, body).with("date", now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())
    }
}

/// The way to the stores themselves, made when it is first needed.
pub type Themselves = fn() -> SharedHttpConnector;

/// The connection that is handed to whoever asks stores.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    pub(crate) seam: Seam,
    pub(crate) themselves: Themselves,
}

impl HttpConnector for Way {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Some(api) = self.seam.services.stores.api() else {
            return (self.themselves)().call(request);
        };
        let body = request.body().bytes().unwrap_or_default().to_vec();
        let (method, address) = (request.method().to_owned(), request.uri().to_owned());
        let operation = method.clone();
        self.seam.carry(&operation, Work::Store(Call { api, method, address, body }))
    }
}
