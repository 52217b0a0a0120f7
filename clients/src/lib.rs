//! Helpers that the tests of this package share: scratch directories, contents, and a watchdog.
//!
//! The tests put crates that know nothing of anyfile on top of its files, since adapters poll in an order
//! of their own: they flush before every poll of a close, hold the halves of a file in two tasks, and drop
//! what they wrap. Whatever went through them is compared with what was meant, byte for byte.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyfile::{AsyncFile, open_file};
use futures_lite::future;
use tempfile::TempDir;

/// No test takes a tenth of this, even on a busy machine.
const LIMIT: Duration = Duration::from_secs(30);

/// Sizes around those of the buffers on the way: those of the adapters, and that of a file.
pub const SIZES: [usize; 7] = [0, 1, 4_096, 65_537, 131_072, 131_073, 1_000_003];

/// Runs a future to its end on this thread.
///
/// # Panics
///
/// Panics if the future has not ended after half a minute, since a task was never woken then. Without this a
/// failing test would never end.
#[track_caller]
pub fn run<T>(future: impl Future<Output = T>) -> T {
    let ended = future::or(async { Some(future.await) }, async {
        async_io::Timer::after(LIMIT).await;
        None
    });
    match async_io::block_on(ended) {
        Some(output) => output,
        None => panic!("not done after {LIMIT:?}: a task was never woken"),
    }
}

/// A temporary directory, removed when it is dropped.
#[derive(Debug)]
pub struct Dir(TempDir);

impl Dir {
    /// Makes an empty one.
    #[expect(clippy::new_without_default, reason = "it touches the disk")]
    pub fn new() -> Dir {
        Dir(tempfile::tempdir().expect("a temporary directory"))
    }

    /// Returns its path.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Returns the path of a file in it.
    pub fn join(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// Makes a file with these contents, with the standard library's means.
    #[track_caller]
    pub fn file(&self, name: &str, contents: impl AsRef<[u8]>) -> PathBuf {
        let path = self.join(name);
        std::fs::write(&path, contents).unwrap_or_else(|e| panic!("write {path:?}: {e}"));
        path
    }
}

/// Returns the contents of a file, read with the standard library's means.
#[track_caller]
pub fn contents(path: impl AsRef<Path>) -> Vec<u8> {
    let path = path.as_ref();
    std::fs::read(path).unwrap_or_else(|e| panic!("read {path:?}: {e}"))
}

/// Opens a file for reading.
///
/// # Errors
///
/// As [`open_file`].
pub async fn open(path: impl AsRef<Path>) -> io::Result<AsyncFile> {
    open_file(path).await
}

/// Opens a file for writing, empty.
///
/// # Errors
///
/// As [`open_file`].
pub async fn create(path: impl AsRef<Path>) -> io::Result<AsyncFile> {
    open_file(path)
        .write(true)
        .create(true)
        .truncate(true)
        .await
}

/// Opens a file for reading and writing, empty.
///
/// # Errors
///
/// As [`open_file`].
pub async fn create_both(path: impl AsRef<Path>) -> io::Result<AsyncFile> {
    open_file(path)
        .read(true)
        .write(true)
        .create(true)
        .truncate(true)
        .await
}

/// Returns pseudo-random bytes, which no compressor makes smaller.
pub fn noise(len: usize) -> Vec<u8> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    let mut bytes: Vec<u8> = (0..len.div_ceil(8)).flat_map(|_| next()).collect();
    bytes.truncate(len);
    bytes
}

/// Numbered lines of text, of this length in all; the last one may lack its end.
pub fn text(len: usize) -> String {
    let mut text = String::with_capacity(len + 64);
    for (number, byte) in noise(len / 16 + 1).into_iter().enumerate() {
        if text.len() >= len {
            break;
        }
        let words = "lorem ipsum ".repeat(usize::from(byte % 8));
        text.push_str(&format!("{number} {words}\n"));
    }
    text.truncate(len);
    text
}

/// Compares bytes, and names the first that differs rather than printing all.
///
/// # Panics
///
/// They are not equal.
#[track_caller]
pub fn assert_same(got: impl AsRef<[u8]>, expected: impl AsRef<[u8]>, what: &str) {
    let (got, expected) = (got.as_ref(), expected.as_ref());
    let common = got.iter().zip(expected).take_while(|(a, b)| a == b).count();
    assert!(
        got == expected,
        "{what}: {} bytes instead of {}, equal up to byte {common}",
        got.len(),
        expected.len(),
    );
}
