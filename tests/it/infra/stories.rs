//! All that a shop can meet, once: what the roles must allow.

mod shop;

use jiff::civil::date;
use serde_json::{Value, json};
use winback_domain::message::State as Fate;
use winback_domain::plan::Folder;
use winback_domain::store::State;

use self::shop::{BIGCOMMERCE_SECRET, SHOPIFY_SECRET, STORE, Shop, code, link};
use super::Calls;
use crate::support::codes::{honoured_by, with_pool};
use crate::support::stores::StandIn;
use crate::support::stores::shopify::ShopifyApi;
use crate::support::stores::stripe::StripeApi;
use crate::support::{books, edit, sample, store};

const ANNA: &str = "anna@example.com";
const BO: &str = "bo@example.com";
/// What the link domain proves itself with.
const ORIGIN: &str = "0b9f6a52c1e84d37a8f0";
/// SES's own simulator answers for this one with a bounce.
const DORA: &str = "bounce@simulator.amazonses.com";
/// In Helsinki it is nine in the morning of a Tuesday: whoever ordered on the day the shop opened is written to.
const NINE: &str = "2026-04-14T06:00:00Z";

/// Runs the stories and tells which function called what.
pub async fn told() -> Calls {
    let stories = [
        months().await,
        a_pool_that_runs_dry().await,
        codes_made_by("shopify", ShopifyApi::discounts).await,
        codes_made_by("stripe", StripeApi::promotions).await,
        too_many_bounces().await,
    ];
    let mut made = Calls::new();
    for (function, calls) in stories.into_iter().flatten() {
        made.entry(function).or_default().extend(calls);
    }
    made
}

/// Some months of a shop whose codes its till takes, and its store.
async fn months() -> Calls {
    let mut shop = Shop::live("months", &two_programs()).await;
    for email in [ANNA, "berta@example.com", "clara@example.com", "emma@example.com", DORA] {
        let total = if email == ANNA { "80.00" } else { "45.00" };
        shop.order(email, json!({"customer_id": format!("id of {email}"), "total": total})).await;
    }
    let good = "old-1,greta@example.com,2025-06-01,30.00,EUR,";
    shop.import(&format!("order_id,email,placed_at,total,currency,discount_code\n{good}\nold-2,?,,,,\n"), [1, 1]).await;
    // Somebody known by two names becomes one.
    shop.order("flora@example.com", json!({})).await;
    shop.tell("customer.updated", json!({"customer_id": "7", "email": "flora@old.example"})).await;
    shop.tell("customer.updated", json!({"customer_id": "7", "email": "flora@example.com"})).await;
    // A refund before its order, and one after it.
    shop.tell("order.refunded", json!({"order_id": "unheard-of", "refunded_total": "5.00", "currency": "EUR"})).await;
    shop.tell("order.refunded", json!({"order_id": "order-1", "refunded_total": "5.00", "currency": "EUR"})).await;
    shop.tell("customer.unsubscribed", json!({"email": "emma@example.com"})).await;

    // Silence, the letters, a bounce; nightly scans with more people waiting than a day has mails.
    shop.until("2026-04-13T03:00:00Z").await;
    shop.scan().await;
    shop.until("2026-04-17T12:00:00Z").await;
    shop.scan().await;

    // Anna opens her offer and takes it to a till, Clara takes hers to the shop, Berta ends mailing.
    let (anna, clara) = (shop.mail_to(ANNA), shop.mail_to("clara@example.com"));
    let page = shop.visit("GET", &link(&anna, "/o/")).await;
    assert_eq!(page["statusCode"], 200);
    for wish in ["/check", "/redeem"] {
        let asked = json!({"code": code(&anna), "order_id": "till-7", "total": "52.00", "currency": "EUR",
            "email": ANNA});
        let answer = shop.till(wish, &asked).await;
        assert_eq!(answer["statusCode"], 200, "{answer}");
    }
    shop.order("clara@example.com", json!({"discount_codes": [code(&clara)]})).await;
    let berta = shop.mail_to("berta@example.com");
    // Her order with the code comes by a file, later than those of the webhook.
    let hers = format!("old-3,berta@example.com,2026-04-16,60.00,EUR,{}", code(&berta));
    shop.import(&format!("order_id,email,placed_at,total,currency,discount_code\n{hers}\n"), [1, 0]).await;
    for method in ["GET", "POST"] {
        assert_eq!(shop.visit(method, &link(&berta, "/u/")).await["statusCode"], 200);
    }
    // Clara wants to know what is known of her, then to be forgotten: that file goes, her orders leave the ledger, her
    // letters lose their words.
    for (wish, files) in [("customer.data_requested", 1), ("customer.erased", 0)] {
        shop.tell(wish, json!({"email": "clara@example.com"})).await;
        assert_eq!(shop.at.stack.file_names("requests/").len(), files, "{wish}");
    }
    shop.scan().await;
    // Anna wants to know what is known of her; then the platform takes us out, and wants everybody forgotten.
    shop.tell("customer.data_requested", json!({"email": ANNA})).await;
    shop.at.wire(STORE, &format!("shopify {SHOPIFY_SECRET}\nbigcommerce {BIGCOMMERCE_SECRET}"));
    shop.at.clock.turn_to(shop.now() + jiff::SignedDuration::from_mins(6));
    // While the shop rests, BigCommerce names an order, and all platforms are asked for what webhooks missed.
    shop.set("paused").await;
    shop.opens_its_orders();
    shop.names_an_order().await;
    let found = shop.pull().await;
    assert_eq!(found, json!({"platforms": 2, "read": 2, "missed": 1}));
    for topic in ["app/uninstalled", "shop/redact"] {
        shop.platform_tells(topic).await;
    }
    shop.scan().await;
    assert_eq!(shop.at.stack.file_names("requests/"), Vec::<String>::new(), "Anna's file went with her");
    shop.made()
}

/// Codes that the shop made itself: one letter takes the only one, another waits for one the whole day and is written
/// the next morning.
async fn a_pool_that_runs_dry() -> Calls {
    let mut shop = Shop::live("pool", &with_pool(50, books())).await;
    shop.fill("SPRING-OLIVE").await;
    for email in [ANNA, BO] {
        shop.order(email, json!({})).await;
    }
    shop.until("2026-04-15T05:00:00Z").await;
    assert_eq!(shop.at.stack.outbox().len(), 1, "there was one code");
    shop.fill("SPRING-LILAC").await;
    shop.until("2026-04-15T12:00:00Z").await;
    assert_eq!(shop.at.stack.outbox().len(), 2);
    shop.made()
}

/// A platform makes the codes good itself. Anna's is made, SES refuses her letter, she buys, and it is withdrawn; Bo's
/// is mailed, and comes back with an order.
async fn codes_made_by<S: StandIn>(platform: &str, codes: fn(&S) -> Vec<Value>) -> Calls {
    let mut shop = Shop::live(platform, &honoured_by(platform, books())).await;
    let api = S::open(shop.at.clock.clone());
    shop.at.stack.answer_for_stores(api.api());
    shop.at.let_in(STORE, S::ACCESS);
    shop.order(ANNA, json!({})).await;
    shop.until("2026-01-15T10:00:00Z").await;
    shop.order(BO, json!({})).await;
    shop.until("2026-04-14T05:59:00Z").await;
    shop.at.stack.ses_refuse_next("AccessDeniedException");
    shop.turns_to(NINE).await;
    assert_eq!((codes(&api).len(), shop.state().await), (1, State::Paused), "{platform}");
    let made = codes(&api);
    shop.order(ANNA, json!({})).await;
    assert_ne!(codes(&api), made, "{platform}: what was made is withdrawn");
    shop.set("live").await;
    shop.until("2026-04-16T12:00:00Z").await;
    let bo = shop.mail_to(BO);
    shop.order(BO, json!({"discount_codes": [code(&bo)]})).await;
    shop.made()
}

/// Mailboxes refuse nine letters of two hundred: the store stops until somebody has looked.
async fn too_many_bounces() -> Calls {
    let mut shop = Shop::live("bounces", &books()).await;
    for number in 1..=9 {
        shop.order(&DORA.replace('@', &format!("+{number}@")), json!({})).await;
    }
    shop.until("2026-04-14T05:59:00Z").await;
    for _ in 0..192 {
        let counted = shop.at.eye.tables.count_fate(&store(STORE), date(2026, 4, 13), Fate::Delivered).await;
        counted.expect("it counts");
    }
    shop.turns_to(NINE).await;
    assert_eq!(shop.state().await, State::Paused);
    shop.set("live").await;
    assert_eq!(shop.state().await, State::Live);
    shop.made()
}

/// The doors behind a link domain: whoever goes past it is told so, and through it all is as without one.
pub async fn behind_a_link_domain() -> Calls {
    let mut shop = Shop::live("links", &books()).await;
    shop.at.behind_a_link_domain(ORIGIN);
    for past in [None, Some("a guess")] {
        shop.origin = past;
        let (page, till) = (shop.visit("GET", "/o/books").await, shop.till("/check", &json!({})).await);
        let webhook = shop.webhook(&[], b"{}").await;
        for answer in [page, till, webhook] {
            assert_eq!(answer["statusCode"], 403, "{past:?}: {answer}");
        }
    }
    shop.origin = Some(ORIGIN);
    shop.order(ANNA, json!({})).await;
    shop.until("2026-04-14T12:00:00Z").await;
    let anna = shop.mail_to(ANNA);
    let page = shop.visit("GET", &link(&anna, "/o/")).await;
    let asked = json!({"code": code(&anna), "order_id": "till-7", "total": "52.00", "currency": "EUR"});
    let till = shop.till("/check", &asked).await;
    assert_eq!((&page["statusCode"], &till["statusCode"]), (&json!(200), &json!(200)), "{till}");
    shop.made()
}

/// The sample bookshop; its first letter offers something of which there is little.
fn two_programs() -> Folder {
    let mut folder = sample("shop");
    edit(&mut folder, "shop.yaml", "holdout: 30 %", "holdout: 0 %");
    edit(&mut folder, "program.yaml", "    minimum_order: 40 EUR\n", "    minimum_order: 40 EUR\n    stock: 60\n");
    // For those who spend much the till takes the codes; for everybody else the store makes them good, so its key is
    // looked for.
    let program = folder.remove("program.yaml").expect("a program");
    let much =
        program.replace("name: We miss you", "name: We miss you much").replace("at least 30 EUR", "at least 60 EUR");
    let few = "    - spent: at least 30 EUR\n    - not: { spent: at least 60 EUR }\n";
    let web =
        program.replace("offers:\n", "codes: woocommerce\noffers:\n").replace("    - spent: at least 30 EUR\n", few);
    folder.insert("programs/till.yaml".to_owned(), much);
    folder.insert("programs/web.yaml".to_owned(), web);
    folder
}
