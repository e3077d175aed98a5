//! The doctor: each thing that can be wrong is named with what to do, and nothing else is.

use serde_json::{Value, json};
use winback_cloud::operator::functions::{FUNCTIONS, OPEN};
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
    for seen in ["all 10 functions", "leads to our pages", "clock is right", "books is live", "signed by shop.example"]
    {
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

/// What the doctor says to each of these, every one on a stack that was healthy before.
async fn diagnoses(sick: Vec<(&'static str, Illness, i32)>) {
    for (line, spoil, status) in sick {
        let world = healthy().await;
        spoil(&world);
        let said = world.winback(&["doctor"]).await;
        assert!(said.text.contains(line), "no {line:?} in\n{}{}", said.text, said.errors);
        assert_eq!(said.status, status, "{line}: {}{}", said.text, said.errors);
        let others = said.text.lines().skip(1).filter(|other| !other.starts_with("ok ") && !other.contains(line));
        let others: Vec<&str> = others.filter(|other| !other.starts_with(' ')).collect();
        assert!(others.len() <= 1, "one illness, and besides {line:?} it says {others:#?}");
    }
}

/// What was described changes.
fn described(path: impl Into<String>, change: impl Fn(&mut Value) + 'static) -> Illness {
    let path = path.into();
    Box::new(move |world| world.control.change(&path, &change))
}

fn put(name: &'static str, value: Value) -> impl Fn(&mut Value) {
    move |known| known[name] = value.clone()
}

#[tokio::test]
async fn functions_that_are_not_as_they_should_be() {
    let policy = json!({"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "lambda:InvokeFunctionUrl"}]});
    let nobody = json!({"Statement": []});
    diagnoses(vec![
        (
            "fail  import-orders is not there  – apply the Terraform module again",
            Box::new(|world| world.control.remove(&configuration("import-orders"))),
            1,
        ),
        (
            "fail  redeem-code is Active, its last update Failed",
            described(configuration("redeem-code"), put("LastUpdateStatus", json!("Failed"))),
            1,
        ),
        (
            "warn  scan-customers has no layer, so no shop's folder reaches it",
            described(configuration("scan-customers"), put("Layers", json!([]))),
            0,
        ),
        (
            "fail  serve-offer answers 403: its policy allows nobody lambda:InvokeFunction",
            described(policy_of("serve-offer"), put("Policy", json!(policy.to_string()))),
            1,
        ),
        (
            "fail  events by EventBridge do not arrive: EventBridge may not start record-delivery",
            described(policy_of("record-delivery"), put("Policy", json!(nobody.to_string()))),
            1,
        ),
    ])
    .await;
}

#[tokio::test]
async fn schedules_and_queues_that_start_nothing() {
    let other = json!({"Arn": "arn:aws:lambda:us-east-1:000000000000:function:other", "RoleArn": "arn:aws:iam::0:role/r",
        "Input": "{\"scheduled_at\": \"<aws.scheduler.scheduled-time>\"}"});
    diagnoses(vec![
        (
            "fail  the schedule of find-lapsed is switched off  – set `sending_enabled = true` and apply",
            described(schedule_of("find-lapsed"), put("State", json!("DISABLED"))),
            1,
        ),
        (
            "fail  the schedule of scan-customers starts something else",
            described(schedule_of("scan-customers"), put("Target", other)),
            1,
        ),
        (
            "fail  the schedule of find-lapsed does not hand over the time it was due",
            described(schedule_of("find-lapsed"), |known| known["Target"]["Input"] = json!("{}")),
            1,
        ),
        (
            "fail  there is no schedule for find-lapsed",
            Box::new(|world| world.control.remove(&schedule_of("find-lapsed"))),
            1,
        ),
        (
            "fail  the queue events does not feed record-event: Disabled",
            described(feed_of("record-event"), |known| known["EventSourceMappings"][0]["State"] = json!("Disabled")),
            1,
        ),
        (
            "fail  a batch of due comes back whole when one of it fails",
            described(feed_of("send-message"), |known| {
                known["EventSourceMappings"][0]["FunctionResponseTypes"] = json!([]);
            }),
            1,
        ),
        (
            "fail  record-event cannot be fed from events: PROBLEM: Function call failed",
            described(feed_of("record-event"), |known| {
                known["EventSourceMappings"][0]["LastProcessingResult"] = json!("PROBLEM: Function call failed");
            }),
            1,
        ),
        (
            "fail  nothing empties the queue due: send-message is not fed by it",
            described(feed_of("send-message"), put("EventSourceMappings", json!([]))),
            1,
        ),
    ])
    .await;
}

#[tokio::test]
async fn an_account_that_may_not_send_or_not_enough() {
    let account =
        |account: Account| -> Illness { Box::new(move |world| world.place.stack.set_ses_account(account.clone())) };
    let workers = |workers: Value| {
        described(feed_of("send-message"), move |known| {
            known["EventSourceMappings"][0]["ScalingConfig"] = workers.clone();
        })
    };
    let usual = Account::default;
    diagnoses(vec![
        (
            "fail  SES keeps the account in its sandbox  – ask AWS for production access",
            account(Account { production: false, ..usual() }),
            1,
        ),
        (
            "fail  SES has switched off sending for the account",
            account(Account { sending_enabled: false, ..usual() }),
            1,
        ),
        (
            "fail  SES has switched off sending for the account",
            account(Account { enforcement: "SHUTDOWN", ..usual() }),
            1,
        ),
        ("warn  SES has the account under probation", account(Account { enforcement: "PROBATION", ..usual() }), 0),
        (
            "warn  5 send-message at once may ask for more than 14 mails a second  – set `sending_rate = 14`",
            workers(json!({"MaximumConcurrency": 5})),
            0,
        ),
        ("warn  nothing caps how many send-message run at once", workers(Value::Null), 0),
    ])
    .await;
    let world = healthy().await;
    world.place.stack.set_ses_account(Account { max_24_hour_send: 1.2, ..usual() });
    world.winback(&["doctor", "--first-mail", "--store", STORE]).await.well();
    let said = world.winback(&["doctor"]).await.well();
    assert!(said.contains("warn  the day's quota is nearly used: 14 mails a second, 1 of 1 sent"), "{said}");
}

#[tokio::test]
async fn mail_that_nobody_signs_for_and_events_that_nobody_hears() {
    let set = "/v2/email/configuration-sets/winback";
    let ways = "/v2/email/configuration-sets/winback/event-destinations";
    let identity = "/v2/email/identities/shop.example";
    diagnoses(vec![
        (
            "fail  the configuration set winback is switched off",
            described(set, put("SendingOptions", json!({"SendingEnabled": false}))),
            1,
        ),
        ("fail  there is no configuration set winback", Box::new(move |world| world.control.remove(set)), 1),
        ("fail  SES tells us nothing of our mails", described(ways, put("EventDestinations", json!([]))), 1),
        (
            "fail  events by EventBridge do not arrive: the destination record-delivery is switched off",
            described(ways, |known| known["EventDestinations"][0]["Enabled"] = json!(false)),
            1,
        ),
        (
            "fail  events by SNS do not arrive: COMPLAINT, DELIVERY are not told",
            described(ways, |known| known["EventDestinations"][1]["MatchingEventTypes"] = json!(["BOUNCE"])),
            1,
        ),
        (
            "fail  books: mails from shop.example are not signed (DKIM PENDING)",
            described(identity, put("DkimAttributes", json!({"SigningEnabled": true, "Status": "PENDING"}))),
            1,
        ),
        (
            "fail  books: SES lets nobody write from shop.example",
            Box::new(move |world| world.control.remove(identity)),
            1,
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_link_domain_that_is_not_ours_and_a_clock_that_is_off() {
    let home = |status: u16, headers: fn() -> Vec<(&'static str, String)>, body: &'static str| -> Illness {
        Box::new(move |world| {
            let url = format!("{}/", world.place.cloud.config.link_base);
            world.control.page(url, status, &headers(), body);
        })
    };
    let late = || {
        let late = jiff::Timestamp::now() - jiff::SignedDuration::from_mins(10);
        vec![("date", late.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string())]
    };
    diagnoses(vec![
        ("answers 200 with somebody else's page", home(200, Vec::new, "<h1>parked</h1>"), 1),
        ("answers 403", home(403, Vec::new, ""), 1),
        ("answers 502  – read the log of serve-offer", home(502, Vec::new, ""), 1),
        ("fail  this machine's clock is 6", home(403, late, ""), 1),
    ])
    .await;
}

/// As an apply with a `link_domain` leaves it: the doors are told to answer only what comes through it. The own URL of
/// serve-offer, which is answered, lies on this machine.
pub fn with_a_link_domain(world: &World) -> String {
    for door in OPEN {
        world.control.change(&configuration(door), |known| {
            known["Environment"]["Variables"]["WINBACK_ORIGIN_CHECKED"] = json!("true");
        });
    }
    let past = format!("{}/serve-offer", world.place.cloud.config.link_base);
    let path = format!("/2021-10-31/functions/{STACK}-serve-offer/url");
    world.control.change(&path, |known| known["FunctionUrl"] = json!(format!("{past}/")));
    past
}

#[tokio::test]
async fn a_link_domain_without_its_secret_answers_nobody_and_the_doctor_says_where_to_write_it() {
    let world = healthy().await;
    let past = with_a_link_domain(&world);
    let domain = world.place.cloud.config.link_base.clone();
    // What the doors say to everybody while there is nothing to compare with.
    for url in [&domain, &past] {
        world.control.page(format!("{url}/"), 503, &[], "");
    }
    let said = world.winback(&["doctor"]).await;
    assert_eq!(said.status, 1, "{said:?}");
    for line in [
        "fail  there is no secret /winback/local/keys/origin: every request gets 503  – write it to SSM",
        &format!("fail  {domain} answers 503  – read the log of serve-offer"),
        "warn  past the link domain serve-offer answers 503  – look at the parameter keys/origin",
    ] {
        assert!(said.text.contains(line), "no {line:?} in\n{}{}", said.text, said.errors);
    }

    let world = healthy().await;
    let past = with_a_link_domain(&world);
    world.place.stack.put_secret("/winback/local/keys/origin", "0b9f6a52c1e84d37a8f0").expect("it is written");
    world.control.page(format!("{past}/"), 403, &[], "");
    let said = world.winback(&["doctor"]).await.well();
    for line in ["the keys lookup, code, link, origin are there", "past the link domain nobody is answered"] {
        assert!(said.contains(&format!("ok    {line}\n")), "no {line:?} in\n{said}");
    }
    assert!(!said.contains("0b9f6a52c1e84d37a8f0"), "{said}");
}

#[tokio::test]
async fn what_waits_too_long_in_a_queue_is_seen() {
    for (queue, seconds, line, status) in [
        ("events", 299.0, "ok    events feeds record-event: 0 wait, 1 are being worked on", 0),
        ("events", 300.0, "warn  the oldest in events has waited 5 minutes: 0 wait, 1 are being worked on", 0),
        ("events", 1200.0, "fail  the oldest in events has waited 20 minutes", 1),
        // A hint is sent anew every minute; an old one costs nobody a letter.
        ("due", 1200.0, "warn  the oldest in due has waited 20 minutes", 0),
    ] {
        let world = healthy().await;
        // Nobody can read it, so it waits to be tried again.
        let client = aws_sdk_sqs::Client::new(world.place.stack.config());
        let url = world.place.stack.queue_url(queue);
        client.send_message().queue_url(url).message_body("nothing of ours").send().await.unwrap();
        world.control.oldest(queue, seconds);
        let said = world.winback(&["doctor"]).await;
        assert!(said.text.contains(line), "no {line:?} in\n{}{}", said.text, said.errors);
        assert_eq!(said.status, status, "{line}");
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

fn policy_of(function: &str) -> String {
    format!("/2015-03-31/functions/{STACK}-{function}/policy")
}

fn schedule_of(function: &str) -> String {
    format!("/schedules/{STACK}-{function}?groupName={STACK}")
}

fn feed_of(function: &str) -> String {
    format!("/2015-03-31/event-source-mappings?FunctionName={STACK}-{function}")
}
