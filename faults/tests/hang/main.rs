//! With a filesystem that hangs under any operation, the other tasks of the executor keep running.
//!
//! Each operation is tried first without a hang, to learn what it asks the filesystem; then with each of
//! these requests hanging, and with all of them. The ticker on the same single thread must not be held up
//! for a tenth of the hang. Prints a table of the longest times.
#![cfg(target_os = "linux")]

mod atomic;
mod drop_in;
mod files;
mod locks;
mod paths;
mod scene;
mod temporary;
mod text;
mod trees;
mod wrapped;

use std::fmt::Write;
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use anyfile_faults::{Caching, Mount};

use scene::{DROP, Ending, HANG, MOST, Operation, Outcome, Scene, keep_time, play};

/// Scenes that are played at once.
const STAGES: usize = 100;

/// A busy machine can upset the timing of a play, but not so often.
const ATTEMPTS: usize = 3;

/// An operation: its name, the titles of plays in which it is documented to wait, and how it goes.
#[macro_export]
macro_rules! operation {
    ($name:literal, $scene:ident => $act:block) => {
        operation!($name, [], $scene => $act)
    };
    ($name:literal, $waits_in:expr, $scene:ident => $act:block) => {
        $crate::scene::Operation {
            name: $name,
            act: Box::new(|$scene| {
                Box::pin(async move {
                    $act
                    Ok(())
                })
            }),
            waits_in: &$waits_in,
        }
    };
}

struct Play<'a> {
    number: usize,
    operation: &'a Operation,
    caching: Caching,
    requests: Option<String>,
    ending: Ending,
}

impl Play<'_> {
    fn title(&self) -> String {
        let requests = self.requests.as_deref().unwrap_or("nothing");
        match (self.ending, self.caching) {
            (Ending::Answered, Caching::Nothing) => requests.to_owned(),
            (Ending::Answered, _) => "cached".to_owned(),
            (Ending::Dropped, _) => "dropped".to_owned(),
            (Ending::Killed, _) => "killed".to_owned(),
        }
    }

    /// Returns `true` if dropping a file with buffered bytes may wait for a second here, as documented.
    fn waits(&self) -> bool {
        self.operation.waits_in.contains(&self.title().as_str())
    }

    fn judge(&self, outcome: Outcome) -> Result<Outcome, Failure> {
        let Outcome { gap, whole_gap, .. } = outcome;
        // The kernel waits for no answer to a release, and sends it when it likes.
        let must_meet = self.caching == Caching::Nothing
            && self.ending != Ending::Killed
            && !matches!(
                self.requests.as_deref(),
                None | Some("release" | "releasedir")
            );
        if let Err(error) = &outcome.result {
            return Err(Failure::Certain(format!("failed: {error}")));
        }
        let reason = match &outcome {
            _ if must_meet && outcome.hung == 0 => "did not meet the hang".to_owned(),
            _ if self.waits() && whole_gap < DROP + MOST => return Ok(outcome),
            _ if self.waits() => format!("waited for {whole_gap:?}"),
            _ if gap >= MOST => format!("held the executor up for {gap:?}"),
            _ if self.ending == Ending::Dropped && outcome.hung > 0 && outcome.hanging == 0 => {
                "the server has answered too early".to_owned()
            }
            _ => return Ok(outcome),
        };
        Err(Failure::OfTiming(reason))
    }
}

/// Why a play has failed.
enum Failure {
    Certain(String),
    /// The machine may be to blame.
    OfTiming(String),
}

/// Plays many scenes at once; what came of each.
fn play_wave(plays: &[&Play<'_>]) -> Vec<Result<Outcome, Failure>> {
    let all_set = Barrier::new(plays.len());
    let play = |this: &Play<'_>| {
        let scene = Scene::new(this.caching, this.requests.as_deref());
        all_set.wait();
        let scene = Arc::new(scene.expect("the scene is set"));
        play(this.operation, scene, this.caching, this.ending)
    };
    thread::scope(|scope| {
        let playing: Vec<_> = plays
            .iter()
            .map(|this| scope.spawn(|| play(this)))
            .collect();
        let played = plays.iter().zip(playing);
        let judge = |(this, playing): (&&Play<'_>, thread::ScopedJoinHandle<'_, Outcome>)| {
            let outcome = playing
                .join()
                .map_err(|_| Failure::Certain("panicked".to_owned()))?;
            this.judge(outcome)
        };
        played.map(judge).collect()
    })
}

/// Plays all scenes, once more where the machine may be to blame; what came of each.
fn play_all(plays: &[Play<'_>]) -> Vec<Result<Outcome, String>> {
    let mut outcomes: Vec<Option<Result<Outcome, Failure>>> = Vec::new();
    outcomes.resize_with(plays.len(), || None);
    for _ in 0..ATTEMPTS {
        let is_left = |&number: &usize| {
            let outcome = &outcomes[number];
            matches!(outcome, None | Some(Err(Failure::OfTiming(_))))
        };
        let left: Vec<usize> = (0..plays.len()).filter(is_left).collect();
        for wave in left.chunks(STAGES) {
            let of_wave: Vec<&Play<'_>> = wave.iter().map(|&number| &plays[number]).collect();
            for (&number, outcome) in wave.iter().zip(play_wave(&of_wave)) {
                outcomes[number] = Some(outcome);
            }
        }
    }
    let told = |(this, outcome): (&Play<'_>, Option<Result<Outcome, Failure>>)| {
        outcome.expect("all were played").map_err(|failure| {
            let (Failure::Certain(reason) | Failure::OfTiming(reason)) = failure;
            format!("{} ({}): {reason}", this.operation.name, this.title())
        })
    };
    plays.iter().zip(outcomes).map(told).collect()
}

#[test]
fn no_operation_holds_the_executor_up() {
    if let Some(reason) = Mount::impossible() {
        return println!("skipped: {reason}");
    }
    keep_time();
    let chosen = std::env::var("OPERATION").unwrap_or_default();
    let kinds = [
        files::operations(),
        locks::operations(),
        text::operations(),
        wrapped::operations(),
        paths::operations(),
        atomic::operations(),
        trees::operations(),
        temporary::operations(),
        drop_in::operations(),
    ];
    let mut operations: Vec<Operation> = kinds.into_iter().flatten().collect();
    operations.retain(|operation| operation.name.contains(&chosen));

    let play = |number, caching, requests: Option<&str>, ending| Play {
        number,
        operation: &operations[number],
        caching,
        requests: requests.map(str::to_owned),
        ending,
    };
    let tries: Vec<Play<'_>> = (0..operations.len())
        .map(|number| play(number, Caching::Nothing, None, Ending::Answered))
        .collect();
    let mut failures = Vec::new();
    let mut plays = Vec::new();
    for (number, tried) in play_all(&tries).into_iter().enumerate() {
        let asked = match tried {
            Ok(outcome) => outcome.asked,
            Err(reason) => {
                failures.push(reason);
                continue;
            }
        };
        for request in asked.keys() {
            plays.push(play(
                number,
                Caching::Nothing,
                Some(request),
                Ending::Answered,
            ));
        }
        if !asked.is_empty() {
            let all = Some("all");
            plays.push(play(number, Caching::Everything, all, Ending::Answered));
            plays.push(play(number, Caching::Nothing, all, Ending::Dropped));
            plays.push(play(number, Caching::Everything, all, Ending::Dropped));
            plays.push(play(number, Caching::Nothing, all, Ending::Killed));
        }
    }
    let outcomes = play_all(&plays);
    print_table(&operations, &plays, &outcomes);
    failures.extend(outcomes.into_iter().filter_map(Result::err));
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn print_table(operations: &[Operation], plays: &[Play<'_>], outcomes: &[Result<Outcome, String>]) {
    println!("longest time between two ticks, in ms, while a request hangs for {HANG:?}:");
    let mut longest = Duration::ZERO;
    for (number, operation) in operations.iter().enumerate() {
        let mut line = format!("{:32}", operation.name);
        let of_this = plays.iter().zip(outcomes);
        for (play, outcome) in of_this.filter(|(play, _)| play.number == number) {
            let gap = match outcome {
                Ok(outcome) if play.waits() => outcome.whole_gap.as_millis().to_string(),
                Ok(outcome) => outcome.gap.as_millis().to_string(),
                Err(_) => "FAILED".to_owned(),
            };
            if let (Ok(outcome), false) = (outcome, play.waits()) {
                longest = longest.max(outcome.gap);
            }
            let _ = write!(line, " {} {gap}", play.title());
        }
        println!("{line}");
    }
    println!("{} scenes, {longest:?} at the most", plays.len());
}
