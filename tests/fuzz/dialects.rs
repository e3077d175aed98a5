//! Any bytes, signed well, under any topic: no dialect panics, whatever a platform sends. The first byte chooses the platform
//! and how much of the rest is the topic; the rest is the body.

#![no_main]

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use winback_domain::webhook::{Delivery, Wiring, hear, shopify, standard, stripe, woocommerce};

/// When everything is received.
const RECEIVED: i64 = 1_777_881_600;

fuzz_target!(|input: &[u8]| {
    let Some((choice, rest)) = input.split_first() else { return };
    let (topic, body) = rest.split_at(usize::from(choice >> 2).min(rest.len()));
    let topic = String::from_utf8_lossy(topic).into_owned();
    let received = Timestamp::from_second(RECEIVED).expect("a moment");
    let wire = |line: &str| Wiring::parse(line).expect("a secret");
    let (wiring, headers) = match choice & 3 {
        0 => {
            let wiring = wire("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD");
            let signature = standard::sign(&wiring, "1", received, body);
            let stamp = RECEIVED.to_string();
            (wiring, vec![(standard::ID, "1".to_owned()), (standard::TIMESTAMP, stamp), (standard::SIGNATURE, signature)])
        }
        1 => {
            let wiring = wire("shopify shpss_0123456789abcdef");
            let signature = shopify::sign(&wiring, body);
            (wiring, vec![("x-shopify-topic", topic), ("x-shopify-hmac-sha256", signature)])
        }
        2 => {
            let wiring = wire("woocommerce 0123456789abcdef consent=_newsletter");
            let signature = woocommerce::sign(&wiring, body);
            (wiring, vec![(woocommerce::TOPIC, topic), (woocommerce::SIGNATURE, signature)])
        }
        _ => {
            let wiring = wire("stripe whsec_0123456789abcdef");
            let signature = stripe::sign(&wiring, received, body);
            (wiring, vec![(stripe::SIGNATURE, signature)])
        }
    };
    let header = |name: &str| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
    let _ = hear(&Delivery { header: &header, body, received }, &[wiring]);
});
