//! Folders of a shop, read whole: what a good one becomes, and what is said of a bad one.

mod mistakes;
mod promises;
mod sample;
mod wild;

use super::{Problem, Read, Severity, read};
use crate::plan::Folder;

/// The shop of the picture the format was drawn from.
const SHOP: &str = r#"# shop.yaml: one per shop, shared by all its programs
version: 1
shop: Example Books
kind: online                          # online | outlet | expensive
open_with_code: "https://shop.example/discount/{code}"   # where the button leads
time_zone: Europe/Helsinki
currency: EUR
languages: [en, fi, ru]               # the first when we do not know better
sender:
  name: Anna from Example Books
  email: anna@shop.example
  postal_address: "Example Street 1, 00100 Helsinki"
limits:                               # over all programs together
  per_customer: 2 mails in 7 days
  per_day: 200 mails                  # best customers first, the others wait
  discounts: 500 EUR per month        # a hard stop
  quiet_hours: "20:00-08:00"
holdout: 30 %                         # never mailed
"#;

/// The program of that picture.
const PROGRAM: &str = r"version: 1
name: We miss you
status: draft                         # draft decides and shows; live mails
goal: order                           # order | subscription | activity
runs: always                          # or: once
audience:                             # whom
  all:
    - orders: at least 1
    - spent: at least 30 EUR
    - not: { complaint: open }
lapsed: 90 days without an order
offers:
  ten-euro:
    gives: 10 EUR off
    minimum_order: 40 EUR
    valid: 3 days                     # to the end of the third day, shop time
  fifteen-percent: { gives: 15 % off, valid: 3 days, stock: 100 }
rounds:                               # in order, until they buy
  - steps:
      - mail: we-miss-you             # the folder mails/we-miss-you
        send: Tue-Thu 09:00
        offer: ten-euro
      - mail: last-day                # same offer, same code, same deadline
        send: 24 hours before the deadline
  - wait: 30 days                     # after the first round began
    steps:
      - mail: what-is-new             # news only, no offer
  - wait: 30 days
    steps:
      - mail: one-more-gift
        offer: { gives: free gift, valid: 3 days, stock: 50 }
afterwards:
  rest: 180 days                      # before a new silence counts
  offers_in_a_lifetime: 4             # nobody lapses for the coupon
  counts_as_return: order within 30 days of a mail
";

/// The folder of that picture, letters and all.
fn folder() -> Folder {
    let mut folder = Folder::new();
    folder.insert("shop.yaml".to_owned(), SHOP.to_owned());
    folder.insert("program.yaml".to_owned(), PROGRAM.to_owned());
    for mail in ["we-miss-you", "last-day", "what-is-new", "one-more-gift"] {
        for language in ["en", "fi", "ru"] {
            for (file, text) in [
                ("subject.txt", format!("{mail} in {language}\n")),
                ("body.mjml", "<mjml><mj-body></mj-body></mjml>\n".to_owned()),
                ("body.txt", "Hello {{ name }}\n".to_owned()),
            ] {
                folder.insert(format!("mails/{mail}/{language}/{file}"), text);
            }
        }
    }
    folder
}

/// The folder with one thing of one file written differently.
fn changed(file: &str, from: &str, to: &str) -> Folder {
    let mut folder = folder();
    let source = folder.get_mut(file).expect("the file is part of the sample");
    assert_eq!(source.matches(from).count(), 1, "{from:?} stands once in {file}");
    *source = source.replace(from, to);
    folder
}

/// The problems of a folder, warnings among them, whether or not it can be used.
fn problems(folder: &Folder) -> Vec<Problem> {
    match read(folder, 1) {
        Ok(Read { warnings, .. }) => warnings,
        Err(problems) => problems,
    }
}

/// The word the caret stands under.
fn word<'f>(folder: &'f Folder, problem: &Problem) -> &'f str {
    problem.span.clone().map_or("", |span| &folder[&problem.file][span])
}

/// The problems of the sample itself, which every story of a mistake has besides its own.
const KNOWN: &str = "no step makes the offer `fifteen-percent`";

/// Word and message of each problem beyond [`KNOWN`], `!` before errors and `?` before warnings.
fn told(folder: &Folder) -> Vec<String> {
    problems(folder)
        .iter()
        .filter(|problem| problem.message != KNOWN)
        .map(|problem| {
            let mark = if problem.severity == Severity::Error { '!' } else { '?' };
            format!("{mark} {} [{}] {}", problem.file, word(folder, problem), problem.message)
        })
        .collect()
}

/// The sample with one thing written differently says exactly this.
fn says(file: &str, from: &str, to: &str, expected: &[&str]) {
    let expected: Vec<String> = expected.iter().map(|line| line.replace("<> ", &format!("{file} "))).collect();
    assert_eq!(told(&changed(file, from, to)), expected, "{from:?} -> {to:?}");
}

fn shop_says(from: &str, to: &str, expected: &str) {
    says("shop.yaml", from, to, &[expected]);
}

fn program_says(from: &str, to: &str, expected: &str) {
    says("program.yaml", from, to, &[expected]);
}

/// The advice of the first problem.
fn advice(file: &str, from: &str, to: &str) -> String {
    let problems = problems(&changed(file, from, to));
    let own = |problem: &Problem| problem.message != KNOWN;
    let problem = problems.into_iter().find(own).expect("something is wrong");
    problem.help.expect("there is advice")
}
