//! Which types and futures may cross threads. All of it is checked by the compiler.

use std::cell::Cell;
use std::fs::{File, FileTimes, Permissions};
use std::future::Future;
use std::io::{self, Cursor, Read, Seek, SeekFrom, Write};
use std::marker::PhantomPinned;
use std::panic::{RefUnwindSafe, UnwindSafe};

use anyfile::file::{IntoInnerError, TryLockError};
use anyfile::open::OpenFile;
use anyfile::path::{
    AtomicFile, CopyTo, FileType, Glob, Iterdir, MoveTo, OpenAtomic, Remove, Rename, Rmdir, Walk,
    WalkEntry, WriteAtomic, WriteBytes, WriteText,
};
use anyfile::{
    AsyncFile, Chunks, FileId, Limiter, Lines, Path, PathError, Pattern, open_file, wrap_file,
};
use futures_lite::future::block_on;

/// Can be sent to another thread, but neither shared nor moved once it is pinned.
struct Awkward {
    _not_sync: Cell<u8>,
    _not_unpin: PhantomPinned,
}

impl Read for Awkward {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Ok(0)
    }
}

impl Write for Awkward {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        Ok(buf.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Awkward {
    fn seek(&mut self, _: SeekFrom) -> io::Result<u64> {
        Ok(0)
    }
}

/// Asserts that a type has a trait, or with `!` that it does not.
macro_rules! check {
    ($type:ty: $trait:ident) => {
        const _: fn() = || {
            fn has<T: ?Sized + $trait>() {}
            has::<$type>();
        };
    };
    ($type:ty: ! $trait:ident) => {
        // `some` is ambiguous unless one of the two impls does not apply.
        const _: fn() = || {
            trait Ambiguous<A> {
                fn some() {}
            }
            struct IfImplemented;
            impl<T: ?Sized> Ambiguous<()> for T {}
            impl<T: ?Sized + $trait> Ambiguous<IfImplemented> for T {}
            let _ = <$type as Ambiguous<_>>::some;
        };
    };
}

macro_rules! table {
    ($($type:ty: [$($trait:tt)*];)*) => { $(table!(@row $type: $($trait)*);)* };
    (@row $type:ty: ! $trait:ident $($rest:tt)*) => {
        check!($type: !$trait);
        table!(@row $type: $($rest)*);
    };
    (@row $type:ty: $trait:ident $($rest:tt)*) => {
        check!($type: $trait);
        table!(@row $type: $($rest)*);
    };
    (@row $type:ty:) => {
        const _: fn() = || {
            fn lives_for_ever<T: 'static>() {}
            lives_for_ever::<$type>();
        };
    };
}

table! {
    // These check the table itself.
    Awkward: [Send !Sync !Unpin];
    std::rc::Rc<u8>: [!Send !Sync Unpin];

    AsyncFile<File>: [Send Sync Unpin];
    AsyncFile<Cursor<Vec<u8>>>: [Send Sync Unpin];
    AsyncFile<Cell<u8>>: [Send Sync Unpin];
    AsyncFile<Awkward>: [Send Sync Unpin];
    AsyncFile<Box<dyn Read + Send>>: [Send Sync Unpin];
    IntoInnerError<File>: [Send Sync Unpin];
    IntoInnerError<Cell<u8>>: [Send Sync Unpin];
    IntoInnerError<Awkward>: [Send Sync Unpin];
    TryLockError: [Send Sync Unpin];
    Lines<File>: [Send Sync Unpin];
    Lines<Awkward>: [Send Sync Unpin];
    Chunks<File>: [Send Sync Unpin];
    Chunks<Awkward>: [Send Sync Unpin];
    OpenFile: [Send Unpin];
    AtomicFile: [Send Sync Unpin];
    OpenAtomic: [Send Unpin];
    Rename: [Send Unpin];
    Remove: [Send Unpin];
    Rmdir: [Send Unpin];
    CopyTo: [Send Unpin];
    MoveTo: [Send Unpin];
    WriteAtomic: [Send Unpin];
    WriteBytes: [Send Unpin];
    WriteText: [Send Unpin];
    Limiter: [Send Sync Unpin UnwindSafe RefUnwindSafe];
    Path: [Send Sync Unpin UnwindSafe RefUnwindSafe];
    Pattern: [Send Sync Unpin];
    PathError: [Send Sync Unpin];
    FileId: [Send Sync Unpin];
    FileType: [Send Sync Unpin];
    Iterdir: [Send Sync Unpin];
    Glob: [Send Sync Unpin];
    Walk: [Send Sync Unpin];
    WalkEntry: [Send Sync Unpin];
}

#[cfg(feature = "tempfile")]
table! {
    anyfile::temporary::CreateNamedTempFile: [Send Unpin];
    anyfile::temporary::CreateTempDir: [Send Unpin];
    anyfile::temporary::CreateTempFile: [Send Unpin];
    anyfile::temporary::NamedTempFile: [Send Sync Unpin];
    anyfile::temporary::TempDir: [Send Sync Unpin];
}

fn sendable<F: Future + Send>(_: F) {}

fn sendable_for_ever<F: Future + Send + 'static>(_: F) {}

/// Asserts that the futures of these calls on an `AsyncFile` of this type are `Send`.
macro_rules! futures {
    ($file:ident: $type:ty => $($call:expr;)*) => {
        const _: () = {
            $(
                const _: fn(&mut AsyncFile<$type>) = |$file| sendable($call);
            )*
        };
    };
}

macro_rules! futures_of_all {
    ($($type:ty),*) => { $(
        futures! { file: $type =>
            file.read_line(&mut String::new());
            file.read_until(b'\n', &mut Vec::new());
            file.read_to_end(&mut Vec::new());
            file.read_to_string(&mut String::new());
            file.with_mut(|_| ());
            file.close();
            file.rewind();
            file.stream_position();
            futures_lite::AsyncReadExt::read(file, &mut [0]);
            futures_lite::AsyncBufReadExt::fill_buf(file);
            futures_lite::AsyncWriteExt::write_all(file, b"");
            file.writelines(["line\n"]);
            futures_lite::AsyncWriteExt::flush(file);
            futures_lite::AsyncSeekExt::seek(file, SeekFrom::Start(0));
        }

        const _: fn(AsyncFile<$type>) = |file| sendable_for_ever(file.into_inner());
        const _: fn(&mut Lines<$type>) = |lines| sendable(lines.next_line());
        const _: fn(&mut Lines<$type>) = |lines| sendable(futures_lite::StreamExt::next(lines));
        const _: fn(Chunks<$type>) = |chunks| {
            sendable_for_ever(futures_lite::StreamExt::collect::<Vec<_>>(chunks));
        };
        const _: fn(Lines<$type>) = |lines| {
            sendable_for_ever(futures_lite::StreamExt::collect::<Vec<_>>(lines));
        };
    )* };
}

futures_of_all! { File, Awkward, Cursor<Vec<u8>>, Box<dyn ReadWriteSeek> }

trait ReadWriteSeek: Read + Write + Seek + Send {}

futures! { file: File =>
    file.read_at(&mut [0], 0);
    file.read_range(..);
    file.read_exact_at(&mut [0], 0);
    file.write_at(b"", 0);
    file.write_all_at(b"", 0);
    file.metadata();
    file.file_id();
    file.set_len(0);
    file.truncate();
    file.set_times(FileTimes::new());
    file.sync_all();
    file.sync_data();
    file.try_clone();
    file.lock();
    file.lock_shared();
    file.try_lock();
    file.try_lock_shared();
    file.unlock();
}

const _: fn(&AsyncFile, Permissions) =
    |file, permissions| sendable(file.set_permissions(permissions));

const _: fn(&mut AtomicFile) = |file| sendable(file.commit());
const _: fn(AtomicFile) = |file| sendable_for_ever(file.discard());

const _: fn() = || {
    sendable_for_ever(open_file("path"));
    // A future that awaits it is not tied to a thread or to the path either.
    sendable_for_ever(async { open_file(String::from("path")).read(true).await });
    sendable_for_ever(async {
        let mut file = open_file("path").await?;
        file.read_to_end(&mut Vec::new()).await?;
        let mut lines = file.lines();
        while lines.next_line().await?.is_some() {}
        lines.into_inner().close().await
    });
};

const _: fn() = || {
    use futures_lite::StreamExt;
    let path = Path::new("path");
    // A closure need only be `Send`.
    let not_sync = Cell::new(0);
    let count = move || not_sync.set(not_sync.get() + 1);
    let walk = path.walk().on_error(move |_| count()).prune(|_| true);
    sendable_for_ever(walk.collect::<Vec<_>>());
    let not_sync = Cell::new(true);
    sendable_for_ever(
        path.glob("*")
            .prune(move |_| not_sync.get())
            .collect::<Vec<_>>(),
    );
    let not_sync = Cell::new(true);
    sendable_for_ever(path.copy("target").filter(move |_| not_sync.get()));
    sendable_for_ever(path.iterdir().collect::<Vec<_>>());
    sendable_for_ever(path.glob(String::from("*")).collect::<Vec<_>>());
    sendable_for_ever(path.rglob(String::from("*")).sort(true).collect::<Vec<_>>());
    sendable(path.iterdir().next());
};

#[cfg(feature = "tempfile")]
const _: fn(&mut anyfile::temporary::NamedTempFile, &mut anyfile::temporary::TempDir) =
    |file, dir| {
        // An argument that is not `Send` is not kept.
        sendable(file.persist(std::rc::Rc::<std::path::Path>::from("path".as_ref())));
        sendable(file.persist_noclobber("path"));
        sendable(file.close());
        sendable(dir.close());
    };

#[cfg(feature = "tokio")]
const _: fn(&mut AsyncFile<Awkward>) = |file| {
    use tokio::io::{AsyncReadExt, AsyncSeekExt, AsyncWriteExt};
    sendable(AsyncReadExt::read(file, &mut [0]));
    sendable(AsyncWriteExt::shutdown(file));
    sendable(AsyncSeekExt::seek(file, SeekFrom::Start(0)));
};

/// A file moves to another thread and works there.
#[test]
fn a_file_is_used_by_another_thread() {
    let mut file = wrap_file(Cursor::new(b"one\ntwo\n".to_vec()));
    let mut line = String::new();
    block_on(file.read_line(&mut line)).unwrap();
    let thread = std::thread::spawn(move || {
        let mut lines = file.lines();
        block_on(lines.next_line()).unwrap().map(String::from)
    });
    assert_eq!(thread.join().unwrap().as_deref(), Some("two"));
}
