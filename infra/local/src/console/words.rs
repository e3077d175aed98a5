//! Figures and moments as the pages say them.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use winback_domain::customer::Customer;
use winback_domain::message::State;
use winback_domain::time::local;

/// What somebody pays who buys without a minimum to reach, in the smallest unit of the shop's currency.
pub const USUAL_ORDER: i64 = 4_500;

/// How much of a way is done, in percent.
pub fn part(from: Timestamp, now: Timestamp, to: Timestamp) -> u32 {
    let (done, all) = (now.as_second() - from.as_second(), to.as_second() - from.as_second());
    u32::try_from((done * 100).checked_div(all).unwrap_or(100).clamp(0, 100)).unwrap_or(0)
}

/// A part of a whole in percent, for a bar.
pub fn width(part: u64, whole: u64) -> u64 {
    (part * 100).checked_div(whole).unwrap_or(0).min(100)
}

/// `Tue 2 Jun 2026, 09:00`, by the shop's clock.
pub fn moment(at: Timestamp, zone: &TimeZone) -> String {
    local(at, zone).strftime("%a %-d %b %Y, %H:%M").to_string()
}

/// `2 Jun 2026`.
pub fn day(at: Timestamp, zone: &TimeZone) -> String {
    local(at, zone).strftime("%-d %b %Y").to_string()
}

/// What a customer is called here: their name, else their address.
pub fn name(customer: &Customer) -> String {
    let said = customer.contact.name.as_ref().map(|said| said.is.clone());
    let address = || customer.email().map(|email| email.as_str().to_owned());
    let forgotten = || if customer.erased.is_some() { "Somebody forgotten" } else { "Somebody" }.to_owned();
    said.or_else(address).unwrap_or_else(forgotten)
}

/// How a state is coloured.
pub fn tone(state: State) -> &'static str {
    match state {
        State::Bounced | State::Complained | State::Refused => "bad",
        State::Delivered | State::Sent => "good",
        _ => "",
    }
}

/// Whether a text has what somebody looks for, whatever its capitals.
pub fn says(text: &str, wanted: &str) -> bool {
    text.to_lowercase().contains(wanted)
}

/// One piece of a long list.
#[derive(Debug, Default)]
pub struct Pager {
    /// The page before.
    pub newer: Option<String>,
    /// The page after.
    pub older: Option<String>,
    /// Which it is.
    pub says: String,
}

/// So many rows stand on one page.
pub const ROWS: usize = 50;

impl Pager {
    /// The page of that number, counted from 0, of a list with so many rows. `link` is the list's address and ends in
    /// what a page's number is added to.
    pub fn of(page: usize, rows: usize, link: &str) -> (Self, std::ops::Range<usize>) {
        let pages = rows.div_ceil(ROWS).max(1);
        let page = page.min(pages - 1);
        let to = |page: usize| format!("{link}{page}");
        let says = format!("{} of {}", page + 1, pages);
        let pager =
            Self { newer: (page > 0).then(|| to(page - 1)), older: (page + 1 < pages).then(|| to(page + 1)), says };
        (pager, page * ROWS..rows.min((page + 1) * ROWS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_is_told_in_percent() {
        let at = |second| Timestamp::from_second(second).unwrap();
        assert_eq!([0, 50, 149, 200].map(|now| part(at(0), at(now), at(200))), [0, 25, 74, 100]);
        assert_eq!(part(at(5), at(5), at(5)), 100);
    }

    #[test]
    fn a_bar_is_no_longer_than_its_whole() {
        assert_eq!((width(1, 3), width(5, 0), width(9, 3)), (33, 0, 100));
    }

    #[test]
    fn a_long_list_comes_in_pages() {
        let (first, rows) = Pager::of(0, 120, "/outbox?page=");
        assert_eq!((first.newer, first.older.as_deref(), rows), (None, Some("/outbox?page=1"), 0..50));
        let (last, rows) = Pager::of(9, 120, "/outbox?page=");
        assert_eq!((last.newer.as_deref(), last.older, rows), (Some("/outbox?page=1"), None, 100..120));
        assert_eq!(Pager::of(0, 0, "").1, 0..0);
    }
}
