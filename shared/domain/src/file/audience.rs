//! Whom a program means: from the written tree to [`Condition`].

use super::field::Slot;
use super::phrase::Phrase;
use super::problem::Problems;
use super::raw::ConditionFile;
use super::shop::{Facts, same_currency};
use super::words::{language_meant, list, shown};
use crate::money::Money;
use crate::program::{Bound, Condition};
use crate::shop::Language;

/// Checks one condition and all below it.
pub(super) fn build(raw: &ConditionFile, facts: &Facts, problems: &mut Problems) -> Option<Condition> {
    one_key(raw, problems)?;
    if let Some(parts) = raw.all.get() {
        return all_of(parts, facts, problems).map(Condition::All);
    }
    if let Some(parts) = raw.any.get() {
        return all_of(parts, facts, problems).map(Condition::Any);
    }
    if let Some(part) = raw.not.get() {
        return build(part, facts, problems).map(|part| Condition::Not(Box::new(part)));
    }
    if let Some(sum) = raw.spent.get() {
        return Some(Condition::Spent(in_currency(sum, facts, problems)));
    }
    if let Some(sum) = raw.average_order.get() {
        return Some(Condition::AverageOrder(in_currency(sum, facts, problems)));
    }
    if let Some(text) = raw.language.get() {
        let written = text.value.as_str();
        let known = Language::parse(written).filter(|tag| tag.as_str() == written);
        let spoken = known.filter(|tag| facts.languages.is_empty() || facts.languages.contains(tag));
        if spoken.is_none() {
            let tags: Vec<&str> = facts.languages.iter().map(Language::as_str).collect();
            let help = match language_meant(written).filter(|tag| tags.contains(tag)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the shop writes in {}", list(tags, "and")),
            };
            let message = format!("the shop does not write in `{}`", shown(written));
            problems.error(text.span.clone(), message).help(help);
        }
        return spoken.map(Condition::Language);
    }
    raw.orders
        .get()
        .map(|bound| Condition::Orders(bound.value))
        .or_else(|| raw.referred.get().map(|bound| Condition::Referred(bound.value)))
        .or_else(|| raw.complaint.get().map(|complaint| Condition::Complaint(complaint.0)))
        .or_else(|| raw.reason.get().map(|reason| Condition::Reason(reason.value.clone())))
}

fn all_of(parts: &[ConditionFile], facts: &Facts, problems: &mut Problems) -> Option<Vec<Condition>> {
    let read: Vec<_> = parts.iter().map(|part| build(part, facts, problems)).collect();
    read.into_iter().collect()
}

fn in_currency(sum: &Phrase<Bound<Money>>, facts: &Facts, problems: &mut Problems) -> Bound<Money> {
    let (Bound::AtLeast(money) | Bound::AtMost(money)) = sum.value;
    same_currency(sum, money, facts, problems);
    sum.value
}

/// Two conditions side by side could mean both or either: the file has to say which.
fn one_key(raw: &ConditionFile, problems: &mut Problems) -> Option<()> {
    fn key<T>(slot: &Slot<T>) -> Option<std::ops::Range<usize>> {
        slot.key()
    }
    let keys = [
        key(&raw.all),
        key(&raw.any),
        key(&raw.not),
        key(&raw.orders),
        key(&raw.spent),
        key(&raw.average_order),
        key(&raw.complaint),
        key(&raw.language),
        key(&raw.referred),
        key(&raw.reason),
    ];
    let mut keys: Vec<_> = keys.into_iter().flatten().collect();
    keys.sort_by_key(|span| span.start);
    match keys.as_slice() {
        [_] => Some(()),
        // Either nothing is known of what stands there, or nothing stands there: both were told.
        [] => None,
        [_, second, ..] => {
            problems
                .error(second.clone(), "two conditions side by side: both of them, or one of them?")
                .help("put them in a list under all: or under any:, each with `- ` before it");
            None
        }
    }
}
