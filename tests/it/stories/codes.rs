//! Codes that the store itself honours: made good before the letter leaves, withdrawn where it never will.

use serde_json::{Value, json};
use winback_domain::message::State as Fate;

use crate::dialects::{SECRET, SECRETS, Sender, payload, told};
use crate::support::codes::honoured_by;
use crate::support::stores::StandIn;
use crate::support::stores::shopify::ShopifyApi;
use crate::support::stores::stripe::StripeApi;
use crate::support::stores::woocommerce::{Mood, WooCommerceApi};
use crate::support::{Shop, books, edit};

const ANNA: &str = "anna@example.com";
const BO: &str = "bo@example.com";

async fn lapsing() -> (Shop, WooCommerceApi) {
    let mut shop = Shop::open_with("2026-01-12 10:00", "books", &honoured_by("woocommerce", books())).await;
    let store = WooCommerceApi::behind(&shop.place);
    shop.order(ANNA, "45.00").await;
    shop.until("2026-04-14 08:59").await;
    (shop, store)
}

#[tokio::test]
async fn the_code_is_good_in_the_store_to_the_last_second_before_the_letter_leaves() {
    let (mut shop, store) = lapsing().await;
    assert_eq!(store.asked(), Vec::<String>::new(), "nobody is asked before there is a letter");
    shop.until("2026-04-14 09:30").await;
    assert_eq!(shop.letters_to(ANNA).len(), 1);
    let coupon = store.coupon(&shop.code_mailed_to(ANNA)).expect("the store has it");
    assert_eq!((&coupon["amount"], &coupon["usage_limit"]), (&json!("10.00"), &json!(1)));
    assert_eq!(coupon["minimum_amount"], "40.00");
    assert_eq!((&coupon["individual_use"], &coupon["email_restrictions"]), (&json!(true), &json!([ANNA])));
    let made = shop.ledger().await.coupons[0].clone();
    assert!(made.reference.is_some(), "and we know what the store calls it");
    // The order comes with the code as WooCommerce writes it.
    let typed = shop.code_mailed_to(ANNA).to_lowercase();
    shop.order_with(ANNA, "45.00", json!({"discount_codes": [typed]})).await;
    assert_eq!(shop.ledger().await.coupons[0].redeemed.len(), 1);
}

#[tokio::test]
async fn a_store_that_is_down_for_an_hour_costs_an_hour_and_no_letter() {
    let (mut shop, store) = lapsing().await;
    store.mood(Mood::Answers(503, "<html>maintenance</html>".to_owned()));
    shop.until("2026-04-14 10:00").await;
    assert!(shop.letters_to(ANNA).is_empty(), "no mail without its code");
    store.mood(Mood::Well);
    shop.until("2026-04-14 10:30").await;
    assert_eq!(shop.letters_to(ANNA).len(), 1);
    assert!(store.coupon(&shop.code_mailed_to(ANNA)).is_some());
}

/// The one message there is was given up: what it says of the store, once.
async fn given_up(shop: &Shop) -> String {
    let ledger = shop.ledger().await;
    let [message] = &ledger.messages[..] else { panic!("one message: {:?}", ledger.messages) };
    assert_eq!(message.state, Fate::Stopped);
    let why: Vec<String> = message.why.iter().map(ToString::to_string).collect();
    let mut told = why.iter().filter(|said| said.contains(" did not make the code good: "));
    let (Some(said), None) = (told.next(), told.next()) else { panic!("it is said once: {why:?}") };
    said.clone()
}

#[tokio::test]
async fn every_way_to_fail_lets_the_day_lapse_says_why_and_the_next_day_brings_another_code() {
    for (mood, because) in [
        (Mood::Answers(401, json!({"code": "woocommerce_rest_cannot_create"}).to_string()), "does not let us in"),
        (
            Mood::Answers(
                400,
                json!({"code": "rest_invalid_param", "message": "Invalid parameter(s): amount"}).to_string(),
            ),
            "the store refuses: Invalid parameter(s): amount",
        ),
        (Mood::Crowns, "the offer is in EUR, the store's currency is SEK"),
        (Mood::Busy(120), "asks to come back later"),
        (Mood::Answers(500, String::new()), "asks to come back later"),
        (Mood::Answers(201, "{\"id\": 7, \"co".to_owned()), "cannot be read"),
    ] {
        let (mut shop, store) = lapsing().await;
        store.mood(mood.clone());
        // From eight in the evening no letter leaves. The store is as ill as by day: what is called off is called off
        // once it answers.
        shop.until("2026-04-14 21:00").await;
        assert!(shop.letters_to(ANNA).is_empty(), "{mood:?}");
        store.mood(Mood::Well);
        shop.until("2026-04-15 08:00").await;
        let told = given_up(&shop).await;
        assert!(told.starts_with("woocommerce did not") && told.contains(because), "{mood:?}: {told}");
        shop.until("2026-04-15 12:00").await;
        assert_eq!(shop.letters_to(ANNA).len(), 1, "{mood:?}");
        let coupons = shop.ledger().await.coupons;
        let (dead, good): (Vec<_>, Vec<_>) = coupons.iter().partition(|coupon| coupon.dead);
        assert_eq!((dead.len(), good.len()), (1, 1), "{mood:?}: the first day's code is dead, the second's good");
        assert!(good.iter().all(|coupon| coupon.not_made.is_none()), "{mood:?}");
    }
}

#[tokio::test]
async fn a_code_for_two_orders_is_made_for_two_in_the_store_as_well() {
    let mut folder = honoured_by("woocommerce", books());
    edit(&mut folder, "program.yaml", "    minimum_order: 40 EUR\n", "    minimum_order: 40 EUR\n    uses: 2\n");
    let mut shop = Shop::open_with("2026-01-12 10:00", "books", &folder).await;
    let store = WooCommerceApi::behind(&shop.place);
    shop.order(ANNA, "45.00").await;
    shop.until("2026-04-14 12:00").await;
    assert_eq!(shop.letters_to(ANNA).len(), 1);
    assert_eq!(store.coupons()[0]["usage_limit"], 2);
}

#[tokio::test]
async fn a_store_says_when_it_wants_to_be_asked_again_and_is_not_asked_before() {
    let (mut shop, store) = lapsing().await;
    store.mood(Mood::Busy(1_800));
    shop.until("2026-04-14 09:25").await;
    assert_eq!(store.asked().len(), 1, "asked once, at nine");
    store.mood(Mood::Well);
    shop.until("2026-04-14 09:29").await;
    assert!(shop.letters_to(ANNA).is_empty());
    shop.until("2026-04-14 09:35").await;
    assert_eq!(shop.letters_to(ANNA).len(), 1);
}

#[tokio::test]
async fn a_code_that_is_taken_is_one_customers_trouble_and_the_others_get_their_letters() {
    let mut shop = Shop::open_with("2026-01-12 10:00", "books", &honoured_by("woocommerce", books())).await;
    let store = WooCommerceApi::behind(&shop.place);
    for email in [ANNA, BO] {
        shop.order(email, "45.00").await;
    }
    shop.until("2026-04-14 08:59").await;
    store.mood(Mood::Answers(502, String::new()));
    shop.until("2026-04-14 09:01").await;
    let coupons = shop.ledger().await.coupons;
    let code = coupons[0].code.to_string();
    store.add(&code, json!({"amount": "99.00"}));
    store.mood(Mood::Well);
    shop.until("2026-04-14 09:10").await;
    let mailed = [ANNA, BO].map(|email| shop.letters_to(email).len());
    assert_eq!(mailed.iter().sum::<usize>(), 1, "nobody waits for the one whose code was taken: {mailed:?}");
    let asked = store.asked().len();
    shop.until("2026-04-14 19:00").await;
    assert_eq!(store.asked().len(), asked, "what is taken stays taken: nobody asks again");
    shop.until("2026-04-15 12:00").await;
    assert_eq!([ANNA, BO].map(|email| shop.letters_to(email).len()), [1, 1]);
}

#[tokio::test]
async fn a_promotion_code_of_stripe_comes_back_under_its_id_and_is_known() {
    let mut shop = Shop::open_with("2026-01-12 10:00", "books", &honoured_by("stripe", books())).await;
    let account = StripeApi::behind(&shop.place);
    shop.place.stack.put_secret(SECRETS, &format!("stripe {SECRET}")).expect("it is written");
    shop.order(ANNA, "45.00").await;
    shop.until("2026-04-14 12:00").await;
    let code = shop.code_mailed_to(ANNA);
    let promotion = account.promotion(&code).expect("the account has it");
    // Good until 23:59:59 of the third day in Helsinki: it expires in the second after that.
    assert_eq!(promotion["expires_at"], json!("2026-04-17T21:00:00Z".parse::<jiff::Timestamp>().unwrap().as_second()));
    assert_eq!((&promotion["active"], &promotion["max_redemptions"]), (&json!(true), &json!(1)));
    let coupon = account.coupon("winback-1000-eur").expect("one for each offer");
    assert_eq!((&coupon["amount_off"], &coupon["currency"]), (&json!(1_000), &json!("eur")));
    // She pays, and Stripe tells the id of the code and not what she typed.
    shop.until("2026-04-15 12:00").await;
    let now = shop.place.clock.now().as_second();
    let mut paid = payload(Sender::Stripe, "checkout.session.completed--with-promotion-code");
    paid["created"] = json!(now);
    paid["data"]["object"]["created"] = json!(now - 60);
    paid["data"]["object"]["customer_details"]["email"] = json!(ANNA);
    paid["data"]["object"]["discounts"][0]["promotion_code"] = promotion["id"].clone();
    told(&shop, Sender::Stripe, "checkout.session.completed", &paid).await;
    let ledger = shop.ledger().await;
    let known = ledger.coupons.iter().find(|coupon| coupon.code.as_str() == code).expect("ours");
    assert_eq!(known.redeemed.len(), 1, "{known:?}");
    assert!(ledger.messages.iter().any(|message| message.redeemed_by.is_some()));
}

/// An order as Shopify tells it, of another moment.
fn ordered(name: &str, at: &str) -> Value {
    let mut order = payload(Sender::Shopify, name);
    for member in ["created_at", "processed_at", "updated_at"] {
        order[member] = json!(at);
    }
    order
}

#[tokio::test]
async fn a_discount_code_of_shopify_is_good_to_the_second_for_one_order_and_comes_back_with_it() {
    let mut shop = Shop::open_with("2026-01-12 10:00", "books", &honoured_by("shopify", books())).await;
    let store = ShopifyApi::behind(&shop.place);
    shop.place.stack.put_secret(SECRETS, &format!("shopify {SECRET}")).expect("it is written");
    let first = ordered("orders.create", "2026-01-12T09:30:00+02:00");
    told(&shop, Sender::Shopify, "orders/create", &first).await;
    shop.until("2026-04-14 08:59").await;
    assert_eq!(store.asked(), 0, "nobody is asked before there is a letter");
    shop.until("2026-04-14 09:30").await;
    assert_eq!(shop.letters_to(ANNA).len(), 1);
    let code = shop.code_mailed_to(ANNA);
    let discount = store.discount(&code).expect("the store has it");
    // Good until 23:59:59 of the third day in Helsinki: it is over in the second after that.
    assert_eq!(discount["endsAt"], "2026-04-17T21:00:00Z");
    assert_eq!((&discount["usageLimit"], &discount["appliesOncePerCustomer"]), (&json!(1), &json!(true)));
    assert_eq!(discount["customerGets"]["value"]["discountAmount"]["amount"], "10.00");
    assert_eq!(discount["minimumRequirement"]["subtotal"]["greaterThanOrEqualToSubtotal"], "40.00");
    shop.until("2026-04-15 10:00").await;
    let mut bought = ordered("orders.create--with-code", "2026-04-15T09:45:00+03:00");
    bought["discount_codes"][0]["code"] = json!(code);
    bought["discount_applications"][0]["code"] = json!(code);
    told(&shop, Sender::Shopify, "orders/create", &bought).await;
    let ledger = shop.ledger().await;
    let [coupon] = &ledger.coupons[..] else { panic!("one code: {:?}", ledger.coupons) };
    assert_eq!((coupon.code.as_str(), coupon.redeemed.len()), (&*code, 1), "{coupon:?}");
    assert!(coupon.reference.as_ref().is_some_and(|id| id.starts_with("gid://")), "{coupon:?}");
    assert!(ledger.messages.iter().any(|message| message.redeemed_by.is_some()));
}

#[tokio::test]
async fn what_shopify_finds_wrong_with_a_code_costs_the_days_letter_and_is_said_in_the_why() {
    let mut shop = Shop::open_with("2026-01-12 10:00", "books", &honoured_by("shopify", books())).await;
    let store = ShopifyApi::behind(&shop.place);
    shop.order(ANNA, "45.00").await;
    store.finds(Some("Ends at needs to be after starts_at"));
    shop.until("2026-04-14 21:00").await;
    assert!(shop.letters_to(ANNA).is_empty(), "a status of 200 is no success");
    assert!(store.asked() > 2, "it was asked again and again: somebody may have mended it");
    store.finds(None);
    shop.until("2026-04-15 08:00").await;
    let because = "shopify did not make the code good: the store refuses: Ends at needs to be after starts_at.";
    assert_eq!(given_up(&shop).await, because);
    shop.until("2026-04-15 12:00").await;
    assert_eq!(shop.letters_to(ANNA).len(), 1, "the next day has another code");
    assert!(store.discount(&shop.code_mailed_to(ANNA)).is_some());
}

#[tokio::test]
async fn a_stripe_that_refuses_or_is_down_until_the_evening_costs_the_days_letter_and_is_said_in_the_why() {
    let error = |message: &str| json!({"error": {"type": "invalid_request_error", "message": message}});
    for (status, body, because) in [
        (503, json!({}), "asks to come back later"),
        (401, error("Invalid API Key provided"), "does not let us in"),
        (400, error("Invalid currency: eur"), "the store refuses: Invalid currency: eur"),
    ] {
        let mut shop = Shop::open_with("2026-01-12 10:00", "books", &honoured_by("stripe", books())).await;
        let account = StripeApi::behind(&shop.place);
        shop.order(ANNA, "45.00").await;
        account.answers(Some((status, body)));
        shop.until("2026-04-14 21:00").await;
        assert!(shop.letters_to(ANNA).is_empty(), "{status}: no mail without its code");
        assert!(account.asked() > 2, "{status}: it was asked again and again");
        account.answers(None);
        shop.until("2026-04-15 08:00").await;
        let told = given_up(&shop).await;
        assert!(told.starts_with("stripe did not") && told.contains(because), "{status}: {told}");
        shop.until("2026-04-15 12:00").await;
        assert_eq!(shop.letters_to(ANNA).len(), 1, "{status}: the next day has another code");
        let promotion = account.promotion(&shop.code_mailed_to(ANNA)).expect("the account has it");
        assert_eq!(promotion["active"], true, "{status}");
        let alive = account.promotions().iter().filter(|known| known["active"] == true).count();
        assert_eq!(alive, 1, "{status}: and nothing of the first day lives");
    }
}

#[tokio::test]
async fn a_code_that_somebody_made_for_something_else_is_never_mailed() {
    let (mut shop, store) = lapsing().await;
    // The store loses its answer; somebody changes what it made; we ask again.
    store.mood(Mood::Answers(502, String::new()));
    shop.until("2026-04-14 09:01").await;
    let code = shop.ledger().await.coupons[0].code.to_string();
    store.add(&code, json!({"amount": "99.00"}));
    store.mood(Mood::Well);
    shop.until("2026-04-15 08:00").await;
    assert!(shop.letters_to(ANNA).is_empty(), "it would promise what the store does not keep");
    shop.until("2026-04-15 12:00").await;
    assert_eq!(shop.letters_to(ANNA).len(), 1, "the next day has another code");
    assert_ne!(shop.code_mailed_to(ANNA), code);
}

#[tokio::test]
async fn whoever_buys_while_the_store_is_down_gets_no_letter_and_their_code_is_withdrawn() {
    let (mut shop, store) = lapsing().await;
    shop.until("2026-04-14 08:59").await;
    store.mood(Mood::Answers(502, String::new()));
    shop.until("2026-04-14 09:05").await;
    let code = shop.ledger().await.coupons[0].code.to_string();
    store.mood(Mood::Well);
    // It had made the code and lost the answer.
    let mark = json!([{"key": "_winback", "value": code}]);
    store.add(&code, json!({"amount": "10.00", "minimum_amount": "40.00", "usage_limit": 1, "meta_data": mark}));
    shop.order(ANNA, "30.00").await;
    shop.until("2026-04-14 18:00").await;
    assert!(shop.letters_to(ANNA).is_empty());
    let coupon = store.coupon(&code).expect("kept, and dead");
    let expired = coupon["date_expires_gmt"].as_str().is_some_and(|end| end < "2026-04-14");
    assert!(expired || coupon["status"] != "publish", "{coupon}");
}
