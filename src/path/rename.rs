//! Renaming, also without replacing what is at the new name.

use std::fs;
use std::io;
use std::sync::Arc;

use super::{Path, in_use, ops};
use crate::call::{Lazy, future};
use crate::dir::tree;
use crate::error::Operation;
use crate::parents::{Parents, parents_setter};
use crate::retry::retry;

#[cfg(feature = "tempfile")]
pub(crate) use imp::rename_no_replace;
#[cfg(unix)]
pub(super) use imp::rename_to_free;

/// Renaming.
impl Path {
    /// Renames the file or directory to `target`, and returns the new path.
    ///
    /// Semantics of [`std::fs::rename`]: an existing file at `target` is atomically replaced, on every platform
    /// (`pathlib`'s `rename` refuses that on Windows). With [`no_replace`](Rename::no_replace), the rename fails
    /// instead. A relative `target` is relative to the current directory.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before a worker thread begins, nothing is renamed. A rename that has begun is
    /// finished.
    ///
    /// # Errors
    ///
    /// The message names both paths.
    ///
    /// - The path does not exist.
    /// - The parent directory of `target` does not exist, and [`parents`](Rename::parents) is not set.
    /// - Only one of the two is a directory, or `target` is a directory that is not empty.
    /// - The paths are on different filesystems.
    /// - The process lacks permission to write to one of the parent directories.
    /// - The errors of [`no_replace`](Rename::no_replace).
    ///
    /// # Platform behavior
    ///
    /// Windows refuses to rename or to replace a file that another process has open, as a virus scanner does with new
    /// files. The call is then repeated for 1.3 seconds, without holding a thread. It uses the same error if the
    /// process lacks permission, which is therefore reported as late.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = anyfile::Path::new(dir.path());
    /// let draft = &dir / "draft";
    /// draft.write_text("first\n").await?;
    /// let notes = draft.rename(&dir / "notes").await?;
    /// assert_eq!(notes.read_text().await?, "first\n");
    /// assert!(!draft.exists().await);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[doc(alias = "replace")]
    pub fn rename(&self, target: impl AsRef<std::path::Path>) -> Rename {
        Rename(Lazy::New(RenameCall {
            path: self.clone(),
            target: self.derive(target.as_ref()),
            no_replace: false,
            parents: Parents::default(),
        }))
    }
}

future! {
    /// Future returned by [`Path::rename`]. Options can be set until it is first polled.
    pub struct Rename(RenameCall {
        path: Path,
        target: Path,
        no_replace: bool,
        parents: Parents,
    }) -> io::Result<Path>;
}

parents_setter! {
    Rename: parents,
    ["" "If the path to be renamed does not exist, or contains `target`, none is created."],
    "let draft = &dir / \"draft\";"
    "draft.write_text(\"text\").await?;"
    "let notes = draft.rename(&dir / \"a/b/notes\").parents(true).await?;"
    "assert_eq!(notes.read_text().await?, \"text\");"
}

impl Rename {
    /// Sets whether the rename fails if anything exists at `target`: a file, a directory, or a symbolic link,
    /// even a broken one. The default is `false`.
    ///
    /// Checking and renaming are one step. If several tasks or processes rename files to one name, exactly one
    /// of them succeeds, and the others' files stay.
    ///
    /// # Errors
    ///
    /// The future fails with:
    ///
    /// - [`AlreadyExists`](io::ErrorKind::AlreadyExists): something exists at `target`. Nothing is changed.
    /// - [`Unsupported`](io::ErrorKind::Unsupported): the system or the filesystem cannot do this in one step.
    ///   Nothing is changed.
    ///
    /// # Panics
    ///
    /// Panics if the future has been polled.
    ///
    /// # Platform behavior
    ///
    /// On Linux this is `renameat2` with `RENAME_NOREPLACE`, on macOS `renameatx_np` with `RENAME_EXCL`.
    ///
    /// Other systems do not offer such a call, and some filesystems do not support it. There, a regular file
    /// gets the new name by a hard link, which fails if the name exists, and then loses the old name. For a
    /// moment the file has both names; what another process puts at the old name in this moment is removed.
    /// Anything else than a regular file is `Unsupported`, and so is a filesystem without hard links.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let dir = anyfile::Path::new(dir.path());
    /// let (draft, notes) = (&dir / "draft", &dir / "notes");
    /// draft.write_text("new").await?;
    /// notes.write_text("old").await?;
    ///
    /// let error = draft.rename(&notes).no_replace(true).await.unwrap_err();
    /// assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists);
    /// assert_eq!(notes.read_text().await?, "old");
    ///
    /// draft.rename(&dir / "other").no_replace(true).await?;
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn no_replace(mut self, no_replace: bool) -> Self {
        self.0.options().no_replace = no_replace;
        self
    }
}

impl RenameCall {
    async fn run(self) -> io::Result<Path> {
        let (path, target) = (self.path.clone(), self.target.clone());
        let call = Arc::new(self);
        let rename = in_use::repeat(in_use::RENAMING, || {
            let call = call.clone();
            let lane = call.path.lane.clone();
            lane.call(move || call.rename())
        });
        ops::named_pair(Operation::Rename, path, target.clone(), rename).await?;
        Ok(target)
    }

    fn rename(&self) -> io::Result<()> {
        let (from, to) = (self.path.as_std_path(), self.target.as_std_path());
        let check = || tree::check_apart(from, to);
        self.parents.attempt_if(check, to, || {
            if self.no_replace {
                imp::rename_no_replace(from, to)
            } else {
                retry(|| fs::rename(from, to))
            }
        })
    }
}

/// Returns the error for a rename that cannot be done in one step.
fn unsupported() -> io::Error {
    let reason = "this filesystem cannot rename without replacing an existing file";
    io::Error::new(io::ErrorKind::Unsupported, reason)
}

#[cfg(unix)]
mod imp {
    use std::ffi::OsStr;
    use std::fs;
    use std::io::{self, ErrorKind};
    use std::os::fd::BorrowedFd;
    use std::path::Path;

    use rustix::fs::{AtFlags, CWD, FileType};
    use rustix::io::Errno;

    use super::unsupported;
    use crate::error::invalid_input;
    use crate::retry::retry;

    /// A name in an open directory, or a path in the current one.
    type Place<'a> = (BorrowedFd<'a>, &'a OsStr);

    pub(crate) fn rename_no_replace(from: &Path, to: &Path) -> io::Result<()> {
        match rename_to_free((CWD, from.as_os_str()), (CWD, to.as_os_str())) {
            // The system uses one error for this and for a call that it does not support.
            Err(error) if error.kind() == ErrorKind::Unsupported && is_within(to, from) => {
                Err(invalid_input("one directory is inside the other"))
            }
            result => result,
        }
    }

    /// Renames a file or a directory, unless something exists at the new name.
    pub(in crate::path) fn rename_to_free(from: Place<'_>, to: Place<'_>) -> io::Result<()> {
        match in_one_call(from, to) {
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => by_link(from, to),
            result => Ok(result?),
        }
    }

    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
    fn in_one_call(from: Place<'_>, to: Place<'_>) -> rustix::io::Result<()> {
        let flags = rustix::fs::RenameFlags::NOREPLACE;
        retry(|| rustix::fs::renameat_with(from.0, from.1, to.0, to.1, flags))
    }

    #[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
    fn in_one_call(_from: Place<'_>, _to: Place<'_>) -> rustix::io::Result<()> {
        Err(Errno::NOSYS)
    }

    /// Gives a file its new name as a hard link, which never replaces anything, and removes the old name.
    pub(super) fn by_link(from: Place<'_>, to: Place<'_>) -> io::Result<()> {
        let look = || rustix::fs::statat(from.0, from.1, AtFlags::SYMLINK_NOFOLLOW);
        if FileType::from_raw_mode(retry(look)?.st_mode) != FileType::RegularFile {
            return Err(unsupported());
        }
        let link = || rustix::fs::linkat(from.0, from.1, to.0, to.1, AtFlags::empty());
        match retry(link) {
            Err(Errno::PERM | Errno::NOSYS | Errno::NOTSUP | Errno::MLINK) => {
                return Err(unsupported());
            }
            result => result?,
        }
        Ok(retry(|| {
            rustix::fs::unlinkat(from.0, from.1, AtFlags::empty())
        })?)
    }

    /// Returns `true` if `path` is in the directory `dir`.
    fn is_within(path: &Path, dir: &Path) -> bool {
        let parent = path.parent().filter(|parent| *parent != Path::new(""));
        let parent = fs::canonicalize(parent.unwrap_or(Path::new(".")));
        let dir = fs::canonicalize(dir);
        parent.is_ok_and(|parent| dir.is_ok_and(|dir| parent.starts_with(dir)))
    }
}

#[cfg(not(unix))]
mod imp {
    use std::fs;
    use std::io::{self, ErrorKind};
    use std::path::Path;

    use super::unsupported;

    /// Gives a file its new name as a hard link, which never replaces anything, and removes the old name.
    pub(crate) fn rename_no_replace(from: &Path, to: &Path) -> io::Result<()> {
        let exists = fs::symlink_metadata(to).is_ok();
        match fs::symlink_metadata(from)?.file_type() {
            _ if exists => Err(ErrorKind::AlreadyExists.into()),
            kind if !kind.is_file() => Err(unsupported()),
            _ => {
                fs::hard_link(from, to).map_err(refused)?;
                fs::remove_file(from)
            }
        }
    }

    fn refused(error: io::Error) -> io::Error {
        // ERROR_INVALID_FUNCTION, from filesystems without hard links.
        match error.raw_os_error() {
            Some(1) => unsupported(),
            _ => error,
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::io::ErrorKind;
    use std::path::Path;

    use rustix::fs::CWD;

    use super::imp::by_link;

    /// Linux comes here only on some filesystems.
    #[test]
    fn files_are_renamed_by_links() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        let rename = |from: &str, to: &str| {
            let place = |path: &Path| path.as_os_str().to_owned();
            let renamed = by_link((CWD, &place(&path(from))), (CWD, &place(&path(to))));
            renamed.map_err(|error| error.kind())
        };
        fs::write(path("a"), "a").unwrap();
        fs::write(path("b"), "b").unwrap();
        fs::create_dir(path("dir")).unwrap();
        assert_eq!(rename("a", "b"), Err(ErrorKind::AlreadyExists));
        assert_eq!(rename("a", "a"), Err(ErrorKind::AlreadyExists));
        assert_eq!(rename("a", "dir"), Err(ErrorKind::AlreadyExists));
        assert_eq!(rename("dir", "c"), Err(ErrorKind::Unsupported));
        assert_eq!(rename("missing", "c"), Err(ErrorKind::NotFound));
        assert_eq!(rename("a", "c"), Ok(()));
        assert_eq!(fs::read(path("b")).unwrap(), b"b");
        assert_eq!(fs::read(path("c")).unwrap(), b"a");
        assert!(!path("a").exists());
    }
}
