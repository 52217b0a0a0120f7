//! `copy`: its results, its errors, and its behavior when it is dropped or the tree changes.

#![cfg(target_os = "linux")]

mod common;

use std::fs;
use std::future::Future;
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path as StdPath, PathBuf};
use std::pin::Pin;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::thread::{self, ThreadId};
use std::time::Duration;

use anyfile::path::CopyProgress;
use anyfile::{Path, PathError};
use futures_lite::future::{block_on, poll_fn};

use common::tree::{Snapshot, generate, tmpfs};
use common::{
    Dir, contents, in_child, is_root, noise, run_unprivileged, set_mode, with_one_thread,
};

fn mode(path: impl AsRef<StdPath>) -> u32 {
    fs::symlink_metadata(path).unwrap().mode() & 0o7777
}

/// Runs a command. If it fails, the error is its output.
fn run(program: &str, arguments: &[&dyn AsRef<std::ffi::OsStr>]) -> Result<(), String> {
    let mut command = Command::new(program);
    command.args(arguments.iter().map(|argument| argument.as_ref()));
    let output = command.output().map_err(|error| error.to_string())?;
    let text = [output.stdout, output.stderr].concat();
    if output.status.success() {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(&text).into_owned())
    }
}

/// All progress that was reported, with the threads that reported it.
type Progress = Arc<Mutex<Vec<(CopyProgress, ThreadId)>>>;

fn noted() -> (Progress, impl FnMut(CopyProgress) + Send + 'static) {
    let progress = Progress::default();
    let notes = progress.clone();
    let tell = move |progress| {
        notes
            .lock()
            .unwrap()
            .push((progress, thread::current().id()))
    };
    (progress, tell)
}

#[test]
fn ten_thousand_entries_as_cp_has_them() {
    let dir = Dir::new();
    let (source, reference) = (dir.join("source"), dir.join("reference"));
    let made = generate(&source, 10_000);
    run("cp", &[&"-a", &source, &reference]).unwrap();
    let (progress, tell) = noted();
    let target = dir.join("target");
    let copy = Path::new(&source).copy(&target).follow_symlinks(false);
    let copy = copy.preserve_metadata(true).on_progress(tell);
    let begin = std::time::Instant::now();
    assert_eq!(block_on(copy).unwrap(), *target);
    println!("in {:?}", begin.elapsed());

    Snapshot::of(&target).assert_is(&Snapshot::of(&reference));
    Snapshot::of(&source).assert_is(&Snapshot::of(&reference));
    run("diff", &[&"-r", &"--no-dereference", &reference, &target]).unwrap();

    let progress = progress.lock().unwrap();
    println!("{} reports of {made:?}", progress.len());
    for pair in progress.windows(2) {
        let (before, after) = (pair[0].0, pair[1].0);
        assert!(before.done.entries <= after.done.entries, "{pair:?}");
        assert!(before.done.bytes <= after.done.bytes, "{pair:?}");
    }
    for (step, thread) in progress.iter() {
        assert_eq!(*thread, thread::current().id());
        if let Some(total) = step.total {
            assert_eq!((total.entries, total.bytes), made);
        }
    }
    let last = progress.last().unwrap().0;
    assert_eq!((last.done.entries, last.done.bytes), made);
    assert_eq!(last.total, Some(last.done));
}

/// The total is known before a single large file has been copied.
#[test]
fn the_total_is_known_before_the_end() {
    let dir = Dir::new();
    let source = dir.file("source", vec![7; 160 << 20]);
    let (progress, tell) = noted();
    let copy = Path::new(&source)
        .copy(dir.join("target"))
        .on_progress(tell);
    block_on(copy).unwrap();
    assert!(contents(&source) == contents(&dir.join("target")));
    let progress = progress.lock().unwrap();
    println!("{} reports", progress.len());
    let before_the_end = |step: &CopyProgress| step.done.bytes < 160 << 20;
    let known = |step: &CopyProgress| step.total.is_some_and(|total| total.bytes == 160 << 20);
    assert!(
        progress
            .iter()
            .any(|(step, _)| before_the_end(step) && known(step))
    );
}

/// The oracle is `shutil.copytree`, which also follows links by default.
#[test]
fn links_followed_as_python_does() {
    let dir = Dir::new();
    let source = dir.join("source");
    fs::create_dir_all(source.join("a/b")).unwrap();
    fs::create_dir(dir.join("outside")).unwrap();
    dir.file("source/a/file", "1");
    dir.file("outside/file", "2");
    symlink("../../outside", source.join("a/dir")).unwrap();
    symlink("file", source.join("a/link")).unwrap();
    symlink("a", dir.join("source/again")).unwrap();
    symlink("source", dir.join("top")).unwrap();
    let script = "import shutil, sys; shutil.copytree(sys.argv[1], sys.argv[2])";
    let reference = dir.join("reference");
    if let Err(error) = run("python3", &[&"-c", &script, &dir.join("top"), &reference]) {
        println!("skipped: no Python: {error}");
        return;
    }
    let target = dir.join("target");
    block_on(Path::new(dir.join("top")).copy(&target)).unwrap();
    run("diff", &[&"-r", &"--no-dereference", &reference, &target]).unwrap();
    assert!(target.join("again/dir/file").is_file());

    block_on(
        Path::new(dir.join("top"))
            .copy(dir.join("link"))
            .follow_symlinks(false),
    )
    .unwrap();
    assert_eq!(
        fs::read_link(dir.join("link")).unwrap(),
        StdPath::new("source")
    );
}

#[test]
fn permissions_without_the_other_metadata() {
    let dir = Dir::new();
    let source = dir.join("source");
    fs::create_dir(&source).unwrap();
    for mode in [0o700, 0o444, 0o666, 0o6755] {
        let file = dir.file(&format!("source/{mode:o}"), "x");
        set_mode(&file, mode);
        let past = std::time::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        fs::File::open(&file).unwrap().set_modified(past).unwrap();
    }
    set_mode(&source, 0o2750);
    let (plain, all) = (dir.join("plain"), dir.join("all"));
    let path = Path::new(&source);
    block_on(path.copy(&plain)).unwrap();
    block_on(path.copy(&all).preserve_metadata(true)).unwrap();
    assert_eq!((mode(&plain), mode(&all)), (0o750, 0o2750));
    for mode_of in [0o700, 0o444, 0o666, 0o6755] {
        let name = format!("{mode_of:o}");
        assert_eq!(mode(plain.join(&name)), mode_of & 0o777);
        assert_eq!(mode(all.join(&name)), mode_of);
        assert_ne!(
            fs::metadata(plain.join(&name)).unwrap().mtime(),
            1_000_000_000
        );
        assert_eq!(
            fs::metadata(all.join(&name)).unwrap().mtime(),
            1_000_000_000
        );
    }
}

/// For users other than root, a directory without write permission is a hard case.
#[test]
fn read_only_directories() {
    if !in_child() {
        return run_unprivileged("read_only_directories");
    }
    let dir = Dir::new();
    let source = dir.join("source");
    fs::create_dir_all(source.join("locked/below")).unwrap();
    set_mode(dir.file("source/locked/file", "x"), 0o400);
    rustix::fs::setxattr(
        source.join("locked/file"),
        "user.number",
        b"1",
        rustix::fs::XattrFlags::empty(),
    )
    .unwrap_or_else(|error| println!("no extended attributes here: {error}"));
    set_mode(source.join("locked"), 0o555);
    let target = dir.join("target");
    let copy = Path::new(&source).copy(&target).preserve_metadata(true);
    let result = block_on(copy);
    let (before, after) = (Snapshot::of(&source), Snapshot::of(&target));
    for tree in [&source, &target] {
        set_mode(tree.join("locked"), 0o755);
    }
    result.unwrap();
    after.assert_is(&before);
}

#[test]
fn what_is_at_the_target() {
    let dir = Dir::new();
    let source = Path::new(dir.file("source", "new"));
    let copied = |target: &str| block_on(source.copy(dir.join(target)));
    let kind = |target: &str| copied(target).map_err(|error| error.kind());

    let file = dir.file("file", "old and longer");
    symlink("file", dir.join("link")).unwrap();
    copied("link").unwrap();
    assert_eq!(contents(&file), b"new");
    assert!(dir.join("link").is_symlink());

    fs::create_dir(dir.join("dir")).unwrap();
    assert_eq!(kind("dir"), Err(ErrorKind::IsADirectory));
    assert_eq!(kind("missing/file"), Err(ErrorKind::NotFound));
    symlink("nowhere", dir.join("broken")).unwrap();
    let std = Dir::new();
    symlink("nowhere", std.join("broken")).unwrap();
    for (name, target) in [
        ("broken", "nowhere"),
        ("far", "missing/nowhere"),
        ("self", "self"),
    ] {
        let _ = symlink(target, dir.join(name));
        let _ = symlink(target, std.join(name));
        let copied = kind(name).map(drop);
        let expected = fs::copy(source.as_std_path(), std.join(name));
        assert_eq!(copied, expected.map(drop).map_err(|e| e.kind()), "{name}");
    }
    assert_eq!(contents(&dir.join("nowhere")), b"new");
    assert!(dir.join("broken").is_symlink());
    assert_eq!(mode(dir.join("nowhere")), mode(std.join("nowhere")));
    dir.fifo("fifo");
    assert_eq!(kind("fifo"), Err(ErrorKind::InvalidInput));

    let tree = Path::new(dir.join("dir"));
    symlink("missing", dir.join("gone")).unwrap();
    for target in ["file", "link", "gone"] {
        let error = block_on(tree.copy(dir.join(target)).exist_ok(true)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}");
    }
    fs::create_dir(dir.join("other")).unwrap();
    let error = block_on(tree.copy(dir.join("other"))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}");
}

/// A broken link within the target is replaced, since only the target itself is a path that the caller has named.
#[test]
fn a_broken_link_in_the_tree_is_replaced() {
    let dir = Dir::new();
    for tree in ["source", "target"] {
        fs::create_dir(dir.join(tree)).unwrap();
    }
    dir.file("source/name", "new");
    symlink("../outside", dir.join("target/name")).unwrap();
    let copy = Path::new(dir.join("source")).copy(dir.join("target"));
    block_on(copy.exist_ok(true)).unwrap();
    assert!(!dir.join("outside").exists());
    assert_eq!(contents(&dir.join("target/name")), b"new");
    assert!(!dir.join("target/name").is_symlink());
}

/// As `pathlib` 3.14: "Source path is a parent of target path".
#[test]
fn no_link_below_itself() {
    let dir = Dir::new();
    fs::create_dir(dir.join("real")).unwrap();
    symlink("real", dir.join("link")).unwrap();
    symlink("nowhere", dir.join("broken")).unwrap();
    let copied = |from: &str, to: &str, follow| {
        let copy = Path::new(dir.join(from)).copy(dir.join(to));
        block_on(copy.follow_symlinks(follow)).map_err(|error| error.kind())
    };
    let refused = Err(ErrorKind::InvalidInput);
    for follow in [true, false] {
        assert_eq!(copied("link", "link/new", follow).map(drop), refused);
        assert_eq!(copied("link", "link/.//new/", follow).map(drop), refused);
    }
    assert_eq!(copied("broken", "broken/new", false).map(drop), refused);
    assert_eq!(copied("link", "real/new", true).map(drop), refused);
    assert_eq!(fs::read_dir(dir.join("real")).unwrap().count(), 0);
    // Through another path, it is copied like any other link.
    copied("link", "real/new", false).unwrap();
    copied("link", "link/../beside", false).unwrap();
    assert_eq!(
        fs::read_link(dir.join("beside")).unwrap(),
        StdPath::new("real")
    );
}

#[test]
fn merged_into_what_is_there() {
    let dir = Dir::new();
    let (source, target) = (dir.join("source"), dir.join("target"));
    fs::create_dir_all(source.join("both/below")).unwrap();
    fs::create_dir_all(target.join("both")).unwrap();
    fs::create_dir(dir.join("outside")).unwrap();
    let canary = dir.file("outside/canary", "alive");
    dir.file("source/both/file", "new");
    dir.file("source/both/linked", "new");
    symlink("file", source.join("both/link")).unwrap();
    dir.file("target/both/file", "old and longer");
    dir.file("target/both/mine", "kept");
    symlink(&canary, target.join("both/linked")).unwrap();
    symlink(&canary, target.join("both/link")).unwrap();
    set_mode(target.join("both"), 0o711);
    symlink("target", dir.join("door")).unwrap();

    let merge = || {
        let copy = Path::new(&source).copy(dir.join("door"));
        block_on(copy.follow_symlinks(false).exist_ok(true))
    };
    for _ in 0..2 {
        merge().unwrap();
        assert_eq!(contents(&target.join("both/file")), b"new");
        assert_eq!(contents(&target.join("both/mine")), b"kept");
        assert!(!target.join("both/linked").is_symlink());
        assert_eq!(
            fs::read_link(target.join("both/link")).unwrap(),
            StdPath::new("file")
        );
        assert!(target.join("both/below").is_dir());
        assert_eq!(contents(&canary), b"alive");
        assert_eq!(mode(target.join("both")), 0o711);
    }
    fs::remove_dir(target.join("both/below")).unwrap();
    symlink(dir.join("outside"), target.join("both/below")).unwrap();
    let error = merge().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}");
}

#[test]
fn never_into_itself() {
    let dir = Dir::new();
    let source = dir.join("source");
    fs::create_dir_all(source.join("sub/deep")).unwrap();
    let file = dir.file("source/file", "x");
    fs::hard_link(&file, dir.join("hard")).unwrap();
    symlink("source/sub", dir.join("inner")).unwrap();
    symlink("source", dir.join("alias")).unwrap();
    symlink(&file, dir.join("soft")).unwrap();
    let mut pairs: Vec<(PathBuf, PathBuf)> = [
        ("source", "source"),
        ("source", "source/new"),
        ("source", "source/sub/deep/new"),
        ("source", "source/sub"),
        ("source", "inner/new"),
        ("source", "alias/new"),
        ("alias", "source/new"),
        ("alias", "source"),
        ("source", "inner/deep/../new"),
        ("source/sub/..", "source/new"),
        ("source", "source/../source/./new"),
        ("source/file", "source/file"),
        ("source/file", "hard"),
        ("source/file", "soft"),
        ("soft", "source/file"),
        ("soft", "soft"),
    ]
    .map(|(from, to)| (dir.join(from), dir.join(to)))
    .into();
    let bound = dir.join("bound");
    fs::create_dir(&bound).unwrap();
    let mounted = run("mount", &[&"--bind", &source, &bound]);
    match &mounted {
        Ok(()) => pairs.push((source.clone(), bound.join("new"))),
        Err(error) => println!("without a second mount: {error}"),
    }
    let before = Snapshot::of(&source);
    let mut wrong = Vec::new();
    for (from, to) in &pairs {
        let copy = Path::new(from).copy(to).exist_ok(true);
        let mut results = vec![block_on(copy)];
        // A link may be moved into the directory that it leads to.
        if !from.ends_with("alias") {
            let moved = Path::new(from).move_to(to);
            results.push(block_on(moved));
        }
        for result in results {
            let ok = result.is_err_and(|error| error.kind() == ErrorKind::InvalidInput);
            if !ok || Snapshot::of(&source) != before {
                wrong.push((from, to));
            }
        }
    }
    if mounted.is_ok() {
        run("umount", &[&bound]).unwrap();
    }
    assert!(wrong.is_empty(), "{wrong:?}");
    assert_eq!(fs::read_link(dir.join("soft")).unwrap(), file);
}

#[test]
fn links_that_lead_back() {
    let dir = Dir::new();
    fs::create_dir_all(dir.join("source/a/b")).unwrap();
    symlink("../..", dir.join("source/a/b/up")).unwrap();
    let copy = |source: &str, target: &str| {
        let error = block_on(Path::new(dir.join(source)).copy(dir.join(target)));
        error.unwrap_err()
    };
    let error = copy("source", "target");
    let original = PathError::of(&error).unwrap().original();
    assert_eq!(original.raw_os_error(), Some(40), "{error}");
    assert!(error.to_string().contains("source/a/b/up` to `"), "{error}");

    // The copy goes into the other tree.
    fs::create_dir_all(dir.join("other")).unwrap();
    fs::create_dir_all(dir.join("shelf/books")).unwrap();
    symlink("../shelf", dir.join("other/shelf")).unwrap();
    let error = copy("other", "shelf/books/copy");
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    assert!(!dir.join("shelf/books/copy/shelf").exists());

    // Upwards, merged into the directory that holds the source.
    fs::create_dir_all(dir.join("x/y/y/z")).unwrap();
    let copy = Path::new(dir.join("x/y"))
        .copy(dir.join("x"))
        .exist_ok(true);
    let error = block_on(copy).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
}

#[test]
fn special_files_are_refused_and_not_opened() {
    let dir = Dir::new();
    fs::create_dir(dir.join("tree")).unwrap();
    dir.fifo("tree/fifo");
    let _socket = UnixListener::bind(dir.join("socket")).unwrap();
    symlink("tree/fifo", dir.join("link")).unwrap();
    for (source, reason) in [
        ("tree", "it is a named pipe"),
        ("tree/fifo", "it is a named pipe"),
        ("link", "it is a named pipe"),
        ("socket", "it is a socket"),
        ("/dev/null", "it is a device"),
    ] {
        let source = dir.path().join(source);
        let target = dir.join("target");
        let error = block_on(Path::new(&source).copy(&target)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
        assert!(error.to_string().ends_with(reason), "{error}");
        let _ = fs::remove_dir(target);
    }
}

#[test]
fn errors_name_the_entry() {
    let dir = Dir::new();
    fs::create_dir_all(dir.join("source/below")).unwrap();
    symlink("nowhere", dir.join("source/below/broken")).unwrap();
    let (source, target) = (dir.join("source"), dir.join("target"));
    let error = block_on(Path::new(&source).copy(&target)).unwrap_err();
    let names = "below/broken";
    let (from, to) = (source.join(names), target.join(names));
    let expected = format!(
        "failed to copy `{}` to `{}`: No such file or directory (os error 2)",
        from.display(),
        to.display(),
    );
    assert_eq!(error.to_string(), expected);
    let details = PathError::of(&error).unwrap();
    assert_eq!((details.path(), details.target()), (&*from, Some(&*to)));

    let error = block_on(Path::new("missing").copy(&target)).unwrap_err();
    let expected = format!(
        "failed to copy `missing` to `{}`: No such",
        target.display()
    );
    assert!(error.to_string().starts_with(&expected), "{error}");
    for path in ["", "/", "a/.."] {
        let path = Path::new(path);
        let copied = block_on(path.copy_into(dir.path())).unwrap_err();
        let moved = block_on(path.move_into(dir.path())).unwrap_err();
        for error in [copied, moved] {
            assert_eq!(error.kind(), ErrorKind::InvalidInput);
            assert!(
                error.to_string().ends_with("the path has no file name"),
                "{error}"
            );
        }
    }
}

#[test]
fn deep() {
    let dir = Dir::new();
    let depth = 1500;
    let deep = dir.join("source").join(vec!["d"; depth].join("/"));
    fs::create_dir_all(&deep).unwrap();
    // Names that sort before and after the subdirectory.
    for level in deep.ancestors().take(depth).step_by(7) {
        fs::write(level.join("a"), "1").unwrap();
        fs::write(level.join("z"), "2").unwrap();
    }
    let copy = Path::new(dir.join("source"))
        .copy(dir.join("target"))
        .preserve_metadata(true);
    block_on(copy).unwrap();
    Snapshot::of(&dir.join("target")).assert_is(&Snapshot::of(&dir.join("source")));
}

/// While another thread swaps a directory for a link, nothing is copied from the link's target.
#[test]
fn a_directory_swapped_for_a_link() {
    let dir = Dir::new();
    fs::create_dir_all(dir.join("source/real/below/deep")).unwrap();
    fs::create_dir_all(dir.join("outside/below/deep")).unwrap();
    for name in ["", "below/", "below/deep/"] {
        for number in 0..10 {
            dir.file(&format!("source/real/{name}f{number}"), "harmless");
            dir.file(&format!("outside/{name}canary{number}"), "secret");
        }
    }
    let (real, link) = (dir.join("source/real"), dir.join("link"));
    symlink(dir.join("outside"), &link).unwrap();
    let swap = || {
        let cwd = rustix::fs::CWD;
        rustix::fs::renameat_with(cwd, &real, cwd, &link, rustix::fs::RenameFlags::EXCHANGE)
    };
    if let Err(error) = swap() {
        // Some filesystems, such as NFS, cannot exchange names.
        return println!("skipped: two names cannot be exchanged here: {error}");
    }
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                let _ = swap();
            }
        });
        let (mut whole, mut links) = (0, 0);
        let mut canaries = Vec::new();
        for round in 0.. {
            if round >= 50 && whole > 5 && links > 5 {
                break;
            }
            let target = dir.join("target");
            let copy = Path::new(dir.join("source"))
                .copy(&target)
                .follow_symlinks(false);
            let _ = block_on(copy);
            let found = Snapshot::of(&target);
            canaries.extend(
                found
                    .paths()
                    .filter(|path| path.contains("canary"))
                    .map(str::to_owned),
            );
            whole += usize::from(target.join("real/below/deep/f9").exists());
            links += usize::from(target.join("real").is_symlink());
            fs::remove_dir_all(&target).unwrap();
        }
        done.store(true, Ordering::Relaxed);
        println!("{whole} as a directory, {links} as a link");
        assert!(canaries.is_empty(), "{canaries:?}");
    });
}

/// A link planted in the target is not written through.
#[test]
fn a_link_planted_in_the_target() {
    let dir = Dir::new();
    fs::create_dir(dir.join("source")).unwrap();
    let canary = dir.file("canary", "alive");
    for number in 0..200 {
        dir.file(&format!("source/{number}"), "new");
    }
    let target = dir.join("target");
    let (planted, path) = (canary.clone(), target.clone());
    // At the first progress report, the target exists and some of its entries are still to come.
    let plant = move |_| {
        for number in 0..200 {
            let _ = symlink(&planted, path.join(number.to_string()));
        }
    };
    let mut first = true;
    let copy = Path::new(dir.join("source"))
        .copy(&target)
        .on_progress(move |progress| {
            if std::mem::take(&mut first) {
                plant(progress);
            }
        });
    let error = block_on(copy).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}");
    assert_eq!(contents(&canary), b"alive");
}

#[test]
fn dropped_in_the_middle() {
    let dir = Dir::new();
    let source = dir.join("source");
    generate(&source, 4000);
    let before = Snapshot::of(&source);
    for reports in [0, 1, 3, 10] {
        let target = dir.join(&format!("target{reports}"));
        let (progress, tell) = noted();
        let copy = Path::new(&source).copy(&target).follow_symlinks(false);
        let mut copy = copy.on_progress(tell);
        block_on(poll_fn(|cx| {
            assert!(Pin::new(&mut copy).poll(cx).is_pending());
            if progress.lock().unwrap().len() >= reports {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        }));
        drop(copy);
        // The slice that was started is finished.
        let mut seen = Snapshot::of(&target);
        loop {
            thread::sleep(Duration::from_millis(100));
            let now = Snapshot::of(&target);
            if now == seen {
                break;
            }
            seen = now;
        }
        let told = progress
            .lock()
            .unwrap()
            .last()
            .map_or(0, |last| last.0.done.entries) as usize;
        println!("{} entries, {told} told", seen.paths().count());
        // At most a slice, and the incomplete directories.
        assert!(seen.paths().count() <= told + 64 + 32);
        Snapshot::of(&source).assert_is(&before);
    }
}

#[test]
fn a_copy_that_nobody_polls_holds_no_thread() {
    if !with_one_thread("a_copy_that_nobody_polls_holds_no_thread") {
        return;
    }
    let dir = Dir::new();
    let source = dir.join("source");
    generate(&source, 300);
    let copies = (0..50).map(|number| {
        let copy = Path::new(&source).copy(dir.join(&format!("target{number}")));
        copy.follow_symlinks(false).on_progress(drop)
    });
    let mut copies: Vec<_> = copies.collect();
    let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
    for copy in &mut copies {
        assert!(Pin::new(copy).poll(&mut cx).is_pending());
    }
    let text = block_on(Path::new(dir.file("file", "text")).write_atomic("other"));
    text.unwrap();
    assert!(!dir.join("target0/end").exists());
    let last = copies.pop().unwrap();
    drop(copies);
    block_on(last).unwrap();
}

#[test]
fn no_room() {
    let dir = Dir::new();
    let source = dir.join("source");
    fs::create_dir_all(source.join("below")).unwrap();
    for number in 0..40 {
        dir.file(&format!("source/below/{number}"), noise(100_000));
    }
    let before = Snapshot::of(&source);
    let Some(full) = tmpfs("2m") else { return };
    let (progress, tell) = noted();
    let copy = Path::new(&source)
        .copy(full.path().join("target"))
        .on_progress(tell);
    let error = block_on(copy).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StorageFull, "{error}");
    let message = error.to_string();
    let source_of = format!("failed to copy `{}/below/", source.display());
    assert!(message.starts_with(&source_of), "{message}");
    assert!(message.contains(&format!("` to `{}/target/below/", full.path().display())));
    Snapshot::of(&source).assert_is(&before);
    let last = progress.lock().unwrap().last().unwrap().0;
    println!("{message}: {last:?}");
    let arrived = fs::read_dir(full.path().join("target/below"))
        .unwrap()
        .count() as u64;
    assert!(
        last.done.entries > 0 && last.done.entries == arrived - 1,
        "{arrived}"
    );
}

#[test]
fn a_panic_in_the_report_comes_out() {
    let dir = Dir::new();
    let source = Path::new(dir.file("source", "x"));
    let copy = source
        .copy(dir.join("target"))
        .on_progress(|_| panic!("as wanted"));
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| block_on(copy)));
    assert_eq!(
        *result.unwrap_err().downcast::<&str>().unwrap(),
        "as wanted"
    );
}

#[test]
fn nothing_happens_before_the_first_poll() {
    fn made(future: impl Future + Send + 'static) {
        drop(future);
    }
    let dir = Dir::new();
    let source = Path::new(dir.file("source", "x"));
    fs::create_dir(dir.join("dir")).unwrap();
    let name = String::from("a");
    let copy = source.copy(&name);
    drop(name);
    made(copy.on_progress(drop));
    made(source.copy_into(dir.join("dir")));
    made(source.move_to(dir.join("target")).on_progress(drop));
    made(source.move_into(dir.join("dir")));
    assert_eq!(Snapshot::of(dir.path()).paths().count(), 3);
}

#[test]
fn into_a_directory() {
    let dir = Dir::new();
    let source = Path::new(dir.file("source", "x"));
    fs::create_dir(dir.join("dir")).unwrap();
    let copied = block_on(source.copy_into(dir.join("dir"))).unwrap();
    assert_eq!(copied, *dir.join("dir/source"));
    assert_eq!(contents(&dir.join("dir/source")), b"x");
    let moved = block_on(copied.move_into(dir.path())).unwrap();
    assert_eq!(moved, *dir.join("source"));
    assert!(!dir.join("dir/source").exists());
}

/// The copy of another user's program belongs to the user who copies, and loses the set-user-ID and set-group-ID
/// bits.
#[test]
fn another_owner() {
    if !is_root() {
        println!("skipped: only root can give files away");
        return;
    }
    let dir = Dir::new();
    let file = dir.file("source", "x");
    std::os::unix::fs::chown(&file, Some(65534), Some(65534)).unwrap();
    set_mode(&file, 0o6755);
    let copy = Path::new(&file)
        .copy(dir.join("target"))
        .preserve_metadata(true);
    block_on(copy).unwrap();
    assert_eq!(mode(dir.join("target")), 0o755);
    assert_eq!(fs::metadata(dir.join("target")).unwrap().uid(), 0);
}
