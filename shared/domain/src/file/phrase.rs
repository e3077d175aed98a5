//! The one grammar of phrases: amounts, times and counts as a shop says them, parsed once into types.
//!
//! Letter case, spaces between a number and its unit, and the articles `a`, `an` and `the` do not matter; one day and
//! two days are both fine. Whatever is not understood is told at its word, with all that would have been.

mod amounts;
mod display;
mod times;

use std::borrow::Cow;
use std::ops::Range;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::field::{FromNode, is_bare_boolean, written};
use super::node::Node;
use super::problem::Problems;
use super::words::{list, shown};

pub(super) use amounts::{MailsADay, PerMonth, Percent};
pub(super) use times::{Days, ReturnWindow};

/// A kind of phrase.
pub(super) trait Grammar: Sized {
    /// What it says, as the JSON Schema and messages name it: `a length of time`.
    const WHAT: &'static str;
    /// One phrase of every form there is.
    const EXAMPLES: &'static [&'static str];

    /// Reads it up to its last word.
    fn parse(cursor: &mut Cursor<'_>) -> Result<Self, Trouble>;
}

/// A word that is not understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    /// Its bytes in the phrase.
    pub(super) span: Range<usize>,
    /// What is wrong with it.
    pub(super) message: String,
    /// What to do, where that is more than a form to copy.
    pub(super) advice: Option<String>,
}

impl Trouble {
    fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        Self { span, message: message.into(), advice: None }
    }

    fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }
}

/// Where the words stand that a later check may find wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Marks {
    /// The currency of an amount.
    pub(super) currency: Option<Range<usize>>,
    /// A number with its unit: `24 hours`.
    pub(super) quantity: Option<Range<usize>>,
    /// A time of day.
    pub(super) time: Option<Range<usize>>,
}

/// A phrase that was read, with the places of its words in the file.
#[derive(Clone, Debug)]
pub(super) struct Phrase<T> {
    /// What it says.
    pub(super) value: T,
    /// Where it stands, with its quotes.
    pub(super) span: Range<usize>,
    /// Where its words stand.
    pub(super) marks: Marks,
}

/// Reads a whole phrase.
pub(super) fn parse<T: Grammar>(text: &str) -> Result<(T, Marks), Trouble> {
    let mut cursor = Cursor { text, at: 0, last: 0..0, marks: Marks::default() };
    let value = T::parse(&mut cursor)?;
    match cursor.peek() {
        (Kind::End, _) => Ok((value, cursor.marks)),
        (_, span) => {
            let rest = span.start..text.trim_end().len();
            let message = format!("`{}` is more than is understood here", shown(&text[rest.clone()]));
            Err(Trouble::new(rest, message))
        }
    }
}

impl<T: Grammar> FromNode for Phrase<T> {
    fn from_node(node: &Node, problems: &mut Problems) -> Option<Self> {
        let scalar = written(node, problems)?;
        let text = scalar.text.as_str();
        let forms = format!("{} is written as {}", T::WHAT, list(T::EXAMPLES.iter().copied(), "or"));
        if scalar.plain && is_bare_boolean(text) {
            let message = format!("a bare `{text}` can be taken for true or false");
            problems.error(node.span.clone(), message).help(format!("{forms}; leave the line out to have none"));
            return None;
        }
        let in_file = |part: Range<usize>| match scalar.verbatim {
            Some(start) if !part.is_empty() => start + part.start..start + part.end,
            _ => node.span.clone(),
        };
        match parse::<T>(text) {
            Ok((value, marks)) => {
                if scalar.plain && begins_with_a_time(text) {
                    let help = format!("write \"{}\": without quotes YAML may read a number", text.trim());
                    problems.error(node.span.clone(), "a time must stand in quotes").help(help);
                }
                let marks = Marks {
                    currency: marks.currency.map(in_file),
                    quantity: marks.quantity.map(in_file),
                    time: marks.time.map(in_file),
                };
                Some(Self { value, span: node.span.clone(), marks })
            }
            Err(trouble) => {
                let help = match trouble.advice {
                    Some(advice) => format!("{advice}; {forms}"),
                    None => forms,
                };
                problems.error(in_file(trouble.span), trouble.message).help(help);
                None
            }
        }
    }
}

/// `20:00` without quotes is a number of minutes to YAML 1.1.
fn begins_with_a_time(text: &str) -> bool {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    digits > 0 && text.as_bytes().get(digits) == Some(&b':')
}

impl<T: Grammar> JsonSchema for Phrase<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        T::WHAT.into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": "string", "examples": T::EXAMPLES })
    }
}

/// What kind of piece comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Digits, perhaps with points and commas between them.
    Number,
    /// Letters.
    Word,
    /// One other character.
    Sign,
    /// The phrase is over.
    End,
}

/// A phrase being read, piece by piece.
#[derive(Debug)]
pub(super) struct Cursor<'t> {
    text: &'t str,
    at: usize,
    /// The piece read last: what is pointed at when the phrase ends too early.
    last: Range<usize>,
    marks: Marks,
}

impl<'t> Cursor<'t> {
    fn peek(&self) -> (Kind, Range<usize>) {
        let rest = &self.text[self.at..];
        let trimmed = rest.trim_start();
        let start = self.at + (rest.len() - trimmed.len());
        let length = |fits: fn(char) -> bool| trimmed.find(|c| !fits(c)).unwrap_or(trimmed.len());
        match trimmed.chars().next() {
            None => (Kind::End, self.last.clone()),
            Some(c) if c.is_ascii_digit() => {
                let run = length(|c| c.is_ascii_digit() || c == '.' || c == ',');
                let number = trimmed[..run].trim_end_matches(['.', ',']);
                (Kind::Number, start..start + number.len())
            }
            Some(c) if c.is_alphabetic() => (Kind::Word, start..start + length(char::is_alphabetic)),
            Some(c) => (Kind::Sign, start..start + c.len_utf8()),
        }
    }

    fn take(&mut self, span: &Range<usize>) -> &'t str {
        self.at = span.end;
        self.last = span.clone();
        &self.text[span.clone()]
    }

    /// One of these words comes next; which.
    fn word(&mut self, options: &[&str]) -> Result<usize, Trouble> {
        self.maybe(options).ok_or_else(|| self.expected(options))
    }

    /// One of these words may come next; which.
    fn maybe(&mut self, options: &[&str]) -> Option<usize> {
        let (kind, span) = self.peek();
        if kind == Kind::End {
            return None;
        }
        let found = &self.text[span.clone()];
        let which = options.iter().position(|option| option.eq_ignore_ascii_case(found))?;
        self.take(&span);
        Some(which)
    }

    /// All of these words, in this order.
    fn words(&mut self, words: &[&str]) -> Result<(), Trouble> {
        words.iter().try_for_each(|word| self.word(&[word]).map(drop))
    }

    /// `a`, `an` or `the`: good style, but nothing hangs on it.
    fn article(&mut self) {
        self.maybe(&["a", "an", "the"]);
    }

    /// What is wrong if one of these was to come next.
    fn expected(&self, options: &[&str]) -> Trouble {
        let wanted = list(options.iter().copied(), "or");
        match self.peek() {
            (Kind::End, _) if self.text.trim().is_empty() => {
                Trouble::new(0..self.text.len(), "nothing is written here")
            }
            (Kind::End, last) => {
                let before = shown(&self.text[last.clone()]);
                Trouble::new(last, format!("after `{before}` {wanted} is missing"))
            }
            (_, span) => {
                let found = shown(&self.text[span.clone()]);
                Trouble::new(span, format!("`{found}` stands where {wanted} belongs"))
            }
        }
    }

    /// A number as it is written, with its place.
    fn number(&mut self) -> Result<(&'t str, Range<usize>), Trouble> {
        match self.peek() {
            (Kind::Number, span) => {
                let text = self.take(&span);
                if text.contains(',') {
                    return Err(Trouble::new(span, format!("`{text}` has a comma in it"))
                        .advise("write decimals with a point (12.50) and thousands without a mark (1200)"));
                }
                Ok((text, span))
            }
            (Kind::End, _) => {
                let mut trouble = self.expected(&[]);
                if self.at > 0 {
                    trouble.message =
                        format!("after `{}` a number is missing", shown(&self.text[trouble.span.clone()]));
                }
                Err(trouble)
            }
            (_, span) => {
                let found = shown(&self.text[span.clone()]);
                Err(Trouble::new(span, format!("`{found}` stands where a number belongs")))
            }
        }
    }

    /// A whole number within bounds, with its place.
    fn whole(&mut self, within: std::ops::RangeInclusive<u32>) -> Result<(u32, Range<usize>), Trouble> {
        let (text, span) = self.number()?;
        match text.parse::<u32>() {
            Ok(number) if within.contains(&number) => Ok((number, span)),
            _ => {
                let (least, most) = (within.start(), within.end());
                let message = match *most {
                    u32::MAX => format!("`{}` is not a whole number from {least}", shown(text)),
                    _ => format!("`{}` is not a whole number from {least} to {most}", shown(text)),
                };
                Err(Trouble::new(span, message))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The word a caret would stand under, and the message.
    pub(super) fn trouble<T: Grammar + std::fmt::Debug>(text: &str) -> (&str, String) {
        let trouble = parse::<T>(text).expect_err("this is not understood");
        (&text[trouble.span], trouble.message)
    }

    #[test]
    fn the_wrong_word_is_named_and_not_the_phrase() {
        assert_eq!(trouble::<Days>("3 dayz"), ("dayz", "`dayz` stands where `days` or `day` belongs".to_owned()));
        assert_eq!(trouble::<Days>("3"), ("3", "after `3` `days` or `day` is missing".to_owned()));
        assert_eq!(trouble::<Days>("three days"), ("three", "`three` stands where a number belongs".to_owned()));
        assert_eq!(trouble::<Days>("3 days or so"), ("or so", "`or so` is more than is understood here".to_owned()));
        assert_eq!(trouble::<Days>(""), ("", "nothing is written here".to_owned()));
        assert_eq!(trouble::<Days>("0 days"), ("0", "`0` is not a whole number from 1 to 3650".to_owned()));
    }

    #[test]
    fn case_space_and_plural_do_not_matter() {
        for text in ["3 days", "3 Days", "3days", " 3\u{a0}days ", "3 day"] {
            assert_eq!(parse::<Days>(text).map(|(days, _)| days.0), Ok(3), "{text}");
        }
    }

    #[test]
    fn a_time_without_quotes_is_recognised() {
        assert!(begins_with_a_time("09:00") && begins_with_a_time("20:00-08:00"));
        assert!(!begins_with_a_time("Tue 09:00") && !begins_with_a_time("3 days"));
    }
}
