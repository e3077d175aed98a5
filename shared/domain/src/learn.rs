//! `learn` folds one event into what we know. It cannot fail, and the order of events does not matter.

use jiff::{Timestamp, ToSpan};

use crate::consent::{Consent, Source, Word};
use crate::customer::{Customer, Said, Subscription};
use crate::event::{Event, PlacedOrder, Profile, What};
use crate::money::{Currency, Money};
use crate::order::{Counts, Order, Version};

/// How many moments of orders a customer keeps.
const RECENT: usize = 12;
/// So many refunds of one order are told apart.
const MOST_REFUNDS: usize = 100;
/// So many orders within 24 hours are a till's, not a person's.
const TILL_ORDERS: usize = 10;

/// Folds an event into a customer and, where it is about one, an order.
///
/// `order` is what the ledger holds for the event's order (the default, where it holds nothing). The customer's
/// `stop_rev` moves whenever anything was learned; `rev`, `due` and `plan` are the commit's business.
/// An event from before an erasure is dropped whole.
pub fn learn(mut customer: Customer, mut order: Order, event: &Event, currency: Currency) -> (Customer, Order) {
    if !event.what.is_learned() {
        return (customer, order);
    }
    let forgotten = customer.erased.max(customer.forgotten);
    // What becomes of an order is as old as the order.
    let happened = match &event.what {
        What::OrderRefunded { .. } | What::OrderCancelled { .. } => {
            order.placed.as_ref().map_or(event.at, Version::happened).min(event.at)
        }
        _ => event.happened(),
    };
    if forgotten.is_some_and(|until| happened <= until) {
        return (customer, order);
    }
    if customer.erased.is_some() && matches!(event.what, What::Unsubscribed | What::MarkedSpam | What::Bounced) {
        // What an old letter still brings is no return: the tombstone stays, and nobody's address comes back with it.
        return (no_from_beyond(customer, event), order);
    }
    let before = (customer.clone(), order.counts(currency));
    if event.what != What::Erased && customer.erased.is_some() {
        // They came back after all. The no of the erasure stays among the consents.
        customer.forgotten = customer.erased.take();
        customer.since = event.at;
    }
    customer.since = customer.since.min(event.at);
    if let Some(email) = &event.who.email
        && !matches!(event.what, What::EmailChanged { .. } | What::Bounced)
    {
        // An event that only names somebody says nothing of where to write: it yields to any that does.
        let says =
            matches!(event.what, What::OrderPlaced { .. } | What::CustomerUpdated { .. } | What::LeadCreated { .. });
        say(&mut customer.contact.email, email.clone(), if says { event.at } else { Timestamp::UNIX_EPOCH });
    }
    let counted = order.customer.is_none_or(|owner| owner == customer.id);
    match &event.what {
        What::OrderPlaced { order: placed, profile } => {
            if order.customer.is_none() {
                order.customer = Some(customer.id);
                order.previous = customer.ledger_orders.first().cloned();
                customer.ledger_orders = std::iter::once(placed.order_id.clone())
                    .chain(customer.ledger_orders.into_iter().skip(1))
                    .collect();
            }
            place(&mut order, placed, event.at);
            learn_profile(&mut customer, profile, event.at, Source::Order);
        }
        What::OrderRefunded { refunded, part, .. } => refund(&mut order, *refunded, part.as_deref()),
        What::OrderCancelled { .. } => order.cancelled = order.cancelled.max(Some(event.at)),
        What::CustomerUpdated { profile } => learn_profile(&mut customer, profile, event.at, Source::Account),
        What::LeadCreated { profile } => learn_profile(&mut customer, profile, event.at, Source::Form),
        What::EmailChanged { new_email } => say(&mut customer.contact.email, new_email.clone(), event.at),
        What::Unsubscribed => customer.consent.refuse(event.at, Source::Unsubscribed),
        What::MarkedSpam => customer.consent.refuse(event.at, Source::Spam),
        What::Bounced => {
            if let Some(address) = event.who.email.clone().or_else(|| customer.email().cloned()) {
                say(&mut customer.consent.bounced, address, event.at);
            }
        }
        What::Erased => return (erase(customer, event.at), order),
        What::Referred => {
            if !customer.referred.contains(&event.at) {
                customer.referred.push(event.at);
                customer.referred.sort_unstable_by(|a, b| b.cmp(a));
                customer.referred.truncate(RECENT);
            }
        }
        What::ActivityRecorded { .. } => latest(&mut customer.active_at, event.at),
        What::ComplaintOpened => latest(&mut customer.complaint.opened, event.at),
        What::ComplaintResolved => latest(&mut customer.complaint.resolved, event.at),
        What::OrderChanged { .. } | What::DataRequested | What::StoreLeft | What::StoreErased => {}
        What::SubscriptionStarted => subscribe(&mut customer, event.at, true, None),
        What::SubscriptionEnded { reason } => subscribe(&mut customer, event.at, false, reason.clone()),
    }
    if counted {
        recount(&mut customer, before.1, order.counts(currency));
    }
    if customer != before.0 {
        customer.stop_rev += 1;
    }
    (customer, order)
}

/// What an order adds to its customer's sums changed.
pub(crate) fn recount(customer: &mut Customer, old: Counts, new: Counts) {
    let orders = &mut customer.orders;
    orders.count = (orders.count + new.count).saturating_sub(old.count);
    orders.spent = orders.spent.saturating_add(new.spent).saturating_sub(old.spent);
    if old.at != new.at {
        if let Some(at) = old.at
            && let Some(index) = orders.recent.iter().position(|known| *known == at)
        {
            orders.recent.remove(index);
        }
        orders.recent.extend(new.at);
        orders.recent.sort_unstable_by(|a, b| b.cmp(a));
        customer.till |= is_till(&orders.recent);
        orders.recent.truncate(RECENT);
    }
}

/// Learns of an event whose order is counted in another record of the same person: everything but the sums.
pub fn witness(customer: Customer, event: &Event, currency: Currency) -> Customer {
    let (count, spent) = (customer.orders.count, customer.orders.spent);
    let heads = customer.ledger_orders.clone();
    let (mut customer, _) = learn(customer, Order::default(), event, currency);
    if event.what == What::Erased {
        return customer;
    }
    customer.orders.count = count;
    customer.orders.spent = spent;
    customer.ledger_orders = heads;
    customer
}

/// Takes over what a second record of the same person holds: sums, the stricter consent, the later of everything.
pub fn merge(mut winner: Customer, loser: Customer) -> Customer {
    let merged = loser.id;
    winner.since = winner.since.min(loser.since);
    later(&mut winner.contact.email, loser.contact.email);
    later(&mut winner.contact.name, loser.contact.name);
    later(&mut winner.contact.language, loser.contact.language);
    if let Some(word) = loser.consent.latest {
        winner.consent.hear(word);
    }
    winner.consent.keep_refusal(loser.consent.refused, loser.consent.refused_source);
    for (mine, theirs) in [
        (&mut winner.consent.opted_in, loser.consent.opted_in),
        (&mut winner.active_at, loser.active_at),
        (&mut winner.complaint.opened, loser.complaint.opened),
        (&mut winner.complaint.resolved, loser.complaint.resolved),
    ] {
        *mine = (*mine).max(theirs);
    }
    later(&mut winner.consent.bounced, loser.consent.bounced);
    winner.forgotten = winner.forgotten.max(loser.forgotten).max(loser.erased);
    if let Some(theirs) = loser.subscription {
        subscribe(&mut winner, theirs.at, theirs.runs, theirs.reason);
    }
    winner.orders.count += loser.orders.count;
    winner.orders.spent = winner.orders.spent.saturating_add(loser.orders.spent);
    newest(&mut winner.orders.recent, loser.orders.recent);
    newest(&mut winner.referred, loser.referred);
    newest(&mut winner.mailed, loser.mailed);
    winner.till |= loser.till;
    winner.letters.extend(loser.letters);
    winner.lapses.extend(loser.lapses);
    winner.ledger_orders.extend(loser.ledger_orders);
    for (program, theirs) in loser.journeys {
        match winner.journeys.get_mut(&program) {
            Some(mine) if mine.episode >= theirs.episode => mine.offers += theirs.offers,
            mine => {
                let before = mine.map_or(0, |mine| mine.offers);
                // Its follow-ups look for letters that were named after the record that is gone.
                let named_after = Some(theirs.named_after.unwrap_or(merged));
                let journey = crate::customer::Journey { offers: theirs.offers + before, named_after, ..theirs };
                winner.journeys.insert(program, journey);
            }
        }
    }
    // The ledger knows claims of both: numbers only rise.
    winner.rev = winner.rev.max(loser.rev);
    winner.stop_rev = winner.stop_rev.max(loser.stop_rev) + 1;
    winner
}

/// A no to an old letter of somebody who was forgotten since.
fn no_from_beyond(mut customer: Customer, event: &Event) -> Customer {
    let before = customer.clone();
    if event.what != What::Bounced {
        let source = if event.what == What::MarkedSpam { Source::Spam } else { Source::Unsubscribed };
        customer.consent.refuse(event.at, source);
    }
    if customer != before {
        customer.stop_rev += 1;
    }
    customer
}

fn place(order: &mut Order, placed: &PlacedOrder, at: Timestamp) {
    let new = Version { said_at: at, order: placed.clone() };
    later_version(&mut order.placed, new);
}

/// Keeps the version that was said later.
pub(crate) fn later_version(known: &mut Option<Version>, new: Version) {
    // Of two versions said in the same second any will do, as long as it is the same one every time.
    let rank = |v: &Version| (v.said_at, v.order.total.minor, v.order.placed_at, v.order.discount_codes.clone());
    match known {
        Some(known) if rank(known) >= rank(&new) => {}
        known => *known = Some(new),
    }
}

/// A refund: one of several, by its id, or all so far. Of two sums for the same the larger holds.
pub(crate) fn refund(order: &mut Order, refunded: Money, part: Option<&str>) {
    let larger = |known: Option<Money>| known.filter(|known| known.minor >= refunded.minor).unwrap_or(refunded);
    match part {
        Some(id) => {
            let part = larger(order.refund_parts.get(id).copied());
            order.refund_parts.insert(id.to_owned(), part);
            // An order with more refunds is no order any more; whichever come first, the same ones are kept.
            if order.refund_parts.len() > MOST_REFUNDS {
                order.refund_parts.pop_last();
            }
        }
        None => order.refunded = Some(larger(order.refunded)),
    }
}

fn learn_profile(customer: &mut Customer, profile: &Profile, at: Timestamp, source: Source) {
    if let Some(name) = &profile.name {
        say(&mut customer.contact.name, name.clone(), at);
    }
    if let Some(language) = &profile.language {
        say(&mut customer.contact.language, language.clone(), at);
    }
    if let Some(given) = profile.marketing_consent {
        customer.consent.hear(Word { is: given, at, source: Some(source) });
        // A box at a checkout is no word of its own.
        if given && source != Source::Order {
            latest(&mut customer.consent.opted_in, at);
        }
    }
}

pub(crate) fn subscribe(customer: &mut Customer, at: Timestamp, runs: bool, reason: Option<String>) {
    let rank = |s: &Subscription| (s.at, s.runs, s.reason.clone());
    let new = Subscription { at, runs, reason };
    if customer.subscription.as_ref().is_none_or(|known| rank(known) < rank(&new)) {
        customer.subscription = Some(new);
    }
}

/// Turns a customer into a dated tombstone, in place. What is on its way keeps its place until it is settled.
pub(crate) fn erase(customer: Customer, at: Timestamp) -> Customer {
    let mut consent = Consent::default();
    consent.refuse(at, Source::Erased);
    // A no said after the wish to be forgotten was put down is still a no.
    consent.keep_refusal(customer.consent.refused, customer.consent.refused_source);
    Customer {
        rev: customer.rev,
        stop_rev: customer.stop_rev + 1,
        due: customer.due,
        plan: customer.plan,
        open: customer.open,
        letters: customer.letters,
        ledger_orders: customer.ledger_orders,
        consent,
        erased: Some(at),
        ..Customer::new(customer.id, at)
    }
}

fn say<T: Clone + PartialEq + Into<String>>(known: &mut Option<Said<T>>, is: T, at: Timestamp) {
    let newer = known.as_ref().is_none_or(|said| {
        let rank = |value: &T| -> String { value.clone().into() };
        said.at < at || (said.at == at && rank(&said.is) < rank(&is))
    });
    if newer {
        *known = Some(Said { is, at });
    }
}

pub(crate) fn later<T>(mine: &mut Option<Said<T>>, theirs: Option<Said<T>>) {
    if let Some(theirs) = theirs
        && mine.as_ref().is_none_or(|mine| mine.at < theirs.at)
    {
        *mine = Some(theirs);
    }
}

fn latest(known: &mut Option<Timestamp>, at: Timestamp) {
    *known = (*known).max(Some(at));
}

pub(crate) fn newest(mine: &mut Vec<Timestamp>, theirs: Vec<Timestamp>) {
    mine.extend(theirs);
    mine.sort_unstable_by(|a, b| b.cmp(a));
    // A record that witnessed the other's order has its moment too.
    mine.dedup();
    mine.truncate(RECENT);
}

/// Whether a dozen moments and one more hold so many orders within 24 hours.
fn is_till(newest_first: &[Timestamp]) -> bool {
    newest_first
        .windows(TILL_ORDERS)
        .any(|orders| orders[0] < orders[TILL_ORDERS - 1].saturating_add(24.hours()).unwrap_or(Timestamp::MAX))
}

#[cfg(test)]
mod tests;
