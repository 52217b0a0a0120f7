//! Directories and trees.

use std::io;

use anyfile::Path;
use futures_lite::StreamExt;

use crate::operation;
use crate::scene::{Operation, Scene, contents};

pub(crate) fn operations() -> Vec<Operation> {
    [directories(), copying()].into_iter().flatten().collect()
}

async fn is_copied(scene: &Scene, path: &Path, expected: &str) -> io::Result<()> {
    scene.check();
    assert_eq!(path.read_text().await?, expected);
    Ok(())
}

fn directories() -> Vec<Operation> {
    vec![
        operation!("Path::iterdir", s => {
            s.begin();
            let found: Vec<Path> = s.path("dir").iterdir().try_collect().await?;
            assert_eq!(found.len(), 3);
        }),
        operation!("Path::read_dir", s => {
            s.begin();
            let found: Vec<Path> = s.path("dir").read_dir().await?.try_collect().await?;
            assert_eq!(found.len(), 3);
            assert!(found.iter().all(|path| path.info().file_type().is_some()));
        }),
        operation!("Path::iterdir, metadata", s => {
            s.begin();
            let found: Vec<Path> = s.path("dir").iterdir().metadata(true).try_collect().await?;
            assert!(found.iter().all(|path| path.info().metadata().is_some()));
        }),
        operation!("Path::rglob, metadata", s => {
            s.begin();
            let found: Vec<Path> = s.path("dir").rglob("*").metadata(true).try_collect().await?;
            assert!(found.iter().all(|path| path.info().metadata().is_some()));
        }),
        operation!("Path::walk, metadata", s => {
            s.begin();
            let found: Vec<_> = s.path("dir").walk().metadata(true).try_collect().await?;
            assert_eq!(found.len(), 2);
        }),
        operation!("Path::walk", s => {
            s.begin();
            let found: Vec<_> = s.path("dir").walk().try_collect().await?;
            assert_eq!(found.len(), 2);
        }),
        operation!("Path::walk, bottom up", s => {
            s.begin();
            let found: Vec<_> = s.path("dir").walk().top_down(false).try_collect().await?;
            assert_eq!(found.len(), 2);
        }),
        operation!("Path::glob", s => {
            s.begin();
            let found: Vec<Path> = s.path("dir").glob("*.txt").try_collect().await?;
            assert_eq!(found.len(), 2);
        }),
        operation!("Path::glob, of a name", s => {
            s.begin();
            let found: Vec<Path> = s.path("").glob("*/inner/file").try_collect().await?;
            assert_eq!(found.len(), 1);
        }),
        operation!("Path::rglob", s => {
            s.begin();
            let found: Vec<Path> = s.path("").rglob("file").try_collect().await?;
            assert_eq!(found.len(), 2);
        }),
        operation!("Path::walk, bounded", s => {
            s.begin();
            let walk = s.path("").walk().max_depth(2).exclude("dir").same_file_system(true);
            let found: Vec<_> = walk.prune(|dir| dir.ends_with("empty")).try_collect().await?;
            assert_eq!(found.len(), 2);
        }),
        operation!("Path::rglob, bounded", s => {
            s.begin();
            let glob = s.path("").rglob("*").max_depth(2).exclude("dir/").same_file_system(true);
            let found: Vec<Path> = glob.prune(|dir| dir.ends_with("tree")).try_collect().await?;
            assert_eq!(found.len(), 6);
        }),
        operation!("Path::rglob and walk, up to the mount", s => {
            let around = Path::new(s.mount.path()).parent().expect("a directory around it");
            s.begin();
            let glob = around.rglob("*").same_file_system(true);
            let found: Vec<Path> = glob.try_collect().await?;
            assert_eq!(found, [s.mount.path()]);
            let walk = around.walk().same_file_system(true);
            let found: Vec<_> = walk.try_collect().await?;
            assert_eq!(found.len(), 1);
            let asked = s.mount.counts().asked;
            let asks = |request: &&str| asked.contains_key(*request);
            assert!(!["lookup", "getattr", "access", "opendir"].iter().any(asks), "{asked:?}");
        }),
        operation!("Path::iterdir, half read", s => {
            s.crowd("dir")?;
            let mut entries = s.path("dir").iterdir();
            entries.try_next().await?;
            s.begin();
            let rest: Vec<Path> = entries.try_collect().await?;
            assert_eq!(rest.len(), 2002);
        }),
        operation!("drop, of a directory half read", s => {
            s.crowd("dir")?;
            let mut entries = s.path("dir").iterdir();
            entries.try_next().await?;
            // Until nothing more is read ahead.
            smol::Timer::after(std::time::Duration::from_millis(200)).await;
            s.begin();
            drop(entries);
        }),
    ]
}

fn copying() -> Vec<Operation> {
    vec![
        operation!("Path::copy", s => {
            s.begin();
            s.path("file").copy(s.path("new")).preserve_metadata(true).await?;
            is_copied(&s, &s.path("new"), &contents()).await?;
        }),
        operation!("Path::copy, from elsewhere", s => {
            s.begin();
            s.local("file").copy(s.path("new")).await?;
            is_copied(&s, &s.path("new"), "local\n").await?;
        }),
        operation!("Path::copy, to elsewhere", s => {
            s.begin();
            s.path("file").copy(s.local("new")).await?;
            is_copied(&s, &s.local("new"), &contents()).await?;
        }),
        operation!("Path::copy, a tree", s => {
            s.begin();
            s.path("dir").copy(s.path("new")).await?;
            is_copied(&s, &s.path("new/inner/file"), "leaf\n").await?;
        }),
        operation!("Path::copy, a part of a tree", s => {
            s.begin();
            let copy = s.path("dir").copy(s.path("new/dir")).parents(true);
            copy.filter(|path| !path.ends_with("a.txt")).await?;
            is_copied(&s, &s.path("new/dir/inner/file"), "leaf\n").await?;
            assert!(!s.path("new/dir/a.txt").exists().await);
        }),
        operation!("Path::copy_into", s => {
            s.begin();
            s.path("link").copy_into(s.path("empty")).follow_symlinks(false).await?;
            assert_eq!(s.path("empty/link").read_link().await?, "file");
        }),
        operation!("Path::move_to", s => {
            s.begin();
            s.path("tree").move_to(s.path("new")).await?;
            is_copied(&s, &s.path("new/leaf"), "leaf\n").await?;
        }),
        operation!("Path::move_to, parents", s => {
            s.begin();
            s.path("tree").move_to(s.path("new/a/tree")).parents(true).await?;
            is_copied(&s, &s.path("new/a/tree/leaf"), "leaf\n").await?;
        }),
        operation!("Path::move_to, elsewhere", s => {
            s.begin();
            s.path("tree").move_to(s.local("new")).await?;
            is_copied(&s, &s.local("new/leaf"), "leaf\n").await?;
        }),
        operation!("Path::move_into, from elsewhere", s => {
            s.begin();
            s.local("file").move_into(s.path("empty")).await?;
            is_copied(&s, &s.path("empty/file"), "local\n").await?;
        }),
    ]
}
