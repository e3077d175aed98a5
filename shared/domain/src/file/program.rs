//! program.yaml: from what is written to [`Program`].

use std::collections::{BTreeMap, BTreeSet};

use super::audience;
use super::letters::Mails;
use super::offers;
use super::problem::Problems;
use super::raw::{AfterwardsFile, ProgramFile};
use super::rounds::Walk;
use super::shop::Facts;
use crate::codes::{Authority, Fit, fit};
use crate::offer::Offer;
use crate::program::{Afterwards, Condition, Program};

/// Checks a program. There is none if a problem stands in its way.
pub(super) fn build(
    raw: &ProgramFile,
    facts: &Facts,
    mails: &mut Mails<'_>,
    problems: &mut Problems,
) -> Option<Program> {
    let audience = if raw.audience.is_absent() {
        Some(Condition::All(Vec::new()))
    } else {
        raw.audience.get().and_then(|condition| audience::build(condition, facts, problems))
    };
    holdout(raw, facts, problems);
    let mut walk =
        Walk { facts, mails, names: BTreeSet::new(), offers: BTreeMap::new(), used: BTreeSet::new(), last: None };
    for (name, file) in raw.offers.get().map_or(&[][..], |named| named.0.as_slice()) {
        offers::check_name(name, problems);
        walk.names.insert(name.value.clone());
        if let Some(offer) = file.as_ref().and_then(|file| offers::build(file, facts, problems)) {
            walk.offers.insert(name.value.clone(), offer);
        }
    }
    let rounds = raw.rounds.get().and_then(|rounds| walk.rounds(rounds, problems));
    for (name, _) in raw.offers.get().map_or(&[][..], |named| named.0.as_slice()) {
        if raw.rounds.get().is_some() && !walk.used.contains(&name.value) {
            problems
                .warning(name.span.clone(), format!("no step makes the offer `{}`", name.value))
                .help("name it in a step, or take it out");
        }
    }
    let codes = raw.codes.get().map_or(Authority::Winback, |codes| codes.0);
    honoured(codes, raw, &walk.offers, problems);
    raw.version.get()?;
    Some(Program {
        name: raw.name.get()?.value.trim().to_owned(),
        status: raw.status.get().map_or_else(Default::default, |status| status.0),
        goal: raw.goal.get().map_or_else(Default::default, |goal| goal.0),
        runs: raw.runs.get().map_or_else(Default::default, |runs| runs.0),
        audience: audience?,
        lapsed: raw.lapsed.get()?.value,
        codes,
        offers: walk.offers,
        rounds: rounds?,
        afterwards: raw.afterwards.get().map_or_else(Afterwards::default, afterwards),
        holdout: raw.holdout.get().map(|share| share.value.0),
    })
}

/// Whether whoever makes the codes good can honour every offer.
fn honoured(codes: Authority, raw: &ProgramFile, offers: &BTreeMap<String, Offer>, problems: &mut Problems) {
    let Some(key) = raw.codes.key() else { return };
    for (name, offer) in offers {
        if codes == Authority::Pool && offer.stock.is_some() {
            problems
                .error(key.clone(), format!("the offer `{name}` has a `stock`, and its codes come from a pool"))
                .help("leave `stock` out: there are as many as the pool has codes");
        }
        match fit(codes, &offer.gives) {
            Fit::Native => {}
            Fit::ByHand => problems
                .warning(key.clone(), format!("{} cannot honour the offer `{name}` by itself", codes.word()))
                .help("no code of it is made there: the shop's people honour it when the customer shows the letter"),
            Fit::Refused(why) => {
                problems.error(key.clone(), format!("{} cannot honour the offer `{name}`", codes.word())).help(why)
            }
        }
    }
}

/// A program may hold out more than the shop, not less: the shop's yardstick holds over all.
fn holdout(raw: &ProgramFile, facts: &Facts, problems: &mut Problems) {
    let Some(phrase) = raw.holdout.get() else {
        return;
    };
    let own = phrase.value.0;
    if own.basis_points() == 10_000 {
        problems
            .error(phrase.span.clone(), "everybody is held out: no letter would ever leave")
            .help("to stop a program, write status: draft");
    } else if facts.holdout.is_some_and(|shops| own < shops) {
        problems
            .error(phrase.span.clone(), "a program may hold out more than the shop, not less")
            .help("take the line out to hold out as much as shop.yaml says");
    }
}

fn afterwards(raw: &AfterwardsFile) -> Afterwards {
    let usual = Afterwards::default();
    Afterwards {
        rest_days: raw.rest.get().map_or(usual.rest_days, |rest| rest.value.0),
        offers_in_a_lifetime: raw.offers_in_a_lifetime.get().map(|most| most.value),
        return_window_days: raw.counts_as_return.get().map_or(usual.return_window_days, |window| window.value.0),
    }
}
