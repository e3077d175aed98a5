//! The SDK inside Lambda: its environment holds the region and the credentials, so nothing is searched for, and what would
//! search for them is not linked in.

use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::identity::IdentityCache;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::{SharedAsyncSleep, TokioSleep};
use aws_smithy_async::time::SharedTimeSource;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::{HttpConnectorSettings, SharedHttpConnector};

const CONNECT: Duration = Duration::from_secs(2);
/// DynamoDB, SQS and SSM answer in milliseconds. What takes longer is tried again; SES and S3 have times of their own.
const ATTEMPT: Duration = Duration::from_secs(3);
/// A function that was frozen wakes up with connections that the other side has closed long ago.
const IDLE: Duration = Duration::from_secs(15);
/// A shop's own server may be far away. One that takes longer is asked again later: a mail waits, and nothing is lost.
const STORE_CONNECT: Duration = Duration::from_secs(3);
const STORE_ANSWER: Duration = Duration::from_secs(8);
/// The authorities that sign for every AWS service. The system's hundred and forty more take a millisecond to read, and
/// none of them has any business in answering for AWS. <https://www.amazontrust.com/repository/>
const AMAZON_ROOTS: &str = include_str!("amazon_roots.pem");

/// One configuration for all clients, with one HTTP client among them.
pub fn of_lambda() -> SdkConfig {
    let timeouts = TimeoutConfig::builder().connect_timeout(CONNECT).operation_attempt_timeout(ATTEMPT).build();
    let env = |name: &str| std::env::var(name).ok();
    let http = Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .tls_context(TlsContext::builder().with_trust_store(roots(env)).build().expect("it is made of constants"))
        .pool_idle_timeout(IDLE)
        .build_https();
    let credentials = EnvironmentVariableCredentialsProvider::new();
    let mut config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .identity_cache(IdentityCache::lazy().build())
        .http_client(http)
        .retry_config(RetryConfig::standard())
        .timeout_config(timeouts)
        .sleep_impl(TokioSleep::new())
        .time_source(SharedTimeSource::default());
    config.set_region(env("AWS_REGION").map(Region::new));
    // A stand-in, where somebody tries things out.
    config.set_endpoint_url(env("AWS_ENDPOINT_URL"));
    config.build()
}

/// The way to stores, which are everywhere: the system's own authorities vouch for them.
pub fn to_stores() -> SharedHttpConnector {
    let settings = HttpConnectorSettings::builder().connect_timeout(STORE_CONNECT).read_timeout(STORE_ANSWER).build();
    let connector = Connector::builder()
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .connector_settings(settings)
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .pool_idle_timeout(IDLE)
        .build();
    SharedHttpConnector::new(connector)
}

/// The same for whoever reads orders: an answer begins within so long.
pub fn to_orders(answer: Duration) -> SharedHttpConnector {
    let settings = HttpConnectorSettings::builder().connect_timeout(CONNECT).read_timeout(answer).build();
    let connector = Connector::builder()
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .connector_settings(settings)
        .sleep_impl(SharedAsyncSleep::new(TokioSleep::new()))
        .pool_idle_timeout(IDLE)
        .build();
    SharedHttpConnector::new(connector)
}

/// Whom we believe that we speak to AWS. The system's own roots where somebody names theirs, speaks to something else
/// over TLS, or runs in a partition with other authorities.
fn roots(env: impl Fn(&str) -> Option<String>) -> TrustStore {
    let elsewhere = ["cn-", "us-iso", "eu-iso"];
    let other = env("AWS_REGION").is_some_and(|region| elsewhere.iter().any(|start| region.starts_with(start)))
        || env("AWS_ENDPOINT_URL").is_some_and(|url| url.starts_with("https:"))
        || env("SSL_CERT_FILE").is_some()
        || env("SSL_CERT_DIR").is_some();
    if other { TrustStore::default() } else { TrustStore::empty().with_pem_certificate(AMAZON_ROOTS) }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use data_encoding::{BASE64, HEXLOWER};
    use sha2::{Digest, Sha256};

    use super::*;

    /// As the authority publishes them.
    const FINGERPRINTS: [&str; 5] = [
        "8ecde6884f3d87b1125ba31ac3fcb13d7016de7f57cc904fe1cb97c6ae98196e",
        "1ba5b2aa8c65401a82960118f80bec4f62304d83cec4713a19c39c011ea46db4",
        "18ce6cfe7bf14e60b2e347b8dfe868cb31d02ebb3ada271569f50343b46db3a4",
        "e35d28419ed02025cfa69038cd623962458da5c695fbdea3c22b0bfb25897092",
        "568d6905a2c88708a4b3025190edcfedb1974a606a13c6e5290fcb2ae63edab5",
    ];

    #[test]
    fn the_roots_are_those_that_amazon_publishes() {
        let blocks = AMAZON_ROOTS.split("-----END CERTIFICATE-----").map(|block| block.trim());
        let found: BTreeSet<String> = blocks
            .filter_map(|block| block.strip_prefix("-----BEGIN CERTIFICATE-----"))
            .map(|text| BASE64.decode(text.split_whitespace().collect::<String>().as_bytes()).unwrap())
            .map(|certificate| HEXLOWER.encode(&Sha256::digest(certificate)))
            .collect();
        assert_eq!(found, FINGERPRINTS.map(str::to_owned).into());
    }

    #[test]
    fn whoever_has_other_authorities_gets_the_systems() {
        let own = |name: &'static str, value: &'static str| {
            format!("{:?}", roots(move |asked| (asked == name).then(|| value.to_owned())))
                .contains("enable_native_roots: true")
        };
        assert!(!own("AWS_REGION", "eu-north-1"));
        assert!(!own("AWS_ENDPOINT_URL", "http://127.0.0.1:4566"));
        for (name, value) in [
            ("AWS_REGION", "cn-north-1"),
            ("AWS_REGION", "us-iso-east-1"),
            ("AWS_ENDPOINT_URL", "https://dynamodb.example"),
            ("SSL_CERT_FILE", "/etc/proxy.pem"),
        ] {
            assert!(own(name, value), "{name}={value}");
        }
    }
}
