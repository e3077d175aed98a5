//! A YAML file as a tree that still knows where each word stands.
//!
//! serde-saphyr reads the file; what it would rather guess (numbers, booleans) is put back to the letters that were
//! written, because a phrase like `007` or `no` must be judged as its author sees it.

use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{DuplicateKeyPolicy, MessageFormatter, NonFiniteFloatPolicy, Spanned, UserMessageFormatter};

use super::problem::Problems;

/// Deeper than any file of ours needs; a bound for the recursion over the tree.
const MAX_DEPTH: usize = 32;
/// More than any file of ours needs; a bound for what an alias may unfold to.
const MAX_NODES: usize = 20_000;

/// One value of the file.
#[derive(Debug)]
pub(super) struct Node {
    /// Where it stands: a scalar whole (with its quotes), a list or mapping by its first word.
    pub(super) span: Range<usize>,
    /// The key that names it; where none does, the same as `span`.
    pub(super) head: Range<usize>,
    /// What it is.
    pub(super) content: Content,
}

/// What a value is.
#[derive(Debug)]
pub(super) enum Content {
    /// A key without a value, `~` or `null`.
    Nothing,
    /// Anything written in one piece.
    Scalar(Scalar),
    /// Entries that begin with `- `, or stand between brackets.
    List(Vec<Node>),
    /// Keys with values, in the order of the file; a key may come twice.
    Mapping(Vec<(Node, Node)>),
}

/// Something written in one piece.
#[derive(Debug)]
pub(super) struct Scalar {
    /// The letters as written, without quotes and escapes.
    pub(super) text: String,
    /// Whether it stood without quotes.
    pub(super) plain: bool,
    /// Where the text begins in the file, if it stands there letter for letter.
    pub(super) verbatim: Option<usize>,
}

/// Reads a file. What is no YAML becomes one problem, for there is no tree to find more in.
pub(super) fn read(source: &str, problems: &mut Problems) -> Option<Node> {
    let options = serde_saphyr::options! {
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        non_finite_float_policy: NonFiniteFloatPolicy::AsString,
        strict_booleans: true,
        with_snippet: false,
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: MAX_NODES },
        budget: serde_saphyr::budget! { max_depth: MAX_DEPTH, max_nodes: MAX_NODES, max_documents: 1 },
    };
    match serde_saphyr::from_str_with_options::<Spanned<Raw>>(source, options) {
        Ok(raw) => Some(settle(raw, source, None)),
        Err(error) => {
            let error = error.without_snippet();
            let span = error.location().map(|location| visible(bytes(location, source), source));
            let message = UserMessageFormatter.format_message(error);
            let advice = advice(span.as_ref(), source);
            problems.error(span, format!("this cannot be read as YAML: {message}")).help(advice);
            None
        }
    }
}

/// What usually helps where YAML breaks off.
fn advice(span: Option<&Range<usize>>, source: &str) -> &'static str {
    let at = span.map_or("", |span| source.get(span.start..).unwrap_or(""));
    if at.starts_with(['@', '`', '%', '*', '&', '!', '|', '>']) {
        "put a text that begins with a special character in quotes"
    } else if at.starts_with(':') {
        "put a text that contains a colon in quotes"
    } else if at.starts_with('\t') {
        "indent with spaces, not with tabs"
    } else {
        "look at the indentation, the quotes and the brackets here"
    }
}

/// A value as serde hands it over, before the letters are put back.
enum Raw {
    Nothing,
    Text(String),
    /// A number or a boolean: the letters are in the file.
    Guessed(String),
    List(Vec<Spanned<Raw>>),
    Mapping(Vec<(Spanned<Raw>, Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Nothing)
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Nothing)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Guessed(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Guessed(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Guessed(value.to_string()))
    }

    fn visit_u128<E>(self, value: u128) -> Result<Raw, E> {
        Ok(Raw::Guessed(value.to_string()))
    }

    fn visit_i128<E>(self, value: i128) -> Result<Raw, E> {
        Ok(Raw::Guessed(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Raw, E> {
        Ok(Raw::Guessed(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(entry) = entries.next_element()? {
            list.push(entry);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            list.push(entry);
        }
        Ok(Raw::Mapping(list))
    }
}

/// Puts the letters of the file back and turns locations into visible bytes.
fn settle(raw: Spanned<Raw>, source: &str, key: Option<Range<usize>>) -> Node {
    let place = bytes(raw.defined, source);
    let mut span = visible(place.clone(), source);
    let content = match raw.value {
        Raw::Nothing => {
            // Nothing is seldom written down: the key is what can be pointed at.
            if let Some(key) = key.clone().filter(|_| place.is_empty()) {
                span = key;
            }
            Content::Nothing
        }
        Raw::Text(text) => Content::Scalar(scalar(text, &place, source)),
        Raw::Guessed(value) => {
            let text = source.get(place.clone()).filter(|text| !text.is_empty()).map_or(value, str::to_owned);
            Content::Scalar(Scalar { text, plain: true, verbatim: Some(place.start) })
        }
        Raw::List(list) => Content::List(list.into_iter().map(|entry| settle(entry, source, None)).collect()),
        Raw::Mapping(list) => {
            let entries: Vec<(Node, Node)> = list
                .into_iter()
                .map(|(key, value)| {
                    let key = settle(key, source, None);
                    let value = settle(value, source, Some(key.span.clone()));
                    (key, value)
                })
                .collect();
            if let Some((first, _)) = entries.first().filter(|_| place.is_empty()) {
                span = first.span.clone();
            }
            Content::Mapping(entries)
        }
    };
    let head = key.unwrap_or_else(|| span.clone());
    Node { span, head, content }
}

/// Finds out how a text was written, so that places in it can be told as places in the file.
fn scalar(text: String, place: &Range<usize>, source: &str) -> Scalar {
    let written = source.get(place.clone()).unwrap_or("").trim_end();
    if written == text {
        return Scalar { text, plain: true, verbatim: Some(place.start) };
    }
    let quoted = written.starts_with(['"', '\'']);
    let inside = written.get(1..written.len().saturating_sub(1)).unwrap_or("");
    let verbatim = (quoted && inside == text).then_some(place.start + 1);
    Scalar { text, plain: !quoted, verbatim }
}

/// The bytes of a location; where the parser only counted characters, they are counted again.
fn bytes(location: serde_saphyr::Location, source: &str) -> Range<usize> {
    let span = location.span();
    let number = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
    let byte_of = |character: usize| source.char_indices().nth(character).map_or(source.len(), |(byte, _)| byte);
    let (start, end) = match (span.byte_offset(), span.byte_len()) {
        (Some(offset), Some(len)) => (number(offset), number(offset.saturating_add(len))),
        _ => (byte_of(number(span.offset())), byte_of(number(span.offset().saturating_add(span.len())))),
    };
    let start = source.floor_char_boundary(start);
    start..source.floor_char_boundary(end).max(start)
}

/// A caret needs something to stand under: without trailing space, and where nothing is left the word that begins
/// here, else the last one before, else the first of the file.
fn visible(span: Range<usize>, source: &str) -> Range<usize> {
    let blank = |c: char| matches!(c, ' ' | '\t' | '\r' | '\n' | '\u{feff}');
    let written = source[span.clone()].trim_end_matches(blank);
    if !written.is_empty() {
        return span.start..span.start + written.len();
    }
    let (before, after) = source.split_at(span.start);
    let next = if after.starts_with(blank) || after.is_empty() {
        let last = before.trim_end_matches(blank);
        let start = last.rfind(blank).map_or(0, |at| source.ceil_char_boundary(at + 1));
        if !last.is_empty() {
            return start..last.len();
        }
        source.len() - source.trim_start_matches(blank).len()
    } else {
        span.start
    };
    let length = source[next..].find(blank).unwrap_or(source.len() - next);
    next..next + length
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(source: &str) -> Node {
        let mut problems = Problems::of("x.yaml");
        let node = read(source, &mut problems);
        assert_eq!(problems.into_list(), []);
        node.expect("it is YAML")
    }

    fn value<'n>(node: &'n Node, key: &str) -> &'n Node {
        let Content::Mapping(entries) = &node.content else { panic!("{node:?}") };
        let named = |(name, _): &&(Node, Node)| matches!(&name.content, Content::Scalar(s) if s.text == key);
        &entries.iter().find(named).expect("the key is there").1
    }

    #[test]
    fn letters_are_kept_as_they_were_written() {
        let source = "a: 007\nb: 3.10\nc: no\nd: true\ne: 0x1F\nf: .nan\ng: \"no\"\n";
        let node = tree(source);
        for (key, text, plain) in [
            ("a", "007", true),
            ("b", "3.10", true),
            ("c", "no", true),
            ("d", "true", true),
            ("e", "0x1F", true),
            ("f", ".nan", true),
            ("g", "no", false),
        ] {
            let Content::Scalar(scalar) = &value(&node, key).content else { panic!("{key}") };
            assert_eq!((scalar.text.as_str(), scalar.plain), (text, plain));
            let start = scalar.verbatim.expect("it stands there letter for letter");
            assert_eq!(&source[start..start + text.len()], text);
        }
    }

    #[test]
    fn places_survive_a_byte_order_mark_and_carriage_returns() {
        let source = "\u{feff}ä: 1\r\nb:   zwei Wörter   \r\nlist:\r\n  - x: 1\r\n";
        let node = tree(source);
        assert_eq!(&source[value(&node, "b").span.clone()], "zwei Wörter");
        assert_eq!(&source[value(&node, "b").head.clone()], "b");
        assert_eq!(&source[value(&node, "list").span.clone()], "-");
    }

    #[test]
    fn an_escape_makes_a_text_one_piece() {
        let node = tree("a: \"x\\ny\"\n");
        let Content::Scalar(scalar) = &value(&node, "a").content else { panic!() };
        assert_eq!((scalar.text.as_str(), scalar.verbatim), ("x\ny", None));
    }

    #[test]
    fn nothing_is_pointed_at_by_its_key() {
        let source = "a:\nb: ~\n";
        let node = tree(source);
        assert_eq!(&source[value(&node, "a").span.clone()], "a");
        assert_eq!(&source[value(&node, "b").span.clone()], "~");
    }

    #[test]
    fn what_is_no_yaml_is_told_at_the_place_it_breaks() {
        for (source, word, help) in [
            ("name: We miss you: now\n", ":", "put a text that contains a colon in quotes"),
            ("open: @home\n", "@", "put a text that begins with a special character in quotes"),
            ("ä: [1,\nb: 2\n", "[", "look at the indentation, the quotes and the brackets here"),
        ] {
            let mut problems = Problems::of("x.yaml");
            assert!(read(source, &mut problems).is_none());
            let list = problems.into_list();
            assert_eq!(&source[list[0].span.clone().unwrap()], word, "{list:?}");
            assert_eq!(list[0].help.as_deref(), Some(help));
        }
    }
}
