//! The first mail: a store's real letter, handed to SES by the same mailer as every other, for a mailbox that SES keeps
//! for trials.

use jiff::ToSpan;
use winback_domain::customer::{Customer, Orders};
use winback_domain::ids::{CustomerId, MessageId, StoreId};
use winback_domain::mail::{Links, preview};
use winback_domain::plan::Plan;
use winback_domain::program::Status;

use crate::mailer::{Handed, Refusal};
use crate::tables::first_mail::{FirstMail, SIMULATOR};
use crate::{Cloud, Error};

/// The sample reader's last order is so long ago.
const SILENT_DAYS: i64 = 100;
/// What they spent, in minor units of the shop's currency.
const SPENT: i64 = 9_000;

/// How a first mail was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// SES has it.
    Sent {
        /// The letter's folder.
        mail: String,
        /// What was noted of it.
        noted: FirstMail,
    },
    /// No program of the plan is live, so there is no letter.
    NoLetter,
    /// The letter cannot be filled in. Why.
    Unreadable(String),
    /// SES refused it. In SES's word.
    Refused(String),
    /// SES gave no answer.
    Unknown,
}

impl Cloud {
    /// Sends the first letter of a store's first live program to SES's mailbox simulator: real sender, headers,
    /// configuration set and tags, a sample's code, and links that lead nowhere.
    pub async fn send_first_mail(&self, store: &StoreId) -> Result<Outcome, Error> {
        let standing = self.standing(store).await?;
        let (plan, now) = (&standing.plan, self.clock.now());
        let Some((program, mail)) = first_letter(plan) else { return Ok(Outcome::NoLetter) };
        let Ok(to) = SIMULATOR.parse() else { return Ok(Outcome::NoLetter) };
        let mut reader = Customer::new(CustomerId::from_bytes([0; 16]), now);
        let last = now.saturating_sub((SILENT_DAYS * 24).hours()).unwrap_or(now);
        reader.orders = Orders { count: 2, spent: SPENT, recent: vec![last] };
        let nowhere = |page| self.config.link(page, store, "first-mail");
        let links = Links { offer: Some(nowhere('o')), unsubscribe: nowhere('u') };
        let letters = standing.letters()?;
        let letter = match preview(plan, &letters, mail, &reader, links, now) {
            Ok(letter) => letter,
            Err(error) => return Ok(Outcome::Unreadable(error.to_string())),
        };
        // Named by the moment, so that another trial is another mail.
        let noted = FirstMail {
            message: MessageId::of(reader.id, program, now, 0, 0),
            sent_at: now,
            told: None,
            told_at: None,
        };
        self.tables.put_first_mail(store, &noted).await?;
        let sender = &plan.shop.sender;
        let from = (sender.name.as_str(), &sender.email);
        Ok(match self.mailer.send(store, noted.message, None, from, &to, &letter).await {
            Handed::Sent(_) => Outcome::Sent { mail: mail.to_owned(), noted },
            Handed::Refused(Refusal::Store(code)) => Outcome::Refused(code),
            Handed::Refused(Refusal::Recipient) => Outcome::Refused("BadRequestException".to_owned()),
            Handed::Refused(Refusal::NotNow) => Outcome::Refused("TooManyRequestsException".to_owned()),
            Handed::Unknown => Outcome::Unknown,
        })
    }
}

/// The first letter of the first program that mails, and the program's name.
fn first_letter(plan: &Plan) -> Option<(&str, &str)> {
    let program = plan.programs.iter().find(|program| program.status == Status::Live)?;
    let step = program.rounds.iter().flat_map(|round| &round.steps).next()?;
    Some((&program.name, &step.mail))
}
