//! Home directories.

use std::env;
use std::ffi::OsStr;
use std::io;
use std::path::{Component, Path as StdPath, PathBuf};

use super::{Path, ops};
use crate::error::Operation;

/// Home directories.
///
/// `~name` asks the user database of Unix, by way of the `nix` crate: it needs the feature `user-db`.
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
    /// # Examples
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
    /// - [`Unsupported`](io::ErrorKind::Unsupported): `~name` without the feature `user-db`, or not on Unix.
    /// - Whatever the user database reports.
    ///
    /// # Examples
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

pub(super) fn not_found(reason: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, reason.into())
}

#[cfg(all(unix, feature = "user-db"))]
mod database {
    use super::{OsStr, PathBuf, io, not_found};
    use crate::retry::retry;
    use nix::unistd::User;

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

#[cfg(not(all(unix, feature = "user-db")))]
mod database {
    use super::{OsStr, PathBuf, io};

    pub(super) fn home_of(_: &OsStr) -> io::Result<PathBuf> {
        let reason = "other users' homes need Unix and the feature `user-db`";
        Err(io::Error::new(io::ErrorKind::Unsupported, reason))
    }
}
