//! The clock of a place: the machine's, or one that is turned by hand.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};

use anyhow::{Context, Result};
use jiff::Timestamp;

/// A clock that can be turned, or the machine's. Clones show the same time.
#[derive(Clone, Debug)]
pub struct Turned {
    /// Whole seconds; nothing: the machine's clock.
    seconds: Option<Arc<AtomicI64>>,
    /// Where the time is kept over a restart.
    file: Arc<OnceLock<File>>,
}

impl Turned {
    /// A clock that stands still until it is turned.
    pub fn at(now: Timestamp) -> Self {
        Self { seconds: Some(Arc::new(AtomicI64::new(now.as_second()))), file: Arc::default() }
    }

    /// The time that a file of [`Turned::keep_in`] holds; nothing where there is none.
    ///
    /// # Errors
    /// When the file cannot be read, or holds no time.
    pub fn kept(path: &Path) -> Result<Option<Timestamp>> {
        let text = match std::fs::read_to_string(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            read => read.with_context(|| path.display().to_string())?,
        };
        let time = text.trim().parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
        time.map(Some).with_context(|| format!("{} holds no time; remove it to begin anew", path.display()))
    }

    /// From now on a turned clock keeps its time in a file. It is written before the clock is turned, so that nothing ever
    /// happens later than it says.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn keep_in(&self, path: &Path) -> Result<()> {
        let Some(seconds) = &self.seconds else { return Ok(()) };
        let name = || path.display().to_string();
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(path).with_context(name)?;
        let _ = self.file.set(file);
        self.keep(seconds.load(Ordering::Relaxed)).with_context(name)
    }

    /// The machine's clock. Turning it does nothing.
    pub fn real() -> Self {
        Self { seconds: None, file: Arc::default() }
    }

    /// The time it shows.
    pub fn now(&self) -> Timestamp {
        self.seconds.as_ref().map_or_else(Timestamp::now, |seconds| {
            Timestamp::from_second(seconds.load(Ordering::Relaxed)).unwrap_or(Timestamp::MAX)
        })
    }

    /// Whether it can be turned.
    pub fn is_turned(&self) -> bool {
        self.seconds.is_some()
    }

    /// Turns it forward; never back.
    pub fn turn_to(&self, to: Timestamp) {
        let Some(seconds) = &self.seconds else { return };
        if to.as_second() > seconds.load(Ordering::Relaxed)
            && let Err(error) = self.keep(to.as_second())
        {
            tracing::warn!(%error, "the clock's time is not kept");
        }
        seconds.fetch_max(to.as_second(), Ordering::Relaxed);
    }

    /// Always as many bytes, so that a time is written over whole.
    fn keep(&self, seconds: i64) -> std::io::Result<()> {
        let Some(mut file) = self.file.get() else { return Ok(()) };
        file.seek(SeekFrom::Start(0))?;
        file.write_all(format!("{seconds:020}\n").as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_clock_goes_on_where_it_stood() {
        let dir = std::env::temp_dir().join(format!("winback-clock-{}", std::process::id()));
        std::fs::create_dir_all(&dir).unwrap();
        let path = dir.join("clock");
        let at = |second| Timestamp::from_second(second).unwrap();
        assert_eq!(Turned::kept(&path).unwrap(), None);
        let clock = Turned::at(at(1_000));
        let clone = clock.clone();
        clock.keep_in(&path).unwrap();
        clone.turn_to(at(5_000));
        clock.turn_to(at(4_000));
        assert_eq!(Turned::kept(&path).unwrap(), Some(at(5_000)));
        std::fs::write(&path, "noon").unwrap();
        assert!(Turned::kept(&path).unwrap_err().to_string().contains("holds no time"));
        std::fs::remove_dir_all(dir).unwrap();
    }
}
