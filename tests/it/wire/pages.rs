//! The customer's own pages: looking never acts, a link opens what it was made for, and a no is taken at once.

use crate::support::{Shop, books, raw, sample};

const ANNA: &str = "anna@example.com";

async fn mailed() -> Shop {
    let mut shop = Shop::open_with("2026-01-12 10:00", "books", &books()).await;
    shop.order(ANNA, "45.00").await;
    shop.until("2026-04-14 12:00").await;
    shop
}

#[tokio::test]
async fn looking_never_acts() {
    let shop = mailed().await;
    let (offer, unsubscribe) = (shop.offer_path(ANNA).await, shop.unsubscribe_path(ANNA));
    let before = raw::items(&shop.place).await;
    shop.place.stack.reset_capacity();
    // Scanners follow every link of a mail, more than once.
    for path in [&offer, &unsubscribe] {
        for _ in 0..2 {
            let page = shop.page("GET", path, None).await;
            assert_eq!(page.status, 200, "{path}");
            assert_eq!(page.header("x-robots-tag"), Some("noindex, nofollow"));
            assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
            assert_eq!(page.header("cache-control"), Some("no-store"));
            assert!(
                !page.body.contains("<script") && !page.body.contains("src=\"http"),
                "no script, nothing from elsewhere"
            );
            let head = shop.page("HEAD", path, None).await;
            assert_eq!((head.status, head.body.as_str(), &head.headers), (200, "", &page.headers));
        }
        for method in ["PUT", "DELETE", "PATCH", "OPTIONS"] {
            let answer = shop.page(method, path, None).await;
            assert_eq!(answer.status, 405, "{method} {path}");
            assert!(answer.header("allow").unwrap().contains("GET"));
        }
    }
    assert_eq!(shop.page("POST", &offer, Some(b"")).await.status, 405, "an offer page takes nothing");
    assert_eq!(shop.place.stack.capacity().total().write_units, 0.0);
    shop.place.settle().await.unwrap();
    assert_eq!(raw::changed(&before, &raw::items(&shop.place).await), Vec::<String>::new());
}

#[tokio::test]
async fn the_offer_page_says_what_the_mail_says() {
    let mut shop = mailed().await;
    let path = shop.offer_path(ANNA).await;
    let code = shop.code_mailed_to(ANNA);
    let page = shop.page("GET", &path, None).await;
    assert!(page.body.contains(&code) && page.body.contains("2026-04-17T20:59:59Z"), "one code, one deadline");
    assert!(page.body.contains(&format!("https://shop.example/discount/{code}")));
    shop.until("2026-04-18 00:00").await;
    let over = shop.page("GET", &path, None).await;
    assert_eq!(over.status, 200);
    assert!(over.body.contains("This offer has ended") && !over.body.contains(&code));
}

#[tokio::test]
async fn one_click_unsubscribes_once_and_twice() {
    let mut shop = mailed().await;
    let path = shop.unsubscribe_path(ANNA);
    assert!(!shop.customer(ANNA).await.refused());
    // RFC 8058: a form, no cookie, no login, no redirect; a function URL hands the form over in base64.
    let answer = shop.page("POST", &path, Some(b"List-Unsubscribe=One-Click")).await;
    assert_eq!(answer.status, 200);
    assert!(answer.header("location").is_none() && answer.header("set-cookie").is_none());
    assert!(shop.customer(ANNA).await.refused());
    let before = raw::items(&shop.place).await;
    let again = shop.page("POST", &path, Some(b"List-Unsubscribe=One-Click")).await;
    assert_eq!(again.status, 200);
    assert_eq!(raw::changed(&before, &raw::items(&shop.place).await), Vec::<String>::new(), "the same no, said twice");
    shop.until("2026-04-15 10:00").await;
    assert_eq!(shop.page("POST", &path, None).await.status, 200, "from the page's own button, days later");
    let asked = shop.page("GET", &path, None).await;
    assert!(asked.body.contains("You are unsubscribed"));
    shop.until("2026-12-01 10:00").await;
    assert_eq!(shop.letters_to(ANNA).len(), 1);
}

#[tokio::test]
async fn a_bent_link_leads_nowhere() {
    let shop = mailed().await;
    let records = Shop::join(shop.place.clone(), "records", &sample("records")).await;
    let (offer, unsubscribe) = (shop.offer_path(ANNA).await, shop.unsubscribe_path(ANNA));
    let token = |path: &str| path.rsplit('/').next().unwrap().to_owned();
    let (offer_token, unsubscribe_token) = (token(&offer), token(&unsubscribe));
    let before = raw::items(&shop.place).await;
    let nowhere = shop.page("GET", "/o/books/x", None).await;
    let mut bent = vec![
        format!("/u/books/{offer_token}"),
        format!("/o/books/{unsubscribe_token}"),
        format!("/u/records/{unsubscribe_token}"),
        format!("/u/nobody/{unsubscribe_token}"),
        format!("/u/BOOKS/{unsubscribe_token}"),
        format!("/u/books/{}", &unsubscribe_token[1..]),
        format!("/u/books/{unsubscribe_token}="),
        format!("/u/books/{unsubscribe_token}A"),
        "/u/books/".to_owned(),
        "/u/books".to_owned(),
    ];
    for place in 0..unsubscribe_token.len() {
        let mut bytes = unsubscribe_token.clone().into_bytes();
        bytes[place] = if bytes[place] == b'Q' { b'R' } else { b'Q' };
        bent.push(format!("/u/books/{}", String::from_utf8(bytes).unwrap()));
    }
    for path in &bent {
        for (method, body) in [("GET", None), ("POST", Some(&b"List-Unsubscribe=One-Click"[..]))] {
            if (method, path.starts_with("/o/")) == ("POST", true) {
                continue;
            }
            let answer = records.page(method, path, body).await;
            assert_eq!(answer.status, 404, "{method} {path}");
            assert_eq!(answer.body, nowhere.body, "every one of them says the same");
        }
    }
    assert_eq!(raw::changed(&before, &raw::items(&shop.place).await), Vec::<String>::new());
    assert!(!shop.customer(ANNA).await.refused());
}

#[tokio::test]
async fn a_link_outlives_its_key_until_it_is_taken_out() {
    let shop = mailed().await;
    let path = shop.offer_path(ANNA).await;
    let put = |text: &str| shop.place.stack.put_secret("/winback/local/keys/link", text).unwrap();
    put("2:a new key\n1:link key of a place in memory");
    let place = shop.place.restarted();
    let look = async || {
        let request = crate::support::http::request("GET", &path, &[], None);
        serve_offer::handle(&place.restarted().cloud, request, place.invocation()).await.unwrap().status_code
    };
    assert_eq!(look().await, 200, "an old link verifies");
    put("2:a new key");
    assert_eq!(look().await, 404, "until its key is taken out");
}
