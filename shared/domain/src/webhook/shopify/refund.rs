//! A refund, by itself or within its order: what of an order's money went back.

use jiff::Timestamp;
use rust_decimal::Decimal;
use serde::Deserialize;

use super::or_empty;
use crate::event::wire::Amount;
use crate::event::{What, Who};
use crate::money::{Currency, Money};
use crate::webhook::read::{Id, Reader, event};
use crate::webhook::{Error, Heard, Ignored};

#[derive(Deserialize)]
pub(super) struct Refund {
    pub id: Option<Id>,
    order_id: Option<Id>,
    processed_at: Option<String>,
    created_at: Option<String>,
    #[serde(default, deserialize_with = "or_empty")]
    refund_line_items: Vec<Line>,
    #[serde(default, deserialize_with = "or_empty")]
    refund_shipping_lines: Vec<Line>,
    #[serde(default, deserialize_with = "or_empty")]
    order_adjustments: Vec<Line>,
    total_duties_set: Option<Both>,
    #[serde(default, deserialize_with = "or_empty")]
    transactions: Vec<Transaction>,
}

/// What was taken back, in whichever list: each writes the name of its amount differently.
#[derive(Deserialize)]
struct Line {
    subtotal_set: Option<Both>,
    subtotal_amount_set: Option<Both>,
    amount_set: Option<Both>,
}

/// An amount in the shop's currency, and in the one that the customer saw.
#[derive(Deserialize)]
struct Both {
    shop_money: Option<Priced>,
    presentment_money: Option<Priced>,
}

#[derive(Deserialize)]
struct Priced {
    amount: Option<Amount>,
    currency_code: Option<String>,
}

/// Money that moved, in the currency the customer paid in.
#[derive(Deserialize)]
struct Transaction {
    amount: Option<Amount>,
    currency: Option<String>,
    kind: Option<String>,
    status: Option<String>,
    test: Option<bool>,
}

/// A refund by itself. It says its order's currency only where it prices something in both.
pub(super) fn refund(reader: &Reader<'_>, refund: Refund, triggered: Timestamp) -> Result<Heard, Error> {
    if refund.transactions.iter().any(|one| one.test == Some(true)) {
        return Ok(reader.ignored(Ignored::Test));
    }
    let order_id = reader.id(refund.order_id.as_ref(), "order_id")?;
    let part = reader.id(refund.id.as_ref(), "id")?;
    let Some(currency) = refund.shops_currency() else { return Ok(reader.ignored(Ignored::NothingNew)) };
    let refunded = given_back(reader, &refund, currency)?;
    if refunded.minor == 0 {
        return Ok(reader.ignored(Ignored::NothingNew));
    }
    let at = reader.moment(refund.processed_at.as_deref()).or_else(|| reader.moment(refund.created_at.as_deref()));
    let what = What::OrderRefunded { order_id, refunded, part: Some(part) };
    Ok(reader.heard(vec![event(at.unwrap_or(triggered), Who::default(), what)]))
}

/// What one refund gave back in the shop's currency: the sum of its transactions that succeeded. One that is pending comes
/// again with its order. Goods that were taken off without money (an edit, an unpaid order) are gone from what is left of
/// the order, and nothing was given back for them.
pub(super) fn given_back(reader: &Reader<'_>, refund: &Refund, currency: Currency) -> Result<Money, Error> {
    let is = |text: &Option<String>, wanted: &str| text.as_deref().is_none_or(|text| text.eq_ignore_ascii_case(wanted));
    let mut minor = 0_i64;
    for one in refund.transactions.iter().filter(|one| is(&one.kind, "refund") && is(&one.status, "success")) {
        let Some(amount) = &one.amount else { continue };
        let back = match &one.currency {
            Some(paid_in) if !paid_in.eq_ignore_ascii_case(currency.code()) => {
                let converted = refund.converted(amount, paid_in, currency);
                converted.map_or(Ok(Money::zero(currency)), |amount| {
                    reader.money(&Amount::Text(amount.to_string()), currency, "transactions.amount")
                })?
            }
            _ => reader.money(amount, currency, "transactions.amount")?,
        };
        minor = minor.saturating_add(back.minor);
    }
    Ok(Money { minor, currency })
}

impl Refund {
    fn priced(&self) -> impl Iterator<Item = &Both> {
        let lines = self.refund_line_items.iter().chain(&self.refund_shipping_lines).chain(&self.order_adjustments);
        let sets = lines.flat_map(|line| [&line.subtotal_set, &line.subtotal_amount_set, &line.amount_set]);
        sets.chain([&self.total_duties_set]).flatten()
    }

    fn shops_currency(&self) -> Option<Currency> {
        let shops = self.priced().filter_map(|both| both.shop_money.as_ref()?.currency_code.as_deref());
        let paid = self.transactions.iter().filter_map(|one| one.currency.as_deref());
        shops.chain(paid).find_map(|code| Currency::parse(code).ok())
    }

    /// Another currency's amount in the shop's, at the rate by which the refund itself prices what it took back.
    fn converted(&self, amount: &Amount, paid_in: &str, currency: Currency) -> Option<Decimal> {
        let (mut shops, mut theirs) = (Decimal::ZERO, Decimal::ZERO);
        for both in self.priced() {
            let of = |money: &Option<Priced>, code: &str| money.as_ref()?.of(code);
            if let (Some(shop), Some(their)) =
                (of(&both.shop_money, currency.code()), of(&both.presentment_money, paid_in))
            {
                shops = shops.checked_add(shop)?;
                theirs = theirs.checked_add(their)?;
            }
        }
        shops.checked_mul(decimal(amount)?)?.checked_div(theirs)
    }
}

impl Priced {
    /// Its amount without its sign, where it is in this currency.
    fn of(&self, code: &str) -> Option<Decimal> {
        let same = self.currency_code.as_deref().is_some_and(|known| known.eq_ignore_ascii_case(code));
        self.amount.as_ref().filter(|_| same).and_then(decimal).map(|amount| amount.abs())
    }
}

fn decimal(amount: &Amount) -> Option<Decimal> {
    Decimal::from_str_exact(amount.text().trim()).ok()
}
