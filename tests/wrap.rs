//! `wrap_file` on typical objects: temporary files, decoders, children, sockets, custom objects.

mod common;

use std::fs::File;
use std::io::{self, Cursor, ErrorKind, Read, Seek, SeekFrom, Write};
#[cfg(unix)]
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, ThreadId};
use std::time::Duration;

use anyfile::{AsyncFile, wrap_file};
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use futures_lite::future::block_on;
use futures_lite::{AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt, StreamExt};
use tempfile::NamedTempFile;

use common::{Dir, Scripted, Step, contents, noise, poll_times, text, until};

/// Reads to the end of the file, in pieces of different sizes.
fn read_in_pieces<T: Read + Send + 'static>(mut file: AsyncFile<T>) -> Vec<u8> {
    let mut bytes = Vec::new();
    block_on(async {
        for len in [1, 10, 1_000, 100_000].into_iter().cycle() {
            let mut piece = vec![0; len];
            match file.read(&mut piece).await.unwrap() {
                0 => break,
                read => bytes.extend_from_slice(&piece[..read]),
            }
        }
        assert_eq!(file.read(&mut [0; 9]).await.unwrap(), 0);
    });
    bytes
}

fn all_lines<T: Read + Send + 'static>(file: AsyncFile<T>) -> Vec<String> {
    block_on(file.lines().try_collect()).unwrap()
}

#[test]
fn a_temporary_file_is_written_read_and_kept() {
    let dir = Dir::new();
    block_on(async {
        let mut file = wrap_file(NamedTempFile::new_in(dir.path()).unwrap());
        let path = file.with_mut(|file| file.path().to_owned()).await.unwrap();
        file.write_all(b"one\ntwo\nthree\n").await.unwrap();
        assert_eq!(file.seek(SeekFrom::Start(4)).await.unwrap(), 4);
        assert_eq!(contents(&path), b"one\ntwo\nthree\n");
        let mut line = String::new();
        file.read_line(&mut line).await.unwrap();
        assert_eq!(line, "two\n");
        // The object is known to seek by now, so the write starts at the end of the line.
        file.write_all(b"THREE").await.unwrap();
        let kept = file
            .into_inner()
            .await
            .unwrap()
            .persist(dir.join("kept"))
            .unwrap();
        assert_eq!(contents(&dir.join("kept")), b"one\ntwo\nTHREE\n");
        assert_eq!((&kept).stream_position().unwrap(), 13);
        assert!(!path.exists());
    });
}

#[test]
fn closing_a_temporary_file_removes_it() {
    let dir = Dir::new();
    let mut file = wrap_file(NamedTempFile::new_in(dir.path()).unwrap());
    let path = block_on(file.with_mut(|file| file.path().to_owned())).unwrap();
    assert!(path.exists());
    block_on(file.close()).unwrap();
    assert!(!path.exists());

    let mut file = wrap_file(NamedTempFile::new_in(dir.path()).unwrap());
    let path = block_on(file.with_mut(|file| file.path().to_owned())).unwrap();
    drop(file);
    until("the file is removed", || !path.exists());
}

/// Compresses the bytes into a file, and returns a decoder of it.
fn gzipped(dir: &Dir, bytes: &[u8]) -> GzDecoder<File> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    GzDecoder::new(File::open(dir.file("text.gz", encoder.finish().unwrap())).unwrap())
}

#[test]
fn a_decoder_gives_what_was_encoded() {
    let dir = Dir::new();
    for len in [0, 1, 1_000, 300_000] {
        let text = text(len);
        assert!(read_in_pieces(wrap_file(gzipped(&dir, text.as_bytes()))) == text.as_bytes());
        assert!(
            all_lines(wrap_file(gzipped(&dir, text.as_bytes())))
                .iter()
                .eq(text.lines())
        );
        let mut seen = String::new();
        let mut file = wrap_file(gzipped(&dir, text.as_bytes()));
        assert_eq!(
            block_on(file.read_to_string(&mut seen)).unwrap(),
            text.len()
        );
        assert!(seen == text);
    }
    let mut broken = wrap_file(GzDecoder::new(Cursor::new(noise(1_000))));
    let expected = GzDecoder::new(Cursor::new(noise(1_000)))
        .read(&mut [0])
        .unwrap_err();
    let error = block_on(broken.read(&mut [0])).unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string()),
        (expected.kind(), expected.to_string())
    );
}

#[test]
fn a_transcoder_gives_text() {
    let dir = Dir::new();
    let text = text(100_000);
    let utf16 = [0xFEFF].into_iter().chain(text.encode_utf16());
    let bytes: Vec<u8> = utf16.flat_map(u16::to_le_bytes).collect();
    let path = dir.file("utf16", bytes);
    let open = || encoding_rs_io::DecodeReaderBytes::new(File::open(&path).unwrap());
    assert!(read_in_pieces(wrap_file(open())) == text.as_bytes());
    assert!(all_lines(wrap_file(open())).iter().eq(text.lines()));
}

/// Writing to a child, closing its input, and reading its output.
#[cfg(unix)]
#[test]
fn a_child_sees_the_end_of_its_input() {
    use std::process::{Command, Stdio};
    if common::runs_with_more_threads("a_child_sees_the_end_of_its_input") {
        return;
    }
    let text = text(500_000);
    for drops in [false, true] {
        let mut child = Command::new("cat")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = wrap_file(child.stdin.take().unwrap());
        let stdout = wrap_file(child.stdout.take().unwrap());
        let write = async {
            stdin.write_all(text.as_bytes()).await.unwrap();
            if drops {
                drop(stdin);
            } else {
                stdin.close().await.unwrap();
                assert!(stdin.write(b"more").await.is_err());
            }
        };
        let (lines, ()) = block_on(futures_lite::future::zip(
            stdout
                .lines()
                .try_collect::<String, io::Error, Vec<String>>(),
            write,
        ));
        assert!(lines.unwrap().iter().eq(text.lines()));
        assert!(child.wait().unwrap().success());
    }
}

/// A write to a child that has ended fails. It neither raises a signal nor succeeds.
#[cfg(unix)]
#[test]
fn a_write_to_a_child_that_has_gone_fails() {
    use std::process::{Command, Stdio};
    let mut child = Command::new("true").stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = wrap_file(child.stdin.take().unwrap());
    child.wait().unwrap();
    block_on(async {
        stdin.write_all(b"hello").await.unwrap();
        for _ in 0..2 {
            assert_eq!(
                stdin.flush().await.unwrap_err().kind(),
                ErrorKind::BrokenPipe
            );
        }
        assert_eq!(
            stdin.close().await.unwrap_err().kind(),
            ErrorKind::BrokenPipe
        );
    });
}

#[test]
fn a_vector_takes_what_is_written() {
    let bytes = noise(400_000);
    for len in [1, 100, 150_000, 400_000] {
        let bytes = &bytes[..bytes.len().min(len * 1_000)];
        block_on(async {
            let mut file = wrap_file(b"before".to_vec());
            for piece in bytes.chunks(len) {
                file.write_all(piece).await.unwrap();
            }
            file.flush().await.unwrap();
            let seen = file.with_mut(|vec| vec.len()).await.unwrap();
            assert_eq!(seen, 6 + bytes.len());
            assert!(file.into_inner().await.unwrap() == [b"before", bytes].concat());
        });
    }
}

#[test]
fn a_vectored_write_keeps_the_order() {
    use futures_lite::AsyncWrite;
    use std::io::IoSlice;
    use std::pin::Pin;
    let pieces = [&b""[..], b"one ", b"", b"two ", b"three"];
    let slices = pieces.map(IoSlice::new);
    let mut file = wrap_file(Vec::new());
    block_on(async {
        let written = futures_lite::future::poll_fn(|cx| {
            Pin::new(&mut file).poll_write_vectored(cx, &slices)
        });
        assert_eq!(written.await.unwrap(), 13);
        assert_eq!(file.into_inner().await.unwrap(), b"one two three");
    });
}

#[test]
fn short_and_interrupted_calls_are_retried() {
    let bytes = noise(5_000);
    let steps = || (1..40).flat_map(|n| [Step::Short(n), Step::Fail(ErrorKind::Interrupted)]);
    let scripted = Scripted::new(&bytes[..], steps());
    assert!(read_in_pieces(wrap_file(scripted.handle())) == bytes);

    let scripted = Scripted::new([], steps());
    let mut file = wrap_file(scripted.handle());
    block_on(async {
        file.write_all(&bytes).await.unwrap();
        assert_eq!(scripted.look(|script| script.flushes), 0);
        file.flush().await.unwrap();
    });
    assert!(scripted.look(|script| script.data == bytes && script.flushes > 0));
}

/// Records the size of each read.
#[derive(Clone, Default)]
struct Counted(Arc<Mutex<Vec<usize>>>);

impl Counted {
    fn reads(&self) -> Vec<usize> {
        self.0.lock().unwrap().clone()
    }
}

impl Read for Counted {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.lock().unwrap().push(buf.len());
        buf.fill(b'\n');
        Ok(buf.len())
    }
}

impl Write for Counted {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_custom_object_is_read_only_when_asked() {
    let counted = Counted::default();
    let mut file = wrap_file(counted.clone());
    block_on(async {
        let mut expected = Vec::new();
        // Direct reads have the requested size.
        for len in [10, 1, 70_000, 10] {
            file.read_exact(&mut vec![0; len]).await.unwrap();
            expected.push(len);
            // If a job had been sent by then, this one would run after it.
            file.with_mut(|_| ()).await.unwrap();
            assert_eq!(counted.reads(), expected);
        }
        file.write_all(b"x").await.unwrap();
        file.flush().await.unwrap();
        assert_eq!(counted.reads(), expected);
        // A buffer is filled once, and again when it is used up, however much is read in sequence.
        let mut buffered = 0;
        for _ in 0..20 {
            let filled = file.fill_buf().await.unwrap().len();
            buffered += filled;
            file.consume(filled - 1);
            file.with_mut(|_| ()).await.unwrap();
            assert_eq!(
                counted.reads()[expected.len()..].iter().sum::<usize>(),
                buffered
            );
            assert_eq!(file.read(&mut [0; 1_000]).await.unwrap(), 1);
        }
        let reads = counted.reads().len();
        drop(file);
        assert_eq!(counted.reads().len(), reads);
    });
    // An object that is wrapped and dropped, or closed, is not read at all.
    let counted = Counted::default();
    drop(wrap_file(counted.clone()));
    block_on(wrap_file(counted.clone()).close()).unwrap();
    drop(wrap_file(counted.clone()).lines());
    assert_eq!(counted.reads(), []);
}

/// A read from a pipe or a terminal takes only the requested bytes, and leaves the rest for other readers.
#[cfg(unix)]
#[test]
fn a_fifo_keeps_the_rest_for_others() {
    let dir = Dir::new();
    let path = dir.fifo("fifo");
    let open = || {
        // Opened for both, so that no open waits for the other end.
        let fifo = File::options().read(true).write(true).open(&path).unwrap();
        (fifo.try_clone().unwrap(), fifo)
    };
    rest_is_for_others(open);
}

#[cfg(unix)]
#[test]
fn a_socket_keeps_the_rest_for_others() {
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;
    let open = || {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let mut theirs = File::from(OwnedFd::from(theirs));
        theirs.write_all(b"").unwrap();
        (theirs, File::from(OwnedFd::from(ours)))
    };
    rest_is_for_others(open);
}

#[cfg(unix)]
fn rest_is_for_others(open: impl Fn() -> (File, File)) {
    let bytes = noise(2_000);
    for len in [1, 10, 1_999] {
        let (mut writer, reader) = open();
        let mut other = reader.try_clone().unwrap();
        writer.write_all(&bytes).unwrap();
        let mut file = wrap_file(reader);
        let mut seen = vec![0; len];
        block_on(async {
            let mut read = 0;
            while read < len {
                read += file.read(&mut seen[read..]).await.unwrap();
            }
            // If more bytes were read, they would be by now.
            file.metadata().await.unwrap();
        });
        assert!(seen == bytes[..len]);
        let mut rest = vec![0; bytes.len() - len];
        other.read_exact(&mut rest).unwrap();
        assert!(rest == bytes[len..]);
    }
}

/// Bytes that were read from an object without seek, and not consumed, are kept by each of these calls.
#[cfg(unix)]
#[test]
fn a_duplex_file_keeps_what_was_read() {
    use std::os::fd::OwnedFd;
    use std::os::unix::net::UnixStream;
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let mut file = AsyncFile::from(OwnedFd::from(ours));
    theirs
        .write_all(b"one\ntwo\nthree\nfour\nfive\nsix\nseven")
        .unwrap();
    drop_writes(&theirs);
    block_on(async {
        let mut line = String::new();
        file.read_line(&mut line).await.unwrap();
        file.write_all(b"written").await.unwrap();
        file.flush().await.unwrap();
        file.read_line(&mut line).await.unwrap();
        assert_eq!(line, "one\ntwo\n");
        for to in [SeekFrom::Start(0), SeekFrom::Current(-2), SeekFrom::End(0)] {
            file.seek(to).await.unwrap_err();
        }
        file.read_line(&mut line).await.unwrap();
        assert_eq!(line, "one\ntwo\nthree\n");
        file.set_len(0).await.unwrap_err();
        file.write_at(b"x", 0).await.unwrap_err();
        file.read_line(&mut line).await.unwrap();
        assert_eq!(line, "one\ntwo\nthree\nfour\n");
        file.with_mut(|file| file.write_all(b" again"))
            .await
            .unwrap()
            .unwrap();
        file.read_line(&mut line).await.unwrap();
        assert_eq!(line, "one\ntwo\nthree\nfour\nfive\n");
        file.write_all(b" more").await.unwrap();
        file.close().await.unwrap();
    });
    let mut written = String::new();
    theirs.read_to_string(&mut written).unwrap();
    assert_eq!(written, "written again more");
}

/// Ends the peer's writes, so that reads reach the end of file.
#[cfg(unix)]
fn drop_writes(stream: &std::os::unix::net::UnixStream) {
    stream.shutdown(std::net::Shutdown::Write).unwrap();
}

#[cfg(unix)]
#[test]
fn a_duplex_object_keeps_what_was_read() {
    use std::os::unix::net::UnixStream;
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    let mut stream = wrap_file(ours);
    theirs.write_all(b"one\ntwo\nthree\n").unwrap();
    block_on(async {
        let mut line = String::new();
        stream.read_line(&mut line).await.unwrap();
        stream.write_all(b"written").await.unwrap();
        stream.flush().await.unwrap();
        stream.read_line(&mut line).await.unwrap();
        let peer = stream
            .with_mut(|stream| stream.peer_addr().is_ok())
            .await
            .unwrap();
        assert!(peer);
        stream.read_line(&mut line).await.unwrap();
        assert_eq!(line, "one\ntwo\nthree\n");
        // A question and an answer.
        for question in ["first", "second"] {
            theirs
                .write_all(format!("{question}?\nunread\n").as_bytes())
                .unwrap();
            line.clear();
            stream.read_line(&mut line).await.unwrap();
            assert_eq!(line, format!("{question}?\n"));
            stream.write_all(line.as_bytes()).await.unwrap();
            stream.flush().await.unwrap();
            line.clear();
            stream.read_line(&mut line).await.unwrap();
            assert_eq!(line, "unread\n");
        }
        stream.close().await.unwrap();
    });
    let mut written = String::new();
    theirs.read_to_string(&mut written).unwrap();
    assert_eq!(written, "writtenfirst?\nsecond?\n");
}

/// An object whose `Seek` always fails, like that of a `File` that is a pipe.
struct Unseekable {
    input: Cursor<Vec<u8>>,
    output: Arc<Mutex<Vec<u8>>>,
}

impl Read for Unseekable {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.input.read(buf)
    }
}

impl Write for Unseekable {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.output.lock().unwrap().extend_from_slice(buf);
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Unseekable {
    fn seek(&mut self, _: SeekFrom) -> io::Result<u64> {
        Err(ErrorKind::NotSeekable.into())
    }
}

#[test]
fn an_object_whose_seek_fails_keeps_what_was_read() {
    let output = Arc::<Mutex<Vec<u8>>>::default();
    let input = Cursor::new(b"one\ntwo\nthree\nfour\nfive".to_vec());
    let mut file = wrap_file(Unseekable {
        input,
        output: output.clone(),
    });
    block_on(async {
        let mut line = String::new();
        file.read_line(&mut line).await.unwrap();
        for to in [SeekFrom::Start(0), SeekFrom::Current(-2), SeekFrom::End(0)] {
            file.seek(to).await.unwrap_err();
        }
        file.read_line(&mut line).await.unwrap();
        assert_eq!(line, "one\ntwo\n");
        file.write_all(b"written").await.unwrap();
        file.flush().await.unwrap();
        file.read_line(&mut line).await.unwrap();
        assert_eq!(line, "one\ntwo\nthree\n");
        file.with_mut(|_| ()).await.unwrap();
        file.read_line(&mut line).await.unwrap();
        assert_eq!(line, "one\ntwo\nthree\nfour\n");
    });
    assert_eq!(*output.lock().unwrap(), b"written");
}

/// `into_inner` returns a file whose cursor is at the logical position, after all calls that move it or read ahead.
#[test]
fn into_inner_gives_a_file_at_the_logical_position() {
    let dir = Dir::new();
    let text = text(500_000);
    let path = dir.file("text", &text);
    for lines in [0, 1, 100, 2_000, 4_000] {
        for begin in [0, 1_000] {
            block_on(async {
                let mut std = File::open(&path).unwrap();
                std.seek(SeekFrom::Start(begin)).unwrap();
                let mut file = wrap_file(std);
                let mut seen = String::new();
                for _ in 0..lines {
                    file.read_line(&mut seen).await.unwrap();
                }
                file.fill_buf().await.unwrap();
                let mut std = file.into_inner().await.unwrap();
                let expected = begin + seen.len() as u64;
                assert_eq!(
                    std.stream_position().unwrap(),
                    expected,
                    "after {lines} lines"
                );
                let mut rest = String::new();
                std.read_to_string(&mut rest).unwrap();
                assert!(seen + &rest == text[begin as usize..]);
            });
        }
    }
}

/// The wrapped object is dropped when `close` returns, and soon after a drop. Accepted bytes are written and
/// flushed before.
#[test]
fn closing_drops_what_is_wrapped() {
    for closes in [true, false] {
        for len in [0, 10, 300_000] {
            let bytes = noise(len);
            let scripted = Scripted::new([], [Step::Short(3)]);
            let mut file = wrap_file(scripted.handle());
            block_on(file.write_all(&bytes)).unwrap();
            assert!(!scripted.look(|script| script.dropped));
            if closes {
                block_on(file.close()).unwrap();
                assert!(scripted.look(|script| script.dropped));
                assert!(scripted.look(|script| script.data == bytes));
                drop(file);
            } else {
                drop(file);
                until("the object is dropped", || {
                    scripted.look(|script| script.dropped)
                });
            }
            assert!(scripted.look(|script| script.data == bytes));
            assert_eq!(scripted.look(|script| script.flushes > 0), len > 0);
        }
    }
    let scripted = Scripted::new([], []);
    let inner = block_on(wrap_file(scripted.handle()).into_inner()).unwrap();
    assert!(!scripted.look(|script| script.dropped));
    drop(inner);
}

/// A file that could not be written stays open with its bytes, and closes once they can be written.
#[test]
fn a_close_that_failed_can_be_repeated() {
    let full = || Step::Fail(ErrorKind::StorageFull);
    let scripted = Scripted::new([], [full(), full(), Step::Short(2), full()]);
    let mut file = wrap_file(scripted.handle());
    block_on(async {
        file.write_all(b"hello").await.unwrap();
        for _ in 0..3 {
            assert_eq!(
                file.close().await.unwrap_err().kind(),
                ErrorKind::StorageFull
            );
            assert!(!scripted.look(|script| script.dropped));
        }
        file.close().await.unwrap();
    });
    assert!(scripted.look(|script| script.dropped));
    assert_eq!(scripted.look(|script| script.data.clone()), b"hello");
}

#[test]
fn a_closed_object_says_so() {
    let mut file = wrap_file(Cursor::new(b"hello".to_vec()));
    block_on(async {
        for _ in 0..3 {
            file.close().await.unwrap();
            AsyncWriteExt::close(&mut file).await.unwrap();
            file.flush().await.unwrap();
            let mut text = String::new();
            let errors = [
                file.read(&mut [0]).await.err(),
                file.fill_buf().await.err(),
                file.read_line(&mut text).await.err(),
                file.read_until(0, &mut Vec::new()).await.err(),
                file.read_to_end(&mut Vec::new()).await.err(),
                file.read_to_string(&mut text).await.err(),
                file.write(b"x").await.err(),
                file.seek(SeekFrom::Start(0)).await.err(),
                file.with_mut(|_| ()).await.err(),
            ];
            for (number, error) in errors.into_iter().enumerate() {
                let error = error.unwrap_or_else(|| panic!("operation {number} succeeded"));
                assert_eq!(error.kind(), ErrorKind::InvalidInput, "operation {number}");
                assert_eq!(
                    error.to_string(),
                    "the file has been closed",
                    "operation {number}"
                );
            }
        }
        let error = file.into_inner().await.unwrap_err();
        assert_eq!(error.to_string(), "the file has been closed");
    });
}

/// An object that blocks in each write and in its drop until it is released.
struct Waits(mpsc::Receiver<()>);

impl Write for Waits {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let _ = self.0.recv();
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Waits {
    fn drop(&mut self) {
        let _ = self.0.recv();
    }
}

/// `is_closed` returns `true` once the file cannot be used any more, whether or not the pool has closed it by then.
#[test]
fn is_closed_tells_what_became_of_a_close() {
    let scripted = Scripted::new([], [Step::Fail(ErrorKind::StorageFull)]);
    let mut file = wrap_file(scripted.handle());
    assert!(!file.is_closed());
    block_on(file.write_all(b"hello")).unwrap();
    block_on(file.close()).unwrap_err();
    assert!(!file.is_closed(), "after a close that failed");
    for _ in 0..2 {
        block_on(file.close()).unwrap();
        assert!(file.is_closed(), "after a close that succeeded");
    }

    let (go, go_on) = mpsc::channel();
    let mut file = wrap_file(Waits(go_on));
    block_on(file.write_all(b"hello")).unwrap();
    assert!(poll_times(file.close(), 2).is_none());
    assert!(!file.is_closed(), "while bytes wait to be written");
    block_on(file.write_all(b"more")).unwrap();
    go.send(()).unwrap();
    go.send(()).unwrap();
    block_on(file.flush()).unwrap();
    assert!(poll_times(file.close(), 2).is_none());
    assert!(file.is_closed(), "while the pool closes it");
    block_on(file.write(b"x")).unwrap_err();
    drop(go);
    block_on(file.close()).unwrap();
    assert!(file.is_closed(), "when the pool has closed it");
}

/// Closing a file discards the bytes that were read ahead.
#[test]
fn closing_forgets_what_was_read() {
    let dir = Dir::new();
    let path = dir.file("text", text(300_000));
    let mut file = wrap_file(File::open(path).unwrap());
    block_on(async {
        let mut line = String::new();
        for _ in 0..2_000 {
            file.read_line(&mut line).await.unwrap();
        }
        file.close().await.unwrap();
        assert!(file.read_line(&mut line).await.is_err());
        assert!(file.read(&mut [0]).await.is_err());
        assert!(file.fill_buf().await.is_err());
        file.consume(1);
    });
}

#[test]
fn a_file_comes_from_a_std_file() {
    let dir = Dir::new();
    let path = dir.file("file", "hello");
    let mut file = AsyncFile::from(File::open(path).unwrap());
    let mut text = String::new();
    block_on(file.read_to_string(&mut text)).unwrap();
    assert_eq!(text, "hello");
}

#[cfg(unix)]
#[test]
fn a_file_comes_from_a_descriptor_and_lends_it() {
    use std::os::fd::{AsFd, AsRawFd, OwnedFd};
    let dir = Dir::new();
    let path = dir.file("file", "hello");
    let std = File::options().read(true).write(true).open(&path).unwrap();
    let raw = std.as_raw_fd();
    let mut file = AsyncFile::from(OwnedFd::from(std));
    assert_eq!(file.as_fd().as_raw_fd(), raw);
    assert_eq!(file.as_raw_fd(), raw);
    block_on(async {
        file.seek(SeekFrom::End(0)).await.unwrap();
        file.write_all(b" world").await.unwrap();
        file.flush().await.unwrap();
        let mut lent = File::from(file.as_fd().try_clone_to_owned().unwrap());
        assert_eq!(lent.stream_position().unwrap(), 11);
        let inner = file.into_inner().await.unwrap();
        assert_eq!(inner.as_raw_fd(), raw);
    });
    assert_eq!(contents(&path), b"hello world");
}

#[cfg(unix)]
#[test]
fn a_closed_file_has_no_descriptor() {
    use std::os::fd::{AsFd, AsRawFd};
    let mut file = wrap_file(tempfile::tempfile().unwrap());
    block_on(file.close()).unwrap();
    let lend: [&dyn Fn() -> i32; 2] = [&|| file.as_fd().as_raw_fd(), &|| file.as_raw_fd()];
    for lend in lend {
        let panic = catch_unwind(AssertUnwindSafe(lend)).unwrap_err();
        let message = panic.downcast_ref::<String>().unwrap();
        assert!(message.contains("the file has been closed"), "{message}");
    }
}

/// Changes by `with_mut` to the cursor, the contents and the length of a file take effect.
#[test]
fn with_mut_lends_the_object_itself() {
    let dir = Dir::new();
    let path = dir.file("file", "hello world");
    block_on(async {
        let std = File::options().read(true).write(true).open(&path).unwrap();
        let mut file = wrap_file(std);
        let mut word = String::new();
        file.read_until(b' ', &mut Vec::new()).await.unwrap();
        let at = file
            .with_mut(|file| file.stream_position())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(at, 6);
        file.with_mut(|file| file.set_len(8))
            .await
            .unwrap()
            .unwrap();
        file.read_to_string(&mut word).await.unwrap();
        assert_eq!(word, "wo");

        let mut cursor = wrap_file(Cursor::new(b"hello".to_vec()));
        cursor.read_exact(&mut [0; 2]).await.unwrap();
        cursor
            .with_mut(|cursor| *cursor = Cursor::new(b"other".to_vec()))
            .await
            .unwrap();
        let mut word = String::new();
        cursor.read_to_string(&mut word).await.unwrap();
        assert_eq!(word, "other");
        // The result of the closure is returned, also if it is an error.
        let result = cursor.with_mut(|_| Err::<(), _>("as told")).await.unwrap();
        assert_eq!(result, Err("as told"));
    });
}

/// Sends the id of the thread that drops it.
struct Traced(mpsc::Sender<ThreadId>);

impl Drop for Traced {
    fn drop(&mut self) {
        let _ = self.0.send(thread::current().id());
    }
}

/// Dropping an object may block. So it happens on the pool, also if a job has taken it out for a dropped future.
#[test]
fn what_into_inner_took_for_nobody_is_dropped_on_the_pool() {
    let (dropped, drops) = mpsc::channel();
    let (go, go_on) = mpsc::channel::<()>();
    let (begun, begins) = mpsc::channel();
    let mut file = wrap_file(Traced(dropped));
    // A call whose future was dropped.
    let work = move |_: &mut Traced| {
        begun.send(()).unwrap();
        let _ = go_on.recv();
    };
    let mut working = Box::pin(file.with_mut(work));
    assert!(poll_times(working.as_mut(), 1).is_none());
    begins.recv().unwrap();
    drop(working);
    let mut taking = Box::pin(file.into_inner());
    assert!(poll_times(taking.as_mut(), 1).is_none());
    go.send(()).unwrap();
    // The object is taken now, and waits for the future to be polled.
    thread::sleep(Duration::from_millis(200));
    drop(taking);
    let dropped_on = drops.recv_timeout(Duration::from_secs(20)).unwrap();
    assert_ne!(dropped_on, thread::current().id());
}

/// A stress test of the real pool. The models check the order of events.
#[test]
fn no_call_of_many_threads_is_lost() {
    let callers: Vec<_> = (0..8)
        .map(|_| {
            thread::spawn(|| {
                let mut file = wrap_file(io::empty());
                (0..4_000_u64)
                    .map(|i| block_on(file.with_mut(move |_| i)).unwrap())
                    .sum::<u64>()
            })
        })
        .collect();
    for caller in callers {
        assert_eq!(caller.join().unwrap(), 2_000 * 3_999);
    }
}
