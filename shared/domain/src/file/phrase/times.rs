//! Phrases that say when and how long.

use jiff::civil::{Time, Weekday};

use super::{Cursor, Grammar, Kind, Trouble};
use crate::file::words::shown;
use crate::program::{Lapsed, Send, Since};
use crate::shop::QuietHours;

/// Ten years: longer than any silence a shop would wait for.
const MOST_DAYS: u32 = 3650;

/// The days of the week in the order of calendars here, with their short names.
pub(super) const WEEK: [(Weekday, &str); 7] = [
    (Weekday::Monday, "Mon"),
    (Weekday::Tuesday, "Tue"),
    (Weekday::Wednesday, "Wed"),
    (Weekday::Thursday, "Thu"),
    (Weekday::Friday, "Fri"),
    (Weekday::Saturday, "Sat"),
    (Weekday::Sunday, "Sun"),
];

/// Whole days, at least 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::file) struct Days(pub(in crate::file) u32);

impl Grammar for Days {
    const WHAT: &'static str = "a length of time";
    const EXAMPLES: &'static [&'static str] = &["3 days", "1 day"];

    fn parse(cursor: &mut Cursor<'_>) -> Result<Self, Trouble> {
        cursor.days().map(Self)
    }
}

impl Grammar for Lapsed {
    const WHAT: &'static str = "a silence";
    const EXAMPLES: &'static [&'static str] = &[
        "90 days without an order",
        "90 days without activity",
        "30 days after the subscription ended",
        "30 days without a first order",
    ];

    fn parse(cursor: &mut Cursor<'_>) -> Result<Self, Trouble> {
        let start = cursor.peek().1.start;
        if cursor.maybe(&["unusual"]).is_some() {
            cursor.word(&["silence"])?;
            let all = start..cursor.last.end;
            return Err(
                Trouble::new(all, "`unusual silence` is not supported yet").advise("say a number of days for now")
            );
        }
        let days = cursor.days()?;
        let since = if cursor.word(&["without", "after"])? == 0 {
            cursor.article();
            match cursor.word(&["order", "activity", "first"])? {
                0 => Since::LastOrder,
                1 => Since::LastActivity,
                _ => {
                    cursor.word(&["order"])?;
                    Since::FirstHeard
                }
            }
        } else {
            cursor.article();
            cursor.words(&["subscription", "ended"])?;
            Since::SubscriptionEnd
        };
        Ok(Self { days, since })
    }
}

/// An order within so many days of a mail counts as a return.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::file) struct ReturnWindow(pub(in crate::file) u32);

impl Grammar for ReturnWindow {
    const WHAT: &'static str = "what counts as a return";
    const EXAMPLES: &'static [&'static str] = &["order within 30 days of a mail"];

    fn parse(cursor: &mut Cursor<'_>) -> Result<Self, Trouble> {
        cursor.article();
        cursor.words(&["order", "within"])?;
        let days = cursor.days()?;
        cursor.word(&["of"])?;
        cursor.article();
        cursor.word(&["mail"])?;
        Ok(Self(days))
    }
}

impl Grammar for QuietHours {
    const WHAT: &'static str = "a part of the day";
    const EXAMPLES: &'static [&'static str] = &["20:00-08:00"];

    fn parse(cursor: &mut Cursor<'_>) -> Result<Self, Trouble> {
        let from = cursor.time()?;
        cursor.word(DASHES)?;
        let until = cursor.time()?;
        if from == until {
            return Err(Trouble::new(cursor.last.clone(), "the quiet hours end where they begin"));
        }
        Ok(Self { from, until })
    }
}

/// Word processors make a long dash of two.
const DASHES: &[&str] = &["-", "–", "—"];

impl Grammar for Send {
    const WHAT: &'static str = "a time to send";
    const EXAMPLES: &'static [&'static str] = &[
        "Tue-Thu 09:00",
        "Mon, Wed 10:30",
        "daily 09:00",
        "09:00",
        "any time",
        "24 hours before the deadline",
        "2 days before the deadline",
    ];

    fn parse(cursor: &mut Cursor<'_>) -> Result<Self, Trouble> {
        if let (Kind::Number, span) = cursor.peek() {
            let is_time = cursor.text[span.end..].starts_with(':');
            return if is_time { every_day(cursor) } else { before_deadline(cursor) };
        }
        if cursor.maybe(&["any"]).is_some() {
            cursor.word(&["time"])?;
            return Ok(Self::AnyTime);
        }
        if cursor.maybe(&["daily"]).is_some() {
            return every_day(cursor);
        }
        let days = cursor.weekdays()?;
        let time = cursor.time()?;
        Ok(Self::Slot { days, time })
    }
}

fn every_day(cursor: &mut Cursor<'_>) -> Result<Send, Trouble> {
    let time = cursor.time()?;
    Ok(Send::Slot { days: WEEK.iter().map(|(day, _)| *day).collect(), time })
}

fn before_deadline(cursor: &mut Cursor<'_>) -> Result<Send, Trouble> {
    let (number, place) = cursor.whole(1..=MOST_DAYS)?;
    let hours_each = match cursor.word(&["hours", "hour", "days", "day"])? {
        0 | 1 => 1,
        _ => 24,
    };
    cursor.marks.quantity = Some(place.start..cursor.last.end);
    cursor.word(&["before"])?;
    cursor.article();
    cursor.word(&["deadline"])?;
    Ok(Send::BeforeDeadline { hours: number * hours_each })
}

impl Cursor<'_> {
    /// `3 days`.
    pub(super) fn days(&mut self) -> Result<u32, Trouble> {
        let (days, place) = self.whole(1..=MOST_DAYS)?;
        let units = [("week", "weeks", 7), ("month", "months", 30), ("year", "years", 365)];
        let (_, unit) = self.peek();
        if let Some((_, _, each)) = units.iter().find(|(one, many, _)| {
            let written = &self.text[unit.clone()];
            written.eq_ignore_ascii_case(one) || written.eq_ignore_ascii_case(many)
        }) {
            let message = format!("`{}` is not exact enough", &self.text[unit.clone()]);
            return Err(Trouble::new(unit, message).advise(format!("say it in days: {} days", days * each)));
        }
        self.word(&["days", "day"])?;
        self.marks.quantity = Some(place.start..self.last.end);
        Ok(days)
    }

    /// `09:00`, on a clock of 24 hours.
    fn time(&mut self) -> Result<Time, Trouble> {
        let belongs = "a time such as 09:00 belongs";
        let (kind, span) = self.peek();
        match kind {
            Kind::End => {
                let before = shown(&self.text[span.clone()]);
                return Err(Trouble::new(span, format!("after `{before}` a time is missing")));
            }
            Kind::Word | Kind::Sign => {
                let found = shown(&self.text[span.clone()]);
                return Err(Trouble::new(span, format!("`{found}` stands where {belongs}")));
            }
            Kind::Number => {}
        }
        // A time is one word: `09:00`, and `9.30` or `09:00am` is taken whole too, to be told whole.
        let rest = &self.text[span.start..];
        let length = rest.find(|c: char| !(c.is_alphanumeric() || c == ':' || c == '.')).unwrap_or(rest.len());
        let place = span.start..span.start + length;
        let text = self.take(&place);
        let time = text.split_once(':').and_then(|(hour, minute)| {
            let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
            let fits = (1..=2).contains(&hour.len()) && minute.len() == 2 && digits(hour) && digits(minute);
            fits.then(|| Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()).flatten()
        });
        self.marks.time = Some(place.clone());
        time.ok_or_else(|| {
            let message = format!("`{}` is not a time of day", shown(text));
            Trouble::new(place, message).advise("times go from 00:00 to 23:59")
        })
    }

    /// `Tue-Thu`, `Mon, Wed`, `Mon-Wed, Sat`: in the order of the week, each once.
    fn weekdays(&mut self) -> Result<Vec<Weekday>, Trouble> {
        let mut days = [false; 7];
        loop {
            let first = self.weekday()?;
            let last = if self.maybe(DASHES).is_some() { self.weekday()? } else { first };
            let mut day = first;
            days[day] = true;
            while day != last {
                day = (day + 1) % 7;
                days[day] = true;
            }
            if self.maybe(&[",", "and"]).is_none() {
                break;
            }
        }
        Ok(WEEK.iter().zip(days).filter(|(_, meant)| *meant).map(|((day, _), _)| *day).collect())
    }

    /// One day of the week, counted from Monday.
    fn weekday(&mut self) -> Result<usize, Trouble> {
        let (kind, span) = self.peek();
        let word = self.text[span.clone()].to_lowercase();
        let found = WEEK
            .iter()
            .position(|(day, short)| word == short.to_lowercase() || word == format!("{day:?}").to_lowercase());
        match found {
            Some(day) if kind == Kind::Word => {
                self.take(&span);
                Ok(day)
            }
            _ => Err(self.expected(&WEEK.map(|(_, short)| short))),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::time;

    use super::super::parse;
    use super::super::tests::trouble;
    use super::*;

    fn read<T: Grammar>(text: &str) -> Option<T> {
        parse(text).ok().map(|(value, _)| value)
    }

    #[test]
    fn four_silences_are_known() {
        for (text, days, since) in [
            ("90 days without an order", 90, Since::LastOrder),
            ("90 days without order", 90, Since::LastOrder),
            ("1 day without activity", 1, Since::LastActivity),
            ("30 days after the subscription ended", 30, Since::SubscriptionEnd),
            ("30 days without a first order", 30, Since::FirstHeard),
        ] {
            assert_eq!(read(text), Some(Lapsed { days, since }), "{text}");
        }
        for (text, word, message) in [
            ("unusual silence", "unusual silence", "`unusual silence` is not supported yet"),
            ("3 months without an order", "months", "`months` is not exact enough"),
            ("90 days without a visit", "visit", "`visit` stands where `order`, `activity` or `first` belongs"),
            ("90 days", "days", "after `days` `without` or `after` is missing"),
        ] {
            assert_eq!(trouble::<Lapsed>(text), (word, message.to_owned()), "{text}");
        }
        let months = parse::<Lapsed>("3 months without an order").unwrap_err();
        assert_eq!(months.advice.as_deref(), Some("say it in days: 90 days"));
    }

    #[test]
    fn letters_leave_in_slots_at_any_time_or_before_the_deadline() {
        use Weekday::{Friday, Monday, Saturday, Sunday, Thursday, Tuesday, Wednesday};
        let slot = |days: &[Weekday], time| Some(Send::Slot { days: days.to_vec(), time });
        assert_eq!(read("Tue-Thu 09:00"), slot(&[Tuesday, Wednesday, Thursday], time(9, 0, 0, 0)));
        assert_eq!(read("Mon, Wed 10:30"), slot(&[Monday, Wednesday], time(10, 30, 0, 0)));
        assert_eq!(read("saturday–mon 9:05"), slot(&[Monday, Saturday, Sunday], time(9, 5, 0, 0)));
        let all = [Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday];
        assert_eq!(read("daily 09:00"), slot(&all, time(9, 0, 0, 0)));
        assert_eq!(read("09:00"), slot(&all, time(9, 0, 0, 0)));
        assert_eq!(read("any time"), Some(Send::AnyTime));
        assert_eq!(read("24 hours before the deadline"), Some(Send::BeforeDeadline { hours: 24 }));
        assert_eq!(read("1 hour before deadline"), Some(Send::BeforeDeadline { hours: 1 }));
        assert_eq!(read("2 days before the deadline"), Some(Send::BeforeDeadline { hours: 48 }));
    }

    #[test]
    fn a_time_nobody_can_keep_is_told_at_its_word() {
        for (text, word, message) in [
            ("Tue 25:00", "25:00", "`25:00` is not a time of day"),
            ("Tue 9am", "9am", "`9am` is not a time of day"),
            ("Tue 09.00", "09.00", "`09.00` is not a time of day"),
            ("Tue", "Tue", "after `Tue` a time is missing"),
            ("Tue noon", "noon", "`noon` stands where a time such as 09:00 belongs"),
            ("Tus 09:00", "Tus", "`Tus` stands where `Mon`, `Tue`, `Wed`, `Thu`, `Fri`, `Sat` or `Sun` belongs"),
            ("24 hours after the deadline", "after", "`after` stands where `before` belongs"),
            (
                "24 minutes before the deadline",
                "minutes",
                "`minutes` stands where `hours`, `hour`, `days` or `day` belongs",
            ),
        ] {
            assert_eq!(trouble::<Send>(text), (word, message.to_owned()), "{text}");
        }
    }

    #[test]
    fn quiet_hours_may_span_midnight_but_not_a_whole_day() {
        let (from, until) = (time(20, 0, 0, 0), time(8, 0, 0, 0));
        assert_eq!(read("20:00-08:00"), Some(QuietHours { from, until }));
        assert_eq!(read("20:00 – 8:00"), Some(QuietHours { from, until }));
        assert_eq!(trouble::<QuietHours>("20:00-20:00"), ("20:00", "the quiet hours end where they begin".to_owned()));
    }

    #[test]
    fn the_places_of_times_and_lengths_are_kept() {
        assert_eq!(parse::<Send>("Tue 09:00").unwrap().1.time, Some(4..9));
        assert_eq!(parse::<Send>("24 hours before the deadline").unwrap().1.quantity, Some(0..8));
    }

    #[test]
    fn what_counts_as_a_return_is_read() {
        assert_eq!(read("order within 30 days of a mail"), Some(ReturnWindow(30)));
        assert_eq!(trouble::<ReturnWindow>("visit within 30 days of a mail").0, "visit");
    }
}
