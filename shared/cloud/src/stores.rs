//! The stores' own APIs: one conversation makes a code good, another makes it dead. What is asked, and what an answer means,
//! the domain says; here is the connection.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::SharedHttpConnector;
use winback_domain::codes::{Access, Authority, Made, Making, Step, Wanted, Withdrawing};
use winback_domain::exchange::{Request, Response, Trouble};
use winback_domain::ids::{Code, StoreId};
use winback_domain::pull::Source;

use crate::exchange::{exchange, within};
use crate::pull::Orders;
use crate::{Cloud, Error, sdk};

/// The way to stores that every function takes, for who stands in between.
pub fn connector() -> SharedHttpConnector {
    sdk::to_stores()
}

/// A conversation has no more questions than this.
const MOST_QUESTIONS: usize = 6;
/// All of it together. A function begins no mail with less than this and SES before it.
const CONVERSATION: Duration = Duration::from_secs(10);
/// No answer of a store that we need is larger, in bytes.
const LARGEST_ANSWER: usize = 1024 * 1024;

/// The way to the stores. The connection is made when it is first needed: most functions never do.
#[derive(Clone, Default)]
pub struct Stores {
    connector: Arc<OnceLock<SharedHttpConnector>>,
    /// For whoever reads orders.
    pub(crate) orders: Orders,
    /// A trial, where a store that nobody gave a key to is taken for one that does as it is asked.
    trial: bool,
}

impl fmt::Debug for Stores {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stores")
    }
}

impl Stores {
    /// Over somebody else's connection, on trial: a store without a key is taken for one that does as it is asked.
    pub fn on_trial(connector: SharedHttpConnector) -> Self {
        let orders = Orders::over(connector.clone());
        Self { connector: Arc::new(OnceLock::from(connector)), orders, trial: true }
    }

    /// Whether what a shop has not given us is taken for given: its key, its codes.
    pub fn is_trial(&self) -> bool {
        self.trial
    }

    fn without_key(&self) -> Result<Made, Trouble> {
        if self.trial { Ok(Made::default()) } else { Err(Trouble::NoAccess) }
    }

    /// A whole conversation, within its time.
    async fn converse(&self, first: Request, hear: impl FnMut(Response<'_>) -> Step) -> Result<Made, Trouble> {
        within(CONVERSATION, self.talk(first, hear)).await
    }

    async fn talk(&self, first: Request, mut hear: impl FnMut(Response<'_>) -> Step) -> Result<Made, Trouble> {
        let connector = self.connector.get_or_init(sdk::to_stores);
        let mut request = first;
        for _ in 0..MOST_QUESTIONS {
            let answered = exchange(connector, request, LARGEST_ANSWER).await?;
            match hear(answered.response()) {
                Step::Ask(next) => request = next,
                Step::Done(made) => return Ok(made),
                Step::Failed(trouble) => return Err(trouble),
            }
        }
        Err(Trouble::Unreadable)
    }
}

impl Cloud {
    /// Makes a code good in the store that honours it. The same code on every try.
    pub async fn make_code(
        &self,
        store: &StoreId,
        authority: Authority,
        wanted: &Wanted<'_>,
    ) -> Result<Result<Made, Trouble>, Error> {
        let Some(access) = self.access(store, authority).await? else { return Ok(self.stores.without_key()) };
        Ok(match Making::begin(&access, wanted) {
            Ok((mut making, first)) => self.stores.converse(first, |answer| making.hear(answer)).await,
            Err(trouble) => Err(trouble),
        })
    }

    /// Makes a code dead in the store that would honour it; one that is not there is as good as dead.
    pub async fn withdraw_code(
        &self,
        store: &StoreId,
        authority: Authority,
        code: &Code,
        reference: Option<&str>,
    ) -> Result<Result<Made, Trouble>, Error> {
        let Some(access) = self.access(store, authority).await? else { return Ok(self.stores.without_key()) };
        let (mut leaving, first) = Withdrawing::begin(&access, code, reference);
        Ok(self.stores.converse(first, |answer| leaving.hear(answer)).await)
    }

    async fn access(&self, store: &StoreId, authority: Authority) -> Result<Option<Access>, Error> {
        let mut lines = self.secrets.access(store, self.clock.now()).await?;
        lines.retain(|line| !Source::opens_orders_alone(line));
        let read = |line: &String| {
            // What it says names no key.
            Access::parse(line).map_err(|error| tracing::error!(%store, %error, "an access cannot be used")).ok()
        };
        Ok(lines.iter().filter_map(read).find(|access| access.authority() == authority))
    }
}
