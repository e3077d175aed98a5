//! Stripe's coupons and promotion codes: <https://docs.stripe.com/api/promotion_codes>.
//!
//! - A coupon says what is given, and there is one for each offer; a promotion code says to whom and until when.
//! - A name is taken by an *active* promotion code only, and a dead one frees it. What guards a code that was made dead
//!   from being made again is the `Idempotency-Key`, for a day: and a code is made on its own day only.
//! - `expires_at` is the moment it expires: the first at which it is not good, so we send the second after the last.
//! - `active` is false once a code is used up or over, too.
//! - An answer to an `Idempotency-Key` is kept for a day, a failure of Stripe's own as well
//!   (<https://docs.stripe.com/api/idempotent_requests>): so looking and ending have none.
//! - Currencies: a coupon has its own, and holds in a checkout of that currency only.

use serde_json::Value;

use super::access::{Door, STRIPE_VERSION};
use super::wire::{self, Heard};
use super::{Made, Request, Response, Step, Terms, Trouble};
use crate::http::percent_encode;
use crate::money::Money;
use crate::offer::Gives;

/// An amount as Stripe counts it: the inverse of what `webhook::stripe` reads. Nothing where it does not count so finely.
/// <https://docs.stripe.com/currencies#zero-decimal>
pub(super) fn stripe_minor(money: Money) -> Option<i64> {
    match money.currency.code() {
        // Zero-decimal by ISO, and written with two decimals since ever.
        "ISK" | "UGX" => money.minor.checked_mul(100),
        // Two decimals by ISO that nobody uses.
        "MGA" => (money.minor % 100 == 0).then_some(money.minor / 100),
        // Three decimals, of which the last is always 0.
        _ if money.currency.exponent() == 3 => (money.minor % 10 == 0).then_some(money.minor),
        _ => Some(money.minor),
    }
}

/// A code's terms as Stripe counts.
#[derive(Clone, Debug)]
struct Counted {
    terms: Terms,
    /// The coupon's id: the same offer, the same coupon.
    coupon: String,
    /// The least an order must come to: amount and currency.
    minimum: Option<(i64, String)>,
}

/// Where the conversation stands.
#[derive(Clone, Copy, Debug)]
enum Stage {
    /// Asked to make the coupon.
    Coupon,
    /// Asked to make the promotion code.
    Promotion,
    /// It is there: asked what it is.
    ReadingBack,
}

#[derive(Clone, Debug)]
pub(super) struct Making {
    door: Door,
    counted: Counted,
    stage: Stage,
}

impl Making {
    pub(super) fn begin(door: Door, terms: Terms) -> Result<(Self, Request), Trouble> {
        let counted = Counted::of(terms)?;
        let first = counted.make_coupon(&door);
        Ok((Self { door, counted, stage: Stage::Coupon }, first))
    }

    pub(super) fn hear(&mut self, response: Response<'_>) -> Result<Step, Trouble> {
        match (self.stage, wire::hear(response)?) {
            (Stage::Coupon, Heard::Good(coupon)) if coupon["id"] == self.counted.coupon.as_str() => Ok(self.promote()),
            (Stage::Coupon, Heard::Bad(_, body)) if body["error"]["code"] == "resource_already_exists" => {
                Ok(self.promote())
            }
            (Stage::Coupon, Heard::Good(_)) => Err(Trouble::Unreadable),
            (Stage::Promotion, Heard::Good(found)) => self.counted.judge(&found),
            (Stage::Promotion, Heard::Bad(_, body)) if is_taken(&body["error"]) => {
                self.stage = Stage::ReadingBack;
                Ok(Step::Ask(look(&self.door, &self.counted.terms.code)))
            }
            // The name is taken, and nothing is there: it was written a moment ago.
            (Stage::ReadingBack, Heard::Good(list)) => match promotions(&list, &self.counted.terms.code)? {
                found if found.is_empty() => Err(Trouble::Later { seconds: None }),
                found => self.counted.judge_all(&found),
            },
            (_, Heard::Bad(status, body)) => Err(wire::refused(status, &body["error"]["message"])),
        }
    }

    fn promote(&mut self) -> Step {
        self.stage = Stage::Promotion;
        Step::Ask(self.counted.make_promotion(&self.door))
    }
}

impl Counted {
    fn of(terms: Terms) -> Result<Self, Trouble> {
        let fine = |money: Money| {
            let fine = || Trouble::Refused(format!("Stripe does not count {money} so finely"));
            let minor = stripe_minor(money).ok_or_else(fine)?;
            Ok::<_, Trouble>((minor, money.currency.code().to_ascii_lowercase()))
        };
        let coupon = match &terms.gives {
            Gives::AmountOff(money) => {
                let (minor, currency) = fine(*money)?;
                format!("winback-{minor}-{currency}")
            }
            Gives::PercentOff(percent) => format!("winback-{percent}-percent"),
            other => return Err(Trouble::Refused(format!("no promotion code gives {other}"))),
        };
        let minimum = terms.minimum.map(fine).transpose()?;
        Ok(Self { terms, coupon, minimum })
    }

    fn make_coupon(&self, door: &Door) -> Request {
        let mut fields = vec![
            ("id", self.coupon.clone()),
            ("duration", "once".to_owned()),
            // What the customer reads on the receipt; Stripe takes 40 characters.
            ("name", self.terms.gives.to_string()),
        ];
        match &self.terms.gives {
            Gives::PercentOff(percent) => fields.push(("percent_off", percent.to_string())),
            Gives::AmountOff(money) => {
                fields.push(("amount_off", stripe_minor(*money).unwrap_or_default().to_string()));
                fields.push(("currency", money.currency.code().to_ascii_lowercase()));
            }
            _ => {}
        }
        post(door, "coupons", &fields, Some(format!("winback-{}-coupon", self.terms.code)))
    }

    fn make_promotion(&self, door: &Door) -> Request {
        let terms = &self.terms;
        let mut fields = vec![
            ("promotion[type]", "coupon".to_owned()),
            ("promotion[coupon]", self.coupon.clone()),
            ("code", terms.code.clone()),
            ("max_redemptions", terms.uses.to_string()),
            ("expires_at", terms.ended().as_second().to_string()),
            ("metadata[winback]", terms.code.clone()),
        ];
        if let Some((minor, currency)) = &self.minimum {
            fields.push(("restrictions[minimum_amount]", minor.to_string()));
            fields.push(("restrictions[minimum_amount_currency]", currency.clone()));
        }
        post(door, "promotion_codes", &fields, Some(format!("winback-{}-promotion", terms.code)))
    }

    /// Of all that ever had the name, dead ones too: a dead one of ours outweighs whatever else there is.
    fn judge_all(&self, found: &[&Value]) -> Result<Step, Trouble> {
        let ours = || found.iter().filter(|one| is_ours(one, &self.terms.code));
        if ours().any(|one| one["active"] == false) {
            return Err(Trouble::Dead);
        }
        match ours().next() {
            Some(one) => self.judge(one),
            None => Err(Trouble::Taken),
        }
    }

    /// Is what the store has what was wanted?
    fn judge(&self, found: &Value) -> Result<Step, Trouble> {
        let reference = wire::id(&found["id"]).ok_or(Trouble::Unreadable)?;
        if !is_ours(found, &self.terms.code) {
            return Err(Trouble::Taken);
        }
        match found["active"].as_bool() {
            Some(true) => {}
            Some(false) => return Err(Trouble::Dead),
            None => return Err(Trouble::Unreadable),
        }
        // An id, or the whole coupon where an account has that unfolded.
        let coupon = &found["promotion"]["coupon"];
        let coupon = coupon.as_str().or(coupon["id"].as_str());
        let least = &found["restrictions"];
        let needs = match &self.minimum {
            None => least["minimum_amount"].is_null(),
            Some((minor, currency)) => {
                least["minimum_amount"].as_i64() == Some(*minor)
                    && least["minimum_amount_currency"] == currency.as_str()
            }
        };
        let same = coupon == Some(self.coupon.as_str())
            && needs
            && found["max_redemptions"].as_u64() == Some(u64::from(self.terms.uses))
            && found["expires_at"].as_i64() == Some(self.terms.ended().as_second());
        if same { Ok(Step::Done(Made { reference: Some(reference) })) } else { Err(Trouble::Taken) }
    }
}

/// Stripe says that an active promotion code has the name in words ("An active promotion code with `code: …` already
/// exists."); whether with a code of its own or with the field's name, nobody has written down [?].
fn is_taken(error: &Value) -> bool {
    let said = error["message"].as_str().unwrap_or_default();
    error["code"] == "resource_already_exists" || error["param"] == "code" || said.contains("already exists")
}

fn is_ours(found: &Value, code: &str) -> bool {
    found["metadata"]["winback"] == code
}

/// All in a list that have the name. Stripe compares without case.
fn promotions<'l>(list: &'l Value, code: &str) -> Result<Vec<&'l Value>, Trouble> {
    let list = list["data"].as_array().ok_or(Trouble::Unreadable)?;
    let is = |found: &&Value| found["code"].as_str().is_some_and(|name| name.eq_ignore_ascii_case(code));
    Ok(list.iter().filter(is).collect())
}

#[derive(Clone, Debug)]
pub(super) struct Withdrawing {
    door: Door,
    code: String,
    stage: Leaving,
}

/// Where the withdrawal stands.
#[derive(Clone, Copy, Debug)]
enum Leaving {
    /// Asked to switch off the promotion code of an id that we were told once.
    ByReference,
    /// Asked whether the code is there.
    Looking,
    /// Asked to switch off what was found.
    Ending,
}

impl Withdrawing {
    pub(super) fn begin(door: Door, code: String, reference: Option<&str>) -> (Self, Request) {
        let (stage, first) = match reference {
            Some(id) => (Leaving::ByReference, end(&door, id)),
            None => (Leaving::Looking, look(&door, &code)),
        };
        (Self { door, code, stage }, first)
    }

    pub(super) fn hear(&mut self, response: Response<'_>) -> Result<Step, Trouble> {
        match (self.stage, wire::hear(response)?) {
            (Leaving::Looking, Heard::Good(list)) => {
                let found = promotions(&list, &self.code)?;
                let ours = || found.iter().filter(|one| is_ours(one, &self.code));
                // At most one is active: Stripe sees to that.
                match (ours().find(|one| one["active"] != false), ours().next()) {
                    (Some(alive), _) => {
                        let reference = wire::id(&alive["id"]).ok_or(Trouble::Unreadable)?;
                        self.stage = Leaving::Ending;
                        Ok(Step::Ask(end(&self.door, &reference)))
                    }
                    (None, dead) => Ok(Step::Done(Made { reference: dead.and_then(|one| wire::id(&one["id"])) })),
                }
            }
            (Leaving::ByReference | Leaving::Ending, Heard::Good(found)) if found["active"] == false => {
                Ok(Step::Done(Made { reference: wire::id(&found["id"]) }))
            }
            (Leaving::ByReference | Leaving::Ending, Heard::Good(_)) => Err(Trouble::Unreadable),
            // An id of another account, or none: look by name.
            (Leaving::ByReference, Heard::Bad(..)) => {
                self.stage = Leaving::Looking;
                Ok(Step::Ask(look(&self.door, &self.code)))
            }
            (_, Heard::Bad(status, body)) => Err(wire::refused(status, &body["error"]["message"])),
        }
    }
}

fn look(door: &Door, code: &str) -> Request {
    let url = format!("{}/v1/promotion_codes?code={}&limit=100", door.base, percent_encode(code));
    let headers = vec![("stripe-version", STRIPE_VERSION.to_owned()), door.key.clone()];
    Request { method: "GET", url, headers, body: String::new() }
}

fn end(door: &Door, id: &str) -> Request {
    post(door, &format!("promotion_codes/{}", percent_encode(id)), &[("active", "false".to_owned())], None)
}

fn post(door: &Door, path: &str, fields: &[(&str, String)], once: Option<String>) -> Request {
    let mut headers = vec![
        ("content-type", "application/x-www-form-urlencoded".to_owned()),
        ("stripe-version", STRIPE_VERSION.to_owned()),
        door.key.clone(),
    ];
    headers.extend(once.map(|key| ("idempotency-key", key)));
    Request { method: "POST", url: format!("{}/v1/{path}", door.base), headers, body: wire::form(fields) }
}
