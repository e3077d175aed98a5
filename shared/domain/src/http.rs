//! What the functions behind an address share: what was asked, what is answered, and how a refusal is written down
//! (RFC 9457). Plain values; whoever speaks HTTP turns them into its own types.

use std::borrow::Cow;

use data_encoding::BASE64;
use jiff::fmt::rfc2822;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::Serialize;
use serde_json::{Map, Value};

/// How many seconds a `Retry-After` means: so many, also with a fraction (Shopify's way), or a date, counted from the answer's
/// own `Date`.
pub fn retry_after(text: &str, date: Option<&str>) -> Option<u32> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<Decimal>() {
        return seconds.ceil().to_u32();
    }
    let moment = |text: &str| rfc2822::parse(text.trim()).ok().map(|dated| dated.timestamp());
    let wait = moment(text)?.as_second().saturating_sub(moment(date?)?.as_second());
    u32::try_from(wait.max(0)).ok()
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Header names are lower case.
    pub headers: Vec<(&'static str, String)>,
    /// Text, or nothing.
    pub body: String,
}

impl Answer {
    /// An answer for a program. It is about one moment, so nobody keeps it.
    pub fn json(status: u16, value: &Value) -> Self {
        Self::of(status, "application/json", value.to_string())
    }

    fn of(status: u16, kind: &str, body: String) -> Self {
        let headers = vec![
            ("content-type", kind.to_owned()),
            ("cache-control", "no-store".to_owned()),
            ("x-content-type-options", "nosniff".to_owned()),
        ];
        Self { status, headers, body }
    }

    /// One of our pages. `csp` is its content security policy.
    ///
    /// Its address is a key: no search engine may list it, no cache keep it, no other site learn it, no frame hold it.
    pub fn page(status: u16, csp: &str, html: String) -> Self {
        Self::of(status, "text/html; charset=utf-8", html)
            .with("content-security-policy", csp)
            .with("referrer-policy", "no-referrer")
            .with("x-robots-tag", "noindex, nofollow")
            .with("x-frame-options", "DENY")
            .with("content-language", "en")
    }

    /// With one more header.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// As an answer to HEAD: everything but the body.
    #[must_use]
    pub fn without_body(self) -> Self {
        Self { body: String::new(), ..self }
    }

    /// The value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }
}

/// A problem document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Which problem, as a URI; `about:blank` where the status says it all.
    #[serde(rename = "type")]
    pub kind: Cow<'static, str>,
    /// The problem in a few words, the same every time.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What is wrong this time, for a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// What a program can act on.
    #[serde(flatten)]
    pub members: Map<String, Value>,
}

impl Problem {
    /// A problem that its status names.
    pub fn status(status: u16) -> Self {
        let title = match status {
            400 => "Bad Request",
            401 => "Unauthorized",
            404 => "Not Found",
            405 => "Method Not Allowed",
            413 => "Content Too Large",
            422 => "Unprocessable Content",
            503 => "Service Unavailable",
            _ => "Error",
        };
        let kind = Cow::Borrowed("about:blank");
        Self { kind, title, status, detail: None, members: Map::new() }
    }

    /// A problem with a name of its own, such as `code-used`.
    pub fn named(status: u16, name: &str, title: &'static str) -> Self {
        let kind = Cow::Owned(format!("urn:winback:problem:{name}"));
        Self { kind, title, ..Self::status(status) }
    }

    /// With what is wrong this time.
    #[must_use]
    pub fn detail(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    /// With an extension member.
    #[must_use]
    pub fn member(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }

    /// As an answer.
    pub fn answer(&self) -> Answer {
        let body = serde_json::to_string(self).expect("texts and numbers are always written");
        Answer::of(self.status, "application/problem+json", body)
    }

    /// The method is none of those that `allow` lists.
    pub fn method_not_allowed(allow: &str) -> Answer {
        Self::status(405).answer().with("allow", allow)
    }

    /// Something outside does not answer; trying again is right.
    pub fn try_again(seconds: u32) -> Answer {
        Self::status(503).answer().with("retry-after", seconds.to_string())
    }
}

/// A body that cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadBody {
    /// More bytes than the caller looks at.
    #[error("the body is too large")]
    TooLarge,
    /// The gateway said base 64 and it is not.
    #[error("the body cannot be read")]
    NotBase64,
}

/// The bytes that were sent, of a body that a gateway may have written in base 64; at most `most` of them.
pub fn body(text: Option<&str>, is_base64: bool, most: usize) -> Result<Cow<'_, [u8]>, BadBody> {
    let text = text.unwrap_or_default();
    // The size is known before anything is decoded.
    let bytes = if is_base64 { text.len() / 4 * 3 } else { text.len() };
    if bytes > most.saturating_add(if is_base64 { 2 } else { 0 }) {
        return Err(BadBody::TooLarge);
    }
    if !is_base64 {
        return Ok(Cow::Borrowed(text.as_bytes()));
    }
    let bytes = BASE64.decode(text.as_bytes()).map_err(|_| BadBody::NotBase64)?;
    if bytes.len() > most { Err(BadBody::TooLarge) } else { Ok(Cow::Owned(bytes)) }
}

/// The parts of a path between its slashes: `/o/books/abc` is `["o", "books", "abc"]`.
pub fn segments(path: &str) -> Vec<&str> {
    path.strip_prefix('/').unwrap_or(path).split('/').collect()
}

/// A text as one part of an address: all but letters, digits and `-._~` is percent-encoded.
pub fn percent_encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_store_says_in_several_ways_when_to_come_back() {
        let date = Some("Tue, 14 Apr 2026 06:00:00 GMT");
        assert_eq!(retry_after("120", None), Some(120));
        assert_eq!(retry_after(" 2.0 ", None), Some(2));
        assert_eq!(retry_after("0.4", None), Some(1));
        assert_eq!(retry_after("Tue, 14 Apr 2026 06:02:00 GMT", date), Some(120));
        assert_eq!(retry_after("Tue, 14 Apr 2026 05:00:00 GMT", date), Some(0));
        for nothing in ["", "soon", "-5", "99999999999"] {
            assert_eq!(retry_after(nothing, date), None, "{nothing}");
        }
        assert_eq!(retry_after("Tue, 14 Apr 2026 06:02:00 GMT", None), None);
    }

    #[test]
    fn a_problem_is_written_as_rfc_9457_wants_it() {
        let problem = Problem::named(422, "below-minimum", "The order is too small")
            .detail("4.50 EUR is missing")
            .member("missing", "4.50 EUR");
        let answer = problem.answer();
        assert_eq!(answer.status, 422);
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        let body: Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(
            body,
            json!({"type": "urn:winback:problem:below-minimum", "title": "The order is too small", "status": 422,
                "detail": "4.50 EUR is missing", "missing": "4.50 EUR"})
        );
        let plain: Value = serde_json::from_str(&Problem::status(404).answer().body).unwrap();
        assert_eq!(plain, json!({"type": "about:blank", "title": "Not Found", "status": 404}));
    }

    #[test]
    fn a_body_is_the_bytes_that_were_sent() {
        assert_eq!(body(Some("a=1"), false, 10).unwrap().as_ref(), b"a=1");
        assert_eq!(body(Some("YT0x"), true, 10).unwrap().as_ref(), b"a=1");
        assert_eq!(body(None, false, 10).unwrap().as_ref(), b"");
        assert_eq!(body(Some("!"), true, 10), Err(BadBody::NotBase64));
    }

    #[test]
    fn a_body_is_measured_as_it_was_sent() {
        for size in 0..16 {
            let bytes = vec![b'x'; size];
            let plain = String::from_utf8(bytes.clone()).unwrap();
            let fits = size <= 10;
            assert_eq!(body(Some(&plain), false, 10).is_ok(), fits, "{size}");
            assert_eq!(body(Some(&BASE64.encode(&bytes)), true, 10).is_ok(), fits, "{size}");
        }
        assert_eq!(body(Some(&"!".repeat(100)), true, 10), Err(BadBody::TooLarge));
    }

    #[test]
    fn a_code_survives_in_an_address() {
        assert_eq!(percent_encode("7K2MQX4T09"), "7K2MQX4T09");
        assert_eq!(percent_encode("50 % & mehr/ä"), "50%20%25%20%26%20mehr%2F%C3%A4");
    }

    #[test]
    fn an_answer_to_head_keeps_its_headers() {
        let page = Answer::page(200, "default-src 'none'", "<p>".to_owned());
        let head = page.clone().without_body();
        assert_eq!((head.headers, head.body), (page.headers, String::new()));
    }
}
