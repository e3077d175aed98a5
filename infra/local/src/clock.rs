//! The clock of a place: the machine's, or one that is turned by hand.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::{Context, Result};
use jiff::Timestamp;

/// A clock that can be turned, or the machine's. Clones show the same time.
#[derive(Clone, Debug)]
pub struct Turned {
    /// Whole seconds; nothing: the machine's clock.
    seconds: Option<Arc<AtomicI64>>,
    /// Where the time is kept over a restart.
    file: Option<Arc<File>>,
}

impl Turned {
    /// A clock that stands still until it is turned.
    pub fn at(now: Timestamp) -> Self {
        Self { seconds: Some(Arc::new(AtomicI64::new(now.as_second()))), file: None }
    }

    /// A clock that goes on where a file says that it stood, or begins at a moment. The file is written before the clock
    /// is turned, so that nothing is ever later than it.
    ///
    /// # Errors
    /// When the file cannot be read or written, or holds no time.
    pub fn kept(path: &Path, start: Timestamp) -> Result<Self> {
        let name = || path.display().to_string();
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).with_context(name)?;
        let mut text = String::new();
        file.read_to_string(&mut text).with_context(name)?;
        let now = match text.trim() {
            // New, or made by a process that ended before it wrote.
            "" => start,
            known => known
                .parse()
                .ok()
                .and_then(|seconds| Timestamp::from_second(seconds).ok())
                .with_context(|| format!("{} holds no time; remove it to begin at {start}", path.display()))?,
        };
        let clock = Self { file: Some(Arc::new(file)), ..Self::at(now) };
        clock.keep(now.as_second()).with_context(name)?;
        Ok(clock)
    }

    /// The machine's clock. Turning it does nothing.
    pub fn real() -> Self {
        Self { seconds: None, file: None }
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
        let Some(mut file) = self.file.as_deref() else { return Ok(()) };
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
        let clock = Turned::kept(&path, at(1_000)).unwrap();
        clock.turn_to(at(5_000));
        clock.turn_to(at(4_000));
        assert_eq!(Turned::kept(&path, at(0)).unwrap().now(), at(5_000));
        std::fs::write(&path, "noon").unwrap();
        assert!(Turned::kept(&path, at(0)).unwrap_err().to_string().contains("holds no time"));
        std::fs::remove_dir_all(dir).unwrap();
    }
}
