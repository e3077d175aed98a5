//! Orders read from the stores' own APIs over a real connection: a night's pages, and the one order that a webhook
//! named. A store in trouble is asked again, and nothing is lost or written meanwhile.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::net::TcpListener;
use tokio::time::{Instant, timeout};
use winback_cloud::clock::Clock;
use winback_cloud::pull::Pulled;
use winback_cloud::queue::Told;
use winback_cloud::record::Recorded;
use winback_cloud::{Cloud, Error};
use winback_domain::event::{Event, What, Who};
use winback_domain::exchange::Trouble;
use winback_domain::webhook::Platform;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::LATER;
use super::silence::{Ending, HALF, cut_short};
use crate::dialects::{Sender, payload, wired};
use crate::support::Shop;
use crate::support::orders_api::{ACCESS, OrdersApi};

/// Every platform, and an order that its API shows.
const PLATFORMS: [(Sender, Platform, &str); 4] = [
    (Sender::Shopify, Platform::Shopify, "orders.create"),
    (Sender::WooCommerce, Platform::WooCommerce, "order.updated--processing"),
    (Sender::Stripe, Platform::Stripe, "checkout.session.completed"),
    (Sender::BigCommerce, Platform::BigCommerce, "orders/paid"),
];
const BIGCOMMERCE: (Sender, Platform, &str) = PLATFORMS[3];

/// A store in which there is one order that no webhook told.
async fn shop((sender, platform, name): (Sender, Platform, &str)) -> (Shop, OrdersApi) {
    let api = OrdersApi::default();
    let mut kept = payload(sender, name);
    let order = if platform == Platform::BigCommerce { kept["order"].take() } else { kept };
    api.order(platform.word(), order);
    (wired(sender, "").await, api)
}

/// What a function holds. Only where the store is was written down otherwise.
fn cloud(shop: &Shop, platform: Platform, base: &str) -> Cloud {
    let line = ACCESS.lines().map(str::trim).find(|line| line.starts_with(platform.word())).expect("a platform");
    let line = format!("{line} base={base}");
    shop.place.stack.put_secret("/winback/local/stores/books/access", &line).expect("it is written");
    let (config, clock) = (shop.place.cloud.config.clone(), shop.place.clock.clone());
    let owners = Arc::new(|| "nobody".to_owned());
    Cloud::over(shop.place.stack.config(), config, Clock::turned(move || clock.now()), owners)
}

/// Each answer that is none, and what it means.
fn troubles() -> [(ResponseTemplate, Trouble); 4] {
    let half = b"{\"id\": 1250, \"orders\": [{\"id\": 1250, \"sta".to_vec();
    [
        (ResponseTemplate::new(429).insert_header("retry-after", "120"), Trouble::Later { seconds: Some(120) }),
        (ResponseTemplate::new(503).set_body_string("<html>Come back later</html>"), LATER),
        (ResponseTemplate::new(200).set_body_raw(half, "application/json"), Trouble::Unreadable),
        (ResponseTemplate::new(401), Trouble::NoAccess),
    ]
}

/// A store that answers the first question so, and every other as it should.
async fn answering(first: ResponseTemplate, api: OrdersApi) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(first).up_to_n_times(1).mount(&server).await;
    let well = move |request: &Request| {
        let (status, body) = api.answer(request.url.as_str());
        let said = ResponseTemplate::new(status).set_body_raw(body, "application/json");
        said.insert_header("date", "Fri, 01 May 2026 09:00:00 GMT")
    };
    Mock::given(any()).respond_with(well).mount(&server).await;
    server
}

/// What pull-orders does with the platform.
async fn pull(cloud: &Cloud, shop: &Shop) -> Result<Pulled, Trouble> {
    let sources = cloud.sources(&shop.store).await.expect("its key is there");
    let until = shop.place.clock.now() + SignedDuration::from_hours(1);
    cloud.pull(&shop.store, &sources[0], None, until).await.expect("on our side all is well")
}

/// What record-event does with a webhook that names an order and says no more.
async fn take(cloud: &Cloud, shop: &Shop) -> Result<Recorded, Trouble> {
    let what = What::OrderChanged { platform: Platform::BigCommerce, order_id: "1250".to_owned() };
    let event = Event { at: shop.place.clock.now(), who: Who::default(), what };
    match cloud.take(&Told { store: shop.store.clone(), event }).await {
        Ok(recorded) => Ok(recorded),
        Err(Error::Store(trouble)) => Err(trouble),
        Err(error) => panic!("on our side all is well: {error}"),
    }
}

async fn mark(shop: &Shop, platform: Platform) -> Option<Timestamp> {
    let known = shop.place.overseer.tables.store(&shop.store).await.expect("it reads").expect("a store");
    known.pulled.get(&platform).copied()
}

fn at(text: &str) -> Option<Timestamp> {
    Some(text.parse().expect("a moment"))
}

#[tokio::test]
async fn a_page_that_does_not_come_is_read_by_the_next_run_which_begins_where_this_one_did() {
    for known in PLATFORMS {
        let platform = known.1;
        for (answer, trouble) in troubles() {
            let context = format!("{platform:?}, {trouble:?}");
            let (shop, api) = shop(known).await;
            let server = answering(answer, api).await;
            let cloud = cloud(&shop, platform, &server.uri());
            assert_eq!(pull(&cloud, &shop).await.err(), Some(trouble), "{context}");
            shop.place.settle().await.expect("it settles");
            assert!(shop.customers().await.is_empty(), "{context}");
            assert_eq!(mark(&shop, platform).await, at("2026-04-30T09:00:00Z"), "{context}: a day before, as it was");
            let pulled = pull(&cloud, &shop).await.expect("it is well again");
            assert_eq!((pulled.read, pulled.missed.len()), (1, 1), "{context}");
            assert_eq!(mark(&shop, platform).await, at("2026-05-01T08:50:00Z"), "{context}: its own time by then");
            shop.place.settle().await.expect("it settles");
            assert_eq!(shop.customers().await.len(), 1, "{context}");
        }
    }
}

#[tokio::test]
async fn an_order_that_a_webhook_named_is_fetched_again_until_it_comes_whole() {
    for (answer, trouble) in troubles() {
        let (shop, api) = shop(BIGCOMMERCE).await;
        let server = answering(answer, api).await;
        let cloud = cloud(&shop, Platform::BigCommerce, &server.uri());
        assert_eq!(take(&cloud, &shop).await, Err(trouble.clone()));
        assert!(shop.customers().await.is_empty(), "{trouble:?}");
        assert_eq!(take(&cloud, &shop).await, Ok(Recorded::Learned), "{trouble:?}");
        let asked = server.received_requests().await.expect("they are kept");
        let paths: Vec<&str> = asked.iter().map(|request| request.url.path()).collect();
        assert_eq!(paths, ["/stores/abc123/v2/orders/1250"; 2], "{trouble:?}");
        assert_eq!(shop.customer("anna.lind@example.com").await.orders.spent, 4_500, "{trouble:?}");
    }
}

#[tokio::test]
async fn a_store_that_hangs_up_halfway_has_said_nothing() {
    for known in PLATFORMS {
        let (shop, _) = shop(known).await;
        let cloud = cloud(&shop, known.1, &cut_short(HALF, Ending::HangsUp).await);
        assert_eq!(pull(&cloud, &shop).await.err(), Some(Trouble::Unreadable), "{:?}", known.1);
    }
    let (shop, _) = shop(BIGCOMMERCE).await;
    let cloud = cloud(&shop, Platform::BigCommerce, &cut_short(HALF, Ending::HangsUp).await);
    assert_eq!(take(&cloud, &shop).await, Err(Trouble::Unreadable));
}

#[tokio::test]
async fn nobody_waits_more_than_four_seconds_for_an_order_or_a_minute_for_a_page() {
    // It says nothing; it begins to say something. The connection it takes would stay open for ever.
    for (said, order, page) in [("", 4..=6, 30..=32), (HALF, 4..=6, 45..=47)] {
        for alone in [true, false] {
            let (shop, _) = shop(BIGCOMMERCE).await;
            let cloud = cloud(&shop, Platform::BigCommerce, &cut_short(said, Ending::FallsSilent).await);
            let began = Instant::now();
            let asked = async { if alone { take(&cloud, &shop).await.err() } else { pull(&cloud, &shop).await.err() } };
            let trouble = timeout(Duration::from_secs(600), asked).await.expect("they would wait for ever");
            let waited = began.elapsed().as_secs();
            tokio::time::resume();
            assert_eq!(trouble, Some(LATER), "{said:?}");
            let expected = if alone { &order } else { &page };
            assert!(expected.contains(&waited), "{said:?}: {waited} seconds");
        }
    }
    // Nobody is there at all.
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port on loopback");
    let base = format!("http://{}", listener.local_addr().expect("it has an address"));
    drop(listener);
    let (shop, _) = shop(BIGCOMMERCE).await;
    let cloud = cloud(&shop, Platform::BigCommerce, &base);
    assert_eq!(take(&cloud, &shop).await, Err(LATER));
    assert_eq!(pull(&cloud, &shop).await.err(), Some(LATER));
}
