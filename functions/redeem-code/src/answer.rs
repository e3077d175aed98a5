//! What a till hears.

use serde_json::{Value, json};
use winback_domain::http::{Answer, Problem};
use winback_domain::redeem::{self, Coupon, Refusal, Use};

/// How a code that holds stands to the order that asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Status {
    /// It was taken just now.
    Redeemed,
    /// This very order took it before.
    AlreadyYours,
    /// It would hold. Nothing was taken.
    Good,
}

impl Status {
    fn word(self) -> &'static str {
        match self {
            Self::Redeemed => "redeemed",
            Self::AlreadyYours => "already_yours",
            Self::Good => "good",
        }
    }
}

/// The code holds. Amounts are text with their currency; what the offer does not say is null.
pub(crate) fn good(status: Status, coupon: &Coupon, asked: &Use) -> Answer {
    let known = coupon.redeemed.iter().find(|known| known.order_id == asked.order_id);
    let discount = known.map(|known| known.discount).unwrap_or_else(|| match coupon.check(asked) {
        Ok(redeem::Answer::Good(redemption)) => redemption.discount,
        _ => None,
    });
    let facts = json!({
        "status": status.word(),
        "code": coupon.code.as_str(),
        "gives": {"kind": coupon.gives.kind(), "value": coupon.gives.value()},
        "discount": discount.map(|money| money.to_string()),
        "expires_at": coupon.expires_at.to_string(),
        "minimum_order": coupon.minimum_order.map(|money| money.to_string()),
    });
    Answer::json(200, &facts)
}

/// The code does not hold.
pub(crate) fn refused(refusal: &Refusal, coupon: &Coupon) -> Answer {
    let problem = match refusal {
        Refusal::Unknown => return unknown_code(),
        Refusal::Used => Problem::named(409, "code-used", "The code was used"),
        Refusal::Expired(at) => {
            Problem::named(410, "code-expired", "The code has expired").member("expires_at", at.to_string())
        }
        Refusal::BelowMinimum { minimum, missing } => {
            Problem::named(422, "below-minimum", "The order is too small for the code")
                .member("missing", missing.to_string())
                .member("minimum_order", minimum.to_string())
        }
        Refusal::OtherCurrency(currency) => {
            Problem::named(422, "other-currency", "The code is for orders in another currency")
                .member("currency", *currency)
        }
    };
    let gives: Value = json!({"kind": coupon.gives.kind(), "value": coupon.gives.value()});
    problem.detail(refusal.to_string()).member("gives", gives).answer()
}

/// There is no such code: also where there was one that nobody was mailed.
pub(crate) fn unknown_code() -> Answer {
    let problem = Problem::named(404, "code-unknown", "There is no such code");
    problem.detail(Refusal::Unknown.to_string()).answer()
}

/// The shop's own checkout takes it.
pub(crate) fn elsewhere(coupon: &Coupon) -> Answer {
    let by = coupon.authority.word();
    let problem = Problem::named(409, "code-honoured-elsewhere", "The shop's own checkout takes this code");
    problem.detail(format!("codes of this program are made good by {by}")).member("honoured_by", by).answer()
}

/// Several stores, and the caller named none.
pub(crate) fn store_missing() -> Answer {
    let problem = Problem::named(422, "store-missing", "The store is not named").member("missing", "store");
    problem.detail("the member store is missing: there are several stores here").answer()
}

/// A deployment without a store has no codes.
pub(crate) fn no_store() -> Answer {
    Problem::status(404).detail("there is no store here yet").answer()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use winback_domain::ids::{Code, CustomerId, MessageId, StoreId};
    use winback_domain::keys::Key;
    use winback_domain::money::{Currency, Money};
    use winback_domain::offer::Gives;

    fn euros(text: &str) -> Money {
        Money::parse(text, Currency::parse("EUR").unwrap()).unwrap()
    }

    fn coupon(gives: Gives) -> Coupon {
        let key = Key::new(b"k".to_vec());
        let store = StoreId::try_from("books".to_owned()).unwrap();
        let customer = CustomerId::of_store_id(&key, &store, "7");
        let message = MessageId::of(customer, "We miss you", Timestamp::UNIX_EPOCH, 0, 0);
        Coupon {
            code: Code::read("7K2MQX4T09").unwrap(),
            rev: 1,
            dead: false,
            message,
            customer,
            gives,
            minimum_order: Some(euros("40")),
            expires_at: "2026-05-08T20:59:59Z".parse().unwrap(),
            uses: 1,
            authority: winback_domain::codes::Authority::Winback,
            not_made: None,
            reference: None,
            redeemed: vec![],
            conflicts: vec![],
        }
    }

    fn order(id: &str, total: &str) -> Use {
        Use { order_id: id.to_owned(), total: euros(total), at: "2026-05-07T10:00:00Z".parse().unwrap() }
    }

    fn said(answer: &Answer) -> Value {
        serde_json::from_str(&answer.body).unwrap()
    }

    fn refusal(coupon: &Coupon, asked: &Use) -> (u16, Value) {
        let answer = refused(&coupon.check(asked).unwrap_err(), coupon);
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        (answer.status, said(&answer))
    }

    #[test]
    fn a_redeemed_code_says_what_to_take_off() {
        let coupon = coupon(Gives::PercentOff(20));
        let first = order("A-1", "50.00");
        let facts = json!({"status": "good", "code": "7K2MQX4T09", "gives": {"kind": "percent_off", "value": "20 %"},
            "discount": "10.00 EUR", "expires_at": "2026-05-08T20:59:59Z", "minimum_order": "40.00 EUR"});
        assert_eq!(said(&good(Status::Good, &coupon, &first)), facts);
        let Ok(redeem::Answer::Good(redemption)) = coupon.check(&first) else { panic!("good") };
        let used = coupon.with(redemption);
        let redeemed = said(&good(Status::Redeemed, &used, &first));
        assert_eq!((&redeemed["status"], &redeemed["discount"]), (&json!("redeemed"), &json!("10.00 EUR")));
        // The order grew since: what it was promised stays.
        let again = said(&good(Status::AlreadyYours, &used, &order("A-1", "90.00")));
        assert_eq!((&again["status"], &again["discount"]), (&json!("already_yours"), &json!("10.00 EUR")));
    }

    #[test]
    fn a_gift_takes_nothing_off() {
        let mut coupon = coupon(Gives::Thing("free gift".to_owned()));
        coupon.minimum_order = None;
        let facts = said(&good(Status::Good, &coupon, &order("A-1", "5.00")));
        assert_eq!((&facts["discount"], &facts["minimum_order"]), (&Value::Null, &Value::Null));
        assert_eq!(facts["gives"], json!({"kind": "thing", "value": "free gift"}));
    }

    #[test]
    fn every_refusal_has_its_status_and_says_what_is_missing() {
        let coupon = coupon(Gives::AmountOff(euros("10")));
        let (status, problem) = refusal(&coupon, &order("A-1", "35.50"));
        assert_eq!((status, &problem["missing"]), (422, &json!("4.50 EUR")));
        assert_eq!(problem["detail"], "the code needs an order of at least 40.00 EUR; 4.50 EUR is missing");
        let late = Use { at: "2026-05-08T21:00:00Z".parse().unwrap(), ..order("A-1", "45") };
        let (status, problem) = refusal(&coupon, &late);
        assert_eq!((status, &problem["expires_at"]), (410, &json!("2026-05-08T20:59:59Z")));
        let dollars = Money::parse("45", Currency::parse("USD").unwrap()).unwrap();
        let (status, problem) = refusal(&coupon, &Use { total: dollars, ..order("A-1", "1") });
        assert_eq!((status, &problem["currency"]), (422, &json!("EUR")));
        let Ok(redeem::Answer::Good(redemption)) = coupon.check(&order("A-1", "45")) else { panic!("good") };
        let (status, problem) = refusal(&coupon.with(redemption), &order("A-2", "45"));
        assert_eq!((status, &problem["type"]), (409, &json!("urn:winback:problem:code-used")));
    }

    #[test]
    fn a_dead_code_looks_as_if_it_never_was() {
        let dead = Coupon { dead: true, ..coupon(Gives::FreeShipping) };
        assert_eq!(refused(&dead.check(&order("A-1", "45")).unwrap_err(), &dead), unknown_code());
        assert_eq!(unknown_code().status, 404);
    }
}
