//! `write_atomic`, `open_atomic`, and links.

use std::fs;
use std::io::{ErrorKind, SeekFrom};
use std::sync::atomic::{AtomicBool, Ordering};

use anyfile::{Path, PathError};
use futures_lite::future::block_on;
use futures_lite::{AsyncSeekExt, AsyncWriteExt};

use crate::common::{Dir, comes_true, contents, has_links, noise};

/// Returns the names in a directory.
fn names(dir: &Dir) -> Vec<String> {
    let names = fs::read_dir(dir.path()).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

#[test]
fn an_atomic_write_replaces_a_file_and_nothing_else() {
    let dir = Dir::new();
    fs::create_dir(dir.join("dir")).unwrap();
    let write = |name: &str, text: &str, sync| {
        let path = Path::new(dir.join(name));
        block_on(path.write_atomic(text.to_owned()).sync(sync)).map_err(|error| error.kind())
    };
    for (text, sync) in [
        ("new", true),
        ("newer", true),
        ("newest", false),
        ("", true),
    ] {
        assert_eq!(write("file", text, sync), Ok(()));
        assert_eq!(contents(&dir.join("file")), text.as_bytes());
        assert_eq!(names(&dir), ["dir", "file"]);
    }
    assert_eq!(write("dir", "x", true), Err(ErrorKind::IsADirectory));
    assert_eq!(write("missing/file", "x", true), Err(ErrorKind::NotFound));
    assert_eq!(names(&dir), ["dir", "file"]);
    let file = Path::new(dir.join("file"));
    let kept = block_on(file.write_atomic("x").no_replace(true)).unwrap_err();
    assert_eq!(kept.kind(), ErrorKind::AlreadyExists);
    block_on(
        Path::new(dir.join("free"))
            .write_atomic("x")
            .no_replace(true),
    )
    .unwrap();
    assert_eq!(names(&dir), ["dir", "file", "free"]);
}

/// A reader opens the file again and again. It finds one version or another, whole, and never none.
#[test]
fn a_reader_finds_whole_versions() {
    let dir = Dir::new();
    let path = dir.file("file", [0; 10_000]);
    let write = |version| {
        let write = Path::new(&path).write_atomic(vec![version; 10_000]);
        block_on(write.sync(false))
    };
    let is_done = AtomicBool::new(false);
    let results = std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut reads = 0;
            while !is_done.load(Ordering::Relaxed) || reads == 0 {
                let bytes = contents(&path);
                assert_eq!(bytes.len(), 10_000);
                assert!(bytes.iter().all(|byte| *byte == bytes[0]));
                reads += 1;
            }
            reads
        });
        let results: Vec<_> = (1..=100).map(write).collect();
        is_done.store(true, Ordering::Relaxed);
        println!("{} reads", reader.join().unwrap());
        results
    });
    for error in results.into_iter().filter_map(Result::err) {
        // Windows may refuse to replace a file that is open.
        let is_allowed = cfg!(windows) && error.kind() == ErrorKind::PermissionDenied;
        assert!(is_allowed, "{error}");
    }
    write(200).unwrap();
    assert_eq!(contents(&path), [200; 10_000]);
    assert_eq!(names(&dir), ["file"]);
}

#[test]
fn an_atomic_file_is_put_in_place_by_its_commit_only() {
    let dir = Dir::new();
    let path = dir.file("file", "old");
    let bytes = noise(1_000_000);
    block_on(async {
        let file = Path::new(&path);
        let mut new = file.open_atomic().await.unwrap();
        for part in bytes.chunks(12_345) {
            new.write_all(part).await.unwrap();
        }
        assert_eq!(contents(&path), b"old");
        new.commit().await.unwrap();
        assert!(contents(&path) == bytes);
        new.commit().await.unwrap();
        assert_eq!(names(&dir), ["file"]);

        for discards in [true, false] {
            let mut new = file.open_atomic().await.unwrap();
            new.write_all(&bytes[..500_000]).await.unwrap();
            if discards {
                new.discard().await.unwrap();
                assert_eq!(names(&dir), ["file"]);
            } else {
                drop(new);
            }
            assert!(comes_true(|| names(&dir) == ["file"]));
            assert!(contents(&path) == bytes);
        }

        let mut one = file.open_atomic().no_replace(true).await;
        assert!(one.is_err());
        let free = Path::new(dir.join("free"));
        one = free.open_atomic().no_replace(true).await;
        let mut other = free.open_atomic().no_replace(true).await.unwrap();
        one.unwrap().commit().await.unwrap();
        let error = other.commit().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists, "{error}");
        drop(other);
    });
    assert!(comes_true(|| names(&dir) == ["file", "free"]));
}

/// The error has a kind on every system, also where std's has none, and the position stays.
#[test]
fn a_seek_to_before_the_beginning() {
    let dir = Dir::new();
    let path = dir.file("file", "0123456789");
    block_on(async {
        let mut file = Path::new(&path).open().await.unwrap();
        file.seek(SeekFrom::Start(3)).await.unwrap();
        for to in [SeekFrom::Current(-4), SeekFrom::End(-11)] {
            let error = file.seek(to).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{to:?}: {error}");
            assert_eq!(PathError::of(&error).unwrap().path(), path);
            assert_eq!(file.seek(SeekFrom::Current(0)).await.unwrap(), 3);
        }
    });
}

#[test]
fn links_lead_where_std_leads() {
    let dir = Dir::new();
    dir.file("file", "contents");
    fs::create_dir(dir.join("dir")).unwrap();
    block_on(async {
        let link = Path::new(dir.join("hard"));
        link.hardlink_to(dir.join("file")).await.unwrap();
        assert!(link.samefile(dir.join("file")).await.unwrap());
        assert_eq!(contents(&dir.join("hard")), b"contents");

        if !has_links() {
            return;
        }
        for (name, target, is_dir) in [("soft", "file", false), ("door", "dir", true)] {
            let link = Path::new(dir.join(name));
            let made = link.symlink_to(target).target_is_directory(is_dir);
            made.await.unwrap();
            assert!(link.is_symlink().await);
            assert_eq!(
                link.read_link().await.unwrap(),
                fs::read_link(&link).unwrap()
            );
            assert_eq!(link.is_dir().await, is_dir);
            let found = link.canonicalize().await.unwrap();
            assert!(found.samefile(dir.join(target)).await.unwrap());
        }
    });
}
