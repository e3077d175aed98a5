//! How Stripe counts money: in the smallest unit that it can charge, which is not everywhere the currency's own.
//! <https://docs.stripe.com/currencies#special-cases>

use super::{Currency, Money};

/// How many of Stripe's units make a minor unit of the currency, or how many minor units one of Stripe's.
enum Unit {
    Same,
    /// Zero-decimal by ISO, and written with two decimals since ever.
    Hundredth,
    /// Two decimals by ISO that nobody uses.
    Hundred,
}

fn unit(currency: Currency) -> Unit {
    match currency.code() {
        "ISK" | "UGX" => Unit::Hundredth,
        "MGA" => Unit::Hundred,
        _ => Unit::Same,
    }
}

/// What Stripe counted; nothing where it is more than we can count.
pub fn from_stripe(amount: i64, currency: Currency) -> Option<Money> {
    let minor = match unit(currency) {
        Unit::Same => amount,
        Unit::Hundredth => amount / 100,
        Unit::Hundred => amount.checked_mul(100)?,
    };
    Some(Money { minor, currency })
}

/// An amount as Stripe counts it; nothing where it does not count so finely.
pub fn to_stripe(money: Money) -> Option<i64> {
    match unit(money.currency) {
        Unit::Hundredth => money.minor.checked_mul(100),
        Unit::Hundred => (money.minor % 100 == 0).then_some(money.minor / 100),
        // Of three decimals the last is always 0.
        Unit::Same if money.currency.exponent() == 3 => (money.minor % 10 == 0).then_some(money.minor),
        Unit::Same => Some(money.minor),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_it_counts_comes_back_as_it_was() {
        for (text, code, counted) in [
            ("10", "EUR", Some(1_000)),
            ("1200", "JPY", Some(1_200)),
            ("1200", "ISK", Some(120_000)),
            ("1200", "UGX", Some(120_000)),
            ("500", "MGA", Some(500)),
            ("1.50", "MGA", None),
            ("1.230", "KWD", Some(1_230)),
            ("1.234", "KWD", None),
        ] {
            let currency = Currency::parse(code).unwrap();
            let money = Money::parse(text, currency).unwrap();
            assert_eq!(to_stripe(money), counted, "{text} {code}");
            if let Some(counted) = counted {
                assert_eq!(from_stripe(counted, currency), Some(money));
            }
        }
        assert_eq!(from_stripe(i64::MAX, Currency::parse("MGA").unwrap()), None);
    }
}
