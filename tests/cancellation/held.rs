//! What must be given back: locks, and temporary files.

use std::fs::File;
use std::io::SeekFrom;
use std::path::PathBuf;

use anyfile::{AsyncFile, open_file};
use futures_lite::future::yield_now;
use futures_lite::{AsyncSeekExt, AsyncWriteExt};
use rustix::fs::{FlockOperation, flock};

use super::Random;
use super::common::{comes_true, contents};

/// Adds one to the number in a file that is locked.
async fn count(file: &mut AsyncFile) {
    file.seek(SeekFrom::Start(0)).await.unwrap();
    let mut text = String::new();
    file.read_to_string(&mut text).await.unwrap();
    let number: usize = text.parse().unwrap();
    file.rewind().await.unwrap();
    yield_now().await;
    file.write_all((number + 1).to_string().as_bytes())
        .await
        .unwrap();
}

/// Locks a file by two handles, and counts under each lock.
pub(crate) async fn locks(mut random: Random, dir: PathBuf, rounds: usize) {
    let path = dir.join("file");
    std::fs::write(&path, "0").unwrap();
    let open = || open_file(&path).read(true).write(true);
    let mut files = [open().await.unwrap(), open().await.unwrap()];
    let mut counted = 0;
    for _ in 0..rounds {
        let file = &mut files[random.below(2)];
        let is_locked = match random.below(4) {
            0 => random.some(file.lock()).await.is_some_and(|it| it.is_ok()),
            1 => random
                .some(file.try_lock())
                .await
                .is_some_and(|it| it.is_ok()),
            2 => {
                let _ = random.some(file.lock_shared()).await;
                false
            }
            // The other handle has given up, or holds nothing.
            _ => file.lock().await.is_ok(),
        };
        if is_locked {
            count(file).await;
            counted += 1;
        }
        match random.below(3) {
            0 => *file = open().await.unwrap(),
            1 => file.unlock().await.unwrap(),
            _ => {
                let _ = random.some(file.unlock()).await;
                file.unlock().await.unwrap();
            }
        }
    }
    drop(files);
    assert_eq!(contents(&path), counted.to_string().as_bytes());
    let witness = File::open(&path).unwrap();
    assert!(comes_true(|| {
        flock(&witness, FlockOperation::NonBlockingLockExclusive).is_ok()
    }));
}

/// Creates temporary files and directories, writes to them, and keeps some. All that is kept is complete.
#[cfg(feature = "tempfile")]
pub(crate) async fn temporaries(mut random: Random, dir: PathBuf, rounds: usize) {
    use anyfile::{named_temp_file, spooled_temp_file, temp_dir, temp_file};

    for round in 0..rounds {
        let bytes = round.to_string().repeat(1 + random.below(20_000));
        let bytes = bytes.as_bytes();
        match random.below(5) {
            0 => {
                if let Some(Ok(mut file)) = random.some(temp_file().dir(&dir)).await {
                    let _ = random.some(file.write_all(bytes)).await;
                    let _ = random.some(file.close()).await;
                }
            }
            1 => {
                let mut file = spooled_temp_file(1_000);
                if let Some(Ok(())) = random.some(file.write_all(bytes)).await {
                    file.rewind().await.unwrap();
                    let mut read = Vec::new();
                    file.read_to_end(&mut read).await.unwrap();
                    assert!(read == bytes);
                }
                let _ = random.some(file.close()).await;
            }
            2 => {
                let Some(Ok(made)) = random.some(temp_dir().dir(&dir)).await else {
                    continue;
                };
                let mut made = made;
                // Not given up: its job might create the directory again after it was removed.
                let inner = made.path() / "a/b";
                inner.write_bytes(bytes).parents(true).await.unwrap();
                if random.below(2) == 0 {
                    let _ = random.some(made.close()).await;
                }
            }
            _ => {
                let Some(Ok(mut file)) = random.some(named_temp_file().dir(&dir)).await else {
                    continue;
                };
                let target = dir.join(["a", "b"][random.below(2)]);
                if let Some(Ok(())) = random.some(file.write_all(bytes)).await {
                    let _ = match random.below(3) {
                        0 => random.some(file.persist(&target)).await,
                        1 => random.some(file.persist_noclobber(&target)).await,
                        _ => random.some(file.close()).await,
                    };
                }
            }
        }
        for name in ["a", "b"] {
            let Ok(kept) = std::fs::read(dir.join(name)) else {
                continue;
            };
            let number = |len| &kept[..len];
            let is_whole = |len| kept.chunks(len).all(|part| part == number(len));
            assert!((1..6).any(|len| kept.len() % len == 0 && is_whole(len)));
        }
    }
}
