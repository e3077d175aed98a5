//! The shop's files with what they mean and what is wrong with them, and every letter as somebody would get it.

use askama::Template;
use axum::extract::{Query, State};
use axum::response::Response;
use http::{StatusCode, Uri};
use serde::Deserialize;
use winback_domain::customer::Customer;
use winback_domain::figures::{counted, number};
use winback_domain::file::{self, Severity};
use winback_domain::mail::{Links, Mail, preview};
use winback_domain::meaning;
use winback_domain::outlook::{IN_A_ROUND, reasons};
use winback_domain::plan::Folder;

use super::book::Book;
use super::words::name;
use super::{Console, Frame, Page, customers, html, missing, outbox};
use crate::files::Seen;

#[derive(Template)]
#[template(path = "program.html")]
struct Shown {
    frame: Frame,
    where_it_lies: String,
    problems: Vec<Problem>,
    reached: String,
    reasons: Vec<(&'static str, String)>,
    files: Vec<File>,
    letters: Vec<String>,
    letter: String,
    reader: String,
    shown_for: String,
    plan: u64,
    subject: Result<String, String>,
}

/// A file with what it means.
struct File {
    path: String,
    means: Vec<String>,
    text: String,
}

/// Something wrong with a file, at its place.
struct Problem {
    tone: &'static str,
    place: String,
    message: String,
    help: Option<String>,
    line: Option<Line>,
}

/// A line of a file with the wrong word in it.
#[derive(Debug, PartialEq)]
struct Line {
    number: usize,
    before: String,
    wrong: String,
    after: String,
}

/// Which letter, and for whom.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    letter: String,
    #[serde(default)]
    r#for: String,
}

/// `GET /program`
pub async fn page(State(console): State<Console>, Query(asked): Query<Asked>, url: Uri) -> Page {
    let book = &*console.book().await?;
    let seen = console.hand.files.seen();
    let letters = letters(book);
    let letter = letters.iter().find(|name| **name == asked.letter).or(letters.first()).cloned().unwrap_or_default();
    let reader = reader(book, &asked.r#for);
    let shown_for = match reader {
        Some(reader) => format!("As {} would get it now. The code is a sample, and links lead nowhere.", name(reader)),
        None if asked.r#for.is_empty() => "There is nobody yet to show it for.".to_owned(),
        None => format!("Nobody here is called “{}”.", asked.r#for),
    };
    let subject = reader.map_or_else(
        || Err("Choose a customer.".to_owned()),
        |reader| rendered(&console, book, &letter, reader).map(|mail| mail.subject),
    );
    let reached = reasons(book.customers(), &book.store, &book.plan, book.now);
    let in_a_round = reached.iter().find(|(group, _)| *group == IN_A_ROUND).map_or(0, |(_, count)| *count);
    let known: u64 = reached.iter().map(|(_, count)| count).sum();
    html(&Shown {
        frame: console.frame("/program", &url, book),
        where_it_lies: lies(&console, &seen),
        problems: problems(&seen),
        reached: format!("{} of {} are in a round of letters now.", number(in_a_round), counted(known, "customer")),
        reasons: reached.into_iter().map(|(group, count)| (group, number(count))).collect(),
        files: files(book, &seen.folder),
        letters,
        letter,
        reader: asked.r#for,
        shown_for,
        plan: book.plan.number,
        subject,
    })
}

/// `GET /program/letter`: the letter's page, for a frame.
pub async fn letter(State(console): State<Console>, Query(asked): Query<Asked>) -> Page {
    let book = &*console.book().await?;
    let Some(reader) = reader(book, &asked.r#for) else { return Ok(missing("customer")) };
    Ok(match rendered(&console, book, &asked.letter, reader) {
        Ok(mail) => outbox::framed(&mail.html),
        Err(problem) => unprocessable(&problem),
    })
}

fn unprocessable(problem: &str) -> Response {
    use axum::response::IntoResponse as _;
    (StatusCode::UNPROCESSABLE_ENTITY, format!("{problem}\n")).into_response()
}

/// The letters of the plan, in the order its programs send them.
fn letters(book: &Book) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for step in book.plan.programs.iter().flat_map(|program| &program.rounds).flat_map(|round| &round.steps) {
        if !found.contains(&step.mail) {
            found.push(step.mail.clone());
        }
    }
    found
}

/// Who is asked for: the first that fits; without a wish somebody with a name who got a letter.
fn reader<'a>(book: &'a Book, wanted: &str) -> Option<&'a Customer> {
    let fit = customers::found(book, wanted);
    let liked = |customer: &&&Customer| customer.contact.name.is_some() && !customer.letters.is_empty();
    fit.iter().find(|customer| wanted.is_empty() && liked(customer)).or(fit.first()).copied()
}

fn rendered(console: &Console, book: &Book, letter: &str, reader: &Customer) -> Result<Mail, String> {
    let nowhere = |page: char| format!("{}/{page}/preview/preview", console.place.cloud.config.link_base);
    let links = Links { offer: Some(nowhere('o')), unsubscribe: nowhere('u') };
    preview(&book.plan, &book.letters, letter, reader, links, book.now).map_err(|error| error.to_string())
}

fn lies(console: &Console, seen: &Seen) -> String {
    let wrong = if seen.is_usable() { "" } else { " Until that is mended, the plan from before goes on." };
    match console.hand.files.dir() {
        Some(dir) => {
            format!("The folder {}. Edit it, and look here: it is read again by itself.{wrong}", dir.display())
        }
        None => {
            "The sample shop that winback carries along. For files of your own: winback serve --program DIR.".to_owned()
        }
    }
}

fn files(book: &Book, folder: &Folder) -> Vec<File> {
    let mut found = Vec::new();
    for (path, text) in folder.iter().filter(|(path, _)| path.ends_with(".yaml")) {
        let means = if path == "shop.yaml" {
            meaning::shop(&book.plan.shop)
        } else {
            let read = |program: &&winback_domain::program::Program| says_name(text, &program.name);
            book.plan.programs.iter().find(read).map(meaning::program).unwrap_or_default()
        };
        found.push(File { path: path.clone(), means, text: text.clone() });
    }
    found.sort_by_key(|file| (file.path != "shop.yaml", file.path.clone()));
    found
}

/// Whether a program's file is the one of that name.
fn says_name(text: &str, name: &str) -> bool {
    text.lines().any(|line| {
        line.strip_prefix("name:")
            .is_some_and(|rest| rest.split(" #").next().unwrap_or_default().trim().trim_matches(['"', '\'']) == name)
    })
}

fn problems(seen: &Seen) -> Vec<Problem> {
    let unreadable = seen.unreadable.iter().map(|problem| Problem {
        tone: "bad",
        place: "The folder".to_owned(),
        message: problem.clone(),
        help: None,
        line: None,
    });
    let told = seen.problems.iter().map(|problem| {
        let line = seen.folder.get(&problem.file).zip(problem.span.clone()).and_then(|(text, span)| line(text, span));
        let place = match &line {
            Some(line) => format!("{}, line {}:", problem.file, line.number),
            None => format!("{}:", problem.file),
        };
        Problem { tone: tone(problem), place, message: problem.message.clone(), help: problem.help.clone(), line }
    });
    unreadable.chain(told).collect()
}

fn tone(problem: &file::Problem) -> &'static str {
    if problem.severity == Severity::Error { "bad" } else { "warn" }
}

/// The first line of what a span covers, with the span's part of it apart.
fn line(text: &str, span: std::ops::Range<usize>) -> Option<Line> {
    let (before, rest) = (text.get(..span.start)?, text.get(span.start..)?);
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let end = rest.find('\n').map_or(text.len(), |at| span.start + at);
    let stop = span.end.clamp(span.start, end);
    Some(Line {
        number: before.matches('\n').count() + 1,
        before: text.get(start..span.start)?.to_owned(),
        wrong: text.get(span.start..stop)?.to_owned(),
        after: text.get(stop..end)?.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wrong_word_is_marked_in_its_line() {
        let text = "one: 1\nvalid: 3 dais # soon\nthree: 3\n";
        let at = text.find("dais").unwrap();
        let marked = line(text, at..at + 4).unwrap();
        assert_eq!((marked.number, marked.before.as_str(), marked.wrong.as_str()), (2, "valid: 3 ", "dais"));
        assert_eq!(marked.after, " # soon");
        let over = line(text, at..text.len()).unwrap();
        assert_eq!(over.wrong, "dais # soon");
        assert_eq!(line(text, 500..501), None);
    }
}
