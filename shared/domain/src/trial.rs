//! A folder as a trial takes it: every program mails, also one that is still a draft. Drafts are what a trial is for.

mod apart;

pub use apart::apart;

use crate::plan::Folder;

/// The folder with `status: live` in every program. Everything else, comments too, stays as it is.
///
/// It works on the text, because a plan is stored as its folder. A program that says its status in some other way than
/// on a line of its own would become a file with two of them, which the reader of the folder refuses: nothing is mailed by
/// a guess.
pub fn as_if_live(folder: &Folder) -> Folder {
    let program = |path: &str| path == "program.yaml" || path.starts_with("programs/") && path.ends_with(".yaml");
    let live = |(path, text): (&String, &String)| {
        let text = if program(path) { live(text) } else { text.clone() };
        (path.clone(), text)
    };
    folder.iter().map(live).collect()
}

fn live(text: &str) -> String {
    let mut found = false;
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        let is_status = line.strip_prefix("status").is_some_and(|rest| rest.trim_start().starts_with(':'));
        // A comment begins after a space; the spaces before it line it up with its neighbours.
        let comment = line.find(" #").map_or("", |at| &line[line[..at].trim_end().len()..]);
        lines.push(if is_status { format!("status: live{comment}") } else { line.to_owned() });
        found |= is_status;
    }
    if !found {
        // Before the first word of the mapping, whatever comes after the last one.
        let first = lines.iter().position(|line| line.starts_with(|c: char| c.is_ascii_lowercase()));
        lines.insert(first.unwrap_or(lines.len()), "status: live".to_owned());
    }
    let mut text = lines.join("\n");
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tried(program: &str) -> String {
        let folder = Folder::from([
            ("program.yaml".to_owned(), program.to_owned()),
            ("mails/status/en/subject.txt".to_owned(), "status: draft".to_owned()),
        ]);
        let mut live = as_if_live(&folder);
        assert_eq!(live["mails/status/en/subject.txt"], "status: draft", "letters are not programs");
        live.remove("program.yaml").unwrap()
    }

    #[test]
    fn a_draft_mails_in_a_trial() {
        assert_eq!(
            tried("version: 1\nstatus: draft   # not yet\nname: A\n"),
            "version: 1\nstatus: live   # not yet\nname: A\n"
        );
        assert_eq!(tried("version: 1\nstatus: live\n"), "version: 1\nstatus: live\n");
    }

    #[test]
    fn a_program_that_says_nothing_is_a_draft_too() {
        assert_eq!(tried("# Ours\nversion: 1\nname: A\n"), "# Ours\nstatus: live\nversion: 1\nname: A\n");
    }
}
