//! The Terraform module, the SAM template and the place on one machine are one system: the same functions, names,
//! limits, permissions, alarms. The module says what is right; a name that is wrong in one of the others is found here.
//!
//! Both texts are evaluated to what AWS would get, with the defaults of their parameters, in one and the same account.

mod functions;
mod machine;
mod module;
mod names;
mod operator;
mod policies;
mod services;
mod template;
mod watched;

use serde_json::Value;

const ACCOUNT: &str = "111122223333";
const REGION: &str = "eu-central-1";
/// Who sends, in the module's own tests too.
const SENDER: &str = "arn:aws:ses:eu-central-1:111122223333:identity/shop.example";

/// The ARN of a resource by the type that CloudFormation knows it by.
fn arn(kind: &str, name: &str) -> String {
    let (service, before) = match kind {
        "AWS::DynamoDB::Table" => ("dynamodb", "table/"),
        "AWS::SQS::Queue" => ("sqs", ""),
        "AWS::SNS::Topic" => ("sns", ""),
        "AWS::Serverless::Function" => ("lambda", "function:"),
        "AWS::Serverless::LayerVersion" => ("lambda", "layer:"),
        "AWS::Logs::LogGroup" => ("logs", "log-group:"),
        "AWS::SES::ConfigurationSet" => ("ses", "configuration-set/"),
        "AWS::Scheduler::ScheduleGroup" => ("scheduler", "schedule-group/"),
        "AWS::Events::Rule" => ("events", "rule/"),
        "AWS::StepFunctions::StateMachine" => ("states", "stateMachine:"),
        "AWS::CloudWatch::Alarm" => ("cloudwatch", "alarm:"),
        "AWS::IAM::Role" => return format!("arn:aws:iam::{ACCOUNT}:role/{name}"),
        "AWS::S3::Bucket" => return format!("arn:aws:s3:::{name}"),
        _ => panic!("the ARN of a {kind} is not known here"),
    };
    format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{before}{name}")
}

fn queue_url(name: &str) -> String {
    format!("https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}")
}

/// A value as a text, as both tools make one of a number.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The entries of a list, or the one that stands for a list of one.
fn list(value: &Value) -> Vec<Value> {
    value.as_array().cloned().unwrap_or_else(|| vec![value.clone()])
}
