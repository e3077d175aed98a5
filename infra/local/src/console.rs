//! The console: pages that show a place to whoever runs it, made on this side and kept up by the browser. They follow the
//! clock: whenever something happened, a page fetches itself again and takes over what changed.

pub mod api;
mod book;
mod clock;
pub mod customers;
mod doors;
mod mime;
pub mod outbox;
mod overview;
mod program;
mod words;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use askama::Template;
use axum::Router;
use axum::extract::{Path, Request, State};
use axum::middleware::{self, Next};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use futures_util::Stream;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, ORIGIN};
use http::{HeaderName, HeaderValue, StatusCode, Uri};
use tokio::sync::{MappedMutexGuard, Mutex, MutexGuard, OnceCell};
use tower_http::compression::CompressionLayer;
use winback_domain::ids::StoreId;
use winback_domain::time::local;

use self::book::Book;
use crate::gateway::Hand;
use crate::place::Place;

/// Everything comes from here, a letter's frame too.
const CSP: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-src 'self'; \
                   form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// While time is turned, the picture is brought up so many times less often than it takes to do it.
const REST: u32 = 8;
/// The pages by their addresses, as every page offers them.
pub const NAV: [(&str, &str); 5] = [
    ("/", "Overview"),
    ("/outbox", "Outbox"),
    ("/customers", "Customers"),
    ("/program", "Program"),
    ("/doors", "Doors"),
];

/// What the pages are made of.
#[derive(Clone, Debug)]
pub struct Console {
    place: Place,
    store: StoreId,
    hand: Hand,
    kept: Arc<OnceCell<Mutex<Kept>>>,
}

/// The book, and when it was last brought up.
#[derive(Debug)]
struct Kept {
    book: Book,
    writes: u64,
    made: Instant,
    took: Duration,
}

impl Kept {
    async fn open(place: &Place, store: &StoreId) -> Result<Self> {
        let began = Instant::now();
        let book = Book::open(place, store).await?;
        Ok(Self { book, writes: place.stack.writes(), made: Instant::now(), took: began.elapsed() })
    }

    async fn bring_up(&mut self, place: &Place) -> Result<()> {
        let (began, writes) = (Instant::now(), place.stack.writes());
        self.book.bring_up(place).await?;
        if self.writes != writes {
            (self.writes, self.made, self.took) = (writes, Instant::now(), began.elapsed());
        }
        Ok(())
    }
}

/// The pages of a store in a place that is served.
pub fn pages(place: Place, store: StoreId, hand: Hand) -> Router {
    let console = Console { place, store, hand, kept: Arc::default() };
    Router::new()
        .route("/", get(overview::page))
        .route("/outbox", get(outbox::list))
        .route("/outbox/{id}", get(outbox::mail))
        .route("/outbox/{id}/letter", get(outbox::letter))
        .route("/outbox/{id}/raw", get(api::raw))
        .route("/outbox/{id}/{deed}", post(outbox::deed))
        .route("/customers", get(customers::list))
        .route("/customers/{id}", get(customers::one))
        .route("/program", get(program::page))
        .route("/program/letter", get(program::letter))
        .route("/doors", get(doors::page))
        .route("/clock", post(clock::form))
        .route("/live", get(live))
        .route("/assets/{name}", get(asset))
        .merge(api::routes())
        .fallback(nothing)
        .layer(CompressionLayer::new())
        .layer(middleware::from_fn(at_home))
        .with_state(console)
}

impl Console {
    /// Everything about the store, as of the last thing that happened; while time is turned, of a moment ago. It is locked
    /// for as long as a page is made of it.
    async fn book(&self) -> Result<MappedMutexGuard<'_, Book>> {
        let kept = self.kept.get_or_try_init(|| async { Kept::open(&self.place, &self.store).await.map(Mutex::new) });
        let mut kept = kept.await?.lock().await;
        let turning = self.hand.turning().borrow().way.is_some();
        if !turning || kept.made.elapsed() >= kept.took * REST {
            kept.bring_up(&self.place).await?;
        }
        Ok(MutexGuard::map(kept, |kept| &mut kept.book))
    }

    /// What every page shows around itself.
    fn frame(&self, here: &'static str, url: &Uri, book: &Book) -> Frame {
        let turning = *self.hand.turning().borrow();
        let zone = &book.plan.shop.time_zone;
        let at = self.place.clock.now();
        let now = local(at, zone);
        Frame {
            here,
            url: url.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string),
            shop: book.plan.shop.name.clone(),
            iso: at.to_string(),
            day: now.strftime("%A, %-d %B %Y").to_string(),
            time: now.strftime("%H:%M").to_string(),
            turned: self.place.clock.is_turned(),
            way: turning.way.map(|(from, to)| words::part(from, at, to)),
            way_says: turning.way.map_or_else(String::new, |(_, to)| {
                format!("On the way to {}", local(to, zone).strftime("%-d %B %Y, %H:%M"))
            }),
            speeds: clock::SPEEDS.map(|(speed, word)| (speed, word, speed == turning.speed)),
        }
    }
}

/// What every page shows around itself.
#[derive(Debug)]
struct Frame {
    here: &'static str,
    /// This very page, to be fetched again.
    url: String,
    shop: String,
    iso: String,
    day: String,
    time: String,
    turned: bool,
    /// How much of the way is done, in percent, while time is turned.
    way: Option<u32>,
    way_says: String,
    /// Speeds, their words, and which one it is.
    speeds: [(f64, &'static str, bool); 4],
}

/// A page, or the reason why there is none.
type Page = std::result::Result<Response, Problem>;

/// Why there is no page.
#[derive(Debug)]
pub struct Problem(anyhow::Error);

impl<E: Into<anyhow::Error>> From<E> for Problem {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        tracing::error!(error = %self.0, "a page failed");
        (StatusCode::INTERNAL_SERVER_ERROR, format!("{:#}\n", self.0)).into_response()
    }
}

fn html(page: &impl Template) -> Page {
    Ok(Html(page.render()?).into_response())
}

fn missing(what: &str) -> Response {
    (StatusCode::NOT_FOUND, format!("There is no such {what} here.\n")).into_response()
}

async fn nothing() -> Response {
    let pages = NAV.map(|(path, _)| path).join(", ");
    let text = format!(
        "There is nothing here. The pages are {pages}; scripts come to /api, stores and customers to /webhooks/STORE, /o/…, /u/…, /check and \
         /redeem.\n"
    );
    (StatusCode::NOT_FOUND, text).into_response()
}

/// Pages answer whoever sits at this machine, and no page of somebody else's in the same browser: neither by another name
/// for this machine, nor by a form.
async fn at_home(request: Request, next: Next) -> Response {
    if !is_at_home(&request) {
        return (StatusCode::FORBIDDEN, "This is for whoever sits at this machine.\n").into_response();
    }
    let mut answer = next.run(request).await;
    let headers = answer.headers_mut();
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(CSP));
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    headers.insert("referrer-policy", HeaderValue::from_static("same-origin"));
    answer
}

fn is_at_home(request: &Request) -> bool {
    let header = |name: HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
    let host = header(HOST).map(|host| host.rsplit_once(':').map_or(host, |(name, _)| name));
    let known = host.is_some_and(|host| ["127.0.0.1", "localhost"].contains(&host));
    let site = header(HeaderName::from_static("sec-fetch-site")).unwrap_or("none");
    // Browsers without the one header send the other with a form.
    let origin = header(ORIGIN).is_none_or(|origin| {
        let host = header(HOST).unwrap_or_default();
        origin.strip_prefix("http://") == Some(host)
    });
    known && (request.method().is_safe() || (origin && (site == "same-origin" || site == "none")))
}

/// Says `turn` whenever something happened.
async fn live(State(console): State<Console>) -> Sse<impl Stream<Item = std::result::Result<Event, Infallible>>> {
    let turns = futures_util::stream::unfold(console.hand.turning(), |mut turning| async move {
        turning.changed().await.ok()?;
        let count = turning.borrow_and_update().count;
        Some((Ok(Event::default().event("turn").data(count.to_string())), turning))
    });
    Sse::new(turns).keep_alive(KeepAlive::default())
}

async fn asset(Path(name): Path<String>) -> Response {
    let (kind, bytes): (_, &[u8]) = match name.as_str() {
        "console.css" => ("text/css", include_bytes!("../assets/console.css")),
        "icon.svg" => ("image/svg+xml", include_bytes!("../assets/icon.svg")),
        "htmx-4.0.1.min.js" => ("text/javascript", include_bytes!("../assets/htmx-4.0.1.min.js")),
        "hx-sse-4.0.1.min.js" => ("text/javascript", include_bytes!("../assets/hx-sse-4.0.1.min.js")),
        _ => return missing("file"),
    };
    let headers = [(CONTENT_TYPE, format!("{kind}; charset=utf-8")), (CACHE_CONTROL, "max-age=300".to_owned())];
    (headers, bytes).into_response()
}
