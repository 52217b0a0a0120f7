//! The model: a workload, and the field of contestants that run it.

use std::fmt::Display;
use std::future::Future;
use std::io;
use std::rc::Rc;
use std::time::Instant;

use crate::executor::Executor;
use crate::gauge;
use crate::stage::Stage;
use crate::tally::Tally;

/// Something to measure. What it needs is made only when it is chosen.
pub struct Workload {
    /// The name that filters match.
    pub name: &'static str,
    /// A title that says what is measured.
    pub title: &'static str,
    /// Details that a reader may ask for: sizes, and how each library was used.
    pub notes: &'static str,
    /// What `anyfile` should reach.
    pub goal: Goal,
    /// Prepares the data and names the contestants.
    pub kind: Kind,
}

/// The way in which a workload is measured.
pub enum Kind {
    /// The contestants take turns in this process, and their times are compared.
    Race(fn(&Stage) -> io::Result<Field>),
    /// Likewise, servers whose clients measure how long each request takes.
    Load(fn(&Stage) -> io::Result<Field>),
    /// Each runs in a process of its own, whose peak of memory and threads is compared.
    Gauge(fn(&Stage) -> io::Result<Field>),
}

/// What `anyfile` should reach.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Goal {
    /// So many times the time of the limit on a disk; elsewhere never behind the best peer.
    Limit(f64),
    /// So many times the time of the limit, on a disk and on tmpfs; elsewhere never behind the best
    /// peer.
    LimitOn {
        /// On a disk.
        disk: f64,
        /// On tmpfs.
        tmpfs: f64,
    },
    /// Never behind the best peer.
    Peers,
    /// A peak of so many MiB.
    Memory(u64),
    /// So many threads.
    Threads(u64),
    /// Nothing: it is there to be seen.
    Seen,
}

/// The name of the contestant that the goals are about.
pub const OWN: &str = "anyfile";

/// The role of a contestant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The base of the ratios: no asynchronous library can be expected to be faster.
    Limit,
    /// Another blocking way, for comparison.
    Blocking,
    /// `anyfile`, and its variants.
    Own,
    /// Another asynchronous library.
    Peer,
}

/// One way to run a workload.
pub struct Contestant {
    /// Unique in its field.
    pub name: String,
    /// Its role among the others.
    pub role: Role,
    run: Box<dyn FnMut(Tally) -> io::Result<Tally>>,
}

impl Contestant {
    /// Runs the workload once.
    pub fn run(&mut self, tally: Tally) -> io::Result<Tally> {
        (self.run)(tally)
    }
}

/// A contestant that does not run.
#[derive(Debug)]
pub struct Absent {
    /// Its name.
    pub name: String,
    /// Why it does not run.
    pub reason: String,
    /// Whether that is its own fault: it failed, or was wrong.
    pub is_fault: bool,
}

/// The contestants of a workload, in the order of the report.
pub struct Field {
    /// The number of operations in one run: times are divided by it.
    pub operations: u64,
    /// Those that run.
    pub contestants: Vec<Contestant>,
    /// Those that do not.
    pub absent: Vec<Absent>,
    before: Rc<dyn Fn() -> io::Result<()>>,
}

impl Field {
    /// Returns a field without contestants, where each run makes this many operations.
    pub fn new(operations: u64) -> Field {
        Field {
            operations,
            contestants: Vec::new(),
            absent: Vec::new(),
            before: Rc::new(|| Ok(())),
        }
    }

    /// Sets the work that is done before each run, outside the measured time.
    pub fn before(mut self, before: impl Fn() -> io::Result<()> + 'static) -> Field {
        self.before = Rc::new(before);
        self
    }

    /// Does the work that comes before each run.
    pub fn prepare(&self) -> io::Result<()> {
        (self.before)()
    }

    /// `std` on this thread, the limit.
    pub fn std(&mut self, run: impl FnMut(&mut Tally) -> io::Result<()> + 'static) {
        self.limit("std", run);
    }

    /// Blocking calls that are the limit.
    pub fn limit(&mut self, name: &str, run: impl FnMut(&mut Tally) -> io::Result<()> + 'static) {
        self.blocking(name, Role::Limit, run);
    }

    /// Other blocking calls.
    pub fn also(&mut self, name: &str, run: impl FnMut(&mut Tally) -> io::Result<()> + 'static) {
        self.blocking(name, Role::Blocking, run);
    }

    fn blocking<F>(&mut self, name: &str, role: Role, mut run: F)
    where
        F: FnMut(&mut Tally) -> io::Result<()> + 'static,
    {
        self.add(name, role, move |mut tally| run(&mut tally).map(|()| tally));
    }

    /// Adds `anyfile`.
    pub fn anyfile(&mut self, run: impl AsyncFnMut(&mut Tally) -> io::Result<()> + 'static) {
        self.on(OWN, Role::Own, Executor::Lite, run);
    }

    /// Adds a variant of `anyfile`.
    pub fn variant<F>(&mut self, name: &str, executor: Executor, run: F)
    where
        F: AsyncFnMut(&mut Tally) -> io::Result<()> + 'static,
    {
        self.on(&format!("{OWN}, {name}"), Role::Own, executor, run);
    }

    /// Adds `async-fs`, or a library that is built on it, on the executor that `anyfile` has.
    pub fn smol<F>(&mut self, name: &str, run: F)
    where
        F: AsyncFnMut(&mut Tally) -> io::Result<()> + 'static,
    {
        self.on(name, Role::Peer, Executor::Lite, run);
    }

    /// Adds an asynchronous limit, on the executor that `anyfile` has.
    pub fn limit_smol<F>(&mut self, name: &str, run: F)
    where
        F: AsyncFnMut(&mut Tally) -> io::Result<()> + 'static,
    {
        self.on(name, Role::Limit, Executor::Lite, run);
    }

    /// Adds `tokio::fs`, once on each of its runtimes.
    pub fn tokio<F>(&mut self, run: F)
    where
        F: AsyncFnMut(&mut Tally) -> io::Result<()> + Clone + 'static,
    {
        for (name, executor) in Executor::tokio() {
            self.on(name, Role::Peer, executor, run.clone());
        }
    }

    /// Adds `async-std`.
    pub fn async_std(&mut self, run: impl AsyncFnMut(&mut Tally) -> io::Result<()> + 'static) {
        self.on("async-std", Role::Peer, Executor::AsyncStd, run);
    }

    /// Adds `compio`, where there is io_uring.
    pub fn compio(&mut self, run: impl AsyncFnMut(&mut Tally) -> io::Result<()> + 'static) {
        self.on("compio", Role::Peer, Executor::Compio, run);
    }

    fn on<F>(&mut self, name: &str, role: Role, executor: Executor, mut run: F)
    where
        F: AsyncFnMut(&mut Tally) -> io::Result<()> + 'static,
    {
        if self.is_there(name, executor) {
            self.add(name, role, move |mut tally| {
                executor.block_on(run(&mut tally)).map(|()| tally)
            });
        }
    }

    /// Adds a contestant of several tasks on an executor. The first argument of `run` is the number of the
    /// task.
    pub fn tasks<F, T>(&mut self, name: &str, executor: Executor, count: usize, run: F)
    where
        F: Fn(usize, Tally) -> T + 'static,
        T: Future<Output = io::Result<Tally>> + Send + 'static,
    {
        let role = if name.starts_with(OWN) {
            Role::Own
        } else {
            Role::Peer
        };
        self.many(name, role, executor, count, run, Executor::run_tasks);
    }

    /// Adds a contestant of several tasks on compio.
    pub fn compio_tasks<F, T>(&mut self, count: usize, run: F)
    where
        F: Fn(usize, Tally) -> T + 'static,
        T: Future<Output = io::Result<Tally>> + 'static,
    {
        let spawn = Executor::run_local_tasks;
        self.many("compio", Role::Peer, Executor::Compio, count, run, spawn);
    }

    fn many<F, T>(
        &mut self,
        name: &str,
        role: Role,
        executor: Executor,
        count: usize,
        run: F,
        spawn: fn(Executor, Vec<T>) -> Vec<io::Result<Tally>>,
    ) where
        F: Fn(usize, Tally) -> T + 'static,
        T: Future<Output = io::Result<Tally>> + 'static,
    {
        if self.is_there(name, executor) {
            let before = self.before.clone();
            self.add(name, role, move |mut tally| {
                if gauge::is_on() {
                    // The first run pays for what a library initializes once.
                    for first in spawn(executor, vec![run(0, tally)]) {
                        first?;
                    }
                    gauge::settle();
                    before()?;
                }
                let start = Instant::now();
                for task in spawn(executor, (0..count).map(|i| run(i, tally)).collect()) {
                    tally.merge(task?);
                }
                if gauge::is_on() {
                    tally.clock(start.elapsed());
                }
                Ok(tally)
            });
        }
    }

    /// Adds a server, which starts its executor itself.
    pub fn server<F>(&mut self, name: &str, role: Role, executor: Executor, mut run: F)
    where
        F: FnMut(&mut Tally) -> io::Result<()> + 'static,
    {
        if self.is_there(name, executor) {
            self.add(name, role, move |mut tally| run(&mut tally).map(|()| tally));
        }
    }

    fn is_there(&mut self, name: &str, executor: Executor) -> bool {
        let reason = executor.unavailable();
        if let Some(reason) = &reason {
            self.leave_out(name, reason);
        }
        reason.is_none()
    }

    /// Says why a contestant is missing.
    pub fn leave_out(&mut self, name: &str, reason: impl Display) {
        self.absent.push(Absent {
            name: name.to_owned(),
            reason: reason.to_string(),
            is_fault: false,
        });
    }

    /// Removes a contestant that failed or was wrong.
    pub fn disqualify(&mut self, place: usize, reason: String) {
        let name = self.contestants.remove(place).name;
        self.absent.push(Absent {
            name,
            reason,
            is_fault: true,
        });
    }

    fn add<F>(&mut self, name: &str, role: Role, run: F)
    where
        F: FnMut(Tally) -> io::Result<Tally> + 'static,
    {
        self.contestants.push(Contestant {
            name: name.to_owned(),
            role,
            run: Box::new(run),
        });
    }
}
