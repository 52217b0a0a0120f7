//! Processes of smol that read from a file and write to one.
#![cfg(unix)]

use std::io::SeekFrom;

use anyfile::wrap_file;
use anyfile_clients::{Dir, assert_same, contents, create, create_both, noise, open, run, text};
use async_process::{Command, Stdio};
use futures_lite::{AsyncSeekExt, AsyncWriteExt, StreamExt, future, io};

/// Returns a command that copies its standard input to its standard output.
fn cat() -> Command {
    Command::new("cat")
}

#[test]
fn a_file_as_input_and_one_as_output() {
    let (dir, bytes) = (Dir::new(), noise(1_000_003));
    let (source, path) = (dir.join("source"), dir.join("copy"));
    run(async {
        let mut input = create_both(&source).await?;
        input.write_all(&bytes).await?;
        input.seek(SeekFrom::Start(0)).await?;
        let status = cat()
            .stdin(input.into_inner().await?)
            .stdout(create(&path).await?.into_inner().await?)
            .status()
            .await?;
        assert!(status.success());
        io::Result::Ok(())
    })
    .unwrap();
    assert_same(contents(path), bytes, "the copy");
}

/// The child starts at the file's logical position, although more has been read ahead.
#[test]
fn input_from_the_position_on() {
    let (dir, text) = (Dir::new(), text(500_000));
    let source = dir.file("source", &text);
    let path = dir.join("copy");
    let first = run(async {
        let (mut input, mut first) = (open(&source).await?, String::new());
        for _ in 0..3 {
            input.read_line(&mut first).await?;
        }
        let status = cat()
            .stdin(input.into_inner().await?)
            .stdout(create(&path).await?.into_inner().await?)
            .status()
            .await?;
        assert!(status.success());
        io::Result::Ok(first)
    })
    .unwrap();
    let lines: String = text.split_inclusive('\n').take(3).collect();
    assert_same(&first, lines, "the first lines");
    assert_same(contents(path), &text[first.len()..], "the rest");
}

/// Bytes written before the child, by the child and after it are all in the file, in this order.
#[test]
fn output_from_the_position_on() {
    let (dir, bytes) = (Dir::new(), noise(300_000));
    let path = dir.join("file");
    run(async {
        let mut output = create_both(&path).await?;
        output.write_all(b"before ").await?;
        let output = output.into_inner().await?;
        let status = cat()
            .stdin(open(dir.file("source", &bytes)).await?.into_inner().await?)
            .stdout(output.try_clone()?)
            .status()
            .await?;
        assert!(status.success());
        // The cursor is one for both handles, and the child has moved it.
        let mut output = wrap_file(output);
        output.write_all(b" after").await?;

        let mut read = Vec::new();
        output.seek(SeekFrom::Start(0)).await?;
        output.read_to_end(&mut read).await?;
        assert_same(read, [b"before ", &bytes[..], b" after"].concat(), "read");
        output.close().await
    })
    .unwrap();
    let expected = [b"before ", &bytes[..], b" after"].concat();
    assert_same(contents(path), expected, "the file");
}

/// From a file into the child's pipe, and from its other pipe into a file, at once.
#[test]
fn pipes_from_a_file_and_into_one() {
    let (dir, bytes) = (Dir::new(), noise(1_000_003));
    let (source, path) = (dir.file("source", &bytes), dir.join("copy"));
    run(async {
        let mut child = cat().stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (mut stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let feed = async {
            io::copy(open(&source).await?, &mut stdin).await?;
            stdin.close().await?;
            drop(stdin);
            io::Result::Ok(())
        };
        let drain = async {
            let mut file = create(&path).await?;
            io::copy(stdout, &mut file).await?;
            file.close().await
        };
        future::try_zip(feed, drain).await?;
        assert!(child.status().await?.success());
        io::Result::Ok(())
    })
    .unwrap();
    assert_same(contents(path), bytes, "the copy");
}

/// A child's pipes as files, rather than as smol's.
#[test]
fn wrapped_pipes() {
    let text = text(500_000);
    let mut child = std::process::Command::new("cat")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let lines: Vec<String> = run(async {
        let feed = async {
            let mut stdin = wrap_file(stdin);
            stdin.write_all(text.as_bytes()).await?;
            stdin.close().await
        };
        let drain = wrap_file(stdout).lines().try_collect();
        future::try_zip(feed, drain).await
    })
    .unwrap()
    .1;
    assert!(lines.iter().eq(text.lines()));
    assert!(child.wait().unwrap().success());
}
