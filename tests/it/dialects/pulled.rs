//! What webhooks missed, read at night from the stores' own APIs: nothing is lost by a webhook that never came, nothing is
//! written by one that did, and nobody comes back who was forgotten.

mod forgotten;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use winback_cloud::Error;
use winback_domain::webhook::Platform;
use winback_local::aws::{At, Fault};
use winback_local::place::Found;

use super::{Sender, deliver, folder, payload, topic, wired};
use crate::support::orders_api::{ACCESS, OrdersApi};
use crate::support::{Shop, raw};

const ANNA: &str = "anna@example.com";

/// An order as Shopify shows it, by its API and by its webhooks alike.
fn order(id: u64, email: &str, placed: &str, changed: &str) -> Value {
    json!({"id": id, "email": email, "customer": {"id": id * 7, "first_name": "Anna"}, "currency": "EUR",
        "total_price": "45.00", "current_total_price": "45.00", "created_at": placed, "processed_at": placed,
        "updated_at": changed, "buyer_accepts_marketing": true, "test": false})
}

const MORNING: &str = "2026-05-01T08:00:00Z";

async fn shop() -> (Shop, OrdersApi) {
    let shop = wired(Sender::Shopify, "").await;
    let api = OrdersApi::behind(&shop.place, "shopify");
    (shop, api)
}

async fn tell(shop: &Shop, topic: &str, body: &Value) {
    let answer = deliver(shop, Sender::Shopify, topic, body.to_string().as_bytes()).await;
    assert_eq!(answer.status, 200, "{topic}: {}", answer.body);
    shop.place.settle().await.expect("it settles");
}

/// pull-orders, and what follows from it.
async fn pull(shop: &Shop) -> Found {
    let found = shop.place.pull().await.expect("the stores answer");
    shop.place.settle().await.expect("it settles");
    found
}

async fn mark(shop: &Shop, platform: Platform) -> Option<Timestamp> {
    let known = shop.place.overseer.tables.store(&shop.store).await.expect("it reads").expect("a store");
    known.pulled.get(&platform).copied()
}

fn at(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}

fn turn(shop: &Shop, to: &str) {
    shop.place.clock.turn_to(at(to));
}

/// Every item but the store's own record, where the mark stands.
async fn items(shop: &Shop) -> raw::Items {
    let mut items = raw::items(&shop.place).await;
    items.retain(|(_, key), _| key != "books#store");
    items
}

#[tokio::test]
async fn an_order_that_no_webhook_told_is_known_in_the_morning() {
    let (mut shop, api) = shop().await;
    shop.place = shop.place.clone().with_nightly_pull();
    tell(&shop, "orders/create", &order(1, ANNA, MORNING, MORNING)).await;
    api.order("shopify", order(1, ANNA, MORNING, MORNING));
    api.order("shopify", order(2, "berta@example.com", "2026-05-01T09:00:00Z", "2026-05-01T09:00:00Z"));
    assert_eq!(shop.customers().await.len(), 1);
    shop.until("2026-05-02 12:00").await;
    assert_eq!(shop.customer("berta@example.com").await.orders.count, 1);
    assert_eq!(shop.customer(ANNA).await.orders.count, 1, "and what was told is counted once");
    // The schedule is UTC's: at 03:00, less ten minutes.
    assert_eq!(mark(&shop, Platform::Shopify).await, Some(at("2026-05-02T02:50:00Z")));
}

#[tokio::test]
async fn a_run_tells_what_webhooks_had_missed_and_the_next_one_nothing() {
    let (shop, api) = shop().await;
    tell(&shop, "orders/create", &order(1, ANNA, MORNING, MORNING)).await;
    api.order("shopify", order(1, ANNA, MORNING, MORNING));
    api.order("shopify", order(2, "berta@example.com", MORNING, MORNING));
    assert_eq!(pull(&shop).await, Found { platforms: 1, read: 2, missed: 1 });
    assert_eq!(pull(&shop).await, Found { platforms: 1, read: 0, missed: 0 }, "it begins where the first one ended");
    // A later state of an order that was told, and whose news never came.
    api.order("shopify", order(1, ANNA, MORNING, "2026-05-01T09:30:00Z"));
    turn(&shop, "2026-05-01T10:30:00Z");
    let since = json!({"scheduled_at": shop.place.clock.now(), "since": MORNING});
    let run = serde_json::from_value(since).expect("a run");
    let found = pull_orders::handle(&shop.place.cloud, run, shop.place.invocation()).await.expect("it answers");
    assert_eq!((found.read, found.missed), (2, 1));
}

#[tokio::test]
async fn what_a_webhook_told_is_read_as_the_same_and_nothing_is_written() {
    for (sender, settings) in [
        (Sender::Shopify, ""),
        (Sender::WooCommerce, "consent=_newsletter"),
        (Sender::Stripe, ""),
        (Sender::BigCommerce, ""),
    ] {
        let mut read = 0;
        for (name, body) in orders(sender) {
            let shop = wired(sender, settings).await;
            let api = OrdersApi::behind(&shop.place, sender.word());
            let knock = match sender {
                Sender::BigCommerce => {
                    api.coupons(body["coupons"].as_array().cloned().unwrap_or_default());
                    api.order(sender.word(), body["order"].clone());
                    payload(sender, "store.order.updated")
                }
                _ => {
                    api.order(sender.word(), body.clone());
                    body
                }
            };
            let answer = deliver(&shop, sender, &topic(sender, &name), knock.to_string().as_bytes()).await;
            assert_eq!(answer.status, 200, "{name}: {}", answer.body);
            shop.place.settle().await.expect("it settles");
            let before = items(&shop).await;
            let found = pull(&shop).await;
            assert_eq!(found.missed, 0, "{} {name}", sender.word());
            assert_eq!(raw::changed(&before, &items(&shop).await), Vec::<String>::new(), "{} {name}", sender.word());
            read += found.read;
        }
        assert!(read >= 5, "{}: {read}", sender.word());
    }
}

/// The payloads of a platform that its API shows too.
fn orders(sender: Sender) -> Vec<(String, Value)> {
    let dir = if matches!(sender, Sender::BigCommerce) { folder(sender).join("orders") } else { folder(sender) };
    let names = std::fs::read_dir(dir).expect("the folder is there").filter_map(|entry| {
        let path = entry.expect("an entry").path();
        Some(path.file_name()?.to_str()?.strip_suffix(".json")?.to_owned())
    });
    let shown = |name: &String| match sender {
        Sender::Shopify => name.starts_with("orders.") && name != "orders.edited",
        Sender::WooCommerce => name.starts_with("order.updated") || name.starts_with("order.created"),
        Sender::Stripe | Sender::BigCommerce => true,
    };
    let mut names: Vec<String> = names.filter(shown).collect();
    names.sort();
    let body = |name: &str| match sender {
        Sender::BigCommerce => payload(sender, &format!("orders/{name}")),
        _ => payload(sender, name),
    };
    names.into_iter().map(|name| (name.clone(), body(&name))).collect()
}

/// Stripe tells the latest first, and of a refund no more than the payment; WooCommerce of a cancelled order its id alone.
#[tokio::test]
async fn what_becomes_of_an_order_that_nobody_knows_leaves_nothing_and_of_one_in_the_same_run_all() {
    let paid = payload(Sender::Stripe, "checkout.session.completed");
    let mut back = payload(Sender::Stripe, "charge.refunded--part");
    back["created"] = json!(paid["created"].as_i64().expect("seconds") + 60);
    back["data"]["object"]["payment_intent"] = paid["data"]["object"]["payment_intent"].clone();
    for (with_the_order, customers) in [(false, 0), (true, 1)] {
        let shop = wired(Sender::Stripe, "").await;
        let api = OrdersApi::behind(&shop.place, "stripe");
        let before = items(&shop).await;
        if with_the_order {
            api.order("stripe", paid.clone());
        }
        api.order("stripe", back.clone());
        let found = pull(&shop).await;
        assert_eq!((found.missed, shop.customers().await.len()), (customers, customers));
        if with_the_order {
            let (_, order) = shop.ledger().await.orders.remove(0);
            assert!(order.placed.is_some() && order.refunded.is_some(), "{order:?}");
        } else {
            assert_eq!(raw::changed(&before, &items(&shop).await), Vec::<String>::new());
        }
    }
    let shop = wired(Sender::WooCommerce, "").await;
    let api = OrdersApi::behind(&shop.place, "woocommerce");
    let before = items(&shop).await;
    api.order("woocommerce", payload(Sender::WooCommerce, "order.updated--cancelled"));
    assert_eq!(pull(&shop).await.missed, 0);
    assert_eq!(raw::changed(&before, &items(&shop).await), Vec::<String>::new());
}

#[tokio::test]
async fn whatever_call_a_run_dies_at_the_next_one_has_everything_and_the_mark_waited_for_it() {
    let mut struck = 0;
    for fault in ["drop before", "drop after", "throttle", "no connection", "server error"] {
        for call in 1.. {
            let (shop, api) = shop().await;
            for id in 1..=13 {
                api.order("shopify", order(id, &format!("reader-{id}@example.com"), MORNING, MORNING));
            }
            let (at_call, trouble) = (
                At::call(call),
                match fault {
                    "drop before" => Fault::DropBefore,
                    "drop after" => Fault::DropAfter,
                    "throttle" => Fault::Throttle,
                    "no connection" => Fault::NoConnection,
                    _ => Fault::ServerError,
                },
            );
            let faults = shop.place.stack.faults();
            faults.set(at_call.times(if fault == "throttle" { 9 } else { 1 }), trouble);
            let _ = faults.live(Box::pin(shop.place.pull())).await;
            let fired = faults.fired();
            faults.clear();
            // A mark that moved says that the queue has all of it.
            let moved = mark(&shop, Platform::Shopify).await.is_some_and(|mark| mark > at(MORNING));
            let queued = shop.place.stack.queue_contents("events").expect("the queue is there").len();
            assert!(!moved || queued >= 13, "{fault} at call {call}: the mark moved over {queued} events");
            let place = shop.place.restarted();
            place.pull().await.expect("the next run goes through");
            place.settle().await.expect("it settles");
            assert_eq!(shop.customers().await.len(), 13, "{fault} at call {call}");
            let orders: Vec<u32> = shop.customers().await.iter().map(|customer| customer.orders.count).collect();
            assert_eq!(orders, [1; 13], "{fault} at call {call}: each once");
            if fired == 0 {
                break;
            }
            struck += 1;
        }
    }
    assert!(struck > 40, "{struck} runs struck something");
}

#[tokio::test]
async fn a_store_that_does_not_let_us_in_stops_no_other_and_is_read_from_where_it_was() {
    let shop = wired(Sender::Shopify, "").await;
    shop.place.stack.put_secret("/winback/local/stores/books/access", ACCESS).expect("it is written");
    let api = OrdersApi::default();
    let shopify = order(1, ANNA, MORNING, MORNING);
    api.order("shopify", shopify);
    api.order(
        "woocommerce",
        json!({"id": 9, "status": "processing", "currency": "EUR", "total": "30.00", "customer_id": 0,
        "billing": {"email": "berta@example.com"}, "date_created_gmt": "2026-05-01T08:30:00",
        "date_modified_gmt": "2026-05-01T08:30:00"}),
    );
    let open = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let (answering, opened) = (api.clone(), std::sync::Arc::clone(&open));
    shop.place.stack.answer_for_stores(std::sync::Arc::new(move |asked| {
        let refused = asked.address.contains("myshopify") && !opened.load(std::sync::atomic::Ordering::Relaxed);
        if refused { (401, b"{}".to_vec()) } else { answering.answer(&asked.address) }.into()
    }));
    let error = shop.place.pull().await.expect_err("somebody must give another key");
    assert!(matches!(error.downcast_ref(), Some(Error::NotPulled(1))), "{error}");
    shop.place.settle().await.expect("it settles");
    assert_eq!(shop.customer("berta@example.com").await.orders.count, 1, "the others were asked");
    let waits = mark(&shop, Platform::Shopify).await;
    assert_eq!(waits, Some(at("2026-04-30T09:00:00Z")), "a day before the first run");
    // A week later there is a new key.
    turn(&shop, "2026-05-08T09:00:00Z");
    open.store(true, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(pull(&shop).await.missed, 1);
    assert_eq!(shop.customer(ANNA).await.orders.count, 1, "nothing of that week is lost");
}

#[tokio::test]
async fn whoever_looks_at_a_part_moves_no_mark_over_the_rest() {
    let (shop, api) = shop().await;
    api.order("shopify", order(1, ANNA, MORNING, MORNING));
    assert_eq!(pull(&shop).await.missed, 1);
    let before = mark(&shop, Platform::Shopify).await;
    turn(&shop, "2026-05-03T09:00:00Z");
    let run = |since: &str| {
        let run = json!({"scheduled_at": shop.place.clock.now(), "store": "books", "since": since});
        serde_json::from_value::<pull_orders::Run>(run).expect("a run")
    };
    let handle = |run| pull_orders::handle(&shop.place.cloud, run, shop.place.invocation());
    handle(run("2026-05-03T08:00:00Z")).await.expect("it answers");
    assert_eq!(mark(&shop, Platform::Shopify).await, before, "what lies between was not read");
    handle(run("2026-04-01T08:00:00Z")).await.expect("it answers");
    assert_eq!(mark(&shop, Platform::Shopify).await, Some(at("2026-05-03T08:50:00Z")), "all of it was");
}

#[tokio::test]
async fn a_run_that_ends_before_its_orders_goes_on_the_next_time() {
    let (shop, api) = shop().await;
    for id in 1..=600_u64 {
        let changed = at("2026-05-01T01:00:00Z") + SignedDuration::from_secs(i64::try_from(id).expect("small"));
        let email = format!("reader-{id}@example.com");
        api.order("shopify", order(id, &email, &changed.to_string(), &changed.to_string()));
    }
    let run = || serde_json::from_value(json!({"scheduled_at": shop.place.clock.now()})).expect("a run");
    let begun = Some(shop.place.clock.now() - SignedDuration::from_hours(24));
    // There is time for the first page alone: the clock of a place stands, so the answer itself turns it.
    let (clock, answering) = (shop.place.clock.clone(), api.clone());
    shop.place.stack.answer_for_stores(std::sync::Arc::new(move |asked| {
        clock.turn_to(clock.now() + SignedDuration::from_mins(1));
        let (status, body) = answering.answer(&asked.address);
        let mut page: Value = serde_json::from_slice(&body).expect("JSON");
        let orders = page["orders"].as_array_mut().expect("orders");
        orders.truncate(250);
        (status, page.to_string().into_bytes()).into()
    }));
    let until = shop.place.clock.now() + SignedDuration::from_secs(90);
    let ended = pull_orders::handle(&shop.place.cloud, run(), winback_cloud::start::Invocation { until }).await;
    assert!(matches!(ended, Err(Error::TimeUp)), "{ended:?}");
    assert_eq!(mark(&shop, Platform::Shopify).await, begun, "what lies on the queue is read again");
    shop.place.settle().await.expect("it settles");
    let until = shop.place.clock.now() + SignedDuration::from_secs(90);
    let ended = pull_orders::handle(&shop.place.cloud, run(), winback_cloud::start::Invocation { until }).await;
    assert!(matches!(ended, Err(Error::TimeUp)), "{ended:?}");
    assert_eq!(mark(&shop, Platform::Shopify).await, Some(at("2026-05-01T01:04:10Z")), "as far as the ledger has it");
    shop.place.stack.answer_for_stores(std::sync::Arc::new(move |asked| api.answer(&asked.address).into()));
    assert_eq!(pull(&shop).await.read, 351);
    assert_eq!(shop.customers().await.len(), 600);
}
