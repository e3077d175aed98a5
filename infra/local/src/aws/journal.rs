//! The file that lets queues, mails and parameters survive a restart: one change a line, in JSON, written before it counts.
//!
//! A process killed in the middle of a line loses that line only, which then never happened. The file is rewritten when it
//! is opened and most of its lines have been overtaken.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use super::{Error, lock, queues, ses, ssm};

/// A change to what a service keeps, as a line of the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "service", content = "change", rename_all = "lowercase")]
pub(crate) enum Line {
    /// A queue.
    Sqs(queues::Change),
    /// The outbox.
    Ses(ses::Change),
    /// The parameters.
    Ssm(ssm::Change),
}

/// As [`Line`], borrowed: writing needs no copy of a mail.
#[derive(Debug, Serialize)]
#[serde(tag = "service", content = "change", rename_all = "lowercase")]
pub(crate) enum LineRef<'a> {
    /// A queue.
    Sqs(&'a queues::Change),
    /// The outbox.
    Ses(&'a ses::Change),
    /// The parameters.
    Ssm(&'a ssm::Change),
}

/// Where changes are written, or nowhere for a stack in memory.
#[derive(Debug)]
pub(crate) struct Journal(Option<Mutex<Open>>);

/// The open file, and its length up to the last whole line.
#[derive(Debug)]
struct Open {
    file: File,
    whole: u64,
}

impl Journal {
    /// A journal that keeps nothing.
    pub(crate) fn nowhere() -> Self {
        Self(None)
    }

    /// Reads the file's changes in order, or begins a new file, and locks it against a second process.
    ///
    /// # Errors
    /// When the file cannot be read or locked, or a line other than a torn last one is not ours.
    pub(crate) fn open(path: &Path, mut replay: impl FnMut(Line)) -> Result<(Self, u64), Error> {
        let mut file = options().read(true).append(true).create(true).open(path)?;
        file.try_lock().map_err(|_| Error::InUse(path.to_owned()))?;
        let mut reader = BufReader::new(&mut file);
        let (mut whole, mut lines, mut line) = (0, 0, Vec::new());
        loop {
            line.clear();
            let read = reader.read_until(b'\n', &mut line)?;
            if line.last() != Some(&b'\n') {
                break;
            }
            lines += 1;
            replay(serde_json::from_slice(&line).map_err(|source| Error::Journal { line: lines, source })?);
            whole += read as u64;
        }
        file.set_len(whole)?;
        Ok((Self(Some(Mutex::new(Open { file, whole }))), lines))
    }

    /// Writes one change. It must not count before this says so.
    ///
    /// # Errors
    /// When the line cannot be written.
    pub(crate) fn write(&self, line: &LineRef<'_>) -> std::io::Result<()> {
        let Some(file) = &self.0 else { return Ok(()) };
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        let mut open = lock(file);
        if let Err(error) = open.file.write_all(&bytes) {
            // Half a line in the middle of the file would spoil every line after it.
            open.file.set_len(open.whole)?;
            return Err(error);
        }
        open.whole += bytes.len() as u64;
        Ok(())
    }

    /// A new file that holds only `lines`, put in place of the one at `path` in one step.
    ///
    /// # Errors
    /// When the new file cannot be written; the old one is then still there.
    pub(crate) fn rewrite(path: &Path, write_all: impl FnOnce(&Self) -> std::io::Result<()>) -> Result<Self, Error> {
        let mut beside = path.as_os_str().to_owned();
        beside.push(".new");
        let beside = PathBuf::from(beside);
        match std::fs::remove_file(&beside) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        let file = options().append(true).create_new(true).open(&beside)?;
        file.try_lock().map_err(|_| Error::InUse(beside.clone()))?;
        let journal = Self(Some(Mutex::new(Open { file, whole: 0 })));
        write_all(&journal)?;
        std::fs::rename(&beside, path)?;
        Ok(journal)
    }
}

/// The file holds addresses and keys, so only its owner may read it.
fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
