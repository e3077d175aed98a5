//! BigCommerce's orders over its V2 API: <https://developer.bigcommerce.com/docs/rest-management/orders>. One of them,
//! whose change a webhook told; or all that changed.
//!
//! - `min_date_modified` is "the minimum date": its own second is taken in. `min_id` likewise.
//! - A list that is empty may be answered 204, without a body.
//! - The codes of an order are a list of their own. It is asked for where one may have been used.

use std::collections::VecDeque;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use serde_json::Value;

use super::sweep::{Ask, Sweep};
use super::{Page, Reached, json, list};
use crate::codes::access::Door;
use crate::exchange::{Request, Response, Trouble, form};
use crate::http::percent_encode;
use crate::webhook::bigcommerce::{Order, read_order, read_shape};
use crate::webhook::{Error, Heard};

/// No page is larger.
const SIZE: usize = 250;

fn request(door: &Door, path: &str) -> Request {
    let headers = vec![("accept", "application/json".to_owned()), door.key.clone()];
    Request { method: "GET", url: format!("{}/v2/{path}", door.base), headers, body: String::new() }
}

fn coupons_of(door: &Door, id: &str) -> Request {
    request(door, &format!("orders/{}/coupons?limit={SIZE}", percent_encode(id)))
}

/// What the answer to one order brought.
#[derive(Clone, Debug)]
pub enum Fetched {
    /// Ask this, and hand the answer back.
    Ask(Request),
    /// What the order means. Nothing where there is none of this id.
    Done(Option<Result<Heard, Error>>),
}

/// One order, fetched because its webhook names it and says no more.
#[derive(Clone, Debug)]
pub struct Fetching {
    door: Door,
    id: String,
    /// The order, while its codes are asked for.
    order: Option<Order>,
}

impl Fetching {
    /// The first question.
    pub fn begin(door: &Door, id: &str) -> (Self, Request) {
        let first = request(door, &format!("orders/{}", percent_encode(id)));
        (Self { door: door.clone(), id: id.to_owned(), order: None }, first)
    }

    /// What an answer means. `received` is when it reached us. At most one question follows the first.
    ///
    /// # Errors
    /// Whatever keeps the store from answering.
    pub fn hear(&mut self, answer: Response<'_>, received: Timestamp) -> Result<Fetched, Trouble> {
        if let Some(order) = self.order.take() {
            return Ok(Fetched::Done(Some(read_order(&order, answer.good()?, received))));
        }
        if answer.status == 404 {
            return Ok(Fetched::Done(None));
        }
        let body = answer.good()?;
        // Half an answer is asked for again; a whole one that is no order will not be one tomorrow.
        json(body)?;
        match read_shape::<Order>(body, received) {
            Ok(order) if order.may_have_used_codes() => {
                self.order = Some(order);
                Ok(Fetched::Ask(coupons_of(&self.door, &self.id)))
            }
            Ok(order) => Ok(Fetched::Done(Some(read_order(&order, b"", received)))),
            Err(error) => Ok(Fetched::Done(Some(Err(error)))),
        }
    }
}

/// All that changed. The codes of a page's orders are asked for before the next page, so that an order is handed out with
/// them.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    door: Door,
    sweep: Sweep,
    /// Orders of the page whose codes are still to be asked for, each with the moment of its change.
    waiting: VecDeque<(u64, Timestamp, Order)>,
    /// Whether another page follows this one.
    more: bool,
}

impl Reading {
    pub(super) fn begin(door: Door, from: Timestamp) -> (Self, Request) {
        let reading = Self { door, sweep: Sweep::begin(from), waiting: VecDeque::new(), more: false };
        let first = reading.ask();
        (reading, first)
    }

    pub(super) fn hear(&mut self, body: &[u8], received: Timestamp) -> Result<Page, Trouble> {
        let heard = match self.waiting.pop_front() {
            Some((_, _, order)) => vec![read_order(&order, body, received)],
            None => self.page(body, received)?,
        };
        let next = match self.waiting.front() {
            Some((id, ..)) => Some(coupons_of(&self.door, &id.to_string())),
            None => self.more.then(|| self.ask()),
        };
        Ok(Page { heard, next })
    }

    fn page(&mut self, body: &[u8], received: Timestamp) -> Result<Vec<Result<Heard, Error>>, Trouble> {
        let orders = if body.is_empty() { Vec::new() } else { list(json(body)?)? };
        let rows: Vec<_> = orders.iter().map(row).collect::<Option<_>>().ok_or(Trouble::Unreadable)?;
        let (new, more) = self.sweep.take(&rows, rows.len() >= SIZE)?;
        self.more = more;
        let mut heard = Vec::new();
        for ((order, (id, at)), _) in orders.iter().zip(&rows).zip(new).filter(|(_, new)| *new) {
            match read_shape::<Order>(order.to_string().as_bytes(), received) {
                Ok(order) if order.may_have_used_codes() => self.waiting.push_back((*id, *at, order)),
                Ok(order) => heard.push(read_order(&order, b"", received)),
                Err(error) => heard.push(Err(error)),
            }
        }
        Ok(heard)
    }

    /// Orders that wait for their codes are not handed out yet: as far as the first of them.
    pub(super) fn reached(&self) -> Reached {
        let reached = self.sweep.reached();
        match self.waiting.front() {
            Some((_, at, _)) => Reached { complete: reached.complete.min(Some(*at)), ..reached },
            None => reached,
        }
    }

    fn ask(&self) -> Request {
        let mut query = vec![("limit", SIZE.to_string())];
        match self.sweep.asked() {
            Ask::From(at) => {
                query.extend([("min_date_modified", at.to_string()), ("sort", "date_modified:asc".to_owned())]);
            }
            Ask::Within { second, after, .. } => query.extend([
                ("min_date_modified", second.to_string()),
                ("max_date_modified", second.to_string()),
                ("min_id", after.saturating_add(1).to_string()),
                ("sort", "id:asc".to_owned()),
            ]),
        }
        request(&self.door, &format!("orders?{}", form(&query)))
    }
}

fn row(order: &Value) -> Option<(u64, Timestamp)> {
    let modified = rfc2822::parse(order["date_modified"].as_str()?.trim()).ok()?;
    Some((order["id"].as_u64()?, modified.timestamp()))
}
