//! Nested facts as the tables keep them: one JSON text each, for serde's `with`. No condition looks into them, and an
//! attribute of its own for every date in a list costs several times the work on every read and write of a customer.

use serde::de::{DeserializeOwned, Error as _};
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Writes a fact as its JSON.
pub fn serialize<T: Serialize, S: Serializer>(fact: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&serde_json::to_string(fact).map_err(S::Error::custom)?)
}

/// Reads a fact from its JSON. What it complains of names a place in the text, never what stands there.
pub fn deserialize<'de, T: DeserializeOwned, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    serde_json::from_str(&text).map_err(|error| {
        D::Error::custom(format_args!("{:?} error at column {} of a packed fact", error.classify(), error.column()))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Serialize};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Shelf {
        #[serde(with = "super")]
        books: BTreeMap<String, Vec<u32>>,
    }

    #[test]
    fn a_fact_is_one_text_and_comes_back_as_it_was() {
        let shelf = Shelf { books: BTreeMap::from([("a \"b\"".to_owned(), vec![1, 2])]) };
        let text = serde_json::to_value(&shelf).unwrap();
        assert_eq!(text, serde_json::json!({"books": "{\"a \\\"b\\\"\":[1,2]}"}));
        assert_eq!(serde_json::from_value::<Shelf>(text).unwrap(), shelf);
    }

    #[test]
    fn a_broken_fact_is_told_of_without_its_words() {
        let broken = serde_json::json!({"books": "{\"anna@example.com\": \"secret\"}"});
        let said = serde_json::from_value::<Shelf>(broken).unwrap_err().to_string();
        assert_eq!(said, "Data error at column 29 of a packed fact");
    }
}
