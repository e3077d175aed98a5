//! Makes the sample shop's orders: `cargo run -p winback --example sample-orders > shared/programs/shop/orders.csv`.

#[path = "../src/bookshop.rs"]
mod bookshop;

use bookshop::{Bookshop, DAYS, consent, given_name, language, name};

/// The three hundred readers of the sample shop.
const SAMPLE: Bookshop = Bookshop { readers: 300, later: 0, days: DAYS, once: 38, spell: 68, regular: 92, back: 0 };

/// The whole file.
fn file() -> String {
    let mut text = "order_id,email,placed_at,total,currency,name,language,consent,discount_code\n".to_owned();
    let mut nth = vec![0_u32; SAMPLE.readers as usize];
    for (number, order) in SAMPLE.orders().into_iter().enumerate() {
        let (_, email) = name(order.reader);
        let (name, language) = (given_name(order.reader).unwrap_or_default(), language(order.reader));
        let count = &mut nth[order.reader as usize];
        text.push_str(&format!(
            "B-{},{email},{},{}.{:02},EUR,{name},{language},{},{}\n",
            10_001 + number,
            order.at,
            order.cents / 100,
            order.cents % 100,
            consent(order.reader, *count),
            order.code.unwrap_or_default()
        ));
        *count += 1;
    }
    text
}

fn main() {
    print!("{}", file());
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_orders_in_the_repository_are_these() {
        assert!(super::file() == include_str!("../../../shared/programs/shop/orders.csv"), "make them again");
    }

    #[test]
    fn no_two_readers_share_an_address() {
        let all: std::collections::BTreeSet<String> = (0..2_000).map(|reader| super::name(reader).1).collect();
        assert_eq!(all.len(), 2_000);
    }
}
