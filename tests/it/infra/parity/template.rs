//! The SAM template as CloudFormation would read it: tags made functions, functions made values.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value, json};
use serde_saphyr::Tagged;

use super::{SENDER, arn, text};

const TEMPLATE: &str = include_str!("../../../../infra/sam/template.yaml");

/// Which property names a resource. What is not here has no name that anything else needs.
pub const NAMED: [(&str, &str); 13] = [
    ("AWS::DynamoDB::Table", "TableName"),
    ("AWS::SQS::Queue", "QueueName"),
    ("AWS::SNS::Topic", "TopicName"),
    ("AWS::Serverless::Function", "FunctionName"),
    ("AWS::Serverless::LayerVersion", "LayerName"),
    ("AWS::Logs::LogGroup", "LogGroupName"),
    ("AWS::IAM::Role", "RoleName"),
    ("AWS::S3::Bucket", "BucketName"),
    ("AWS::SES::ConfigurationSet", "Name"),
    ("AWS::Scheduler::ScheduleGroup", "Name"),
    ("AWS::Events::Rule", "Name"),
    ("AWS::StepFunctions::StateMachine", "StateMachineName"),
    ("AWS::CloudWatch::Alarm", "AlarmName"),
];

/// The template with its parameters at their defaults, but for those that are given.
pub struct Template {
    whole: Value,
    given: BTreeMap<String, String>,
}

/// A resource, its properties evaluated.
#[derive(Debug)]
pub struct Resource {
    pub logical: String,
    pub metadata: Value,
    pub properties: Value,
}

impl Template {
    pub fn with(given: &[(&str, &str)]) -> Self {
        // Not YAML 1.1: there the type N of an attribute would be a no.
        let options = serde_saphyr::options! { strict_booleans: true };
        let read = serde_saphyr::from_str_with_options::<Node>(TEMPLATE, options);
        let Node(whole) = read.unwrap_or_else(|error| panic!("infra/sam/template.yaml: {error}"));
        let given = given.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let template = Self { whole, given };
        for name in template.given.keys() {
            assert!(template.whole["Parameters"].get(name).is_some(), "{name} is no parameter of the template");
        }
        template
    }

    /// The resources of a type that are made.
    pub fn all(&self, kind: &str) -> Vec<Resource> {
        self.made(|known| known == kind)
    }

    /// Every resource that is made.
    pub fn everything(&self) -> Vec<Resource> {
        self.made(|_| true)
    }

    fn made(&self, wanted: impl Fn(&str) -> bool) -> Vec<Resource> {
        let resources = self.whole["Resources"].as_object().expect("resources");
        let ours = resources.iter().filter(|(_, resource)| wanted(resource["Type"].as_str().expect("a type")));
        let made = ours.filter(|(_, resource)| resource["Condition"].as_str().is_none_or(|name| self.holds(name)));
        let read = made.map(|(logical, resource)| Resource {
            logical: logical.clone(),
            metadata: resource["Metadata"].clone(),
            properties: self.value(&resource["Properties"]),
        });
        read.collect()
    }

    /// The resources of a type by the name that they have on AWS, without the prefix.
    pub fn named(&self, kind: &str, property: &str) -> BTreeMap<String, Resource> {
        let mut named = BTreeMap::new();
        for resource in self.all(kind) {
            let name = text(&resource.properties[property]);
            let short = name.rsplit_once("winback-").map_or(name.as_str(), |(_, short)| short);
            assert!(named.insert(short.to_owned(), resource).is_none(), "two are called {name}");
        }
        named
    }

    /// A part of the template that is no resource, e.g. `/Globals/Function`.
    pub fn part(&self, pointer: &str) -> Value {
        self.value(self.whole.pointer(pointer).unwrap_or_else(|| panic!("the template has no {pointer}")))
    }

    fn holds(&self, condition: &str) -> bool {
        let known = self.whole["Conditions"].get(condition);
        let known = known.unwrap_or_else(|| panic!("the template has no condition {condition}"));
        self.value(known) == json!(true)
    }

    /// A value with every function in it evaluated. What is `AWS::NoValue` is left out.
    fn value(&self, value: &Value) -> Value {
        match value {
            Value::Array(list) => list.iter().map(|entry| self.value(entry)).filter(|entry| !entry.is_null()).collect(),
            Value::Object(map) => {
                let mut entries = map.iter();
                if let (Some((name, argument)), None) = (entries.next(), entries.next())
                    && (name == "Ref" || name.starts_with("Fn::"))
                {
                    return self.call(name, argument);
                }
                let entries = map.iter().map(|(key, entry)| (key.clone(), self.value(entry)));
                Value::Object(entries.filter(|(_, entry)| !entry.is_null()).collect())
            }
            plain => plain.clone(),
        }
    }

    fn call(&self, name: &str, argument: &Value) -> Value {
        if name == "Fn::If" {
            let condition = argument[0].as_str().expect("a condition's name");
            let branch: usize = if self.holds(condition) { 1 } else { 2 };
            return self.value(&argument[branch]);
        }
        if name == "Fn::Sub" {
            return self.substituted(argument);
        }
        let argument = self.value(argument);
        match name {
            "Ref" => self.reference(argument.as_str().expect("Ref names something")),
            "Fn::GetAtt" => self.attribute(&text(&argument)),
            "Fn::Equals" => json!(text(&argument[0]) == text(&argument[1])),
            "Fn::Not" => json!(argument[0] == json!(false)),
            "Fn::Split" => json!(text(&argument[1]).split(&text(&argument[0])).collect::<Vec<_>>()),
            "Fn::Select" => {
                let place: usize = text(&argument[0]).parse().expect("a place in a list");
                argument[1][place].clone()
            }
            "Fn::FindInMap" => {
                let keys = [0, 1, 2].map(|place| text(&argument[place]));
                let found = self.whole.pointer(&format!("/Mappings/{}", keys.join("/")));
                found.unwrap_or_else(|| panic!("no mapping {keys:?}")).clone()
            }
            _ => panic!("the template uses {name}, which is not known here"),
        }
    }

    fn reference(&self, name: &str) -> Value {
        if let Some(pseudo) = name.strip_prefix("AWS::") {
            return match pseudo {
                "AccountId" => json!(super::ACCOUNT),
                "Region" => json!(super::REGION),
                "Partition" => json!("aws"),
                "NoValue" => Value::Null,
                _ => panic!("{name} is not known here"),
            };
        }
        if let Some(parameter) = self.whole["Parameters"].get(name) {
            return match self.given.get(name) {
                Some(value) => json!(value),
                None if name == "SenderIdentityArns" => json!([SENDER]),
                None => parameter.get("Default").unwrap_or_else(|| panic!("{name} has no default")).clone(),
            };
        }
        let (kind, own) = self.name_of(name);
        json!(match kind.as_str() {
            "AWS::SNS::Topic" | "AWS::StepFunctions::StateMachine" | "AWS::Serverless::LayerVersion" =>
                arn(&kind, &own),
            "AWS::SQS::Queue" => super::queue_url(&own),
            _ => own,
        })
    }

    /// `Logical.Attribute`.
    fn attribute(&self, path: &str) -> Value {
        let (logical, attribute) = path.split_once('.').expect("a resource and its attribute");
        if attribute == "FunctionUrl" {
            // SAM calls a function's URL after the function.
            let function = logical.strip_suffix("Url").expect("a function's URL");
            let resource = &self.whole["Resources"][function];
            assert!(resource["Properties"]["FunctionUrlConfig"].is_object(), "{function} has no URL");
            let (_, name) = self.name_of(function);
            let prefix = format!("{}-", text(&self.reference("Prefix")));
            let name = name.strip_prefix(&prefix).expect("the prefix");
            return json!(format!("https://{name}.lambda-url.{}.on.aws/", super::REGION));
        }
        let (kind, name) = self.name_of(logical);
        json!(match attribute {
            "Arn" if kind == "AWS::Logs::LogGroup" => format!("{}:*", arn(&kind, &name)),
            "Arn" => arn(&kind, &name),
            "QueueName" => name,
            _ => panic!("{path} is not known here"),
        })
    }

    /// A resource's type and its name on AWS.
    fn name_of(&self, logical: &str) -> (String, String) {
        let resource = self.whole["Resources"].get(logical);
        let resource = resource.unwrap_or_else(|| panic!("the template names {logical}, which is nowhere"));
        let kind = resource["Type"].as_str().expect("a type");
        let property = NAMED.iter().find(|(known, _)| *known == kind).map(|(_, property)| property);
        let property = property.unwrap_or_else(|| panic!("{logical}: how a {kind} is named is not known here"));
        (kind.to_owned(), text(&self.value(&resource["Properties"][property])))
    }

    fn substituted(&self, argument: &Value) -> Value {
        let (pattern, own) = match argument {
            Value::Array(both) => (both[0].as_str(), self.value(&both[1])),
            plain => (plain.as_str(), json!({})),
        };
        let (mut rest, mut done) = (pattern.expect("a text"), String::new());
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) = after.split_once('}').expect("a name ends");
            let value = match own.get(name) {
                Some(value) => value.clone(),
                None if name.contains('.') => self.attribute(name),
                None => self.reference(name),
            };
            done.push_str(before);
            done.push_str(&text(&value));
            rest = after;
        }
        json!(done + rest)
    }
}

/// A value with its tag: `!Sub x` is `{"Fn::Sub": "x"}`.
struct Node(Value);

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Tagged(Plain(value), tag) = Tagged::<Plain>::deserialize(deserializer)?;
        Ok(Self(match tag.as_deref().and_then(|tag| tag.strip_prefix('!')) {
            None => value,
            Some("Ref") => json!({ "Ref": value }),
            Some(name) => Value::Object(Map::from_iter([(format!("Fn::{name}"), value)])),
        }))
    }
}

/// A value whose own tag was taken off.
struct Plain(Value);

impl<'de> Deserialize<'de> for Plain {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PlainVisitor).map(Self)
    }
}

struct PlainVisitor;

impl<'de> Visitor<'de> for PlainVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(json!(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(json!(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(json!(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(json!(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(json!(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Node(entry)) = entries.next_element()? {
            list.push(entry);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut map = Map::new();
        while let Some((key, Node(entry))) = entries.next_entry::<String, Node>()? {
            map.insert(key, entry);
        }
        Ok(Value::Object(map))
    }
}
