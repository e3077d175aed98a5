//! What the tests of all services need, and what concerns the stack as a whole.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};

use super::*;

/// A clock that a test turns.
#[derive(Clone)]
pub(crate) struct Turned(Arc<AtomicI64>);

impl Turned {
    /// It begins on the first of March 2027, at nine.
    pub(crate) fn new() -> Self {
        let start: Timestamp = "2027-03-01T09:00:00Z".parse().unwrap();
        Self(Arc::new(AtomicI64::new(start.as_second())))
    }

    pub(crate) fn clock(&self) -> Clock {
        let seconds = Arc::clone(&self.0);
        Arc::new(move || Timestamp::from_second(seconds.load(Ordering::SeqCst)).unwrap())
    }

    pub(crate) fn turn(&self, by: SignedDuration) {
        self.0.fetch_add(by.as_secs(), Ordering::SeqCst);
    }
}

/// A stack in memory with its tables made.
pub(crate) fn stack() -> Stack {
    stack_at(&Turned::new())
}

pub(crate) fn stack_at(turned: &Turned) -> Stack {
    let stack = Stack::in_memory(turned.clock()).unwrap();
    stack.create_tables().unwrap();
    stack
}

/// A path for a file of this test's own, gone with the test.
pub(crate) struct Scratch(PathBuf);

pub(crate) fn scratch(name: &str) -> Scratch {
    let folder = std::env::temp_dir().join(format!("winback-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    Scratch(folder.join("stack.db"))
}

impl AsRef<Path> for Scratch {
    fn as_ref(&self) -> &Path {
        &self.0
    }
}

impl Scratch {
    /// The file that the stack keeps beside its database.
    fn beside(&self) -> PathBuf {
        self.0.with_file_name("stack.db.services")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // A folder that cannot be removed is no reason to fail a test.
        let _ = self.0.parent().map(std::fs::remove_dir_all);
    }
}

async fn fill(stack: &Stack) {
    stack.create_tables().unwrap();
    stack.put_secret("/winback/test/keys/link", "a key").unwrap();
    let tables = aws_sdk_dynamodb::Client::new(stack.config());
    let pk = aws_sdk_dynamodb::types::AttributeValue::S("order/1".to_owned());
    tables.put_item().table_name(LEDGER).item("pk", pk).send().await.unwrap();
    let queues = aws_sdk_sqs::Client::new(stack.config());
    for customer in ["anna", "ben", "cleo"] {
        let send = queues.send_message().queue_url(stack.queue_url("due"));
        send.message_body(customer).send().await.unwrap();
    }
    let batch = stack.take_batch("due", 2).unwrap();
    stack.settle("due", &[&batch[0].message_id], &[]).unwrap();
    let ses = aws_sdk_sesv2::Client::new(stack.config());
    ses::tests::mail(&ses, "anna@example.org").send().await.unwrap();
    stack.take_delivery_events().unwrap();
    ses::tests::mail(&ses, "ben@example.org").send().await.unwrap();
}

async fn check(stack: &Stack, turned: &Turned) {
    let tables = aws_sdk_dynamodb::Client::new(stack.config());
    let orders = tables.scan().table_name(LEDGER).send().await.unwrap();
    assert_eq!(orders.count(), 1);
    let depth = stack.queue_depth("due").unwrap();
    assert_eq!((depth.visible, depth.in_flight), (1, 1));
    let outbox = stack.outbox();
    assert_eq!(outbox.len(), 2);
    assert_eq!(outbox[1].to, ["ben@example.org"]);
    let secrets = aws_sdk_ssm::Client::new(stack.config());
    let key = secrets.get_parameter().name("/winback/test/keys/link").with_decryption(true);
    let key = key.send().await.unwrap();
    assert_eq!(key.parameter().unwrap().value(), Some("a key"));
    turned.turn(VISIBILITY);
    let again = stack.take_batch("due", 10).unwrap();
    let seen: Vec<_> = again.iter().map(|message| (message.body.as_str(), message.receive_count)).collect();
    assert_eq!(seen, [("ben", 2), ("cleo", 1)]);
    assert_eq!(stack.take_delivery_events().unwrap().len(), 1, "ben's mail only");
}

#[tokio::test]
async fn a_stack_on_file_is_found_as_it_was_left() {
    let (turned, path) = (Turned::new(), scratch("restart"));
    fill(&Stack::in_file(&path, turned.clock()).unwrap()).await;
    let stack = Stack::in_file(&path, turned.clock()).unwrap();
    stack.create_tables().unwrap();
    check(&stack, &turned).await;
}

#[tokio::test]
async fn a_line_torn_by_the_end_of_the_process_never_happened() {
    use std::io::Write;
    let (turned, path) = (Turned::new(), scratch("torn"));
    fill(&Stack::in_file(&path, turned.clock()).unwrap()).await;
    let beside = path.beside();
    let mut file = std::fs::OpenOptions::new().append(true).open(beside).unwrap();
    file.write_all(b"{\"service\":\"sqs\",\"change\":{\"sen").unwrap();
    drop(file);
    check(&Stack::in_file(&path, turned.clock()).unwrap(), &turned).await;
}

#[tokio::test]
async fn a_long_history_is_shortened_to_what_is_left_of_it() {
    let (turned, path) = (Turned::new(), scratch("long"));
    let first = Stack::in_file(&path, turned.clock()).unwrap();
    for version in 0..1_100 {
        first.put_secret("/winback/test/keys/code", &version.to_string()).unwrap();
    }
    fill(&first).await;
    drop(first);
    let beside = path.beside();
    let before = std::fs::metadata(&beside).unwrap().len();
    drop(Stack::in_file(&path, turned.clock()).unwrap());
    assert!(std::fs::metadata(&beside).unwrap().len() < before / 10);
    let stack = Stack::in_file(&path, turned.clock()).unwrap();
    check(&stack, &turned).await;
    let queues = aws_sdk_sqs::Client::new(stack.config());
    let send = queues.send_message().queue_url(stack.queue_url("due")).message_body("dora");
    let id = send.send().await.unwrap().message_id.unwrap();
    assert!(id.ends_with("4"), "no id is given twice: {id}");
}

#[test]
fn a_file_is_open_in_one_process_at_a_time() {
    let (turned, path) = (Turned::new(), scratch("twice"));
    let _first = Stack::in_file(&path, turned.clock()).unwrap();
    assert!(matches!(Stack::in_file(&path, turned.clock()), Err(Error::InUse(_))));
}
