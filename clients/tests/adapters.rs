//! The adapters of futures, futures-lite, tokio and async-compat: copies, buffers, lines and sinks.

use std::io::{self, SeekFrom};

use anyfile::AsyncFile;
use anyfile_clients::{
    Dir, SIZES, assert_same, contents, create, create_both, noise, open, run, text,
};
use async_compat::CompatExt;
use futures::{AsyncSeek, AsyncWrite, SinkExt, StreamExt, TryStreamExt};
use futures_lite::{AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
use tokio::io as tokio_io;

/// Copies files of all sizes, and compares them.
#[track_caller]
fn assert_copies(copy: impl AsyncFn(AsyncFile, AsyncFile) -> io::Result<()>) {
    let dir = Dir::new();
    for len in SIZES {
        let (bytes, path) = (noise(len), dir.join("copy"));
        let source = dir.file("source", &bytes);
        run(async { copy(open(source).await?, create(&path).await?).await }).expect("copied");
        assert_same(contents(path), bytes, "the copy");
    }
}

#[test]
fn copies_by_futures() {
    assert_copies(async |source, mut file| {
        futures::io::copy(source, &mut file).await?;
        futures::AsyncWriteExt::close(&mut file).await
    });
    assert_copies(async |source, mut file| {
        futures::io::copy_buf(source, &mut file).await?;
        futures::AsyncWriteExt::close(&mut file).await
    });
    // The copy flushes, so that a drop will do.
    assert_copies(async |source, mut file| {
        futures::io::copy_buf(source, &mut file).await.map(drop)
    });
}

#[test]
fn copies_by_futures_lite() {
    assert_copies(async |source, mut file| {
        futures_lite::io::copy(source, &mut file).await?;
        AsyncWriteExt::close(&mut file).await
    });
    assert_copies(async |source, mut file| {
        futures_lite::io::copy(source, &mut file).await.map(drop)
    });
}

#[test]
fn copies_by_tokio() {
    assert_copies(async |source, file| {
        let (mut source, mut file) = (source.compat(), file.compat());
        tokio_io::copy(&mut source, &mut file).await?;
        tokio_io::AsyncWriteExt::shutdown(&mut file).await
    });
    assert_copies(async |source, file| {
        let (mut source, mut file) = (source.compat(), file.compat());
        tokio_io::copy_buf(&mut source, &mut file).await?;
        tokio_io::AsyncWriteExt::shutdown(&mut file).await
    });
}

#[test]
fn copies_in_parts() {
    assert_copies(async |source, mut file| {
        let mut first = futures::AsyncReadExt::take(source, 100_000);
        futures::io::copy(&mut first, &mut file).await?;
        let mut rest = Vec::new();
        first.into_inner().read_to_end(&mut rest).await?;
        file.write_all(&rest).await?;
        AsyncWriteExt::close(&mut file).await
    });
    assert_copies(async |source, file| {
        let (reader, mut writer) = (
            futures_lite::io::BufReader::with_capacity(1_000, source),
            futures_lite::io::BufWriter::with_capacity(3_000, file),
        );
        futures_lite::io::copy(reader, &mut writer).await?;
        AsyncWriteExt::close(&mut writer).await
    });
    assert_copies(async |source, file| {
        let (reader, mut writer) = (
            futures::io::BufReader::with_capacity(1_000, source),
            futures::io::BufWriter::with_capacity(3_000, file),
        );
        futures::io::copy_buf(reader, &mut writer).await?;
        futures::AsyncWriteExt::close(&mut writer).await
    });
    assert_copies(async |source, file| {
        let (mut reader, mut writer) = (
            tokio_io::BufReader::with_capacity(1_000, source.compat()),
            tokio_io::BufWriter::with_capacity(3_000, file.compat()),
        );
        tokio_io::copy_buf(&mut reader, &mut writer).await?;
        tokio_io::AsyncWriteExt::shutdown(&mut writer).await
    });
}

#[test]
fn into_sink() {
    let dir = Dir::new();
    for len in SIZES {
        let (bytes, path) = (noise(len), dir.join("file"));
        run(async {
            let mut sink = futures::AsyncWriteExt::into_sink(create(&path).await?);
            for part in bytes.chunks(20_011) {
                sink.feed(part.to_vec()).await?;
            }
            SinkExt::<Vec<u8>>::close(&mut sink).await
        })
        .expect("sent");
        assert_same(contents(path), bytes, "the file");
    }
}

#[test]
fn a_stream_into_a_sink() {
    let (dir, bytes) = (Dir::new(), noise(1_000_003));
    let path = dir.join("file");
    run(async {
        let parts = bytes.chunks(4_099).map(io::Result::Ok);
        futures::stream::iter(parts)
            .forward(futures::AsyncWriteExt::into_sink(create(&path).await?))
            .await
    })
    .expect("forwarded");
    assert_same(contents(path), bytes, "the file");
}

#[test]
fn into_async_read() {
    let (dir, bytes) = (Dir::new(), noise(1_000_003));
    let path = dir.join("file");
    run(async {
        let parts = bytes.chunks(4_099).map(io::Result::Ok);
        let mut file = create(&path).await?;
        futures::io::copy_buf(futures::stream::iter(parts).into_async_read(), &mut file).await?;
        futures::AsyncWriteExt::close(&mut file).await
    })
    .expect("copied");
    assert_same(contents(path), bytes, "the file");
}

#[test]
fn lines_through_other_buffers() {
    let (dir, text) = (Dir::new(), text(500_000));
    let path = dir.file("file", &text);
    let expected: Vec<&str> = text.lines().collect();
    run(async {
        let reader = futures::io::BufReader::new(open(&path).await?);
        let lines = futures::AsyncBufReadExt::lines(reader);
        assert!(lines.try_collect::<Vec<_>>().await? == expected);

        let reader = futures_lite::io::BufReader::new(open(&path).await?);
        let lines = AsyncBufReadExt::lines(reader);
        assert!(lines.try_collect::<Vec<_>>().await? == expected);

        // The file is a buffered reader itself.
        let lines = futures::AsyncBufReadExt::lines(open(&path).await?);
        assert!(lines.try_collect::<Vec<_>>().await? == expected);

        let mut lines = tokio_io::AsyncBufReadExt::lines(open(&path).await?.compat());
        for line in &expected {
            assert_eq!(lines.next_line().await?.as_deref(), Some(*line));
        }
        assert_eq!(lines.next_line().await?, None);

        let reader = open(&path).await?;
        let parts = AsyncBufReadExt::split(futures_lite::io::BufReader::new(reader), b' ');
        let parts: Vec<Vec<u8>> = parts.map(|part| part.unwrap()).collect().await;
        assert_same(parts.join(&b' '), &text, "split and joined");
        io::Result::Ok(())
    })
    .unwrap();
}

/// Positions are the file's, whatever a buffer on top of it has read ahead.
#[test]
fn seeks_through_other_buffers() {
    let (dir, bytes) = (Dir::new(), noise(300_000));
    let path = dir.file("file", &bytes);
    let seeks = [
        (0, 10),
        (299_990, 10),
        (5, 200_000),
        (131_072, 1),
        (131_071, 70_000),
    ];
    run(async {
        let mut futures = futures::io::BufReader::new(open(&path).await?);
        let mut lite = futures_lite::io::BufReader::new(open(&path).await?);
        let mut tokio = tokio_io::BufReader::new(open(&path).await?.compat());
        for (start, len) in seeks {
            let (seek, end) = (SeekFrom::Start(start as u64), start + len);
            let mut buf = vec![0; len];
            futures.seek(seek).await?;
            futures.read_exact(&mut buf).await?;
            assert_same(&buf, &bytes[start..end], "futures");
            lite.seek(seek).await?;
            lite.read_exact(&mut buf).await?;
            assert_same(&buf, &bytes[start..end], "futures-lite");
            assert_eq!(lite.seek(SeekFrom::Current(0)).await?, end as u64);
            tokio_io::AsyncSeekExt::seek(&mut tokio, seek).await?;
            tokio_io::AsyncReadExt::read_exact(&mut tokio, &mut buf).await?;
            assert_same(&buf, &bytes[start..end], "tokio");
        }
        io::Result::Ok(())
    })
    .unwrap();
}

/// Writes all bytes, then each part where it belongs.
async fn patch(
    mut writer: impl AsyncWrite + AsyncSeek + Unpin,
    bytes: &[u8],
    parts: &[(usize, Vec<u8>)],
) -> io::Result<()> {
    writer.write_all(bytes).await?;
    for (start, part) in parts {
        writer.seek(SeekFrom::Start(*start as u64)).await?;
        writer.write_all(part).await?;
    }
    writer.close().await
}

#[test]
fn seeks_between_buffered_writes() {
    let (dir, mut bytes) = (Dir::new(), noise(300_000));
    let [futures, lite, tokio] = ["futures", "lite", "tokio"].map(|name| dir.join(name));
    let parts = [(5, 10), (131_000, 100), (0, 3), (290_000, 20_000)]
        .map(|(start, len)| (start, noise(len)));
    run(async {
        let writer = futures::io::BufWriter::new(create(&futures).await?);
        patch(writer, &bytes, &parts).await?;
        let writer = futures_lite::io::BufWriter::new(create(&lite).await?);
        patch(writer, &bytes, &parts).await?;
        // To tokio and back again.
        let writer = tokio_io::BufWriter::new(create(&tokio).await?.compat());
        patch(writer.compat(), &bytes, &parts).await
    })
    .unwrap();
    for (start, part) in parts {
        bytes.resize(bytes.len().max(start + part.len()), 0);
        bytes[start..start + part.len()].copy_from_slice(&part);
    }
    assert_same(contents(futures), &bytes, "futures");
    assert_same(contents(lite), &bytes, "futures-lite");
    assert_same(contents(tokio), &bytes, "tokio");
}

/// Bytes written through one adapter are read through another, on the same file.
#[test]
fn written_and_read_through_adapters() {
    let (dir, bytes) = (Dir::new(), noise(200_000));
    run(async {
        let mut writer = futures::io::BufWriter::new(create_both(dir.join("file")).await?);
        writer.write_all(&bytes).await?;
        AsyncWriteExt::flush(&mut writer).await?;
        let mut file = writer.into_inner();
        file.seek(SeekFrom::Start(0)).await?;
        let mut read = Vec::new();
        let mut reader = futures_lite::io::BufReader::new(file);
        reader.read_to_end(&mut read).await?;
        assert_same(read, &bytes, "read");
        let mut file = reader.into_inner().compat();
        tokio_io::AsyncWriteExt::write_all(&mut file, b"more").await?;
        tokio_io::AsyncWriteExt::shutdown(&mut file).await
    })
    .unwrap();
    let expected = [&bytes[..], b"more"].concat();
    assert_same(contents(dir.join("file")), expected, "the file");
}

#[test]
fn every_shutdown_succeeds() {
    let dir = Dir::new();
    for turn in 0..300 {
        let (bytes, path) = (noise(turn), dir.join("file"));
        run(async {
            let mut file = create(&path).await?.compat();
            tokio_io::AsyncWriteExt::write_all(&mut file, &bytes).await?;
            tokio_io::AsyncWriteExt::flush(&mut file).await?;
            tokio_io::AsyncWriteExt::shutdown(&mut file).await
        })
        .expect("shut down");
        assert_same(contents(path), bytes, "the file");
    }
}
