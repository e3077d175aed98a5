//! The door of a place: HTTP on this machine becomes the events a Lambda function URL would hand over, and the schedule
//! runs by the place's clock. Everything happens on one thread, one invocation at a time.

pub(crate) mod lambda;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use aws_lambda_events::lambda_function_urls::{LambdaFunctionUrlRequest, LambdaFunctionUrlResponse};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::Response;
use axum::routing::any;
use jiff::{SignedDuration, Timestamp};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};

use crate::files::Files;
use crate::knocks::{Asked, Knocks};
use crate::life::{Deed, Life};
use crate::place::Place;

/// Lambda takes no larger body.
const LARGEST_BODY: usize = 6 * 1024 * 1024;
/// Requests that wait for their turn; more are held back at the socket.
const WAITING: usize = 64;
/// How often the clock is looked at.
const BEAT: Duration = Duration::from_millis(250);
/// Whoever looks on hears of news so often and no oftener.
const TOLD: Duration = Duration::from_millis(250);
/// How often the shop's folder is looked at.
const LOOKED: Duration = Duration::from_secs(1);
/// The clock of a place may go by itself as fast as some weeks a second.
const MOST_SPEED: f64 = 5e6;
/// The schedule of find-lapsed.
const PUMP_SECONDS: i64 = 60;

type Answer = oneshot::Sender<Result<LambdaFunctionUrlResponse>>;

/// What waits for its turn.
#[derive(Debug)]
enum Ask {
    /// For the function that an address belongs to.
    Function(Box<LambdaFunctionUrlRequest>, Answer),
    /// For the clock. The answer comes when it is there.
    Turn(Turn, oneshot::Sender<()>),
    /// For the world: somebody does something, now.
    Deed(Deed, oneshot::Sender<Result<()>>),
}

/// What is wanted of a turned clock.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Turn {
    /// On to this moment, as fast as the machine can.
    To(Timestamp),
    /// On to whatever happens next.
    ToNext,
    /// By itself, so many seconds a second; 0: it stands still.
    Speed(f64),
}

/// Where the clock stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Turning {
    /// The time it shows.
    pub now: Timestamp,
    /// Where it was when it was last told to go on, and where it goes, while it goes as fast as it can.
    pub way: Option<(Timestamp, Timestamp)>,
    /// Seconds a second by itself.
    pub speed: f64,
    /// Rises with everything that may have happened.
    pub count: u64,
}

/// The handle on a place that is served: its clock and its people.
#[derive(Clone, Debug)]
pub struct Hand {
    asks: mpsc::Sender<Ask>,
    turning: watch::Receiver<Turning>,
    /// The folder that is served.
    pub files: Files,
    /// What came in by the door.
    pub knocks: Knocks,
    /// Whether what people do here has anything to do with the letters they get.
    pub answers: bool,
}

impl Hand {
    /// Begins to turn the clock, and answers with what tells when it is there, or was told to go somewhere else.
    ///
    /// # Errors
    /// When the place is closed.
    pub async fn turn(&self, turn: Turn) -> Result<oneshot::Receiver<()>> {
        let (arrived, arrival) = oneshot::channel();
        self.asks.send(Ask::Turn(turn, arrived)).await.context("the place is closed")?;
        Ok(arrival)
    }

    /// Has somebody do something, now.
    ///
    /// # Errors
    /// When the place is closed, or what was done had no effect.
    pub async fn carry_out(&self, deed: Deed) -> Result<()> {
        let (answer, answered) = oneshot::channel();
        self.asks.send(Ask::Deed(deed, answer)).await.context("the place is closed")?;
        answered.await.context("the place is closed")?
    }

    /// Where the clock stands, now and from now on.
    pub fn turning(&self) -> watch::Receiver<Turning> {
        self.turning.clone()
    }
}

/// How a turned clock goes by itself: from when, since when, and how many seconds a second.
#[derive(Clone, Copy, Debug)]
struct Pace {
    from: Timestamp,
    since: Instant,
    speed: f64,
}

impl Pace {
    /// What the clock shows now.
    fn now(self) -> Timestamp {
        // The seconds of some years fit by far.
        #[expect(clippy::cast_possible_truncation, reason = "bounded by the greatest speed")]
        let passed = (self.since.elapsed().as_secs_f64() * self.speed) as i64;
        self.from.saturating_add(SignedDuration::from_secs(passed)).unwrap_or(self.from)
    }

    /// As fast, from another moment on.
    fn again(self, from: Timestamp) -> Self {
        Self { from, since: Instant::now(), ..self }
    }
}

/// A place with its door open. Dropped, the door is closed.
#[derive(Debug)]
pub struct Gateway {
    life: Life,
    address: SocketAddr,
    asks: mpsc::Receiver<Ask>,
    server: tokio::task::JoinHandle<()>,
    pace: Pace,
    /// From where to where time is turned at the moment.
    way: Option<(Timestamp, Timestamp)>,
    pumped: Option<Timestamp>,
    /// Who waits for the clock to be there.
    arrivals: Vec<oneshot::Sender<()>>,
    turning: watch::Sender<Turning>,
    told: Instant,
    looked: Instant,
}

impl Gateway {
    /// Opens the door on a port of this machine, for this machine alone. Port 0: any that is free. What the functions do
    /// not answer is answered by `pages`, which gets the handle on the clock. The clock goes by itself, so many seconds
    /// a second.
    ///
    /// # Errors
    /// When the port is in use.
    pub async fn open(life: Life, port: u16, speed: f64, pages: impl FnOnce(Hand) -> Router) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
        let listener = listener.map_err(|error| match error.kind() {
            std::io::ErrorKind::AddrInUse => anyhow::anyhow!("port {port} is in use by another program"),
            _ => anyhow::anyhow!("port {port} cannot be had: {error}"),
        })?;
        let address = listener.local_addr().context("the port has no address")?;
        let (tell, asks) = mpsc::channel(WAITING);
        let now = life.place.clock.now();
        let (turning, seen) = watch::channel(Turning { now, way: None, speed, count: 0 });
        let (files, knocks, answers) = (life.files.clone(), life.knocks.clone(), life.answers());
        let pages = pages(Hand { asks: tell.clone(), turning: seen, files, knocks, answers });
        let router = lambda::PATHS.iter().fold(pages, |router, path| {
            let tell = tell.clone();
            router.route(path, any(move |request: Request| ask(tell.clone(), request)))
        });
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "the door is closed");
            }
        });
        let began = Instant::now();
        Ok(Self {
            life,
            address,
            asks,
            server,
            pace: Pace { from: now, since: began, speed },
            way: None,
            pumped: None,
            arrivals: Vec::new(),
            turning,
            told: began,
            looked: began,
        })
    }

    /// What lives behind the door.
    pub fn life(&mut self) -> &mut Life {
        &mut self.life
    }

    /// Begins with turning the clock to a moment.
    pub fn begin_with(&mut self, end: Timestamp) {
        let now = self.life.place.clock.now();
        self.way = (end > now).then_some((now, end));
        self.turning.send_modify(|turning| turning.way = self.way);
    }

    /// Where the door is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves requests and keeps the schedule, for ever. `tell` hears of every turn: something may have happened.
    ///
    /// # Errors
    /// When the place itself fails; a function that fails is asked again.
    pub async fn run(mut self, tell: &mut dyn FnMut(&Place)) -> Result<()> {
        let mut beat = tokio::time::interval(BEAT);
        beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let turning = self.way.is_some();
            tokio::select! {
                biased;
                Some(ask) = self.asks.recv() => self.serve(ask).await?,
                // Pages are made between two steps, so that they answer while time is turned.
                () = tokio::task::yield_now(), if turning => self.step().await?,
                _ = beat.tick(), if !turning => self.beat().await?,
            }
            self.say();
            tell(&self.life.place);
        }
    }

    async fn serve(&mut self, ask: Ask) -> Result<()> {
        if self.way.is_none() {
            self.beat().await?;
        }
        match ask {
            Ask::Function(request, answer) => {
                let asked = Asked::of(&request);
                let answered = Box::pin(lambda::invoke(&self.life.place, *request)).await;
                self.queues().await?;
                if let (Some(asked), Ok(response)) = (asked, &answered) {
                    let now = self.life.place.clock.now();
                    let waits = self.life.place.has_events()?;
                    self.life.knocks.add(asked.answered(now, response, waits));
                }
                // Who went away needs no answer; what was asked for is done all the same.
                let _ = answer.send(answered);
            }
            Ask::Deed(deed, answer) => {
                let done = self.life.carry_out(deed).await;
                self.queues().await?;
                let _ = answer.send(done);
            }
            Ask::Turn(turn, arrived) => {
                self.arrivals.push(arrived);
                self.turn(turn).await?;
            }
        }
        Ok(())
    }

    async fn turn(&mut self, turn: Turn) -> Result<()> {
        let now = self.life.place.clock.now();
        match turn {
            Turn::To(end) => self.way = (end > now).then_some((now, end)),
            Turn::ToNext => self.way = self.life.next().await?.filter(|next| *next > now).map(|next| (now, next)),
            Turn::Speed(speed) => {
                self.way = None;
                self.pace.speed = speed.clamp(0.0, MOST_SPEED);
            }
        }
        self.pace = self.pace.again(now);
        Ok(())
    }

    /// A piece of the way.
    async fn step(&mut self) -> Result<()> {
        let Some((_, end)) = self.way else { return Ok(()) };
        if !self.life.step(end).await? {
            self.way = None;
            self.pace = self.pace.again(self.life.place.clock.now());
        }
        Ok(())
    }

    /// What the passing of time asks for.
    async fn beat(&mut self) -> Result<()> {
        let before = self.life.place.clock.now();
        self.look_at_files().await?;
        if !self.life.place.clock.is_turned() {
            self.schedule().await?;
            return self.queues().await;
        }
        let now = self.pace.now().max(before);
        let began = Instant::now();
        while self.life.step(now).await? {
            tokio::task::yield_now().await;
            if began.elapsed() > BEAT {
                // Slower than was asked for: no debt of time is carried, and whoever waits is served first.
                self.pace = self.pace.again(self.life.place.clock.now());
                break;
            }
        }
        Ok(())
    }

    /// Makes the folder the plan where somebody edited it well.
    async fn look_at_files(&mut self) -> Result<()> {
        if self.looked.elapsed() < LOOKED {
            return Ok(());
        }
        self.looked = Instant::now();
        if let Some(folder) = self.life.files.look() {
            self.life.place.change_plan(&self.life.store, &folder).await?;
        }
        Ok(())
    }

    /// By the machine's clock: find-lapsed every minute, scan-customers at three in the morning (UTC).
    async fn schedule(&mut self) -> Result<()> {
        let now = self.life.place.clock.now();
        let minute = |at: Timestamp| at.as_second().div_euclid(PUMP_SECONDS);
        if self.pumped.is_none_or(|pumped| minute(pumped) < minute(now)) {
            self.life.place.pump().await?;
            let night = |at: Timestamp| (at.as_second() - 3 * 3_600).div_euclid(86_400);
            if self.pumped.is_some_and(|pumped| night(pumped) < night(now)) {
                self.life.place.scan(None).await?;
            }
            self.pumped = Some(now);
        }
        Ok(())
    }

    /// What lies on the queues, at once.
    async fn queues(&self) -> Result<()> {
        let place = &self.life.place;
        while place.record_events().await? || place.send_messages().await? || place.record_deliveries().await? {}
        Ok(())
    }

    /// Tells whoever looks on, not too often while time is turned.
    fn say(&mut self) {
        let arrived = self.way.is_none() && self.turning.borrow().way.is_some();
        if !arrived && (self.way.is_some() || self.arrivals.is_empty()) && self.told.elapsed() < TOLD {
            return;
        }
        let life = &self.life;
        let count = life.place.stack.writes() + life.knocks.count() + life.files.changes();
        let fresh = Turning { now: life.place.clock.now(), way: self.way, speed: self.pace.speed, count };
        let minute = |turning: &Turning| turning.now.as_second().div_euclid(60);
        self.turning.send_if_modified(|known| {
            let news = (minute(known), known.way, known.speed, known.count)
                != (minute(&fresh), fresh.way, fresh.speed, fresh.count);
            *known = fresh;
            news
        });
        self.told = Instant::now();
        if self.way.is_none() {
            for arrived in self.arrivals.drain(..) {
                // Whoever went away does not wait.
                let _ = arrived.send(());
            }
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Hands a request to the one thread that runs the functions, and its answer back.
async fn ask(tell: mpsc::Sender<Ask>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST_BODY).await else {
        return lambda::plain(413, "Lambda takes no body of more than 6 MB");
    };
    let (answer, answered) = oneshot::channel();
    let request = match lambda::request(&parts, &body) {
        Ok(request) => request,
        Err(problem) => return lambda::plain(400, &problem),
    };
    if tell.send(Ask::Function(Box::new(request), answer)).await.is_err() {
        return lambda::plain(502, "the place is closed");
    }
    match answered.await {
        Ok(Ok(response)) => lambda::response(response),
        // As a function URL answers for a function that failed.
        Ok(Err(error)) => {
            tracing::error!(%error, "a function failed");
            lambda::plain(502, "Internal Server Error")
        }
        Err(_) => lambda::plain(502, "the place is closed"),
    }
}

/// A body from bytes or text.
fn body(bytes: impl Into<Body>) -> Body {
    bytes.into()
}

#[cfg(test)]
mod tests;
