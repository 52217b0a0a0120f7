//! Models of `src/pool/turns.rs`.

use std::sync::Arc;

use shuttle::sync::Mutex;
use shuttle::sync::atomic::{AtomicUsize, Ordering};
use shuttle::thread;

use crate::join_pool;
use crate::pool::turns::{Place, Turn, Turns};
use crate::task::{chance, lock, up_to};

/// What the jobs of a limiter did.
#[derive(Default)]
struct Seen {
    running: AtomicUsize,
    most: AtomicUsize,
    ran: Mutex<Vec<usize>>,
}

impl Seen {
    /// Runs a job on a thread of the pool, until its turn is dropped.
    fn start(self: Arc<Seen>, name: usize, turn: Turn) {
        crate::unblock(move || {
            let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
            self.most.fetch_max(running, Ordering::SeqCst);
            thread::yield_now();
            lock(&self.ran).push(name);
            self.running.fetch_sub(1, Ordering::SeqCst);
            drop(turn);
        });
    }
}

/// Several threads bring jobs, and give some of them up. All others run, once each, and never too many at once.
pub fn every_job_has_its_turn() {
    const CALLERS: usize = 3;
    const JOBS: usize = 3;
    let limit = up_to(2);
    let turns = Arc::new(Turns::new(limit));
    let seen = Arc::new(Seen::default());
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let (turns, seen) = (turns.clone(), seen.clone());
            thread::spawn(move || {
                let mut kept = Vec::new();
                for name in caller * JOBS..(caller + 1) * JOBS {
                    let (turn, place) = turns.line_up();
                    let by_turn = seen.clone();
                    let start = move |turn| by_turn.start(name, turn);
                    if let Some(turn) = place.begin(turn, start) {
                        seen.clone().start(name, turn);
                    }
                    if chance(0.3) {
                        drop::<Place>(place);
                    } else {
                        place.keep();
                        kept.push(name);
                    }
                }
                kept
            })
        })
        .collect();
    let callers = callers.into_iter().map(|caller| caller.join().unwrap());
    let kept: Vec<usize> = callers.flatten().collect();
    // The end of one job starts the next, which asks for one more thread.
    join_pool();
    assert!(seen.most.load(Ordering::SeqCst) <= limit);
    assert_eq!((turns.running(), turns.waiting()), (0, 0));
    let mut ran = lock(&seen.ran).clone();
    ran.sort_unstable();
    let all = ran.len();
    ran.dedup();
    assert_eq!(ran.len(), all, "a job ran twice");
    assert!(
        kept.iter().all(|name| ran.contains(name)),
        "{kept:?}, {ran:?}"
    );
}
