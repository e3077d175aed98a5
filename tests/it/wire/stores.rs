//! The stores' own APIs over a real connection, answered as their documentation says: what each answer means for a
//! code or an order, and when the store is asked again.

mod answers;
mod orders;
mod silence;

use data_encoding::BASE64;
use serde_json::{Value, json};
use winback_domain::codes::Made;
use winback_domain::exchange::{Concerns, Trouble};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use self::answers::{CODE, Question, STORES, Store, looked_up, mistaken};

const LATER: Trouble = Trouble::Later { seconds: None };

fn says((status, body): (u16, Value)) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(body)
}

/// A store that answers each of these questions once.
async fn answering(store: Store, answers: impl IntoIterator<Item = (Question, ResponseTemplate)>) -> MockServer {
    let server = MockServer::start().await;
    for (question, answer) in answers {
        store.asked(question).respond_with(answer).up_to_n_times(1).mount(&server).await;
    }
    server
}

/// What it was asked.
async fn asked(server: &MockServer) -> Vec<Request> {
    server.received_requests().await.expect("they are kept")
}

/// Every question before this one is answered well, this one so. How it ended; nothing else was asked.
async fn meets(store: Store, question: Question, answer: ResponseTemplate) -> Result<Made, Trouble> {
    let before: &[Question] = if question == Question::Make { &[Question::First] } else { &[] };
    let mut answers: Vec<_> = before.iter().map(|well| (*well, says(store.well(*well)))).collect();
    answers.push((question, answer));
    let server = answering(store, answers).await;
    let ended = match question {
        Question::First | Question::Make => store.make(&server.uri()).await,
        Question::Back => store.withdraw(&server.uri(), None).await,
        Question::End => store.withdraw(&server.uri(), Some(store.reference())).await,
    };
    let questions = asked(&server).await.len();
    assert_eq!(questions, before.len() + 1, "{store:?}, {question:?}: whoever is in trouble is let alone");
    ended
}

/// The name is taken, and this is there.
async fn finds(store: Store, change: &Value) -> Result<Made, Trouble> {
    let answers = [
        (Question::First, says(store.well(Question::First))),
        (Question::Make, says(store.taken())),
        (Question::Back, says(store.told(Question::Back, change))),
    ];
    let server = answering(store, answers).await;
    let ended = store.make(&server.uri()).await;
    assert_eq!(asked(&server).await.len(), 3, "{store:?}: it is read back");
    ended
}

fn header<'r>(request: &'r Request, name: &str) -> Option<&'r str> {
    request.headers.get(name)?.to_str().ok()
}

#[tokio::test]
async fn a_code_is_made_to_the_second_for_one_order() {
    let basic = format!("Basic {}", BASE64.encode(b"ck_0123456789abcdef:cs_0123456789abcdef"));
    for (store, key, opens, told) in [
        (
            Store::Shopify,
            "x-shopify-access-token",
            "shpat_0123456789abcdef",
            [r#""endsAt":"2026-04-17T21:00:00Z""#, r#""usageLimit":1"#, r#""appliesOncePerCustomer":true"#],
        ),
        (
            Store::WooCommerce,
            "authorization",
            basic.as_str(),
            [
                r#""date_expires":"2026-04-17T20:59:59Z""#,
                r#""usage_limit":1"#,
                r#"_restrictions":["anna@example.com"]"#,
            ],
        ),
        (
            Store::Stripe,
            "authorization",
            "Bearer sk_live_0123456789abcdef",
            ["expires_at=1776459600", "max_redemptions=1", "promotion%5Bcoupon%5D=winback-1000-eur"],
        ),
    ] {
        let answers = [Question::First, Question::Make].map(|question| (question, says(store.well(question))));
        let server = answering(store, answers).await;
        assert_eq!(store.make(&server.uri()).await, store.made());
        let asked = asked(&server).await;
        assert!(asked.len() == 2 && asked.iter().all(|request| header(request, key) == Some(opens)), "{asked:?}");
        let wanted = String::from_utf8(asked[1].body.clone()).expect("text");
        assert!(wanted.contains(CODE) && told.iter().all(|piece| wanted.contains(piece)), "{wanted}");
    }
}

#[tokio::test]
async fn stripe_is_asked_in_one_version_and_once_for_each_code() {
    let store = Store::Stripe;
    let answers = [Question::First, Question::Make].map(|question| (question, says(store.well(question))));
    let server = answering(store, answers).await;
    store.make(&server.uri()).await.expect("it is made");
    let asked = asked(&server).await;
    assert!(asked.iter().all(|request| header(request, "stripe-version") == Some("2025-09-30.clover")), "{asked:?}");
    let keys: Vec<_> = asked.iter().map(|request| header(request, "idempotency-key")).collect();
    assert_eq!(keys, [None, Some(&*format!("winback-{CODE}-promotion"))]);
    // What it repeats of an earlier question is not how things are: that is asked for.
    for (change, ended) in [(json!({}), store.made()), (store.dead(), Err(Trouble::Dead))] {
        let repeated = says(store.well(Question::Make)).insert_header("idempotent-replayed", "true");
        let answers = [(Question::First, says(store.well(Question::First))), (Question::Make, repeated)];
        let server = answering(store, answers).await;
        let now = Mock::given(method("GET")).and(path("/v1/promotion_codes/promo_1"));
        now.respond_with(says((200, store.there(&change)))).mount(&server).await;
        assert_eq!(store.make(&server.uri()).await, ended);
    }
}

#[tokio::test]
async fn what_is_there_already_counts_if_it_is_ours_and_alive_and_gives_the_same() {
    for (store, other) in [
        (Store::Shopify, json!({"usageLimit": null})),
        (Store::Shopify, json!({"endsAt": "2026-04-17T21:00:01Z"})),
        (Store::WooCommerce, json!({"usage_limit": null})),
        (Store::WooCommerce, json!({"date_expires_gmt": null})),
        (Store::WooCommerce, json!({"meta_data": []})),
        (Store::Stripe, json!({"max_redemptions": null})),
        (Store::Stripe, json!({"restrictions": {"minimum_amount": 4_000, "minimum_amount_currency": "sek"}})),
        (Store::Stripe, json!({"metadata": {}})),
    ] {
        let trouble = finds(store, &other).await.expect_err("it is something else");
        assert_eq!((&trouble, trouble.concerns()), (&Trouble::Taken, Concerns::Code), "{store:?}: {other}");
    }
    for store in STORES {
        assert_eq!(finds(store, &json!({})).await, store.made(), "{store:?}");
        assert_eq!(finds(store, &store.dead()).await, Err(Trouble::Dead), "{store:?}");
    }
}

#[tokio::test]
async fn what_a_store_will_not_have_is_told_in_its_words_and_tried_again_in_ten_minutes() {
    for (store, answer, told) in [
        (
            Store::Shopify,
            mistaken("INVALID", "Ends at needs to be after starts_at"),
            "Ends at needs to be after starts_at",
        ),
        (
            Store::WooCommerce,
            Store::WooCommerce.problem(400, "rest_invalid_param", "Invalid parameter(s): amount"),
            "Invalid parameter(s): amount",
        ),
        (
            Store::Stripe,
            Store::Stripe.problem(400, "parameter_invalid_integer", "Invalid integer: anna@example.com"),
            "Invalid integer: …",
        ),
    ] {
        let trouble = meets(store, Question::Make, says(answer)).await.expect_err("it is refused");
        assert_eq!(trouble, Trouble::Refused(told.to_owned()), "{store:?}");
        assert_eq!(trouble.concerns(), Concerns::Offer(600), "{store:?}: the next offer may do");
    }
}

#[tokio::test]
async fn an_offer_in_another_currency_is_not_made() {
    let (crowns, euros) = ("the offer is in EUR, the store's currency is SEK", "Invalid currency: eur");
    for (store, answer, told) in [
        (Store::Shopify, looked_up("SEK", &Value::Null), crowns),
        (Store::WooCommerce, (200, json!({"code": "SEK", "name": "Swedish krona", "symbol": "kr"})), crowns),
        (Store::Stripe, Store::Stripe.problem(400, "", euros), euros),
    ] {
        let ended = meets(store, Question::First, says(answer)).await;
        assert_eq!(ended, Err(Trouble::Refused(told.to_owned())), "{store:?}");
    }
}

#[tokio::test]
async fn a_store_with_too_much_to_do_is_asked_again_when_it_says() {
    for store in STORES {
        for question in [Question::First, Question::Make, Question::End] {
            for (status, says_when, seconds, waits) in [
                (429_u16, Some("120"), Some(120), 120),
                (503, Some("86400"), Some(86_400), 3_600),
                (429, None, None, 60),
                (500, None, None, 60),
                (502, None, None, 60),
            ] {
                let answer = ResponseTemplate::new(status).set_body_string("<html>Come back later</html>");
                let answer = match says_when {
                    Some(when) => answer.insert_header("retry-after", when),
                    None => answer,
                };
                let trouble = meets(store, question, answer).await.expect_err("not now");
                let context = format!("{store:?}, {question:?}, {status}");
                assert_eq!(trouble, Trouble::Later { seconds }, "{context}");
                assert_eq!(trouble.concerns(), Concerns::Store(waits), "{context}");
            }
        }
    }
}

#[tokio::test]
async fn a_key_that_was_taken_back_opens_nothing_until_somebody_gives_another() {
    for store in STORES {
        for question in [Question::First, Question::Make, Question::End] {
            for (status, message) in [(401, "Invalid API key or access token"), (403, "Sorry, you are not allowed")] {
                let answer = says(store.problem(status, "woocommerce_rest_cannot_create", message));
                let trouble = meets(store, question, answer).await.expect_err("nobody is let in");
                let known = (&trouble, trouble.concerns());
                assert_eq!(known, (&Trouble::NoAccess, Concerns::Store(600)), "{store:?}, {question:?}, {status}");
            }
        }
    }
}

#[tokio::test]
async fn shopify_says_under_a_status_of_success_what_others_say_by_the_status() {
    let error = |code: &str| json!([{"message": "No", "extensions": {"code": code}}]);
    let bucket = json!({"cost": {"requestedQueryCost": 101, "actualQueryCost": null,
        "throttleStatus": {"maximumAvailable": 2_000.0, "currentlyAvailable": 1, "restoreRate": 50.0}}});
    for (body, trouble) in [
        (json!({"errors": error("THROTTLED"), "extensions": bucket}), Trouble::Later { seconds: Some(2) }),
        (json!({"errors": error("INTERNAL_SERVER_ERROR")}), LATER),
        (json!({"data": null, "errors": error("ACCESS_DENIED")}), Trouble::NoAccess),
        (json!({"errors": error("undefinedField")}), Trouble::Refused("No".to_owned())),
    ] {
        for question in [Question::First, Question::Make, Question::End] {
            // What cannot be ended by its id is looked for by its name: see below.
            if question != Question::End || !matches!(trouble, Trouble::Refused(_)) {
                let ended = meets(Store::Shopify, question, says((200, body.clone()))).await;
                assert_eq!(ended, Err(trouble.clone()), "{question:?}: {body}");
            }
        }
    }
}

#[tokio::test]
async fn a_code_is_made_dead_by_its_id_or_where_that_is_unknown_or_gone_by_its_name() {
    for store in STORES {
        let ended = meets(store, Question::End, says(store.well(Question::End))).await;
        assert_eq!(ended, store.made(), "{store:?}");
        let dead = says(store.told(Question::Back, &store.dead()));
        assert_eq!(meets(store, Question::Back, dead.clone()).await, store.made(), "{store:?}: it is dead already");
        let named = |question| (question, says(store.well(question)));
        let server = answering(store, [named(Question::Back), named(Question::End)]).await;
        assert_eq!(store.withdraw(&server.uri(), None).await, store.made(), "{store:?}");
        let gone = match store {
            Store::Shopify => mistaken("INVALID", "Discount does not exist"),
            Store::WooCommerce => store.problem(404, "woocommerce_rest_shop_coupon_invalid_id", "Invalid ID."),
            Store::Stripe => store.problem(404, "resource_missing", "No such promotion code"),
        };
        let server = answering(store, [(Question::End, says(gone)), (Question::Back, dead)]).await;
        assert_eq!(store.withdraw(&server.uri(), Some(store.reference())).await, store.made(), "{store:?}");
    }
}
