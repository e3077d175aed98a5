//! What the fuzzer does with an input, by itself, so that the tests build it and do the same: any bytes, signed well, under any
//! topic. The first byte chooses the platform, the second how much of the rest is the topic; the rest is the body.

use jiff::Timestamp;
use winback_domain::webhook::bigcommerce::{Order, read_order, read_shape};
use winback_domain::webhook::{Delivery, Wiring, hear, shopify, standard, stripe, woocommerce};

/// So many kinds of input there are: five platforms, and an order that BigCommerce's API answers.
pub const KINDS: u8 = 6;
/// When everything is received.
const RECEIVED: i64 = 1_777_881_600;

/// Takes an input. No dialect panics, whatever a platform sends, or its API answers.
pub fn take(input: &[u8]) {
    let [platform, length, rest @ ..] = input else { return };
    let (head, body) = rest.split_at(usize::from(*length).min(rest.len()));
    let topic = String::from_utf8_lossy(head).into_owned();
    let received = Timestamp::from_second(RECEIVED).expect("a moment");
    let wire = |line: &str| Wiring::parse(line).expect("a secret");
    let by_standard_webhooks = |line: &str| {
        let wiring = wire(line);
        let signature = standard::sign(&wiring, "1", received, body);
        let stamp = RECEIVED.to_string();
        (wiring, vec![(standard::ID, "1".to_owned()), (standard::TIMESTAMP, stamp), (standard::SIGNATURE, signature)])
    };
    let (wiring, headers) = match platform % KINDS {
        0 => by_standard_webhooks("whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"),
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
        3 => {
            let wiring = wire("stripe whsec_0123456789abcdef");
            let signature = stripe::sign(&wiring, received, body);
            (wiring, vec![(stripe::SIGNATURE, signature)])
        }
        4 => by_standard_webhooks("bigcommerce 0123456789abcdef"),
        _ => {
            // An order as BigCommerce's API answers, and in the topic's place its coupons.
            let _ = read_shape::<Order>(body, received).and_then(|order| read_order(&order, head, received));
            return;
        }
    };
    let header = |name: &str| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str());
    let _ = hear(&Delivery { header: &header, body, received }, &[wiring]);
}
