//! The doctor: each thing that can be wrong is named with what to do, and nothing else is.

use serde_json::{Value, json};
use winback_cloud::operator::functions::FUNCTIONS;
use winback_domain::store::State;
use winback_local::aws::Account;

use super::world::{STACK, STORE, World, configuration};
use crate::support::books;

/// A stack with its store live and nothing against it but that links lead to a bare address.
async fn healthy() -> World {
    let world = World::with_store(&books(), State::Live).await;
    world.place.scan(None).await.expect("a scan");
    world
}

/// What goes wrong with a stack.
type Illness = Box<dyn Fn(&World)>;

#[tokio::test]
async fn a_healthy_stack_has_nothing_to_do() {
    let world = healthy().await;
    let said = world.winback(&["doctor"]).await;
    let wrong: Vec<&str> = said.text.lines().skip(1).filter(|line| !line.starts_with("ok ")).collect();
    assert_eq!(wrong, [] as [&str; 0], "{}{}", said.text, said.errors);
    assert_eq!(said.status, 0);
    for seen in ["all 10 functions", "leads to our pages", "clock is right", "books is live", "signed by shop.example"] {
        assert!(said.text.contains(seen), "no {seen} in\n{}", said.text);
    }
    assert!(!said.text.contains("whsec_") && !said.text.contains('@'), "{}", said.text);
}

#[tokio::test]
async fn the_first_mail_goes_out_and_comes_back() {
    let world = healthy().await;
    let said = world.winback(&["doctor", "--first-mail", "--store", STORE]).await.well();
    assert!(said.contains("it was delivered after"), "{said}");
    assert_eq!(world.place.stack.outbox().len(), 1);
    world.place.stack.ses_refuse_next("AccessDeniedException");
    let refused = world.winback(&["doctor", "--first-mail", "--store", STORE]).await;
    assert_eq!(refused.status, 1);
    assert!(refused.text.contains("allow the operator ses:SendEmail"), "{}", refused.text);
}

#[tokio::test]
async fn what_is_wrong_is_named_with_what_to_do() {
    let world = healthy().await;
    let sick: [(&str, Illness, &str); 9] = [
        (
            "a function that is not there",
            Box::new(|world| world.control.remove(&configuration("import-orders"))),
            "fail  import-orders is not there  – apply the Terraform module again",
        ),
        (
            "an update that failed",
            Box::new(|world| {
                world.control.change(&configuration("redeem-code"), set("LastUpdateStatus", json!("Failed")))
            }),
            "fail  redeem-code is Active, its last update Failed",
        ),
        (
            "one permission of two",
            Box::new(|world| {
                let one = json!({"Statement": [
                    {"Effect": "Allow", "Principal": "*", "Action": "lambda:InvokeFunctionUrl"}]});
                let path = format!("/2015-03-31/functions/{STACK}-serve-offer/policy");
                world.control.change(&path, set("Policy", json!(one.to_string())));
            }),
            "fail  serve-offer answers 403: its policy allows nobody lambda:InvokeFunction",
        ),
        (
            "a schedule that is off",
            Box::new(|world| {
                let path = format!("/schedules/{STACK}-find-lapsed?groupName={STACK}");
                world.control.change(&path, set("State", json!("DISABLED")));
            }),
            "fail  the schedule of find-lapsed is switched off  – set `sending_enabled = true` and apply",
        ),
        (
            "a configuration set that is off",
            Box::new(|world| {
                let path = "/v2/email/configuration-sets/winback";
                world.control.change(path, set("SendingOptions", json!({"SendingEnabled": false})));
            }),
            "fail  the configuration set winback is switched off",
        ),
        (
            "a domain that nobody signs for",
            Box::new(|world| {
                let path = "/v2/email/identities/shop.example";
                world.control.change(path, set("DkimAttributes", json!({"SigningEnabled": true, "Status": "PENDING"})));
            }),
            "fail  books: mails from shop.example are not signed (DKIM PENDING)",
        ),
        (
            "an account that may not send",
            Box::new(|world| {
                let none = Account { max_24_hour_send: 200.0, max_send_rate: 1.0, sending_enabled: false };
                world.place.stack.set_ses_account(none);
            }),
            "fail  SES has switched off sending for the account",
        ),
        (
            "a link domain that is somebody else's",
            Box::new(|world| {
                let url = format!("{}/", world.place.cloud.config.link_base);
                world.control.page(url, 200, &[], "<h1>parked</h1>");
            }),
            "answers 200 with somebody else's page",
        ),
        (
            "a clock that is off",
            Box::new(|world| {
                let url = format!("{}/", world.place.cloud.config.link_base);
                let late = jiff::Timestamp::now() - jiff::SignedDuration::from_mins(10);
                let late = late.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
                world.control.page(url, 403, &[("date", late)], "");
            }),
            "fail  this machine's clock is 6",
        ),
    ];
    for (what, spoil, line) in sick {
        spoil(&world);
        let said = world.winback(&["doctor"]).await;
        assert_eq!(said.status, 1, "{what}: {}{}", said.text, said.errors);
        assert!(said.text.contains(line), "{what}: no {line:?} in\n{}", said.text);
    }
}

#[tokio::test]
async fn dead_letters_missing_secrets_and_a_pause_are_seen() {
    let world = healthy().await;
    world.place.cloud.pause(&world.store, "AccessDeniedException").await.unwrap();
    let client = aws_sdk_sqs::Client::new(world.place.stack.config());
    let dead = world.place.stack.queue_url("due-dead");
    client.send_message().queue_url(dead).message_body("{}").send().await.unwrap();
    let world = world.without_secrets();
    let said = world.winback(&["doctor"]).await;
    assert_eq!(said.status, 1);
    for line in [
        "fail  1 dead letter in due-dead",
        "fail  there is no secret /winback/new/keys/lookup",
        "fail  there is no secret /winback/new/stores/books/webhook-secrets",
        "warn  books is paused: AccessDeniedException  – mend that, then winback resume books --stack winback",
    ] {
        assert!(said.text.contains(line), "no {line:?} in\n{}", said.text);
    }
}

#[tokio::test]
async fn a_name_that_nothing_is_called_by_and_half_an_apply_are_told_at_once() {
    let world = World::new().await;
    world.control.change(&configuration("send-message"), |known| {
        known["Environment"]["Variables"]["WINBACK_DUE_SHARDS"] = json!("8");
    });
    let said = world.winback(&["doctor"]).await;
    assert!(said.status == 1 && said.errors.contains("disagree about WINBACK_DUE_SHARDS"), "{said:?}");
    for function in FUNCTIONS {
        world.control.remove(&configuration(function));
    }
    let said = world.winback(&["doctor"]).await;
    assert!(said.errors.contains("no stack winback in us-east-1"), "{said:?}");
}

fn set(name: &'static str, value: Value) -> impl FnOnce(&mut Value) {
    move |known| known[name] = value
}
