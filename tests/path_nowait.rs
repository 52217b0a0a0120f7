//! Cached metadata comes without a pool thread. Calls that may block always use one.

#![cfg(target_os = "linux")]

mod common;

use std::io;
use std::os::unix::net::UnixListener;
use std::pin::pin;
use std::process::Command;
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::Duration;

use anyfile::{Path, open_file};
use futures_lite::future::{self, block_on};

use common::filesystem::{Feature, has};
use common::{
    Dir, in_child, poll_times, pool_is_empty, pool_threads, run_in_child, saturate_pool,
    with_one_thread,
};

/// Held by each test, since a rename in another test can make the system look twice for a cached name.
static ALONE: Mutex<()> = Mutex::new(());

/// The number of files, each of which is queried many times: 10,000 calls and more in total.
const FILES: usize = 100;
const ROUNDS: usize = 20;

/// Compares everything that can be answered without waiting with std.
async fn ask_everything(path: &Path, expected: &str) -> io::Result<()> {
    let metadata = path.metadata().await?;
    assert_eq!(metadata.len(), expected.len() as u64);
    assert_eq!(metadata.modified()?, std::fs::metadata(path)?.modified()?);
    assert!(path.exists().await && path.is_file().await && !path.is_symlink().await);
    assert_eq!(path.read_text().await?, expected);
    assert_eq!(path.read_bytes().await?, expected.as_bytes());
    let mut file = open_file(path).await?;
    let mut read = String::new();
    file.read_to_string(&mut read).await?;
    assert_eq!(read, expected);
    file.close().await
}

fn alone() -> impl Drop {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wait_for_an_empty_pool() {
    while !pool_is_empty() {
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn warm_paths_start_no_thread_and_cold_ones_do() {
    let _alone = alone();
    if !in_child() {
        print!(
            "{}",
            run_in_child("warm_paths_start_no_thread_and_cold_ones_do", &[])
        );
        return;
    }
    let dir = Dir::new();
    if !common::nowait_works(dir.path()) {
        println!("skipped: the no-wait calls do not answer here");
        return;
    }
    let contents = |number: usize| format!("{number}\n").repeat(number * 3);
    let path = |number: usize| Path::new(dir.join(&number.to_string()));
    for number in 0..FILES {
        dir.file(&number.to_string(), contents(number));
    }
    // The first call on a filesystem needs the pool.
    block_on(ask_everything(&path(1), &contents(1))).unwrap();
    wait_for_an_empty_pool();
    for _ in 0..ROUNDS {
        for number in 0..FILES {
            block_on(ask_everything(&path(number), &contents(number))).unwrap();
        }
    }
    assert!(pool_is_empty());

    let synced = Command::new("sync")
        .status()
        .is_ok_and(|status| status.success());
    if !synced || std::fs::write("/proc/sys/vm/drop_caches", "3").is_err() {
        println!("skipped: the caches cannot be dropped");
        return;
    }
    block_on(ask_everything(&path(2), &contents(2))).unwrap();
    if pool_threads() == 0 && dir.path().starts_with("/dev/shm") {
        println!("skipped: a filesystem in memory has nothing to drop");
        return;
    }
    assert!(
        pool_threads() > 0,
        "what is not cached was asked for on the spot"
    );
}

/// With the pool blocked, none of these calls ends, and none touches the other side of a FIFO or socket.
#[test]
fn what_may_wait_is_never_done_on_the_spot() {
    if !has(&[Feature::Fifos]) {
        return;
    }
    let _alone = alone();
    if !in_child() {
        let threads = [("BLOCKING_MAX_THREADS", "2")];
        run_in_child("what_may_wait_is_never_done_on_the_spot", &threads);
        return;
    }
    let dir = Dir::new();
    let file = Path::new(dir.file("file", "contents"));
    let fifo = Path::new(dir.fifo("fifo"));
    let socket = Path::new(dir.join("socket"));
    let _listener = UnixListener::bind(&socket).unwrap();
    // Caches the metadata of all of them.
    block_on(async {
        for path in [&file, &fifo, &socket] {
            assert!(path.exists().await);
        }
        assert!(Path::new("/dev/null").exists().await);
        assert!(Path::new("/proc/self/status").exists().await);
    });
    let asleep = saturate_pool(2);

    let (opened, writer) = mpsc::channel();
    let other_side = fifo.clone();
    std::thread::spawn(move || {
        let file = std::fs::OpenOptions::new().write(true).open(&other_side);
        opened.send(file.is_ok()).unwrap();
    });
    for path in [
        &fifo,
        &socket,
        &Path::new("/dev/null"),
        &Path::new("/proc/self/status"),
    ] {
        assert!(poll_times(open_file(path), 3).is_none(), "{path:?}");
        assert!(poll_times(path.read_text(), 3).is_none(), "{path:?}");
        assert!(poll_times(path.read_bytes(), 3).is_none(), "{path:?}");
    }
    let foreign = Path::new("/proc/self/status");
    assert!(poll_times(foreign.metadata(), 3).is_none());
    let late = writer.recv_timeout(Duration::from_millis(100));
    assert!(late.is_err(), "the writer was woken");

    assert!(poll_times(file.open().write(true), 3).is_none());
    assert!(poll_times(file.open().append(true), 3).is_none());
    assert!(poll_times(file.open().read(true).write(true), 3).is_none());
    assert!(poll_times(file.write_text("x"), 3).is_none());
    assert!(poll_times(file.touch(), 3).is_none());
    assert!(poll_times((&fifo / "..").mkdir(), 3).is_none());
    // Calls that do not block still end.
    if common::nowait_works(dir.path()) {
        assert_eq!(
            poll_times(file.read_text(), 3).unwrap().unwrap(),
            "contents"
        );
        assert!(poll_times(file.open(), 3).unwrap().is_ok());
        assert!(poll_times(fifo.is_fifo(), 3).unwrap());
    }
    drop(asleep);
    // The writer continues as soon as there is a reader.
    let _reader = std::fs::File::open(&fifo).unwrap();
    assert!(writer.recv().unwrap());
    assert_eq!(block_on(file.read_text()).unwrap(), "contents");
}

/// A name changes between a file and another type while it is looked up over and over.
#[test]
fn a_name_that_changes_gives_one_or_the_other() {
    let _alone = alone();
    let dir = Dir::new();
    let name = Path::new(dir.file("name", "old"));
    block_on(async {
        for round in 0..200 {
            let contents = format!("round {round}");
            name.write_atomic(contents.as_str()).await.unwrap();
            assert_eq!(name.read_text().await.unwrap(), contents);
            assert_eq!(name.metadata().await.unwrap().len(), contents.len() as u64);
            let mut read = String::new();
            name.open()
                .await
                .unwrap()
                .read_to_string(&mut read)
                .await
                .unwrap();
            assert_eq!(read, contents);
        }
        name.unlink().await.unwrap();
        assert!(!name.exists().await);
        assert_eq!(
            name.read_text().await.unwrap_err().kind(),
            io::ErrorKind::NotFound
        );
        name.mkdir().await.unwrap();
        assert!(name.is_dir().await);
        assert!(name.read_text().await.is_err());
    });
}

/// Endless queries let other tasks run, as reads do.
#[test]
fn questions_are_fair() {
    let _alone = alone();
    let dir = Dir::new();
    let path = Path::new(dir.file("file", "contents"));
    let (mut since, mut most) = (0, 0);
    let answers = std::cell::Cell::new(0);
    let mut work = pin!(async {
        for _ in 0..1_000 {
            path.metadata().await.unwrap();
            path.read_text().await.unwrap();
            path.open().await.unwrap();
            answers.set(answers.get() + 3);
        }
    });
    block_on(future::poll_fn(|cx| {
        let polled = work.as_mut().poll(cx);
        most = most.max(answers.get() - since);
        since = answers.get();
        polled
    }));
    assert!(most <= 130, "{most} answers without a pause");
}

/// A path that led to a regular file leads to a FIFO by now. It may be opened on the spot, but its writer always
/// finds a reader, and what it wrote is read, even if it has closed before the pool takes over.
#[test]
fn a_fifo_in_the_place_of_a_file_is_read_like_any_other() {
    if !has(&[Feature::Fifos]) {
        return;
    }
    let _alone = alone();
    let dir = Dir::new();
    let path = Path::new(dir.path()) / "name";
    for round in 0..100 {
        block_on(async {
            path.write_text("file").await.unwrap();
            for _ in 0..3 {
                assert_eq!(path.read_text().await.unwrap(), "file");
                drop(path.open().await.unwrap());
            }
            path.unlink().await.unwrap();
        });
        dir.fifo("name");
        let other_side = path.clone();
        let writer = std::thread::spawn(move || {
            let mut file = std::fs::OpenOptions::new().write(true).open(&other_side)?;
            // Fails if no reader is there any more.
            std::io::Write::write_all(&mut file, b"text")
        });
        let mut text = String::new();
        block_on(async {
            if round % 2 == 0 {
                text = path.read_text().await.unwrap();
            } else {
                let mut file = path.open().await.unwrap();
                file.read_to_string(&mut text).await.unwrap();
            }
            path.unlink().await.unwrap();
        });
        assert_eq!(text, "text");
        writer.join().unwrap().expect("there is always a reader");
    }
}

/// Closing a file may write out the bytes that others wrote to it. So a file that is too large to be read at once
/// is not even opened on the caller's thread, as a watch of the directory shows.
#[test]
fn what_is_too_large_is_not_opened_on_the_spot() {
    use nix::sys::inotify::AddWatchFlags;
    let _alone = alone();
    if !with_one_thread("what_is_too_large_is_not_opened_on_the_spot") {
        return;
    }
    let dir = Dir::new();
    let small = Path::new(dir.file("small", vec![1; 256 * 1024 - 1]));
    let large = Path::new(dir.file("large", vec![1; 256 * 1024]));
    // Caches both files.
    block_on(async {
        assert_eq!(small.read_bytes().await.unwrap().len(), 256 * 1024 - 1);
        assert_eq!(large.read_bytes().await.unwrap().len(), 256 * 1024);
    });
    let _asleep = saturate_pool(1);
    let opens = AddWatchFlags::IN_OPEN | AddWatchFlags::IN_CLOSE;
    let witness = common::witness::Witness::of(opens, [dir.path()]);
    for _ in 0..100 {
        assert!(poll_times(large.read_bytes(), 1).is_none());
    }
    assert_eq!(witness.seen(), 0);
    if common::nowait_works(dir.path()) {
        // Shows that the watch notices an open.
        assert!(poll_times(small.read_bytes(), 3).is_some());
        assert!(witness.seen() > 0);
    }
}

/// Mounts come and go, and a process may change its root directory. What is remembered about a path never
/// changes the answer.
#[test]
fn what_is_mounted_meanwhile_is_seen() {
    if !has(&[Feature::SymbolicLinks]) {
        return;
    }
    /// The directory of the test, which the child that leaves its root directory cannot remove.
    const PLACE: &str = "ANYFILE_TEST_PLACE";
    let test = "what_is_mounted_meanwhile_is_seen";
    if !in_child() {
        let dir = Dir::new();
        let place = dir.path().to_str().unwrap();
        print!("{}", run_in_child(test, &[(PLACE, place)]));
        return;
    }
    let place = std::env::var(PLACE).unwrap();
    if !place.ends_with("/root") {
        // In a namespace of its own, where nobody else sees what is mounted.
        let mut alone = Command::new("unshare");
        alone.arg("-m").arg(std::env::current_exe().unwrap());
        alone.args([test, "--exact", "--nocapture"]);
        std::fs::create_dir(format!("{place}/root")).unwrap();
        let ran = alone.env(PLACE, format!("{place}/root")).output();
        match ran {
            Ok(ran) if ran.status.success() => print!("{}", String::from_utf8_lossy(&ran.stdout)),
            Ok(ran) if ran.stderr.starts_with(b"unshare: ") => {
                println!("skipped: this user cannot make a namespace");
            }
            Ok(ran) => panic!("{}", String::from_utf8_lossy(&ran.stderr)),
            Err(error) => println!("skipped: unshare: {error}"),
        }
        return;
    }
    let root = Path::new(place);
    let (path, link) = (&root / "place/file", &root / "link");
    block_on(async {
        (&root / "place").mkdir().await.unwrap();
        path.write_text("below").await.unwrap();
        link.symlink_to(&path).await.unwrap();
        all_see(&[&path, &link], "below").await;

        let place = &root / "place";
        let run = |command: &mut Command| command.arg(&place).status().unwrap().success();
        if !run(Command::new("mount").args(["-t", "tmpfs", "tmpfs"])) {
            return println!("skipped: this user cannot mount");
        }
        let error = path.read_text().await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
        std::fs::write(&path, "on top").unwrap();
        all_see(&[&path, &link], "on top").await;
        assert!(run(&mut Command::new("umount")));
        all_see(&[&path, &link], "below").await;

        // The same names below another root directory.
        let jail = &root / "jail";
        let below = |path: &Path| jail.join(path.strip_prefix("/").unwrap());
        below(&path)
            .parent()
            .unwrap()
            .create_dir_all()
            .await
            .unwrap();
        below(&path).write_text("in jail").await.unwrap();
        below(&link).symlink_to(&path).await.unwrap();
        std::os::unix::fs::chroot(&jail).unwrap();
        std::env::set_current_dir("/").unwrap();
        let relative = path.strip_prefix("/").unwrap();
        all_see(&[&path, &link, &relative], "in jail").await;
    });
}

/// Asserts that all of these have these contents, on every road.
async fn all_see(paths: &[&Path], expected: &str) {
    for &path in paths {
        for _ in 0..200 {
            assert_eq!(path.read_text().await.unwrap(), expected);
            assert_eq!(path.metadata().await.unwrap().len(), expected.len() as u64);
            let mut text = String::new();
            let mut file = path.open().await.unwrap();
            file.read_to_string(&mut text).await.unwrap();
            assert_eq!(text, expected);
        }
    }
}
