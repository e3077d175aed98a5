//! Functions, who may start them, what starts them by itself, and what waits for them.

use winback_cloud::operator::functions::{FUNCTIONS, OPEN};
use winback_cloud::operator::queues::Depth;
use winback_cloud::operator::schedules::SCHEDULED;
use winback_cloud::operator::{APPLY, Error, Stack};
use winback_domain::figures::{counted, number};

use super::report::{Line, fail, ok, unseen, warn};

/// A message that failed once is tried again within minutes.
const OLD_MINUTES: u64 = 5;
/// By then a message of a shop or of SES has been tried five times; hints are sent anew every minute, and may wait.
const TOO_OLD_MINUTES: u64 = 15;

/// Functions, there and active, with what their callers need.
pub async fn functions(stack: &Stack) -> Vec<Line> {
    let mut lines = Vec::new();
    let (mut active, mut latest) = (0, String::new());
    for function in FUNCTIONS {
        let known = match stack.function(function).await {
            Ok(Some(known)) => known,
            Ok(None) => {
                lines.push(fail(format!("{function} is not there"), APPLY));
                continue;
            }
            Err(error) => {
                lines.push(unseen(function, &error));
                continue;
            }
        };
        // Lambda puts a function to sleep that nobody called for weeks, and wakes it at the next call.
        let awake = ["Active", "Inactive"].contains(&known.state.as_str());
        if !awake || known.update != "Successful" {
            let seen = format!("{function} is {}, its last update {}", known.state, known.update);
            lines.push(fail(seen, format!("{APPLY}; `aws lambda get-function` says why")));
            continue;
        }
        active += 1;
        latest = latest.max(known.modified);
        if function == "scan-customers" && !known.layered {
            lines.push(warn(
                "scan-customers has no layer, so no shop's folder reaches it",
                "set `programs_zip` and apply",
            ));
        }
    }
    let total = FUNCTIONS.len();
    if active == total {
        lines.insert(0, ok(format!("all {total} functions are there and active, the last one changed {latest}")));
    }
    for function in OPEN {
        lines.push(open(stack, function).await.unwrap_or_else(|error| unseen(function, &error)));
    }
    lines
}

/// A function that answers HTTP: since October 2025 a URL wants both permissions.
async fn open(stack: &Stack, function: &str) -> Result<Line, Error> {
    let Some(url) = stack.url(function).await? else {
        return Ok(fail(format!("{function} has no URL"), APPLY));
    };
    let callers = stack.callers(function).await?;
    let wanted = ["lambda:InvokeFunctionUrl", "lambda:InvokeFunction"];
    let missing: Vec<&str> = wanted
        .into_iter()
        .filter(|action| !callers.iter().any(|origin| origin.principal == "*" && origin.action == *action))
        .collect();
    Ok(if missing.is_empty() {
        ok(format!("{function} may be called at {url}"))
    } else {
        fail(format!("{function} answers 403: its policy allows nobody {}", missing.join(" and ")), APPLY)
    })
}

/// What starts by itself.
pub async fn schedules(stack: &Stack) -> Vec<Line> {
    let mut lines = Vec::new();
    for function in SCHEDULED {
        lines.push(schedule(stack, function).await.unwrap_or_else(|error| unseen("a schedule", &error)));
    }
    lines
}

async fn schedule(stack: &Stack, function: &str) -> Result<Line, Error> {
    let Some(known) = stack.schedule(function).await? else {
        return Ok(fail(format!("there is no schedule for {function}"), APPLY));
    };
    let arn = stack.function(function).await?.map(|function| function.arn).unwrap_or_default();
    Ok(if !known.enabled {
        fail(format!("the schedule of {function} is switched off"), "set `sending_enabled = true` and apply")
    } else if known.target != arn {
        fail(format!("the schedule of {function} starts something else"), APPLY)
    } else if !known.tells_time {
        fail(format!("the schedule of {function} does not hand over the time it was due"), APPLY)
    } else {
        ok(format!("{function} starts by itself: {}", known.expression))
    })
}

/// Queues with what empties them, and their dead letters.
pub async fn queues(stack: &Stack) -> Vec<Line> {
    let mut lines = Vec::new();
    for (queue, function) in [("events", "record-event"), ("due", "send-message"), ("delivery", "record-delivery")] {
        match queue_of(stack, queue, function).await {
            Ok(Some(line)) => lines.push(line),
            Ok(None) => continue,
            Err(error) => lines.push(unseen(&format!("the queue {queue}"), &error)),
        }
    }
    for queue in ["events-dead", "due-dead", "delivery-dead"] {
        lines.push(match stack.depth(queue).await {
            Ok(Some(depth)) if depth.waiting + depth.taken == 0 => ok(format!("no dead letter in {queue}")),
            Ok(Some(depth)) => fail(
                format!("{} in {queue}", counted(depth.waiting + depth.taken, "dead letter")),
                format!("read the runbook of the alarm {queue}: what to mend, and what becomes of them"),
            ),
            Ok(None) => fail(format!("there is no queue {queue}"), APPLY),
            Err(error) => unseen(&format!("the queue {queue}"), &error),
        });
    }
    lines
}

/// A queue and its function; nothing where the stack goes without it.
async fn queue_of(stack: &Stack, queue: &str, function: &str) -> Result<Option<Line>, Error> {
    let Some(depth) = stack.depth(queue).await? else {
        let missing = fail(format!("there is no queue {queue}"), APPLY);
        // Events about mails may come by EventBridge alone.
        return Ok((queue != "delivery").then_some(missing));
    };
    let ends = format!("-{queue}");
    let feeds = stack.feeds(function).await?;
    let Some(feed) = feeds.iter().find(|feed| feed.queue == queue || feed.queue.ends_with(&ends)) else {
        return Ok(Some(fail(format!("nothing empties the queue {queue}: {function} is not fed by it"), APPLY)));
    };
    let waiting = format!("{} wait, {} are being worked on", number(depth.waiting), number(depth.taken));
    let oldest = if depth == Depth::default() { None } else { stack.oldest(queue).await? };
    let minutes = oldest.map_or(0, |oldest| oldest.as_secs() / 60);
    Ok(Some(if feed.state != "Enabled" {
        let todo = if queue == "due" { "set `sending_enabled = true` and apply" } else { APPLY };
        fail(format!("the queue {queue} does not feed {function}: {}; {waiting}", feed.state), todo)
    } else if let Some(trouble) = &feed.trouble {
        fail(format!("{function} cannot be fed from {queue}: {trouble}"), "mend what it says, most likely its role")
    } else if !feed.partial {
        fail(format!("a batch of {queue} comes back whole when one of it fails"), APPLY)
    } else if minutes >= TOO_OLD_MINUTES && queue != "due" {
        let seen = format!("the oldest in {queue} has waited {}: {waiting}", counted(minutes, "minute"));
        fail(seen, format!("read the log of {function}: it fails, is throttled, or does not keep up"))
    } else if minutes >= OLD_MINUTES {
        let seen = format!("the oldest in {queue} has waited {}: {waiting}", counted(minutes, "minute"));
        warn(seen, format!("look again in a while; the log of {function} says whether it keeps up"))
    } else {
        ok(format!("{queue} feeds {function}: {waiting}"))
    }))
}
