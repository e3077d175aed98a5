//! The conversation that makes a code dead, in whichever store it is.
//!
//! A code is kept dead, made dead if absent, and never deleted. Whoever makes a code may be slow: its question may reach
//! the store after the answer to ours that nothing is there. So what is absent is made dead under its name, and the slow
//! question finds the name taken. Where both meet in the store, one of them is told that the name is taken: we look
//! again and end what is there; the other reads back something dead.

use super::access::Door;
use super::{Access, Made, Step};
use crate::exchange::{Request, Response, Trouble};
use crate::ids::Code;

/// What is there of a name.
pub(super) enum Found {
    /// Nothing that holds it.
    Nothing,
    /// Something of somebody else's. Nothing of ours is good, nor ever will be.
    Theirs,
    /// Ours, and dead.
    Dead(String),
    /// Ours, and not.
    Alive(String),
}

/// What each store says in its own words.
pub(super) trait Dialect: Sync {
    /// Asks what is there of a name.
    fn look(&self, door: &Door, code: &str) -> Request;
    /// What is.
    fn found(&self, answer: Response<'_>, code: &str) -> Result<Found, Trouble>;
    /// Asks to make what is there dead, by the store's id of it.
    fn end(&self, door: &Door, id: &str) -> Request;
    /// Its id, once it is dead. A refusal: there is none of that id.
    fn ended(&self, answer: Response<'_>) -> Result<String, Trouble>;
    /// Asks to make a code that is dead from its beginning, step by step; nothing after the last.
    fn bury(&self, door: &Door, code: &str, step: usize) -> Option<Request>;
    /// The id of what the last step made, or nothing where the name was taken meanwhile. Spoilt: the one try that there
    /// is was used, by whoever made it or by an earlier burial.
    fn buried(&self, answer: Response<'_>) -> Result<Option<String>, Trouble>;
}

/// Where the conversation stands.
#[derive(Clone, Copy, Debug)]
enum Stage {
    /// Asked to end the code of an id that we were told once.
    ByReference,
    /// Asked what is there of the name.
    Looking,
    /// Nothing was: asked for the step of this number to make a dead one.
    Burying(usize),
    /// It was taken meanwhile, or its one try was used up: asked what is there.
    LookingAgain { spoilt: bool },
    /// Asked to end what was found.
    Ending,
}

/// The conversation that makes a code dead: kept dead, made dead if absent, never deleted. A name that somebody else
/// took is let alone: nothing of ours is good.
#[derive(Clone, Debug)]
pub struct Withdrawing {
    access: Access,
    code: String,
    stage: Stage,
}

impl Withdrawing {
    /// The first question. `reference` is what [`Made`] told when the code was made, if that was heard.
    pub fn begin(access: &Access, code: &Code, reference: Option<&str>) -> (Self, Request) {
        let (dialect, door) = access.dialect();
        let code = code.as_str().to_owned();
        let (stage, first) = match reference.filter(|known| !known.is_empty()) {
            Some(id) => (Stage::ByReference, dialect.end(door, id)),
            None => (Stage::Looking, dialect.look(door, &code)),
        };
        (Self { access: access.clone(), code, stage }, first)
    }

    /// What an answer means. At most five questions follow the first.
    pub fn hear(&mut self, answer: Response<'_>) -> Step {
        self.go_on(answer).unwrap_or_else(Step::Failed)
    }

    fn go_on(&mut self, answer: Response<'_>) -> Result<Step, Trouble> {
        let dialect = self.access.dialect().0;
        match self.stage {
            // Perhaps the shop deleted it: look by name.
            Stage::ByReference => match dialect.ended(answer) {
                Err(Trouble::Refused(_)) => Ok(self.look(Stage::Looking)),
                ended => ended.map(withdrawn),
            },
            Stage::Ending => dialect.ended(answer).map(withdrawn),
            Stage::Looking | Stage::LookingAgain { .. } => match dialect.found(answer, &self.code)? {
                Found::Theirs => Ok(Step::Done(Made::default())),
                Found::Dead(id) => Ok(withdrawn(id)),
                Found::Alive(id) => {
                    self.stage = Stage::Ending;
                    let (dialect, door) = self.access.dialect();
                    Ok(Step::Ask(dialect.end(door, &id)))
                }
                Found::Nothing if matches!(self.stage, Stage::Looking) => self.bury(0),
                // Whoever asks for it from now on is told the same.
                Found::Nothing if matches!(self.stage, Stage::LookingAgain { spoilt: true }) => {
                    Ok(Step::Done(Made::default()))
                }
                // Taken, and not there: it was written a moment ago.
                Found::Nothing => Err(Trouble::Later { seconds: None }),
            },
            Stage::Burying(step) => match (dialect.buried(answer), self.bury(step + 1)) {
                // What a code rests on may have been there before.
                (Ok(_), Ok(next)) => Ok(next),
                (Ok(Some(id)), Err(_)) => Ok(withdrawn(id)),
                (Ok(None), Err(_)) => Ok(self.look(Stage::LookingAgain { spoilt: false })),
                (Err(Trouble::Spoilt), Err(_)) => Ok(self.look(Stage::LookingAgain { spoilt: true })),
                (Err(trouble), _) => Err(trouble),
            },
        }
    }

    fn look(&mut self, stage: Stage) -> Step {
        self.stage = stage;
        let (dialect, door) = self.access.dialect();
        Step::Ask(dialect.look(door, &self.code))
    }

    /// The step of this number; an error after the last.
    fn bury(&mut self, step: usize) -> Result<Step, Trouble> {
        let (dialect, door) = self.access.dialect();
        let next = dialect.bury(door, &self.code, step).ok_or(Trouble::Unreadable)?;
        self.stage = Stage::Burying(step);
        Ok(Step::Ask(next))
    }
}

fn withdrawn(id: String) -> Step {
    Step::Done(Made { reference: Some(id) })
}
