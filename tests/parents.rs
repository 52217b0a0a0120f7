//! `.parents(true)` of everything that creates something at a path: as `mkdir -p` before it, and only if a parent
//! directory is missing.

#![cfg(unix)]

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::symlink;
use std::path::{Path as StdPath, PathBuf};
use std::process::Command;
use std::task::Poll;

use anyfile::{Path, PathError, create_file, open_file};
use futures_lite::AsyncWriteExt;
use futures_lite::future::{self, Boxed, block_on};

use common::{Dir, comes_true, contents, in_child, run_in_child, run_unprivileged, set_mode};

/// A call that creates the file `target` with the contents "new". `source` has these contents.
struct Method {
    name: &'static str,
    call: fn(source: Path, target: Path, parents: bool) -> Boxed<io::Result<()>>,
    /// Whether `source` is moved away.
    moves: bool,
}

macro_rules! methods {
    ($($name:literal, $moves:literal: |$source:ident, $target:ident, $parents:ident| $call:expr;)+) => {
        [$(Method {
            name: $name,
            call: |$source, $target, $parents| Box::pin(async move {
                let _ = &$source;
                $call.await.map(drop)
            }),
            moves: $moves,
        }),+]
    };
}

fn methods() -> impl Iterator<Item = Method> {
    async fn written(open: anyfile::open::OpenFile) -> io::Result<()> {
        let mut file = open.await?;
        file.write_all(b"new").await?;
        file.close().await
    }
    async fn committed(open: anyfile::path::OpenAtomic) -> io::Result<()> {
        let mut file = open.await?;
        file.write_all(b"new").await?;
        file.commit().await
    }
    let methods = methods! {
        "create_file", false: |source, target, parents| written(create_file(target).parents(parents));
        "create_new", false: |source, target, parents|
            written(open_file(target).write(true).create_new(true).parents(parents));
        "append", false: |source, target, parents|
            written(target.open().append(true).create(true).parents(parents));
        "with_options", false: |source, target, parents| {
            let mut options = fs::OpenOptions::new();
            options.write(true).create(true).truncate(true);
            written(anyfile::open::OpenFile::with_options(target, options).parents(parents))
        };
        "write_bytes", false: |source, target, parents| target.write_bytes("new").parents(parents);
        "write_text", false: |source, target, parents| target.write_text("new").parents(parents);
        "write_atomic", false: |source, target, parents| target.write_atomic("new").parents(parents);
        "write_atomic, no_replace", false: |source, target, parents|
            target.write_atomic("new").no_replace(true).parents(parents);
        "open_atomic", false: |source, target, parents| committed(target.open_atomic().parents(parents));
        "rename", true: |source, target, parents| source.rename(target).parents(parents);
        "rename, no_replace", true: |source, target, parents|
            source.rename(target).no_replace(true).parents(parents);
        "copy", false: |source, target, parents| source.copy(target).parents(parents);
        "copy, preserve_metadata", false: |source, target, parents|
            source.copy(target).preserve_metadata(true).overwrite(false).parents(parents);
        "move_to", true: |source, target, parents| source.move_to(target).parents(parents);
    };
    let methods = methods.into_iter();
    #[cfg(feature = "encoding")]
    let methods = methods.chain(methods! {
        "write_text, encoded", false: |source, target, parents|
            target.write_text("new").encoding(encoding_rs::WINDOWS_1252).parents(parents);
    });
    methods
}

fn paths_below(dir: &StdPath) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    let mut rest = vec![dir.to_path_buf()];
    while let Some(next) = rest.pop() {
        for entry in fs::read_dir(&next).into_iter().flatten().flatten() {
            let path = entry.path();
            if entry.file_type().unwrap().is_dir() {
                rest.push(path.clone());
            }
            found.insert(path.strip_prefix(dir).unwrap().to_path_buf());
        }
    }
    found
}

#[test]
fn all_create_parents_and_none_does_so_unasked() {
    for Method { name, call, moves } in methods() {
        let dir = Dir::new();
        let source = Path::new(dir.file("source", "new"));
        let target = dir.join("a/b/target");
        let error = block_on(call(source.clone(), Path::new(&target), false)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{name}: {error}");
        assert!(!dir.join("a").exists(), "{name}");

        block_on(call(source.clone(), Path::new(&target), true))
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(contents(&target), b"new", "{name}");
        assert_eq!(source.as_std_path().exists(), !moves, "{name}");
        // The directories are as `mkdir -p` makes them.
        let made = Command::new("mkdir")
            .arg("-p")
            .arg(dir.join("c/d"))
            .status();
        assert!(made.unwrap().success());
        for (ours, theirs) in [("a", "c"), ("a/b", "c/d")] {
            assert_eq!(common::mode(dir.join(ours)), common::mode(dir.join(theirs)));
        }

        // Where only the last directory is missing, and where none is.
        fs::write(&source, "new").unwrap();
        for target in ["a/e/target", "a/e/other", "here"] {
            block_on(call(source.clone(), Path::new(dir.join(target)), true)).unwrap();
            assert_eq!(contents(&dir.join(target)), b"new", "{name}");
            fs::write(&source, "new").unwrap();
        }
        let parts = "source c c/d a a/b a/b/target a/e a/e/target a/e/other here".split(' ');
        assert_eq!(
            paths_below(dir.path()),
            parts.map(PathBuf::from).collect(),
            "{name}"
        );
    }
}

#[test]
fn relative_paths() {
    const NAME: &str = "relative_paths";
    if !in_child() {
        // The current directory is another one there.
        run_in_child(NAME, &[]);
        return;
    }
    let dir = Dir::new();
    std::env::set_current_dir(dir.path()).unwrap();
    for Method { name, call, .. } in methods() {
        for target in ["x", "./x", "a/../b/x", "a//b/./x"] {
            fs::write("source", "new").unwrap();
            block_on(call("source".into(), Path::new(target), true))
                .unwrap_or_else(|error| panic!("{name}, {target}: {error}"));
            assert_eq!(contents(StdPath::new(target)), b"new", "{name}");
            fs::remove_file(target).unwrap();
            for made in ["a", "b"] {
                let _ = fs::remove_dir_all(made);
            }
        }
        // No file has the empty path, and it has no parent.
        let error = block_on(call("source".into(), Path::new(""), true)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{name}");
    }
    std::env::set_current_dir("/").unwrap();
}

/// A parent that cannot be created is the reason of the error, which names the path that was given.
#[test]
fn parents_that_cannot_be_created() {
    const NAME: &str = "parents_that_cannot_be_created";
    if !in_child() {
        return run_unprivileged(NAME);
    }
    let dir = Dir::new();
    dir.file("file", "x");
    fs::create_dir(dir.join("locked")).unwrap();
    set_mode(dir.join("locked"), 0o555);
    symlink("nowhere", dir.join("broken")).unwrap();
    let before = paths_below(dir.path());
    for Method { name, call, .. } in methods() {
        for (target, kind) in [
            ("file/a/x", ErrorKind::NotADirectory),
            ("locked/a/b/x", ErrorKind::PermissionDenied),
            ("broken/x", ErrorKind::NotFound),
        ] {
            let target = dir.join(target);
            let source = Path::new(dir.file("source", "new"));
            let error = block_on(call(source, Path::new(&target), true)).unwrap_err();
            assert_eq!(error.kind(), kind, "{name}: {error}");
            let details = PathError::of(&error).unwrap();
            let named = details.target().unwrap_or(details.path());
            assert_eq!(named, target, "{name}: {error}");
            fs::remove_file(dir.join("source")).unwrap();
            assert_eq!(paths_below(dir.path()), before, "{name}");
        }
    }
}

/// If it is not the parent directory that is missing, nothing is created.
#[test]
fn no_parents_for_what_cannot_be() {
    let dir = Dir::new();
    dir.file("file", "old");
    fs::create_dir(dir.join("dir")).unwrap();
    symlink("nowhere/x", dir.join("broken")).unwrap();
    let before = paths_below(dir.path());
    let path = |name: &str| Path::new(dir.join(name));
    let fails = |what: &str, call: Boxed<io::Result<()>>, kind| {
        let error = block_on(call).expect_err(what);
        assert_eq!(error.kind(), kind, "{what}: {error}");
        assert_eq!(paths_below(dir.path()), before, "{what}");
    };
    let (missing, target) = (path("missing"), path("a/b"));
    for method in methods().filter(|method| method.moves || method.name.starts_with("copy")) {
        let call = (method.call)(missing.clone(), target.clone(), true);
        fails(method.name, call, ErrorKind::NotFound);
        // Into itself.
        let call = (method.call)(path("dir"), path("dir/a/b"), true);
        fails(method.name, call, ErrorKind::InvalidInput);
    }
    // What opens a file without creating it.
    let opens = [
        path("a/b").open(),
        path("a/b").open().read(true),
        path("a/b").open().write(true),
        path("a/b").create().create(false),
        path("a/b")
            .open()
            .write(true)
            .create_new(true)
            .create_new(false),
    ];
    for (number, open) in opens.into_iter().enumerate() {
        let open = Box::pin(async { open.parents(true).await.map(drop) });
        fails(&format!("open {number}"), open, ErrorKind::NotFound);
    }
    // A link whose target lacks a parent directory: that of the link is there.
    let write = path("broken").write_text("x").parents(true);
    fails("a link", Box::pin(write), ErrorKind::NotFound);
}

#[test]
fn trees_and_links_get_parents_too() {
    let dir = Dir::new();
    let path = |name: &str| Path::new(dir.join(name));
    fs::create_dir_all(dir.join("tree/inner")).unwrap();
    dir.file("tree/inner/file", "leaf");
    symlink("anywhere", dir.join("link")).unwrap();
    block_on(async {
        path("tree").copy(path("1/2/tree")).parents(true).await?;
        path("tree").copy_into(path("3/4")).parents(true).await?;
        let link = path("link").copy(path("5/6/link"));
        link.follow_symlinks(false).parents(true).await?;
        path("tree").move_into(path("7/8")).parents(true).await?;
        path("7/8/tree").rename(path("9/tree")).parents(true).await
    })
    .unwrap();
    for tree in ["1/2/tree", "3/4/tree", "9/tree"] {
        assert_eq!(contents(&dir.join(tree).join("inner/file")), b"leaf");
    }
    assert_eq!(
        fs::read_link(dir.join("5/6/link")).unwrap(),
        PathBuf::from("anywhere")
    );
    assert!(!dir.join("7/8/tree").exists());
    // An error in the tree is not one of its root, and creates nothing.
    let error = block_on(path("1").copy(path("1/x/y")).parents(true)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(!dir.join("1/x").exists());
}

#[cfg(target_os = "linux")]
#[test]
fn to_another_filesystem() {
    let (dir, Some(there)) = (Dir::new(), common::elsewhere()) else {
        return;
    };
    fs::create_dir_all(dir.join("tree")).unwrap();
    dir.file("tree/file", "leaf");
    let target = there.path().join("a/b/tree");
    let tree = Path::new(dir.join("tree"));
    block_on(tree.move_to(&target).parents(true)).unwrap();
    assert_eq!(contents(&target.join("file")), b"leaf");
    assert!(!dir.join("tree").exists());
}

/// Tasks and processes that need the same directories do not get in each other's way.
#[test]
fn several_create_the_same_parents() {
    let dir = Dir::new();
    for round in 0..20 {
        let executor = smol::Executor::new();
        let tasks = methods().enumerate().flat_map(|(number, method)| {
            let (source, executor) = (dir.file(&format!("source{number}"), "new"), &executor);
            let target = dir.join(&format!("{round}/a/b/c/{number}"));
            [executor.spawn((method.call)(source.into(), target.into(), true))]
        });
        let tasks: Vec<_> = tasks.collect();
        let mut others: Vec<_> = (0..2)
            .map(|_| {
                let path = dir.join(&format!("{round}/a/b/c"));
                Command::new("mkdir").arg("-p").arg(path).spawn().unwrap()
            })
            .collect();
        block_on(executor.run(async {
            for task in tasks {
                task.await.unwrap();
            }
        }));
        assert!(
            others
                .iter_mut()
                .all(|other| other.wait().unwrap().success())
        );
        let made = fs::read_dir(dir.join(&format!("{round}/a/b/c"))).unwrap();
        assert_eq!(made.count(), methods().count());
    }
}

/// Every call is dropped after each number of polls. Afterwards the file is there as a whole or not at all, and so is
/// the source.
#[test]
fn dropped_at_every_poll() {
    for Method { name, call, moves } in methods() {
        let mut seen = BTreeSet::new();
        for polls in (0..).flat_map(|polls| [polls; 3]) {
            let dir = Dir::new();
            let source = dir.file("source", "new");
            let target = dir.join("a/b/target");
            let mut work = call(Path::new(&source), Path::new(&target), true);
            let mut left = polls;
            let done = block_on(future::poll_fn(|cx| {
                if left == 0 {
                    return Poll::Ready(false);
                }
                left -= 1;
                work.as_mut().poll(cx).map(|result| {
                    result.unwrap();
                    true
                })
            }));
            drop(work);
            // What has begun is finished in the background.
            let is_settled = || {
                let leftover = |path: &PathBuf| path.to_string_lossy().contains(".tmp");
                !paths_below(dir.path()).iter().any(leftover)
            };
            assert!(comes_true(is_settled), "{name}");
            assert!(!done || contents(&target) == b"new", "{name}");
            if moves {
                let there = || [source.exists(), target.exists()];
                assert!(comes_true(|| there() != [true, true]), "{name}");
                assert_ne!(there(), [false, false], "{name}");
            }
            seen.insert(done);
            if done {
                break;
            }
        }
        assert_eq!(seen.len(), 2, "{name}");
    }
}

/// Where nothing is missing, no directory is created, and none is looked up.
#[cfg(target_os = "linux")]
#[test]
fn costs_nothing_where_nothing_is_missing() {
    const NAME: &str = "costs_nothing_where_nothing_is_missing";
    if in_child() {
        let dir = PathBuf::from(std::env::var_os("PARENTS_DIR").unwrap());
        let parents = std::env::var_os("PARENTS").is_some();
        for Method { call, .. } in methods() {
            let (source, target) = (dir.join("source"), dir.join("target"));
            fs::write(&source, "new").unwrap();
            block_on(call(source.into(), Path::new(&target), parents)).unwrap();
            fs::remove_file(target).unwrap();
        }
        return;
    }
    let dir = Dir::new();
    // The calls that name the directory, without what differs between two runs.
    let calls = |parents: bool| {
        let mut strace = Command::new("strace");
        strace
            .args(["-f", "-qq", "-e", "trace=%file", "-o"])
            .arg(dir.join("trace"))
            .arg(std::env::current_exe().unwrap())
            .args(["--exact", NAME, "--nocapture", "--test-threads=1"])
            .env("ANYFILE_TEST_CHILD", "1")
            .env("PARENTS_DIR", dir.path());
        if parents {
            strace.env("PARENTS", "1");
        }
        if !strace.output().is_ok_and(|output| output.status.success()) {
            println!("skipped: strace does not work here");
            return None;
        }
        let trace = fs::read_to_string(dir.join("trace")).unwrap();
        let here = dir.path().to_str().unwrap();
        let calls = trace.lines().filter(|line| line.contains(here));
        let calls =
            calls.filter_map(|line| Some(line.split_once(' ')?.1.trim_start().split_once('(')?.0));
        let mut calls: Vec<String> = calls.map(str::to_owned).collect();
        calls.sort();
        Some(calls)
    };
    let (Some(without), Some(with)) = (calls(false), calls(true)) else {
        return;
    };
    println!("{} calls", without.len());
    assert!(without.len() > 2 * methods().count());
    assert_eq!(with, without);
}
