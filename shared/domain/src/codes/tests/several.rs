//! Codes for more than one order.

use super::*;

/// Fifteen percent off for two orders.
fn two(line: &str) -> (Making, Request) {
    let (code, gives) = (code(), Gives::PercentOff(15));
    let (from, until) = ("2026-04-13T21:00:00Z".parse().unwrap(), "2026-04-17T20:59:59Z".parse().unwrap());
    let wanted =
        Wanted { code: &code, gives: &gives, minimum_order: None, from, until, uses: 2, title: "x", email: None };
    Making::begin(&Access::parse(line).unwrap(), &wanted).unwrap()
}

fn hear(making: &mut Making, (status, body): &(u16, Value)) -> Step {
    making.hear(Response { status: *status, body: body.to_string().as_bytes(), ..Response::default() })
}

/// Stripe has the coupon.
fn coupon() -> (u16, Value) {
    (200, json!({"id": "winback-15-percent"}))
}

#[test]
fn a_code_for_two_orders_is_made_for_two_and_one_customer_may_have_both() {
    let body = |request: &Request| -> Value { serde_json::from_str(&request.body).unwrap() };
    let shopify = body(&two(SHOPIFY).1);
    let discount = &shopify["variables"]["discount"];
    assert_eq!((&discount["usageLimit"], &discount["appliesOncePerCustomer"]), (&json!(2), &json!(false)));
    assert_eq!(body(&two(WOOCOMMERCE).1)["usage_limit"], 2);
    let (mut making, _) = two(STRIPE);
    let Step::Ask(stripe) = hear(&mut making, &coupon()) else { panic!("a promotion code comes after its coupon") };
    assert!(stripe.body.split('&').any(|field| field == "max_redemptions=2"), "{}", stripe.body);
}

#[test]
fn what_is_there_under_its_name_must_be_good_for_as_many() {
    let code = code();
    let there = |line: &str, uses: u32| -> Vec<(u16, Value)> {
        let mark = json!([{"key": "_winback", "value": code.as_str()}]);
        match line {
            SHOPIFY => vec![
                (200, json!({"data": {"made": {"codeDiscountNode": null, "userErrors": [{"code": "TAKEN"}]}}})),
                (
                    200,
                    json!({"data": {"shop": {"currencyCode": "EUR"}, "codeDiscountNodeByCode": {"id": "719",
                    "codeDiscount": {"status": "ACTIVE", "endsAt": "2026-04-17T21:00:00Z", "usageLimit": uses,
                        "customerGets": {"value": {"percentage": 0.15}}}}}}),
                ),
            ],
            WOOCOMMERCE => vec![
                (400, json!({"code": "woocommerce_rest_coupon_code_already_exists"})),
                (
                    200,
                    json!([{"id": 719, "code": code.as_str().to_lowercase(), "amount": "15.00", "status": "publish",
                    "discount_type": "percent", "date_expires_gmt": "2026-04-17T20:59:59", "usage_limit": uses,
                    "minimum_amount": "0.00", "free_shipping": false, "meta_data": mark}]),
                ),
            ],
            _ => vec![
                coupon(),
                (400, json!({"error": {"message": "An active promotion code with `code: …` already exists."}})),
                (
                    200,
                    json!({"data": [{"id": "719", "active": true, "code": code.as_str(), "max_redemptions": uses,
                    "promotion": {"coupon": "winback-15-percent"}, "expires_at": 1_776_459_600_i64,
                    "metadata": {"winback": code.as_str()}}]}),
                ),
            ],
        }
    };
    for line in [SHOPIFY, WOOCOMMERCE, STRIPE] {
        for (uses, ended) in [
            (1, Step::Failed(Trouble::Taken)),
            (2, Step::Done(Made { reference: Some("719".to_owned()) })),
            (3, Step::Failed(Trouble::Taken)),
        ] {
            let (mut making, _) = two(line);
            let mut heard = None;
            for answer in &there(line, uses) {
                heard = Some(hear(&mut making, answer));
            }
            assert_eq!(heard, Some(ended), "{line}: {uses}");
        }
    }
}
