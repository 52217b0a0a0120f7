//! What all directory streams guarantee: any executor, no thread while paused, bounded, cancelled at will,
//! and unhurt by a tree that changes.

#![cfg(target_os = "linux")]

mod common;

use std::collections::HashSet;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path as StdPath;
use std::pin::Pin;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyfile::{Path, PathError};
use futures_lite::future::{block_on, poll_once};
use futures_lite::{Stream, StreamExt};

use common::{
    Dir, comes_true, in_child, open_descriptors, pool_is_empty, pool_threads, run_in_child,
    run_in_child_after, without_hanging,
};

/// Any stream, of which only the path of each item counts.
type Paths = Pin<Box<dyn Stream<Item = io::Result<Path>> + Send>>;

/// One stream of each kind, without and with metadata.
fn streams(base: &Path) -> [(&'static str, Paths); KINDS] {
    let walk = |walk: anyfile::path::Walk| walk.map(|item| Ok(item?.path));
    [
        ("iterdir", Box::pin(base.iterdir())),
        ("rglob", Box::pin(base.rglob("*"))),
        ("walk", Box::pin(walk(base.walk()))),
        ("iterdir, metadata", Box::pin(base.iterdir().metadata(true))),
        ("rglob, metadata", Box::pin(base.rglob("*").metadata(true))),
        ("walk, metadata", Box::pin(walk(base.walk().metadata(true)))),
    ]
}

const KINDS: usize = 6;

/// Makes this many directories, with so many files in each.
fn forest(dirs: usize, files: usize) -> Dir {
    let dir = Dir::in_memory();
    for number in 0..dirs {
        // Long names fill the parts in which a directory is read.
        let below = dir.join(&format!("{number:0100}"));
        fs::create_dir(&below).unwrap();
        for file in 0..files {
            fs::write(below.join(file.to_string()), "").unwrap();
        }
    }
    dir
}

/// Enough directories at each level for several workers.
fn bush() -> Dir {
    let dir = Dir::in_memory();
    for a in 0..12 {
        for b in 0..12 {
            fs::create_dir_all(dir.join(&format!("{a}/{b}/c/d"))).unwrap();
            fs::write(dir.join(&format!("{a}/{b}/c/d/e")), "").unwrap();
        }
    }
    dir
}

/// Runs all kinds of streams, in a row and side by side, and returns how much each of them found.
async fn session(base: &StdPath) -> io::Result<[usize; 5]> {
    let base = Path::new(base);
    let mut walk = base.walk().top_down(false).sort(true);
    let (mut globs, mut entries) = (base.glob("*/1*").sort(true), base.iterdir());
    let (mut found, mut side_by_side) = (0, 0);
    while let Some(path) = globs.try_next().await? {
        assert!(path.is_file().await);
        side_by_side += usize::from(entries.try_next().await?.is_some());
        found += 1;
    }
    Ok([
        found,
        side_by_side,
        base.iterdir().count().await,
        base.rglob("*")
            .try_fold(0, |count, _| Ok(count + 1))
            .await?,
        walk.try_fold(0, |count, entry| Ok(count + entry.files.len()))
            .await?,
    ])
}

#[test]
fn g1_any_executor() {
    let dir = forest(40, 12);
    let base = dir.path();
    let tokio = |mut builder: tokio::runtime::Builder| builder.build().unwrap();
    let outcomes = [
        ("futures-lite", block_on(session(base))),
        ("smol", smol::block_on(session(base))),
        ("async-std", async_std::task::block_on(session(base))),
        (
            "futures",
            futures::executor::LocalPool::new().run_until(session(base)),
        ),
        ("pollster", pollster::block_on(session(base))),
        (
            "tokio, one thread",
            tokio(tokio::runtime::Builder::new_current_thread()).block_on(session(base)),
        ),
        ("tokio, many threads", {
            let path = base.to_owned();
            let runtime = tokio(tokio::runtime::Builder::new_multi_thread());
            // On a thread of the runtime.
            let task = runtime.spawn(async move { session(&path).await });
            runtime.block_on(task).unwrap()
        }),
    ];
    for (executor, outcome) in outcomes {
        assert_eq!(outcome.unwrap(), [120, 40, 40, 520, 480], "{executor}");
    }
}

/// Nothing happens before the first poll: no thread, no descriptor, no option too late.
#[test]
fn streams_are_lazy() {
    if !in_child() {
        run_in_child("streams_are_lazy", &[]);
        return;
    }
    let dir = forest(2, 1);
    let descriptors = open_descriptors();
    let streams = streams(&Path::new(dir.path()));
    std::thread::sleep(Duration::from_millis(20));
    assert_eq!((pool_threads(), open_descriptors()), (0, descriptors));
    // What was made before the first poll is found.
    fs::create_dir(dir.join("new")).unwrap();
    for (kind, stream) in streams {
        let found = block_on(
            stream
                .filter(|path| path.as_ref().unwrap().ends_with("new"))
                .count(),
        );
        assert_eq!(found, 1, "{kind}");
    }
}

const PAUSED: usize = 1_000;

#[test]
fn g3_a_thousand_paused_streams_hold_no_thread() {
    const TEST: &str = "g3_a_thousand_paused_streams_hold_no_thread";
    if !in_child() {
        // A paused stream may keep a directory open.
        let commands = "ulimit -n $(ulimit -H -n) || exit 1; export BLOCKING_MAX_THREADS=4";
        let output = run_in_child_after(commands, TEST);
        output
            .lines()
            .filter(|line| line.contains("paused"))
            .for_each(|line| println!("{line}"));
        return;
    }
    // More than a stream may find ahead.
    let dir = forest(2_500, 0);
    let file = Path::new(dir.join("file"));
    fs::write(&file, "contents").unwrap();
    let base = Path::new(dir.path());
    let descriptors = open_descriptors();
    without_hanging("paused streams", || {
        let mut paused: Vec<Paths> = Vec::new();
        for number in 0..PAUSED {
            let (_, mut stream) = streams(&base).into_iter().nth(number % KINDS).unwrap();
            assert!(block_on(stream.next()).unwrap().is_ok());
            paused.push(stream);
        }
        assert!(
            comes_true(pool_is_empty),
            "{} threads are held",
            pool_threads()
        );
        println!(
            "{PAUSED} paused streams hold {} descriptors",
            open_descriptors() - descriptors
        );

        assert_eq!(block_on(file.read_text()).unwrap(), "contents");
        assert_eq!(block_on(file.metadata()).unwrap().len(), 8);
        for (kind, stream) in streams(&base) {
            assert!(block_on(stream.count()) > 2_500, "{kind}");
        }
        // They all go on, if they may.
        for stream in paused.drain(..60) {
            assert!(block_on(stream.count()) >= 2_500);
        }
    });
    assert!(comes_true(
        || pool_is_empty() && open_descriptors() == descriptors
    ));
}

/// What was not found yet is removed while the stream is paused, so that it counts what was.
#[test]
fn g10_a_paused_stream_has_found_a_bounded_number() {
    if !in_child() {
        let output = run_in_child("g10_a_paused_stream_has_found_a_bounded_number", &[]);
        output
            .lines()
            .filter(|line| line.contains("ahead"))
            .for_each(|line| println!("{line}"));
        return;
    }
    let (deep, wide) = ((200, 60), (12_000, 0));
    for (kind, workers, (dirs, files)) in [
        ("rglob", 1, deep),
        ("rglob", 2, wide),
        ("rglob", 8, deep),
        ("rglob, metadata", 1, deep),
        ("rglob, metadata", 2, wide),
        ("walk", 2, wide),
        ("walk", 8, wide),
        ("walk, metadata", 2, wide),
    ] {
        let dir = forest(dirs, files);
        let base = Path::new(dir.path());
        let mut paths: Paths = match kind {
            "rglob" => Box::pin(base.rglob("*").workers(workers)),
            "rglob, metadata" => Box::pin(base.rglob("*").metadata(true).workers(workers)),
            _ => {
                let walk = base.walk().metadata(kind != "walk");
                Box::pin(walk.workers(workers).map(|item| Ok(item?.path)))
            }
        };
        block_on(paths.next()).unwrap().unwrap();
        assert!(comes_true(pool_is_empty));
        for entry in fs::read_dir(dir.path()).unwrap() {
            fs::remove_dir_all(entry.unwrap().path()).unwrap();
        }
        let mut ahead = 0;
        while let Some(item) = block_on(paths.next()) {
            match item {
                Ok(_) => ahead += 1,
                Err(error) => {
                    assert!(kind.starts_with("walk"), "{kind}: {error}");
                    assert_eq!(error.kind(), ErrorKind::NotFound);
                }
            }
        }
        println!("{kind}, {workers} workers: {ahead} of 12,000 ahead");
        // A batch each, and two more; at most a thousand entries in each.
        assert!(
            (1..(2 + workers) * 1000).contains(&ahead),
            "{kind} {workers}: {ahead}"
        );
    }
}

/// However slow the consumer is, everything comes, and the workers come back for it.
#[test]
fn a_slow_consumer_gets_all() {
    let dir = forest(60, 60);
    let base = Path::new(dir.path());
    for (workers, every) in [(1, 50), (2, 300), (8, 1000)] {
        without_hanging("a slow consumer", || {
            let mut paths = base.rglob("*").workers(workers);
            let mut seen = HashSet::new();
            while let Some(path) = block_on(paths.next()) {
                assert!(seen.insert(path.unwrap().into_os_string()));
                if seen.len() % every == 0 {
                    std::thread::sleep(Duration::from_millis(3));
                }
            }
            assert_eq!(seen.len(), 60 * 61, "{workers}");
        });
    }
}

#[test]
fn a_directory_comes_before_what_is_in_it() {
    let dir = bush();
    let base = Path::new(dir.path());
    for run in 0..60 {
        let (rglob, walk) = (base.rglob("*").workers(8), base.walk().workers(8));
        let walk = walk.map(|item| io::Result::Ok(item?.path)).skip(1);
        let streams: [(&str, usize, Paths); 2] = [
            ("rglob", 588, Box::pin(rglob)),
            ("walk", 444, Box::pin(walk)),
        ];
        for (kind, expected, mut stream) in streams {
            let mut seen = HashSet::from([dir.path().as_os_str().to_owned()]);
            while let Some(path) = block_on(stream.next()) {
                let path = path.unwrap();
                let above = path.parent().unwrap();
                assert!(
                    seen.contains(above.as_os_str()),
                    "{kind}, run {run}: {path:?}"
                );
                assert!(seen.insert(path.into_os_string()), "twice");
            }
            assert_eq!(seen.len(), expected + 1, "{kind}");
        }
    }
}

#[test]
fn a_directory_comes_after_what_is_in_it_if_so_wanted() {
    let dir = bush();
    for _ in 0..10 {
        let mut walk = Path::new(dir.path()).walk().top_down(false).workers(8);
        let mut seen = HashSet::new();
        while let Some(entry) = block_on(walk.next()) {
            let entry = entry.unwrap();
            for name in &entry.dirs {
                assert!(
                    seen.contains(entry.path.join(name).as_os_str()),
                    "{entry:?}"
                );
            }
            assert!(seen.insert(entry.path.into_os_string()), "twice");
        }
        assert_eq!(seen.len(), 445);
    }
}

/// Many workers come and go, and few have anything to say.
#[test]
fn what_is_rare_is_found() {
    let dir = forest(4_000, 0);
    for number in (0..4_000).step_by(40) {
        fs::write(dir.join(&format!("{number:0100}/x")), "").unwrap();
    }
    let base = Path::new(dir.path());
    without_hanging("a search for what is rare", || {
        for workers in [2, 8] {
            for _ in 0..6 {
                let found = base.rglob("x").workers(workers);
                assert_eq!(block_on(found.count()), 100);
            }
        }
    });
}

#[test]
fn dropped_streams_leave_nothing_behind() {
    if !in_child() {
        run_in_child("dropped_streams_leave_nothing_behind", &[]);
        return;
    }
    let dir = forest(400, 3);
    let base = Path::new(dir.path());
    let descriptors = open_descriptors();
    for round in 0..40 {
        for (_, mut stream) in streams(&base) {
            // From not at all to nearly to the end.
            for _ in 0..round * round {
                match block_on(poll_once(stream.next())) {
                    Some(Some(item)) => assert!(item.is_ok()),
                    Some(None) => break,
                    None => std::thread::yield_now(),
                }
            }
        }
    }
    // Sorting is given up, too.
    for _ in 0..20 {
        let mut sorted = base.rglob("*").sort(true);
        for _ in 0..5 {
            assert!(block_on(poll_once(sorted.next())).is_none_or(|item| item.is_some()));
            std::thread::yield_now();
        }
    }
    let settled = comes_true(|| pool_is_empty() && open_descriptors() == descriptors);
    let (threads, now) = (pool_threads(), open_descriptors());
    assert!(
        settled,
        "{threads} threads, {now} descriptors, {descriptors} before"
    );
    // A search that finds nothing stops as well.
    let mut nothing = Path::new("/").rglob("no such name");
    assert!(block_on(poll_once(nothing.next())).is_none());
    drop(nothing);
    assert!(comes_true(
        || pool_is_empty() && open_descriptors() == descriptors
    ));
}

/// Directories and files come and go all the time; entries that stay are found.
#[test]
fn streams_go_on_in_a_tree_that_changes() {
    let dir = forest(60, 20);
    let expected: HashSet<_> = block_on(
        Path::new(dir.path())
            .rglob("*")
            .try_collect::<Path, _, Vec<_>>(),
    )
    .unwrap()
    .into_iter()
    .map(Path::into_os_string)
    .collect();
    let above: Vec<_> = fs::read_dir(dir.path())
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    let stop = AtomicBool::new(false);
    let change = |seed: usize| {
        for number in (0..).take_while(|_| !stop.load(Ordering::Relaxed)) {
            let place = above[(number * 7 + seed) % above.len()].join(format!("new-{seed}"));
            let _ = fs::create_dir_all(place.join("a/b"));
            let _ = fs::write(place.join("a/b/file"), "");
            let _ = std::os::unix::fs::symlink("..", place.join("up"));
            match number % 3 {
                0 => drop(fs::remove_dir_all(&place)),
                1 => drop(fs::rename(&place, place.with_extension("moved"))),
                _ => drop(fs::remove_dir_all(place.with_extension("moved"))),
            }
        }
    };
    let search = |kind: &str, mut paths: Paths| {
        let mut missing = expected.clone();
        let mut errors = 0;
        while let Some(item) = block_on(paths.next()) {
            match item {
                Ok(path) => drop(missing.remove(path.as_os_str())),
                Err(error) => {
                    let path = PathError::of(&error).expect("a PathError").path();
                    let changes = path.to_str().unwrap().contains("/new-");
                    assert!(
                        changes && error.kind() == ErrorKind::NotFound,
                        "{kind}: {error}"
                    );
                    errors += 1;
                }
            }
        }
        assert!(missing.is_empty(), "{kind}: {:?}", missing.iter().next());
        errors
    };
    without_hanging("a changing tree", || {
        let begun = Instant::now();
        let (mut rounds, mut errors) = (0, [0; 3]);
        std::thread::scope(|scope| {
            let changes = [scope.spawn(|| change(1)), scope.spawn(|| change(2))];
            let at_last = StopAtLast(&stop);
            while begun.elapsed() < Duration::from_secs(2) || rounds < 10 {
                let base = Path::new(dir.path());
                let files = |walk: anyfile::path::Walk| -> Paths {
                    Box::pin(walk.flat_map(|item| {
                        let paths = item.map(|entry| {
                            let names = entry.dirs.into_iter().chain(entry.files);
                            names.map(|name| entry.path.join(name)).collect()
                        });
                        let items: Vec<_> = match paths {
                            Ok(paths) => <Vec<Path>>::into_iter(paths).map(Ok).collect(),
                            Err(error) => vec![Err(error)],
                        };
                        futures_lite::stream::iter(items)
                    }))
                };
                let rglob = base.rglob("*").metadata(rounds % 2 == 1);
                errors[0] += search("rglob", Box::pin(rglob.workers(rounds % 9)));
                errors[1] += search("walk", files(base.walk().workers(rounds % 9)));
                errors[2] += search("bottom-up", files(base.walk().top_down(false)));
                rounds += 1;
            }
            drop(at_last);
            changes
                .into_iter()
                .for_each(|thread| thread.join().unwrap());
        });
        println!("{rounds} rounds, errors of what had gone: {errors:?}");
    });
}

/// Tells the threads that change the tree, also if the test fails.
struct StopAtLast<'a>(&'a AtomicBool);

impl Drop for StopAtLast<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Returns the peak of this process's resident memory, in KiB.
fn high_water() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn entries_of(root: &str) -> usize {
    let find = Command::new("find")
        .args([root, "-mindepth", "1", "-printf", "x"])
        .output();
    find.expect("find").stdout.len()
}

#[test]
fn a_large_tree_has_as_many_entries_as_find_finds() {
    if !in_child() {
        let output = run_in_child("a_large_tree_has_as_many_entries_as_find_finds", &[]);
        let says = |line: &&str| line.contains("skipped") || line.contains("entries");
        output
            .lines()
            .filter(says)
            .for_each(|line| println!("{line}"));
        return;
    }
    let before = entries_of("/usr");
    if before <= 100_000 {
        println!("skipped: /usr has {before} entries only");
        return;
    }
    block_on(Path::new("/usr/bin").rglob("*").count());
    let memory = high_water();
    let begun = Instant::now();
    let mut all = Path::new("/usr").rglob("*");
    let found: io::Result<usize> = block_on(all.try_fold(0, |count, _| Ok(count + 1)));
    let (took, memory) = (begun.elapsed(), high_water() - memory);
    let after = entries_of("/usr");
    if before != after {
        println!("skipped: /usr has {before} entries, then {after}");
        return;
    }
    println!("{before} entries in {took:?}, {memory} KiB more");
    assert_eq!(found.unwrap(), before);
}
