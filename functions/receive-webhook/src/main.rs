//! Takes what stores send.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    winback_cloud::start::serve(receive_webhook::handle).await
}
