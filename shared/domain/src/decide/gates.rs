//! What a customer must be, and what holds a letter back.

use jiff::{Timestamp, ToSpan};

use crate::customer::Customer;
use crate::money::Money;
use crate::plan::Plan;
use crate::program::{ComplaintIs, Condition, Goal, Program, Since, Step, StepOffer};
use crate::shop::Share;
use crate::store::{State, Store, rank};
use crate::time::{day_of, days_later, local, start_of_day};
use crate::why::Reason;

/// A follow-up that finds the day's allowance given out looks again so soon.
const FULL_LOOK_MINUTES: i64 = 10;

/// What keeps somebody from all mail until an event changes it.
pub(super) fn never_mailed(customer: &Customer, store: &Store, plan: &Plan) -> Option<Reason> {
    let day = |at: Timestamp| day_of(at, &plan.shop.time_zone);
    if let Some(erased) = customer.erased {
        return Some(Reason::Erased { day: day(erased) });
    }
    if store.state == State::Importing {
        return Some(Reason::Importing);
    }
    if customer.till {
        return Some(Reason::Till);
    }
    if customer.email().is_none() {
        return Some(Reason::NoAddress);
    }
    if customer.refused() {
        return customer.consent.refused.map(|at| Reason::Refused { day: day(at) });
    }
    if customer.bounced() {
        return customer.consent.bounced.as_ref().map(|said| Reason::Bounced { day: day(said.at) });
    }
    match &customer.consent.latest {
        Some(said) if said.is => None,
        Some(said) => Some(Reason::Refused { day: day(said.at) }),
        None => Some(Reason::NoConsent),
    }
}

/// The moment the program's silence is counted from, which also names the episode: the program's own `since`, or the
/// goal reached after it. Nothing where there is no such moment.
pub(super) fn silent_since(customer: &Customer, program: &Program) -> Option<Timestamp> {
    let ordered = customer.orders.last();
    let there = ordered.max(customer.active_at);
    let since = match program.lapsed.since {
        Since::LastOrder => ordered,
        Since::LastActivity => there,
        Since::SubscriptionEnd => customer.subscription.as_ref().filter(|s| !s.runs).map(|s| s.at),
        Since::FirstHeard => ordered.is_none().then_some(customer.since),
    }?;
    let reached = match program.goal {
        Goal::Order => ordered,
        Goal::Activity => there,
        Goal::Subscription => ordered.max(customer.subscription.as_ref().filter(|s| s.runs).map(|s| s.at)),
    };
    Some(reached.map_or(since, |reached| reached.max(since)))
}

/// The fact the silence is counted from.
pub(super) fn silence(customer: &Customer, program: &Program, plan: &Plan) -> Reason {
    let day = |at: Option<Timestamp>| day_of(at.unwrap_or(customer.since), &plan.shop.time_zone);
    match program.lapsed.since {
        Since::LastOrder => {
            let spent = Money { minor: customer.orders.spent, currency: plan.shop.currency };
            let orders = customer.orders.count;
            Reason::LastOrder { day: day(customer.orders.last()), orders, spent: spent.to_string() }
        }
        Since::LastActivity => Reason::LastThere { day: day(customer.orders.last().max(customer.active_at)) },
        Since::SubscriptionEnd => Reason::SubscriptionEnded { day: day(customer.subscription.as_ref().map(|s| s.at)) },
        Since::FirstHeard => Reason::FirstHeard { day: day(None) },
    }
}

/// Whether the audience means a customer.
pub(super) fn is_meant(condition: &Condition, customer: &Customer) -> bool {
    let orders = &customer.orders;
    match condition {
        Condition::All(all) => all.iter().all(|one| is_meant(one, customer)),
        Condition::Any(any) => any.iter().any(|one| is_meant(one, customer)),
        Condition::Not(one) => !is_meant(one, customer),
        Condition::Orders(bound) => bound.holds(&orders.count),
        Condition::Spent(bound) => minor(*bound).holds(&orders.spent),
        Condition::AverageOrder(bound) => {
            orders.count > 0 && minor(*bound).holds(&(orders.spent / i64::from(orders.count)))
        }
        Condition::Complaint(is) => {
            let complaint = &customer.complaint;
            *is == match (complaint.opened, complaint.is_open()) {
                (None, _) => ComplaintIs::None,
                (Some(_), true) => ComplaintIs::Open,
                (Some(_), false) => ComplaintIs::Resolved,
            }
        }
        Condition::Language(language) => customer.contact.language.as_ref().is_some_and(|said| said.is == *language),
        Condition::Referred(bound) => bound.holds(&u32::try_from(customer.referred.len()).unwrap_or(u32::MAX)),
        Condition::Reason(reason) => {
            let ended = customer.subscription.as_ref().filter(|s| !s.runs);
            ended.and_then(|s| s.reason.as_ref()) == Some(reason)
        }
    }
}

/// Sums are kept in the shop's currency, and the file's reader takes bounds in no other.
fn minor(bound: crate::program::Bound<Money>) -> crate::program::Bound<i64> {
    use crate::program::Bound::{AtLeast, AtMost};
    match bound {
        AtLeast(money) => AtLeast(money.minor),
        AtMost(money) => AtMost(money.minor),
    }
}

/// The larger of the shop's holdout and the program's own.
pub(super) fn holdout(plan: &Plan, program: &Program) -> Share {
    program.holdout.map_or(plan.shop.holdout, |own| own.max(plan.shop.holdout))
}

/// Until when limits hold a letter back, and which one holds it longest. Held-out customers use nothing up, so that
/// no budget holds them back.
pub(super) fn held_back(
    customer: &Customer,
    store: &Store,
    plan: &Plan,
    step: &Step,
    now: Timestamp,
) -> Option<(Timestamp, Reason)> {
    let zone = &plan.shop.time_zone;
    let today = day_of(now, zone);
    let mut reasons = Vec::new();
    if let Some(cap) = plan.shop.limits.per_customer
        && let Some(oldest) = customer.mailed.get(cap.mails as usize - 1)
    {
        let until = days_later(*oldest, cap.days, zone);
        let told = local(until, zone);
        reasons.push((until, Reason::FrequencyCap { mails: cap.mails, days: cap.days, until: told }));
    }
    if matches!(step.offer, StepOffer::Own(_)) && store.discounts_spent(&plan.shop) {
        let until = today.first_of_month().saturating_add(1.month());
        reasons.push((start_of_day(until, zone), Reason::DiscountsSpent { until }));
    }
    // A follow-up was promised by its letter: it has no rank, and its part of the day's allowance is kept for it.
    let follow_up = matches!(step.offer, StepOffer::Inherited);
    let left = if follow_up {
        store.left_today(&plan.shop, today)
    } else {
        let first = store.first_day(rank(customer), today);
        if first > today {
            reasons.push((start_of_day(first, zone), Reason::OthersFirst { until: first }));
        }
        store.letters_left_today(&plan.shop, today)
    };
    if left == Some(0) {
        // Full may mean reserved: what others do not use of it comes back soon, and a follow-up may have no tomorrow.
        let until = if follow_up {
            now.saturating_add(FULL_LOOK_MINUTES.minutes()).unwrap_or(Timestamp::MAX)
        } else {
            start_of_day(today.saturating_add(1.day()), zone)
        };
        let allowance = store.allowance(&plan.shop, today).unwrap_or(0);
        reasons.push((until, Reason::DayFull { allowance, until: local(until, zone) }));
    }
    reasons.into_iter().filter(|(until, _)| *until > now).max_by_key(|(until, _)| *until)
}
