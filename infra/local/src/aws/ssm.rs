//! The stand-in for the parameter store: secrets by name.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::faults::Permission;
use super::journal::{Journal, LineRef};
use super::seam::Answer;
use super::{ACCOUNT, Error, REGION, lock};

/// A parameter was written.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Change {
    name: String,
    #[serde(flatten)]
    parameter: Parameter,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Parameter {
    value: String,
    kind: String,
    /// The KMS key of a secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    version: i64,
    at: Timestamp,
}

/// A request to SSM.
#[derive(Debug)]
pub(crate) enum Request {
    GetParameter(GetParameter),
    PutParameter(PutParameter),
    DescribeParameters(DescribeParameters),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetParameter {
    name: String,
    #[serde(default)]
    with_decryption: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PutParameter {
    name: String,
    value: String,
    #[serde(rename = "Type")]
    kind: Option<String>,
    key_id: Option<String>,
    #[serde(default)]
    overwrite: bool,
}

/// The input of `DescribeParameters`: parameters by their whole names.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(crate) struct DescribeParameters {
    parameter_filters: [Filter; 1],
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Filter {
    #[serde(rename = "Key")]
    _key: ByName,
    #[serde(rename = "Option")]
    _option: Equals,
    values: Vec<String>,
}

#[derive(Debug, Deserialize)]
enum ByName {
    Name,
}

#[derive(Debug, Deserialize)]
enum Equals {
    Equals,
}

impl Request {
    pub(crate) fn read(operation: &str, body: &[u8]) -> Result<Self, Answer> {
        match operation {
            "GetParameter" => serde_json::from_slice(body).map(Self::GetParameter),
            "PutParameter" => serde_json::from_slice(body).map(Self::PutParameter),
            "DescribeParameters" => serde_json::from_slice(body).map(Self::DescribeParameters),
            _ => return Err(Answer::unknown("SSM", operation)),
        }
        .map_err(|error| Answer::unreadable(&error))
    }

    pub(crate) fn permissions(&self) -> Vec<Permission> {
        vec![match self {
            Self::GetParameter(get) => Permission::new("ssm:GetParameter", &get.name),
            Self::PutParameter(put) => Permission::new("ssm:PutParameter", &put.name),
            Self::DescribeParameters(_) => Permission::new("ssm:DescribeParameters", "*"),
        }]
    }
}

/// SSM in this process.
pub(crate) struct Ssm {
    state: Mutex<State>,
    journal: Arc<Journal>,
}

/// What SSM keeps.
#[derive(Debug, Default)]
pub(crate) struct State(BTreeMap<String, Parameter>);

impl State {
    pub(crate) fn apply(&mut self, change: Change) {
        self.0.insert(change.name, change.parameter);
    }

    /// The changes that make this state again.
    pub(crate) fn changes(&self) -> impl Iterator<Item = Change> {
        self.0.iter().map(|(name, parameter)| Change { name: name.clone(), parameter: parameter.clone() })
    }

    /// How many changes [`State::changes`] has.
    pub(crate) fn live(&self) -> u64 {
        self.0.len() as u64
    }
}

impl Ssm {
    pub(crate) fn new(state: State, journal: Arc<Journal>) -> Self {
        Self { state: Mutex::new(state), journal }
    }

    pub(crate) fn carry_out(&self, request: Request, now: Timestamp) -> Answer {
        match request {
            Request::GetParameter(get) => self.get(&get),
            Request::PutParameter(put) => {
                let kind = put.kind.unwrap_or_else(|| "String".to_owned());
                if !put.overwrite && lock(&self.state).0.contains_key(&put.name) {
                    let message = "The parameter already exists.";
                    return Answer::error(400, "ParameterAlreadyExists", message);
                }
                // Without a key a secret is encrypted with the account's own, also where it had another one.
                let key = put.key_id.or_else(|| (kind == "SecureString").then(|| "alias/aws/ssm".to_owned()));
                match self.put(put.name, put.value, (kind, key), now) {
                    Ok(version) => Answer::ok(&json!({ "Version": version, "Tier": "Standard" })),
                    Err(error) => Answer::not_kept(&error),
                }
            }
            Request::DescribeParameters(describe) => {
                let [filter] = &describe.parameter_filters;
                let state = lock(&self.state);
                let known = filter.values.iter().filter_map(|name| Some((name, state.0.get(name)?)));
                let known = known.map(|(name, parameter)| {
                    json!({ "Name": name, "Type": parameter.kind, "KeyId": parameter.key, "Version": parameter.version })
                });
                Answer::ok(&json!({ "Parameters": known.collect::<Vec<_>>() }))
            }
        }
    }

    fn get(&self, get: &GetParameter) -> Answer {
        let state = lock(&self.state);
        let Some(parameter) = state.0.get(&get.name) else {
            return Answer::error(400, "ParameterNotFound", &get.name);
        };
        // A function that forgets to ask for decryption must not work here either.
        let readable = get.with_decryption || parameter.kind != "SecureString";
        Answer::ok(&json!({ "Parameter": {
            "Name": get.name,
            "Type": parameter.kind,
            "Value": if readable { parameter.value.as_str() } else { "(encrypted)" },
            "Version": parameter.version,
            "LastModifiedDate": parameter.at.as_second(),
            "ARN": format!("arn:aws:ssm:{REGION}:{ACCOUNT}:parameter{}", get.name),
            "DataType": "text",
        }}))
    }

    pub(crate) fn put_secret(&self, name: &str, value: &str, now: Timestamp) -> Result<(), Error> {
        let kind = ("SecureString".to_owned(), Some("alias/aws/ssm".to_owned()));
        self.put(name.to_owned(), value.to_owned(), kind, now)?;
        Ok(())
    }

    pub(crate) fn put_secret_if_absent(&self, name: &str, value: &str, now: Timestamp) -> Result<(), Error> {
        let known = lock(&self.state).0.contains_key(name);
        if known { Ok(()) } else { self.put_secret(name, value, now) }
    }

    fn put(
        &self,
        name: String,
        value: String,
        (kind, key): (String, Option<String>),
        at: Timestamp,
    ) -> std::io::Result<i64> {
        let mut state = lock(&self.state);
        let version = state.0.get(&name).map_or(1, |known| known.version + 1);
        let parameter = Parameter { value, kind, key, version, at };
        let change = Change { name, parameter };
        self.journal.write(&LineRef::Ssm(&change))?;
        state.apply(change);
        Ok(version)
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ssm::Client;
    use aws_sdk_ssm::error::ProvideErrorMetadata;
    use aws_sdk_ssm::types::ParameterType;

    use crate::aws::tests::stack;

    #[tokio::test]
    async fn a_secret_is_read_back_decrypted_and_in_its_newest_version() {
        let stack = stack();
        let client = Client::new(stack.config());
        stack.put_secret("/winback/test/keys/link", "first").unwrap();
        stack.put_secret("/winback/test/keys/link", "second").unwrap();
        let get = client.get_parameter().name("/winback/test/keys/link");
        let parameter = get.clone().with_decryption(true).send().await.unwrap();
        let parameter = parameter.parameter().unwrap();
        assert_eq!(parameter.value(), Some("second"));
        assert_eq!(parameter.version(), 2);
        let encrypted = get.send().await.unwrap();
        assert_ne!(encrypted.parameter().unwrap().value(), Some("second"));
    }

    #[tokio::test]
    async fn a_store_without_a_secret_is_told_so() {
        let client = Client::new(stack().config());
        let get = client.get_parameter().name("/winback/test/stores/nowhere");
        let error = get.send().await.unwrap_err();
        assert!(error.as_service_error().unwrap().is_parameter_not_found());
    }

    #[tokio::test]
    async fn a_parameter_is_overwritten_only_on_purpose() {
        let client = Client::new(stack().config());
        let put =
            client.put_parameter().name("/winback/test/keys/code").value("a key").r#type(ParameterType::SecureString);
        put.clone().send().await.unwrap();
        let again = put.clone().send().await.unwrap_err();
        assert_eq!(again.code(), Some("ParameterAlreadyExists"));
        assert_eq!(put.overwrite(true).send().await.unwrap().version(), 2);
    }
}
