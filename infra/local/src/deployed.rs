//! A place as an operator would meet it on AWS: described as the Terraform module makes a stack, with its one function
//! that operators start by hand. That both are alike is held by a test beside those of the module.

use std::sync::Arc;

use serde_json::{Value, json};
use winback_cloud::operator::functions::{FUNCTIONS, OPEN};
use winback_cloud::operator::web::Web;
use winback_cloud::operator::{Error, Stack};
use winback_domain::page;

use crate::aws::{ACCOUNT, Control, REGION};
use crate::place::Place;

/// The functions that the clock starts, and when, in the scheduler's words.
const SCHEDULES: [(&str, &str); 3] =
    [("find-lapsed", "rate(1 minute)"), ("pull-orders", "cron(0 2 * * ? *)"), ("scan-customers", "cron(0 3 * * ? *)")];
/// The functions that a queue feeds, and which.
const FED: [(&str, &str); 3] = [("record-event", "events"), ("send-message", "due"), ("record-delivery", "delivery")];
/// What SES tells us of a mail.
const EVENTS: [&str; 6] = ["REJECT", "BOUNCE", "COMPLAINT", "DELIVERY", "DELIVERY_DELAY", "RENDERING_FAILURE"];

impl Place {
    /// Describes this place as a stack of this name. `sender` is the domain that its shops write from.
    pub fn deployed(&self, name: &str, sender: &str) -> Control {
        let control = Control::over(self.stack.clone());
        for function in FUNCTIONS {
            self.describe_function(&control, name, function);
        }
        for (function, expression) in SCHEDULES {
            control.describe(
                format!("/schedules/{name}-{function}?groupName={name}"),
                json!({
                    "Name": format!("{name}-{function}"),
                    "GroupName": name,
                    "State": "ENABLED",
                    "ScheduleExpression": expression,
                    "Target": {
                        "Arn": arn("lambda", &format!("function:{name}-{function}")),
                        "RoleArn": format!("arn:aws:iam::{ACCOUNT}:role/{name}-scheduler"),
                        "Input": "{\"scheduled_at\": \"<aws.scheduler.scheduled-time>\"}",
                    },
                }),
            );
        }
        self.describe_mail(&control, name, sender);
        let link_base = &self.cloud.config.link_base;
        let answer = page::not_found();
        let date = self.clock.now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        let headers: Vec<_> = answer.headers.into_iter().chain([("date", date)]).collect();
        control.page(format!("{link_base}/"), answer.status, &headers, &answer.body);
        let place = self.clone();
        control.handler(format!("{name}-scan-customers"), move |event| {
            let (cloud, invocation) = (Arc::clone(&place.cloud), place.invocation());
            Box::pin(async move {
                let run = serde_json::from_value(event).map_err(|error| error.to_string())?;
                let audit = scan_customers::handle(&cloud, run, invocation).await.map_err(|error| error.to_string())?;
                serde_json::to_value(audit).map_err(|error| error.to_string())
            })
        });
        control
    }

    /// The operator's way to it.
    ///
    /// # Errors
    /// As on AWS: when what was described is no whole stack.
    pub async fn operated(&self, control: &Control, name: &str) -> Result<Stack, Error> {
        Stack::over(control.config(), Web::over(control.web()), self.cloud.clock.clone(), name).await
    }

    /// What a function is told: as much as the module tells it, and no more. What a command found here alone it would
    /// miss on AWS.
    fn told(&self, function: &str) -> Vec<(&'static str, String)> {
        let config = &self.cloud.config;
        let customers = ("WINBACK_CUSTOMERS_TABLE", config.customers_table.clone());
        let ledger = ("WINBACK_LEDGER_TABLE", config.ledger_table.clone());
        let shards = ("WINBACK_DUE_SHARDS", config.due_shards.to_string());
        let secrets = ("WINBACK_SECRETS_PREFIX", config.secrets_prefix.clone());
        let events = ("WINBACK_EVENTS_QUEUE_URL", config.events_queue.clone());
        let files = ("WINBACK_FILES_BUCKET", config.files_bucket.clone());
        match function {
            "receive-webhook" => vec![secrets, events],
            "record-event" | "import-orders" => vec![customers, ledger, shards, secrets, files],
            "find-lapsed" => vec![customers, shards, ("WINBACK_DUE_QUEUE_URL", config.due_queue.clone())],
            "send-message" => {
                let set = config.configuration_set.clone().unwrap_or_default();
                let mail = [("WINBACK_CONFIGURATION_SET", set), ("WINBACK_LINK_BASE", config.link_base.clone())];
                [customers, ledger, shards, secrets].into_iter().chain(mail).collect()
            }
            "serve-offer" => vec![customers, ledger, shards, secrets],
            "record-delivery" | "redeem-code" => vec![customers, ledger, shards],
            "scan-customers" => {
                vec![customers, ledger, shards, files, ("WINBACK_PROGRAMS_DIR", "/opt/winback".to_owned())]
            }
            "pull-orders" => vec![customers, ledger, secrets, events],
            _ => Vec::new(),
        }
    }

    fn describe_function(&self, control: &Control, name: &str, function: &str) {
        let full = format!("{name}-{function}");
        let told = self.told(function).into_iter();
        let variables: serde_json::Map<String, Value> =
            told.map(|(name, value)| (name.to_owned(), Value::String(value))).collect();
        let layer = || json!([{"Arn": arn("lambda", &format!("layer:{name}-programs:1"))}]);
        let layers = if function == "scan-customers" { layer() } else { json!([]) };
        control.describe(
            format!("/2015-03-31/functions/{full}/configuration"),
            json!({
                "FunctionName": full,
                "FunctionArn": arn("lambda", &format!("function:{full}")),
                "State": "Active",
                "LastUpdateStatus": "Successful",
                "LastModified": self.clock.now().strftime("%Y-%m-%dT%H:%M:%S.000+0000").to_string(),
                "Layers": layers,
                "Environment": {"Variables": variables},
            }),
        );
        let statement = |principal: Value, action: &str| json!({"Effect": "Allow", "Principal": principal, "Action": action, "Resource": full});
        let mut statements = Vec::new();
        if OPEN.contains(&function) {
            control.describe(
                format!("/2021-10-31/functions/{full}/url"),
                json!({
                    "FunctionUrl": format!("https://{full}.lambda-url.{REGION}.on.aws/"),
                    "FunctionArn": arn("lambda", &format!("function:{full}")),
                    "AuthType": "NONE", "CreationTime": "", "LastModifiedTime": "",
                }),
            );
            statements.push(statement(json!("*"), "lambda:InvokeFunctionUrl"));
            statements.push(statement(json!("*"), "lambda:InvokeFunction"));
        }
        if function == "record-delivery" {
            statements.push(statement(json!({"Service": "events.amazonaws.com"}), "lambda:InvokeFunction"));
        }
        if !statements.is_empty() {
            let policy = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
            control.describe(format!("/2015-03-31/functions/{full}/policy"), json!({"Policy": policy}));
        }
        // A function that no queue feeds has an empty list, as on AWS.
        let queues = FED.iter().filter(|(fed, _)| *fed == function).map(|(_, queue)| *queue);
        let feeds: Vec<Value> = queues
            .map(|queue| {
                json!({
                    "EventSourceArn": arn("sqs", queue),
                    "State": "Enabled",
                    "FunctionResponseTypes": ["ReportBatchItemFailures"],
                    "ScalingConfig": if queue == "due" { json!({"MaximumConcurrency": 2}) } else { Value::Null },
                })
            })
            .collect();
        control.describe(
            format!("/2015-03-31/event-source-mappings?FunctionName={full}"),
            json!({"EventSourceMappings": feeds}),
        );
    }

    fn describe_mail(&self, control: &Control, name: &str, sender: &str) {
        let set = self.cloud.config.configuration_set.clone().unwrap_or_default();
        control.describe(
            format!("/v2/email/identities/{sender}"),
            json!({
                "IdentityType": "DOMAIN",
                "VerifiedForSendingStatus": true,
                "DkimAttributes": {"SigningEnabled": true, "Status": "SUCCESS"},
                "MailFromAttributes": {
                    "MailFromDomain": format!("bounce.{sender}"),
                    "MailFromDomainStatus": "SUCCESS",
                    "BehaviorOnMxFailure": "USE_DEFAULT_VALUE",
                },
            }),
        );
        control.describe(
            format!("/v2/email/configuration-sets/{set}"),
            json!({"ConfigurationSetName": set, "SendingOptions": {"SendingEnabled": true}}),
        );
        let (bus, topic) = (arn("events", "event-bus/default"), arn("sns", &format!("{name}-delivery")));
        control.describe(
            format!("/v2/email/configuration-sets/{set}/event-destinations"),
            json!({"EventDestinations": [
                way("record-delivery", "EventBridgeDestination", json!({"EventBusArn": bus})),
                way("delivery-topic", "SnsDestination", json!({"TopicArn": topic})),
            ]}),
        );
    }
}

/// Where SES tells its news.
fn way(called: &str, to: &str, destination: Value) -> Value {
    json!({"Name": called, "Enabled": true, "MatchingEventTypes": EVENTS, to: destination})
}

fn arn(service: &str, what: &str) -> String {
    format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{what}")
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::clock::Turned;

    #[tokio::test]
    async fn a_place_is_found_by_the_name_it_was_given() {
        let now: Timestamp = "2026-05-01T10:00:00Z".parse().unwrap();
        let place = Place::in_memory_at(Turned::at(now), "https://hello.shop.example").unwrap();
        let control = place.deployed("books", "shop.example");
        let stack = place.operated(&control, "books").await.unwrap();
        assert_eq!(stack.config.customers_table, place.cloud.config.customers_table);
        assert_eq!(stack.config.due_queue, place.cloud.config.due_queue);
        assert_eq!(stack.config.link_base, "https://hello.shop.example");
        let page = stack.page("https://hello.shop.example/").await.unwrap();
        assert_eq!((page.status, page.date, page.is_ours()), (404, Some(now), true));
        let nobody = place.operated(&control, "records").await.unwrap_err().to_string();
        assert!(nobody.contains("no stack records in us-east-1"), "{nobody}");
    }
}
