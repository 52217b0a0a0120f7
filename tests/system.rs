//! Faults of the system: disks, descriptors and threads that run out, files that change under an open
//! stream, calls that are interrupted.
//!
//! `ANYFILE_STORM=20` makes it twenty times as heavy.

#![cfg(target_os = "linux")]

mod common;

use anyfile::{AsyncFile, Path, PathError, open_file};
use common::{
    Dir, Tmpfs, contents, descriptors, in_child, noise, run_in_child_after, storm, until,
};
use futures_lite::future::block_on;
use futures_lite::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt, StreamExt};
use std::fs::File;
use std::io::{self, SeekFrom};
use std::path::Path as StdPath;
use std::process::Command;

const ENOSPC: i32 = 28;
const EMFILE: i32 = 24;

/// The error is the system's, and names the path.
#[track_caller]
fn is_named<R: std::fmt::Debug>(result: io::Result<R>, errno: i32, path: &StdPath) {
    let error = result.expect_err("the system refuses this");
    let details = PathError::of(&error).unwrap_or_else(|| panic!("unnamed: {error}"));
    assert_eq!(details.original().raw_os_error(), Some(errno), "{error}");
    assert!(details.path().starts_with(path), "{error}");
}

/// Writes in pieces until the system refuses; gives back what was not accepted.
async fn write_some<'a>(file: &mut AsyncFile, data: &'a [u8], path: &StdPath) -> &'a [u8] {
    let mut rest = data;
    for piece in [700, 4096, 1, 9_000, 5_000].into_iter().cycle() {
        match file.write(&rest[..piece.min(rest.len())]).await {
            Ok(0) => break,
            Ok(written) => rest = &rest[written..],
            Err(error) => {
                is_named::<()>(Err(error), ENOSPC, path);
                break;
            }
        }
    }
    rest
}

/// What must see every accepted byte written.
const ENDINGS: [&str; 9] = [
    "flush",
    "sync_all",
    "sync_data",
    "close",
    "seek",
    "read",
    "set_len",
    "metadata",
    "write_at",
];

async fn end(file: &mut AsyncFile, ending: &str) -> io::Result<()> {
    match ending {
        "flush" => file.flush().await,
        "sync_all" => file.sync_all().await,
        "sync_data" => file.sync_data().await,
        "close" => file.close().await,
        "seek" => file.seek(SeekFrom::Start(3)).await.map(drop),
        "read" => file.read(&mut [0; 10]).await.map(drop),
        "set_len" => file.set_len(60_000).await,
        "metadata" => file.metadata().await.map(drop),
        _ => file.write_at(&noise(60_000)[..10], 0).await.map(drop),
    }
}

/// The disk is full at one write after another; then there is room.
#[test]
fn what_does_not_fit_is_written_when_there_is_room() {
    let Some(disk) = Tmpfs::new(256 * 1024) else {
        return;
    };
    let data = noise(60_000);
    let path = disk.dir().join("file");
    let mut refused = 0;
    for round in 0..storm() {
        for pages in 0..14 {
            for (number, ending) in ENDINGS.into_iter().enumerate() {
                let buffering = [900, 4_096, 10_000, 131_072][(number + pages + round) % 4];
                disk.fill_but(pages as u64);
                block_on(async {
                    let opening = open_file(&path).read(true).write(true);
                    let opening = opening.create(true).truncate(true).buffering(buffering);
                    let mut file = opening.await.unwrap();
                    let mut rest = write_some(&mut file, &data, &path).await;
                    for _ in 0..2 {
                        is_named(end(&mut file, ending).await, ENOSPC, &path);
                        let written = contents(&path);
                        assert!(written.len() <= pages * 4096 && data.starts_with(&written));
                        refused += 1;
                    }
                    disk.make_room();
                    // What a job met before there was room is reported once.
                    let _ = file.flush().await;
                    rest = write_some(&mut file, rest, &path).await;
                    assert!(rest.is_empty());
                    match number % 3 {
                        0 => end(&mut file, ending).await.unwrap(),
                        1 => drop(file),
                        _ => drop(file.into_inner().await.unwrap()),
                    }
                });
                assert!(contents(&path) == data, "{ending}, {pages} pages");
                disk.remove(&path);
            }
        }
    }
    println!("refused {refused} times");
}

/// What is not buffered, or writes a file as a whole.
#[test]
fn a_full_disk_and_whole_files() {
    let Some(disk) = Tmpfs::new(256 * 1024) else {
        return;
    };
    let data = noise(60_000);
    let file = disk.dir().file("file", "old");
    let path = Path::new(&file);
    let names = || std::fs::read_dir(disk.dir().path()).unwrap().count();
    for pages in 0..14 {
        block_on(async {
            disk.fill_but(pages);
            is_named(path.write_atomic(&data[..]).await, ENOSPC, &file);
            assert_eq!(contents(&file), b"old");
            assert_eq!(names(), 2, "a temporary file is left");
            disk.make_room();
            path.write_atomic(&data[..]).await.unwrap();
            assert!(contents(&file) == data);

            std::fs::write(&file, "").unwrap();
            disk.fill_but(pages);
            is_named(path.write_bytes(&data[..]).await, ENOSPC, &file);
            disk.make_room();
            path.write_bytes(&data[..]).await.unwrap();
            assert!(contents(&file) == data);

            std::fs::write(&file, "").unwrap();
            disk.fill_but(pages);
            let open = open_file(&path).write(true).await.unwrap();
            is_named(open.write_all_at(&data, 0).await, ENOSPC, &file);
            disk.make_room();
            open.write_all_at(&data, 0).await.unwrap();
            assert!(contents(&file) == data);
            std::fs::write(&file, "old").unwrap();
        });
    }
}

/// The system refuses to make the file longer; then it does not.
#[test]
fn a_limit_on_the_size_of_files() {
    const NAME: &str = "a_limit_on_the_size_of_files";
    if !in_child() {
        let output = run_in_child_after("trap '' XFSZ; ulimit -S -f 40", NAME);
        return print!("{output}");
    }
    const EFBIG: i32 = 27;
    let dir = Dir::new();
    let data = noise(200_000);
    let path = dir.join("file");
    block_on(async {
        let opening = open_file(&path).write(true).create(true);
        let mut file = opening.buffering(300_000).await.unwrap();
        file.write_all(&data).await.unwrap();
        for _ in 0..2 {
            is_named(file.flush().await, EFBIG, &path);
            is_named(file.close().await, EFBIG, &path);
            is_named(file.set_len(300_000).await, EFBIG, &path);
        }
        let written = contents(&path);
        assert!(written.len() >= 40 * 512 && data.starts_with(&written));
        let pid = std::process::id().to_string();
        let lifted = Command::new("prlimit")
            .args(["--fsize=unlimited:", "--pid", &pid])
            .status();
        if !lifted.is_ok_and(|status| status.success()) {
            return println!("skipped the rest: prlimit does not work here");
        }
        file.close().await.unwrap();
        assert!(contents(&path) == data);
    });
}

/// Opens what the limit lets be opened, but for so many.
fn open_all_but(room: usize) -> Vec<File> {
    let mut open: Vec<File> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
    open.truncate(open.len() - room);
    open
}

/// Each operation works with as few descriptors as it must have, and says so if it cannot.
#[test]
fn no_descriptor_is_left() {
    const NAME: &str = "no_descriptor_is_left";
    if !in_child() {
        return print!("{}", run_in_child_after("ulimit -n 64", NAME));
    }
    let dir = Dir::new();
    let (file, inner) = (dir.file("file", "contents"), dir.join("dir"));
    std::fs::create_dir(&inner).unwrap();
    std::os::unix::fs::symlink("file", dir.join("link")).unwrap();
    let (path, link) = (Path::new(&file), Path::new(dir.join("link")));
    let opening = async {
        open_file(dir.file("open", "contents"))
            .read(true)
            .write(true)
            .await
    };
    let mut open = block_on(opening).unwrap();
    let before = descriptors();
    // Learns what can be answered without waiting.
    for room in [8, 0, 1, 2, 3] {
        let ballast = open_all_but(room);
        let check = |needs: usize, name: &str, path: &StdPath, result: io::Result<()>| {
            println!("{name} with {room}: {result:?}");
            match result {
                Ok(()) => assert!(room >= needs, "{name} with {room}"),
                Err(error) if room < needs => is_named::<()>(Err(error), EMFILE, path),
                Err(error) => panic!("{name} with {room}: {error}"),
            }
        };
        block_on(async {
            check(0, "metadata", &file, path.metadata().await.map(drop));
            let found = link.symlink_metadata().await;
            check(0, "symlink_metadata", &file, found.map(drop));
            assert!(path.exists().await && link.is_symlink().await);
            assert!(path.try_exists().await.unwrap() && path.is_file().await);
            assert!(path.samefile(&link).await.unwrap());
            check(
                0,
                "canonicalize",
                &file,
                link.canonicalize().await.map(drop),
            );
            check(0, "touch", &file, path.touch().await);
            check(1, "open", &file, path.open().await.map(drop));
            check(1, "read_text", &file, path.read_text().await.map(drop));
            check(1, "write_bytes", &file, path.write_bytes("contents").await);
            check(
                2,
                "write_atomic",
                &file,
                path.write_atomic("contents").await,
            );
            let names = Path::new(dir.path())
                .iterdir()
                .try_collect::<_, _, Vec<_>>();
            let names = names.await;
            assert!(names.as_ref().map_or(4, Vec::len) == 4);
            check(1, "iterdir", dir.path(), names.map(drop));
            // What is open goes on.
            let mut read = String::new();
            open.seek(SeekFrom::Start(0)).await.unwrap();
            open.read_to_string(&mut read).await.unwrap();
            assert_eq!(read, "contents");
            open.write_all(b"!").await.unwrap();
            open.set_len(8).await.unwrap();
            open.sync_all().await.unwrap();
            assert_eq!(open.read_at(&mut [0; 9], 0).await.unwrap(), 8);
            check(
                1,
                "try_clone",
                &dir.join("open"),
                open.try_clone().await.map(drop),
            );
        });
        drop(ballast);
        until("no descriptor is left open", || descriptors() == before);
    }
}

/// A search that meets the limit tells what it could not read, and finds all the rest.
#[test]
fn a_search_without_descriptors() {
    const NAME: &str = "a_search_without_descriptors";
    if !in_child() {
        return print!("{}", run_in_child_after("ulimit -n 64", NAME));
    }
    const DIRS: usize = 300;
    let dir = Dir::new();
    for number in 0..DIRS {
        let inner = dir.join(&format!("{number}"));
        std::fs::create_dir(&inner).unwrap();
        File::create(inner.join("file")).unwrap();
    }
    let before = descriptors();
    for room in [0, 1, 2, 3, 8] {
        let ballast = open_all_but(room);
        let (mut found, mut failed) = (0, 0);
        block_on(async {
            let mut search = Path::new(dir.path()).rglob("*").workers(4);
            while let Some(item) = search.next().await {
                match item {
                    Ok(_) => found += 1,
                    Err(error) => {
                        is_named::<()>(Err(error), EMFILE, dir.path());
                        failed += 1;
                    }
                }
            }
        });
        drop(ballast);
        println!("room for {room}: {found} found, {failed} not read");
        match room {
            0 => assert_eq!((found, failed), (0, 1)),
            _ => assert_eq!(found + failed, 2 * DIRS),
        }
        until("no descriptor is left open", || descriptors() == before);
    }
}
