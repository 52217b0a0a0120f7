//! `open_atomic`: at every moment the path has the old contents or the new ones, and nothing else is left behind.

#![cfg(unix)]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, symlink};
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path as StdPath, PathBuf};
#[cfg(target_os = "linux")]
use std::pin::pin;
use std::process::Command;
use std::task::Poll;
#[cfg(target_os = "linux")]
use std::task::{Context, Waker};

use anyfile::path::AtomicFile;
use anyfile::{Path, PathError};
use futures_lite::AsyncWriteExt;
use futures_lite::future::{self, block_on, poll_once};

use common::{
    Dir, both_ways, comes_true, contents, in_child, is_root, mode, noise, run_in_child,
    run_in_child_after, run_unprivileged, set_mode,
};
#[cfg(target_os = "linux")]
use common::{saturate_pool, with_one_thread};

/// Returns the names in a directory except for `files`.
fn leftovers(dir: &StdPath, files: &[&str]) -> Vec<String> {
    let names = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    let names = names.map(|name| name.into_string().unwrap());
    names
        .filter(|name| !files.contains(&name.as_str()))
        .collect()
}

fn open(path: &StdPath) -> AtomicFile {
    block_on(Path::new(path).open_atomic()).expect("an atomic file")
}

#[test]
fn the_old_contents_stay_until_the_commit() {
    if !both_ways("the_old_contents_stay_until_the_commit") {
        return;
    }
    for len in [0, 1, 100_000, 3_000_000] {
        for old in [None, Some("old")] {
            let dir = Dir::new();
            let path = dir.join("file");
            if let Some(old) = old {
                fs::write(&path, old).unwrap();
            }
            let is_old = || fs::read_to_string(&path).ok().as_deref() == old;
            let data = noise(len);
            block_on(async {
                let mut file = Path::new(&path).open_atomic().await.unwrap();
                for piece in data.chunks(7_001) {
                    file.write_all(piece).await.unwrap();
                }
                assert!(is_old());
                file.flush().await.unwrap();
                file.close().await.unwrap();
                assert!(is_old(), "a close committed");
                file.commit().await.unwrap();
                assert!(contents(&path) == data);
                assert_eq!(leftovers(dir.path(), &["file"]), [""; 0]);
                // Another commit has no effect, and neither has a flush.
                fs::write(&path, "newer").unwrap();
                file.commit().await.unwrap();
                file.flush().await.unwrap();
                let error = file.write_all(b"more").await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::InvalidInput);
                assert_eq!(PathError::of(&error).unwrap().path(), path);
                let error = file.discard().await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
            });
            assert_eq!(contents(&path), b"newer");
        }
    }
}

/// Ways to end without a commit.
#[test]
fn without_a_commit_nothing_is_left() {
    if !both_ways("without_a_commit_nothing_is_left") {
        return;
    }
    let dir = Dir::new();
    let path = dir.file("file", "old");
    for len in [0, 1, 5_000_000] {
        for end in ["dropped", "discarded", "panicked", "closed", "elsewhere"] {
            let mut file = open(&path);
            block_on(file.write_all(&noise(len))).unwrap();
            assert_eq!(leftovers(dir.path(), &["file"]).len(), 1);
            match end {
                "dropped" => drop(file),
                "discarded" => block_on(file.discard()).unwrap(),
                "panicked" => {
                    let work = AssertUnwindSafe(|| {
                        let _file = file;
                        panic::resume_unwind(Box::new("on purpose"));
                    });
                    panic::catch_unwind(work).unwrap_err();
                }
                "closed" => {
                    block_on(file.close()).unwrap();
                    drop(file);
                }
                _ => std::thread::spawn(move || drop(file)).join().unwrap(),
            }
            // At once, not some time later.
            assert_eq!(leftovers(dir.path(), &["file"]), [""; 0], "{len}, {end}");
            assert_eq!(contents(&path), b"old");
        }
    }
    #[cfg(target_os = "linux")]
    {
        let open = || {
            common::descriptors()
                .iter()
                .any(|file| file.starts_with(dir.path()))
        };
        assert!(comes_true(|| !open()), "{:?}", common::descriptors());
    }
}

/// Opens, writes and commits, and gives up after a number of polls.
#[test]
fn dropped_at_every_poll() {
    if !both_ways("dropped_at_every_poll") {
        return;
    }
    let dir = Dir::new();
    let path = dir.file("file", "old");
    let new = noise(600_000);
    let mut seen = BTreeSet::new();
    for round in 0..10 {
        for polls in 0.. {
            let work = async {
                let open = Path::new(&path).open_atomic().sync(round % 2 == 0);
                let mut file = open.await.unwrap();
                for piece in new.chunks(200_000) {
                    file.write_all(piece).await.unwrap();
                    file.flush().await.unwrap();
                }
                file.commit().await.unwrap();
            };
            let mut left = polls;
            let mut work = Box::pin(work);
            let done = block_on(future::poll_fn(|cx| {
                if left == 0 {
                    return Poll::Ready(false);
                }
                left -= 1;
                work.as_mut().poll(cx).map(|()| true)
            }));
            drop(work);
            // What has begun is finished, in the background.
            let settled = || leftovers(dir.path(), &["file"]).is_empty();
            assert!(
                comes_true(settled),
                "{:?}",
                leftovers(dir.path(), &["file"])
            );
            let is_new = contents(&path) == new;
            assert!(is_new || contents(&path) == b"old");
            assert!(is_new || !done);
            seen.insert((is_new, done));
            fs::write(&path, "old").unwrap();
            if done {
                break;
            }
        }
    }
    assert!(
        seen.contains(&(false, false)) && seen.contains(&(true, true)),
        "{seen:?}"
    );
}

/// After a commit whose future was dropped, nothing can be written, and another commit succeeds.
#[test]
fn a_commit_that_was_dropped() {
    if !both_ways("a_commit_that_was_dropped") {
        return;
    }
    let dir = Dir::new();
    let path = dir.join("file");
    let mut given_up = 0;
    for round in 0..50 {
        let data = noise(1 + round * 10_000);
        let mut file = open(&path);
        block_on(async {
            file.write_all(&data).await.unwrap();
            if poll_once(file.commit()).await.is_some() {
                return;
            }
            given_up += 1;
            if round % 3 == 0 {
                let error = file.write(b"more").await.unwrap_err();
                assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
                assert!(error.to_string().ends_with("a commit has begun"), "{error}");
            }
            file.commit().await.unwrap();
            assert!(contents(&path) == data);
        });
        assert_eq!(leftovers(dir.path(), &["file"]), [""; 0]);
        fs::remove_file(&path).unwrap();
    }
    assert!(given_up > 0);
}

/// The only pool thread is busy: a drop removes the name all the same, and a commit that has not begun does not
/// take place.
#[cfg(target_os = "linux")]
#[test]
fn without_a_free_thread() {
    if !with_one_thread("without_a_free_thread") {
        return;
    }
    let dir = Dir::new();
    let path = dir.file("file", "old");
    let mut cx = Context::from_waker(Waker::noop());
    for commits in [false, true] {
        let mut file = open(&path);
        block_on(file.write_all(b"new")).unwrap();
        let asleep = saturate_pool(1);
        if commits {
            assert!(pin!(file.commit()).poll(&mut cx).is_pending());
        }
        drop(file);
        assert_eq!(leftovers(dir.path(), &["file"]), [""; 0]);
        let mut opening = Path::new(&path).open_atomic();
        assert!(pin!(&mut opening).poll(&mut cx).is_pending());
        drop(opening);
        drop(asleep);
        block_on(Path::new(&path).write_atomic("newer")).unwrap();
        assert_eq!(leftovers(dir.path(), &["file"]), [""; 0]);
        assert_eq!(contents(&path), b"newer");
    }
}

/// On a full disk, the old contents stay. Once there is room, the same file is committed.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk() {
    if !is_root() || !both_ways("a_full_disk") {
        return;
    }
    let Some(disk) = common::Tmpfs::new(1 << 20) else {
        return;
    };
    let path = disk.dir().file("file", "old");
    disk.fill_but(4);
    // Less than what a background job would write.
    let data = noise(50_000);
    block_on(async {
        let error = Path::new(&path).write_atomic(&data).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StorageFull, "{error}");
        assert_eq!(leftovers(disk.dir().path(), &["file", "ballast"]), [""; 0]);
        let mut file = Path::new(&path).open_atomic().await.unwrap();
        file.write_all(&data).await.unwrap();
        for _ in 0..3 {
            let error = file.commit().await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::StorageFull, "{error}");
            assert_eq!(PathError::of(&error).unwrap().path(), path);
            assert_eq!(contents(&path), b"old");
        }
        disk.make_room();
        file.write_all(b"!").await.unwrap();
        file.commit().await.unwrap();
        let seen = contents(&path);
        assert!(seen.starts_with(&data) && seen.len() == data.len() + 1);
        disk.fill_but(4);
        let mut file = Path::new(&path).open_atomic().await.unwrap();
        file.write_all(&data).await.unwrap();
        file.flush().await.unwrap_err();
        drop(file);
        assert_eq!(leftovers(disk.dir().path(), &["file", "ballast"]), [""; 0]);
        assert_eq!(contents(&path), seen);
    });
}

#[test]
fn a_directory_that_may_not_be_written() {
    const NAME: &str = "a_directory_that_may_not_be_written";
    if !in_child() {
        run_unprivileged(NAME);
        return;
    }
    let dir = Dir::new();
    let path = dir.file("file", "old");
    let opened = open(&path);
    set_mode(dir.path(), 0o555);
    let error = block_on(Path::new(&path).open_atomic()).unwrap_err();
    let mut file = opened;
    let refused = block_on(file.commit()).unwrap_err();
    set_mode(dir.path(), 0o755);
    assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
    assert!(
        error
            .to_string()
            .starts_with("failed to atomically write file `"),
        "{error}"
    );
    assert_eq!(refused.kind(), ErrorKind::PermissionDenied, "{refused}");
    assert_eq!(contents(&path), b"old");
    block_on(file.commit()).unwrap();
    assert_eq!(contents(&path), b"");
    assert_eq!(leftovers(dir.path(), &["file"]), [""; 0]);
}

#[test]
fn nothing_but_files_is_replaced() {
    let dir = Dir::new();
    let fifo = dir.fifo("fifo");
    let kind = |path: &StdPath| block_on(Path::new(path).open_atomic()).unwrap_err().kind();
    assert_eq!(kind(&fifo), ErrorKind::InvalidInput);
    assert_eq!(kind(dir.path()), ErrorKind::IsADirectory);
    assert_eq!(kind(StdPath::new("/dev/null")), ErrorKind::InvalidInput);
    assert_eq!(kind(StdPath::new("")), ErrorKind::NotFound);
    assert_eq!(kind(&dir.join("missing/file")), ErrorKind::NotFound);
    symlink("loop", dir.join("loop")).unwrap();
    block_on(Path::new(dir.join("loop")).open_atomic()).unwrap_err();
    // Something else takes its place before the commit.
    let path = dir.file("file", "old");
    let mut file = open(&path);
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    block_on(file.commit()).unwrap_err();
    assert!(path.is_dir());
    drop(file);
    assert_eq!(leftovers(dir.path(), &["fifo", "file", "loop"]), [""; 0]);
}

#[test]
fn links_are_followed() {
    let dir = Dir::new();
    fs::create_dir(dir.join("a")).unwrap();
    symlink("a/file", dir.join("link")).unwrap();
    for text in ["created where the broken link points", "replaced"] {
        let mut file = open(&dir.join("link"));
        block_on(async {
            file.write_all(text.as_bytes()).await.unwrap();
            file.commit().await.unwrap();
        });
        assert!(dir.join("link").is_symlink());
        assert_eq!(contents(&dir.join("a/file")), text.as_bytes());
    }
    assert_eq!(leftovers(&dir.join("a"), &["file"]), [""; 0]);
}

/// A directory that is moved meanwhile keeps its file: the commit goes to the directory that was opened.
#[test]
fn a_directory_that_is_moved() {
    let dir = Dir::new();
    fs::create_dir(dir.join("a")).unwrap();
    let mut file = open(&dir.join("a/file"));
    fs::rename(dir.join("a"), dir.join("b")).unwrap();
    fs::create_dir(dir.join("a")).unwrap();
    block_on(file.commit()).unwrap();
    drop(open(&dir.join("b/other")));
    assert_eq!(leftovers(&dir.join("a"), &[]), [""; 0]);
    assert_eq!(leftovers(&dir.join("b"), &[]), ["file"]);
}

#[test]
fn modes_of_new_files() {
    const NAME: &str = "modes_of_new_files";
    if !in_child() {
        for umask in ["000", "022", "077"] {
            run_in_child_after(&format!("umask {umask}; export UMASK={umask}"), NAME);
        }
        return;
    }
    let umask = u32::from_str_radix(&std::env::var("UMASK").unwrap(), 8).unwrap();
    let dir = Dir::new();
    for wanted in [None, Some(0o600), Some(0o777), Some(0o640), Some(0o400)] {
        let paths = ["written", "streamed"].map(|name| Path::new(dir.join(name)));
        block_on(async {
            let (mut write, mut open) = (paths[0].write_atomic("text"), paths[1].open_atomic());
            if let Some(wanted) = wanted {
                (write, open) = (write.mode(wanted), open.mode(wanted));
            }
            write.await.unwrap();
            let mut file = open.await.unwrap();
            file.write_all(b"text").await.unwrap();
            file.commit().await.unwrap();
            for path in paths {
                let expected = wanted.unwrap_or(0o666) & !umask;
                assert_eq!(format!("{:o}", mode(&path)), format!("{expected:o}"));
                assert_eq!(contents(path.as_ref()), b"text");
                // A file that is replaced keeps its mode.
                set_mode(&path, 0o604);
                path.write_atomic("more").mode(0o777).await.unwrap();
                let mut file = path.open_atomic().mode(0o777).await.unwrap();
                file.commit().await.unwrap();
                assert_eq!(mode(&path), 0o604);
                path.unlink().await.unwrap();
            }
        });
    }
}

/// What is denied while the new contents are written stays denied.
#[test]
fn permissions_are_those_at_the_commit() {
    let dir = Dir::new();
    let path = dir.file("file", "old");
    for (before, after) in [(0o666, 0o600), (0o600, 0o644), (0o4755, 0o700)] {
        set_mode(&path, before);
        let mut file = open(&path);
        let temporary = dir.join(&leftovers(dir.path(), &["file"])[0]);
        block_on(file.write_all(b"secret")).unwrap();
        assert_eq!(
            mode(&temporary) & 0o177,
            0,
            "others may use the temporary file"
        );
        set_mode(&path, after);
        block_on(file.commit()).unwrap();
        assert_eq!(format!("{:o}", mode(&path)), format!("{after:o}"));
    }
    // A file that appears in the meantime, and one that disappears.
    fs::remove_file(&path).unwrap();
    let mut file = open(&path);
    fs::write(&path, "").unwrap();
    set_mode(&path, 0o600);
    block_on(file.commit()).unwrap();
    assert_eq!(mode(&path), 0o600);
    let mut file = open(&path);
    fs::remove_file(&path).unwrap();
    block_on(file.commit()).unwrap();
    assert_eq!(mode(&path), 0o600);
    if is_root() {
        std::os::unix::fs::chown(&path, Some(65534), Some(12345)).unwrap();
        let mut file = open(&path);
        block_on(file.commit()).unwrap();
        let found = fs::metadata(&path).unwrap();
        assert_eq!((found.uid(), found.gid()), (65534, 12345));
    }
}

/// After the commit the file is closed: it can be executed.
#[test]
fn a_program_that_was_committed_can_be_run() {
    if !in_child() {
        run_in_child("a_program_that_was_committed_can_be_run", &[]);
        return;
    }
    let program = ["/bin/true", "/usr/bin/true"].map(fs::read);
    let program = program.into_iter().find_map(Result::ok).expect("`true`");
    let dir = Dir::new();
    for round in 0..30 {
        let path = dir.join(&round.to_string());
        block_on(async {
            let open = Path::new(&path).open_atomic().mode(0o755).sync(false);
            let mut file = open.await.unwrap();
            file.write_all(&program).await.unwrap();
            file.commit().await.unwrap();
            match Command::new(&path).status() {
                Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => panic!("{error}"),
                _ => {}
            }
        });
    }
}

/// Returns the calls that sync or rename, in order.
fn trace(test: &str, how: &str) -> Option<Vec<String>> {
    let trace = Dir::new();
    let output = trace.join("trace");
    let traced = Command::new("strace")
        .args([
            "-f",
            "-y",
            "-e",
            "trace=fsync,fdatasync,rename,renameat,renameat2",
            "-o",
        ])
        .arg(&output)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--test-threads=1"])
        .envs([("ANYFILE_TEST_CHILD", "1"), ("ANYFILE_TEST_HOW", how)])
        .output();
    if !traced.is_ok_and(|output| output.status.success()) {
        println!("skipped: strace does not work here");
        return None;
    }
    let text = String::from_utf8(contents(&output)).unwrap();
    let calls = text
        .lines()
        .filter(|line| line.contains("sync(") || line.contains("rename"));
    Some(calls.map(String::from).collect())
}

#[test]
fn synced_unless_told_otherwise() {
    const NAME: &str = "synced_unless_told_otherwise";
    if in_child() {
        let path = Path::new(Dir::new().join("file"));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let how = std::env::var("ANYFILE_TEST_HOW").unwrap();
        let sync = how.contains("synced");
        block_on(async {
            if how.contains("write") {
                return path.write_atomic("new").sync(sync).await.unwrap();
            }
            let mut file = path.open_atomic().sync(sync).await.unwrap();
            file.write_all(b"new").await.unwrap();
            file.commit().await.unwrap();
        });
        fs::remove_dir_all(path.parent().unwrap()).unwrap();
        return;
    }
    for how in ["write", "open"] {
        let Some(calls) = trace(NAME, &format!("{how}, synced")) else {
            return;
        };
        let [file, rename, directory] = &calls[..] else {
            panic!("{calls:?}");
        };
        assert!(
            file.contains("fsync(") && file.contains("/.tmp"),
            "{calls:?}"
        );
        assert!(rename.contains("rename"), "{calls:?}");
        assert!(
            directory.contains("fsync(") && !directory.contains("/file>"),
            "{calls:?}"
        );
        let calls = trace(NAME, how).unwrap_or_default();
        assert!(calls.len() == 1 && calls[0].contains("rename"), "{calls:?}");
    }
}

/// Names without a directory are in the directory that was the current one when the file was opened.
#[test]
fn relative_paths() {
    const NAME: &str = "relative_paths";
    if !in_child() {
        let dir = Dir::new();
        run_in_child_after(&format!("cd '{}'", dir.path().display()), NAME);
        assert_eq!(contents(&dir.join("file")), b"new");
        assert_eq!(leftovers(dir.path(), &["file"]), [""; 0]);
        return;
    }
    let mut file = open(&PathBuf::from("file"));
    let dropped = open(&PathBuf::from("other"));
    std::env::set_current_dir("/").unwrap();
    drop(dropped);
    block_on(async {
        file.write_all(b"new").await.unwrap();
        file.commit().await.unwrap();
    });
}
