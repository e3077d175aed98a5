//! The letters in the folder: `mails/<mail>/<language>/{subject.txt,body.mjml,body.txt}`.

use std::collections::{BTreeMap, BTreeSet};

use super::field::Text;
use super::problem::{Problem, Problems};
use super::words::{did_you_mean, list, meant, shown};
use crate::plan::{Folder, Letter, Letters};
use crate::shop::Language;

/// What a letter is made of, in each language.
const PARTS: [&str; 3] = ["subject.txt", "body.mjml", "body.txt"];

/// The letters of a folder, and which of them a program uses.
#[derive(Debug)]
pub(super) struct Mails<'f> {
    /// By mail, then language, then file: the text.
    found: BTreeMap<&'f str, BTreeMap<&'f str, BTreeMap<&'f str, &'f str>>>,
    used: BTreeSet<String>,
    /// Mails a slip of the pen probably meant.
    meant: BTreeSet<String>,
}

impl<'f> Mails<'f> {
    /// Finds them.
    pub(super) fn of(folder: &'f Folder) -> Self {
        let mut found: BTreeMap<_, BTreeMap<_, BTreeMap<_, _>>> = BTreeMap::new();
        for (path, text) in folder {
            if let ["mails", mail, language, file] = path.split('/').collect::<Vec<_>>()[..] {
                found.entry(mail).or_default().entry(language).or_default().insert(file, text.as_str());
            }
        }
        Self { found, used: BTreeSet::new(), meant: BTreeSet::new() }
    }

    /// Checks that a mail a step names is there, whole, in every language; once for each mail.
    pub(super) fn used(&mut self, mail: &Text, languages: &[Language], problems: &mut Problems) {
        if !self.used.insert(mail.value.clone()) {
            return;
        }
        let Some(there) = self.found.get(mail.value.as_str()) else {
            let name = shown(&mail.value);
            let help = match meant(&mail.value, self.found.keys().copied()) {
                Some(near) => {
                    self.meant.insert(near.to_owned());
                    format!("did you mean `{near}`?")
                }
                None => format!("make the folder, with {} for each language", list(PARTS, "and")),
            };
            problems.error(mail.span.clone(), format!("there is no folder mails/{name}")).help(help);
            return;
        };
        let missing: Vec<String> = languages
            .iter()
            .flat_map(|language| PARTS.map(|part| (language.as_str(), part)))
            .filter(|(language, part)| !there.get(language).is_some_and(|files| files.contains_key(part)))
            .map(|(language, part)| format!("{language}/{part}"))
            .collect();
        if !missing.is_empty() {
            let missing = list(missing.iter().map(String::as_str), "and");
            problems
                .error(mail.span.clone(), format!("mails/{} lacks {missing}", mail.value))
                .help("every letter exists in every language of the shop");
        }
    }

    /// Reads the letters that are used, and tells what in the folder nobody reads.
    pub(super) fn read(&self, languages: &[Language], problems: &mut Vec<Problem>) -> Letters {
        let mut letters = Letters::new();
        for (mail, there) in &self.found {
            if self.meant.contains(*mail) {
                continue;
            }
            if !self.used.contains(*mail) {
                let path = there.iter().find_map(|(language, files)| {
                    files.keys().next().map(|file| format!("mails/{mail}/{language}/{file}"))
                });
                let mut about = Problems::of(&path.unwrap_or_default());
                about
                    .warning(None, format!("no step sends mails/{mail}"))
                    .help("add a step with this mail, or take the folder out");
                problems.extend(about.into_list());
                continue;
            }
            for (language, files) in there {
                strangers(mail, language, files, languages, problems);
            }
            for language in languages {
                let files = there.get(language.as_str());
                if let Some(letter) = files.and_then(|files| letter(mail, language, files, problems)) {
                    letters.insert(((*mail).to_owned(), language.clone()), letter);
                }
            }
        }
        letters
    }
}

/// One letter in one language.
fn letter(
    mail: &str,
    language: &Language,
    files: &BTreeMap<&str, &str>,
    problems: &mut Vec<Problem>,
) -> Option<Letter> {
    let mut part = |file: &str, one_line: bool| {
        let mut about = Problems::of(&format!("mails/{mail}/{}/{file}", language.as_str()));
        let text = files.get(file)?.trim_start_matches('\u{feff}');
        if text.trim().is_empty() {
            about.error(None, "the file is empty").help("write the letter, or take the mail out of the program");
        } else if one_line && let Some(end) = text.trim_end().find(['\n', '\r']) {
            // The mark above was cut off the front: places in the file are that much later.
            let skipped = files.get(file).map_or(0, |whole| whole.len() - text.len());
            let rest = &text[end..];
            let start = end + (rest.len() - rest.trim_start().len());
            about
                .error(start + skipped..text.trim_end().len() + skipped, "a subject has one line")
                .help("put all of it on the first line");
        }
        let good = about.is_empty();
        problems.extend(about.into_list());
        good.then(|| if one_line { text.trim().to_owned() } else { text.to_owned() })
    };
    let (subject, body_mjml, body_text) =
        (part("subject.txt", true), part("body.mjml", false), part("body.txt", false));
    Some(Letter { subject: subject?, body_mjml: body_mjml?, body_text: body_text? })
}

/// Files beside the letters that look as if they were meant to be letters.
fn strangers(
    mail: &str,
    language: &str,
    files: &BTreeMap<&str, &str>,
    languages: &[Language],
    problems: &mut Vec<Problem>,
) {
    let tags: Vec<&str> = languages.iter().map(Language::as_str).collect();
    for file in files.keys() {
        let mut about = Problems::of(&format!("mails/{mail}/{language}/{file}"));
        if !tags.is_empty() && !tags.contains(&language) {
            about
                .warning(None, format!("nobody reads this: the shop does not write in `{}`", shown(language)))
                .help(did_you_mean(language, tags.iter().copied(), "the languages of shop.yaml"));
        } else if !PARTS.contains(file) {
            about.warning(None, "nobody reads this file").help(did_you_mean(file, PARTS, "a letter is made of"));
        }
        problems.extend(about.into_list());
    }
}
