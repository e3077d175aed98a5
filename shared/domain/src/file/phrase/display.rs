//! Back from types to the phrases of the file, for messages and outputs.

use std::fmt::{Display, Formatter, Result};

use jiff::civil::Weekday;

use super::times::WEEK;
use crate::file::words::count;
use crate::program::{Bound, ComplaintIs, Condition, Lapsed, Send, Since};

impl Display for Lapsed {
    /// `90 days without an order`.
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let since = match self.since {
            Since::LastOrder => "without an order",
            Since::LastActivity => "without activity",
            Since::SubscriptionEnd => "after the subscription ended",
            Since::FirstHeard => "without a first order",
        };
        write!(f, "{} {since}", count(self.days, "day"))
    }
}

impl<T: Display> Display for Bound<T> {
    /// `at least 30.00 EUR`.
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::AtLeast(least) => write!(f, "at least {least}"),
            Self::AtMost(most) => write!(f, "at most {most}"),
        }
    }
}

impl Display for Condition {
    /// The condition in words, for a why: `at least 1 order and not (an open complaint)`.
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::All(parts) if parts.is_empty() => f.write_str("everybody"),
            Self::Any(parts) if parts.is_empty() => f.write_str("nobody"),
            Self::All(parts) => joined(f, parts, " and "),
            Self::Any(parts) => joined(f, parts, " or "),
            Self::Not(part) => write!(f, "not ({part})"),
            Self::Orders(bound) => f.write_str(&counted(*bound, "order", "orders")),
            Self::Spent(bound) => write!(f, "{bound} spent"),
            Self::AverageOrder(bound) => write!(f, "{bound} an order"),
            Self::Complaint(ComplaintIs::Open) => f.write_str("an open complaint"),
            Self::Complaint(ComplaintIs::Resolved) => f.write_str("a resolved complaint"),
            Self::Complaint(ComplaintIs::None) => f.write_str("no complaint"),
            Self::Language(language) => write!(f, "language {}", language.as_str()),
            Self::Referred(bound) => f.write_str(&counted(*bound, "person brought", "people brought")),
            Self::Reason(reason) => write!(f, "left because of {reason:?}"),
        }
    }
}

/// `at least 1 order`, `at most 2 orders`.
fn counted(bound: Bound<u32>, one: &str, many: &str) -> String {
    let (Bound::AtLeast(number) | Bound::AtMost(number)) = bound;
    format!("{bound} {}", if number == 1 { one } else { many })
}

/// Conditions with a word between them; those that are lists themselves stand in brackets.
fn joined(f: &mut Formatter<'_>, parts: &[Condition], word: &str) -> Result {
    for (index, part) in parts.iter().enumerate() {
        let before = if index == 0 { "" } else { word };
        match part {
            Condition::All(inner) | Condition::Any(inner) if inner.len() > 1 => {
                write!(f, "{before}({part})")?;
            }
            _ => write!(f, "{before}{part}")?,
        }
    }
    Ok(())
}

impl Display for Send {
    /// `Tue-Thu 09:00`, `any time`, `24 hours before the deadline`.
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::AnyTime => f.write_str("any time"),
            Self::Slot { days, time } => {
                write!(f, "{} {:02}:{:02}", week(days), time.hour(), time.minute())
            }
            Self::BeforeDeadline { hours } if *hours >= 48 && hours % 24 == 0 => {
                write!(f, "{} before the deadline", count(hours / 24, "day"))
            }
            Self::BeforeDeadline { hours } => {
                write!(f, "{} before the deadline", count(*hours, "hour"))
            }
        }
    }
}

/// `Tue-Thu` from three days in a row on, `Mon, Wed` otherwise.
fn week(days: &[Weekday]) -> String {
    if days.len() == WEEK.len() {
        return "daily".to_owned();
    }
    let meant = |index: &usize| WEEK.get(*index).is_some_and(|(day, _)| days.contains(day));
    let mut parts = Vec::new();
    let mut index = 0;
    while index < WEEK.len() {
        let run = (index..WEEK.len()).take_while(meant).count();
        let name = |offset: usize| WEEK[index + offset].1;
        match run {
            0 => {}
            1 => parts.push(name(0).to_owned()),
            2 => parts.extend([name(0).to_owned(), name(1).to_owned()]),
            _ => parts.push(format!("{}-{}", name(0), name(run - 1))),
        }
        index += run.max(1);
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::super::{Grammar, parse};
    use super::*;
    use crate::money::Money;
    use crate::offer::Gives;

    fn returns<T: Grammar + Display>(text: &str) {
        let (value, _) = parse::<T>(text).expect("it is understood");
        assert_eq!(value.to_string(), text);
    }

    #[test]
    fn what_was_read_is_said_again_in_the_same_words() {
        Lapsed::EXAMPLES.iter().for_each(|text| returns::<Lapsed>(text));
        for text in [
            "Tue-Thu 09:00",
            "Mon, Wed 10:30",
            "daily 09:00",
            "any time",
            "Mon-Wed, Sat, Sun 00:05",
            "24 hours before the deadline",
            "1 hour before the deadline",
            "2 days before the deadline",
        ] {
            returns::<Send>(text);
        }
        returns::<Bound<u32>>("at most 5");
        returns::<Bound<Money>>("at least 30.00 EUR");
        for text in ["10.00 EUR off", "15 % off", "10.00 EUR credit", "free shipping", "early access"] {
            returns::<Gives>(text);
        }
    }
    #[test]
    fn a_tree_of_conditions_is_said_in_one_sentence() {
        let orders = || Condition::Orders(Bound::AtLeast(1));
        let open = || Condition::Complaint(ComplaintIs::Open);
        let either = Condition::Any(vec![open(), orders()]);
        let all = Condition::All(vec![orders(), Condition::Not(Box::new(open())), either]);
        assert_eq!(
            all.to_string(),
            "at least 1 order and not (an open complaint) and (an open complaint or at least 1 order)"
        );
        assert_eq!(Condition::All(Vec::new()).to_string(), "everybody");
    }
}
