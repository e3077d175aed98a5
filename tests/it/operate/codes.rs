//! The key to a store's own API: given, tried, taken back by the shop.

use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::json;
use winback_domain::store::State;

use super::world::{STORE, World, own_dir};
use crate::support::books;
use crate::support::codes::{honoured_by, with_pool};
use crate::support::stores::StandIn;
use crate::support::stores::shopify::ShopifyApi;
use crate::support::stores::stripe::StripeApi;
use crate::support::stores::woocommerce::{Mood, WooCommerceApi};

const ACCESS: &str = "/winback/local/stores/books/access";

/// A file with a line in it.
pub(super) fn written(name: &str, line: &str) -> PathBuf {
    let dir = own_dir(name);
    std::fs::create_dir_all(&dir).expect("a folder is made");
    let file = dir.join("access.txt");
    std::fs::write(&file, line).expect("the file is written");
    file
}

#[tokio::test]
async fn a_store_gives_its_key_and_a_test_code_is_made_and_withdrawn() {
    let world = World::with_store(&books(), State::Rehearsing).await;
    let nothing = world.winback(&["store", "check", STORE]).await.well();
    assert!(
        nothing.contains("winback store access books") && nothing.contains("No webhook of books came"),
        "{nothing}"
    );
    let (shop, line) = WooCommerceApi::listening().await;
    let file = written("store-access", &line);
    let words = ["store", "access", STORE, "--file", file.to_str().expect("a plain path")];
    let said = world.winback(&words).await.well();
    assert!(said.contains("winback store check books") && !said.contains("ck_") && !said.contains("cs_"), "{said}");
    assert_eq!(world.secret(ACCESS).await.as_deref(), Some(line.as_str()));
    // Again: the line takes the place of the one that was there.
    world.winback(&words).await.well();
    assert_eq!(world.secret(ACCESS).await.as_deref(), Some(line.as_str()));
    let said = world.winback(&["store", "check", STORE]).await.well();
    assert!(said.contains("woocommerce: made the test code") && said.contains("withdrew it"), "{said}");
    let [coupon] = &shop.coupons()[..] else { panic!("one code: {:?}", shop.coupons()) };
    assert_eq!(coupon["date_expires_gmt"], "2000-01-01T00:00:00", "kept, and dead");
}

#[tokio::test]
async fn a_test_code_is_made_and_withdrawn_in_each_store_that_gave_its_key() {
    let world = World::with_store(&books(), State::Rehearsing).await;
    let (discounts, shopify) = ShopifyApi::listening().await;
    let (promotions, stripe) = StripeApi::listening().await;
    for (name, line) in [("store-shopify", &shopify), ("store-stripe", &stripe)] {
        let file = written(name, line);
        let words = ["store", "access", STORE, "--file", file.to_str().expect("a plain path")];
        let said = world.winback(&words).await.well();
        assert!(!said.contains("shpat_") && !said.contains("sk_live_"), "{said}");
    }
    assert_eq!(world.secret(ACCESS).await, Some(format!("{shopify}\n{stripe}")), "one line for each");
    let said = world.winback(&["store", "check", STORE]).await.well();
    for store in ["shopify", "stripe"] {
        let tried =
            said.lines().find(|line| line.starts_with(&format!("{store}: made the test code"))).unwrap_or_default();
        assert!(tried.contains("withdrew it"), "{said}");
    }
    let [discount] = &discounts.discounts()[..] else { panic!("one code: {:?}", discounts.discounts()) };
    let ended: Timestamp = discount["endsAt"].as_str().and_then(|end| end.parse().ok()).expect("it has an end");
    assert!(ended <= Timestamp::now() && discount["usageLimit"] == 1, "kept, and over: {discount}");
    let [promotion] = &promotions.promotions()[..] else { panic!("one code: {:?}", promotions.promotions()) };
    assert_eq!((&promotion["active"], &promotion["max_redemptions"]), (&json!(false), &json!(1)), "kept, and dead");
    assert_eq!(promotion["code"], discount["code"], "the same code of nobody's");
}

#[tokio::test]
async fn a_key_that_the_shop_took_back_opens_nothing_and_that_is_said() {
    let world = World::with_store(&honoured_by("woocommerce", books()), State::Rehearsing).await;
    let (shop, line) = WooCommerceApi::listening().await;
    let file = written("store-revoked", &line);
    world.winback(&["store", "access", STORE, "--file", file.to_str().expect("a plain path")]).await.well();
    shop.mood(Mood::Answers(401, json!({"code": "woocommerce_rest_cannot_view"}).to_string()));
    let said = world.winback(&["store", "check", STORE]).await;
    assert!(said.status == 1 && said.errors.contains("does not let us in"), "{said:?}");
    std::fs::write(&file, "woocommerce shop.example ck_1").expect("the file is written");
    let said = world.winback(&["store", "access", STORE, "--file", file.to_str().expect("a plain path")]).await;
    assert!(said.status == 1 && said.errors.contains("WooCommerce's line is"), "{said:?}");
    assert_eq!(world.secret(ACCESS).await.as_deref(), Some(line.as_str()), "it stays as it was");
}

#[tokio::test]
async fn a_program_that_wants_codes_of_a_store_without_a_key_is_named() {
    let world = World::with_store(&honoured_by("shopify", books()), State::Rehearsing).await;
    let said = world.winback(&["store", "check", STORE]).await;
    assert!(said.status == 1 && said.errors.contains("a program says `codes: shopify`, and no key"), "{said:?}");
}

#[tokio::test]
async fn a_shop_hands_over_codes_it_made_itself() {
    let folder = with_pool(50, books());
    let world = World::with_store(&folder, State::Rehearsing).await;
    let file = written("codes-import", "SPRING-OLIVE\n\nSPRING-LILAC\nSPRING-OLIVE\n");
    let path = file.to_str().expect("a plain path");
    let words = ["codes", "import", "--store", STORE, "--offer", "ten-euro", path];
    let said = world.winback(&words).await.well();
    assert!(said.contains("into the pool of ten-euro in We miss you") && said.ends_with(" holds 2 codes.\n"), "{said}");
    let again = world.winback(&words).await.well();
    assert!(again.ends_with(" holds 2 codes.\n"), "{again}");
    let checked = world.winback(&["store", "check", STORE]).await.well();
    assert!(checked.contains("pool: 2 codes for the offer ten-euro of We miss you."), "{checked}");
    let none = world.winback(&["codes", "import", "--store", STORE, "--offer", "five-euro", path]).await;
    assert!(none.status == 1 && none.errors.contains("has an offer `five-euro`"), "{none:?}");
    std::fs::write(&file, "SPRING-OLIVE\nspring 2\n").expect("the file is written");
    let bad = world.winback(&words).await;
    assert!(bad.status == 1 && bad.errors.contains(":2: a code is"), "{bad:?}");
}
