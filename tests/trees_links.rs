//! Copies keep the holes of sparse files, and hard links between the copied files.

#![cfg(target_os = "linux")]

mod common;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::os::unix::fs::{FileExt, MetadataExt, symlink};
use std::path::{Path as StdPath, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use anyfile::Path;
use anyfile::path::CopyProgress;
use futures_lite::future::block_on;

use common::{Dir, contents, noise};

/// Copies with GNU `cp -a`. Prints a line if it is not installed.
fn cp(source: &StdPath, target: &StdPath) -> bool {
    let copied = Command::new("cp").arg("-a").args([source, target]).status();
    let copied = copied.is_ok_and(|status| status.success());
    if !copied {
        println!("skipped: no cp -a");
    }
    copied
}

fn copied(source: &StdPath, target: &StdPath) -> Vec<CopyProgress> {
    let progress = Arc::new(Mutex::new(Vec::new()));
    let notes = progress.clone();
    let copy = Path::new(source).copy(target).preserve_metadata(true);
    let copy = copy.follow_symlinks(false).exist_ok(true);
    let copy = copy.on_progress(move |progress| notes.lock().unwrap().push(progress));
    block_on(copy).unwrap();
    progress.lock().unwrap().clone()
}

fn moved(source: &StdPath, target: &StdPath) {
    block_on(Path::new(source).move_to(target)).unwrap();
}

/// Creates files of 8 MiB and some bytes, with data in different places.
fn sparse(dir: &StdPath) -> Vec<PathBuf> {
    const LEN: u64 = (8 << 20) + 123;
    const MIB: u64 = 1 << 20;
    let places: [(&str, &[u64]); 6] = [
        ("none", &[]),
        ("begin", &[0]),
        ("middle", &[3 * MIB]),
        ("end", &[LEN - 1000]),
        ("several", &[0, MIB + 4096, 2 * MIB, 6 * MIB + 11]),
        ("begin and end", &[0, LEN - 1000]),
    ];
    let made = places.map(|(name, places)| {
        let path = dir.join(name);
        let file = File::create(&path).unwrap();
        for place in places {
            file.write_all_at(&noise(1000), *place).unwrap();
        }
        file.set_len(LEN).unwrap();
        file.sync_all().unwrap();
        path
    });
    made.into()
}

fn blocks(path: &StdPath) -> u64 {
    File::open(path).unwrap().sync_all().unwrap();
    fs::metadata(path).unwrap().blocks()
}

#[test]
fn holes_stay_holes() {
    let (here, memory) = (Dir::new(), Dir::in_memory());
    for (name, dir) in [("there", &here), ("in memory", &memory)] {
        let source = here.join(&format!("source {name}"));
        fs::create_dir(&source).unwrap();
        let files = sparse(&source);
        let dense = source.join("dense");
        fs::write(&dense, noise(3 << 20)).unwrap();
        if blocks(&files[0]) > 100 {
            println!("skipped: this filesystem has no holes");
            return;
        }
        let reference = dir.join(&format!("reference {name}"));
        if !cp(&source, &reference) {
            return;
        }
        let before: Vec<_> = files.iter().map(|path| contents(path)).collect();
        let target = dir.join(&format!("target {name}"));
        let progress = copied(&source, &target);
        let again = dir.join(&format!("again {name}"));
        let last = progress.last().unwrap();
        let total = files.len() as u64 * ((8 << 20) + 123) + (3 << 20);
        assert_eq!(last.done.bytes, total);
        assert_eq!(last.total, Some(last.done));
        assert!(contents(&target.join("dense")) == contents(&dense));
        moved(&source, &again);
        for (path, before) in files.iter().zip(&before) {
            let name = path.file_name().unwrap();
            let expected = blocks(&reference.join(name));
            for copy in [&target, &again] {
                let copy = copy.join(name);
                assert!(contents(&copy) == *before, "{copy:?}");
                let blocks = blocks(&copy);
                assert!(blocks <= expected, "{copy:?}: {blocks} > {expected}");
            }
        }
    }
}

/// Generated files, such as those in `/proc`, report no size or a wrong one. The oracle is std.
#[test]
fn files_that_are_made_up() {
    let dir = Dir::new();
    for path in [
        "/proc/version",
        "/proc/filesystems",
        "/sys/kernel/mm/transparent_hugepage/enabled",
        "/sys/kernel/notes",
        "/proc/config.gz",
    ] {
        let (ours, theirs) = (dir.join("ours"), dir.join("theirs"));
        if let Err(error) = fs::copy(path, &theirs) {
            println!("skipped: {path}: {error}");
            continue;
        }
        let copy = Path::new(path).copy(&ours);
        block_on(copy).unwrap();
        assert!(!contents(&theirs).is_empty(), "{path}");
        assert_eq!(contents(&ours), contents(&theirs), "{path}");
    }
}

/// Returns the number of links and the names of each file in a tree.
fn families(root: &StdPath) -> Vec<(u64, Vec<PathBuf>)> {
    let mut found = BTreeMap::<u64, (u64, Vec<PathBuf>)>::new();
    let mut rest = vec![root.to_path_buf()];
    while let Some(dir) = rest.pop() {
        for entry in fs::read_dir(&dir).unwrap().map(Result::unwrap) {
            let metadata = entry.metadata().unwrap();
            if metadata.is_dir() {
                rest.push(entry.path());
            } else if metadata.is_file() {
                let family = found.entry(metadata.ino()).or_default();
                family.0 = metadata.nlink();
                let name = entry.path().strip_prefix(root).unwrap().to_path_buf();
                family.1.push(name);
            }
        }
    }
    let mut families: Vec<_> = found.into_values().collect();
    for family in &mut families {
        family.1.sort();
    }
    families.sort_by(|a, b| a.1.cmp(&b.1));
    families
}

fn linked(dir: &Dir) -> PathBuf {
    let source = dir.join("source");
    for name in ["", "one", "two/below", "three"] {
        fs::create_dir_all(source.join(name)).unwrap();
    }
    let files = ["a", "one/b", "two/below/c", "two/d", "three/e", "alone"];
    for name in files {
        fs::write(source.join(name), name).unwrap();
    }
    for (old, new) in [
        ("a", "one/a"),
        ("a", "two/below/a"),
        ("one/b", "b"),
        ("two/below/c", "three/c"),
        ("two/below/c", "two/below/c2"),
        ("three/e", "three/f"),
    ] {
        fs::hard_link(source.join(old), source.join(new)).unwrap();
    }
    // One more name, outside of the copied tree.
    fs::hard_link(source.join("two/d"), dir.join("outside")).unwrap();
    source
}

#[test]
fn hard_links_stay_links() {
    let (dir, memory) = (Dir::new(), Dir::in_memory());
    let source = linked(&dir);
    let reference = dir.join("reference");
    if !cp(&source, &reference) {
        return;
    }
    let expected = families(&reference);
    assert_eq!(expected.len(), 6);
    let target = dir.join("target");
    for _ in 0..2 {
        // The second time onto the existing target.
        let progress = copied(&source, &target);
        assert_eq!(families(&target), expected);
        let last = progress.last().unwrap();
        assert_eq!(last.total, Some(last.done));
        for (_, names) in &expected {
            for name in names {
                assert_eq!(contents(&target.join(name)), contents(&source.join(name)));
            }
        }
    }
    let times = |root: &StdPath| fs::metadata(root.join("one/a")).unwrap().mtime_nsec();
    assert_eq!(times(&target), times(&source));

    let plain = dir.join("plain");
    block_on(Path::new(&source).copy(&plain)).unwrap();
    assert!(families(&plain).iter().all(|family| family.0 == 1));

    let device = |dir: &Dir| fs::metadata(dir.path()).unwrap().dev();
    if device(&dir) == device(&memory) {
        // A rename, by which a name outside of the tree stays one.
        return println!("not moved: there is one filesystem only");
    }
    let there = memory.join("there");
    moved(&source, &there);
    assert!(!source.exists());
    assert_eq!(families(&there), expected);
    assert_eq!(contents(&there.join("two/below/c2")), b"two/below/c");
}

/// A link is copied over any existing file or link, but never over a directory.
#[test]
fn onto_what_is_there() {
    let dir = Dir::new();
    let source = linked(&dir);
    let target = dir.join("target");
    fs::create_dir_all(target.join("three")).unwrap();
    let kept = dir.file("kept", "kept");
    for name in ["a", "b", "three/c", "three/e", "three/f"] {
        fs::write(target.join(name), "old and longer").unwrap();
    }
    fs::create_dir(target.join("one")).unwrap();
    symlink(&kept, target.join("one/a")).unwrap();
    copied(&source, &target);
    assert_eq!(contents(&kept), b"kept");
    assert_eq!(families(&target), {
        let mut expected = families(&source);
        for family in &mut expected {
            family.0 = family.1.len() as u64;
        }
        expected
    });
    for (_, names) in families(&source) {
        for name in names {
            assert_eq!(contents(&target.join(&name)), contents(&source.join(&name)));
        }
    }
    fs::remove_file(target.join("three/f")).unwrap();
    fs::remove_file(target.join("three/e")).unwrap();
    for name in ["three/e", "three/f"] {
        fs::create_dir(target.join(name)).unwrap();
    }
    let copy = Path::new(&source).copy(&target).preserve_metadata(true);
    let error = block_on(copy.exist_ok(true)).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::IsADirectory, "{error}");
}

/// Even if the first copy of a file is swapped, no other file gets a name in the target.
#[test]
fn the_first_copy_is_swapped_for_a_secret() {
    let dir = Dir::new();
    let source = dir.join("source");
    for number in 0..20 {
        let below = source.join(format!("{number}/below"));
        fs::create_dir_all(&below).unwrap();
        for number in 0..20 {
            fs::write(below.join(number.to_string()), "x").unwrap();
        }
        match number {
            0 => fs::write(below.join("file"), "harmless").unwrap(),
            _ => fs::hard_link(source.join("0/below/file"), below.join("file")).unwrap(),
        }
    }
    let outside = dir.join("outside");
    fs::create_dir(&outside).unwrap();
    let secret = dir.file("outside/file", "secret");
    let target = dir.join("target");
    let (place, swapped) = (target.clone(), Arc::new(Mutex::new(0)));
    let count = swapped.clone();
    let copy = Path::new(&source).copy(&target).preserve_metadata(true);
    let copy = copy.on_progress(move |_| {
        for number in 0..20 {
            let below = place.join(format!("{number}/below"));
            if !below.is_symlink() && below.join("file").exists() {
                let old = below.with_extension("old");
                let _ = fs::rename(&below, old).and_then(|()| symlink(&outside, &below));
                *count.lock().unwrap() += 1;
            }
        }
    });
    // The copy may fail, since it may be in a directory that is swapped.
    println!("{:?}", block_on(copy));
    println!("{} swaps", swapped.lock().unwrap());
    assert!(*swapped.lock().unwrap() > 1);
    assert_eq!(fs::metadata(&secret).unwrap().nlink(), 1);
    for number in 0..20 {
        for below in ["below", "below.old"] {
            let file = target.join(format!("{number}/{below}/file"));
            if !target.join(format!("{number}/{below}")).is_symlink() && file.exists() {
                assert_eq!(contents(&file), b"harmless");
            }
        }
    }
}
