//! Reads of warm data: in sequence, at random, and of whole files.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::Path;

use anyfile::open_file;
use compio::BufResult;
use compio::io::AsyncReadAtExt;
use futures_lite::io::BufReader;
use futures_lite::{AsyncRead, AsyncReadExt, AsyncSeek, AsyncSeekExt};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, BufReader as TokioReader};

use crate::field::{Field, Goal, Kind, Workload};
use crate::stage::{Random, Stage};
use crate::tally::Tally;

/// What is read at random, and how often a run does it.
pub const BLOCK: usize = 4096;
pub const RANDOM_READS: u64 = 5_000;
const WHOLE_READS: u64 = 5_000;

/// The buffer that goes between small reads and a library without read-ahead.
const BUFFER: usize = 64 * 1024;

pub fn workloads() -> Vec<Workload> {
    let race = |name, title, notes, goal, field| Workload {
        name,
        title,
        notes,
        goal: Goal::Limit(goal),
        kind: Kind::Race(field),
    };
    vec![
        race(
            "read_4k",
            "read in sequence, 4 KiB at a time",
            "128 MiB; quick: a quarter. tokio, async-std and compio in a `BufReader` of 64 KiB, as \
             they recommend for small reads; std with and without one.",
            1.0,
            |stage| sequential(stage, BLOCK),
        ),
        race(
            "read_64k",
            "read in sequence, 64 KiB at a time",
            "The same file, no `BufReader`.",
            1.05,
            |stage| sequential(stage, 64 * 1024),
        ),
        race(
            "read_1m",
            "read in sequence, 1 MiB at a time",
            "The same file, no `BufReader`.",
            1.05,
            |stage| sequential(stage, 1024 * 1024),
        ),
        race(
            "seek_read",
            "seek + read 4 KiB at random",
            "A time each of 5,000, on an open file. compio has no cursor: its `read_at`.",
            0.9,
            seek_read,
        ),
        race(
            "read_at",
            "`read_at` 4 KiB at random",
            "A time each of 5,000, on an open file. Only compio has it too.",
            1.05,
            read_at,
        ),
        race(
            "read_text",
            "whole file of 2 KB as text",
            "A time each of 5,000.",
            0.95,
            read_text,
        ),
    ]
}

fn sequential(stage: &Stage, size: usize) -> io::Result<Field> {
    let path = stage.data()?;
    let small = size < BUFFER;
    let mut field = Field::new(1);
    field.std(move |tally| drain_std(File::open(path)?, size, tally));
    if small {
        field.also("std, BufReader", move |tally| {
            let file = io::BufReader::with_capacity(BUFFER, File::open(path)?);
            drain_std(file, size, tally)
        });
    }
    field.anyfile(async move |tally| drain(open_file(path).await?, size, tally).await);
    field.smol("async-fs", async move |tally| {
        drain(async_fs::File::open(path).await?, size, tally).await
    });
    field.tokio(async move |tally| {
        let file = tokio::fs::File::open(path).await?;
        if small {
            drain_tokio(TokioReader::with_capacity(BUFFER, file), size, tally).await
        } else {
            drain_tokio(file, size, tally).await
        }
    });
    field.async_std(async move |tally| {
        let file = async_std::fs::File::open(path).await?;
        if small {
            drain(BufReader::with_capacity(BUFFER, file), size, tally).await
        } else {
            drain(file, size, tally).await
        }
    });
    field.compio(async move |tally| {
        let file = io::Cursor::new(compio::fs::File::open(path).await?);
        if small {
            drain_compio(
                compio::io::BufReader::with_capacity(BUFFER, file),
                size,
                tally,
            )
            .await
        } else {
            drain_compio(file, size, tally).await
        }
    });
    Ok(field)
}

/// Reads to the end with a buffer of some size.
pub fn drain_std(mut reader: impl Read, size: usize, tally: &mut Tally) -> io::Result<()> {
    let mut buf = vec![0; size];
    loop {
        match reader.read(&mut buf)? {
            0 => return Ok(()),
            read => tally.bytes(&buf[..read]),
        }
    }
}

/// Likewise, with the trait of `futures`.
pub async fn drain<R>(mut reader: R, size: usize, tally: &mut Tally) -> io::Result<()>
where
    R: AsyncRead + Unpin,
{
    let mut buf = vec![0; size];
    loop {
        match reader.read(&mut buf).await? {
            0 => return Ok(()),
            read => tally.bytes(&buf[..read]),
        }
    }
}

/// Likewise, with the trait of tokio.
pub async fn drain_tokio<R>(mut reader: R, size: usize, tally: &mut Tally) -> io::Result<()>
where
    R: tokio::io::AsyncRead + Unpin,
{
    let mut buf = vec![0; size];
    loop {
        match reader.read(&mut buf).await? {
            0 => return Ok(()),
            read => tally.bytes(&buf[..read]),
        }
    }
}

/// Likewise, with the trait of compio, which takes the buffer and gives it back.
pub async fn drain_compio<R>(mut reader: R, size: usize, tally: &mut Tally) -> io::Result<()>
where
    R: compio::io::AsyncRead,
{
    let mut buf = Vec::with_capacity(size);
    loop {
        buf.clear();
        let BufResult(read, filled) = reader.read(buf).await;
        match read? {
            0 => return Ok(()),
            read => tally.bytes(&filled[..read]),
        }
        buf = filled;
    }
}

/// Places of blocks, the same for every contestant.
pub fn places(size: u64, count: u64) -> impl Iterator<Item = u64> {
    let mut random = Random(9);
    (0..count).map(move |_| (random.below(size / BLOCK as u64) * BLOCK) as u64)
}

fn seek_read(stage: &Stage) -> io::Result<Field> {
    let (path, size) = (stage.data()?, stage.data_size());
    let mut field = Field::new(RANDOM_READS);
    field.std(jump_std(path, size));
    field.anyfile(async move |tally| jump(open_file(path).await?, size, tally).await);
    field.smol("async-fs", async move |tally| {
        jump(async_fs::File::open(path).await?, size, tally).await
    });
    field.tokio(async move |tally| {
        let (mut file, mut buf) = (tokio::fs::File::open(path).await?, [0; BLOCK]);
        for place in places(size, RANDOM_READS) {
            file.seek(SeekFrom::Start(place)).await?;
            file.read_exact(&mut buf).await?;
            tally.bytes(&buf);
        }
        Ok(())
    });
    field.async_std(async move |tally| {
        jump(async_std::fs::File::open(path).await?, size, tally).await
    });
    field.compio(async move |tally| jump_compio(path, size, tally).await);
    Ok(field)
}

/// Seeks and reads at random, as `std` does.
pub fn jump_std(path: &Path, size: u64) -> impl FnMut(&mut Tally) -> io::Result<()> {
    move |tally| {
        let (mut file, mut buf) = (File::open(path)?, [0; BLOCK]);
        for place in places(size, RANDOM_READS) {
            file.seek(SeekFrom::Start(place))?;
            file.read_exact(&mut buf)?;
            tally.bytes(&buf);
        }
        Ok(())
    }
}

/// Likewise, with the traits of `futures`.
pub async fn jump<F>(mut file: F, size: u64, tally: &mut Tally) -> io::Result<()>
where
    F: AsyncRead + AsyncSeek + Unpin,
{
    let mut buf = [0; BLOCK];
    for place in places(size, RANDOM_READS) {
        file.seek(SeekFrom::Start(place)).await?;
        file.read_exact(&mut buf).await?;
        tally.bytes(&buf);
    }
    Ok(())
}

/// Reads at random, without a cursor.
async fn jump_compio(path: &Path, size: u64, tally: &mut Tally) -> io::Result<()> {
    let file = compio::fs::File::open(path).await?;
    let mut buf = Vec::with_capacity(BLOCK);
    for place in places(size, RANDOM_READS) {
        buf.clear();
        let BufResult(read, filled) = file.read_exact_at(buf, place).await;
        read?;
        tally.bytes(&filled);
        buf = filled;
    }
    Ok(())
}

fn read_at(stage: &Stage) -> io::Result<Field> {
    let (path, size) = (stage.data()?, stage.data_size());
    let mut field = Field::new(RANDOM_READS);
    field.std(move |tally| {
        let (file, mut buf) = (File::open(path)?, [0; BLOCK]);
        for place in places(size, RANDOM_READS) {
            file.read_exact_at(&mut buf, place)?;
            tally.bytes(&buf);
        }
        Ok(())
    });
    field.anyfile(async move |tally| {
        let (file, mut buf) = (open_file(path).await?, [0; BLOCK]);
        for place in places(size, RANDOM_READS) {
            file.read_exact_at(&mut buf, place).await?;
            tally.bytes(&buf);
        }
        Ok(())
    });
    field.compio(async move |tally| jump_compio(path, size, tally).await);
    Ok(field)
}

fn read_text(stage: &Stage) -> io::Result<Field> {
    let path = stage.text()?;
    let own = anyfile::Path::new(path);
    let mut field = Field::new(WHOLE_READS);
    field.std(move |tally| {
        (0..WHOLE_READS).try_for_each(|_| {
            tally.item(fs::read_to_string(path)?.as_bytes());
            Ok(())
        })
    });
    field.anyfile(async move |tally| {
        for _ in 0..WHOLE_READS {
            tally.item(own.read_text().await?.as_bytes());
        }
        Ok(())
    });
    field.smol("async-fs", async move |tally| {
        for _ in 0..WHOLE_READS {
            tally.item(async_fs::read_to_string(path).await?.as_bytes());
        }
        Ok(())
    });
    field.tokio(async move |tally| {
        for _ in 0..WHOLE_READS {
            tally.item(tokio::fs::read_to_string(path).await?.as_bytes());
        }
        Ok(())
    });
    field.async_std(async move |tally| {
        for _ in 0..WHOLE_READS {
            tally.item(async_std::fs::read_to_string(path).await?.as_bytes());
        }
        Ok(())
    });
    field.compio(async move |tally| {
        for _ in 0..WHOLE_READS {
            let text = String::from_utf8(compio::fs::read(path).await?);
            tally.item(text.map_err(io::Error::other)?.as_bytes());
        }
        Ok(())
    });
    Ok(field)
}
