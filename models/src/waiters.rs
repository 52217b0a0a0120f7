//! Models of `src/pool/waiters.rs`.

use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use shuttle::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use shuttle::sync::{Mutex, mpsc};
use shuttle::thread;

use crate::join_pool;
use crate::pool::{self, Event, Slot, Waiters};
use crate::task::{catch_agreed, chance, lock, panic_as_agreed, up_to, wait, wait_or_give_up};

/// Its task panics when it is woken.
struct Panicking;

impl Wake for Panicking {
    fn wake(self: Arc<Self>) {
        panic_as_agreed();
    }
}

/// Tasks wait for an event, some of them give up, and a waker panics.
pub fn an_event_wakes_all() {
    let event = Arc::new(Event::default());
    if chance(0.3) {
        let waker = Waker::from(Arc::new(Panicking));
        assert!(event.poll(&Context::from_waker(&waker)).is_pending());
    }
    let mut threads: Vec<_> = (0..3)
        .map(|_| {
            let event = event.clone();
            thread::spawn(move || {
                let _ = wait_or_give_up(0.1, |cx| event.poll(cx));
            })
        })
        .collect();
    threads.extend((0..up_to(2)).map(|_| {
        let event = event.clone();
        thread::spawn(move || event.set())
    }));
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
    assert!(event.poll(&Context::from_waker(Waker::noop())).is_ready());
}

/// So many wakers come that those of the tasks which wait are not kept.
pub fn a_crowd_leaves_nobody_asleep() {
    struct Counted(Arc<()>);

    impl Wake for Counted {
        /// It has no task to wake.
        fn wake(self: Arc<Self>) {}
    }

    const CROWD: usize = 40;
    let waiters = Arc::new(Waiters::default());
    let is_over = Arc::new(AtomicBool::new(false));
    let mut threads: Vec<_> = (0..2)
        .map(|_| {
            let (waiters, is_over) = (waiters.clone(), is_over.clone());
            thread::spawn(move || {
                wait(|cx| {
                    waiters.add(cx);
                    if is_over.load(Ordering::Acquire) {
                        Poll::Ready(())
                    } else {
                        Poll::Pending
                    }
                });
            })
        })
        .collect();
    let alive = Arc::new(());
    let (crowd, wakers) = (waiters.clone(), alive.clone());
    threads.push(thread::spawn(move || {
        for _ in 0..CROWD {
            let waker = Waker::from(Arc::new(Counted(wakers.clone())));
            crowd.add(&Context::from_waker(&waker));
        }
    }));
    let waking = waiters.clone();
    threads.push(thread::spawn(move || {
        is_over.store(true, Ordering::Release);
        waking.wake_all();
    }));
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
    let kept = Arc::strong_count(&alive) - 1;
    assert!(kept < CROWD, "{kept} wakers are kept");
}

/// What tasks learned of the jobs of a slot.
#[derive(Default)]
struct Outcomes {
    /// By the number of the job.
    taken: [AtomicUsize; 2],
    panics: AtomicUsize,
}

/// Tasks share a slot, as the halves of a file do, and some give up. One may give up the job, which may
/// hang, or begin another in its place.
pub fn a_job_wakes_all() {
    type Shared = Arc<Mutex<Slot<usize, usize>>>;

    let slot = Shared::default();
    let outcomes = Arc::new(Outcomes::default());
    let panics = chance(0.2);
    let replaces: Option<fn(&mut Slot<usize, usize>)> = match up_to(4) {
        1 => Some(|slot| *slot = Slot::default()),
        2 => Some(|slot| slot.detach()),
        3 => Some(|slot| slot.start(1, pool::run(|| 1))),
        _ => None,
    };
    let hangs = replaces.is_some() && chance(0.5);
    let (release, released) = mpsc::channel::<()>();
    let job = pool::run(move || {
        if hangs {
            let _ = released.recv();
        }
        if panics {
            panic_as_agreed();
        }
        0
    });
    lock(&slot).start(0, job);
    let mut threads: Vec<_> = (0..up_to(3))
        .map(|_| {
            let (slot, outcomes) = (slot.clone(), outcomes.clone());
            thread::spawn(move || {
                let polled = |cx: &mut Context<'_>| {
                    let mut slot = lock(&slot);
                    match catch_agreed(|| slot.poll(cx)) {
                        Some(Poll::Pending) => return Poll::Pending,
                        Some(Poll::Ready(None)) => {}
                        Some(Poll::Ready(Some((kind, outcome)))) => {
                            assert_eq!(kind, outcome);
                            outcomes.taken[kind].fetch_add(1, Ordering::SeqCst);
                        }
                        None => {
                            outcomes.panics.fetch_add(1, Ordering::SeqCst);
                        }
                    }
                    Poll::Ready(())
                };
                let _ = wait_or_give_up(0.1, polled);
            })
        })
        .collect();
    if let Some(replace) = replaces {
        let slot = slot.clone();
        threads.push(thread::spawn(move || replace(&mut lock(&slot))));
    }
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
    drop(release);
    // Nobody may have been left to take it.
    let left = lock(&slot).kind().copied();
    let of_job = |job: usize| {
        let taken = outcomes.taken[job].load(Ordering::SeqCst);
        taken + usize::from(left == Some(job))
    };
    let of_first = of_job(0) + outcomes.panics.load(Ordering::SeqCst);
    match replaces {
        None => assert_eq!(of_first, 1),
        Some(_) => assert!(of_first <= 1 && of_job(1) <= 1),
    }
    drop(slot);
    join_pool();
}
