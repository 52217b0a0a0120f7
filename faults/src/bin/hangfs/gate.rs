//! Where requests wait while the filesystem hangs.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// What answers a request.
pub(crate) type Answer = Box<dyn FnOnce() + Send>;

/// Counts requests, and holds some of them.
#[derive(Default)]
pub(crate) struct Gate(Mutex<State>);

#[derive(Default)]
struct State {
    asked: BTreeMap<&'static str, u64>,
    hung: u64,
    hangs: Hangs,
    hanging: Vec<Answer>,
    /// The number of the hang: one that was released before its time must not end the next.
    number: u64,
}

#[derive(Default)]
enum Hangs {
    #[default]
    Nothing,
    Everything,
    Some(Vec<String>),
}

impl Hangs {
    fn holds(&self, request: &str) -> bool {
        match self {
            Hangs::Nothing => false,
            Hangs::Everything => true,
            Hangs::Some(names) => names.iter().any(|name| name == request),
        }
    }
}

impl Gate {
    /// Lets a request through, or keeps what answers it until there is a release.
    pub(crate) fn pass(&self, request: &'static str, answer: Answer) {
        let mut state = self.lock();
        *state.asked.entry(request).or_default() += 1;
        if state.hangs.holds(request) {
            state.hung += 1;
            state.hanging.push(answer);
        } else {
            drop(state);
            answer();
        }
    }

    pub(crate) fn hang(self: &Arc<Self>, requests: &str, time: Duration) {
        let mut state = self.lock();
        state.hangs = match requests {
            "all" => Hangs::Everything,
            names => Hangs::Some(names.split(',').map(str::to_owned).collect()),
        };
        state.number += 1;
        let (number, gate) = (state.number, self.clone());
        thread::spawn(move || {
            thread::sleep(time);
            if gate.lock().number == number {
                gate.release();
            }
        });
    }

    pub(crate) fn release(&self) {
        let mut state = self.lock();
        state.hangs = Hangs::Nothing;
        state.number += 1;
        let hanging = std::mem::take(&mut state.hanging);
        drop(state);
        hanging.into_iter().for_each(|answer| answer());
    }

    pub(crate) fn forget(&self) {
        let mut state = self.lock();
        state.asked.clear();
        state.hung = 0;
    }

    pub(crate) fn counts(&self) -> String {
        let state = self.lock();
        let mut line = format!("hung={} hanging={}", state.hung, state.hanging.len());
        for (request, count) in &state.asked {
            let _ = write!(line, " {request}={count}");
        }
        line
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
