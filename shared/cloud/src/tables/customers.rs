//! Customers, their aliases, and the due index.

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use winback_domain::customer::{Customer, Open};
use winback_domain::ids::{CustomerId, StoreId};

use super::{Error, Item, Outcome, Table, Tables, Write, from_item, to_item};
use crate::keys::{Key, due_shard, due_shards};
use winback_domain::planted::{Planted, planted};

/// What lies under a customer's key.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// A customer, or their tombstone.
    Customer(Box<Customer>),
    /// Another key's customer.
    Alias(CustomerId),
}

#[derive(Serialize, Deserialize)]
struct Alias {
    alias_of: CustomerId,
}

/// What a customer's write requires of what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// Nothing is there.
    Absent,
    /// The very revision we read.
    Rev(u64),
}

/// One page of a scan over a segment.
#[derive(Debug)]
pub struct Page {
    /// Customers on it, of all stores.
    pub customers: Vec<(StoreId, Customer)>,
    /// Names of customers that lead to another record.
    pub aliases: Vec<(StoreId, CustomerId, CustomerId)>,
    /// Where the next page starts; nothing: the segment is done.
    pub next: Option<String>,
}

impl Tables {
    /// What lies under a customer's key, consistently.
    pub async fn record(&self, store: &StoreId, id: CustomerId) -> Result<Option<Record>, Error> {
        let key = Key::Customer(store.clone(), id);
        self.get(Table::Customers, &key).await?.map(|item| read(&key, item)).transpose()
    }

    /// A customer, by way of an alias if need be.
    pub async fn customer(&self, store: &StoreId, id: CustomerId) -> Result<Option<Customer>, Error> {
        let mut id = id;
        // Each merge may add a hop; nobody is merged so often.
        for _ in 0..16 {
            match self.record(store, id).await? {
                Some(Record::Customer(customer)) => return Ok(Some(*customer)),
                Some(Record::Alias(of)) => id = of,
                None => return Ok(None),
            }
        }
        let key = Key::Customer(store.clone(), id).to_string();
        Err(Error::Unreadable { key, problem: "a chain of aliases".to_owned() })
    }

    /// Puts a customer whole, if what is there is as expected.
    pub fn put_customer(&self, store: &StoreId, customer: &Customer, expect: Expect) -> Result<Write, Error> {
        let key = Key::Customer(store.clone(), customer.id);
        let mut item = to_item(&key, customer)?;
        let shard = due_shard(store, customer.id, self.shards);
        item.insert("due_shard".to_owned(), AttributeValue::S(shard));
        let write = Write::put(Table::Customers, &key, item);
        Ok(match expect {
            Expect::Absent => write.when("attribute_not_exists(pk)"),
            Expect::Rev(rev) => write.when("attribute_exists(pk) AND rev = :rev").number(":rev", rev),
        })
    }

    /// Puts a customer whose `due` was computed anew: never under an older plan than the one that is stamped.
    pub fn put_looked(&self, store: &StoreId, customer: &Customer, rev: u64) -> Result<Write, Error> {
        let write = self.put_customer(store, customer, Expect::Rev(rev))?;
        if planted(Planted::PlanConditionDropped) {
            return Ok(write);
        }
        Ok(write.when("#plan <= :plan").name("#plan", "plan").number(":plan", customer.plan))
    }

    /// Puts a claim: also only if the customer is due now.
    pub fn put_claim(&self, store: &StoreId, customer: &Customer, rev: u64, now: Timestamp) -> Result<Write, Error> {
        if planted(Planted::ClaimWithoutRev) {
            let write = self.put_customer(store, customer, Expect::Rev(rev))?;
            return Ok(Write { condition: "attribute_exists(pk)".to_owned(), values: Item::new(), ..write });
        }
        let write = self.put_customer(store, customer, Expect::Rev(rev))?;
        Ok(write.when("due <= :now").number(":now", now.as_second()))
    }

    /// An alias to a customer, where nothing was.
    pub fn put_alias(&self, store: &StoreId, from: CustomerId, to: CustomerId) -> Result<Write, Error> {
        let key = Key::Customer(store.clone(), from);
        let item = to_item(&key, &Alias { alias_of: to })?;
        Ok(Write::put(Table::Customers, &key, item).when("attribute_not_exists(pk)"))
    }

    /// Turns a merged customer into an alias, in place.
    pub fn put_merged(&self, store: &StoreId, loser: &Customer, into: CustomerId) -> Result<Write, Error> {
        let key = Key::Customer(store.clone(), loser.id);
        let item = to_item(&key, &Alias { alias_of: into })?;
        let write = Write::put(Table::Customers, &key, item);
        Ok(write.when("attribute_exists(pk) AND rev = :rev").number(":rev", loser.rev))
    }

    /// The fence: `claimed → sending`, if claim number and `stop_rev` are as seen.
    ///
    /// `Lost` carries the customer as it is, so that a caller who finds its own owner there knows that its first try
    /// had won and only the answer was lost.
    pub async fn fence(
        &self,
        store: &StoreId,
        customer: &Customer,
        fenced: &Open,
    ) -> Result<Result<(), Option<Customer>>, Error> {
        let key = Key::Customer(store.clone(), customer.id);
        let claimed = "attribute_exists(pk) AND #open.#state = :claimed";
        let mut write = Write::update(
            Table::Customers,
            &key,
            "SET #open.#state = :sending, #open.#owner = :owner, #open.fenced = :now, rev = rev + :one",
        )
        .when(claimed)
        .name("#open", "open")
        .name("#state", "state")
        .name("#owner", "owner")
        .text(":claimed", "claimed")
        .text(":sending", "sending")
        .text(":owner", fenced.owner.as_deref().unwrap_or_default())
        .number(":now", fenced.fenced.unwrap_or(Timestamp::MIN).as_second())
        .number(":one", 1);
        if !planted(Planted::FenceWithoutClaim) {
            write = write.when("#open.claim = :claim").number(":claim", fenced.claim);
        }
        if !planted(Planted::FenceWithoutStopRev) {
            write = write.when("stop_rev = :stop").number(":stop", customer.stop_rev);
        }
        match self.commit(vec![write]).await? {
            Outcome::Done => Ok(Ok(())),
            Outcome::Lost(item) => {
                let record = item.map(|item| read(&key, item)).transpose()?;
                Ok(Err(record.and_then(|record| match record {
                    Record::Customer(customer) => Some(*customer),
                    Record::Alias(_) => None,
                })))
            }
        }
    }

    /// Customers of a store that are due, each shard's longest waiting first, at most so many, and since when. A hint:
    /// it may be stale.
    pub async fn due(
        &self,
        store: &StoreId,
        now: Timestamp,
        most: usize,
    ) -> Result<Vec<(CustomerId, Timestamp)>, Error> {
        let mut found = Vec::new();
        for shard in due_shards(store, self.shards) {
            let mut from = None;
            let share = most.div_ceil(self.shards.max(1) as usize);
            let mut left = share;
            while left > 0 {
                let request = self.client.query().table_name(&self.customers).index_name("due");
                let request = request.key_condition_expression("due_shard = :shard AND due <= :now");
                let request = request.expression_attribute_values(":shard", AttributeValue::S(shard.clone()));
                let now = AttributeValue::N(now.as_second().to_string());
                let request = request.expression_attribute_values(":now", now).set_exclusive_start_key(from);
                let answer = request.limit(i32::try_from(left).unwrap_or(i32::MAX)).send().await;
                let answer = answer.map_err(super::failed)?;
                for item in answer.items() {
                    let key = item.get("pk").and_then(|pk| pk.as_s().ok()).and_then(|pk| Key::parse(pk));
                    if let Some(Key::Customer(_, id)) = key {
                        found.push((id, due_of(item).unwrap_or(Timestamp::MIN)));
                        left -= 1;
                    }
                }
                from = answer.last_evaluated_key;
                if from.is_none() {
                    break;
                }
            }
        }
        Ok(found)
    }

    /// The earliest `due` of a store's index, whether past or to come.
    pub async fn first_due(&self, store: &StoreId) -> Result<Option<Timestamp>, Error> {
        let mut first = None;
        for shard in due_shards(store, self.shards) {
            let request = self.client.query().table_name(&self.customers).index_name("due").limit(1);
            let request = request.key_condition_expression("due_shard = :shard");
            let request = request.expression_attribute_values(":shard", AttributeValue::S(shard));
            let answer = request.send().await.map_err(super::failed)?;
            first = [first, answer.items().first().and_then(due_of)].into_iter().flatten().min();
        }
        Ok(first)
    }

    /// One page of one of `segments` parts of the customers table.
    pub async fn scan(&self, segment: u32, segments: u32, from: Option<&str>) -> Result<Page, Error> {
        let start = from.map(|pk| Item::from([("pk".to_owned(), AttributeValue::S(pk.to_owned()))]));
        let number = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
        let request = self.client.scan().table_name(&self.customers).consistent_read(true);
        let request = request.segment(number(segment)).total_segments(number(segments.max(1)));
        let answer = request.set_exclusive_start_key(start).send().await.map_err(super::failed)?;
        let next = answer.last_evaluated_key.as_ref().and_then(|key| key.get("pk")?.as_s().ok().cloned());
        let (mut customers, mut aliases) = (Vec::new(), Vec::new());
        for item in answer.items.unwrap_or_default() {
            let key = item.get("pk").and_then(|pk| pk.as_s().ok()).and_then(|pk| Key::parse(pk));
            let Some(Key::Customer(store, id)) = key else { continue };
            match read(&Key::Customer(store.clone(), id), item) {
                Ok(Record::Customer(customer)) => customers.push((store, *customer)),
                Ok(Record::Alias(of)) => aliases.push((store, id, of)),
                // One record that nobody can read must not hide those behind it.
                Err(error) => tracing::error!(%error, "customer not read"),
            }
        }
        Ok(Page { customers, aliases, next })
    }
}

/// Since when somebody is due, as the index says it.
fn due_of(item: &Item) -> Option<Timestamp> {
    Timestamp::from_second(item.get("due")?.as_n().ok()?.parse().ok()?).ok()
}

/// What an item under a customer's key says.
pub(crate) fn read(key: &Key, item: Item) -> Result<Record, Error> {
    if item.contains_key("alias_of") {
        from_item::<Alias>(key, item).map(|alias| Record::Alias(alias.alias_of))
    } else {
        from_item::<Customer>(key, item).map(|customer| Record::Customer(Box::new(customer)))
    }
}
