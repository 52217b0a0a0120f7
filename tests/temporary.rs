//! Temporary files and directories: what they are, and that nothing of them is left behind.

mod common;

use std::fs;
use std::future::Future;
use std::io::{ErrorKind, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path as StdPath;
use std::pin::{Pin, pin};
use std::task::{Context, Waker};
use std::time::Duration;

use anyfile::temporary::{NamedTempFile, TempDir};
use anyfile::{Path, PathError, named_temp_file, spooled_temp_file, temp_dir, temp_file};
use futures_lite::future::block_on;
use futures_lite::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt, StreamExt};

#[cfg(unix)]
use common::in_child;
use common::{Dir, both_ways, comes_true, contents};

fn names(dir: &StdPath) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect()
}

#[track_caller]
fn becomes_empty(dir: &Dir) {
    let is_empty = comes_true(|| names(dir.path()).is_empty());
    assert!(is_empty, "left: {:?}", names(dir.path()));
}

fn named(dir: &Dir) -> NamedTempFile {
    block_on(named_temp_file().dir(dir.path())).unwrap()
}

/// A directory with something in it.
fn full(dir: &Dir) -> TempDir {
    let temporary = block_on(temp_dir().dir(dir.path())).unwrap();
    fs::create_dir_all(temporary.path().as_std_path().join("a/b")).unwrap();
    for number in 0..100 {
        let name = format!("a/b/{number}");
        fs::write(temporary.path().as_std_path().join(name), "text").unwrap();
    }
    temporary
}

#[test]
fn a_nameless_file_has_the_whole_interface() {
    if !both_ways("a_nameless_file_has_the_whole_interface") {
        return;
    }
    let dir = Dir::new();
    block_on(async {
        let mut file = temp_file().dir(dir.path()).await.unwrap();
        assert_eq!(names(dir.path()), [""; 0]);
        assert_eq!(file.path(), None);
        file.write_all(b"one\ntwo\n").await.unwrap();
        assert_eq!(file.metadata().await.unwrap().len(), 8);
        file.seek(SeekFrom::Start(4)).await.unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "two\n");
        file.write_at(b"O", 0).await.unwrap();
        file.rewind().await.unwrap();
        let lines: Vec<_> = file.lines().try_collect().await.unwrap();
        assert_eq!(lines, ["One", "two"]);
    });
    becomes_empty(&dir);
}

#[test]
fn a_named_file_is_there_until_its_end() {
    if !both_ways("a_named_file_is_there_until_its_end") {
        return;
    }
    let dir = Dir::new();
    block_on(async {
        let options = named_temp_file().dir(dir.path());
        let mut file = options.prefix("pre-").suffix(".suf").await.unwrap();
        let name = names(dir.path()).pop().unwrap();
        assert!(name.starts_with("pre-") && name.ends_with(".suf"), "{name}");
        assert_eq!(*file.path(), dir.join(&name));
        file.write_all(b"text").await.unwrap();
        file.flush().await.unwrap();
        assert_eq!(contents(&dir.join(&name)), b"text");
        file.rewind().await.unwrap();
        let mut buf = [0; 4];
        file.read_exact(&mut buf).await.unwrap();
        assert_eq!(&buf, b"text");
        futures_lite::io::copy(&b" more"[..], &mut *file)
            .await
            .unwrap();
        file.close().await.unwrap();
        assert_eq!(names(dir.path()), [""; 0]);
        file.close().await.unwrap();
    });
    // Dropped, with and without something to write.
    drop(named(&dir));
    becomes_empty(&dir);
    let mut file = named(&dir);
    block_on(file.write_all(&vec![1; 1 << 20])).unwrap();
    drop(file);
    becomes_empty(&dir);
}

#[test]
#[cfg(unix)]
fn only_the_user_may_access_them() {
    let dir = Dir::new();
    let (file, temporary) = (named(&dir), full(&dir));
    assert_eq!(common::mode(file.path()), 0o600);
    assert_eq!(common::mode(temporary.path()), 0o700);
}

#[test]
fn a_file_is_kept_if_asked_for() {
    let dir = Dir::new();
    let mut file = block_on(named_temp_file().dir(dir.path()).delete(false)).unwrap();
    let path = file.path().clone();
    block_on(file.write_all(b"kept")).unwrap();
    drop(file);
    assert_eq!(contents(path.as_std_path()), b"kept");
    let mut file = block_on(named_temp_file().dir(dir.path()).delete(false)).unwrap();
    let error = block_on(file.persist(dir.join("elsewhere"))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    block_on(file.close()).unwrap();
    assert!(block_on(file.path().exists()));
}

#[test]
fn a_persisted_file_stays() {
    if !both_ways("a_persisted_file_stays") {
        return;
    }
    let dir = Dir::new();
    let target = dir.file("target", "old");
    block_on(async {
        let mut file = named(&dir);
        file.write_all(b"first").await.unwrap();
        let error = file.persist_noclobber(&target).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        let parts = PathError::of(&error).unwrap();
        assert_eq!(parts.path(), file.path().as_std_path());
        let error = file.persist(dir.join("no/such/dir")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert_eq!(contents(&target), b"old");
        // It is temporary still, and usable.
        file.write_all(b", second").await.unwrap();
        file.persist(&target).await.unwrap();
        assert_eq!(contents(&target), b"first, second");
        assert_eq!(file.path(), &target);
        file.write_all(b", third").await.unwrap();
        drop(file);
    });
    assert_eq!(contents(&target), b"first, second, third");
    assert_eq!(names(dir.path()), ["target"]);
    let mut file = named(&dir);
    block_on(file.persist_noclobber(dir.join("new"))).unwrap();
    block_on(file.close()).unwrap();
    assert_eq!(names(dir.path()).len(), 2);
}

#[test]
fn a_spooled_file_moves_to_the_disk() {
    block_on(async {
        let mut spool = spooled_temp_file(10);
        spool.write_all(b"01234").await.unwrap();
        assert!(!spool.with_mut(|spool| spool.is_rolled()).await.unwrap());
        spool.write_all(b"56789ab").await.unwrap();
        assert!(spool.with_mut(|spool| spool.is_rolled()).await.unwrap());
        spool.seek(SeekFrom::Start(3)).await.unwrap();
        let mut text = String::new();
        spool.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "3456789ab");
        let mut small = spooled_temp_file(10);
        small.with_mut(|spool| spool.roll()).await.unwrap().unwrap();
        small.close().await.unwrap();
    });
}

#[test]
fn a_directory_is_removed_with_its_contents() {
    if !both_ways("a_directory_is_removed_with_its_contents") {
        return;
    }
    let dir = Dir::new();
    let mut temporary = full(&dir);
    block_on(temporary.close()).unwrap();
    assert_eq!(names(dir.path()), [""; 0]);
    block_on(temporary.close()).unwrap();
    // It may be gone already.
    let mut temporary = full(&dir);
    fs::remove_dir_all(temporary.path()).unwrap();
    block_on(temporary.close()).unwrap();

    drop(full(&dir));
    becomes_empty(&dir);
    let kept = full(&dir).keep();
    assert!(block_on((&kept / "a/b/0").exists()));
    assert_eq!(names(dir.path()).len(), 1);
    let named = block_on(temp_dir().dir(dir.path()).prefix("x").suffix("y")).unwrap();
    let name = named.path().file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with('x') && name.ends_with('y'), "{name}");
}

#[test]
#[cfg(unix)]
fn a_failed_removal_is_reported_and_tried_again() {
    let test = "a_failed_removal_is_reported_and_tried_again";
    if common::is_root() && !in_child() {
        return common::run_unprivileged(test);
    }
    let dir = Dir::new();
    let mut temporary = full(&dir);
    let below = temporary.path().as_std_path().join("a");
    common::set_mode(&below, 0o500);
    let error = block_on(temporary.close()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    common::set_mode(&below, 0o700);
    block_on(temporary.close()).unwrap();

    let mut file = named(&dir);
    common::set_mode(dir.path(), 0o500);
    let error = block_on(file.close()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert_eq!(
        PathError::of(&error).unwrap().path(),
        file.path().as_std_path()
    );
    common::set_mode(dir.path(), 0o700);
    drop(file);
    becomes_empty(&dir);
}

#[test]
fn errors_name_the_directory_and_the_reason_of_the_system() {
    let missing = Dir::new().join("missing");
    let errors = block_on(async {
        [
            temp_file().dir(&missing).await.map(drop).unwrap_err(),
            named_temp_file().dir(&missing).await.map(drop).unwrap_err(),
            temp_dir().dir(&missing).await.map(drop).unwrap_err(),
        ]
    });
    for (error, what) in errors.iter().zip(["file", "file", "directory"]) {
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(PathError::raw_os_error(error).is_some(), "{error:?}");
        let words = format!(
            "failed to create temporary {what} in `{}`: ",
            missing.display()
        );
        assert!(error.to_string().starts_with(&words), "{error}");
    }
}

/// Polls a future so many times, and drops it. Returns `true` if it was ready before.
fn drop_at<F: Future>(future: F, polls: usize) -> bool {
    let mut future = pin!(future);
    (0..polls).any(|_| {
        let polled = future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        // Time for a worker to begin.
        std::thread::sleep(Duration::from_micros(50));
        polled.is_ready()
    })
}

/// Drops what `make` makes at each poll, until it is ready before.
fn at_every_poll<F: Future>(mut make: impl FnMut() -> F) {
    let is_over = |polls| (0..5).filter(|_| drop_at(make(), polls)).count() == 5;
    let _ = (0..100).any(is_over);
}

#[test]
fn nothing_is_left_of_futures_dropped_at_any_poll() {
    if !both_ways("nothing_is_left_of_futures_dropped_at_any_poll") {
        return;
    }
    let dir = Dir::new();
    at_every_poll(|| temp_file().dir(dir.path()));
    at_every_poll(|| named_temp_file().dir(dir.path()));
    at_every_poll(|| {
        named_temp_file()
            .dir(dir.path())
            .delete(false)
            .map_dropped()
    });
    at_every_poll(|| temp_dir().dir(dir.path()));
    becomes_empty(&dir);
    at_every_poll(|| {
        let mut file = named(&dir);
        async move { file.close().await }
    });
    at_every_poll(|| {
        let mut temporary = full(&dir);
        async move { temporary.close().await }
    });
    becomes_empty(&dir);
    let target = dir.join("target");
    at_every_poll(|| {
        let mut file = named(&dir);
        let target = target.clone();
        async move {
            file.write_all(b"text").await?;
            file.persist(&target).await
        }
    });
    // Some were renamed, and are complete.
    let is_over = || names(dir.path()).iter().all(|name| name == "target");
    assert!(comes_true(is_over), "left: {:?}", names(dir.path()));
    assert_eq!(contents(&target), b"text");
}

/// Removes the file that a future has made.
trait MapDropped: Future<Output = std::io::Result<NamedTempFile>> + Sized {
    async fn map_dropped(self) {
        let file = self.await.unwrap();
        fs::remove_file(file.path()).unwrap();
    }
}

impl<F: Future<Output = std::io::Result<NamedTempFile>>> MapDropped for F {}

#[test]
fn nothing_is_left_after_a_panic() {
    let dir = Dir::new();
    let panics = AssertUnwindSafe(|| {
        let (mut file, _temporary) = (named(&dir), full(&dir));
        block_on(file.write_all(b"text")).unwrap();
        panic!("as agreed");
    });
    assert!(catch_unwind(panics).is_err());
    // In the job, too.
    let panics = AssertUnwindSafe(|| {
        let mut file = named(&dir);
        let _ = block_on(file.with_mut(|_| panic!("as agreed")));
    });
    assert!(catch_unwind(panics).is_err());
    becomes_empty(&dir);
}

/// The last thing that a program does is to drop them.
#[test]
#[cfg(any(
    all(target_os = "linux", target_env = "gnu"),
    target_os = "macos",
    target_os = "freebsd"
))]
fn nothing_is_left_at_the_end_of_a_process() {
    const NAME: &str = "nothing_is_left_at_the_end_of_a_process";
    if let Ok(dir) = std::env::var("LAST") {
        let (file, tree) = (named_temp_file().dir(&dir), temp_dir().dir(&dir));
        let temporary = block_on(async { (file.await.unwrap(), tree.await.unwrap()) });
        for name in 0..100 {
            fs::write(temporary.1.path().join(name.to_string()), "text").unwrap();
        }
        println!("1 passed, and the process ends with the drop");
        drop(temporary);
        std::process::exit(0);
    }
    let dir = Dir::new();
    for _ in 0..5 {
        common::run_in_child(NAME, &[("LAST", dir.path().to_str().unwrap())]);
        assert_eq!(names(dir.path()), [""; 0]);
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_deep_directory_is_removed_in_the_background() {
    let dir = Dir::new();
    let temporary = block_on(temp_dir().dir(dir.path())).unwrap();
    let mut handle = fs::File::open(temporary.path()).unwrap();
    for _ in 0..5_000 {
        rustix::fs::mkdirat(&handle, "d", rustix::fs::Mode::RWXU).unwrap();
        let flags = rustix::fs::OFlags::DIRECTORY | rustix::fs::OFlags::RDONLY;
        let next = rustix::fs::openat(&handle, "d", flags, rustix::fs::Mode::empty());
        handle = next.unwrap().into();
    }
    drop(handle);
    drop(temporary);
    becomes_empty(&dir);
}

#[test]
fn builders_are_lazy_and_take_options_until_they_are_polled() {
    let dir = Dir::new();
    drop(named_temp_file().dir(dir.path()));
    drop(temp_dir().dir(dir.path()));
    drop(temp_file().dir(dir.path()));
    assert_eq!(names(dir.path()), [""; 0]);
    fn too_late<F: Future + Unpin>(mut future: F, set: impl FnOnce(F) -> F) {
        let _ = Pin::new(&mut future).poll(&mut Context::from_waker(Waker::noop()));
        let set = AssertUnwindSafe(|| drop(set(future)));
        assert!(catch_unwind(set).is_err());
    }
    let here = || dir.path();
    too_late(temp_file().dir(here()), |it| it.dir("."));
    too_late(named_temp_file().dir(here()), |it| it.dir("."));
    too_late(named_temp_file().dir(here()), |it| it.prefix("."));
    too_late(named_temp_file().dir(here()), |it| it.suffix("."));
    too_late(named_temp_file().dir(here()), |it| it.delete(true));
    too_late(temp_dir().dir(here()), |it| it.dir("."));
    too_late(temp_dir().dir(here()), |it| it.prefix("."));
    too_late(temp_dir().dir(here()), |it| it.suffix("."));
    becomes_empty(&dir);
}

#[test]
fn many_tasks_make_and_drop_them() {
    let dir = Dir::new();
    let executor = smol::Executor::new();
    let tasks: Vec<_> = (0..64)
        .map(|number| {
            let dir = Path::new(dir.path());
            executor.spawn(async move {
                for round in 0..5 {
                    let mut file = named_temp_file().dir(&dir).await.unwrap();
                    file.write_all(b"text").await.unwrap();
                    let made = temp_dir().dir(&dir).await.unwrap();
                    (made.path() / "file").write_text("text").await.unwrap();
                    if (number + round) % 2 == 0 {
                        file.close().await.unwrap();
                    }
                }
            })
        })
        .collect();
    block_on(executor.run(async {
        for task in tasks {
            task.await;
        }
    }));
    becomes_empty(&dir);
}
