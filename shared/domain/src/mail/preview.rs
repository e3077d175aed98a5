//! A letter as somebody would get it now, shown and never sent.

use jiff::Timestamp;

use super::{Error, Facts, Links, Mail, OfferFacts, Prepared, check};
use crate::customer::Customer;
use crate::offer::deadline;
use crate::plan::Plan;
use crate::time::day_of;

/// The code of every preview: no key was asked for it, and no till takes it.
const CODE: &str = "SAMP-LE00";

/// Fills a letter in for a customer as its first use in the plan would, with a sample's code and a deadline as if it left
/// today. `links` lead nowhere.
pub fn preview(
    plan: &Plan,
    letters: &Prepared,
    mail: &str,
    customer: &Customer,
    links: Links,
    now: Timestamp,
) -> Result<Mail, Error> {
    let shop = &plan.shop;
    let used = plan.programs.iter().find_map(|program| check::uses(program, mail).into_iter().next());
    let offer = used.and_then(|used| used.offer).map(|offer| OfferFacts {
        expires_at: deadline(day_of(now, &shop.time_zone), offer.valid_days, &shop.time_zone),
        gives: offer.gives,
        code: CODE.to_owned(),
        minimum_order: offer.minimum_order,
        left: None,
        open_url: shop.open_with_code.replace("{code}", CODE),
    });
    let links = Links { offer: links.offer.filter(|_| offer.is_some()), ..links };
    letters.render(mail, shop, &Facts::of(customer, shop, offer, links, now))
}
