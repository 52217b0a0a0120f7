//! async-compression: gzip and zstd, in both directions, on the reading and on the writing side.

use std::io::{Read, Write};

use anyfile::AsyncFile;
use anyfile_clients::{Dir, SIZES, assert_same, contents, create, noise, open, run, text};
use async_compression::futures::{bufread, write};
use futures_lite::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, io};

/// Writes these bytes through a coder into a file, closes it, and returns the file's contents.
#[track_caller]
fn written<W: AsyncWrite + Unpin>(coder: impl Fn(AsyncFile) -> W, input: &[u8]) -> Vec<u8> {
    let dir = Dir::new();
    run(async {
        let mut coder = coder(create(dir.join("file")).await?);
        for part in input.chunks(10_007) {
            coder.write_all(part).await?;
        }
        coder.close().await
    })
    .expect("written and closed");
    contents(dir.join("file"))
}

/// Reads a file of these bytes through a coder, and returns the output.
#[track_caller]
fn read<R: AsyncRead + Unpin>(coder: impl Fn(AsyncFile) -> R, input: &[u8]) -> Vec<u8> {
    let dir = Dir::new();
    let path = dir.file("file", input);
    let mut output = Vec::new();
    run(async { coder(open(path).await?).read_to_end(&mut output).await }).expect("read");
    output
}

/// Contents of every size, that become smaller and that do not.
fn inputs() -> impl Iterator<Item = Vec<u8>> {
    SIZES
        .into_iter()
        .flat_map(|len| [noise(len), text(len).into_bytes()])
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut coder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    coder.write_all(bytes).unwrap();
    coder.finish().unwrap()
}

fn gunzip(bytes: &[u8]) -> Vec<u8> {
    let mut output = Vec::new();
    flate2::read::MultiGzDecoder::new(bytes)
        .read_to_end(&mut output)
        .unwrap();
    output
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

fn unzstd(bytes: &[u8]) -> Vec<u8> {
    zstd::decode_all(bytes).unwrap()
}

#[test]
fn gzip_while_writing() {
    for input in inputs() {
        let packed = written(write::GzipEncoder::new, &input);
        assert_same(gunzip(&packed), &input, "packed");
        let unpacked = written(write::GzipDecoder::new, &gzip(&input));
        assert_same(unpacked, &input, "unpacked");
    }
}

#[test]
fn zstd_while_writing() {
    for input in inputs() {
        let packed = written(write::ZstdEncoder::new, &input);
        assert_same(unzstd(&packed), &input, "packed");
        let unpacked = written(write::ZstdDecoder::new, &zstd(&input));
        assert_same(unpacked, &input, "unpacked");
    }
}

#[test]
fn gzip_while_reading() {
    for input in inputs() {
        // The file is the buffered reader that these ask for.
        let packed = read(bufread::GzipEncoder::new, &input);
        assert_same(gunzip(&packed), &input, "packed");
        let unpacked = read(bufread::GzipDecoder::new, &gzip(&input));
        assert_same(unpacked, &input, "unpacked");
    }
}

#[test]
fn zstd_while_reading() {
    for input in inputs() {
        let packed = read(bufread::ZstdEncoder::new, &input);
        assert_same(unzstd(&packed), &input, "packed");
        let unpacked = read(bufread::ZstdDecoder::new, &zstd(&input));
        assert_same(unpacked, &input, "unpacked");
    }
}

#[test]
fn gzip_in_several_members() {
    let parts: Vec<Vec<u8>> = inputs().collect();
    let packed: Vec<u8> = parts.iter().flat_map(|part| gzip(part)).collect();
    let all = |file| {
        let mut coder = bufread::GzipDecoder::new(file);
        coder.multiple_members(true);
        coder
    };
    assert_same(read(all, &packed), parts.concat(), "all members");
}

#[test]
fn what_follows_the_packed_part_is_left_in_the_file() {
    let (dir, input) = (Dir::new(), text(300_000));
    let path = dir.file(
        "file",
        [zstd(input.as_bytes()), b"the rest".into()].concat(),
    );
    run(async {
        let mut coder = bufread::ZstdDecoder::new(open(path).await?);
        let (mut unpacked, mut rest) = (Vec::new(), Vec::new());
        coder.read_to_end(&mut unpacked).await?;
        assert_same(unpacked, &input, "unpacked");
        coder.into_inner().read_to_end(&mut rest).await?;
        assert_same(rest, b"the rest", "the rest");
        io::Result::Ok(())
    })
    .unwrap();
}

#[test]
fn from_file_to_file_and_back() {
    let (dir, input) = (Dir::new(), text(1_000_003));
    let [plain, packed, unpacked] = ["plain", "packed", "unpacked"].map(|name| dir.join(name));
    std::fs::write(&plain, &input).unwrap();
    run(async {
        let mut coder = write::ZstdEncoder::new(create(&packed).await?);
        io::copy(open(&plain).await?, &mut coder).await?;
        coder.close().await?;

        let coder = bufread::ZstdDecoder::new(open(&packed).await?);
        let mut file = create(&unpacked).await?;
        io::copy(coder, &mut file).await?;
        file.close().await
    })
    .unwrap();
    assert_same(unzstd(&contents(packed)), &input, "packed");
    assert_same(contents(unpacked), &input, "unpacked");
}

/// A coder's own close ends in the file's, which takes more than one poll.
#[test]
fn every_close_succeeds() {
    for turn in 0..100 {
        let input = text(turn * 101);
        let packed = written(write::GzipEncoder::new, input.as_bytes());
        assert_same(gunzip(&packed), &input, "packed");
    }
}

#[test]
fn a_coder_that_is_dropped_leaves_what_it_flushed() {
    let (dir, input) = (Dir::new(), text(200_000));
    run(async {
        let mut coder = write::ZstdEncoder::new(create(dir.join("file")).await?);
        coder.write_all(input.as_bytes()).await?;
        coder.flush().await
    })
    .unwrap();
    let mut output = vec![0; input.len()];
    zstd::Decoder::new(&contents(dir.join("file"))[..])
        .unwrap()
        .read_exact(&mut output)
        .unwrap();
    assert_same(output, &input, "flushed");
}
