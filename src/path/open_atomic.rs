//! [`Path::open_atomic`].

use std::io;

use super::atomic::{self, Options, atomic_setters};
use super::{AtomicFile, Path, ops};
use crate::call::{Lazy, future};
use crate::error::Operation;
use crate::parents::parents_setter;

/// Replacing the contents of a file in one step, bit by bit.
impl Path {
    /// Opens an [`AtomicFile`], to which new contents of the file are written.
    ///
    /// The contents go to a temporary file in the same directory. [`commit`](AtomicFile::commit) puts it in place
    /// in one step: readers see the old or the new contents, never a mix. Until then the old file stays.
    ///
    /// Same as [`write_atomic`](Path::write_atomic), for contents that are not in memory as a whole: symbolic
    /// links, [permissions](Path::write_atomic) and syncing are as described there.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before a worker thread begins, nothing is created. Otherwise the temporary file is
    /// removed, as by the drop of an [`AtomicFile`].
    ///
    /// # Errors
    ///
    /// - The parent directory does not exist, and [`parents`](OpenAtomic::parents) is not set.
    /// - The process lacks permission to read the parent directory or to create files in it. Write permission for
    ///   the old file is not needed.
    /// - [`IsADirectory`](io::ErrorKind::IsADirectory): the path is a directory.
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): the path is a device, a FIFO or a socket.
    /// - [`AlreadyExists`](io::ErrorKind::AlreadyExists): something exists at the path, and
    ///   [`no_replace`](OpenAtomic::no_replace) is set.
    ///
    /// # Platform behavior
    ///
    /// Same as [`write_atomic`](Path::write_atomic).
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use futures_lite::AsyncWriteExt;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let list = anyfile::Path::new(dir.path()) / "list";
    /// list.write_text("old").await?;
    /// let mut file = list.open_atomic().await?;
    /// for number in 0..1000 {
    ///     file.write_all(format!("{number}\n").as_bytes()).await?;
    /// }
    /// assert_eq!(list.read_text().await?, "old");
    /// file.commit().await?;
    /// assert!(list.read_text().await?.ends_with("999\n"));
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn open_atomic(&self) -> OpenAtomic {
        OpenAtomic(Lazy::New(OpenAtomicCall {
            path: self.clone(),
            options: Options::default(),
        }))
    }
}

future! {
    /// Future returned by [`Path::open_atomic`]. Options can be set until it is first polled.
    pub struct OpenAtomic(OpenAtomicCall {
        path: Path,
        options: Options,
    }) -> io::Result<AtomicFile>;
}

atomic_setters! {
    OpenAtomic: ".open_atomic()", ".await?.commit()", "opening or [committing](AtomicFile::commit)"
}

parents_setter! {
    OpenAtomic: options.parents,
    [],
    "let notes = &dir / \"a/b/notes\";"
    "notes.open_atomic().parents(true).await?.commit().await?;"
    "assert!(notes.is_file().await);"
}

impl OpenAtomicCall {
    async fn run(self) -> io::Result<AtomicFile> {
        let Self { path, options } = self;
        let named = path.clone();
        let open = move |path: &std::path::Path| {
            let (file, new) = atomic::begin(path, options)?;
            Ok(AtomicFile::created(named, file, new))
        };
        ops::run(Operation::Replace, path, open).await
    }
}
