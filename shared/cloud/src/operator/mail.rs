//! SES from outside: the account, the identities of the shops, the configuration set. Nothing here sends.

use super::{Error, Stack};

/// The account's standing with SES.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// Out of the sandbox: strangers can be mailed.
    pub production: bool,
    /// SES takes mails.
    pub sending: bool,
    /// `HEALTHY`, or what SES thinks of us.
    pub enforcement: String,
    /// Mails in 24 hours.
    pub daily: f64,
    /// Of these, sent.
    pub sent: f64,
    /// Mails a second.
    pub rate: f64,
}

/// A domain or an address that mails may be sent from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Identity {
    /// As it was asked for.
    pub name: String,
    /// Mails may be sent from it.
    pub verified: bool,
    /// DKIM signatures are made.
    pub signs: bool,
    /// `SUCCESS` where receivers can check them.
    pub dkim: String,
    /// The domain of the envelope's sender; nothing: amazonses.com.
    pub mail_from: Option<String>,
    /// Whether that domain is set up.
    pub mail_from_ready: bool,
}

/// Where events about mails go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    /// Its name.
    pub name: String,
    /// Events flow.
    pub enabled: bool,
    /// `BOUNCE`, `DELIVERY` and so on.
    pub events: Vec<String>,
    /// The event bus or the topic.
    pub to: String,
}

/// The configuration set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigurationSet {
    /// SES takes mails that name it.
    pub sending: bool,
    /// Where events about them go.
    pub destinations: Vec<Destination>,
}

impl Stack {
    /// The account's standing with SES.
    pub async fn account(&self) -> Result<Account, Error> {
        let known = self.ses.get_account().send().await.map_err(|error| self.refused("ses:GetAccount", &error))?;
        let quota = known.send_quota();
        Ok(Account {
            production: known.production_access_enabled(),
            sending: known.sending_enabled(),
            enforcement: known.enforcement_status().unwrap_or_default().to_owned(),
            daily: quota.map_or(0.0, |quota| quota.max24_hour_send()),
            sent: quota.map_or(0.0, |quota| quota.sent_last24_hours()),
            rate: quota.map_or(0.0, |quota| quota.max_send_rate()),
        })
    }

    /// A domain or an address; nothing where SES does not know it.
    pub async fn identity(&self, name: &str) -> Result<Option<Identity>, Error> {
        let known = match self.ses.get_email_identity().email_identity(name).send().await {
            Ok(known) => known,
            Err(error) if error.as_service_error().is_some_and(|said| said.is_not_found_exception()) => {
                return Ok(None);
            }
            Err(error) => return Err(self.refused("ses:GetEmailIdentity", &error)),
        };
        let dkim = known.dkim_attributes();
        let from = known.mail_from_attributes();
        let status = dkim.and_then(|dkim| dkim.status()).map_or("NOT_STARTED", |status| status.as_str());
        Ok(Some(Identity {
            name: name.to_owned(),
            verified: known.verified_for_sending_status(),
            signs: dkim.is_some_and(|dkim| dkim.signing_enabled()),
            dkim: status.to_owned(),
            mail_from: from.map(|from| from.mail_from_domain().to_owned()).filter(|domain| !domain.is_empty()),
            mail_from_ready: from.is_some_and(|from| from.mail_from_domain_status().as_str() == "SUCCESS"),
        }))
    }

    /// The configuration set that every mail is sent with; nothing where there is none.
    pub async fn configuration_set(&self) -> Result<Option<ConfigurationSet>, Error> {
        let Some(name) = &self.config.configuration_set else { return Ok(None) };
        let known = match self.ses.get_configuration_set().configuration_set_name(name).send().await {
            Ok(known) => known,
            Err(error) if error.as_service_error().is_some_and(|said| said.is_not_found_exception()) => {
                return Ok(None);
            }
            Err(error) => return Err(self.refused("ses:GetConfigurationSet", &error)),
        };
        let request = self.ses.get_configuration_set_event_destinations().configuration_set_name(name);
        let answer = request.send().await;
        let answer = answer.map_err(|error| self.refused("ses:GetConfigurationSetEventDestinations", &error))?;
        let destinations = answer.event_destinations().iter().map(|known| {
            let bus = known.event_bridge_destination().map(|bus| bus.event_bus_arn());
            let topic = known.sns_destination().map(|topic| topic.topic_arn());
            Destination {
                name: known.name().to_owned(),
                enabled: known.enabled(),
                events: known.matching_event_types().iter().map(|event| event.as_str().to_owned()).collect(),
                to: bus.or(topic).unwrap_or_default().to_owned(),
            }
        });
        Ok(Some(ConfigurationSet {
            // SES leaves the options out where they are as they come.
            sending: known.sending_options().is_none_or(|options| options.sending_enabled()),
            destinations: destinations.collect(),
        }))
    }
}
