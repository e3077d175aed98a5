//! `winback store check`.

use anyhow::{Result, bail};
use clap::Args;
use jiff::ToSpan;
use winback_domain::codes::Wanted;
use winback_domain::ids::{Code, CustomerId, MessageId, StoreId};
use winback_domain::offer::Gives;

use super::access::given;
use crate::shop;
use crate::stack::{Deployed, There, known};

/// Check that the store's API does what Winback asks: makes a test code and withdraws it
///
/// The code takes one percent off one order, is good until tomorrow, and nobody learns of it. It asks from here, with the
/// key of the stack.
#[derive(Debug, Args)]
pub struct Check {
    /// The store's name
    #[arg(value_parser = shop::store_id)]
    store: StoreId,
    #[command(flatten)]
    pub(super) place: There,
}

impl Check {
    /// Checks. Answers what to tell.
    pub async fn check(&self, deployed: &Deployed) -> Result<String> {
        let (cloud, store) = (&deployed.cloud, &self.store);
        known(cloud, store).await?;
        let authorities = given(deployed, store).await?;
        if authorities.is_empty() {
            bail!(
                "{store} has given no key to its API: winback store access {store} --file FILE --stack {}",
                deployed.stack.name
            );
        }
        let now = cloud.clock.now();
        // Nobody's code: of no customer and of this very second.
        let nobody = MessageId::of(CustomerId::from_bytes([0; 16]), "a test of the store's key", now, 0, 0);
        let code = Code::of(&cloud.secrets.code(now).await?, store, nobody, 0);
        let wanted = Wanted {
            code: &code,
            gives: &Gives::PercentOff(1),
            minimum_order: None,
            from: now,
            until: now.checked_add(24.hours())?,
            uses: 1,
            title: "Winback: a test of the key",
            email: None,
        };
        let mut said = String::new();
        let mut failed = false;
        for authority in authorities {
            let word = authority.word();
            let made = cloud.make_code(store, authority, &wanted).await?;
            let reference = made.as_ref().ok().and_then(|made| made.reference.clone());
            let withdrawn = cloud.withdraw_code(store, authority, &code, reference.as_deref()).await?;
            said.push_str(&match (&made, &withdrawn) {
                (Ok(_), Ok(_)) => format!("{word}: made the test code {code}, read it back, and withdrew it.\n"),
                (Ok(_), Err(trouble)) => {
                    format!(
                        "{word}: made the test code {code}, and could not withdraw it: {trouble}. Delete it there.\n"
                    )
                }
                (Err(trouble), _) => format!("{word}: the test code could not be made: {trouble}.\n"),
            });
            failed |= made.is_err() || withdrawn.is_err();
        }
        if failed {
            bail!("{}", said.trim_end());
        }
        Ok(said)
    }
}
