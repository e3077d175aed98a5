//! SES: the account, the configuration set with the way of its events, and the domains that shops write from.

use winback_cloud::operator::mail::{ConfigurationSet, Destination, Identity};
use winback_cloud::operator::{APPLY, Error, Stack};
use winback_domain::address::Address;
use winback_domain::figures::number;

use super::report::{Line, fail, ok, unseen, warn};

/// A worker sends about so many mails a second.
const PER_WORKER: f64 = 10.0;
/// AWS allows no fewer workers; there find-lapsed alone keeps the pace.
const FEWEST_WORKERS: f64 = 2.0;
/// Of a day's quota. Beyond this share it is time to ask for more.
const NEARLY_ALL: f64 = 0.8;
/// Without these nobody learns of a mailbox that refuses us.
const NEEDED: [&str; 3] = ["BOUNCE", "COMPLAINT", "DELIVERY"];

/// The account: out of the sandbox, sending, and fast enough for what it is asked.
pub async fn account(stack: &Stack) -> Vec<Line> {
    let account = match stack.account().await {
        Ok(account) => account,
        Err(error) => return vec![unseen("SES's account", &error)],
    };
    let mut lines = Vec::new();
    if !account.production {
        let todo = "ask AWS for production access: until then only verified addresses get mail";
        lines.push(fail("SES keeps the account in its sandbox", todo));
    }
    if !account.sending || account.enforcement == "SHUTDOWN" {
        let todo = "see the account dashboard of SES, and open a case";
        lines.push(fail("SES has switched off sending for the account", todo));
    } else if !["HEALTHY", ""].contains(&account.enforcement.as_str()) {
        let seen = format!("SES has the account under {}", account.enforcement.to_lowercase());
        lines.push(warn(seen, "see its reputation dashboard: bounces and complaints"));
    }
    let (daily, sent, rate) = (whole(account.daily), whole(account.sent), account.rate);
    let quota = format!("{rate} mails a second, {} of {} sent in 24 hours", number(sent), number(daily));
    if account.daily > 0.0 && account.sent > NEARLY_ALL * account.daily {
        lines.push(warn(format!("the day's quota is nearly used: {quota}"), "ask AWS for a higher sending quota"));
    } else if lines.is_empty() {
        lines.push(ok(format!("SES takes mails: {quota}")));
    }
    match workers(stack).await {
        Ok(Some(workers)) if f64::from(workers) > FEWEST_WORKERS.max(rate / PER_WORKER) => lines.push(warn(
            format!("{workers} send-message at once may ask for more than {rate} mails a second"),
            format!("set `sending_rate = {}` and apply", whole(rate)),
        )),
        Ok(Some(workers)) => lines.push(ok(format!("{workers} send-message at once stay below SES's rate"))),
        Ok(None) => lines.push(warn(
            "nothing caps how many send-message run at once",
            format!("{APPLY}: over the rate SES refuses, and a refusal stops a store"),
        )),
        Err(error) => lines.push(unseen("what feeds send-message", &error)),
    }
    lines
}

async fn workers(stack: &Stack) -> Result<Option<i32>, Error> {
    Ok(stack.feeds("send-message").await?.into_iter().find_map(|feed| feed.concurrency))
}

/// Figures of SES come as fractions and are none.
fn whole(figure: f64) -> u64 {
    figure.max(0.0) as u64
}

/// The configuration set, and whether its events find us.
pub async fn configuration_set(stack: &Stack) -> Vec<Line> {
    let name = stack.config.configuration_set.clone().unwrap_or_default();
    let set = match stack.configuration_set().await {
        Ok(Some(set)) => set,
        Ok(None) => return vec![fail(format!("there is no configuration set {name}"), APPLY)],
        Err(error) => return vec![unseen("the configuration set", &error)],
    };
    let mut lines = vec![if set.sending {
        ok(format!("the configuration set {name} sends"))
    } else {
        fail(format!("the configuration set {name} is switched off"), "set `sending_enabled = true` and apply")
    }];
    lines.extend(ways(stack, &set).await);
    lines
}

/// The ways of SES's events to record-delivery. One is enough.
async fn ways(stack: &Stack, set: &ConfigurationSet) -> Vec<Line> {
    let mut lines = Vec::new();
    let mut open = 0;
    for way in &set.destinations {
        match arrives(stack, way).await {
            Ok(None) => {
                open += 1;
                lines.push(ok(format!("events about mails come to record-delivery by {}", kind(way))));
            }
            Ok(Some(problem)) => {
                lines.push(fail(format!("events by {} do not arrive: {problem}", kind(way)), APPLY));
            }
            Err(error) => lines.push(unseen(&format!("the way of events by {}", kind(way)), &error)),
        }
    }
    if set.destinations.is_empty() {
        lines.push(fail("SES tells us nothing of our mails", APPLY));
    } else if open == 0 {
        lines.push(fail("no event about a mail arrives", "mend one of the ways above"));
    }
    lines
}

fn kind(way: &Destination) -> &'static str {
    if way.to.contains(":sns:") { "SNS" } else { "EventBridge" }
}

/// What keeps events of this way from arriving.
async fn arrives(stack: &Stack, way: &Destination) -> Result<Option<String>, Error> {
    if !way.enabled {
        return Ok(Some(format!("the destination {} is switched off", way.name)));
    }
    let missing: Vec<&str> =
        NEEDED.into_iter().filter(|event| !way.events.iter().any(|known| known == event)).collect();
    if !missing.is_empty() {
        return Ok(Some(format!("{} are not told", missing.join(", "))));
    }
    if kind(way) == "SNS" {
        let fed = stack.feeds("record-delivery").await?;
        let fed = fed.iter().any(|feed| feed.state == "Enabled" && feed.queue.ends_with("delivery"));
        return Ok((!fed).then(|| "record-delivery is not fed by the queue delivery".to_owned()));
    }
    let callers = stack.callers("record-delivery").await?;
    let may = callers.iter().any(|origin| origin.principal == "events.amazonaws.com");
    Ok((!may).then(|| "EventBridge may not start record-delivery".to_owned()))
}

/// The domain of a shop's sender: verified, signed for, aligned.
pub async fn sender(stack: &Stack, shop: &str, from: &Address) -> Vec<Line> {
    match identity(stack, from).await {
        Ok(identity) => judged(shop, from, identity.as_ref()),
        Err(error) => vec![unseen(&format!("{shop}: its sender's domain"), &error)],
    }
}

/// The identity by which SES lets this address write: its own domain or one above it, else the address itself.
async fn identity(stack: &Stack, from: &Address) -> Result<Option<Identity>, Error> {
    for name in candidates(from) {
        if let Some(known) = stack.identity(&name).await?.filter(|known| known.verified) {
            return Ok(Some(known));
        }
    }
    Ok(None)
}

fn candidates(from: &Address) -> Vec<String> {
    let mut names = Vec::new();
    let mut domain = domain_of(from);
    while domain.contains('.') {
        names.push(domain.to_owned());
        domain = domain.split_once('.').map_or("", |(_, above)| above);
    }
    names.push(from.as_str().to_owned());
    names
}

fn domain_of(from: &Address) -> &str {
    from.as_str().rsplit_once('@').map_or("", |(_, domain)| domain)
}

fn judged(shop: &str, from: &Address, identity: Option<&Identity>) -> Vec<Line> {
    let domain = domain_of(from);
    let Some(identity) = identity else {
        let todo = format!(
            "set the records of the output `dns_records` and wait until SES has seen them; without `sender_domain`: verify \
             {domain} with SES, and name its ARN in `sender_identity_arns`"
        );
        return vec![fail(format!("{shop}: SES lets nobody write from {domain}"), todo)];
    };
    let mut lines = Vec::new();
    if identity.name.contains('@') {
        let todo = format!(
            "verify the domain {domain} with DKIM: mailboxes refuse bulk mail that is not signed by its sender"
        );
        lines.push(fail(format!("{shop}: only the address is verified, so no signature is {domain}'s"), todo));
    } else if !identity.signs || identity.dkim != "SUCCESS" {
        let todo = format!("publish the DKIM records that SES shows for {}", identity.name);
        lines.push(fail(format!("{shop}: mails from {domain} are not signed (DKIM {})", identity.dkim), todo));
    } else {
        lines.push(ok(format!("{shop}: mails from {domain} are signed by {}, aligned", identity.name)));
    }
    match &identity.mail_from {
        Some(mail_from) if !identity.mail_from_ready => lines.push(warn(
            format!("{shop}: the MAIL FROM domain {mail_from} is not set up, so SPF speaks for amazonses.com"),
            "publish its MX and SPF records",
        )),
        Some(_) => {}
        None => lines.push(warn(
            format!("{shop}: without a MAIL FROM domain SPF speaks for amazonses.com, and DMARC stands on DKIM alone"),
            format!("set one below {}, such as bounce.{}", identity.name, identity.name),
        )),
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::super::report::Level;
    use super::*;

    #[test]
    fn a_sender_may_stand_below_the_domain_that_is_verified() {
        let from: Address = "hello@news.shop.example".parse().unwrap();
        assert_eq!(candidates(&from), ["news.shop.example", "shop.example", "hello@news.shop.example"]);
    }

    #[test]
    fn only_a_signature_of_the_senders_own_domain_will_do() {
        let from: Address = "hello@shop.example".parse().unwrap();
        let levels = |identity: Option<Identity>| -> Vec<Level> {
            judged("books", &from, identity.as_ref()).into_iter().map(|line| line.level).collect()
        };
        let fine = Identity {
            name: "shop.example".to_owned(),
            verified: true,
            signs: true,
            dkim: "SUCCESS".to_owned(),
            mail_from: Some("bounce.shop.example".to_owned()),
            mail_from_ready: true,
        };
        assert_eq!(levels(Some(fine.clone())), [Level::Ok]);
        assert_eq!(levels(Some(Identity { mail_from: None, ..fine.clone() })), [Level::Ok, Level::Warn]);
        assert_eq!(levels(Some(Identity { dkim: "PENDING".to_owned(), ..fine.clone() })), [Level::Fail]);
        assert_eq!(levels(Some(Identity { name: "hello@shop.example".to_owned(), ..fine })), [Level::Fail]);
        assert_eq!(levels(None), [Level::Fail]);
    }
}
