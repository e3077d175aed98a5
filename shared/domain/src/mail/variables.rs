//! The variables of a letter: one place where facts become words.

use jiff::tz::TimeZone;
use minijinja::context;
use minijinja::value::{Object, Value};

use super::facts::{Facts, OfferFacts};
use super::problem::Error;
use super::words::Words;
use super::{link, name};
use crate::shop::Shop;
use crate::time::{day_of, days_between};

/// All that can be said, by group; what is not here is an unknown variable.
pub(super) const KNOWN: &[(&str, &[&str])] = &[
    ("shop", &["name", "url"]),
    ("sender", &["name", "email", "postal_address"]),
    (
        "customer",
        &["name", "first_name", "orders", "spent", "last_order", "last_order_month", "silent_days", "silence"],
    ),
    (
        "offer",
        &[
            "gives",
            "gives_on_order",
            "headline",
            "value",
            "kind",
            "code",
            "deadline",
            "deadline_weekday",
            "deadline_time",
            "zone",
            "days_left",
            "minimum_order",
            "left",
            "open_url",
        ],
    ),
    ("links", &["button", "unsubscribe"]),
];

/// Fills in everything of the table in [`super`]. A missing fact is undefined: a template may ask for it, never print it.
pub(super) fn fill(shop: &Shop, facts: &Facts, words: &'static dyn Words) -> Result<Value, Error> {
    let home = link::home(&shop.open_with_code).ok_or(Error::Link("shop"))?;
    let unsubscribe = link::checked("unsubscribe", &facts.links.unsubscribe)?;
    let page = facts.links.offer.as_deref().map(|page| link::checked("offer", page)).transpose()?;
    let called = facts.name.as_deref().and_then(name::clean);
    let today = day_of(facts.now, &shop.time_zone);
    let last_order = facts.last_order.map(|at| day_of(at, &shop.time_zone));
    let offer = facts.offer.as_ref().map(|offer| fill_offer(offer, shop, facts, words)).transpose()?;
    Ok(context! {
        shop => context! { name => shop.name.as_str(), url => home.as_str() },
        sender => context! {
            name => shop.sender.name.as_str(),
            email => shop.sender.email.as_str(),
            postal_address => shop.sender.postal_address.as_str(),
        },
        customer => context! {
            first_name => fact(called.as_deref().map(name::first)),
            name => fact(called),
            orders => facts.orders,
            spent => fact(facts.spent.map(|money| words.money(money))),
            last_order => fact(last_order.map(|day| words.date(day, today))),
            last_order_month => fact(last_order.map(|day| words.month(day, today))),
            silent_days => facts.silent_days,
            silence => words.silence(facts.silent_days),
        },
        offer => fact(offer),
        links => context! { button => page.unwrap_or(&home), unsubscribe },
        today => words.date(today, today),
        // What the filters of the engine speak with.
        speech => Value::from_object(Speech(words)),
    })
}

/// The words of the letter's language, carried along for the filters.
#[derive(Clone, Copy)]
pub(super) struct Speech(pub &'static dyn Words);

impl std::fmt::Debug for Speech {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Speech")
    }
}

impl Object for Speech {}

fn fill_offer(offer: &OfferFacts, shop: &Shop, facts: &Facts, words: &'static dyn Words) -> Result<Value, Error> {
    let ends = shop.time_zone.to_datetime(offer.expires_at);
    let gives = words.gives(&offer.gives);
    let on_order = words.gives_on_order(&offer.gives);
    Ok(context! {
        value => gives.strip_suffix(" off").unwrap_or(&gives),
        gives,
        headline => capital(&on_order),
        gives_on_order => on_order,
        kind => offer.gives.kind(),
        code => offer.code.as_str(),
        deadline => words.weekday_date(ends.date()),
        deadline_weekday => words.weekday(ends.date()),
        deadline_time => words.time(ends.time()),
        zone => words.zone(&place(&shop.time_zone)),
        days_left => days_between(facts.now, offer.expires_at, &shop.time_zone),
        minimum_order => fact(offer.minimum_order.map(|money| words.money(money))),
        left => fact(offer.left),
        open_url => link::checked("open_with_code", &offer.open_url)?,
    })
}

/// A fact, or the undefined value that may be asked for and not printed.
fn fact<T: Into<Value>>(fact: Option<T>) -> Value {
    fact.map_or(Value::UNDEFINED, Into::into)
}

/// The text with a capital to begin with, and nothing else changed.
pub(crate) fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let head = letters.next().into_iter().flat_map(char::to_uppercase);
    head.chain(letters).collect()
}

/// The city of the zone as people say it: `Helsinki`, `New York`.
pub(crate) fn place(zone: &TimeZone) -> String {
    let name = zone.iana_name().unwrap_or("UTC");
    name.rsplit('/').next().unwrap_or(name).replace('_', " ")
}
