//! The lines of a doctor's report.

use std::fmt;

use winback_cloud::operator::Error;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// As it must be.
    Ok,
    /// It works, and somebody should know.
    Warn,
    /// It does not work.
    Fail,
}

/// Something that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// How bad it is.
    pub level: Level,
    /// What was seen.
    pub what: String,
    /// What to do about it.
    pub todo: Option<String>,
}

/// As it must be.
pub fn ok(what: impl Into<String>) -> Line {
    Line { level: Level::Ok, what: what.into(), todo: None }
}

/// It works, and somebody should know.
pub fn warn(what: impl Into<String>, todo: impl Into<String>) -> Line {
    Line { level: Level::Warn, what: what.into(), todo: Some(todo.into()) }
}

/// It does not work.
pub fn fail(what: impl Into<String>, todo: impl Into<String>) -> Line {
    Line { level: Level::Fail, what: what.into(), todo: Some(todo.into()) }
}

/// It could not be looked at.
pub fn unseen(what: &str, error: &Error) -> Line {
    let todo = match error {
        Error::Refused { operation, .. } => format!("allow the operator {operation}, or try again"),
        _ => "look at it by hand".to_owned(),
    };
    fail(format!("{what} could not be looked at: {error}"), todo)
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let level = match self.level {
            Level::Ok => "ok",
            Level::Warn => "warn",
            Level::Fail => "fail",
        };
        write!(f, "{level:<4}  {}", self.what)?;
        match &self.todo {
            Some(todo) => write!(f, "  – {todo}"),
            None => Ok(()),
        }
    }
}
