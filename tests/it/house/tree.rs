//! The files of the repository, as text.

use std::path::{Path, PathBuf};

/// A file by its path from the root, with slashes.
#[derive(Clone)]
pub struct File {
    pub path: String,
    pub text: String,
}

/// Folders that hold nothing of ours: what was built, what Terraform and git keep.
const NOT_OURS: [&str; 5] = ["target", ".git", ".terraform", ".venv", "node_modules"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in the repository").to_owned()
}

/// One file.
pub fn read(path: &str) -> File {
    let text = std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    File { path: path.to_owned(), text }
}

/// Whether there is such a file or folder.
pub fn is_there(path: &str) -> bool {
    root().join(path).exists()
}

/// Every text file.
pub fn all() -> Vec<File> {
    let (root, mut files) = (root(), Vec::new());
    walk(&root, &root, &mut files);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(files.len() > 100, "the repository is not where it was looked for");
    files
}

/// Every Rust file.
pub fn rust() -> Vec<File> {
    all().into_iter().filter(|file| file.path.ends_with(".rs")).collect()
}

/// Every Rust file below a folder.
pub fn rust_below(folder: &str) -> Vec<File> {
    let below = format!("{folder}/");
    rust().into_iter().filter(|file| file.path.starts_with(&below)).collect()
}

fn walk(root: &Path, dir: &Path, files: &mut Vec<File>) {
    for entry in std::fs::read_dir(dir).expect("a folder").map(|entry| entry.expect("an entry")) {
        let path = entry.path();
        if entry.file_type().expect("it has a type").is_dir() {
            if !NOT_OURS.iter().any(|name| entry.file_name() == *name) {
                walk(root, &path, files);
            }
        } else if let Ok(text) = std::fs::read_to_string(&path) {
            // What is no text (packages, pictures) names no place.
            let path = path.strip_prefix(root).expect("below the root");
            let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
            files.push(File { path: parts.join("/"), text });
        }
    }
}

/// The numbered lines that are compiled into what is shipped: no comments, and nothing after the unit tests begin, which
/// stand last in a file.
pub fn code(file: &File) -> impl Iterator<Item = (usize, &str)> {
    let lines = file.text.lines().enumerate().map(|(index, line)| (index + 1, line));
    let lines = lines.take_while(|(_, line)| *line != "#[cfg(test)]");
    lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// The functions of a file and their lengths in lines. rustfmt puts the closing brace under the first letter of the
/// line that opens.
pub fn functions(file: &File) -> Vec<(String, usize)> {
    let lines: Vec<&str> = file.text.lines().collect();
    let mut found = Vec::new();
    for (from, line) in lines.iter().enumerate() {
        let start = line.trim_start();
        let Some(name) = start.split_once("fn ").and_then(|(before, name)| {
            let words = ["pub", "async", "const", "pub(crate)", "pub(super)"];
            before.split_whitespace().all(|word| words.contains(&word)).then_some(name)
        }) else {
            continue;
        };
        let indent = line.len() - start.len();
        let closes = |line: &&str| line.len() - line.trim_start().len() == indent && line.trim_start().starts_with('}');
        let Some(length) = lines[from..].iter().position(closes) else { continue };
        let name = name.split(['(', '<']).next().unwrap_or_default();
        found.push((format!("{}:{} {name}", file.path, from + 1), length + 1));
    }
    found
}
