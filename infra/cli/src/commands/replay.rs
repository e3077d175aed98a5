//! `winback replay`: what a program would have done, had it been there.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context, Result};
use clap::Args;
use clap::error::ErrorKind;
use indicatif::ProgressBar;
use jiff::Timestamp;
use jiff::civil::Date;
use winback_domain::event::Event;
use winback_domain::figures::number;
use winback_domain::history::Reading;
use winback_domain::plan::{Folder, Plan};
use winback_domain::report::{self, Summary};
use winback_domain::time::start_of_day;
use winback_domain::trial::apart;
use winback_local::place::Picture;

use crate::orders::heard;
use crate::trial::Trial;
use crate::words::{compared, states};
use crate::{Done, orders, shop};

/// Play a shop's history through a program, as if it had been live
///
/// Every order is told at its own time to the same functions that would run on AWS, in memory and under a turned clock.
/// Orders before --from are taken in first, as an import would; orders after --until are left out. All programs mail,
/// drafts too, and no limit per day or month holds unless --limits says so; frequency cap, quiet hours and holdout hold.
/// Customers who share nothing (no limits, no stock of an offer) are replayed side by side, as many as there are cores.
///
/// Writes OUT/messages.jsonl (one message per line, with its why; held-out customers' too) and OUT/summary.json. The
/// same command writes the same bytes.
#[derive(Debug, Args)]
pub struct Replay {
    /// The orders, as CSV; `winback --help` lists the columns
    orders: PathBuf,
    /// The shop's folder: shop.yaml, program.yaml, mails/
    #[arg(long, value_name = "DIR")]
    program: PathBuf,
    /// The first day, shop time
    #[arg(long, value_name = "DATE")]
    from: Date,
    /// The last day, shop time; all of it
    #[arg(long, value_name = "DATE")]
    until: Date,
    /// Where the two files go; made if it is not there
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Everybody in a file without a consent column agreed to mail
    #[arg(long)]
    assume_consent: bool,
    /// Keep the shop's limits per day and month, and the ramp of going live
    #[arg(long)]
    limits: bool,
}

impl Replay {
    /// Runs it.
    pub async fn run(self) -> Result<Done> {
        if self.from > self.until {
            let problem = format!("--from {} is after --until {}\n", self.from, self.until);
            clap::Error::raw(ErrorKind::ValueValidation, problem).exit();
        }
        let folder = shop::folder(&self.program)?;
        let plan = shop::usable(&folder, &self.program)?;
        let zone = &plan.shop.time_zone;
        let start = start_of_day(self.from, zone);
        // The end of the last day is the second before the next one.
        let after = start_of_day(self.until.tomorrow()?, zone);
        let end = Timestamp::from_second(after.as_second() - 1)?;
        let reading = Reading { zone: zone.clone(), assume_consent: self.assume_consent, received: Timestamp::MAX };
        let (events, bad) = orders::sorted(&self.orders, orders::open(&self.orders, reading)?);
        if !events.is_empty() && !orders::anybody_agreed(&events) {
            eprintln!("nobody in {} agreed to mail; --assume-consent takes it for granted", self.orders.display());
        }
        let played = Played { folder: &folder, from: start, until: end, limits: self.limits };
        let alone = self.limits || plan.has_stock();
        let cores = if alone { 1 } else { thread::available_parallelism()?.get() };
        let picture = played.side_by_side(apart(events, cores))?;
        let summary = write(&picture, &self.out)?;
        print!("{}", told(&picture, &summary, &plan));
        let files = ["messages.jsonl", "summary.json"].map(|name| self.out.join(name).display().to_string());
        println!("\nEvery message with its why: {}\nThe figures: {}", files[0], files[1]);
        Ok(bad.done())
    }
}

/// A thread's stack, as large as a main thread's.
const STACK: usize = 8 << 20;

/// What is replayed, but for the events.
#[derive(Clone, Copy, Debug)]
struct Played<'a> {
    folder: &'a Folder,
    from: Timestamp,
    until: Timestamp,
    limits: bool,
}

impl Played<'_> {
    /// Plays parts of a history that know nothing of each other, each in a place and on a thread of its own.
    fn side_by_side(self, parts: Vec<Vec<Event>>) -> Result<Picture> {
        let bar = orders::bar(self.seconds(self.until) * parts.len() as u64, "replaying");
        let pictures = thread::scope(|scope| {
            let play = |part: Vec<Event>| {
                let bar = &bar;
                thread::Builder::new().stack_size(STACK).spawn_scoped(scope, move || {
                    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                    runtime.block_on(self.play(&part, bar))
                })
            };
            // All are started before the first is waited for.
            let threads = parts.into_iter().map(play).collect::<std::io::Result<Vec<_>>>()?;
            let ends = threads.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
            ends.collect::<Result<Vec<Picture>>>()
        })?;
        bar.finish_and_clear();
        pictures.into_iter().reduce(Picture::and).context("there is always a part")
    }

    /// Feeds events, sorted by time, from one moment to another.
    async fn play(self, events: &[Event], bar: &ProgressBar) -> Result<Picture> {
        let trial = Trial::new(self.folder, self.from, self.limits).await?;
        trial.place.stack.keep_bodies(false);
        let events = &events[..events.partition_point(|event| heard(event) <= self.until)];
        let (history, events) = events.split_at(events.partition_point(|event| heard(event) < self.from));
        trial.begin(history).await?;
        let mut told = 0;
        let mut tell = |now| {
            let seconds = self.seconds(now).max(told);
            bar.inc(seconds - told);
            told = seconds;
        };
        for moment in events.chunk_by(|one, next| heard(one) == heard(next)) {
            trial.at(heard(&moment[0]), moment, &mut tell).await?;
        }
        trial.at(self.until, &[], &mut tell).await?;
        trial.picture().await
    }

    fn seconds(&self, at: Timestamp) -> u64 {
        u64::try_from(at.as_second() - self.from.as_second()).unwrap_or(0)
    }
}

/// Writes both files.
fn write(picture: &Picture, out: &Path) -> Result<Summary> {
    fs::create_dir_all(out).with_context(|| format!("{} cannot be made", out.display()))?;
    let ledger = picture.ledger();
    let create = |name: &str| {
        let path = out.join(name);
        let file = File::create(&path).with_context(|| format!("{} cannot be written", path.display()))?;
        Ok::<_, anyhow::Error>(BufWriter::new(file))
    };
    let mut messages = create("messages.jsonl")?;
    for line in report::lines(&ledger) {
        serde_json::to_writer(&mut messages, &line)?;
        messages.write_all(b"\n")?;
    }
    messages.flush()?;
    let summary = report::summary(&ledger);
    let mut figures = create("summary.json")?;
    serde_json::to_writer_pretty(&mut figures, &summary)?;
    figures.write_all(b"\n")?;
    figures.flush()?;
    Ok(summary)
}

/// The figures in words.
fn told(picture: &Picture, summary: &Summary, plan: &Plan) -> String {
    let mut text = format!("{}: {}.\n", plan.shop.name, shop::described(plan));
    text.push_str(&format!("{} customers, {} orders.\n", number(summary.customers), number(summary.orders)));
    text.push_str(&format!(
        "{} fell silent long enough to be written to; {} of them were held out and got no letter.\n",
        number(summary.lapsed),
        number(summary.holdout)
    ));
    text.push_str(&format!("{} messages: {}.\n", number(summary.messages), states(summary)));
    for (step, states) in &summary.by_step {
        let states: Vec<String> = states.iter().map(|(state, count)| format!("{} {state}", number(*count))).collect();
        text.push_str(&format!("  {step}: {}\n", states.join(", ")));
    }
    text.push_str(&format!("{} codes were redeemed.\n", number(summary.redemptions)));
    text.push_str("Silences that ended with an order soon enough after a letter:\n");
    text.push_str(&compared(report::comparison(&picture.ledger())));
    text.push_str(
        "  These orders were placed without the letters: the difference says nothing of what they would bring.\n",
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;
    use std::collections::BTreeMap;
    use winback_domain::history;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn replayed(file: &str, limits: bool, most: usize) -> Picture {
        let zone = jiff::tz::TimeZone::get("Europe/Helsinki").unwrap();
        let reading = Reading { zone, assume_consent: true, received: Timestamp::MAX };
        let mut events: Vec<Event> = history::read(file.as_bytes(), reading).unwrap().map(Result::unwrap).collect();
        events.sort_by_key(heard);
        let (start, end) = (at("2026-02-01T00:00:00Z"), at("2026-07-15T20:59:59Z"));
        let mut folder = sample::folder();
        let program = folder.get_mut("program.yaml").unwrap();
        *program = program.replace("status: live", "status: draft");
        let shop = folder.get_mut("shop.yaml").unwrap();
        assert!(shop.contains("200 mails"));
        *shop = shop.replace("200 mails", "5 mails");
        let played = Played { folder: &folder, from: start, until: end, limits };
        played.side_by_side(apart(events, most)).unwrap()
    }

    /// Forty readers who ordered in January, before the replay begins, one of whom came back, and one of the far future.
    fn file() -> String {
        let mut file = "order_id,email,placed_at,total,currency\n".to_owned();
        for number in 0..40 {
            file.push_str(&format!("A-{number},reader{number}@shop.example,2026-01-{},45.00,EUR\n", 10 + number % 9));
        }
        for number in 0..40 {
            file.push_str(&format!("B-{number},reader{number}@shop.example,2026-05-02,45.00,EUR\n"));
        }
        file.push_str("Z-1,late@shop.example,2026-07-16,45.00,EUR\n");
        file
    }

    #[test]
    fn a_draft_is_replayed_as_if_it_were_live_and_buying_ends_it() {
        let picture = replayed(&file(), false, 1);
        let summary = report::summary(&picture.ledger());
        assert_eq!((summary.customers, summary.orders), (40, 80), "what comes after the end is left out");
        assert_eq!(summary.lapsed, 40);
        assert!(summary.holdout > 4 && summary.holdout < 20, "{}", summary.holdout);
        let first = &summary.by_step["1.1 we-miss-you"];
        assert_eq!(first["delivered"] + first["held"], 40);
        assert_eq!(summary.returns, 40 - summary.holdout, "everybody came back two weeks later");
        let lines: Vec<_> =
            report::lines(&picture.ledger()).map(|line| serde_json::to_string(&line).unwrap()).collect();
        assert_eq!(lines.len() as u64, summary.messages);
        assert!(lines[0].contains("\"at\":\"2026-04-1"), "{}", lines[0]);
    }

    #[test]
    fn the_same_orders_give_the_same_bytes_on_one_core_and_on_three() {
        let lines = |picture: &Picture| -> Vec<String> {
            report::lines(&picture.ledger()).map(|line| serde_json::to_string(&line).unwrap()).collect()
        };
        let (one, two) = (replayed(&file(), false, 1), replayed(&file(), false, 3));
        assert_eq!(lines(&one), lines(&two));
        assert_eq!(report::summary(&one.ledger()), report::summary(&two.ledger()));
    }

    #[test]
    fn limits_spread_the_letters_over_days() {
        let count = |picture: &Picture| {
            let mut days: BTreeMap<_, u64> = BTreeMap::new();
            for line in report::lines(&picture.ledger()).filter(|line| line.state != "held") {
                *days.entry(line.at.as_second() / 86_400).or_default() += 1;
            }
            days.into_values().max().unwrap_or(0)
        };
        let free = count(&replayed(&file(), false, 1));
        let limited = count(&replayed(&file(), true, 1));
        assert!(free > 5 && limited <= 5, "{limited} of {free}");
    }
}
