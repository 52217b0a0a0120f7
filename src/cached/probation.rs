//! Probation: limits the damage of no-wait calls that wait.
//!
//! A no-wait call does not wait for the data. The kernel may still wait inside it: for the block map of a file
//! on a slow disk (260 to 579 ms were seen), for room in a full queue of the block layer (61 ms), or for a
//! virus scanner that has to permit the access. This cannot be known beforehand, so each call is timed, and
//! after a slow one the next calls go to the pool for a while.
//!
//! No code here reads a clock, so that every transition can be tested.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// The duration from which a call counts as slow.
///
/// The coarse clock advances in ticks of 1 to 10 ms, and a call of a microsecond that a tick interrupts appears
/// to take an entire one. 12 ms is more than one tick at any usual rate, and less than every wait that was
/// reported.
pub(super) const SLOW: Duration = Duration::from_millis(12);

/// The number of calls that the first probation sends to the pool. Each further probation is twice as long.
///
/// A call may look slow for another reason, for example because a hypervisor took the core away. So the first
/// probation is cheap: eight calls on the pool take about 0.2 ms.
const FIRST: u16 = 8;

/// How often the length doubles: up to 4,096 calls. After each probation, one call finds out whether it still
/// waits.
const DOUBLINGS: u8 = 9;

/// The number of quick calls that cancel one slow call.
///
/// A block of an extent tree describes up to 340 extents, so a file on a slow disk may wait only that often.
/// With fewer quick calls, each of those waits would be forgiven before the next.
const FORGIVEN_AFTER: u16 = 1000;

/// Decides whether calls are made on the caller's thread. There is one for each file and one for each
/// filesystem.
#[derive(Debug)]
pub(super) struct Probation {
    /// A packed [`State`]. Always `Relaxed`: it guards no other memory, and a call that slips through is timed
    /// like any other.
    state: AtomicU32,
    /// The number of slow calls that are recorded without a probation.
    tolerated: u8,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct State {
    /// The number of calls that are still sent to the pool.
    left: u16,
    /// The number of slow calls that are not forgiven yet.
    level: u8,
    /// The number of quick calls since the level last changed, less than [`FORGIVEN_AFTER`].
    quick: u16,
}

impl Probation {
    /// Creates the record of a file, whose first slow call begins a probation.
    pub(super) const fn of_file() -> Probation {
        Probation {
            state: AtomicU32::new(0),
            tolerated: 0,
        }
    }

    /// Creates the record of a filesystem. A single slow call does not put all of its files on probation.
    pub(super) const fn of_filesystem() -> Probation {
        Probation {
            state: AtomicU32::new(0),
            tolerated: 1,
        }
    }

    /// Returns `true` if the next call may be made on the caller's thread. A refused call counts as served.
    pub(super) fn admits(&self) -> bool {
        // The usual case is a single load: no call was slow.
        self.state.load(Ordering::Relaxed) == 0 || self.update(State::serve).is_err()
    }

    /// Records how long an admitted call waited.
    pub(super) fn record(&self, waited: Duration) {
        if waited >= SLOW {
            let _ = self.update(|state| state.offend(self.tolerated));
        } else if self.state.load(Ordering::Relaxed) != 0 {
            let _ = self.update(State::forgive);
        }
    }

    fn update(&self, change: impl Fn(State) -> Option<State>) -> Result<u32, u32> {
        self.state
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |packed| {
                change(State::unpack(packed)).map(State::pack)
            })
    }
}

impl State {
    /// Unpacks 16 bits for the calls left, 12 for the quick calls, and 4 for the level.
    fn unpack(packed: u32) -> State {
        State {
            left: (packed & 0xFFFF) as u16,
            level: (packed >> 28) as u8,
            quick: (packed >> 16 & 0xFFF) as u16,
        }
    }

    fn pack(self) -> u32 {
        u32::from(self.left) | u32::from(self.quick) << 16 | u32::from(self.level) << 28
    }

    /// Counts down the calls that are sent to the pool, unless none is left.
    fn serve(self) -> Option<State> {
        let left = self.left.checked_sub(1)?;
        Some(State { left, ..self })
    }

    /// Counts a slow call.
    fn offend(self, tolerated: u8) -> Option<State> {
        // The call began before the probation: several threads had the same wait.
        if self.left > 0 {
            return None;
        }
        let level = (self.level + 1).min(tolerated + DOUBLINGS + 1);
        let left = match level.checked_sub(tolerated + 1) {
            Some(doublings) => FIRST << doublings,
            None => 0,
        };
        Some(State {
            left,
            level,
            quick: 0,
        })
    }

    /// Counts a quick call.
    fn forgive(self) -> Option<State> {
        if self.left > 0 || self.level == 0 {
            return None;
        }
        let quick = self.quick + 1;
        Some(if quick < FORGIVEN_AFTER {
            State { quick, ..self }
        } else {
            State {
                left: 0,
                level: self.level - 1,
                quick: 0,
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUICK: Duration = Duration::ZERO;
    const LONG: Duration = Duration::from_millis(300);

    /// Returns how many calls are refused before one is admitted.
    fn refused(probation: &Probation) -> u32 {
        (0..).find(|_| probation.admits()).expect("it ends")
    }

    /// Makes calls that are admitted and end quickly.
    fn quick_calls(probation: &Probation, calls: u32) {
        for _ in 0..calls {
            assert!(probation.admits());
            probation.record(QUICK);
        }
    }

    #[test]
    fn quick_calls_change_nothing() {
        let probation = Probation::of_file();
        quick_calls(&probation, 1000);
        // This is as long as one tick of the coarsest clock.
        probation.record(Duration::from_millis(10));
        assert_eq!(probation.state.load(Ordering::Relaxed), 0);
        assert_eq!(refused(&probation), 0);
    }

    #[test]
    fn each_slow_call_in_a_row_doubles_the_probation() {
        let probation = Probation::of_file();
        for expected in [8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 4096, 4096] {
            probation.record(LONG);
            assert_eq!(refused(&probation), expected);
            assert_eq!(refused(&probation), 0);
        }
    }

    #[test]
    fn a_filesystem_is_suspected_from_the_second_slow_call_on() {
        let probation = Probation::of_filesystem();
        for expected in [0, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 4096] {
            probation.record(LONG);
            assert_eq!(refused(&probation), expected);
        }
    }

    #[test]
    fn quick_calls_halve_the_next_probation_and_clear_it_at_last() {
        let probation = Probation::of_file();
        for expected in [8, 16, 32] {
            probation.record(LONG);
            assert_eq!(refused(&probation), expected);
        }
        quick_calls(&probation, u32::from(FORGIVEN_AFTER));
        probation.record(LONG);
        assert_eq!(refused(&probation), 32);
        quick_calls(&probation, 2 * u32::from(FORGIVEN_AFTER));
        probation.record(LONG);
        assert_eq!(refused(&probation), 16);
        quick_calls(&probation, 2 * u32::from(FORGIVEN_AFTER) - 1);
        assert_ne!(probation.state.load(Ordering::Relaxed), 0);
        quick_calls(&probation, 1);
        assert_eq!(probation.state.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn rare_waits_stay_at_the_first_probation() {
        let probation = Probation::of_file();
        for _ in 0..100 {
            probation.record(LONG);
            assert_eq!(refused(&probation), 8);
            quick_calls(&probation, 1000);
        }
    }

    /// Every 340th call blocks, wherever it is made.
    #[test]
    fn waits_that_come_again_are_met_on_the_pool_at_last() {
        let probation = Probation::of_file();
        let (mut inline, mut waited) = (0, 0);
        for call in 0..340 * 1000 {
            if probation.admits() {
                inline += 1;
                let waits = call % 340 == 0;
                waited += u32::from(waits);
                probation.record(if waits { LONG } else { QUICK });
            }
        }
        println!("{inline} calls inline, {waited} of 1000 waits");
        assert!(waited <= 200, "{waited} of 1000 waits");
    }

    #[test]
    fn threads_that_met_the_same_wait_count_once() {
        let probation = Probation::of_file();
        for _ in 0..8 {
            probation.record(LONG);
        }
        // Quick calls that were in flight at the same time do not shorten it.
        for _ in 0..u32::from(FORGIVEN_AFTER) {
            probation.record(QUICK);
        }
        assert_eq!(refused(&probation), 8);
        probation.record(LONG);
        assert_eq!(refused(&probation), 16);
    }

    #[test]
    fn states_survive_packing() {
        for left in [0, 1, 255, 256, 4096, u16::MAX] {
            for (level, quick) in [(0, 0), (1, 999), (11, 1), (15, 4095)] {
                let state = State { left, level, quick };
                assert_eq!(State::unpack(state.pack()), state);
            }
        }
        let none = State {
            left: 0,
            level: 0,
            quick: 0,
        };
        assert_eq!(none.pack(), 0);
    }
}
