//! One look at a lapsed customer of one program: which step is next, when it may leave, and what it says.

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use super::{At, Coming, Draft, Offered, Outcome, PAUSED_LOOK_HOURS, gates, slot, weekdays};
use crate::customer::{Brief, Customer, End, Journey};
use crate::ids::MessageId;
use crate::offer::deadline;
use crate::plan::Plan;
use crate::planted::{Planted, planted};
use crate::program::{Program, Send, Step, StepOffer};
use crate::store::{State, Store};
use crate::time::{day_of, local, start_of_day};
use crate::why::Reason;

/// One look at a lapsed customer of one program.
pub(super) struct Look<'a> {
    pub(super) customer: &'a Customer,
    pub(super) store: &'a Store,
    pub(super) plan: &'a Plan,
    pub(super) program: &'a Program,
    pub(super) journey: Option<&'a Journey>,
    pub(super) episode: Timestamp,
    /// When the silence was long enough, which every letter of the episode tells alike.
    pub(super) lapses_at: Timestamp,
    /// Before the first letter: the end of the rest after the episode before, where that is later.
    pub(super) rested_at: Option<Timestamp>,
    pub(super) now: Timestamp,
}

impl Look<'_> {
    fn briefs(&self) -> &[Brief] {
        self.journey.map_or(&[], |journey| &journey.briefs)
    }

    /// The day a round began: that of its first letter, once there is one.
    fn began(&self, round: usize) -> Option<Date> {
        (0..self.program.rounds[round].steps.len()).find_map(|step| Some(self.brief(round, step)?.day))
    }

    fn brief(&self, round: usize, step: usize) -> Option<&Brief> {
        self.briefs().iter().find(|brief| (brief.round as usize, brief.step as usize) == (round, step))
    }

    /// Walks the rounds to the first step that is neither done nor past.
    pub(super) fn next_step(&self, offers_so_far: u32) -> Outcome {
        let zone = &self.plan.shop.time_zone;
        let mut passed_over = Vec::new();
        let mut ready = self.rested_at.unwrap_or(self.lapses_at);
        for (r, round) in self.program.rounds.iter().enumerate() {
            if r > 0 {
                let began = self.began(r - 1).unwrap_or_else(|| day_of(ready, zone));
                let wait = i64::from(round.wait_days);
                ready = start_of_day(began.saturating_add(wait.days()), zone);
            }
            for (s, step) in round.steps.iter().enumerate() {
                if self.brief(r, s).is_some() {
                    continue;
                }
                let offered = match &step.offer {
                    StepOffer::None => None,
                    StepOffer::Own(name) => {
                        if let Some(most) = self.program.afterwards.offers_in_a_lifetime
                            && offers_so_far >= most
                        {
                            passed_over.push(Reason::OffersUsedUp { most });
                            continue;
                        }
                        Some((name, None))
                    }
                    StepOffer::Inherited => match self.followed(r, s) {
                        Some((name, parent)) => Some((name, Some(parent))),
                        None => continue,
                    },
                };
                match self.time_of(step, offered.as_ref().and_then(|(_, parent)| *parent), ready) {
                    Some(time) => return self.outcome(r, s, step, offered, time, ready, offers_so_far),
                    None => continue,
                }
            }
        }
        let steps = self.briefs().iter().filter(|brief| brief.end != End::Stopped).count();
        passed_over.push(Reason::RoundsDone { steps: u32::try_from(steps).unwrap_or(u32::MAX) });
        Outcome::Never(self.held_out().into_iter().chain(passed_over).chain(self.lost()).collect())
    }

    /// The offer a follow-up follows: of the round's latest letter with one, if it was not called off.
    fn followed(&self, round: usize, step: usize) -> Option<(&String, &Brief)> {
        let earlier = self.program.rounds[round].steps[..step].iter().enumerate().rev();
        let (s, name) = earlier
            .filter_map(|(s, step)| match &step.offer {
                StepOffer::Own(name) => Some((s, name)),
                _ => None,
            })
            .next()?;
        let brief = self.brief(round, s).filter(|brief| brief.end != End::Stopped)?;
        Some((name, brief))
    }

    /// When the step may leave, with what holds it back; nothing: its time is over.
    fn time_of(&self, step: &Step, parent: Option<&Brief>, ready: Timestamp) -> Option<(At, Option<Reason>)> {
        let held_back = gates::held_back(self.customer, self.store, self.plan, step, self.now);
        let not_before = held_back.as_ref().map_or(self.now, |(at, _)| *at);
        let reason = held_back.map(|(_, reason)| reason);
        let at = match (&step.send, parent) {
            (Send::BeforeDeadline { hours }, Some(parent)) => {
                let end = parent.deadline?;
                slot::follow_up(end, *hours, parent.day, not_before, self.now, &self.plan.shop)?
            }
            (send, _) => slot::letter(send, ready, not_before, self.now, &self.plan.shop),
        };
        Some((at, reason))
    }

    #[expect(clippy::too_many_arguments, reason = "the facts of one step, gathered where they are known")]
    fn outcome(
        &self,
        round: usize,
        step_index: usize,
        step: &Step,
        offered: Option<(&String, Option<&Brief>)>,
        (at, held_back): (At, Option<Reason>),
        ready: Timestamp,
        offers_so_far: u32,
    ) -> Outcome {
        let held = self.held();
        let follow_up = matches!(step.offer, StepOffer::Inherited);
        let coming = Coming { follow_up, held, weekdays: weekdays(step) };
        let until = match at {
            At::Later(until) => {
                let slot = Reason::WaitsForSlot { until: local(until, &self.plan.shop.time_zone) };
                let why = held_back.into_iter().chain([slot]).chain(self.facts(round, ready)).collect();
                return Outcome::Later(until, why, Some(coming));
            }
            At::Now { before } => before,
        };
        if let Some(outcome) = self.not_now(&coming) {
            return outcome;
        }
        let zone = &self.plan.shop.time_zone;
        let day = day_of(self.now, zone);
        let (r, s) = (u32::try_from(round).unwrap_or(u32::MAX), u32::try_from(step_index).unwrap_or(u32::MAX));
        let offered = offered.map(|(name, parent)| {
            let offer = self.program.offers[name].clone();
            let repeats = parent.map(|brief| self.message(brief.round, brief.step));
            let end = parent.and_then(|brief| brief.deadline);
            let expires_at = end.unwrap_or_else(|| deadline(day, offer.valid_days, zone));
            Offered { name: name.clone(), offer, expires_at, repeats }
        });
        let mut why: Vec<Reason> = self.held_out().into_iter().chain(self.facts(round, ready)).collect();
        match &offered {
            Some(Offered { repeats: Some(_), expires_at, .. }) => {
                why.push(Reason::Deadline { at: local(*expires_at, zone) })
            }
            Some(_) => why.push(Reason::Episode { number_of_offers: offers_so_far }),
            None => {}
        }
        let draft = Draft {
            message: self.message(r, s),
            program: self.program.name.clone(),
            episode: self.episode,
            round: r,
            step: s,
            mail: step.mail.clone(),
            held,
            day,
            before: until,
            offer: offered,
        };
        Outcome::Now(Box::new(draft), why, coming)
    }

    /// The message of a step: by the program's name, never by what it says today.
    fn message(&self, round: u32, step: u32) -> MessageId {
        let customer = self.journey.and_then(|journey| journey.named_after).unwrap_or(self.customer.id);
        if planted(Planted::ProgramHashInId) {
            let name = format!("{} {}", self.program.name, self.plan.number);
            return MessageId::of(customer, &name, self.episode, round, step);
        }
        MessageId::of(customer, &self.program.name, self.episode, round, step)
    }

    fn held(&self) -> bool {
        let share = gates::holdout(self.plan, self.program);
        self.journey.map_or_else(|| self.customer.id.held_out(share), |journey| journey.held)
    }

    fn held_out(&self) -> Option<Reason> {
        let percent = gates::holdout(self.plan, self.program).percent();
        self.held().then_some(Reason::HeldOut { percent })
    }

    /// What keeps a letter whose time has come: the program, the store, the day's allowance.
    fn not_now(&self, coming: &Coming) -> Option<Outcome> {
        if self.program.status == crate::program::Status::Draft {
            return Some(Outcome::Never(vec![Reason::Draft]));
        }
        if self.store.state != State::Live {
            let at = self.now.saturating_add(PAUSED_LOOK_HOURS.hours()).unwrap_or(Timestamp::MAX);
            let state = self.store.state.word().to_owned();
            return Some(Outcome::Later(at, vec![Reason::NotLive { state }], Some(coming.clone())));
        }
        let until = self.store.throttled_until.filter(|until| *until > self.now)?;
        let told = local(until, &self.plan.shop.time_zone);
        Some(Outcome::Later(until, vec![Reason::Throttled { until: told }], Some(coming.clone())))
    }

    /// The gaps in our records that letters of this episode count as sent for.
    fn lost(&self) -> Vec<Reason> {
        let unknown: Vec<Date> =
            self.briefs().iter().filter(|brief| brief.end == End::Unknown).map(|brief| brief.day).collect();
        let days = self.store.gaps.iter().map(|gap| gap.days(self.plan));
        let days = days.filter(|(from, until)| unknown.iter().any(|day| from <= day && day <= until));
        days.map(|(from, until)| Reason::RecordsLost { from, until }).collect()
    }

    /// The facts every why rests on.
    fn facts(&self, round: usize, ready: Timestamp) -> Vec<Reason> {
        let zone = &self.plan.shop.time_zone;
        let mut why = vec![gates::silence(self.customer, self.program, self.plan)];
        why.push(Reason::Lapsed { days: self.program.lapsed.days, on: day_of(self.lapses_at, zone) });
        why.extend(self.rested_at.map(|rested| Reason::Rested { until: day_of(rested, zone) }));
        if round > 0 {
            let number = u32::try_from(round + 1).unwrap_or(u32::MAX);
            why.push(match self.began(round) {
                Some(day) => Reason::RoundBegan { round: number, day },
                None => Reason::RoundBegins { round: number, day: day_of(ready, zone) },
            });
        }
        why.extend(self.lost());
        if let Some(agreed) = self.customer.agreed() {
            why.push(Reason::Consented { day: day_of(agreed, zone) });
        }
        why
    }
}
