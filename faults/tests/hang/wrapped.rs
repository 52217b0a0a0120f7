//! The operations of what is wrapped.

use std::fs::File;
use std::io::{BufReader, BufWriter, SeekFrom};

use anyfile::wrap_file;
use futures_lite::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};

use crate::files::{WRITTEN, is_contents_of};
use crate::operation;
use crate::scene::{Operation, Scene, contents};

/// Where the drop of a wrapped file may meet the hang: its first write asks what it is.
const WRITTEN_FIRST: [&str; 7] = [
    "getattr", "statfs", "flush", "write", "cached", "dropped", "killed",
];

/// Opens the file `file` with std.
fn std_file(scene: &Scene) -> File {
    let mut options = File::options();
    let path = scene.path("file");
    options
        .read(true)
        .write(true)
        .open(path)
        .expect("it is there")
}

pub(crate) fn operations() -> Vec<Operation> {
    vec![
        operation!("wrap_file, read", s => {
            let mut file = wrap_file(std_file(&s));
            s.begin();
            let mut text = String::new();
            file.read_to_string(&mut text).await?;
            assert_eq!(text, contents());
        }),
        operation!("wrap_file, lines", s => {
            let mut lines = wrap_file(std_file(&s)).lines();
            s.begin();
            assert_eq!(lines.next_line().await?, Some("line 0"));
        }),
        operation!("wrap_file, seek to the end", s => {
            let mut file = wrap_file(std_file(&s));
            s.begin();
            assert_eq!(file.seek(SeekFrom::End(0)).await?, contents().len() as u64);
        }),
        operation!("wrap_file, metadata", s => {
            let file = wrap_file(std_file(&s));
            s.begin();
            assert_eq!(file.metadata().await?.len(), contents().len() as u64);
        }),
        operation!("wrap_file, write, close", WRITTEN, s => {
            let mut file = s.keep(wrap_file(std_file(&s)));
            s.begin();
            file.write_all(contents().as_bytes()).await?;
            file.close().await?;
            is_contents_of(&s, "file", &contents()).await?;
        }),
        operation!("wrap_file, try_clone", WRITTEN, s => {
            let mut file = wrap_file(std_file(&s));
            s.begin();
            file.try_clone().await?;
        }),
        operation!("wrap_file, into_inner", s => {
            let file = wrap_file(std_file(&s));
            s.begin();
            let inner = file.into_inner().await?;
            smol::unblock(move || drop(inner)).await;
        }),
        operation!("wrap_file, drop", s => {
            let file = wrap_file(std_file(&s));
            s.begin();
            drop(file);
        }),
        operation!("wrap_file, drop after reading", s => {
            let mut file = wrap_file(std_file(&s));
            file.read_exact(&mut [0; 6]).await?;
            s.begin();
            drop(file);
        }),
        operation!("wrap_file, drop with accepted", WRITTEN_FIRST, s => {
            let mut file = wrap_file(std_file(&s));
            file.write_all(b"accepted").await?;
            s.begin();
            drop(file);
        }),
        operation!("wrap_file of a reader", s => {
            let mut lines = wrap_file(BufReader::new(std_file(&s))).lines();
            s.begin();
            assert_eq!(lines.next_line().await?, Some("line 0"));
        }),
        operation!("wrap_file of a writer, drop", WRITTEN, s => {
            let mut file = wrap_file(BufWriter::new(std_file(&s)));
            file.write_all(b"accepted").await?;
            s.begin();
            drop(file);
        }),
        operation!("wrap_file of a writer, close", WRITTEN, s => {
            let mut file = wrap_file(BufWriter::new(std_file(&s)));
            file.write_all(b"accepted").await?;
            s.begin();
            file.close().await?;
        }),
    ]
}
