//! A shop as its stories drive it: what it tells by its webhook, what its customers and its till ask, what its operator
//! does.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};
use standardwebhooks::Webhook;
use winback_domain::ids::Code;
use winback_domain::plan::Folder;
use winback_domain::store::State;
use winback_domain::webhook::{Wiring, shopify, standard};

use crate::infra::Calls;
use crate::infra::calls::{LINK_BASE, Watched};
use crate::support::codes::pool;
use crate::support::http::request;
use crate::support::store;

pub const STORE: &str = "books";
const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
pub const SHOPIFY_SECRET: &str = "shpss_0123456789abcdef";
pub const BIGCOMMERCE_SECRET: &str = "0123456789abcdef0123456789abcdef";

/// One store of a deployment.
pub struct Shop {
    pub at: Watched,
    layer: PathBuf,
    /// What the link domain adds to a request, where there is one.
    pub origin: Option<&'static str>,
    orders: u32,
    events: u32,
}

impl Shop {
    /// A store that has just gone live with this folder.
    pub async fn live(story: &str, folder: &Folder) -> Self {
        let layer = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("layer-{story}-{}", std::process::id()));
        lay(folder, &layer);
        let watched = Watched::new(at("2026-01-12T10:00:00Z"), &layer);
        let mut shop = Self { at: watched, layer, origin: None, orders: 0, events: 0 };
        shop.at.wire(STORE, SECRET);
        shop.set("live").await;
        shop
    }

    /// The story is over: which function called what.
    pub fn made(self) -> Calls {
        let _ = std::fs::remove_dir_all(self.layer);
        self.at.made
    }

    pub fn now(&self) -> Timestamp {
        self.at.clock.now()
    }

    pub async fn order(&mut self, email: &str, more: Value) {
        self.orders += 1;
        let mut data = json!({"order_id": format!("order-{}", self.orders), "email": email, "total": "45.00",
            "currency": "EUR", "marketing_consent": true});
        data.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        self.tell("order.placed", data).await;
    }

    /// The store tells of something by its webhook, and it is recorded.
    pub async fn tell(&mut self, kind: &str, data: Value) {
        self.events += 1;
        let now = self.now();
        let body = json!({"type": kind, "timestamp": now, "data": data}).to_string();
        let id = format!("msg_{}", self.events);
        let signature = Webhook::new(SECRET).expect("a secret").sign(&id, now.as_second(), body.as_bytes());
        let (stamp, signature) = (now.as_second().to_string(), signature.expect("it signs"));
        let headers = [
            ("content-type", "application/json"),
            ("webhook-id", &*id),
            ("webhook-timestamp", &*stamp),
            ("webhook-signature", &*signature),
        ];
        let answer = self.webhook(&headers, body.as_bytes()).await;
        assert_eq!(answer["statusCode"], 200, "{kind}: {answer}");
        self.at.settle().await;
    }

    /// A request to a door, with what the link domain adds to it.
    fn asked(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&[u8]>) -> Value {
        let added = self.origin.map(|origin| ("x-winback-origin", origin));
        let headers: Vec<(&str, &str)> = headers.iter().copied().chain(added).collect();
        serde_json::to_value(request(method, path, &headers, body)).expect("an event is JSON")
    }

    pub async fn webhook(&mut self, headers: &[(&str, &str)], body: &[u8]) -> Value {
        let event = self.asked("POST", &format!("/webhooks/{STORE}"), headers, Some(body));
        self.at.run("receive-webhook", receive_webhook::handle, event).await
    }

    /// Shopify tells of the shop itself.
    pub async fn platform_tells(&mut self, topic: &str) {
        let secret = Wiring::parse(&format!("shopify {SHOPIFY_SECRET}")).expect("a secret");
        let body = b"{}";
        let signature = shopify::sign(&secret, body);
        let headers = [("x-shopify-topic", topic), ("x-shopify-hmac-sha256", &*signature)];
        let answer = self.webhook(&headers, body).await;
        assert_eq!(answer["statusCode"], 200, "{topic}: {answer}");
        self.at.settle().await;
    }

    /// Its platforms let us read their orders: one of BigCommerce, one of WooCommerce.
    pub fn opens_its_orders(&self) {
        let access = "bigcommerce abc123 0123456789abcdef\n\
            woocommerce https://shop.example ck_0123456789abcdef cs_0123456789abcdef";
        self.at.let_in(STORE, access);
        let big = json!({"id": 50, "status_id": 11, "customer_id": 0, "total_inc_tax": "30.0000",
            "default_currency_code": "EUR", "billing_address": {"email": "hanna@example.com"},
            "date_created": "Fri, 17 Apr 2026 11:00:00 +0000", "date_modified": "Fri, 17 Apr 2026 11:00:00 +0000"});
        let woo = json!([{"id": 60, "status": "processing", "currency": "EUR", "total": "30.00", "customer_id": 0,
            "billing": {"email": "ines@example.com"}, "date_created_gmt": "2026-04-17T11:00:00",
            "date_modified_gmt": "2026-04-17T11:00:00"}]);
        self.at.stack.answer_for_stores(Arc::new(move |asked| {
            let path = asked.address.split('?').next().unwrap_or_default();
            let body = match path.rsplit_once("/orders") {
                Some((start, "")) if start.ends_with("/v2") => json!([big]),
                Some((_, "/50")) => big.clone(),
                _ => woo.clone(),
            };
            (200, body.to_string().into_bytes()).into()
        }));
    }

    pub async fn names_an_order(&mut self) {
        let secret = Wiring::parse(&format!("bigcommerce {BIGCOMMERCE_SECRET}")).expect("a secret");
        let body = json!({"scope": "store/order/created", "data": {"type": "order", "id": 50}}).to_string();
        let now = self.now();
        let (stamp, signature) = (now.as_second().to_string(), standard::sign(&secret, "msg", now, body.as_bytes()));
        let headers = [(standard::ID, "msg"), (standard::TIMESTAMP, &*stamp), (standard::SIGNATURE, &*signature)];
        let answer = self.webhook(&headers, body.as_bytes()).await;
        assert_eq!(answer["statusCode"], 200, "{answer}");
        self.at.settle().await;
    }

    pub async fn pull(&mut self) -> Value {
        let run = json!({"scheduled_at": self.now()});
        let found = self.at.run("pull-orders", pull_orders::handle, run).await;
        self.at.settle().await;
        found
    }

    /// Turns the clock to a moment at which something happens.
    pub async fn turns_to(&mut self, then: &str) {
        self.at.clock.turn_to(at(then));
        self.at.settle().await;
    }

    /// Turns the clock to whatever is due next, up to a moment.
    pub async fn until(&mut self, end: &str) {
        let end = at(end);
        loop {
            self.at.settle().await;
            let next = self.at.eye.tables.first_due(&store(STORE)).await.expect("it reads");
            let Some(next) = next.filter(|next| *next <= end) else { break };
            // What is due already and was not done waits for the next minute.
            let later = self.now().checked_add(1.minute()).expect("a minute from now");
            self.at.clock.turn_to(next.max(later));
            assert!(self.now() <= end, "somebody stays due and nothing happens");
        }
        self.at.clock.turn_to(end);
    }

    /// A file of old orders is uploaded, and the state machine walks its steps.
    pub async fn import(&mut self, file: &str, [orders, bad]: [u32; 2]) {
        let key = format!("imports/{STORE}/orders.csv");
        let etag = self.at.eye.files.upload(&key, file.as_bytes().to_vec(), false).await.expect("an upload");
        let whole = json!({"key": key, "etag": etag});
        let cut = self.at.run("import-orders", import_orders::handle, json!({"cut": whole})).await;
        for number in cut["parts"].as_array().expect("parts") {
            let part = json!({"part": {"key": key, "etag": etag, "number": number}});
            let done = self.at.run("import-orders", import_orders::handle, part).await;
            assert_eq!(done, json!({"orders": orders, "bad": bad}));
        }
        let done = self.at.run("import-orders", import_orders::handle, json!({"finish": whole})).await;
        self.at.run("scan-customers", scan_customers::handle, done["scan"].clone()).await;
    }

    /// An operator sets the store's state.
    pub async fn set(&mut self, state: &str) {
        let run = json!({"scheduled_at": self.now(), "set": {"store": STORE, "state": state}});
        self.at.run("scan-customers", scan_customers::handle, run).await;
    }

    pub async fn state(&self) -> State {
        let known = self.at.eye.tables.store(&store(STORE)).await.expect("it reads");
        known.expect("it is there").state
    }

    /// The shop hands us a code that it made itself.
    pub async fn fill(&self, code: &str) {
        let (store, codes) = (store(STORE), BTreeSet::from([Code::parse(code).expect("a code")]));
        let new = self.at.eye.tables.fill_pool(pool(&store), &codes).await.expect("the table answers");
        assert_eq!(new, Some(1), "{code}");
    }

    pub async fn scan(&mut self) {
        let run = json!({"scheduled_at": self.now()});
        self.at.run("scan-customers", scan_customers::handle, run).await;
    }

    pub async fn visit(&mut self, method: &str, path: &str) -> Value {
        let event = self.asked(method, path, &[], None);
        self.at.run("serve-offer", serve_offer::handle, event).await
    }

    pub async fn till(&mut self, path: &str, asked: &Value) -> Value {
        let body = asked.to_string();
        let event = self.asked("POST", path, &[("content-type", "application/json")], Some(body.as_bytes()));
        self.at.run("redeem-code", redeem_code::handle, event).await
    }

    pub fn mail_to(&self, email: &str) -> String {
        let outbox = self.at.stack.outbox();
        let mail = outbox.iter().find(|mail| mail.to == [email]);
        mail.unwrap_or_else(|| panic!("{email} was not mailed")).text.clone()
    }
}

/// Lays a shop's folder down as a layer brings it.
fn lay(folder: &Folder, layer: &Path) {
    for (name, text) in folder {
        let file = layer.join(STORE).join(name);
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder is made");
        std::fs::write(file, text).expect("a file is written");
    }
}

/// The path of the first link in a letter that leads to one of our pages.
pub fn link(text: &str, page: &str) -> String {
    let from = text.find(&format!("{LINK_BASE}{page}")).expect("the letter links to it");
    let path = &text[from + LINK_BASE.len()..];
    path.split(|c: char| c.is_whitespace() || c == ')' || c == '>').next().unwrap_or_default().to_owned()
}

/// The code, read as a person would.
pub fn code(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    let is_code = |word: &&str| word.len() == 10 && word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    words.into_iter().find(is_code).expect("a code in the letter").to_owned()
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}
