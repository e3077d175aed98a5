//! The functions in this process, each started anew for every event, their calls to AWS written down.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use jiff::{Timestamp, ToSpan};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use winback_cloud::clock::Clock;
use winback_cloud::config::Config;
use winback_cloud::start::Invocation;
use winback_cloud::stores::Stores;
use winback_cloud::{Cloud, Error};
use winback_local::aws::{CUSTOMERS, LEDGER, Permission, Stack, sqs_event};
use winback_local::clock::Turned;

use super::Calls;

const SECRETS: &str = "/winback/prod";
pub const LINK_BASE: &str = "https://hello.shop.example";

/// The stand-ins, the clock, and who called what.
pub struct Watched {
    pub stack: Stack,
    pub clock: Turned,
    /// For looking on: its calls are nobody's.
    pub eye: Cloud,
    pub made: Calls,
    config: Config,
    owners: AtomicU32,
}

impl Watched {
    /// A deployment without a store. Its layer lies in a folder.
    pub fn new(now: Timestamp, layer: &Path) -> Self {
        let clock = Turned::at(now);
        let read = clock.clone();
        let stack = Stack::in_memory(Arc::new(move || read.now())).expect("stand-ins in memory");
        stack.create_tables().expect("two tables");
        for (key, secret) in [("lookup", "a lookup key"), ("code", "a code key"), ("link", "1:a link key")] {
            stack.put_secret(&format!("{SECRETS}/keys/{key}"), secret).expect("a parameter");
        }
        let config = Config {
            customers_table: CUSTOMERS.to_owned(),
            ledger_table: LEDGER.to_owned(),
            events_queue: stack.queue_url("events"),
            due_queue: stack.queue_url("due"),
            configuration_set: Some("winback".to_owned()),
            link_base: LINK_BASE.to_owned(),
            secrets_prefix: SECRETS.to_owned(),
            due_shards: 1,
            programs_dir: layer.to_str().map(str::to_owned),
            files_bucket: "files".to_owned(),
            tenant_prefix: None,
            origin_checked: false,
        };
        let (seen, told) = (clock.clone(), config.clone());
        let now = Clock::turned(move || seen.now());
        let eye = Cloud::over(&stack.overseer_config(), told, now, Arc::new(|| "nobody".to_owned()));
        Self { stack, clock, eye, made: Calls::new(), config, owners: AtomicU32::new(0) }
    }

    /// Gives a store its webhook secret, as its operator does.
    pub fn wire(&self, store: &str, secret: &str) {
        let name = format!("{SECRETS}/stores/{store}/webhook-secrets");
        self.stack.put_secret(&name, secret).expect("a parameter");
    }

    /// Gives us a key to a store's own API, as its owner does.
    pub fn let_in(&self, store: &str, access: &str) {
        let name = format!("{SECRETS}/stores/{store}/access");
        self.stack.put_secret(&name, access).expect("a parameter");
    }

    /// From now on the doors answer only to what comes through a link domain, which proves itself with this.
    pub fn behind_a_link_domain(&mut self, secret: &str) {
        self.stack.put_secret(&format!("{SECRETS}/keys/origin"), secret).expect("a parameter");
        self.config.origin_checked = true;
    }

    /// Runs a function that was started just now, so that nothing is remembered and every call is seen.
    pub async fn run<E, R, H>(&mut self, function: &str, handle: H, event: Value) -> Value
    where
        E: DeserializeOwned,
        R: Serialize,
        H: AsyncFn(&Cloud, E, Invocation) -> Result<R, Error>,
    {
        let number = self.owners.fetch_add(1, Ordering::Relaxed);
        let seen = self.clock.clone();
        let now = Clock::turned(move || seen.now());
        let owner = move || format!("invocation {number}");
        let cloud = Cloud::over(self.stack.config(), self.config.clone(), now, Arc::new(owner));
        let cloud = cloud.with_stores(Stores::on_trial(self.stack.stores(winback_cloud::stores::connector)));
        let event = serde_json::from_value(event).expect("the function reads its event");
        let until = self.clock.now().checked_add(60.seconds()).expect("a minute from now");
        self.stack.faults().record();
        let answer = Box::pin(handle(&cloud, event, Invocation { until })).await;
        let calls = self.stack.faults().take_calls().into_iter().flat_map(|call| call.permissions);
        let made: BTreeSet<String> = calls.map(|permission| short(&permission)).collect();
        self.made.entry(function.to_owned()).or_default().extend(made);
        let answer = answer.unwrap_or_else(|error| panic!("{function}: {error}"));
        serde_json::to_value(answer).expect("an answer is JSON")
    }

    /// What happens at a moment: events recorded, silence noticed, mails sent, their fate recorded.
    pub async fn settle(&mut self) {
        self.batches("record-event", "events", record_event::handle).await;
        let tick = json!({"scheduled_at": self.clock.now()});
        self.run("find-lapsed", find_lapsed::handle, tick).await;
        self.batches("send-message", "due", send_message::handle).await;
        for event in self.stack.take_delivery_events().expect("events of SES") {
            self.run("record-delivery", record_delivery::handle, event).await;
        }
    }

    async fn batches<H>(&mut self, function: &str, queue: &str, handle: H)
    where
        H: AsyncFn(
            &Cloud,
            aws_lambda_events::sqs::SqsEvent,
            Invocation,
        ) -> Result<aws_lambda_events::sqs::SqsBatchResponse, Error>,
    {
        let batch = self.stack.take_batch(queue, 10).expect("a queue");
        if batch.is_empty() {
            return;
        }
        let answer = self.run(function, &handle, sqs_event(&batch)).await;
        assert_eq!(answer["batchItemFailures"], json!([]), "{function}");
        let handled: Vec<&str> = batch.iter().map(|message| message.message_id.as_str()).collect();
        self.stack.settle(queue, &handled, &[]).expect("the batch is settled");
    }
}

/// As the module's table names it: parameters below the prefix, the stores' names left open.
fn short(permission: &Permission) -> String {
    let resource = permission.resource.strip_prefix(&format!("{SECRETS}/")).unwrap_or(&permission.resource);
    let mut parts: Vec<&str> = resource.split('/').collect();
    match parts.as_mut_slice() {
        ["stores", store, _] => *store = "*",
        ["files", folder @ ("imports" | "requests"), ..] => parts = vec!["files", folder, "*"],
        _ => {}
    }
    format!("{} {}", permission.action, parts.join("/"))
}
