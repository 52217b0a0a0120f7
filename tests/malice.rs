//! Objects that panic, lie or block forever, patterns that are made to explode, and names that would
//! forge an error message.
//!
//! `ANYFILE_STORM=20` makes it twenty times as heavy.

mod common;

use std::io::{self, Read, Seek, SeekFrom, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

#[cfg(unix)]
use anyfile::PathError;
use anyfile::{AsyncFile, Path, Pattern, open_file, wrap_file};
use futures_lite::future::block_on;
use futures_lite::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt, StreamExt};

use common::{
    Dir, in_child, noise, poll_times, run_in_child, saturate_pool, storm, until, with_one_thread,
};

/// Panics in one of its methods, and records the thread that drops it.
struct Panicking {
    data: io::Cursor<Vec<u8>>,
    when: &'static str,
    dropped: Arc<Mutex<Option<ThreadId>>>,
}

impl Panicking {
    fn when(when: &'static str) -> (Panicking, Arc<Mutex<Option<ThreadId>>>) {
        let dropped = Arc::<Mutex<_>>::default();
        let data = io::Cursor::new(noise(100_000));
        let object = Panicking {
            data,
            when,
            dropped: dropped.clone(),
        };
        (object, dropped)
    }

    fn maybe(&self, when: &str) {
        assert!(self.when != when, "as agreed");
    }
}

impl Read for Panicking {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.maybe("read");
        self.data.read(buf)
    }
}

impl Write for Panicking {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.maybe("write");
        self.data.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.maybe("flush");
        Ok(())
    }
}

impl Seek for Panicking {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.maybe("seek");
        self.data.seek(to)
    }
}

impl Drop for Panicking {
    fn drop(&mut self) {
        *self.dropped.lock().unwrap() = Some(thread::current().id());
        self.maybe("drop");
    }
}

type Call = fn(&mut AsyncFile<Panicking>) -> io::Result<()>;

const CALLS: [(&str, Call); 8] = [
    ("read", |file| block_on(file.read(&mut [0; 8])).map(drop)),
    ("lines", |file| {
        block_on(file.read_until(b'\n', &mut Vec::new())).map(drop)
    }),
    ("write", |file| block_on(file.write_all(&[b'x'; 200_000]))),
    ("flush", |file| {
        block_on(async {
            file.write_all(b"x").await?;
            file.flush().await
        })
    }),
    ("seek", |file| {
        block_on(file.seek(SeekFrom::Start(5))).map(drop)
    }),
    ("seek back", |file| {
        block_on(file.seek(SeekFrom::Current(-1))).map(drop)
    }),
    ("lend", |file| block_on(file.with_mut(|_| ()))),
    ("bytes", |file| {
        block_on(file.read_to_end(&mut Vec::new())).map(drop)
    }),
];

/// A panic reaches its caller. After that every call fails, and the object is dropped on the pool: no second
/// panic gets out, and the caller is not blocked.
#[test]
fn a_panic_is_had_once() {
    for when in ["read", "write", "flush", "seek", "drop"] {
        for first in (0..CALLS.len()).step_by(if storm() > 1 { 1 } else { 3 }) {
            for ending in ["drop", "close", "into_inner", "dropped elsewhere"] {
                let (object, dropped) = Panicking::when(when);
                let mut file = wrap_file(object);
                let calls = CALLS.iter().cycle().skip(first).take(CALLS.len());
                let mut panicked = false;
                for (name, call) in calls {
                    match catch_unwind(AssertUnwindSafe(|| call(&mut file))) {
                        // A write may only have been accepted.
                        Ok(Ok(())) if panicked => {
                            assert!(*name == "write", "{name} after a panic in {when}");
                        }
                        Ok(_) => {}
                        Err(_) => {
                            assert!(!panicked, "{name}: a second panic in {when}");
                            panicked = true;
                        }
                    }
                }
                let here = thread::current().id();
                match ending {
                    "drop" => drop(file),
                    "close" => {
                        let _ = catch_unwind(AssertUnwindSafe(|| block_on(file.close())));
                        drop(file);
                    }
                    "into_inner" => match block_on(file.into_inner()) {
                        // It has been given back, so the caller drops it.
                        Ok(object) => drop(catch_unwind(AssertUnwindSafe(|| drop(object)))),
                        Err(error) => {
                            drop(error);
                            wait_for(&dropped, here);
                        }
                    },
                    _ => thread::spawn(move || drop(file)).join().unwrap(),
                }
                if ending != "into_inner" {
                    wait_for(&dropped, here);
                }
            }
        }
    }
}

/// Waits until an object has been dropped, which must not be on this thread.
#[track_caller]
fn wait_for(dropped: &Mutex<Option<ThreadId>>, here: ThreadId) {
    let begun = Instant::now();
    while dropped.lock().unwrap().is_none() {
        assert!(begun.elapsed() < Duration::from_secs(60), "not dropped");
        thread::yield_now();
    }
    assert_ne!(
        *dropped.lock().unwrap(),
        Some(here),
        "dropped by the caller"
    );
}

/// The values that a call holds may panic on drop, when its future is dropped before a thread has started it. In
/// a pool task that would abort the process.
#[test]
fn what_was_given_up_panics_when_it_is_dropped() {
    struct Explosive;

    impl Drop for Explosive {
        fn drop(&mut self) {
            panic!("as agreed");
        }
    }

    if !with_one_thread("what_was_given_up_panics_when_it_is_dropped") {
        return;
    }
    let asleep = saturate_pool(1);
    let mut file = wrap_file(io::empty());
    let explosive = Explosive;
    let lent = file.with_mut(move |_| drop(explosive));
    assert!(poll_times(lent, 1).is_none());
    drop(asleep);
    assert_eq!(block_on(file.with_mut(|_| 1)).unwrap(), 1);
}

/// An object that reports wrong numbers.
struct Liar(usize);

impl Liar {
    fn lie(&mut self) -> usize {
        const MANY: usize = usize::MAX >> 24;
        self.0 = self.0.wrapping_mul(0x5851_F42D).wrapping_add(0x1405_7B7E);
        [0, 1, 9, 4_096, 70_000, MANY, usize::MAX / 2, usize::MAX][self.0 >> 7 & 7]
    }
}

impl Read for Liar {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Ok(self.lie())
    }
}

impl Write for Liar {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Ok(self.lie())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Liar {
    fn seek(&mut self, _: SeekFrom) -> io::Result<u64> {
        Ok(self.lie() as u64)
    }
}

/// Whatever an object reports, every call ends.
#[test]
fn an_object_that_lies() {
    let (mut refused, mut rounds) = (0, 0);
    for seed in 0..100 * storm() {
        let mut file = wrap_file(Liar(seed));
        for round in 0..40 {
            let result = block_on(async {
                match (seed + round * 7) % 11 {
                    0 => file.read(&mut [0; 10]).await.map(drop),
                    1 => file.read_until(b'x', &mut vec![b'y'; 3]).await.map(drop),
                    2 => file.write(&[b'x'; 100]).await.map(drop),
                    3 => file.flush().await,
                    4 => file.seek(SeekFrom::Start(u64::MAX)).await.map(drop),
                    5 => file.seek(SeekFrom::Current(i64::MIN)).await.map(drop),
                    6 => file.seek(SeekFrom::Current(i64::MAX)).await.map(drop),
                    7 => file.seek(SeekFrom::End(i64::MIN)).await.map(drop),
                    8 => file.with_mut(|liar| liar.0).await.map(drop),
                    9 => file.read_line(&mut String::new()).await.map(drop),
                    _ => file.write(&[b'x'; 200_000]).await.map(drop),
                }
            });
            rounds += 1;
            refused += usize::from(result.is_err());
        }
        match seed % 3 {
            0 => drop(file),
            1 => drop(block_on(file.close())),
            _ => drop(block_on(file.into_inner())),
        }
    }
    println!("{refused} of {rounds} calls were refused");
}

/// An object whose calls block until it is released.
struct Stuck(mpsc::Receiver<()>, Arc<AtomicBool>);

impl Read for Stuck {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        let _ = self.0.recv();
        Ok(0)
    }
}

impl Write for Stuck {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let _ = self.0.recv();
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Stuck {
    fn drop(&mut self) {
        let _ = self.0.recv();
        self.1.store(true, Ordering::SeqCst);
    }
}

/// Objects that block forever hold up no other file, and no task that drops them. Each blocks a pool thread,
/// which other tests of the process may need.
#[test]
fn objects_that_block_for_ever() {
    if !in_child() {
        let threads = [("BLOCKING_MAX_THREADS", "500")];
        run_in_child("objects_that_block_for_ever", &threads);
        return;
    }
    let dir = Dir::new();
    let (mut letting_go, mut dropped) = (Vec::new(), Vec::new());
    let mut files: Vec<_> = (0..20)
        .map(|_| {
            let (let_go, stuck) = mpsc::channel();
            let is_dropped = Arc::<AtomicBool>::default();
            letting_go.push(let_go);
            dropped.push(is_dropped.clone());
            wrap_file(Stuck(stuck, is_dropped))
        })
        .collect();
    for (number, file) in files.iter_mut().enumerate() {
        let done = match number % 4 {
            0 => poll_times(file.read(&mut [0; 10]), 3).map(drop),
            1 => poll_times(file.write_all(&[b'x'; 4_000_000]), 3).map(drop),
            2 => poll_times(file.close(), 3).map(drop),
            // The write is accepted, not carried out.
            _ => block_on(file.write(b"x")).err().map(drop),
        };
        assert!(done.is_none());
    }
    let others = |number: usize| {
        let path = dir.join(&number.to_string());
        block_on(async {
            let opening = open_file(&path).read(true).write(true).create(true);
            let mut file = opening.await.unwrap();
            file.write_all(b"contents").await.unwrap();
            file.seek(SeekFrom::Start(0)).await.unwrap();
            let mut text = String::new();
            file.read_to_string(&mut text).await.unwrap();
            assert_eq!(text, "contents");
            file.close().await.unwrap();
        });
    };
    (0..50).for_each(others);
    for (number, file) in files.into_iter().enumerate() {
        match number % 3 {
            0 => drop(file),
            1 => thread::spawn(move || drop(file)).join().unwrap(),
            _ => assert!(poll_times(file.into_inner(), 3).is_none_or(|result| result.is_err())),
        }
    }
    (50..100).for_each(others);
    assert!(!dropped.iter().any(|dropped| dropped.load(Ordering::SeqCst)));
    drop(letting_go);
    let all = || dropped.iter().all(|dropped| dropped.load(Ordering::SeqCst));
    until("the objects are dropped", all);
}

/// Returns patterns for which some matchers take exponential time.
fn explosive() -> Vec<String> {
    let many = 1_000 * storm();
    vec![
        "**/".repeat(many) + "*",
        "**/*/".repeat(many) + "*",
        "**/a/".repeat(many) + "b",
        "*a".repeat(many) + "b",
        "*?".repeat(many) + "b",
        "a/".to_owned() + &"*".repeat(many) + "b",
        "[".repeat(100 * many),
        "[!".repeat(100 * many),
        "[a-z]".repeat(many),
        "[!b]*".repeat(many) + "b",
        format!("*[{}]*b", "xy-z".repeat(many / 10)),
        "../".repeat(many) + "a",
        "a/../".repeat(many) + "a*",
        "./".repeat(many) + "*",
        "?".repeat(many),
        "[".to_owned() + &"]".repeat(100 * many),
    ]
}

#[test]
fn patterns_that_explode_match_in_time() {
    let long = "a".repeat(5_000);
    let deep = "a/".repeat(1_000) + "c";
    let names = ["a", "a/b/c/d", &long, &deep, "[[[[["];
    for pattern in explosive() {
        let begun = Instant::now();
        for case_sensitive in [true, false] {
            let compiled = Pattern::new(&pattern).unwrap();
            let compiled = compiled.case_sensitive(case_sensitive);
            for name in names {
                let (whole, end) = (compiled.full_match(name), compiled.matches(name));
                // No short pattern matches a name in both ways.
                assert!(!(whole && end) || pattern.len() > 1_000);
            }
        }
        let (start, taken) = (pattern.get(..12).unwrap_or(&pattern), begun.elapsed());
        println!("{start}… of {} bytes: {taken:?}", pattern.len());
        assert!(taken < Duration::from_secs(60), "{start}…: {taken:?}");
    }
}

#[test]
fn patterns_that_explode_find_in_time() {
    let dir = Dir::new();
    for path in ["a/a/a/a", "a/a/b/a", "b/b", "c"] {
        std::fs::create_dir_all(dir.join(path)).unwrap();
        dir.file(&format!("{path}/a"), "");
        dir.file(&format!("{path}/b"), "");
    }
    let path = Path::new(dir.path());
    for pattern in explosive() {
        let begun = Instant::now();
        let (mut found, mut failed) = (0, 0);
        block_on(async {
            for mut stream in [path.glob(&pattern), path.rglob(&pattern)] {
                while let Some(item) = stream.next().await {
                    found += usize::from(item.is_ok());
                    failed += usize::from(item.is_err());
                    assert!(found + failed < 100_000);
                }
            }
        });
        let (start, taken) = (pattern.get(..12).unwrap_or(&pattern), begun.elapsed());
        println!("{start}…: {found} found, {failed} errors in {taken:?}");
        assert!(taken < Duration::from_secs(60), "{start}…: {taken:?}");
    }
}

/// A search in a deep tree, with a pattern that can match in many ways at every level.
#[test]
fn a_pattern_that_explodes_in_a_deep_tree() {
    let dir = Dir::new();
    let depth = 150;
    let mut inner = dir.path().to_owned();
    for _ in 0..depth {
        inner.push("a");
        std::fs::create_dir(&inner).unwrap();
        std::fs::write(inner.join("b"), "").unwrap();
    }
    let begun = Instant::now();
    let pattern = "**/*/".repeat(depth / 2) + "b";
    let found = block_on(Path::new(dir.path()).glob(&pattern).count());
    println!("{found} found in {:?}", begun.elapsed());
    assert_eq!(found, depth + 1 - depth / 2);
}

/// A name in a message cannot end the line or control a terminal.
#[cfg(unix)]
#[test]
fn names_forge_no_message() {
    let dir = Dir::new();
    let names = [
        ("new\nline: all is well", "new\\nline: all is well"),
        (
            "\r\x1b[2K\x1b]0;title\x07",
            "\\r\\u{1b}[2K\\u{1b}]0;title\\u{7}",
        ),
        ("\x7f\u{80}\u{9b}31m\t", "\\u{7f}\\u{80}\\u{9b}31m\\t"),
        ("a\u{2028}b\u{2029}c\u{85}", "a\\u{2028}b\\u{2029}c\\u{85}"),
        ("\u{202e}txt.exe\u{202c}", "\\u{202e}txt.exe\\u{202c}"),
        (
            "\u{2066}\u{2069}\u{200e}\u{200f}\u{61c}",
            "\\u{2066}\\u{2069}\\u{200e}\\u{200f}\\u{61c}",
        ),
        // Text in other languages is shown as it is.
        (
            "e\u{301} ü 中文 عربي עברית 👩\u{200d}👧",
            "e\u{301} ü 中文 عربي עברית 👩\u{200d}👧",
        ),
    ];
    for (name, shown) in names {
        let missing = Path::new(dir.join(name).join("missing"));
        let errors = block_on(async {
            [
                missing.metadata().await.map(drop),
                missing.open().await.map(drop),
                missing.read_text().await.map(drop),
                missing.write_atomic("").await,
                missing.rename("other").await.map(drop),
                missing.rename(dir.join("other")).await.map(drop),
                missing.iterdir().try_next().await.map(drop),
                missing.rglob("*").try_next().await.map(drop),
                missing.walk().try_next().await.map(drop),
                missing.glob("/absolute\n").try_next().await.map(drop),
                Path::new("a").relative_to(&missing).map(drop),
                missing.remove_dir_all().await,
            ]
        });
        for error in errors.map(Result::unwrap_err) {
            let message = error.to_string();
            assert!(message.contains(shown), "{message}");
            assert!(!message.contains(|c: char| c.is_control()), "{message:?}");
            assert!(PathError::of(&error).is_some());
            let debugged = format!("{error:?}");
            assert!(!debugged.contains(|c: char| c.is_control()), "{debugged:?}");
        }
    }
}

/// One very long line, and a short one.
struct EndlessLine {
    zeros: u64,
    rest: &'static [u8],
}

impl Read for EndlessLine {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.zeros == 0 {
            return Read::read(&mut self.rest, buf);
        }
        let len = buf
            .len()
            .min(usize::try_from(self.zeros).unwrap_or(usize::MAX));
        buf[..len].fill(0);
        self.zeros -= len as u64;
        Ok(len)
    }
}

/// Returns the peak of this process's resident memory, in MiB.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib / 1024)
}

/// An endless line is refused and skipped in little memory. With `ANYFILE_STORM=8` it has 4 GiB.
#[test]
fn a_line_without_end() {
    const NAME: &str = "a_line_without_end";
    if !in_child() {
        return print!("{}", run_in_child(NAME, &[]));
    }
    let Some(before) = peak() else {
        return println!("skipped: this system does not tell the memory of a process");
    };
    let zeros = (512 << 20) * storm() as u64;
    let rest = b"\nshort\n";
    let mut lines = wrap_file(EndlessLine { zeros, rest })
        .lines()
        .max_len(1 << 20);
    block_on(async {
        let error = lines.next_line().await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        assert_eq!(lines.next_line().await.unwrap(), Some("short"));
        assert_eq!(lines.next_line().await.unwrap(), None);
    });
    let grown = peak().unwrap() - before;
    println!("{grown} MiB more at the peak");
    assert!(grown < 16, "{grown}");
}
