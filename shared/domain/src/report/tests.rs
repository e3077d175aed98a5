use super::*;
use crate::event::PlacedOrder;
use crate::file;
use crate::ids::{Code, StoreId};
use crate::keys::Key;
use crate::message::Granted;
use crate::money::{Currency, Money};
use crate::offer::Gives;
use crate::order::Version;
use crate::plan::Folder;
use crate::redeem::{Conflict, Redemption};
use crate::store::State as StoreState;
use jiff::civil::date;

/// Example Books, without its letters' care: three words each will do.
fn plan() -> Plan {
    let mut folder = Folder::from([
        ("shop.yaml".to_owned(), include_str!("../../../programs/shop/shop.yaml").to_owned()),
        ("program.yaml".to_owned(), include_str!("../../../programs/shop/program.yaml").to_owned()),
    ]);
    for mail in ["we-miss-you", "last-day", "what-is-new", "one-more-gift"] {
        for (name, text) in [
            ("subject.txt", "Hello"),
            ("body.txt", "Hello {{ sender.postal_address }} {{ links.unsubscribe }}"),
            ("body.mjml", "<mjml><mj-body></mj-body></mjml>"),
        ] {
            folder.insert(format!("mails/{mail}/en/{name}"), text.to_owned());
        }
    }
    file::read(&folder, 1).unwrap().plan
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn euros(text: &str) -> Money {
    Money::parse(text, Currency::parse("EUR").unwrap()).unwrap()
}

fn store() -> Store {
    Store { state: StoreState::Live, ..Store::new(StoreId::try_from("books".to_owned()).unwrap()) }
}

fn customer(name: &str) -> Customer {
    let key = Key::new(b"lookup".to_vec());
    let address: crate::address::Address = format!("{name}@shop.example").parse().unwrap();
    let since = at("2026-01-10T10:00:00Z");
    let mut customer = Customer::new(CustomerId::of_address(&key, &store().id, &address), since);
    customer.contact.email = Some(crate::customer::Said { is: address, at: since });
    customer
}

fn message(to: &Customer, step: u32, state: State, sent: &str) -> Message {
    let episode = at("2026-01-10T10:00:00Z");
    Message {
        id: MessageId::of(to.id, "We miss you", episode, 0, step),
        customer: to.id,
        program: "We miss you".to_owned(),
        episode,
        round: 0,
        step,
        mail: if step == 0 { "we-miss-you" } else { "last-day" }.to_owned(),
        state,
        claim: 1,
        day: date(2026, 4, 14),
        at: at(sent),
        subject: "Hello".to_owned(),
        offer: None,
        why: vec![Reason::Lapsed { days: 90, on: date(2026, 4, 10) }],
        store_rev: 1,
        plan: 1,
        previous: None,
        redeemed_by: None,
        opened: None,
        clicked: None,
    }
}

fn order(id: &str, by: &Customer, placed: &str) -> (String, Order) {
    let placed_at = at(placed);
    let order_id = id.to_owned();
    let order = PlacedOrder { order_id, placed_at, total: euros("45"), discount_codes: vec![] };
    let placed = Some(Version { said_at: placed_at, order });
    (id.to_owned(), Order { customer: Some(by.id), placed, ..Order::default() })
}

fn granted(offer: &str, code: &str) -> Option<Granted> {
    Some(Granted {
        name: offer.to_owned(),
        gives: Gives::AmountOff(euros("10")),
        code: Code::read(code),
        expires_at: at("2026-04-17T20:59:59Z"),
        minimum_order: None,
        uses: 1,
    })
}

/// A message's code, and the order that used it.
fn used(message: &Message, order: &str, by_other: bool) -> Coupon {
    let redeemed = vec![Redemption {
        order_id: order.to_owned(),
        at: at("2026-04-17T08:00:00Z"),
        total: euros("45"),
        discount: None,
        by_other,
    }];
    Coupon { rev: 2, redeemed, ..Coupon::of(message).unwrap() }
}

struct Shelf {
    customers: Vec<Customer>,
    aliases: BTreeMap<CustomerId, CustomerId>,
    orders: Vec<(String, Order)>,
    messages: Vec<Message>,
    coupons: Vec<Coupon>,
}

impl Shelf {
    fn of(customers: &[&Customer], orders: Vec<(String, Order)>, messages: Vec<Message>) -> Self {
        let customers = customers.iter().copied().cloned().collect();
        Self { customers, aliases: BTreeMap::new(), orders, messages, coupons: Vec::new() }
    }

    fn with<T>(&self, tell: impl FnOnce(&Ledger<'_>) -> T) -> T {
        let Self { customers, orders, messages, coupons, .. } = self;
        let (store, plan, now) = (&store(), &plan(), at("2026-06-01T00:00:00Z"));
        tell(&Ledger { customers, aliases: &self.aliases, orders, messages, coupons, store, plan, now })
    }
}

#[test]
fn anna_came_back_after_her_last_day_and_bo_without_a_letter() {
    let (anna, bo, cia) = (customer("anna"), customer("bo"), customer("cia"));
    let orders = vec![
        order("A-1", &anna, "2026-01-10T10:00:00Z"),
        order("A-2", &anna, "2026-04-17T08:00:00Z"),
        order("A-3", &anna, "2026-04-18T08:00:00Z"),
        order("B-1", &bo, "2026-05-01T08:00:00Z"),
        order("C-1", &cia, "2026-05-20T08:00:00Z"),
        ("D-1".to_owned(), Order { cancelled: Some(at("2026-05-02T08:00:00Z")), ..Order::default() }),
    ];
    let messages = vec![
        message(&anna, 0, State::Delivered, "2026-04-14T06:00:00Z"),
        message(&anna, 1, State::Delivered, "2026-04-16T17:00:00Z"),
        message(&bo, 0, State::Held, "2026-04-14T06:00:00Z"),
        message(&cia, 0, State::Sent, "2026-04-14T06:00:00Z"),
    ];
    let mut shelf = Shelf::of(&[&anna, &bo, &cia], orders, messages);
    shelf.messages[0].offer = granted("ten-euro", "7K2MQX4T11");
    shelf.coupons.push(used(&shelf.messages[0], "A-2", true));
    let summary = shelf.with(summary);
    assert_eq!((summary.customers, summary.orders, summary.messages), (3, 5, 4), "the stub is no order yet");
    assert_eq!((summary.lapsed, summary.holdout, summary.redemptions), (3, 1, 1));
    assert_eq!(summary.returns, 1, "Cia's order came 36 days after her letter");
    assert_eq!(
        serde_json::to_string(&summary.by_step).unwrap(),
        r#"{"1.1 we-miss-you":{"delivered":1,"held":1,"sent":1},"1.2 last-day":{"delivered":1}}"#
    );
    let compared = shelf.with(comparison);
    assert_eq!(compared.mailed, Group { episodes: 2, returned: 1 });
    assert_eq!(compared.held, Group { episodes: 1, returned: 1 });
    let lines: Vec<String> = shelf.with(|ledger| lines(ledger).map(|l| serde_json::to_string(&l).unwrap()).collect());
    assert_eq!(lines.len(), 4);
    assert_eq!(
        lines[0],
        format!(
            r#"{{"at":"2026-04-14T06:00:00Z","email":"anna@shop.example","customer":"{}","program":"We miss you","round":1,"step":1,"#,
            anna.id
        ) + r#""episode":"2026-01-10T10:00:00Z","message_id":""#
            + &shelf.messages[0].id.to_string()
            + r#"","subject":"Hello","offer":{"kind":"amount_off","value":"10.00 EUR","code":"7K2MQX4T11","#
            + r#""expires_at":"2026-04-17T20:59:59Z"},"state":"delivered","#
            + r#""why":["After 90 days of silence they count as lapsed: since 10 April 2026."]}"#
    );
    assert!(lines[3].contains("2026-04-16T17:00:00Z"), "sorted by time");
}

#[test]
fn each_offer_says_how_many_used_it_and_which_share_of_them_was_somebody_else() {
    let people = ["anna", "bo", "cia", "dan"].map(customer);
    let codes = ["7K2MQX4T11", "7K2MQX4T12", "7K2MQX4T13", "7K2MQX4T14"];
    let messages = people.iter().zip(codes).enumerate().map(|(number, (person, code))| {
        let offer = granted(if number < 3 { "ten-euro" } else { "one-more-gift" }, code);
        Message { offer, ..message(person, 0, State::Sent, "2026-04-14T06:00:00Z") }
    });
    let mut shelf = Shelf::of(&people.each_ref(), vec![], messages.collect());
    let orders = [("A-2", false), ("X-1", true), ("C-2", false), ("D-2", false)];
    let coupons = shelf.messages.iter().zip(orders).map(|(message, (order, by_other))| used(message, order, by_other));
    shelf.coupons = coupons.collect();
    let twice = Conflict { order_id: "X-2".to_owned(), at: at("2026-04-17T09:00:00Z") };
    shelf.coupons[1].conflicts.push(twice);
    let gift = Uses { redeemed: 1, by_others: 0, leaked_tenths: 0, conflicts: 0 };
    let money = Uses { redeemed: 3, by_others: 1, leaked_tenths: 333, conflicts: 1 };
    let summary = shelf.with(summary);
    let by_offer = [("one-more-gift".to_owned(), gift), ("ten-euro".to_owned(), money)];
    assert_eq!(summary.by_offer, BTreeMap::from(by_offer));
    assert!(serde_json::to_string(&summary).unwrap().contains(r#""leaked_tenths":333"#), "and the report says so");
}

#[test]
fn an_undone_order_is_no_return_and_one_before_the_letter_neither() {
    let anna = customer("anna");
    let mut undone = order("A-2", &anna, "2026-04-15T08:00:00Z");
    undone.1.cancelled = Some(at("2026-04-16T08:00:00Z"));
    let orders = vec![order("A-1", &anna, "2026-04-14T05:00:00Z"), undone];
    let shelf = Shelf::of(&[&anna], orders, vec![message(&anna, 0, State::Sent, "2026-04-14T06:00:00Z")]);
    assert_eq!(shelf.with(summary).returns, 0);
}

#[test]
fn who_only_waits_for_the_letter_lapsed_and_who_never_agreed_did_not() {
    let silent = |name: &str, agreed: bool| {
        let mut customer = customer(name);
        customer.orders.count = 1;
        customer.orders.spent = 4_500;
        customer.orders.recent = vec![at("2026-01-10T10:00:00Z")];
        customer.consent.latest =
            agreed.then(|| crate::consent::Word { is: true, at: at("2026-01-10T10:00:00Z"), source: None });
        customer
    };
    let (anna, bo) = (silent("anna", true), silent("bo", false));
    let summary = Shelf::of(&[&anna, &bo], vec![], vec![]).with(summary);
    assert_eq!((summary.lapsed, summary.holdout, summary.messages), (1, 0, 0));
}

#[test]
fn a_message_past_the_fence_is_sending_whatever_the_ledger_says() {
    let mut anna = customer("anna");
    let claimed = message(&anna, 0, State::Claimed, "2026-04-14T06:00:00Z");
    let open = |state, of: &Message| crate::customer::Open {
        state,
        message: of.id,
        program: of.program.clone(),
        episode: of.episode,
        round: 0,
        step: 0,
        claim: 1,
        day: of.day,
        held: false,
        deadline: None,
        grants: Some("ten-euro".to_owned()),
        code: None,
        plan: 1,
        previous: None,
        lot: None,
        owner: None,
        fenced: None,
        code_after: None,
        refused: false,
    };
    for (state, word) in [(OpenState::Claimed, "claimed"), (OpenState::Sending, "sending")] {
        anna.open = Some(open(state, &claimed));
        let shelf = Shelf::of(&[&anna], vec![], vec![claimed.clone()]);
        assert_eq!(shelf.with(|ledger| lines(ledger).next().unwrap().state), word);
    }
}
