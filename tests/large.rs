//! Files whose sizes and offsets do not fit into 32 bits, as a `usize` has on some platforms.
//!
//! The files are mostly holes. Where the filesystem has none, or no files of that size, the tests skip.

mod common;

use std::io::SeekFrom;
#[cfg(target_os = "linux")]
use std::io::{self, ErrorKind};

#[cfg(target_os = "linux")]
use anyfile::PathError;
use anyfile::{AsyncFile, Path, open_file};
use futures_lite::future::block_on;
use futures_lite::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt, StreamExt};

use common::Dir;

const GIB: u64 = 1 << 30;
const LEN: u64 = 5 * GIB;
/// Words around the offsets at which 31 and 32 bits end, and at the end of the file.
const WORDS: [(u64, &[u8]); 3] = [
    (2 * GIB - 3, b"1st\nword\n"),
    (4 * GIB - 3, b"2nd\nword\n"),
    (LEN - 9, b"3rd\nword\n"),
];

/// Creates the file. Returns `None`, and prints why, if it would need room for the holes.
async fn large(path: &Path) -> Option<AsyncFile> {
    let file = path
        .open()
        .read(true)
        .write(true)
        .create(true)
        .await
        .unwrap();
    if let Err(error) = file.set_len(LEN).await {
        println!("skipped: there are no files of this size: {error}");
        return None;
    }
    for (at, word) in WORDS {
        file.write_all_at(word, at).await.unwrap();
    }
    file.sync_all().await.unwrap();
    let has_holes = match blocks(path) {
        Some(bytes) => bytes < 64 << 20,
        None => false,
    };
    if !has_holes {
        println!("skipped: the filesystem does not tell of holes");
    }
    has_holes.then_some(file)
}

/// Returns how many bytes a file takes on its disk, where the system tells.
#[cfg(unix)]
fn blocks(path: &Path) -> Option<u64> {
    Some(std::os::unix::fs::MetadataExt::blocks(&std::fs::metadata(path).unwrap()) * 512)
}

#[cfg(not(unix))]
fn blocks(_: &Path) -> Option<u64> {
    None
}

/// Passes the file to `test`, unless there cannot be one.
fn with_large(test: impl AsyncFnOnce(&Path, AsyncFile)) {
    let dir = Dir::new();
    let path = Path::new(dir.join("large"));
    block_on(async {
        if let Some(file) = large(&path).await {
            test(&path, file).await;
        }
    });
}

#[test]
fn positions() {
    with_large(async |_, mut file| {
        assert_eq!(file.seek(SeekFrom::End(0)).await.unwrap(), LEN);
        // Farther than 31 and 32 bits reach, in both directions.
        let mut position = LEN;
        for by in [-3, 2, -4, 1, 4].map(|by| by * GIB as i64 + 1) {
            position = position.checked_add_signed(by).unwrap();
            assert_eq!(file.seek(SeekFrom::Current(by)).await.unwrap(), position);
        }
        file.seek(SeekFrom::Start(7)).await.unwrap();
        let mut byte = [1];
        // With bytes in the buffer, which are of no use there.
        file.read_exact(&mut byte).await.unwrap();
        file.seek_relative(4 * GIB as i64 - 3 - 8).await.unwrap();
        let mut word = [0; 9];
        file.read_exact(&mut word).await.unwrap();
        assert_eq!(word, WORDS[1].1);
        file.seek_relative(-2 * GIB as i64 - 9).await.unwrap();
        file.read_exact(&mut word).await.unwrap();
        assert_eq!(word, WORDS[0].1);
        let position = file.seek(SeekFrom::Current(0)).await.unwrap();
        assert_eq!(position, WORDS[0].0 + 9);
    });
}

#[test]
fn in_sequence_across_the_boundaries() {
    with_large(async |_, mut file| {
        for (at, word) in WORDS {
            let begin = at - 200_000;
            file.seek(SeekFrom::Start(begin)).await.unwrap();
            // More than is read ahead at once.
            let mut bytes = vec![1; 200_009];
            for part in bytes.chunks_mut(1_000) {
                file.read_exact(part).await.unwrap();
            }
            assert!(bytes[..200_000].iter().all(|&byte| byte == 0));
            assert_eq!(&bytes[200_000..], word);

            file.seek(SeekFrom::Start(at)).await.unwrap();
            let mut lines = file.lines();
            let first = lines.next_line().await.unwrap().unwrap();
            assert_eq!(first.as_bytes(), &word[..3]);
            assert_eq!(lines.next_line().await.unwrap(), Some("word"));
            file = lines.into_inner();
            let position = file.seek(SeekFrom::Current(0)).await.unwrap();
            assert_eq!(position, at + 9);
        }
    });
}

#[test]
fn ranges_and_chunks() {
    with_large(async |_, mut file| {
        for (at, word) in WORDS {
            assert_eq!(file.read_range(at..at + 9).await.unwrap(), word);
            let range = file.read_range(at - 1_000_000..at + 9).await.unwrap();
            assert_eq!((range.len(), &range[1_000_000..]), (1_000_009, word));
        }
        let end = WORDS[2].0;
        assert_eq!(file.read_range(end..).await.unwrap(), WORDS[2].1);
        assert_eq!(file.read_range(end..u64::MAX).await.unwrap(), WORDS[2].1);
        assert_eq!(file.read_range(LEN..).await.unwrap(), b"");

        file.seek(SeekFrom::Start(end - 1_000_000)).await.unwrap();
        let mut chunks = file.chunks();
        let mut bytes = Vec::new();
        while let Some(chunk) = chunks.next().await {
            bytes.extend_from_slice(&chunk.unwrap());
        }
        assert_eq!((bytes.len(), &bytes[1_000_000..]), (1_000_009, WORDS[2].1));
    });
}

#[test]
fn written_in_sequence_and_appended() {
    with_large(async |path, mut file| {
        let text = common::noise(700_000);
        let begin = 4 * GIB - 350_000;
        file.seek(SeekFrom::Start(begin)).await.unwrap();
        for part in text.chunks(999) {
            file.write_all(part).await.unwrap();
        }
        let end = begin + text.len() as u64;
        // The position counts what is only buffered as well.
        let position = file.seek(SeekFrom::Current(0)).await.unwrap();
        assert_eq!(position, end);
        assert_eq!(file.read_range(begin..end).await.unwrap(), text);
        file.close().await.unwrap();

        let mut file = path.open().append(true).await.unwrap();
        file.write_all(b"appended").await.unwrap();
        file.set_len(LEN + 4).await.unwrap();
        file.close().await.unwrap();
        assert_eq!(path.metadata().await.unwrap().len(), LEN + 4);
        let file = open_file(path).await.unwrap();
        assert_eq!(file.read_range(LEN - 5..).await.unwrap(), b"word\nappe");
    });
}

#[test]
fn a_copy_has_the_same_holes() {
    with_large(async |path, file| {
        drop(file);
        let copy = path.with_file_name("copy");
        path.copy(&copy).await.unwrap();
        assert_eq!(copy.metadata().await.unwrap().len(), LEN);
        let file = open_file(&copy).await.unwrap();
        for (at, word) in WORDS {
            assert_eq!(file.read_range(at..at + 9).await.unwrap(), word);
        }
    });
}

/// Reading more than there is memory for is an error, and what was read until then is there.
#[cfg(target_os = "linux")]
#[test]
fn more_than_there_is_memory_for() {
    if !common::in_child() {
        let limited = "ulimit -v 1000000";
        common::run_in_child_after(limited, "more_than_there_is_memory_for");
        return;
    }
    with_large(async |path, mut file| {
        let failed = |error: io::Error, what: &str| {
            assert_eq!(error.kind(), ErrorKind::OutOfMemory, "{what}: {error}");
            assert_eq!(PathError::of(&error).unwrap().path(), path.as_std_path());
        };
        let mut bytes = Vec::new();
        failed(file.read_to_end(&mut bytes).await.unwrap_err(), "to end");
        let position = file.seek(SeekFrom::Current(0)).await.unwrap();
        assert!(position > 1_000_000 && position == bytes.len() as u64);
        drop(bytes);

        let mut text = String::new();
        file.seek(SeekFrom::Start(0)).await.unwrap();
        failed(file.read_to_string(&mut text).await.unwrap_err(), "text");
        let position = file.seek(SeekFrom::Current(0)).await.unwrap();
        assert!(position > 1_000_000 && position == text.len() as u64);
        drop(text);

        failed(path.read_bytes().await.unwrap_err(), "whole");
        failed(path.read_text().await.unwrap_err(), "whole text");
        failed(file.read_range(..).await.unwrap_err(), "range");
        file.seek(SeekFrom::Start(LEN - 9)).await.unwrap();
        let mut rest = String::new();
        file.read_to_string(&mut rest).await.unwrap();
        assert_eq!(rest.as_bytes(), WORDS[2].1);
    });
}
