//! How long a task that reads warm data forever keeps the other task of its thread waiting.

use std::io::{self, SeekFrom};
use std::time::{Duration, Instant};

use anyfile::open_file;
use compio::BufResult;
use compio::io::AsyncReadAtExt;
use compio::io::compat::AsyncReadStream;
use futures_lite::future::{Boxed, BoxedLocal, yield_now};
use futures_lite::io::BufReader;
use futures_lite::{
    AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncSeek, AsyncSeekExt,
};
use tokio::io::{
    AsyncBufReadExt as _, AsyncReadExt as _, AsyncSeekExt as _, BufReader as TokioReader,
};

use super::read::{BLOCK, places};
use crate::executor::Executor;
use crate::field::{Field, Goal, Kind, Workload};
use crate::stage::Stage;
use crate::tally::Tally;

/// The duration of a run: so short that other work of the machine does not disturb every run.
const SPAN: Duration = Duration::from_millis(20);

pub fn workloads() -> Vec<Workload> {
    vec![
        Workload {
            name: "fairness_random",
            title: "longest hold-up by a task that seeks and reads 4 KiB forever",
            notes: "What a task that only yields sees on a single-threaded executor, in 20 ms. \
                    async-std's file on the executor of smol, as its own has several threads.",
            goal: Goal::Seen,
            kind: Kind::Race(random),
        },
        Workload {
            name: "fairness_lines",
            title: "longest hold-up by a task that reads lines forever",
            notes: "Likewise, with a large text that is opened again at its end.",
            goal: Goal::Seen,
            kind: Kind::Race(lines),
        },
        Workload {
            name: "fairness_merge",
            title: "longest hold-up by a task that merges 500 files line by line",
            notes: "Likewise, with 500 files of 64 KiB, of each of which a line is read in turn.",
            goal: Goal::Seen,
            kind: Kind::Race(merge),
        },
    ]
}

/// Adds a reader, which reads until its time is over, with a ticker beside it.
fn pair<F>(field: &mut Field, name: &str, executor: Executor, reader: F)
where
    F: Fn(Instant) -> Boxed<io::Result<()>> + 'static,
{
    field.tasks(name, executor, 2, move |i, tally| {
        let start = Instant::now();
        let reading = (i == 0).then(|| reader(start + SPAN));
        async move {
            match reading {
                Some(reading) => reading.await.map(|()| tally),
                None => Ok(tick(start, tally).await),
            }
        }
    });
}

/// Likewise, for compio.
fn pair_compio<F>(field: &mut Field, reader: F)
where
    F: Fn(Instant) -> BoxedLocal<io::Result<()>> + 'static,
{
    field.compio_tasks(2, move |i, tally| {
        let start = Instant::now();
        let reading = (i == 0).then(|| reader(start + SPAN));
        async move {
            match reading {
                Some(reading) => reading.await.map(|()| tally),
                None => Ok(tick(start, tally).await),
            }
        }
    });
}

/// Yields until the time is over. The clock of the tally says what the longest wait was.
async fn tick(start: Instant, mut tally: Tally) -> Tally {
    let (mut last, mut longest) = (start, Duration::ZERO);
    while last - start < SPAN {
        yield_now().await;
        let now = Instant::now();
        longest = longest.max(now - last);
        last = now;
    }
    tally.clock(longest);
    tally
}

fn random(stage: &Stage) -> io::Result<Field> {
    let (path, size) = (stage.data()?, stage.data_size());
    let mut field = Field::new(1);
    pair(&mut field, "anyfile", Executor::Lite, move |end| {
        Box::pin(async move { jump(open_file(path).await?, size, end).await })
    });
    pair(&mut field, "async-fs", Executor::Lite, move |end| {
        Box::pin(async move { jump(async_fs::File::open(path).await?, size, end).await })
    });
    pair(
        &mut field,
        "tokio current",
        Executor::TokioCurrent,
        move |end| {
            Box::pin(async move {
                let (mut file, mut buf) = (tokio::fs::File::open(path).await?, [0; BLOCK]);
                for place in places(size, u64::MAX).take_while(|_| Instant::now() < end) {
                    file.seek(SeekFrom::Start(place)).await?;
                    file.read_exact(&mut buf).await?;
                }
                Ok(())
            })
        },
    );
    pair(&mut field, "async-std", Executor::Lite, move |end| {
        Box::pin(async move { jump(async_std::fs::File::open(path).await?, size, end).await })
    });
    pair_compio(&mut field, move |end| {
        Box::pin(async move {
            let file = compio::fs::File::open(path).await?;
            let mut buf = Vec::with_capacity(BLOCK);
            for place in places(size, u64::MAX).take_while(|_| Instant::now() < end) {
                buf.clear();
                let BufResult(read, filled) = file.read_exact_at(buf, place).await;
                read?;
                buf = filled;
            }
            Ok(())
        })
    });
    Ok(field)
}

async fn jump<F>(mut file: F, size: u64, end: Instant) -> io::Result<()>
where
    F: AsyncRead + AsyncSeek + Unpin,
{
    let mut buf = [0; BLOCK];
    for place in places(size, u64::MAX).take_while(|_| Instant::now() < end) {
        file.seek(SeekFrom::Start(place)).await?;
        file.read_exact(&mut buf).await?;
    }
    Ok(())
}

fn lines(stage: &Stage) -> io::Result<Field> {
    let path = stage.lines()?;
    let mut field = Field::new(1);
    pair(&mut field, "anyfile", Executor::Lite, move |end| {
        Box::pin(async move {
            while Instant::now() < end {
                let mut lines = open_file(path).await?.lines();
                while Instant::now() < end && lines.next_line().await?.is_some() {}
            }
            Ok(())
        })
    });
    pair(&mut field, "async-fs", Executor::Lite, move |end| {
        Box::pin(async move {
            while Instant::now() < end {
                text(BufReader::new(async_fs::File::open(path).await?), end).await?;
            }
            Ok(())
        })
    });
    pair(
        &mut field,
        "tokio current",
        Executor::TokioCurrent,
        move |end| {
            Box::pin(async move {
                while Instant::now() < end {
                    let mut file = TokioReader::new(tokio::fs::File::open(path).await?);
                    let mut line = String::new();
                    while Instant::now() < end && file.read_line(&mut line).await? > 0 {
                        line.clear();
                    }
                }
                Ok(())
            })
        },
    );
    pair(&mut field, "async-std", Executor::Lite, move |end| {
        Box::pin(async move {
            while Instant::now() < end {
                text(BufReader::new(async_std::fs::File::open(path).await?), end).await?;
            }
            Ok(())
        })
    });
    pair_compio(&mut field, move |end| {
        Box::pin(async move {
            while Instant::now() < end {
                let file = io::Cursor::new(compio::fs::File::open(path).await?);
                text(Box::pin(AsyncReadStream::new(file)), end).await?;
            }
            Ok(())
        })
    });
    Ok(field)
}

async fn text(mut reader: impl AsyncBufRead + Unpin, end: Instant) -> io::Result<()> {
    let mut line = String::new();
    while Instant::now() < end && reader.read_line(&mut line).await? > 0 {
        line.clear();
    }
    Ok(())
}

/// Files that are merged.
const MERGED: usize = 500;

fn merge(stage: &Stage) -> io::Result<Field> {
    let paths = stage.logs(MERGED)?;
    let mut field = Field::new(1);
    pair(&mut field, "anyfile", Executor::Lite, move |end| {
        Box::pin(async move {
            let mut files = Vec::new();
            for path in paths {
                files.push(open_file(path).await?.lines());
            }
            for i in (0..files.len())
                .cycle()
                .take_while(|_| Instant::now() < end)
            {
                files[i].next_line().await?;
            }
            Ok(())
        })
    });
    pair(&mut field, "async-fs", Executor::Lite, move |end| {
        Box::pin(async move {
            let mut files = Vec::new();
            for path in paths {
                files.push(BufReader::new(async_fs::File::open(path).await?));
            }
            take_turns(files, end).await
        })
    });
    pair(
        &mut field,
        "tokio current",
        Executor::TokioCurrent,
        move |end| {
            Box::pin(async move {
                let (mut files, mut line) = (Vec::new(), String::new());
                for path in paths {
                    files.push(TokioReader::new(tokio::fs::File::open(path).await?));
                }
                for i in (0..files.len())
                    .cycle()
                    .take_while(|_| Instant::now() < end)
                {
                    line.clear();
                    files[i].read_line(&mut line).await?;
                }
                Ok(())
            })
        },
    );
    pair(&mut field, "async-std", Executor::Lite, move |end| {
        Box::pin(async move {
            let mut files = Vec::new();
            for path in paths {
                files.push(BufReader::new(async_std::fs::File::open(path).await?));
            }
            take_turns(files, end).await
        })
    });
    pair_compio(&mut field, move |end| {
        Box::pin(async move {
            let mut files = Vec::new();
            for path in paths {
                let file = io::Cursor::new(compio::fs::File::open(path).await?);
                files.push(Box::pin(AsyncReadStream::new(file)));
            }
            take_turns(files, end).await
        })
    });
    Ok(field)
}

async fn take_turns<R>(mut files: Vec<R>, end: Instant) -> io::Result<()>
where
    R: AsyncBufRead + Unpin,
{
    let mut line = String::new();
    for i in (0..files.len())
        .cycle()
        .take_while(|_| Instant::now() < end)
    {
        line.clear();
        files[i].read_line(&mut line).await?;
    }
    Ok(())
}
