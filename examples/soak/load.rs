//! The work that the tasks do, each piece of which verifies what it reads.

use std::fs;
use std::io::{self, Cursor, SeekFrom, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

use anyfile::{Path, open_file, wrap_file};
use flate2::{Compression, read::GzDecoder, write::GzEncoder};
use futures_lite::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt, StreamExt};
use futures_lite::{Stream, future, io as async_io, pin};

/// What all tasks share.
pub(crate) struct Stage {
    pub(crate) dir: Path,
    text: String,
    pub(crate) text_path: Path,
    packed: Vec<u8>,
    noise: Vec<u8>,
    noise_path: Path,
    done: AtomicU64,
    dropped: AtomicU64,
}

impl Stage {
    pub(crate) fn new(dir: &std::path::Path) -> io::Result<Stage> {
        let line = |number: u64| format!("{number} {}\n", "ünïcödé ".repeat(number as usize % 20));
        let text: String = (0..5_000).map(line).collect();
        let mut random = Random(1);
        let noise: Vec<u8> = (0..1 << 22).map(|_| random.below(256) as u8).collect();
        let mut packer = GzEncoder::new(Vec::new(), Compression::fast());
        packer.write_all(text.as_bytes())?;
        let dir = Path::new(dir);
        let (text_path, noise_path) = (&dir / "text", &dir / "noise");
        fs::write(&text_path, &text)?;
        fs::write(&noise_path, &noise)?;
        fs::create_dir(&dir / "atomic")?;
        fs::write(&dir / "atomic/file", "a")?;
        Ok(Stage {
            packed: packer.finish()?,
            dir,
            text,
            text_path,
            noise,
            noise_path,
            done: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
        })
    }

    pub(crate) fn counts(&self) -> String {
        let (done, dropped) = (self.done.load(Relaxed), self.dropped.load(Relaxed));
        format!("{done} pieces of work, {dropped} futures dropped")
    }
}

pub(crate) struct Task {
    /// Its own.
    pub(crate) dir: Path,
    pub(crate) random: Random,
    pub(crate) stage: Arc<Stage>,
}

impl Task {
    pub(crate) async fn run(mut self, until: Instant) -> io::Result<()> {
        self.dir.mkdir().await?;
        while Instant::now() < until {
            let (name, result) = match self.random.below(7) {
                0 => ("lines", self.lines().await),
                1 => ("reads", self.reads().await),
                2 => ("writes", self.writes().await),
                3 => ("replaces", self.replaces().await),
                4 => ("questions", self.questions().await),
                5 => ("trees", self.trees().await),
                _ => ("copies", self.copies().await),
            };
            result.map_err(|error| io::Error::other(format!("{name}: {error}")))?;
            self.stage.done.fetch_add(1, Relaxed);
        }
        self.dir.rmdir().await
    }

    /// Awaits the future, or drops it after some polls.
    async fn perhaps<R>(&mut self, future: impl Future<Output = R>) -> Option<R> {
        if self.random.below(3) > 0 {
            return Some(future.await);
        }
        pin!(future);
        for _ in 0..self.random.below(4) {
            if let Some(result) = future::poll_once(&mut future).await {
                return Some(result);
            }
            future::yield_now().await;
        }
        self.stage.dropped.fetch_add(1, Relaxed);
        None
    }

    /// Some lines of the text, then the rest of it.
    async fn lines(&mut self) -> io::Result<()> {
        let stage = self.stage.clone();
        let mut lines = open_file(&stage.text_path).await?.lines();
        let mut rest = &stage.text[..];
        for _ in 0..self.random.below(6_000) {
            if let Some(line) = self.perhaps(lines.next()).await {
                let expected = rest.lines().next();
                check(line.transpose()?.as_deref() == expected, "another line")?;
                rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
            }
        }
        let (mut file, mut found) = (lines.into_inner(), String::new());
        file.read_to_string(&mut found).await?;
        check(found == rest, "another rest of the text")
    }

    async fn reads(&mut self) -> io::Result<()> {
        let stage = self.stage.clone();
        let mut file = open_file(&stage.noise_path).await?;
        for _ in 0..50 {
            let size = self.random.below(20_000) as usize;
            let at = self.random.below((stage.noise.len() - size) as u64);
            let expected = &stage.noise[at as usize..][..size];
            let mut found = vec![0; size];
            if self.random.below(2) == 0 {
                file.seek(SeekFrom::Start(at)).await?;
                // A dropped read has taken nothing.
                let read = loop {
                    if let Some(read) = self.perhaps(file.read(&mut found)).await {
                        break read?;
                    }
                };
                file.read_exact(&mut found[read..]).await?;
            } else if let Some(read) = self.perhaps(file.read_exact_at(&mut found, at)).await {
                read?;
            } else {
                continue;
            }
            check(found == expected, "other bytes")?;
        }
        Ok(())
    }

    /// Writes here and there, and drops the file, or flushes or closes it.
    async fn writes(&mut self) -> io::Result<()> {
        let path = &self.dir / "file";
        let mut file = path.open().read(true).write(true).create_new(true).await?;
        let mut expected = Vec::new();
        for _ in 0..self.random.below(40) {
            let at = self.random.below(expected.len() as u64 + 1);
            file.seek(SeekFrom::Start(at)).await?;
            let piece = self.piece(150_000);
            if let Some(written) = self.perhaps(file.write(&piece)).await {
                let (at, written) = (at as usize, written?);
                expected.resize(expected.len().max(at + written), 0);
                expected[at..at + written].copy_from_slice(&piece[..written]);
            }
            if self.random.below(8) == 0 {
                file.flush().await?;
                check(
                    path.read_bytes().await? == expected,
                    "other bytes after a flush",
                )?;
            }
        }
        if self.random.below(2) == 0 {
            file.close().await?;
        }
        drop(file);
        check(
            path.read_bytes().await? == expected,
            "other bytes after all",
        )?;
        path.unlink().await
    }

    /// One file that everybody replaces: nobody ever sees a part of it.
    async fn replaces(&mut self) -> io::Result<()> {
        let path = &self.stage.dir / "atomic/file";
        let piece = self.piece(50_000);
        if self.random.below(10) == 0 && !piece.is_empty() {
            self.perhaps(path.write_atomic(piece)).await.transpose()?;
        }
        let found = path.read_bytes().await?;
        let same = found.iter().all(|byte| found.first() == Some(byte));
        check(same && !found.is_empty(), "a mixture of contents")
    }

    async fn questions(&mut self) -> io::Result<()> {
        let stage = self.stage.clone();
        for _ in 0..100 {
            if let Some(metadata) = self.perhaps(stage.text_path.metadata()).await {
                check(metadata?.len() == stage.text.len() as u64, "another size")?;
            }
            check(stage.dir.is_dir().await, "no directory")?;
            check(!(&self.dir / "none").try_exists().await?, "something new")?;
        }
        Ok(())
    }

    async fn trees(&mut self) -> io::Result<()> {
        let tree = &self.dir / "tree";
        let (dirs, files) = (self.random.below(5) + 1, self.random.below(100));
        for dir in 0..dirs {
            let dir = tree.join(dir.to_string()) / "deep";
            dir.mkdir().parents(true).await?;
            for file in 0..files {
                dir.join(format!("{file}.txt")).write_bytes("x").await?;
            }
        }
        check(
            count(tree.iterdir()).await? == dirs,
            "entries of a directory",
        )?;
        check(
            count(tree.walk()).await? == 2 * dirs + 1,
            "directories of a walk",
        )?;
        check(
            count(tree.rglob("*.txt")).await? == dirs * files,
            "files of a search",
        )?;
        let mut given_up = tree.rglob("*");
        for _ in 0..self.random.below(20) {
            self.perhaps(given_up.next()).await.flatten().transpose()?;
        }
        drop(given_up);
        tree.remove_dir_all().await?;
        check(!tree.exists().await, "the tree is still there")
    }

    /// From an object that is no file to a file, and back through another one.
    async fn copies(&mut self) -> io::Result<()> {
        let stage = self.stage.clone();
        let path = &self.dir / "copy";
        let packed = Cursor::new(stage.packed.clone());
        let mut target = path.open().write(true).create_new(true).await?;
        async_io::copy(wrap_file(GzDecoder::new(packed)), &mut target).await?;
        target.close().await?;
        let mut source = wrap_file(path.open().await?.into_inner().await?);
        let mut copy = wrap_file(Vec::new());
        async_io::copy(&mut source, &mut copy).await?;
        let copy = copy.into_inner().await?;
        check(copy == stage.text.as_bytes(), "another copy")?;
        path.unlink().await
    }

    /// So many bytes of a letter.
    fn piece(&mut self, most: u64) -> Vec<u8> {
        let letter = b'a' + self.random.below(26) as u8;
        vec![letter; self.random.below(most) as usize]
    }
}

async fn count<T>(mut stream: impl Stream<Item = io::Result<T>> + Unpin) -> io::Result<u64> {
    stream.try_fold(0, |count, _| Ok(count + 1)).await
}

pub(crate) fn check(holds: bool, otherwise: &str) -> io::Result<()> {
    if holds {
        Ok(())
    } else {
        Err(io::Error::other(otherwise))
    }
}

/// A generator of numbers that look random (SplitMix64).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ mixed >> 31) % bound.max(1)
    }
}
