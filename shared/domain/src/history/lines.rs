//! The records of a CSV file with the lines they begin on. Quoting is the csv crate's business; what is done here is to
//! hand it one record at a time, so that a quote somebody forgot to close costs one line and not the rest of the file.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};

use csv::{ByteRecord, ReaderBuilder, Terminator};

/// Bytes of a line at most. What is longer is no order.
const LONGEST_LINE: usize = 1 << 20;
/// Lines of one record at most: a field with so many line breaks was never closed.
const MOST_LINES: usize = 50;
/// What follows a record while it is tried: an open quote swallows it too.
const SENTINEL: &[u8] = b"x\n";

/// One record, or what is wrong with its line.
#[derive(Debug)]
pub(super) struct Record {
    /// Counted from 1.
    pub(super) line: u64,
    /// Its fields.
    pub(super) record: Result<ByteRecord, String>,
}

/// Where something begins in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The line, counted from 1.
    pub(super) line: u64,
    /// The byte, counted from 0.
    pub(super) byte: u64,
}

/// A line with `\n` at its end.
#[derive(Debug)]
struct Line {
    place: Place,
    text: Vec<u8>,
}

/// A file's lines, and those that were looked at too early.
#[derive(Debug)]
pub(super) struct Lines<R> {
    source: BufReader<R>,
    ahead: VecDeque<Line>,
    /// Where the next line begins that was not looked at yet.
    next: Place,
    /// The number of fields of a good record, once it is known.
    width: Option<usize>,
    over: bool,
}

enum Tried {
    Whole(ByteRecord),
    Open,
}

impl<R: Read> Lines<R> {
    pub(super) fn new(source: R) -> Self {
        Self::from(source, Place { line: 1, byte: 0 })
    }

    /// The lines of a file from one of them on.
    pub(super) fn from(source: R, next: Place) -> Self {
        Self { source: BufReader::new(source), ahead: VecDeque::new(), next, width: None, over: false }
    }

    /// Where the next record begins, or the empty lines before it.
    pub(super) fn place(&self) -> Place {
        self.ahead.front().map_or(self.next, |line| line.place)
    }

    /// Every record from now on should have so many fields.
    pub(super) fn expect(&mut self, width: usize) {
        self.width = Some(width);
    }

    /// Nothing more is read. Answers the line that could not be.
    pub(super) fn stop(&mut self) -> u64 {
        self.over = true;
        self.ahead.clear();
        self.next.line
    }

    /// The next record. Empty lines are passed over.
    pub(super) fn next_record(&mut self) -> std::io::Result<Option<Record>> {
        let (line, mut text) = loop {
            match self.next_line()? {
                Some(line) if line.text.trim_ascii().is_empty() => {}
                Some(Line { place, text }) => break (place.line, text),
                None => return Ok(None),
            }
        };
        if text.len() > LONGEST_LINE {
            return Ok(Some(Record { line, record: Err("the line is far too long".to_owned()) }));
        }
        let mut more = Vec::new();
        loop {
            match attempt(&text) {
                Tried::Whole(record) if more.is_empty() || self.width.is_none_or(|width| record.len() == width) => {
                    return Ok(Some(Record { line, record: Ok(record) }));
                }
                Tried::Whole(_) => break,
                Tried::Open if more.len() == MOST_LINES => break,
                Tried::Open => match self.next_line()? {
                    Some(next) => {
                        text.extend_from_slice(&next.text);
                        more.push(next);
                    }
                    None => break,
                },
            }
        }
        // The lines after it may be perfectly good orders.
        for next in more.into_iter().rev() {
            self.ahead.push_front(next);
        }
        // Said alike wherever the search ended: a part of a file ends sooner than the whole.
        Ok(Some(Record { line, record: Err("a quote is not closed where its field ends".to_owned()) }))
    }

    /// The next line, whatever it ends with in the file.
    fn next_line(&mut self) -> std::io::Result<Option<Line>> {
        if let Some(line) = self.ahead.pop_front() {
            return Ok(Some(line));
        }
        if self.over {
            return Ok(None);
        }
        let mut text = Vec::new();
        let limit = LONGEST_LINE as u64 + 1;
        let mut bytes = self.source.by_ref().take(limit).read_until(b'\n', &mut text)?;
        if text.is_empty() {
            self.over = true;
            return Ok(None);
        }
        if text.len() > LONGEST_LINE && !text.ends_with(b"\n") {
            bytes += self.source.skip_until(b'\n')?;
        }
        let place = self.next;
        self.next = Place { line: place.line + 1, byte: place.byte + bytes as u64 };
        if place.byte == 0 && text.starts_with(b"\xef\xbb\xbf") {
            text.drain(..3);
        }
        if text.ends_with(b"\n") {
            text.pop();
        }
        if text.ends_with(b"\r") {
            text.pop();
        }
        text.push(b'\n');
        Ok(Some(Line { place, text }))
    }
}

/// Reads one record from a text that should be exactly one.
fn attempt(text: &[u8]) -> Tried {
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .terminator(Terminator::Any(b'\n'))
        .buffer_capacity(text.len() + SENTINEL.len())
        .from_reader(text.chain(SENTINEL));
    let mut record = ByteRecord::new();
    // Bytes of any kind are fields of some length, and reading from memory does not fail.
    let found = reader.read_byte_record(&mut record).unwrap_or(false);
    if found && reader.position().byte() <= text.len() as u64 { Tried::Whole(record) } else { Tried::Open }
}
