//! An order as the V2 API shows it: <https://developer.bigcommerce.com/docs/rest-management/orders>.
//!
//! - Amounts are text in major units with four decimals, in the currency that the customer paid in, which the API calls
//!   `default_currency_code`; `currency_code` is what the shop window showed.
//! - `total_inc_tax` is what was paid: with tax, shipping and all that was taken off.
//! - `refunded_amount` is all that was given back so far.
//! - Dates are those of mails (RFC 2822).
//! - The codes lie in a list of their own, `/orders/ID/coupons`; an order only says how much they took off
//!   the goods, and what the shipping came to.
//! - Of consent it says nothing: that is a list of subscribers, of addresses and not of orders.

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::event::wire::Amount;
use crate::event::{PlacedOrder, What, Who};
use crate::money::Money;
use crate::webhook::read::{Id, Reader, codes, event, profile, who};
use crate::webhook::{Error, Heard, Ignored};

/// What BigCommerce calls a payment that is none.
const TEST_GATEWAY: &str = "Test Payment Gateway";
const TOPIC: &str = "order";

/// An order as it was read. It never shows itself: it names its customer.
#[derive(Clone, Deserialize)]
pub struct Order {
    id: Option<Id>,
    status_id: u64,
    customer_id: Option<Id>,
    billing_address: Option<Billing>,
    customer_locale: Option<String>,
    total_inc_tax: Amount,
    refunded_amount: Option<Amount>,
    coupon_discount: Option<Amount>,
    shipping_cost_inc_tax: Option<Amount>,
    order_is_digital: Option<bool>,
    default_currency_code: Option<String>,
    currency_code: Option<String>,
    payment_method: Option<String>,
    date_created: Option<String>,
    date_modified: Option<String>,
}

#[derive(Clone, Deserialize)]
struct Billing {
    email: Option<String>,
    first_name: Option<String>,
}

#[derive(Deserialize)]
struct Coupon {
    code: Option<String>,
}

impl std::fmt::Debug for Order {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Order({})", self.id.as_ref().and_then(Id::text).unwrap_or_default())
    }
}

impl Order {
    /// Whether a code may have been used: then its list of coupons has it. A code that gives the shipping alone takes
    /// nothing off the goods, and leaves nothing to pay for what is shipped.
    pub fn may_have_used_codes(&self) -> bool {
        let is_something = |amount: &Option<Amount>| {
            amount.as_ref().is_some_and(|amount| amount.text().bytes().any(|digit| (b'1'..=b'9').contains(&digit)))
        };
        let bought = matches!(fate(self.status_id), Fate::Bought | Fate::GivenBack);
        let shipped_for_nothing = !self.order_is_digital.unwrap_or(false) && !is_something(&self.shipping_cost_inc_tax);
        bought && (is_something(&self.coupon_discount) || shipped_for_nothing)
    }
}

/// A body of the API as a shape. What it is, if it is none, says nothing of what stands in it.
///
/// # Errors
/// [`Error::Undocumented`] alone.
pub fn read_shape<T: DeserializeOwned>(body: &[u8], received: Timestamp) -> Result<T, Error> {
    Reader { topic: TOPIC, received }.shape(body)
}

/// What an order means. `coupons` is its list of them as the API answered, empty where nobody asked.
///
/// # Errors
/// [`Error::Undocumented`] alone.
pub fn read_order(order: &Order, coupons: &[u8], received: Timestamp) -> Result<Heard, Error> {
    let reader = Reader { topic: TOPIC, received };
    let coupons: Vec<Coupon> = if coupons.is_empty() { Vec::new() } else { reader.shape(coupons)? };
    if order.payment_method.as_deref() == Some(TEST_GATEWAY) {
        return Ok(reader.ignored(Ignored::Test));
    }
    let order_id = reader.id(order.id.as_ref(), "id")?;
    let moment = |text: &Option<String>| reader.mail_moment(text.as_deref());
    let at = moment(&order.date_modified).unwrap_or_else(|| reader.now());
    let whole = match fate(order.status_id) {
        Fate::NotBought => return Ok(reader.ignored(Ignored::NotBought)),
        Fate::Off => {
            return Ok(reader.heard(vec![event(at, Who::default(), What::OrderCancelled { order_id })]));
        }
        Fate::Bought => false,
        Fate::GivenBack => true,
    };
    let billing = order.billing_address.as_ref();
    let who = who(order.customer_id.as_ref(), &[billing.and_then(|billing| billing.email.as_deref())]);
    if who.is_nobody() {
        return Ok(reader.ignored(Ignored::Nobody));
    }
    let paid_in = order.default_currency_code.as_deref().filter(|code| !code.is_empty());
    let currency = reader.currency(paid_in.or(order.currency_code.as_deref()).unwrap_or_default())?;
    let total = reader.money(&order.total_inc_tax, currency, "total_inc_tax")?;
    let told = order.refunded_amount.as_ref().map(|amount| reader.money(amount, currency, "refunded_amount"));
    let told = told.transpose()?.unwrap_or(Money::zero(currency));
    // A status that somebody set by hand moves no money, and says that all of it is gone.
    let refunded = if whole { Money { minor: told.minor.max(total.minor), currency } } else { told };
    let placed_at = moment(&order.date_created).unwrap_or(at).min(at);
    let discount_codes = codes(coupons.iter().filter_map(|coupon| coupon.code.as_deref()));
    let placed = PlacedOrder { order_id: order_id.clone(), placed_at, total, discount_codes };
    let first = billing.and_then(|billing| billing.first_name.as_deref());
    let profile = profile(&[first], order.customer_locale.as_deref());
    let mut events = vec![event(at, who, What::OrderPlaced { order: placed, profile })];
    if refunded.minor > 0 {
        events.push(event(at, Who::default(), What::OrderRefunded { order_id, refunded, part: None }));
    }
    Ok(reader.heard(events))
}

enum Fate {
    NotBought,
    Bought,
    GivenBack,
    Off,
}

/// The statuses, by their numbers: their names may be changed in the admin.
/// <https://developer.bigcommerce.com/docs/rest-management/orders/order-status>
///
/// An order that awaits its payment (7) is one: its customer went through the checkout, and shops that charge at the
/// despatch have all of theirs there until then. A dispute (13) is over money and takes no purchase back.
fn fate(status_id: u64) -> Fate {
    match status_id {
        2 | 3 | 7..=14 => Fate::Bought,
        4 => Fate::GivenBack,
        5 | 6 => Fate::Off,
        // 0, a checkout that was left; 1, one that is not through; whatever comes to be.
        _ => Fate::NotBought,
    }
}
