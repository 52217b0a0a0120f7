//! Copying and moving files and whole trees.

use std::ffi::OsStr;
use std::io;
use std::path::Path as StdPath;

use super::Path;
use crate::call::{Lazy, future};
use crate::dir::tree::{self, CopyProgress, Options, Reporter};
use crate::error::{Operation, PathError, invalid_input};

/// Copying and moving files and whole trees.
impl Path {
    /// Copies a file, or a directory and all that is in it, to `target`, and returns that: await the
    /// result, or set options first.
    ///
    /// Semantics of `pathlib` (3.14), but for the permission bits, which go along as those of
    /// [`std::fs::copy`] do. See [`CopyTo`] for what happens to what is at `target`, to links, to
    /// metadata, and if the future is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = anyfile::Path::new(dir.path());
    /// let notes = &dir / "notes";
    /// notes.mkdir().await?;
    /// (&notes / "first").write_text("1\n").await?;
    ///
    /// let backup = notes.copy(&dir / "backup").preserve_metadata(true).await?;
    /// assert_eq!((backup / "first").read_text().await?, "1\n");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[doc(alias = "copytree")]
    pub fn copy(&self, target: impl AsRef<StdPath>) -> CopyTo {
        CopyTo::new(self, Place::At(Path::new(target)))
    }

    /// Copies a file, or a directory and all that is in it, into the directory `dir`, under the same name.
    ///
    /// The same as [`copy`](Path::copy) to `dir / file_name`.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = anyfile::Path::new(dir.path());
    /// let (notes, backup) = (&dir / "notes", &dir / "backup");
    /// notes.write_text("1\n").await?;
    /// backup.mkdir().await?;
    /// assert_eq!(notes.copy_into(&backup).await?, backup / "notes");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn copy_into(&self, dir: impl AsRef<StdPath>) -> CopyTo {
        CopyTo::new(self, Place::Into(Path::new(dir)))
    }

    /// Moves a file, or a directory and all that is in it, to `target`, and returns that: await the
    /// result, or set an option first.
    ///
    /// Semantics of `pathlib`'s `move` (3.14): the same as [`rename`](Path::rename) where that is possible.
    /// On another filesystem, everything is copied, links as links and with all metadata, and then
    /// removed here. See [`MoveTo`].
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
    pub fn move_to(&self, target: impl AsRef<StdPath>) -> MoveTo {
        MoveTo::new(self, Place::At(Path::new(target)))
    }

    /// Moves a file, or a directory and all that is in it, into the directory `dir`, under the same name.
    ///
    /// The same as [`move_to`](Path::move_to) with `dir / file_name`.
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
    pub fn move_into(&self, dir: impl AsRef<StdPath>) -> MoveTo {
        MoveTo::new(self, Place::Into(Path::new(dir)))
    }
}

/// Where something goes.
#[derive(Debug)]
enum Place {
    At(Path),
    Into(Path),
}

impl Place {
    /// The target of what is at `source`.
    fn target(self, operation: Operation, source: &Path) -> io::Result<Path> {
        let (dir, name) = match &self {
            Place::At(target) => return Ok(target.clone()),
            Place::Into(dir) => (dir, source.file_name()),
        };
        let missing = || {
            let error = invalid_input("the path has no file name");
            PathError::wrap_pair(operation, source.as_ref(), dir.as_ref(), error)
        };
        name.map(|name: &OsStr| dir / name).ok_or_else(missing)
    }
}

future! {
    /// The future of [`Path::copy`] and [`Path::copy_into`], which takes its options until it is first polled.
    ///
    /// # What is at the target
    ///
    /// A file that is there is overwritten, through a link to it as well; a file that is copied onto a link to
    /// nothing is made where that leads, as by [`std::fs::copy`]. A directory that is there is an
    /// error, unless [`exist_ok`](CopyTo::exist_ok) says otherwise. The directory of the target must exist.
    ///
    /// In directories that it has made itself, the copy creates every file anew: what somebody else puts there
    /// meanwhile is neither overwritten nor, if it is a link, followed.
    ///
    /// # Permissions
    ///
    /// The copy belongs to the user of the process, and to the group that new files get in its directory. The
    /// permission bits of files and directories go along, whatever the umask, and are set when a file or a
    /// directory is complete: until then, only its owner may use it, or the file that is overwritten.
    ///
    /// A plain copy is what `cp` makes, which means that others may gain access: the bits that were for the
    /// group of the original are for the group of the copy, which in a set-group-id directory is that of the
    /// directory; and an access control list (ACL) that the copy inherits from its directory applies, as far as
    /// the bits for the group allow. The ACL of the original is left out. Where it denies somebody what the bits
    /// seem to allow, the bits are narrowed (`cp` does not do that).
    ///
    /// With [`preserve_metadata`](CopyTo::preserve_metadata), nobody gains access but the owner of the copy. On
    /// Linux, the copy has the same POSIX ACL as the original, and none that it inherits. What cannot be kept
    /// narrows the permission bits:
    ///
    /// - If the copy has another group, its members get what both all others and the old group had, and so do
    ///   all others: `0o640` becomes `0o600`, `0o664` becomes `0o644`, and `0o755` stays.
    /// - If the copy has another owner, nobody else gets more than the old owner had.
    /// - If the filesystem refuses the ACL, the group and all others get what everybody had who was named in it.
    ///
    /// # Errors
    ///
    /// The message names the source and the target of the very file, directory or link that failed:
    /// ``failed to copy `a/b` to `c/b`: No space left on device``. The copy ends there, and what has arrived
    /// stays; the last file may be there in part. How far it got was told to
    /// [`on_progress`](CopyTo::on_progress). The source is never changed.
    ///
    /// - Nothing is there, or some of it cannot be read; with links followed, one leads nowhere or to a
    ///   directory around it.
    /// - [`AlreadyExists`](io::ErrorKind::AlreadyExists): a directory is at the target, or, for a link that is
    ///   not followed, anything; for a directory, also a link to nothing.
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): a file or a directory would be copied onto itself, or a
    ///   directory into itself, by whatever names; or a link that is not followed to a path by way of it.
    ///   Nothing has been written then, unless a link on the way has led there.
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): the path has no file name, for
    ///   [`copy_into`](Path::copy_into).
    /// - [`Unsupported`](io::ErrorKind::Unsupported): a named pipe, a socket or a device is among what is to be
    ///   copied. It is not opened.
    /// - [`StorageFull`](io::ErrorKind::StorageFull): there is no room.
    ///
    /// # Cancel safety
    ///
    /// The work is done in slices of a few milliseconds. If the future is dropped, the slice that has begun is
    /// finished, and no other follows. What has arrived stays; the last file may be there in part. While the
    /// future is not polled, no thread is held.
    ///
    /// # Platform behavior
    ///
    /// On Unix, everything below the source and the target is looked up in open directories: what is done to
    /// names meanwhile cannot lead the copy out of either tree, unless links are to be followed. Any depth will
    /// do: neither the stack nor the number of open files grows with it, and no path in the tree is too long.
    ///
    /// On Linux the kernel copies, and shares the blocks where the filesystem can. There and on macOS and
    /// FreeBSD, holes are not filled: a sparse file stays sparse. On Unix, the names that a file has in the
    /// tree stay names of one file if metadata is [preserved](CopyTo::preserve_metadata), where the target
    /// allows that and their paths are not too long. Elsewhere, they become separate files.
    ///
    /// Access control lists other than POSIX ACLs of Linux are out of reach, those of macOS, FreeBSD and Windows
    /// among them. They are not copied, and what the copy inherits from its directory applies. The NFSv4 ACLs that
    /// Linux shows as extended attributes are copied as such; another filesystem gets the permission bits alone.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = anyfile::Path::new(dir.path());
    /// # (&dir / "photos/2024").mkdir().parents(true).await?;
    /// # (&dir / "photos/2024/one.jpg").write_bytes([0; 1000]).await?;
    /// let photos = &dir / "photos";
    /// photos
    ///     .copy(&dir / "backup")
    ///     .follow_symlinks(false)
    ///     .preserve_metadata(true)
    ///     .on_progress(|progress| match progress.total {
    ///         Some(total) => println!("{} of {} bytes", progress.done.bytes, total.bytes),
    ///         None => println!("{} bytes", progress.done.bytes),
    ///     })
    ///     .await?;
    ///
    /// // A directory in itself would have no end.
    /// let error = photos.copy(&photos / "2025").await.unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub struct CopyTo(CopyCall {
        source: Path,
        place: Place,
        options: Options,
        reporter: Reporter<CopyProgress>,
    }) -> io::Result<Path>;
}

impl CopyTo {
    fn new(source: &Path, place: Place) -> CopyTo {
        CopyTo(Lazy::New(CopyCall {
            source: source.clone(),
            place,
            options: Options {
                follow_symlinks: true,
                preserve_metadata: false,
                exist_ok: false,
                moving: false,
            },
            reporter: Reporter::default(),
        }))
    }

    /// Whether what a symbolic link leads to is copied, be it the source itself or in it; by default, it is.
    /// Otherwise, the copy has a link to the same path.
    ///
    /// # Panics
    ///
    /// If the future has been polled.
    #[track_caller]
    pub fn follow_symlinks(mut self, follow_symlinks: bool) -> Self {
        self.0.options().options.follow_symlinks = follow_symlinks;
        self
    }

    /// Whether the copy gets the times of the original, all bits of its mode, on Linux its access control
    /// list, and on Linux and macOS its extended attributes; by default, it does not. On Unix, hard links in a
    /// tree stay links to one file.
    ///
    /// Owner and group are not kept, nor are the bits for set-user-id and set-group-id of a file whose
    /// copy has others. [Permissions](CopyTo#permissions) are narrowed where they would mean somebody else
    /// then. An attribute is left out if the process may not read or set it, or if the filesystem does
    /// not have it or has no room for it. Extended attributes of links are left out.
    ///
    /// # Panics
    ///
    /// If the future has been polled.
    #[track_caller]
    pub fn preserve_metadata(mut self, preserve_metadata: bool) -> Self {
        self.0.options().options.preserve_metadata = preserve_metadata;
        self
    }

    /// Accepts existing directories. Defaults to false.
    ///
    /// A directory is then merged into the one that is there: its files overwrite those of the same name,
    /// and its links and files replace links. Anything else that is in the way of something is an error.
    /// In the tree at the target, no link is followed; the target itself may be one.
    ///
    /// # Panics
    ///
    /// If the future has been polled.
    #[track_caller]
    pub fn exist_ok(mut self, exist_ok: bool) -> Self {
        self.0.options().options.exist_ok = exist_ok;
        self
    }

    /// Calls `f` again and again while the copy goes on, and at the end, with how far it is.
    ///
    /// `f` is called where the future is awaited, not on the thread pool. How much there is in all is
    /// counted meanwhile.
    ///
    /// # Panics
    ///
    /// If the future has been polled.
    #[track_caller]
    pub fn on_progress(mut self, f: impl FnMut(CopyProgress) + Send + 'static) -> Self {
        self.0.options().reporter = Reporter::new(f);
        self
    }
}

impl CopyCall {
    async fn run(self) -> io::Result<Path> {
        let target = self.place.target(Operation::Copy, &self.source)?;
        let (from, to) = (self.source.into(), target.clone().into());
        tree::copy(from, to, self.options, self.reporter).await?;
        Ok(target)
    }
}

future! {
    /// The future of [`Path::move_to`] and [`Path::move_into`], which takes its option until it is first polled.
    ///
    /// # What is at the target
    ///
    /// What [`rename`](Path::rename) does: a file or a link that is there is replaced, by anything but a
    /// directory; an empty directory that is there is replaced by a directory (not on Windows); everything
    /// else is an error. On another filesystem, what is replaced is removed before the copy begins.
    ///
    /// # On another filesystem
    ///
    /// Everything is copied as by [`Path::copy`] with metadata preserved, links (symbolic and, on Unix, hard
    /// ones) as links, and, on Unix, with owner and group if the process may set them. Nobody gains access by
    /// that, as by a rename: where owner, group or access control list cannot be kept, the permission bits are
    /// [narrowed](CopyTo#permissions) (`mv` does not do that). Only when all has arrived is the source removed,
    /// and of that only what has a copy: what has come or grown meanwhile stays, and is an error.
    ///
    /// # Errors
    ///
    /// Those of [`rename`](Path::rename), and on another filesystem those of [`Path::copy`], with the words
    /// ``failed to move `a/b` to `c/b` ``: the source is whole then, and of the copy stays what has arrived.
    /// An error of removing the source says so: the copy is whole then.
    ///
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): both paths are names of the same thing, or a directory
    ///   would be moved into itself. To write one name in another way, where the filesystem ignores case, is a
    ///   rename.
    ///
    /// # Cancel safety
    ///
    /// A rename that has begun is finished. On another filesystem, the work is done in slices of a few
    /// milliseconds: if the future is dropped, the slice that has begun is finished, and no other follows.
    /// Everything is then in the source, in the copy or in both.
    ///
    /// # Platform behavior
    ///
    /// As [`CopyTo`].
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
        place: Place,
        reporter: Reporter<CopyProgress>,
    }) -> io::Result<Path>;
}

impl MoveTo {
    fn new(source: &Path, place: Place) -> MoveTo {
        MoveTo(Lazy::New(MoveCall {
            source: source.clone(),
            place,
            reporter: Reporter::default(),
        }))
    }

    /// Calls `f` again and again while something is copied to another filesystem, and at the end of that,
    /// with how far it is; never for a rename.
    ///
    /// `f` is called where the future is awaited, not on the thread pool. How much there is in all is
    /// counted meanwhile.
    ///
    /// # Panics
    ///
    /// If the future has been polled.
    #[track_caller]
    pub fn on_progress(mut self, f: impl FnMut(CopyProgress) + Send + 'static) -> Self {
        self.0.options().reporter = Reporter::new(f);
        self
    }
}

impl MoveCall {
    async fn run(self) -> io::Result<Path> {
        let target = self.place.target(Operation::Move, &self.source)?;
        let (from, to) = (self.source.into(), target.clone().into());
        tree::move_to(from, to, self.reporter).await?;
        Ok(target)
    }
}
