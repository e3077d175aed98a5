//! A Stripe that stands in for the real one: coupons, promotion codes, and its memory of `Idempotency-Key`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use winback_local::aws::{Asked, Said};
use winback_local::clock::Turned;

use super::StandIn;

/// The account's own side.
#[derive(Clone, Default)]
pub struct StripeApi(Arc<Mutex<Inside>>);

#[derive(Default)]
struct Inside {
    coupons: BTreeMap<String, Value>,
    promotions: BTreeMap<String, Value>,
    /// By key: the question, and what was said to it.
    remembered: BTreeMap<String, (Vec<u8>, u16, Value)>,
    /// What it says to everything, and does nothing.
    ill: Option<(u16, Value)>,
    asked: usize,
}

impl StandIn for StripeApi {
    const ACCESS: &'static str = "stripe sk_live_0123456789abcdef";

    fn open(_: Turned) -> Self {
        Self::default()
    }

    fn hear(&self, asked: &Asked) -> Said {
        self.0.lock().expect("nobody panicked").said(asked)
    }
}

impl StripeApi {
    /// From now on it answers everything so and does nothing, or is well. It remembers none of these answers: they come
    /// from before anything was begun.
    pub fn answers(&self, ill: Option<(u16, Value)>) {
        self.0.lock().expect("nobody panicked").ill = ill;
    }

    /// How often it was asked.
    pub fn asked(&self) -> usize {
        self.0.lock().expect("nobody panicked").asked
    }

    /// All promotion codes, dead ones too: several may have had one name.
    pub fn promotions(&self) -> Vec<Value> {
        self.0.lock().expect("nobody panicked").promotions.values().cloned().collect()
    }

    /// The promotion code of a name.
    pub fn promotion(&self, code: &str) -> Option<Value> {
        let inside = self.0.lock().expect("nobody panicked");
        inside.promotions.values().find(|known| known["code"] == code).cloned()
    }

    /// A coupon by its id.
    pub fn coupon(&self, id: &str) -> Option<Value> {
        self.0.lock().expect("nobody panicked").coupons.get(id).cloned()
    }
}

impl Inside {
    fn said(&mut self, asked: &Asked) -> Said {
        assert_eq!(asked.headers.get("stripe-version").map(String::as_str), Some("2025-09-30.clover"));
        self.asked += 1;
        if let Some((status, answer)) = &self.ill {
            return (*status, answer.to_string().into_bytes()).into();
        }
        let key = asked.headers.get("idempotency-key");
        if let Some((question, status, answer)) = key.and_then(|key| self.remembered.get(key)) {
            if *question != asked.body {
                let message = "Keys for idempotent requests can only be used with the same parameters.";
                let error = json!({"error": {"type": "idempotency_error", "message": message}});
                return (400_u16, error.to_string().into_bytes()).into();
            }
            let headers = vec![("idempotent-replayed", "true".to_owned())];
            return Said { status: *status, headers, body: answer.to_string().into_bytes() };
        }
        let (status, answer) = self.answer(asked);
        if let Some(key) = key {
            self.remembered.insert(key.clone(), (asked.body.clone(), status, answer.clone()));
        }
        Said { status, headers: Vec::new(), body: answer.to_string().into_bytes() }
    }

    fn answer(&mut self, asked: &Asked) -> (u16, Value) {
        let path = asked.address.split_once("/v1/").expect("an address of Stripe's API").1;
        let fields: BTreeMap<String, String> = fields(&asked.body);
        let number = |name: &str| fields.get(name).and_then(|text| text.parse::<i64>().ok());
        match (asked.method.as_str(), path.split_once('?').map_or(path, |(path, _)| path).split_once('/')) {
            ("POST", None) if path == "coupons" => {
                let id = fields["id"].clone();
                if self.coupons.contains_key(&id) {
                    return (
                        400,
                        json!({"error": {"code": "resource_already_exists", "type": "invalid_request_error"}}),
                    );
                }
                let coupon = json!({"id": id, "object": "coupon", "amount_off": number("amount_off"),
                    "percent_off": number("percent_off"), "currency": fields.get("currency"), "duration": fields["duration"]});
                self.coupons.insert(id, coupon.clone());
                (200, coupon)
            }
            ("POST", None) => {
                let taken = |known: &&Value| known["active"] == true && known["code"] == fields["code"].as_str();
                if self.promotions.values().find(taken).is_some() {
                    return (
                        400,
                        json!({"error": {"message": "An active promotion code with that `code` already exists."}}),
                    );
                }
                let id = format!("promo_{}", self.promotions.len() + 1);
                let promotion = json!({"id": id, "object": "promotion_code", "code": fields["code"],
                    "active": fields.get("active").is_none_or(|active| active == "true"),
                    "promotion": {"type": "coupon", "coupon": fields["promotion[coupon]"]},
                    "expires_at": number("expires_at"), "max_redemptions": number("max_redemptions"),
                    "metadata": {"winback": fields["metadata[winback]"]},
                    "restrictions": {"minimum_amount": number("restrictions[minimum_amount]"),
                        "minimum_amount_currency": fields.get("restrictions[minimum_amount_currency]")}});
                self.promotions.insert(id, promotion.clone());
                (200, promotion)
            }
            ("POST", Some((_, id))) => match self.promotions.get_mut(id) {
                Some(promotion) => {
                    promotion["active"] = json!(fields["active"] == "true");
                    (200, promotion.clone())
                }
                None => (404, json!({"error": {"code": "resource_missing"}})),
            },
            (_, Some(("coupons", id))) => (200, self.coupons.get(id).cloned().unwrap_or_default()),
            (_, Some((_, id))) => (200, self.promotions.get(id).cloned().unwrap_or_default()),
            (_, None) => (200, json!({"data": self.promotions.values().collect::<Vec<_>>()})),
        }
    }
}

/// A form's fields. We write what is no letter, digit, dash, dot, underscore or tilde by its number.
fn fields(body: &[u8]) -> BTreeMap<String, String> {
    let text = std::str::from_utf8(body).expect("a form is text");
    let plain = |text: &str| {
        let (first, rest) = text.split_at(text.find('%').unwrap_or(text.len()));
        let mut bytes = first.as_bytes().to_vec();
        for piece in rest.split('%').skip(1) {
            bytes.push(u8::from_str_radix(&piece[..2], 16).expect("two digits"));
            bytes.extend_from_slice(&piece.as_bytes()[2..]);
        }
        String::from_utf8(bytes).expect("text")
    };
    let pairs = text.split('&').filter_map(|field| field.split_once('='));
    pairs.map(|(name, value)| (plain(name), plain(value))).collect()
}
