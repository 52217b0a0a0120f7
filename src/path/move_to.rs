//! Moving files and whole trees.

use std::io;

use super::Path;
use super::copy::Destination;
use crate::call::{Lazy, future};
use crate::dir::tree::{self, CopyProgress, Options, Reporter};
use crate::error::Operation;
use crate::parents::parents_setter;

/// Moving files and whole trees.
impl Path {
    /// Moves a file, or a directory and its contents, to `target`, and returns the new path.
    ///
    /// Semantics of `pathlib` 3.14's `move`: same as [`rename`](Path::rename) where that is possible. To another
    /// filesystem, everything is copied, links as links and with all metadata, and then removed from the source.
    /// [`MoveTo`] describes the details.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, everything is in the source, in the copy or in both. See
    /// [`MoveTo`](MoveTo#cancel-safety).
    ///
    /// # Errors
    ///
    /// See [`MoveTo`](MoveTo#errors).
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = anyfile::Path::new(dir.path());
    /// let draft = &dir / "draft";
    /// draft.write_text("1\n").await?;
    /// let notes = draft.move_to(&dir / "notes").await?;
    /// assert_eq!(notes.read_text().await?, "1\n");
    /// assert!(!draft.exists().await);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[doc(alias = "move")]
    pub fn move_to(&self, target: impl AsRef<std::path::Path>) -> MoveTo {
        MoveTo::new(self, Destination::At(self.derive(target.as_ref())))
    }

    /// Moves a file, or a directory and its contents, into the directory `dir` under the same name, and returns
    /// the new path.
    ///
    /// Same as [`move_to`](Path::move_to) with `dir / file_name`.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, everything is in the source, in the copy or in both. See
    /// [`MoveTo`](MoveTo#cancel-safety).
    ///
    /// # Errors
    ///
    /// See [`MoveTo`](MoveTo#errors).
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = anyfile::Path::new(dir.path());
    /// let (notes, attic) = (&dir / "notes", &dir / "attic");
    /// notes.write_text("1\n").await?;
    /// attic.mkdir().await?;
    /// assert_eq!(notes.move_into(&attic).await?, attic / "notes");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn move_into(&self, dir: impl AsRef<std::path::Path>) -> MoveTo {
        MoveTo::new(self, Destination::Into(self.derive(dir.as_ref())))
    }
}

future! {
    /// Future returned by [`Path::move_to`] and [`Path::move_into`]. Options can be set until it is first polled.
    ///
    /// # What is at the target
    ///
    /// As with [`rename`](Path::rename): an existing file or link is replaced, except by a directory; an
    /// existing empty directory is replaced by a directory (not on Windows); anything else is an error. On
    /// another filesystem, what is replaced is removed before the copy begins. The parent directory of the target
    /// must exist, unless [`parents`](MoveTo::parents) is set.
    ///
    /// # On another filesystem
    ///
    /// Everything is copied as by [`Path::copy`] with metadata preserved: symbolic links, and on Unix hard
    /// links, as links; on Unix, with owner and group if the process may set them. Nobody gains access, just as
    /// with a rename: where owner, group or access control list cannot be kept, the permission bits are
    /// [narrowed](super::CopyTo#permissions) (`mv` does not do that). The source is removed only when everything was
    /// copied, and only as far as it was: files that appeared or grew in the meantime stay, and are an error.
    ///
    /// # Cancel safety
    ///
    /// A rename that has begun is finished. On another filesystem, the work is done in short slices: if the
    /// future is dropped, the slice that has begun is finished, and nothing more is done. Everything is then in
    /// the source, in the copy or in both.
    ///
    /// # Errors
    ///
    /// The errors of [`rename`](Path::rename), and on another filesystem those of [`Path::copy`], with the
    /// words ``failed to move `a/b` to `c/b` ``. The source is then complete, and what was copied stays. If
    /// removing the source fails, the error says so, and the copy is complete.
    ///
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): both paths name the same file, or a directory would be
    ///   moved into itself. Changing the case of a name, where the filesystem ignores case, is a rename.
    ///
    /// # Platform behavior
    ///
    /// Same as [`CopyTo`](super::CopyTo).
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = anyfile::Path::new(dir.path());
    /// # (&dir / "photos").mkdir().await?;
    /// let photos = (&dir / "photos")
    ///     .move_to(&dir / "pictures")
    ///     .on_progress(|progress| println!("{} files", progress.done.entries))
    ///     .await?;
    /// assert!(photos.is_dir().await);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub struct MoveTo(MoveCall {
        source: Path,
        destination: Destination,
        options: Options,
        reporter: Reporter<CopyProgress>,
    }) -> io::Result<Path>;
}

parents_setter! {
    MoveTo: options.parents,
    ["" "If the path to be moved does not exist, or contains the target, none is created."],
    "let notes = &dir / \"notes\";"
    "notes.write_text(\"text\").await?;"
    "let moved = notes.move_to(&dir / \"a/b/notes\").parents(true).await?;"
    "assert_eq!(moved.read_text().await?, \"text\");"
}

impl MoveTo {
    fn new(source: &Path, destination: Destination) -> MoveTo {
        MoveTo(Lazy::New(MoveCall {
            source: source.clone(),
            destination,
            options: Options::moving(),
            reporter: Reporter::default(),
        }))
    }

    /// Calls `f` with the progress repeatedly while data is copied to another filesystem, and at the end. `f`
    /// is never called for a rename. There is no callback by default.
    ///
    /// `f` runs where the future is polled, not on the thread pool. The totals are counted during the copy.
    ///
    /// # Panics
    ///
    /// Panics if the future has been polled.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = anyfile::Path::new(dir.path());
    /// let notes = &dir / "notes";
    /// notes.write_text("text").await?;
    /// let moved = notes
    ///     .move_to(&dir / "moved")
    ///     .on_progress(|progress| println!("{} bytes copied", progress.done.bytes))
    ///     .await?;
    /// assert_eq!(moved.read_text().await?, "text");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn on_progress(mut self, f: impl FnMut(CopyProgress) + Send + 'static) -> Self {
        self.0.options().reporter = Reporter::new(f);
        self
    }
}

impl MoveCall {
    async fn run(self) -> io::Result<Path> {
        let target = self.destination.target(Operation::Move, &self.source)?;
        let (from, to) = (self.source.into(), target.clone().into());
        tree::move_to(from, to, self.options, self.reporter, &target.lane).await?;
        Ok(target)
    }
}
