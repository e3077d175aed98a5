//! Making a code good in the store that honours it, and making it dead again: what to ask a store, and what its answer
//! means. Whoever holds the connection asks and hands the answer back; here is no connection, no clock and no waiting.
//!
//! The code is the same on every try, so "there is one of that name" is the usual answer of a second try. It counts as
//! success only once it was read back, is ours, gives what was wanted until the very second, and is alive.

use jiff::Timestamp;

use crate::address::Address;
use crate::exchange::{Request, Response, Trouble, reason};
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
                let (ours, theirs) = (money.currency.code(), reason(code));
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
