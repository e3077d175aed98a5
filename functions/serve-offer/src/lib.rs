//! The customer's own pages: the offer, and the end of mailing. A GET shows and never acts: scanners follow every link.

use aws_lambda_events::lambda_function_urls::{LambdaFunctionUrlRequest, LambdaFunctionUrlResponse};
use jiff::Timestamp;
use winback_cloud::door;
use winback_cloud::record::Whom;
use winback_cloud::standing::Standing;
use winback_cloud::start::Invocation;
use winback_cloud::tables::stock::{LOT, Lot};
use winback_cloud::{Cloud, Error};
use winback_domain::event::{Event, What, Who};
use winback_domain::http::{Answer, Problem, segments};
use winback_domain::ids::StoreId;
use winback_domain::keys::{Link, LinkKeys, Purpose};
use winback_domain::message::{Granted, Message};
use winback_domain::page::{self, OfferState, Opened, Stock};
use winback_domain::plan::Plan;

/// So many lots are read to count what is left of an offer; of more pieces nothing is said.
const MOST_LOTS: u32 = 40;

/// Serves `GET /o/{store}/{token}`, `GET /u/{store}/{token}` and `POST /u/{store}/{token}`. Customers and their mail
/// readers get a page for an answer also when something of ours fails.
pub async fn handle(
    cloud: &Cloud,
    event: LambdaFunctionUrlRequest,
    _invocation: Invocation,
) -> Result<LambdaFunctionUrlResponse, Error> {
    if let Some(closed) = door::closed(cloud, &event).await {
        return Ok(door::response(closed));
    }
    let method = door::method(&event);
    let answer = match wanted(method, door::path(&event)) {
        Ok(wanted) => serve(cloud, &wanted).await.unwrap_or_else(|error| {
            tracing::error!(store = %wanted.store, %error, "page not served");
            page::try_again()
        }),
        Err(answer) => answer,
    };
    Ok(door::response(if method == "HEAD" { answer.without_body() } else { answer }))
}

/// What a request wants. The token is not looked at yet.
#[derive(Debug, PartialEq, Eq)]
struct Wanted<'a> {
    what: Page,
    store: StoreId,
    token: &'a str,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Page {
    /// The offer.
    Offer,
    /// The question whether to end mailing.
    Ask,
    /// The end of mailing: from the page's button, or from a mail reader's own (RFC 8058).
    Unsubscribe,
}

impl Page {
    fn purpose(self) -> Purpose {
        match self {
            Self::Offer => Purpose::Offer,
            Self::Ask | Self::Unsubscribe => Purpose::Unsubscribe,
        }
    }
}

/// Reads method and path. What the form of a POST says is not read: the address alone is the customer's word.
fn wanted<'a>(method: &str, path: &'a str) -> Result<Wanted<'a>, Answer> {
    let [kind, store, token] = segments(path)[..] else { return Err(page::not_found()) };
    let Ok(store) = StoreId::try_from(store.to_owned()) else { return Err(page::not_found()) };
    let what = match (kind, method) {
        ("o", "GET" | "HEAD") => Page::Offer,
        ("u", "GET" | "HEAD") => Page::Ask,
        ("u", "POST") => Page::Unsubscribe,
        ("o", _) => return Err(Problem::method_not_allowed("GET, HEAD")),
        ("u", _) => return Err(Problem::method_not_allowed("GET, HEAD, POST")),
        _ => return Err(page::not_found()),
    };
    Ok(Wanted { what, store, token })
}

async fn serve(cloud: &Cloud, wanted: &Wanted<'_>) -> Result<Answer, Error> {
    let now = cloud.clock.now();
    let keys = cloud.secrets.links(now).await?;
    let store = &wanted.store;
    let Some(link) = keys.verify(wanted.what.purpose(), store, wanted.token) else { return Ok(page::not_found()) };
    let standing = match cloud.standing(store).await {
        Ok(standing) => standing,
        Err(Error::UnknownStore(_)) => return Ok(page::not_found()),
        Err(error) => return Err(error),
    };
    let shop = &standing.plan.shop;
    match wanted.what {
        Page::Offer => offer(cloud, &standing, &keys, link, now).await,
        Page::Ask => {
            let customer = cloud.tables.customer(store, link.customer).await?;
            Ok(page::unsubscribe(customer.as_ref(), shop))
        }
        Page::Unsubscribe => {
            let event = Event { at: now, who: Who::default(), what: What::Unsubscribed };
            cloud.record(store, &Whom::Known(link.customer), &event).await?;
            tracing::info!(%store, customer = %link.customer, message_id = %link.message, "unsubscribed");
            Ok(page::unsubscribed(shop))
        }
    }
}

async fn offer(
    cloud: &Cloud,
    standing: &Standing,
    keys: &LinkKeys,
    link: Link,
    now: Timestamp,
) -> Result<Answer, Error> {
    let (store, shop) = (&standing.store.id, &standing.plan.shop);
    let customer = cloud.tables.customer(store, link.customer).await?;
    let message = cloud.tables.message(store, link.message).await?;
    let code = message.as_ref().and_then(|message| message.offer.as_ref()?.code.as_ref());
    let coupon = match code {
        Some(code) => cloud.tables.coupon(store, code).await?,
        None => None,
    };
    let opened = Opened { customer: customer.as_ref(), message: message.as_ref(), coupon: coupon.as_ref() };
    let state = page::offer_state(opened, now);
    let stock = match (&state, &message) {
        (OfferState::Good { granted, .. }, Some(message)) => stock(cloud, standing, message, granted).await?,
        _ => None,
    };
    let unsubscribe = unsubscribe_address(store, &keys.sign(Purpose::Unsubscribe, store, link));
    Ok(page::offer(&state, customer.as_ref(), shop, stock, &unsubscribe, now))
}

/// Where the last line of the offer page leads, told from that page: so it holds under any link domain.
fn unsubscribe_address(store: &StoreId, token: &str) -> String {
    format!("../../u/{store}/{token}")
}

/// How many pieces there are of an offer, where the plan limits it and they can be counted in a moment.
fn limited(plan: &Plan, message: &Message, granted: &Granted) -> Option<u32> {
    let program = plan.program(&message.program)?;
    let stock = program.offers.get(&granted.name)?.stock?;
    (stock.div_ceil(LOT) <= MOST_LOTS).then_some(stock)
}

async fn stock(
    cloud: &Cloud,
    standing: &Standing,
    message: &Message,
    granted: &Granted,
) -> Result<Option<Stock>, Error> {
    let Some(of) = limited(&standing.plan, message, granted) else { return Ok(None) };
    let mut left = 0;
    for lot in Lot::all(&standing.store.id, &message.program, &granted.name, of) {
        left += cloud.tables.shelf(&lot).await?.left();
    }
    Ok(Some(Stock { of, left }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_get_asks_and_only_a_post_acts() {
        let what = |method, path| wanted(method, path).map(|wanted| wanted.what).map_err(|answer| answer.status);
        assert_eq!(what("GET", "/o/books/abc"), Ok(Page::Offer));
        assert_eq!(what("HEAD", "/o/books/abc"), Ok(Page::Offer));
        assert_eq!(what("GET", "/u/books/abc"), Ok(Page::Ask));
        assert_eq!(what("HEAD", "/u/books/abc"), Ok(Page::Ask));
        assert_eq!(what("POST", "/u/books/abc"), Ok(Page::Unsubscribe));
        assert_eq!(what("POST", "/o/books/abc"), Err(405));
        assert_eq!(what("DELETE", "/u/books/abc"), Err(405));
        let allowed = wanted("PUT", "/u/books/abc").unwrap_err();
        assert_eq!(allowed.header("allow"), Some("GET, HEAD, POST"));
    }

    #[test]
    fn addresses_that_lead_nowhere_all_look_the_same() {
        for path in ["", "/", "/o", "/o/books", "/o/Books/abc", "/x/books/abc", "/o/books/abc/d", "/favicon.ico"] {
            for method in ["GET", "POST"] {
                assert_eq!(wanted(method, path), Err(page::not_found()), "{method} {path}");
            }
        }
    }

    #[test]
    fn a_link_for_one_thing_opens_no_other() {
        assert_eq!(Page::Offer.purpose(), Purpose::Offer);
        assert_eq!(Page::Ask.purpose(), Purpose::Unsubscribe);
        assert_eq!(Page::Unsubscribe.purpose(), Purpose::Unsubscribe);
    }

    #[test]
    fn the_last_line_of_the_offer_page_leads_to_the_other_page() {
        let store = StoreId::try_from("books".to_owned()).unwrap();
        // Told from /o/books/<token>, two folders up are the root of the link domain.
        assert_eq!(unsubscribe_address(&store, "abc"), "../../u/books/abc");
    }
}
