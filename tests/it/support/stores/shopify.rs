//! A Shopify that stands in for the real one: its discount codes, as the GraphQL Admin API documents them.

use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use serde_json::{Value, json};
use winback_local::aws::{Asked, Said};
use winback_local::clock::Turned;

use super::StandIn;

const TOKEN: &str = "shpat_0123456789abcdef";
/// What comes before the number of a discount.
const NODE: &str = "gid://shopify/DiscountCodeNode/";

/// The shop's own side.
#[derive(Clone)]
pub struct ShopifyApi(Arc<Mutex<Inside>>);

struct Inside {
    clock: Turned,
    /// As they were asked for, in the order of their numbers. The end of a deactivated one is when that was.
    discounts: Vec<Value>,
    /// What it finds wrong with every code that is to be made.
    mistake: Option<String>,
    asked: usize,
}

impl StandIn for ShopifyApi {
    const ACCESS: &'static str = "shopify example-books.myshopify.com shpat_0123456789abcdef";

    fn open(clock: Turned) -> Self {
        Self(Arc::new(Mutex::new(Inside { clock, discounts: Vec::new(), mistake: None, asked: 0 })))
    }

    fn hear(&self, asked: &Asked) -> Said {
        self.0.lock().expect("nobody panicked").said(asked)
    }
}

impl ShopifyApi {
    /// From now on it finds this wrong with every code, or nothing.
    pub fn finds(&self, mistake: Option<&str>) {
        self.0.lock().expect("nobody panicked").mistake = mistake.map(str::to_owned);
    }

    /// How often it was asked.
    pub fn asked(&self) -> usize {
        self.0.lock().expect("nobody panicked").asked
    }

    /// All discounts there are.
    pub fn discounts(&self) -> Vec<Value> {
        self.0.lock().expect("nobody panicked").discounts.clone()
    }

    /// A discount by its code.
    pub fn discount(&self, code: &str) -> Option<Value> {
        self.discounts().into_iter().find(|known| known["code"] == code)
    }
}

impl Inside {
    fn said(&mut self, asked: &Asked) -> Said {
        self.asked += 1;
        assert!(asked.address.ends_with("/admin/api/2026-10/graphql.json"), "{}", asked.address);
        let (status, answer) = match asked.headers.get("x-shopify-access-token").map(String::as_str) {
            Some(TOKEN) => (200, json!({"data": self.data(&asked.body)})),
            _ => (401, json!({"errors": "[API] Invalid API key or access token"})),
        };
        Said { status, headers: Vec::new(), body: answer.to_string().into_bytes() }
    }

    fn data(&mut self, body: &[u8]) -> Value {
        let body: Value = serde_json::from_slice(body).expect("GraphQL comes in JSON");
        let (query, given) = (text(&body["query"]), &body["variables"]);
        if query.contains("codeDiscountNodeByCode") {
            let found = self.named(text(&given["code"])).map(|at| self.node(at));
            return json!({"shop": {"currencyCode": "EUR"}, "codeDiscountNodeByCode": found});
        }
        let made = if query.contains("discountCodeDeactivate") {
            self.end(text(&given["id"]))
        } else {
            assert!(query.contains("discountCodeBasicCreate"), "{query}");
            self.create(&given["discount"])
        };
        match made {
            Ok(at) => json!({"made": {"codeDiscountNode": self.node(at), "userErrors": []}}),
            Err(wrong) => json!({"made": {"codeDiscountNode": null, "userErrors": [wrong]}}),
        }
    }

    /// A name stays taken, and compares without case.
    fn named(&self, code: &str) -> Option<usize> {
        self.discounts.iter().position(|known| text(&known["code"]).eq_ignore_ascii_case(code))
    }

    fn create(&mut self, wanted: &Value) -> Result<usize, Value> {
        if self.named(text(&wanted["code"])).is_some() {
            return Err(error("TAKEN", "code", "Code must be unique. Please try a different code."));
        }
        if let Some(mistake) = &self.mistake {
            return Err(error("INVALID", "endsAt", mistake));
        }
        self.discounts.push(wanted.clone());
        Ok(self.discounts.len() - 1)
    }

    fn end(&mut self, id: &str) -> Result<usize, Value> {
        let number = id.strip_prefix(NODE).and_then(|number| number.parse::<usize>().ok());
        let at = number.and_then(|number| number.checked_sub(1)).filter(|at| *at < self.discounts.len());
        let at = at.ok_or_else(|| error("INVALID", "id", "Discount does not exist."))?;
        let (now, end) = (self.clock.now(), &mut self.discounts[at]["endsAt"]);
        if moment(end) > now {
            *end = json!(now.to_string());
        }
        Ok(at)
    }

    /// As it tells of a discount.
    fn node(&self, at: usize) -> Value {
        let (discount, now) = (&self.discounts[at], self.clock.now());
        let status = if moment(&discount["endsAt"]) <= now {
            "EXPIRED"
        } else if moment(&discount["startsAt"]) > now {
            "SCHEDULED"
        } else {
            "ACTIVE"
        };
        let euros = |amount: &Value| json!({"amount": amount, "currencyCode": "EUR"});
        let wanted = &discount["customerGets"]["value"];
        let value = match &wanted["percentage"] {
            Value::Null => {
                json!({"__typename": "DiscountAmount", "amount": euros(&wanted["discountAmount"]["amount"])})
            }
            fraction => json!({"__typename": "DiscountPercentage", "percentage": fraction}),
        };
        let least = match &discount["minimumRequirement"]["subtotal"]["greaterThanOrEqualToSubtotal"] {
            Value::Null => Value::Null,
            amount => json!({"greaterThanOrEqualToSubtotal": euros(amount)}),
        };
        json!({"id": format!("{NODE}{}", at + 1), "codeDiscount": {"__typename": "DiscountCodeBasic", "status": status,
            "endsAt": discount["endsAt"], "usageLimit": discount["usageLimit"], "minimumRequirement": least,
            "customerGets": {"value": value}}})
    }
}

fn error(code: &str, field: &str, message: &str) -> Value {
    json!({"code": code, "field": ["basicCodeDiscount", field], "message": message})
}

fn moment(value: &Value) -> Timestamp {
    text(value).parse().expect("a moment")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
