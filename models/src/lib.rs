//! Model checks of the concurrent parts of `anyfile`.
//!
//! The files of the library are included by path, as they are. Their `crate::sync` is shuttle's here, which
//! decides at each lock, atomic and look at the clock which thread goes on. Their `blocking` is this crate,
//! whose [`unblock`] starts a thread of shuttle.
//!
//! To add a model of another file: include the file in a module here, write the model as a function beside
//! it, and call it in a test of `tests/`.

// The unit tests of the files that are included belong to the library; clippy would look for them here.
#![cfg(not(test))]
// A model uses parts of a file.
#![allow(dead_code)]

extern crate self as blocking;

pub mod abandoned;
#[path = "../../src/allowance.rs"]
mod allowance;
pub mod handover;
mod pool;
pub mod read_ahead;
mod sync;
mod task;
pub mod turns;
pub mod waiters;
pub mod write_back;

use std::time::Instant;

use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler};
use shuttle::sync::Mutex;
use shuttle::thread::JoinHandle;
use shuttle::{Config, MaxSteps, Runner};

use task::{catch_agreed, lock};

/// Runs `model` many times, each with another order of events. Fails if it panics, or if its main thread
/// waits for what does not come.
///
/// Half of the orders are random. The others give each thread a priority and change it a few times, which
/// finds what needs one thread to be slow.
///
/// The orders are the same in each run, so that a change that breaks nothing stays green. To look for what
/// is rarer, set `ANYFILE_MODEL_SEED` to another number, and `ANYFILE_MODEL_FACTOR` to how many times as many
/// orders to try.
pub fn check(name: &str, times: usize, model: fn()) {
    let seed = setting("ANYFILE_MODEL_SEED").unwrap_or(1);
    let times = times * setting("ANYFILE_MODEL_FACTOR").unwrap_or(1) as usize;
    let run = |scheduler: Box<dyn Scheduler + Send>| {
        let mut config = Config::new();
        // It would say that it takes every ordering for `SeqCst`.
        config.silence_warnings = true;
        // Some 1,000 are usual; a thread that never comes to an end takes more.
        config.max_steps = MaxSteps::FailAfter(50_000);
        Runner::new(scheduler, config).run(model);
    };
    let begun = Instant::now();
    run(Box::new(RandomScheduler::new_from_seed(seed, times / 2)));
    for depth in [2, 3, 5, 8] {
        run(Box::new(PctScheduler::new_from_seed(
            seed,
            depth,
            times / 8,
        )));
    }
    let took = begun.elapsed();
    println!("{name}: {times} orders of events in {took:.1?}");
}

fn setting(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(value.parse().expect("a number"))
}

shuttle::lazy_static! {
    /// The threads of the pool that were not joined yet.
    static ref POOL: Mutex<Vec<JoinHandle<()>>> = Mutex::new(Vec::new());
}

/// What `blocking::unblock` gives back.
pub struct Task;

impl Task {
    pub fn detach(self) {}
}

/// Does as `blocking::unblock`, on a thread of its own: shuttle decides how long it takes to begin. A panic ends
/// no more than the work.
pub fn unblock(work: impl FnOnce() + Send + 'static) -> Task {
    // Taken first: what is made while another thread panics is poisoned.
    let mut pool = lock(&POOL);
    pool.push(shuttle::thread::spawn(|| {
        catch_agreed(work).unwrap_or_default();
    }));
    Task
}

/// Waits until the pool has nothing to do; tells how many times a thread was asked for since the last time.
fn join_pool() -> usize {
    let next = || lock(&POOL).pop();
    std::iter::from_fn(next)
        .map(|thread| thread.join().unwrap())
        .count()
}
