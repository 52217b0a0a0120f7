//! Files that are opened with `O_DIRECT`: the system takes only aligned buffers, offsets and lengths.
#![cfg(target_os = "linux")]

mod common;

use std::fs::File;
use std::io::{self, ErrorKind, Read, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyfile::{AsyncFile, open_file, wrap_file};
use futures_lite::future::block_on;
use futures_lite::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt, StreamExt};
use rustix::fs::OFlags;

use common::strict::Random;
use common::{Dir, contents, in_child, noise, run_in_child};

/// An alignment that suffices for every disk.
const BLOCK: usize = 4096;

fn flag() -> i32 {
    i32::try_from(OFlags::DIRECT.bits()).expect("a small number")
}

/// A buffer of which an aligned part can be taken.
struct Aligned(Vec<u8>, usize);

impl Aligned {
    fn new(bytes: &[u8]) -> Aligned {
        let mut room = vec![0; bytes.len() + BLOCK];
        let start = room.as_ptr().align_offset(BLOCK);
        room[start..start + bytes.len()].copy_from_slice(bytes);
        Aligned(room, start)
    }

    fn get(&mut self) -> &mut [u8] {
        let end = self.0.len() - BLOCK + self.1;
        &mut self.0[self.1..end]
    }
}

fn open_std(path: &Path, write: bool) -> io::Result<File> {
    let mut options = File::options();
    options
        .read(true)
        .write(write)
        .custom_flags(flag())
        .open(path)
}

/// Returns `true` if files here can be opened that way, and refuse unaligned reads. Prints why if not.
fn works(dir: &Dir) -> bool {
    let path = dir.file("probe", noise(2 * BLOCK));
    let opened = open_std(&path, false);
    let mut aligned = Aligned::new(&[0; BLOCK]);
    let read = opened.and_then(|mut file| {
        file.read_exact(aligned.get())?;
        // Some filesystems take the flag and ignore it.
        match file.read(&mut aligned.get()[1..100]) {
            Ok(1..) => Err(io::Error::other("whatever is not aligned works here too")),
            Ok(0) | Err(_) => Ok(()),
        }
    });
    if let Err(error) = &read {
        println!("skipped: O_DIRECT: {error}");
    }
    read.is_ok()
}

/// Runs the test here if that is possible, and in a process without the no-wait calls.
fn both_ways(test: &str, body: impl FnOnce(&Dir)) {
    let dir = Dir::new();
    if works(&dir) {
        body(&dir);
        if !in_child() {
            run_in_child(test, &[("ANYFILE_NOWAIT", "0")]);
        }
    }
}

async fn open(path: &Path, wrapped: bool) -> AsyncFile {
    if wrapped {
        wrap_file(open_std(path, false).unwrap())
    } else {
        let options = open_file(path).read(true).custom_flags(flag());
        options.await.unwrap()
    }
}

#[test]
fn it_is_read_as_any_file() {
    both_ways("it_is_read_as_any_file", |dir| {
        for len in [0, 1, 4_095, 4_096, 100_000, 1_000_000] {
            let data = noise(len);
            let path = dir.file("file", &data);
            for wrapped in [false, true] {
                block_on(async {
                    let mut file = open(&path, wrapped).await;
                    let mut all = Vec::new();
                    file.read_to_end(&mut all).await.unwrap();
                    assert!(all == data, "{len} bytes at once");
                    file.seek(SeekFrom::Start(0)).await.unwrap();
                    let mut all = Vec::new();
                    let mut buf = vec![0; 7_001];
                    loop {
                        match file.read(&mut buf).await.unwrap() {
                            0 => break,
                            read => all.extend_from_slice(&buf[..read]),
                        }
                    }
                    assert!(all == data, "{len} bytes in pieces");
                });
            }
        }
    });
}

#[test]
fn it_is_read_at_any_offset() {
    both_ways("it_is_read_at_any_offset", |dir| {
        let data = noise(500_001);
        let path = dir.file("file", &data);
        for wrapped in [false, true] {
            block_on(async {
                let mut file = open(&path, wrapped).await;
                let mut random = Random::new(5);
                for _ in 0..200 {
                    let at = random.below(data.len() + 5_000);
                    let most = [10, 5_000, 300_000][random.below(3)];
                    let mut buf = vec![0; 1 + random.below(most)];
                    let rest = &data[at.min(data.len())..];
                    let expected = &rest[..rest.len().min(buf.len())];
                    let read = match random.below(2) {
                        0 => file.read_at(&mut buf, at as u64).await.unwrap(),
                        _ => {
                            file.seek(SeekFrom::Start(at as u64)).await.unwrap();
                            file.read(&mut buf).await.unwrap()
                        }
                    };
                    assert_eq!(read == 0, expected.is_empty(), "at {at}");
                    assert!(buf[..read] == expected[..read], "{read} bytes at {at}");
                }
            });
        }
    });
}

#[test]
fn its_lines_are_read() {
    both_ways("its_lines_are_read", |dir| {
        let text = common::text(300_000);
        let path = dir.file("file", &text);
        block_on(async {
            let lines = open(&path, false).await.lines();
            let lines: Vec<String> = lines.try_collect().await.unwrap();
            assert!(lines.iter().eq(text.lines()));
            let mut file = open(&path, true).await;
            let mut line = String::new();
            file.read_line(&mut line).await.unwrap();
            assert_eq!(line.trim_end_matches('\n'), text.lines().next().unwrap());
            let mut inner = file.into_inner().await.unwrap();
            let here = io::Seek::stream_position(&mut inner).unwrap();
            assert_eq!(here, line.len() as u64);
        });
    });
}

#[test]
fn what_is_aligned_is_written() {
    both_ways("what_is_aligned_is_written", |dir| {
        let mut data = noise(20 * BLOCK);
        let path = dir.file("file", vec![0; data.len()]);
        block_on(async {
            let options = open_file(&path).read(true).write(true).buffering(0);
            let mut file = options.custom_flags(flag()).await.unwrap();
            let mut aligned = Aligned::new(&data);
            // Here and there.
            let aligned = aligned.get();
            for block in [3, 0, 19, 7] {
                let bytes = block * BLOCK..(block + 1) * BLOCK;
                file.write_all_at(&aligned[bytes], (block * BLOCK) as u64)
                    .await
                    .unwrap();
            }
            let written = contents(&path);
            for block in [3, 0, 19, 7] {
                let bytes = block * BLOCK..(block + 1) * BLOCK;
                assert!(written[bytes.clone()] == data[bytes]);
            }
            // In sequence.
            for piece in aligned.chunks(4 * BLOCK) {
                file.write_all(piece).await.unwrap();
            }
            file.flush().await.unwrap();
            assert!(contents(&path) == data);
            // From a buffer that is not aligned itself.
            data.rotate_left(100);
            let mut shifted = vec![0; data.len() + 1];
            shifted[1..].copy_from_slice(&data);
            file.seek(SeekFrom::Start(0)).await.unwrap();
            file.write_all(&shifted[1..]).await.unwrap();
            let read = file.read_at(&mut [0; 10], 0).await.unwrap();
            assert_eq!(read, 10);
            file.close().await.unwrap();
        });
        assert!(contents(&path) == data);
    });
}

/// The error of a write that cannot be: it comes at once, and leaves nothing behind.
#[test]
fn what_is_not_aligned_is_refused_at_once() {
    both_ways("what_is_not_aligned_is_refused_at_once", |dir| {
        for buffering in [Some(0), None] {
            let data = noise(4 * BLOCK);
            let path = dir.file("file", &data);
            block_on(async {
                let options = open_file(&path).read(true).write(true);
                let mut options = options.custom_flags(flag());
                if let Some(bytes) = buffering {
                    options = options.buffering(bytes);
                }
                let mut file = options.await.unwrap();
                let what = format!("buffering {buffering:?}");
                for len in [1, 100, BLOCK - 1, BLOCK + 1] {
                    let error = file.write(&vec![b'x'; len]).await.expect_err(&what);
                    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{what}: {error}");
                    file.flush().await.expect(&what);
                    let written = file.write_at(&vec![b'x'; len], 0).await;
                    assert_eq!(written.expect_err(&what).kind(), ErrorKind::InvalidInput);
                    let written = file.write_at(&[b'x'; BLOCK], len as u64).await;
                    assert_eq!(written.expect_err(&what).kind(), ErrorKind::InvalidInput);
                    file.flush().await.expect(&what);
                    file.sync_all().await.expect(&what);
                }
                // The file goes on.
                let mut seen = Vec::new();
                file.seek(SeekFrom::Start(0)).await.expect(&what);
                file.read_to_end(&mut seen).await.expect(&what);
                assert!(seen == data, "{what}");
                assert_eq!(file.metadata().await.unwrap().len(), data.len() as u64);
                file.close().await.expect(&what);
            });
            assert!(contents(&path) == data);
        }
    });
}

/// An aligned write through the buffer is written, or refused; never accepted and lost.
#[test]
fn what_the_buffer_accepts_is_written() {
    both_ways("what_the_buffer_accepts_is_written", |dir| {
        let data = noise(30 * BLOCK);
        let path = dir.file("file", vec![0; data.len()]);
        block_on(async {
            let options = open_file(&path).write(true).custom_flags(flag());
            let mut file = options.await.unwrap();
            let mut accepted = 0;
            while accepted < data.len() {
                let most = data.len().min(accepted + 3 * BLOCK);
                match file.write(&data[accepted..most]).await {
                    Ok(written) => accepted += written,
                    Err(error) => {
                        assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
                        break;
                    }
                }
            }
            file.flush().await.unwrap();
            assert!(contents(&path)[..accepted] == data[..accepted]);
            file.close().await.unwrap();
        });
    });
}
