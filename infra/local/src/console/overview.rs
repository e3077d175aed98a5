//! The first page: from silence to return, because of the letters or not, and what happens next.

use std::collections::BTreeMap;

use askama::Template;
use axum::extract::State;
use http::Uri;
use jiff::ToSpan;
use jiff::civil::Date;
use winback_domain::figures::{counted, number, percent};
use winback_domain::outlook::{Expected, expected, reasons};
use winback_domain::report::{self, Comparison, Day, Group};
use winback_domain::store;
use winback_domain::time::{day_of, days_later};

use super::words::{moment, width};
use super::{Console, Frame, Page, html};

/// Days that the figure of mails shows.
const SHOWN_DAYS: i64 = 84;
/// Days that are looked ahead.
const AHEAD_DAYS: u32 = 14;
/// What is said where orders of the past are played.
const NO_ANSWERS: &str = "These orders were placed before any of these letters was written, so the difference between the \
                          two says nothing of what the letters would bring.";
/// So many kinds of coming letters are named.
const MOST_COMING: usize = 8;

#[derive(Template)]
#[template(path = "overview.html")]
struct Overview {
    frame: Frame,
    paused: Option<String>,
    funnel: Vec<Step>,
    groups: [Compared; 2],
    verdict: String,
    days: Vec<Column>,
    first_day: String,
    last_day: String,
    weeks: Vec<Week>,
    coming: Vec<Coming>,
    ahead: u32,
    reasons: Vec<(&'static str, String)>,
}

struct Step {
    figure: String,
    label: &'static str,
    note: String,
    width: u64,
}

struct Compared {
    ours: bool,
    label: &'static str,
    percent: String,
    note: String,
    width: u64,
}

/// A day of the figure; heights in percent.
struct Column {
    title: String,
    mailed: u64,
    held: u64,
}

struct Week {
    day: String,
    mailed: String,
    held: String,
    orders: String,
    redeemed: String,
}

struct Coming {
    when: String,
    what: String,
}

/// `GET /`
pub async fn page(State(console): State<Console>, url: Uri) -> Page {
    let book = &*console.book().await?;
    let (ledger, plan, now) = (book.ledger(), &book.plan, book.now);
    let zone = &plan.shop.time_zone;
    let (summary, comparison, days) = (report::summary(&ledger), report::comparison(&ledger), report::days(&ledger));
    let written = summary.lapsed.saturating_sub(summary.holdout);
    let step = |figure, label, note, of| Step { figure: number(figure), label, note, width: width(figure, of) };
    let funnel = vec![
        step(summary.customers, "customers", counted(summary.orders, "order"), summary.customers),
        step(summary.lapsed, "fell silent", "agreed to mail, and are meant".to_owned(), summary.customers),
        step(
            written,
            "were written to or wait for it",
            format!("{} held out", number(summary.holdout)),
            summary.customers,
        ),
        step(
            comparison.mailed.returned,
            "came back after a letter",
            format!("of {} silences", number(comparison.mailed.episodes)),
            summary.customers,
        ),
        step(summary.redemptions, "used their code", String::new(), summary.customers),
    ];
    let today = day_of(now, zone);
    let coming = expected(book.customers(), &book.store, plan, now, days_later(now, AHEAD_DAYS, zone));
    let reasons = reasons(book.customers(), &book.store, plan, now);
    let first = today.saturating_sub(SHOWN_DAYS.days());
    html(&Overview {
        frame: console.frame("/", &url, book),
        paused: paused(&book.store),
        funnel,
        groups: groups(comparison),
        verdict: if console.hand.answers { verdict(comparison) } else { NO_ANSWERS.to_owned() },
        days: columns(&days, first, today),
        first_day: first.strftime("%-d %B").to_string(),
        last_day: today.strftime("%-d %B").to_string(),
        weeks: weeks(&days, today),
        coming: coming.iter().take(MOST_COMING).map(|one| told(one, zone)).collect(),
        ahead: AHEAD_DAYS,
        reasons: reasons.into_iter().map(|(group, count)| (group, number(count))).collect(),
    })
}

fn paused(store: &store::Store) -> Option<String> {
    let because = store.paused_because.as_deref().map_or_else(String::new, |why| format!(": {why}"));
    match store.state {
        store::State::Live => None,
        store::State::Paused => Some(format!("The store is paused{because}. Nobody is mailed.")),
        store::State::Importing => Some("The store's history is still coming in. Nobody is mailed.".to_owned()),
        store::State::Rehearsing => Some("The store rehearses: it decides and shows, and mails nobody.".to_owned()),
    }
}

fn groups(Comparison { mailed, held }: Comparison) -> [Compared; 2] {
    let most = mailed.tenths().max(held.tenths()).max(1);
    let group = |ours, label, group: Group| Compared {
        ours,
        label,
        percent: if group.episodes == 0 { "–".to_owned() } else { percent(group.tenths()) },
        note: format!("{} of {}", number(group.returned), counted(group.episodes, "silence")),
        width: width(group.tenths(), most),
    };
    [group(true, "came back with letters", mailed), group(false, "came back without, held out", held)]
}

fn verdict(comparison: Comparison) -> String {
    let Comparison { mailed, held } = comparison;
    if mailed.episodes == 0 || held.episodes == 0 {
        return "Nothing to compare yet: some must have been written to, and some held out.".to_owned();
    }
    let (ours, theirs) = (mailed.tenths(), held.tenths());
    let points = percent(ours.abs_diff(theirs)).replace(" %", "");
    let more = if ours >= theirs { "more" } else { "fewer" };
    let because = mailed.episodes * ours.saturating_sub(theirs) / 1_000;
    let said = format!("{points} points {more} came back with letters");
    let said = match because {
        0 => format!("{said}."),
        _ => format!("{said}: some {} that would have stayed away.", counted(because, "customer")),
    };
    if comparison.says_little() {
        return format!("{said} So few were held out that the difference says little yet.");
    }
    said
}

fn columns(days: &BTreeMap<Date, Day>, first: Date, today: Date) -> Vec<Column> {
    let shown: Vec<(Date, Day)> = first
        .series(1.day())
        .take_while(|day| *day <= today)
        .map(|day| (day, days.get(&day).copied().unwrap_or_default()))
        .collect();
    let most = shown.iter().map(|(_, day)| day.mailed + day.held).max().unwrap_or(0).max(1);
    shown
        .into_iter()
        .map(|(date, day)| Column {
            title: format!("{}: {} mailed, {} held out", date.strftime("%-d %B"), day.mailed, day.held),
            mailed: width(day.mailed, most),
            held: width(day.held, most),
        })
        .collect()
}

fn weeks(days: &BTreeMap<Date, Day>, today: Date) -> Vec<Week> {
    let monday = |day: Date| day.saturating_sub(i64::from(day.weekday().to_monday_zero_offset()).days());
    let mut found: BTreeMap<Date, Day> = BTreeMap::new();
    for (date, day) in days.range(..=today) {
        let week = found.entry(monday(*date)).or_default();
        week.mailed += day.mailed;
        week.held += day.held;
        week.orders += day.orders;
        week.redeemed += day.redeemed;
    }
    let latest = found.into_iter().rev().take(12);
    latest
        .map(|(date, week)| Week {
            day: date.strftime("%-d %B %Y").to_string(),
            mailed: number(week.mailed),
            held: number(week.held),
            orders: number(week.orders),
            redeemed: number(week.redeemed),
        })
        .collect()
}

fn told(one: &Expected, zone: &jiff::tz::TimeZone) -> Coming {
    let letters = counted(one.customers, "letter");
    let held = if one.held { ", held out" } else { "" };
    Coming { when: moment(one.at, zone), what: format!("{letters} {}{held}", one.mail) }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn the_difference_is_told_with_what_it_rests_on() {
        let group = |episodes, returned| Group { episodes, returned };
        let said = verdict(Comparison { mailed: group(1_000, 300), held: group(400, 40) });
        assert_eq!(said, "20.0 points more came back with letters: some 200 customers that would have stayed away.");
        let said = verdict(Comparison { mailed: group(50, 5), held: group(20, 4) });
        assert_eq!(
            said,
            "10.0 points fewer came back with letters. So few were held out that the difference says little yet."
        );
        assert!(verdict(Comparison::default()).starts_with("Nothing to compare yet"));
    }

    #[test]
    fn the_tallest_day_fills_the_figure() {
        let day = |text: &str| text.parse::<Date>().unwrap();
        let busy = Day { mailed: 30, held: 10, ..Day::default() };
        let days = BTreeMap::from([(day("2026-06-02"), busy)]);
        let columns = columns(&days, day("2026-06-01"), day("2026-06-03"));
        let heights: Vec<_> = columns.iter().map(|column| (column.mailed, column.held)).collect();
        assert_eq!(heights, [(0, 0), (75, 25), (0, 0)]);
        let weeks = weeks(&days, day("2026-06-03"));
        assert_eq!((weeks.len(), weeks[0].day.as_str(), weeks[0].mailed.as_str()), (1, "1 June 2026", "30"));
    }

    #[test]
    fn a_store_that_does_not_mail_is_said_so() {
        let id = winback_domain::ids::StoreId::try_from("books".to_owned()).unwrap();
        let mut known = store::Store { state: store::State::Live, ..store::Store::new(id) };
        assert_eq!(paused(&known), None);
        known.pause("too many bounces".to_owned());
        assert_eq!(paused(&known).unwrap(), "The store is paused: too many bounces. Nobody is mailed.");
    }

    #[test]
    fn what_comes_is_told_by_the_shops_clock() {
        let zone = jiff::tz::TimeZone::get("Europe/Helsinki").unwrap();
        let at: Timestamp = "2026-07-02T06:00:00Z".parse().unwrap();
        let one = Expected { at, program: "p".into(), mail: "we-miss-you".into(), held: false, customers: 12 };
        let told = told(&one, &zone);
        assert_eq!((told.when.as_str(), told.what.as_str()), ("Thu 2 Jul 2026, 09:00", "12 letters we-miss-you"));
    }
}
