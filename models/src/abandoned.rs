//! Models of `src/file/abandoned.rs` of the library: later calls, and a change that was given up.

use std::sync::atomic::Ordering::SeqCst;

use shuttle::sync::Arc;
use shuttle::sync::atomic::AtomicU8;
use shuttle::thread;

use crate::task::{catch_agreed, chance, panic_as_agreed, wait};

#[path = "../../src/file/abandoned.rs"]
mod included;

use included::{Abandoned, Change};

const NOT_BEGUN: u8 = 0;
const UNDER_WAY: u8 = 1;
const OVER: u8 = 2;

/// A worker makes changes, some of which panic, while their futures are dropped. Once a later call has waited, none
/// is under way, nor begins. A call of another task is not left asleep.
pub fn later_calls_wait() {
    let abandoned = Arc::new(Abandoned::default());
    for _ in 0..2 {
        let change = Change::default();
        let made = Arc::new(AtomicU8::new(NOT_BEGUN));
        let awaited = change.clone().awaited(&abandoned);
        let worker = {
            let (abandoned, made) = (abandoned.clone(), made.clone());
            thread::spawn(move || {
                catch_agreed(|| {
                    let Some(_running) = change.begin(&abandoned) else {
                        return;
                    };
                    made.store(UNDER_WAY, SeqCst);
                    thread::yield_now();
                    made.store(OVER, SeqCst);
                    if chance(0.2) {
                        panic_as_agreed();
                    }
                });
            })
        };
        let other = {
            let abandoned = abandoned.clone();
            thread::spawn(move || wait(|cx| abandoned.poll_over(cx)))
        };
        if chance(0.5) {
            thread::yield_now();
        }
        drop(awaited);
        wait(|cx| abandoned.poll_over(cx));
        let then = made.load(SeqCst);
        assert_ne!(then, UNDER_WAY);
        if chance(0.5) {
            worker.join().unwrap();
            assert_eq!(made.load(SeqCst), then);
            assert!(abandoned.is_empty());
        }
        other.join().unwrap();
    }
}
