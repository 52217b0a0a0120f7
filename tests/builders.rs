//! Builders are futures: every function that takes a future takes them, and no option is ignored.

mod common;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::fs::{self, FileTimes};
use std::future::Future;
use std::io::{self, ErrorKind};
use std::panic::{self, AssertUnwindSafe};
use std::sync::Arc;

use anyfile::path::{Contents, Text};
use anyfile::{Path, create_file, open_file};
use futures_lite::future::{block_on, poll_once};
use futures_lite::{StreamExt, stream};

use common::Dir;

/// Accepts only builders that have the traits that every builder promises.
fn promised<F>(builder: F) -> F
where
    F: Future + Debug + Send + Unpin + 'static,
{
    builder
}

/// Creates a directory with files of one line, and returns it with their paths.
fn scene() -> (Dir, Vec<Path>) {
    let dir = Dir::new();
    let names = ["a", "b", "c"];
    let paths = names.map(|name| Path::new(dir.file(name, "line\n")));
    (dir, paths.into())
}

#[test]
fn all_are_futures_that_can_be_sent_moved_and_shown() {
    let (dir, paths) = scene();
    let path = &paths[0];
    let target = dir.join("target");
    drop(promised(open_file(path)));
    drop(promised(create_file(path)));
    drop(promised(path.open()));
    drop(promised(path.create()));
    drop(promised(path.read_bytes()));
    drop(promised(path.read_text()));
    drop(promised(path.write_bytes("")));
    drop(promised(path.write_text("")));
    drop(promised(path.write_atomic("")));
    drop(promised(path.open_atomic()));
    drop(promised(path.mkdir()));
    drop(promised(path.create_dir()));
    drop(promised(path.create_dir_all()));
    drop(promised(path.touch()));
    drop(promised(path.symlink_to(&target)));
    drop(promised(path.hardlink_to(&target)));
    drop(promised(path.unlink()));
    drop(promised(path.remove_file()));
    drop(promised(path.rmdir()));
    drop(promised(path.remove_dir()));
    drop(promised(path.remove_dir_all()));
    drop(promised(path.remove()));
    drop(promised(path.rename(&target)));
    let permissions = fs::metadata(path).unwrap().permissions();
    drop(promised(path.set_permissions(permissions)));
    #[cfg(unix)]
    drop((promised(path.chmod(0)), promised(path.chown(0, None))));
    drop(promised(path.set_times(FileTimes::new())));
    drop(promised(path.copy(&target)));
    drop(promised(path.copy_into(&target)));
    drop(promised(path.move_to(&target)));
    drop(promised(path.move_into(&target)));
    drop(promised(path.canonicalize()));
    drop(promised(path.resolve()));
    drop(promised(path.read_dir()));
    #[cfg(feature = "user-db")]
    drop((promised(path.owner()), promised(path.group())));
    assert_eq!(fs::read(path).unwrap(), b"line\n", "nothing was polled");
}

#[test]
fn futures_lite_takes_them() {
    use futures_lite::FutureExt;
    use futures_lite::future::{or, try_zip, zip};
    let (_dir, paths) = scene();
    block_on(open_file(&paths[0])).unwrap();
    block_on(async {
        try_zip(open_file(&paths[0]), open_file(&paths[1])).await?;
        zip(paths[0].read_text(), paths[1].metadata()).await.0?;
        let timeout = || async {
            futures_lite::future::pending::<()>().await;
            Err(ErrorKind::TimedOut.into())
        };
        open_file(&paths[0]).or(timeout()).await?;
        or(open_file(&paths[0]), timeout()).await?;
        let opened = futures::StreamExt::buffer_unordered(stream::iter(&paths).map(open_file), 2);
        assert_eq!(opened.map(Result::unwrap).count().await, 3);
        open_file(&paths[0]).boxed().await?;
        assert!(
            open_file("/no/such/file")
                .catch_unwind()
                .await
                .unwrap()
                .is_err()
        );
        io::Result::Ok(())
    })
    .unwrap();
}

#[test]
fn futures_takes_them() {
    use futures::FutureExt;
    use futures::future::{join_all, select, try_join_all, try_select};
    let (dir, paths) = scene();
    futures::executor::block_on(async {
        futures::try_join!(open_file(&paths[0]), paths[1].read_text())?;
        let _ = futures::join!(open_file(&paths[0]), paths[1].touch());
        let (first, _) = select(open_file(&paths[0]), open_file(&paths[1]))
            .await
            .factor_first();
        first?;
        try_select(paths[0].read_bytes(), paths[1].read_bytes())
            .await
            .map_err(|either| either.factor_first().0)?;
        futures::select! {
            file = open_file(&paths[0]).fuse() => drop(file?),
            made = Path::new(dir.join("made")).mkdir().fuse() => made?,
        };
        assert_eq!(join_all(paths.iter().map(open_file)).await.len(), 3);
        let mut opening: futures::stream::FuturesUnordered<_> =
            paths.iter().map(Path::open).collect();
        while let Some(opened) = opening.next().await {
            opened?;
        }
        try_join_all(paths.iter().map(|path| path.unlink())).await?;
        io::Result::Ok(())
    })
    .unwrap();
    assert!(!paths.iter().any(|path| fs::exists(path).unwrap()));
}

#[test]
fn smol_takes_them() {
    let (dir, paths) = scene();
    let made = Path::new(dir.join("made"));
    smol::block_on(open_file(&paths[0])).unwrap();
    smol::block_on(async {
        smol::spawn(made.mkdir()).await?;
        smol::spawn(open_file(&paths[0])).await?;
        let executor = smol::LocalExecutor::new();
        executor.run(executor.spawn(paths[0].read_text())).await?;
        io::Result::Ok(())
    })
    .unwrap();
    assert!(fs::metadata(made).unwrap().is_dir());
}

#[test]
fn tokio_takes_them() {
    let (dir, paths) = scene();
    let made = Path::new(dir.join("made"));
    let runtime = tokio::runtime::Builder::new_multi_thread().build().unwrap();
    runtime.block_on(open_file(&paths[0])).unwrap();
    runtime
        .block_on(async {
            tokio::spawn(made.mkdir()).await.unwrap()?;
            tokio::try_join!(open_file(&paths[0]), paths[1].read_text())?;
            tokio::select! {
                opened = open_file(&paths[0]) => drop(opened?),
                text = paths[1].read_text() => drop(text?),
            }
            let mut set = tokio::task::JoinSet::new();
            paths.iter().for_each(|path| drop(set.spawn(path.open())));
            while let Some(opened) = set.join_next().await {
                opened.unwrap()?;
            }
            io::Result::Ok(())
        })
        .unwrap();
    assert!(fs::metadata(made).unwrap().is_dir());
}

/// Polls a builder, sets an option, and returns the message of the panic.
fn late<F: Future + Unpin, R>(mut builder: F, set: impl FnOnce(F) -> R) -> String {
    block_on(poll_once(&mut builder));
    said(|| drop(set(builder)))
}

fn said(run: impl FnOnce()) -> String {
    let panic = panic::catch_unwind(AssertUnwindSafe(run)).expect_err("ignored without a word");
    let text = panic.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap()
}

macro_rules! late {
    ($($builder:expr => $($setter:ident($($argument:expr),*)),+;)+) => { $($(
        let said = late($builder, |builder| builder.$setter($($argument),*));
        assert_eq!(said, "an option was set after the first poll", stringify!($setter));
    )+)+ };
}

#[test]
fn an_option_that_comes_after_the_first_poll_panics() {
    let (dir, paths) = scene();
    let path = &paths[0];
    let fresh = || {
        Path::new(dir.join(&format!(
            "fresh{}",
            fs::read_dir(dir.path()).unwrap().count()
        )))
    };
    late! {
        open_file(path) => read(true), write(true), append(true), truncate(true), create(true), create_new(true),
            parents(true), buffering(0);
        fresh().mkdir() => parents(true), exist_ok(true), mode(0o700);
        fresh().touch() => exist_ok(true), mode(0o700);
        fresh().symlink_to("a") => target_is_directory(true);
        fresh().unlink() => missing_ok(true);
        fresh().rmdir() => missing_ok(true);
        fresh().remove() => missing_ok(true), on_progress(drop);
        fresh().write_bytes("") => parents(true);
        fresh().write_text("") => parents(true);
        fresh().remove_dir_all() => missing_ok(true), on_progress(drop);
        path.copy(fresh()) => follow_symlinks(true), preserve_metadata(true), exist_ok(true), overwrite(true),
            parents(true), filter(|_| true), on_progress(drop);
        fresh().write_atomic("") => sync(true), no_replace(true), parents(true);
        fresh().open_atomic() => sync(true), no_replace(true), parents(true);
        fresh().rename(fresh()) => no_replace(true), parents(true);
        fresh().move_to(fresh()) => parents(true), on_progress(drop);
    }
    #[cfg(unix)]
    late! {
        open_file(path) => mode(0o600), custom_flags(0);
        fresh().write_atomic("") => mode(0o600);
        fresh().open_atomic() => mode(0o600);
    }
}

/// As [`late`], for a stream, after `polls` items.
fn late_stream<S, R>(mut stream: S, polls: usize, set: impl FnOnce(S) -> R) -> String
where
    S: futures_lite::Stream + Unpin,
{
    for _ in 0..polls {
        block_on(stream.next());
    }
    said(|| drop(set(stream)))
}

macro_rules! late_streams {
    ($($stream:expr => $($setter:ident($($argument:expr),*)),+;)+) => { $($(
        // After one item, and at the end of the stream.
        for polls in [1, 10] {
            let said = late_stream($stream, polls, |stream| stream.$setter($($argument),*));
            assert_eq!(said, "an option was set after the first poll", stringify!($setter));
        }
    )+)+ };
}

#[test]
fn an_option_of_a_stream_that_comes_after_the_first_poll_panics() {
    let (dir, _paths) = scene();
    let dir = Path::new(dir.path());
    late_streams! {
        dir.iterdir() => metadata(true);
        dir.glob("*") => case_sensitive(true), recurse_symlinks(true), metadata(true), sort(true), workers(1),
            max_depth(1), exclude("x"), prune(|_| false), same_file_system(true);
        dir.walk() => top_down(true), follow_symlinks(true), metadata(true), on_error(drop), sort(true), workers(1),
            max_depth(1), exclude("x"), prune(|_| false), same_file_system(true);
    }
}

#[test]
fn a_call_is_polled_to_its_end_once() {
    let (_dir, paths) = scene();
    let mut reading = paths[0].read_text();
    assert_eq!(block_on(&mut reading).unwrap(), "line\n");
    let said = said(|| drop(block_on(&mut reading)));
    assert_eq!(said, "the future was polled after it had returned");
}

#[test]
fn create_file_leaves_nothing_of_a_longer_old_file() {
    use futures_lite::AsyncWriteExt;
    let dir = Dir::new();
    let path = dir.file("file", "what was there before");
    for create in [create_file(&path), Path::new(&path).create()] {
        block_on(async {
            let mut file = create.await.unwrap();
            file.write_all(b"new").await.unwrap();
            file.close().await.unwrap();
        });
        assert_eq!(fs::read(&path).unwrap(), b"new");
    }
    let new = dir.join("new");
    block_on(create_file(&new)).unwrap();
    assert!(new.exists());
    // More options can be set, and the preset ones can be reset.
    let error = block_on(create_file(&path).create_new(true)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists);
    block_on(create_file(&path).truncate(false).read(true)).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"new");
}

#[test]
fn the_names_of_std_do_what_they_do_in_std() {
    let dir = Dir::new();
    let (ours, theirs) = (Path::new(dir.join("ours")), dir.join("theirs"));
    let kind = |result: io::Result<()>| result.map_err(|error| error.kind());
    for path in ["", "a/b", "a/b", "a"] {
        let (ours, theirs) = (&ours / path, theirs.join(path));
        let (all, one) = (ours.create_dir_all(), ours.create_dir());
        assert_eq!(kind(block_on(all)), kind(fs::create_dir_all(&theirs)));
        assert_eq!(kind(block_on(one)), kind(fs::create_dir(&theirs)));
    }
    for path in ["a", "a/b", "missing"] {
        let (ours, theirs) = (&ours / path, theirs.join(path));
        let (file, dir) = (ours.remove_file(), ours.remove_dir());
        assert_eq!(
            kind(block_on(file)),
            kind(fs::remove_file(&theirs)),
            "{path}"
        );
        assert_eq!(kind(block_on(dir)), kind(fs::remove_dir(&theirs)), "{path}");
    }
}

#[test]
fn read_dir_fails_where_the_directory_cannot_be_opened() {
    let (dir, paths) = scene();
    for (path, expected) in [
        (dir.join("missing"), ErrorKind::NotFound),
        (
            paths[0].as_std_path().to_path_buf(),
            ErrorKind::NotADirectory,
        ),
    ] {
        let error = block_on(Path::new(&path).read_dir()).unwrap_err();
        assert_eq!(error.kind(), expected);
        assert_eq!(error.kind(), fs::read_dir(&path).unwrap_err().kind());
        assert!(error.to_string().starts_with("failed to read directory `"));
    }
    block_on(async {
        let dir = Path::new(dir.path());
        let mut found: Vec<Path> = dir.read_dir().await.unwrap().try_collect().await.unwrap();
        found.sort();
        assert_eq!(found, paths);
        assert_eq!(found[0].info().is_file(), Some(true));
        (&dir / "empty").mkdir().await.unwrap();
        let mut empty = (&dir / "empty").read_dir().await.unwrap();
        assert!(empty.next().await.is_none());
        assert!(empty.next().await.is_none());
    });
}

#[test]
fn read_dir_names_entries_as_std_does() {
    for dir in [".", "./", "src", "./src", "src/", "src/.", "src/..", ""] {
        let theirs = fs::read_dir(dir).map_err(|error| error.kind());
        let theirs = theirs.map(|entries| {
            let paths = entries.map(|entry| entry.unwrap().path().into_os_string());
            paths.collect::<BTreeSet<_>>()
        });
        let ours = block_on(async {
            let entries = Path::new(dir).read_dir().await.map_err(|e| e.kind())?;
            let paths = entries.map(|entry| entry.unwrap().into_os_string());
            Ok(paths.collect::<BTreeSet<_>>().await)
        });
        assert_eq!(ours, theirs, "{dir:?}");
    }
}

/// Writes the same contents in every form.
fn written(path: &Path, contents: impl Contents + Clone) {
    for write in [0, 1] {
        let contents = contents.clone();
        block_on(async {
            match write {
                0 => path.write_bytes(contents).await,
                _ => path.write_atomic(contents).await,
            }
        })
        .unwrap();
        assert_eq!(fs::read(path).unwrap(), b"text");
        fs::remove_file(path).unwrap();
    }
}

fn written_as_text(path: &Path, text: impl Text + Clone) {
    written(path, text.clone());
    block_on(path.write_text(text)).unwrap();
    assert_eq!(fs::read(path).unwrap(), b"text");
    fs::remove_file(path).unwrap();
}

#[test]
fn contents_are_whatever_is_or_lends_bytes_or_text() {
    let dir = Dir::new();
    let path = &Path::new(dir.join("file"));
    written(path, b"text");
    written(path, *b"text");
    written(path, &b"text"[..]);
    written(path, b"text".to_vec());
    written(path, &b"text".to_vec());
    written(path, Box::<[u8]>::from(*b"text"));
    written(path, &Box::<[u8]>::from(*b"text"));
    written(path, Arc::<[u8]>::from(*b"text"));
    written(path, &Arc::<[u8]>::from(*b"text"));
    written(path, Cow::Borrowed(&b"text"[..]));
    written(path, &Cow::Borrowed(&b"text"[..]));
    written_as_text(path, "text");
    written_as_text(path, &"text");
    written_as_text(path, String::from("text"));
    written_as_text(path, &String::from("text"));
    written_as_text(path, Box::<str>::from("text"));
    written_as_text(path, &Box::<str>::from("text"));
    written_as_text(path, Arc::<str>::from("text"));
    written_as_text(path, &Arc::<str>::from("text"));
    written_as_text(path, Cow::from("text"));
    written_as_text(path, &Cow::from("text"));
}
