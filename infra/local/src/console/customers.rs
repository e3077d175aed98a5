//! Customers: everybody, and one person's whole story with the why of each step and of each silence.

use askama::Template;
use axum::extract::{Path, Query, State};
use http::Uri;
use jiff::Timestamp;
use serde::Deserialize;
use winback_domain::consent::Source;
use winback_domain::customer::Customer;
use winback_domain::event::{Event, PlacedOrder, Profile, What, Who};
use winback_domain::figures::counted;
use winback_domain::http::percent_encode;
use winback_domain::ids::CustomerId;
use winback_domain::message::{Message, State as MessageState};
use winback_domain::money::Money;
use winback_domain::order::Order;
use winback_domain::outlook::{Outlook, outlook, outlook_after, why_silent};
use winback_domain::time::days_between;
use winback_domain::why::Reason;

use super::book::Book;
use super::outbox::{Search, page_of};
use super::words::{Pager, USUAL_ORDER, day, moment, name, says, tone};
use super::{Console, Frame, Page, html, missing};
use crate::aws::SentMail;

/// What can be asked to have happened.
pub const IFS: [(&str, &str); 2] = [("buys", "bought today"), ("unsubscribes", "unsubscribed")];
/// A silence shorter than this is none.
const SILENCE_DAYS: u32 = 30;

#[derive(Template)]
#[template(path = "customers.html")]
struct List {
    frame: Frame,
    q: String,
    counted: String,
    rows: Vec<Row>,
    pager: Pager,
}

struct Row {
    id: CustomerId,
    name: String,
    orders: String,
    why: String,
    last: String,
}

#[derive(Template)]
#[template(path = "customer.html")]
struct One {
    frame: Frame,
    id: CustomerId,
    name: String,
    facts: Vec<(&'static str, String)>,
    offer: Option<String>,
    outlook: Said,
    asked: Option<String>,
    after: Option<Said>,
    story: Vec<Entry>,
}

/// An outlook in sentences.
pub(super) struct Said {
    pub says: String,
    pub why: Vec<String>,
}

/// One thing that happened.
pub(super) struct Entry {
    moment: Timestamp,
    pub at: String,
    pub what: String,
    link: Option<String>,
    pub why: Vec<String>,
    tone: &'static str,
}

impl Entry {
    /// When it happened.
    pub(super) fn moment(&self) -> Timestamp {
        self.moment
    }
}

/// Who has a text in their name or address, those who bought last first.
pub(super) fn found<'a>(book: &'a Book, q: &str) -> Vec<&'a Customer> {
    let wanted = q.trim().to_lowercase();
    let matches = |customer: &&Customer| {
        wanted.is_empty()
            || says(&name(customer), &wanted)
            || customer.email().is_some_and(|email| says(email.as_str(), &wanted))
    };
    let mut found: Vec<&Customer> = book.customers().iter().filter(matches).collect();
    found.sort_by_key(|customer| (std::cmp::Reverse(customer.orders.last()), customer.id));
    found
}

/// `GET /customers`
pub async fn list(State(console): State<Console>, Query(search): Query<Search>, url: Uri) -> Page {
    let book = &*console.book().await?;
    let shop = &book.plan.shop;
    let customers = found(book, &search.q);
    let link = format!("/customers?q={}&page=", percent_encode(&search.q));
    let (pager, rows) = Pager::of(search.page, customers.len(), &link);
    let row = |customer: &&Customer| {
        let spent = Money { minor: customer.orders.spent, currency: shop.currency };
        Row {
            id: customer.id,
            name: name(customer),
            orders: format!("{}, {spent}", counted(customer.orders.count, "order")),
            why: short(&outlook(customer, &book.store, &book.plan, book.now)),
            last: customer.orders.last().map_or_else(String::new, |at| day(at, &shop.time_zone)),
        }
    };
    html(&List {
        frame: console.frame("/customers", &url, book),
        counted: counted(customers.len(), "customer"),
        rows: customers[rows].iter().map(row).collect(),
        q: search.q,
        pager,
    })
}

/// Where somebody stands in one sentence: the last reason is the most particular where they are silent long enough.
fn short(outlook: &Outlook) -> String {
    let lapsed = outlook.why.iter().any(|reason| matches!(reason, Reason::Lapsed { .. }));
    let telling = if lapsed { outlook.why.last() } else { outlook.why.first() };
    telling.map_or_else(String::new, Reason::to_string)
}

/// What is asked to have happened.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    r#if: Option<String>,
}

/// `GET /customers/{id}`
pub async fn one(State(console): State<Console>, Path(id): Path<String>, Query(asked): Query<Asked>, url: Uri) -> Page {
    let book = &*console.book().await?;
    let customer = CustomerId::try_from(id).ok().and_then(|id| book.customer(id));
    let Some(customer) = customer else { return Ok(missing("customer")) };
    let (store, plan, now) = (&book.store, &book.plan, book.now);
    let mails = console.place.stack.outbox();
    let latest = mails.iter().rev().find(|mail| {
        book.message_of(mail)
            .is_some_and(|message| book.ledger().who(message.customer) == customer.id && message.offer.is_some())
    });
    let asked_now = asked.r#if.filter(|asked| IFS.iter().any(|(name, _)| name == asked));
    let after = asked_now.as_deref().map(|asked| {
        let event = supposed(asked, book, now);
        told(&outlook_after(customer, Order::default(), &event, store, plan, now), book)
    });
    html(&One {
        frame: console.frame("/customers", &url, book),
        id: customer.id,
        name: name(customer),
        facts: facts(customer, book),
        offer: latest.and_then(|mail: &std::sync::Arc<SentMail>| page_of(mail, "/o/")),
        outlook: told(&outlook(customer, store, plan, now), book),
        asked: asked_now,
        after,
        story: story(customer, book),
    })
}

fn supposed(asked: &str, book: &Book, now: Timestamp) -> Event {
    let total = Money { minor: USUAL_ORDER, currency: book.plan.shop.currency };
    let order = PlacedOrder { order_id: "if".to_owned(), placed_at: now, total, discount_codes: Vec::new() };
    let what = match asked {
        "buys" => What::OrderPlaced { order, profile: Profile::default() },
        _ => What::Unsubscribed,
    };
    Event { at: now, who: Who::default(), what }
}

/// What is to be done, why, and what comes next.
pub(super) fn told(outlook: &Outlook, book: &Book) -> Said {
    let says = outlook.told(book.now, &book.plan.shop.time_zone);
    Said { says, why: outlook.why.iter().map(Reason::to_string).collect() }
}

fn facts(customer: &Customer, book: &Book) -> Vec<(&'static str, String)> {
    let shop = &book.plan.shop;
    let (zone, spent) = (&shop.time_zone, Money { minor: customer.orders.spent, currency: shop.currency });
    let mut facts = vec![("Orders", format!("{}, {spent}", counted(customer.orders.count, "order")))];
    facts.extend(customer.email().map(|email| ("Address", email.as_str().to_owned())));
    facts.push(("Known since", day(customer.since, zone)));
    facts.extend(customer.contact.language.as_ref().map(|said| ("Language", said.is.as_str().to_owned())));
    let mail = match (customer.agreed(), customer.refused(), customer.bounced()) {
        (_, true, _) => "they said no".to_owned(),
        (_, _, true) => "their mailbox refused us".to_owned(),
        (Some(at), ..) => format!("agreed, last on {}", day(at, zone)),
        (None, ..) => "never agreed".to_owned(),
    };
    facts.push(("Mail", mail));
    facts
}

/// Everything that happened, the latest first.
pub(super) fn story(customer: &Customer, book: &Book) -> Vec<Entry> {
    let zone = &book.plan.shop.time_zone;
    let mut entries: Vec<Entry> = Vec::new();
    let mut add = |at: Timestamp, what: String, tone: &'static str, link: Option<String>, why: Vec<String>| {
        entries.push(Entry { moment: at, at: moment(at, zone), what, link, why, tone });
    };
    add(customer.since, "First heard of".to_owned(), "", None, Vec::new());
    let mut last: Option<Timestamp> = None;
    let orders = book.orders_of(customer.id);
    for (index, (id, order)) in orders.iter().map(|known| (&known.0, &known.1)).enumerate() {
        let Some(placed) = &order.placed else { continue };
        let at = placed.order.placed_at;
        if let Some(silent) = last.map(|last| days_between(last, at, zone)).filter(|days| *days >= SILENCE_DAYS) {
            let before: Vec<&Order> = orders[..index].iter().map(|(_, order)| order).collect();
            let why = why_silent(customer, &before, &book.store, &book.plan, at);
            let why = why.iter().map(Reason::to_string).collect();
            add(at, format!("{} of silence end", counted(silent, "day")), "quiet", None, why);
        }
        last = Some(at);
        add(at, ordered(id, order), "order", None, Vec::new());
    }
    for message in book.messages_of(customer.id) {
        letter(message, book, &mut add);
    }
    let consent = &customer.consent;
    let source = |source: Option<Source>| source.map(|source| format!(" {}", source.phrase())).unwrap_or_default();
    if let Some(at) = consent.refused {
        let what = format!("They said no to mail{}: nothing more is sent", source(consent.refused_source));
        add(at, what, "bad", None, Vec::new());
    }
    if let Some(bounced) = &consent.bounced {
        add(bounced.at, "Their mailbox refused our mail for good".to_owned(), "bad", None, Vec::new());
    }
    // A no to us stands among the latest words too: it is told once.
    if let Some(said) = consent.latest.as_ref().filter(|said| said.is || consent.refused != Some(said.at)) {
        let what = if said.is { "Agreed to mail" } else { "Did not agree to mail" };
        add(said.at, format!("{what}{}", source(said.source)), "", None, Vec::new());
    }
    if let Some(at) = customer.erased {
        add(at, "They asked to be forgotten".to_owned(), "bad", None, Vec::new());
    }
    if let Some(silent) = customer.orders.last().map(|last| days_between(last, book.now, zone)) {
        let why = outlook(customer, &book.store, &book.plan, book.now).why;
        let what = format!("Silent for {}", counted(silent, "day"));
        add(book.now, what, "quiet", None, why.iter().map(Reason::to_string).collect());
    }
    // What follows from something stands after it in the list so far, and above it on the page.
    entries.reverse();
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.moment));
    entries
}

fn ordered(id: &str, order: &Order) -> String {
    let Some(placed) = &order.placed else { return format!("Order {id}") };
    let codes = match placed.order.discount_codes.as_slice() {
        [] => String::new(),
        codes => format!(" with the code {}", codes.join(", ")),
    };
    let currency = placed.order.total.currency;
    let became = match order.given_back(currency) {
        _ if order.is_cancelled() => "; cancelled".to_owned(),
        0 => String::new(),
        minor => format!("; {} given back", Money { minor, currency }),
    };
    format!("Order {id}, {}{codes}{became}", placed.order.total)
}

fn letter(
    message: &Message,
    book: &Book,
    add: &mut impl FnMut(Timestamp, String, &'static str, Option<String>, Vec<String>),
) {
    let zone = &book.plan.shop.time_zone;
    let mailed = message.state.was_mailed();
    let link = mailed.then(|| format!("/outbox/{}", message.id));
    let offer = message.offer.as_ref().map_or_else(String::new, |granted| {
        format!(", {}, good until {}", granted.gives, moment(granted.expires_at, zone))
    });
    let what = match message.state {
        MessageState::Held => format!("{} was decided and kept: they are held out{offer}", message.mail),
        state if mailed => format!("Letter {}: “{}”{offer}; {}", message.mail, message.subject, state.word()),
        state => format!("Letter {} was {}", message.mail, state.word()),
    };
    let colour = match message.state {
        MessageState::Held => "held",
        state if mailed && tone(state) != "bad" => "letter",
        state => tone(state),
    };
    add(message.at, what, colour, link, message.why.iter().map(Reason::to_string).collect());
    for (at, what) in [(message.opened, "Opened the letter"), (message.clicked, "Followed the letter's link")] {
        if let Some(at) = at {
            add(at, what.to_owned(), "", None, Vec::new());
        }
    }
    // A follow-up repeats the code of the letter before it, so a use is told once: with the letter it was made for.
    let code = message.offer.as_ref().and_then(|granted| granted.code.as_ref());
    let coupon = code.and_then(|code| book.coupon(code)).filter(|coupon| coupon.message == message.id);
    for used in coupon.into_iter().flat_map(|coupon| &coupon.redeemed) {
        let what = format!("Came back with the code of {}: order {}, {}", message.mail, used.order_id, used.total);
        add(used.at, what, "good", None, Vec::new());
    }
}
