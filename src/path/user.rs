//! Users and groups: what the user database knows, with the feature `user`, and home directories.

use std::env;
use std::ffi::OsStr;
use std::io;
use std::path::{Component, Path as StdPath, PathBuf};

use super::{Path, ops};
use crate::error::Operation;

/// Users, groups and home directories.
///
/// `owner`, `group` and `~name` ask the user database of Unix, by way of the `nix` crate: they need the
/// feature `user`. On other platforms they fail with [`Unsupported`](io::ErrorKind::Unsupported).
impl Path {
    /// The home directory of the user, as [`expanduser`](Path::expanduser) puts it for `~`.
    ///
    /// Semantics of [`std::env::home_dir`]: the variable `HOME` (on Windows, `USERPROFILE`), or else
    /// what the system's user database says.
    ///
    /// # Errors
    ///
    /// - [`NotFound`](io::ErrorKind::NotFound): neither tells a home directory.
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// println!("{}", anyfile::Path::home().await?.display());
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[doc(alias = "home_dir")]
    pub fn home() -> impl Future<Output = io::Result<Path>> + Send + 'static {
        Path::from("~").expanduser()
    }

    /// The path with a home directory in place of `~` or `~name` at its beginning.
    ///
    /// Semantics of `pathlib`, but that a path that begins with `./` is left alone: that is how to name a
    /// file that begins with `~`.
    ///
    /// # Errors
    ///
    /// - Those of [`home`](Path::home).
    /// - [`NotFound`](io::ErrorKind::NotFound): there is no user of that name.
    /// - [`Unsupported`](io::ErrorKind::Unsupported): `~name` without the feature `user`, or not on Unix.
    /// - Whatever the user database reports.
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use anyfile::Path;
    ///
    /// let notes = Path::new("~/notes").expanduser().await?;
    /// assert_eq!(notes, Path::home().await? / "notes");
    /// assert_eq!(Path::new("a/~").expanduser().await?, "a/~");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    pub fn expanduser(&self) -> impl Future<Output = io::Result<Path>> + Send + 'static + use<> {
        // The user database may be a file, or on the network.
        ops::run(Operation::ExpandUser, self.clone(), expand_user)
    }

    /// The name of the user who owns what is at the path, symbolic links followed.
    ///
    /// Semantics of `pathlib`.
    ///
    /// # Errors
    ///
    /// - Those of [`metadata`](Path::metadata).
    /// - [`NotFound`](io::ErrorKind::NotFound): the user has no name.
    /// - Whatever the user database reports.
    ///
    /// ```
    /// # #[cfg(unix)]
    /// # futures_lite::future::block_on(async {
    /// assert_eq!(anyfile::Path::new("/").owner().await?, "root");
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[cfg(feature = "user")]
    pub fn owner(&self) -> impl Future<Output = io::Result<String>> + Send + 'static + use<> {
        ops::run(Operation::Owner, self.clone(), database::owner)
    }

    /// The name of the group that what is at the path belongs to, symbolic links followed.
    ///
    /// Semantics of `pathlib`.
    ///
    /// # Errors
    ///
    /// Those of [`owner`](Path::owner), about the group.
    ///
    /// ```
    /// # #[cfg(unix)]
    /// # futures_lite::future::block_on(async {
    /// println!("{}", anyfile::Path::new("/").group().await?);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[cfg(feature = "user")]
    pub fn group(&self) -> impl Future<Output = io::Result<String>> + Send + 'static + use<> {
        ops::run(Operation::Group, self.clone(), database::group)
    }
}

fn expand_user(path: &StdPath) -> io::Result<Path> {
    let mut components = path.components();
    let Some(Component::Normal(first)) = components.next() else {
        return Ok(path.into());
    };
    let home = match first.as_encoded_bytes() {
        b"~" => home()?,
        [b'~', ..] => database::home_of(first)?,
        _ => return Ok(path.into()),
    };
    Ok(Path::from(home)
        .iter()
        .chain(components.as_path())
        .collect())
}

/// The home directory of this process's user.
fn home() -> io::Result<PathBuf> {
    // It was deprecated for what it did on Windows before Rust 1.85.
    #[allow(deprecated)]
    let home = env::home_dir();
    // An empty variable would turn `~/notes` into `notes`.
    home.filter(|home| !home.as_os_str().is_empty())
        .ok_or_else(|| not_found("the home directory is not known"))
}

fn not_found(reason: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, reason.into())
}

#[cfg(all(unix, feature = "user"))]
mod database {
    use super::{OsStr, PathBuf, StdPath, io, not_found};
    use crate::retry::retry;
    use nix::unistd::{Gid, Group, Uid, User};
    use std::fs;
    use std::os::unix::fs::MetadataExt;

    pub(super) fn owner(path: &StdPath) -> io::Result<String> {
        let uid = retry(|| fs::metadata(path))?.uid();
        match retry(|| User::from_uid(Uid::from_raw(uid)).map_err(io::Error::from))? {
            Some(user) => Ok(user.name),
            None => Err(not_found(format!("user {uid} has no name"))),
        }
    }

    pub(super) fn group(path: &StdPath) -> io::Result<String> {
        let gid = retry(|| fs::metadata(path))?.gid();
        match retry(|| Group::from_gid(Gid::from_raw(gid)).map_err(io::Error::from))? {
            Some(group) => Ok(group.name),
            None => Err(not_found(format!("group {gid} has no name"))),
        }
    }

    /// The home directory of the user in `~name`.
    pub(super) fn home_of(user: &OsStr) -> io::Result<PathBuf> {
        let name = user.to_str().and_then(|user| user.strip_prefix('~'));
        let find = |name| retry(|| User::from_name(name).map_err(io::Error::from));
        match name.map(find).transpose()?.flatten() {
            Some(user) => Ok(user.dir),
            None => Err(not_found("there is no such user")),
        }
    }
}

#[cfg(not(all(unix, feature = "user")))]
mod database {
    use super::{OsStr, PathBuf, io};

    #[cfg(feature = "user")]
    pub(super) use no_names as owner;
    #[cfg(feature = "user")]
    pub(super) use no_names as group;

    #[cfg(feature = "user")]
    pub(super) fn no_names(_: &super::StdPath) -> io::Result<String> {
        let reason = "only Unix has a user database";
        Err(io::Error::new(io::ErrorKind::Unsupported, reason))
    }

    pub(super) fn home_of(_: &OsStr) -> io::Result<PathBuf> {
        let reason = "other users' homes need Unix and the feature `user`";
        Err(io::Error::new(io::ErrorKind::Unsupported, reason))
    }
}
