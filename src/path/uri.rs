//! Paths as `file:` URIs.

use std::ffi::OsString;
use std::io;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode};

use super::Path;
use crate::error::{Operation, PathError, invalid_input};

/// The ASCII characters that `pathlib` escapes in a URI.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Conversions to and from `file:` URIs.
impl Path {
    /// Returns the path as a `file:` URI, in its [normal form](Path::to_posix).
    ///
    /// Semantics of `pathlib`'s `as_uri`: every byte except ASCII letters, digits and `-._~/` is escaped. On
    /// Windows, the host of a share becomes the host of the URI.
    ///
    /// # Errors
    ///
    /// All are of kind [`InvalidInput`](io::ErrorKind::InvalidInput), with a [`PathError`]:
    ///
    /// - The path is not [absolute](Path::is_absolute).
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(unix)] {
    /// use anyfile::Path;
    ///
    /// assert_eq!(Path::new("/srv/my notes").to_uri()?, "file:///srv/my%20notes");
    /// # }
    /// # std::io::Result::Ok(())
    /// ```
    #[doc(alias = "as_uri")]
    pub fn to_uri(&self) -> io::Result<String> {
        if !self.is_absolute() {
            let relative = invalid_input("the path is not absolute");
            return Err(PathError::wrap(Operation::MakeUri, self.as_ref(), relative));
        }
        let path = self.to_posix();
        let (prefix, path) = uri_prefix(path.as_encoded_bytes());
        Ok(format!("{prefix}{}", percent_encode(path, ESCAPED)))
    }

    /// Creates a path from a `file:` URI.
    ///
    /// Semantics of `pathlib` 3.14: the host must be missing or `localhost`; a query and a fragment are
    /// ignored. On Windows, any other host is that of a share, and a drive may be written `c|`.
    ///
    /// # Errors
    ///
    /// All are of kind [`InvalidInput`](io::ErrorKind::InvalidInput), with a [`PathError`] that has the URI as
    /// its path:
    ///
    /// - The URI does not begin with `file:`.
    /// - It names another host (except on Windows).
    /// - Its path is not absolute, or not valid on this system.
    ///
    /// # Examples
    ///
    /// ```
    /// # #[cfg(unix)] {
    /// use anyfile::Path;
    ///
    /// assert_eq!(Path::from_uri("file:///srv/my%20notes")?, "/srv/my notes");
    /// assert!(Path::from_uri("https://example.org/").is_err());
    /// # }
    /// # std::io::Result::Ok(())
    /// ```
    pub fn from_uri(uri: &str) -> io::Result<Path> {
        let path = parse(uri).and_then(|path| match Path::from(path) {
            path if path.is_absolute() => Ok(path),
            _ => Err("the path of the URI is not absolute"),
        });
        path.map_err(|reason| {
            PathError::wrap(Operation::ReadUri, uri.as_ref(), invalid_input(reason))
        })
    }
}

fn parse(uri: &str) -> Result<OsString, &'static str> {
    let rest = match uri.split_at_checked("file:".len()) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("file:") => rest,
        _ => return Err("the URI does not begin with `file:`"),
    };
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (host, path) = match rest.strip_prefix("//") {
        Some(rest) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
        None => ("", rest),
    };
    let host = if host.eq_ignore_ascii_case("localhost") {
        ""
    } else {
        host
    };
    local_path(host, path)
}

#[cfg(not(windows))]
fn uri_prefix(path: &[u8]) -> (String, &[u8]) {
    ("file://".into(), path)
}

#[cfg(windows)]
use windows::uri_prefix;

/// Returns the decoded path of the URI.
#[cfg(not(windows))]
fn local_path(host: &str, path: &str) -> Result<OsString, &'static str> {
    if !host.is_empty() {
        return Err("the URI names another host");
    }
    os_string(percent_decode_str(path).collect())
}

#[cfg(windows)]
fn local_path(host: &str, path: &str) -> Result<OsString, &'static str> {
    os_string(percent_decode_str(&windows::local_path(host, path)).collect())
}

#[cfg(unix)]
fn os_string(bytes: Vec<u8>) -> Result<OsString, &'static str> {
    Ok(std::os::unix::ffi::OsStringExt::from_vec(bytes))
}

#[cfg(not(unix))]
fn os_string(bytes: Vec<u8>) -> Result<OsString, &'static str> {
    let text = String::from_utf8(bytes).map_err(|_| "the path of the URI is not valid Unicode")?;
    Ok(text.into())
}

/// URIs of drives and shares. Compiled for tests on other platforms, too.
#[cfg(any(windows, test))]
mod windows {
    /// Returns the beginning of the URI, and the rest of the path, which is to be escaped. The colon of a drive
    /// is not escaped, the host of a share becomes the host of the URI, and `//?/` is removed.
    pub(super) fn uri_prefix(path: &[u8]) -> (String, &[u8]) {
        if let Some(share) = path.strip_prefix(b"//?/UNC") {
            return ("file:/".into(), share);
        }
        match path.strip_prefix(b"//?/").unwrap_or(path) {
            [drive, b':', path @ ..] => (format!("file:///{}:", char::from(*drive)), path),
            share => ("file:".into(), share),
        }
    }

    /// Returns the path with backslashes, still escaped.
    pub(super) fn local_path(host: &str, path: &str) -> String {
        let drive = |text: &str| {
            let (letter, rest) = text.split_at_checked(1)?;
            Some(format!("{letter}:{}", rest.strip_prefix([':', '|'])?))
        };
        let share = || match path.strip_prefix('/') {
            _ if !host.is_empty() => format!("//{host}{path}"),
            // A share begins with two slashes; this path has one more.
            Some(share) if share.starts_with("//") => share.into(),
            _ => path.into(),
        };
        // The drive may be in the place of the host, or have no slash before it: `file://c:/x`, `file:c:/x`.
        let rest = format!("{host}{path}");
        let path = drive(&rest).or_else(|| drive(rest.strip_prefix('/')?));
        path.unwrap_or_else(share).replace('/', "\\")
    }
}

#[cfg(test)]
mod tests {
    use super::windows;

    /// The forms that the documentation of `Path.from_uri` and `Path.as_uri` lists for Windows.
    #[test]
    fn drives_and_shares() {
        for (host, path, expected) in [
            ("", "/c:/windows", r"c:\windows"),
            ("", "/c|/windows", r"c:\windows"),
            ("", "c:/windows", r"c:\windows"),
            ("c:", "/windows", r"c:\windows"),
            ("", "/c:/a|b", r"c:\a|b"),
            ("server", "/share", r"\\server\share"),
            ("", "//server/share", r"\\server\share"),
            ("", "///server/share", r"\\server\share"),
            ("", "/windows", r"\windows"),
            ("", "/é", r"\é"),
            ("", "", ""),
        ] {
            assert_eq!(
                windows::local_path(host, path),
                expected,
                "{host:?} {path:?}"
            );
        }
        for (path, prefix, rest) in [
            ("c:/a b", "file:///c:", "/a b"),
            ("//server/share/a", "file:", "//server/share/a"),
            ("//?/c:/a", "file:///c:", "/a"),
            ("//?/UNC/server/share/a", "file:/", "/server/share/a"),
        ] {
            let expected = (prefix.to_string(), rest.as_bytes());
            assert_eq!(windows::uri_prefix(path.as_bytes()), expected, "{path:?}");
        }
    }
}
