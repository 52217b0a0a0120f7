//! Lookups that the kernel keeps on the mount where they begin.
//!
//! A path may lead to any filesystem, and opening a file may block there. So a path is usually looked up twice:
//! with a handle that opens nothing, which tells the type of the file and its mount, and again to open the
//! file. With `RESOLVE_NO_XDEV` the kernel fails a lookup that leaves the mount on which it begins. If that mount
//! is known to be local, one lookup is enough.
//!
//! A lookup begins at the root directory or at the current directory, and the process may change either at any
//! time. No descriptor of them is kept: one of `/` would give a process access to what is outside of its
//! `chroot`, and would keep a filesystem from being unmounted. Instead, the mount of the file that was opened is
//! compared with the expected one.

use std::borrow::Cow;
use std::fs::File;
use std::path::Path;
use std::sync::OnceLock;

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags};

use super::filesystem::{Filesystem, Mount, Stat};

/// The mount of the root directory when it was first learned. If the root directory changes, no file is on it
/// any more, and every path is looked up in the usual way.
static ROOT: OnceLock<Anchor> = OnceLock::new();

/// The mount on which a lookup begins.
#[derive(Debug, Clone)]
pub(super) struct Anchor {
    mount: Mount,
    pub(super) filesystem: Filesystem,
}

impl Anchor {
    /// How a lookup stays on its mount.
    pub(super) const STAY: ResolveFlags = ResolveFlags::CACHED.union(ResolveFlags::NO_XDEV);

    /// Returns the mount on which the lookup of `path` begins, if it is known to be local.
    pub(super) fn of(path: &Path) -> Option<Cow<'static, Anchor>> {
        if path.has_root() {
            Anchor::root().map(Cow::Borrowed)
        } else {
            Anchor::current().map(Cow::Owned)
        }
    }

    /// Returns the mount of the root directory, if it is known to be local.
    pub(super) fn root() -> Option<&'static Anchor> {
        ROOT.get().filter(|root| root.filesystem.medium.is_local())
    }

    fn current() -> Option<Anchor> {
        let stat = Stat::of_mount(CWD).ok()?;
        let filesystem = Filesystem::known(&stat)?;
        filesystem.medium.is_local().then_some(Anchor {
            mount: stat.mount,
            filesystem,
        })
    }

    /// Returns `true` if the file that `stat` describes is on this mount.
    pub(super) fn holds(&self, stat: &Stat) -> bool {
        self.mount == stat.mount
    }

    /// Returns `true` if a file with this device number is on the filesystem of this mount.
    pub(super) fn is_device(&self, device: u64) -> bool {
        self.mount.device() == device
    }
}

/// Learns the filesystem of a file, and that of the root directory the first time. May block.
pub(super) fn learn(file: &File, stat: &Stat) -> Filesystem {
    if ROOT.get().is_none() {
        learn_root();
    }
    Filesystem::learn(file, stat)
}

/// Learns the mount of the root directory. An error is not cached, so the next call tries again, for example once
/// a descriptor is free.
fn learn_root() {
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    let Ok(root) = rustix::fs::open("/", flags, Mode::empty()) else {
        return;
    };
    let root = File::from(root);
    if let Ok(stat) = Stat::of(&root) {
        ROOT.get_or_init(|| Anchor {
            mount: stat.mount,
            filesystem: Filesystem::learn(&root, &stat),
        });
    }
}
