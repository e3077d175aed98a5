//! Answers tills and checkouts.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    winback_cloud::start::serve(redeem_code::handle).await
}
