//! What one letter is filled in with: plain data, put together by whoever sends.

use jiff::Timestamp;

use crate::customer::Customer;
use crate::money::Money;
use crate::offer::Gives;
use crate::shop::{Language, Shop};
use crate::time::days_between;

/// Everything a letter may say about one customer at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// As the customer typed it: untrusted, cleaned here.
    pub name: Option<String>,
    /// What they read. Where the mail does not exist in it, the shop's first language is taken.
    pub language: Language,
    /// Orders that stand.
    pub orders: u32,
    /// What they paid in the shop's currency, where we know it.
    pub spent: Option<Money>,
    /// When they last ordered; nothing for people who never did.
    pub last_order: Option<Timestamp>,
    /// Whole days of silence in the shop's zone.
    pub silent_days: u32,
    /// The offer of this step, its own or inherited; nothing for news.
    pub offer: Option<OfferFacts>,
    /// Where the letter leads.
    pub links: Links,
    /// The moment the letter is written at.
    pub now: Timestamp,
}

impl Facts {
    /// What a shop knows of a customer now, with the offer and the links of one letter.
    pub fn of(customer: &Customer, shop: &Shop, offer: Option<OfferFacts>, links: Links, now: Timestamp) -> Self {
        let (contact, last_order) = (&customer.contact, customer.orders.last());
        Self {
            name: contact.name.as_ref().map(|said| said.is.clone()),
            language: contact.language.as_ref().map_or_else(|| shop.languages[0].clone(), |said| said.is.clone()),
            orders: customer.orders.count,
            spent: Some(Money { minor: customer.orders.spent, currency: shop.currency }),
            last_order,
            silent_days: days_between(last_order.unwrap_or(customer.since), now, &shop.time_zone),
            offer,
            links,
            now,
        }
    }
}

/// One offer as it was made to this customer: the code is already good when the letter is rendered.
#[derive(Clone, Debug, PartialEq)]
pub struct OfferFacts {
    /// What they get.
    pub gives: Gives,
    /// What they type, or what is applied for them.
    pub code: String,
    /// The one deadline: the last second at which the code holds.
    pub expires_at: Timestamp,
    /// The least an order must come to.
    pub minimum_order: Option<Money>,
    /// How many are left of a limited offer, counted truly; nothing when it is not limited.
    pub left: Option<u32>,
    /// The shop's own address with the code in it (`open_with_code`).
    pub open_url: String,
}

/// Where a letter leads, all absolute addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Links {
    /// The customer's own offer page; nothing for news.
    pub offer: Option<String>,
    /// The page (and one-click address) to be left alone at.
    pub unsubscribe: String,
}
