//! What only a restore asks of the tables: those of before by their names, items as they lie there, and writes that move
//! what is there forward and nothing back.

use aws_sdk_dynamodb::types::AttributeValue;
use winback_domain::ids::{Code, StoreId};
use winback_domain::message::Message;
use winback_domain::redeem::Coupon;

use super::stock::{Lot, Take};
use super::stores::StoredPlan;
use super::{Error, Item, Table, Tables, Write, to_item};
use crate::keys::Key;

/// What of a message is written after it was put: as it was read, it must be found.
const LATER: [&str; 6] = ["state", "claim", "subject", "redeemed_by", "opened", "clicked"];

/// What a lot says of a code.
const TAKEN: &str = "taken";
const RETURNED: &str = "returned";

impl Tables {
    /// Tables of other names, by the same client.
    #[must_use]
    pub fn named(&self, customers: &str, ledger: &str) -> Self {
        Self { customers: customers.to_owned(), ledger: ledger.to_owned(), ..self.clone() }
    }

    /// One page of a table, item by item, and where the next one begins. Keys that are none of ours are left out.
    pub async fn items(&self, table: Table, from: Option<&str>) -> Result<(Vec<(Key, Item)>, Option<String>), Error> {
        let start = from.map(|pk| Item::from([("pk".to_owned(), AttributeValue::S(pk.to_owned()))]));
        let request = self.client.scan().table_name(self.table(table)).consistent_read(true);
        let answer = request.set_exclusive_start_key(start).send().await.map_err(super::failed)?;
        let next = answer.last_evaluated_key.as_ref().and_then(|key| key.get("pk")?.as_s().ok().cloned());
        let items = answer.items.unwrap_or_default().into_iter();
        let keyed = items.filter_map(|item| Some((Key::parse(item.get("pk")?.as_s().ok()?)?, item)));
        Ok((keyed.collect(), next))
    }

    /// Whether the first page of a table holds anything that belongs there, whole or damaged.
    pub async fn is_ours(&self, table: Table) -> Result<bool, Error> {
        let (items, _) = self.items(table, None).await?;
        Ok(items.iter().any(|(key, _)| key.table() == table))
    }

    /// A plan under its number, where there is none.
    pub async fn keep_plan(&self, store: &StoreId, plan: &StoredPlan) -> Result<(), Error> {
        let key = Key::Plan(store.clone(), plan.number);
        let write = Write::put(Table::Customers, &key, to_item(&key, plan)?).when("attribute_not_exists(pk)");
        self.commit(vec![write]).await.map(|_| ())
    }

    /// A message as it is known after a restore, if what lies there is what was read.
    pub fn keep_message(&self, store: &StoreId, message: &Message, seen: Option<&Message>) -> Result<Write, Error> {
        let key = Key::Message(store.clone(), message.id);
        let write = Write::put(Table::Ledger, &key, super::ledger::message_item(&key, message)?);
        let Some(seen) = seen else {
            return Ok(write.when("attribute_not_exists(pk)"));
        };
        let seen = to_item(&key, seen)?;
        let mut write = write.when("attribute_exists(pk)");
        for (number, attribute) in LATER.into_iter().enumerate() {
            let (name, value) = (format!("#a{number}"), format!(":a{number}"));
            write = match seen.get(attribute) {
                Some(known) => write.when(&format!("{name} = {value}")).value(&value, known.clone()),
                None => write.when(&format!("attribute_not_exists({name})")),
            };
            write = write.name(&name, attribute);
        }
        Ok(write)
    }

    /// A code as it is known after a restore, if what lies there is what was read.
    pub async fn keep_coupon(&self, store: &StoreId, coupon: &Coupon, seen: Option<&Coupon>) -> Result<bool, Error> {
        match seen {
            Some(seen) => Ok(self.commit(vec![self.put_coupon(store, seen, coupon)?]).await?.done()),
            None => Ok(self.make_coupon(store, coupon).await?.is_some()),
        }
    }

    /// Takes and puts back in a lot what another one says was taken and put back. Answers how many pieces were news.
    pub async fn keep_lot(&self, key: &Key, old: &Item) -> Result<u64, Error> {
        let Key::Lot(store, program, offer, number) = key else { return Ok(0) };
        let lot = Lot::named(store, program, offer, *number);
        let known = self.get(Table::Ledger, key).await?.unwrap_or_default();
        let mut news = 0;
        let mut pieces: Vec<(Code, &str)> = old.iter().filter_map(|(name, value)| piece(name, value)).collect();
        pieces.sort();
        for (code, word) in pieces {
            match (known.get(&format!("code {code}")).and_then(|word| word.as_s().ok()).map(String::as_str), word) {
                (None, TAKEN) => news += u64::from(self.take(&lot, &code).await? == Take::Taken),
                (None | Some(TAKEN), RETURNED) => {
                    self.put_back(&lot, &code).await?;
                    news += 1;
                }
                _ => {}
            }
        }
        Ok(news)
    }

    /// Raises the counters of a day or a month to what others say. Answers whether any was lower.
    pub async fn keep_counters(&self, key: &Key, old: &Item) -> Result<bool, Error> {
        let mut news = false;
        for name in ["mails", "follow_ups", "discounts"] {
            let Some(count) = old.get(name) else { continue };
            let write = Write::update(Table::Ledger, key, "SET #count = :count").name("#count", name);
            let write = write.when("attribute_not_exists(#count) OR #count < :count").value(":count", count.clone());
            news |= self.commit(vec![write]).await?.done();
        }
        if let Some(expires) = old.get("expires").filter(|_| news) {
            let write = Write::update(Table::Ledger, key, "SET expires = :at").value(":at", expires.clone());
            self.commit(vec![write.when("attribute_not_exists(expires) OR expires < :at")]).await?;
        }
        Ok(news)
    }
}

fn piece<'a>(name: &str, value: &'a AttributeValue) -> Option<(Code, &'a str)> {
    let code = Code::parse(name.strip_prefix("code ")?)?;
    value.as_s().ok().map(|word| (code, word.as_str())).filter(|(_, word)| [TAKEN, RETURNED].contains(word))
}
