//! When a letter may leave: slots, quiet hours, and a follow-up counted back from its deadline.

use jiff::civil::Time;
use jiff::{Timestamp, ToSpan};

use crate::program::Send;
use crate::shop::{QuietHours, Shop};
use crate::time::{at_time, day_of, start_of_day};

/// A follow-up moved out of quiet hours leaves this long before they begin, so that it can leave at all.
const BEFORE_QUIET_MINUTES: i64 = 60;

/// Now, or not before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// It may leave, if it passes the fence before this moment.
    Now {
        /// End of day, start of quiet hours or deadline, whichever is first.
        before: Timestamp,
    },
    /// Look again then.
    Later(Timestamp),
}

/// When a letter may leave. `ready` is when its silence or its round's wait was over, `not_before` what limits say.
pub(super) fn letter(send: &Send, ready: Timestamp, not_before: Timestamp, now: Timestamp, shop: &Shop) -> At {
    let from = ready.max(not_before);
    match send {
        Send::Slot { days, time } => {
            let zone = &shop.time_zone;
            let today = day_of(now, zone);
            let opens = at_time(today, *time, zone);
            let before = end_of_window(now, shop);
            let is_open = days.contains(&today.weekday()) && opens <= now && opens >= ready && now < before;
            if is_open && not_before <= now && !is_quiet(now, shop) {
                return At::Now { before };
            }
            let first = day_of(from.max(now), zone);
            let coming = (0..15).map(|ahead| first.saturating_add(i64::from(ahead).days()));
            let opens = coming.filter(|day| days.contains(&day.weekday())).map(|day| at_time(day, *time, zone));
            // A limit that ends later on a slot's day leaves the rest of that day.
            let starts =
                opens.filter(|opens| *opens >= ready).map(|opens| (day_of(opens, zone), opens.max(not_before)));
            let mut fits = starts.filter(|(day, at)| *at > now && day_of(*at, zone) == *day && !is_quiet(*at, shop));
            At::Later(fits.next().map_or(Timestamp::MAX, |(_, at)| at))
        }
        Send::AnyTime | Send::BeforeDeadline { .. } => {
            let at = out_of_quiet(from.max(now), shop);
            if at <= now { At::Now { before: end_of_window(now, shop) } } else { At::Later(at) }
        }
    }
}

/// When a follow-up may leave: so many hours before its deadline, earlier where that is within quiet hours, never on
/// the day of its letter. Nothing: the deadline is too near or past.
pub(super) fn follow_up(
    deadline: Timestamp,
    hours: u32,
    letter_day: jiff::civil::Date,
    not_before: Timestamp,
    now: Timestamp,
    shop: &Shop,
) -> Option<At> {
    let zone = &shop.time_zone;
    let planned = deadline.saturating_sub(i64::from(hours).hours()).unwrap_or(Timestamp::MIN);
    let planned = before_quiet(planned, shop);
    let day_after = start_of_day(letter_day.saturating_add(1.day()), zone);
    let at = out_of_quiet(planned.max(day_after).max(not_before).max(now), shop);
    if at >= deadline {
        None
    } else if at <= now {
        Some(At::Now { before: end_of_window(now, shop).min(deadline) })
    } else {
        Some(At::Later(at))
    }
}

fn is_quiet(at: Timestamp, shop: &Shop) -> bool {
    let local = shop.time_zone.to_datetime(at).time();
    shop.limits.quiet_hours.is_some_and(|quiet| within(quiet, local))
}

fn within(quiet: QuietHours, time: Time) -> bool {
    if quiet.from <= quiet.until {
        quiet.from <= time && time < quiet.until
    } else {
        quiet.from <= time || time < quiet.until
    }
}

/// The first moment from `at` on that is not quiet.
fn out_of_quiet(at: Timestamp, shop: &Shop) -> Timestamp {
    let Some(quiet) = shop.limits.quiet_hours.filter(|_| is_quiet(at, shop)) else {
        return at;
    };
    let zone = &shop.time_zone;
    let today = day_of(at, zone);
    let ends = [today, today.saturating_add(1.day())].map(|day| at_time(day, quiet.until, zone));
    ends.into_iter().find(|end| *end > at).unwrap_or(at)
}

/// The moment itself, or a while before the quiet hours it falls into.
fn before_quiet(at: Timestamp, shop: &Shop) -> Timestamp {
    let Some(quiet) = shop.limits.quiet_hours.filter(|_| is_quiet(at, shop)) else {
        return at;
    };
    let zone = &shop.time_zone;
    let today = day_of(at, zone);
    let starts = [today, today.saturating_sub(1.day())].map(|day| at_time(day, quiet.from, zone));
    let start = starts.into_iter().find(|start| *start <= at).unwrap_or(at);
    start.saturating_sub(BEFORE_QUIET_MINUTES.minutes()).unwrap_or(start)
}

/// The end of the day or the start of quiet hours, whichever comes first after `now`.
fn end_of_window(now: Timestamp, shop: &Shop) -> Timestamp {
    let zone = &shop.time_zone;
    let today = day_of(now, zone);
    let end = start_of_day(today.saturating_add(1.day()), zone);
    let quiet = shop.limits.quiet_hours.map(|quiet| at_time(today, quiet.from, zone)).filter(|from| *from > now);
    quiet.map_or(end, |quiet| quiet.min(end))
}
