use super::*;
use crate::customer::Customer;
use crate::event::{Event, PlacedOrder, Profile, What, Who};
use crate::ids::{CustomerId, StoreId};
use crate::keys::Key;
use crate::learn::learn;
use crate::money::{Currency, Money};
use crate::order::Order;
use crate::plan::Folder;
use crate::protocol::{Claim, Form, Look, claim, wait_for_code};
use crate::store::{State, Store};

mod allowance;
mod meant;

const SHOP: &str = r#"
version: 1
shop: Example Books
kind: online
open_with_code: "https://shop.example/discount/{code}"
time_zone: Europe/Helsinki
currency: EUR
languages: [en]
sender:
  name: Anna
  email: anna@shop.example
  postal_address: "Example Street 1, 00100 Helsinki"
limits:
  per_customer: 2 mails in 7 days
  quiet_hours: "20:00-08:00"
holdout: 0 %
"#;

const PROGRAM: &str = r#"
version: 1
name: We miss you
status: live
audience:
  all:
    - orders: at least 1
    - not: { complaint: open }
lapsed: 90 days without an order
offers:
  ten-euro: { gives: 10 EUR off, valid: 3 days }
rounds:
  - steps:
      - mail: letter
        send: Tue-Thu 09:00
        offer: ten-euro
      - mail: letter
        send: 24 hours before the deadline
  - wait: 30 days
    steps:
      - mail: letter
        send: Tue-Thu 09:00
afterwards:
  rest: 180 days
"#;

fn folder(program: &str, shop: &str) -> Plan {
    let mut folder = Folder::new();
    folder.insert("shop.yaml".into(), shop.into());
    folder.insert("program.yaml".into(), program.into());
    for (file, text) in
        [("subject.txt", "Hello"), ("body.mjml", "<mjml><mj-body></mj-body></mjml>"), ("body.txt", "Hi")]
    {
        folder.insert(format!("mails/letter/en/{file}"), text.into());
    }
    crate::file::read(&folder, 1).unwrap_or_else(|problems| panic!("{problems:#?}")).plan
}

pub(crate) fn plan() -> Plan {
    folder(PROGRAM, SHOP)
}

/// The same for readers who lapse after three days.
pub(crate) fn quick_plan() -> Plan {
    folder(&PROGRAM.replace("lapsed: 90 days", "lapsed: 3 days"), SHOP)
}

pub(crate) fn store() -> Store {
    let id = StoreId::try_from("books".to_owned()).unwrap();
    Store { state: State::Live, ..Store::new(id) }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn told(customer: Customer, when: &str, what: What) -> Customer {
    let email = Some("anna@example.com".parse().unwrap());
    let event = Event { at: at(when), who: Who { email, ..Who::default() }, what };
    learn(customer, Order::default(), &event, Currency::parse("EUR").unwrap()).0
}

fn order(when: &str) -> What {
    let total = Money::parse("45.00", Currency::parse("EUR").unwrap()).unwrap();
    let order = PlacedOrder { order_id: when.to_owned(), placed_at: at(when), total, discount_codes: vec![] };
    What::OrderPlaced { order, profile: Profile { marketing_consent: Some(true), ..Profile::default() } }
}

/// Anna bought on Monday 12 January 2026 at 10:00 in Helsinki.
pub(crate) fn anna() -> Customer {
    let id = CustomerId::of_store_id(&Key::new(b"k".to_vec()), &store().id, "anna");
    told(Customer::new(id, at("2026-01-12T08:00:00Z")), "2026-01-12T08:00:00Z", order("2026-01-12T08:00:00Z"))
}

fn look(customer: &Customer, when: &str) -> Decision {
    decide(customer, &store(), &plan(), at(when))
}

/// Plays looks through to the end as if every mail were sent: when, which round and step.
fn played(customer: Customer, store: &Store, plan: &Plan, from: &str, until: &str) -> (Customer, Vec<String>) {
    use crate::protocol::{Claim, Form, claim, close};
    let (mut customer, mut now, mut sent) = (customer, at(from), Vec::new());
    loop {
        let decision = decide(&customer, store, plan, now);
        match decision.action {
            Action::Claim(draft) => {
                let with = Claim { form: Form::Short, code: None, lot: None, plan: 1, owner: "o", now };
                let end = if draft.held { End::Held } else { End::Sent };
                let look = crate::protocol::Look { store, plan, now };
                let day = plan.shop.time_zone.to_datetime(now).strftime("%a %F %H:%M");
                sent.push(format!("{day} {}.{}", draft.round + 1, draft.step + 1));
                customer = close(&claim(&customer, &draft, with), end, now, look);
            }
            _ => match decision.next_look {
                Some(next) if next <= at(until) => now = next,
                _ => return (customer, sent),
            },
        }
    }
}

#[test]
fn a_letter_leaves_in_its_slot_after_ninety_days_and_a_last_day_before_the_deadline() {
    let (_, sent) = played(anna(), &store(), &plan(), "2026-01-12T08:00:00Z", "2027-12-31T00:00:00Z");
    // Silent since Sunday 12 April 10:00 (summer time by then): the next slot is Tuesday. The deadline is Friday
    // 23:59:59; 24 hours before is within quiet hours, so an hour before those.
    assert_eq!(sent, ["Tue 2026-04-14 09:00 1.1", "Thu 2026-04-16 19:00 1.2", "Thu 2026-05-14 09:00 2.1"]);
}

#[test]
fn a_look_before_the_silence_is_over_says_when_to_come_back() {
    let decision = look(&anna(), "2026-03-01T10:00:00Z");
    assert_eq!(decision.action, Action::Wait);
    assert_eq!(decision.next_look, Some(at("2026-04-12T07:00:00Z")));
    assert_eq!(
        decision.why[0].to_string(),
        "Their silence is counted from 12 January 2026: they lapse after 90 days, on 12 April 2026."
    );
}

#[test]
fn the_day_of_a_slot_is_kept_even_if_nine_is_past_but_never_the_evening() {
    let claims = |when| matches!(look(&anna(), when).action, Action::Claim(_));
    assert!(claims("2026-04-14T06:00:00Z"));
    assert!(claims("2026-04-14T16:59:59Z"), "19:59:59 in the shop");
    assert!(!claims("2026-04-14T17:00:00Z"), "20:00 is quiet");
    assert_eq!(look(&anna(), "2026-04-14T17:00:00Z").next_look, Some(at("2026-04-15T06:00:00Z")));
    assert!(!claims("2026-04-17T10:00:00Z"), "Friday is no day of the slot");
}

#[test]
fn somebody_who_lapses_at_noon_waits_for_the_next_morning() {
    let late = told(anna(), "2026-01-14T10:30:00Z", order("2026-01-14T10:30:00Z"));
    // Lapsed on Tuesday 14 April at 12:30: nine o'clock of that day was before.
    assert_eq!(look(&late, "2026-04-14T09:00:00Z").next_look, Some(at("2026-04-14T09:30:00Z")));
    let why = &look(&late, "2026-04-14T09:30:00Z").why[0];
    assert_eq!(why.to_string(), "The letter leaves on 15 April 2026 at 09:00.", "the shop's clocks, not UTC's");
    assert_eq!(look(&late, "2026-04-14T09:30:00Z").next_look, Some(at("2026-04-15T06:00:00Z")));
}

#[test]
fn a_claim_for_which_no_code_is_to_be_had_waits_until_then_and_no_longer_than_its_day() {
    let nine = "2026-04-14T06:00:00Z";
    let (store, plan) = (store(), plan());
    let Action::Claim(draft) = look(&anna(), nine).action else { panic!("it is time") };
    let with = Claim { form: Form::Long, code: None, lot: None, plan: plan.number, owner: "one", now: at(nine) };
    let claimed = claim(&anna(), &draft, with);
    let waits = |until: &str| wait_for_code(&claimed, at(until), Look { store: &store, plan: &plan, now: at(nine) });
    let waiting = waits("2026-04-14T06:10:00Z");
    assert_eq!((waiting.due, waiting.rev), (Some(at("2026-04-14T06:10:00Z")), claimed.rev + 1));
    let early = look(&waiting, "2026-04-14T06:09:59Z");
    assert_eq!((early.action, early.next_look), (Action::Wait, Some(at("2026-04-14T06:10:00Z"))));
    let why = early.why[0].to_string();
    assert_eq!(why, "No code can be had for it now; it is tried again on 14 April 2026 at 09:10.");
    assert!(matches!(look(&waiting, "2026-04-14T06:10:00Z").action, Action::Claim(_)));
    assert_eq!(waits("2026-04-20T06:00:00Z").due, Some(at("2026-04-14T17:00:00Z")), "till its day is over");
    let bought = told(waiting, "2026-04-14T06:05:00Z", order("2026-04-14T06:05:00Z"));
    assert_eq!(
        look(&bought, "2026-04-14T06:05:00Z").action,
        Action::CallOff(CallOff::Stop),
        "whoever buys waits for nothing"
    );
}

#[test]
fn buying_ends_all_and_a_new_silence_waits_for_the_rest() {
    let first_letter = "2026-04-14T07:00:00Z";
    let (mailed, sent) = played(anna(), &store(), &plan(), "2026-01-12T08:00:00Z", first_letter);
    assert_eq!(sent.len(), 1);
    let back = told(mailed, "2026-04-15T08:00:00Z", order("2026-04-15T08:00:00Z"));
    let (_, sent) = played(back, &store(), &plan(), "2026-04-15T08:00:00Z", "2026-12-31T00:00:00Z");
    // 90 days later is July; 180 days of rest after 14 April end on 11 October.
    assert_eq!(sent[0], "Tue 2026-10-13 09:00 1.1");
}

#[test]
fn after_a_rest_the_letter_and_its_last_day_tell_one_story() {
    use crate::protocol::{Claim, Form, claim, close};
    let (store, plan) = (store(), plan());
    let (mailed, _) = played(anna(), &store, &plan, "2026-01-12T08:00:00Z", "2026-04-14T07:00:00Z");
    let mut back = told(mailed, "2026-04-15T08:00:00Z", order("2026-04-15T08:00:00Z"));
    let mut told = Vec::new();
    for when in ["2026-10-13T06:00:00Z", "2026-10-15T16:00:00Z"] {
        let Decision { action: Action::Claim(draft), why, .. } = decide(&back, &store, &plan, at(when)) else {
            panic!("a letter is due")
        };
        let now = at(when);
        let with = Claim { form: Form::Short, code: None, lot: None, plan: 1, owner: "o", now };
        let look = crate::protocol::Look { store: &store, plan: &plan, now };
        back = close(&claim(&back, &draft, with), End::Sent, now, look);
        told.push(why.iter().map(ToString::to_string).collect::<Vec<_>>());
    }
    let lapsed = "After 90 days of silence they count as lapsed: since 14 July 2026.";
    let rested = "Between two runs of the program they were left alone, until 11 October 2026.";
    assert_eq!(told[0][1..3], [lapsed, rested]);
    assert_eq!(told[1][1], lapsed);
    assert_eq!(told[1].last().unwrap(), "The offer they have ends on 16 October 2026 at 23:59.");
}

#[test]
fn who_must_not_be_mailed_is_not_and_says_why() {
    let when = "2026-04-14T06:00:00Z";
    let why = |customer: &Customer| look(customer, when).why[0].clone();
    let no_consent = Customer { consent: Default::default(), ..anna() };
    assert_eq!(why(&no_consent), Reason::NoConsent);
    let refused = told(anna(), "2026-02-01T10:00:00Z", What::Unsubscribed);
    assert_eq!(why(&refused), Reason::Refused { day: jiff::civil::date(2026, 2, 1) });
    let bounced = told(anna(), "2026-02-01T10:00:00Z", What::Bounced);
    assert_eq!(why(&bounced), Reason::Bounced { day: jiff::civil::date(2026, 2, 1) });
    let erased = told(anna(), "2026-02-01T10:00:00Z", What::Erased);
    assert!(matches!(why(&erased), Reason::Erased { .. }));
    let cross = told(anna(), "2026-02-01T10:00:00Z", What::ComplaintOpened);
    assert!(matches!(why(&cross), Reason::NotMeant { .. }));
    assert_eq!(why(&Customer { till: true, ..anna() }), Reason::Till);
    for customer in [no_consent, refused, bounced, erased, cross] {
        assert_eq!(look(&customer, when).next_look, None, "only an event can change that");
    }
}

#[test]
fn a_store_that_does_not_mail_claims_nothing() {
    for state in [State::Paused, State::Rehearsing] {
        let decision = decide(&anna(), &Store { state, ..store() }, &plan(), at("2026-04-14T06:00:00Z"));
        assert_eq!((decision.action, decision.next_look), (Action::Wait, Some(at("2026-04-14T07:00:00Z"))));
    }
    let importing = decide(&anna(), &Store { state: State::Importing, ..store() }, &plan(), at("2026-04-14T06:00:00Z"));
    assert_eq!(importing.next_look, None);
    let draft = folder(&PROGRAM.replace("status: live", "status: draft"), SHOP);
    assert_eq!(decide(&anna(), &store(), &draft, at("2026-04-14T06:00:00Z")).why, [Reason::Draft]);
}

#[test]
fn the_frequency_cap_holds_over_all_mails() {
    let mailed = vec![at("2026-04-13T06:00:00Z"), at("2026-04-10T06:00:00Z")];
    let decision = look(&Customer { mailed, ..anna() }, "2026-04-14T06:00:00Z");
    // The older of the two is a week old on Friday 17; the next slot is Tuesday 21.
    assert_eq!(decision.next_look, Some(at("2026-04-21T06:00:00Z")));
    assert!(matches!(decision.why[0], Reason::FrequencyCap { mails: 2, days: 7, .. }));
}

#[test]
fn a_claimed_letter_goes_on_the_same_day_lapses_on_the_next_and_stops_when_she_buys() {
    use crate::protocol::{Claim, Form, claim};
    let now = at("2026-04-14T06:00:00Z");
    let Action::Claim(draft) = look(&anna(), "2026-04-14T06:00:00Z").action else { panic!("a claim") };
    let with = Claim { form: Form::Long, code: None, lot: None, plan: 1, owner: "o", now };
    let claimed = claim(&anna(), &draft, with);
    assert!(
        matches!(look(&claimed, "2026-04-14T08:00:00Z").action, Action::Claim(again) if again.message == draft.message)
    );
    assert_eq!(look(&claimed, "2026-04-15T06:00:00Z").action, Action::CallOff(CallOff::Lapse));
    assert_eq!(look(&claimed, "2026-04-14T18:00:00Z").action, Action::CallOff(CallOff::Lapse), "quiet until tomorrow");
    // What an offer gives is written in the plan: under a newer one it is claimed anew.
    let newer = Plan { number: plan().number + 1, ..plan() };
    let under_newer = decide(&claimed, &store(), &newer, at("2026-04-14T06:01:00Z"));
    assert_eq!(under_newer.action, Action::CallOff(CallOff::Lapse));
    let bought = told(claimed.clone(), "2026-04-14T06:01:00Z", order("2026-04-14T06:01:00Z"));
    assert_eq!(look(&bought, "2026-04-14T06:02:00Z").action, Action::CallOff(CallOff::Stop));
    let refused = told(claimed, "2026-04-14T06:01:00Z", What::Unsubscribed);
    assert_eq!(look(&refused, "2026-04-14T06:02:00Z").action, Action::CallOff(CallOff::Stop));
}

#[test]
fn a_letter_claimed_again_keeps_its_place_in_the_chain() {
    use crate::protocol::{Claim, Form, Look, claim, finish_call_off, relink};
    let (store, plan) = (store(), plan());
    // She got the letter and its last day; the second round lapses on its first day.
    let (mailed, sent) = played(anna(), &store, &plan, "2026-01-12T08:00:00Z", "2026-05-01T00:00:00Z");
    let (head, last_day) = (mailed.letters.clone(), mailed.letters.first().copied());
    assert_eq!(sent.len(), 2);
    let claimed = |customer: &Customer, when: &str| {
        let Action::Claim(draft) = look(customer, when).action else { panic!("round two is due") };
        claim(customer, &draft, Claim { form: Form::Long, code: None, lot: None, plan: 1, owner: "o", now: at(when) })
    };
    let place = |customer: &Customer| customer.open.as_ref().map(|open| (open.message, open.previous)).unwrap();
    let first = claimed(&mailed, "2026-05-14T06:00:00Z");
    let third = place(&first).0;
    assert_eq!((place(&first).1, &first.letters), (last_day, &vec![third]));
    assert_eq!(place(&claimed(&first, "2026-05-14T06:01:00Z")), place(&first), "while it is open");
    let later = Look { store: &store, plan: &plan, now: at("2026-05-15T06:00:00Z") };
    let lapsed = finish_call_off(&first, CallOff::Lapse, later);
    let second = claimed(&lapsed, "2026-05-19T06:00:00Z");
    assert_eq!(place(&second), place(&first), "and after it lapsed");
    assert_eq!((&second.letters, second.lapses.len()), (&first.letters, 0));

    // The record forgot that the ledger had it as mailed, and put it in front a second time.
    assert_eq!(relink(&first, last_day), first);
    assert_eq!(relink(&first, None).letters, head);
}

#[test]
fn a_sending_without_an_answer_is_never_sendable_again() {
    use crate::protocol::{Claim, Form, claim};
    let now = at("2026-04-14T06:00:00Z");
    let Action::Claim(draft) = look(&anna(), "2026-04-14T06:00:00Z").action else { panic!("a claim") };
    let sending = claim(&anna(), &draft, Claim { form: Form::Short, code: None, lot: None, plan: 1, owner: "o", now });
    let early = look(&sending, "2026-04-14T06:04:59Z");
    assert_eq!((early.action, early.next_look), (Action::Wait, Some(at("2026-04-14T06:05:00Z"))));
    assert_eq!(look(&sending, "2026-04-14T06:05:00Z").action, Action::Expire);
}

#[test]
fn a_last_day_finds_its_letter_also_after_a_merge() {
    use crate::protocol::{Claim, Form, claim, close};
    let (store, plan, now) = (store(), plan(), at("2026-04-14T06:00:00Z"));
    let Action::Claim(letter) = look(&anna(), "2026-04-14T06:00:00Z").action else { panic!("the letter is due") };
    let with = Claim { form: Form::Short, code: None, lot: None, plan: 1, owner: "o", now };
    let look = crate::protocol::Look { store: &store, plan: &plan, now };
    let guest = close(&claim(&anna(), &letter, with), End::Sent, now, look);

    // She opens an account on the next day: the account's record takes the guest's over.
    let id = CustomerId::of_store_id(&Key::new(b"k".to_vec()), &store.id, "77");
    let account = crate::learn::merge(Customer::new(id, at("2026-04-15T06:00:00Z")), guest);
    let decision = decide(&account, &store, &plan, at("2026-04-16T16:00:00Z"));
    let Action::Claim(last_day) = decision.action else { panic!("the last day is due: {:?}", decision.why) };
    assert_eq!(last_day.offer.unwrap().repeats, Some(letter.message));
    assert_ne!(last_day.message, letter.message);
    // Merged once more, the letters keep their names; the next silence has names of its own.
    let other = CustomerId::of_store_id(&Key::new(b"k".to_vec()), &store.id, "78");
    let again = crate::learn::merge(Customer::new(other, at("2026-04-15T07:00:00Z")), account);
    assert_eq!(again.journeys["We miss you"].named_after, Some(anna().id));
    let (later, _) = played(
        told(again, "2026-04-20T08:00:00Z", order("2026-04-20T08:00:00Z")),
        &store,
        &plan,
        "2026-04-20T08:00:00Z",
        "2026-12-31T00:00:00Z",
    );
    assert_eq!(later.journeys["We miss you"].named_after, None);
}
