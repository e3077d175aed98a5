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

/// A file's lines, and those that were looked at too early.
#[derive(Debug)]
pub(super) struct Lines<R> {
    source: BufReader<R>,
    ahead: VecDeque<(u64, Vec<u8>)>,
    read: u64,
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
        Self { source: BufReader::new(source), ahead: VecDeque::new(), read: 0, width: None, over: false }
    }

    /// Every record from now on should have so many fields.
    pub(super) fn expect(&mut self, width: usize) {
        self.width = Some(width);
    }

    /// Nothing more is read. Answers the line that could not be.
    pub(super) fn stop(&mut self) -> u64 {
        self.over = true;
        self.ahead.clear();
        self.read + 1
    }

    /// The next record. Empty lines are passed over.
    pub(super) fn next_record(&mut self) -> std::io::Result<Option<Record>> {
        let (line, mut text) = loop {
            match self.next_line()? {
                Some((_, text)) if text.trim_ascii().is_empty() => {}
                Some(found) => break found,
                None => return Ok(None),
            }
        };
        if text.len() > LONGEST_LINE {
            return Ok(Some(Record { line, record: Err("the line is far too long".to_owned()) }));
        }
        let mut more = Vec::new();
        let problem = loop {
            match attempt(&text) {
                Tried::Whole(record) if more.is_empty() || self.width.is_none_or(|width| record.len() == width) => {
                    return Ok(Some(Record { line, record: Ok(record) }));
                }
                Tried::Whole(_) => break "a quote is not closed where its field ends",
                Tried::Open if more.len() == MOST_LINES => break "a quote is opened and never closed",
                Tried::Open => match self.next_line()? {
                    Some(next) => {
                        text.extend_from_slice(&next.1);
                        more.push(next);
                    }
                    None => break "a quote is opened and never closed",
                },
            }
        };
        // The lines after it may be perfectly good orders.
        for next in more.into_iter().rev() {
            self.ahead.push_front(next);
        }
        Ok(Some(Record { line, record: Err(problem.to_owned()) }))
    }

    /// The next line with `\n` at its end, whatever it ends with in the file.
    fn next_line(&mut self) -> std::io::Result<Option<(u64, Vec<u8>)>> {
        if let Some(line) = self.ahead.pop_front() {
            return Ok(Some(line));
        }
        if self.over {
            return Ok(None);
        }
        let mut text = Vec::new();
        let limit = LONGEST_LINE as u64 + 1;
        self.source.by_ref().take(limit).read_until(b'\n', &mut text)?;
        if text.is_empty() {
            self.over = true;
            return Ok(None);
        }
        self.read += 1;
        if text.len() > LONGEST_LINE && !text.ends_with(b"\n") {
            self.source.skip_until(b'\n')?;
        }
        if self.read == 1 && text.starts_with(b"\xef\xbb\xbf") {
            text.drain(..3);
        }
        if text.ends_with(b"\n") {
            text.pop();
        }
        if text.ends_with(b"\r") {
            text.pop();
        }
        text.push(b'\n');
        Ok(Some((self.read, text)))
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
