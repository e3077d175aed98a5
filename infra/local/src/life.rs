//! A place with people in it: while its clock is turned, stores tell of what they sold and readers do with their letters
//! what readers do. Everything they do comes in by the doors that AWS and the internet would use.

use std::sync::Arc;

use anyhow::{Context, Result};
use axum::extract::Request;
use jiff::Timestamp;
use winback_cloud::queue::Told;
use winback_domain::event::Event;
use winback_domain::ids::{MessageId, StoreId};
use winback_domain::message::Message;

use crate::aws::{SentMail, SesEvent, ses_event};
use crate::files::Files;
use crate::gateway::lambda;
use crate::knocks::{Fate, Knock, Knocks};
use crate::place::Place;

/// What somebody does.
#[derive(Clone, Debug)]
pub enum Deed {
    /// The store tells of an event: an order, a refund, a new wish.
    Tell(Box<Event>),
    /// The reader opens a letter, as far as SES can tell.
    Open(Arc<SentMail>),
    /// The reader follows a letter's first link.
    Click(Arc<SentMail>),
    /// The mailbox that a letter went to turns out not to be there.
    Bounce(Arc<SentMail>),
    /// The reader calls a letter spam.
    Complain(Arc<SentMail>),
    /// The reader presses the mail program's own button to unsubscribe: one click (RFC 8058).
    Unsubscribe(Arc<SentMail>),
}

/// A letter that arrived.
#[derive(Clone, Debug)]
pub struct Letter {
    /// As SES took it.
    pub mail: Arc<SentMail>,
    /// As the ledger has it, unless it is forgotten.
    pub message: Option<Message>,
}

/// Who lives in a place. It is asked in the order of time, and says the same to the same letters.
pub trait World: Send + std::fmt::Debug {
    /// When somebody does something next.
    fn next(&self) -> Option<Timestamp>;
    /// What is done up to a moment, in order; it is not said again.
    fn take(&mut self, now: Timestamp) -> Vec<Deed>;
    /// A letter arrived. Whoever answers it does so later.
    fn read(&mut self, letter: &Letter, now: Timestamp);
    /// Whether what they do has anything to do with the letters they get: orders of the past have not.
    fn answers(&self) -> bool {
        true
    }
}

/// Nobody: what happens comes in by the door.
#[derive(Clone, Copy, Debug)]
pub struct Nobody;

impl World for Nobody {
    fn next(&self) -> Option<Timestamp> {
        None
    }

    fn take(&mut self, _: Timestamp) -> Vec<Deed> {
        Vec::new()
    }

    fn read(&mut self, _: &Letter, _: Timestamp) {}
}

/// A place, one of its stores, and who lives there.
#[derive(Debug)]
pub struct Life {
    /// The place.
    pub place: Place,
    /// The store that the world buys from.
    pub store: StoreId,
    /// Its folder.
    pub files: Files,
    /// What came in by the door.
    pub knocks: Knocks,
    world: Box<dyn World>,
    mails_read: usize,
}

impl Life {
    /// A place where nothing has happened yet.
    pub fn new(place: Place, store: StoreId, files: Files, world: Box<dyn World>) -> Self {
        Self { place, store, files, knocks: Knocks::default(), world, mails_read: 0 }
    }

    /// Whether the world answers its letters.
    pub fn answers(&self) -> bool {
        self.world.answers()
    }

    /// Goes on in a place where something has happened: the letters that left are read again, so that whoever was about
    /// to answer one still is. What was done up to now is not done again, but for this very moment: that may have been
    /// broken off, and everything may come twice.
    pub async fn go_on(&mut self) -> Result<()> {
        let now = self.place.clock.now();
        self.read_letters().await?;
        self.world.take(now.saturating_sub(jiff::SignedDuration::from_secs(1)).unwrap_or(now));
        Ok(())
    }

    /// Lets everything happen that can happen now, then turns the clock to whatever happens next, or to the end. Says
    /// whether there is more before the end.
    pub async fn step(&mut self, end: Timestamp) -> Result<bool> {
        let next = self.world.next().filter(|next| *next <= end).unwrap_or(end);
        let stores = std::slice::from_ref(&self.store);
        let more = self.place.step(stores, next).await?;
        self.read_letters().await?;
        // Somebody may have answered a letter before what was next: nothing of that may be passed over.
        if more {
            return Ok(true);
        }
        let deeds = self.world.take(next);
        let idle = deeds.is_empty();
        for deed in deeds {
            self.carry_out(deed).await?;
        }
        Ok(!idle || next < end)
    }

    /// When something is due to happen next, by the world or by the place itself.
    pub async fn next(&self) -> Result<Option<Timestamp>> {
        let place = self.place.next(std::slice::from_ref(&self.store)).await?;
        Ok([place, self.world.next()].into_iter().flatten().min())
    }

    async fn read_letters(&mut self) -> Result<()> {
        for mail in self.place.stack.outbox_from(self.mails_read) {
            self.mails_read += 1;
            let message = match message_of(&mail) {
                Some(id) => self.place.overseer.tables.message(&self.store, id).await?,
                None => None,
            };
            let at = mail.at;
            self.world.read(&Letter { mail, message }, at);
        }
        Ok(())
    }

    /// Does what somebody does.
    pub async fn carry_out(&self, deed: Deed) -> Result<()> {
        let place = &self.place;
        match deed {
            Deed::Tell(event) => {
                self.knocks.add(Knock {
                    at: place.clock.now(),
                    what: event.what.name().to_owned(),
                    order: event.what.order_id().map(str::to_owned),
                    status: None,
                    fate: Fate::Taken,
                    became: "recorded".to_owned(),
                });
                place.tell(&Told { store: self.store.clone(), event: *event }).await
            }
            Deed::Open(mail) => self.report(&mail, &SesEvent::Open).await,
            Deed::Click(mail) => {
                let link = mail.text.split_whitespace().find(|word| word.starts_with("http")).unwrap_or_default();
                self.report(&mail, &SesEvent::Click(link.to_owned())).await
            }
            Deed::Bounce(mail) => self.report(&mail, &SesEvent::Bounce).await,
            Deed::Complain(mail) => self.report(&mail, &SesEvent::Complaint).await,
            Deed::Unsubscribe(mail) => unsubscribe(place, &mail).await,
        }
    }

    async fn report(&self, mail: &SentMail, event: &SesEvent) -> Result<()> {
        let told = ses_event(mail, event, self.place.clock.now());
        self.place.record_delivery(&told).await
    }
}

/// The message that a mail belongs to, by its tag.
pub fn message_of(mail: &SentMail) -> Option<MessageId> {
    mail.tags.get("message").and_then(|id| MessageId::try_from(id.clone()).ok())
}

/// What a mail program posts when its button is pressed.
async fn unsubscribe(place: &Place, mail: &SentMail) -> Result<()> {
    let link = mail.header("List-Unsubscribe").context("the letter has no List-Unsubscribe header")?;
    let body = mail.header("List-Unsubscribe-Post").context("the letter has no List-Unsubscribe-Post header")?;
    let uri: http::Uri = link.trim_matches(['<', '>']).parse().context("the link makes no address")?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let form = "application/x-www-form-urlencoded";
    let request = Request::post(path).header(http::header::CONTENT_TYPE, form).body(())?;
    let answer = lambda::ask(place, request, body.as_bytes()).await?;
    anyhow::ensure!(answer.status_code == 200, "unsubscribing was answered with {}", answer.status_code);
    Ok(())
}
