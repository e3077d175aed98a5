//! `WooCommerce`'s REST API, `wc/v3/coupons`: <https://woocommerce.github.io/woocommerce-rest-api-docs/#coupons>.
//!
//! - `date_expires_gmt` is documented as writable and is **not**: the controller calls a setter of each field's name, and
//!   there is no `set_date_expires_gmt` (class-wc-rest-coupons-v2-controller.php, class-wc-coupon.php). A coupon made
//!   that way never ends. `date_expires` with a `Z` behind it is taken as UTC by `set_date_prop`, and is what counts; we
//!   send both, for a day when the documentation comes true. What came of it is read back, after making it too.
//! - It is over when `time() > date_expires` (class-wc-discounts.php): the moment itself is the last good second.
//! - An amount has no currency there: it is the shop's. Where one is wanted, `data/currencies/current` is asked first.
//! - Codes are kept in small letters and compare without case.
//! - A coupon that is a draft or in the bin frees its name. So a dead one stays published, and ended long ago.

use jiff::Timestamp;
use rust_decimal::RoundingStrategy;
use serde_json::{Value, json};

use super::access::Door;
use super::wire::{self, Heard};
use super::withdrawing::{Dialect, Found};
use super::{Made, Step, Terms};
use crate::exchange::{Request, Response, Trouble};
use crate::http::percent_encode;
use crate::money::Money;
use crate::offer::Gives;

/// When a dead code ended: the same for all, so that it is known by it. Not the beginning of Unix time, which is zero
/// there, and zero is "never".
const DEAD: &str = "2000-01-01T00:00:00";
/// The field of a coupon that says it is ours, and which.
const MARK: &str = "_winback";

/// Where the conversation stands.
#[derive(Clone, Copy, Debug)]
enum Stage {
    /// Asked for the shop's currency.
    Currency,
    /// Asked to make it.
    Making,
    /// It is there: asked what it is.
    ReadingBack,
}

#[derive(Clone, Debug)]
pub(super) struct Making {
    door: Door,
    terms: Terms,
    stage: Stage,
}

impl Making {
    pub(super) fn begin(door: Door, terms: Terms) -> (Self, Request) {
        let (stage, first) = match terms.amounts().next() {
            Some(_) => (Stage::Currency, ask(&door, "GET", "data/currencies/current", None)),
            None => (Stage::Making, create(&door, &terms)),
        };
        (Self { door, terms, stage }, first)
    }

    pub(super) fn hear(&mut self, response: Response<'_>) -> Result<Step, Trouble> {
        match (self.stage, wire::hear(response)?) {
            (Stage::Currency, Heard::Good(body)) => {
                let code = body["code"].as_str().ok_or(Trouble::Unreadable)?;
                self.terms.in_currency(code)?;
                self.stage = Stage::Making;
                Ok(Step::Ask(create(&self.door, &self.terms)))
            }
            (Stage::Making, Heard::Good(body)) => judge(&self.terms, &body),
            (Stage::Making, Heard::Bad(_, body)) if exists(&body) => {
                self.stage = Stage::ReadingBack;
                Ok(Step::Ask(look(&self.door, &self.terms.code)))
            }
            // There is one of that name, and it is not there: it was written a moment ago, or a cache is behind.
            (Stage::ReadingBack, Heard::Good(list)) => {
                let found = named(&list, &self.terms.code)?.ok_or(Trouble::Later { seconds: None })?;
                judge(&self.terms, found)
            }
            (_, Heard::Bad(status, body)) => Err(wire::refused(status, &body["message"])),
        }
    }
}

/// Is what the store has what was wanted?
fn judge(terms: &Terms, found: &Value) -> Result<Step, Trouble> {
    let reference = wire::id(&found["id"]).ok_or(Trouble::Unreadable)?;
    if !is_ours(found, &terms.code) {
        return Err(Trouble::Taken);
    }
    if is_dead(found) {
        return Err(Trouble::Dead);
    }
    // `status` is told since WooCommerce 6; before, only published coupons were told of.
    let published = found["status"].as_str().is_none_or(|status| status == "publish");
    let free_shipping = found["free_shipping"] == true;
    let is = match &terms.gives {
        Gives::PercentOff(percent) => {
            found["discount_type"] == "percent" && wire::decimal(&found["amount"]) == Some((*percent).into())
        }
        Gives::AmountOff(money) => found["discount_type"] == "fixed_cart" && is_amount(&found["amount"], Some(*money)),
        _ => free_shipping && is_amount(&found["amount"], None),
    } && free_shipping == matches!(terms.gives, Gives::FreeShipping);
    let needs = is_amount(&found["minimum_amount"], terms.minimum);
    let ends = found["date_expires_gmt"].as_str().and_then(moment) == Some(terms.until);
    if published && is && needs && ends && found["usage_limit"].as_u64() == Some(u64::from(terms.uses)) {
        Ok(Step::Done(Made { reference: Some(reference) }))
    } else {
        Err(Trouble::Taken)
    }
}

/// The API writes amounts with two decimals, whatever the currency has: a third is rounded on the way back.
fn is_amount(found: &Value, wanted: Option<Money>) -> bool {
    let found = wire::decimal(found).unwrap_or_default();
    let wanted = wanted.map(wire::major).unwrap_or_default();
    found == wanted || found == wanted.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero)
}

fn is_ours(found: &Value, code: &str) -> bool {
    let marks = found["meta_data"].as_array().into_iter().flatten();
    marks.into_iter().any(|field| field["key"] == MARK && field["value"] == code)
}

fn is_dead(found: &Value) -> bool {
    let ended = found["date_expires_gmt"].as_str().and_then(moment);
    ended.is_some() && ended == moment(DEAD)
}

/// A moment in UTC, which is written without saying so.
fn moment(text: &str) -> Option<Timestamp> {
    format!("{}Z", text.trim_end_matches('Z')).parse().ok()
}

/// The coupon of a name, in a list of those that may have it.
fn named<'l>(list: &'l Value, code: &str) -> Result<Option<&'l Value>, Trouble> {
    let list = list.as_array().ok_or(Trouble::Unreadable)?;
    let is = |found: &&Value| found["code"].as_str().is_some_and(|name| name.eq_ignore_ascii_case(code));
    Ok(list.iter().find(is))
}

/// How a code is withdrawn.
pub(super) struct WooCommerce;

impl Dialect for WooCommerce {
    fn look(&self, door: &Door, code: &str) -> Request {
        look(door, code)
    }

    fn found(&self, answer: Response<'_>, code: &str) -> Result<Found, Trouble> {
        let list = match wire::hear(answer)? {
            Heard::Good(list) => list,
            Heard::Bad(status, body) => return Err(wire::refused(status, &body["message"])),
        };
        let Some(found) = named(&list, code)? else { return Ok(Found::Nothing) };
        if !is_ours(found, code) {
            return Ok(Found::Theirs);
        }
        let id = wire::id(&found["id"]).ok_or(Trouble::Unreadable)?;
        Ok(if is_dead(found) { Found::Dead(id) } else { Found::Alive(id) })
    }

    fn end(&self, door: &Door, id: &str) -> Request {
        let dead = json!({"date_expires": format!("{DEAD}Z"), "date_expires_gmt": DEAD});
        ask(door, "PUT", &format!("coupons/{}", percent_encode(id)), Some(&dead))
    }

    /// A coupon that was deleted is told of with 400 or 404, `woocommerce_rest_shop_coupon_invalid_id`.
    fn ended(&self, answer: Response<'_>) -> Result<String, Trouble> {
        match wire::hear(answer)? {
            Heard::Good(found) => dead_id(&found),
            Heard::Bad(status, body) => Err(wire::refused(status, &body["message"])),
        }
    }

    fn bury(&self, door: &Door, code: &str, step: usize) -> Option<Request> {
        let coupon = json!({
            "code": code,
            "description": "Winback: never mailed",
            "discount_type": "percent",
            "amount": "0",
            "date_expires": format!("{DEAD}Z"),
            "date_expires_gmt": DEAD,
            "usage_limit": 1,
            // Only what is published holds its name.
            "status": "publish",
            "meta_data": [{"key": MARK, "value": code}],
        });
        (step == 0).then(|| ask(door, "POST", "coupons", Some(&coupon)))
    }

    fn buried(&self, answer: Response<'_>) -> Result<Option<String>, Trouble> {
        match wire::hear(answer)? {
            Heard::Good(found) => dead_id(&found).map(Some),
            Heard::Bad(_, body) if exists(&body) => Ok(None),
            Heard::Bad(status, body) => Err(wire::refused(status, &body["message"])),
        }
    }
}

/// The id of what was made dead. A coupon that is told of with another end, or none, was not.
fn dead_id(found: &Value) -> Result<String, Trouble> {
    let dead = found.get("date_expires_gmt").is_none() || is_dead(found);
    wire::id(&found["id"]).filter(|_| dead).ok_or(Trouble::Unreadable)
}

fn exists(body: &Value) -> bool {
    body["code"] == "woocommerce_rest_coupon_code_already_exists"
}

fn ask(door: &Door, method: &'static str, path: &str, body: Option<&Value>) -> Request {
    Request {
        method,
        url: format!("{}/wp-json/wc/v3/{path}", door.base),
        headers: vec![("content-type", "application/json".to_owned()), door.key.clone()],
        body: body.map(Value::to_string).unwrap_or_default(),
    }
}

fn look(door: &Door, code: &str) -> Request {
    ask(door, "GET", &format!("coupons?code={}", percent_encode(code)), None)
}

fn create(door: &Door, terms: &Terms) -> Request {
    let (kind, amount) = match &terms.gives {
        Gives::PercentOff(percent) => ("percent", percent.to_string()),
        Gives::AmountOff(money) => ("fixed_cart", money.amount()),
        _ => ("fixed_cart", "0".to_owned()),
    };
    let until = terms.until.to_string();
    let mut coupon = json!({
        "code": terms.code,
        "description": terms.title,
        "discount_type": kind,
        "amount": amount,
        "free_shipping": terms.gives == Gives::FreeShipping,
        "date_expires": until,
        "date_expires_gmt": until.trim_end_matches('Z'),
        "usage_limit": terms.uses,
        "individual_use": true,
        "meta_data": [{"key": MARK, "value": terms.code}],
    });
    if let Some(money) = terms.minimum {
        coupon["minimum_amount"] = json!(money.amount());
    }
    if let Some(address) = &terms.email {
        coupon["email_restrictions"] = json!([address.as_str()]);
    }
    ask(door, "POST", "coupons", Some(&coupon))
}
