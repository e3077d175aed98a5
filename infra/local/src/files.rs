//! A shop's folder while it is served: read again when somebody edits it, checked as an editor would, and made the plan
//! where nothing is wrong with it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use winback_cloud::programs;
use winback_domain::check::check;
use winback_domain::file::{Problem, Severity};
use winback_domain::plan::Folder;

/// The folder, and what there is to say about it. Clones are the same folder.
#[derive(Clone, Debug)]
pub struct Files {
    dir: Option<PathBuf>,
    seen: Arc<Mutex<Seen>>,
}

/// As it was when it was looked at last.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// Its files.
    pub folder: Folder,
    /// Errors and warnings; with an error among them the plan before goes on.
    pub problems: Vec<Problem>,
    /// Why it could not be read at all.
    pub unreadable: Option<String>,
    /// How often it changed.
    pub changes: u64,
}

impl Seen {
    /// Whether it can be a plan.
    pub fn is_usable(&self) -> bool {
        self.unreadable.is_none() && self.problems.iter().all(|problem| problem.severity == Severity::Warning)
    }
}

impl Files {
    /// A folder on disk, or files that lie nowhere and never change.
    pub fn new(dir: Option<PathBuf>, folder: Folder) -> Self {
        let problems = check(&folder).problems;
        Self { dir, seen: Arc::new(Mutex::new(Seen { folder, problems, ..Seen::default() })) }
    }

    /// Where it lies.
    pub fn dir(&self) -> Option<&Path> {
        self.dir.as_deref()
    }

    /// What was seen last.
    pub fn seen(&self) -> Seen {
        self.lock().clone()
    }

    /// How often it changed.
    pub fn changes(&self) -> u64 {
        self.lock().changes
    }

    /// Looks at the disk. Answers the folder where it has changed and can be a plan.
    pub fn look(&self) -> Option<Folder> {
        let dir = self.dir.as_deref()?;
        let mut seen = self.lock();
        let (folder, unreadable) = match programs::read(dir) {
            Ok(folder) => (folder, None),
            Err(error) => (seen.folder.clone(), Some(error.to_string())),
        };
        if (&folder, &unreadable) == (&seen.folder, &seen.unreadable) {
            return None;
        }
        let problems = check(&folder).problems;
        *seen = Seen { folder, problems, unreadable, changes: seen.changes + 1 };
        seen.is_usable().then(|| seen.folder.clone())
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
