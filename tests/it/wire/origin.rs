//! Behind the link domain. Its requests carry a secret that only the domain and the functions know; whoever goes past it is
//! shown nothing, whichever function they reach.

use std::sync::Arc;

use winback_cloud::Cloud;
use winback_cloud::clock::Clock;
use winback_cloud::config::Config;

use crate::support::Shop;
use crate::support::http::{Answered, request};

const SECRET: &str = "0b9f6a52c1e84d37a8f0";
const NEXT: &str = "77d1c3e95b0a4f62be18";
const PARAMETER: &str = "/winback/local/keys/origin";
const HEADER: &str = "x-winback-origin";

/// A shop whose functions stand behind a link domain.
async fn behind() -> (Shop, Cloud) {
    let shop = Shop::open("2026-05-04 10:00").await;
    let clock = shop.place.clock.clone();
    let config = Config { origin_checked: true, ..shop.place.cloud.config.clone() };
    let now = Clock::turned(move || clock.now());
    let cloud = Cloud::over(shop.place.stack.config(), config, now, Arc::new(|| "nobody".to_owned()));
    (shop, cloud)
}

/// What the three doors answer to somebody without a signature, a token or a key of a till.
async fn ask(shop: &Shop, cloud: &Cloud, headers: &[(&str, &str)]) -> [Answered; 3] {
    let invocation = || shop.place.invocation();
    let webhook = request("POST", "/webhooks/books", headers, Some(b"{}"));
    let page = request("GET", "/u/nobody", headers, None);
    let till = request("POST", "/redeem", headers, Some(b"{}"));
    [
        receive_webhook::at_the_door(cloud, webhook, invocation()).await.expect("it answers").into(),
        serve_offer::handle(cloud, page, invocation()).await.expect("it answers").into(),
        redeem_code::handle(cloud, till, invocation()).await.expect("it answers").into(),
    ]
}

fn statuses(answers: &[Answered; 3]) -> [i64; 3] {
    answers.each_ref().map(|answer| answer.status)
}

#[tokio::test]
async fn whoever_goes_past_the_domain_is_shown_nothing() {
    let (shop, cloud) = behind().await;
    shop.place.stack.put_secret(PARAMETER, SECRET).expect("it is written");
    let open = ask(&shop, &shop.place.cloud, &[]).await;
    assert!(statuses(&open).iter().all(|status| ![403, 503].contains(status)), "{open:?}");

    assert_eq!(ask(&shop, &cloud, &[(HEADER, SECRET)]).await, open, "through the domain all is as without one");
    let upper = SECRET.to_uppercase();
    let longer = format!("{SECRET}0");
    for past in [&[][..], &[(HEADER, "")], &[(HEADER, &upper)], &[(HEADER, &longer)], &[("x-origin", SECRET)]] {
        let answers = ask(&shop, &cloud, past).await;
        assert_eq!(statuses(&answers), [403; 3], "{past:?}");
        for answer in answers {
            assert_eq!(answer.json()["detail"], "ask at the shop's own domain");
            assert!(!answer.body.contains(SECRET));
        }
    }
}

#[tokio::test]
async fn without_its_secret_the_domain_opens_nothing_and_may_come_back_later() {
    let (shop, cloud) = behind().await;
    for headers in [&[][..], &[(HEADER, "")], &[(HEADER, SECRET)]] {
        for answer in ask(&shop, &cloud, headers).await {
            assert_eq!((answer.status, answer.header("retry-after")), (503, Some("30")), "{headers:?}");
        }
    }
    // An empty parameter is no secret that an empty header would match.
    shop.place.stack.put_secret(PARAMETER, "\n").expect("it is written");
    assert_eq!(statuses(&ask(&shop, &cloud, &[(HEADER, "")]).await), [403; 3]);
}

#[tokio::test]
async fn while_the_secret_is_rotated_both_are_good_and_afterwards_the_new_one() {
    let (mut shop, cloud) = behind().await;
    let put = |shop: &Shop, text: &str| shop.place.stack.put_secret(PARAMETER, text).expect("it is written");
    put(&shop, SECRET);
    assert_ne!(statuses(&ask(&shop, &cloud, &[(HEADER, SECRET)]).await), [403; 3]);
    put(&shop, &format!("{NEXT}\n{SECRET}\n"));
    // What is kept of the parameter may be a minute old, and no older where there is reason to doubt it.
    shop.until("2026-05-04 10:02").await;
    for known in [NEXT, SECRET] {
        assert_ne!(statuses(&ask(&shop, &cloud, &[(HEADER, known)]).await), [403; 3], "{known}");
    }
    put(&shop, NEXT);
    shop.until("2026-05-04 10:08").await;
    assert_ne!(statuses(&ask(&shop, &cloud, &[(HEADER, NEXT)]).await), [403; 3]);
    assert_eq!(statuses(&ask(&shop, &cloud, &[(HEADER, SECRET)]).await), [403; 3], "the old one is out");
}
