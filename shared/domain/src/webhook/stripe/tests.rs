//! What Stripe may send, bent in every way: read or refused, and never a panic.

use jiff::{Timestamp, ToSpan};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::event::Event;
use crate::webhook::hear;
use crate::webhook::mutants::mutants;

const LINE: &str = "stripe whsec_0123456789abcdef";
const OTHER: &str = "stripe whsec_fedcba9876543210";

fn now() -> Timestamp {
    "2026-05-01T09:00:00Z".parse().unwrap()
}

fn wiring(line: &str) -> Wiring {
    Wiring::parse(line).unwrap()
}

/// A body with a signature, taken now.
fn takes(signature: &str, body: &[u8]) -> Result<Heard, Error> {
    let header = |name: &str| (name == SIGNATURE).then_some(signature);
    hear(&Delivery { header: &header, body, received: now() }, &[wiring(LINE)])
}

/// A body, signed and taken.
fn hears(body: &[u8]) -> Result<Heard, Error> {
    takes(&sign(&wiring(LINE), now(), body), body)
}

fn events(event: &Value) -> Vec<Event> {
    match hears(event.to_string().as_bytes()) {
        Ok(Heard::Events { events, .. }) => events,
        other => panic!("events, not {other:?}"),
    }
}

fn ignored(event: &Value) -> Ignored {
    match hears(event.to_string().as_bytes()) {
        Ok(Heard::Ignored { because, .. }) => because,
        other => panic!("nothing for us, not {other:?}"),
    }
}

/// 08:30.
const CREATED: i64 = 1_777_624_200;

fn said(kind: &str, object: &Value) -> Value {
    json!({"id": "evt_1", "object": "event", "type": kind, "created": CREATED, "livemode": true,
        "data": {"object": object}})
}

fn changed(mut object: Value, change: &Value) -> Value {
    object.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    object
}

/// Anna's checkout, with changes to it. It was opened ten minutes before.
fn checkout(change: &Value) -> Value {
    changed(
        json!({
            "id": "cs_live_1", "object": "checkout.session", "created": CREATED - 600, "mode": "payment",
            "payment_status": "paid", "payment_intent": "pi_1", "customer": "cus_1", "customer_email": null,
            "customer_details": {"email": "anna@example.com", "name": "Anna Lind"}, "amount_total": 4500,
            "currency": "eur", "locale": "auto", "consent": null, "discounts": null,
        }),
        change,
    )
}

fn completed(change: &Value) -> Value {
    said("checkout.session.completed", &checkout(change))
}

fn placed(events: &[Event]) -> &PlacedOrder {
    match &events[0].what {
        What::OrderPlaced { order, .. } => order,
        other => panic!("an order, not {other:?}"),
    }
}

#[test]
fn any_v1_may_match_and_no_other_scheme() {
    let body = completed(&json!({})).to_string();
    let body = body.as_bytes();
    let good = sign(&wiring(LINE), now(), body);
    let (time, v1) = good.split_once(',').unwrap();
    let other = sign(&wiring(OTHER), now(), body);
    let (_, other) = other.split_once(',').unwrap();
    let v0 = v1.replace("v1=", "v0=");
    for signature in [
        good.clone(),
        format!("{time},{other},{v1}"),
        format!("{time},{v1},{other}"),
        format!("{other},{v0},{v1},{time}"),
        format!(" {time} , {v1} "),
        format!("{time},v1=,v1=xyz,v2=1,,=,{v1},"),
    ] {
        assert!(takes(&signature, body).is_ok(), "{signature}");
    }
    for signature in [
        String::new(),
        v1.to_owned(),
        time.to_owned(),
        format!("{time},{v0}"),
        format!("{time},{other}"),
        format!("{time},v1="),
        format!("t=,{v1}"),
        format!("t={},{v1}", now().as_second() + 1),
        format!("t=0{},{v1}", now().as_second()),
        format!("{time},{}", &v1[..v1.len() - 2]),
        good.replace('=', ":"),
    ] {
        assert_eq!(takes(&signature, body), Err(Error::BadSignature), "{signature}");
    }
}

#[test]
fn the_secret_is_used_as_it_is_written() {
    use hmac::{Hmac, KeyInit, Mac};
    let body = br#"{"type":"ping"}"#;
    let signed_with = |key: &str| {
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key.as_bytes()).unwrap();
        mac.update(format!("{}.", now().as_second()).as_bytes());
        mac.update(body);
        let hex = data_encoding::HEXLOWER.encode(&mac.finalize().into_bytes());
        takes(&format!("t={},v1={hex}", now().as_second()), body)
    };
    assert!(signed_with("whsec_0123456789abcdef").is_ok());
    assert_eq!(signed_with("0123456789abcdef"), Err(Error::BadSignature));
}

#[test]
fn five_minutes_off_is_good_and_a_second_more_is_stale() {
    let body = completed(&json!({})).to_string();
    for (seconds, holds) in [(-301, false), (-300, true), (300, true), (301, false)] {
        let signature = sign(&wiring(LINE), now().saturating_add(seconds.seconds()).unwrap(), body.as_bytes());
        let taken = takes(&signature, body.as_bytes());
        assert_eq!(taken.is_ok(), holds, "{seconds}");
        assert!(holds || taken == Err(Error::Stale));
    }
}

#[test]
fn only_what_is_marked_as_live_counts() {
    for livemode in [json!(false), json!(null), json!("true"), json!(1)] {
        let test = changed(completed(&json!({})), &json!({"livemode": livemode}));
        assert_eq!(ignored(&test), Ignored::Test, "{livemode}");
    }
    let mut without = completed(&json!({}));
    without.as_object_mut().unwrap().remove("livemode");
    assert_eq!(ignored(&without), Ignored::Test);
}

#[test]
fn what_we_have_no_use_for_is_not_looked_into() {
    assert_eq!(ignored(&said("invoice.paid", &json!({"id": 5}))), Ignored::Topic);
    // An event of the second version of the API: another envelope, another way to write a moment.
    let thin = json!({"id": "evt_2", "object": "v2.core.event", "type": "v2.core.account.updated",
        "created": "2026-05-01T08:30:00.000Z", "livemode": true, "related_object": {"id": "acct_1"}});
    assert_eq!(ignored(&thin), Ignored::Topic);
    let error = hears(br#"{"created": 1}"#).unwrap_err();
    assert!(error.to_string().starts_with("event: the body is not the shape that is documented"), "{error}");
    let error = hears(said("charge.refunded", &json!({"secret": "anna"})).to_string().as_bytes()).unwrap_err();
    assert_eq!(error.to_string(), "charge.refunded: data.object is not the shape that is documented");
}

#[test]
fn bought_is_paid_or_nothing_to_pay() {
    assert_eq!(placed(&events(&completed(&json!({})))).order_id, "pi_1");
    let free = json!({"payment_status": "no_payment_required", "amount_total": 0, "payment_intent": null});
    let free = events(&completed(&free));
    assert_eq!((placed(&free).order_id.as_str(), placed(&free).total.minor), ("cs_live_1", 0));
    for status in [json!("unpaid"), json!(null), json!("processing")] {
        assert_eq!(ignored(&completed(&json!({"payment_status": status}))), Ignored::NotBought, "{status}");
    }
    let failed = said("checkout.session.async_payment_failed", &checkout(&json!({"payment_status": "unpaid"})));
    assert_eq!(ignored(&failed), Ignored::NotBought);
    let card = json!({"mode": "setup", "payment_status": "no_payment_required", "amount_total": null});
    assert_eq!(ignored(&completed(&card)), Ignored::NothingNew, "a card kept for later is no order");
}

#[test]
fn an_order_is_as_old_as_its_checkout_whoever_tells_of_it_and_when() {
    let mut paid = completed(&json!({}));
    let first = events(&paid);
    assert_eq!(placed(&first).placed_at.as_second(), CREATED - 600);
    // Stripe may make two events of one thing.
    (paid["id"], paid["created"]) = (json!("evt_2"), json!(CREATED + 3));
    assert_eq!(events(&paid), first);
    let refused = events(&completed(&json!({"consent": {"promotions": "opt_out"}})));
    assert_eq!((refused[0].at.as_second(), placed(&refused).placed_at.as_second()), (CREATED, CREATED - 600));
    // A bank may take days.
    let days = 4 * 24 * 3_600;
    let slow = checkout(&json!({"created": CREATED - days, "consent": {"promotions": "opt_in"}}));
    let slow = events(&said("checkout.session.async_payment_succeeded", &slow));
    assert_eq!(placed(&slow).placed_at.as_second(), CREATED - days);
    assert_eq!(slow[0].at.as_second(), CREATED - days, "and so is what was said about mail");
    let undated = checkout(&json!({"created": null}));
    let undated = events(&said("checkout.session.async_payment_succeeded", &undated));
    assert_eq!(placed(&undated).placed_at.as_second(), CREATED);
}

/// What Stripe takes money in, by <https://docs.stripe.com/currencies>: all but these have two decimals.
#[test]
fn every_currency_is_counted_as_stripe_counts_it() {
    let total = |code: &str, amount: i64| {
        let events = events(&completed(&json!({"currency": code, "amount_total": amount})));
        placed(&events).total.to_string()
    };
    for code in "bif clp djf gnf jpy kmf krw pyg rwf vnd vuv xaf xof xpf".split(' ') {
        assert_eq!(total(code, 1_234), format!("1234 {}", code.to_uppercase()));
    }
    for code in "bhd jod kwd omr tnd".split(' ') {
        assert_eq!(total(code, 5_120), format!("5.120 {}", code.to_uppercase()));
    }
    assert_eq!(total("isk", 500), "5 ISK");
    assert_eq!(total("ugx", 500), "5 UGX");
    assert_eq!(total("mga", 5), "5.00 MGA");
    for code in "usd aed afn all amd aoa ars aud awg azn bam bbd bdt bgn bmd bnd bob brl bsd bwp byn bzd cad cdf chf cny \
                 cop crc cve czk dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gtq gyd hkd hnl htg huf idr ils inr jmd \
                 kes kgs khr kyd kzt lak lbp lkr lrd lsl mad mdl mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok \
                 npr nzd pab pen pgk php pkr pln qar ron rsd rub sar sbd scr sek sgd shp sle sos srd szl thb tjs top try \
                 ttd twd tzs uah uyu uzs wst xcd xcg yer zar zmw"
        .split_whitespace()
    {
        assert_eq!(total(code, 1_045), format!("10.45 {}", code.to_uppercase()));
    }
    for (code, amount) in [("mga", i64::MAX), ("eur", -1), ("xxx", 5), ("", 5)] {
        let body = completed(&json!({"currency": code, "amount_total": amount})).to_string();
        assert!(hears(body.as_bytes()).is_err(), "{code} {amount}");
    }
}

#[test]
fn a_promotion_code_is_an_id_or_the_whole_object_and_often_nothing() {
    let codes = |discounts: &Value| {
        let events = events(&completed(&json!({"discounts": discounts})));
        placed(&events).discount_codes.clone()
    };
    assert!(codes(&json!(null)).is_empty() && codes(&json!([])).is_empty());
    assert!(codes(&json!([{"coupon": "SPRING", "promotion_code": null}])).is_empty(), "a coupon nobody typed");
    assert_eq!(codes(&json!([{"coupon": null, "promotion_code": "promo_1"}])), ["promo_1"]);
    let expanded = json!([{"promotion_code": {"id": "promo_1", "object": "promotion_code", "code": "7K2MQX4T09"}}]);
    assert_eq!(codes(&expanded), ["7K2MQX4T09"], "what people type");
    assert_eq!(codes(&json!([{"promotion_code": {"id": "promo_1"}}])), ["promo_1"]);
}

#[test]
fn a_guest_has_no_number_and_a_missing_word_about_mail_changes_nothing() {
    let guest = events(&completed(&json!({"customer": null})));
    assert_eq!((&guest[0].who.customer_id, guest[0].who.email.is_some()), (&None, true));
    let typed = json!({"customer": {"id": "cus_9"}, "customer_details": null, "customer_email": "anna@example.com"});
    let typed = events(&completed(&typed));
    assert_eq!((typed[0].who.customer_id.as_deref(), typed[0].who.email.is_some()), (Some("cus_9"), true));
    let nobody = json!({"customer": null, "customer_details": {"email": null, "name": "Anna"}});
    assert_eq!(ignored(&completed(&nobody)), Ignored::Nobody);
    let consent = |consent: &Value| match &events(&completed(&json!({"consent": consent})))[0].what {
        What::OrderPlaced { profile, .. } => profile.marketing_consent,
        other => panic!("an order, not {other:?}"),
    };
    assert_eq!(consent(&json!({"promotions": "opt_in"})), Some(true));
    assert_eq!(consent(&json!({"promotions": "opt_out"})), Some(false));
    for unsaid in [json!(null), json!({}), json!({"promotions": null, "terms_of_service": "accepted"})] {
        assert_eq!(consent(&unsaid), None);
    }
}

#[test]
fn a_refund_names_the_payment_and_all_that_was_paid_back() {
    let charge = json!({"id": "ch_1", "payment_intent": "pi_1", "amount": 4500, "amount_refunded": 1500,
        "currency": "eur", "refunded": false});
    let told = events(&said("charge.refunded", &charge));
    let What::OrderRefunded { order_id, refunded, part } = &told[0].what else { panic!("a refund") };
    assert_eq!((order_id.as_str(), refunded.to_string().as_str(), part), ("pi_1", "15.00 EUR", &None));
    let bare = changed(charge, &json!({"payment_intent": null}));
    assert_eq!(events(&said("charge.refunded", &bare))[0].what.order_id(), Some("ch_1"));
}

#[test]
fn a_subscription_begins_with_its_first_payment_and_says_why_it_ends() {
    let sub = |change: &Value| {
        changed(json!({"id": "sub_1", "customer": "cus_1", "status": "active", "ended_at": null}), change)
    };
    let what = |kind: &str, change: &Value| events(&said(kind, &sub(change)))[0].what.clone();
    let began = "customer.subscription.created";
    assert_eq!(what(began, &json!({})), What::SubscriptionStarted);
    assert_eq!(what(began, &json!({"status": "trialing"})), What::SubscriptionStarted);
    assert_eq!(ignored(&said(began, &sub(&json!({"status": "incomplete"})))), Ignored::NotBought);
    let updated = |before: &Value, status: &str| {
        let mut event = said("customer.subscription.updated", &sub(&json!({"status": status})));
        event["data"]["previous_attributes"] = before.clone();
        event
    };
    let paid = events(&updated(&json!({"status": "incomplete"}), "active"));
    assert_eq!(paid[0].what, What::SubscriptionStarted, "the first payment came");
    assert_eq!(ignored(&updated(&json!({"status": "incomplete"}), "incomplete_expired")), Ignored::NotBought);
    assert_eq!(ignored(&updated(&json!({"status": "past_due"}), "active")), Ignored::NothingNew);
    assert_eq!(ignored(&updated(&json!({"cancel_at_period_end": false}), "active")), Ignored::NothingNew);
    for (created, at) in [(json!(CREATED - 90), CREATED - 90), (json!(CREATED + 90), CREATED), (json!(null), CREATED)] {
        let event = said(began, &sub(&json!({"created": created, "start_date": CREATED - 86_400})));
        assert_eq!(events(&event)[0].at.as_second(), at, "as old as it is, and no younger than its news: {created}");
    }

    let ended = |details: &Value| {
        let change = json!({"status": "canceled", "ended_at": CREATED - 60, "cancellation_details": details});
        let event = events(&said("customer.subscription.deleted", &sub(&change))).remove(0);
        assert_eq!(event.at.as_second(), CREATED - 60);
        match event.what {
            What::SubscriptionEnded { reason } => reason,
            other => panic!("an end, not {other:?}"),
        }
    };
    for word in "customer_service low_quality missing_features switched_service too_complex too_expensive unused other"
        .split(' ')
    {
        let own = json!({"reason": "cancellation_requested", "feedback": word, "comment": "anna@example.com"});
        assert_eq!(ended(&own).as_deref(), Some(word), "the customer's own word, and never the comment");
    }
    let bank = json!({"reason": "payment_failed", "feedback": null, "comment": null});
    assert_eq!(ended(&bank).as_deref(), Some("payment_failed"));
    assert_eq!(ended(&json!(null)), None);
}

fn kinds() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "checkout.session.completed",
        "checkout.session.async_payment_succeeded",
        "checkout.session.async_payment_failed",
        "charge.refunded",
        "customer.subscription.created",
        "customer.subscription.updated",
        "customer.subscription.deleted",
    ])
}

/// Whatever was heard, it is not from the future, and the queue carries it.
fn holds(heard: Result<Heard, Error>) {
    let Ok(Heard::Events { events, .. }) = heard else { return };
    assert!(!events.is_empty());
    for event in events {
        assert!(event.at <= now() && event.happened() <= event.at);
        let carried = serde_json::to_string(&event).unwrap();
        assert_eq!(serde_json::from_str::<Event>(&carried).unwrap(), event, "{carried}");
    }
}

/// An event that has something for each kind.
fn everything() -> Value {
    let object = checkout(&json!({
        "amount_refunded": 500, "status": "active", "ended_at": CREATED,
        "cancellation_details": {"reason": "cancellation_requested", "feedback": "unused"},
        "discounts": [{"promotion_code": {"id": "promo_1", "code": "7K2MQX4T09"}}],
        "consent": {"promotions": "opt_in"},
    }));
    let mut event = said("charge.refunded", &object);
    event["data"]["previous_attributes"] = json!({"status": "incomplete"});
    event
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_answered(body in prop::collection::vec(any::<u8>(), 0..200)) {
        holds(hears(&body));
    }

    #[test]
    fn a_bent_event_is_answered(kind in kinds(), body in mutants(everything())) {
        let body = String::from_utf8_lossy(&body).replace("charge.refunded", kind);
        holds(hears(body.as_bytes()));
    }

    #[test]
    fn nobody_comes_in_unsigned(
        signature in prop_oneof![".{0,80}", "t=17776[0-9]{5},v1=[0-9a-f]{64}", "(t=|v1=|v0=|,|[0-9]){0,20}"],
        body in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        prop_assert_eq!(takes(&signature, &body), Err(Error::BadSignature));
    }
}
