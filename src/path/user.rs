//! Home directories.

use std::env;
use std::io;
use std::path::{Component, PathBuf};

use super::{Path, ops};
use crate::error::Operation;

/// Home directories.
///
/// `~name` needs the feature `user-db`. The `nix` crate looks it up in the user database, on Unix only.
impl Path {
    /// Returns the home directory of the user.
    ///
    /// Semantics of [`std::env::home_dir`]: the value of the variable `HOME` (on Windows, `USERPROFILE`), or, if
    /// it is not set, the directory in the user database of the system.
    ///
    /// # Errors
    ///
    /// - [`NotFound`](io::ErrorKind::NotFound): the home directory is unknown, or the variable is empty.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures_lite::future::block_on(async {
    /// use anyfile::Path;
    ///
    /// let home = Path::home().await?;
    /// assert_eq!(home, Path::new("~").expanduser().await?);
    /// # std::io::Result::Ok(()) }).unwrap();
    /// ```
    #[doc(alias = "home_dir")]
    pub fn home() -> impl Future<Output = io::Result<Path>> + Send + 'static {
        Path::from("~").expanduser()
    }

    /// Returns the path with a leading `~` or `~name` replaced by the home directory.
    ///
    /// Semantics of `pathlib`'s `expanduser`, except that a path that begins with `./` is returned unchanged.
    /// This is how to write the path of a file whose name begins with `~`.
    ///
    /// # Errors
    ///
    /// - The errors of [`home`](Path::home).
    /// - [`NotFound`](io::ErrorKind::NotFound): no user has that name.
    /// - [`Unsupported`](io::ErrorKind::Unsupported): the path begins with `~name`, and the feature `user-db` is
    ///   not enabled or the platform is not Unix.
    /// - The user database cannot be read.
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
        // Looking up a user may read files or wait for the network.
        let path = self.clone();
        async move {
            let expanded = ops::run(Operation::ExpandUser, path.clone(), expand_user).await?;
            Ok(path.derive(expanded))
        }
    }
}

fn expand_user(path: &std::path::Path) -> io::Result<Path> {
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

/// Returns the home directory of the process's user.
fn home() -> io::Result<PathBuf> {
    // It was deprecated for its behavior on Windows before Rust 1.85.
    #[allow(deprecated)]
    let home = env::home_dir();
    // An empty variable would turn `~/notes` into `notes`.
    home.filter(|home| !home.as_os_str().is_empty())
        .ok_or_else(|| not_found("the home directory is unknown"))
}

pub(super) fn not_found(reason: impl Into<String>) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, reason.into())
}

#[cfg(all(unix, feature = "user-db"))]
mod database {
    use std::ffi::OsStr;
    use std::io;
    use std::path::PathBuf;

    use nix::unistd::User;

    use super::not_found;
    use crate::retry::retry;

    /// Returns the home directory of the user in `~name`.
    pub(super) fn home_of(user: &OsStr) -> io::Result<PathBuf> {
        let name = user.to_str().and_then(|user| user.strip_prefix('~'));
        let find = |name| retry(|| User::from_name(name).map_err(io::Error::from));
        match name.map(find).transpose()?.flatten() {
            Some(user) => Ok(user.dir),
            None => Err(not_found("no such user")),
        }
    }
}

#[cfg(not(all(unix, feature = "user-db")))]
mod database {
    use std::ffi::OsStr;
    use std::io;
    use std::path::PathBuf;

    pub(super) fn home_of(_: &OsStr) -> io::Result<PathBuf> {
        let reason = "`~name` needs Unix and the feature `user-db`";
        Err(io::Error::new(io::ErrorKind::Unsupported, reason))
    }
}
