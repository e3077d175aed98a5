//! A shop's history, cut into parts and read.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    winback_cloud::start::serve(import_orders::handle).await
}
