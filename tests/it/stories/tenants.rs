//! Two shops on one account, each with a tenant of SES of its own: the bad name of the one is not the other's.

use std::sync::Arc;

use winback_cloud::Cloud;
use winback_cloud::clock::Clock;
use winback_cloud::config::Config;
use winback_local::place::Place;

use crate::support::{Shop, books};

/// Mails leave as tenants from now on.
fn as_tenants(place: &mut Place) {
    let clock = place.clock.clone();
    let config = Config { tenant_prefix: Some("winback-".to_owned()), ..place.cloud.config.clone() };
    let now = Clock::turned(move || clock.now());
    place.cloud = Arc::new(Cloud::over(place.stack.config(), config, now, Arc::new(|| "nobody else".to_owned())));
}

#[tokio::test]
async fn each_shops_mails_leave_as_its_own_tenant() {
    let mut shop = Shop::open("2026-01-12 10:00").await;
    as_tenants(&mut shop.place);
    let mut outlet = Shop::join(shop.place.clone(), "outlet", &books()).await;
    shop.order("anna@example.com", "45.00").await;
    outlet.order("bea@example.com", "45.00").await;
    outlet.until("2026-04-15 12:00").await;
    let mails = shop.place.stack.outbox();
    let mut tenants: Vec<_> = mails.iter().map(|mail| (mail.to[0].as_str(), mail.tenant.as_deref())).collect();
    tenants.sort_unstable();
    let expected = [("anna@example.com", Some("winback-books")), ("bea@example.com", Some("winback-outlet"))];
    assert_eq!(tenants, expected);
    // The trial to SES's simulator goes the same way, or it would prove nothing.
    shop.place.cloud.send_first_mail(&outlet.store).await.expect("it is sent");
    assert_eq!(shop.place.stack.outbox()[2].tenant.as_deref(), Some("winback-outlet"));
}

#[tokio::test]
async fn without_tenants_a_mail_names_none() {
    let mut shop = Shop::open("2026-01-12 10:00").await;
    shop.order("anna@example.com", "45.00").await;
    shop.until("2026-04-15 12:00").await;
    assert_eq!(shop.place.stack.outbox()[0].tenant, None);
}
