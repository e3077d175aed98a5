//! The outbox: every letter that left, as its reader sees it, and what its reader could do.

use std::sync::Arc;

use anyhow::{Context, Result};
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use htmlparser::{Token, Tokenizer};
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use http::{Request, StatusCode, Uri};
use serde::Deserialize;
use serde_json::json;
use winback_domain::event::{Event, PlacedOrder, Profile, What, Who};
use winback_domain::figures::counted;
use winback_domain::http::percent_encode;
use winback_domain::message::{Message, State as MessageState};
use winback_domain::money::Money;
use winback_domain::why::Reason;

use super::book::Book;
use super::words::{Pager, USUAL_ORDER, moment, says, tone};
use super::{Console, Frame, Page, html, mime, missing};
use crate::aws::SentMail;
use crate::gateway::lambda;
use crate::life::{Deed, message_of};

/// The ways to look at a letter.
pub const TABS: [(&str, &str); 6] = [
    ("html", "HTML"),
    ("phone", "Phone"),
    ("text", "Text"),
    ("headers", "Headers"),
    ("source", "Source"),
    ("links", "Links"),
];
/// What a reader can do with a letter.
const DEEDS: [(&str, &str); 7] = [
    ("open", "Open it"),
    ("click", "Follow the link"),
    ("buy-with-code", "Buy with the code"),
    ("buy", "Buy without"),
    ("unsubscribe", "Unsubscribe, one click"),
    ("complain", "Report as spam"),
    ("bounce", "Bounce"),
];
/// What is said of a deed that was done.
const DONE: &str = "Done. What became of it stands below, and in the customer's story.";
/// A letter's own page loads nothing from here and runs nothing.
const LETTER_CSP: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data: https:; form-action 'none'; \
     frame-ancestors 'self'; base-uri 'none'";

/// What is looked for in a list, and which piece of it is shown.
#[derive(Debug, Default, Deserialize)]
pub struct Search {
    #[serde(default)]
    pub(super) q: String,
    #[serde(default)]
    pub(super) page: usize,
}

#[derive(Template)]
#[template(path = "outbox.html")]
struct List {
    frame: Frame,
    q: String,
    counted: String,
    mails: Vec<Row>,
    pager: Pager,
}

struct Row {
    id: String,
    to: String,
    subject: String,
    snippet: String,
    at: String,
    state: &'static str,
    tone: &'static str,
}

#[derive(Template)]
#[template(path = "mail.html")]
struct Shown {
    frame: Frame,
    id: String,
    subject: String,
    said: Option<&'static str>,
    from: String,
    to: String,
    customer: Option<String>,
    at: String,
    state: &'static str,
    tone: &'static str,
    facts: Vec<(&'static str, String)>,
    deeds: Vec<(&'static str, &'static str)>,
    offer: Option<String>,
    why: Vec<String>,
    tab: String,
    text: String,
    headers: Vec<(String, String)>,
    source: String,
    links: Vec<Link>,
}

/// A link of a letter, and what answers there.
struct Link {
    href: String,
    says: String,
    answer: String,
    tone: &'static str,
}

/// The name a mail has in addresses: its message's id.
pub(super) fn id_of(mail: &SentMail) -> String {
    message_of(mail).map_or_else(|| mail.ses_message_id.clone(), |id| id.to_string())
}

/// A mail by that name.
pub(super) fn find(console: &Console, id: &str) -> Option<Arc<SentMail>> {
    console.place.stack.outbox().into_iter().rev().find(|mail| id_of(mail) == id)
}

/// The mails that have a text in them, the latest first.
pub(super) fn found(console: &Console, book: &Book, q: &str) -> Vec<Arc<SentMail>> {
    let wanted = q.trim().to_lowercase();
    let mut mails = console.place.stack.outbox();
    mails.reverse();
    if !wanted.is_empty() {
        mails.retain(|mail| {
            let name =
                book.message_of(mail).and_then(|message| book.customer(message.customer)).map(super::words::name);
            let texts = [&mail.subject, &mail.text].into_iter().chain(&mail.to).chain(&name);
            texts.into_iter().any(|text| says(text, &wanted))
        });
    }
    mails
}

fn state(message: Option<&Message>) -> MessageState {
    message.map_or(MessageState::Sent, |message| message.state)
}

/// The first words of a letter's text.
pub(super) fn snippet(mail: &SentMail) -> String {
    let words = mail.text.split_whitespace().take(30).collect::<Vec<_>>().join(" ");
    words.chars().take(140).collect()
}

/// `GET /outbox`
pub async fn list(State(console): State<Console>, Query(search): Query<Search>, url: Uri) -> Page {
    let book = &*console.book().await?;
    let zone = &book.plan.shop.time_zone;
    let mails = found(&console, book, &search.q);
    let link = format!("/outbox?q={}&page=", percent_encode(&search.q));
    let (pager, rows) = Pager::of(search.page, mails.len(), &link);
    let row = |mail: &Arc<SentMail>| {
        let message = book.message_of(mail);
        let state = state(message);
        let reader = message.and_then(|message| book.customer(message.customer)).map(super::words::name);
        Row {
            id: id_of(mail),
            to: reader.unwrap_or_else(|| mail.to.join(", ")),
            subject: mail.subject.clone(),
            snippet: snippet(mail),
            at: moment(mail.at, zone),
            state: state.word(),
            tone: tone(state),
        }
    };
    html(&List {
        frame: console.frame("/outbox", &url, book),
        counted: counted(mails.len(), "letter"),
        mails: mails[rows].iter().map(row).collect(),
        q: search.q,
        pager,
    })
}

/// Which tab, and what was just done.
#[derive(Debug, Default, Deserialize)]
pub struct View {
    #[serde(default)]
    tab: String,
    done: Option<String>,
}

/// `GET /outbox/{id}`
pub async fn mail(State(console): State<Console>, Path(id): Path<String>, Query(view): Query<View>, url: Uri) -> Page {
    let Some(mail) = find(&console, &id) else { return Ok(missing("letter")) };
    let tab = TABS.iter().map(|(name, _)| *name).find(|name| *name == view.tab).unwrap_or("html");
    let links = if tab == "links" { links(&console, &mail).await? } else { Vec::new() };
    let book = &*console.book().await?;
    let zone = &book.plan.shop.time_zone;
    let message = book.message_of(&mail);
    let granted = message.and_then(|message| message.offer.as_ref());
    let has_code = granted.is_some_and(|granted| granted.code.is_some() && book.now <= granted.expires_at);
    // Only two of the tabs show it.
    let source = if matches!(tab, "headers" | "source") { mime::source(&mail)? } else { String::new() };
    html(&Shown {
        frame: console.frame("/outbox", &url, book),
        subject: mail.subject.clone(),
        said: view.done.is_some_and(|done| DEEDS.iter().any(|(deed, _)| *deed == done)).then_some(DONE),
        from: match mime::mailbox(&mail.from) {
            ("", address) => address.to_owned(),
            (name, address) => format!("{name} <{address}>"),
        },
        to: mail.to.join(", "),
        customer: message.map(|message| format!("/customers/{}", message.customer)),
        at: moment(mail.at, zone),
        state: state(message).word(),
        tone: tone(state(message)),
        facts: message.map(|message| facts(book, message)).unwrap_or_default(),
        deeds: DEEDS.into_iter().filter(|(deed, _)| has_code || *deed != "buy-with-code").collect(),
        offer: page_of(&mail, "/o/"),
        why: message.map(|message| message.why.iter().map(Reason::to_string).collect()).unwrap_or_default(),
        tab: tab.to_owned(),
        text: mail.text.clone(),
        headers: mime::headers(&source, &mail.subject),
        source,
        links,
        id,
    })
}

fn facts(book: &Book, message: &Message) -> Vec<(&'static str, String)> {
    let zone = &book.plan.shop.time_zone;
    let mut facts = Vec::new();
    if let Some(granted) = &message.offer {
        let code = granted.code.as_ref().map_or_else(String::new, |code| format!(", code {code}"));
        facts.push(("Offer", format!("{}{code}", granted.gives)));
        facts.push(("Good until", moment(granted.expires_at, zone)));
    }
    let times = [("Opened", message.opened), ("Clicked", message.clicked)];
    facts.extend(times.into_iter().filter_map(|(name, at)| Some((name, moment(at?, zone)))));
    let code = message.offer.as_ref().and_then(|granted| granted.code.as_ref());
    for used in code.and_then(|code| book.coupon(code)).into_iter().flat_map(|coupon| &coupon.redeemed) {
        facts.push(("Code used", format!("{} in order {}, {}", moment(used.at, zone), used.order_id, used.total)));
    }
    facts
}

/// The address of a page of ours that a letter leads to.
pub(super) fn page_of(mail: &SentMail, below: &str) -> Option<String> {
    let mut links = mail.text.split_whitespace().filter(|word| word.starts_with("http"));
    links.find_map(|link| path_of(link).filter(|path| path.starts_with(below)))
}

fn path_of(link: &str) -> Option<String> {
    let uri: Uri = link.trim_matches(['<', '>', '(', ')', '.', ',']).parse().ok()?;
    Some(uri.path_and_query()?.to_string())
}

/// Every link of the letter's page, each once, and what answers there.
async fn links(console: &Console, mail: &SentMail) -> Result<Vec<Link>> {
    let mut found: Vec<Link> = Vec::new();
    for (href, says) in anchors(&mail.html) {
        if found.iter().any(|known| known.href == href) {
            continue;
        }
        let ours = href.starts_with(&console.place.cloud.config.link_base);
        let (answer, tone) = match path_of(&href).filter(|_| ours) {
            Some(path) => {
                let answer = lambda::ask(&console.place, Request::get(path).body(())?, b"").await?;
                (answer.status_code.to_string(), if answer.status_code == 200 { "good" } else { "bad" })
            }
            None => ("outside, not asked".to_owned(), ""),
        };
        found.push(Link { href, says, answer, tone });
    }
    Ok(found)
}

/// Where a page's links lead, and the words they have.
fn anchors(page: &str) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = Vec::new();
    let mut inside = false;
    let page = page.strip_prefix("<!doctype html>").unwrap_or(page);
    for token in Tokenizer::from(page).flatten() {
        match token {
            Token::ElementStart { local, .. } if local.as_str() == "a" => inside = true,
            Token::Attribute { local, value: Some(value), .. } if inside && local.as_str() == "href" => {
                found.push((value.as_str().replace("&amp;", "&"), String::new()));
            }
            Token::Text { text } if inside => {
                if let Some((_, says)) = found.last_mut() {
                    says.push_str(text.as_str().trim());
                }
            }
            Token::ElementEnd { end: htmlparser::ElementEnd::Close(_, local), .. } if local.as_str() == "a" => {
                inside = false
            }
            _ => {}
        }
    }
    found
}

/// `GET /outbox/{id}/letter`: the page of the letter, for a frame. Its links open beside the console.
pub async fn letter(State(console): State<Console>, Path(id): Path<String>) -> Response {
    find(&console, &id).map_or_else(|| missing("letter"), |mail| framed(&mail.html))
}

/// A letter's page as a frame shows it.
pub(super) fn framed(page: &str) -> Response {
    let page = page.replacen("<head>", "<head><base target=\"_blank\">", 1);
    ([(CONTENT_TYPE, "text/html; charset=utf-8"), (CONTENT_SECURITY_POLICY, LETTER_CSP)], page).into_response()
}

/// `POST /outbox/{id}/{deed}`: the reader does something, now.
pub async fn deed(State(console): State<Console>, Path((id, deed)): Path<(String, String)>) -> Page {
    let Some(mail) = find(&console, &id) else { return Ok(missing("letter")) };
    if deed == "buy-with-code"
        && let Some(refusal) = refused_by_the_till(&console, &mail).await?
    {
        let text = format!("The till does not take the code: {refusal}. Nothing was bought.\n");
        return Ok((StatusCode::CONFLICT, text).into_response());
    }
    let done = match deed.as_str() {
        "open" => Deed::Open(mail),
        "click" => Deed::Click(mail),
        "buy-with-code" | "buy" => Deed::Tell(Box::new(purchase(&console, &mail, deed == "buy-with-code").await?)),
        "unsubscribe" => Deed::Unsubscribe(mail),
        "complain" => Deed::Complain(mail),
        "bounce" => Deed::Bounce(mail),
        _ => return Ok(missing("deed")),
    };
    match console.hand.carry_out(done).await {
        Ok(()) => Ok(Redirect::to(&format!("/outbox/{id}?done={deed}")).into_response()),
        Err(problem) => Ok((StatusCode::UNPROCESSABLE_ENTITY, format!("{problem:#}\n")).into_response()),
    }
}

/// What the till says of a letter's code, where it does not take it: asked by its own door, before anything is bought.
async fn refused_by_the_till(console: &Console, mail: &SentMail) -> Result<Option<String>> {
    let event = purchase(console, mail, true).await?;
    let What::OrderPlaced { order, .. } = &event.what else { return Ok(None) };
    let body = json!({
        "code": order.discount_codes.first(),
        "order_id": order.order_id,
        "total": order.total.amount(),
        "currency": order.total.currency.code(),
    });
    let request = Request::post("/check").header(CONTENT_TYPE, "application/json").body(())?;
    let answer = lambda::ask(&console.place, request, body.to_string().as_bytes()).await?;
    if answer.status_code == 200 {
        return Ok(None);
    }
    let said: serde_json::Value =
        answer.body.as_deref().and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default();
    let detail = said["detail"].as_str().or(said["title"].as_str()).unwrap_or("it says no");
    Ok(Some(detail.to_owned()))
}

/// The order of a reader who buys, as their store would tell it. Its number follows from who they are and how often they
/// bought, so that pressing a button twice at once is one order.
async fn purchase(console: &Console, mail: &SentMail, with_code: bool) -> Result<Event> {
    let book = &*console.book().await?;
    let message = book.message_of(mail).context("the letter's message is forgotten")?;
    let customer = book.customer(message.customer).context("the letter's reader is forgotten")?;
    let (now, granted) = (console.place.clock.now(), message.offer.as_ref().filter(|_| with_code));
    let least = granted.and_then(|granted| granted.minimum_order).map_or(0, |least| least.minor);
    let total = Money { minor: USUAL_ORDER.max(least), currency: book.plan.shop.currency };
    let name: String = customer.id.to_string().chars().take(8).collect();
    let order = PlacedOrder {
        order_id: format!("{name}-{}", customer.orders.count + 1),
        placed_at: now,
        total,
        discount_codes: granted
            .and_then(|granted| granted.code.as_ref())
            .map(ToString::to_string)
            .into_iter()
            .collect(),
    };
    let email = mail.to.first().map(|to| to.parse()).transpose()?;
    let who = Who { email, ..Who::default() };
    Ok(Event { at: now, who, what: What::OrderPlaced { order, profile: Profile::default() } })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_links_of_a_letter_are_found_with_their_words() {
        let page = "<!doctype html><html><body><p>Hello</p><a class=\"b\" href=\"https://a.example/?x=1&amp;y=2\"><b>Buy</b></a> \
                    or <a href='https://b.example/u'>unsubscribe</a></body></html>";
        let found = anchors(page);
        let words: Vec<_> = found.iter().map(|(href, says)| (href.as_str(), says.as_str())).collect();
        assert_eq!(words, [("https://a.example/?x=1&y=2", "Buy"), ("https://b.example/u", "unsubscribe")]);
    }

    #[test]
    fn a_letters_links_open_beside_the_console() {
        let response = framed("<!doctype html><html><head></head></html>");
        assert_eq!(response.headers()[CONTENT_SECURITY_POLICY], LETTER_CSP);
    }
}
