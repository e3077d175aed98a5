//! `decide` says what to do for one customer now, why (also why not), and when to look again. It cannot fail and sees
//! nothing that is not handed in.

mod gates;
mod look;
mod lost;
mod slot;

use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};

use crate::customer::{Customer, End, Journey, Open, OpenState};
use crate::ids::MessageId;
use crate::offer::Offer;
use crate::plan::Plan;
use crate::program::{Program, Runs, Send, Step};
use crate::store::Store;
use crate::time::{day_of, days_later, local, start_of_day};
use crate::why::Reason;

pub use lost::presume;
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

impl Draft {
    /// The key of the offer it brings, where it brings one of its own.
    pub fn grants(&self) -> Option<&str> {
        self.offer.as_ref().filter(|offered| offered.repeats.is_none()).map(|offered| offered.name.as_str())
    }
}

/// Decides for one customer. A step that may have left in a time whose records were lost counts as `unknown`.
pub fn decide(customer: &Customer, store: &Store, plan: &Plan, now: Timestamp) -> Decision {
    let presumed = presume(customer, store, plan);
    let customer = presumed.as_ref().unwrap_or(customer);
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
    let zone = &plan.shop.time_zone;
    let today = day_of(now, zone);
    match open.state {
        OpenState::Stopping => return call_off(CallOff::Stop, vec![Reason::CallingOff]),
        OpenState::Lapsing => return call_off(CallOff::Lapse, vec![Reason::CallingOff]),
        OpenState::Sending => {
            let fenced = open.fenced.unwrap_or(now);
            let until = fenced.saturating_add(LEASE_SECONDS.seconds()).unwrap_or(Timestamp::MAX);
            return if now < until {
                Decision::new(Action::Wait, vec![Reason::BeingSent { until: local(until, zone) }], Some(until))
            } else {
                Decision::new(Action::Expire, vec![Reason::NoAnswer { since: local(fenced, zone) }], Some(now))
            };
        }
        OpenState::Claimed => {}
    }
    if open.refused {
        return call_off(CallOff::Stop, vec![Reason::NotForThisRecipient]);
    }
    let outcome = match plan.program(&open.program) {
        Some(program) => consider(customer, program, store, plan, now),
        None => Outcome::Never(vec![Reason::NoProgram]),
    };
    let day_over = || call_off(CallOff::Lapse, vec![Reason::DayOver { day: open.day }]);
    match outcome {
        Outcome::Now(draft, why, _) if goes_on(&draft, open, plan) => match open.code_after {
            Some(again) if now < again => {
                let until = again.min(draft.before);
                let waits = Reason::WaitsForCode { until: local(until, zone) };
                Decision::new(Action::Wait, std::iter::once(waits).chain(why).collect(), Some(until))
            }
            _ => Decision::new(Action::Claim(draft), why, Some(now)),
        },
        Outcome::Now(draft, ..) if draft.message == open.message => day_over(),
        Outcome::Later(at, why, _) if today == open.day && day_of(at, zone) == today => {
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

/// The claim still means the same mail: of the same day, held or not, with the same offer, good as long. What an offer
/// gives is written in the plan: where the mail brings one of its own, a new plan is a new claim.
fn goes_on(draft: &Draft, open: &Open, plan: &Plan) -> bool {
    let deadline = draft.offer.as_ref().map(|offered| offered.expires_at);
    draft.message == open.message
        && (draft.day, draft.held, deadline) == (open.day, open.held, open.deadline)
        && draft.grants() == open.grants.as_deref()
        && (open.grants.is_none() || open.plan == plan.number)
}

fn same_silence(customer: &Customer, open: &Open, plan: &Plan) -> bool {
    let program = plan.program(&open.program);
    program.is_some_and(|program| gates::silent_since(customer, program) == Some(open.episode))
}

fn consider_all(customer: &Customer, store: &Store, plan: &Plan, now: Timestamp) -> Outcome {
    let mut soonest: Option<(Timestamp, Vec<Reason>, Option<Coming>)> = None;
    let mut never: Vec<Reason> = Vec::new();
    for program in &plan.programs {
        match consider(customer, program, store, plan, now) {
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
fn consider(customer: &Customer, program: &Program, store: &Store, plan: &Plan, now: Timestamp) -> Outcome {
    if let Some(reason) = gates::never_mailed(customer, store, plan) {
        return Outcome::Never(vec![reason]);
    }
    let Some(silent_since) = gates::silent_since(customer, program) else {
        return Outcome::Never(vec![Reason::NothingToCountFrom]);
    };
    let zone = &plan.shop.time_zone;
    let known = customer.journeys.get(&program.name);
    let journey = known.filter(|journey| journey.episode >= silent_since);
    let lapses_at = days_later(silent_since, program.lapsed.days, zone);
    let mut rested_at = None;
    if journey.is_none()
        && let Some(last) = known
    {
        if program.runs == Runs::Once {
            return Outcome::Never(vec![Reason::AlreadyRan]);
        }
        rested_at = rested(last, program, plan).filter(|rested| *rested > lapses_at);
        if let Some(rested) = rested_at.filter(|rested| now < *rested) {
            return Outcome::Later(rested, vec![Reason::Resting { until: day_of(rested, zone) }], None);
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
    let look = look::Look { customer, store, plan, program, journey, episode, lapses_at, rested_at, now };
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

/// From when on a customer may be written to again after the episode that was.
fn rested(last: &Journey, program: &Program, plan: &Plan) -> Option<Timestamp> {
    let day = last.briefs.iter().filter(|brief| brief.end != End::Stopped).map(|brief| brief.day).max();
    let rest = i64::from(program.afterwards.rest_days);
    day.map(|day| start_of_day(day.saturating_add(rest.days()), &plan.shop.time_zone))
}

#[cfg(test)]
pub(crate) mod tests;
