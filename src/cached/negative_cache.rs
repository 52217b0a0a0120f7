//! Directories on filesystems that only the pool can answer for, where a look-up is wasted.
//!
//! The look-up itself is short, but it delays the next job of a caller that sends one after another, and a
//! worker thread that finds no job at once goes to sleep. An outdated entry does no harm: the pool answers for
//! any path.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// One of this many look-ups is made anyway, because another filesystem may be mounted there by now.
const LOOK_AGAIN: u64 = 64;

/// Hashes of directories, each in the slot that its hash selects.
pub(super) struct NegativeCache {
    directories: [AtomicU64; 64],
    spared: AtomicU64,
    /// Whether there are entries. Most processes never use such a filesystem, and need not hash a path.
    is_used: AtomicBool,
}

impl NegativeCache {
    pub(super) const fn new() -> NegativeCache {
        NegativeCache {
            directories: [const { AtomicU64::new(0) }; 64],
            spared: AtomicU64::new(0),
            is_used: AtomicBool::new(false),
        }
    }

    /// Returns `true` if a lookup of `path` would be wasted.
    pub(super) fn spares(&self, path: &Path) -> bool {
        self.is_used.load(Ordering::Relaxed)
            && self.holds(path)
            && self.spared.fetch_add(1, Ordering::Relaxed) % LOOK_AGAIN != LOOK_AGAIN - 1
    }

    /// Records that the directory of `path` is on a filesystem that only the pool can answer for.
    pub(super) fn note(&self, path: &Path) {
        let (slot, directory) = self.slot(path);
        slot.store(directory, Ordering::Relaxed);
        self.is_used.store(true, Ordering::Relaxed);
    }

    /// Removes the directory of a path that led to a local filesystem.
    pub(super) fn forget(&self, path: &Path) {
        if self.is_used.load(Ordering::Relaxed) && self.holds(path) {
            self.slot(path).0.store(0, Ordering::Relaxed);
        }
    }

    fn holds(&self, path: &Path) -> bool {
        let (slot, directory) = self.slot(path);
        slot.load(Ordering::Relaxed) == directory
    }

    fn slot(&self, path: &Path) -> (&AtomicU64, u64) {
        let bytes = path.as_os_str().as_encoded_bytes();
        // The path before its last name, as it is written. Two spellings are two directories.
        let directory = memchr::memrchr(b'/', bytes).unwrap_or(0);
        let mut hasher = DefaultHasher::new();
        bytes[..directory].hash(&mut hasher);
        // 0 marks an empty slot, so no directory may have this hash.
        let hash = hasher.finish() | 1 << 63;
        let slot = hash % self.directories.len() as u64;
        (&self.directories[slot as usize], hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spared(cache: &NegativeCache, path: &str, times: usize) -> usize {
        (0..times).filter(|_| cache.spares(Path::new(path))).count()
    }

    #[test]
    fn directories_are_remembered_and_looked_at_again() {
        let cache = NegativeCache::new();
        assert_eq!(spared(&cache, "/net/a", 100), 0);
        cache.note(Path::new("/net/a"));
        assert_eq!(spared(&cache, "/net/a", 640), 630);
        assert_eq!(spared(&cache, "/net/b", 640), 630);
        for other in ["/net/a/b", "/net", "net/a", "a", "", "/nets/a"] {
            assert_eq!(spared(&cache, other, 100), 0, "{other}");
        }
        cache.forget(Path::new("/other/a"));
        assert_eq!(spared(&cache, "/net/a", 64), 63);
        cache.forget(Path::new("/net/c"));
        assert_eq!(spared(&cache, "/net/a", 100), 0);
    }

    #[test]
    fn names_without_a_directory_have_one_too() {
        let cache = NegativeCache::new();
        cache.note(Path::new("name"));
        assert_eq!(spared(&cache, "other", 64), 63);
        assert_eq!(spared(&cache, "a/other", 64), 0);
    }
}
