//! From the target of a request to a path below the root.

use std::ffi::{OsStr, OsString};
use std::fmt::{self, Display, Formatter};
use std::io;
use std::path::Component;

use anyfile::Path;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};

use crate::response::{Failure, Status};

/// What is encoded in a link: all but the characters that RFC 3986 calls unreserved.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The target of a request, as plain names. The filesystem may have no such file.
pub(crate) struct Target {
    pub(crate) names: Vec<OsString>,
    /// Whether the target ends with a slash, as the one of a directory does.
    pub(crate) is_directory: bool,
}

impl Target {
    /// Parses the target of a request, in its usual form or with a scheme and a host.
    ///
    /// # Errors
    ///
    /// - 400, if a name cannot be an entry of a directory: `..`, or one with a slash or NUL in it.
    pub(crate) fn parse(target: &str) -> Result<Target, Status> {
        let path = target.split(['?', '#']).next().unwrap_or_default();
        let path = match path.split_once("://") {
            Some((_, rest)) if !path.starts_with('/') => {
                rest.find('/').map_or("/", |at| &rest[at..])
            }
            _ => path,
        };
        let path = path.strip_prefix('/').ok_or(Status::BadRequest)?;
        let names = path.split('/').filter(|name| !name.is_empty());
        let names = names.map(|name| decode(name).ok_or(Status::BadRequest));
        Ok(Target {
            names: names.collect::<Result<_, _>>()?,
            is_directory: path.is_empty() || path.ends_with('/'),
        })
    }

    /// Returns the target that ends with a slash, as it is sent in a header.
    pub(crate) fn to_directory(&self) -> String {
        let names = self.names.iter().map(|name| encode(name) + "/");
        format!("/{}", names.collect::<String>())
    }
}

/// Decodes a name, if it is exactly one plain component of a path.
fn decode(name: &str) -> Option<OsString> {
    let name = to_os_string(percent_decode_str(name).collect())?;
    let mut components = std::path::Path::new(&name).components();
    let plain = match (components.next(), components.next()) {
        (Some(Component::Normal(component)), None) => component == name,
        _ => false,
    };
    // On Windows, what follows a colon names another stream of the file.
    let refused = |byte: &u8| *byte == 0 || (cfg!(windows) && *byte == b':');
    let refused = name.as_encoded_bytes().iter().any(refused);
    (plain && !refused).then_some(name)
}

/// Encodes a name for a link.
pub(crate) fn encode(name: &OsStr) -> String {
    // On Unix these are the bytes of the name. On Windows they are UTF-8, for a name that is valid Unicode.
    percent_encode(name.as_encoded_bytes(), RESERVED).to_string()
}

#[cfg(unix)]
fn to_os_string(bytes: Vec<u8>) -> Option<OsString> {
    Some(std::os::unix::ffi::OsStringExt::from_vec(bytes))
}

#[cfg(not(unix))]
fn to_os_string(bytes: Vec<u8>) -> Option<OsString> {
    String::from_utf8(bytes).ok().map(OsString::from)
}

/// The directory that is served.
pub(crate) struct Site {
    root: Path,
}

impl Site {
    /// Resolves the root, and checks that it is a directory.
    pub(crate) async fn new(root: &std::path::Path) -> io::Result<Site> {
        let root = Path::new(root).canonicalize().await?;
        if !root.metadata().await?.is_dir() {
            let message = format!("not a directory: {}", root.display());
            return Err(io::Error::new(io::ErrorKind::NotADirectory, message));
        }
        Ok(Site { root })
    }

    /// Returns the real path of a target.
    pub(crate) async fn find(&self, target: &Target) -> Result<Path, Failure> {
        let path = target
            .names
            .iter()
            .fold(self.root.clone(), |path, name| path.join(name));
        self.resolve(&path).await
    }

    /// Follows all symbolic links in `path`, and returns the real path.
    ///
    /// # Errors
    ///
    /// - 403, if it leads out of the root.
    /// - 404, if it leads nowhere: missing, too long, or a loop of links.
    pub(crate) async fn resolve(&self, path: &Path) -> Result<Path, Failure> {
        let real = path.canonicalize().await.map_err(|error| Failure {
            status: match error.kind() {
                io::ErrorKind::PermissionDenied => Status::Forbidden,
                _ => Status::NotFound,
            },
            error: Some(error),
        })?;
        if real.starts_with(&self.root) {
            Ok(real)
        } else {
            Err(Status::Forbidden.into())
        }
    }
}

impl Display for Site {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.root.display().fmt(f)
    }
}
