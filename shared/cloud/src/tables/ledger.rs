//! The ledger: orders, messages, codes, stock lots, and what a store used of its limits.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use winback_domain::ids::{Code, MessageId, StoreId};
use winback_domain::message::{Message, State};
use winback_domain::money::Money;
use winback_domain::order::Order;
use winback_domain::redeem::Coupon;

use super::{Error, Item, Outcome, Table, Tables, Write, from_item, to_item};
use crate::keys::Key;
use winback_domain::planted::{Planted, planted};

/// How long the ledger keeps orders, messages and codes after their last write. TTL deletes days late, so nothing
/// depends on it.
const KEPT_DAYS: i64 = 800;
/// How many pieces of a limited offer lie in one lot: few enough for an item of a kilobyte.
pub const LOT: u32 = 25;

/// How a put of a message ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Put {
    /// It stands there under this claim, by this try or an earlier one.
    Stands,
    /// A later claim wrote it.
    Later,
    /// It was mailed under an earlier claim, as far as anybody can know. It is never written over.
    Mailed,
}

/// How a take from a lot ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Take {
    /// This code has its piece, by this try or an earlier one.
    Taken,
    /// This code had one and gave it back: the claim is over.
    Returned,
    /// Nothing is left in this lot.
    Empty,
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
        let mut item = to_item(&key, message)?;
        expires(&mut item, message.at);
        let write = Write::put(Table::Ledger, &key, item);
        let states = [State::Unknown, State::Sent, State::Delivered, State::Bounced, State::Complained];
        let names: Vec<_> = (0..states.len()).map(|index| format!(":mailed{index}")).collect();
        let mut write = write
            .when("attribute_not_exists(pk) OR claim < :claim")
            .when(&format!("attribute_not_exists(pk) OR NOT #state IN ({})", names.join(", ")))
            .name("#state", "state")
            .number(":claim", message.claim);
        for (name, state) in names.iter().zip(states) {
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
                    Some(known) if known.state.was_mailed() && known.claim < message.claim => Put::Mailed,
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
        at: Timestamp,
    ) -> Result<Option<State>, Error> {
        let key = Key::Message(store.clone(), id);
        let from = match to {
            State::Sent => "#state IN (:claimed, :unknown, :refused)",
            _ => "#state = :claimed",
        };
        let mut write = Write::update(Table::Ledger, &key, "SET #state = :to, #at = :at")
            .when("claim = :claim")
            .when(from)
            .name("#state", "state")
            .name("#at", "at")
            .number(":claim", claim)
            .number(":at", at.as_second())
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
        let mut item = to_item(&key, message)?;
        expires(&mut item, message.at);
        let write = Write::put(Table::Ledger, &key, item).when("attribute_not_exists(pk) OR claim <= :claim");
        // A message of a later claim is that claim's business.
        self.commit(vec![write.number(":claim", message.claim)]).await.map(|_| ())
    }

    /// Takes over what SES reports, from any lower state. Answers the message where the report was news.
    pub async fn report_message(
        &self,
        store: &StoreId,
        id: MessageId,
        to: State,
        at: Timestamp,
    ) -> Result<bool, Error> {
        use State::{Bounced, Claimed, Complained, Delivered, Held, Refused, Sending, Sent, Stopped, Unknown};
        let key = Key::Message(store.clone(), id);
        let all = [Claimed, Sending, Refused, Stopped, Held, Unknown, Sent, Delivered, Bounced, Complained];
        let mut write = Write::update(Table::Ledger, &key, "SET #state = :to, #at = :at")
            .name("#state", "state")
            .name("#at", "at")
            .number(":at", at.as_second())
            .text(":to", to.word());
        let mut lower = Vec::new();
        for (index, state) in all.into_iter().filter(|state| *state < to).enumerate() {
            let name = format!(":s{index}");
            write = write.text(&name, state.word());
            lower.push(name);
        }
        let condition = format!("attribute_exists(pk) AND #state IN ({})", lower.join(", "));
        Ok(self.commit(vec![write.when(&condition)]).await?.done())
    }

    /// Takes everything personal out of a message, if it is there.
    pub async fn scrub_message(&self, store: &StoreId, id: MessageId) -> Result<(), Error> {
        let key = Key::Message(store.clone(), id);
        let write = Write::update(Table::Ledger, &key, "REMOVE subject, why, redeemed_by").when("attribute_exists(pk)");
        self.commit(vec![write]).await.map(|_| ())
    }

    /// A code.
    pub async fn coupon(&self, store: &StoreId, code: &Code) -> Result<Option<Coupon>, Error> {
        self.load(Table::Ledger, &Key::Coupon(store.clone(), code.clone())).await
    }

    /// Makes a code good, where there is none; "already there" is success after reading it back. Answers whether the
    /// code is good for this message now.
    pub async fn make_coupon(&self, store: &StoreId, coupon: &Coupon) -> Result<bool, Error> {
        let key = Key::Coupon(store.clone(), coupon.code.clone());
        let mut item = to_item(&key, coupon)?;
        expires(&mut item, coupon.expires_at);
        let write = Write::put(Table::Ledger, &key, item).when("attribute_not_exists(pk)");
        Ok(match self.commit(vec![write]).await? {
            Outcome::Done => true,
            Outcome::Lost(item) => {
                let known: Option<Coupon> = item.map(|item| from_item(&key, item)).transpose()?;
                // A code made under another offer is not this one, whatever its letters.
                known.is_some_and(|known| {
                    let terms = |c: &Coupon| (c.message, c.gives.clone(), c.minimum_order, c.expires_at);
                    !known.dead && terms(&known) == terms(coupon)
                })
            }
        })
    }

    /// Makes a code dead: kept dead, made dead if absent, never deleted.
    pub async fn kill_coupon(&self, store: &StoreId, coupon: &Coupon) -> Result<(), Error> {
        let key = Key::Coupon(store.clone(), coupon.code.clone());
        if planted(Planted::CodeDeleted) {
            return self.delete(Table::Ledger, &key).await;
        }
        let mut item = to_item(&key, &Coupon { dead: true, ..coupon.clone() })?;
        expires(&mut item, coupon.expires_at);
        let absent = Write::put(Table::Ledger, &key, item).when("attribute_not_exists(pk)");
        if self.commit(vec![absent]).await?.done() {
            return Ok(());
        }
        let kill = Write::update(Table::Ledger, &key, "SET dead = :dead, rev = rev + :one");
        let kill = kill.when("attribute_exists(pk)").value(":dead", AttributeValue::Bool(true)).number(":one", 1);
        self.commit(vec![kill]).await.map(|_| ())
    }

    /// Writes a use of a code down: on the code, on its message, and in the month's discounts, all or none.
    /// `Lost`: somebody else wrote on the code in between.
    pub async fn redeem(
        &self,
        store: &StoreId,
        before: &Coupon,
        after: &Coupon,
        month: Date,
    ) -> Result<Outcome, Error> {
        let key = Key::Coupon(store.clone(), after.code.clone());
        let mut item = to_item(&key, after)?;
        expires(&mut item, after.expires_at);
        let coupon = Write::put(Table::Ledger, &key, item).when("rev = :rev").number(":rev", before.rev);
        let mut writes = vec![coupon];
        if let Some(last) = after.redeemed.last() {
            let message = Key::Message(store.clone(), after.message);
            let write = Write::update(Table::Ledger, &message, "SET redeemed_by = :order");
            // An attribute of a message that is gone would bring a ghost back.
            if self.get(Table::Ledger, &message).await?.is_some() {
                writes.push(write.when("attribute_exists(pk)").text(":order", &last.order_id));
            }
            if let Some(discount) = last.discount {
                writes.push(self.add_discount(store, month, discount));
            }
        }
        self.commit(writes).await
    }

    fn add_discount(&self, store: &StoreId, month: Date, discount: Money) -> Write {
        Write::update(Table::Ledger, &Key::Month(store.clone(), month), "ADD discounts :discount")
            .number(":discount", discount.minor)
    }

    /// Discounts redeemed in a calendar month, in minor units.
    pub async fn discounts(&self, store: &StoreId, month: Date) -> Result<i64, Error> {
        self.number(&Key::Month(store.clone(), month), "discounts").await
    }

    /// Mails reserved on a day.
    pub async fn mails(&self, store: &StoreId, day: Date) -> Result<u32, Error> {
        let mails = self.number(&Key::Day(store.clone(), day), "mails").await?;
        Ok(u32::try_from(mails).unwrap_or(0))
    }

    async fn number(&self, key: &Key, attribute: &str) -> Result<i64, Error> {
        let item = self.get(Table::Ledger, key).await?;
        let number = item.and_then(|item| item.get(attribute)?.as_n().ok()?.parse().ok());
        Ok(number.unwrap_or(0))
    }

    /// Reserves up to `want` mails of a day's allowance, before they are used: a crash may waste some, never add any.
    pub async fn reserve_mails(&self, store: &StoreId, day: Date, want: u32, allowance: u32) -> Result<u32, Error> {
        for _ in 0..3 {
            let used = self.mails(store, day).await?;
            let granted = want.min(allowance.saturating_sub(used));
            if granted == 0 {
                return Ok(0);
            }
            let most = allowance - granted;
            let key = Key::Day(store.clone(), day);
            let until = day.saturating_add(40.days()).to_zoned(jiff::tz::TimeZone::UTC);
            let until = until.map_or(0, |at| at.timestamp().as_second());
            let write = Write::update(Table::Ledger, &key, "ADD mails :granted SET expires = :until")
                .when("attribute_not_exists(mails) OR mails <= :most")
                .number(":granted", granted)
                .number(":most", most)
                .number(":until", until);
            if self.commit(vec![write]).await?.done() {
                return Ok(granted);
            }
        }
        Ok(0)
    }

    /// Gives back what was reserved and not used.
    pub async fn give_back_mails(&self, store: &StoreId, day: Date, unused: u32) -> Result<(), Error> {
        let key = Key::Day(store.clone(), day);
        let seen = self.mails(store, day).await?;
        // Under a condition, so that a retry gives nothing back twice. Lost: what is unused is wasted.
        let write = Write::update(Table::Ledger, &key, "SET mails = :now").when("mails = :seen");
        let write = write.number(":seen", seen).number(":now", seen.saturating_sub(unused));
        self.commit(vec![write]).await.map(|_| ())
    }

    /// Takes a piece from a lot that has `size` of them at first.
    pub async fn take(&self, lot: &Key, size: u32, code: &Code) -> Result<Take, Error> {
        let write = Write::update(Table::Ledger, lot, "SET #code = :taken, #left = if_not_exists(#left, :size) - :one")
            .when("attribute_not_exists(#code)")
            .when("attribute_not_exists(#left) OR #left > :zero")
            .name("#left", "left")
            .name("#code", &format!("code {code}"))
            .text(":taken", "taken")
            .number(":size", size)
            .number(":one", 1)
            .number(":zero", 0);
        match self.commit(vec![write]).await? {
            Outcome::Done => Ok(Take::Taken),
            Outcome::Lost(item) => Ok(match word(item.as_ref(), code) {
                Some("taken") => Take::Taken,
                Some(_) => Take::Returned,
                None => Take::Empty,
            }),
        }
    }

    /// Puts a piece back. The return stays marked, so that a late take of the same claim finds it.
    pub async fn put_back(&self, lot: &Key, code: &Code) -> Result<(), Error> {
        let name = format!("code {code}");
        let back = Write::update(Table::Ledger, lot, "SET #code = :returned, #left = #left + :one")
            .when("#code = :taken")
            .name("#left", "left")
            .name("#code", &name)
            .text(":taken", "taken")
            .text(":returned", "returned")
            .number(":one", 1);
        if self.commit(vec![back]).await?.done() {
            return Ok(());
        }
        let mark = Write::update(Table::Ledger, lot, "SET #code = :returned").when("attribute_not_exists(#code)");
        self.commit(vec![mark.name("#code", &name).text(":returned", "returned")]).await.map(|_| ())
    }

    /// Whether a lot has a piece for this code: one it took already, or one that is left.
    pub async fn has_piece(&self, lot: &Key, size: u32, code: &Code) -> Result<bool, Error> {
        let item = self.get(Table::Ledger, lot).await?;
        let left: Option<u32> = item.as_ref().and_then(|item| item.get("left")?.as_n().ok()?.parse().ok());
        Ok(match word(item.as_ref(), code) {
            Some(word) => word == "taken",
            None => left.unwrap_or(size) > 0,
        })
    }

    /// Pieces left in a lot that has `size` of them at first.
    pub async fn left(&self, lot: &Key, size: u32) -> Result<u32, Error> {
        let item = self.get(Table::Ledger, lot).await?;
        let left = item.and_then(|item| item.get("left")?.as_n().ok()?.parse().ok());
        Ok(left.unwrap_or(size))
    }
}

/// One item of the ledger that tells a story; lots and counters do not.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// An order by its store's id.
    Order(StoreId, String, Order),
    /// A message.
    Message(StoreId, Message),
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
                    let message = from_item(&key, item)?;
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

fn word<'a>(item: Option<&'a Item>, code: &Code) -> Option<&'a str> {
    item?.get(&format!("code {code}"))?.as_s().ok().map(String::as_str)
}

/// The lots of a limited offer: their keys and sizes.
pub fn lots(store: &StoreId, program: &str, offer: &str, stock: u32) -> Vec<(Key, u32)> {
    let lot = |number| Key::Lot(store.clone(), program.to_owned(), offer.to_owned(), number);
    (0..stock.div_ceil(LOT)).map(|number| (lot(number), LOT.min(stock - number * LOT))).collect()
}
