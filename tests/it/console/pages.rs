//! The pages: each is there, shows what happened, and lets a reader do what a reader could.

use serde_json::json;
use winback_domain::message::State;
use winback_domain::webhook::{Wiring, shopify};
use winback_local::files::Files;

use super::{Visitor, folder, sample, visited};
use crate::support::{edit, store};

/// Anna's first letter has left; its id.
async fn mailed(visitor: Visitor) -> String {
    visitor.turn(&json!({"to": "2026-04-14T07:00:00Z"})).await;
    let list = visitor.get("/api/v1/messages").await.json();
    list["messages"][0]["ID"].as_str().expect("a letter").to_owned()
}

#[tokio::test]
async fn every_page_shows_what_happened() {
    visited(sample(), async |visitor, _| {
        let id = mailed(visitor).await;
        let customer = visitor.get("/api/customers/anna@reader.example").await.json();
        let anna = format!("/customers/{}", customer["id"].as_str().expect("an id"));
        let pages = [
            ("/", "What happens next"),
            ("/outbox", "Anna"),
            ("/outbox?q=lind", "Anna Lind"),
            ("/outbox?q=nobody", "Nothing here says"),
            ("/customers", "Anna Lind"),
            ("/customers?q=LIND", "Anna Lind"),
            ("/program", "It begins after 90 days without an order"),
            ("/program?letter=last-day&for=anna", "As Anna Lind would get it now"),
            ("/doors", "/webhooks/shop"),
            (anna.as_str(), "Letter we-miss-you"),
        ];
        for (path, says) in pages {
            let page = visitor.get(path).await;
            assert_eq!(page.status, 200, "{path}: {}", page.body);
            assert!(page.body.contains(says), "{path} does not say {says:?}");
            assert!(page.body.contains("Tuesday, 14 April 2026"), "{path} shows the turned clock");
            assert!(page.head.contains("content-security-policy: default-src 'self'"), "{path}");
        }
        for tab in ["html", "phone", "text", "headers", "source", "links"] {
            let page = visitor.get(&format!("/outbox/{id}?tab={tab}")).await;
            assert_eq!(page.status, 200, "{tab}");
        }
        let links = visitor.get(&format!("/outbox/{id}?tab=links")).await;
        assert_eq!(links.body.matches(">200<").count(), 2, "the offer and the way out are there: {}", links.body);
        let letter = visitor.get(&format!("/outbox/{id}/letter")).await;
        assert!(letter.body.contains("<base target=\"_blank\">") && letter.head.contains("default-src 'none'"));
        let preview = visitor.get("/program/letter?letter=we-miss-you&for=anna").await;
        assert!(preview.body.contains("SAMP-LE00"), "{}", preview.body);
        for gone in ["/outbox/nothing", "/customers/nothing", "/nowhere", "/assets/nothing"] {
            assert_eq!(visitor.get(gone).await.status, 404, "{gone}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_reader_buys_with_the_code_and_the_return_is_seen() {
    visited(sample(), async |visitor, _| {
        let id = mailed(visitor).await;
        for deed in ["open", "click", "buy-with-code"] {
            let done = visitor.press(&format!("/outbox/{id}/{deed}"), "").await;
            assert_eq!(done.status, 303, "{deed}: {}", done.body);
        }
        let anna = visitor.get("/api/customers/anna@reader.example").await.json();
        assert_eq!(anna["orders"], 2);
        assert!(anna["messages"][0]["opened"].is_string() && anna["messages"][0]["clicked"].is_string(), "{anna:#}");
        let story: Vec<&str> =
            anna["story"].as_array().expect("a story").iter().filter_map(|e| e["what"].as_str()).collect();
        assert!(story.iter().any(|what| what.starts_with("Came back with the code of we-miss-you")), "{story:#?}");
        assert!(visitor.get("/").await.body.contains("used their code"));
        // Pressed again the till says no, and nothing is bought.
        let again = visitor.press(&format!("/outbox/{id}/buy-with-code"), "").await;
        assert_eq!(again.status, 409, "{}", again.body);
        assert!(again.body.contains("the code was used"), "{}", again.body);
        assert_eq!(visitor.get("/api/customers/anna@reader.example").await.json()["orders"], 2);
        let mail = visitor.get(&format!("/outbox/{id}")).await;
        assert_eq!(mail.body.matches("<dt>Code used</dt>").count(), 1);
        visitor.turn(&json!({"advance": "80d"})).await;
        assert_eq!(visitor.get("/api/v1/messages").await.json()["total"], 1, "no last day after the purchase");
    })
    .await;
}

#[tokio::test]
async fn whoever_says_no_is_left_alone() {
    for (deed, state) in
        [("unsubscribe", State::Delivered), ("complain", State::Complained), ("bounce", State::Bounced)]
    {
        visited(sample(), async |visitor, _| {
            let id = mailed(visitor).await;
            assert_eq!(visitor.press(&format!("/outbox/{id}/{deed}"), "").await.status, 303, "{deed}");
            let anna = visitor.get("/api/customers/anna@reader.example").await.json();
            assert_eq!(anna["messages"][0]["state"], state.word(), "{deed}");
            assert_eq!(anna["now"]["next_letter"], json!(null), "{deed}");
            visitor.turn(&json!({"advance": "120d"})).await;
            assert_eq!(visitor.get("/api/v1/messages").await.json()["total"], 1, "{deed}");
        })
        .await;
    }
}

#[tokio::test]
async fn the_doors_show_topic_by_topic_what_a_platform_sent() {
    visited(sample(), async |visitor, place| {
        let name = "/winback/local/stores/shop/webhook-secrets";
        let own = place.webhook_secret(&store("shop")).await.expect("a secret");
        let secret = Wiring::parse("shopify shpss_0123456789abcdef").expect("a secret");
        let lines = format!("shopify shpss_0123456789abcdef\nshopify shpss_fedcba9876543210\n{own}");
        place.stack.put_secret(name, &lines).expect("it is written");
        visitor.turn(&json!({"advance": "6m"})).await;
        let order = include_str!("../../webhooks/shopify/orders.create.json");
        let good = shopify::sign(&secret, order.as_bytes());
        for (topic, signature) in [("orders/create", &*good), ("orders/create", "d3Jvbmc="), ("carts/update", &*good)] {
            let headers = format!("x-shopify-topic: {topic}\r\nx-shopify-hmac-sha256: {signature}\r\n");
            visitor.ask("POST", "/webhooks/shop", &headers, order).await;
        }
        let page = visitor.get("/doors").await.body;
        assert!(page.contains("<dd>own, shopify (two secrets: one is being rotated)</dd>"), "{page}");
        let row = |topic: &str| {
            let (_, row) = page.split_once(&format!("<tr><td>{topic}</td><td>")).expect("a row for the topic");
            row.split_once("</tr>").expect("its end").0.to_owned()
        };
        assert!(row("orders/create").starts_with("1</td><td>0</td><td>1</td>"), "{page}");
        assert!(row("orders/create").contains("the signature, its secret or its time is wrong"), "{page}");
        assert!(row("carts/update").starts_with("0</td><td>1</td><td>0</td>"), "{page}");
        assert!(row("carts/update").contains(">topic<"), "{page}");
    })
    .await;
}

#[tokio::test]
async fn the_doors_show_what_was_refused_under_the_name_that_it_claims() {
    visited(sample(), async |visitor, _| {
        let refund = include_str!("../../webhooks/stripe/charge.refunded--part.json");
        let order = include_str!("../../webhooks/bigcommerce/store.order.updated.json");
        let stripe = "stripe-signature: t=1,v1=00\r\n";
        let bigcommerce = "webhook-id: msg_1\r\nwebhook-timestamp: 1\r\nwebhook-signature: v1,d3Jvbmc=\r\n";
        for (headers, body) in [(stripe, refund), (stripe, "no JSON"), (bigcommerce, order)] {
            assert_eq!(visitor.ask("POST", "/webhooks/shop", headers, body).await.status, 401, "{body}");
        }
        let page = visitor.get("/doors").await.body;
        for topic in ["charge.refunded", "stripe", "store/order/updated"] {
            let row = format!("<tr><td>{topic}</td><td>0</td><td>0</td><td>1</td>");
            assert!(page.contains(&row), "{topic}: {page}");
        }
        assert!(!page.contains("not an event"), "{page}");
    })
    .await;
}

#[tokio::test]
async fn what_would_happen_is_shown_and_does_not_happen() {
    visited(sample(), async |visitor, place| {
        mailed(visitor).await;
        let customer = visitor.get("/api/customers/anna@reader.example").await.json();
        let path = format!("/customers/{}", customer["id"].as_str().expect("an id"));
        assert!(visitor.get(&path).await.body.contains("If nothing happens, last-day is next"));
        let writes = place.stack.writes();
        assert!(visitor.get(&format!("{path}?if=buys")).await.body.contains("If nothing happens, we-miss-you is next"));
        assert!(visitor.get(&format!("{path}?if=unsubscribes")).await.body.contains("No letter is foreseen"));
        assert_eq!(place.stack.writes(), writes, "looking never acts");
    })
    .await;
}

#[tokio::test]
async fn a_folder_that_is_edited_is_read_again_and_a_typo_is_shown_at_its_place() {
    let dir = std::env::temp_dir().join(format!("winback-edited-{}", std::process::id()));
    let write = |folder: &winback_domain::plan::Folder| {
        for (path, text) in folder {
            let path = dir.join(path);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
            std::fs::write(path, text).expect("written");
        }
    };
    write(&folder());
    let files = Files::new(Some(dir.clone()), folder());
    let mut wrong = folder();
    edit(&mut wrong, "program.yaml", "valid: 3 days                ", "valid: 3 dais                ");
    let mut right = folder();
    edit(&mut right, "program.yaml", "90 days without an order", "30 days without an order");
    // The folder is looked at when the test says so: here by hand, in a place that is served by the beat of its clock.
    write(&wrong);
    assert!(files.look().is_none(), "a folder with a typo is no plan");
    let seen = files.seen();
    assert!(!seen.is_usable());
    visited(Files::new(None, folder()), async |visitor, _| {
        assert!(visitor.get("/program").await.body.contains("sample shop that winback carries along"));
    })
    .await;
    write(&right);
    assert_eq!(files.look(), Some(right.clone()));
    assert!(files.look().is_none(), "nothing has changed since");
    std::fs::remove_dir_all(&dir).expect("removed");
    assert!(files.look().is_none());
    assert!(!files.seen().is_usable(), "a folder that is gone is said so: {:?}", files.seen().problems);
}

#[tokio::test]
async fn another_sites_page_can_neither_read_nor_press() {
    visited(sample(), async |visitor, place| {
        let id = mailed(visitor).await;
        let writes = place.stack.writes();
        let elsewhere = visitor.ask("GET", "/", "host: evil.example:8787\r\n", "").await;
        assert_eq!(elsewhere.status, 403);
        for path in [format!("/outbox/{id}/unsubscribe"), "/clock".to_owned(), "/api/clock".to_owned()] {
            let form = "content-type: application/x-www-form-urlencoded\r\nsec-fetch-site: cross-site\r\n";
            assert_eq!(visitor.ask("POST", &path, form, "advance=45d").await.status, 403, "{path}");
        }
        let form = "content-type: application/x-www-form-urlencoded\r\norigin: http://evil.example\r\n";
        assert_eq!(visitor.ask("POST", "/clock", form, "advance=45d").await.status, 403, "an older browser's form");
        assert_eq!(visitor.get(&format!("/outbox/{id}/unsubscribe")).await.status, 405, "looking never acts");
        assert_eq!(place.stack.writes(), writes);
        let back = visitor.press("/clock", "advance=1d&back=https://evil.example/").await;
        assert!(back.status == 303 && back.head.contains("location: /\r\n"), "{}", back.head);
    })
    .await;
}
