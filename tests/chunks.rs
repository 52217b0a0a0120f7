//! `Chunks` against the bytes of the file: lengths, positions, ends and errors.

mod common;

use std::fs::OpenOptions;
use std::io::{Cursor, ErrorKind, Read, SeekFrom, Write};
use std::pin::pin;

use anyfile::{AsyncFile, Chunks, open_file, wrap_file};
use futures_lite::future::{block_on, poll_once};
use futures_lite::{AsyncSeekExt, AsyncWriteExt, StreamExt};

use common::{Dir, Scripted, Step, noise, text};

/// Lengths around those of the chunks of a file.
const LENGTHS: [usize; 8] = [
    0,
    1,
    16 << 10,
    (64 << 10) + 1,
    128 << 10,
    (128 << 10) + 1,
    300_000,
    1_000_003,
];

const MAX_LENGTHS: [usize; 6] = [
    1_000,
    16 << 10,
    64 << 10,
    (64 << 10) + 1,
    256 << 10,
    1 << 20,
];

/// Takes all chunks, and checks the length of each.
async fn all<T: Read + Send + 'static>(chunks: &mut Chunks<T>, max_len: usize) -> Vec<u8> {
    let mut all = Vec::new();
    while let Some(chunk) = chunks.try_next().await.unwrap() {
        assert!((1..=max_len.min(256 << 10)).contains(&chunk.len()));
        all.extend(chunk);
    }
    all
}

#[test]
fn all_bytes_in_chunks_of_any_length() {
    let dir = Dir::new();
    for len in LENGTHS {
        let bytes = noise(len);
        let path = dir.file("file", &bytes);
        for max_len in MAX_LENGTHS {
            block_on(async {
                let mut chunks = open_file(&path).await.unwrap().chunks().max_len(max_len);
                let read = all(&mut chunks, max_len).await;
                assert!(read == bytes, "{len} bytes of a file by {max_len}");
                assert_eq!(chunks.try_next().await.unwrap(), None);
                let memory = wrap_file(Cursor::new(bytes.clone()));
                let read = all(&mut memory.chunks().max_len(max_len), max_len).await;
                assert!(read == bytes, "{len} bytes of memory by {max_len}");
            });
        }
    }
}

#[test]
fn the_default_length_is_that_of_the_read_ahead() {
    let dir = Dir::new();
    let path = dir.file("file", noise(1 << 20));
    block_on(async {
        let chunks = open_file(&path).await.unwrap().chunks();
        let lens: Vec<usize> = chunks.map(|chunk| chunk.unwrap().len()).collect().await;
        assert_eq!(lens.iter().max(), Some(&(64 << 10)));
        assert!(lens.len() <= 18, "{lens:?}");
    });
}

#[test]
#[should_panic(expected = "the maximum length of a chunk is 0")]
fn a_maximum_of_nothing_is_refused() {
    let _ = wrap_file(Cursor::new("")).chunks().max_len(0);
}

/// Reads the rest, and checks that it begins at the position.
async fn check_rest<T: Read + Send + 'static>(mut file: AsyncFile<T>, rest: &[u8], what: &str) {
    let mut read = Vec::new();
    file.read_to_end(&mut read).await.unwrap();
    assert!(read == rest, "{what}");
}

#[test]
fn into_inner_is_after_the_last_chunk() {
    let dir = Dir::new();
    let bytes = noise(700_000);
    let path = dir.file("file", &bytes);
    for max_len in MAX_LENGTHS {
        for count in [0, 1, 2, 5] {
            block_on(async {
                let mut chunks = open_file(&path).await.unwrap().chunks().max_len(max_len);
                let mut memory = wrap_file(Cursor::new(bytes.clone()))
                    .chunks()
                    .max_len(max_len);
                let (mut of_file, mut of_memory) = (0, 0);
                for _ in 0..count {
                    let chunk = chunks.try_next().await.unwrap();
                    of_file += chunk.unwrap_or_default().len();
                    let chunk = memory.try_next().await.unwrap();
                    of_memory += chunk.unwrap_or_default().len();
                }
                let mut file = chunks.into_inner();
                assert_eq!(file.stream_position().await.unwrap(), of_file as u64);
                let what = format!("after {count} chunks of {max_len}");
                check_rest(file, &bytes[of_file..], &what).await;
                check_rest(memory.into_inner(), &bytes[of_memory..], &what).await;
            });
        }
    }
}

#[test]
fn chunks_begin_at_the_position() {
    let dir = Dir::new();
    let text = text(300_000);
    let path = dir.file("text", &text);
    block_on(async {
        let mut file = open_file(&path).read(true).write(true).await.unwrap();
        let (mut line, mut at) = (String::new(), 0);
        for _ in 0..1_500 {
            line.clear();
            at += file.read_line(&mut line).await.unwrap();
        }
        let mut chunks = file.chunks();
        assert!(all(&mut chunks, 64 << 10).await == text.as_bytes()[at..]);

        let mut file = chunks.into_inner();
        file.seek(SeekFrom::Start(5)).await.unwrap();
        file.write_all(b"new").await.unwrap();
        let mut chunks = file.chunks();
        assert!(all(&mut chunks, 64 << 10).await == text.as_bytes()[8..]);
    });
    assert_eq!(&std::fs::read(&path).unwrap()[5..8], b"new");
}

#[test]
fn a_dropped_future_loses_nothing() {
    let dir = Dir::new();
    let bytes = noise(1_000_003);
    let path = dir.file("file", &bytes);
    async fn check<T: Read + Send + 'static>(mut chunks: Chunks<T>, bytes: &[u8]) {
        let mut read = Vec::new();
        loop {
            let next = match poll_once(pin!(chunks.try_next())).await {
                Some(next) => next.unwrap(),
                None => chunks.try_next().await.unwrap(),
            };
            match next {
                Some(chunk) => read.extend(chunk),
                None => break,
            }
        }
        assert!(read == bytes);
    }
    block_on(async {
        for max_len in MAX_LENGTHS {
            let file = open_file(&path).await.unwrap();
            check(file.chunks().max_len(max_len), &bytes).await;
            let memory = wrap_file(Cursor::new(bytes.clone()));
            check(memory.chunks().max_len(max_len), &bytes).await;
        }
    });
}

#[test]
fn an_error_loses_nothing() {
    for max_len in MAX_LENGTHS {
        let bytes = noise(100_000);
        let steps = [
            Step::Short(10),
            Step::Fail(ErrorKind::Other),
            Step::Short(7),
        ];
        let object = Scripted::new(bytes.clone(), steps);
        block_on(async {
            let mut chunks = wrap_file(object.handle()).chunks().max_len(max_len);
            assert_eq!(chunks.try_next().await.unwrap().unwrap(), &bytes[..10]);
            assert_eq!(
                chunks.try_next().await.unwrap_err().kind(),
                ErrorKind::Other
            );
            assert_eq!(chunks.try_next().await.unwrap().unwrap(), &bytes[10..17]);
            assert!(all(&mut chunks, max_len).await == bytes[17..]);
        });
    }
}

#[test]
fn a_file_that_grows_is_followed() {
    let dir = Dir::new();
    let path = dir.file("log", "first");
    block_on(async {
        let mut chunks = open_file(&path).await.unwrap().chunks();
        assert_eq!(all(&mut chunks, 64 << 10).await, b"first");
        let mut log = OpenOptions::new().append(true).open(&path).unwrap();
        for more in [noise(10), noise(200_000)] {
            log.write_all(&more).unwrap();
            assert!(all(&mut chunks, 64 << 10).await == more);
        }
    });
}

#[test]
fn a_limit_is_exact() {
    let dir = Dir::new();
    let bytes = noise(300_000);
    let path = dir.file("file", &bytes);
    for limit in [0, 1, 16_384, 65_536, 65_537, 299_999, 300_000, 300_001] {
        for max_len in MAX_LENGTHS {
            let most = bytes.len().min(limit);
            block_on(async {
                let file = open_file(&path).await.unwrap();
                let mut chunks = file.chunks().max_len(max_len).limit(limit as u64);
                assert!(all(&mut chunks, max_len).await == bytes[..most]);
                assert_eq!(chunks.try_next().await.unwrap(), None);
                let what = format!("the first {limit} bytes by {max_len}");
                check_rest(chunks.into_inner(), &bytes[most..], &what).await;
            });
        }
    }
}

/// A body whose length was announced has that length, also if the file grows while it is sent.
#[test]
fn a_limit_holds_for_a_file_that_grows() {
    let dir = Dir::new();
    let path = dir.file("file", noise(100_000));
    block_on(async {
        let file = open_file(&path).await.unwrap();
        let len = file.metadata().await.unwrap().len();
        let mut chunks = file.chunks().limit(len);
        let first = chunks.try_next().await.unwrap().unwrap();
        let mut log = OpenOptions::new().append(true).open(&path).unwrap();
        log.write_all(&noise(100_000)).unwrap();
        let rest = all(&mut chunks, 64 << 10).await;
        assert_eq!((first.len() + rest.len()) as u64, len);
    });
}

#[cfg(unix)]
#[test]
fn chunks_of_a_child() {
    let bytes = noise(300_000);
    let dir = Dir::new();
    let path = dir.file("file", &bytes);
    let mut child = std::process::Command::new("cat")
        .arg(path)
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let output = child.stdout.take().unwrap();
    let read = block_on(async { all(&mut wrap_file(output).chunks(), 64 << 10).await });
    assert!(read == bytes);
    assert!(child.wait().unwrap().success());
}
