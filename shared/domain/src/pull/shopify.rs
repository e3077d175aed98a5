//! Shopify's orders over the REST Admin API: <https://shopify.dev/docs/api/admin-rest/latest/resources/order>.
//!
//! - An order has the shape of its webhook's payload, and `updated_at_min` and `updated_at_max` take their own second in.
//! - `since_id` sorts by id (changelog of 2017-09-18), whatever `order` says: so it is asked only within one second.
//! - `read_orders` shows orders of the last 60 days; what changed later is read all the same, if the app may read all.

use jiff::Timestamp;
use serde_json::Value;

use super::sweep::{Ask, Sweep};
use super::{Page, Reached, json, list, member};
use crate::codes::access::{Door, SHOPIFY_VERSION};
use crate::exchange::{Request, Trouble, form};
use crate::webhook::shopify::read_topic;

/// No page is larger.
const SIZE: usize = 250;

#[derive(Clone, Debug)]
pub(super) struct Reading {
    door: Door,
    sweep: Sweep,
}

impl Reading {
    pub(super) fn begin(door: Door, from: Timestamp) -> (Self, Request) {
        let reading = Self { door, sweep: Sweep::begin(from) };
        let first = reading.ask();
        (reading, first)
    }

    pub(super) fn hear(&mut self, body: &[u8], received: Timestamp) -> Result<Page, Trouble> {
        let orders = list(member(&mut json(body)?, "orders"))?;
        let row = |order: &Value| Some((order["id"].as_u64()?, order["updated_at"].as_str()?.parse().ok()?));
        let rows: Vec<_> = orders.iter().map(row).collect::<Option<_>>().ok_or(Trouble::Unreadable)?;
        let (new, more) = self.sweep.take(&rows, rows.len() >= SIZE)?;
        let fresh = orders.iter().zip(new).filter(|(_, new)| *new);
        let heard = fresh.map(|(order, _)| read_topic("orders/updated", None, order.to_string().as_bytes(), received));
        Ok(Page { heard: heard.collect(), next: more.then(|| self.ask()) })
    }

    pub(super) fn reached(&self) -> Reached {
        self.sweep.reached()
    }

    fn ask(&self) -> Request {
        let mut query = vec![("status", "any".to_owned()), ("limit", SIZE.to_string())];
        match self.sweep.asked() {
            Ask::From(at) => {
                query.extend([("updated_at_min", at.to_string()), ("order", "updated_at asc".to_owned())]);
            }
            Ask::Within { second, after, .. } => query.extend([
                ("updated_at_min", second.to_string()),
                ("updated_at_max", second.to_string()),
                ("since_id", after.to_string()),
            ]),
        }
        let url = format!("{}/admin/api/{SHOPIFY_VERSION}/orders.json?{}", self.door.base, form(&query));
        Request { method: "GET", url, headers: vec![self.door.key.clone()], body: String::new() }
    }
}
