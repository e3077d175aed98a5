//! What stores send, one realistic payload a file in `tests/webhooks`, written after the platforms' documentation: each is
//! signed here as its platform signs, taken by the real door, and what it becomes stands in a snapshot.

mod bent;
mod bigcommerce;
mod crowd;
mod pulled;
mod shopify;
mod stripe;
mod wishes;
mod woocommerce;

use std::path::{Path, PathBuf};

use data_encoding::{BASE64, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;
use winback_domain::event::Event;

use crate::support::Shop;
use crate::support::http::{Answered, request};

/// When the payloads arrive. Their moments lie in the hours before.
const NOW: &str = "2026-05-01 12:00";
pub const SECRET: &str = "whsec_0123456789abcdef0123456789abcdef";

/// A platform as its own side knows it: how it names its topics and how it signs. Nothing of ours takes part.
#[derive(Clone, Copy)]
pub enum Sender {
    Shopify,
    WooCommerce,
    Stripe,
    BigCommerce,
}

impl Sender {
    fn word(self) -> &'static str {
        match self {
            Self::Shopify => "shopify",
            Self::WooCommerce => "woocommerce",
            Self::Stripe => "stripe",
            Self::BigCommerce => "bigcommerce",
        }
    }

    /// The headers of a delivery.
    fn headers(self, topic: &str, body: &[u8], now: i64) -> Vec<(&'static str, String)> {
        let mac = |parts: &[&[u8]]| {
            let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("a key");
            parts.iter().for_each(|part| mac.update(part));
            mac.finalize().into_bytes()
        };
        match self {
            Self::Shopify => vec![
                ("x-shopify-topic", topic.to_owned()),
                ("x-shopify-hmac-sha256", BASE64.encode(&mac(&[body]))),
                ("x-shopify-shop-domain", "example-books.myshopify.com".to_owned()),
                ("x-shopify-triggered-at", "2026-05-01T08:59:58.123456789Z".to_owned()),
            ],
            Self::WooCommerce => vec![
                ("x-wc-webhook-topic", topic.to_owned()),
                ("x-wc-webhook-signature", BASE64.encode(&mac(&[body]))),
                ("x-wc-webhook-source", "https://shop.example/".to_owned()),
            ],
            Self::BigCommerce => {
                let signed = mac(&[b"msg_1", b".", now.to_string().as_bytes(), b".", body]);
                vec![
                    ("webhook-id", "msg_1".to_owned()),
                    ("webhook-timestamp", now.to_string()),
                    ("webhook-signature", format!("v1,{}", BASE64.encode(&signed))),
                ]
            }
            Self::Stripe => {
                let hex = HEXLOWER.encode(&mac(&[now.to_string().as_bytes(), b".", body]));
                vec![("stripe-signature", format!("t={now},v1={hex}"))]
            }
        }
    }
}

/// Where the secrets of that shop lie.
pub const SECRETS: &str = "/winback/local/stores/books/webhook-secrets";

/// A shop that is wired to a platform with [`SECRET`], and with whatever settings follow it.
pub async fn wired(sender: Sender, settings: &str) -> Shop {
    let shop = Shop::open(NOW).await;
    let line = format!("{} {SECRET} {settings}", sender.word());
    shop.place.stack.put_secret(SECRETS, &line).expect("it is written");
    shop
}

/// A delivery, signed as the platform signs.
pub async fn deliver(shop: &Shop, sender: Sender, topic: &str, body: &[u8]) -> Answered {
    let headers = sender.headers(topic, body, shop.place.clock.now().as_second());
    send(shop, &headers, body).await
}

/// A delivery with these headers.
pub async fn send(shop: &Shop, headers: &[(&str, String)], body: &[u8]) -> Answered {
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let request = request("POST", "/webhooks/books", &headers, Some(body));
    let answer = receive_webhook::at_the_door(&shop.place.cloud, request, shop.place.invocation()).await;
    answer.expect("it always answers").into()
}

/// Delivered, taken, and all that follows from it.
pub async fn told(shop: &Shop, sender: Sender, topic: &str, body: &Value) {
    let answer = deliver(shop, sender, topic, body.to_string().as_bytes()).await;
    assert_eq!((answer.status, answer.json()["status"].as_str()), (200, Some("accepted")), "{}", answer.body);
    shop.place.settle().await.expect("it settles");
}

/// Delivered, taken, and nothing for us: why.
pub async fn ignored(shop: &Shop, sender: Sender, topic: &str, body: &Value) -> String {
    let answer = deliver(shop, sender, topic, body.to_string().as_bytes()).await;
    assert_eq!((answer.status, answer.json()["status"].as_str()), (200, Some("ignored")), "{}", answer.body);
    answer.json()["because"].as_str().expect("a reason").to_owned()
}

/// A payload of `tests/webhooks`.
pub fn payload(sender: Sender, name: &str) -> Value {
    let path = folder(sender).join(format!("{name}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn folder(sender: Sender) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("webhooks").join(sender.word())
}

/// The topic that a file is named after: `orders.create--guest` is `orders/create` to Shopify.
pub fn topic(sender: Sender, name: &str) -> String {
    let topic = name.split("--").next().unwrap_or_default();
    match sender {
        Sender::Shopify => topic.replacen('.', "/", 1),
        Sender::WooCommerce | Sender::Stripe | Sender::BigCommerce => topic.to_owned(),
    }
}

/// What waits on the queue, and is taken off it.
pub fn events(shop: &Shop) -> Vec<Event> {
    let bodies = shop.place.stack.queue_contents("events").expect("the queue is there");
    let told = bodies.iter().map(|one| serde_json::from_str::<Value>(&one.body).expect("JSON"));
    told.map(|mut told| serde_json::from_value(told["event"].take()).expect("an event")).collect()
}

/// Every payload of a platform, through the door, and the snapshot of what it becomes.
async fn becomes(sender: Sender, settings: &str) -> usize {
    let mut names: Vec<String> = std::fs::read_dir(folder(sender))
        .expect("the folder is there")
        .map(|entry| entry.expect("an entry").path())
        .filter_map(|path| Some(path.file_name()?.to_str()?.strip_suffix(".json")?.to_owned()))
        .collect();
    names.sort();
    for name in &names {
        let shop = wired(sender, settings).await;
        let body = payload(sender, name).to_string();
        let answer = deliver(&shop, sender, &topic(sender, name), body.as_bytes()).await;
        assert_eq!(answer.status, 200, "{name}: {}", answer.body);
        let events = serde_json::to_string_pretty(&events(&shop)).expect("JSON");
        let said = format!("{}\n{events}", answer.body);
        insta::with_settings!({prepend_module_to_snapshot => false}, {
            insta::assert_snapshot!(format!("{}__{name}", sender.word()), said);
        });
        // The second delivery means the same, and recording both is recording one.
        deliver(&shop, sender, &topic(sender, name), body.as_bytes()).await;
        shop.place.settle().await.expect("it settles");
    }
    names.len()
}
