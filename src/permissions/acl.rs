//! POSIX access control lists, and how they are narrowed.
//!
//! A list defines what the owner, named users, the group, named groups and all others may do. The first
//! matching class counts: the owner, then named users, then groups. If several groups match, it is enough
//! that one of them allows the access. The mask limits all classes but the owner and the others.

#[cfg(any(target_os = "linux", target_os = "android"))]
pub(super) mod stored;
/// Access control lists on systems without a safe API for them: every file counts as one without a list.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod stored {
    use std::fs::File;
    use std::io;

    use super::Acl;

    pub(super) fn get(_file: &File, mode: u32) -> io::Result<Acl> {
        Ok(Acl::of_mode(mode))
    }

    pub(super) fn put(acl: &Acl, _to: &File) -> io::Result<u32> {
        Ok(acl.as_mode())
    }
}

use std::fs::File;
use std::io;
use std::ops::BitAnd;

/// Permission bits: read 4, write 2, execute 1.
type Access = u32;
const EVERYTHING: Access = 0o7;

/// The owner and the group of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) user: u32,
    pub(super) group: u32,
}

/// Users or groups by number, and what each may do.
type Named = Vec<(u32, Access)>;

/// An access control list. For a file without one, the equivalent of its mode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Acl {
    pub(super) user: Access,
    pub(super) users: Named,
    pub(super) group: Access,
    pub(super) groups: Named,
    /// The mask; `None` only if no user and no group is named.
    pub(super) mask: Option<Access>,
    pub(super) other: Access,
}

impl Acl {
    pub(super) fn of_mode(mode: u32) -> Acl {
        let access = |shift: u32| (mode >> shift) & EVERYTHING;
        Acl {
            user: access(6),
            users: Vec::new(),
            group: access(3),
            groups: Vec::new(),
            mask: None,
            other: access(0),
        }
    }

    /// Reads the list of `file`, whose mode is `mode`.
    pub(super) fn of(file: &File, mode: u32) -> io::Result<Acl> {
        stored::get(file, mode)
    }

    /// Replaces the list of `to`. Returns the mode to set with it.
    ///
    /// If the system refuses the list, that is the mode that [stands for it](Acl::as_mode).
    pub(super) fn put_on(&self, to: &File) -> io::Result<u32> {
        stored::put(self, to)
    }

    /// Returns the widest mode that allows nobody more than the list does, for the same owner and group.
    pub(super) fn as_mode(&self) -> u32 {
        // Without the list, a named user is a member of the group or one of the others.
        let users = self.all_of(&self.users);
        let group = self.masked(self.group) & users;
        let other = self.other & users & self.all_of(&self.groups);
        self.user << 6 | group << 3 | other
    }

    /// Returns the list narrowed for a file with another owner or group, so that it allows nobody more
    /// except the new owner.
    pub(super) fn given_to(&self, old: Owner, new: Owner) -> Acl {
        let mut narrow = self.clone();
        if new.group != old.group {
            let group = self.masked(self.group);
            let named = self.groups.iter().filter(|(id, _)| *id == new.group);
            // Before, its members were a named group, or others if none of their groups was named.
            narrow.group = match named.map(|(_, access)| *access).reduce(BitAnd::bitand) {
                Some(access) => self.masked(access),
                None => self.other & group & self.all_of(&self.groups),
            };
            // The members of the old group are others now.
            narrow.other &= group;
        }
        if new.user != old.user {
            // The old owner is a named user, a member of a group or one of the others now.
            let users = narrow.users.iter_mut().filter(|(id, _)| *id == old.user);
            for (_, access) in users.chain(&mut narrow.groups) {
                *access &= self.user;
            }
            narrow.group &= self.user;
            narrow.other &= self.user;
        }
        narrow
    }

    fn masked(&self, access: Access) -> Access {
        access & self.mask.unwrap_or(EVERYTHING)
    }

    /// Returns what every one of the named may do.
    fn all_of(&self, named: &[(u32, Access)]) -> Access {
        let accesses = named.iter().map(|(_, access)| self.masked(*access));
        accesses.fold(EVERYTHING, BitAnd::bitand)
    }
}
