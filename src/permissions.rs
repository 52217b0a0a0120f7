//! Copying the permissions of a file to another one.
//!
//! Permissions that cannot be copied are narrowed: nobody may do to the new file what the old one denied.
//! The only exception is the new owner, who could change the permissions in any case.

mod acl;
#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
mod no_xattr;
#[cfg(test)]
mod tests;
#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
mod xattr;

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
pub(crate) use no_xattr::Attributes;
#[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
pub(crate) use xattr::Attributes;

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use rustix::fs::{Gid, Uid, fchown};

use crate::retry::retry;
use acl::{Acl, Owner};

/// The set-user-ID, set-group-ID and sticky bits.
const SPECIAL: u32 = 0o7000;
/// All bits that `chmod` sets.
const BITS: u32 = 0o7777;

/// The owner, the group, the mode and the access control list of a file or a directory.
#[derive(Debug)]
pub(crate) struct Permissions {
    owner: Owner,
    special: u32,
    is_dir: bool,
    acl: Acl,
}

impl Permissions {
    /// Reads the permissions of `file`, whose metadata is `found`.
    pub(crate) fn of(file: &File, found: &Metadata) -> io::Result<Permissions> {
        Ok(Permissions {
            owner: owner(found),
            special: found.mode() & SPECIAL,
            is_dir: found.is_dir(),
            acl: Acl::of(file, found.mode())?,
        })
    }

    /// Returns the permissions of a file that cannot be opened, on systems where its access control list
    /// cannot be read anyway.
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    pub(crate) fn of_stat(found: &rustix::fs::Stat) -> Permissions {
        let mode = u32::from(found.st_mode);
        Permissions {
            owner: Owner {
                user: found.st_uid,
                group: found.st_gid,
            },
            special: mode & SPECIAL,
            is_dir: false,
            acl: Acl::of_mode(mode),
        }
    }

    /// Sets the owner and the group of `to`, as far as the process may.
    pub(crate) fn keep_owner(&self, to: &File) {
        let Owner { user, group } = self.owner;
        let (user, group) = (Uid::from_raw(user), Gid::from_raw(group));
        // Set one by one: a member of the group may set the group, but only the superuser may set the
        // owner.
        let _ = retry(|| fchown(to, None, Some(group)));
        let _ = retry(|| fchown(to, Some(user), None));
    }

    /// Sets the access control list and all mode bits of `to`, for its current owner and group.
    ///
    /// A list that `to` has inherited from its directory is replaced. The special bits of a file are kept
    /// only if the owner and the group are the same: they let everybody act as the owner or the group.
    pub(crate) fn keep_all(&self, to: &File) -> io::Result<()> {
        let new = owner(&retry(|| to.metadata())?);
        let mode = self.acl.given_to(self.owner, new).put_on(to)?;
        if self.is_dir || new == self.owner {
            set_mode(to, mode | self.special)
        } else {
            set_mode(to, mode)
        }
    }

    /// Sets the permission bits of `to`, whoever its owner is. The special bits of a directory stay as they
    /// are, because it inherits them.
    pub(crate) fn keep_bits(&self, to: &File) -> io::Result<()> {
        let special = if self.is_dir {
            retry(|| to.metadata())?.mode() & SPECIAL
        } else {
            0
        };
        set_mode(to, self.acl.as_mode() | special)
    }
}

/// Makes a file readable and writable for its owner, and denies everybody else.
pub(crate) fn shut(file: &File) -> io::Result<()> {
    set_mode(file, 0o600)
}

fn owner(found: &Metadata) -> Owner {
    Owner {
        user: found.uid(),
        group: found.gid(),
    }
}

fn set_mode(file: &File, mode: u32) -> io::Result<()> {
    if retry(|| file.metadata())?.mode() & BITS == mode {
        return Ok(());
    }
    // std retries when a signal interrupts the call.
    file.set_permissions(PermissionsExt::from_mode(mode))
}
