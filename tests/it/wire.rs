//! What comes over the wire: real requests in the JSON that Lambda hands to a function, through the queue, into the
//! tables. Bad input gets a clear answer and loses nothing.

mod bus;
mod deliveries;
mod orderless;
mod origin;
mod pages;
mod people;
mod stores;
mod tills;
mod webhooks;

use serde_json::{Value, json};
use standardwebhooks::Webhook;

use crate::support::Shop;
use crate::support::http::{Answered, request};

/// A body as a store sends it: signed by the specification's own crate, now, with the store's secret.
async fn signed(shop: &Shop, body: &[u8]) -> Answered {
    let secret = shop.place.webhook_secret(&shop.store).await.expect("a store of a place has one");
    let now = shop.place.clock.now().as_second();
    let signature = Webhook::new(&secret).expect("a secret").sign("msg_1", now, body).expect("signed");
    post(shop, &format!("/webhooks/{}", shop.store), &[("msg_1", now, &signature)], body).await
}

/// A post with the three headers; without any where there are none.
async fn post(shop: &Shop, path: &str, signed: &[(&str, i64, &str)], body: &[u8]) -> Answered {
    let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    for (id, timestamp, signature) in signed {
        headers.push(("webhook-id".to_owned(), (*id).to_owned()));
        headers.push(("webhook-timestamp".to_owned(), timestamp.to_string()));
        headers.push(("webhook-signature".to_owned(), (*signature).to_owned()));
    }
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let request = request("POST", path, &headers, Some(body));
    let answer = receive_webhook::at_the_door(&shop.place.cloud, request, shop.place.invocation()).await;
    answer.expect("it always answers").into()
}

/// An event of the shop's, signed and taken, and everything that follows from it.
async fn tell(shop: &Shop, kind: &str, data: &Value) -> Answered {
    let now = shop.place.clock.now().to_string();
    let answer = signed(shop, event(kind, &now, data).as_bytes()).await;
    shop.place.settle().await.expect("it settles");
    answer
}

fn event(kind: &str, at: &str, data: &Value) -> String {
    json!({"type": kind, "timestamp": at, "data": data}).to_string()
}

/// An order with changes to it.
fn order(change: &Value) -> Value {
    let mut data = json!({"order_id": "A-1", "email": "anna@example.com", "total": "45.00", "currency": "EUR"});
    data.as_object_mut().expect("an object").extend(change.as_object().expect("an object").clone());
    data
}
