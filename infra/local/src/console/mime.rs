//! A mail as it would travel: what `.eml` files and the source tab show.

use anyhow::Result;
use mail_builder::MessageBuilder;
use mail_builder::headers::address::Address;
use mail_builder::headers::content_type::ContentType;
use mail_builder::headers::date::Date;
use mail_builder::headers::raw::Raw;
use mail_builder::mime::MimePart;

use crate::aws::SentMail;

/// A name, if there is one, and an address: of `Anna <anna@shop.example>`.
pub fn mailbox(text: &str) -> (&str, &str) {
    match text.rsplit_once('<') {
        Some((name, address)) => (name.trim().trim_matches('"'), address.trim_end_matches('>')),
        None => ("", text),
    }
}

/// The mail's Message-ID, as SES makes it of its own id.
pub fn message_id(mail: &SentMail) -> String {
    format!("{}@email.amazonses.com", mail.ses_message_id)
}

/// The whole mail. The same mail gives the same bytes.
pub fn source(mail: &SentMail) -> Result<String> {
    let address = |text: &str| {
        let (name, address) = mailbox(text);
        Address::new_address((!name.is_empty()).then(|| name.to_owned()), address.to_owned())
    };
    let boundary = format!("={}", mail.ses_message_id);
    let kind = ContentType::new("multipart/alternative").attribute("boundary", boundary);
    let parts = vec![
        MimePart::new(ContentType::new("text/plain").attribute("charset", "utf-8"), mail.text.as_str()),
        MimePart::new(ContentType::new("text/html").attribute("charset", "utf-8"), mail.html.as_str()),
    ];
    let list = |texts: &[String]| Address::new_list(texts.iter().map(|text| address(text)).collect());
    let mut message = MessageBuilder::new()
        .from(address(&mail.from))
        .to(list(&mail.to))
        .subject(mail.subject.as_str())
        .date(Date::new(mail.at.as_second()))
        .message_id(message_id(mail));
    if !mail.reply_to.is_empty() {
        message = message.reply_to(list(&mail.reply_to));
    }
    for (name, value) in &mail.headers {
        message = message.header(name.as_str(), Raw::new(value.as_str()));
    }
    let mut bytes = Vec::new();
    message.body(MimePart::new(kind, parts)).serialize(&mut bytes);
    Ok(String::from_utf8(bytes)?)
}

/// The headers of a mail's source, unfolded, the subject in letters that can be read.
pub fn headers(source: &str, subject: &str) -> Vec<(String, String)> {
    let head = source.split("\r\n\r\n").next().unwrap_or_default();
    let mut found: Vec<(String, String)> = Vec::new();
    for line in head.lines() {
        match (line.starts_with([' ', '\t']), found.last_mut(), line.split_once(':')) {
            (true, Some((_, value)), _) => {
                value.push(' ');
                value.push_str(line.trim());
            }
            (_, _, Some(("Subject", _))) => found.push(("Subject".to_owned(), String::new())),
            (_, _, Some((name, value))) => found.push((name.to_owned(), value.trim().to_owned())),
            _ => {}
        }
    }
    for (_, value) in found.iter_mut().filter(|(name, _)| name == "Subject") {
        subject.clone_into(value);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail() -> SentMail {
        SentMail {
            ses_message_id: "0100-1".to_owned(),
            at: "2026-05-05T06:00:00Z".parse().unwrap(),
            from: "Anna from Example Books <anna@shop.example>".to_owned(),
            to: vec!["eero@reader.example".to_owned()],
            reply_to: Vec::new(),
            subject: "Kesä on täällä".to_owned(),
            html: "<p>Hei Ylönen</p>".to_owned(),
            text: "Hei Ylönen".to_owned(),
            headers: vec![("List-Unsubscribe".to_owned(), "<https://shop.example/u/1>".to_owned())],
            tags: std::collections::BTreeMap::new(),
            configuration_set: None,
            tenant: None,
        }
    }

    #[test]
    fn a_mail_travels_with_both_parts_and_its_headers() {
        let source = source(&mail()).unwrap();
        assert_eq!(source, super::source(&mail()).unwrap());
        let headers = headers(&source, &mail().subject);
        let value = |name: &str| headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        assert_eq!(value("From"), Some("\"Anna from Example Books\" <anna@shop.example>"));
        assert_eq!(value("To"), Some("<eero@reader.example>"));
        assert_eq!(value("Date"), Some("Tue, 5 May 2026 06:00:00 +0000"));
        assert_eq!(value("List-Unsubscribe"), Some("<https://shop.example/u/1>"));
        assert_eq!(value("Subject"), Some("Kesä on täällä"));
        assert!(source.contains("Subject: =?utf-8?"), "{source}");
        assert!(
            source.contains("text/plain; charset=\"utf-8\"") && source.contains("text/html; charset=\"utf-8\""),
            "{source}"
        );
        assert!(source.is_ascii());
    }

    #[test]
    fn a_mailbox_is_a_name_and_an_address() {
        assert_eq!(mailbox("\"Anna\" <a@b.example>"), ("Anna", "a@b.example"));
        assert_eq!(mailbox("a@b.example"), ("", "a@b.example"));
    }
}
