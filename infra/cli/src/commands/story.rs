//! `winback` without a command: the sample shop's year and a half, told as a shopkeeper would tell it.

mod telling;

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use jiff::{Timestamp, ToSpan};
use winback_domain::event::{Event, PlacedOrder, Profile, What, Who};
use winback_domain::file;
use winback_domain::history::{self, Reading};
use winback_domain::money::Money;
use winback_domain::time::{day_of, start_of_day};
use winback_local::aws::SentMail;
use winback_local::life::message_of;
use winback_local::place::Picture;

use crate::trial::Trial;
use crate::{Done, orders, sample};

/// The sample's orders know nothing of our letters, so every so many-th letter with a code finds a reader who uses it.
const EVERY: usize = 7;
/// How long such a reader thinks about it.
const THINKS_HOURS: i64 = 10;

/// Plays it and tells it.
pub async fn run() -> Result<Done> {
    let played = play().await?;
    print!("{}", telling::told(&played));
    Ok(Done::Whole)
}

/// The year and a half, played.
struct Played {
    picture: Picture,
    outbox: Vec<std::sync::Arc<SentMail>>,
    from: Timestamp,
    until: Timestamp,
}

async fn play() -> Result<Played> {
    let folder = sample::folder();
    let plan = file::read(&folder, 1).ok().context("the sample shop cannot be read")?.plan;
    let zone = &plan.shop.time_zone;
    let reading = Reading { zone: zone.clone(), assume_consent: false, received: Timestamp::MAX };
    let mut coming: BTreeMap<Timestamp, Vec<Event>> = BTreeMap::new();
    for event in history::read(sample::ORDERS.as_bytes(), reading)? {
        let event = event.map_err(anyhow::Error::msg)?;
        coming.entry(event.at).or_default().push(event);
    }
    let (first, last) = coming.keys().next().zip(coming.keys().next_back()).context("the sample shop has no orders")?;
    let from = start_of_day(day_of(*first, zone), zone);
    let until = Timestamp::from_second(start_of_day(day_of(*last, zone).tomorrow()?, zone).as_second() - 1)?;
    let trial = Trial::new(&folder, from, false).await?;
    trial.begin(&[]).await?;
    let bar = orders::bar(seconds(from, until), "a year and a half of a small bookshop");
    let mut tell = |now| bar.set_position(seconds(from, now));
    let mut readers = Readers::default();
    loop {
        let now = trial.place.clock.now();
        // Not longer than a day at a time, so that whoever gets a letter can answer it before it ends.
        let next = coming.keys().next().copied().unwrap_or(until).min(now.saturating_add(24.hours())?).min(until);
        trial.at(next, &coming.remove(&next).unwrap_or_default(), &mut tell).await?;
        for event in readers.answer(&trial).await? {
            coming.entry(event.at).or_default().push(event);
        }
        if next >= until {
            break;
        }
    }
    bar.finish_and_clear();
    Ok(Played { picture: trial.picture().await?, outbox: trial.place.stack.outbox(), from, until })
}

fn seconds(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.as_second() - from.as_second()).unwrap_or(0)
}

/// Readers who answer a letter.
#[derive(Debug, Default)]
struct Readers {
    mails_seen: usize,
    codes_seen: usize,
}

impl Readers {
    /// The orders with which some of those answer who got a letter since the last time.
    async fn answer(&mut self, trial: &Trial) -> Result<Vec<Event>> {
        let outbox = trial.place.stack.outbox();
        let mut orders = Vec::new();
        for mail in &outbox[self.mails_seen..] {
            let Some(id) = message_of(mail) else { continue };
            let message = trial.place.cloud.tables.message(&trial.store, id).await?;
            let Some(offer) = message.and_then(|message| message.offer) else { continue };
            self.codes_seen += 1;
            let now = trial.place.clock.now();
            let at = mail.at.saturating_add(THINKS_HOURS.hours())?.max(now.saturating_add(1.minute())?);
            if !self.codes_seen.is_multiple_of(EVERY) || at > offer.expires_at {
                continue;
            }
            // What is paid: enough books for the offer, less what it takes off.
            let books = offer.minimum_order.map_or(4_500, |least| least.minor + 650);
            let number = i64::try_from(self.codes_seen).unwrap_or(0);
            let currency = offer.minimum_order.map(|least| least.currency);
            let currency = currency.map_or_else(|| winback_domain::money::Currency::parse("EUR"), Ok)?;
            let total = Money { minor: books + number * 130 % 2_900, currency };
            let order = PlacedOrder {
                order_id: format!("B-{}", 90_000 + self.codes_seen),
                placed_at: at,
                total,
                discount_codes: offer.code.iter().map(ToString::to_string).collect(),
            };
            let email = mail.to.first().map(|to| to.parse()).transpose()?;
            let who = Who { email, ..Who::default() };
            orders.push(Event { at, who, what: What::OrderPlaced { order, profile: Profile::default() } });
        }
        self.mails_seen = outbox.len();
        Ok(orders)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use winback_domain::report;

    #[tokio::test]
    async fn some_come_back_with_their_codes_and_the_story_is_told() {
        let played = play().await.unwrap();
        let summary = report::summary(&played.picture.ledger());
        assert_eq!(summary.customers, 300);
        assert!(summary.holdout > 20 && summary.lapsed > 3 * summary.holdout, "{summary:?}");
        assert!(summary.redemptions > 5, "{summary:?}");
        let compared = report::comparison(&played.picture.ledger());
        assert_eq!(summary.returns, compared.mailed.returned);
        let told = telling::told(&played);
        for title in
            ["WHO FELL SILENT", "WHO WAS WRITTEN TO", "WHO WAS NOT", "ONE LETTER", "WHO CAME BACK", "WHAT TO TRY"]
        {
            assert!(told.contains(title), "{title}");
        }
        assert!(told.lines().all(|line| line.chars().count() <= 120), "it fits on a screen");
    }
}
