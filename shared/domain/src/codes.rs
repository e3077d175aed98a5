//! Making a code good in the store that honours it, and making it dead again: what to ask a store, and what its answer
//! means. Whoever holds the connection asks and hands the answer back; here is no connection, no clock and no waiting.
//!
//! The code is the same on every try, so "there is one of that name" is the usual answer of a second try. It counts as
//! success only once it was read back, is ours, gives what was wanted until the very second, and is alive.

use std::fmt;

use jiff::Timestamp;

use crate::address::Address;
use crate::ids::Code;
use crate::money::Money;
use crate::offer::Gives;
use crate::time::whole_seconds;

pub use access::{Access, NotAnAccess};
pub use fit::{Authority, Fit, fit};
pub use withdrawing::Withdrawing;

pub(crate) mod access;
mod fit;
mod shopify;
mod stripe;
mod wire;
mod withdrawing;
mod woocommerce;

/// What the store shall honour.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// The code.
    pub code: &'a Code,
    /// What it gives.
    pub gives: &'a Gives,
    /// The least an order must come to.
    pub minimum_order: Option<Money>,
    /// When it begins to be good: the moment of the claim, the same on every try.
    pub from: Timestamp,
    /// The last second it is good.
    pub until: Timestamp,
    /// How many orders may use it.
    pub uses: u32,
    /// What the shop reads in its list of codes. Never a customer's name or address.
    pub title: &'a str,
    /// Whom it is for, where the store can hold the code to an address (WooCommerce).
    pub email: Option<&'a Address>,
}

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
#[derive(Clone, Copy)]
pub struct Response<'a> {
    /// The HTTP status.
    pub status: u16,
    /// The header `Retry-After`, in seconds.
    pub retry_after: Option<u32>,
    /// The header `Idempotent-Replayed`: this was the answer to an earlier question of the same key (Stripe).
    pub replayed: bool,
    /// The bytes, as they came.
    pub body: &'a [u8],
}

/// What comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Ask this, and hand the answer back.
    Ask(Request),
    /// It is as it was wanted.
    Done(Made),
    /// It is not.
    Failed(Trouble),
}

/// A code that is in the store as it was wanted, or dead in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Made {
    /// The store's own id of it: Stripe's `promo_…` (its orders name that and not the code), Shopify's `gid://…`,
    /// WooCommerce's number. Nothing where a withdrawn code is somebody else's, or can never be made.
    pub reference: Option<String>,
}

/// Why it is not as it was wanted.
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

/// What was wanted, kept for the length of a conversation.
#[derive(Clone, Debug)]
struct Terms {
    code: String,
    gives: Gives,
    minimum: Option<Money>,
    from: Timestamp,
    until: Timestamp,
    uses: u32,
    title: String,
    email: Option<Address>,
}

impl Terms {
    fn of(wanted: &Wanted<'_>) -> Self {
        Self {
            code: wanted.code.as_str().to_owned(),
            gives: wanted.gives.clone(),
            minimum: wanted.minimum_order,
            from: whole_seconds(wanted.from),
            until: whole_seconds(wanted.until),
            uses: wanted.uses,
            // Shopify takes 255 characters; nobody reads more.
            title: wanted.title.chars().take(255).collect(),
            email: wanted.email.cloned(),
        }
    }

    /// The first second the code is no longer good, for stores whose end is the moment it ends.
    fn ended(&self) -> Timestamp {
        Timestamp::from_second(self.until.as_second().saturating_add(1)).unwrap_or(Timestamp::MAX)
    }

    /// The amounts in it: what is taken off, and the least an order must come to.
    fn amounts(&self) -> impl Iterator<Item = Money> {
        let off = match self.gives {
            Gives::AmountOff(money) => Some(money),
            _ => None,
        };
        off.into_iter().chain(self.minimum)
    }

    /// An amount in a currency other than the store's: it would be taken for the store's, at its face.
    fn in_currency(&self, code: &str) -> Result<(), Trouble> {
        match self.amounts().find(|money| !money.currency.code().eq_ignore_ascii_case(code)) {
            None => Ok(()),
            Some(money) => {
                let (ours, theirs) = (money.currency.code(), wire::reason(code));
                Err(Trouble::Refused(format!("the offer is in {ours}, the store's currency is {theirs}")))
            }
        }
    }
}

/// The conversation that makes a code good.
#[derive(Clone, Debug)]
pub struct Making(MakingIn);

#[derive(Clone, Debug)]
enum MakingIn {
    Shopify(shopify::Making),
    WooCommerce(woocommerce::Making),
    Stripe(stripe::Making),
}

impl Making {
    /// The first question.
    ///
    /// # Errors
    /// [`Trouble::Refused`] where the store cannot honour this by itself: see [`fit`].
    pub fn begin(access: &Access, wanted: &Wanted<'_>) -> Result<(Self, Request), Trouble> {
        match fit(access.authority(), wanted.gives) {
            Fit::Native => {}
            Fit::ByHand => return Err(Trouble::Refused("a person has to honour this offer".to_owned())),
            Fit::Refused(why) => return Err(Trouble::Refused(why.to_owned())),
        }
        let terms = Terms::of(wanted);
        Ok(match access {
            Access::Shopify(access) => {
                let (making, first) = shopify::Making::begin(access.clone(), terms);
                (Self(MakingIn::Shopify(making)), first)
            }
            Access::WooCommerce(access) => {
                let (making, first) = woocommerce::Making::begin(access.clone(), terms);
                (Self(MakingIn::WooCommerce(making)), first)
            }
            Access::Stripe(access) => {
                let (making, first) = stripe::Making::begin(access.clone(), terms)?;
                (Self(MakingIn::Stripe(making)), first)
            }
        })
    }

    /// What an answer means. At most five questions follow the first.
    pub fn hear(&mut self, response: Response<'_>) -> Step {
        let heard = match &mut self.0 {
            MakingIn::Shopify(making) => making.hear(response),
            MakingIn::WooCommerce(making) => making.hear(response),
            MakingIn::Stripe(making) => making.hear(response),
        };
        heard.unwrap_or_else(Step::Failed)
    }
}

#[cfg(test)]
mod tests;
