//! One exchange with a store's own API: what is asked, what is answered, and what keeps a store from answering. Making codes
//! and reading orders are conversations of such exchanges. Whoever holds the connection asks and hands the answer back; here
//! is no connection, no clock and no waiting.

use std::fmt;

use jiff::Timestamp;
use jiff::fmt::rfc2822;

use crate::http::percent_encode;

/// What to ask a store.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// The HTTP method.
    pub method: &'static str,
    /// The whole address.
    pub url: String,
    /// Header names are lower case. One of them is the key to the store.
    pub headers: Vec<(&'static str, String)>,
    /// Text, or nothing.
    pub body: String,
}

impl fmt::Debug for Request {
    /// Neither what opens the store nor what is said about whom.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({} {}, …)", self.method, self.url)
    }
}

/// What a store answered.
#[derive(Clone, Copy, Default)]
pub struct Response<'a> {
    /// The HTTP status.
    pub status: u16,
    /// The header `Retry-After`, in seconds.
    pub retry_after: Option<u32>,
    /// The header `Date`: the store's own time.
    pub date: Option<&'a str>,
    /// The header `Idempotent-Replayed`: this was the answer to an earlier question of the same key (Stripe).
    pub replayed: bool,
    /// The bytes, as they came.
    pub body: &'a [u8],
}

/// An answer that is about the question.
pub(crate) enum Said<'a> {
    /// 2xx: the body.
    Good(&'a [u8]),
    /// 4xx that the store has to explain: the status and the body.
    Bad(u16, &'a [u8]),
}

impl<'a> Response<'a> {
    /// Reads the status.
    pub(crate) fn said(self) -> Result<Said<'a>, Trouble> {
        match self.status {
            500..=599 if self.replayed => Err(Trouble::Spoilt),
            200..=299 => Ok(Said::Good(self.body)),
            // Followed, a POST turns into a GET; and the key would go wherever it leads.
            300..=399 => Err(Trouble::Refused("its address leads elsewhere: write down where".to_owned())),
            401 | 403 => Err(Trouble::NoAccess),
            // A conflict is another try of ours that is still being worked on (Stripe), or a lock (all).
            408 | 409 | 425 | 429 | 500..=599 => Err(Trouble::Later { seconds: self.retry_after }),
            400..=499 => Ok(Said::Bad(self.status, self.body)),
            _ => Err(Trouble::Unreadable),
        }
    }

    /// The body, where the store did as it was asked; what it says otherwise is its status alone.
    pub(crate) fn good(self) -> Result<&'a [u8], Trouble> {
        match self.said()? {
            Said::Good(body) => Ok(body),
            Said::Bad(status, _) => Err(Trouble::status(status)),
        }
    }

    /// The store's own time.
    pub(crate) fn time(self) -> Option<Timestamp> {
        rfc2822::parse(self.date?.trim()).ok().map(|dated| dated.timestamp())
    }
}

/// Fields as a form or a query holds them.
pub(crate) fn form(fields: &[(&str, String)]) -> String {
    let pairs = fields.iter().map(|(name, value)| format!("{}={}", percent_encode(name), percent_encode(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// Why what was asked for is not to be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// The store has too much to do, or is ill.
    #[error("the store asks to come back later")]
    Later {
        /// When, if it said so.
        seconds: Option<u32>,
    },
    /// The key was revoked, or may not do this: nothing works until somebody gives another.
    #[error("the store does not let us in: the key was revoked or lacks a permission")]
    NoAccess,
    /// The store does not want it, and will not tomorrow. In its words, without addresses and keys.
    #[error("the store refuses: {0}")]
    Refused(String),
    /// There is another code of this name, or ours gives something else.
    #[error("the store has another code of this name")]
    Taken,
    /// It is ours, and was made dead. It stays so.
    #[error("the code was made dead in the store")]
    Dead,
    /// The store failed at this one code, and answers so for a day.
    #[error("the store failed at this code, and repeats that for a day")]
    Spoilt,
    /// Half an answer, or none that can be understood: what happened is not known. As good as later.
    #[error("the store's answer cannot be read")]
    Unreadable,
}

/// Whom a trouble concerns, and when the store is asked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concerns {
    /// Everybody who would ask this store, for so many seconds.
    Store(u32),
    /// Whoever gets what this code gives, and perhaps nobody else: it is asked for again after so many seconds.
    Offer(u32),
    /// This code alone, and for good. Its mail goes on another day, with another code.
    Code,
}

/// A store that is ill is asked again after so long, unless it says when.
const ILL_SECONDS: u32 = 60;
/// What needs a person is asked again now and then until the day is over.
const PERSON_SECONDS: u32 = 10 * 60;
/// No store keeps us away for longer.
const MOST_SECONDS: u32 = 60 * 60;

impl Trouble {
    /// A refusal that says no more than its status.
    pub(crate) fn status(status: u16) -> Self {
        Self::Refused(match status {
            404 => "there is no such address".to_owned(),
            status => format!("status {status}"),
        })
    }

    /// Whom it concerns.
    ///
    /// A store that refuses what we want of it may want the next offer: other programs, and letters without a code, go
    /// on. A code that is taken or dead is one customer's.
    pub fn concerns(&self) -> Concerns {
        match self {
            Self::Later { seconds } => Concerns::Store(seconds.unwrap_or(ILL_SECONDS).clamp(1, MOST_SECONDS)),
            Self::Unreadable => Concerns::Store(ILL_SECONDS),
            Self::NoAccess => Concerns::Store(PERSON_SECONDS),
            Self::Refused(_) => Concerns::Offer(PERSON_SECONDS),
            Self::Taken | Self::Dead | Self::Spoilt => Concerns::Code,
        }
    }
}

/// What somebody else's service said, fit for a log: short, on one line, without addresses and keys.
pub fn reason(said: &str) -> String {
    let secret = |word: &str| ["shpat_", "shpca_", "sk_", "rk_", "ck_", "cs_"].iter().any(|key| word.contains(key));
    let words = said.split_whitespace().map(|word| if word.contains('@') || secret(word) { "…" } else { word });
    let line = words.collect::<Vec<_>>().join(" ");
    line.chars().filter(|c| !c.is_control()).take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_tells_nobody_whom_or_how() {
        let said = "anna@example.com may not\n\tuse sk_live_hush (see \"ck_hush\"),  sorry";
        assert_eq!(reason(said), "… may not use … (see … sorry");
        assert_eq!(reason(&"a".repeat(1_000)).len(), 200);
    }

    #[test]
    fn fields_are_encoded_name_and_value() {
        let fields = [("promotion[type]", "coupon".to_owned()), ("name", "15 % off".to_owned())];
        assert_eq!(form(&fields), "promotion%5Btype%5D=coupon&name=15%20%25%20off");
    }
}
