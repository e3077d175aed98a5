//! What is logged while a test runs: the warnings and errors that alarms listen for.

use std::fmt;
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Level, Metadata, Subscriber};

/// Lines as they were logged, their words first: `pool runs low store=books`. Clones are the same log.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    /// Listens on this thread until the guard goes.
    pub fn listen() -> (Self, DefaultGuard) {
        let log = Self::default();
        let guard = tracing::subscriber::set_default(log.clone());
        (log, guard)
    }

    /// The lines that begin with these words.
    pub fn lines(&self, words: &str) -> Vec<String> {
        let lines = self.0.lock().expect("nobody panicked with it");
        lines.iter().filter(|line| line.starts_with(words)).cloned().collect()
    }
}

#[derive(Default)]
struct Line {
    words: String,
    facts: String,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        match field.name() {
            "message" => self.words = format!("{value:?}"),
            name => self.facts.push_str(&format!(" {name}={value:?}")),
        }
    }
}

impl Subscriber for Log {
    fn enabled(&self, of: &Metadata<'_>) -> bool {
        of.is_event() && *of.level() <= Level::WARN
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line::default();
        event.record(&mut line);
        self.0.lock().expect("nobody panicked with it").push(format!("{}{}", line.words, line.facts));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
