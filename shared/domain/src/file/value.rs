//! Values of one word: counts, the version, and words out of few.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::field::{FromNode, written};
use super::node::Node;
use super::problem::Problems;
use super::words::{did_you_mean, list, shown};

/// A whole number from 1, written with digits alone.
#[derive(Clone, Debug)]
pub(super) struct Count {
    /// The number.
    pub(super) value: u32,
}

impl FromNode for Count {
    fn from_node(node: &Node, problems: &mut Problems) -> Option<Self> {
        let scalar = written(node, problems)?;
        match scalar.text.parse::<u32>() {
            Ok(value) if value > 0 => Some(Self { value }),
            _ => {
                let text = shown(&scalar.text);
                problems
                    .error(node.span.clone(), format!("`{text}` is not a whole number from 1"))
                    .help("write digits alone, such as 100; leave the line out for no limit");
                None
            }
        }
    }
}

impl JsonSchema for Count {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Count".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": "integer", "minimum": 1, "maximum": u32::MAX })
    }
}

/// The version of the format, always 1.
#[derive(Debug)]
pub(super) struct Version;

impl FromNode for Version {
    fn from_node(node: &Node, problems: &mut Problems) -> Option<Self> {
        let scalar = written(node, problems)?;
        if scalar.plain && scalar.text == "1" {
            return Some(Self);
        }
        let text = shown(&scalar.text);
        problems
            .error(node.span.clone(), format!("version `{text}` of the format is not known here"))
            .help("write version: 1");
        None
    }
}

impl JsonSchema for Version {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Version".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": "integer", "const": 1 })
    }
}

/// A word out of few.
pub(super) trait Choice: Copy + 'static {
    /// All words and what they mean.
    const ALL: &'static [(&'static str, Self)];
}

/// A word out of few, read.
#[derive(Debug)]
pub(super) struct Chosen<T>(pub(super) T);

impl<T: Choice> FromNode for Chosen<T> {
    fn from_node(node: &Node, problems: &mut Problems) -> Option<Self> {
        let text = &written(node, problems)?.text;
        if let Some((_, value)) = T::ALL.iter().find(|(word, _)| word == text) {
            return Some(Self(*value));
        }
        let words = T::ALL.iter().map(|(word, _)| *word);
        problems
            .error(node.span.clone(), format!("`{}` is not one of {}", shown(text), list(words.clone(), "and")))
            .help(did_you_mean(text, words, "write one of these"));
        None
    }
}

impl<T: Choice> JsonSchema for Chosen<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Choice".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let words: Vec<&str> = T::ALL.iter().map(|(word, _)| *word).collect();
        schemars::json_schema!({ "type": "string", "enum": words })
    }
}
