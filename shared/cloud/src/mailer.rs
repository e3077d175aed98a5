//! SES: one mail, once. Retries are off: SES has no idempotency token, and the SDK's own would send it again.

use std::error::Error as _;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_sesv2::Client;
use aws_sdk_sesv2::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sesv2::types::{Body, Content, Destination, EmailContent, Message, MessageHeader, MessageTag};
use winback_domain::address::Address;
use winback_domain::ids::{CustomerId, MessageId, StoreId};
use winback_domain::mail::Mail;

use winback_domain::planted::{Planted, planted};

use crate::config::Config;

/// From the call to its answer. SES answers in well under a second; a frozen connection must not hold the fence.
const ANSWER: Duration = Duration::from_secs(10);
const CONNECT: Duration = Duration::from_secs(2);

/// How SES took a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Handed {
    /// It has it, under this id of its own.
    Sent(String),
    /// It answered with an error: definitely not sent.
    Refused(Refusal),
    /// No answer that can be trusted. It may have it.
    Unknown,
}

/// Whom a refusal is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// This mail alone.
    Recipient,
    /// None, only the moment is wrong: SES asks us to slow down or is out of reach, or the fence is too long ago.
    NotNow,
    /// Everything we send: access, configuration, identity, suspension. In SES's word for it.
    Store(String),
}

/// A client that sends once.
#[derive(Clone, Debug)]
pub struct Mailer {
    client: Client,
    configuration_set: Option<String>,
    tenant_prefix: Option<String>,
}

impl Mailer {
    /// Over the shared configuration, but with its own retries and timeouts.
    pub fn new(sdk: &SdkConfig, names: &Config) -> Self {
        let retries = if planted(Planted::SesRetriesOn) { RetryConfig::standard() } else { RetryConfig::disabled() };
        let timeouts = TimeoutConfig::builder().connect_timeout(CONNECT).operation_attempt_timeout(ANSWER).build();
        let config = aws_sdk_sesv2::config::Builder::from(sdk).retry_config(retries).timeout_config(timeouts).build();
        Self {
            client: Client::from_conf(config),
            configuration_set: names.configuration_set.clone(),
            tenant_prefix: names.tenant_prefix.clone(),
        }
    }

    /// Hands one mail to SES, with our ids in its tags: what SES tells of it later names them, also to tables that have
    /// lost it. A trial goes to no customer.
    pub async fn send(
        &self,
        store: &StoreId,
        message: MessageId,
        customer: Option<CustomerId>,
        from: (&str, &Address),
        to: &Address,
        mail: &Mail,
    ) -> Handed {
        let header = (MESSAGE_HEADER, named(store, message, customer));
        let Some(content) = content(mail, &header) else { return Handed::Refused(Refusal::Recipient) };
        let tag = |name: &str, value: String| MessageTag::builder().name(name).value(value).build();
        let whose = customer.map(|customer| tag("customer", customer.to_string()));
        let tags = [tag("store", store.to_string()), tag("message", message.to_string())].into_iter().chain(whose);
        let mut request = self
            .client
            .send_email()
            .from_email_address(mailbox(from.0, from.1))
            .destination(Destination::builder().to_addresses(to.as_str()).build())
            .content(content)
            .set_configuration_set_name(self.configuration_set.clone())
            .set_tenant_name(self.tenant_prefix.as_ref().map(|prefix| format!("{prefix}{store}")));
        for tag in tags {
            match tag {
                Ok(tag) => request = request.email_tags(tag),
                Err(_) => return Handed::Refused(Refusal::Recipient),
            }
        }
        match request.send().await {
            Ok(answer) => Handed::Sent(answer.message_id.unwrap_or_default()),
            Err(_) if planted(Planted::LostAnswerIsRefused) => Handed::Refused(Refusal::NotNow),
            Err(error) => judge(&error),
        }
    }

    /// How many mails a second the account may send. SES's own figure.
    pub async fn rate(&self) -> Result<f64, String> {
        let answer = self.client.get_account().send().await;
        let answer = answer.map_err(|error| error.code().unwrap_or("no answer").to_owned())?;
        Ok(answer.send_quota().map_or(1.0, |quota| quota.max_send_rate()))
    }
}

/// The header that names a mail to us. Events of a configuration set carry its tags; a notification that SES sends for an
/// identity does not, and may carry its headers.
pub const MESSAGE_HEADER: &str = "X-Winback-Message";

/// What it says: store, message and whose it is. Ids alone.
fn named(store: &StoreId, message: MessageId, customer: Option<CustomerId>) -> String {
    let whose = customer.map(|customer| format!("/{customer}")).unwrap_or_default();
    format!("{store}/{message}{whose}")
}

/// Which mail a [`MESSAGE_HEADER`] names.
pub fn read_named(value: &str) -> Option<(StoreId, MessageId, Option<CustomerId>)> {
    let mut ids = value.trim().split('/').map(str::to_owned);
    let (store, message) = (ids.next()?.try_into().ok()?, ids.next()?.try_into().ok()?);
    let customer = match ids.next() {
        Some(customer) => Some(customer.try_into().ok()?),
        None => None,
    };
    Some((store, message, customer))
}

fn content(mail: &Mail, header: &(&str, String)) -> Option<EmailContent> {
    let text = |data: &str| Content::builder().data(data).charset("UTF-8").build().ok();
    let body = Body::builder().html(text(&mail.html)?).text(text(&mail.text)?).build();
    let mut message = Message::builder().subject(text(&mail.subject)?).body(body);
    let headers = mail.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    for (name, value) in headers.chain([(header.0, header.1.as_str())]) {
        message = message.headers(MessageHeader::builder().name(name).value(value).build().ok()?);
    }
    Some(EmailContent::builder().simple(message.build()).build())
}

/// `"Name" <address>`, with the name as an RFC 2047 word where it is not plain.
fn mailbox(name: &str, address: &Address) -> String {
    let plain = name.bytes().all(|b| b.is_ascii_graphic() || b == b' ') && !name.contains(['"', '\\']);
    if plain {
        format!("\"{name}\" <{}>", address.as_str())
    } else {
        // A word may be 75 characters long; a longer name becomes several.
        let mut words = vec![String::new()];
        for c in name.chars().filter(|c| !c.is_control()) {
            if words.last().is_some_and(|word| word.len() + c.len_utf8() > 42) {
                words.push(String::new());
            }
            if let Some(word) = words.last_mut() {
                word.push(c);
            }
        }
        let encode = |word: &String| format!("=?UTF-8?B?{}?=", data_encoding::BASE64.encode(word.as_bytes()));
        let words: Vec<_> = words.iter().map(encode).collect();
        format!("{} <{}>", words.join(" "), address.as_str())
    }
}

fn judge<E: ProvideErrorMetadata + std::error::Error + 'static>(
    error: &SdkError<E, aws_sdk_sesv2::config::http::HttpResponse>,
) -> Handed {
    match error {
        SdkError::ServiceError(service) => {
            let status = service.raw().status().as_u16();
            match service.err().code() {
                Some(code) if (400..500).contains(&status) => Handed::Refused(match code {
                    "BadRequestException" => Refusal::Recipient,
                    "TooManyRequestsException" | "ThrottlingException" | "Throttling" => Refusal::NotNow,
                    other => Refusal::Store(other.to_owned()),
                }),
                _ => Handed::Unknown,
            }
        }
        // It never left: nothing was built, or nobody listened.
        SdkError::ConstructionFailure(_) => Handed::Refused(Refusal::Store("ConstructionFailure".to_owned())),
        SdkError::DispatchFailure(failure) if failure.as_connector_error().is_some_and(never_left) => {
            Handed::Refused(Refusal::NotNow)
        }
        _ => Handed::Unknown,
    }
}

fn never_left(error: &aws_smithy_runtime_api::client::result::ConnectorError) -> bool {
    let mut source = error.source();
    while let Some(inner) = source {
        if let Some(io) = inner.downcast_ref::<std::io::Error>() {
            return io.kind() == std::io::ErrorKind::ConnectionRefused;
        }
        source = inner.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sender_is_one_mailbox_whatever_the_name() {
        let anna: Address = "anna@shop.example".parse().unwrap();
        assert_eq!(mailbox("Anna from Example Books", &anna), "\"Anna from Example Books\" <anna@shop.example>");
        assert_eq!(mailbox("Äänekoski", &anna), "=?UTF-8?B?w4TDpG5la29za2k=?= <anna@shop.example>");
        assert!(!mailbox("Anna\"\r\nBcc: x@y.example", &anna).contains('\n'));
    }
}
