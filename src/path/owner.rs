//! The names of a file's owner and group, with the feature `user-db`.

use std::io;

use super::{Path, ops};
use crate::call::{Lazy, future};
use crate::error::Operation;

/// Owners, with the feature `user-db`.
///
/// The names come from the user database, which the `nix` crate reads. On other platforms, these
/// methods fail with [`Unsupported`](io::ErrorKind::Unsupported).
impl Path {
    /// Returns the name of the user that owns the file at the path, following symbolic links.
    ///
    /// Semantics of `pathlib`'s `owner`.
    ///
    /// # Errors
    ///
    /// - The errors of [`metadata`](Path::metadata).
    /// - [`NotFound`](io::ErrorKind::NotFound): the user has no name in the user database.
    /// - The user database cannot be read.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(unix)]
    /// # futures_lite::future::block_on(async {
    /// assert_eq!(anyfile::Path::new("/").owner().await?, "root");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn owner(&self) -> Owner {
        Owner(Lazy::New(OwnerCall {
            path: self.clone(),
            follow: true,
        }))
    }

    /// Returns the name of the group that owns the file at the path, following symbolic links.
    ///
    /// Semantics of `pathlib`'s `group`.
    ///
    /// # Errors
    ///
    /// The errors of [`owner`](Path::owner), for the group.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(unix)]
    /// # futures_lite::future::block_on(async {
    /// let group = anyfile::Path::new("/").group().await?;
    /// assert!(!group.is_empty());
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn group(&self) -> Group {
        Group(Lazy::New(GroupCall {
            path: self.clone(),
            follow: true,
        }))
    }
}

future! {
    /// Future returned by [`Path::owner`].
    ///
    /// Options can be set until it is first polled.
    pub struct Owner(OwnerCall {
        path: Path,
        follow: bool,
    }) -> io::Result<String>;
}

impl Owner {
    /// Sets whether symbolic links are followed. The default is `true`.
    ///
    /// # Panics
    ///
    /// Panics if the future has been polled.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(unix)]
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let link = anyfile::Path::new(dir.path()) / "link";
    /// link.symlink_to("missing").await?;
    /// assert!(link.owner().await.is_err());
    /// assert!(!link.owner().follow_symlinks(false).await?.is_empty());
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn follow_symlinks(mut self, follow: bool) -> Self {
        self.0.options().follow = follow;
        self
    }
}

impl OwnerCall {
    async fn run(self) -> io::Result<String> {
        let follow = self.follow;
        ops::run(Operation::Owner, self.path, move |path| {
            database::owner(path, follow)
        })
        .await
    }
}

future! {
    /// Future returned by [`Path::group`].
    ///
    /// Options can be set until it is first polled.
    pub struct Group(GroupCall {
        path: Path,
        follow: bool,
    }) -> io::Result<String>;
}

impl Group {
    /// Sets whether symbolic links are followed. The default is `true`.
    ///
    /// # Panics
    ///
    /// Panics if the future has been polled.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(unix)]
    /// # futures_lite::future::block_on(async {
    /// # let dir = tempfile::tempdir()?;
    /// # let link = anyfile::Path::new(dir.path()) / "link";
    /// link.symlink_to("missing").await?;
    /// assert!(link.group().await.is_err());
    /// assert!(!link.group().follow_symlinks(false).await?.is_empty());
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[track_caller]
    pub fn follow_symlinks(mut self, follow: bool) -> Self {
        self.0.options().follow = follow;
        self
    }
}

impl GroupCall {
    async fn run(self) -> io::Result<String> {
        let follow = self.follow;
        ops::run(Operation::Group, self.path, move |path| {
            database::group(path, follow)
        })
        .await
    }
}

#[cfg(unix)]
mod database {
    use std::fs::{self, Metadata};
    use std::io;
    use std::os::unix::fs::MetadataExt;
    use std::path::Path;

    use nix::unistd::{Gid, Group, Uid, User};

    use crate::path::user::not_found;
    use crate::retry::retry;

    pub(super) fn owner(path: &Path, follow: bool) -> io::Result<String> {
        let uid = metadata(path, follow)?.uid();
        match retry(|| User::from_uid(Uid::from_raw(uid)).map_err(io::Error::from))? {
            Some(user) => Ok(user.name),
            None => Err(not_found(format!("user ID {uid} has no name"))),
        }
    }

    pub(super) fn group(path: &Path, follow: bool) -> io::Result<String> {
        let gid = metadata(path, follow)?.gid();
        match retry(|| Group::from_gid(Gid::from_raw(gid)).map_err(io::Error::from))? {
            Some(group) => Ok(group.name),
            None => Err(not_found(format!("group ID {gid} has no name"))),
        }
    }

    fn metadata(path: &Path, follow: bool) -> io::Result<Metadata> {
        if follow {
            retry(|| fs::metadata(path))
        } else {
            retry(|| fs::symlink_metadata(path))
        }
    }
}

#[cfg(not(unix))]
mod database {
    use super::io;

    pub(super) use no_names as owner;
    pub(super) use no_names as group;

    pub(super) fn no_names(_: &std::path::Path, _: bool) -> io::Result<String> {
        let reason = "this platform has no user database";
        Err(io::Error::new(io::ErrorKind::Unsupported, reason))
    }
}
