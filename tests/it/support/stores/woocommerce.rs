//! A WooCommerce that stands in for the real one: its coupons, as its REST API documents them, and whatever mood it is in.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use winback_local::aws::{Asked, Said};
use winback_local::clock::Turned;

use super::StandIn;

/// How the store answers.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Mood {
    /// As it should.
    #[default]
    Well,
    /// This status and body to everything, and nothing is done.
    Answers(u16, String),
    /// Too much to do; come back after so many seconds.
    Busy(u32),
    /// Its prices are in another currency.
    Crowns,
}

/// The store's own side.
#[derive(Clone, Default)]
pub struct WooCommerceApi(Arc<Mutex<Inside>>);

#[derive(Default)]
struct Inside {
    coupons: BTreeMap<u64, Value>,
    mood: Mood,
    asked: Vec<String>,
}

impl StandIn for WooCommerceApi {
    const ACCESS: &'static str = "woocommerce https://shop.example ck_0123456789abcdef cs_0123456789abcdef";

    fn open(_: Turned) -> Self {
        Self::default()
    }

    fn hear(&self, asked: &Asked) -> Said {
        self.0.lock().expect("nobody panicked").said(asked)
    }
}

impl WooCommerceApi {
    pub fn mood(&self, mood: Mood) {
        self.0.lock().expect("nobody panicked").mood = mood;
    }

    /// All coupons there are.
    pub fn coupons(&self) -> Vec<Value> {
        self.0.lock().expect("nobody panicked").coupons.values().cloned().collect()
    }

    /// What was asked: method and path.
    pub fn asked(&self) -> Vec<String> {
        self.0.lock().expect("nobody panicked").asked.clone()
    }

    /// A coupon by its code, whatever its case.
    pub fn coupon(&self, code: &str) -> Option<Value> {
        let inside = self.0.lock().expect("nobody panicked");
        inside.coupons.values().find(|coupon| same(&coupon["code"], code)).cloned()
    }

    /// Somebody else made this code first.
    pub fn add(&self, code: &str, coupon: Value) {
        let mut inside = self.0.lock().expect("nobody panicked");
        inside.create(&merged(json!({"code": code}), coupon));
    }
}

fn same(known: &Value, code: &str) -> bool {
    known.as_str().is_some_and(|known| known.eq_ignore_ascii_case(code))
}

fn merged(mut base: Value, change: Value) -> Value {
    if let (Some(base), Value::Object(change)) = (base.as_object_mut(), change) {
        base.extend(change);
    }
    base
}

impl Inside {
    fn said(&mut self, asked: &Asked) -> Said {
        let (status, body) = self.answer(&asked.method, &asked.address, &asked.body);
        let headers = match self.mood {
            Mood::Busy(seconds) => vec![("retry-after", seconds.to_string())],
            _ => Vec::new(),
        };
        Said { status, headers, body }
    }

    fn answer(&mut self, method: &str, address: &str, body: &[u8]) -> (u16, Vec<u8>) {
        let path = address.split_once("/wp-json/wc/v3").map_or(address, |(_, path)| path);
        self.asked.push(format!("{method} {}", path.split('?').next().unwrap_or_default()));
        match &self.mood {
            Mood::Answers(status, text) => return (*status, text.clone().into_bytes()),
            Mood::Busy(_) => return (429, b"{}".to_vec()),
            Mood::Well | Mood::Crowns => {}
        }
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let (status, answer) = match (method, path.split_once('?').unwrap_or((path, ""))) {
            ("POST", ("/coupons", _))
                // Only what is published holds its name.
                if self.coupons.values().any(|known| known["status"] == "publish" && same(&known["code"], text(&body["code"]))) =>
            {
                let data = json!({"status": 400});
                let code = "woocommerce_rest_coupon_code_already_exists";
                (400, json!({"code": code, "message": "The coupon code already exists", "data": data}))
            }
            ("POST", ("/coupons", _)) => (201, self.create(&body)),
            ("GET", ("/data/currencies/current", _)) => {
                (200, json!({"code": if self.mood == Mood::Crowns { "SEK" } else { "EUR" }}))
            }
            ("GET", ("/coupons", query)) => {
                let wanted = query.split('&').find_map(|part| part.strip_prefix("code=")).unwrap_or_default();
                let found = self.coupons.values().filter(|known| same(&known["code"], wanted)).cloned();
                (200, Value::Array(found.collect()))
            }
            ("PUT" | "GET", (one, _)) => {
                let id = one.strip_prefix("/coupons/").and_then(|id| id.parse::<u64>().ok());
                match id.and_then(|id| self.coupons.get_mut(&id)) {
                    Some(known) => {
                        *known = merged(known.clone(), if method == "PUT" { dated(body) } else { json!({}) });
                        (200, known.clone())
                    }
                    None => (404, json!({"code": "woocommerce_rest_shop_coupon_invalid_id", "data": {"status": 404}})),
                }
            }
            _ => (404, json!({"code": "rest_no_route", "data": {"status": 404}})),
        };
        (status, answer.to_string().into_bytes())
    }

    fn create(&mut self, wanted: &Value) -> Value {
        let id = 700 + self.coupons.len() as u64;
        let usual = json!({"id": id, "amount": "0.00", "discount_type": "fixed_cart", "status": "publish",
            "date_expires_gmt": null, "usage_count": 0, "usage_limit": null, "individual_use": false,
            "free_shipping": false, "minimum_amount": "0.00", "email_restrictions": [], "meta_data": []});
        let mut coupon = merged(usual, dated(wanted.clone()));
        coupon["code"] = json!(text(&wanted["code"]).to_lowercase());
        if text(&coupon["minimum_amount"]).is_empty() {
            coupon["minimum_amount"] = json!("0.00");
        }
        self.coupons.insert(id, coupon.clone());
        coupon
    }
}

/// WooCommerce takes an end in `date_expires` alone, where a Z says that it is UTC, and tells it in UTC without one. What is
/// written to `date_expires_gmt` is read by nobody.
fn dated(mut written: Value) -> Value {
    let members = written.as_object_mut().expect("an object");
    members.remove("date_expires_gmt");
    if let Some(end) = members.get("date_expires").and_then(Value::as_str) {
        let end = end.strip_suffix('Z').expect("without a Z it would be the shop's own time").to_owned();
        members.insert("date_expires_gmt".to_owned(), json!(end));
    }
    written
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
