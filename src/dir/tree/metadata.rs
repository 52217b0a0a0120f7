//! Copying the metadata of a file or a directory.

use std::fs::{File, FileTimes, Metadata};
use std::io;

use super::Options;
#[cfg(unix)]
use crate::permissions::{self, Attributes, Permissions};
use crate::retry::retry;

/// Copies the metadata that `options` ask for from `from` to `to`. `found` is that of `from` before it was
/// read.
pub(super) fn carry(from: &File, to: &File, found: &Metadata, options: &Options) -> io::Result<()> {
    match carry_permissions(from, to, found, options) {
        // Not everybody may set permissions, and not every filesystem has them.
        Err(error) if !options.preserve_metadata && is_refusal(&error) => {}
        result => result?,
    }
    if options.preserve_metadata {
        set_times(to, found)
    } else {
        Ok(())
    }
}

fn set_times(to: &File, found: &Metadata) -> io::Result<()> {
    let times = FileTimes::new().set_accessed(found.accessed()?);
    let times = times.set_modified(found.modified()?);
    retry(|| to.set_times(times))
}

fn is_refusal(error: &io::Error) -> bool {
    use io::ErrorKind::{PermissionDenied, Unsupported};
    matches!(error.kind(), PermissionDenied | Unsupported)
}

/// Copies the permissions. Before this call, nobody but the owner may use what was created for a copy.
#[cfg(unix)]
fn carry_permissions(
    from: &File,
    to: &File,
    found: &Metadata,
    options: &Options,
) -> io::Result<()> {
    let permissions = Permissions::of(from, found)?;
    if options.moving {
        permissions.keep_owner(to);
    }
    if !options.preserve_metadata {
        return permissions.keep_bits(to);
    }
    // After the owner, because changing it removes some attributes, and before the mode, which may forbid
    // to set them.
    Attributes::of(from)?.put_on(to)?;
    permissions.keep_all(to)
}

#[cfg(not(unix))]
fn carry_permissions(
    _from: &File,
    to: &File,
    found: &Metadata,
    _options: &Options,
) -> io::Result<()> {
    if found.is_dir() {
        Ok(())
    } else {
        to.set_permissions(found.permissions())
    }
}

/// Lets nobody but the owner use a file that is to be overwritten: its permissions were meant for its old
/// contents. If the process may not change them, a plain copy leaves them as they are.
#[cfg(unix)]
pub(super) fn shut(to: &File, options: &Options) -> io::Result<()> {
    match permissions::shut(to) {
        Err(error) if !options.preserve_metadata && is_refusal(&error) => Ok(()),
        result => result,
    }
}

#[cfg(not(unix))]
pub(super) fn shut(_to: &File, _options: &Options) -> io::Result<()> {
    Ok(())
}
