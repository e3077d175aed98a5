//! The rule for a customer, register by register.

use std::collections::BTreeMap;

use jiff::{Timestamp, ToSpan};

use crate::consent::Consent;
use crate::customer::{Brief, Complaint, Contact, Customer, End, Journey, Open, OpenState, Said};
use crate::decide::LEASE_SECONDS;
use crate::ids::MessageId;
use crate::learn::{erase, later, newest, subscribe};
use crate::message::{Message, State};
use crate::protocol::{Ended, mailed, note, note_open};

/// How many lapsed claims are kept.
const LAPSES: usize = 8;
/// How many moments of orders are kept.
const RECENT: usize = 12;

/// What is known of a customer once both records are: the restored one, and the one of before.
///
/// The old one may lie under another key: a record that was merged on one side only. `now` is when a claim that nobody can
/// tell the end of is taken for a mail.
pub fn customer(restored: &Customer, old: &Customer, now: Timestamp) -> Customer {
    // Whoever has not heard of a wish to be forgotten hears of it first.
    let wished = wish(restored).max(wish(old));
    let (mine, theirs) = (heard(restored, wished), heard(old, wished));
    let mut next = if mine.erased.is_some() && theirs.erased.is_none() {
        // They were forgotten, and came back in the old record: what it says of them is all there is.
        Customer { id: restored.id, contact: theirs.contact.clone(), since: theirs.since, ..mine.clone() }
    } else {
        mine.clone()
    };
    next.erased = mine.erased.and(theirs.erased).and(wished);
    next.forgotten = wished.filter(|_| next.erased.is_none());
    next.rev = mine.rev.max(theirs.rev);
    next.stop_rev = mine.stop_rev.max(theirs.stop_rev);
    if mine.erased.is_none() && theirs.erased.is_none() {
        next.since = mine.since.min(theirs.since);
    }
    next.contact = contact(&next.contact, &mine, &theirs);
    next.consent = consent(&mine, &theirs);
    let (opened, resolved) = no_and_yes(
        (mine.complaint.opened, mine.complaint.resolved),
        (theirs.complaint.opened, theirs.complaint.resolved),
        mine.complaint.is_open(),
    );
    next.complaint = Complaint { opened, resolved };
    next.active_at = mine.active_at.max(theirs.active_at);
    if let Some(said) = &theirs.subscription {
        subscribe(&mut next, said.at, said.runs, said.reason.clone());
    }
    newest(&mut next.referred, theirs.referred.clone());
    newest(&mut next.mailed, theirs.mailed.clone());
    next.till |= theirs.till;
    next.orders.recent = each_as_often(&mine.orders.recent, &theirs.orders.recent);
    next.journeys = journeys(&mine, &theirs);
    next.open = open(&mine, &theirs, &mut next, now);
    // The old record's ends lie further on: a chain goes back from them.
    next.letters = union(&theirs.letters, &mine.letters);
    next.ledger_orders = union(&theirs.ledger_orders, &mine.ledger_orders);
    let lapsed = |message: MessageId| mine.lapses.iter().any(|lapse| lapse.message == message);
    next.lapses.extend(theirs.lapses.iter().filter(|lapse| !lapsed(lapse.message)).cloned());
    let on_its_way = next.open.as_ref().map(|open| open.message);
    next.lapses.retain(|lapse| Some(lapse.message) != on_its_way);
    next.lapses.truncate(LAPSES);
    if next.erased.is_some() {
        // A tombstone keeps what keeps them from being mailed, what is on its way, and where the ledger begins.
        next = Customer { consent: next.consent.clone(), ..erase(next.clone(), next.erased.unwrap_or(now)) };
        next.stop_rev = mine.stop_rev.max(theirs.stop_rev);
    }
    next
}

/// Two records of the restored side that the old one knows as one person: the sums of both, and the rest as above.
pub fn merged(winner: &Customer, loser: &Customer, now: Timestamp) -> Customer {
    let theirs = heard(loser, wish(winner).max(wish(loser)));
    let mut next = customer(winner, loser, now);
    next.letters = union(&winner.letters, &theirs.letters);
    next.ledger_orders = union(&winner.ledger_orders, &theirs.ledger_orders);
    if next.erased.is_none() {
        // Both are of the restored side: where to write, and the word that nobody contradicts, are believed of either.
        if !next.bounced() {
            later(&mut next.contact.email, theirs.contact.email.clone());
        }
        later(&mut next.contact.name, theirs.contact.name.clone());
        later(&mut next.contact.language, theirs.contact.language.clone());
        next.consent.latest = next.consent.latest.take().or_else(|| theirs.consent.latest.clone());
        next.orders.count += theirs.orders.count;
        next.orders.spent = next.orders.spent.saturating_add(theirs.orders.spent);
    }
    next
}

/// The customer with what a message of theirs in the ledger proves: mailed, or held out, under a claim of that number.
pub fn remember(customer: &Customer, message: &Message) -> Customer {
    let mut next = customer.clone();
    next.rev = next.rev.max(message.claim);
    let end = match message.state {
        State::Held => End::Held,
        State::Unknown => End::Unknown,
        state if state.was_mailed() => End::Sent,
        _ => return next,
    };
    if customer.forgets(message.episode) {
        return next;
    }
    let (round, step, day) = (message.round, message.step, message.day);
    let of = |name| MessageId::of(name, &message.program, message.episode, round, step);
    let named_after = (of(customer.id) != message.id).then_some(message.customer);
    let deadline = message.offer.as_ref().map(|granted| granted.expires_at);
    // A follow-up repeats the offer of its letter: of one round and one deadline there is one.
    let journey = customer.journeys.get(&message.program).filter(|journey| journey.episode == message.episode);
    let same = |brief: &Brief| (brief.round, brief.deadline) == (round, deadline);
    let repeats = journey.is_some_and(|journey| journey.briefs.iter().any(same));
    let granted = deadline.is_some() && !repeats;
    let held = end == End::Held;
    let ended = Ended { program: &message.program, episode: message.episode, held, named_after };
    let brief = Brief { round, step, end, day, deadline };
    note(&mut next, ended, granted, brief);
    let until = message.at.saturating_add(LEASE_SECONDS.seconds()).unwrap_or(message.at);
    if !held && !next.mailed.iter().any(|at| message.at <= *at && *at <= until) {
        mailed(&mut next, message.at);
    }
    next
}

/// The customer once a claim that may have been carried on where nobody can read it is past its fence, as far as anybody
/// can know: the lease settles it as what its message says, else as `unknown`.
pub fn in_doubt(customer: &Customer, now: Timestamp) -> Customer {
    let mut next = customer.clone();
    next.open = next.open.map(|open| doubted(open, now));
    next
}

fn doubted(open: Open, now: Timestamp) -> Open {
    match open.state {
        OpenState::Claimed => Open { state: OpenState::Sending, fenced: Some(now), owner: None, ..open },
        // One that is being called off cannot pass the fence any more.
        _ => open,
    }
}

/// The latest wish to be forgotten that a record knows of.
fn wish(customer: &Customer) -> Option<Timestamp> {
    customer.erased.max(customer.forgotten)
}

/// A record that has heard of a wish to be forgotten.
fn heard(customer: &Customer, wished: Option<Timestamp>) -> Customer {
    match wished {
        Some(at) if wish(customer) < wished => Customer { stop_rev: customer.stop_rev, ..erase(customer.clone(), at) },
        _ => customer.clone(),
    }
}

/// A no and the yes that lifts it: the later no of either; of the old side's yes only what finds no no standing.
fn no_and_yes<T: Ord + Copy>(mine: (T, T), theirs: (T, T), no_stands: bool) -> (T, T) {
    (mine.0.max(theirs.0), if no_stands { mine.1 } else { mine.1.max(theirs.1) })
}

fn consent(mine: &Customer, theirs: &Customer) -> Consent {
    let (own, old) = (&mine.consent, &theirs.consent);
    let (refused, opted_in) = no_and_yes((own.refused, own.opted_in), (old.refused, old.opted_in), mine.refused());
    let latest = match (&own.latest, &old.latest) {
        (Some(own), Some(old)) if !old.is && own.is && own.at > old.at => Some(own.clone()),
        (Some(own), Some(old)) if own.is == old.is && own.at < old.at => Some(old.clone()),
        (_, Some(old)) if !old.is => match &own.latest {
            Some(own) if !own.is => Some(own.clone()),
            _ => Some(old.clone()),
        },
        (own, _) => own.clone(),
    };
    let bounced = if mine.bounced() {
        own.bounced.clone()
    } else if theirs.bounced() {
        old.bounced.clone()
    } else {
        let mut known = own.bounced.clone();
        later(&mut known, old.bounced.clone());
        known
    };
    let refused_source = if refused == own.refused { own.refused_source } else { old.refused_source };
    Consent { latest, opted_in, refused, refused_source, bounced }
}

fn contact(known: &Contact, mine: &Customer, theirs: &Customer) -> Contact {
    let mut next = known.clone();
    if theirs.bounced() && !mine.bounced() {
        next.email.clone_from(&theirs.contact.email);
    }
    let or = |known: &mut Option<Said<_>>, theirs: &Option<Said<_>>| {
        if known.is_none() {
            known.clone_from(theirs);
        }
    };
    if mine.erased.is_none() {
        or(&mut next.name, &theirs.contact.name);
        if next.language.is_none() {
            next.language.clone_from(&theirs.contact.language);
        }
    }
    next
}

/// Every moment as often as the side has it that has it more often: two orders of one second are two.
fn each_as_often(mine: &[Timestamp], theirs: &[Timestamp]) -> Vec<Timestamp> {
    let mut often: BTreeMap<Timestamp, usize> = BTreeMap::new();
    for side in [mine, theirs] {
        for at in side {
            let times = side.iter().filter(|other| *other == at).count();
            let known = often.entry(*at).or_default();
            *known = (*known).max(times);
        }
    }
    let all = often.into_iter().rev().flat_map(|(at, times)| std::iter::repeat_n(at, times));
    all.take(RECENT).collect()
}

fn union<T: Clone + PartialEq>(first: &[T], then: &[T]) -> Vec<T> {
    let more = then.iter().filter(|one| !first.contains(one));
    first.iter().chain(more).cloned().collect()
}

fn journeys(mine: &Customer, theirs: &Customer) -> BTreeMap<String, Journey> {
    let mut all = mine.journeys.clone();
    for (program, old) in &theirs.journeys {
        let named = || old.named_after.or((theirs.id != mine.id).then_some(theirs.id));
        let Some(known) = all.get_mut(program) else {
            all.insert(program.clone(), Journey { named_after: named(), ..old.clone() });
            continue;
        };
        let offers = known.offers.max(old.offers);
        if known.episode < old.episode {
            *known = Journey { named_after: named(), ..old.clone() };
        } else if known.episode == old.episode {
            known.held |= old.held;
            for brief in &old.briefs {
                match known.briefs.iter_mut().find(|own| (own.round, own.step) == (brief.round, brief.step)) {
                    Some(own) if told(own.end) < told(brief.end) => *own = brief.clone(),
                    Some(_) => {}
                    None => known.briefs.push(brief.clone()),
                }
            }
            known.briefs.sort_by_key(|brief| (brief.day, brief.round, brief.step));
        }
        known.offers = offers;
    }
    all
}

/// Of two ends of one step the one that says more of what their reader may have seen.
fn told(end: End) -> u8 {
    match end {
        End::Stopped => 0,
        End::Held => 1,
        End::Unknown => 2,
        End::Sent => 3,
    }
}

/// The message on its way, if there is still one.
fn open(mine: &Customer, theirs: &Customer, next: &mut Customer, now: Timestamp) -> Option<Open> {
    let (own, old) = (mine.open.clone(), theirs.open.clone());
    match (own, old) {
        (Some(own), Some(old)) if own.message == old.message => {
            let further = |open: &Open| (open.claim, open.state == OpenState::Sending);
            Some(if further(&own) < further(&old) { old } else { own })
        }
        (own, old) => {
            let put_back = |open: &Open| {
                theirs.rev > open.claim && theirs.lapses.iter().any(|lapse| lapse.message == open.message)
            };
            let own = own.filter(|open| !put_back(open) && !is_over(theirs, open)).map(|open| doubted(open, now));
            let old = old.filter(|open| !is_over(mine, open));
            if let (Some(own), Some(_)) = (&own, &old) {
                // One record has one message on its way: of the other nothing more will be heard.
                let mailed_at = own.fenced.unwrap_or(now);
                let end = if own.state == OpenState::Sending { End::Unknown } else { End::Stopped };
                note_open(next, own, end);
                if end == End::Unknown {
                    mailed(next, mailed_at);
                }
            }
            old.or(own)
        }
    }
}

/// Whether a record tells the end of a message that is on its way in another.
fn is_over(customer: &Customer, open: &Open) -> bool {
    let journey = customer.journeys.get(&open.program).filter(|journey| journey.episode >= open.episode);
    customer.forgets(open.episode)
        || journey.is_some_and(|journey| {
            let step = |brief: &Brief| (brief.round, brief.step) == (open.round, open.step);
            journey.episode > open.episode || journey.briefs.iter().any(step)
        })
}
