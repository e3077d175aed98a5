//! A file of orders on disk: its events, and its bad lines said to whoever runs the command.

use std::fmt::Display;
use std::fs::File;
use std::path::Path;

use anyhow::{Context, Result};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use winback_domain::event::{Event, What};
use winback_domain::history::{self, History, Reading};

use crate::Done;

/// So many bad lines are named; of the rest only the number is told. A file in the wrong shape has as many as it has lines.
const MOST_NAMED: u64 = 50;

/// Opens a file of orders and reads its first line.
pub fn open(path: &Path, reading: Reading) -> Result<History<File>> {
    let name = || path.display().to_string();
    let file = File::open(path).with_context(name)?;
    history::read(file, reading).with_context(name)
}

/// All events of a file, in the order of their times; of one moment in the order of their lines.
pub fn sorted(path: &Path, history: History<File>) -> (Vec<Event>, Bad) {
    let mut bad = Bad::of(path);
    let mut events: Vec<Event> = history.filter_map(|line| line.map_err(|line| bad.name(line)).ok()).collect();
    events.sort_by_key(heard);
    bad.close();
    (events, bad)
}

/// When a shop that plays its past hears of an event: an order of which only the day is known is told at the hour it
/// counts as placed at, though it is of the start of that day.
pub fn heard(event: &Event) -> Timestamp {
    match &event.what {
        What::OrderPlaced { order, .. } => event.at.max(order.placed_at),
        _ => event.at,
    }
}

/// Whether anybody among the events agreed to mail.
pub fn anybody_agreed(events: &[Event]) -> bool {
    events.iter().any(|event| match &event.what {
        What::OrderPlaced { profile, .. } => profile.marketing_consent == Some(true),
        _ => false,
    })
}

/// Bad lines, as they are found.
#[derive(Debug)]
pub struct Bad {
    file: String,
    found: u64,
}

impl Bad {
    /// None yet.
    pub fn of(path: &Path) -> Self {
        Self { file: path.display().to_string(), found: 0 }
    }

    /// Names a line on standard error.
    pub fn name(&mut self, line: impl Display) {
        self.found += 1;
        if self.found <= MOST_NAMED {
            eprintln!("{}, {line}", self.file);
        }
    }

    /// Says how many there were, where not all were named.
    pub fn close(&self) {
        if self.found > MOST_NAMED {
            eprintln!("{}: {} more lines like these", self.file, self.found - MOST_NAMED);
        }
    }

    /// How many lines were no orders.
    pub fn found(&self) -> u64 {
        self.found
    }

    /// What it means for the command's end.
    pub fn done(&self) -> Done {
        if self.found == 0 { Done::Whole } else { Done::Partly }
    }
}

/// A bar on standard error; nothing is drawn where that is no terminal.
pub fn bar(length: u64, doing: &'static str) -> ProgressBar {
    let bar = ProgressBar::new(length);
    let style = ProgressStyle::with_template("{msg} {wide_bar} {percent:>3} %  {elapsed}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_message(doing);
    bar
}
