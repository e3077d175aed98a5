//! Records events from the queue.

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    winback_cloud::start::serve(record_event::handle).await
}
