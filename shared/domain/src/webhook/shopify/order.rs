//! An order, in whatever state Shopify tells of it.

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::or_empty;
use super::person::{Address, Customer};
use super::refund::{Refund, given_back};
use crate::event::wire::Amount;
use crate::event::{PlacedOrder, Profile, What, Who};
use crate::money::{Currency, Money};
use crate::webhook::read::{Id, Reader, codes, event, profile, who};
use crate::webhook::{Error, Heard, Ignored};

/// States of payment in which nothing is or will be paid: what was authorized was let go, or all was given back.
const OFF: [&str; 3] = ["voided", "expired", "refunded"];
/// So soon after an order was placed Shopify first tells of it.
const AT_ONCE: SignedDuration = SignedDuration::from_mins(1);

#[derive(Deserialize)]
pub(super) struct Order {
    id: Option<Id>,
    email: Option<String>,
    contact_email: Option<String>,
    customer: Option<Customer>,
    billing_address: Option<Address>,
    customer_locale: Option<String>,
    /// The shop's. What the customer saw is the presentment currency: no amount read here is in that.
    currency: String,
    total_price: Amount,
    current_total_price: Option<Amount>,
    #[serde(default, deserialize_with = "or_empty")]
    discount_codes: Vec<DiscountCode>,
    #[serde(default, deserialize_with = "or_empty")]
    discount_applications: Vec<DiscountApplication>,
    #[serde(default, deserialize_with = "or_empty")]
    refunds: Vec<Refund>,
    buyer_accepts_marketing: Option<bool>,
    financial_status: Option<String>,
    cancelled_at: Option<String>,
    processed_at: Option<String>,
    created_at: Option<String>,
    updated_at: Option<String>,
    #[serde(default, deserialize_with = "or_empty")]
    test: bool,
}

#[derive(Deserialize)]
struct DiscountCode {
    code: Option<String>,
}

#[derive(Deserialize)]
struct DiscountApplication {
    #[serde(rename = "type")]
    kind: Option<String>,
    code: Option<String>,
}

pub(super) fn order(reader: &Reader<'_>, order: Order, triggered: Timestamp) -> Result<Heard, Error> {
    if order.test {
        return Ok(reader.ignored(Ignored::Test));
    }
    let order_id = reader.id(order.id.as_ref(), "id")?;
    let who = order.who();
    if who.is_nobody() {
        return Ok(reader.ignored(Ignored::Nobody));
    }
    let currency = reader.currency(&order.currency)?;
    let refunds = order.refunds(reader, currency)?;
    let refunded = refunds.iter().fold(0_i64, |sum, (_, money)| sum.saturating_add(money.minor));
    let Worth { total, gone } = order.worth(reader, currency, refunded)?;
    let moment = |text: &Option<String>| reader.moment(text.as_deref());
    let at = moment(&order.updated_at).unwrap_or(triggered);
    let placed_at = moment(&order.processed_at).or_else(|| moment(&order.created_at)).unwrap_or(at).min(at);
    let placed = PlacedOrder { order_id: order_id.clone(), placed_at, total, discount_codes: order.codes() };
    let mut profile = order.profile();
    // A box that was left empty takes no earlier yes back: Shopify does not either.
    let mut box_ticked = order.buyer_accepts_marketing.filter(|accepts| *accepts);
    let mut events = Vec::new();
    if box_ticked.is_some() && at.duration_since(placed_at) > AT_ONCE {
        // Every later state tells of the box again. It stays as old as the order, and never outdoes a no said since.
        let ticked = Profile { marketing_consent: box_ticked.take(), ..Profile::default() };
        events.push(event(placed_at, who.clone(), What::OrderPlaced { order: placed.clone(), profile: ticked }));
    }
    profile.marketing_consent = box_ticked;
    events.push(event(at, who, What::OrderPlaced { order: placed, profile }));
    for (id, refunded) in refunds {
        let what = What::OrderRefunded { order_id: order_id.clone(), refunded, part: Some(id) };
        events.push(event(at, Who::default(), what));
    }
    if gone || order.is_off() {
        events.push(event(at, Who::default(), What::OrderCancelled { order_id }));
    }
    Ok(reader.heard(events))
}

/// What an order comes to.
struct Worth {
    /// Before anything was given back.
    total: Money,
    /// It came to something, and nothing of it is left.
    gone: bool,
}

impl Order {
    fn who(&self) -> Who {
        let customer = self.customer.as_ref();
        let named = customer.and_then(|customer| customer.email.as_deref());
        who(
            customer.and_then(|customer| customer.id.as_ref()),
            &[self.email.as_deref(), self.contact_email.as_deref(), named],
        )
    }

    fn profile(&self) -> Profile {
        let first = [
            self.customer.as_ref().and_then(|customer| customer.first_name.as_deref()),
            self.billing_address.as_ref().and_then(|address| address.first_name.as_deref()),
        ];
        profile(&first, self.customer_locale.as_deref())
    }

    /// The codes as they were typed, each once: Shopify tells of most of them twice.
    fn codes(&self) -> Vec<String> {
        let typed = self.discount_codes.iter().filter_map(|one| one.code.as_deref());
        let applied = self.discount_applications.iter().filter(|one| one.kind.as_deref() == Some("discount_code"));
        let applied = applied.filter_map(|one| one.code.as_deref());
        codes(typed.chain(applied)).into_iter().fold(Vec::new(), |mut known, code| {
            if known.iter().all(|other: &String| !other.eq_ignore_ascii_case(&code)) {
                known.push(code);
            }
            known
        })
    }

    /// Its refunds that gave anything back, by their ids.
    fn refunds(&self, reader: &Reader<'_>, currency: Currency) -> Result<Vec<(String, Money)>, Error> {
        let mut told = Vec::new();
        for refund in &self.refunds {
            let back = given_back(reader, refund, currency)?;
            if back.minor > 0 {
                told.push((reader.id(refund.id.as_ref(), "refunds.id")?, back));
            }
        }
        Ok(told)
    }

    /// `current_total_price` is what is left of it after edits and returns; whether money that went back without goods is
    /// taken off as well, nobody documents. So what was given back is added to it, up to `total_price`, which is from
    /// before returns. Where an edit made more of the order than that, what is left is the better witness.
    fn worth(&self, reader: &Reader<'_>, currency: Currency, refunded: i64) -> Result<Worth, Error> {
        let whole = reader.money(&self.total_price, currency, "total_price")?;
        let Some(left) = &self.current_total_price else { return Ok(Worth { total: whole, gone: false }) };
        let left = reader.money(left, currency, "current_total_price")?;
        if left.minor == 0 {
            return Ok(Worth { total: whole, gone: whole.minor > 0 });
        }
        let before = left.minor.saturating_add(refunded);
        let minor = if left.minor > whole.minor { before } else { before.min(whole.minor) };
        Ok(Worth { total: Money { minor, currency }, gone: false })
    }

    fn is_off(&self) -> bool {
        let status = self.financial_status.as_deref().unwrap_or_default();
        self.cancelled_at.is_some() || OFF.iter().any(|off| status.eq_ignore_ascii_case(off))
    }
}
