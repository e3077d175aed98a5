//! A code's life: good until its deadline, used at most so many times, once per order. `/redeem` and an order that
//! names the code take the same way.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::codes::Authority;
use crate::ids::{Code, CustomerId, MessageId};
use crate::message::{Granted, Message};
use crate::money::Money;
use crate::offer::Gives;

/// A code as the ledger keeps it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Coupon {
    /// The code.
    pub code: Code,
    /// Plus one on every update.
    pub rev: u64,
    /// Made dead before anybody was mailed it. It stays so.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dead: bool,
    /// The message it was made for.
    pub message: MessageId,
    /// Whom it was made for.
    pub customer: CustomerId,
    /// What it gives.
    #[serde(with = "crate::packed")]
    pub gives: Gives,
    /// The least an order must come to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_order: Option<Money>,
    /// The last second it is good.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub expires_at: Timestamp,
    /// How many orders may use it.
    pub uses: u32,
    /// Who honours it. A store is asked to make it good only after this was written, so it is withdrawn from whoever was
    /// asked, whatever the program says by then.
    #[serde(default, skip_serializing_if = "is_ours")]
    pub authority: Authority,
    /// Why the store has not made it good yet, in words, without addresses and keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_made: Option<String>,
    /// What the store that honours it calls it, once it was made there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Which did.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "crate::packed")]
    pub redeemed: Vec<Redemption>,
    /// Orders that its store let have it when all its uses were used: somebody has to look there.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "crate::packed")]
    pub conflicts: Vec<Conflict>,
}

fn is_ours(authority: &Authority) -> bool {
    *authority == Authority::Winback
}

/// One use too many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conflict {
    /// The order, by the store's id.
    pub order_id: String,
    /// When.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub at: Timestamp,
}

/// So many conflicts of one code are told apart: then everybody knows that it is out in the open.
const MOST_CONFLICTS: usize = 20;

/// One use of a code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redemption {
    /// The order, by the store's id.
    pub order_id: String,
    /// When.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub at: Timestamp,
    /// What the order came to.
    pub total: Money,
    /// What the code took off, as far as the offer says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub discount: Option<Money>,
    /// Somebody else used it than whom it was mailed to, as far as the till or the order says whose it is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub by_other: bool,
}

/// A code that is to be redeemed or checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// The order, by the store's id.
    pub order_id: String,
    /// What it comes to.
    pub total: Money,
    /// When it was placed.
    pub at: Timestamp,
}

/// A code that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It holds for this order, which is to be written down.
    Good(Redemption),
    /// This very order has it already.
    AlreadyYours,
}

/// Why a code does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is none, or it was made dead before it was mailed.
    #[error("there is no such code")]
    Unknown,
    /// All its uses are used.
    #[error("the code was used")]
    Used,
    /// After the deadline.
    #[error("the code was good until {0}")]
    Expired(Timestamp),
    /// The order does not come to enough.
    #[error("the code needs an order of at least {minimum}; {missing} is missing")]
    BelowMinimum {
        /// The least.
        minimum: Money,
        /// How much more.
        missing: Money,
    },
    /// The order is in another currency than the offer.
    #[error("the code is for orders in {0}")]
    OtherCurrency(&'static str),
}

impl Coupon {
    /// The code of a message, good; nothing where the message brings none of its own.
    pub fn of(message: &Message) -> Option<Self> {
        let Granted { code, gives, expires_at, minimum_order, uses, .. } = message.offer.clone()?;
        let (id, customer) = (message.id, message.customer);
        Some(Self { gives, minimum_order, expires_at, uses, ..Self::nothing(code?, id, customer, message.at) })
    }

    /// The dead code of a message that was called off before anybody wrote down what it would have given.
    pub fn dead(code: Code, message: MessageId, customer: CustomerId, at: Timestamp) -> Self {
        Self { dead: true, ..Self::nothing(code, message, customer, at) }
    }

    fn nothing(code: Code, message: MessageId, customer: CustomerId, expires_at: Timestamp) -> Self {
        let gives = Gives::Thing(String::new());
        Self {
            code,
            rev: 1,
            dead: false,
            message,
            customer,
            gives,
            minimum_order: None,
            expires_at,
            uses: 1,
            authority: Authority::Winback,
            not_made: None,
            reference: None,
            redeemed: Vec::new(),
            conflicts: Vec::new(),
        }
    }

    /// Takes out which orders used it, and leaves how often.
    #[must_use]
    pub fn scrubbed(&self) -> Self {
        if self.redeemed.iter().all(|used| used.order_id.is_empty())
            && self.conflicts.iter().all(|conflict| conflict.order_id.is_empty())
        {
            return self.clone();
        }
        let mut next = Self { rev: self.rev + 1, ..self.clone() };
        for used in &mut next.redeemed {
            used.order_id.clear();
        }
        for conflict in &mut next.conflicts {
            conflict.order_id.clear();
        }
        next
    }

    /// A till or a checkout asks before it takes the money: does the code hold? `asked.total` is what the order comes
    /// to without the discount.
    pub fn check(&self, asked: &Use) -> Result<Answer, Refusal> {
        if let Some(answer) = self.hold(asked)? {
            return Ok(answer);
        }
        let minimum = self.minimum_order;
        let currency = match &self.gives {
            Gives::AmountOff(money) | Gives::Credit(money) => Some(money.currency),
            _ => minimum.map(|money| money.currency),
        };
        if let Some(currency) = currency.filter(|currency| *currency != asked.total.currency) {
            return Err(Refusal::OtherCurrency(currency.code()));
        }
        if let Some(minimum) = minimum.filter(|minimum| asked.total.minor < minimum.minor) {
            let missing = Money { minor: minimum.minor - asked.total.minor, ..minimum };
            return Err(Refusal::BelowMinimum { minimum, missing });
        }
        let full = asked.total.minor;
        Ok(Answer::Good(self.redemption(asked, |percent| full.saturating_mul(percent) / 100)))
    }

    /// A store took the code in an order already, so the minimum is its business. `taken.total` is what was paid.
    pub fn taken(&self, taken: &Use) -> Result<Answer, Refusal> {
        if let Some(answer) = self.hold(taken)? {
            return Ok(answer);
        }
        // What was paid is (100 − percent) hundredths of the full price.
        let paid = taken.total.minor;
        let off = |percent: i64| paid.saturating_mul(percent).checked_div(100 - percent).unwrap_or(0);
        Ok(Answer::Good(self.redemption(taken, off)))
    }

    /// What holds whoever asks: it exists, its time is not over, a use is left.
    fn hold(&self, by: &Use) -> Result<Option<Answer>, Refusal> {
        if self.dead {
            Err(Refusal::Unknown)
        } else if !by.order_id.is_empty() && self.redeemed.iter().any(|known| known.order_id == by.order_id) {
            Ok(Some(Answer::AlreadyYours))
        } else if by.at > self.expires_at {
            Err(Refusal::Expired(self.expires_at))
        } else if self.redeemed.len() >= self.uses as usize {
            Err(Refusal::Used)
        } else {
            Ok(None)
        }
    }

    fn redemption(&self, by: &Use, percent_off: impl Fn(i64) -> i64) -> Redemption {
        let discount = match &self.gives {
            Gives::AmountOff(money) | Gives::Credit(money) => Some(*money),
            Gives::PercentOff(percent) => {
                Some(Money { minor: percent_off(i64::from(*percent)), currency: by.total.currency })
            }
            Gives::FreeShipping | Gives::Thing(_) => None,
        };
        Redemption { order_id: by.order_id.clone(), at: by.at, total: by.total, discount, by_other: false }
    }

    /// The code with an order that had it although all its uses were used; nothing where that is known, or is not so.
    pub fn conflicting(&self, by: &Use) -> Option<Self> {
        let known = self.conflicts.iter().any(|conflict| conflict.order_id == by.order_id);
        if known || self.conflicts.len() >= MOST_CONFLICTS || self.hold(by) != Err(Refusal::Used) {
            return None;
        }
        let mut next = self.clone();
        next.rev += 1;
        next.conflicts.push(Conflict { order_id: by.order_id.clone(), at: by.at });
        Some(next)
    }

    /// The code whose use by an order turns out to be somebody else's; nothing where that is known, or it has no such use.
    pub fn used_by_other(&self, order_id: &str) -> Option<Self> {
        let mut next = Self { rev: self.rev + 1, ..self.clone() };
        let used = next.redeemed.iter_mut().find(|used| used.order_id == order_id && !used.by_other)?;
        used.by_other = true;
        Some(next)
    }

    /// The code with one more use.
    #[must_use]
    pub fn with(&self, redemption: Redemption) -> Self {
        let mut next = self.clone();
        next.rev += 1;
        next.redeemed.push(redemption);
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::StoreId;
    use crate::keys::Key;
    use crate::money::Currency;

    fn euros(text: &str) -> Money {
        Money::parse(text, Currency::parse("EUR").unwrap()).unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn coupon(gives: Gives) -> Coupon {
        let key = Key::new(b"k".to_vec());
        let store = StoreId::try_from("books".to_owned()).unwrap();
        let customer = CustomerId::of_store_id(&key, &store, "7");
        let message = MessageId::of(customer, "We miss you", Timestamp::UNIX_EPOCH, 0, 0);
        let code = Code::of(&key, &store, message, 7);
        let expires_at = at("2026-05-08T20:59:59Z");
        let minimum_order = Some(euros("40"));
        Coupon { gives, minimum_order, ..Coupon::nothing(code, message, customer, expires_at) }
    }

    fn order(id: &str, total: &str, placed: &str) -> Use {
        Use { order_id: id.to_owned(), total: euros(total), at: at(placed) }
    }

    #[test]
    fn a_code_is_taken_once_and_the_same_order_may_ask_again() {
        let coupon = coupon(Gives::AmountOff(euros("10")));
        let first = order("A-1", "45.00", "2026-05-08T20:59:59Z");
        let Ok(Answer::Good(redemption)) = coupon.check(&first) else { panic!("good to the last second") };
        assert_eq!(redemption.discount, Some(euros("10")));
        let used = coupon.with(redemption);
        assert_eq!(used.check(&first), Ok(Answer::AlreadyYours));
        assert_eq!(used.check(&order("A-2", "45.00", "2026-05-07T10:00:00Z")), Err(Refusal::Used));
    }

    #[test]
    fn what_does_not_hold_says_what_is_missing() {
        let coupon = coupon(Gives::AmountOff(euros("10")));
        let late = order("A-1", "45.00", "2026-05-08T21:00:00Z");
        assert_eq!(coupon.check(&late), Err(Refusal::Expired(coupon.expires_at)));
        let small = coupon.check(&order("A-1", "35.50", "2026-05-07T10:00:00Z")).unwrap_err();
        assert_eq!(small.to_string(), "the code needs an order of at least 40.00 EUR; 4.50 EUR is missing");
        let dollars = Money::parse("45", Currency::parse("USD").unwrap()).unwrap();
        let foreign = Use { total: dollars, ..order("A-1", "1", "2026-05-07T10:00:00Z") };
        assert_eq!(coupon.check(&foreign), Err(Refusal::OtherCurrency("EUR")));
        let dead = Coupon { dead: true, ..coupon };
        assert_eq!(dead.check(&order("A-1", "45.00", "2026-05-07T10:00:00Z")), Err(Refusal::Unknown));
    }

    #[test]
    fn the_discount_is_the_same_before_and_after_the_till() {
        let coupon = coupon(Gives::PercentOff(20));
        let Ok(Answer::Good(asked)) = coupon.check(&order("A-1", "50.00", "2026-05-07T10:00:00Z")) else { panic!() };
        let Ok(Answer::Good(taken)) = coupon.taken(&order("A-1", "40.00", "2026-05-07T10:00:00Z")) else { panic!() };
        assert_eq!((asked.discount, taken.discount), (Some(euros("10")), Some(euros("10"))));
    }

    #[test]
    fn a_second_order_with_a_code_for_one_is_a_conflict_and_is_told_once() {
        let coupon = coupon(Gives::AmountOff(euros("10")));
        let (first, second) =
            (order("A-1", "45.00", "2026-05-07T10:00:00Z"), order("A-2", "45.00", "2026-05-07T11:00:00Z"));
        assert_eq!(coupon.conflicting(&first), None, "a use is left");
        let Ok(Answer::Good(redemption)) = coupon.taken(&first) else { panic!("good") };
        let used = coupon.with(redemption);
        assert_eq!(used.conflicting(&first), None, "the same order again");
        let conflict = used.conflicting(&second).expect("one use too many");
        assert_eq!(conflict.conflicts[0].order_id, "A-2");
        assert_eq!(conflict.redeemed, used.redeemed);
        assert_eq!(conflict.conflicting(&second), None);
        assert_eq!(conflict.scrubbed().conflicts[0].order_id, "");
    }

    #[test]
    fn an_order_that_a_store_took_needs_no_minimum() {
        let coupon = coupon(Gives::AmountOff(euros("10")));
        assert!(coupon.taken(&order("A-1", "30.00", "2026-05-07T10:00:00Z")).is_ok());
    }
}
