//! `write_atomic`: readers see the old contents or the new ones, never a mix.

#![cfg(unix)]

mod common;

use std::fs;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path as StdPath;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyfile::Path;
use futures_lite::future::block_on;

use common::filesystem::{Feature, has};
use common::{
    Dir, contents, in_child, is_root, mode, run_in_child_after, run_unprivileged, set_mode,
};

/// Returns contents that show whether they are whole, and whose length depends on the number.
fn version(number: usize) -> String {
    let line = format!("{number:07}\n");
    line.repeat(1 + number * 37 % 9000)
}

/// Returns the number of a version. Panics if the contents are not whole.
#[track_caller]
fn whole(contents: &[u8]) -> usize {
    let text = std::str::from_utf8(contents).expect("text");
    let first = text.lines().next().expect("not an empty file");
    let number = first.parse().expect("a number");
    assert!(
        text == version(number),
        "{} bytes of version {number}",
        text.len()
    );
    number
}

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

#[test]
fn a_thousand_writers_and_a_reader() {
    let dir = Dir::new();
    let file = dir.file("file", version(0));
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let (mut reads, mut seen) = (0, std::collections::BTreeSet::new());
            while !done.load(Ordering::Relaxed) {
                seen.insert(whole(&contents(&file)));
                reads += 1;
            }
            (reads, seen.len())
        });
        let path = Path::new(&file);
        let executor = smol::Executor::new();
        let writes = (1..=1000).map(|number| executor.spawn(path.write_atomic(version(number))));
        let writes: Vec<_> = writes.collect();
        block_on(executor.run(async {
            for write in writes {
                write.await.unwrap();
            }
        }));
        done.store(true, Ordering::Relaxed);
        let (reads, seen) = reader.join().unwrap();
        assert!(reads > 10 && seen > 1, "{reads} reads of {seen} versions");
    });
    assert_ne!(whole(&contents(&file)), 0);
    assert_eq!(leftovers(dir.path(), &["file"]), [""; 0]);
}

/// The child of the test below: writes one version after another until it is killed.
#[test]
fn writes_for_ever() {
    let Some(file) = std::env::var_os("ANYFILE_TEST_FILE") else {
        return;
    };
    let path = Path::new(file);
    println!("ready");
    for number in 1.. {
        block_on(path.write_atomic(version(number))).unwrap();
    }
}

#[test]
fn killed_at_any_point() {
    const KILLS: usize = 200;
    let dir = Dir::new();
    let file = dir.file("file", version(0));
    let mut seen = std::collections::BTreeSet::new();
    for kill in 0..KILLS {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "writes_for_ever",
                "--nocapture",
                "--test-threads=1",
            ])
            .env("ANYFILE_TEST_FILE", &file)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut output = child.stdout.take().unwrap();
        let mut ready = Vec::new();
        while !ready.ends_with(b"ready") {
            let mut byte = [0];
            assert_eq!(
                output.read(&mut byte).unwrap(),
                1,
                "the child ended by itself"
            );
            ready.push(byte[0]);
        }
        std::thread::sleep(Duration::from_micros(kill as u64 * 997 % 30_000));
        child.kill().unwrap();
        child.wait().unwrap();
        seen.insert(whole(&contents(&file)));
        // A child has one write under way.
        let left = leftovers(dir.path(), &["file"]);
        assert!(left.len() <= kill + 1, "{left:?} after {} kills", kill + 1);
    }
    assert!(seen.len() > 2, "only {seen:?} were ever written");
    let left = leftovers(dir.path(), &["file"]);
    block_on(Path::new(&file).write_atomic(version(5))).unwrap();
    assert_eq!(whole(&contents(&file)), 5);
    assert_eq!(leftovers(dir.path(), &["file"]), left);
}

#[test]
fn permissions_are_kept_or_those_of_a_new_file() {
    if !has(&[Feature::Modes]) {
        return;
    }
    const NAME: &str = "permissions_are_kept_or_those_of_a_new_file";
    if !in_child() {
        for umask in ["000", "022", "027", "077"] {
            run_in_child_after(&format!("umask {umask}; export UMASK={umask}"), NAME);
        }
        return;
    }
    let umask = u32::from_str_radix(&std::env::var("UMASK").unwrap(), 8).unwrap();
    let dir = Dir::new();
    let (new, plain) = (dir.join("new"), dir.join("plain"));
    fs::write(&plain, "").unwrap();
    block_on(Path::new(&new).write_atomic("new")).unwrap();
    assert_eq!(mode(&new), 0o666 & !umask);
    assert_eq!(mode(&new), mode(&plain));
    let old = dir.file("old", "old");
    for kept in [
        0o600, 0o644, 0o666, 0o400, 0o777, 0o000, 0o4755, 0o2770, 0o1644,
    ] {
        set_mode(&old, kept);
        block_on(Path::new(&old).write_atomic("new")).unwrap();
        assert_eq!(format!("{:o}", mode(&old)), format!("{kept:o}"));
    }
    set_mode(&old, 0o600);
    assert_eq!(contents(&old), b"new");
}

#[test]
fn owner_and_group_are_kept_where_that_is_allowed() {
    if !has(&[Feature::Modes]) {
        return;
    }
    if !is_root() {
        println!("skipped: only root may do this");
        return;
    }
    let dir = Dir::new();
    let file = dir.file("file", "old");
    std::os::unix::fs::chown(&file, Some(65534), Some(12345)).unwrap();
    set_mode(&file, 0o4750);
    block_on(Path::new(&file).write_atomic("new")).unwrap();
    let metadata = fs::metadata(&file).unwrap();
    assert_eq!((metadata.uid(), metadata.gid()), (65534, 12345));
    assert_eq!(mode(&file), 0o4750);
}

#[test]
fn links_are_followed() {
    if !has(&[Feature::SymbolicLinks]) {
        return;
    }
    let dir = Dir::new();
    fs::create_dir_all(dir.join("a/b")).unwrap();
    let file = dir.file("a/file", "old");
    // Relative, absolute, by way of a linked directory, and in a chain.
    symlink("a/file", dir.join("relative")).unwrap();
    symlink(&file, dir.join("absolute")).unwrap();
    symlink("a/b", dir.join("linked")).unwrap();
    symlink("linked/../file", dir.join("around")).unwrap();
    symlink("around", dir.join("chain")).unwrap();
    for name in ["relative", "absolute", "around", "chain"] {
        block_on(Path::new(dir.join(name)).write_atomic(name)).unwrap();
        assert_eq!(contents(&file), name.as_bytes());
        assert!(dir.join(name).is_symlink(), "{name}");
    }
    symlink("a/new", dir.join("dangling")).unwrap();
    symlink("dangling", dir.join("to_dangling")).unwrap();
    block_on(Path::new(dir.join("to_dangling")).write_atomic("new")).unwrap();
    assert_eq!(contents(&dir.join("a/new")), b"new");
    assert!(dir.join("dangling").is_symlink() && dir.join("to_dangling").is_symlink());
    assert_eq!(leftovers(&dir.join("a"), &["b", "file", "new"]), [""; 0]);
    assert_eq!(leftovers(&dir.join("a/b"), &[]), [""; 0]);
}

/// Names without a directory are in the current directory.
#[test]
fn relative_paths() {
    if !has(&[Feature::SymbolicLinks]) {
        return;
    }
    const NAME: &str = "relative_paths";
    if !in_child() {
        let dir = Dir::new();
        symlink("../target", dir.join("link")).unwrap();
        fs::create_dir(dir.join("sub")).unwrap();
        symlink("../target", dir.join("sub/link")).unwrap();
        run_in_child_after(&format!("cd '{}'", dir.path().display()), NAME);
        for name in ["plain", "dotted", "target"] {
            assert_eq!(contents(&dir.join(name)), name.as_bytes());
        }
        assert_eq!(
            leftovers(dir.path(), &["plain", "dotted", "target", "link", "sub"]),
            [""; 0]
        );
        return;
    }
    block_on(async {
        Path::new("plain").write_atomic("plain").await.unwrap();
        Path::new("./dotted").write_atomic("dotted").await.unwrap();
        Path::new("sub/link").write_atomic("target").await.unwrap();
    });
}

/// Only regular files are replaced: other types are refused and stay.
#[test]
fn nothing_but_files_is_replaced() {
    if !has(&[Feature::Fifos]) {
        return;
    }
    let dir = Dir::new();
    let fifo = dir.fifo("fifo");
    let kind = |path: &StdPath| {
        block_on(Path::new(path).write_atomic("new"))
            .unwrap_err()
            .kind()
    };
    assert_eq!(kind(&fifo), ErrorKind::InvalidInput);
    assert!(block_on(Path::new(&fifo).is_fifo()));
    assert_eq!(kind(StdPath::new("/dev/null")), ErrorKind::InvalidInput);
    assert!(block_on(Path::new("/dev/null").is_char_device()));
    assert_eq!(kind(dir.path()), ErrorKind::IsADirectory);
    for name in ["/", ".", ".."] {
        assert_eq!(kind(StdPath::new(name)), ErrorKind::IsADirectory, "{name}");
    }
    assert_eq!(leftovers(dir.path(), &["fifo"]), [""; 0]);
}

#[test]
fn a_directory_that_may_not_be_written() {
    if !has(&[Feature::Modes]) {
        return;
    }
    const NAME: &str = "a_directory_that_may_not_be_written";
    if !in_child() {
        run_unprivileged(NAME);
        return;
    }
    let dir = Dir::new();
    let file = dir.file("file", "old");
    for refused in [0o555, 0o311] {
        set_mode(dir.path(), refused);
        let error = block_on(Path::new(&file).write_atomic("new")).unwrap_err();
        set_mode(dir.path(), 0o755);
        assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");
        assert_eq!(contents(&file), b"old");
        assert_eq!(leftovers(dir.path(), &["file"]), [""; 0]);
    }
}

/// The system refuses to write more than 8 blocks.
#[test]
fn a_write_that_fails_leaves_the_old_contents() {
    const NAME: &str = "a_write_that_fails_leaves_the_old_contents";
    if !in_child() {
        run_in_child_after("trap '' XFSZ; ulimit -f 8", NAME);
        return;
    }
    let dir = Dir::new();
    let file = dir.file("file", "old");
    let error = block_on(Path::new(&file).write_atomic(vec![0; 1 << 20])).unwrap_err();
    let message = error.to_string();
    assert!(message.contains(&*file.to_string_lossy()), "{message}");
    assert_eq!(error.kind(), ErrorKind::FileTooLarge, "{error}");
    assert_eq!(contents(&file), b"old");
    assert_eq!(leftovers(dir.path(), &["file"]), [""; 0]);
}

/// The file before it is renamed, and the directory after.
#[test]
fn file_and_directory_are_synced() {
    const NAME: &str = "file_and_directory_are_synced";
    if in_child() {
        let dir = Dir::new();
        block_on(Path::new(dir.join("file")).write_atomic("new")).unwrap();
        return;
    }
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
        .args(["--exact", NAME, "--test-threads=1"])
        .env("ANYFILE_TEST_CHILD", "1")
        .output();
    if !traced.is_ok_and(|output| output.status.success()) {
        println!("skipped: strace does not work here");
        return;
    }
    let text = String::from_utf8(contents(&output)).unwrap();
    let calls: Vec<&str> = text
        .lines()
        .filter(|line| line.contains("sync(") || line.contains("rename"))
        .collect();
    let [file, rename, directory] = calls[..] else {
        panic!("{text}");
    };
    assert!(
        file.contains("fsync(") && file.contains("/.tmp") && file.ends_with("= 0"),
        "{text}"
    );
    assert!(
        rename.contains("rename") && rename.contains("file\""),
        "{text}"
    );
    let dir = directory.contains("fsync(") && !directory.contains("/file>");
    assert!(dir && directory.ends_with("= 0"), "{text}");
}
