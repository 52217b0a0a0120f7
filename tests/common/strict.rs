//! A strict executor: it keeps to the letter of `Future::poll`, and not to its custom.
//!
//! * A task is polled only after a wake-up of the waker of its **last** poll. A wake-up of an older one is
//!   ignored, as the contract allows: a future that keeps its first waker sleeps forever here.
//! * Every poll gets a new waker, for which `will_wake` of every older one is false.
//! * With a seed, the order is random, and some polls come without any wake-up.
//! * Tasks can be dropped, or forgotten: never polled again and never dropped.
//! * If no task is woken for many seconds, none ever will be: it panics and names the sleeping tasks. It
//!   makes no poll in that time, since that would hide the lost wake-up.

use std::cell::Cell;
use std::collections::VecDeque;
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

/// The time without a wake-up after which the executor panics. It is generous, since the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(15);

/// Reproducible random numbers.
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03)
    }

    /// Returns a number below `end`, which is not 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) % end as u64) as usize
    }

    pub(crate) fn percent(&mut self, chance: usize) -> bool {
        self.below(100) < chance
    }
}

/// The executor, on the thread that calls it.
pub(crate) struct Strict<'a> {
    tasks: Vec<Task<'a>>,
    woken: Arc<Woken>,
    /// None: in the order in which they were woken, and no other polls.
    random: Option<Random>,
    patience: Duration,
    /// In percent: how often a spurious poll comes before one that is due.
    spurious: usize,
}

struct Task<'a> {
    name: String,
    /// None when it is done, dropped or forgotten.
    future: Option<Pin<Box<dyn Future<Output = ()> + 'a>>>,
    polls: u64,
    /// Wake-ups of older wakers since the last poll.
    stale: u64,
}

/// Which tasks were woken: the number of the task, and of the poll whose waker it was.
#[derive(Default)]
struct Woken {
    queue: Mutex<VecDeque<(usize, u64)>>,
    signal: Condvar,
}

impl Woken {
    fn lock(&self) -> MutexGuard<'_, VecDeque<(usize, u64)>> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The waker of one poll.
struct OfPoll {
    woken: Arc<Woken>,
    task: usize,
    poll: u64,
}

impl Wake for OfPoll {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.woken.lock().push_back((self.task, self.poll));
        self.woken.signal.notify_one();
    }
}

impl<'a> Strict<'a> {
    /// Polls in the order of the wake-ups, and only then.
    pub(crate) fn in_order() -> Strict<'a> {
        Strict {
            tasks: Vec::new(),
            woken: Arc::default(),
            random: None,
            patience: PATIENCE,
            spurious: 0,
        }
    }

    /// Polls in a random order. Before `spurious` percent of the polls comes a spurious one.
    pub(crate) fn seeded(seed: u64, spurious: usize) -> Strict<'a> {
        Strict {
            random: Some(Random::new(seed)),
            spurious,
            ..Strict::in_order()
        }
    }

    /// Sets how long the executor waits for a wake-up before it panics. The default is [`PATIENCE`].
    pub(crate) fn patience(mut self, patience: Duration) -> Strict<'a> {
        self.patience = patience;
        self
    }

    /// Adds a task, and returns its number.
    pub(crate) fn spawn(
        &mut self,
        name: impl Into<String>,
        future: impl Future<Output = ()> + 'a,
    ) -> usize {
        let number = self.tasks.len();
        self.tasks.push(Task {
            name: name.into(),
            future: Some(Box::pin(future)),
            polls: 0,
            stale: 0,
        });
        self.woken.lock().push_back((number, 0));
        number
    }

    pub(crate) fn is_done(&self, task: usize) -> bool {
        self.tasks[task].future.is_none()
    }

    /// Drops a task, wherever it waits.
    pub(crate) fn drop_task(&mut self, task: usize) {
        self.tasks[task].future = None;
    }

    /// Leaks a task: from now on it is neither polled nor dropped.
    pub(crate) fn forget_task(&mut self, task: usize) {
        mem::forget(self.tasks[task].future.take());
    }

    /// Polls a task although nothing has woken it.
    pub(crate) fn poll_anyway(&mut self, task: usize) {
        self.poll(task);
    }

    /// Runs until all tasks are done.
    #[track_caller]
    pub(crate) fn run(&mut self) {
        while self.step() {}
    }

    /// Makes the next poll that is due, after waiting for it if need be. Returns `false` if all tasks are done.
    #[track_caller]
    pub(crate) fn step(&mut self) -> bool {
        if self.tasks.iter().all(|task| task.future.is_none()) {
            return false;
        }
        let Some(due) = self.next_woken() else {
            panic!("asleep forever:\n{}", self.sleepers());
        };
        if let Some(random) = &mut self.random {
            let alive: Vec<usize> = (0..self.tasks.len())
                .filter(|&number| self.tasks[number].future.is_some())
                .collect();
            if random.percent(self.spurious) {
                let chosen = alive[random.below(alive.len())];
                self.poll(chosen);
                if chosen == due {
                    return true;
                }
            }
        }
        self.poll(due);
        true
    }

    /// Waits for a task that the waker of its last poll wakes, and returns its number.
    fn next_woken(&mut self) -> Option<usize> {
        let woken = self.woken.clone();
        let mut queue = woken.lock();
        loop {
            let tasks = &mut self.tasks;
            queue.retain(|&(number, poll)| {
                let task = &mut tasks[number];
                let current = poll == task.polls && task.future.is_some();
                // That a task is new is no wake-up.
                task.stale += u64::from(!current && poll > 0);
                current
            });
            if !queue.is_empty() {
                let at = match &mut self.random {
                    Some(random) => random.below(queue.len()),
                    None => 0,
                };
                return queue.remove(at).map(|(number, _)| number);
            }
            let waited = woken.signal.wait_timeout(queue, self.patience);
            let (after, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
            if timeout.timed_out() && after.is_empty() {
                return None;
            }
            queue = after;
        }
    }

    fn poll(&mut self, number: usize) {
        let task = &mut self.tasks[number];
        let Some(future) = &mut task.future else {
            return;
        };
        task.polls += 1;
        task.stale = 0;
        let waker = Waker::from(Arc::new(OfPoll {
            woken: self.woken.clone(),
            task: number,
            poll: task.polls,
        }));
        if let Poll::Ready(()) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            task.future = None;
        }
    }

    fn sleepers(&self) -> String {
        let asleep = self.tasks.iter().filter(|task| task.future.is_some());
        let lines = asleep.map(|task| {
            let Task {
                name, polls, stale, ..
            } = task;
            format!("`{name}` after poll {polls}, with {stale} wake-ups of older wakers\n")
        });
        lines.collect()
    }
}

/// Runs a future alone on the executor, and returns its output. Without a seed there are no spurious polls.
#[track_caller]
pub(crate) fn block_on<R>(name: &str, seed: Option<u64>, future: impl Future<Output = R>) -> R {
    let result = Cell::new(None);
    let mut executor = match seed {
        Some(seed) => Strict::seeded(seed, 50),
        None => Strict::in_order(),
    };
    executor.spawn(name, async { result.set(Some(future.await)) });
    executor.run();
    drop(executor);
    result.take().expect("it is done")
}
