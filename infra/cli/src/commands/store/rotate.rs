//! `winback store rotate-secret`.

use anyhow::{Context, Result, bail};
use clap::Args;
use winback_domain::figures::counted;
use winback_domain::ids::StoreId;

use super::{Signing, apart, secret_of};
use crate::shop;
use crate::stack::{Deployed, There};

/// Give a store a new webhook secret, the old one good until --drop-old
///
/// Makes a new secret the platform's first line and keeps the one before as its second: signatures of both are taken. When
/// the platform signs with the new one, run it again with --drop-old. In use everywhere after five minutes. Nothing is
/// printed unless --show asks for it.
#[derive(Debug, Args)]
pub struct Rotate {
    /// The store's name
    #[arg(value_parser = shop::store_id)]
    store: StoreId,
    #[command(flatten)]
    pub(super) place: There,
    #[command(flatten)]
    signing: Signing,
    /// Forget all secrets of the platform but the first
    #[arg(long, conflicts_with_all = ["secret_file", "consent_field"])]
    drop_old: bool,
    /// The KMS key to encrypt it with from now on; without it the one it has
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// Print the secret that is first now
    #[arg(long)]
    show: bool,
}

impl Rotate {
    /// Rotates in an open stack. Answers what to tell.
    pub async fn rotate(&self, deployed: &Deployed) -> Result<String> {
        let (stack, store, platform) = (&deployed.stack, &self.store, self.signing.platform);
        let (option, whose) = (self.signing.option(), platform.word());
        let parameter = stack.webhook_secrets(store);
        let missing = || {
            format!(
                "{store} has no webhook secret for {whose} yet: winback store add {store} --stack {}{option}",
                stack.name
            )
        };
        let before = stack.secret(&parameter).await?.with_context(missing)?;
        let (known, others) = apart(&before, platform);
        let first = *known.first().with_context(missing)?;
        let after: Vec<String> = if self.drop_old {
            vec![first.to_owned()]
        } else {
            // A rotation that was forgotten half-way: with a third secret nobody knows any more which one the shop has.
            if known.len() > 1 {
                let secrets = counted(known.len(), "secret");
                bail!("{store} has {secrets} for {whose} already: end that rotation with --drop-old first");
            }
            let line = self.signing.line()?;
            let Some(new) = line else { bail!("{whose} makes the secret itself: give it with --secret-file") };
            // What is said beside the secret holds on, unless it is said anew.
            let new = match first.split_whitespace().find(|word| word.starts_with("consent=")) {
                Some(consent) if self.signing.consent_field.is_none() => format!("{new} {consent}"),
                _ => new,
            };
            if secret_of(&new) == secret_of(first) {
                bail!("{store} has this very secret already");
            }
            vec![new, first.to_owned()]
        };
        let mut said = if known == after {
            format!("{store} has one secret for {whose}; there is no old one to drop.\n")
        } else {
            let key = match &self.key {
                Some(key) => Some(key.clone()),
                None => stack.secret_key(&parameter).await?,
            };
            let lines: Vec<&str> = after.iter().map(String::as_str).chain(others).collect();
            stack.replace_secret(&parameter, &lines.join("\n"), key.as_deref()).await?;
            let secrets = counted(after.len(), "secret");
            format!("{store} has {secrets} for {whose} now; within five minutes that holds everywhere.\n")
        };
        if !self.drop_old {
            said.push_str(&format!(
                "When the shop signs with the first: winback store rotate-secret {store} --stack {}{option} --drop-old\n",
                stack.name
            ));
        }
        if self.show {
            said.push_str(&format!("{}\n", secret_of(&after[0])));
        }
        Ok(said)
    }
}
