//! The clock's buttons, and the same for scripts: `GET` and `POST /api/clock`.

use anyhow::{Context, Result, bail};
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::response::{IntoResponse, Redirect};
use axum::{Form, Json};
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::oneshot;
use winback_domain::time::days_later;

use super::{Console, Page};
use crate::gateway::Turn;

/// The speeds the clock can have by itself, in seconds a second.
pub const SPEEDS: [(f64, &str); 4] =
    [(0.0, "Pause"), (3_600.0, "1 hour/s"), (86_400.0, "1 day/s"), (604_800.0, "1 week/s")];
/// The clock is turned so far at once and no further.
const MOST_DAYS: u32 = 366;

/// What is wanted of the clock: one of these.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// `45d`, `2w`, `12h`, `30m`, or `next` for whatever happens next.
    advance: Option<String>,
    /// On to this moment.
    to: Option<Timestamp>,
    /// Seconds a second; 0: it stands still.
    speed: Option<f64>,
}

/// Where the clock stands.
#[derive(Clone, Debug, Serialize)]
pub struct Shown {
    now: Timestamp,
    turning_to: Option<Timestamp>,
    speed: f64,
}

impl Wanted {
    fn turn(&self, now: Timestamp, zone: &jiff::tz::TimeZone) -> Result<Turn> {
        let end = match (&self.advance, self.to, self.speed) {
            (Some(next), None, None) if next == "next" => return Ok(Turn::ToNext),
            (None, None, Some(speed)) if speed.is_finite() && speed >= 0.0 => return Ok(Turn::Speed(speed)),
            (None, Some(to), None) => to,
            (Some(advance), None, None) => advanced(advance, now, zone)?,
            _ => bail!("one of `advance`, `to` and `speed` is wanted"),
        };
        if end < now {
            bail!("the clock stands at {now} and is never turned back");
        }
        if end > days_later(now, MOST_DAYS, zone) {
            bail!("the clock is turned by a year at once, and no further");
        }
        Ok(Turn::To(end))
    }
}

/// A moment so much later: days and weeks on the calendar of the shop.
fn advanced(by: &str, now: Timestamp, zone: &jiff::tz::TimeZone) -> Result<Timestamp> {
    let wrong = || format!("`{by}` is no length of time; write 45d, 2w, 12h or 30m");
    let at = by.find(|c: char| !c.is_ascii_digit()).with_context(wrong)?;
    let (number, unit) = (by[..at].parse::<u32>().with_context(wrong)?, &by[at..]);
    Ok(match unit {
        "d" => days_later(now, number.min(MOST_DAYS + 1), zone),
        "w" => days_later(now, number.saturating_mul(7).min(MOST_DAYS + 1), zone),
        "h" => now.saturating_add(SignedDuration::from_hours(i64::from(number)))?,
        "m" => now.saturating_add(SignedDuration::from_mins(i64::from(number)))?,
        _ => bail!(wrong()),
    })
}

/// Begins to turn the clock; the answer tells when it is there. Or says what is wrong with the wish.
async fn turn(console: &Console, wanted: &Wanted) -> Result<std::result::Result<oneshot::Receiver<()>, String>> {
    if !console.place.clock.is_turned() {
        return Ok(Err("this place goes by the machine's clock, which is not turned".to_owned()));
    }
    let zone = console.place.overseer.standing(&console.store).await?.plan.shop.time_zone.clone();
    match wanted.turn(console.place.clock.now(), &zone) {
        Ok(turn) => Ok(Ok(console.hand.turn(turn).await?)),
        Err(problem) => Ok(Err(format!("{problem:#}"))),
    }
}

/// What a button of the clock says, and the page it stands on.
#[derive(Debug, Deserialize)]
pub struct Pressed {
    back: Option<String>,
    advance: Option<String>,
    speed: Option<f64>,
}

/// `POST /clock`: a button was pressed.
pub async fn form(State(console): State<Console>, Form(pressed): Form<Pressed>) -> Page {
    let wanted = Wanted { advance: pressed.advance, to: None, speed: pressed.speed };
    // A page of ours, and nothing else.
    let back = pressed.back.filter(|back| {
        back.starts_with('/') && !back.contains("//") && !back.contains(|c: char| c == '\\' || c.is_control())
    });
    Ok(match turn(&console, &wanted).await? {
        Ok(_) => Redirect::to(back.as_deref().unwrap_or("/")).into_response(),
        Err(problem) => (StatusCode::UNPROCESSABLE_ENTITY, format!("{problem}\n")).into_response(),
    })
}

/// `GET /api/clock`: where the clock stands.
pub async fn read(State(console): State<Console>) -> Json<Shown> {
    let turning = *console.hand.turning().borrow();
    Json(Shown { now: console.place.clock.now(), turning_to: turning.way.map(|(_, to)| to), speed: turning.speed })
}

/// `POST /api/clock`: turns it, and answers when it is there.
pub async fn set(State(console): State<Console>, wanted: std::result::Result<Json<Wanted>, JsonRejection>) -> Page {
    let unprocessable = |problem: String| {
        (StatusCode::UNPROCESSABLE_ENTITY, Json(json!({ "title": problem, "status": 422 }))).into_response()
    };
    let wanted = match wanted {
        Ok(Json(wanted)) => wanted,
        Err(problem) => return Ok(unprocessable(problem.body_text())),
    };
    match turn(&console, &wanted).await? {
        Err(problem) => Ok(unprocessable(problem)),
        Ok(arrived) => {
            arrived.await?;
            Ok(read(State(console)).await.into_response())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_are_those_of_the_calendar() {
        let zone = jiff::tz::TimeZone::get("Europe/Helsinki").unwrap();
        let now: Timestamp = "2026-03-28T10:00:00Z".parse().unwrap();
        let to = |advance: &str| Wanted { advance: Some(advance.to_owned()), ..Wanted::default() }.turn(now, &zone);
        assert_eq!(to("1d").unwrap(), Turn::To("2026-03-29T09:00:00Z".parse().unwrap()), "the clocks went forward");
        assert_eq!(to("12h").unwrap(), Turn::To("2026-03-28T22:00:00Z".parse().unwrap()));
        assert_eq!(to("next").unwrap(), Turn::ToNext);
        for wrong in ["4000000000h", "4000000000m", "", "d", "45", "45 days", "-1d", "999999999999d", "2000d"] {
            assert!(to(wrong).is_err(), "{wrong}");
        }
        assert!(Wanted::default().turn(now, &zone).is_err());
    }
}
