//! What `winback serve` says on the terminal.

use std::path::Path;
use std::time::Instant;

use indicatif::ProgressBar;
use jiff::Timestamp;
use winback_domain::figures::counted;
use winback_domain::plan::Plan;
use winback_domain::program::Status;
use winback_local::place::Place;

use super::{PORT, Serve};
use crate::{orders, shop};

/// Says what happens while a place is served.
pub(super) struct Teller {
    /// The past that is being played: from when to when, since when, and how far it is.
    playing: Option<(Timestamp, Timestamp, Instant, ProgressBar)>,
    /// Mails told of.
    shown: usize,
    /// A shop without a past to play: every mail is news.
    mails: bool,
}

impl Teller {
    /// Says what is served; of the demo, nothing beyond its address.
    pub fn new(serve: &Serve, place: &Place, plan: Option<&Plan>, until: Option<Timestamp>) -> Self {
        if let Some(plan) = plan {
            println!("{}: {}.", plan.shop.name, shop::described(plan));
            for draft in plan.programs.iter().filter(|program| program.status == Status::Draft) {
                println!("{} is a draft: it decides and shows, and mails nobody.", draft.name);
            }
            println!("Webhooks: {}/webhooks/{}", place.cloud.config.link_base, serve.store);
            if let Some(dir) = &serve.data {
                let at = if place.clock.is_turned() { format!(" --at {}", place.clock.now()) } else { String::new() };
                println!("Send one: winback send EVENT.json --data {}{}{at}", dir.display(), to(serve));
            }
        }
        let mails = plan.is_some() && until.is_none();
        let playing = until.map(|until| {
            let from = place.clock.now();
            (from, until, Instant::now(), orders::bar(seconds(from, until), "playing the past"))
        });
        Self { playing, shown: place.stack.outbox().len(), mails }
    }

    /// Something may have happened.
    pub fn tell(&mut self, place: &Place) {
        if let Some((from, until, began, bar)) = &self.playing {
            let now = place.clock.now();
            bar.set_position(seconds(*from, now));
            if now >= *until {
                bar.finish_and_clear();
                let letters = counted(place.stack.outbox().len(), "letter");
                println!("The past is played: {letters} in {:.1} s. Ctrl-C ends it.", began.elapsed().as_secs_f64());
                self.playing = None;
            }
        }
        if self.mails {
            for mail in place.stack.outbox_from(self.shown) {
                println!("{} mailed to {}: {}", mail.at, mail.to.join(", "), mail.subject);
                self.shown += 1;
            }
        }
    }

    /// It ends, well or not.
    pub fn close(self, data: Option<&Path>, well: bool) {
        if let Some((.., bar)) = self.playing {
            bar.finish_and_clear();
        }
        match data.filter(|_| well) {
            Some(dir) => println!("Ended. {} keeps everything; the same command goes on with it.", dir.display()),
            None if well => println!("Ended. Nothing was kept: --data DIR keeps it."),
            None => {}
        }
    }
}

/// What `send` must be told beside the folder.
fn to(serve: &Serve) -> String {
    let store = if serve.store.as_str() == "shop" { String::new() } else { format!(" --store {}", serve.store) };
    let to = match serve.port {
        PORT => String::new(),
        port => format!(" --to http://127.0.0.1:{port}/webhooks/{}", serve.store),
    };
    format!("{store}{to}")
}

fn seconds(from: Timestamp, to: Timestamp) -> u64 {
    u64::try_from(to.as_second() - from.as_second()).unwrap_or(0)
}
