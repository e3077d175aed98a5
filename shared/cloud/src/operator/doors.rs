//! What came in by a store's door, as receive-webhook wrote it to its log.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use super::{Error, Stack};
use winback_domain::ids::StoreId;

/// So many pages of the log are read: a million lines or so.
const PAGES: usize = 100;
/// So much of a reason is told.
const LETTERS: usize = 120;

/// Webhooks of one topic that ended alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// The platform's name for it; nothing where it was refused before it was read.
    pub topic: Option<String>,
    /// What became of them.
    pub became: String,
    /// How many.
    pub count: u64,
    /// When the last of them came.
    pub last: Timestamp,
}

/// A line of the log.
#[derive(Deserialize)]
struct Line {
    fields: Fields,
}

#[derive(Deserialize)]
struct Fields {
    #[serde(rename = "message")]
    words: String,
    topic: Option<String>,
    because: Option<String>,
    problem: Option<String>,
    status: Option<u16>,
}

impl Stack {
    /// What came in by the door of a store since a moment, by topic.
    /// What came after the log was given up is not in it.
    pub async fn heard(&self, store: &StoreId, since: Timestamp) -> Result<Vec<Heard>, Error> {
        let mut heard = BTreeMap::<(Option<String>, String), (u64, Timestamp)>::new();
        let group = format!("/aws/lambda/{}", self.function_name("receive-webhook"));
        let pattern = format!("{{ ($.fields.store = \"{store}\") && ($.fields.message = \"webhook *\") }}");
        let request = self.logs.filter_log_events().log_group_name(group).filter_pattern(pattern);
        let request = request.start_time(since.as_millisecond());
        let mut pages = request.into_paginator().send();
        for _ in 0..PAGES {
            let Some(page) = pages.next().await else { break };
            let page = page.map_err(|error| self.refused("logs:FilterLogEvents", &error))?;
            for event in page.events() {
                let at = event.timestamp().and_then(|at| Timestamp::from_millisecond(at).ok());
                let line = event.message().and_then(|line| serde_json::from_str(line).ok());
                let (Some(at), Some(Line { fields })) = (at, line) else { continue };
                let known = heard.entry((fields.topic.clone(), fields.became())).or_insert((0, at));
                *known = (known.0 + 1, known.1.max(at));
            }
        }
        let heard = heard.into_iter();
        Ok(heard.map(|((topic, became), (count, last))| Heard { topic, became, count, last }).collect())
    }
}

impl Fields {
    fn became(self) -> String {
        let because = self.because.or(self.problem).map(|text| text.replace('_', " "));
        let because = because.map(|text| text.chars().take(LETTERS).collect::<String>());
        match (self.words.as_str(), because, self.status) {
            ("webhook accepted", ..) => "accepted".to_owned(),
            ("webhook ignored", Some(because), _) => format!("ignored: {because}"),
            ("webhook not understood", Some(problem), _) => format!("not understood: {problem}"),
            (_, _, Some(401)) => "refused: the signature, its secret or its time is wrong".to_owned(),
            (_, _, Some(status)) => format!("refused with {status}"),
            (words, ..) => words.strip_prefix("webhook ").unwrap_or(words).to_owned(),
        }
    }
}
