//! The operations of an open file.

use std::fs::FileTimes;
use std::io::{self, SeekFrom};
use std::time::SystemTime;

use anyfile::{AsyncFile, open_file};
use futures_lite::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt, StreamExt};

use crate::operation;
use crate::scene::{Operation, Scene, contents};

/// Opens the file `file` for reading and writing.
async fn open(scene: &Scene) -> io::Result<AsyncFile> {
    open_file(scene.path("file")).read(true).write(true).await
}

/// Opens the file `new` and writes some bytes, which are buffered.
async fn written(scene: &Scene) -> io::Result<AsyncFile> {
    let mut file = open_file(scene.path("new"))
        .write(true)
        .create(true)
        .await?;
    file.write_all(b"accepted").await?;
    Ok(file)
}

/// Where the drop of a file that was written may meet the hang.
pub(crate) const WRITTEN: [&str; 5] = ["flush", "write", "cached", "dropped", "killed"];

pub(crate) async fn is_contents_of(scene: &Scene, name: &str, expected: &str) -> io::Result<()> {
    scene.check();
    assert_eq!(scene.path(name).read_text().await?, expected);
    Ok(())
}

pub(crate) fn operations() -> Vec<Operation> {
    [opening(), reading(), writing(), whole(), ending()]
        .into_iter()
        .flatten()
        .collect()
}

fn opening() -> Vec<Operation> {
    vec![
        operation!("open_file", s => {
            s.begin();
            open_file(s.path("file")).await?;
        }),
        operation!("open_file, to write", s => {
            s.begin();
            open_file(s.path("file")).write(true).await?;
        }),
        operation!("open_file, truncate", s => {
            s.begin();
            open_file(s.path("file")).write(true).truncate(true).await?;
            is_contents_of(&s, "file", "").await?;
        }),
        operation!("open_file, create", s => {
            s.begin();
            open_file(s.path("new")).write(true).create_new(true).await?;
        }),
        operation!("open_file, append", s => {
            s.begin();
            let mut file = open_file(s.path("small")).append(true).await?;
            file.write_all(b"more").await?;
            file.close().await?;
            is_contents_of(&s, "small", "small\nmore").await?;
        }),
        operation!("open_file, by a local link", s => {
            s.begin();
            open_file(s.way("file")).await?;
        }),
    ]
}

fn reading() -> Vec<Operation> {
    vec![
        operation!("read", s => {
            let mut file = open(&s).await?;
            s.begin();
            let mut buf = [0; 6];
            file.read_exact(&mut buf).await?;
            assert_eq!(&buf, b"line 0");
        }),
        operation!("read_to_end", s => {
            let mut file = open(&s).await?;
            s.begin();
            let mut bytes = Vec::new();
            file.read_to_end(&mut bytes).await?;
            assert_eq!(bytes, contents().as_bytes());
        }),
        operation!("read_to_string", s => {
            let mut file = open(&s).await?;
            s.begin();
            let mut text = String::new();
            file.read_to_string(&mut text).await?;
            assert_eq!(text, contents());
        }),
        operation!("read_line", s => {
            let mut file = open(&s).await?;
            s.begin();
            let mut line = String::new();
            file.read_line(&mut line).await?;
            assert_eq!(line, "line 0\n");
        }),
        operation!("read_until", s => {
            let mut file = open(&s).await?;
            s.begin();
            let mut bytes = Vec::new();
            file.read_until(b' ', &mut bytes).await?;
            assert_eq!(bytes, b"line ");
        }),
        operation!("lines", s => {
            let lines = open(&s).await?.lines();
            s.begin();
            let lines: Vec<String> = lines.try_collect().await?;
            assert!(lines.iter().map(String::as_str).eq(contents().lines()));
        }),
        operation!("lines, half read", s => {
            let mut lines = open(&s).await?.lines();
            for _ in 0..30_000 {
                lines.try_next().await?;
            }
            s.begin();
            let rest: Vec<String> = lines.try_collect().await?;
            assert!(rest.iter().map(String::as_str).eq(contents().lines().skip(30_000)));
        }),
        operation!("next_line", s => {
            let mut lines = open(&s).await?.lines();
            s.begin();
            assert_eq!(lines.next_line().await?, Some("line 0"));
        }),
        operation!("seek to an offset, read", s => {
            let mut file = open(&s).await?;
            s.begin();
            file.seek(SeekFrom::Start(7)).await?;
            assert_eq!(file.seek(SeekFrom::Current(-2)).await?, 5);
            let mut buf = [0; 1];
            file.read_exact(&mut buf).await?;
            assert_eq!(&buf, b"0");
        }),
        operation!("seek to the end", s => {
            let mut file = open(&s).await?;
            s.begin();
            assert_eq!(file.seek(SeekFrom::End(0)).await?, contents().len() as u64);
        }),
        operation!("read_at", s => {
            let file = open(&s).await?;
            s.begin();
            let mut buf = [0; 4];
            assert_eq!(file.read_at(&mut buf, 7).await?, 4);
            assert_eq!(&buf, b"line");
        }),
        operation!("read_exact_at", s => {
            let file = open(&s).await?;
            s.begin();
            let mut buf = vec![0; 300_000];
            file.read_exact_at(&mut buf, 7).await?;
            assert_eq!(buf, contents().as_bytes()[7..300_007]);
        }),
        operation!("read_range", s => {
            let file = open(&s).await?;
            s.begin();
            assert_eq!(file.read_range(7..300_007).await?, contents().as_bytes()[7..300_007]);
        }),
        operation!("seek_relative, read", s => {
            let mut file = open(&s).await?;
            file.read_exact(&mut [0; 6]).await?;
            s.begin();
            file.seek_relative(400_000).await?;
            let mut buf = [0; 8];
            file.read_exact(&mut buf).await?;
            assert_eq!(buf, contents().as_bytes()[400_006..400_014]);
        }),
    ]
}

fn writing() -> Vec<Operation> {
    vec![
        operation!("write, flush", s => {
                   let file = open_file(s.path("new")).write(true).create(true).await?;
        let mut file = s.keep(file);
                   s.begin();
                   file.write_all(b"accepted").await?;
                   file.flush().await?;
                   is_contents_of(&s, "new", "accepted").await?;
               }),
        operation!("write, more than a buffer", s => {
                   let file = open_file(s.path("new")).write(true).create(true).await?;
        let mut file = s.keep(file);
                   s.begin();
                   file.write_all(contents().as_bytes()).await?;
                   file.flush().await?;
                   is_contents_of(&s, "new", &contents()).await?;
               }),
        operation!("writelines", s => {
            let file = open_file(s.path("new")).write(true).create(true).await?;
            let mut file = s.keep(file);
            let lines: Vec<String> = contents().lines().map(|line| format!("{line}\n")).collect();
            s.begin();
            file.writelines(&lines).await?;
            file.flush().await?;
            is_contents_of(&s, "new", &contents()).await?;
        }),
        operation!("discard_unwritten", s => {
            let mut file = s.keep(written(&s).await?);
            s.begin();
            file.discard_unwritten().await?;
            file.write_all(b"more").await?;
            file.flush().await?;
            is_contents_of(&s, "new", "more").await?;
        }),
        operation!("write, unbuffered", WRITTEN, s => {
            let new = open_file(s.path("new")).write(true).create(true);
            let mut file = new.buffering(0).await?;
            s.begin();
            file.write_all(b"through").await?;
            is_contents_of(&s, "new", "through").await?;
        }),
        operation!("write_at", WRITTEN, s => {
            let file = open(&s).await?;
            s.begin();
            assert_eq!(file.write_at(b"LINE", 0).await?, 4);
        }),
        operation!("write_all_at", WRITTEN, s => {
            let file = open_file(s.path("new")).write(true).create(true).await?;
            s.begin();
            file.write_all_at(contents().as_bytes(), 0).await?;
            is_contents_of(&s, "new", &contents()).await?;
        }),
        operation!("sync_all", s => {
            let file = s.keep(written(&s).await?);
            s.begin();
            file.sync_all().await?;
        }),
        operation!("sync_data", s => {
            let file = s.keep(written(&s).await?);
            s.begin();
            file.sync_data().await?;
        }),
        operation!("read after write", s => {
            let mut file = s.keep(open(&s).await?);
            file.write_all(b"LINE").await?;
            s.begin();
            let mut buf = [0; 2];
            file.read_exact(&mut buf).await?;
            assert_eq!(&buf, b" 0");
        }),
        operation!("seek after write", s => {
            let mut file = s.keep(written(&s).await?);
            s.begin();
            assert_eq!(file.seek(SeekFrom::End(0)).await?, 8);
        }),
    ]
}

fn whole() -> Vec<Operation> {
    vec![
        operation!("metadata", s => {
            let file = open(&s).await?;
            s.begin();
            assert_eq!(file.metadata().await?.len(), contents().len() as u64);
        }),
        operation!("set_len", WRITTEN, s => {
            let file = open(&s).await?;
            s.begin();
            file.set_len(6).await?;
            is_contents_of(&s, "file", "line 0").await?;
        }),
        operation!("truncate", s => {
            let mut file = s.keep(open(&s).await?);
            file.write_all(b"line").await?;
            s.begin();
            file.truncate().await?;
            is_contents_of(&s, "file", "line").await?;
        }),
        operation!("file_id", s => {
            let file = open(&s).await?;
            let expected = s.path("file").file_id().await?;
            s.begin();
            assert_eq!(file.file_id().await?, expected);
        }),
        operation!("set_permissions", s => {
            let file = open(&s).await?;
            let mut permissions = file.metadata().await?.permissions();
            permissions.set_readonly(true);
            s.begin();
            file.set_permissions(permissions).await?;
            assert!(file.metadata().await?.permissions().readonly());
        }),
        operation!("set_times", s => {
            let file = open(&s).await?;
            s.begin();
            let then = SystemTime::UNIX_EPOCH;
            file.set_times(FileTimes::new().set_modified(then)).await?;
            assert_eq!(file.metadata().await?.modified()?, then);
        }),
        operation!("try_clone", WRITTEN, s => {
            let mut file = open(&s).await?;
            file.seek(SeekFrom::Start(5)).await?;
            s.begin();
            let mut buf = [0; 1];
            file.try_clone().await?.read_exact(&mut buf).await?;
            assert_eq!(&buf, b"0");
        }),
        operation!("with_mut", WRITTEN, s => {
            let mut file = open(&s).await?;
            s.begin();
            let metadata = file.with_mut(|file| file.metadata()).await??;
            assert!(metadata.is_file());
        }),
        operation!("into_inner, after a flush", s => {
            let mut file = written(&s).await?;
            file.flush().await?;
            s.begin();
            let inner = file.into_inner().await?;
            // From here on, closing it is the caller's business.
            smol::unblock(move || drop(inner)).await;
        }),
        operation!("into_inner, with accepted", ["dropped"], s => {
            let file = written(&s).await?;
            s.begin();
            let inner = file.into_inner().await?;
            smol::unblock(move || drop(inner)).await;
            is_contents_of(&s, "new", "accepted").await?;
        }),
    ]
}

fn ending() -> Vec<Operation> {
    vec![
        operation!("close, after opening", s => {
            let mut file = open(&s).await?;
            s.begin();
            file.close().await?;
        }),
        operation!("close, after reading", s => {
            let mut file = open(&s).await?;
            file.read_exact(&mut [0; 6]).await?;
            s.begin();
            file.close().await?;
        }),
        operation!("close, with accepted bytes", WRITTEN, s => {
            let mut file = s.keep(written(&s).await?);
            s.begin();
            file.close().await?;
            is_contents_of(&s, "new", "accepted").await?;
        }),
        operation!("drop, after opening", s => {
            let file = open(&s).await?;
            s.begin();
            drop(file);
        }),
        operation!("drop, after reading", s => {
            let mut file = open(&s).await?;
            file.read_exact(&mut [0; 6]).await?;
            s.begin();
            drop(file);
        }),
        operation!("drop, of lines half read", s => {
            let mut lines = open(&s).await?.lines();
            for _ in 0..30_000 {
                lines.try_next().await?;
            }
            s.begin();
            drop(lines);
        }),
        operation!("drop, after a flush", WRITTEN, s => {
            let mut file = written(&s).await?;
            file.flush().await?;
            s.begin();
            drop(file);
        }),
        operation!("drop, with accepted bytes", WRITTEN, s => {
            let file = written(&s).await?;
            s.begin();
            drop(file);
            is_contents_of(&s, "new", "accepted").await?;
        }),
    ]
}
