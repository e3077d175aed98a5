//! `winback send`: signs an event as a store would, and posts it.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::Args;
use jiff::Timestamp;
use winback_domain::ids::StoreId;
use winback_domain::keys::Key;
use winback_domain::webhook::{Wiring, standard};
use winback_local::clock::Turned;
use winback_local::post::post;

use crate::commands::serve::{LINK_BASE, secret_file};
use crate::{Done, shop};

/// Sign an event and post it
///
/// The event is sent as it is, so that a place can be tried with bad ones too. It is signed as Standard Webhooks asks for,
/// under an id made from its content: the same event again is the same delivery. The answer is printed; an answer that
/// says no ends with exit status 1.
#[derive(Debug, Args)]
pub struct Send {
    /// The event: {"type": ..., "timestamp": ..., "data": {...}}; - reads it from standard input
    event: PathBuf,
    /// Where to; without it the local place's own address
    #[arg(long, value_name = "URL")]
    to: Option<String>,
    /// The store's webhook secret; without it that of the place in --data
    #[arg(long, value_name = "whsec_...")]
    secret: Option<String>,
    /// The place whose secret signs
    #[arg(long, value_name = "DIR", required_unless_present = "secret")]
    data: Option<PathBuf>,
    /// The store's name in that place
    #[arg(long, value_name = "NAME", default_value = "shop", value_parser = shop::store_id)]
    store: StoreId,
    /// Sign as of this moment instead of now: for a place that is served with --at
    #[arg(long, value_name = "TIME")]
    at: Option<Timestamp>,
}

impl Send {
    /// Runs it.
    pub async fn run(self) -> Result<Done> {
        let body = read(&self.event)?;
        let secret = match (&self.secret, &self.data) {
            (Some(secret), _) => secret.clone(),
            (None, Some(data)) => self.secret_of(data).await?,
            (None, None) => bail!("name the secret with --secret, or the place with --data"),
        };
        let secret = Wiring::parse(&secret)?;
        let to = self.to.unwrap_or_else(|| format!("{LINK_BASE}/webhooks/{}", self.store));
        let now = self.at.unwrap_or_else(Timestamp::now);
        let id = delivery(&body);
        let headers = [
            (standard::SIGNATURE, standard::sign(&secret, &id, now, &body)),
            (standard::TIMESTAMP, now.as_second().to_string()),
            (standard::ID, id),
        ];
        let answer = post(&to, &headers, body).await?;
        println!("{} {}", answer.status, answer.body.trim_end());
        if answer.status == 401 {
            eprintln!(
                "the secret is another's, or the place's clock stands elsewhere: sign with --at what its console shows"
            );
        }
        Ok(if (200..300).contains(&answer.status) { Done::Whole } else { Done::Refused })
    }

    /// The store's secret in a place, served or not.
    async fn secret_of(&self, data: &Path) -> Result<String> {
        let file = data.join(secret_file(&self.store));
        if let Ok(secret) = std::fs::read_to_string(&file) {
            return Ok(secret);
        }
        if !data.is_dir() {
            bail!("{} is no place: `winback serve` makes one", data.display());
        }
        let place = shop::place(data, Turned::real(), LINK_BASE)?;
        place.webhook_secret(&self.store).await.with_context(|| format!("no secret of a store {}", self.store))
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    if path.as_os_str() != "-" {
        return std::fs::read(path).with_context(|| path.display().to_string());
    }
    let mut body = Vec::new();
    std::io::stdin().read_to_end(&mut body).context("standard input")?;
    Ok(body)
}

/// The id of a delivery, made from what is delivered. It hides nothing, so the key is no secret.
fn delivery(body: &[u8]) -> String {
    let mac = Key::new(Vec::new()).mac("delivery", &[body]);
    let hex: String = mac[..12].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("msg_{hex}")
}

#[cfg(test)]
mod tests {
    use super::delivery;

    #[test]
    fn the_same_event_again_is_the_same_delivery() {
        assert_eq!(delivery(b"{}"), delivery(b"{}"));
        assert_ne!(delivery(b"{}"), delivery(b"{ }"));
        assert_eq!(delivery(b"{}").len(), 28);
    }
}
