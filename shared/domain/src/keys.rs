//! The three keys: *lookup* (never rotated), *link* (rotated, old ones still verify), *code*. And what they sign.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

use crate::ids::{CustomerId, MessageId, StoreId};

/// A secret key. It never shows itself.
#[derive(Clone)]
pub struct Key(Vec<u8>);

impl Key {
    /// Takes the key's bytes.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// HMAC-SHA256 over parts, each behind its length, so that no two lists of parts look alike.
    pub fn mac(&self, kind: &str, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes keys of any length");
        for part in std::iter::once(kind.as_bytes()).chain(parts.iter().copied()) {
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(…)")
    }
}

/// Whether two secrets are the same, in a time that tells nothing of them but their length.
pub fn same(known: &str, shown: &str) -> bool {
    known.as_bytes().ct_eq(shown.as_bytes()).into()
}

/// The keys that sign links: the first signs, all verify.
#[derive(Clone, Debug)]
pub struct LinkKeys(Vec<(u8, Key)>);

/// What a link is good for. A link for one thing does not open another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The offer page.
    Offer,
    /// The page and the one-click address that end mailing.
    Unsubscribe,
}

/// Who a link belongs to, and which message carried it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// The customer.
    pub customer: CustomerId,
    /// The message.
    pub message: MessageId,
}

impl LinkKeys {
    /// Keys by their ids, the signing one first. At least one.
    pub fn new(first: (u8, Key), older: Vec<(u8, Key)>) -> Self {
        Self(std::iter::once(first).chain(older).collect())
    }

    /// The token of a link: key id, customer, message and a 16-byte signature, in URL-safe base 64.
    /// It says nothing to a reader and cannot be guessed.
    pub fn sign(&self, purpose: Purpose, store: &StoreId, link: Link) -> String {
        let (id, key) = &self.0[0];
        let mut token = vec![*id];
        token.extend(link.customer.bytes());
        token.extend(link.message.bytes());
        let signature = signature(key, purpose, store, &token);
        token.extend(signature);
        BASE64URL_NOPAD.encode(&token)
    }

    /// The link of a token, if one of the keys signed it for this purpose and store.
    pub fn verify(&self, purpose: Purpose, store: &StoreId, token: &str) -> Option<Link> {
        let bytes = BASE64URL_NOPAD.decode(token.as_bytes()).ok().filter(|b| b.len() == 49)?;
        let (signed, given) = bytes.split_at(33);
        let (_, key) = self.0.iter().find(|(id, _)| *id == signed[0])?;
        let expected = signature(key, purpose, store, signed);
        bool::from(expected.ct_eq(given)).then(|| Link {
            customer: CustomerId::from_bytes(signed[1..17].try_into().expect("16 bytes")),
            message: MessageId::from_bytes(signed[17..33].try_into().expect("16 bytes")),
        })
    }
}

fn signature(key: &Key, purpose: Purpose, store: &StoreId, signed: &[u8]) -> [u8; 16] {
    let kind = match purpose {
        Purpose::Offer => "link offer",
        Purpose::Unsubscribe => "link unsubscribe",
    };
    let mac = key.mac(kind, &[store.as_str().as_bytes(), signed]);
    mac[..16].try_into().expect("16 of 32 bytes")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::Address;
    use jiff::Timestamp;

    fn link() -> (StoreId, Link) {
        let store = StoreId::try_from("books".to_owned()).unwrap();
        let customer = CustomerId::of_store_id(&Key::new(b"l".to_vec()), &store, "7");
        let message = MessageId::of(customer, "We miss you", Timestamp::UNIX_EPOCH, 0, 0);
        (store, Link { customer, message })
    }

    #[test]
    fn a_link_opens_only_what_it_was_made_for() {
        let keys = LinkKeys::new((1, Key::new(b"secret".to_vec())), vec![]);
        let (store, link) = link();
        let token = keys.sign(Purpose::Offer, &store, link);
        assert_eq!(keys.verify(Purpose::Offer, &store, &token), Some(link));
        assert_eq!(keys.verify(Purpose::Unsubscribe, &store, &token), None);
        let other = StoreId::try_from("records".to_owned()).unwrap();
        assert_eq!(keys.verify(Purpose::Offer, &other, &token), None);
    }

    #[test]
    fn a_token_says_nothing_to_a_reader() {
        let keys = LinkKeys::new((1, Key::new(b"secret".to_vec())), vec![]);
        let (store, _) = link();
        let address: Address = "anna@example.com".parse().unwrap();
        let customer = |key: &str| CustomerId::of_address(&Key::new(key.as_bytes().to_vec()), &store, &address);
        let anna = customer("lookup");
        let message = MessageId::of(anna, "We miss you", Timestamp::UNIX_EPOCH, 0, 0);
        for purpose in [Purpose::Offer, Purpose::Unsubscribe] {
            let token = keys.sign(purpose, &store, Link { customer: anna, message });
            let bytes = BASE64URL_NOPAD.decode(token.as_bytes()).unwrap();
            let hashes = [&[1_u8][..], &anna.bytes(), &message.bytes()].concat();
            assert_eq!((&bytes[..33], bytes.len()), (&hashes[..], 49), "a key's number, two hashes and a signature");
            for word in ["anna", "example", "books", "miss you", "offer", "unsubscribe", "secret"] {
                let told = bytes.windows(word.len()).any(|piece| piece == word.as_bytes());
                assert!(!told && !token.contains(word), "{word}: {token}");
            }
        }
        assert_ne!(customer("another key"), anna, "whoever guesses the address cannot make its hash");
    }

    #[test]
    fn every_changed_character_breaks_it() {
        let keys = LinkKeys::new((1, Key::new(b"secret".to_vec())), vec![]);
        let (store, link) = link();
        let token = keys.sign(Purpose::Offer, &store, link);
        for at in 0..token.len() {
            let mut bent = token.clone().into_bytes();
            bent[at] = if bent[at] == b'A' { b'B' } else { b'A' };
            let bent = String::from_utf8(bent).unwrap();
            assert_eq!(keys.verify(Purpose::Offer, &store, &bent), None, "{at}");
        }
        assert_eq!(keys.verify(Purpose::Offer, &store, ""), None);
    }

    #[test]
    fn a_rotated_key_still_opens_old_links() {
        let old = Key::new(b"old".to_vec());
        let (store, link) = link();
        let token = LinkKeys::new((1, old.clone()), vec![]).sign(Purpose::Offer, &store, link);
        let keys = LinkKeys::new((2, Key::new(b"new".to_vec())), vec![(1, old)]);
        assert_eq!(keys.verify(Purpose::Offer, &store, &token), Some(link));
        assert_ne!(keys.sign(Purpose::Offer, &store, link), token);
    }
}
