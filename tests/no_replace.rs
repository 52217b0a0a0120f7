//! Renames, copies and atomic writes that never replace anything: checking and creating are one step.

mod common;

#[cfg(unix)]
use std::collections::BTreeSet;
use std::fs;
use std::future::Future;
use std::io::ErrorKind;
use std::path::Path as StdPath;
#[cfg(unix)]
use std::process::Command;

use anyfile::Path;
#[cfg(unix)]
use anyfile::PathError;
use futures_lite::AsyncWriteExt;
use futures_lite::future::block_on;

#[cfg(target_os = "linux")]
use common::elsewhere;
use common::{Dir, contents};

/// The number of tasks that want one name.
const TASKS: usize = 64;

fn names(dir: &StdPath) -> Vec<String> {
    let names = fs::read_dir(dir).expect("a directory");
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

/// Runs these futures as tasks on several threads, and returns the numbers of those that succeeded.
#[track_caller]
fn winners<F>(tasks: impl Iterator<Item = F>) -> Vec<usize>
where
    F: Future<Output = std::io::Result<()>> + Send + 'static,
{
    let executor = smol::Executor::new();
    let tasks: Vec<_> = tasks.map(|task| executor.spawn(task)).collect();
    let (stop, stopped) = smol::channel::unbounded::<()>();
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| block_on(executor.run(stopped.recv())));
        }
        let results = block_on(executor.run(async {
            let mut results = Vec::new();
            for task in tasks {
                results.push(task.await);
            }
            results
        }));
        drop(stop);
        let mut won = Vec::new();
        for (number, result) in results.into_iter().enumerate() {
            match result {
                Ok(()) => won.push(number),
                Err(error) => assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}"),
            }
        }
        won
    })
}

/// Every file is found afterwards: the one that won under its new name, all others under their old ones.
#[test]
fn one_of_many_renames_wins() {
    for round in 0..20 {
        let dir = Dir::new();
        let paths = (0..TASKS).map(|number| dir.file(&format!("{number}"), number.to_string()));
        let paths: Vec<_> = paths.collect();
        let target = dir.join("target");
        let rename = |path: &std::path::PathBuf| {
            let rename = Path::new(path).rename(&target).no_replace(true);
            async move { rename.await.map(drop) }
        };
        let won = winners(paths.iter().map(rename));
        let [winner] = won[..] else {
            panic!("round {round}: {won:?} succeeded")
        };
        assert_eq!(contents(&target), winner.to_string().as_bytes());
        for (number, path) in paths.iter().enumerate() {
            assert_eq!(path.exists(), number != winner, "{number}");
        }
        assert_eq!(names(dir.path()).len(), TASKS);
    }
}

#[test]
fn one_of_many_copies_wins() {
    for _ in 0..20 {
        let dir = Dir::new();
        let text = |number: usize| format!("{number:02}").repeat(50_000);
        let target = dir.join("target");
        let copies = (0..TASKS).map(|number| {
            let path = Path::new(dir.file(&format!("{number}"), text(number)));
            let copy = path.copy(&target).overwrite(false);
            async move { copy.await.map(drop) }
        });
        let won = winners(copies);
        let [winner] = won[..] else {
            panic!("{won:?} succeeded")
        };
        assert!(contents(&target) == text(winner).as_bytes());
    }
}

#[test]
fn one_of_many_atomic_writes_wins() {
    for _ in 0..20 {
        let dir = Dir::new();
        let target = Path::new(dir.join("target"));
        let writes = (0..TASKS).map(|number| {
            let target = target.clone();
            async move {
                if number % 2 == 0 {
                    let write = target.write_atomic(number.to_string());
                    return write.no_replace(true).sync(false).await;
                }
                let mut file = target.open_atomic().no_replace(true).sync(false).await?;
                file.write_all(number.to_string().as_bytes()).await?;
                file.commit().await
            }
        });
        let won = winners(writes);
        let [winner] = won[..] else {
            panic!("{won:?} succeeded")
        };
        assert_eq!(contents(target.as_ref()), winner.to_string().as_bytes());
        let only = || names(dir.path()) == ["target"];
        assert!(common::comes_true(only), "{:?}", names(dir.path()));
    }
}

/// Whatever is at the target stays, and the source too. The same holds for `ln` and `mv -n`.
#[cfg(unix)]
#[test]
fn nothing_at_the_target_is_replaced() {
    use std::os::unix::fs::symlink;
    let scene = || {
        let dir = Dir::new();
        dir.file("file", "old");
        fs::create_dir(dir.join("empty")).unwrap();
        fs::create_dir(dir.join("full")).unwrap();
        dir.file("full/file", "old");
        symlink("file", dir.join("link")).unwrap();
        symlink("missing", dir.join("broken")).unwrap();
        symlink("looping", dir.join("looping")).unwrap();
        dir.fifo("fifo");
        dir.file("source", "new");
        fs::create_dir(dir.join("source_dir")).unwrap();
        symlink("file", dir.join("source_link")).unwrap();
        dir
    };
    let look = |dir: &Dir| {
        let mut find = Command::new("find");
        let find = find.arg(dir.path()).args(["-printf", "%P %y %i %l\n"]);
        let output = String::from_utf8(find.output().expect("find").stdout).expect("text");
        let found: BTreeSet<_> = output.lines().map(String::from).collect();
        (found, contents(&dir.join("file")))
    };
    let targets = [
        "file", "empty", "full", "link", "broken", "looping", "fifo", "source",
    ];
    for source in ["source", "source_dir", "source_link"] {
        for target in targets {
            let dir = scene();
            let before = look(&dir);
            let (from, to) = (Path::new(dir.join(source)), dir.join(target));
            let error = block_on(from.rename(&to).no_replace(true)).unwrap_err();
            assert_eq!(
                error.kind(),
                ErrorKind::AlreadyExists,
                "{source} to {target}: {error}"
            );
            let details = PathError::of(&error).unwrap();
            assert_eq!(details.operation(), "rename");
            assert_eq!(
                (details.path(), details.target()),
                (&*dir.join(source), Some(&*to))
            );
            let copy = from.copy(&to).overwrite(false).follow_symlinks(false);
            let error = block_on(copy).unwrap_err();
            let kinds = [ErrorKind::AlreadyExists, ErrorKind::InvalidInput];
            assert!(
                kinds.contains(&error.kind()),
                "{source} to {target}: {error}"
            );
            if source == "source" {
                let write = Path::new(&to).write_atomic("new").no_replace(true);
                assert_eq!(
                    block_on(write).unwrap_err().kind(),
                    ErrorKind::AlreadyExists
                );
                let open = Path::new(&to).open_atomic().no_replace(true);
                assert_eq!(block_on(open).unwrap_err().kind(), ErrorKind::AlreadyExists);
                let linked = fs::hard_link(&from, &to).unwrap_err();
                assert_eq!(linked.kind(), ErrorKind::AlreadyExists);
            }
            let theirs = Command::new("mv")
                .args(["-nT"])
                .arg(&from)
                .arg(&to)
                .output();
            theirs.expect("mv");
            assert_eq!(look(&dir), before, "{source} to {target}");
        }
    }
}

/// Where nothing is at the target, the result is that of std's rename.
#[cfg(target_os = "linux")]
#[test]
fn a_free_name_is_taken() {
    use std::os::unix::fs::symlink;
    for source in ["file", "dir", "link", "broken"] {
        let dir = Dir::new();
        dir.file("file", "contents");
        fs::create_dir(dir.join("dir")).unwrap();
        dir.file("dir/inner", "inner");
        symlink("file", dir.join("link")).unwrap();
        symlink("missing", dir.join("broken")).unwrap();
        let (from, to) = (dir.join(source), dir.join("new"));
        let kind = fs::symlink_metadata(&from).unwrap().file_type();
        let renamed = block_on(Path::new(&from).rename(&to).no_replace(true)).unwrap();
        assert_eq!(renamed, to);
        assert!(fs::symlink_metadata(&from).is_err());
        assert_eq!(fs::symlink_metadata(&to).unwrap().file_type(), kind);
    }
}

#[test]
fn errors_are_those_of_a_rename() {
    let dir = Dir::new();
    let file = dir.file("file", "");
    fs::create_dir_all(dir.join("outer/inner")).unwrap();
    let rename = |from: &str, to: &str| {
        let rename = Path::new(dir.join(from)).rename(dir.join(to));
        block_on(rename.no_replace(true)).unwrap_err()
    };
    assert_eq!(rename("missing", "new").kind(), ErrorKind::NotFound);
    assert_eq!(rename("file", "missing/new").kind(), ErrorKind::NotFound);
    assert_eq!(rename("file", "file").kind(), ErrorKind::AlreadyExists);
    #[cfg(target_os = "linux")]
    {
        // Not `Unsupported`, though the system uses one code for both.
        let error = rename("outer", "outer/inner/new");
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        if let Some(there) = elsewhere() {
            let rename = Path::new(&file).rename(there.path().join("new"));
            let error = block_on(rename.no_replace(true)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::CrossesDevices, "{error}");
        }
    }
    assert!(file.exists());
}

/// In a tree, existing directories are merged, and the first existing file ends the copy.
#[cfg(unix)]
#[test]
fn a_merged_tree_loses_nothing() {
    use std::os::unix::fs::{MetadataExt, symlink};
    let dir = Dir::new();
    for name in ["source/a", "source/b", "target/a"] {
        fs::create_dir_all(dir.join(name)).unwrap();
    }
    dir.file("source/a/new", "new");
    let (source, target) = (Path::new(dir.join("source")), Path::new(dir.join("target")));
    let merge = || source.copy(&target).overwrite(false).exist_ok(true);
    block_on(merge()).unwrap();
    assert_eq!(contents(&dir.join("target/a/new")), b"new");
    assert!(dir.join("target/b").is_dir());
    fs::remove_file(dir.join("target/a/new")).unwrap();
    // A file, a link, and one of two hard links of the source.
    dir.file("outside", "old");
    symlink("../../outside", dir.join("target/a/new")).unwrap();
    let error = block_on(merge()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}");
    let details = PathError::of(&error).unwrap();
    assert_eq!(details.target(), Some(&*dir.join("target/a/new")));
    assert_eq!(contents(&dir.join("outside")), b"old");
    fs::remove_file(dir.join("target/a/new")).unwrap();
    fs::remove_file(dir.join("source/a/new")).unwrap();
    dir.file("source/b/one", "new");
    fs::hard_link(dir.join("source/b/one"), dir.join("source/b/two")).unwrap();
    let (one, two) = (dir.join("target/b/one"), dir.join("target/b/two"));
    for (old, other) in [(&one, &two), (&two, &one)] {
        fs::write(old, "old").unwrap();
        let error = block_on(merge().preserve_metadata(true)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}");
        assert_eq!(contents(old), b"old");
        assert_eq!(fs::metadata(old).unwrap().nlink(), 1);
        fs::remove_file(old).unwrap();
        let _ = fs::remove_file(other);
    }
    block_on(merge().preserve_metadata(true)).unwrap();
    assert_eq!(fs::metadata(one).unwrap().nlink(), 2);
}
