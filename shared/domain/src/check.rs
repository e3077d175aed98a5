//! Everything that is wrong with a shop's folder: what an editor is told, and what keeps a folder from becoming a plan.

use crate::file::{self, Problem, Severity};
use crate::mail;
use crate::plan::{Folder, Plan};

/// A folder as it was read, with everything there is to say about it.
#[derive(Debug)]
pub struct Checked {
    /// What it says; nothing where an error stands in the way.
    pub plan: Option<Plan>,
    /// Errors and warnings, file by file.
    pub problems: Vec<Problem>,
}

impl Checked {
    /// How many problems of a kind there are.
    pub fn count(&self, severity: Severity) -> usize {
        self.problems.iter().filter(|problem| problem.severity == severity).count()
    }
}

/// Reads a folder as an editor would: its files first, and where they can be used its letters.
pub fn check(folder: &Folder) -> Checked {
    match file::read(folder, 1) {
        Err(problems) => Checked { plan: None, problems },
        Ok(read) => {
            let mut problems = read.warnings;
            let plan = read.plan;
            for (name, language, problem) in mail::check_all(&plan.shop, &plan.programs, &plan.letters) {
                let path = format!("mails/{name}/{}/{}", language.as_str(), problem.part.file());
                let span = problem.line.and_then(|line| line_of(folder.get(&path)?, line));
                let severity = match problem.level {
                    mail::Level::Error => Severity::Error,
                    mail::Level::Warning => Severity::Warning,
                };
                problems.push(Problem { file: path, span, message: problem.message, help: None, severity });
            }
            let usable = problems.iter().all(|problem| problem.severity == Severity::Warning);
            Checked { plan: usable.then_some(plan), problems }
        }
    }
}

/// The bytes of a line, counted from 1, without the spaces around its words.
fn line_of(text: &str, line: usize) -> Option<std::ops::Range<usize>> {
    let words = text.lines().nth(line.checked_sub(1)?)?;
    // Lines are parts of the text itself, so the distance between the two is their place in it.
    let start = words.as_ptr() as usize - text.as_ptr() as usize;
    let indent = words.len() - words.trim_start().len();
    Some(start + indent..start + indent + words.trim().len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_found_by_its_number() {
        let text = "one\n  two words \r\nthree";
        assert_eq!(&text[line_of(text, 2).unwrap()], "two words");
        assert_eq!(&text[line_of(text, 3).unwrap()], "three");
        assert_eq!(line_of(text, 4), None);
        assert_eq!(line_of(text, 0), None);
    }
}
