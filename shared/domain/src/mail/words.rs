//! Words that differ by language: dates, money, counts, what an offer gives. One file per language.

mod english;
mod plain;

use jiff::civil::{Date, Time};

use crate::money::Money;
use crate::offer::Gives;
use crate::shop::{Language, Shop};

/// What a language has to be able to say. A new language is one more file with one more `impl`, and one line in [`of`].
pub(crate) trait Words: Send + Sync {
    /// `Thursday 12 March`: a day near today, which everybody finds in the calendar by its weekday.
    fn weekday_date(&self, day: Date) -> String;
    /// `Thursday`.
    fn weekday(&self, day: Date) -> String;
    /// `12 March`, with the year where it is another year than `today`'s.
    fn date(&self, day: Date, today: Date) -> String;
    /// `March`, with the year where it is a year or more before `today`.
    fn month(&self, day: Date, today: Date) -> String;
    /// `23:59`.
    fn time(&self, time: Time) -> String;
    /// `Helsinki time`, from the city or the abbreviation of the zone.
    fn zone(&self, place: &str) -> String;
    /// `€10`, `$12.50`.
    fn money(&self, money: Money) -> String;
    /// The offer in a few words: `€10 off`.
    fn gives(&self, gives: &Gives) -> String;
    /// The offer with where it counts: `€10 off your next order`.
    fn gives_on_order(&self, gives: &Gives) -> String;
    /// How long somebody has been silent: `three months`.
    fn silence(&self, days: u32) -> String;
    /// A count as running text has it: `three`, `12`.
    fn number(&self, number: u64) -> String;
    /// Which of the forms of a noun belongs to a count: for English 0 is "order", 1 is "orders".
    fn form(&self, number: u64) -> usize;
}

/// The words of a language as this shop writes it; plain figures where we do not know the language.
pub(super) fn of(language: &Language, shop: &Shop) -> &'static dyn Words {
    match language.as_str() {
        "en" => english(shop),
        _ => &plain::Plain,
    }
}

/// English in the habit of the shop's country, as far as its currency tells.
pub(crate) fn english(shop: &Shop) -> &'static dyn Words {
    if shop.currency.code() == "USD" { &english::AMERICAN } else { &english::BRITISH }
}

/// Whether dates and amounts come out in this language's own words.
pub(super) fn knows(language: &Language) -> bool {
    language.as_str() == "en"
}
