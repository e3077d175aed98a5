//! The demo: a bookshop that lives. Its two thousand readers order, send books back, and do with a letter what readers
//! do; whatever they do follows from who they are and what they got, so that every run is the same.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Result;
use jiff::{Timestamp, ToSpan};
use winback_domain::event::{Event, PlacedOrder, Profile, What, Who};
use winback_domain::money::{Currency, Money};
use winback_domain::shop::Language;
use winback_domain::time::start_of_day;
use winback_local::life::{Deed, Letter, World};

use crate::bookshop::{Bookshop, DAYS, FIRST_DAY, Order, consent, draw, given_name, language, name};

/// Fewer regulars than the sample shop has, and a year beyond its end: the clock can be turned.
const SHOP: Bookshop =
    Bookshop { readers: 2_000, later: 1_200, days: DAYS + 365, once: 60, spell: 86, regular: 93, back: 9 };

/// The readers, and what they are about to do.
#[derive(Debug)]
pub struct Readers {
    coming: Coming,
    currency: Currency,
}

/// What is to be done, by its time.
#[derive(Debug, Default)]
pub struct Coming(BTreeMap<Timestamp, Vec<Deed>>);

impl Coming {
    /// Somebody will do something.
    pub fn add(&mut self, at: Timestamp, deed: Deed) {
        self.0.entry(at).or_default().push(deed);
    }

    /// The shop will tell of an event.
    pub fn tell(&mut self, event: Event) {
        self.add(event.at, Deed::Tell(Box::new(event)));
    }

    /// The first moment at which something is done.
    pub fn first(&self) -> Option<Timestamp> {
        self.0.first_key_value().map(|(at, _)| *at)
    }

    /// Takes what is done up to a moment.
    pub fn take(&mut self, now: Timestamp) -> Vec<Deed> {
        let mut taken = Vec::new();
        while let Some(first) = self.0.first_entry().filter(|first| *first.key() <= now) {
            taken.extend(first.remove());
        }
        taken
    }
}

/// From when to when the demo's past is played.
pub fn span(zone: &jiff::tz::TimeZone) -> Result<(Timestamp, Timestamp)> {
    let end = FIRST_DAY.checked_add(i64::from(DAYS).days())?;
    let morning = start_of_day(end, zone).checked_add(8.hours())?;
    Ok((start_of_day(FIRST_DAY, zone), morning))
}

impl Readers {
    /// All of them, before the first day.
    pub fn new() -> Result<Self> {
        let currency = Currency::parse("EUR")?;
        let mut readers = Self { coming: Coming::default(), currency };
        let mut nth: BTreeMap<u32, u32> = BTreeMap::new();
        for (number, order) in SHOP.orders().iter().enumerate() {
            let nth = nth.entry(order.reader).or_default();
            readers.order(u32::try_from(number)?, order, *nth)?;
            *nth += 1;
        }
        Ok(readers)
    }

    fn order(&mut self, number: u32, order: &Order, nth: u32) -> Result<()> {
        let order_id = format!("B-{}", 10_001 + number);
        let agreed = match consent(order.reader, nth) {
            "yes" => Some(true),
            "no" => Some(false),
            _ => None,
        };
        let profile = Profile {
            name: given_name(order.reader),
            language: Language::parse(language(order.reader)),
            marketing_consent: agreed,
        };
        let total = Money { minor: i64::try_from(order.cents)?, currency: self.currency };
        let who = Who { email: Some(name(order.reader).1.parse()?), ..Who::default() };
        let discount_codes = order.code.iter().map(|code| (*code).to_owned()).collect();
        let placed = PlacedOrder { order_id: order_id.clone(), placed_at: order.at, total, discount_codes };
        self.coming.tell(Event { at: order.at, who, what: What::OrderPlaced { order: placed, profile } });
        // One order in thirty comes back, whole or in part.
        let whose = u64::from(number);
        if draw("refund", whose, 30) == 0 {
            let at = order.at.checked_add((96 + i64::from(draw("refunded", whose, 120))).hours())?;
            let part = [1, 1, 2][draw("part", whose, 3) as usize];
            let refunded = Money { minor: total.minor / part, ..total };
            self.coming.tell(Event {
                at,
                who: Who::default(),
                what: What::OrderRefunded { order_id, refunded, part: None },
            });
        }
        Ok(())
    }

    /// An order that a letter led to. Its number follows from the letter, so that a letter read twice leads to one.
    fn buys(&mut self, letter: &Letter, whose: u64, at: Timestamp, with_code: bool) -> Option<()> {
        let offer = letter.message.as_ref()?.offer.as_ref().filter(|_| with_code);
        let least = offer.and_then(|offer| offer.minimum_order).map_or(1_990, |least| least.minor);
        let codes = offer.and_then(|offer| offer.code.as_ref()).map(ToString::to_string);
        let order = PlacedOrder {
            order_id: format!("B-{}", 100_000 + whose % 900_000),
            placed_at: at,
            total: Money { minor: least + 150 + 130 * i64::from(draw("total", whose, 24)), currency: self.currency },
            discount_codes: codes.into_iter().collect(),
        };
        let who = Who { email: Some(letter.mail.to.first()?.parse().ok()?), ..Who::default() };
        self.coming.tell(Event { at, who, what: What::OrderPlaced { order, profile: Profile::default() } });
        Some(())
    }
}

impl World for Readers {
    fn next(&self) -> Option<Timestamp> {
        self.coming.first()
    }

    fn take(&mut self, now: Timestamp) -> Vec<Deed> {
        self.coming.take(now)
    }

    fn read(&mut self, letter: &Letter, at: Timestamp) {
        let mail = &letter.mail;
        let whose = hashed(mail.tags.get("message").map_or("", String::as_str));
        let reader = mail.to.first().map_or(0, |to| hashed(to));
        let later = |minutes: u32| at.saturating_add(i64::from(minutes).minutes()).unwrap_or(at);
        if draw("mailbox", reader, 110) == 0 {
            return self.coming.add(later(2), Deed::Bounce(Arc::clone(mail)));
        }
        if draw("opens", whose, 100) >= 52 {
            return;
        }
        let opened = 3 + draw("when", whose, 60 * 30);
        self.coming.add(later(opened), Deed::Open(Arc::clone(mail)));
        let soon = later(opened + 15 + draw("thinks", whose, 60 * 10));
        let offer = letter.message.as_ref().and_then(|message| message.offer.as_ref());
        let good = offer.is_some_and(|offer| offer.code.is_some() && soon < offer.expires_at);
        match draw("answer", whose, 400) {
            0 => self.coming.add(soon, Deed::Complain(Arc::clone(mail))),
            1..9 => self.coming.add(soon, Deed::Unsubscribe(Arc::clone(mail))),
            9..75 if good => {
                self.coming.add(later(opened + 1), Deed::Click(Arc::clone(mail)));
                self.buys(letter, whose, soon, true);
            }
            75..105 => {
                self.coming.add(later(opened + 1), Deed::Click(Arc::clone(mail)));
                self.buys(letter, whose, later(opened + 60 * (20 + draw("thinks long", whose, 200))), false);
            }
            105..140 => self.coming.add(later(opened + 1), Deed::Click(Arc::clone(mail))),
            _ => {}
        }
    }
}

/// A number for a text.
fn hashed(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_thousand_readers_order_within_a_year_and_a_half() {
        let zone = jiff::tz::TimeZone::get("Europe/Helsinki").unwrap();
        let (from, until) = span(&zone).unwrap();
        let mut readers = Readers::new().unwrap();
        assert!(readers.next().unwrap() > from);
        let deeds = readers.take(until);
        let buyers: std::collections::BTreeSet<String> = deeds
            .iter()
            .filter_map(|deed| match deed {
                Deed::Tell(event) => event.who.email.as_ref().map(|email| email.as_str().to_owned()),
                _ => None,
            })
            .collect();
        assert_eq!(buyers.len(), 2_000);
        let year = until.saturating_add(8_000.hours()).unwrap();
        assert!(readers.take(year).len() > 2_000 && readers.next().is_some(), "life goes on");
    }
}
