//! Shopify's GraphQL, `discountCodeBasicCreate` and its kin: <https://shopify.dev/docs/api/admin-graphql/2026-10>.
//!
//! - An amount has no currency there: it is the shop's. Where one is wanted, the shop's currency is asked for first.
//! - `endsAt` is "when the discount expires and is no longer available": the first moment it is not good. We send the
//!   second after the last good one, and a reader who thinks otherwise lets the code live a second longer, not shorter.
//! - `discountCodeDeactivate` ends a code there and then: it stays, is `EXPIRED`, and its name stays taken.
//! - Nothing in a discount says who made it. Its name does: nobody else comes upon 50 bits of an HMAC.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::access::{Door, SHOPIFY_VERSION};
use super::wire::{self, Heard};
use super::withdrawing::{Dialect, Found};
use super::{Made, Step, Terms};
use crate::exchange::{Request, Response, Trouble};
use crate::money::Money;
use crate::offer::Gives;

/// What is read back of a code, whatever it gives.
const NODE: &str = "id codeDiscount { __typename \
... on DiscountCodeBasic { status endsAt usageLimit \
minimumRequirement { ... on DiscountMinimumSubtotal { greaterThanOrEqualToSubtotal { amount currencyCode } } } \
customerGets { value { __typename ... on DiscountPercentage { percentage } \
... on DiscountAmount { amount { amount currencyCode } } } } } \
... on DiscountCodeFreeShipping { status endsAt usageLimit \
minimumRequirement { ... on DiscountMinimumSubtotal { greaterThanOrEqualToSubtotal { amount currencyCode } } } } }";

/// Where the conversation stands.
#[derive(Clone, Copy, Debug)]
enum Stage {
    /// Asked for the shop's currency, and whether the code is there.
    Looking,
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
            Some(_) => (Stage::Looking, look(&door, &terms.code)),
            None => (Stage::Making, create(&door, &terms)),
        };
        (Self { door, terms, stage }, first)
    }

    pub(super) fn hear(&mut self, response: Response<'_>) -> Result<Step, Trouble> {
        let data = data(response)?;
        match self.stage {
            Stage::Looking => {
                let code = data["shop"]["currencyCode"].as_str().ok_or(Trouble::Unreadable)?;
                self.terms.in_currency(code)?;
                match &data["codeDiscountNodeByCode"] {
                    Value::Null => {
                        self.stage = Stage::Making;
                        Ok(Step::Ask(create(&self.door, &self.terms)))
                    }
                    node => judge(&self.terms, node),
                }
            }
            Stage::Making => match mistake(&data["made"])? {
                None => {
                    let reference = wire::id(&data["made"]["codeDiscountNode"]["id"]).ok_or(Trouble::Unreadable)?;
                    Ok(Step::Done(Made { reference: Some(reference) }))
                }
                Some(error) if error["code"] == "TAKEN" => {
                    self.stage = Stage::ReadingBack;
                    Ok(Step::Ask(look(&self.door, &self.terms.code)))
                }
                Some(error) => Err(wire::refused(200, &error["message"])),
            },
            // Taken, and not there: it was written a moment ago, and is not everywhere yet.
            Stage::ReadingBack => judge(&self.terms, &data["codeDiscountNodeByCode"]),
        }
    }
}

/// Is what the store has what was wanted?
fn judge(terms: &Terms, node: &Value) -> Result<Step, Trouble> {
    let reference = wire::id(&node["id"]).ok_or(Trouble::Unreadable)?;
    let found = &node["codeDiscount"];
    // What was made dead before it was made gives something else as well.
    if is_dead(node) {
        return Err(Trouble::Dead);
    }
    let is = match &terms.gives {
        Gives::PercentOff(percent) => {
            let fraction = wire::decimal(&found["customerGets"]["value"]["percentage"]);
            fraction.is_some_and(|fraction| fraction.round_dp(6) == Decimal::new(i64::from(*percent), 2))
        }
        Gives::AmountOff(money) => is_amount(&found["customerGets"]["value"]["amount"], *money),
        _ => found["__typename"] == "DiscountCodeFreeShipping",
    };
    let minimum = &found["minimumRequirement"]["greaterThanOrEqualToSubtotal"];
    let needs = terms.minimum.map_or(minimum.is_null(), |money| is_amount(minimum, money));
    if !is || !needs || found["usageLimit"].as_u64() != Some(u64::from(terms.uses)) {
        return Err(Trouble::Taken);
    }
    match found["status"].as_str() {
        // Not yet: its clock is behind ours, and begins at the moment we said.
        Some("ACTIVE" | "SCHEDULED") => {}
        _ => return Err(Trouble::Unreadable),
    }
    let ends = found["endsAt"].as_str().and_then(|text| text.parse::<Timestamp>().ok());
    match ends {
        Some(ends) if ends == terms.ended() => Ok(Step::Done(Made { reference: Some(reference) })),
        _ => Err(Trouble::Taken),
    }
}

/// The shop's currency is the offer's: that was asked first.
fn is_amount(found: &Value, wanted: Money) -> bool {
    let currency = found["currencyCode"].as_str().is_none_or(|code| code == wanted.currency.code());
    currency && wire::decimal(&found["amount"]) == Some(wire::major(wanted))
}

/// How a code is withdrawn.
pub(super) struct Shopify;

impl Dialect for Shopify {
    fn look(&self, door: &Door, code: &str) -> Request {
        look(door, code)
    }

    /// Whoever else has a code of 50 bits of ours had it from us: nothing is somebody else's.
    fn found(&self, answer: Response<'_>, _: &str) -> Result<Found, Trouble> {
        let data = data(answer)?;
        let node = &data["codeDiscountNodeByCode"];
        if node.is_null() {
            return if data.is_object() { Ok(Found::Nothing) } else { Err(Trouble::Unreadable) };
        }
        let id = wire::id(&node["id"]).ok_or(Trouble::Unreadable)?;
        Ok(if is_dead(node) { Found::Dead(id) } else { Found::Alive(id) })
    }

    fn end(&self, door: &Door, id: &str) -> Request {
        let query = format!(
            "mutation($id: ID!) {{ made: discountCodeDeactivate(id: $id) \
            {{ codeDiscountNode {{ {NODE} }} userErrors {{ code field message }} }} }}"
        );
        ask(door, &query, &json!({"id": id}))
    }

    fn ended(&self, answer: Response<'_>) -> Result<String, Trouble> {
        let data = data(answer)?;
        match mistake(&data["made"])? {
            None => dead_id(&data["made"]["codeDiscountNode"]),
            Some(error) => Err(wire::refused(200, &error["message"])),
        }
    }

    fn bury(&self, door: &Door, code: &str, step: usize) -> Option<Request> {
        let discount = json!({
            "code": code,
            "title": "Winback: never mailed",
            "startsAt": "2000-01-01T00:00:00Z",
            "endsAt": "2000-01-02T00:00:00Z",
            "usageLimit": 1,
            "context": {"all": "ALL"},
            "customerGets": {"value": {"percentage": 0.01}, "items": {"all": true}},
        });
        (step == 0)
            .then(|| make(door, "DiscountCodeBasicInput", "discountCodeBasicCreate", "basicCodeDiscount", &discount))
    }

    fn buried(&self, answer: Response<'_>) -> Result<Option<String>, Trouble> {
        let data = data(answer)?;
        match mistake(&data["made"])? {
            None => dead_id(&data["made"]["codeDiscountNode"]).map(Some),
            Some(error) if error["code"] == "TAKEN" => Ok(None),
            Some(error) => Err(wire::refused(200, &error["message"])),
        }
    }
}

fn is_dead(node: &Value) -> bool {
    node["codeDiscount"]["status"] == "EXPIRED"
}

/// The id of what was made dead, unless it says that it lives.
fn dead_id(node: &Value) -> Result<String, Trouble> {
    let told = node["codeDiscount"]["status"].is_string();
    wire::id(&node["id"]).filter(|_| !told || is_dead(node)).ok_or(Trouble::Unreadable)
}

fn ask(door: &Door, query: &str, variables: &Value) -> Request {
    Request {
        method: "POST",
        url: format!("{}/admin/api/{SHOPIFY_VERSION}/graphql.json", door.base),
        headers: vec![("content-type", "application/json".to_owned()), door.key.clone()],
        body: json!({"query": query, "variables": variables}).to_string(),
    }
}

fn look(door: &Door, code: &str) -> Request {
    let query =
        format!("query($code: String!) {{ shop {{ currencyCode }} codeDiscountNodeByCode(code: $code) {{ {NODE} }} }}");
    ask(door, &query, &json!({"code": code}))
}

fn create(door: &Door, terms: &Terms) -> Request {
    let mut discount = json!({
        "code": terms.code,
        "title": terms.title,
        "startsAt": terms.from.to_string(),
        "endsAt": terms.ended().to_string(),
        "usageLimit": terms.uses,
        "appliesOncePerCustomer": terms.uses == 1,
        "context": {"all": "ALL"},
        "combinesWith": {"orderDiscounts": false, "productDiscounts": false, "shippingDiscounts": false},
    });
    if let Some(money) = terms.minimum {
        discount["minimumRequirement"] = json!({"subtotal": {"greaterThanOrEqualToSubtotal": money.amount()}});
    }
    let value = match &terms.gives {
        Gives::PercentOff(percent) => Some(json!({"percentage": f64::from(*percent) / 100.0})),
        Gives::AmountOff(money) => {
            Some(json!({"discountAmount": {"amount": money.amount(), "appliesOnEachItem": false}}))
        }
        _ => None,
    };
    let (kind, name, argument) = match value {
        Some(value) => {
            discount["customerGets"] = json!({"value": value, "items": {"all": true}});
            ("DiscountCodeBasicInput", "discountCodeBasicCreate", "basicCodeDiscount")
        }
        None => {
            discount["destination"] = json!({"all": true});
            ("DiscountCodeFreeShippingInput", "discountCodeFreeShippingCreate", "freeShippingCodeDiscount")
        }
    };
    make(door, kind, name, argument, &discount)
}

fn make(door: &Door, kind: &str, name: &str, argument: &str, discount: &Value) -> Request {
    let query = format!(
        "mutation($discount: {kind}!) {{ made: {name}({argument}: $discount) \
        {{ codeDiscountNode {{ {NODE} }} userErrors {{ code field message }} }} }}"
    );
    ask(door, &query, &json!({"discount": discount}))
}

/// The first mistake that a mutation found in what it was given.
fn mistake(payload: &Value) -> Result<Option<&Value>, Trouble> {
    let errors = payload["userErrors"].as_array().ok_or(Trouble::Unreadable)?;
    // Somebody else's name comes before what else is wrong with ours.
    Ok(errors.iter().find(|error| error["code"] == "TAKEN").or(errors.first()))
}

/// What was asked for; a status of 200 says nothing yet.
/// <https://shopify.dev/docs/api/admin-graphql/2026-10#status-and-error-codes>
fn data(response: Response<'_>) -> Result<Value, Trouble> {
    let mut body = match wire::hear(response)? {
        Heard::Good(body) => body,
        Heard::Bad(status, body) => return Err(wire::refused(status, &body["errors"])),
    };
    let error = match &body["errors"] {
        Value::Array(errors) => errors.first(),
        Value::Null => None,
        other => Some(other),
    };
    let Some(error) = error else { return Ok(body["data"].take()) };
    Err(match error["extensions"]["code"].as_str() {
        Some("THROTTLED") => Trouble::Later { seconds: wait(&body["extensions"]["cost"]) },
        Some("ACCESS_DENIED") => Trouble::NoAccess,
        Some("INTERNAL_SERVER_ERROR" | "TIMEOUT") => Trouble::Later { seconds: response.retry_after },
        _ => wire::refused(200, if error.is_string() { error } else { &error["message"] }),
    })
}

/// How long until the bucket holds enough for the question. <https://shopify.dev/docs/api/usage/limits>
fn wait(cost: &Value) -> Option<u32> {
    let bucket = &cost["throttleStatus"];
    let missing = cost["requestedQueryCost"].as_f64()? - bucket["currentlyAvailable"].as_f64()?;
    let rate = bucket["restoreRate"].as_f64().filter(|rate| *rate > 0.0)?;
    let seconds = (missing / rate).ceil();
    // Whole, and between a second and an hour: nothing is lost.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    seconds.is_finite().then(|| seconds.clamp(1.0, 3_600.0) as u32)
}
