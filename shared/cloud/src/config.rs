//! What a function is told by its environment. Each function needs only some of it.

use winback_domain::ids::StoreId;

/// Names and places. Nothing secret.
#[derive(Clone, Debug, Default)]
pub struct Config {
    /// `WINBACK_CUSTOMERS_TABLE`
    pub customers_table: String,
    /// `WINBACK_LEDGER_TABLE`
    pub ledger_table: String,
    /// `WINBACK_EVENTS_QUEUE_URL`
    pub events_queue: String,
    /// `WINBACK_DUE_QUEUE_URL`
    pub due_queue: String,
    /// `WINBACK_CONFIGURATION_SET`: SES reports what becomes of our mail through it.
    pub configuration_set: Option<String>,
    /// `WINBACK_LINK_BASE`: where the links in mails lead, without a slash at its end.
    pub link_base: String,
    /// `WINBACK_SECRETS_PREFIX`: secrets lie below it in SSM.
    pub secrets_prefix: String,
    /// `WINBACK_DUE_SHARDS`: partitions of the due index per store, so that no partition runs hot.
    pub due_shards: u32,
    /// `WINBACK_PROGRAMS_DIR`: one folder per store; read by scan-customers.
    pub programs_dir: Option<String>,
    /// `WINBACK_FILES_BUCKET`: shops upload their histories there.
    pub files_bucket: String,
    /// `WINBACK_TENANT_PREFIX`: with a store's name behind it, the SES tenant its mails are sent as. None: no tenants.
    pub tenant_prefix: Option<String>,
    /// `WINBACK_ORIGIN_CHECKED`: requests come through the link domain alone, which says so with a secret header.
    pub origin_checked: bool,
}

/// A variable holds what it must not.
#[derive(Debug, thiserror::Error)]
#[error("environment: {0} is \"{1}\"; a whole number from 1 to 100 is wanted")]
pub struct Error(&'static str, String);

impl Config {
    /// Reads the environment. What a function does not need may be missing: using it then names it.
    pub fn from_env() -> Result<Self, Error> {
        Self::read(|name| std::env::var(name).ok())
    }

    /// Reads variables, wherever they stand.
    pub fn read(variable: impl Fn(&'static str) -> Option<String>) -> Result<Self, Error> {
        let text = |name: &'static str| variable(name).unwrap_or_default();
        let set = |name: &'static str| variable(name).filter(|text| !text.is_empty());
        let shards = set("WINBACK_DUE_SHARDS").unwrap_or_else(|| "1".to_owned());
        let due_shards = shards.parse().ok().filter(|n| (1..=100).contains(n));
        Ok(Self {
            customers_table: text("WINBACK_CUSTOMERS_TABLE"),
            ledger_table: text("WINBACK_LEDGER_TABLE"),
            events_queue: text("WINBACK_EVENTS_QUEUE_URL"),
            due_queue: text("WINBACK_DUE_QUEUE_URL"),
            configuration_set: set("WINBACK_CONFIGURATION_SET"),
            link_base: text("WINBACK_LINK_BASE").trim_end_matches('/').to_owned(),
            secrets_prefix: text("WINBACK_SECRETS_PREFIX"),
            due_shards: due_shards.ok_or(Error("WINBACK_DUE_SHARDS", shards))?,
            programs_dir: set("WINBACK_PROGRAMS_DIR"),
            files_bucket: text("WINBACK_FILES_BUCKET"),
            tenant_prefix: set("WINBACK_TENANT_PREFIX"),
            origin_checked: set("WINBACK_ORIGIN_CHECKED").is_some_and(|text| text == "true"),
        })
    }

    /// The address of a store's customer page: `o` for the offer, `u` to end mailing.
    pub fn link(&self, page: char, store: &StoreId, token: &str) -> String {
        format!("{}/{page}/{store}/{token}", self.link_base)
    }
}
