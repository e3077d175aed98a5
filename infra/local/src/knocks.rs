//! What came in by the door lately, and what became of it: for whoever wires a shop.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lambda_events::lambda_function_urls::{LambdaFunctionUrlRequest, LambdaFunctionUrlResponse};
use jiff::Timestamp;
use serde_json::Value;
use winback_domain::webhook::{Platform, stripe};

/// So many are kept.
const KEPT: usize = 50;
/// So many topics are counted: whoever knocks unsigned may name what they like.
const TOPICS: usize = 100;
/// Where platforms name their topic.
const NAMED: [&str; 3] = ["x-shopify-topic", "shopify-topic", "x-wc-webhook-topic"];

/// What became of something that came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is recorded, or on its way to be.
    Taken,
    /// Signed well, and nothing for us.
    Ignored,
    /// It was not taken.
    Refused,
}

/// Something that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Knock {
    /// When, by the place's clock.
    pub at: Timestamp,
    /// The store's word for it, as far as it could be read.
    pub what: String,
    /// The store's id of the order it is about, if it is about one.
    pub order: Option<String>,
    /// The HTTP status it got; nothing for what the demo's own shop told.
    pub status: Option<u16>,
    /// What became of it.
    pub fate: Fate,
    /// The same in words.
    pub became: String,
}

/// All that came in of one topic since the place was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topic {
    /// The last of it.
    pub last: Knock,
    /// How many were taken.
    pub taken: u64,
    /// How many were nothing for us.
    pub ignored: u64,
    /// How many were refused.
    pub refused: u64,
}

/// The last of them. Clones are the same list.
#[derive(Clone, Debug, Default)]
pub struct Knocks(Arc<Mutex<Heard>>);

#[derive(Debug, Default)]
struct Heard {
    latest: VecDeque<Knock>,
    topics: BTreeMap<String, Topic>,
    count: u64,
}

impl Knocks {
    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more.
    pub fn add(&self, knock: Knock) {
        let mut heard = self.heard();
        if heard.topics.len() < TOPICS || heard.topics.contains_key(&knock.what) {
            let new = Topic { last: knock.clone(), taken: 0, ignored: 0, refused: 0 };
            let topic = heard.topics.entry(knock.what.clone()).or_insert(new);
            match knock.fate {
                Fate::Taken => topic.taken += 1,
                Fate::Ignored => topic.ignored += 1,
                Fate::Refused => topic.refused += 1,
            }
            topic.last = knock.clone();
        }
        heard.latest.push_front(knock);
        heard.latest.truncate(KEPT);
        heard.count += 1;
    }

    /// The latest first.
    pub fn latest(&self) -> Vec<Knock> {
        self.heard().latest.iter().cloned().collect()
    }

    /// What came in, topic by topic.
    pub fn topics(&self) -> Vec<Topic> {
        self.heard().topics.values().cloned().collect()
    }

    /// How many there were in all.
    pub fn count(&self) -> u64 {
        self.heard().count
    }
}

/// What is kept of a request until it is answered.
#[derive(Clone, Debug)]
pub struct Asked {
    named: Option<String>,
    /// The platform that it claims to come from, by a header that only that one sends.
    claimed: Option<&'static str>,
    body: Option<String>,
    is_base64: bool,
}

impl Asked {
    /// Of a webhook; nothing of any other request.
    pub fn of(request: &LambdaFunctionUrlRequest) -> Option<Self> {
        let webhook = request.raw_path.as_deref().is_some_and(|path| path.starts_with("/webhooks/"));
        let named = || NAMED.iter().find_map(|name| request.headers.get(*name)?.to_str().ok()).map(short);
        let claimed = || request.headers.contains_key(stripe::SIGNATURE).then(|| Platform::Stripe.word());
        webhook.then(|| Self {
            named: named(),
            claimed: claimed(),
            body: request.body.clone(),
            is_base64: request.is_base64_encoded,
        })
    }

    /// With its answer. `waits`: its event is still on the queue after record-event has seen it.
    pub fn answered(&self, at: Timestamp, answer: &LambdaFunctionUrlResponse, waits: bool) -> Knock {
        let body = winback_domain::http::body(self.body.as_deref(), self.is_base64, usize::MAX).unwrap_or_default();
        let event: Value = serde_json::from_slice(&body).unwrap_or_default();
        let text = |value: &Value| value.as_str().map(short);
        let status = u16::try_from(answer.status_code).unwrap_or(0);
        let said: Value = answer.body.as_deref().and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default();
        let problem = || text(&said["detail"]).or_else(|| text(&said["title"])).unwrap_or_default();
        let (fate, became) = match (status, said["status"].as_str()) {
            (200, Some("ignored")) => (Fate::Ignored, text(&said["because"]).unwrap_or_default().replace('_', " ")),
            (200, Some("here")) => (Fate::Ignored, "the platform tried its webhook out".to_owned()),
            (200, _) if waits => (Fate::Taken, "on the queue; it is tried again".to_owned()),
            (200, _) => (Fate::Taken, "recorded".to_owned()),
            (401, _) => (Fate::Refused, "the signature, its secret or its time is wrong".to_owned()),
            _ => (Fate::Refused, problem()),
        };
        // A body of ours or of Stripe's calls it `type`, one of BigCommerce's `scope`. Nobody vouches for what was refused.
        let in_body = || text(&event["type"]).or_else(|| text(&event["scope"]));
        let what = text(&said["topic"]).or_else(|| self.named.clone()).or_else(in_body);
        let what = what.unwrap_or_else(|| self.claimed.unwrap_or("not an event").to_owned());
        Knock { at, what, order: text(&event["data"]["order_id"]), status: Some(status), fate, became }
    }
}

fn short(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(headers: &[(&str, &str)], body: &str) -> Asked {
        let mut request = LambdaFunctionUrlRequest::default();
        request.raw_path = Some("/webhooks/books".to_owned());
        request.body = Some(body.to_owned());
        for (name, value) in headers {
            let name = http::HeaderName::try_from(*name).unwrap();
            request.headers.insert(name, http::HeaderValue::try_from(*value).unwrap());
        }
        Asked::of(&request).expect("it is a webhook")
    }

    fn answered(asked: &Asked, status: i64, body: &str, waits: bool) -> Knock {
        let mut answer = LambdaFunctionUrlResponse::default();
        (answer.status_code, answer.body) = (status, Some(body.to_owned()));
        asked.answered(Timestamp::UNIX_EPOCH, &answer, waits)
    }

    fn knocked(status: i64, body: &str, waits: bool) -> Knock {
        let ours = asked(&[], r#"{"type": "order.placed", "data": {"order_id": "A-1"}}"#);
        answered(&ours, status, body, waits)
    }

    #[test]
    fn it_says_what_became_of_a_webhook() {
        let taken = knocked(200, r#"{"status": "accepted"}"#, false);
        assert_eq!((taken.what.as_str(), taken.order.as_deref()), ("order.placed", Some("A-1")));
        assert_eq!((taken.fate, taken.became.as_str()), (Fate::Taken, "recorded"));
        assert_eq!(knocked(200, r#"{"status": "accepted"}"#, true).became, "on the queue; it is tried again");
        let refused = knocked(401, "", false);
        assert!(refused.fate == Fate::Refused && refused.became.contains("signature"), "{refused:?}");
        let bad = knocked(400, r#"{"detail": "data.total: no number"}"#, false);
        assert_eq!((bad.fate, bad.became.as_str()), (Fate::Refused, "data.total: no number"));
        let unknown = knocked(200, r#"{"status": "ignored", "topic": "cart.seen", "because": "not_bought"}"#, false);
        assert_eq!((unknown.what.as_str(), unknown.fate), ("cart.seen", Fate::Ignored));
        assert_eq!(unknown.became, "not bought");
    }

    #[test]
    fn a_platforms_topic_is_read_where_it_names_it() {
        let shopify = asked(&[("x-shopify-topic", "orders/create")], r#"{"id": 7}"#);
        assert_eq!(answered(&shopify, 401, "", false).what, "orders/create");
        let broken = answered(&shopify, 400, r#"{"detail": "orders/create: no"}"#, false);
        assert_eq!((broken.what.as_str(), broken.became.as_str()), ("orders/create", "orders/create: no"));
        let bigcommerce = asked(&[("webhook-signature", "v1,eA==")], r#"{"scope": "store/order/updated", "data": {}}"#);
        assert_eq!(answered(&bigcommerce, 401, "", false).what, "store/order/updated");
        for (body, what) in [(r#"{"type": "charge.refunded"}"#, "charge.refunded"), ("<xml>", "stripe")] {
            let stripe = asked(&[("stripe-signature", "t=1,v1=00")], body);
            assert_eq!(answered(&stripe, 401, "", false).what, what);
        }
        let ping = answered(&asked(&[], "webhook_id=7"), 200, r#"{"status": "here"}"#, false);
        assert_eq!((ping.fate, ping.what.as_str()), (Fate::Ignored, "not an event"));
    }

    #[test]
    fn each_topic_has_its_last_and_its_counts() {
        let knocks = Knocks::default();
        for (status, body) in [(200, r#"{"status": "accepted"}"#), (401, ""), (401, "")] {
            knocks.add(knocked(status, body, false));
        }
        let topics = knocks.topics();
        assert_eq!(topics.len(), 1);
        assert_eq!((topics[0].taken, topics[0].ignored, topics[0].refused), (1, 0, 2));
        assert_eq!(topics[0].last.fate, Fate::Refused);
    }

    #[test]
    fn only_the_latest_are_kept_and_only_so_many_topics() {
        let knocks = Knocks::default();
        for second in 0..160 {
            let what = format!("topic {second}");
            knocks.add(Knock { at: Timestamp::from_second(second).unwrap(), what, ..knocked(200, "{}", false) });
        }
        assert_eq!((knocks.latest().len(), knocks.topics().len(), knocks.count()), (KEPT, TOPICS, 160));
        assert_eq!(knocks.latest()[0].at.as_second(), 159);
    }
}
