//! WooCommerce's orders over its REST API, version 3:
//! <https://woocommerce.github.io/woocommerce-rest-api-docs/#list-all-orders>. `modified_after`, `modified_before` and
//! `orderby=modified` came with 5.8; the facts below stand in its code (class-wc-rest-crud-controller.php).
//!
//! - `modified_after` and `modified_before` leave their own second out.
//! - Nothing asks for ids behind an id. So within one second it is counted by places, in the order of ids, each page
//!   beginning with the last order of the page before: another order there says that one has left the second meanwhile,
//!   and it is read again from its first.
//! - Orders in the bin are not shown: that one was thrown away is told by its webhook alone.

use jiff::Timestamp;
use serde_json::Value;

use super::sweep::{Ask, Sweep, earlier, later};
use super::{Page, Reached, json, list};
use crate::codes::access::Door;
use crate::exchange::{Request, Trouble, form};
use crate::webhook::woocommerce::read_topic;

/// No page is larger.
const SIZE: usize = 100;

#[derive(Clone, Debug)]
pub(super) struct Reading {
    door: Door,
    consent_field: Option<String>,
    sweep: Sweep,
}

impl Reading {
    pub(super) fn begin(door: Door, from: Timestamp, consent_field: Option<String>) -> (Self, Request) {
        let reading = Self { door, consent_field, sweep: Sweep::begin(from) };
        let first = reading.ask();
        (reading, first)
    }

    pub(super) fn hear(&mut self, body: &[u8], received: Timestamp) -> Result<Page, Trouble> {
        let mut orders = list(json(body)?)?;
        let mut rows: Vec<_> = orders.iter().map(row).collect::<Option<_>>().ok_or(Trouble::Unreadable)?;
        let full = rows.len() >= SIZE;
        if let Ask::Within { after: after @ 1.., .. } = self.sweep.asked() {
            if rows.first().is_none_or(|(id, _)| *id != after) {
                self.sweep.again();
                return Ok(Page { heard: Vec::new(), next: Some(self.ask()) });
            }
            orders.remove(0);
            rows.remove(0);
        }
        let (new, more) = self.sweep.take(&rows, full)?;
        let fresh = orders.iter().zip(new).filter(|(_, new)| *new);
        let consent_field = self.consent_field.as_deref();
        let heard = fresh
            .map(|(order, _)| read_topic("order.updated", order.to_string().as_bytes(), received, consent_field))
            .collect();
        Ok(Page { heard, next: more.then(|| self.ask()) })
    }

    pub(super) fn reached(&self) -> Reached {
        self.sweep.reached()
    }

    fn ask(&self) -> Request {
        let mut query =
            vec![("dates_are_gmt", "true".to_owned()), ("order", "asc".to_owned()), ("per_page", SIZE.to_string())];
        match self.sweep.asked() {
            Ask::From(at) => {
                query.extend([("modified_after", moment(earlier(at))), ("orderby", "modified".to_owned())]);
            }
            Ask::Within { second, read, .. } => query.extend([
                ("modified_after", moment(earlier(second))),
                ("modified_before", moment(later(second))),
                ("orderby", "id".to_owned()),
                ("offset", read.saturating_sub(1).to_string()),
            ]),
        }
        let url = format!("{}/wp-json/wc/v3/orders?{}", self.door.base, form(&query));
        Request { method: "GET", url, headers: vec![self.door.key.clone()], body: String::new() }
    }
}

fn row(order: &Value) -> Option<(u64, Timestamp)> {
    let modified = order["date_modified_gmt"].as_str()?;
    Some((order["id"].as_u64()?, format!("{}Z", modified.trim_end_matches('Z')).parse().ok()?))
}

/// A moment in UTC, which is written there without saying so.
fn moment(at: Timestamp) -> String {
    at.to_string().trim_end_matches('Z').to_owned()
}
