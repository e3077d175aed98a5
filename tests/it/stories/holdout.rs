//! Held out: everything but the mail.

use serde_json::json;
use winback_domain::customer::End;
use winback_domain::message::State;
use winback_domain::shop::Share;

use super::told;
use crate::support::{Shop, sample};

#[tokio::test]
async fn a_third_is_held_out_and_never_mailed() {
    // The sample shop as it is: 30 % are held out.
    let mut shop = Shop::open_with("2026-01-12 10:00", "books", &sample("shop")).await;
    let names = ["Ada", "Bo", "Cleo", "Dan"];
    for name in names {
        let order = json!({"name": name, "marketing_consent": true});
        shop.order_with(&format!("{}@example.com", name.to_lowercase()), "45.00", order).await;
    }
    shop.until("2026-07-20 12:00").await;
    let share = Share::from_basis_points(3_000).unwrap();
    let ledger = shop.ledger().await;
    let (mut held, mut mailed) = (0, 0);
    for customer in shop.customers().await {
        let email = customer.email().unwrap().as_str().to_owned();
        let theirs: Vec<_> = ledger.messages.iter().filter(|message| message.customer == customer.id).collect();
        let letters = shop.letters_to(&email).len();
        let journey = &customer.journeys["We miss you"];
        assert_eq!(journey.briefs.len(), 4, "both kinds go through every step");
        assert_eq!(theirs.len(), 4);
        if customer.id.held_out(share) {
            held += 1;
            assert_eq!(letters, 0, "{email} is held out");
            assert!(customer.mailed.is_empty());
            assert!(theirs.iter().all(|message| message.state == State::Held), "the follow-up and every round too");
            assert!(theirs.iter().filter_map(|message| message.offer.as_ref()).all(|offer| offer.code.is_none()));
            assert!(journey.held && journey.briefs.iter().all(|brief| brief.end == End::Held));
            assert!(theirs.iter().all(|message| message.why[0].to_string().contains("30 % held out")));
        } else {
            mailed += 1;
            assert_eq!(letters, 4);
        }
    }
    assert!(held > 0 && mailed > 0, "{held} held out, {mailed} mailed");
    assert_eq!(ledger.coupons.len(), mailed * 2, "two offers each, and no code for whoever is held out");
    told!("a_third_is_held_out_and_never_mailed", shop.closing().await);
}
