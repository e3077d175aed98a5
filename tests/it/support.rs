//! A shop on a turned clock, and a transcript that its owner could read.

pub mod backup;
pub mod codes;
pub mod http;
pub mod log;
pub mod orders_api;
pub mod raw;
pub mod stores;
pub mod uploads;
mod words;

use std::fmt::Write as _;
use std::path::Path;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use winback_cloud::programs;
use winback_cloud::queue::Told;
use winback_domain::customer::Customer;
use winback_domain::decide::decide;
use winback_domain::event::wire;
use winback_domain::ids::{CustomerId, StoreId};
use winback_domain::message::Message;
use winback_domain::money::Money;
use winback_domain::plan::Folder;
use winback_domain::report;
use winback_domain::store::State;
use winback_local::aws::SentMail;
use winback_local::clock::Turned;
use winback_local::place::{Ledger, Place, Set, Setup};

use http::{Answered, request};

/// A store's summary, recounted from all that its tables hold.
pub async fn recounted(place: &Place, store: &StoreId) -> report::Summary {
    let ledger = place.ledger(store).await.expect("the ledger reads");
    let people = place.people(store).await.expect("the table reads");
    place.overseer.forget(store);
    let standing = place.overseer.standing(store).await.expect("the store stands");
    report::summary(&report::Ledger {
        customers: &people.customers,
        aliases: &people.aliases,
        orders: &ledger.orders,
        messages: &ledger.messages,
        coupons: &ledger.coupons,
        store: &standing.store,
        plan: &standing.plan,
        now: place.clock.now(),
    })
}

/// The sample shops of this repository.
pub fn sample(name: &str) -> Folder {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/programs").join(name);
    programs::read(&dir).expect("the sample shop is there")
}

pub fn store(name: &str) -> StoreId {
    StoreId::try_from(name.to_owned()).expect("a store's name")
}

/// Replaces a piece of a shop's file; it must be there.
pub fn edit(folder: &mut Folder, file: &str, from: &str, to: &str) {
    let text = folder.get_mut(file).expect("the file is there");
    assert!(text.contains(from), "{file} does not hold {from:?}");
    *text = text.replace(from, to);
}

/// The sample bookshop with nobody held out.
pub fn books() -> Folder {
    let mut folder = sample("shop");
    edit(&mut folder, "shop.yaml", EVERYBODY_MAILED.0, EVERYBODY_MAILED.1);
    folder
}

/// One shop's story.
pub struct Shop {
    pub place: Place,
    pub store: StoreId,
    pub zone: TimeZone,
    currency: &'static str,
    told: String,
    events: Vec<Told>,
    mails: usize,
    orders: u32,
}

pub const EVERYBODY_MAILED: (&str, &str) = ("holdout: 30 %", "holdout: 0 %");

impl Shop {
    /// The sample bookshop, live, nobody held out, on a clock that stands at a moment of its own zone.
    pub async fn open(now: &str) -> Self {
        Self::open_with(now, "books", &books()).await
    }

    pub async fn open_with(now: &str, name: &str, folder: &Folder) -> Self {
        let (zone, _) = zone_and_currency(folder);
        let place = Place::in_memory(Turned::at(moment(now, &zone))).expect("a place in memory");
        Self::join(place, name, folder).await
    }

    /// Another shop in the same place.
    pub async fn join(place: Place, name: &str, folder: &Folder) -> Self {
        let store = store(name);
        let setup = Setup { state: State::Live, unlimited: false };
        place.set_up(&store, folder, setup).await.expect("the shop's folder is good");
        let mails = place.stack.outbox().len();
        let (zone, currency) = zone_and_currency(folder);
        Self { place, store, zone, currency, told: String::new(), events: Vec::new(), mails, orders: 0 }
    }

    /// Another plan from now on.
    pub async fn edit_plan(&mut self, what: &str, folder: &Folder) -> u64 {
        self.note(&format!("the shop edits its program: {what}"));
        let setup = Setup { state: State::Live, unlimited: false };
        self.place.set_up(&self.store, folder, setup).await.expect("the shop's folder is good")
    }

    /// An operator sets the store's state, as `scan-customers` is invoked by hand.
    pub async fn set(&mut self, what: &str, state: State) {
        self.note(what);
        let set = Set { store: self.store.clone(), state };
        self.place.scan(Some(set)).await.expect("the scan goes through");
        self.place.settle().await.expect("it settles");
        self.note_mails().await;
    }

    /// Something happens now, as the store would tell it.
    pub async fn event(&mut self, kind: &str, data: Value) {
        let now = self.place.clock.now();
        self.event_at(kind, now, data).await;
    }

    /// Something happened at a moment of the past, and the store tells it now.
    pub async fn event_at(&mut self, kind: &str, at: Timestamp, data: Value) {
        let now = self.place.clock.now();
        let said = words::said(kind, &data);
        if at == now {
            self.note(&said)
        } else {
            self.note(&format!("only now we hear of {}: {said}", self.shown(at)))
        }
        let event = json!({"type": kind, "timestamp": at.to_string(), "data": data});
        let event = wire::read(event.to_string().as_bytes(), now).expect("a good event");
        let told = Told { store: self.store.clone(), event };
        self.events.push(told.clone());
        self.place.tell(&told).await.expect("the queue takes it");
        self.settle().await;
    }

    /// The store sends everything it ever told us once more.
    pub async fn send_everything_again(&mut self) {
        self.note("the shop sends everything it ever told us once more");
        for told in self.events.clone() {
            self.place.tell(&told).await.expect("the queue takes it");
        }
        self.settle().await;
    }

    async fn settle(&mut self) {
        self.place.settle().await.expect("it settles");
        self.note_mails().await;
    }

    /// An order of somebody who agrees to mail.
    pub async fn order(&mut self, email: &str, total: &str) -> String {
        self.order_with(email, total, json!({"marketing_consent": true})).await
    }

    /// An order with more in it.
    pub async fn order_with(&mut self, email: &str, total: &str, more: Value) -> String {
        self.orders += 1;
        let id = format!("{}-{}", self.store, self.orders);
        let mut data = json!({"order_id": id, "email": email, "total": total, "currency": self.currency});
        data.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        self.event("order.placed", data).await;
        id
    }

    /// Turns the clock to a moment of the shop's zone; whatever is due on the way happens.
    pub async fn until(&mut self, then: &str) {
        let end = moment(then, &self.zone);
        self.place.run_until(end, &mut |_| {}).await.expect("time goes on");
        self.note_mails().await;
        writeln!(self.told, "— the clock stands at {}", self.shown(end)).expect("a string");
    }

    /// The transcript, what became of every letter and why, and what we know of everybody in the end.
    pub async fn closing(&self) -> String {
        let (messages, people) = (self.messages().await, self.people().await);
        format!("{}\nWhat became of the letters\n{messages}\nWhat we know in the end\n{people}", self.told)
    }

    /// The mails to somebody, oldest first.
    pub fn letters_to(&self, email: &str) -> Vec<std::sync::Arc<SentMail>> {
        let outbox = self.place.stack.outbox();
        outbox.into_iter().filter(|mail| mail.to.iter().any(|to| to == email)).collect()
    }

    /// The code in the latest mail to somebody, read as a person would: from the text.
    pub fn code_mailed_to(&self, email: &str) -> String {
        let letters = self.letters_to(email);
        let mail = letters.last().expect("they were mailed");
        let looks_like_code =
            |word: &&str| word.len() == 10 && word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
        let words = mail.text.split(|c: char| !c.is_ascii_alphanumeric());
        words.filter(|word| !word.is_empty()).find(looks_like_code).expect("a code in the mail").to_owned()
    }

    /// The path of the one-click address in the latest mail to somebody, read from its header.
    pub fn unsubscribe_path(&self, email: &str) -> String {
        let letters = self.letters_to(email);
        let mail = letters.last().expect("they were mailed");
        let header = |name: &str| mail.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        assert_eq!(header("List-Unsubscribe-Post"), Some("List-Unsubscribe=One-Click"));
        let link = header("List-Unsubscribe").expect("every mail has it");
        let link = link.strip_prefix('<').and_then(|link| link.strip_suffix('>')).expect("in angle brackets");
        self.path_of(link)
    }

    /// The path of the offer page in the latest mail to somebody.
    pub async fn offer_path(&self, email: &str) -> String {
        use winback_domain::keys::{Link, Purpose};
        let letters = self.letters_to(email);
        let message = letters.last().expect("they were mailed").tags["message"].clone();
        let id = message.try_into().expect("our own id");
        let message = self.place.overseer.tables.message(&self.store, id).await.expect("read").expect("it is there");
        let keys = self.place.overseer.secrets.links(self.place.clock.now()).await.expect("the key is there");
        let link = Link { customer: message.customer, message: id };
        format!("/o/{}/{}", self.store, keys.sign(Purpose::Offer, &self.store, link))
    }

    fn path_of(&self, link: &str) -> String {
        link.strip_prefix(&self.place.cloud.config.link_base).expect("our own address").to_owned()
    }

    /// A request to the customer's pages.
    pub async fn page(&self, method: &str, path: &str, body: Option<&[u8]>) -> Answered {
        let form = [("content-type", "application/x-www-form-urlencoded")];
        let headers = if body.is_some() { &form[..] } else { &[] };
        let request = request(method, path, headers, body);
        let answer = serve_offer::handle(&self.place.cloud, request, self.place.invocation()).await;
        answer.expect("it always answers").into()
    }

    /// Somebody presses the mail reader's own unsubscribe button.
    pub async fn press_unsubscribe(&mut self, email: &str) -> Answered {
        self.note(&format!("{email} presses “unsubscribe” in the mail reader"));
        let path = self.unsubscribe_path(email);
        let answer = self.page("POST", &path, Some(b"List-Unsubscribe=One-Click")).await;
        self.settle().await;
        answer
    }

    /// A till asks `/redeem` or `/check`.
    pub async fn till(&self, path: &str, body: &Value) -> Answered {
        let body = body.to_string();
        let headers = [("content-type", "application/json")];
        let request = request("POST", path, &headers, Some(body.as_bytes()));
        let answer = redeem_code::handle(&self.place.cloud, request, self.place.invocation()).await;
        answer.expect("it always answers").into()
    }

    /// The ledger of this shop.
    pub async fn ledger(&self) -> Ledger {
        self.place.ledger(&self.store).await.expect("the ledger reads")
    }

    /// Everybody this shop knows.
    pub async fn customers(&self) -> Vec<Customer> {
        self.place.customers(&self.store).await.expect("the customers read")
    }

    /// Whoever has this address now.
    pub async fn customer(&self, email: &str) -> Customer {
        let has = |customer: &Customer| customer.email().is_some_and(|address| address.as_str() == email);
        let mut found: Vec<_> = self.customers().await.into_iter().filter(has).collect();
        assert_eq!(found.len(), 1, "one record for {email}");
        found.remove(0)
    }

    /// The discounts redeemed in the month the clock shows, in minor units.
    pub async fn discounts_this_month(&self) -> i64 {
        let today = self.zone.to_datetime(self.place.clock.now()).date();
        self.place.overseer.tables.discounts(&self.store, today).await.expect("the counter reads")
    }

    /// The ledger's messages, the latest written last: to whom, which letter, what became of it, and why.
    pub async fn messages(&self) -> String {
        let mut lines = String::new();
        let mut messages = self.ledger().await.messages;
        messages.sort_by_key(|message| (message.at, message.round, message.step, message.id));
        for message in messages {
            let to = self.name_of(message.customer).await;
            let (at, mail, state) = (self.shown(message.at), &message.mail, message.state.word());
            writeln!(lines, "{at}  {mail} to {to}: {state}{}", outcome(&message)).expect("a string");
            for why in &message.why {
                writeln!(lines, "    {why}").expect("a string");
            }
        }
        if lines.is_empty() { "none was ever made\n".to_owned() } else { lines }
    }

    /// Everybody, with their orders and what comes next.
    pub async fn people(&self) -> String {
        self.place.overseer.forget(&self.store);
        let standing = self.place.overseer.standing(&self.store).await.expect("the store is there");
        let mut lines = Vec::new();
        for customer in self.customers().await {
            let now = self.place.clock.now();
            let next = decide(&customer, &standing.store, &standing.plan, now);
            let spent = Money { minor: customer.orders.spent, currency: standing.plan.shop.currency };
            let orders = match customer.orders.count {
                1 => "1 order".to_owned(),
                many => format!("{many} orders"),
            };
            let mut line = format!("{}: {orders}, {spent}\n", self.name_of(customer.id).await);
            for why in next.why {
                writeln!(line, "    {why}").expect("a string");
            }
            lines.push(line);
        }
        lines.sort();
        lines.concat()
    }

    async fn name_of(&self, id: CustomerId) -> String {
        let customer = self.place.overseer.tables.customer(&self.store, id).await.expect("the customer reads");
        let Some(customer) = customer else { return "nobody".to_owned() };
        let name = customer.contact.name.as_ref().map(|said| said.is.as_str());
        match (name, customer.email().map(|address| address.as_str()), customer.erased) {
            (_, _, Some(_)) => "somebody forgotten".to_owned(),
            (Some(name), Some(email), _) => format!("{name} ({email})"),
            (_, Some(email), _) => email.to_owned(),
            (Some(name), None, _) => name.to_owned(),
            (None, None, _) => "somebody without an address".to_owned(),
        }
    }

    fn shown(&self, at: Timestamp) -> String {
        self.zone.to_datetime(at).strftime("%a %Y-%m-%d %H:%M").to_string()
    }

    /// A line of the transcript.
    pub fn note(&mut self, said: &str) {
        let at = self.shown(self.place.clock.now());
        writeln!(self.told, "{at}  {said}").expect("a string");
    }

    /// Writes down the mails of this shop since the last time, each with the code and deadline it says.
    async fn note_mails(&mut self) {
        let outbox = self.place.stack.outbox();
        for mail in outbox[self.mails..].iter().filter(|mail| mail.tags["store"] == self.store.as_str()) {
            let id = mail.tags["message"].clone().try_into().expect("our own id");
            let message = self.place.overseer.tables.message(&self.store, id).await.expect("the ledger reads");
            let granted = message.and_then(|message| message.offer);
            let offer = granted.map_or_else(String::new, |granted| {
                let code = granted.code.expect("whoever is mailed an offer has a code");
                // A mail whose body was not kept (large imports) cannot be compared with the ledger.
                assert!(mail.text.is_empty() || mail.text.contains(code.as_str()), "the mail has the ledger's code");
                format!("; {}, code {code}, until {}", granted.gives, self.shown(granted.expires_at))
            });
            let (at, to) = (self.shown(mail.at), mail.to.join(", "));
            writeln!(self.told, "{at}  MAIL to {to}: “{}”{offer}", mail.subject).expect("a string");
        }
        self.mails = outbox.len();
    }
}

fn outcome(message: &Message) -> String {
    let code = message.offer.as_ref().and_then(|granted| granted.code.as_ref());
    match (&message.redeemed_by, code) {
        (Some(order), Some(code)) => format!("; its code {code} was used in order {order}"),
        _ => String::new(),
    }
}

fn zone_and_currency(folder: &Folder) -> (TimeZone, &'static str) {
    let shop = winback_domain::file::read(folder, 1).expect("the folder is good").plan.shop;
    (shop.time_zone, shop.currency.code())
}

pub fn moment(text: &str, zone: &TimeZone) -> Timestamp {
    let local: DateTime = text.replace(' ', "T").parse().expect("a moment");
    zone.to_ambiguous_timestamp(local).compatible().expect("a moment that is")
}
