//! `winback store add`.

use anyhow::{Context, Result, bail};
use clap::Args;
use winback_cloud::operator::APPLY;
use winback_cloud::operator::secrets::{KEYS, new_key};
use winback_domain::ids::StoreId;

use super::{Signing, apart, paste, secret_of, words};
use crate::shop;
use crate::stack::{Deployed, There};

/// Write what a new store needs, and say what to do next
///
/// Makes the store's webhook secret and, in a new stack, the three keys; nothing that is there is written over, so this can
/// be run again, also for a second platform of the same shop. Says what to paste where in the platform's settings. The store
/// itself comes with its folder in the layer: scan-customers activates it. No secret is printed unless --show asks for it.
#[derive(Debug, Args)]
pub struct Add {
    /// The store's name: lower-case letters, digits and hyphens
    #[arg(value_parser = shop::store_id)]
    store: StoreId,
    #[command(flatten)]
    pub(super) place: There,
    #[command(flatten)]
    signing: Signing,
    /// The KMS key for new parameters; without it the one that keys/lookup has, or the account's own
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// Print the webhook secret
    #[arg(long)]
    show: bool,
}

impl Add {
    /// Adds it to an open stack. Answers what to tell.
    pub async fn add(&self, deployed: &Deployed) -> Result<String> {
        let (stack, store) = (&deployed.stack, &self.store);
        let line = self.signing.line()?;
        let mut said = String::new();
        let key = match &self.key {
            Some(key) => Some(key.clone()),
            None => stack.secret_key(&stack.secret_name("keys/lookup")).await?,
        };
        for (name, prefix) in KEYS {
            let parameter = stack.secret_name(&format!("keys/{name}"));
            if stack.secret(&parameter).await?.is_some() {
                continue;
            }
            // Customers are found by their keys: under another one everybody known would be a stranger.
            if !deployed.cloud.tables.scan(0, 1, None).await?.customers.is_empty() {
                bail!("{parameter} is missing, and there are customers: bring the key back from where it was kept");
            }
            if stack.add_secret(&parameter, &format!("{prefix}{}", new_key()), key.as_deref()).await? {
                said.push_str(&format!("Made the key {parameter}.\n"));
            }
        }
        let parameter = stack.webhook_secrets(store);
        let before = stack.secret(&parameter).await?.unwrap_or_default();
        let (mine, others) = apart(&before, self.signing.platform);
        let whose = self.signing.platform.word();
        said.push_str(&match (mine.first(), &line) {
            (Some(_), _) => format!(
                "{store} has a webhook secret for {whose}; it stays as it is. Another one: winback store rotate-secret {store} --stack {}{}.\n",
                stack.name,
                self.signing.option()
            ),
            (None, None) => format!(
                "{store} has no webhook secret for {whose} yet: the platform makes it, see below; then this again with --secret-file.\n"
            ),
            (None, Some(line)) if before.is_empty() => {
                if !stack.add_secret(&parameter, line, key.as_deref()).await? {
                    bail!("somebody else wrote {parameter} at this moment: do this again");
                }
                format!("Wrote the webhook secret of {store} to {parameter}.\n")
            }
            (None, Some(line)) => {
                let after = others.iter().copied().chain([line.as_str()]).collect::<Vec<_>>().join("\n");
                let key = stack.secret_key(&parameter).await?;
                stack.replace_secret(&parameter, &after, key.as_deref()).await?;
                format!("Added the webhook secret of {store} for {whose} to {parameter}.\n")
            }
        });
        let now = stack.secret(&parameter).await?.unwrap_or_default();
        let (mine, _) = apart(&now, self.signing.platform);
        said.push_str(&self.next(deployed, &parameter, mine.first().copied()).await?);
        Ok(said)
    }

    /// What goes where.
    async fn next(&self, deployed: &Deployed, parameter: &str, line: Option<&str>) -> Result<String> {
        let (stack, store) = (&deployed.stack, &self.store);
        let base = match stack.config.origin_checked {
            // Behind a link domain a function's own URL answers nobody.
            true => stack.config.link_base.clone(),
            false => {
                let url = stack.url("receive-webhook").await?;
                url.with_context(|| format!("receive-webhook has no URL: {APPLY}"))?
            }
        };
        let secret = match line {
            None => None,
            Some(line) if self.show => Some(secret_of(line).to_owned()),
            Some(_) => Some(format!(
                "stands in the line of this platform in what this prints (or use --show):\n          \
                 aws ssm get-parameter --with-decryption --region {} --name {parameter} \
                 --query Parameter.Value --output text",
                stack.region
            )),
        };
        let there = match deployed.cloud.tables.store(store).await? {
            Some(known) => format!("The store is there: {}.", words(&known)),
            None => format!(
                "First its folder: {store}/ in the folder of shops, winback package --programs SHOPS --programs-only, apply;\n\
                 then winback rehearse {store} --stack {}, which makes it the store's plan. Events of a store without a plan\n\
                 become dead letters.",
                stack.name
            ),
        };
        let steps = paste::steps(self.signing.platform, &format!("{base}/webhooks/{store}"), secret.as_deref());
        Ok(format!("\n{there}\n\n{steps}"))
    }
}
