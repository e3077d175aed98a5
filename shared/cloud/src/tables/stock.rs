//! Limited stock, issued in lots: a customer's claim takes from one small item that few share, and a piece carries the
//! code it went to, so that taking and putting back are safe to do twice.

use winback_domain::ids::{Code, StoreId};

use super::{Error, Item, Outcome, Table, Tables, Write};
use crate::keys::Key;

/// How many pieces of a limited offer lie in one lot: few enough for an item of a kilobyte.
pub const LOT: u32 = 25;

/// One lot of a limited offer.
#[derive(Clone, Debug, PartialEq)]
pub struct Lot {
    key: Key,
    /// How many pieces it has in all, by today's plan. The item counts what was taken, so a shop may change its stock.
    size: u32,
}

impl Lot {
    /// The lots of a limited offer, in the order of their numbers.
    pub fn all(store: &StoreId, program: &str, offer: &str, stock: u32) -> Vec<Self> {
        let lot = |number| Self { size: LOT.min(stock - number * LOT), ..Self::named(store, program, offer, number) };
        (0..stock.div_ceil(LOT)).map(lot).collect()
    }

    /// A lot by its number, full size: enough to put something back, whatever became of the stock.
    pub fn named(store: &StoreId, program: &str, offer: &str, number: u32) -> Self {
        Self { key: Key::Lot(store.clone(), program.to_owned(), offer.to_owned(), number), size: LOT }
    }

    /// How many pieces it has in all.
    pub fn size(&self) -> u32 {
        self.size
    }
}

/// A lot as it was read.
#[derive(Clone, Debug)]
pub struct Shelf {
    item: Option<Item>,
    size: u32,
}

impl Shelf {
    /// Pieces left.
    pub fn left(&self) -> u32 {
        let taken = self.item.as_ref().and_then(|item| item.get("taken")?.as_n().ok()?.parse().ok());
        self.size.saturating_sub(taken.unwrap_or(0))
    }

    /// Whether there is a piece for this code: one it took already, or one that is left.
    pub fn has_one_for(&self, code: &Code) -> bool {
        match word(self.item.as_ref(), code) {
            Some(word) => word == "taken",
            None => self.left() > 0,
        }
    }
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

impl Tables {
    /// Reads a lot.
    pub async fn shelf(&self, lot: &Lot) -> Result<Shelf, Error> {
        Ok(Shelf { item: self.get(Table::Ledger, &lot.key).await?, size: lot.size })
    }

    /// Takes a piece for a code: once, however often it is asked.
    pub async fn take(&self, lot: &Lot, code: &Code) -> Result<Take, Error> {
        let set = "SET #code = :word, #taken = if_not_exists(#taken, :zero) + :one";
        let write = Write::update(Table::Ledger, &lot.key, set)
            .when("attribute_not_exists(#code)")
            .when("attribute_not_exists(#taken) OR #taken < :size")
            .name("#taken", "taken")
            .name("#code", &attribute(code))
            .text(":word", "taken")
            .number(":size", lot.size)
            .number(":one", 1)
            .number(":zero", 0);
        Ok(match self.commit(vec![write]).await? {
            Outcome::Done => Take::Taken,
            Outcome::Lost(item) => match word(item.as_ref(), code) {
                Some("taken") => Take::Taken,
                Some(_) => Take::Returned,
                None => Take::Empty,
            },
        })
    }

    /// Marks a lot as left by a code that never took from it. False: it took a piece in between, and keeps it.
    pub async fn leave(&self, lot: &Lot, code: &Code) -> Result<bool, Error> {
        let mark = Write::update(Table::Ledger, &lot.key, "SET #code = :returned").when("attribute_not_exists(#code)");
        let mark = mark.name("#code", &attribute(code)).text(":returned", "returned");
        Ok(match self.commit(vec![mark]).await? {
            Outcome::Done => true,
            Outcome::Lost(item) => word(item.as_ref(), code) != Some("taken"),
        })
    }

    /// Puts a code's piece back. The return stays marked, so that a late take of the same claim finds it.
    pub async fn put_back(&self, lot: &Lot, code: &Code) -> Result<(), Error> {
        let back = Write::update(Table::Ledger, &lot.key, "SET #code = :returned, #taken = #taken - :one")
            .when("#code = :word")
            .name("#taken", "taken")
            .name("#code", &attribute(code))
            .text(":word", "taken")
            .text(":returned", "returned")
            .number(":one", 1);
        if self.commit(vec![back]).await?.done() {
            return Ok(());
        }
        self.leave(lot, code).await.map(|_| ())
    }
}

fn attribute(code: &Code) -> String {
    format!("code {code}")
}

fn word<'a>(item: Option<&'a Item>, code: &Code) -> Option<&'a str> {
    item?.get(&attribute(code))?.as_s().ok().map(String::as_str)
}
