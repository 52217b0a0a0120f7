//! The size of everything in a tree, as `du` adds it up.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path as StdPath, PathBuf};

use anyfile::Path;
use async_walkdir::WalkDir as AsyncWalkDir;
use futures::{StreamExt, TryStreamExt};
use walkdir::WalkDir;

use crate::executor::Executor;
use crate::field::{Field, Goal, Kind, Workload};
use crate::stage::Stage;
use crate::tally::Tally;

/// Questions that are in flight at once, where a library asks several.
const IN_FLIGHT: usize = 64;

pub fn workloads() -> Vec<Workload> {
    vec![Workload {
        name: "du",
        title: "the size of everything in a tree",
        notes: "The tree of `rglob`; the metadata of each entry, links not followed. anyfile: \
                `rglob(\"*\").metadata(true)`, and 64 queries at a time without that.",
        goal: Goal::Limit(0.7),
        kind: Kind::Race(du),
    }]
}

fn du(stage: &Stage) -> io::Result<Field> {
    let root = stage.tree()?;
    let mut field = Field::new(1);
    field.std(move |tally| recurse(root, tally));
    field.also("walkdir", move |tally| {
        for entry in WalkDir::new(root).min_depth(1) {
            see(tally, &entry?.metadata()?);
        }
        Ok(())
    });
    field.also("jwalk", move |tally| {
        for entry in jwalk::WalkDir::new(root).min_depth(1).skip_hidden(false) {
            see(tally, &entry?.metadata()?);
        }
        Ok(())
    });
    field.anyfile(async move |tally| {
        let mut entries = Path::new(root).rglob("*").metadata(true);
        while let Some(entry) = entries.try_next().await? {
            let metadata = entry.info().metadata();
            see(tally, &metadata.ok_or(io::ErrorKind::NotFound)?);
        }
        Ok(())
    });
    field.variant("64 at a time", Executor::Lite, async move |tally| {
        let entries = Path::new(root).rglob("*");
        let answers = entries.map_ok(|entry| async move { entry.symlink_metadata().await });
        let mut answers = answers.try_buffer_unordered(IN_FLIGHT);
        while let Some(metadata) = answers.try_next().await? {
            see(tally, &metadata);
        }
        Ok(())
    });
    field.smol("async-fs", async move |tally| {
        let mut dirs = vec![root.to_owned()];
        while let Some(dir) = dirs.pop() {
            let mut entries = async_fs::read_dir(dir).await?;
            while let Some(entry) = entries.try_next().await? {
                let metadata = entry.metadata().await?;
                see(tally, &metadata);
                if metadata.is_dir() {
                    dirs.push(entry.path());
                }
            }
        }
        Ok(())
    });
    field.smol("async-walkdir", async move |tally| {
        let mut entries = AsyncWalkDir::new(root);
        while let Some(entry) = entries.next().await {
            see(tally, &entry?.metadata().await?);
        }
        Ok(())
    });
    field.tokio(async move |tally| {
        let mut dirs = vec![root.to_owned()];
        while let Some(dir) = dirs.pop() {
            let mut entries = tokio::fs::read_dir(dir).await?;
            while let Some(entry) = entries.next_entry().await? {
                let metadata = entry.metadata().await?;
                see(tally, &metadata);
                if metadata.is_dir() {
                    dirs.push(entry.path());
                }
            }
        }
        Ok(())
    });
    field.async_std(async move |tally| {
        let mut dirs = vec![PathBuf::from(root)];
        while let Some(dir) = dirs.pop() {
            let mut entries = async_std::fs::read_dir(dir).await?;
            while let Some(entry) = entries.try_next().await? {
                let metadata = entry.metadata().await?;
                see(tally, &metadata);
                if metadata.is_dir() {
                    dirs.push(entry.path().into());
                }
            }
        }
        Ok(())
    });
    field.leave_out("compio", "it has no directories");
    Ok(field)
}

fn recurse(dir: &StdPath, tally: &mut Tally) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        see(tally, &metadata);
        if metadata.is_dir() {
            recurse(&entry.path(), tally)?;
        }
    }
    Ok(())
}

fn see(tally: &mut Tally, metadata: &Metadata) {
    tally.item(&metadata.len().to_le_bytes());
}
