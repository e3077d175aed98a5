//! The connection to the stores' APIs over which orders are read.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_smithy_runtime_api::client::http::SharedHttpConnector;
use winback_domain::exchange::{Request, Trouble};

use crate::exchange::{Answered, exchange, within};
use crate::sdk;

/// Behind a single order somebody else's event waits.
const ONE_ANSWER: Duration = Duration::from_secs(4);
/// A shop's own server collects a hundred orders so long before it says anything. Nobody waits for it.
const PAGE_ANSWER: Duration = Duration::from_secs(30);
/// So long until the last byte of a page is here. A run that begins one has a minute for it and what follows.
const WHOLE_PAGE: Duration = Duration::from_secs(45);
/// No order is larger, in bytes.
const LARGEST_ONE: usize = 1024 * 1024;
/// Nor any page of them.
const LARGEST_PAGE: usize = 32 * 1024 * 1024;

/// Both ways to orders. A connection is made when it is first needed: most functions never do.
#[derive(Clone, Default)]
pub struct Orders {
    one: Arc<OnceLock<SharedHttpConnector>>,
    page: Arc<OnceLock<SharedHttpConnector>>,
}

impl fmt::Debug for Orders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Orders")
    }
}

impl Orders {
    /// Over somebody else's connection.
    pub fn over(connector: SharedHttpConnector) -> Self {
        let page = Arc::new(OnceLock::from(connector.clone()));
        Self { one: Arc::new(OnceLock::from(connector)), page }
    }

    /// Asks once for a single order. No answer is as good as being told to come back later.
    pub(super) async fn one(&self, request: Request) -> Result<Answered, Trouble> {
        let connector = self.one.get_or_init(|| sdk::to_orders(ONE_ANSWER));
        within(ONE_ANSWER, exchange(connector, request, LARGEST_ONE)).await
    }

    /// Asks once for a page of orders.
    pub(super) async fn page(&self, request: Request) -> Result<Answered, Trouble> {
        let connector = self.page.get_or_init(|| sdk::to_orders(PAGE_ANSWER));
        within(WHOLE_PAGE, exchange(connector, request, LARGEST_PAGE)).await
    }
}
