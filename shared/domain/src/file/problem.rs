//! What is wrong in a folder, told so that a marketer can put it right.

use std::ops::Range;

/// One thing wrong in one file, or one thing worth a second look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The path in the folder, with `/`.
    pub file: String,
    /// Bytes of that file the caret belongs under: the wrong word, not its line. Nothing where something is missing
    /// from the file as a whole, or the file itself is.
    pub span: Option<Range<usize>>,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Whether the folder can be used in spite of it.
    pub severity: Severity,
}

/// Whether a folder with the problem can be activated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It cannot.
    Error,
    /// It can; somebody should look.
    Warning,
}

impl Problem {
    /// Adds the advice.
    pub(super) fn help(&mut self, advice: impl Into<String>) {
        self.help = Some(advice.into());
    }
}

/// Collects what is wrong in one file, so that a reader sees everything at once.
#[derive(Debug)]
pub(super) struct Problems {
    file: String,
    list: Vec<Problem>,
}

impl Problems {
    /// None yet, in the file of that path.
    pub(super) fn of(file: &str) -> Self {
        Self { file: file.to_owned(), list: Vec::new() }
    }

    /// One more reason why the folder cannot be used.
    pub(super) fn error(&mut self, span: impl Into<Option<Range<usize>>>, message: impl Into<String>) -> &mut Problem {
        self.push(Severity::Error, span.into(), message.into())
    }

    /// One more thing to look at.
    pub(super) fn warning(
        &mut self,
        span: impl Into<Option<Range<usize>>>,
        message: impl Into<String>,
    ) -> &mut Problem {
        self.push(Severity::Warning, span.into(), message.into())
    }

    fn push(&mut self, severity: Severity, span: Option<Range<usize>>, message: String) -> &mut Problem {
        let file = self.file.clone();
        self.list.push_mut(Problem { file, span, message, help: None, severity })
    }

    /// Whether nothing is wrong so far.
    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// All of them, in the order of the file.
    pub(super) fn into_list(mut self) -> Vec<Problem> {
        self.list.sort_by_key(|problem| problem.span.as_ref().map_or(0, |span| span.start));
        self.list
    }
}
