//! The ledger: orders, messages, codes, and what a store used of its limits.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use winback_domain::codes::Authority;
use winback_domain::ids::{Code, MessageId, StoreId};
use winback_domain::message::{Message, Seen, State};
use winback_domain::order::Order;
use winback_domain::redeem::Coupon;

use super::{Error, Item, Outcome, Table, Tables, Write, from_item, to_item};
use crate::keys::Key;
use winback_domain::planted::{Planted, planted};

/// How long the ledger keeps orders, messages and codes after their last write. TTL deletes days late, so nothing
/// depends on it.
const KEPT_DAYS: i64 = 800;

/// How a put of a message ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// It stands there under this claim, by this try or an earlier one.
    Stands,
    /// A later claim wrote it.
    Later,
    /// It was mailed under an earlier claim, as far as anybody can know. It is never written over.
    Mailed {
        /// The customer's message before it, as it was then.
        previous: Option<MessageId>,
    },
}

/// An order with the number that guards its writes.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Guarded {
    /// Plus one on every write; 0: nothing is there.
    pub rev: u64,
    /// The order.
    #[serde(flatten)]
    pub order: Order,
}

fn expires(item: &mut Item, now: Timestamp) {
    let at = now.as_second() + KEPT_DAYS * 86_400;
    item.insert("expires".to_owned(), AttributeValue::N(at.to_string()));
}

/// A message as an item.
pub(super) fn message_item(key: &Key, message: &Message) -> Result<Item, Error> {
    let mut item = to_item(key, message)?;
    expires(&mut item, message.at);
    Ok(item)
}

impl Tables {
    /// An order, or nothing of it yet.
    pub async fn order(&self, store: &StoreId, id: &str) -> Result<Guarded, Error> {
        let key = Key::Order(store.clone(), id.to_owned());
        Ok(self.load(Table::Ledger, &key).await?.unwrap_or_default())
    }

    /// Puts an order, if it is as it was read.
    pub fn put_order(
        &self,
        store: &StoreId,
        id: &str,
        seen: u64,
        order: &Order,
        now: Timestamp,
    ) -> Result<Write, Error> {
        let key = Key::Order(store.clone(), id.to_owned());
        let mut item = to_item(&key, &Guarded { rev: seen + 1, order: order.clone() })?;
        expires(&mut item, now);
        let write = Write::put(Table::Ledger, &key, item);
        Ok(match seen {
            0 => write.when("attribute_not_exists(pk)"),
            _ => write.when("rev = :rev").number(":rev", seen),
        })
    }

    /// A message.
    pub async fn message(&self, store: &StoreId, id: MessageId) -> Result<Option<Message>, Error> {
        self.load(Table::Ledger, &Key::Message(store.clone(), id)).await
    }

    /// Puts a message under its claim: where none is, or one of an earlier claim.
    pub fn put_message(&self, store: &StoreId, message: &Message) -> Result<Write, Error> {
        let key = Key::Message(store.clone(), message.id);
        let item = message_item(&key, message)?;
        let write = Write::put(Table::Ledger, &key, item);
        let names: Vec<_> = (0..State::MAILED.len()).map(|index| format!(":mailed{index}")).collect();
        let mut write = write
            .when("attribute_not_exists(pk) OR claim < :claim")
            .when(&format!("attribute_not_exists(pk) OR NOT #state IN ({})", names.join(", ")))
            .name("#state", "state")
            .number(":claim", message.claim);
        for (name, state) in names.iter().zip(State::MAILED) {
            write = write.text(name, state.word());
        }
        Ok(write)
    }

    /// Puts a message and tells whether it stands.
    pub async fn write_message(&self, store: &StoreId, message: &Message) -> Result<Put, Error> {
        let key = Key::Message(store.clone(), message.id);
        Ok(match self.commit(vec![self.put_message(store, message)?]).await? {
            Outcome::Done => Put::Stands,
            Outcome::Lost(item) => {
                let known: Option<Message> = item.map(|item| from_item(&key, item)).transpose()?;
                match known {
                    Some(known) if known.claim == message.claim => Put::Stands,
                    Some(known) if known.state.was_mailed() && known.claim < message.claim => {
                        Put::Mailed { previous: known.previous }
                    }
                    _ => Put::Later,
                }
            }
        })
    }

    /// Settles a message: `sent` from any state that is not already more; `unknown` and `refused` only from `claimed`;
    /// all only under this claim. Answers the state it has now, or nothing where another claim has it.
    pub async fn settle_message(
        &self,
        store: &StoreId,
        id: MessageId,
        claim: u64,
        to: State,
    ) -> Result<Option<State>, Error> {
        let key = Key::Message(store.clone(), id);
        let from = match to {
            State::Sent => "#state IN (:claimed, :unknown, :refused)",
            _ => "#state = :claimed",
        };
        let mut write = Write::update(Table::Ledger, &key, "SET #state = :to")
            .when("claim = :claim")
            .when(from)
            .name("#state", "state")
            .number(":claim", claim)
            .text(":to", to.word())
            .text(":claimed", State::Claimed.word());
        if to == State::Sent {
            write = write.text(":unknown", State::Unknown.word()).text(":refused", State::Refused.word());
        }
        match self.commit(vec![write]).await? {
            Outcome::Done => Ok(Some(to)),
            Outcome::Lost(item) => {
                let known: Option<Message> = item.map(|item| from_item(&key, item)).transpose()?;
                Ok(known.filter(|known| known.claim == claim || known.state.was_sent()).map(|known| known.state))
            }
        }
    }

    /// A message that was called off: where none is, or one of this claim or an earlier one.
    pub async fn stop_message(&self, store: &StoreId, message: &Message) -> Result<(), Error> {
        let key = Key::Message(store.clone(), message.id);
        let item = message_item(&key, message)?;
        let write = Write::put(Table::Ledger, &key, item).when("attribute_not_exists(pk) OR claim <= :claim");
        // A message of a later claim is that claim's business.
        self.commit(vec![write.number(":claim", message.claim)]).await.map(|_| ())
    }

    /// Takes over what SES reports, from any lower state. Answers whether the report was news.
    pub async fn report_message(&self, store: &StoreId, id: MessageId, to: State) -> Result<bool, Error> {
        let key = Key::Message(store.clone(), id);
        let mut write =
            Write::update(Table::Ledger, &key, "SET #state = :to").name("#state", "state").text(":to", to.word());
        let mut lower = Vec::new();
        for (index, state) in State::ALL.into_iter().filter(|state| *state < to).enumerate() {
            let name = format!(":s{index}");
            write = write.text(&name, state.word());
            lower.push(name);
        }
        let condition = format!("attribute_exists(pk) AND #state IN ({})", lower.join(", "));
        Ok(self.commit(vec![write.when(&condition)]).await?.done())
    }

    /// Notes when a reader first did something with a letter. One that is forgotten keeps nothing of it.
    pub async fn note_seen(&self, store: &StoreId, id: MessageId, seen: Seen, at: Timestamp) -> Result<(), Error> {
        let key = Key::Message(store.clone(), id);
        let write = Write::update(Table::Ledger, &key, "SET #seen = :at").name("#seen", seen.attribute());
        let write = write.number(":at", at.as_second());
        let first =
            "attribute_exists(pk) AND attribute_exists(subject) AND (attribute_not_exists(#seen) OR #seen > :at)";
        self.commit(vec![write.when(first)]).await.map(|_| ())
    }

    /// Takes everything personal out of a message, if it is there.
    pub async fn scrub_message(&self, store: &StoreId, id: MessageId) -> Result<(), Error> {
        let key = Key::Message(store.clone(), id);
        let write = Write::update(Table::Ledger, &key, "REMOVE subject, why, redeemed_by, opened, clicked")
            .when("attribute_exists(pk)");
        self.commit(vec![write]).await.map(|_| ())
    }

    /// A code.
    pub async fn coupon(&self, store: &StoreId, code: &Code) -> Result<Option<Coupon>, Error> {
        self.load(Table::Ledger, &Key::Coupon(store.clone(), code.clone())).await
    }

    /// The code that somebody means who typed one of these: the first that is there.
    pub async fn meant_coupon(&self, store: &StoreId, codes: &[Code]) -> Result<Option<Coupon>, Error> {
        for code in codes {
            if let Some(coupon) = self.coupon(store, code).await? {
                return Ok(Some(coupon));
            }
        }
        Ok(None)
    }

    /// Makes a code good, where there is none; "already there" is success after reading it back. Answers the code as it
    /// stands, if it is good for this message now.
    pub async fn make_coupon(&self, store: &StoreId, coupon: &Coupon) -> Result<Option<Coupon>, Error> {
        let key = Key::Coupon(store.clone(), coupon.code.clone());
        let mut item = to_item(&key, coupon)?;
        expires(&mut item, coupon.expires_at);
        let write = Write::put(Table::Ledger, &key, item).when("attribute_not_exists(pk)");
        Ok(match self.commit(vec![write]).await? {
            Outcome::Done => Some(coupon.clone()),
            Outcome::Lost(item) => {
                let known: Option<Coupon> = item.map(|item| from_item(&key, item)).transpose()?;
                // A code made under another offer is not this one, whatever its letters.
                known.filter(|known| {
                    let terms = |c: &Coupon| (c.message, c.gives.clone(), c.minimum_order, c.expires_at, c.uses);
                    !known.dead && terms(known) == terms(coupon)
                })
            }
        })
    }

    /// Makes a message's code dead: kept dead, made dead if absent, never deleted. Answers the code that was there. None was:
    /// no store was asked for it, and none will be; or it is another message's, and stays as it is.
    pub async fn kill_coupon(&self, store: &StoreId, coupon: &Coupon) -> Result<Option<Coupon>, Error> {
        let key = Key::Coupon(store.clone(), coupon.code.clone());
        if planted(Planted::CodeDeleted) {
            return self.delete(Table::Ledger, &key).await.map(|()| None);
        }
        let mut item = to_item(&key, &Coupon { dead: true, ..coupon.clone() })?;
        expires(&mut item, coupon.expires_at);
        let absent = Write::put(Table::Ledger, &key, item).when("attribute_not_exists(pk)");
        let known = match self.commit(vec![absent]).await? {
            Outcome::Done => return Ok(None),
            Outcome::Lost(item) => item.map(|item| from_item::<Coupon>(&key, item)).transpose()?,
        };
        // Of a pool two may have picked the same one; it is whose message it names.
        if known.as_ref().is_some_and(|known| known.message != coupon.message) {
            return Ok(None);
        }
        let kill = Write::update(Table::Ledger, &key, "SET dead = :dead, rev = rev + :one");
        let kill = kill.when("attribute_exists(pk)").value(":dead", AttributeValue::Bool(true)).number(":one", 1);
        self.commit(vec![kill]).await?;
        Ok(known)
    }

    /// Keeps why a store has not made a code good yet.
    pub async fn note_not_made(&self, store: &StoreId, code: &Code, because: &str) -> Result<(), Error> {
        let key = Key::Coupon(store.clone(), code.clone());
        let note = Write::update(Table::Ledger, &key, "SET not_made = :because, rev = rev + :one");
        let note = note.when("attribute_exists(pk)").text(":because", because).number(":one", 1);
        self.commit(vec![note]).await.map(|_| ())
    }

    /// Keeps what a store calls a code it has made good: whoever withdraws it asks for that, and an order may name it.
    pub async fn note_reference(&self, store: &StoreId, coupon: &Coupon, reference: &str) -> Result<(), Error> {
        let key = Key::Coupon(store.clone(), coupon.code.clone());
        let note = Write::update(Table::Ledger, &key, "SET #reference = :reference, rev = rev + :one REMOVE not_made");
        // A word that DynamoDB keeps for itself.
        let note = note.name("#reference", "reference");
        let note = note.when("attribute_exists(pk)").text(":reference", reference).number(":one", 1);
        self.commit(vec![note]).await?;
        // Only Stripe's orders name its id and not the code.
        if coupon.authority != Authority::Stripe {
            return Ok(());
        }
        let key = Key::Reference(store.clone(), reference.to_owned());
        let mut item = to_item(&key, &Referred { code: coupon.code.clone() })?;
        expires(&mut item, coupon.expires_at);
        self.commit(vec![Write::put(Table::Ledger, &key, item)]).await.map(|_| ())
    }

    /// What a store's own id of a code means, as another table says it.
    pub(crate) async fn keep_reference(&self, key: &Key, old: Item) -> Result<(), Error> {
        let write = Write::put(Table::Ledger, key, old).when("attribute_not_exists(pk)");
        self.commit(vec![write]).await.map(|_| ())
    }

    /// The code that a store means by its own id of it.
    pub async fn code_of_reference(&self, store: &StoreId, reference: &str) -> Result<Option<Code>, Error> {
        let key = Key::Reference(store.clone(), reference.to_owned());
        let found: Option<Referred> = self.load(Table::Ledger, &key).await?;
        Ok(found.map(|found| found.code))
    }

    /// Writes a use of a code down: on the code and on its message, both or none. `Lost`: somebody else wrote on the
    /// code in between.
    pub async fn redeem(&self, store: &StoreId, before: &Coupon, after: &Coupon) -> Result<Outcome, Error> {
        let mut writes = vec![self.put_coupon(store, before, after)?];
        let message = Key::Message(store.clone(), after.message);
        // An attribute of a message that is gone would bring a ghost back.
        if let Some(last) = after.redeemed.last().filter(|_| after.redeemed.len() > before.redeemed.len())
            && self.get(Table::Ledger, &message).await?.is_some()
        {
            let write = Write::update(Table::Ledger, &message, "SET redeemed_by = :order");
            writes.push(write.when("attribute_exists(pk)").text(":order", &last.order_id));
        }
        self.commit(writes).await
    }

    /// A code that changed, if it is as it was read.
    pub(super) fn put_coupon(&self, store: &StoreId, before: &Coupon, after: &Coupon) -> Result<Write, Error> {
        let key = Key::Coupon(store.clone(), after.code.clone());
        let mut item = to_item(&key, after)?;
        expires(&mut item, after.expires_at);
        Ok(Write::put(Table::Ledger, &key, item).when("rev = :rev").number(":rev", before.rev))
    }

    /// Takes out of a code which orders used it, and leaves how often: its customer asked to be forgotten.
    pub async fn scrub_coupon(&self, store: &StoreId, code: &Code) -> Result<(), Error> {
        while let Some(coupon) = self.coupon(store, code).await? {
            let scrubbed = coupon.scrubbed();
            if scrubbed == coupon || self.commit(vec![self.put_coupon(store, &coupon, &scrubbed)?]).await?.done() {
                break;
            }
        }
        Ok(())
    }
}

/// What a store's own id of a code leads to.
#[derive(Debug, Serialize, Deserialize)]
struct Referred {
    code: Code,
}

/// One item of the ledger that tells a story; lots and counters do not.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// An order by its store's id.
    Order(StoreId, String, Order),
    /// A message.
    Message(StoreId, Box<Message>),
    /// A code.
    Coupon(StoreId, Coupon),
}

impl Tables {
    /// One page of the whole ledger, and where the next one begins. For reports and exports.
    pub async fn ledger(&self, from: Option<&str>) -> Result<(Vec<Entry>, Option<String>), Error> {
        let start = from.map(|pk| Item::from([("pk".to_owned(), AttributeValue::S(pk.to_owned()))]));
        let request = self.client.scan().table_name(&self.ledger).set_exclusive_start_key(start);
        let answer = request.send().await.map_err(super::failed)?;
        let next = answer.last_evaluated_key.as_ref().and_then(|key| key.get("pk")?.as_s().ok().cloned());
        let mut entries = Vec::new();
        for item in answer.items.unwrap_or_default() {
            let key = item.get("pk").and_then(|pk| pk.as_s().ok()).and_then(|pk| Key::parse(pk));
            match key {
                Some(key @ Key::Order(..)) => {
                    let guarded: Guarded = from_item(&key, item)?;
                    if let Key::Order(store, id) = key {
                        entries.push(Entry::Order(store, id, guarded.order));
                    }
                }
                Some(key @ Key::Message(..)) => {
                    let message = Box::new(from_item(&key, item)?);
                    if let Key::Message(store, _) = key {
                        entries.push(Entry::Message(store, message));
                    }
                }
                Some(key @ Key::Coupon(..)) => {
                    let coupon = from_item(&key, item)?;
                    if let Key::Coupon(store, _) = key {
                        entries.push(Entry::Coupon(store, coupon));
                    }
                }
                _ => {}
            }
        }
        Ok((entries, next))
    }
}
