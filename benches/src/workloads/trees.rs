//! Directories and trees.

use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path as StdPath, PathBuf};

use anyfile::Path;
use async_walkdir::WalkDir as AsyncWalkDir;
use futures_lite::{Stream, StreamExt};
use walkdir::WalkDir;

use crate::field::{Field, Goal, Kind, Workload};
use crate::stage::Stage;
use crate::tally::Tally;

pub fn workloads() -> Vec<Workload> {
    vec![
        Workload {
            name: "iterdir",
            title: "entries of a directory",
            notes: "50,000 files; quick: 10,000. Each entry's path is looked at.",
            goal: Goal::Limit(1.05),
            kind: Kind::Race(iterdir),
        },
        Workload {
            name: "rglob",
            title: "everything in a tree",
            notes: "130,000 entries in three levels; quick: 20,000. Each entry's path is looked at. \
                    tokio and async-std have no walk: the usual loop over `read_dir`.",
            goal: Goal::Limit(0.65),
            kind: Kind::Race(rglob),
        },
    ]
}

fn iterdir(stage: &Stage) -> io::Result<Field> {
    let dir = stage.flat()?;
    let mut field = Field::new(1);
    field.std(move |tally| {
        for entry in fs::read_dir(dir)? {
            see(tally, &entry?.path());
        }
        Ok(())
    });
    field.anyfile(async move |tally| each(Path::new(dir).iterdir(), tally).await);
    field.smol("async-fs", async move |tally| {
        let mut entries = async_fs::read_dir(dir).await?;
        while let Some(entry) = entries.try_next().await? {
            see(tally, &entry.path());
        }
        Ok(())
    });
    field.tokio(async move |tally| {
        let mut entries = tokio::fs::read_dir(dir).await?;
        while let Some(entry) = entries.next_entry().await? {
            see(tally, &entry.path());
        }
        Ok(())
    });
    field.async_std(async move |tally| {
        let mut entries = async_std::fs::read_dir(dir).await?;
        while let Some(entry) = entries.try_next().await? {
            see(tally, entry.path().as_ref());
        }
        Ok(())
    });
    field.leave_out("compio", "it has no directories");
    Ok(field)
}

fn rglob(stage: &Stage) -> io::Result<Field> {
    let root = stage.tree()?;
    let mut field = Field::new(1);
    field.limit("walkdir", move |tally| {
        for entry in WalkDir::new(root).min_depth(1) {
            see(tally, entry?.path());
        }
        Ok(())
    });
    field.also("std", move |tally| recurse(root, tally));
    field.anyfile(async move |tally| each(Path::new(root).rglob("*"), tally).await);
    field.smol("async-walkdir", async move |tally| {
        let mut entries = AsyncWalkDir::new(root);
        while let Some(entry) = entries.next().await {
            see(tally, &entry?.path());
        }
        Ok(())
    });
    field.tokio(async move |tally| {
        let mut dirs = vec![root.to_owned()];
        while let Some(dir) = dirs.pop() {
            let mut entries = tokio::fs::read_dir(dir).await?;
            while let Some(entry) = entries.next_entry().await? {
                see(tally, &entry.path());
                if entry.file_type().await?.is_dir() {
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
                see(tally, entry.path().as_ref());
                if entry.file_type().await?.is_dir() {
                    dirs.push(entry.path().into());
                }
            }
        }
        Ok(())
    });
    field.leave_out("compio", "it has no directories");
    Ok(field)
}

/// Looks at each path of a stream of `anyfile`.
async fn each<S>(mut paths: S, tally: &mut Tally) -> io::Result<()>
where
    S: Stream<Item = io::Result<Path>> + Unpin,
{
    while let Some(path) = paths.try_next().await? {
        see(tally, path.as_std_path());
    }
    Ok(())
}

fn recurse(dir: &StdPath, tally: &mut Tally) -> io::Result<()> {
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let path = entry.path();
        see(tally, &path);
        if entry.file_type()?.is_dir() {
            recurse(&path, tally)?;
        }
    }
    Ok(())
}

fn see(tally: &mut Tally, path: &StdPath) {
    tally.item(path.as_os_str().as_bytes());
}
