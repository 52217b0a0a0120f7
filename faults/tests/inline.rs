//! Calls on the caller's thread never reach the server of a filesystem that may hang.
//!
//! The one thread of the pool is put to sleep, so that all that a first poll does is done by its caller.
#![cfg(target_os = "linux")]

use std::fs::File;
use std::io::SeekFrom;
use std::pin::pin;
use std::process::Command;
use std::sync::mpsc;
use std::task::{Context, Waker};
use std::time::Duration;

use anyfile::{Path, open_file, wrap_file};
use anyfile_faults::{Caching, Counts, Mount};
use futures_lite::future::block_on;
use futures_lite::{AsyncReadExt, AsyncSeekExt, StreamExt};

const CHILD: &str = "ANYFILE_FAULTS_CHILD";

/// Runs a test again in a process with a pool of one thread.
fn with_one_thread(test: &str) -> bool {
    if std::env::var_os(CHILD).is_some() {
        return true;
    }
    if let Some(reason) = Mount::impossible() {
        println!("skipped: {reason}");
        return false;
    }
    let status = Command::new(std::env::current_exe().expect("the path of this program"))
        .args(["--exact", test, "--nocapture"])
        .env(CHILD, "1")
        .env("BLOCKING_MAX_THREADS", "1")
        .status();
    assert!(status.expect("this program can be run").success());
    false
}

/// Puts the thread of the pool to sleep until the result is dropped.
fn sleeping_pool() -> mpsc::Sender<()> {
    let (wake, sleep) = mpsc::channel::<()>();
    let (begun, wait) = mpsc::channel();
    let mut object = wrap_file(std::io::empty());
    std::thread::spawn(move || {
        block_on(object.with_mut(move |_| {
            begun.send(()).expect("it is waited for");
            let _ = sleep.recv();
        }))
    });
    wait.recv().expect("the pool has a thread");
    wake
}

/// Polls a future once; it must want the pool.
#[track_caller]
fn poll_once<R>(future: impl Future<Output = R>) {
    let poll = pin!(future).poll(&mut Context::from_waker(Waker::noop()));
    assert!(poll.is_pending(), "answered without the server");
}

fn mounted(caching: Caching) -> Mount {
    let mount = Mount::new(env!("CARGO_BIN_EXE_hangfs"), caching).expect("it can be mounted");
    std::fs::create_dir(mount.path().join("dir")).expect("mkdir");
    std::fs::write(mount.path().join("dir/file"), "contents").expect("write");
    mount
}

/// Returns the requests that the server got while `polls` ran.
fn asked(mount: &Mount, polls: impl FnOnce()) -> Counts {
    // The kernel sends a release when it likes.
    std::thread::sleep(Duration::from_millis(100));
    mount.forget();
    polls();
    mount.counts()
}

fn questions_on_the_spot(caching: Caching) {
    let mount = mounted(caching);
    let file = Path::new(mount.path()) / "dir/file";
    // Twice: the first time tells what filesystem it is.
    for _ in 0..2 {
        block_on(file.metadata()).expect("metadata");
        block_on(file.read_text()).expect("read");
        block_on(open_file(&file)).expect("open");
    }
    let wake = sleeping_pool();
    let counts = asked(&mount, || {
        poll_once(file.metadata());
        poll_once(file.symlink_metadata());
        poll_once(file.exists());
        poll_once((&file / "below").exists());
        poll_once((Path::new(mount.path()) / "missing").exists());
        poll_once(Path::new(mount.path()).exists());
        poll_once((Path::new(mount.path()) / "dir/../dir/file").is_file());
        poll_once(file.read_text());
        poll_once(file.open());
        poll_once(file.iterdir().next());
    });
    assert_eq!(counts, Counts::default(), "{caching:?}");
    drop(wake);
}

#[test]
fn lookups_ask_the_cache_only() {
    if with_one_thread("lookups_ask_the_cache_only") {
        questions_on_the_spot(Caching::Nothing);
        questions_on_the_spot(Caching::Names);
        questions_on_the_spot(Caching::Everything);
    }
}

#[test]
fn open_files_ask_nobody() {
    if !with_one_thread("open_files_ask_nobody") {
        return;
    }
    for caching in [Caching::Nothing, Caching::Everything] {
        let mount = mounted(caching);
        let path = Path::new(mount.path()) / "dir/file";
        let open = || block_on(path.open()).expect("open");
        let (mut file, mut other, dropped) = (open(), open(), open());
        block_on(file.read_exact(&mut [0; 1])).expect("read");
        let wake = sleeping_pool();
        let counts = asked(&mount, || {
            poll_once(file.metadata());
            poll_once(file.read_at(&mut [0; 1], 1));
            poll_once(file.read(&mut [0; 1]));
            poll_once(file.seek(SeekFrom::End(0)));
            poll_once(other.try_clone());
            poll_once(other.close());
            drop(dropped);
            drop((file, other));
        });
        assert_eq!(counts, Counts::default(), "{caching:?}");
        drop(wake);
    }
}

/// Polls a future so often at the most, each time until the pool has done all that it was given. To drop it
/// then must ask the server nothing.
fn abandon(mount: &Mount, what: &str, polls: usize, future: impl Future) {
    let mut future = Box::pin(future);
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..polls {
        if future.as_mut().poll(&mut cx).is_ready() {
            break;
        }
        block_on(wrap_file(std::io::empty()).with_mut(|_| ())).expect("the pool");
    }
    let wake = sleeping_pool();
    let counts = asked(mount, || drop(future));
    assert_eq!(counts, Counts::default(), "{what}, after {polls} polls");
    drop(wake);
}

/// A future that is dropped between the end of its job and its next poll must not close on the spot
/// what the job has opened.
#[test]
fn an_answer_that_nobody_takes_is_closed_elsewhere() {
    if !with_one_thread("an_answer_that_nobody_takes_is_closed_elsewhere") {
        return;
    }
    let mount = mounted(Caching::Nothing);
    let path = Path::new(mount.path()) / "dir/file";
    let open = || block_on(path.open()).expect("open");
    // More than is copied in one go.
    let big = File::create(mount.path().join("big"));
    big.and_then(|big| big.set_len(40 << 20)).expect("a file");
    for polls in 1..5 {
        abandon(&mount, "open", polls, path.open());
        abandon(&mount, "try_clone", polls, open().try_clone());
        abandon(&mount, "close", polls, open().close());
        abandon(&mount, "with_mut", polls, open().with_mut(|_| ()));
        abandon(&mount, "read_text", polls, path.read_text());
        let dir = Path::new(mount.path());
        abandon(&mount, "iterdir", polls, dir.iterdir().next());
        abandon(&mount, "walk", polls, dir.walk().next());
        abandon(&mount, "rglob", polls, dir.rglob("*").next());
        let copy = (&dir / "big").copy(&dir / "copy").exist_ok(true);
        abandon(&mount, "copy", polls, copy);
    }
}
