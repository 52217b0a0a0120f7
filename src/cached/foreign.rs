//! Directories whose paths led to a foreign filesystem: to look there again would be in vain.
//!
//! The vain look-up itself is short, but it comes between two jobs of one caller, and a pool thread that
//! finds no job at once goes to sleep. What is remembered here only spares look-ups, and may be wrong:
//! the pool answers rightly in any case.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// One in so many look-ups is made all the same: something else may be mounted there by now.
const LOOK_AGAIN: u64 = 64;

/// Hashes of directories, each in the place that it gives.
pub(super) struct Foreign {
    directories: [AtomicU64; 64],
    spared: AtomicU64,
    /// Nothing to remember for most processes, and nothing to hash then.
    is_used: AtomicBool,
}

impl Foreign {
    pub(super) const fn new() -> Foreign {
        Foreign {
            directories: [const { AtomicU64::new(0) }; 64],
            spared: AtomicU64::new(0),
            is_used: AtomicBool::new(false),
        }
    }

    /// Whether a look-up of `path` can be spared.
    pub(super) fn spares(&self, path: &Path) -> bool {
        self.is_used.load(Ordering::Relaxed)
            && self.holds(path)
            && self.spared.fetch_add(1, Ordering::Relaxed) % LOOK_AGAIN != LOOK_AGAIN - 1
    }

    /// Remembers that `path` led to a foreign filesystem.
    pub(super) fn note(&self, path: &Path) {
        let (place, directory) = self.place(path);
        place.store(directory, Ordering::Relaxed);
        self.is_used.store(true, Ordering::Relaxed);
    }

    /// Forgets the directory of a path that led to a local one.
    pub(super) fn forget(&self, path: &Path) {
        if self.is_used.load(Ordering::Relaxed) && self.holds(path) {
            self.place(path).0.store(0, Ordering::Relaxed);
        }
    }

    fn holds(&self, path: &Path) -> bool {
        let (place, directory) = self.place(path);
        place.load(Ordering::Relaxed) == directory
    }

    fn place(&self, path: &Path) -> (&AtomicU64, u64) {
        let bytes = path.as_os_str().as_encoded_bytes();
        // Without its last name, as it is written: what is spelled in two ways is looked up twice.
        let directory = memchr::memrchr(b'/', bytes).unwrap_or(0);
        let mut hasher = DefaultHasher::new();
        bytes[..directory].hash(&mut hasher);
        // No directory has the mark of an empty place.
        let hash = hasher.finish() | 1 << 63;
        let place = hash % self.directories.len() as u64;
        (&self.directories[place as usize], hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spared(foreign: &Foreign, path: &str, times: usize) -> usize {
        (0..times)
            .filter(|_| foreign.spares(Path::new(path)))
            .count()
    }

    #[test]
    fn directories_are_remembered_and_looked_at_again() {
        let foreign = Foreign::new();
        assert_eq!(spared(&foreign, "/net/a", 100), 0);
        foreign.note(Path::new("/net/a"));
        assert_eq!(spared(&foreign, "/net/a", 640), 630);
        assert_eq!(spared(&foreign, "/net/b", 640), 630);
        for other in ["/net/a/b", "/net", "net/a", "a", "", "/nets/a"] {
            assert_eq!(spared(&foreign, other, 100), 0, "{other}");
        }
        foreign.forget(Path::new("/other/a"));
        assert_eq!(spared(&foreign, "/net/a", 64), 63);
        foreign.forget(Path::new("/net/c"));
        assert_eq!(spared(&foreign, "/net/a", 100), 0);
    }

    #[test]
    fn names_without_a_directory_have_one_too() {
        let foreign = Foreign::new();
        foreign.note(Path::new("name"));
        assert_eq!(spared(&foreign, "other", 64), 63);
        assert_eq!(spared(&foreign, "a/other", 64), 0);
    }
}
