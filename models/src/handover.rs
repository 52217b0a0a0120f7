//! Models of `src/pool/handover.rs`.

#[path = "../../src/pool/demand.rs"]
mod demand;
#[path = "../../src/pool/handover.rs"]
mod real;
#[path = "../../src/pool/spin.rs"]
mod spin;

use std::sync::Arc;
use std::time::Duration;

use async_task::Runnable;
use shuttle::rand::{Rng, thread_rng};
use shuttle::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use shuttle::sync::mpsc;
use shuttle::thread;

use crate::join_pool;
use crate::task::{chance, panic_as_agreed};
use demand::Kind;
use real::WorkQueue;
use spin::AdaptiveSpin;

/// Returns the queue of one run. It is leaked, since workers need a `&'static` one.
fn queue() -> &'static WorkQueue {
    let kind = if chance(0.5) { Kind::Work } else { Kind::Fetch };
    Box::leak(Box::new(WorkQueue::new(kind)))
}

fn job(work: impl FnOnce() + Send + 'static) -> Runnable {
    let (job, task) = async_task::spawn(async { work() }, |_| {});
    task.detach();
    job
}

/// Hands over a job in one of the two ways, as a caller of short jobs that looks for its outcome.
fn hand_over(queue: &'static WorkQueue, work: impl FnOnce() + Send + 'static) {
    if thread_rng().gen_bool(0.5) {
        return queue.hand_over(job(work));
    }
    let is_over = Arc::new(AtomicBool::new(false));
    let over = is_over.clone();
    let job = job(move || {
        work();
        over.store(true, Ordering::Release);
    });
    queue.hand_over_and_stay(job, || is_over.load(Ordering::Acquire));
}

/// Several callers hand over jobs, some of them one after the other and some at once. A few end their worker.
pub fn no_job_is_lost() {
    const CALLERS: usize = 3;
    const JOBS: usize = 4;
    let queue = queue();
    let ran = Arc::new(AtomicUsize::new(0));
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| {
            let ran = ran.clone();
            thread::spawn(move || {
                let (done, all) = mpsc::channel();
                for number in 0..JOBS {
                    let (ran, done) = (ran.clone(), done.clone());
                    let panics = chance(0.1);
                    hand_over(queue, move || {
                        ran.fetch_add(1, Ordering::SeqCst);
                        done.send(()).unwrap();
                        if panics {
                            panic_as_agreed();
                        }
                    });
                    if number == 0 {
                        all.recv().unwrap();
                    }
                }
                (1..JOBS).for_each(|_| all.recv().unwrap());
            })
        })
        .collect();
    callers
        .into_iter()
        .for_each(|caller| caller.join().unwrap());
    let asked = join_pool();
    assert_eq!(ran.load(Ordering::SeqCst), CALLERS * JOBS);
    // One that stands by asks for another when its share of the time is used.
    let most = 2 * CALLERS * JOBS;
    assert!(asked <= most, "{asked} threads were asked for");

    // Nothing is left over that keeps the next job from a thread.
    let (done, last) = mpsc::channel();
    queue.hand_over(job(move || done.send(()).unwrap()));
    last.recv().unwrap();
    assert_eq!(join_pool(), 1);
}

/// Jobs hang for as long as others are under way, whatever the callers of those look for meanwhile.
pub fn a_job_that_hangs_holds_up_nobody() {
    let queue = queue();
    let (begun, begins) = mpsc::channel();
    let (done, all) = mpsc::channel();
    let hanging: Vec<_> = (0..thread_rng().gen_range(1..=3))
        .map(|_| {
            let (release, released) = mpsc::channel::<()>();
            let (begun, done) = (begun.clone(), done.clone());
            let hang = job(move || {
                begun.send(()).unwrap();
                released.recv().unwrap();
                done.send(()).unwrap();
            });
            queue.hand_over(hang);
            release
        })
        .collect();
    // Some of them, or none.
    (0..thread_rng().gen_range(0..=hanging.len())).for_each(|_| begins.recv().unwrap());
    let others = thread_rng().gen_range(1..=2);
    let callers: Vec<_> = (0..others)
        .map(|_| {
            let done = done.clone();
            thread::spawn(move || {
                if thread_rng().gen_bool(0.5) {
                    hand_over(queue, move || done.send(()).unwrap())
                } else {
                    // What this caller waits for came already, from elsewhere.
                    queue.hand_over_and_stay(job(move || done.send(()).unwrap()), || true)
                }
            })
        })
        .collect();
    callers
        .into_iter()
        .for_each(|caller| caller.join().unwrap());
    (0..others).for_each(|_| all.recv().unwrap());
    for release in hanging {
        release.send(()).unwrap();
        all.recv().unwrap();
    }
    join_pool();
}

/// After 4 spins in a row time out, only one call in 32 spins, until one succeeds.
pub fn spinning_in_vain_becomes_rare() {
    let spin = AdaptiveSpin::new();
    let tried = |times: u32| {
        let tries = (0..times).filter(|_| {
            let is_worthwhile = spin.is_worthwhile();
            assert!(!spin.spin(Duration::ZERO, || false));
            is_worthwhile
        });
        tries.count()
    };
    assert_eq!(tried(4), 4);
    assert_eq!(tried(28), 0);
    assert_eq!(tried(320), 10);
    while !spin.spin(Duration::from_secs(60), || true) {}
    assert_eq!(tried(4), 4, "after luck as at first");
}

/// Returns how many workers are requested when 64 jobs come and no worker is there, and then by each worker as
/// it begins. `begins` has its latency, and how many jobs the workers have done by then.
fn asked(begins: &[(Duration, u64)]) -> Vec<usize> {
    let mut demand = Kind::Work.first_demand();
    let (mut jobs, mut coming) = (64, 0);
    let mut missing = vec![demand.missing(jobs, coming)];
    for (at_work, &(latency, done)) in begins.iter().enumerate() {
        coming = coming + missing[at_work] - 1;
        demand.learn(latency, at_work, done, Kind::Work);
        jobs -= 1;
        missing.push(demand.missing(jobs, coming));
    }
    missing
}

/// Workers grow as a tree while jobs are long, not at all while they are short, and at once where others fill
/// the pool.
pub fn workers_grow_as_the_jobs_need() {
    let (prompt, late) = (Duration::from_micros(25), Duration::from_millis(30));
    assert_eq!(asked(&[(prompt, 0); 4]), [16, 16, 1, 0, 1], "long jobs");
    assert_eq!(asked(&[(prompt, 0), (prompt, 12)]), [16, 16, 0], "short");
    assert_eq!(asked(&[(late, 0), (late, 2)]), [16, 16, 32], "a full pool");
}
