//! Stores: their list, their state, and their plans.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::{Deserialize, Serialize};
use winback_domain::ids::StoreId;
use winback_domain::plan::Folder;
use winback_domain::store::Store;

use super::{Error, Outcome, Table, Tables, Write, to_item};
use crate::keys::Key;

/// A plan as it is stored: a shop's folder under a number. It never changes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StoredPlan {
    /// Rises with every activation.
    pub number: u64,
    /// Of the folder.
    pub hash: String,
    /// Path to text.
    pub folder: Folder,
}

#[derive(Deserialize)]
struct StoreList {
    #[serde(default)]
    stores: BTreeMap<StoreId, bool>,
}

impl Tables {
    /// All stores, by name.
    pub async fn stores(&self) -> Result<Vec<StoreId>, Error> {
        let list: Option<StoreList> = self.load(Table::Customers, &Key::Stores).await?;
        Ok(list.map_or_else(Vec::new, |list| list.stores.into_keys().collect()))
    }

    /// A store's state.
    pub async fn store(&self, store: &StoreId) -> Result<Option<Store>, Error> {
        self.load(Table::Customers, &Key::Store(store.clone())).await
    }

    /// Adds a store that is not there yet. Adding it again changes nothing.
    pub async fn add_store(&self, store: &Store) -> Result<(), Error> {
        let key = Key::Store(store.id.clone());
        let write = Write::put(Table::Customers, &key, to_item(&key, store)?).when("attribute_not_exists(pk)");
        self.commit(vec![write]).await?;
        let none = Write::update(Table::Customers, &Key::Stores, "SET stores = :none");
        let none = none.when("attribute_not_exists(stores)").value(":none", AttributeValue::M([].into()));
        self.commit(vec![none]).await?;
        let name = Write::update(Table::Customers, &Key::Stores, "SET stores.#store = :yes");
        let name = name.name("#store", store.id.as_str()).value(":yes", AttributeValue::Bool(true));
        self.commit(vec![name]).await.map(|_| ())
    }

    /// Changes a store's state from what was read.
    pub async fn put_store(&self, before: &Store, after: &Store) -> Result<Outcome, Error> {
        self.commit(vec![Self::store_write(before, after)?]).await
    }

    fn store_write(before: &Store, after: &Store) -> Result<Write, Error> {
        let key = Key::Store(after.id.clone());
        let after = Store { rev: before.rev + 1, ..after.clone() };
        let write = Write::put(Table::Customers, &key, to_item(&key, &after)?);
        Ok(write.when("rev = :rev").number(":rev", before.rev))
    }

    /// Changes a store's state, reading again where somebody else was faster. Answers what it became.
    pub async fn change_store(&self, store: &StoreId, change: impl Fn(&mut Store)) -> Result<Option<Store>, Error> {
        for _ in 0..8 {
            let Some(before) = self.store(store).await? else { return Ok(None) };
            let mut after = before.clone();
            change(&mut after);
            if after == before {
                return Ok(Some(before));
            }
            if self.put_store(&before, &after).await?.done() {
                return Ok(Some(Store { rev: before.rev + 1, ..after }));
            }
        }
        Err(Error::Contended(store.clone()))
    }

    /// A plan by its number.
    pub async fn plan(&self, store: &StoreId, number: u64) -> Result<Option<StoredPlan>, Error> {
        self.load(Table::Customers, &Key::Plan(store.clone(), number)).await
    }

    /// Makes a folder the active plan, under the next number; the same folder as the active one changes nothing.
    /// Answers the number that is active now.
    pub async fn activate(&self, store: &StoreId, hash: &str, folder: &Folder) -> Result<u64, Error> {
        for _ in 0..8 {
            let missing = || Error::NoStore(store.clone());
            let before = self.store(store).await?.ok_or_else(missing)?;
            if let Some(active) = self.plan(store, before.plan).await?
                && active.hash == hash
            {
                return Ok(before.plan);
            }
            let number = before.plan + 1;
            let plan = StoredPlan { number, hash: hash.to_owned(), folder: folder.clone() };
            let key = Key::Plan(store.clone(), number);
            let put = Write::put(Table::Customers, &key, to_item(&key, &plan)?).when("attribute_not_exists(pk)");
            let after = Store { plan: number, ..before.clone() };
            // Both or none: a number that a store knows has its folder, and no folder ever changes.
            if self.commit(vec![put, Self::store_write(&before, &after)?]).await?.done() {
                return Ok(number);
            }
        }
        Err(Error::Contended(store.clone()))
    }
}
