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
        Owner(Lazy::New(OwnerCall { path: self.clone() }))
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
        Group(Lazy::New(GroupCall { path: self.clone() }))
    }
}

future! {
    /// Future returned by [`Path::owner`].
    pub struct Owner(OwnerCall {
        path: Path,
    }) -> io::Result<String>;
}

impl OwnerCall {
    async fn run(self) -> io::Result<String> {
        ops::run(Operation::Owner, self.path, database::owner).await
    }
}

future! {
    /// Future returned by [`Path::group`].
    pub struct Group(GroupCall {
        path: Path,
    }) -> io::Result<String>;
}

impl GroupCall {
    async fn run(self) -> io::Result<String> {
        ops::run(Operation::Group, self.path, database::group).await
    }
}

#[cfg(unix)]
mod database {
    use std::fs;
    use std::io;
    use std::os::unix::fs::MetadataExt;

    use nix::unistd::{Gid, Group, Uid, User};

    use crate::path::user::not_found;
    use crate::retry::retry;

    pub(super) fn owner(path: &std::path::Path) -> io::Result<String> {
        let uid = retry(|| fs::metadata(path))?.uid();
        match retry(|| User::from_uid(Uid::from_raw(uid)).map_err(io::Error::from))? {
            Some(user) => Ok(user.name),
            None => Err(not_found(format!("user ID {uid} has no name"))),
        }
    }

    pub(super) fn group(path: &std::path::Path) -> io::Result<String> {
        let gid = retry(|| fs::metadata(path))?.gid();
        match retry(|| Group::from_gid(Gid::from_raw(gid)).map_err(io::Error::from))? {
            Some(group) => Ok(group.name),
            None => Err(not_found(format!("group ID {gid} has no name"))),
        }
    }
}

#[cfg(not(unix))]
mod database {
    use super::io;

    pub(super) use no_names as owner;
    pub(super) use no_names as group;

    pub(super) fn no_names(_: &std::path::Path) -> io::Result<String> {
        let reason = "this platform has no user database";
        Err(io::Error::new(io::ErrorKind::Unsupported, reason))
    }
}
