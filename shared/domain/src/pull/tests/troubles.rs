//! Stores that have too much to do, are ill, answer by half, or do not let us in any more.

use serde_json::json;

use super::*;
use crate::pull::bigcommerce::{Fetched, Fetching};

/// A shop of some pages whose n-th answer is another.
fn with(kind: Kind, number: usize, status: u16, body: &[u8]) -> Shop {
    let mut shop = Shop::new(kind);
    for number in 0..600 {
        shop.order_at(
            number + 1,
            at("2026-05-01T10:00:00Z") + SignedDuration::from_mins(i64::try_from(number).unwrap()),
        );
    }
    shop.instead.insert(number, (status, body.to_vec()));
    shop
}

fn fails(shop: &mut Shop) -> (Trouble, Run) {
    match run(shop, &mut |_, _| {}) {
        Ok(_) => panic!("it fails"),
        Err(failed) => failed,
    }
}

#[test]
fn a_trouble_is_told_as_what_it_is() {
    for kind in ALL {
        let mut busy = with(kind, 1, 429, b"{}");
        busy.retry_after = Some(7);
        assert_eq!(fails(&mut busy).0, Trouble::Later { seconds: Some(7) }, "{kind:?}");
        assert_eq!(fails(&mut with(kind, 1, 500, b"")).0, Trouble::Later { seconds: None }, "{kind:?}");
        assert_eq!(fails(&mut with(kind, 1, 401, b"{}")).0, Trouble::NoAccess, "{kind:?}: a revoked token");
        assert_eq!(fails(&mut with(kind, 1, 403, b"{}")).0, Trouble::NoAccess, "{kind:?}");
        assert_eq!(
            fails(&mut with(kind, 1, 200, b"[{\"id\": 7, \"da")).0,
            Trouble::Unreadable,
            "{kind:?}: half an answer"
        );
        assert_eq!(fails(&mut with(kind, 1, 200, b"\"maintenance\"")).0, Trouble::Unreadable, "{kind:?}");
        assert!(matches!(fails(&mut with(kind, 1, 302, b"")).0, Trouble::Refused(_)), "{kind:?}");
        assert!(matches!(fails(&mut with(kind, 1, 400, b"{}")).0, Trouble::Refused(_)), "{kind:?}");
    }
}

#[test]
fn a_run_that_is_cut_short_keeps_what_it_read_where_that_is_a_beginning() {
    for kind in ALL {
        let mut shop = with(kind, 2, 503, b"");
        let (_, run) = fails(&mut shop);
        assert_eq!(run.orders.len(), kind.size(), "{kind:?}");
        let last = at("2026-05-01T10:00:00Z") + SignedDuration::from_mins(i64::try_from(kind.size()).unwrap() - 1);
        // Stripe tells the latest first: what comes before it is not known yet.
        assert_eq!(run.mark, (kind != Kind::Stripe).then_some(last), "{kind:?}");
        let (_, first) = fails(&mut with(kind, 1, 503, b""));
        assert_eq!(first.mark, None, "{kind:?}: nothing was read");
    }
}

#[test]
fn what_was_read_of_a_long_backlog_of_stripe_stays_read() {
    let mut shop = with(Kind::Stripe, 8, 503, b"");
    shop.time = Some(at("2026-05-09T00:00:00Z"));
    for day in 3..9 {
        shop.order(1_000 + day, &format!("2026-05-0{day}T12:00:00Z"));
    }
    // Six pages of the first two days, one of the next two; then it is ill, and well again.
    let (_, cut) = fails(&mut shop);
    assert_eq!(cut.mark, Some(at("2026-05-01T00:00:00Z") + SignedDuration::from_hours(96)), "{:?}", cut.asked);
    shop.instead.clear();
    let whole = read(&mut shop);
    assert_eq!((ids(&whole), whole.mark), (shop.ids(), Some(at("2026-05-08T23:50:00Z"))));
    assert_eq!(whole.asked.len(), 6 + 4, "{:?}", whole.asked);
    // Nobody asks for years that are no longer kept.
    shop.time = Some(at("2026-12-24T00:00:00Z"));
    assert!(read(&mut shop).asked.len() < 24);
}

#[test]
fn a_page_in_another_order_than_was_asked_for_is_no_answer() {
    let orders = json!([
        {"id": 1, "date_modified_gmt": "2026-05-01T11:00:00"},
        {"id": 2, "date_modified_gmt": "2026-05-01T10:00:00"},
    ]);
    let mut shop = with(Kind::WooCommerce, 1, 200, orders.to_string().as_bytes());
    assert_eq!(fails(&mut shop).0, Trouble::Unreadable);
}

#[test]
fn an_order_that_cannot_be_understood_stops_none_of_the_others() {
    let orders = json!({"orders": [
        {"id": 1, "updated_at": "2026-05-01T10:00:00Z", "currency": "no currency", "total_price": "1.00", "email": "a@b.example"},
        {"id": 2, "updated_at": "2026-05-01T10:00:01Z", "currency": "EUR", "total_price": "45.00", "email": "anna@example.com"},
    ]});
    let mut shop = with(Kind::Shopify, 1, 200, orders.to_string().as_bytes());
    let run = read(&mut shop);
    assert_eq!(ids(&run), ["2".to_owned()].into());
    assert!(run.mark.is_some());
}

#[test]
fn an_order_with_a_code_is_handed_out_with_it() {
    let mut shop = Shop::new(Kind::BigCommerce);
    for number in 1..=260 {
        shop.order_at(number, at("2026-05-01T10:00:00Z") + SignedDuration::from_secs(i64::try_from(number).unwrap()));
    }
    shop.coupons = [3, 250, 260].into();
    let run = read(&mut shop);
    assert_eq!(run.orders.len(), 260);
    let asked: Vec<&String> = run.asked.iter().filter(|url| url.contains("/coupons")).collect();
    assert_eq!(asked.len(), 3, "{asked:?}");
    // Before it has its code it was not handed out.
    let mut cut = Shop::new(Kind::BigCommerce);
    cut.order(1, "2026-05-01T10:00:00Z");
    cut.coupons = [1].into();
    cut.instead.insert(2, (503, Vec::new()));
    let (trouble, run) = fails(&mut cut);
    assert_eq!((trouble, run.mark, run.orders.len()), (Trouble::Later { seconds: None }, None, 0));
}

#[test]
fn one_order_is_fetched_with_its_code() {
    let mut shop = Shop::new(Kind::BigCommerce);
    shop.order(5, "2026-05-01T10:00:00Z");
    shop.coupons = [5].into();
    let Source::BigCommerce(door) = shop.source() else { panic!("a door") };
    let answer = |status, body| Response { status, body, ..Response::default() };
    let (mut fetching, first) = Fetching::begin(&door, "5");
    assert_eq!(first.url, "https://api.bigcommerce.com/stores/abc123/v2/orders/5");
    let order = shop.shown(5).to_string();
    let Ok(Fetched::Ask(second)) = fetching.hear(answer(200, order.as_bytes()), now()) else { panic!("its codes") };
    assert_eq!(second.url, "https://api.bigcommerce.com/stores/abc123/v2/orders/5/coupons?limit=250");
    let Ok(Fetched::Done(Some(Ok(Heard::Events { events, .. })))) =
        fetching.hear(answer(200, b"[{\"code\": \"ABC\"}]"), now())
    else {
        panic!("an order")
    };
    let Some(What::OrderPlaced { order, .. }) = placed(&events).map(|event| &event.what) else { panic!("an order") };
    assert_eq!(order.discount_codes, ["ABC"]);
    let gone = Fetching::begin(&door, "6").0.hear(answer(404, b"[]"), now());
    assert!(matches!(gone, Ok(Fetched::Done(None))), "there is none of that id any more");
    let half = Fetching::begin(&door, "6").0.hear(answer(200, b"{\"id\": 6, \"st"), now());
    assert!(matches!(half, Err(Trouble::Unreadable)));
}
