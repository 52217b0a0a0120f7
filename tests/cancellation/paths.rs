//! Changes by paths, and directories.

use std::fs::FileTimes;
use std::path::PathBuf;
use std::pin::Pin;
use std::time::SystemTime;

use anyfile::{Path, fs};
use futures_lite::{AsyncWriteExt, Stream, StreamExt};

use super::Random;

/// Changes files by their paths, and checks that contents are whole.
pub(crate) async fn paths(mut random: Random, dir: PathBuf, rounds: usize) {
    let dir = Path::new(dir);
    for round in 0..rounds {
        let [a, b] = [0, 0].map(|_| &dir / ["a", "b", "c"][random.below(3)]);
        let version = round.to_string().repeat(1 + random.below(2_000));
        match random.below(26) {
            21 => {
                let copy = a.copy(&dir / "d").overwrite(random.below(2) == 0);
                drop(random.some(copy.parents(true)).await);
            }
            22 => drop(random.some((&dir / "d").remove().missing_ok(true)).await),
            23 => drop(random.some((&dir / "link").chown(Some(0), None)).await),
            24 => {
                let times = FileTimes::new().set_modified(SystemTime::UNIX_EPOCH);
                let set = (&dir / "link").set_times(times).follow_symlinks(false);
                drop(random.some(set).await);
            }
            25 => drop(
                random
                    .some((&dir / "dir").remove_dir_all().missing_ok(true))
                    .await,
            ),
            0 => drop(random.some(a.write_atomic(version)).await),
            16 => drop(
                random
                    .some((&dir / "dir/p/q").write_text(version).parents(true))
                    .await,
            ),
            17 => drop(random.some(a.rename(&dir / "dir/r/s").parents(true)).await),
            18 => {
                let copy = dir
                    .copy(dir.with_extension("copy"))
                    .exist_ok(true)
                    .follow_symlinks(false);
                // Without temporary files.
                let copy =
                    copy.filter(|path| ["a", "b", "c"].iter().any(|name| path.ends_with(name)));
                drop(random.some(copy).await);
            }
            19 => {
                let remove = dir.with_extension("copy").remove().missing_ok(true);
                drop(random.some(remove).await);
            }
            20 => drop(random.some((&dir / "dir/p").rmdir().missing_ok(true)).await),
            14 => {
                if let Some(Ok(mut file)) = random.some(a.open_atomic().sync(false)).await {
                    let _ = random.some(file.write_all(version.as_bytes())).await;
                    let _ = random.some(file.discard()).await;
                }
            }
            15 => {
                if let Some(Ok(mut file)) = random.some(a.open_atomic()).await {
                    if let Some(Ok(())) = random.some(file.write_all(version.as_bytes())).await {
                        let _ = random.some(file.commit()).await;
                    }
                }
            }
            1 => {
                let is_lossy = random.below(2) == 0;
                if let Some(Ok(text)) = random.some(a.read_text().lossy(is_lossy)).await {
                    let number = (1..6).filter_map(|len| text.get(..len));
                    let whole = |number: &str| {
                        text.len() % number.len() == 0 && {
                            text == number.repeat(text.len() / number.len())
                        }
                    };
                    assert!(text.is_empty() || number.into_iter().any(whole), "{text}");
                }
            }
            2 => drop(random.some(a.metadata()).await),
            3 => drop(random.some(a.exists()).await),
            4 => drop(random.some(a.touch()).await),
            5 => drop(random.some(a.unlink().missing_ok(true)).await),
            6 => drop(random.some((&dir / "dir/x/y").mkdir().parents(true)).await),
            7 => drop(random.some((&dir / "dir").remove_dir_all()).await),
            8 => {
                let rename = a.rename(&b).no_replace(random.below(2) == 0);
                drop(random.some(rename).await);
            }
            9 => drop(random.some(a.hardlink_to(&b)).await),
            10 => drop(random.some((&dir / "link").symlink_to("a")).await),
            11 => drop(random.some(a.chmod(0o640)).await),
            12 => drop(random.some((&dir / "link").resolve()).await),
            _ => drop(random.some(a.is_mount()).await),
        }
    }
}

/// The number of entries in a directory that is too large to be read ahead as a whole.
pub(crate) const MANY: usize = 5_000;

/// Runs streams to their end, or drops them after some items.
pub(crate) async fn searches(mut random: Random, dir: PathBuf, rounds: usize) {
    async fn take(random: &mut Random, mut stream: Pin<Box<impl Stream>>, all: usize) {
        let most = [0, 1, 10, 1_000][random.below(4)];
        let mut seen = 0;
        while seen < most {
            match random.some(stream.next()).await {
                Some(Some(_)) => seen += 1,
                Some(None) => return assert_eq!(seen, all),
                None => {}
            }
        }
    }
    for number in 0..12 {
        let inner = dir.join(format!("{number}/inner"));
        std::fs::create_dir_all(&inner).unwrap();
        for number in 0..20 {
            std::fs::write(inner.join(format!("{number}")), "").unwrap();
        }
    }
    let many = Path::new(dir.with_file_name("many"));
    let dir = Path::new(dir);
    for _ in 0..rounds {
        match random.below(13) {
            11 => {
                if let Some(Ok(entries)) = random.some(fs::read_dir(&many)).await {
                    take(&mut random, Box::pin(entries), MANY).await;
                }
            }
            12 => {
                if let Some(Ok(entries)) = random.some(dir.read_dir()).await {
                    take(&mut random, Box::pin(entries), 12).await;
                }
            }
            0 => take(&mut random, Box::pin(dir.iterdir()), 12).await,
            8 => take(&mut random, Box::pin(dir.rglob("*").max_depth(2)), 24).await,
            9 => take(&mut random, Box::pin(dir.rglob("*").exclude("inner")), 12).await,
            10 => {
                let walk = dir.walk().same_file_system(true);
                take(
                    &mut random,
                    Box::pin(walk.prune(|dir| dir.ends_with("inner"))),
                    13,
                )
                .await;
            }
            1 => take(&mut random, Box::pin(dir.rglob("*")), 264).await,
            2 => take(&mut random, Box::pin(dir.glob("*/*/1?")), 120).await,
            3 => take(&mut random, Box::pin(dir.walk().top_down(false)), 25).await,
            4 => take(&mut random, Box::pin(many.iterdir()), MANY).await,
            5 => take(&mut random, Box::pin(many.iterdir().metadata(true)), MANY).await,
            6 => take(&mut random, Box::pin(dir.rglob("*").metadata(true)), 264).await,
            _ => take(&mut random, Box::pin(dir.walk().workers(3)), 25).await,
        }
    }
}
