//! The stand-in for SES: an outbox that refuses what it is told to, and knows the account's quota.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::faults::Permission;
use super::journal::{Journal, LineRef};
use super::seam::Answer;
use super::{Error, lock, ses_events};

/// A mail that SES accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentMail {
    /// SES's own id of the mail.
    pub ses_message_id: String,
    /// When it was accepted, by the turned clock.
    pub at: Timestamp,
    /// The sender as given, with a display name where there was one.
    pub from: String,
    /// The recipients' addresses.
    pub to: Vec<String>,
    /// Where answers go.
    pub reply_to: Vec<String>,
    /// The subject.
    pub subject: String,
    /// The HTML part, empty where there was none.
    pub html: String,
    /// The text part, empty where there was none.
    pub text: String,
    /// The headers given beside the usual ones, in the order given.
    pub headers: Vec<(String, String)>,
    /// The tags, by name.
    pub tags: BTreeMap<String, String>,
    /// The configuration set, where one was named.
    pub configuration_set: Option<String>,
    /// The tenant, where one was named. Tenants only separate reputations.
    #[serde(default)]
    pub tenant: Option<String>,
}

impl SentMail {
    /// The value of one of the headers given beside the usual ones, whatever its capitals.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

/// What `GetAccount` tells about the account.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// Mails a day (24 hours). Further mails are refused.
    pub max_24_hour_send: f64,
    /// Mails a second. Told, not enforced: under a turned clock a whole run happens in one second.
    pub max_send_rate: f64,
    /// Whether SES takes mails at all.
    pub sending_enabled: bool,
    /// Whether it is out of the sandbox. Told, not enforced.
    pub production: bool,
    /// What SES thinks of it: `HEALTHY`, `PROBATION` or `SHUTDOWN`. Told, not enforced.
    pub enforcement: &'static str,
}

impl Default for Account {
    fn default() -> Self {
        Self {
            max_24_hour_send: 50_000.0,
            max_send_rate: 14.0,
            sending_enabled: true,
            production: true,
            enforcement: "HEALTHY",
        }
    }
}

/// A change to the outbox.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Change {
    /// A mail was accepted.
    Accepted(Arc<SentMail>),
    /// The events of the first so many mails were handed out.
    Told(usize),
}

/// A request to SES.
#[derive(Debug)]
pub(crate) enum Request {
    SendEmail(Box<SendEmail>),
    GetAccount,
}

/// The input of `SendEmail`. What it does not list is not supported, and said to be so.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct SendEmail {
    from_email_address: String,
    destination: Destination,
    #[serde(default)]
    reply_to_addresses: Vec<String>,
    content: Content,
    #[serde(default)]
    email_tags: Vec<NameValue>,
    configuration_set_name: Option<String>,
    tenant_name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Destination {
    #[serde(default)]
    to_addresses: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Content {
    simple: Simple,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Simple {
    subject: Data,
    body: Body,
    #[serde(default)]
    headers: Vec<NameValue>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Body {
    text: Option<Data>,
    html: Option<Data>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Data {
    data: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NameValue {
    name: String,
    value: String,
}

impl Request {
    /// The operation that a method and a path mean, and its input.
    pub(crate) fn read(method: &str, path: &str, body: &[u8]) -> (&'static str, Result<Self, Answer>) {
        match (method, path) {
            ("POST", "/v2/email/outbound-emails") => (
                "SendEmail",
                serde_json::from_slice(body)
                    .map(|mail| Self::SendEmail(Box::new(mail)))
                    .map_err(|error| Answer::error(400, "BadRequestException", &error.to_string())),
            ),
            ("GET", "/v2/email/account") => ("GetAccount", Ok(Self::GetAccount)),
            _ => ("unknown", Err(Answer::unknown("SES", &format!("{method} {path}")))),
        }
    }

    /// What IAM would have had to allow. An identity is named by the sender's domain.
    pub(crate) fn permissions(&self) -> Vec<Permission> {
        let Self::SendEmail(mail) = self else {
            return vec![Permission::new("ses:GetAccount", "*")];
        };
        let address = mail.from_email_address.trim_end_matches('>');
        let domain = address.rsplit('@').next().unwrap_or(address);
        let mut needed = vec![Permission::new("ses:SendEmail", format!("identity/{domain}"))];
        if let Some(set) = &mail.configuration_set_name {
            needed.push(Permission::new("ses:SendEmail", format!("configuration-set/{set}")));
        }
        needed
    }
}

/// SES in this process.
pub(crate) struct Ses {
    state: Mutex<State>,
    journal: Arc<Journal>,
}

/// What SES keeps.
#[derive(Debug, Default)]
pub(crate) struct State {
    outbox: Vec<Arc<SentMail>>,
    told: usize,
    account: Account,
    refusals: VecDeque<String>,
    /// Mails are kept without their bodies.
    bodiless: bool,
}

impl State {
    pub(crate) fn apply(&mut self, change: Change) {
        match change {
            Change::Accepted(mail) => self.outbox.push(mail),
            Change::Told(mails) => self.told = mails,
        }
    }

    /// The changes that make this state again.
    pub(crate) fn changes(&self) -> impl Iterator<Item = Change> {
        let mails = self.outbox.iter().cloned().map(Change::Accepted);
        mails.chain(std::iter::once(Change::Told(self.told)))
    }

    /// How many changes [`State::changes`] has.
    pub(crate) fn live(&self) -> u64 {
        self.outbox.len() as u64 + 1
    }

    /// Mails accepted in the 24 hours before `now`. The outbox is in the order of time.
    fn sent_last_24_hours(&self, now: Timestamp) -> usize {
        let since = now - SignedDuration::from_hours(24);
        self.outbox.len() - self.outbox.partition_point(|mail| mail.at <= since)
    }
}

impl Ses {
    pub(crate) fn new(state: State, journal: Arc<Journal>) -> Self {
        Self { state: Mutex::new(state), journal }
    }

    pub(crate) fn carry_out(&self, request: Request, now: Timestamp) -> Answer {
        match request {
            Request::SendEmail(mail) => self.send(*mail, now),
            Request::GetAccount => self.account(now),
        }
    }

    fn send(&self, mail: SendEmail, now: Timestamp) -> Answer {
        let mut state = lock(&self.state);
        if let Some(code) = state.refusals.pop_front() {
            return Answer::error(status_of(&code), &code, "refused by order of the test");
        }
        if let Some(refused) = state.refuses(&mail, now) {
            return refused;
        }
        let number = state.outbox.len() as u64 + 1;
        let simple = mail.content.simple;
        let body = |part: Option<Data>| part.filter(|_| !state.bodiless).map(|part| part.data).unwrap_or_default();
        let accepted = Arc::new(SentMail {
            ses_message_id: message_id(number),
            at: now,
            from: mail.from_email_address,
            to: mail.destination.to_addresses,
            reply_to: mail.reply_to_addresses,
            subject: simple.subject.data,
            html: body(simple.body.html),
            text: body(simple.body.text),
            headers: pairs(simple.headers).collect(),
            tags: pairs(mail.email_tags).collect(),
            configuration_set: mail.configuration_set_name,
            tenant: mail.tenant_name,
        });
        let answer = json!({ "MessageId": accepted.ses_message_id });
        let change = Change::Accepted(accepted);
        if let Err(error) = self.journal.write(&LineRef::Ses(&change)) {
            return Answer::not_kept(&error);
        }
        state.apply(change);
        Answer::ok(&answer)
    }

    fn account(&self, now: Timestamp) -> Answer {
        let state = lock(&self.state);
        Answer::ok(&json!({
            "EnforcementStatus": state.account.enforcement,
            "ProductionAccessEnabled": state.account.production,
            "SendingEnabled": state.account.sending_enabled,
            "SendQuota": {
                "Max24HourSend": state.account.max_24_hour_send,
                "MaxSendRate": state.account.max_send_rate,
                "SentLast24Hours": state.sent_last_24_hours(now) as f64,
            },
        }))
    }

    pub(crate) fn refuse_next(&self, code: &str) {
        lock(&self.state).refusals.push_back(code.to_owned());
    }

    pub(crate) fn keep_bodies(&self, keep: bool) {
        lock(&self.state).bodiless = !keep;
    }

    pub(crate) fn set_account(&self, account: Account) {
        lock(&self.state).account = account;
    }

    pub(crate) fn outbox(&self, first: usize) -> Vec<Arc<SentMail>> {
        lock(&self.state).outbox.get(first..).map(<[_]>::to_vec).unwrap_or_default()
    }

    pub(crate) fn take_events(&self) -> Result<Vec<Value>, Error> {
        let mut state = lock(&self.state);
        let told = Change::Told(state.outbox.len());
        let events = state.outbox[state.told..].iter().flat_map(|mail| ses_events::after(mail)).collect();
        if state.told < state.outbox.len() {
            self.journal.write(&LineRef::Ses(&told))?;
            state.apply(told);
        }
        Ok(events)
    }
}

impl State {
    /// Why SES does not take this mail, if it does not.
    fn refuses(&self, mail: &SendEmail, now: Timestamp) -> Option<Answer> {
        if !self.account.sending_enabled {
            return Some(refusal("SendingPausedException", "Sending is paused for this account."));
        }
        if self.sent_last_24_hours(now) as f64 >= self.account.max_24_hour_send {
            return Some(refusal("TooManyRequestsException", "Daily message quota exceeded."));
        }
        if mail.destination.to_addresses.is_empty() || mail.destination.to_addresses.len() > 50 {
            return Some(refusal("BadRequestException", "Between 1 and 50 recipients are needed."));
        }
        if !mail.email_tags.iter().all(NameValue::is_tag) {
            let rule = "A tag's name and value are 1 to 256 letters, digits, _ or -.";
            return Some(refusal("BadRequestException", rule));
        }
        None
    }
}

impl NameValue {
    fn is_tag(&self) -> bool {
        [&self.name, &self.value].into_iter().all(|part| {
            (1..=256).contains(&part.len())
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte))
        })
    }
}

fn pairs(list: Vec<NameValue>) -> impl Iterator<Item = (String, String)> {
    list.into_iter().map(|pair| (pair.name, pair.value))
}

fn refusal(code: &str, message: &str) -> Answer {
    Answer::error(status_of(code), code, message)
}

/// The HTTP status SES sends an error code with.
fn status_of(code: &str) -> u16 {
    match code {
        "TooManyRequestsException" => 429,
        "NotFoundException" => 404,
        "AccessDeniedException"
        | "ExpiredTokenException"
        | "InvalidSignatureException"
        | "SignatureDoesNotMatch"
        | "UnrecognizedClientException" => 403,
        "InternalServiceErrorException" | "InternalFailure" => 500,
        "ServiceUnavailable" => 503,
        _ => 400,
    }
}

/// Ids as SES makes them, but counted.
fn message_id(number: u64) -> String {
    format!("0100000000000000-{number:08x}-0000-4000-8000-000000000000-000000")
}

#[cfg(test)]
pub(crate) mod tests;
