//! The rules for what the ledger keeps.

use crate::customer::{Customer, Open};
use crate::learn::{later_version, recount, refund};
use crate::message::{Message, State};
use crate::money::Currency;
use crate::order::Order;
use crate::redeem::Coupon;

/// An order once both sides are known.
pub fn order(restored: &Order, old: &Order) -> Order {
    let mut next = restored.clone();
    if let Some(version) = &old.placed {
        later_version(&mut next.placed, version.clone());
    }
    if let Some(refunded) = old.refunded {
        refund(&mut next, refunded, None);
    }
    for (id, refunded) in &old.refund_parts {
        refund(&mut next, *refunded, Some(id));
    }
    next.cancelled = next.cancelled.max(old.cancelled);
    if next.customer.is_none() {
        next.customer = old.customer;
        next.previous.clone_from(&old.previous);
    }
    next
}

/// An order's customer once the order counts as it does after it was carried.
pub fn sums(customer: &Customer, before: &Order, after: &Order, currency: Currency) -> Customer {
    let mut next = customer.clone();
    let (before, after) = (before.counts(currency), after.counts(currency));
    if before.at != after.at
        && let Some(index) = next.orders.recent.iter().position(|at| Some(*at) == after.at)
    {
        // The moment was carried with the customer's record already.
        next.orders.recent.remove(index);
    }
    recount(&mut next, before, after);
    next
}

/// A message of the old ledger, by what its customer's old record says: `open` is what that has on its way, if anything.
///
/// Whoever ends a claim writes that on the message first. So one that is claimed is on its way, or nobody can know.
pub fn as_far_as_known(message: &Message, open: Option<&Open>) -> Message {
    let unsettled = matches!(message.state, State::Claimed | State::Sending);
    let on_its_way = open.is_some_and(|open| open.message == message.id);
    if unsettled && !on_its_way { Message { state: State::Unknown, ..message.clone() } } else { message.clone() }
}

/// A message once both sides are known.
pub fn message(restored: &Message, old: &Message) -> Message {
    let further = |message: &Message| (message.state.was_mailed(), message.claim, message.state);
    let (base, other) = if further(restored) < further(old) { (old, restored) } else { (restored, old) };
    let first = |one: Option<_>, other: Option<_>| match (one, other) {
        (Some(one), Some(other)) => Some(std::cmp::min(one, other)),
        (one, other) => one.or(other),
    };
    let next = Message {
        state: if other.state.was_mailed() { base.state.max(other.state) } else { base.state },
        claim: base.claim.max(other.claim),
        previous: base.previous.or(other.previous),
        redeemed_by: base.redeemed_by.clone().or_else(|| other.redeemed_by.clone()),
        opened: first(base.opened, other.opened),
        clicked: first(base.clicked, other.clicked),
        ..base.clone()
    };
    let scrubbed = |message: &Message| message.subject.is_empty() && message.why.is_empty();
    if scrubbed(base) || scrubbed(other) { next.scrubbed() } else { next }
}

/// A code once both sides are known. `mailed`: it stands in somebody's hands, so it is good.
pub fn coupon(restored: &Coupon, old: &Coupon, mailed: bool) -> Coupon {
    // What a code gives is what was mailed; a dead one that was made of nothing says nothing of it.
    let base = if restored.dead && !old.dead { old } else { restored };
    let mut next = base.clone();
    next.rev = restored.rev.max(old.rev);
    next.dead = (restored.dead || old.dead) && !mailed;
    next.uses = restored.uses.max(old.uses);
    next.redeemed.clone_from(&restored.redeemed);
    for theirs in &old.redeemed {
        let same = |own: &&mut crate::redeem::Redemption| {
            let forgotten = own.order_id.is_empty() || theirs.order_id.is_empty();
            if forgotten { (own.at, own.total) == (theirs.at, theirs.total) } else { own.order_id == theirs.order_id }
        };
        match next.redeemed.iter_mut().find(same) {
            // Whose order it was may be forgotten, and stays so.
            Some(own) if theirs.order_id.is_empty() => own.order_id.clear(),
            Some(_) => {}
            None => next.redeemed.push(theirs.clone()),
        }
    }
    next.reference = base.reference.clone().or_else(|| restored.reference.clone()).or_else(|| old.reference.clone());
    next.conflicts.clone_from(&restored.conflicts);
    for theirs in &old.conflicts {
        if !next.conflicts.contains(theirs) {
            next.conflicts.push(theirs.clone());
        }
    }
    next
}

/// Puts an order before all others of its customer, where nothing leads to it: an erasure must find it.
pub fn order_first(customer: &mut Customer, order: &mut Order, id: &str) {
    if !customer.ledger_orders.iter().any(|known| known == id) {
        order.previous = customer.ledger_orders.first().cloned();
        customer.ledger_orders =
            std::iter::once(id.to_owned()).chain(customer.ledger_orders.drain(..).skip(1)).collect();
    }
}

/// Puts a message before all others of its customer, where nothing leads to it.
pub fn letter_first(customer: &mut Customer, message: &mut Message) {
    if !customer.letters.contains(&message.id) {
        message.previous = customer.letters.first().copied();
        customer.letters = std::iter::once(message.id).chain(customer.letters.drain(..).skip(1)).collect();
    }
}
