//! What mailbox providers think of a store's mail, and when it has to stop before they stop it. SES reviews an account at 5 %
//! bounces and 0.1 % complaints; the store stops below both.

use std::fmt;

use crate::message::State;

/// The days that count: today and the six before.
pub const WINDOW_DAYS: u32 = 7;
/// Below so many mails a share says nothing.
const FROM_MAILS: u64 = 200;
/// In whole percent.
const BOUNCES_PERCENT: u64 = 4;
/// In hundredths of a percent.
const COMPLAINTS_BASIS_POINTS: u64 = 8;
/// Two angry readers of a small shop are no pattern.
const FROM_COMPLAINTS: u64 = 3;

/// What became of a store's mails in the days that count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Mailboxes took them.
    pub delivered: u64,
    /// Mailboxes refused them for good.
    pub bounced: u64,
    /// Readers called them spam.
    pub complained: u64,
}

/// A store's mail has to stop until somebody has looked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breaker {
    /// Of so many mails so many bounced.
    Bounces {
        /// Bounced.
        bounced: u64,
        /// Of.
        mails: u64,
    },
    /// Of so many delivered mails so many were called spam.
    Complaints {
        /// Called spam.
        complained: u64,
        /// Of.
        mails: u64,
    },
}

impl Health {
    /// Whether a mail that ended so counts. Bad news may be what makes the store stop.
    pub fn counts(fate: State) -> bool {
        matches!(fate, State::Delivered) || Self::is_bad(fate)
    }

    /// Whether a mail that ended so speaks against the store.
    pub fn is_bad(fate: State) -> bool {
        matches!(fate, State::Bounced | State::Complained)
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            delivered: self.delivered.saturating_add(other.delivered),
            bounced: self.bounced.saturating_add(other.bounced),
            complained: self.complained.saturating_add(other.complained),
        }
    }

    /// Whether it is so bad that the store stops: bounces from 4 % of at least 200 mails, complaints above 0.08 % of what
    /// was delivered, and at least three.
    pub fn breaker(self) -> Option<Breaker> {
        let mails = self.delivered.saturating_add(self.bounced);
        let bounces = mails >= FROM_MAILS && self.bounced.saturating_mul(100) >= mails.saturating_mul(BOUNCES_PERCENT);
        let complaints = self.complained >= FROM_COMPLAINTS
            && self.complained.saturating_mul(10_000) > self.delivered.saturating_mul(COMPLAINTS_BASIS_POINTS);
        if complaints {
            Some(Breaker::Complaints { complained: self.complained, mails: self.delivered })
        } else if bounces {
            Some(Breaker::Bounces { bounced: self.bounced, mails })
        } else {
            None
        }
    }
}

impl fmt::Display for Breaker {
    /// As a store's record says why it is paused.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bounces { bounced, mails } => write!(f, "too many bounces: {bounced} of {mails} mails in a week"),
            Self::Complaints { complained, mails } => {
                write!(f, "too many complaints: {complained} of {mails} mails in a week")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stops(delivered: u64, bounced: u64, complained: u64) -> bool {
        Health { delivered, bounced, complained }.breaker().is_some()
    }

    #[test]
    fn four_in_a_hundred_bounces_stop_a_store_once_there_are_two_hundred_mails() {
        assert!(!stops(191, 8, 0), "199 mails say nothing yet");
        assert!(stops(192, 8, 0), "eight of two hundred");
        assert!(!stops(193, 7, 0));
        assert!(!stops(9_601, 399, 0));
        assert!(stops(9_600, 400, 0));
    }

    #[test]
    fn three_complaints_and_more_than_eight_in_ten_thousand_stop_it() {
        assert!(!stops(100, 0, 2), "two are no pattern");
        assert!(stops(100, 0, 3));
        assert!(!stops(10_000, 0, 8), "eight in ten thousand are not above it");
        assert!(stops(10_000, 0, 9));
    }

    #[test]
    fn it_says_why() {
        let said = |health: Health| health.breaker().unwrap().to_string();
        let bounces = Health { delivered: 192, bounced: 8, complained: 0 };
        assert_eq!(said(bounces), "too many bounces: 8 of 200 mails in a week");
        assert_eq!(said(Health { complained: 3, ..bounces }), "too many complaints: 3 of 192 mails in a week");
    }
}
