//! `winback explain`: why somebody got a letter, or none.

use std::fmt::Write as _;

use anyhow::{Context, Result, bail};
use clap::Args;
use jiff::Timestamp;
use winback_cloud::Cloud;
use winback_cloud::standing::Standing;
use winback_domain::address::Address;
use winback_domain::consent::Source;
use winback_domain::customer::Customer;
use winback_domain::figures::counted;
use winback_domain::ids::{CustomerId, MessageId, StoreId};
use winback_domain::message::Message;
use winback_domain::money::Money;
use winback_domain::outlook::outlook;
use winback_domain::time::{day_in_words, day_of, local, moment_in_words};
use winback_local::clock::Turned;

use crate::Done;
use crate::stack::Where;

/// Tell what is known of one customer, what was written to them and why, and what comes next
///
/// Looks in all stores of the place or stack. Nothing is changed and nobody is mailed: the decision is made again, dry.
#[derive(Debug, Args)]
pub struct Explain {
    /// The customer's address
    email: String,
    #[command(flatten)]
    place: Where,
    /// Decide as of this moment instead of now, such as 2026-05-01T09:00:00+03:00
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
}

impl Explain {
    /// Runs it.
    pub async fn run(self) -> Result<Done> {
        let opened = self.place.open(self.at.map_or_else(Turned::real, Turned::at)).await?;
        let now = self.at.unwrap_or_else(|| opened.cloud().clock.now());
        print!("{}", told(opened.cloud(), &self.email, now).await?);
        Ok(Done::Whole)
    }
}

/// What there is to tell, for every store that knows the address.
pub async fn told(cloud: &Cloud, email: &str, now: Timestamp) -> Result<String> {
    let address: Address = email.parse().with_context(|| format!("\"{email}\" is not a mail address"))?;
    let key = cloud.secrets.lookup(now).await?;
    let stores = cloud.tables.stores().await?;
    let mut text = String::new();
    for store in &stores {
        let id = CustomerId::of_address(&key, store, &address);
        if let Some(customer) = cloud.tables.customer(store, id).await? {
            let standing = cloud.standing(store).await?;
            let messages = messages(cloud, store, &customer).await?;
            text.push_str(&one(&address, &customer, &standing, &messages, now));
        }
    }
    if text.is_empty() {
        let names: Vec<&str> = stores.iter().map(StoreId::as_str).collect();
        let known = if names.is_empty() {
            "there is no store here".to_owned()
        } else {
            format!("looked in {}", names.join(", "))
        };
        bail!("nobody is known by {}; {known}", address.as_str());
    }
    Ok(text)
}

/// A customer's messages, oldest first: each names the one before.
async fn messages(cloud: &Cloud, store: &StoreId, customer: &Customer) -> Result<Vec<Message>> {
    let mut found: Vec<Message> = Vec::new();
    for head in &customer.letters {
        let mut next: Option<MessageId> = Some(*head);
        while let Some(id) = next.filter(|id| found.iter().all(|known| known.id != *id)) {
            let message = cloud.tables.message(store, id).await?;
            next = message.as_ref().and_then(|message| message.previous);
            found.extend(message);
        }
    }
    found.sort_by_key(|message| (message.at, message.id));
    Ok(found)
}

fn one(address: &Address, customer: &Customer, standing: &Standing, messages: &[Message], now: Timestamp) -> String {
    let shop = &standing.plan.shop;
    let day = |at: Timestamp| day_in_words(day_of(at, &shop.time_zone));
    let moment = |at: Timestamp| moment_in_words(local(at, &shop.time_zone));
    let zone = shop.time_zone.iana_name().unwrap_or("UTC");
    let mut text = format!("{} at {}, customer {}; times of {zone}\n", address.as_str(), shop.name, customer.id);
    let mut say = |line: String| {
        // Writing into a string does not fail.
        let _ = writeln!(text, "{}", format!("  {line}").trim_end());
    };
    if let Some(name) = &customer.contact.name {
        say(format!("They call themselves {}.", name.is));
    }
    let spent = Money { minor: customer.orders.spent, currency: shop.currency };
    say(match customer.orders.last() {
        None => "No order.".to_owned(),
        Some(last) => {
            let orders = counted(customer.orders.count, "order");
            format!("{orders}, {spent} in all; the last on {}.", day(last))
        }
    });
    say(consent(customer, day));
    if customer.complaint.is_open() {
        say("A complaint of theirs is open.".to_owned());
    }
    for (program, journey) in &customer.journeys {
        let held = if journey.held { "; held out: never mailed" } else { "" };
        let steps = counted(journey.briefs.len(), "step");
        say(format!("{program}: {steps} of the silence since {}{held}.", day(journey.episode)));
    }
    for message in messages {
        let offer = message.offer.as_ref().map_or_else(String::new, |offer| {
            let code = offer.code.as_ref().map_or_else(String::new, |code| format!(", code {code}"));
            format!("; {}{code}, good until {}", offer.gives, moment(offer.expires_at))
        });
        let step = format!("{}.{} {}", message.round + 1, message.step + 1, message.mail);
        say(String::new());
        say(format!("{}, {} {step}: {}{offer}", moment(message.at), message.state.word(), message.subject));
        for reason in &message.why {
            say(format!("  {reason}"));
        }
        if let Some(order) = &message.redeemed_by {
            say(format!("  Its code was used in order {order}."));
        }
    }
    let outlook = outlook(customer, &standing.store, &standing.plan, now);
    say(String::new());
    say(format!("As of {}: {}", moment(now), outlook.told(now, &shop.time_zone)));
    for reason in &outlook.why {
        say(format!("  {reason}"));
    }
    say(match outlook.next_look {
        Some(next) if next > now => format!("  Looked at again on {}.", moment(next)),
        Some(_) => "  Looked at again as soon as the schedule runs.".to_owned(),
        None => "  Looked at again when something happens.".to_owned(),
    });
    text
}

fn consent(customer: &Customer, day: impl Fn(Timestamp) -> String) -> String {
    let source = |source: Option<Source>| source.map(|source| format!(", {}", source.phrase())).unwrap_or_default();
    if let Some(erased) = customer.erased {
        return format!("They asked to be forgotten on {}.", day(erased));
    }
    if let Some(no) = customer.consent.refused.filter(|_| customer.refused()) {
        return format!("They said no to mail on {}{}.", day(no), source(customer.consent.refused_source));
    }
    if let Some(bounced) = customer.consent.bounced.as_ref().filter(|_| customer.bounced()) {
        return format!("Their mailbox refused mail for good on {}.", day(bounced.at));
    }
    match &customer.consent.latest {
        Some(said) if said.is => format!("They agreed to mail, last on {}{}.", day(said.at), source(said.source)),
        Some(said) => format!("They did not agree to mail, last said on {}{}.", day(said.at), source(said.source)),
        None => "They never said whether mail is welcome.".to_owned(),
    }
}
