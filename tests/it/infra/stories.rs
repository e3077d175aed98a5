//! All that a shop can meet, once: what the roles must allow.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};
use standardwebhooks::Webhook;
use winback_domain::webhook::{Wiring, shopify, standard};

use super::Calls;
use super::calls::{LINK_BASE, Watched};
use crate::support::http::request;
use crate::support::{edit, sample, store};

const STORE: &str = "books";
const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const SHOPIFY_SECRET: &str = "shpss_0123456789abcdef";
const BIGCOMMERCE_SECRET: &str = "0123456789abcdef0123456789abcdef";
/// SES's own simulator answers for this one with a bounce.
const DORA: &str = "bounce@simulator.amazonses.com";

/// Runs the stories and tells which function called what.
pub async fn told() -> Calls {
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("layer-{}", std::process::id()));
    let mut shop = Shop { at: Watched::new(at("2026-01-12T10:00:00Z"), &layer(&dir)), orders: 0, events: 0 };
    shop.at.wire(STORE, SECRET);
    let live = json!({"scheduled_at": shop.now(), "set": {"store": STORE, "state": "live"}});
    shop.at.run("scan-customers", scan_customers::handle, live).await;

    for email in ["anna@example.com", "berta@example.com", "clara@example.com", "emma@example.com", DORA] {
        let total = if email.starts_with("anna") { "80.00" } else { "45.00" };
        shop.order(email, json!({"customer_id": format!("id of {email}"), "total": total})).await;
    }
    let good = "old-1,greta@example.com,2025-06-01,30.00,EUR,";
    shop.import(&format!("order_id,email,placed_at,total,currency,discount_code\n{good}\nold-2,?,,,,\n"), [1, 1]).await;
    // Somebody known by two names becomes one.
    shop.order("flora@example.com", json!({})).await;
    shop.tell("customer.updated", json!({"customer_id": "7", "email": "flora@old.example"})).await;
    shop.tell("customer.updated", json!({"customer_id": "7", "email": "flora@example.com"})).await;
    // A refund before its order, and one after it.
    shop.tell("order.refunded", json!({"order_id": "unheard-of", "refunded_total": "5.00", "currency": "EUR"})).await;
    shop.tell("order.refunded", json!({"order_id": "order-1", "refunded_total": "5.00", "currency": "EUR"})).await;
    shop.tell("customer.unsubscribed", json!({"email": "emma@example.com"})).await;

    // Silence, the letters, a bounce; nightly scans with more people waiting than a day has mails.
    shop.until("2026-04-13T03:00:00Z").await;
    shop.scan().await;
    shop.until("2026-04-17T12:00:00Z").await;
    shop.scan().await;

    // Anna opens her offer and takes it to a till, Clara takes hers to the shop, Berta ends mailing.
    let (anna, clara) = (shop.mail_to("anna@example.com"), shop.mail_to("clara@example.com"));
    let page = shop.visit("GET", &link(&anna, "/o/")).await;
    assert_eq!(page["statusCode"], 200);
    for wish in ["/check", "/redeem"] {
        let asked = json!({"code": code(&anna), "order_id": "till-7", "total": "52.00", "currency": "EUR",
            "email": "anna@example.com"});
        let answer = shop.till(wish, &asked).await;
        assert_eq!(answer["statusCode"], 200, "{answer}");
    }
    shop.order("clara@example.com", json!({"discount_codes": [code(&clara)]})).await;
    let berta = shop.mail_to("berta@example.com");
    // Her order with the code comes by a file, later than those of the webhook.
    let hers = format!("old-3,berta@example.com,2026-04-16,60.00,EUR,{}", code(&berta));
    shop.import(&format!("order_id,email,placed_at,total,currency,discount_code\n{hers}\n"), [1, 0]).await;
    for method in ["GET", "POST"] {
        assert_eq!(shop.visit(method, &link(&berta, "/u/")).await["statusCode"], 200);
    }
    // Clara wants to be forgotten: her orders leave the ledger, her letters lose their words.
    shop.tell("customer.erased", json!({"email": "clara@example.com"})).await;
    shop.scan().await;
    // Anna wants to know what is known of her; then the platform takes us out, and wants everybody forgotten.
    shop.tell("customer.data_requested", json!({"email": "anna@example.com"})).await;
    shop.at.wire(STORE, &format!("shopify {SHOPIFY_SECRET}\nbigcommerce {BIGCOMMERCE_SECRET}"));
    shop.at.clock.turn_to(shop.now() + jiff::SignedDuration::from_mins(6));
    // While the shop rests, BigCommerce names an order, and all platforms are asked for what webhooks missed.
    let paused = json!({"scheduled_at": shop.now(), "set": {"store": STORE, "state": "paused"}});
    shop.at.run("scan-customers", scan_customers::handle, paused).await;
    shop.opens_its_orders();
    shop.names_an_order().await;
    let found = shop.pull().await;
    assert_eq!(found, json!({"platforms": 2, "read": 2, "missed": 1}));
    for topic in ["app/uninstalled", "shop/redact"] {
        shop.platform_tells(topic).await;
    }
    shop.scan().await;
    let _ = std::fs::remove_dir_all(dir);
    shop.at.made
}

struct Shop {
    at: Watched,
    orders: u32,
    events: u32,
}

impl Shop {
    fn now(&self) -> Timestamp {
        self.at.clock.now()
    }

    async fn order(&mut self, email: &str, more: Value) {
        self.orders += 1;
        let mut data = json!({"order_id": format!("order-{}", self.orders), "email": email, "total": "45.00",
            "currency": "EUR", "marketing_consent": true});
        data.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        self.tell("order.placed", data).await;
    }

    /// The store tells of something by its webhook, and it is recorded.
    async fn tell(&mut self, kind: &str, data: Value) {
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
        let event = request("POST", &format!("/webhooks/{STORE}"), &headers, Some(body.as_bytes()));
        let event = serde_json::to_value(event).expect("an event is JSON");
        let answer = self.at.run("receive-webhook", receive_webhook::handle, event).await;
        assert_eq!(answer["statusCode"], 200, "{kind}: {answer}");
        self.at.settle().await;
    }

    /// Shopify tells of the shop itself.
    async fn platform_tells(&mut self, topic: &str) {
        let secret = Wiring::parse(&format!("shopify {SHOPIFY_SECRET}")).expect("a secret");
        let body = b"{}";
        let signature = shopify::sign(&secret, body);
        let headers = [("x-shopify-topic", topic), ("x-shopify-hmac-sha256", &*signature)];
        let event = request("POST", &format!("/webhooks/{STORE}"), &headers, Some(body));
        let event = serde_json::to_value(event).expect("an event is JSON");
        let answer = self.at.run("receive-webhook", receive_webhook::handle, event).await;
        assert_eq!(answer["statusCode"], 200, "{topic}: {answer}");
        self.at.settle().await;
    }

    /// Its platforms let us read their orders: one of BigCommerce, one of WooCommerce.
    fn opens_its_orders(&self) {
        let access = "bigcommerce abc123 0123456789abcdef\n\
            woocommerce https://shop.example ck_0123456789abcdef cs_0123456789abcdef";
        self.at.stack.put_secret(&format!("/winback/prod/stores/{STORE}/access"), access).expect("a parameter");
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

    async fn names_an_order(&mut self) {
        let secret = Wiring::parse(&format!("bigcommerce {BIGCOMMERCE_SECRET}")).expect("a secret");
        let body = json!({"scope": "store/order/created", "data": {"type": "order", "id": 50}}).to_string();
        let now = self.now();
        let (stamp, signature) = (now.as_second().to_string(), standard::sign(&secret, "msg", now, body.as_bytes()));
        let headers = [(standard::ID, "msg"), (standard::TIMESTAMP, &*stamp), (standard::SIGNATURE, &*signature)];
        let event = request("POST", &format!("/webhooks/{STORE}"), &headers, Some(body.as_bytes()));
        let event = serde_json::to_value(event).expect("an event is JSON");
        let answer = self.at.run("receive-webhook", receive_webhook::handle, event).await;
        assert_eq!(answer["statusCode"], 200, "{answer}");
        self.at.settle().await;
    }

    async fn pull(&mut self) -> Value {
        let run = json!({"scheduled_at": self.now()});
        let found = self.at.run("pull-orders", pull_orders::handle, run).await;
        self.at.settle().await;
        found
    }

    /// Turns the clock to whatever is due next, up to a moment.
    async fn until(&mut self, end: &str) {
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
    async fn import(&mut self, file: &str, [orders, bad]: [u32; 2]) {
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

    async fn scan(&mut self) {
        let run = json!({"scheduled_at": self.now()});
        self.at.run("scan-customers", scan_customers::handle, run).await;
    }

    async fn visit(&mut self, method: &str, path: &str) -> Value {
        let event = serde_json::to_value(request(method, path, &[], None)).expect("an event is JSON");
        self.at.run("serve-offer", serve_offer::handle, event).await
    }

    async fn till(&mut self, path: &str, asked: &Value) -> Value {
        let body = asked.to_string();
        let event = request("POST", path, &[("content-type", "application/json")], Some(body.as_bytes()));
        let event = serde_json::to_value(event).expect("an event is JSON");
        self.at.run("redeem-code", redeem_code::handle, event).await
    }

    fn mail_to(&self, email: &str) -> String {
        let outbox = self.at.stack.outbox();
        let mail = outbox.iter().find(|mail| mail.to == [email]);
        mail.unwrap_or_else(|| panic!("{email} was not mailed")).text.clone()
    }
}

/// The sample bookshop in a layer; its first letter offers something of which there is little.
fn layer(dir: &Path) -> PathBuf {
    let mut folder = sample("shop");
    edit(&mut folder, "shop.yaml", "holdout: 30 %", "holdout: 0 %");
    edit(&mut folder, "program.yaml", "    minimum_order: 40 EUR\n", "    minimum_order: 40 EUR\n    stock: 60\n");
    // For those who spend much the till takes the codes; for everybody else the store makes them good, so its key is looked for.
    let program = folder.remove("program.yaml").expect("a program");
    let much =
        program.replace("name: We miss you", "name: We miss you much").replace("at least 30 EUR", "at least 60 EUR");
    let few = "    - spent: at least 30 EUR\n    - not: { spent: at least 60 EUR }\n";
    let web =
        program.replace("offers:\n", "codes: woocommerce\noffers:\n").replace("    - spent: at least 30 EUR\n", few);
    folder.insert("programs/till.yaml".to_owned(), much);
    folder.insert("programs/web.yaml".to_owned(), web);
    for (name, text) in &folder {
        let file = dir.join(STORE).join(name);
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("a folder is made");
        std::fs::write(file, text).expect("a file is written");
    }
    dir.to_owned()
}

/// The path of the first link in a letter that leads to one of our pages.
fn link(text: &str, page: &str) -> String {
    let from = text.find(&format!("{LINK_BASE}{page}")).expect("the letter links to it");
    let path = &text[from + LINK_BASE.len()..];
    path.split(|c: char| c.is_whitespace() || c == ')' || c == '>').next().unwrap_or_default().to_owned()
}

/// The code, read as a person would.
fn code(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric());
    let is_code = |word: &&str| word.len() == 10 && word.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    words.into_iter().find(is_code).expect("a code in the letter").to_owned()
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}
