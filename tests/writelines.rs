//! `writelines` and `truncate` against std, and with futures that are dropped.

mod common;

use std::fs;
use std::io::{ErrorKind, SeekFrom};

use anyfile::{create_file, open_file, wrap_file};
use futures_lite::future::{block_on, poll_once};
use futures_lite::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

use common::{Dir, both_ways, contents, noise};

/// Makes lines of various lengths, up to 256 times `unit`.
fn lines(count: usize, unit: usize) -> Vec<String> {
    let line = |(number, random)| format!("{number} {}\n", "l".repeat(usize::from(random) * unit));
    noise(count).into_iter().enumerate().map(line).collect()
}

#[test]
fn all_lines_are_written_in_order() {
    let dir = Dir::new();
    let path = dir.join("file");
    for (count, unit) in [(0, 1), (1, 0), (3, 1), (10_000, 1), (20, 1_000)] {
        let lines = lines(count, unit);
        for buffering in [None, Some(0), Some(1_000)] {
            block_on(async {
                let mut file = create_file(&path);
                if let Some(bytes) = buffering {
                    file = file.buffering(bytes);
                }
                let mut file = file.await.unwrap();
                file.write_all(b"before\n").await.unwrap();
                file.writelines(&lines).await.unwrap();
                file.writelines([b"after\n"]).await.unwrap();
                file.close().await.unwrap();
            });
            let expected = ["before\n", &lines.concat(), "after\n"].concat();
            assert!(contents(&path) == expected.as_bytes(), "{count}, {unit}");
        }
    }
}

/// Without a buffer, few lines are one write, as whoever reads the file meanwhile sees.
#[test]
fn few_lines_are_one_write() {
    let mut file = wrap_file(Counting::default());
    let writes = block_on(async {
        file.writelines(["one\n", "two\n", "three\n"])
            .await
            .unwrap();
        file.flush().await.unwrap();
        file.with_mut(|object| object.writes).await.unwrap()
    });
    assert_eq!(writes, 1);
}

#[derive(Default)]
struct Counting {
    writes: usize,
}

impl std::io::Write for Counting {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.writes += 1;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// After a drop at any poll, the beginning of the lines was accepted.
#[test]
fn dropped_at_every_poll() {
    if !both_ways("dropped_at_every_poll") {
        return;
    }
    let dir = Dir::new();
    let path = dir.join("file");
    let lines = lines(10_000, 1);
    for polls in (0..).step_by(7) {
        let is_done = block_on(async {
            let mut file = create_file(&path).await.unwrap();
            let mut writing = Box::pin(file.writelines(&lines));
            let mut is_done = false;
            for _ in 0..polls {
                is_done = is_done || poll_once(writing.as_mut()).await.is_some();
                if is_done {
                    break;
                }
                std::thread::yield_now();
            }
            drop(writing);
            file.write_all(b"after").await.unwrap();
            file.close().await.unwrap();
            is_done
        });
        let written = contents(&path);
        let written = written.strip_suffix(b"after").expect("what came after");
        assert!(lines.concat().as_bytes().starts_with(written));
        if is_done {
            assert_eq!(written.len(), lines.concat().len());
            break;
        }
    }
}

#[test]
fn truncated_at_the_position() {
    if !both_ways("truncated_at_the_position") {
        return;
    }
    let dir = Dir::new();
    let text = "0123456789\n".repeat(40_000);
    let path = dir.file("file", &text);
    block_on(async {
        let open = || open_file(&path).read(true).write(true);
        // After lines that were read ahead.
        let mut lines = open().await.unwrap().lines();
        for _ in 0..30_000 {
            lines.next_line().await.unwrap();
        }
        let mut file = lines.into_inner();
        file.truncate().await.unwrap();
        assert_eq!(contents(&path).len(), 330_000);
        assert_eq!(file.read(&mut [0; 10]).await.unwrap(), 0);

        // After a seek, a read and a write.
        file.seek(SeekFrom::Start(1_000)).await.unwrap();
        file.read_exact(&mut [0; 10]).await.unwrap();
        file.write_all(b"new").await.unwrap();
        file.truncate().await.unwrap();
        assert_eq!(contents(&path).len(), 1_013);
        assert_eq!(file.stream_position().await.unwrap(), 1_013);

        // Beyond the end.
        file.seek(SeekFrom::Start(2_000)).await.unwrap();
        file.truncate().await.unwrap();
        assert_eq!(contents(&path)[1_013..], [0; 987]);
        drop(file);

        // When appending, the position is after what was written.
        let mut file = open_file(&path).append(true).await.unwrap();
        file.write_all(b"end").await.unwrap();
        file.truncate().await.unwrap();
        assert_eq!(contents(&path).len(), 2_003);

        let error = open_file(&path)
            .await
            .unwrap()
            .truncate()
            .await
            .unwrap_err();
        let theirs = fs::File::open(&path).unwrap().set_len(0).unwrap_err();
        assert_eq!(error.kind(), theirs.kind());
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert_eq!(contents(&path).len(), 2_003);
    });
}

/// If the future is dropped, the file has its old length or the new one.
#[test]
fn a_truncation_dropped_at_every_poll() {
    let dir = Dir::new();
    let path = dir.join("file");
    for polls in 0..4 {
        fs::write(&path, "0123456789").unwrap();
        block_on(async {
            let mut file = open_file(&path).write(true).await.unwrap();
            file.write_all(b"abc").await.unwrap();
            let mut truncating = Box::pin(file.truncate());
            for _ in 0..polls {
                if poll_once(truncating.as_mut()).await.is_some() {
                    break;
                }
            }
            drop(truncating);
            file.close().await.unwrap();
        });
        let bytes = contents(&path);
        assert!(bytes == b"abc" || bytes == b"abc3456789", "{bytes:?}");
    }
}
