//! Ids, codes and shares: all derived from what they belong to, so a retry makes the same thing again.

use std::fmt;
use std::sync::LazyLock;

use data_encoding::Encoding;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::address::Address;
use crate::keys::Key;
use crate::shop::Share;

/// Crockford's base 32, lower case: no i, l, o or u to misread.
static CROCKFORD: LazyLock<Encoding> = LazyLock::new(|| {
    let mut spec = data_encoding::Specification::new();
    spec.symbols.push_str("0123456789abcdefghjkmnpqrstvwxyz");
    spec.encoding().expect("the alphabet has 32 different symbols")
});

/// Hashes parts so that no two lists of parts look alike: each goes in behind its length.
fn digest(kind: &str, parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in std::iter::once(kind.as_bytes()).chain(parts.iter().copied()) {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}

/// A store's name in addresses and keys: 1 to 32 of `a–z 0–9 -`, starting with a letter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct StoreId(String);

/// The text is not a store's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a store's name is 1 to 32 of a–z, 0–9 and -, and starts with a letter")]
pub struct NotAStoreId;

impl StoreId {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for StoreId {
    type Error = NotAStoreId;

    fn try_from(text: String) -> Result<Self, NotAStoreId> {
        let plain = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        let starts = text.starts_with(|c: char| c.is_ascii_lowercase());
        if plain && starts && text.len() <= 32 { Ok(Self(text)) } else { Err(NotAStoreId) }
    }
}

impl From<StoreId> for String {
    fn from(id: StoreId) -> Self {
        id.0
    }
}

impl fmt::Display for StoreId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Sixteen bytes that say nothing about whom they stand for.
macro_rules! opaque_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name([u8; 16]);

        impl $name {
            /// The bytes, for a token.
            pub fn bytes(&self) -> [u8; 16] {
                self.0
            }

            /// From the bytes of a token.
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            fn cut(hash: [u8; 32]) -> Self {
                let mut bytes = [0; 16];
                bytes.copy_from_slice(&hash[..16]);
                Self(bytes)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&CROCKFORD.encode(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl TryFrom<String> for $name {
            type Error = NotAnId;

            fn try_from(text: String) -> Result<Self, NotAnId> {
                let bytes = CROCKFORD.decode(text.as_bytes()).map_err(|_| NotAnId)?;
                bytes.try_into().map(Self).map_err(|_| NotAnId)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }
    };
}

/// The text is not one of our ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id of ours")]
pub struct NotAnId;

opaque_id! {
    /// One customer of one store. Two stores are two customers.
    CustomerId
}
opaque_id! {
    /// One message: derived from customer, program name, episode, round and step, so the same step is the same
    /// message on every try, by every worker, under every edit of the program.
    MessageId
}

impl CustomerId {
    /// The customer a store knows by an id of its own.
    pub fn of_store_id(key: &Key, store: &StoreId, id: &str) -> Self {
        Self::cut(key.mac("customer id", &[store.as_str().as_bytes(), id.as_bytes()]))
    }

    /// The customer known by address alone. The hash is keyed: addresses can be guessed, the key cannot.
    pub fn of_address(key: &Key, store: &StoreId, address: &Address) -> Self {
        Self::cut(key.mac("address", &[store.as_str().as_bytes(), address.as_str().as_bytes()]))
    }

    /// Whether the customer is among a share that is held out: the same answer for ever, and for a larger share
    /// the same customers and more.
    pub fn held_out(&self, share: Share) -> bool {
        let hash = digest("holdout", &[&self.0]);
        let point = u64::from_be_bytes(hash[..8].try_into().expect("eight of 32 bytes")) % 10_000;
        point < u64::from(share.basis_points())
    }

    /// One of `of` (at least 1) places, evenly: the shard of the due index, the first stock lot to look into.
    pub fn spread(&self, of: u32) -> u32 {
        let hash = digest("spread", &[&self.0]);
        let point = u32::from_be_bytes(hash[..4].try_into().expect("four of 32 bytes"));
        point % of.max(1)
    }
}

impl MessageId {
    /// The message of one step. `episode` is the moment the silence is counted from.
    pub fn of(customer: CustomerId, program: &str, episode: Timestamp, round: u32, step: u32) -> Self {
        Self::cut(digest(
            "message",
            &[
                &customer.0,
                program.as_bytes(),
                &episode.as_second().to_be_bytes(),
                &round.to_be_bytes(),
                &step.to_be_bytes(),
            ],
        ))
    }
}

/// A code a customer types at the checkout. Ours are ten letters and digits in Crockford's alphabet, 50 bits; a shop may
/// bring its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Code(String);

impl Code {
    /// The code of a message by the number of its first claim: the same on every try, and another once a claim lapsed
    /// (then the old one is dead for good, and a later day is a later deadline).
    pub fn of(key: &Key, store: &StoreId, message: MessageId, first_claim: u64) -> Self {
        let mac = key.mac("code", &[store.as_str().as_bytes(), &message.0, &first_claim.to_be_bytes()]);
        let mut text = CROCKFORD.encode(&mac[..10]).to_ascii_uppercase();
        text.truncate(10);
        Self(text)
    }

    /// A code as somebody typed it: case, spaces and dashes do not matter, and letters that are mistaken for
    /// digits are read as those. Nothing where no code of ours can look like this.
    pub fn read(typed: &str) -> Option<Self> {
        let plain = typed.chars().filter(|c| !c.is_whitespace() && *c != '-').take(65);
        let folded: String = plain
            .map(|c| match c.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                other => other,
            })
            .collect();
        let fits = folded.len() == 10 && folded.bytes().all(|b| b.is_ascii_alphanumeric());
        fits.then_some(Self(folded))
    }

    /// A code that a shop made itself and gave us to hand out, as it is written: capitals, digits, dashes and
    /// underscores, 4 to 32 of them. What a shop's checkout takes for another code, we must too, so no letter is read as
    /// another; and small letters are none, because some checkouts mind them and some do not.
    pub fn parse(written: &str) -> Option<Self> {
        let plain = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-' || b == b'_';
        let fits = (4..=32).contains(&written.len())
            && written.bytes().all(plain)
            && written.bytes().any(|b| b.is_ascii_alphanumeric());
        fits.then(|| Self(written.to_owned()))
    }

    /// The codes that somebody may mean who typed this: one of ours, one of a shop's own.
    pub fn meant(typed: &str) -> Vec<Self> {
        let own = Self::read(typed);
        let imported = Self::parse(&typed.trim().to_ascii_uppercase()).filter(|code| own.as_ref() != Some(code));
        own.into_iter().chain(imported).collect()
    }

    /// One of `of` (at least 1) places, evenly.
    pub fn spread(&self, of: u32) -> u32 {
        let hash = digest("spread of codes", &[self.0.as_bytes()]);
        let point = u32::from_be_bytes(hash[..4].try_into().expect("four of 32 bytes"));
        point % of.max(1)
    }

    /// The code as it is mailed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn store(name: &str) -> StoreId {
        StoreId::try_from(name.to_owned()).unwrap()
    }

    fn anna(shop: &str) -> CustomerId {
        let key = Key::new(b"lookup".to_vec());
        CustomerId::of_address(&key, &store(shop), &"anna@shop.example".parse().unwrap())
    }

    #[test]
    fn two_stores_are_two_customers() {
        assert_ne!(anna("books"), anna("records"));
        assert_eq!(anna("books"), anna("books"));
        assert_eq!(CustomerId::try_from(anna("books").to_string()), Ok(anna("books")));
    }

    #[test]
    fn every_step_of_every_episode_is_another_message() {
        let first = Timestamp::from_second(1_000_000).unwrap();
        let second = Timestamp::from_second(2_000_000).unwrap();
        let ids = [
            MessageId::of(anna("books"), "We miss you", first, 0, 0),
            MessageId::of(anna("books"), "We miss you", first, 0, 1),
            MessageId::of(anna("books"), "We miss you", first, 1, 0),
            MessageId::of(anna("books"), "We miss you", second, 0, 0),
            MessageId::of(anna("books"), "Another", first, 0, 0),
            MessageId::of(anna("records"), "We miss you", first, 0, 0),
        ];
        let different: std::collections::BTreeSet<_> = ids.iter().collect();
        assert_eq!(different.len(), ids.len());
    }

    #[test]
    fn a_code_is_the_same_on_every_try_and_another_after_a_lapse() {
        let key = Key::new(b"code".to_vec());
        let message = MessageId::of(anna("books"), "We miss you", Timestamp::UNIX_EPOCH, 0, 0);
        let code = Code::of(&key, &store("books"), message, 7);
        assert_eq!(code, Code::of(&key, &store("books"), message, 7));
        assert_ne!(code, Code::of(&key, &store("books"), message, 9));
        let typed = format!(" {}-{} ", &code.as_str()[..5].to_lowercase(), &code.as_str()[5..]);
        assert_eq!(Code::read(&typed), Some(code));
        assert_eq!(Code::read("SUMMER"), None);
    }

    #[test]
    fn a_third_is_held_out_and_a_larger_share_holds_out_the_same_and_more() {
        let key = Key::new(b"lookup".to_vec());
        let customers: Vec<_> =
            (0..3_000).map(|n| CustomerId::of_store_id(&key, &store("books"), &n.to_string())).collect();
        let held = |points| {
            let share = Share::from_basis_points(points).unwrap();
            customers.iter().filter(|c| c.held_out(share)).count()
        };
        assert!((810..=990).contains(&held(3_000)), "{}", held(3_000));
        assert_eq!(held(0), 0);
        assert_eq!(held(10_000), 3_000);
        let (small, large) = (Share::from_basis_points(1_000), Share::from_basis_points(3_000));
        assert!(customers.iter().all(|c| !c.held_out(small.unwrap()) || c.held_out(large.unwrap())));
    }

    #[test]
    fn store_names_are_plain() {
        for bad in ["", "9shop", "Shop", "shop_1", "shop/1", &"a".repeat(33)] {
            assert_eq!(StoreId::try_from(bad.to_owned()), Err(NotAStoreId), "{bad}");
        }
    }

    #[test]
    fn a_shops_own_code_is_taken_as_it_is_written() {
        for good in ["SPRING-OLIVE_7", "7K2M", "7K2MQX4T09"] {
            assert_eq!(Code::parse(good).unwrap().as_str(), good);
        }
        for bad in ["----", "abc", "ABC", "spring-7", "SPRING 7", "ÄRGER", "A#BCD", &"A".repeat(33)] {
            assert_eq!(Code::parse(bad), None, "{bad}");
        }
        let meant = |typed| Code::meant(typed).iter().map(|code| code.as_str().to_owned()).collect::<Vec<_>>();
        assert_eq!(meant(" spring-olive_7 "), ["SPRING-OLIVE_7"]);
        assert_eq!(meant("7k2mqx4t09"), ["7K2MQX4T09"]);
        assert_eq!(meant("SPRINGOL10"), ["SPR1NG0110", "SPRINGOL10"], "it may be either");
        assert_eq!(meant("?"), Vec::<String>::new());
    }
}
