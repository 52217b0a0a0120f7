//! Copying files and whole trees.

mod options;

use std::ffi::OsStr;
use std::io;

use super::Path;
use crate::call::{Lazy, future};
use crate::dir::Choice;
use crate::dir::tree::{self, CopyProgress, Options, Reporter};
use crate::error::{Operation, PathError, invalid_input};

/// Copying files and whole trees.
impl Path {
    /// Copies a file, or a directory and its contents, to `target`, and returns the new path.
    ///
    /// Semantics of `pathlib` 3.14, except that permission bits are copied as by [`std::fs::copy`]. [`CopyTo`]
    /// describes what happens to existing files, to links and to metadata.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the copy stops and what was copied stays. See
    /// [`CopyTo`](CopyTo#cancel-safety).
    ///
    /// # Errors
    ///
    /// See [`CopyTo`](CopyTo#errors).
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
    pub fn copy(&self, target: impl AsRef<std::path::Path>) -> CopyTo {
        CopyTo::new(self, Destination::At(self.derive(target.as_ref())))
    }

    /// Copies a file, or a directory and its contents, into the directory `dir` under the same name, and
    /// returns the new path.
    ///
    /// Same as [`copy`](Path::copy) to `dir / file_name`.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the copy stops and what was copied stays. See
    /// [`CopyTo`](CopyTo#cancel-safety).
    ///
    /// # Errors
    ///
    /// See [`CopyTo`](CopyTo#errors).
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
    pub fn copy_into(&self, dir: impl AsRef<std::path::Path>) -> CopyTo {
        CopyTo::new(self, Destination::Into(self.derive(dir.as_ref())))
    }
}

/// The argument of the caller: the new path, or the directory that will contain it.
#[derive(Debug)]
pub(super) enum Destination {
    At(Path),
    Into(Path),
}

impl Destination {
    /// Returns the path to copy or move `source` to.
    pub(super) fn target(self, operation: Operation, source: &Path) -> io::Result<Path> {
        let (dir, name) = match &self {
            Destination::At(target) => return Ok(target.clone()),
            Destination::Into(dir) => (dir, source.file_name()),
        };
        let missing = || {
            let error = invalid_input("the path has no file name");
            PathError::wrap_pair(operation, source.as_ref(), dir.as_ref(), error)
        };
        name.map(|name: &OsStr| dir / name).ok_or_else(missing)
    }
}

future! {
    /// Future returned by [`Path::copy`] and [`Path::copy_into`]. Options can be set until it is first polled.
    ///
    /// # What is at the target
    ///
    /// An existing file is overwritten, even through a symbolic link, unless [`overwrite`](CopyTo::overwrite) is
    /// `false`. If the target is a broken link, the file
    /// is created where the link points, as by [`std::fs::copy`]. An existing directory is an error, unless
    /// [`exist_ok`](CopyTo::exist_ok) is set. The parent directory of the target must
    /// exist, unless [`parents`](CopyTo::parents) is set.
    ///
    /// In directories that the copy itself created, every file is created anew: files that other processes put
    /// there at the same time are neither overwritten nor, if they are links, followed.
    ///
    /// # Permissions
    ///
    /// The copy belongs to the user of the process, and to the group that new files get in its directory.
    /// Permission bits are copied, whatever the umask, and set when a file or directory is complete. Until
    /// then, only its owner, or the owner of the overwritten file, may use it.
    ///
    /// A plain copy does what `cp` does, so that others may gain access. The bits of the original's group apply
    /// to the group of the copy, which in a set-group-id directory is that of the directory. An access control
    /// list (ACL) inherited from the directory applies, as far as the group bits allow. The ACL of the original
    /// is not copied; where it denies somebody what the bits seem to allow, the bits are narrowed (`cp` does
    /// not do that).
    ///
    /// With [`preserve_metadata`](CopyTo::preserve_metadata), nobody except the owner of the copy gains access.
    /// On Linux, the copy has the POSIX ACL of the original, and none that it inherits. Where something cannot
    /// be kept, the permission bits are narrowed:
    ///
    /// - If the copy has another group, its members and all others get only what both the old group and all
    ///   others had: `0o640` becomes `0o600`, `0o664` becomes `0o644`, and `0o755` stays.
    /// - If the copy has another owner, nobody else gets more than the old owner had.
    /// - If the filesystem refuses the ACL, the group and all others get only what everybody named in it had.
    ///
    /// # Cancel safety
    ///
    /// The work is done in short slices. If the future is dropped, the slice that has begun is finished, and
    /// nothing more is copied. What was copied stays; the last file may be incomplete. While the future is not
    /// polled, no thread is held.
    ///
    /// # Errors
    ///
    /// The message names the source and the target of the file, directory or link that failed: ``failed to copy
    /// `a/b` to `c/b`: No space left on device``. The copy ends there, and what was copied until then stays;
    /// the last file may be incomplete. [`on_progress`](CopyTo::on_progress) reports how far the copy got. The
    /// source is never changed.
    ///
    /// - The source does not exist, or some of it cannot be read.
    /// - Links are followed, and one is broken or leads to a directory that contains it.
    /// - [`AlreadyExists`](io::ErrorKind::AlreadyExists): the target is a directory; for a link that is not
    ///   followed, the target exists; for a directory, the target is a broken link; or the target exists, and
    ///   [`overwrite`](CopyTo::overwrite) is `false`.
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): a file or directory would be copied onto itself, a
    ///   directory into itself, or a link that is not followed to a path below itself. Files are compared by
    ///   identity, not by name. Nothing has been written, unless a link in the tree leads there.
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): the path has no file name, for
    ///   [`copy_into`](Path::copy_into).
    /// - [`InvalidInput`](io::ErrorKind::InvalidInput): a file would be copied to a FIFO, a socket or a device.
    /// - [`Unsupported`](io::ErrorKind::Unsupported): the source contains a FIFO, a socket or a device. It is
    ///   not opened.
    /// - [`StorageFull`](io::ErrorKind::StorageFull): the filesystem is full.
    ///
    /// # Platform behavior
    ///
    /// On Unix, entries are looked up relative to open directories, so renames by other processes cannot lead
    /// the copy out of either tree, unless links are followed. The depth of the tree is not limited: neither
    /// the stack nor the number of open files grows with it, and paths in the tree may be of any length.
    ///
    /// On Linux, the kernel copies the data, and shares the blocks where the filesystem can. On Linux, macOS
    /// and FreeBSD, holes are not filled: a sparse file stays sparse. On Unix, hard links within the tree stay
    /// links to one file if metadata is [preserved](CopyTo::preserve_metadata), where the target allows that
    /// and their paths are not too long. Otherwise they become separate files.
    ///
    /// Access control lists other than Linux's POSIX ACLs are not supported, among them those of macOS, FreeBSD
    /// and Windows. They are not copied, and what the copy inherits from its directory applies. NFSv4 ACLs that
    /// Linux shows as extended attributes are copied as such; on another filesystem only the permission bits
    /// are copied.
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
    /// // A directory cannot be copied into itself.
    /// let error = photos.copy(&photos / "2025").await.unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::InvalidInput);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub struct CopyTo(CopyCall {
        source: Path,
        destination: Destination,
        options: Options,
        filter: Option<Choice>,
        reporter: Reporter<CopyProgress>,
    }) -> io::Result<Path>;
}

impl CopyTo {
    fn new(source: &Path, destination: Destination) -> CopyTo {
        CopyTo(Lazy::New(CopyCall {
            source: source.clone(),
            destination,
            options: Options::copying(),
            filter: None,
            reporter: Reporter::default(),
        }))
    }
}

impl CopyCall {
    async fn run(self) -> io::Result<Path> {
        let target = self.destination.target(Operation::Copy, &self.source)?;
        let (from, to) = (self.source.into(), target.clone().into());
        let (options, lane) = (self.options, &target.lane);
        tree::copy(from, to, options, self.filter, self.reporter, lane).await?;
        Ok(target)
    }
}
