//! The stores' APIs, as far as orders are read from them: whatever orders they have, filtered and sorted as they document.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use serde_json::{Value, json};
use winback_local::place::Place;

/// Keys to all four, as somebody wrote them down for us.
pub const ACCESS: &str = "shopify example-books.myshopify.com shpat_0123456789abcdef\n\
    woocommerce https://shop.example ck_0123456789abcdef cs_0123456789abcdef\n\
    stripe rk_live_0123456789abcdef\n\
    bigcommerce abc123 0123456789abcdef";

/// The stores' own side.
#[derive(Clone, Default)]
pub struct OrdersApi(Arc<Mutex<Inside>>);

#[derive(Default)]
struct Inside {
    /// By platform: orders, or events of Stripe.
    orders: BTreeMap<&'static str, Vec<Value>>,
    coupons: Vec<Value>,
    mood: Option<(u16, Vec<u8>)>,
    asked: Vec<String>,
}

impl OrdersApi {
    /// Stands in for the stores of a place, and gives us the keys to one platform.
    pub fn behind(place: &Place, platform: &str) -> Self {
        let api = Self::default();
        let answering = api.clone();
        place.stack.answer_for_stores(Arc::new(move |asked| answering.answer(&asked.address).into()));
        let line = ACCESS.lines().map(str::trim).find(|line| line.starts_with(platform)).expect("a platform");
        place.stack.put_secret("/winback/local/stores/books/access", line).expect("it is written");
        api
    }

    /// The store has this order from now on, in place of an earlier state of it.
    pub fn order(&self, platform: &'static str, order: Value) {
        let mut inside = self.0.lock().expect("nobody panicked");
        let orders = inside.orders.entry(platform).or_default();
        orders.retain(|known| known["id"] != order["id"]);
        orders.push(order);
    }

    pub fn coupons(&self, coupons: Vec<Value>) {
        self.0.lock().expect("nobody panicked").coupons = coupons;
    }

    /// What is answered to everything from now on.
    pub fn answers(&self, mood: Option<(u16, &str)>) {
        self.0.lock().expect("nobody panicked").mood = mood.map(|(status, body)| (status, body.as_bytes().to_vec()));
    }

    /// What was asked.
    pub fn asked(&self) -> Vec<String> {
        self.0.lock().expect("nobody panicked").asked.clone()
    }

    pub fn answer(&self, address: &str) -> (u16, Vec<u8>) {
        let mut inside = self.0.lock().expect("nobody panicked");
        inside.asked.push(address.to_owned());
        match &inside.mood {
            Some(mood) => mood.clone(),
            None => inside.orders_of(address),
        }
    }
}

impl Inside {
    fn orders_of(&self, address: &str) -> (u16, Vec<u8>) {
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        let asked = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        let moment = |text: &str| -> Timestamp { text.replace("%3A", ":").parse().expect("a moment") };
        let list = |platform: &str, from: Timestamp, changed: &dyn Fn(&Value) -> Timestamp| {
            let mut found: Vec<Value> = self.orders.get(platform).cloned().unwrap_or_default();
            found.retain(|order| changed(order) >= from);
            found.sort_by_key(|order| changed(order));
            found
        };
        let text = |value: &Value| value.as_str().expect("a moment").to_owned();
        let body = if path.ends_with("/orders.json") {
            let from = moment(asked("updated_at_min").expect("a moment"));
            json!({"orders": list("shopify", from, &|order| text(&order["updated_at"]).parse().expect("a moment"))})
        } else if path.ends_with("/wc/v3/orders") {
            let after = moment(&format!("{}Z", asked("modified_after").expect("a moment")));
            let changed = |order: &Value| format!("{}Z", text(&order["date_modified_gmt"])).parse().expect("a moment");
            Value::Array(list("woocommerce", after + jiff::SignedDuration::from_secs(1), &changed))
        } else if path.ends_with("/v1/events") {
            let second = |seconds: i64| Timestamp::from_second(seconds).expect("a moment");
            let given = |name: &str| second(asked(name).and_then(|text| text.parse().ok()).expect("seconds"));
            let (from, end) = (given("created%5Bgte%5D"), given("created%5Blt%5D"));
            let created = |event: &Value| second(event["created"].as_i64().expect("seconds"));
            let mut found = list("stripe", from, &created);
            found.retain(|event| created(event) < end);
            found.reverse();
            json!({"object": "list", "data": found, "has_more": false})
        } else if path.ends_with("/coupons") {
            json!(self.coupons)
        } else if path.ends_with("/v2/orders") {
            let from = moment(asked("min_date_modified").expect("a moment"));
            let changed = |order: &Value| rfc2822::parse(&text(&order["date_modified"])).expect("a moment").timestamp();
            Value::Array(list("bigcommerce", from, &changed))
        } else {
            let id = path.rsplit_once("/v2/orders/").and_then(|(_, id)| id.parse::<u64>().ok());
            let known = self.orders.get("bigcommerce").into_iter().flatten().find(|order| order["id"].as_u64() == id);
            match known {
                Some(order) => order.clone(),
                None => return (404, b"[{\"status\": 404}]".to_vec()),
            }
        };
        (200, body.to_string().into_bytes())
    }
}
