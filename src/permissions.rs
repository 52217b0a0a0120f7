//! Who may use a file, carried over to another one.
//!
//! Whatever cannot be carried over is narrowed: nobody may do to the new file what the old one denied.
//! Only the new owner is an exception, who could change the permissions in any case.

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

/// Set-user-id, set-group-id and sticky.
const SPECIAL: u32 = 0o7000;
/// All bits that `chmod` knows.
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
    /// Reads those of `file`, whose metadata was `found`.
    pub(crate) fn of(file: &File, found: &Metadata) -> io::Result<Permissions> {
        Ok(Permissions {
            owner: owner(found),
            special: found.mode() & SPECIAL,
            is_dir: found.is_dir(),
            acl: Acl::of(file, found.mode())?,
        })
    }

    /// Those of a file that cannot be opened, where it could not be asked for a list either.
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

    /// Gives `to` the owner and the group, as far as the process may.
    pub(crate) fn keep_owner(&self, to: &File) {
        let Owner { user, group } = self.owner;
        let (user, group) = (Uid::from_raw(user), Gid::from_raw(group));
        // One by one: a group may be set by its members, an owner by the superuser only.
        let _ = retry(|| fchown(to, None, Some(group)));
        let _ = retry(|| fchown(to, Some(user), None));
    }

    /// Gives `to` the list and all bits of the mode, for the owner and the group that it has by now.
    ///
    /// A list that `to` has inherited from its directory is replaced. The bits that let everybody act as
    /// the owner of a file go only to the same owner.
    pub(crate) fn keep_all(&self, to: &File) -> io::Result<()> {
        let new = owner(&retry(|| to.metadata())?);
        let mode = self.acl.given_to(self.owner, new).put_on(to)?;
        match self.is_dir || new == self.owner {
            true => set_mode(to, mode | self.special),
            false => set_mode(to, mode),
        }
    }

    /// Gives `to` the permission bits, whoever its owner is. The special bits of a directory stay as they
    /// are, since it inherits them.
    pub(crate) fn keep_bits(&self, to: &File) -> io::Result<()> {
        let special = match self.is_dir {
            true => retry(|| to.metadata())?.mode() & SPECIAL,
            false => 0,
        };
        set_mode(to, self.acl.as_mode() | special)
    }
}

/// Lets nobody but the owner use a file, who may read and write it.
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
    // std repeats it when a signal interrupts it.
    file.set_permissions(PermissionsExt::from_mode(mode))
}
