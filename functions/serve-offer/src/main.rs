//! Serves the customer's own pages.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    winback_cloud::start::serve(serve_offer::handle).await
}
