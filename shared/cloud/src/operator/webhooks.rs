//! What webhooks of a store came in, as receive-webhook wrote it to its log.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;

use super::{Error, Stack};
use winback_domain::ids::StoreId;

/// So many pages of the log are read, of ten thousand lines or a megabyte at most.
const PAGES: usize = 100;
/// So much of a reason is told.
const LETTERS: usize = 120;

/// Webhooks of one topic that ended alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// The platform's name for it; nothing where it was refused before it was read.
    pub topic: Option<String>,
    /// What became of them.
    pub became: String,
    /// How many.
    pub count: u64,
    /// When the last of them came.
    pub last: Timestamp,
}

/// All that came in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tallies {
    /// By topic, and what became of them.
    pub kinds: Vec<Tally>,
    /// There was more in the log than was read: the latest are missing.
    pub cut_short: bool,
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
    /// What came in for a store since a moment.
    pub async fn webhooks(&self, store: &StoreId, since: Timestamp) -> Result<Tallies, Error> {
        let mut heard = BTreeMap::<(Option<String>, String), (u64, Timestamp)>::new();
        let group = format!("/aws/lambda/{}", self.function_name("receive-webhook"));
        let pattern = format!("{{ ($.fields.store = \"{store}\") && ($.fields.message = \"webhook *\") }}");
        let request = self.logs.filter_log_events().log_group_name(group).filter_pattern(pattern);
        let request = request.start_time(since.as_millisecond());
        let mut pages = request.into_paginator().send();
        let (mut read, mut cut_short) = (0, false);
        while let Some(page) = pages.next().await {
            read += 1;
            if read > PAGES {
                cut_short = true;
                break;
            }
            let page = page.map_err(|error| self.refused("logs:FilterLogEvents", &error))?;
            for event in page.events() {
                let at = event.timestamp().and_then(|at| Timestamp::from_millisecond(at).ok());
                let line = event.message().and_then(|line| serde_json::from_str(line).ok());
                let (Some(at), Some(Line { fields })) = (at, line) else { continue };
                let known = heard.entry((fields.topic.clone(), fields.became())).or_insert((0, at));
                *known = (known.0 + 1, known.1.max(at));
            }
        }
        let kinds = heard.into_iter().map(|((topic, became), (count, last))| Tally { topic, became, count, last });
        Ok(Tallies { kinds: kinds.collect(), cut_short })
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
