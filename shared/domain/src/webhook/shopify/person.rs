//! Customers, what they said about mail, and what they or their shop wish of their data.

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use crate::event::{Event, Profile, What, Who};
use crate::webhook::read::{Id, Reader, event, profile, who};
use crate::webhook::{Error, Heard, Ignored};

#[derive(Deserialize)]
pub(super) struct Customer {
    pub id: Option<Id>,
    pub email: Option<String>,
    pub first_name: Option<String>,
    last_name: Option<String>,
    default_address: Option<Address>,
    locale: Option<String>,
    created_at: Option<String>,
    updated_at: Option<String>,
    /// Before API 2025-01.
    email_marketing_consent: Option<Consent>,
}

#[derive(Deserialize)]
pub(super) struct Address {
    pub first_name: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct ConsentUpdate {
    customer_id: Option<Id>,
    email_address: Option<String>,
    email_marketing_consent: Option<Consent>,
}

#[derive(Deserialize)]
struct Consent {
    state: Option<String>,
    consent_updated_at: Option<String>,
}

/// A wish of a customer, as the compliance topics tell it. An order has a customer too, and an id of its own.
#[derive(Deserialize)]
pub(super) struct Wish {
    customer: Option<Named>,
    /// A guest's orders may be all that we know them by.
    orders_requested: Option<Vec<Id>>,
    orders_to_redact: Option<Vec<Id>>,
    data_request: Option<IgnoredAny>,
    id: Option<IgnoredAny>,
}

/// Each order is looked up when its event is recorded, and that has seconds.
const ORDERS_AT_ONCE: usize = 500;

#[derive(Deserialize)]
struct Named {
    id: Option<Id>,
    email: Option<String>,
}

/// A customer who is new or changed. Somebody whom Shopify has forgotten has neither address nor name: nothing is learned
/// of them, and nobody forgotten here comes back by it.
pub(super) fn customer(
    reader: &Reader<'_>,
    customer: Customer,
    triggered: Timestamp,
    what: impl Fn(Profile) -> What,
) -> Result<Heard, Error> {
    let who = who(customer.id.as_ref(), &[customer.email.as_deref()]);
    if who.is_nobody() {
        return Ok(reader.ignored(Ignored::Nobody));
    }
    let at = reader.moment(customer.updated_at.as_deref()).unwrap_or(triggered);
    let first = customer.default_address.as_ref().and_then(|address| address.first_name.as_deref());
    let names = [customer.first_name.as_deref(), first, customer.last_name.as_deref()];
    let profile = profile(&names, customer.locale.as_deref());
    let mut events = Vec::new();
    if who.email.is_some() || profile != Profile::default() {
        events.push(event(at, who.clone(), what(profile)));
    }
    if let Some(said) = customer.email_marketing_consent {
        // A yes without a time is no younger than the customer: whatever else changed today did not renew it.
        let since = reader.moment(customer.created_at.as_deref());
        events.extend(consent_event(reader, &said, who, Undated { yes: since, no: at }));
    }
    Ok(reader.heard(events))
}

/// A change of consent by itself.
pub(super) fn consent(reader: &Reader<'_>, update: &ConsentUpdate, triggered: Timestamp) -> Result<Heard, Error> {
    let who = who(update.customer_id.as_ref(), &[update.email_address.as_deref()]);
    if who.is_nobody() {
        return Ok(reader.ignored(Ignored::Nobody));
    }
    let undated = Undated { yes: Some(triggered), no: triggered };
    let said = update.email_marketing_consent.as_ref();
    let said = said.and_then(|said| consent_event(reader, said, who, undated));
    Ok(reader.heard(said.into_iter().collect()))
}

/// How old a word without a time of its own is taken to be.
struct Undated {
    yes: Option<Timestamp>,
    no: Timestamp,
}

/// What a state of consent says. The letter case differs between topics. `pending` is a double opt-in that nobody has
/// confirmed; of `not_subscribed` nobody said anything, so an earlier word stands, as it does beside a state that we do
/// not know.
fn consent_event(reader: &Reader<'_>, said: &Consent, who: Who, undated: Undated) -> Option<Event> {
    let dated = reader.moment(said.consent_updated_at.as_deref());
    let yes = Profile { marketing_consent: Some(true), ..Profile::default() };
    match said.state.as_deref()?.trim().to_ascii_lowercase().as_str() {
        "subscribed" => Some(event(dated.or(undated.yes)?, who, What::CustomerUpdated { profile: yes })),
        "unsubscribed" | "redacted" | "invalid" => Some(event(dated.unwrap_or(undated.no), who, What::Unsubscribed)),
        _ => None,
    }
}

/// A wish about somebody's data. It may hold only an address, or only an id.
pub(super) fn wish(reader: &Reader<'_>, wish: &Wish, at: Timestamp, what: What) -> Result<Heard, Error> {
    let Some(named) = &wish.customer else { return Err(reader.bad("customer is missing")) };
    if wish.id.is_some() || (what == What::Erased && wish.data_request.is_some()) {
        return Err(reader.bad("the body is of another topic"));
    }
    let who = who(named.id.as_ref(), &[named.email.as_deref()]);
    let orders = [&wish.orders_requested, &wish.orders_to_redact].into_iter().flatten().flatten();
    let orders: Vec<String> = orders.filter_map(Id::text).collect();
    if who.is_nobody() && orders.is_empty() {
        return Ok(reader.ignored(Ignored::Nobody));
    }
    // One file answers a request.
    let at_once = if what == What::Erased { ORDERS_AT_ONCE } else { orders.len().max(1) };
    let mut named =
        orders.chunks(at_once).map(|orders| Who { orders: orders.to_vec(), ..who.clone() }).collect::<Vec<_>>();
    if named.is_empty() {
        named.push(who);
    }
    Ok(reader.heard(named.into_iter().map(|who| event(at, who, what.clone())).collect()))
}

/// The wish that everybody be forgotten names the shop and nothing else.
pub(super) fn only_the_shop(reader: &Reader<'_>, body: &[u8]) -> Result<(), Error> {
    let members: Map<String, Value> = reader.shape(body)?;
    let names_more = members.keys().any(|name| !name.starts_with("shop"));
    if names_more { Err(reader.bad("the body is of another topic")) } else { Ok(()) }
}
