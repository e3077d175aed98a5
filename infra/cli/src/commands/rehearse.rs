//! `winback rehearse`: whom a store would write to.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Args;
use jiff::Timestamp;
use jiff::civil::Date;
use winback_cloud::standing::Standing;
use winback_domain::customer::Customer;
use winback_domain::figures::{counted, number};
use winback_domain::ids::StoreId;
use winback_domain::outlook::rehearsed;
use winback_domain::program::Status;
use winback_domain::store::{State, Store};
use winback_domain::time::{day_in_words, day_of, days_later, local, moment_in_words};
use winback_local::clock::Turned;
use winback_local::place::People;

use crate::stack::{Opened, Where};
use crate::{Done, shop};

/// Let a store decide and mail nobody, and show whom it would write to
///
/// Sets the store rehearsing by way of scan-customers, which activates what its layer brings; a live store stops mailing.
/// Then prints for the coming days how many letters of which kind would leave if it went live now and nothing happened in
/// between, and some of their readers. A day's allowance is not played through: where more are due than may leave, the
/// best customers go first and the others later.
#[derive(Debug, Args)]
pub struct Rehearse {
    /// The store's name
    #[arg(value_parser = shop::store_id)]
    store: StoreId,
    #[command(flatten)]
    place: Where,
    /// So many days are looked ahead
    #[arg(long, value_name = "DAYS", default_value_t = 14, value_parser = clap::value_parser!(u32).range(1..=366))]
    days: u32,
    /// So many readers of each letter are named
    #[arg(long, value_name = "NUMBER", default_value_t = 3)]
    examples: usize,
    /// Name them by their addresses too
    #[arg(long)]
    addresses: bool,
    /// Only look: the store stays what it is
    #[arg(long)]
    look: bool,
    /// So many seconds scan-customers is waited for
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    wait: u64,
}

impl Rehearse {
    /// Runs it.
    pub async fn run(self) -> Result<Done> {
        let opened = self.place.open(Turned::real()).await?;
        self.within(&opened).await
    }

    /// The same, where it is open already.
    pub async fn within(&self, opened: &Opened) -> Result<Done> {
        let cloud = opened.cloud();
        if !self.look {
            match opened.set(&self.store, State::Rehearsing, Duration::from_secs(self.wait)).await? {
                Some(Store { state: State::Rehearsing, .. }) => {
                    println!("The store {} rehearses: it mails nobody.", self.store)
                }
                Some(other) => {
                    let state = other.state.word();
                    println!("Somebody set the store {} to {state} meanwhile; this only looks.", self.store);
                }
                None => {
                    println!("The store {} does not rehearse yet.", self.store);
                    print!("{}", opened.unfinished(&self.store).await?);
                    return Ok(Done::Refused);
                }
            }
        }
        opened.store(&self.store).await?;
        cloud.forget(&self.store);
        let standing = cloud.standing(&self.store).await.context("the store cannot decide")?;
        let people = People::read(&cloud.tables, &self.store).await?;
        print!("{}", self.told(&standing, &people.customers, cloud.clock.now()));
        Ok(Done::Whole)
    }

    fn told(&self, standing: &Standing, customers: &[Customer], now: Timestamp) -> String {
        let (plan, zone) = (&standing.plan, &standing.plan.shop.time_zone);
        let found = rehearsed(customers, &standing.store, plan, now, days_later(now, self.days, zone));
        let mut text = String::new();
        let mut say = |line: &str| {
            // Writing into a string does not fail.
            let _ = writeln!(text, "{line}");
        };
        let drafts = plan.programs.iter().filter(|program| program.status == Status::Draft);
        drafts.for_each(|draft| say(&format!("{} is a draft: it would write to nobody.", draft.name)));
        let mut days: BTreeMap<(Date, &str, &str, bool), u64> = BTreeMap::new();
        for (_, next) in &found {
            let letter = &next.letter;
            let key = (day_of(next.at, zone), letter.program.as_str(), letter.mail.as_str(), letter.held);
            *days.entry(key).or_default() += 1;
        }
        say(&format!(
            "{} in the coming {}, as of {}, of {}:",
            counted(found.len(), "letter"),
            counted(self.days, "day"),
            moment_in_words(local(now, zone)),
            counted(customers.len(), "customer"),
        ));
        for ((day, program, mail, held), readers) in days {
            let held = if held { ", held out: decided and kept" } else { "" };
            say(&format!("  {}  {:>6}  {program}: {mail}{held}", day_in_words(day), number(readers)));
        }
        let by_id: BTreeMap<_, &Customer> = customers.iter().map(|customer| (customer.id, customer)).collect();
        let mut named: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        for (id, next) in found.iter().filter(|(_, next)| !next.letter.held) {
            let named = named.entry((&next.letter.program, &next.letter.mail)).or_default();
            *named += 1;
            if *named > self.examples {
                continue;
            }
            let address = by_id.get(id).and_then(|customer| customer.email()).filter(|_| self.addresses);
            let address = address.map_or_else(String::new, |address| format!(" {}", address.as_str()));
            let at = moment_in_words(local(next.at, zone));
            say(&format!("  for instance {id}{address}: {} on {at}", next.letter.mail));
        }
        text
    }
}
