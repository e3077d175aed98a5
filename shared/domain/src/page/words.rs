//! How the pages say amounts, days and names: in English, in the habit of the shop's letters, so that page and letter
//! name one deadline in the same words.

use iso_currency::Currency as Iso;
use jiff::Timestamp;
use jiff::civil::DateTime;

use crate::money::Money;
use crate::offer::Gives;
use crate::shop::Shop;
use crate::time::days_between;

/// Signs English text uses; elsewhere the code is clearer.
const SIGNS: [&str; 8] = ["€", "$", "£", "¥", "₹", "₽", "₩", "₪"];
/// A name is a name, not a message.
const LONGEST_NAME: usize = 40;

/// `€10`, `$12.50`, `CHF 1,250`.
pub(super) fn money(money: Money) -> String {
    let text = money.amount();
    let (whole, cents) = text.split_once('.').unwrap_or((&text, ""));
    let mut amount = String::new();
    for (at, digit) in whole.char_indices() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            amount.push(',');
        }
        amount.push(digit);
    }
    if cents.bytes().any(|digit| digit != b'0') {
        amount = format!("{amount}.{cents}");
    }
    let code = money.currency.code();
    let sign = Iso::from_code(code).map(|iso| iso.symbol().symbol).unwrap_or_default();
    if SIGNS.contains(&sign.as_str()) { format!("{sign}{amount}") } else { format!("{code}\u{a0}{amount}") }
}

/// `€10 off`, with a capital to begin with.
pub(super) fn gives(gives: &Gives) -> String {
    let text = match gives {
        Gives::AmountOff(amount) => format!("{} off", money(*amount)),
        Gives::PercentOff(percent) => format!("{percent}% off"),
        Gives::Credit(amount) => format!("{} credit", money(*amount)),
        Gives::FreeShipping => "free shipping".to_owned(),
        Gives::Thing(name) => name.clone(),
    };
    capital(&text)
}

/// `€10 off your next order`, with a capital to begin with.
pub(super) fn headline(what: &Gives) -> String {
    let counts_on = match what {
        Gives::AmountOff(_) | Gives::PercentOff(_) => "",
        Gives::Credit(_) => " towards",
        Gives::FreeShipping => " on",
        Gives::Thing(_) => " with",
    };
    format!("{}{counts_on} your next order", gives(what))
}

/// `Thursday 12 March`; `Thursday, March 12` where the shop sells in US dollars.
pub(super) fn day(at: Timestamp, shop: &Shop) -> String {
    let format = if american(shop) { "%A, %B %-d" } else { "%A %-d %B" };
    local(at, shop).date().strftime(format).to_string()
}

/// `23:59, Helsinki time`; `11:59 p.m., New York time` where the shop sells in US dollars.
pub(super) fn time(at: Timestamp, shop: &Shop) -> String {
    let time = local(at, shop).time();
    let clock = match (american(shop), time.hour() < 12) {
        (false, _) => time.strftime("%H:%M").to_string(),
        (true, true) => format!("{} a.m.", time.strftime("%-I:%M")),
        (true, false) => format!("{} p.m.", time.strftime("%-I:%M")),
    };
    match shop.time_zone.iana_name() {
        Some(zone) if zone.contains('/') => {
            let city = zone.rsplit('/').next().unwrap_or(zone).replace('_', " ");
            format!("{clock}, {city} time")
        }
        _ => format!("{clock}, UTC"),
    }
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
    let plain: String = typed.chars().map(|c| if c.is_control() { ' ' } else { c }).filter(|c| !unseen(*c)).collect();
    let advertises = plain.contains("://") || plain.contains('@') || plain.to_lowercase().contains("www.");
    let given = match plain.split_once(',') {
        Some((_, given)) if !given.trim().is_empty() => given,
        _ => &plain,
    };
    let mut words = given.split_whitespace();
    let first = words.next()?.trim_matches(',');
    // An initial or a title is not what anybody is called by: then the whole name stands.
    let called = if first.ends_with('.') || first.chars().count() < 2 {
        given.split_whitespace().collect::<Vec<_>>().join(" ")
    } else {
        first.to_owned()
    };
    let dotted = called.split(' ').any(|word| word.split_once('.').is_some_and(|(_, rest)| rest.len() > 1));
    let fits = called.chars().count() <= LONGEST_NAME && called.chars().any(char::is_alphabetic);
    let shouted = called.chars().count() > 3 && !called.chars().any(char::is_lowercase);
    let whispered = !called.chars().any(char::is_uppercase);
    let called = if shouted || whispered { capital(&called.to_lowercase()) } else { called };
    (fits && !advertises && !dotted).then_some(called)
}

/// Characters that turn the direction of text or are not seen at all.
fn unseen(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let head = letters.next().into_iter().flat_map(char::to_uppercase);
    head.chain(letters).collect()
}

fn american(shop: &Shop) -> bool {
    shop.currency.code() == "USD"
}

fn local(at: Timestamp, shop: &Shop) -> DateTime {
    shop.time_zone.to_datetime(at)
}
