//! shop.yaml: from what is written to [`Shop`], with the checks no single word can answer for.

use std::ops::Range;

use jiff::tz::TimeZone;

use super::field::Text;
use super::phrase::Phrase;
use super::problem::Problems;
use super::raw::{LimitsFile, SenderFile, ShopFile};
use super::words::{is_language, language_meant, meant, shown};
use crate::money::{Currency, Money};
use crate::shop::{Kind, Language, Limits, QuietHours, Sender, Share, Shop};

/// What programs are checked against. Each on its own, so that a wrong zone hides no wrong offer.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) currency: Option<Currency>,
    pub(super) kind: Option<Kind>,
    /// Empty if they could not be read.
    pub(super) languages: Vec<Language>,
    pub(super) quiet_hours: Option<QuietHours>,
    pub(super) holdout: Option<Share>,
}

/// Checks a shop. There is none if a problem stands in its way.
pub(super) fn build(raw: &ShopFile, problems: &mut Problems) -> (Facts, Option<Shop>) {
    let facts = Facts {
        currency: raw.currency.get().and_then(|text| currency(text, problems)),
        kind: raw.kind.get().map(|kind| kind.0),
        languages: raw.languages.get().map_or_else(Vec::new, |list| languages(list, problems)),
        quiet_hours: raw.limits.get().and_then(|limits| limits.quiet_hours.get()).map(|hours| hours.value),
        holdout: raw.holdout.get().map(|share| share.value.0),
    };
    let limits = limits(raw, &facts, problems);
    holdout(raw, problems);
    let link = raw.open_with_code.get().and_then(|text| link(text, problems));
    let zone = raw.time_zone.get().and_then(|text| zone(text, problems));
    let sender = raw.sender.get().and_then(|raw| sender(raw, problems));
    let shop = (|| {
        raw.version.get()?;
        Some(Shop {
            name: raw.shop.get()?.value.trim().to_owned(),
            kind: facts.kind?,
            open_with_code: link?,
            time_zone: zone?,
            currency: facts.currency?,
            languages: facts.languages.clone(),
            sender: sender?,
            limits,
            holdout: facts.holdout?,
        })
    })();
    (facts, shop)
}

fn currency(text: &Text, problems: &mut Problems) -> Option<Currency> {
    let found = Currency::parse(text.value.trim()).ok();
    if found.is_none() {
        let message = format!("there is no currency `{}`", shown(&text.value));
        problems.error(text.span.clone(), message).help("write the three letters of ISO 4217, such as EUR");
    }
    found
}

/// A zone's name; nothing told is known about the machine this runs on.
fn zone(text: &Text, problems: &mut Problems) -> Option<TimeZone> {
    let name = text.value.trim();
    let found = TimeZone::get(name).ok();
    if found.is_none() {
        let known: Vec<String> = jiff::tz::db().available().map(|zone| zone.to_string()).collect();
        // People write the city alone.
        let city = known.iter().find(|zone| {
            zone.rsplit('/').next().is_some_and(|city| city.eq_ignore_ascii_case(&name.replace(' ', "_")))
        });
        let near = city.map(String::as_str).or_else(|| meant(name, known.iter().map(String::as_str)));
        let help = match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => "write continent and city, such as Europe/Helsinki".to_owned(),
        };
        problems.error(text.span.clone(), format!("there is no time zone `{}`", shown(name))).help(help);
    }
    found
}

fn languages(list: &[Text], problems: &mut Problems) -> Vec<Language> {
    let mut languages: Vec<Language> = Vec::new();
    for text in list {
        let written = text.value.as_str();
        match Language::parse(written).filter(|tag| tag.as_str() == written && is_language(written)) {
            Some(language) if languages.contains(&language) => {
                problems.error(text.span.clone(), format!("`{written}` is there twice")).help("keep one of the two");
            }
            Some(language) => languages.push(language),
            None => {
                let near = language_meant(written).map(str::to_owned).or_else(|| {
                    Language::parse(written)
                        .map(|language| language.as_str().to_owned())
                        .filter(|tag| tag != written && is_language(tag))
                });
                let help = match near {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "write the short tag of the language, such as en, fi or ru".to_owned(),
                };
                problems.error(text.span.clone(), format!("there is no language `{}`", shown(written))).help(help);
            }
        }
    }
    languages
}

fn sender(raw: &SenderFile, problems: &mut Problems) -> Option<Sender> {
    let email = raw.email.get().and_then(|text| {
        let address = text.value.parse().ok();
        if address.is_none() {
            problems
                .error(text.span.clone(), format!("`{}` is not a mail address", shown(&text.value)))
                .help("write the address alone, such as anna@shop.example; the name has its own line");
        }
        address
    });
    Some(Sender {
        name: raw.name.get()?.value.trim().to_owned(),
        email: email?,
        postal_address: raw.postal_address.get()?.value.trim().to_owned(),
    })
}

/// The address behind the button: encrypted, and with a place for the code.
fn link(text: &Text, problems: &mut Problems) -> Option<String> {
    let url = text.value.as_str();
    let scheme = url.split("://").next().unwrap_or(url);
    let example = "write it like \"https://shop.example/discount/{code}\"";
    let host = url.strip_prefix("https://").map(|rest| rest.split(['/', '?', '#']).next().unwrap_or(""));
    let on_this_machine =
        url.strip_prefix("http://localhost").is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/', '?']));
    let mut good = true;
    if host.is_none() && !on_this_machine {
        let end = if url.contains("://") { scheme.len() } else { url.len() };
        problems
            .error(text.part(0..end), "a letter may only lead to an https address")
            .help(format!("{example}; http://localhost is fine for trying out"));
        good = false;
    } else if host.is_some_and(|host| host.is_empty() || host.contains(['{', '@'])) {
        problems.error(text.span.clone(), "the address names no shop after https://").help(example);
        good = false;
    }
    if let Some(at) = url.find(char::is_whitespace) {
        problems.error(text.part(at..url.len()), "an address cannot contain a space").help(example);
        good = false;
    }
    if !url.contains("{code}") {
        problems
            .error(text.span.clone(), "the address has no place for the code")
            .help(format!("put {{code}} where the code belongs: {example}"));
        good = false;
    }
    good.then(|| url.to_owned())
}

fn limits(raw: &ShopFile, facts: &Facts, problems: &mut Problems) -> Limits {
    let none = LimitsFile::default();
    let written = raw.limits.get().unwrap_or(&none);
    if raw.limits.is_absent() || raw.limits.get().is_some() {
        let at = raw.limits.key();
        if written.per_customer.is_absent() {
            problems
                .warning(at.clone(), "no frequency cap: one customer may get a letter of every program at once")
                .help("write per_customer: 2 mails in 7 days under limits");
        }
        if written.quiet_hours.is_absent() {
            problems
                .warning(at, "no quiet hours: letters may leave at night")
                .help("write quiet_hours: \"20:00-08:00\" under limits");
        }
    }
    let discounts = written.discounts.get();
    if let Some(budget) = discounts {
        same_currency(budget, budget.value.0, facts, problems);
    }
    Limits {
        per_customer: written.per_customer.get().map(|cap| cap.value),
        per_day: written.per_day.get().map(|mails| mails.value.0),
        discounts_per_month: discounts.map(|budget| budget.value.0),
        quiet_hours: facts.quiet_hours,
    }
}

/// Money in a program or a limit is in the shop's currency: sums of two currencies mean nothing.
pub(super) fn same_currency<T>(phrase: &Phrase<T>, money: Money, facts: &Facts, problems: &mut Problems) {
    let Some(shops) = facts.currency.filter(|shops| *shops != money.currency) else {
        return;
    };
    let place: Range<usize> = phrase.marks.currency.clone().unwrap_or_else(|| phrase.span.clone());
    let message = format!("the shop counts in {}, not in {}", shops.code(), money.currency.code());
    problems.error(place, message).help(format!("write the amount in {}", shops.code()));
}

fn holdout(raw: &ShopFile, problems: &mut Problems) {
    let Some(phrase) = raw.holdout.get() else {
        return;
    };
    match phrase.value.0.basis_points() {
        10_000 => {
            problems
                .error(phrase.span.clone(), "everybody is held out: no letter would ever leave")
                .help("10 % to 50 % are usual; the smaller the shop, the larger the share it needs");
        }
        0 => {
            problems
                .warning(phrase.span.clone(), "nobody is held out: nobody can tell what the letters did")
                .help("hold out 10 % or more, to compare with customers who got no letters");
        }
        _ => {}
    }
}
