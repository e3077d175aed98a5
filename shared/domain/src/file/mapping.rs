//! Groups of keys. `mapping!` writes a struct, its reader and, through schemars and garde, its part of the JSON
//! Schema and the lengths it holds, from one list of keys.

use std::collections::BTreeMap;
use std::ops::Range;

use super::field::{FromNode, Slot, twice, written};
use super::node::{Content, Node, Scalar};
use super::problem::Problems;
use super::words::{did_you_mean, list, shown};

/// The entries of a mapping, checked for keys that are unknown, promised for later, or there twice.
pub(super) struct Entries<'n> {
    values: BTreeMap<&'n str, (&'n Node, &'n Node)>,
    what: &'static str,
    at: Range<usize>,
}

impl<'n> Entries<'n> {
    /// Looks through the keys of a mapping.
    pub(super) fn open(
        node: &'n Node,
        what: &'static str,
        [needs, may, later]: [&[&str]; 3],
        problems: &mut Problems,
    ) -> Option<Self> {
        let keys = [needs, may].concat();
        let Content::Mapping(entries) = &node.content else {
            problems
                .error(node.span.clone(), format!("the keys of {what} belong here"))
                .help(format!("known here: {}", list(keys.iter().copied(), "and")));
            return None;
        };
        if entries.is_empty() && needs.is_empty() {
            problems
                .error(node.head.clone(), format!("nothing is written for {what}"))
                .help(format!("write {}, or leave it out", list(keys.iter().copied(), "or")));
            return None;
        }
        let mut values = BTreeMap::new();
        for (key, value) in entries {
            let Some(Scalar { text, .. }) = written(key, problems) else {
                continue;
            };
            let name = text.as_str();
            if later.contains(&name) {
                problems.error(key.span.clone(), format!("`{name}` is not supported yet")).help("take it out for now");
            } else if !keys.contains(&name) {
                problems.error(key.span.clone(), format!("`{}` is no key of {what}", shown(name))).help(did_you_mean(
                    name,
                    keys.iter().copied(),
                    "known here",
                ));
            } else if values.contains_key(name) {
                twice(name, key.span.clone(), problems);
            } else {
                values.insert(name, (key, value));
            }
        }
        Some(Self { values, what, at: node.head.clone() })
    }

    /// The value of a key that may be left out.
    pub(super) fn may<T: FromNode>(&self, key: &str, problems: &mut Problems) -> Slot<T> {
        self.values
            .get(key)
            .map_or_else(Slot::default, |(name, value)| Slot::new(name.span.clone(), T::from_node(value, problems)))
    }

    /// The value of a key that must be there. The whole file is not pointed at: no word in it is wrong.
    pub(super) fn need<T: FromNode>(&self, key: &str, advice: &str, problems: &mut Problems) -> Slot<T> {
        if !self.values.contains_key(key) {
            let at = Some(self.at.clone()).filter(|_| !self.what.starts_with("the file"));
            problems.error(at, format!("{} lacks `{key}`", self.what)).help(advice);
        }
        self.may(key, problems)
    }

    /// Has garde check the fields of what was read; its paths are our keys.
    pub(super) fn check(&self, read: &impl garde::Validate<Context = ()>, problems: &mut Problems) {
        let Err(report) = read.validate() else { return };
        for (path, error) in report.iter() {
            let path = path.to_string();
            let span = self.values.get(path.as_str()).map(|(_, value)| value.span.clone());
            problems.error(span, format!("`{path}`: {error}"));
        }
    }
}

/// A struct read from a mapping: keys it needs (with the advice for whoever forgot them), keys it may have, keys that are
/// promised for later; `with at` keeps the place.
macro_rules! mapping {
    (
        $(#[$meta:meta])*
        $name:ident $what:literal
        needs { $( $(#[$need_meta:meta])* $need:ident: $need_type:ty, $advice:literal; )* }
        may have { $( $(#[$may_meta:meta])* $may:ident: $may_type:ty; )* }
        later { $($later:literal),* } $(with $at:ident)?
    ) => {
        #[derive(Debug, Default, schemars::JsonSchema, garde::Validate)]
        $(#[$meta])*
        #[garde(allow_unvalidated)]
        #[schemars(deny_unknown_fields)]
        pub(super) struct $name {
            $( $(#[$need_meta])* pub(super) $need: $crate::file::field::Slot<$need_type>, )*
            $( $(#[$may_meta])* #[schemars(default)] pub(super) $may: $crate::file::field::Slot<$may_type>, )*
            $(
                /// Where the key stands that names it, or else its first word.
                #[schemars(skip)]
                pub(super) $at: std::ops::Range<usize>,
            )?
        }

        impl $crate::file::field::FromNode for $name {
            fn from_node(
                node: &$crate::file::node::Node,
                problems: &mut $crate::file::problem::Problems,
            ) -> Option<Self> {
                let keys: [&[&str]; 3] =
                    [&[$(stringify!($need)),*], &[$(stringify!($may)),*], &[$($later),*]];
                let entries = $crate::file::mapping::Entries::open(node, $what, keys, problems)?;
                let read = Self {
                    $( $need: entries.need(stringify!($need), $advice, problems), )*
                    $( $may: entries.may(stringify!($may), problems), )*
                    $( $at: node.head.clone(), )?
                };
                entries.check(&read, problems);
                Some(read)
            }
        }
    };
}
pub(super) use mapping;
