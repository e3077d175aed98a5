//! What came in by the door lately, and what became of it: for whoever wires a shop.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lambda_events::lambda_function_urls::LambdaFunctionUrlResponse;
use jiff::Timestamp;
use serde_json::Value;

/// So many are kept.
const KEPT: usize = 50;

/// Something that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Knock {
    /// When, by the place's clock.
    pub at: Timestamp,
    /// The event's type, as far as it could be read.
    pub what: String,
    /// The store's id of the order it is about, if it is about one.
    pub order: Option<String>,
    /// The HTTP status it got; nothing for what the demo's own shop told.
    pub status: Option<u16>,
    /// What became of it, in words.
    pub became: String,
}

/// The last of them. Clones are the same list.
#[derive(Clone, Debug, Default)]
pub struct Knocks(Arc<Mutex<(VecDeque<Knock>, u64)>>);

impl Knocks {
    /// One more.
    pub fn add(&self, knock: Knock) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.0.push_front(knock);
        known.0.truncate(KEPT);
        known.1 += 1;
    }

    /// The latest first.
    pub fn latest(&self) -> Vec<Knock> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0.iter().cloned().collect()
    }

    /// How many there were in all.
    pub fn count(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1
    }
}

impl Knock {
    /// A webhook and its answer. `waits`: its event is still on the queue after record-event has seen it.
    pub fn webhook(at: Timestamp, body: &[u8], answer: &LambdaFunctionUrlResponse, waits: bool) -> Self {
        let event: Value = serde_json::from_slice(body).unwrap_or_default();
        let text = |value: &Value| value.as_str().map(|text| text.chars().take(80).collect::<String>());
        let status = u16::try_from(answer.status_code).unwrap_or(0);
        let said: Value = answer.body.as_deref().and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default();
        let detail = text(&said["detail"]).or_else(|| text(&said["title"]));
        let became = match (status, said["status"].as_str()) {
            (200, Some("ignored")) => format!("ignored: {}", detail.unwrap_or_default()),
            (200, _) if waits => "on the queue; it is tried again".to_owned(),
            (200, _) => "recorded".to_owned(),
            (401, _) => "refused: the signature, its secret or its time is wrong".to_owned(),
            _ => format!("refused: {}", detail.unwrap_or_default()),
        };
        let what = text(&event["type"]).unwrap_or_else(|| "not an event".to_owned());
        Self { at, what, order: text(&event["data"]["order_id"]), status: Some(status), became }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn knocked(status: i64, body: &str, waits: bool) -> Knock {
        let mut answer = LambdaFunctionUrlResponse::default();
        (answer.status_code, answer.body) = (status, Some(body.to_owned()));
        let event = br#"{"type": "order.placed", "data": {"order_id": "A-1"}}"#;
        Knock::webhook(Timestamp::UNIX_EPOCH, event, &answer, waits)
    }

    #[test]
    fn it_says_what_became_of_a_webhook() {
        let taken = knocked(200, r#"{"status": "accepted"}"#, false);
        assert_eq!((taken.what.as_str(), taken.order.as_deref()), ("order.placed", Some("A-1")));
        assert_eq!(taken.became, "recorded");
        assert_eq!(knocked(200, r#"{"status": "accepted"}"#, true).became, "on the queue; it is tried again");
        assert!(knocked(401, "", false).became.contains("signature"));
        assert_eq!(
            knocked(400, r#"{"detail": "data.total: no number"}"#, false).became,
            "refused: data.total: no number"
        );
        let unknown = r#"{"status": "ignored", "detail": "unknown event type"}"#;
        assert_eq!(knocked(200, unknown, false).became, "ignored: unknown event type");
    }

    #[test]
    fn only_the_latest_are_kept() {
        let knocks = Knocks::default();
        for second in 0..60 {
            knocks.add(Knock { at: Timestamp::from_second(second).unwrap(), ..knocked(200, "{}", false) });
        }
        assert_eq!((knocks.latest().len(), knocks.count()), (KEPT, 60));
        assert_eq!(knocks.latest()[0].at.as_second(), 59);
    }
}
