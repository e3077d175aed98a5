//! Money: whole minor units of one currency, never a float.

use std::fmt;

use iso_currency::Currency as Iso;
use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

pub mod stripe;

/// An ISO 4217 currency that has minor units we know (so not gold, not a test code).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Currency(Iso);

impl Currency {
    /// Reads a three-letter code; letter case does not matter.
    pub fn parse(code: &str) -> Result<Self, Error> {
        let iso = Iso::from_code(&code.to_ascii_uppercase());
        iso.filter(|c| c.exponent().is_some())
            .map(Self)
            .ok_or_else(|| Error::UnknownCurrency(code.chars().take(12).collect()))
    }

    /// The three letters, upper case.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// Digits after the point: 2 for euros, 0 for yen, 3 for dinars.
    pub fn exponent(self) -> u32 {
        u32::from(self.0.exponent().unwrap_or(2))
    }
}

/// An amount in minor units (cents, pence) of a currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Money {
    /// Minor units; never negative where it came through [`Money::parse`].
    pub minor: i64,
    /// What they are units of.
    pub currency: Currency,
}

/// Why a text is not an amount of money.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not in ISO 4217, or without minor units.
    #[error("unknown currency \"{0}\": use the three letters of ISO 4217, such as EUR")]
    UnknownCurrency(String),
    /// Not a plain decimal number.
    #[error("\"{0}\" is not an amount: write it as 12.50")]
    NotAnAmount(String),
    /// Below zero where only what was paid makes sense.
    #[error("{0} is negative")]
    Negative(String),
    /// More digits after the point than the currency has.
    #[error("{0} has more decimals than {1} has")]
    TooPrecise(String, &'static str),
    /// Beyond what we can count.
    #[error("{0} is too large")]
    TooLarge(String),
}

impl Money {
    /// Nothing at all.
    pub fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    /// Reads major units written as text, `"29.33"` or `"1200"`.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, Error> {
        let shown = || text.chars().take(32).collect::<String>();
        let amount = Decimal::from_str_exact(text.trim()).map_err(|_| Error::NotAnAmount(shown()))?;
        if amount.is_sign_negative() && !amount.is_zero() {
            return Err(Error::Negative(shown()));
        }
        let scaled = amount
            .checked_mul(Decimal::from(10_i64.pow(currency.exponent())))
            .ok_or_else(|| Error::TooLarge(shown()))?;
        if !scaled.fract().is_zero() {
            return Err(Error::TooPrecise(shown(), currency.code()));
        }
        let minor = scaled.to_i64().ok_or_else(|| Error::TooLarge(shown()))?;
        Ok(Self { minor, currency })
    }

    /// Reads major units as a store computes them: more decimals than the currency has are rounded, half up.
    pub fn nearest(text: &str, currency: Currency) -> Result<Self, Error> {
        let shown = || text.chars().take(32).collect::<String>();
        let amount = Decimal::from_str_exact(text.trim()).map_err(|_| Error::NotAnAmount(shown()))?;
        let rounded = amount.round_dp_with_strategy(currency.exponent(), RoundingStrategy::MidpointAwayFromZero);
        Self::parse(&rounded.to_string(), currency)
    }

    /// The amount in major units, without the currency: `29.33`, or `1200` for yen.
    pub fn amount(self) -> String {
        Decimal::new(self.minor, self.currency.exponent()).to_string()
    }
}

impl fmt::Display for Money {
    /// Amount and currency as every output of ours shows them: `29.33 EUR`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount(), self.currency.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = String::deserialize(deserializer)?;
        Self::parse(&code).map_err(serde::de::Error::custom)
    }
}

impl Serialize for Money {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Money {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let (amount, code) = text.split_once(' ').ok_or_else(|| serde::de::Error::custom("money is \"12.50 EUR\""))?;
        Currency::parse(code).and_then(|currency| Self::parse(amount, currency)).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(amount: &str, code: &str) -> Result<String, Error> {
        Ok(Money::parse(amount, Currency::parse(code)?)?.to_string())
    }

    #[test]
    fn amounts_keep_the_decimals_of_their_currency() {
        assert_eq!(read("29.3", "eur").as_deref(), Ok("29.30 EUR"));
        assert_eq!(read("1200", "JPY").as_deref(), Ok("1200 JPY"));
        assert_eq!(read("1.234", "KWD").as_deref(), Ok("1.234 KWD"));
        assert_eq!(read("0.00", "USD").as_deref(), Ok("0.00 USD"));
    }

    #[test]
    fn what_is_no_amount_says_why() {
        assert!(matches!(read("-1.00", "EUR"), Err(Error::Negative(_))));
        assert!(matches!(read("1.234", "EUR"), Err(Error::TooPrecise(..))));
        assert!(matches!(read("12,50", "EUR"), Err(Error::NotAnAmount(_))));
        assert!(matches!(read("1", "XXX"), Err(Error::UnknownCurrency(_))));
        assert!(matches!(read("1", "DOGE"), Err(Error::UnknownCurrency(_))));
    }

    #[test]
    fn a_store_that_computes_finer_is_rounded() {
        let near = |text, code| Money::nearest(text, Currency::parse(code).unwrap()).map(|money| money.to_string());
        assert_eq!(near("29.335", "EUR").as_deref(), Ok("29.34 EUR"));
        assert_eq!(near("29.3300", "EUR").as_deref(), Ok("29.33 EUR"));
        assert_eq!(near("1200.5", "JPY").as_deref(), Ok("1201 JPY"));
        assert!(matches!(near("-0.01", "EUR"), Err(Error::Negative(_))));
        assert!(matches!(near("much", "EUR"), Err(Error::NotAnAmount(_))));
    }

    #[test]
    fn money_survives_the_table() {
        let money = Money::parse("29.33", Currency::parse("EUR").unwrap()).unwrap();
        let text = serde_json::to_string(&money).unwrap();
        assert_eq!(text, "\"29.33 EUR\"");
        assert_eq!(serde_json::from_str::<Money>(&text).unwrap(), money);
    }
}
