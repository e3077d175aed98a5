//! The door of a place: HTTP on this machine becomes the events a Lambda function URL would hand over, and the schedule
//! runs by the place's clock. Everything happens on one thread, one invocation at a time.

mod lambda;

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use aws_lambda_events::lambda_function_urls::{LambdaFunctionUrlRequest, LambdaFunctionUrlResponse};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::Response;
use jiff::{Timestamp, ToSpan};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

use crate::place::Place;

/// Lambda takes no larger body.
const LARGEST_BODY: usize = 6 * 1024 * 1024;
/// Requests that wait for their turn; more are held back at the socket.
const WAITING: usize = 64;
/// How often the clock is looked at.
const BEAT: Duration = Duration::from_secs(1);
/// The schedule of find-lapsed.
const PUMP_SECONDS: i64 = 60;

type Ask = (LambdaFunctionUrlRequest, oneshot::Sender<Result<LambdaFunctionUrlResponse>>);

/// A place with its door open. Dropped, the door is closed.
#[derive(Debug)]
pub struct Gateway {
    place: Place,
    address: SocketAddr,
    asks: mpsc::Receiver<Ask>,
    server: tokio::task::JoinHandle<()>,
    /// A turned clock goes on from where it stood, as fast as the machine's.
    began: (Timestamp, Instant),
    pumped: Option<Timestamp>,
}

impl Gateway {
    /// Opens the door on a port of this machine, for this machine alone. Port 0: any that is free.
    ///
    /// # Errors
    /// When the port is in use.
    pub async fn open(place: Place, port: u16) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
        let listener = listener.map_err(|error| match error.kind() {
            std::io::ErrorKind::AddrInUse => anyhow::anyhow!("port {port} is in use by another program"),
            _ => anyhow::anyhow!("port {port} cannot be had: {error}"),
        })?;
        let address = listener.local_addr().context("the port has no address")?;
        let (tell, asks) = mpsc::channel(WAITING);
        let router = Router::new().fallback(move |request: Request| ask(tell.clone(), request));
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).await {
                tracing::error!(%error, "the door is closed");
            }
        });
        let began = (place.clock.now(), Instant::now());
        Ok(Self { place, address, asks, server, began, pumped: None })
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
            tokio::select! {
                Some((request, answer)) = self.asks.recv() => {
                    self.turn();
                    // Who went away needs no answer; what was asked for is done all the same.
                    let _ = answer.send(Box::pin(lambda::invoke(&self.place, request)).await);
                    self.queues().await?;
                }
                _ = beat.tick() => {
                    let before = self.place.clock.now();
                    self.turn();
                    self.schedule(before).await?;
                    self.queues().await?;
                }
            }
            tell(&self.place);
        }
    }

    /// Lets a turned clock go on.
    fn turn(&self) {
        let (from, at) = self.began;
        let passed = i64::try_from(at.elapsed().as_secs()).unwrap_or(i64::MAX);
        if let Ok(now) = from.checked_add(passed.seconds()) {
            self.place.clock.turn_to(now);
        }
    }

    /// find-lapsed every minute, scan-customers at three in the morning (UTC).
    async fn schedule(&mut self, before: Timestamp) -> Result<()> {
        let now = self.place.clock.now();
        let minute = |at: Timestamp| at.as_second().div_euclid(PUMP_SECONDS);
        if self.pumped.is_none_or(|pumped| minute(pumped) < minute(now)) {
            self.place.pump().await?;
            self.pumped = Some(now);
        }
        let night = |at: Timestamp| (at.as_second() - 3 * 3_600).div_euclid(86_400);
        if night(before) < night(now) {
            self.place.scan(None).await?;
        }
        Ok(())
    }

    /// What lies on the queues, at once.
    async fn queues(&self) -> Result<()> {
        let place = &self.place;
        while place.record_events().await? || place.send_messages().await? || place.record_deliveries().await? {}
        Ok(())
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
    if tell.send((request, answer)).await.is_err() {
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
