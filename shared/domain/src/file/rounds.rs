//! The rounds of a program: from what is written to [`Round`]s, with the checks that look from letter to letter.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::field::Text;
use super::letters::Mails;
use super::offers;
use super::phrase::Phrase;
use super::problem::Problems;
use super::raw::{OfferHere, RoundFile, StepFile};
use super::shop::Facts;
use super::words::{count, did_you_mean, meant, shown};
use crate::offer::Offer;
use crate::program::{Round, Send, Step, StepOffer};
use crate::shop::QuietHours;

/// The rounds of one program, walked through in order.
#[derive(Debug)]
pub(super) struct Walk<'a, 'f> {
    /// What the shop says.
    pub(super) facts: &'a Facts,
    /// The letters there are.
    pub(super) mails: &'a mut Mails<'f>,
    /// The names of all offers, also of those that could not be read.
    pub(super) names: BTreeSet<String>,
    /// The offers that were read, by name; those written in place are added.
    pub(super) offers: BTreeMap<String, Offer>,
    /// The names some step uses.
    pub(super) used: BTreeSet<String>,
    /// The last offer made, over all rounds.
    pub(super) last: Option<String>,
}

/// What one round has offered so far.
#[derive(Debug, Default)]
struct SoFar {
    /// Whether a letter with an offer came before.
    offered: bool,
    /// How long the latest offer is valid, if that was understood.
    valid_days: Option<u32>,
    /// The hours before the deadline of the latest follow-up.
    follow_up: Option<u32>,
    /// The longest any offer of the round is valid.
    longest: Option<u32>,
}

impl Walk<'_, '_> {
    /// Checks all rounds. There are none if a problem stands in the way of any.
    pub(super) fn rounds(&mut self, raw: &[RoundFile], problems: &mut Problems) -> Option<Vec<Round>> {
        let mut before = None;
        let mut rounds = Vec::new();
        for (index, raw) in raw.iter().enumerate() {
            let wait_days = wait(index, raw, before, problems);
            let mut so_far = SoFar::default();
            let steps = raw.steps.get().map_or(&[][..], Vec::as_slice);
            let steps: Vec<Option<Step>> = steps
                .iter()
                .enumerate()
                .map(|(index, raw)| self.step(index == 0, raw, &mut so_far, problems))
                .collect();
            before = so_far.longest;
            let steps: Option<Vec<Step>> = steps.into_iter().collect();
            rounds.push(wait_days.zip(steps).map(|(wait_days, steps)| Round { wait_days, steps }));
        }
        rounds.into_iter().collect()
    }

    fn step(&mut self, first: bool, raw: &StepFile, so_far: &mut SoFar, problems: &mut Problems) -> Option<Step> {
        let mail = raw.mail.get();
        if let Some(mail) = mail {
            self.mails.used(mail, &self.facts.languages, problems);
        }
        let send = raw.send.get();
        let offer = match send {
            Some(phrase) if let Send::BeforeDeadline { hours } = phrase.value => {
                follow_up(first, phrase, hours, raw.offer.key(), so_far, problems);
                Some(StepOffer::Inherited)
            }
            _ => {
                if let Some(phrase) = send {
                    self.in_the_open(phrase, problems);
                }
                self.own(mail, raw, so_far, problems)
            }
        };
        // A time that could not be read must not let the step pass as one without a wish.
        let send = match send {
            Some(phrase) => Some(phrase.value.clone()),
            None => raw.send.is_absent().then_some(Send::AnyTime),
        };
        Some(Step { mail: mail?.value.clone(), send: send?, offer: offer? })
    }

    /// A slot within quiet hours would never be kept.
    fn in_the_open(&self, phrase: &Phrase<Send>, problems: &mut Problems) {
        let (Send::Slot { time, .. }, Some(quiet)) = (&phrase.value, self.facts.quiet_hours) else {
            return;
        };
        let QuietHours { from, until } = quiet;
        let within = if from < until { (from..until).contains(time) } else { *time >= from || *time < until };
        if within {
            let place = phrase.marks.time.clone().unwrap_or_else(|| phrase.span.clone());
            let clock = |time: jiff::civil::Time| format!("{:02}:{:02}", time.hour(), time.minute());
            let message = format!("{} is within the shop's quiet hours", clock(*time));
            problems.error(place, message).help(format!(
                "choose a time from {} on and before {}, or change quiet_hours in shop.yaml",
                clock(until),
                clock(from)
            ));
        }
    }

    /// The offer of a letter that is no follow-up.
    fn own(
        &mut self,
        mail: Option<&Text>,
        raw: &StepFile,
        so_far: &mut SoFar,
        problems: &mut Problems,
    ) -> Option<StepOffer> {
        if raw.offer.is_absent() {
            return Some(StepOffer::None);
        }
        so_far.offered = true;
        so_far.follow_up = None;
        so_far.valid_days = None;
        let (name, place) = match raw.offer.get()? {
            OfferHere::Name(text) => (self.named(text, problems), text.span.clone()),
            OfferHere::InPlace(file) => {
                let offer = offers::build(file, self.facts, problems);
                (offer.zip(mail).map(|(offer, mail)| self.in_place(&mail.value, offer)), file.at.clone())
            }
        };
        let Some(name) = name else {
            self.last = None;
            return None;
        };
        let offer = self.offers.get(&name);
        so_far.valid_days = offer.map(|offer| offer.valid_days);
        so_far.longest = so_far.longest.max(so_far.valid_days);
        if let Some(last) = self.last.replace(name.clone()) {
            let same = last == name || (offer.is_some() && offer == self.offers.get(&last));
            if same {
                problems
                    .error(place, "the same offer twice in a row")
                    .help("every letter brings something new: change the offer, or let the step be news only");
            }
        }
        Some(StepOffer::Own(name))
    }

    fn named(&mut self, text: &Text, problems: &mut Problems) -> Option<String> {
        let name = text.value.clone();
        if self.names.contains(&name) {
            self.used.insert(name.clone());
            return Some(name);
        }
        // The offer that was probably meant is not one that nobody makes.
        if let Some(near) = meant(&name, self.names.iter().map(String::as_str)) {
            self.used.insert(near.to_owned());
        }
        let help = if self.names.is_empty() {
            "write it under offers, or in place: offer: { gives: 10 EUR off, valid: 3 days }".to_owned()
        } else {
            did_you_mean(&name, self.names.iter().map(String::as_str), "under offers there are")
        };
        problems.error(text.span.clone(), format!("there is no offer `{}`", shown(&name))).help(help);
        None
    }

    /// Keeps an offer written in place under the mail's name, numbered where that is taken.
    fn in_place(&mut self, mail: &str, offer: Offer) -> String {
        let numbered = (2..).map(|number: u32| format!("{mail}-{number}"));
        let name = std::iter::once(mail.to_owned())
            .chain(numbered)
            .find(|name| !self.names.contains(name))
            .expect("there are more numbers than offers");
        self.names.insert(name.clone());
        self.used.insert(name.clone());
        self.offers.insert(name.clone(), offer);
        name
    }
}

/// The days a round waits: none for the first, and longer than the offers of the one before are valid.
fn wait(index: usize, raw: &RoundFile, before: Option<u32>, problems: &mut Problems) -> Option<u32> {
    if index == 0 {
        if let Some(key) = raw.wait.key() {
            problems
                .error(key, "the first round begins as soon as a customer is lapsed: it has nothing to wait for")
                .help("take the line out; the silence before it is said by lapsed");
            return None;
        }
        return Some(0);
    }
    if raw.wait.is_absent() {
        problems
            .error(raw.at.clone(), "this round does not say how long it waits")
            .help("write wait: 30 days, counted from the beginning of the round before");
    }
    let phrase = raw.wait.get()?;
    let days = phrase.value.0;
    if let Some(valid) = before.filter(|valid| days <= *valid) {
        let message = format!(
            "after {} the offer of the round before still runs: it is valid for {}",
            count(days, "day"),
            count(valid, "day")
        );
        problems.error(phrase.span.clone(), message).help(format!("wait {} or more", count(valid + 1, "day")));
    }
    Some(days)
}

/// A follow-up needs a deadline before it to count from, and must not come before the letter it follows.
fn follow_up(
    first: bool,
    phrase: &Phrase<Send>,
    hours: u32,
    offer: Option<Range<usize>>,
    so_far: &mut SoFar,
    problems: &mut Problems,
) {
    if let Some(key) = offer {
        problems
            .error(key, "a follow-up repeats the offer before it, with the same code and the same deadline")
            .help("take the offer out here");
    }
    if first || !so_far.offered {
        let message = if first {
            "the first letter of a round cannot follow up: nothing was offered before it"
        } else {
            "no letter before it in this round offers anything: there is no deadline"
        };
        problems
            .error(phrase.span.clone(), message)
            .help("give an offer to a step before it, or send it at a time such as Tue-Thu 09:00");
        // Said once: the follow-ups after it are not told the same.
        so_far.offered = true;
        return;
    }
    let place = phrase.marks.quantity.clone().unwrap_or_else(|| phrase.span.clone());
    if let Some(valid) = so_far.valid_days.filter(|valid| hours >= valid.saturating_mul(24)) {
        let message = format!(
            "this letter would be due before the one it follows: the offer is valid for {} only",
            count(valid, "day")
        );
        let most = valid.saturating_mul(24) - 1;
        problems.error(place, message).help(format!(
            "the letter can leave at most {} before the deadline; or let the offer be valid longer",
            count(most, "hour")
        ));
    } else if let Some(earlier) = so_far.follow_up.filter(|earlier| hours >= *earlier) {
        problems
            .error(place, "this letter would be due before the follow-up above it")
            .help(format!("follow-ups come nearer and nearer: less than {}", count(earlier, "hour")));
    }
    so_far.follow_up = Some(hours);
}
