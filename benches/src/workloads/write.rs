//! Writes to a new file.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use anyfile::open_file;
use compio::BufResult;
use compio::io::{AsyncWrite as _, AsyncWriteAtExt, AsyncWriteExt as _};
use futures_lite::io::BufWriter;
use futures_lite::{AsyncWrite, AsyncWriteExt};
use tokio::io::{AsyncWriteExt as _, BufWriter as TokioWriter};

use crate::field::{Field, Goal, Kind, Workload};
use crate::stage::Stage;
use crate::tally::Tally;

/// What is written over and over.
static BYTES: [u8; 64 * 1024] = [b'x'; 64 * 1024];

const SMALL: usize = 100;
const SMALL_WRITES: u64 = 200_000;

const LONG: &str = "The time of the whole, with the creation of the file and one flush; quick: 60 MB of the 300. The file is \
                    removed before each run. Every library but anyfile in a `BufWriter` of its default size.";

pub fn workloads() -> Vec<Workload> {
    vec![
        Workload {
            name: "write_100",
            title: "100-byte writes + flush",
            notes: "A time each of 200,000, with the creation of the file and one flush. Every library \
                    but anyfile in a `BufWriter` of its default size.",
            goal: Goal::Limit(0.5),
            kind: Kind::Race(|stage| small(stage, SMALL_WRITES, SMALL_WRITES)),
        },
        Workload {
            name: "write_100_30m",
            title: "100-byte writes + flush, 30 MB",
            notes: LONG,
            goal: Goal::Limit(0.5),
            kind: Kind::Race(|stage| small(stage, 300_000, 1)),
        },
        Workload {
            name: "write_100_300m",
            title: "100-byte writes + flush, 300 MB",
            notes: LONG,
            goal: Goal::Limit(0.5),
            kind: Kind::Race(|stage| small(stage, stage.pick(600_000, 3_000_000), 1)),
        },
        Workload {
            name: "write_64k",
            title: "64 KiB writes + flush",
            notes: "128 MiB, quick: a quarter, with the creation of the file. No `BufWriter`.",
            goal: Goal::LimitOn {
                disk: 1.05,
                tmpfs: 1.25,
            },
            kind: Kind::Race(large),
        },
    ]
}

/// Returns the path of a file, and a field that removes it before each run.
fn target(stage: &Stage, operations: u64) -> (&'static Path, Field) {
    let path = stage.fresh("written");
    let field = Field::new(operations).before(move || match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    });
    (path, field)
}

/// Looks at what was written.
fn look(path: &Path, tally: &mut Tally) -> io::Result<()> {
    if tally.is_thorough() {
        tally.bytes(&fs::read(path)?);
    }
    Ok(())
}

/// Makes so many small writes, whose times are divided by a number of operations.
fn small(stage: &Stage, writes: u64, operations: u64) -> io::Result<Field> {
    let (path, mut field) = target(stage, operations);
    let bytes = &BYTES[..SMALL];
    field.std(move |tally| {
        let mut file = io::BufWriter::new(File::create(path)?);
        for _ in 0..writes {
            file.write_all(bytes)?;
        }
        file.flush()?;
        look(path, tally)
    });
    field.anyfile(async move |tally| {
        let options = open_file(path).write(true).create(true).truncate(true);
        write(options.await?, bytes, writes).await?;
        look(path, tally)
    });
    field.smol("async-fs", async move |tally| {
        let file = BufWriter::new(async_fs::File::create(path).await?);
        write(file, bytes, writes).await?;
        look(path, tally)
    });
    field.tokio(async move |tally| {
        let mut file = TokioWriter::new(tokio::fs::File::create(path).await?);
        for _ in 0..writes {
            file.write_all(bytes).await?;
        }
        file.flush().await?;
        look(path, tally)
    });
    field.async_std(async move |tally| {
        let file = BufWriter::new(async_std::fs::File::create(path).await?);
        write(file, bytes, writes).await?;
        look(path, tally)
    });
    field.compio(async move |tally| {
        let file = io::Cursor::new(compio::fs::File::create(path).await?);
        let mut file = compio::io::BufWriter::new(file);
        for _ in 0..writes {
            let BufResult(written, _) = file.write_all(bytes).await;
            written?;
        }
        file.flush().await?;
        look(path, tally)
    });
    Ok(field)
}

fn large(stage: &Stage) -> io::Result<Field> {
    let (path, mut field) = target(stage, 1);
    let writes = stage.data_size() / BYTES.len() as u64;
    field.std(move |tally| {
        let mut file = File::create(path)?;
        for _ in 0..writes {
            file.write_all(&BYTES)?;
        }
        file.flush()?;
        look(path, tally)
    });
    field.anyfile(async move |tally| {
        let options = open_file(path).write(true).create(true).truncate(true);
        write(options.await?, &BYTES, writes).await?;
        look(path, tally)
    });
    field.smol("async-fs", async move |tally| {
        write(async_fs::File::create(path).await?, &BYTES, writes).await?;
        look(path, tally)
    });
    field.tokio(async move |tally| {
        let mut file = tokio::fs::File::create(path).await?;
        for _ in 0..writes {
            file.write_all(&BYTES).await?;
        }
        file.flush().await?;
        look(path, tally)
    });
    field.async_std(async move |tally| {
        write(async_std::fs::File::create(path).await?, &BYTES, writes).await?;
        look(path, tally)
    });
    field.compio(async move |tally| {
        let mut file = compio::fs::File::create(path).await?;
        for i in 0..writes {
            let BufResult(written, _) = file.write_all_at(&BYTES[..], i * BYTES.len() as u64).await;
            written?;
        }
        look(path, tally)
    });
    Ok(field)
}

async fn write<W>(mut file: W, bytes: &[u8], writes: u64) -> io::Result<()>
where
    W: AsyncWrite + Unpin,
{
    for _ in 0..writes {
        file.write_all(bytes).await?;
    }
    file.flush().await
}
