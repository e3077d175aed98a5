//! A store as `decide` sees it: a small snapshot with a number, so that every why can name what it saw.

use std::collections::{BTreeMap, BinaryHeap};

use jiff::Timestamp;
use jiff::civil::{Date, Weekday};
use serde::{Deserialize, Serialize};

use crate::customer::Customer;
use crate::gap::Gap;
use crate::ids::StoreId;
use crate::shop::Shop;

/// Mails allowed on the day a store goes live without a daily limit of its own; doubled every day after.
pub const RAMP_START: u32 = 50;
/// After so many days the ramp is over.
const RAMP_DAYS: i32 = 10;

/// One store at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Store {
    /// Which.
    pub id: StoreId,
    /// Plus one on every update of this record.
    pub rev: u64,
    /// Whether it mails.
    pub state: State,
    /// The run that last set its state, by the time it was scheduled for: tried again, it sets nothing again.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "jiff::fmt::serde::timestamp::second::optional")]
    pub state_set: Option<Timestamp>,
    /// The imports that are under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imports: Option<Imports>,
    /// Why it is paused, in a word for people and alarms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_because: Option<String>,
    /// When its platform last took us out.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "jiff::fmt::serde::timestamp::second::optional")]
    pub left: Option<Timestamp>,
    /// Everybody we knew by then is to be forgotten: its platform asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "jiff::fmt::serde::timestamp::second::optional")]
    pub erased: Option<Timestamp>,
    /// Nothing is claimed before this: SES, or the store that makes the codes good, asked us to slow down.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "jiff::fmt::serde::timestamp::second::optional")]
    pub throttled_until: Option<Timestamp>,
    /// The number of the active plan.
    pub plan: u64,
    /// The first day of the ramp; nothing: no ramp holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ramp_from: Option<Date>,
    /// A replay of history: no limit per day or month holds.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unlimited: bool,
    /// Sends since the last acceptance that brought none: no answer, or refused for their recipient.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub troubles: u32,
    /// Times whose records were lost.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "crate::packed")]
    pub gaps: Vec<Gap>,
    /// Who goes first, made nightly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ranking: Option<Ranking>,
    /// What was used so far; counted beside this record and filled in when it is loaded.
    #[serde(skip)]
    pub used: Used,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// importing → rehearsing → live → paused. Only live mails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// History comes in; nobody becomes due.
    Importing,
    /// Everything is decided and shown, nobody is mailed.
    Rehearsing,
    /// Mails.
    Live,
    /// Somebody or a breaker stopped it.
    Paused,
}

impl State {
    /// Its name, as files and people write it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Importing => "importing",
            Self::Rehearsing => "rehearsing",
            Self::Live => "live",
            Self::Paused => "paused",
        }
    }
}

/// Imports that are under way, and what the store was before the first of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imports {
    /// The state that it goes on in when the last of them has ended.
    pub before: State,
    /// Their files, and of each the content that is imported: a newer one takes the place of an older.
    pub running: BTreeMap<String, String>,
}

/// What a store has used of its limits. Approximate: reserved before it is used, so it may be a little more than
/// was mailed, never less.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// Mails reserved today, shop time.
    pub mails_today: u32,
    /// How many of them for follow-ups.
    pub follow_ups_today: u32,
    /// Discounts redeemed this calendar month, in minor units of the shop's currency.
    pub discounts_this_month: i64,
}

/// A customer's place among all who wait: value first, then a derived draw.
pub type Rank = (i64, u32);

/// Who may go on which day when there are more than the limit allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ranking {
    /// The first day it speaks of.
    pub from: Date,
    /// For each day from then on the lowest rank that may go.
    pub lowest: Vec<Rank>,
    /// For each day the mails that are promised already: follow-ups of letters that left.
    pub promised: Vec<u32>,
}

/// The mark of a day that has room for everybody.
const NOBODY_WAITS: Rank = (i64::MIN, 0);

/// Days that a ranking looks ahead.
pub const RANKED_DAYS: usize = 60;

/// Somebody who waits to be written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "(i64, u32, Date, u8)", from = "(i64, u32, Date, u8)")]
pub struct Waiting {
    /// Their place.
    pub rank: Rank,
    /// The first day they could be written to if there were no limit.
    pub from: Date,
    /// The days of the week their letter may leave on.
    pub weekdays: Weekdays,
}

impl From<Waiting> for (i64, u32, Date, u8) {
    fn from(Waiting { rank: (value, draw), from, weekdays }: Waiting) -> Self {
        (value, draw, from, weekdays.0)
    }
}

impl From<(i64, u32, Date, u8)> for Waiting {
    fn from((value, draw, from, weekdays): (i64, u32, Date, u8)) -> Self {
        Self { rank: (value, draw), from, weekdays: Weekdays(weekdays) }
    }
}

/// Some of the days of the week, a bit each: a ranking holds everybody who waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Weekdays(u8);

impl Weekdays {
    /// These days.
    pub fn of(days: &[Weekday]) -> Self {
        Self(days.iter().fold(0, |set, day| set | 1 << day.to_monday_zero_offset()))
    }

    fn contains(self, day: Weekday) -> bool {
        self.0 & 1 << day.to_monday_zero_offset() != 0
    }
}

impl Ranking {
    /// Plays the coming days through: each day's allowance goes to the best of those who could be written to on it.
    ///
    /// `promised` is the number of follow-ups of each day, which come first. Nothing where no limit holds.
    pub fn make(store: &Store, shop: &Shop, from: Date, mut waiting: Vec<Waiting>, promised: Vec<u32>) -> Option<Self> {
        store.allowance(shop, from)?;
        waiting.sort_unstable_by_key(|one| one.from);
        let mut coming = waiting.into_iter().peekable();
        // Who could be written to by now, best first, apart by the days they may be written to on.
        let mut here: BTreeMap<Weekdays, BinaryHeap<Rank>> = BTreeMap::new();
        let mut lowest = Vec::with_capacity(RANKED_DAYS);
        let mut day = from;
        for index in 0..RANKED_DAYS {
            while let Some(one) = coming.next_if(|one| one.from <= day) {
                here.entry(one.weekdays).or_default().push(one.rank);
            }
            let kept = promised.get(index).copied().unwrap_or(0);
            let room = store.allowance(shop, day).map_or(usize::MAX, |all| all.saturating_sub(kept) as usize);
            let mut today: Vec<_> =
                here.iter_mut().filter(|(days, _)| days.contains(day.weekday())).map(|(_, ranks)| ranks).collect();
            lowest.push(take_best(&mut today, room));
            day = day.saturating_add(jiff::Span::new().days(1));
        }
        Some(Self { from, lowest, promised })
    }
}

impl Ranking {
    /// Whether it keeps anybody waiting on any of its days.
    pub fn binds(&self) -> bool {
        self.lowest.iter().any(|lowest| *lowest != NOBODY_WAITS) || self.promised.iter().any(|mails| *mails > 0)
    }
}

/// Takes the best out of all heaps, as many as there is room for. The rank of the last of them is the lowest that may
/// go; with room for everybody anybody may, also those nobody has heard of yet.
fn take_best(heaps: &mut [&mut BinaryHeap<Rank>], room: usize) -> Rank {
    if heaps.iter().map(|ranks| ranks.len()).sum::<usize>() <= room {
        heaps.iter_mut().for_each(|ranks| ranks.clear());
        return NOBODY_WAITS;
    }
    let mut mark = (i64::MAX, u32::MAX);
    for _ in 0..room {
        let best = heaps.iter_mut().max_by_key(|ranks| ranks.peek().copied());
        mark = best.and_then(|ranks| ranks.pop()).unwrap_or(mark);
    }
    mark
}

/// The rank of a customer.
pub fn rank(customer: &Customer) -> Rank {
    (customer.orders.spent, customer.id.spread(u32::MAX))
}

impl Store {
    /// A store that was just added: it waits for its history.
    pub fn new(id: StoreId) -> Self {
        Self {
            id,
            rev: 0,
            state: State::Importing,
            state_set: None,
            imports: None,
            paused_because: None,
            left: None,
            erased: None,
            throttled_until: None,
            plan: 0,
            ramp_from: None,
            unlimited: false,
            troubles: 0,
            gaps: Vec::new(),
            ranking: None,
            used: Used::default(),
        }
    }

    /// How many mails a day allows; nothing: as many as wanted.
    pub fn allowance(&self, shop: &Shop, day: Date) -> Option<u32> {
        if self.unlimited {
            return None;
        }
        let ramp = self.ramp_from.and_then(|first| {
            let days = days(first, day);
            (days < RAMP_DAYS).then(|| RAMP_START << days)
        });
        match (shop.limits.per_day, ramp) {
            (Some(limit), Some(ramp)) => Some(limit.min(ramp)),
            (limit, ramp) => limit.or(ramp),
        }
    }

    /// How many mails are left of today's allowance; nothing: as many as wanted.
    pub fn left_today(&self, shop: &Shop, day: Date) -> Option<u32> {
        self.allowance(shop, day).map(|all| all.saturating_sub(self.used.mails_today))
    }

    /// How many letters are left of today's allowance: what is promised to follow-ups is kept for them until they have
    /// taken it.
    pub fn letters_left_today(&self, shop: &Shop, day: Date) -> Option<u32> {
        let promised = self.ranking.as_ref().and_then(|ranking| {
            let index = usize::try_from(days(ranking.from, day)).ok()?;
            ranking.promised.get(index).copied()
        });
        let kept = promised.unwrap_or(0).saturating_sub(self.used.follow_ups_today);
        self.left_today(shop, day).map(|left| left.saturating_sub(kept))
    }

    /// An import of a file begins: until it has ended nobody becomes due. Beginning it again changes nothing.
    pub fn begin_import(&mut self, file: &str, content: &str) {
        // A store that is new, or whose import was cut short before it had a name, has nothing to go back to.
        let before = if self.state == State::Importing { State::Rehearsing } else { self.state };
        let first = self.imports.is_none();
        let imports = self.imports.get_or_insert(Imports { before, running: BTreeMap::new() });
        imports.running.insert(file.to_owned(), content.to_owned());
        if first {
            self.state = State::Importing;
        }
    }

    /// The state in which the store goes on when this import ends. Nothing where another one still runs, where it has
    /// ended before, or where somebody set the state in between.
    pub fn after_import(&self, file: &str, content: &str) -> Option<State> {
        let runs = |imports: &&Imports| imports.running.get(file).is_some_and(|known| known == content);
        let imports = self.imports.as_ref().filter(runs)?;
        (imports.running.len() == 1 && self.state == State::Importing).then_some(imports.before)
    }

    /// An import has ended. The state stays as it is: see [`Store::after_import`].
    pub fn end_import(&mut self, file: &str, content: &str) {
        if let Some(imports) = &mut self.imports {
            imports.running.retain(|known, of| known != file || of != content);
        }
        self.imports.take_if(|imports| imports.running.is_empty());
    }

    /// An import has ended. Where the store waits for it alone it stays known, until whoever looks at everybody has set the
    /// state.
    pub fn end_unless_last(&mut self, file: &str, content: &str) {
        if self.after_import(file, content).is_none() {
            self.end_import(file, content);
        }
    }

    /// Whatever imports ran, they will not end by themselves: the store goes on as it was.
    pub fn forget_imports(&mut self) {
        if let Some(imports) = self.imports.take()
            && self.state == State::Importing
        {
            self.state = imports.before;
        }
    }

    /// Pauses it and says why. One that is not live stays as it is.
    pub fn pause(&mut self, because: String) {
        if self.state == State::Live {
            self.state = State::Paused;
            self.paused_because = Some(because);
        }
    }

    /// Pauses it, whatever it was. A run that was to set it live before this moment does not lift the pause.
    pub fn stop(&mut self, because: &str, at: Timestamp) {
        self.state = State::Paused;
        self.paused_because = Some(because.to_owned());
        self.state_set = self.state_set.max(Some(at));
    }

    /// Its platform took us out: it mails nobody until somebody resumes it, whatever it was doing. Told again, also much
    /// later, it changes nothing.
    pub fn leave(&mut self, at: Timestamp) {
        if self.left < Some(at) {
            self.left = Some(at);
            self.imports = None;
            self.stop("the store took Winback out", at);
        }
    }

    /// Its platform wants everybody forgotten whom we knew by then. The next scan does it; until then nobody is mailed.
    pub fn forget_customers(&mut self, at: Timestamp) {
        self.leave(at);
        self.erased = self.erased.max(Some(at));
    }

    /// Whether this month's budget for discounts is spent.
    pub fn discounts_spent(&self, shop: &Shop) -> bool {
        !self.unlimited
            && shop.limits.discounts_per_month.is_some_and(|most| self.used.discounts_this_month >= most.minor)
    }

    /// The first day from `day` on which a rank may go.
    pub fn first_day(&self, rank: Rank, day: Date) -> Date {
        let Some(ranking) = self.ranking.as_ref().filter(|_| !self.unlimited) else {
            return day;
        };
        let passed = usize::try_from(days(ranking.from, day)).unwrap_or(0);
        let ahead = ranking.lowest.iter().skip(passed);
        let waits = ahead.take_while(|lowest| rank < **lowest).count();
        let waits = i64::try_from(waits).unwrap_or(0);
        day.saturating_add(jiff::Span::new().days(waits))
    }
}

/// Days from one to another; 0 where the other is earlier.
pub(crate) fn days(from: Date, to: Date) -> i32 {
    from.until(to).map_or(0, |span| span.get_days()).max(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live() -> Store {
        Store { state: State::Live, ..Store::new("books".to_owned().try_into().unwrap()) }
    }

    #[test]
    fn of_two_imports_the_last_to_end_sets_the_store_going_again() {
        let mut store = live();
        store.begin_import("spring", "1");
        store.begin_import("autumn", "1");
        store.begin_import("spring", "1");
        assert_eq!(store.state, State::Importing);
        assert_eq!(store.after_import("spring", "1"), None);
        store.end_unless_last("spring", "1");
        store.end_unless_last("autumn", "1");
        assert_eq!((store.state, store.after_import("spring", "1")), (State::Importing, None));
        assert_eq!(store.after_import("autumn", "1"), Some(State::Live));
        store.end_import("autumn", "1");
        assert_eq!(store.imports, None);
    }

    #[test]
    fn a_pause_in_the_middle_of_an_import_is_not_lifted_by_its_end() {
        let mut store = live();
        store.begin_import("spring", "1");
        store.state = State::Paused;
        // Not by one that begins after it either.
        store.begin_import("autumn", "1");
        assert_eq!((store.state, store.after_import("spring", "1")), (State::Paused, None));
        store.end_import("spring", "1");
        store.end_import("autumn", "1");
        assert_eq!((store.state, store.imports), (State::Paused, None));
    }

    #[test]
    fn a_corrected_file_takes_the_place_of_the_one_before() {
        let mut store = live();
        store.begin_import("spring", "1");
        store.begin_import("spring", "2");
        assert_eq!(store.after_import("spring", "1"), None);
        store.end_import("spring", "1");
        assert_eq!(store.after_import("spring", "2"), Some(State::Live));
    }

    #[test]
    fn a_new_store_rehearses_after_its_first_import() {
        let mut store = Store::new("books".to_owned().try_into().unwrap());
        store.begin_import("spring", "1");
        assert_eq!(store.after_import("spring", "1"), Some(State::Rehearsing));
    }
}
