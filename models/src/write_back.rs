//! Models of `src/file/write_buffer/queue.rs`, used as `src/file/write_buffer.rs` uses it.

#[path = "../../src/file/write_buffer/queue.rs"]
mod real;

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
use real::Queue;

const CAPACITY: usize = 4;

/// A job that makes room goes on while so many bytes wait.
const LEAST: usize = CAPACITY / 4;

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

    fn write(&self, bytes: &[u8]) -> io::Result<usize> {
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
    job: Slot<io::Result<()>, Job>,
}

enum Job {
    MakeRoom,
    Flush,
}

impl File {
    fn drain(&self, least: usize, deadline: Option<Instant>) -> io::Result<()> {
        let object = &self.object;
        self.queue.drain(
            least,
            deadline,
            |to| object.seek(to),
            |bytes| object.write(bytes),
        )
    }

    fn send(self: &Arc<Self>, half: &mut Half, job: Job) {
        let file = self.clone();
        let least = match job {
            Job::MakeRoom => LEAST,
            Job::Flush => 1,
        };
        half.job
            .start(job, pool::run(move || file.drain(least, None)));
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
                    Job::Flush if result.is_ok() && self.queue.is_empty() => half.is_dirty = false,
                    Job::MakeRoom if self.queue.is_empty() => return Poll::Ready(Ok(())),
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
            let bytes: Vec<_> = (half.accepted..half.accepted + len)
                .map(|at| at as u8)
                .collect();
            let (first, second) = bytes.split_at(len / 2);
            let bufs = [IoSlice::new(first), IoSlice::new(second)];
            let start = half
                .is_elsewhere
                .then_some(SeekFrom::Start(half.accepted as u64));
            let accepted = self.queue.accept(&bufs, CAPACITY, start);
            if accepted.waiting >= CAPACITY.div_ceil(2) && half.job.is_empty() {
                self.send(half, Job::MakeRoom);
            }
            if accepted.len > 0 {
                half.accepted += accepted.len;
                half.is_dirty = true;
                half.is_elsewhere = false;
                return Poll::Ready(Ok(accepted.len));
            }
            let stays = chance(0.5) && self.queue.has_room(CAPACITY);
            if !stays && self.queue.poll_room(cx, CAPACITY).is_pending() {
                if !half.job.is_empty() {
                    std::task::ready!(self.poll_job(half, cx))?;
                } else if self.queue.is_draining() {
                    return Poll::Pending;
                }
            }
        }
    }

    /// Leaves the cursor elsewhere afterwards, as a reader does.
    fn poll_flush(self: &Arc<Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let half = &mut *lock(&self.half);
        if half.is_dirty && half.job.is_empty() && !self.is_exclusive && self.queue.is_empty() {
            half.is_dirty = false;
        }
        while half.is_dirty {
            if half.job.is_empty() {
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
        let (len, start) = self.queue.discard();
        half.accepted -= len;
        let mut written = lock(&self.object.state);
        assert_eq!(written.len, half.accepted, "neither written nor discarded");
        if let Some(SeekFrom::Start(start)) = start {
            written.cursor = start as usize;
        }
    }

    /// Fills the queue to twice its capacity: as much again is accepted while a drain is under way, which fails.
    fn fill_twice(&self) {
        let fill = || {
            let half = &mut *lock(&self.half);
            let bytes: Vec<_> = (half.accepted as u8..).take(CAPACITY).collect();
            let accepted = self.queue.accept(&[IoSlice::new(&bytes)], CAPACITY, None);
            half.accepted += accepted.len;
        };
        fill();
        let fail = |_: &[u8]| {
            fill();
            Err(ErrorKind::StorageFull.into())
        };
        let drained = self.queue.drain(1, None, |_| Ok(()), fail);
        drained.expect_err("a disk is full");
        assert_eq!(lock(&self.half).accepted, 2 * CAPACITY);
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
        let drained = catch_agreed(|| self.drain(1, deadline));
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

/// Whoever waits for room gets it as soon as a batch is on its way, though to write it takes long.
pub fn a_batch_on_its_way_makes_room() {
    let queue = Arc::new(Queue::default());
    let full = queue.accept(&[IoSlice::new(&[0; CAPACITY])], CAPACITY, None);
    assert_eq!(full.len, CAPACITY);
    let (accepted, room) = mpsc::channel();
    let writer = {
        let queue = queue.clone();
        thread::spawn(move || {
            wait(|cx| {
                loop {
                    let more = queue.accept(&[IoSlice::new(&[1])], CAPACITY, None);
                    if more.len > 0 {
                        return Poll::Ready(());
                    }
                    std::task::ready!(queue.poll_room(cx, CAPACITY));
                }
            });
            accepted.send(()).unwrap();
        })
    };
    let is_first = AtomicBool::new(true);
    let write = |bytes: &[u8]| {
        if is_first.swap(false, Ordering::SeqCst) {
            room.recv().unwrap();
        }
        Ok(bytes.len())
    };
    queue.drain(1, None, |_| Ok(()), write).unwrap();
    writer.join().unwrap();
    assert!(queue.is_empty());
}

/// A batch of twice the capacity is on its way, of which no job of the writer knows. The writer waits until
/// it is written, rather than look for room all the time.
pub fn a_large_batch_keeps_no_thread_busy() {
    let file = Arc::new(File::default());
    file.fill_twice();
    let (begun, begins) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let draining = {
        let file = file.clone();
        thread::spawn(move || {
            let write = |bytes: &[u8]| {
                let _ = begun.send(());
                let _ = released.recv();
                file.object.write(bytes)
            };
            file.queue.drain(1, None, |_| Ok(()), write).unwrap();
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

/// Twice the capacity is being drained, of which no job of the writer knows, and fails just when the writer has
/// found no room.
pub fn a_batch_that_comes_back_is_drained_again() {
    let file = Arc::new(File::default());
    file.fill_twice();
    let draining = {
        let file = file.clone();
        thread::spawn(move || {
            let fail = |_: &[u8]| Err(ErrorKind::StorageFull.into());
            // The writer's job may have been first.
            let _ = file.queue.drain(1, None, |_| Ok(()), fail);
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
    let accept = |bytes: &[u8]| {
        file.queue
            .accept(&[IoSlice::new(bytes)], CAPACITY, None)
            .len
    };
    let mut accepted = accept(&[0, 1, 2]);
    let (begun, begins) = mpsc::channel();
    let (release, released) = mpsc::channel::<()>();
    let hanging = {
        let file = file.clone();
        thread::spawn(move || {
            let write = |bytes: &[u8]| {
                // The second batch may find that the receiver is gone.
                let _ = begun.send(());
                let _ = released.recv();
                file.object.write(bytes)
            };
            file.queue.drain(1, None, |_| Ok(()), write).unwrap();
        })
    };
    let hangs = chance(0.5);
    if hangs {
        begins.recv().unwrap();
    }
    let more: Vec<_> = (accepted..accepted + up_to(3)).map(|at| at as u8).collect();
    accepted += accept(&more);
    let deadline = Instant::now() + Duration::from_micros(50);
    let drained = file.drain(1, Some(deadline));
    match drained {
        Err(error) => assert_eq!(error.kind(), ErrorKind::TimedOut),
        Ok(()) => assert!(!hangs, "drained past another drain"),
    }
    drop(release);
    hanging.join().unwrap();
    file.drain(1, None).unwrap();
    assert_eq!(lock(&file.object.state).len, accepted);
}
