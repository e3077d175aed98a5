//! `winback store pull`, over a connection of its own to stores that stand in for the real ones.

use axum::Router;
use axum::extract::Request;
use axum::http::header;
use axum::response::IntoResponse;
use jiff::{Timestamp, ToSpan};
use serde_json::json;
use tokio::net::TcpListener;
use winback_domain::store::State;
use winback_domain::webhook::Platform;

use super::world::{STORE, World};
use crate::support::books;
use crate::support::orders_api::OrdersApi;

const ACCESS: &str = "/winback/local/stores/books/access";

/// A BigCommerce on a port of its own.
async fn listening(api: OrdersApi) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port on loopback");
    let base = format!("http://{}", listener.local_addr().expect("it has an address"));
    let answer = move |request: Request| {
        let known = request.headers().get("x-auth-token").is_some_and(|token| token == "0123456789abcdef");
        let address = request.uri().to_string();
        let (status, body) = if known { api.answer(&address) } else { (401, b"{}".to_vec()) };
        let status = axum::http::StatusCode::from_u16(status).expect("a status");
        let date = Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        async move { (status, [(header::DATE, date)], body).into_response() }
    };
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
    base
}

fn order(id: u64, email: &str, at: Timestamp) -> serde_json::Value {
    let at = at.strftime("%a, %d %b %Y %H:%M:%S +0000").to_string();
    json!({"id": id, "status_id": 11, "customer_id": 0, "total_inc_tax": "45.0000", "default_currency_code": "EUR",
        "billing_address": {"email": email}, "date_created": at, "date_modified": at})
}

#[tokio::test]
async fn an_operator_reads_which_orders_no_webhook_had_told() {
    let world = World::with_store(&books(), State::Rehearsing).await;
    let without = world.winback(&["store", "pull", STORE]).await;
    assert!(without.status == 1 && without.errors.contains("winback store access books"), "{without:?}");

    let api = OrdersApi::default();
    let now = Timestamp::now();
    let hour = |hours: i64| now.checked_sub(hours.hours()).expect("a moment");
    api.order("bigcommerce", order(1001, "anna@shop.example", hour(3)));
    api.order("bigcommerce", order(1002, "berta@shop.example", hour(2)));
    let base = listening(api.clone()).await;
    let line = format!("bigcommerce abc123 0123456789abcdef base={base}");
    world.place.stack.put_secret(ACCESS, &line).expect("it is written");

    let said = world.winback(&["store", "pull", STORE]).await.well();
    assert!(said.contains("books, bigcommerce: 2 orders changed since"), "{said}");
    assert!(said.contains("of 2 orders no webhook had told:\n  1001\n  1002\n"), "{said}");
    assert!(!said.contains('@') && !said.contains("0123456789abcdef"), "{said}");
    world.place.settle().await.expect("it settles");
    assert_eq!(world.place.customers(&world.store).await.expect("they read").len(), 2);

    let known = world.place.cloud.tables.store(&world.store).await.unwrap().unwrap();
    let mark = known.pulled[&Platform::BigCommerce];
    let late = now.checked_sub(11.minutes()).unwrap();
    assert!(mark > late && mark < now, "the store's own time, less ten minutes: {mark}");
    assert!(said.contains(&format!("The next run begins at {mark}.")), "{said}");

    let again = world.winback(&["store", "pull", STORE, "--since", &hour(5).to_string()]).await.well();
    assert!(again.contains("webhooks had told of each"), "{again}");

    world.place.stack.put_secret(ACCESS, &line.replace("0123456789abcdef", "fedcba9876543210")).expect("it is written");
    let refused = world.winback(&["store", "pull", STORE]).await;
    assert!(refused.status == 1 && refused.errors.contains("the key was revoked or lacks a permission"), "{refused:?}");
}
