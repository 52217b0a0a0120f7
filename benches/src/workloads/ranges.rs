//! Ranges of one large file, many in flight, each into a buffer of its own.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use anyfile::open_file;
use compio::BufResult;
use compio::io::AsyncReadAtExt;

use super::cold;
use crate::executor::Executor;
use crate::field::{Field, Goal, Kind, Workload};
use crate::stage::{Random, Stage};

const KIB: u64 = 1024;

/// Ranges that are read at once.
const IN_FLIGHT: usize = 32;

pub fn workloads() -> Vec<Workload> {
    vec![
        Workload {
            name: "ranges_warm",
            title: "ranges of 16 to 512 KiB of one warm file, 32 in flight",
            notes: "2,000 ranges of 2 GiB; quick: 500 of 256 MiB. Each into a buffer that is given away. \
                    std: 32 threads. \
                    `unblock` and tokio's `spawn_blocking` run std's call.",
            goal: Goal::Limit(1.1),
            kind: Kind::Race(warm),
        },
        Workload {
            name: "ranges_cold",
            title: "ranges of 16 to 512 KiB of one cold file, 32 in flight",
            notes: "Likewise, dropped from the page cache before each run.",
            goal: Goal::Limit(1.05),
            kind: Kind::Race(cold),
        },
    ]
}

fn size(stage: &Stage) -> u64 {
    stage.pick(256, 2048) * KIB * KIB
}

fn count(stage: &Stage) -> u64 {
    stage.pick(500, 2000)
}

fn file(stage: &Stage) -> io::Result<&'static Path> {
    stage.bytes("ranges", size(stage), 7)
}

fn warm(stage: &Stage) -> io::Result<Field> {
    let path = file(stage)?;
    // Evicted pages are read again, outside the measured time.
    let field =
        Field::new(1).before(move || io::copy(&mut File::open(path)?, &mut io::sink()).map(drop));
    contestants(field, path, size(stage), count(stage))
}

fn cold(stage: &Stage) -> io::Result<Field> {
    let path = file(stage)?;
    contestants(cold::cold(stage, path, 1)?, path, size(stage), count(stage))
}

/// Returns the offsets and lengths of the ranges that one of the tasks reads.
fn share(size: u64, count: u64, task: usize) -> impl Iterator<Item = (u64, usize)> {
    let mut random = Random(8);
    let ranges = (0..count).map(move |_| {
        let len = 16 * KIB + random.below(496 * KIB) as u64;
        (random.below(size - len) as u64, len as usize)
    });
    ranges.skip(task).step_by(IN_FLIGHT)
}

fn read(file: &File, offset: u64, len: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; len];
    file.read_exact_at(&mut bytes, offset)?;
    Ok(bytes)
}

fn contestants(mut field: Field, path: &'static Path, size: u64, count: u64) -> io::Result<Field> {
    let file = Arc::new(File::open(path)?);
    let std = file.clone();
    field.limit("std, 32 threads", move |tally| {
        super::in_threads(IN_FLIGHT, tally, |i, tally| {
            for (offset, len) in share(size, count, i) {
                tally.item(&read(&std, offset, len)?);
            }
            Ok(())
        })
    });
    let own = Arc::new(Executor::Lite.block_on(open_file(path))?);
    field.tasks("anyfile", Executor::Lite, IN_FLIGHT, move |i, mut tally| {
        let file = own.clone();
        async move {
            for (offset, len) in share(size, count, i) {
                tally.item(&file.read_range(offset..offset + len as u64).await?);
            }
            Ok(tally)
        }
    });
    let unblock = file.clone();
    field.tasks("unblock", Executor::Lite, IN_FLIGHT, move |i, mut tally| {
        let file = unblock.clone();
        async move {
            for (offset, len) in share(size, count, i) {
                let file = file.clone();
                tally.item(&blocking::unblock(move || read(&file, offset, len)).await?);
            }
            Ok(tally)
        }
    });
    for (name, executor) in Executor::tokio() {
        let file = file.clone();
        field.tasks(name, executor, IN_FLIGHT, move |i, mut tally| {
            let file = file.clone();
            async move {
                for (offset, len) in share(size, count, i) {
                    let file = file.clone();
                    let job = tokio::task::spawn_blocking(move || read(&file, offset, len));
                    tally.item(&job.await.map_err(io::Error::other)??);
                }
                Ok(tally)
            }
        });
    }
    field.compio_tasks(IN_FLIGHT, move |i, mut tally| async move {
        let file = compio::fs::File::open(path).await?;
        for (offset, len) in share(size, count, i) {
            let BufResult(read, bytes) = file.read_exact_at(Vec::with_capacity(len), offset).await;
            read?;
            tally.item(&bytes);
        }
        Ok(tally)
    });
    Ok(field)
}
