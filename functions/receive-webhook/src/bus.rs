//! Events of a platform's own bus. Shopify may deliver its webhooks by way of EventBridge: the payload is the same, and
//! nothing is signed, for the bus takes events of its partner alone. A rule of ours puts the store's name beside each.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use winback_cloud::{Cloud, Error};
use winback_domain::ids::StoreId;
use winback_domain::webhook::{self, Heard, LARGEST, shopify};

/// An event as the rule hands it over.
#[derive(Clone, Debug, Deserialize)]
pub struct FromBus {
    /// Whose bus it came by; the rule knows.
    #[serde(deserialize_with = "store_id")]
    pub store: StoreId,
    /// The event.
    pub event: Carried,
}

/// EventBridge's envelope, as far as it matters.
#[derive(Clone, Debug, Deserialize)]
pub struct Carried {
    detail: Detail,
}

/// Shopify's part of it: the webhook's headers and its body.
#[derive(Clone, Debug, Deserialize)]
struct Detail {
    metadata: Map<String, Value>,
    payload: Value,
}

/// What became of it, for whoever reads the function's answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Taken {
    /// Everything that follows from it is on the queue.
    Accepted,
    /// It is nothing for us.
    Ignored,
}

fn store_id<'de, D: Deserializer<'de>>(text: D) -> Result<StoreId, D::Error> {
    StoreId::try_from(String::deserialize(text)?).map_err(serde::de::Error::custom)
}

impl Detail {
    /// A header by its lower-case name; the newer "Events" name theirs without the `x-`, here as at the door.
    fn header(&self, name: &str) -> Option<&str> {
        let said = |name: &str| {
            let (_, value) = self.metadata.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
            value.as_str().filter(|text| !text.is_empty())
        };
        said(name).or_else(|| said(name.trim_start_matches("x-")))
    }
}

/// Takes an event of a bus.
///
/// # Errors
/// Whatever keeps it from being taken: Lambda tries it twice more, and the bus keeps it in its archive.
pub async fn take(cloud: &Cloud, from: FromBus) -> Result<Taken, Error> {
    let FromBus { store, event: Carried { detail } } = from;
    let topic = detail.header("x-shopify-topic").unwrap_or_default();
    let body = serde_json::to_vec(&detail.payload).map_err(|error| Error::NotTaken(error.to_string()))?;
    if body.len() > LARGEST {
        return Err(Error::NotTaken(webhook::Error::TooLarge.to_string()));
    }
    let triggered = detail.header("x-shopify-triggered-at");
    match shopify::read_topic(topic, triggered, &body, cloud.clock.now()) {
        Ok(Heard::Events { topic, events }) => {
            crate::queue(cloud, &store, &topic, events).await?;
            Ok(Taken::Accepted)
        }
        Ok(Heard::Ignored { topic, because }) => {
            crate::ignored(&store, &topic, because);
            Ok(Taken::Ignored)
        }
        Ok(Heard::Ping) => Ok(Taken::Ignored),
        Err(error) => {
            crate::not_understood(&store, &error);
            Err(Error::NotTaken(error.to_string()))
        }
    }
}
