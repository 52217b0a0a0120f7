//! Replacing files in one step, and not replacing them.

use anyfile::path::AtomicFile;
use futures_lite::AsyncWriteExt;

use crate::files::is_contents_of;
use crate::operation;
use crate::scene::{Operation, Scene, contents};

/// Where the drop of a file that was not committed may meet the hang: it removes the temporary file.
const REMOVED: [&str; 7] = [
    "flush", "getattr", "lookup", "unlink", "cached", "dropped", "killed",
];

pub(crate) fn operations() -> Vec<Operation> {
    [streamed(), at_once()].into_iter().flatten().collect()
}

/// Opens new contents for the file `small`, and writes some.
async fn written(scene: &Scene) -> std::io::Result<AtomicFile> {
    let mut file = scene.path("small").open_atomic().await?;
    file.write_all(b"accepted").await?;
    Ok(file)
}

fn streamed() -> Vec<Operation> {
    vec![
        operation!("Path::open_atomic", s => {
            s.begin();
            drop(s.keep(s.path("small").open_atomic().await?));
        }),
        operation!("Path::open_atomic, parents", s => {
            s.begin();
            drop(s.keep(s.path("new/a/file").open_atomic().parents(true).await?));
        }),
        operation!("AtomicFile, write", s => {
            let file = s.path("small").open_atomic().await?;
            let mut file = s.keep(file);
            s.begin();
            file.write_all(contents().as_bytes()).await?;
            file.flush().await?;
            is_contents_of(&s, "small", "small\n").await?;
        }),
        operation!("AtomicFile::commit", s => {
            let mut file = s.keep(written(&s).await?);
            s.begin();
            file.commit().await?;
            is_contents_of(&s, "small", "accepted").await?;
        }),
        operation!("AtomicFile::commit, no_replace", s => {
            let file = s.path("new").open_atomic().no_replace(true).sync(false).await?;
            let mut file = s.keep(file);
            s.begin();
            file.write_all(b"new").await?;
            file.commit().await?;
            is_contents_of(&s, "new", "new").await?;
        }),
        operation!("AtomicFile::discard", s => {
            let file = written(&s).await?;
            s.begin();
            file.discard().await?;
            is_contents_of(&s, "small", "small\n").await?;
        }),
        operation!("AtomicFile, drop", REMOVED, s => {
            let file = written(&s).await?;
            s.begin();
            drop(file);
            is_contents_of(&s, "small", "small\n").await?;
        }),
    ]
}

fn at_once() -> Vec<Operation> {
    vec![
        operation!("Path::write_atomic, no_replace", s => {
            s.begin();
            s.path("new").write_atomic("new").no_replace(true).mode(0o600).await?;
            is_contents_of(&s, "new", "new").await?;
        }),
        operation!("Path::write_atomic, without a sync", s => {
            s.begin();
            s.path("small").write_atomic("new").sync(false).await?;
            is_contents_of(&s, "small", "new").await?;
        }),
        operation!("Path::rename, no_replace", s => {
            s.begin();
            s.path("small").rename(s.path("new")).no_replace(true).await?;
            is_contents_of(&s, "new", "small\n").await?;
        }),
        operation!("Path::copy, overwrite(false)", s => {
            s.begin();
            s.path("file").copy(s.path("new")).overwrite(false).await?;
            is_contents_of(&s, "new", &contents()).await?;
        }),
    ]
}
