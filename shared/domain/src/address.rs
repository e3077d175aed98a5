//! Mail addresses: lower case, strict, one per person.

use std::fmt;
use std::str::FromStr;

use email_address::{EmailAddress, Options};
use serde::{Deserialize, Serialize};

/// An address we could write to. Lower-cased whole: SES sends regardless of case but suppresses with it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Address(String);

/// The text is not an address we would send to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a mail address")]
pub struct NotAnAddress;

impl Address {
    /// The address as text. Never for a log.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Address {
    type Err = NotAnAddress;

    fn from_str(text: &str) -> Result<Self, NotAnAddress> {
        let strict = Options::default().with_required_tld().without_domain_literal().without_display_text();
        let lower = text.trim().to_lowercase();
        // SES takes ASCII local parts only; quoted ones exist to smuggle.
        if !lower.is_ascii() || lower.contains('"') || lower.len() > 254 {
            return Err(NotAnAddress);
        }
        EmailAddress::parse_with_options(&lower, strict).map_err(|_| NotAnAddress)?;
        Ok(Self(lower))
    }
}

impl TryFrom<String> for Address {
    type Error = NotAnAddress;

    fn try_from(text: String) -> Result<Self, NotAnAddress> {
        text.parse()
    }
}

impl From<Address> for String {
    fn from(address: Address) -> Self {
        address.0
    }
}

impl fmt::Debug for Address {
    /// Logs carry ids, never addresses: a stray `{:?}` shows nothing.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Address(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_person_is_one_address() {
        assert_eq!(" Anna@Shop.Example ".parse::<Address>(), "anna@shop.example".parse());
    }

    #[test]
    fn what_could_not_be_mailed_is_refused() {
        for text in [
            "",
            "anna",
            "anna@",
            "@shop.example",
            "anna@localhost",
            "a@b@c.example",
            "Anna <anna@shop.example>",
            "anna@[127.0.0.1]",
            "anna@shop.example\r\nBcc: x@y.example",
            "\"a b\"@shop.example",
            "änna@shop.example",
        ] {
            assert_eq!(text.parse::<Address>(), Err(NotAnAddress), "{text}");
        }
    }

    #[test]
    fn debug_output_hides_it() {
        let address: Address = "anna@shop.example".parse().unwrap();
        assert!(!format!("{address:?}").contains("anna"));
    }
}
