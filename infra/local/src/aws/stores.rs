//! The way to the stores' own APIs. Somebody may stand in for them; then their calls are counted and fail like those to
//! AWS. Nobody does: the real ones are asked.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};

use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;

use jiff::Timestamp;

use super::lock;
use super::seam::{Answer, Seam, Work};

/// What a store is asked.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The HTTP method.
    pub method: String,
    /// The whole address.
    pub address: String,
    /// Names are lower case.
    pub headers: BTreeMap<String, String>,
    /// As it came.
    pub body: Vec<u8>,
}

/// What it says.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// The HTTP status.
    pub status: u16,
    /// Beside the usual ones.
    pub headers: Vec<(&'static str, String)>,
    /// Any bytes.
    pub body: Vec<u8>,
}

impl From<(u16, Vec<u8>)> for Said {
    fn from((status, body): (u16, Vec<u8>)) -> Self {
        Self { status, headers: Vec::new(), body }
    }
}

/// Answers for every store.
pub type Api = Arc<dyn Fn(&Asked) -> Said + Send + Sync>;

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
    asked: Asked,
}

impl Call {
    /// Whoever stands in goes by the clock of the place.
    pub(crate) fn carry_out(&self, now: Timestamp) -> Answer {
        let Said { status, headers, body } = (self.api)(&self.asked);
        let answer = Answer::bytes(status, body).with("date", now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string());
        headers.into_iter().fold(answer, |answer, (name, value)| answer.with(name, value))
    }
}

/// What makes the way to the stores themselves.
pub type Themselves = fn() -> SharedHttpConnector;

/// The connection that is handed to whoever asks stores.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    pub(crate) seam: Seam,
    pub(crate) themselves: Themselves,
    /// Made when it is first needed, and kept: so are its connections.
    pub(crate) made: Arc<OnceLock<SharedHttpConnector>>,
}

impl HttpConnector for Way {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Some(api) = self.seam.services.stores.api() else {
            return self.made.get_or_init(self.themselves).call(request);
        };
        let body = request.body().bytes().unwrap_or_default().to_vec();
        let (method, address) = (request.method().to_owned(), request.uri().to_owned());
        let headers = request.headers().iter().map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
        let asked = Asked { method: method.clone(), address, headers, body };
        self.seam.carry(&method, Work::Store(Call { api, asked }))
    }
}
