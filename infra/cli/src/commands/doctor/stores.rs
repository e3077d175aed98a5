//! The stores: their secrets, their plans, and whether anybody waits too long.

use jiff::SignedDuration;
use winback_cloud::operator::Stack;
use winback_cloud::operator::secrets::KEYS;
use winback_cloud::secrets::lines as lines_of;
use winback_domain::figures::counted;
use winback_domain::ids::StoreId;
use winback_domain::program::Status;
use winback_domain::store::State;

use super::mail;
use super::report::{Line, fail, ok, unseen, warn};
use crate::stack::Deployed;

/// Whoever is due is looked at within a minute. So much later something is wrong.
const LATE: SignedDuration = SignedDuration::from_mins(15);
/// A scan every night.
const SCANNED: SignedDuration = SignedDuration::from_hours(26);

/// Whether the secrets are there. Only their names are told.
pub async fn secrets(stack: &Stack, stores: &[StoreId]) -> Vec<Line> {
    let mut found = Vec::new();
    let mut keys: Vec<&str> = KEYS.iter().map(|(name, _)| *name).collect();
    if stack.config.origin_checked {
        keys.push("origin");
    }
    let mut there = 0;
    for key in &keys {
        let name = stack.secret_name(&format!("keys/{key}"));
        match stack.secret(&name).await {
            Ok(Some(value)) if !lines_of(&value).is_empty() => there += 1,
            Ok(_) if *key == "origin" => found.push(fail(
                format!("there is no secret {name}: every request gets 503"),
                "write it to SSM, and the same value under `origin` into the domain's KeyValueStore",
            )),
            Ok(_) => found.push(fail(
                format!("there is no secret {name}"),
                format!("winback store add NAME --stack {} makes the three keys", stack.name),
            )),
            Err(error) => found.push(unseen(&format!("the secret {name}"), &error)),
        }
    }
    if there == keys.len() {
        found.push(ok(format!("the keys {} are there", keys.join(", "))));
    }
    for store in stores {
        let name = stack.webhook_secrets(store);
        found.push(match stack.secret(&name).await {
            Ok(Some(value)) => match lines_of(&value).len() {
                0 => fail(
                    format!("{name} is empty"),
                    format!("winback store rotate-secret {store} --stack {}", stack.name),
                ),
                1 => ok(format!("{store} has a webhook secret")),
                secrets => warn(
                    format!("{store} has {} for webhooks", counted(secrets, "secret")),
                    format!(
                        "when the shop signs with the first: winback store rotate-secret {store} --stack {} --drop-old",
                        stack.name
                    ),
                ),
            },
            Ok(None) => fail(
                format!("there is no secret {name}: every webhook of {store} is refused"),
                format!("winback store add {store} --stack {}", stack.name),
            ),
            Err(error) => unseen(&format!("the secret {name}"), &error),
        });
    }
    found
}

/// Each store, and the run that looks at everybody.
pub async fn stores(deployed: &Deployed, stores: &[StoreId], only: Option<&StoreId>) -> Vec<Line> {
    let mut lines = Vec::new();
    if stores.is_empty() {
        let name = only.map_or_else(|| "any store".to_owned(), |store| format!("a store {store}"));
        let todo = "put its folder into the layer as winback/<store>, apply, and winback rehearse <store>";
        lines.push(warn(format!("nobody knows {name} yet"), todo));
    }
    for store in stores {
        lines.extend(one(deployed, store).await);
    }
    if let Some(line) = scanned(deployed).await.filter(|_| !stores.is_empty()) {
        lines.push(line);
    }
    lines
}

async fn one(deployed: &Deployed, id: &StoreId) -> Vec<Line> {
    let (cloud, name) = (&deployed.cloud, &deployed.stack.name);
    let standing = match cloud.standing(id).await {
        Ok(standing) => standing,
        Err(error) => {
            return vec![fail(
                format!("{id} cannot decide: {error}"),
                "winback check its folder, apply, and run scan-customers",
            )];
        }
    };
    if let Err(error) = standing.letters() {
        return vec![fail(
            format!("{id} cannot write: {error}"),
            "winback check its folder, apply, and run scan-customers",
        )];
    }
    let (store, plan) = (&standing.store, &standing.plan);
    let state = store.state.word();
    let mut lines = vec![match store.state {
        State::Live => ok(format!("{id} is live, plan {}", plan.number)),
        State::Rehearsing => ok(format!("{id} rehearses, plan {}: it mails nobody", plan.number)),
        State::Importing => ok(format!("{id} is importing, plan {}: it mails nobody", plan.number)),
        State::Paused => warn(
            format!("{id} is {state}: {}", store.paused_because.as_deref().unwrap_or("nobody said why")),
            format!("mend that, then winback resume {id} --stack {name}"),
        ),
    }];
    if let Some(until) = store.throttled_until.filter(|until| *until > cloud.clock.now()) {
        lines.push(warn(format!("{id} was told to wait until {until}, by SES or by the API of its shop"), "ask SES for a higher rate if that is often so; the log line \"code not made\" says what the shop's API answers"));
    }
    if store.state == State::Live {
        if plan.programs.iter().all(|program| program.status == Status::Draft) {
            lines.push(warn(
                format!("{id} is live and every program of its is a draft"),
                "set `status: live` in a program",
            ));
        }
        match cloud.tables.first_due(id).await {
            Ok(Some(due)) if cloud.clock.now().duration_since(due) > LATE => lines.push(fail(
                format!("somebody of {id} has been due since {due}"),
                "look at find-lapsed, the queue due and send-message: the runbook of the alarm late-customers",
            )),
            Ok(_) => {}
            Err(error) => lines.push(fail(
                format!("who is due of {id} could not be read: {error}"),
                "allow the operator dynamodb:Query",
            )),
        }
    }
    lines.extend(mail::sender(&deployed.stack, id.as_str(), &plan.shop.sender.email).await);
    lines
}

async fn scanned(deployed: &Deployed) -> Option<Line> {
    let cloud = &deployed.cloud;
    Some(match cloud.tables.last_scan().await {
        Ok(Some(run)) if cloud.clock.now().duration_since(run) <= SCANNED => {
            ok(format!("the last scan was the run of {run}"))
        }
        Ok(Some(run)) => fail(format!("the last scan was the run of {run}"), "read the log of scan-customers"),
        Ok(None) => warn("scan-customers has read nobody yet", "it runs at night; winback rehearse starts it"),
        Err(error) => fail(format!("the last scan could not be read: {error}"), "allow the operator dynamodb:GetItem"),
    })
}
