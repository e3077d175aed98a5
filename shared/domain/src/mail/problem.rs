//! What is wrong with a letter, where, and what to do about it.

use std::fmt;

use crate::shop::Language;

/// One of the three files of a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Part {
    /// `subject.txt`
    Subject,
    /// `body.mjml`
    Html,
    /// `body.txt`
    Text,
}

impl Part {
    /// The file's name within the letter's folder.
    pub fn file(self) -> &'static str {
        match self {
            Self::Subject => "subject.txt",
            Self::Html => "body.mjml",
            Self::Text => "body.txt",
        }
    }
}

/// How much it matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The letter must not go out like this.
    Error,
    /// The letter would go out; somebody should look at it.
    Warning,
}

/// One finding about one letter. It never quotes what a customer told us.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Problem {
    /// Which file.
    pub part: Part,
    /// Line in that file, from 1, where it can be told.
    pub line: Option<usize>,
    /// How much it matters.
    pub level: Level,
    /// What is wrong and what to do.
    pub message: String,
}

impl Problem {
    /// Something that keeps the letter from going out.
    pub(super) fn error(part: Part, line: Option<usize>, message: impl Into<String>) -> Self {
        Self { part, line, level: Level::Error, message: message.into() }
    }

    /// Something to look at.
    pub(super) fn warning(part: Part, line: Option<usize>, message: impl Into<String>) -> Self {
        Self { part, line, level: Level::Warning, message: message.into() }
    }
}

impl fmt::Display for Problem {
    /// `body.mjml:12: what is wrong`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.part.file())?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}", self.message)
    }
}

/// Why a mail could not be made. Trying again does not help: somebody has to mend the letter or the link.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There is no such letter, neither in the customer's language nor in the shop's first.
    #[error("there is no letter mails/{mail}/{language}: write subject.txt, body.mjml and body.txt there", language = .language.as_str())]
    NoLetter {
        /// The mail that was asked for.
        mail: String,
        /// The shop's first language, which every mail needs.
        language: Language,
    },
    /// A part of the letter cannot be filled in.
    #[error("{folder}/{problem}")]
    Letter {
        /// `mails/<mail>/<language>`.
        folder: String,
        /// What is wrong with it.
        problem: Problem,
    },
    /// A link would not survive in a mail.
    #[error("the {0} link is not a plain https address: check the link base and `open_with_code`")]
    Link(&'static str),
}
