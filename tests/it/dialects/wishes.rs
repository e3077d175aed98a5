//! What Shopify asks for that is no news of a customer: an answer to somebody's wish to know, and to be taken out.

use jiff::ToSpan;
use serde_json::{Value, json};
use winback_domain::store::State;

use super::{Sender, deliver, wired};
use crate::support::{Shop, raw};

async fn tell(shop: &Shop, topic: &str, body: &Value) {
    let answer = deliver(shop, Sender::Shopify, topic, body.to_string().as_bytes()).await;
    assert_eq!(answer.status, 200, "{topic}: {}", answer.body);
    shop.place.settle().await.expect("it settles");
}

fn order(id: u64, customer: u64, email: &str, at: &str) -> Value {
    json!({"id": id, "email": email, "customer": {"id": customer, "first_name": "Anna"}, "currency": "EUR",
        "total_price": "45.00", "current_total_price": "45.00", "created_at": at, "processed_at": at, "updated_at": at,
        "buyer_accepts_marketing": true, "test": false})
}

/// The same, of somebody without an account.
fn guests(id: u64, email: &str, at: &str) -> Value {
    let mut order = order(id, id, email, at);
    order["customer"] = Value::Null;
    order
}

const EARLY: &str = "2026-05-01T08:00:00Z";

/// A wish that names nobody but by orders.
fn by_orders(orders: &[u64]) -> Value {
    let nobody = json!({"id": null, "email": ""});
    json!({"shop_domain": "example-books.myshopify.com", "customer": nobody, "orders_to_redact": orders})
}

/// The addresses that are still known.
async fn addresses(shop: &Shop) -> Vec<String> {
    let customers = shop.customers().await;
    let known = customers.iter().filter_map(|customer| Some(customer.email()?.as_str().to_owned()));
    let mut known: Vec<String> = known.collect();
    known.sort();
    known
}

async fn state(shop: &Shop) -> State {
    shop.place.cloud.tables.store(&shop.store).await.expect("it reads").expect("a store").state
}

#[tokio::test]
async fn whoever_asks_for_their_data_gets_one_file_with_all_of_it() {
    let shop = wired(Sender::Shopify, "").await;
    tell(&shop, "orders/create", &order(1, 7, "anna@example.com", EARLY)).await;
    tell(&shop, "orders/create", &order(2, 7, "anna@example.com", "2026-05-01T08:30:00Z")).await;
    tell(&shop, "orders/create", &order(3, 8, "berta@example.com", EARLY)).await;
    let wish = json!({"shop_domain": "example-books.myshopify.com", "customer": {"id": 7, "email": "anna@example.com"},
        "orders_requested": [1], "data_request": {"id": 9999}});
    tell(&shop, "customers/data_request", &wish).await;
    let files = shop.place.stack.file_names("requests/books/");
    assert_eq!(files.len(), 1, "{files:?}");
    let text = shop.place.cloud.files.read_text(&files[0]).await.expect("it reads").expect("a file");
    let dossier: Value = serde_json::from_str(&text).expect("JSON");
    let record = &dossier["records"][0];
    assert_eq!(record["customer"]["contact"]["email"]["is"], "anna@example.com", "packed facts are opened");
    let orders: Vec<&str> =
        record["orders"].as_array().expect("orders").iter().filter_map(|order| order["order_id"].as_str()).collect();
    assert_eq!(orders, ["2", "1"]);
    assert!(!text.contains("berta"), "of nobody else");
    // Asked twice, it is the same file; and nothing was learned by it.
    tell(&shop, "customers/data_request", &wish).await;
    assert_eq!(shop.place.stack.file_names("requests/books/"), files);
}

#[tokio::test]
async fn whoever_was_written_to_gets_their_letters_and_codes_too() {
    let mut shop = wired(Sender::Shopify, "").await;
    tell(&shop, "orders/create", &order(1, 7, "anna@example.com", EARLY)).await;
    tell(&shop, "orders/create", &order(3, 8, "berta@example.com", EARLY)).await;
    shop.until("2026-08-07 12:00").await;
    let (hers, anothers) = (shop.code_mailed_to("anna@example.com"), shop.code_mailed_to("berta@example.com"));
    tell(&shop, "customers/data_request", &json!({"customer": {"email": "anna@example.com"}})).await;
    let files = shop.place.stack.file_names("requests/books/");
    let text = shop.place.cloud.files.read_text(&files[0]).await.expect("it reads").expect("a file");
    let dossier: Value = serde_json::from_str(&text).expect("JSON");
    let record = &dossier["records"][0];
    let messages = record["messages"].as_array().expect("messages");
    let mails: Vec<&str> = messages.iter().filter_map(|message| message["mail"].as_str()).collect();
    assert_eq!(mails, ["last-day", "we-miss-you"]);
    assert!(messages.iter().all(|message| message["offer"]["code"] == hers && message["subject"] != ""));
    let codes = record["codes"].as_array().expect("codes");
    assert!(!codes.is_empty() && codes.iter().all(|coupon| coupon["code"] == hers), "{codes:?}");
    assert!(!text.contains(&anothers), "of nobody else");
}

#[tokio::test]
async fn whoever_is_forgotten_leaves_no_file_either_whoever_wished_it() {
    let shop = wired(Sender::Shopify, "").await;
    for (id, email) in [(7, "anna@example.com"), (8, "berta@example.com")] {
        tell(&shop, "orders/create", &order(id, id, email, EARLY)).await;
        tell(&shop, "customers/data_request", &json!({"customer": {"id": id, "email": email}})).await;
    }
    let files = || shop.place.stack.file_names("requests/books/");
    assert_eq!(files().len(), 2);
    tell(&shop, "customers/redact", &json!({"customer": {"id": 7, "email": "anna@example.com"}})).await;
    assert_eq!(files().len(), 1);
    tell(&shop, "shop/redact", &json!({"shop_id": 1, "shop_domain": "example-books.myshopify.com"})).await;
    shop.place.scan(None).await.expect("the night's scan");
    assert_eq!(files(), Vec::<String>::new());
}

#[tokio::test]
async fn a_guest_whom_only_an_order_names_is_meant_by_the_wish_as_well() {
    let shop = wired(Sender::Shopify, "").await;
    tell(&shop, "orders/create", &order(1, 7, "anna@example.com", EARLY)).await;
    let as_guest = guests(2, "anna@work.example", EARLY);
    tell(&shop, "orders/create", &as_guest).await;
    tell(&shop, "orders/create", &order(3, 8, "berta@example.com", EARLY)).await;
    let anna = json!({"id": 7, "email": "anna@example.com"});
    // An order that nobody knows names nobody.
    tell(&shop, "customers/data_request", &json!({"customer": anna, "orders_requested": [1, 2, 99]})).await;
    let files = shop.place.stack.file_names("requests/books/");
    let text = shop.place.cloud.files.read_text(&files[0]).await.expect("it reads").expect("a file");
    assert_eq!(serde_json::from_str::<Value>(&text).expect("JSON")["records"].as_array().expect("records").len(), 2);
    assert!(text.contains("anna@work.example") && !text.contains("berta"), "{text}");
    let wish = json!({"customer": anna, "orders_to_redact": [1, 2, 99]});
    for _ in 0..2 {
        tell(&shop, "customers/redact", &wish).await;
        assert_eq!((shop.customers().await.len(), addresses(&shop).await), (3, vec!["berta@example.com".to_owned()]));
    }
    let again = raw::items(&shop.place).await;
    tell(&shop, "orders/create", &as_guest).await;
    assert_eq!(raw::changed(&again, &raw::items(&shop.place).await), Vec::<String>::new(), "and nothing wakes");
}

#[tokio::test]
async fn a_guest_whom_orders_alone_name_is_forgotten_however_long_the_list_before_theirs() {
    // Shopify names all orders a customer ever placed, and most of them are none that we know.
    for orders in [vec![2], (801..=1_999).chain([2]).collect()] {
        let shop = wired(Sender::Shopify, "").await;
        for (id, email) in [(2, "anna@work.example"), (3, "berta@example.com")] {
            tell(&shop, "orders/create", &guests(id, email, EARLY)).await;
        }
        tell(&shop, "customers/redact", &by_orders(&orders)).await;
        assert_eq!(addresses(&shop).await, ["berta@example.com"], "{} orders", orders.len());
        let before = raw::items(&shop.place).await;
        assert!(!format!("{before:?}").contains("anna@work.example"), "{} orders", orders.len());
        tell(&shop, "customers/redact", &by_orders(&orders)).await;
        tell(&shop, "orders/create", &guests(2, "anna@work.example", EARLY)).await;
        assert_eq!(raw::changed(&before, &raw::items(&shop.place).await), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_wish_that_names_an_order_of_a_till_forgets_nobody_elses() {
    let shop = wired(Sender::Shopify, "").await;
    let till = "till@shop.example";
    for id in 10..20 {
        tell(&shop, "orders/create", &guests(id, till, &format!("2026-05-01T08:{id}:00Z"))).await;
    }
    tell(&shop, "orders/create", &guests(2, "anna@work.example", EARLY)).await;
    let before = shop.customer(till).await;
    assert_eq!((before.till, before.orders.count), (true, 10));
    tell(&shop, "customers/redact", &by_orders(&[10, 2])).await;
    assert_eq!(addresses(&shop).await, [till]);
    assert_eq!(shop.customer(till).await, before, "many people's orders stand under that address");
}

#[tokio::test]
async fn a_request_for_somebody_whom_nobody_knows_is_answered_too() {
    let shop = wired(Sender::Shopify, "").await;
    tell(&shop, "customers/data_request", &json!({"customer": {"email": "nobody@example.com"}})).await;
    let files = shop.place.stack.file_names("requests/books/");
    let text = shop.place.cloud.files.read_text(&files[0]).await.expect("it reads").expect("a file");
    assert_eq!(serde_json::from_str::<Value>(&text).expect("JSON")["records"], json!([]));
    assert!(shop.customers().await.is_empty());
}

#[tokio::test]
async fn a_shop_that_takes_us_out_mails_nobody_from_that_moment_and_a_late_delivery_stops_nothing_again() {
    let mut shop = wired(Sender::Shopify, "").await;
    tell(&shop, "orders/create", &order(1, 7, "anna@example.com", EARLY)).await;
    shop.until("2026-07-20 12:00").await;
    let left = json!({"id": 548380009, "myshopify_domain": "example-books.myshopify.com"});
    tell(&shop, "app/uninstalled", &left).await;
    assert_eq!(state(&shop).await, State::Paused);
    shop.until("2026-08-20 12:00").await;
    assert!(shop.letters_to("anna@example.com").is_empty());
    shop.set("installed again, the operator resumes", State::Live).await;
    tell(&shop, "app/uninstalled", &left).await;
    assert_eq!(state(&shop).await, State::Live, "the same news, delivered late");
}

#[tokio::test]
async fn a_shop_that_was_taken_out_in_the_middle_of_an_import_does_not_wake_at_its_end() {
    let shop = wired(Sender::Shopify, "").await;
    shop.place.cloud.change_store(&shop.store, |store| store.begin_import("spring", "1")).await.expect("it begins");
    tell(&shop, "app/uninstalled", &json!({})).await;
    let known = shop.place.cloud.tables.store(&shop.store).await.expect("it reads").expect("a store");
    assert_eq!((known.state, known.after_import("spring", "1")), (State::Paused, None));
}

#[tokio::test]
async fn a_shop_that_wants_everybody_forgotten_is_empty_after_the_next_scan_and_stays_so() {
    let shop = wired(Sender::Shopify, "").await;
    tell(&shop, "orders/create", &order(1, 7, "anna@example.com", EARLY)).await;
    tell(&shop, "orders/create", &order(2, 8, "berta@example.com", EARLY)).await;
    tell(&shop, "shop/redact", &json!({"shop_id": 954889, "shop_domain": "example-books.myshopify.com"})).await;
    assert_eq!(state(&shop).await, State::Paused, "and until then nobody is mailed");
    shop.place.clock.turn_to(shop.place.clock.now() + 1.hour());
    shop.place.scan(None).await.expect("the scan goes through");
    let erased = |customers: &[winback_domain::customer::Customer]| {
        customers.iter().filter(|customer| customer.erased.is_some() && customer.email().is_none()).count()
    };
    assert_eq!(erased(&shop.customers().await), 2);
    assert!(shop.ledger().await.orders.is_empty());
    // An old order that comes again wakes nobody.
    tell(&shop, "orders/create", &order(1, 7, "anna@example.com", EARLY)).await;
    assert_eq!(erased(&shop.customers().await), 2);
    // Whoever buys afterwards, in a shop that came back, is a customer again and stays one.
    let later = shop.place.clock.now().to_string();
    tell(&shop, "orders/create", &order(3, 9, "clara@example.com", &later)).await;
    shop.place.clock.turn_to(shop.place.clock.now() + 1.hour());
    shop.place.scan(None).await.expect("the scan goes through");
    assert!(shop.customer("clara@example.com").await.erased.is_none());
}
