//! SES's events, bare, in SNS and in EventBridge, of both shapes (`eventType` and `notificationType`).

use jiff::Timestamp;
use serde_json::Value;
use winback_cloud::mailer::{MESSAGE_HEADER, read_named};
use winback_domain::address::Address;
use winback_domain::exchange::reason;
use winback_domain::ids::{CustomerId, MessageId, StoreId};
use winback_domain::message::{Seen, State};

/// What SES says about one message of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// From the tags.
    pub store: StoreId,
    /// From the tags.
    pub message: MessageId,
    /// Whose it was, from the tags.
    pub customer: Option<CustomerId>,
    /// What became of it.
    pub state: State,
    /// When.
    pub at: Timestamp,
    /// Where it was sent to.
    pub to: Option<Address>,
    /// What its reader did with it, where that is what it tells, and it was a reader.
    pub seen: Option<Seen>,
}

/// The messages of a batch of SQS, each with its id; nothing: it is no such batch.
pub fn batch(event: &Value) -> Option<Vec<(&str, &str)>> {
    let records = event.get("Records")?.as_array()?;
    records.iter().map(|record| Some((record.get("messageId")?.as_str()?, record.get("body")?.as_str()?))).collect()
}

/// A message of ours that SES took and did not send after all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotSent {
    /// From the tags.
    pub store: StoreId,
    /// From the tags.
    pub message: MessageId,
    /// SES's own word for it.
    pub reason: String,
}

/// Reads whatever SES sends us by whatever way. What makes no sense is nobody's.
pub fn read(event: &Value) -> Vec<Report> {
    each(event, one)
}

/// The messages that an event says were not sent.
pub fn not_sent(event: &Value) -> Vec<NotSent> {
    each(event, one_not_sent)
}

/// What is read in the events that came in one of their envelopes, or bare.
fn each<T>(event: &Value, one: fn(&Value) -> Option<T>) -> Vec<T> {
    if let Some(detail) = event.get("detail").filter(|_| event.get("detail-type").is_some()) {
        return one(detail).into_iter().collect();
    }
    if let Some(records) = event.get("Records").and_then(Value::as_array) {
        let inner = records.iter().filter_map(|record| record.get("Sns")?.get("Message")?.as_str());
        return inner.filter_map(|text| serde_json::from_str(text).ok()).filter_map(|event| one(&event)).collect();
    }
    // An event that failed for good, as Lambda puts it by: somebody brings it back.
    if let Some(failed) = event.get("requestPayload") {
        return each(failed, one);
    }
    // SNS's envelope in a queue, where raw delivery is off.
    if let Some(inner) = event.get("Message").filter(|_| event.get("Type").is_some()) {
        let inner = inner.as_str().and_then(|text| serde_json::from_str(text).ok());
        return inner.and_then(|event| one(&event)).into_iter().collect();
    }
    one(event).into_iter().collect()
}

fn kind(event: &Value) -> Option<&str> {
    event.get("eventType").or_else(|| event.get("notificationType"))?.as_str()
}

/// Whose message an event is about: its store, its id and its customer.
fn named(mail: &Value) -> Option<(StoreId, MessageId, Option<CustomerId>)> {
    let tag = |name: &str| mail.get("tags")?.get(name)?.get(0)?.as_str().map(str::to_owned);
    match tag("store") {
        Some(store) => {
            let customer = tag("customer").and_then(|id| id.try_into().ok());
            Some((store.try_into().ok()?, tag("message")?.try_into().ok()?, customer))
        }
        // A notification that SES sends for an identity bears no tags. Its headers say the same, where it brings them.
        None => read_named(header(mail, MESSAGE_HEADER)?),
    }
}

fn one(event: &Value) -> Option<Report> {
    let kind = kind(event)?;
    let part = |name: &str| event.get(name);
    let (state, told) = match kind {
        "Send" => (State::Sent, None),
        "Delivery" => (State::Delivered, part("delivery")),
        "Bounce" => {
            let bounce = part("bounce");
            // A full mailbox is no reason to give somebody up.
            let for_good = bounce.and_then(|b| b.get("bounceType")).and_then(Value::as_str) == Some("Permanent");
            (if for_good { State::Bounced } else { State::Sent }, bounce)
        }
        "Complaint" => (State::Complained, part("complaint")),
        "Open" => (State::Sent, part("open")),
        "Click" => (State::Sent, part("click")),
        // Whatever else it tells of was sent before.
        "DeliveryDelay" | "Subscription" => (State::Sent, None),
        _ => return None,
    };
    let mail = event.get("mail")?;
    let (store, message, customer) = named(mail)?;
    // Scanners open mails and follow their links. SES marks them since August 2026 ("Amazon SES now helps identify automated
    // open and click events"): `Likely` or `Unlikely`, and nothing where it cannot tell.
    let by_machine = told.and_then(|told| told.get("isBotEvent")).and_then(Value::as_str) == Some("Likely");
    let moment = |value: &Value| value.get("timestamp")?.as_str()?.parse().ok();
    Some(Report {
        store,
        message,
        customer,
        state,
        to: mail.get("destination").and_then(|to| to.get(0)?.as_str()?.parse().ok()),
        at: told.and_then(moment).or_else(|| moment(mail))?,
        seen: match kind {
            _ if by_machine => None,
            "Open" => Some(Seen::Opened),
            "Click" => Some(Seen::Clicked),
            _ => None,
        },
    })
}

/// A virus was found in it, or its template could not be filled, as "Examples of event data that Amazon SES publishes"
/// show it.
fn one_not_sent(event: &Value) -> Option<NotSent> {
    let told = match kind(event)? {
        "Reject" => event.get("reject").and_then(|reject| reject.get("reason")),
        "Rendering Failure" => event.get("failure").and_then(|failure| failure.get("errorMessage")),
        _ => return None,
    };
    let (store, message, _) = named(event.get("mail")?)?;
    let reason = reason(told.and_then(Value::as_str).unwrap_or("no reason given"));
    Some(NotSent { store, message, reason })
}

fn header<'m>(mail: &'m Value, name: &str) -> Option<&'m str> {
    let is = |header: &&Value| header["name"].as_str().is_some_and(|known| known.eq_ignore_ascii_case(name));
    mail.get("headers")?.as_array()?.iter().find(is)?["value"].as_str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(kind: &str, more: &Value) -> Value {
        let mut event = json!({"eventType": kind, "mail": {
            "timestamp": "2026-05-05T06:00:00.123Z",
            "destination": ["Anna@example.com"],
            "tags": {"store": ["books"], "message": ["0000000000000000000000000g"], "ses:operation": ["SendEmail"]}}});
        event.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        event
    }

    #[test]
    fn the_same_event_reads_the_same_by_every_way() {
        let bare = event("Delivery", &json!({"delivery": {"timestamp": "2026-05-05T06:00:02Z"}}));
        let bridged = json!({"detail-type": "Email Delivered", "source": "aws.ses", "detail": bare});
        let by_sns = json!({"Records": [{"Sns": {"Message": bare.to_string()}}]});
        let report = read(&bare);
        assert_eq!(report[0].state, State::Delivered);
        assert_eq!(report[0].at.to_string(), "2026-05-05T06:00:02Z");
        assert_eq!(report[0].to, "anna@example.com".parse().ok());
        assert_eq!(read(&bridged), report);
        assert_eq!(read(&by_sns), report);
        let queued = json!({"Records": [{"messageId": "1", "body": bare.to_string()}]});
        assert_eq!(batch(&queued), Some(vec![("1", &*bare.to_string())]));
        assert_eq!(batch(&by_sns), None);
        assert_eq!(read(&json!({"Type": "Notification", "Message": bare.to_string()})), report);
        assert_eq!(read(&json!({"requestContext": {}, "requestPayload": bridged})), report);
    }

    /// After "Contents of notifications for Amazon SES": no tags, and headers where the identity is set to bring them.
    #[test]
    fn a_notification_of_an_identity_is_told_by_its_header() {
        let bounce = |headers: &Value| {
            json!({
                "notificationType": "Bounce",
                "bounce": {"bounceType": "Permanent", "bounceSubType": "General", "feedbackId": "0100017",
                    "bouncedRecipients": [{"emailAddress": "anna@example.com", "status": "5.1.1", "action": "failed"}],
                    "timestamp": "2026-05-05T06:00:02Z", "reportingMTA": "dsn; mta.example.com"},
                "mail": {"timestamp": "2026-05-05T06:00:00Z", "messageId": "0100017c44f", "source": "shop@shop.example",
                    "destination": ["anna@example.com"], "headersTruncated": false, "headers": headers}
            })
        };
        let ours = json!([{"name": "Subject", "value": "We miss you"},
            {"name": "x-winback-message", "value": "books/0000000000000000000000000g/0000000000000000000000000m"}]);
        let told = read(&bounce(&ours));
        let [report] = &told[..] else { panic!("one report: {told:?}") };
        assert_eq!((report.store.as_str(), report.state), ("books", State::Bounced));
        assert_eq!(report.message.to_string(), "0000000000000000000000000g");
        assert_eq!(report.customer.map(|id| id.to_string()).as_deref(), Some("0000000000000000000000000m"));
        for way in [
            json!({"Records": [{"Sns": {"Message": bounce(&ours).to_string()}}]}),
            json!({"Type": "Notification", "Message": bounce(&ours).to_string()}),
            json!({"detail-type": "Email Bounced", "source": "aws.ses", "detail": bounce(&ours)}),
        ] {
            assert_eq!(read(&way), told);
        }
        assert_eq!(read(&bounce(&json!([{"name": "Subject", "value": "of somebody else"}]))), []);
        let complaint = json!({"notificationType": "Complaint", "mail": bounce(&ours)["mail"],
            "complaint": {"timestamp": "2026-05-05T06:10:00Z", "complaintFeedbackType": "abuse"}});
        assert_eq!(read(&complaint)[0].state, State::Complained);
    }

    #[test]
    fn only_a_bounce_for_good_is_one() {
        let bounce = |kind| event("Bounce", &json!({"bounce": {"bounceType": kind}}));
        assert_eq!(read(&bounce("Permanent"))[0].state, State::Bounced);
        assert_eq!(read(&bounce("Transient"))[0].state, State::Sent);
    }

    #[test]
    fn a_click_is_told_with_its_own_time() {
        let click = read(&event("Click", &json!({"click": {"timestamp": "2026-05-05T07:30:00Z"}})));
        assert_eq!((click[0].state, click[0].seen), (State::Sent, Some(Seen::Clicked)));
        assert_eq!(click[0].at.to_string(), "2026-05-05T07:30:00Z");
        assert_eq!(read(&event("Open", &json!({})))[0].seen, Some(Seen::Opened));
    }

    #[test]
    fn what_a_machine_opened_no_reader_has_seen() {
        for (kind, part, seen) in [("Open", "open", Seen::Opened), ("Click", "click", Seen::Clicked)] {
            let told = |mark: &str| {
                let told = json!({"timestamp": "2026-08-07T07:30:00Z", "userAgent": "Mozilla/5.0", "isBotEvent": mark});
                read(&event(kind, &json!({part: told})))
            };
            assert_eq!(told("Unlikely")[0].seen, Some(seen));
            let machine = &told("Likely")[0];
            assert_eq!((machine.state, machine.seen), (State::Sent, None), "that it was sent it tells all the same");
        }
    }

    #[test]
    fn a_letter_on_its_way_was_sent_when_ses_took_it() {
        let later = "2026-05-05T09:00:00Z";
        for (kind, more) in [
            ("Send", json!({"send": {}})),
            ("DeliveryDelay", json!({"deliveryDelay": {"timestamp": later, "delayType": "MailboxFull"}})),
            ("Subscription", json!({"subscription": {"timestamp": later, "contactList": "readers"}})),
        ] {
            let told = read(&event(kind, &more));
            assert_eq!(told.len(), 1, "{kind}");
            assert_eq!((told[0].state, told[0].seen), (State::Sent, None), "{kind}");
            assert_eq!(told[0].at.to_string(), "2026-05-05T06:00:00.123Z", "{kind}");
        }
    }

    #[test]
    fn what_ses_took_and_did_not_send_says_why_and_tells_no_address() {
        let failure = "Attribute 'name' of anna@example.com is not present in the rendering data.";
        let why = "Attribute 'name' of … is not present in the rendering data.";
        for (kind, more, reason) in [
            ("Reject", json!({"reject": {"reason": "Bad content"}}), "Bad content"),
            ("Reject", json!({"reject": {}}), "no reason given"),
            ("Rendering Failure", json!({"failure": {"errorMessage": failure, "templateName": "letter"}}), why),
        ] {
            let bare = event(kind, &more);
            let told = not_sent(&bare);
            let [lost] = &told[..] else { panic!("one message: {told:?}") };
            assert_eq!((lost.store.as_str(), lost.reason.as_str()), ("books", reason));
            assert_eq!(lost.message.to_string(), "0000000000000000000000000g");
            assert_eq!(read(&bare), [], "it is no news of its being sent");
            assert_eq!(not_sent(&json!({"detail-type": "Email Rejected", "source": "aws.ses", "detail": bare})), told);
            assert_eq!(not_sent(&json!({"Type": "Notification", "Message": bare.to_string()})), told);
        }
        assert_eq!(not_sent(&event("Delivery", &json!({"delivery": {}}))), []);
        let long = event("Reject", &json!({"reject": {"reason": "x".repeat(1_000)}}));
        assert_eq!(not_sent(&long)[0].reason.len(), 200);
    }

    #[test]
    fn a_letter_names_its_customer_and_a_trial_none() {
        let mut letter = event("Complaint", &json!({}));
        assert_eq!(read(&letter)[0].customer, None);
        letter["mail"]["tags"]["customer"] = json!(["0000000000000000000000000g"]);
        assert_eq!(read(&letter)[0].customer, CustomerId::try_from("0000000000000000000000000g".to_owned()).ok());
    }

    #[test]
    fn what_is_not_ours_is_left_alone() {
        assert_eq!(read(&json!({"eventType": "Send", "mail": {"timestamp": "2026-05-05T06:00:00Z", "tags": {}}})), []);
        assert_eq!(read(&json!("hello")), []);
        assert_eq!(not_sent(&json!({"eventType": "Reject", "mail": {"tags": {}}, "reject": {}})), []);
    }
}
