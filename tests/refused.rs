//! Bytes that can never be written are not accepted, so that the file stays usable.

mod common;

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};

use anyfile::open::OpenFile;
use anyfile::{AsyncFile, PathError, open_file, wrap_file};
use futures_lite::future::block_on;
use futures_lite::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

use common::{Dir, contents, in_child, run_in_child, with_seek_kind};

/// Checks that the file works as if the refused call had not happened.
async fn goes_on(what: &str, mut file: AsyncFile, text: &str) {
    file.seek(SeekFrom::Start(0)).await.expect(what);
    let mut seen = String::new();
    file.read_to_string(&mut seen).await.expect(what);
    assert_eq!(seen, text, "{what}");
    assert_eq!(
        file.metadata().await.expect(what).len(),
        text.len() as u64,
        "{what}"
    );
    let mut start = [0; 3];
    file.read_exact_at(&mut start, 0).await.expect(what);
    file.seek(SeekFrom::Start(1)).await.expect(what);
    file.flush().await.expect(what);
    // Windows syncs only what is open for writing.
    let synced = file.sync_all().await;
    assert!(synced.is_ok() || cfg!(windows), "{what}: {synced:?}");
    let position = file.with_mut(|file| file.stream_position()).await;
    assert_eq!(position.expect(what).expect(what), 1, "{what}");
    drop(file.try_clone().await.expect(what));
    let mut inner = file.into_inner().await.expect(what);
    assert_eq!(inner.stream_position().expect(what), 1, "{what}");
}

/// Returns the error number of the system, also from an error that names a path.
fn os_error(error: &io::Error) -> Option<i32> {
    let original = PathError::of(error).map_or(error, |details| details.original());
    original.raw_os_error()
}

/// Returns `true` if a file that was opened elsewhere tells for what. Prints a line if not.
fn access_of_others_is_known() -> bool {
    if cfg!(windows) {
        println!("skipped in part: Windows does not tell how a file was opened elsewhere");
    }
    !cfg!(windows)
}

#[test]
fn a_file_that_is_not_open_for_writing() {
    let dir = Dir::new();
    let path = dir.file("file", "contents");
    // The system's error, whose number depends on the platform.
    let expected = (&File::open(&path).unwrap()).write(b"x").unwrap_err();
    for (what, wrapped) in [("opened", false), ("wrapped", true)] {
        if wrapped && !access_of_others_is_known() {
            break;
        }
        for read_before in [false, true] {
            block_on(async {
                let mut file = if wrapped {
                    wrap_file(File::open(&path).unwrap())
                } else {
                    open_file(&path).await.unwrap()
                };
                if read_before {
                    file.read_line(&mut String::new()).await.unwrap();
                }
                for _ in 0..3 {
                    let error = file.write(b"stray").await.expect_err(what);
                    assert_eq!(os_error(&error), expected.raw_os_error(), "{what}");
                    let error = file.write_at(b"stray", 1).await.expect_err(what);
                    assert_eq!(os_error(&error), expected.raw_os_error(), "{what}");
                    if !wrapped {
                        let details = PathError::of(&error).expect(what);
                        assert_eq!(details.path(), path);
                    }
                    file.flush().await.expect(what);
                }
                // A write of nothing is no mistake.
                assert_eq!(file.write(b"").await.expect(what), 0);
                goes_on(what, file, "contents").await;
            });
        }
    }
    assert_eq!(contents(&path), b"contents");
}

/// A write is refused however the read-only file was opened.
#[test]
fn a_clone_or_a_descriptor_that_is_not_open_for_writing() {
    let dir = Dir::new();
    let path = dir.file("file", "contents");
    block_on(async {
        let mut file = open_file(&path).await.unwrap();
        let mut clone = file.try_clone().await.unwrap();
        clone.write(b"stray").await.expect_err("a clone");
        goes_on("a clone", clone, "contents").await;

        let mut unbuffered = open_file(&path).read(true).buffering(0).await.unwrap();
        unbuffered
            .write(b"stray")
            .await
            .expect_err("without buffer");
        goes_on("without buffer", unbuffered, "contents").await;

        // Nor by options that say so only later.
        let mut changed = open_file(&path).read(true).write(true).append(true);
        changed = changed.write(false).append(false);
        let mut changed = changed.await.unwrap();
        changed.write(b"stray").await.expect_err("options changed");
        goes_on("options changed", changed, "contents").await;
    });
    if access_of_others_is_known() {
        block_on(async {
            let mut from = AsyncFile::from(File::open(&path).unwrap());
            from.write(b"stray").await.expect_err("from a file");
            goes_on("from a file", from, "contents").await;
        });
    }
    #[cfg(unix)]
    block_on(async {
        let mut from = AsyncFile::from(std::os::fd::OwnedFd::from(File::open(&path).unwrap()));
        from.write(b"stray").await.expect_err("from a descriptor");
        goes_on("from a descriptor", from, "contents").await;
    });
}

/// A file that may be open for writing is written to, however it was opened.
#[test]
fn a_file_that_is_open_for_writing_by_any_option() {
    let dir = Dir::new();
    let path = dir.file("file", "contents");
    let options = |set: fn(&mut OpenOptions) -> &mut OpenOptions| {
        let mut options = OpenOptions::new();
        set(&mut options);
        OpenFile::with_options(&path, options)
    };
    for (number, open) in [
        open_file(&path).write(true),
        open_file(&path).append(true),
        open_file(&path).write(true).append(false),
        open_file(&path).append(true).write(false),
        options(|options| options.write(true)),
        options(|options| options.append(true)),
        options(|options| options.read(true)).write(true),
    ]
    .into_iter()
    .enumerate()
    {
        block_on(async {
            let mut file = open.await.unwrap();
            file.write_all(b"C").await.expect("opened");
            let mut clone = file.try_clone().await.unwrap();
            clone.write_all(b"C").await.expect("a clone");
            clone.close().await.unwrap();
            file.close().await.unwrap();
        });
        assert!(contents(&path).contains(&b'C'), "way {number}");
        std::fs::write(&path, "contents").unwrap();
    }
}

#[test]
fn a_file_that_is_not_open_for_reading() {
    let dir = Dir::new();
    let path = dir.file("file", "contents");
    block_on(async {
        let mut file = open_file(&path).write(true).await.unwrap();
        file.read(&mut [0; 4]).await.unwrap_err();
        file.read_line(&mut String::new()).await.unwrap_err();
        file.read_at(&mut [0; 4], 0).await.unwrap_err();
        file.write_all(b"C").await.unwrap();
        file.close().await.unwrap();
    });
    assert_eq!(contents(&path), b"Contents");
}

/// Returns positions where no file can have a byte, and some where it could.
fn far_away() -> Vec<SeekFrom> {
    const MOST: u64 = i64::MAX as u64;
    vec![
        SeekFrom::Start(MOST),
        SeekFrom::Start(MOST - 1),
        SeekFrom::Start(MOST - 4096),
        SeekFrom::Start(MOST + 1),
        SeekFrom::Start(u64::MAX),
        SeekFrom::Start(1 << 44),
        SeekFrom::Start((1 << 44) - 4096),
        SeekFrom::Start((1 << 43) + 7),
        SeekFrom::Current(i64::MAX),
        SeekFrom::Current(i64::MIN),
        SeekFrom::Current(-1),
        SeekFrom::End(i64::MAX),
        SeekFrom::End(i64::MAX - 8),
        SeekFrom::End(i64::MIN),
        SeekFrom::End(-9),
    ]
}

/// A seek is refused where std refuses it, and the position stays. Where it is not refused, a write there does
/// the same as in std.
#[test]
fn a_seek_to_where_no_byte_can_be() {
    let dir = Dir::new();
    let mut wrong = Vec::new();
    for to in far_away() {
        for written in [false, true] {
            let (ours, theirs) = (dir.file("ours", "contents"), dir.file("theirs", "contents"));
            let mut std = File::options();
            let mut std = std.read(true).write(true).open(&theirs).unwrap();
            block_on(async {
                let mut file = open_file(&ours).read(true).write(true).await.unwrap();
                if written {
                    file.write_all(b"C").await.unwrap();
                    std.write_all(b"C").unwrap();
                }
                let (seen, expected) = (file.seek(to).await, std.seek(to).map_err(with_seek_kind));
                let kinds =
                    |result: &io::Result<u64>| result.as_ref().map_err(|e| e.kind()).copied();
                if kinds(&seen) != kinds(&expected) {
                    wrong.push(format!("{to:?}: {seen:?}, not {expected:?}"));
                    return;
                }
                // At the end of all that there can be, there is nothing to read.
                let (mut buf, mut other) = ([0; 4], [0; 4]);
                let read = (file.read(&mut buf).await.ok(), std.read(&mut other).ok());
                if read.0 != read.1 || buf != other {
                    wrong.push(format!("{to:?}: read {read:?}"));
                }
                let written = match file.write(b"x").await {
                    Ok(_) => file.flush().await,
                    Err(error) => Err(error),
                };
                let expected = std.write(b"x").map(drop);
                if written.is_ok() != expected.is_ok() {
                    wrong.push(format!("{to:?}: write {written:?}, not {expected:?}"));
                }
            });
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// After a refused seek, the file continues at its old position.
#[test]
fn a_seek_that_was_refused_changes_nothing() {
    let dir = Dir::new();
    for to in far_away() {
        let path = dir.file("file", "contents");
        let refused = File::open(&path).unwrap().seek(to).is_err();
        if !refused {
            continue;
        }
        block_on(async {
            let mut file = open_file(&path).read(true).write(true).await.unwrap();
            let what = format!("{to:?}");
            file.seek(to).await.expect_err(&what);
            file.write_all(b"C").await.expect(&what);
            // That it went to the start is seen here.
            goes_on(&what, file, "Contents").await;
        });
    }
}

#[test]
fn the_same_without_the_no_wait_calls() {
    if in_child() {
        return;
    }
    for test in [
        "a_file_that_is_not_open_for_writing",
        "a_clone_or_a_descriptor_that_is_not_open_for_writing",
        "a_file_that_is_not_open_for_reading",
        "a_seek_to_where_no_byte_can_be",
        "a_seek_that_was_refused_changes_nothing",
    ] {
        run_in_child(test, &[("ANYFILE_NOWAIT", "0")]);
    }
}
