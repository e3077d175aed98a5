//! The runs: which fault at which call, and what happens meanwhile.

use std::sync::{Arc, Mutex};

use serde_json::json;
use winback_domain::customer::OpenState;
use winback_domain::plan::Folder;
use winback_domain::store::State;
use winback_local::aws::{At, Fault};
use winback_local::place::Setup;

use super::check::{Expect, Stopped, check, due};
use super::world::{ANNA, BEFORE_LAST_DAY, BEFORE_LETTER, END, LAST_DAY, LETTER, World, at, folder};

/// Which part of the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exploration(u8);

impl Exploration {
    pub const EACH_CALL: Self = Self(0);
    pub const FROZEN: Self = Self(1);
    pub const PAIRS: Self = Self(2);
    pub const OTHERS: Self = Self(3);
    #[cfg(debug_assertions)]
    pub const ALL: [Self; 4] = [Self::FROZEN, Self::OTHERS, Self::EACH_CALL, Self::PAIRS];
}

/// What was found.
pub struct Found {
    pub runs: u32,
    pub verdict: Result<(), String>,
}

/// All steps of a run that nothing stops.
const ALL_STEPS: &[&str] = &["1.1", "1.2", "2.1"];

/// Runs a part until something does not hold.
pub async fn explore(part: &Exploration) -> Found {
    let mut runs = 0;
    let verdict = match *part {
        Exploration::EACH_CALL => Box::pin(each_call(&mut runs)).await,
        Exploration::FROZEN => Box::pin(frozen(&mut runs)).await,
        Exploration::PAIRS => Box::pin(pairs(&mut runs)).await,
        _ => Box::pin(others(&mut runs)).await,
    };
    Found { runs, verdict }
}

/// A kind of trouble that strikes one call of the whole line.
const TROUBLES: [&str; 9] = [
    "drop before",
    "drop after",
    "lost answer",
    "lost answers",
    "timed out",
    "no connection",
    "throttle",
    "conflict",
    "server error",
];

fn trouble(name: &str, call: u64) -> (At, Fault) {
    let at = At::call(call);
    match name {
        "drop before" => (at, Fault::DropBefore),
        "drop after" => (at, Fault::DropAfter),
        "lost answer" => (at, Fault::LostAnswer),
        "lost answers" => (at.times(3), Fault::LostAnswer),
        "timed out" => (at, Fault::TimedOut),
        "no connection" => (at, Fault::NoConnection),
        "throttle" => (at, Fault::Throttle),
        "conflict" => (at, Fault::Conflict),
        _ => (at, Fault::ServerError),
    }
}

/// From the order to the end of the program, with one trouble at one call.
async fn each_call(runs: &mut u32) -> Result<(), String> {
    let folder = folder();
    for name in TROUBLES {
        let mut call = 1;
        loop {
            let world = World::new(&folder).await;
            let (at, fault) = trouble(name, call);
            world.place.stack.faults().set(at, fault);
            world.order("A-1").await;
            Box::pin(world.until(END)).await;
            let over = world.place.stack.faults().count() < call;
            let expect = Expect { steps: Some(ALL_STEPS), stopped: None };
            Box::pin(check(&world, &expect)).await.map_err(|problem| format!("{name} at call {call}: {problem}"))?;
            *runs += 1;
            if over {
                break;
            }
            call += 1;
        }
    }
    Ok(())
}

/// What happens while a worker is frozen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meanwhile {
    AnotherWorker,
    Purchase,
    Unsubscribe,
    Erasure,
    PurchaseAndCleanUp,
    LeaseOver,
    NextDay,
    NewPlan,
    NewPlanAndAnotherWorker,
    Pause,
}

const ALL_MEANWHILE: [Meanwhile; 10] = [
    Meanwhile::NewPlanAndAnotherWorker,
    Meanwhile::PurchaseAndCleanUp,
    Meanwhile::AnotherWorker,
    Meanwhile::Purchase,
    Meanwhile::Unsubscribe,
    Meanwhile::Erasure,
    Meanwhile::LeaseOver,
    Meanwhile::NextDay,
    Meanwhile::NewPlan,
    Meanwhile::Pause,
];

impl Meanwhile {
    fn stops(self) -> bool {
        matches!(self, Self::Purchase | Self::Unsubscribe | Self::Erasure | Self::PurchaseAndCleanUp)
    }

    async fn happen(self, world: &World) -> Option<Stopped> {
        match self {
            Self::AnotherWorker => world.another_worker().await,
            Self::LeaseOver => {
                world.place.clock.turn_to(world.place.clock.now() + jiff::Span::new().minutes(6));
                world.another_worker().await;
            }
            Self::NextDay => {
                world.place.clock.turn_to(world.place.clock.now() + jiff::Span::new().hours(24));
                world.another_worker().await;
                world.another_worker().await;
            }
            Self::NewPlan => new_plan(world).await,
            Self::NewPlanAndAnotherWorker => {
                new_plan(world).await;
                // The other one lets the claim lapse, claims anew, writes the message down and dies at the stock.
                world.another_look().await;
                world.place.stack.faults().set(At::call(1).operation("UpdateItem"), Fault::DropBefore);
                world.another_worker().await;
            }
            Self::Pause => {
                let paused = Setup { state: State::Paused, unlimited: false };
                world.place.set_up(&world.store, &folder(), paused).await.expect("the store is there");
            }
            Self::Purchase | Self::PurchaseAndCleanUp => world.order("A-2").await,
            Self::Unsubscribe => world.tell("customer.unsubscribed", json!({"email": ANNA})).await,
            Self::Erasure => world.tell("customer.erased", json!({"email": ANNA})).await,
        }
        if !self.stops() {
            return None;
        }
        world.record().await;
        let fenced = world.anna().await.and_then(|anna| anna.open).is_some_and(|open| open.state == OpenState::Sending);
        let stopped = Stopped { mails: world.place.stack.outbox().len(), fenced };
        if self == Self::PurchaseAndCleanUp {
            world.another_worker().await;
        }
        Some(stopped)
    }
}

/// The program changes and the auditor passes: another subject, another offer, an earlier last day.
async fn new_plan(world: &World) {
    let mut changed: Folder = folder();
    changed.insert("mails/letter/en/subject.txt".into(), "another letter".into());
    let program = changed["program.yaml"].replace("24 hours before", "48 hours before");
    let program = program.replace("ten-euro", "fifteen-euro").replace("10 EUR off", "15 EUR off");
    changed.insert("program.yaml".into(), program);
    let live = Setup { state: State::Live, unlimited: false };
    world.place.set_up_quietly(&world.store, &changed, live).await.expect("the folder is good");
    world.place.restarted().scan(None).await.expect("the scan runs");
}

/// A worker is frozen at each of its calls while something else happens; then it goes on as if nothing had.
async fn frozen(runs: &mut u32) -> Result<(), String> {
    let folder = folder();
    for (before, moment) in [(BEFORE_LETTER, LETTER), (BEFORE_LAST_DAY, LAST_DAY)] {
        for meanwhile in ALL_MEANWHILE {
            let mut call = 1;
            while Box::pin(frozen_run(&folder, before, moment, meanwhile, call))
                .await
                .map_err(|problem| format!("{meanwhile:?} at call {call} of {moment}: {problem}"))?
            {
                *runs += 1;
                call += 1;
            }
        }
    }
    Ok(())
}

/// One run; false: the calls were over before the freeze.
async fn frozen_run(
    folder: &Folder,
    before: &str,
    moment: &str,
    meanwhile: Meanwhile,
    call: u64,
) -> Result<bool, String> {
    let world = World::new(folder).await;
    world.order("A-1").await;
    world.until(before).await;
    let stopped: Arc<Mutex<Option<Stopped>>> = Arc::default();
    let faults = world.place.stack.faults().clone();
    let (there, tell) = (world.clone(), Arc::clone(&stopped));
    faults.set(
        At::call(call),
        Fault::pause(move || async move {
            let found = Box::pin(meanwhile.happen(&there)).await;
            *tell.lock().expect("no panic before") = found;
        }),
    );
    world.place.clock.turn_to(at(moment));
    world.place.settle().await.map_err(|error| error.to_string())?;
    if faults.fired() == 0 {
        return Ok(false);
    }
    faults.clear();
    due(&world).await?;
    if meanwhile == Meanwhile::Pause {
        let live = Setup { state: State::Live, unlimited: false };
        world.place.set_up(&world.store, folder, live).await.map_err(|error| error.to_string())?;
    }
    Box::pin(world.until(END)).await;
    let stopped = stopped.lock().expect("no panic before").clone();
    // A worker frozen over a day may find the last day over; a stop leaves what it leaves.
    let steps: Option<&[&str]> = match meanwhile {
        _ if meanwhile.stops() => None,
        Meanwhile::NextDay => Some(&["1.1", "2.1"]),
        _ => Some(ALL_STEPS),
    };
    Box::pin(check(&world, &Expect { steps, stopped })).await?;
    Ok(true)
}

/// A worker is frozen at one call while another one works and dies at one of its own; then the first goes on.
async fn pairs(runs: &mut u32) -> Result<(), String> {
    let folder = folder();
    for (before, moment) in [(BEFORE_LETTER, LETTER), (BEFORE_LAST_DAY, LAST_DAY)] {
        let mut call = 1;
        loop {
            let mut other = 1;
            let mut froze = true;
            loop {
                let world = World::new(&folder).await;
                world.order("A-1").await;
                world.until(before).await;
                let faults = world.place.stack.faults().clone();
                let died: Arc<Mutex<bool>> = Arc::default();
                let (there, tell) = (world.clone(), Arc::clone(&died));
                faults.set(
                    At::call(call),
                    Fault::pause(move || async move {
                        let faults = there.place.stack.faults().clone();
                        let fired = faults.fired();
                        faults.set(At::call(other), Fault::DropAfter);
                        Box::pin(there.another_worker()).await;
                        *tell.lock().expect("no panic before") = faults.fired() > fired;
                        faults.clear();
                    }),
                );
                world.place.clock.turn_to(at(moment));
                let before = faults.count();
                world.place.settle().await.map_err(|error| error.to_string())?;
                froze &= faults.count() - before >= call;
                let died = *died.lock().expect("no panic before");
                faults.clear();
                Box::pin(world.until(END)).await;
                let expect = Expect { steps: Some(ALL_STEPS), stopped: None };
                Box::pin(check(&world, &expect)).await.map_err(|problem| {
                    format!("frozen at call {call}, the other dead at {other} of {moment}: {problem}")
                })?;
                *runs += 1;
                if !died {
                    break;
                }
                other += 1;
            }
            if !froze {
                break;
            }
            call += 1;
        }
    }
    Ok(())
}

/// Stale index entries, hints that come again, and somebody held out.
async fn others(runs: &mut u32) -> Result<(), String> {
    let plain = folder();
    let world = World::new(&plain).await;
    world.order("A-1").await;
    world.until(BEFORE_LETTER).await;
    world.place.clock.turn_to(at(LETTER));
    world.place.stack.freeze_index().map_err(|error| error.to_string())?;
    for _ in 0..4 {
        world.place.pump().await.map_err(|error| error.to_string())?;
        world.place.send_messages().await.map_err(|error| error.to_string())?;
    }
    world.place.stack.thaw_index();
    Box::pin(world.until(END)).await;
    Box::pin(check(&world, &Expect { steps: Some(ALL_STEPS), stopped: None }))
        .await
        .map_err(|p| format!("stale index: {p}"))?;
    *runs += 1;

    for name in ["drop before", "drop after", "lost answer", "lost answers"] {
        let mut call = 1;
        loop {
            let mut world = World::new(&plain).await;
            world.place = world.place.without_deliveries();
            let (at, fault) = trouble(name, call);
            world.place.stack.faults().set(at, fault);
            world.order("A-1").await;
            Box::pin(world.until(END)).await;
            let expect = Expect { steps: Some(ALL_STEPS), stopped: None };
            let checked = Box::pin(check(&world, &expect)).await;
            checked.map_err(|problem| format!("SES tells nothing, {name} at call {call}: {problem}"))?;
            *runs += 1;
            if world.place.stack.faults().count() < call {
                break;
            }
            call += 1;
        }
    }

    let mut half = folder();
    let shop = half["shop.yaml"].replace("holdout: 0 %", "holdout: 99 %");
    half.insert("shop.yaml".into(), shop);
    for name in ["drop before", "drop after", "lost answers"] {
        let mut call = 1;
        loop {
            let world = World::new(&half).await;
            let (at, fault) = trouble(name, call);
            world.place.stack.faults().set(at, fault);
            world.order("A-1").await;
            Box::pin(world.until(END)).await;
            Box::pin(check(&world, &Expect { steps: Some(ALL_STEPS), stopped: None }))
                .await
                .map_err(|problem| format!("held out, {name} at call {call}: {problem}"))?;
            if !world.place.stack.outbox().is_empty() {
                return Err(format!("held out, {name} at call {call}: somebody held out was mailed"));
            }
            *runs += 1;
            if world.place.stack.faults().count() < call {
                break;
            }
            call += 1;
        }
    }
    Ok(())
}
