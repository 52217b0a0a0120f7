//! What paths led to when they were last looked up.
//!
//! A hint saves a lookup and decides nothing: the file that was opened because of it is checked.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

/// 128 KiB, of which a process touches the pages that it uses.
const SETS: usize = 1 << 13;

/// A hash selects a set, and a path takes any slot of it. With one slot for each path, a quarter of 10,000 paths would
/// have lost their hints to others.
const SLOTS: usize = 4;

/// The regular file that a path led to, on the mount on which the lookup began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Hint {
    Regular,
    /// It was small enough to be read in one inline call.
    Small,
}

/// Hashes of paths, each in the set that its hash selects. They guard no other memory, so `Relaxed` is enough.
pub(super) struct Hints([Set; SETS]);

#[derive(Debug)]
struct Set([AtomicU32; SLOTS]);

impl Hints {
    pub(super) const fn new() -> Hints {
        Hints([const { Set([const { AtomicU32::new(0) }; SLOTS]) }; SETS])
    }

    pub(super) fn get(&self, path: &Path) -> Option<Hint> {
        let (set, tag) = self.set_of(path);
        let entry = set.slot_of(tag)?.load(Ordering::Relaxed);
        let is_small = entry & SMALL != 0;
        Some(if is_small { Hint::Small } else { Hint::Regular })
    }

    /// Sets or removes the hint of a path.
    pub(super) fn set(&self, path: &Path, hint: Option<Hint>) {
        let (set, tag) = self.set_of(path);
        let entry = match hint {
            Some(Hint::Regular) => tag,
            Some(Hint::Small) => tag | SMALL,
            None => EMPTY,
        };
        let slot = match hint {
            Some(_) => Some(set.slot_for(tag)),
            // The hint of another path stays.
            None => set.slot_of(tag),
        };
        if let Some(slot) = slot {
            slot.store(entry, Ordering::Relaxed);
        }
    }

    fn set_of(&self, path: &Path) -> (&Set, u32) {
        let mut hasher = DefaultHasher::new();
        path.as_os_str().as_encoded_bytes().hash(&mut hasher);
        let hash = hasher.finish();
        // No path may have the tag that marks an empty slot.
        let tag = (hash >> 32) as u32 & !SMALL | USED;
        (&self.0[hash as usize % SETS], tag)
    }
}

impl Set {
    /// Returns the slot of a path that has a hint.
    fn slot_of(&self, tag: u32) -> Option<&AtomicU32> {
        let is_own = |slot: &&AtomicU32| slot.load(Ordering::Relaxed) & !SMALL == tag;
        self.0.iter().find(is_own)
    }

    /// Returns a slot for the hint of a path: its own, an empty one, or that of another path.
    fn slot_for(&self, tag: u32) -> &AtomicU32 {
        let empty = || self.slot_of(EMPTY);
        let other = || &self.0[(tag >> 2) as usize % SLOTS];
        self.slot_of(tag).or_else(empty).unwrap_or_else(other)
    }
}

const EMPTY: u32 = 0;
const SMALL: u32 = 1;
const USED: u32 = 2;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hint_belongs_to_one_path() {
        static HINTS: Hints = Hints::new();
        let (path, other) = (Path::new("/a/b"), Path::new("/a/c"));
        assert_eq!(HINTS.get(path), None);
        for hint in [Some(Hint::Regular), Some(Hint::Small), None] {
            HINTS.set(path, hint);
            HINTS.set(other, None);
            assert_eq!((HINTS.get(path), HINTS.get(other)), (hint, None));
        }
    }

    #[test]
    fn most_of_many_paths_find_their_hint() {
        static HINTS: Hints = Hints::new();
        let paths: Vec<_> = (0..10_000).map(|n| format!("/srv/files/{n}")).collect();
        for path in &paths {
            HINTS.set(path.as_ref(), Some(Hint::Small));
        }
        let held = paths
            .iter()
            .filter(|path| HINTS.get(path.as_ref()).is_some());
        let held = held.count();
        assert!(held > 9_500, "{held}");
    }
}
