//! Who may be written to: the shop's own field says so, and what it said long ago is old.

use serde_json::{Value, json};

use super::{ANNA, WOO, pass, told, with};
use crate::dialects::wired;

#[tokio::test]
async fn consent_is_what_the_shops_own_field_says_and_a_missing_field_says_nothing() {
    let says = |id: u64, key: &str, value: &str| {
        let meta = json!([{"id": 1, "key": key, "value": value}]);
        with(
            "order.updated--processing",
            &json!({"id": id, "meta_data": meta, "date_created_gmt": null,
            "date_modified_gmt": null}),
        )
    };
    let agreed = async |settings: &str, orders: &[Value]| {
        let shop = wired(WOO, settings).await;
        for order in orders {
            told(&shop, "order.updated", order).await;
            pass(&shop, 60);
        }
        shop.customer(ANNA).await.agreed().is_some()
    };
    let (yes, no) = (says(1, "_newsletter", "1"), says(2, "_newsletter", "0"));
    let (unsaid, other) = (says(3, "_wishlist", "1"), says(4, "_marketing", "1"));
    let setting = "consent=_newsletter";
    assert!(agreed(setting, std::slice::from_ref(&yes)).await);
    assert!(!agreed("", std::slice::from_ref(&yes)).await, "no field is named: nothing is guessed");
    assert!(!agreed(setting, std::slice::from_ref(&other)).await, "a field of another name");
    assert!(agreed(setting, &[yes.clone(), unsaid.clone()]).await, "missing is no no");
    assert!(!agreed(setting, &[no.clone(), unsaid]).await, "and no yes");
    assert!(
        !agreed(setting, &[yes.clone(), no.clone()]).await && agreed(setting, &[no, yes]).await,
        "the newest holds"
    );
}

fn ticked() -> Value {
    json!([{"id": 1, "key": "_newsletter", "value": "yes"}])
}

#[tokio::test]
async fn a_box_is_as_old_as_its_order_however_late_that_is_told_again() {
    let mut shop = wired(WOO, "consent=_newsletter").await;
    told(&shop, "order.updated", &with("order.updated--processing", &json!({"meta_data": ticked()}))).await;
    // In her account she takes it back; then her order is packed, and all of it is sent once more.
    let no = json!({"date_modified_gmt": "2026-05-01T08:50:00", "meta_data": [{"key": "_newsletter", "value": "no"}]});
    told(&shop, "customer.updated", &with("customer.updated", &no)).await;
    assert_eq!(shop.customer(ANNA).await.agreed(), None);
    let packed = json!({"status": "completed", "date_modified_gmt": "2026-05-01T08:58:00", "meta_data": ticked()});
    told(&shop, "order.updated", &with("order.updated--processing", &packed)).await;
    assert_eq!(shop.customer(ANNA).await.agreed(), None);
    shop.until("2026-08-20 12:00").await;
    assert!(shop.letters_to(ANNA).is_empty());
}

#[tokio::test]
async fn whoever_unsubscribes_and_moves_house_is_not_written_to_again() {
    let mut shop = wired(WOO, "consent=_newsletter").await;
    told(&shop, "order.updated", &with("order.updated--processing", &json!({"meta_data": ticked()}))).await;
    shop.until("2026-08-04 18:00").await;
    assert_eq!(shop.press_unsubscribe(ANNA).await.status, 200);
    let moved = json!({"date_modified_gmt": "2026-08-04T14:59:00", "meta_data": ticked()});
    told(&shop, "customer.updated", &with("customer.updated", &moved)).await;
    assert_eq!(shop.customer(ANNA).await.agreed(), None, "the yes of her account is older");
    let bought = json!({"id": 2190, "date_created_gmt": "2026-08-04T14:59:30", "meta_data": ticked(),
        "date_modified_gmt": "2026-08-04T14:59:30"});
    told(&shop, "order.created", &with("order.updated--processing", &bought)).await;
    assert_eq!(shop.customer(ANNA).await.agreed(), None, "and a box at the checkout is not enough");
}

#[tokio::test]
async fn the_yes_of_an_account_counts_where_nobody_said_no() {
    let shop = wired(WOO, "consent=_newsletter").await;
    told(&shop, "customer.updated", &with("customer.updated", &json!({}))).await;
    let agreed = shop.customer(ANNA).await.agreed().expect("she agreed");
    assert_eq!(agreed.to_string(), "2024-11-02T10:01:00Z", "when she made her account");
}
