//! When `drop` returns, the file is written, flushed and closed. The tests do what fails on an open file: execute
//! it, lock it, read the end of a compressed stream.
//!
//! A process that is being started holds a copy of every open file for a moment. So most of this runs in
//! children of the test program that start nothing at the same time.
#![cfg(unix)]

mod common;

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyfile::{AsyncFile, open_file, wrap_file};
use futures_lite::AsyncWriteExt;
use futures_lite::future::{block_on, poll_once};

#[cfg(target_os = "linux")]
use common::with_one_thread;
use common::{Dir, contents, in_child, noise, poll_times, run_in_child, without_hanging};

/// Runs the test in child processes, with the no-wait calls and without. Returns `true` in a child.
fn alone(test: &str) -> bool {
    if !in_child() {
        print!("{}", run_in_child(test, &[]));
        run_in_child(test, &[("ANYFILE_NOWAIT", "0")]);
    }
    in_child()
}

fn create(path: &Path) -> AsyncFile {
    let options = open_file(path).write(true).create(true).truncate(true);
    block_on(options.mode(0o755)).expect("a new file")
}

/// Returns the contents of the program `true`.
fn program() -> Vec<u8> {
    let found = ["/bin/true", "/usr/bin/true"].map(fs::read);
    let found = found.into_iter().find_map(Result::ok);
    found.expect("the program `true`")
}

/// Returns `true` if a program cannot be run because it is open for writing.
fn is_busy(path: &Path) -> bool {
    match Command::new(path).status() {
        // It ran, even if it fails under its new name.
        Ok(_) => false,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::ExecutableFileBusy, "{error}");
            true
        }
    }
}

/// Returns `true` if programs can be run in this directory. Prints why if not.
fn runs_programs(dir: &Dir, program: &[u8]) -> bool {
    let path = dir.join("probe");
    let made = fs::write(&path, program).and_then(|()| {
        let everyone = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(&path, everyone)?;
        Command::new(&path).status()
    });
    if let Err(error) = &made {
        println!("skipped: no program can be run here: {error}");
    }
    made.is_ok()
}

#[test]
fn a_program_that_was_written_can_be_run() {
    if !alone("a_program_that_was_written_can_be_run") {
        return;
    }
    let (dir, program) = (Dir::new(), program());
    if !runs_programs(&dir, &program) {
        return;
    }
    let mut busy = [0; 5];
    for round in 0..200 {
        let path = dir.join(&round.to_string());
        let mut file = create(&path);
        block_on(async {
            match round % 5 {
                0 | 1 => file.write_all(&program).await.unwrap(),
                2 => file.write_all_at(&program, 0).await.unwrap(),
                3 => {
                    let program = program.clone();
                    let written = file.with_mut(move |file| file.write_all(&program)).await;
                    written.unwrap().unwrap();
                }
                _ => {
                    let mut clone = file.try_clone().await.unwrap();
                    clone.write_all(&program).await.unwrap();
                    drop(clone);
                }
            }
            if round % 5 == 0 {
                file.flush().await.unwrap();
            }
        });
        drop(file);
        busy[round % 5] += usize::from(is_busy(&path));
        fs::remove_file(path).unwrap();
    }
    let ways = "flushed, not flushed, written at an offset, lent, by a clone";
    assert_eq!(busy, [0; 5], "busy, of 40 each: {ways}");
}

/// A drop after a close that timed out waits for the close.
#[test]
fn a_program_whose_close_was_given_up_can_be_run() {
    if !alone("a_program_whose_close_was_given_up_can_be_run") {
        return;
    }
    let (dir, program) = (Dir::new(), program());
    if !runs_programs(&dir, &program) {
        return;
    }
    let (mut busy, mut given_up) = (0, 0);
    for round in 0..100 {
        let path = dir.join(&round.to_string());
        let mut file = create(&path);
        block_on(file.write_all(&program)).unwrap();
        block_on(file.flush()).unwrap();
        given_up += usize::from(block_on(poll_once(file.close())).is_none());
        drop(file);
        busy += usize::from(is_busy(&path));
        fs::remove_file(path).unwrap();
    }
    println!("{given_up} of 100 closes were given up");
    assert_eq!(busy, 0, "busy, of 100");
}

/// `chmod` and the like do not write, but the file was opened for writing all the same.
#[test]
fn a_file_that_was_only_opened_for_writing_can_be_run() {
    if !alone("a_file_that_was_only_opened_for_writing_can_be_run") {
        return;
    }
    let (dir, program) = (Dir::new(), program());
    if !runs_programs(&dir, &program) {
        return;
    }
    // A separate file for each, so that a late close affects its own file only.
    let paths = ["changed", "unchanged"].map(|name| dir.file(name, &program));
    let mut busy = [0; 2];
    for round in 0..100 {
        let path = &paths[round % 2];
        let file = block_on(open_file(path).write(true)).unwrap();
        let everyone = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        block_on(file.set_permissions(everyone)).unwrap();
        if round % 2 == 0 {
            block_on(file.set_len(program.len() as u64)).unwrap();
        }
        drop(file);
        busy[round % 2] += usize::from(is_busy(path));
    }
    // Without the no-wait calls, a file that was not written is closed on the pool.
    let closed = 1 + usize::from(std::env::var_os("ANYFILE_NOWAIT").is_none());
    let busy = &busy[..closed];
    assert!(
        busy.iter().all(|&busy| busy == 0),
        "busy, of 50 each: after `set_len`, without: {busy:?}"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_lock_is_given_back() {
    use rustix::fs::{FlockOperation, flock};
    if !alone("a_lock_is_given_back") {
        return;
    }
    let dir = Dir::new();
    let path = dir.file("file", "contents");
    let mut held = [0; 3];
    for round in 0..150 {
        let options = open_file(&path).read(true).write(round % 3 > 0);
        let mut file = block_on(options).unwrap();
        let locked = block_on(file.with_mut(|file| flock(file, FlockOperation::LockExclusive)));
        locked.unwrap().unwrap();
        let other = File::open(&path).unwrap();
        flock(&other, FlockOperation::NonBlockingLockExclusive).expect_err("it is locked");
        if round % 3 == 2 {
            block_on(file.write_all(b"something")).unwrap();
        }
        drop(file);
        let free = flock(&other, FlockOperation::NonBlockingLockExclusive);
        held[round % 3] += usize::from(free.is_err());
    }
    assert_eq!(
        held, [0; 3],
        "still held, of 50 each: read, not written, written"
    );
}

#[test]
fn a_compressor_writes_its_trailer() {
    use flate2::{Compression, read::GzDecoder, write::GzEncoder};
    let dir = Dir::new();
    let data = noise(100_000);
    let mut truncated = 0;
    for round in 0..50 {
        let path = dir.join(&round.to_string());
        let compressor = GzEncoder::new(File::create(&path).unwrap(), Compression::fast());
        let mut file = wrap_file(compressor);
        block_on(async {
            file.write_all(&data).await.unwrap();
            if round % 2 == 0 {
                file.flush().await.unwrap();
            }
        });
        drop(file);
        let mut seen = Vec::new();
        let read = GzDecoder::new(File::open(&path).unwrap()).read_to_end(&mut seen);
        truncated += usize::from(read.is_err() || seen != data);
    }
    assert_eq!(truncated, 0, "truncated, of 50");
}

/// The same for any object: it is written, flushed and dropped, in this order, when `drop` returns.
#[test]
fn an_object_is_dropped_by_then() {
    let mut late = 0;
    for round in 0..200 {
        let scripted = common::Scripted::new([], []);
        let mut file = wrap_file(scripted.handle());
        let data = noise([1, 5_000, 100_000][round % 3]);
        block_on(file.write_all(&data)).unwrap();
        if round % 2 == 0 {
            block_on(file.flush()).unwrap();
        }
        drop(file);
        late += scripted.look(|script| usize::from(!script.dropped));
        let begun = Instant::now();
        while !scripted.look(|script| script.dropped) {
            assert!(begun.elapsed() < Duration::from_secs(60), "never dropped");
            std::thread::sleep(Duration::from_millis(1));
        }
        scripted.look(|script| assert!(script.data == data && script.flushes > 0));
    }
    assert_eq!(late, 0, "not dropped yet, of 200");
}

/// Returns a text that is longer than any buffer on its way. It does not end in a newline, since `stdout` is
/// line-buffered.
fn output() -> String {
    common::text(20_000) + "the end"
}

/// In the child: writes to the standard output, and the process ends at once.
#[test]
fn what_was_written_to_stdout_at_the_end_of_the_process() {
    const TEST: &str = "what_was_written_to_stdout_at_the_end_of_the_process";
    if in_child() {
        let mut stdout = wrap_file(io::stdout());
        block_on(stdout.write_all(output().as_bytes())).unwrap();
        drop(stdout);
        std::process::exit(0);
    }
    let mut lost = 0;
    for _ in 0..50 {
        let child = Command::new(std::env::current_exe().expect("the path of this program"))
            .args(["--exact", TEST, "--nocapture", "--test-threads=1"])
            .env("ANYFILE_TEST_CHILD", "1")
            .output()
            .expect("this program can be run");
        assert!(child.status.success(), "{}", child.status);
        let seen = String::from_utf8(child.stdout).unwrap();
        lost += usize::from(!seen.ends_with(&output()));
    }
    assert_eq!(lost, 0, "output lost, of 50");
}

/// A pipe takes no more than the child reads, and the thread that drops the file reads the child's output. If
/// `drop` waited for the pipe, both would wait forever.
#[test]
fn a_child_whose_input_is_dropped_before_its_output_is_read() {
    // The test blocks a pool thread, for which other tests must not wait.
    if !alone("a_child_whose_input_is_dropped_before_its_output_is_read") {
        return;
    }
    without_hanging("dropping the input of a child", || {
        for _ in 0..3 {
            let mut cat = Command::new("cat")
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()
                .unwrap();
            let mut stdin = wrap_file(cat.stdin.take().unwrap());
            // Until the pipes are full, and the buffer too.
            let mut accepted = Vec::new();
            let piece = noise(50_000);
            while let Some(written) = poll_times(stdin.write(&piece), 300) {
                accepted.extend_from_slice(&piece[..written.unwrap()]);
            }
            drop(stdin);
            let mut seen = Vec::new();
            cat.stdout.take().unwrap().read_to_end(&mut seen).unwrap();
            cat.wait().unwrap();
            assert!(seen == accepted, "{} of {}", seen.len(), accepted.len());
        }
    });
}

/// A child that reads gets all of its input, and its end.
#[test]
fn a_child_gets_the_end_of_its_input() {
    let dir = Dir::new();
    for round in 0..20 {
        let path = dir.join(&round.to_string());
        let mut cat = Command::new("cat")
            .stdin(Stdio::piped())
            .stdout(File::create(&path).unwrap())
            .spawn()
            .unwrap();
        let data = noise(300_000);
        let mut stdin = wrap_file(cat.stdin.take().unwrap());
        block_on(stdin.write_all(&data)).unwrap();
        drop(stdin);
        without_hanging("a child", || cat.wait().unwrap());
        assert!(contents(&path) == data);
    }
}

/// Returns the number of files in `dir` that this process has open.
#[cfg(target_os = "linux")]
fn open_in(dir: &Dir) -> usize {
    let open = common::descriptors();
    open.iter()
        .filter(|file| file.starts_with(dir.path()))
        .count()
}

/// The only pool thread is blocked, so that files that are closed at once are closed by the caller.
#[cfg(target_os = "linux")]
#[test]
fn a_close_that_may_take_long_is_left_to_the_pool() {
    if !with_one_thread("a_close_that_may_take_long_is_left_to_the_pool") {
        return;
    }
    type Work = fn(&mut AsyncFile, &Path);
    let works: [(&str, Work); 9] = [
        ("written", |file, _| {
            block_on(file.write_all(b"x")).unwrap();
            block_on(file.flush()).unwrap();
        }),
        ("written at an offset", |file, _| {
            block_on(file.write_all_at(b"x", 0)).unwrap()
        }),
        ("lent", |file, _| {
            block_on(file.with_mut(|file| file.write_all(b"x")))
                .unwrap()
                .unwrap();
        }),
        ("written by a clone", |file, _| {
            let mut clone = block_on(file.try_clone()).unwrap();
            block_on(clone.write_all(b"x")).unwrap();
            block_on(clone.close()).unwrap();
        }),
        ("shortened", |file, _| block_on(file.set_len(1)).unwrap()),
        ("read, and removed by others", |_, path| {
            fs::remove_file(path).unwrap()
        }),
        ("read, and rewritten by others", |_, path| {
            fs::write(path, noise(4 << 20)).unwrap();
        }),
        ("read, and replaced by others", |_, path| {
            let other = path.with_extension("new");
            fs::write(&other, "contents").unwrap();
            fs::rename(other, path).unwrap();
        }),
        ("large", |file, _| {
            assert!(block_on(file.metadata()).unwrap().len() > 1 << 20);
        }),
    ];
    let mut here = Vec::new();
    for (name, work) in works {
        for drops in [false, true] {
            // The drop of a written file always closes it before it returns, with the pool or without.
            let reads = name.starts_with("read") || name == "large";
            if drops && !reads {
                continue;
            }
            let dir = Dir::new();
            let len = if name == "large" { 4 << 20 } else { 10 };
            let path = dir.file("file", noise(len));
            let options = open_file(&path).read(true).write(!reads);
            let mut file = block_on(options).unwrap();
            work(&mut file, &path);
            // Waits until the pool has done its queued jobs.
            block_on(wrap_file(io::empty()).with_mut(|_| ())).unwrap();
            let asleep = common::saturate_pool(1);
            let before = open_in(&dir);
            if drops {
                drop(file);
            } else {
                let _ = poll_times(file.close(), 1);
            }
            if open_in(&dir) != before {
                here.push(format!(
                    "{name}, {}",
                    if drops { "dropped" } else { "closed" }
                ));
            }
            drop(asleep);
        }
    }
    assert!(here.is_empty(), "closed by the caller: {}", here.join("; "));
}
