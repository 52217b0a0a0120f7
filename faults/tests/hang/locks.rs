//! Locks of an open file. A file that was locked is closed as one that was written, because its lock must be free.

use std::io;
use std::sync::Arc;

use anyfile::AsyncFile;
use futures_lite::AsyncWriteExt;

use crate::files::is_contents_of;
use crate::operation;
use crate::scene::{Kept, Operation, Scene};

/// Opens the file `small`.
async fn open(scene: &Arc<Scene>) -> io::Result<Kept<AsyncFile>> {
    let file = scene.path("small").open().read(true).write(true).await?;
    Ok(scene.keep(file))
}

pub(crate) fn operations() -> Vec<Operation> {
    vec![
        operation!("lock", s => {
            let mut file = open(&s).await?;
            s.begin();
            file.lock().await?;
        }),
        operation!("lock_shared", s => {
            let mut file = open(&s).await?;
            s.begin();
            file.lock_shared().await?;
        }),
        operation!("try_lock", s => {
            let mut file = open(&s).await?;
            s.begin();
            file.try_lock().await?;
        }),
        operation!("try_lock_shared", s => {
            let mut file = open(&s).await?;
            s.begin();
            file.try_lock_shared().await?;
        }),
        operation!("lock, with accepted bytes", s => {
            let mut file = open(&s).await?;
            file.write_all(b"SMALL").await?;
            s.begin();
            file.lock().await?;
            is_contents_of(&s, "small", "SMALL\n").await?;
        }),
        operation!("unlock", s => {
            let mut file = open(&s).await?;
            file.lock().await?;
            file.write_all(b"SMALL").await?;
            s.begin();
            file.unlock().await?;
            is_contents_of(&s, "small", "SMALL\n").await?;
        }),
    ]
}
