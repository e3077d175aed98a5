//! Stores that say half of it, or nothing.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;
use winback_domain::exchange::{Concerns, Trouble};
use wiremock::ResponseTemplate;

use super::answers::{Question, STORES, Store};
use super::{LATER, meets};

/// Four hundred bytes are to come, and a few do.
pub(super) const HALF: &str = "HTTP/1.1 200 OK\r\ncontent-length: 400\r\n\r\n{\"data\": {\"shop\": {\"currencyC";

#[tokio::test]
async fn half_an_answer_is_none() {
    for store in STORES {
        let ended = store.make(&cut_short(HALF, Ending::HangsUp).await).await;
        assert_eq!(ended, Err(Trouble::Unreadable), "{store:?}");
        // It made the code, and nobody knows.
        for question in [Question::Make, Question::End] {
            let (status, body) = store.well(question);
            let mut half = body.to_string().into_bytes();
            half.truncate(half.len() / 2);
            let answer = ResponseTemplate::new(status).set_body_raw(half, "application/json");
            let trouble = meets(store, question, answer).await.expect_err("what does it say?");
            let known = (&trouble, trouble.concerns());
            assert_eq!(known, (&Trouble::Unreadable, Concerns::Store(60)), "{store:?}, {question:?}");
        }
        let nothing = ResponseTemplate::new(200);
        assert_eq!(meets(store, Question::First, nothing).await, Err(Trouble::Unreadable), "{store:?}");
    }
}

#[tokio::test]
async fn nobody_waits_for_a_store_for_more_than_ten_seconds() {
    for store in STORES {
        // It says nothing; it begins to say something. The connection it takes would stay open for ever.
        for (said, at_least) in [("", 8), (HALF, 10)] {
            let cloud = store.cloud(&cut_short(said, Ending::FallsSilent).await);
            let began = Instant::now();
            let trouble = store.make_by(&cloud).await.expect_err("nobody answers");
            let waited = began.elapsed().as_secs();
            assert!((at_least..=10).contains(&waited), "{store:?}, {said:?}: {waited} seconds");
            tokio::time::resume();
            assert_eq!((&trouble, trouble.concerns()), (&LATER, Concerns::Store(60)), "{store:?}, {said:?}");
        }
    }
    // Nobody is there at all.
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port on loopback");
    let base = format!("http://{}", listener.local_addr().expect("it has an address"));
    drop(listener);
    assert_eq!(Store::Stripe.make(&base).await, Err(LATER));
}

pub(super) enum Ending {
    HangsUp,
    /// From then on time stands still but where somebody waits for it to pass: there it has passed.
    FallsSilent,
}

/// A store that hears one question out, says this, and no more.
pub(super) async fn cut_short(said: &'static str, ending: Ending) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port on loopback");
    let address = listener.local_addr().expect("it has an address");
    tokio::spawn(async move {
        let (mut line, _) = listener.accept().await.expect("somebody asks");
        let mut heard = Vec::new();
        while !is_whole(&heard) {
            let more = line.read_buf(&mut heard).await.expect("they go on");
            assert!(more > 0, "they hung up");
        }
        line.write_all(said.as_bytes()).await.expect("they listen");
        match ending {
            Ending::HangsUp => {}
            Ending::FallsSilent => fall_silent(line).await,
        }
    });
    format!("http://{address}")
}

async fn fall_silent(line: TcpStream) {
    // What was said is heard.
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
    tokio::time::pause();
    std::future::pending::<()>().await;
    drop(line);
}

/// A request with all its body.
fn is_whole(heard: &[u8]) -> bool {
    let text = String::from_utf8_lossy(heard).to_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    body.len() >= length.unwrap_or_default()
}
