//! What a till asks, read once at the door.

use serde::Deserialize;
use winback_domain::address::Address;
use winback_domain::event::wire::{Amount, stores_id};
use winback_domain::http::{Answer, Problem, segments};
use winback_domain::ids::{Code, StoreId};
use winback_domain::money::{Currency, Money};

/// What is wanted of a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// Take it.
    Redeem,
    /// Say whether it would hold; take nothing.
    Check,
}

/// Reads method and path.
pub(crate) fn wish(method: &str, path: &str) -> Result<Wish, Answer> {
    let wish = match segments(path)[..] {
        ["redeem"] => Wish::Redeem,
        ["check"] => Wish::Check,
        _ => return Err(Problem::status(404).answer()),
    };
    if method == "POST" { Ok(wish) } else { Err(Problem::method_not_allowed("POST")) }
}

/// A code and the order it is for. Everything in it was checked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ask {
    /// What may be meant; none where no code can look like what was typed.
    pub codes: Vec<Code>,
    /// The order by the store's id; empty where a check names none, and no order ever has an empty one.
    pub order_id: String,
    /// What the order comes to without the discount.
    pub total: Money,
    /// Whose order it is, where the till says so in a way we can read.
    pub email: Option<Address>,
    /// Which store, where the till says so.
    pub store: Option<StoreId>,
}

/// Why a body cannot be read. The caller can mend it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Malformed {
    #[error("{0}")]
    Shape(String),
    #[error("{0}: {1}")]
    Member(&'static str, String),
}

#[derive(Deserialize)]
struct Body {
    code: String,
    order_id: Option<String>,
    total: Amount,
    currency: String,
    email: Option<String>,
    store: Option<String>,
}

impl Ask {
    /// Reads a body.
    pub fn read(bytes: &[u8], wish: Wish) -> Result<Self, Malformed> {
        let body: Body = serde_json::from_slice(bytes).map_err(|error| Malformed::Shape(error.to_string()))?;
        let currency = Currency::parse(&body.currency).map_err(|error| wrong("currency", &error))?;
        let total = match &body.total {
            Amount::Text(text) => text.clone(),
            Amount::Number(number) => number.to_string(),
        };
        let store = body.store.map(StoreId::try_from).transpose().map_err(|error| wrong("store", &error))?;
        Ok(Self {
            codes: Code::meant(&body.code),
            order_id: order_id(body.order_id, wish)?,
            total: Money::parse(&total, currency).map_err(|error| wrong("total", &error))?,
            // A mistyped address is no reason to refuse a customer at the till.
            email: body.email.and_then(|text| text.parse().ok()),
            store,
        })
    }
}

/// The id as an order event of the same store would bring it, so that both are known as one order.
fn order_id(given: Option<String>, wish: Wish) -> Result<String, Malformed> {
    let id = given.unwrap_or_default();
    if id.trim().is_empty() && wish == Wish::Check {
        return Ok(String::new());
    }
    stores_id(&id).map_err(|problem| Malformed::Member("order_id", problem.to_owned()))
}

fn wrong(member: &'static str, error: &impl ToString) -> Malformed {
    Malformed::Member(member, error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn read(wish: Wish, change: Value) -> Result<Ask, String> {
        let mut body = json!({"code": "7k2mq-x4t09", "order_id": " A-1 ", "total": "45.00", "currency": "EUR"});
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        Ask::read(body.to_string().as_bytes(), wish).map_err(|error| error.to_string())
    }

    #[test]
    fn a_till_sends_what_was_typed() {
        let ask = read(Wish::Redeem, json!({"email": "Anna@Shop.example", "store": "books"})).unwrap();
        assert_eq!(ask.codes[0].as_str(), "7K2MQX4T09");
        assert_eq!((ask.order_id.as_str(), ask.total.to_string().as_str()), ("A-1", "45.00 EUR"));
        assert_eq!(ask.email, "anna@shop.example".parse().ok());
        assert_eq!(ask.store.unwrap().as_str(), "books");
        let plain = read(Wish::Redeem, json!({"total": 45.5, "email": "", "code": "SU?"})).unwrap();
        assert_eq!((plain.codes, plain.email, plain.store), (vec![], None, None));
        assert_eq!(plain.total.to_string(), "45.50 EUR");
    }

    #[test]
    fn what_cannot_be_read_says_where() {
        let said = |change| read(Wish::Redeem, change).unwrap_err();
        assert_eq!(said(json!({"total": "-1"})), "total: -1 is negative");
        assert!(said(json!({"currency": "EURO"})).starts_with("currency: unknown currency"));
        assert_eq!(said(json!({"order_id": null})), "order_id: 1 to 128 characters on one line are wanted");
        assert_eq!(said(json!({"order_id": "a\nb"})), "order_id: 1 to 128 characters on one line are wanted");
        assert!(said(json!({"store": "Books!"})).starts_with("store: a store's name is"));
        assert!(said(json!({"code": 7})).contains("expected a string"));
        assert!(Ask::read(b"code=7K2M", Wish::Redeem).is_err());
        assert!(Ask::read(b"{}", Wish::Redeem).unwrap_err().to_string().contains("missing field `code`"));
    }

    #[test]
    fn a_check_needs_no_order() {
        assert_eq!(read(Wish::Check, json!({"order_id": null})).unwrap().order_id, "");
        assert!(read(Wish::Check, json!({"order_id": "x".repeat(129)})).is_err());
    }

    #[test]
    fn a_get_takes_nothing() {
        assert_eq!(wish("POST", "/redeem"), Ok(Wish::Redeem));
        assert_eq!(wish("POST", "/check"), Ok(Wish::Check));
        for path in ["/redeem", "/check"] {
            let answer = wish("GET", path).unwrap_err();
            assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")));
        }
        assert_eq!(wish("POST", "/").unwrap_err().status, 404);
        assert_eq!(wish("POST", "/redeem/x").unwrap_err().status, 404);
    }
}
