//! The order in which three of the platforms are read: by the moment of the last change, then by id.
//!
//! A question is "what changed at this second or later", the answer a page in the order of change. The next question
//! begins at the last second of that page, and whatever was seen of that second is left out: so the second is read whole,
//! however it lies across the pages, and an order that changes meanwhile turns up again further on. Where a whole page is
//! of one second, the next pages are of that second alone, by id; then it goes on behind it.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::Reached;
use crate::exchange::Trouble;

/// What to ask next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    /// What changed at this second or later, by the moment of change.
    From(Timestamp),
    /// What changed within this second, by id.
    Within {
        second: Timestamp,
        /// Behind this id; 0: from the first.
        after: u64,
        /// How many of this second came before.
        read: usize,
    },
}

/// An order of a page: its id, and when it last changed.
pub(super) type Row = (u64, Timestamp);

/// A reading in progress.
#[derive(Clone, Debug)]
pub(super) struct Sweep {
    asked: Ask,
    /// What was seen of the second that the question begins with.
    seen: BTreeSet<u64>,
    latest: Option<Timestamp>,
}

impl Sweep {
    pub(super) fn begin(from: Timestamp) -> Self {
        Self { asked: Ask::From(from), seen: BTreeSet::new(), latest: None }
    }

    /// What is being asked.
    pub(super) fn asked(&self) -> Ask {
        self.asked
    }

    /// Takes a page. `full`: there may be more behind it. Answers which rows are new, and whether there is another
    /// question.
    ///
    /// # Errors
    /// [`Trouble::Unreadable`] where the page is not in the order that was asked for, or leads nowhere: better no answer
    /// than a hole in what was read.
    pub(super) fn take(&mut self, rows: &[Row], full: bool) -> Result<(Vec<bool>, bool), Trouble> {
        let new: Vec<bool> = rows.iter().map(|(id, _)| !self.seen.contains(id)).collect();
        let last = rows.iter().map(|(_, at)| *at).max();
        self.latest = self.latest.max(last);
        let more = match self.asked {
            Ask::From(from) => self.onward(rows, from, full)?,
            Ask::Within { second, after, read } => self.through(rows, second, after, read, full)?,
        };
        Ok((new, more))
    }

    fn onward(&mut self, rows: &[Row], from: Timestamp, full: bool) -> Result<bool, Trouble> {
        let sorted = rows.is_sorted_by_key(|(_, at)| *at);
        let begins = rows.first().is_none_or(|(_, at)| *at >= from);
        if !sorted || !begins {
            return Err(Trouble::Unreadable);
        }
        let Some((_, last)) = rows.last().filter(|_| full) else { return Ok(false) };
        if *last == from {
            self.seen.extend(rows.iter().map(|(id, _)| *id));
            self.asked = Ask::Within { second: from, after: 0, read: 0 };
        } else {
            self.seen = rows.iter().filter(|(_, at)| at == last).map(|(id, _)| *id).collect();
            self.asked = Ask::From(*last);
        }
        Ok(true)
    }

    fn through(
        &mut self,
        rows: &[Row],
        second: Timestamp,
        after: u64,
        read: usize,
        full: bool,
    ) -> Result<bool, Trouble> {
        let fits = rows.iter().all(|(id, at)| *id > after && *at == second) && rows.is_sorted_by_key(|(id, _)| *id);
        if !fits {
            return Err(Trouble::Unreadable);
        }
        match rows.last().filter(|_| full) {
            Some((last, _)) => {
                self.seen.extend(rows.iter().map(|(id, _)| *id));
                self.asked = Ask::Within { second, after: *last, read: read.saturating_add(rows.len()) };
            }
            // The second is through.
            None => {
                self.seen.clear();
                self.asked = Ask::From(later(second));
            }
        }
        Ok(true)
    }

    /// Reads the second that is being read from its first order on: something left it meanwhile, and what is counted by
    /// places has moved.
    pub(super) fn again(&mut self) {
        if let Ask::Within { second, .. } = self.asked {
            self.asked = Ask::Within { second, after: 0, read: 0 };
        }
    }

    pub(super) fn reached(&self) -> Reached {
        let complete = match self.asked {
            Ask::From(second) | Ask::Within { second, .. } => second,
        };
        Reached { complete: Some(complete), latest: self.latest }
    }
}

/// A second later.
pub(super) fn later(at: Timestamp) -> Timestamp {
    at.checked_add(SignedDuration::from_secs(1)).unwrap_or(Timestamp::MAX)
}

/// A second earlier.
pub(super) fn earlier(at: Timestamp) -> Timestamp {
    at.checked_sub(SignedDuration::from_secs(1)).unwrap_or(Timestamp::MIN)
}
