//! Wakers that panic harm no other task, and no later call hangs.
//!
//! The tests run in child processes, since a panic in a bad place may end the process or its pool.

mod common;

use std::fs::File;
use std::io::SeekFrom;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};
use std::time::{Duration, Instant};

use anyfile::{AsyncFile, Path, open_file, wrap_file};
use futures_lite::future::{Boxed, block_on};
use futures_lite::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt, StreamExt};

use common::{Dir, in_child, noise, run_in_child, saturate_pool};

const PANIC: &str = "a waker panics";

/// Panics when it is woken, and counts how often that was.
#[derive(Default)]
struct Panicking(AtomicUsize);

impl Wake for Panicking {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
        std::panic::panic_any(PANIC);
    }
}

/// Polls a call once, and returns `true` if it still waits. The call may yield by waking its own task. That panic
/// reaches the caller and ends the call.
fn waits_after(call: &mut Calling<'_>, waker: &Waker) -> bool {
    let poll = || call.as_mut().poll(&mut Context::from_waker(waker));
    match catch_unwind(AssertUnwindSafe(poll)) {
        Ok(polled) => polled.is_pending(),
        Err(panic) if panic.downcast_ref() == Some(&PANIC) => false,
        Err(panic) => resume_unwind(panic),
    }
}

/// Polls a call once while the only pool thread is blocked. Its waker panics when the call has ended. Returns
/// `true` if the call can be polled again.
fn panics_in_the_pool(name: &str, mut call: Calling<'_>) -> bool {
    let panicking = Arc::new(Panicking::default());
    let waker = Waker::from(panicking.clone());
    let asleep = saturate_pool(1);
    let waits = waits_after(&mut call, &waker);
    drop(asleep);
    if !waits {
        println!("{name}: is over at once");
        return false;
    }
    let begun = Instant::now();
    while panicking.0.load(Ordering::SeqCst) == 0 {
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "{name}: not woken"
        );
        std::thread::sleep(Duration::from_millis(1));
    }
    // Gives the thread time for its work after the panic.
    std::thread::sleep(Duration::from_millis(20));
    true
}

/// Ends the process if a call does not end.
fn ends<R>(name: &str, call: impl Future<Output = R>) -> R {
    let (done, wait) = std::sync::mpsc::channel::<()>();
    let name = name.to_owned();
    let timer = std::thread::spawn(move || {
        use std::sync::mpsc::RecvTimeoutError::Timeout;
        if wait.recv_timeout(Duration::from_secs(20)) == Err(Timeout) {
            eprintln!("{name}: the next call hangs");
            std::process::exit(1);
        }
    });
    let result = block_on(call);
    drop(done);
    timer.join().unwrap();
    result
}

const LEN: usize = 300_000;

/// Checks that a file can still be used.
async fn all_goes_on(file: &mut AsyncFile) {
    let mut buf = [0; 5_000];
    assert!(file.read_at(&mut buf, 1_000).await.unwrap() > 0);
    file.seek(SeekFrom::Start(10)).await.unwrap();
    assert!(file.read(&mut buf).await.unwrap() > 0);
    assert!(buf[..100] == noise(LEN)[10..110]);
    file.seek(SeekFrom::End(0)).await.unwrap();
    file.write_all(b"more").await.unwrap();
    file.flush().await.unwrap();
    file.sync_all().await.unwrap();
    assert!(file.metadata().await.unwrap().len() >= LEN as u64);
    file.with_mut(|_| ()).await.unwrap();
    file.close().await.unwrap();
}

type Call = (&'static str, for<'a> fn(&'a mut AsyncFile) -> Calling<'a>);

type Calling<'a> = Pin<Box<dyn Future<Output = ()> + 'a>>;

/// The calls of a file during which the waker panics.
const CALLS: [Call; 9] = [
    ("read_at", |file| {
        Box::pin(async { drop(file.read_at(&mut [0; 5_000], 100_000).await) })
    }),
    ("read", |file| {
        Box::pin(async { drop(file.read(&mut [0; 5_000]).await) })
    }),
    ("read_line", |file| {
        Box::pin(async { drop(file.read_line(&mut String::new()).await) })
    }),
    ("read_to_end", |file| {
        Box::pin(async { drop(file.read_to_end(&mut Vec::new()).await) })
    }),
    ("write, flush", |file| {
        Box::pin(async {
            file.seek(SeekFrom::Start(LEN as u64)).await.unwrap();
            let _ = file.write_all(b"x").await;
            let _ = file.flush().await;
        })
    }),
    ("seek to the end", |file| {
        Box::pin(async { drop(file.seek(SeekFrom::End(0)).await) })
    }),
    ("metadata", |file| {
        Box::pin(async { drop(file.metadata().await) })
    }),
    ("sync_all", |file| {
        Box::pin(async { drop(file.sync_all().await) })
    }),
    ("with_mut", |file| {
        Box::pin(async { drop(file.with_mut(|_| ()).await) })
    }),
];

/// Runs the test in children with one pool thread, which must survive all panics, with the no-wait calls and
/// without. Returns `true` in a child.
fn alone(test: &str) -> bool {
    if !in_child() {
        let one_thread = ("BLOCKING_MAX_THREADS", "1");
        for variables in [&[one_thread, ("ANYFILE_NOWAIT", "0")][..], &[one_thread]] {
            print!("{}", run_in_child(test, variables));
        }
    }
    in_child()
}

/// Drops a file from the page cache, if the system can, so that reads need the pool.
fn cool(path: &std::path::Path) {
    let file = File::open(path).unwrap();
    file.sync_all().unwrap();
    #[cfg(target_os = "linux")]
    rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed).unwrap();
}

#[test]
fn calls_of_a_file() {
    if !alone("calls_of_a_file") {
        return;
    }
    let dir = Dir::new();
    for (name, call) in CALLS {
        for polled_again in [false, true] {
            let path = dir.file("file", noise(LEN));
            let options = open_file(&path).read(true).write(true);
            let mut file = ends(name, options).unwrap();
            cool(&path);
            {
                let mut calling = call(&mut file);
                let waits = panics_in_the_pool(name, Box::pin(calling.as_mut()));
                if polled_again && waits {
                    ends(name, calling);
                }
            }
            cool(&path);
            ends(name, all_goes_on(&mut file));
        }
    }
}

/// One of many concurrent calls has a waker that panics. The others end.
#[test]
fn reads_of_one_file_at_once() {
    if !alone("reads_of_one_file_at_once") {
        return;
    }
    let dir = Dir::new();
    let data = noise(LEN);
    let path = dir.file("file", &data);
    for round in 0..20 {
        let file = ends("open", open_file(&path)).unwrap();
        let panicking = Arc::new(Panicking::default());
        cool(&path);
        let asleep = saturate_pool(1);
        let mut buffers = vec![[0; 1_000]; 8];
        let (bad, good) = buffers.split_at_mut(4);
        let mut bad: Vec<Calling<'_>> = bad
            .iter_mut()
            .map(|buf| Box::pin(async { drop(file.read_at(buf, 5_000).await) }) as Calling<'_>)
            .collect();
        let mut good: Vec<Option<Calling<'_>>> = good
            .iter_mut()
            .enumerate()
            .map(|(number, buf)| {
                let (file, data) = (&file, &data);
                Box::pin(async move {
                    let at = number * 50_000;
                    file.read_exact_at(buf, at as u64).await.unwrap();
                    assert!(*buf == data[at..at + 1_000]);
                }) as Calling<'_>
            })
            .map(Some)
            .collect();
        let waker = Waker::from(panicking.clone());
        for number in 0..4 {
            let bad = &mut bad[number];
            let good = &mut good[number];
            // In both orders.
            if round % 2 == 0 {
                waits_after(bad, &waker);
            }
            if good
                .as_mut()
                .is_some_and(|call| !waits_after(call, Waker::noop()))
            {
                *good = None;
            }
            if round % 2 == 1 {
                waits_after(bad, &waker);
            }
        }
        drop(asleep);
        for call in good.into_iter().flatten() {
            ends("read_at", call);
        }
        drop(bad);
        cool(&path);
        ends("afterwards", file.read_at(&mut [0; 100], 0)).unwrap();
    }
}

/// Makes each of these calls after each of them has had a waker that panics.
fn after_each_other(names: &[&'static str]) {
    let dir = Dir::new();
    let path = Path::new(dir.file("file", noise(LEN)));
    let start = |name: &'static str| -> Boxed<()> {
        let path = path.clone();
        Box::pin(async move {
            match name {
                "read" => drop(wrap_file(std::io::empty()).read(&mut [0; 10]).await),
                "write" => drop(wrap_file(std::io::sink()).write_all(&[0; 300_000]).await),
                "metadata" => drop(path.metadata().await),
                "read_bytes" => drop(path.read_bytes().await),
                "open" => drop(path.open().await),
                "canonicalize" => drop(path.canonicalize().await),
                "iterdir" => drop(path.parent().unwrap().iterdir().next().await),
                "rglob" => drop(path.parent().unwrap().rglob("*").next().await),
                _ => unreachable!("{name}"),
            }
        })
    };
    for &name in names {
        cool(path.as_std_path());
        panics_in_the_pool(name, start(name));
        for &next in names {
            ends(&format!("{name}, then {next}"), start(next));
        }
    }
}

#[test]
fn calls_of_objects() {
    if alone("calls_of_objects") {
        after_each_other(&["read", "write"]);
    }
}

#[test]
fn calls_of_paths() {
    if alone("calls_of_paths") {
        after_each_other(&["metadata", "read_bytes", "open", "canonicalize"]);
    }
}

#[test]
fn calls_of_directories() {
    if alone("calls_of_directories") {
        after_each_other(&["iterdir", "rglob"]);
    }
}
