//! The crew: workers on the pool that explore directories, and the stream of what they find.
//!
//! A worker never waits for the consumer. It may send one batch for each permit that it holds. When none is
//! left, it puts its tasks on the board and gives its thread back, and the consumer requests a new worker
//! once it has taken enough batches. So a paused stream holds no thread, and a bounded number of batches.

use std::collections::VecDeque;
use std::io;
use std::mem;
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::{Context, Poll, ready};
use std::thread;
use std::time::{Duration, Instant};

use async_channel::{Receiver, Sender, TryRecvError};

use crate::budget::{self, Share};
use crate::call::too_late;
use crate::pool::{self, Job, Lane, Waiters};

/// The number of items that make a batch worth sending. One part of a directory may add a few hundred more.
const BATCH: usize = 512;

/// The number of batches that may wait for the consumer, in addition to one for each worker.
const PERMITS: usize = 2;

/// How long items wait for others to fill their batch.
const PATIENCE: Duration = Duration::from_millis(1);

/// The number of bytes that one item counts for in the fairness budget: 1024 items between two yields.
const ITEM: usize = 1024;

/// The work of a crew.
pub(crate) trait Explore: Send + Sync + 'static {
    type Task: Send + 'static;
    type Items: Items;

    /// Returns the first task. Nothing has been explored before, and options can no longer be changed.
    fn begin(&mut self) -> Self::Task;

    /// Returns the maximum number of workers at once. 0 means as many as the machine runs in parallel.
    fn workers(&self) -> usize;

    /// Does `task`, or a bounded part of it. The rest becomes a task again.
    ///
    /// While a worker is alone, it does the last task found first.
    fn explore(&self, task: Self::Task, found: &mut Found<Self>);
}

/// Items of a batch, in the order in which they were found.
pub(crate) trait Items: Default + Send + 'static {
    type Item;

    fn len(&self) -> usize;

    /// Takes the first item.
    fn take(&mut self) -> Option<io::Result<Self::Item>>;
}

impl<T: Send + 'static> Items for VecDeque<io::Result<T>> {
    type Item = T;

    fn len(&self) -> usize {
        self.len()
    }

    fn take(&mut self) -> Option<io::Result<T>> {
        self.pop_front()
    }
}

/// Items and tasks that a worker has found and not handed over yet.
pub(crate) struct Found<E: Explore + ?Sized> {
    pub(super) items: E::Items,
    pub(super) tasks: Vec<E::Task>,
}

/// A batch of items for the consumer, or the panic of a worker.
type Batch<E> = thread::Result<<E as Explore>::Items>;

struct Crew<E: Explore> {
    explore: E,
    lane: Lane,
    /// The lock is a leaf: while it is held, nothing is sent, woken or handed to the pool.
    board: Mutex<Board<E::Task>>,
    batches: Sender<Batch<E>>,
    /// The consumer, if it waits. The channel would wake it while holding its own lock, on which the
    /// consumer would then block when it takes the batch.
    consumer: Waiters,
}

/// The state that the workers and the consumer share.
struct Board<T> {
    /// The tasks for the next worker.
    tasks: Vec<T>,
    /// The maximum number of workers at once. The first worker determines it.
    places: Option<usize>,
    workers: usize,
    /// The number of batches that may be sent, in addition to one by each worker.
    permits: usize,
    abandoned: bool,
}

impl<E: Explore> Crew<E> {
    fn board(&self) -> MutexGuard<'_, Board<E::Task>> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Requests workers for places on the board that are already taken.
    fn send_for(self: &Arc<Self>, hired: usize) -> impl Iterator<Item = Job<()>> {
        (0..hired).map(|_| {
            let crew = self.clone();
            self.lane.run(move || {
                // A panic is passed on to the consumer.
                if let Err(panic) = panic::catch_unwind(AssertUnwindSafe(|| crew.work())) {
                    crew.send(Err(panic));
                    crew.close();
                }
            })
        })
    }

    /// Sends a batch. Returns `true` if there is still a consumer to take it.
    fn send(&self, batch: Batch<E>) -> bool {
        let is_sent = self.batches.try_send(batch).is_ok();
        self.consumer.wake_all();
        is_sent
    }

    /// Ends the stream: nothing is found any more.
    fn close(&self) {
        self.batches.close();
        self.consumer.wake_all();
    }

    /// Runs one worker, which holds one permit.
    fn work(self: &Arc<Self>) {
        let places = places(self.explore.workers());
        let mut board = self.board();
        if board.places.is_none() {
            board.places = Some(places);
            board.permits += places;
        }
        drop(board);
        let (items, tasks) = (E::Items::default(), Vec::new());
        let mut found = Found { items, tasks };
        let mut sent = Instant::now();
        while !self.batches.is_closed() {
            let task = found.tasks.pop().or_else(|| self.board().tasks.pop());
            let Some(task) = task else { break };
            self.explore.explore(task, &mut found);
            if found.items.len() >= BATCH || sent.elapsed() >= PATIENCE {
                if !self.hand_over(&mut found) {
                    return;
                }
                if self.lane.is_awaited() {
                    return self.make_way(found.tasks);
                }
                sent = Instant::now();
            }
        }
        let last = found.items;
        let spent = last.len() > 0 && self.send(Ok(last));
        let mut board = self.board();
        board.permits += usize::from(!spent);
        self.leave(board, found.tasks);
    }

    /// Sends the items that were found, then shares the tasks, so that a directory itself arrives before
    /// what is in it. Returns `true` if the worker may go on.
    fn hand_over(self: &Arc<Self>, found: &mut Found<E>) -> bool {
        let items = mem::take(&mut found.items);
        let spent = items.len() > 0;
        if spent {
            self.send(Ok(items));
        }
        let mut board = self.board();
        if spent && board.permits == 0 {
            self.leave(board, mem::take(&mut found.tasks));
            return false;
        }
        board.permits -= usize::from(spent);
        if board.tasks.is_empty() && Some(board.workers) < board.places {
            // The older half, which is nearer to the root and has more below it.
            let share = found.tasks.len() / 2;
            board.tasks.extend(found.tasks.drain(..share));
            let hired = board.hire();
            drop(board);
            self.send_for(hired).for_each(Job::detach);
        }
        true
    }

    /// Gives the turn of a limiter to others. Another worker takes this one's place and permit.
    fn make_way(self: &Arc<Self>, mut tasks: Vec<E::Task>) {
        self.board().tasks.append(&mut tasks);
        self.send_for(1).for_each(Job::detach);
    }

    fn leave(&self, mut board: MutexGuard<'_, Board<E::Task>>, mut tasks: Vec<E::Task>) {
        board.workers -= 1;
        if !board.abandoned {
            board.tasks.append(&mut tasks);
        }
        let is_done = board.workers == 0 && board.tasks.is_empty();
        drop(board);
        // The tasks of an abandoned board, which may hold open directories.
        drop(tasks);
        if is_done {
            self.close();
        }
    }
}

impl<T> Board<T> {
    /// Takes places for as many workers as there are tasks and permits for, and returns their number.
    fn hire(&mut self) -> usize {
        let places = self.places.unwrap_or(1).saturating_sub(self.workers);
        let hired = places.min(self.permits).min(self.tasks.len());
        self.permits -= hired;
        self.workers += hired;
        hired
    }
}

/// Returns the number of workers for a request of `wanted`, at most as many as the pool has threads.
fn places(wanted: usize) -> usize {
    const MOST: usize = 500;
    /// The machine's parallelism. Determining it reads some files.
    static MACHINE: OnceLock<usize> = OnceLock::new();
    match wanted {
        0 => *MACHINE.get_or_init(|| thread::available_parallelism().map_or(1, usize::from)),
        wanted => wanted.min(MOST),
    }
}

/// A stream of what a crew finds. Nothing is done before the first poll.
pub(crate) struct Batches<E: Explore> {
    crew: Arc<Crew<E>>,
    /// Boxed, because a receiver is not `Unpin`.
    receiver: Box<Receiver<Batch<E>>>,
    /// The workers that the consumer has hired. Those that have not begun are not needed once it is dropped.
    hired: Vec<Job<()>>,
    batch: E::Items,
    state: State,
    share: Share,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Running,
    Done,
}

impl<E: Explore> Batches<E> {
    pub(crate) fn new(explore: E, lane: Lane) -> Batches<E> {
        let (batches, receiver) = async_channel::unbounded();
        let board = Mutex::new(Board {
            tasks: Vec::new(),
            places: None,
            workers: 0,
            permits: PERMITS,
            abandoned: false,
        });
        Batches {
            crew: Arc::new(Crew {
                explore,
                lane,
                board,
                batches,
                consumer: Waiters::default(),
            }),
            receiver: Box::new(receiver),
            hired: Vec::new(),
            batch: E::Items::default(),
            state: State::New,
            share: Share::default(),
        }
    }

    /// Returns the work of the crew, for its options to be set.
    ///
    /// # Panics
    ///
    /// Panics if the crew has begun.
    #[track_caller]
    pub(crate) fn options(&mut self) -> &mut E {
        match Arc::get_mut(&mut self.crew) {
            Some(crew) if self.state == State::New => &mut crew.explore,
            _ => too_late(),
        }
    }

    pub(crate) fn lane(&self) -> &Lane {
        &self.crew.lane
    }

    fn send_for(&mut self, hired: usize) {
        self.hired.retain(|job| !job.is_finished());
        self.hired.extend(self.crew.send_for(hired));
    }

    fn begin(&mut self) {
        let task = self.options().begin();
        let mut board = self.crew.board();
        board.tasks.push(task);
        let hired = board.hire();
        drop(board);
        self.send_for(hired);
        // Reading a small directory takes less time than waking a task.
        pool::stay(|| !self.receiver.is_empty());
    }

    pub(crate) fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<<E::Items as Items>::Item>>> {
        loop {
            if let Some(item) = self.batch.take() {
                return Poll::Ready(Some(item));
            }
            match self.state {
                State::New => {
                    ready!(self.share.poll_proceed(cx));
                    self.begin();
                    self.state = State::Running;
                }
                State::Running => {}
                State::Done => return Poll::Ready(None),
            }
            ready!(self.share.poll_proceed(cx));
            match ready!(self.poll_batch(cx)) {
                Some(Ok(batch)) => {
                    budget::charge(batch.len() * ITEM);
                    self.batch = batch;
                    self.permit();
                }
                Some(Err(panic)) => {
                    self.state = State::Done;
                    panic::resume_unwind(panic);
                }
                None => {
                    budget::charge(0);
                    self.state = State::Done;
                }
            }
        }
    }

    /// Takes the next batch. Returns `None` when nothing more is found.
    fn poll_batch(&self, cx: &Context<'_>) -> Poll<Option<Batch<E>>> {
        let take = || match self.receiver.try_recv() {
            Ok(batch) => Poll::Ready(Some(batch)),
            Err(TryRecvError::Closed) => Poll::Ready(None),
            Err(TryRecvError::Empty) => Poll::Pending,
        };
        match take() {
            Poll::Pending => {
                self.crew.consumer.add(cx);
                take()
            }
            taken => taken,
        }
    }

    /// Lets the crew send one more batch.
    fn permit(&mut self) {
        let mut board = self.crew.board();
        board.permits += 1;
        let hired = board.hire();
        drop(board);
        self.send_for(hired);
    }
}

impl<E: Explore> Drop for Batches<E> {
    fn drop(&mut self) {
        let mut board = self.crew.board();
        board.abandoned = true;
        let tasks = mem::take(&mut board.tasks);
        let has_begun = board.places.is_some();
        drop(board);
        // The tasks of a worker may hold open directories, and closing one may block.
        if has_begun && !tasks.is_empty() {
            self.crew.lane.run(move || drop(tasks)).detach();
        }
    }
}
