//! Writing secrets: SecureString parameters in SSM. None is ever printed here, and none is written over unless that is
//! what was asked for.

use aws_sdk_ssm::types::{ParameterStringFilter, ParameterType};
use winback_domain::ids::StoreId;

use super::{Error, Stack};
use crate::secrets;

/// So many bytes of chance are in a secret.
const BYTES: usize = 32;

/// The keys of a stack, and what a new one begins with: `link` names each of its keys by a number.
pub const KEYS: [(&str, &str); 3] = [("lookup", ""), ("code", ""), ("link", "1:")];

/// A new key: nothing but chance, in letters that every shell and every editor leaves alone.
pub fn new_key() -> String {
    data_encoding::BASE64URL_NOPAD.encode(&chance())
}

/// A new webhook secret, as Standard Webhooks write it.
pub fn new_webhook_secret() -> String {
    format!("whsec_{}", data_encoding::BASE64.encode(&chance()))
}

fn chance() -> [u8; BYTES] {
    let mut bytes = [0_u8; BYTES];
    // A secret without chance would be worse than none.
    getrandom::fill(&mut bytes).expect("the machine gives random bytes");
    bytes
}

impl Stack {
    /// The name of a secret's parameter.
    pub fn secret_name(&self, name: &str) -> String {
        format!("{}/{name}", self.config.secrets_prefix)
    }

    /// The name of the parameter with a store's webhook secrets, one a line.
    pub fn webhook_secrets(&self, store: &StoreId) -> String {
        self.secret_name(&secrets::webhook(store))
    }

    /// A parameter's value; nothing where there is none.
    pub async fn secret(&self, name: &str) -> Result<Option<String>, Error> {
        match self.ssm.get_parameter().name(name).with_decryption(true).send().await {
            Ok(answer) => Ok(answer.parameter.and_then(|parameter| parameter.value)),
            Err(error) if error.as_service_error().is_some_and(|said| said.is_parameter_not_found()) => Ok(None),
            Err(error) => Err(self.refused("ssm:GetParameter", &error)),
        }
    }

    /// The KMS key that a parameter is encrypted with; nothing where there is no such parameter.
    pub async fn secret_key(&self, name: &str) -> Result<Option<String>, Error> {
        let wanted = ParameterStringFilter::builder().key("Name").option("Equals").values(name).build();
        let wanted = wanted.expect("a filter that has its key");
        let answer = self.ssm.describe_parameters().parameter_filters(wanted).send().await;
        let answer = answer.map_err(|error| self.refused("ssm:DescribeParameters", &error))?;
        Ok(answer.parameters().first().and_then(|known| known.key_id()).map(str::to_owned))
    }

    /// Writes a secret where there is none. Answers whether it did: what is there stays as it is.
    pub async fn add_secret(&self, name: &str, value: &str, key: Option<&str>) -> Result<bool, Error> {
        match self.put(name, value, key).overwrite(false).send().await {
            Ok(_) => Ok(true),
            Err(error) if error.as_service_error().is_some_and(|said| said.is_parameter_already_exists()) => Ok(false),
            Err(error) => Err(self.refused("ssm:PutParameter", &error)),
        }
    }

    /// Writes a secret over the one that is there. Without a key it would be encrypted with the account's own from then
    /// on, so name the one it has.
    pub async fn replace_secret(&self, name: &str, value: &str, key: Option<&str>) -> Result<(), Error> {
        let answer = self.put(name, value, key).overwrite(true).send().await;
        answer.map(|_| ()).map_err(|error| self.refused("ssm:PutParameter", &error))
    }

    fn put(
        &self,
        name: &str,
        value: &str,
        key: Option<&str>,
    ) -> aws_sdk_ssm::operation::put_parameter::builders::PutParameterFluentBuilder {
        let request = self.ssm.put_parameter().name(name).value(value).r#type(ParameterType::SecureString);
        request.set_key_id(key.map(str::to_owned))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_webhook_secret_reads_as_one_and_is_never_the_same_twice() {
        let secret = new_webhook_secret();
        assert!(winback_domain::webhook::Wiring::parse(&secret).is_ok());
        assert_ne!(new_webhook_secret(), secret);
        assert_eq!(new_key().len(), 43);
    }
}
