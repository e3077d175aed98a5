//! Letters that may have left while nobody can remember: they count as sent without an answer.
//!
//! The same look that decides today is asked about the gap, program by program, from its first moment on, as if the store
//! had mailed all through it and no other program had written. Every step that could have left by then is noted as
//! `unknown`. What really left is among them: each of its steps left at that moment or later, because whatever else held it
//! back only ever postpones; and what becomes possible by a fact that we hear of only now (an order of those days that
//! comes again) is asked about when we hear of it, since this is asked at every look.

use jiff::{Timestamp, ToSpan};

use super::{Outcome, consider, gates};
use crate::customer::{Brief, Customer, End};
use crate::gap::Gap;
use crate::plan::Plan;
use crate::program::Program;
use crate::protocol::{Ended, mailed, note};
use crate::store::Store;

/// The customer with all steps noted that may have left in a gap; nothing where there are none to note.
///
/// A message on its way comes first: whoever settles it asks again.
pub fn presume(customer: &Customer, store: &Store, plan: &Plan) -> Option<Customer> {
    if store.gaps.is_empty() || customer.open.is_some() || customer.erased.is_some() {
        return None;
    }
    let mut presumed = customer.clone();
    for gap in &store.gaps {
        let then = gap.store(store, plan);
        for program in plan.programs.iter().filter(|program| gap.programs.contains(&program.name)) {
            in_gap(&mut presumed, gap, program, &then, plan);
        }
    }
    (presumed != *customer).then_some(presumed)
}

fn in_gap(customer: &mut Customer, gap: &Gap, program: &Program, then: &Store, plan: &Plan) {
    // The cap as it stood when the gap began: what left in it can only have held more back.
    let mut seen = customer.clone();
    seen.mailed.retain(|at| *at <= gap.from);
    // Nor may a letter that is only taken for sent in it, in a silence that an order ended of which we heard later, keep
    // the next silence at rest.
    let (first, _) = gap.days(plan);
    let since = gates::silent_since(&seen, program);
    if let Some(journey) = seen.journeys.get_mut(&program.name).filter(|journey| Some(journey.episode) < since) {
        journey.briefs.retain(|brief| brief.day < first);
    }
    let mut now = gap.from;
    while now < gap.until {
        match consider(&seen, program, then, plan, now) {
            Outcome::Now(draft, ..) => {
                let end = if draft.held { End::Held } else { End::Unknown };
                let deadline = draft.offer.as_ref().map(|offered| offered.expires_at);
                let brief = Brief { round: draft.round, step: draft.step, end, day: draft.day, deadline };
                let named_after = seen.journeys.get(&program.name).and_then(|journey| journey.named_after);
                let (name, episode, held) = (&draft.program, draft.episode, draft.held);
                let ended = Ended { program: name, episode, held, named_after };
                let granted = draft.grants().is_some();
                note(&mut seen, ended, granted, brief.clone());
                if !note(customer, ended, granted, brief) {
                    // Nothing to get on with: what is noted already cannot be next.
                    return;
                }
                if end == End::Unknown {
                    // For the cap it left as late as it can have.
                    mailed(customer, last(gap));
                }
            }
            Outcome::Later(at, ..) if at > now => now = at,
            Outcome::Later(..) | Outcome::Never(_) => return,
        }
    }
}

fn last(gap: &Gap) -> Timestamp {
    gap.until.saturating_sub(1.second()).map_or(gap.from, |at| at.max(gap.from))
}
