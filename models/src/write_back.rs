//! Models of `src/file/write_buffer/queue.rs` and `staged.rs`, used as `src/file/write_buffer.rs` uses them.

#[path = "../../src/file/write_buffer/queue.rs"]
mod queue;
#[path = "../../src/file/write_buffer/staged.rs"]
mod staged;

use std::io::{self, ErrorKind, IoSlice, SeekFrom};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use shuttle::sync::{Mutex, mpsc};
use shuttle::thread;

use crate::join_pool;
use crate::pool::{self, Slot};
use crate::sync::Instant;
use crate::task::{catch_agreed, chance, lock, panic_as_agreed, up_to, wait};
use queue::{Bound, Queue};
use staged::Staged;

const CAPACITY: usize = 4;
const BOUND: Bound = Bound::Fixed(CAPACITY);

/// How many bytes one call accepts at most.
const ACCEPT: usize = 5;

/// How many calls of a run fail at most.
const MOST_FAULTS: usize = 3;

/// The bytes that are written, each of which is the number of its place.
#[derive(Default)]
struct Object {
    state: Mutex<Written>,
    is_busy: AtomicBool,
    /// The number of calls that still fail.
    faults: AtomicUsize,
}

#[derive(Default)]
struct Written {
    len: usize,
    cursor: usize,
}

/// Where a reader has left the cursor.
const ELSEWHERE: usize = 1000;

impl Object {
    /// Returns `true` if this call fails.
    fn fails(&self) -> bool {
        let faults = self.faults.load(Ordering::SeqCst);
        let fails = faults > 0 && chance(0.3);
        self.faults
            .store(faults - usize::from(fails), Ordering::SeqCst);
        fails
    }

    fn seek(&self, to: SeekFrom) -> io::Result<()> {
        if self.fails() {
            return Err(ErrorKind::Other.into());
        }
        let SeekFrom::Start(to) = to else {
            unreachable!("another seek than the one that was asked for");
        };
        lock(&self.state).cursor = to as usize;
        Ok(())
    }

    fn write(&self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        let bytes: Vec<u8> = bufs.iter().flat_map(|buf| buf.iter().copied()).collect();
        if self.fails() {
            match up_to(3) {
                1 => return Err(ErrorKind::StorageFull.into()),
                2 => return Ok(0),
                _ => panic_as_agreed(),
            }
        }
        let is_busy = self.is_busy.swap(true, Ordering::SeqCst);
        assert!(!is_busy, "two batches are written at once");
        let mut written = lock(&self.state);
        assert_eq!(written.cursor, written.len, "written in the wrong place");
        let len = up_to(bytes.len());
        for &byte in &bytes[..len] {
            assert_eq!(usize::from(byte), written.len, "lost, or out of order");
            written.len += 1;
        }
        written.cursor = written.len;
        drop(written);
        self.is_busy.store(false, Ordering::SeqCst);
        Ok(len)
    }
}

#[derive(Default)]
struct File {
    queue: Queue,
    object: Object,
    half: Mutex<Half>,
    /// It has a buffer of its own, which a flush empties.
    is_exclusive: bool,
}

/// What the writers share.
#[derive(Default)]
struct Half {
    /// How many bytes were accepted, and not discarded.
    accepted: usize,
    is_dirty: bool,
    is_elsewhere: bool,
    staged: Staged,
    job: Slot<io::Result<()>, Job>,
}

enum Job {
    MakeRoom,
    Flush,
}

impl File {
    /// Writes what is in the queue.
    fn drain_queue(&self, deadline: Option<Instant>) -> io::Result<()> {
        let object = &self.object;
        self.queue
            .drain(deadline, |to| object.seek(to), |bufs| object.write(bufs))
    }

    /// Writes every byte that was accepted.
    fn drain(&self, deadline: Option<Instant>) -> io::Result<()> {
        lock(&self.half).staged.hand_over(&self.queue);
        self.drain_queue(deadline)
    }

    fn send(self: &Arc<Self>, half: &mut Half, job: Job) {
        let file = self.clone();
        half.job
            .start(job, pool::run(move || file.drain_queue(None)));
    }

    fn is_empty(&self, half: &Half) -> bool {
        half.staged.is_empty() && self.queue.is_empty()
    }

    /// Accepts bytes, the numbers of their places.
    fn accept(&self, half: &mut Half, len: usize) -> staged::Accepted {
        let bytes: Vec<_> = (half.accepted as u8..).take(len).collect();
        if half.staged.add(&bytes) {
            half.accepted += len;
            let is_queued = false;
            return staged::Accepted { len, is_queued };
        }
        let (first, second) = bytes.split_at(len / 2);
        let bufs = [IoSlice::new(first), IoSlice::new(second)];
        let start = SeekFrom::Start(half.accepted as u64);
        let start = half.is_elsewhere.then_some(start);
        let accepted = half.staged.accept(&self.queue, BOUND, &bufs, start, ACCEPT);
        half.accepted += accepted.len;
        accepted
    }

    fn poll_job(&self, half: &mut Half, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The panic resumes in the task that polls; here it is one more error.
        let job = catch_agreed(|| half.job.poll(cx));
        match job {
            None => Poll::Ready(Err(ErrorKind::Other.into())),
            Some(Poll::Pending) => Poll::Pending,
            Some(Poll::Ready(None)) => Poll::Ready(Ok(())),
            Some(Poll::Ready(Some((job, result)))) => {
                match job {
                    Job::Flush if result.is_ok() && self.is_empty(half) => half.is_dirty = false,
                    Job::MakeRoom if self.is_empty(half) => return Poll::Ready(Ok(())),
                    Job::Flush | Job::MakeRoom => {}
                }
                Poll::Ready(result)
            }
        }
    }

    fn poll_write(self: &Arc<Self>, cx: &mut Context<'_>, len: usize) -> Poll<io::Result<usize>> {
        let half = &mut *lock(&self.half);
        if half.job.is_finished() {
            std::task::ready!(self.poll_job(half, cx))?;
        }
        loop {
            let accepted = self.accept(half, len);
            let is_full = accepted.len == 0;
            if (accepted.is_queued || is_full) && half.job.is_empty() {
                self.send(half, Job::MakeRoom);
            }
            if !is_full {
                half.is_dirty = true;
                half.is_elsewhere = false;
                return Poll::Ready(Ok(accepted.len));
            }
            let stays = chance(0.5) && self.queue.has_room();
            if !stays && self.queue.poll_room(cx).is_pending() {
                std::task::ready!(self.poll_job(half, cx))?;
            }
        }
    }

    /// Leaves the cursor elsewhere afterwards, as a reader does.
    fn poll_flush(self: &Arc<Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let half = &mut *lock(&self.half);
        while half.is_dirty {
            half.staged.hand_over(&self.queue);
            if half.job.is_empty() {
                if self.is_empty(half) && !self.is_exclusive {
                    half.is_dirty = false;
                    break;
                }
                self.send(half, Job::Flush);
            }
            std::task::ready!(self.poll_job(half, cx))?;
        }
        let mut written = lock(&self.object.state);
        assert_eq!(written.len, half.accepted, "flushed, and not written");
        written.cursor = ELSEWHERE;
        half.is_elsewhere = true;
        Poll::Ready(Ok(()))
    }

    fn discard(&self) {
        let half = &mut *lock(&self.half);
        half.staged.hand_over(&self.queue);
        let (len, start) = self.queue.discard();
        half.accepted -= len;
        let mut written = lock(&self.object.state);
        assert_eq!(written.len, half.accepted, "neither written nor discarded");
        if let Some(SeekFrom::Start(start)) = start {
            written.cursor = start as usize;
        }
    }

    /// Accepts bytes until there is no room.
    fn fill(&self) {
        let half = &mut *lock(&self.half);
        while self.accept(half, 1).len > 0 {}
        assert_eq!(half.accepted, CAPACITY);
    }

    /// Drops the file's user: what it leaves is written here, or in the background.
    fn finish(&self) {
        lock(&self.half).job = Slot::default();
        let deadline = chance(0.5).then(|| Instant::now() + Duration::from_micros(50));
        let mut drained = self.try_drain(deadline);
        for _ in 0..=MOST_FAULTS {
            if drained.is_err() {
                drained = self.try_drain(None);
            }
        }
        drained.unwrap();
        assert!(self.queue.is_empty());
        let accepted = lock(&self.half).accepted;
        assert_eq!(lock(&self.object.state).len, accepted);
    }

    /// Drains on this thread, and turns an agreed panic into an error.
    fn try_drain(&self, deadline: Option<Instant>) -> io::Result<()> {
        let drained = catch_agreed(|| self.drain(deadline));
        drained.unwrap_or(Err(ErrorKind::Other.into()))
    }
}

/// Writers fill the queue, flush and discard, while another task drains it, too. Some calls fail or panic.
pub fn every_byte_is_written_once() {
    let file = Arc::new(File {
        is_exclusive: chance(0.3),
        ..File::default()
    });
    file.object
        .faults
        .store(up_to(MOST_FAULTS + 1) - 1, Ordering::SeqCst);
    let discards = chance(0.3);
    let mut threads: Vec<_> = (0..up_to(2))
        .map(|_| {
            let file = file.clone();
            thread::spawn(move || {
                for _ in 0..up_to(5) {
                    let len = up_to(6);
                    // An error loses nothing, so the same bytes may be offered again.
                    while wait(|cx| file.poll_write(cx, len)).is_err() {}
                    match up_to(8) {
                        1 | 3 => while wait(|cx| file.poll_flush(cx)).is_err() {},
                        2 if discards => file.discard(),
                        _ => {}
                    }
                }
            })
        })
        .collect();
    threads.extend((0..up_to(2) - 1).map(|_| {
        let file = file.clone();
        thread::spawn(move || (0..up_to(3)).for_each(|_| drop(file.try_drain(None))))
    }));
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
    file.finish();
    join_pool();
}

/// A writer that waits for room goes on once half of the bytes are written, though the rest takes long.
pub fn half_of_the_bytes_make_room() {
    let file = Arc::new(File::default());
    file.fill();
    let (accepted, room) = mpsc::channel();
    let writer = {
        let file = file.clone();
        thread::spawn(move || {
            wait(|cx| {
                loop {
                    if file.accept(&mut lock(&file.half), 1).len > 0 {
                        return Poll::Ready(());
                    }
                    std::task::ready!(file.queue.poll_room(cx));
                }
            });
            accepted.send(()).unwrap();
        })
    };
    let calls = AtomicUsize::new(0);
    let write = |bufs: &[IoSlice<'_>]| {
        if calls.fetch_add(1, Ordering::SeqCst) == 1 {
            room.recv().unwrap();
        }
        Ok(bufs.iter().map(|buf| buf.len()).sum())
    };
    file.queue.drain(None, |_| Ok(()), write).unwrap();
    writer.join().unwrap();
    assert!(file.queue.is_empty());
}

/// The queue is full, and drained by a call of which no job of the writer knows. The writer waits until that is
/// done, rather than look for room all the time.
pub fn a_full_queue_keeps_no_thread_busy() {
    let file = Arc::new(File::default());
    file.fill();
    let (begun, begins) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let draining = {
        let file = file.clone();
        thread::spawn(move || {
            let write = |bufs: &[IoSlice<'_>]| {
                let _ = begun.send(());
                let _ = released.recv();
                file.object.write(bufs)
            };
            file.queue.drain(None, |_| Ok(()), write).unwrap();
        })
    };
    begins.recv().unwrap();
    let writer = {
        let file = file.clone();
        thread::spawn(move || {
            let mut release = Some(release);
            wait(|cx| {
                let polled = file.poll_write(cx, 1);
                release = None;
                polled
            })
            .unwrap();
        })
    };
    draining.join().unwrap();
    writer.join().unwrap();
    file.finish();
    join_pool();
}

/// A full queue is being drained, of which no job of the writer knows, and that fails just when the writer has
/// found no room.
pub fn a_piece_that_comes_back_is_drained_again() {
    let file = Arc::new(File::default());
    file.fill();
    let draining = {
        let file = file.clone();
        thread::spawn(move || {
            let fail = |_: &[IoSlice<'_>]| Err(ErrorKind::StorageFull.into());
            // The writer's job may have been first.
            let _ = file.queue.drain(None, |_| Ok(()), fail);
        })
    };
    wait(|cx| file.poll_write(cx, 1)).unwrap();
    draining.join().unwrap();
    file.finish();
    join_pool();
}

/// A drain with a deadline goes on though another hangs, and takes nothing from it.
pub fn a_drain_that_hangs_holds_up_nobody() {
    let file = Arc::new(File::default());
    let accept = |len: usize| {
        let half = &mut *lock(&file.half);
        file.accept(half, len);
        half.staged.hand_over(&file.queue);
    };
    accept(2);
    let (begun, begins) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let hanging = {
        let file = file.clone();
        thread::spawn(move || {
            let write = |bufs: &[IoSlice<'_>]| {
                // The second piece may find that the receiver is gone.
                let _ = begun.send(());
                let _ = released.recv();
                file.object.write(bufs)
            };
            file.queue.drain(None, |_| Ok(()), write).unwrap();
        })
    };
    let hangs = chance(0.5);
    if hangs {
        begins.recv().unwrap();
    }
    accept(up_to(2));
    let deadline = Instant::now() + Duration::from_micros(50);
    match file.drain(Some(deadline)) {
        Err(error) => assert_eq!(error.kind(), ErrorKind::TimedOut),
        Ok(()) => assert!(!hangs, "drained past another drain"),
    }
    drop(release);
    hanging.join().unwrap();
    file.drain(None).unwrap();
    let accepted = lock(&file.half).accepted;
    assert_eq!(lock(&file.object.state).len, accepted);
}
