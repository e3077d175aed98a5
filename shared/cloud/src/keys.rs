//! Every key of the two tables, in one place. All but the list of stores and the pages of a run begin with their store.

use std::fmt;

use jiff::civil::Date;
use winback_domain::ids::{Code, CustomerId, MessageId, StoreId};

use crate::tables::Table;

/// One item's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// customers: the one list of all stores.
    Stores,
    /// customers: a page that a run over all customers has done: of which pass, which segment, its number.
    Page(String, u32, u32),
    /// customers: a store's state.
    Store(StoreId),
    /// customers: the mail that was sent last to see whether mails arrive.
    FirstMail(StoreId),
    /// customers: a plan by its number. It never changes.
    Plan(StoreId, u64),
    /// customers: a customer, an alias that points to one, or a tombstone.
    Customer(StoreId, CustomerId),
    /// ledger: an order by its store's id.
    Order(StoreId, String),
    /// ledger: a message.
    Message(StoreId, MessageId),
    /// ledger: a code.
    Coupon(StoreId, Code),
    /// ledger: which code a store means by its own id of it.
    Reference(StoreId, String),
    /// ledger: one lot of an offer's stock: program, offer, number.
    Lot(StoreId, String, String, u32),
    /// ledger: codes that a shop handed to us, and perhaps nobody has: program, offer, shelf.
    Pool(StoreId, String, String, u32),
    /// ledger: what a store used of its limits on a day of the shop.
    Day(StoreId, Date),
    /// ledger: what a store used of its limits in a calendar month of the shop; any day of it.
    Month(StoreId, Date),
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stores => f.write_str("stores"),
            Self::Page(pass, segment, number) => write!(f, "page {pass} {segment} {number}"),
            Self::Store(store) => write!(f, "{store}#store"),
            Self::FirstMail(store) => write!(f, "{store}#first-mail"),
            Self::Plan(store, number) => write!(f, "{store}#plan#{number}"),
            Self::Customer(store, id) => write!(f, "{store}#customer#{id}"),
            Self::Order(store, id) => write!(f, "{store}#order#{id}"),
            Self::Message(store, id) => write!(f, "{store}#message#{id}"),
            Self::Coupon(store, code) => write!(f, "{store}#code#{code}"),
            Self::Reference(store, reference) => write!(f, "{store}#reference#{reference}"),
            Self::Lot(store, program, offer, number) => {
                write!(f, "{store}#lot#{}#{}#{number}", escape(program), escape(offer))
            }
            Self::Pool(store, program, offer, shelf) => {
                write!(f, "{store}#pool#{}#{}#{shelf}", escape(program), escape(offer))
            }
            Self::Day(store, day) => write!(f, "{store}#day#{day}"),
            Self::Month(store, day) => write!(f, "{store}#month#{}", day.first_of_month()),
        }
    }
}

/// Names are people's words: a `#` in one must not look like ours.
fn escape(name: &str) -> String {
    name.replace('%', "%25").replace('#', "%23")
}

impl Key {
    /// The table it lies in.
    pub fn table(&self) -> Table {
        match self {
            Self::Stores
            | Self::Page(..)
            | Self::Store(_)
            | Self::FirstMail(_)
            | Self::Plan(..)
            | Self::Customer(..) => Table::Customers,
            Self::Order(..)
            | Self::Message(..)
            | Self::Coupon(..)
            | Self::Reference(..)
            | Self::Lot(..)
            | Self::Pool(..)
            | Self::Day(..)
            | Self::Month(..) => Table::Ledger,
        }
    }

    /// Reads a key back. Names come back as they were.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "stores" {
            return Some(Self::Stores);
        }
        if let Some(page) = text.strip_prefix("page ") {
            let mut parts = page.split(' ');
            return Some(Self::Page(
                parts.next()?.to_owned(),
                parts.next()?.parse().ok()?,
                parts.next()?.parse().ok()?,
            ));
        }
        let (store, rest) = text.split_once('#')?;
        let store = StoreId::try_from(store.to_owned()).ok()?;
        let (kind, rest) = rest.split_once('#').unwrap_or((rest, ""));
        Some(match kind {
            "store" => Self::Store(store),
            "first-mail" => Self::FirstMail(store),
            "plan" => Self::Plan(store, rest.parse().ok()?),
            "customer" => Self::Customer(store, rest.to_owned().try_into().ok()?),
            "order" => Self::Order(store, rest.to_owned()),
            "message" => Self::Message(store, rest.to_owned().try_into().ok()?),
            "code" => Self::Coupon(store, Code::parse(rest)?),
            "reference" => Self::Reference(store, rest.to_owned()),
            "pool" => {
                let mut parts = rest.split('#').map(|part| part.replace("%23", "#").replace("%25", "%"));
                Self::Pool(store, parts.next()?, parts.next()?, parts.next()?.parse().ok()?)
            }
            "lot" => {
                let mut parts = rest.split('#').map(|part| part.replace("%23", "#").replace("%25", "%"));
                Self::Lot(store, parts.next()?, parts.next()?, parts.next()?.parse().ok()?)
            }
            "day" => Self::Day(store, rest.parse().ok()?),
            "month" => Self::Month(store, rest.parse().ok()?),
            _ => return None,
        })
    }
}

/// The partition of the due index a customer lies in.
pub fn due_shard(store: &StoreId, customer: CustomerId, shards: u32) -> String {
    format!("{store}#{}", customer.spread(shards))
}

/// All partitions of a store in the due index.
pub fn due_shards(store: &StoreId, shards: u32) -> impl Iterator<Item = String> {
    (0..shards.max(1)).map(move |shard| format!("{store}#{shard}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use winback_domain::keys::Key as Secret;

    #[test]
    fn every_key_reads_back() {
        let store = StoreId::try_from("books".to_owned()).unwrap();
        let secret = Secret::new(b"key".to_vec());
        let customer = CustomerId::of_store_id(&secret, &store, "7");
        let message = MessageId::of(customer, "We miss you", jiff::Timestamp::UNIX_EPOCH, 0, 1);
        let day = jiff::civil::date(2026, 5, 1);
        for key in [
            Key::Stores,
            Key::Page("rank".to_owned(), 3, 17),
            Key::Store(store.clone()),
            Key::FirstMail(store.clone()),
            Key::Plan(store.clone(), 17),
            Key::Customer(store.clone(), customer),
            Key::Order(store.clone(), "A#1".to_owned()),
            Key::Message(store.clone(), message),
            Key::Coupon(store.clone(), Code::of(&secret, &store, message, 7)),
            Key::Reference(store.clone(), "gid://shopify/DiscountCodeNode/1".to_owned()),
            Key::Lot(store.clone(), "50 % # more".to_owned(), "ten-euro".to_owned(), 3),
            Key::Pool(store.clone(), "50 % # more".to_owned(), "ten-euro".to_owned(), 31),
            Key::Coupon(store.clone(), Code::parse("SPRING-OLIVE_7").unwrap()),
            Key::Day(store.clone(), day),
            Key::Month(store.clone(), day),
        ] {
            assert_eq!(Key::parse(&key.to_string()), Some(key.clone()), "{key}");
        }
        assert_eq!(Key::parse("books#nothing#1"), None);
    }
}
