//! Work under the lock of a file.

use std::io;
use std::path::Path;

use anyfile::file::TryLockError;
use anyfile::{AsyncFile, open_file};
use futures_lite::AsyncWriteExt;
use futures_lite::future::{self, block_on};

/// Returns `true` if the lock was taken.
#[track_caller]
pub(crate) fn try_lock(file: &mut AsyncFile, shared: bool) -> bool {
    let tried = block_on(async {
        if shared {
            file.try_lock_shared().await
        } else {
            file.try_lock().await
        }
    });
    match tried {
        Ok(()) => true,
        Err(TryLockError::WouldBlock) => false,
        Err(TryLockError::Error(error)) => panic!("{error}"),
    }
}

/// Adds one to the number in the file in each round, through the buffers.
pub(crate) async fn count(path: &Path, rounds: usize) -> io::Result<()> {
    let open = || open_file(path).read(true).write(true);
    let mut file = open().await?;
    for round in 0..rounds {
        file.lock().await?;
        let mut text = String::new();
        file.rewind().await?;
        // Some of the contents are in the buffer before the next lock.
        file.read_to_string(&mut text).await?;
        let number: usize = text.trim().parse().map_err(io::Error::other)?;
        file.rewind().await?;
        future::yield_now().await;
        let text = format!("{}\n", number + 1);
        file.write_all(text.as_bytes()).await?;
        match round % 3 {
            0 => file.unlock().await?,
            // The drop and the close give it back as well.
            1 => {
                drop(file);
                file = open().await?;
            }
            _ => {
                file.close().await?;
                file = open().await?;
            }
        }
    }
    Ok(())
}
