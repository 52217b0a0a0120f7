//! Questions about paths, and opening.

use std::fs::{self, File};
use std::io;

use anyfile::{Path, open_file};

use crate::field::{Field, Goal, Kind, Workload};
use crate::stage::Stage;

const QUESTIONS: u64 = 10_000;
const OPENINGS: u64 = 5_000;

pub fn workloads() -> Vec<Workload> {
    vec![
        Workload {
            name: "metadata",
            title: "`metadata` of a path",
            notes: "A time each of 10,000.",
            goal: Goal::Limit(1.75),
            kind: Kind::Race(metadata),
        },
        Workload {
            name: "open_close",
            title: "open + close",
            notes: "A time each of 5,000. Closed as each library recommends: with `close` if it has one.",
            goal: Goal::Limit(1.35),
            kind: Kind::Race(open_close),
        },
    ]
}

fn metadata(stage: &Stage) -> io::Result<Field> {
    let path = stage.text()?;
    let own = Path::new(path);
    let mut field = Field::new(QUESTIONS);
    field.std(move |tally| {
        (0..QUESTIONS).try_for_each(|_| {
            tally.item(&fs::metadata(path)?.len().to_le_bytes());
            Ok(())
        })
    });
    field.anyfile(async move |tally| {
        for _ in 0..QUESTIONS {
            tally.item(&own.metadata().await?.len().to_le_bytes());
        }
        Ok(())
    });
    field.smol("async-fs", async move |tally| {
        for _ in 0..QUESTIONS {
            tally.item(&async_fs::metadata(path).await?.len().to_le_bytes());
        }
        Ok(())
    });
    field.tokio(async move |tally| {
        for _ in 0..QUESTIONS {
            tally.item(&tokio::fs::metadata(path).await?.len().to_le_bytes());
        }
        Ok(())
    });
    field.async_std(async move |tally| {
        for _ in 0..QUESTIONS {
            tally.item(&async_std::fs::metadata(path).await?.len().to_le_bytes());
        }
        Ok(())
    });
    field.compio(async move |tally| {
        for _ in 0..QUESTIONS {
            tally.item(&compio::fs::metadata(path).await?.len().to_le_bytes());
        }
        Ok(())
    });
    Ok(field)
}

fn open_close(stage: &Stage) -> io::Result<Field> {
    let path = stage.text()?;
    let mut field = Field::new(OPENINGS);
    field.std(move |tally| {
        for _ in 0..OPENINGS {
            drop(File::open(path)?);
            tally.item(b"opened");
        }
        Ok(())
    });
    field.anyfile(async move |tally| {
        for _ in 0..OPENINGS {
            open_file(path).await?.close().await?;
            tally.item(b"opened");
        }
        Ok(())
    });
    field.variant(
        "dropped",
        crate::executor::Executor::Lite,
        async move |tally| {
            for _ in 0..OPENINGS {
                drop(open_file(path).await?);
                tally.item(b"opened");
            }
            Ok(())
        },
    );
    field.smol("async-fs", async move |tally| {
        for _ in 0..OPENINGS {
            drop(async_fs::File::open(path).await?);
            tally.item(b"opened");
        }
        Ok(())
    });
    field.tokio(async move |tally| {
        for _ in 0..OPENINGS {
            drop(tokio::fs::File::open(path).await?);
            tally.item(b"opened");
        }
        Ok(())
    });
    field.async_std(async move |tally| {
        for _ in 0..OPENINGS {
            drop(async_std::fs::File::open(path).await?);
            tally.item(b"opened");
        }
        Ok(())
    });
    field.compio(async move |tally| {
        for _ in 0..OPENINGS {
            compio::fs::File::open(path).await?.close().await?;
            tally.item(b"opened");
        }
        Ok(())
    });
    Ok(field)
}
