//! A program that is edited while people are in the middle of it.

use std::path::Path;
use std::sync::Arc;

use serde_json::json;
use winback_cloud::Cloud;
use winback_cloud::clock::Clock;
use winback_cloud::config::Config;
use winback_domain::plan::Folder;

use super::told;
use crate::support::{Shop, books, edit, store};

#[tokio::test]
async fn the_program_is_edited_between_a_letter_and_its_last_day() {
    let mut shop = Shop::open("2026-01-12 10:00").await;
    shop.order_with("ada@example.com", "45.00", json!({"name": "Ada Berg", "marketing_consent": true})).await;
    shop.until("2026-01-20 10:00").await;
    shop.order_with("bo@example.com", "45.00", json!({"name": "Bo Dahl", "marketing_consent": true})).await;
    shop.until("2026-04-15 10:00").await;
    let code = shop.code_mailed_to("ada@example.com");

    let mut folder = books();
    edit(&mut folder, "program.yaml", "gives: 10 EUR off", "gives: 15 EUR off");
    edit(&mut folder, "program.yaml", "- wait: 30 days                     # after", "- wait: 20 days # after");
    let number = shop.edit_plan("15 EUR instead of 10, news after 20 days instead of 30", &folder).await;
    assert_eq!(number, 2);
    shop.until("2026-04-17 12:00").await;
    let last_day = &shop.letters_to("ada@example.com")[1];
    assert!(last_day.text.contains(&code) && last_day.text.contains("€10"), "Ada keeps what she was promised");
    assert!(!last_day.text.contains("15"), "{}", last_day.text);

    shop.until("2026-04-24 12:00").await;
    let letter = &shop.letters_to("bo@example.com")[0];
    assert!(letter.subject.contains("€15"), "Bo, who lapsed later, is under the new plan: {}", letter.subject);
    // Nobody told Ada's record of the shorter wait but the nightly scan: it comes up early enough.
    shop.until("2026-05-05 12:00").await;
    assert_eq!(shop.letters_to("ada@example.com").len(), 3, "the news after 20 days");
    let ids: Vec<_> = shop.ledger().await.messages.iter().map(|message| message.id).collect();
    assert_eq!(ids.len(), 5, "five letters, five messages");
    told!("the_program_is_edited_between_a_letter_and_its_last_day", shop.closing().await);
}

#[tokio::test]
async fn one_shops_broken_folder_does_not_stop_the_others() {
    let shop = Shop::open("2026-01-12 10:00").await;
    let layer = std::env::temp_dir().join(format!("winback layer {}", std::process::id()));
    let put = |name: &str, folder: &Folder| {
        for (path, text) in folder {
            write(&layer.join(name).join(path), text.as_bytes());
        }
    };
    // Large, yet within what a folder may have: the table has to take it.
    let mut large = books();
    let size: usize = large.iter().map(|(path, text)| path.len() + text.len()).sum();
    large.insert("mails/last-day/en/old.txt".to_owned(), "x".repeat(389 * 1024 - size));
    let mut huge = books();
    huge.insert("mails/last-day/en/old.txt".to_owned(), "x".repeat(450 * 1024));
    // A letter without a way out.
    let mut trap = books();
    edit(&mut trap, "mails/last-day/en/body.txt", "{{ links.unsubscribe }}", "");
    let folders = [("a-huge", huge), ("b-bytes", books()), ("c-large", large), ("d-good", books()), ("e-trap", trap)];
    for (name, folder) in folders {
        put(name, &folder);
    }
    // Nobody's text at all.
    write(&layer.join("b-bytes/shop.yaml"), &[0xff, 0xfe]);

    let config = Config { programs_dir: layer.to_str().map(str::to_owned), ..shop.place.cloud.config.clone() };
    let clock = shop.place.clock.clone();
    let clock = Clock::turned(move || clock.now());
    let cloud = Cloud::over(shop.place.stack.config(), config, clock, Arc::new(|| "nobody".to_owned()));
    let run = serde_json::from_value(json!({"scheduled_at": shop.place.clock.now()})).expect("a run");
    scan_customers::handle(&cloud, run, shop.place.invocation()).await.expect("the scan goes through");
    let mut plans = Vec::new();
    for name in ["a-huge", "b-bytes", "c-large", "d-good", "e-trap"] {
        plans.push(cloud.tables.store(&store(name)).await.expect("it reads").map(|store| store.plan));
    }
    assert_eq!(plans, [None, None, Some(1), Some(1), None]);
    std::fs::remove_dir_all(layer).expect("it was there");
}

fn write(path: &Path, bytes: &[u8]) {
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    std::fs::write(path, bytes).expect("a file");
}
