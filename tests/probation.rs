//! A scanner that has to permit each access makes the no-wait calls wait. This may happen only a few times.

#![cfg(target_os = "linux")]

mod common;

use std::os::fd::BorrowedFd;
use std::pin::pin;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use anyfile::{Path, open_file};
use futures_lite::future::block_on;
use nix::errno::Errno;
use nix::sys::fanotify::{
    EventFFlags, Fanotify, FanotifyResponse, InitFlags, MarkFlags, MaskFlags, Response,
};

use common::{Dir, in_child, nowait_works, run_in_child};

/// How long the scanner takes for each access.
const SCAN: Duration = Duration::from_millis(30);

/// Calls made one after another, each of which the scanner delays.
const CALLS: usize = 60;

/// The most calls that may be held up. With probations of 8, 16 and 32 calls there are four: the first, and one
/// after each probation. Other processes may delay more.
const MOST: usize = 8;

/// Starts a scanner of the accesses to files in `dir`, which runs until this process ends.
fn scan(dir: &Dir, accesses: MaskFlags) -> Result<(), Errno> {
    let flags = InitFlags::FAN_CLASS_CONTENT | InitFlags::FAN_CLOEXEC;
    let scanner = Fanotify::init(flags, EventFFlags::O_RDONLY | EventFFlags::O_CLOEXEC)?;
    let mask = accesses | MaskFlags::FAN_EVENT_ON_CHILD;
    let root = std::fs::File::open("/").expect("the root can be opened");
    scanner.mark(MarkFlags::FAN_MARK_ADD, mask, &root, Some(dir.path()))?;
    std::thread::spawn(move || {
        while let Ok(events) = scanner.read_events() {
            for event in &events {
                std::thread::sleep(SCAN);
                let file: BorrowedFd<'_> = event.fd().expect("the queue is long enough");
                let response = FanotifyResponse::new(file, Response::FAN_ALLOW);
                scanner.write_response(response).expect("it is waited for");
            }
        }
    });
    Ok(())
}

/// Runs the test in a child, where no filesystem is on probation yet. Returns a scanned directory in the child.
fn scanned_in_child(test: &str, accesses: MaskFlags) -> Option<Dir> {
    if !in_child() {
        print!("{}", run_in_child(test, &[]));
        return None;
    }
    let dir = Dir::new();
    for number in 0..CALLS {
        dir.file(&number.to_string(), "contents");
    }
    // The library looks up the type of the filesystem.
    block_on(Path::new(dir.join("0")).read_bytes()).expect("it can be read");
    match scan(&dir, accesses) {
        Ok(()) => Some(dir),
        Err(errno) => {
            println!("skipped: no scanner can be started: {errno}");
            None
        }
    }
}

fn path(dir: &Dir, number: usize) -> Path {
    Path::new(dir.join(&number.to_string()))
}

/// Runs a call, and returns its output and whether its first poll blocked the caller for a scan.
fn call<R>(future: impl Future<Output = R>) -> (R, bool) {
    let mut future = pin!(future);
    let begun = Instant::now();
    let polled = future
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()));
    let held_up = begun.elapsed() >= SCAN / 2;
    match polled {
        std::task::Poll::Ready(outcome) => (outcome, held_up),
        std::task::Poll::Pending => (block_on(future), held_up),
    }
}

#[track_caller]
fn check(dir: &Dir, what: &str, held_up: usize) {
    println!("{what}: {held_up} of {CALLS} calls held the caller up, at most {MOST}");
    assert!(held_up <= MOST, "{what}: {held_up} of {CALLS}");
    // If no call was held up, the test would be vacuous.
    assert!(held_up > 0 || !nowait_works(dir.path()), "{what}");
}

#[test]
fn a_scanner_holds_up_few_reads_of_a_file() {
    let test = "a_scanner_holds_up_few_reads_of_a_file";
    let Some(dir) = scanned_in_child(test, MaskFlags::FAN_ACCESS_PERM) else {
        return;
    };
    let file = block_on(open_file(path(&dir, 0))).unwrap();
    let held_up = (0..CALLS).filter(|_| {
        let mut buf = [0; 8];
        let (read, held_up) = call(file.read_at(&mut buf, 0));
        assert_eq!((read.unwrap(), &buf), (8, b"contents"));
        held_up
    });
    check(&dir, "read_at", held_up.count());
}

#[test]
fn a_scanner_holds_up_few_opens_of_many_files() {
    let test = "a_scanner_holds_up_few_opens_of_many_files";
    let Some(dir) = scanned_in_child(test, MaskFlags::FAN_OPEN_PERM) else {
        return;
    };
    let held_up = (0..CALLS).filter(|&number| {
        let (opened, held_up) = call(open_file(path(&dir, number)));
        assert!(opened.is_ok());
        held_up
    });
    check(&dir, "open", held_up.count());
}

#[test]
fn a_scanner_holds_up_few_reads_of_many_files() {
    let test = "a_scanner_holds_up_few_reads_of_many_files";
    let Some(dir) = scanned_in_child(test, MaskFlags::FAN_ACCESS_PERM) else {
        return;
    };
    let held_up = (0..CALLS).filter(|&number| {
        let (read, held_up) = call(path(&dir, number).read_bytes());
        assert_eq!(read.unwrap(), b"contents");
        held_up
    });
    check(&dir, "read_bytes", held_up.count());
}
