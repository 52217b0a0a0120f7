//! The extension traits of futures and of futures-lite on a file, whose own methods have some of their names.
//!
//! Where both have a name, the file's own method is called, and it does the same. (That of futures-lite refuses to
//! append to a string that is not empty: a test of `defects.rs`.)

mod common;

use std::any::type_name_of_val;
use std::io::{IoSlice, IoSliceMut, SeekFrom};

use anyfile::{AsyncFile, open_file};
use futures_lite::future::block_on;

use common::Dir;

const TEXT: &str = "one\ntwo\r\n\nthree";

/// Asserts that a future or a stream was made by a method of this crate, or by that of a trait.
macro_rules! is_made_by {
    ($crate_name:literal: $made:expr) => {{
        let made = $made;
        let name = type_name_of_val(&made);
        assert!(name.starts_with(concat!($crate_name, "::")), "{name}");
        made
    }};
}

async fn text(dir: &Dir) -> AsyncFile {
    let path = dir.file("text", TEXT);
    open_file(path).read(true).write(true).await.unwrap()
}

/// Tests that are the same under both sets of traits.
macro_rules! common_to_both {
    ($crate_name:literal) => {
        /// Names that only the traits have.
        #[test]
        fn names_of_the_traits() {
            let dir = Dir::new();
            block_on(async {
                let mut file = text(&dir).await;
                let mut buf = [0; 3];
                let read = is_made_by!($crate_name: file.read(&mut buf)).await;
                assert_eq!(read.unwrap(), 3);
                assert_eq!(&buf, b"one");
                let mut part = [0; 2];
                let bufs = &mut [IoSliceMut::new(&mut part)];
                let read = is_made_by!($crate_name: file.read_vectored(bufs)).await;
                assert_eq!(read.unwrap(), 2);
                assert_eq!(&part, b"\nt");
                is_made_by!($crate_name: file.read_exact(&mut buf)).await.unwrap();
                assert_eq!(&buf, b"wo\r");
                let filled = is_made_by!($crate_name: file.fill_buf()).await.unwrap();
                assert!(filled.starts_with(b"\n\nt"));

                let sought = is_made_by!($crate_name: file.seek(SeekFrom::Start(1))).await;
                assert_eq!(sought.unwrap(), 1);
                let written = is_made_by!($crate_name: file.write(b"N")).await;
                assert_eq!(written.unwrap(), 1);
                let bufs = [IoSlice::new(b"E")];
                let written = is_made_by!($crate_name: file.write_vectored(&bufs)).await;
                assert_eq!(written.unwrap(), 1);
                is_made_by!($crate_name: file.write_all(b"\nT")).await.unwrap();
                is_made_by!($crate_name: file.flush()).await.unwrap();
                assert!(common::contents(&dir.join("text")).starts_with(b"oNE\nTwo"));

                let mut two = String::new();
                file.take(2).read_to_string(&mut two).await.unwrap();
                assert_eq!(two, "wo");
                let mut chain = text(&dir).await.chain(text(&dir).await);
                let mut twice = String::new();
                chain.read_to_string(&mut twice).await.unwrap();
                assert_eq!(twice, TEXT.repeat(2));
            });
        }

        /// The records of a file, by its own method and by the trait's.
        #[test]
        fn records() {
            let dir = Dir::new();
            block_on(async {
                let (mut own, mut other) = (text(&dir).await, text(&dir).await);
                for _ in 0..6 {
                    let (mut line, mut expected) = (String::new(), String::new());
                    let len = is_made_by!("anyfile": own.read_line(&mut line)).await;
                    let others = AsyncBufReadExt::read_line(&mut other, &mut expected).await;
                    assert_eq!(len.unwrap(), others.unwrap());
                    assert_eq!(line, expected);
                }
                let (mut own, mut other) = (text(&dir).await, text(&dir).await);
                for _ in 0..6 {
                    let (mut field, mut expected) = (b"> ".to_vec(), b"> ".to_vec());
                    let len = is_made_by!("anyfile": own.read_until(b'o', &mut field)).await;
                    let others = AsyncBufReadExt::read_until(&mut other, b'o', &mut expected).await;
                    assert_eq!(len.unwrap(), others.unwrap());
                    assert_eq!(field, expected);
                }
                let own = is_made_by!("anyfile": text(&dir).await.lines());
                let other = AsyncBufReadExt::lines(text(&dir).await);
                let own: Vec<String> = own.try_collect().await.unwrap();
                let other: Vec<String> = other.try_collect().await.unwrap();
                assert_eq!(own, other);
                assert_eq!(own, TEXT.lines().collect::<Vec<_>>());

                // The trait's method can borrow the file, which can be used afterwards.
                let mut file = text(&dir).await;
                let mut borrowed = is_made_by!($crate_name: (&mut file).lines());
                assert_eq!(borrowed.try_next().await.unwrap().unwrap(), "one");
                drop(borrowed);
                let mut line = String::new();
                file.read_line(&mut line).await.unwrap();
                assert_eq!(line, "two\r\n");
            });
        }

        /// Bytes that are not UTF-8 are refused by both.
        #[test]
        fn what_is_not_text() {
            let dir = Dir::new();
            let path = dir.file("noise", b"\xff\xfe\nx");
            block_on(async {
                let file = async || open_file(&path).await.unwrap();
                let (mut line, mut expected) = (String::new(), String::new());
                let error = file().await.read_line(&mut line).await.unwrap_err();
                let others = AsyncBufReadExt::read_line(&mut file().await, &mut expected).await;
                assert_eq!(error.kind(), others.unwrap_err().kind());
                assert_eq!(line, expected);
                let error = file().await.read_to_string(&mut line).await.unwrap_err();
                let others = AsyncReadExt::read_to_string(&mut file().await, &mut expected).await;
                assert_eq!(error.kind(), others.unwrap_err().kind());
                assert_eq!(line, expected);
            });
        }

        /// The rest of a file, from its start and from within a buffer.
        #[test]
        fn the_rest() {
            let dir = Dir::new();
            block_on(async {
                for consumed in [0, 4, 15] {
                    let (mut own, mut other) = (text(&dir).await, text(&dir).await);
                    own.read_exact(&mut vec![0; consumed]).await.unwrap();
                    other.read_exact(&mut vec![0; consumed]).await.unwrap();
                    let (mut bytes, mut expected) = (b"> ".to_vec(), b"> ".to_vec());
                    let len = is_made_by!("anyfile": own.read_to_end(&mut bytes)).await;
                    let others = AsyncReadExt::read_to_end(&mut other, &mut expected).await;
                    assert_eq!(len.unwrap(), others.unwrap());
                    assert_eq!(bytes, expected);

                    let (mut own, mut other) = (text(&dir).await, text(&dir).await);
                    own.read_exact(&mut vec![0; consumed]).await.unwrap();
                    other.read_exact(&mut vec![0; consumed]).await.unwrap();
                    let (mut rest, mut expected) = (String::new(), String::new());
                    let len = is_made_by!("anyfile": own.read_to_string(&mut rest)).await;
                    let others = AsyncReadExt::read_to_string(&mut other, &mut expected).await;
                    assert_eq!(len.unwrap(), others.unwrap());
                    assert_eq!(rest, expected);
                }
            });
        }

        /// Positions: the names of `std::io::Seek` that not every set of traits has.
        #[test]
        fn positions() {
            let dir = Dir::new();
            block_on(async {
                let mut file = text(&dir).await;
                file.read_line(&mut String::new()).await.unwrap();
                let position = is_made_by!("anyfile": file.stream_position()).await;
                assert_eq!(position.unwrap(), 4);
                is_made_by!("anyfile": file.rewind()).await.unwrap();
                assert_eq!(file.seek(SeekFrom::Current(0)).await.unwrap(), 0);
            });
        }

        /// Closing by the file's own method and by the trait's, in either order.
        #[test]
        fn closing() {
            let dir = Dir::new();
            block_on(async {
                let (mut own, mut other) = (text(&dir).await, text(&dir).await);
                own.write_all(b"ONE").await.unwrap();
                is_made_by!("anyfile": own.close()).await.unwrap();
                assert!(common::contents(&dir.join("text")).starts_with(b"ONE"));
                AsyncWriteExt::close(&mut own).await.unwrap();
                other.write_all(b"EIN").await.unwrap();
                AsyncWriteExt::close(&mut other).await.unwrap();
                assert!(common::contents(&dir.join("text")).starts_with(b"EIN"));
                other.close().await.unwrap();
                assert!(own.is_closed() && other.is_closed());
            });
        }

        /// In a function that is generic over the traits, and through a reference, they are the traits' methods.
        #[test]
        fn generic_code() {
            async fn copy<R, W>(reader: &mut R, writer: &mut W) -> std::io::Result<()>
            where
                R: AsyncBufRead + AsyncSeek + Unpin,
                W: AsyncWrite + Unpin,
            {
                // The one of futures-lite appends to an empty string only.
                let (mut line, mut rest) = (String::new(), String::new());
                is_made_by!($crate_name: reader.read_line(&mut line)).await?;
                is_made_by!($crate_name: reader.read_to_string(&mut rest)).await?;
                reader.seek(SeekFrom::Start(0)).await?;
                writer.write_all((line + &rest).as_bytes()).await?;
                is_made_by!($crate_name: writer.close()).await
            }
            let dir = Dir::new();
            block_on(async {
                let mut source = text(&dir).await;
                let copied = dir.join("copy");
                let mut target = open_file(&copied).write(true).create(true).await.unwrap();
                copy(&mut source, &mut target).await.unwrap();
                assert_eq!(common::contents(&copied), TEXT.as_bytes());
            });
        }
    };
}

mod futures_lite_traits {
    use super::*;
    use futures_lite::{
        AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncSeek, AsyncSeekExt, AsyncWrite,
        AsyncWriteExt, StreamExt,
    };

    common_to_both!("futures_lite");

    /// Names that only futures-lite has.
    #[test]
    fn names_of_futures_lite() {
        let dir = Dir::new();
        block_on(async {
            let mut file = text(&dir).await;
            file.fill_buf().await.unwrap();
            file.consume(4);
            let bytes: Vec<u8> = file.bytes().try_collect().await.unwrap();
            assert_eq!(bytes, &TEXT.as_bytes()[4..]);
            let fields: Vec<Vec<u8>> = text(&dir).await.split(b'\n').try_collect().await.unwrap();
            let expected = TEXT.as_bytes().split(|byte| *byte == b'\n');
            assert!(fields.iter().map(|field| &field[..]).eq(expected));
            let mut all = String::new();
            let mut boxed = text(&dir).await.boxed_reader();
            boxed.read_to_string(&mut all).await.unwrap();
            assert_eq!(all, TEXT);
            let mut boxed = text(&dir).await.boxed_writer();
            boxed.write_all(b"ONE").await.unwrap();
            boxed.close().await.unwrap();
            assert!(common::contents(&dir.join("text")).starts_with(b"ONE"));
        });
    }
}

mod futures_traits {
    use super::*;
    use futures::io::{AsyncBufRead, AsyncSeek, AsyncWrite};
    use futures::{
        AsyncBufReadExt, AsyncReadExt, AsyncSeekExt, AsyncWriteExt, SinkExt, TryStreamExt,
    };

    common_to_both!("futures_util");

    /// Names that only futures has.
    #[test]
    fn names_of_futures() {
        let dir = Dir::new();
        block_on(async {
            let mut file = text(&dir).await;
            file.fill_buf().await.unwrap();
            file.consume_unpin(4);
            let position = file.stream_position().await.unwrap();
            assert_eq!(
                position,
                AsyncSeekExt::stream_position(&mut file).await.unwrap()
            );
            assert_eq!(position, 4);

            let (mut reader, mut writer) = file.split();
            writer.write_all(b"TWO").await.unwrap();
            let mut rest = String::new();
            reader.read_to_string(&mut rest).await.unwrap();
            assert_eq!(rest, "\r\n\nthree");
            let mut file = reader.reunite(writer).unwrap();
            file.close().await.unwrap();

            let mut sink = text(&dir).await.into_sink();
            sink.send("ONE").await.unwrap();
            sink.close().await.unwrap();
            assert!(common::contents(&dir.join("text")).starts_with(b"ONE"));
        });
    }
}
