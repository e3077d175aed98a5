//! Shops' folders on disk: what a layer brings, or what lies on a laptop.

use std::path::Path;

use winback_domain::plan::Folder;

/// No file of a shop is larger, in bytes: a folder may have less.
const LARGEST: u64 = 1024 * 1024;

/// A folder cannot be read. Whoever runs this must look.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {problem}")]
pub struct Error {
    /// Where.
    pub path: String,
    /// What is wrong.
    pub problem: String,
}

/// The files of a folder that a plan is made of. Nothing else in it is looked at.
pub fn read(folder: &Path) -> Result<Folder, Error> {
    let mut found = Folder::new();
    for name in ["shop.yaml", "program.yaml"] {
        if folder.join(name).is_file() {
            found.insert(name.to_owned(), text(&folder.join(name))?);
        }
    }
    for below in ["programs", "mails"] {
        walk(folder, &folder.join(below), 0, &mut found)?;
    }
    Ok(found)
}

/// The sub-folders of a folder, by name: one per store.
pub fn stores(dir: &Path) -> Result<Vec<String>, Error> {
    let mut names = Vec::new();
    for entry in entries(dir)? {
        if entry.path().is_dir() {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}

fn walk(root: &Path, dir: &Path, depth: usize, found: &mut Folder) -> Result<(), Error> {
    // mails/<mail>/<language>/<file> is the deepest there is.
    if !dir.is_dir() || depth > 2 {
        return Ok(());
    }
    for entry in entries(dir)? {
        let path = entry.path();
        if path.is_dir() {
            walk(root, &path, depth + 1, found)?;
            continue;
        }
        // A device or a pipe in a folder is nothing to read, and what begins with a dot is an editor's.
        let plain = path.is_file() && !entry.file_name().to_string_lossy().starts_with('.');
        let wanted =
            plain && path.extension().is_some_and(|end| ["yaml", "mjml", "txt"].iter().any(|known| end == *known));
        if wanted && let Ok(below) = path.strip_prefix(root) {
            let name: Vec<_> = below.iter().map(|part| part.to_string_lossy()).collect();
            found.insert(name.join("/"), text(&path)?);
        }
    }
    Ok(())
}

fn entries(dir: &Path) -> Result<Vec<std::fs::DirEntry>, Error> {
    let failed = |error: std::io::Error| Error { path: dir.display().to_string(), problem: error.to_string() };
    std::fs::read_dir(dir).map_err(failed)?.collect::<Result<_, _>>().map_err(failed)
}

fn text(path: &Path) -> Result<String, Error> {
    if std::fs::metadata(path).is_ok_and(|file| file.len() > LARGEST) {
        let problem = "is larger than a megabyte; a shop's whole folder has less".to_owned();
        return Err(Error { path: path.display().to_string(), problem });
    }
    std::fs::read_to_string(path)
        .map_err(|error| Error { path: path.display().to_string(), problem: error.to_string() })
}
