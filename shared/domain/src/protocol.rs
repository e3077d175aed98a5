//! The customer's side of the send protocol as pure steps: what the record becomes. Under which condition each is
//! committed stands beside its write in the cloud crate.

use jiff::Timestamp;

use crate::customer::{Brief, Customer, End, Journey, Lapse, Open, OpenState};
use crate::decide::{CallOff, Draft, decide, presume};
use crate::ids::{Code, CustomerId, MessageId};
use crate::plan::Plan;
use crate::store::Store;

/// How many of the last mails a customer keeps for the frequency cap, at most.
const MAILED: usize = 10;
/// How many messages of lapsed claims a customer remembers. One at a time is claimed again; the rest is their past.
const LAPSES: usize = 8;

/// How a claim goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// There is a code to make: the fence comes later.
    Long,
    /// Nothing to make: the claim is the fence.
    Short,
}

/// What a claim brings along beside its draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim<'a> {
    /// How it goes on.
    pub form: Form,
    /// The code it brings.
    pub code: Option<&'a Code>,
    /// The stock lot it takes from.
    pub lot: Option<u32>,
    /// The number of the plan it was decided under.
    pub plan: u64,
    /// Who claims; only the short form keeps it.
    pub owner: &'a str,
    /// Now.
    pub now: Timestamp,
}

/// The customer after the claim. `due` stays, so nothing can be stranded.
pub fn claim(customer: &Customer, draft: &Draft, with: Claim<'_>) -> Customer {
    let mut next = customer.clone();
    next.rev += 1;
    let previous = link(&mut next, draft.message);
    let open = Open {
        state: OpenState::Claimed,
        message: draft.message,
        program: draft.program.clone(),
        episode: draft.episode,
        round: draft.round,
        step: draft.step,
        claim: next.rev,
        plan: with.plan,
        day: draft.day,
        held: draft.held,
        deadline: draft.offer.as_ref().map(|offered| offered.expires_at),
        grants: draft.grants().map(ToOwned::to_owned),
        previous,
        code: with.code.cloned(),
        lot: with.lot,
        owner: None,
        fenced: None,
        code_after: None,
        refused: false,
    };
    next.open = Some(match with.form {
        Form::Long => open,
        Form::Short => fenced(open, with.owner, with.now),
    });
    next
}

/// Gives a message its place in the chain of letters; answers the one before it. A message that has its place already
/// (on its way, or of a claim that lapsed) keeps it, or the chain would become a ring.
fn link(customer: &mut Customer, message: MessageId) -> Option<MessageId> {
    if let Some(open) = customer.open.as_ref().filter(|open| open.message == message) {
        return open.previous;
    }
    if let Some(place) = customer.lapses.iter().position(|lapse| lapse.message == message) {
        return customer.lapses.remove(place).previous;
    }
    let head = customer.letters.first().copied();
    customer.letters = std::iter::once(message).chain(customer.letters.drain(..).skip(1)).collect();
    head
}

/// The customer after a claim of what the ledger knows as mailed, where their record has forgotten it: its place in
/// the chain is the one that the ledger names.
pub fn relink(claimed: &Customer, ledger_says: Option<MessageId>) -> Customer {
    let mut next = claimed.clone();
    if let Some(open) = claimed.open.as_ref().filter(|open| open.previous != ledger_says) {
        let before = |id: MessageId| if id == open.message { open.previous } else { Some(id) };
        next.letters = claimed.letters.iter().filter_map(|id| before(*id)).collect();
    }
    next
}

/// An open message past the fence.
pub fn fenced(open: Open, owner: &str, now: Timestamp) -> Open {
    Open { state: OpenState::Sending, owner: Some(owner.to_owned()), fenced: Some(now), ..open }
}

/// The customer after the open message came to an end: a brief, nothing open, a new look.
///
/// `mailed_at` is when SES was asked, for the frequency cap. Without an open message nothing changes.
pub fn close(customer: &Customer, end: End, mailed_at: Timestamp, at: Look<'_>) -> Customer {
    let mut next = customer.clone();
    let Some(open) = next.open.take() else { return next };
    if !next.forgets(open.episode) {
        note_open(&mut next, &open, end);
        if matches!(end, End::Sent | End::Unknown) {
            mailed(&mut next, mailed_at);
        }
    }
    look_again(next, at)
}

/// The customer while no code is to be had for their claim: it waits until then, and whoever is due later goes first.
pub fn wait_for_code(claimed: &Customer, until: Timestamp, at: Look<'_>) -> Customer {
    let mut next = claimed.clone();
    if let Some(open) = next.open.as_mut().filter(|open| open.state == OpenState::Claimed) {
        open.code_after = Some(until);
    }
    look_again(next, at)
}

/// The customer after SES refused: back to `claimed`, never cleared.
pub fn refused(customer: &Customer, for_good: bool, at: Look<'_>) -> Customer {
    let mut next = customer.clone();
    if let Some(open) = &mut next.open {
        open.state = OpenState::Claimed;
        open.owner = None;
        open.fenced = None;
        open.refused = for_good;
    }
    look_again(next, at)
}

/// The customer once calling off has begun. The claim gets a new number, so that nobody else's work on it holds.
pub fn begin_call_off(customer: &Customer, how: CallOff) -> Customer {
    let mut next = customer.clone();
    next.rev += 1;
    if let Some(open) = &mut next.open {
        open.state = match how {
            CallOff::Stop => OpenState::Stopping,
            CallOff::Lapse => OpenState::Lapsing,
        };
        open.claim = next.rev;
    }
    next
}

/// The customer after everything of the message was put back. A lapse leaves no brief: the step may be claimed again.
pub fn finish_call_off(customer: &Customer, how: CallOff, at: Look<'_>) -> Customer {
    match how {
        CallOff::Stop => close(customer, End::Stopped, at.now, at),
        CallOff::Lapse => {
            let mut next = customer.clone();
            if let Some(Open { message, previous, .. }) = next.open.take() {
                next.lapses.insert(0, Lapse { message, previous });
                next.lapses.truncate(LAPSES);
            }
            look_again(next, at)
        }
    }
}

/// What a settling needs to compute the next look.
#[derive(Clone, Copy)]
pub struct Look<'a> {
    /// The store.
    pub store: &'a Store,
    /// Its plan.
    pub plan: &'a Plan,
    /// Now.
    pub now: Timestamp,
}

/// Computes `due` anew and stamps the plan. A customer stays due while a message is open. What counts as sent because its
/// records were lost is written down with it, so that no later plan or fact makes it a letter that is to come.
pub fn look_again(mut customer: Customer, at: Look<'_>) -> Customer {
    if let Some(presumed) = presume(&customer, at.store, at.plan) {
        customer = presumed;
    }
    customer.rev += 1;
    customer.due = decide(&customer, at.store, at.plan, at.now).next_look;
    customer.plan = at.plan.number;
    customer
}

/// Notes how the open message ended.
pub(crate) fn note_open(customer: &mut Customer, open: &Open, end: End) {
    let brief = Brief { round: open.round, step: open.step, end, day: open.day, deadline: open.deadline };
    let ended = Ended { program: &open.program, episode: open.episode, held: open.held, named_after: None };
    note(customer, ended, open.grants.is_some() && end != End::Stopped, brief);
}

/// Which step ended, and for whom.
#[derive(Clone, Copy)]
pub(crate) struct Ended<'a> {
    /// By the program's name.
    pub program: &'a str,
    /// The moment the silence is counted from.
    pub episode: Timestamp,
    /// Held out for the whole episode.
    pub held: bool,
    /// Whom the message is named after, where that is not the record.
    pub named_after: Option<CustomerId>,
}

/// Notes the end of a step, unless one is noted. `granted`: it brought an offer of its own. Says whether it was news.
pub(crate) fn note(customer: &mut Customer, ended: Ended<'_>, granted: bool, brief: Brief) -> bool {
    let Ended { program, episode, held, named_after } = ended;
    let fresh = || Journey { episode, held, named_after, offers: 0, briefs: Vec::new() };
    let journey = customer.journeys.entry(program.to_owned()).or_insert_with(fresh);
    if journey.episode < episode {
        *journey = Journey { offers: journey.offers, ..fresh() };
    }
    let known = journey.briefs.iter().any(|known| (known.round, known.step) == (brief.round, brief.step));
    let news = journey.episode == episode && !known;
    if news {
        journey.briefs.push(brief);
        journey.offers += u32::from(granted);
    }
    news
}

/// Remembers when somebody was mailed, for the frequency cap.
pub(crate) fn mailed(customer: &mut Customer, at: Timestamp) {
    customer.mailed.insert(0, at);
    customer.mailed.sort_unstable_by(|a, b| b.cmp(a));
    customer.mailed.truncate(MAILED);
}
