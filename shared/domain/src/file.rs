//! A shop's folder: its YAML files and letters read, checked and turned into a plan.
//!
//! Everything is read once, here, into types that cannot say anything wrong. What is wrong is collected over the whole
//! folder, each problem with the bytes of the word it is about; drawing carets is left to whoever shows them.

mod audience;
mod field;
mod letters;
mod mapping;
mod node;
mod offers;
mod phrase;
mod problem;
mod program;
mod raw;
mod rounds;
pub mod schema;
mod shop;
#[cfg(test)]
mod tests;
mod value;
mod words;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use self::field::FromNode;
use self::letters::Mails;
use self::problem::Problems;
use self::raw::{ProgramFile, ShopFile};
use self::shop::Facts;
use crate::plan::{Folder, Plan};

pub use self::problem::{Problem, Severity};
pub(crate) use self::words::count;

/// Bytes that a folder may have, its paths and its texts together. It is kept as one item, of which the table takes
/// 400 KB with all that surrounds it.
const LARGEST: usize = 390 * 1024;

/// A folder that can be activated.
#[derive(Clone, Debug)]
pub struct Read {
    /// What it says.
    pub plan: Plan,
    /// What somebody should look at all the same.
    pub warnings: Vec<Problem>,
}

/// Reads a shop's folder into the plan of that number.
///
/// # Errors
/// All problems of the folder, warnings among them, if at least one is an error: first those of `shop.yaml`, then
/// those of the programs, then those of the letters; in each file from top to bottom.
pub fn read(folder: &Folder, number: u64) -> Result<Read, Vec<Problem>> {
    let mut problems = Vec::new();
    let (facts, shop) = read_shop(folder, &mut problems);
    let mut mails = Mails::of(folder);
    let mut programs = Vec::new();
    let mut names: Vec<String> = Vec::new();
    for (path, source) in folder.iter().filter(|(path, _)| is_program(path)) {
        let mut about = Problems::of(path);
        if let Some(raw) = read_file::<ProgramFile>(source, &mut about) {
            programs.extend(program::build(&raw, &facts, &mut mails, &mut about));
            if let Some(name) = raw.name.get() {
                let plain = name.value.trim().to_lowercase();
                if names.contains(&plain) {
                    about
                        .error(name.span.clone(), "another program has this name")
                        .help("give each program a name of its own: letters and reports are kept by it");
                }
                names.push(plain);
            }
        }
        problems.extend(about.into_list());
    }
    if !folder.keys().any(|path| is_program(path)) {
        let mut about = Problems::of("program.yaml");
        about.error(None, "the folder has no program").help("write program.yaml, or several files under programs/");
        problems.extend(about.into_list());
    }
    let letters = mails.read(&facts.languages, &mut problems);
    strangers(folder, &mut problems);
    too_big(folder, &mut problems);
    match shop {
        Some(shop) if problems.iter().all(|problem| problem.severity == Severity::Warning) => {
            programs.sort_by(|one, other| one.name.cmp(&other.name));
            Ok(Read { plan: Plan { number, shop, programs, letters }, warnings: problems })
        }
        _ => Err(problems),
    }
}

/// The SHA-256 of a folder, in lower-case hex: over each path and content with its length before it, so that no two
/// folders are taken for one another.
pub fn hash(folder: &Folder) -> String {
    let mut digest = Sha256::new();
    for (path, content) in folder {
        for part in [path, content] {
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part);
        }
    }
    HEXLOWER.encode(&digest.finalize())
}

fn read_shop(folder: &Folder, problems: &mut Vec<Problem>) -> (Facts, Option<crate::shop::Shop>) {
    let mut about = Problems::of("shop.yaml");
    let built = match folder.get("shop.yaml") {
        Some(source) => {
            read_file::<ShopFile>(source, &mut about).map(|raw| shop::build(&raw, &mut about)).unwrap_or_default()
        }
        None => {
            about
                .error(None, "the folder has no shop.yaml")
                .help("write one: it says who writes, in which zone, currency and languages");
            Default::default()
        }
    };
    problems.extend(about.into_list());
    built
}

fn read_file<T: FromNode>(source: &str, problems: &mut Problems) -> Option<T> {
    let node = node::read(source, problems)?;
    if matches!(node.content, node::Content::Nothing) {
        problems.error(None, "the file is empty").help("begin with version: 1");
        return None;
    }
    T::from_node(&node, problems)
}

/// `program.yaml`, or a file right under `programs/`.
fn is_program(path: &str) -> bool {
    path == "program.yaml"
        || path
            .strip_prefix("programs/")
            .and_then(|rest| rest.strip_suffix(".yaml"))
            .is_some_and(|name| !name.is_empty() && !name.contains('/'))
}

/// A folder that the table would not take. The file that has most of it is the one to look at.
fn too_big(folder: &Folder, problems: &mut Vec<Problem>) {
    let kilobytes = |bytes: usize| bytes.div_ceil(1024);
    let size: usize = folder.iter().map(|(path, text)| path.len() + text.len()).sum();
    let Some((path, text)) = folder.iter().max_by_key(|(_, text)| text.len()).filter(|_| size > LARGEST) else {
        return;
    };
    let (all, most, this) = (kilobytes(size), LARGEST / 1024, kilobytes(text.len()));
    let mut about = Problems::of(path);
    about
        .error(
            None,
            format!("the folder has {all} KB, of which this file alone has {this}; a folder may have {most} KB"),
        )
        .help(
            "make this file smaller (pictures belong on the web, not into a letter), or take out letters nobody sends",
        );
    problems.extend(about.into_list());
}

/// YAML files nobody reads were probably meant to be read.
fn strangers(folder: &Folder, problems: &mut Vec<Problem>) {
    let yaml = |path: &&String| path.ends_with(".yaml") || path.ends_with(".yml");
    for path in folder.keys().filter(yaml).filter(|path| *path != "shop.yaml" && !is_program(path)) {
        let mut about = Problems::of(path);
        about
            .warning(None, "nobody reads this file")
            .help("the files are shop.yaml, and program.yaml or programs/NAME.yaml");
        problems.extend(about.into_list());
    }
}
