//! English, in two habits of writing dates and times.

use iso_currency::Currency as Iso;
use jiff::civil::{Date, Time};

use super::Words;
use crate::money::Money;
use crate::offer::Gives;

/// Whether months stand before days.
pub(crate) struct English {
    american: bool,
}

/// `Thursday 12 March`, `23:59`.
pub(crate) const BRITISH: English = English { american: false };
/// `Thursday, March 12`, `11:59 p.m.`; for shops that sell in US dollars.
pub(crate) const AMERICAN: English = English { american: true };

/// Signs that English text uses; the francs' ₣ and the kronas' kr are nobody's habit, there the code is clearer.
const SIGNS: [&str; 8] = ["€", "$", "£", "¥", "₹", "₽", "₩", "₪"];

const NUMBERS: [&str; 11] = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"];

impl Words for English {
    fn weekday_date(&self, day: Date) -> String {
        let format = if self.american { "%A, %B %-d" } else { "%A %-d %B" };
        day.strftime(format).to_string()
    }

    fn weekday(&self, day: Date) -> String {
        day.strftime("%A").to_string()
    }

    fn date(&self, day: Date, today: Date) -> String {
        let format = match (self.american, day.year() == today.year()) {
            (true, true) => "%B %-d",
            (true, false) => "%B %-d, %Y",
            (false, true) => "%-d %B",
            (false, false) => "%-d %B %Y",
        };
        day.strftime(format).to_string()
    }

    fn month(&self, day: Date, today: Date) -> String {
        // "In December", said in March, is last December to everybody.
        let months =
            (i32::from(today.year()) - i32::from(day.year())) * 12 + i32::from(today.month()) - i32::from(day.month());
        let format = if months < 12 { "%B" } else { "%B %Y" };
        day.strftime(format).to_string()
    }

    fn time(&self, time: Time) -> String {
        if !self.american {
            return time.strftime("%H:%M").to_string();
        }
        let half = if time.hour() < 12 { "a.m." } else { "p.m." };
        format!("{} {half}", time.strftime("%-I:%M"))
    }

    fn zone(&self, place: &str) -> String {
        if place == "UTC" { "UTC".to_owned() } else { format!("{place} time") }
    }

    fn money(&self, money: Money) -> String {
        let amount = grouped(&money.amount());
        let code = money.currency.code();
        let sign = Iso::from_code(code).map(|iso| iso.symbol().symbol).unwrap_or_default();
        if SIGNS.contains(&sign.as_str()) { format!("{sign}{amount}") } else { format!("{code}\u{a0}{amount}") }
    }

    fn gives(&self, gives: &Gives) -> String {
        match gives {
            Gives::AmountOff(money) => format!("{} off", self.money(*money)),
            Gives::PercentOff(percent) => format!("{percent}% off"),
            Gives::Credit(money) => format!("{} credit", self.money(*money)),
            Gives::FreeShipping => "free shipping".to_owned(),
            Gives::Thing(name) => name.clone(),
        }
    }

    fn gives_on_order(&self, gives: &Gives) -> String {
        let words = self.gives(gives);
        match gives {
            Gives::AmountOff(_) | Gives::PercentOff(_) => format!("{words} your next order"),
            Gives::Credit(_) => format!("{words} towards your next order"),
            Gives::FreeShipping => format!("{words} on your next order"),
            Gives::Thing(_) => format!("{words} with your next order"),
        }
    }

    fn silence(&self, days: u32) -> String {
        let count = |n: u32, unit: &str| {
            let plural = if n == 1 { "" } else { "s" };
            format!("{} {unit}{plural}", self.number(u64::from(n)))
        };
        match days {
            0..=13 => count(days, "day"),
            14..=59 => count(days / 7, "week"),
            // 30.44 days to a month, rounded: 90 days of silence are three months to everybody.
            60..=349 => count((days * 100 + 1522) / 3044, "month"),
            350..=364 => "almost a year".to_owned(),
            365..=380 => "a year".to_owned(),
            381..=729 => "more than a year".to_owned(),
            _ => format!("more than {}", count(days / 365, "year")),
        }
    }

    fn number(&self, number: u64) -> String {
        let word = usize::try_from(number).ok().and_then(|n| NUMBERS.get(n));
        word.map_or_else(|| grouped(&number.to_string()), |word| (*word).to_owned())
    }

    fn form(&self, number: u64) -> usize {
        usize::from(number != 1)
    }
}

/// `1250.00` as `1,250`, `12.50` as it is: cents only where there are some.
fn grouped(amount: &str) -> String {
    let (whole, cents) = amount.split_once('.').unwrap_or((amount, ""));
    let mut out = String::with_capacity(amount.len() + 4);
    for (at, digit) in whole.char_indices() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) && !out.ends_with('-') {
            out.push(',');
        }
        out.push(digit);
    }
    if cents.bytes().any(|digit| digit != b'0') {
        out.push('.');
        out.push_str(cents);
    }
    out
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, time};

    use super::*;
    use crate::money::Currency;

    fn money(amount: &str, code: &str) -> String {
        BRITISH.money(Money::parse(amount, Currency::parse(code).unwrap()).unwrap())
    }

    #[test]
    fn money_is_written_as_people_write_it() {
        assert_eq!(money("10.00", "EUR"), "€10");
        assert_eq!(money("12.50", "USD"), "$12.50");
        assert_eq!(money("1234567.05", "GBP"), "£1,234,567.05");
        assert_eq!(money("1200", "JPY"), "¥1,200");
        assert_eq!(money("100", "CHF"), "CHF\u{a0}100");
        assert_eq!(money("100", "SEK"), "SEK\u{a0}100");
    }

    #[test]
    fn a_deadline_names_its_weekday_in_both_habits() {
        let day = date(2026, 3, 12);
        assert_eq!(BRITISH.weekday_date(day), "Thursday 12 March");
        assert_eq!(AMERICAN.weekday_date(day), "Thursday, March 12");
        assert_eq!(BRITISH.time(time(23, 59, 59, 0)), "23:59");
        assert_eq!(AMERICAN.time(time(23, 59, 59, 0)), "11:59 p.m.");
        assert_eq!(AMERICAN.time(time(0, 5, 0, 0)), "12:05 a.m.");
    }

    #[test]
    fn a_year_is_named_only_when_it_is_another() {
        let today = date(2026, 3, 12);
        assert_eq!(BRITISH.date(date(2026, 1, 3), today), "3 January");
        assert_eq!(BRITISH.date(date(2025, 12, 3), today), "3 December 2025");
        assert_eq!(AMERICAN.date(date(2025, 12, 3), today), "December 3, 2025");
        assert_eq!(BRITISH.month(date(2025, 4, 3), today), "April");
        assert_eq!(BRITISH.month(date(2025, 3, 30), today), "March 2025");
    }

    #[test]
    fn silence_is_told_roughly_but_never_wrongly() {
        for (days, words) in [
            (1, "one day"),
            (13, "13 days"),
            (59, "eight weeks"),
            (90, "three months"),
            (120, "four months"),
            (349, "11 months"),
            (360, "almost a year"),
            (370, "a year"),
            (500, "more than a year"),
            (800, "more than two years"),
        ] {
            assert_eq!(BRITISH.silence(days), words);
        }
    }
}
