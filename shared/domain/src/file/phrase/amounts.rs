//! Phrases that say how much and how many.

use std::ops::Range;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::{Cursor, Grammar, Kind, Trouble};
use crate::file::words::{shown, slip};
use crate::money::{Currency, Error, Money};
use crate::offer::Gives;
use crate::program::Bound;
use crate::shop::{FrequencyCap, Share};

/// A share of all customers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::file) struct Percent(pub(in crate::file) Share);

impl Grammar for Percent {
    const WHAT: &'static str = "a share";
    const EXAMPLES: &'static [&'static str] = &["30 %", "12.5 %"];

    fn parse(cursor: &mut Cursor<'_>) -> Result<Self, Trouble> {
        let (text, span) = cursor.number()?;
        cursor.word(&["%", "percent"])?;
        let points = Decimal::from_str_exact(text)
            .ok()
            .and_then(|percent| percent.checked_mul(Decimal::ONE_HUNDRED))
            .filter(|points| points.fract().is_zero())
            .and_then(|points| points.to_u16())
            .and_then(Share::from_basis_points);
        points.map(Self).ok_or_else(|| {
            let message = format!("`{}` is not from 0 to 100 with at most two decimals", shown(text));
            Trouble::new(span, message)
        })
    }
}

impl Grammar for FrequencyCap {
    const WHAT: &'static str = "the most one customer gets";
    const EXAMPLES: &'static [&'static str] = &["2 mails in 7 days"];

    fn parse(cursor: &mut Cursor<'_>) -> Result<Self, Trouble> {
        let (mails, _) = cursor.whole(1..=10)?;
        cursor.word(&["mails", "mail"])?;
        cursor.word(&["in"])?;
        let days = cursor.days()?;
        Ok(Self { mails, days })
    }
}

/// The most mails of one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::file) struct MailsADay(pub(in crate::file) u32);

impl Grammar for MailsADay {
    const WHAT: &'static str = "the most of one day";
    const EXAMPLES: &'static [&'static str] = &["200 mails"];

    fn parse(cursor: &mut Cursor<'_>) -> Result<Self, Trouble> {
        let (mails, _) = cursor.whole(1..=u32::MAX)?;
        cursor.word(&["mails", "mail"])?;
        Ok(Self(mails))
    }
}

/// The most money of one calendar month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::file) struct PerMonth(pub(in crate::file) Money);

impl Grammar for PerMonth {
    const WHAT: &'static str = "a monthly budget";
    const EXAMPLES: &'static [&'static str] = &["500 EUR per month"];

    fn parse(cursor: &mut Cursor<'_>) -> Result<Self, Trouble> {
        let money = cursor.some_money()?;
        cursor.words(&["per", "month"])?;
        Ok(Self(money))
    }
}

impl Grammar for Money {
    const WHAT: &'static str = "an amount";
    const EXAMPLES: &'static [&'static str] = &["40 EUR", "12.50 EUR"];

    fn parse(cursor: &mut Cursor<'_>) -> Result<Self, Trouble> {
        cursor.some_money()
    }
}

impl Grammar for Bound<u32> {
    const WHAT: &'static str = "a number of times";
    const EXAMPLES: &'static [&'static str] = &["at least 1", "at most 5"];

    fn parse(cursor: &mut Cursor<'_>) -> Result<Self, Trouble> {
        let bound = cursor.bound()?;
        Ok(bound(cursor.whole(0..=u32::MAX)?.0))
    }
}

impl Grammar for Bound<Money> {
    const WHAT: &'static str = "a sum";
    const EXAMPLES: &'static [&'static str] = &["at least 30 EUR", "at most 200 EUR"];

    fn parse(cursor: &mut Cursor<'_>) -> Result<Self, Trouble> {
        let bound = cursor.bound()?;
        Ok(bound(cursor.money()?.0))
    }
}

impl Grammar for Gives {
    const WHAT: &'static str = "what is given";
    const EXAMPLES: &'static [&'static str] =
        &["10 EUR off", "15 % off", "10 EUR credit", "free shipping", "free gift", "free consultation", "early access"];

    fn parse(cursor: &mut Cursor<'_>) -> Result<Self, Trouble> {
        match cursor.peek() {
            (Kind::Word, _) => thing(cursor),
            _ => reward(cursor),
        }
    }
}

/// `10 EUR off`, `15 % off`, `10 EUR credit`.
fn reward(cursor: &mut Cursor<'_>) -> Result<Gives, Trouble> {
    let start = cursor.at;
    let (number, span) = cursor.number()?;
    if cursor.maybe(&["%", "percent"]).is_some() {
        let percent = number.parse::<u8>().ok().filter(|percent| (1..=100).contains(percent));
        let Some(percent) = percent else {
            let message = format!("`{}` is not a whole number from 1 to 100", shown(number));
            return Err(Trouble::new(span, message));
        };
        cursor.word(&["off"])?;
        return Ok(Gives::PercentOff(percent));
    }
    cursor.at = start;
    let money = cursor.some_money()?;
    Ok(match cursor.word(&["off", "credit"])? {
        0 => Gives::AmountOff(money),
        _ => Gives::Credit(money),
    })
}

/// `free shipping`, and all that is named in words: `free gift`, `early access`.
fn thing(cursor: &mut Cursor<'_>) -> Result<Gives, Trouble> {
    let (_, first) = cursor.peek();
    cursor
        .word(&["free", "early"])
        .map_err(|trouble| trouble.advise("begin a thing with `free`, and an amount with its number"))?;
    let rest = cursor.text[cursor.at..].trim();
    if rest.is_empty() {
        return Err(Trouble::new(first, "what is free, or early?"));
    }
    let name = cursor.text[first.start..].trim_end();
    let all = first.start..first.start + name.len();
    cursor.take(&all);
    if name.eq_ignore_ascii_case("free shipping") {
        return Ok(Gives::FreeShipping);
    }
    if name.len() > 80 || name.contains(char::is_control) {
        return Err(Trouble::new(all, "the name of a thing is one line of at most 80 letters"));
    }
    for (first, word) in [("free ", "shipping"), ("early ", "access")] {
        // A few letters apart is a slip; the same letters in another case are not.
        let begins = name.to_lowercase().starts_with(first);
        if begins && slip(rest, word).is_some() && !rest.eq_ignore_ascii_case(word) {
            let start = all.end - rest.len();
            let message = format!("`{rest}` is nearly `{word}`");
            return Err(
                Trouble::new(start..all.end, message).advise(format!("write `{word}`, or a name that differs more"))
            );
        }
    }
    Ok(Gives::Thing(name.to_owned()))
}

impl Cursor<'_> {
    /// `at least` or `at most`.
    fn bound<T>(&mut self) -> Result<fn(T) -> Bound<T>, Trouble> {
        self.word(&["at"]).map_err(|trouble| trouble.advise("say which end is meant"))?;
        Ok(match self.word(&["least", "most"])? {
            0 => Bound::AtLeast,
            _ => Bound::AtMost,
        })
    }

    /// `40 EUR`, with the place of the number.
    fn money(&mut self) -> Result<(Money, Range<usize>), Trouble> {
        let (number, span) = self.number()?;
        let missing =
            |span| Trouble::new(span, "the currency is missing").advise("write three letters after the number");
        let (kind, place) = self.peek();
        let code = &self.text[place.clone()];
        match kind {
            Kind::End => return Err(missing(span)),
            Kind::Word if ["off", "credit", "per"].iter().any(|word| code.eq_ignore_ascii_case(word)) => {
                return Err(missing(span));
            }
            Kind::Word => {}
            Kind::Number | Kind::Sign => {
                let message = format!("`{code}` stands where a currency belongs");
                return Err(Trouble::new(place, message).advise("write it as three letters, such as EUR"));
            }
        }
        self.take(&place);
        let currency = Currency::parse(code).map_err(|_| {
            Trouble::new(place.clone(), format!("there is no currency `{}`", shown(code)))
                .advise("write the three letters of ISO 4217, such as EUR")
        })?;
        self.marks.currency = Some(place);
        let money = Money::parse(number, currency).map_err(|error| {
            let number = shown(number);
            let message = match error {
                Error::TooPrecise(..) => {
                    format!("`{number}` has more decimals than {} has", currency.code())
                }
                Error::TooLarge(_) => format!("`{number}` is too much to count"),
                _ => format!("`{number}` is not an amount"),
            };
            Trouble::new(span.clone(), message)
        })?;
        Ok((money, span))
    }

    /// Money, and more than nothing of it.
    fn some_money(&mut self) -> Result<Money, Trouble> {
        let (money, span) = self.money()?;
        if money.minor == 0 {
            return Err(Trouble::new(span, "an amount of nothing").advise("write more than 0, or leave the line out"));
        }
        Ok(money)
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::super::tests::trouble;
    use super::*;

    fn eur(amount: &str) -> Money {
        Money::parse(amount, Currency::parse("EUR").unwrap()).unwrap()
    }

    fn read<T: Grammar>(text: &str) -> Option<T> {
        parse(text).ok().map(|(value, _)| value)
    }

    #[test]
    fn what_a_shop_gives_is_read_as_it_is_said() {
        assert_eq!(read("10 EUR off"), Some(Gives::AmountOff(eur("10"))));
        assert_eq!(read("12.50EUR off"), Some(Gives::AmountOff(eur("12.50"))));
        assert_eq!(read("15% off"), Some(Gives::PercentOff(15)));
        assert_eq!(read("10 EUR credit"), Some(Gives::Credit(eur("10"))));
        assert_eq!(read("Free shipping"), Some(Gives::FreeShipping));
        assert_eq!(read("free gift"), Some(Gives::Thing("free gift".to_owned())));
        assert_eq!(read("free shipping box"), Some(Gives::Thing("free shipping box".to_owned())));
        assert_eq!(read("early access"), Some(Gives::Thing("early access".to_owned())));
    }

    #[test]
    fn what_nobody_can_give_is_told_at_its_word() {
        for (text, word, message) in [
            ("150 % off", "150", "`150` is not a whole number from 1 to 100"),
            ("0 % off", "0", "`0` is not a whole number from 1 to 100"),
            ("12.5 % off", "12.5", "`12.5` is not a whole number from 1 to 100"),
            ("0 EUR off", "0", "an amount of nothing"),
            ("10 off", "10", "the currency is missing"),
            ("10 € off", "€", "`€` stands where a currency belongs"),
            ("10 EURO off", "EURO", "there is no currency `EURO`"),
            ("12,50 EUR off", "12,50", "`12,50` has a comma in it"),
            ("1.234 EUR off", "1.234", "`1.234` has more decimals than EUR has"),
            ("10 EUR of", "of", "`of` stands where `off` or `credit` belongs"),
            ("10 EUR", "EUR", "after `EUR` `off` or `credit` is missing"),
            ("EUR 10 off", "EUR", "`EUR` stands where `free` or `early` belongs"),
            ("-5 EUR off", "-", "`-` stands where a number belongs"),
            ("free", "free", "what is free, or early?"),
            ("free shiping", "shiping", "`shiping` is nearly `shipping`"),
        ] {
            assert_eq!(trouble::<Gives>(text), (word, message.to_owned()), "{text}");
        }
    }

    #[test]
    fn shares_keep_two_decimals() {
        let share = |points| Some(Percent(Share::from_basis_points(points).unwrap()));
        assert_eq!(read("30 %"), share(3000));
        assert_eq!(read("12.5%"), share(1250));
        assert_eq!(read("0 %"), share(0));
        assert_eq!(trouble::<Percent>("130 %").0, "130");
        assert_eq!(trouble::<Percent>("0.001 %").0, "0.001");
        assert_eq!(trouble::<Percent>("30").1, "after `30` `%` or `percent` is missing");
    }

    #[test]
    fn limits_and_bounds_are_read() {
        assert_eq!(read("2 mails in 7 days"), Some(FrequencyCap { mails: 2, days: 7 }));
        assert_eq!(read("1 mail in 1 day"), Some(FrequencyCap { mails: 1, days: 1 }));
        assert_eq!(read("200 mails"), Some(MailsADay(200)));
        assert_eq!(read("500 EUR per month"), Some(PerMonth(eur("500"))));
        assert_eq!(read("at least 1"), Some(Bound::AtLeast(1_u32)));
        assert_eq!(read("at most 30 EUR"), Some(Bound::AtMost(eur("30"))));
        assert_eq!(trouble::<Bound<u32>>("more than 3").0, "more");
        assert_eq!(trouble::<FrequencyCap>("0 mails in 7 days").0, "0");
        assert_eq!(trouble::<PerMonth>("500 EUR per week").0, "week");
    }

    #[test]
    fn the_place_of_the_currency_is_kept() {
        let (_, marks) = parse::<Gives>("10 USD off").unwrap();
        assert_eq!(marks.currency, Some(3..6));
    }
}
