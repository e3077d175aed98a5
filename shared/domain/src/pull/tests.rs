//! Stores that answer as their APIs are documented, read from one run to the next.

mod stores;
mod troubles;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use self::stores::{Kind, Shop, at};
use super::*;
use crate::webhook::Platform;

const ALL: [Kind; 4] = [Kind::Shopify, Kind::WooCommerce, Kind::Stripe, Kind::BigCommerce];
const FROM: &str = "2026-05-01T00:00:00Z";

fn now() -> Timestamp {
    at("2026-05-02T03:00:05Z")
}

/// What a run brought: the orders by id as often as they came, its questions, and the mark it leaves.
struct Run {
    orders: BTreeMap<String, usize>,
    asked: Vec<String>,
    mark: Option<Timestamp>,
    reach: Option<Timestamp>,
}

/// Reads a shop to its end, or until it fails. `meanwhile` happens after each answer, which is told its number.
fn run(shop: &mut Shop, meanwhile: &mut dyn FnMut(&mut Shop, usize)) -> Result<Run, (Trouble, Run)> {
    let (mut pulling, first) = Pulling::begin(&shop.source(), at(FROM), None);
    let mut done = Run { orders: BTreeMap::new(), asked: Vec::new(), mark: None, reach: None };
    let mut request = Some(first);
    while let Some(asked) = request {
        assert!(done.asked.len() < 200, "it never ends: {:?}", done.asked.last());
        let (status, body) = shop.answer(&asked);
        done.asked.push(asked.url.clone());
        let answer =
            Response { status, retry_after: shop.retry_after, date: shop.date(), body: &body, ..Response::default() };
        let page = match pulling.hear(answer, now()) {
            Ok(page) => page,
            Err(trouble) => {
                done.mark = pulling.mark();
                return Err((trouble, done));
            }
        };
        for heard in page.heard {
            if let Ok(Heard::Events { events, .. }) = heard {
                *done.orders.entry(order_id(&events).expect("an order").to_owned()).or_default() += 1;
            }
        }
        request = page.next;
        meanwhile(shop, done.asked.len());
    }
    done.mark = pulling.mark();
    done.reach = pulling.reach();
    Ok(done)
}

fn read(shop: &mut Shop) -> Run {
    run(shop, &mut |_, _| {}).unwrap_or_else(|(trouble, _)| panic!("{trouble}"))
}

fn ids(run: &Run) -> BTreeSet<String> {
    run.orders.keys().cloned().collect()
}

#[test]
fn a_store_where_nothing_changed_costs_one_question() {
    for kind in ALL {
        let mut shop = Shop::new(kind);
        shop.order(1, "2026-04-30T23:59:59Z");
        let run = read(&mut shop);
        assert!(run.orders.is_empty(), "{kind:?}");
        assert_eq!(run.asked.len(), 1, "{kind:?}");
        assert_eq!(run.mark, Some(at("2026-05-02T02:50:00Z")), "{kind:?}: the store's time, less ten minutes");
    }
}

#[test]
fn the_questions_are_those_that_the_platforms_document() {
    let asked = |kind| read(&mut Shop::new(kind)).asked.remove(0);
    assert_eq!(
        asked(Kind::Shopify),
        "https://example-books.myshopify.com/admin/api/2026-10/orders.json?status=any&limit=250&\
         updated_at_min=2026-05-01T00%3A00%3A00Z&order=updated_at%20asc"
    );
    assert_eq!(
        asked(Kind::WooCommerce),
        "https://shop.example/wp-json/wc/v3/orders?dates_are_gmt=true&order=asc&per_page=100&\
         modified_after=2026-04-30T23%3A59%3A59&orderby=modified"
    );
    assert_eq!(
        asked(Kind::BigCommerce),
        "https://api.bigcommerce.com/stores/abc123/v2/orders?limit=250&min_date_modified=2026-05-01T00%3A00%3A00Z&\
         sort=date_modified%3Aasc"
    );
    let stripe = asked(Kind::Stripe);
    assert!(stripe.starts_with(
        "https://api.stripe.com/v1/events?limit=100&created%5Bgte%5D=1777593600&\
             created%5Blt%5D=1777766400&types%5B%5D=checkout"
    ));
    assert_eq!(stripe.matches("types%5B%5D=").count(), 7);
}

#[test]
fn several_pages_are_read_to_their_end_and_each_order_once() {
    for kind in ALL {
        let mut shop = Shop::new(kind);
        for number in 0..620 {
            shop.order_at(number + 1, at(FROM) + SignedDuration::from_secs(i64::try_from(number * 7).unwrap()));
        }
        let run = read(&mut shop);
        assert_eq!(run.orders.len(), 620, "{kind:?}");
        assert!(run.orders.values().all(|times| *times == 1), "{kind:?}");
        assert!(run.asked.len() >= 620 / kind.size(), "{kind:?}");
    }
}

#[test]
fn orders_of_one_second_are_neither_lost_nor_read_for_ever() {
    for kind in ALL {
        let size = u64::try_from(kind.size()).unwrap();
        // The second begins within the first page, at its last place, with the page, and holds up to three pages and more.
        for (before, within) in
            [(0, size), (0, size + 1), (size - 1, 2), (size / 2, size), (size, 2 * size), (3, 3 * size + 7)]
        {
            let mut shop = Shop::new(kind);
            let numbers = (1..).map(|number: u64| number * 7919 % 100_003);
            for (number, id) in numbers.take(usize::try_from(before + within + 5).unwrap()).enumerate() {
                let number = u64::try_from(number).unwrap();
                let second = if number < before {
                    number
                } else if number < before + within {
                    before
                } else {
                    number
                };
                shop.order_at(
                    id,
                    at("2026-05-01T10:00:00Z") + SignedDuration::from_secs(i64::try_from(second).unwrap()),
                );
            }
            let known = shop.ids();
            let run = read(&mut shop);
            assert_eq!(ids(&run), known, "{kind:?}: {within} within a second, behind {before}");
        }
    }
}

#[test]
fn an_order_that_changes_while_somebody_reads_is_read_as_it_is_in_the_end() {
    for kind in ALL {
        let mut shop = Shop::new(kind);
        for number in 1..=450 {
            shop.order_at(
                number,
                at("2026-05-01T10:00:00Z") + SignedDuration::from_secs(i64::try_from(number / 3).unwrap()),
            );
        }
        let known = shop.ids();
        // The first orders of what was read change, so that every place behind them moves.
        let run = run(&mut shop, &mut |shop, answered| {
            let moved = u64::try_from(answered).unwrap();
            shop.order(moved, "2026-05-02T02:59:00Z");
        });
        let run = run.unwrap_or_else(|(trouble, _)| panic!("{kind:?}: {trouble}"));
        assert_eq!(ids(&run), known, "{kind:?}");
        // What changed after it was read comes again: in this run, or by the mark in the next one.
        let first = if kind == Kind::Stripe { "pi_1" } else { "1" };
        assert!(run.orders[first] >= 2 || run.mark < Some(at("2026-05-02T02:59:00Z")), "{kind:?}");
    }
}

#[test]
fn an_order_that_leaves_a_crowded_second_takes_nobody_along() {
    for kind in [Kind::Shopify, Kind::WooCommerce, Kind::BigCommerce] {
        let mut shop = Shop::new(kind);
        for number in 1..=700 {
            shop.order(number, "2026-05-01T10:00:00Z");
        }
        let known = shop.ids();
        let run = run(&mut shop, &mut |shop, answered| {
            if answered < 6 {
                shop.order(u64::try_from(answered).unwrap() * 3, "2026-05-01T11:00:00Z");
            }
        });
        let run = run.unwrap_or_else(|(trouble, _)| panic!("{kind:?}: {trouble}"));
        assert_eq!(ids(&run), known, "{kind:?}");
    }
}

#[test]
fn the_mark_is_the_stores_own_time_and_never_goes_back() {
    for kind in ALL {
        let mut shop = Shop::new(kind);
        shop.order(1, "2026-05-01T10:00:00Z");
        shop.time = Some(at("2026-05-01T23:00:00Z"));
        assert_eq!(read(&mut shop).mark, Some(at("2026-05-01T22:50:00Z")), "{kind:?}: a clock that is late");
        shop.time = Some(at("2026-04-30T23:00:00Z"));
        assert_eq!(read(&mut shop).mark, None, "{kind:?}: a clock that is before the mark");
        shop.time = None;
        assert_eq!(read(&mut shop).mark, Some(at("2026-05-01T09:50:00Z")), "{kind:?}: its orders tell the time");
    }
}

#[test]
fn stripe_says_where_its_memory_ends() {
    let mut shop = Shop::new(Kind::Stripe);
    assert_eq!(read(&mut shop).reach, None);
    shop.time = Some(at("2026-06-10T00:00:00Z"));
    assert_eq!(read(&mut shop).reach, Some(at("2026-05-11T00:00:00Z")));
    let mut other = Shop::new(Kind::Shopify);
    other.time = shop.time;
    assert_eq!(read(&mut other).reach, None);
}

#[test]
fn an_order_is_news_where_the_ledger_has_none_or_an_older_one() {
    let mut shop = Shop::new(Kind::BigCommerce);
    shop.order(1, "2026-05-01T10:00:00Z");
    let euro = Currency::parse("EUR").unwrap();
    let events = |shop: &Shop| {
        let order = shop.shown(1);
        let order: crate::webhook::bigcommerce::Order = serde_json::from_value(order).unwrap();
        match crate::webhook::bigcommerce::read_order(&order, b"", now()) {
            Ok(Heard::Events { events, .. }) => events,
            other => panic!("{other:?}"),
        }
    };
    let first = events(&shop);
    assert!(is_news(&first, &Order::default(), euro), "nobody told of it");
    let nobody = Customer::new(CustomerId::from_bytes([1; 16]), now());
    let known = first.iter().fold(Order::default(), |order, event| learn(nobody.clone(), order, event, euro).1);
    assert!(!is_news(&first, &known, euro), "a webhook was there before");
    shop.order(1, "2026-05-01T12:00:00Z");
    assert!(is_news(&events(&shop), &known, euro), "a later state of it was missed");
    assert_eq!(shop.source().platform(), Platform::BigCommerce);
}
