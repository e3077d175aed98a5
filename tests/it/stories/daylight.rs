//! Quiet hours and deadlines where the clocks change: Helsinki, 2026-03-29 (forward) and 2026-10-25 (back).

use jiff::civil::{date, time};
use serde_json::json;

use super::told;
use crate::support::{Shop, books, edit};

/// Three customers, whose letters leave on the Friday, the Saturday and the Sunday of the change.
async fn letters_around(shop: &mut Shop, first_order: &str, orders: [&str; 3], until: &str) {
    shop.until(first_order).await;
    for (name, at) in ["friday", "saturday", "sunday"].into_iter().zip(orders) {
        shop.until(at).await;
        let email = format!("{name}@example.com");
        shop.order_with(&email, "45.00", json!({"marketing_consent": true})).await;
    }
    shop.until(until).await;
}

fn weekends() -> winback_domain::plan::Folder {
    let mut folder = books();
    let letter = "- mail: we-miss-you\n        send: Tue-Thu 09:00";
    edit(&mut folder, "program.yaml", letter, &letter.replace("Tue-Thu", "Fri-Sun"));
    edit(&mut folder, "program.yaml", "valid: 3 days                     #", "valid: 2 days #");
    folder
}

fn check(shop: &Shop) {
    let outbox = shop.place.stack.outbox();
    assert_eq!(outbox.len(), 6, "three letters, three last days");
    for mail in outbox {
        let local = shop.zone.to_datetime(mail.at);
        assert!(local.time() >= time(8, 0, 0, 0) && local.time() < time(20, 0, 0, 0), "{local} is quiet");
        let is_letter = mail.text.contains("Choose your next book");
        assert_eq!(local.time(), if is_letter { time(9, 0, 0, 0) } else { time(19, 0, 0, 0) }, "{}", mail.subject);
    }
}

#[tokio::test]
async fn quiet_hours_when_the_clocks_go_forward() {
    let mut shop = Shop::open_with("2025-12-20 12:00", "books", &weekends()).await;
    let orders = ["2025-12-26 12:00", "2025-12-27 12:00", "2025-12-28 12:00"];
    letters_around(&mut shop, "2025-12-21 12:00", orders, "2026-04-02 12:00").await;
    check(&shop);
    deadlines(&shop, [date(2026, 3, 29), date(2026, 3, 30), date(2026, 3, 31)]).await;
    told!("quiet_hours_when_the_clocks_go_forward", shop.closing().await);
}

#[tokio::test]
async fn quiet_hours_when_the_clocks_go_back() {
    let mut shop = Shop::open_with("2026-07-20 12:00", "books", &weekends()).await;
    let orders = ["2026-07-24 12:00", "2026-07-25 12:00", "2026-07-26 12:00"];
    letters_around(&mut shop, "2026-07-21 12:00", orders, "2026-10-29 12:00").await;
    check(&shop);
    deadlines(&shop, [date(2026, 10, 25), date(2026, 10, 26), date(2026, 10, 27)]).await;
    told!("quiet_hours_when_the_clocks_go_back", shop.closing().await);
}

/// Every code ends with the last second of its day, shop time.
async fn deadlines(shop: &Shop, days: [jiff::civil::Date; 3]) {
    let mut ends: Vec<_> = shop.ledger().await.coupons.into_iter().map(|coupon| coupon.expires_at).collect();
    ends.sort_unstable();
    let local: Vec<_> = ends.into_iter().map(|end| shop.zone.to_datetime(end)).collect();
    assert_eq!(local, days.map(|day| day.at(23, 59, 59, 0)));
}
