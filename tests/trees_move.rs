//! `move_to` renames if that is possible. Otherwise it copies, and removes either everything or nothing from the
//! source.

#![cfg(target_os = "linux")]

mod common;

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path as StdPath, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyfile::Path;
use futures_lite::future::block_on;

use common::tree::{Mounted, Snapshot, generate, tmpfs};
use common::{Dir, contents, elsewhere, is_root, noise, poll_times};

fn moved(source: &StdPath, target: &StdPath) -> io::Result<Path> {
    block_on(Path::new(source).move_to(target))
}

#[test]
fn by_name() {
    let dir = Dir::new();
    let source = dir.join("source");
    generate(&source, 200);
    let (before, inode) = (Snapshot::of(&source), fs::metadata(&source).unwrap().ino());
    let target = dir.join("target");
    let copy = Path::new(&source)
        .move_to(&target)
        .on_progress(|_| panic!("nothing is copied"));
    assert_eq!(block_on(copy).unwrap(), *target);
    Snapshot::of(&target).assert_is(&before);
    assert_eq!(fs::metadata(&target).unwrap().ino(), inode);
    assert!(!source.exists());
}

/// Mounts a filesystem that ignores case, if that is possible here.
fn ignoring_case() -> Option<Mounted> {
    let images = Dir::new();
    let image = images.join("image");
    let dir = tempfile::tempdir().unwrap();
    // Tries one filesystem after another, since few kernels have all of them.
    let script = r#"
        truncate -s 320M "$1" || exit 1
        mkfs.ext4 -q -F -O casefold "$1" && mount -o loop "$1" "$2" &&
            mkdir "$2/d" && chattr +F "$2/d" && exit
        umount "$2"
        mkfs.vfat "$1" && mount -o loop "$1" "$2" && mkdir "$2/d" && exit
        mkfs.xfs -q -f -n version=ci "$1" && mount -o loop "$1" "$2" && mkdir "$2/d" && exit
        mount -t tmpfs -o casefold tmpfs "$2" && mkdir "$2/d" && chattr +F "$2/d" && exit
        umount "$2"
        exit 1
    "#;
    let mut shell = Command::new("sh");
    shell.args(["-c", script, "sh"]).arg(&image).arg(dir.path());
    match shell.output() {
        Ok(output) if output.status.success() => Some(Mounted(dir)),
        output => {
            let said = output.map(|output| String::from_utf8_lossy(&output.stderr).into_owned());
            println!("skipped: no filesystem that ignores case can be made: {said:?}");
            None
        }
    }
}

#[test]
fn a_name_in_another_case() {
    let Some(mounted) = ignoring_case() else {
        return;
    };
    let dir = mounted.path().join("d");
    for (from, to) in [("notes", "NOTES"), ("NOTES", "Notes")] {
        fs::write(dir.join("notes"), "1").unwrap();
        moved(&dir.join(from), &dir.join(to)).unwrap();
        assert_eq!(contents(&dir.join(to)), b"1", "{from} {to}");
        fs::create_dir(dir.join("dir")).unwrap();
        moved(&dir.join("dir"), &dir.join("DIR")).unwrap();
        fs::remove_dir(dir.join("DIR")).unwrap();
    }
    let names = fs::read_dir(&dir).unwrap();
    assert_eq!(names.count(), 1);
    // The same name is still the same file.
    let error = moved(&dir.join("notes"), &dir.join("notes")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
}

#[test]
fn two_hard_links_are_two_names() {
    let dir = Dir::new();
    let one = dir.file("notes", "1");
    for other in ["NOTES", "other"] {
        let other = dir.join(other);
        fs::hard_link(&one, &other).unwrap();
        let error = moved(&one, &other).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        assert!(one.exists() && other.exists());
    }
}

/// Existing targets are treated alike, whether the move is a rename or a copy.
fn what_is_at_the_target(here: &StdPath, there: &StdPath) {
    let text = |path: &StdPath| String::from_utf8(contents(path)).unwrap();
    let (from, to) = (|name: &str| here.join(name), |name: &str| there.join(name));
    let again = || {
        fs::write(from("file"), "new").unwrap();
        from("file")
    };
    fs::write(to("kept"), "old").unwrap();
    fs::write(to("old"), "old and longer").unwrap();
    symlink("kept", to("link")).unwrap();
    for name in ["old", "link"] {
        moved(&again(), &to(name)).unwrap();
        assert_eq!(text(&to(name)), "new");
        assert!(!to(name).is_symlink() && !from("file").exists());
    }
    assert_eq!(text(&to("kept")), "old");

    symlink("nowhere", from("soft")).unwrap();
    moved(&from("soft"), &to("old")).unwrap();
    assert_eq!(fs::read_link(to("old")).unwrap(), StdPath::new("nowhere"));

    for name in ["empty", "full/below"] {
        fs::create_dir_all(to(name)).unwrap();
    }
    let kind = |from: PathBuf, to: PathBuf| moved(&from, &to).map_err(|error| error.kind());
    assert_eq!(kind(again(), to("empty")), Err(ErrorKind::IsADirectory));
    assert_eq!(kind(again(), to("missing/file")), Err(ErrorKind::NotFound));
    assert_eq!(text(&from("file")), "new");
    fs::create_dir_all(from("tree/below")).unwrap();
    // POSIX lets a filesystem choose the error, and xfs differs.
    assert!(matches!(
        kind(from("tree"), to("full")),
        Err(ErrorKind::DirectoryNotEmpty | ErrorKind::AlreadyExists)
    ));
    assert_eq!(
        kind(from("tree"), to("kept")),
        Err(ErrorKind::NotADirectory)
    );
    assert!(from("tree/below").is_dir());
    moved(&from("tree"), &to("empty")).unwrap();
    assert!(to("empty/below").is_dir() && !from("tree").exists());
    assert_eq!(kind(from("missing"), to("new")), Err(ErrorKind::NotFound));
}

#[test]
fn what_is_at_the_target_here() {
    let (here, there) = (Dir::new(), Dir::new());
    what_is_at_the_target(here.path(), there.path());
}

#[test]
fn what_is_at_the_target_elsewhere() {
    let here = Dir::new();
    let Some(there) = elsewhere() else { return };
    what_is_at_the_target(here.path(), there.path());
    let new = Dir::new();
    let back = tempfile::tempdir_in(there.path()).unwrap();
    what_is_at_the_target(back.path(), new.path());
}

#[test]
fn across_filesystems_and_back() {
    let dir = Dir::new();
    let Some(there) = elsewhere() else { return };
    if !common::filesystem::has_attributes(there.path()) {
        return;
    }
    let source = dir.join("source");
    let made = generate(&source, 3000);
    if is_root() {
        std::os::unix::fs::chown(source.join("7"), Some(65534), Some(65534)).unwrap();
    }
    let before = Snapshot::of(&source);
    let progress = Arc::new(Mutex::new(Vec::new()));
    let notes = progress.clone();
    let moving = Path::new(&source).move_to(there.path().join("target"));
    let moving = moving.on_progress(move |progress| notes.lock().unwrap().push(progress));
    let target = block_on(moving).unwrap();
    Snapshot::of(target.as_ref()).assert_is(&before);
    assert!(fs::symlink_metadata(&source).is_err());
    let last = progress.lock().unwrap().pop().unwrap();
    assert_eq!((last.done.entries, last.done.bytes), made);
    assert_eq!(last.total, Some(last.done));

    let back = block_on(target.move_into(dir.path())).unwrap();
    Snapshot::of(back.as_ref()).assert_is(&before);
    assert!(fs::read_dir(there.path()).unwrap().next().is_none());
}

/// Moves a tree with links and times. The oracle is `shutil.move`.
#[test]
fn as_python_does() {
    let (dir, Some(there)) = (Dir::new(), elsewhere()) else {
        return;
    };
    for name in ["ours", "theirs"] {
        generate(&dir.join(name), 300);
    }
    let script = "import shutil, sys; shutil.move(sys.argv[1], sys.argv[2])";
    let (ours, theirs) = (there.path().join("ours"), there.path().join("theirs"));
    let mut python = Command::new("python3");
    python
        .args(["-c", script])
        .arg(dir.join("theirs"))
        .arg(&theirs);
    match python.output() {
        Ok(output) if output.status.success() => {}
        result => return println!("skipped: no Python: {result:?}"),
    }
    moved(&dir.join("ours"), &ours).unwrap();
    let diff = Command::new("diff")
        .args(["-r", "--no-dereference"])
        .args([&theirs, &ours])
        .output();
    assert!(diff.unwrap().status.success());
    // Only of files with plain names, since directories and links have the times of their creation here.
    for path in Snapshot::of(&theirs).paths().filter(|path| path.len() < 6) {
        let times = [&theirs, &ours].map(|root| {
            let found = fs::symlink_metadata(root.join(path.trim_matches('"'))).ok();
            found
                .filter(|found| found.is_file())
                .map(|found| (found.mtime(), found.mode()))
        });
        assert_eq!(times[0], times[1], "{path}");
    }
    assert!(fs::read_dir(dir.path()).unwrap().next().is_none());
}

#[test]
fn no_room_in_the_middle() {
    let dir = Dir::new();
    let source = dir.join("source");
    fs::create_dir_all(source.join("below")).unwrap();
    for number in 0..40 {
        dir.file(&format!("source/below/{number}"), noise(100_000));
    }
    let before = Snapshot::of(&source);
    let Some(full) = tmpfs("2m") else { return };
    let error = moved(&source, &full.path().join("target")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StorageFull, "{error}");
    let message = error.to_string();
    assert!(message.starts_with(&format!("failed to move `{}/below/", source.display())));
    assert!(message.contains("/target/below/"), "{message}");
    Snapshot::of(&source).assert_is(&before);
}

#[test]
fn dropped_before_all_has_arrived() {
    let dir = Dir::new();
    let Some(there) = elsewhere() else { return };
    let source = dir.join("source");
    generate(&source, 3000);
    let before = Snapshot::of(&source);
    let moving = Path::new(&source).move_to(there.path().join("target"));
    assert!(poll_times(moving, 4).is_none());
    std::thread::sleep(Duration::from_millis(300));
    Snapshot::of(&source).assert_is(&before);
}

/// Files that are added or changed between copying and removing are not removed.
#[test]
fn what_has_no_copy_stays() {
    let dir = Dir::new();
    let Some(there) = elsewhere() else { return };
    type Change = fn(&StdPath);
    let changes: [(&str, Change); 3] = [
        ("new", |path| fs::write(path, "new").unwrap()),
        ("grown", |path| {
            fs::write(path, "longer than before").unwrap()
        }),
        ("other", |path| {
            fs::remove_file(path).unwrap();
            symlink("x", path).unwrap();
        }),
    ];
    for (name, change) in changes {
        let source = dir.join(&format!("source of {name}"));
        fs::create_dir_all(source.join("below")).unwrap();
        for existing in ["grown", "other"] {
            fs::write(source.join("below").join(existing), "x").unwrap();
        }
        let path = source.join("below").join(name);
        let changed = path.clone();
        let moving = Path::new(&source).move_to(there.path().join(name));
        let moving = moving.on_progress(move |progress| {
            if progress.total == Some(progress.done) && progress.done.entries == 4 {
                change(&changed);
            }
        });
        let error = block_on(moving).unwrap_err();
        let expected = format!(
            "failed to remove after copying `{}`: it differs from its copy",
            path.display()
        );
        assert_eq!(error.to_string(), expected);
        assert!(fs::symlink_metadata(&path).is_ok());
        assert_eq!(contents(&there.path().join(name).join("below/grown")), b"x");
    }
}

#[test]
fn deep() {
    let dir = Dir::new();
    let Some(there) = elsewhere() else { return };
    let source = dir.join("source");
    let deep = source.join(vec!["d"; 1200].join("/"));
    fs::create_dir_all(&deep).unwrap();
    for level in deep.ancestors().take(1200).step_by(7) {
        fs::write(level.join("a"), "1").unwrap();
        fs::write(level.join("z"), "2").unwrap();
    }
    moved(&source, &there.path().join("target")).unwrap();
    assert!(!source.exists());
    let name = deep.strip_prefix(&source).unwrap();
    assert!(there.path().join("target").join(name).join("z").is_file());
}
