//! Splitting paths as `pathlib` does.

use std::ffi::{OsStr, OsString};
use std::path::{Component, Path};

/// A path as `pathlib` sees it: the anchor, and all names after it except `.`.
pub(crate) struct Parts<'a> {
    pub(crate) anchor: &'a OsStr,
    pub(crate) names: Vec<&'a OsStr>,
}

impl<'a> Parts<'a> {
    pub(crate) fn of(path: &'a Path) -> Self {
        Parts {
            anchor: anchor(path),
            names: names(path).collect(),
        }
    }

    /// Joins `anchor` and the names, with `separator` between them.
    pub(crate) fn join(&self, mut anchor: OsString, separator: &str) -> OsString {
        for (place, name) in self.names.iter().enumerate() {
            if place > 0 {
                anchor.push(separator);
            }
            anchor.push(name);
        }
        anchor
    }
}

/// Returns the names after the anchor, except `.`.
pub(crate) fn names(path: &Path) -> impl DoubleEndedIterator<Item = &OsStr> + Clone {
    path.components().filter_map(|component| match component {
        Component::Normal(_) | Component::ParentDir => Some(component.as_os_str()),
        Component::Prefix(_) | Component::RootDir | Component::CurDir => None,
    })
}

#[cfg(not(windows))]
pub(crate) fn anchor(path: &Path) -> &OsStr {
    let path = path.as_os_str().as_encoded_bytes();
    let slashes = path.iter().take_while(|&&byte| byte == b'/').count();
    OsStr::new(match slashes {
        0 => "",
        2 => "//",
        _ => "/",
    })
}

#[cfg(windows)]
pub(crate) fn anchor(path: &Path) -> &OsStr {
    path.ancestors().last().unwrap_or(path).as_os_str()
}

/// Returns the anchor with `/` in place of `\`.
pub(crate) fn forward_slashes(anchor: &OsStr) -> OsString {
    if !cfg!(windows) {
        return anchor.to_os_string();
    }
    anchor.to_string_lossy().replace('\\', "/").into()
}

/// Returns `true` if two parts are equal. On Windows, case and the direction of slashes do not matter.
pub(crate) fn same(a: &OsStr, b: &OsStr) -> bool {
    let plain = |part| forward_slashes(part).to_string_lossy().to_lowercase();
    a == b || cfg!(windows) && plain(a) == plain(b)
}
