//! async-tar and async_zip: archives written to a file and read from it, here and by other programs.

use std::path::Path;
use std::process::Command;

use anyfile_clients::{Dir, assert_same, contents, create, noise, open, run, text};
use async_tar::{Archive, Builder, Header};
use async_zip::base::read1::seek::ZipArchiveReader;
use async_zip::base::write::ZipFileWriter;
use async_zip::{Compression, ZipEntryBuilder};
use futures_lite::{AsyncReadExt, AsyncWriteExt, StreamExt, io};

type Entries = Vec<(String, Vec<u8>)>;

/// Returns names and contents: an empty file, blocks of tar, more than a file's buffer, and a name that is too
/// long for tar's header.
fn entries() -> Entries {
    vec![
        ("empty".into(), Vec::new()),
        ("block".into(), noise(512)),
        ("sub/text".into(), text(70_001).into_bytes()),
        (format!("{}/noise", "long".repeat(40)), noise(1_000_003)),
        ("last".into(), b"x".into()),
    ]
}

/// Returns `true` if a program is installed and its output for `--version` contains `version`. Prints a line
/// if not.
fn has(program: &str, version: &str) -> bool {
    let output = Command::new(program).arg("--version").output();
    let found = output.is_ok_and(|o| String::from_utf8_lossy(&o.stdout).contains(version));
    if !found {
        println!("skipped: there is no {program} that calls itself {version}");
    }
    found
}

#[track_caller]
fn command(command: &mut Command) {
    let status = command.status().expect("the program runs");
    assert!(status.success(), "{command:?}: {status}");
}

#[track_caller]
fn assert_unpacked(dir: &Path, entries: &Entries) {
    for (name, bytes) in entries {
        assert_same(contents(dir.join(name)), bytes, name);
    }
}

async fn write_tar(path: &Path, entries: &Entries) -> io::Result<()> {
    let mut builder = Builder::new(create(path).await?);
    for (name, bytes) in entries {
        let mut header = Header::new_gnu();
        header.set_mode(0o644);
        header.set_size(bytes.len() as u64);
        builder.append_data(&mut header, name, &bytes[..]).await?;
    }
    builder.into_inner().await?.close().await
}

async fn read_tar(path: &Path) -> io::Result<Entries> {
    let archive = Archive::new(open(path).await?);
    let (mut entries, mut read) = (archive.entries()?, Vec::new());
    while let Some(mut entry) = entries.try_next().await? {
        if entry.header().entry_type().is_dir() {
            continue;
        }
        let name = entry.path()?.display().to_string();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).await?;
        read.push((name, bytes));
    }
    Ok(read)
}

#[track_caller]
fn assert_entries(read: Entries, expected: &Entries) {
    let names = |entries: &Entries| -> Vec<String> {
        entries.iter().map(|(name, _)| name.clone()).collect()
    };
    assert_eq!(names(&read), names(expected));
    for ((name, bytes), (_, expected)) in read.iter().zip(expected) {
        assert_same(bytes, expected, name);
    }
}

#[test]
fn tar_written_and_read_back() {
    let (dir, entries) = (Dir::new(), entries());
    let path = dir.join("tar");
    run(write_tar(&path, &entries)).unwrap();
    assert_entries(run(read_tar(&path)).unwrap(), &entries);
}

#[test]
fn tar_of_files() {
    let (dir, entries) = (Dir::new(), entries());
    let path = dir.join("tar");
    run(async {
        let mut builder = Builder::new(create(&path).await?);
        for (name, bytes) in &entries {
            let source = open(dir.file("source", bytes)).await?;
            let mut header = Header::new_gnu();
            header.set_size(source.metadata().await?.len());
            builder.append_data(&mut header, name, source).await?;
        }
        builder.into_inner().await?.close().await
    })
    .unwrap();
    assert_entries(run(read_tar(&path)).unwrap(), &entries);
}

#[test]
fn entries_of_a_tar_that_are_skipped() {
    let (dir, entries) = (Dir::new(), entries());
    let path = dir.join("tar");
    run(write_tar(&path, &entries)).unwrap();
    let last = run(async {
        let (mut entries, mut last) = (Archive::new(open(&path).await?).entries()?, Vec::new());
        while let Some(mut entry) = entries.try_next().await? {
            if &*entry.path_bytes() == b"last" {
                entry.read_to_end(&mut last).await?;
            }
        }
        io::Result::Ok(last)
    });
    assert_same(last.unwrap(), b"x", "last");
}

#[test]
fn gnu_tar_reads_what_was_written() {
    if !has("tar", "GNU tar") {
        return;
    }
    let (dir, entries) = (Dir::new(), entries());
    let (path, unpacked) = (dir.join("tar"), dir.join("unpacked"));
    run(write_tar(&path, &entries)).unwrap();
    std::fs::create_dir(&unpacked).unwrap();
    command(
        Command::new("tar")
            .arg("-xf")
            .arg(&path)
            .arg("-C")
            .arg(&unpacked),
    );
    assert_unpacked(&unpacked, &entries);
}

#[test]
fn what_gnu_tar_wrote_is_read() {
    if !has("tar", "GNU tar") {
        return;
    }
    let (dir, entries) = (Dir::new(), entries());
    let (path, source) = (dir.join("tar"), dir.join("source"));
    for (name, bytes) in &entries {
        let file = source.join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, bytes).unwrap();
    }
    let names = entries.iter().map(|(name, _)| name);
    command(
        Command::new("tar")
            .arg("-cf")
            .arg(&path)
            .arg("-C")
            .arg(&source)
            .args(names),
    );
    assert_entries(run(read_tar(&path)).unwrap(), &entries);
}

/// Half of the entries as a whole, and half as streams, whose sizes follow their contents.
async fn write_zip(path: &Path, entries: &Entries) -> async_zip::error::Result<()> {
    let mut writer = ZipFileWriter::new(create(path).await?);
    for (number, (name, bytes)) in entries.iter().enumerate() {
        let compression = [Compression::Deflate, Compression::Stored][number / 2 % 2];
        let entry = ZipEntryBuilder::new(name.clone().into(), compression);
        if number % 2 == 0 {
            writer.write_entry_whole(entry, bytes).await?;
        } else {
            let mut stream = writer.write_entry_stream(entry).await?;
            for part in bytes.chunks(9_999) {
                stream.write_all(part).await?;
            }
            stream.close().await?;
        }
    }
    Ok(writer.close().await?.close().await?)
}

async fn read_zip(path: &Path) -> async_zip::error::Result<Entries> {
    // The reader asks for a buffer and a cursor, and the file has both.
    let mut reader = ZipArchiveReader::open(open(path).await?).await?;
    let mut read = Vec::new();
    for (index, entry) in reader.cdrs().to_vec().into_iter().enumerate() {
        let mut bytes = Vec::new();
        reader.file(index).await?.read_to_end(&mut bytes).await?;
        let name = entry.insecure_file_name.as_str();
        read.push((name.expect("a name in UTF-8").to_owned(), bytes));
    }
    Ok(read)
}

#[test]
fn zip_written_and_read_back() {
    let (dir, entries) = (Dir::new(), entries());
    let path = dir.join("zip");
    run(write_zip(&path, &entries)).unwrap();
    assert_entries(run(read_zip(&path)).unwrap(), &entries);
}

#[test]
fn zip_read_out_of_order() {
    let (dir, entries) = (Dir::new(), entries());
    let path = dir.join("zip");
    run(write_zip(&path, &entries)).unwrap();
    run(async {
        let mut reader = ZipArchiveReader::open(open(&path).await?).await?;
        for (index, (name, expected)) in entries.iter().enumerate().rev() {
            let mut bytes = Vec::new();
            // An entry that is left in the middle says nothing about the next.
            let _ = reader.file(index).await?.read(&mut [0; 100]).await?;
            reader.file(index).await?.read_to_end(&mut bytes).await?;
            assert_same(bytes, expected, name);
        }
        async_zip::error::Result::Ok(())
    })
    .unwrap();
}

#[test]
fn python_reads_the_zip() {
    if !has("python3", "Python 3") {
        return;
    }
    let (dir, entries) = (Dir::new(), entries());
    let (path, unpacked) = (dir.join("zip"), dir.join("unpacked"));
    run(write_zip(&path, &entries)).unwrap();
    command(
        Command::new("python3")
            .args(["-m", "zipfile", "-e"])
            .arg(&path)
            .arg(&unpacked),
    );
    assert_unpacked(&unpacked, &entries);
}
