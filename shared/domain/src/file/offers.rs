//! The offers of a program: from what is written to [`Offer`], named or in place.

use super::field::Text;
use super::phrase::Phrase;
use super::problem::Problems;
use super::raw::OfferFile;
use super::shop::{Facts, same_currency};
use super::words::{count, shown};
use crate::offer::{Gives, Offer};
use crate::shop::Kind;

/// The most characters in the name of an offer.
const LONGEST_NAME: usize = 60;

/// Checks one offer. There is none if a problem stands in its way.
pub(super) fn build(raw: &OfferFile, facts: &Facts, problems: &mut Problems) -> Option<Offer> {
    if let Some(gives) = raw.gives.get()
        && let Gives::AmountOff(money) | Gives::Credit(money) = gives.value
    {
        same_currency(gives, money, facts, problems);
    }
    let minimum_order = raw.minimum_order.get();
    if let Some(least) = minimum_order {
        same_currency(least, least.value, facts, problems);
    }
    let valid = raw.valid.get();
    if let (Some(valid), Some(kind)) = (valid, facts.kind) {
        fits_the_trade(valid, valid.value.0, kind, problems);
    }
    Some(Offer {
        gives: raw.gives.get()?.value.clone(),
        minimum_order: minimum_order.map(|least| least.value),
        valid_days: valid?.value.0,
        uses: raw.uses.get().map_or(1, |uses| uses.value),
        stock: raw.stock.get().map(|stock| stock.value),
    })
}

/// Deadlines that work, by the trade: a rule of experience, so a warning.
fn fits_the_trade<T>(phrase: &Phrase<T>, days: u32, kind: Kind, problems: &mut Problems) {
    let (trade, fits) = match kind {
        Kind::Online => ("an online shop", 2..=3),
        Kind::Outlet => ("an outlet", 2..=5),
        Kind::Expensive => ("expensive goods", 5..=15),
    };
    if !fits.contains(&days) {
        let message = format!("{} is unusual for {trade}", count(days, "day"));
        let (least, most) = (fits.start(), fits.end());
        problems.warning(phrase.span.clone(), message).help(format!("{least} to {most} days work best there"));
    }
}

/// Whether the name of an offer can be shown in reports and outputs.
pub(super) fn check_name(name: &Text, problems: &mut Problems) {
    let length = name.value.chars().count();
    if length == 0 || length > LONGEST_NAME || name.value.contains(char::is_control) {
        problems
            .error(name.span.clone(), format!("`{}` is no name for an offer", shown(&name.value)))
            .help(format!("one line of 1 to {LONGEST_NAME} characters, such as ten-euro"));
    }
}
