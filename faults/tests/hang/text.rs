//! Streams of lines and of chunks, encodings, and tokio's traits.

use std::io::{self, SeekFrom, Write};
use std::time::Duration;

use anyfile::{AsyncFile, Lines, open_file};
use encoding_rs::{SHIFT_JIS, UTF_16LE};
use futures_lite::{StreamExt, future};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

use crate::files::is_contents_of;
use crate::operation;
use crate::scene::{Operation, Scene, contents};

pub(crate) fn operations() -> Vec<Operation> {
    [streams(), following(), whole(), tokio()]
        .into_iter()
        .flatten()
        .collect()
}

async fn open(scene: &Scene) -> io::Result<AsyncFile> {
    open_file(scene.path("file")).read(true).write(true).await
}

fn streams() -> Vec<Operation> {
    vec![
        operation!("Lines::lossy", s => {
            let lines = open(&s).await?.lines().lossy(true);
            s.begin();
            let lines: Vec<String> = lines.try_collect().await?;
            assert!(lines.iter().map(String::as_str).eq(contents().lines()));
        }),
        operation!("Lines::encoding", s => {
            let lines = open(&s).await?.lines().encoding(SHIFT_JIS);
            s.begin();
            let lines: Vec<String> = lines.try_collect().await?;
            assert!(lines.iter().map(String::as_str).eq(contents().lines()));
        }),
        operation!("chunks", s => {
            let chunks = open(&s).await?.chunks();
            s.begin();
            let chunks: Vec<Vec<u8>> = chunks.try_collect().await?;
            assert_eq!(chunks.concat(), contents().as_bytes());
        }),
        operation!("drop, of chunks half read", s => {
            let mut chunks = open(&s).await?.chunks();
            for _ in 0..3 {
                chunks.try_next().await?;
            }
            // By now, two or three more chunks wait, and no job is running. When two are taken, the next job begins.
            smol::Timer::after(Duration::from_millis(50)).await;
            s.begin();
            for _ in 0..2 {
                chunks.try_next().await?;
            }
            smol::Timer::after(Duration::from_millis(50)).await;
            drop(chunks);
        }),
    ]
}

/// Follows the file `small`, whose only line has been read.
async fn followed(scene: &Scene) -> io::Result<Lines> {
    let mut lines = open_file(scene.path("small")).await?.lines().follow(true);
    assert_eq!(lines.next_line().await?, Some("small"));
    Ok(lines)
}

fn following() -> Vec<Operation> {
    vec![
        operation!("Lines::follow, at the end", s => {
            let mut lines = followed(&s).await?;
            s.begin();
            let looks = async {
                smol::Timer::after(Duration::from_millis(350)).await;
                Ok(None)
            };
            assert_eq!(future::or(lines.next_line(), looks).await?, None);
        }),
        operation!("Lines::follow, a new line", s => {
            let mut lines = followed(&s).await?;
            let mut log = std::fs::File::options().append(true).open(s.path("small"))?;
            log.write_all(b"more\n")?;
            drop(log);
            s.begin();
            assert_eq!(lines.next_line().await?, Some("more"));
        }),
    ]
}

fn whole() -> Vec<Operation> {
    vec![
        operation!("Path::read_text, lossy", s => {
            s.begin();
            assert_eq!(s.path("file").read_text().lossy(true).await?, contents());
        }),
        operation!("Path::read_text, encoding", s => {
            s.begin();
            assert_eq!(s.path("file").read_text().encoding(SHIFT_JIS).await?, contents());
        }),
        operation!("Path::write_text, encoding", s => {
            s.begin();
            s.path("new").write_text("a").encoding(UTF_16LE).await?;
            is_contents_of(&s, "new", "a\0").await?;
        }),
    ]
}

fn tokio() -> Vec<Operation> {
    vec![
        operation!("tokio's AsyncRead", s => {
            let mut file = open(&s).await?;
            s.begin();
            let mut text = String::new();
            AsyncReadExt::read_to_string(&mut file, &mut text).await?;
            assert_eq!(text, contents());
        }),
        operation!("tokio's AsyncBufRead", s => {
            let mut lines = AsyncBufReadExt::lines(open(&s).await?);
            s.begin();
            assert_eq!(lines.next_line().await?.as_deref(), Some("line 0"));
        }),
        operation!("tokio's AsyncSeek", s => {
            let mut file = open(&s).await?;
            s.begin();
            let end = AsyncSeekExt::seek(&mut file, SeekFrom::End(0)).await?;
            assert_eq!(end, contents().len() as u64);
        }),
        operation!("tokio's AsyncWrite", s => {
            let file = open_file(s.path("new")).write(true).create(true).await?;
            let mut file = s.keep(file);
            s.begin();
            AsyncWriteExt::write_all(&mut *file, contents().as_bytes()).await?;
            AsyncWriteExt::shutdown(&mut *file).await?;
            is_contents_of(&s, "new", &contents()).await?;
        }),
    ]
}
