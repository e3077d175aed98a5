//! One shop, one customer, one letter with limited stock, its last day, and news: small enough to be run a thousand times.

use aws_lambda_events::sqs::SqsEvent;
use jiff::Timestamp;
use serde_json::json;
use winback_cloud::queue::{Hint, Told};
use winback_domain::event::wire;
use winback_domain::ids::{CustomerId, StoreId};
use winback_domain::plan::Folder;
use winback_domain::store::State;
use winback_local::clock::Turned;
use winback_local::place::{Place, Setup};

use crate::support;

pub const ANNA: &str = "anna@example.com";
/// Anna buys; the letter leaves; the last day; the news; after it all.
pub const BOUGHT: &str = "2026-01-12T08:00:00Z";
pub const BEFORE_LETTER: &str = "2026-04-14T05:59:00Z";
pub const LETTER: &str = "2026-04-14T06:00:00Z";
pub const BEFORE_LAST_DAY: &str = "2026-04-16T15:59:00Z";
pub const LAST_DAY: &str = "2026-04-16T16:00:00Z";
/// The limited offer, and the one that takes its place when the program changes.
pub const OFFERS: [&str; 2] = ["ten-euro", "fifteen-euro"];
pub const END: &str = "2026-05-20T00:00:00Z";

const SHOP: &str = r#"
version: 1
shop: Example Books
kind: online
open_with_code: "https://shop.example/discount/{code}"
time_zone: Europe/Helsinki
currency: EUR
languages: [en]
sender: { name: Anna, email: anna@shop.example, postal_address: "Example Street 1" }
limits: { per_customer: 2 mails in 7 days, quiet_hours: "20:00-08:00" }
holdout: 0 %
"#;

const PROGRAM: &str = r#"
version: 1
name: We miss you
status: live
lapsed: 90 days without an order
offers:
  ten-euro: { gives: 10 EUR off, valid: 3 days, stock: 3 }
rounds:
  - steps:
      - { mail: letter, send: "Tue-Thu 09:00", offer: ten-euro }
      - { mail: letter, send: 24 hours before the deadline }
  - wait: 30 days
    steps:
      - { mail: news, send: "Tue-Thu 09:00" }
"#;

pub fn folder() -> Folder {
    let mut folder = Folder::new();
    folder.insert("shop.yaml".into(), SHOP.into());
    folder.insert("program.yaml".into(), PROGRAM.into());
    for mail in ["letter", "news"] {
        let mjml = "<mjml><mj-body><mj-section><mj-column><mj-text>{{ links.unsubscribe }}</mj-text></mj-column></mj-section></mj-body></mjml>";
        for (file, text) in [("subject.txt", mail), ("body.mjml", mjml), ("body.txt", "{{ links.unsubscribe }}")] {
            folder.insert(format!("mails/{mail}/en/{file}"), text.into());
        }
    }
    folder
}

pub fn at(text: &str) -> Timestamp {
    text.parse().expect("a moment")
}

/// The shop and what happened in it.
#[derive(Clone)]
pub struct World {
    pub place: Place,
    pub store: StoreId,
}

impl World {
    /// A fresh shop on the day Anna buys.
    pub async fn new(folder: &Folder) -> Self {
        let place = Place::in_memory(Turned::at(at(BOUGHT))).expect("a place").without_nightly_scan();
        let store = support::store("books");
        let setup = Setup { state: State::Live, unlimited: false };
        place.set_up(&store, folder, setup).await.expect("the folder is good");
        Self { place, store }
    }

    /// Tells an event of this moment. The queue has it when this returns.
    pub async fn tell(&self, kind: &str, data: serde_json::Value) {
        self.tell_at(kind, &self.place.clock.now().to_string(), data).await;
    }

    /// Tells an event of an earlier moment.
    pub async fn tell_at(&self, kind: &str, then: &str, data: serde_json::Value) {
        let event = json!({"type": kind, "timestamp": then, "data": data});
        let event = wire::read(event.to_string().as_bytes(), self.place.clock.now()).expect("a good event");
        self.place.tell(&Told { store: self.store.clone(), event }).await.expect("the queue takes it");
    }

    /// A little later, and nothing is done meanwhile.
    pub fn wait_seconds(&self, seconds: i64) {
        self.place.clock.turn_to(self.place.clock.now() + jiff::SignedDuration::from_secs(seconds));
    }

    pub async fn ledger(&self) -> winback_local::place::Ledger {
        self.place.ledger(&self.store).await.expect("the table reads")
    }

    pub async fn order(&self, id: &str) {
        let order =
            json!({"order_id": id, "email": ANNA, "total": "45.00", "currency": "EUR", "marketing_consent": true});
        self.tell("order.placed", order).await;
    }

    pub async fn until(&self, then: &str) {
        self.place.run_until(at(then), &mut |_| {}).await.expect("time goes on");
    }

    /// The one customer there is.
    pub async fn anna(&self) -> Option<winback_domain::customer::Customer> {
        self.place.customers(&self.store).await.expect("the table reads").into_iter().next()
    }

    /// Another worker, in another process, gets a hint of Anna, twice in one batch: hints are only hints.
    pub async fn another_worker(&self) {
        self.hinted(&["1", "2"]).await;
    }

    /// Another worker looks at Anna once.
    pub async fn another_look(&self) {
        self.hinted(&["1"]).await;
    }

    async fn hinted(&self, records: &[&str]) {
        let Some(anna) = self.anna().await else { return };
        let worker = self.place.restarted();
        let hints = hints(&self.store, anna.id, records);
        let run = send_message::handle(&worker.cloud, hints, worker.invocation());
        // It may die or fail; whatever it left behind is the point.
        let _ = self.place.stack.faults().live(Box::pin(run)).await;
    }

    /// What the events queue holds is recorded by another process.
    pub async fn record(&self) {
        self.place.restarted().record_events().await.expect("the queue answers");
    }
}

fn hints(store: &StoreId, customer: CustomerId, records: &[&str]) -> SqsEvent {
    let body = serde_json::to_string(&Hint { store: store.clone(), customer }).expect("a hint is JSON");
    let record = |id: &&str| json!({"messageId": id, "body": body, "attributes": {}, "messageAttributes": {}});
    let records: Vec<_> = records.iter().map(record).collect();
    serde_json::from_value(json!({"Records": records})).expect("an SQS event")
}
