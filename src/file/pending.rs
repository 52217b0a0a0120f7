//! Reads whose data the kernel is fetching: few threads wait for many of them.
//!
//! A no-wait read that finds nothing cached makes the kernel fetch it. To wait for that takes a thread of
//! the pool, but to hand each read to a thread of its own takes longer than a fast disk needs. So the
//! reads of a file form a queue, and one job serves it. A read that takes long brings in one job more:
//! where the kernel has not begun to fetch, or the disk is slow, each read soon has its own.

use super::object::Shared;
use super::positional::read_now;
use crate::pool;
use async_channel::Sender;
use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A read that takes longer brings in one job more.
const LONG: Duration = Duration::from_micros(200);

#[derive(Debug, Default)]
pub(super) struct Pending(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Wanted>,
    /// Jobs at work, or on their way to it.
    jobs: usize,
}

#[derive(Debug)]
struct Wanted {
    offset: u64,
    len: usize,
    reply: Sender<io::Result<Vec<u8>>>,
}

/// Reads at `offset` on the pool.
pub(super) async fn read(
    shared: &Arc<Shared<File>>,
    offset: u64,
    len: usize,
) -> io::Result<Vec<u8>> {
    let (reply, answer) = async_channel::bounded(1);
    {
        let mut state = shared.pending.lock();
        state.queue.push_back(Wanted { offset, len, reply });
        send_job(&mut state, shared, 1);
    }
    let answer = answer.recv().await;
    answer.expect("BUG: a read was dropped from its queue")
}

/// Sends a job if there are reads to serve and fewer than `most` jobs.
fn send_job(state: &mut State, shared: &Arc<Shared<File>>, most: usize) {
    if state.queue.is_empty() || state.jobs >= most {
        return;
    }
    state.jobs += 1;
    let shared = shared.clone();
    pool::run(move || serve(&shared)).detach();
}

fn serve(shared: &Arc<Shared<File>>) {
    while let Some(wanted) = shared.pending.next() {
        // Nobody waits for it any more.
        if wanted.reply.is_closed() {
            continue;
        }
        let begun = Instant::now();
        let read = read_now(shared, wanted.offset, wanted.len);
        let took_long = begun.elapsed() > LONG;
        // Fails where the future was dropped meanwhile.
        let _ = wanted.reply.try_send(read);
        if took_long {
            send_job(&mut shared.pending.lock(), shared, usize::MAX);
        }
    }
}

impl Pending {
    /// What a job serves next. Without that, the job is over.
    fn next(&self) -> Option<Wanted> {
        let mut state = self.lock();
        let wanted = state.queue.pop_front();
        if wanted.is_none() {
            state.jobs -= 1;
        }
        wanted
    }

    /// No code that can panic runs under the lock.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_lite::future;
    use std::io::Write;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};
    use std::thread;

    const BLOCK: usize = 100;

    fn shared() -> Arc<Shared<File>> {
        let mut file = tempfile::tempfile().unwrap();
        let bytes: Vec<u8> = (0..=255).flat_map(|i| [i; BLOCK]).collect();
        file.write_all(&bytes).unwrap();
        Arc::new(Shared::new(file, None, None))
    }

    async fn check(shared: &Arc<Shared<File>>, i: u8) {
        let bytes = read(shared, u64::from(i) * BLOCK as u64, BLOCK).await;
        assert_eq!(bytes.unwrap(), [i; BLOCK]);
    }

    /// Holds the jobs up while `work` is done, and gives the number of jobs there were then.
    fn without_jobs(shared: &Arc<Shared<File>>, work: impl FnOnce()) -> usize {
        shared.pending.lock().jobs = 1;
        work();
        let mut state = shared.pending.lock();
        let jobs = state.jobs - 1;
        state.jobs -= 1;
        send_job(&mut state, shared, 1);
        jobs
    }

    fn wait_for_rest(shared: &Shared<File>) {
        while shared.pending.lock().jobs > 0 {
            thread::yield_now();
        }
        assert!(shared.pending.lock().queue.is_empty());
    }

    #[test]
    fn every_read_gets_its_own_answer() {
        let shared = shared();
        for _ in 0..20 {
            let mut reads: Vec<_> = (0..=255).map(|i| Box::pin(check(&shared, i))).collect();
            future::block_on(future::poll_fn(|cx| {
                reads.retain_mut(|read| read.as_mut().poll(cx).is_pending());
                match reads.is_empty() {
                    true => Poll::Ready(()),
                    false => Poll::Pending,
                }
            }));
        }
        future::block_on(async {
            assert_eq!(read(&shared, 256 * BLOCK as u64, 1).await.unwrap(), []);
            assert!(read(&shared, u64::MAX, 1).await.is_err());
        });
        wait_for_rest(&shared);
    }

    #[test]
    fn one_job_serves_reads_that_are_soon_over() {
        let shared = shared();
        let mut reads: Vec<_> = (0..64).map(|i| Box::pin(check(&shared, i))).collect();
        let jobs = without_jobs(&shared, || {
            let mut cx = Context::from_waker(Waker::noop());
            for read in &mut reads {
                assert!(read.as_mut().poll(&mut cx).is_pending());
            }
        });
        assert_eq!(jobs, 0, "a job each");
        reads.into_iter().for_each(future::block_on);
        wait_for_rest(&shared);
    }

    #[test]
    fn dropped_reads_hold_nobody_up() {
        let shared = shared();
        without_jobs(&shared, || {
            let mut cx = Context::from_waker(Waker::noop());
            for i in 0..64 {
                assert!(pin!(check(&shared, i)).poll(&mut cx).is_pending());
            }
        });
        future::block_on(check(&shared, 7));
        wait_for_rest(&shared);
    }
}
