//! A store's real first letter, sent to SES's mailbox simulator, and the way of its event back.

use std::time::Duration;

use anyhow::Result;
use winback_cloud::Cloud;
use winback_cloud::operator::first_mail::Outcome;
use winback_cloud::tables::first_mail::{FirstMail, SIMULATOR};
use winback_domain::ids::StoreId;
use winback_domain::message::State;

use super::report::{Line, fail, ok, warn};

/// The store's record is asked for so often while the event is on its way.
const ASKED: Duration = Duration::from_secs(2);

/// Sends it and waits.
pub async fn send(cloud: &Cloud, store: &StoreId, patience: Duration) -> Result<Vec<Line>> {
    let (mail, noted) = match cloud.send_first_mail(store).await? {
        Outcome::Sent { mail, noted } => (mail, noted),
        other => return Ok(vec![unsent(store, &other)]),
    };
    let mut lines = vec![ok(format!("SES took {mail} of {store} for {SIMULATOR}"))];
    let mut ticks = tokio::time::interval(ASKED);
    for _ in 0..=patience.as_secs() / ASKED.as_secs() {
        ticks.tick().await;
        let known = cloud.tables.first_mail(store).await?.filter(|known| known.message == noted.message);
        if let Some(line) = known.as_ref().and_then(told) {
            lines.push(line);
            return Ok(lines);
        }
    }
    lines.push(fail(
        format!("no event of it came back in {} seconds", patience.as_secs()),
        "look at the configuration set's event destinations, the log of record-delivery and the queue delivery-dead",
    ));
    Ok(lines)
}

/// What came back; nothing yet where SES only told that it is on its way.
fn told(known: &FirstMail) -> Option<Line> {
    let told = known.told.filter(|told| *told > State::Sent)?;
    let seconds = known.told_at.map_or(0, |at| at.duration_since(known.sent_at).as_secs().max(0));
    Some(match told {
        State::Delivered => ok(format!("it was delivered after {seconds} seconds, and record-delivery told so")),
        other => fail(
            format!("SES told that it was {}", other.word()),
            "its simulator takes every mail: look at the log of record-delivery",
        ),
    })
}

fn unsent(store: &StoreId, outcome: &Outcome) -> Line {
    match outcome {
        Outcome::NoLetter => {
            warn(format!("{store} has no live program, so no letter to try"), "set `status: live` in a program")
        }
        Outcome::Unreadable(problem) => {
            fail(format!("the first letter of {store}: {problem}"), "winback check its folder")
        }
        Outcome::Refused(code) => fail(
            format!("SES refused the first mail of {store}: {code}"),
            match code.as_str() {
                "AccessDeniedException" => "allow the operator ses:SendEmail on the identity and the configuration set",
                "TooManyRequestsException" => "the rate or the day's quota is used: try again later",
                "BadRequestException" | "MessageRejected" => {
                    "verify the sender's domain; in the sandbox SES lets only verified addresses write"
                }
                _ => "mend what SES names; send-message would get the same answer, and stop the store",
            },
        ),
        Outcome::Unknown | Outcome::Sent { .. } => fail(
            format!("SES gave no answer to the first mail of {store}"),
            "try again: the simulator minds no second mail",
        ),
    }
}
