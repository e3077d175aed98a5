//! Codes that a shop made itself and handed to us. They lie on a few shelves; what lies there is a hint. Whose a code is
//! says its own item in the ledger, which is put once: so no code is handed out twice, whatever a shelf says.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::future::try_join_all;
use winback_domain::ids::{Code, CustomerId, MessageId, StoreId};

use super::{Error, Item, Table, Tables, Write};
use crate::keys::Key;

/// Codes lie on so many shelves, by a hash of each.
const SHELVES: u32 = 32;
/// So many a shelf is given in one write.
const PUT_AT_ONCE: usize = 100;
/// So many are looked up side by side.
const ASKED_AT_ONCE: usize = 32;
/// A pool has no more: a shelf of it is read for every code that is handed out.
pub const MOST: usize = 50_000;
/// As many places as a hash still tells apart on a shelf.
const PLACES: u32 = 1 << 16;
/// A shelf with fewer stands for a pool that runs low.
const LOW: usize = 4;

/// The codes of an offer.
#[derive(Clone, Copy, Debug)]
pub struct Pool<'a> {
    /// Of which store.
    pub store: &'a StoreId,
    /// Its program's name.
    pub program: &'a str,
    /// The offer's key in the program.
    pub offer: &'a str,
}

/// What was found in a pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Picked {
    /// One that nobody has, and whether the pool runs low.
    Code {
        /// Which.
        code: Code,
        /// Fewer than a hundred or so are left.
        low: bool,
    },
    /// Every code has gone to somebody.
    Empty,
    /// Nobody ever put one in.
    NeverFilled,
}

impl Pool<'_> {
    fn shelf(&self, number: u32) -> Key {
        Key::Pool(self.store.clone(), self.program.to_owned(), self.offer.to_owned(), number)
    }
}

impl Tables {
    /// Puts codes into a pool that are new to it. Of those that lie there or went to somebody nothing changes. Answers how
    /// many were new; nothing: with them it would hold more than [`MOST`], and none was put there.
    pub async fn fill_pool(&self, pool: Pool<'_>, codes: &BTreeSet<Code>) -> Result<Option<usize>, Error> {
        let mut lie = BTreeSet::new();
        for number in 0..SHELVES {
            lie.extend(free(self.get(Table::Ledger, &pool.shelf(number)).await?.as_ref()));
        }
        let mut new = Vec::new();
        let strange: Vec<&Code> = codes.difference(&lie).collect();
        for some in strange.chunks(ASKED_AT_ONCE) {
            let known = try_join_all(some.iter().map(|code| self.coupon(pool.store, code))).await?;
            new.extend(some.iter().zip(known).filter(|(_, known)| known.is_none()).map(|(code, _)| (*code).clone()));
        }
        if lie.len() + new.len() > MOST {
            return Ok(None);
        }
        for number in 0..SHELVES {
            let here: Vec<Code> = new.iter().filter(|code| code.spread(SHELVES) == number).cloned().collect();
            self.put_on_shelf(&pool.shelf(number), &here).await?;
        }
        Ok(Some(new.len()))
    }

    /// Takes all codes off a pool's shelf that a restored table still has lying there: which of them were mailed since its
    /// backup nobody knows. Answers how many.
    pub(crate) async fn empty_shelf(&self, key: &Key, item: &Item) -> Result<usize, Error> {
        let lie = free(Some(item)).len();
        if lie > 0 {
            let empty = Write::update(Table::Ledger, key, "REMOVE #free").name("#free", "free");
            self.commit(vec![empty.when("attribute_exists(pk)")]).await?;
        }
        Ok(lie)
    }

    /// Puts onto a shelf what another table has lying there. Whose a code is, its own item says.
    pub(crate) async fn keep_shelf(&self, key: &Key, old: &Item) -> Result<usize, Error> {
        let ours = free(self.get(Table::Ledger, key).await?.as_ref());
        let news: Vec<Code> = free(Some(old)).into_iter().filter(|code| !ours.contains(code)).collect();
        self.put_on_shelf(key, &news).await?;
        Ok(news.len())
    }

    async fn put_on_shelf(&self, key: &Key, codes: &[Code]) -> Result<(), Error> {
        for some in codes.chunks(PUT_AT_ONCE) {
            let add = Write::update(Table::Ledger, key, "ADD #free :codes SET filled = :true").name("#free", "free");
            let add = add.value(":codes", AttributeValue::Ss(some.iter().map(ToString::to_string).collect()));
            self.commit(vec![add.value(":true", AttributeValue::Bool(true))]).await?;
        }
        Ok(())
    }

    /// How many codes lie in a pool. A few of them may have gone to somebody a moment ago.
    pub async fn left_in_pool(&self, pool: Pool<'_>) -> Result<usize, Error> {
        let mut left = 0;
        for number in 0..SHELVES {
            left += free(self.get(Table::Ledger, &pool.shelf(number)).await?.as_ref()).len();
        }
        Ok(left)
    }

    /// A code that nobody has. From a place derived from the customer, so that a crowd does not meet at one code.
    pub async fn pick_from_pool(&self, pool: Pool<'_>, customer: CustomerId) -> Result<Picked, Error> {
        let mut filled = false;
        for step in 0..SHELVES {
            let key = pool.shelf((customer.spread(SHELVES) + step) % SHELVES);
            let Some(item) = self.get(Table::Ledger, &key).await? else { continue };
            filled = true;
            let codes = free(Some(&item));
            // The higher bits of the hash whose lower ones chose the shelf, or all on it would begin at one code.
            let first = (customer.spread(SHELVES * PLACES) / SHELVES) as usize % codes.len().max(1);
            for code in codes.iter().cycle().skip(first).take(codes.len()) {
                if self.coupon(pool.store, code).await?.is_none() {
                    return Ok(Picked::Code { code: code.clone(), low: codes.len() < LOW });
                }
                self.take_off_shelf(pool, code).await;
            }
        }
        Ok(if filled { Picked::Empty } else { Picked::NeverFilled })
    }

    /// Takes a code off its shelf that has gone to somebody. Where that fails it lies there a while longer, and nobody else
    /// gets it all the same.
    pub async fn take_off_shelf(&self, pool: Pool<'_>, code: &Code) {
        let key = pool.shelf(code.spread(SHELVES));
        let taken = Write::update(Table::Ledger, &key, "DELETE #free :code").when("attribute_exists(pk)");
        let taken = taken.name("#free", "free").value(":code", AttributeValue::Ss(vec![code.to_string()]));
        if let Err(error) = self.commit(vec![taken]).await {
            tracing::warn!(store = %pool.store, %error, "pool's shelf not tidied");
        }
    }

    /// Whether a code may be this message's: nobody has it, or this message does.
    pub async fn may_have(&self, store: &StoreId, code: &Code, message: MessageId) -> Result<bool, Error> {
        Ok(self.coupon(store, code).await?.is_none_or(|coupon| coupon.message == message))
    }
}

fn free(item: Option<&Item>) -> Vec<Code> {
    let texts = item.and_then(|item| item.get("free")?.as_ss().ok());
    let mut codes: Vec<Code> = texts.into_iter().flatten().filter_map(|text| Code::parse(text)).collect();
    codes.sort();
    codes
}
