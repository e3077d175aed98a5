//! Whether mail is welcome: who said so, when, and where.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::address::Address;
use crate::customer::Said;

/// Consent as three registers. Our own no (unsubscribed, marked as spam, bounced address, erased) yields only to an
/// explicit later opt-in, never to a checkout box.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Consent {
    /// The latest word from anywhere; of two at the same moment the stricter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest: Option<Word>,
    /// The latest time they said yes themselves, outside of a checkout.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "jiff::fmt::serde::timestamp::second::optional")]
    pub opted_in: Option<Timestamp>,
    /// The latest no said to us: unsubscribed, marked as spam, erased.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "jiff::fmt::serde::timestamp::second::optional")]
    pub refused: Option<Timestamp>,
    /// Where it was said. Nothing where it was written down before sources were kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused_source: Option<Source>,
    /// The address whose mailbox refused us for good, and when. Another address lifts it; the same one said again does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bounced: Option<Said<Address>>,
}

/// A yes or a no to mail: when and where it was said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Word {
    /// Yes.
    pub is: bool,
    /// When.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub at: Timestamp,
    /// Where. Nothing where it was written down before sources were kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

/// Where somebody says whether mail is welcome. Of the same word from two sources at one moment the later in this list stays,
/// so that it is the same in whatever order they come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// With an order: the box at a checkout, or a column of an imported history.
    Order,
    /// In their account, or with the shop that keeps it.
    Account,
    /// In a form, without an order.
    Form,
    /// By unsubscribing.
    Unsubscribed,
    /// By marking a mail as spam.
    Spam,
    /// By asking to be forgotten.
    Erased,
}

impl Source {
    /// As a part of a sentence.
    pub fn phrase(self) -> &'static str {
        match self {
            Self::Order => "with an order",
            Self::Account => "in their account",
            Self::Form => "in a form",
            Self::Unsubscribed => "by unsubscribing",
            Self::Spam => "by marking a mail as spam",
            Self::Erased => "by asking to be forgotten",
        }
    }
}

impl Consent {
    /// Keeps the latest word. What was written down without a source stays so: the same word again is no news.
    pub(crate) fn hear(&mut self, word: Word) {
        let rank = |word: &Word| (word.at, !word.is);
        let is_news = self.latest.as_ref().is_none_or(|known| {
            let (old, new) = (rank(known), rank(&word));
            old < new || (old == new && known.source.is_some_and(|source| Some(source) < word.source))
        });
        if is_news {
            self.latest = Some(word);
        }
    }

    /// A no said to us.
    pub(crate) fn refuse(&mut self, at: Timestamp, source: Source) {
        self.hear(Word { is: false, at, source: Some(source) });
        self.keep_refusal(Some(at), Some(source));
    }

    /// The later of two refusals, with its source.
    pub(crate) fn keep_refusal(&mut self, at: Option<Timestamp>, source: Option<Source>) {
        if self.refused < at {
            (self.refused, self.refused_source) = (at, source);
        } else if self.refused == at && self.refused_source.is_some() {
            self.refused_source = self.refused_source.max(source);
        }
    }
}
