//! The table of what compiles after a migration, and means another thing.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use anyfile::{AsyncFile, Path, create_file, wrap_file};
use futures_lite::future::{Boxed, block_on};
use futures_lite::{AsyncWriteExt, StreamExt};
use tokio::fs as theirs;

use super::{CRATE, done, on_tokio, outcome, rows, scene};

/// What tokio does (std, async-fs and async-std do the same), what the same words do here, and what to write.
struct Lesson {
    left: &'static str,
    theirs: fn(Path) -> Boxed<io::Result<String>>,
    other: fn(Path) -> Boxed<io::Result<String>>,
    same: fn(Path) -> Boxed<io::Result<String>>,
}

macro_rules! lessons {
    ($($left:literal, |$d:ident| $theirs:expr, |$e:ident| $other:expr, |$f:ident| $same:expr;)+) => {
        vec![$(Lesson {
            left: $left,
            theirs: |$d| Box::pin(async move { $theirs }),
            other: |$e| Box::pin(async move { $other }),
            same: |$f| Box::pin(async move { $same }),
        }),+]
    };
}

/// Finds the entry named `name`.
async fn their_entry(dir: Path, name: &str) -> io::Result<theirs::DirEntry> {
    let mut entries = theirs::read_dir(dir).await?;
    loop {
        let entry = entries.next_entry().await?.expect("the entry is there");
        if entry.file_name() == name {
            return Ok(entry);
        }
    }
}

async fn entry(dir: Path, name: &str) -> io::Result<Path> {
    let mut entries = dir.read_dir().await?;
    loop {
        let entry = entries.try_next().await?.expect("the entry is there");
        if entry.ends_with(name) {
            return Ok(entry);
        }
    }
}

/// Returns `done`, or the kind of the error as text.
fn ended<R>(result: io::Result<R>) -> io::Result<String> {
    Ok(result.map_or_else(|error| error.kind().to_string(), |_| "done".to_owned()))
}

/// Returns a file, and a flag that a call on it can set.
fn undone() -> (AsyncFile<()>, Arc<AtomicBool>) {
    (wrap_file(()), Arc::new(AtomicBool::new(false)))
}

#[rustfmt::skip]
fn lessons() -> Vec<Lesson> {
    lessons! {
        "`entry.metadata()` of a link is the link's",
        |d| Ok(said!(their_entry(d, "link").await?.metadata().await?.len())),
        |d| Ok(said!(entry(d, "link").await?.metadata().await?.len())),
        |d| Ok(said!(entry(d, "link").await?.symlink_metadata().await?.len()));
        "`entry.file_type()` of a link is no file and no directory",
        |d| Ok(said!(their_entry(d, "link").await?.file_type().await?.is_file())),
        |d| Ok(said!(entry(d, "link").await?.is_file().await)),
        |d| Ok(said!(entry(d, "link").await?.info().file_type().unwrap().is_file()));
        "`hard_link(a, b)`, `symlink(a, b)` make `b`",
        |d| {
            ended(theirs::hard_link(&d / "notes", &d / "hard").await)?;
            ended(theirs::symlink("notes", &d / "soft").await)
        },
        |d| {
            ended((&d / "notes").hardlink_to(&d / "hard").await)?;
            ended((&d / "notes").symlink_to(&d / "soft").await)
        },
        |d| {
            ended((&d / "hard").hardlink_to(&d / "notes").await)?;
            ended((&d / "soft").symlink_to("notes").await)
        };
        "`copy(p, q)` returns the number of bytes",
        |d| Ok(said!(theirs::copy(&d / "notes", &d / "copy").await?)),
        |d| Ok(said!((&d / "notes").copy(&d / "copy").await?.display())),
        |d| Ok(said!((&d / "notes").copy(&d / "copy").await?.metadata().await?.len()));
        "`copy(p, q)` of a directory fails",
        |d| Ok(said!(theirs::copy(&d / "sub", &d / "copy").await.is_err())),
        |d| Ok(said!((&d / "sub").copy(&d / "copy").await.is_err())),
        |d| {
            let p = &d / "sub";
            Ok(said!(!p.is_file().await || p.copy(&d / "copy").await.is_err()))
        };
        "`spawn_blocking(f)` runs `f`, awaited or not",
        |_d| {
            let (done, has_run) = mpsc::channel();
            drop(tokio::task::spawn_blocking(move || done.send(true)));
            Ok(said!(has_run.recv().unwrap()))
        },
        |_d| {
            let (mut file, done) = undone();
            let flag = done.clone();
            drop(file.with_mut(move |()| flag.store(true, Ordering::Relaxed)));
            file.close().await?;
            Ok(said!(done.load(Ordering::Relaxed)))
        },
        |_d| {
            let (mut file, done) = undone();
            let flag = done.clone();
            file.with_mut(move |()| flag.store(true, Ordering::Relaxed)).await?;
            Ok(said!(done.load(Ordering::Relaxed)))
        };
    }
}

#[test]
fn each_lesson_is_one() {
    let lessons = lessons();
    let names: BTreeSet<_> = lessons.iter().map(|row| row.left).collect();
    assert_eq!(names, rows(CRATE, "| there |"));
    for row in lessons {
        let ours = |act: fn(Path) -> Boxed<io::Result<String>>| {
            outcome(|dir| Some(done(row.left, block_on(act(dir.clone())))))
        };
        let theirs = outcome(|dir| Some(done(row.left, on_tokio((row.theirs)(dir.clone())))));
        assert_ne!(ours(row.other), theirs, "{}", row.left);
        assert_eq!(ours(row.same), theirs, "{}", row.left);
    }
}

#[test]
fn a_file_that_is_dropped_without_a_flush_is_written() {
    let (_scene, dir) = scene();
    let notes = dir / "notes";
    block_on(async {
        create_file(&notes).await?.write_all(b"new").await?;
        assert_eq!(notes.read_text().await?, "new");
        io::Result::Ok(())
    })
    .unwrap();
}
