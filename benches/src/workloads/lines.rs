//! Lines of a large text.

use std::fs::File;
use std::io::{self, BufRead, Cursor};
use std::path::Path;

use anyfile::open_file;
use compio::io::compat::AsyncReadStream;
use futures_lite::io::BufReader;
use futures_lite::{AsyncBufRead, AsyncBufReadExt, StreamExt};
use tokio::io::{AsyncBufReadExt as _, BufReader as TokioReader};

use crate::field::{Field, Goal, Kind, Workload};
use crate::stage::Stage;
use crate::tally::Tally;

pub fn workloads() -> Vec<Workload> {
    vec![
        Workload {
            name: "lines",
            title: "lines as `String`",
            notes: "128 MiB, 1.5 million lines; quick: a quarter. Every library but anyfile in its \
                    `BufReader` of the default size, compio in its `AsyncReadStream`.",
            goal: Goal::Limit(0.35),
            kind: Kind::Race(owned),
        },
        Workload {
            name: "lines_borrowed",
            title: "lines without an allocation each",
            notes: "The same text: `next_line` of anyfile; `read_line` into one `String` of the others.",
            goal: Goal::Limit(0.35),
            kind: Kind::Race(borrowed),
        },
    ]
}

fn owned(stage: &Stage) -> io::Result<Field> {
    let path = stage.lines()?;
    let mut field = Field::new(1);
    field.std(blocking(path));
    field.anyfile(own(path));
    field.smol("async-fs", async move |tally| {
        strings(BufReader::new(async_fs::File::open(path).await?), tally).await
    });
    field.tokio(async move |tally| {
        let mut lines = TokioReader::new(tokio::fs::File::open(path).await?).lines();
        while let Some(line) = lines.next_line().await? {
            tally.line(line.as_bytes());
        }
        Ok(())
    });
    field.async_std(async move |tally| {
        strings(
            BufReader::new(async_std::fs::File::open(path).await?),
            tally,
        )
        .await
    });
    field.compio(async move |tally| {
        let file = compio::fs::File::open(path).await?;
        strings(Box::pin(AsyncReadStream::new(Cursor::new(file))), tally).await
    });
    Ok(field)
}

/// Returns a run that reads the lines with `std`.
pub fn blocking(path: &Path) -> impl FnMut(&mut Tally) -> io::Result<()> {
    move |tally| {
        for line in io::BufReader::new(File::open(path)?).lines() {
            tally.line(line?.as_bytes());
        }
        Ok(())
    }
}

/// Returns a run that reads the lines with `anyfile`.
pub fn own(path: &Path) -> impl AsyncFnMut(&mut Tally) -> io::Result<()> + Clone {
    async move |tally| {
        let mut lines = open_file(path).await?.lines();
        while let Some(line) = lines.try_next().await? {
            tally.line(line.as_bytes());
        }
        Ok(())
    }
}

fn borrowed(stage: &Stage) -> io::Result<Field> {
    let path = stage.lines()?;
    let mut field = Field::new(1);
    field.std(move |tally| {
        let mut file = io::BufReader::new(File::open(path)?);
        let mut line = String::new();
        while file.read_line(&mut line)? > 0 {
            tally.line(line.trim_end_matches('\n').as_bytes());
            line.clear();
        }
        Ok(())
    });
    field.anyfile(async move |tally| {
        let mut lines = open_file(path).await?.lines();
        while let Some(line) = lines.next_line().await? {
            tally.line(line.as_bytes());
        }
        Ok(())
    });
    field.smol("async-fs", async move |tally| {
        reused(BufReader::new(async_fs::File::open(path).await?), tally).await
    });
    field.tokio(async move |tally| {
        let mut file = TokioReader::new(tokio::fs::File::open(path).await?);
        let mut line = String::new();
        while file.read_line(&mut line).await? > 0 {
            tally.line(line.trim_end_matches('\n').as_bytes());
            line.clear();
        }
        Ok(())
    });
    field.async_std(async move |tally| {
        reused(
            BufReader::new(async_std::fs::File::open(path).await?),
            tally,
        )
        .await
    });
    field.compio(async move |tally| {
        let file = compio::fs::File::open(path).await?;
        reused(Box::pin(AsyncReadStream::new(Cursor::new(file))), tally).await
    });
    Ok(field)
}

async fn strings(reader: impl AsyncBufRead + Unpin, tally: &mut Tally) -> io::Result<()> {
    let mut lines = reader.lines();
    while let Some(line) = lines.try_next().await? {
        tally.line(line.as_bytes());
    }
    Ok(())
}

async fn reused(mut reader: impl AsyncBufRead + Unpin, tally: &mut Tally) -> io::Result<()> {
    let mut line = String::new();
    while reader.read_line(&mut line).await? > 0 {
        tally.line(line.trim_end_matches('\n').as_bytes());
        line.clear();
    }
    Ok(())
}
