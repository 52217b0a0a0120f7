//! The filesystems that are known so far: their type, and how their calls behaved.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::fd::AsFd;
use std::sync::{Arc, PoisonError, RwLock};

use rustix::fs::{AtFlags, FileType, Statx, StatxFlags};

use super::probation::Probation;
use crate::retry::retry;

/// How a filesystem answers a call.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Medium {
    /// A local disk. A no-wait read distinguishes cached data from other data.
    Disk,
    /// Memory that is never swapped out. Nothing waits; no-wait reads are neither supported nor needed.
    Memory,
    /// Memory that may be swapped out. Its inodes are always in memory, its data perhaps not, and without
    /// no-wait reads the kernel cannot tell.
    Swappable,
    /// overlayfs. It refuses no-wait reads, and a path may lead to any filesystem. Written files are on its
    /// upper layer, which is usually local.
    Overlay,
    /// Anything else. Every call may wait.
    Foreign,
}

impl Medium {
    /// Queries the filesystem of a file. May block.
    fn learn(file: &File) -> Medium {
        retry(|| rustix::fs::fstatfs(file)).map_or(Medium::Foreign, |stat| {
            // The type is a signed word on some architectures.
            Medium::of(stat.f_type as u64 & 0xFFFF_FFFF, has_swap)
        })
    }

    /// Returns the medium of the filesystem with this magic number, on a system that `has_swap`.
    fn of(magic: u64, has_swap: impl FnOnce() -> bool) -> Medium {
        match magic {
            // ext2/3/4, xfs, btrfs, f2fs
            0xEF53 | 0x5846_5342 | 0x9123_683E | 0xF2F5_2010 => Medium::Disk,
            // tmpfs. A read of swapped-out data took 161 ms.
            0x0102_1994 if has_swap() => Medium::Swappable,
            // tmpfs, and ramfs, which is never swapped out
            0x0102_1994 | 0x8584_58F6 => Medium::Memory,
            0x794C_7630 => Medium::Overlay,
            _ => Medium::Foreign,
        }
    }

    /// Returns `true` if calls that only use the inode cannot block.
    pub(super) fn is_local(self) -> bool {
        matches!(self, Medium::Disk | Medium::Memory | Medium::Swappable)
    }

    /// Returns `true` if a file may be closed on the caller's thread where that is necessary.
    pub(super) fn closes_on_the_spot(self) -> bool {
        self.is_local() || self == Medium::Overlay
    }

    /// Returns `true` if every regular file has a cursor. Those of `/proc` and of FUSE need not have one.
    pub(super) fn has_cursors(self) -> bool {
        self != Medium::Foreign
    }

    /// Returns `true` if nothing changes the medium while the filesystem is mounted. Swap may be added later.
    fn is_constant(self) -> bool {
        !matches!(self, Medium::Memory | Medium::Swappable)
    }
}

/// Returns `true` if the system has swap.
fn has_swap() -> bool {
    rustix::system::sysinfo().totalswap > 0
}

/// The facts about a filesystem. Clones share the probation.
#[derive(Debug, Clone)]
pub(super) struct Filesystem {
    pub(super) medium: Medium,
    pub(super) probation: Arc<Probation>,
}

/// Identifies a filesystem. A device number may be reused for another filesystem; the mount number, which
/// recent kernels never reuse, tells them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Mount {
    device: (u32, u32),
    id: u64,
}

/// No system call is made while this lock is held.
static MOUNTS: RwLock<BTreeMap<Mount, Filesystem>> = RwLock::new(BTreeMap::new());

/// The maximum number of mounts that are remembered. More exist only if something mounts in a loop.
const MOST_MOUNTS: usize = 1024;

impl Filesystem {
    fn new(medium: Medium) -> Filesystem {
        Filesystem {
            medium,
            probation: Arc::new(Probation::of_filesystem()),
        }
    }

    /// Returns the filesystem of the file that `stat` describes, if it is known.
    pub(super) fn known(stat: &Stat) -> Option<Filesystem> {
        let mounts = MOUNTS.read().unwrap_or_else(PoisonError::into_inner);
        mounts.get(&stat.mount).cloned()
    }

    /// Learns the filesystem of a file, as [`learn`](Filesystem::learn) does, without making it available to
    /// calls by path. May block.
    pub(super) fn learn_alone(file: &File) -> Filesystem {
        Filesystem::new(Medium::learn(file))
    }

    /// Learns the filesystem of a file, and remembers it for every other file there. May block.
    ///
    /// The system is asked again if the answer may have changed: swap was added, or the number of the mount is of a
    /// kind that is reused.
    pub(super) fn learn(file: &File, stat: &Stat) -> Filesystem {
        if stat.names_mount_for_ever {
            if let Some(known) = Filesystem::known(stat).filter(|known| known.medium.is_constant())
            {
                return known;
            }
        }
        let medium = Medium::learn(file);
        if let Some(known) = Filesystem::known(stat).filter(|known| known.medium == medium) {
            return known;
        }
        let mut mounts = MOUNTS.write().unwrap_or_else(PoisonError::into_inner);
        if mounts.len() >= MOST_MOUNTS {
            mounts.clear();
        }
        let entry = mounts.entry(stat.mount);
        let known = entry.or_insert_with(|| Filesystem::new(medium));
        if known.medium != medium {
            *known = Filesystem::new(medium);
        }
        known.clone()
    }
}

impl Mount {
    fn of(stat: &Statx) -> Mount {
        Mount {
            device: (stat.stx_dev_major, stat.stx_dev_minor),
            id: stat.stx_mnt_id,
        }
    }

    pub(super) fn device(&self) -> u64 {
        rustix::fs::makedev(self.device.0, self.device.1)
    }
}

/// `STATX_MNT_ID_UNIQUE`: a number that is never reused, from Linux 6.8 on. Older kernels ignore it.
const UNIQUE_ID: StatxFlags = StatxFlags::from_bits_retain(0x4000);

/// The number of a mount, a unique one if possible.
const MOUNT_ID: StatxFlags = StatxFlags::MNT_ID.union(UNIQUE_ID);

/// The state of a file, as far as it matters here. A [`Statx`] has 256 bytes, and copying it is a good part of the
/// time that an open takes outside of the kernel.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stat {
    pub(super) mount: Mount,
    pub(super) inode: u64,
    pub(super) is_regular: bool,
    pub(super) size: u64,
    pub(super) links: u32,
    /// Whether no later mount will have the number of this one.
    names_mount_for_ever: bool,
}

impl Stat {
    /// Queries only what is in memory: a network filesystem answers this without its server.
    #[inline]
    pub(super) fn of(file: impl AsFd) -> rustix::io::Result<Stat> {
        const WANTED: StatxFlags = StatxFlags::TYPE
            .union(StatxFlags::INO)
            .union(StatxFlags::SIZE)
            .union(StatxFlags::NLINK);
        Stat::query(file, WANTED)
    }

    /// Same as [`of`](Stat::of), for the mount alone: no filesystem has to ask its server.
    pub(super) fn of_mount(file: impl AsFd) -> rustix::io::Result<Stat> {
        Stat::query(file, StatxFlags::empty())
    }

    #[inline]
    fn query(file: impl AsFd, wanted: StatxFlags) -> rustix::io::Result<Stat> {
        let flags = AtFlags::EMPTY_PATH | AtFlags::STATX_DONT_SYNC;
        let stat = retry(|| rustix::fs::statx(file.as_fd(), "", flags, wanted | MOUNT_ID))?;
        Ok(Stat {
            mount: Mount::of(&stat),
            inode: stat.stx_ino,
            is_regular: FileType::from_raw_mode(stat.stx_mode.into()) == FileType::RegularFile,
            size: stat.stx_size,
            links: stat.stx_nlink,
            names_mount_for_ever: stat.stx_mask & UNIQUE_ID.bits() != 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn swap_matters_to_tmpfs_alone() {
        let never = || unreachable!("swap does not matter");
        for (magic, expected) in [
            (0xEF53, Medium::Disk),
            (0x5846_5342, Medium::Disk),
            (0x9123_683E, Medium::Disk),
            (0xF2F5_2010, Medium::Disk),
            (0x8584_58F6, Medium::Memory),
            (0x794C_7630, Medium::Overlay),
            (0x6969, Medium::Foreign),
            (0x6573_5546, Medium::Foreign),
        ] {
            assert_eq!(Medium::of(magic, never), expected, "{magic:#x}");
        }
        assert_eq!(Medium::of(0x0102_1994, || false), Medium::Memory);
        assert_eq!(Medium::of(0x0102_1994, || true), Medium::Swappable);
    }

    #[test]
    fn a_local_inode_may_have_data_that_is_not_in_memory() {
        use Medium::*;
        let all = [Disk, Memory, Swappable, Overlay, Foreign];
        assert_eq!(all.map(Medium::is_local), [true, true, true, false, false]);
        assert_eq!(
            all.map(Medium::closes_on_the_spot),
            [true, true, true, true, false]
        );
    }

    /// The system would say that the other file is on a foreign filesystem.
    #[test]
    fn a_known_filesystem_is_not_asked_again_while_its_mount_has_the_number_alone() {
        let file = tempfile::tempfile().unwrap();
        let mut stat = Stat::of(&file).unwrap();
        let medium = Filesystem::learn(&file, &stat).medium;
        if !medium.is_constant() || !stat.names_mount_for_ever {
            println!("skipped: the system is asked again here ({medium:?})");
            return;
        }
        let proc = File::open("/proc/self/status").unwrap();
        assert_eq!(Filesystem::learn(&proc, &stat).medium, medium);
        // The same number, from a kernel that reuses it. No other test sees this device.
        stat.mount.device = (u32::MAX, u32::MAX);
        stat.names_mount_for_ever = false;
        assert_eq!(Filesystem::learn(&file, &stat).medium, medium);
        assert_eq!(Filesystem::learn(&proc, &stat).medium, Medium::Foreign);
    }

    #[test]
    fn swap_may_be_added_to_a_tmpfs_that_is_known() {
        use Medium::*;
        let all = [Disk, Memory, Swappable, Overlay, Foreign];
        assert_eq!(
            all.map(Medium::is_constant),
            [true, false, false, true, true]
        );
    }

    /// `/proc/swaps` has a heading, and one line for each swap area.
    #[test]
    fn swap_is_seen_as_the_system_lists_it() {
        let Ok(swaps) = std::fs::read_to_string("/proc/swaps") else {
            println!("skipped: the system lists no swap areas");
            return;
        };
        assert_eq!(has_swap(), swaps.lines().count() > 1);
    }

    #[test]
    fn files_of_a_filesystem_share_what_is_known() {
        let dir = tempfile::tempdir().unwrap();
        let open = |name| File::create(dir.path().join(name)).unwrap();
        let (one, two) = (open("one"), open("two"));
        let learned = Filesystem::learn(&one, &Stat::of(&one).unwrap());
        let known = Filesystem::known(&Stat::of(&two).unwrap()).expect("it was learned");
        assert!(Arc::ptr_eq(&learned.probation, &known.probation));
        let again = Filesystem::learn(&two, &Stat::of(&two).unwrap());
        assert!(Arc::ptr_eq(&learned.probation, &again.probation));
        let other = File::open("/proc/self/status").unwrap();
        let other = Filesystem::learn(&other, &Stat::of(&other).unwrap());
        assert!(!Arc::ptr_eq(&learned.probation, &other.probation));
        assert_eq!(other.medium, Medium::Foreign);
    }
}
