//! What SES tells EventBridge about a mail, in the shape a rule hands to a function.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::ses::SentMail;
use super::{ACCOUNT, REGION};

/// What became of a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SesEvent {
    /// The recipient's server took it.
    Delivery,
    /// The recipient's server refused it for good.
    Bounce,
    /// The recipient called it spam.
    Complaint,
    /// The recipient, or their mail program by itself, opened it.
    Open,
    /// The recipient followed this link.
    Click(String),
}

/// The events that SES sends by itself after it accepted `mail`, of those that our configuration set asks for. The
/// addresses of SES's mailbox simulator bounce and complain here too (`bounce@`, `bounce+anna@`, `complaint@`,
/// `suppressionlist@simulator.amazonses.com`).
pub(crate) fn after(mail: &SentMail) -> Vec<Value> {
    let recipient = mail.to.first().map_or("", String::as_str);
    let fate: &[SesEvent] = match simulated(recipient) {
        Some("bounce" | "suppressionlist") => &[SesEvent::Bounce],
        Some("complaint") => &[SesEvent::Delivery, SesEvent::Complaint],
        _ => &[SesEvent::Delivery],
    };
    fate.iter().map(|event| event_at(mail, event, mail.at)).collect()
}

/// The mailbox of SES's simulator that an address means, without its label.
fn simulated(address: &str) -> Option<&str> {
    let (local, domain) = address.trim_end_matches('>').rsplit_once('@')?;
    let local = local.rsplit('<').next().unwrap_or(local);
    let mailbox = local.split('+').next().unwrap_or(local);
    domain.eq_ignore_ascii_case("simulator.amazonses.com").then_some(mailbox)
}

/// One event about `mail`, as EventBridge hands it over. Its id follows from the mail and the kind, so the same event made
/// twice is the same event delivered twice.
pub fn event_at(mail: &SentMail, event: &SesEvent, at: Timestamp) -> Value {
    let (kind, detail_type, key) = match event {
        SesEvent::Delivery => ("Delivery", "Email Delivered", "delivery"),
        SesEvent::Bounce => ("Bounce", "Email Bounced", "bounce"),
        SesEvent::Complaint => ("Complaint", "Email Complaint Received", "complaint"),
        SesEvent::Open => ("Open", "Email Opened", "open"),
        SesEvent::Click(_) => ("Click", "Email Clicked", "click"),
    };
    let mut detail = Map::new();
    detail.insert("eventType".to_owned(), json!(kind));
    detail.insert("mail".to_owned(), described(mail));
    detail.insert(key.to_owned(), particulars(mail, event, at));
    json!({
        "version": "0",
        "id": format!("{}-{key}", mail.ses_message_id),
        "detail-type": detail_type,
        "source": "aws.ses",
        "account": ACCOUNT,
        "time": at.to_string(),
        "region": REGION,
        "resources": mail.configuration_set.iter().map(|set| {
            format!("arn:aws:ses:{REGION}:{ACCOUNT}:configuration-set/{set}")
        }).collect::<Vec<_>>(),
        "detail": detail,
    })
}

/// The `mail` object that all events carry. Tags come as lists, with SES's own beside ours.
fn described(mail: &SentMail) -> Value {
    let mut tags: Map<String, Value> = mail.tags.iter().map(|(name, value)| (name.clone(), json!([value]))).collect();
    if let Some(set) = &mail.configuration_set {
        tags.insert("ses:configuration-set".to_owned(), json!([set]));
    }
    let headers: Vec<Value> =
        mail.headers.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    json!({
        "timestamp": mail.at.to_string(),
        "source": mail.from,
        "sendingAccountId": ACCOUNT,
        "messageId": mail.ses_message_id,
        "destination": mail.to,
        "headersTruncated": false,
        "headers": headers,
        "commonHeaders": {
            "from": [mail.from],
            "to": mail.to,
            "messageId": mail.ses_message_id,
            "subject": mail.subject,
        },
        "tags": tags,
    })
}

fn particulars(mail: &SentMail, event: &SesEvent, at: Timestamp) -> Value {
    let recipients = |field: &str| -> Vec<Value> { mail.to.iter().map(|to| json!({ field: to })).collect() };
    match event {
        SesEvent::Delivery => json!({
            "timestamp": at.to_string(),
            "processingTimeMillis": 500,
            "recipients": mail.to,
            "smtpResponse": "250 2.6.0 Message received",
        }),
        SesEvent::Bounce => json!({
            "bounceType": "Permanent",
            "bounceSubType": "General",
            "bouncedRecipients": recipients("emailAddress"),
            "timestamp": at.to_string(),
            "feedbackId": format!("{}-bounce", mail.ses_message_id),
        }),
        SesEvent::Complaint => json!({
            "complainedRecipients": recipients("emailAddress"),
            "timestamp": at.to_string(),
            "feedbackId": format!("{}-complaint", mail.ses_message_id),
            "complaintSubType": null,
            "complaintFeedbackType": "abuse",
        }),
        SesEvent::Open => json!({
            "timestamp": at.to_string(),
            "ipAddress": "192.0.2.1",
            "userAgent": "Mozilla/5.0",
        }),
        SesEvent::Click(link) => json!({
            "timestamp": at.to_string(),
            "ipAddress": "192.0.2.1",
            "userAgent": "Mozilla/5.0",
            "link": link,
            "linkTags": null,
        }),
    }
}
