//! The SDK inside Lambda: its environment holds the region and the credentials, so nothing is searched for, and what would
//! search for them is not linked in.

use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::identity::IdentityCache;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_async::time::SharedTimeSource;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;

const CONNECT: Duration = Duration::from_secs(2);
/// DynamoDB, SQS and SSM answer in milliseconds. What takes longer is tried again; SES and S3 have times of their own.
const ATTEMPT: Duration = Duration::from_secs(3);
/// A function that was frozen wakes up with connections that the other side has closed long ago.
const IDLE: Duration = Duration::from_secs(15);

/// One configuration for all clients, with one HTTP client among them.
pub fn of_lambda() -> SdkConfig {
    let timeouts = TimeoutConfig::builder().connect_timeout(CONNECT).operation_attempt_timeout(ATTEMPT).build();
    let http = Builder::new().tls_provider(Provider::Rustls(CryptoMode::AwsLc)).pool_idle_timeout(IDLE).build_https();
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
    config.set_region(std::env::var("AWS_REGION").ok().map(Region::new));
    // A stand-in, where somebody tries things out.
    config.set_endpoint_url(std::env::var("AWS_ENDPOINT_URL").ok());
    config.build()
}
