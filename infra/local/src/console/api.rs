//! The same for scripts. Messages and searches answer as Mailpit's API does, so that what reads the one reads the other;
//! `assets/openapi.json` describes it all.

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use axum::{Json, Router};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use winback_domain::address::Address;
use winback_domain::customer::Customer;
use winback_domain::why::Reason;

use super::book::Book;
use super::customers::{story, told};
use super::outbox::{find, found, id_of, snippet};
use super::words::name;
use super::{Console, Page, clock, mime};
use crate::aws::SentMail;

/// Rows where nothing else is asked for, as Mailpit has it.
const LIMIT: usize = 50;

/// The routes: method, path, and what answers.
fn table() -> [(&'static str, &'static str, MethodRouter<Console>); 8] {
    [
        ("get", "/api/openapi.json", get(openapi)),
        ("get", "/api/v1/messages", get(messages)),
        ("get", "/api/v1/message/{id}", get(message)),
        ("get", "/api/v1/message/{id}/raw", get(raw)),
        ("get", "/api/v1/search", get(search)),
        ("get", "/api/clock", get(clock::read)),
        ("post", "/api/clock", post(clock::set)),
        ("get", "/api/customers/{email}", get(customer)),
    ]
}

pub(super) fn routes() -> Router<Console> {
    table().into_iter().fold(Router::new(), |all, (_, path, to)| all.route(path, to))
}

/// The routes by their methods and paths, as the OpenAPI file must name them.
pub fn named() -> impl Iterator<Item = (&'static str, &'static str)> {
    table().into_iter().map(|(method, path, _)| (method, path))
}

/// Which piece of a list.
#[derive(Debug, Deserialize)]
pub struct Piece {
    #[serde(default)]
    query: String,
    #[serde(default)]
    start: usize,
    limit: Option<usize>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Mailbox {
    name: String,
    address: String,
}

/// A mail in a list.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Summary {
    #[serde(rename = "ID")]
    id: String,
    #[serde(rename = "MessageID")]
    message_id: String,
    read: bool,
    from: Mailbox,
    to: Vec<Mailbox>,
    cc: Vec<Mailbox>,
    bcc: Vec<Mailbox>,
    reply_to: Vec<Mailbox>,
    subject: String,
    created: Timestamp,
    tags: Vec<String>,
    size: usize,
    attachments: usize,
    snippet: String,
}

async fn openapi() -> Response {
    ([(CONTENT_TYPE, "application/json")], include_str!("../../assets/openapi.json")).into_response()
}

/// `GET /api/v1/messages`: the latest first.
async fn messages(State(console): State<Console>, Query(piece): Query<Piece>) -> Page {
    listed(console, &Piece { query: String::new(), ..piece }).await
}

/// `GET /api/v1/search`: those with a text in them.
async fn search(State(console): State<Console>, Query(piece): Query<Piece>) -> Page {
    listed(console, &piece).await
}

async fn listed(console: Console, piece: &Piece) -> Page {
    let book = &*console.book().await?;
    let all = console.place.stack.outbox().len();
    let mails = found(&console, book, &piece.query);
    let shown: Vec<Summary> =
        mails.iter().skip(piece.start).take(piece.limit.unwrap_or(LIMIT)).map(|mail| summary(book, mail)).collect();
    Ok(Json(json!({
        "total": all,
        "unread": mails.iter().filter(|mail| !opened(book, mail)).count(),
        "count": shown.len(),
        "messages_count": mails.len(),
        "start": piece.start,
        "tags": [],
        "messages": shown,
    }))
    .into_response())
}

fn opened(book: &Book, mail: &SentMail) -> bool {
    book.message_of(mail).is_some_and(|message| message.opened.is_some() || message.clicked.is_some())
}

fn mailboxes(texts: &[String]) -> Vec<Mailbox> {
    texts.iter().map(|text| mailbox(text)).collect()
}

fn mailbox(text: &str) -> Mailbox {
    let (name, address) = mime::mailbox(text);
    Mailbox { name: name.to_owned(), address: address.to_owned() }
}

fn summary(book: &Book, mail: &SentMail) -> Summary {
    Summary {
        id: id_of(mail),
        message_id: mime::message_id(mail),
        read: opened(book, mail),
        from: mailbox(&mail.from),
        to: mailboxes(&mail.to),
        cc: Vec::new(),
        bcc: Vec::new(),
        reply_to: mailboxes(&mail.reply_to),
        subject: mail.subject.clone(),
        created: mail.at,
        tags: mail.tags.iter().map(|(name, value)| format!("{name}={value}")).collect(),
        size: mail.html.len() + mail.text.len(),
        attachments: 0,
        snippet: snippet(mail),
    }
}

/// `GET /api/v1/message/{id}`: one whole, with both its parts.
async fn message(State(console): State<Console>, Path(id): Path<String>) -> Page {
    let Some(mail) = find(&console, &id) else { return Ok(not_found("message")) };
    let book = &*console.book().await?;
    let Summary { id, message_id, from, to, cc, bcc, reply_to, subject, created, tags, size, .. } =
        summary(book, &mail);
    let value = |name: &str| mail.header(name).unwrap_or_default();
    Ok(Json(json!({
        "ID": id, "MessageID": message_id, "From": from, "To": to, "Cc": cc, "Bcc": bcc, "ReplyTo": reply_to,
        "ReturnPath": "", "Subject": subject, "Date": created, "Tags": tags, "Size": size,
        "Text": mail.text, "HTML": mail.html, "Inline": [], "Attachments": [],
        "ListUnsubscribe": {
            "Header": value("List-Unsubscribe"),
            "HeaderPost": value("List-Unsubscribe-Post"),
            "Links": [value("List-Unsubscribe").trim_matches(['<', '>'])],
            "Errors": "",
        },
    }))
    .into_response())
}

/// `GET /api/v1/message/{id}/raw`: as it would travel.
pub async fn raw(State(console): State<Console>, Path(id): Path<String>) -> Page {
    let Some(mail) = find(&console, &id) else { return Ok(not_found("message")) };
    Ok(([(CONTENT_TYPE, "message/rfc822")], mime::source(&mail)?).into_response())
}

/// `GET /api/customers/{email}`: one customer's story and what comes next.
async fn customer(State(console): State<Console>, Path(email): Path<String>) -> Page {
    let Ok(address) = email.parse::<Address>() else { return Ok(not_found("customer")) };
    let book = &*console.book().await?;
    let customer = book.customers().iter().find(|customer| customer.email() == Some(&address));
    Ok(customer.map_or_else(|| not_found("customer"), |customer| Json(whole(customer, book)).into_response()))
}

fn whole(customer: &Customer, book: &Book) -> Value {
    let outlook = winback_domain::outlook::outlook(customer, &book.store, &book.plan, book.now);
    let said = told(&outlook, book);
    let why = |reasons: &[Reason]| reasons.iter().map(Reason::to_string).collect::<Vec<_>>();
    let messages: Vec<Value> = book
        .messages_of(customer.id)
        .into_iter()
        .map(|message| {
            json!({
                "id": message.id, "program": message.program, "mail": message.mail, "at": message.at,
                "round": message.round + 1, "step": message.step + 1, "state": message.state.word(),
                "subject": message.subject, "opened": message.opened, "clicked": message.clicked,
                "code": message.offer.as_ref().and_then(|granted| granted.code.as_ref()).map(ToString::to_string),
                "expires_at": message.offer.as_ref().map(|granted| granted.expires_at),
                "why": why(&message.why),
            })
        })
        .collect();
    let story: Vec<Value> = story(customer, book)
        .into_iter()
        .map(|entry| json!({ "at": entry.moment(), "what": entry.what, "why": entry.why }))
        .collect();
    json!({
        "id": customer.id,
        "name": name(customer),
        "email": customer.email().map(Address::as_str),
        "orders": customer.orders.count,
        "spent_minor": customer.orders.spent,
        "currency": book.plan.shop.currency.code(),
        "last_order": customer.orders.last(),
        "agreed": customer.agreed().is_some(),
        "now": { "says": said.says, "why": said.why, "next_look": outlook.next_look,
            "next_letter": outlook.next.map(|next| json!({"at": next.at, "mail": next.letter.mail, "held": next.letter.held})) },
        "messages": messages,
        "story": story,
    })
}

/// A problem as RFC 9457 has it.
fn not_found(what: &str) -> Response {
    let problem = json!({ "title": format!("there is no such {what}"), "status": 404 });
    (StatusCode::NOT_FOUND, [(CONTENT_TYPE, "application/problem+json")], problem.to_string()).into_response()
}
