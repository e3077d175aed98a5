//! The command, started as an operator starts it.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use winback_domain::store::State;
use winback_local::place::Setup;

use super::codes::written;
use super::doctor::with_a_link_domain;
use super::world::{STORE, Said, World, own_dir};
use crate::support::{books, store};

const SECRETS: &str = "/winback/new/stores/books/webhook-secrets";

#[tokio::test]
async fn a_new_store_gets_its_secrets_once_and_nobody_sees_them() {
    let world = World::new().await.without_secrets();
    let said = world.winback(&["store", "add", STORE]).await.well();
    let url = "https://winback-receive-webhook.lambda-url.us-east-1.on.aws/webhooks/books";
    assert!(said.contains(url) && said.contains("aws ssm get-parameter --with-decryption"), "{said}");
    let secret = world.secret(SECRETS).await.expect("a secret was written");
    assert!(secret.starts_with("whsec_") && !said.contains(&secret[6..]), "{said}");
    let mut keys = Vec::new();
    for key in ["lookup", "code", "link"] {
        keys.push(world.secret(&format!("/winback/new/keys/{key}")).await.expect("a key was made"));
    }
    assert!(keys[2].starts_with("1:") && keys.iter().all(|key| !said.contains(key.as_str())), "{said}");
    // Again: nothing is written over.
    let again = world.winback(&["store", "add", STORE, "--show"]).await.well();
    assert!(again.contains("it stays as it is") && again.contains(&secret), "{again}");
    assert!(!again.contains("Made the key"), "{again}");
    assert_eq!(world.secret(SECRETS).await, Some(secret));
}

#[tokio::test]
async fn a_key_that_is_lost_is_not_made_anew_under_customers() {
    let world = World::with_store(&books(), State::Rehearsing).await;
    one_customer(&world).await;
    let world = world.without_secrets();
    let said = world.winback(&["store", "add", STORE]).await;
    assert_eq!(said.status, 1);
    assert!(said.errors.contains("bring the key back"), "{}", said.errors);
    assert_eq!(world.secret("/winback/new/keys/lookup").await, None);
}

#[tokio::test]
async fn a_secret_is_rotated_in_two_steps() {
    let world = World::new().await.without_secrets();
    world.winback(&["store", "add", STORE]).await.well();
    let old = world.secret(SECRETS).await.unwrap();
    let said = world.winback(&["store", "rotate-secret", STORE]).await.well();
    let both = world.secret(SECRETS).await.unwrap();
    let [new, kept] = both.lines().collect::<Vec<_>>()[..] else { panic!("two secrets") };
    assert!(kept == old && new != old && !said.contains(new), "{said}");
    // The first rotation has to end before another begins.
    let third = world.winback(&["store", "rotate-secret", STORE]).await;
    assert!(third.status == 1 && third.errors.contains("--drop-old"), "{third:?}");
    world.winback(&["store", "rotate-secret", STORE, "--drop-old"]).await.well();
    assert_eq!(world.secret(SECRETS).await.as_deref(), Some(new));
}

/// Every platform, and two secrets that it or the shop's own system made.
const PLATFORMS: [(&str, &str, &str); 5] = [
    ("own", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
    ("shopify", "shpss_0123456789abcdef", "shpss_fedcba9876543210"),
    ("woocommerce", "woo_0123456789abcdef", "woo_fedcba9876543210"),
    ("stripe", "whsec_0123456789abcdef", "whsec_fedcba9876543210"),
    ("bigcommerce", "big_0123456789abcdef", "big_fedcba9876543210"),
];

/// The command about a platform's secret, which lies in a file.
async fn signing(world: &World, command: &str, (platform, secret): (&str, &str), more: &[&str]) -> Said {
    static FILES: AtomicUsize = AtomicUsize::new(0);
    let file = written(&format!("secret-{}", FILES.fetch_add(1, Ordering::Relaxed)), secret);
    let file = file.to_str().expect("a plain path");
    let words = ["store", command, STORE, "--platform", platform, "--secret-file", file];
    world.winback(&[&words[..], more].concat()).await
}

#[tokio::test]
async fn every_platforms_secret_is_written_down_and_rotated_beside_the_others() {
    let world = World::new().await.without_secrets();
    let mut others: Vec<String> = Vec::new();
    for (platform, first, second) in PLATFORMS {
        // Our own dialect is not named, as it always was.
        let line = |secret: &str| if platform == "own" { secret.to_owned() } else { format!("{platform} {secret}") };
        let said = signing(&world, "add", (platform, first), &[]).await.well();
        assert!(said.contains("/webhooks/books") && !said.contains(first), "{said}");
        let added: Vec<String> = others.iter().cloned().chain([line(first)]).collect();
        assert_eq!(world.secret(SECRETS).await, Some(added.join("\n")), "{platform}");
        let again = signing(&world, "add", (platform, second), &[]).await.well();
        assert!(again.contains("it stays as it is"), "{again}");
        let same = signing(&world, "rotate-secret", (platform, first), &[]).await;
        assert!(same.status == 1 && same.errors.contains("has this very secret"), "{same:?}");
        let said = signing(&world, "rotate-secret", (platform, second), &[]).await.well();
        assert!(said.contains(&format!("2 secrets for {platform}")) && !said.contains(second), "{said}");
        let both: Vec<String> = [line(second), line(first)].into_iter().chain(others.clone()).collect();
        assert_eq!(world.secret(SECRETS).await, Some(both.join("\n")), "{platform}");
        world.winback(&["store", "rotate-secret", STORE, "--platform", platform, "--drop-old"]).await.well();
        others.insert(0, line(second));
        assert_eq!(world.secret(SECRETS).await, Some(others.join("\n")), "{platform}");
    }
    // What only the platform can make is not made here.
    for platform in ["shopify", "stripe", "bigcommerce"] {
        let said = world.winback(&["store", "rotate-secret", STORE, "--platform", platform]).await;
        assert!(said.status == 1 && said.errors.contains("give it with --secret-file"), "{said:?}");
    }
    assert_eq!(world.secret(SECRETS).await, Some(others.join("\n")));
}

#[tokio::test]
async fn behind_a_link_domain_the_shop_is_told_the_domain_and_no_functions_own_url() {
    let world = World::new().await.without_secrets();
    with_a_link_domain(&world);
    let url = format!("{}/webhooks/books", world.place.cloud.config.link_base);
    for (platform, secret, _) in PLATFORMS {
        let said = signing(&world, "add", (platform, secret), &[]).await.well();
        assert!(said.contains(&url) && !said.contains(".on.aws"), "{platform}: {said}");
    }
}

#[tokio::test]
async fn a_secret_of_woocommerce_that_is_blank_or_can_be_guessed_is_refused() {
    let world = World::new().await.without_secrets();
    for (secret, because) in [
        ("", "one line with one secret is wanted"),
        (" \n\n", "one line with one secret is wanted"),
        ("hush", "can be guessed"),
        ("consent=_newsletter_opt_in", "can be guessed"),
    ] {
        let said = signing(&world, "add", ("woocommerce", secret), &["--show"]).await;
        assert!(said.status == 1 && said.errors.contains(because), "{secret:?}: {said:?}");
    }
    assert_eq!(world.secret(SECRETS).await, None);
}

#[tokio::test]
async fn where_an_order_says_that_mail_is_welcome_is_kept_when_the_secret_beside_it_changes() {
    let world = World::new().await.without_secrets();
    let woocommerce = |secret| ("woocommerce", secret);
    let [first, second, third] = ["woo_0123456789abcdef", "woo_fedcba9876543210", "woo_89abcdef01234567"];
    signing(&world, "add", woocommerce(first), &["--consent-field", "_newsletter"]).await.well();
    let line = |secret: &str, key: &str| format!("woocommerce {secret} consent={key}");
    assert_eq!(world.secret(SECRETS).await, Some(line(first, "_newsletter")));
    signing(&world, "rotate-secret", woocommerce(second), &[]).await.well();
    let both = format!("{}\n{}", line(second, "_newsletter"), line(first, "_newsletter"));
    assert_eq!(world.secret(SECRETS).await, Some(both));
    let drop_old = ["store", "rotate-secret", STORE, "--platform", "woocommerce", "--drop-old"];
    world.winback(&drop_old).await.well();
    assert_eq!(world.secret(SECRETS).await, Some(line(second, "_newsletter")));
    // Unless it is said anew.
    signing(&world, "rotate-secret", woocommerce(third), &["--consent-field", "_mail_me"]).await.well();
    world.winback(&drop_old).await.well();
    assert_eq!(world.secret(SECRETS).await, Some(line(third, "_mail_me")));
}

#[tokio::test]
async fn a_store_rehearses_goes_live_and_is_paused() {
    let world = World::with_store(&books(), State::Importing).await;
    one_customer(&world).await;
    let said = world.winback(&["rehearse", STORE, "--days", "200"]).await.well();
    assert!(said.contains("rehearses: it mails nobody"), "{said}");
    assert!(said.contains("1 letter in the coming 200 days") && said.contains("we-miss-you"), "{said}");
    assert!(!said.contains('@'), "{said}");
    let named = world.winback(&["rehearse", STORE, "--days", "200", "--look", "--addresses"]).await.well();
    assert!(named.contains("anna@shop.example"), "{named}");
    let said = world.winback(&["resume", STORE]).await.well();
    assert!(said.contains("The store books is live."), "{said}");
    let said = world.winback(&["pause", STORE, "--because", "the warehouse is closed"]).await.well();
    assert!(said.contains("paused: the warehouse is closed"), "{said}");
    let known = world.place.cloud.tables.store(&world.store).await.unwrap().unwrap();
    assert_eq!((known.state, known.paused_because.as_deref()), (State::Paused, Some("the warehouse is closed")));
    let listed = world.winback(&["store", "list"]).await.well();
    assert!(listed.contains("books: paused, plan 1, paused because the warehouse is closed"), "{listed}");
    let runs: Vec<String> = world.control.started().into_iter().map(|(function, _)| function).collect();
    assert_eq!(runs, ["winback-scan-customers", "winback-scan-customers"]);
    let unknown = world.winback(&["pause", "records"]).await;
    assert!(unknown.status == 1 && unknown.errors.contains("known here: books"), "{unknown:?}");
}

#[tokio::test]
async fn a_store_without_a_folder_is_told_from_one_that_takes_its_time() {
    let world = World::with_store(&books(), State::Importing).await;
    for command in ["rehearse", "resume"] {
        let said = world.winback(&[command, "boks", "--wait", "0"]).await;
        assert_eq!(said.status, 1, "{said:?}");
        let named = "boks is not among the programs of the stack winback; known there: books.";
        assert!(said.text.contains(named) && said.text.contains("winback package --programs"), "{said:?}");
        assert!(!said.text.contains("goes on by itself"), "{said:?}");
    }
    world.control.handler("winback-scan-customers", |_| Box::pin(async { Ok(json!("has just begun")) }));
    for command in ["rehearse", "resume"] {
        let said = world.winback(&[command, STORE, "--wait", "0"]).await;
        assert!(said.status == 1 && said.text.contains("goes on by itself"), "{said:?}");
        assert!(!said.text.contains("not among the programs"), "{said:?}");
    }
}

#[tokio::test]
async fn a_history_goes_into_the_store_that_is_named_and_no_other() {
    let world = World::with_store(&books(), State::Rehearsing).await;
    let unsaid = world.winback(&["import", "orders.csv"]).await;
    let asked = "say which store they are of, with --store; known here: books";
    assert!(unsaid.status == 1 && unsaid.errors.contains(asked), "{unsaid:?}");
    let unknown = world.winback(&["import", "orders.csv", "--store", "boks"]).await;
    assert!(unknown.errors.contains("there is no store boks; known here: books"), "{unknown:?}");
}

#[tokio::test]
async fn a_history_of_the_only_shop_says_whose_it_is() {
    let world = World::new().await;
    let setup = Setup { state: State::Rehearsing, unlimited: false };
    world.place.set_up(&store("shop"), &books(), setup).await.expect("a good folder");
    // A file that is refused before it leaves this machine.
    let said = world.winback(&["import", "orders.txt"]).await;
    assert!(said.text.contains("They are of the store shop, the only one here."), "{said:?}");
    assert!(said.errors.contains("does not end in .csv"), "{said:?}");
}

#[tokio::test]
async fn a_region_where_nobody_answers_is_named() {
    let world = World::new().await.out_of_reach().await;
    let said = world.winback(&["store", "list"]).await;
    assert!(said.status == 1 && said.errors.contains("the region us-east-1 is out of reach"), "{said:?}");
}

#[tokio::test]
async fn what_is_known_is_explained_and_exported() {
    let world = World::with_store(&books(), State::Live).await;
    one_customer(&world).await;
    let said = world.winback(&["explain", "anna@shop.example"]).await.well();
    assert!(said.contains("1 order, 45.00 EUR in all"), "{said}");
    let dir = own_dir("export");
    let out = dir.to_str().expect("a path of text");
    let said = world.winback(&["export", "--out", out]).await.well();
    assert!(said.contains("1 customer, 1 order, 0 messages, 0 codes"), "{said}");
    let file = dir.join("customers.jsonl");
    let line: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(line["store"], "books");
    assert_eq!(line["contact"]["email"]["is"], "anna@shop.example", "{line}");
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    // What is there is somebody's.
    assert_eq!(world.winback(&["export", "--out", out]).await.status, 1);
    std::fs::remove_dir_all(dir).unwrap();
}

/// Anna bought a while ago and agreed to mail.
async fn one_customer(world: &World) {
    let placed = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(24 * 30);
    let data = serde_json::json!({"type": "order.placed", "timestamp": placed, "data": {
        "order_id": "A-1", "email": "anna@shop.example", "total": "45.00", "currency": "EUR", "marketing_consent": true}});
    let event = winback_domain::event::wire::read(data.to_string().as_bytes(), placed).expect("an event");
    let told = winback_cloud::queue::Told { store: world.store.clone(), event };
    world.place.tell(&told).await.unwrap();
    world.place.settle().await.unwrap();
}
