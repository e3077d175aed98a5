//! `decide` says what to do for one customer now, why (also why not), and when to look again. It cannot fail and sees
//! nothing that is not handed in.

mod gates;
mod slot;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use crate::customer::{Brief, Customer, End, Journey, Open, OpenState};
use crate::ids::MessageId;
use crate::offer::{Offer, deadline};
use crate::plan::Plan;
use crate::planted::{Planted, planted};
use crate::program::{Program, Runs, Send, Step, StepOffer};
use crate::store::{State, Store};
use crate::time::{day_of, days_later, start_of_day};
use crate::why::Reason;

pub use slot::At;

/// A `sending` older than this becomes `unknown`. Longer than any invocation can live.
pub const LEASE_SECONDS: i64 = 300;
/// A store that does not mail is looked at so often, so that messages called off are cleaned up.
const PAUSED_LOOK_HOURS: i64 = 1;

/// What to do, why, and when to look again.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// What to do now.
    pub action: Action,
    /// The reasons, most telling first.
    pub why: Vec<Reason>,
    /// When to look again if nothing is done; nothing: only an event can change anything.
    pub next_look: Option<Timestamp>,
    /// The step that is next, whether now or later, where one is foreseen.
    pub coming: Option<Coming>,
}

/// A step that is foreseen: what a day's allowance is planned with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coming {
    /// It follows up a letter that left.
    pub follow_up: bool,
    /// It is never mailed: the customer is held out.
    pub held: bool,
    /// The days of the week it may leave on.
    pub weekdays: Vec<jiff::civil::Weekday>,
}

impl Decision {
    fn new(action: Action, why: Vec<Reason>, next_look: Option<Timestamp>) -> Self {
        Self { action, why, next_look, coming: None }
    }
}

/// What to do now for one customer.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Nothing.
    Wait,
    /// Claim this message (again), and go through the send protocol with it.
    Claim(Box<Draft>),
    /// The lease of a `sending` is over: settle it as `unknown` (or as what the message already says).
    Expire,
    /// Call the open message off: for good, or to be claimed again on another day.
    CallOff(CallOff),
}

/// How a message is called off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallOff {
    /// For good; its step is over.
    Stop,
    /// Its day is over; it may be claimed again.
    Lapse,
}

/// A message as it should be claimed.
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// Its id.
    pub message: MessageId,
    /// The program's name.
    pub program: String,
    /// Index of the program in the plan.
    pub program_index: usize,
    /// The episode: the moment the silence is counted from.
    pub episode: Timestamp,
    /// Counted from 0.
    pub round: u32,
    /// Counted from 0.
    pub step: u32,
    /// The folder of the letter.
    pub mail: String,
    /// Held out: everything but the mail.
    pub held: bool,
    /// The day it leaves on.
    pub day: Date,
    /// It must pass the fence before this moment: end of day, quiet hours, deadline.
    pub before: Timestamp,
    /// What it offers.
    pub offer: Option<Offered>,
}

/// The offer of a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Offered {
    /// Its key in the program.
    pub name: String,
    /// The offer.
    pub offer: Offer,
    /// The one deadline.
    pub expires_at: Timestamp,
    /// A follow-up repeats code and deadline of this message.
    pub repeats: Option<MessageId>,
}

/// Decides for one customer.
pub fn decide(customer: &Customer, store: &Store, plan: &Plan, now: Timestamp) -> Decision {
    match &customer.open {
        Some(open) => go_on(customer, open, store, plan, now),
        None => match consider_all(customer, store, plan, now) {
            Outcome::Now(draft, why, coming) => {
                Decision { coming: Some(coming), ..Decision::new(Action::Claim(draft), why, Some(now)) }
            }
            Outcome::Later(at, why, coming) => Decision { coming, ..Decision::new(Action::Wait, why, Some(at)) },
            Outcome::Never(why) => Decision::new(Action::Wait, why, None),
        },
    }
}

enum Outcome {
    Now(Box<Draft>, Vec<Reason>, Coming),
    Later(Timestamp, Vec<Reason>, Option<Coming>),
    Never(Vec<Reason>),
}

/// A message is on its way: go on with it, or call it off.
fn go_on(customer: &Customer, open: &Open, store: &Store, plan: &Plan, now: Timestamp) -> Decision {
    let call_off = |how, why| Decision::new(Action::CallOff(how), why, Some(now));
    let today = day_of(now, &plan.shop.time_zone);
    match open.state {
        OpenState::Stopping => return call_off(CallOff::Stop, vec![Reason::CallingOff]),
        OpenState::Lapsing => return call_off(CallOff::Lapse, vec![Reason::CallingOff]),
        OpenState::Sending => {
            let fenced = open.fenced.unwrap_or(now);
            let until = fenced.saturating_add(LEASE_SECONDS.seconds()).unwrap_or(Timestamp::MAX);
            return if now < until {
                Decision::new(Action::Wait, vec![Reason::BeingSent { until }], Some(until))
            } else {
                Decision::new(Action::Expire, vec![Reason::NoAnswer { since: fenced }], Some(now))
            };
        }
        OpenState::Claimed => {}
    }
    if open.refused {
        return call_off(CallOff::Stop, vec![Reason::NotForThisRecipient]);
    }
    let outcome = match plan.programs.iter().position(|program| program.name == open.program) {
        Some(index) => consider(customer, index, store, plan, now),
        None => Outcome::Never(vec![Reason::NoProgram]),
    };
    let day_over = || call_off(CallOff::Lapse, vec![Reason::DayOver { day: open.day }]);
    match outcome {
        Outcome::Now(draft, why, _) if draft.message == open.message && draft.day == open.day => {
            Decision::new(Action::Claim(draft), why, Some(now))
        }
        Outcome::Now(draft, ..) if draft.message == open.message => day_over(),
        Outcome::Later(at, why, _) if today == open.day && day_of(at, &plan.shop.time_zone) == today => {
            Decision::new(Action::Wait, why, Some(at))
        }
        // Still the same silence, only not today any more.
        Outcome::Later(..) if same_silence(customer, open, plan) => day_over(),
        // The program is away for a while, not the customer.
        Outcome::Never(why)
            if why.iter().any(|r| matches!(r, Reason::Draft | Reason::Importing | Reason::NoProgram)) =>
        {
            call_off(CallOff::Lapse, why)
        }
        Outcome::Now(_, why, _) | Outcome::Later(_, why, _) | Outcome::Never(why) => call_off(CallOff::Stop, why),
    }
}

fn same_silence(customer: &Customer, open: &Open, plan: &Plan) -> bool {
    let program = plan.programs.iter().find(|program| program.name == open.program);
    program.is_some_and(|program| gates::silent_since(customer, program) == Some(open.episode))
}

fn consider_all(customer: &Customer, store: &Store, plan: &Plan, now: Timestamp) -> Outcome {
    let mut soonest: Option<(Timestamp, Vec<Reason>, Option<Coming>)> = None;
    let mut never: Vec<Reason> = Vec::new();
    for index in 0..plan.programs.len() {
        match consider(customer, index, store, plan, now) {
            now @ Outcome::Now(..) => return now,
            Outcome::Later(at, why, coming) if soonest.as_ref().is_none_or(|(best, ..)| at < *best) => {
                soonest = Some((at, why, coming));
            }
            Outcome::Later(..) => {}
            Outcome::Never(why) => {
                let news: Vec<_> = why.into_iter().filter(|reason| !never.contains(reason)).collect();
                never.extend(news);
            }
        }
    }
    match soonest {
        Some((at, why, coming)) => Outcome::Later(at, why, coming),
        None if never.is_empty() => Outcome::Never(vec![Reason::NoProgram]),
        None => Outcome::Never(never),
    }
}

/// One program for one customer, as if no message were open.
fn consider(customer: &Customer, index: usize, store: &Store, plan: &Plan, now: Timestamp) -> Outcome {
    let program = &plan.programs[index];
    if let Some(reason) = gates::never_mailed(customer, store, plan) {
        return Outcome::Never(vec![reason]);
    }
    let Some(silent_since) = gates::silent_since(customer, program) else {
        return Outcome::Never(vec![Reason::NothingToCountFrom]);
    };
    let zone = &plan.shop.time_zone;
    let known = customer.journeys.get(&program.name);
    let journey = known.filter(|journey| journey.episode >= silent_since);
    let mut lapses_at = days_later(silent_since, program.lapsed.days, zone);
    if journey.is_none()
        && let Some(last) = known
    {
        if program.runs == Runs::Once {
            return Outcome::Never(vec![Reason::AlreadyRan]);
        }
        let rested = rested(last, program, plan);
        if rested > lapses_at {
            lapses_at = rested;
            if now < rested {
                return Outcome::Later(rested, vec![Reason::Resting { until: day_of(rested, zone) }], None);
            }
        }
    }
    if now < lapses_at {
        let why = Reason::NotSilentLongEnough {
            day: day_of(silent_since, zone),
            days: program.lapsed.days,
            lapses_on: day_of(lapses_at, zone),
        };
        return Outcome::Later(lapses_at, vec![why], look_ahead(customer, plan, program));
    }
    if !gates::is_meant(&program.audience, customer) {
        let audience = program.audience.to_string();
        return Outcome::Never(vec![Reason::NotMeant { audience }]);
    }
    let episode = journey.map_or(silent_since, |journey| journey.episode);
    let look = Look { customer, store, plan, program, index, journey, episode, lapses_at, now };
    look.next_step(known.map_or(0, |journey| journey.offers))
}

/// The first letter of a silence that is not over yet.
fn look_ahead(customer: &Customer, plan: &Plan, program: &Program) -> Option<Coming> {
    let step = program.rounds.first()?.steps.first()?;
    let held = customer.id.held_out(gates::holdout(plan, program));
    gates::is_meant(&program.audience, customer).then(|| Coming { follow_up: false, held, weekdays: weekdays(step) })
}

fn weekdays(step: &Step) -> Vec<jiff::civil::Weekday> {
    match &step.send {
        Send::Slot { days, .. } => days.clone(),
        _ => jiff::civil::Weekday::Sunday.cycle_forward().take(7).collect(),
    }
}

/// From when on a new silence counts after the episode that was.
fn rested(last: &Journey, program: &Program, plan: &Plan) -> Timestamp {
    let day = last.briefs.iter().filter(|brief| brief.end != End::Stopped).map(|brief| brief.day).max();
    let rest = i64::from(program.afterwards.rest_days);
    day.map_or(Timestamp::MIN, |day| start_of_day(day.saturating_add(rest.days()), &plan.shop.time_zone))
}

/// One look at a lapsed customer of one program.
struct Look<'a> {
    customer: &'a Customer,
    store: &'a Store,
    plan: &'a Plan,
    program: &'a Program,
    index: usize,
    journey: Option<&'a Journey>,
    episode: Timestamp,
    lapses_at: Timestamp,
    now: Timestamp,
}

impl Look<'_> {
    fn briefs(&self) -> &[Brief] {
        self.journey.map_or(&[], |journey| &journey.briefs)
    }

    fn brief(&self, round: usize, step: usize) -> Option<&Brief> {
        self.briefs().iter().find(|brief| (brief.round as usize, brief.step as usize) == (round, step))
    }

    /// Walks the rounds to the first step that is neither done nor past.
    fn next_step(&self, offers_so_far: u32) -> Outcome {
        let zone = &self.plan.shop.time_zone;
        let mut passed_over = Vec::new();
        let mut ready = self.lapses_at;
        for (r, round) in self.program.rounds.iter().enumerate() {
            if r > 0 {
                let began = (0..self.program.rounds[r - 1].steps.len()).find_map(|s| self.brief(r - 1, s));
                let began = began.map_or_else(|| day_of(ready, zone), |brief| brief.day);
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
        let letters = self.briefs().iter().filter(|brief| brief.end != End::Stopped).count();
        passed_over.push(Reason::RoundsDone { letters: u32::try_from(letters).unwrap_or(u32::MAX) });
        Outcome::Never(passed_over)
    }

    /// The offer a follow-up follows: of the round's latest letter with one, if it was not called off.
    fn followed(&self, round: usize, step: usize) -> Option<(&String, &Brief)> {
        let earlier = self.program.rounds[round].steps[..step].iter().enumerate().rev();
        let (s, name) = earlier.filter_map(|(s, step)| match &step.offer {
            StepOffer::Own(name) => Some((s, name)),
            _ => None,
        }).next()?;
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
                let slot = Reason::WaitsForSlot { until };
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
        let mut why = Vec::new();
        if held {
            let share = gates::holdout(self.plan, self.program).basis_points();
            let percent = format!("{}", rust_decimal::Decimal::new(i64::from(share), 2).normalize());
            why.push(Reason::HeldOut { percent });
        }
        why.extend(self.facts(round, ready));
        match &offered {
            Some(Offered { repeats: Some(_), expires_at, .. }) => why.push(Reason::Deadline { at: *expires_at }),
            Some(_) => why.push(Reason::Episode { number_of_offers: offers_so_far }),
            None => {}
        }
        let draft = Draft {
            message: self.message(r, s),
            program: self.program.name.clone(),
            program_index: self.index,
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

    /// What keeps a letter whose time has come: the program, the store, the day's allowance.
    fn not_now(&self, coming: &Coming) -> Option<Outcome> {
        if self.program.status == crate::program::Status::Draft {
            return Some(Outcome::Never(vec![Reason::Draft]));
        }
        if self.store.state != State::Live {
            let at = self.now.saturating_add(PAUSED_LOOK_HOURS.hours()).unwrap_or(Timestamp::MAX);
            let state = format!("{:?}", self.store.state).to_lowercase();
            return Some(Outcome::Later(at, vec![Reason::NotLive { state }], Some(coming.clone())));
        }
        let until = self.store.throttled_until.filter(|until| *until > self.now)?;
        Some(Outcome::Later(until, vec![Reason::Throttled { until }], Some(coming.clone())))
    }

    /// The facts every why rests on.
    fn facts(&self, round: usize, ready: Timestamp) -> Vec<Reason> {
        let zone = &self.plan.shop.time_zone;
        let mut why = vec![gates::silence(self.customer, self.program, self.plan)];
        why.push(Reason::Lapsed { days: self.program.lapsed.days, on: day_of(self.lapses_at, zone) });
        if round > 0 {
            let round = u32::try_from(round + 1).unwrap_or(u32::MAX);
            why.push(Reason::RoundBegins { round, day: day_of(ready, zone) });
        }
        if let Some(agreed) = self.customer.agreed() {
            why.push(Reason::Consented { day: day_of(agreed, zone) });
        }
        why
    }
}

#[cfg(test)]
mod tests;
