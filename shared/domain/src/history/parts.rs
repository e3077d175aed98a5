//! A large file in parts: cut once at the ends of its orders, then read part by part, by whoever, in any order, with the
//! same result as if it had been read whole.

use std::collections::BTreeMap;
use std::io::Read;

use serde::{Deserialize, Serialize};

use super::lines::{Lines, Place};
use super::{Columns, History, Reading, Spoken, Unusable, begin};

/// A file that was cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The names of its columns.
    pub columns: Vec<String>,
    /// Its parts, from its first order to its end.
    pub parts: Vec<Part>,
}

/// A part of a file: whole orders, one after the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its first byte, counted from 0.
    pub from: u64,
    /// The byte behind its last.
    pub to: u64,
    /// The line it begins on, counted from 1.
    pub line: u64,
    /// What earlier parts said of orders that it speaks of too: a hash of the order's id, and when, in seconds since 1970.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub said: BTreeMap<u64, i64>,
}

/// Reads a whole file and cuts it into parts of so many bytes, the last order of each going over them.
///
/// # Errors
/// When nothing in the file can be used.
pub fn cut(source: impl Read, reading: Reading, bytes: u64) -> Result<Cut, Unusable> {
    let (columns, mut history) = begin(source, reading)?;
    let mut parts = Vec::new();
    let mut from = history.lines.place();
    loop {
        let more = history.next().is_some();
        let to = history.lines.place();
        if to.byte > from.byte && (!more || to.byte - from.byte >= bytes) {
            let said = std::mem::take(&mut history.said.again);
            parts.push(Part { from: from.byte, to: to.byte, line: from.line, said });
            history.said.part += 1;
            from = to;
        }
        if !more {
            return Ok(Cut { columns, parts });
        }
    }
}

/// Reads one part. `source` gives the part's bytes and nothing else.
///
/// # Errors
/// When the columns are not those of a file of orders.
pub fn part<R: Read>(source: R, columns: &[String], part: &Part, reading: Reading) -> Result<History<R>, Unusable> {
    let mut lines = Lines::from(source, Place { line: part.line, byte: part.from });
    lines.expect(columns.len());
    let last = part.said.iter().map(|(order, at)| (*order, (*at, 0))).collect();
    let said = Spoken { last, ..Spoken::default() };
    Ok(History { lines, columns: Columns::find(columns)?, width: columns.len(), reading, said })
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    use super::*;
    use crate::event::Event;
    use crate::history::{BadLine, read};

    fn reading() -> Reading {
        Reading { zone: TimeZone::UTC, assume_consent: true, received: "2026-12-31T00:00:00Z".parse().unwrap() }
    }

    type Line = Result<Event, BadLine>;

    fn whole(file: &[u8]) -> Vec<Line> {
        read(file, reading()).unwrap().collect()
    }

    fn in_parts(file: &[u8], bytes: u64) -> Vec<Line> {
        let cut = cut(file, reading(), bytes).unwrap();
        let mut end = cut.parts.first().map_or(0, |first| first.from);
        let mut found = Vec::new();
        for one in &cut.parts {
            assert_eq!(one.from, end, "nothing is left out and nothing comes twice");
            end = one.to;
            let its = &file[usize::try_from(one.from).unwrap()..usize::try_from(one.to).unwrap()];
            found.extend(part(its, &cut.columns, one, reading()).unwrap());
        }
        assert!(cut.parts.is_empty() || end == file.len() as u64);
        found
    }

    #[test]
    fn an_order_on_two_lines_is_in_its_last_state_wherever_the_file_is_cut() {
        let file = "\u{feff}order_id,email,placed_at,total,currency\r\nA-1,anna@shop.example,2026-05-01,45.00,EUR\r\n\
            A-2,bo@shop.example,2026-05-02,10.00,EUR\r\nA-1,anna@shop.example,2026-05-01,40.00,EUR\r\n";
        let told = in_parts(file.as_bytes(), 1);
        assert_eq!(told, whole(file.as_bytes()));
        let at = |index: usize| told[index].as_ref().unwrap().at.to_string();
        assert_eq!((at(0), at(2)), ("2026-05-01T00:00:00Z".to_owned(), "2026-05-01T00:00:01Z".to_owned()));
    }

    #[test]
    fn a_file_of_columns_alone_has_no_part() {
        assert_eq!(cut(&b"order_id,email,placed_at,total,currency\n"[..], reading(), 9).unwrap().parts, []);
    }

    fn line() -> impl Strategy<Value = String> {
        let order = (0..6_u8, 1..28_u8, 1..90_u8).prop_map(|(order, day, total)| {
            format!("A-{order},anna{order}@shop.example,2026-05-{day:02},{total}.00,EUR,")
        });
        let name = prop::sample::select(vec!["", "Anna", "\"Lind, \nAnna\"", "\"open", "\"a \"\" b\"", "B\r\n"]);
        (prop::bool::weighted(0.9), order, name).prop_map(|(good, order, name)| match good {
            true => order + name,
            false => format!("junk,{name}"),
        })
    }

    proptest! {
        #[test]
        fn a_file_in_parts_reads_as_the_file_does(lines in prop::collection::vec(line(), 0..40), bytes in 1..400_u64) {
            let file = format!("order_id,email,placed_at,total,currency,name\n{}", lines.join("\n"));
            prop_assert_eq!(in_parts(file.as_bytes(), bytes), whole(file.as_bytes()));
        }
    }
}
