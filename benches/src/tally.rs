//! The data that a contestant has seen, to compare with that of `std`.

use std::hint::black_box;
use std::time::Duration;

/// Counts what is read, in so few instructions that they do not show in the times. A thorough tally
/// also digests every byte, which takes longer than many reads: it is used before any time counts.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tally {
    thorough: bool,
    bytes: u64,
    items: u64,
    digest: u64,
    clocked: Clocked,
}

/// The figures that a run measured itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clocked {
    /// The time, instead of how long the whole run took.
    pub wall: Option<Duration>,
    /// The CPU time, instead of that of the whole process.
    pub cpu: Option<Duration>,
    /// The time that 99 of 100 operations did not exceed.
    pub p99: Option<Duration>,
}

impl Tally {
    /// Returns a tally that hashes every byte if it is `thorough`, and only counts otherwise.
    pub fn new(thorough: bool) -> Tally {
        Tally {
            thorough,
            ..Tally::default()
        }
    }

    /// Returns `true` if a run may spend time on checks, for instance to read back what it wrote.
    pub fn is_thorough(&self) -> bool {
        self.thorough
    }

    /// The next bytes of a sequence, in pieces of whatever size.
    #[inline]
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.bytes += black_box(bytes).len() as u64;
        if self.thorough {
            self.digest = fnv(self.digest, bytes);
        }
    }

    /// The next line of a sequence, without its end.
    #[inline]
    pub fn line(&mut self, line: &[u8]) {
        self.items += 1;
        self.bytes(line);
        if self.thorough {
            self.digest = fnv(self.digest, b"\n");
        }
    }

    /// One of many things in any order, such as an entry of a directory.
    #[inline]
    pub fn item(&mut self, item: &[u8]) {
        self.items += 1;
        self.bytes += black_box(item).len() as u64;
        if self.thorough {
            self.digest = self.digest.wrapping_add(fnv(0, item));
        }
    }

    /// Adds what another task has seen; the order of the tasks makes no difference.
    pub fn merge(&mut self, other: Tally) {
        self.bytes += other.bytes;
        self.items += other.items;
        self.digest = self.digest.wrapping_add(other.digest);
        self.clocked.wall = self.clocked.wall.max(other.clocked.wall);
    }

    /// Says what the measured time is, instead of how long the whole took.
    pub fn clock(&mut self, time: Duration) {
        self.clocked.wall = Some(time);
    }

    /// Says what all measured figures are.
    pub fn clock_all(&mut self, clocked: Clocked) {
        self.clocked = clocked;
    }

    /// Returns the figures that the run measured itself.
    pub fn clocked(&self) -> Clocked {
        self.clocked
    }

    /// Returns the bytes, items and digest, which must be the same for all contestants.
    pub fn answer(&self) -> (u64, u64, u64) {
        (self.bytes, self.items, self.digest)
    }
}

/// Returns the Fowler–Noll–Vo hash. It does not depend on how the bytes are split into pieces.
fn fnv(seed: u64, bytes: &[u8]) -> u64 {
    let start = seed ^ 0xcbf2_9ce4_8422_2325;
    let hash = bytes.iter().fold(start, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
    });
    hash ^ 0xcbf2_9ce4_8422_2325
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[test]
    fn pieces_make_no_difference_but_order_does() {
        let mut whole = Tally::new(true);
        whole.bytes(b"some bytes");
        let mut pieces = Tally::new(true);
        pieces.bytes(b"some ");
        pieces.bytes(b"");
        pieces.bytes(b"bytes");
        assert_eq!(whole.answer(), pieces.answer());

        let mut swapped = Tally::new(true);
        swapped.bytes(b"bytessome ");
        assert_ne!(whole.answer(), swapped.answer());
    }

    #[test]
    fn lines_are_told_apart() {
        let mut two = Tally::new(true);
        two.line(b"ab");
        two.line(b"c");
        let mut others = Tally::new(true);
        others.line(b"a");
        others.line(b"bc");
        assert_ne!(two.answer(), others.answer());
    }

    #[test]
    fn items_come_in_any_order() {
        let mut one = Tally::new(true);
        one.item(b"a");
        one.item(b"bc");
        let mut other = Tally::new(true);
        other.item(b"bc");
        let mut task = Tally::new(true);
        task.item(b"a");
        other.merge(task);
        assert_eq!(one.answer(), other.answer());

        let mut wrong = Tally::new(true);
        wrong.item(b"bc");
        wrong.item(b"b");
        assert_ne!(one.answer(), wrong.answer());
    }
}
