//! A shop's folder, and what is wrong with it shown with a caret under the wrong word.

use std::io::IsTerminal;
use std::path::Path;

use anyhow::{Context, Result, bail};
use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteDiagnostic, NamedSource};
use winback_cloud::programs;
use winback_domain::check::check;
use winback_domain::figures::counted;
use winback_domain::file::{Problem, Severity};
use winback_domain::plan::{Folder, Plan};

/// The text of a file that a command names; `-` is standard input.
pub fn text(path: &Path) -> Result<String> {
    if path.as_os_str() == "-" {
        return std::io::read_to_string(std::io::stdin()).context("standard input");
    }
    std::fs::read_to_string(path).with_context(|| path.display().to_string())
}

/// Reads the files of a folder.
pub fn folder(dir: &Path) -> Result<Folder> {
    if !dir.is_dir() {
        bail!("{} is no folder; a shop's folder holds shop.yaml, program.yaml and mails/", dir.display());
    }
    Ok(programs::read(dir)?)
}

/// The plan of a folder that a command is about to use. Errors are shown and end the command; warnings are `check`'s.
pub fn usable(folder: &Folder, dir: &Path) -> Result<Plan> {
    let checked = check(folder);
    match checked.plan {
        Some(plan) => Ok(plan),
        None => {
            let errors = checked.problems.iter().filter(|problem| problem.severity == Severity::Error);
            eprint!("{}", rendered(folder, dir, errors));
            bail!("{} cannot be used as it is", dir.display())
        }
    }
}

/// Problems for a person's eyes, coloured where they are looking at a terminal.
pub fn rendered<'a>(folder: &Folder, dir: &Path, problems: impl Iterator<Item = &'a Problem>) -> String {
    let theme = match std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none() {
        true => GraphicalTheme::unicode(),
        false => GraphicalTheme::unicode_nocolor(),
    };
    drawn(folder, dir, problems, theme)
}

fn drawn<'a>(
    folder: &Folder,
    dir: &Path,
    problems: impl Iterator<Item = &'a Problem>,
    theme: GraphicalTheme,
) -> String {
    // The same width everywhere: what is piped into a file reads like what was on the screen.
    let handler = GraphicalReportHandler::new_themed(theme).with_width(100);
    let mut out = String::new();
    for problem in problems {
        let severity = match problem.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        };
        let path = dir.join(&problem.file).display().to_string();
        let mut shown = MietteDiagnostic::new(problem.message.clone()).with_severity(severity);
        shown.help.clone_from(&problem.help);
        let source = folder.get(&problem.file);
        let report = match (&problem.span, source) {
            (Some(span), Some(source)) => {
                let shown = shown.with_label(LabeledSpan::underline(span.clone()));
                miette::Report::new(shown).with_source_code(NamedSource::new(path, source.clone()))
            }
            _ => {
                shown.message = format!("{path}: {}", shown.message);
                miette::Report::new(shown)
            }
        };
        // Writing into a string fails only where drawing does; then the words must do.
        if handler.render_report(&mut out, report.as_ref()).is_err() {
            out.push_str(&problem.message);
        }
        out.push('\n');
    }
    out
}

/// The folder of a store's plan as text for a sentence: `2 programs, 5 rounds, 9 letters in en, fi`.
pub fn described(plan: &Plan) -> String {
    let rounds: usize = plan.programs.iter().map(|program| program.rounds.len()).sum();
    let mut letters: Vec<&str> = plan.letters.keys().map(|(mail, _)| mail.as_str()).collect();
    letters.dedup();
    let languages: Vec<&str> = plan.shop.languages.iter().map(|language| language.as_str()).collect();
    format!(
        "{}, {}, {} in {}",
        counted(plan.programs.len(), "program"),
        counted(rounds, "round"),
        counted(letters.len(), "letter"),
        languages.join(", ")
    )
}

/// The name of a store for clap.
pub fn store_id(text: &str) -> Result<winback_domain::ids::StoreId, String> {
    text.to_owned().try_into().map_err(|error: winback_domain::ids::NotAStoreId| error.to_string())
}

/// Opens a place in a folder, with the reason in words where it cannot be had.
pub fn place(dir: &Path, clock: winback_local::clock::Turned, link_base: &str) -> Result<winback_local::place::Place> {
    winback_local::place::Place::open(dir, clock, link_base)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    fn with(path: &str, change: impl Fn(&str) -> String) -> Folder {
        let mut folder = sample::folder();
        let text = folder.get_mut(path).unwrap();
        *text = change(text);
        folder
    }

    fn plain(folder: &Folder) -> String {
        let problems = check(folder).problems;
        drawn(folder, Path::new("shop"), problems.iter(), GraphicalTheme::unicode_nocolor())
    }

    #[test]
    fn nobody_has_anything_to_say_against_the_sample_shop() {
        let checked = check(&sample::folder());
        assert_eq!(checked.problems, []);
        assert_eq!(described(&checked.plan.unwrap()), "1 program, 3 rounds, 4 letters in en");
    }

    #[test]
    fn the_caret_stands_under_the_wrong_word() {
        let folder =
            with("program.yaml", |text| text.replace("valid: 3 days                ", "valid: 3 dais                "));
        let shown = plain(&folder);
        assert!(shown.contains("shop/program.yaml:"), "{shown}");
        let lines: Vec<&str> = shown.lines().collect();
        let wrong = lines.iter().position(|line| line.contains("3 dais")).unwrap();
        let column =
            lines[wrong].chars().collect::<Vec<_>>().windows(4).position(|w| w == ['d', 'a', 'i', 's']).unwrap();
        let under: Vec<char> = lines[wrong + 1].chars().collect();
        assert!(under[column] == '─' || under[column] == '┬', "{shown}");
        assert_eq!(check(&folder).count(Severity::Error), 1);
    }

    #[test]
    fn a_letter_without_a_way_out_is_an_error_and_a_long_subject_a_warning() {
        let text = with("mails/last-day/en/body.txt", |text| text.replace("{{ links.unsubscribe }}", ""));
        assert!(plain(&text).contains("mails/last-day/en/body.txt"));
        assert!(check(&text).plan.is_none());
        let long = with("mails/last-day/en/subject.txt", |text| format!("{} {}", text.trim(), "and more".repeat(10)));
        let checked = check(&long);
        assert!(checked.plan.is_some());
        assert!(checked.count(Severity::Warning) > 0);
    }
}
