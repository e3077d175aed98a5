//! Stripe's coupons and promotion codes: <https://docs.stripe.com/api/promotion_codes>.
//!
//! - A coupon says what is given, and there is one for each offer; a promotion code says to whom and until when.
//! - A name is taken by an *active* promotion code only, and a dead one frees it. What guards a code that was made dead
//!   from being made again is the `Idempotency-Key`, for a day: and a code is made on its own day only. Making it and
//!   making it dead share the key, so of the two one happens; the other is answered `idempotency_error`, and looks.
//! - `expires_at` is the moment it expires: the first at which it is not good, so we send the second after the last.
//! - `active` is false once a code is used up or over, too.
//! - An answer to an `Idempotency-Key` is kept for a day, a failure of Stripe's own as well, and says `active: true` of
//!   a code that was switched off since (<https://docs.stripe.com/api/idempotent_requests>): so what was repeated is read
//!   back, and looking, ending and making the coupon have no key. A coupon's id is one already.
//! - Currencies: a coupon has its own, and holds in a checkout of that currency only.

use serde_json::Value;

use super::access::{Door, STRIPE_VERSION};
use super::wire::{self, Heard};
use super::withdrawing::{Dialect, Found};
use super::{Made, Step, Terms};
use crate::exchange::{Request, Response, Trouble, form};
use crate::http::percent_encode;
use crate::money::Money;
use crate::money::stripe::to_stripe;
use crate::offer::Gives;

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
    /// The coupon is there: asked what it gives.
    CouponBack,
    /// Asked to make the promotion code.
    Promotion,
    /// It is there: asked what it is.
    ReadingBack,
    /// It was told of once: asked what it is by now.
    ReadingAgain,
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
                self.stage = Stage::CouponBack;
                Ok(Step::Ask(get(&self.door, &format!("coupons/{}", percent_encode(&self.counted.coupon)))))
            }
            (Stage::CouponBack, Heard::Good(coupon)) if self.counted.is_coupon(&coupon) => Ok(self.promote()),
            (Stage::CouponBack, Heard::Good(_)) => {
                let coupon = &self.counted.coupon;
                Err(Trouble::Refused(format!("the account's own coupon {coupon} gives something else, or no more")))
            }
            (Stage::Coupon, Heard::Good(_)) => Err(Trouble::Unreadable),
            (Stage::Promotion, Heard::Good(found)) if response.replayed => {
                let id = wire::id(&found["id"]).ok_or(Trouble::Unreadable)?;
                self.stage = Stage::ReadingAgain;
                Ok(Step::Ask(get(&self.door, &format!("promotion_codes/{}", percent_encode(&id)))))
            }
            (Stage::Promotion | Stage::ReadingAgain, Heard::Good(found)) => self.counted.judge(&found),
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
            let minor = to_stripe(money).ok_or_else(fine)?;
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
                fields.push(("amount_off", to_stripe(*money).unwrap_or_default().to_string()));
                fields.push(("currency", money.currency.code().to_ascii_lowercase()));
            }
            _ => {}
        }
        post(door, "coupons", &fields, None)
    }

    /// Does a coupon that was there before give what this offer does?
    fn is_coupon(&self, found: &Value) -> bool {
        let gives = match &self.terms.gives {
            Gives::PercentOff(percent) => found["percent_off"].as_f64() == Some(f64::from(*percent)),
            Gives::AmountOff(money) => {
                found["amount_off"].as_i64() == to_stripe(*money)
                    && found["currency"].as_str().is_some_and(|known| known.eq_ignore_ascii_case(money.currency.code()))
            }
            _ => false,
        };
        found["id"] == self.coupon.as_str() && gives && found["valid"] != false
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
        post(door, "promotion_codes", &fields, Some(once(&terms.code)))
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
///
/// Where the key was used for something else, that was making it dead, or making it: what is there says which.
fn is_taken(error: &Value) -> bool {
    let said = error["message"].as_str().unwrap_or_default();
    error["code"] == "resource_already_exists"
        || error["type"] == "idempotency_error"
        || error["param"] == "code"
        || said.contains("already exists")
}

/// The key of making a code, and of making it dead.
fn once(code: &str) -> String {
    format!("winback-{code}-promotion")
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

/// What dead codes take off that never were anything else.
const BURIED: &str = "winback-withdrawn";

/// How a code is withdrawn.
pub(super) struct Stripe;

impl Dialect for Stripe {
    fn look(&self, door: &Door, code: &str) -> Request {
        look(door, code)
    }

    fn found(&self, answer: Response<'_>, code: &str) -> Result<Found, Trouble> {
        let list = match wire::hear(answer)? {
            Heard::Good(list) => list,
            Heard::Bad(status, body) => return Err(wire::refused(status, &body["error"]["message"])),
        };
        let found = promotions(&list, code)?;
        let id = |one: &Value| wire::id(&one["id"]).ok_or(Trouble::Unreadable);
        let ours = || found.iter().filter(|one| is_ours(one, code));
        // At most one is active: Stripe sees to that.
        match (ours().find(|one| one["active"] != false), ours().next()) {
            (Some(alive), _) => id(alive).map(Found::Alive),
            (None, Some(dead)) => id(dead).map(Found::Dead),
            (None, None) if found.iter().any(|one| one["active"] != false) => Ok(Found::Theirs),
            (None, None) => Ok(Found::Nothing),
        }
    }

    fn end(&self, door: &Door, id: &str) -> Request {
        post(door, &format!("promotion_codes/{}", percent_encode(id)), &[("active", "false".to_owned())], None)
    }

    fn ended(&self, answer: Response<'_>) -> Result<String, Trouble> {
        match wire::hear(answer)? {
            Heard::Good(found) if found["active"] == false => wire::id(&found["id"]).ok_or(Trouble::Unreadable),
            Heard::Good(_) => Err(Trouble::Unreadable),
            Heard::Bad(status, body) => Err(wire::refused(status, &body["error"]["message"])),
        }
    }

    fn bury(&self, door: &Door, code: &str, step: usize) -> Option<Request> {
        let word = |word: &str| word.to_owned();
        match step {
            0 => {
                let name = ("name", word("Winback: never mailed"));
                let fields = [("id", word(BURIED)), ("duration", word("once")), ("percent_off", word("1")), name];
                Some(post(door, "coupons", &fields, None))
            }
            1 => {
                let fields = [
                    ("promotion[type]", word("coupon")),
                    ("promotion[coupon]", word(BURIED)),
                    ("code", word(code)),
                    ("active", word("false")),
                    ("metadata[winback]", word(code)),
                ];
                Some(post(door, "promotion_codes", &fields, Some(once(code))))
            }
            _ => None,
        }
    }

    fn buried(&self, answer: Response<'_>) -> Result<Option<String>, Trouble> {
        match wire::hear(answer)? {
            // The coupon, or the code.
            Heard::Good(found) if found["id"] == BURIED || found["active"] == false => {
                wire::id(&found["id"]).map(Some).ok_or(Trouble::Unreadable)
            }
            Heard::Good(_) => Err(Trouble::Unreadable),
            Heard::Bad(_, body) if body["error"]["type"] == "idempotency_error" => Err(Trouble::Spoilt),
            Heard::Bad(_, body) if is_taken(&body["error"]) => Ok(None),
            Heard::Bad(status, body) => Err(wire::refused(status, &body["error"]["message"])),
        }
    }
}

fn look(door: &Door, code: &str) -> Request {
    get(door, &format!("promotion_codes?code={}&limit=100", percent_encode(code)))
}

fn get(door: &Door, path: &str) -> Request {
    let url = format!("{}/v1/{path}", door.base);
    let headers = vec![("stripe-version", STRIPE_VERSION.to_owned()), door.key.clone()];
    Request { method: "GET", url, headers, body: String::new() }
}

fn post(door: &Door, path: &str, fields: &[(&str, String)], once: Option<String>) -> Request {
    let mut headers = vec![
        ("content-type", "application/x-www-form-urlencoded".to_owned()),
        ("stripe-version", STRIPE_VERSION.to_owned()),
        door.key.clone(),
    ];
    headers.extend(once.map(|key| ("idempotency-key", key)));
    Request { method: "POST", url: format!("{}/v1/{path}", door.base), headers, body: form(fields) }
}
