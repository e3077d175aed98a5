//! A shop's own past: a file of orders, told at their times.

use std::path::Path;

use anyhow::{Result, bail};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use winback_domain::history::Reading;
use winback_domain::time::{day_of, start_of_day};
use winback_local::life::{Deed, Letter, World};

use crate::demo::Coming;
use crate::orders;

/// Orders that are told at their times; their buyers do nothing of their own.
#[derive(Debug)]
pub struct Past {
    coming: Coming,
    from: Timestamp,
    until: Timestamp,
}

impl Past {
    /// Reads a file. Lines that are no orders are named and left out.
    pub fn read(path: &Path, zone: &TimeZone, assume_consent: bool) -> Result<Self> {
        let reading = Reading { zone: zone.clone(), assume_consent, received: Timestamp::MAX };
        let (events, _) = orders::sorted(path, orders::open(path, reading)?);
        let (Some(first), Some(last)) = (events.first().map(orders::heard), events.last().map(orders::heard)) else {
            bail!("{} has no orders", path.display());
        };
        if !orders::anybody_agreed(&events) {
            eprintln!("nobody in {} agreed to mail; --assume-consent takes it for granted", path.display());
        }
        let (from, until) =
            (start_of_day(day_of(first, zone), zone), start_of_day(day_of(last, zone).tomorrow()?, zone));
        let mut coming = Coming::default();
        for event in events {
            coming.add(orders::heard(&event), Deed::Tell(Box::new(event)));
        }
        Ok(Self { coming, from, until })
    }

    /// From the first day to the end of the last.
    pub fn span(&self) -> (Timestamp, Timestamp) {
        (self.from, self.until)
    }
}

impl World for Past {
    fn next(&self) -> Option<Timestamp> {
        self.coming.first()
    }

    fn take(&mut self, now: Timestamp) -> Vec<Deed> {
        self.coming.take(now)
    }

    fn read(&mut self, _: &Letter, _: Timestamp) {}

    fn answers(&self) -> bool {
        false
    }
}
