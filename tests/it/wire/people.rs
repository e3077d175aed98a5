//! What strangers type into a form: it reaches the letter as a name, and as nothing else.

use serde_json::{Value, json};

use super::{order, tell};
use crate::support::Shop;

/// Somebody of this name orders, falls silent, and is mailed.
async fn mailed_as(names: &[&str]) -> (Shop, Vec<String>) {
    let mut shop = Shop::open("2026-01-12 10:00").await;
    let mut emails = Vec::new();
    for (number, name) in names.iter().enumerate() {
        let email = format!("reader{number}@example.com");
        let typed = json!({"order_id": format!("A-{number}"), "email": email, "name": name, "marketing_consent": true});
        assert_eq!(tell(&shop, "order.placed", &order(&typed)).await.status, 200, "{name:?}");
        emails.push(email);
    }
    shop.until("2026-04-14 12:00").await;
    (shop, emails)
}

#[tokio::test]
async fn a_name_cannot_add_a_header_or_a_line() {
    let names = [
        "Mina\r\nX-Spam: yes",
        "Mina\nBcc: all@example.com",
        "Mina\r\n\r\n<h1>Win</h1>",
        "\u{0}Mina\u{7f}\u{85}\u{2028}Lind",
        "=?UTF-8?Q?Mina=0D=0ABcc:_all=40example.com?=",
        "\"Mina\" <all@example.com>",
    ];
    let (shop, emails) = mailed_as(&names).await;
    for (email, name) in emails.iter().zip(names) {
        let letters = shop.letters_to(email);
        let mail = letters.first().unwrap_or_else(|| panic!("{name:?} is mailed"));
        assert_eq!(mail.to, std::slice::from_ref(email), "nobody else");
        let mut lines = vec![mail.subject.clone(), mail.from.clone()];
        lines.extend(mail.headers.iter().flat_map(|(name, value)| [name.clone(), value.clone()]));
        lines.extend(mail.tags.values().cloned());
        for line in lines {
            assert!(!line.chars().any(char::is_control), "{name:?}: {line:?}");
            assert!(!line.contains("all@"), "{name:?}: {line:?}");
        }
        let names: Vec<&str> = mail.headers.iter().map(|(name, _)| name.as_str()).collect();
        assert!(names.iter().all(|name| name.starts_with("List-") || *name == "X-Winback-Message"), "{names:?}");
        assert!(!mail.html.contains("<h1>Win"), "{name:?}");
        let hello = mail.text.lines().next().unwrap();
        assert!(hello.starts_with("Hello"), "{hello}");
        assert!(!mail.text.contains("all@example.com") && !mail.html.contains("all@example.com"), "{name:?}");
    }
}

#[tokio::test]
async fn a_name_is_text_in_the_letter_and_on_the_page() {
    let names = ["<b>Mina</b>", "<script>alert(1)</script>", "Mina&nbsp;'\"><img src=x onerror=y>", "{{ offer.code }}"];
    let (shop, emails) = mailed_as(&names).await;
    for (email, name) in emails.iter().zip(names) {
        let letters = shop.letters_to(email);
        let mail = letters.first().unwrap_or_else(|| panic!("{name:?} is mailed"));
        let page = shop.page("GET", &shop.offer_path(email).await, None).await;
        assert_eq!(page.status, 200);
        for html in [&mail.html, &page.body] {
            assert!(
                !html.contains("<script>alert") && !html.contains("<b>Mina") && !html.contains("<img src=x"),
                "{name}"
            );
        }
        let code = shop.code_mailed_to(email);
        assert!(!mail.subject.contains(&code), "a name is no template: {}", mail.subject);
    }
    let first = shop.letters_to(&emails[0]);
    assert!(first[0].html.contains("&lt;b&gt;Mina"), "told as it was typed");
}

#[tokio::test]
async fn other_texts_of_an_order_leave_no_trace() {
    let (shop, _) = mailed_as(&["Mina Lind"]).await;
    let items: Value = json!([{"sku": "<script>", "title": "A\r\nB", "quantity": 1, "price": "9.00"}]);
    let typed = json!({"order_id": "B-1", "email": "reader0@example.com", "items": items, "discount_codes": ["<b>"]});
    assert_eq!(tell(&shop, "order.placed", &order(&typed)).await.status, 200);
    let items = crate::support::raw::items(&shop.place).await;
    assert!(items.values().all(|item| !item.contains("<script>")), "lines of an order are checked and not kept");
    let page = shop.page("GET", &shop.offer_path("reader0@example.com").await, None).await;
    assert_eq!(page.status, 200);
}
