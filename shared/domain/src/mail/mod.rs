//! Letters: a folder's templates and a customer's facts become one mail.
//!
//! `subject.txt`, `body.mjml` and `body.txt` are minijinja templates. MJML is turned into HTML after it was filled in;
//! the text part is a template of its own. Nothing is loaded from third parties, no font, no icon, no pixel.
//!
//! | variable | says | example | missing when |
//! | --- | --- | --- | --- |
//! | `shop.name` | the shop | Example Books | |
//! | `shop.url` | its front page | `https://shop.example/` | |
//! | `sender.name`, `sender.email` | who writes | Anna from Example Books | |
//! | `sender.postal_address` | must stand in both bodies | Example Street 1, 00100 Helsinki | |
//! | `customer.name` | as they call themselves, cleaned | Anna Lind | not known |
//! | `customer.first_name` | what to call them by | Anna | not known |
//! | `customer.orders` | orders that stand, a number | 4 | |
//! | `customer.spent` | what they paid | €182.40 | not known |
//! | `customer.last_order` | day of the last order | 3 December 2025 | never ordered |
//! | `customer.last_order_month` | its month, with the year after a year | December | never ordered |
//! | `customer.silent_days` | days of silence, a number | 92 | |
//! | `customer.silence` | the same in words | three months | |
//! | `offer` | ask `{% if offer %}` | | the step offers nothing |
//! | `offer.gives` | what they get | €10 off | |
//! | `offer.gives_on_order` | the same with where it counts | €10 off your next order | |
//! | `offer.headline` | the same with a capital | Free shipping on your next order | |
//! | `offer.value` | the value alone | €10, 15%, free gift | |
//! | `offer.kind` | amount_off, percent_off, credit, free_shipping or thing | amount_off | |
//! | `offer.code` | the code | 7K2M-QX4T | |
//! | `offer.deadline` | the last day | Thursday 12 March | |
//! | `offer.deadline_weekday` | its weekday | Thursday | |
//! | `offer.deadline_time`, `offer.zone` | the last minute, and whose | 23:59, Helsinki time | |
//! | `offer.days_left` | days until then, a number; 0 on the last day | 3 | |
//! | `offer.minimum_order` | the least an order must come to | €40 | there is none |
//! | `offer.left` | how many are left, a number | 37 | not limited |
//! | `offer.open_url` | straight to the shop with the code | `https://shop.example/discount/7K2M-QX4T` | |
//! | `links.button` | the customer's offer page; the shop's front page for news | | |
//! | `links.unsubscribe` | must stand in both bodies | | |
//! | `today` | the day of writing | 10 March | |
//!
//! What is missing may be asked for (`{% if customer.first_name %}`, `{{ customer.first_name or "there" }}`); printing it
//! is an error, and so is any name not in the table. Filters: minijinja's own (without `safe`), `{{ 3 | spelled }}` (three) and
//! `{{ 3 | counted("order", "orders") }}` (three orders). Dates, times and amounts come in the words of the letter's language and in
//! the shop's zone; shops that sell in US dollars write `Thursday, March 12` and `11:59 p.m.`.

mod check;
mod engine;
mod facts;
pub(crate) mod link;
pub(crate) mod name;
mod page;
mod preview;
mod problem;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
pub(crate) mod variables;
pub(crate) mod words;

use std::collections::BTreeSet;

use minijinja::Environment;
use minijinja::value::Value;

pub use check::{Use, check, check_all};
pub use facts::{Facts, Links, OfferFacts};
pub use preview::preview;
pub use problem::{Error, Level, Part, Problem};

use crate::plan::{Letter, Letters};
use crate::shop::{Language, Shop};

/// Characters a subject may have; what is longer is cut, and `check` warns long before.
const LONGEST_SUBJECT: usize = 200;

/// One mail, ready for SES. Whoever prints it shows a customer's facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// One line.
    pub subject: String,
    /// The page.
    pub html: String,
    /// The same as plain text.
    pub text: String,
    /// `List-Unsubscribe` and `List-Unsubscribe-Post` (RFC 8058).
    pub headers: Vec<(String, String)>,
}

/// All letters of a plan, compiled once.
#[derive(Clone, Debug)]
pub struct Prepared {
    engine: Environment<'static>,
    known: BTreeSet<(String, Language)>,
}

impl Prepared {
    /// Compiles the letters of a plan. Errors are syntax errors and unknown variables, which [`check`] shows all at once.
    pub fn new(letters: &Letters) -> Result<Self, Error> {
        let mut engine = engine::new();
        for ((mail, language), letter) in letters {
            let folder = folder(mail, language);
            engine::add(&mut engine, &folder, letter).map_err(|problem| Error::Letter { folder, problem })?;
        }
        Ok(Self { engine, known: letters.keys().cloned().collect() })
    }

    /// The mail as this customer gets it: in their language where the mail exists in it, else in the shop's first.
    pub fn render(&self, mail: &str, shop: &Shop, facts: &Facts) -> Result<Mail, Error> {
        let (folder, values) = self.open(mail, shop, facts)?;
        let fill = |part| {
            engine::fill(&self.engine, &folder, part, &values)
                .map_err(|problem| Error::Letter { folder: folder.clone(), problem })
        };
        let mjml = fill(Part::Html)?;
        let (html, _) = page::html(&mjml).map_err(|fault| {
            let source = self.engine.get_template(&format!("{folder}/{}", Part::Html.file()));
            let source = source.map(|template| template.source().to_owned()).unwrap_or_default();
            Error::Letter { folder: folder.clone(), problem: check::placed(&fault, &mjml, &source, Level::Error) }
        })?;
        Ok(Mail {
            subject: one_line(&fill(Part::Subject)?),
            html,
            text: tidy(&fill(Part::Text)?),
            headers: vec![
                ("List-Unsubscribe".to_owned(), format!("<{}>", facts.links.unsubscribe)),
                ("List-Unsubscribe-Post".to_owned(), "List-Unsubscribe=One-Click".to_owned()),
            ],
        })
    }

    /// The subject alone.
    pub fn subject(&self, mail: &str, shop: &Shop, facts: &Facts) -> Result<String, Error> {
        let (folder, values) = self.open(mail, shop, facts)?;
        let subject = engine::fill(&self.engine, &folder, Part::Subject, &values);
        subject.map(|text| one_line(&text)).map_err(|problem| Error::Letter { folder, problem })
    }

    /// Which letter it is, and what it is filled in with.
    fn open(&self, mail: &str, shop: &Shop, facts: &Facts) -> Result<(String, Value), Error> {
        let first = shop.languages.first().unwrap_or(&facts.language);
        let language = [&facts.language, first].into_iter().find(|language| self.has(mail, language));
        let no_letter = || Error::NoLetter { mail: mail.to_owned(), language: first.clone() };
        let language = language.ok_or_else(no_letter)?;
        let values = variables::fill(shop, facts, words::of(language, shop))?;
        Ok((folder(mail, language), values))
    }

    fn has(&self, mail: &str, language: &Language) -> bool {
        self.known.iter().any(|(name, tongue)| name == mail && tongue == language)
    }
}

/// One letter of one customer, compiled on the spot, in the language of the facts. Whoever sends many uses [`Prepared`].
pub fn render(letter: &Letter, shop: &Shop, facts: &Facts) -> Result<Mail, Error> {
    alone(letter, facts)?.render(ALONE, shop, facts)
}

/// The subject of one letter, compiled on the spot.
pub fn subject(letter: &Letter, shop: &Shop, facts: &Facts) -> Result<String, Error> {
    alone(letter, facts)?.subject(ALONE, shop, facts)
}

/// What a letter is called that came without its folder.
const ALONE: &str = "letter";

fn alone(letter: &Letter, facts: &Facts) -> Result<Prepared, Error> {
    let key = (ALONE.to_owned(), facts.language.clone());
    Prepared::new(&Letters::from([(key, letter.clone())]))
}

fn folder(mail: &str, language: &Language) -> String {
    format!("mails/{mail}/{}", language.as_str())
}

/// A header's worth of text: one line, no control characters, at most [`LONGEST_SUBJECT`] characters.
fn one_line(text: &str) -> String {
    let clear = text.chars().filter(|c| !name::steers_direction(*c));
    let spaced: String =
        clear.map(|c| if c.is_control() || c == '\u{2028}' || c == '\u{2029}' { ' ' } else { c }).collect();
    let words: Vec<&str> = spaced.split(' ').filter(|word| !word.is_empty()).collect();
    let line = words.join(" ");
    if line.chars().count() <= LONGEST_SUBJECT {
        return line;
    }
    let cut: String = line.chars().take(LONGEST_SUBJECT - 1).collect();
    format!("{}…", cut.trim_end())
}

/// Branches not taken leave blank lines behind: at most one in a row stays, none at the ends.
fn tidy(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut blank = false;
    for line in text.lines().map(str::trim_end) {
        if line.is_empty() {
            blank = !out.is_empty();
            continue;
        }
        if std::mem::take(&mut blank) {
            out.push('\n');
        }
        out.push_str(line);
        out.push('\n');
    }
    out
}
