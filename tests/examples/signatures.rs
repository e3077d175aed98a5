//! Our side of `tests/signatures`: reads deliveries, a line of JSON each, and says of each whether its signature holds
//! (`hear`), or signs it (`sign`). The moment is told in unix seconds.

use std::collections::BTreeMap;
use std::io::{BufRead, Write};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use winback_domain::webhook::{Delivery, Error, Platform, Wiring, hear, shopify, standard, stripe, woocommerce};

/// A delivery, and what its store is wired with.
#[derive(Debug, Deserialize, Serialize)]
struct Line {
    wiring: String,
    headers: BTreeMap<String, String>,
    body: String,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let wish = arguments.next().ok_or("hear or sign")?;
    let now = Timestamp::from_second(arguments.next().ok_or("the moment, in unix seconds")?.parse()?)?;
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let line: Line = serde_json::from_str(&line?)?;
        let wiring = Wiring::parse(&line.wiring)?;
        match wish.as_str() {
            "hear" => writeln!(out, "{}", json!({"signature": heard(&line, &wiring, now)}))?,
            "sign" => {
                let signed = Line { headers: signed(&wiring, now, line.body.as_bytes()), ..line };
                writeln!(out, "{}", serde_json::to_string(&signed)?)?;
            }
            _ => return Err("hear or sign".into()),
        }
    }
    Ok(())
}

/// Whatever the body says: only the signature is asked for.
fn heard(line: &Line, wiring: &Wiring, received: Timestamp) -> &'static str {
    let header = |name: &str| line.headers.get(name).map(String::as_str);
    let delivery = Delivery { header: &header, body: line.body.as_bytes(), received };
    match hear(&delivery, std::slice::from_ref(wiring)) {
        Err(Error::BadSignature | Error::Stale) => "does not hold",
        Err(Error::TooLarge) => "was not looked at",
        Ok(_) | Err(_) => "holds",
    }
}

fn signed(wiring: &Wiring, now: Timestamp, body: &[u8]) -> BTreeMap<String, String> {
    let header = |name: &str, value: String| (name.to_owned(), value);
    let headers = match wiring.platform {
        Platform::Own | Platform::BigCommerce => vec![
            header(standard::ID, "msg_1".to_owned()),
            header(standard::TIMESTAMP, now.as_second().to_string()),
            header(standard::SIGNATURE, standard::sign(wiring, "msg_1", now, body)),
        ],
        Platform::Shopify => vec![header("x-shopify-hmac-sha256", shopify::sign(wiring, body))],
        Platform::WooCommerce => vec![header(woocommerce::SIGNATURE, woocommerce::sign(wiring, body))],
        Platform::Stripe => vec![header(stripe::SIGNATURE, stripe::sign(wiring, now, body))],
    };
    headers.into_iter().collect()
}
