//! Conversations with the three stores, answered as their documentation says.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::ids::{CustomerId, MessageId, StoreId};
use crate::keys::Key;
use crate::money::Currency;

mod several;
mod truths;
mod withdrawn;

const SHOPIFY: &str = "shopify example-books.myshopify.com shpat_0123456789abcdef";
const WOOCOMMERCE: &str = "woocommerce https://shop.example ck_0123456789abcdef cs_0123456789abcdef";
const STRIPE: &str = "stripe sk_live_0123456789abcdef";

fn euros(text: &str) -> Money {
    Money::parse(text, Currency::parse("EUR").unwrap()).unwrap()
}

fn code() -> Code {
    let store = StoreId::try_from("books".to_owned()).unwrap();
    let message = MessageId::of(CustomerId::from_bytes([7; 16]), "We miss you", Timestamp::UNIX_EPOCH, 0, 0);
    Code::of(&Key::new(b"k".to_vec()), &store, message, 1)
}

/// Asks for a code and answers each question in turn: what was asked, and how it ended.
fn making(line: &str, gives: &Gives, answers: &[(u16, Value)]) -> (Vec<Request>, Result<Made, Trouble>) {
    let (access, code) = (Access::parse(line).unwrap(), code());
    let wanted = Wanted {
        code: &code,
        gives,
        minimum_order: Some(euros("40")),
        from: "2026-04-13T21:00:00Z".parse().unwrap(),
        until: "2026-04-17T20:59:59Z".parse().unwrap(),
        uses: 1,
        title: "We miss you",
        email: None,
    };
    let (mut making, first) = match Making::begin(&access, &wanted) {
        Ok(begun) => begun,
        Err(trouble) => return (Vec::new(), Err(trouble)),
    };
    let mut asked = vec![first];
    for (status, body) in answers {
        let body = body.to_string();
        match making.hear(Response {
            status: *status,
            retry_after: Some(7),
            body: body.as_bytes(),
            ..Response::default()
        }) {
            Step::Ask(next) => asked.push(next),
            Step::Done(made) => return (asked, Ok(made)),
            Step::Failed(trouble) => return (asked, Err(trouble)),
        }
    }
    panic!("{asked:?}: one more question than answers")
}

fn ten() -> Gives {
    Gives::AmountOff(euros("10"))
}

fn made(reference: &str) -> Result<Made, Trouble> {
    Ok(Made { reference: Some(reference.to_owned()) })
}

mod shopify {
    use super::*;

    fn store(node: Value) -> (u16, Value) {
        (200, json!({"data": {"shop": {"currencyCode": "EUR"}, "codeDiscountNodeByCode": node}}))
    }

    fn there(change: Value) -> Value {
        let mut discount = json!({"__typename": "DiscountCodeBasic", "status": "ACTIVE", "endsAt": "2026-04-17T21:00:00Z",
            "usageLimit": 1, "customerGets": {"value": {"__typename": "DiscountAmount", "amount": {"amount": "10.0"}}},
            "minimumRequirement": {"greaterThanOrEqualToSubtotal": {"amount": "40.0"}}});
        discount.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        json!({"id": "gid://shopify/DiscountCodeNode/7", "codeDiscount": discount})
    }

    fn created(errors: Value) -> (u16, Value) {
        (
            200,
            json!({"data": {"made": {"codeDiscountNode": {"id": "gid://shopify/DiscountCodeNode/7"}, "userErrors": errors}}}),
        )
    }

    #[test]
    fn a_code_is_made_to_the_last_second_for_one_order() {
        let (asked, ended) = making(SHOPIFY, &ten(), &[store(Value::Null), created(json!([]))]);
        assert_eq!(ended, made("gid://shopify/DiscountCodeNode/7"));
        let body: Value = serde_json::from_str(&asked[1].body).unwrap();
        let discount = &body["variables"]["discount"];
        assert_eq!(discount["endsAt"], "2026-04-17T21:00:00Z");
        assert_eq!((&discount["usageLimit"], &discount["appliesOncePerCustomer"]), (&json!(1), &json!(true)));
        assert_eq!(discount["customerGets"]["value"]["discountAmount"]["amount"], "10.00");
        assert!(discount.get("customerSelection").is_none() && discount["context"].is_object());
        assert!(asked[1].url.ends_with("/admin/api/2026-10/graphql.json"));
        let (asked, _) = making(SHOPIFY, &Gives::PercentOff(15), &[store(Value::Null), created(json!([]))]);
        assert!(asked[1].body.contains("\"percentage\":0.15"));
        let (asked, _) = making(SHOPIFY, &Gives::FreeShipping, &[store(Value::Null), created(json!([]))]);
        assert!(asked[1].body.contains("discountCodeFreeShippingCreate"));
    }

    #[test]
    fn a_code_is_what_the_offer_says_and_combines_with_nothing() {
        let (asked, _) = making(SHOPIFY, &ten(), &[store(Value::Null), created(json!([]))]);
        let body: Value = serde_json::from_str(&asked[1].body).unwrap();
        assert!(body["query"].as_str().unwrap().contains("discountCodeBasicCreate(basicCodeDiscount: $discount)"));
        let discount = &body["variables"]["discount"];
        assert_eq!((&discount["code"], &discount["title"]), (&json!(code().as_str()), &json!("We miss you")));
        assert_eq!(discount["startsAt"], "2026-04-13T21:00:00Z");
        let least = json!({"subtotal": {"greaterThanOrEqualToSubtotal": "40.00"}});
        assert_eq!(discount["minimumRequirement"], least);
        let nothing = json!({"orderDiscounts": false, "productDiscounts": false, "shippingDiscounts": false});
        assert_eq!(discount["combinesWith"], nothing);
    }

    #[test]
    fn already_there_is_success_only_after_reading_it_back() {
        let ends = |change: Value| making(SHOPIFY, &ten(), &[store(there(change))]).1;
        assert_eq!(ends(json!({})), made("gid://shopify/DiscountCodeNode/7"));
        assert_eq!(ends(json!({"endsAt": "2026-04-18T21:00:00Z"})), Err(Trouble::Taken));
        assert_eq!(ends(json!({"usageLimit": null})), Err(Trouble::Taken));
        assert_eq!(ends(json!({"status": "EXPIRED", "endsAt": "2026-04-14T09:00:00Z"})), Err(Trouble::Dead));
        let taken = created(json!([{"code": "TAKEN", "message": "Code must be unique"}]));
        let (_, ended) = making(SHOPIFY, &ten(), &[store(Value::Null), taken, store(there(json!({})))]);
        assert_eq!(ended, made("gid://shopify/DiscountCodeNode/7"), "another try of ours was faster");
    }

    #[test]
    fn two_hundred_is_no_success() {
        let fails = |answer: (u16, Value)| making(SHOPIFY, &ten(), &[answer]).1.unwrap_err();
        let error = |code: &str| (200, json!({"errors": [{"message": "No", "extensions": {"code": code}}]}));
        assert_eq!(fails(error("THROTTLED")), Trouble::Later { seconds: None });
        assert_eq!(fails(error("ACCESS_DENIED")), Trouble::NoAccess);
        assert_eq!(fails((429, json!({}))), Trouble::Later { seconds: Some(7) });
        assert_eq!(fails((500, json!({}))), Trouble::Later { seconds: Some(7) });
        assert_eq!(fails((401, json!({"errors": "[API] Invalid API key"}))), Trouble::NoAccess);
        assert_eq!(fails((200, json!({"data": null}))), Trouble::Unreadable);
        let crowns = (200, json!({"data": {"shop": {"currencyCode": "SEK"}, "codeDiscountNodeByCode": null}}));
        assert_eq!(fails(crowns).to_string(), "the store refuses: the offer is in EUR, the store's currency is SEK");
        let refused = created(json!([{"code": "INVALID", "message": "Ends at needs to be after starts_at"}]));
        let ended = making(SHOPIFY, &ten(), &[store(Value::Null), refused]).1;
        assert_eq!(ended, Err(Trouble::Refused("Ends at needs to be after starts_at".to_owned())));
    }
}

mod woocommerce {
    use super::*;

    fn euros_here() -> (u16, Value) {
        (200, json!({"code": "EUR", "name": "Euro", "symbol": "€"}))
    }

    fn coupon(change: Value) -> Value {
        let mut coupon = json!({"id": 719, "code": code().as_str().to_lowercase(), "amount": "10.00", "status": "publish",
            "discount_type": "fixed_cart", "date_expires_gmt": "2026-04-17T20:59:59", "usage_limit": 1,
            "minimum_amount": "40.00", "free_shipping": false,
            "meta_data": [{"id": 1, "key": "_winback", "value": code().as_str()}]});
        coupon.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        coupon
    }

    fn exists() -> (u16, Value) {
        (
            400,
            json!({"code": "woocommerce_rest_coupon_code_already_exists", "message": "The coupon code already exists",
            "data": {"status": 400}}),
        )
    }

    #[test]
    fn a_code_is_made_with_its_last_second_in_utc() {
        let (asked, ended) = making(WOOCOMMERCE, &ten(), &[euros_here(), (201, coupon(json!({})))]);
        assert_eq!(ended, made("719"));
        let body: Value = serde_json::from_str(&asked[1].body).unwrap();
        assert_eq!((&body["date_expires_gmt"], &body["amount"]), (&json!("2026-04-17T20:59:59"), &json!("10.00")));
        assert_eq!((&body["usage_limit"], &body["minimum_amount"]), (&json!(1), &json!("40.00")));
        assert!(asked[1].headers.iter().any(|(name, value)| *name == "authorization" && value.starts_with("Basic ")));
        let percent = coupon(json!({"discount_type": "percent", "amount": "15.00"}));
        assert_eq!(making(WOOCOMMERCE, &Gives::PercentOff(15), &[euros_here(), (201, percent)]).1, made("719"));
    }

    #[test]
    fn a_code_stands_alone_and_is_for_whom_it_was_mailed_to() {
        let coupon = |email: Option<&Address>| -> Value {
            let (code, gives) = (code(), Gives::PercentOff(15));
            let (from, until) = ("2026-04-13T21:00:00Z".parse().unwrap(), "2026-04-17T20:59:59Z".parse().unwrap());
            let wanted =
                Wanted { code: &code, gives: &gives, minimum_order: None, from, until, uses: 1, title: "x", email };
            let (_, first) = Making::begin(&Access::parse(WOOCOMMERCE).unwrap(), &wanted).unwrap();
            assert_eq!(first.url, "https://shop.example/wp-json/wc/v3/coupons");
            serde_json::from_str(&first.body).unwrap()
        };
        let anna: Address = "Anna@example.com".parse().unwrap();
        let hers = coupon(Some(&anna));
        assert_eq!(hers["email_restrictions"], json!(["anna@example.com"]));
        assert_eq!(hers["individual_use"], true);
        assert!(coupon(None).get("email_restrictions").is_none(), "whoever has it may use it");
    }

    #[test]
    fn already_there_is_success_only_after_reading_it_back() {
        let ends =
            |change: Value| making(WOOCOMMERCE, &ten(), &[euros_here(), exists(), (200, json!([coupon(change)]))]).1;
        assert_eq!(ends(json!({})), made("719"));
        assert_eq!(ends(json!({"amount": "99.00"})), Err(Trouble::Taken));
        assert_eq!(ends(json!({"date_expires_gmt": "2026-04-18T20:59:59"})), Err(Trouble::Taken));
        assert_eq!(ends(json!({"status": "draft"})), Err(Trouble::Taken));
        assert_eq!(ends(json!({"date_expires_gmt": "2000-01-01T00:00:00"})), Err(Trouble::Dead));
        let (_, binned) = making(WOOCOMMERCE, &ten(), &[euros_here(), exists(), (200, json!([]))]);
        assert_eq!(binned, Err(Trouble::Later { seconds: None }));
    }

    #[test]
    fn every_way_to_say_no() {
        let fails = |answer: (u16, Value)| making(WOOCOMMERCE, &ten(), &[answer]).1.unwrap_err();
        assert_eq!(
            fails((200, json!({"code": "SEK"}))).to_string(),
            "the store refuses: the offer is in EUR, the store's currency is SEK"
        );
        assert_eq!(fails((403, json!({"code": "woocommerce_rest_cannot_view"}))), Trouble::NoAccess);
        assert_eq!(fails((503, json!("maintenance"))), Trouble::Later { seconds: Some(7) });
        assert_eq!(
            fails((301, json!({}))).to_string(),
            "the store refuses: its address leads elsewhere: write down where"
        );
        assert_eq!(
            fails((404, json!({"code": "rest_no_route"}))).to_string(),
            "the store refuses: there is no such address"
        );
        let (_, half) = making(WOOCOMMERCE, &ten(), &[euros_here(), (201, json!({"id": 719}))]);
        assert_eq!(half, Err(Trouble::Taken));
    }
}

mod stripe {
    use super::*;

    fn coupon() -> (u16, Value) {
        (200, json!({"id": "winback-1000-eur", "object": "coupon"}))
    }

    fn promotion(change: Value) -> Value {
        let mut promotion = json!({"id": "promo_1", "object": "promotion_code", "active": true, "code": code().as_str(),
            "promotion": {"type": "coupon", "coupon": "winback-1000-eur"}, "expires_at": 1_776_459_600_i64,
            "max_redemptions": 1, "metadata": {"winback": code().as_str()},
            "restrictions": {"minimum_amount": 4000, "minimum_amount_currency": "eur"}});
        promotion.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        promotion
    }

    fn error(code: &str, message: &str) -> (u16, Value) {
        (400, json!({"error": {"type": "invalid_request_error", "code": code, "message": message}}))
    }

    #[test]
    fn a_coupon_once_and_a_promotion_code_each() {
        let (asked, ended) = making(STRIPE, &ten(), &[coupon(), (200, promotion(json!({})))]);
        assert_eq!(ended, made("promo_1"));
        assert!(asked[0].body.contains("amount_off=1000") && asked[0].body.contains("duration=once"));
        assert!(
            asked[1].body.contains("promotion%5Btype%5D=coupon") && asked[1].body.contains("expires_at=1776459600")
        );
        let header =
            |name: &str| asked[1].headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone());
        assert_eq!(header("stripe-version").as_deref(), Some("2025-09-30.clover"));
        assert_eq!(header("idempotency-key"), Some(format!("winback-{}-promotion", code())));
    }

    #[test]
    fn a_coupon_that_was_there_must_give_the_same() {
        let known = || error("resource_already_exists", "Coupon already exists.");
        let there = |change: Value| {
            let mut coupon = json!({"id": "winback-1000-eur", "object": "coupon", "amount_off": 1000, "currency": "eur",
                "percent_off": null, "valid": true});
            coupon.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
            making(STRIPE, &ten(), &[known(), (200, coupon), (200, promotion(json!({})))])
        };
        let (asked, ended) = there(json!({}));
        assert_eq!(ended, made("promo_1"));
        assert_eq!((asked[1].method, asked[1].url.rsplit('/').next()), ("GET", Some("winback-1000-eur")));
        for other in [json!({"amount_off": 100}), json!({"currency": "usd"}), json!({"valid": false})] {
            assert!(matches!(there(other.clone()).1, Err(Trouble::Refused(_))), "{other}");
        }
    }

    #[test]
    fn already_there_is_success_only_after_reading_it_back() {
        let ends = |change: Value| {
            let taken = error("", "An active promotion code with `code: …` already exists.");
            making(STRIPE, &ten(), &[coupon(), taken, (200, json!({"data": [promotion(change)]}))]).1
        };
        assert_eq!(ends(json!({})), made("promo_1"));
        assert_eq!(ends(json!({"active": false})), Err(Trouble::Dead));
        assert_eq!(ends(json!({"expires_at": 1_776_459_601_i64})), Err(Trouble::Taken));
        assert_eq!(ends(json!({"metadata": {}})), Err(Trouble::Taken));
    }

    #[test]
    fn every_way_to_say_no() {
        let fails = |answer: (u16, Value)| making(STRIPE, &ten(), &[answer]).1.unwrap_err();
        assert_eq!(fails((401, json!({"error": {"message": "Invalid API Key"}}))), Trouble::NoAccess);
        assert_eq!(fails((429, json!({}))), Trouble::Later { seconds: Some(7) });
        assert_eq!(fails((409, json!({}))), Trouble::Later { seconds: Some(7) });
        assert_eq!(
            fails(error("parameter_invalid", "Invalid currency: xyz")).to_string(),
            "the store refuses: Invalid currency: xyz"
        );
        assert!(matches!(making(STRIPE, &Gives::FreeShipping, &[]).1, Err(Trouble::Refused(_))));
    }
}

#[test]
fn a_withdrawn_code_is_switched_off_and_never_deleted() {
    let code = code();
    for (line, answers, url, said) in [
        (
            SHOPIFY,
            vec![
                json!({"data": {"shop": {}, "codeDiscountNodeByCode": {"id": "gid://shopify/DiscountCodeNode/7"}}}),
                json!({"data": {"made": {"codeDiscountNode": {"id": "gid://shopify/DiscountCodeNode/7"}, "userErrors": []}}}),
            ],
            "/graphql.json",
            "discountCodeDeactivate(id: $id)",
        ),
        (
            WOOCOMMERCE,
            vec![
                json!([{"id": 7, "code": code.as_str().to_lowercase(), "meta_data": [{"key": "_winback", "value": code.as_str()}]}]),
                json!({"id": 7}),
            ],
            "/coupons/7",
            "2000-01-01T00:00:00Z",
        ),
        (
            STRIPE,
            vec![
                json!({"data": [{"id": "promo_7", "code": code.as_str(), "metadata": {"winback": code.as_str()}}]}),
                json!({"id": "promo_7", "active": false}),
            ],
            "/promotion_codes/promo_7",
            "active=false",
        ),
    ] {
        let access = Access::parse(line).unwrap();
        let (mut leaving, first) = Withdrawing::begin(&access, &code, None);
        let mut asked = vec![first];
        let mut ended = None;
        for answer in &answers {
            let body = answer.to_string();
            match leaving.hear(Response { status: 200, body: body.as_bytes(), ..Response::default() }) {
                Step::Ask(next) => asked.push(next),
                other => ended = Some(other),
            }
        }
        assert!(matches!(ended, Some(Step::Done(Made { reference: Some(_) }))), "{line}: {ended:?}");
        assert!(asked.iter().all(|request| request.method != "DELETE" && !request.body.contains("Delete")), "{line}");
        let last = &asked[answers.len() - 1];
        assert!(last.url.ends_with(url) && last.body.contains(said), "{line}: {last:?} says {}", last.body);
    }
}

#[test]
fn what_no_code_can_give_is_refused_before_anybody_is_asked() {
    for (line, gives) in [(SHOPIFY, Gives::Credit(euros("10"))), (WOOCOMMERCE, Gives::Thing("gift".to_owned()))] {
        let (asked, ended) = making(line, &gives, &[]);
        assert!(asked.is_empty() && matches!(ended, Err(Trouble::Refused(_))));
    }
}

proptest! {
    #[test]
    fn whatever_a_store_answers_the_conversation_ends(
        line in prop::sample::select(vec![SHOPIFY, WOOCOMMERCE, STRIPE]),
        answers in proptest::collection::vec((100_u16..600, any::<Vec<u8>>(), any::<bool>()), 6),
    ) {
        let (access, code, gives) = (Access::parse(line).unwrap(), code(), ten());
        let wanted = Wanted { code: &code, gives: &gives, minimum_order: None, from: Timestamp::UNIX_EPOCH,
            until: Timestamp::UNIX_EPOCH, uses: 1, title: "x", email: None };
        let (mut making, _) = Making::begin(&access, &wanted).unwrap();
        let (mut leaving, _) = Withdrawing::begin(&access, &code, None);
        let mut open = 0;
        for (status, bytes, empty) in &answers {
            let body: &[u8] = if *empty { b"{}" } else { bytes };
            let response = Response { status: *status, body, ..Response::default() };
            open += usize::from(matches!(making.hear(response), Step::Ask(_)));
            open += usize::from(matches!(leaving.hear(response), Step::Ask(_)));
        }
        prop_assert!(open <= 8);
    }
}
