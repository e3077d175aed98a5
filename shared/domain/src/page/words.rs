//! How the pages say offers, days and names: in English, in the words of the shop's letters, so that page and letter name
//! one deadline alike.

use jiff::Timestamp;

use crate::mail::name;
use crate::mail::variables::{capital, place};
use crate::mail::words::english;
use crate::money::Money;
use crate::offer::Gives;
use crate::shop::Shop;
use crate::time::{days_between, local};

/// `€10`, `$12.50`, `CHF 1,250`.
pub(super) fn money(money: Money, shop: &Shop) -> String {
    english(shop).money(money)
}

/// `€10 off`, with a capital to begin with.
pub(super) fn gives(gives: &Gives, shop: &Shop) -> String {
    capital(&english(shop).gives(gives))
}

/// `€10 off your next order`, with a capital to begin with.
pub(super) fn headline(gives: &Gives, shop: &Shop) -> String {
    capital(&english(shop).gives_on_order(gives))
}

/// `Thursday 12 March`; `Thursday, March 12` where the shop sells in US dollars.
pub(super) fn day(at: Timestamp, shop: &Shop) -> String {
    english(shop).weekday_date(local(at, &shop.time_zone).date())
}

/// `23:59, Helsinki time`; `11:59 p.m., New York time` where the shop sells in US dollars.
pub(super) fn time(at: Timestamp, shop: &Shop) -> String {
    let words = english(shop);
    let time = words.time(local(at, &shop.time_zone).time());
    format!("{time}, {}", words.zone(&place(&shop.time_zone)))
}

/// `today is the last day`, `1 day left`, `3 days left`.
pub(super) fn days_left(now: Timestamp, until: Timestamp, shop: &Shop) -> String {
    match days_between(now, until, &shop.time_zone) {
        0 => "today is the last day".to_owned(),
        1 => "1 day left".to_owned(),
        days => format!("{days} days left"),
    }
}

/// What to call somebody by, of what they typed; nothing where it is no name but an advertisement.
pub(super) fn first_name(typed: &str) -> Option<String> {
    name::clean(typed).map(|name| name::first(&name))
}
