//! The functions and types of `anyfile::fs`.

use std::io;

use anyfile::fs::{self, DirBuilder, File, OpenOptions, ReadDir};
use futures_lite::{AsyncWriteExt, StreamExt};

use crate::files::{WRITTEN, is_contents_of};
use crate::operation;
use crate::scene::{Operation, Scene, contents, ensure};

pub(crate) fn operations() -> Vec<Operation> {
    [opening(), whole(), directories(), changing()]
        .into_iter()
        .flatten()
        .collect()
}

fn opening() -> Vec<Operation> {
    vec![
        operation!("fs::File::open", s => {
            s.begin();
            let mut file = File::open(s.path("file")).await?;
            let mut text = String::new();
            file.read_to_string(&mut text).await?;
            assert_eq!(text, contents());
        }),
        operation!("fs::File::create", WRITTEN, s => {
            s.begin();
            let mut file = File::create(s.path("new")).await?;
            file.write_all(b"accepted").await?;
            file.sync_all().await?;
            is_contents_of(&s, "new", "accepted").await?;
        }),
        operation!("fs::OpenOptions", s => {
            s.begin();
            let mut options = OpenOptions::new();
            let file = options.read(true).write(true).open(s.path("file")).await?;
            assert_eq!(file.metadata().await?.len(), contents().len() as u64);
        }),
    ]
}

fn whole() -> Vec<Operation> {
    vec![
        operation!("fs::read", s => {
            s.begin();
            assert_eq!(fs::read(s.path("small")).await?, b"small\n");
        }),
        operation!("fs::read_to_string", s => {
            s.begin();
            assert_eq!(fs::read_to_string(s.path("file")).await?, contents());
        }),
        operation!("fs::write", s => {
            s.begin();
            fs::write(s.path("new"), "new").await?;
            is_contents_of(&s, "new", "new").await?;
        }),
        operation!("fs::copy", s => {
            s.begin();
            assert_eq!(fs::copy(s.path("small"), s.path("new")).await?, 6);
            is_contents_of(&s, "new", "small\n").await?;
        }),
        operation!("fs::metadata", s => {
            s.begin();
            assert_eq!(fs::metadata(s.path("small")).await?.len(), 6);
        }),
        operation!("fs::symlink_metadata", s => {
            s.begin();
            assert!(fs::symlink_metadata(s.path("link")).await?.is_symlink());
        }),
        operation!("fs::canonicalize", s => {
            s.begin();
            assert!(fs::canonicalize(s.path("link")).await?.ends_with("file"));
        }),
        operation!("fs::read_link", s => {
            s.begin();
            assert_eq!(fs::read_link(s.path("link")).await?.to_str(), Some("file"));
        }),
    ]
}

/// Returns the lengths of the files among the entries that are left.
async fn lengths(mut entries: ReadDir) -> io::Result<Vec<u64>> {
    let mut lengths = Vec::new();
    while let Some(entry) = entries.try_next().await? {
        if entry.file_type().await?.is_file() {
            lengths.push(entry.metadata().await?.len());
        }
    }
    Ok(lengths)
}

async fn crowded(scene: &Scene) -> io::Result<ReadDir> {
    scene.crowd("dir")?;
    let mut entries = fs::read_dir(scene.path("dir")).await?;
    entries.try_next().await?;
    Ok(entries)
}

fn directories() -> Vec<Operation> {
    vec![
        operation!("fs::read_dir", s => {
            s.begin();
            let entries = fs::read_dir(s.path("dir")).await?;
            assert_eq!(lengths(entries).await?, [5, 5]);
        }),
        operation!("fs::read_dir, half read", s => {
            let entries = crowded(&s).await?;
            s.begin();
            let rest: Vec<_> = entries.try_collect().await?;
            assert_eq!(rest.len(), 2002);
        }),
        operation!("fs::read_dir, drop", s => {
            let entries = crowded(&s).await?;
            // Until nothing more is read ahead.
            smol::Timer::after(std::time::Duration::from_millis(200)).await;
            s.begin();
            drop(entries);
        }),
        operation!("fs::create_dir", s => {
            s.begin();
            fs::create_dir(s.path("new")).await?;
            s.check();
            ensure(s.path("new").is_dir().await)?;
        }),
        operation!("fs::create_dir_all", s => {
            s.begin();
            fs::create_dir_all(s.path("new/a/b")).await?;
            s.check();
            ensure(s.path("new/a/b").is_dir().await)?;
        }),
        operation!("fs::DirBuilder", s => {
            s.begin();
            DirBuilder::new().recursive(true).create(s.path("new/a/b")).await?;
            s.check();
            ensure(s.path("new/a/b").is_dir().await)?;
        }),
        operation!("fs::remove_dir", s => {
            s.begin();
            fs::remove_dir(s.path("empty")).await?;
            s.check();
            ensure(!s.path("empty").exists().await)?;
        }),
        operation!("fs::remove_dir_all", s => {
            s.begin();
            fs::remove_dir_all(s.path("tree")).await?;
            s.check();
            ensure(!s.path("tree").exists().await)?;
        }),
    ]
}

fn changing() -> Vec<Operation> {
    vec![
        operation!("fs::remove_file", s => {
            s.begin();
            fs::remove_file(s.path("small")).await?;
            s.check();
            ensure(!s.path("small").exists().await)?;
        }),
        operation!("fs::rename", s => {
            s.begin();
            fs::rename(s.path("small"), s.path("new")).await?;
            is_contents_of(&s, "new", "small\n").await?;
        }),
        operation!("fs::hard_link", s => {
            s.begin();
            fs::hard_link(s.path("small"), s.path("new")).await?;
            is_contents_of(&s, "new", "small\n").await?;
        }),
        operation!("fs::unix::symlink", s => {
            s.begin();
            fs::unix::symlink("small", s.path("new")).await?;
            is_contents_of(&s, "new", "small\n").await?;
        }),
        operation!("fs::set_permissions", s => {
            let permissions = s.path("small").metadata().await?.permissions();
            s.begin();
            fs::set_permissions(s.path("file"), permissions).await?;
        }),
    ]
}
