//! Many tasks at once.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::PathBuf;

use anyfile::{Path, open_file};
use compio::BufResult;
use compio::io::AsyncReadAtExt;
use futures_lite::AsyncReadExt;
use futures_lite::future::Boxed;
use tokio::io::AsyncReadExt as _;

use super::read::BLOCK;
use crate::executor::Executor;
use crate::field::{Field, Goal, Kind, Workload};
use crate::stage::Stage;
use crate::tally::Tally;

pub const READERS: usize = 1_000;
pub const FILES: usize = 10_000;

/// Tasks among which many files are divided.
const WORKERS: usize = 64;

pub fn workloads() -> Vec<Workload> {
    vec![
        Workload {
            name: "tasks_1000",
            title: "1,000 tasks that open a warm file and read 4 KiB",
            notes: "A time each of 1,000. std: one after the other.",
            goal: Goal::Peers,
            kind: Kind::Race(readers),
        },
        Workload {
            name: "small_files",
            title: "10,000 files of 4 KiB, read whole by 64 tasks",
            notes: "A time each of 10,000. std: one after the other, and with 64 threads.",
            goal: Goal::Limit(0.6),
            kind: Kind::Race(small_files),
        },
    ]
}

/// Tasks of one read each.
pub fn readers(stage: &Stage) -> io::Result<Field> {
    let paths = stage.small_files(FILES)?;
    let mut field = warm(paths, READERS);
    field.std(read_std(paths));
    field.tasks("anyfile", Executor::Lite, READERS, read_own(paths));
    field.tasks(
        "async-fs",
        Executor::Lite,
        READERS,
        move |i, mut tally| async move {
            let mut buf = [0; BLOCK];
            let mut file = async_fs::File::open(&paths[i]).await?;
            file.read_exact(&mut buf).await?;
            tally.item(&buf);
            Ok(tally)
        },
    );
    for (name, executor) in Executor::tokio() {
        field.tasks(name, executor, READERS, move |i, mut tally| async move {
            let mut buf = [0; BLOCK];
            let mut file = tokio::fs::File::open(&paths[i]).await?;
            file.read_exact(&mut buf).await?;
            tally.item(&buf);
            Ok(tally)
        });
    }
    field.tasks(
        "async-std",
        Executor::AsyncStd,
        READERS,
        move |i, mut tally| async move {
            let mut buf = [0; BLOCK];
            let mut file = async_std::fs::File::open(&paths[i]).await?;
            file.read_exact(&mut buf).await?;
            tally.item(&buf);
            Ok(tally)
        },
    );
    field.compio_tasks(READERS, move |i, mut tally| async move {
        let file = compio::fs::File::open(&paths[i]).await?;
        let BufResult(read, buf) = file.read_exact_at(Vec::with_capacity(BLOCK), 0).await;
        read?;
        tally.item(&buf);
        Ok(tally)
    });
    Ok(field)
}

/// Returns a field that reads the first `count` files before each run, so that they are in the page cache.
pub fn warm(paths: &'static [PathBuf], count: usize) -> Field {
    Field::new(count as u64).before(move || {
        let mut paths = paths[..count].iter();
        paths.try_for_each(|path| fs::read(path).map(drop))
    })
}

/// Returns a run that reads the files with `std`, one after the other.
pub fn read_std(paths: &[PathBuf]) -> impl FnMut(&mut Tally) -> io::Result<()> {
    move |tally| {
        let mut buf = [0; BLOCK];
        for path in &paths[..READERS] {
            File::open(path)?.read_exact(&mut buf)?;
            tally.item(&buf);
        }
        Ok(())
    }
}

/// Returns a run of one task that reads its files with `anyfile`.
pub fn read_own(
    paths: &'static [PathBuf],
) -> impl Fn(usize, Tally) -> Boxed<io::Result<Tally>> + Clone {
    move |i, mut tally| {
        Box::pin(async move {
            let mut buf = [0; BLOCK];
            let mut file = open_file(&paths[i]).await?;
            AsyncReadExt::read_exact(&mut file, &mut buf).await?;
            tally.item(&buf);
            Ok(tally)
        })
    }
}

/// Returns the files of one of the tasks.
fn share(paths: &[PathBuf], worker: usize) -> impl Iterator<Item = &PathBuf> {
    paths.iter().skip(worker).step_by(WORKERS)
}

fn small_files(stage: &Stage) -> io::Result<Field> {
    let paths = stage.small_files(FILES)?;
    let mut field = warm(paths, FILES);
    field.std(move |tally| {
        for path in paths {
            tally.item(&fs::read(path)?);
        }
        Ok(())
    });
    field.also("std, 64 threads", move |tally| {
        super::in_threads(WORKERS, tally, |i, tally| {
            for path in share(paths, i) {
                tally.item(&fs::read(path)?);
            }
            Ok(())
        })
    });
    field.tasks(
        "anyfile",
        Executor::Lite,
        WORKERS,
        move |i, mut tally| async move {
            for path in share(paths, i) {
                tally.item(&Path::new(path).read_bytes().await?);
            }
            Ok(tally)
        },
    );
    field.tasks(
        "async-fs",
        Executor::Lite,
        WORKERS,
        move |i, mut tally| async move {
            for path in share(paths, i) {
                tally.item(&async_fs::read(path).await?);
            }
            Ok(tally)
        },
    );
    for (name, executor) in Executor::tokio() {
        field.tasks(name, executor, WORKERS, move |i, mut tally| async move {
            for path in share(paths, i) {
                tally.item(&tokio::fs::read(path).await?);
            }
            Ok(tally)
        });
    }
    field.tasks(
        "async-std",
        Executor::AsyncStd,
        WORKERS,
        move |i, mut tally| async move {
            for path in share(paths, i) {
                tally.item(&async_std::fs::read(path).await?);
            }
            Ok(tally)
        },
    );
    field.compio_tasks(WORKERS, move |i, mut tally| async move {
        for path in share(paths, i) {
            tally.item(&compio::fs::read(path).await?);
        }
        Ok(tally)
    });
    Ok(field)
}
