//! The queue of a limiter: at most so many jobs have a turn, and the others wait for theirs in order.
//!
//! A job that waits is a closure in a map. It holds no thread, and nobody has to poll it: the end of a turn starts
//! the next job. A semaphore for tasks would not do: a file that is closed in the background has no task.
//!
//! The lock is a leaf: jobs are started and dropped without it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A job that waits for its turn. It is started by being called.
type Waiting = Box<dyn FnOnce() + Send>;

pub(crate) struct Turns {
    limit: usize,
    state: Mutex<State>,
}

/// While the lock is free and jobs wait, all turns are taken.
#[derive(Default)]
struct State {
    /// The number of places that were given out, which is the number of the last one.
    given: u64,
    /// The numbers of the jobs that have a turn.
    running: BTreeSet<u64>,
    waiting: BTreeMap<u64, Waiting>,
}

impl Turns {
    pub(crate) fn new(limit: usize) -> Turns {
        Turns {
            limit,
            state: Mutex::default(),
        }
    }

    /// Gives a job its place in the queue, behind all others.
    pub(crate) fn line_up(self: &Arc<Self>) -> (Turn, Place) {
        let mut state = self.lock();
        state.given += 1;
        let number = state.given;
        drop(state);
        let turns = self.clone();
        let place = Place { turns, number };
        let turns = self.clone();
        (Turn { turns, number }, place)
    }

    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    pub(crate) fn running(&self) -> usize {
        self.lock().running.len()
    }

    pub(crate) fn waiting(&self) -> usize {
        self.lock().waiting.len()
    }

    /// Ends the turn of a job, if it had one, and starts the next job.
    fn end(&self, number: u64) {
        let mut state = self.lock();
        if !state.running.remove(&number) {
            return;
        }
        let Some((number, next)) = state.waiting.pop_first() else {
            return;
        };
        state.running.insert(number);
        drop(state);
        next();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The turn of a job, which begins when the job is started. The job owns it and drops it at its end.
pub(crate) struct Turn {
    turns: Arc<Turns>,
    number: u64,
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.turns.end(self.number);
    }
}

/// The place of a job in the queue. Dropping it takes the job out of the queue if it still waits.
pub(crate) struct Place {
    turns: Arc<Turns>,
    number: u64,
}

impl Place {
    /// Returns the job if it has its turn at once. Otherwise it waits, and `start` is called with it later.
    pub(crate) fn begin<J: Send + 'static>(
        &self,
        job: J,
        start: impl FnOnce(J) + Send + 'static,
    ) -> Option<J> {
        let mut state = self.turns.lock();
        if state.running.len() < self.turns.limit {
            state.running.insert(self.number);
            return Some(job);
        }
        let start = Box::new(move || start(job));
        state.waiting.insert(self.number, start);
        None
    }

    /// Leaves the job in the queue.
    pub(crate) fn keep(mut self) {
        // No job has this number.
        self.number = 0;
    }
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Place").field(&self.number).finish()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let waiting = self.turns.lock().waiting.remove(&self.number);
        drop(waiting);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::mem;
    use std::sync::Mutex as StdMutex;

    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone)]
    enum Event {
        /// A job comes.
        Come,
        /// The end of one of the running jobs, by its index.
        End(usize),
        /// One of the jobs is given up, by its index: it leaves the queue, or runs on.
        GiveUp(usize),
        /// One of the jobs is detached, by its index.
        Detach(usize),
    }

    fn event() -> impl Strategy<Value = Event> {
        prop_oneof![
            3 => Just(Event::Come),
            3 => any::<usize>().prop_map(Event::End),
            1 => any::<usize>().prop_map(Event::GiveUp),
            1 => any::<usize>().prop_map(Event::Detach),
        ]
    }

    /// The turns of the jobs that run, by the name of the job.
    type Running = Arc<StdMutex<Vec<(usize, Turn)>>>;

    proptest! {
        #[test]
        fn turns_are_given_in_order_and_to_no_more(
            limit in 1..5_usize,
            events in prop::collection::vec(event(), 0..200),
        ) {
            let turns = Arc::new(Turns::new(limit));
            let running = Running::default();
            let mut places: Vec<(usize, Place)> = Vec::new();
            // The model.
            let (mut runs, mut waits) = (Vec::new(), VecDeque::new());
            for (name, event) in events.into_iter().enumerate() {
                match event {
                    Event::Come => {
                        let (turn, place) = turns.line_up();
                        let now_running = running.clone();
                        let start = move |job| now_running.lock().unwrap().push(job);
                        if let Some(job) = place.begin((name, turn), start) {
                            running.lock().unwrap().push(job);
                        }
                        places.push((name, place));
                        waits.push_back(name);
                    }
                    Event::End(index) if !runs.is_empty() => {
                        let over = runs.remove(index % runs.len());
                        let mut now_running = running.lock().unwrap();
                        let at = now_running.iter().position(|(name, _)| *name == over);
                        let job = now_running.remove(at.unwrap());
                        drop(now_running);
                        drop(job);
                    }
                    Event::GiveUp(index) if !places.is_empty() => {
                        let (name, place) = places.remove(index % places.len());
                        drop(place);
                        waits.retain(|waiting| *waiting != name);
                    }
                    Event::Detach(index) if !places.is_empty() => {
                        places.remove(index % places.len()).1.keep();
                    }
                    _ => {}
                }
                while runs.len() < limit {
                    let Some(next) = waits.pop_front() else { break };
                    runs.push(next);
                }
                let names: Vec<_> = running.lock().unwrap().iter().map(|(name, _)| *name).collect();
                prop_assert_eq!(&names, &runs);
                prop_assert_eq!(turns.running(), runs.len());
                prop_assert_eq!(turns.waiting(), waits.len());
            }
            // Each end starts the next job, until none is left.
            while !running.lock().unwrap().is_empty() {
                let over = mem::take(&mut *running.lock().unwrap());
                drop(over);
            }
            prop_assert_eq!((turns.running(), turns.waiting()), (0, 0));
        }
    }
}
