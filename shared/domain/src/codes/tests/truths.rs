//! What no documentation says, or says wrongly; and answers bent out of shape.

use super::*;

fn asks(line: &str, gives: &Gives, until: &str) -> (Making, Request) {
    let code = code();
    let (from, until) = ("2026-04-13T21:00:00Z".parse().unwrap(), until.parse().unwrap());
    let wanted = Wanted { code: &code, gives, minimum_order: None, from, until, uses: 1, title: "x", email: None };
    Making::begin(&Access::parse(line).unwrap(), &wanted).unwrap()
}

fn hear(making: &mut Making, body: &Value) -> Step {
    making.hear(Response { status: 200, body: body.to_string().as_bytes(), ..Response::default() })
}

#[test]
fn woocommerce_takes_the_last_second_only_with_a_zone_behind_it() {
    let (mut making, first) = asks(WOOCOMMERCE, &Gives::PercentOff(15), "2026-04-17T20:59:59.7Z");
    let body: Value = serde_json::from_str(&first.body).unwrap();
    assert_eq!(body["date_expires"], "2026-04-17T20:59:59Z", "the field that it reads");
    // Whoever forgets the zone, or sends `date_expires_gmt` alone, gets a coupon that never ends.
    let mark = json!([{"id": 1, "key": "_winback", "value": code().as_str()}]);
    let endless = json!({"id": 719, "code": code().as_str().to_lowercase(), "amount": "15.00", "status": "publish",
        "discount_type": "percent", "date_expires": null, "date_expires_gmt": null, "usage_limit": 1,
        "minimum_amount": "0.00", "free_shipping": false, "meta_data": mark});
    assert_eq!(hear(&mut making.clone(), &endless), Step::Failed(Trouble::Taken), "so what came of it is read");
    let mut ending = endless;
    ending["date_expires_gmt"] = json!("2026-04-17T20:59:59");
    assert_eq!(hear(&mut making, &ending), Step::Done(Made { reference: Some("719".to_owned()) }));
}

#[test]
fn a_dead_coupon_keeps_its_name_and_says_so() {
    let code = code();
    let (mut leaving, first) = Withdrawing::begin(&Access::parse(WOOCOMMERCE).unwrap(), &code, Some("719"));
    assert_eq!((first.method, first.url.as_str()), ("PUT", "https://shop.example/wp-json/wc/v3/coupons/719"));
    let body: Value = serde_json::from_str(&first.body).unwrap();
    assert_eq!(body["date_expires"], "2000-01-01T00:00:00Z");
    assert!(body.get("status").is_none(), "a draft would free the name");
    let unchanged = json!({"id": 719, "date_expires_gmt": "2026-04-17T20:59:59"}).to_string();
    let step = leaving.hear(Response { status: 200, body: unchanged.as_bytes(), ..Response::default() });
    assert_eq!(step, Step::Failed(Trouble::Unreadable));
}

#[test]
fn shopify_deactivates_a_code_and_stripe_takes_it_for_no_longer_active() {
    let ends = |line: &str, id: &str| Withdrawing::begin(&Access::parse(line).unwrap(), &code(), Some(id)).1;
    let shopify = ends(SHOPIFY, "gid://shopify/DiscountCodeNode/7");
    assert_eq!(shopify.url, "https://example-books.myshopify.com/admin/api/2026-10/graphql.json");
    let body: Value = serde_json::from_str(&shopify.body).unwrap();
    assert!(body["query"].as_str().unwrap().contains("mutation($id: ID!) { made: discountCodeDeactivate(id: $id)"));
    assert_eq!(body["variables"], json!({"id": "gid://shopify/DiscountCodeNode/7"}));
    let stripe = ends(STRIPE, "promo_7");
    assert_eq!(stripe.url, "https://api.stripe.com/v1/promotion_codes/promo_7");
    assert_eq!((shopify.method, stripe.method, stripe.body.as_str()), ("POST", "POST", "active=false"));
    let keyed = stripe.headers.iter().any(|(name, _)| *name == "idempotency-key");
    assert!(!keyed, "an answer that is repeated would say nothing of today");
}

#[test]
fn what_the_shop_deleted_is_looked_for_by_name() {
    let code = code();
    for (line, status, gone) in [
        (SHOPIFY, 200, json!({"data": {"made": {"codeDiscountNode": null, "userErrors": [{"code": "INVALID"}]}}})),
        (WOOCOMMERCE, 404, json!({"code": "woocommerce_rest_shop_coupon_invalid_id"})),
        (STRIPE, 404, json!({"error": {"code": "resource_missing"}})),
    ] {
        let (mut leaving, _) = Withdrawing::begin(&Access::parse(line).unwrap(), &code, Some("7"));
        let gone = gone.to_string();
        let step = leaving.hear(Response { status, body: gone.as_bytes(), ..Response::default() });
        assert!(matches!(step, Step::Ask(ask) if ask.url.contains(code.as_str()) || ask.body.contains(code.as_str())));
    }
}

#[test]
fn what_stripe_repeats_is_read_again() {
    let (mut making, _) = asks(STRIPE, &Gives::PercentOff(15), "2026-04-17T20:59:59Z");
    assert!(matches!(hear(&mut making, &json!({"id": "winback-15-percent"})), Step::Ask(_)));
    let promotion = |active: bool| {
        json!({"id": "promo_1", "active": active, "code": code().as_str(), "promotion": {"coupon": "winback-15-percent"},
            "expires_at": 1_776_459_600_i64, "max_redemptions": 1, "metadata": {"winback": code().as_str()}})
    };
    let repeated = promotion(true).to_string();
    let said = Response { status: 200, replayed: true, body: repeated.as_bytes(), ..Response::default() };
    let Step::Ask(again) = making.hear(said) else { panic!("it may be long dead") };
    assert_eq!((again.method, again.url.as_str()), ("GET", "https://api.stripe.com/v1/promotion_codes/promo_1"));
    assert_eq!(hear(&mut making.clone(), &promotion(false)), Step::Failed(Trouble::Dead));
    assert_eq!(hear(&mut making, &promotion(true)), Step::Done(Made { reference: Some("promo_1".to_owned()) }));
}

#[test]
fn a_failure_that_stripe_repeats_for_a_day_is_that_codes_own() {
    let (mut making, _) = asks(STRIPE, &Gives::PercentOff(15), "2026-04-17T20:59:59Z");
    let said = |replayed| Response { status: 500, replayed, body: b"{}", ..Response::default() };
    assert_eq!(making.clone().hear(said(false)), Step::Failed(Trouble::Later { seconds: None }));
    assert_eq!(making.hear(said(true)), Step::Failed(Trouble::Spoilt));
}

#[test]
fn shopify_says_how_long_its_bucket_takes_to_fill() {
    let (mut making, _) = asks(SHOPIFY, &Gives::PercentOff(15), "2026-04-17T20:59:59Z");
    let full = json!({"errors": [{"message": "Throttled", "extensions": {"code": "THROTTLED"}}],
        "extensions": {"cost": {"requestedQueryCost": 101, "actualQueryCost": null,
            "throttleStatus": {"maximumAvailable": 2000.0, "currentlyAvailable": 1, "restoreRate": 40.0}}}});
    assert_eq!(hear(&mut making, &full), Step::Failed(Trouble::Later { seconds: Some(3) }));
}

#[test]
fn stripe_counts_some_currencies_its_own_way() {
    let off = |text: &str, code: &str| {
        let money = Money::parse(text, Currency::parse(code).unwrap()).unwrap();
        let code = self::code();
        let (from, until) = (Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH);
        let gives = Gives::AmountOff(money);
        let wanted =
            Wanted { code: &code, gives: &gives, minimum_order: None, from, until, uses: 1, title: "x", email: None };
        let body = Making::begin(&Access::parse(STRIPE).unwrap(), &wanted).map(|(_, first)| first.body).ok()?;
        body.split('&').find_map(|field| field.strip_prefix("amount_off=").map(str::to_owned))
    };
    assert_eq!(off("10", "EUR").as_deref(), Some("1000"));
    assert_eq!(off("1200", "JPY").as_deref(), Some("1200"));
    assert_eq!(off("1200", "ISK").as_deref(), Some("120000"));
    assert_eq!(off("1200", "UGX").as_deref(), Some("120000"));
    assert_eq!(off("500", "MGA").as_deref(), Some("500"));
    assert_eq!(off("1.50", "MGA"), None);
    assert_eq!(off("1.230", "KWD").as_deref(), Some("1230"));
    assert_eq!(off("1.234", "KWD"), None);
}

#[test]
fn nothing_that_is_printed_opens_a_store() {
    for line in [SHOPIFY, WOOCOMMERCE, STRIPE] {
        let (making, first) = asks(line, &Gives::PercentOff(15), "2026-04-17T20:59:59Z");
        let shown = format!("{making:?} {first:?}");
        assert!(!shown.contains("0123456789abcdef") && !shown.contains("Basic"), "{shown}");
    }
}

/// An answer with a piece cut out and another put in: a word that may well be valid there.
fn bent(answer: &Value) -> impl Strategy<Value = Vec<u8>> + use<> {
    let whole = answer.to_string().into_bytes();
    let words = prop::sample::select(vec![
        "",
        "null",
        "true",
        "false",
        "-1",
        "1e300",
        "\"\"",
        "[]",
        "{}",
        "\"EXPIRED\"",
        "\u{fe}",
    ]);
    (any::<prop::sample::Index>(), 0..12_usize, words).prop_map(move |(at, length, word)| {
        let mut bytes = whole.clone();
        let at = at.index(bytes.len());
        let end = (at + length).min(bytes.len());
        bytes.splice(at..end, word.bytes());
        bytes
    })
}

/// Both conversations come to an end, whatever is said.
fn talk(line: &str, answers: &[Vec<u8>]) {
    let code = code();
    let (mut making, _) = asks(line, &Gives::PercentOff(15), "2026-04-17T20:59:59Z");
    let (mut leaving, _) = Withdrawing::begin(&Access::parse(line).unwrap(), &code, Some("7"));
    let said = |body| Response { status: 200, body, ..Response::default() };
    assert!(answers.iter().any(|body| !matches!(making.hear(said(body)), Step::Ask(_))));
    assert!(answers.iter().any(|body| !matches!(leaving.hear(said(body)), Step::Ask(_))));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_bent_answer_of_shopify_ends_it(answers in prop::collection::vec(bent(&json!({"data": {
        "shop": {"currencyCode": "EUR"},
        "made": {"codeDiscountNode": {"id": "gid://shopify/DiscountCodeNode/7"}, "userErrors": [{"code": "TAKEN"}]},
        "codeDiscountNodeByCode": {"id": "gid://shopify/DiscountCodeNode/7", "codeDiscount": {"status": "ACTIVE",
            "endsAt": "2026-04-17T21:00:00Z", "usageLimit": 1, "customerGets": {"value": {"percentage": 0.15}}}},
    }, "extensions": {"cost": {"requestedQueryCost": 10}}})), 6)) {
        talk(SHOPIFY, &answers);
    }

    #[test]
    fn a_bent_answer_of_woocommerce_ends_it(answers in prop::collection::vec(bent(&json!([{
        "id": 719, "code": code().as_str().to_lowercase(), "amount": "15.00", "discount_type": "percent",
        "date_expires_gmt": "2026-04-17T20:59:59", "usage_limit": 1, "meta_data": [{"key": "_winback", "value": code().as_str()}],
    }])), 6)) {
        talk(WOOCOMMERCE, &answers);
    }

    #[test]
    fn a_bent_answer_of_stripe_ends_it(answers in prop::collection::vec(bent(&json!({
        "id": "winback-15-percent", "active": true, "data": [{"id": "promo_1", "active": true, "code": code().as_str(),
            "metadata": {"winback": code().as_str()}, "max_redemptions": 1, "restrictions": {"minimum_amount": 4000}}],
    })), 6)) {
        talk(STRIPE, &answers);
    }
}
