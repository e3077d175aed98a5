//! The mail by which an operator sees that mails arrive and that their events come back: one a store, the latest. It is
//! in no ledger, and no customer's.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use winback_domain::ids::{MessageId, StoreId};
use winback_domain::message::State;

use super::{Error, Table, Tables, Write, to_item};
use crate::keys::Key;

/// SES's mailbox simulator: it takes every mail and tells of it, and no reputation suffers.
pub const SIMULATOR: &str = "success@simulator.amazonses.com";

/// Such a mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstMail {
    /// The id in its tags.
    pub message: MessageId,
    /// When it was about to be handed to SES.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub sent_at: Timestamp,
    /// What SES told of it, the most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<State>,
    /// When that was.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "jiff::fmt::serde::timestamp::second::optional")]
    pub told_at: Option<Timestamp>,
}

impl Tables {
    /// The latest first mail of a store.
    pub async fn first_mail(&self, store: &StoreId) -> Result<Option<FirstMail>, Error> {
        self.load(Table::Customers, &Key::FirstMail(store.clone())).await
    }

    /// Notes that one is about to be sent. The one before it is forgotten.
    pub async fn put_first_mail(&self, store: &StoreId, mail: &FirstMail) -> Result<(), Error> {
        let key = Key::FirstMail(store.clone());
        self.commit(vec![Write::put(Table::Customers, &key, to_item(&key, mail)?)]).await.map(|_| ())
    }

    /// Notes what SES told of it. Answers whether that was news of this very mail.
    pub async fn tell_first_mail(
        &self,
        store: &StoreId,
        message: MessageId,
        told: State,
        at: Timestamp,
    ) -> Result<bool, Error> {
        let known = self.first_mail(store).await?.filter(|known| known.message == message);
        let Some(known) = known.filter(|known| known.told.is_none_or(|before| before < told)) else { return Ok(false) };
        let key = Key::FirstMail(store.clone());
        let item = to_item(&key, &FirstMail { told: Some(told), told_at: Some(at), ..known })?;
        let write = Write::put(Table::Customers, &key, item).when("attribute_exists(pk) AND #message = :message");
        let write = write.name("#message", "message").text(":message", &message.to_string());
        Ok(self.commit(vec![write]).await?.done())
    }
}
