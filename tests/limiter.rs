//! A limiter bounds the threads that work for its files and paths. What waits for a turn holds no thread, comes in
//! order, and leaves the queue when it is dropped.

mod common;

#[cfg(feature = "tempfile")]
use std::collections::BTreeSet;
use std::fs::{self, FileTimes};
use std::future::Future;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use anyfile::open::OpenFile;
use anyfile::{AsyncFile, Limiter, Path, create_file, open_file, wrap_file};
use futures_lite::future::{self, Boxed, block_on};
use futures_lite::{AsyncReadExt, AsyncWriteExt, Stream, StreamExt};

use common::{Dir, comes_true, contents, in_child, run_in_child, without_hanging};

/// An object whose reads wait for a message, or until the sender is dropped.
struct Gate {
    begun: Sender<()>,
    messages: Receiver<()>,
}

impl Read for Gate {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        let _ = self.begun.send(());
        let _ = self.messages.recv();
        Ok(0)
    }
}

/// A turn that is taken until this is dropped, or its future and then its gate are.
struct Taken {
    file: AsyncFile<Gate>,
    open: Sender<()>,
}

fn poll<F: Future + Unpin>(future: &mut F) -> bool {
    let cx = &mut Context::from_waker(Waker::noop());
    Pin::new(future).poll(cx).is_ready()
}

/// Takes one turn of a limiter with a read that waits.
fn take_turn(limiter: &Limiter) -> Taken {
    let (begun, begins) = mpsc::channel();
    let (open, messages) = mpsc::channel();
    let mut file = wrap_file(Gate { begun, messages }).limiter(limiter);
    // The read is dropped, but it has begun, and keeps its turn.
    let mut buf = [0];
    let mut read = file.read(&mut buf);
    assert!(!poll(&mut read));
    begins.recv().unwrap();
    Taken { file, open }
}

fn until(what: &str, so: impl FnMut() -> bool) {
    assert!(comes_true(so), "not yet: {what}");
}

/// Notes how many of its calls run at once.
#[derive(Default, Clone)]
struct Counted(Arc<(AtomicUsize, AtomicUsize)>);

impl Read for Counted {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        let (now, most) = &*self.0;
        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(2));
        now.fetch_sub(1, Ordering::SeqCst);
        Ok(0)
    }
}

#[test]
fn no_more_threads_work_than_it_has_turns() {
    for limit in [1, 3] {
        let limiter = Limiter::new(limit);
        let counted = Counted::default();
        let reads = (0..50).map(|_| {
            let mut file = wrap_file(counted.clone()).limiter(&limiter);
            Box::pin(async move { file.read(&mut [0]).await.unwrap() })
        });
        let reads: Vec<_> = block_on(futures::future::join_all(reads));
        assert_eq!(reads, [0; 50]);
        assert_eq!(counted.0.1.load(Ordering::SeqCst), limit);
        // The objects are closed in turns as well.
        until("all is done", || limiter.in_use() + limiter.waiting() == 0);
    }
}

#[test]
fn turns_come_in_order() {
    let limiter = Limiter::new(1);
    let taken = take_turn(&limiter);
    let order = Arc::new(Mutex::new(Vec::new()));
    let mut calls: Vec<Boxed<()>> = Vec::new();
    for number in 0..20 {
        let mut file = wrap_file(io::Cursor::new([0])).limiter(&limiter);
        let order = order.clone();
        let note = move |_: &mut _| order.lock().unwrap().push(number);
        let mut call: Boxed<()> = Box::pin(async move { file.with_mut(note).await.unwrap() });
        assert!(!poll(&mut call));
        calls.push(call);
    }
    assert_eq!((limiter.in_use(), limiter.waiting()), (1, 20));
    // Some give up.
    let mut number = 0;
    calls.retain(|_| {
        number += 1;
        number % 3 != 0
    });
    assert_eq!(limiter.waiting(), 14 + 6); // Their objects are closed in turn.
    drop(taken.open);
    block_on(futures::future::join_all(calls));
    let expected: Vec<_> = (0..20).filter(|number| number % 3 != 2).collect();
    assert_eq!(*order.lock().unwrap(), expected);
}

#[test]
fn a_call_that_has_begun_keeps_its_turn() {
    let limiter = Limiter::new(2);
    let (one, other) = (take_turn(&limiter), take_turn(&limiter));
    assert_eq!(limiter.in_use(), 2);
    let dir = Dir::new();
    let path = Path::new(dir.join("new")).with_limiter(&limiter);
    let mut touch = path.touch();
    assert!(!poll(&mut touch));
    assert_eq!(limiter.waiting(), 1);
    // Its thread is blocked still.
    let Taken { file, open } = one;
    drop(file);
    assert_eq!((limiter.in_use(), poll(&mut touch)), (2, false));
    drop(open);
    without_hanging("the next call", || block_on(touch)).unwrap();
    drop(other);
    until("nothing is left", || limiter.in_use() == 0);
}

#[test]
fn a_panic_ends_its_turn() {
    let limiter = Limiter::new(1);
    let mut file = wrap_file(io::Cursor::new("text")).limiter(&limiter);
    let panicking =
        std::panic::AssertUnwindSafe(|| block_on(file.with_mut(|_| -> () { panic!("as agreed") })));
    assert!(std::panic::catch_unwind(panicking).is_err());
    let path = Path::new(".").with_limiter(&limiter);
    without_hanging("the next call", || block_on(path.canonicalize())).unwrap();
}

type Call = (&'static str, Boxed<()>);

/// Makes a call whose result does not matter.
fn call<F: Future + Send + 'static>(name: &'static str, future: F) -> Call {
    (name, Box::pin(async move { drop(future.await) }))
}

fn listing<S: Stream + Unpin + Send + 'static>(name: &'static str, mut stream: S) -> Call {
    let all = async move { while stream.next().await.is_some() {} };
    (name, Box::pin(all))
}

macro_rules! calls {
    ($($path:ident . $method:ident ( $($argument:expr),* ) $(. $option:ident ( $value:expr ))*;)+) => {
        vec![$(call(
            concat!(stringify!($method), $(" ", stringify!($option)),*),
            $path.$method($($argument),*)$(.$option($value))*,
        )),+]
    };
}

fn calls_on_paths(dir: &Dir, limiter: &Limiter) -> Vec<Call> {
    let base = Path::new(dir.path()).with_limiter(limiter);
    let (file, new) = (&base / "file", &base / "new");
    let link = &base / "link";
    let (tree, nowhere) = (&base / "tree", &base / "nowhere");
    let mut calls = calls! {
        file.read_bytes();
        file.read_text();
        file.write_bytes("text");
        file.write_text("text");
        file.write_atomic("text");
        file.open_atomic();
        file.open().write(true);
        file.create();
        file.metadata();
        file.symlink_metadata();
        file.exists();
        file.try_exists();
        file.is_file();
        file.is_dir();
        file.is_symlink();
        file.is_mount();
        file.samefile("/");
        new.mkdir().parents(true);
        new.touch();
        new.unlink().missing_ok(true);
        new.rmdir();
        tree.remove_dir_all();
        new.rename(&nowhere);
        new.rename(&nowhere).no_replace(true);
        new.symlink_to("nowhere");
        new.hardlink_to(&nowhere);
        file.set_times(FileTimes::new());
        file.set_permissions(fs::metadata(dir.path()).unwrap().permissions());
        file.canonicalize();
        file.resolve();
        file.absolute();
        file.expanduser();
        link.read_link();
        tree.copy(base.join("copy"));
        tree.copy_into(&tree);
        new.move_to(&nowhere);
        new.move_into(&tree);
        tree.read_dir();
    };
    calls.push(call("load", file.info().load()));
    calls.push(listing("iterdir", tree.iterdir()));
    calls.push(listing("glob", tree.glob("*")));
    calls.push(listing("rglob", tree.rglob("*").sort(true)));
    calls.push(listing("walk", tree.walk()));
    calls
}

fn calls_on_files(dir: &Dir, limiter: &Limiter) -> Vec<Call> {
    let path = dir.join("file");
    let free = |options: OpenFile| block_on(options.read(true).write(true)).unwrap();
    let file = || free(open_file(&path)).limiter(limiter);
    macro_rules! on {
        ($name:literal, $file:ident, $call:expr) => {{
            #[allow(unused_mut)]
            let mut $file = file();
            call($name, async move { $call.await.map(drop) })
        }};
    }
    vec![
        call("open_file", open_file(&path).write(true).limiter(limiter)),
        call("create_file", create_file(&path).limiter(limiter)),
        on!("write_at", file, file.write_at(b"text", 0)),
        on!("set_len", file, file.set_len(3)),
        on!("sync_all", file, file.sync_all()),
        on!("sync_data", file, file.sync_data()),
        on!("set_times", file, file.set_times(FileTimes::new())),
        on!("try_clone", file, file.try_clone()),
        on!("with_mut", file, file.with_mut(|_| ())),
        on!("discard_unwritten", file, file.discard_unwritten()),
        on!("read_range", file, file.read_range(..)),
    ]
}

#[test]
fn every_call_on_the_pool_takes_a_turn() {
    let test = "every_call_on_the_pool_takes_a_turn";
    if !in_child() {
        run_in_child(test, &[]);
        run_in_child(test, &[("ANYFILE_NOWAIT", "0")]);
        return;
    }
    let all_wait = std::env::var("ANYFILE_NOWAIT").is_ok();
    let limiter = Limiter::new(1);
    let taken = take_turn(&limiter);
    let mut waited = 0;
    let makes: [fn(&Dir, &Limiter) -> Vec<Call>; 2] = [calls_on_paths, calls_on_files];
    for (is_open, make) in [false, true].into_iter().zip(makes) {
        let dir = Dir::new();
        dir.file("file", "some text");
        fs::create_dir_all(dir.join("tree/branch")).unwrap();
        for (name, mut call) in make(&dir, &limiter) {
            let left = limiter.waiting();
            if poll(&mut call) {
                assert!(!all_wait, "{name} does not take a turn");
                continue;
            }
            assert!(limiter.waiting() > left, "{name} does not take a turn");
            assert!(!poll(&mut call), "{name}");
            waited += 1;
            drop(call);
            // A file that was open may be closed in turn. Nothing else is left.
            let closes = limiter.waiting() - left;
            assert!(closes <= usize::from(is_open), "{name}: {limiter:?}");
        }
        assert_eq!(contents(&dir.join("file")), b"some text");
        assert!(!dir.join("new").exists());
        assert!(dir.join("tree/branch").exists());
    }
    println!("{waited} calls wait");
    assert!(waited > 30);
    drop(taken);
    until("nothing is left", || {
        limiter.in_use() + limiter.waiting() == 0
    });
    // With turns, all of them complete.
    for make in makes {
        let dir = Dir::new();
        dir.file("file", "some text");
        fs::create_dir_all(dir.join("tree/branch")).unwrap();
        for (name, call) in make(&dir, &limiter) {
            without_hanging(name, || block_on(call));
        }
    }
    until("nothing is left", || {
        limiter.in_use() + limiter.waiting() == 0
    });
}

#[test]
fn what_is_made_from_a_path_inherits_its_limiter() {
    let dir = Dir::new();
    fs::create_dir_all(dir.join("a/b")).unwrap();
    dir.file("a/b/c", "text");
    #[cfg(unix)]
    std::os::unix::fs::symlink("a", dir.join("link")).unwrap();
    let limiter = Limiter::new(1);
    let path = Path::new(dir.join("a/b/c")).with_limiter(&limiter);
    let base = Path::new(dir.path()).with_limiter(&limiter);
    let mut paths = vec![
        ("itself", path.clone()),
        ("join", path.join("d")),
        ("/", &path / "d"),
        ("parent", path.parent().unwrap()),
        ("ancestors", path.ancestors().nth(2).unwrap()),
        ("with_file_name", path.with_file_name("d")),
        ("with_extension", path.with_extension("d")),
        ("with_added_extension", path.with_added_extension("d")),
        ("strip_prefix", path.strip_prefix(dir.path()).unwrap()),
        ("with_name", path.with_name("d").unwrap()),
        ("with_stem", path.with_stem("d").unwrap()),
        ("with_suffix", path.with_suffix(".d").unwrap()),
        ("relative_to", path.relative_to(dir.path()).unwrap()),
        ("relative_to itself", path.relative_to(&path).unwrap()),
    ];
    block_on(async {
        paths.push(("canonicalize", path.canonicalize().await.unwrap()));
        paths.push(("resolve", path.resolve().await.unwrap()));
        paths.push(("absolute", path.absolute().await.unwrap()));
        paths.push(("expanduser", path.expanduser().await.unwrap()));
        #[cfg(unix)]
        paths.push(("read_link", (&base / "link").read_link().await.unwrap()));
        paths.push(("copy", path.copy(dir.join("copy")).await.unwrap()));
        paths.push(("move_to", path.move_to(dir.join("d")).await.unwrap()));
        let moved = Path::new(dir.join("d")).with_limiter(&limiter);
        paths.push(("rename", moved.rename(path.clone()).await.unwrap()));
        paths.push(("copy_into", path.copy_into(dir.path()).await.unwrap()));
        let listed = base.iterdir().try_next().await.unwrap();
        paths.push(("iterdir", listed.unwrap()));
        let read = base.read_dir().await.unwrap().try_next().await.unwrap();
        paths.push(("read_dir", read.unwrap()));
        let found: Vec<_> = base.rglob("c").try_collect().await.unwrap();
        paths.extend(found.into_iter().map(|path| ("rglob", path)));
        let found: Vec<_> = base
            .glob("a/*")
            .sort(true)
            .metadata(true)
            .try_collect()
            .await
            .unwrap();
        paths.extend(found.into_iter().map(|path| ("glob", path)));
        let pruned = Arc::new(Mutex::new(Vec::new()));
        let seen = pruned.clone();
        let mut walk = base.walk().metadata(true).prune(move |dir| {
            seen.lock().unwrap().push(dir.clone());
            false
        });
        while let Some(entry) = walk.try_next().await.unwrap() {
            paths.push(("walk", entry.path));
            paths.extend(entry.entries.into_iter().map(|path| ("entries", path)));
        }
        let pruned = pruned.lock().unwrap();
        paths.extend(pruned.iter().map(|path| ("prune", path.clone())));
    });
    let opened = block_on(path.open().read(true).write(true)).unwrap();
    let mut original = block_on(open_file(&path)).unwrap().limiter(&limiter);
    let clone = block_on(original.try_clone()).unwrap();
    let mut atomic = block_on(path.open_atomic()).unwrap();
    block_on(atomic.write_all(b"new")).unwrap();
    until("it is at rest", || limiter.in_use() == 0);

    let taken = take_turn(&limiter);
    for (name, path) in paths {
        // What reads no cache waits for a turn.
        let mut resolve = path.resolve();
        assert!(!poll(&mut resolve), "{name}");
        assert_eq!(limiter.waiting(), 1, "{name}");
        drop(resolve);
        assert_eq!(limiter.waiting(), 0, "{name}");
    }
    for file in [&opened, &original, &clone] {
        let mut sync = Box::pin(file.sync_all());
        assert!(!poll(&mut sync));
        assert_eq!(limiter.waiting(), 1);
    }
    let mut flush = atomic.flush();
    assert!(!poll(&mut flush));
    assert_eq!(limiter.waiting(), 1);
    drop(taken);
}

/// An object whose bytes the test sees.
#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(buf);
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Sink {
    fn seek(&mut self, _: SeekFrom) -> io::Result<u64> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

#[test]
fn a_drop_without_a_turn_loses_nothing_and_does_not_hang() {
    let limiter = Limiter::new(1);
    let taken = take_turn(&limiter);
    let sink = Sink::default();
    let mut file = wrap_file(sink.clone()).limiter(&limiter);
    block_on(file.write_all(b"accepted")).unwrap();
    let begun = Instant::now();
    drop(file);
    println!("the drop took {:?}", begun.elapsed());
    assert!(sink.0.lock().unwrap().is_empty());
    assert_eq!(limiter.waiting(), 1);

    // `close` waits as a future, and what was given up is closed by the drop.
    let other = Sink::default();
    let mut file = wrap_file(other.clone()).limiter(&limiter);
    block_on(file.write_all(b"accepted")).unwrap();
    let mut close = Box::pin(async move { file.close().await });
    assert!(!poll(&mut close));
    drop(close);
    drop(taken.open);
    let is_there = |sink: &Sink| *sink.0.lock().unwrap() == b"accepted";
    until("all is written", || is_there(&sink) && is_there(&other));
}

#[test]
fn a_local_file_is_closed_by_its_drop_without_a_turn() {
    let dir = Dir::new();
    let path = dir.join("file");
    let limiter = Limiter::new(1);
    let create = create_file(&path).limiter(&limiter);
    let mut file = block_on(create).unwrap();
    block_on(file.write_all(b"accepted")).unwrap();
    let taken = take_turn(&limiter);
    drop(file);
    until("it is written", || {
        contents(&path) == b"accepted" || {
            // On a filesystem that is not local, it waits for the turn.
            limiter.waiting() == 1
        }
    });
    drop(taken);
    until("it is written", || contents(&path) == b"accepted");
}

#[cfg(feature = "tempfile")]
#[test]
fn temporary_files_take_turns() {
    use anyfile::{named_temp_file, spooled_temp_file, temp_dir, temp_file};

    let dir = Dir::new();
    let limiter = Limiter::new(1);
    let nameless = || temp_file().dir(dir.path()).limiter(&limiter);
    let named = || named_temp_file().dir(dir.path()).limiter(&limiter);
    let directory = || temp_dir().dir(dir.path()).limiter(&limiter);
    let [synced, mut first, mut second, mut third, dropped] =
        std::array::from_fn(|_| block_on(named()).unwrap());
    let [mut made, unwanted] = std::array::from_fn(|_| block_on(directory()).unwrap());
    let scratch = block_on(nameless()).unwrap();
    let mut spool = spooled_temp_file(1).limiter(&limiter);
    let targets = ["first", "second"].map(|name| dir.join(name));
    let [replaced, created] = targets.clone();

    let taken = take_turn(&limiter);
    let paths = [first.path().canonicalize(), made.path().canonicalize()];
    let [file, inner] = paths;
    let calls = vec![
        call("its path", file),
        call("the path of a directory", inner),
        call("temp_file", nameless()),
        call("named_temp_file", named()),
        call("temp_dir", directory()),
        call("sync_all", async move { scratch.sync_all().await }),
        call("sync_all of a file with a name", async move {
            synced.sync_all().await
        }),
        call("with_mut", async move { spool.with_mut(|_| ()).await }),
        call("persist", async move { first.persist(replaced).await }),
        call("persist_noclobber", async move {
            second.persist_noclobber(created).await
        }),
        call("close", async move { third.close().await }),
        call("close of a directory", async move { made.close().await }),
    ];
    let mut waiting = Vec::new();
    for (name, mut call) in calls {
        let left = limiter.waiting();
        assert!(!poll(&mut call), "{name}");
        assert_eq!(limiter.waiting(), left + 1, "{name}");
        waiting.push(call);
    }
    let left = limiter.waiting();
    drop(dropped);
    assert!(limiter.waiting() > left, "the drop of a file");
    let left = limiter.waiting();
    drop(unwanted);
    assert_eq!(limiter.waiting(), left + 1, "the drop of a directory");

    drop(taken);
    without_hanging("what waits", || {
        block_on(futures::future::join_all(waiting))
    });
    until("nothing is left", || {
        limiter.in_use() + limiter.waiting() == 0
    });
    let left = fs::read_dir(dir.path()).unwrap();
    let left: BTreeSet<_> = left.map(|entry| entry.unwrap().path()).collect();
    assert_eq!(left, targets.into());
}

#[test]
fn a_long_stream_lets_others_take_turns() {
    let dir = Dir::new();
    for number in 0..40 {
        let below = dir.join(&format!("dir{number}"));
        fs::create_dir(&below).unwrap();
        for number in 0..500 {
            fs::write(below.join(format!("file{number}")), "").unwrap();
        }
    }
    let limiter = Limiter::new(1);
    let base = Path::new(dir.path()).with_limiter(&limiter);
    let found = Arc::new(AtomicUsize::new(0));
    let all = async {
        let mut stream = base.rglob("*");
        while let Some(path) = stream.next().await {
            path.unwrap();
            found.fetch_add(1, Ordering::Relaxed);
            future::yield_now().await;
        }
    };
    let others = async {
        while found.load(Ordering::Relaxed) == 0 {
            future::yield_now().await;
        }
        for _ in 0..3 {
            base.canonicalize().await.unwrap();
        }
        found.load(Ordering::Relaxed)
    };
    let (_, before) = block_on(future::zip(all, others));
    assert_eq!(found.load(Ordering::Relaxed), 40 * 501);
    assert!(before < 40 * 501, "the stream went first");
}

#[test]
fn what_waits_is_taken_out_when_it_is_dropped() {
    let limiter = Limiter::new(1);
    let taken = take_turn(&limiter);
    let dir = Dir::new();
    let base = Path::new(dir.path()).with_limiter(&limiter);
    for _ in 0..1000 {
        let mut call = base.canonicalize();
        assert!(!poll(&mut call));
        let mut list = base.iterdir();
        let mut next = Box::pin(async { list.next().await });
        assert!(!poll(&mut next));
    }
    assert_eq!((limiter.in_use(), limiter.waiting()), (1, 0));
    drop(taken);
}

#[test]
#[should_panic(expected = "at least one turn")]
fn a_limit_of_zero_is_refused() {
    let _ = Limiter::new(0);
}
