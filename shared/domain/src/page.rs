//! The customer's own pages: their offer, and the one that ends mailing. What a page says is thought here from plain
//! facts; the templates beside this crate's sources only write it down. They work without scripts and load nothing.

#[cfg(test)]
mod tests;
mod words;

use std::sync::LazyLock;

use askama::Template;
use data_encoding::BASE64;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::customer::Customer;
use crate::http::{Answer, percent_encode};
use crate::ids::Code;
use crate::mail::link;
use crate::message::{Granted, Message, State};
use crate::redeem::Coupon;
use crate::shop::Shop;

/// The one style sheet, inside every page.
const STYLE: &str = include_str!("../templates/style.css");

/// Nothing is loaded and nothing runs; of styles only ours, known by its hash.
static CSP: LazyLock<String> = LazyLock::new(|| {
    let hash = BASE64.encode(&Sha256::digest(STYLE.as_bytes()));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; img-src data:; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'"
    )
});

/// What is known when somebody opens their offer page.
#[derive(Clone, Copy, Debug)]
pub struct Opened<'a> {
    /// Whose offer it is, if they are still known.
    pub customer: Option<&'a Customer>,
    /// The message that carried the link, if the ledger still has it.
    pub message: Option<&'a Message>,
    /// Its code as the ledger has it.
    pub coupon: Option<&'a Coupon>,
}

/// What an offer page has to say.
#[derive(Clone, Debug, PartialEq)]
pub enum OfferState<'a> {
    /// It holds.
    Good {
        /// What was granted.
        granted: &'a Granted,
        /// The code.
        code: &'a Code,
    },
    /// Its time is over.
    Expired {
        /// What was granted.
        granted: &'a Granted,
    },
    /// They used it.
    Redeemed {
        /// What was granted.
        granted: &'a Granted,
        /// When.
        at: Timestamp,
    },
    /// Called off, held out, forgotten: there is nothing to show and nothing to explain.
    Gone,
}

/// Decides what an offer page has to say.
///
/// The code decides, not how far the message came: what a message's state says may be behind what SES did, and a code in
/// somebody's hands is good until its deadline.
pub fn offer_state<'a>(opened: Opened<'a>, now: Timestamp) -> OfferState<'a> {
    let shown = || {
        opened.customer.filter(|customer| customer.erased.is_none())?;
        let message = opened.message.filter(|message| !matches!(message.state, State::Stopped | State::Held))?;
        let granted = message.offer.as_ref()?;
        let code = granted.code.as_ref()?;
        let coupon = opened.coupon.filter(|coupon| !coupon.dead)?;
        Some((granted, code, coupon))
    };
    let Some((granted, code, coupon)) = shown() else { return OfferState::Gone };
    match coupon.redeemed.last() {
        Some(last) if coupon.redeemed.len() >= coupon.uses as usize => OfferState::Redeemed { granted, at: last.at },
        _ if now > coupon.expires_at => OfferState::Expired { granted },
        _ => OfferState::Good { granted, code },
    }
}

/// How many pieces of a limited offer there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stock {
    /// In all.
    pub of: u32,
    /// Not taken yet, counted from the lots. The piece of whoever holds a code is taken already.
    pub left: u32,
}

/// The offer page.
///
/// `unsubscribe` is where its last line leads; an address relative to the page will do.
pub fn offer(
    state: &OfferState<'_>,
    customer: Option<&Customer>,
    shop: &Shop,
    stock: Option<Stock>,
    unsubscribe: &str,
    now: Timestamp,
) -> Answer {
    let frame = Frame::of(Some(shop), Some(unsubscribe));
    match state {
        OfferState::Good { granted, code } => {
            let code = code.as_str();
            let name = customer.and_then(|customer| customer.contact.name.as_ref());
            let page = GoodPage {
                frame,
                name: name.and_then(|said| words::first_name(&said.is)),
                headline: words::headline(&granted.gives, shop),
                day: words::day(granted.expires_at, shop),
                time: words::time(granted.expires_at, shop),
                machine_time: granted.expires_at.to_string(),
                days_left: words::days_left(now, granted.expires_at, shop),
                minimum: granted.minimum_order.map(|money| words::money(money, shop)),
                stock,
                code,
                open: shop.open_with_code.replace("{code}", &percent_encode(code)),
            };
            answer(200, &page)
        }
        OfferState::Expired { granted } => {
            let (day, time) = (words::day(granted.expires_at, shop), words::time(granted.expires_at, shop));
            let text = format!("{} was yours until {day}, {time}.", words::gives(&granted.gives, shop));
            answer(200, &NotePage { frame, title: "This offer has ended", text: &text })
        }
        OfferState::Redeemed { granted, at } => {
            let (what, day) = (words::gives(&granted.gives, shop), words::day(*at, shop));
            let text = format!("{what}, used on {day}. Thank you for coming back!");
            answer(200, &NotePage { frame, title: "You used this offer", text: &text })
        }
        OfferState::Gone => {
            let text = "There is nothing you need to do. If a newer mail brought you another offer, open the link in that one.";
            answer(200, &NotePage { frame, title: "This offer is no longer available", text })
        }
    }
}

/// The page behind the unsubscribe link: it asks, and says so where there is nothing left to ask.
pub fn unsubscribe(customer: Option<&Customer>, shop: &Shop) -> Answer {
    let nobody_to_mail = customer.is_none_or(|customer| customer.refused() || customer.erased.is_some());
    if nobody_to_mail { unsubscribed(shop) } else { answer(200, &AskPage { frame: Frame::of(Some(shop), None) }) }
}

/// The page after it: no more mail.
pub fn unsubscribed(shop: &Shop) -> Answer {
    let text =
        format!("{} will not send you offers like this any more. There is nothing else you need to do.", shop.name);
    answer(200, &NotePage { frame: Frame::of(Some(shop), None), title: "You are unsubscribed", text: &text })
}

/// The one page for every address that leads nowhere. It tells nobody which store or customer there is.
pub fn not_found() -> Answer {
    let text = "The link may have been cut off. Please open it again from the mail it came in.";
    answer(404, &NotePage { frame: Frame::of(None, None), title: "We could not find this page", text })
}

/// Something of ours does not answer right now.
pub fn try_again() -> Answer {
    let text = "Something on our side is not answering. Please try again in a minute.";
    let page = NotePage { frame: Frame::of(None, None), title: "Just a moment", text };
    answer(503, &page).with("retry-after", "60")
}

/// What surrounds every page.
struct Frame<'a> {
    style: &'static str,
    shop: Option<&'a str>,
    home: Option<String>,
    unsubscribe: Option<&'a str>,
}

impl<'a> Frame<'a> {
    fn of(shop: Option<&'a Shop>, unsubscribe: Option<&'a str>) -> Self {
        let home = shop.and_then(|shop| home(&shop.open_with_code));
        Self { style: STYLE, shop: shop.map(|shop| shop.name.as_str()), home, unsubscribe }
    }
}

/// The front page of the shop an address belongs to.
fn home(address: &str) -> Option<String> {
    // A host made from the code would be no front page.
    link::home(address).filter(|home| !home.contains('{'))
}

#[derive(Template)]
#[template(path = "offer.html")]
struct GoodPage<'a> {
    frame: Frame<'a>,
    name: Option<String>,
    headline: String,
    day: String,
    time: String,
    machine_time: String,
    days_left: String,
    minimum: Option<String>,
    stock: Option<Stock>,
    code: &'a str,
    open: String,
}

#[derive(Template)]
#[template(path = "note.html")]
struct NotePage<'a> {
    frame: Frame<'a>,
    title: &'a str,
    text: &'a str,
}

#[derive(Template)]
#[template(path = "unsubscribe.html")]
struct AskPage<'a> {
    frame: Frame<'a>,
}

fn answer(status: u16, page: &impl Template) -> Answer {
    let html = page.render().expect("our templates write into memory and call nothing that fails");
    Answer::page(status, &CSP, html)
}
