//! What else goes along with the contents of a file or a directory.

use std::fs::{File, FileTimes, Metadata};
use std::io;

use super::Options;

/// Gives `to` what is wanted of the metadata of `from`, which was `found` before it was read.
pub(super) fn carry(from: &File, to: &File, found: &Metadata, options: &Options) -> io::Result<()> {
    if options.preserve_metadata {
        // Before the permissions, which may forbid it.
        copy_attributes(from, to)?;
    }
    if options.moving {
        keep_owner(to, found);
    }
    match set_permissions(to, found, options.preserve_metadata) {
        // Not everybody may set, and not every filesystem has them.
        Err(error) if !options.preserve_metadata && is_refusal(&error) => {}
        result => result?,
    }
    if options.preserve_metadata {
        let times = FileTimes::new().set_accessed(found.accessed()?);
        to.set_times(times.set_modified(found.modified()?))?;
    }
    Ok(())
}

fn is_refusal(error: &io::Error) -> bool {
    use io::ErrorKind::{PermissionDenied, Unsupported};
    matches!(error.kind(), PermissionDenied | Unsupported)
}

/// Gives `to` the permission bits of `found`; the others as well if all is kept.
///
/// The bits that let everybody act as the owner of a file go only to the same owner.
#[cfg(unix)]
fn set_permissions(to: &File, found: &Metadata, all: bool) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    const SPECIAL: u32 = 0o7000;
    let made = to.metadata()?;
    let same_owner = (made.uid(), made.gid()) == (found.uid(), found.gid());
    let special = match (all, found.is_dir()) {
        (true, is_dir) if is_dir || same_owner => found.mode() & SPECIAL,
        (false, true) => made.mode() & SPECIAL,
        _ => 0,
    };
    let mode = found.mode() & 0o777 | special;
    if made.mode() & 0o7777 == mode {
        return Ok(());
    }
    to.set_permissions(PermissionsExt::from_mode(mode))
}

#[cfg(not(unix))]
fn set_permissions(to: &File, found: &Metadata, _all: bool) -> io::Result<()> {
    match found.is_dir() {
        true => Ok(()),
        false => to.set_permissions(found.permissions()),
    }
}

/// Gives `to` the owner and the group of `found`, if the process may.
#[cfg(unix)]
fn keep_owner(to: &File, found: &Metadata) {
    use std::os::unix::fs::{MetadataExt, fchown};
    let _ = fchown(to, None, Some(found.gid()));
    let _ = fchown(to, Some(found.uid()), None);
}

#[cfg(not(unix))]
fn keep_owner(_to: &File, _found: &Metadata) {}

/// Copies the extended attributes which the process may read and set, and the filesystems have.
#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn copy_attributes(from: &File, to: &File) -> io::Result<()> {
    use rustix::fs::{XattrFlags, fgetxattr, fsetxattr};
    for name in attribute_names(from)? {
        let value = whole(|room| fgetxattr(from, &name, room));
        let copied = value.and_then(|value| fsetxattr(to, &name, &value, XattrFlags::empty()));
        passable(copied)?;
    }
    Ok(())
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
fn copy_attributes(_from: &File, _to: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn attribute_names(from: &File) -> io::Result<Vec<Vec<u8>>> {
    let names = whole(|room| rustix::fs::flistxattr(from, room));
    let names = passable(names)?.unwrap_or_default();
    let names = names
        .split(|&byte| byte == 0)
        .filter(|name| !name.is_empty());
    Ok(names.map(<[u8]>::to_vec).collect())
}

/// All that a call has to give, which gives it only if there is room for all.
#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn whole(
    mut call: impl FnMut(&mut [u8]) -> rustix::io::Result<usize>,
) -> rustix::io::Result<Vec<u8>> {
    let mut room = vec![0; 1024];
    loop {
        match call(&mut room) {
            Ok(len) => {
                room.truncate(len);
                return Ok(room);
            }
            Err(rustix::io::Errno::RANGE) => room.resize(room.len() * 2, 0),
            Err(error) => return Err(error),
        }
    }
}

/// Nothing, for the errors of attributes that cannot be copied here, which is no reason to give up.
#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
fn passable<T>(result: rustix::io::Result<T>) -> io::Result<Option<T>> {
    use rustix::io::Errno;
    match result {
        Ok(value) => Ok(Some(value)),
        Err(Errno::PERM | Errno::ACCESS | Errno::NOTSUP | Errno::INVAL | Errno::NODATA) => Ok(None),
        Err(error) => Err(error.into()),
    }
}
