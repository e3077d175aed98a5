//! How the tree of a file becomes our types: every field on its own, so that one wrong word hides no other.

use std::borrow::Cow;
use std::ops::Range;

use garde::rules::length::{HasChars, HasSimpleLength, chars::Chars, simple::Simple};
use schemars::{JsonSchema, Schema, SchemaGenerator};

use super::node::{Content, Node, Scalar};
use super::problem::Problems;
use super::words::shown;

/// What can be read from a node. Nothing comes back only if a problem was told.
pub(super) trait FromNode: Sized {
    /// Reads it.
    fn from_node(node: &Node, problems: &mut Problems) -> Option<Self>;
}

/// The value of one key: not there, there and unreadable, or read.
#[derive(Debug)]
pub(super) struct Slot<T>(Option<(Range<usize>, Option<T>)>);

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T> Slot<T> {
    /// A key that is there, with its value if that could be read.
    pub(super) fn new(key: Range<usize>, value: Option<T>) -> Self {
        Self(Some((key, value)))
    }

    /// The value, if it is there and was read.
    pub(super) fn get(&self) -> Option<&T> {
        self.0.as_ref().and_then(|(_, value)| value.as_ref())
    }

    /// Where its key stands, if it is there.
    pub(super) fn key(&self) -> Option<Range<usize>> {
        self.0.as_ref().map(|(key, _)| key.clone())
    }

    /// Whether nobody wrote the key.
    pub(super) fn is_absent(&self) -> bool {
        self.0.is_none()
    }
}

impl<T: JsonSchema> JsonSchema for Slot<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

impl<T: HasSimpleLength> Simple for Slot<T> {
    fn validate_length(&self, min: usize, max: usize) -> garde::Result {
        match self.get().map(HasSimpleLength::length) {
            Some(length) if length < min => Err(garde::Error::new("an empty list")),
            Some(length) if length > max => Err(garde::Error::new(format!("{length} entries; at most {max} fit"))),
            _ => Ok(()),
        }
    }
}

impl<T: HasChars> Chars for Slot<T> {
    fn validate_num_chars(&self, min: usize, max: usize) -> garde::Result {
        match self.get().map(HasChars::num_chars) {
            Some(length) if length < min => Err(garde::Error::new("an empty text")),
            Some(length) if length > max => {
                Err(garde::Error::new(format!("a text of {length} characters; at most {max} fit")))
            }
            _ => Ok(()),
        }
    }
}

/// For garde: a text without line breaks and other control characters, which would end a header of a mail.
pub(super) fn one_line(text: &Slot<Text>, _: &()) -> garde::Result {
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    match text.get() {
        Some(text) if text.value.contains(breaks) => {
            Err(garde::Error::new("a line break or control character in a text of one line"))
        }
        _ => Ok(()),
    }
}

/// A text.
#[derive(Clone, Debug)]
pub(super) struct Text {
    /// What it says.
    pub(super) value: String,
    /// Where it stands, with its quotes.
    pub(super) span: Range<usize>,
    /// Where its first letter stands, if the file says it letter for letter.
    verbatim: Option<usize>,
}

impl Text {
    /// Where a part of the text stands in the file, or the whole of it where that cannot be told.
    pub(super) fn part(&self, part: Range<usize>) -> Range<usize> {
        match self.verbatim {
            Some(start) if !part.is_empty() => start + part.start..start + part.end,
            _ => self.span.clone(),
        }
    }
}

impl HasChars for Text {
    fn num_chars(&self) -> usize {
        self.value.trim().chars().count()
    }
}

impl FromNode for Text {
    fn from_node(node: &Node, problems: &mut Problems) -> Option<Self> {
        let scalar = written(node, problems)?;
        if scalar.plain && is_bare_boolean(&scalar.text) {
            let word = &scalar.text;
            problems
                .error(node.span.clone(), format!("a bare `{word}` can be taken for true or false"))
                .help(format!("put the word in quotes: \"{word}\""));
            return None;
        }
        Some(Self { value: scalar.text.clone(), span: node.span.clone(), verbatim: scalar.verbatim })
    }
}

impl JsonSchema for Text {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Text".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({ "type": "string" })
    }
}

/// Whether YAML 1.1 (and so many an editor) would make true or false of the word: the Norwegian problem.
pub(super) fn is_bare_boolean(word: &str) -> bool {
    ["no", "yes", "off", "on", "false", "true"].iter().any(|known| word.eq_ignore_ascii_case(known))
}

/// The scalar of a node, or a problem.
pub(super) fn written<'n>(node: &'n Node, problems: &mut Problems) -> Option<&'n Scalar> {
    let what = match &node.content {
        Content::Scalar(scalar) => return Some(scalar),
        Content::Nothing => {
            problems
                .error(node.span.clone(), "no value is written here")
                .help("write one after the colon, or take the line out");
            return None;
        }
        Content::List(_) => "a list",
        Content::Mapping(_) => "a group of keys",
    };
    problems
        .error(node.span.clone(), format!("{what} stands where one value belongs"))
        .help("write the value on the same line as the key");
    None
}

impl<T: FromNode> FromNode for Box<T> {
    fn from_node(node: &Node, problems: &mut Problems) -> Option<Self> {
        T::from_node(node, problems).map(Box::new)
    }
}

impl<T: FromNode> FromNode for Vec<T> {
    fn from_node(node: &Node, problems: &mut Problems) -> Option<Self> {
        let Content::List(entries) = &node.content else {
            problems
                .error(node.span.clone(), "a list belongs here")
                .help("begin each entry on a line of its own with `- `");
            return None;
        };
        Some(entries.iter().filter_map(|entry| T::from_node(entry, problems)).collect())
    }
}

/// Values under names of the author's choice, in the order of the file.
#[derive(Debug)]
pub(super) struct Named<T>(pub(super) Vec<(Text, Option<T>)>);

impl<T: FromNode> FromNode for Named<T> {
    fn from_node(node: &Node, problems: &mut Problems) -> Option<Self> {
        let Content::Mapping(entries) = &node.content else {
            problems
                .error(node.span.clone(), "names with their values belong here")
                .help("write each name on a line of its own, indented, with a colon after it");
            return None;
        };
        let mut named: Vec<(Text, Option<T>)> = Vec::new();
        for (key, value) in entries {
            let Some(name) = Text::from_node(key, problems) else {
                continue;
            };
            if named.iter().any(|(known, _)| known.value == name.value) {
                twice(&name.value, name.span, problems);
                continue;
            }
            named.push((name, T::from_node(value, problems)));
        }
        Some(Self(named))
    }
}

impl<T: JsonSchema> JsonSchema for Named<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Named{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let value = generator.subschema_for::<T>();
        schemars::json_schema!({ "type": "object", "additionalProperties": value })
    }
}

/// Tells of a name that stood above already.
pub(super) fn twice(name: &str, span: Range<usize>, problems: &mut Problems) {
    problems.error(span, format!("`{}` is there twice", shown(name))).help("keep one of the two");
}
