//! Data that the page cache does not have.

use std::fs::File;
use std::io::{self, SeekFrom};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use anyfile::open_file;
use compio::BufResult;
use compio::io::AsyncReadAtExt;
use futures_lite::{AsyncReadExt, AsyncSeekExt};
use rustix::fs::{Advice, fadvise};
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

use super::read::{BLOCK, drain, drain_compio, drain_std, drain_tokio, places};
use crate::executor::Executor;
use crate::field::{Field, Goal, Kind, Workload};
use crate::stage::Stage;

const CHUNK: usize = 64 * 1024;

/// Reads at random that are under way at once.
const IN_FLIGHT: usize = 64;

pub fn workloads() -> Vec<Workload> {
    vec![
        Workload {
            name: "cold_sequential",
            title: "cold, read in sequence, 64 KiB at a time",
            notes: "128 MiB, quick: a quarter, dropped from the page cache before each run.",
            goal: Goal::Limit(1.03),
            kind: Kind::Race(sequential),
        },
        Workload {
            name: "cold_random",
            title: "cold, 4 KiB at random, 64 in flight",
            notes: "A time each of 4,096, quick: 1,024. 64 tasks; std: 64 threads. With `read_at` \
                    on one open file where the library has it, else each with a file of its own.",
            goal: Goal::Limit(1.0),
            kind: Kind::Race(random),
        },
    ]
}

/// Returns a field that drops a file from the page cache before each run.
pub fn cold(stage: &Stage, path: &'static Path, operations: u64) -> io::Result<Field> {
    if stage.is_memory()? {
        let reason = "nothing on this filesystem is cold";
        return Err(io::Error::new(io::ErrorKind::Unsupported, reason));
    }
    Ok(Field::new(operations).before(move || {
        fadvise(File::open(path)?, 0, None, Advice::DontNeed)?;
        Ok(())
    }))
}

fn sequential(stage: &Stage) -> io::Result<Field> {
    let path = stage.bytes("cold", stage.data_size(), 6)?;
    let mut field = cold(stage, path, 1)?;
    field.std(move |tally| drain_std(File::open(path)?, CHUNK, tally));
    field.anyfile(async move |tally| drain(open_file(path).await?, CHUNK, tally).await);
    field.smol("async-fs", async move |tally| {
        drain(async_fs::File::open(path).await?, CHUNK, tally).await
    });
    field.tokio(async move |tally| {
        drain_tokio(tokio::fs::File::open(path).await?, CHUNK, tally).await
    });
    field.async_std(async move |tally| {
        drain(async_std::fs::File::open(path).await?, CHUNK, tally).await
    });
    field.compio(async move |tally| {
        let file = compio::fs::File::open(path).await?;
        drain_compio(io::Cursor::new(file), CHUNK, tally).await
    });
    Ok(field)
}

fn random(stage: &Stage) -> io::Result<Field> {
    let path = stage.bytes("cold", stage.data_size(), 6)?;
    let reads = stage.pick(1024, 4096);
    let mut field = cold(stage, path, reads)?;
    let size = stage.data_size();
    let share = move |i| places(size, reads).skip(i).step_by(IN_FLIGHT);
    field.std(move |tally| {
        let file = File::open(path)?;
        super::in_threads(IN_FLIGHT, tally, |i, tally| {
            let mut buf = [0; BLOCK];
            for place in share(i) {
                file.read_exact_at(&mut buf, place)?;
                tally.item(&buf);
            }
            Ok(())
        })
    });
    let file = Arc::new(Executor::Lite.block_on(open_file(path))?);
    field.tasks("anyfile", Executor::Lite, IN_FLIGHT, move |i, mut tally| {
        let file = file.clone();
        async move {
            let mut buf = [0; BLOCK];
            for place in share(i) {
                file.read_exact_at(&mut buf, place).await?;
                tally.item(&buf);
            }
            Ok(tally)
        }
    });
    field.tasks(
        "async-fs",
        Executor::Lite,
        IN_FLIGHT,
        move |i, mut tally| async move {
            let (mut file, mut buf) = (async_fs::File::open(path).await?, [0; BLOCK]);
            for place in share(i) {
                file.seek(SeekFrom::Start(place)).await?;
                file.read_exact(&mut buf).await?;
                tally.item(&buf);
            }
            Ok(tally)
        },
    );
    for (name, executor) in Executor::tokio() {
        field.tasks(name, executor, IN_FLIGHT, move |i, mut tally| async move {
            let (mut file, mut buf) = (tokio::fs::File::open(path).await?, [0; BLOCK]);
            for place in share(i) {
                file.seek(SeekFrom::Start(place)).await?;
                file.read_exact(&mut buf).await?;
                tally.item(&buf);
            }
            Ok(tally)
        });
    }
    field.tasks(
        "async-std",
        Executor::AsyncStd,
        IN_FLIGHT,
        move |i, mut tally| async move {
            let (mut file, mut buf) = (async_std::fs::File::open(path).await?, [0; BLOCK]);
            for place in share(i) {
                file.seek(SeekFrom::Start(place)).await?;
                file.read_exact(&mut buf).await?;
                tally.item(&buf);
            }
            Ok(tally)
        },
    );
    field.compio_tasks(IN_FLIGHT, move |i, mut tally| async move {
        let (file, mut buf) = (
            compio::fs::File::open(path).await?,
            Vec::with_capacity(BLOCK),
        );
        for place in share(i) {
            buf.clear();
            let BufResult(read, filled) = file.read_exact_at(buf, place).await;
            read?;
            tally.item(&filled);
            buf = filled;
        }
        Ok(tally)
    });
    Ok(field)
}
