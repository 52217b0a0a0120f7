//! Peaks of memory and threads: each contestant has a process of its own.

use std::fs::File;
use std::io::{self, BufRead, Cursor};

use anyfile::open_file;
use compio::io::compat::AsyncReadStream;
use futures_lite::io::BufReader;
use futures_lite::{AsyncBufRead, AsyncBufReadExt, StreamExt};
use tokio::io::{AsyncBufReadExt as _, BufReader as TokioReader};

use super::tasks;
use crate::field::{Field, Goal, Kind, Workload};
use crate::stage::Stage;
use crate::tally::Tally;

/// Files that are open at once.
const STREAMS: usize = 500;

/// Lines that are taken from a stream at a time, and how often it is its turn.
const LINES: usize = 100;
const TURNS: usize = 3;

pub fn workloads() -> Vec<Workload> {
    vec![
        Workload {
            name: "memory_streams",
            title: "500 files whose lines are read in turns",
            notes: "One text of 128 MiB, quick: a quarter, opened 500 times. Three turns of 100 lines each.",
            goal: Goal::Memory(128),
            kind: Kind::Gauge(streams),
        },
        Workload {
            name: "memory_tasks",
            title: "1,000 tasks that open a warm file and read 4 KiB",
            notes: "After one such task and a pause. Threads are those of the pool and of the executor \
                    beside the main one.",
            goal: Goal::Threads(0),
            kind: Kind::Gauge(tasks::readers),
        },
    ]
}

fn streams(stage: &Stage) -> io::Result<Field> {
    let path = stage.lines()?;
    let mut field = Field::new(1);
    field.std(move |tally| {
        let open = || Ok(io::BufReader::new(File::open(path)?).lines());
        let mut streams: Vec<_> = (0..STREAMS).map(|_| open()).collect::<io::Result<_>>()?;
        for _ in 0..TURNS {
            for line in streams.iter_mut().flat_map(|stream| stream.take(LINES)) {
                tally.line(line?.as_bytes());
            }
        }
        Ok(())
    });
    field.anyfile(async move |tally| {
        let mut streams = Vec::with_capacity(STREAMS);
        for _ in 0..STREAMS {
            streams.push(open_file(path).await?.lines());
        }
        for _ in 0..TURNS {
            for stream in &mut streams {
                for _ in 0..LINES {
                    let line = stream.try_next().await?;
                    tally.line(line.unwrap_or_default().as_bytes());
                }
            }
        }
        Ok(())
    });
    field.smol("async-fs", async move |tally| {
        let mut files = Vec::with_capacity(STREAMS);
        for _ in 0..STREAMS {
            files.push(BufReader::new(async_fs::File::open(path).await?));
        }
        turns(files, tally).await
    });
    field.tokio(async move |tally| {
        let mut streams = Vec::with_capacity(STREAMS);
        for _ in 0..STREAMS {
            streams.push(TokioReader::new(tokio::fs::File::open(path).await?).lines());
        }
        for _ in 0..TURNS {
            for stream in &mut streams {
                for _ in 0..LINES {
                    let line = stream.next_line().await?;
                    tally.line(line.unwrap_or_default().as_bytes());
                }
            }
        }
        Ok(())
    });
    field.async_std(async move |tally| {
        let mut files = Vec::with_capacity(STREAMS);
        for _ in 0..STREAMS {
            files.push(BufReader::new(async_std::fs::File::open(path).await?));
        }
        turns(files, tally).await
    });
    field.compio(async move |tally| {
        let mut files = Vec::with_capacity(STREAMS);
        for _ in 0..STREAMS {
            let file = Cursor::new(compio::fs::File::open(path).await?);
            files.push(Box::pin(AsyncReadStream::new(file)));
        }
        turns(files, tally).await
    });
    Ok(field)
}

/// Reads lines of open files in turns.
async fn turns<R: AsyncBufRead + Unpin>(files: Vec<R>, tally: &mut Tally) -> io::Result<()> {
    let mut streams: Vec<_> = files.into_iter().map(|file| file.lines()).collect();
    for _ in 0..TURNS {
        for stream in &mut streams {
            for _ in 0..LINES {
                let line = stream.try_next().await?;
                tally.line(line.unwrap_or_default().as_bytes());
            }
        }
    }
    Ok(())
}
