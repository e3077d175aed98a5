//! `winback store access`.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use winback_cloud::secrets;
use winback_domain::codes::{Access, Authority};
use winback_domain::ids::StoreId;
use winback_domain::pull::Source;
use winback_domain::webhook::Platform;

use super::read_line;
use crate::shop;
use crate::stack::{Deployed, There};

/// Give Winback a key to a store's own API, so that the store honours the codes and its orders can be read
///
/// The file holds one line, and the store's name for itself comes first:
///
///   shopify SHOP.myshopify.com shpat_…      an app's token with write_discounts and read_orders
///   woocommerce https://ADDRESS ck_… cs_…   a REST API key with read and write
///   stripe rk_live_…                        a restricted key that may write coupons and promotion codes,
///                                           and read events
///   bigcommerce STORE_HASH TOKEN            an API account's token that may read orders
///
/// It takes the place of the line that was there for the same platform. In use everywhere after five minutes. A program asks
/// for codes with `codes: shopify` (or woocommerce, stripe) in program.yaml; orders are read every night, and whenever a
/// webhook of BigCommerce names one.
#[derive(Debug, Args)]
pub struct Give {
    /// The store's name
    #[arg(value_parser = shop::store_id)]
    store: StoreId,
    #[command(flatten)]
    pub(super) place: There,
    /// The file with the line; - reads standard input
    #[arg(long, value_name = "FILE")]
    file: PathBuf,
    /// The KMS key to encrypt it with; without it the one it has, or that keys/lookup has
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
}

impl Give {
    /// Writes it. Answers what to tell.
    pub async fn give(&self, deployed: &Deployed) -> Result<String> {
        let (stack, store) = (&deployed.stack, &self.store);
        let line = read_line(&self.file)?;
        let source = Source::parse(&line).with_context(|| self.file.display().to_string())?;
        let platform = source.platform();
        let parameter = stack.secret_name(&secrets::access(store));
        let before = stack.secret(&parameter).await?;
        let of_other = |known: &&str| Source::parse(known).map_or(true, |known| known.platform() != platform);
        let known = before.as_deref().map(secrets::lines).unwrap_or_default();
        let kept: Vec<&str> = known.into_iter().filter(of_other).collect();
        let after = kept.into_iter().chain([line.as_str()]).collect::<Vec<_>>().join("\n");
        let mut key = self.key.clone();
        for name in [parameter.clone(), stack.secret_name("keys/lookup")] {
            if key.is_none() {
                key = stack.secret_key(&name).await?;
            }
        }
        stack.replace_secret(&parameter, &after, key.as_deref()).await?;
        let (word, name) = (platform.word(), &stack.name);
        let next = match platform {
            Platform::BigCommerce => format!("Whether it opens: winback store pull {store} --stack {name}.\n"),
            _ => format!(
                "Whether it opens: winback store check {store} --stack {name}, and for orders winback store pull {store}\n\
                 --stack {name}. Then codes: {word} in program.yaml.\n"
            ),
        };
        Ok(format!(
            "Wrote the key to {word} of {store} to {parameter}; within five minutes it is in use everywhere.\n{next}"
        ))
    }
}

/// The authorities of a store that somebody gave a key to.
pub(super) async fn given(deployed: &Deployed, store: &StoreId) -> Result<Vec<Authority>> {
    let lines = deployed.cloud.secrets.access(store, deployed.cloud.clock.now()).await?;
    Ok(lines.iter().filter_map(|line| Access::parse(line).ok()).map(|access| access.authority()).collect())
}
