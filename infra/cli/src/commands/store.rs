//! `winback store`: a stack's stores, and the secrets they sign with.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use winback_cloud::operator::secrets::{KEYS, new_key, new_webhook_secret};
use winback_cloud::secrets::lines;
use winback_domain::figures::counted;
use winback_domain::ids::StoreId;
use winback_domain::store::Store;
use winback_domain::webhook::standard::Secret;

use crate::stack::{Deployed, There, open};
use crate::{Done, shop};

/// Add a store to a deployed stack, list them, change a store's secret
#[derive(Debug, Args)]
pub struct Stores {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Add(Add),
    List(List),
    RotateSecret(Rotate),
}

impl Stores {
    /// Runs it.
    pub async fn run(self) -> Result<Done> {
        let said = match self.command {
            Command::Add(command) => command.add(&open(&command.place.stack).await?).await?,
            Command::List(command) => list(&open(&command.place.stack).await?).await?,
            Command::RotateSecret(command) => command.rotate(&open(&command.place.stack).await?).await?,
        };
        print!("{said}");
        Ok(Done::Whole)
    }
}

/// Write what a new store needs, and say what to do next
///
/// Makes the store's webhook secret and, in a new stack, the three keys; nothing that is there is written over, so this can
/// be run again. The store itself comes with its folder in the layer: scan-customers activates it. No secret is printed
/// unless --show asks for it.
#[derive(Debug, Args)]
pub struct Add {
    /// The store's name: lower-case letters, digits and hyphens
    #[arg(value_parser = shop::store_id)]
    pub store: StoreId,
    #[command(flatten)]
    pub place: There,
    /// A file with the secret that the shop's system made (whsec_...); - reads standard input. Without it one is made
    #[arg(long, value_name = "FILE")]
    pub secret_file: Option<PathBuf>,
    /// The KMS key for new parameters; without it the one that keys/lookup has, or the account's own
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
    /// Print the webhook secret
    #[arg(long)]
    pub show: bool,
}

impl Add {
    /// Adds it to an open stack. Answers what to tell.
    pub async fn add(&self, deployed: &Deployed) -> Result<String> {
        let (stack, store) = (&deployed.stack, &self.store);
        let given = self.secret_file.as_ref().map(read_secret).transpose()?;
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
        let secret = given.unwrap_or_else(new_webhook_secret);
        said.push_str(&if stack.add_secret(&parameter, &secret, key.as_deref()).await? {
            format!("Wrote the webhook secret of {store} to {parameter}.\n")
        } else {
            format!("{store} has a webhook secret; it stays as it is. Another one: winback store rotate-secret {store} --stack {}.\n", stack.name)
        });
        said.push_str(&self.next(deployed, &parameter).await?);
        Ok(said)
    }

    /// What goes where.
    async fn next(&self, deployed: &Deployed, parameter: &str) -> Result<String> {
        let (stack, store) = (&deployed.stack, &self.store);
        let base = match stack.config.origin_checked {
            // Behind a link domain a function's own URL answers nobody.
            true => stack.config.link_base.clone(),
            false => {
                stack.url("receive-webhook").await?.context("receive-webhook has no URL: apply the module again")?
            }
        };
        let secret = if self.show {
            let value = stack.secret(parameter).await?.unwrap_or_default();
            lines(&value).first().copied().unwrap_or_default().to_owned()
        } else {
            format!(
                "the first line of what this prints (or use --show):\n          \
                 aws ssm get-parameter --with-decryption --region {} --name {parameter} \
                 --query Parameter.Value --output text",
                stack.region
            )
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
        Ok(format!(
            "\n{there}\n\nThen into the shop's settings for webhooks:\n  URL     {base}/webhooks/{store}\n  secret  {secret}\n"
        ))
    }
}

/// A secret that somebody else made. What is no secret is refused before anything is written.
fn read_secret(path: &PathBuf) -> Result<String> {
    let text = if path.as_os_str() == "-" {
        std::io::read_to_string(std::io::stdin()).context("standard input")?
    } else {
        std::fs::read_to_string(path).with_context(|| path.display().to_string())?
    };
    let [secret] = lines(&text)[..] else { bail!("{}: one line with one secret is wanted", path.display()) };
    Secret::parse(secret).with_context(|| path.display().to_string())?;
    Ok(secret.to_owned())
}

/// List the stores: state, plan, why paused, last scan
#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    place: There,
}

/// Lists them.
pub async fn list(deployed: &Deployed) -> Result<String> {
    let tables = &deployed.cloud.tables;
    let stores = tables.stores().await?;
    let mut said = String::new();
    for id in &stores {
        if let Some(store) = tables.store(id).await? {
            said.push_str(&format!("{id}: {}\n", words(&store)));
        }
    }
    said.push_str(&match tables.last_scan().await? {
        _ if stores.is_empty() => format!("No store is active yet: winback store add NAME writes its secrets, winback rehearse NAME --stack {} activates its folder.\n", deployed.stack.name),
        Some(scanned) => format!("Last scan: the run of {scanned}.\n"),
        None => "No scan yet.\n".to_owned(),
    });
    Ok(said)
}

/// A store in one line.
fn words(store: &Store) -> String {
    let plan = if store.plan == 0 { "no plan".to_owned() } else { format!("plan {}", store.plan) };
    let mut words = vec![store.state.word().to_owned(), plan];
    words.extend(store.paused_because.as_ref().map(|why| format!("paused because {why}")));
    words.extend(store.throttled_until.map(|until| format!("told by SES to wait until {until}")));
    words.extend(
        store.imports.as_ref().map(|imports| format!("{} under way", counted(imports.running.len(), "import"))),
    );
    words.extend(store.state_set.map(|set| format!("state set {set}")));
    words.join(", ")
}

/// Give a store a new webhook secret, the old one good until --drop-old
///
/// Makes a new secret the first line and keeps the one before as the second: signatures of both are taken. When the shop
/// signs with the new one, run it again with --drop-old. In use everywhere after five minutes. Nothing is printed unless
/// --show asks for it.
#[derive(Debug, Args)]
pub struct Rotate {
    /// The store's name
    #[arg(value_parser = shop::store_id)]
    pub store: StoreId,
    #[command(flatten)]
    pub place: There,
    /// Forget all secrets but the first
    #[arg(long, conflicts_with = "secret_file")]
    pub drop_old: bool,
    /// A file with the new secret, where the shop's system made it; - reads standard input
    #[arg(long, value_name = "FILE")]
    pub secret_file: Option<PathBuf>,
    /// The KMS key to encrypt it with from now on; without it the one it has
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
    /// Print the secret that is first now
    #[arg(long)]
    pub show: bool,
}

impl Rotate {
    /// Rotates in an open stack. Answers what to tell.
    pub async fn rotate(&self, deployed: &Deployed) -> Result<String> {
        let (stack, store) = (&deployed.stack, &self.store);
        let parameter = stack.webhook_secrets(store);
        let before = stack.secret(&parameter).await?.with_context(|| {
            format!("{store} has no webhook secret yet: winback store add {store} --stack {}", stack.name)
        })?;
        let known = lines(&before);
        let first = known.first().copied().unwrap_or_default();
        let after: Vec<String> = if self.drop_old {
            vec![first.to_owned()]
        } else {
            // A rotation that was forgotten half-way: with a third secret nobody knows any more which one the shop has.
            if known.len() > 1 {
                let secrets = counted(known.len(), "secret");
                bail!("{store} has {secrets} already: end that rotation with --drop-old first");
            }
            let new = self.secret_file.as_ref().map(read_secret).transpose()?.unwrap_or_else(new_webhook_secret);
            if new == first {
                bail!("{store} has this very secret already");
            }
            vec![new, first.to_owned()]
        };
        let mut said = if known == after {
            format!("{store} has one secret; there is no old one to drop.\n")
        } else {
            let key = match &self.key {
                Some(key) => Some(key.clone()),
                None => stack.secret_key(&parameter).await?,
            };
            stack.replace_secret(&parameter, &after.join("\n"), key.as_deref()).await?;
            let secrets = counted(after.len(), "secret");
            format!("{store} has {secrets} now; within five minutes that holds everywhere.\n")
        };
        if !self.drop_old {
            said.push_str(&format!(
                "When the shop signs with the first: winback store rotate-secret {store} --stack {} --drop-old\n",
                stack.name
            ));
        }
        if self.show {
            said.push_str(&format!("{}\n", after[0]));
        }
        Ok(said)
    }
}
