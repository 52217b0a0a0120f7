//! Ranges of a file, each read into a buffer of its own.

mod common;

use std::collections::VecDeque;
use std::fs::File;
use std::io::Write;
use std::ops::{Bound, RangeBounds};
use std::path::Path;

use anyfile::{AsyncFile, create_file, open_file};
use futures_lite::AsyncWriteExt;
use futures_lite::future::{block_on, poll_once};

use common::strict::Random;
use common::{Dir, noise};

const LEN: usize = 1_000_000;

async fn read(file: &AsyncFile, range: impl RangeBounds<u64>) -> Vec<u8> {
    file.read_range(range).await.unwrap()
}

#[test]
fn every_kind_of_range_is_what_a_slice_has() {
    let dir = Dir::new();
    let bytes = noise(LEN);
    let path = dir.file("file", &bytes);
    block_on(async {
        let file = open_file(&path).await.unwrap();
        assert!(read(&file, ..).await == bytes);
        assert!(read(&file, 10..).await == bytes[10..]);
        assert!(read(&file, ..=10).await == bytes[..=10]);
        assert!(read(&file, ..500_000).await == bytes[..500_000]);
        assert!(read(&file, (Bound::Excluded(10), Bound::Unbounded)).await == bytes[11..]);
        assert!(read(&file, 10..10).await.is_empty());
        let (start, end) = (20, 10);
        assert!(read(&file, start..end).await.is_empty());
        // What lies behind the end is not there.
        let end = LEN as u64;
        assert!(read(&file, end - 10..u64::MAX).await == bytes[LEN - 10..]);
        assert!(read(&file, ..=u64::MAX).await == bytes);
        for start in [end, end + 1, u64::MAX - 1, u64::MAX] {
            // std, too, refuses to read at an offset that no file has.
            let ranges = [
                file.read_range(start..).await,
                file.read_range(start..u64::MAX).await,
            ];
            assert!(
                ranges
                    .into_iter()
                    .all(|read| read.is_ok_and(|read| read.is_empty()) || start > i64::MAX as u64)
            );
        }
    });
}

/// Of all sizes around the limits, in all states of the page cache, and many in flight.
#[test]
fn ranges_are_what_std_reads() {
    let dir = Dir::new();
    let bytes = noise(LEN);
    let path = dir.file("file", &bytes);
    let mut random = Random::new(1);
    block_on(async {
        let file = &open_file(&path).await.unwrap();
        let mut flight = VecDeque::new();
        for round in 0..2_000 {
            let limit = [10, 65_535, 65_536, 65_537, 300_000][round % 5];
            let start = random.below(LEN + 1000);
            let end = start + limit - random.below(10);
            let mut future = Box::pin(file.read_range(start as u64..end as u64));
            let done = poll_once(&mut future).await;
            flight.push_back((start, end, future, done));
            if flight.len() > 32 {
                let (start, end, future, done) = flight.pop_front().unwrap();
                let read = match done {
                    Some(done) => done.unwrap(),
                    None if round % 7 == 0 => continue,
                    None => future.await.unwrap(),
                };
                assert!(
                    read == bytes[start.min(LEN)..end.min(LEN)],
                    "{start}..{end}"
                );
            }
            if round % 50 == 0 {
                forget(&path);
            }
        }
    });
}

/// Drops half of the file from the page cache.
fn forget(path: &Path) {
    #[cfg(target_os = "linux")]
    {
        let file = File::open(path).unwrap();
        file.sync_all().unwrap();
        let len = std::num::NonZero::new(LEN as u64 / 2);
        rustix::fs::fadvise(&file, 100_000, len, rustix::fs::Advice::DontNeed).unwrap();
    }
    #[cfg(not(target_os = "linux"))]
    let _ = path;
}

#[test]
fn bytes_that_were_written_before_are_seen_and_the_position_stays() {
    let dir = Dir::new();
    let path = dir.join("file");
    block_on(async {
        let mut file = create_file(&path).read(true).await.unwrap();
        for len in [10, 100_000] {
            file.write_all(&vec![7; len]).await.unwrap();
            let read = read(&file, ..).await;
            assert!(read.iter().all(|&byte| byte == 7));
            assert_eq!(read.len() as u64, file.stream_position().await.unwrap());
        }
        file.close().await.unwrap();
    });
}

/// 8 TiB are more than the process may have, and a hole of them takes no disk.
#[cfg(target_os = "linux")]
#[test]
fn a_range_that_does_not_fit_into_memory_is_an_error() {
    if !common::in_child() {
        let test = "a_range_that_does_not_fit_into_memory_is_an_error";
        print!("{}", common::run_in_child_after("ulimit -v 8000000", test));
        return;
    }
    let dir = Dir::new();
    let sparse = dir.join("sparse");
    if let Err(error) = File::create(&sparse).unwrap().set_len(1 << 43) {
        return println!("skipped: the filesystem has no such files: {error}");
    }
    block_on(async {
        let file = open_file(&sparse).await.unwrap();
        let error = file.read_range(..).await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::OutOfMemory);
        assert!(error.to_string().contains("sparse"), "{error}");
        let read = read(&file, 1 << 42..(1 << 42) + 100_000).await;
        assert_eq!(read, [0; 100_000]);
    });
}

#[test]
fn errors_name_the_file() {
    let dir = Dir::new();
    block_on(async {
        let file = create_file(dir.join("new")).await.unwrap();
        let error = file.read_range(..10).await.unwrap_err();
        assert!(error.to_string().contains("read file"), "{error}");
        assert!(error.to_string().contains("new"), "{error}");
    });
}

/// They say that they are empty.
#[cfg(target_os = "linux")]
#[test]
fn files_of_proc_are_read_to_their_end() {
    block_on(async {
        let file = open_file("/proc/filesystems").await.unwrap();
        let expected = std::fs::read("/proc/filesystems").unwrap();
        assert!(!expected.is_empty());
        assert_eq!(read(&file, ..).await, expected);
        assert_eq!(read(&file, 3..9).await, expected[3..9]);
    });
}

/// Another process appends while the range is read.
#[test]
fn a_file_that_grows_is_read_up_to_some_later_end() {
    let dir = Dir::new();
    let path = dir.file("log", "");
    let mut log = File::options().append(true).open(&path).unwrap();
    let writer = std::thread::spawn(move || {
        for _ in 0..2000 {
            log.write_all(&[1; 1000]).unwrap();
        }
    });
    block_on(async {
        let file = open_file(&path).await.unwrap();
        let mut before = 0;
        while before < 2_000_000 {
            let read = read(&file, ..).await;
            assert!(read.len() >= before && read.iter().all(|&byte| byte == 1));
            before = read.len();
        }
    });
    writer.join().unwrap();
}
