//! A shop on a turned clock, and a transcript that its owner could read.

use std::fmt::Write as _;
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::DateTime;
use serde_json::{Value, json};
use winback_cloud::programs;
use winback_cloud::queue::Told;
use winback_domain::event::wire;
use winback_domain::ids::StoreId;
use winback_domain::plan::Folder;
use winback_domain::store::State;
use winback_local::clock::Turned;
use winback_local::place::{Place, Setup};

/// The sample shops of this repository.
pub fn sample(name: &str) -> Folder {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/programs").join(name);
    programs::read(&dir).expect("the sample shop is there")
}

pub fn store(name: &str) -> StoreId {
    StoreId::try_from(name.to_owned()).expect("a store's name")
}

/// Replaces a piece of a shop's file; it must be there.
pub fn edit(folder: &mut Folder, file: &str, from: &str, to: &str) {
    let text = folder.get_mut(file).expect("the file is there");
    assert!(text.contains(from), "{file} does not hold {from:?}");
    *text = text.replace(from, to);
}

/// One shop's story.
pub struct Shop {
    pub place: Place,
    pub store: StoreId,
    zone: jiff::tz::TimeZone,
    told: String,
    mails: usize,
    orders: u32,
}

pub const EVERYBODY_MAILED: (&str, &str) = ("holdout: 30 %", "holdout: 0 %");

impl Shop {
    /// The sample bookshop, live, nobody held out, on a clock that stands at a moment of its own zone.
    pub async fn open(now: &str) -> Self {
        let mut folder = sample("shop");
        edit(&mut folder, "shop.yaml", EVERYBODY_MAILED.0, EVERYBODY_MAILED.1);
        Self::open_with(now, "books", &folder).await
    }

    pub async fn open_with(now: &str, name: &str, folder: &Folder) -> Self {
        let zone = zone_of(folder);
        let place = Place::in_memory(Turned::at(moment(now, &zone))).expect("a place in memory");
        Self::join(place, name, folder).await
    }

    /// Another shop in the same place.
    pub async fn join(place: Place, name: &str, folder: &Folder) -> Self {
        let store = store(name);
        let setup = Setup { state: State::Live, unlimited: false };
        place.set_up(&store, folder, setup).await.expect("the shop's folder is good");
        let mails = place.stack.outbox().len();
        Self { place, store, zone: zone_of(folder), told: String::new(), mails, orders: 0 }
    }

    /// Something happens now, as the store would tell it.
    pub async fn event(&mut self, kind: &str, data: Value) {
        let now = self.place.clock.now();
        let event = json!({"type": kind, "timestamp": now.to_string(), "data": data});
        let event = wire::read(event.to_string().as_bytes(), now).expect("a good event");
        self.note(kind, &data.to_string());
        self.place.tell(&Told { store: self.store.clone(), event }).await.expect("the queue takes it");
        self.place.settle().await.expect("it settles");
        self.note_mails();
    }

    /// An order of somebody who agrees to mail.
    pub async fn order(&mut self, email: &str, total: &str) -> String {
        self.order_with(email, total, json!({"marketing_consent": true})).await
    }

    /// An order with more in it.
    pub async fn order_with(&mut self, email: &str, total: &str, more: Value) -> String {
        self.orders += 1;
        let id = format!("{}-{}", self.store, self.orders);
        let mut data = json!({"order_id": id, "email": email, "total": total, "currency": "EUR"});
        data.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        self.event("order.placed", data).await;
        id
    }

    /// Turns the clock to a moment of the shop's zone; whatever is due on the way happens.
    pub async fn until(&mut self, then: &str) {
        let end = moment(then, &self.zone);
        self.place.run_until(end, &mut |_| {}).await.expect("time goes on");
        self.note_mails();
        self.told.push_str(&format!("{then} — the clock stands here\n"));
    }

    /// The transcript so far.
    pub fn told(&self) -> &str {
        &self.told
    }

    /// The code in the latest mail to somebody, read as a person would: from the text.
    pub fn code_mailed_to(&self, email: &str) -> String {
        let outbox = self.place.stack.outbox();
        let mail = outbox.iter().rev().find(|mail| mail.to.iter().any(|to| to == email)).expect("they were mailed");
        let looks_like_code = |word: &&str| {
            word.len() == 10 && word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
        };
        let words = mail.text.split(|c: char| !c.is_ascii_alphanumeric());
        words.filter(|word| !word.is_empty()).find(looks_like_code).expect("a code in the mail").to_owned()
    }

    /// All mails to somebody: subject lines.
    pub fn mails_to(&self, email: &str) -> Vec<String> {
        let outbox = self.place.stack.outbox();
        let theirs = outbox.iter().filter(|mail| mail.to.iter().any(|to| to == email));
        theirs.map(|mail| mail.subject.clone()).collect()
    }

    /// The ledger's messages as lines: round, step, state, and the whys.
    pub async fn messages(&self) -> String {
        let mut lines = String::new();
        let mut messages = self.place.ledger(&self.store).await.expect("the ledger reads").messages;
        messages.sort_by_key(|message| (message.at, message.id));
        for message in messages {
            let at = self.shown(message.at);
            let state = message.state.word();
            let (round, step) = (message.round + 1, message.step + 1);
            writeln!(lines, "{at}  round {round} step {step}  {state}  {}", message.subject).expect("a string");
            for why in &message.why {
                writeln!(lines, "    {why}").expect("a string");
            }
        }
        lines
    }

    fn shown(&self, at: Timestamp) -> String {
        self.zone.to_datetime(at).strftime("%a %Y-%m-%d %H:%M").to_string()
    }

    fn note(&mut self, what: &str, more: &str) {
        let at = self.shown(self.place.clock.now());
        writeln!(self.told, "{at}  {what}  {more}").expect("a string");
    }

    fn note_mails(&mut self) {
        let outbox = self.place.stack.outbox();
        for mail in &outbox[self.mails..] {
            let at = self.zone.to_datetime(mail.at).strftime("%a %Y-%m-%d %H:%M").to_string();
            writeln!(self.told, "{at}  MAIL to {}: {}", mail.to.join(", "), mail.subject).expect("a string");
        }
        self.mails = outbox.len();
    }
}

fn zone_of(folder: &Folder) -> jiff::tz::TimeZone {
    winback_domain::file::read(folder, 1).expect("the folder is good").plan.shop.time_zone
}

pub fn moment(text: &str, zone: &jiff::tz::TimeZone) -> Timestamp {
    let local: DateTime = text.replace(' ', "T").parse().expect("a moment");
    zone.to_ambiguous_timestamp(local).compatible().expect("a moment that is")
}
